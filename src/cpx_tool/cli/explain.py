"""explain and list-codes: what an id means, why it matters and what to do, without a card."""

from __future__ import annotations

from collections.abc import Sequence
from gettext import gettext as _

import click
from click.shell_completion import CompletionItem

from cpx_tool.catalogue import guidance
from cpx_tool.cli import options
from cpx_tool.cli.checks import row_of
from cpx_tool.cli.output import paper, show
from cpx_tool.errors import BadInput, did_you_mean
from cpx_tool.i18n import say
from cpx_tool.judge.checks import BY_ID
from cpx_tool.model.guidance import Guidance, Kind
from cpx_tool.model.message import Message, msg
from cpx_tool.report import explain as report
from cpx_tool.report import own_words


def complete_id(
    context: click.Context,  # noqa: ARG001
    param: click.Parameter,  # noqa: ARG001
    incomplete: str,
) -> list[CompletionItem]:
    """Checks and codes, whatever case they are written in."""
    names = sorted(set(guidance.ids()))
    return [CompletionItem(n) for n in names if n.lower().startswith(incomplete.lower())]


@click.command(
    "explain",
    cls=options.Command,
    help=_(
        "Say what a check or a code means, and what to do.\n\n"
        "ID is a check (list-checks), a code (list-codes) or an exit code, in capitals or not: "
        "what it proves, why it matters, the causes seen in the field, the remedy, the sources."
    ),
)
@click.argument("written", metavar="ID", required=False, shell_complete=complete_id)
@options.json_option
def explain(written: str | None, as_json: bool) -> None:
    if not written:
        raise BadInput(msg("Name a check or a code."), _SEE)
    explained = [_explained(*found) for found in guidance.find(written)]
    word = own_words.meaning_of(written, say)
    if not explained and word is not None:
        show(
            own_words.render_json(*word, say) if as_json else own_words.render(*word, say, paper())
        )
        return
    if not explained:
        raise BadInput(
            msg("There is no check and no code {name}.", name=written),
            _nearest(guidance.nearest_ids(written)),
        )
    if as_json:
        show(report.render_json(explained, say))
    else:
        show(report.render(explained, say, paper()))


_SEE = msg("See: cpx-tool list-checks, cpx-tool list-codes")


def _nearest(near: Sequence[str]) -> Message:
    if not near:
        return _SEE
    if len(near) == 1:
        return did_you_mean(near[0])
    return msg("Did you mean one of these? {names}", names=tuple(near))


@click.command(
    "list-codes", cls=options.Command, help=_("List every code with what it means, in a line.")
)
@options.json_option
def list_codes(as_json: bool) -> None:
    codes = [
        report.Explained(name, text)
        for text in guidance.GUIDANCE
        if text.kind is not Kind.CHECK
        for name in text.meanings
    ]
    if as_json:
        show(report.render_codes_json(codes, say))
    else:
        show(report.render_codes(codes, say, paper()))


def _explained(name: str, text: Guidance) -> report.Explained:
    check = BY_ID.get(name)
    return report.Explained(name, text, row_of(check) if check else None)
