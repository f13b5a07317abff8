"""Two results side by side, for a person and as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cpx_tool.catalogue.pin_words import PIN_RESULTS
from cpx_tool.catalogue.readers import STATES
from cpx_tool.errors import ExitCode
from cpx_tool.model.blame import Comparison, Difference, Side, Topic
from cpx_tool.model.finding import Finding, Verdict
from cpx_tool.model.message import Message, msg, nmsg
from cpx_tool.report import blame
from cpx_tool.report.canvas import Canvas, Paper
from cpx_tool.report.console import emulated_banner
from cpx_tool.report.json import SCHEMA_VERSION, moment, to_text, workstation_body
from cpx_tool.report.words import OUTCOMES, RESULTS, VERDICTS, Say, cut

TOPICS = {
    Topic.RUN: msg("Run"),
    Topic.WORKSTATION: msg("Workstation"),
    Topic.SERVICE: msg("PC/SC service"),
    Topic.READER: msg("Readers"),
    Topic.MODULE: msg("PKCS#11 module"),
    Topic.CARD: msg("Cards"),
    Topic.VALUE: msg("What the cards show"),
    Topic.FINDING: msg("Checks"),
    Topic.SERVER: msg("Servers"),
}
KEYS = {
    "verdict": msg("verdict"),
    "tool_version": msg("version of cpx-tool"),
    "emulated": msg("emulated"),
    "interrupted": msg("interrupted"),
    "host": msg("host"),
    "system": msg("system"),
    "session": msg("session"),
    "pcsc_lite": msg("pcsc-lite"),
    "package": msg("package"),
    "status": msg("status"),
    "state": msg("state"),
    "path": msg("file"),
    "source": msg("chosen by"),
    "manufacturer": msg("manufacturer"),
    "description": msg("description"),
    "version": msg("version"),
    "product": msg("product"),
    "fault": msg("fault"),
    "faults": msg("faults"),
    "present": msg("present"),
    "result": msg("result"),
    "role": msg("role"),
    "reader": msg("reader"),
    "not_after": msg("valid until"),
    "pin": msg("PIN"),
    "pin_refusal": msg("why the PIN was not tried"),
    "label": msg("label"),
    "model": msg("model"),
    "serial": msg("serial number"),
    "flags": msg("flags"),
    "mechanisms": msg("mechanisms"),
    "cause": msg("cause"),
    "addresses": msg("addresses"),
    "proxy": msg("proxy"),
    "certificate": msg("certificate (SHA-256)"),
    "data": msg("data object (SHA-256)"),
    "scheme": msg("signature scheme"),
}
"""Keys of differences in words, where a name may follow; one that is not here is a name itself, as
that of a check, and stays.
"""
_YES_OR_NO = {"yes": msg("yes"), "no": msg("no")}
VALUES: Mapping[str, Mapping[str, Message]] = {
    "verdict": {one.value: told for one, told in VERDICTS.items()},
    "result": {one.value: told for one, told in RESULTS.items()},
    "pin": {one.value: told for one, told in PIN_RESULTS.items()},
    "state": {one.value: told for one, told in STATES.items()},
    **dict.fromkeys(("emulated", "interrupted", "present"), _YES_OR_NO),
}
"""Values in words, by key; any other stays as it is: a name, a number, a code."""
_OUTCOMES = {one.value: told for one, told in OUTCOMES.items()}
_SHOWN = 200


def render(comparison: Comparison, say: Say, paper: Paper) -> str:
    """Both results in a line each, what differs, what that points to, what is wrong in both."""
    canvas = Canvas(paper)
    sides = (comparison.left, comparison.right)
    if any(side.observation.emulated for side in sides):
        canvas.line(say(emulated_banner()), "bold magenta")
    for name, side in zip("AB", sides, strict=True):
        told = msg("{names}: {message}", names=name, message=_side(side))
        canvas.line(say(told), "bold")
    before = remark(comparison)
    if before is not None:
        canvas.line(say(before))
    canvas.line()
    if comparison.differences:
        _differences(canvas, comparison.differences, say)
    else:
        canvas.line(say(nothing(comparison)))
        canvas.line()
    _points(canvas, comparison, say)
    return canvas.text()


def remark(comparison: Comparison) -> Message | None:
    """What one should know before one reads on."""
    left, right = comparison.left.observation, comparison.right.observation
    if left.emulated is not right.emulated:
        return msg("One has emulated cards and the other real ones: no card of theirs is the same.")
    if left.run_id == right.run_id:
        return msg("A and B are the same run: give two different ones to learn something.")
    if left.workstation.host == right.workstation.host and right.observed_at < left.observed_at:
        return msg("B was observed before A: what stands on the right is the older state.")
    return None


def _side(side: Side) -> Message:
    seen = side.observation
    return msg(
        "{verdict}, observed {date} on {host}",
        verdict=VERDICTS[side.verdict],
        date=seen.observed_at,
        host=seen.workstation.host,
    )


def _differences(canvas: Canvas, differences: Sequence[Difference], say: Say) -> None:
    canvas.line(say(msg("What differs (A | B):")))
    for topic, title in TOPICS.items():
        found = [one for one in differences if one.topic is topic]
        if found:
            canvas.line(say(title), "bold")
        for alike in _grouped(found):
            canvas.item("-", say(_words(alike)), indent=2)
    canvas.line()


def _grouped(found: Sequence[Difference]) -> list[list[Difference]]:
    """What is the same of several subjects, together: without a login, that is every card."""
    groups: dict[tuple[str, str | None, str | None], list[Difference]] = {}
    for one in found:
        groups.setdefault((one.key, one.left, one.right), []).append(one)
    return list(groups.values())


def _words(alike: Sequence[Difference]) -> Message:
    one = alike[0]
    left, right = (shown(one, value and cut(value, _SHOWN)) for value in (one.left, one.right))
    if one.subject in ("", "run"):
        return msg("{what}: {left} | {right}", what=what(one), left=left, right=right)
    if len(alike) > 1:
        names = tuple(each.subject for each in alike)
        return msg(
            "{what}: {left} | {right} ({names})",
            what=what(one),
            left=left,
            right=right,
            names=names,
        )
    return msg(
        "{subject}, {what}: {left} | {right}",
        subject=one.subject,
        what=what(one),
        left=left,
        right=right,
    )


def what(one: Difference) -> Message:
    """What differs, in words."""
    key, _, name = one.key.partition(" ")
    if key not in KEYS:
        return msg("{name}", name=one.key)
    return msg("{what} {name}", what=KEYS[key], name=name) if name else KEYS[key]


def shown(one: Difference, value: str | None) -> Message:
    """One side's value in words; "—" where there is none."""
    if not value:
        return msg("{name}", name="—")
    if one.topic is Topic.FINDING:
        outcome, blank, code = value.partition(" ")
        return msg("{word}{code}", word=_OUTCOMES[outcome], code=blank + code)
    return VALUES.get(one.key, {}).get(value) or msg("{name}", name=value)


def _points(canvas: Canvas, comparison: Comparison, say: Say) -> None:
    if comparison.suspicions:
        blame.suspicions(canvas, comparison.suspicions, say)
    elif comparison.differences:
        canvas.line(say(nothing(comparison)), "bold")
        canvas.line()
    if comparison.in_both:
        _in_both(canvas, comparison.in_both, say)


def nothing(comparison: Comparison) -> Message:
    """Said where no part is suspected."""
    if not comparison.differences:
        return msg("Nothing differs.")
    sides = (comparison.left, comparison.right)
    if all(side.verdict is Verdict.PASSED for side in sides):
        return msg("Nothing is at fault: both passed, and these differences are no faults.")
    return msg("Not known: these differences point to no part.")


def _in_both(canvas: Canvas, findings: Sequence[Finding], say: Say) -> None:
    told = nmsg(
        "Wrong in both, in the same way: {count} finding.",
        "Wrong in both, in the same way: {count} findings.",
        len(findings),
    )
    canvas.line(say(told))
    by_check: dict[str, list[str]] = {}
    for finding in findings:
        by_check.setdefault(finding.check, []).append(finding.subject)
    for check, subjects in by_check.items():
        names = tuple(subject for subject in subjects if subject != "run")
        named = msg("{check}: {message}", check=check, message=names)
        canvas.item("-", say(named) if names else check, indent=2)


def render_json(comparison: Comparison, code: ExitCode, say: Say) -> str:
    """One JSON object."""
    return to_text(
        {
            "schema_version": SCHEMA_VERSION,
            "exit_code": int(code),
            "left": _side_body(comparison.left),
            "right": _side_body(comparison.right),
            "same": not comparison.differences,
            "differences": [
                {
                    "topic": one.topic.value,
                    "key": one.key,
                    "subject": one.subject or None,
                    "left": one.left,
                    "right": one.right,
                }
                for one in comparison.differences
            ],
            "suspicions": blame.suspicion_bodies(comparison.suspicions, say),
            "in_both": blame.finding_bodies(comparison.in_both, say),
        }
    )


def _side_body(side: Side) -> dict[str, Any]:
    seen = side.observation
    return {
        "tool_version": seen.tool_version,
        "run_id": seen.run_id,
        "observed_at": moment(seen.observed_at),
        "emulated": seen.emulated,
        "verdict": side.verdict.value,
        "workstation": workstation_body(seen.workstation),
    }
