"""A call into a PKCS#11 module that failed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

TOO_MANY_SLOTS = "too-many-slots"
"""`Fault.code` of a module that shows more slots than are looked at; `detail` is their number."""
INTERRUPTED = "interrupted"
"""`Fault.code` where the run was interrupted before this was done."""
NO_PROCESS = "no-process"
"""`Fault.code` where no process could be started for the module, in the middle of a run."""
CARD_TIME = "card-time"
"""`Fault.code` of a call not made: the card had taken `detail` (in seconds) already."""
SESSIONS_LEFT = "sessions-left"
"""`Fault.code` of a module that keeps sessions open when all are closed; `detail`: how many."""
CARD_CHANGED = "card-changed"
"""`Fault.code` where another card was put in."""
CARD_REMOVED = "card-removed"
"""`Fault.code` where the reader is empty after a card in it could not be read to the end."""
SLOT_GONE = "slot-gone"
"""`Fault.code` where the module, started again, shows its slot no more."""
NOT_LOADED = "not-loaded"
"""`Fault.code` of a file that could not be loaded as a module; `detail` is the loader's text."""
MALFORMED_ANSWER = "malformed-answer"
"""`Fault.code` of an answer that makes no sense."""
NO_SUCH_KEY = "no-such-key"
"""`Fault.code` where the key that is to sign is not on the card."""
CARD_IS_OUT = ("CKR_DEVICE_REMOVED", "CKR_TOKEN_NOT_PRESENT")
"""What a module answers of a card that was listed as present (PKCS#11 v2.40, 3.6)."""
CARD_GONE = (
    *CARD_IS_OUT,
    "CKR_SESSION_HANDLE_INVALID",  # the Cryptolib CPS, whose sessions go with the card
    SLOT_GONE,
    CARD_CHANGED,
    CARD_REMOVED,
)
"""What a fault says when the card was not there to the end."""


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
