"""The walk over one workstation: readers, module, cards → Observation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cpx_tool.model.message import Message, msg
from cpx_tool.model.observation import (
    SCHEMA_VERSION,
    CardObservation,
    ModuleObservation,
    Observation,
    ReaderSlots,
    Workstation,
)
from cpx_tool.observe.card import CardWalk
from cpx_tool.observe.join import join
from cpx_tool.observe.pin_safety import RunMemory
from cpx_tool.ports import Clock, PinSource, Readers, TokenFault, Tokens


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
    clock: Clock


def observe_slots(readers: Readers, module: Module | None) -> ReaderSlots:
    """The readers and the module's slots, without touching a card."""
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
    return ReaderSlots(pcsc, seen, slots, join(pcsc.readers, slots))


def observe_cards(
    readers: Readers,
    module: Module,
    pins: PinSource,
    random: Callable[[int], bytes],
    tell: Callable[[Message], None],
) -> tuple[ReaderSlots, tuple[CardObservation, ...]]:
    """Every card of the module, one after the other. `tell` hears what is being done."""
    seen = observe_slots(readers, module)
    present = [slot for slot in seen.slots if slot.token_present]
    walk = CardWalk(module.tokens, pins, random)
    memory = RunMemory()
    cards: list[CardObservation] = []
    for number, slot in enumerate(present, start=1):
        tell(msg("Card {number} of {count}", number=number, count=len(present)))
        card, memory = walk.observe(slot, seen.reader_of.get(slot.id), memory)
        cards.append(card)
    return seen, tuple(cards)


def record(context: Context, seen: ReaderSlots, cards: tuple[CardObservation, ...]) -> Observation:
    """The walk written down."""
    return Observation(
        schema_version=SCHEMA_VERSION,
        tool_version=context.tool_version,
        run_id=context.run_id,
        observed_at=context.clock.now(),
        emulated=context.emulated,
        workstation=context.workstation,
        pcsc=seen.pcsc,
        module=seen.module,
        slots=seen.slots,
        cards=cards,
        faults=seen.faults,
    )
