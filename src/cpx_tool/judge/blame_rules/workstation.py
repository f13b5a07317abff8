"""Service, readers and module: what is at fault before any card is."""

from __future__ import annotations

from collections.abc import Iterator

from cpx_tool.catalogue.middleware import recognise
from cpx_tool.judge.blame_rule import Found, rule
from cpx_tool.judge.case import Case
from cpx_tool.model.blame import Part, Sureness
from cpx_tool.model.message import Message, msg
from cpx_tool.model.middleware import Family
from cpx_tool.model.reader import CardKind, PcscStatus, Reader, ReaderState

_FOREIGN = (CardKind.VITALE, CardKind.UNKNOWN)
_SILENT = (PcscStatus.NO_SERVICE, PcscStatus.ACCESS_REFUSED, PcscStatus.ERROR)


@rule(
    "SERVICE-SILENT",
    Part.SERVICE,
    Sureness.CERTAIN,
    msg("Without the PC/SC service no program sees a card in a PC/SC reader."),
)
def service_is_silent(case: Case) -> Iterator[Found]:
    """Where cards were read all the same, they came by another way, and nothing is at fault."""
    if case.seen.pcsc.status in _SILENT and not case.cards:
        yield Found(case.wrong("PCSC-SERVICE", "SET-COMPLETE"))


@rule(
    "NO-READER",
    Part.READER,
    Sureness.LIKELY,
    msg("The service runs and knows no reader: it is not plugged in, or has no driver."),
)
def no_reader(case: Case) -> Iterator[Found]:
    """cpx-tool doctor tells the one from the other."""
    if case.seen.pcsc.status is PcscStatus.NO_READER and not case.cards:
        yield Found(case.wrong("PCSC-SERVICE", "SET-COMPLETE"))


@rule(
    "MODULE-NOT-LOADED",
    Part.MIDDLEWARE,
    Sureness.CERTAIN,
    msg("A module that does not load reaches no card, whatever card and reader are."),
)
def module_is_not_loaded(case: Case) -> Iterator[Found]:
    """The file, its architecture or its libraries."""
    wrong = case.wrong("MODULE-LOADED")
    if wrong:
        follow = case.wrong("MODULE-SEES-CARDS", "SET-COMPLETE")
        yield Found((*wrong, *follow), evidence=(wrong[0].message,))


@rule(
    "MODULE-CALLS-FAIL",
    Part.MIDDLEWARE,
    Sureness.LIKELY,
    msg("The call that failed is about no card."),
)
def module_calls_fail(case: Case) -> Iterator[Found]:
    """One card that cannot be read may be behind it (OpenSC), so it is not certain."""
    wrong = case.wrong("MODULE-CALLS")
    if wrong:
        follow = case.wrong("MODULE-SEES-CARDS", "SET-COMPLETE")
        yield Found((*wrong, *follow), evidence=(wrong[0].message,))


@rule(
    "READER-STATE",
    Part.READER,
    Sureness.LIKELY,
    msg("The reader went away, or its state cannot be read."),
)
def readers_in_trouble(case: Case) -> Iterator[Found]:
    """Mute: nothing is broken, most likely; in use: another program; gone: the reader."""
    wrong = case.wrong("PCSC-READERS")
    if not wrong:
        return
    for state, part, sureness, reason in _STATES:
        names = tuple(r.name for r in case.seen.pcsc.readers if r.state is state)
        if names:
            yield Found(wrong, names, (wrong[0].message,), part, sureness, reason)


_STATES: tuple[tuple[ReaderState, Part, Sureness, Message | None], ...] = (
    (
        ReaderState.IN_USE,
        Part.PROGRAM,
        Sureness.CERTAIN,
        msg("Another program holds the card exclusively."),
    ),
    (
        ReaderState.MUTE,
        Part.HANDLING,
        Sureness.LIKELY,
        msg(
            "A card is in and does not answer: upside down, mostly. If it is the right way up, "
            "the card or the reader is broken."
        ),
    ),
    (ReaderState.UNAVAILABLE, Part.READER, Sureness.LIKELY, None),
)


@rule(
    "CARD-OF-ANOTHER-KIND",
    Part.HANDLING,
    Sureness.LIKELY,
    msg("By its ATR it is no CPx card, so the middleware rightly does not show it."),
)
def cards_of_another_kind(case: Case) -> Iterator[Found]:
    """A carte Vitale, say."""
    unseen = _unseen(case)
    foreign = [reader for reader in unseen if reader.kind in _FOREIGN]
    if foreign and len(foreign) == len(unseen):
        yield Found(case.wrong("MODULE-SEES-CARDS"), tuple(reader.name for reader in foreign))


@rule(
    "MODULE-BLIND",
    Part.MIDDLEWARE,
    Sureness.LIKELY,
    msg("PC/SC sees a card that the module does not show: service and reader work."),
)
def module_is_blind(case: Case) -> Iterator[Found]:
    """Certain for a CPS4 with OpenSC, which does not know that card. A missing card of the set is
    explained, too, where it may be the one that is not shown.
    """
    wrong = case.wrong("MODULE-SEES-CARDS")
    unseen = _unseen(case)
    if not wrong or not unseen:
        return
    missing = case.wrong("SET-COMPLETE") if len(case.checklist.missing) <= len(unseen) else ()
    module = case.seen.module
    family = recognise(module.path, module.info) if module is not None else None
    known = family is Family.OPENSC and all(reader.kind is CardKind.CPS4 for reader in unseen)
    yield Found(
        (*wrong, *missing),
        tuple(reader.name for reader in unseen),
        (wrong[0].message,),
        sureness=Sureness.CERTAIN if known else None,
    )


@rule(
    "MODULE-SHOWS-GHOST",
    Part.MIDDLEWARE,
    Sureness.LIKELY,
    msg("The module shows a card that PC/SC does not: it shows what it kept of an earlier one."),
)
def module_shows_a_ghost(case: Case) -> Iterator[Found]:
    """ANS 1359; or the card was taken out between the two questions."""
    wrong = case.wrong("PCSC-SEES-CARDS")
    if wrong:
        yield Found(wrong)


@rule(
    "NO-CARD",
    Part.HANDLING,
    Sureness.CERTAIN,
    msg("The readers answer, and no card is in any of them."),
)
def no_card_is_in(case: Case) -> Iterator[Found]:
    """Service and readers work as far as they were asked."""
    readers = case.seen.pcsc.readers
    if case.cards or not readers or any(r.state is not ReaderState.EMPTY for r in readers):
        return
    names = tuple(reader.name for reader in readers)
    yield Found((), names, (msg("Empty: {readers}.", readers=names),))


def _unseen(case: Case) -> list[Reader]:
    joined = {card.observed.reader for card in case.cards}
    return [
        reader
        for reader in case.seen.pcsc.readers
        if reader.state is ReaderState.CARD_PRESENT and reader.name not in joined
    ]


RULES = (
    service_is_silent,
    no_reader,
    module_is_not_loaded,
    module_calls_fail,
    readers_in_trouble,
    cards_of_another_kind,
    module_is_blind,
    module_shows_a_ghost,
    no_card_is_in,
)
