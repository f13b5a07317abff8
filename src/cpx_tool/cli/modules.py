"""list-modules."""

from __future__ import annotations

from gettext import gettext as _

import click

from cpx_tool import wiring
from cpx_tool.cli import options
from cpx_tool.cli.output import conclude, paper
from cpx_tool.i18n import say
from cpx_tool.judge.modules import modules_exit_code
from cpx_tool.report import middleware as report


@click.command(
    "list-modules",
    cls=options.Command,
    help=_(
        "Show the PKCS#11 modules of this workstation.\n\n"
        "Each module that is installed or declared: where, by whom, whether it can be loaded "
        "here, what is known of its version, and which one check-set would use. No PIN is tried; "
        "a module that is loaded may read the cards."
    ),
)
@click.option(
    "--module",
    metavar=_("FILE"),
    type=options.ModuleFile(),
    help=_("Also look at this file, and say what comes of check-set --module FILE."),
)
@click.option(
    "--load/--no-load",
    default=True,
    show_default=True,
    help=_("Load each one, in a process of its own, to learn its version and its slots."),
)
@options.module_timeout_option
@options.json_option
@click.pass_context
def list_modules(
    context: click.Context, /, module: str | None, load: bool, timeout: float, as_json: bool
) -> None:
    found = wiring.list_modules(module, timeout, load=load)
    code = modules_exit_code(found)
    text = report.render_json(found, code, say) if as_json else report.render(found, say, paper())
    conclude(context, text, code)
