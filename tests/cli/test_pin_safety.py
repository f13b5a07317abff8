"""How often a PIN goes out: C_Login counted by a module that stands before the real SoftHSM.

In every run `Proxy` asserts, too, that no process and no core file is left behind, and that a PIN
given stands in no output and in nothing that the system shows of the worker.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from support.modules import compile_proxy
from support.proxy import LABEL, PIN, SERIAL, Proxy, Run

pytestmark = pytest.mark.softhsm

DOCTOR = "medecin-generaliste"
COUNT_LOW, FINAL_TRY, LOCKED, TO_BE_CHANGED = 0x10000, 0x20000, 0x40000, 0x80000
USER_PIN_INITIALIZED, PROTECTED_PATH = 0x8, 0x100
"""CKF_* of CK_TOKEN_INFO (PKCS#11 v2.40, 3.2)."""

DEADLINE = 3.0
"""For calls that hang: long enough for a worker to start on a busy machine."""


@pytest.fixture(scope="session")
def module(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compile_proxy(tmp_path_factory.mktemp("proxy"))


@pytest.fixture
def cards(module: Path, good: Path, tmp_path: Path) -> Proxy:
    """Six good cards of the set Centre de santé, behind the proxy."""
    return Proxy(module, good, tmp_path)


@pytest.fixture(scope="session")
def good_run(module: Path, pristine: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """What a run without rules gives: all copies of the set have the same serials."""
    folder = tmp_path_factory.mktemp("good")
    cards = shutil.copytree(pristine, folder / "cards")
    return Proxy(module, cards, folder).check()


def once_each(*serials: str) -> Counter[str]:
    return Counter(serials)


def others(cards: Proxy, *serials: str) -> tuple[str, ...]:
    return tuple(serial for serial in cards.serials if serial not in serials)


def assert_complete(run: Run, good_run: Run, *serials: str) -> None:
    """These cards gave all that they give in a good run, the signatures included."""
    for serial in serials:
        assert _outcomes(run, serial) == _outcomes(good_run, serial)
        assert [s["fault"] for s in run.card(serial)["signatures"]] == [None, None, None]


def _outcomes(run: Run, serial: str) -> list[tuple[str, str]]:
    """What was found about the card itself; its role depends on the other cards, too."""
    of_itself = ("CERT", "PIN", "KEY", "SIGN")
    findings = run.card(serial)["findings"]
    return [(f["check"], f["outcome"]) for f in findings if f["check"].startswith(of_itself)]


# --- as it should be --------------------------------------------------------------------------


def test_a_good_set_gets_one_login_per_card(good_run: Run, cards: Proxy) -> None:
    assert (good_run.code, good_run.starts()) == (0, 1)
    assert good_run.logins() == once_each(*cards.serials)
    assert set(good_run.pins().values()) == {("accepted", None)}


def test_a_crash_could_leave_no_core_file(good_run: Run) -> None:
    """Whatever /proc/sys/kernel/core_pattern says: the worker's memory holds the PIN."""
    assert good_run.core_limits == {(0, 0)}


def test_a_given_pin_that_is_right_goes_to_each_card_once(cards: Proxy) -> None:
    run = cards.check(pin=PIN)
    assert run.code == 0
    assert run.logins() == once_each(*cards.serials)


# --- what the token says ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flags", "refusal", "code"),
    [
        ((COUNT_LOW, 0), "count-low", 5),
        ((COUNT_LOW | FINAL_TRY, 0), "final-try", 5),
        ((FINAL_TRY, 0), "final-try", 5),
        ((LOCKED, 0), "locked", 1),
        ((TO_BE_CHANGED, 0), "to-be-changed", 5),
        ((PROTECTED_PATH, 0), "protected-path", 5),
        ((0, USER_PIN_INITIALIZED), "no-pin-on-card", 5),
    ],
)
def test_a_flag_keeps_the_pin_from_that_card_alone(
    cards: Proxy, good_run: Run, flags: tuple[int, int], refusal: str, code: int
) -> None:
    serial = cards.serial(DOCTOR)
    rest = others(cards, serial)
    run = cards.check(f"flags {serial} {flags[0]:x} {flags[1]:x} C_GetTokenInfo 0", pin=PIN)
    assert run.logins() == once_each(*rest)
    assert run.pins()[serial] == ("refused", refusal)
    assert run.code == code
    assert_complete(run, good_run, *rest)


def looks(good_run: Run, serial: str) -> tuple[int, int]:
    """How many C_GetTokenInfo a card gets until its reading ends, and until its C_Login."""
    functions = [call.function for call in good_run.calls if call.serial == serial]
    read, login = functions.index("C_CloseSession"), functions.index("C_Login")
    return functions[:read].count("C_GetTokenInfo"), functions[:login].count("C_GetTokenInfo")


def late_looks(good_run: Run, cards: Proxy) -> dict[str, int]:
    """For each card but the first, another C_GetTokenInfo of those between its reading and its
    C_Login: the last ones, up to the very last.
    """
    until_read, until_login = looks(good_run, cards.serials[-1])
    assert until_read < until_login, "the token is not asked again before the login"
    numbers = range(until_read + 1, until_login + 1)[1 - len(cards.serials) :]
    return dict(zip(cards.serials[1:], numbers, strict=False))


def test_a_flag_that_appears_at_the_second_look_is_seen(cards: Proxy) -> None:
    serial = cards.serial(DOCTOR)
    run = cards.check(f"flags {serial} {COUNT_LOW:x} 0 C_GetTokenInfo 2")
    assert run.logins() == once_each(*others(cards, serial))
    assert run.pins()[serial] == ("refused", "count-low")


def test_a_flag_that_appears_after_reading_is_seen(cards: Proxy, good_run: Run) -> None:
    late = late_looks(good_run, cards)
    run = cards.check(
        *(f"flags {serial} {COUNT_LOW:x} 0 C_GetTokenInfo {n}" for serial, n in late.items())
    )
    assert run.logins() == once_each(*others(cards, *late))
    assert {run.pins()[serial] for serial in late} == {("refused", "count-low")}


# --- another card in the same reader ----------------------------------------------------------


@pytest.mark.parametrize("text", [f"{LABEL} CPS4v1-9999999999", f"{SERIAL} 99999999"])
def test_a_card_whose_names_change_after_reading_gets_no_pin(
    cards: Proxy, good_run: Run, text: str
) -> None:
    late = late_looks(good_run, cards)
    run = cards.check(*(f"text {serial} {text} C_GetTokenInfo {n}" for serial, n in late.items()))
    assert run.logins() == once_each(*others(cards, *late))
    assert {run.pins()[serial] for serial in late} == {("refused", "state-unknown")}


def test_a_card_put_in_after_reading_gets_no_pin(cards: Proxy, good_run: Run) -> None:
    late = late_looks(good_run, cards)
    known = cards.serials[0]
    run = cards.check(*(f"show {serial} {known} C_GetTokenInfo {n}" for serial, n in late.items()))
    assert run.logins() == once_each(*others(cards, *late))


def test_a_card_that_differs_in_its_certificates_alone_gets_no_pin(
    cards: Proxy, good_run: Run
) -> None:
    known, serial = cards.serials[:2]
    disguise = (
        f"text {known} {LABEL} {cards.label(serial)} C_GetTokenInfo 0",
        f"text {known} {SERIAL} {serial} C_GetTokenInfo 0",
    )
    number = looks(good_run, serial)[0] + 1
    run = cards.check(*disguise, f"show {serial} {known} C_GetTokenInfo {number}")
    assert run.logins() == once_each(*others(cards, serial))


# --- what the cards are -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("defect", "refusal"),
    [("production", "production"), ("broken-certificate", "not-proven-test")],
)
def test_a_card_that_is_not_proven_a_test_card_gets_no_pin(
    module: Path, emulate: Callable[..., Path], tmp_path: Path, defect: str, refusal: str
) -> None:
    cards = Proxy(module, emulate("centre-sante", defect), tmp_path)
    serial = cards.serial(DOCTOR)
    run = cards.check(pin=PIN)
    assert run.logins() == once_each(*others(cards, serial))
    assert run.pins()[serial] == ("refused", refusal)


def test_two_tokens_of_one_card_share_one_login(
    module: Path, emulate: Callable[..., Path], tmp_path: Path
) -> None:
    cards = Proxy(module, emulate("centre-sante", "duplicate"), tmp_path)
    both = [serial for serial in cards.serials if cards.role(serial) == DOCTOR]
    assert len(both) == 2
    run = cards.check()
    assert sum(run.logins()[serial] for serial in both) == 1
    assert run.logins() - once_each(*both) == once_each(*others(cards, *both))
    assert sorted(run.pins()[serial] for serial in both) == [
        ("accepted", None),
        ("refused", "already-tried"),
    ]


# --- a wrong PIN, and logins that end badly ---------------------------------------------------


def test_a_wrong_given_pin_costs_one_try_in_all(cards: Proxy) -> None:
    run = cards.check(pin="97531864")
    assert run.logins() == once_each(cards.serials[0])
    assert run.pins()[cards.serials[0]] == ("wrong", None)
    assert {run.pins()[s] for s in cards.serials[1:]} == {("refused", "refused-elsewhere")}


BAD_LOGINS = {
    "segv": ("crash", "SIGSEGV"),
    "exit": ("crash", "exit 7"),
    "hang": ("hang", "3 s"),
    "5": ("error", "CKR_GENERAL_ERROR"),
    "80000001": ("error", "80000001"),
}
"""What the module does in C_Login → kind of the fault, and a word of its code."""


@pytest.mark.parametrize("action", BAD_LOGINS)
def test_a_login_that_ends_badly_is_not_repeated(cards: Proxy, good_run: Run, action: str) -> None:
    serial = cards.serial(DOCTOR)
    rest = others(cards, serial)
    run = cards.check(f"fault {serial} C_Login 1 {action}", timeout=DEADLINE)
    assert run.logins() == once_each(*cards.serials)
    assert run.serials() == sorted(cards.serials)
    kind, word = BAD_LOGINS[action]
    pin = run.card(serial)["pin"]
    assert (pin["result"], pin["fault"]["kind"], pin["fault"]["call"]) == (
        "failed",
        kind,
        "C_Login",
    )
    assert word in pin["fault"]["code"]
    assert run.card(serial)["signatures"] == []
    assert run.said("C_Login", word) == {"PIN-ACCEPTED"}
    assert run.code == 1
    assert_complete(run, good_run, *rest)


@pytest.mark.parametrize("action", ["segv", "hang", "5", "a1", "a4", "80000001"])
def test_a_given_pin_goes_no_further_once_a_login_ended_badly(cards: Proxy, action: str) -> None:
    first, second, *rest = cards.serials
    run = cards.check(f"fault {second} C_Login 1 {action}", pin=PIN, timeout=DEADLINE)
    assert run.logins() == once_each(first, second)
    assert run.serials() == sorted(cards.serials)
    assert {run.pins()[serial][0] for serial in rest} == {"refused"}
    assert run.code == 1


# --- crashes and hangs elsewhere --------------------------------------------------------------


@pytest.mark.parametrize(("action", "word"), [("segv", "SIGSEGV"), ("hang", "3 s")])
def test_a_card_that_ends_the_module_in_c_sign(
    cards: Proxy, good_run: Run, action: str, word: str
) -> None:
    serial = cards.serial(DOCTOR)
    run = cards.check(f"fault {serial} C_Sign 0 {action}", timeout=DEADLINE)
    assert run.logins() == once_each(*cards.serials)
    assert run.serials() == sorted(cards.serials)
    assert run.said("C_Sign", word)
    assert run.said("C_Sign", word) <= {"SIGN-AUTH", "SIGN-SIGN"}
    assert run.code == 1
    assert_complete(run, good_run, *others(cards, serial))


@pytest.mark.parametrize(("action", "word"), [("segv", "SIGSEGV"), ("hang", "3 s")])
def test_a_card_that_ends_the_module_when_it_is_read(
    cards: Proxy, good_run: Run, action: str, word: str
) -> None:
    serial = cards.serial(DOCTOR)
    rest = others(cards, serial)
    run = cards.check(f"fault {serial} C_FindObjectsInit 0 {action}", timeout=DEADLINE)
    assert run.logins() == once_each(*rest)
    assert len(run.body["cards"]) == 6
    assert run.serials() == sorted(rest)
    assert run.said("C_FindObjects", word)
    assert run.code == 1
    assert_complete(run, good_run, *rest)


def test_a_crash_after_the_login_costs_no_second_one(cards: Proxy, good_run: Run) -> None:
    serial = cards.serial(DOCTOR)
    functions = [call.function for call in good_run.calls if call.serial == serial]
    number = functions[: functions.index("C_Login")].count("C_FindObjectsInit") + 1
    run = cards.check(f"fault {serial} C_FindObjectsInit {number} segv")
    assert run.logins() == once_each(*cards.serials)
    assert run.pins()[serial] == ("accepted", None)
    assert run.said("SIGSEGV")
    assert run.code == 1
    assert_complete(run, good_run, *others(cards, serial))


@pytest.mark.parametrize("numbering", ["shift", "rotate"])
def test_slot_ids_may_change_with_each_start(cards: Proxy, good_run: Run, numbering: str) -> None:
    """Real modules number their slots as they find the readers, SoftHSM after the serials."""
    unread, refused, stopped, *rest = cards.serials
    run = cards.check(
        f"slots {numbering}",
        f"fault {unread} C_FindObjectsInit 0 segv",
        f"fault {refused} C_Login 0 5",
        f"fault {stopped} C_Sign 0 segv",
    )
    assert run.starts() == 4
    assert run.logins() == once_each(refused, stopped, *rest)
    assert len(run.body["cards"]) == 6
    assert run.serials() == sorted((refused, stopped, *rest))
    assert_complete(run, good_run, *rest)


def test_a_wrong_pin_costs_one_try_even_when_slot_ids_change(cards: Proxy) -> None:
    run = cards.check("slots rotate", pin="97531864")
    assert run.logins().total() == 1
    assert run.serials() == sorted(cards.serials)
