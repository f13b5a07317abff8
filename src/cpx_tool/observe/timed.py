"""A card has a time of its own: a module that answers each call late would hold up all others."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from cpx_tool.model.fault import CARD_TIME, Fault, FaultKind
from cpx_tool.model.token import (
    ModuleInfo,
    PrivateContents,
    Seal,
    Slot,
    TokenContents,
    TokenInfo,
)
from cpx_tool.ports import Pin, TokenFault, Tokens


class TimedTokens:
    """Satisfies `ports.Tokens` for one card: past its time no call is made but to let go of it.

    `seconds` counts from now; a call under way still has its own deadline.
    """

    def __init__(
        self, tokens: Tokens, seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._tokens = tokens
        self._seconds = seconds
        self._clock = clock
        self._end = clock() + seconds
        self._stopped_at: float | None = None

    @contextmanager
    def paused(self) -> Iterator[None]:
        """What is waited for in here does not count; nor what is paused again within it."""
        if self._stopped_at is not None:
            yield
            return
        start = self._stopped_at = self._clock()
        try:
            yield
        finally:
            self._stopped_at = None
            self._end += self._clock() - start

    @property
    def generation(self) -> int:
        """See `ports.Tokens.generation`."""
        return self._tokens.generation

    def load(self) -> ModuleInfo:
        """See `ports.Tokens.load`."""
        self._within("C_Initialize")
        return self._tokens.load()

    def slots(self) -> tuple[Slot, ...]:
        """See `ports.Tokens.slots`."""
        self._within("C_GetSlotList")
        return self._tokens.slots()

    def numbering(self) -> tuple[Slot, ...]:
        """See `ports.Tokens.numbering`."""
        self._within("C_GetSlotList")
        return self._tokens.numbering()

    def token_info(self, slot_id: int) -> TokenInfo:
        """See `ports.Tokens.token_info`."""
        self._within("C_GetTokenInfo")
        return self._tokens.token_info(slot_id)

    def read(self, slot_id: int) -> TokenContents:
        """See `ports.Tokens.read`."""
        self._within("C_FindObjects")
        return self._tokens.read(slot_id)

    def login(self, slot_id: int, pin: Pin | None, expected: Seal) -> None:
        """See `ports.Tokens.login`."""
        self._within("C_Login")
        self._tokens.login(slot_id, pin, expected)

    def read_private(self, slot_id: int) -> PrivateContents:
        """See `ports.Tokens.read_private`."""
        self._within("C_FindObjects")
        return self._tokens.read_private(slot_id)

    def sign(self, slot_id: int, key_id: str, mechanism: str, data: bytes) -> bytes:
        """See `ports.Tokens.sign`."""
        self._within("C_Sign")
        return self._tokens.sign(slot_id, key_id, mechanism, data)

    def logout(self, slot_id: int) -> None:
        """See `ports.Tokens.logout`."""
        self._tokens.logout(slot_id)

    def close(self) -> None:
        """See `ports.Tokens.close`."""
        self._tokens.close()

    def abandon(self) -> None:
        """See `ports.Tokens.abandon`."""
        self._tokens.abandon()

    def _within(self, call: str) -> None:
        now = self._clock() if self._stopped_at is None else self._stopped_at
        if now >= self._end:
            spent = f"{self._seconds:g} s"
            raise TokenFault(Fault(FaultKind.HANG, call, CARD_TIME, spent))
