"""The checklist for a person at a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from cpx_tool.catalogue.readers import NOT_A_READER, no_card_answer, pcsc_answer
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
from cpx_tool.model.observation import CardObservation, Observation, PinResult
from cpx_tool.model.reader import PcscStatus
from cpx_tool.report import eligibility, forecast, handshakes
from cpx_tool.report.canvas import Canvas, Paper
from cpx_tool.report.detail import Detail
from cpx_tool.report.findings import MARKS, attention, everything, mark_of, verdict_line
from cpx_tool.report.words import PLACES, RESULTS, Say, clipped, day, holder_name, short_label

_RESULT_STYLES = {
    CardResult.PASSED: "bold green",
    CardResult.INTERCHANGEABLE: "bold yellow",
    CardResult.FAILED: "bold red",
    CardResult.INCOMPLETE: "bold yellow",
}

_LEGEND = msg("Auth/Sign: ✓ verified, ✗ not verified, – not tried. (?): role not certain.")


def render(
    checklist: Checklist,
    say: Say,
    paper: Paper,
    *,
    explain_uses: bool = False,
) -> str:
    """The table of cards, what needs attention with its remedy, what the cards are good for and
    until when, the summary line. With `explain_uses`, each use with reason and source. QUIET: what
    needs attention and the summary line; VERBOSE: each finding besides.
    """
    canvas = Canvas(paper)
    if paper.detail is Detail.QUIET:
        _quiet(canvas, checklist, say)
        return canvas.text()
    _head(canvas, checklist, say)
    if checklist.cards:
        _cards(canvas, checklist, say)
    else:
        canvas.line()
        _no_cards_at_all(canvas, checklist, say)
    _servers(canvas, checklist, say)
    if paper.detail is Detail.VERBOSE:
        _every_finding(canvas, checklist, say)
    _attention(canvas, checklist, say)
    if checklist.cards:
        _good_for(canvas, checklist, say, explain=explain_uses)
        forecast.lines(canvas, checklist, say)
    _summary(canvas, checklist, say)
    return canvas.text()


def _quiet(canvas: Canvas, checklist: Checklist, say: Say) -> None:
    if checklist.observation.emulated:
        canvas.line(say(emulated_banner()), "bold magenta")
    if not checklist.cards:
        _no_cards_at_all(canvas, checklist, say)
    _attention(canvas, checklist, say)
    _verdict(canvas, checklist, say)


def _every_finding(canvas: Canvas, checklist: Checklist, say: Say) -> None:
    everything(canvas, say(msg("Workstation and set")), checklist.findings, say)
    known = {card.key: card for card in checklist.cards}
    for card in checklist.cards:
        everything(canvas, _names([card.key], known), card.findings, say)
        for one in card.handshakes:
            everything(canvas, f"{card.key} {one.handshake.endpoint.url}", one.findings, say)


def emulated_banner() -> Message:
    """What stands above every output about emulated cards."""
    return msg("EMULATED CARDS: nothing here speaks about real cards or real readers.")


def _head(canvas: Canvas, checklist: Checklist, say: Say) -> None:
    card_set = checklist.card_set
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
    provenance(canvas, checklist.observation, say)


def provenance(canvas: Canvas, seen: Observation, say: Say) -> None:
    """When and where the cards were seen, and through which module."""
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
    alone = tuple(card.slot.description for card in seen.cards if card.reader is None)
    if alone and seen.pcsc.status is not PcscStatus.NOT_ASKED:
        canvas.line(say(msg("{names}: {message}", names=alone, message=NOT_A_READER)))


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
    lacking = _lacking_row(checklist.observation, say)
    entries += [(lacking, role.title) for role in checklist.missing]
    canvas.line()
    canvas.entries([say(head) for head in heads], entries, movable=2)
    canvas.line()


def _lacking_row(seen: Observation, say: Say) -> list[tuple[str, str]]:
    empty = ("", "")
    word = (msg("not read"), "bold yellow") if seen.cut_short else (msg("missing"), "bold red")
    return [("—", ""), empty, empty, empty, empty, (say(word[0]), word[1])]


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
    """Holder, the role in the set, and when the card was read where that was not in this run."""
    role = _role(card, say)
    who = f"{holder_name(card.identity, say)} — {role}" if card.identity else role
    if card.observed.observed_at is None:
        return who
    when = card.observed.observed_at
    return say(msg("{card} — read on {date} in an interrupted run", card=who, date=when))


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
    return "".join(MARKS[f.outcome][0] for f in found), MARKS[worst][1]


def _servers(canvas: Canvas, checklist: Checklist, say: Say) -> None:
    """Each card at each server, where servers were asked."""
    shaken = [one for card in checklist.cards for one in card.handshakes]
    if shaken:
        handshakes.table(canvas, shaken, say)


def _attention(canvas: Canvas, checklist: Checklist, say: Say) -> None:
    """What is not as it should be, check by check, each with its cards and its remedy."""
    cards = {card.key: card for card in checklist.cards}
    findings = checklist.all_findings()
    if not cards:  # what is above as the reason is not said twice
        above = _told_as_reason(checklist)
        findings = tuple(f for f in findings if f is not above)
    attention(canvas, findings, lambda keys: _names(keys, cards), say)


def _names(keys: Sequence[str], known: Mapping[str, JudgedCard]) -> str:
    """One card with its holder; several by their numbers, as the table names the holders; what was
    asked of a server with the address.
    """
    cards = [known[key] for key in keys if key in known]
    addressed = [key for key in keys if " " in key]
    if addressed:
        return ", ".join(addressed)
    if len(cards) != 1:
        return ", ".join(card.key for card in cards)
    identity = cards[0].identity
    return f"{cards[0].key} {clipped(identity.holder.display) if identity else ''}".strip()


def _good_for(canvas: Canvas, checklist: Checklist, say: Say, *, explain: bool) -> None:
    eligibility.matrix(canvas, checklist.cards, say, reasons=not explain)
    if explain:
        named = [(card.key, card.eligibility) for card in checklist.cards]
        eligibility.explained(canvas, named, say)


def _no_cards_at_all(canvas: Canvas, checklist: Checklist, say: Say) -> None:
    """The reason first, as the finding that it is, if it is one."""
    finding = _told_as_reason(checklist)
    if finding is None:
        no_cards(canvas, checklist.observation, checklist.findings, say)
        return
    reason, hint = why_no_card(checklist.observation, checklist.findings)
    told = msg("No card could be checked: {reason}", reason=reason)
    mark, _ = mark_of(finding)
    canvas.item(mark, say(msg("{check}: {message}", check=finding.check, message=told)), "bold red")
    canvas.item("→", say(hint), indent=4)
    canvas.line()


def _told_as_reason(checklist: Checklist) -> Finding | None:
    """What was found of the PC/SC service, where it is why no card could be checked."""
    seen = checklist.observation
    if why_no_card(seen, checklist.findings) != pcsc_answer(seen.pcsc):
        return None
    noticed = (Outcome.FAILED, Outcome.ERROR)
    service = (f for f in checklist.findings if f.check == "PCSC-SERVICE")
    return next((f for f in service if f.outcome in noticed), None)


def no_cards(canvas: Canvas, seen: Observation, findings: Sequence[Finding], say: Say) -> None:
    """Why no card could be checked, and what to do; `findings` are those of the workstation."""
    reason, hint = why_no_card(seen, findings)
    canvas.line(say(msg("No card could be checked: {reason}", reason=reason)), "bold red")
    canvas.item("→", say(hint), indent=2)
    canvas.line()


def why_no_card(seen: Observation, findings: Sequence[Finding]) -> tuple[Message, Message]:
    """What was taken back, what failed of the workstation, else what the readers say."""
    if seen.taken_back:
        return _taken_back(seen.taken_back)
    for finding in findings:
        decides = finding.severity is Severity.BLOCKER and finding.outcome is Outcome.FAILED
        if decides and finding.hint is not None:
            return finding.message, finding.hint
    return no_card_answer(seen.pcsc)


def _taken_back(count: int) -> tuple[Message, Message]:
    return (
        nmsg(
            "{count} card was read and taken back (b), so it does not count.",
            "{count} cards were read and taken back (b), so they do not count.",
            count,
        ),
        msg("Run it again, and take back only what does not belong to the set."),
    )


def _summary(canvas: Canvas, checklist: Checklist, say: Say) -> None:
    if checklist.cards:
        canvas.line(say(_LEGEND), "dim")
        canvas.line(say(pins_tried(card.observed for card in checklist.cards)))
    _verdict(canvas, checklist, say)


def _verdict(canvas: Canvas, checklist: Checklist, say: Say) -> None:
    size = checklist.card_set.size
    found = size - len(checklist.missing)
    subjects = nmsg("{count} of {size} cards", "{count} of {size} cards", found, size=size)
    alike = sum(card.result is CardResult.INTERCHANGEABLE for card in checklist.cards)
    if alike and checklist.verdict is Verdict.PASSED:  # of the others, the table tells
        subjects = msg("{cards} ({count} interchangeable)", cards=subjects, count=alike)
    verdict_line(canvas, checklist.verdict, subjects, checklist.all_findings(), say)


def pins_tried(cards: Iterable[CardObservation]) -> Message:
    """On how many of these cards a PIN was tried."""
    pins = [card.pin for card in cards]
    tried = sum(pin is not None and pin.result is not PinResult.REFUSED for pin in pins)
    return nmsg(
        "PIN: tried once on {count} card, not tried on {refused}.",
        "PIN: tried once on {count} cards, not tried on {refused}.",
        tried,
        refused=len(pins) - tried,
    )
