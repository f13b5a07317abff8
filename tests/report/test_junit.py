"""JUnit XML: valid, counted right, and of a result that is wrong never green."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from xml.etree import ElementTree as ET

import pytest
import xmlschema

from cpx_tool.errors import ExitCode
from cpx_tool.i18n import say
from cpx_tool.judge.software import software_exit_code
from cpx_tool.judge.station import judge_station, station_exit_code
from cpx_tool.judge.tls import judge_handshake, tls_exit_code, tls_verdict
from cpx_tool.judge.tls_causes import Cause
from cpx_tool.judge.verdict import exit_code
from cpx_tool.model.finding import Checklist, Finding, Outcome, Severity, Verdict
from cpx_tool.model.handshake import Step
from cpx_tool.model.message import Message, msg
from cpx_tool.model.observation import Observation
from cpx_tool.report import junit as report
from cpx_tool.report.result import Handshakes, Result, Suite, SuiteKind
from cpx_tool.report.results import of_handshakes, of_set, of_software, of_station
from support.build import NOW, PEOPLE, observation, with_card, without_cards
from support.handshakes import ENDPOINT, by_card, case, connection
from support.handshakes import NAME as HANDSHAKEN
from support.reports import cases, junit, properties, suites
from support.software import AUTO, MANU, file, unopened
from support.software import judged as judged_files
from support.station import station

Judged = Callable[[Observation], Checklist]
DOCTOR = "medecin-generaliste"
HOSTILE = "a]]>b<x a=\"'&\x00\x1b[31m\x85\N{RIGHT-TO-LEFT OVERRIDE}\ud800\ufffe\nc"


def result(checklist: Checklist) -> Result:
    return of_set(checklist, "check-set", exit_code(checklist))


def read(of: Result, speak: Callable[[Message], str] = say) -> ET.Element:
    return junit(report.render(of, speak))


def finding(outcome: Outcome, severity: Severity = Severity.BLOCKER, **more: str) -> Finding:
    """A finding of its own check."""
    name = f"SOME-{severity.value}-{outcome.value}".upper()
    text = more.get("text", "It is so.")
    return Finding(name, severity, "", outcome, msg("It is right"), msg("{text}", text=text))


def with_findings(of: Result, *findings: Finding, verdict: Verdict) -> Result:
    """The result as if these were all findings."""
    suite = Suite(SuiteKind.RUN, "", findings, NOW)
    return replace(of, suites=(suite,), judged=replace(of.judged, verdict=verdict))


def test_a_good_set_is_green(good: Observation, judged: Judged) -> None:
    root = read(result(judged(good)))
    assert root.get("name") == "cpx-tool check-set"
    assert (root.get("failures"), root.get("errors")) == ("0", "0")
    numbers = [person.card_number for person in PEOPLE.values()]
    assert list(suites(root)) == ["run", *(f"card {number}" for number in numbers)]
    for suite in root:
        assert suite.get("hostname") == "poste-1"
        assert suite.get("timestamp") == "2026-01-15T09:30:00"


def test_a_suite_says_where_and_with_what_it_was_observed(
    good: Observation, judged: Judged
) -> None:
    found = suites(read(result(judged(good))))
    run = properties(found["run"])
    assert run["run_id"] == "0123456789abcdef"
    assert run["observed_at"] == "2026-01-15T09:30:00Z"
    assert (run["set"], run["emulated"], run["interrupted"]) == ("centre-sante", "true", "false")
    assert run["module"] == "/opt/cps/libcps3_pkcs11_lux.so"
    assert (run["verdict"], run["exit_code"]) == ("passed", "0")
    doctor = properties(found[f"card {PEOPLE[DOCTOR].card_number}"])
    assert (doctor["reader"], doctor["role"]) == ("Reader 01", DOCTOR)
    assert doctor["not_after"] == "2027-01-01T00:00:00Z"
    assert doctor["run_id"] == run["run_id"]


def test_the_time_of_a_signature_is_that_of_its_check(good: Observation, judged: Judged) -> None:
    seen = with_card(
        good,
        DOCTOR,
        lambda card: replace(
            card,
            signatures=tuple(
                replace(tried, seconds=seconds)
                for tried, seconds in zip(card.signatures, (1.25, 0.5, 2.0), strict=True)
            ),
        ),
    )
    suite = suites(read(result(judged(seen))))[f"card {PEOPLE[DOCTOR].card_number}"]
    times = {name: case.get("time") for name, case in cases(suite).items()}
    assert (times["SIGN-AUTH"], times["SIGN-SIGN"], times["SIGN-PSS"]) == (
        "1.250",
        "0.500",
        "2.000",
    )
    assert times["CARD-READ"] == "0.000"
    assert suite.get("time") == "3.750"


def test_a_card_that_an_earlier_run_read_has_its_own_time(
    good: Observation, judged: Judged
) -> None:
    before = good.observed_at - timedelta(hours=2)
    seen = with_card(good, DOCTOR, lambda card: replace(card, observed_at=before))
    found = suites(read(result(judged(seen))))
    assert found[f"card {PEOPLE[DOCTOR].card_number}"].get("timestamp") == "2026-01-15T07:30:00"
    assert found["run"].get("timestamp") == "2026-01-15T09:30:00"


def test_a_failure_is_told_with_its_remedy_in_the_text(good: Observation, judged: Judged) -> None:
    """GitLab shows the text of a failure and leaves out its attributes."""
    checklist = judged(without_cards(good, DOCTOR))
    case = cases(suites(read(result(checklist)))["run"])["SET-COMPLETE"]
    failure = case.find("failure")
    (found,) = (f for f in checklist.findings if f.check == "SET-COMPLETE")
    assert failure is not None
    assert found.hint is not None
    assert failure.get("message") == say(found.message)
    assert failure.get("type") == "SET-COMPLETE"
    assert failure.text is not None
    for part in (found.message, found.title, found.hint):
        assert say(part) in failure.text


@pytest.mark.parametrize(
    ("severity", "outcome", "element"),
    [
        (Severity.BLOCKER, Outcome.PASSED, None),
        (Severity.BLOCKER, Outcome.FAILED, "failure"),
        (Severity.BLOCKER, Outcome.ERROR, "error"),
        (Severity.BLOCKER, Outcome.SKIPPED, "skipped"),
        (Severity.WARNING, Outcome.PASSED, None),
        (Severity.WARNING, Outcome.FAILED, "skipped"),
        (Severity.WARNING, Outcome.ERROR, "skipped"),
        (Severity.WARNING, Outcome.SKIPPED, "skipped"),
    ],
)
def test_each_outcome_has_its_element(
    good: Observation,
    judged: Judged,
    severity: Severity,
    outcome: Outcome,
    element: str | None,
) -> None:
    one = finding(outcome, severity)
    of = with_findings(result(judged(good)), one, verdict=Verdict.PASSED)
    case = cases(suites(read(of))["run"])[one.check]
    assert [child.tag for child in case] == ([] if element is None else [element])
    if element is not None:
        warned = severity is Severity.WARNING and outcome is not Outcome.SKIPPED
        assert case[0].get("message") == ("Warning: It is so." if warned else "It is so.")


@pytest.mark.parametrize(
    ("verdict", "element"),
    [(Verdict.PASSED, None), (Verdict.FAILED, "failure"), (Verdict.INCOMPLETE, "error")],
)
def test_what_is_not_passed_is_never_green(
    good: Observation, judged: Judged, verdict: Verdict, element: str | None
) -> None:
    skipped = finding(Outcome.SKIPPED)
    of = with_findings(result(judged(good)), skipped, verdict=verdict)
    root = read(of)
    case = cases(suites(root)["run"])[report.VERDICT]
    assert [child.tag for child in case] == ([] if element is None else [element])
    red = int(root.get("failures", "")) + int(root.get("errors", ""))
    assert bool(red) is (verdict is not Verdict.PASSED)


def test_no_name_breaks_the_document_or_reaches_it_as_it_is(
    good: Observation, judged: Judged
) -> None:
    seen = replace(
        with_card(
            good, DOCTOR, lambda card: replace(card, reader=HOSTILE, certificates=(), data=())
        ),
        run_id=HOSTILE,
        workstation=replace(good.workstation, host=HOSTILE),
    )
    of = result(judged(seen))
    text = report.render(of, say)
    text.encode()
    assert all(c.isprintable() or c == "\n" for c in text)
    root = junit(text)
    # an attribute's line feed is written as a reference: it is read back as it was
    shown = "a]]>b<x a=\"'&��[31m����\nc"
    assert suites(root)["run"].get("hostname") == shown
    one = finding(Outcome.FAILED, text=HOSTILE)
    told = cases(suites(read(with_findings(of, one, verdict=Verdict.FAILED)))["run"])[one.check][0]
    assert told.text is not None
    assert told.text.startswith(shown)
    assert told.get("message") == shown


def test_only_sentences_change_with_the_language(
    good: Observation, judged: Judged, shout: Callable[[Message], str]
) -> None:
    """The names by which a case is followed from run to run stay."""
    of = result(judged(without_cards(good, DOCTOR)))
    ours, theirs = read(of), read(of, shout)
    assert len(list(ours.iter())) == len(list(theirs.iter()))
    for one, two in zip(ours.iter(), theirs.iter(), strict=True):
        if one.tag in ("failure", "error", "skipped"):
            assert one.get("type") == two.get("type")
            assert one.get("message", "").upper() == two.get("message")
        else:
            assert one.attrib == two.attrib


def test_a_workstation_without_cards(judged: Judged) -> None:
    examination = judge_station(station())
    code = station_exit_code(examination)
    root = read(of_station(examination, "f00", code, hints=False))
    (suite,) = root
    assert (suite.get("name"), suite.get("hostname")) == ("run", "poste-1")
    assert set(cases(suite)) == {f.check for f in examination.findings} | {report.VERDICT}
    assert properties(suite)["run_id"] == "f00"


def test_a_handshake_has_the_time_of_its_steps_and_the_code_of_its_cause() -> None:
    steps = {Step.CONNECT: 0.25, Step.SIGNATURE: 1.5}
    slow = by_card(connection(seconds=steps))
    unknown = case(Cause.SERVER_EXPIRED).handshake
    found = [judge_handshake(shaken) for shaken in (slow, unknown)]
    told = Handshakes(observation(), found, tls_verdict(found))
    root = read(of_handshakes(told, tls_exit_code(found)))
    name = f"handshake {HANDSHAKEN} {ENDPOINT.url}"
    # one card at one server twice, say two that show one number
    assert list(suites(root)) == ["run", name, f"{name}#2"]
    times = {n: one.get("time") for n, one in cases(suites(root)[name]).items()}
    assert (times["TLS-CONNECT"], times["TLS-SIGNATURE"]) == ("0.250", "1.500")
    failure = cases(suites(root)[f"{name}#2"])["TLS-CHAIN"].find("failure")
    assert failure is not None
    assert failure.get("type") == Cause.SERVER_EXPIRED
    assert f"Cause: {Cause.SERVER_EXPIRED.value}" in (failure.text or "")


def test_files_have_a_suite_each() -> None:
    checklist = judged_files(file(AUTO), file(MANU), unopened())
    root = read(of_software(checklist, "poste-2", "f00", software_exit_code(checklist)))
    found = suites(root)
    assert list(found) == ["run", "file INSI-AUTO.p12", "file INSI-MANU.p12", "file broken.p12"]
    assert {suite.get("hostname") for suite in root} == {"poste-2"}
    assert properties(found["file INSI-AUTO.p12"])["usage"] == "AUTH_CLI"
    # a dot would make a package of what stands before it
    (name,) = {case.get("classname") for case in cases(found["file broken.p12"]).values()}
    assert name == "cpx-tool.file broken_p12"


@pytest.mark.parametrize(
    "wrong",
    [
        "<testsuites/>",
        '<testsuites name="x" tests="0" failures="0" errors="0" time="-1"/>',
        '<testsuites name="x" tests="one" failures="0" errors="0" time="1"/>',
        '<testsuites name="x" tests="0" failures="0" errors="0" time="1"><testcase/></testsuites>',
    ],
)
def test_the_schema_refuses_what_is_none(wrong: str) -> None:
    with pytest.raises(xmlschema.XMLSchemaValidationError):
        junit(wrong)


def test_nothing_was_observed(good: Observation, judged: Judged) -> None:
    empty = replace(good, cards=(), slots=(), module=None)
    of = result(judged(empty))
    assert of.code is ExitCode.NOTHING_CHECKED
    (suite,) = read(of)
    assert cases(suite)[report.VERDICT].find("error") is not None
