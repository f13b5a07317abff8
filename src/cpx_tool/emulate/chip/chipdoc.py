"""The applet of a CPS4 (ChipDoc): it is spoken to on logical channel 1, and signs with PSS, too.

What is here is what Cryptolib 5.2.2 sends and needs [seen]; no other program knows the card.
"""

from __future__ import annotations

from cpx_tool.emulate.chip.answer import DONE, Answer
from cpx_tool.emulate.chip.apdu import Command
from cpx_tool.emulate.chip.applet import Applet
from cpx_tool.emulate.chip.contents import UNBLOCKING_PIN, Contents
from cpx_tool.emulate.chip.digest import SHA1, SHA256, Algorithm
from cpx_tool.emulate.chip.pin import Pin
from cpx_tool.emulate.chip.status import Refusal, Status

_SIGNATURE, _CONFIDENTIALITY = 0x81B6, 0x41B8
_SIGN, _DECIPHER = 0x9E9A, 0x8086
_SIGNATURE_HEAD, _KEY_HEAD = b"\x91\x02", b"\x83\x01"
_OF_HASH = 0x80
"""In the key's reference: what is signed is a hash."""

_PKCS1 = {0x0A: SHA1, 0x28: SHA256}
_PSS = {0x15: SHA1, 0x2C: SHA256}


class ChipDoc(Applet):
    """A CPS4.

    Whether a real one tells by VERIFY without data that the PIN was given is not known. The
    middleware takes 9000 for a PIN that is locked [seen], so that this one always counts.
    """

    control_tag = 0x6F
    tells_verified = False

    def __init__(self, contents: Contents) -> None:
        super().__init__(contents)
        self._signing: tuple[int, int] | None = None
        self._deciphering: int | None = None
        self.commands |= {0x22: self._manage_environment, 0x2A: self._perform}

    def _manage_environment(self, command: Command) -> Answer:
        if command.parameters == _SIGNATURE:
            algorithm, key = _after(_SIGNATURE_HEAD, command.data)
            if algorithm not in _PKCS1 | _PSS or not key & _OF_HASH:
                raise Refusal(Status.BAD_DATA)
            self._signing = (algorithm, key & ~_OF_HASH)
        elif command.parameters == _CONFIDENTIALITY:
            (self._deciphering,) = _after(_KEY_HEAD, command.data)
        else:
            raise Refusal(Status.BAD_PARAMETERS)
        return DONE

    def _perform(self, command: Command) -> Answer:
        if command.parameters == _SIGN:
            return self._sign(command.data)
        if command.parameters == _DECIPHER:
            return self._decipher(command.data)
        raise Refusal(Status.BAD_PARAMETERS)

    def _sign(self, digest: bytes) -> Answer:
        if self._signing is None:
            raise Refusal(Status.CONDITIONS)
        chosen, reference = self._signing
        algorithm: Algorithm = (_PKCS1 | _PSS)[chosen]
        held = self.contents.keys.get(reference)
        qualified = held is not None and held.qualified
        if not qualified and chosen in _PKCS1:  # the other key pads outside of the card
            raise Refusal(Status.CONDITIONS)
        key = self.contents.key(reference, qualified=qualified)
        if len(digest) != algorithm.size:
            raise Refusal(Status.BAD_DATA)
        if chosen in _PSS:
            return Answer(key.sign_pss(digest, algorithm))
        return Answer(key.sign_hash(digest, algorithm))

    def _decipher(self, block: bytes) -> Answer:
        """The private operation alone: the middleware pads before it and unpads after it."""
        if self._deciphering is None:
            raise Refusal(Status.CONDITIONS)
        return Answer(self.contents.key(self._deciphering, qualified=False).raw(block))

    def _authorise_change(self, pin: Pin) -> None:
        """The code that unblocks is enough: the middleware changes the PIN after it [source]."""
        if not self.contents.pin(UNBLOCKING_PIN).verified:
            pin.refuse_unless_verified()


def _after(head: bytes, data: bytes) -> bytes:
    """What an object of this tag and length holds. Raises `Refusal`."""
    if data[:2] != head or len(data) != 2 + head[1]:
        raise Refusal(Status.BAD_DATA)
    return data[2:]
