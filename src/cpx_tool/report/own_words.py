"""The words in which a report gives its results, for a person who asks what one means."""

from __future__ import annotations

from cpx_tool.model.finding import CardResult, Place, Verdict
from cpx_tool.model.message import Message, msg
from cpx_tool.report.canvas import Canvas, Paper
from cpx_tool.report.json import SCHEMA_VERSION, to_text
from cpx_tool.report.words import PLACES, RESULTS, VERDICTS, Say

_MEANINGS = (
    (
        VERDICTS[Verdict.PASSED],
        msg("Each check that decides was answered, and none failed. Warnings do not count."),
    ),
    (
        VERDICTS[Verdict.FAILED],
        msg("A check that decides failed. The parts marked ✗ say which, and what to do."),
    ),
    (
        VERDICTS[Verdict.INCOMPLETE],
        msg(
            "Nothing failed, but a check that decides was not answered. The parts marked ? and – "
            "say why. It is no pass."
        ),
    ),
    (
        RESULTS[CardResult.INTERCHANGEABLE],
        msg(
            "Nothing is wrong with the card, but its certificates leave open which card of the "
            "set it is (CARD-ROLE). cpx-tool enrol-set asks once, and keeps the answer."
        ),
    ),
    (msg("missing"), msg("No card of this role was found.")),
    (
        PLACES[Place.UNREAD],
        msg("The card gave no certificate, or the run ended before it came to this card."),
    ),
    (PLACES[Place.EXTRA], msg("All cards of this role were found, and this is one more.")),
    (PLACES[Place.DUPLICATE], msg("Another card shows the same card number.")),
    (PLACES[Place.FOREIGN], msg("A CPx card that the set does not hold.")),
    (PLACES[Place.UNRECOGNISED], msg("Its certificates are not those of a CPx card.")),
)


def meaning_of(written: str, say: Say) -> tuple[Message, Message] | None:
    """The word that is meant and what it means, as it stands in reports of this language or in
    English ones; case, hyphens and kinds of blanks do not count. None where it is none of them.
    """
    wanted = _plain(written)
    for word, meaning in _MEANINGS:
        if wanted in (_plain(word.text), _plain(say(word))):
            return word, meaning
    return None


def render(word: Message, meaning: Message, say: Say, paper: Paper) -> str:
    """The word, and what it means."""
    canvas = Canvas(paper)
    canvas.line(f"{say(word)} ({say(msg('word of the report'))})", "bold")
    canvas.line(say(msg("Means: {what}", what=meaning)))
    return canvas.text()


def render_json(word: Message, meaning: Message, say: Say) -> str:
    """One JSON object, as that of an id; what only ids have is null or empty."""
    body: dict[str, object] = {
        "id": word.text,
        "kind": "word",
        "severity": None,
        "scope": None,
        "title": None,
        "meaning": say(meaning),
        "why": None,
        "causes": [],
        "remedy": None,
        "sources": [],
    }
    return to_text({"schema_version": SCHEMA_VERSION, "explained": [body]})


def _plain(text: str) -> str:
    return " ".join(text.replace("-", " ").split()).casefold()
