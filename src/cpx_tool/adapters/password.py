"""Where the password of software certificates comes from: a file, the environment, a prompt."""

from __future__ import annotations

import getpass
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from cpx_tool.adapters.files import read_file
from cpx_tool.errors import BadInput
from cpx_tool.i18n import say
from cpx_tool.model.message import Message, msg, nmsg
from cpx_tool.ports import Password, PasswordSource
from cpx_tool.report.words import one_line

PASSWORD_VARIABLE = "CPX_P12_PASSWORD"  # noqa: S105 - its name

MINIMUM = 12
"""Characters of a password for a new key: the library derives with 2048 rounds only."""

_MAX_FILE = 1024
_TRIES = 3

Ask = Callable[[str], str]


class KnownPassword:
    """A password that is already there: satisfies `ports.PasswordSource`."""

    def __init__(self, password: Password) -> None:
        self._password = password

    def passwords(self, file: str) -> Iterator[Password]:  # noqa: ARG002 - the port's
        """That one, for each file."""
        yield self._password


class PromptedPassword:
    """Asks at the terminal, without echo: satisfies `ports.PasswordSource`.

    What was typed for one file is tried on the next one first: a pair often has one password.
    """

    def __init__(self, ask: Ask = getpass.getpass) -> None:
        self._ask = ask
        self._typed: list[Password] = []

    def passwords(self, file: str) -> Iterator[Password]:
        """Those typed before, then up to three more. Raises `BadInput` without a terminal."""
        yield from tuple(self._typed)
        question = msg("Password of {file}: ", file=file)
        for _ in range(_TRIES):
            password = Password(_typed(self._ask, question))
            self._typed.append(password)
            yield password
            question = msg("It does not open. Password of {file}, once more: ", file=file)


def password_source(file: Path | None, environment: Mapping[str, str]) -> PasswordSource:
    """The source the user chose: `--password-file`, then CPX_P12_PASSWORD, then a prompt.

    Raises `BadInput` for a file that holds no password.
    """
    given = _given(file, environment)
    return PromptedPassword() if given is None else KnownPassword(given)


def new_password(
    file: Path | None, environment: Mapping[str, str], ask: Ask = getpass.getpass
) -> Password:
    """A password for a new key, from the same sources; typed twice at the prompt.

    Raises `BadInput`: too short, not typed the same twice, no terminal.
    """
    given = _given(file, environment)
    if given is not None:
        return _long_enough(given)
    password = _long_enough(Password(_typed(ask, msg("Password for the new key: "))))
    if _typed(ask, msg("The same once more: ")) != password.reveal():
        raise BadInput(msg("The two passwords are not the same."), msg("Run the command again."))
    return password


def _given(file: Path | None, environment: Mapping[str, str]) -> Password | None:
    if file is not None:
        return _in_file(file)
    if PASSWORD_VARIABLE in environment:
        return Password(environment[PASSWORD_VARIABLE])
    return None


def _in_file(file: Path) -> Password:
    """The one line of the file."""
    hint = msg("The password file holds the password on one line, in UTF-8.")
    content = read_file(file, _MAX_FILE, hint)
    try:
        lines = content.decode("utf-8-sig").splitlines() or [""]
    except UnicodeDecodeError:
        raise BadInput(msg("{path} is not UTF-8 text.", path=str(file)), hint) from None
    if len(lines) > 1 or "\0" in lines[0]:
        raise BadInput(msg("{path} holds more than one line.", path=str(file)), hint)
    return Password(lines[0])


def _typed(ask: Ask, question: Message) -> str:
    try:
        # without a terminal getpass would warn, and echo what is typed
        with warnings.catch_warnings(action="error", category=getpass.GetPassWarning):
            return ask(one_line(say(question)))  # a file's name is in it
    except (EOFError, getpass.GetPassWarning):
        raise BadInput(
            msg("No password was typed: there is no terminal to ask."),
            msg("Set {variable}, or use --password-file FILE.", variable=PASSWORD_VARIABLE),
        ) from None


def _long_enough(password: Password) -> Password:
    if len(password.reveal()) >= MINIMUM:
        return password
    raise BadInput(
        nmsg(
            "The password is too short: at least {count} character is needed.",
            "The password is too short: at least {count} characters are needed.",
            MINIMUM,
        ),
        msg("Choose a longer one. You will need it again for the certificate."),
    )
