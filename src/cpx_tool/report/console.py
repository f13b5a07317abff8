"""The checklist for a person at a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cpx_tool.catalogue.readers import why_no_card
from cpx_tool.model.finding import (
    CardResult,
    Checklist,
    Finding,
    JudgedCard,
    Outcome,
    Place,
    Severity,
    Verdict,
)
from cpx_tool.model.message import Message, msg, nmsg
from cpx_tool.model.observation import PinResult
from cpx_tool.report.canvas import Canvas, Paper
from cpx_tool.report.words import PLACES, RESULTS, VERDICTS, Say, clipped, day, short_label

_MARKS = {
    Outcome.PASSED: ("✓", "green"),
    Outcome.FAILED: ("✗", "bold red"),
    Outcome.SKIPPED: ("–", "yellow"),
    Outcome.ERROR: ("?", "bold yellow"),
}
_WARNING = ("!", "yellow")
_VERDICT_STYLES = {
    Verdict.PASSED: "bold green",
    Verdict.FAILED: "bold red",
    Verdict.INCOMPLETE: "bold yellow",
}
_RESULT_STYLES = {
    CardResult.PASSED: "bold green",
    CardResult.INTERCHANGEABLE: "bold yellow",
    CardResult.FAILED: "bold red",
    CardResult.INCOMPLETE: "bold yellow",
}

_LEGEND = msg("Auth/Sign: ✓ verified, ✗ not verified, – not tried. (?): role not certain.")


def render(checklist: Checklist, say: Say, paper: Paper) -> str:
    """The table of cards, what needs attention with its remedy, the summary line."""
    canvas = Canvas(paper)
    _head(canvas, checklist, say)
    if checklist.cards:
        _cards(canvas, checklist, say)
    _attention(canvas, checklist, say)
    if not checklist.cards:
        _no_cards(canvas, checklist, say)
    _summary(canvas, checklist, say)
    return canvas.text()


def emulated_banner() -> Message:
    """What stands above every output about emulated cards."""
    return msg("EMULATED CARDS: nothing here speaks about real cards or real readers.")


def _head(canvas: Canvas, checklist: Checklist, say: Say) -> None:
    card_set = checklist.card_set
    seen = checklist.observation
    canvas.line(
        say(
            msg(
                "Set: {title} ({reference})",
                title=card_set.title,
                reference=card_set.reference or card_set.name,
            )
        ),
        "bold",
    )
    if seen.emulated:
        canvas.line(say(emulated_banner()), "bold magenta")
    canvas.line(
        say(
            msg(
                "Observed: {date} on {host} ({system})",
                date=seen.observed_at,
                host=seen.workstation.host,
                system=seen.workstation.system,
            )
        )
    )
    if seen.module and seen.module.info:
        info = seen.module.info
        canvas.line(
            say(
                msg(
                    "Module: {name}, version {version} ({path})",
                    name=f"{info.manufacturer} {info.description}",
                    version=info.version,
                    path=info.path,
                )
            )
        )


def _cards(canvas: Canvas, checklist: Checklist, say: Say) -> None:
    heads = (
        msg("Card"),
        msg("Type"),
        msg("Profession"),
        msg("Until"),
        msg("Auth/Sign"),
        msg("Result"),
    )
    entries = [(_row(card, say), _who(card, say)) for card in checklist.cards]
    entries += [(_missing_row(say), role.title) for role in checklist.missing]
    canvas.line()
    canvas.entries([say(head) for head in heads], entries, movable=2)
    canvas.line()


def _missing_row(say: Say) -> list[tuple[str, str]]:
    empty = ("", "")
    return [("—", ""), empty, empty, empty, empty, (say(msg("missing")), "bold red")]


def _row(card: JudgedCard, say: Say) -> list[tuple[str, str]]:
    identity = card.identity
    card_type = identity.card_type if identity else None
    profession = identity.profession if identity else None
    return [
        (card.key, "bold"),
        (short_label(card_type) if card_type else "—", ""),
        ((profession.label or profession.code) if profession else "—", ""),
        (day(card.not_after) or "—", _validity_style(card)),
        _signs(card),
        (say(RESULTS[card.result]), _RESULT_STYLES[card.result]),
    ]


def _who(card: JudgedCard, say: Say) -> str:
    """Holder, and the role in the set."""
    if card.identity is None:
        return _role(card, say)
    holder = card.identity.holder
    name = clipped(holder.display)
    if not holder.nominative:
        name = say(msg("{name} (anonymous)", name=name))
    return f"{name} — {_role(card, say)}"


def _role(card: JudgedCard, say: Say) -> str:
    if card.expected is None or card.place is not Place.EXPECTED:
        return say(PLACES[card.place])
    doubt = "\N{NO-BREAK SPACE}(?)" if card.interchangeable else ""  # CARD-ROLE explains it
    return card.expected.title + doubt


def _validity_style(card: JudgedCard) -> str:
    dated = ("CERT-STARTED", "CERT-NOT-EXPIRED")
    over = any(f.check in dated and f.outcome is Outcome.FAILED for f in card.findings)
    return "bold red" if over else ""


def _signs(card: JudgedCard) -> tuple[str, str]:
    """One mark for the authentication key, one for the signature key."""
    found = [f for f in card.findings if f.check in ("SIGN-AUTH", "SIGN-SIGN")]
    worst = next((f.outcome for f in found if f.outcome is not Outcome.PASSED), Outcome.PASSED)
    return "".join(_MARKS[f.outcome][0] for f in found), _MARKS[worst][1]


def _attention(canvas: Canvas, checklist: Checklist, say: Say) -> None:
    """What is not as it should be, check by check, each with its cards and its remedy."""
    cards = {card.key: card for card in checklist.cards}
    by_check: dict[str, list[Finding]] = {}
    for finding in _shown(checklist):
        if finding.check == "PCSC-SERVICE" and not checklist.cards:
            continue  # said below, as the reason why no card could be checked
        by_check.setdefault(finding.check, []).append(finding)
    for findings in sorted(by_check.values(), key=lambda group: min(map(_rank, group))):
        _group(canvas, findings, cards, say)


def _shown(checklist: Checklist) -> list[Finding]:
    """What has a remedy; and what decides and was not answered, where nothing else says why."""
    everything = checklist.all_findings()
    explained = {f.subject for f in everything if _is_open(f) and _needs_attention(f)}
    return [
        f for f in everything if _needs_attention(f) or (_is_open(f) and f.subject not in explained)
    ]


def _needs_attention(finding: Finding) -> bool:
    if finding.outcome is Outcome.SKIPPED:
        return finding.hint is not None
    return finding.outcome is not Outcome.PASSED


def _is_open(finding: Finding) -> bool:
    return finding.severity is Severity.BLOCKER and finding.outcome is not Outcome.PASSED


def _rank(finding: Finding) -> int:
    """Failures first, then what could not be answered, then warnings."""
    if finding.severity is Severity.WARNING:
        return 2
    return 0 if finding.outcome is Outcome.FAILED else 1


def _group(
    canvas: Canvas, findings: Sequence[Finding], cards: Mapping[str, JudgedCard], say: Say
) -> None:
    worst = min(findings, key=_rank)
    mark, style = _mark(worst)
    title = msg("{check} — expected: {title}", check=worst.check, title=worst.title)
    canvas.item(mark, say(title), style)
    told: dict[tuple[str, str], list[str]] = {}
    for finding in findings:
        hint = say(finding.hint) if finding.hint else ""
        told.setdefault((hint, say(finding.message)), []).append(finding.subject)
    hints = [hint for hint, _ in told]
    for number, ((hint, message), subjects) in enumerate(told.items()):
        names = _names([cards[s] for s in subjects if s in cards])
        named = say(msg("{names}: {message}", names=names, message=message))
        canvas.line(named if names else message, indent=4)
        if hint and hint not in hints[number + 1 :]:
            canvas.item("→", hint, indent=4)
    canvas.line()


def _names(cards: Sequence[JudgedCard]) -> str:
    """One card with its holder; several by their numbers, as the table names the holders."""
    if len(cards) != 1:
        return ", ".join(card.key for card in cards)
    identity = cards[0].identity
    return f"{cards[0].key} {clipped(identity.holder.display) if identity else ''}".strip()


def _mark(finding: Finding) -> tuple[str, str]:
    if finding.severity is Severity.WARNING and finding.outcome is not Outcome.PASSED:
        return _WARNING
    return _MARKS[finding.outcome]


def _no_cards(canvas: Canvas, checklist: Checklist, say: Say) -> None:
    reason, hint = why_no_card(checklist.observation.pcsc)
    canvas.line(say(msg("No card could be checked: {reason}", reason=reason)), "bold red")
    canvas.item("→", say(hint), indent=2)
    canvas.line()


def _summary(canvas: Canvas, checklist: Checklist, say: Say) -> None:
    if checklist.cards:
        canvas.line(say(_LEGEND), "dim")
        canvas.line(say(_pins(checklist)))
    style = _VERDICT_STYLES[checklist.verdict]
    parts = ", ".join(map(say, _counts(checklist)))
    canvas.line(f"{say(VERDICTS[checklist.verdict])} — {parts}", style)


def _pins(checklist: Checklist) -> Message:
    pins = [card.observed.pin for card in checklist.cards]
    tried = sum(pin is not None and pin.result is not PinResult.REFUSED for pin in pins)
    return nmsg(
        "PIN: tried once on {count} card, not tried on {refused}.",
        "PIN: tried once on {count} cards, not tried on {refused}.",
        tried,
        refused=len(pins) - tried,
    )


def _counts(checklist: Checklist) -> list[Message]:
    """Cards and checks passed; then only what is not nothing."""
    findings = checklist.all_findings()
    blockers = [f for f in findings if f.severity is Severity.BLOCKER]
    passed = sum(f.outcome is Outcome.PASSED for f in findings)
    failed = sum(f.outcome is Outcome.FAILED for f in blockers)
    unanswered = sum(f.outcome in (Outcome.SKIPPED, Outcome.ERROR) for f in blockers)
    noticed = (Outcome.FAILED, Outcome.ERROR)
    warnings = sum(f.severity is Severity.WARNING and f.outcome in noticed for f in findings)
    size = checklist.card_set.size
    found = size - len(checklist.missing)
    always = [
        nmsg("{count} of {size} cards", "{count} of {size} cards", found, size=size),
        nmsg("{count} check passed", "{count} checks passed", passed),
    ]
    counted = (
        (failed, nmsg("{count} failed", "{count} failed", failed)),
        (unanswered, nmsg("{count} not answered", "{count} not answered", unanswered)),
        (warnings, nmsg("{count} warning", "{count} warnings", warnings)),
    )
    return always + [message for count, message in counted if count]
