"""The software certificates of an emulation: a pair that INSi would ask for, of nobody."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cpx_tool.catalogue.nomenclature import label
from cpx_tool.catalogue.sets import find_set
from cpx_tool.emulate.organisation import Organisation, organisation_certificate, organisations
from cpx_tool.model.certificate import Certificate
from cpx_tool.model.identity import Category, Pki, ProductKind
from cpx_tool.model.software import Usage
from cpx_tool.pki.certificate import read_certificate
from cpx_tool.pki.identity import identify
from cpx_tool.pki.organisation import structure_flaw, usage_in_name, usage_of
from support.emulation import CACHE, planned
from support.pki import rsa_key

NOW = datetime(2026, 1, 15, 9, 30, 5, tzinfo=UTC)


def pair(set_name: str = "centre-sante") -> tuple[Organisation, ...]:
    return organisations(find_set(set_name), NOW)


def made(organisation: Organisation) -> Certificate:
    public = rsa_key(2048).public_key()
    der = organisation_certificate(organisation, public, CACHE.authorities().keys)
    return read_certificate(der)


def test_one_of_each_name() -> None:
    assert [o.common_name for o in pair()] == ["INSI-AUTO", "INSI-MANU"]
    assert [made(o).subject_value("CN") for o in pair()] == ["INSI-AUTO", "INSI-MANU"]


def test_who_they_are() -> None:
    for organisation in pair():
        certificate = made(organisation)
        identity = identify(certificate, label)
        assert (identity.kind, identity.category, identity.pki) == (
            ProductKind.ORGANISATION,
            Category.TEST_SOFTWARE,
            Pki.EMULATED,
        )
        assert usage_of(certificate) is Usage.AUTH_CLI
        assert certificate.problems == ()


def test_they_are_of_the_structure_of_the_set_s_staff() -> None:
    staff = next(p for p in planned(find_set("centre-sante")) if p.structure is not None)
    for organisation in pair():
        structure = identify(made(organisation), label).holder.structure
        assert structure is not None
        assert (structure.value, structure.kind) == (staff.structure, "FINESS")
        assert structure_flaw(structure.value) is None
        assert made(organisation).subject_value("O") == staff.organisation
    assert pair("centre-hospitalier")[0].structure.identifier != staff.structure


def test_three_years_and_one_minute_apart() -> None:
    auto, manu = map(made, pair())
    assert auto.not_after == auto.not_before.replace(year=auto.not_before.year + 3)
    assert manu.not_before - auto.not_before == timedelta(minutes=1)
    assert auto.not_before < NOW < auto.not_after


def test_the_files_are_named_as_the_portal_names_them() -> None:
    auto, manu = (o.file for o in pair())
    assert auto == "asip-p12-EL-TEST-ORG-AUTH_CLI-20260114-093005.p12"
    assert auto != manu
    assert usage_in_name(auto) is usage_in_name(manu) is Usage.AUTH_CLI


def test_serial_numbers_have_sixteen_bytes_and_are_not_the_same() -> None:
    auto, manu = map(made, pair())
    assert auto.serial != manu.serial
    heads = {f"{c.serial:032x}"[:16] for c in (auto, manu)}
    assert len(heads) == 1
