"""The checklist for a person at a terminal."""

from __future__ import annotations

from collections.abc import Iterable

from cpx_tool.model.cardset import ExpectedCard
from cpx_tool.model.finding import (
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
from cpx_tool.report.words import PLACES, VERDICTS, Say, day, pcsc_answer, short_label

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
    heads = [
        say(head)
        for head in (
            msg("Card"),
            msg("Holder"),
            msg("Type"),
            msg("Profession"),
            msg("Role in the set"),
            msg("Valid until"),
            msg("Signs"),
            msg("Result"),
        )
    ]
    rows = [_row(card, say) for card in checklist.cards]
    rows += [_missing_row(role, say) for role in checklist.missing]
    canvas.table(heads, rows)


def _missing_row(role: ExpectedCard, say: Say) -> list[tuple[str, str]]:
    empty = ("", "")
    result = (say(msg("missing")), "bold red")
    return [("—", "red"), empty, empty, empty, (role.title, "red"), empty, empty, result]


def _row(card: JudgedCard, say: Say) -> list[tuple[str, str]]:
    identity = card.identity
    holder = identity.holder.display if identity else ""
    if identity and not identity.holder.nominative:
        holder = say(msg("{name} (anonymous)", name=holder))
    card_type = identity.card_type if identity else None
    profession = identity.profession if identity else None
    return [
        (card.key, ""),
        (holder, ""),
        (short_label(card_type) if card_type else "", ""),
        ((profession.label or profession.code) if profession else "—", ""),
        (_role(card, say), ""),
        (day(card.not_after), ""),
        _signs(card),
        _result(card, say),
    ]


def _role(card: JudgedCard, say: Say) -> str:
    if card.expected is None or card.place is not Place.EXPECTED:
        return say(PLACES[card.place])
    return card.expected.title + (" (?)" if card.interchangeable else "")


def _signs(card: JudgedCard) -> tuple[str, str]:
    found = [f for f in card.findings if f.check in ("SIGN-AUTH", "SIGN-SIGN")]
    marks = "".join(_MARKS[f.outcome][0] for f in found)
    worst = next((f.outcome for f in found if f.outcome is not Outcome.PASSED), Outcome.PASSED)
    return marks, _MARKS[worst][1]


def _result(card: JudgedCard, say: Say) -> tuple[str, str]:
    blockers = [f.outcome for f in card.findings if f.severity is Severity.BLOCKER]
    if Outcome.FAILED in blockers:
        return say(VERDICTS[Verdict.FAILED]), _VERDICT_STYLES[Verdict.FAILED]
    if any(outcome is not Outcome.PASSED for outcome in blockers):
        return say(VERDICTS[Verdict.INCOMPLETE]), _VERDICT_STYLES[Verdict.INCOMPLETE]
    return say(VERDICTS[Verdict.PASSED]), _VERDICT_STYLES[Verdict.PASSED]


def _attention(canvas: Canvas, checklist: Checklist, say: Say) -> None:
    _block(canvas, say(msg("Workstation and set")), checklist.findings, say)
    for card in checklist.cards:
        role = _role(card, say)
        _block(canvas, f"{card.key} · {role}", card.findings, say)


def _block(canvas: Canvas, title: str, findings: Iterable[Finding], say: Say) -> None:
    shown = [f for f in findings if _needs_attention(f)]
    if not shown:
        return
    canvas.line(title, "bold")
    told: set[str] = set()
    for finding in shown:
        mark, style = _mark(finding)
        text = f"{mark} {finding.check}: {say(finding.message)}"
        if finding.outcome is not Outcome.PASSED:
            text = f"{mark} {finding.check}: {say(finding.title)} — {say(finding.message)}"
        canvas.line(text, style, indent=2)
        hint = say(finding.hint) if finding.hint else ""
        if hint and hint not in told:
            canvas.line(f"→ {hint}", indent=4)
            told.add(hint)
    canvas.line()


def _needs_attention(finding: Finding) -> bool:
    """Failures and errors; what was skipped only where it decides or has a remedy."""
    if finding.outcome is Outcome.SKIPPED:
        return finding.hint is not None
    return finding.outcome is not Outcome.PASSED


def _mark(finding: Finding) -> tuple[str, str]:
    if finding.severity is Severity.WARNING and finding.outcome is not Outcome.PASSED:
        return _WARNING
    return _MARKS[finding.outcome]


def _no_cards(canvas: Canvas, checklist: Checklist, say: Say) -> None:
    reason, hint = pcsc_answer(checklist.observation.pcsc) or (
        msg("The PKCS#11 module shows no card."),
        msg("Run cpx-tool list-readers to see what PC/SC shows of the card."),
    )
    canvas.line(say(msg("No card could be checked: {reason}", reason=reason)), "bold red")
    canvas.line(f"→ {say(hint)}", indent=2)
    canvas.line()


def _summary(canvas: Canvas, checklist: Checklist, say: Say) -> None:
    findings = checklist.all_findings()
    blockers = [f for f in findings if f.severity is Severity.BLOCKER]
    warnings = sum(f.severity is Severity.WARNING and f.outcome is Outcome.FAILED for f in findings)
    unanswered = sum(f.outcome in (Outcome.SKIPPED, Outcome.ERROR) for f in blockers)
    size = checklist.card_set.size
    parts = (
        msg("{found} of {size} cards", found=size - len(checklist.missing), size=size),
        nmsg(
            "{count} check passed",
            "{count} checks passed",
            sum(f.outcome is Outcome.PASSED for f in findings),
        ),
        nmsg(
            "{count} failed",
            "{count} failed",
            sum(f.outcome is Outcome.FAILED for f in blockers),
        ),
        nmsg("{count} not answered", "{count} not answered", unanswered),
        nmsg("{count} warning", "{count} warnings", warnings),
    )
    pins = [card.observed.pin for card in checklist.cards if card.observed.pin]
    tried = sum(pin.result is not PinResult.REFUSED for pin in pins)
    canvas.line(
        say(
            msg(
                "PIN: tried once on {tried} cards, not tried on {refused}.",
                tried=tried,
                refused=len(checklist.cards) - tried,
            )
        )
    )
    verdict = say(VERDICTS[checklist.verdict])
    style = _VERDICT_STYLES[checklist.verdict]
    canvas.line(f"{verdict} — " + ", ".join(map(say, parts)), style)
