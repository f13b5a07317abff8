"""The cards: what one says of itself, and what they say together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cpx_tool.catalogue.middleware import recognise
from cpx_tool.judge.blame_rule import Found, rule
from cpx_tool.judge.case import Case, faults_of
from cpx_tool.judge.tls_causes import Cause
from cpx_tool.judge.words import fault_message
from cpx_tool.model.blame import Part, Sureness
from cpx_tool.model.fault import CARD_TIME, INTERRUPTED, FaultKind
from cpx_tool.model.finding import Finding, JudgedCard, Outcome
from cpx_tool.model.message import Message, msg
from cpx_tool.model.middleware import Family
from cpx_tool.model.observation import PinRefusal, PinResult

_BREAKS = (FaultKind.CRASH, FaultKind.HANG, FaultKind.EXCESS)
EXPECTED_BY_THE_SET = (
    "CARD-NUMBER",
    "CARD-TYPE",
    "CARD-PROFESSION",
    "CARD-NOMINATIVE",
    "CARD-TITLE-EXPECTED",
    "CARD-IN-SET",
)
"""What a set states."""
_SIGNED_WORDS = (
    "CERT-NOT-EXPIRED",
    "CERT-REVOKED",
    "CERT-AGREE",
    "CERT-USAGE-AUTH",
    "CERT-USAGE-SIGN",
)
"""What the card's certificates, or their issuer's list, say of themselves."""
_LOGIN = (Cause.PIN_REFUSED.value, Cause.NO_LOGIN.value)
_TWO = 2

PIN_STATE = (
    PinRefusal.LOCKED,
    PinRefusal.FINAL_TRY,
    PinRefusal.COUNT_LOW,
    PinRefusal.TO_BE_CHANGED,
    PinRefusal.EARLIER_RUN,
    PinRefusal.REFUSED_ELSEWHERE,
    PinRefusal.PIN_LENGTH,
)
STARTED_SO = (PinRefusal.UNATTENDED, PinRefusal.NOT_ASKED, PinRefusal.PROTECTED_PATH)
_NO_CONTACT = (PinRefusal.CONTACTLESS, PinRefusal.NO_PIN_ON_CARD)


# --- what one card says of itself ---------------------------------------------------------------


@rule(
    "CUT-SHORT",
    Part.OPTIONS,
    Sureness.CERTAIN,
    msg("The run was interrupted, or a card's time was up, before all was done."),
)
def run_was_cut_short(case: Case) -> Iterator[Found]:
    """What is lacking, lacks for it."""
    yield from _refused(case, (PinRefusal.NOT_REACHED,))
    if case.seen.cut_short:
        yield from filter(None, [_lacking(case)])
    for card in case.cards:
        codes = {fault.code for fault in faults_of(card)}
        follow = _follow(case, card)
        if codes & {INTERRUPTED, CARD_TIME} and follow:
            yield Found(follow, (card.key,), _fault_words(card))


def _lacking(case: Case) -> Found | None:
    wrong = tuple(f for f in case.wrong("SET-COMPLETE") if f.outcome is Outcome.ERROR)
    return Found(wrong) if wrong else None


@rule(
    "CARD-TAKEN-OUT",
    Part.HANDLING,
    Sureness.LIKELY,
    msg("The card was not there to the end: taken out, or reset by another program."),
)
def card_was_taken_out(case: Case) -> Iterator[Found]:
    """What else is wrong with it, follows."""
    for card in case.cards:
        follow = _follow(case, card)
        if card.observed.pulled and follow:
            yield Found(follow, (card.key,), _fault_words(card))


@rule(
    "MODULE-BREAKS",
    Part.MIDDLEWARE,
    Sureness.LIKELY,
    msg("A module must not end, hang or eat up memory, whatever the card does."),
)
def module_breaks(case: Case) -> Iterator[Found]:
    """Even where one card brings it about. A hang may be a slow card or another program's
    transaction: then it is possible only.
    """
    for card in case.cards:
        kinds = {fault.kind for fault in faults_of(card)} & set(_BREAKS)
        follow = _follow(case, card)
        if kinds and follow:
            sureness = Sureness.POSSIBLE if kinds == {FaultKind.HANG} else None
            yield Found(follow, (card.key,), _fault_words(card), sureness=sureness)


@rule(
    "NO-TEST-CARD",
    Part.HANDLING,
    Sureness.CERTAIN,
    msg("The card is no CPx test card: it does not belong into this run."),
)
def no_test_card(case: Case) -> Iterator[Found]:
    """Where its certificates can be read and agree; else nothing is proven either way: a cache that
    shows certificates of two cards is not a card of somebody.
    """
    for card in case.cards:
        wrong = [f for f in case.of(card.key) if f.check in ("CARD-CPX", "CARD-TEST")]
        failed = [f for f in wrong if f.outcome is Outcome.FAILED]
        readable = case.outcome(card.key, "CERT-READABLE") is Outcome.PASSED
        if failed and readable and not _is_mixed(case, card):
            evidence = tuple(f.message for f in failed)
            yield Found(case.of(card.key), (card.key,), evidence)


def _is_mixed(case: Case, card: JudgedCard) -> bool:
    return case.outcome(card.key, "CERT-AGREE") is Outcome.FAILED


@rule(
    "PIN-STATE",
    Part.PIN,
    Sureness.CERTAIN,
    msg("The card, or the ledger of earlier tries, speaks against a PIN try: a matter of the PIN."),
)
def pin_is_in_the_way(case: Case) -> Iterator[Found]:
    """Locked, tries missing, a try in an earlier run."""
    yield from _refused(case, PIN_STATE)


@rule(
    "STARTED-SO",
    Part.OPTIONS,
    Sureness.CERTAIN,
    msg("Nobody was there, or nobody asked for a login: the run was started so."),
)
def started_without_login(case: Case) -> Iterator[Found]:
    """--non-interactive, --no-login, or a PIN pad without a person."""
    yield from _refused(case, STARTED_SO)


@rule(
    "NO-LEDGER",
    Part.WORKSTATION,
    Sureness.CERTAIN,
    msg("The ledger of PIN tries cannot be kept here, so no PIN was tried."),
)
def no_ledger(case: Case) -> Iterator[Found]:
    """A directory that cannot be written."""
    yield from _refused(case, (PinRefusal.LEDGER_UNAVAILABLE,))


@rule(
    "WITHOUT-CONTACTS",
    Part.READER,
    Sureness.LIKELY,
    msg("The card is read without contacts, where it has no PIN: the reader took that side."),
)
def read_without_contacts(case: Case) -> Iterator[Found]:
    """A contact reader is needed."""
    yield from _refused(case, _NO_CONTACT)


@rule(
    "WRONG-PIN",
    Part.PIN,
    Sureness.CERTAIN,
    msg("The card answered, and refused the PIN: reader and middleware work."),
)
def wrong_pin(case: Case) -> Iterator[Found]:
    """The login's own answer."""
    for card in case.cards:
        pin = card.observed.pin
        wrong = [f for f in case.of(card.key) if f.check == "PIN-ACCEPTED"]
        if wrong and pin is not None and pin.result in (PinResult.WRONG, PinResult.LOCKED):
            at_servers = [f for f in case.of(card.key) if f.code in _LOGIN]
            evidence = tuple(f.message for f in wrong)
            yield Found((*wrong, *at_servers), (card.key,), evidence)


@rule(
    "STALE-CACHE",
    Part.MIDDLEWARE,
    Sureness.LIKELY,
    msg(
        "Keys or label do not belong to the certificates that are shown: so it is when the "
        "middleware shows what its cache keeps of an earlier card."
    ),
)
def cache_is_stale(case: Case) -> Iterator[Found]:
    """Seen with the Cryptolib: old label and certificate, new key. One sign alone may be a fault
    of personalisation.
    """
    for card in case.cards:
        names = {f.check for f in case.of(card.key)}
        keys = names & {"KEY-MATCHES", "SIGN-AUTH", "SIGN-SIGN"}
        looks = names & {"CARD-LABEL", "CARD-DATA-AGREE"}
        if _is_cryptolib(case) and keys and looks and not faults_of(card):
            found = [f for f in case.of(card.key) if f.check in keys | looks]
            yield Found(tuple(found), (card.key,))


@rule(
    "OPENSC-SIGNATURE-KEY",
    Part.MIDDLEWARE,
    Sureness.CERTAIN,
    msg("OpenSC built with OpenSSL 3 cannot sign with the signature key of a CPx card."),
)
def opensc_cannot_sign(case: Case) -> Iterator[Found]:
    """CKR_FUNCTION_NOT_SUPPORTED (OpenSC, card-iasecc.c)."""
    module = case.seen.module
    if module is None or recognise(module.path, module.info) is not Family.OPENSC:
        return
    for card in case.cards:
        codes = {fault.code for fault in faults_of(card)}
        wrong = tuple(f for f in case.of(card.key) if f.check == "SIGN-SIGN")
        if wrong and "CKR_FUNCTION_NOT_SUPPORTED" in codes:
            yield Found(wrong, (card.key,))


@rule(
    "CLOCK-BEFORE-CARDS",
    Part.CLOCK,
    Sureness.LIKELY,
    msg("By this workstation's clock none of the cards is valid yet."),
)
def clock_is_behind(case: Case) -> Iterator[Found]:
    """One card alone may really begin later."""
    wrong = case.wrong("CERT-STARTED")
    if wrong and len(wrong) == len(case.cards):
        sureness = Sureness.POSSIBLE if len(case.cards) < _TWO else None
        follow = case.wrong("CERT-CHAIN")  # its CAs are not valid yet, either
        yield Found((*wrong, *follow), _subjects(wrong), _words_of(wrong), sureness=sureness)


@rule(
    "ISSUERS-AT-HAND",
    Part.TRUST,
    Sureness.LIKELY,
    msg("No card's chain holds: cards of several makings do not all come from elsewhere."),
)
def issuers_are_wrong(case: Case) -> Iterator[Found]:
    """A certificate at hand of the same name and another key."""
    wrong = case.wrong("CERT-CHAIN")
    if len(wrong) >= _TWO and len(wrong) == len(case.cards):
        yield Found(wrong, _subjects(wrong))


@rule(
    "CLOCK-AFTER-CARDS",
    Part.CLOCK,
    Sureness.POSSIBLE,
    msg("By this workstation's clock all cards have expired: so it looks, too, if it is ahead."),
)
def clock_is_ahead(case: Case) -> Iterator[Found]:
    """Cards of one order do end together: the card is the likelier, and explains the finding."""
    keys = _all_expired(case)
    if keys:
        told = msg("It says {now}.", now=case.seen.observed_at)
        yield Found((), keys, (told,))


def _all_expired(case: Case) -> tuple[str, ...]:
    """The cards, where there are several and all have expired; else none."""
    keys = tuple(card.key for card in case.cards)
    ended = [case.outcome(key, "CERT-NOT-EXPIRED") is Outcome.FAILED for key in keys]
    return keys if len(keys) >= _TWO and all(ended) else ()


@rule(
    "CERTIFICATES-SAY-SO",
    Part.CARD,
    Sureness.LIKELY,
    msg("The card's own certificates, or their issuer, say so: no part in between changes that."),
)
def certificates_say_so(case: Case) -> Iterator[Found]:
    """They are signed: where the chain holds, it is certain; but not where by the clock all of
    several cards have expired.
    """
    late = set(_all_expired(case))
    for card in case.cards:
        wrong = tuple(f for f in case.of(card.key) if f.check in (*_SIGNED_WORDS, "CERT-STARTED"))
        if wrong:
            proven = case.outcome(card.key, "CERT-CHAIN") is Outcome.PASSED
            certain = Sureness.CERTAIN if proven and card.key not in late else None
            chain = [f for f in case.of(card.key) if f.check == "CERT-CHAIN"]
            ended = any(f.check == "CERT-NOT-EXPIRED" for f in wrong)  # so may have its CAs
            follow = chain if ended else []
            yield Found((*wrong, *follow), (card.key,), _words_of(wrong), sureness=certain)


@rule(
    "SET-DISAGREES",
    Part.SET,
    Sureness.LIKELY,
    msg("Every card that was there disagrees with the set: the set is the wrong one."),
)
def set_disagrees(case: Case) -> Iterator[Found]:
    """One or two cards may be the wrong ones; all of several are not."""
    wrong = case.wrong(*EXPECTED_BY_THE_SET)
    if len(case.cards) > _TWO and len(set(_subjects(wrong))) == len(case.cards):
        yield Found((*wrong, *case.wrong("SET-COMPLETE")), _subjects(wrong))


@rule(
    "OTHER-CARD",
    Part.HANDLING,
    Sureness.LIKELY,
    msg("It is another card than the set expects, or one is not there."),
)
def another_card(case: Case) -> Iterator[Found]:
    """Cards of two sets in one drawer; a card in another reader."""
    yield from _shown_twice(case)
    wrong = case.wrong(*EXPECTED_BY_THE_SET, "SET-COMPLETE", "CARD-NOT-EXTRA")
    if wrong:
        yield Found(wrong, tuple(s for s in _subjects(wrong) if s != "run"))


_TWICE = msg(
    "One card number is shown twice: two readers or channels show one card, or it is a copy."
)


def _shown_twice(case: Case) -> Iterator[Found]:
    """The PIN is tried on one of them only."""
    for finding in case.wrong("CARD-UNIQUE"):
        refused = [f for f in case.of(finding.subject) if f.check == "PIN-ALLOWED"]
        yield Found((finding, *refused), (finding.subject,), (finding.message,), reason=_TWICE)


# --- what several cards say together ------------------------------------------------------------


@rule(
    "SAME-READER",
    Part.READER,
    Sureness.LIKELY,
    msg("All cards of one reader fail, and all cards of the others pass."),
)
def same_reader(case: Case) -> Iterator[Found]:
    """Of one card in that reader alone nobody can tell it from the card."""
    for check in _open_checks(case):
        wrong = case.wrong(check)
        failing = [card for card in case.cards if card.key in _subjects(wrong)]
        readers = {card.observed.reader for card in failing}
        others = [card for card in case.cards if card.observed.reader not in readers]
        fitting = len(readers) == 1 and None not in readers and len(failing) >= _TWO
        if fitting and others and len(failing) + len(others) == len(case.cards):
            name = next(iter(readers)) or ""
            yield Found(wrong, (name,), _told_by(wrong, others, check))


@rule(
    "ALL-CARDS",
    Part.MIDDLEWARE,
    Sureness.LIKELY,
    msg("The same check fails on every card: cards do not break all at once."),
)
def all_cards(case: Case) -> Iterator[Found]:
    """The middleware, or with one reader for all, that reader."""
    for check in _open_checks(case):
        wrong = case.wrong(check)
        if len(case.cards) >= _TWO and len(set(_subjects(wrong))) == len(case.cards):
            readers = {card.observed.reader for card in case.cards}
            alone = len(readers) == 1 and None not in readers
            sureness = Sureness.POSSIBLE if alone else None  # it may be that reader
            yield Found(wrong, _subjects(wrong), sureness=sureness)


@rule(
    "ONE-CARD",
    Part.CARD,
    Sureness.LIKELY,
    msg("Other cards pass the same check through the same middleware in the same run."),
)
def one_card(case: Case) -> Iterator[Found]:
    """Its own reader is not excluded, where it was in one of its own."""
    for card in case.cards:
        for finding in case.of(card.key):
            good = [
                other
                for other in case.cards
                if other is not card and case.outcome(other.key, finding.check) is Outcome.PASSED
            ]
            if good:
                yield Found((finding,), (card.key,), _told_by((finding,), good, finding.check))


def _told_by(
    wrong: Sequence[Finding], good: Sequence[JudgedCard], check: str
) -> tuple[Message, ...]:
    names = tuple(card.key for card in good)
    passed = msg("{check} passed on: {cards}.", check=check, cards=names)
    return (*_words_of(wrong), passed)


def _words_of(wrong: Sequence[Finding]) -> tuple[Message, ...]:
    different: list[Message] = []
    for finding in wrong:
        if finding.message not in different:
            different.append(finding.message)
    return tuple(different)


def _open_checks(case: Case) -> list[str]:
    """Those of cards, each once, in their order."""
    keys = {card.key for card in case.cards}
    return list(dict.fromkeys(f.check for f in case.open if f.subject in keys))


def _refused(case: Case, refusals: Sequence[PinRefusal]) -> Iterator[Found]:
    for card in case.cards:
        pin = card.observed.pin
        wrong = tuple(f for f in case.of(card.key) if f.check == "PIN-ALLOWED")
        if wrong and pin is not None and pin.refusal in refusals:
            yield Found(wrong, (card.key,))


def _follow(case: Case, card: JudgedCard) -> tuple[Finding, ...]:
    """What is open of a card that was not read well, but what its certificates say."""
    own = (*_SIGNED_WORDS, "CERT-STARTED", *EXPECTED_BY_THE_SET)
    return tuple(finding for finding in case.of(card.key) if finding.check not in own)


def _subjects(findings: Sequence[Finding]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(finding.subject for finding in findings))


def _fault_words(card: JudgedCard) -> tuple[Message, ...]:
    return tuple(fault_message(fault) for fault in faults_of(card))


def _is_cryptolib(case: Case) -> bool:
    module = case.seen.module
    return module is not None and recognise(module.path, module.info) is Family.CRYPTOLIB


OWN = (
    run_was_cut_short,
    card_was_taken_out,
    module_breaks,
    no_test_card,
    pin_is_in_the_way,
    started_without_login,
    no_ledger,
    read_without_contacts,
    wrong_pin,
    cache_is_stale,
    opensc_cannot_sign,
    clock_is_behind,
    clock_is_ahead,
    certificates_say_so,
    issuers_are_wrong,
    set_disagrees,
    another_card,
)
TOGETHER = (same_reader, all_cards, one_card)
