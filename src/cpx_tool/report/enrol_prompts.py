"""The sentences of the conversation at the drawer: what a reading brought, and what is asked."""

from __future__ import annotations

from cpx_tool.model.cardset import ExpectedCard
from cpx_tool.model.drawer import InsertCard
from cpx_tool.model.enrolment import Ask, Confirm, News, Question
from cpx_tool.model.message import Message, msg
from cpx_tool.report.canvas import Canvas, Paper
from cpx_tool.report.drawer import hindrances, insert_next, keys, read_already
from cpx_tool.report.enrolment import card_name, refusal, render
from cpx_tool.report.words import Say, holder_name, short_label

_STOP = msg("b = back, q = stop and write nothing")
_INSERT_KEYS = msg("Enter = read, s = skip one card, w = write what is there")
_OWN_INSERT_KEYS = msg("Enter = read, w = no more cards")
_ASIDE = msg("s = leave this card out")


def render_news(news: News, say: Say, paper: Paper) -> str:
    """What a reading brought."""
    canvas = Canvas(paper)
    for card, role in news.arrived:
        title = role.title if role else say(msg("its role will be asked"))
        read = msg("Read: {card} — {role}", card=card_name(card, say), role=title)
        canvas.item("✓", say(read), "green")
    for refused in news.refused:
        refusal(canvas, refused, say)
    if not news.arrived:
        read_already(canvas, news.again, say)
    hindrances(canvas, news.hindrances, say)
    return canvas.text()


def render_insert(asked: InsertCard, say: Say, paper: Paper) -> str:
    """Asks for the next card."""
    canvas = Canvas(paper)
    insert_next(canvas, asked, say)
    return _keys(canvas, say, _INSERT_KEYS if asked.size else _OWN_INSERT_KEYS)


def render_question(asked: Question, introduce: bool, say: Say, paper: Paper) -> str:
    """Asks one thing about one card. `introduce`: the card was not spoken of just before."""
    canvas = Canvas(paper)
    if introduce:
        _introduce(canvas, asked, say)
    _ASKS[asked.ask](canvas, asked, say)
    return _keys(canvas, say, _ASIDE)


def render_confirm(asked: Confirm, emulated: bool, say: Say, paper: Paper) -> str:
    """What would be written, and whether to."""
    text = "\n" + render(asked.enrolment, emulated, say, paper)
    canvas = Canvas(paper)
    if not asked.enrolment.enrolled:
        return text + _keys(canvas, say)
    if asked.plainly:
        return text + _keys(canvas, say, msg("Enter = write it"))
    return text + _keys(canvas, say, msg("w = write it all the same"))


def _keys(canvas: Canvas, say: Say, *what: Message) -> str:
    return keys(canvas, say, *what, _STOP)


def _introduce(canvas: Canvas, asked: Question, say: Say) -> None:
    card, identity = asked.card, asked.card.identity
    canvas.line()
    canvas.line(say(msg("Card {number}", number=card.key)), "bold")
    if identity is None:
        return
    holder = identity.holder
    facts = (
        (holder_name(identity, say), msg("Holder: {name}", name=holder_name(identity, say))),
        (
            holder.common_name,
            msg("Name in the certificate (CN): {cn}", cn=holder.common_name or ""),
        ),
        (holder.title, msg("Title: {title}", title=holder.title or "")),
        (identity.card_type, msg("Type: {type}", type=_type(asked))),
        (card.reader, msg("Reader: {name}", name=card.reader or "")),
    )
    for fact, sentence in facts:
        if fact:
            canvas.line(say(sentence), indent=2)


def _type(asked: Question) -> str:
    identity = asked.card.identity
    return short_label(identity.card_type) if identity and identity.card_type else ""


def _ask_role(canvas: Canvas, asked: Question, say: Say) -> None:
    canvas.line(
        say(
            msg(
                "Its certificates do not tell which of these it is. Find the card with this "
                "number printed on it; what else stands there, or the delivery note, may tell."
            )
        )
    )
    _menu(canvas, [say(_option(role)) for role in asked.roles])


def _option(role: ExpectedCard) -> Message:
    if role.card_number is None:
        return msg("{title}", title=role.title)
    return msg("{title} (so far card {number})", title=role.title, number=role.card_number)


def _ask_product(canvas: Canvas, asked: Question, say: Say) -> None:
    canvas.line(say(msg("What was it ordered as? Its certificates do not tell.")))
    _menu(canvas, [*(product.value for product in asked.products), say(msg("not known (Enter)"))])


def _ask_name(canvas: Canvas, asked: Question, say: Say) -> None:
    canvas.line(say(msg("Name of its role in the set file, in small letters and hyphens:")))
    canvas.line(say(msg("Enter = {proposal}", proposal=asked.default or "")), indent=2)


def _ask_title(canvas: Canvas, asked: Question, say: Say) -> None:
    canvas.line(say(msg("Words shown for it:")))
    canvas.line(say(msg("Enter = {proposal}", proposal=asked.default or "")), indent=2)


_ASKS = {
    Ask.ROLE: _ask_role,
    Ask.PRODUCT: _ask_product,
    Ask.NAME: _ask_name,
    Ask.TITLE: _ask_title,
}


def _menu(canvas: Canvas, choices: list[str]) -> None:
    for number, choice in enumerate(choices, start=1):
        canvas.item(f"{number:>3}", choice)
