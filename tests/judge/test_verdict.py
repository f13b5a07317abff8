"""The verdict of some findings, and the exit code of a run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from cpx_tool.errors import ExitCode
from cpx_tool.judge.judge import judge
from cpx_tool.judge.verdict import exit_code, verdict
from cpx_tool.model.cardset import CardSet
from cpx_tool.model.finding import Finding, Outcome, Severity, Verdict
from cpx_tool.model.message import msg
from cpx_tool.model.observation import Observation, PinRecord, PinRefusal, PinResult
from cpx_tool.model.reader import Pcsc, PcscStatus
from support.build import FLAGS, PEOPLE, card, no_login, with_card, without_cards

DOCTOR, NURSE = "medecin-generaliste", "infirmier"
BLOCKER, WARNING = Severity.BLOCKER, Severity.WARNING
PASSED, FAILED, SKIPPED, ERROR = Outcome


@pytest.mark.parametrize(
    ("findings", "expected"),
    [
        ([(BLOCKER, PASSED)], Verdict.PASSED),
        ([(BLOCKER, PASSED), (WARNING, FAILED)], Verdict.PASSED),
        ([(BLOCKER, PASSED), (WARNING, ERROR)], Verdict.PASSED),
        ([(BLOCKER, PASSED), (BLOCKER, SKIPPED)], Verdict.INCOMPLETE),
        ([(BLOCKER, PASSED), (BLOCKER, ERROR)], Verdict.INCOMPLETE),
        ([(BLOCKER, ERROR), (BLOCKER, FAILED)], Verdict.FAILED),
        ([(BLOCKER, FAILED), (BLOCKER, PASSED)], Verdict.FAILED),
        ([], Verdict.INCOMPLETE),
        ([(WARNING, PASSED)], Verdict.INCOMPLETE),
    ],
)
def test_verdict(findings: list[tuple[Severity, Outcome]], expected: Verdict) -> None:
    made = [
        Finding("TEST", severity, "run", outcome, msg("Title"), msg("Message"))
        for severity, outcome in findings
    ]
    assert verdict(made) is expected


def refused(seen: Observation, role: str, refusal: PinRefusal) -> Observation:
    record = PinRecord(PinResult.REFUSED, refusal, FLAGS)
    return with_card(seen, role, lambda found: no_login(found, record))


def expired(seen: Observation, key: rsa.RSAPrivateKey, role: str) -> Observation:
    person = replace(PEOPLE[role], not_after=PEOPLE[role].not_before)
    return with_card(seen, role, lambda found: card(key, person, found.slot.id))


Change = Callable[[Observation, rsa.RSAPrivateKey], Observation]
ALL_REFUSED = [PinRefusal.COUNT_LOW, PinRefusal.FINAL_TRY, PinRefusal.PROTECTED_PATH]


@pytest.mark.parametrize(
    ("change", "judged", "code"),
    [
        pytest.param(lambda o, k: o, Verdict.PASSED, ExitCode.PASSED, id="good"),
        pytest.param(
            lambda o, k: expired(o, k, DOCTOR), Verdict.FAILED, ExitCode.FAILED, id="a failure"
        ),
        pytest.param(
            lambda o, k: refused(o, DOCTOR, PinRefusal.COUNT_LOW),
            Verdict.INCOMPLETE,
            ExitCode.PIN_SAFETY,
            id="a low count alone",
        ),
        pytest.param(
            lambda o, k: refused(
                refused(o, DOCTOR, PinRefusal.COUNT_LOW), NURSE, PinRefusal.PROTECTED_PATH
            ),
            Verdict.INCOMPLETE,
            ExitCode.PIN_SAFETY,
            id="two precautions",
        ),
        pytest.param(
            lambda o, k: refused(o, DOCTOR, PinRefusal.LOCKED),
            Verdict.FAILED,
            ExitCode.FAILED,
            id="a locked card",
        ),
        pytest.param(
            lambda o, k: expired(refused(o, DOCTOR, PinRefusal.COUNT_LOW), k, NURSE),
            Verdict.FAILED,
            ExitCode.FAILED,
            id="a low count and a failure",
        ),
        pytest.param(
            lambda o, k: replace(refused(o, DOCTOR, PinRefusal.COUNT_LOW), module=None),
            Verdict.INCOMPLETE,
            ExitCode.FAILED,
            id="a low count and something else unanswered",
        ),
        pytest.param(
            lambda o, k: without_cards(o, DOCTOR), Verdict.FAILED, ExitCode.FAILED, id="one missing"
        ),
        pytest.param(
            lambda o, k: without_cards(o, *PEOPLE),
            Verdict.INCOMPLETE,
            ExitCode.NOTHING_CHECKED,
            id="no card",
        ),
        pytest.param(
            lambda o, k: replace(o, cards=(), module=None, pcsc=Pcsc(PcscStatus.NO_SERVICE)),
            Verdict.INCOMPLETE,
            ExitCode.NOTHING_CHECKED,
            id="nothing at all",
        ),
    ],
)
def test_exit_code(
    good: Observation,
    key: rsa.RSAPrivateKey,
    card_set: CardSet,
    change: Change,
    judged: Verdict,
    code: ExitCode,
) -> None:
    checklist = judge(change(good, key), card_set)
    assert (checklist.verdict, exit_code(checklist)) == (judged, code)


def test_the_same_observation_gives_the_same_checklist(
    good: Observation, card_set: CardSet
) -> None:
    assert judge(good, card_set) == judge(good, card_set)
