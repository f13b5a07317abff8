"""Options of commands that knock at servers."""

from __future__ import annotations

from collections.abc import Callable
from gettext import gettext as _
from typing import Any, TypeVar

import click
from click.shell_completion import CompletionItem

from cpx_tool import wiring
from cpx_tool.cli import options
from cpx_tool.errors import CpxError

F = TypeVar("F", bound=Callable[..., Any])


def complete_endpoint(
    context: click.Context,  # noqa: ARG001
    param: click.Parameter,  # noqa: ARG001
    incomplete: str,
) -> list[CompletionItem]:
    """The names of list-endpoints; none where the configuration file cannot be read."""
    try:
        names = [known.name for known in wiring.known_endpoints()]
    except CpxError:
        return []
    return options.some_of(names, incomplete)


def endpoint_option(function: F) -> F:
    """`--endpoint ADDRESS`, repeatable."""
    return click.option(
        "--endpoint",
        "endpoints",
        metavar=_("ADDRESS|NAME"),
        multiple=True,
        shell_complete=complete_endpoint,
        help=_("A server: https://host[:port][/path], or a name of list-endpoints; repeatable."),
    )(function)


def refuse_without_endpoint(asked: wiring.Knocking) -> None:
    """What says how to ask a server is a mistake where none is named."""
    told = (asked.ca_files, asked.proxy, asked.insecure, asked.expect_status)
    if not asked.endpoints and any(told):
        raise click.UsageError(_("These options need a server: add --endpoint ADDRESS."))


def knocking_options(function: F) -> F:
    """How to knock: `--ca-file`, `--proxy`, `--tls-max`, `--expect-status`, `--insecure`."""
    for option in reversed(
        (
            click.option(
                "--ca-file",
                "ca_files",
                metavar=_("FILE"),
                multiple=True,
                type=options.AnyPath(),
                help=_(
                    "Also trust the CAs in FILE for the server's certificate (PEM or DER); "
                    "repeatable."
                ),
            ),
            click.option(
                "--proxy",
                metavar=_("ADDRESS"),
                help=_(
                    "Go through this HTTP proxy (http://host:port), or through none (none); "
                    "otherwise HTTPS_PROXY decides."
                ),
            ),
            click.option(
                "--tls-max",
                type=click.Choice(tuple(wiring.VERSIONS)),
                default="1.3",
                show_default=True,
                help=_("The newest version of TLS to offer."),
            ),
            click.option(
                "--expect-status",
                metavar=_("STATUS"),
                type=options.named(click.IntRange(100, 599), _("HTTP status")),
                help=_("The HTTP status that is right; otherwise any that is no refusal."),
            ),
            click.option(
                "--insecure",
                is_flag=True,
                help=_(
                    "Go on with a server whose certificate is not accepted, and say so in every "
                    "report."
                ),
            ),
        )
    ):
        function = option(function)
    return function
