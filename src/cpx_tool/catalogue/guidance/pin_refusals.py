"""Why a PIN was not tried."""

from __future__ import annotations

from cpx_tool.model.guidance import Guidance, Kind
from cpx_tool.model.message import msg

GUIDANCE = (
    Guidance(
        Kind.PIN_REFUSAL,
        meanings={
            "not-proven-test": msg("The certificates do not prove that this is a test card."),
            "production": msg("The card says that it is a real one."),
        },
        why=msg("A wrong PIN on somebody's real card costs one of three tries."),
        causes=(msg("A real card is in the reader, or a certificate could not be read."),),
        remedy=msg(
            "Take a real card out at once. Otherwise settle what CARD-TEST and CERT-READABLE say."
        ),
        sources=(
            "docs/pin-safety.md",
            "https://github.com/italia/cieid-android-sdk/issues/7",
        ),
    ),
    Guidance(
        Kind.PIN_REFUSAL,
        meanings={
            "locked": msg("The token says that its PIN is locked."),
            "final-try": msg("Only one try is left before the card locks."),
            "count-low": msg("A wrong PIN was entered since the last good one."),
        },
        why=msg(
            "A CPx card locks after three wrong PINs, and only the unblock code opens it again."
        ),
        causes=(
            msg("Somebody typed a wrong PIN in another program; a script tried again and again."),
            msg(
                "A CPS4 may show the flag locked while another program is logged in to it: seen "
                "with a virtual card, not known of real ones."
            ),
        ),
        remedy=msg(
            "Make sure of the PIN, then log in once with CPS Gestion: that clears the count. A "
            "locked PIN is unblocked there with the unblock code."
        ),
        sources=(
            "https://github.com/openssl-projects/pkcs11-provider/issues/455",
            "https://github.com/str4d/age-plugin-yubikey/issues/148",
        ),
    ),
    Guidance(
        Kind.PIN_REFUSAL,
        meanings={
            "to-be-changed": msg("The token asks for its PIN to be changed first."),
        },
        why=msg("The tool never changes a PIN."),
        causes=(
            msg(
                "The flag CKF_USER_PIN_TO_BE_CHANGED is set; when a CPx card sets it is not known."
            ),
        ),
        remedy=msg("Change it with CPS Gestion, then repeat."),
        sources=("PKCS#11 v2.40, 3.2",),
    ),
    Guidance(
        Kind.PIN_REFUSAL,
        meanings={
            "no-pin-on-card": msg("The token shows no PIN."),
            "contactless": msg("The card is read without contacts, where it has no PIN."),
        },
        why=msg("Without a PIN there is no login, and the protected keys cannot be checked."),
        causes=(msg("A reader with two interfaces took the contactless side."),),
        remedy=msg("Put the card into a contact reader."),
        sources=(
            "https://github.com/OpenSC/OpenSC/issues/3755",
            "ANS, Cryptolib CPS, notes de version: 1088, 1090",
        ),
    ),
    Guidance(
        Kind.PIN_REFUSAL,
        meanings={
            "protected-path": msg(
                "The PIN would have to be typed on the reader's own pad, and nobody is there."
            ),
            "unattended": msg(
                "Nobody is there, and nobody asked for a login (--non-interactive without --login)."
            ),
            "not-asked": msg("Nobody asked for a login (--no-login)."),
        },
        why=msg("An unattended run reads what is public, and does nothing that could cost a try."),
        causes=(msg("The run was started in CI or by a scheduler, or with --no-login."),),
        remedy=msg("Run it at a terminal, or add --login where that is wanted."),
        sources=("docs/pin-safety.md",),
    ),
    Guidance(
        Kind.PIN_REFUSAL,
        meanings={
            "pin-length": msg("The PIN is shorter or longer than the token allows."),
        },
        why=msg("The card has not seen it, so no try was used."),
        causes=(msg("CPX_PIN or the prompt got something else than this card's four digits."),),
        remedy=msg("Correct the PIN, then repeat."),
        sources=("PKCS#11 v2.40, 3.2",),
    ),
    Guidance(
        Kind.PIN_REFUSAL,
        meanings={
            "earlier-run": msg(
                "A try on this card in an earlier run did not succeed, or its end is not known."
            ),
            "already-tried": msg("The PIN was already tried on this card in this run."),
            "refused-elsewhere": msg("Another card of this run refused the PIN that was given."),
        },
        why=msg("One wrong assumption must not cost a try on each card, nor in each run."),
        causes=(
            msg(
                "The PIN given is not that of these cards; or a run was ended in the middle of a "
                "login."
            ),
            msg("One card is shown by two slots."),
        ),
        remedy=msg(
            "Make sure of the PIN. Then say so: check-set asks at a terminal, or cpx-tool "
            "pin-ledger --forget NUMBER."
        ),
        sources=("docs/pin-safety.md",),
    ),
    Guidance(
        Kind.PIN_REFUSAL,
        meanings={
            "ledger-unavailable": msg("The ledger of earlier tries cannot be read or written."),
            "state-unknown": msg("The token's flags could not be read just before the try."),
            "not-reached": msg(
                "The run was interrupted, or the card's time was up, before the PIN was tried."
            ),
        },
        why=msg("What is not known is not risked."),
        causes=(
            msg("A directory that cannot be written; a card taken out; Ctrl-C, or --card-timeout."),
        ),
        remedy=msg(
            "Put the card in again and repeat; for the ledger, see cpx-tool pin-ledger, or set "
            "CPX_STATE_DIR."
        ),
        sources=("docs/pin-safety.md",),
    ),
)
