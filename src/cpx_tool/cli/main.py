"""The command group, and the one place where errors become lines and exit codes."""

from __future__ import annotations

import io
import signal
from collections.abc import Sequence
from contextlib import suppress
from gettext import gettext as _

import click

from cpx_tool import __version__, wiring
from cpx_tool.cli import (
    card,
    check,
    checks,
    emulate,
    enrol,
    inspect,
    options,
    order,
    pin_ledger,
    readers,
    sets,
    software,
    trust,
)
from cpx_tool.cli.interruption import Interruption, code_of
from cpx_tool.cli.output import complain, show
from cpx_tool.errors import CpxError, ExitCode
from cpx_tool.i18n import say
from cpx_tool.model.message import Message, msg
from cpx_tool.report.json import render_error
from cpx_tool.report.words import printable, shortened


@click.group(
    cls=options.Group,
    help=_("Check sets of test CPx cards, their readers and their middleware."),
    epilog=options.EXIT_CODES,
    subcommand_metavar=_("COMMAND [ARGS]..."),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="cpx-tool")
def cli() -> None:
    pass


cli.params.append(options.language_option())
for command in (
    readers.list_readers,
    check.check_set,
    check.judge,
    card.show_card,
    inspect.inspect,
    software.check_p12,
    software.csr,
    emulate.emulate,
    sets.list_sets,
    sets.show_set,
    order.order_guide,
    enrol.enrol_set,
    checks.list_checks,
    checks.explain,
    trust.trust,
    pin_ledger.pin_ledger,
):
    cli.add_command(command)


def run(arguments: Sequence[str]) -> int:
    """Run a command; returns its exit code. No exception leaves, and no traceback is shown."""
    interruption = Interruption()
    try:
        with interruption:
            wiring.require_descriptors()
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
    told = io.StringIO()
    error.show(told)
    for line in printable(told.getvalue()).splitlines():
        click.echo(shortened(line), err=True)
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
