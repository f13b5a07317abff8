"""Exit codes of the command."""

from __future__ import annotations

from cpx_tool.model.guidance import Guidance, Kind
from cpx_tool.model.message import msg

GUIDANCE = (
    Guidance(
        Kind.EXIT_CODE,
        meanings={
            "exit-0": msg("All passed; warnings do not count."),
        },
        why=msg("A script may go on."),
        causes=(msg("Nothing is wrong."),),
        remedy=msg("Nothing is to be done; read the warnings all the same."),
        sources=("docs/exit-codes.md",),
    ),
    Guidance(
        Kind.EXIT_CODE,
        meanings={
            "exit-1": msg("A check that decides failed, or could not be answered."),
        },
        why=msg("An incomplete result is no success."),
        causes=(
            msg("What the report names; a test that was skipped counts, too, where it decides."),
        ),
        remedy=msg(
            "Read the remedies of the report; cpx-tool explain ID says more of each, cpx-tool "
            "blame FILE which part is at fault."
        ),
        sources=("docs/exit-codes.md",),
    ),
    Guidance(
        Kind.EXIT_CODE,
        meanings={
            "exit-2": msg(
                "Wrong usage, an input that cannot be read, or an output that cannot be written."
            ),
        },
        why=msg("Nothing was checked, or the result could not be kept."),
        causes=(msg("A mistyped option or name; a file that is not there; a full disk."),),
        remedy=msg("The line on standard error names the fault and its remedy."),
        sources=("docs/exit-codes.md",),
    ),
    Guidance(
        Kind.EXIT_CODE,
        meanings={
            "exit-3": msg("An internal error."),
        },
        why=msg("It is a defect of this tool."),
        causes=(msg("Not known; the line on standard error names the place in the program."),),
        remedy=msg("Report that line with the command you ran."),
        sources=("docs/exit-codes.md",),
    ),
    Guidance(
        Kind.EXIT_CODE,
        meanings={
            "exit-4": msg("Nothing could be checked: no service, reader, module or card."),
        },
        why=msg("An empty result is not a pass."),
        causes=(
            msg("The service does not run, no card is in a reader, no middleware is installed."),
        ),
        remedy=msg("cpx-tool doctor goes through the workstation."),
        sources=("docs/exit-codes.md",),
    ),
    Guidance(
        Kind.EXIT_CODE,
        meanings={
            "exit-5": msg("Nothing failed, but PIN safety kept something from being checked."),
        },
        why=msg("Keys that were not tried are not proven."),
        causes=(
            msg(
                "A precaution: tries are missing, the run is unattended, or a test card is not "
                "proven."
            ),
        ),
        remedy=msg("Each refusal in the report says what to do."),
        sources=("docs/pin-safety.md",),
    ),
    Guidance(
        Kind.EXIT_CODE,
        meanings={
            "exit-129": msg("Interrupted by SIGHUP."),
            "exit-130": msg("Interrupted by Ctrl-C."),
            "exit-143": msg("Interrupted by SIGTERM."),
        },
        why=msg("What was seen until then was reported all the same."),
        causes=(msg("A person, a closed terminal, or a system that shuts down."),),
        remedy=msg("check-set --resume goes on from there."),
        sources=("docs/exit-codes.md",),
    ),
)
