"""A PKCS#12 seen from outside: what it is, and how much work it asks for."""

from __future__ import annotations

import base64
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from asn1crypto import cms, core, parser, pkcs12
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, SHA512
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    pkcs7,
)
from cryptography.hazmat.primitives.serialization.pkcs12 import PBES

from cpx_tool.i18n import say
from cpx_tool.pki.pfx import MAX_ROUNDS, BadPfx, Pfx, read_pfx
from support.pki import CrlSpec, pem, root
from support.software import AUTO, authority, p12

Change = Callable[[Any], None]
DATA, ENCRYPTED = "1.2.840.113549.1.7.1", "1.2.840.113549.1.7.6"
PBKDF2, AES = "1.2.840.113549.1.5.12", "2.16.840.1.101.3.4.1.42"


def refusal(data: bytes) -> str:
    with pytest.raises(BadPfx) as caught:
        read_pfx(data)
    return f"{say(caught.value.reason)} → {say(caught.value.hint)}"


def builder() -> Any:
    return PrivateFormat.PKCS12.encryption_builder()


def with_parts(change: Change, encryption: KeySerializationEncryption | None = None) -> bytes:
    """A good file whose list of parts is changed; the MAC does not fit any more."""
    pfx = pkcs12.Pfx.load(p12(encryption=encryption))
    safe = pkcs12.AuthenticatedSafe.load(pfx["auth_safe"]["content"].native)
    change(safe)
    pfx["auth_safe"]["content"] = core.OctetString(safe.dump(force=True))
    done: bytes = pfx.dump(force=True)
    return done


def with_mac(change: Change) -> bytes:
    pfx = pkcs12.Pfx.load(p12())
    change(pfx["mac_data"])
    done: bytes = pfx.dump(force=True)
    return done


# --- what is read -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "encryption",
    [
        BestAvailableEncryption(b"secret"),
        builder().key_cert_algorithm(PBES.PBESv1SHA1And3KeyTripleDESCBC).build(b"secret"),
        builder().hmac_hash(SHA1()).build(b"secret"),  # noqa: S303 - read, not trusted
        builder().hmac_hash(SHA512()).kdf_rounds(1_000_000).build(b"secret"),
    ],
    ids=["aes", "3des", "sha1", "a-million-rounds"],
)
def test_an_encrypted_file(encryption: KeySerializationEncryption) -> None:
    assert read_pfx(p12(encryption=encryption)) == Pfx(
        locked=True, encrypted=True, keys=1, bare_keys=0
    )


def test_a_file_without_encryption_still_has_a_seal() -> None:
    bare = p12(encryption=NoEncryption())
    assert read_pfx(bare) == Pfx(locked=True, encrypted=False, keys=1, bare_keys=1)


def test_a_file_without_encryption_and_seal_needs_no_password() -> None:
    pfx = pkcs12.Pfx.load(p12(encryption=NoEncryption()))
    open_to_all = pkcs12.Pfx({"version": "v3", "auth_safe": pfx["auth_safe"]}).dump()
    assert read_pfx(open_to_all) == Pfx(locked=False, encrypted=False, keys=1, bare_keys=1)


def test_lengths_that_are_not_stated() -> None:
    """BER, as some programs write it: the outer SEQUENCE ends with two zero bytes."""
    *_, content, _ = parser.parse(p12())
    assert read_pfx(b"\x30\x80" + content + b"\x00\x00").keys == 1


def test_keys_are_counted_in_nested_bags_too() -> None:
    def nest(safe: Any) -> None:
        bags = pkcs12.SafeContents.load(safe[-1]["content"].native)
        inner = pkcs12.SafeBag({"bag_id": "safe_contents", "bag_value": bags})
        both = pkcs12.SafeContents([inner, *bags])
        safe[-1] = cms.ContentInfo(
            {"content_type": "data", "content": core.OctetString(both.dump(force=True))}
        )

    assert read_pfx(with_parts(nest)).keys == 2


# --- how much work it asks for ----------------------------------------------------------------


def rounds_of_seal(count: int) -> bytes:
    def change(seal: Any) -> None:
        seal["iterations"] = count

    return with_mac(change)


def rounds_of_key(count: int) -> bytes:
    def change(safe: Any) -> None:
        bags = pkcs12.SafeContents.load(safe[-1]["content"].native)
        algorithm = bags[0]["bag_value"]["encryption_algorithm"]
        algorithm["parameters"]["key_derivation_func"]["parameters"]["iteration_count"] = count
        safe[-1]["content"] = core.OctetString(bags.dump(force=True))

    return with_parts(change)


def rounds_of_certificates(count: int) -> bytes:
    def change(safe: Any) -> None:
        algorithm = safe[0]["content"]["encrypted_content_info"]["content_encryption_algorithm"]
        algorithm["parameters"]["key_derivation_func"]["parameters"]["iteration_count"] = count

    return with_parts(change)


def rounds_of_pbes1(count: int) -> bytes:
    def change(safe: Any) -> None:
        algorithm = safe[0]["content"]["encrypted_content_info"]["content_encryption_algorithm"]
        algorithm["parameters"]["iterations"] = count

    old = builder().key_cert_algorithm(PBES.PBESv1SHA1And3KeyTripleDESCBC).build(b"secret")
    return with_parts(change, old)


PLACES = [rounds_of_seal, rounds_of_key, rounds_of_certificates, rounds_of_pbes1]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("count", [MAX_ROUNDS + 1, 2**31 - 1, 2**20_000], ids=["one", "31", "20k"])
def test_absurd_rounds_are_refused_wherever_they_stand(
    place: Callable[[int], bytes], count: int
) -> None:
    assert f"more than the {MAX_ROUNDS}" in refusal(place(count))


@pytest.mark.parametrize("place", PLACES)
def test_many_rounds_are_not(place: Callable[[int], bytes]) -> None:
    assert read_pfx(place(MAX_ROUNDS // 2)).keys == 1


def test_the_rounds_of_all_parts_count_together() -> None:
    def change(safe: Any) -> None:
        algorithm = safe[0]["content"]["encrypted_content_info"]["content_encryption_algorithm"]
        algorithm["parameters"]["key_derivation_func"]["parameters"]["iteration_count"] = 6_000_000
        bags = pkcs12.SafeContents.load(safe[-1]["content"].native)
        inside = bags[0]["bag_value"]["encryption_algorithm"]
        inside["parameters"]["key_derivation_func"]["parameters"]["iteration_count"] = 6_000_000
        safe[-1]["content"] = core.OctetString(bags.dump(force=True))

    assert "more than" in refusal(with_parts(change))


def sequence(*parts: bytes) -> bytes:
    done: bytes = parser.emit(0, 1, 16, b"".join(parts))
    return done


def explicit(content: bytes) -> bytes:
    done: bytes = parser.emit(2, 1, 0, content)
    return done


def oid(dotted: str) -> bytes:
    done: bytes = core.ObjectIdentifier(dotted).dump()
    return done


def algorithm(dotted: str, *numbers: int) -> bytes:
    """An AlgorithmIdentifier whose parameters are a salt and these numbers."""
    salt = core.OctetString(b"saltsalt").dump()
    return sequence(oid(dotted), sequence(salt, *(core.Integer(n).dump() for n in numbers)))


def pbes2(derivation: bytes, scheme: bytes) -> bytes:
    return sequence(oid("1.2.840.113549.1.5.13"), sequence(derivation, scheme))


def scrypt(*numbers: int) -> bytes:
    return pbes2(algorithm("1.3.6.1.4.1.11591.4.11", *numbers), algorithm(AES))


def encrypted_with(der: bytes) -> bytes:
    """A file without a seal whose one part is encrypted in this way."""
    content = sequence(oid(DATA), der, b"\x80\x01x")
    return file_of(sequence(oid(ENCRYPTED), explicit(sequence(b"\x02\x01\x00", content))))


def file_of(*parts: bytes, seal: bytes = b"") -> bytes:
    safe = core.OctetString(sequence(*parts)).dump()
    return sequence(b"\x02\x01\x03", sequence(oid(DATA), explicit(safe)), seal)


def test_scrypt_within_bounds() -> None:
    assert read_pfx(encrypted_with(scrypt(2**14, 8, 1))).encrypted


def test_scrypt_that_wants_too_much_memory_or_time() -> None:
    assert "more memory" in refusal(encrypted_with(scrypt(2**20, 8, 1)))
    assert "more memory" in refusal(encrypted_with(scrypt(2**14, 2**40, 1)))
    assert "rounds" in refusal(encrypted_with(scrypt(2**14, 8, 2**20)))


def pbmac1(rounds: int) -> bytes:
    """A seal of RFC 9579."""
    kind = sequence(
        oid("1.2.840.113549.1.5.14"),
        sequence(algorithm(PBKDF2, rounds), sequence(oid("1.2.840.113549.2.9"))),
    )
    digest = sequence(kind, core.OctetString(b"x" * 32).dump())
    return sequence(digest, core.OctetString(b"unused").dump())


def test_a_seal_of_the_newest_kind() -> None:
    assert read_pfx(file_of(seal=pbmac1(100_000))).locked
    assert "more than" in refusal(file_of(seal=pbmac1(MAX_ROUNDS + 1)))


@pytest.mark.parametrize(
    ("der", "named"),
    [
        (algorithm("1.2.3.4", 1), "1.2.3.4"),
        (algorithm("1.2.840.113549.1.12.1.99", 1), "1.2.840.113549.1.12.1.99"),
        (pbes2(algorithm("1.2.3.5", 1), algorithm(AES)), "1.2.3.5"),
        (pbes2(algorithm(PBKDF2, 1), algorithm("1.2.3.6")), "1.2.3.6"),
    ],
    ids=["encryption", "pkcs12", "derivation", "cipher"],
)
def test_what_is_unknown_is_named(der: bytes, named: str) -> None:
    told = refusal(encrypted_with(der))
    assert f"in a way that is not known here ({named})" in told
    assert "Export it again" in told


def test_a_seal_of_an_unknown_kind_is_named() -> None:
    digest = sequence(sequence(oid("1.2.3.7")), core.OctetString(b"x").dump())
    seal = sequence(digest, core.OctetString(b"salt").dump())
    assert "not known here (1.2.3.7)" in refusal(file_of(seal=seal))


def test_files_for_a_recipient_s_key_or_under_a_signature() -> None:
    enveloped = sequence(oid("1.2.840.113549.1.7.3"), explicit(sequence()))
    assert "a recipient's key instead of a password" in refusal(file_of(enveloped))
    signed = sequence(oid("1.2.840.113549.1.7.2"), explicit(sequence()))
    assert "a signature instead of a password" in refusal(sequence(b"\x02\x01\x03", signed))


# --- what it is instead -----------------------------------------------------------------------

CERTIFICATE = AUTO.der()


def _request(encoding: Encoding) -> bytes:
    made = x509.CertificateSigningRequestBuilder().subject_name(authority().subject)
    return made.sign(AUTO.key, SHA256()).public_bytes(encoding)


def _key(encoding: Encoding, encryption: KeySerializationEncryption) -> bytes:
    return AUTO.key.private_bytes(encoding, PrivateFormat.PKCS8, encryption)


SECRET = BestAvailableEncryption(b"secret")
OTHERS: dict[str, tuple[Callable[[], bytes], str, str]] = {
    "empty": (lambda: b"", "The file is empty", "again"),
    "garbage": (lambda: bytes(range(255, 0, -1)), "not a PKCS#12, or it is damaged", ".p12"),
    "text": ("Bonjour,\nvoilà\n".encode, "text, not a PKCS#12", ".p12"),
    "page": (lambda: b"\n<!DOCTYPE html><p>Session expired", "web page", "again"),
    "zip": (lambda: b"PK\x03\x04rest", "ZIP archive", "Unpack"),
    "jks": (lambda: b"\xfe\xed\xfe\xed\x00\x00\x00\x02", "Java keystore (JKS)", "keytool"),
    "jceks": (lambda: b"\xce\xce\xce\xce\x00\x00\x00\x02", "Java keystore (JCEKS)", "keytool"),
    "base64": (lambda: base64.encodebytes(p12()), "base64 text", "base64 -d"),
    "certificate": (lambda: CERTIFICATE, "a certificate alone", ".p12"),
    "certificate-pem": (lambda: pem(CERTIFICATE), "It holds: CERTIFICATE", ".p12"),
    "request": (lambda: _request(Encoding.DER), "certificate request (CSR)", "portal"),
    "request-pem": (lambda: _request(Encoding.PEM), "CERTIFICATE REQUEST", "portal"),
    "key": (lambda: _key(Encoding.DER, NoEncryption()), "private key alone, not", "openssl"),
    "key-pem": (lambda: _key(Encoding.PEM, NoEncryption()), "PRIVATE KEY", "openssl"),
    "encrypted-key": (lambda: _key(Encoding.DER, SECRET), "a private key alone.", "openssl"),
    "both-pem": (
        lambda: pem(CERTIFICATE) + _key(Encoding.PEM, SECRET),
        "It holds: CERTIFICATE, ENCRYPTED PRIVATE KEY",
        "openssl",
    ),
    "bundle": (
        lambda: pkcs7.serialize_certificates(
            [x509.load_der_x509_certificate(CERTIFICATE)], Encoding.DER
        ),
        "PKCS#7 bundle",
        ".p12",
    ),
    "crl": (lambda: CrlSpec(root()).der(), "a CRL", ".p12"),
    "cut": (lambda: p12()[:1000], "cut short:", "again"),
    "last-byte": (lambda: p12()[:-1], "cut short: 1 byte is missing", "again"),
    "longer": (lambda: p12() + b"\n", "something follows behind its end", "again"),
    "other-version": (
        lambda: p12().replace(b"\x02\x01\x03", b"\x02\x01\x04", 1),
        "damaged",
        ".p12",
    ),
    "cut-certificate": (lambda: CERTIFICATE[:500], "it holds no key", ".p12"),
    "absurd-length": (lambda: b"\x30\x88" + b"\xff" * 8 + b"\x02\x01\x03", "damaged", ".p12"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_was_taken_for_a_pkcs12(name: str) -> None:
    make, reason, hint = OTHERS[name]
    told, remedy = refusal(make()).split(" → ")
    assert reason in told
    assert hint in remedy


@pytest.mark.parametrize("position", range(0, 400, 7))
def test_a_spoiled_byte_is_never_more_than_a_refusal(position: int) -> None:
    data = p12()
    with suppress(BadPfx):
        read_pfx(data[:position] + bytes([data[position] ^ 0x55]) + data[position + 1 :])
