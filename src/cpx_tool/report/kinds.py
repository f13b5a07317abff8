"""The kinds of reports: a name as in `--report NAME=FILE`, how its files end, how it is made."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC

from cpx_tool.report import junit, monitor, prometheus
from cpx_tool.report.canvas import Paper
from cpx_tool.report.result import Result, Run
from cpx_tool.report.words import Say

_UNFIT = re.compile(r"[^A-Za-z0-9._-]")
_LONGEST = 63
"""Of a part of a file's name: the longest label of a host's name."""


@dataclass(frozen=True, slots=True)
class Kind:
    """`suffix` is without a dot; `render` gets the result, the words, and the language's code.
    `commands` are those that have it, empty for all.
    """

    suffix: str
    render: Callable[[Result, Say, str], str]
    commands: tuple[str, ...] = ()


KINDS: Mapping[str, Kind] = {
    "html": Kind(
        "html",
        lambda result, say, language: result.html(say, language),
        commands=("check-set", "judge", "tls-test", "merge"),
    ),
    "json": Kind("json", lambda result, say, _: result.json(say)),
    "junit": Kind("xml", lambda result, say, _: junit.render(result, say)),
    "monitor": Kind("monitor", lambda result, say, _: monitor.render(result, say)),
    "prometheus": Kind("prom", lambda result, _say, _: prometheus.render(result)),
    "text": Kind("txt", lambda result, say, _: result.text(say, Paper())),
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
