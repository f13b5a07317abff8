"""Where the password comes from, and that it shows itself nowhere."""

from __future__ import annotations

import getpass
import os
import pickle
import warnings
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import pytest

from cpx_tool.adapters.password import (
    MINIMUM,
    Ask,
    PromptedPassword,
    new_password,
    password_source,
)
from cpx_tool.errors import BadInput
from cpx_tool.i18n import say
from cpx_tool.ports import Password

SECRET = "correct horse battery"


def typing(*words: str) -> tuple[Callable[[str], str], list[str]]:
    """Somebody who types these words, and the questions asked."""
    questions: list[str] = []
    left = iter(words)

    def ask(question: str) -> str:
        questions.append(question)
        return next(left)

    return ask, questions


def no_terminal(_: str) -> str:
    raise EOFError


def refusal(action: Callable[[], object]) -> str:
    with pytest.raises(BadInput) as caught:
        action()
    told = f"{say(caught.value.reason)} {say(caught.value.hint)}"
    assert SECRET not in told
    return told


def given(file: Path | None, **environment: str) -> list[str]:
    return [p.reveal() for p in password_source(file, environment).passwords("x.p12")]


@pytest.fixture
def password_file(tmp_path: Path) -> Path:
    return tmp_path / "password"


def test_a_password_does_not_show_itself() -> None:
    password = Password(SECRET)
    assert password.reveal() == SECRET
    assert SECRET not in f"{password} {password!r} {password!s} {[password]}"
    with pytest.raises(TypeError):
        pickle.dumps(password)


# --- given ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "password"),
    [
        (b"secret", "secret"),
        (b"secret\n", "secret"),
        (b"secret\r\n", "secret"),
        (b" se cret \n", " se cret "),
        ("mot de passe é\n".encode(), "mot de passe é"),
        (b"\xef\xbb\xbfsecret\n", "secret"),
        (b"", ""),
        (b"\n", ""),
    ],
)
def test_the_line_of_a_file(password_file: Path, content: bytes, password: str) -> None:
    password_file.write_bytes(content)
    assert given(password_file) == [password]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"secret\nand more\n", "more than one line"),
        (b"secret\n\n", "more than one line"),
        (b"se\0cret", "is no text file"),
        (b"\xe9t\xe9", "not UTF-8"),
        (b"x" * 2000, "too large"),
    ],
)
def test_a_file_that_holds_no_password(password_file: Path, content: bytes, words: str) -> None:
    password_file.write_bytes(content)
    assert words in refusal(lambda: password_source(password_file, {}))


def test_a_file_that_is_none(tmp_path: Path, password_file: Path) -> None:
    assert "no such file" in refusal(lambda: password_source(password_file, {}))
    assert "not a regular file" in refusal(lambda: password_source(tmp_path, {}))
    os.mkfifo(password_file)
    assert "not a regular file" in refusal(lambda: password_source(password_file, {}))


def test_the_file_goes_before_the_environment(password_file: Path) -> None:
    password_file.write_text("of the file")
    assert given(None, CPX_P12_PASSWORD="of the environment") == ["of the environment"]
    assert given(password_file, CPX_P12_PASSWORD="of the environment") == ["of the file"]
    assert given(None, CPX_P12_PASSWORD="") == [""]


def test_a_known_password_is_tried_on_each_file() -> None:
    source = password_source(None, {"CPX_P12_PASSWORD": "secret"})
    tried = [p.reveal() for file in ("a.p12", "b.p12") for p in source.passwords(file)]
    assert tried == ["secret", "secret"]


def test_without_either_it_is_asked_for() -> None:
    assert isinstance(password_source(None, {}), PromptedPassword)


# --- typed ------------------------------------------------------------------------------------


def test_the_question_names_the_file_and_comes_three_times() -> None:
    ask, questions = typing("one", "two", "three", "four")
    tried = [p.reveal() for p in PromptedPassword(ask).passwords("a.p12")]
    assert tried == ["one", "two", "three"]
    assert questions[0] == "Password of a.p12: "
    assert questions[1] == questions[2]
    assert "a.p12" in questions[1]
    assert "once more" in questions[1]


def test_what_was_typed_before_is_tried_first_on_the_next_file() -> None:
    ask, questions = typing("one", "two")
    source = PromptedPassword(ask)
    first = [p.reveal() for p in islice(source.passwords("a.p12"), 1)]
    again = [p.reveal() for p in islice(source.passwords("b.p12"), 1)]
    assert (first, again) == (["one"], ["one"])
    assert len(questions) == 1
    both = [p.reveal() for p in islice(source.passwords("b.p12"), 2)]
    assert both == ["one", "two"]
    assert questions[1] == "Password of b.p12: "


def test_a_name_that_a_terminal_would_obey_is_not_printed_as_it_is() -> None:
    ask, questions = typing("one", "two", "three")
    list(PromptedPassword(ask).passwords("\x1b[2Ja.p12"))
    assert not any("\x1b" in question for question in questions)


def warns(_: str) -> str:
    warnings.warn("echo", getpass.GetPassWarning, stacklevel=1)
    return "seen by all"


@pytest.mark.parametrize(("ask", "words"), [(warns, "no terminal"), (no_terminal, "was typed.")])
def test_nothing_was_typed(ask: Ask, words: str) -> None:
    told = refusal(lambda: list(PromptedPassword(ask).passwords("a.p12")))
    assert words in told
    assert "CPX_P12_PASSWORD" in told


def no_text(_: str) -> str:
    return b"\xe9".decode()


def test_what_is_no_text_does_not_open_and_is_asked_for_again() -> None:
    assert list(PromptedPassword(no_text).passwords("a.p12")) == []
    assert "no text in UTF-8" in refusal(lambda: new_password(None, {}, no_text))


def test_a_variable_in_another_encoding() -> None:
    given = {"CPX_P12_PASSWORD": "caf\udce9"}
    for take in (lambda: password_source(None, given), lambda: new_password(None, given)):
        assert "CPX_P12_PASSWORD is not UTF-8 text." in refusal(take)


@pytest.mark.parametrize(
    ("text", "words"), [("é" * 600, "at most 1023 bytes"), ("twelve-chars\r\nx", "nobody can type")]
)
def test_a_password_that_could_not_be_used_again(text: str, words: str) -> None:
    assert words in refusal(lambda: new_password(None, {"CPX_P12_PASSWORD": text}))


# --- for a new key ----------------------------------------------------------------------------


def test_a_new_password_is_typed_twice() -> None:
    ask, questions = typing(SECRET, SECRET)
    assert new_password(None, {}, ask).reveal() == SECRET
    assert len(questions) == 2


def test_two_different_ones_are_refused() -> None:
    ask, _ = typing(SECRET, f"{SECRET} ")
    assert "not the same" in refusal(lambda: new_password(None, {}, ask))


def test_a_short_one_is_refused_before_the_second_question() -> None:
    ask, questions = typing("x" * (MINIMUM - 1), "never asked")
    assert "at least 12 characters" in refusal(lambda: new_password(None, {}, ask))
    assert len(questions) == 1
    assert "at least" in refusal(lambda: new_password(None, {"CPX_P12_PASSWORD": ""}, no_terminal))


def test_a_given_one_is_not_asked_for(password_file: Path) -> None:
    password_file.write_text(SECRET)
    assert new_password(password_file, {}, no_terminal).reveal() == SECRET
    just = {"CPX_P12_PASSWORD": "x" * MINIMUM}
    assert new_password(None, just, no_terminal).reveal() == "x" * MINIMUM
