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
    EXCESS = "excess"
    """The module took too much memory; its process was ended."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A call that failed. `call` is the PKCS#11 function or our port's verb.

    `code` is the CKR_* name, the signal ("SIGSEGV"), the deadline in seconds ("20 s"), or by how
    much the memory grew ("300 MiB").
    """

    kind: FaultKind
    call: str
    code: str
    detail: str = ""
    module: str = ""
    """The file name of the module, where it is one's fault."""
