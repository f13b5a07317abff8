"""Software certificates of organisations (ORG): the files as read, and as judged."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from cpx_tool.model.certificate import Certificate
from cpx_tool.model.finding import Finding, Verdict
from cpx_tool.model.identity import Identity
from cpx_tool.model.message import Message
from cpx_tool.model.software_key import SoftwareKey
from cpx_tool.model.trust import ChainResult, Revocation, TrustMaterial


class Purpose(StrEnum):
    """What the certificates are for: it decides which checks are asked."""

    INSI = "insi"
    """The INSi téléservice, which wants an INSI-AUTO and an INSI-MANU."""
    ANY = "any"
    """Something else, with names and usages of its own."""


class Usage(StrEnum):
    """The usages of the offer ORG, in the words of the IGC-Santé's portal."""

    AUTH_CLI = "AUTH_CLI"
    SIGN = "SIGN"
    CONF = "CONF"
    SERV_SSL = "SERV_SSL"
    """A server's certificate: another offer, often mistaken for AUTH_CLI."""


@dataclass(frozen=True, slots=True)
class SoftwareContents:
    """What an opened PKCS#12 holds: certificates (DER), in no order.

    `keys` counts the private keys in it, of which `key` is the first. `protected` is false
    where the private key can be had without a password, or with an empty one.
    """

    certificates: tuple[bytes, ...]
    key: SoftwareKey | None
    keys: int
    protected: bool


@dataclass(frozen=True, slots=True)
class SoftwareFile:
    """One file as it was read: `contents`, or `problem` and `hint` where it did not open."""

    file: str
    contents: SoftwareContents | None = None
    problem: Message | None = None
    hint: Message | None = None


@dataclass(frozen=True, slots=True)
class SoftwareObservation:
    """The files of one run. `judged_at` is the moment that validity and chains are judged for,
    `trust` what is at hand to judge the chains with.
    """

    tool_version: str
    judged_at: datetime
    files: tuple[SoftwareFile, ...]
    trust: TrustMaterial = field(default_factory=TrustMaterial)


@dataclass(frozen=True, slots=True)
class JudgedFile:
    """A file and what was found. `key` is unique in the checklist: the path.

    What the certificate says is None where the file holds none that can be read; `usage` is
    None where its extensions are those of no known usage.
    """

    key: str
    observed: SoftwareFile
    certificate: Certificate | None
    identity: Identity | None
    usage: Usage | None
    chain: ChainResult | None
    revocation: Revocation | None
    findings: tuple[Finding, ...]
    result: Verdict


@dataclass(frozen=True, slots=True)
class SoftwareChecklist:
    """The judged files; `findings` are those about all of them together."""

    observation: SoftwareObservation
    purpose: Purpose
    files: tuple[JudgedFile, ...]
    findings: tuple[Finding, ...]
    verdict: Verdict

    def all_findings(self) -> tuple[Finding, ...]:
        """Every finding, those about all files together last."""
        return tuple(f for file in self.files for f in file.findings) + self.findings
