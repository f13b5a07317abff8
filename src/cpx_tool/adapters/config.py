"""The user's configuration file: few keys, read strictly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cpx_tool.adapters.files import kind_of, read_file
from cpx_tool.adapters.system import user_config
from cpx_tool.catalogue.endpoints import NAME, endpoints, parse_endpoint
from cpx_tool.catalogue.strict_table import BadValueError, Table
from cpx_tool.catalogue.toml_lines import locate
from cpx_tool.catalogue.toml_text import decode, parse
from cpx_tool.errors import BadInput
from cpx_tool.model.endpoint import KnownEndpoint
from cpx_tool.model.message import msg

CONFIG_VARIABLE = "CPX_CONFIG"
MAX_AT_ONCE = 16
"""pcscd shows no more readers before its version 2.5; nor does the Cryptolib."""

_MAX_BYTES = 64_000
_MAX_ENDPOINTS = 200
_KEYS = ("module", "at_once")
_CORRECT = msg("Correct that line, or move the file away. Its keys are in docs/configuration.md.")
_NAME_IT = msg(
    "Correct {variable}: it must be the path of a configuration file (TOML).",
    variable=CONFIG_VARIABLE,
)


@dataclass(frozen=True, slots=True)
class Config:
    """What stands in the file; None where it does not say. `file` is where it was read."""

    file: Path | None = None
    module: str | None = None
    """The path of the PKCS#11 module."""
    at_once: int | None = None
    """How many readers at once, 1 to `MAX_AT_ONCE`; one after the other is 1."""
    endpoints: tuple[KnownEndpoint, ...] = ()
    """Servers that the user gave names to, none of them one of the catalogue."""


def read_config(environment: Mapping[str, str]) -> Config:
    """The file that CPX_CONFIG names, or the one in the user's configuration directory, which
    may be absent. Raises `BadInput` with the file, and the line and the key where there is one.
    """
    named = environment.get(CONFIG_VARIABLE)
    if named:
        return _read(Path(named))
    place = user_config()
    if place is None or not kind_of(place / "config.toml"):
        return Config()
    return _read(place / "config.toml")


def _read(path: Path) -> Config:
    file = str(path)
    text = decode(read_file(path, _MAX_BYTES, _NAME_IT), file)
    top = Table(parse(text, file, _CORRECT), file, locate(text), _CORRECT)
    for key in _KEYS:
        if key in top.data:
            top.refuse(key, msg("Put this key under the line [middleware]."))
    top.refuse_unknown(("middleware", "endpoints"))
    table = top.table("middleware")
    table.refuse_unknown(_KEYS)
    return Config(
        file=path,
        module=table.optional("module", _module, None),
        at_once=table.optional("at_once", _at_once, None),
        endpoints=_endpoints(top, path),
    )


def _endpoints(top: Table, path: Path) -> tuple[KnownEndpoint, ...]:
    table = top.table("endpoints")
    if len(table.data) > _MAX_ENDPOINTS:
        top.refuse("endpoints", msg("There are more than {limit} of them.", limit=_MAX_ENDPOINTS))
    return tuple(_endpoint(table, name, path) for name in table.data)


def _endpoint(table: Table, name: str, path: Path) -> KnownEndpoint:
    if not NAME.fullmatch(name):
        table.refuse(
            name,
            msg("A name has 1 to 40 of a-z, 0-9 and “-”, and begins with no “-”."),
        )
    if name in {known.name for known in endpoints()}:
        table.refuse(
            name,
            msg("cpx-tool has a server of this name (cpx-tool list-endpoints): take another one."),
        )

    def read(value: object) -> KnownEndpoint:
        if not isinstance(value, str):
            raise BadValueError(msg("It must be an address between quotes: https://…"))
        try:
            return KnownEndpoint(parse_endpoint(value, name), file=path)
        except BadInput as error:
            raise BadValueError(error.reason) from None

    return table.required(name, read)


def _module(value: object) -> str:
    if isinstance(value, str) and value.startswith("~"):
        raise BadValueError(msg("“~” is not expanded here: write the absolute path."))
    if not isinstance(value, str) or not value.isprintable() or not Path(value).is_absolute():
        raise BadValueError(msg("It must be the absolute path of a module, between quotes."))
    return value


def _at_once(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MAX_AT_ONCE:
        raise BadValueError(
            msg("It must be a whole number from 1 to {limit}, without quotes.", limit=MAX_AT_ONCE)
        )
    return value
