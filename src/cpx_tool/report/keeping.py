"""What is said of a run that was kept, as the set was not complete, and of one that resumes it."""

from __future__ import annotations

from datetime import datetime

from cpx_tool.model.message import Message, msg, nmsg

KEPT = msg("What was read is kept: the same command with --resume goes on from there.")


def not_kept(reason: Message) -> Message:
    """Why this run could not be taken up."""
    return msg("This run could not be resumed: {reason}", reason=reason)


def resumed(count: int, size: int, seen: datetime) -> Message:
    """The run has that many cards of an interrupted one."""
    return nmsg(
        "Resumed: {count} of {size} cards was read on {date}.",
        "Resumed: {count} of {size} cards were read on {date}.",
        count,
        size=size,
        date=seen,
    )


def long_ago(hours: int) -> Message:
    """Cards may have changed since."""
    return nmsg(
        "That was {count} hour ago: what changed on these cards since is not seen.",
        "That was {count} hours ago: what changed on these cards since is not seen.",
        hours,
    )


def waiting(count: int, seen: datetime) -> Message:
    """There is a run of that many cards to be resumed."""
    return nmsg(
        "A run of {date} read {count} card, and the set was not complete: --resume goes on from "
        "there. Without it, this run takes its place once it has read as many.",
        "A run of {date} read {count} cards, and the set was not complete: --resume goes on from "
        "there. Without it, this run takes its place once it has read as many.",
        count,
        date=seen,
    )


def still_kept(count: int) -> Message:
    """This run did not take its place."""
    return nmsg(
        "An earlier run is still kept, with its {count} card: --resume goes on from there.",
        "An earlier run is still kept, with its {count} cards: --resume goes on from there.",
        count,
    )
