"""How a call into a PKCS#11 module failed: its own codes (CKR_*), and ours."""

from __future__ import annotations

from cpx_tool.model.guidance import Guidance, Kind
from cpx_tool.model.message import msg

GUIDANCE = (
    Guidance(
        Kind.MODULE_FAULT,
        meanings={
            "crash": msg("The module ended its process (SIGSEGV, SIGABRT…)."),
            "hang": msg("The module did not answer before the deadline."),
            "excess": msg("The module took too much memory; its process was ended."),
        },
        why=msg(
            "In an application, this ends or freezes the application; here, it costs only the card "
            "it happened on."
        ),
        causes=(
            msg("A defect of the middleware; CPS Gestion itself crashed before 5.2.2."),
            msg(
                "hang: another program holds a PC/SC transaction, and the Cryptolib waits for its "
                "end without a limit; or the first reading of a card, with an empty cache, takes "
                "its time."
            ),
        ),
        remedy=msg(
            "Repeat once, with a longer --timeout for hang. If it stays, update the middleware, "
            "and report it to its maker with the file of --save-observation."
        ),
        sources=("ANS, Cryptolib CPS, notes de version: 1634",),
    ),
    Guidance(
        Kind.MODULE_FAULT,
        meanings={
            "not-loaded": msg("The file could not be loaded as a PKCS#11 module."),
            "no-process": msg("No process could be started for the module."),
        },
        why=msg("Without the module no card can be reached."),
        causes=(
            msg(
                "Another architecture, a missing library, or no PKCS#11 module at all; too few "
                "processes or files allowed."
            ),
        ),
        remedy=msg("cpx-tool list-modules says of each file why it cannot be loaded."),
        sources=("https://github.com/OpenSC/OpenSC/issues/2884",),
    ),
    Guidance(
        Kind.MODULE_FAULT,
        meanings={
            "interrupted": msg("The run was interrupted before this was done."),
            "card-time": msg("The card had taken its time (--card-timeout) before this call."),
        },
        why=msg("What was not done is not judged."),
        causes=(msg("Ctrl-C or a signal; a slow card or reader."),),
        remedy=msg(
            "Repeat; check-set --resume goes on from there; give a slow card more time with "
            "--card-timeout."
        ),
        sources=("docs/sets.md",),
    ),
    Guidance(
        Kind.MODULE_FAULT,
        meanings={
            "card-changed": msg("Another card was put in while this one was being read."),
            "card-removed": msg(
                "The reader is empty: the card was taken out before it was read to the end."
            ),
            "slot-gone": msg("The module, started again, shows its slot no more."),
            "CKR_TOKEN_NOT_PRESENT": msg("No card is in the slot (any more)."),
            "CKR_DEVICE_REMOVED": msg("The card was taken out while it was in use."),
            "CKR_SESSION_HANDLE_INVALID": msg(
                "The session is gone; the Cryptolib CPS says so when the card was taken out or "
                "reset."
            ),
            "CKR_SESSION_CLOSED": msg("The session was closed during the call."),
        },
        why=msg("The card was not there to the end, so what was read of it is not the whole."),
        causes=(
            msg("Somebody took it out; another program reset it; the reader makes bad contact."),
            msg("Before 5.1.2 the Cryptolib said CKR_GENERAL_ERROR in some of these cases."),
        ),
        remedy=msg("Close other programs that use the card, put it in again and repeat."),
        sources=(
            "ANS, Cryptolib CPS, notes de version: 1574",
            "PKCS#11 v2.40, 5.1",
        ),
    ),
    Guidance(
        Kind.MODULE_FAULT,
        meanings={
            "CKR_GENERAL_ERROR": msg("The module failed, and does not say why."),
            "CKR_FUNCTION_FAILED": msg(
                "The call could not be carried out; the reason is not said."
            ),
            "CKR_DEVICE_ERROR": msg("Something went wrong with the card or the reader."),
            "CKR_SLOT_ID_INVALID": msg(
                "There is no such slot any more: with the Cryptolib, when the reader was unplugged."
            ),
            "CKR_TOKEN_NOT_RECOGNISED": msg("The module does not know this kind of card."),
        },
        why=msg(
            "It is all that the module says: which part is at fault shows in which other cards and "
            "readers fail, too."
        ),
        causes=(
            msg(
                "The Cryptolib turns all errors that it does not know into CKR_GENERAL_ERROR; so "
                "do others."
            ),
            msg(
                "The reader was unplugged (CKR_DEVICE_ERROR, CKR_SLOT_ID_INVALID); OpenSC does not "
                "know a CPS4 (CKR_TOKEN_NOT_RECOGNISED)."
            ),
        ),
        remedy=msg(
            "Put the card in again, then try it in another reader, and another card in this one; "
            "cpx-tool blame draws the conclusion."
        ),
        sources=("ANS, Cryptolib CPS 5.2: misc.c, sc_to_cryptoki_error",),
    ),
    Guidance(
        Kind.MODULE_FAULT,
        meanings={
            "CKR_PIN_INCORRECT": msg(
                "The PIN was refused. One try is used up, unless no card can have a PIN so long "
                "or so short: the Cryptolib CPS answers the same then, and asks no card."
            ),
            "CKR_PIN_LOCKED": msg("The PIN is locked."),
            "CKR_PIN_LEN_RANGE": msg("The PIN is too short or too long."),
            "CKR_PIN_INVALID": msg("The PIN holds characters that the card does not take."),
            "CKR_PIN_EXPIRED": msg("The PIN has to be changed."),
            "CKR_PIN_TOO_WEAK": msg("The new PIN is too weak."),
            "CKR_USER_PIN_NOT_INITIALIZED": msg(
                "There is no PIN on this card: so the Cryptolib answers for a contactless reading."
            ),
        },
        why=msg("Three wrong PINs lock a CPx card."),
        causes=(
            msg("The PIN is not 1234 any more."),
            msg(
                "The Cryptolib says CKR_PIN_INCORRECT also of a PIN of an impossible length, and "
                "of the try that empties the counter of a CPS3."
            ),
        ),
        remedy=msg(
            "Find out this card's PIN before anything else; unblock a locked one with CPS Gestion "
            "and the unblock code."
        ),
        sources=(
            "ANS, Cryptolib CPS 5.2: framework-pkcs15.c, iso7816.c",
            "docs/pin-safety.md",
        ),
    ),
    Guidance(
        Kind.MODULE_FAULT,
        meanings={
            "CKR_USER_ALREADY_LOGGED_IN": msg(
                "The module says that the user is logged in already."
            ),
            "CKR_ANOTHER_USER_ALREADY_LOGGED_IN": msg(
                "The module says that another user is logged in."
            ),
            "CKR_USER_NOT_LOGGED_IN": msg("The call needs a login, and there is none (any more)."),
            "CKR_USER_TYPE_INVALID": msg("The module does not know this kind of user."),
            "CKR_USER_TOO_MANY_TYPES": msg(
                "More kinds of users are logged in than the token allows."
            ),
        },
        why=msg("Such an answer says nothing of the PIN: it is not taken for a success."),
        causes=(
            msg(
                "A login is per token and process: another part of the program made it, or a reset "
                "of the card ended it."
            ),
        ),
        remedy=msg("Put the card in again and repeat."),
        sources=("PKCS#11 v2.40, 5.6",),
    ),
    Guidance(
        Kind.MODULE_FAULT,
        meanings={
            "CKR_FUNCTION_NOT_SUPPORTED": msg("The module does not do this at all."),
            "CKR_MECHANISM_INVALID": msg("The module does not take this mechanism with this key."),
            "CKR_MECHANISM_PARAM_INVALID": msg(
                "The mechanism's parameters are not taken: the Cryptolib takes SHA-1 and SHA-256 "
                "for PSS."
            ),
            "CKR_KEY_TYPE_INCONSISTENT": msg(
                "The key does not fit the mechanism; the Cryptolib says so, too, when the card "
                "does not allow the command (69 85)."
            ),
            "CKR_FUNCTION_REJECTED": msg(
                "The signature request was refused by the user or the device."
            ),
            "CKR_ARGUMENTS_BAD": msg("The call was made in a way that the module does not take."),
            "CKR_DATA_INVALID": msg("The data to sign are not what this key takes."),
            "CKR_DATA_LEN_RANGE": msg("The data to sign are too long or too short."),
        },
        why=msg(
            "An application that needs this mechanism fails with this card or this middleware."
        ),
        causes=(
            msg(
                "OpenSC on OpenSSL 3 cannot sign with the signature key; the Cryptolib's "
                "authentication key takes CKM_RSA_PKCS only, besides PSS on a CPS4."
            ),
            msg(
                "The Cryptolib answers CKR_ARGUMENTS_BAD on a CPS4 when the output buffer is not "
                "of exactly 256 bytes."
            ),
        ),
        remedy=msg(
            "cpx-tool sign-test shows what each key signs; use the Cryptolib CPS, or another "
            "mechanism in the application."
        ),
        sources=(
            "ANS, Cryptolib CPS 5.2: framework-pkcs15.c, card-cps4.c",
            "OpenSC: card-iasecc.c",
        ),
    ),
    Guidance(
        Kind.MODULE_FAULT,
        meanings={
            "no-such-key": msg("The key that is to sign is not on the card."),
            "CKR_NO_SUCH_KEY": msg("No key of that label or id was found."),
            "CKR_NO_SUCH_TOKEN": msg("No token of that label or serial was found."),
            "CKR_MULTIPLE_OBJECTS_RETURNED": msg("Several objects answer to one label or id."),
            "CKR_MULTIPLE_TOKENS_RETURNED": msg("Several tokens answer to one label or serial."),
            "CKR_KEY_HANDLE_INVALID": msg("The key is not known to the module any more."),
            "CKR_OBJECT_HANDLE_INVALID": msg("The object is not known to the module any more."),
            "CKR_ATTRIBUTE_TYPE_INVALID": msg("The object has no such attribute."),
            "CKR_ATTRIBUTE_VALUE_INVALID": msg("An attribute has a value that is not allowed."),
            "CKR_ATTRIBUTE_SENSITIVE": msg("The attribute is secret, and stays on the card."),
        },
        why=msg(
            "What the module lists and what it can use must agree, or nothing can be relied on."
        ),
        causes=(
            msg(
                "The card was taken out and put in again: handles of before are not valid any more."
            ),
            msg("Two cards of one serial number; a stale cache."),
        ),
        remedy=msg("Put the card in again and repeat; then look at CARD-LABEL and CARD-UNIQUE."),
        sources=("PKCS#11 v2.40, 5.1",),
    ),
    Guidance(
        Kind.MODULE_FAULT,
        meanings={
            "CKR_HOST_MEMORY": msg("The workstation has too little memory for the call."),
            "CKR_DEVICE_MEMORY": msg("The card has too little memory for the call."),
            "CKR_BUFFER_TOO_SMALL": msg(
                "The answer is longer than the room that was given for it."
            ),
            "CKR_SESSION_COUNT": msg("No more sessions can be opened."),
            "CKR_SESSION_EXISTS": msg("A session is open where none may be."),
            "CKR_SESSION_PARALLEL_NOT_SUPPORTED": msg(
                "The session was asked for in a way that PKCS#11 does not know any more."
            ),
            "CKR_SESSION_READ_ONLY": msg("The session may not write."),
            "CKR_SESSION_READ_ONLY_EXISTS": msg(
                "A read-only session is open that has to be closed first."
            ),
            "CKR_SESSION_READ_WRITE_SO_EXISTS": msg("A session of the security officer is open."),
            "CKR_OPERATION_ACTIVE": msg("Another operation of this session is not ended yet."),
            "CKR_OPERATION_NOT_INITIALIZED": msg("The operation was not begun, or has ended."),
            "CKR_CRYPTOKI_NOT_INITIALIZED": msg("The module is not initialised (any more)."),
            "CKR_CRYPTOKI_ALREADY_INITIALIZED": msg(
                "The module is initialised already in this process."
            ),
            "CKR_NO_EVENT": msg("Nothing happened in any slot."),
            "CKR_FUNCTION_CANCELLED": msg("The call was cancelled in the middle."),
        },
        why=msg(
            "What the call needs is not there: memory, room for the answer, or a session or module "
            "in the right state."
        ),
        causes=(
            msg(
                "A defect of the middleware, or of this tool; the module sees no second user of "
                "its own process here."
            ),
        ),
        remedy=msg("Repeat once. If it stays, report it with the file of --save-observation."),
        sources=("PKCS#11 v2.40, 5.1",),
    ),
    Guidance(
        Kind.MODULE_FAULT,
        meanings={
            "CKR_ATTRIBUTE_READ_ONLY": msg("The attribute cannot be changed."),
            "CKR_DOMAIN_PARAMS_INVALID": msg("The key's parameters are not supported."),
            "CKR_ENCRYPTED_DATA_INVALID": msg("The encrypted data cannot be decrypted."),
            "CKR_ENCRYPTED_DATA_LEN_RANGE": msg("The encrypted data are of a wrong length."),
            "CKR_EXCEEDED_MAX_ITERATIONS": msg(
                "The calculation was given up after too many rounds."
            ),
            "CKR_KEY_INDIGESTIBLE": msg("The key cannot be hashed."),
            "CKR_KEY_NEEDED": msg("The operation needs a key."),
            "CKR_KEY_NOT_NEEDED": msg("The operation takes no key."),
            "CKR_KEY_NOT_WRAPPABLE": msg("The key cannot be wrapped."),
            "CKR_KEY_SIZE_RANGE": msg("The key is of a size that is not supported."),
            "CKR_KEY_UNEXTRACTABLE": msg("The key cannot leave the card."),
            "CKR_PUBLIC_KEY_INVALID": msg("The public key is not a valid one."),
            "CKR_RANDOM_NO_RNG": msg("The token has no random generator."),
            "CKR_RANDOM_SEED_NOT_SUPPORTED": msg("The random generator takes no seed."),
            "CKR_SIGNATURE_INVALID": msg("The signature does not verify."),
            "CKR_SIGNATURE_LEN_RANGE": msg("The signature is of a wrong length."),
            "CKR_TEMPLATE_INCOMPLETE": msg("An attribute is missing to make the object."),
            "CKR_TEMPLATE_INCONSISTENT": msg("The attributes contradict each other."),
            "CKR_TOKEN_WRITE_PROTECTED": msg("The token cannot be written."),
            "CKR_UNWRAPPING_KEY_HANDLE_INVALID": msg("The unwrapping key is not known."),
            "CKR_UNWRAPPING_KEY_SIZE_RANGE": msg("The unwrapping key is of an unsupported size."),
            "CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT": msg(
                "The unwrapping key does not fit the mechanism."
            ),
            "CKR_WRAPPED_KEY_INVALID": msg("The wrapped key cannot be unwrapped."),
            "CKR_WRAPPED_KEY_LEN_RANGE": msg("The wrapped key is of a wrong length."),
            "CKR_WRAPPING_KEY_HANDLE_INVALID": msg("The wrapping key is not known."),
            "CKR_WRAPPING_KEY_SIZE_RANGE": msg("The wrapping key is of an unsupported size."),
            "CKR_WRAPPING_KEY_TYPE_INCONSISTENT": msg(
                "The wrapping key does not fit the mechanism."
            ),
            "CKR-OTHER": msg(
                "A code that PKCS#11 leaves to the maker of the module, or a newer one; it is "
                "shown as a number."
            ),
        },
        why=msg(
            "No call of this tool asks for what this code speaks of, so the answer is not expected "
            "from a card."
        ),
        causes=(
            msg(
                "Not known from the field, but one: the Cryptolib has a code of its own for a card "
                "whose update was interrupted (CKR_ASIP_BAD_EF_ACTUA)."
            ),
        ),
        remedy=msg(
            "Look at the card with CPS Gestion; report the code to the maker of the middleware."
        ),
        sources=(
            "PKCS#11 v2.40, 5.1",
            "ANS, Cryptolib CPS 5.2",
        ),
    ),
    Guidance(
        Kind.MODULE_FAULT,
        meanings={
            "malformed-answer": msg("The module gave an answer that makes no sense."),
            "too-many-slots": msg("The module shows more slots than any workstation has readers."),
            "sessions-left": msg("The module keeps sessions open after all were closed."),
        },
        why=msg("What such a module says is not relied on further than it can be checked."),
        causes=(
            msg(
                "A defect of the middleware; which versions of the Cryptolib or OpenSC do so is "
                "not known."
            ),
        ),
        remedy=msg(
            "Update the middleware; if it stays, report it to its maker with the file of "
            "--save-observation."
        ),
        sources=("PKCS#11 v2.40, 5.1",),
    ),
)
