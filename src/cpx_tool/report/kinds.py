"""The kinds of reports: a name as in `--report NAME=FILE`, how its files end, how it is made."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from cpx_tool.report import junit, monitor, prometheus
from cpx_tool.report.canvas import Paper
from cpx_tool.report.result import Run
from cpx_tool.report.words import Say

_UNFIT = re.compile(r"[^A-Za-z0-9._-]")
_LONGEST = 63
"""Of a part of a file's name: the longest label of a host's name."""


@dataclass(frozen=True, slots=True)
class Kind:
    """`suffix` is without a dot; `render` gets the answer, the words, and the language's code.
    `commands` are those that have it, empty for all; what is of some only may want a `Result`.
    `stream` gives the same in pieces, where the whole may be too much to have in memory.
    """

    suffix: str
    render: Callable[[Any, Say, str], str]
    commands: tuple[str, ...] = ()
    stream: Callable[[Any, Say], Iterable[str]] | None = None

    def pieces(self, result: Any, say: Say, language: str) -> Iterable[str]:
        """The report for a file."""
        if self.stream is not None:
            return self.stream(result, say)
        return (self.render(result, say, language),)


_JUDGING = ("check-set", "judge", "tls-test", "sign-test", "doctor", "check-p12", "merge")
"""They end with a verdict of their own; `blame` and `compare` look at the verdicts of others."""


KINDS: Mapping[str, Kind] = {
    "html": Kind("html", lambda answer, say, language: answer.html(say, language)),
    "json": Kind(
        "json",
        lambda answer, say, _: answer.json(say),
        stream=lambda answer, say: answer.json_pieces(say),
    ),
    "junit": Kind("xml", lambda result, say, _: junit.render(result, say), _JUDGING, junit.pieces),
    "monitor": Kind("monitor", lambda result, say, _: monitor.render(result, say), _JUDGING),
    "prometheus": Kind("prom", lambda result, _say, _: prometheus.render(result), _JUDGING),
    "text": Kind("txt", lambda answer, say, _: answer.text(say, Paper())),
}


def kinds_of(command: str) -> dict[str, Kind]:
    """Those that a command has."""
    return {n: kind for n, kind in KINDS.items() if not kind.commands or command in kind.commands}


def file_name(run: Run, suffix: str) -> str:
    """`cpx-<command>-<host>-<UTC time>-<run id>.<suffix>`: the same for the same observation.

    Host and run id may come from a file: nothing of them leads elsewhere.
    """
    when = run.observed_at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    parts = (run.command, _fit(run.host), when, _fit(run.run_id))
    return f"cpx-{'-'.join(filter(None, parts))}.{suffix}"


def _fit(part: str) -> str:
    return _UNFIT.sub("_", part)[:_LONGEST]
