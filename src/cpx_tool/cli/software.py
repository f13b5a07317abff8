"""check-p12 and csr: software certificates of organisations (ORG)."""

from __future__ import annotations

from datetime import datetime, timedelta
from gettext import gettext as _
from pathlib import Path

import click

from cpx_tool import wiring
from cpx_tool.cli import options, reporting
from cpx_tool.cli.output import ASKING, paper, show, tell
from cpx_tool.errors import BadInput
from cpx_tool.i18n import say
from cpx_tool.judge.software import judge_software, software_exit_code
from cpx_tool.model.fetch import Fetched
from cpx_tool.model.message import msg
from cpx_tool.model.request import Request, Subject
from cpx_tool.model.software import Purpose
from cpx_tool.pki.subject import check_subject
from cpx_tool.report import request as request_report
from cpx_tool.report.results import of_software


@click.command(
    "check-p12",
    cls=options.Command,
    help=_(
        "Check software certificates (ORG).\n\n"
        "Each FILE is a .p12 or .pfx. For INSi, give both: the one named INSI-AUTO and the one "
        "named INSI-MANU are checked one by one, and as a pair. The password is asked for; it is "
        "never given on the command line. Nothing goes to the network without --online."
    ),
)
@click.argument("files", metavar=_("FILE..."), nargs=-1, required=True, type=options.AnyPath())
@click.option(
    "--for",
    "purpose",
    type=click.Choice([purpose.value for purpose in Purpose]),
    default=Purpose.INSI.value,
    show_default=True,
    help=_("What they are for: insi also checks name, usage and pair."),
)
@options.password_file_option
@click.option(
    "--emulated",
    metavar=_("DIR"),
    type=options.AnyPath(),
    help=_("Believe the CAs of the emulation in DIR, which made the files (DIR/org)."),
)
@options.warning_option
@options.ca_dir_option
@options.crl_option
@options.at_option
@options.online_option
@options.fetch_timeout_option
@reporting.report_options("check-p12")
@options.json_option
@click.pass_context
def check_p12(
    context: click.Context,
    /,
    files: tuple[Path, ...],
    purpose: str,
    password_file: Path | None,
    emulated: Path | None,
    warn_days: int,
    ca_dirs: tuple[Path, ...],
    crl_files: tuple[Path, ...],
    at: datetime | None,
    online: bool,
    timeout: float,
    reports: tuple[reporting.Target, ...],
    report_dir: Path | None,
    as_json: bool,
) -> None:
    written = reporting.Asked(reports, report_dir, as_json)
    written.check()
    at_hand = wiring.trust_at_hand(ca_dirs, crl_files)
    observation = wiring.read_software(files, password_file, emulated, at_hand, at)
    fetched: tuple[Fetched, ...] | None = None
    if online:
        tell(ASKING)
        observation, fetched = wiring.software_online(observation, timeout)
    checklist = judge_software(observation, Purpose(purpose), timedelta(days=warn_days))
    code = software_exit_code(checklist)
    host, run_id = wiring.host_name(), wiring.new_run_id()
    result = of_software(checklist, host, run_id, code, fetched)
    reporting.finish(context, result, written)


@click.command(
    "csr",
    cls=options.Command,
    help=_(
        "Make a private key and a certificate request.\n\n"
        "RSA 2048; the key is encrypted with a password that is asked for twice. The request "
        "(PKCS#10) holds what is given here, as real ORG certificates have it."
    ),
)
@click.option(
    "--cn",
    "common_name",
    metavar=_("NAME"),
    required=True,
    help=_("The name (“service applicatif”): INSI-AUTO or INSI-MANU."),
)
@click.option("--any-cn", is_flag=True, help=_("Take another name too: not for INSi."))
@click.option(
    "--structure",
    metavar="ID",
    help=_("OU: the Struct_IdNat, prefix included; 10B0152872 is the FINESS 0B0152872."),
)
@click.option("--organisation", metavar=_("NAME"), help=_("O: the organisation's name."))
@click.option("--department", metavar=_("NAME"), help=_("ST: as in “Rhône (69)”."))
@click.option(
    "--key",
    "key_file",
    metavar=_("FILE"),
    type=options.AnyPath(),
    help=_("Where the private key goes; otherwise NAME.key."),
)
@click.option(
    "--csr",
    "csr_file",
    metavar=_("FILE"),
    type=options.AnyPath(),
    help=_("Where the request goes; otherwise NAME.csr."),
)
@options.password_file_option
@options.json_option
def csr(
    common_name: str,
    any_cn: bool,
    structure: str | None,
    organisation: str | None,
    department: str | None,
    key_file: Path | None,
    csr_file: Path | None,
    password_file: Path | None,
    as_json: bool,
) -> None:
    subject = Subject(common_name, department, organisation, structure)
    check_subject(subject, any_name=any_cn)
    request = Request(
        subject,
        key_file or _named_after(common_name, "key"),
        csr_file or _named_after(common_name, "csr"),
    )
    if request.key_file == request.csr_file:
        raise BadInput(msg("Key and request cannot be one file."), msg("Name two files, or none."))
    wiring.request_certificate(request, password_file)
    if as_json:
        show(request_report.render_json(request))
    else:
        show(request_report.render(request, say, paper()))


def _named_after(common_name: str, suffix: str) -> Path:
    """Raises `BadInput` for a name that makes no plain file name."""
    if Path(common_name).name != common_name or common_name.startswith((".", "-")):
        raise BadInput(
            msg("“{name}” makes no name for a file.", name=common_name),
            msg("Name the files with --key FILE and --csr FILE."),
        )
    return Path(f"{common_name}.{suffix}")
