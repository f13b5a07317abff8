"""Sets and what they hold, for a person and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cpx_tool.catalogue.nomenclature import label
from cpx_tool.model.cardset import CardSet, ExpectedCard
from cpx_tool.model.message import Message, msg
from cpx_tool.report.canvas import Canvas, Paper
from cpx_tool.report.json import SCHEMA_VERSION, to_text
from cpx_tool.report.words import Say


def render(sets: Sequence[CardSet], say: Say, paper: Paper) -> str:
    """A table of sets."""
    canvas = Canvas(paper)
    heads = (msg("Name"), msg("Set"), msg("Cards"), msg("Offered under"), msg("Contents"))
    rows = [
        [
            (card_set.name, ""),
            (card_set.title, ""),
            (str(card_set.size), ""),
            (", ".join(card_set.igc), ""),
            (say(_contents(card_set)), ""),
        ]
        for card_set in sets
    ]
    canvas.table([say(head) for head in heads], rows)
    return canvas.text()


def render_one(card_set: CardSet, say: Say, paper: Paper) -> str:
    """One set with its cards."""
    canvas = Canvas(paper)
    canvas.line(f"{card_set.title} ({card_set.name})", "bold")
    if card_set.reference:
        canvas.line(say(msg("Reference: {reference}", reference=card_set.reference)))
    if card_set.igc:
        canvas.line(say(msg("Offered under: {igc}", igc=card_set.igc)))
    canvas.line(say(msg("Cards: {size}", size=card_set.size)))
    if not card_set.cards:
        canvas.line(
            say(
                msg(
                    "Contents: not published. Make a set file of the cards in your hand: "
                    "cpx-tool enrol-set --set {name} --into my-set.toml.",
                    name=card_set.name,
                )
            )
        )
        return canvas.text()
    heads = (msg("Role"), msg("Card"), msg("Profession"), msg("Names a person"))
    canvas.table([say(head) for head in heads], [_row(card, say) for card in card_set.cards])
    return canvas.text()


def render_json(sets: Sequence[CardSet]) -> str:
    """All sets as one JSON object."""
    body = {"schema_version": SCHEMA_VERSION, "sets": [_set(card_set) for card_set in sets]}
    return to_text(body)


def render_one_json(card_set: CardSet) -> str:
    """One set as a JSON object."""
    return to_text({"schema_version": SCHEMA_VERSION, "set": _set(card_set)})


def _contents(card_set: CardSet) -> Message:
    return msg("known") if card_set.cards else msg("not published")


def _row(card: ExpectedCard, say: Say) -> list[tuple[str, str]]:
    nominative = {
        True: msg("yes"),
        False: msg("no (anonymous)"),
        None: msg("not stated"),
    }[card.nominative]
    profession = "—"
    if card.profession is not None:
        name = label("TRE_G15", f"{card.profession:02d}") or "?"
        profession = f"{name} ({card.profession})"
    title = f"{card.title} · {card.card_number}" if card.card_number else card.title
    return [(card.role, ""), (title, ""), (profession, ""), (say(nominative), "")]


def _set(card_set: CardSet) -> dict[str, Any]:
    return {
        "name": card_set.name,
        "title": card_set.title,
        "reference": card_set.reference,
        "aliases": list(card_set.aliases),
        "size": card_set.size,
        "igc": list(card_set.igc),
        "source": card_set.source,
        "contents_published": bool(card_set.cards),
        "cards": [
            {
                "role": card.role,
                "title": card.title,
                "card_type": card.card_type,
                "product": card.product.value if card.product else None,
                "profession": card.profession,
                "future_profession": card.future_profession,
                "nominative": card.nominative,
                "specialities": list(card.specialities),
                "title_patterns": list(card.title_patterns),
                "card_number": card.card_number,
            }
            for card in card_set.cards
        ],
    }
