"""What a card does with an RSA key (PKCS #1, RFC 8017)."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from cpx_tool.emulate.chip.digest import SHA1, SHA256, Algorithm
from cpx_tool.emulate.chip.status import Refusal, Status

_HASHES: dict[Algorithm, hashes.HashAlgorithm] = {
    SHA1: hashes.SHA1(),  # noqa: S303 - cards sign it still
    SHA256: hashes.SHA256(),
}
_DIGEST_INFOS: tuple[tuple[bytes, hashes.HashAlgorithm], ...] = (
    (bytes.fromhex("3021300906052b0e03021a05000414"), hashes.SHA1()),  # noqa: S303
    (bytes.fromhex("3031300d060960864801650304020105000420"), hashes.SHA256()),
    (bytes.fromhex("3041300d060960864801650304020205000430"), hashes.SHA384()),
    (bytes.fromhex("3051300d060960864801650304020305000440"), hashes.SHA512()),
)
"""RFC 8017, 9.2, note 1."""

_LEAST_PADDING = 11
_SIGNED, _ENCIPHERED = b"\0\1", b"\0\2"


@dataclass(frozen=True, slots=True)
class CardKey:
    """A private key on a card, in `size` bytes."""

    key: RSAPrivateKey

    @property
    def size(self) -> int:
        """In bytes."""
        return self.key.key_size // 8

    def sign(self, content: bytes) -> bytes:
        """`content` as it is, padded (block type 1), and the private operation."""
        if len(content) > self.size - _LEAST_PADDING:
            raise Refusal(Status.WRONG_LENGTH)
        filling = b"\xff" * (self.size - len(content) - 3)
        return self.raw(_SIGNED + filling + b"\0" + content)

    def sign_hash(self, digest: bytes, algorithm: Algorithm) -> bytes:
        """RSASSA-PKCS1-v1_5 of a digest."""
        return self.key.sign(digest, padding.PKCS1v15(), Prehashed(_HASHES[algorithm]))

    def sign_pss(self, digest: bytes, algorithm: Algorithm) -> bytes:
        """RSASSA-PSS of a digest; the salt is as long as the digest, MGF1 has the same hash."""
        chosen = _HASHES[algorithm]
        pss = padding.PSS(padding.MGF1(chosen), algorithm.size)
        return self.key.sign(digest, pss, Prehashed(chosen))

    def decipher(self, cryptogram: bytes) -> bytes:
        """What was enciphered with the public key (block type 2).

        Raises `Refusal` where it is no such block. A real card would not be asked twice about
        that; here there is nothing to protect.
        """
        block = self.raw(cryptogram)
        end = block.find(b"\0", 2)
        if block[:2] != _ENCIPHERED or end < _LEAST_PADDING - 1:
            raise Refusal(Status.BAD_DATA)
        return block[end + 1 :]

    def raw(self, block: bytes) -> bytes:
        """The private operation on a block as long as the modulus. Raises `Refusal`."""
        if len(block) != self.size:
            raise Refusal(Status.WRONG_LENGTH)
        return self._quick(block) or self._slow(block)

    def _quick(self, block: bytes) -> bytes | None:
        """By the library, where the block is one that it would make itself."""
        start, filling = block[:2], block[2:].lstrip(b"\xff")
        if start != _SIGNED or filling[:1] != b"\0":
            return None
        for prefix, algorithm in _DIGEST_INFOS:
            digest = filling[1 + len(prefix) :]
            if filling[1:].startswith(prefix) and len(digest) == algorithm.digest_size:
                return self.key.sign(digest, padding.PKCS1v15(), Prehashed(algorithm))
        return None

    def _slow(self, block: bytes) -> bytes:
        """RFC 8017, 5.1.2, with the Chinese remainder theorem."""
        numbers = self.key.private_numbers()
        message = int.from_bytes(block, "big")
        if message >= numbers.public_numbers.n:
            raise Refusal(Status.BAD_DATA)
        one = pow(message, numbers.dmp1, numbers.p)
        two = pow(message, numbers.dmq1, numbers.q)
        result = two + (one - two) * numbers.iqmp % numbers.p * numbers.q
        return result.to_bytes(self.size, "big")
