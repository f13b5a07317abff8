"""Where the PIN comes from, and that it shows itself nowhere."""

from __future__ import annotations

import signal
from collections.abc import Callable

import pytest

from cpx_tool.adapters.pin import PromptedPin, pin_source
from cpx_tool.errors import BadInput
from cpx_tool.i18n import say
from cpx_tool.ports import PinOrigin


def test_the_published_test_pin_is_the_default() -> None:
    pin = pin_source(ask=False, environment={}).pin()
    assert (pin.reveal(), pin.origin) == ("1234", PinOrigin.PUBLISHED)


def test_the_environment_gives_another() -> None:
    pin = pin_source(ask=False, environment={"CPX_PIN": "8642"}).pin()
    assert (pin.reveal(), pin.origin) == ("8642", PinOrigin.GIVEN)


def test_the_prompt_is_asked_once() -> None:
    asked: list[str] = []

    def ask(question: str) -> str:
        asked.append(question)
        return "8642"

    source = PromptedPin(ask)
    assert source.pin() is source.pin()
    assert len(asked) == 1


@pytest.mark.parametrize("typed", ["", "123", "123456789", "12a4", "１２３４", "1234\n"])
def test_what_is_no_pin_is_refused_before_a_card_sees_it(typed: str) -> None:
    with pytest.raises(BadInput) as caught:
        pin_source(ask=False, environment={"CPX_PIN": typed})
    told = say(caught.value.reason) + say(caught.value.hint)
    assert typed == "" or typed not in told


def _answers(*answers: str | bytes) -> Callable[[str], str]:
    """Answers one question after the other; then the end of input."""
    left = list(answers)

    def ask(_: str) -> str:
        if not left:
            raise EOFError
        answer = left.pop(0)
        return answer.decode() if isinstance(answer, bytes) else answer

    return ask


@pytest.mark.parametrize("typed", ["123", "12a4", "１２３４", b"\xe912"])
def test_what_is_no_pin_is_asked_for_again(typed: str | bytes) -> None:
    assert PromptedPin(_answers(typed, typed, "8642")).pin().reveal() == "8642"


def test_why_it_is_asked_again() -> None:
    asked: list[str] = []
    answers = _answers("12a4", "8642")
    PromptedPin(lambda question: (asked.append(question), answers(question))[1]).pin()
    assert "No card has seen it" not in asked[0]
    assert "No card has seen it" in asked[1]
    assert "12a4" not in asked[1]


@pytest.mark.parametrize("answers", [(), ("",), ("12a4", "")])
def test_nothing_typed_ends_the_run_as_ctrl_c_does(answers: tuple[str, ...]) -> None:
    with pytest.raises(KeyboardInterrupt) as stop:
        PromptedPin(_answers(*answers)).pin()
    assert stop.value.args == (signal.SIGINT,)
