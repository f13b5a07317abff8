"""A client knocks at endpoints: what happens is written down as `Handshake` values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from cpx_tool.model.endpoint import Endpoint
from cpx_tool.model.fault import FaultKind
from cpx_tool.model.handshake import Client, ClientKind, Connection, End, Handshake
from cpx_tool.model.observation import CardObservation
from cpx_tool.model.token import AUTHENTICATION_LABEL, CertificateObject
from cpx_tool.observe.card_key import RAW, CardKey
from cpx_tool.observe.certificates import card_key
from cpx_tool.observe.session import CardSession
from cpx_tool.pki.certificate import BadCertificate, read_certificate
from cpx_tool.ports import ClientKey, Step, TlsClient

NEWEST, OLDER = "TLSv1.3", "TLSv1.2"
_NOT_ACCEPTED = 400
"""The first HTTP status that is no success (RFC 9110, 15.5)."""


@dataclass(frozen=True, slots=True)
class Errands:
    """Where to knock, and how. `issuers` gives the CA certificates (DER) that are at hand above a
    client's, nearest first, without the root. `newest` is the newest version to be offered.
    """

    endpoints: tuple[Endpoint, ...]
    client: TlsClient
    issuers: Callable[[bytes], tuple[bytes, ...]]
    newest: str = NEWEST
    insecure: bool = False
    expect_status: int | None = None

    def knock(self, endpoint: Endpoint, client: Client, key: ClientKey | None) -> Handshake:
        """One client at one endpoint. Never raises but for an interruption."""
        connections = [self.client.connect(endpoint, self.newest, key)]
        if key is not None and _wants_older(connections[0], key):
            connections.append(self.client.connect(endpoint, OLDER, key))
        control = None
        if key is not None and _is_success(connections[-1]):
            control = self.client.connect(endpoint, connections[-1].version, None)
        return Handshake(
            endpoint=endpoint,
            client=client,
            insecure=self.insecure,
            expect_status=self.expect_status,
            connections=tuple(connections),
            control=control,
        )

    def knock_as_nobody(self, endpoint: Endpoint) -> Handshake:
        """What the endpoint asks for, without a certificate."""
        return self.knock(endpoint, Client(ClientKind.NOBODY), None)


class KnockErrand:
    """Satisfies `session.Errand`: present the card at each endpoint.

    `number` is the card that it is about, None: every card. `typed`: a person types the PIN, and
    does so before a server is kept waiting.
    """

    def __init__(self, errands: Errands, number: str | None, *, typed: bool) -> None:
        self._errands = errands
        self._number = number
        self._typed = typed

    def concerns(self, card: CardObservation) -> bool:
        """See `session.Errand.concerns`."""
        return self._number is None or card_key(card) == self._number

    def run(self, session: CardSession) -> None:
        """See `session.Errand.run`."""
        if self._typed:
            session.ask_pin()
        for endpoint in self._errands.endpoints:
            session.notice(Step.KNOCKING, session.card)
            with session.pause():
                shaken = self._knock(endpoint, session)
            session.card = replace(session.card, handshakes=(*session.card.handshakes, shaken))
            session.notice(Step.KNOCKING, session.card)

    def _knock(self, endpoint: Endpoint, session: CardSession) -> Handshake:
        found = _authentication(session.card)
        if found is None:
            return _not_presented(endpoint, self._errands, card_key(session.card))
        certificate, bits = found
        issuers = self._errands.issuers(certificate.der)
        key = CardKey(session, certificate, issuers, bits)
        client = Client(ClientKind.CARD, card_key(session.card), certificate.der, issuers)
        return self._errands.knock(endpoint, client, key)


def _not_presented(endpoint: Endpoint, errands: Errands, name: str) -> Handshake:
    """There is no authentication certificate: nobody is asked anything."""
    return Handshake(
        endpoint, Client(ClientKind.CARD, name), errands.insecure, errands.expect_status, ()
    )


def _authentication(card: CardObservation) -> tuple[CertificateObject, int] | None:
    """The card's authentication certificate, and the bits of its RSA key."""
    for item in card.certificates:
        if item.label == AUTHENTICATION_LABEL:
            try:
                return item, read_certificate(item.der).key_bits or 0
            except BadCertificate:
                return None
    return None


def _wants_older(first: Connection, key: ClientKey) -> bool:
    """TLS 1.3 was chosen, and the key has PKCS#1 v1.5 only; or its raw operation was refused."""
    if first.version != NEWEST or first.stop is None:
        return False
    use = first.signature
    raw_refused = (
        first.stop.end is End.NOT_SIGNED
        and use is not None
        and use.mechanism == RAW
        and use.fault is not None
        and use.fault.kind is FaultKind.ERROR
    )
    able = any(scheme.startswith("rsa_pkcs1") for scheme in key.schemes())
    return able and (first.stop.end is End.NOT_SIGNABLE or raw_refused)


def _is_success(last: Connection) -> bool:
    """The certificate was presented, and the answer is no refusal."""
    return bool(last.sent) and last.http is not None and last.http.status < _NOT_ACCEPTED
