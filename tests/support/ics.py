"""The lines of a calendar file, held against RFC 5545, 3.1."""

from __future__ import annotations

import re

_LINE = re.compile(r"[A-Z-]+(;[A-Z-]+=[^:;]+)*:.*", re.DOTALL)


def check_lines(content: bytes) -> list[str]:
    """The lines, unfolded. An assertion fails for anything that the RFC does not allow."""
    assert content.endswith(b"\r\n")
    raw = content[:-2].split(b"\r\n")
    for line in raw:
        assert len(line) <= 75, line
        assert b"\r" not in line
        assert b"\n" not in line
        line.decode("utf-8")  # no character is cut in two
    lines = content[:-2].decode("utf-8").replace("\r\n ", "").split("\r\n")
    for line in lines:
        assert _LINE.fullmatch(line), line
    return lines
