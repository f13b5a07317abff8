"""--report and --report-dir, as a user runs them: every kind, of real runs, without a secret."""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption
from markupsafe import escape

from cpx_tool.catalogue.guidance import GUIDANCE
from cpx_tool.emulate.defects import Defect
from cpx_tool.i18n import say
from cpx_tool.report.kinds import KINDS, kinds_of
from support.cli import cpx, run_here
from support.reports import (
    Series,
    cases,
    junit,
    monitor,
    prometheus,
    properties,
    secrets_in,
    suites,
    valid_result,
    values,
)
from support.software import AUTO, MANU, p12
from support.tls.openssl import s_server
from support.tls.pki import FilePki

SAMPLE = Path(__file__).parents[2] / "fixtures" / "observation.json"
JUDGE = ("judge", SAMPLE, "--set", "centre-sante")
NAME = "cpx-judge-poste-qa-1-20261123T225649Z-a798b1ceac9dcd97"
DOCTOR = "9945000223"
PIN = re.compile(r"(?<![0-9A-Za-z])1234(?![0-9A-Za-z])")
DEFECTS = {
    "1": ("expired", "swapped", "extra"),
    "2": ("not-yet-valid", "duplicate", "broken-certificate"),
    "3": ("expiring-soon", "key-mismatch", "wrong-profession"),
    "4": ("production",),
    "5": ("missing",),
    "6": ("foreign",),
    "7": ("no-private-key",),
    "8": ("pkcs1-only", "revoked"),
    "9": ("forged",),
}
"""Each defect of an emulation, on a card of the set of nine that can have it."""


def without_guidance(text: str) -> str:
    """A report without what `explain` says of anybody's card: that the first PIN is 1234."""
    for guidance in GUIDANCE:
        for cause in guidance.causes:
            text = text.replace(str(escape(say(cause))), "")
    return text


def left_by(command: str, directory: Path, *secrets: str) -> dict[str, Path]:
    """Every report of one run by how its file ends: all that the command has, without a secret,
    the page made of the JSON that lies beside it.
    """
    written = {path.suffix.removeprefix("."): path for path in directory.iterdir()}
    assert set(written) == {kind.suffix for kind in kinds_of(command).values()}
    assert len({path.stem for path in written.values()}) == 1
    for path in written.values():
        assert secrets_in(path.read_bytes(), *secrets) == [], path
        assert not PIN.search(without_guidance(path.read_text(encoding="utf-8"))), path
    digest = hashlib.sha256(written["json"].read_bytes()).hexdigest()
    assert f">{digest}<" in written["html"].read_text(encoding="utf-8")
    valid_result(written["json"].read_text(encoding="utf-8"))
    return written


class Reports:
    """All reports of one run, each read by the means of those who read it."""

    def __init__(self, command: str, directory: Path, *secrets: str) -> None:
        written = left_by(command, directory, *secrets)
        texts = {suffix: path.read_text(encoding="utf-8") for suffix, path in written.items()}
        self.name = written["json"].stem
        self.text = texts["txt"]
        self.body: dict[str, Any] = valid_result(texts["json"])
        self.junit = junit(texts["xml"])
        self.series: Series = prometheus(texts["prom"])
        self.status, self.line, self.figures = monitor(texts["monitor"])

    def agree(self) -> bool:
        """Whether they say the same of verdict, code and host."""
        run = properties(suites(self.junit)["run"])
        verdict, code = self.body["verdict"], self.body["exit_code"]
        hosts = {suite.get("hostname") for suite in self.junit}
        hosts |= {dict(labels)["host"] for _, labels in self.series}
        return (
            (run["verdict"], run["exit_code"]) == (verdict, str(code))
            and values(self.series, "cpx_verdict", verdict=verdict) == [1]
            and values(self.series, "cpx_exit_code") == [code]
            and len(hosts) == 1
        )


@pytest.fixture
def into(tmp_path: Path) -> Path:
    directory = tmp_path / "reports"
    directory.mkdir()
    return directory


# --- what each command leaves ------------------------------------------------------------------


@pytest.mark.softhsm
def test_a_set_with_every_defect_in_every_kind(emulate: Callable[..., Path], into: Path) -> None:
    assert {name for names in DEFECTS.values() for name in names} == {d.value for d in Defect}
    wrong = [f"{name}={card}" for card, names in DEFECTS.items() for name in names]
    cards = emulate("centre-hospitalier", *wrong)
    options = ("--set", "centre-hospitalier", "--emulated", cards, "--report-dir", into)
    done = cpx("check-set", *options)
    assert done.returncode == 1
    reports = Reports("check-set", into)
    assert reports.agree()
    assert reports.text == done.stdout
    assert re.fullmatch(r"cpx-check-set-.+-\d{8}T\d{6}Z-[0-9a-f]{16}", reports.name)
    assert (reports.body["verdict"], reports.status) == ("failed", "CRITICAL")
    keys = [card["key"] for card in reports.body["cards"]]
    assert [name for name in suites(reports.junit) if name != "run"] == [f"card {k}" for k in keys]
    missing = [role["role"] for role in reports.body["missing"]]
    for role in missing:
        assert values(reports.series, "cpx_card_present", role=role) == [0]
    assert sum(values(reports.series, "cpx_card_present")) == 9 - len(missing)
    assert done.stderr.count("Report (") == len(KINDS)


@pytest.mark.softhsm
def test_a_good_set_at_a_server(good: Path, into: Path, file_pki: FilePki) -> None:
    with s_server(file_pki.server(), trusted=good / "ca" / "bundle.pem") as server:
        url = f"https://127.0.0.1:{server.port}/"
        trusting = ("--ca-file", file_pki.ca, "--emulated", good)
        where = ("--endpoint", url, *trusting, "--report-dir", into)
        assert cpx("check-set", "--set", "centre-sante", *where).returncode == 0
        checked = Reports("check-set", into)
        for path in into.iterdir():
            path.unlink()
        assert cpx("tls-test", "--card", DOCTOR, *where).returncode == 0
        tested = Reports("tls-test", into)
    for reports in (checked, tested):
        assert reports.agree()
        assert reports.figures["handshakes"] == len(
            [name for name in suites(reports.junit) if name.startswith("handshake ")]
        )
        suite = suites(reports.junit)[f"handshake {DOCTOR} {url}"]
        assert properties(suite)["endpoint"] == url
        (step,) = (case for name, case in cases(suite).items() if name == "TLS-CONNECT")
        assert len(step) == 0
        assert float(suite.get("time", "")) > 0
    assert (checked.figures["handshakes"], tested.figures["handshakes"]) == (6, 1)
    assert checked.figures["cards"] == 6


@pytest.mark.softhsm
def test_signatures_and_a_pin_that_is_wrong(good: Path, into: Path) -> None:
    arguments = ("sign-test", "--emulated", good, "--card", DOCTOR, "--report-dir", into)
    assert cpx(*arguments).returncode == 0
    signed = Reports("sign-test", into)
    assert signed.agree()
    suite = suites(signed.junit)[f"card {DOCTOR}"]
    assert float(cases(suite)["SIGN-VERIFIES"].get("time", "")) > 0
    for path in into.iterdir():
        path.unlink()
    wrong = "70812953"
    assert cpx(*arguments, env={"CPX_PIN": wrong}).returncode == 1
    refused = Reports("sign-test", into, wrong)
    assert refused.agree()
    assert (
        cases(suites(refused.junit)[f"card {DOCTOR}"])["PIN-ACCEPTED"].find("failure") is not None
    )


def test_files_and_their_password(tmp_path: Path, into: Path) -> None:
    password = "a phrase that nobody says 4711"
    encryption = BestAvailableEncryption(password.encode())
    paths = []
    for org in (AUTO, MANU):
        paths.append(tmp_path / f"{org.cn}.p12")
        paths[-1].write_bytes(p12(org, encryption))
    arguments = ("check-p12", *paths, "--at", "2026-01-15", "--report-dir", into)
    assert cpx(*arguments, env={"CPX_P12_PASSWORD": password}).returncode == 0
    secret = AUTO.key.private_numbers().private_value
    reports = Reports("check-p12", into, password, str(secret), f"{secret:x}", f"{secret:X}")
    assert reports.agree()
    assert reports.figures["files"] == 2
    assert values(reports.series, "cpx_days_left", subject=str(paths[0])) == [351]


def test_a_workstation(tmp_path: Path, into: Path) -> None:
    env = {"PCSCLITE_CSOCK_NAME": str(tmp_path / "gone")}
    done = cpx("doctor", "--report-dir", into, env=env)
    assert done.returncode == 1
    reports = Reports("doctor", into)
    assert reports.agree()
    assert reports.name.startswith("cpx-doctor-")
    assert cases(suites(reports.junit)["run"])["PCSC-SERVICE"].find("failure") is not None


@pytest.mark.softhsm
def test_what_is_at_fault_and_what_differs(good: Path, into: Path, tmp_path: Path) -> None:
    """The second time with a PIN that is wrong."""
    seen = [tmp_path / "a.json", tmp_path / "b.json"]
    wrong = "70812953"
    for path, pin in zip(seen, ("1234", wrong), strict=True):
        arguments = ("sign-test", "--emulated", good, "--card", DOCTOR)
        cpx(*arguments, "--save-observation", path, env={"CPX_PIN": pin})
    for code, words in ((1, ("blame", seen[1])), (0, ("compare", *seen))):
        done = cpx(*words, "--report-dir", into)
        assert done.returncode == code
        written = left_by(words[0], into, wrong)
        assert written["txt"].read_text(encoding="utf-8") == done.stdout
        assert written["json"].read_text(encoding="utf-8") == cpx(*words, "--json").stdout
        assert DOCTOR in written["html"].read_text(encoding="utf-8")
        for path in into.iterdir():
            path.unlink()


# --- names, places, standard output ------------------------------------------------------------


def test_the_same_observation_gives_the_same_files_again(into: Path) -> None:
    into.rmdir()  # it is made where it is not there
    for _ in range(2):
        assert cpx(*JUDGE, "--report-dir", into).returncode == 1
        names = {path.name for path in into.iterdir()}
        assert names == {f"{NAME}.{kind.suffix}" for kind in KINDS.values()}
    assert Reports("judge", into).agree()


def test_several_reports_at_places_of_their_own(tmp_path: Path) -> None:
    one, other, link = tmp_path / "one.xml", tmp_path / "other.json", tmp_path / "link"
    one.touch()
    link.symlink_to(one.name)
    done = cpx(*JUDGE, "--report", f"junit={link}", "--report", f"json={other}")
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1].startswith("FAILED — ")
    junit(one.read_text())
    assert valid_result(other.read_text())["exit_code"] == 1
    assert link.is_symlink()
    assert done.stderr == (f"Report (junit) written to {link}\nReport (json) written to {other}\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "one.xml", "other.json"]


@pytest.mark.parametrize("kind", KINDS)
def test_one_report_on_standard_output_and_nothing_else_there(kind: str, into: Path) -> None:
    done = cpx(*JUDGE, "--report", f"{kind}=-", "--report-dir", into)
    assert done.returncode == 1
    assert done.stdout == (into / f"{NAME}.{KINDS[kind].suffix}").read_text(encoding="utf-8")


def test_the_language_is_that_of_the_run(into: Path) -> None:
    assert cpx(*JUDGE, "--lang", "fr", "--report-dir", into).returncode == 1
    reports = Reports("judge", into)
    assert reports.agree()
    assert "NON\N{NO-BREAK SPACE}CONFORME" in reports.line
    assert "NON\N{NO-BREAK SPACE}CONFORME" in reports.text


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--report", "junit"), '"junit" is not KIND=FILE with one of these kinds: '),
        (("--report", "pdf=x"), '"pdf=x" is not KIND=FILE with one of these kinds: '),
        (("--report", "json="), "An empty text is not a path"),
        (("--report-dir", ""), "An empty text is not a path"),
        (("--report", "json=-", "--report", "text=-"), "Standard output takes one report"),
        (("--report", "text=-", "--json"), "Standard output takes one report"),
        (("--report", "json=x", "--report", "text=x"), "x cannot take two reports."),
        (("--report", "json=/dev/full"), "/dev/full is not a regular file."),
        (("--report", "json=gone/x"), "gone/x cannot be written: no such file or directory."),
        (("--report", "json=."), ". cannot be written: it is a directory."),
        (("--report-dir", "gone/x"), "gone/x cannot be made: no such file or directory."),
        (("--report-dir", "/dev/null"), "/dev/null is not a directory."),
    ],
)
@pytest.mark.parametrize(
    "command",
    [
        ("check-set", "--set", "centre-sante", "--module", "gone.so"),
        ("judge", "gone.json", "--set", "centre-sante"),
        ("sign-test", "--module", "gone.so"),
        ("tls-test", "--endpoint", "https://127.0.0.1:1/", "--p12", "gone.p12"),
        ("doctor", "--module", "gone.so"),
        ("check-p12", "gone.p12"),
        ("blame", "gone.json"),
        ("compare", "gone.json", "gone.json"),
    ],
    ids=lambda command: command[0],
)
def test_what_cannot_be_written_is_told_before_anything_is_asked(
    command: tuple[str, ...],
    arguments: tuple[str, ...],
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LANGUAGE", "en")
    errors: list[str] = []
    monkeypatch.setattr("click.echo", lambda text="", **_: errors.append(str(text)))
    code, out = run_here(*command, *arguments)
    assert (code, out) == (2, "")
    assert told in " ".join(errors)
    assert "gone.so" not in " ".join(errors)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", [("blame", "x.json"), ("compare", "x.json", "x.json")])
@pytest.mark.parametrize("kind", ["junit", "monitor", "prometheus"])
def test_a_kind_that_a_command_has_not_is_refused(words: tuple[str, ...], kind: str) -> None:
    done = cpx(*words, "--report", f"{kind}=x")
    assert done.returncode == 2
    assert f'"{kind}=x" is not KIND=FILE with one of these kinds: html, json, text' in done.stderr


def test_a_report_that_cannot_be_written_costs_no_verdict(into: Path) -> None:
    (into / f"{NAME}.xml").mkdir()
    done = cpx(*JUDGE, "--report-dir", into)
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1].startswith("FAILED — ")
    assert f"Error: {into / NAME}.xml cannot be written: it is a directory." in done.stderr
    assert {path.suffix for path in into.iterdir() if path.is_file()} == {
        f".{kind.suffix}" for name, kind in KINDS.items() if name != "junit"
    }


@pytest.mark.softhsm
def test_a_report_that_cannot_be_written_is_no_success(good: Path, into: Path) -> None:
    seen = into.parent / "seen.json"
    options = ("--set", "centre-sante", "--emulated", good, "--save-observation", seen)
    assert cpx("check-set", *options).returncode == 0
    again = ("judge", seen, "--set", "centre-sante", "--report-dir", into)
    assert cpx(*again).returncode == 0
    prom = next(into.glob("*.prom"))
    prom.unlink()
    prom.mkdir()
    done = cpx(*again, "--json")
    assert done.returncode == 2
    assert json.loads(done.stdout)["exit_code"] == 2
    assert json.loads(next(into.glob("*.json")).read_text())["exit_code"] == 0


def test_a_report_is_as_open_as_other_files_of_its_user(tmp_path: Path) -> None:
    mask = os.umask(0o027)
    try:
        assert cpx(*JUDGE, "--report", f"json={tmp_path / 'x'}").returncode == 1
    finally:
        os.umask(mask)
    assert stat.S_IMODE((tmp_path / "x").stat().st_mode) == 0o640


def test_the_schema_is_printed() -> None:
    done = cpx("schema")
    assert done.returncode == 0
    assert json.loads(done.stdout)["$schema"] == "https://json-schema.org/draft/2020-12/schema"
