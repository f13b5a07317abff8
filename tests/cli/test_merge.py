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
    """A result in which nothing is wrong."""
    found = body("doctor", host=changes.pop("host", None))
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
    write(spool / "1.json", passing(host="a", observed_at=moment(5)))
    write(spool / "2.json", passing(host="a", observed_at=moment(1), **bad))
    write(spool / "3.json", passing(host="a", observed_at=moment(2), **bad))
    found = merged(spool)
    assert (found["verdict"], found["exit_code"]) == ("passed", 0)
    (result,) = found["hosts"][0]["results"]
    assert (result["older"], result["observed_at"]) == (2, moment(5))
    write(spool / "4.json", passing(host="a", observed_at=moment(5), **bad))
    assert merged(spool)["verdict"] == "failed", "of one moment, the worse counts"


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


def test_what_cannot_be_merged_is_named_and_is_not_the_end(spool: Path) -> None:
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
    text = cpx("merge", spool).stdout
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


def test_names_that_lead_nowhere(spool: Path) -> None:
    (spool / "closed").mkdir(mode=0)
    found = merged("gone.json", spool, spool / "*.gone", "/dev/zero")
    told = {one["file"]: one["reason"] for one in found["not_merged"]}
    assert told["gone.json"] == "not-there"
    assert told[str(spool / "*.gone")] == "no-files"
    assert told["/dev/zero"] == "not-a-file"
    assert (found["verdict"], found["exit_code"]) == ("incomplete", 4)


def test_a_byte_order_mark_is_no_fault(spool: Path) -> None:
    (spool / "bom.json").write_bytes(b"\xef\xbb\xbf" + json.dumps(passing()).encode())
    assert merged(spool)["verdict"] == "passed"


# --- in every kind of report ---------------------------------------------------------------------


def test_every_kind_of_report(spool: Path, tmp_path: Path) -> None:
    list(fleet(spool, 6))
    into = tmp_path / "out"
    into.mkdir()
    done = cpx("merge", spool, "--report-dir", into)
    assert done.returncode == 1
    texts = {p.suffix: p.read_text(encoding="utf-8") for p in into.iterdir()}
    assert texts[".txt"] == done.stdout
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
    assert monitor(texts[".monitor"])[0] == "CRITICAL"
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
