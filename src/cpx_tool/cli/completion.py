"""completion: the script with which a shell completes commands, options and their values."""

from __future__ import annotations

from gettext import gettext as _

import click
from click.shell_completion import ShellComplete, get_completion_class

from cpx_tool.cli import options, shells
from cpx_tool.cli.output import show

_SHELLS = (shells.Bash.name, shells.Zsh.name, shells.Fish.name)
_VARIABLE = "_CPX_TOOL_COMPLETE"
"""click's own name for it, made of the program's."""


@click.command(
    "completion",
    cls=options.Command,
    help=_(
        "Print the completion script of a shell.\n\n"
        "The shell then completes commands, options, and what is known of their values: sets, "
        "endpoints, checks and codes, files. Bash: put it into "
        "~/.local/share/bash-completion/completions/cpx-tool; fish: into "
        "~/.config/fish/completions/cpx-tool.fish; zsh: as _cpx-tool into a directory of $fpath."
    ),
)
@click.argument("shell", metavar="bash|zsh|fish", type=click.Choice(_SHELLS))
@click.pass_context
def completion(context: click.Context, /, shell: str) -> None:
    kind = get_completion_class(shell)
    assert kind is not None  # noqa: S101 - one of `shells`
    root = context.find_root().command
    script = kind(root, {}, "cpx-tool", _VARIABLE)
    show(ShellComplete.source(script).strip() + "\n")  # bash's own would start a bash to ask it
