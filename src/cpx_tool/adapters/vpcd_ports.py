"""The ports on which the virtual readers of this machine listen, as its configuration says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from cpx_tool.adapters.vpcd import DEFAULT_PORTS

CONFIGURATION = Path("/etc/reader.conf.d")
"""Of the PC/SC service (reader.conf(5))."""

_DRIVER = "vpcd"
_PORT = re.compile(r"^\s*DEVICENAME\s+/dev/null:(0x[0-9A-Fa-f]{1,4}|[0-9]{1,5})\s*$", re.MULTILINE)
_READERS_OF_AN_ENTRY = 2
"""Compiled into vpcd: it listens on the next port, too."""
_END = 0x10000
"""The first number that is no port."""
_LARGEST_FILE = 64 * 1024


def configured_ports(directory: Path = CONFIGURATION) -> tuple[int, ...]:
    """In the order of the files' names; vpcd's own two where nothing can be read."""
    ports = tuple(dict.fromkeys(_ports(directory)))
    return ports or DEFAULT_PORTS


def _ports(directory: Path) -> Iterator[int]:
    with suppress(OSError):
        for file in sorted(directory.iterdir()):
            text = _text(file)
            if _DRIVER in text:
                for found in _PORT.finditer(text):
                    first = int(found[1], 16 if found[1][1:2] == "x" else 10)
                    yield from range(max(first, 1), min(first + _READERS_OF_AN_ENTRY, _END))


def _text(file: Path) -> str:
    """Of one file; nothing where it is none, or not for us."""
    if not file.is_file():  # a pipe would be waited for
        return ""
    with suppress(OSError), file.open("rb") as stream:
        return stream.read(_LARGEST_FILE).decode("utf-8", "replace")
    return ""
