"""Options that several commands share."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from gettext import gettext as _
from pathlib import Path
from typing import Any, TypeVar

import click
from click.shell_completion import CompletionItem

from cpx_tool.catalogue.sets import load_sets
from cpx_tool.cli.examples import EXAMPLES
from cpx_tool.errors import BadInput, nearest
from cpx_tool.i18n import LANGUAGES
from cpx_tool.model.message import msg
from cpx_tool.report.detail import Detail

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T", bound=click.ParamType[Any])

EXIT_CODES = _(
    "Exit codes: 0 all passed; 1 a check failed; 2 wrong usage, unreadable input or unwritable "
    "output; 3 internal error; 4 nothing could be checked (no service, reader, module or card); "
    "5 stopped by PIN safety; 130 interrupted (143 by SIGTERM, 129 by SIGHUP)."
)


_HELD = str.maketrans("-", "\ue002")
_RELEASED = str.maketrans("\ue002", "-")


class Formatter(click.HelpFormatter):
    """Help whose headings have the colon of the language (French sets a space before it), and
    whose lines are not broken at hyphens: most of them are in names that are for copying.
    """

    def write(self, string: str) -> None:
        """Text that is wrapped already."""
        super().write(string.translate(_RELEASED))

    def write_text(self, text: str) -> None:
        """A paragraph."""
        super().write_text(text.translate(_HELD))

    def write_dl(
        self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2
    ) -> None:
        """Names, each with its text."""
        held = [(name, text.translate(_HELD)) for name, text in rows]
        super().write_dl(held, col_max, col_spacing)

    def write_heading(self, heading: str) -> None:
        """`Options:`, at the indentation of now."""
        self.write(" " * self.current_indent + _("{heading}:").format(heading=heading) + "\n")


class Context(click.Context):
    """The context of every command of ours."""

    formatter_class = Formatter


def write_examples(context: click.Context, formatter: click.HelpFormatter) -> None:
    """The examples of a command, below its options; they are for copying, and not wrapped."""
    examples = EXAMPLES.get(context.command_path.partition(" ")[2], ())
    if examples:
        with formatter.section(_("Examples")):
            for example in examples:
                formatter.write(f"{' ' * formatter.current_indent}{example}\n")


class Group(click.Group):
    """A group of commands; one that it has not gets the nearest as remedy."""

    context_class = Context

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Examples, then the exit codes."""
        write_examples(ctx, formatter)
        super().format_epilog(ctx, formatter)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Raises `BadInput` where there is no such command; not while a shell completes."""
        name, asked = args[0], not ctx.resilient_parsing
        if asked and self.get_command(ctx, name) is None and not name.startswith("-"):
            see = msg("See: {command} --help", command=ctx.command_path)
            raise BadInput(
                msg("There is no command {name}.", name=name),
                nearest(name, self.list_commands(ctx), see),
            )
        return super().resolve_command(ctx, args)


class Command(click.Command):
    """A command that takes `--lang` and ends its help with examples and the exit codes."""

    context_class = Context

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Examples, then the exit codes."""
        write_examples(ctx, formatter)
        super().format_epilog(ctx, formatter)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("epilog", EXIT_CODES)
        super().__init__(*args, **kwargs)
        self.params.append(language_option())


def language_option() -> click.Option:
    """Read from argv before anything is parsed (`i18n.choose`); here only to be accepted."""
    return click.Option(
        ["--lang"],
        type=click.Choice(LANGUAGES),
        expose_value=False,
        help=_("Language of the texts; the locale decides otherwise."),
    )


def named(kind: T, name: str) -> T:
    """`kind`, called `name` in click's complaints about a value; click's own is not translated."""
    kind.name = name
    return kind


def a_file(incomplete: str) -> list[CompletionItem]:
    """The shell completes it as the name of a file."""
    return [CompletionItem(incomplete, type="file")]


def some_of(names: Iterable[str], incomplete: str) -> list[CompletionItem]:
    """The names that begin so."""
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


class _CompletedAsFile:
    def shell_complete(
        self,
        ctx: click.Context,  # noqa: ARG002
        param: click.Parameter,  # noqa: ARG002
        incomplete: str,
    ) -> list[CompletionItem]:
        """Files and directories."""
        return a_file(incomplete)


class AnyPath(_CompletedAsFile, click.ParamType[Path]):
    """A path, there or not. An empty text, as an unset variable of a script gives, is none: it
    would be taken for the current directory.
    """

    name = "path"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """The path. An empty text is a usage error."""
        if not value:
            self.fail(_("An empty text is not a path."), param, ctx)
        return Path(value)


class ModuleFile(_CompletedAsFile, click.ParamType[str]):
    """The path of a module as it was written: the middleware's search reads it."""

    name = "path"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The path. An empty text is a usage error, as it is of any path."""
        AnyPath().convert(value, param, ctx)
        return str(value)


class OfOne(click.ParamType[str]):
    """NAME, or NAME=CARD: what it may be is looked at later; here only to be completed."""

    name = "text"

    def __init__(self, names: Iterable[str]) -> None:
        self._names = tuple(names)

    def shell_complete(
        self,
        ctx: click.Context,  # noqa: ARG002
        param: click.Parameter,  # noqa: ARG002
        incomplete: str,
    ) -> list[CompletionItem]:
        """The names."""
        return some_of(self._names, incomplete)


def emulated_option(function: F) -> F:
    """`--emulated DIR`."""
    return click.option(
        "--emulated",
        metavar=_("DIR"),
        type=AnyPath(),
        help=_("Work on the emulated cards in DIR (made by cpx-tool emulate)."),
    )(function)


def module_option(function: F) -> F:
    """`--module FILE`."""
    return click.option(
        "--module",
        metavar=_("FILE"),
        type=ModuleFile(),
        help=_("The PKCS#11 module; otherwise the one that cpx-tool list-modules shows as used."),
    )(function)


def json_option(function: F) -> F:
    """`--json`."""
    return click.option(
        "--json",
        "as_json",
        is_flag=True,
        help=_("The whole result as JSON on stdout, and nothing else there."),
    )(function)


def detail_options(function: F) -> F:
    """`--quiet` and `--verbose`; `detail_of` makes one of them."""
    function = click.option(
        "--verbose", is_flag=True, help=_("Show every finding, those that passed, too.")
    )(function)
    return click.option(
        "--quiet",
        is_flag=True,
        help=_("Show the verdict and what needs attention only, and no progress."),
    )(function)


def detail_of(*, quiet: bool, verbose: bool) -> Detail:
    """How much is to be told. Both at once are a usage error."""
    if quiet and verbose:
        raise click.UsageError(_("--quiet and --verbose exclude each other."))
    if quiet:
        return Detail.QUIET
    return Detail.VERBOSE if verbose else Detail.NORMAL


def sources_option(function: F) -> F:
    """`--sources`."""
    return click.option(
        "--sources",
        "with_sources",
        is_flag=True,
        help=_("Say below each value where it was read; JSON always does."),
    )(function)


def complete_set(
    context: click.Context,  # noqa: ARG001
    param: click.Parameter,  # noqa: ARG001
    incomplete: str,
) -> list[CompletionItem]:
    """The names of the sets, or a set file."""
    return some_of((known.name for known in load_sets()), incomplete) or a_file(incomplete)


def set_option(function: F) -> F:
    """`--set NAME`."""
    return click.option(
        "--set",
        "set_name",
        metavar=_("NAME|FILE"),
        required=True,
        shell_complete=complete_set,
        help=_("The set as ordered (see list-sets), or your own set file (.toml)."),
    )(function)


class Seconds(click.FloatRange):
    """A time to wait: from 0.1 s to an hour. "nan" lies in every range, and is refused."""

    def __init__(self) -> None:
        super().__init__(min=0.1, max=3600)
        self.name = _("number of seconds")

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """The seconds."""
        seconds = float(super().convert(value, param, ctx))
        if math.isnan(seconds):
            self.fail(_('"{value}" is not a number of seconds.').format(value=value), param, ctx)
        return seconds


def _seconds_option(name: str, default: int, help_text: str) -> Callable[[F], F]:
    """An option that takes `Seconds`."""
    return click.option(
        name,
        metavar=_("SECONDS"),
        type=Seconds(),
        default=default,
        show_default=True,
        help=help_text,
    )


timeout_option = _seconds_option(
    "--timeout",
    30,
    _(
        "How long one call into the PKCS#11 module may take, how long to wait for another "
        "run on the same emulated cards, and, with --online, how long one address may take."
    ),
)
module_timeout_option = _seconds_option(
    "--timeout", 30, _("How long one call into a PKCS#11 module may take.")
)
"""Where nothing else waits."""

emulated_timeout_option = _seconds_option(
    "--timeout",
    30,
    _(
        "How long one call into the PKCS#11 module may take, and how long to wait for another "
        "run on the same emulated cards."
    ),
)
"""Where the network is not asked."""

knock_timeout_option = _seconds_option(
    "--timeout",
    20,
    _(
        "How long one connection may take, without the card's own time, and how long one call "
        "into the PKCS#11 module."
    ),
)
fetch_timeout_option = _seconds_option(
    "--timeout", 10, _("How long one address may take in all, when the network is asked.")
)
card_timeout_option = _seconds_option(
    "--card-timeout",
    120,
    _("How long one card may take in all; what is not done by then is left out."),
)
"""Of all calls about one card."""


def at_once_option(function: F) -> F:
    """`--at-once N`."""
    return click.option(
        "--at-once",
        metavar="N",
        type=named(click.IntRange(min=1, max=16), _("number of cards")),
        help=_(
            "How many cards are checked at once, each in a process of its own; without it, as many "
            "as there are where that is known to go well with the module."
        ),
    )(function)


def online_option(function: F) -> F:
    """`--online`."""
    return click.option(
        "--online",
        is_flag=True,
        help=_(
            "Also fetch missing issuers and CRLs, and ask OCSP, at the addresses that the "
            "certificates name. Nothing is stored."
        ),
    )(function)


def warning_option(function: F) -> F:
    """`--warn-days N`."""
    return click.option(
        "--warn-days",
        metavar="N",
        type=named(click.IntRange(min=0, max=3650), _("number of days")),
        default=60,
        show_default=True,
        help=_("Warn when a certificate expires within N days."),
    )(function)


def password_file_option(function: F) -> F:
    """`--password-file FILE`."""
    return click.option(
        "--password-file",
        metavar=_("FILE"),
        type=AnyPath(),
        help=_("A file with the password on one line; otherwise CPX_P12_PASSWORD, then a prompt."),
    )(function)


def reorder_option(function: F) -> F:
    """`--reorder-days N`."""
    return click.option(
        "--reorder-days",
        metavar="N",
        type=named(click.IntRange(min=0, max=3650), _("number of days")),
        default=90,
        show_default=True,
        help=_("Say to order the next set N days before this one ends (nobody publishes a delay)."),
    )(function)


def calendar_option(function: F) -> F:
    """`--ics FILE`."""
    return click.option(
        "--ics",
        metavar=_("FILE"),
        type=AnyPath(),
        help=_("Write a calendar file: when to order the next set, when this one ends."),
    )(function)


def eligibility_option(function: F) -> F:
    """`--eligibility`."""
    return click.option(
        "--eligibility",
        is_flag=True,
        help=_("Say of each use why the cards are good for it, or not, and who says so."),
    )(function)


def observation_option(again: str) -> Callable[[F], F]:
    """`--save-observation FILE`; `again` is the command that judges it again."""
    return click.option(
        "--save-observation",
        metavar=_("FILE"),
        type=AnyPath(),
        help=_("Write down what was observed, to be judged again with cpx-tool {again}.").format(
            again=again
        ),
    )


def ca_dir_option(function: F) -> F:
    """`--ca-dir DIR`, repeatable."""
    return click.option(
        "--ca-dir",
        "ca_dirs",
        metavar=_("DIR"),
        multiple=True,
        type=AnyPath(),
        help=_(
            "Also look for issuers' certificates and CRLs in DIR; none is believed for it; "
            "repeatable."
        ),
    )(function)


def crl_option(function: F) -> F:
    """`--crl FILE`, repeatable."""
    return click.option(
        "--crl",
        "crl_files",
        metavar=_("FILE"),
        multiple=True,
        type=AnyPath(),
        help=_("A CRL to look for revocations in (DER or PEM); repeatable."),
    )(function)


class Moment(click.ParamType[datetime]):
    """A date or a time of ISO 8601; UTC unless it says otherwise."""

    name = "date"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """The moment, aware; a date is its first second."""
        try:
            moment = datetime.fromisoformat(value)
            return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        except (ValueError, OverflowError):
            self.fail(
                _('"{value}" is not a date, as 2026-01-31 or 2026-01-31T12:00 is.').format(
                    value=value
                ),
                param,
                ctx,
            )


def at_option(function: F) -> F:
    """`--at DATE`."""
    return click.option(
        "--at",
        metavar=_("DATE"),
        type=Moment(),
        help=_("Judge as of this date (UTC) instead of now."),
    )(function)
