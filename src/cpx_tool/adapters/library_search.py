"""Where the loader of Linux looks for the libraries that another one needs.

Source: ld.so(8), dlopen(3). It only ever says "missing" of what would be missing: where a search
path cannot be followed, or the loader's cache cannot be read, it says nothing.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from cpx_tool.adapters.elf import Elf, from_origin
from cpx_tool.adapters.files import kind_of
from cpx_tool.adapters.host import Host

_DEFAULTS = ("/lib", "/usr/lib", "/lib64", "/usr/lib64")


def missing_libraries(library: Path, elf: Elf, host: Host) -> tuple[str, ...]:
    """The names in DT_NEEDED that the loader would not find for this process."""
    if not elf.needed:
        return ()
    at_hand = host.loadable()
    if at_hand is None:
        return ()
    directories = list(_directories(library, elf, host))
    if any("$" in directory for directory in directories):  # $LIB, $PLATFORM
        return ()
    return tuple(
        name
        for name in elf.needed
        if name not in at_hand and not _is_there(name, directories, host)
    )


def _directories(library: Path, elf: Elf, host: Host) -> Iterator[str]:
    """In any order: whether it is somewhere is the question. An empty one is the current one."""
    origin = str(Path(os.path.realpath(library)).parent)
    path = elf.runpath or elf.rpath
    for part in path.split(":") if path else ():
        yield from_origin(part, origin) or "."
    for part in re.split("[:;]", host.environment.get("LD_LIBRARY_PATH", "")):
        if part:
            yield part
    yield from (str(place) for place in map(host.at, _DEFAULTS) if place is not None)


def _is_there(name: str, directories: Iterable[str], host: Host) -> bool:
    if "/" in name:
        place = host.at(name)
        return place is not None and kind_of(place) != 0
    return any(kind_of(Path(directory) / name) for directory in directories)
