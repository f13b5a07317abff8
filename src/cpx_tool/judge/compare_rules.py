"""What a difference between two results points to: small declared rules, each with its reason."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from cpx_tool.catalogue.pin_words import PIN_RESULTS
from cpx_tool.judge.blame_rules.cards import EXPECTED_BY_THE_SET, PIN_STATE, STARTED_SO
from cpx_tool.judge.case import Case
from cpx_tool.judge.differences import digest
from cpx_tool.judge.tls_parts import first_failure, part_of
from cpx_tool.model.blame import Part, Sureness, Suspicion
from cpx_tool.model.finding import Finding, JudgedCard, JudgedHandshake, Outcome
from cpx_tool.model.message import Message, msg
from cpx_tool.model.observation import PinRecord, PinResult
from cpx_tool.model.reader import PcscStatus, ReaderState

_BY_TRUST = ("CERT-CHAIN", "CERT-ISSUER", "CERT-ANCHOR", "CERT-CRL")
_BY_TIME = ("CERT-STARTED", "CERT-NOT-EXPIRED")
_OF_PIN = ("PIN-ALLOWED", "PIN-ACCEPTED")
_ELSEWHERE = (*_BY_TRUST, *_BY_TIME, *_OF_PIN, *EXPECTED_BY_THE_SET, "CERT-REVOKED")
_TWO = 2


@dataclass(frozen=True, slots=True)
class Pair:
    """The two results, judged in the same way."""

    left: Case
    right: Case

    def common(self) -> Iterator[tuple[JudgedCard, JudgedCard]]:
        """The cards that are in both, by number."""
        others = {card.key: card for card in self.right.cards}
        for card in self.left.cards:
            if card.key in others:
                yield card, others[card.key]

    def changed(self, key: str, *, without: Iterable[str] = ()) -> list[str]:
        """The checks of that card that are wrong on one side only; not those `without`, nor those
        that are asked of servers.
        """
        one = {f.check for f in self.left.open if f.subject == key}
        other = {f.check for f in self.right.open if f.subject == key}
        return sorted((one ^ other) - set(without))

    def turned(self, key: str, *, without: Iterable[str] = ()) -> list[str]:
        """Those `changed` of which the other side says that they passed: what was not asked there,
        for want of a login or by another command, tells nothing.
        """
        sides = (self.left, self.right)
        return [
            check
            for check in self.changed(key, without=without)
            if Outcome.PASSED in [side.outcome(key, check) for side in sides]
        ]

    def outcomes_differ(self, key: str, check: str) -> bool:
        """Whether that check found something else of that card."""
        return self.left.outcome(key, check) is not self.right.outcome(key, check)

    @property
    def same_host(self) -> bool:
        """Whether both were observed on one workstation."""
        return self.left.seen.workstation.host == self.right.seen.workstation.host

    @property
    def same_module(self) -> bool:
        """Whether both used a module that says the same of itself."""
        return _module(self.left) == _module(self.right)


@dataclass(frozen=True, slots=True)
class Points:
    """Where a difference points, of whom, and by what."""

    evidence: tuple[Message, ...]
    subjects: tuple[str, ...] = ()
    part: Part | None = None
    sureness: Sureness | None = None
    reason: Message | None = None


Function: TypeAlias = Callable[[Pair], Iterable[Points]]


@dataclass(frozen=True, slots=True)
class PairRule:
    """A declared rule; what `Points` leaves open, it says."""

    id: str
    part: Part
    sureness: Sureness
    reason: Message
    function: Function

    def ask(self, pair: Pair) -> Iterator[Suspicion]:
        """What it suspects."""
        for points in self.function(pair):
            yield Suspicion(
                points.part or self.part,
                points.sureness or self.sureness,
                self.id,
                points.reason or self.reason,
                points.subjects,
                points.evidence,
            )


def rule(
    rule_id: str, part: Part, sureness: Sureness, reason: Message
) -> Callable[[Function], PairRule]:
    """Declare a rule."""

    def declare(function: Function) -> PairRule:
        return PairRule(rule_id, part, sureness, reason, function)

    return declare


# --- the workstations ---------------------------------------------------------------------------


@rule(
    "SERVICE-DIFFERS",
    Part.SERVICE,
    Sureness.CERTAIN,
    msg("The PC/SC service answers in one of them only."),
)
def service_differs(pair: Pair) -> Iterator[Points]:
    """No reader: then it is the reader. Two that do not answer, each in its way, are no change."""
    one, other = pair.left.seen.pcsc.status, pair.right.seen.pcsc.status
    answers = {PcscStatus.OK, PcscStatus.NO_READER}
    told = (_sides(one.value, other.value),)
    if {one, other} == answers:
        reason = msg("The service shows a reader in one of them only.")
        yield Points(told, part=Part.READER, sureness=Sureness.LIKELY, reason=reason)
    elif len({one, other} - {PcscStatus.NOT_ASKED}) == _TWO and {one, other} & answers:
        yield Points(told)


@rule(
    "MODULE-FAILS-ONCE",
    Part.MIDDLEWARE,
    Sureness.CERTAIN,
    msg("The module loads in one of them only."),
)
def module_fails_once(pair: Pair) -> Iterator[Points]:
    """Its file, its libraries, its version."""
    wrong = [_is_wrong(case, "MODULE-LOADED") for case in (pair.left, pair.right)]
    if wrong[0] is not wrong[1]:
        yield Points((_sides(_module_words(pair.left), _module_words(pair.right)),))


@rule(
    "CARD-SHOWN-ONCE",
    Part.HANDLING,
    Sureness.LIKELY,
    msg("The card is in one of them only: it was not put in."),
)
def card_is_shown_once(pair: Pair) -> Iterator[Points]:
    """Where the other side has a card that its module does not show, it is the middleware. Of
    emulated cards beside real ones, and where the module or the service saw nothing at all, there
    is nothing to say.
    """
    if pair.left.seen.emulated is not pair.right.seen.emulated:
        return
    sides = (("A", pair.left), ("B", pair.right))
    for (_, here), (name, there) in (sides, sides[::-1]):
        known = {card.key for card in there.cards}
        lone = [card for card in here.cards if card.key not in known]
        if lone and not there.wrong("MODULE-LOADED", "MODULE-CALLS"):
            host = there.seen.workstation.host
            told = msg("Not in {side} ({host}).", side=name, host=host)
            yield from _why_missing(pair, lone, there, told)


_NOT_SHOWN = msg("Where it is missing, PC/SC sees a card that the module does not show.")
_SILENT = msg("Where it is missing, a reader holds a card that does not answer.")
_CUT_SHORT = msg("Where it is missing, the run ended before all cards were read.")
_NO_SUCH_READER = msg("The reader that it was in is not there on the other side.")
_REPLACED = msg("Another card has its role on the other side: one was put in for the other.")
_TWICE = msg("One card number is shown twice on one side only: two readers, or a copy.")


def _why_missing(
    pair: Pair, lone: Sequence[JudgedCard], there: Case, told: Message
) -> Iterator[Points]:
    """The workstation's reasons count for all that are missing; then each card's own."""
    unseen = there.wrong("MODULE-SEES-CARDS")
    states = {reader.state for reader in there.seen.pcsc.readers}
    keys = tuple(card.key for card in lone)
    if unseen:
        yield Points((told, unseen[0].message), keys, Part.MIDDLEWARE, reason=_NOT_SHOWN)
    elif states & {ReaderState.MUTE, ReaderState.IN_USE}:
        yield Points((told,), keys, Part.READER, Sureness.POSSIBLE, _SILENT)
    elif there.seen.cut_short:
        yield Points((told,), keys, Part.OPTIONS, reason=_CUT_SHORT)
    elif there.seen.pcsc.status in (PcscStatus.OK, PcscStatus.NOT_ASKED):
        for card in lone:
            yield _of_lone(pair, card, there, told)


def _of_lone(pair: Pair, card: JudgedCard, there: Case, told: Message) -> Points:
    keys, reader = (card.key,), card.observed.reader
    if card.key.split("#")[0] in {other.key for other in there.cards}:
        return Points((told,), keys, reason=_TWICE)
    takers = _takers(pair, card, there)
    if takers:
        return Points((told, msg("Here: {cards}.", cards=takers)), keys, reason=_REPLACED)
    gone = reader is not None and reader not in {r.name for r in there.seen.pcsc.readers}
    if gone and pair.same_host and not there.seen.emulated:
        words = (told, msg("Reader: {name}", name=reader or ""))
        return Points(words, keys, Part.READER, reason=_NO_SUCH_READER)
    return Points((told,), keys)


def _takers(pair: Pair, card: JudgedCard, there: Case) -> tuple[str, ...]:
    """The cards of the other side that have the role of this one, and are not here."""
    common = {one.key for one, _ in pair.common()}
    role = card.expected.role if card.expected else None
    return tuple(
        other.key
        for other in there.cards
        if role and other.key not in common and other.expected and other.expected.role == role
    )


# --- the same card on both sides ----------------------------------------------------------------


@rule(
    "CONTENTS-DIFFER",
    Part.MIDDLEWARE,
    Sureness.LIKELY,
    msg(
        "Under the same number other certificates are shown: one side shows a cache of an earlier "
        "personalisation, or the card was personalised again in between."
    ),
)
def contents_differ(pair: Pair) -> Iterator[Points]:
    """Where keys, signature and label are well on both sides, it is the card that changed. Where
    nothing fails, nobody is at fault: the difference itself is told.
    """
    for one, other in pair.common():
        if _certificates(one) == _certificates(other) or not (
            one.observed.certificates and other.observed.certificates
        ):
            continue
        changed = pair.turned(one.key, without=_OF_PIN)
        words = (_certificate_words(one, other), _changed_words(changed))
        signs = {"SIGN-AUTH", "SIGN-SIGN", "KEY-MATCHES", "CARD-LABEL"} & set(changed)
        if changed and pair.left.seen.emulated and pair.right.seen.emulated:
            yield Points(words, (one.key,), Part.CARD, reason=_MADE_ANEW)
        elif signs:
            yield Points(words, (one.key,))
        elif changed:
            yield Points(words, (one.key,), Part.CARD, Sureness.POSSIBLE)


_MADE_ANEW = msg("The emulated card was made anew between the two, and is another one now.")


def _certificate_words(*cards: JudgedCard) -> Message:
    left, right = (", ".join(sorted(_certificates(card))) for card in cards)
    return msg("Certificates (SHA-256): {left} | {right}", left=left, right=right)


@rule(
    "SAME-CARD-OTHER-PLACE",
    Part.MIDDLEWARE,
    Sureness.LIKELY,
    msg("The same card, with the same contents, fails with one middleware and not with the other."),
)
def same_card_elsewhere(pair: Pair) -> Iterator[Points]:
    """What is not the same in both is under suspicion: the middleware, the reader; where both
    differ, each is possible only; where none does, nothing is known. Two workstations have two
    readers, though these be of one model, and of one name.
    """
    for one, other in pair.common():
        checks = pair.turned(one.key, without=_ELSEWHERE)
        if not checks or _certificates(one) != _certificates(other):
            continue
        told = _changed_words(checks)
        if one.observed.pulled or other.observed.pulled:
            yield Points((told,), (one.key,), Part.HANDLING, reason=_TAKEN_OUT)
            continue
        yield from _by_surroundings(pair, one, other, told)


_TAKEN_OUT = msg("On the failing side the card was not there to the end.")
_OTHER_READER = msg("The same card fails in one reader and not in the other; the module is alike.")
_SAME_MODEL = msg("The module is alike and the reader of one name, but on another workstation.")
_BOTH_DIFFER = msg("Reader and middleware both differ, so either may be it: change one at a time.")


def _by_surroundings(
    pair: Pair, one: JudgedCard, other: JudgedCard, told: Message
) -> Iterator[Points]:
    readers = (one.observed.reader or "", other.observed.reader or "")
    module = _sides(_module_words(pair.left), _module_words(pair.right))
    reader = _sides(*readers)
    same_reader = readers[0] == readers[1]
    if not pair.same_module and same_reader:
        yield Points((told, module), (one.key,))
    elif pair.same_module and not same_reader:
        likely = Sureness.LIKELY
        yield Points((told, reader), (one.key,), Part.READER, likely, _OTHER_READER)
    elif pair.same_module and same_reader and readers[0] and not pair.same_host:
        yield Points((told, reader), (one.key,), Part.READER, Sureness.POSSIBLE, _SAME_MODEL)
    elif not pair.same_module:
        for part, seen in ((Part.MIDDLEWARE, module), (Part.READER, reader)):
            yield Points((told, seen), (one.key,), part, Sureness.POSSIBLE, _BOTH_DIFFER)


@rule(
    "PIN-CHANGED",
    Part.PIN,
    Sureness.CERTAIN,
    msg("The state of the card's PIN is not the same in both."),
)
def pin_changed(pair: Pair) -> Iterator[Points]:
    """Tries are missing, the PIN is locked or was refused: on one side only. That one of the runs
    was not to log in, is no matter of the PIN.
    """
    for one, other in pair.common():
        pins = (one.observed.pin, other.observed.pin)
        if not set(pair.changed(one.key)) & set(_OF_PIN):
            continue
        told = (_sides(*map(_pin_words, pins)),)
        if any(pin and pin.refusal in STARTED_SO for pin in pins):
            yield Points(told, (one.key,), Part.OPTIONS, reason=_STARTED_OTHERWISE)
        if any(pin and _speaks_of_pin(pin) for pin in pins):
            yield Points(told, (one.key,))


_STARTED_OTHERWISE = msg("One of the two runs was not to log in: it was started so.")


def _speaks_of_pin(pin: PinRecord) -> bool:
    return pin.refusal in PIN_STATE or pin.result in (PinResult.WRONG, PinResult.LOCKED)


def _pin_words(pin: PinRecord | None) -> Message | str:
    if pin is None:
        return ""
    word = PIN_RESULTS[pin.result]
    return msg("{value} ({kind})", value=word, kind=pin.refusal.value) if pin.refusal else word


@rule(
    "TIME-PASSED",
    Part.CARD,
    Sureness.LIKELY,
    msg("The certificates began or ended between the two, by the clocks of the workstations."),
)
def time_passed(pair: Pair) -> Iterator[Points]:
    """A clock that goes backwards is wrong itself; so may be one of two that differ by years. Of
    other certificates under the same number `contents_differ` speaks.
    """
    for one, other in pair.common():
        changed = set(pair.changed(one.key)) & set(_BY_TIME)
        if changed and _certificates(one) == _certificates(other):
            times = (pair.left.seen.observed_at, pair.right.seen.observed_at)
            told = (
                msg("Observed: {left} | {right}", left=times[0], right=times[1]),
                _changed_words(sorted(changed)),
            )
            yield Points(told, (one.key,))
            yield Points(told, (one.key,), Part.CLOCK, Sureness.POSSIBLE)


@rule(
    "TRUST-DIFFERS",
    Part.TRUST,
    Sureness.LIKELY,
    msg("The same certificates are judged with other CA certificates or CRLs."),
)
def trust_differs(pair: Pair) -> Iterator[Points]:
    """What an observation brings, is what was at hand there. Where that is the same, a CRL got old:
    nobody's fault but the time's.
    """
    if pair.left.seen.trust == pair.right.seen.trust:
        return
    for one, other in pair.common():
        changed = [c for c in (*_BY_TRUST, "CERT-REVOKED") if pair.outcomes_differ(one.key, c)]
        if changed and _certificates(one) == _certificates(other):
            yield Points((_changed_words(changed),), (one.key,))


@rule(
    "FAILS-IN-BOTH",
    Part.CARD,
    Sureness.LIKELY,
    msg("The same card fails in the same way in both, and the surroundings are not the same."),
)
def fails_in_both(pair: Pair) -> Iterator[Points]:
    """With the same middleware it may still be that; where every card disagrees with the set in
    both, the set is the wrong one.
    """
    expected = [_failing(pair, one.key, EXPECTED_BY_THE_SET) for one, _ in pair.common()]
    if len(expected) > _TWO and all(expected):
        checks = sorted({check for found in expected for check in found})
        keys = tuple(one.key for one, _ in pair.common())
        reason = msg("In both, every card disagrees with the set.")
        yield Points((_both_words(checks),), keys, Part.SET, reason=reason)
    for one, other in pair.common():
        checks = [c for c in _failing(pair, one.key, ()) if c not in (*_OF_PIN, *_BY_TRUST)]
        elsewhere = one.observed.reader != other.observed.reader or not pair.same_module
        if checks and elsewhere:
            sureness = Sureness.POSSIBLE if pair.same_module else None
            yield Points((_both_words(checks),), (one.key,), sureness=sureness)


# --- servers ------------------------------------------------------------------------------------


@rule(
    "SERVER-REACHED-ONCE",
    Part.NETWORK,
    Sureness.LIKELY,
    msg("The same server is reached from one of them only."),
)
def server_is_reached_once(pair: Pair) -> Iterator[Points]:
    """Names, routes, firewalls, proxies."""
    for one, other in _shaken(pair):
        for failure in _one_sided(one, other):
            if _part(failure) is Part.NETWORK:
                yield Points((failure.message,), (failure.subject,))


@rule(
    "OTHER-CERTIFICATE",
    Part.NETWORK,
    Sureness.LIKELY,
    msg(
        "The same address shows two server certificates: something in between answers for it, or "
        "the server's certificate was renewed, or several servers answer."
    ),
)
def another_certificate(pair: Pair) -> Iterator[Points]:
    """An intercepting proxy, mostly, where one is trusted and the other is not."""
    for one, other in _shaken(pair):
        shown = [digest(d.chain[0]) if (d := s.decisive) and d.chain else "" for s in (one, other)]
        if all(shown) and shown[0] != shown[1]:
            failures = [failure.message for failure in _one_sided(one, other)]
            sureness = None if failures else Sureness.POSSIBLE
            yield Points((_sides(*shown), *failures), (_subject(one),), sureness=sureness)


@rule(
    "SERVER-ANSWERS-DIFFER",
    Part.SERVER,
    Sureness.POSSIBLE,
    msg("The same client gets another answer from the same server."),
)
def server_answers_differ(pair: Pair) -> Iterator[Points]:
    """The step that fails on one side says which part; the network has its own rule."""
    for one, other in _shaken(pair):
        for failure in _one_sided(one, other):
            part = _part(failure)
            if part is not None and part is not Part.NETWORK:
                yield Points((failure.message,), (failure.subject,), part)


def _shaken(pair: Pair) -> Iterator[tuple[JudgedHandshake, JudgedHandshake]]:
    others = {(s.subject, s.handshake.endpoint.url): s for s in pair.right.handshakes}
    for shaken in pair.left.handshakes:
        other = others.get((shaken.subject, shaken.handshake.endpoint.url))
        if other is not None:
            yield shaken, other


def _one_sided(one: JudgedHandshake, other: JudgedHandshake) -> Iterator[Finding]:
    """The step that decides on the side that fails, where the other side came past it."""
    failures = (first_failure(one), first_failure(other))
    if (failures[0] and failures[0].code) == (failures[1] and failures[1].code):
        return
    for failure, beyond in ((failures[0], other), (failures[1], one)):
        if failure is not None:
            outcome = next((f.outcome for f in beyond.findings if f.check == failure.check), None)
            if outcome is Outcome.PASSED:
                yield failure


def _part(failure: Finding) -> Part | None:
    points = part_of(failure.code)
    return points[0] if points else None


def _subject(shaken: JudgedHandshake) -> str:
    return " ".join(filter(None, (shaken.subject, shaken.handshake.endpoint.url)))


# --- words --------------------------------------------------------------------------------------


def _is_wrong(case: Case, check: str) -> bool:
    return bool(case.wrong(check))


def _failing(pair: Pair, key: str, only: Iterable[str]) -> list[str]:
    """The checks of a card that are wrong in both, of these or of all."""
    one = {f.check for f in pair.left.open if f.subject == key}
    both = one & {f.check for f in pair.right.open if f.subject == key}
    return sorted(both & set(only) if only else both - set(EXPECTED_BY_THE_SET))


def _certificates(card: JudgedCard) -> frozenset[str]:
    return frozenset(digest(item.der) for item in card.observed.certificates)


def _module(case: Case) -> tuple[str, ...]:
    info = case.seen.module.info if case.seen.module else None
    return (info.manufacturer, info.description, info.version) if info else ()


def _module_words(case: Case) -> str:
    told = " ".join(_module(case))
    path = case.seen.module.path if case.seen.module else ""
    return f"{told} ({path})" if told else path


def _sides(left: Message | str, right: Message | str) -> Message:
    return msg("{left} | {right}", left=left or "—", right=right or "—")


def _changed_words(checks: Iterable[str]) -> Message:
    return msg("Not the same in both: {checks}.", checks=tuple(checks))


def _both_words(checks: Iterable[str]) -> Message:
    return msg("Wrong in both: {checks}.", checks=tuple(checks))


RULES = (
    service_differs,
    module_fails_once,
    card_is_shown_once,
    contents_differ,
    same_card_elsewhere,
    pin_changed,
    time_passed,
    trust_differs,
    fails_in_both,
    server_is_reached_once,
    another_certificate,
    server_answers_differ,
)
