"""inspect: who certificate files are, without a card."""

from __future__ import annotations

from collections.abc import Iterator
from gettext import gettext as _
from pathlib import Path

import click

from cpx_tool import wiring
from cpx_tool.catalogue.nomenclature import label
from cpx_tool.cli import options
from cpx_tool.cli.output import note, paper, show
from cpx_tool.errors import BadInput, ExitCode
from cpx_tool.i18n import say
from cpx_tool.model.message import msg
from cpx_tool.pki.certificate import MAX_BYTES, read_certificate, read_certificates
from cpx_tool.pki.identity import identify
from cpx_tool.report import inspection
from cpx_tool.report.inspection import Inspected


@click.command(
    "inspect",
    cls=options.Command,
    help=_(
        "Say who certificate files are.\n\n"
        "Card type, profession, holder, test or production, validity. FILE is DER, PEM or PKCS#7."
    ),
)
@click.argument(
    "files", metavar=_("FILE..."), nargs=-1, required=True, type=click.Path(path_type=Path)
)
@options.json_option
@click.pass_context
def inspect(context: click.Context, /, files: tuple[Path, ...], as_json: bool) -> None:
    found = [entry for file in files for entry in _inspect(file)]
    show(inspection.render_json(found, say) if as_json else inspection.render(found, say, paper()))
    if any(entry.problem is not None for entry in found):
        if not as_json:
            note(msg("Some files hold no certificate that can be read."))
        context.exit(int(ExitCode.USAGE))


def _inspect(file: Path) -> Iterator[Inspected]:
    try:
        ders = read_certificates(wiring.read_file(file, MAX_BYTES, msg("Check the path.")))
    except BadInput as error:
        yield Inspected(str(file), None, None, error.reason)
        return
    for der in ders:
        try:
            certificate = read_certificate(der)
        except BadInput as error:
            yield Inspected(str(file), None, None, error.reason)
        else:
            yield Inspected(str(file), certificate, identify(certificate, label), None)
