"""How an import into the store, or a fetch for it, ends."""

from __future__ import annotations

from collections.abc import Sequence

from cpx_tool.errors import ExitCode
from cpx_tool.model.fetch import FetchProblem
from cpx_tool.model.trust import Arrival, Imported, ImportStatus


def imports_exit_code(done: Sequence[Imported]) -> ExitCode:
    """2 when something could not be read, 1 when something was refused or nothing is of use."""
    if any(item.status is ImportStatus.UNREADABLE for item in done):
        return ExitCode.USAGE
    usable = any(item.status.imported or item.status is ImportStatus.DUPLICATE for item in done)
    refused = any(item.status.refused for item in done)
    return ExitCode.PASSED if usable and not refused else ExitCode.FAILED


def arrivals_exit_code(arrivals: Sequence[Arrival]) -> ExitCode:
    """4 when nothing came, 1 when something did not come or was refused, else 0."""
    if all(arrival.fetched.failure is not None for arrival in arrivals):
        return ExitCode.NOTHING_CHECKED
    return ExitCode.FAILED if any(map(_is_wanting, arrivals)) else ExitCode.PASSED


def _is_wanting(arrival: Arrival) -> bool:
    """Something did not come, or did not get in. That LDAP is not asked is no news."""
    failure = arrival.fetched.failure
    if failure is not None:
        return failure.problem is not FetchProblem.SCHEME
    return any(i.status.refused or i.status is ImportStatus.UNREADABLE for i in arrival.imported)
