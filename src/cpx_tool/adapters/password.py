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

MAXIMUM = 1023
"""In bytes of UTF-8: what the library takes."""

_ANOTHER = msg("Choose another one. You will need it again for the certificate.")

_MAX_FILE = 1100
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
            typed = _typed(self._ask, question)
            if typed is not None:
                password = Password(typed)
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

    Raises `BadInput`: too short or too long, not to be typed, not typed the same twice, no
    terminal.
    """
    given = _given(file, environment)
    if given is not None:
        return _fit(given)
    typed = _typed(ask, msg("Password for the new key: "))
    if typed is None:
        raise BadInput(msg("What was typed is no text in UTF-8."), _ANOTHER)
    password = _fit(Password(typed))
    if _typed(ask, msg("The same once more: ")) != password.reveal():
        raise BadInput(msg("The two passwords are not the same."), msg("Run the command again."))
    return password


def _given(file: Path | None, environment: Mapping[str, str]) -> Password | None:
    if file is not None:
        return _in_file(file)
    if PASSWORD_VARIABLE in environment:
        return Password(_in_utf8(environment[PASSWORD_VARIABLE]))
    return None


def _in_utf8(given: str) -> str:
    try:
        given.encode()
    except UnicodeEncodeError:  # bytes of another encoding
        raise BadInput(
            msg("{variable} is not UTF-8 text.", variable=PASSWORD_VARIABLE),
            msg("Put the password into a file, in UTF-8: --password-file FILE."),
        ) from None
    return given


def _in_file(file: Path) -> Password:
    """The one line of the file."""
    hint = msg("The password file holds the password on one line, in UTF-8.")
    content = read_file(file, _MAX_FILE, hint)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadInput(msg("{path} is not UTF-8 text.", path=str(file)), hint) from None
    line = text.removesuffix("\n").removesuffix("\r")
    if "\n" in line or "\r" in line:
        raise BadInput(msg("{path} holds more than one line.", path=str(file)), hint)
    if "\0" in line:
        raise BadInput(msg("{path} is no text file.", path=str(file)), hint)
    return Password(line)


def _typed(ask: Ask, question: Message) -> str | None:
    """What was typed; None when that is no text. Raises `BadInput` when nothing was."""
    hint = msg("Set {variable}, or use --password-file FILE.", variable=PASSWORD_VARIABLE)
    try:
        # without a terminal getpass would warn, and echo what is typed
        with warnings.catch_warnings(action="error", category=getpass.GetPassWarning):
            return ask(one_line(say(question)))  # a file's name is in it
    except UnicodeDecodeError:
        return None
    except EOFError:
        raise BadInput(msg("No password was typed."), hint) from None
    except getpass.GetPassWarning:
        reason = msg("No password was typed: there is no terminal to ask.")
        raise BadInput(reason, hint) from None


def _fit(password: Password) -> Password:
    """A password that protects a new key, and that can be given again."""
    text = password.reveal()
    if len(text) < MINIMUM:
        raise BadInput(
            nmsg(
                "The password is too short: at least {count} character is needed.",
                "The password is too short: at least {count} characters are needed.",
                MINIMUM,
            ),
            _ANOTHER,
        )
    if len(text.encode()) > MAXIMUM:
        raise BadInput(
            msg("The password is too long: at most {limit} bytes.", limit=MAXIMUM), _ANOTHER
        )
    if not text.isprintable():
        raise BadInput(msg("The password holds characters that nobody can type."), _ANOTHER)
    return password
