"""Legacy and broken certificates never stop a run: what can be read is shown, what cannot is a
finding, and the others are judged as ever.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from cpx_tool.adapters.observation_file import save
from cpx_tool.model.observation import Observation, PinRecord, PinRefusal, PinResult
from cpx_tool.model.token import CertificateObject
from support.build import PEOPLE, card_of, centre_sante, no_login, with_card
from support.certificates import authentication_certificate
from support.cli import cpx, cpx_json, failures, run_here
from support.der import with_legacy_subject
from support.modules import compile_proxy
from support.pki import rsa_key
from support.proxy import Proxy
from support.tokens import change_certificate
from support.tree import SERIAL, SUBJECT, VALIDITY, Node, changed, parse, part

AT = "2026-01-15"
DOCTOR = "medecin-generaliste"
PERSON = PEOPLE[DOCTOR]
WHO = "ADÈLE DOC0007512"
NUMBER = PERSON.card_number


@dataclass(frozen=True)
class Case:
    """A certificate as `make` makes it of the doctor's.

    `shown` stands in what `inspect` prints, which ends with `code`; `failed` are the checks that
    fail when the doctor's card carries it, beside those that any set fails.
    """

    name: str
    make: Callable[[rsa.RSAPrivateKey], bytes]
    code: int
    shown: tuple[str, ...]
    failed: frozenset[str]


def card(key: rsa.RSAPrivateKey) -> bytes:
    return authentication_certificate(key, PERSON)


def legacy(*surname: str) -> Callable[[rsa.RSAPrivateKey], bytes]:
    """The attributes of the RDN in the order of an IGC-CPS 2ter card, Latin-1 in T61String."""
    number = [("2.5.4.3", "899700075122"), ("2.5.4.4", "DOC0007512"), ("2.5.4.42", *surname)]
    return lambda key: with_legacy_subject(card(key), key, [[("2.5.4.6", "FR")], number])


def signed_with(digest: hashes.HashAlgorithm, oid: str) -> Callable[[rsa.RSAPrivateKey], bytes]:
    """The certificate signed again over another digest."""

    def make(key: rsa.RSAPrivateKey) -> bytes:
        root = parse(card(key))
        assert root is not None
        signed, outer, signature = root.inside
        for algorithm in (signed.inside[2], outer):
            algorithm.inside[0] = Node(0x06, bytes.fromhex(oid))
        made = key.sign(signed.dump(), padding.PKCS1v15(), digest)
        root.inside[2] = replace(signature, value=made, inside=[], prefix=b"\0")
        return root.dump()

    return make


def put(place: int, *below: int, node: Node) -> Callable[[rsa.RSAPrivateKey], bytes]:
    return lambda key: changed(card(key), part(place, *below), lambda _: node)


def date(text: bytes, which: int = 1) -> Callable[[rsa.RSAPrivateKey], bytes]:
    return put(VALIDITY, which, node=Node(0x18 if len(text) > 13 else 0x17, text))


GOOD = (f"Holder: {WHO}", "Category: TEST card", f"Card number: {NUMBER}", "Profession: Médecin")
DAMAGED = frozenset({"CERT-READABLE", "CARD-TEST"})
NOTHING = frozenset[str]()
CASES = (
    Case("good", card, 0, GOOD, NOTHING),
    Case("unsorted SET", legacy("ADELE"), 0, ("Holder: ADELE DOC0007512", *GOOD[1:]),
         frozenset({"CERT-AGREE"})),
    Case("Latin-1 in T61String", legacy("ADÈLE"), 0, GOOD, frozenset({"CERT-AGREE"})),
    Case("RSA of 1024 bits", lambda _: card(rsa_key(1024)), 0, (*GOOD, "Key: RSA 1024"),
         frozenset({"KEY-MATCHES", "SIGN-AUTH", "SIGN-PSS"})),
    Case("SHA-1", signed_with(hashes.SHA1(), "2a864886f70d010105"), 0,  # noqa: S303
         (*GOOD, "signature over sha1"), NOTHING),
    Case("MD5", signed_with(hashes.MD5(), "2a864886f70d010104"), 0,  # noqa: S303
         (*GOOD, "signature over md5"), NOTHING),
    Case("end of time", date(b"99991231235959Z"), 0, (*GOOD, "to 9999-12-31"), NOTHING),
    Case("30 February", date(b"260230000000Z"), 1,
         (*GOOD, "Valid: from 2024-01-01 to ?", "Damaged or unreadable: end of validity"), DAMAGED),
    Case("year 0", date(b"00000101000000Z", 0), 1,
         (*GOOD, "Valid: from ? to 2027-01-01", "start of validity"), DAMAGED),
    Case("no date at all", put(VALIDITY, node=Node(0x30)), 1,
         (*GOOD, "Valid: from ? to ?", "start of validity, end of validity"), DAMAGED),
    Case("absurd serial number", put(SERIAL, node=Node(0x02, b"\1" + bytes(999))), 1,
         (*GOOD, "Damaged or unreadable: serial number"), DAMAGED),
    Case("surname of no type", put(SUBJECT, 2, 1, 0, node=Node(0x0C, b"SN")), 1,
         ("Holder: ADÈLE", *GOOD[1:], "Damaged or unreadable: subject"),
         DAMAGED | {"CERT-AGREE"}),
    Case("subject that is none", put(SUBJECT, node=Node(0x0C, b"Nobody")), 1,
         (*GOOD[1:], "Issuer: C=FR", "Damaged or unreadable: structure, subject"), DAMAGED),
    Case("name of pages", put(SUBJECT, 2, 1, 1, node=Node(0x0C, b"D" * 10_000)), 0,
         ("Holder: ADÈLE DDDD", "DDD…DDD", *GOOD[1:]), frozenset({"CERT-AGREE"})),
    Case("one byte behind", lambda key: card(key) + b"\n", 1,
         (*GOOD, "Damaged or unreadable: trailing data", "Chain: BROKEN"), DAMAGED),
    Case("zeros behind", lambda key: card(key) + bytes(500), 1, (*GOOD, "trailing data"), DAMAGED),
    Case("cut off in the signature", lambda key: card(key)[:-100], 1,
         (*GOOD, "Damaged or unreadable: truncated", "Chain: BROKEN"), DAMAGED),
    Case("cut off in the extensions", lambda key: card(key)[:800], 1,
         (f"Holder: {WHO}", "Issuer: C=FR", "truncated", "extensions"), DAMAGED),
    Case("cut off in the validity", lambda key: card(key)[: card(key).index(b"240101") - 4], 2,
         ("This is not a certificate, or it is damaged.",), DAMAGED),
    Case("larger than any", put(SUBJECT, 2, 1, 1, node=Node(0x0C, b"D" * 70_000)), 2,
         ("too large to be a certificate",), DAMAGED),
    Case("a megabyte of zeros", lambda _: bytes(1_000_000), 2,
         ("too large to be a certificate",), DAMAGED),
    Case("more than a megabyte", lambda _: bytes(1_000_001), 2, ("is too large",), DAMAGED),
    Case("nothing", lambda _: b"", 2, ("The certificate is empty.",), DAMAGED),
    Case("text", lambda _: b"hello", 2, ("This is not a certificate",), DAMAGED),
)  # fmt: skip


# --- inspect ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def files(key: rsa.RSAPrivateKey, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Each case in a file of its own."""
    folder = tmp_path_factory.mktemp("damaged")
    made = {case.name: folder / f"{number:02}.der" for number, case in enumerate(CASES)}
    for case in CASES:
        made[case.name].write_bytes(case.make(key))
    return made


@pytest.fixture(scope="module")
def shown(files: dict[str, Path]) -> dict[str, str]:
    """What one run over all of them prints of each."""
    done = cpx("inspect", *files.values(), "--at", AT)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert all(len(line) < 120 for line in done.stdout.splitlines())
    blocks = [block for block in done.stdout.split("\n\n") if block.strip()]
    return dict(zip(files, blocks, strict=True))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_inspect_shows_what_can_be_read(
    case: Case, shown: dict[str, str], files: dict[str, Path]
) -> None:
    block = shown[case.name]
    assert "".join(block.split()).startswith(str(files[case.name]))
    assert len(block) < 5_000
    for words in case.shown:
        assert words in " ".join(block.split())


@pytest.mark.parametrize("code", [0, 1, 2])
def test_the_worst_of_them_decides_on_the_exit_code(files: dict[str, Path], code: int) -> None:
    some = [files[case.name] for case in CASES if case.code <= code]
    body = cpx_json("inspect", *some, "--at", AT)
    assert cpx("inspect", *some, "--at", AT).returncode == code
    assert [entry["file"] for entry in body["certificates"]] == list(map(str, some))
    worst = [case.code for case in CASES if case.code <= code]
    for case_code, entry in zip(worst, body["certificates"], strict=True):
        assert (entry["problem"] is not None) == (case_code == 2)
        assert bool(entry.get("unreadable_parts")) == (case_code == 1)


# --- judge ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def seen(key: rsa.RSAPrivateKey) -> Observation:
    return centre_sante(key)


@pytest.fixture(scope="module")
def as_ever(seen: Observation, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What is said of the others when the doctor's card is good."""
    return judged(seen, tmp_path_factory.mktemp("good") / "seen.json")[1]


def judged(observation: Observation, file: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The doctor's card, and all that was said of the others."""
    save(observation, file)
    code, text = run_here("judge", file, "--set", "centre-sante", "--json")
    body = json.loads(text)
    assert body["exit_code"] == code
    cards = {card["slot"]["id"]: card for card in body["cards"]}
    slot = card_of(observation, DOCTOR).slot.id
    return {**cards.pop(slot), "code": body["exit_code"]}, cards


def of_themselves(cards: dict[str, Any]) -> dict[str, Any]:
    """Without what depends on the other cards of the set."""
    return {
        slot: [f for f in card["findings"] if f["check"] not in ("CARD-ROLE",)]
        for slot, card in cards.items()
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_other_cards_are_judged_as_ever(
    case: Case,
    key: rsa.RSAPrivateKey,
    seen: Observation,
    as_ever: dict[str, Any],
    tmp_path: Path,
) -> None:
    der = case.make(key)

    def change(found: Any) -> Any:
        first: CertificateObject = found.certificates[0]
        changed_card = replace(
            found, certificates=(replace(first, der=der), *found.certificates[1:])
        )
        refused = PinRecord(PinResult.REFUSED, PinRefusal.NOT_PROVEN_TEST, found.pin.flags)
        return no_login(changed_card, refused) if case.failed >= DAMAGED else changed_card

    doctor, others = judged(with_card(seen, DOCTOR, change), tmp_path / "seen.json")
    assert of_themselves(others) == of_themselves(as_ever)
    failed = {f["check"] for f in doctor["findings"] if f["outcome"] == "failed"}
    assert failed - {"CARD-ROLE"} == case.failed
    assert doctor["code"] == (1 if case.failed else 0)
    assert doctor["identity"]["card_number"] == NUMBER
    errors = [f for f in doctor["findings"] if f["outcome"] == "error"]
    assert errors == []


# --- check-set --------------------------------------------------------------------------------

SIGNATURE = "Certificat de Signature CPS"
ON_CARDS: tuple[dict[str, tuple[Callable[[bytes], bytes], str]], ...] = (
    {
        "medecin-generaliste": (lambda der: der + b"\0", "trailing data"),
        "chirurgien-dentiste": (
            lambda der: changed(der, part(VALIDITY, 1), lambda _: Node(0x17, b"300230000000Z")),
            "end of validity",
        ),
        "infirmier": (
            lambda der: changed(der, part(SUBJECT, 0, 0, 0), lambda _: Node(0x0C, b"C")),
            "subject",
        ),
    },
    {
        "medecin-generaliste": (lambda der: der[:-100], "truncated"),
        "chirurgien-dentiste": (lambda der: der + der, "trailing data"),
        "infirmier": (
            lambda der: changed(der, part(SERIAL), lambda _: Node(0x02, b"\1" + bytes(200))),
            "serial number",
        ),
    },
)
"""Role → what is done to the signature certificate of its card, and the part that is named."""


@pytest.fixture(scope="session")
def module(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compile_proxy(tmp_path_factory.mktemp("proxy"))


@pytest.mark.softhsm
@pytest.mark.parametrize("damage", ON_CARDS, ids=["one", "two"])
def test_cards_with_damaged_certificates_get_no_pin_and_the_others_are_checked(
    module: Path,
    good: Path,
    tmp_path: Path,
    damage: dict[str, tuple[Callable[[bytes], bytes], str]],
) -> None:
    cards = Proxy(module, good, tmp_path)
    for role, (change, _) in damage.items():
        change_certificate(good, cards.serial(role), SIGNATURE, change)
    run = cards.check()
    assert run.code == 1
    whole = [serial for serial in cards.serials if cards.role(serial) not in damage]
    assert run.logins() == Counter(whole)
    for role, (_, named) in damage.items():
        serial = cards.serial(role)
        assert run.pins()[serial] == ("refused", "not-proven-test")
        (readable,) = (f for f in run.card(serial)["findings"] if f["check"] == "CERT-READABLE")
        assert readable["outcome"] == "failed"
        assert readable["message"].startswith(f"{SIGNATURE}: damaged or unreadable: {named}")
        assert run.card(serial)["role"]["role"] == role
    failed = {(check, role) for check, role in failures(run.body) if role != "run"}
    assert {role for check, role in failed if check == "CERT-READABLE"} == damage.keys()
    assert {check for check, role in failed if role not in damage} == {"CARD-ROLE"}
