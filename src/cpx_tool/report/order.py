"""The order guide for a person, as a Markdown task list, and as JSON."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

from cpx_tool.catalogue.order_words import GROUPS, INTRODUCTION, TITLE, WAYS
from cpx_tool.errors import ExitCode
from cpx_tool.model.finding import Checklist
from cpx_tool.model.message import Message, msg, nmsg
from cpx_tool.model.order import (
    Entry,
    Progress,
    Step,
    StepState,
    Verification,
    VerificationOutcome,
    Way,
)
from cpx_tool.report.canvas import Canvas, Paper
from cpx_tool.report.console import emulated_banner
from cpx_tool.report.json import SCHEMA_VERSION, moment, to_text
from cpx_tool.report.words import Say, day, one_line

COMMAND = "cpx-tool order-guide"

_MARKS = {
    VerificationOutcome.VERIFIED: ("✓", "green"),
    VerificationOutcome.CONTRADICTED: ("✗", "bold red"),
    VerificationOutcome.NOT_VERIFIABLE: ("?", "yellow"),
}
_BY_ITSELF = {
    True: msg("--verify finds out by itself, from the cards."),
    False: msg("--verify --p12 FILE finds out by itself, from the file."),
}
_MARKDOWN = re.compile(r"([\\`*_\[\]<>#|~])")


def render(progress: Progress, say: Say, paper: Paper, *, full: bool) -> str:
    """The steps in order; of those that are ticked one line only, unless `full`."""
    canvas = Canvas(paper)
    _head(canvas, progress, say)
    told: set[str] = set()
    for group, states in groupby(progress.states, key=lambda state: state.step.group):
        canvas.line()
        canvas.line(say(GROUPS[group]), "bold")
        for state in states:
            canvas.item("☐" if state.ticked_at is None else "☑", _headline(state, say))
            if full or state.ticked_at is None:
                _details(canvas, state, progress, say)
            _verification(canvas, state, say, told)
    canvas.line()
    for line, style in _summary(progress):
        canvas.line(say(line), style)
    for number, source in _numbered(progress):
        canvas.line(f"[{number}] {source}", "dim")
    return canvas.text()


def render_markdown(progress: Progress, say: Say) -> str:
    """A task list of GitHub and GitLab, everything in it, ready to be put into an issue."""
    lines = _markdown(progress, say)
    lines += ["", *(f"{_escaped(say(line))}  " for line, _style in _summary(progress))]
    return "\n".join([*lines, "", *_sources(progress)]) + "\n"


def render_page(progress: Progress, say: Say) -> str:
    """The guide for reading: no ticks, nothing looked at."""
    made = msg("Made from the data of {command}, which ticks and verifies.", command=COMMAND)
    lines = [*_markdown(progress, say), "", _escaped(say(made)), "", *_sources(progress)]
    return "\n".join(lines) + "\n"


def render_json(progress: Progress, code: ExitCode, say: Say) -> str:
    """One JSON object."""
    following = progress.next
    body = {
        "schema_version": SCHEMA_VERSION,
        "exit_code": int(code),
        "for": [way.value for way in progress.ways],
        "progress": {"ticked": progress.ticked, "total": len(progress.states)},
        "next": following.step.id if following else None,
        "recommended_set": progress.guide.recommended,
        "sources": dict(progress.guide.sources),
        "looked_at": _seen_body(progress),
        "steps": [_body(state, say) for state in progress.states],
    }
    return to_text(body)


def _head(canvas: Canvas, progress: Progress, say: Say) -> None:
    canvas.line(say(TITLE), "bold")
    canvas.line(say(INTRODUCTION))
    for way in progress.ways:
        canvas.item("•", say(WAYS[way]), indent=2)
    if len(progress.ways) == len(Way):
        canvas.line(say(msg("--for insi-card or --for insi-org leaves out the other way's steps.")))
    for line in _seen(progress):
        canvas.line(say(line), "bold magenta" if line == emulated_banner() else "")


def _seen(progress: Progress) -> Iterator[Message]:
    """What was looked at."""
    cards = progress.cards
    if _emulated(progress):
        yield emulated_banner()
    if cards is not None:
        yield nmsg(
            "Looked at {count} card, as of {date}, for the set “{title}”.",
            "Looked at {count} cards, as of {date}, for the set “{title}”.",
            len(cards.cards),
            date=cards.observation.observed_at,
            title=cards.card_set.title,
        )
    if progress.files is not None:
        files = tuple(file.key for file in progress.files.files)
        yield msg("Looked at these files: {files}", files=files)


def _emulated(progress: Progress) -> bool:
    return progress.cards is not None and progress.cards.observation.emulated


def _headline(state: StepState, say: Say) -> str:
    title = state.step.words.title
    if state.ticked_at is None:
        return say(msg("{id}: {title}", id=state.step.id, title=title))
    date = day(state.ticked_at)
    return say(msg("{id}: {title} (ticked {date})", id=state.step.id, title=title, date=date))


def _details(canvas: Canvas, state: StepState, progress: Progress, say: Say) -> None:
    for line in _lines(state, progress, say):
        canvas.line(line, indent=4)
    for address in state.step.where:
        canvas.verbatim(f"→ {address}", indent=4)


def _lines(state: StepState, progress: Progress, say: Say) -> Iterator[str]:
    """What there is to say of a step, but for its title and its addresses."""
    words = state.step.words
    if words.how is not None:
        yield say(words.how)
    yield from (say(_entry(entry)) for entry in state.step.write)
    if words.needs:
        yield say(msg("Needs: {needs}.", needs=words.needs))
    if words.otherwise is not None:
        yield say(msg("Otherwise: {otherwise}", otherwise=words.otherwise))
    yield say(_why(state.step, progress))
    if words.unpublished is not None:
        yield say(msg("Not published: {what}", what=words.unpublished))
    if state.waits_for:
        yield say(msg("Waits for: {steps}.", steps=state.waits_for))
    verifier = state.step.verifier
    if verifier is not None and not progress.verifying:
        yield say(_BY_ITSELF[verifier.looks_at_cards])


def _entry(entry: Entry) -> Message:
    if entry.example:
        return msg("Write, as an example: {field}: “{value}”", field=entry.field, value=entry.value)
    return msg("Write or choose: {field}: “{value}”", field=entry.field, value=entry.value)


def _why(step: Step, progress: Progress) -> Message:
    """With the numbers of its sources."""
    keys = list(progress.guide.sources)
    sources = " ".join(f"[{keys.index(source) + 1}]" for source in step.sources)
    return msg("Why: {why} {sources}", why=step.words.why, sources=sources)


def _verification(canvas: Canvas, state: StepState, say: Say, told: set[str]) -> None:
    found = state.verification
    if found is None:
        return
    mark, style = _MARKS[found.outcome]
    canvas.item(mark, say(_found(state, found)), style, indent=4)
    hint = say(found.hint) if found.hint else ""
    if hint and hint not in told:
        canvas.item("→", hint, indent=6)
        told.add(hint)


def _found(state: StepState, found: Verification) -> Message:
    if found.outcome is VerificationOutcome.VERIFIED:
        return msg("verified. {reason}", reason=found.reason)
    if found.outcome is VerificationOutcome.NOT_VERIFIABLE:
        return msg("cannot be verified here. {reason}", reason=found.reason)
    if state.ticked_at is not None:
        return msg("CONTRADICTED, though ticked. {reason}", reason=found.reason)
    return msg("CONTRADICTED. {reason}", reason=found.reason)


def _summary(progress: Progress) -> Iterator[tuple[Message, str]]:
    """Sentences and their styles."""
    yield (
        nmsg(
            "Ticked: {count} of {total} steps.",
            "Ticked: {count} of {total} steps.",
            progress.ticked,
            total=len(progress.states),
        ),
        "",
    )
    if progress.verifying:
        verified = _ids(state for state in progress.states if state.verified)
        yield msg("Verified: {steps}.", steps=verified or ("—",)), "green"
    contradicted = _ids(state for state in progress.states if state.contradicted)
    if contradicted:
        yield msg("Contradicted: {steps}.", steps=contradicted), "bold red"
    yield _next(progress), "bold"
    yield from ((line, "") for line in _invitation(progress))


def _next(progress: Progress) -> Message:
    following = progress.next
    if following is None:
        return msg("Next: nothing, all steps are done.")
    return msg("Next: {id}: {title}", id=following.step.id, title=following.step.words.title)


def _invitation(progress: Progress) -> Iterator[Message]:
    """What to type next: to verify; or to tick what real cards and files verify."""
    if not progress.verifying:
        of_cards, of_files = _verifiable(progress, cards=True), _verifiable(progress, cards=False)
        command = f"{COMMAND} --verify"
        if of_cards:
            yield msg(
                "With cards in the readers, {command} verifies: {steps}.",
                command=command,
                steps=of_cards,
            )
        if of_files:
            yield msg("With --p12 FILE FILE it also verifies: {steps}.", steps=of_files)
    elif not _emulated(progress):
        verified = _ids(s for s in progress.states if s.verified and s.ticked_at is None)
        if verified:
            command = f"{COMMAND} --tick {' '.join(verified)}"
            yield msg("Verified and not ticked yet: {command}", command=command)


def _verifiable(progress: Progress, *, cards: bool) -> tuple[str, ...]:
    steps = (state.step for state in progress.states)
    return tuple(s.id for s in steps if s.verifier and s.verifier.looks_at_cards is cards)


def _ids(states: Iterable[StepState]) -> tuple[str, ...]:
    return tuple(state.step.id for state in states)


def _markdown(progress: Progress, say: Say) -> list[str]:
    lines = [f"# {_escaped(say(TITLE))}", "", _escaped(say(INTRODUCTION)), ""]
    lines += [f"- {_escaped(say(WAYS[way]))}" for way in progress.ways]
    if progress.verifying:
        lines += ["", *(f"{_escaped(say(line))}  " for line in _seen(progress))]
    for group, states in groupby(progress.states, key=lambda state: state.step.group):
        lines += ["", f"## {_escaped(say(GROUPS[group]))}", ""]
        for state in states:
            lines += _task(state, progress, say)
    return lines


def _task(state: StepState, progress: Progress, say: Say) -> list[str]:
    box = "[ ]" if state.ticked_at is None else "[x]"
    lines = [f"- {box} {_escaped(_headline(state, say))}"]
    lines += [f"  - {_escaped(line)}" for line in _lines(state, progress, say)]
    lines += [f"  - <{address}>" for address in state.step.where]
    found = state.verification
    if found is not None:
        lines.append(f"  - {_MARKS[found.outcome][0]} {_escaped(say(_found(state, found)))}")
        lines += [f"    - {_escaped(say(found.hint))}"] if found.hint else []
    return lines


def _sources(progress: Progress) -> list[str]:
    return [f"\\[{number}\\] {_escaped(source)}  " for number, source in _numbered(progress)]


def _numbered(progress: Progress) -> Iterator[tuple[int, str]]:
    """The sources of these steps; each keeps its number where others are left out."""
    used = {source for state in progress.states for source in state.step.sources}
    for number, (key, source) in enumerate(progress.guide.sources.items(), start=1):
        if key in used:
            yield number, source


def _escaped(text: str) -> str:
    """Text that Markdown shows as it stands: names come from cards and set files."""
    return _MARKDOWN.sub(r"\\\1", one_line(text))


def _seen_body(progress: Progress) -> dict[str, Any] | None:
    if not progress.verifying:
        return None
    cards, files = progress.cards, progress.files
    return {
        "cards": _cards_body(cards) if cards is not None else None,
        "files": [file.key for file in files.files] if files is not None else [],
    }


def _cards_body(checklist: Checklist) -> dict[str, Any]:
    return {
        "observed_at": moment(checklist.observation.observed_at),
        "emulated": checklist.observation.emulated,
        "set": checklist.card_set.name,
        "count": len(checklist.cards),
    }


def _body(state: StepState, say: Say) -> dict[str, Any]:
    step, words = state.step, state.step.words
    return {
        "id": step.id,
        "group": step.group.value,
        "for": [way.value for way in step.ways],
        "title": say(words.title),
        "how": _said(words.how, say),
        "write": [{"field": e.field, "value": e.value, "example": e.example} for e in step.write],
        "where": list(step.where),
        "needs": _all_said(words.needs, say),
        "otherwise": _said(words.otherwise, say),
        "why": say(words.why),
        "not_published": _said(words.unpublished, say),
        "sources": list(step.sources),
        "after": list(step.after),
        "waits_for": list(state.waits_for),
        "verifier": step.verifier.value if step.verifier else None,
        "ticked_at": moment(state.ticked_at),
        "done": state.done,
        "verification": _verification_body(state.verification, say),
    }


def _verification_body(found: Verification | None, say: Say) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "outcome": found.outcome.value,
        "message": say(found.reason),
        "hint": _said(found.hint, say),
    }


def _said(message: Message | None, say: Say) -> str | None:
    return say(message) if message is not None else None


def _all_said(messages: Sequence[Message], say: Say) -> list[str]:
    return [say(message) for message in messages]
