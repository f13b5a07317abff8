"""Software certificates (ORG) in .p12 files."""

from __future__ import annotations

from cpx_tool.model.guidance import Guidance, Kind
from cpx_tool.model.message import msg

GUIDANCE = (
    Guidance(
        Kind.CHECK,
        meanings={
            "P12-OPENS": msg("The file is a PKCS#12, and the password opens it."),
        },
        why=msg("Otherwise nothing of it can be checked."),
        causes=(
            msg(
                "Another file, or the password of another one; the password is the one chosen when "
                "the key was made."
            ),
        ),
        sources=("RFC 7292",),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "P12-PROTECTED": msg("A password that is not empty encrypts the private key."),
        },
        why=msg("Whoever has an unprotected file has the organisation's identity."),
        causes=(msg("The file was exported again, without a password."),),
        sources=("RFC 7292",),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "P12-CONTENTS": msg(
                "The file holds one private key and its certificate, beside those of CAs."
            ),
            "P12-READABLE": msg(
                "The certificate is an X.509 certificate, of which every part was understood."
            ),
            "P12-KEY": msg("The private key is that of the certificate."),
        },
        why=msg("Without its own key a certificate authenticates nobody."),
        causes=(
            msg(
                "Key, request and withdrawal were made in different browsers: all have to happen "
                "in the same one."
            ),
            msg("The file was put together by hand from two requests."),
        ),
        sources=("ANS, Fiche pratique pour commander des cartes et certificats de test",),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "P12-ORGANISATION": msg("The certificate is that of an organisation, not of a person."),
        },
        why=msg("INSi takes organisation certificates (ORG) only, where no card is used."),
        causes=(msg("Another offer was chosen on the portal."),),
        sources=("ANS, Fiche pratique pour commander des cartes et certificats de test",),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "P12-TEST": msg(
                "The certificate says that it is a TEST one, and nothing says production."
            ),
        },
        why=msg("A real certificate must not be used, nor lie about, where tests are run."),
        causes=(msg("The file of production was taken."),),
        sources=("1.2.250.1.71.1.2 (ANS, politique de certification IGC-Santé)",),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "P12-NAME": msg("The common name is exactly INSI-AUTO or INSI-MANU."),
        },
        why=msg("The téléservice INSi answers DESIR_560 to any other name."),
        causes=(
            msg(
                "Another text was typed as “service applicatif”: small letters, an underscore, a "
                "blank."
            ),
        ),
        sources=(
            "padoa/tlsi-ins: README",
            "ANS, Fiche pratique pour commander des cartes et certificats de test",
        ),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "P12-STRUCTURE": msg("The certificate names a structure by its national identifier."),
            "P12-STRUCTURE-KEY": msg(
                "The structure's identifier ends in a valid key digit, where one is documented."
            ),
        },
        why=msg("By it the téléservice knows which structure calls."),
        causes=(msg("A fictional identifier, or a request that was not made on the portal."),),
        sources=("TRE_G07 (ANS, NOS)",),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "P12-USAGE": msg("The certificate is for client authentication (AUTH_CLI)."),
            "P12-FILE-NAME": msg("The file's name says the usage that the certificate has."),
        },
        why=msg("The portal offers AUTH_CLI, CONF and SIGN; a server takes AUTH_CLI only."),
        causes=(msg("Another usage was ticked, or a file was renamed."),),
        sources=(
            "RFC 5280, 4.2.1.12",
            "ANS, Fiche pratique pour commander des cartes et certificats de test",
        ),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "P12-DISTINCT": msg("No certificate stands in two of the files."),
            "P12-PAIR": msg("The files are one INSI-AUTO and one INSI-MANU."),
            "P12-PAIR-STRUCTURE": msg("Both are of the same structure."),
            "P12-PAIR-KEY": msg("Each has a private key of its own."),
        },
        why=msg(
            "INSi asks for two certificates: one for batches, one for people who cannot have a "
            "card (a requirement of the CNIL)."
        ),
        causes=(
            msg("The request was made once instead of twice, or for another structure."),
            msg("One key was used for both requests."),
        ),
        sources=("ANS, Fiche pratique pour commander des cartes et certificats de test",),
    ),
)
