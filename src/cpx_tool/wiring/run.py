"""A run over the cards, in one reading or in several; and the readers by themselves."""

from __future__ import annotations

import os
import secrets
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from cpx_tool import __version__
from cpx_tool.adapters.middleware_facts import observe_middleware, with_loaded
from cpx_tool.adapters.pcsc import PcscReaders
from cpx_tool.adapters.pin import pin_source
from cpx_tool.adapters.root_files import Root
from cpx_tool.adapters.softhsm import emulation_trust
from cpx_tool.adapters.station import workstation
from cpx_tool.adapters.system import keep_no_core, now
from cpx_tool.model.message import Message
from cpx_tool.model.middleware import Middleware
from cpx_tool.model.observation import CardObservation, Observation, PinRefusal, ReaderSlots
from cpx_tool.model.reader import Pcsc
from cpx_tool.model.trust import TrustMaterial
from cpx_tool.observe.card import KeysErrand
from cpx_tool.observe.pin_attempt import LoginMeans
from cpx_tool.observe.session import Errand
from cpx_tool.observe.walk import (
    Context,
    Visit,
    Walk,
    WalkInterrupted,
    observe_slots,
    record,
)
from cpx_tool.ports import Operator, Progress
from cpx_tool.wiring.ledger import pin_ledger
from cpx_tool.wiring.source import Source, ports_of


@dataclass(frozen=True, slots=True)
class Login:
    """How a run logs in: whether it asks for the PIN, and the person at the keyboard, if any."""

    ask_pin: bool
    operator: Operator | None


class Interrupted(KeyboardInterrupt):
    """Ctrl-C while cards were walked; `observation` is what was seen until then, `signal` the
    number of the signal that came.
    """

    def __init__(self, observation: Observation, stop: KeyboardInterrupt) -> None:
        super().__init__(*stop.args)
        self.observation = observation
        self.signal: int = stop.args[0] if stop.args else signal.SIGINT


class Run:
    """A run over the cards, in one reading or in several."""

    def __init__(
        self,
        walk: Walk,
        context: Context,
        at_hand: TrustMaterial,
        middleware: Middleware | None,
    ) -> None:
        self._walk = walk
        self._context = context
        self._at_hand = at_hand
        self._middleware = middleware

    def look(self) -> Pcsc:
        """The readers now. No card is touched."""
        return self._walk.look()

    def read(
        self,
        known: Sequence[CardObservation] = (),
        keep: Callable[[Observation], None] = lambda _: None,
    ) -> Observation:
        """Walk the cards that are in now; one that is `known` as a whole is not walked again.
        `keep` hears after each card what was seen until then. Raises `Interrupted` on Ctrl-C.
        """
        context = replace(self._context, started_at=now())

        def kept(seen: ReaderSlots, cards: tuple[CardObservation, ...]) -> None:
            keep(record(context, seen, cards, self._at_hand))

        try:
            seen, cards = self._walk.observe(known, kept)
        except WalkInterrupted as stop:
            seen_by_then = self._record(context, stop.seen, stop.cards)
            raise Interrupted(replace(seen_by_then, interrupted=True), stop) from None
        return self._record(context, seen, cards)

    def _record(
        self, context: Context, seen: ReaderSlots, cards: tuple[CardObservation, ...]
    ) -> Observation:
        loaded = None if self._middleware is None else _loaded(self._middleware, seen)
        return record(context, seen, cards, self._at_hand, loaded)


@contextmanager
def open_run(
    source: Source,
    login: Login | PinRefusal,
    at_hand: TrustMaterial,
    progress: Progress,
    errand: Errand | None = None,
) -> Iterator[Run]:
    """A run that logs in where PIN safety allows it, or nowhere for that reason. `errand` is what
    each card is visited for: that its keys sign, unless it says otherwise. Raises `CpxError` where
    there is nothing to walk.
    """
    means = _means(source, login)
    logins = not isinstance(means, PinRefusal)
    with ports_of(source, progress.tell, module_needed=True, logins=logins) as (readers, module):
        assert module is not None  # noqa: S101 - needed
        context = Context(
            tool_version=__version__,
            run_id=secrets.token_hex(8),
            emulated=source.emulated is not None,
            workstation=workstation(Root(), os.environ),
            started_at=now(),
        )
        middleware = None
        if source.emulated is not None:
            at_hand = at_hand.plus(emulation_trust(source.emulated))
        else:
            middleware = observe_middleware(source.module, os.environ)
        visit = Visit(errand or KeysErrand(), source.card_timeout)
        walk = Walk(readers, module, means, progress, visit=visit)
        try:
            yield Run(walk, context, at_hand, middleware)
        finally:
            walk.close()


def _means(source: Source, login: Login | PinRefusal) -> LoginMeans | PinRefusal:
    if isinstance(login, PinRefusal):
        return login
    keep_no_core()  # this process holds the PIN, too
    pins = pin_source(login.ask_pin, os.environ)
    return LoginMeans(pins, pin_ledger(source.emulated), login.operator, now)


def visit_cards(
    source: Source,
    login: Login | PinRefusal,
    at_hand: TrustMaterial,
    progress: Progress,
    errand: Errand,
) -> Observation:
    """Each card that is in now, once, for that errand. Raises `CpxError` as `open_run`, and
    `Interrupted` on Ctrl-C, also while the module is let go of.
    """
    return in_run(source, login, at_hand, progress, errand, lambda run: run.read())


def in_run(
    source: Source,
    login: Login | PinRefusal,
    at_hand: TrustMaterial,
    progress: Progress,
    errand: Errand,
    read: Callable[[Run], Observation],
) -> Observation:
    """What `read` makes of a run for that errand. Raises as `visit_cards`."""
    seen: Observation | None = None
    try:
        with open_run(source, login, at_hand, progress, errand) as run:
            seen = read(run)
    except KeyboardInterrupt as stop:
        if seen is None or isinstance(stop, Interrupted):
            raise
        raise Interrupted(seen, stop) from None  # all is done; the module was let go of
    else:
        return seen


def read_cards(source: Source, at_hand: TrustMaterial, progress: Progress) -> Observation:
    """Walk all cards without a PIN: what they show freely. Raises `CpxError` as `open_run`."""
    with open_run(source, PinRefusal.NOT_ASKED, at_hand, progress) as run:
        return run.read()


def _loaded(middleware: Middleware, seen: ReaderSlots) -> Middleware:
    """With what came of loading the module in use."""
    module = seen.module
    if module is None:
        return middleware
    slots = None if module.fault is not None or seen.faults else len(seen.slots)
    return with_loaded(middleware, module.path, module.info, module.fault, slots)


def list_readers(source: Source, tell: Callable[[Message], None]) -> ReaderSlots:
    """The readers and the slots joined to them; without a module, the readers alone."""
    with ports_of(source, tell, module_needed=False, logins=False) as (readers, module):
        return observe_slots(readers, module)


def look_at_readers() -> Pcsc:
    """The readers of the workstation now; no card is touched."""
    return PcscReaders().observe()
