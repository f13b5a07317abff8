"""How much a report for a person tells."""

from __future__ import annotations

from enum import StrEnum


class Detail(StrEnum):
    """JSON always holds all."""

    QUIET = "quiet"
    """What needs attention, and the verdict."""
    NORMAL = "normal"
    VERBOSE = "verbose"
    """Each finding, passed ones too."""
