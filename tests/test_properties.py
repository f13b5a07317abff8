"""What must hold of every reader, whatever comes: the targets of `make fuzz`, in a few examples.

Here the inputs are made by hypothesis, which makes a failing one small; `make fuzz` looks longer.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.large import LARGE
from support.targets import TARGETS

EXAMPLES = {
    "certificate": 250,
    "chain": 120,
    "crl": 250,
    "ocsp": 150,
    "p12": 100,
    "card-object": 100,
    "inspect": 80,
    "set-file": 150,
    "observation": 120,
    "endpoint": 150,
    "chip": 200,
    "tls": 70,
}
BOUNDED = settings(
    deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


class DrawnDice:
    """Decisions that hypothesis takes, and takes back to find a smaller input."""

    def __init__(self, data: st.DataObject) -> None:
        self._data = data

    def below(self, limit: int) -> int:
        return self._data.draw(st.integers(0, limit - 1))

    def bytes(self, size: int) -> bytes:
        return self._data.draw(st.binary(min_size=size, max_size=size))


def test_every_target_has_its_examples() -> None:
    assert EXAMPLES.keys() == TARGETS.keys() == LARGE.keys()


@pytest.mark.parametrize("name", TARGETS)
def test_the_seeds_pass(name: str) -> None:
    for seed in TARGETS[name].seeds():
        TARGETS[name].run(seed)


@pytest.mark.parametrize("name", TARGETS)
def test_inputs_made_wrong(name: str) -> None:
    target = TARGETS[name]
    seeds = target.seeds()

    @settings(BOUNDED, max_examples=EXAMPLES[name])
    @given(st.data())
    def check(data: st.DataObject) -> None:
        dice = DrawnDice(data)
        made = seeds[dice.below(len(seeds))]
        for _ in range(1 + dice.below(2)):
            made = target.mutate(made, dice)
        target.run(made)

    check()


@pytest.mark.parametrize("name", TARGETS)
def test_any_bytes(name: str) -> None:
    target = TARGETS[name]

    @settings(BOUNDED, max_examples=EXAMPLES[name] // 3)
    @given(st.binary(max_size=400))
    def check(data: bytes) -> None:
        target.run(data)

    check()
