"""PC/SC through pyscard: the readers of this workstation and what is in them.

No card is ever connected to: the state of a reader is asked for, as the service already knows it,
so no other program is disturbed. Values and bits are those of PC/SC part 5 and of pcsc-lite's
pcsclite.h.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Protocol

from cpx_tool.catalogue.atr import card_kind
from cpx_tool.model.reader import Pcsc, PcscStatus, Reader, ReaderState

_SUCCESS = 0
_UNKNOWN_READER = 0x80100009
_READER_UNAVAILABLE = 0x80100017
_NO_SERVICE = 0x8010001D
_SERVICE_STOPPED = 0x8010001E
_NO_READERS_AVAILABLE = 0x8010002E
_SECURITY_VIOLATION = 0x8010006A  # what polkit's refusal becomes

_STATUS = {
    _NO_SERVICE: PcscStatus.NO_SERVICE,
    _SERVICE_STOPPED: PcscStatus.NO_SERVICE,
    _SECURITY_VIOLATION: PcscStatus.ACCESS_REFUSED,
    _NO_READERS_AVAILABLE: PcscStatus.NO_READER,
}
_READER_GONE = (_UNKNOWN_READER, _READER_UNAVAILABLE)

_STATE_UNKNOWN = 0x0004
_STATE_UNAVAILABLE = 0x0008
_STATE_PRESENT = 0x0020
_STATE_EXCLUSIVE = 0x0080
_STATE_MUTE = 0x0200

_PLUG_AND_PLAY = "\\\\?PnP?\\Notification"
_DEADLINE_SECONDS = 10.0
_PCSC_LITE = "libpcsclite.so.1"


@dataclass(frozen=True, slots=True)
class ReaderStatus:
    """The service's answer for one reader: SCARD_STATE_* bits, and the ATR or b""."""

    hresult: int
    bits: int = 0
    atr: bytes = b""


class Scard(Protocol):
    """The five PC/SC functions needed here. A result code is unsigned; 0 is success."""

    def establish(self) -> tuple[int, int]:
        """SCardEstablishContext: result code and context."""

    def list_readers(self, context: int) -> tuple[int, list[str]]:
        """SCardListReaders: result code and reader names."""

    def status(self, context: int, reader: str) -> ReaderStatus:
        """SCardGetStatusChange for one reader, without waiting for a change."""

    def release(self, context: int) -> None:
        """SCardReleaseContext; its result changes nothing."""

    def explain(self, hresult: int) -> str:
        """The system's own words for a result code."""


class Pyscard:
    """`Scard` by pyscard's low-level layer, which gives result codes instead of exceptions."""

    def __init__(self) -> None:
        if sys.platform.startswith("linux"):
            # Without its library pyscard still imports, prints to stdout and claims that the
            # service is down; this raises an OSError that names the library.
            ctypes.CDLL(_PCSC_LITE)
        from smartcard import scard  # noqa: PLC0415 - only after the library is known to be there

        self._scard = scard

    def establish(self) -> tuple[int, int]:
        """SCardEstablishContext, for this user."""
        hresult, context = self._scard.SCardEstablishContext(self._scard.SCARD_SCOPE_USER)
        return _unsigned(hresult), context

    def list_readers(self, context: int) -> tuple[int, list[str]]:
        """SCardListReaders, all groups."""
        hresult, names = self._scard.SCardListReaders(context, [])
        return _unsigned(hresult), names

    def status(self, context: int, reader: str) -> ReaderStatus:
        """SCardGetStatusChange from "unaware", which answers at once."""
        asked = [(reader, self._scard.SCARD_STATE_UNAWARE)]
        hresult, states = self._scard.SCardGetStatusChange(context, 0, asked)
        if _unsigned(hresult) != _SUCCESS:
            return ReaderStatus(_unsigned(hresult))
        _, bits, atr = states[0]
        return ReaderStatus(_SUCCESS, bits, bytes(atr))

    def release(self, context: int) -> None:
        """SCardReleaseContext."""
        self._scard.SCardReleaseContext(context)

    def explain(self, hresult: int) -> str:
        """SCardGetErrorMessage."""
        return self._scard.SCardGetErrorMessage(hresult)


class PcscReaders:
    """The port `Readers`, by PC/SC.

    `layer` makes the PC/SC layer at each observation. `deadline` is in seconds: a service that
    took the connection and then says nothing (it is stopped, or a driver holds it) would be waited
    for without end.
    """

    def __init__(
        self, layer: Callable[[], Scard] = Pyscard, deadline: float = _DEADLINE_SECONDS
    ) -> None:
        self._layer = layer
        self._deadline = deadline

    def observe(self) -> Pcsc:
        """The service's answer and its readers, in the service's order. Never raises."""
        answer: SimpleQueue[Pcsc] = SimpleQueue()
        # pyscard lets other threads run during its calls, so the wait can be given up; a daemon
        # thread does not keep the process alive
        Thread(target=lambda: answer.put(_observe(self._layer)), daemon=True).start()
        try:
            return answer.get(timeout=self._deadline)
        except Empty:
            return Pcsc(PcscStatus.ERROR, detail=f"no answer within {self._deadline:g} s")


class _RefusedError(Exception):
    """The service answered with an error code."""

    def __init__(self, hresult: int) -> None:
        super().__init__(f"0x{hresult:08X}")
        self.hresult = hresult


def _observe(layer: Callable[[], Scard]) -> Pcsc:
    try:
        scard = layer()
        try:
            with _context(scard) as context:
                return _walk(scard, context)
        except _RefusedError as refused:
            return Pcsc(
                _STATUS.get(refused.hresult, PcscStatus.ERROR),
                detail=_explained(scard, refused.hresult),
            )
    except Exception as error:  # whatever goes wrong below is an answer of the workstation's
        return Pcsc(PcscStatus.ERROR, detail=_words(error))


@contextmanager
def _context(scard: Scard) -> Iterator[int]:
    hresult, context = scard.establish()
    _expect_success(hresult)
    try:
        yield context
    finally:
        scard.release(context)


def _walk(scard: Scard, context: int) -> Pcsc:
    hresult, names = scard.list_readers(context)
    _expect_success(hresult)
    names = [name for name in names if name != _PLUG_AND_PLAY]
    if not names:
        return Pcsc(PcscStatus.NO_READER, detail=_explained(scard, _NO_READERS_AVAILABLE))
    problems: list[str] = []
    readers = tuple(_reader(scard, context, name, problems) for name in names)
    return Pcsc(PcscStatus.OK, readers, "; ".join(problems))


def _reader(scard: Scard, context: int, name: str, problems: list[str]) -> Reader:
    """One reader; one that cannot be asked does not hide the others (`problems` says why)."""
    try:
        status = scard.status(context, name)
    except UnicodeError as error:  # pyscard passes no reader name but an ASCII one
        problems.append(f"{name}: {_words(error)}")
        return Reader(name, ReaderState.UNAVAILABLE)
    if status.hresult in _READER_GONE:
        return Reader(name, ReaderState.UNAVAILABLE)
    _expect_success(status.hresult)
    state = _state(status.bits)
    if not status.atr or state not in (ReaderState.CARD_PRESENT, ReaderState.IN_USE):
        return Reader(name, state)
    atr = status.atr.hex().upper()
    return Reader(name, state, atr, card_kind(atr))


def _state(bits: int) -> ReaderState:
    if bits & (_STATE_UNAVAILABLE | _STATE_UNKNOWN):
        return ReaderState.UNAVAILABLE
    if not bits & _STATE_PRESENT:
        return ReaderState.EMPTY
    if bits & _STATE_MUTE:
        return ReaderState.MUTE
    return ReaderState.IN_USE if bits & _STATE_EXCLUSIVE else ReaderState.CARD_PRESENT


def _expect_success(hresult: int) -> None:
    if hresult != _SUCCESS:
        raise _RefusedError(hresult)


def _explained(scard: Scard, hresult: int) -> str:
    return f"{scard.explain(hresult).rstrip('.')} (0x{hresult:08X})"


def _unsigned(hresult: int) -> int:
    return hresult & 0xFFFFFFFF  # Windows' are signed


def _words(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"
