"""Looks at the file of a PKCS#11 module before it is loaded: the loader's own words blur."""

from __future__ import annotations

import os
import platform
import struct
import sys
from pathlib import Path

from cpx_tool.errors import BadInput, no_such_file, why
from cpx_tool.model.message import Message, msg

_ELF_MACHINES = {0x3E: "x86_64", 0xB7: "aarch64", 0x03: "i686", 0x28: "arm"}
_ELF_HEADER = 20


def usable_library(path: Path, variable: str | None = None) -> Path:
    """The absolute path of a shared library for this machine. Raises `BadInput` for another file.

    What is no regular file is never opened: a pipe would be waited for without end. `variable` is
    the environment variable that named it, if one did.
    """
    hint = _hint(variable)
    try:
        head = _head(path, hint)
        path = path.absolute()
    except FileNotFoundError:
        reason = msg("The module {path} does not exist.", path=str(path))
        raise BadInput(reason, no_such_file(path, hint)) from None
    except OSError as error:
        reason = msg("The module {path} cannot be read: {why}.", path=str(path), why=why(error))
        raise BadInput(reason, hint) from None
    if sys.platform == "linux":
        _check_elf(path, head, hint)
    _check_name(path)
    return path


def _hint(variable: str | None) -> Message:
    if variable is not None:
        return msg(
            "Correct {variable}: it must be the path of the PKCS#11 library itself, for this "
            "machine's architecture.",
            variable=variable,
        )
    return msg("Give the path of the PKCS#11 library itself, for this machine's architecture.")


def _head(path: Path, hint: Message) -> bytes:
    path.stat()  # says what is wrong with the path itself
    if path.is_dir():
        raise BadInput(msg("The module {path} is a directory.", path=str(path)), hint)
    if not path.is_file():
        raise BadInput(msg("The module {path} is not a regular file.", path=str(path)), hint)
    with path.open("rb") as file:
        return file.read(_ELF_HEADER)


def _check_elf(path: Path, head: bytes, hint: Message) -> None:
    if len(head) < _ELF_HEADER or head[:4] != b"\x7fELF":
        reason = msg("The module {path} is not a Linux shared library.", path=str(path))
        raise BadInput(reason, hint)
    bits = {1: 32, 2: 64}.get(head[4], 0)
    order = "<" if head[5] == 1 else ">"
    (machine,) = struct.unpack(order + "H", head[18:20])
    name = _ELF_MACHINES.get(machine, f"ELF machine {machine:#x}")
    if bits != struct.calcsize("P") * 8 or name != platform.machine():
        reason = msg(
            "The module {path} is built for another architecture ({bits}-bit {name}).",
            path=str(path),
            bits=bits,
            name=name,
        )
        machine_hint = msg(
            "Install the build of the module for {machine}.", machine=platform.machine()
        )
        raise BadInput(reason, machine_hint)


def _check_name(path: Path) -> None:
    """The binding takes UTF-8 only, of the path that links lead to."""
    try:
        os.path.realpath(path).encode()
    except UnicodeEncodeError:
        raise BadInput(
            msg("The path of the module {path} is not UTF-8.", path=str(path)),
            msg("Move the library to a path that is."),
        ) from None
