"""The Cryptolib's cache of card contents on disk: where it is, whose cards are in it, who can
read it. Only names of files are looked at.

Sources: ANS, common/sys_config.c, libopensc/pkcs15-cache.c (gen_cache_file): `<serial>_<PATH>`,
`<serial>_s_<PATH>` and `<serial>_<last update>_<PATH>`, the path in hex without 3F00.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

from cpx_tool.adapters.files import kind_of
from cpx_tool.adapters.host import Host
from cpx_tool.errors import code_of
from cpx_tool.model.middleware import CardCache, System

_PLACES = {
    System.LINUX: "/etc/opt/santesocial/CPS/cache",
    System.MACOS: "/Library/Caches/santesocial/CPS",
    System.WINDOWS: r"%ALLUSERSPROFILE%\santesocial\cps\cache",
}
_MAX_FILES = 20_000
_MAX_SERIALS = 500
_NAME = re.compile(r"([0-9A-Fa-f]{8})_(s_)?(?:[0-9A-Za-z]+_)?([0-9A-Fa-f]*)")
_PROTECTED = re.compile(r"(?:0001D12|7F01400|401)[0-9A-F]", re.IGNORECASE)
"""CPS_ACTIVITY_*, CPS_SIT_FACT and CPS2TER_ACTIVITY_*: free only after the PIN."""


def observe_cache(host: Host) -> CardCache | None:
    """The cache; None where there is no such directory."""
    directory = host.at(_PLACES[host.system])
    if directory is None or kind_of(directory) != stat.S_IFDIR:
        return None
    writable = os.access(directory, os.W_OK | os.X_OK)
    try:
        with os.scandir(directory) as entries:
            found = list(islice(entries, _MAX_FILES))
        serials, protected = _serials([entry.name for entry in found])
        is_open = None if host.system is System.WINDOWS else _is_open(directory, found)
    except OSError as error:
        return CardCache(str(directory), writable, None, problem=code_of(error))
    return CardCache(str(directory), writable, is_open, serials, protected)


def _serials(names: list[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Those of which anything is there, and those of which contents that need the PIN are."""
    read = [match for match in map(_NAME.fullmatch, names) if match]
    contents = [m for m in read if not m[2] and _PROTECTED.fullmatch(m[3])]
    return _sorted(m[1] for m in read), _sorted(m[1] for m in contents)


def _sorted(serials: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(serials)))[:_MAX_SERIALS]


def _is_open(directory: Path, entries: list[os.DirEntry[str]]) -> bool:
    """Whether another user may list the directory and read a file in it."""
    if not stat.S_IXOTH & directory.stat().st_mode:
        return False
    return any(stat.S_IROTH & entry.stat(follow_symlinks=False).st_mode for entry in entries)
