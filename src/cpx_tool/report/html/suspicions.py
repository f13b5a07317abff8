"""Which part is at fault, of one result and of two compared, as pages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from cpx_tool.errors import ExitCode
from cpx_tool.model.blame import Blame, Comparison, Difference, Side, Sureness, Suspicion
from cpx_tool.model.finding import Finding
from cpx_tool.model.message import msg, nmsg
from cpx_tool.report import blame as blame_report
from cpx_tool.report import compare as compare_report
from cpx_tool.report.html import lines, marks
from cpx_tool.report.html.frame import frame
from cpx_tool.report.html.lines import Subject
from cpx_tool.report.html.marks import Kind, Mark
from cpx_tool.report.html.page import page
from cpx_tool.report.html.station import station_view
from cpx_tool.report.result import Run
from cpx_tool.report.results.observed import run_of
from cpx_tool.report.words import Say

_KINDS = {
    Sureness.CERTAIN: Kind.FAILED,
    Sureness.LIKELY: Kind.WARNING,
    Sureness.POSSIBLE: Kind.SKIPPED,
}


@dataclass(frozen=True, slots=True)
class SuspicionView:
    """A part at fault: how sure that is, why, and what was seen; `checks` are what it explains."""

    part: str
    sureness: Mark
    rule: str
    subjects: tuple[str, ...]
    reason: str
    evidence: tuple[str, ...]
    checks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """Something that is not the same in both; "" where it is not there."""

    subject: str
    what: str
    left: str
    right: str


@dataclass(frozen=True, slots=True)
class Topic:
    """Differences of one kind."""

    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class SideView:
    """One of the two results."""

    name: str
    verdict: Mark
    observed: str
    host: str
    run_id: str
    system: str


def render_blame(blame: Blame, code: ExitCode, say: Say, lang: str) -> str:
    """One HTML page. The digest on it is that of `blame.render_json` of the same arguments.

    `say` speaks the language of which `lang` is the code ("fr").
    """
    seen = blame.observation
    explained = [finding for one in blame.suspicions for finding in one.findings]
    findings = _once([*explained, *blame.unexplained])
    json = blame_report.render_json(blame, say)
    counted = nmsg("{count} part suspected", "{count} parts suspected", len(blame.suspicions))
    values = {
        **frame(run_of(seen, "blame"), code, json, say),
        "station": station_view(seen, say),
        "verdict": marks.of_verdict(blame.verdict, say),
        "summary": [say(counted)],
        "suspicions": _suspicions(blame.suspicions, say),
        "nothing": say(blame_report.nothing(blame.verdict)),
        "unexplained": lines.lines(blame.unexplained, say),
        "one_try": say(blame_report.ONE_TRY),
        "attention": lines.attention(findings, _named, say, seen),
    }
    return page("blame.html", values, say, lang)


def render_comparison(comparison: Comparison, run: Run, code: ExitCode, say: Say, lang: str) -> str:
    """One HTML page. The digest on it is that of `compare.render_json` of the same arguments.

    `say` speaks the language of which `lang` is the code ("fr").
    """
    different = len(comparison.differences)
    counted = nmsg("{count} difference", "{count} differences", different)
    kind = Kind.WARNING if different else Kind.PASSED
    word = counted if different else msg("Nothing differs.")
    pointed = nmsg("{count} part suspected", "{count} parts suspected", len(comparison.suspicions))
    values = {
        **frame(run, code, compare_report.render_json(comparison, say), say),
        "verdict": marks.worded(kind, word, say),
        "summary": [say(pointed)],
        "sides": [
            _side("A", comparison.left, say),
            _side("B", comparison.right, say),
        ],
        "suspicions": _suspicions(comparison.suspicions, say),
        "nothing": say(
            msg("Not known: these differences point to no part.") if different else word
        ),
        "topics": _topics(comparison.differences, say),
        "attention": lines.attention(comparison.in_both, _named, say),
    }
    return page("comparison.html", values, say, lang)


def _once(findings: Iterable[Finding]) -> list[Finding]:
    """Two suspicions may explain one finding."""
    return list({(f.check, f.subject, f.message.text): f for f in findings}.values())


def _named(key: str) -> Subject:
    return Subject("" if key in ("", "run") else key)


def _suspicions(told: Sequence[Suspicion], say: Say) -> list[SuspicionView]:
    return [
        SuspicionView(
            part=say(blame_report.PARTS[one.part]),
            sureness=marks.worded(_KINDS[one.sureness], blame_report.SURENESS[one.sureness], say),
            rule=one.rule,
            subjects=one.subjects,
            reason=say(one.reason),
            evidence=tuple(map(say, one.evidence)),
            checks=tuple(dict.fromkeys(finding.check for finding in one.findings)),
        )
        for one in told
    ]


def _topics(differences: Sequence[Difference], say: Say) -> list[Topic]:
    order = list(compare_report.TOPICS)
    ranked = sorted(differences, key=lambda one: order.index(one.topic))
    return [
        Topic(say(compare_report.TOPICS[topic]), tuple(_row(one, say) for one in found))
        for topic, found in groupby(ranked, key=lambda one: one.topic)
    ]


def _row(one: Difference, say: Say) -> Row:
    return Row(
        subject="" if one.subject == "run" else one.subject,
        what=say(msg("{name}", name=compare_report.key_words(one.key))),
        left=_value(one.key, one.left, say),
        right=_value(one.key, one.right, say),
    )


def _value(key: str, value: str | None, say: Say) -> str:
    return say(msg("{name}", name=compare_report.value_words(key, value))) if value else ""


def _side(name: str, side: Side, say: Say) -> SideView:
    seen = side.observation
    return SideView(
        name=name,
        verdict=marks.of_verdict(side.verdict, say),
        observed=say(msg("{date}", date=seen.observed_at)),
        host=seen.workstation.host,
        run_id=seen.run_id,
        system=seen.workstation.system,
    )
