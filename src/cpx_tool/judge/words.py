"""Sentences that several checks share."""

from __future__ import annotations

from cpx_tool.catalogue.readers import too_many_slots
from cpx_tool.model.certificate import Certificate
from cpx_tool.model.message import Message, msg
from cpx_tool.model.observation import TOO_MANY_SLOTS, Fault, FaultKind
from cpx_tool.pki.extensions import usage_name


def fault_message(fault: Fault) -> Message:
    """A failed call in words: which call, and how it ended."""
    if fault.kind is FaultKind.CRASH:
        return msg(
            "The module ended its process in {call} ({code}).", call=fault.call, code=fault.code
        )
    if fault.kind is FaultKind.HANG:
        return msg(
            "The module did not answer {call} within {code}.", call=fault.call, code=fault.code
        )
    if fault.code == "not-loaded":
        return msg("The module could not be loaded: {detail}", detail=fault.detail)
    if fault.code == TOO_MANY_SLOTS:
        return too_many_slots(fault)
    return _OWN_CODES.get(fault.code) or msg(
        "{call} answered {code}.", call=fault.call, code=fault.code
    )


def usage_words(certificate: Certificate) -> Message:
    """What a certificate is made for, in the words of X.509."""
    extended = map(usage_name, certificate.extended_key_usage)
    return msg(
        "Key usage: {usage}; extended key usage: {extended}",
        usage=certificate.key_usage,
        extended=tuple(extended),
    )


_OWN_CODES = {
    "card-changed": msg("Another card was put in while this one was being read."),
    "slot-gone": msg("The card's slot is gone since the module was started again."),
    "no-such-key": msg("The key is not on the card."),
    "malformed-answer": msg("The module gave an answer that makes no sense."),
}
"""Fault codes that are ours and not PKCS#11's."""
