"""blame and compare over saved observations."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.cli import cpx, cpx_json

OBSERVATION = Path(__file__).parents[2] / "fixtures" / "observation.json"


def test_blame_of_the_sample() -> None:
    body = cpx_json("blame", OBSERVATION, "--set", "centre-sante")
    assert body["verdict"] == "failed"
    assert body["unexplained"] == []
    told = {(s["part"], s["rule"], *s["subjects"]) for s in body["suspicions"]}
    assert told == {
        ("card", "CERTIFICATES-SAY-SO", "9945000223"),
        ("card", "CERTIFICATES-SAY-SO", "9945000623"),
    }
    done = cpx("blame", OBSERVATION)
    assert done.returncode == 1
    assert "At fault: the card — likely — 9945000223" in done.stdout


def test_compare_of_the_sample_with_itself() -> None:
    body = cpx_json("compare", OBSERVATION, OBSERVATION, "--set", "centre-sante")
    assert body["same"] is True
    assert body["differences"] == body["suspicions"] == []
    assert {one["check"] for one in body["in_both"]} >= {"CERT-NOT-EXPIRED"}


@pytest.mark.softhsm
def test_a_run_without_and_with_a_fault_on_real_tokens(good: Path, tmp_path: Path) -> None:
    """The same cards; the second time nobody asked for a login."""
    files = [tmp_path / "a.json", tmp_path / "b.json"]
    first = ["--non-interactive", "--login"]
    for path, options in zip(files, (first, ["--non-interactive"]), strict=True):
        place = ["--set", "centre-sante", "--emulated", good]
        cpx("check-set", *place, *options, "--save-observation", path)
    told = cpx_json("blame", files[0], "--set", "centre-sante")
    assert (told["verdict"], told["suspicions"]) == ("passed", [])
    (one,) = cpx_json("blame", files[1], "--set", "centre-sante")["suspicions"]
    assert (one["part"], one["sureness"], len(one["subjects"])) == ("options", "certain", 6)
    (one,) = cpx_json("compare", *files, "--set", "centre-sante")["suspicions"]
    assert (one["rule"], one["part"]) == ("PIN-CHANGED", "options")


@pytest.mark.parametrize(
    "words",
    [
        ("blame", "gone.json"),
        ("compare", OBSERVATION, "gone.json"),
        ("blame", OBSERVATION, "--set", "nothing"),
        ("compare", OBSERVATION),
    ],
)
def test_what_cannot_be_read_is_a_line(words: tuple[str | Path, ...]) -> None:
    done = cpx(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr
