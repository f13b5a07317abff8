"""Readers as PC/SC shows them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ReaderState(StrEnum):
    """What is in the reader."""

    EMPTY = "empty"
    CARD_PRESENT = "card-present"
    MUTE = "mute"
    """A card is in, but it does not answer (upside down, dirty, not powered)."""
    IN_USE = "in-use"
    """Another program holds the card exclusively."""
    UNAVAILABLE = "unavailable"
    """The reader went away, or its state could not be read."""


class CardKind(StrEnum):
    """What the ATR hints at; never a verdict on profession, role or test category."""

    CPS3 = "cps3"
    CPS3_CONTACTLESS = "cps3-contactless"
    CPS4 = "cps4"
    CPX_LIKE = "cpx-like"
    """Carries the CPx historical bytes, but is not in the list the middleware knows."""
    VITALE = "vitale"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Reader:
    """One PC/SC reader. `atr` is upper-case hex without spaces, "" when there is none."""

    name: str
    state: ReaderState
    atr: str = ""
    kind: CardKind | None = None


class PcscStatus(StrEnum):
    """How the PC/SC service answered."""

    OK = "ok"
    NO_SERVICE = "no-service"
    ACCESS_REFUSED = "access-refused"
    NO_READER = "no-reader"
    ERROR = "error"
    NOT_ASKED = "not-asked"


@dataclass(frozen=True, slots=True)
class Pcsc:
    """The PC/SC service and its readers, as observed. `detail` is the system's own text."""

    status: PcscStatus
    readers: tuple[Reader, ...] = ()
    detail: str = ""
