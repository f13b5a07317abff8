"""check-set --at-once: real processes side by side; a signal at its end loses nothing."""

from __future__ import annotations

import json
import signal
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from cpx_tool.errors import ExitCode
from support.cli import COMMAND, environment
from support.modules import compile_proxy
from support.processes import PATIENCE_SECONDS, wait_until
from support.proxy import Proxy

pytestmark = pytest.mark.softhsm


@pytest.fixture(scope="module")
def module(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compile_proxy(tmp_path_factory.mktemp("module"))


def test_each_card_has_a_process_and_one_login(module: Path, good: Path, tmp_path: Path) -> None:
    run = Proxy(module, good, tmp_path).check(options=("--at-once", "6"))
    assert (run.code, run.starts()) == (0, 6)
    assert run.logins() == Counter(run.serials())


def test_a_crash_and_a_hang_cost_their_own_cards_only(
    module: Path, good: Path, tmp_path: Path
) -> None:
    cards = Proxy(module, good, tmp_path)
    crashing, hanging, *others = cards.serials
    run = cards.check(
        f"fault {crashing} C_Sign 1 segv",
        f"fault {hanging} C_Sign 1 hang",
        options=("--at-once", "6"),
        timeout=3,
    )
    assert run.logins() == Counter(cards.serials)
    assert "(SIGSEGV)" in str(run.card(crashing)["findings"])
    assert "within 3 s" in str(run.card(hanging)["findings"])
    assert {run.card(serial)["result"] for serial in others} <= {"passed", "interchangeable"}


def test_a_given_pin_that_is_wrong_costs_one_try_in_all(
    module: Path, good: Path, tmp_path: Path
) -> None:
    run = Proxy(module, good, tmp_path).check(pin="97531864", options=("--at-once", "6"))
    assert run.logins().total() == 1
    refusals = Counter(refusal for _, refusal in run.pins().values())
    assert refusals == {None: 1, "refused-elsewhere": 5}


def test_a_signal_while_the_module_is_let_go_of_loses_nothing(
    module: Path, good: Path, tmp_path: Path
) -> None:
    """Every card is done by then; the module takes its time to end."""
    cards = Proxy(module, good, tmp_path)
    folder = cards.start("fault - C_Finalize 0 slow:20000")
    words = [COMMAND, "check-set", "--set", "centre-sante", "--module", module, "--json"]
    with subprocess.Popen(
        [*words, "--save-observation", "saved"],
        env=environment(**cards.variables(folder)),
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as run:
        wait_until(_logged(folder, "C_Finalize"), "the module was not let go of")
        run.send_signal(signal.SIGINT)
        output, told = run.communicate(timeout=PATIENCE_SECONDS)
    body = json.loads(output)
    assert (run.returncode, body["exit_code"]) == (ExitCode.INTERRUPTED, ExitCode.INTERRUPTED)
    assert body["verdict"] == "passed"
    assert (folder / "saved").exists()
    assert "Interrupted." in told


def _logged(folder: Path, function: str) -> Callable[[], bool]:
    return lambda: f"\n{function} " in (folder / "log").read_text()
