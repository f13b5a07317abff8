"""An observation is read back as it was, and refused in one line when it is none."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cpx_tool.adapters.observation_file import MAXIMUM_ITEMS, load, save
from cpx_tool.errors import BadInput

SAMPLE = Path(__file__).parents[2] / "fixtures" / "observation.json"


def refused(tmp_path: Path, text: str) -> str:
    file = tmp_path / "seen.json"
    file.write_text(text)
    with pytest.raises(BadInput) as caught:
        load(file)
    return str(caught.value.reason.params)


def test_what_is_saved_is_loaded_again(tmp_path: Path) -> None:
    seen = load(SAMPLE)
    save(seen, tmp_path / "again.json")
    assert load(tmp_path / "again.json") == seen


CROWDS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "cards": lambda seen: seen["cards"],
    "slots": lambda seen: seen["slots"],
    "readers": lambda seen: seen["pcsc"]["readers"],
    "certificates": lambda seen: seen["cards"][0]["certificates"],
    "data": lambda seen: seen["cards"][0]["data"],
    "keys": lambda seen: seen["cards"][0]["keys"],
    "signatures": lambda seen: seen["cards"][0]["signatures"],
    "mechanisms": lambda seen: seen["cards"][0]["token"]["mechanisms"],
    "flags": lambda seen: seen["cards"][0]["token"]["flags"],
}


@pytest.mark.parametrize("place", CROWDS)
def test_more_than_any_workstation_has_is_refused(tmp_path: Path, place: str) -> None:
    seen = json.loads(SAMPLE.read_text())
    items = CROWDS[place](seen)
    items *= 1 + MAXIMUM_ITEMS // len(items)
    assert f"{place}: {len(items)}" in refused(tmp_path, json.dumps(seen))


@pytest.mark.parametrize("place", ["certificates", "crls", "answers", "accepted"])
def test_more_ca_certificates_than_there_are_is_refused(tmp_path: Path, place: str) -> None:
    seen = json.loads(SAMPLE.read_text())
    seen["trust"] = {place: [""] * (MAXIMUM_ITEMS + 1)}
    assert f"{place}: {MAXIMUM_ITEMS + 1}" in refused(tmp_path, json.dumps(seen))


MOMENTS = ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-01-15T12:00:00")


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_date_that_is_no_moment_of_utc_is_refused(tmp_path: Path, moment: str) -> None:
    seen = json.loads(SAMPLE.read_text())
    assert "$.observed_at" in refused(tmp_path, json.dumps({**seen, "observed_at": moment}))
    seen["cards"][1]["pin"]["earlier"] = moment
    assert "$.cards[1].pin.earlier" in refused(tmp_path, json.dumps(seen))


def test_the_format_is_told_before_the_rest_is_looked_at(tmp_path: Path) -> None:
    strange = {"schema_version": 99, "cards": "none", "x": [[]] * 50}
    assert "99" in refused(tmp_path, json.dumps(strange))


@pytest.mark.parametrize("text", ["", "[]", "{", "null", "[" * 100_000, '{"schema_version"'])
def test_what_is_no_observation(tmp_path: Path, text: str) -> None:
    assert "schema_version" in refused(tmp_path, text)


@pytest.mark.parametrize("version", ['"1"', "[[1]]", "1.5", "null", "true", "9" * 5000])
def test_a_version_that_is_no_whole_number_is_no_observation(tmp_path: Path, version: str) -> None:
    assert "schema_version" in refused(tmp_path, f'{{"schema_version": {version}}}')
