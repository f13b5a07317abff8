"""Many results together: is all of it there, and can it be true."""

from __future__ import annotations

from collections.abc import Sequence

from cpx_tool.judge.check import Answer, Scope, check, failed, passed
from cpx_tool.judge.fleet_facts import Ahead, Conflicts, Lost, Repeats, UnseenRoles
from cpx_tool.model.finding import Outcome, Severity
from cpx_tool.model.fleet import TWO_PLACES_WINDOW, Command, Gathered
from cpx_tool.model.message import Message, msg, nmsg

_NAMED = 5
_MINUTES = int(TWO_PLACES_WINDOW.total_seconds() // 60)


@check(
    "MERGE-FILES",
    msg("Every file is a result that could be merged"),
    msg(
        "The list “Not merged” says why, file by file. Fetch the result again, or leave the file "
        "out."
    ),
    scope=Scope.FLEET,
)
def every_file_merged(gathered: Gathered, lost: Lost) -> Answer:
    """What was not read may have failed: without it, nothing passed."""
    hint = msg("Give the JSON reports of other commands: files, folders or patterns.")
    if not gathered.stations and not lost:
        return Answer(Outcome.ERROR, msg("There was no result to merge."), hint)
    if lost:
        told = nmsg(
            "{count} file was not merged: {files}",
            "{count} files were not merged: {files}",
            len(lost),
            files=_some([one.file for one in lost]),
        )
        return Answer(Outcome.ERROR, told, every_file_merged.hint)
    return passed(nmsg("{count} result", "{count} results", gathered.merged))


@check(
    "MERGE-REPEATS",
    msg("No result is there twice"),
    msg("Nothing is counted twice. Delete the copies, so that the history is right."),
    severity=Severity.WARNING,
    scope=Scope.FLEET,
)
def no_result_twice(gathered: Gathered, repeats: Repeats) -> Answer | None:
    """By the content of the file, and by the id of the run."""
    if not gathered.merged:
        return None
    if repeats:
        told = nmsg(
            "{count} file says again what another one said: {files}",
            "{count} files say again what others said: {files}",
            len(repeats),
            files=_some([one.file for one in repeats]),
        )
        return failed(told)
    return passed(msg("Each run is there once."))


@check(
    "MERGE-ONE-PLACE",
    msg("No card is at two workstations at once"),
    msg(
        "One of the clocks is wrong, or one of the results is not what it says: compare the "
        "clocks with doctor. Or two cards have one number: look at both."
    ),
    severity=Severity.WARNING,
    scope=Scope.FLEET,
)
def card_in_one_place(gathered: Gathered, conflicts: Conflicts) -> Answer | None:
    """Two runs that began within the window, on two workstations, with one card."""
    if not any(not card.emulated for card in gathered.cards):
        return None
    if conflicts:
        told = nmsg(
            "{count} time a card was at two workstations within {minutes} minutes: {cards}",
            "{count} times a card was at two workstations within {minutes} minutes: {cards}",
            len(conflicts),
            minutes=_MINUTES,
            cards=_some(list(dict.fromkeys(one.number for one in conflicts))),
        )
        return failed(told)
    return passed(msg("Each card was in one place at a time."))


@check(
    "MERGE-ROLES",
    msg("Each card of a set was seen on some workstation"),
    msg("Look for these cards, or order them again (see order-guide)."),
    severity=Severity.WARNING,
    scope=Scope.FLEET,
)
def roles_seen(gathered: Gathered, unseen: UnseenRoles) -> Answer | None:
    """A card that is missing everywhere is lost; one that is missing here may be elsewhere."""
    if not any(one.set_name for one in gathered.newest()):
        return None
    if unseen:
        told = nmsg(
            "{count} card of a set was seen nowhere: {roles}",
            "{count} cards of sets were seen nowhere: {roles}",
            len(unseen),
            roles=_some([f"{one.set_name}/{one.role}" for one in unseen]),
        )
        return failed(told)
    return passed(msg("Each was seen."))


@check(
    "MERGE-EMULATED",
    msg("Results of emulated and of real cards are not mixed"),
    msg("Merge them apart. Here they are marked, and never stand for one another."),
    severity=Severity.WARNING,
    scope=Scope.FLEET,
)
def one_reality(gathered: Gathered) -> Answer | None:
    """doctor sees no card: it goes with both."""
    of_cards = [one.emulated for one in gathered.newest() if one.command is not Command.DOCTOR]
    if not of_cards:
        return None
    emulated = sum(of_cards)
    if 0 < emulated < len(of_cards):
        told = nmsg(
            "{count} of {total} results about cards is of emulated ones.",
            "{count} of {total} results about cards are of emulated ones.",
            emulated,
            total=len(of_cards),
        )
        return failed(told)
    return passed(msg("All are of emulated cards.") if emulated else msg("All are of real cards."))


@check(
    "MERGE-CLOCK",
    msg("No result comes from the future"),
    msg("Set the clock of that workstation, or of this one: the newest result is what counts."),
    severity=Severity.WARNING,
    scope=Scope.FLEET,
)
def not_from_the_future(gathered: Gathered, ahead: Ahead) -> Answer | None:
    """A clock that is ahead makes an old result the newest one for a long time."""
    if not gathered.merged:
        return None
    if ahead:
        hosts = list(dict.fromkeys(place.host for place in ahead))
        told = nmsg(
            "{count} result is newer than now: {hosts}",
            "{count} results are newer than now: {hosts}",
            len(ahead),
            hosts=_some(hosts),
        )
        return failed(told)
    return passed(msg("All were observed before now."))


def _some(names: Sequence[str]) -> tuple[str | Message, ...]:
    """The first few, and how many more."""
    more = len(names) - _NAMED
    rest = (nmsg("{count} more", "{count} more", more),) if more > 0 else ()
    return (*names[:_NAMED], *rest)
