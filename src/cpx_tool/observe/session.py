"""A card that was read, and what is done with it from then on: at most one login, signatures."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from typing import Protocol

from cpx_tool.model.fault import FaultKind
from cpx_tool.model.observation import (
    CardObservation,
    PinRecord,
    PinRefusal,
    PinResult,
    SignatureTry,
)
from cpx_tool.model.token import TokenContents
from cpx_tool.observe.certificates import card_key
from cpx_tool.observe.pin_attempt import LoginMeans, Notice, PinAttempt, Place, pin_flags
from cpx_tool.observe.pin_safety import LoginTurn
from cpx_tool.ports import Step, TokenFault, Tokens


@dataclass
class CardSession:
    """One card in its place; `card` is what was seen of it until now.

    `notice` hears how far it is, and what was seen by then: an interruption may come at any time.
    While `pause` is entered, the card's time stands still.
    """

    tokens: Tokens
    means: LoginMeans | PinRefusal
    turn: LoginTurn
    place: Place
    contents: TokenContents
    notice: Notice
    pause: Callable[[], AbstractContextManager[None]]
    random: Callable[[int], bytes]
    card: CardObservation
    _lost: bool = False

    @property
    def logged_in(self) -> bool:
        """Whether the login holds; it goes with the module's process."""
        return _accepted(self.card) and not self._lost

    def login(self) -> bool:
        """Whether the card accepted the PIN. Tried once, in turn with the other cards' logins."""
        if self.card.pin is not None:
            return self.logged_in
        if isinstance(self.means, PinRefusal):
            self.refuse(self.means)
            return False
        self.notice(Step.LOGGING_IN, self.card)
        attempt = PinAttempt(
            self.tokens, self.means, self.turn, self.pause, self.place, self.contents, self.notice
        )
        with self._in_turn():
            try:
                self.card = attempt.make(self.card)
            except TokenFault as error:  # nobody is there to be asked any more
                self.refuse(PinRefusal.NOT_REACHED)
                self.card = replace(self.card, faults=(*self.card.faults, error.fault))
        if _accepted(self.card):
            self.notice(Step.SIGNING, self.card)
        return _accepted(self.card)

    def ask_pin(self) -> None:
        """Have the PIN typed now, if it is to be, before anything waits. May raise `BadInput`."""
        if isinstance(self.means, LoginMeans):
            with self.pause():
                self.means.pins.pin()

    def refuse(self, why: PinRefusal) -> None:
        """Note that the PIN was not tried."""
        refused = PinRecord(PinResult.REFUSED, why, pin_flags(self.card.token))
        self.card = replace(self.card, pin=refused)

    def read_private(self) -> bool:
        """Read what shows only after a login; whether it could be read."""
        try:
            private = self.tokens.read_private(self.card.slot.id)
        except TokenFault as error:
            self.card = replace(self.card, faults=(*self.card.faults, error.fault))
            return False
        self.card = replace(self.card, keys=private.keys, data=self.card.data + private.data)
        return True

    def sign(self, tried: SignatureTry, data: bytes) -> SignatureTry:
        """The try with what came of it; `data` is what the mechanism signs (`ports.Tokens.sign`).

        After a crash or a hang the login is gone, and there is no second one.
        """
        start = time.perf_counter()
        try:
            signature = self.tokens.sign(self.card.slot.id, tried.key_id, tried.mechanism, data)
        except TokenFault as error:
            self._lost = error.fault.kind is not FaultKind.ERROR
            return replace(tried, fault=error.fault)
        return replace(tried, signature=signature, seconds=time.perf_counter() - start)

    def close(self) -> None:
        """Log out; `card` is complete then."""
        if not _accepted(self.card):
            return
        try:
            self.tokens.logout(self.card.slot.id)
        except TokenFault as error:
            self.card = replace(self.card, faults=(*self.card.faults, error.fault))
        with self.turn:
            self.turn.remember_end(card_key(self.card), whole=self.card.whole)

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        """The turn to log in; others' logins, and their people, take the time they take."""
        with self.pause():
            self.turn.take()
        try:
            yield
        finally:
            self.turn.leave()


class Errand(Protocol):
    """What a card is visited for, after it was read."""

    def concerns(self, card: CardObservation) -> bool:
        """Whether it is about this card at all; another is only read."""

    def is_done(self, card: CardObservation) -> bool:
        """Whether an earlier reading of the card has all that it is visited for."""

    def run(self, session: CardSession) -> None:
        """Do it; what came of it is in `session.card`. Logging out is not its business."""


def _accepted(card: CardObservation) -> bool:
    return card.pin is not None and card.pin.result is PinResult.ACCEPTED
