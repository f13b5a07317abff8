"""The PKCS#11 adapter on a real SoftHSM token, through the worker."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512, HashAlgorithm
from cryptography.hazmat.primitives.serialization import load_der_public_key

from cpx_tool.adapters.softhsm import open_emulation
from cpx_tool.adapters.worker import WorkerTokens
from cpx_tool.model.token import Slot, TokenFlag, seal
from cpx_tool.pki.certificate import read_certificate
from cpx_tool.pki.signature import digest_info_sha256, verify_rsa
from cpx_tool.ports import Pin, PinOrigin, TokenFault
from support.cli import cpx

pytestmark = pytest.mark.softhsm

GOOD = Pin("1234", PinOrigin.PUBLISHED)
WRONG = Pin("9999", PinOrigin.GIVEN)
SIGNATURE = "Certificat de Signature CPS"


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    into = tmp_path / "emulation"
    done = cpx("emulate", "--set", "centre-sante", "--into", into)
    assert done.returncode == 0, done.stderr
    return into


@pytest.fixture
def tokens(directory: Path) -> Iterator[WorkerTokens]:
    emulation = open_emulation(directory)
    worker = WorkerTokens(emulation.module, emulation.environment, 20)
    yield worker
    worker.close()


def login(tokens: WorkerTokens, slot: Slot, pin: Pin) -> None:
    """Log in to the card as it is now."""
    contents = tokens.read(slot.id)
    ders = [item.der for item in contents.certificates]
    tokens.login(slot.id, pin, seal(contents.info.label, contents.info.serial, ders))


def first(tokens: WorkerTokens) -> Slot:
    return next(slot for slot in tokens.slots() if slot.token_present)


def refused(tokens: WorkerTokens, slot: Slot, pin: Pin) -> str:
    with pytest.raises(TokenFault) as caught:
        login(tokens, slot, pin)
    return caught.value.fault.code


def test_the_uninitialised_token_of_softhsm_is_no_card(
    tokens: WorkerTokens, directory: Path
) -> None:
    listed = json.loads((directory / "emulation.json").read_text())["tokens"]
    present = {slot.id for slot in tokens.slots() if slot.token_present}
    assert present == {token["slot_id"] for token in listed}
    assert any(not slot.token_present for slot in tokens.slots())


def test_signatures_verify_with_each_mechanism(tokens: WorkerTokens) -> None:
    slot = first(tokens)
    contents = tokens.read(slot.id)
    item = next(c for c in contents.certificates if c.label == SIGNATURE)
    key = read_certificate(item.der).public_key
    login(tokens, slot, GOOD)
    challenge = os.urandom(32)
    for mechanism in ("CKM_RSA_PKCS", "CKM_SHA256_RSA_PKCS", "CKM_SHA256_RSA_PKCS_PSS"):
        data = digest_info_sha256(challenge) if mechanism == "CKM_RSA_PKCS" else challenge
        signature = tokens.sign(slot.id, item.id, mechanism, data)
        assert verify_rsa(key, mechanism, challenge, signature)
        assert not verify_rsa(key, mechanism, challenge + b"x", signature)


def _sign_with_authentication_key(
    tokens: WorkerTokens, mechanism: str, data: bytes
) -> tuple[rsa.RSAPublicKey, bytes]:
    slot = first(tokens)
    item = next(c for c in tokens.read(slot.id).certificates if "Authentification" in c.label)
    login(tokens, slot, GOOD)
    key = load_der_public_key(read_certificate(item.der).public_key)
    assert isinstance(key, rsa.RSAPublicKey)
    return key, tokens.sign(slot.id, item.id, mechanism, data)


# SoftHSM 2.6.1 refuses SHA-1 in CKM_RSA_PKCS_PSS
@pytest.mark.parametrize("algorithm", [SHA256(), SHA384(), SHA512()], ids=lambda a: a.name)
def test_the_length_of_the_hash_says_which_pss_it_is(
    tokens: WorkerTokens, algorithm: HashAlgorithm
) -> None:
    digest = os.urandom(algorithm.digest_size)
    key, signature = _sign_with_authentication_key(tokens, "CKM_RSA_PKCS_PSS", digest)
    pss = padding.PSS(padding.MGF1(algorithm), algorithm.digest_size)
    key.verify(signature, digest, pss, Prehashed(algorithm))


def test_nothing_private_is_seen_without_a_login(tokens: WorkerTokens) -> None:
    slot = first(tokens)
    contents = tokens.read(slot.id)
    assert all(not item.private for item in contents.data)
    assert tokens.read_private(slot.id).keys == ()
    login(tokens, slot, GOOD)
    assert len(tokens.read_private(slot.id).keys) == 2
    tokens.logout(slot.id)
    assert tokens.read_private(slot.id).keys == ()


def test_after_a_wrong_pin_the_login_itself_refuses_another_try(tokens: WorkerTokens) -> None:
    slot = first(tokens)
    assert refused(tokens, slot, WRONG) == "CKR_PIN_INCORRECT"
    assert TokenFlag.PIN_COUNT_LOW in tokens.token_info(slot.id).flags
    assert refused(tokens, slot, GOOD) == "pin-count-low"


def test_faults_name_function_and_code(tokens: WorkerTokens) -> None:
    slot = first(tokens)
    with pytest.raises(TokenFault) as caught:
        tokens.read(0x7FFFFFF0)
    assert caught.value.fault.code == "CKR_SLOT_ID_INVALID"
    login(tokens, slot, GOOD)
    with pytest.raises(TokenFault) as caught:
        tokens.sign(slot.id, "00", "CKM_RSA_PKCS", b"x")
    assert caught.value.fault.call == "C_Sign"
    assert tokens.token_info(slot.id).label  # and the worker still answers


def test_mechanisms_are_named(tokens: WorkerTokens) -> None:
    mechanisms = tokens.token_info(first(tokens).id).mechanisms
    assert {"CKM_RSA_PKCS", "CKM_SHA256_RSA_PKCS_PSS"} <= set(mechanisms)


def test_another_card_than_the_one_that_was_read_gets_no_pin(tokens: WorkerTokens) -> None:
    slot = first(tokens)
    contents = tokens.read(slot.id)
    info = contents.info
    ders = [item.der for item in contents.certificates]
    for wrong in (
        seal("CPS4v1-0000000000", info.serial, ders),
        seal(info.label, "00000000", ders),
        seal(info.label, info.serial, ders[:1]),
    ):
        with pytest.raises(TokenFault) as caught:
            tokens.login(slot.id, WRONG, wrong)
        assert caught.value.fault.code == "card-changed"
    assert TokenFlag.PIN_COUNT_LOW not in tokens.token_info(slot.id).flags


def test_a_login_never_starts_the_module_afresh(tokens: WorkerTokens) -> None:
    slot = first(tokens)
    before = tokens.generation
    tokens.close()
    assert tokens.generation != before
    with pytest.raises(TokenFault) as caught:
        tokens.login(slot.id, GOOD, seal("", "", ()))
    assert caught.value.fault.code == "card-changed"
