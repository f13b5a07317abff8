"""The walk over one workstation: readers, module, cards → Observation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from cpx_tool.model.message import Message, msg
from cpx_tool.model.middleware import Middleware
from cpx_tool.model.observation import (
    SCHEMA_VERSION,
    TOO_MANY_SLOTS,
    CardObservation,
    Fault,
    FaultKind,
    ModuleObservation,
    Observation,
    PinRefusal,
    ReaderSlots,
    Workstation,
)
from cpx_tool.model.reader import CardKind
from cpx_tool.model.token import Slot
from cpx_tool.model.trust import TrustMaterial
from cpx_tool.observe.card import CardWalk, LoginMeans, Place
from cpx_tool.observe.join import join
from cpx_tool.observe.pin_safety import RunMemory
from cpx_tool.pki.trust import relevant
from cpx_tool.ports import MAX_SLOTS, Readers, TokenFault, Tokens


@dataclass(frozen=True, slots=True)
class Module:
    """The PKCS#11 module to walk. `source` says who chose it (adapters.middleware)."""

    path: str
    source: str
    tokens: Tokens


@dataclass(frozen=True, slots=True)
class Context:
    """What a run knows of itself before it looks at anything."""

    tool_version: str
    run_id: str
    emulated: bool
    workstation: Workstation
    started_at: datetime


def observe_slots(readers: Readers, module: Module | None) -> ReaderSlots:
    """The readers and the module's slots. No PIN is tried; the module may read its cards."""
    pcsc = readers.observe()
    if module is None:
        return ReaderSlots(pcsc, None, (), {})
    try:
        info = module.tokens.load()
    except TokenFault as error:
        seen = ModuleObservation(module.path, module.source, fault=error.fault)
        return ReaderSlots(pcsc, seen, (), {})
    seen = ModuleObservation(module.path, module.source, info=info)
    try:
        slots = module.tokens.slots()
    except TokenFault as error:
        return ReaderSlots(pcsc, seen, (), {}, (error.fault,))
    faults: tuple[Fault, ...] = ()
    if len(slots) > MAX_SLOTS:
        many = Fault(FaultKind.ERROR, "C_GetSlotList", TOO_MANY_SLOTS, str(len(slots)))
        slots, faults = slots[:MAX_SLOTS], (many,)
    return ReaderSlots(pcsc, seen, slots, join(pcsc.readers, slots), faults)


def observe_cards(
    readers: Readers,
    module: Module,
    means: LoginMeans | PinRefusal,
    random: Callable[[int], bytes],
    tell: Callable[[Message], None],
) -> tuple[ReaderSlots, tuple[CardObservation, ...]]:
    """Every card of the module, one after the other. `tell` hears what is being done.

    With a refusal in the place of `means` the cards are only read: no login, no signature.
    """
    seen = observe_slots(readers, module)
    generation = module.tokens.generation
    present = [slot for slot in seen.slots if slot.token_present]
    walk = CardWalk(module.tokens, means, random)
    memory = RunMemory()
    cards: list[CardObservation] = []
    for number, slot in enumerate(present, start=1):
        tell(msg("Card {number} of {count}", number=number, count=len(present)))
        place = _place(slot, seen)
        try:
            if module.tokens.generation != generation:
                now = _same_slot(slot, seen.slots, module.tokens.slots()[:MAX_SLOTS])
                place = replace(place, slot=now)
            card, memory = walk.observe(place, memory)
        except TokenFault as error:
            card = CardObservation(slot, place.reader, None, faults=(error.fault,))
        cards.append(card)
    return seen, tuple(cards)


def _place(slot: Slot, seen: ReaderSlots) -> Place:
    name = seen.reader_of.get(slot.id)
    kinds = {reader.name: reader.kind for reader in seen.pcsc.readers}
    contactless = name is not None and kinds.get(name) is CardKind.CPS3_CONTACTLESS
    return Place(slot, name, contactless)


def _same_slot(slot: Slot, before: Sequence[Slot], now: Sequence[Slot]) -> Slot:
    """The slot after the module was started again: ids may differ, descriptions do not.

    Slots of one description (OpenSC: four per reader) keep their order. Raises `TokenFault`
    when they are not as many as before.
    """
    then = [other for other in before if other.description == slot.description]
    same = [other for other in now if other.description == slot.description]
    if len(then) != len(same):
        raise TokenFault(Fault(FaultKind.ERROR, "C_GetSlotList", "slot-gone"))
    return same[then.index(slot)]


def record(
    context: Context,
    seen: ReaderSlots,
    cards: tuple[CardObservation, ...],
    at_hand: TrustMaterial,
    middleware: Middleware | None = None,
) -> Observation:
    """The walk written down, with as much of what was at hand as could count for these cards."""
    ders = [item.der for card in cards for item in card.certificates]
    return Observation(
        schema_version=SCHEMA_VERSION,
        tool_version=context.tool_version,
        run_id=context.run_id,
        observed_at=context.started_at,
        emulated=context.emulated,
        workstation=context.workstation,
        pcsc=seen.pcsc,
        module=seen.module,
        slots=seen.slots,
        cards=cards,
        faults=seen.faults,
        trust=relevant(at_hand, ders),
        middleware=middleware,
    )
