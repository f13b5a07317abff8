"""What the keys of cards sign by, for a person and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from cpx_tool.errors import ExitCode
from cpx_tool.model.eligibility import Key
from cpx_tool.model.message import Message, msg, nmsg
from cpx_tool.model.observation import PinResult
from cpx_tool.model.signing import (
    Expectation,
    JudgedTry,
    SigningCard,
    SigningChecklist,
    SignResult,
    mechanism_name,
)
from cpx_tool.report.canvas import Canvas, Cell, Paper
from cpx_tool.report.console import emulated_banner, no_cards, pins_tried, provenance
from cpx_tool.report.detail import Detail
from cpx_tool.report.findings import attention, everything, verdict_line
from cpx_tool.report.json import (
    SCHEMA_VERSION,
    finding_body,
    identity_body,
    module_body,
    moment,
    pcsc_body,
    place_body,
    signature_body,
    to_text,
    workstation_body,
)
from cpx_tool.report.words import Say, holder_name

Column: TypeAlias = Key | str
"""A key that signed: one of the two personal ones, or another one's label."""

_KEYS = {Key.AUTHENTICATION: msg("Authentication key"), Key.SIGNATURE: msg("Signature key")}
NEEDED = (Expectation.NEEDED, Expectation.NEEDED_IF_ANNOUNCED)
"""What applications use."""
_LEGEND = msg(
    "✓ verified with the certificate, ✗ not; ! refused; – refused, as is known of the Cryptolib "
    "CPS; * needed by applications. Time: one whole call, as a program waits for it."
)
NO_PSS = msg(
    "It announces no RSA-PSS, as a CPS3: TLS client authentication works up to TLS 1.2 only."
)


def render(checklist: SigningChecklist, say: Say, paper: Paper) -> str:
    """A table for each card, what needs attention with its remedy, the verdict. QUIET: the last two
    only; VERBOSE: each finding besides.
    """
    canvas = Canvas(paper)
    if paper.detail is Detail.QUIET:
        if checklist.observation.emulated:
            canvas.line(say(emulated_banner()), "bold magenta")
    else:
        canvas.line(say(msg("Signatures by each key and mechanism")), "bold")
        provenance(canvas, checklist.observation, say)
        canvas.line()
        for card in checklist.cards:
            _card(canvas, card, say)
    if paper.detail is Detail.VERBOSE:
        _every_finding(canvas, checklist, say)
    attention(canvas, checklist.all_findings(), lambda keys: _names(keys, checklist), say)
    _end(canvas, checklist, say, quiet=paper.detail is Detail.QUIET)
    return canvas.text()


def _every_finding(canvas: Canvas, checklist: SigningChecklist, say: Say) -> None:
    everything(canvas, say(msg("Workstation")), checklist.findings, say)
    for card in checklist.cards:
        everything(canvas, card.key, card.findings, say)


def _end(canvas: Canvas, checklist: SigningChecklist, say: Say, *, quiet: bool) -> None:
    if any(card.tries for card in checklist.cards) and not quiet:
        canvas.line(say(_LEGEND), "dim")
    if not checklist.cards:
        no_cards(canvas, checklist.observation, checklist.findings, say)
    elif not quiet:
        canvas.line(say(pins_tried(card.observed for card in checklist.cards)))
    count = nmsg("{count} card", "{count} cards", len(checklist.cards))
    verdict_line(canvas, checklist.verdict, count, checklist.all_findings(), say)


def render_json(checklist: SigningChecklist, code: ExitCode, say: Say) -> str:
    """One JSON object."""
    seen = checklist.observation
    return to_text(
        {
            "schema_version": SCHEMA_VERSION,
            "tool_version": seen.tool_version,
            "run_id": seen.run_id,
            "observed_at": moment(seen.observed_at),
            "emulated": seen.emulated,
            "interrupted": seen.cut_short,
            "verdict": checklist.verdict.value,
            "exit_code": int(code),
            "workstation": workstation_body(seen.workstation),
            "pcsc": pcsc_body(seen.pcsc),
            "module": module_body(seen.module),
            "findings": [finding_body(f, say) for f in checklist.findings],
            "cards": [_card_body(card, say) for card in checklist.cards],
        }
    )


def _card(canvas: Canvas, card: SigningCard, say: Say) -> None:
    name = holder_name(card.identity, say) if card.identity else say(msg("unknown"))
    canvas.line(f"{card.key} {name}", "bold")
    if not card.tries:
        canvas.line(say(msg("No signature was made.")), indent=2)
        canvas.line()
        return
    keys = columns(card.tries)
    heads = [say(msg("Mechanism")), *(say(head(column)) for column in keys)]
    canvas.columns(heads, [[(name, ""), *cells] for name, cells in _rows(card.tries, keys, say)])
    if lacks_pss(card):
        canvas.line(say(NO_PSS), indent=2)
    canvas.line()


def columns(tries: Sequence[JudgedTry]) -> list[Column]:
    """The two personal keys that signed, in their order; then others by their labels."""
    found = {_column(judged) for judged in tries}
    others = sorted(column for column in found if not isinstance(column, Key))
    return [*(key for key in Key if key in found), *others]


def _column(judged: JudgedTry) -> Column:
    return judged.key or judged.tried.key_label or judged.tried.key_id


def head(column: Column) -> Message:
    """What stands above the tries of a key."""
    return _KEYS[column] if isinstance(column, Key) else msg("{name}", name=column)


def by_mechanism(tries: Sequence[JudgedTry]) -> dict[str, dict[Column, JudgedTry]]:
    """The tries of each mechanism and hash, in the order in which they were tried."""
    rows: dict[str, dict[Column, JudgedTry]] = {}
    for judged in tries:
        name = mechanism_name(judged.tried.mechanism, judged.tried.hash)
        rows.setdefault(name, {}).setdefault(_column(judged), judged)
    return rows


def _rows(
    tries: Sequence[JudgedTry], keys: Sequence[Column], say: Say
) -> list[tuple[str, list[Cell]]]:
    return [
        (name, [_cell(row[key], say) if key in row else ("", "") for key in keys])
        for name, row in by_mechanism(tries).items()
    ]


def _cell(judged: JudgedTry, say: Say) -> Cell:
    needed = judged.expected in NEEDED
    star = "*" if needed else ""
    code = judged.tried.fault.code if judged.tried.fault else ""
    time = milliseconds(judged.tried.seconds)
    if judged.result is SignResult.VERIFIED:
        return f"✓{star} {say(time)}", "green"
    if judged.result is SignResult.KNOWN_REFUSAL:
        return f"– {code}", "dim"
    if judged.result is SignResult.REFUSED and not needed:
        return f"! {code}", "yellow"
    if judged.result is SignResult.NOT_VERIFIABLE:
        return f"?{star} {say(time)}", "bold yellow"
    return f"✗{star} {code or say(time)}", "bold red"


def milliseconds(seconds: float) -> Message:
    """How long it took."""
    return msg("{count} ms", count=round(seconds * 1000))


def lacks_pss(card: SigningCard) -> bool:
    """Whether its token announces no RSA-PSS."""
    token = card.observed.token
    return token is not None and not any("PSS" in name for name in token.mechanisms)


def _names(keys: Sequence[str], checklist: SigningChecklist) -> str:
    known = {card.key for card in checklist.cards}
    return ", ".join(key for key in keys if key in known)


def _card_body(card: SigningCard, say: Say) -> dict[str, Any]:
    pin = card.observed.pin
    return {
        "key": card.key,
        "identity": identity_body(card.identity) if card.identity else None,
        **place_body(card.observed),
        "logged_in": pin is not None and pin.result is PinResult.ACCEPTED,
        "signatures": [_try_body(judged) for judged in card.tries],
        "findings": [finding_body(f, say) for f in card.findings],
    }


def _try_body(judged: JudgedTry) -> dict[str, Any]:
    return {
        "key": judged.key.value if judged.key else None,
        **signature_body(judged.tried),
        "expected": judged.expected.value if judged.expected else None,
        "result": judged.result.value,
    }
