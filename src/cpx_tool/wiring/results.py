"""Results of other runs, file by file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cpx_tool import __version__
from cpx_tool.adapters.result_file import read_result
from cpx_tool.adapters.result_search import find_results, refuse_absent
from cpx_tool.adapters.system import now
from cpx_tool.model.fleet import Merger, Summary, Unmerged
from cpx_tool.wiring.reports import host_name, new_run_id


def read_results(given: Sequence[str]) -> Iterator[Summary | Unmerged]:
    """What each file, folder and pattern gives; one file is read at a time.

    Raises `BadInput` where none of them is there.
    """
    refuse_absent(given)
    for found in find_results(given):
        yield found if isinstance(found, Unmerged) else read_result(found)


def this_merger() -> Merger:
    """This machine, now."""
    return Merger(host_name(), new_run_id(), __version__, now())
