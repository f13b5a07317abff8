"""Sentences that several judgements share."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cpx_tool.catalogue.readers import too_many_slots
from cpx_tool.catalogue.sets import sets_holding
from cpx_tool.model.cardset import ExpectedCard
from cpx_tool.model.certificate import Certificate
from cpx_tool.model.fault import (
    CARD_CHANGED,
    CARD_IS_OUT,
    CARD_REMOVED,
    CARD_TIME,
    INTERRUPTED,
    MALFORMED_ANSWER,
    NO_PROCESS,
    NO_SUCH_KEY,
    NOT_LOADED,
    SESSIONS_LEFT,
    SLOT_GONE,
    TOO_MANY_SLOTS,
    Fault,
    FaultKind,
)
from cpx_tool.model.identity import Identity
from cpx_tool.model.message import Message, msg, nmsg
from cpx_tool.pki.extensions import usage_name

SHOWN = 8
"""Readers, programs, files or cards named in one sentence about the workstation."""


def fault_message(fault: Fault) -> Message:
    """A failed call in words: the module, which call, and how it ended."""
    module = fault.module or "PKCS#11"
    if fault.code == CARD_TIME:
        return msg(
            "The card was given up after {time} in all, before {call}.",
            time=fault.detail,
            call=fault.call,
        )
    if fault.code == NOT_LOADED:
        return msg("The module could not be loaded: {detail}", detail=fault.detail)
    if fault.code == TOO_MANY_SLOTS:
        return too_many_slots(fault)
    if fault.code == SESSIONS_LEFT:
        return nmsg(
            "The module {module} keeps {count} session open after {call}.",
            "The module {module} keeps {count} sessions open after {call}.",
            int(fault.detail) if re.fullmatch("[0-9]{1,9}", fault.detail) else 1,
            module=module,
            call=fault.call,
        )
    return _OWN_CODES.get(fault.code) or _ending(fault, module)


def _ending(fault: Fault, module: str) -> Message:
    call, code = fault.call, fault.code
    if code in CARD_IS_OUT:
        return msg(
            "The card is no longer in its reader: {call} of the module {module} answered {code}.",
            call=call,
            module=module,
            code=code,
        )
    endings = {
        FaultKind.ERROR: msg(
            "{call} of the module {module} answered {code}.", call=call, module=module, code=code
        ),
        FaultKind.CRASH: msg(
            "The module {module} ended its process in {call} ({code}).",
            call=call,
            module=module,
            code=code,
        ),
        FaultKind.HANG: msg(
            "The module {module} did not answer {call} within {code}.",
            call=call,
            module=module,
            code=code,
        ),
        FaultKind.EXCESS: msg(
            "The memory of the module {module} grew by {code} until {call}; its process was ended.",
            call=call,
            module=module,
            code=code,
        ),
    }
    return endings[fault.kind]


def usage_words(certificate: Certificate) -> Message:
    """What a certificate is made for, in the words of X.509."""
    extended = map(usage_name, certificate.extended_key_usage)
    return msg(
        "Key usage: {usage}; extended key usage: {extended}",
        usage=certificate.key_usage,
        extended=tuple(extended),
    )


_OWN_CODES = {
    CARD_CHANGED: msg("Another card was put in while this one was being read."),
    CARD_REMOVED: msg("The card was taken out of its reader before it was read to the end."),
    SLOT_GONE: msg("The card's slot is gone since the module was started again."),
    INTERRUPTED: msg("The run was interrupted before the card was finished."),
    NO_PROCESS: msg("The process for the module could not be started."),
    NO_SUCH_KEY: msg("The key is not on the card."),
    MALFORMED_ANSWER: msg("The module gave an answer that makes no sense."),
}
"""Fault codes that are ours and not PKCS#11's."""


def extra_message(roles: Sequence[ExpectedCard]) -> Message:
    """A card that these roles would fit, had others not taken them."""
    return msg("One card too many for: {roles}.", roles=tuple(role.title for role in roles))


def card_kind(identity: Identity) -> Message:
    """Type and profession, or title, as its certificates say them."""
    parts = (
        identity.card_type.label if identity.card_type else None,
        identity.profession.label if identity.profession else identity.holder.title,
    )
    stated = tuple(part for part in parts if part)
    return msg("{kind}", kind=stated) if stated else msg("A card of an unknown kind")


def foreign_message(identity: Identity) -> Message:
    """A card of a kind that the set does not hold, and the sets that hold one like it."""
    kind = card_kind(identity)
    homes = tuple(home.title for home in sets_holding(identity))
    if homes:
        return msg("{kind}: not in this set, but one like it is in: {sets}.", kind=kind, sets=homes)
    return msg("{kind}: no published set holds such a card.", kind=kind)


def sentences(parts: Sequence[Message]) -> Message:
    """Several sentences as one message, each once. `parts` must not be empty."""
    different: list[Message] = []
    for part in parts:
        if part not in different:
            different.append(part)
    whole = different[0]
    for part in different[1:]:
        whole = msg("{before} {after}", before=whole, after=part)
    return whole
