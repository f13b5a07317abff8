"""Judged software certificates as one page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cpx_tool.errors import ExitCode
from cpx_tool.model.fetch import Fetched
from cpx_tool.model.finding import Finding
from cpx_tool.model.message import Message, msg, nmsg
from cpx_tool.model.software import JudgedFile, SoftwareChecklist
from cpx_tool.report import software
from cpx_tool.report.fetch import fetched_list
from cpx_tool.report.findings import counts
from cpx_tool.report.html import lines, marks, timeline
from cpx_tool.report.html.cards import Validity, validity
from cpx_tool.report.html.frame import frame
from cpx_tool.report.html.lines import Line, Subject
from cpx_tool.report.html.marks import Mark, Tally
from cpx_tool.report.html.matrix import check_rows
from cpx_tool.report.html.page import page
from cpx_tool.report.html.timeline import Scale
from cpx_tool.report.result import Run
from cpx_tool.report.trust import chain_lines
from cpx_tool.report.words import Say, clipped

_DATED = ("P12-STARTED", "P12-NOT-EXPIRED", "P12-EXPIRY")


@dataclass(frozen=True, slots=True)
class FileView:
    """One file. `place` is its anchor on the page, `key` its name, `holder` the certificate's."""

    place: str
    key: str
    type: str
    holder: str
    result: Mark
    facts: tuple[tuple[str, str], ...]
    validity: Validity
    chain: tuple[tuple[str, str], ...]
    tallies: list[Tally]
    lines: list[Line]


def render(
    checklist: SoftwareChecklist,
    run: Run,
    code: ExitCode,
    say: Say,
    lang: str,
    fetched: Sequence[Fetched] | None = None,
) -> str:
    """One HTML page. The digest on it is that of `software.render_json` of the same arguments.

    `say` speaks the language of which `lang` is the code ("fr").
    """
    files = checklist.files
    scale = timeline.scale(checklist.observation.judged_at, *_dates(files))
    names = software.short_names(files)
    views = [
        _view(file, f"file-{number}", names[file.key], scale, say)
        for number, file in enumerate(files, start=1)
    ]
    known = {
        file.key: Subject(view.key, view.place) for file, view in zip(files, views, strict=True)
    }
    findings = checklist.all_findings()
    subjects = nmsg("{count} file", "{count} files", len(files))
    json = software.render_json(checklist, run, code, say, fetched)
    values: dict[str, Any] = {
        **frame(run, code, json, say),
        "emulated": _emulated(checklist, names, say),
        "verdict": marks.of_verdict(checklist.verdict, say),
        "title": say(software.PURPOSES[checklist.purpose]),
        "summary": [say(part) for part in (subjects, *counts(findings))],
        "tallies": marks.tallies(findings, say),
        "attention": lines.attention(findings, lambda key: known.get(key, Subject("")), say),
        "files": views,
        "now": scale.at(checklist.observation.judged_at),
        "ticks": scale.ticks(),
        "rows": check_rows([file.findings for file in files], say),
        "run_tallies": marks.tallies(checklist.findings, say),
        "run_lines": lines.lines(checklist.findings, say),
        "fetched": fetched_list(fetched, say),
    }
    return page("software.html", values, say, lang)


def _dates(files: Sequence[JudgedFile]) -> list[Any]:
    known = [file.certificate for file in files if file.certificate]
    return [moment for found in known for moment in (found.not_before, found.not_after)]


def _emulated(checklist: SoftwareChecklist, names: dict[str, str], say: Say) -> str:
    files = tuple(names[file.key] for file in checklist.files if software.is_emulated(file))
    return say(software.emulated_banner(files)) if files else ""


def _view(file: JudgedFile, place: str, name: str, scale: Scale, say: Say) -> FileView:
    holder = file.identity.holder if file.identity else None
    certificate = file.certificate
    return FileView(
        place=place,
        key=name,
        type=file.usage.value if file.usage else "",
        holder=clipped(holder.common_name or holder.display) if holder else "",
        result=marks.of_verdict(file.result, say),
        facts=_facts(file, say),
        validity=validity(
            certificate.not_before if certificate else None,
            certificate.not_after if certificate else None,
            _dated(file.findings),
            scale,
            say,
        ),
        chain=_chain(file, say),
        tallies=marks.tallies(file.findings, say),
        lines=lines.lines(file.findings, say),
    )


def _dated(findings: Sequence[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.check in _DATED]


def _facts(file: JudgedFile, say: Say) -> tuple[tuple[str, str], ...]:
    holder = file.identity.holder if file.identity else None
    contents = file.observed.contents
    key = contents.key if contents else None
    told: tuple[tuple[Message, str], ...] = (
        (msg("File"), file.observed.file),
        (msg("Organisation"), clipped(holder.organisation or "") if holder else ""),
        (msg("Structure"), holder.structure.value if holder and holder.structure else ""),
        (msg("Private key"), f"{key.algorithm} {key.bits or ''}".strip() if key else ""),
    )
    return tuple((say(name), value) for name, value in told if value)


def _chain(file: JudgedFile, say: Say) -> tuple[tuple[str, str], ...]:
    if file.chain is None or file.revocation is None:
        return ()
    return tuple((say(name), told) for name, told in chain_lines(file.chain, file.revocation, say))
