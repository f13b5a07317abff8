"""The Python interface and the pytest plugin, as somebody else's test suite uses them."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cpx_tool.errors import CpxError
from cpx_tool.i18n import say
from cpx_tool.testing import NoVirtualReader, VirtualReader, virtual_set
from support.cli import CACHE, environment
from support.pcscd import FIRST_PORT, Service, pcscd

SUITE = """
import time

import pytest
from smartcard.System import readers


def connected():
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            connection = readers()[0].createConnection()
            connection.connect()
            return connection
        except Exception:
            time.sleep(0.05)
    raise AssertionError("no card was seen")


def verify(pin):
    return connected().transmit([0x00, 0x20, 0x00, 0x01, 4, *pin.encode()])[1:]


@pytest.mark.cpx_card("medecin-generaliste", defects=["pkcs1-only=all"])
def test_of_one_card(virtual_card):
    assert bytes(connected().getATR()).hex().upper() == virtual_card.atr
    assert virtual_card.label.startswith("CPS3v3-")
    assert verify("0000") == (0x63, 0xC2)
    assert virtual_card.tries_left == 2
    assert verify(virtual_card.pin) == (0x90, 0x00)


@pytest.mark.cpx_card("2", defects=["pkcs1-only=all"], faults=["pin-locked=2"])
def test_of_a_card_made_wrong(virtual_card):
    assert verify("1234") == (0x69, 0x83)


def test_of_a_reader(virtual_reader, virtual_cards):
    virtual_reader.insert(virtual_cards.card("1"))
    assert connected().getATR()[0] == 0x3B
"""


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with pcscd("Alpha") as running:
        yield running


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    (tmp_path / "test_theirs.py").write_text(SUITE)
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers\n")
    return tmp_path


ALONE = environment(PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")
"""The plugin is named in the command: an installed one would come twice."""


def command(suite: Path, *options: str) -> list[str]:
    plugin = ("-p", "cpx_tool.pytest_plugin", "-p", "no:cacheprovider")
    return [sys.executable, "-m", "pytest", "-ra", *plugin, "--rootdir", str(suite), *options]


@pytest.mark.pcscd
def test_the_fixtures_put_cards_into_the_reader(service: Service, suite: Path) -> None:
    done = service.run(
        [*command(suite, "--cpx-port", str(FIRST_PORT)), suite],
        env=ALONE,
        timeout=90,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 passed" in done.stdout


def test_tests_are_skipped_where_no_virtual_reader_listens(suite: Path) -> None:
    _, told = ended(suite, "--cpx-port", "1")
    assert "3 skipped" in told
    assert "There is no virtual reader on port 1 of this machine." in told


WRONG = """
import pytest


@pytest.mark.cpx_card("nobody")
def test_of_no_card(virtual_card): ...


@pytest.mark.cpx_card(set="none")
def test_of_no_set(virtual_card): ...


@pytest.mark.cpx_card(fault=["mute"])
def test_of_no_option(virtual_card): ...


@pytest.mark.cpx_card("1", defects=["pkcs1-onyl=all"])
def test_of_no_defect(virtual_cards): ...
"""


def ended(folder: Path, *options: str) -> tuple[int, str]:
    """Of a suite that no service is needed for: its code, and all it says."""
    done = subprocess.run(
        [*command(folder, *options), folder],
        env=ALONE,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_a_mark_that_asks_for_nothing_is_named_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "test_wrong.py").write_text(WRONG)
    code, told = ended(tmp_path, "--cpx-port", "1")
    assert code == 1
    assert "4 errors" in told
    for words in (
        "No card of this set is nobody.",
        'There is no set "none".',
        "The mark cpx_card takes no fault: it takes set, defects,",
        "There is no defect “pkcs1-onyl”.",
        "→ Did you mean pkcs1-only?",
    ):
        assert words in told
    assert "site-packages" not in told
    assert "pytest_plugin.py" not in told
    assert "During handling" not in told


@pytest.mark.parametrize(
    "option", [("--cpx-port", "65536"), ("--cpx-port", "0"), ("-o", "cpx_port=x")]
)
def test_a_port_that_is_none_ends_the_run_at_once(suite: Path, option: tuple[str, str]) -> None:
    code, told = ended(suite, *option)
    assert code == pytest.ExitCode.USAGE_ERROR
    assert "is no port; vpcd listens on 35963" in told


@pytest.fixture
def own_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(CACHE))


@pytest.mark.usefixtures("own_cache")
def test_a_set_in_python(tmp_path: Path) -> None:
    cards = virtual_set("centre-sante", defects=["pkcs1-only=medecin-generaliste"])
    assert len(cards.cards) == 6
    doctor = cards.card("medecin-generaliste")
    assert doctor.label == f"CPS3v3-{doctor.number}"
    assert cards.card(doctor.number) is doctor
    assert cards.card("1").label.startswith("CPS4v1-")
    assert (doctor.pin, doctor.tries_left) == ("1234", 3)
    assert doctor.authentication_certificate != doctor.signature_certificate
    cards.write_authorities(tmp_path / "ca")
    assert (tmp_path / "ca" / "bundle.pem").is_file()
    with pytest.raises(CpxError) as refused:
        cards.card("nobody")
    assert say(refused.value.reason) == "No card of this set is nobody."
    assert "medecin-generaliste, " in say(refused.value.hint)
    assert cards.card("médecin") is doctor
    with pytest.raises(NoVirtualReader, match="no virtual reader on port 1"):
        VirtualReader(1).insert(doctor)


@pytest.mark.usefixtures("own_cache")
@pytest.mark.parametrize("delay", [-1, float("nan"), float("inf"), 61])
def test_a_delay_that_no_card_can_have(delay: float) -> None:
    for delays in ({"delay": delay}, {"signing_delay": delay}):
        with pytest.raises(CpxError) as refused:
            virtual_set(**delays)
        assert say(refused.value.reason) == f"{delay} is no delay of a card."


@pytest.mark.usefixtures("own_cache")
def test_one_word_is_one_fault() -> None:
    cards = virtual_set(faults="pin-locked=2", defects="pkcs1-only=3")
    assert [card.tries_left for card in cards.cards] == [3, 0, 3, 3, 3, 3]
    assert cards.card(3).label.startswith("CPS3v3-")


@pytest.mark.usefixtures("own_cache")
def test_a_card_is_in_one_reader_and_leaves_it_with_the_block(service: Service) -> None:
    service.call(_one_card_in_two_readers)


def _one_card_in_two_readers() -> None:
    card = virtual_set().card(1)
    other = VirtualReader(FIRST_PORT + 1)
    with contextlib.suppress(ZeroDivisionError), VirtualReader(FIRST_PORT) as reader:
        reader.insert(card)
        with pytest.raises(CpxError, match="is in the virtual reader on port"):
            other.insert(card)
        _ = 1 / 0
    with other:
        other.insert(card)


def test_the_plugin_is_registered_and_loads_nothing_of_the_tool() -> None:
    code = (
        "import json, sys, cpx_tool.pytest_plugin; "
        "print(json.dumps([m for m in sys.modules if m.startswith('cpx_tool')]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    project = (Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8")
    assert '[project.entry-points.pytest11]\ncpx-tool = "cpx_tool.pytest_plugin"' in project
    assert len(json.loads(done.stdout)) < 5
