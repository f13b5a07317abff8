"""Whether the Cryptolib's traces are switched on: they slow every program, and keep growing.

Sources: ANS, external specification 5.1; libopensc/ctx.c and scconf (the names of blocks and keys
have no case); the file that the RPM 5.2.2 installs.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator

from cpx_tool.adapters.files import kind_of
from cpx_tool.adapters.host import Host
from cpx_tool.errors import code_of
from cpx_tool.model.middleware import System, Traces

_FILES = {
    System.LINUX: ("/etc/opt/santesocial/CPS/cps3_pkcs11.conf",),
    System.MACOS: ("/Library/Preferences/santesocial/CPS/cps3_pkcs11.conf",),
    System.WINDOWS: (),
}
_KEYS = (r"HKCU\Software\ASIP Sante\PKCS11", r"HKLM\Software\ASIP Sante\PKCS11")
"""The user's own wins."""
_MAX_BYTES = 1_000_000
_TOKEN = re.compile(r'#[^\n]*|"(?:\\.|[^"\\\n])*"|[{};=,]|[^\s{};=,"#]+')
_ON = ("true", "yes", "on", "1")


def observe_traces(host: Host) -> tuple[Traces, ...]:
    """Each place that says something of traces."""
    return (*_files(host), *_registry(host))


def _files(host: Host) -> Iterator[Traces]:
    for place in _FILES[host.system]:
        path = host.at(place)
        if path is None or kind_of(path) != stat.S_IFREG:
            continue
        try:
            with path.open("rb") as file:
                text = file.read(_MAX_BYTES).decode("utf-8", "replace")
        except OSError as error:
            yield Traces(str(path), None, problem=code_of(error))
            continue
        block = _block(text, "traces")
        level = block.get("debug", "")
        yield Traces(
            where=str(path),
            active=block.get("active", "").lower() in _ON,
            level=int(level) if re.fullmatch(r"[0-9]{1,4}", level) else None,
        )


def _registry(host: Host) -> Iterator[Traces]:
    if host.system is not System.WINDOWS:
        return
    for key in _KEYS:
        switch, level = host.registry(key, "Traces"), host.registry(key, "Debug")
        if switch is not None:
            number = level if isinstance(level, int) else None
            yield Traces(key, str(switch).lower() in _ON, number)


def _block(text: str, wanted: str) -> dict[str, str]:
    """The keys of the last block of that name at the top of an scconf file."""
    words = [word for word in _TOKEN.findall(text) if not word.startswith("#")]
    found: dict[str, str] = {}
    names: list[str] = []
    for index, word in enumerate(words):
        if word == "{":
            names.append(words[index - 1].lower() if index else "")
            if names == [wanted]:
                found = {}
        elif word == "}" and names:
            names.pop()
        elif word == "=" and names == [wanted] and 0 < index < len(words) - 1:
            found[words[index - 1].lower()] = words[index + 1].strip('"')
    return found
