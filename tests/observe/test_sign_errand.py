"""What a card is visited for by sign-test: which keys, which mechanisms, and when it stops."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

import pytest

from cpx_tool.emulate.profile import CPS3_MECHANISMS, CPS4_MECHANISMS
from cpx_tool.model.fault import Fault
from cpx_tool.model.observation import CardObservation, Hash, PinRefusal, PinResult
from cpx_tool.model.token import CertificateObject, PrivateContents, PrivateKey, TokenContents
from cpx_tool.observe.sign_errand import SignErrand
from cpx_tool.observe.walk import Visit, Walk
from cpx_tool.ports import TokenFault
from support.fakes import FakeProgress, FakeTokens, NoReaders, ckr, crash, token_info
from support.walks import MakeCertificate, card_numbered, login_means, module_of

KEYS = PrivateContents(
    (PrivateKey("CPS_PRIV_AUT", "20", 2048), PrivateKey("CPS_PRIV_SIG", "10", 0)), ()
)


@dataclass
class Signing(FakeTokens):
    """Remembers what it was given to sign; `at` is when which fault comes."""

    given: list[tuple[str, str, int]] = field(default_factory=list)
    at: dict[int, Fault] = field(default_factory=dict)

    def sign(self, slot_id: int, key_id: str, mechanism: str, data: bytes) -> bytes:
        self.given.append((key_id, mechanism, len(data)))
        if len(self.given) in self.at:
            raise TokenFault(self.at[len(self.given)])
        return b"not a signature"


@pytest.fixture
def card(card_der: bytes) -> TokenContents:
    certificates = (
        CertificateObject("Certificat d'Authentification CPS", "20", card_der),
        CertificateObject("Certificat de Signature CPS", "10", card_der),
    )
    info = replace(token_info("CPS4v1-2800262487"), mechanisms=CPS4_MECHANISMS)
    return TokenContents(info, certificates, ())


def visit(tokens: Signing, number: str | None = None) -> tuple[CardObservation, ...]:
    errand = Visit(SignErrand(number))
    walk = Walk(NoReaders(), module_of(tokens), login_means(), FakeProgress(), visit=errand)
    return walk.observe()[1]


def test_each_key_signs_by_each_mechanism_after_one_login(card: TokenContents) -> None:
    tokens = Signing({0: card}, private=KEYS)
    (seen,) = visit(tokens)
    assert tokens.logins == {0: 1}
    assert Counter(key for key, _, _ in tokens.given) == {"20": 9, "10": 9}
    assert {(s.mechanism, s.hash) for s in seen.signatures if s.hash is Hash.SHA1} == {
        ("CKM_RSA_PKCS", Hash.SHA1),
        ("CKM_RSA_PKCS_PSS", Hash.SHA1),
        ("CKM_SHA1_RSA_PKCS", Hash.SHA1),
        ("CKM_SHA1_RSA_PKCS_PSS", Hash.SHA1),
    }
    assert len({s.challenge for s in seen.signatures}) == 18


def test_each_mechanism_gets_what_it_signs(card: TokenContents) -> None:
    tokens = Signing({0: card}, private=KEYS)
    visit(tokens)
    digest_infos, hashes, block, message = {51, 35}, {32, 20}, {256}, {32}
    lengths = {
        name: {length for _, other, length in tokens.given if other == name}
        for name in CPS4_MECHANISMS
    }
    assert lengths == {
        "CKM_SHA_1": set(),
        "CKM_SHA256": set(),
        "CKM_RSA_X_509": block,
        "CKM_RSA_PKCS": digest_infos,
        "CKM_RSA_PKCS_PSS": hashes,
        "CKM_SHA1_RSA_PKCS": message,
        "CKM_SHA256_RSA_PKCS": message,
        "CKM_SHA1_RSA_PKCS_PSS": message,
        "CKM_SHA256_RSA_PKCS_PSS": message,
    }


def test_what_is_not_announced_is_not_tried(card: TokenContents) -> None:
    cps3 = replace(card, info=replace(card.info, mechanisms=CPS3_MECHANISMS))
    (seen,) = visit(Signing({0: cps3}, private=KEYS))
    assert len(seen.signatures) == 10
    assert not any("PSS" in s.mechanism for s in seen.signatures)


def test_a_refusal_ends_nothing(card: TokenContents) -> None:
    refusals = {number: ckr("CKR_GENERAL_ERROR", "C_Sign") for number in (1, 5, 18)}
    (seen,) = visit(Signing({0: card}, private=KEYS, at=refusals))
    assert len(seen.signatures) == 18
    assert [n for n, s in enumerate(seen.signatures, 1) if s.fault] == [1, 5, 18]


@pytest.mark.parametrize("fault", [crash("C_Sign"), ckr("CKR_DEVICE_REMOVED", "C_Sign")])
def test_after_a_crash_and_without_the_card_nothing_is_tried(
    card: TokenContents, fault: Fault
) -> None:
    tokens = Signing({0: card}, private=KEYS, at={4: fault})
    (seen,) = visit(tokens)
    assert len(tokens.given) == len(seen.signatures) == 4
    assert [s.fault for s in seen.signatures] == [None, None, None, fault]
    assert seen.signatures[3].cut_off
    assert tokens.logins == {0: 1}


def test_only_the_chosen_card_is_logged_in(make_certificate: MakeCertificate) -> None:
    numbers = ("3100000001", "3100000002")
    cards = {n: card_numbered(make_certificate, number) for n, number in enumerate(numbers)}
    tokens = Signing(cards, private=KEYS)
    first, second = visit(tokens, numbers[1])
    assert tokens.logins == {1: 1}
    assert first.pin is not None
    assert first.pin.refusal is PinRefusal.NOT_ASKED
    assert second.pin is not None
    assert second.pin.result is PinResult.ACCEPTED


def test_without_its_pin_no_key_signs(make_certificate: MakeCertificate) -> None:
    der = make_certificate({"1.2.250.1.71.1.2.5": "040100"})
    item = CertificateObject("Certificat d'Authentification CPS", "20", der)
    tokens = Signing({0: TokenContents(token_info(), (item,), ())}, private=KEYS)
    (seen,) = visit(tokens)
    assert (seen.signatures, tokens.given, tokens.logins) == ((), [], {})
