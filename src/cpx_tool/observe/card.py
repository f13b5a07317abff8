"""One card: read what is free, then do what it is visited for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace

from cpx_tool.model.eligibility import Key
from cpx_tool.model.observation import CardObservation, PinRefusal, SignatureTry
from cpx_tool.model.token import CertificateObject, PrivateKey
from cpx_tool.observe.certificates import card_key
from cpx_tool.observe.pin_attempt import LoginMeans, Notice, Place, pin_flags
from cpx_tool.observe.pin_safety import LoginTurn
from cpx_tool.observe.session import CardSession, Errand
from cpx_tool.pki.personal_keys import personal_key
from cpx_tool.pki.signature import digest_info_sha256
from cpx_tool.ports import Step, TokenFault, Tokens

CHALLENGE_BYTES = 32
PSS = "CKM_SHA256_RSA_PKCS_PSS"
PKCS1 = "CKM_RSA_PKCS"
"""With a DigestInfo: what both keys of CPS3 and CPS4 sign (seen with Cryptolib 5.2.2)."""
HASHED = "CKM_SHA256_RSA_PKCS"
"""What OpenSC allows the signature key of a CPS3 in its place: it takes the card's word that this
key signs hashes only (algorithm references of PKCS#15; seen with OpenSC 0.23)."""
_REFUSED_AT_ONCE = "CKR_MECHANISM_INVALID"
"""Answered before anything is sent to the card: asking in another way costs nothing."""


class KeysErrand:
    """Satisfies `session.Errand`: see what a login shows, let each key sign as the field does."""

    def concerns(self, card: CardObservation) -> bool:  # noqa: ARG002
        """Every card."""
        return True

    def is_done(self, card: CardObservation) -> bool:  # noqa: ARG002
        """Whatever was seen of a card that was read to its end."""
        return True

    def run(self, session: CardSession) -> None:
        """See `session.Errand.run`."""
        if session.login() and session.read_private():
            session.card = replace(session.card, signatures=_sign_all(session))


@dataclass(frozen=True, slots=True)
class CardWalk:
    """What walking a card needs: the module, fresh random bytes, and the means to log in; or, in
    their place, why this run logs in nowhere.

    `known` are cards of earlier readings by `card_key`: one of them is read, but not walked again.
    """

    tokens: Tokens
    means: LoginMeans | PinRefusal
    random: Callable[[int], bytes]
    known: Mapping[str, CardObservation] = field(default_factory=dict)
    pause: Callable[[], AbstractContextManager[None]] = nullcontext
    """While it is entered, the card's time stands still."""
    errand: Errand = field(default_factory=KeysErrand)

    def observe(self, place: Place, turn: LoginTurn, notice: Notice) -> CardObservation:
        """Everything there is to see of the card there. Faults become part of it.

        Logins take turns with those of other cards. `notice` hears how far it is, and what was
        seen until then: an interruption may come at any time.
        """
        notice(Step.READING, None)
        card = CardObservation(place.slot, place.reader, None)
        try:
            contents = self.tokens.read(place.slot.id)
        except TokenFault as error:
            return replace(card, faults=(error.fault,))
        card = replace(
            card,
            token=contents.info,
            certificates=contents.certificates,
            data=contents.data,
        )
        notice(Step.READING, card)
        earlier = self.known.get(card_key(card))
        if earlier and _is_as_before(earlier, card) and self.errand.is_done(earlier):
            return replace(earlier, slot=place.slot, reader=place.reader)
        session = CardSession(
            self.tokens,
            self.means,
            turn,
            place,
            contents,
            notice,
            self.pause,
            self.random,
            card,
        )
        if self.errand.concerns(card):
            self.errand.run(session)
            session.close()
        if session.card.pin is None:
            session.refuse(PinRefusal.NOT_ASKED)
        return session.card


def _sign_all(session: CardSession) -> tuple[SignatureTry, ...]:
    keys, token = session.card.keys or (), session.contents.info
    wanted = [(key, PKCS1) for key in keys]
    if PSS in token.mechanisms:
        wanted += [(key, PSS) for key in keys if _authenticates(key, session.card.certificates)]
    done: list[SignatureTry] = []
    for key, mechanism in wanted:
        tried = _sign(session, key, mechanism)
        if _is_refused(tried) and mechanism == PKCS1 and HASHED in token.mechanisms:
            tried = _sign(session, key, HASHED)
        done.append(tried)
        if not session.logged_in:
            break  # the login went with the process, and there is no second one
    return tuple(done)


def _sign(session: CardSession, key: PrivateKey, mechanism: str) -> SignatureTry:
    challenge = session.random(CHALLENGE_BYTES)
    data = digest_info_sha256(challenge) if mechanism == PKCS1 else challenge
    return session.sign(SignatureTry(key.id, key.label, mechanism, challenge), data)


def _is_refused(tried: SignatureTry) -> bool:
    return tried.fault is not None and tried.fault.code == _REFUSED_AT_ONCE


def _is_as_before(earlier: CardObservation, now: CardObservation) -> bool:
    """Whether what it shows freely is what it showed then, the flags of its PIN among it. A copy,
    or a card personalised anew, has only its number in common.
    """
    free = [item for item in earlier.data if not item.private]
    return (
        earlier.certificates == now.certificates
        and free == [item for item in now.data if not item.private]
        and pin_flags(earlier.token) == pin_flags(now.token)
    )


def _authenticates(key: PrivateKey, certificates: Sequence[CertificateObject]) -> bool:
    return personal_key(key.label, key.id, certificates) is Key.AUTHENTICATION
