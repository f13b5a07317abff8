"""Looks at the file of a PKCS#11 module before it is loaded: the loader's own words blur."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from cpx_tool.adapters import elf as elf_file
from cpx_tool.adapters.binary import HEAD_BYTES, Built, read_head
from cpx_tool.adapters.host import Host, this_host
from cpx_tool.adapters.library_search import missing_libraries
from cpx_tool.catalogue.middleware_words import RIGHT_FILE, file_words
from cpx_tool.errors import BadInput, code_of, no_such_file
from cpx_tool.model.message import Message, msg
from cpx_tool.model.middleware import FileFault, FileProblem, System

_FORMATS = {System.LINUX: "ELF", System.MACOS: "Mach-O", System.WINDOWS: "PE"}
_MAX_BYTES = 256 * 1024 * 1024
"""Of a library; what stands behind is not looked at."""
_LIBC = {"libc.so.6": "glibc", "libc.so": "musl"}


@dataclass(frozen=True, slots=True)
class Looked:
    """What was seen of a file: why it cannot be loaded, and the libraries it is linked to."""

    fault: FileFault | None
    needs: tuple[str, ...] = ()


def look_at(path: Path, host: Host) -> Looked:
    """Whether a file can be loaded as a module by this process. Nothing is loaded, and what is
    no regular file is never opened: a pipe would be waited for without end.
    """
    try:
        data = _read(path)
    except _OtherKindError as error:
        return _wrong(error.problem)
    except (FileNotFoundError, ValueError):  # ValueError: a NUL in the path
        return _wrong(FileProblem.MISSING)
    except OSError as error:
        return _wrong(FileProblem.UNREADABLE, code_of(error))
    looked = _look(path, data, host)
    if looked.fault is None and not _is_utf8(path):
        return _wrong(FileProblem.NOT_UTF8)
    return looked


class _OtherKindError(Exception):
    """It is no regular file."""

    def __init__(self, problem: FileProblem) -> None:
        super().__init__(problem.value)
        self.problem = problem


def _read(path: Path) -> bytes:
    """The head, and of an ELF the whole."""
    kind = path.stat().st_mode
    if stat.S_ISDIR(kind):
        raise _OtherKindError(FileProblem.DIRECTORY)
    if not stat.S_ISREG(kind):
        raise _OtherKindError(FileProblem.NOT_REGULAR)
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        return head + file.read(_MAX_BYTES) if head[:4] == elf_file.MAGIC else head


def usable_library(path: Path, hint: Message = RIGHT_FILE, host: Host | None = None) -> Path:
    """The absolute path of a shared library for this machine. Raises `BadInput` for another file.

    `hint` is the remedy where it is the path that is wrong. Libraries that it needs and that seem
    to be missing are left to the loader, which may know better.
    """
    host = host or this_host(os.environ)
    fault = look_at(path, host).fault
    if fault is None or fault.problem is FileProblem.LIBRARIES_MISSING:
        return path.absolute()
    reason, remedy = file_words(str(path), fault, host.built_for)
    if remedy is RIGHT_FILE:
        remedy = hint
    if fault.problem is FileProblem.MISSING:
        remedy = no_such_file(path, remedy)
    raise BadInput(reason, remedy)


def correct_variable(variable: str) -> Message:
    """The remedy for a wrong path in a variable of the environment."""
    return msg(
        "Correct {variable}: it must be the path of the PKCS#11 library itself, for this "
        "machine's architecture.",
        variable=variable,
    )


def _look(path: Path, data: bytes, host: Host) -> Looked:
    if data[:4] == elf_file.MAGIC:
        return _look_at_elf(path, data, host)
    built = read_head(data)
    if built is None:
        return _wrong(FileProblem.NOT_A_LIBRARY)
    return Looked(_for_another(built, host))


def _look_at_elf(path: Path, data: bytes, host: Host) -> Looked:
    try:
        elf = elf_file.read_elf(data)
    except elf_file.BadElf:
        return _wrong(FileProblem.DAMAGED)
    if not elf.library:
        return _wrong(FileProblem.NOT_A_LIBRARY)
    fault = _for_another(Built("ELF", ((elf.bits, elf.machine),)), host)
    fault = fault or _for_another_libc(elf, host)
    if fault is None:
        missing = missing_libraries(path, elf, host)
        fault = FileFault(FileProblem.LIBRARIES_MISSING, names=missing) if missing else None
    return Looked(fault, elf.needed)


def _for_another(built: Built, host: Host) -> FileFault | None:
    if built.format != _FORMATS[host.system]:
        return FileFault(FileProblem.OTHER_SYSTEM, built.format)
    if (host.bits, host.machine) in built.targets:
        return None
    if host.bits == 32 and host.machine == "x86_64" and (32, "i686") in built.targets:  # noqa: PLR2004
        return None  # a 32-bit process on a 64-bit system
    names = [f"{bits}-bit {name}" if bits else name for bits, name in built.targets]
    return FileFault(FileProblem.OTHER_MACHINE, ", ".join(names))


def _for_another_libc(elf: elf_file.Elf, host: Host) -> FileFault | None:
    found = {_LIBC.get(n) or ("musl" if n.startswith("libc.musl-") else "") for n in elf.needed}
    found.discard("")
    if host.libc and found and host.libc not in found:
        return FileFault(FileProblem.OTHER_LIBC, ", ".join(sorted(found)))
    return None


def _is_utf8(path: Path) -> bool:
    """The binding takes UTF-8 only, of the path that links lead to."""
    try:
        os.path.realpath(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def _wrong(problem: FileProblem, detail: str = "") -> Looked:
    return Looked(FileFault(problem, detail))
