"""The good set that the tests of the judge change."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from cpx_tool.catalogue.sets import find_set
from cpx_tool.model.cardset import CardSet
from cpx_tool.model.observation import Observation
from support.build import centre_sante, emulated


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGUAGE", "en")


@pytest.fixture(scope="session")
def good(key: rsa.RSAPrivateKey) -> Observation:
    return emulated(centre_sante(key), key)


@pytest.fixture(scope="session")
def card_set() -> CardSet:
    return find_set("centre-sante")
