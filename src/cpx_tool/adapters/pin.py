"""Where the PIN comes from: the published test PIN, the environment, or a prompt."""

from __future__ import annotations

import getpass
import re
import signal
import warnings
from collections.abc import Callable, Mapping

from cpx_tool.errors import BadInput
from cpx_tool.i18n import say
from cpx_tool.model.message import msg
from cpx_tool.model.token import PUBLISHED_TEST_PIN
from cpx_tool.ports import Pin, PinOrigin

PIN_VARIABLE = "CPX_PIN"

_IS_PIN = re.compile(r"[0-9]{4,8}")
"""The Cryptolib's range."""
_NO_PIN = msg("This is no PIN: a CPx PIN has 4 to 8 digits. No card has seen it.")


class KnownPin:
    """A PIN that is already there: satisfies `ports.PinSource`."""

    def __init__(self, pin: Pin) -> None:
        self._pin = pin

    def pin(self) -> Pin:
        """The PIN."""
        return self._pin


class PromptedPin:
    """Asks at the terminal, without echo, at the first card that needs it."""

    def __init__(self, ask: Callable[[str], str] = getpass.getpass) -> None:
        self._ask = ask
        self._pin: Pin | None = None

    def pin(self) -> Pin:
        """The PIN typed; what is none is asked for again, and no card sees it.

        Nothing typed, and the end of input, end the run as Ctrl-C does: `KeyboardInterrupt`, so
        that the cards read until then are reported. Raises `BadInput` without a terminal.
        """
        if self._pin is None:
            self._pin = self._typed()
        return self._pin

    def _typed(self) -> Pin:
        question = say(msg("PIN of the test cards (Enter alone ends the run): "))
        shown = question
        while typed := self._line(shown):
            if _IS_PIN.fullmatch(typed):
                return Pin(typed, PinOrigin.GIVEN)
            shown = f"{say(_NO_PIN)}\n{question}"
        raise KeyboardInterrupt(int(signal.SIGINT))

    def _line(self, question: str) -> str:
        """What was typed; empty at the end of input."""
        try:
            # without a terminal getpass would warn, and echo the PIN
            with warnings.catch_warnings(action="error", category=getpass.GetPassWarning):
                return self._ask(question)
        except UnicodeDecodeError:
            return "?"  # no text, so no PIN
        except EOFError:
            return ""
        except getpass.GetPassWarning:
            raise BadInput(
                msg("No PIN was typed: there is no terminal to ask."),
                msg("Set {variable}, or leave --ask-pin out.", variable=PIN_VARIABLE),
            ) from None


def pin_source(ask: bool, environment: Mapping[str, str]) -> KnownPin | PromptedPin:
    """The source the user chose: `--ask-pin`, then CPX_PIN, then the published test PIN."""
    if ask:
        return PromptedPin()
    if PIN_VARIABLE in environment:
        return KnownPin(_checked(environment[PIN_VARIABLE]))
    return KnownPin(Pin(PUBLISHED_TEST_PIN, PinOrigin.PUBLISHED))


def _checked(typed: str) -> Pin:
    """Refuse what cannot be a PIN before a card sees it."""
    if not _IS_PIN.fullmatch(typed):
        raise BadInput(
            _NO_PIN,
            msg("Check {variable}, or type the PIN again.", variable=PIN_VARIABLE),
        )
    return Pin(typed, PinOrigin.GIVEN)
