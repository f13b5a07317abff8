"""Walks over fake cards: the cards, and what a walk needs beside them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from cpx_tool.model.token import CertificateObject, TokenContents
from cpx_tool.observe.pin_attempt import LoginMeans
from cpx_tool.observe.walk import Module, Walk
from cpx_tool.ports import Ledger, Operator, PinSource, Readers, Tokens
from support.certificates import EXTENSIONS
from support.fakes import FakeLedger, FakePins, FakeProgress, NoReaders, token_info

NOW = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)
MakeCertificate = Callable[..., bytes]


def card_numbered(make_certificate: MakeCertificate, number: str) -> TokenContents:
    """A card of that number."""
    own = {**EXTENSIONS, "1.2.250.1.71.1.2.3": "1315" + f"8025000001/{number}".encode().hex()}
    item = CertificateObject("Certificat d'Authentification CPS", "20", make_certificate(own))
    info = replace(token_info(f"CPS4v1-{number}"), serial=number[:8])
    return TokenContents(info, (item,), ())


def login_means(
    pins: PinSource | None = None, ledger: Ledger | None = None, operator: Operator | None = None
) -> LoginMeans:
    """The published PIN, an empty ledger and nobody at the keyboard, where not given."""
    return LoginMeans(pins or FakePins(), ledger or FakeLedger(), operator, lambda: NOW)


def module_of(tokens: Tokens) -> Module:
    """A module named with `--module`, for one card after the other."""
    return Module("/fake.so", "option", tokens)


def walk_over(
    tokens: Tokens, means: LoginMeans | None = None, readers: Readers | None = None
) -> Walk:
    """A run over these cards that tells nobody how it goes on."""
    return Walk(readers or NoReaders(), module_of(tokens), means or login_means(), FakeProgress())
