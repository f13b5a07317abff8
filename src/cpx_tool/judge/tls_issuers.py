"""The CA names that a server sends, beside the issuers of a client certificate."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from cpx_tool.model.handshake import Client
from cpx_tool.pki.canonical import label_of
from cpx_tool.pki.certificate import BadCertificate, cut_apart
from cpx_tool.pki.names import read_name


def own_issuers(client: Client) -> frozenset[bytes]:
    """The issuer names (DER) of the client's certificate and of those above it, as they are
    written there: servers copy names from certificates.
    """
    names = set()
    for der in (client.certificate, *client.issuers):
        with suppress(BadCertificate):
            names.add(cut_apart(der).issuer)
    return frozenset(names)


def names_of(names: Iterable[bytes]) -> tuple[str, ...]:
    """Names (DER), each in a few words: its CN where it has one."""
    return tuple(_short(name) for name in names)


def _short(name: bytes) -> str:
    read, _ = read_name(name)
    return label_of(read) or name[:16].hex()
