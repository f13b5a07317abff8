"""A client knocks at endpoints: what happens is written down as `Handshake` values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from cpx_tool.model.endpoint import Endpoint
from cpx_tool.model.handshake import Client, ClientKind, Connection, End, Handshake
from cpx_tool.model.observation import CardObservation, PinResult
from cpx_tool.model.token import AUTHENTICATION_LABEL, CertificateObject
from cpx_tool.observe.card import KeysErrand
from cpx_tool.observe.card_key import CardKey
from cpx_tool.observe.certificates import card_key, prove
from cpx_tool.observe.pin_safety import UNPROVEN
from cpx_tool.observe.session import CardSession
from cpx_tool.pki.certificate import BadCertificate, read_certificate
from cpx_tool.pki.proof import Proof
from cpx_tool.ports import ClientKey, Step, TlsClient

NEWEST, OLDER = "TLSv1.3", "TLSv1.2"
_REFUSALS = (400, 401, 403, 495, 496)
"""HTTP statuses by which a certificate is refused, nginx's own among them."""
_SERVER_ERROR = 500


@dataclass(frozen=True, slots=True)
class Errands:
    """Where to knock, and how. `issuers` gives the CA certificates (DER) that are at hand above a
    client's, nearest first, without the root. `newest` is the newest version to be offered;
    `choices` stands for everything that was chosen (`Handshake.choices`).
    """

    endpoints: tuple[Endpoint, ...]
    client: TlsClient
    issuers: Callable[[bytes], tuple[bytes, ...]]
    newest: str = NEWEST
    insecure: bool = False
    expect_status: int | None = None
    choices: str = ""

    def knock(self, endpoint: Endpoint, client: Client, key: ClientKey | None) -> Handshake:
        """One client at one endpoint. Raises as `ports.TlsClient.connect`."""
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
            choices=self.choices,
        )

    def knock_as_nobody(self, endpoint: Endpoint) -> Handshake:
        """What the endpoint asks for, without a certificate."""
        return self.knock(endpoint, Client(ClientKind.NOBODY), None)


NO_CARD = ""
"""In the place of a card's number: none is presented, all are read."""


@dataclass
class KnockErrand:
    """Satisfies `session.Errand`: present the card at each endpoint.

    `number` is the card that it is about: its number, "slot-N" for one without, None for every
    card. `typed`: a person types the PIN, and does so before a server is kept waiting. A card that
    is not proven to be a test card, or did not accept the PIN before, is presented nowhere.
    """

    errands: Errands
    number: str | None
    typed: bool = False

    def concerns(self, card: CardObservation) -> bool:
        """See `session.Errand.concerns`."""
        return self.number in (None, card_key(card), f"slot-{card.slot.id}")

    def is_done(self, card: CardObservation) -> bool:
        """See `session.Errand.is_done`."""
        kept = [(shaken.endpoint, shaken.choices) for shaken in card.handshakes]
        return kept == [(one, self.errands.choices) for one in self.errands.endpoints]

    def run(self, session: CardSession) -> None:
        """See `session.Errand.run`."""
        proof = prove(session.card.certificates, session.card.data)
        if proof is not Proof.PROVEN and session.card.pin is None:
            session.refuse(UNPROVEN[proof])
        if session.card.pin is None or session.card.pin.result is PinResult.ACCEPTED:
            self._present(session)
            return
        shaken = tuple(self._not_presented(one, session) for one in self.errands.endpoints)
        session.card = replace(session.card, handshakes=shaken)

    def _present(self, session: CardSession) -> None:
        if self.typed:
            session.ask_pin()
        for endpoint in self.errands.endpoints:
            session.notice(Step.KNOCKING, session.card)
            with session.pause():
                shaken = self._knock(endpoint, session)
            session.card = replace(session.card, handshakes=(*session.card.handshakes, shaken))
            session.notice(Step.KNOCKING, session.card)

    def _knock(self, endpoint: Endpoint, session: CardSession) -> Handshake:
        found = _authentication(session.card)
        if found is None:
            return self._not_presented(endpoint, session)
        certificate, bits = found
        issuers = self.errands.issuers(certificate.der)
        key = CardKey(session, certificate, issuers, bits)
        client = Client(ClientKind.CARD, card_key(session.card), certificate.der, issuers)
        return self.errands.knock(endpoint, client, key)

    def _not_presented(self, endpoint: Endpoint, session: CardSession) -> Handshake:
        """The server is not even asked."""
        found = _authentication(session.card)
        der = found[0].der if found else b""
        return Handshake(
            endpoint=endpoint,
            client=Client(ClientKind.CARD, card_key(session.card), der),
            insecure=self.errands.insecure,
            expect_status=self.errands.expect_status,
            connections=(),
            choices=self.errands.choices,
        )


@dataclass(frozen=True, slots=True)
class KeysAndServersErrand:
    """Satisfies `session.Errand`: `KeysErrand`, then each card at each endpoint, with one login."""

    knock: KnockErrand
    keys: KeysErrand = field(default_factory=KeysErrand)

    def concerns(self, card: CardObservation) -> bool:
        """See `session.Errand.concerns`."""
        return self.knock.concerns(card)

    def is_done(self, card: CardObservation) -> bool:
        """See `session.Errand.is_done`."""
        return self.knock.is_done(card)

    def run(self, session: CardSession) -> None:
        """See `session.Errand.run`."""
        self.keys.run(session)
        self.knock.run(session)


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
    """TLS 1.3 was chosen, and the key has PKCS#1 v1.5 only; or it announced PSS in vain."""
    use, stop = first.signature, first.stop
    vain = use is not None and use.is_vain_promise
    unable = first.version == NEWEST and stop is not None and stop.end is End.NOT_SIGNABLE
    able = any(scheme.startswith("rsa_pkcs1") for scheme in key.schemes())
    return able and (vain or unable)


def _is_success(last: Connection) -> bool:
    """The certificate was presented, and the answer is neither a refusal nor a failure."""
    http = last.http if last.sent else None
    return http is not None and http.status < _SERVER_ERROR and http.status not in _REFUSALS
