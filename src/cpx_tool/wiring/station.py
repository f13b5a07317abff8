"""The workstation without any card, and the modules that are installed on it."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from cpx_tool.adapters.ledger import state_directory
from cpx_tool.adapters.middleware import FoundModule, find_module
from cpx_tool.adapters.middleware_facts import observe_middleware, with_loaded
from cpx_tool.adapters.pcsc import PcscReaders
from cpx_tool.adapters.root_files import Root
from cpx_tool.adapters.station import surroundings
from cpx_tool.adapters.station_state import state
from cpx_tool.adapters.worker import WorkerTokens
from cpx_tool.catalogue.middleware import slots_tell
from cpx_tool.errors import BadInput, CpxError
from cpx_tool.model.message import Message, msg
from cpx_tool.model.middleware import Middleware
from cpx_tool.model.observation import ModuleObservation
from cpx_tool.model.station import NoModule, Station, Unknown
from cpx_tool.observe.module import load_module
from cpx_tool.wiring.ledger import failed_tries
from cpx_tool.wiring.source import Source, ending
from cpx_tool.wiring.trust import list_trust

T = TypeVar("T")


def examine(source: Source, tell: Callable[[Message], None]) -> Station:
    """The workstation without any card. Raises `BadInput` for a module that was named (`--module`)
    and cannot be one; everything else that is wrong is part of the answer.
    """
    module = _examined_module(source)
    tell(msg("Asking the PC/SC service and the module…"))
    pcsc = PcscReaders().observe()  # first: it may start the service, which is looked at then
    seen = surroundings(Root(), os.environ)
    readers = len(pcsc.readers)
    loaded, slots = (
        (module, None)
        if isinstance(module, NoModule)
        else _load_module(module, source.timeout, readers)
    )
    return Station(
        host=seen.host,
        observed_at=seen.clock.now,
        versions=seen.versions,
        system=seen.system,
        session=seen.session,
        pcsc=pcsc,
        service=seen.service,
        holders=seen.holders,
        usb=seen.usb,
        module=loaded,
        middleware=_told(lambda: _installed(source, loaded, slots)),
        clock=seen.clock,
        trust=_told(list_trust),
        packages=seen.packages,
        state=_told(lambda: state(state_directory(os.environ))),
        ledger=_told(failed_tries),
    )


def _examined_module(source: Source) -> FoundModule | NoModule:
    try:
        return find_module(source.module, os.environ)
    except CpxError as error:
        if source.module is not None:
            raise
        return NoModule(error.reason, error.hint, named=isinstance(error, BadInput))


def _load_module(
    found: FoundModule, timeout: float, readers: int
) -> tuple[ModuleObservation, int | None]:
    """What came of loading the module in a process of its own; the number of its slots, where that
    tells something.
    """
    path = str(found.path)
    with ending(WorkerTokens(path, {}, timeout)) as tokens:
        info, fault, slots = load_module(tokens, partial(slots_tell, readers=readers))
    if info is not None:
        fault = None  # of listing the slots: the module is loaded
    return ModuleObservation(path, found.source, info, fault), slots


def _installed(
    source: Source, loaded: ModuleObservation | NoModule, slots: int | None
) -> Middleware:
    """All modules; of the one in use, also what came of loading it."""
    found = observe_middleware(source.module, os.environ)
    if isinstance(loaded, NoModule):
        return found
    return with_loaded(found, loaded.path, loaded.info, loaded.fault, slots)


def _told(look: Callable[[], T]) -> T | Unknown:
    """A fact, or why it could not be had."""
    try:
        return look()
    except CpxError as error:
        return Unknown(error.reason, error.hint)


def list_modules(option: str | None, timeout: float, *, load: bool) -> Middleware:
    """Every module of this workstation; with `load`, each that can be is loaded, in a process of
    its own. Raises `BadInput` for a configuration file that cannot be read.
    """
    found = observe_middleware(option, os.environ)
    for module in found.modules if load else ():
        missing = module.problem is not None and module.problem.names  # the loader may know better
        if module.problem is None or missing:
            with ending(WorkerTokens(module.path, {}, timeout)) as tokens:
                found = with_loaded(found, module.path, *load_module(tokens))
    return found
