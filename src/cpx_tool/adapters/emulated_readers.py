"""Stand-ins for readers: SoftHSM has no PC/SC behind it."""

from __future__ import annotations

from cpx_tool.catalogue.atr import card_kind
from cpx_tool.model.emulation import Emulation
from cpx_tool.model.reader import Pcsc, PcscStatus, Reader, ReaderState


class EmulatedReaders:
    """Satisfies `ports.Readers`: one reader per token, named as its slot so that they join."""

    def __init__(self, emulation: Emulation) -> None:
        self._emulation = emulation

    def observe(self) -> Pcsc:
        """Every emulated card sits in a reader of its own."""
        readers = tuple(
            Reader(
                name=token.slot_description,
                state=ReaderState.CARD_PRESENT,
                atr=token.atr,
                kind=card_kind(token.atr),
            )
            for token in self._emulation.tokens
        )
        status = PcscStatus.OK if readers else PcscStatus.NO_READER
        return Pcsc(status, readers)
