"""What was enrolled, what is open and where it was written, for a person and as JSON."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cpx_tool.model.cardset import ExpectedCard
from cpx_tool.model.drawer import Awaited, SeenCard
from cpx_tool.model.enrolment import (
    Ask,
    Decided,
    EnrolledCard,
    Enrolment,
    How,
    RefusedCard,
    Why,
)
from cpx_tool.model.finding import JudgedCard
from cpx_tool.model.message import Message, msg, nmsg
from cpx_tool.report.canvas import Canvas, Paper
from cpx_tool.report.console import emulated_banner
from cpx_tool.report.json import SCHEMA_VERSION, identity_body, role_body, to_text
from cpx_tool.report.words import Say, holder_name, one_line

_HOW = {
    How.CERTAIN: msg("certain"),
    How.DERIVED: msg("the only one left"),
    How.ANSWERED: msg("as told"),
    How.PROPOSED: msg("as proposed"),
}


def render(enrolment: Enrolment, emulated: bool, say: Say, paper: Paper) -> str:
    """The cards with their roles; then what is not enrolled and what is open, each with why."""
    canvas = Canvas(paper)
    card_set = enrolment.card_set
    name = card_set.reference or card_set.name
    canvas.line(
        say(msg("Set: {title} ({reference})", title=card_set.title, reference=name)), "bold"
    )
    if emulated:
        canvas.line(say(emulated_banner()), "bold magenta")
    if enrolment.enrolled:
        heads = (msg("Card"), msg("Role"), msg("Known how"))
        canvas.line()
        entries = [(_row(card, say), _below(card, say)) for card in enrolment.enrolled]
        canvas.entries([say(head) for head in heads], entries, movable=2)
    canvas.line()
    for refused in enrolment.refused:
        refusal(canvas, refused, say)
    for message in _open(enrolment, say):
        canvas.item("?", say(message), "bold yellow")
    canvas.line(say(_count(enrolment)), "bold green" if enrolment.complete else "bold yellow")
    return canvas.text()


def ending(decided: Decided, file: str, emulated: str | None, say: Say, paper: Paper) -> str:
    """Whether the file is there now, and what to do next; `emulated` is where the cards are."""
    canvas = Canvas(paper)
    if decided.agreed:
        where = ["--emulated", emulated] if emulated is not None else []
        command = shlex.join(["cpx-tool", "check-set", "--set", _as_path(file), *where])
        # not wrapped: they are copied into a shell
        lines = (msg("Written: {path}", path=file), msg("Next: {command}", command=command))
        return "".join(one_line(say(line)) + "\n" for line in lines)
    if decided.stopped:
        canvas.line(say(msg("Stopped. Nothing was written.")))
        return canvas.text()
    canvas.line(say(msg("Nothing was written, as something is still open.")), "bold red")
    if decided.enrolment.questions:
        hint = msg(
            "Run the command at a terminal to be asked, or say which card is which with --assign "
            "ROLE=CARDNUMBER."
        )
        canvas.item("→", say(hint), indent=2)
    canvas.item("→", say(msg("--partial writes what is certain.")), indent=2)
    return canvas.text()


def comment(name: str, say: Say) -> list[str]:
    """The head of a set file of that name."""
    command = shlex.join(["cpx-tool", "check-set", "--set", f"./{name}"])
    return [
        say(msg("A set file of cpx-tool. Each card is pinned by the number printed on it.")),
        say(msg("To check the set: {command}", command=command)),
        say(msg("Holders' names stand here only where you write them.")),
    ]


def render_json(decided: Decided, file: str, exit_code: int, say: Say) -> str:
    """One JSON object."""
    enrolment = decided.enrolment
    card_set = enrolment.card_set
    body = {
        "schema_version": SCHEMA_VERSION,
        "exit_code": exit_code,
        "emulated": decided.emulated,
        "set": {
            "name": card_set.name,
            "title": card_set.title,
            "reference": card_set.reference,
            "size": card_set.size or None,
        },
        "file": file,
        "written": decided.agreed,
        "complete": enrolment.complete,
        "cards": [_card(card) for card in enrolment.enrolled],
        "open": {
            "roles": [
                {"count": group.count, "roles": [role_body(role) for role in group.roles]}
                for group in enrolment.awaited
            ],
            "cards": [
                {
                    "key": question.card.key,
                    "ask": question.ask.value,
                    "roles": [role_body(role) for role in question.roles],
                }
                for question in enrolment.questions
            ],
        },
        "refused": [
            {
                "key": refused.card.key,
                "reader": refused.card.reader,
                "why": refused.why.value,
                "reason": say(refused.reason),
                "hint": say(refused.hint) if refused.hint else None,
            }
            for refused in enrolment.refused
        ],
    }
    return to_text(body)


def refusal(canvas: Canvas, refused: RefusedCard, say: Say) -> None:
    """A card that is not enrolled, why, and what to do; a real card above all."""
    style = "bold red" if refused.why is Why.PRODUCTION else "yellow"
    named = f"{card_name(refused.card, say)} ({refused.card.reader})"
    reason = msg("Not enrolled: {card}. {reason}", card=named, reason=refused.reason)
    if refused.why is Why.PRODUCTION:  # the holder is a real person: no name of theirs here
        named = f"{refused.card.key} ({refused.card.reader})"
        reason = msg(
            "A REAL CARD, not enrolled: {card}. {reason}", card=named, reason=refused.reason
        )
    canvas.item("✗", say(reason), style)
    if refused.hint is not None:
        canvas.item(
            "→", say(refused.hint), style if refused.why is Why.PRODUCTION else "", indent=2
        )


def card_name(card: SeenCard | JudgedCard, say: Say) -> str:
    """Its number, and whom it names."""
    return f"{card.key} {holder_name(card.identity, say)}" if card.identity else card.key


def still_expected(awaited: Sequence[Awaited]) -> Message:
    """The cards to come, by their roles; where these are alike, how many of them."""
    return msg("Still expected: {roles}.", roles=tuple(map(_titles, awaited)))


def _titles(awaited: Awaited) -> Message:
    titles = tuple(role.title for role in awaited.roles)
    if awaited.count == len(titles):
        return msg("{titles}", titles=titles)
    return nmsg(
        "{count} of these ({titles})", "{count} of these ({titles})", awaited.count, titles=titles
    )


def _as_path(file: str) -> str:
    """The file as `--set` takes it for one: a bare word could be the name of a set."""
    return file if Path(file).parent.name or Path(file).is_absolute() else f"./{file}"


def _row(card: EnrolledCard, say: Say) -> list[tuple[str, str]]:
    doubtful = card.how is How.PROPOSED
    return [
        (card.card.key, "bold"),
        (card.expected.role, ""),
        (say(_HOW[card.how]), "yellow" if doubtful else ""),
    ]


def _below(card: EnrolledCard, say: Say) -> str:
    holder = holder_name(card.card.identity, say) if card.card.identity else "—"
    return f"{holder} — {card.expected.title}"


def _open(enrolment: Enrolment, say: Say) -> list[Message]:
    """Cards of which the role is open, with what to say of them to --assign; and cards to come."""
    alike: dict[tuple[ExpectedCard, ...], list[str]] = {}
    for question in enrolment.questions:
        if question.ask is Ask.ROLE:
            alike.setdefault(question.roles, []).append(card_name(question.card, say))
    asked = [_either(cards, tuple(map(_named, roles))) for roles, cards in alike.items()]
    if not enrolment.awaited:
        return asked
    return [*asked, still_expected(enrolment.awaited)]


def _either(cards: Sequence[str], roles: tuple[Message, ...]) -> Message:
    return nmsg(
        "{cards}: may be {roles}.",
        "{cards}: each may be {roles}.",
        len(cards),
        cards=tuple(cards),
        roles=roles,
    )


def _named(role: ExpectedCard) -> Message:
    return msg("{role} ({title})", role=role.role, title=role.title)


def _count(enrolment: Enrolment) -> Message:
    enrolled, size = len(enrolment.enrolled), enrolment.card_set.size
    if not size:
        return nmsg("{count} card enrolled.", "{count} cards enrolled.", enrolled)
    if enrolment.card_set.cards or enrolled == size:
        return nmsg(
            "{count} of {size} cards enrolled.",
            "{count} of {size} cards enrolled.",
            enrolled,
            size=size,
        )
    return nmsg(
        "{count} card enrolled; the set as ordered holds {size}.",
        "{count} cards enrolled; the set as ordered holds {size}.",
        enrolled,
        size=size,
    )


def _card(card: EnrolledCard) -> Mapping[str, Any]:
    product = card.expected.product
    return {
        **role_body(card.expected),
        "card_number": card.expected.card_number,
        "product": product.value if product else None,
        "how": card.how.value,
        "identity": identity_body(card.card.identity) if card.card.identity else None,
    }
