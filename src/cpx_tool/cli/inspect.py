"""inspect: who certificate files are, without a card."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from gettext import gettext as _
from pathlib import Path

import click

from cpx_tool import wiring
from cpx_tool.cli import options
from cpx_tool.cli.output import ASKING, conclude, note, paper, tell
from cpx_tool.errors import BadInput, ExitCode
from cpx_tool.i18n import say
from cpx_tool.judge.inspection import inspect_entries, inspection_exit_code
from cpx_tool.model.fetch import Fetched
from cpx_tool.model.inspection import FileEntry
from cpx_tool.model.message import msg
from cpx_tool.pki.certificate import MAX_BYTES, read_certificates
from cpx_tool.report import inspection


@click.command(
    "inspect",
    cls=options.Command,
    help=_(
        "Say who certificate files are.\n\n"
        "Card type, profession, holder, test or production, validity; chain and revocation, as "
        "far as CA certificates and CRLs are at hand (see cpx-tool trust). FILE is DER, PEM or "
        "PKCS#7. Nothing goes to the network without --online."
    ),
)
@click.argument("files", metavar=_("FILE..."), nargs=-1, required=True, type=options.AnyPath())
@options.ca_dir_option
@options.crl_option
@options.at_option
@options.online_option
@options.fetch_timeout_option
@options.sources_option
@options.json_option
@click.pass_context
def inspect(
    context: click.Context,
    /,
    files: tuple[Path, ...],
    ca_dirs: tuple[Path, ...],
    crl_files: tuple[Path, ...],
    at: datetime | None,
    online: bool,
    timeout: float,
    with_sources: bool,
    as_json: bool,
) -> None:
    at_hand = wiring.trust_at_hand(ca_dirs, crl_files)
    read = [entry for file in files for entry in _read(file)]
    fetched: tuple[Fetched, ...] | None = None
    if online:
        tell(ASKING)
        ders = [entry.der for entry in read if entry.der]
        at_hand, fetched = wiring.go_online(ders, at_hand, at or wiring.now(), timeout)
    moment = at or wiring.now()  # after the answers, which are of this very moment
    found = inspect_entries(read, at_hand, moment)
    code = inspection_exit_code(found)
    if as_json:
        text = inspection.render_json(found, code, say, moment, fetched)
    else:
        text = inspection.render(found, say, paper(), moment, fetched, sources=with_sources)
    try:
        conclude(context, text, code)
    finally:
        if code is ExitCode.USAGE and not as_json:
            note(msg("Some files hold no certificate that can be read."))


def _read(file: Path) -> Iterator[FileEntry]:
    try:
        ders = read_certificates(wiring.read_file(file, MAX_BYTES, msg("Check the path.")))
    except BadInput as error:
        yield FileEntry(str(file), problem=error.reason, hint=error.hint)
        return
    yield from (FileEntry(str(file), der) for der in ders)
