"""The data objects agree with the profile; the project's own reader reads them back."""

from __future__ import annotations

from datetime import UTC, datetime

from cpx_tool.catalogue.sets import find_set
from cpx_tool.emulate.objects import data_objects
from cpx_tool.emulate.profile import Profile
from cpx_tool.model.token import DataObject
from cpx_tool.pki.card_objects import read_id_card, read_info_ps, read_name_ps
from cpx_tool.pki.tlv import first_value, read_tlvs
from support.emulation import planned

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
FREE = ["CPS_DATA", "CPS_ID_CARD", "CPS_NAME_PS", "CPS_LANG_PS", "CPS_INFO_PS"]


def cards(*defects: str, name: str = "centre-sante") -> tuple[Profile, ...]:
    return planned(find_set(name), *defects, now=NOW)


def objects(card: Profile) -> dict[str, DataObject]:
    return {item.label: item for item in data_objects(card)}


def test_which_objects_are_free_and_which_need_the_pin() -> None:
    doctor, dentist = cards()[1:3]
    for card, situations in ((doctor, 2), (dentist, 1)):
        items = data_objects(card)
        assert [i.label for i in items if not i.private] == FREE
        expected = [f"CPS_ACTIVITY_{n:02d}_PS" for n in range(1, situations + 1)]
        assert [i.label for i in items if i.private] == expected


def test_only_a_cps3_shows_the_billing_situation() -> None:
    with_it = [card.role for card in cards("pkcs1-only=6") if "CPS_SIT_FACT" in objects(card)]
    assert with_it == ["infirmier"]


def test_the_card_says_the_same_as_its_certificates() -> None:
    for card in (*cards(), *cards(name="centre-hospitalier")):
        read = read_id_card(objects(card)["CPS_ID_CARD"].value)
        assert read is not None
        assert (read.card_number, read.category) == (card.card_number, card.category)
        assert (read.issued, read.expires) == ("2026-03-03", "2029-03")
        info = read_info_ps(objects(card)["CPS_INFO_PS"].value)
        assert info is not None
        assert (info.card_type, info.holder_id) == (card.card_type, card.common_name)
        assert info.profession == card.profession
        name = read_name_ps(objects(card)["CPS_NAME_PS"].value)
        assert name is not None
        assert name.surname == (card.surname or card.pseudonym)
        assert name.given_names == ((card.given_name,) if card.given_name else ())


def test_the_object_says_production_where_the_certificates_do() -> None:
    card = cards("production")[1]
    read = read_id_card(objects(card)["CPS_ID_CARD"].value)
    assert read is not None
    assert read.category == 0x00


def test_the_speciality_ends_the_professional_data() -> None:
    assert objects(cards()[1])["CPS_INFO_PS"].value.endswith(b"\x85\x04SM26")


def test_a_situation_names_structure_and_sector() -> None:
    value = objects(cards()[2])["CPS_ACTIVITY_01_PS"].value
    fields = first_value(value, 0xEE)
    assert fields is not None
    assert first_value(fields, 0x85) == cards()[0].structure.encode()
    assert first_value(fields, 0x86) == b"SA05"


def test_every_object_but_the_free_data_is_one_whole_tlv() -> None:
    for card in cards("pkcs1-only=all"):
        for item in data_objects(card):
            if item.label == "CPS_DATA":
                assert item.value == bytes(128)
                continue
            (tlv,) = read_tlvs(item.value)
            assert len(item.value) - len(tlv.value) in (2, 3)
