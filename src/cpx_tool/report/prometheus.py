"""The result in Prometheus' text format, for the textfile collector of the node exporter.

After "Exposition formats" (text format 0.0.4). The words of HELP are the same in every language:
the collector complains of one metric with two of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from cpx_tool.model.finding import Outcome, Severity, Verdict
from cpx_tool.report.result import Result, Suite, SuiteKind
from cpx_tool.report.words import printable

Labels = Mapping[str, str]
Sample = tuple[Labels, int]


@dataclass(frozen=True, slots=True)
class _Metric:
    """A gauge: its name, what it says, its samples."""

    name: str
    help: str
    samples: Iterable[Sample]


def render(result: Result) -> str:
    """Metric by metric, each with HELP and TYPE; one without samples is left out."""
    common = {"command": result.run.command, "host": result.run.host}
    if "set" in result.facts:
        common["set"] = result.facts["set"]
    lines: list[str] = []
    for metric in _metrics(result):
        samples = list(_samples(metric, common))
        if samples:
            head = [f"# HELP {metric.name} {metric.help}", f"# TYPE {metric.name} gauge"]
            lines += head + samples
    return "\n".join(lines) + "\n"


def _metrics(result: Result) -> Iterator[_Metric]:
    at = int(result.run.observed_at.timestamp())
    about = {"tool_version": result.run.tool_version, "emulated": str(result.run.emulated).lower()}
    yield _Metric("cpx_run_timestamp_seconds", "When this was observed, Unix time.", [({}, at)])
    yield _Metric("cpx_run_info", "About the run; always 1.", [(about, 1)])
    yield _Metric("cpx_exit_code", "The exit code of the verdict.", [({}, int(result.code))])
    yield _Metric("cpx_verdict", "1 for the verdict that was reached, else 0.", _verdict(result))
    yield _Metric("cpx_checks", "Checks, by subject, severity and outcome.", _checks(result))
    yield _Metric("cpx_card_present", "1 for a card of the set that is there.", _present(result))
    yield _Metric(
        "cpx_set_days_left", "Days until the first card of the set ends.", _set_days_left(result)
    )
    yield _Metric(
        "cpx_days_left",
        "Days until the certificates of a card or file end, negative afterwards.",
        _days_left(result),
    )
    yield _Metric(
        "cpx_insecure", "1 for a handshake with --insecure, 0 for one without.", _insecure(result)
    )
    yield _Metric(
        "cpx_subject_verdict",
        "1 for the verdict that a workstation reached in merged results, else 0.",
        _verdicts(result),
    )
    yield _Metric(
        "cpx_subject_timestamp_seconds",
        "When the newest merged result of a workstation was observed, Unix time.",
        _observed(result),
    )


def _verdict(result: Result) -> list[Sample]:
    return [({"verdict": one.value}, int(one is result.verdict)) for one in Verdict]


def _checks(result: Result) -> Iterator[Sample]:
    for suite in result.suites:
        found = [(finding.severity, finding.outcome) for finding in suite.findings]
        for severity in Severity:
            for outcome in Outcome:
                words = {"severity": severity.value, "outcome": outcome.value}
                yield {**_subject(suite), **words}, found.count((severity, outcome))


def _present(result: Result) -> list[Sample]:
    return [({"role": role}, int(there)) for role, there in result.roles.items()]


def _set_days_left(result: Result) -> list[Sample]:
    return [] if result.days_left is None else [({}, result.days_left)]


def _days_left(result: Result) -> Iterator[Sample]:
    for suite in result.suites:
        if suite.days_left is not None and suite.kind is not SuiteKind.HANDSHAKE:
            yield _subject(suite), suite.days_left


def _insecure(result: Result) -> Iterator[Sample]:
    for suite in result.suites:
        if suite.kind is SuiteKind.HANDSHAKE:
            yield _subject(suite), int(suite.facts.get("insecure") == "true")


def _verdicts(result: Result) -> Iterator[Sample]:
    for suite in result.suites:
        if suite.verdict is not None:
            for one in Verdict:
                yield {**_subject(suite), "verdict": one.value}, int(one is suite.verdict)


def _observed(result: Result) -> Iterator[Sample]:
    for suite in result.suites:
        if suite.verdict is not None:
            yield _subject(suite), int(suite.observed_at.timestamp())


def _subject(suite: Suite) -> dict[str, str]:
    return {"kind": suite.kind.value, "subject": suite.subject}


def _samples(metric: _Metric, common: Labels) -> Iterator[str]:
    """A line each. Names that differ only in what cannot be shown are told apart by a label of its
    own: with one series twice, the collector refuses the whole file.
    """
    seen: Counter[str] = Counter()
    for own, value in metric.samples:
        labels = {**common, **own}
        told = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
        seen[told] += 1
        again = f',same_name="{seen[told]}"' if seen[told] > 1 else ""
        yield f"{metric.name}{{{told}{again}}} {value}"


def _escaped(text: str) -> str:
    """Backslash, quotation mark and line feed are escaped; the rest is printable UTF-8."""
    plain = printable(text)
    return plain.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
