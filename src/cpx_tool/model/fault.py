"""A call into a PKCS#11 module that failed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class FaultKind(StrEnum):
    """How a call into the module went wrong."""

    ERROR = "error"
    """The module answered with an error code."""
    CRASH = "crash"
    """The module ended its process."""
    HANG = "hang"
    """The module did not answer before the deadline."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A call that failed. `call` is the PKCS#11 function or our port's verb.

    `code` is the CKR_* name, the signal ("SIGSEGV") or the deadline in seconds ("20 s").
    """

    kind: FaultKind
    call: str
    code: str
    detail: str = ""
