"""The facts that checks of the workstation may need, as `facts.py` has those of cards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from cpx_tool.judge.facts import Missing
from cpx_tool.model.finding import Outcome
from cpx_tool.model.message import msg
from cpx_tool.model.middleware import Middleware
from cpx_tool.model.observation import FailedTry, ModuleObservation
from cpx_tool.model.reader import Pcsc
from cpx_tool.model.station import (
    Clock,
    Compiled,
    Holders,
    NoModule,
    Package,
    Polkit,
    Service,
    Session,
    Socket,
    Start,
    State,
    Station,
    System,
    Unknown,
    Usb,
)
from cpx_tool.model.trust import StoreListing

T = TypeVar("T")

STATION_FACTS: Mapping[str, Any] = {
    "system": System,
    "session": Session,
    "pcsc": Pcsc,
    "service": Service,
    "socket": Socket | None,
    "start": Start,
    "polkit": Polkit,
    "holders": Holders,
    "usb": Usb,
    "usb_seen": Usb | None,
    "kernel_modules": tuple[str, ...],
    "module": ModuleObservation,
    "middleware": Middleware,
    "clock": Clock,
    "synchronised": bool,
    "trust": StoreListing,
    "packages": tuple[Package, ...],
    "compiled": tuple[Compiled, ...],
    "state": State,
    "ledger": tuple[FailedTry, ...],
}
"""Facts about the workstation. `usb_seen` is None where USB cannot be seen."""


def station_facts(station: Station) -> Mapping[str, Any]:
    """What is known of the workstation; each name of `STATION_FACTS` is present.

    What cannot be had on this system answers SKIPPED: it says nothing against the workstation.
    """
    service = _known(station.service)
    usb = _known(station.usb)
    return {
        "system": station.system,
        "session": station.session,
        "pcsc": station.pcsc,
        "service": service,
        "socket": None if isinstance(service, Missing) else service.socket,
        "start": service if isinstance(service, Missing) else _known(service.start),
        "polkit": service if isinstance(service, Missing) else service.polkit,
        "holders": _known(station.holders),
        "usb": usb,
        "usb_seen": None if isinstance(usb, Missing) else usb,
        "kernel_modules": usb if isinstance(usb, Missing) else _known(usb.kernel_modules),
        "module": _module(station.module),
        "middleware": _middleware(station),
        "clock": station.clock,
        "synchronised": _known(station.clock.synchronised),
        "trust": _known(station.trust, Outcome.ERROR),
        "packages": _known(station.packages.requirements),
        "compiled": station.packages.compiled,
        "state": _known(station.state, Outcome.ERROR),
        "ledger": _known(station.ledger, Outcome.ERROR),
    }


def _known(fact: T | Unknown, outcome: Outcome = Outcome.SKIPPED) -> T | Missing:
    return Missing(outcome, fact.why, hint=fact.hint) if isinstance(fact, Unknown) else fact


def _middleware(station: Station) -> Middleware | Missing:
    """Where one reason keeps both from being known, MODULE-LOADED says it."""
    module, middleware = station.module, station.middleware
    if not isinstance(module, NoModule) or not isinstance(middleware, Unknown):
        return _known(middleware, Outcome.ERROR)
    if module.reason == middleware.why:
        return Missing(Outcome.SKIPPED, msg("See MODULE-LOADED."))
    return _known(middleware, Outcome.ERROR)


def _module(module: ModuleObservation | NoModule) -> ModuleObservation | Missing:
    if isinstance(module, NoModule):
        return Missing(Outcome.ERROR, module.reason, hint=module.hint)
    return module
