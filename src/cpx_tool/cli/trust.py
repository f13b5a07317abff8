"""trust: the CA certificates and CRLs that chains are judged with."""

from __future__ import annotations

from gettext import gettext as _
from pathlib import Path
from typing import Any

import click

from cpx_tool import wiring
from cpx_tool.catalogue.authorities import authorities, bundles
from cpx_tool.cli import options
from cpx_tool.cli.output import ASKING, conclude, note, paper, show, tell
from cpx_tool.errors import ExitCode
from cpx_tool.i18n import say
from cpx_tool.judge.imports import arrivals_exit_code, imports_exit_code
from cpx_tool.model.message import msg
from cpx_tool.model.trust import ImportStatus
from cpx_tool.report import fetch as fetch_report
from cpx_tool.report import trust as trust_report


class Group(options.Group):
    """A group of commands that takes `--lang`, as each of them does."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params.append(options.language_option())


@click.group(
    "trust",
    cls=Group,
    help=_(
        "Manage the CA certificates that chains are verified with.\n\n"
        "No certificate is shipped, and of these commands only trust fetch asks the network. "
        "Without it, download them once (cpx-tool trust where), then import them."
    ),
    epilog=options.EXIT_CODES,
    subcommand_metavar=_("COMMAND [ARGS]..."),
)
def trust() -> None:
    pass


@trust.command(
    "import",
    cls=options.Command,
    help=_(
        "Import CA certificates and CRLs into your store.\n\n"
        "PATH is a file (DER, PEM, PKCS#7) or a directory of them. A CA is imported when its "
        "SHA-256 fingerprint is known, or when a known CA issued it."
    ),
)
@click.argument("paths", metavar=_("PATH..."), nargs=-1, required=True, type=options.AnyPath())
@click.option(
    "--accept-unknown",
    is_flag=True,
    help=_("Also believe CAs that are not known; every report will say so."),
)
@options.json_option
@click.pass_context
def import_(
    context: click.Context, /, paths: tuple[Path, ...], accept_unknown: bool, as_json: bool
) -> None:
    done = wiring.import_trust(paths, accept_unknown=accept_unknown)
    code = imports_exit_code(done)
    if as_json:
        text = trust_report.render_import_json(done, code, say)
    else:
        text = trust_report.render_import(done, say, paper())
    if not any(item.status.imported or item.status is ImportStatus.DUPLICATE for item in done):
        note(msg("Nothing was imported."))
    conclude(context, text, code)


@trust.command(
    "fetch",
    cls=options.Command,
    help=_(
        "Fetch CA certificates and CRLs into your store.\n\n"
        "Those of the CAs of the IGC-Santé TEST, and what the certificates in FILE name: "
        "issuers and CRLs, over http and https. What comes is judged as trust import does it; an "
        "unknown CA is never accepted.\n\n"
        "It ends with code 1 when something was refused or could not be fetched, with 4 when "
        "nothing could be fetched."
    ),
)
@click.argument("files", metavar=_("[FILE]..."), nargs=-1, type=options.AnyPath())
@click.option("--production", is_flag=True, help=_("Also those of the production PKI."))
@click.option("--dry-run", is_flag=True, help=_("Show the addresses, and ask none."))
@options.fetch_timeout_option
@options.json_option
@click.pass_context
def fetch(
    context: click.Context,
    /,
    files: tuple[Path, ...],
    production: bool,
    dry_run: bool,
    timeout: float,
    as_json: bool,
) -> None:
    addresses = wiring.trust_addresses(files, production=production)
    if dry_run:
        show(
            fetch_report.render_addresses_json(addresses)
            if as_json
            else fetch_report.render_addresses(addresses, say)
        )
        return
    tell(ASKING)
    arrivals = wiring.fetch_trust(addresses, timeout)
    code = arrivals_exit_code(arrivals)
    if as_json:
        text = fetch_report.render_arrivals_json(arrivals, code, say)
    else:
        text = fetch_report.render_arrivals(arrivals, say, paper())
    if code is ExitCode.NOTHING_CHECKED:
        note(fetch_report.nothing(arrivals))
    conclude(context, text, code)


@trust.command("list", cls=options.Command, help=_("List what your store holds."))
@options.json_option
def list_(as_json: bool) -> None:
    listing = wiring.list_trust()
    if as_json:
        show(trust_report.render_list_json(listing))
    else:
        show(trust_report.render_list(listing, say, paper()))


@trust.command(
    "where",
    cls=options.Command,
    help=_(
        "Say where to download the CA certificates.\n\n"
        "With the fingerprints that are known, and what your store holds already."
    ),
)
@options.json_option
def where(as_json: bool) -> None:
    listing = wiring.list_trust()
    known = authorities()
    addresses = [(bundle.pki, bundle.url) for bundle in bundles()]
    if as_json:
        show(trust_report.render_where_json(known, addresses, listing))
    else:
        show(trust_report.render_where(known, addresses, listing, say))
