"""The applet of a CPS3 (IAS ECC): security environments, signatures, security data objects.

Every command and algorithm reference here is one that Cryptolib 5.2.2 or OpenSC sends [seen].
"""

from __future__ import annotations

from dataclasses import dataclass

from cpx_tool.emulate.chip.answer import DONE, Answer
from cpx_tool.emulate.chip.apdu import Command
from cpx_tool.emulate.chip.applet import Applet
from cpx_tool.emulate.chip.contents import Contents
from cpx_tool.emulate.chip.data_objects import data_object
from cpx_tool.emulate.chip.digest import SHA1, SHA256, Algorithm, finish
from cpx_tool.emulate.chip.keys import CardKey
from cpx_tool.emulate.chip.status import Refusal, Status
from cpx_tool.pki.tlv import is_whole, read_tlvs

_AUTHENTICATION, _SIGNATURE, _HASH, _CONFIDENTIALITY = 0xA4, 0xB6, 0xAA, 0xB8
"""Control reference templates (ISO/IEC 7816-4, table 53)."""

_HASHES = {0x10: SHA1, 0x40: SHA256}
_SIGNED_HASHES = {0x12: SHA1, 0x42: SHA256}
_ALGORITHMS = {
    _HASH: tuple(_HASHES),
    _SIGNATURE: tuple(_SIGNED_HASHES),
    _AUTHENTICATION: (0x02,),
    _CONFIDENTIALITY: (0x1A,),
}

_SET, _RESTORE = 0x41, 0xF3
_ALGORITHM, _PUBLIC_KEY, _PRIVATE_KEY = 0x80, 0x83, 0x84
_HASH_INPUT, _SIGN, _DECIPHER = 0x90A0, 0x9E9A, 0x8086
"""P1-P2 of PERFORM SECURITY OPERATION (ISO/IEC 7816-8)."""
_STATE, _LAST_BLOCK = 0x90, 0x80
_COUNTER_BYTES = 8
_LAST_BLOCK_BYTES = 64
_RSA_PADDING = b"\x81"
_LARGEST_PART = 0.4
"""INTERNAL AUTHENTICATE takes 40 % of the modulus at most (Cryptolib CPS, internal
specification, 8.2.4)."""


@dataclass(frozen=True, slots=True)
class _Template:
    """One part of the security environment."""

    algorithm: int
    key: int | None


class IasEcc(Applet):
    """A CPS3."""

    def __init__(self, contents: Contents) -> None:
        super().__init__(contents)
        self._environment: dict[int, _Template] = {}
        self._digest: tuple[Algorithm, bytes] | None = None
        self.commands |= {
            0x22: self._manage_environment,
            0x2A: self._perform,
            0x88: self._authenticate,
            0xCB: self._get_data,
        }

    def _manage_environment(self, command: Command) -> Answer:
        if command.p1 == _RESTORE:
            self._environment.clear()
            self._digest = None
            return DONE
        if command.p1 != _SET or command.p2 not in _ALGORITHMS:
            raise Refusal(Status.BAD_PARAMETERS)
        template = _template(command.data)
        if template.algorithm not in _ALGORITHMS[command.p2]:
            raise Refusal(Status.BAD_DATA)
        self._environment[command.p2] = template
        return DONE

    def _perform(self, command: Command) -> Answer:
        if command.parameters == _HASH_INPUT:
            return self._hash(command.data)
        if command.parameters == _SIGN:
            return self._sign(command.data)
        if command.parameters == _DECIPHER:
            return self._decipher(command.data)
        raise Refusal(Status.BAD_PARAMETERS)

    def _hash(self, data: bytes) -> Answer:
        """The last round, or a digest that is ready."""
        algorithm = _HASHES[self._template(_HASH).algorithm]
        self._digest = None
        fields = {tlv.tag: tlv.value for tlv in read_tlvs(data)}
        if not is_whole(data) or _STATE not in fields or fields.keys() - {_STATE, _LAST_BLOCK}:
            raise Refusal(Status.BAD_DATA)
        self._digest = (algorithm, _digested(algorithm, fields))
        return DONE

    def _sign(self, data: bytes) -> Answer:
        """The digest that PSO HASH left, or the one in the command."""
        template = self._template(_SIGNATURE)
        algorithm = _SIGNED_HASHES[template.algorithm]
        key = self._key(template, qualified=True)
        digest = data or self._held_digest(algorithm)
        if len(digest) != algorithm.size:
            raise Refusal(Status.BAD_DATA)
        self._digest = None
        return Answer(key.sign_hash(digest, algorithm))

    def _held_digest(self, algorithm: Algorithm) -> bytes:
        if self._digest is None or self._digest[0] is not algorithm:
            raise Refusal(Status.CONDITIONS)
        return self._digest[1]

    def _authenticate(self, command: Command) -> Answer:
        """INTERNAL AUTHENTICATE: the card pads what it is given."""
        if command.parameters:
            raise Refusal(Status.BAD_PARAMETERS)
        key = self._key(self._template(_AUTHENTICATION), qualified=False)
        if not 0 < len(command.data) <= key.size * _LARGEST_PART:
            raise Refusal(Status.WRONG_LENGTH)
        return Answer(key.sign(command.data))

    def _decipher(self, data: bytes) -> Answer:
        key = self._key(self._template(_CONFIDENTIALITY), qualified=False, deciphers=True)
        if data[:1] != _RSA_PADDING:
            raise Refusal(Status.BAD_DATA)
        return Answer(key.decipher(data[1:]))

    def _template(self, tag: int) -> _Template:
        if tag not in self._environment:
            raise Refusal(Status.CONDITIONS)
        return self._environment[tag]

    def _key(self, template: _Template, *, qualified: bool, deciphers: bool = False) -> CardKey:
        if template.key is None:
            raise Refusal(Status.CONDITIONS)
        return self.contents.key(template.key, qualified=qualified, deciphers=deciphers)

    def _get_data(self, command: Command) -> Answer:
        if command.parameters != _CURRENT_OBJECTS:
            raise Refusal(Status.BAD_PARAMETERS)
        return Answer(data_object(self.contents, command.data))


_CURRENT_OBJECTS = 0x3FFF


def _template(data: bytes) -> _Template:
    """Algorithm and key of a control reference template."""
    fields = {tlv.tag: tlv.value for tlv in read_tlvs(data)}
    unknown = fields.keys() - {_ALGORITHM, _PUBLIC_KEY, _PRIVATE_KEY}
    if not is_whole(data) or unknown or any(len(value) != 1 for value in fields.values()):
        raise Refusal(Status.BAD_DATA)
    if _ALGORITHM not in fields:
        raise Refusal(Status.BAD_DATA)
    key = fields.get(_PRIVATE_KEY)
    return _Template(fields[_ALGORITHM][0], key[0] if key else None)


def _digested(algorithm: Algorithm, fields: dict[int, bytes]) -> bytes:
    """90 holds the state and eight bytes that count the bits before, or nothing; 80 the rest."""
    state = fields[_STATE]
    if _LAST_BLOCK not in fields:
        if len(state) != algorithm.size:
            raise Refusal(Status.BAD_DATA)
        return state
    tail = fields[_LAST_BLOCK]
    if len(state) not in (0, algorithm.size + _COUNTER_BYTES) or len(tail) > _LAST_BLOCK_BYTES:
        raise Refusal(Status.BAD_DATA)
    count = int.from_bytes(state[algorithm.size :], "big")
    return finish(algorithm, state[: algorithm.size], count, tail)
