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
        "TRE_R01": 244,
        "TRE_R02": 63,
    }


def test_an_unknown_table_is_an_error_of_the_caller() -> None:
    with pytest.raises(KeyError):
        label("../sets/centre-sante", "10")
