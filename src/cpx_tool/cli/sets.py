"""list-sets and show-set."""

from __future__ import annotations

from gettext import gettext as _

import click

from cpx_tool.catalogue.sets import find_set, load_sets, set_text
from cpx_tool.cli import options
from cpx_tool.cli.output import paper, show
from cpx_tool.i18n import say
from cpx_tool.report import sets as sets_report


@click.command("list-sets", cls=options.Command, help=_("List the sets of the order form."))
@options.json_option
def list_sets(as_json: bool) -> None:
    sets = load_sets()
    show(sets_report.render_json(sets) if as_json else sets_report.render(sets, say, paper()))


@click.command(
    "show-set",
    cls=options.Command,
    help=_(
        "Show what a set holds.\n\n"
        "NAME is a set's name, title or reference, or the path of a set file (.toml)."
    ),
)
@click.argument("name", metavar=_("NAME|FILE"), shell_complete=options.complete_set)
@click.option("--toml", "as_toml", is_flag=True, help=_("Print the set file, to start your own."))
@options.json_option
def show_set(name: str, as_toml: bool, as_json: bool) -> None:
    if as_toml:
        show(set_text(name))
        return
    card_set = find_set(name)
    if as_json:
        show(sets_report.render_one_json(card_set))
    else:
        show(sets_report.render_one(card_set, say, paper()))
