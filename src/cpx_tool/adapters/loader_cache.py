"""What the loader of Linux finds by name alone: `ldconfig -p`, and what this process shows."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path

from cpx_tool.adapters.elf import BadElf, from_origin, read_elf

_LINE = re.compile(r"\s(\S+) \(([^)]*)\) => ")
_WORDS = {"x86_64": "x86-64", "aarch64": "AArch64"}
_PATIENCE_SECONDS = 10.0


@cache
def loadable_libraries(machine: str) -> frozenset[str] | None:
    """The names in the loader's cache for this architecture, those beside this Python, and what
    is loaded already; None where the cache cannot be had.
    """
    program = shutil.which("ldconfig", path=f"{os.environ.get('PATH', '')}:/sbin:/usr/sbin")
    if sys.platform != "linux" or program is None:
        return None
    try:
        listed = subprocess.run(
            [program, "-p"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PATIENCE_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    cached = _LINE.findall(listed.stdout.decode(errors="replace"))
    wanted = _WORDS.get(machine, "")
    names = {name for name, kind in cached if wanted in kind}
    return frozenset(names | _loaded() | _beside_python()) if names else None


def _loaded() -> set[str]:
    with suppress(OSError):
        maps = Path("/proc/self/maps").read_text(errors="replace")
        return {line.rpartition("/")[2] for line in maps.splitlines() if "/" in line}
    return set()


def _beside_python() -> set[str]:
    """A DT_RPATH of the program counts for what it loads, too (conda's Python has one)."""
    try:
        program = Path(os.path.realpath(sys.executable))
        elf = read_elf(program.read_bytes())
    except (OSError, BadElf):
        return set()
    names: set[str] = set()
    for part in elf.rpath.split(":") if not elf.runpath else ():
        directory = Path(from_origin(part, str(program.parent)))
        with suppress(OSError):
            names |= {entry.name for entry in os.scandir(directory)}
    return names
