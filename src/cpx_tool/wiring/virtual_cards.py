"""Virtual cards of a set, and the commands to the process that has them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from cpx_tool.adapters.emulated_authorities import write_authorities
from cpx_tool.adapters.emulation_keys import Authorities, KeyCache
from cpx_tool.adapters.ledger import state_directory
from cpx_tool.adapters.system import no_home, now, user_cache
from cpx_tool.adapters.virtual_control import Order, ask, serve
from cpx_tool.adapters.virtual_deck import Deck, DeckCard
from cpx_tool.adapters.vpcd import Conduct, VirtualReader
from cpx_tool.adapters.vpcd_ports import configured_ports
from cpx_tool.emulate.card import EmulatedCard, make_card, technical_slot
from cpx_tool.emulate.card_names import CardName, meant
from cpx_tool.emulate.chip.chip import Chip
from cpx_tool.emulate.chip.make import Damage, make_chip, make_contactless_chip
from cpx_tool.emulate.defects import cards_of, plan_defects
from cpx_tool.emulate.profile import profiles
from cpx_tool.errors import BadInput, CpxError, nearest, why
from cpx_tool.model.cardset import CardSet
from cpx_tool.model.message import msg
from cpx_tool.model.virtual import VirtualDeck

CardInReader: TypeAlias = DeckCard
"""A card with its chip."""

BEHAVIOURS = {
    "mute": Conduct(mute=True),
    "error-answers": Conduct(answers=0x6F00),
    "pulled-when-signing": Conduct(pulled_when_signing=True),
}
"""Faults of a card in its reader; those of `Damage` are the chip's own."""

_ALL = "all"

LONGEST_DELAY = 60
"""In seconds: programs give a card up long before."""

CONTACTLESS = "contactless"
"""A reader with two interfaces took the side without contacts."""

FAULTS = (*(damage.value for damage in Damage), *BEHAVIOURS, CONTACTLESS)


@dataclass(frozen=True, slots=True)
class VirtualWish:
    """What is wanted: defects and faults as typed, ports (none: those that are configured), delays
    in seconds of each command and of one that uses a key.
    """

    defects: Sequence[str] = ()
    faults: Sequence[str] = ()
    ports: Sequence[int] = ()
    delay: float = 0.0
    signing_delay: float = 0.0


@dataclass(frozen=True, slots=True)
class VirtualSet:
    """The cards of a set with their chips, and the PKI that issued them."""

    cards: tuple[CardInReader, ...]
    emulated: tuple[EmulatedCard, ...]
    authorities: Authorities

    def write_authorities(self, directory: Path) -> None:
        """Make `directory`, with the CAs' certificates and CRLs. Raises `OSError`."""
        write_authorities(directory, self.authorities, self.emulated)


def make_virtual_set(card_set: CardSet, wish: VirtualWish) -> VirtualSet:
    """The cards of a set as they are wanted, in no reader. Raises `CpxError`."""
    _refuse_delays(wish.delay, wish.signing_delay)
    keys = _keys()
    with _writing(keys):
        made, authorities = _emulated(card_set, wish.defects, keys)
        names = [_name(card) for card in made]
        _refuse_unused(wish.faults, names)
        bench = _Bench(wish, keys, authorities, names)
        cards = tuple(bench.deck_card(card, at) for at, card in enumerate(made, start=1))
    return VirtualSet(cards, tuple(made), authorities)


def _make_deck(card_set: CardSet, wish: VirtualWish, ca_directory: Path) -> Deck:
    """The cards, and their CAs in `ca_directory`."""
    made = make_virtual_set(card_set, wish)
    try:
        shutil.rmtree(ca_directory, ignore_errors=True)
        ca_directory.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        made.write_authorities(ca_directory)
    except OSError as error:
        shutil.rmtree(ca_directory, ignore_errors=True)  # half of the CAs is worse than none
        raise BadInput(
            msg("{path} cannot be written: {why}.", path=str(ca_directory), why=why(error)),
            msg("Set CPX_STATE_DIR to a directory of your own."),
        ) from None
    ports = wish.ports or configured_ports()
    return Deck(card_set.name, str(ca_directory), made.cards, ports)


def reader_on(port: int) -> VirtualReader:
    """The virtual reader that listens on this port."""
    return VirtualReader(port)


def first_port() -> int:
    """Of the first virtual reader that is configured."""
    return configured_ports()[0]


def run_virtual_cards(
    card_set: CardSet, wish: VirtualWish, started: Callable[[VirtualDeck], None]
) -> None:
    """Have virtual cards in the readers until somebody says stop; `started` hears when they are.

    Raises `CpxError`.
    """
    directory = state_directory(os.environ)
    serve(lambda: _make_deck(card_set, wish, directory / "virtual-ca"), _place(), started)


def virtual_status() -> VirtualDeck:
    """The virtual cards that the user has in use. Raises `CpxError`."""
    return ask(_place(), Order("status"))


def virtual_cards_inside() -> int:
    """How many virtual cards the user has in readers; 0 where there are none to ask."""
    deck = virtual_deck()
    return sum(seat.port is not None and not seat.waits for seat in deck.seats) if deck else 0


def virtual_deck() -> VirtualDeck | None:
    """The virtual cards that the user has in use, if any."""
    try:
        return virtual_status()
    except CpxError:
        return None


def insert_virtual(card: str, port: int | None) -> VirtualDeck:
    """Put a card into a reader. Raises `CpxError`."""
    return ask(_place(), Order("insert", card, port))


def remove_virtual(card: str) -> VirtualDeck:
    """Take a card out of its reader. Raises `CpxError`."""
    return ask(_place(), Order("remove", card))


def stop_virtual() -> VirtualDeck:
    """End the process that has the cards: all leave their readers. Raises `CpxError`."""
    return ask(_place(), Order("stop"))


_SOCKET = "virtual-cards.socket"


def _place() -> Path:
    return state_directory(os.environ) / _SOCKET


def _keys() -> KeyCache:
    cache = user_cache()
    if cache is None:
        raise no_home()
    return KeyCache(cache / "emulation")


@contextmanager
def _writing(keys: KeyCache) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise BadInput(
            msg("{path} cannot be written: {why}.", path=str(keys.directory), why=why(error)),
            msg(
                "The keys of emulated cards are kept there: set XDG_CACHE_HOME to a directory "
                "you may write to."
            ),
        ) from None


def _emulated(
    card_set: CardSet, defects: Sequence[str], keys: KeyCache
) -> tuple[list[EmulatedCard], Authorities]:
    wanted = profiles(card_set, plan_defects(card_set, defects), now())
    authorities = keys.authorities()
    own = keys.cards(wanted)
    made = [make_card(p, k, authorities.keys) for p, k in zip(wanted, own, strict=True)]
    return made, authorities


@dataclass(frozen=True, slots=True)
class _Bench:
    """Where emulated cards become chips."""

    wish: VirtualWish
    keys: KeyCache
    authorities: Authorities
    names: Sequence[CardName]

    def deck_card(self, card: EmulatedCard, position: int) -> CardInReader:
        """The card as it is wanted. Raises `BadInput` and `OSError`."""
        profile = card.profile
        found = [
            word.partition("=")[0]
            for word in self.wish.faults
            if _target(word) == _ALL or position - 1 in meant(_target(word), self.names)
        ]
        faults = list(dict.fromkeys(found))
        chip, technical = self._chip(card, faults)
        return CardInReader(
            number=profile.card_number,
            role=profile.role,
            title=profile.title_in_set,
            label=profile.label,
            certificates=tuple(slot.certificate for slot in card.slots),
            chip=chip,
            conduct=self._conduct(faults),
            faults=tuple(faults),
            technical=technical,
        )

    def _chip(self, card: EmulatedCard, faults: Sequence[str]) -> tuple[Chip, bytes | None]:
        damages = [Damage(fault) for fault in faults if fault in list(Damage)]
        if CONTACTLESS not in faults:
            return make_chip(card, damages), None
        key = self.keys.technical(card.profile)
        slot = technical_slot(card.profile, key, self.authorities.keys)
        return make_contactless_chip(card, slot, damages), slot.certificate

    def _conduct(self, faults: Sequence[str]) -> Conduct:
        conduct = Conduct(delay=self.wish.delay, signing_delay=self.wish.signing_delay)
        for fault in faults:
            conduct = _added(conduct, fault)
        return conduct


_ALL = "all"


def _name(card: EmulatedCard) -> CardName:
    profile = card.profile
    return CardName(profile.card_number, profile.role, profile.title_in_set)


def _target(word: str) -> str:
    """The card that a fault is for; without one, the first."""
    name, separator, card = word.partition("=")
    if name not in FAULTS:
        hint = nearest(name, FAULTS, _FAULT_NAMES)
        raise BadInput(msg("There is no fault {name}.", name=name), hint)
    return card if separator else "1"


_FAULT_NAMES = msg("cpx-tool virtual-cards start --help names them.")


def _added(conduct: Conduct, fault: str) -> Conduct:
    other = BEHAVIOURS.get(fault, Conduct())
    return replace(
        conduct,
        mute=conduct.mute or other.mute,
        answers=other.answers if conduct.answers is None else conduct.answers,
        pulled_when_signing=conduct.pulled_when_signing or other.pulled_when_signing,
    )


def _refuse_unused(faults: Sequence[str], names: Sequence[CardName]) -> None:
    for word in faults:
        card = _target(word)
        if card != _ALL and not meant(card, names):
            raise BadInput(
                msg("No card of this set is {card}.", card=card),
                cards_of([each.role or each.number for each in names]),
            )


def _refuse_delays(*delays: float) -> None:
    """What is no time to wait would stop the card that waits so."""
    for delay in delays:
        if not isinstance(delay, int | float) or not 0 <= delay <= LONGEST_DELAY:
            raise BadInput(
                msg("{delay} is no delay of a card.", delay=repr(delay)),
                msg("Give seconds, from 0 to {most}.", most=LONGEST_DELAY),
            )
