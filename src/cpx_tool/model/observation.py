"""Everything seen in one walk, as plain values: it can be saved and judged again elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from cpx_tool.model.fault import CARD_GONE, CARD_TIME, INTERRUPTED, SESSIONS_LEFT, Fault, FaultKind
from cpx_tool.model.handshake import Handshake
from cpx_tool.model.middleware import Middleware
from cpx_tool.model.reader import Pcsc
from cpx_tool.model.token import (
    CertificateObject,
    DataObject,
    ModuleInfo,
    PrivateKey,
    Slot,
    TokenInfo,
)
from cpx_tool.model.trust import TrustMaterial

SCHEMA_VERSION = 1
_CUT_OFF = (*CARD_GONE, INTERRUPTED, CARD_TIME)


class PinRefusal(StrEnum):
    """Why a PIN was not tried. Stable codes, shown in reports."""

    NOT_PROVEN_TEST = "not-proven-test"
    PRODUCTION = "production"
    LOCKED = "locked"
    FINAL_TRY = "final-try"
    COUNT_LOW = "count-low"
    TO_BE_CHANGED = "to-be-changed"
    NO_PIN_ON_CARD = "no-pin-on-card"
    PROTECTED_PATH = "protected-path"
    CONTACTLESS = "contactless"
    """Read without contacts: such a reading has no PIN, whatever the flags say."""
    PIN_LENGTH = "pin-length"
    """The PIN is shorter or longer than the token allows."""
    EARLIER_RUN = "earlier-run"
    """A try in an earlier run did not succeed, or its end is not known; no person has confirmed
    another.
    """
    LEDGER_UNAVAILABLE = "ledger-unavailable"
    """The ledger of earlier tries could not be read or written."""
    ALREADY_TRIED = "already-tried"
    REFUSED_ELSEWHERE = "refused-elsewhere"
    """The PIN given by the user was refused by another card of this run."""
    STATE_UNKNOWN = "state-unknown"
    """The token's flags could not be read just before the try."""
    NOT_REACHED = "not-reached"
    """The run was interrupted, or the card's time was up, before the PIN was tried."""
    UNATTENDED = "unattended"
    """Nobody is there, and nobody asked for a login (--non-interactive without --login)."""
    NOT_ASKED = "not-asked"
    """The cards were only to be read: nobody asked for a login."""


class PinResult(StrEnum):
    """What became of the one attempt."""

    ACCEPTED = "accepted"
    WRONG = "wrong"
    LOCKED = "locked"
    FAILED = "failed"
    """The login failed for another reason, or its result is not known."""
    ALREADY_LOGGED_IN = "already-logged-in"
    """The module says that the user was logged in before: nothing is known of the PIN."""
    REFUSED = "refused"
    """Not tried; `PinRecord.refusal` says why."""


_UNANSWERED = (PinResult.REFUSED, PinResult.FAILED)
_NOT_FINAL = (PinRefusal.STATE_UNKNOWN, PinRefusal.NOT_REACHED, PinRefusal.ALREADY_TRIED)
"""Refusals that another reading of the same card need not meet."""


@dataclass(frozen=True, slots=True)
class PinRecord:
    """What became of one card's PIN: an attempt, or the refusal to make one. Never the PIN."""

    result: PinResult
    refusal: PinRefusal | None = None
    flags: tuple[str, ...] = ()
    """The token flags the decision was taken on."""
    fault: Fault | None = None
    pad: bool = False
    """The PIN was typed on the reader's own pad."""
    earlier: datetime | None = None
    """When the try of an earlier run was made, where one stands in the ledger."""


@dataclass(frozen=True, slots=True)
class FailedTry:
    """A line of the ledger over runs: a try that did not succeed, or of which nobody knows."""

    card: str
    failed_at: datetime


class Hash(StrEnum):
    """What was hashed with before it was signed."""

    SHA1 = "SHA-1"
    SHA256 = "SHA-256"


@dataclass(frozen=True, slots=True)
class SignatureTry:
    """A challenge signed with one key. `mechanism` is CKM_*; `seconds` is wall time. Files of
    before `hash` was noted hold signatures over SHA-256 only.
    """

    key_id: str
    key_label: str
    mechanism: str
    challenge: bytes
    signature: bytes = b""
    seconds: float = 0.0
    fault: Fault | None = None
    hash: Hash = Hash.SHA256

    @property
    def cut_off(self) -> bool:
        """Whether it did not come to an end: the module ended or hung, the card or its time was
        gone. An error that the module answers is an end.
        """
        fault = self.fault
        return fault is not None and (fault.kind is not FaultKind.ERROR or fault.code in _CUT_OFF)


@dataclass(frozen=True, slots=True)
class CardObservation:
    """One token: what it showed, the PIN ledger, the signatures. `keys` is None without a login.

    `observed_at` is when it was read by an interrupted run, from which this one goes on; None: in
    this run.
    """

    slot: Slot
    reader: str | None
    token: TokenInfo | None
    certificates: tuple[CertificateObject, ...] = ()
    data: tuple[DataObject, ...] = ()
    pin: PinRecord | None = None
    keys: tuple[PrivateKey, ...] | None = None
    signatures: tuple[SignatureTry, ...] = ()
    faults: tuple[Fault, ...] = ()
    observed_at: datetime | None = None
    handshakes: tuple[Handshake, ...] = ()
    """With servers that this card was presented to."""

    @property
    def hindrances(self) -> tuple[Fault, ...]:
        """The faults that kept something from being seen."""
        return tuple(fault for fault in self.faults if fault.code != SESSIONS_LEFT)

    @property
    def all_hindrances(self) -> tuple[Fault, ...]:
        """The same, those of the login and of signatures among them; not that the card refused
        the PIN: that is an answer.
        """
        open_still = self.pin is not None and self.pin.result in _UNANSWERED
        pin = (self.pin.fault,) if self.pin and self.pin.fault and open_still else ()
        signing = tuple(tried.fault for tried in self.signatures if tried.fault is not None)
        return pin + self.hindrances + signing

    @property
    def pulled(self) -> bool:
        """Whether the card was taken out, or another one put in, before it was read to the end."""
        return any(fault.code in CARD_GONE for fault in self.all_hindrances)

    @property
    def whole(self) -> bool:
        """Whether the card was read to the end, whatever was found: another reading would not
        show more. An error that the module answers is a finding; a module that ended or hung
        showed nothing.
        """
        refused = self.pin.refusal if self.pin else None
        if self.token is None or refused in _NOT_FINAL:
            return False
        return all(
            fault.kind is FaultKind.ERROR and fault.code not in _CUT_OFF
            for fault in self.all_hindrances
        )


@dataclass(frozen=True, slots=True)
class ModuleObservation:
    """The PKCS#11 module: loaded (`info`), or why not (`fault`). `source` says who chose it."""

    path: str
    source: str
    info: ModuleInfo | None = None
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class Workstation:
    """Where this was observed: shown, not judged. `session` is a SessionKind's code, `pcsc_lite` a
    version, `packages` names with versions; empty in observations of older versions.
    """

    host: str
    system: str
    python: str
    session: str = ""
    pcsc_lite: str = ""
    packages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReaderSlots:
    """Readers, module and slots, joined. `reader_of` maps a slot's id to its reader's name."""

    pcsc: Pcsc
    module: ModuleObservation | None
    slots: tuple[Slot, ...]
    reader_of: Mapping[int, str]
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class Observation:
    """One walk over one workstation. `emulated` is true when the cards are not real ones, or
    one of them is not.

    `trust` is what was at hand there to judge these cards' chains with.
    """

    schema_version: int
    tool_version: str
    run_id: str
    observed_at: datetime
    emulated: bool
    workstation: Workstation
    pcsc: Pcsc
    module: ModuleObservation | None
    slots: tuple[Slot, ...] = ()
    cards: tuple[CardObservation, ...] = ()
    faults: tuple[Fault, ...] = ()
    trust: TrustMaterial = field(default_factory=TrustMaterial)
    middleware: Middleware | None = None
    """None for emulated cards, and in observations of before it was looked at."""
    interrupted: bool = False
    """The run was interrupted: cards that it would have read may be lacking."""
    handshakes: tuple[Handshake, ...] = ()
    """Without a card: with a software certificate, or with none."""
    taken_back: int = 0
    """How many cards were read that the operator took back out of the result."""

    @property
    def cut_short(self) -> bool:
        """Whether the run was interrupted; files of before that was noted show it by a card."""
        faults = (fault for card in self.cards for fault in card.faults)
        return self.interrupted or any(fault.code == INTERRUPTED for fault in faults)
