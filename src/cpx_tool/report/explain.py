"""Checks and codes at length, and the list of codes: for a person and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cpx_tool.model.guidance import Guidance, Kind
from cpx_tool.model.message import Message, msg
from cpx_tool.report.canvas import Canvas, Paper
from cpx_tool.report.checks import SEVERITIES, CheckRow
from cpx_tool.report.json import SCHEMA_VERSION, to_text
from cpx_tool.report.words import Say

KINDS = {
    Kind.CHECK: msg("check"),
    Kind.PIN_REFUSAL: msg("PIN not tried"),
    Kind.MODULE_FAULT: msg("call into the module"),
    Kind.TLS_CAUSE: msg("TLS step"),
    Kind.MERGING: msg("file to be merged"),
    Kind.EXIT_CODE: msg("exit code"),
}


@dataclass(frozen=True, slots=True)
class Explained:
    """An id with its text; `check` is the check of that id, None for a code."""

    id: str
    guidance: Guidance
    check: CheckRow | None = None

    @property
    def meaning(self) -> Message:
        """What it proves, or means."""
        return self.guidance.meanings[self.id]

    @property
    def remedy(self) -> Message | None:
        """What to do."""
        return self.guidance.remedy or (self.check.hint if self.check else None)


def render(explained: Sequence[Explained], say: Say, paper: Paper) -> str:
    """Each in full: what, why, causes, remedy, sources."""
    canvas = Canvas(paper)
    for number, one in enumerate(explained):
        if number:
            canvas.line()
        _one(canvas, one, say)
    return canvas.text()


def says_the_same(title: Message, meaning: Message) -> bool:
    """Whether what a check expects and what it proves are one sentence."""
    return title.text.rstrip(".").casefold() == meaning.text.rstrip(".").casefold()


def _one(canvas: Canvas, one: Explained, say: Say) -> None:
    kind = one.check.severity if one.check else None
    word = say(KINDS[one.guidance.kind] if kind is None else SEVERITIES[kind])
    canvas.line(f"{one.id} ({word})", "bold")
    if one.check is not None:
        canvas.line(say(msg("Expected: {title}", title=one.check.title)))
        if not says_the_same(one.check.title, one.meaning):
            canvas.line(say(msg("Proves: {what}", what=one.meaning)))
    else:
        canvas.line(say(msg("Means: {what}", what=one.meaning)))
    canvas.line(say(msg("Why it matters: {why}", why=one.guidance.why)))
    canvas.line(say(msg("Causes:")))
    for cause in one.guidance.causes:
        canvas.item("-", say(cause), indent=2)
    if one.remedy is not None:
        canvas.item("→", say(one.remedy))
    canvas.line(say(msg("Sources:")), "dim")
    for source in one.guidance.sources:
        canvas.item("-", source, "dim", indent=2)


def render_json(explained: Sequence[Explained], say: Say) -> str:
    """One JSON object."""
    return to_text(
        {"schema_version": SCHEMA_VERSION, "explained": [_body(one, say) for one in explained]}
    )


def _body(one: Explained, say: Say) -> dict[str, Any]:
    check, remedy = one.check, one.remedy
    return {
        "id": one.id,
        "kind": one.guidance.kind.value,
        "severity": check.severity.value if check else None,
        "scope": check.scope if check else None,
        "title": say(check.title) if check else None,
        "meaning": say(one.meaning),
        "why": say(one.guidance.why),
        "causes": [say(cause) for cause in one.guidance.causes],
        "remedy": say(remedy) if remedy else None,
        "sources": list(one.guidance.sources),
    }


def render_codes(explained: Sequence[Explained], say: Say, paper: Paper) -> str:
    """Every code in a line, family by family."""
    canvas = Canvas(paper)
    for kind, word in KINDS.items():
        codes = [one for one in explained if one.guidance.kind is kind]
        if codes:
            canvas.line(f"{say(word)} ({kind.value})", "bold")
            rows = [((one.id, ""), (say(one.meaning), "")) for one in codes]
            canvas.pairs(rows, 2, canvas.column_behind([one.id for one in codes], 2))
            canvas.line()
    return canvas.text()


def render_codes_json(explained: Sequence[Explained], say: Say) -> str:
    """Every code as one JSON object."""
    codes = [
        {"code": one.id, "kind": one.guidance.kind.value, "meaning": say(one.meaning)}
        for one in explained
    ]
    return to_text({"schema_version": SCHEMA_VERSION, "codes": codes})
