"""What a person sees while cards are walked: a line for each, on standard error."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

import click

from cpx_tool.catalogue.nomenclature import label
from cpx_tool.cli.output import tell, window, write_error
from cpx_tool.i18n import say
from cpx_tool.model.identity import Identity, ProductKind
from cpx_tool.model.message import Message, msg
from cpx_tool.model.observation import CardObservation
from cpx_tool.observe.certificates import prove
from cpx_tool.pki.certificate import BadCertificate, read_certificate
from cpx_tool.pki.identity import identify
from cpx_tool.pki.proof import Proof
from cpx_tool.ports import Step
from cpx_tool.report.detail import Detail
from cpx_tool.report.words import cut, holder_name, one_line, printable, short_label, shortened

STEPS = {
    Step.WAITING: msg("waits"),
    Step.READING: msg("is read"),
    Step.LOGGING_IN: msg("PIN"),
    Step.SIGNING: msg("signs"),
    Step.KNOCKING: msg("asks a server"),
    Step.DONE: msg("done"),
    Step.FAULTY: msg("a call failed"),
}
_ENDED = (Step.DONE, Step.FAULTY)


class LiveView:
    """Satisfies `ports.Progress`. At a terminal each card has a line that is written anew; where
    lines cannot be (TERM=dumb), each step is one; without a terminal, and when it is to be quiet,
    there is nothing.
    """

    def __init__(self, detail: Detail = Detail.NORMAL) -> None:
        self._lock = threading.RLock()
        self._terminal = sys.stderr.isatty() and detail is not Detail.QUIET
        self._detail = detail
        self._redraws = self._terminal and os.environ.get("TERM", "dumb") != "dumb"
        self._places: list[str] = []
        self._steps: list[Step] = []
        self._since: list[float] = []
        self._took: list[float] = []
        self._drawn = 0
        self._held = False

    def tell(self, message: Message) -> None:
        """See `ports.Progress.tell`."""
        with self._lock:
            self._erase()
            tell(message, self._detail)
            self._draw()

    def begin(self, places: Sequence[str]) -> None:
        """See `ports.Progress.begin`."""
        with self._lock:
            self._places = [one_line(place) for place in places]
            self._steps = [Step.WAITING] * len(places)
            self._since = [time.monotonic()] * len(places)
            self._took = [0.0] * len(places)
            self._draw()

    def name(self, number: int, card: CardObservation) -> None:
        """See `ports.Progress.name`."""
        with self._lock:
            self._places[number] = _name(card) or self._places[number]

    def step(self, number: int, step: Step) -> None:
        """See `ports.Progress.step`."""
        with self._lock:
            if self._steps[number] is Step.WAITING:
                self._since[number] = time.monotonic()
            news = self._steps[number] is not step
            self._steps[number] = step
            self._took[number] = time.monotonic() - self._since[number]
            if self._fits():
                self._erase()
                self._draw()
            elif news and self._terminal and not self._held:
                write_error(self._line(number))

    def end(self) -> None:
        """See `ports.Progress.end`: the report says all of it."""
        with self._lock:
            self._erase()
            self._places = []

    @contextmanager
    def hold(self) -> Iterator[None]:
        """See `ports.Progress.hold`."""
        with self._lock:
            self._erase()
            self._held = True
        try:
            yield
        finally:
            with self._lock:
                self._held = False
                self._draw()

    def _fits(self) -> bool:
        """Lines that scrolled out of the window cannot be written anew."""
        return self._redraws and len(self._places) < window(sys.stderr).lines

    def _draw(self) -> None:
        if not self._fits() or self._held:
            return
        for number in range(len(self._places)):
            click.echo(self._line(number), err=True)
        self._drawn = len(self._places)

    def _erase(self) -> None:
        if self._drawn:
            sys.stderr.write(f"\x1b[{self._drawn}A\x1b[J")
            sys.stderr.flush()
            self._drawn = 0

    def _line(self, number: int) -> str:
        step, place = self._steps[number], self._places[number]
        text = say(msg("{place}: {step}", place=place, step=STEPS[step]))
        if step in _ENDED:
            text += say(msg(" ({seconds} s)", seconds=f"{self._took[number]:.1f}"))
        return cut(shortened(printable(text)), window(sys.stderr).columns - 1)


def _name(card: CardObservation) -> str:
    """What is printed on it: its kind, its number and, of a test card, its holder; "" where that is
    not known. The name of a real person is nobody's business.
    """
    identity = next((i for i in _identities(card) if i.kind is ProductKind.CARD), None)
    if identity is None or identity.card_number is None:
        return ""
    kind = short_label(identity.card_type) if identity.card_type else ""
    is_test = prove(card.certificates, card.data) is Proof.PROVEN
    words = (kind, identity.card_number, holder_name(identity, say) if is_test else "")
    return one_line(" ".join(filter(None, words)))


def _identities(card: CardObservation) -> Iterator[Identity]:
    for item in card.certificates:
        with suppress(BadCertificate):
            yield identify(read_certificate(item.der), label)
