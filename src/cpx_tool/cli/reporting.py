"""`--report` and `--report-dir`: what a run leaves besides what it prints."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from gettext import gettext as _
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click
from click.shell_completion import CompletionItem

from cpx_tool import wiring
from cpx_tool.cli import options
from cpx_tool.cli.output import complain, conclude, note, paper
from cpx_tool.cli.shells import OPEN
from cpx_tool.cli.writing_over import refuse_writing_over
from cpx_tool.errors import BadInput
from cpx_tool.i18n import language, say
from cpx_tool.model.message import msg
from cpx_tool.report.detail import Detail
from cpx_tool.report.kinds import KINDS, file_name, kinds_of
from cpx_tool.report.result import Answer

F = TypeVar("F", bound=Callable[..., Any])

_STANDARD_OUTPUT = "-"


@dataclass(frozen=True, slots=True)
class Target:
    """A kind of report and where it goes; None is standard output."""

    kind: str
    path: Path | None


class ReportTarget(click.ParamType[Target]):
    """KIND=FILE, or KIND=- for standard output; KIND is one of the command's."""

    name = "report"

    def __init__(self, kinds: Iterable[str]) -> None:
        self._kinds = tuple(kinds)

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Target:
        """The target. Anything else is a usage error."""
        kind, separator, name = value.partition("=")
        if not separator or kind not in self._kinds:
            known = ", ".join(self._kinds)
            self.fail(
                _('"{value}" is not KIND=FILE with one of these kinds: {known}.').format(
                    value=value, known=known
                ),
                param,
                ctx,
            )
        if name == _STANDARD_OUTPUT:
            return Target(kind, None)
        return Target(kind, options.AnyPath().convert(name, param, ctx))

    def shell_complete(
        self,
        ctx: click.Context,  # noqa: ARG002
        param: click.Parameter,  # noqa: ARG002
        incomplete: str,
    ) -> list[CompletionItem]:
        """The kinds, then files."""
        kind, separator, name = incomplete.partition("=")
        if separator:
            return [CompletionItem(name, type="file", before=f"{kind}=")]
        return [CompletionItem(f"{k}=", type=OPEN) for k in self._kinds if k.startswith(kind)]


def report_options(command: str) -> Callable[[F], F]:
    """`--report KIND=FILE`, repeatable, and `--report-dir DIR`, with the kinds of the command."""

    def add(function: F) -> F:
        for option in _options(kinds_of(command)):
            function = option(function)
        return function

    return add


def _options(kinds: Iterable[str]) -> tuple[Callable[[F], F], ...]:
    known = tuple(kinds)
    return (
        click.option(
            "--report-dir",
            metavar=_("DIR"),
            type=options.AnyPath(),
            help=_(
                "Also write every kind of report into DIR, under names with command, host, UTC "
                "time and run id."
            ),
        ),
        click.option(
            "--report",
            "reports",
            metavar=_("KIND=FILE"),
            multiple=True,
            type=ReportTarget(known),
            help=_("Also write a report ({kinds}); repeatable. FILE - is standard output.").format(
                kinds=", ".join(known)
            ),
        ),
    )


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be printed and written of a result."""

    reports: tuple[Target, ...]
    directory: Path | None
    as_json: bool
    detail: Detail = Detail.NORMAL

    def check(self) -> None:
        """Refuse, before any card is asked, what contradicts itself and what cannot be written.
        Raises `BadInput` and `click.UsageError`.
        """
        printed = [target for target in self.reports if target.path is None]
        if len(printed) + self.as_json > 1:
            raise click.UsageError(_("Standard output takes one report, or --json."))
        for path in self.paths():
            wiring.check_report(path)
        refuse_writing_over(click.get_current_context().params, self.paths())
        if self.directory is not None:
            wiring.check_report_directory(self.directory)

    def paths(self) -> tuple[Path, ...]:
        """The files that were named for reports."""
        return tuple(target.path for target in self.reports if target.path is not None)

    def printed(self, result: Answer) -> str:
        """What goes to standard output."""
        if self.as_json:
            return result.json(say)
        for target in self.reports:
            if target.path is None:
                return _rendered(target.kind, result)
        return result.text(say, replace(paper(), detail=self.detail))

    def files(self, result: Answer) -> Iterator[tuple[str, Path]]:
        """Each report that is a file: its kind and its path."""
        for target in self.reports:
            if target.path is not None:
                yield target.kind, target.path
        if self.directory is not None:
            for name, kind in kinds_of(result.run.command).items():
                yield name, self.directory / file_name(result.run, kind.suffix)


def finish(
    context: click.Context,
    result: Answer,
    asked: Asked,
    *,
    unsaved: tuple[BadInput | None, ...] = (),
    interrupted: bool = False,
) -> NoReturn:
    """Write the reports, show the result, and end with its code.

    What could not be written costs no verdict: it is told after it, and the code is not 0.
    """
    complaints = [failure for failure in unsaved if failure is not None]
    if complaints:
        result = replace(result, code=result.code or complaints[0].exit_code)
    unwritten = _write(result, asked)
    if unwritten:
        result = replace(result, code=result.code or unwritten[0].exit_code)
    try:
        conclude(context, asked.printed(result), result.code)
    finally:
        if interrupted:
            complain(msg("Interrupted."))
        for complaint in (*complaints, *unwritten):
            complain(complaint.reason, complaint.hint)


def _write(result: Answer, asked: Asked) -> list[BadInput]:
    """Why reports could not be written; each of the others is."""
    failures = []
    for kind, path in asked.files(result):
        try:
            wiring.save_report(KINDS[kind].pieces(result, say, language()), path)
        except BadInput as error:
            failures.append(error)
        else:
            note(msg("Report ({kind}) written to {path}", kind=kind, path=str(path)))
    return failures


def _rendered(kind: str, result: Answer) -> str:
    return KINDS[kind].render(result, say, language())
