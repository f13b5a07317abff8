"""The ANS's code tables: their labels, their origin, and each code against the ANS's own file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from cpx_tool.catalogue.nomenclature import TABLES, label, nomenclature


@pytest.mark.parametrize(
    ("table", "code", "french"),
    [
        ("TRE_G01", "80", "Carte de PS ou de Personnel de Santé de TEST"),
        ("TRE_G02", "02", "Carte de Personnel d'Etablissement (CDE/CPE)"),
        ("TRE_G03", "22", "Madame"),
        ("TRE_G07", "1", "FINESS"),
        ("TRE_G08", "8", "N° RPPS"),
        ("TRE_G15", "10", "Médecin"),
        ("TRE_G15", "93", "Psychologue"),
        ("TRE_G15", "98", "Manipulateur ERM"),
        ("TRE_G16", "50", "Sage-Femme en formation"),
        ("TRE_G17", "01", "Salarié"),
        ("TRE_R01", "SM26", "Qualifié en Médecine Générale (SM)"),
        ("TRE_R02", "SA05", "Centre de santé"),
    ],
)
def test_labels_are_those_of_the_ans(table: str, code: str, french: str) -> None:
    assert label(table, code) == french


@pytest.mark.parametrize("table", TABLES)
def test_each_table_says_where_it_comes_from(table: str) -> None:
    found = nomenclature(table)

    assert found.table == table
    assert found.oid.startswith("1.2.250.1.71.")
    assert found.title
    assert found.source
    assert found.version
    assert all(text.strip() == text != "" for text in found.labels.values())
    assert label(table, "no such code") is None


def test_the_sizes_of_the_tables() -> None:
    sizes = {table: len(nomenclature(table).labels) for table in TABLES}

    assert sizes == {
        "TRE_G01": 6,
        "TRE_G02": 4,
        "TRE_G03": 3,
        "TRE_G07": 6,
        "TRE_G08": 10,
        "TRE_G15": 30,
        "TRE_G16": 4,
        "TRE_G17": 4,
        "TRE_R01": 244,
        "TRE_R02": 63,
    }


DICO = Path(__file__).parents[2] / ".." / "shared" / "field" / "DICO-FR.utf8.txt"
"""The tables of the Cryptolib CPS in UTF-8, beside the checkout where they are at hand."""

NEWER: Mapping[str, Mapping[str, str]] = {
    "TRE_G07": {"5": "FINESS EJ"},
    "TRE_G15": {"86": "Technicien de laboratoire médical", "93": "Psychologue"},
}
"""What the ANS's terminologies (NOS), which are newer, have otherwise or more."""


@pytest.fixture(scope="module")
def dico() -> Mapping[str, Mapping[str, str]]:
    """Table → code → label: tab-separated table, code, three fields, label."""
    if not DICO.exists():
        pytest.skip("the code tables of the Cryptolib CPS are not beside this checkout")
    tables: dict[str, dict[str, str]] = {}
    for line in DICO.read_text(encoding="utf-8").splitlines():
        table, code, *_, text = line.split("\t")
        tables.setdefault(f"TRE_{table}", {})[code] = text
    return tables


@pytest.mark.parametrize("table", TABLES)
def test_each_code_is_as_in_the_tables_of_the_cryptolib(
    dico: Mapping[str, Mapping[str, str]], table: str
) -> None:
    assert dict(nomenclature(table).labels) == {**dico[table], **NEWER.get(table, {})}
    assert set(NEWER) <= set(TABLES)


def test_an_unknown_table_is_an_error_of_the_caller() -> None:
    with pytest.raises(KeyError):
        label("../sets/centre-sante", "10")
