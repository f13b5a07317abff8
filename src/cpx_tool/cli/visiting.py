"""What was seen until a signal came is told, too."""

from __future__ import annotations

from collections.abc import Callable

from cpx_tool import wiring
from cpx_tool.cli.interruption import tell_first
from cpx_tool.model.observation import Observation


def until_interrupted(
    visit: Callable[[], Observation],
) -> tuple[Observation, wiring.Interrupted | None]:
    """What was seen, and the interruption if one came."""
    try:
        return visit(), None
    except wiring.Interrupted as stop:
        return stop.observation, stop
    finally:
        tell_first()
