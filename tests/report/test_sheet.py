"""The sheet of a card: complete, calm at any width, and honest about what it does not know."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from rich.cells import cell_len

from cpx_tool.catalogue.nomenclature import label
from cpx_tool.i18n import say
from cpx_tool.judge.judge import NO_MORE
from cpx_tool.judge.sheet import make_sheets
from cpx_tool.model.dossier import State
from cpx_tool.model.fault import Fault, FaultKind
from cpx_tool.model.identity import ProductKind
from cpx_tool.model.message import Message
from cpx_tool.model.observation import (
    CardObservation,
    Observation,
    PinRecord,
    PinRefusal,
    PinResult,
)
from cpx_tool.model.sheet import Sheets
from cpx_tool.model.token import DataObject, TokenFlag
from cpx_tool.pki.certificate import read_certificate
from cpx_tool.pki.dossier import make_dossier
from cpx_tool.report import dossier as dossier_report
from cpx_tool.report import sheet as report
from cpx_tool.report.canvas import Paper
from support.build import (
    FLAGS,
    PEOPLE,
    card,
    id_card,
    info_ps,
    no_login,
    with_card,
)
from support.certificates import Person

Say = Callable[[Message], str]
Change = Callable[[CardObservation], CardObservation]
DOCTOR, STAFF = "medecin-generaliste", "cpe-employe"
NUMBER = PEOPLE[DOCTOR].card_number


def sheets_of(seen: Observation, role: str = DOCTOR, change: Change | None = None) -> Sheets:
    """That role's card, changed."""
    if change is not None:
        seen = with_card(seen, role, change)
    cards = make_sheets(seen, NO_MORE).cards
    return Sheets(seen, (cards[list(PEOPLE).index(role)],))


def lines(sheets: Sheets, *, sources: bool = False, width: int = 400) -> list[str]:
    """Each line of the sheet, blanks put together."""
    text = report.render(sheets, say, Paper(width), sources=sources)
    return [" ".join(line.split()) for line in text.splitlines()]


def after(found: list[str], head: str) -> str:
    """What stands behind the first line of that head."""
    return next(line for line in found if line.startswith(f"{head} ")).removeprefix(f"{head} ")


def of_person(key: rsa.RSAPrivateKey, **changes: Any) -> Change:
    person: Person = replace(PEOPLE[DOCTOR], **changes)
    return lambda old: card(key, person, old.slot.id)


def date(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def data(*items: DataObject) -> Change:
    return lambda old: replace(old, data=items)


# --- a good card ------------------------------------------------------------------------------


def test_a_card_in_full(good: Observation) -> None:
    found = lines(sheets_of(good))
    for line in (
        f"Card {NUMBER}",
        "Name ADÈLE DOC0007512",
        "Nominative yes",
        "Identifier 899700075122 (RPPS, key valid)",
        "Profession Médecin (10)",
        "Specialities Qualifié en Médecine Générale (SM) (SM26)",
        "Card type Carte de Professionnel de Santé (CPS) (00)",
        "Category TEST card (80)",
        "PKI IGC-Santé TEST",
        "Issuer number 8025000001",
        "Valid until 2027-01-01",
        "Issued 2024-01-15 [CPS_ID_CARD]",
        "Certificat d'Authentification CPS",
        "Key usage digitalSignature",
        "Certificat de Signature CPS",
        "Key usage nonRepudiation",
        "Valid from 2024-01-01 to 2027-01-01",
        "Kind, by its ATR CPS4",
        f"Label CPS4v1-{NUMBER}",
        "Model ANS ChipDoc",
        f"Serial {NUMBER[:8]}",
        "State initialised, login required, PIN set",
        "Signs with PKCS#1 v1.5 and RSA-PSS: good for TLS 1.2 and 1.3",
        "PIN code accepted when the card was observed",
    ):
        assert line in found
    assert after(found, "Test card").startswith("proven. Every certificate")
    assert after(found, "Chain").startswith("verified. ")
    assert after(found, "Revocation").startswith("Not revoked")
    number = "Card number: 3100000012, Category: TEST card (80)"
    assert number in after(found, "CPS_ID_CARD")
    assert after(found, "CPS_ACTIVITY_01_PS").endswith(
        "read with the PIN; Mode of practice: Salarié (01)"
    )
    for absent in ("Organisation", "Structure", "Future profession", "Ordered as", "Pseudonym"):
        assert not [line for line in found if line.startswith(absent)]
    assert not [line for line in found if line.startswith("←")]


def test_where_each_value_was_read(good: Observation) -> None:
    found = lines(sheets_of(good), sources=True)
    at = found.index(f"Card number {NUMBER}")
    assert found[at + 1 : at + 4] == [
        "← extension 1.2.250.1.71.1.2.3, in each certificate",
        "← CPS_ID_CARD, tag E3 81",
        f"← CPS4v1-{NUMBER}, label of the token",
    ]
    at = found.index("Specialities Qualifié en Médecine Générale (SM) (SM26)")
    assert found[at + 2] == "← CPS_INFO_PS, tag ED 85: not present"


def test_a_card_of_staff_says_what_is_not_known(good: Observation) -> None:
    found = lines(sheets_of(good, STAFF))
    assert after(found, "Ordered as") == (
        "CDE or CPE, not known which: no published rule tells them apart"
    )
    assert after(found, "Structure") == "10B0127189 (FINESS)"
    assert not [line for line in found if line.startswith("Profession")]


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("sources", [False, True])
def test_no_line_is_wider_than_the_paper(
    good: Observation, wordy: Say, width: int, sources: bool
) -> None:
    for speak in (say, wordy):
        text = report.render(make_sheets(good, NO_MORE), speak, Paper(width), sources=sources)
        assert [line for line in text.splitlines() if cell_len(line) > width] == []
        for person in PEOPLE.values():
            assert f" {person.card_number}\n" in text


# --- what is not as it should be --------------------------------------------------------------


def test_absent_unreadable_unknown_and_contradictory(
    key: rsa.RSAPrivateKey, good: Observation
) -> None:
    nothing = data()
    absent = lines(
        sheets_of(good, change=lambda old: nothing(of_person(key, profession=None)(old)))
    )
    assert after(absent, "Profession") == "not present"
    assert not [line for line in absent if line.startswith(("Issued", "Future"))]
    unknown = lines(sheets_of(good, change=of_person(key, profession=99, category=0x42)))
    assert after(unknown, "Profession") == "unknown code 99"
    assert after(unknown, "Category") == "unknown code 42"
    assert after(unknown, "Test card").startswith("NOT PROVEN. ")

    def mix(old: CardObservation) -> CardObservation:
        other = of_person(key, profession=60)(old).certificates[1]
        return replace(old, certificates=(old.certificates[0], other))

    assert after(lines(sheets_of(good, change=mix)), "Profession") == (
        "contradictory: Médecin (10) (Certificat d'Authentification CPS, extension "
        "1.2.250.1.71.1.2.7), Infirmier (60) (Certificat de Signature CPS, extension "
        "1.2.250.1.71.1.2.7), Médecin (10) (CPS_INFO_PS, tag ED 82)"
    )

    def spoil(old: CardObservation) -> CardObservation:
        broken = tuple(replace(c, der=b"hello") for c in old.certificates)
        return replace(old, certificates=broken, data=())

    broken = lines(sheets_of(good, change=spoil))
    assert after(broken, "Name") == after(broken, "Category") == "unreadable"
    assert after(broken, "Certificate") == "This is not a certificate, or it is damaged."
    assert after(broken, "Card number") == f"{NUMBER} [CPS4v1-{NUMBER}]"


def test_what_only_the_data_objects_say_is_marked(good: Observation) -> None:
    def blind(old: CardObservation) -> CardObservation:
        return replace(old, certificates=tuple(replace(c, der=b"") for c in old.certificates))

    found = lines(sheets_of(good, change=blind))
    assert after(found, "Name") == "ADÈLE DOC0007512 [CPS_NAME_PS]"
    assert after(found, "Profession") == "Médecin (10) [CPS_INFO_PS]"


def test_a_speciality_that_only_a_data_object_holds(
    key: rsa.RSAPrivateKey, good: Observation
) -> None:
    bare, own = of_person(key, speciality=None), data(info_ps((0x85, b"SM26")))
    found = lines(sheets_of(good, change=lambda old: own(bare(old))), sources=True)
    assert after(found, "Specialities") == "not known: CPS_INFO_PS holds 534D3236 “SM26”"
    assert "← CPS_INFO_PS, tag ED 85: not known (534D3236 “SM26”)" in found


def test_an_anonymous_card(key: rsa.RSAPrivateKey, good: Observation) -> None:
    nobody = of_person(
        key,
        card_type=2,
        given_name=None,
        surname=None,
        pseudonym="EMPLOYE000000018",
        common_name="30B0057881/000000018",
        profession=None,
        speciality=None,
    )
    found = lines(sheets_of(good, change=nobody), sources=True)
    assert after(found, "Name") == "EMPLOYE000000018 (anonymous)"
    assert found[found.index("Name EMPLOYE000000018 (anonymous)") + 1] == (
        "← subject, pseudonym, in each certificate"
    )
    assert after(found, "Nominative") == "no"


def test_a_wrong_key_and_a_production_card(key: rsa.RSAPrivateKey, good: Observation) -> None:
    wrong = lines(sheets_of(good, change=of_person(key, common_name="899700075123")))
    assert after(wrong, "Identifier") == "899700075123 (RPPS, key WRONG)"
    real = lines(sheets_of(good, change=of_person(key, category=0)))
    assert after(real, "Category") == "PRODUCTION card (00)"
    assert after(real, "Test card").startswith("NO, a real card. ")


def test_a_title_that_contradicts_the_profession(key: rsa.RSAPrivateKey, good: Observation) -> None:
    sheets = sheets_of(good, change=of_person(key, profession=26))
    found = lines(sheets)
    at = found.index("Remarks")
    assert found[at + 1].startswith("! CARD-TITLE — expected: The title agrees")
    assert found[at + 2].startswith("Title “Médecin”, code Audioprothésiste (26)")
    assert found[at + 3].startswith("→ The code decides")
    (remark,) = body(sheets)["cards"][0]["findings"]
    assert (remark["check"], remark["outcome"]) == ("CARD-TITLE", "failed")


def test_a_card_without_contradictions_has_no_remarks(good: Observation) -> None:
    assert "Remarks" not in lines(sheets_of(good))
    assert body(sheets_of(good))["cards"][0]["findings"] == []


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        ("2024-01-01", "2025-01-01", "EXPIRED: from 2024-01-01 to 2025-01-01"),
        ("2026-12-01", "2027-01-01", "NOT YET VALID: from 2026-12-01 to 2027-01-01"),
    ],
)
def test_a_certificate_that_is_not_valid_now(
    key: rsa.RSAPrivateKey, good: Observation, start: str, end: str, words: str
) -> None:
    dates = {"not_before": date(start), "not_after": date(end)}
    found = lines(sheets_of(good, change=of_person(key, **dates)))
    assert found.count(f"Valid {words}") == 2


def test_every_flag_and_every_end_of_a_pin_has_its_words(good: Observation) -> None:
    def flagged(old: CardObservation) -> CardObservation:
        assert old.token is not None
        return replace(old, token=replace(old.token, flags=tuple(TokenFlag)))

    shown = after(lines(sheets_of(good, change=flagged)), "State").split(", ")
    assert len(set(shown)) == len(TokenFlag)
    assert {say(words) for words in report.FLAGS.values()} == set(shown)
    assert set(report.PINS) == set(PinResult)
    refused = PinRecord(PinResult.REFUSED, PinRefusal.NOT_ASKED, FLAGS)
    found = lines(sheets_of(good, change=lambda old: no_login(old, refused)))
    assert after(found, "PIN code") == "not tried"


@pytest.mark.parametrize(
    ("mechanisms", "words"),
    [
        (("CKM_RSA_PKCS",), "PKCS#1 v1.5 only: TLS 1.2, not TLS 1.3, which demands RSA-PSS"),
        (("CKM_SHA_1",), "no RSA mechanism announced"),
    ],
)
def test_what_the_card_signs_with(
    good: Observation, mechanisms: tuple[str, ...], words: str
) -> None:
    def announce(old: CardObservation) -> CardObservation:
        assert old.token is not None
        return replace(old, token=replace(old.token, mechanisms=mechanisms))

    assert after(lines(sheets_of(good, change=announce)), "Signs with") == words


def test_data_objects_that_cannot_be_read(good: Observation) -> None:
    found = lines(
        sheets_of(
            good,
            change=data(
                id_card((0x81, b"\xab"), (0x83, bytes.fromhex("20240115"))),
                DataObject("CPS_NAME_PS", b"\xe3\x00", private=False),
                DataObject("CPS_INFO_PS", b"", private=False, error="CKR_GENERAL_ERROR"),
                DataObject("CPS_DATA", bytes(128), private=False),
                DataObject("CPS_LANG_PS", b"\x00", private=False),
            ),
        )
    )
    assert after(found, "CPS_ID_CARD").endswith(
        "bytes; Card number: unreadable (AB), Issued: 2024-01-15"
    )
    assert after(found, "CPS_NAME_PS") == "2 bytes, in a form that is not known"
    assert after(found, "CPS_INFO_PS") == "unreadable (CKR_GENERAL_ERROR)"
    assert after(found, "CPS_DATA") == "128 bytes"
    assert after(found, "CPS_LANG_PS") == "1 byte"


def test_a_card_that_could_not_be_read(good: Observation) -> None:
    crash = Fault(FaultKind.CRASH, "C_FindObjects", "SIGSEGV")
    found = lines(
        sheets_of(
            good, change=lambda old: CardObservation(old.slot, old.reader, None, faults=(crash,))
        )
    )
    assert "The module PKCS#11 ended its process in C_FindObjects (SIGSEGV)." in found
    assert after(found, "Reader") == "Reader 01"
    assert not [line for line in found if line.startswith(("Label", "State", "Signs with"))]


def test_names_of_a_card_reach_no_terminal_as_commands(
    key: rsa.RSAPrivateKey, good: Observation
) -> None:
    hostile = of_person(key, surname="DOC\x1b[31m\n\u202e", title="\x9b2J" + "M" * 5000)

    def everywhere(old: CardObservation) -> CardObservation:
        old = hostile(old)
        assert old.token is not None
        labelled = replace(old.token, label="\x1b]0;t\x07", model="\u202e")
        more = DataObject("CPS_\x1b[2J", b"", private=False, error="\x9b")
        return replace(old, token=labelled, data=(*old.data, more))

    sheets = sheets_of(good, change=everywhere)
    for text in (
        report.render(sheets, say, Paper(80), sources=True),
        report.render_json(sheets, say),
    ):
        assert all(c.isprintable() or c == "\n" for c in text)
    sheet, remarks = report.render(sheets, say, Paper(300)).split("\nRemarks\n")
    assert "M" * 200 not in sheet
    assert remarks.count("M") < 2000  # cut as in every report


# --- JSON -------------------------------------------------------------------------------------


def body(sheets: Sheets, speak: Say = say) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(report.render_json(sheets, speak))
    return parsed


def test_a_sheet_as_json(good: Observation) -> None:
    sheets = replace(sheets_of(good), file="seen.json")
    result = body(sheets)
    assert (result["schema_version"], result["observation"]) == (1, "seen.json")
    assert result["observed_at"] == "2026-01-15T09:30:00Z"
    (found,) = result["cards"]
    assert found["key"] == found["identity"]["card_number"] == NUMBER
    assert found["test_card"]["outcome"] == "proven"
    assert (found["kind"], found["token"]["serial"]) == ("cps4", NUMBER[:8])
    assert [c["validity"] for c in found["certificates"]] == ["valid", "valid"]
    assert found["certificates"][0]["chain"]["outcome"] == "verified"
    assert found["certificates"][0]["revocation"]["outcome"] == "good"
    assert found["dossier"]["profession"] == {
        "state": "read",
        "value": {"code": "10", "label": "Médecin"},
        "origin": {
            "source": "extension",
            "name": "Certificat d'Authentification CPS",
            "place": "1.2.250.1.71.1.2.7",
        },
        "sightings": [
            {
                "source": source,
                "name": name,
                "place": place,
                "state": "read",
                "value": {"code": "10", "label": "Médecin"},
                "raw": None,
            }
            for source, name, place in (
                ("extension", "Certificat d'Authentification CPS", "1.2.250.1.71.1.2.7"),
                ("extension", "Certificat de Signature CPS", "1.2.250.1.71.1.2.7"),
                ("data-object", "CPS_INFO_PS", "ED 82"),
            )
        ],
    }
    assert found["dossier"]["valid_until"]["value"] == "2027-01-01T00:00:00Z"
    assert found["dossier"]["specialities"]["value"][0]["code"] == "SM26"
    assert found["dossier"]["identifier"]["value"]["key_valid"] is True
    objects = {item["label"]: item for item in found["data_objects"]}
    assert objects["CPS_ID_CARD"]["fields"]["issued"]["value"] == "2024-01-15"
    assert (objects["CPS_ACTIVITY_01_PS"]["private"], objects["CPS_ID_CARD"]["error"]) == (
        True,
        None,
    )


def test_json_is_the_same_in_every_language(good: Observation, shout: Say) -> None:
    sentences = ("message", "reason", "hint")

    def without_sentences(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: without_sentences(v) for k, v in value.items() if k not in sentences}
        return [without_sentences(v) for v in value] if isinstance(value, list) else value

    ours, theirs = body(sheets_of(good)), body(sheets_of(good), shout)
    assert ours != theirs
    assert without_sentences(ours) == without_sentences(theirs)


def test_a_certificate_without_a_serial_number_as_json(good: Observation) -> None:
    """Damaged: it could not be read."""
    sheets = make_sheets(good, NO_MORE)
    sheet = sheets.cards[0]
    item = sheet.certificates[0]
    assert item.certificate is not None
    damaged = replace(item, certificate=replace(item.certificate, serial=None))
    sheets = replace(sheets, cards=(replace(sheet, certificates=(damaged,)),))
    (body,) = json.loads(report.render_json(sheets, say))["cards"]
    assert body["certificates"][0]["serial"] is None


def test_no_challenge_no_signature_and_no_value_read_with_the_pin_as_it_is(
    good: Observation,
) -> None:
    text = report.render_json(make_sheets(good, NO_MORE), say)
    for tried in good.cards[1].signatures:
        assert tried.signature.hex() not in text
    private = next(item for item in good.cards[1].data if item.private)
    assert private.value.hex() not in text


# --- the words --------------------------------------------------------------------------------


def test_every_state_and_every_key_has_its_word(good: Observation) -> None:
    known = make_dossier([("", read_certificate(good.cards[1].certificates[0].der))], label)
    assert set(dossier_report.STATES) == set(State) - {State.READ}
    assert {key for key, _ in known.entries()} <= set(dossier_report.HEADS)
    for sheet in make_sheets(good, NO_MORE).cards:
        for item in sheet.objects:
            assert {key for key, _ in item.fields} <= set(dossier_report.HEADS)


def test_a_certification_authority_is_not_asked_for_a_card(good: Observation) -> None:
    certificate = read_certificate(good.trust.certificates[0])
    known = make_dossier([("", certificate)], label)
    keys = [key for key, _ in known.entries()]
    shown = dossier_report.rows(keys, known, ProductKind.AUTHORITY, say)
    assert [say(row.head) for row in shown] == [
        "PKI",
        "Nominative",
        "Common name",
        "Organisation",
        "Valid from",
        "Valid until",
    ]
