"""Merged results of many workstations."""

from __future__ import annotations

from cpx_tool.model.guidance import Guidance, Kind
from cpx_tool.model.message import msg

_SOURCES = ("docs/merge.md",)

GUIDANCE = (
    Guidance(
        Kind.CHECK,
        meanings={
            "MERGE-FILES": msg("Every file given was a result, and was merged."),
        },
        why=msg("The result that is missing may be the one that failed."),
        causes=(
            msg("A transfer was cut off, or a disk was full: the file is not whole."),
            msg("A workstation has a newer version of the tool than the one that merges."),
            msg("A command ended with an error, and its --json has no verdict."),
            msg("Another program's JSON lies in the folder."),
        ),
        sources=_SOURCES,
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "MERGE-REPEATS": msg("No file says again what another one said."),
        },
        why=msg("A copy is no second observation; it is not counted, not even as an older one."),
        causes=(
            msg("Results were copied into one place twice, under two names."),
            msg("One observation was judged twice: its run is the same."),
        ),
        sources=_SOURCES,
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "MERGE-ONE-PLACE": msg(
                "No card was seen at two workstations within two minutes, by the moments at which "
                "the runs began."
            ),
        },
        why=msg("A card is in one place at a time: one of the results cannot be what it seems."),
        causes=(
            msg("The clocks of the two workstations differ."),
            msg("One workstation is known by two names, or two have one name."),
            msg("The first run was short, and the card really was carried to the desk beside it."),
            msg("Two cards show one number."),
        ),
        sources=_SOURCES,
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "MERGE-ROLES": msg("Each card of a set was seen by some workstation that looked."),
        },
        why=msg("What is missing at one desk may lie at another; what is missing at all is lost."),
        causes=(
            msg("The card was lost, or never ordered."),
            msg("Its holder was away on the day of the run."),
        ),
        sources=_SOURCES,
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "MERGE-EMULATED": msg(
                "The results about cards are all of real ones, or all of emulated ones."
            ),
        },
        why=msg("An emulated card proves nothing of a reader or of a real card."),
        causes=(msg("A trial with emulate left its results beside the real ones."),),
        sources=_SOURCES,
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "MERGE-CLOCK": msg(
                "No result was observed more than five minutes after the merging, by the clock of "
                "the machine that merges."
            ),
        },
        why=msg("The newest result counts: a clock that is ahead hides all later ones."),
        causes=(
            msg("The clock of the workstation is ahead."),
            msg("The clock of the machine that merges is behind."),
        ),
        sources=_SOURCES,
    ),
)
