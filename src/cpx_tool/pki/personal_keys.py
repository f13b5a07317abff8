"""The two personal keys of a card: which of them a private key is."""

from __future__ import annotations

from collections.abc import Sequence

from cpx_tool.model.eligibility import Key
from cpx_tool.model.token import CertificateObject

_LABELS = {"CPS_PRIV_AUT": Key.AUTHENTICATION, "CPS_PRIV_SIG": Key.SIGNATURE}
_CERTIFICATES = {"Authentification": Key.AUTHENTICATION, "Signature": Key.SIGNATURE}
"""Words of the labels of the certificates that belong to them."""


def personal_key(label: str, key_id: str, certificates: Sequence[CertificateObject]) -> Key | None:
    """By its CKA_LABEL (ANS, Cryptolib CPS external specification); else by that of the
    certificate with the same CKA_ID, as other modules name keys otherwise. None: neither.
    """
    if label in _LABELS:
        return _LABELS[label]
    own = [item.label for item in certificates if item.id == key_id]
    return next((key for word, key in _CERTIFICATES.items() for o in own if word in o), None)
