"""How commands that log in are told to: options, and what they come to."""

from __future__ import annotations

from collections.abc import Callable
from gettext import gettext as _
from typing import Any, TypeVar

import click

from cpx_tool import wiring
from cpx_tool.cli.operator import operator
from cpx_tool.errors import BadInput
from cpx_tool.model.message import msg
from cpx_tool.model.observation import PinRefusal

F = TypeVar("F", bound=Callable[..., Any])


def login_options(function: F) -> F:
    """`--ask-pin`, `--non-interactive`, `--login/--no-login`."""
    for option in reversed(
        (
            click.option(
                "--ask-pin", is_flag=True, help=_("Ask for the PIN; otherwise CPX_PIN, then 1234.")
            ),
            click.option(
                "--non-interactive",
                is_flag=True,
                help=_("Nobody is there: ask nothing, and log in nowhere unless --login says so."),
            ),
            click.option(
                "--login/--no-login",
                "login",
                default=None,
                help=_(
                    "Log in on each card that PIN safety allows, or on none; without either, as "
                    "--login, but with --non-interactive as --no-login."
                ),
            ),
        )
    ):
        function = option(function)
    return function


def login_means(
    ask_pin: bool, non_interactive: bool, login: bool | None
) -> wiring.Login | PinRefusal:
    """How to log in, or why nowhere. Raises `BadInput` for what contradicts itself."""
    if ask_pin and (non_interactive or login is False):
        raise BadInput(
            msg("--ask-pin asks a person, and then logs in: it contradicts the other options."),
            msg("Leave one of them out; CPX_PIN gives a PIN without a question."),
        )
    if login is False:
        return PinRefusal.NOT_ASKED
    if non_interactive and not login:
        return PinRefusal.UNATTENDED
    return wiring.Login(ask_pin, None if non_interactive else operator())
