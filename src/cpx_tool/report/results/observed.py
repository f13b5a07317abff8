"""What results of observed cards have in common."""

from __future__ import annotations

from cpx_tool.model.identity import Identity
from cpx_tool.model.observation import CardObservation, Observation
from cpx_tool.report.result import Facts, Run


def run_of(seen: Observation, command: str) -> Run:
    """Which run it was."""
    return Run(
        command=command,
        tool_version=seen.tool_version,
        run_id=seen.run_id,
        host=seen.workstation.host,
        observed_at=seen.observed_at,
        emulated=seen.emulated,
        interrupted=seen.cut_short,
    )


def station_facts(seen: Observation) -> dict[str, str]:
    """The workstation, and the module that the cards were seen through."""
    info = seen.module.info if seen.module else None
    return stated(
        {
            "system": seen.workstation.system,
            "session": seen.workstation.session,
            "pcsc": seen.pcsc.status.value,
            "pcsc_lite": seen.workstation.pcsc_lite,
            "module": seen.module.path if seen.module else "",
            "module_name": f"{info.manufacturer} {info.description}" if info else "",
            "module_version": info.version if info else "",
        }
    )


def card_facts(card: CardObservation, identity: Identity | None) -> dict[str, str]:
    """Where the card was, and of what kind it is."""
    kind = identity.card_type if identity else None
    return stated(
        {
            "reader": card.reader or "",
            "slot": card.slot.description,
            "token": card.token.label if card.token else "",
            "card_type": kind.label or kind.code if kind else "",
            "category": identity.category.value if identity else "",
            "pin": card.pin.result.value if card.pin else "",
        }
    )


def stated(facts: Facts) -> dict[str, str]:
    """Those that say something."""
    return {name: value for name, value in facts.items() if value}
