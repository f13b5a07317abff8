"""Why a file is not merged, and how a file repeats another."""

from __future__ import annotations

from cpx_tool.model.guidance import Guidance, Kind
from cpx_tool.model.message import Message, msg

_SOURCES = ("docs/merge.md",)
_LOST = msg("The result that is missing may be the one that failed.")
_HARMLESS = msg("No result is lost with it: the verdict does not change.")


def _lost(meanings: dict[str, Message], causes: tuple[Message, ...], remedy: Message) -> Guidance:
    return Guidance(Kind.MERGING, meanings, _LOST, causes, _SOURCES, remedy)


def _harmless(
    meanings: dict[str, Message], causes: tuple[Message, ...], remedy: Message
) -> Guidance:
    return Guidance(Kind.MERGING, meanings, _HARMLESS, causes, _SOURCES, remedy)


GUIDANCE = (
    _lost(
        {
            "not-there": msg("A name that was given leads nowhere."),
            "no-files": msg("A folder or a pattern that was given has no .json file."),
        },
        (
            msg("The name is mistyped, or means another current directory."),
            msg("No workstation has delivered its result yet."),
        ),
        msg("Name the folder into which the workstations write (--report-dir)."),
    ),
    _lost(
        {
            "unreadable": msg("The file or folder is there, but cannot be read."),
            "not-a-file": msg("It is a pipe or a device, which might have no end."),
        },
        (
            msg("It belongs to another user."),
            msg("The network share or the disk does not answer as it should."),
        ),
        msg("Make it readable for whoever merges, or copy the results to another folder."),
    ),
    _lost(
        {
            "too-large": msg("The file has more than 8 MB: no result has."),
            "not-utf-8": msg("The file is not encoded in UTF-8."),
            "not-json": msg("The file is not JSON, or not whole."),
        },
        (
            msg("A transfer was cut off, or a disk was full."),
            msg("PowerShell's > wrote the output of --json, in UTF-16."),
            msg("Another program's file has the same ending."),
        ),
        msg("Have the workstation write it anew with --report json=FILE, and fetch it again."),
    ),
    _lost(
        {
            "not-a-result": msg(
                "It is JSON, but not a result of this tool: something that each result has is "
                "missing, or its verdict is not that of its findings."
            ),
        },
        (
            msg("Another program's JSON lies in the folder."),
            msg("Somebody edited the file."),
        ),
        msg("Take it out of the folder, or have the workstation write it anew."),
    ),
    _lost(
        {"newer-schema": msg("A newer version of this tool wrote the file.")},
        (msg("The workstation was updated before the computer that merges."),),
        msg("Merge with a version that is as new as that of the workstations."),
    ),
    _lost(
        {"no-verdict": msg("The command ended with an error before there was a result.")},
        (msg("No reader, no module or no service was there, or the command was called wrongly."),),
        msg("Read the error in the file, mend its cause and repeat the command there."),
    ),
    _harmless(
        {
            "observation": msg("It is what was seen, and not a verdict about it."),
            "merged-already": msg("It is the result of a former merge."),
            "loop": msg("A link leads to a folder that was read already."),
        },
        (
            msg("Observations, results and merged results are kept in one folder."),
            msg("A link in the folder leads to a folder above it."),
        ),
        msg("Nothing for results. An observation counts once it is judged: cpx-tool judge."),
    ),
    _harmless(
        {
            "same-content": msg("Two files hold the same, to the last byte."),
            "same-run": msg("Two files tell of one run."),
        },
        (
            msg("Results were copied into one place twice, under two names."),
            msg("One observation was judged twice: its run is the same."),
        ),
        msg("Nothing: the copy is not counted. Remove it if it should not be there."),
    ),
)
