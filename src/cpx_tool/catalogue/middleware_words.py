"""The sentences about PKCS#11 modules: quirks by the ids of middleware.toml, files, origins."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from dataclasses import dataclass

from cpx_tool.errors import why
from cpx_tool.model.fault import Fault
from cpx_tool.model.message import Message, msg
from cpx_tool.model.middleware import (
    Declaration,
    Family,
    FileFault,
    FileProblem,
    Origin,
)
from cpx_tool.model.token import ModuleInfo


@dataclass(frozen=True, slots=True)
class QuirkWords:
    """What happens, and what to do about it; `lacks` in a few words, where it is about cards of
    some kind.
    """

    happens: Message
    remedy: Message
    lacks: Message | None = None


UPDATE_CRYPTOLIB = msg(
    "Install the newest Cryptolib CPS of the ANS (5.2 or newer): https://esante.gouv.fr."
)
USE_CRYPTOLIB = msg(
    "Use the Cryptolib CPS of the ANS, 5.2 or newer: install it, or name it with --module FILE."
)
MORE_READERS = msg(
    "In the file opensc.conf, block “app default”, write: pkcs11 {{ max_virtual_slots = 64; "
    "slots_per_card = 1; }}. Or unplug readers that are not needed."
)

AT_ONCE: Mapping[Family, Message] = {
    Family.CRYPTOLIB: msg(
        "It shares readers by short PC/SC transactions, but whether several of its processes may "
        "read cards at the same time is not published, and its cache on disk is shared."
    ),
    Family.CPS2TER: msg("Nothing is published about it."),
    Family.OPENSC: msg(
        "It shares readers by PC/SC transactions, but nobody has tried whether several of its "
        "processes may read cards at the same time."
    ),
    Family.P11_KIT: msg("It depends on the modules behind it."),
    Family.SOFTHSM: msg("It writes a token's files at each login."),
}
"""Why several processes may use a module at once, or may not."""

QUIRKS: Mapping[str, QuirkWords] = {
    "CRYPTOLIB-NO-CPS4": QuirkWords(
        msg("A Cryptolib CPS before 5.2 cannot read CPS4 cards: their slot stays empty."),
        UPDATE_CRYPTOLIB,
    ),
    "CRYPTOLIB-CPS4-RESUME": QuirkWords(
        msg(
            "A Cryptolib CPS before 5.2.1 fails on a CPS4 card after another program has used it "
            "(status 6985)."
        ),
        UPDATE_CRYPTOLIB,
    ),
    "CRYPTOLIB-GENERAL-ERROR": QuirkWords(
        msg(
            "A Cryptolib CPS before 5.1.2 answers CKR_GENERAL_ERROR where a card is not there any "
            "more."
        ),
        UPDATE_CRYPTOLIB,
    ),
    "CPS2TER-OBSOLETE": QuirkWords(
        msg(
            "The modules of before the Cryptolib CPS 5 are obsolete; they do not know the cards "
            "of today."
        ),
        msg("Uninstall them, then install the Cryptolib CPS of the ANS, 5.2 or newer."),
    ),
    "OPENSC-NO-CPX": QuirkWords(
        msg("An OpenSC before 0.22 knows no CPx card at all."),
        USE_CRYPTOLIB,
    ),
    "OPENSC-NO-CPS4": QuirkWords(
        msg("OpenSC knows no CPS4 card: its slot stays empty, or its token is not recognised."),
        USE_CRYPTOLIB,
        msg("CPS4 cards"),
    ),
    "OPENSC-NO-CONTACTLESS": QuirkWords(
        msg("OpenSC does not recognise a CPS3 card that is read without contacts."),
        msg("Put the card into a contact reader, or use the Cryptolib CPS of the ANS."),
        msg("CPS3 cards read without contacts"),
    ),
    "OPENSC-NO-SIGNATURE-KEY": QuirkWords(
        msg(
            "An OpenSC built with OpenSSL 3 cannot sign with the signature key of a CPS3 card "
            "(CPS_PRIV_SIG)."
        ),
        USE_CRYPTOLIB,
        msg("signatures with the signature key of CPS3 cards"),
    ),
    "OPENSC-FOUR-READERS": QuirkWords(
        msg("OpenSC shows the first four readers only, unless it is configured otherwise."),
        MORE_READERS,
    ),
    "P11-KIT-OTHERS": QuirkWords(
        msg(
            "The p11-kit proxy shows the slots of all modules that are configured for it: which "
            "of them drives a card is not seen from outside."
        ),
        msg("Name the module of the cards itself with --module FILE."),
    ),
}

_ORIGINS: Mapping[Origin, Message] = {
    Origin.OPTION: msg("named by --module"),
    Origin.KNOWN_PLACE: msg("in its known place"),
}


def declaration_words(declaration: Declaration) -> Message:
    """Who named a module, and where."""
    if declaration.origin in _ORIGINS:
        return _ORIGINS[declaration.origin]
    if declaration.origin is Origin.ENVIRONMENT:
        return msg("named by the variable {name}", name=declaration.where)
    return msg("declared in {place}", place=declaration.where)


def info_words(info: ModuleInfo) -> Message:
    """How a module names itself."""
    return msg(
        "{manufacturer} {description}, version {version}",
        manufacturer=info.manufacturer,
        description=info.description,
        version=info.version,
    )


RIGHT_FILE = msg("Give the path of the PKCS#11 library itself, for this machine's architecture.")


def no_pkcs11(fault: Fault | None, path: str) -> Message | None:
    """The words for a library that loads and has no PKCS#11 in it; None for any other fault."""
    if fault is None or "C_GetFunctionList" not in fault.detail:
        return None
    return msg("{path} is a library, but no PKCS#11 module (no C_GetFunctionList).", path=path)


def unread_words(place: str, code: str) -> Message:
    """A file or directory of the middleware that cannot be read; the system's code says why."""
    return msg("{place} cannot be read ({code}).", place=place, code=code)


def file_words(path: str, fault: FileFault, machine: str) -> tuple[Message, Message]:
    """Why the file of a module cannot be loaded, and what to do. `machine` is this one's: "64-bit
    x86_64".
    """
    return _file_reason(path, fault), _file_remedy(fault, machine)


def _file_reason(path: str, fault: FileFault) -> Message:
    detail, names = fault.detail, fault.names
    reasons = {
        FileProblem.MISSING: msg("The module {path} does not exist.", path=path),
        FileProblem.UNREADABLE: msg(
            "The module {path} cannot be read: {why}.", path=path, why=_system_words(detail)
        ),
        FileProblem.DIRECTORY: msg("The module {path} is a directory.", path=path),
        FileProblem.NOT_REGULAR: msg("The module {path} is not a regular file.", path=path),
        FileProblem.NOT_A_LIBRARY: msg("The module {path} is not a shared library.", path=path),
        FileProblem.OTHER_SYSTEM: msg(
            "The module {path} is built for another operating system ({format}).",
            path=path,
            format=detail,
        ),
        FileProblem.OTHER_MACHINE: msg(
            "The module {path} is built for another architecture ({machine}).",
            path=path,
            machine=detail,
        ),
        FileProblem.OTHER_LIBC: msg(
            "The module {path} is built for another C library ({name}).", path=path, name=detail
        ),
        FileProblem.DAMAGED: msg("The module {path} is a damaged library.", path=path),
        FileProblem.LIBRARIES_MISSING: msg(
            "The module {path} needs libraries that are not found here: {names}.",
            path=path,
            names=names,
        ),
        FileProblem.NOT_UTF8: msg("The path of the module {path} is not UTF-8.", path=path),
    }
    return reasons[fault.problem]


def _file_remedy(fault: FileFault, machine: str) -> Message:
    if fault.problem in (FileProblem.OTHER_SYSTEM, FileProblem.OTHER_MACHINE):
        return msg("Install the build of the module for {machine}.", machine=machine)
    remedies = {
        FileProblem.OTHER_LIBC: msg("Install the build of the module for this distribution."),
        FileProblem.DAMAGED: msg("Install the module again."),
        FileProblem.LIBRARIES_MISSING: msg(
            "Install the packages that hold them ({names}), then run “sudo ldconfig”.",
            names=fault.names,
        ),
        FileProblem.NOT_UTF8: msg("Move the library to a path that is."),
    }
    return remedies.get(fault.problem, RIGHT_FILE)


def _system_words(name: str) -> Message:
    """The words for the system's reason, given by its symbolic name: "EACCES"."""
    return why(OSError(getattr(errno, name, 0), ""))
