"""The families of modules: read strictly, recognised, and nothing claimed that is not known."""

from __future__ import annotations

from dataclasses import replace
from importlib import resources

import pytest

from cpx_tool.catalogue.middleware import (
    Applies,
    is_below,
    known,
    middleware,
    product_of,
    quirks_of,
    read_middleware,
    recognise,
    slots_tell,
)
from cpx_tool.catalogue.middleware_words import AT_ONCE, QUIRKS
from cpx_tool.i18n import say
from cpx_tool.model.middleware import AtOnce, Family, InstalledModule, System
from cpx_tool.model.token import ModuleInfo

TEXT = (resources.files("cpx_tool.catalogue") / "middleware.toml").read_text(encoding="utf-8")
LINUX, MACOS, WINDOWS = System.LINUX, System.MACOS, System.WINDOWS


def info(manufacturer: str, description: str, version: str = "3.1") -> ModuleInfo:
    return ModuleInfo("/x.so", manufacturer, description, version)


def module(family: Family, version: str | None, **changes: object) -> InstalledModule:
    told = info("?", "?", version) if version is not None else None
    return replace(InstalledModule("/x.so", (), family, info=told), **changes)  # type: ignore[arg-type]


def test_the_order_in_which_one_is_taken() -> None:
    assert [f.id for f in middleware().families if f.automatic] == [
        Family.CRYPTOLIB,
        Family.OPENSC,
        Family.P11_KIT,
    ]


@pytest.mark.parametrize(
    ("family", "at_once"),
    [
        (Family.CRYPTOLIB, AtOnce.NOT_KNOWN),
        (Family.OPENSC, AtOnce.NOT_KNOWN),
        (Family.SOFTHSM, AtOnce.NO),
    ],
)
def test_several_at_once(family: Family, at_once: AtOnce) -> None:
    assert known(family).at_once is at_once
    assert known(family).why is AT_ONCE[family]


@pytest.mark.parametrize(
    ("path", "shown", "family"),
    [
        ("/x/libcps3_pkcs11_lux.so", None, Family.CRYPTOLIB),
        ("/x/libcps3_pkcs11_lux.so.3.1.0", None, Family.CRYPTOLIB),
        (r"C:\Windows\System32\CPS3_PKCS11_W64.DLL", None, Family.CRYPTOLIB),
        (r"C:\Windows\SysWOW64\cps_pkcs11_pcsc_w32.dll", None, Family.CPS2TER),
        ("/usr/lib/opensc-pkcs11.so", None, Family.OPENSC),
        ("/usr/lib/p11-kit-proxy.so", None, Family.P11_KIT),
        ("/usr/lib/libsofthsm2.so", None, Family.SOFTHSM),
        ("/usr/lib/other.so", None, None),
        ("/x/renamed.so", info("ANS", "CPS3 PKCS#11 LINUX"), Family.CRYPTOLIB),
        ("/x/renamed.so", info("ASIP Sante", "CPS3 PKCS#11 WIN 64"), Family.CRYPTOLIB),
        ("/x/renamed.so", info("OpenSC Project", "OpenSC smartcard framework"), Family.OPENSC),
        ("/x/renamed.so", info("PKCS#11 Kit", "PKCS#11 Kit Proxy Module"), Family.P11_KIT),
        ("/x/renamed.so", info("SoftHSM", "Implementation of PKCS11"), Family.SOFTHSM),
        ("/x/renamed.so", info("", ""), None),
        ("/x/opensc-pkcs11.so", info("SoftHSM", "?"), Family.SOFTHSM),
        ("/x/libcps3_pkcs11_lux.so", info("?", "?"), Family.CRYPTOLIB),
    ],
)
def test_whose_module_it_is(path: str, shown: ModuleInfo | None, family: Family | None) -> None:
    assert recognise(path, shown) is family


@pytest.mark.parametrize(
    ("system", "version", "words"),
    [
        (LINUX, "3.1", "product 5.2.2, or another product with the same module"),
        (LINUX, "3.2", "a newer module than that of product 5.2.2"),
        (LINUX, "3.0", None),
        (MACOS, "3.1", "product 5.2.1, or another product with the same module"),
        (WINDOWS, "3.4", "product 5.2.2, or another product with the same module"),
        (WINDOWS, "3.1", None),
        (LINUX, None, None),
    ],
)
def test_the_product_behind_a_module(
    system: System, version: str | None, words: str | None
) -> None:
    product = product_of(module(Family.CRYPTOLIB, version), system)
    assert (say(product.words) if product else None) == words


def test_what_the_installer_wrote_down_is_the_product() -> None:
    installed = module(Family.CRYPTOLIB, "3.4", product="5.1.3")
    product = product_of(installed, WINDOWS)
    assert product is not None
    assert say(product.words) == "product 5.1.3"


def quirks(found: InstalledModule, system: System = LINUX) -> dict[str, Applies]:
    return {quirk.id: applies for quirk, applies in quirks_of(found, system)}


@pytest.mark.parametrize("version", ["3.1", "3.2"])
def test_of_a_module_that_several_products_may_have_only_what_holds_for_each(version: str) -> None:
    """Of 5.2 or newer, but perhaps before 5.2.1."""
    found = quirks(module(Family.CRYPTOLIB, version))
    assert found == {"CRYPTOLIB-CPS4-RESUME": Applies.NOT_KNOWN}


def test_a_cryptolib_of_today_has_no_quirk() -> None:
    assert quirks(module(Family.CRYPTOLIB, "3.4", product="5.2.2"), WINDOWS) == {}


def test_of_a_cryptolib_whose_product_is_not_known_nothing_is_claimed() -> None:
    found = quirks(module(Family.CRYPTOLIB, "3.0"))
    assert set(found.values()) == {Applies.NOT_KNOWN}
    assert "CRYPTOLIB-NO-CPS4" in found


def test_a_cryptolib_before_5_2_reads_no_cps4() -> None:
    found = quirks(module(Family.CRYPTOLIB, "3.3", product="5.1.3"), WINDOWS)
    assert found == {
        "CRYPTOLIB-NO-CPS4": Applies.YES,
        "CRYPTOLIB-CPS4-RESUME": Applies.YES,
    }


def test_a_product_that_is_no_version_claims_nothing() -> None:
    found = quirks(module(Family.CRYPTOLIB, "3.3", product="next"), WINDOWS)
    assert set(found.values()) == {Applies.NOT_KNOWN}


def test_opensc() -> None:
    old = quirks(module(Family.OPENSC, "0.21", needs=("libcrypto.so.1.1",)))
    assert old["OPENSC-NO-CPX"] is Applies.YES
    assert old["OPENSC-NO-SIGNATURE-KEY"] is Applies.NOT_KNOWN
    new = quirks(module(Family.OPENSC, "0.23", needs=("libcrypto.so.3",)))
    assert "OPENSC-NO-CPX" not in new
    assert new["OPENSC-NO-SIGNATURE-KEY"] is Applies.YES
    assert "OPENSC-FOUR-READERS" not in new
    assert quirks(module(Family.OPENSC, None))["OPENSC-NO-CPX"] is Applies.NOT_KNOWN


@pytest.mark.parametrize(
    ("readers", "slots", "claimed"),
    [(5, 4, True), (6, 4, True), (5, 5, False), (5, None, False), (4, 3, False), (0, 4, False)],
)
def test_opensc_hides_readers_where_there_are_more_than_slots(
    readers: int, slots: int | None, claimed: bool
) -> None:
    shown = module(Family.OPENSC, "0.23", slots=slots)
    found = {quirk.id for quirk, _ in quirks_of(shown, LINUX, readers)}
    assert ("OPENSC-FOUR-READERS" in found) is claimed


def test_slots_are_counted_only_where_they_tell_something() -> None:
    opensc = info("OpenSC Project", "OpenSC smartcard framework", "0.23")
    assert (slots_tell(opensc, 5), slots_tell(opensc, 4)) == (True, False)
    assert not slots_tell(info("ANS", "CPS3 PKCS#11 LINUX"), 9)
    assert not slots_tell(info("?", "?"), 9)


@pytest.mark.parametrize(
    ("version", "limit", "below"),
    [
        ("5.1.9", "5.2", True),
        ("5.2", "5.2", False),
        ("5.2.0", "5.2", False),
        ("5.10", "5.2", False),
        ("5", "5.2", True),
        ("6", "5.2", False),
    ],
)
def test_versions(version: str, limit: str, below: bool) -> None:
    assert is_below(version, limit) is below


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('name = "OpenSC"', 'nam = "OpenSC"'),
        ('id = "opensc"', 'id = "open"'),
        ('at_once = "no"', 'at_once = "never"'),
        ("automatic = true", 'automatic = "yes"'),
        ('wanted = "5.2"', 'wanted = "new"'),
        ('below_module = "0.22"', "below_module = 0.22"),
        ('id = "P11-KIT-OTHERS"', 'id = "P11-KIT"'),
        ('files = ["opensc-pkcs11.*"', 'files = [7, "opensc-pkcs11.*"'),
        ("product = 'HKLM", "produkt = 'HKLM"),
        ('concerns = ["cps4"]', 'concerns = ["cps5"]'),
        ('system = "macos"', 'system = "beos"'),
    ],
)
def test_a_slip_in_the_data_is_an_error(old: str, new: str) -> None:
    assert old in TEXT
    with pytest.raises((ValueError, KeyError)):
        read_middleware(TEXT.replace(old, new), AT_ONCE, QUIRKS)


def test_sentences_of_no_quirk_are_an_error() -> None:
    with pytest.raises(ValueError, match="differ"):
        read_middleware(TEXT, AT_ONCE, {**QUIRKS, "MORE": QUIRKS["P11-KIT-OTHERS"]})
