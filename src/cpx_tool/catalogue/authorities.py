"""The CAs of the IGC-Santé: names, fingerprints, addresses. No certificate is shipped."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from cpx_tool.catalogue.shipped import refuse_keys
from cpx_tool.model.certificate import Name
from cpx_tool.model.identity import Pki
from cpx_tool.model.trust import Authority

_CODE = re.compile(r"AC[RI]-(EL|ST|FO)(-(PP|ORG))?(-TEST)?")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_KEY_ID = re.compile(r"[0-9a-f]{40}")
_URL = re.compile(r"http://[a-z0-9.-]+/[A-Za-z0-9._%/-]+")
_RDN = re.compile(r"(C|O|OU|CN)=(.+)")


@dataclass(frozen=True, slots=True)
class Bundle:
    """All CAs of a PKI in one PKCS#7 file, and where the PKI publishes it."""

    pki: Pki
    url: str


@cache
def authorities() -> tuple[Authority, ...]:
    """The CAs, those of the test PKI first."""
    return read_authorities(_text())


@cache
def bundles() -> tuple[Bundle, ...]:
    """The bundles, that of the test PKI first."""
    return read_bundles(_text())


def read_authorities(text: str) -> tuple[Authority, ...]:
    """The authorities of a TOML text. Raises `ValueError` for anything that is not as described
    at its head: a wrong fingerprint must not go unnoticed.
    """
    data = _parse(text)
    found = tuple(map(_authority, data["authority"]))
    _refuse_twice("code", [a.code for a in found])
    _refuse_twice("sha256", [a.sha256 for a in found if a.sha256])
    _refuse_twice("name", [a.name for a in found])
    by_code = {a.code: a for a in found}
    for authority in found:
        parent = by_code.get(authority.parent or authority.code)
        if parent is None or parent.pki is not authority.pki:
            raise ValueError(f"{authority.code}: the parent is not of this PKI")
    return found


def read_bundles(text: str) -> tuple[Bundle, ...]:
    """The bundles of a TOML text. Raises `ValueError` as `read_authorities` does."""
    bundles = _parse(text)["bundle"]
    for bundle in bundles:
        refuse_keys(bundle, {"pki", "url"}, set())
    return tuple(Bundle(Pki(str(b["pki"])), _matching(_URL, b["url"])) for b in bundles)


def _text() -> str:
    file = resources.files(__package__) / "authorities.toml"
    return file.read_text(encoding="utf-8")


def _parse(text: str) -> dict[str, list[dict[str, object]]]:
    data = tomllib.loads(text)
    refuse_keys(data, {"authority", "bundle"}, set())
    return data


def _authority(entry: Mapping[str, object]) -> Authority:
    refuse_keys(entry, {"code", "pki", "name", "url"}, {"parent", "sha256", "key_id"})
    code = _matching(_CODE, entry["code"])
    parent = _optional(_CODE, entry, "parent")
    if (parent is None) is not code.startswith("ACR-"):
        raise ValueError(f"{code}: a root has no parent, an intermediate has one")
    return Authority(
        code=code,
        pki=Pki(str(entry["pki"])),
        name=_name(entry["name"]),
        parent=parent,
        url=_matching(_URL, entry["url"]),
        sha256=_optional(_SHA256, entry, "sha256"),
        key_id=_optional(_KEY_ID, entry, "key_id"),
    )


def _name(value: object) -> Name:
    if not isinstance(value, list):
        raise ValueError(f"a name is a list of texts, not {value!r}")  # noqa: TRY004 - one error
    name: list[tuple[tuple[str, str], ...]] = []
    for item in value:
        kind, _, text = _matching(_RDN, item).partition("=")
        name.append(((kind, text),))
    return tuple(name)


def _optional(pattern: re.Pattern[str], entry: Mapping[str, object], key: str) -> str | None:
    return _matching(pattern, entry[key]) if key in entry else None


def _matching(pattern: re.Pattern[str], value: object) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise ValueError(f"{value!r} is not of the form {pattern.pattern}")
    return value


def _refuse_twice(key: str, values: list[object] | list[str] | list[Name]) -> None:
    if len(set(values)) != len(values):
        raise ValueError(f"{key}: a value stands twice")
