"""What all pages have: where and when it was seen, and of which JSON they were made."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from cpx_tool.errors import ExitCode
from cpx_tool.model.message import msg
from cpx_tool.report.console import emulated_banner
from cpx_tool.report.json import moment
from cpx_tool.report.result import Run
from cpx_tool.report.words import Say, clipped

_INTERRUPTED = msg(
    "INTERRUPTED: the run was ended before its time. What it did not come to is not judged here."
)


@dataclass(frozen=True, slots=True)
class Provenance:
    """What the page speaks about, and what it was made from."""

    host: str
    observed: str
    observed_iso: str
    run_id: str
    version: str
    exit_code: int
    sha256: str


def frame(run: Run, code: ExitCode, json: str, say: Say) -> dict[str, Any]:
    """The values of every page; `json` is the report as JSON, in the same language."""
    return {
        "provenance": provenance(run, code, (json,), say),
        "emulated": say(emulated_banner()) if run.emulated else "",
        "interrupted": say(_INTERRUPTED) if run.interrupted else "",
    }


def provenance(run: Run, code: ExitCode, json: Iterable[str], say: Say) -> Provenance:
    """Of a page made of the report as JSON, which may come in pieces."""
    digest = hashlib.sha256()
    for piece in json:
        digest.update(piece.encode())
    return Provenance(
        host=clipped(run.host),
        observed=say(msg("{date}", date=run.observed_at)),
        observed_iso=moment(run.observed_at) or "",
        run_id=clipped(run.run_id),
        version=run.tool_version,
        exit_code=int(code),
        sha256=digest.hexdigest(),
    )
