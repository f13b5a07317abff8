"""X.509 extensions: those of RFC 5280, and the private ones of the ANS.

A private extension has the OID of the nomenclature whose code it carries, as real certificates
show; their encodings are those seen there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from asn1crypto import core, x509

from cpx_tool.pki.der import SEQUENCE, content, dotted, elements, is_whole, moment, present
from cpx_tool.pki.names import shown

CATEGORY = "1.2.250.1.71.1.2.5"
CARD_TYPE = "1.2.250.1.71.1.2.2"
CARD_NUMBER = "1.2.250.1.71.1.2.3"
PROFESSION = "1.2.250.1.71.1.2.7"
FUTURE_PROFESSION = "1.2.250.1.71.1.2.8"
SPECIALITIES = "1.2.250.1.71.4.2.5"
POLICIES = "2.5.29.32"

CLIENT_AUTH = "1.3.6.1.5.5.7.3.2"
SERVER_AUTH = "1.3.6.1.5.5.7.3.1"
EMAIL_PROTECTION = "1.3.6.1.5.5.7.3.4"
OCSP_SIGNING = "1.3.6.1.5.5.7.3.9"
SMARTCARD_LOGON = "1.3.6.1.4.1.311.20.2.2"
"""Extended key usages (RFC 5280, 4.2.1.12; Microsoft)."""

_EXTENDED_KEY_USAGES = {
    SERVER_AUTH: "serverAuth",
    CLIENT_AUTH: "clientAuth",
    EMAIL_PROTECTION: "emailProtection",
    OCSP_SIGNING: "OCSPSigning",
    SMARTCARD_LOGON: "msSmartcardLogin",
}

UPN = "1.3.6.1.4.1.311.20.2.3"
_CA_ISSUERS = "1.3.6.1.5.5.7.48.2"
_OCSP = "1.3.6.1.5.5.7.48.1"
_KEY_USAGES = (
    "digitalSignature",
    "nonRepudiation",
    "keyEncipherment",
    "dataEncipherment",
    "keyAgreement",
    "keyCertSign",
    "cRLSign",
    "encipherOnly",
    "decipherOnly",
)
_PARTS, _MARKED_PARTS = (0x06, 0x04), (0x06, 0x01, 0x04)
"""Tags of OID, critical and value (RFC 5280, 4.1); without "critical" it is not."""

_MAX_CODE = 0xFFFF
_MAX_CARD_NUMBER = 64


@dataclass(frozen=True, slots=True)
class Extension:
    """One extension (RFC 5280, 4.1): dotted OID, and the content of its extnValue."""

    oid: str
    critical: bool
    value: bytes


class _Texts(core.SequenceOf):  # type: ignore[misc]
    _child_spec = core.UTF8String


def usage_name(oid: str) -> str:
    """The name of an extended key usage (RFC 5280, 4.2.1.12), else its OID."""
    return _EXTENDED_KEY_USAGES.get(oid, oid)


def read_extensions(der: bytes) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The `Certificate` fields that the extensions give, and the problems met.

    `der` is the SEQUENCE OF Extension. A broken extension gives no field and one problem,
    "extension" and its OID; so does one that stands twice, which RFC 5280 (4.2) forbids.
    """
    found, problems = split_extensions(der)
    times = Counter(item.oid for item in found)
    fields: dict[str, Any] = {}
    for item in found:
        if item.oid not in _READERS or times[item.oid] > 1:
            continue
        try:
            fields.update(_READERS[item.oid](item.value))
        except Exception:  # asn1crypto declares no errors of its own
            problems.append(f"extension {item.oid}")
    twice = sorted(oid for oid, count in times.items() if count > 1)
    return fields, (*problems, *(f"extension {oid}" for oid in twice))


def split_extensions(der: bytes) -> tuple[list[Extension], list[str]]:
    """The extensions as they stand, and the problem "extensions" when that is not all."""
    found: list[Extension] = []
    whole = is_whole(der, SEQUENCE)
    for item in elements(content(der)):
        try:
            found.append(_extension(item))
        except Exception:  # asn1crypto declares no errors of its own
            whole = False
    return found, [] if whole else ["extensions"]


def _extension(der: bytes) -> Extension:
    parts = elements(content(der))
    tags = tuple(part[0] for part in parts)
    known = tags in (_PARTS, _MARKED_PARTS) and is_whole(der, SEQUENCE)
    if not (known and all(map(is_whole, parts))):
        raise ValueError("not an extension")
    critical = tags == _MARKED_PARTS and core.Boolean.load(parts[1], strict=True).native
    return Extension(dotted(parts[0]), bool(critical), content(parts[-1]))


def _basic_constraints(value: bytes) -> Mapping[str, Any]:
    return {"is_ca": bool(x509.BasicConstraints.load(value, strict=True)["ca"].native)}


def _key_usage(value: bytes) -> Mapping[str, Any]:
    if len(value) > 16:  # noqa: PLR2004 - nine bits are defined
        raise ValueError("key usage too long")
    bits = core.BitString.load(value, strict=True).native
    return {"key_usage": tuple(name for name, bit in zip(_KEY_USAGES, bits, strict=False) if bit)}


def _extended_key_usage(value: bytes) -> Mapping[str, Any]:
    usages = x509.ExtKeyUsageSyntax.load(value, strict=True)
    return {"extended_key_usage": tuple(dotted(usage.dump()) for usage in usages)}


def _key_period(value: bytes) -> Mapping[str, Any]:
    period = x509.PrivateKeyUsagePeriod.load(value, strict=True)
    return {"key_period": (_date(period["not_before"]), _date(period["not_after"]))}


def _date(time: Any) -> datetime | None:
    return moment(time.native) if present(time) else None


def _policies(value: bytes) -> Mapping[str, Any]:
    policies = x509.CertificatePolicies.load(value, strict=True)
    return {"policies": tuple(dotted(policy["policy_identifier"].dump()) for policy in policies)}


def _alternative_names(value: bytes) -> Mapping[str, Any]:
    upn, dns_names = None, []
    for name in x509.GeneralNames.load(value, strict=True):
        if name.name == "dns_name":
            dns_names.append(_ascii(name.chosen))
        elif name.name == "other_name" and dotted(name.chosen["type_id"].dump()) == UPN:
            upn = upn or shown(name.chosen["value"].native)
    return {"upn": upn, "dns_names": tuple(dns_names)}


def _crl_points(value: bytes) -> Mapping[str, Any]:
    urls: list[str] = []
    for point in x509.CRLDistributionPoints.load(value, strict=True):
        where = point["distribution_point"]
        if isinstance(where, x509.DistributionPointName) and where.name == "full_name":
            urls += _urls(where.chosen)
    return {"crl_urls": tuple(urls)}


def _authority_access(value: bytes) -> Mapping[str, Any]:
    found: dict[str, list[str]] = {_CA_ISSUERS: [], _OCSP: []}
    for access in x509.AuthorityInfoAccessSyntax.load(value, strict=True):
        method = dotted(access["access_method"].dump())
        if method in found:
            found[method] += _urls([access["access_location"]])
    return {"issuer_urls": tuple(found[_CA_ISSUERS]), "ocsp_urls": tuple(found[_OCSP])}


def _urls(names: Iterable[Any]) -> list[str]:
    return [_ascii(n.chosen) for n in names if n.name == "uniform_resource_identifier"]


def _ascii(value: Any) -> str:
    # as it stands: asn1crypto's own reading rewrites URLs, and refuses those with blanks
    return shown(value.contents.decode("latin-1"))


def _subject_key(value: bytes) -> Mapping[str, Any]:
    return {"subject_key_id": core.OctetString.load(value, strict=True).native.hex()}


def _authority_key(value: bytes) -> Mapping[str, Any]:
    key = x509.AuthorityKeyIdentifier.load(value, strict=True)["key_identifier"].native
    return {"authority_key_id": key.hex() if key is not None else None}


def _category(value: bytes) -> Mapping[str, Any]:
    octets = core.OctetString.load(value, strict=True).native
    if len(octets) != 1:
        raise ValueError("category is not one byte")
    return {"category": octets[0]}


def _card_number(value: bytes) -> Mapping[str, Any]:
    number = core.PrintableString.load(value, strict=True).contents.decode("ascii")
    if not number or len(number) > _MAX_CARD_NUMBER or not number.isprintable():
        raise ValueError("not a card number")
    return {"card_number": number}


def _specialities(value: bytes) -> Mapping[str, Any]:
    return {"specialities": tuple(shown(t.native) for t in _Texts.load(value, strict=True))}


def _code(field: str) -> Callable[[bytes], Mapping[str, Any]]:
    def read(value: bytes) -> Mapping[str, Any]:
        integer = core.Integer.load(value, strict=True)
        if not integer.contents or not 0 <= integer.native <= _MAX_CODE:
            raise ValueError("not a code")
        return {field: integer.native}

    return read


_READERS: Mapping[str, Callable[[bytes], Mapping[str, Any]]] = {
    "2.5.29.14": _subject_key,
    "2.5.29.15": _key_usage,
    "2.5.29.16": _key_period,
    "2.5.29.17": _alternative_names,
    "2.5.29.19": _basic_constraints,
    "2.5.29.31": _crl_points,
    "2.5.29.35": _authority_key,
    "2.5.29.37": _extended_key_usage,
    "1.3.6.1.5.5.7.1.1": _authority_access,
    POLICIES: _policies,
    CATEGORY: _category,
    CARD_TYPE: _code("card_type"),
    CARD_NUMBER: _card_number,
    PROFESSION: _code("profession"),
    FUTURE_PROFESSION: _code("future_profession"),
    SPECIALITIES: _specialities,
}
