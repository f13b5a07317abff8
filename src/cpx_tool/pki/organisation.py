"""Software certificates of organisations (ORG): their usages, their structure's identifier."""

from __future__ import annotations

import re
from collections.abc import Mapping

from asn1crypto import keys

from cpx_tool.model.certificate import Certificate
from cpx_tool.model.message import Message, msg
from cpx_tool.model.software import Usage
from cpx_tool.pki.extensions import CLIENT_AUTH, EMAIL_PROTECTION, SERVER_AUTH
from cpx_tool.pki.identity import structure_identifier
from cpx_tool.pki.luhn import luhn_valid

_PROFILES: Mapping[Usage, tuple[frozenset[str], frozenset[str]]] = {
    Usage.AUTH_CLI: (frozenset({"digitalSignature"}), frozenset({CLIENT_AUTH})),
    Usage.SIGN: (
        frozenset({"digitalSignature", "nonRepudiation"}),
        frozenset({EMAIL_PROTECTION}),
    ),
    Usage.SERV_SSL: (
        frozenset({"digitalSignature", "keyEncipherment"}),
        frozenset({SERVER_AUTH, CLIENT_AUTH}),
    ),
}
"""Key usage and extended key usage, as on all test certificates seen. CONF was never seen."""

_FILE_NAME = re.compile(r"asip-p12-EL-TEST-ORG-(AUTH_CLI|SIGN|CONF)-\d{8}-\d{6}")
"""How the portal names its files: asip-p12-EL-TEST-ORG-AUTH_CLI-20211201-101530.p12."""

_FINESS = re.compile(r"[0-9][0-9AB][0-9]{7}")
_SIRET = re.compile(r"[0-9]{14}")
_FORMS = {
    "FINESS": _FINESS,
    "FINESS-EJ": _FINESS,
    "SIREN": re.compile(r"[0-9]{9}"),
    "SIRET": _SIRET,
}
"""What follows the prefix. That of a practice (CABINET-…) is not published."""


def usage_of(certificate: Certificate) -> Usage | None:
    """The usage that key usage and extended key usage show; None for none that is known."""
    shown = frozenset(certificate.key_usage), frozenset(certificate.extended_key_usage)
    return next((usage for usage, profile in _PROFILES.items() if profile == shown), None)


def usage_in_name(file: str) -> Usage | None:
    """The usage that the portal wrote into the file's name; None for another name."""
    found = _FILE_NAME.search(file)
    return Usage(found[1]) if found else None


def same_key(one: bytes, other: bytes) -> bool:
    """Whether two public keys (SPKI, DER) are one; their algorithm parameters may differ."""
    return one == other or _bits(one) == _bits(other)


def structure_flaw(text: str) -> Message | None:
    """Why a text is no Struct_IdNat (TRE_G07 digit and number), or None when it may be one."""
    known = structure_identifier(text)
    lacking = _lacks_prefix(text)
    if lacking is not None:
        return lacking
    if known is None:
        return msg(
            "“{value}” is no Struct_IdNat: a digit from 0 to 5 that says the kind, then the "
            "number, in digits and capital letters.",
            value=text,
        )
    form = _FORMS.get(known.kind)
    if form is not None and not form.fullmatch(text[1:]):
        return msg(
            "“{value}” is no Struct_IdNat: {number} is no {kind}.",
            value=text,
            number=text[1:],
            kind=known.kind,
        )
    if known.key_valid is False:
        return msg(
            "“{value}”: the last digit is not the key of this {kind}.", value=text, kind=known.kind
        )
    return None


def _lacks_prefix(text: str) -> Message | None:
    """The bare number of a FINESS, SIREN or SIRET: no Struct_IdNat is known to be so long.

    That of a practice (0 and an ADELI number) might be: of 14 digits, the key decides.
    """
    if _FORMS["SIREN"].fullmatch(text):
        return msg(
            "“{value}” lacks the prefix that says what it is: 1 for a FINESS (1{value}), "
            "2 for a SIREN (2{value}), 5 for the FINESS of a legal entity (5{value}).",
            value=text,
        )
    if _FINESS.fullmatch(text):
        return msg("“{value}” lacks its prefix: 1 for a FINESS (1{value}).", value=text)
    if _SIRET.fullmatch(text) and (text[0] != "0" or luhn_valid(text)):
        return msg("“{value}” lacks its prefix: 3 for a SIRET (3{value}).", value=text)
    return None


def _bits(spki: bytes) -> bytes:
    try:
        bits: bytes = keys.PublicKeyInfo.load(spki, strict=True)["public_key"].contents
    except Exception:  # asn1crypto declares no errors of its own
        return spki
    return bits
