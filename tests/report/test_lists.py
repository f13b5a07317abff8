"""The smaller reports: checks, sets, certificates, emulations."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from rich.cells import cell_len

from cpx_tool.catalogue.guidance import GUIDANCE
from cpx_tool.catalogue.nomenclature import label
from cpx_tool.catalogue.pkis import PKIS
from cpx_tool.catalogue.sets import find_set, load_sets
from cpx_tool.errors import ExitCode
from cpx_tool.i18n import say
from cpx_tool.judge.checks import BY_ID, CHECKS
from cpx_tool.model.emulation import EmulatedSoftware, EmulatedToken, Emulation
from cpx_tool.model.identity import Category, Pki, ProductKind
from cpx_tool.model.inspection import Inspected
from cpx_tool.model.message import Message, msg
from cpx_tool.model.observation import Observation
from cpx_tool.model.token import CertificateObject
from cpx_tool.pki.certificate import read_certificate
from cpx_tool.pki.dossier import make_dossier
from cpx_tool.pki.identity import identify
from cpx_tool.report import checks, dossier, emulation, explain, inspection, sets
from cpx_tool.report.canvas import Paper
from cpx_tool.report.checks import CheckRow
from support.build import NOW, read_card

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)

Say = Callable[[Message], str]
ROWS = [CheckRow(c.id, c.severity, c.scope.value, c.title, c.hint) for c in CHECKS]


def wide(text: str, width: int) -> list[str]:
    return [line for line in text.splitlines() if cell_len(line) > width]


# --- checks -----------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [60, 80, 120])
def test_every_check_is_listed_with_its_severity(width: int) -> None:
    text = checks.render(ROWS, say, Paper(width))
    assert wide(text, width) == []
    words = [line.split()[:2] for line in text.splitlines() if line.strip()]
    for row in ROWS:
        assert [row.id, row.severity.value] in words


@pytest.mark.parametrize("width", [60, 80, 120])
def test_explanations_fit_the_paper_and_hold_all_of_a_text(width: int) -> None:
    for text in GUIDANCE:
        name = next(iter(text.meanings))
        row = next((row for row in ROWS if row.id == name), None)
        one = explain.Explained(name, text, row)
        told = explain.render([one], say, Paper(width))
        assert wide(told, width) == []
        whole = " ".join(told.split())
        assert one.remedy is not None
        assert " ".join(say(one.meaning).rstrip(".").split()) in whole  # or it is the expectation
        for part in (text.why, *text.causes, one.remedy):
            assert " ".join(say(part).split()) in whole


def test_explanations_as_json_keep_their_codes_in_any_language(shout: Say) -> None:
    codes = [explain.Explained(name, text) for text in GUIDANCE for name in text.meanings]
    ours = json.loads(explain.render_codes_json(codes, say))["codes"]
    theirs = json.loads(explain.render_codes_json(codes, shout))["codes"]
    assert [(c["code"], c["kind"]) for c in ours] == [(c["code"], c["kind"]) for c in theirs]
    assert ours[0]["meaning"] != theirs[0]["meaning"]


def test_the_list_as_json_keeps_its_codes_in_any_language(shout: Say) -> None:
    ours = json.loads(checks.render_json(ROWS, say))["checks"]
    theirs = json.loads(checks.render_json(ROWS, shout))["checks"]
    assert [c["id"] for c in ours] == list(BY_ID)
    codes = ("id", "severity", "scope")
    assert [[c[k] for k in codes] for c in ours] == [[c[k] for k in codes] for c in theirs]
    assert ours[0]["title"] != theirs[0]["title"]


# --- sets -------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [80, 120])
def test_the_sets_and_whether_their_contents_are_known(width: int) -> None:
    text = sets.render(load_sets(), say, Paper(width))
    assert wide(text, width) == []
    for card_set in load_sets():
        assert card_set.name in text
    assert text.count("not published") == 8


def test_a_set_with_its_cards() -> None:
    text = sets.render_one(find_set("centre-hospitalier"), say, Paper(80))
    assert wide(text, 80) == []
    assert "JM1_HOPITAL RPPS" in text
    assert "Cards: 9" in text
    anonymous = text[text.index("cpe-anonyme") :].split()
    assert anonymous[-2:] == ["no", "(anonymous)"]
    assert "Pharmacien (21)" in text


def test_a_set_without_published_contents_says_what_to_do() -> None:
    text = " ".join(sets.render_one(find_set("cabinet-dentaire"), say, Paper(80)).split())
    assert "not published" in text
    assert "cpx-tool enrol-set --set cabinet-dentaire --into my-set.toml" in text


def test_a_profession_code_that_the_table_does_not_hold() -> None:
    found = find_set("centre-sante")
    odd = replace(found, cards=(replace(found.cards[1], profession=77),))
    assert "? (77)" in sets.render_one(odd, say, Paper(80))


def test_sets_as_json() -> None:
    listed = json.loads(sets.render_json(load_sets()))["sets"]
    assert [len(s["cards"]) for s in listed if s["contents_published"]] == [9, 6]
    one = json.loads(sets.render_one_json(find_set("centre-sante")))["set"]
    assert one == next(s for s in listed if s["name"] == "centre-sante")
    assert one["cards"][1] == {
        "role": "medecin-generaliste",
        "title": "CPS test médecin généraliste",
        "card_type": 0,
        "product": "CPS",
        "profession": 10,
        "future_profession": None,
        "nominative": True,
        "specialities": ["SM26", "SM53", "SM54"],
        "title_patterns": [],
        "card_number": None,
    }


# --- certificates -----------------------------------------------------------------------------


def inspected(item: CertificateObject, file: str = "card.der") -> Inspected:
    certificate = read_certificate(item.der)
    known = make_dossier([("", certificate)], label)
    return Inspected(file, certificate, identify(certificate, label), None, dossier=known)


def test_a_certificate_says_who_it_is(good: Observation) -> None:
    text = inspection.render([inspected(good.cards[1].certificates[0])], say, Paper(80), NOW)
    for line in (
        "Category: TEST card (80)",
        "PKI: IGC-Santé TEST",
        "Holder: ADÈLE DOC0007512",
        "Card number: 3100000012",
        "Profession: Médecin (10)",
        "Identifier: 899700075122 (RPPS, key valid)",
        "Key usage: digitalSignature",
        "Valid: from 2024-01-01 to 2027-01-01",
    ):
        assert f"  {line}\n" in text
    assert "Organisation" not in text
    assert "←" not in text


def test_a_certificate_says_where_each_value_was_read(good: Observation) -> None:
    item = inspected(good.cards[1].certificates[0])
    text = inspection.render([item], say, Paper(80), NOW, sources=True)
    lines = [line.strip() for line in text.splitlines()]
    for head, place in {
        "Category": "extension 1.2.250.1.71.1.2.5",
        "PKI": "issuer",
        "Holder": "subject, SN, GN",
        "Title": "subject, title",
        "Card type": "extension 1.2.250.1.71.1.2.2",
        "Card number": "extension 1.2.250.1.71.1.2.3",
        "Profession": "extension 1.2.250.1.71.1.2.7",
        "Specialities": "extension 1.2.250.1.71.4.2.5",
        "Identifier": "subject, CN",
        "Key usage": "extension 2.5.29.15",
        "Valid": "validity, notBefore, notAfter",
    }.items():
        (at,) = [n for n, line in enumerate(lines) if line.startswith(f"{head}: ")]
        assert lines[at + 1] == f"← {place}"


@pytest.mark.parametrize(
    ("start", "end", "code", "words"),
    [
        (NOW, NOW, "valid", "from 2026-01-15 to 2026-01-15"),
        (NOW - DAY, NOW - SECOND, "expired", "from 2026-01-14 to 2026-01-15 (expired)"),
        (NOW + SECOND, NOW + DAY, "not-yet-valid", "to 2026-01-16 (not yet valid)"),
        (None, NOW, "not-known", "from ? to 2026-01-15"),
        (NOW, None, "not-known", "from 2026-01-15 to ?"),
        (NOW + SECOND, None, "not-yet-valid", "to ? (not yet valid)"),
        (None, NOW - SECOND, "expired", "from ? to 2026-01-15 (expired)"),
    ],
)
def test_whether_a_certificate_is_valid_is_said(
    good: Observation, start: datetime | None, end: datetime | None, code: str, words: str
) -> None:
    item = inspected(good.cards[1].certificates[0])
    assert item.certificate is not None
    dated = replace(item, certificate=replace(item.certificate, not_before=start, not_after=end))
    assert f"{words}\n" in inspection.render([dated], say, Paper(80), NOW)
    (body,) = json.loads(inspection.render_json([dated], ExitCode.PASSED, say, NOW))["certificates"]
    assert body["validity"] == code


def test_a_certificate_as_json(good: Observation) -> None:
    (body,) = json.loads(
        inspection.render_json(
            [inspected(good.cards[1].certificates[1])], ExitCode.PASSED, say, NOW
        )
    )["certificates"]
    assert body["key_usage"] == ["nonRepudiation"]
    assert body["identity"]["category"] == "test-card"
    assert body["identity"]["card_number"] == "3100000012"
    assert (body["serial"], body["problem"]) == ("1234", None)
    assert body["not_after"] == "2027-01-01T00:00:00Z"


@pytest.mark.parametrize("width", [60, 80])
def test_a_file_that_holds_none_says_why(width: int) -> None:
    bad = Inspected(
        "\x1b[31mbad\n.der",
        None,
        None,
        msg("This is not a certificate."),
        hint=msg("Give a certificate."),
    )
    text = inspection.render([bad], say, Paper(width), NOW)
    assert "This is not a certificate.\n  → Give a certificate.\n" in text
    assert "\x1b" not in text
    (body,) = json.loads(inspection.render_json([bad], ExitCode.USAGE, say, NOW))["certificates"]
    assert body == {
        "file": "\x1b[31mbad\n.der",
        "problem": "This is not a certificate.",
        "hint": "Give a certificate.",
    }


def test_every_category_kind_and_pki_has_its_word() -> None:
    assert set(dossier.CATEGORIES) == set(Category)
    assert set(inspection.KINDS) == set(ProductKind)
    assert set(PKIS) == set(Pki)
    production = [say(text) for c, text in dossier.CATEGORIES.items() if c.is_production]
    assert all("PRODUCTION" in text for text in production)


def test_the_card_read_by_the_judge_is_the_one_inspected(good: Observation) -> None:
    assert inspected(good.cards[1].certificates[0]).identity == read_card(good.cards[1]).identity


# --- emulations -------------------------------------------------------------------------------

EMULATION = Emulation(
    directory="/tmp/my cards",  # noqa: S108
    set_name="centre-sante",
    created="2026-01-15T09:30:00Z",
    defects=("expired",),
    module="/usr/lib/softhsm/libsofthsm2.so",
    environment={"SOFTHSM2_CONF": "/tmp/my cards/softhsm2.conf"},  # noqa: S108
    tokens=(
        EmulatedToken(
            role="medecin-generaliste",
            title="CPS test médecin généraliste",
            card_number="9900000001",
            label="CPS4v1-9900000001",
            serial="99000000",
            slot_id=4242,
            slot_description="SoftHSM slot ID 0x1092",
            atr="3B00",
            defects=("expired",),
        ),
    ),
    software=(EmulatedSoftware("INSI-AUTO", "org/auto.p12"),),
)


def test_an_emulation_can_be_pasted_into_a_shell() -> None:
    text = emulation.render(EMULATION, say, Paper(60))
    export = next(line for line in text.splitlines() if "export" in line)
    assert shlex.split(export) == ["export", "SOFTHSM2_CONF=/tmp/my cards/softhsm2.conf"]
    check_set, check_p12 = (
        shlex.split(line.partition(": ")[2]) for line in text.splitlines() if "Next" in line
    )
    assert check_set[:4] == ["cpx-tool", "check-set", "--set", "centre-sante"]
    assert check_set[-1] == "/tmp/my cards"  # noqa: S108
    assert check_p12[:2] == ["cpx-tool", "check-p12"]
    assert check_p12[-2:] == ["/tmp/my cards", "/tmp/my cards/org/auto.p12"]  # noqa: S108
    assert "    INSI-AUTO: /tmp/my cards/org/auto.p12\n" in text
    assert "EMULATED" in text
    assert "9900000001" in text


def test_an_emulation_as_json() -> None:
    body = json.loads(emulation.render_json(EMULATION))
    assert body["environment"] == {"SOFTHSM2_CONF": "/tmp/my cards/softhsm2.conf"}  # noqa: S108
    assert body["software"] == [
        {"name": "INSI-AUTO", "file": "/tmp/my cards/org/auto.p12"}  # noqa: S108
    ]
    assert body["module"] == "/usr/lib/softhsm/libsofthsm2.so"
    assert [(c["role"], c["slot_id"], c["defects"]) for c in body["cards"]] == [
        ("medecin-generaliste", 4242, ["expired"])
    ]
