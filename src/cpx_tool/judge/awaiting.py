"""Which cards of a set are still to come."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from cpx_tool.model.cardset import ExpectedCard
from cpx_tool.model.drawer import Awaited


def still_awaited(
    missing: Iterable[ExpectedCard],
    roles: Sequence[ExpectedCard],
    possible: Iterable[Sequence[ExpectedCard]],
) -> tuple[Awaited, ...]:
    """The missing roles, in the order of `roles`; where a card that is there may have one of them
    (`possible` has the roles of each such card), its others, too.
    """
    possible = list(possible)
    together: Counter[frozenset[ExpectedCard]] = Counter()
    for role in missing:
        together[_alike(role, possible)] += 1
    groups = [Awaited(n, tuple(r for r in roles if r in g)) for g, n in together.items()]
    return tuple(sorted(groups, key=lambda group: roles.index(group.roles[0])))


def _alike(
    role: ExpectedCard, possible: Iterable[Sequence[ExpectedCard]]
) -> frozenset[ExpectedCard]:
    """The role, and those that it could be exchanged for, be it by way of several cards."""
    alike = {role}
    while more := {r for fitting in possible if alike & {*fitting} for r in fitting} - alike:
        alike |= more
    return frozenset(alike)
