"""What the keys of cards signed by each mechanism as one page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cpx_tool.errors import ExitCode
from cpx_tool.model.guidance import Kind as TextKind
from cpx_tool.model.message import msg, nmsg
from cpx_tool.model.reader import PcscStatus
from cpx_tool.model.signing import JudgedTry, SigningCard, SigningChecklist, SignResult
from cpx_tool.report import signing
from cpx_tool.report.console import pins_tried, why_no_card
from cpx_tool.report.findings import counts
from cpx_tool.report.html import lines, marks
from cpx_tool.report.html.cards import Pin, card_place, pin_view, reader_name
from cpx_tool.report.html.explanations import Explanations
from cpx_tool.report.html.frame import frame
from cpx_tool.report.html.lines import Line, Subject
from cpx_tool.report.html.marks import Kind, Mark, Tally
from cpx_tool.report.html.page import page
from cpx_tool.report.html.station import station_view
from cpx_tool.report.results.observed import run_of
from cpx_tool.report.words import Say, holder_name, short_label

_RESULTS = {
    SignResult.VERIFIED: (Kind.PASSED, msg("verified")),
    SignResult.WRONG: (Kind.FAILED, msg("not verified by the certificate")),
    SignResult.KNOWN_REFUSAL: (Kind.SKIPPED, msg("refused, as is known")),
    SignResult.REFUSED: (Kind.WARNING, msg("refused")),
    SignResult.CUT_OFF: (Kind.FAILED, msg("cut off")),
    SignResult.NOT_VERIFIABLE: (Kind.ERROR, msg("without a certificate to verify it")),
}


@dataclass(frozen=True, slots=True)
class Cell:
    """One try of a key. `needed` says whether applications cannot do without it."""

    mark: Mark
    time: str
    code: Subject | None
    needed: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One mechanism; a cell is None where the key was not asked."""

    mechanism: str
    cells: tuple[Cell | None, ...]


@dataclass(frozen=True, slots=True)
class SigningView:
    """One card. `place` is its anchor on the page; `heads` are the keys that signed."""

    place: str
    key: str
    holder: str
    type: str
    facts: tuple[tuple[str, str], ...]
    result: Mark
    heads: tuple[str, ...]
    rows: tuple[Row, ...]
    note: str
    pin: Pin | None
    tallies: list[Tally]
    lines: list[Line]


def render(checklist: SigningChecklist, code: ExitCode, say: Say, lang: str) -> str:
    """One HTML page. The digest on it is that of `signing.render_json` of the same arguments.

    `say` speaks the language of which `lang` is the code ("fr").
    """
    seen = checklist.observation
    known = {
        card.key: Subject(card.key, card_place(number))
        for number, card in enumerate(checklist.cards, start=1)
    }
    findings = checklist.all_findings()
    explanations = Explanations(say)
    attention = lines.attention(
        findings, lambda key: known.get(key, Subject("")), say, seen, explanations
    )
    cards = [
        _view(card, card_place(number), seen.pcsc.status, explanations, say)
        for number, card in enumerate(checklist.cards, start=1)
    ]
    subjects = nmsg("{count} card", "{count} cards", len(cards))
    values = {
        **frame(run_of(seen, "sign-test"), code, signing.render_json(checklist, code, say), say),
        "station": station_view(seen, say),
        "verdict": marks.of_verdict(checklist.verdict, say),
        "summary": [say(part) for part in (subjects, *counts(findings))],
        "tallies": marks.tallies(findings, say),
        "attention": attention,
        "no_card": [] if cards else [say(told) for told in why_no_card(seen, checklist.findings)],
        "cards": cards,
        "pins_tried": say(pins_tried(card.observed for card in checklist.cards)),
        "run_tallies": marks.tallies(checklist.findings, say),
        "run_lines": lines.lines(checklist.findings, say),
    }
    return page("signing.html", values, say, lang)


def _view(
    card: SigningCard, place: str, pcsc: PcscStatus, explanations: Explanations, say: Say
) -> SigningView:
    identity, token = card.identity, card.observed.token
    kind = identity.card_type if identity else None
    columns = signing.columns(card.tries)
    told = (
        (msg("Reader"), reader_name(card.observed, pcsc, say)),
        (msg("Token"), token.label if token else ""),
    )
    return SigningView(
        place=place,
        key=card.key,
        holder=holder_name(identity, say) if identity else "",
        type=short_label(kind) if kind else "",
        facts=tuple((say(name), value) for name, value in told if value),
        result=marks.of_checks(card.findings, say),
        heads=tuple(say(signing.head(column)) for column in columns),
        rows=_rows(card.tries, columns, explanations, say),
        note=say(signing.NO_PSS) if card.tries and signing.lacks_pss(card) else "",
        pin=pin_view(card.observed.pin, card.findings, say),
        tallies=marks.tallies(card.findings, say),
        lines=lines.lines(card.findings, say),
    )


def _rows(
    tries: Sequence[JudgedTry],
    columns: Sequence[signing.Column],
    explanations: Explanations,
    say: Say,
) -> tuple[Row, ...]:
    return tuple(
        Row(name, tuple(_cell(found.get(key), explanations, say) for key in columns))
        for name, found in signing.by_mechanism(tries).items()
    )


def _cell(judged: JudgedTry | None, explanations: Explanations, say: Say) -> Cell | None:
    if judged is None:
        return None
    needed = judged.expected in signing.NEEDED
    kind, word = _RESULTS[judged.result]
    if judged.result is SignResult.REFUSED and needed:
        kind = Kind.FAILED
    code = judged.tried.fault.code if judged.tried.fault else ""
    return Cell(
        mark=marks.worded(kind, word, say),
        time="" if code else say(signing.milliseconds(judged.tried.seconds)),
        code=Subject(code, explanations.place_of(TextKind.MODULE_FAULT, code)) if code else None,
        needed=needed,
    )
