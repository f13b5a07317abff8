"""check-set and list-readers under a real pcscd: cards in virtual readers, pulled and put back."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from support.modules import compile_proxy
from support.pcscd import pcscd
from support.proxy import Proxy

pytestmark = [pytest.mark.softhsm, pytest.mark.pcscd]

CPS4 = "3B9B188001001225006480040100009044"


@pytest.fixture(scope="module")
def module(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compile_proxy(tmp_path_factory.mktemp("proxy"))


def test_six_readers_are_joined_to_six_slots(module: Path, good: Path, tmp_path: Path) -> None:
    with pcscd("Alpha", "Beta", "Gamma") as service:
        cards = Proxy(module, good, tmp_path, service)
        where = dict(zip(service.readers, cards.serials, strict=True))
        for reader in range(6):
            service.insert(reader, CPS4)
        run = cards.check(*cards.in_readers(where))
    assert run.code == 0
    assert run.logins() == Counter(cards.serials)
    assert {c["reader"]: c["token"]["serial"] for c in run.body["cards"]} == where
