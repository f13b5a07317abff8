"""OpenSC and the signature key of a CPS3: a limit of the middleware, not a fault of the card.

OpenSC built with OpenSSL 3 has no code for this key (card-iasecc.c, iasecc_qsign_data_sha256); and
it gives it hashes only, never a DigestInfo (algorithm references of PKCS#15; seen with 0.23).
"""

from __future__ import annotations

from cpx_tool.model.fault import Fault
from cpx_tool.model.message import Message, msg

_LEFT_OUT = "CKR_FUNCTION_NOT_SUPPORTED"
_HASHES_ONLY = "CKR_MECHANISM_INVALID"

USE_CRYPTOLIB = msg(
    "Nothing speaks against the card. Use the Cryptolib CPS of the ANS: install it, or name it "
    "with --module FILE."
)


def lacks_code(fault: Fault) -> bool:
    """Whether OpenSC says that it has no code for this."""
    return fault.code == _LEFT_OUT and _is_opensc(fault)


def refuses_key(fault: Fault) -> bool:
    """Whether OpenSC says so of a mechanism of the signature key: before the card is asked, or for
    want of code.
    """
    return fault.code in (_LEFT_OUT, _HASHES_ONLY) and _is_opensc(fault)


def no_code(fault: Fault) -> Message:
    """What was answered, and why."""
    return msg(
        "OpenSC cannot use the signature key of a CPS3: where it is built with OpenSSL 3, its "
        "code for this key is left out ({call} answered {code}).",
        call=fault.call,
        code=fault.code,
    )


def _is_opensc(fault: Fault) -> bool:
    return "opensc" in fault.module.lower()
