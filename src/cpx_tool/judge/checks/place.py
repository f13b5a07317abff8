"""Does this card belong to this set."""

from __future__ import annotations

from cpx_tool.judge.check import Answer, check, failed, passed, skipped
from cpx_tool.judge.matching import Placement
from cpx_tool.judge.words import extra_message, fault_message, foreign_message
from cpx_tool.model.fault import INTERRUPTED, SESSIONS_LEFT
from cpx_tool.model.finding import Outcome, Place, Severity
from cpx_tool.model.identity import Identity
from cpx_tool.model.message import msg
from cpx_tool.model.observation import CardObservation

_NAMELESS = (Place.UNRECOGNISED, Place.UNREAD)


@check(
    "CARD-READ",
    msg("The card was read without a fault"),
    msg(
        "Put the card in again and repeat. If only this card fails, the card is at fault; "
        "if all do, the reader or the middleware."
    ),
)
def card_read(observed: CardObservation) -> Answer:
    """No call about this card failed, crashed or hung."""
    if not observed.hindrances:
        return passed(msg("Read."))
    first = observed.hindrances[0]
    if first.code == INTERRUPTED:  # nothing is known against the card
        again = msg("Run it again (check-set: with --resume).")
        return Answer(Outcome.ERROR, fault_message(first), again)
    return failed(fault_message(first))


@check(
    "CARD-FRESH",
    msg("The card was read in this run"),
    msg(
        "What changed on it since is not seen: for a result of today, run the command without "
        "--resume."
    ),
    severity=Severity.WARNING,
)
def card_fresh(observed: CardObservation) -> Answer:
    """Not in an interrupted run, from which this one goes on (--resume)."""
    if observed.token is None:
        return skipped(msg("The card could not be read."))
    if observed.observed_at is not None:
        return failed(msg("Read on {date}, in an interrupted run.", date=observed.observed_at))
    return passed(msg("Read in this run."))


@check(
    "CARD-SESSIONS",
    msg("The module closes its sessions with the card"),
    msg(
        "A fault of the middleware: programs that run for long will run out of sessions. "
        "Install its latest version, and report it to its maker."
    ),
    severity=Severity.WARNING,
)
def sessions_closed(observed: CardObservation) -> Answer | None:
    """After the last session was closed none is counted (PKCS#11 v2.40, 3.2, ulSessionCount).

    Looked at after a logout only.
    """
    if observed.keys is None:
        return None
    left = [fault for fault in observed.faults if fault.code == SESSIONS_LEFT]
    if left:
        return failed(fault_message(left[0]))
    return passed(msg("None is left open."))


@check(
    "CARD-UNIQUE",
    msg("The card number appears once"),
    msg("Two slots show one card number: remove the second reader or the copied card."),
)
def card_unique(placement: Placement) -> Answer | None:
    """One card number, one card."""
    if placement.place in _NAMELESS:
        return None
    if placement.place is Place.DUPLICATE:
        return failed(msg("Another card of this run has the same card number."))
    return passed(msg("The card number appears once."))


@check(
    "CARD-NOT-EXTRA",
    msg("No more such cards than the set holds"),
    msg("Take out what belongs to a second set: this card, or the one that took its place."),
)
def card_not_extra(placement: Placement) -> Answer | None:
    """The role is not already taken by another card."""
    if placement.place in _NAMELESS:
        return None
    if placement.place is Place.EXTRA and placement.expected is not None:
        roles = placement.interchangeable or (placement.expected,)
        return failed(extra_message(roles))
    return passed(msg("No other card takes its place."))


@check(
    "CARD-IN-SET",
    msg("The card is one of this set"),
    msg("Take this card out, or name the right set with --set (cpx-tool list-sets)."),
)
def card_in_set(placement: Placement, identity: Identity) -> Answer:
    """A card whose certificates say it is another kind of card than the set holds."""
    if placement.place is Place.FOREIGN:
        return failed(foreign_message(identity))
    return passed(msg("The set holds such a card."))


@check(
    "CARD-CPX",
    msg("The card is a CPx card"),
    msg("Take this card out of the reader; its PIN was not tried."),
)
def card_is_cpx(placement: Placement) -> Answer:
    """At least one certificate carries the extensions of a CPx card."""
    if placement.place is Place.UNREAD:
        return skipped(msg("The card could not be read."))
    if placement.place is Place.UNRECOGNISED:
        return failed(msg("No certificate on it says that it is a CPx card."))
    return passed(msg("A CPx card."))


@check(
    "CARD-ROLE",
    msg("The role of the card is certain"),
    msg(
        "CDE, CPE and delegate's CPE share one type code, and no published rule tells them "
        "apart. Say once which is which: cpx-tool enrol-set asks, and writes a set file that "
        "pins each card by the number printed on it."
    ),
    severity=Severity.WARNING,
)
def card_role_certain(placement: Placement) -> Answer | None:
    """Only one assignment of cards to roles is possible for this card."""
    if placement.place is not Place.EXPECTED or placement.expected is None:
        return None
    if placement.interchangeable:
        titles = tuple(role.title for role in placement.interchangeable)
        return failed(msg("The role may be any of these: {roles}.", roles=titles))
    return passed(msg("{role}", role=placement.expected.title))
