"""The facts that checks of a fleet may need, as `facts.py` has those of cards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from cpx_tool.model.fleet import Gathered, Place, Repeat, TwoPlaces, Unmerged, UnseenRole

Lost: TypeAlias = tuple[Unmerged, ...]
Repeats: TypeAlias = tuple[Repeat, ...]
Conflicts: TypeAlias = tuple[TwoPlaces, ...]
UnseenRoles: TypeAlias = tuple[UnseenRole, ...]
Ahead: TypeAlias = tuple[Place, ...]

FLEET_FACTS: Mapping[str, Any] = {
    "gathered": Gathered,
    "lost": Lost,
    "repeats": Repeats,
    "conflicts": Conflicts,
    "unseen": UnseenRoles,
    "ahead": Ahead,
}
"""Facts about all results together. `lost` are files that may have held one."""


def fleet_facts(gathered: Gathered) -> Mapping[str, Any]:
    """What is known of them; each name of `FLEET_FACTS` is present."""
    return {
        "gathered": gathered,
        "lost": tuple(one for one in gathered.unmerged if one.counts),
        "repeats": gathered.repeats,
        "conflicts": gathered.two_places,
        "unseen": gathered.unseen,
        "ahead": gathered.ahead,
    }
