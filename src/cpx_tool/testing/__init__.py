"""Virtual CPx cards for the test suites of other software.

    from cpx_tool.testing import VirtualReader, virtual_set

    cards = virtual_set("centre-sante")
    reader = VirtualReader(35963)
    reader.insert(cards.card("medecin-generaliste"))
    ...
    reader.remove()

`insert` is back when the service has seen the card. The readers are those of vpcd in a PC/SC
service that runs on this machine; nothing else is spoken to. With pytest, the fixtures
`virtual_reader`, `virtual_card` and `virtual_cards` do this (`cpx_tool.pytest_plugin`).
These cards are for tests: they protect nothing.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cpx_tool import wiring
from cpx_tool.catalogue.sets import find_set
from cpx_tool.emulate.card_names import meant
from cpx_tool.emulate.chip.layout import PIN, UNBLOCKING_CODE
from cpx_tool.emulate.defects import cards_of
from cpx_tool.errors import BadInput, CpxError, NothingToCheck, nearest
from cpx_tool.model.message import msg
from cpx_tool.wiring.virtual_cards import CardInReader, reader_on

_PATIENCE_SECONDS, _AGAIN_SECONDS = 5.0, 0.02

__all__ = ["CpxError", "VirtualCard", "VirtualCards", "VirtualReader", "virtual_set"]


class VirtualCard:
    """One emulated card. It keeps the tries of its PIN from one reader to the next."""

    def __init__(self, card: CardInReader) -> None:
        self._card = card

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
        return PIN

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
    """A reader of vpcd, by the port it listens on."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._reader = reader_on(port)

    def insert(self, card: VirtualCard) -> None:
        """Put a card in; one that is there is taken out before. Back when the PC/SC service has
        powered it up, which takes half a second.

        Raises `CpxError` where no virtual reader listens, and where somebody else's card is in it.
        """
        inside = card._card
        self._reader.insert(inside.chip, inside.conduct)
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

    def card(self, name: str) -> VirtualCard:
        """By card number, role, position from 1, or a part of its title that no other card has.

        Raises `CpxError`, which names the cards.
        """
        found = meant(name, [card._card.name for card in self.cards])
        if found:
            return self.cards[found[0]]
        roles = tuple(card.role for card in self.cards)
        raise BadInput(
            msg("No card of this set is {card}.", card=name),
            nearest(name, roles, cards_of(roles)),
        )

    def write_authorities(self, directory: Path) -> None:
        """Make `directory`, with what trusts the cards: CODE.pem and CODE.crl of each CA, and
        bundle.pem. Raises `OSError`.
        """
        self._made.write_authorities(directory)


def virtual_set(
    name: str = "centre-sante",
    *,
    defects: Sequence[str] = (),
    faults: Sequence[str] = (),
    delay: float = 0.0,
    signing_delay: float = 0.0,
) -> VirtualCards:
    """The cards of a set, or of a set file; in no reader.

    `defects` and `faults` are those of `cpx-tool virtual-cards start`; delays are in seconds.
    Raises `CpxError` for names that are none.
    """
    wish = wiring.VirtualWish(tuple(defects), tuple(faults), (), delay, signing_delay)
    made = wiring.make_virtual_set(find_set(name), wish)
    return VirtualCards(tuple(map(VirtualCard, made.cards)), made)


def _no_room(port: int) -> CpxError:
    return BadInput(
        msg("The virtual reader on port {port} takes no card.", port=str(port)),
        msg(
            "Somebody else's virtual card is in it, or the PC/SC service is held up: cpx-tool "
            "list-readers shows what it sees."
        ),
    )


def is_absent(error: CpxError) -> bool:
    """Whether this error says that there is no virtual reader."""
    return isinstance(error, NothingToCheck)
