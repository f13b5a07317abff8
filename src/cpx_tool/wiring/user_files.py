"""Files that a run reads and writes for its user."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from cpx_tool import __version__
from cpx_tool.adapters import kept_run
from cpx_tool.adapters.ledger import state_directory
from cpx_tool.adapters.ticks import TickFile
from cpx_tool.catalogue.sets import load_sets
from cpx_tool.model.calendar import Reminder
from cpx_tool.model.cardset import CardSet


def save_calendar(reminders: Sequence[Reminder], path: Path) -> None:
    """Write a calendar file (.ics). Raises `BadInput`."""
    from cpx_tool.adapters import calendar_file  # noqa: PLC0415 - icalendar, for --ics alone

    calendar_file.save(reminders, f"cpx-tool {__version__}", path)


def order_ticks() -> TickFile:
    """The ticks of the order guide, in the user's state directory."""
    return TickFile(state_directory(os.environ) / "order.json")


def find_kept_run(card_set: CardSet, set_name: str, emulated: Path | None) -> kept_run.KeptRun:
    """Where an interrupted run of this set, which was named so, is kept. Raises `BadInput` where
    no state directory is known.
    """
    own = None if card_set in load_sets() else Path(set_name)
    return kept_run.KeptRun(kept_run.kept_path(card_set, own, emulated, os.environ))
