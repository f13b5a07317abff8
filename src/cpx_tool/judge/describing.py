"""Cards in the words of a set file: as their certificates say it, and no more."""

from __future__ import annotations

import glob
import unicodedata
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from cpx_tool.catalogue import set_values as values
from cpx_tool.catalogue.sets import title_fits
from cpx_tool.catalogue.strict_table import BadValueError
from cpx_tool.judge.drawer import seen, set_aside
from cpx_tool.judge.reading import ReadCard
from cpx_tool.model.cardset import PRODUCTS_OF, CardSet, ExpectedCard, Product, products_text
from cpx_tool.model.enrolment import Answer, Ask, EnrolledCard, How, Question, RefusedCard
from cpx_tool.model.identity import Coded, Identity

T = TypeVar("T")

NOT_KNOWN = ""
"""The answer about a product that nobody knows."""

_PERSONAL = (Product.CPS, Product.CPF)


def pinned(role: ExpectedCard, card: ReadCard) -> ExpectedCard:
    """The role with this very card's number, and what its certificates say.

    What a set file cannot state (a code newer than our nomenclatures, say) stays as the role has
    it; so do specialities and title patterns that the role states.
    """
    identity = _identity(card)
    full = replace(
        role,
        product=role.product or _only(PRODUCTS_OF[role.card_type]),
        profession=_stated(values.profession, identity.profession) or role.profession,
        future_profession=_stated(values.future_profession, identity.future_profession)
        or role.future_profession,
        nominative=identity.holder.nominative,
        specialities=role.specialities or _specialities(identity),
        card_number=identity.card_number,
    )
    if full.title_patterns or not identity.holder.title:
        return full
    literal = _allowed(values.text, glob.escape(identity.holder.title))
    exact = replace(full, title_patterns=(literal,) if literal else ())
    return exact if title_fits(exact, identity) else full


def describe(
    cards: Sequence[ReadCard], answers: Sequence[Answer]
) -> tuple[tuple[EnrolledCard, ...], tuple[Question, ...], tuple[RefusedCard, ...]]:
    """Each card after the answers about it, described, asked about or set aside.

    Asked are the product where its type leaves several, then the name of its role, then its
    title; each with a proposal.
    """
    enrolled: list[EnrolledCard] = []
    questions: list[Question] = []
    aside: list[RefusedCard] = []
    said: dict[str, dict[Ask, Answer]] = {card.key: {} for card in cards}
    for answer in answers:
        said.get(answer.card, {}).setdefault(answer.ask, answer)
    taken = {a.value for about in said.values() for a in about.values() if a.ask is Ask.NAME}
    names = tuple(sorted(name for name in taken if name))
    proposed: set[str] = set()
    for card in cards:
        about = said[card.key]
        if any(answer.value is None for answer in about.values()):
            aside.append(set_aside(card))
        elif (question := _question(card, about, names, proposed)) is not None:
            questions.append(question)
            proposed |= {question.default or ""} if question.ask is Ask.NAME else set()
        else:
            enrolled.append(_described(card, about))
    return tuple(enrolled), tuple(questions), tuple(aside)


def own_set(name: str) -> CardSet:
    """A set of one's own, of which nothing is known yet but a name; its size 0 says so."""
    title = _allowed(values.text, name) or "my-set"
    return CardSet(slug(title) or "my-set", title, size=0, igc=())


def slug(text: str) -> str:
    """The text as a name in a set file: "Sage-Femme" → "sage-femme"; "" where nothing is left."""
    decomposed = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    words = "".join(c if c.isalnum() else " " for c in decomposed.casefold()).split()
    return "-".join(words)


def _question(
    card: ReadCard, said: Mapping[Ask, Answer], names: tuple[str, ...], proposed: set[str]
) -> Question | None:
    identity = _identity(card)
    possible = PRODUCTS_OF[_card_type(identity)]
    if len(possible) > 1 and Ask.PRODUCT not in said:
        return Question(Ask.PRODUCT, seen(card), products=possible, default=NOT_KNOWN)
    product = _product(card, said)
    if Ask.NAME not in said:
        name = _free(_name(identity, product), {*names, *proposed}, numbered=product is None)
        return Question(Ask.NAME, seen(card), default=name, taken=names)
    if Ask.TITLE not in said:
        return Question(Ask.TITLE, seen(card), default=_title(identity, product))
    return None


def _described(card: ReadCard, said: Mapping[Ask, Answer]) -> EnrolledCard:
    role = ExpectedCard(
        role=said[Ask.NAME].value or "",
        title=said[Ask.TITLE].value or "",
        card_type=_card_type(_identity(card)),
        product=_product(card, said),
    )
    how = How.PROPOSED if said[Ask.NAME].proposed else How.ANSWERED
    return EnrolledCard(seen(card), pinned(role, card), how)


def _product(card: ReadCard, said: Mapping[Ask, Answer]) -> Product | None:
    answer = said.get(Ask.PRODUCT)
    if answer is not None and answer.value:
        return Product(answer.value)
    return _only(PRODUCTS_OF[_card_type(_identity(card))])


def _name(identity: Identity, product: Product | None) -> str:
    kind = product.value if product else _either(identity)
    if product is not None and not identity.holder.nominative:
        return slug(f"{kind} anonyme")
    return slug(f"{kind} {_profession(identity)}")


def _title(identity: Identity, product: Product | None) -> str:
    """In the manner of the ANS's guide: "CPS test pharmacien", "CPE test anonyme"."""
    kind = product.value if product else _either(identity)
    words = _profession(identity)
    if product not in _PERSONAL or not words:
        words = "nominative" if identity.holder.nominative else "anonyme"
    title = _allowed(values.text, f"{kind} test {words}")
    return title or f"{kind} test"


def _either(identity: Identity) -> str:
    """ "CDE/CPE": the products that share the card's type."""
    return products_text(_card_type(identity))


def _profession(identity: Identity) -> str:
    """The profession's label in small letters, abbreviations excepted; "" where there is none."""
    coded = identity.profession or identity.future_profession
    words = (coded.label or "").split(" ") if coded else []
    return " ".join(word if word.isupper() else word.lower() for word in words)


def _free(name: str, taken: Collection[str], *, numbered: bool) -> str:
    """The name, with a number where it is taken (`numbered`: always)."""
    number = 1 if numbered else 2
    if not numbered and name not in taken:
        return name
    while f"{name}-{number}" in taken:
        number += 1
    return f"{name}-{number}"


def _identity(card: ReadCard) -> Identity:
    assert card.identity is not None  # noqa: S101 - drawer.sort_out keeps such a card out
    return card.identity


def _card_type(identity: Identity) -> int:
    assert identity.card_type is not None  # noqa: S101 - as above
    return int(identity.card_type.code)


def _only(products: tuple[Product, ...]) -> Product | None:
    return products[0] if len(products) == 1 else None


def _stated(read: Callable[[object], int], coded: Coded | None) -> int | None:
    return _allowed(read, int(coded.code)) if coded is not None else None


def _specialities(identity: Identity) -> tuple[str, ...]:
    return _allowed(values.specialities, [coded.code for coded in identity.specialities]) or ()


def _allowed(read: Callable[[object], T], value: object) -> T | None:
    """The value, where a set file can state it."""
    try:
        return read(value)
    except BadValueError:
        return None
