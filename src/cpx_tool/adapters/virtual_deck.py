"""Virtual cards and virtual readers together: which card is where, and how that changes."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum

from cpx_tool.adapters.vpcd import Conduct, VirtualReader
from cpx_tool.emulate.card_names import CardName, meant
from cpx_tool.emulate.chip.chip import Chip
from cpx_tool.emulate.chip.contents import USER_PIN
from cpx_tool.errors import NothingToCheck
from cpx_tool.model.virtual import VirtualDeck, VirtualSeat

_SETTLING_SECONDS, _AGAIN_SECONDS = 1.5, 0.02
"""vpcd looks for cards every 0.4 seconds."""


class Refused(StrEnum):
    """Why a deck does not do what it is asked; stable, for programs."""

    NO_CARD = "no-card"
    """None or several have that number, role or position."""
    NO_READER = "no-reader"
    """There is no virtual reader on that port, or none is free."""
    OCCUPIED = "occupied"
    """Another card is in that reader."""
    INSIDE = "inside"
    """The card is in a reader already."""
    OUTSIDE = "outside"
    """The card is in no reader."""
    NO_SERVICE = "no-service"
    """Nobody listens on the reader's port."""


class DeckRefusal(Exception):
    """The deck stays as it is."""

    def __init__(self, why: Refused) -> None:
        super().__init__(why.value)
        self.why = why


@dataclass(slots=True)
class DeckCard:
    """A card of the set, wherever it is. `certificates` are DER: authentication, signature;
    `technical` is the one that it shows in their place where it is read without contacts.
    """

    number: str
    role: str
    title: str
    label: str
    certificates: tuple[bytes, ...]
    chip: Chip
    conduct: Conduct = field(default_factory=Conduct)
    faults: tuple[str, ...] = ()
    technical: bytes | None = None

    @property
    def tries_left(self) -> int | None:
        """Of its PIN, where it has one."""
        pin = self.chip.contents.pins.get(USER_PIN)
        return None if pin is None else pin.left

    @property
    def name(self) -> CardName:
        """What a person names it by."""
        return CardName(self.number, self.role, self.title)


class Deck:
    """The cards of a set, and the readers on these ports of this machine."""

    def __init__(
        self, set_name: str, ca_directory: str, cards: Sequence[DeckCard], ports: Sequence[int]
    ) -> None:
        self.cards = tuple(cards)
        self._set_name = set_name
        self._ca_directory = ca_directory
        self._readers = {port: VirtualReader(port) for port in ports}

    def fill(self) -> None:
        """As many cards as there are readers, in their order. Raises `NothingToCheck`."""
        for card, reader in zip(self.cards, self._readers.values(), strict=False):
            reader.insert(card.chip, card.conduct)

    def settle(self) -> None:
        """Wait until the service has asked every card something, or does not."""
        end = time.monotonic() + _SETTLING_SECONDS
        while any(r.chip and not r.asked for r in self._readers.values()):
            if time.monotonic() > end:
                return
            time.sleep(_AGAIN_SECONDS)

    def insert(self, name: str, port: int | None) -> None:
        """Put a card into the reader on a port, or into the first that is free.

        Raises `DeckRefusal`.
        """
        card = self._card(name)
        if self._reader_of(card) is not None:
            raise DeckRefusal(Refused.INSIDE)
        reader = self._free(port)
        try:
            reader.insert(card.chip, card.conduct)
        except NothingToCheck:
            raise DeckRefusal(Refused.NO_SERVICE) from None

    def remove(self, name: str) -> None:
        """Take a card out of its reader. Raises `DeckRefusal`."""
        reader = self._reader_of(self._card(name))
        if reader is None:
            raise DeckRefusal(Refused.OUTSIDE)
        reader.remove()

    def close(self) -> None:
        """Take every card out."""
        for reader in self._readers.values():
            reader.remove()

    def seen(self) -> VirtualDeck:
        """What there is now."""
        return VirtualDeck(
            self._set_name,
            self._ca_directory,
            tuple(self._readers),
            tuple(map(self._seat, self.cards)),
        )

    def _seat(self, card: DeckCard) -> VirtualSeat:
        reader = self._reader_of(card)
        return VirtualSeat(
            card_number=card.number,
            role=card.role,
            title=card.title,
            label=card.label,
            port=reader.port if reader else None,
            tries=card.tries_left,
            faults=card.faults,
            waits=reader is not None and not reader.asked,
        )

    def _card(self, name: str) -> DeckCard:
        found = meant(name, [card.name for card in self.cards])
        if len(found) != 1:
            raise DeckRefusal(Refused.NO_CARD)
        return self.cards[found[0]]

    def _reader_of(self, card: DeckCard) -> VirtualReader | None:
        return next((r for r in self._readers.values() if r.chip is card.chip), None)

    def _free(self, port: int | None) -> VirtualReader:
        if port is None:
            free = next((r for r in self._readers.values() if r.chip is None), None)
            if free is None:
                raise DeckRefusal(Refused.NO_READER)
            return free
        if port not in self._readers:
            raise DeckRefusal(Refused.NO_READER)
        if self._readers[port].chip is not None:
            raise DeckRefusal(Refused.OCCUPIED)
        return self._readers[port]


@contextmanager
def filled(deck: Deck) -> Iterator[Deck]:
    """A deck whose cards are in the readers, and leave them in the end."""
    try:
        deck.fill()
        deck.settle()
        yield deck
    finally:
        deck.close()
