"""Arguments, files and surroundings that nobody would choose: one line, a documented code."""

from __future__ import annotations

import io
import json
import os
import pty
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cpx_tool.cli.main import COMMANDS, run
from cpx_tool.cli.trust import trust
from support.cli import CACHE, COMMAND, cpx, cpx_after, environment

FIXTURES = Path(__file__).parents[2] / "fixtures"
OBSERVATION = FIXTURES / "observation.json"
DOCUMENTED = {0, 1, 2, 4, 5}

WORDS = [
    "",
    "-",
    "--",
    "..",
    "directory",
    "pipe",
    "loop",
    "to-nothing",
    "empty",
    "zeros",
    "/dev/zero",
    "/dev/full",
    "/dev/null",
    "/dev/stdin",
    "/proc/self/mem",
    "x" * 300,
    "y/" * 3000,
    "z" * 100_000,
    "\x1b[31mred\x07",
    "\N{RIGHT-TO-LEFT OVERRIDE}txt.toml",
    "two\nlines.toml",
    "not-utf8-\udcff",
    "{path} %s $HOME ~ *",
    "nan",
    "1e400",
    "-1",
    "9" * 5000,
]
ORGANISATION = ["--structure", "10B0152872", "--organisation", "O"]
CSR: list[str | Path | None] = ["csr", "--cn", "INSI-AUTO", *ORGANISATION]
TLS: list[str | Path | None] = ["tls-test", "--endpoint", "https://127.0.0.1:1/", "--no-card"]
"""Nobody listens there."""

FORMS: list[list[str | Path | None]] = [
    ["doctor", "--module", None],
    ["doctor", "--module", "gone", "--timeout", None],
    ["list-readers", "--module", None],
    ["list-readers", "--emulated", None],
    ["list-readers", "--timeout", None],
    ["list-modules", "--no-load", "--module", None],
    ["list-modules", "--no-load", "--timeout", None],
    ["check-set", "--set", None],
    ["check-set", "--set", "centre-sante", "--module", None],
    ["check-set", "--set", "centre-sante", "--ics", None],
    ["show-card", "--observation", None],
    ["show-card", "--observation", OBSERVATION, "--card", None],
    ["sign-test", "--observation", None],
    ["sign-test", "--observation", OBSERVATION, "--card", None],
    ["sign-test", "--module", None],
    ["sign-test", "--emulated", None],
    ["sign-test", "--save-observation", None],
    ["sign-test", "--timeout", None],
    ["tls-test", "--endpoint", None, "--no-card"],
    ["tls-test", "--observation", None],
    ["tls-test", "--observation", OBSERVATION, "--card", None],
    [*TLS, "--ca-file", None],
    [*TLS, "--proxy", None],
    [*TLS, "--tls-max", None],
    [*TLS, "--expect-status", None],
    [*TLS, "--timeout", None],
    [*TLS, "--save-observation", None],
    ["tls-test", "--endpoint", "https://127.0.0.1:1/", "--p12", None],
    ["tls-test", "--endpoint", "https://127.0.0.1:1/", "--emulated", None],
    ["check-set", "--set", "centre-sante", "--emulated", "gone", "--endpoint", None],
    ["enrol-set", "--observation", OBSERVATION, "--into", None],
    ["enrol-set", "--into", "mine.toml", "--observation", None],
    ["enrol-set", "--into", "mine.toml", "--observation", OBSERVATION, "--set", None],
    ["enrol-set", "--into", "mine.toml", "--observation", OBSERVATION, "--assign", None],
    ["check-p12", None],
    ["check-p12", OBSERVATION, "--password-file", None],
    ["check-p12", OBSERVATION, "--emulated", None],
    ["csr", "--cn", None],
    ["csr", "--cn", "INSI-AUTO", "--structure", None],
    [*CSR, "--key", None],
    [*CSR, "--csr", None],
    ["order-guide", "--tick", None],
    ["order-guide", "--observation", None],
    ["order-guide", "--observation", OBSERVATION, "--set", None],
    ["order-guide", "--verify", "--p12", None],
    ["pin-ledger", "--forget", None],
    ["pin-ledger", "--emulated", None],
    ["judge", None, "--set", "centre-sante"],
    ["judge", OBSERVATION, "--set", None],
    ["judge", OBSERVATION, "--set", "centre-sante", "--warn-days", None],
    ["judge", OBSERVATION, "--set", "centre-sante", "--ics", None],
    ["judge", OBSERVATION, "--set", "centre-sante", "--reorder-days", None],
    ["judge", OBSERVATION, "--set", "centre-sante", "--report", None],
    ["judge", OBSERVATION, "--set", "centre-sante", "--report-dir", None],
    ["check-set", "--set", "centre-sante", "--report-dir", None],
    [*TLS, "--report-dir", None],
    ["sign-test", "--observation", OBSERVATION, "--report-dir", None],
    ["doctor", "--report", None],
    ["check-p12", OBSERVATION, "--report-dir", None],
    ["blame", OBSERVATION, "--report-dir", None],
    ["compare", OBSERVATION, OBSERVATION, "--report", None],
    ["schema", None],
    ["inspect", None],
    ["inspect", OBSERVATION, "--ca-dir", None],
    ["inspect", OBSERVATION, "--crl", None],
    ["inspect", OBSERVATION, "--at", None],
    ["emulate", "--into", "new", "--set", None],
    ["emulate", "--into", "new", "--set", "centre-sante", "--defect", None],
    ["virtual-cards", None],
    ["virtual-cards", "start", "--set", None],
    ["virtual-cards", "start", "--set", "centre-sante", "--port", None],
    ["virtual-cards", "start", "--set", "centre-sante", "--port", "1", "--defect", None],
    ["virtual-cards", "start", "--set", "centre-sante", "--port", "1", "--fault", None],
    ["virtual-cards", "start", "--set", "centre-sante", "--port", "1", "--delay", None],
    ["virtual-cards", "insert", None],
    ["virtual-cards", "insert", "1", "--port", None],
    ["virtual-cards", "remove", None],
    ["virtual-cards", "status", "--lang", None],
    ["list-sets", "--lang", None],
    ["list-endpoints", None],
    ["list-endpoints", "--lang", None],
    ["show-set", None],
    ["list-checks", None],
    ["completion", None],
    ["blame", None],
    ["blame", OBSERVATION, "--set", None],
    ["blame", OBSERVATION, "--ca-dir", None],
    ["compare", OBSERVATION, None],
    ["merge", None],
    ["merge", OBSERVATION, None, "--quiet"],
    ["merge", OBSERVATION, "--report", None],
    ["merge", OBSERVATION, "--report-dir", None],
    ["compare", None, OBSERVATION],
    ["compare", OBSERVATION, OBSERVATION, "--set", None],
    ["list-codes", None],
    ["list-codes", "--lang", None],
    ["explain", None],
    ["trust", None],
    ["trust", "import", None],
    ["trust", "fetch", "--dry-run", None],
    ["trust", "list", None],
    ["trust", "where", None],
    [None],
]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A directory of things that are no files, or no useful ones."""
    folder = tmp_path / "hostile"
    folder.mkdir()
    (folder / "directory").mkdir()
    os.mkfifo(folder / "pipe")
    (folder / "loop").symlink_to("loop")
    (folder / "to-nothing").symlink_to("gone")
    (folder / "empty").touch()
    (folder / "zeros").write_bytes(bytes(1_000_000))
    return folder


def assert_calm(code: int, result: bytes, told: bytes) -> None:
    """A documented code, no traceback, nothing that a terminal would obey, nothing endless."""
    assert code in DOCUMENTED
    text = (result + told).decode("utf-8")
    for unwanted in ("Traceback", "internal error: ", "\x1b", "\x07", "\N{RIGHT-TO-LEFT OVERRIDE}"):
        assert unwanted not in text
    assert len(told) < 10_000


@pytest.fixture
def run_here(place: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[list[str]], None]:
    """Runs the command line in this process and that directory, and looks at what it gives."""
    monkeypatch.chdir(place)
    monkeypatch.setenv("CPX_PKCS11_MODULE", str(place / "gone.so"))
    monkeypatch.setenv("CPX_TRUST_DIR", str(place / "trust"))
    monkeypatch.setenv("CPX_STATE_DIR", str(place / "state"))
    monkeypatch.setenv("CPX_P12_PASSWORD", "a password of some length")
    monkeypatch.setenv("PCSCLITE_CSOCK_NAME", str(place / "gone"))

    def execute(arguments: list[str]) -> None:
        streams = [io.BytesIO(), io.BytesIO()]
        for name, stream in zip(("stdout", "stderr"), streams, strict=True):
            text = io.TextIOWrapper(stream, "utf-8", errors="replace", write_through=True)
            monkeypatch.setattr(sys, name, text)
        assert_calm(run(arguments), *(stream.getvalue() for stream in streams))

    return execute


@pytest.mark.parametrize("form", FORMS, ids=lambda form: " ".join(map(str, form))[-60:])
def test_no_argument_brings_a_command_out_of_its_calm(
    place: Path, run_here: Callable[[list[str]], None], form: list[str | Path | None]
) -> None:
    for word in WORDS:
        run_here([word if part is None else str(part) for part in form])
    assert not (place / "new").exists()


def test_no_name_of_a_report_does_either(
    place: Path, run_here: Callable[[list[str]], None]
) -> None:
    for word in WORDS:
        run_here(["judge", str(OBSERVATION), "--set", "centre-sante", "--report", f"text={word}"])
    assert (place / "pipe").is_fifo()


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        (("chek-set",), "Did you mean check-set?"),
        (("zzzz",), "See: cpx-tool --help"),
        (("trust", "imprt"), "Did you mean import?"),
        (("trust", "zzzz"), "See: cpx-tool trust --help"),
    ],
)
def test_a_command_that_is_none_gets_its_remedy(words: tuple[str, ...], remedy: str) -> None:
    done = cpx(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"Error: There is no command {words[-1]}.\n→ {remedy}\n"


def test_no_command_was_forgotten() -> None:
    tried = {form[0] for form in FORMS}
    assert set(COMMANDS) <= tried
    assert {f"trust {name}" for name in trust.commands} <= {f"{f[0]} {f[1]}" for f in FORMS[:-1]}


@pytest.mark.parametrize("number", ["nan", "inf", "-inf", "0", "1e400"])
def test_a_deadline_is_a_number_of_seconds(number: str) -> None:
    done = cpx("list-readers", "--timeout", number)
    assert done.returncode == 2
    assert "--timeout" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["emulate", "--set", "centre-sante", "--into", ""],
        ["check-set", "--set", "centre-sante", "--emulated", ""],
        ["check-set", "--set", "centre-sante", "--save-observation", ""],
        ["judge", "", "--set", "centre-sante"],
        ["list-readers", "--module", ""],
        ["list-modules", "--module", ""],
        ["inspect", ""],
        ["trust", "import", ""],
    ],
)
def test_an_empty_text_is_not_the_current_directory(arguments: list[str]) -> None:
    done = cpx(*arguments)
    assert done.returncode == 2
    assert "An empty text is not a path" in done.stderr


# --- where an observation may go -------------------------------------------------------------


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "target"


@pytest.mark.parametrize("kind", ["/dev/full", "/dev/null", "/dev/stdout", "pipe", "loop"])
def test_only_a_file_is_replaced_and_that_is_told_before_a_card_is_asked(
    target: Path, kind: str
) -> None:
    path = Path(kind) if kind.startswith("/") else target
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "loop":
        path.symlink_to(path.name)
    before = path.lstat()
    done = cpx("check-set", "--set", "centre-sante", "--save-observation", path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "--json prints the result on standard output" in done.stderr
    assert stat.S_IFMT(path.lstat().st_mode) == stat.S_IFMT(before.st_mode)


def test_the_file_that_takes_the_output_is_not_replaced_under_it(target: Path) -> None:
    with target.open("wb") as output:
        done = subprocess.run(
            [COMMAND, "check-set", "--set", "centre-sante", "--save-observation", target],
            env=environment(),
            stdout=output,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 2
    assert "is the file that this command's output goes to" in done.stderr


def test_a_report_takes_no_other_files_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    seen = tmp_path / "seen.json"
    shutil.copy(OBSERVATION, seen)
    Path("link").symlink_to("seen.json")
    judged = ("judge", "seen.json", "--set", "centre-sante")
    p12 = ("check-p12", "link", "--report", f"text={seen}")
    for arguments in (
        (*judged, "--report", "json=link"),
        (*judged, "--ics", "./seen.json"),
        (*judged, "--ics", "new", "--report", f"text={tmp_path / 'new'}"),
        ("compare", OBSERVATION, "seen.json", "--report", "html=seen.json"),
        ("blame", OBSERVATION, "--set", "seen.json", "--report", "html=seen.json"),
        ("sign-test", "--observation", "link", "--report", "html=seen.json"),
        p12,
    ):
        done = cpx(*arguments)
        assert (done.returncode, done.stdout) == (2, ""), arguments
        assert "is named twice, and would be written over." in done.stderr
    done = cpx(*judged, "--report", "text=new", "--report", f"json={tmp_path / 'new'}")
    assert "cannot take two reports" in done.stderr
    assert seen.read_bytes() == OBSERVATION.read_bytes()
    assert not Path("new").exists()


@pytest.mark.softhsm
def test_a_saved_observation_goes_through_a_link_and_is_its_owners(
    good: Path, target: Path
) -> None:
    target.touch(mode=0o644)
    link = target.with_name("link")
    link.symlink_to(target.name)
    arguments = ("check-set", "--set", "centre-sante", "--emulated", good)
    assert cpx(*arguments, "--save-observation", link).returncode == 0
    assert link.is_symlink()
    assert json.loads(target.read_text())["schema_version"]
    assert target.stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in target.parent.iterdir()) == ["link", "target"]


# --- surroundings ----------------------------------------------------------------------------


@pytest.mark.parametrize("shell", ["ulimit -n 5", "ulimit -n 10", "ulimit -n 14"])
@pytest.mark.parametrize("arguments", [["list-readers"], ["list-sets", "--json"]])
def test_too_few_files_can_be_opened(shell: str, arguments: list[str]) -> None:
    done = cpx_after(shell, *arguments)
    limit = shell.rpartition(" ")[2]
    assert done.returncode == 2
    assert f"the limit of this process is {limit}." in done.stderr
    assert "ulimit -n" in done.stderr
    if "--json" in arguments:
        assert json.loads(done.stdout)["exit_code"] == 2


@pytest.mark.softhsm
def test_few_files_are_enough(good: Path, tmp_path: Path) -> None:
    few = "ulimit -n 20"
    assert cpx_after(few, "check-set", "--set", "centre-sante", "--emulated", good).returncode == 0
    into = ("--into", tmp_path / "into")
    assert cpx_after(few, "emulate", "--set", "centre-sante", *into).returncode == 0


def test_a_current_directory_that_is_gone(tmp_path: Path) -> None:
    gone = f"'{tmp_path}/gone'"
    shell = f"mkdir {gone} && cd {gone} && rmdir {gone}"
    assert cpx_after(shell, "list-sets").returncode == 0
    assert cpx_after(shell, *("judge", str(OBSERVATION), "--set", "centre-sante")).returncode == 1
    for arguments in (
        ["judge", "seen.json", "--set", "centre-sante"],
        ["check-set", "--set", "centre-sante", "--emulated", "cards"],
        ["check-set", "--set", "centre-sante", "--module", "lib.so"],
        ["check-set", "--set", "centre-sante", "--save-observation", "seen.json"],
        ["emulate", "--set", "centre-sante", "--into", "cards"],
        ["trust", "import", "ca.cer"],
    ):
        done = cpx_after(shell, *arguments)
        assert done.returncode == 2, done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.softhsm
def test_temporary_directory_and_home_that_are_not_there(good: Path) -> None:
    env = {"TMPDIR": "/gone", "HOME": "/gone"}
    done = cpx("check-set", "--set", "centre-sante", "--emulated", good, env=env)
    assert done.returncode == 0, done.stderr


@pytest.mark.softhsm
def test_a_cache_that_cannot_be_written_is_told_with_its_remedy(tmp_path: Path) -> None:
    (tmp_path / "cache").touch()
    env = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    done = cpx("emulate", "--set", "centre-sante", "--into", tmp_path / "into", env=env)
    assert done.returncode == 2
    assert "XDG_CACHE_HOME" in done.stderr
    assert not (tmp_path / "into").exists()


def read_only(directory: Path) -> list[str]:
    """The command that runs another one, which sees this directory mounted read-only."""
    script = 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && shift && exec "$@"'
    command = ["unshare", "-rm", "sh", "-c", script, "sh", str(directory)]
    if (
        shutil.which("unshare") is None
        or subprocess.run([*command, "true"], capture_output=True, check=False).returncode
    ):
        pytest.skip("no user namespaces here")
    return command


@pytest.mark.softhsm
def test_emulated_cards_that_are_read_only(good: Path) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*read_only(good), COMMAND, *arguments, "--emulated", good],
            env=environment(),
            capture_output=True,
            text=True,
            check=False,
        )

    checked = run("check-set", "--set", "centre-sante")
    assert (checked.returncode, checked.stdout) == (2, "")
    assert "are read-only" in checked.stderr
    assert "Copy the directory" in checked.stderr
    assert "cannot be used: the file system is read-only" in run("list-readers").stderr  # moved
    assert cpx("list-readers", "--emulated", good).returncode == 0
    assert run("list-readers").returncode == 0


@pytest.mark.softhsm
def test_a_cache_that_is_read_only_serves_the_keys_it_holds(tmp_path: Path) -> None:
    arguments = ["emulate", "--set", "centre-sante", "--into", str(tmp_path / "into")]
    assert cpx(*arguments).returncode == 0
    done = subprocess.run(
        [*read_only(CACHE), COMMAND, *arguments],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "env",
    [
        {"CPX_LANG": "klingon"},
        {"CPX_LANG": "\x1b[31m"},
        {"CPX_LANG": "../../../etc"},
        {"LANGUAGE": "::::"},
        {"LANGUAGE": "xx_YY:C:fr"},
        {"LC_ALL": "C"},
        {"LC_ALL": "nonsense", "LANG": "\udcff"},
        {"COLUMNS": "1"},
        {"COLUMNS": "0"},
        {"COLUMNS": "garbage"},
        {"COLUMNS": "-5"},
        {"COLUMNS": "99999999999999999999"},
        {"TERM": "nonsense"},
        {"TERM": ""},
        {"PYTHONIOENCODING": "ascii"},
    ],
    ids=str,
)
def test_variables_of_all_kinds(env: dict[str, str]) -> None:
    for arguments in (["--help"], ["list-checks"], ["judge", OBSERVATION, "--set", "nothing"]):
        done = cpx(*arguments, env=env)
        assert done.returncode == (2 if "judge" in arguments else 0), done.stderr
        assert_calm(done.returncode, done.stdout.encode(), done.stderr.encode())


@pytest.mark.parametrize("columns", ["", "0", "1", "garbage", "99999999999"])
def test_a_terminal_of_any_width(columns: str) -> None:
    ours, theirs = pty.openpty()
    env = {**environment(NO_COLOR="1"), "COLUMNS": columns}
    env.pop("TERM", None)
    process = subprocess.Popen(
        [COMMAND, "list-sets"], env=env, stdout=theirs, stderr=subprocess.PIPE, stdin=theirs
    )
    os.close(theirs)
    text = b""
    while chunk := _read(ours):
        text += chunk
    os.close(ours)
    _, told = process.communicate(timeout=60)
    assert (process.returncode, told) == (0, b"")
    assert b"centre-sante" in text


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # the other side was closed
        return b""


# --- names that were mistyped ----------------------------------------------------------------


def test_a_mistyped_option_is_answered_with_the_nearest() -> None:
    done = cpx("check-set", "--sett", "centre-sante")
    assert done.returncode == 2
    assert "Did you mean '--set'?" in done.stderr


def test_a_mistyped_file_is_answered_with_the_nearest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.toml").write_text("[[card]]\n")
    (tmp_path / "mine.t\nmol").write_text("")  # nearer, and would be two lines
    (tmp_path / "observation.json").write_text("")
    for arguments, nearest in (
        (["show-set", "mine.tmol"], "mine.toml"),
        (["show-set", "./mnie.toml"], "mine.toml"),
        (["judge", "obsrvation.json", "--set", "centre-sante"], "observation.json"),
        (["trust", "import", "observaton.json"], "observation.json"),
        (["show-set", "centre-sant"], "centre-sante"),
    ):
        done = cpx(*arguments)
        assert done.returncode == 2
        assert f"Did you mean {nearest}?" in done.stderr
