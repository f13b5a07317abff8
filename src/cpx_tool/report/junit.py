"""The result as JUnit XML, for GitLab and Jenkins (docs/decisions/0027).

A suite for the run and one for each card, handshake or file; a test case for each check, named by
its stable id alone: both tools follow a case by its name from run to run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

from cpx_tool.errors import ExitCode
from cpx_tool.model.finding import Finding, Outcome, Severity, Verdict
from cpx_tool.model.message import Message, msg
from cpx_tool.report.result import Result, Suite, SuiteKind
from cpx_tool.report.words import VERDICTS, Say, printable

VERDICT = "VERDICT"
"""The name of the case that stands for the whole run."""

_FAILURE, _ERROR, _SKIPPED = "failure", "error", "skipped"
_ELEMENTS = {
    (Severity.BLOCKER, Outcome.FAILED): _FAILURE,
    (Severity.BLOCKER, Outcome.ERROR): _ERROR,
    (Severity.BLOCKER, Outcome.SKIPPED): _SKIPPED,
    (Severity.WARNING, Outcome.FAILED): _SKIPPED,
    (Severity.WARNING, Outcome.ERROR): _SKIPPED,
    (Severity.WARNING, Outcome.SKIPPED): _SKIPPED,
}
"""What is none of these is passed. JUnit knows no warnings."""

_SUMS = ("tests", "failures", "errors")
_OF_VERDICT = {Verdict.FAILED: _FAILURE, Verdict.INCOMPLETE: _ERROR}


def render(result: Result, say: Say) -> str:
    """One XML document with a final newline."""
    return "".join(pieces(result, say))


def pieces(result: Result, say: Say) -> Iterator[str]:
    """The same, suite by suite: a fleet has thousands."""
    root = ET.Element("testsuites")
    counts = [_counts(suite, result) for suite in result.suites]
    spent = sum(_spent(suite) for suite in result.suites)
    sums = [sum(column) for column in zip(*counts, strict=True)]
    _count(root, f"cpx-tool {result.run.command}", sums, _time(spent))
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield ET.tostring(root, encoding="unicode").removesuffix(" />") + ">\n"
    for number, suite in enumerate(result.suites):
        element = _suite(number, suite, result, say)
        ET.indent(element, level=1)
        yield f"  {ET.tostring(element, encoding='unicode')}\n"
    yield "</testsuites>\n"


def _counts(suite: Suite, result: Result) -> tuple[int, int, int]:
    """Cases, failures and errors of a suite."""
    found = [_ELEMENTS.get((one.severity, one.outcome)) for one in suite.findings]
    reached = result.verdict if suite.kind is SuiteKind.RUN else suite.verdict
    if reached is not None:
        found.append(_OF_VERDICT.get(reached))
    return len(found), found.count(_FAILURE), found.count(_ERROR)


def _spent(suite: Suite) -> float:
    return sum(suite.seconds.get(one.check, 0.0) for one in suite.findings) if suite.seconds else 0


def _count(element: ET.Element, name: str, counted: Iterable[int], time: str) -> None:
    element.set("name", _safe(name))
    for key, count in zip(_SUMS, counted, strict=True):
        element.set(key, str(count))
    element.set("time", time)


def _suite(number: int, suite: Suite, result: Result, say: Say) -> ET.Element:
    cases = [_case(finding, suite, say) for finding in suite.findings]
    if suite.kind is SuiteKind.RUN:
        cases.append(_verdict(suite, result.verdict, result.code, say))
    elif suite.verdict is not None:
        cases.append(_verdict(suite, suite.verdict, None, say))
    element = ET.Element("testsuite")
    skipped = sum(child.tag == _SKIPPED for case in cases for child in case)
    _count(element, _name(suite), _counts(suite, result), _time(_spent(suite)))
    element.set("id", str(number))
    element.set("package", "cpx-tool")
    element.set("skipped", str(skipped))
    element.set("hostname", _safe(suite.host or result.run.host) or "-")
    element.set("timestamp", _moment(suite.observed_at))
    element.append(_properties(_facts(suite, result)))
    element.extend(cases)
    for name in ("system-out", "system-err"):  # Ant's schema wants both
        ET.SubElement(element, name)
    return element


def _name(suite: Suite) -> str:
    return f"{suite.kind.value} {suite.subject}".strip()


def _class(suite: Suite) -> str:
    """Jenkins takes what stands before the last dot for a package."""
    return f"cpx-tool.{_name(suite).replace('.', '_')}"


def _case(finding: Finding, suite: Suite, say: Say) -> ET.Element:
    seconds = suite.seconds.get(finding.check, 0.0)
    case = _new_case(finding.check, suite, seconds)
    element = _ELEMENTS.get((finding.severity, finding.outcome))
    if element is not None:
        message = say(_headline(finding))
        told = ET.SubElement(case, element, message=_safe(message))
        if element != _SKIPPED:
            told.set("type", _safe(finding.code or finding.check))
        told.text = _safe(_explained(finding, message, say))
    return case


def _new_case(name: str, suite: Suite, seconds: float = 0.0) -> ET.Element:
    words = {"name": name, "classname": _class(suite), "time": _time(seconds)}
    return ET.Element("testcase", {key: _safe(word) for key, word in words.items()})


def _headline(finding: Finding) -> Message:
    if finding.severity is Severity.WARNING and finding.outcome is not Outcome.SKIPPED:
        return msg("Warning: {message}", message=finding.message)
    return finding.message


def _explained(finding: Finding, message: str, say: Say) -> str:
    """All that GitLab shows of a case: it leaves out the attribute `message`."""
    lines = [message, say(msg("Expected: {title}", title=finding.title))]
    if finding.hint is not None:
        lines.append(say(msg("What to do: {hint}", hint=finding.hint)))
    if finding.code:
        lines.append(say(msg("Cause: {code}", code=finding.code)))
    return "\n".join(lines)


def _verdict(suite: Suite, verdict: Verdict, code: ExitCode | None, say: Say) -> ET.Element:
    """Not passed unless the verdict is: what was skipped alone shows as green otherwise."""
    case = _new_case(VERDICT, suite)
    element = _OF_VERDICT.get(verdict)
    if element is not None:
        message = say(msg("Verdict: {verdict}", verdict=VERDICTS[verdict]))
        told = ET.SubElement(case, element, message=message, type=verdict.value)
        told.text = message if code is None else say(msg("Exit code: {code}", code=int(code)))
    return case


def _facts(suite: Suite, result: Result) -> dict[str, str]:
    run = result.run
    of_run = {
        "tool_version": run.tool_version,
        "command": run.command,
        "run_id": run.run_id,
        "observed_at": f"{_moment(suite.observed_at)}Z",
        "emulated": str(run.emulated).lower(),
        "interrupted": str(run.interrupted).lower(),
        **result.facts,
    }
    if suite.kind is SuiteKind.RUN:
        of_run |= {"verdict": result.verdict.value, "exit_code": str(int(result.code))}
    if suite.not_after is not None:
        of_run["not_after"] = f"{_moment(suite.not_after)}Z"
    return of_run | dict(suite.facts)


def _properties(facts: Mapping[str, str]) -> ET.Element:
    element = ET.Element("properties")
    for name, value in facts.items():
        ET.SubElement(element, "property", name=_safe(name), value=_safe(value))
    return element


def _time(seconds: float) -> str:
    return f"{seconds:.3f}"


def _moment(when: datetime) -> str:
    """UTC without saying so: Ant's schema has no zone."""
    return when.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds")


def _safe(text: str) -> str:
    """XML has no place for control characters and surrogates (XML 1.0, 2.2); and no name from a
    card or a server turns a page around that shows it.
    """
    return printable(text)
