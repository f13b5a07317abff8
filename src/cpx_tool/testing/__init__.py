"""Virtual CPx cards for the test suites of other software.

    from cpx_tool.testing import VirtualReader, virtual_set

    cards = virtual_set("centre-sante")
    with VirtualReader(35963) as reader:
        reader.insert(cards.card("medecin-generaliste"))
        ...

`insert` is back when the service has seen the card; `remove`, or the end of `with`, takes it out.
The readers are those of vpcd in a PC/SC
service that runs on this machine; nothing else is spoken to. With pytest, the fixtures
`virtual_reader`, `virtual_card` and `virtual_cards` do this (`cpx_tool.pytest_plugin`).
These cards are for tests: they protect nothing.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from cpx_tool import wiring
from cpx_tool.catalogue.sets import find_set
from cpx_tool.emulate.card_names import meant
from cpx_tool.emulate.chip.layout import UNBLOCKING_CODE
from cpx_tool.emulate.defects import cards_of
from cpx_tool.errors import BadInput, CpxError, NothingToCheck, nearest
from cpx_tool.model.message import msg
from cpx_tool.model.token import PUBLISHED_TEST_PIN
from cpx_tool.wiring.virtual_cards import CardInReader, reader_on

_PATIENCE_SECONDS, _AGAIN_SECONDS = 5.0, 0.02

__all__ = [
    "CpxError",
    "NoVirtualReader",
    "VirtualCard",
    "VirtualCards",
    "VirtualReader",
    "virtual_set",
]


class NoVirtualReader(NothingToCheck):
    """No virtual reader listens on this port: a test suite skips its tests then."""


class VirtualCard:
    """One emulated card. It keeps the tries of its PIN from one reader to the next."""

    def __init__(self, card: CardInReader) -> None:
        self._card = card
        self._inside: VirtualReader | None = None

    @property
    def number(self) -> str:
        """The ten digits of its card number."""
        return self._card.number

    @property
    def role(self) -> str:
        """Its role in the set."""
        return self._card.role

    @property
    def label(self) -> str:
        """The label of its token, as on real cards."""
        return self._card.label

    @property
    def atr(self) -> str:
        """Hex, without spaces."""
        return self._card.chip.atr.hex().upper()

    @property
    def pin(self) -> str:
        """As it was made: programs may have changed it."""
        return PUBLISHED_TEST_PIN

    @property
    def unblocking_code(self) -> str:
        """The code that gives the PIN its tries back."""
        return UNBLOCKING_CODE

    @property
    def tries_left(self) -> int | None:
        """How often a wrong PIN may be given still; None where it is read without contacts."""
        return self._card.tries_left

    @property
    def technical_certificate(self) -> bytes | None:
        """DER: what it shows alone where it is read without contacts; None where it is not."""
        return self._card.technical

    @property
    def authentication_certificate(self) -> bytes:
        """DER, as the card shows it."""
        return self._card.certificates[0]

    @property
    def signature_certificate(self) -> bytes:
        """DER, as the card shows it."""
        return self._card.certificates[1]


class VirtualReader:
    """A reader of vpcd, by the port it listens on. At the end of `with` it is empty."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._reader = reader_on(port)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()

    def insert(self, card: VirtualCard) -> None:
        """Put a card in; one that is there is taken out before. Back when the PC/SC service has
        powered it up, which takes half a second.

        Raises `NoVirtualReader`, and `CpxError` where somebody else's card is in it, and where this
        card is in another one.
        """
        inside = card._card
        where = card._inside
        if where is not None and where is not self and where._reader.chip is inside.chip:
            raise _in_another(card, where)
        card._inside = self
        try:
            self._reader.insert(inside.chip, inside.conduct)
        except NothingToCheck as error:
            raise NoVirtualReader(error.reason, error.hint) from None
        end = time.monotonic() + _PATIENCE_SECONDS
        while not self._reader.asked and self._reader.chip is not None:
            if time.monotonic() > end:
                self.remove()
                raise _no_room(self.port)
            time.sleep(_AGAIN_SECONDS)

    def remove(self) -> None:
        """Take the card out, if there is one."""
        self._reader.remove()


@dataclass(frozen=True, slots=True)
class VirtualCards:
    """The cards of a set."""

    cards: tuple[VirtualCard, ...]
    _made: wiring.VirtualSet

    def card(self, name: str | int) -> VirtualCard:
        """By card number, role, position from 1, or a part of its title that no other card has.

        Raises `CpxError`, which names the cards.
        """
        found = meant(str(name), [card._card.name for card in self.cards])
        if found:
            return self.cards[found[0]]
        roles = tuple(card.role for card in self.cards)
        raise BadInput(
            msg("No card of this set is {card}.", card=str(name)),
            nearest(str(name), roles, cards_of(roles)),
        )

    def write_authorities(self, directory: Path) -> None:
        """Make `directory`, with what trusts the cards: CODE.pem and CODE.crl of each CA, and
        bundle.pem. Raises `OSError`.
        """
        self._made.write_authorities(directory)


def virtual_set(
    name: str | Path = "centre-sante",
    *,
    defects: str | Sequence[str] = (),
    faults: str | Sequence[str] = (),
    delay: float = 0.0,
    signing_delay: float = 0.0,
) -> VirtualCards:
    """The cards of a set, or of a set file; in no reader.

    `defects` and `faults` are those of `cpx-tool virtual-cards start`, one or several; delays are
    in seconds. Raises `CpxError` for names that are none, and for delays that are none.
    """
    wish = wiring.VirtualWish(_several(defects), _several(faults), (), delay, signing_delay)
    made = wiring.make_virtual_set(find_set(str(name)), wish)
    return VirtualCards(tuple(map(VirtualCard, made.cards)), made)


def _several(words: str | Sequence[str]) -> tuple[str, ...]:
    """A text is a sequence, too: of letters, which nobody means."""
    return (words,) if isinstance(words, str) else tuple(words)


def _in_another(card: VirtualCard, reader: VirtualReader) -> CpxError:
    return BadInput(
        msg(
            "Card {card} is in the virtual reader on port {port}.",
            card=card.number,
            port=str(reader.port),
        ),
        msg("Take it out there first: remove()."),
    )


def _no_room(port: int) -> CpxError:
    return BadInput(
        msg("The virtual reader on port {port} takes no card.", port=str(port)),
        msg(
            "Somebody else's virtual card is in it, or the PC/SC service is held up: cpx-tool "
            "list-readers shows what it sees."
        ),
    )
