"""All checks, in the order in which they are shown."""

from __future__ import annotations

from types import ModuleType

from cpx_tool.judge.check import Check
from cpx_tool.judge.checks import (
    certificates,
    fleet,
    identity,
    keys,
    middleware,
    pair,
    place,
    signing,
    software,
    station,
    tls_client,
    tls_server,
    trust,
    upkeep,
    usb,
    workstation,
)


def _declared(module: ModuleType) -> tuple[Check, ...]:
    return tuple(value for value in vars(module).values() if isinstance(value, Check))


CHECKS: tuple[Check, ...] = tuple(
    check
    for module in (
        workstation,
        middleware,
        place,
        certificates,
        trust,
        identity,
        keys,
        tls_server,
        tls_client,
        signing,
        software,
        pair,
        station,
        usb,
        upkeep,
        fleet,
    )
    for check in _declared(module)
)

BY_ID = {check.id: check for check in CHECKS}
if len(BY_ID) != len(CHECKS):
    raise TypeError("two checks share one id")
