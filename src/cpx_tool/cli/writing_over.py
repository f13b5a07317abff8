"""One file named twice: what is written last would take the place of the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from cpx_tool import wiring
from cpx_tool.errors import BadInput
from cpx_tool.model.fleet import Reason, Summary, Unmerged
from cpx_tool.model.message import Message, msg

_WRITTEN = ("ics", "save_observation")
"""The parameters, besides reports, that name a file to be written."""

_TEXTS = ("module", "set_name")
"""Those whose text may be a path; any other text is none."""

_ELSEWHERE = ("reports", "report_dir", "paths")
"""Reports are given apart; the paths of `merge` are looked at one by one, by `spared`."""


def refuse_writing_over(parameters: Mapping[str, Any], reports: Iterable[Path]) -> None:
    """Raises `BadInput` for a file to be written that has a second name or use among what the
    command was given: a card set, an observation, a certificate with its key.
    """
    named = {k: tuple(_paths(k, v)) for k, v in parameters.items() if k not in _ELSEWHERE}
    kinds = Counter(map(wiring.identity_of, reports))
    uses = kinds + Counter(wiring.identity_of(path) for some in named.values() for path in some)
    written = [*reports, *(path for name in _WRITTEN for path in named.get(name, ()))]
    for path in written:
        identity = wiring.identity_of(path)
        if kinds[identity] > 1:
            raise BadInput(
                msg("{path} cannot take two reports.", path=str(path)),
                msg("Name a file for each report."),
            )
        if uses[identity] > 1:
            raise BadInput(
                msg("{path} is named twice, and would be written over.", path=str(path)), _hint()
            )


def spared(
    found: Iterable[Summary | Unmerged], reports: Iterable[Path]
) -> Iterator[Summary | Unmerged]:
    """The same, as they come. Raises `BadInput` at one that a report would take the place of; a
    former merge may be.
    """
    taken = set(map(wiring.identity_of, reports))
    for one in found:
        former = isinstance(one, Unmerged) and one.reason is Reason.MERGED_ALREADY
        if taken and not former and wiring.identity_of(Path(one.file)) in taken:
            raise BadInput(
                msg("{path} is to be merged, and would be written over.", path=one.file), _hint()
            )
        yield one


def _hint() -> Message:
    return msg("Name another file for what is written.")


def _paths(name: str, value: object) -> Iterator[Path]:
    """The paths in the value of a parameter."""
    if isinstance(value, Path):
        yield value
    elif isinstance(value, str) and name in _TEXTS:
        yield Path(value)
    elif isinstance(value, tuple):
        for each in value:
            yield from _paths(name, each)
