"""Where the cards are: readers and module for one run, real or emulated."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from cpx_tool.adapters.config import MAX_AT_ONCE, Config, read_config
from cpx_tool.adapters.emulated_readers import EmulatedReaders
from cpx_tool.adapters.middleware import find_module
from cpx_tool.adapters.pcsc import PcscReaders
from cpx_tool.adapters.softhsm import use_emulation
from cpx_tool.adapters.worker import WorkerTokens
from cpx_tool.errors import NothingToCheck
from cpx_tool.model.emulation import Emulation
from cpx_tool.model.message import Message
from cpx_tool.model.token import ModuleInfo
from cpx_tool.observe.at_once import EMULATED, AtOnce, allowed
from cpx_tool.observe.walk import CARD_SECONDS, Module
from cpx_tool.ports import Readers


@dataclass(frozen=True, slots=True)
class Source:
    """Where the cards are: real ones (`module` or the known places), or an emulation.

    `timeout`, in seconds, is the deadline of one call into the module, and for an emulation that
    another run is using; `card_timeout` that of all calls about one card. `at_once` is how many
    cards are walked at once, None: as many as is known to go well with the module.
    """

    emulated: Path | None
    module: str | None
    timeout: float
    card_timeout: float = CARD_SECONDS
    at_once: int | None = None


def ports_of(
    source: Source, tell: Callable[[Message], None], *, module_needed: bool, logins: bool
) -> AbstractContextManager[tuple[Readers, Module | None]]:
    """Readers and module for one run; `logins` says whether it will log in."""
    if source.emulated is not None:
        emulation = use_emulation(source.emulated, source.timeout, tell, logins=logins)
        return _emulated_ports(emulation, source.timeout)
    return _real_ports(source, module_needed=module_needed)


@contextmanager
def _emulated_ports(
    opened: AbstractContextManager[Emulation], timeout: float
) -> Iterator[tuple[Readers, Module | None]]:
    with (
        opened as emulation,
        ending(WorkerTokens(emulation.module, emulation.environment, timeout)) as tokens,
    ):
        module = Module(emulation.module, "emulation", tokens, at_once=lambda _: EMULATED)
        yield EmulatedReaders(emulation), module


@contextmanager
def _real_ports(source: Source, *, module_needed: bool) -> Iterator[tuple[Readers, Module | None]]:
    config = Config() if source.module is not None else read_config(os.environ)
    try:
        found = find_module(source.module, os.environ)
    except NothingToCheck:
        if module_needed:
            raise
        yield PcscReaders(), None
        return

    def another() -> WorkerTokens:
        return WorkerTokens(str(found.path), {}, source.timeout)

    with ending(another()) as tokens:
        yield (
            PcscReaders(),
            Module(
                str(found.path), found.source, tokens, another, partial(_at_once, source, config)
            ),
        )


def _at_once(source: Source, config: Config, info: ModuleInfo) -> AtOnce:
    """As the option, then the configuration file say; else as the module's family allows it."""
    asked = source.at_once or config.at_once
    return allowed(info, MAX_AT_ONCE) if asked is None else AtOnce(asked)


@contextmanager
def ending(tokens: WorkerTokens) -> Iterator[WorkerTokens]:
    """Let go of the module in the end, and quickly when the run is interrupted."""
    try:
        yield tokens
    except KeyboardInterrupt:
        tokens.abandon()
        raise
    finally:
        tokens.close()
