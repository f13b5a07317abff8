"""Which PKCS#11 modules are installed on a workstation, or declared there, and in which order
they are taken. Nothing is loaded.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PureWindowsPath

from cpx_tool.adapters.files import kind_of
from cpx_tool.adapters.host import Host
from cpx_tool.adapters.library_file import look_at
from cpx_tool.adapters.mozilla import declared_modules
from cpx_tool.catalogue.middleware import Known, known, middleware, recognise
from cpx_tool.model.middleware import (
    Declaration,
    Family,
    FileProblem,
    InstalledModule,
    Origin,
    System,
)

_PRODUCT_DIR, _PRODUCT_VERSION = "InstallDir", "Version"


def installed_modules(host: Host) -> tuple[InstalledModule, ...]:
    """Every module that is there, or declared, in the order in which one is taken: the places of
    the Cryptolib, Mozilla's declarations, OpenSC, the p11-kit proxy; then those that are never
    taken unless they are named.

    A file that two of them name stands there once.
    """
    found: dict[str, InstalledModule] = {}
    for path, declaration in _candidates(host):
        key = os.path.realpath(path)
        if key in found:
            known_already = found[key]
            if declaration not in known_already.declared:
                declared = (*known_already.declared, declaration)
                found[key] = replace(known_already, declared=declared)
            continue
        looked = look_module(path, declaration, host)
        missing = looked.problem is not None and looked.problem.problem is FileProblem.MISSING
        if missing and declaration.origin is Origin.KNOWN_PLACE:
            continue
        found[key] = looked
    return tuple(found.values())


def look_module(path: Path, declaration: Declaration, host: Host) -> InstalledModule:
    """One file as a module, as far as can be told without loading it."""
    looked = look_at(path, host)
    family = recognise(str(path))
    return InstalledModule(
        path=str(path),
        declared=(declaration,),
        family=family,
        problem=looked.fault,
        needs=looked.needs,
        product=_product(host) if family is Family.CRYPTOLIB else None,
    )


def taken(modules: tuple[InstalledModule, ...]) -> InstalledModule | None:
    """The first that can be used, of those that are taken without being named."""
    return next((module for module in modules if module.usable and _is_automatic(module)), None)


def _is_automatic(module: InstalledModule) -> bool:
    """Whether it is taken without a person naming it; a declared one of no known family is."""
    return module.family is None or known(module.family).automatic


def _candidates(host: Host) -> Iterator[tuple[Path, Declaration]]:
    first, *others = (f for f in middleware().families if f.automatic)
    yield from _of_family(first, host)
    if host.system is System.WINDOWS:
        yield from _of_registry(host)
    for declared in declared_modules(host):
        yield declared.path, Declaration(Origin.MOZILLA, declared.key or str(declared.file))
    for family in (*others, *(f for f in middleware().families if not f.automatic)):
        yield from _of_family(family, host)


def _of_family(family: Known, host: Host) -> Iterator[tuple[Path, Declaration]]:
    for place in family.places[host.system]:
        path = host.at(place)
        if path is not None:
            yield path, Declaration(Origin.KNOWN_PLACE)


def _of_registry(host: Host) -> Iterator[tuple[Path, Declaration]]:
    """The directory that the installer of the Cryptolib wrote down: its modules may lie there."""
    key = middleware().product_key
    directory = host.registry(key, _PRODUCT_DIR)
    if not isinstance(directory, str) or not directory:
        return
    names = dict.fromkeys(
        PureWindowsPath(place).name for place in known(Family.CRYPTOLIB).places[System.WINDOWS]
    )
    for name in names:
        path = host.at(str(PureWindowsPath(directory, name)))
        if path is not None and kind_of(path) == stat.S_IFREG:
            yield path, Declaration(Origin.REGISTRY, key)


def _product(host: Host) -> str | None:
    version = host.registry(middleware().product_key, _PRODUCT_VERSION)
    return version if isinstance(version, str) and version else None
