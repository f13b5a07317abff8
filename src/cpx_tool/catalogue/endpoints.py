"""The field's test servers: endpoints.toml, its sentences, and how a server is named."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources

from cpx_tool.catalogue.endpoint_url import parse_endpoint
from cpx_tool.catalogue.endpoint_words import WORDS, EndpointWords
from cpx_tool.catalogue.shipped import refuse_keys
from cpx_tool.errors import BadInput, nearest
from cpx_tool.model.endpoint import Caller, CertificateAsked, Endpoint, KnownEndpoint
from cpx_tool.model.message import msg

__all__ = ["NAME", "endpoints", "find_endpoint", "parse_endpoint", "read_endpoints"]

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
"""What a server may be called."""

_NO_NAME = frozenset(".:/?#@[")
_LONGEST_LABEL = 63
"""Of a host (RFC 1035), so of all that can be taken for a name."""


@cache
def endpoints() -> tuple[KnownEndpoint, ...]:
    """The known test servers, in the order of the file."""
    file = resources.files(__package__) / "endpoints.toml"
    return read_endpoints(file.read_text(encoding="utf-8"), WORDS)


def read_endpoints(text: str, words: Mapping[str, EndpointWords]) -> tuple[KnownEndpoint, ...]:
    """The servers of a TOML text, each with its sentences. Raises `ValueError` for anything that
    is not as described at the head of endpoints.toml.
    """
    data = tomllib.loads(text)
    refuse_keys(data, {"endpoint"}, set())
    found = tuple(_known(entry, words) for entry in data["endpoint"])
    names = [known.name for known in found]
    if sorted(names) != sorted(words):
        raise ValueError(
            f"servers and sentences differ: {sorted(set(names) ^ set(words)) or names}"
        )
    return found


def find_endpoint(text: str, own: Sequence[KnownEndpoint]) -> Endpoint:
    """The server of that name, first of the user's `own`, then of the catalogue; else of that
    address. Raises `BadInput`: for what can only be a mistyped name, with the nearest one.
    """
    named = {known.name: known.endpoint for known in (*endpoints(), *own)}
    if text in named:
        return named[text]
    if looks_like_a_name(text):
        raise BadInput(
            msg("There is no server of the name {name}.", name=text),
            nearest(
                text.lower(),
                named,
                msg(
                    "cpx-tool list-endpoints shows the names; a host without a dot is written "
                    "with https:// before it."
                ),
            ),
        )
    return parse_endpoint(text)


def looks_like_a_name(text: str) -> bool:
    return 0 < len(text) <= _LONGEST_LABEL and text != "localhost" and _NO_NAME.isdisjoint(text)


def _known(entry: Mapping[str, object], words: Mapping[str, EndpointWords]) -> KnownEndpoint:
    refuse_keys(entry, {"name", "url", "client", "asked", "source"}, set())
    name, url = _line(entry["name"]), _line(entry["url"])
    if not NAME.fullmatch(name) or name not in words:
        raise ValueError(f"{name} is no name, or has no sentences")
    try:
        endpoint = parse_endpoint(url, name)
    except BadInput as error:
        raise ValueError(f"{name}: {error}") from error
    if endpoint.url != url:
        raise ValueError(f"{name}: write {endpoint.url}")
    return KnownEndpoint(
        endpoint=endpoint,
        title=words[name].title,
        client=Caller(_line(entry["client"])),
        asked=CertificateAsked(_line(entry["asked"])),
        note=words[name].note,
        source=_line(entry["source"]),
    )


def _line(value: object) -> str:
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise ValueError(f"{value!r} is not a line of text")
    return value
