"""order-guide, as a user runs it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cpx_tool.cli.order import spread
from support.cli import cpx, cpx_json
from support.software import AUTO, PASSWORD, p12

OBSERVATION = Path(__file__).parents[2] / "fixtures" / "observation.json"
Env = dict[str, str]


@pytest.fixture
def env(tmp_path: Path) -> Env:
    """Ticks of one's own."""
    return {"CPX_STATE_DIR": str(tmp_path / "state")}


def guide(*arguments: str | Path, env: Env) -> dict[str, Any]:
    return cpx_json("order-guide", *arguments, env=env)


def file_of(env: Env) -> Path:
    return Path(env["CPX_STATE_DIR"]) / "order.json"


def ticked(env: Env) -> set[str]:
    if not file_of(env).exists():
        return set()
    return set(json.loads(file_of(env).read_text(encoding="utf-8"))["ticks"])


def tick_beforehand(env: Env, *steps: str) -> None:
    ticks = dict.fromkeys(steps, "2026-01-02T00:00:00Z")
    file_of(env).parent.mkdir()
    file_of(env).write_text(json.dumps({"schema_version": 1, "ticks": ticks}), encoding="utf-8")


def outcomes(body: dict[str, Any]) -> dict[str, str]:
    return {
        step["id"]: step["verification"]["outcome"]
        for step in body["steps"]
        if step["verification"]
    }


# --- without cards ------------------------------------------------------------------------------


def test_the_guide_touches_no_card_and_ends_with_0(env: Env) -> None:
    nothing = {"CPX_PKCS11_MODULE": "/nowhere/module.so"}
    done = cpx("order-guide", env={**env, **nothing})
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert "☐ ORDER-SET: Choose the set “Centre de santé”" in done.stdout
    assert "cpx-tool order-guide --verify" in done.stdout
    assert not Path(env["CPX_STATE_DIR"]).exists()


@pytest.mark.parametrize(
    ("words", "first", "absent"),
    [
        (("--for", "insi-card"), "CHECK-INSI-CARD", "ORG-AUTO"),
        (("--for", "insi-org"), "ORG-AUTO", "CHECK-INSI-CARD"),
    ],
)
def test_one_way_only(env: Env, words: tuple[str, ...], first: str, absent: str) -> None:
    ids = [step["id"] for step in guide(*words, env=env)["steps"]]
    assert first in ids
    assert absent not in ids
    assert {first, absent} <= {step["id"] for step in guide("--for", "all", env=env)["steps"]}


def test_it_speaks_french(env: Env) -> None:
    done = cpx("order-guide", "--lang", "fr", env=env)
    assert "Ensuite\N{NO-BREAK SPACE}: WHY-WAY" in done.stdout
    assert not re.search(r"\b(Why|Waits for|Write or choose|Next|Ticked)\b", done.stdout)


def test_as_a_task_list(env: Env) -> None:
    tick_beforehand(env, "FORM-1")
    done = cpx("order-guide", "--markdown", env=env)
    assert done.returncode == 0
    assert re.search(r"^- \[x\] FORM-1: ", done.stdout, re.MULTILINE)
    assert re.search(r"^- \[ \] FORM-2: ", done.stdout, re.MULTILINE)


# --- ticking ------------------------------------------------------------------------------------


def test_ticks_stay_and_are_taken_back(env: Env) -> None:
    done = cpx("order-guide", "--tick", "ORDER-SET", "form-1", "--tick", "FORM-2", env=env)
    assert done.returncode == 0, done.stderr
    assert re.search(r"☑ FORM-1: .*\(ticked 20\d\d-\d\d-\d\d\)", done.stdout)
    assert "Ticked: 3 of 25 steps." in done.stdout
    assert ticked(env) == {"ORDER-SET", "FORM-1", "FORM-2"}
    cpx("order-guide", "--untick", "FORM-1", "FORM-2", "--tick", "WHY-WAY", env=env)
    assert ticked(env) == {"ORDER-SET", "WHY-WAY"}


def test_starting_again_keeps_the_former_ticks(env: Env) -> None:
    tick_beforehand(env, "FORM-1")
    done = cpx("order-guide", "--reset", "--tick", "FORM-2", env=env)
    assert done.returncode == 0, done.stderr
    assert "order.json.old" in done.stderr
    assert ticked(env) == {"FORM-2"}
    old = json.loads(file_of(env).with_name("order.json.old").read_text(encoding="utf-8"))
    assert list(old["ticks"]) == ["FORM-1"]


def test_looking_leaves_the_file_as_it_is(env: Env) -> None:
    tick_beforehand(env, "FORM-1")
    file = file_of(env)
    before = file.stat().st_ino, file.read_bytes()
    cpx("order-guide", "--tick", "FORM-1", "--untick", "FORM-2", env=env)
    assert (file.stat().st_ino, file.read_bytes()) == before


def test_the_users_own_state_directory(tmp_path: Path) -> None:
    own = {"CPX_STATE_DIR": "", "XDG_STATE_HOME": str(tmp_path)}
    cpx("order-guide", "--tick", "FORM-1", env=own)
    assert (tmp_path / "cpx-tool" / "order.json").is_file()


def test_a_spoiled_file_is_one_clear_line_and_is_kept(env: Env) -> None:
    file = file_of(env)
    file.parent.mkdir()
    file.write_text("{ my notes", encoding="utf-8")
    for words in ((), ("--tick", "FORM-1"), ("--untick", "FORM-1")):
        done = cpx("order-guide", *words, env=env)
        assert done.returncode == 2
        assert done.stdout == ""
        assert len(done.stderr.splitlines()) == 2  # the error, and what to do
        assert str(file) in done.stderr
        assert file.read_text(encoding="utf-8") == "{ my notes"
    again = cpx("order-guide", "--reset", env=env)
    assert again.returncode == 0
    assert (file.parent / "order.json.old").read_text(encoding="utf-8") == "{ my notes"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--tick", "FROM-1"), "Did you mean FORM-1?"),
        (("--tick", "xyz"), "There is no step xyz"),
        (("--untick", "FORM-9-9"), "There is no step FORM-9-9"),
        (("--tick", "FORM-2", "--untick", "FORM-2"), "ticked and unticked at once: FORM-2"),
        (("FORM-2",), "unexpected extra argument"),
        (("--for", "dmp"), "'dmp' is not one of"),
        (("--json", "--markdown"), "exclude each other: --json, --markdown"),
        (("--emulated", "x"), "Without --verify no card is looked at: --emulated"),
        (("--p12", "x"), "Without --verify no card is looked at: --p12"),
        (("--set", "centre-sante"), "Without --verify no card is looked at: --set"),
        (
            ("--verify", "--emulated", "x", "--observation", "y"),
            "exclude each other: --emulated, --observation",
        ),
        (("--verify", "--set", "centre-santé-x"), "There is no set"),
        (("--verify", "--observation", "/nowhere"), "cannot be read"),
        (("--verify", "--emulated", "/nowhere"), "/nowhere"),
    ],
    ids=str,
)
def test_wrong_usage_changes_nothing(env: Env, words: tuple[str, ...], said: str) -> None:
    tick_beforehand(env, "FORM-1")
    done = cpx("order-guide", *words, "--untick", "FORM-1", env=env)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert ticked(env) == {"FORM-1"}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("--tick A", "--tick A"),
        ("--tick A B C", "--tick A --tick B --tick C"),
        ("--p12 A B --tick C", "--p12 A --p12 B --tick C"),
        ("--tick=A B", "--tick=A --tick B"),
        ("--tick A B --untick C D", "--tick A --tick B --untick C --untick D"),
        ("--tick A --set NAME B", "--tick A --set NAME B"),
        ("--for all --tick A B --json", "--for all --tick A --tick B --json"),
        ("--tick", "--tick"),
        ("--tick --json", "--tick --json"),
        ("A --tick B", "A --tick B"),
    ],
)
def test_an_option_that_takes_several_ids(given: str, expected: str) -> None:
    assert spread(given.split()) == expected.split()


# --- against a saved observation ----------------------------------------------------------------


def test_a_saved_observation_contradicts(env: Env) -> None:
    """In the sample, the card of the doctor has expired."""
    tick_beforehand(env, "CHECK-VALIDITY")
    done = cpx("order-guide", "--verify", "--observation", OBSERVATION, env=env)
    assert done.returncode == 1
    assert "✗ CONTRADICTED, though ticked. Expired: " in done.stdout
    body = guide("--verify", "--observation", OBSERVATION, env=env)
    assert body["exit_code"] == 1
    assert outcomes(body)["CHECK-VALIDITY"] == "contradicted"


def test_without_a_card_the_code_is_4(env: Env, tmp_path: Path) -> None:
    seen = json.loads(OBSERVATION.read_text(encoding="utf-8"))
    seen.update(cards=[], slots=[], pcsc={"status": "no-reader"})
    file = tmp_path / "empty.json"
    file.write_text(json.dumps(seen), encoding="utf-8")
    done = cpx("order-guide", "--verify", "--observation", file, "--tick", "FORM-1", env=env)
    assert done.returncode == 4
    assert "it sees no reader" in " ".join(done.stdout.split())
    assert ticked(env) == {"FORM-1"}
    body = guide("--verify", "--observation", file, env=env)
    assert set(outcomes(body).values()) == {"not-verifiable"}
    assert body["looked_at"]["cards"]["count"] == 0


def test_a_module_that_is_not_there(env: Env) -> None:
    done = cpx("order-guide", "--verify", "--module", "/nowhere/m.so", "--tick", "FORM-1", env=env)
    assert done.returncode == 2
    assert "/nowhere/m.so" in done.stderr
    assert ticked(env) == set()


# --- against emulated cards ---------------------------------------------------------------------


@pytest.mark.softhsm
def test_a_good_set_contradicts_nothing(good: Path, env: Env) -> None:
    body = guide("--verify", "--emulated", good, env=env)
    assert body["exit_code"] == 0
    assert outcomes(body) == {
        "WAIT-CARDS": "verified",
        "ORG-CARD": "verified",
        "WITHDRAW-AUTO": "not-verifiable",
        "WITHDRAW-MANU": "not-verifiable",
        "CHECK-ISSUER": "not-verifiable",
        "CHECK-VALIDITY": "verified",
        "CHECK-INSI-CARD": "verified",
    }
    assert body["looked_at"]["cards"]["emulated"] is True
    done = cpx("order-guide", "--verify", "--emulated", good, env=env)
    assert "The set is complete: 6 of 6 cards." in done.stdout
    assert "EMULATED CARDS" in done.stdout


@pytest.mark.softhsm
def test_no_pin_is_tried(good: Path, env: Env) -> None:
    """SoftHSM remembers a wrong PIN: PIN safety would then refuse the login."""
    done = cpx("order-guide", "--verify", "--emulated", good, env={**env, "CPX_PIN": "9999"})
    assert done.returncode == 0, done.stderr
    assert cpx("check-set", "--set", "centre-sante", "--emulated", good).returncode == 0


@pytest.mark.softhsm
@pytest.mark.parametrize(
    ("defect", "step", "outcome", "code"),
    [
        ("expired=infirmier", "CHECK-VALIDITY", "contradicted", 1),
        ("foreign=infirmier", "WAIT-CARDS", "contradicted", 1),
        ("missing=infirmier", "WAIT-CARDS", "not-verifiable", 0),
    ],
    ids=str,
)
def test_a_set_that_is_wrong(
    emulate: Callable[..., Path],
    env: Env,
    defect: str,
    step: str,
    outcome: str,
    code: int,
) -> None:
    body = guide("--verify", "--emulated", emulate("centre-sante", defect), env=env)
    assert outcomes(body)[step] == outcome
    assert body["exit_code"] == code


@pytest.mark.softhsm
def test_the_certificates_that_were_withdrawn(good: Path, env: Env, tmp_path: Path) -> None:
    auto, manu = sorted((good / "org").glob("*.p12"))
    secret = tmp_path / "password"
    secret.write_text("1234\n", encoding="utf-8")
    words = ("--p12", auto, manu, "--password-file", secret)
    body = guide("--verify", "--emulated", good, *words, env=env)
    assert outcomes(body)["WITHDRAW-AUTO"] == "not-verifiable"  # emulated: no proof of an order
    assert outcomes(body)["WITHDRAW-MANU"] == "not-verifiable"
    assert body["exit_code"] == 0


def test_files_alone_are_enough(env: Env, tmp_path: Path) -> None:
    """Whether or not there is a module on this machine: there is no card in the tests' readers."""
    file = tmp_path / "auto.p12"
    file.write_bytes(p12(replace(AUTO, end=datetime(2100, 1, 1, tzinfo=UTC))))
    body = guide("--verify", "--p12", file, env={**env, "CPX_P12_PASSWORD": PASSWORD})
    assert body["exit_code"] == 0
    assert set(outcomes(body).values()) == {"not-verifiable"}
    done = cpx("order-guide", "--verify", "--p12", file, env={**env, "CPX_P12_PASSWORD": PASSWORD})
    text = " ".join(done.stdout.split())
    assert "The issuer's certificate is not at hand: ACI-EL-ORG-TEST" in text


@pytest.mark.softhsm
def test_another_set_was_ordered(emulate: Callable[..., Path], env: Env) -> None:
    hospital = emulate("centre-hospitalier")
    assert outcomes(guide("--verify", "--emulated", hospital, env=env))["WAIT-CARDS"] == (
        "contradicted"
    )
    body = guide("--verify", "--emulated", hospital, "--set", "hopital", env=env)
    assert outcomes(body)["WAIT-CARDS"] == "verified"
    assert body["exit_code"] == 0


@pytest.mark.softhsm
def test_a_module_that_is_named(good: Path, env: Env) -> None:
    """An emulation's own module and environment, as another program would load it."""
    listing = json.loads(cpx("list-readers", "--emulated", good, "--json").stdout)
    module = listing["module"]["path"]
    configuration = {"SOFTHSM2_CONF": str(good / "softhsm2.conf")}
    done = cpx("order-guide", "--verify", "--module", module, env={**env, **configuration})
    assert done.returncode == 0, done.stderr  # their certificates say that they are emulated
    assert "Looked at 6 cards" in done.stdout
    assert "they prove nothing about an order" in " ".join(done.stdout.split())
