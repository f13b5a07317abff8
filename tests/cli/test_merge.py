"""merge, as a user runs it: real results, and whatever else lies in a folder."""

from __future__ import annotations

import json
import os
import resource
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cpx_tool.i18n import say
from cpx_tool.judge.software import software_exit_code
from cpx_tool.report.results import of_software
from support.cli import COMMAND, cpx, environment
from support.reports import (
    cases,
    junit,
    monitor,
    prometheus,
    properties,
    suites,
    valid_result,
    values,
)
from support.results import SAMPLE, body, fleet, moment, write
from support.software import AUTO, file, unopened
from support.software import judged as judged_files

EVIL = '"><script>document.title = "taken"</script>\u202e\x1b[31m' + "W" * 10_000


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    folder = tmp_path / "spool"
    folder.mkdir()
    return folder


def merged(*arguments: str | Path) -> dict[str, Any]:
    done = cpx("merge", *arguments, "--json")
    assert done.stderr == ""
    found = valid_result(done.stdout)
    assert found["exit_code"] == done.returncode
    return found


def passing(**changes: Any) -> dict[str, Any]:
    """A result in which nothing is wrong, of a run of its own unless all is the same."""
    found = body("doctor", host=changes.pop("host", None), run_id=repr(changes))
    good = [{**one, "outcome": "passed", "hint": None} for one in found["findings"]]
    return {**found, "verdict": "passed", "exit_code": 0, "findings": good, **changes}


def outcomes(found: dict[str, Any]) -> dict[str, str]:
    return {one["check"]: one["outcome"] for one in found["findings"]}


def reasons(found: dict[str, Any]) -> dict[str, str]:
    return {Path(one["file"]).name: one["reason"] for one in found["not_merged"]}


def test_workstations_checks_and_cards_in_two_matrices(spool: Path) -> None:
    count = sum(1 for _ in fleet(spool, 6))
    found = merged(spool)
    assert found["counts"] == {
        "hosts": 2,
        "results": count,
        "emulated": 0,
        "older": 0,
        "repeated": 0,
        "not_merged": 0,
        "cards": 12,
    }
    first = found["hosts"][0]
    assert (first["host"], first["verdict"]) == ("poste-0000", "failed")
    assert [one["command"] for one in first["results"]] == ["doctor", "check-set", "tls-test"]
    assert first["checks"]["CERT-NOT-EXPIRED"] == "failed"
    assert first["checks"]["CARD-ROLE"] == "warning"
    assert first["checks"]["CARD-READ"] == "passed"
    (trouble,) = [
        one
        for result in first["results"]
        for one in result["troubles"]
        if one["check"] == "CERT-NOT-EXPIRED"
    ]
    assert trouble["subjects"] == ["0000000223"]
    card = found["cards"][0]
    assert (card["card_number"], card["roles"]) == ("0000000123", ["cde-directeur"])
    assert card["hosts"] == [
        {
            "host": "poste-0000",
            "at": moment(),
            "result": "interchangeable",
            "role": "cde-directeur",
        }
    ]


def test_the_newest_counts_and_older_ones_are_counted(spool: Path) -> None:
    bad = {"verdict": "failed", "exit_code": 1}
    write(spool / "1.json", passing(host="a", run_id="1", observed_at=moment(5)))
    write(spool / "2.json", passing(host="a", run_id="2", observed_at=moment(1), **bad))
    write(spool / "3.json", passing(host="a", run_id="3", observed_at=moment(2), **bad))
    found = merged(spool)
    assert (found["verdict"], found["exit_code"]) == ("passed", 0)
    (result,) = found["hosts"][0]["results"]
    assert (result["older"], result["observed_at"]) == (2, moment(5))
    write(spool / "4.json", passing(host="a", run_id="4", observed_at=moment(5), **bad))
    assert merged(spool)["verdict"] == "failed", "of one moment, the worse counts"


def test_a_moment_of_another_zone_is_told_in_utc(spool: Path, tmp_path: Path) -> None:
    write(spool / "1.json", passing(host="a", observed_at="2026-11-24T00:30:00+02:00"))
    junit_file = tmp_path / "fleet.xml"
    done = cpx("merge", spool, "--report", f"junit={junit_file}")
    assert "2026-11-23 22:30" in done.stdout
    told = properties(suites(junit(junit_file.read_text(encoding="utf-8")))["host a"])
    assert "2026-11-23T22:30:00Z" in told["doctor"]


def test_software_certificates_of_two_workstations_do_not_stand_for_one_another(
    spool: Path,
) -> None:
    """The newer one passed; the older one failed elsewhere, and still counts."""
    for name, host, judged in (("1", "poste-1", unopened()), ("2", "poste-2", file(AUTO))):
        checklist = judged_files(judged)
        code = software_exit_code(checklist)
        result = of_software(checklist, host, name, code).json(say)
        write(spool / f"{name}.json", {**json.loads(result), "judged_at": moment(int(name))})
    found = merged(spool)
    verdicts = {one["host"]: one["verdict"] for one in found["hosts"]}
    assert (set(verdicts), verdicts["poste-2"]) == ({"poste-1", "poste-2"}, "passed")
    assert found["verdict"] == verdicts["poste-1"] != "passed"


def test_copies_and_the_same_run_are_no_history(spool: Path) -> None:
    write(spool / "1.json", body("check-set"))
    write(spool / "2.json", body("check-set"))
    write(spool / "3.json", body("check-set", tool_version="9.9"))
    found = merged(spool, spool / "1.json", spool / "*.json")
    assert [(Path(r["file"]).name, r["how"]) for r in found["repeats"]] == [
        ("2.json", "same-content"),
        ("3.json", "same-run"),
    ]
    (result,) = found["hosts"][0]["results"]
    assert result["older"] == 0
    assert outcomes(found)["MERGE-REPEATS"] == "failed"


def test_a_card_is_in_one_place_at_a_time(spool: Path) -> None:
    for name, minutes in (("a", 0), ("b", 2), ("c", 4.1)):
        run = body("check-set", host=name, run_id=name, observed_at=moment(minutes))
        write(spool / f"{name}.json", run)
    found = merged(spool)
    pairs = {(one["first"]["host"], one["second"]["host"]) for one in found["two_places"]}
    assert pairs == {("a", "b")}
    assert len(found["two_places"]) == 6
    assert outcomes(found)["MERGE-ONE-PLACE"] == "failed"
    for path in spool.iterdir():
        write(path, {**json.loads(path.read_text()), "emulated": True})
    assert merged(spool)["two_places"] == [], "an emulated card can be copied"


def test_roles_that_nobody_saw(spool: Path) -> None:
    gone, there = ({"role": role, "title": role} for role in ("infirmier", "medecin"))
    write(spool / "a.json", body("check-set", host="a", run_id="a", missing=[gone, there]))
    write(spool / "b.json", body("check-set", host="b", run_id="b", missing=[gone]))
    (unseen,) = merged(spool)["unseen_roles"]
    assert (unseen["role"], unseen["hosts"]) == ("infirmier", 2)


def test_emulated_cards_are_marked_and_never_stand_for_real_ones(spool: Path) -> None:
    write(spool / "a.json", body("check-set", run_id="a"))
    write(spool / "b.json", body("check-set", run_id="b", emulated=True, observed_at=moment(9999)))
    found = merged(spool)
    assert [one["emulated"] for one in found["hosts"][0]["results"]] == [False, True]
    assert len(found["cards"]) == 12
    assert outcomes(found)["MERGE-EMULATED"] == "failed"
    assert "◆ EMULATED by cpx-tool, not of the ANS: 1 of 2" in cpx("merge", spool).stdout


def test_a_result_from_the_future_is_pointed_out(spool: Path) -> None:
    write(spool / "a.json", passing(observed_at=f"{datetime.now(UTC).year + 2}-01-01T00:00:00Z"))
    found = merged(spool)
    assert len(found["ahead"]) == 1
    assert (outcomes(found)["MERGE-CLOCK"], found["verdict"]) == ("failed", "passed")


# --- what is no result ---------------------------------------------------------------------------


def put_all_kinds_of_files(spool: Path) -> dict[str, str]:
    """Whatever a folder may hold, and why it is not merged."""
    texts = {
        "deep.json": ("[" * 100_000, "not-json"),
        "deeper.json": ('{"schema_version":1,"x":' + "[" * 9999 + "]" * 9999 + "}", "not-json"),
        "cut.json": (json.dumps(body("doctor"))[:-9], "not-json"),
        "empty.json": ("", "not-json"),
        "list.json": ("[]", "not-a-result"),
        "other.json": ('{"name": "x"}', "not-a-result"),
        "verdict.json": ('{"schema_version": 1, "verdict": "passed"}', "not-a-result"),
        "number.json": ('{"schema_version": ' + "9" * 9999 + "}", "not-a-result"),
        "date.json": (json.dumps(body("doctor", observed_at="9999-99-99")), "not-a-result"),
        "zone.json": (
            json.dumps(body("doctor", observed_at="2026-01-01T00:00:00")),
            "not-a-result",
        ),
        "many.json": (json.dumps(body("check-set", missing=[{"role": ""}] * 1001)), "not-a-result"),
        "newer.json": ('{"schema_version": 2, "verdict": 7}', "newer-schema"),
        "error.json": ('{"schema_version": 1, "verdict": null, "error": {}}', "no-verdict"),
        "observation.json": (SAMPLE.read_text(encoding="utf-8"), "observation"),
        "merged.json": (cpx("merge", spool, "--json").stdout, "merged-already"),
    }
    for name, (text, _) in texts.items():
        (spool / name).write_text(text, encoding="utf-8")
    (spool / "utf16.json").write_bytes(json.dumps(body("doctor")).encode("utf-16"))
    with (spool / "huge.json").open("wb") as huge:
        huge.truncate(1 << 30)
    os.mkfifo(spool / "pipe.json")
    (spool / "zero.json").symlink_to("/dev/zero")
    (spool / "dangling.json").symlink_to("nowhere")
    (spool / "self.json").symlink_to("self.json")
    (spool / "round").symlink_to(spool)
    return {name: reason for name, (_, reason) in texts.items()} | {
        "utf16.json": "not-utf-8",
        "huge.json": "too-large",
        "pipe.json": "not-a-file",
        "zero.json": "not-a-file",
        "dangling.json": "not-there",
        "self.json": "unreadable",
        "round": "loop",
    }


def test_what_cannot_be_merged_is_named_and_is_not_the_end(
    spool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(spool / "good.json", passing())
    expected = put_all_kinds_of_files(spool)
    below = spool / "below" / "further"
    below.mkdir(parents=True)
    write(below / "good too.JSON", passing(host="b"))
    found = merged(spool)
    assert reasons(found) == expected
    assert found["counts"]["hosts"] == 2
    assert (found["verdict"], found["exit_code"]) == ("incomplete", 1)
    harmless = {Path(one["file"]).name for one in found["not_merged"] if not one["counts"]}
    assert harmless == {"observation.json", "merged.json", "round"}
    monkeypatch.chdir(spool.parent)  # a short name is not folded
    text = cpx("merge", spool.name).stdout
    assert all(name in text for name in expected)
    assert all(len(line) <= 80 for line in text.splitlines())


def test_what_may_lie_beside_results_costs_no_verdict(spool: Path) -> None:
    """Reports of a merge go where the results are, and are there at the next one."""
    write(spool / "good.json", passing())
    (spool / "observation.json").write_text(SAMPLE.read_text(encoding="utf-8"), encoding="utf-8")
    assert cpx("merge", spool, "--report-dir", spool).returncode == 0
    found = merged(spool)
    assert found["verdict"] == "passed"
    assert set(reasons(found).values()) == {"observation", "merged-already"}


def test_names_that_lead_nowhere_are_mistyped(spool: Path) -> None:
    write(spool / "a.json", passing())
    for words in ([spool / "b.json"], ["nodir", spool / "b.json"]):
        done = cpx("merge", *words)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith(f"Error: There is no file or folder {words[0]}.\n→ ")
    assert f"Did you mean {spool / 'a.json'}?" in cpx("merge", spool / "b.json").stderr
    assert cpx("merge", spool / "*.gone").returncode == 4


def test_names_that_lead_nowhere(spool: Path) -> None:
    (spool / "closed").mkdir(mode=0)
    found = merged("gone.json", spool, spool / "*.gone", "/dev/zero", "*/" * 3000 + "*")
    told = {one["file"]: one["reason"] for one in found["not_merged"]}
    assert told["gone.json"] == "not-there"
    assert told[str(spool / "*.gone")] == "no-files"
    assert told["/dev/zero"] == "not-a-file"
    assert told["*/" * 3000 + "*"] == "not-there"
    assert (found["verdict"], found["exit_code"]) == ("incomplete", 4)


def test_a_pattern_goes_through_folders_and_not_round_in_them(
    spool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two links upwards: twice as many ways with each step down, for what follows them blindly."""
    for name in ("a", "b [c]", ".hidden"):
        (spool / name).mkdir()
        (spool / name / "up").symlink_to("..")
        write(spool / name / "x.json", passing(host=name))
    write(spool / "x.json", passing(host="top"))
    monkeypatch.chdir(spool)
    for pattern in ("**/*.json", f"{spool}/**/x.json", "**/**/?.json", "**", "../**/x.json"):
        found = merged(pattern)
        hosts = {one["host"] for one in found["hosts"]} - {".hidden"}
        assert hosts == {"a", "b [c]", "top"}, pattern
        assert set(reasons(found).values()) <= {"loop"}
    through = merged("b*/**/*.json")["hosts"]
    assert {one["host"] for one in through} == hosts, "through the link"
    assert reasons(merged("**/x.gone")) == {"x.gone": "no-files"}


def test_the_schema_of_a_version_that_never_was(spool: Path) -> None:
    for number in (0, -1):
        write(spool / f"{number}.json", passing(schema_version=number))
    assert set(reasons(merged(spool)).values()) == {"not-a-result"}


@pytest.mark.parametrize("key", ["workstation", "cards", "findings", "emulated", "missing"])
def test_a_result_that_lacks_something_is_none(spool: Path, key: str) -> None:
    """Nothing failed in it, and its cards were real: it only does not say otherwise."""
    found = body("check-set")
    del found[key]
    write(spool / "a.json", found)
    (told,) = merged(spool)["not_merged"]
    assert (told["reason"], told["detail"]) == ("not-a-result", key)


def test_a_verdict_that_its_own_findings_deny_is_none(spool: Path) -> None:
    for command in ("check-set", "tls-test"):
        write(spool / f"{command}.json", body(command, verdict="passed", exit_code=0))
    assert {one["detail"] for one in merged(spool)["not_merged"]} == {"verdict"}


def test_a_name_that_is_not_utf8_leaves_json_that_can_be_read(spool: Path) -> None:
    """Half of a surrogate pair cannot: not by merge itself, nor by other strict readers."""
    write(spool / "good.json", passing())
    (spool / "broken\udcff.json").write_text("{")
    into = spool / "fleet"
    into.mkdir()
    assert cpx("merge", spool, "--report-dir", into).returncode == 1
    (spool / "broken\udcff.json").unlink()
    found = merged(spool)
    assert (found["verdict"], set(reasons(found).values())) == ("passed", {"merged-already"})


def test_no_report_takes_the_place_of_what_is_merged(spool: Path) -> None:
    good = write(spool / "good.json", passing())
    before = good.read_bytes()
    for name in (spool, spool / "*.json", good):
        done = cpx("merge", name, "--report", f"json={good}")
        assert (done.returncode, done.stdout) == (2, "")
        assert f"{good} is to be merged, and would be written over." in done.stderr
    assert good.read_bytes() == before
    for _ in range(2):
        assert cpx("merge", spool, "--report", f"json={spool / 'fleet.json'}").returncode == 0


def test_a_byte_order_mark_is_no_fault(spool: Path) -> None:
    (spool / "bom.json").write_bytes(b"\xef\xbb\xbf" + json.dumps(passing()).encode())
    assert merged(spool)["verdict"] == "passed"


# --- in every kind of report ---------------------------------------------------------------------


def test_every_kind_of_report(spool: Path, tmp_path: Path) -> None:
    first, *_ = fleet(spool, 6)
    (spool / "again.json").write_bytes(first.read_bytes())
    into = tmp_path / "out"
    into.mkdir()
    done = cpx("merge", spool, "--report-dir", into)
    assert done.returncode == 1
    texts = {p.suffix: p.read_text(encoding="utf-8") for p in into.iterdir()}
    assert texts[".txt"] == done.stdout
    counts = " ".join(done.stdout.split()).rpartition(" — ")[2]
    assert f'<p class="summary">{counts}</p>' in texts[".html"]
    found = valid_result(texts[".json"])
    root = junit(texts[".xml"])
    assert list(suites(root)) == ["run", "host poste-0000", "host poste-0001"]
    suite = suites(root)["host poste-0000"]
    assert suite.get("hostname") == "poste-0000"
    told = cases(suite)
    assert set(told) == {*found["hosts"][0]["checks"], "VERDICT"}
    assert told["VERDICT"].find("failure") is not None
    assert told["CERT-NOT-EXPIRED"].find("failure") is not None
    assert "exit code 1" in properties(suite)["check-set centre-sante"]
    series = prometheus(texts[".prom"])
    assert values(series, "cpx_subject_verdict", subject="poste-0001", verdict="failed") == [1]
    assert len(values(series, "cpx_subject_timestamp_seconds")) == 2
    status, _, figures = monitor(texts[".monitor"])
    assert (status, figures["hosts"], "cards" in figures) == ("CRITICAL", 2, False)
    assert found["run_id"] in texts[".html"]


def test_names_from_results_are_harmless_in_every_report(spool: Path, tmp_path: Path) -> None:
    evil = body("check-set", host=EVIL, run_id=EVIL, tool_version=EVIL)
    evil["set"]["name"] = EVIL
    evil["cards"][0]["identity"]["card_number"] = EVIL
    evil["cards"][0]["role"] = {"role": EVIL, "title": EVIL}
    for finding in evil["cards"][0]["findings"]:
        finding.update(outcome="failed", message=EVIL, hint=EVIL, code=EVIL, check=EVIL)
    write(spool / "evil.json", evil)
    write(spool / "\u202eevil<script>.json", {"schema_version": 7})
    into = tmp_path / "out"
    into.mkdir()
    assert cpx("merge", spool, "--verbose", "--report-dir", into).returncode == 1
    for path in into.iterdir():
        text = path.read_text(encoding="utf-8")
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert "W" * 1000 not in text, path.suffix
        if path.suffix == ".html":
            assert "<script>document" not in text
    junit(next(into.glob("*.xml")).read_text(encoding="utf-8"))
    prometheus(next(into.glob("*.prom")).read_text(encoding="utf-8"))
    valid_result(next(into.glob("*.json")).read_text(encoding="utf-8"))


def test_names_that_look_the_same_leave_figures_that_can_be_read(spool: Path) -> None:
    """The node exporter's collector refuses a file in which one series stands twice."""
    for number, host in enumerate(("\x07x", "\x1bx", "", "-")):
        write(spool / f"{number}.json", passing(host=host))
    lines = cpx("merge", spool, "--report", "prometheus=-").stdout.splitlines()
    series = [line.rpartition(" ")[0] for line in lines]
    assert len(set(series)) == len(series)
    assert sum(line.startswith("cpx_subject_timestamp_seconds{") for line in series) == 4


def test_french(spool: Path) -> None:
    write(spool / "a.json", body("doctor"))
    one, other = (
        valid_result(cpx("merge", spool, "--json", "--lang", code).stdout) for code in ("en", "fr")
    )
    assert one["hosts"] == other["hosts"]


# --- how much memory it takes --------------------------------------------------------------------


def peak(folder: Path, into: Path) -> int:
    """Kilobytes that a merge of this folder takes at most, with every kind of report."""
    into.mkdir()
    arguments = [COMMAND, "merge", folder, "--report-dir", into, "--quiet"]
    process = subprocess.Popen(
        arguments, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 1
    assert isinstance(usage, resource.struct_rusage)
    return usage.ru_maxrss


def test_results_are_dropped_as_soon_as_they_are_read(spool: Path, tmp_path: Path) -> None:
    """120 files more, of 13 MB together, and less than a third of that more in memory."""
    few = tmp_path / "few"
    few.mkdir()
    for number, path in enumerate(fleet(spool, 240)):
        if number < 120:
            (few / path.name).hardlink_to(path)
    more = peak(spool, tmp_path / "out") - peak(few, tmp_path / "out of few")
    assert more < 4_000


# --- docs/merge.md -------------------------------------------------------------------------------


def test_the_page_shows_what_is_printed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    results = Path("trial")
    results.mkdir()
    whole = results / "poste-qa-1.json"
    judged = cpx("judge", SAMPLE, "--set", "centre-sante", "--report", f"json={whole.resolve()}")
    assert judged.returncode == 1
    (results / "poste-qa-2.json").write_bytes(whole.read_bytes()[:2000])
    done = subprocess.run(
        [COMMAND, "merge", "trial"],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    page = (SAMPLE.parents[1] / "docs" / "merge.md").read_text(encoding="utf-8")
    shown = page.split("$ cpx-tool merge trial\n", 1)[1].split("```", 1)[0]
    parts = [part.strip("\n") for part in shown.split("…\n")]
    assert len(parts) == 4
    assert all(part in done.stdout for part in parts)
