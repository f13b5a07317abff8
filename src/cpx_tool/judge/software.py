"""Observed files of software certificates → checklist."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from cpx_tool.catalogue.authorities import authorities
from cpx_tool.errors import ExitCode
from cpx_tool.judge.asking import ask
from cpx_tool.judge.check import Scope
from cpx_tool.judge.judge import DEFAULT_WARNING_PERIOD
from cpx_tool.judge.software_facts import TrustFound, file_facts, pair_facts
from cpx_tool.judge.software_reading import ReadFile, read_files
from cpx_tool.judge.verdict import verdict
from cpx_tool.model.finding import Verdict
from cpx_tool.model.identity import Pki
from cpx_tool.model.software import (
    JudgedFile,
    Purpose,
    SoftwareChecklist,
    SoftwareObservation,
)
from cpx_tool.model.trust import TrustMaterial
from cpx_tool.pki.trust import Trust, make_trust


def judge_software(
    observation: SoftwareObservation,
    purpose: Purpose = Purpose.INSI,
    warning_period: timedelta = DEFAULT_WARNING_PERIOD,
) -> SoftwareChecklist:
    """Judge the files for what they are for. Pure: same input, same answer."""
    files = read_files(observation.files)
    trust = _trust_for(observation.trust, files)
    judged = tuple(
        _judge_file(file, trust[_is_emulated(file)], observation, purpose, warning_period)
        for file in files
    )
    findings = ask(Scope.FILES, pair_facts(files, purpose), "files")
    everything = tuple(f for file in judged for f in file.findings) + findings
    return SoftwareChecklist(observation, purpose, judged, findings, verdict(everything))


def software_exit_code(checklist: SoftwareChecklist) -> ExitCode:
    """The documented exit code: a file that could not be read goes before a check that failed."""
    if any(file.observed.contents is None for file in checklist.files):
        return ExitCode.USAGE
    return ExitCode.PASSED if checklist.verdict is Verdict.PASSED else ExitCode.FAILED


def _judge_file(
    file: ReadFile,
    trust: Trust,
    observation: SoftwareObservation,
    purpose: Purpose,
    warning_period: timedelta,
) -> JudgedFile:
    found = _follow(file, trust, observation)
    facts: Mapping[str, Any] = file_facts(
        file, found, purpose, observation.judged_at, warning_period
    )
    findings = ask(Scope.FILE, facts, file.key)
    return JudgedFile(
        key=file.key,
        observed=file.observed,
        certificate=file.certificate,
        identity=file.identity,
        usage=file.usage,
        chain=found.chain if found else None,
        revocation=found.revocation if found else None,
        findings=findings,
        result=verdict(findings),
    )


def _trust_for(material: TrustMaterial, files: Sequence[ReadFile]) -> dict[bool, Trust]:
    """For emulated files and for others: an emulation's CAs are believed for the first only.

    A file brings its own chain.
    """
    offered = [held.der for file in files for held in file.authorities]
    return {
        emulated: make_trust(
            material if emulated else replace(material, emulated=()), authorities(), offered
        )
        for emulated in {_is_emulated(file) for file in files}
    }


def _is_emulated(file: ReadFile) -> bool:
    return file.identity is not None and file.identity.pki is Pki.EMULATED


def _follow(file: ReadFile, trust: Trust, observation: SoftwareObservation) -> TrustFound | None:
    """Chain and revocation of the file's own certificate."""
    if file.leaf is None or file.certificate is None:
        return None
    chain = trust.chain(file.leaf.der, observation.judged_at)
    return TrustFound(chain, trust.revocation(chain, observation.judged_at))
