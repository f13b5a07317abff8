"""Finds the PKCS#11 module to use on this workstation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cpx_tool.adapters.config import read_config
from cpx_tool.adapters.host import Host, this_host
from cpx_tool.adapters.library_file import correct_variable, usable_library
from cpx_tool.adapters.module_search import installed_modules, taken
from cpx_tool.catalogue.middleware_words import RIGHT_FILE, file_words
from cpx_tool.errors import NothingToCheck
from cpx_tool.model.message import Message, msg
from cpx_tool.model.middleware import Declaration, InstalledModule, Origin

MODULE_VARIABLE = "CPX_PKCS11_MODULE"


@dataclass(frozen=True, slots=True)
class FoundModule:
    """A module's path, and who chose it: a value of `Origin`."""

    path: Path
    source: str


def find_module(
    option: str | None, environment: Mapping[str, str], host: Host | None = None
) -> FoundModule:
    """The module to use: `--module`, then CPX_PKCS11_MODULE, then the configuration file, then
    the first of `module_search.installed_modules` that can be used.

    Raises `BadInput` for a named module that cannot be one: it is never replaced by another;
    `NothingToCheck` when there is none.
    """
    host = host or this_host(environment)
    named = named_module(option, environment)
    if named is not None:
        path, declaration, hint = named
        return FoundModule(usable_library(path, hint, host), declaration.origin.value)
    modules = installed_modules(host)
    chosen = taken(modules)
    if chosen is None:
        raise _none(modules, host)
    return FoundModule(Path(chosen.path), chosen.declared[0].origin.value)


def named_module(
    option: str | None, environment: Mapping[str, str]
) -> tuple[Path, Declaration, Message] | None:
    """The module that a person named, who named it where, and the remedy for a wrong path.

    The configuration file is read where nothing before it names one. Raises `BadInput` for one
    that cannot be read.
    """
    if option is not None:
        return Path(option), Declaration(Origin.OPTION, "--module"), RIGHT_FILE
    variable = environment.get(MODULE_VARIABLE)
    if variable:
        hint = correct_variable(MODULE_VARIABLE)
        return Path(variable), Declaration(Origin.ENVIRONMENT, MODULE_VARIABLE), hint
    config = read_config(environment)
    if config.module is None:
        return None
    file = str(config.file)
    hint = msg("Correct the key “module” in {file}: it names a wrong file.", file=file)
    return Path(config.module), Declaration(Origin.CONFIG, file), hint


def _none(modules: tuple[InstalledModule, ...], host: Host) -> NothingToCheck:
    """Why there is none: nothing is installed, or what is installed cannot be used."""
    for module in modules:
        if module.problem is not None:
            return NothingToCheck(*file_words(module.path, module.problem, host.built_for))
    return NothingToCheck(
        msg("No PKCS#11 module was found on this workstation."),
        msg(
            "Install the Cryptolib CPS of the ANS (or OpenSC), or name the module with "
            "--module FILE or {variable}. To see the tool work without a card: "
            "cpx-tool emulate --set centre-sante --into DIR, then add --emulated DIR.",
            variable=MODULE_VARIABLE,
        ),
    )
