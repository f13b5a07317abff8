"""The workstation and the set as a whole."""

from __future__ import annotations

from cpx_tool.catalogue.middleware_words import RIGHT_FILE, info_words, no_pkcs11
from cpx_tool.catalogue.readers import STATES, pcsc_answer
from cpx_tool.judge.check import Answer, Scope, check, failed, passed, skipped
from cpx_tool.judge.matching import Match
from cpx_tool.judge.unseen import OPENSC_READERS, not_seen_words
from cpx_tool.judge.words import fault_message
from cpx_tool.model.cardset import CardSet, ExpectedCard
from cpx_tool.model.fault import Fault, FaultKind
from cpx_tool.model.finding import Outcome, Severity
from cpx_tool.model.message import Message, msg, nmsg
from cpx_tool.model.observation import CardObservation, ModuleObservation
from cpx_tool.model.reader import Pcsc, PcscStatus, ReaderState

_TOO_SLOW = msg(
    "Give it more time with --timeout SECONDS: a module may read every card while it is loaded. "
    "If that does not help, take the cards out and try again."
)
_NO_CARD = (ReaderState.EMPTY, ReaderState.MUTE, ReaderState.UNAVAILABLE)
_GO_ON = msg("The run was interrupted: run it again with --resume.")


@check(
    "PCSC-SERVICE",
    msg("The PC/SC service answers and shows a reader"),
    msg("Run cpx-tool list-readers: it says what is wrong and what to do."),
    severity=Severity.WARNING,
    scope=Scope.RUN,
)
def service_answers(pcsc: Pcsc) -> Answer:
    """Judge the status only: cards may also come through GALSS, without PC/SC."""
    if pcsc.status is PcscStatus.NOT_ASKED:
        return skipped(msg("Not asked: the cards do not come through PC/SC."))
    if pcsc.status is PcscStatus.OK:
        return passed(nmsg("{count} reader", "{count} readers", len(pcsc.readers)))
    return failed(*(pcsc_answer(pcsc) or (msg("The PC/SC service gave no answer."), None)))


@check(
    "PCSC-READERS",
    msg("Every card in a reader answers"),
    msg(
        "Mute: put the card in again, chip first and facing up; clean the contacts. "
        "In use: close the other program that holds the card."
    ),
    severity=Severity.WARNING,
    scope=Scope.RUN,
)
def readers_answer(pcsc: Pcsc) -> Answer:
    """A mute card, or one held by another program, would otherwise just be absent."""
    bad = (ReaderState.MUTE, ReaderState.IN_USE, ReaderState.UNAVAILABLE)
    names = tuple(
        msg("{name} ({state})", name=r.name, state=STATES[r.state])
        for r in pcsc.readers
        if r.state in bad
    )
    if names:
        return failed(msg("These readers cannot be used now: {names}.", names=names))
    if not pcsc.readers:
        return skipped(msg("No PC/SC reader to look at."))
    return passed(msg("No card is mute or held by another program."))


@check(
    "MODULE-LOADED",
    msg("The PKCS#11 module loads"),
    msg(
        "Reinstall the middleware, or name another module with --module FILE; "
        "cpx-tool list-readers shows whether the reader itself works."
    ),
    scope=Scope.RUN,
)
def module_loaded(module: ModuleObservation) -> Answer:
    """C_GetFunctionList, C_Initialize and C_GetInfo went well."""
    none = no_pkcs11(module.fault, module.path)
    if none is not None:
        return failed(none, RIGHT_FILE)
    if module.fault is not None:
        hint = _TOO_SLOW if module.fault.kind is FaultKind.HANG else None
        return failed(fault_message(module.fault), hint)
    info = module.info
    if info is None:
        return failed(msg("The module {path} gave no information.", path=module.path))
    return passed(info_words(info))


@check(
    "MODULE-CALLS",
    msg("The module lists its slots"),
    msg("Unplug and plug the reader, then try again; reinstall the middleware if it persists."),
    scope=Scope.RUN,
)
def module_lists(faults: tuple[Fault, ...]) -> Answer:
    """Faults that belong to no card."""
    if faults:
        return failed(fault_message(faults[0]))
    return passed(msg("The slots were listed."))


@check(
    "MODULE-SEES-CARDS",
    msg("The module sees every card that PC/SC sees"),
    msg(
        "Take the card out and put it in again. If that does not help, the middleware does not "
        "know this card: cpx-tool list-modules shows what is known of it."
    ),
    severity=Severity.WARNING,
    scope=Scope.RUN,
)
def module_sees_cards(
    pcsc: Pcsc, cards: tuple[CardObservation, ...], module: ModuleObservation
) -> Answer:
    """A card in a reader for which no token was found."""
    joined = {card.reader for card in cards}
    present = [r for r in pcsc.readers if r.state is ReaderState.CARD_PRESENT]
    lost = [reader for reader in present if reader.name not in joined]
    if lost:
        names = tuple(reader.name for reader in lost)
        later = pcsc.readers[OPENSC_READERS:]
        limited = not any(reader.name in joined for reader in later)
        why = not_seen_words([r.kind for r in lost], len(later) if limited else 0, module)
        return failed(msg("No token for the card in: {readers}.", readers=names), why)
    if not present:
        return skipped(msg("PC/SC shows no card."))
    return passed(msg("Each card in a reader is a token."))


@check(
    "PCSC-SEES-CARDS",
    msg("PC/SC sees every card that the module sees"),
    msg(
        "Take the card out, wait, put it in again, and repeat the command: the module may show "
        "what it keeps of an earlier card (a stale cache, a remote session with RDP)."
    ),
    severity=Severity.WARNING,
    scope=Scope.RUN,
)
def pcsc_sees_cards(pcsc: Pcsc, cards: tuple[CardObservation, ...]) -> Answer:
    """A token in a reader that is empty, mute or gone, as PC/SC has it (ANS 1359)."""
    states = {reader.name: reader.state for reader in pcsc.readers}
    contradicted = tuple(
        msg("{name} ({state})", name=card.reader, state=STATES[states[card.reader]])
        for card in cards
        if card.reader is not None and states.get(card.reader) in _NO_CARD
    )
    if contradicted:
        return failed(
            msg(
                "The module shows a card where PC/SC, asked just before, shows none: {readers}.",
                readers=contradicted,
            )
        )
    if not any(card.reader in states for card in cards):
        return skipped(msg("The module shows no card in a PC/SC reader."))
    return passed(msg("Each token is a card in a reader."))


@check(
    "SET-COMPLETE",
    msg("Every card of the set is there"),
    msg("Insert the missing cards; if they are lost, order the set again (form 414, part 3)."),
    scope=Scope.RUN,
)
def set_complete(
    match: Match, card_set: CardSet, cards: tuple[CardObservation, ...], cut_short: bool
) -> Answer:
    """Each role of the set was taken by a card. What an interrupted run did not come to may be in
    a reader all the same.
    """
    if not cards:
        return skipped(msg("No card was read."))
    found = card_set.size - len(match.missing)
    names = tuple(_missing(role, match) for role in match.missing)
    if match.missing and cut_short:
        unread = nmsg(
            "{count} of {size} cards; not read yet: {names}.",
            "{count} of {size} cards; not read yet: {names}.",
            found,
            size=card_set.size,
            names=names,
        )
        return Answer(Outcome.ERROR, unread, _GO_ON)
    if match.missing:
        return failed(
            nmsg(
                "{count} of {size} cards; missing: {names}.",
                "{count} of {size} cards; missing: {names}.",
                found,
                size=card_set.size,
                names=names,
            )
        )
    return passed(
        nmsg("{count} of {size} cards", "{count} of {size} cards", found, size=card_set.size)
    )


def _missing(role: ExpectedCard, match: Match) -> str | Message:
    """The role that nobody took; or those it may be, where cards cannot be told apart."""
    others = (p.expected for p in match.placements if role in p.interchangeable)
    titles = (role.title, *(other.title for other in others if other is not None))
    return msg("one of ({roles})", roles=titles) if len(titles) > 1 else role.title
