"""inspect: who certificate files are, without a card."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from gettext import gettext as _
from pathlib import Path

import click

from cpx_tool import wiring
from cpx_tool.catalogue.authorities import authorities
from cpx_tool.catalogue.nomenclature import label
from cpx_tool.cli import options
from cpx_tool.cli.output import ASKING, conclude, note, paper, tell
from cpx_tool.errors import BadInput, ExitCode
from cpx_tool.i18n import say
from cpx_tool.model.fetch import Fetched
from cpx_tool.model.message import Message, msg
from cpx_tool.model.trust import ChainOutcome, RevocationOutcome
from cpx_tool.pki.certificate import MAX_BYTES, read_certificate, read_certificates
from cpx_tool.pki.dossier import make_dossier
from cpx_tool.pki.identity import identify
from cpx_tool.pki.trust import Trust, make_trust
from cpx_tool.report import inspection
from cpx_tool.report.inspection import Inspected

_WRONG = (ChainOutcome.BROKEN, ChainOutcome.WRONG_PKI)


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
    # a file may hold its own chain
    trust = make_trust(at_hand, authorities(), (entry.der for entry in read))
    found = [_inspect(entry, trust, moment) for entry in read]
    code = _code(found)
    if as_json:
        text = inspection.render_json(found, code, say, moment, fetched)
    else:
        text = inspection.render(found, say, paper(), moment, fetched, sources=with_sources)
    try:
        conclude(context, text, code)
    finally:
        if code is ExitCode.USAGE and not as_json:
            note(msg("Some files hold no certificate that can be read."))


def _code(found: Sequence[Inspected]) -> ExitCode:
    if any(entry.problem is not None for entry in found):
        return ExitCode.USAGE
    return ExitCode.FAILED if any(map(_fails, found)) else ExitCode.PASSED


@dataclass(frozen=True, slots=True)
class _Read:
    """One certificate of a file, or why there is none."""

    file: str
    der: bytes = b""
    problem: Message | None = None


def _read(file: Path) -> Iterator[_Read]:
    try:
        ders = read_certificates(wiring.read_file(file, MAX_BYTES, msg("Check the path.")))
    except BadInput as error:
        yield _Read(str(file), problem=error.reason)
        return
    yield from (_Read(str(file), der) for der in ders)


def _inspect(entry: _Read, trust: Trust, at: datetime) -> Inspected:
    if entry.problem is not None:
        return Inspected(entry.file, None, None, entry.problem)
    try:
        certificate = read_certificate(entry.der)
    except BadInput as error:
        return Inspected(entry.file, None, None, error.reason)
    chain = trust.chain(entry.der, at)
    revocation = trust.revocation(chain, at)
    return Inspected(
        file=entry.file,
        certificate=certificate,
        identity=identify(certificate, label),
        problem=None,
        chain=chain,
        revocation=revocation,
        dossier=make_dossier([("", certificate)], label),
    )


def _fails(entry: Inspected) -> bool:
    """Something is wrong; that something is not at hand is not."""
    damaged = entry.certificate is not None and bool(entry.certificate.problems)
    wrong = entry.chain is not None and entry.chain.outcome in _WRONG
    revoked = entry.revocation is not None and entry.revocation.outcome is RevocationOutcome.REVOKED
    return damaged or wrong or revoked
