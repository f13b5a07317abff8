"""The command group, and the one place where errors become lines and exit codes."""

from __future__ import annotations

import io
import os
import signal
from collections.abc import Sequence
from contextlib import suppress
from gettext import gettext as _
from importlib import import_module

import click

from cpx_tool import __version__
from cpx_tool.cli import options
from cpx_tool.cli.descriptors import require_descriptors
from cpx_tool.cli.interruption import Interruption, code_of
from cpx_tool.cli.output import complain, show, write_error
from cpx_tool.errors import CpxError, ExitCode
from cpx_tool.i18n import say
from cpx_tool.model.message import Message, msg
from cpx_tool.report.json import render_error
from cpx_tool.report.words import printable, shortened

COMMANDS = {
    "doctor": "doctor:doctor",
    "list-readers": "readers:list_readers",
    "list-modules": "modules:list_modules",
    "check-set": "check:check_set",
    "judge": "check:judge",
    "show-card": "card:show_card",
    "sign-test": "sign:sign_test",
    "inspect": "inspect:inspect",
    "tls-test": "tls:tls_test",
    "check-p12": "software:check_p12",
    "csr": "software:csr",
    "emulate": "emulate:emulate",
    "virtual-cards": "virtual:virtual_cards",
    "list-endpoints": "endpoints:list_endpoints",
    "list-sets": "sets:list_sets",
    "show-set": "sets:show_set",
    "order-guide": "order:order_guide",
    "enrol-set": "enrol:enrol_set",
    "list-checks": "checks:list_checks",
    "blame": "blame:blame",
    "compare": "blame:compare",
    "merge": "merge:merge",
    "list-codes": "explain:list_codes",
    "explain": "explain:explain",
    "completion": "completion:completion",
    "trust": "trust:trust",
    "pin-ledger": "pin_ledger:pin_ledger",
    "schema": "schema:schema",
}
"""Each command, and where it is: the module in this room, and its name there."""


_COMPLETION = "_CPX_TOOL_COMPLETE"
"""Set by the scripts of `completion`; click's own name for it, made of the program's."""


class Commands(options.Group):
    """Loads a command when it is asked for: all of them would double the time of each start."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """All names, sorted."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command of that name."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        found = getattr(import_module(f"cpx_tool.cli.{module}"), name)
        assert isinstance(found, click.Command)  # noqa: S101 - the table above
        return found


@click.group(
    cls=Commands,
    help=_("Check sets of test CPx cards, their readers and their middleware."),
    epilog=options.EXIT_CODES,
    subcommand_metavar=_("COMMAND [ARGS]..."),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="cpx-tool")
def cli() -> None:
    pass


cli.params.append(options.language_option())


def run(arguments: Sequence[str]) -> int:
    """Run a command; returns its exit code. No exception leaves, and no traceback is shown."""
    interruption = Interruption()
    if _COMPLETION in os.environ:
        import_module("cpx_tool.cli.shells")  # its classes take the places of click's own
    try:
        with interruption:
            require_descriptors()
            code = cli.main(list(arguments), prog_name="cpx-tool", standalone_mode=False)
    except click.ClickException as error:
        return _misuse(error)
    except CpxError as error:
        return _fail(error, arguments)
    except (KeyboardInterrupt, click.Abort):
        return _interrupted(interruption)
    except Exception as error:
        if interruption.signal is not None:  # some library made another exception of it
            return _interrupted(interruption)
        hint = msg("Please report this line with the command you ran.")
        return _fail(CpxError(_internal(error), hint), arguments)
    return code if isinstance(code, int) else 0


def _misuse(error: click.ClickException) -> int:
    if isinstance(error, click.NoSuchOption) and error.possibilities:
        del error.possibilities[1:]  # the nearest; the others are rather unlike it
    told = io.StringIO()
    error.show(told)
    for line in printable(told.getvalue().replace("\t", "  ")).splitlines():  # click's own tabs
        write_error(shortened(line))
    return int(ExitCode.USAGE)


def _interrupted(interruption: Interruption) -> int:
    complain(msg("Interrupted."))
    return code_of(interruption.signal or signal.SIGINT)


def _fail(error: CpxError, arguments: Sequence[str]) -> int:
    complain(error.reason, error.hint)
    if "--json" in arguments:
        with suppress(CpxError):  # standard output itself may be the fault
            show(render_error(error, say))
    return int(error.exit_code)


def _internal(error: Exception) -> Message:
    """Type and place only: the text of an unforeseen error may hold anything."""
    frame = error.__traceback__
    place = ""
    while frame is not None:
        name = frame.tb_frame.f_globals.get("__name__", "?")
        place = f"{name}:{frame.tb_lineno}"
        frame = frame.tb_next
    return msg("internal error: {kind} at {place}", kind=type(error).__name__, place=place)
