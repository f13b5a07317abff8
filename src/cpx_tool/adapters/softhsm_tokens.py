"""SoftHSM's tokens, filled in a child process: our own never loads SoftHSM, nor its settings."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from cpx_tool.adapters.softhsm_spec import (
    DataSpec,
    EmulationSpec,
    KeySpec,
    ObjectSpec,
    TokenSpec,
    WriterAnswer,
    WrittenToken,
)
from cpx_tool.adapters.system import child_environment
from cpx_tool.emulate.card import EmulatedCard, KeySlot
from cpx_tool.errors import BadInput, NothingToCheck, why
from cpx_tool.model.message import Message, msg
from cpx_tool.model.token import PUBLISHED_TEST_PIN

_DEADLINE = 120


def fill_tokens(
    module: Path, configuration: Path, tokens: Path, cards: Sequence[EmulatedCard]
) -> list[WrittenToken]:
    """One token per card in the empty directory `tokens`, which `configuration` names.

    Raises `CpxError` when SoftHSM does not do its part.
    """
    spec = EmulationSpec(
        module=str(module),
        tokens_directory=str(tokens),
        pin=PUBLISHED_TEST_PIN,
        tokens=[_token(card) for card in cards],
    )
    environment = child_environment()
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "cpx_tool.adapters.softhsm_writer"],
            input=msgspec.msgpack.encode(spec),
            env={**environment, "SOFTHSM2_CONF": str(configuration)},
            capture_output=True,
            check=False,
            timeout=_DEADLINE,
        )
    except subprocess.TimeoutExpired:
        raise _failed(f"{_DEADLINE} s") from None
    except OSError as error:
        raise _failed(why(error)) from None
    return _written(done, module)


def _written(done: subprocess.CompletedProcess[bytes], module: Path) -> list[WrittenToken]:
    """What the child answered. It crashed with SoftHSM where there is no answer."""
    if done.returncode != 0:
        raise _failed(msg("the process that fills it ended with {code}", code=done.returncode))
    answer = msgspec.msgpack.decode(done.stdout, type=WriterAnswer)
    if answer.not_softhsm:
        reason = _failed(msg("{path} is not SoftHSM 2", path=str(module))).reason
        raise BadInput(reason, msg("Give the path of libsofthsm2."))
    if answer.refusal:
        raise _failed(answer.refusal)
    return answer.tokens


def _failed(reason: str | Message) -> NothingToCheck:
    return NothingToCheck(
        msg("SoftHSM could not be filled: {why}", why=reason),
        msg("Version 2.6 of SoftHSM is needed; reinstall the package softhsm2."),
    )


def _token(card: EmulatedCard) -> TokenSpec:
    return TokenSpec(
        label=card.profile.label,
        serial=card.profile.serial,
        objects=[_objects(slot) for slot in card.slots],
        data=[DataSpec(item.label, item.value, item.private) for item in card.data],
    )


def _objects(slot: KeySlot) -> ObjectSpec:
    whole = x509.load_der_x509_certificate(slot.whole_certificate)
    public = whole.public_key()
    assert isinstance(public, RSAPublicKey)  # noqa: S101 - we made it
    numbers = public.public_numbers()
    return ObjectSpec(
        id=slot.id,
        certificate_label=slot.certificate_label,
        certificate=slot.certificate,
        subject=whole.subject.public_bytes(),
        issuer=whole.issuer.public_bytes(),
        serial_number=_der_integer(whole.serial_number),
        public_modulus=_bytes(numbers.n),
        public_exponent=_bytes(numbers.e),
        key_label=slot.key_label,
        key=_key(slot.key) if slot.key else None,
        mechanisms=list(slot.mechanisms),
        decrypts=slot.decrypts,
    )


def _key(key: RSAPrivateKey) -> KeySpec:
    numbers = key.private_numbers()
    return KeySpec(
        modulus=_bytes(numbers.public_numbers.n),
        public_exponent=_bytes(numbers.public_numbers.e),
        private_exponent=_bytes(numbers.d),
        prime_1=_bytes(numbers.p),
        prime_2=_bytes(numbers.q),
        exponent_1=_bytes(numbers.dmp1),
        exponent_2=_bytes(numbers.dmq1),
        coefficient=_bytes(numbers.iqmp),
    )


def _der_integer(number: int) -> bytes:
    """As CKA_SERIAL_NUMBER wants it."""
    body = number.to_bytes(number.bit_length() // 8 + 1, "big")
    return bytes([2, len(body)]) + body


def _bytes(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")
