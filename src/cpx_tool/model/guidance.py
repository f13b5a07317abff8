"""What there is to say of a check or a code, at length: for `explain`, reports and documents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from cpx_tool.model.message import Message


class Kind(StrEnum):
    """What an id belongs to. Stable codes."""

    CHECK = "check"
    PIN_REFUSAL = "pin-refusal"
    MODULE_FAULT = "module-fault"
    TLS_CAUSE = "tls-cause"
    MERGING = "merging"
    EXIT_CODE = "exit-code"


@dataclass(frozen=True, slots=True)
class Guidance:
    """One text for one id, or for several that are alike. `meanings` says of each id what it
    proves (a check) or means (a code); the rest holds for all of them. `causes` are those seen in
    the field or named by a source; `sources` are documents, files of programs or addresses.
    `remedy` is None for a check whose own hint says all.
    """

    kind: Kind
    meanings: Mapping[str, Message]
    why: Message
    causes: tuple[Message, ...]
    sources: tuple[str, ...]
    remedy: Message | None = None
