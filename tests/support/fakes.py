"""Fakes for what SoftHSM cannot do: PIN states, faults in chosen calls, swapped cards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

from cpx_tool.model.fault import INTERRUPTED, Fault, FaultKind
from cpx_tool.model.fetch import Failure, FetchProblem, Reply, Request
from cpx_tool.model.message import Message, msg
from cpx_tool.model.observation import CardObservation
from cpx_tool.model.reader import Pcsc, PcscStatus
from cpx_tool.model.token import (
    ModuleInfo,
    PrivateContents,
    Seal,
    Slot,
    TokenContents,
    TokenFlag,
    TokenInfo,
)
from cpx_tool.ports import LedgerFault, Pin, PinOrigin, Step, TokenFault

GOOD_FLAGS = (TokenFlag.INITIALIZED, TokenFlag.LOGIN_REQUIRED, TokenFlag.PIN_INITIALIZED)


def token_info(label: str = "CPS4v1-3100000001", *flags: TokenFlag) -> TokenInfo:
    return TokenInfo(label, "TEST", "IAS ECC", "31000000", (*GOOD_FLAGS, *flags))


class NoReaders:
    """Satisfies `ports.Readers`: there is no PC/SC."""

    def observe(self) -> Pcsc:
        return Pcsc(PcscStatus.NOT_ASKED)


@dataclass
class FakeTokens:
    """Satisfies `ports.Tokens`; `logins` counts what would reach C_Login on each slot."""

    contents: dict[int, TokenContents]
    fresh: dict[int, TokenInfo] = field(default_factory=dict)
    private: PrivateContents = field(default_factory=lambda: PrivateContents((), ()))
    faults: dict[str, Fault] = field(default_factory=dict)
    starts: int = 0
    seals: list[Seal] = field(default_factory=list)
    logouts: Counter[int] = field(default_factory=Counter)
    logins: Counter[int] = field(default_factory=Counter)
    on_pad: Counter[int] = field(default_factory=Counter)
    signatures: Counter[int] = field(default_factory=Counter)

    def _fail(self, call: str) -> None:
        if call in self.faults:
            raise TokenFault(self.faults[call])

    @property
    def generation(self) -> int:
        return self.starts

    def load(self) -> ModuleInfo:
        self._fail("load")
        return ModuleInfo("/fake.so", "TEST", "fake", "1.0")

    def slots(self) -> tuple[Slot, ...]:
        self._fail("slots")
        return tuple(Slot(n, f"Fake reader {n}", True) for n in self.contents)

    def numbering(self) -> tuple[Slot, ...]:
        return tuple(replace(slot, token_present=False) for slot in self.slots())

    def token_info(self, slot_id: int) -> TokenInfo:
        self._fail("token_info")
        return self.fresh.get(slot_id, self.contents[slot_id].info)

    def read(self, slot_id: int) -> TokenContents:
        self._fail(f"read {slot_id}")
        return self.contents[slot_id]

    def login(self, slot_id: int, pin: Pin | None, expected: Seal) -> None:
        self.logins[slot_id] += 1
        self.on_pad[slot_id] += pin is None
        self.seals.append(expected)
        self._fail(f"login {slot_id}")
        self._fail("login")

    def read_private(self, slot_id: int) -> PrivateContents:
        self._fail("read_private")
        return self.private

    def sign(self, slot_id: int, key_id: str, mechanism: str, data: bytes) -> bytes:
        self.signatures[slot_id] += 1
        self._fail("sign")
        return b"not a signature"

    def logout(self, slot_id: int) -> None:
        self.logouts[slot_id] += 1
        self._fail("logout")

    def close(self) -> None:
        pass

    def abandon(self) -> None:
        self.faults = dict.fromkeys(
            ("load", "slots", "token_info", "read_private", "sign", "logout", "login"),
            Fault(FaultKind.ERROR, "", INTERRUPTED),
        )


@dataclass
class FakeProgress:
    """Satisfies `ports.Progress`: remembers what it heard."""

    told: list[str] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    steps: list[tuple[int, Step]] = field(default_factory=list)
    named: dict[int, CardObservation] = field(default_factory=dict)
    ends: int = 0
    held: int = 0

    def tell(self, message: Message) -> None:
        self.told.append(message.text)

    def begin(self, places: Sequence[str]) -> None:
        self.places = list(places)

    def step(self, number: int, step: Step) -> None:
        self.steps.append((number, step))

    def name(self, number: int, card: CardObservation) -> None:
        self.named[number] = card

    def end(self) -> None:
        self.ends += 1

    @contextmanager
    def hold(self) -> Iterator[None]:
        self.held += 1
        yield


@dataclass
class FakePins:
    """Satisfies `ports.PinSource`."""

    origin: PinOrigin = PinOrigin.PUBLISHED
    asked: int = 0

    def pin(self) -> Pin:
        self.asked += 1
        return Pin("1234", self.origin)


@dataclass
class FakeLedger:
    """Satisfies `ports.Ledger`; `notes` are what was written, `fault` makes every call fail."""

    failed: dict[str, datetime] = field(default_factory=dict)
    notes: list[tuple[str, str]] = field(default_factory=list)
    fault: str = ""

    def failed_at(self, card: str) -> datetime | None:
        self._fail()
        return self.failed.get(card)

    def open(self, card: str, at: datetime, known: datetime | None) -> bool:
        self._fail()
        if self.failed.get(card) != known:
            return False
        self.notes.append(("open", card))
        self.failed[card] = at
        return True

    def close(self, card: str, at: datetime, left: datetime | None) -> None:
        self._fail()
        self.notes.append(("close", card))
        if left is None:
            self.failed.pop(card, None)
        else:
            self.failed[card] = left

    def forget(self, card: str) -> None:
        self._fail()
        self.notes.append(("forget", card))
        self.failed.pop(card, None)

    def _fail(self) -> None:
        if self.fault:
            raise LedgerFault(msg("no"), self.fault)


@dataclass
class FakeOperator:
    """Satisfies `ports.Operator`: says yes or no, and types on the pad."""

    yes: bool = True
    asked: list[str] = field(default_factory=list)
    typed: list[tuple[str, str | None]] = field(default_factory=list)

    def confirms(self, card: str, failed_at: datetime) -> bool:
        self.asked.append(card)
        return self.yes

    def confirms_once_more(self, card: str) -> bool:
        self.asked.append(f"{card}, once more")
        return self.yes

    def type_on_pad(self, card: str, reader: str | None) -> None:
        self.typed.append((card, reader))


def ckr(code: str, call: str = "C_Login") -> Fault:
    """A fault with that return code."""
    return Fault(FaultKind.ERROR, call, code)


def crash(call: str = "C_Sign") -> Fault:
    """The module died in that call."""
    return Fault(FaultKind.CRASH, call, "SIGSEGV")


@dataclass
class FakeWeb:
    """Satisfies `ports.Fetch`: these pages by address, no network for the rest."""

    pages: Mapping[str, bytes] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)

    def fetch(self, requests: Sequence[Request]) -> tuple[Reply, ...]:
        self.requests += requests
        nothing = Reply(failure=Failure(FetchProblem.NAME, msg("no network")))
        return tuple(Reply(self.pages[r.url]) if r.url in self.pages else nothing for r in requests)

    @property
    def urls(self) -> list[str]:
        """What was asked for, in order."""
        return [request.url for request in self.requests]
