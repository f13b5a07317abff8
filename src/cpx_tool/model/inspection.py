"""What is found of certificate files that are looked at by themselves."""

from __future__ import annotations

from dataclasses import dataclass

from cpx_tool.model.certificate import Certificate
from cpx_tool.model.dossier import Dossier
from cpx_tool.model.identity import Identity
from cpx_tool.model.message import Message
from cpx_tool.model.trust import ChainResult, Revocation


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One certificate (DER) of a file, or `problem`, why there is none, and the remedy, `hint`."""

    file: str
    der: bytes = b""
    problem: Message | None = None
    hint: Message | None = None


@dataclass(frozen=True, slots=True)
class Inspected:
    """One certificate of a file, or why there is none."""

    file: str
    certificate: Certificate | None
    identity: Identity | None
    problem: Message | None
    chain: ChainResult | None = None
    revocation: Revocation | None = None
    dossier: Dossier | None = None
    hint: Message | None = None
