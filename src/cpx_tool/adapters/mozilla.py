"""Mozilla's declarations of PKCS#11 modules: JSON files that Firefox reads ("Native manifests")."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

from cpx_tool.adapters.files import read_file
from cpx_tool.adapters.host import Host
from cpx_tool.catalogue.middleware import middleware
from cpx_tool.catalogue.middleware_words import RIGHT_FILE
from cpx_tool.errors import BadInput
from cpx_tool.model.middleware import System

_MAX_BYTES = 64_000


@dataclass(frozen=True, slots=True)
class Declared:
    """A module's path, absolute, and the declaration that gives it; `key` is the registry key
    that names this file, "" where the file stands in a known place.
    """

    path: Path
    file: Path
    key: str = ""


def declared_modules(host: Host) -> Iterator[Declared]:
    """What the Cryptolib declares for Firefox. A declaration that cannot be read declares
    nothing: it is another program's file.
    """
    for place in middleware().mozilla[host.system]:
        key = place if host.system is System.WINDOWS else ""
        named = host.registry(place, "") if key else place
        file = host.at(named) if isinstance(named, str) and named else None
        named_module = _module_in(file) if file is not None else None
        if file is None or named_module is None:
            continue
        pure = PureWindowsPath if host.system is System.WINDOWS else PurePosixPath
        absolute = pure(named_module).is_absolute()
        path = host.at(named_module) if absolute else file.parent / named_module
        if path is not None:
            yield Declared(path, file, key)


def _module_in(file: Path) -> str | None:
    try:
        body = json.loads(read_file(file, _MAX_BYTES, RIGHT_FILE))
    except (BadInput, ValueError, RecursionError):
        return None
    if not isinstance(body, dict) or body.get("type") != "pkcs11":
        return None
    path = body.get("path")
    return path if isinstance(path, str) and path and path.isprintable() else None
