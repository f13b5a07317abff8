"""sign-test, as a user runs it: real signatures of SoftHSM, real crashes, logins counted."""

from __future__ import annotations

import json
import signal
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cpx_tool.errors import ExitCode
from support.cli import COMMAND, cpx, cpx_json, environment
from support.modules import compile_proxy
from support.processes import PATIENCE_SECONDS, wait_until
from support.proxy import Proxy, calls
from support.terminal import terminal

SAMPLE = Path(__file__).parents[2] / "fixtures" / "observation.json"
DOCTOR = "9945000223"
SIGNING = ("sign-test", "--login")
KNOWN_REFUSALS = {
    ("authentication", "CKM_SHA256_RSA_PKCS"),
    ("authentication", "CKM_SHA1_RSA_PKCS"),
    ("authentication", "CKM_RSA_X_509"),
    ("signature", "CKM_RSA_X_509"),
}


def results(card: dict[str, Any]) -> Counter[str]:
    return Counter(tried["result"] for tried in card["signatures"])


def failed(card: dict[str, Any]) -> set[str]:
    return {f["check"] for f in card["findings"] if f["outcome"] == "failed"}


def by_role(body: dict[str, Any], number: int) -> dict[str, Any]:
    """The card in that place of the set, from 1."""
    (found,) = (card for card in body["cards"] if card["key"] == f"9945000{number}23")
    card: dict[str, Any] = found
    return card


# --- both kinds of cards ------------------------------------------------------------------------


@pytest.mark.softhsm
def test_the_keys_of_a_cps4_sign_by_all_that_the_field_uses(good: Path) -> None:
    body = cpx_json("sign-test", "--emulated", good, "--card", "9945 000 223")
    assert (body["exit_code"], body["verdict"]) == (0, "passed")
    (card,) = body["cards"]
    assert card["key"] == DOCTOR
    tries = card["signatures"]
    assert len(tries) == 18
    refused = {(t["key"], t["mechanism"]) for t in tries if t["result"] == "known-refusal"}
    assert refused == KNOWN_REFUSALS
    assert results(card) == {"verified": 14, "known-refusal": 4}
    assert all(t["seconds"] > 0 for t in tries if t["result"] == "verified")


@pytest.mark.softhsm
def test_the_keys_of_a_cps3_sign_without_pss(emulate: Callable[..., Path]) -> None:
    body = cpx_json("sign-test", "--emulated", emulate("centre-sante", "pkcs1-only=all"))
    assert body["exit_code"] == 0
    for card in body["cards"]:
        assert results(card) == {"verified": 6, "known-refusal": 4}
        assert not any("PSS" in tried["mechanism"] for tried in card["signatures"])


@pytest.mark.softhsm
def test_each_defect_is_named_and_costs_the_other_cards_nothing(
    emulate: Callable[..., Path],
) -> None:
    defects = ("key-mismatch=1", "no-private-key=2", "pkcs1-only=3", "production=4")
    body = cpx_json("sign-test", "--emulated", emulate("centre-sante", *defects))
    assert body["exit_code"] == 1
    mismatch, keyless, announced, production, good, _ = (by_role(body, n) for n in range(1, 7))
    assert failed(mismatch) == {"KEY-MATCHES", "SIGN-VERIFIES"}
    assert results(mismatch)["wrong"] == 6
    assert failed(keyless) == {"KEY-PRESENT"}
    assert {tried["key"] for tried in keyless["signatures"]} == {"signature"}
    assert failed(announced) == {"SIGN-NEEDED", "SIGN-REFUSED"}
    assert production["pin"]["refusal"] == "production"
    assert production["signatures"] == []
    assert failed(good) == set()
    assert results(good) == {"verified": 14, "known-refusal": 4}


# --- what is asked, and not asked ---------------------------------------------------------------


@pytest.mark.softhsm
@pytest.mark.parametrize("option", ["--no-login", "--non-interactive"])
def test_pin_safety_alone_has_its_own_code(good: Path, option: str) -> None:
    done = cpx("sign-test", "--emulated", good, option)
    assert done.returncode == ExitCode.PIN_SAFETY
    assert "No signature was made." in done.stdout
    assert "PIN: tried once on 0 cards, not tried on 6." in done.stdout


@pytest.mark.softhsm
def test_a_plain_terminal_hears_of_each_step_once(good: Path) -> None:
    """Not of each of eighteen signatures; one that redraws its lines cannot show it."""
    arguments = ("sign-test", "--emulated", good, "--card", DOCTOR)
    with terminal(*arguments, env={"TERM": "dumb"}) as person:
        code, _, told = person.end()
    assert (code, told.count(": signs")) == (0, 1)


@pytest.mark.softhsm
def test_a_card_that_is_not_there(good: Path) -> None:
    done = cpx("sign-test", "--emulated", good, "--card", "1234567890", "--no-login")
    assert done.returncode == ExitCode.USAGE
    assert "There is no card 1234567890" in done.stderr
    assert done.stdout == ""


@pytest.mark.softhsm
def test_what_was_saved_is_judged_again(good: Path, tmp_path: Path) -> None:
    saved = tmp_path / "saved.json"
    command = ("sign-test", "--card", DOCTOR)
    live = cpx_json(*command, "--emulated", good, "--save-observation", saved)
    again = cpx_json(*command, "--observation", saved)
    assert again == live
    checked = cpx_json("judge", saved, "--set", "centre-sante")
    (card,) = (card for card in checked["cards"] if card["key"] == DOCTOR)
    signs = {f["check"]: f["outcome"] for f in card["findings"] if f["check"].startswith("SIGN")}
    assert signs == {"SIGN-AUTH": "passed", "SIGN-SIGN": "passed", "SIGN-PSS": "passed"}


def test_an_older_observation_is_read() -> None:
    body = cpx_json("sign-test", "--observation", SAMPLE, "--card", DOCTOR)
    assert (body["exit_code"], body["verdict"]) == (1, "incomplete")
    assert results(body["cards"][0]) == {"verified": 3}
    assert {tried["hash"] for tried in body["cards"][0]["signatures"]} == {"SHA-256"}


@pytest.mark.parametrize(
    "options",
    [("--emulated", "x"), ("--module", "x"), ("--login",), ("--ask-pin",), ("--non-interactive",)],
)
def test_options_that_contradict_each_other(options: tuple[str, ...]) -> None:
    done = cpx("sign-test", "--observation", SAMPLE, *options)
    assert done.returncode == ExitCode.USAGE
    assert "--observation excludes" in done.stderr


def test_without_a_module_there_is_nothing_to_check(tmp_path: Path) -> None:
    none = {"CPX_PKCS11_MODULE": str(tmp_path / "gone.so")}
    assert cpx("sign-test", env=none).returncode == ExitCode.USAGE


# --- logins, crashes, interruption --------------------------------------------------------------


@pytest.fixture(scope="module")
def module(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compile_proxy(tmp_path_factory.mktemp("proxy"))


@pytest.fixture
def cards(module: Path, good: Path, tmp_path: Path) -> Proxy:
    """Six good cards behind the proxy, for sign-test."""
    return Proxy(module, good, tmp_path, command=SIGNING)


@pytest.mark.softhsm
def test_each_card_is_logged_in_once(cards: Proxy) -> None:
    run = cards.check()
    assert run.code == 0
    assert run.logins() == Counter(cards.serials)
    assert run.starts() == 1


@pytest.mark.softhsm
def test_the_chosen_card_alone_is_logged_in(cards: Proxy) -> None:
    serial = cards.serial("medecin-generaliste")
    run = cards.check(options=("--card", cards.number(serial)))
    assert (run.code, run.logins()) == (0, Counter([serial]))
    assert run.serials() == [serial]


@pytest.mark.softhsm
def test_no_login_on_what_is_not_proven_a_test_card(
    module: Path, emulate: Callable[..., Path], tmp_path: Path
) -> None:
    directory = emulate("centre-sante", "production=1", "broken-certificate=2")
    cards = Proxy(module, directory, tmp_path, command=SIGNING)
    unproven = {cards.serials[0], cards.serials[1]}
    run = cards.check()
    assert run.logins() == Counter(set(cards.serials) - unproven)
    assert run.code == ExitCode.PIN_SAFETY


@pytest.mark.softhsm
def test_a_crash_costs_the_login_and_nothing_that_was_signed(cards: Proxy) -> None:
    """C_Sign is called twice for each signature: its length is asked first."""
    ends, *others = cards.serials
    run = cards.check(f"fault {ends} C_Sign {2 * 4 + 1} segv")
    card = run.card(ends)
    assert run.logins() == Counter(cards.serials)
    assert run.code == 1
    assert results(card) == {"verified": 4, "cut-off": 1}
    assert failed(card) == {"SIGN-COMPLETE"}
    assert run.said("SIGSEGV", "13 signatures were not tried") == {"SIGN-COMPLETE"}
    for serial in others:
        assert results(run.card(serial)) == {"verified": 14, "known-refusal": 4}


@pytest.mark.softhsm
def test_a_refused_pin_is_not_tried_again(cards: Proxy) -> None:
    wrong = cards.serials[0]
    run = cards.check(f"fault {wrong} C_Login 1 a0")
    assert run.logins()[wrong] == 1
    assert run.pins()[wrong] == ("wrong", None)
    assert failed(run.card(wrong)) == {"PIN-ACCEPTED"}
    assert run.code == 1


@pytest.mark.softhsm
def test_an_interrupted_run_tells_what_was_signed(cards: Proxy) -> None:
    """The second card hangs while it signs; then comes Ctrl-C."""
    first, second, *_ = cards.serials
    folder = cards.start(f"fault {second} C_Sign {2 * 2 + 1} hang")
    words = [COMMAND, *SIGNING, "--module", cards.module, "--json", "--save-observation", "saved"]
    with subprocess.Popen(
        words,
        env=environment(**cards.variables(folder)),
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as run:
        wait_until(lambda: signatures(folder, second) == 5, "it did not come to the signature")
        run.send_signal(signal.SIGINT)
        output, told = run.communicate(timeout=PATIENCE_SECONDS)
    body = json.loads(output)
    assert (run.returncode, body["exit_code"]) == (ExitCode.INTERRUPTED, ExitCode.INTERRUPTED)
    assert body["interrupted"]
    assert told.endswith("Error: Interrupted.\n")
    found = {card["token"]["serial"]: card for card in body["cards"] if card["token"]}
    assert results(found[first]) == {"verified": 14, "known-refusal": 4}
    assert results(found[second]) == {"verified": 2}
    assert (folder / "saved").exists()


def signatures(folder: Path, serial: str) -> int:
    """How often that token was to sign by now."""
    made = calls((folder / "log").read_text())
    return sum((call.function, call.serial) == ("C_Sign", serial) for call in made)
