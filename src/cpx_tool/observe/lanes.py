"""Several cards side by side, each lane a thread that drives a process of its own.

Never two threads in one module: PKCS#11 modules lock nothing unless asked (v2.40, 5.4), and some
crash. The thread only waits for its process.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeVar

from cpx_tool.model.fault import INTERRUPTED, Fault, FaultKind
from cpx_tool.ports import Operator, Pin, PinSource, Progress, TokenFault

T = TypeVar("T")

_LOOK_SECONDS = 0.1
"""Windows does not interrupt a longer wait."""


@dataclass
class _Question(Generic[T]):
    """Asked in a lane, answered in the main thread."""

    ask: Callable[[], T]
    answered: threading.Event = field(default_factory=threading.Event)
    answer: Any = None
    error: BaseException | None = None

    def put(self) -> None:
        try:
            self.answer = self.ask()
        except BaseException as error:
            self.error = error
            raise
        finally:
            self.answered.set()


class Desk:
    """Where a person is asked, whichever lane has the question: in the main thread, where Ctrl-C
    arrives, and with nothing else shown meanwhile.
    """

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._thread = threading.get_ident()
        self._questions: SimpleQueue[_Question[Any] | None] = SimpleQueue()
        self._closed = False

    def ask(self, question: Callable[[], T]) -> T:
        """The answer. Raises what the question raises, and `TokenFault` when the run is over."""
        if threading.get_ident() == self._thread:
            with self._progress.hold():
                return question()
        asked = _Question(question)
        self._questions.put(asked)
        while not asked.answered.wait(_LOOK_SECONDS):
            if self._closed:
                raise TokenFault(Fault(FaultKind.ERROR, "C_Login", INTERRUPTED))
        if asked.error is not None:
            raise asked.error
        answer: T = asked.answer
        return answer

    def serve(self) -> None:
        """Ask what is to be asked now; raises what that raises."""
        try:
            asked = self._questions.get(timeout=_LOOK_SECONDS)
        except Empty:
            return
        if asked is None:
            return
        with self._progress.hold():
            asked.put()

    def wake(self) -> None:
        """A lane has ended: `serve` need not wait."""
        self._questions.put(None)

    def close(self) -> None:
        """Nobody is asked any more."""
        self._closed = True


@dataclass(frozen=True, slots=True)
class AskedPins:
    """Satisfies `ports.PinSource`: a PIN that may have to be typed."""

    pins: PinSource
    desk: Desk

    def pin(self) -> Pin:
        """See `ports.PinSource.pin`."""
        return self.desk.ask(self.pins.pin)


@dataclass(frozen=True, slots=True)
class AskedOperator:
    """Satisfies `ports.Operator`."""

    operator: Operator
    desk: Desk

    def confirms(self, card: str, failed_at: datetime) -> bool:
        """See `ports.Operator.confirms`."""
        return self.desk.ask(lambda: self.operator.confirms(card, failed_at))

    def confirms_once_more(self, card: str) -> bool:
        """See `ports.Operator.confirms_once_more`."""
        return self.desk.ask(lambda: self.operator.confirms_once_more(card))

    def type_on_pad(self, card: str, reader: str | None) -> None:
        """See `ports.Operator.type_on_pad`."""
        self.desk.ask(lambda: self.operator.type_on_pad(card, reader))


def side_by_side(
    lanes: Sequence[Callable[[], None]], desk: Desk, abandon: Callable[[], None]
) -> None:
    """Run the lanes to their end, and answer their questions. Raises the first error of a lane,
    and `KeyboardInterrupt`; `abandon` makes the others end then, and they have ended. One that the
    system gives no thread for is left out.
    """
    errors: list[BaseException] = []

    def run(lane: Callable[[], None]) -> None:
        try:
            lane()
        except BaseException as error:
            errors.append(error)
        finally:
            desk.wake()

    threads = [threading.Thread(target=run, args=(lane,), daemon=True) for lane in lanes]
    try:
        with suppress(RuntimeError):  # no more threads: the caller does what they have left
            for thread in threads:
                thread.start()
        while any(thread.is_alive() for thread in threads) and not errors:
            desk.serve()
        if errors:
            raise errors[0]
    finally:
        desk.close()
        _end(threads, abandon)


def _end(threads: Sequence[threading.Thread], abandon: Callable[[], None]) -> None:
    if any(thread.is_alive() for thread in threads):
        abandon()
    for thread in threads:
        if thread.ident is not None:  # one that an interruption kept from starting has none
            thread.join()
