"""What `sign-test` visits a card for: each key, each mechanism."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from cpx_tool.catalogue.signing import signing_rules
from cpx_tool.model.observation import CardObservation, SignatureTry
from cpx_tool.model.signing import SigningRule
from cpx_tool.model.token import PrivateKey
from cpx_tool.observe.certificates import card_key
from cpx_tool.observe.session import CardSession
from cpx_tool.pki.signature import signing_input
from cpx_tool.ports import Step

CHALLENGE_BYTES = 32
_USUAL_BITS = 2048
"""Of a key whose CKA_MODULUS the module does not show: what all CPx cards have."""


@dataclass(frozen=True, slots=True)
class SignErrand:
    """Satisfies `session.Errand`: let each private key sign by each mechanism that the token
    announces and the catalogue knows, in the catalogue's order.

    `number` is the card that it is about, None for all. A signature that is cut off is the last
    one: the login goes with the module's process, and there is no second one.
    """

    number: str | None = None

    def concerns(self, card: CardObservation) -> bool:
        """Whether it is the card of that number, or in that slot ("slot-1")."""
        return self.number in (None, card_key(card), f"slot-{card.slot.id}")

    def is_done(self, card: CardObservation) -> bool:  # noqa: ARG002
        """See `session.Errand.is_done`: no reading follows another."""
        return True

    def run(self, session: CardSession) -> None:
        """See `session.Errand.run`. The session hears of each signature: an interruption costs
        only what was not made by then.
        """
        if not (session.login() and session.read_private()):
            return
        for rule, key in _plan(session):
            tried = _sign(session, rule, key)
            card = session.card
            session.card = replace(card, signatures=(*card.signatures, tried))
            session.notice(Step.SIGNING, session.card)
            if tried.cut_off:
                return


def _plan(session: CardSession) -> Iterator[tuple[SigningRule, PrivateKey]]:
    announced = session.contents.info.mechanisms
    for rule in signing_rules():
        if rule.mechanism in announced:
            for key in session.card.keys or ():
                yield rule, key


def _sign(session: CardSession, rule: SigningRule, key: PrivateKey) -> SignatureTry:
    challenge = session.random(CHALLENGE_BYTES)
    wanted = SignatureTry(key.id, key.label, rule.mechanism, challenge, hash=rule.hash)
    bits = key.bits or _USUAL_BITS
    return session.sign(wanted, signing_input(rule.mechanism, challenge, rule.hash, bits))
