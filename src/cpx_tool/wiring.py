"""The only module that names concrete adapters: options → ports."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from cpx_tool import __version__
from cpx_tool.adapters import files, observation_file
from cpx_tool.adapters.emulated_readers import EmulatedReaders
from cpx_tool.adapters.emulation_keys import KeyCache
from cpx_tool.adapters.middleware import find_module
from cpx_tool.adapters.pcsc import PcscReaders
from cpx_tool.adapters.pin import pin_source
from cpx_tool.adapters.softhsm import Wanted, open_emulation, write_emulation
from cpx_tool.adapters.system import SystemClock, workstation
from cpx_tool.adapters.worker import WorkerTokens
from cpx_tool.emulate.defects import plan_defects
from cpx_tool.emulate.profile import profiles
from cpx_tool.errors import NothingToCheck
from cpx_tool.model.cardset import CardSet
from cpx_tool.model.emulation import Emulation
from cpx_tool.model.message import Message
from cpx_tool.model.observation import Observation, ReaderSlots
from cpx_tool.observe.walk import Context, Module, observe_cards, observe_slots, record
from cpx_tool.ports import Readers

load_observation = observation_file.load
read_file = files.read_file
save_observation = observation_file.save
check_writable = observation_file.check_writable


@dataclass(frozen=True, slots=True)
class Source:
    """Where the cards are: real ones (`module` or the known places), or an emulation.

    `timeout` is the deadline of one call into the module, in seconds.
    """

    emulated: Path | None
    module: str | None
    timeout: float


def list_readers(source: Source) -> ReaderSlots:
    """The readers and the slots joined to them; without a module, the readers alone."""
    readers, module = _ports(source, module_needed=False)
    try:
        return observe_slots(readers, module)
    finally:
        _close(module)


def check_cards(source: Source, ask_pin: bool, tell: Callable[[Message], None]) -> Observation:
    """Walk all cards. Raises `CpxError` where there is nothing to walk."""
    pins = pin_source(ask_pin, os.environ)
    readers, module = _ports(source, module_needed=True)
    assert module is not None  # noqa: S101 - module_needed
    try:
        seen, cards = observe_cards(readers, module, pins, secrets.token_bytes, tell)
    finally:
        _close(module)
    context = Context(
        tool_version=__version__,
        run_id=secrets.token_hex(8),
        emulated=source.emulated is not None,
        workstation=workstation(),
        clock=SystemClock(),
    )
    return record(context, seen, cards)


def emulate(card_set: CardSet, into: Path, defects: Sequence[str], reuse: bool) -> Emulation:
    """Write emulated cards of a set. Raises `CpxError`."""
    planned = plan_defects(card_set, defects)
    wanted = Wanted(
        set_name=card_set.name,
        defects=tuple(defects),
        profiles=profiles(card_set, planned, SystemClock().now()),
    )
    cache = KeyCache(Path(platformdirs.user_cache_dir("cpx-tool")) / "emulation")
    return write_emulation(wanted, into, cache, reuse=reuse)


def _ports(source: Source, *, module_needed: bool) -> tuple[Readers, Module | None]:
    if source.emulated is not None:
        emulation = open_emulation(source.emulated)
        tokens = WorkerTokens(emulation.module, emulation.environment, source.timeout)
        module = Module(emulation.module, "emulation", tokens)
        return EmulatedReaders(emulation), module
    try:
        found = find_module(source.module, os.environ)
    except NothingToCheck:
        if module_needed:
            raise
        return PcscReaders(), None
    tokens = WorkerTokens(str(found.path), {}, source.timeout)
    return PcscReaders(), Module(str(found.path), found.source, tokens)


def _close(module: Module | None) -> None:
    if module is not None:
        module.tokens.close()
