"""Where the PIN comes from, and that it shows itself nowhere."""

from __future__ import annotations

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


def _nothing(_: str) -> str:
    raise EOFError


def _no_text(_: str) -> str:
    return b"\xe912".decode()


@pytest.mark.parametrize(
    ("ask", "words"), [(_nothing, "No PIN was typed."), (_no_text, "This is no PIN")]
)
def test_nothing_that_could_be_a_pin_was_typed(ask: Callable[[str], str], words: str) -> None:
    with pytest.raises(BadInput) as caught:
        PromptedPin(ask).pin()
    assert words in say(caught.value.reason)
