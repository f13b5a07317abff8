"""The ANS's code tables (TRE_*), each with its OID, source and version."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType

TABLES = (
    "TRE_G01",
    "TRE_G02",
    "TRE_G03",
    "TRE_G07",
    "TRE_G08",
    "TRE_G15",
    "TRE_G16",
    "TRE_G17",
    "TRE_R01",
    "TRE_R02",
)


@dataclass(frozen=True, slots=True)
class Nomenclature:
    """One code table. `labels` maps a code, as the ANS writes it ("02", "SM26"), to French."""

    table: str
    title: str
    oid: str
    source: str
    version: str
    labels: Mapping[str, str]


@cache
def nomenclature(table: str) -> Nomenclature:
    """The table of that name, one of `TABLES`; another name is a `KeyError`."""
    if table not in TABLES:
        raise KeyError(table)
    file = resources.files(__package__) / "nomenclatures" / f"{table}.toml"
    data = tomllib.loads(file.read_text(encoding="utf-8"))
    labels = MappingProxyType(data.pop("codes"))
    return Nomenclature(**data, labels=labels)


def label(table: str, code: str) -> str | None:
    """The French label of a code, or None when the table does not hold it."""
    return nomenclature(table).labels.get(code)
