"""One set of judged values that every report is made of."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from cpx_tool import i18n
from cpx_tool.catalogue.sets import find_set
from cpx_tool.judge.judge import judge
from cpx_tool.model.finding import Checklist
from cpx_tool.model.message import Message
from cpx_tool.model.observation import Observation
from support.build import centre_sante, emulated


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGUAGE", "en")


@pytest.fixture(scope="session")
def good(key: rsa.RSAPrivateKey) -> Observation:
    return emulated(centre_sante(key), key)


@pytest.fixture(scope="session")
def judged() -> Callable[[Observation], Checklist]:
    return lambda seen: judge(seen, find_set("centre-sante"))


@pytest.fixture(scope="session")
def shout() -> Callable[[Message], str]:
    """Another language: everything in upper case."""
    return lambda message: i18n.say(message).upper()


@pytest.fixture(scope="session")
def wordy() -> Callable[[Message], str]:
    """A language that needs more room than English."""
    return lambda message: f"{i18n.say(message)} {'lorem ' * (1 + len(message.text) // 15)}".strip()
