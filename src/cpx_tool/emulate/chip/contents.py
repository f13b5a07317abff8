"""What a chip holds: files, PINs and keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cpx_tool.emulate.chip.files import Directory, Elementary
from cpx_tool.emulate.chip.keys import CardKey
from cpx_tool.emulate.chip.pin import Pin
from cpx_tool.emulate.chip.status import Refusal, Status

USER_PIN, UNBLOCKING_PIN = 1, 2
"""References of the holder's PIN and of the code that unblocks it [seen in the field]."""


@dataclass(frozen=True, slots=True)
class HeldKey:
    """A private key in its place. `qualified`: it signs hashes only; else it authenticates and
    deciphers. `free`: it authenticates without a PIN, and deciphers nothing.
    """

    key: CardKey
    qualified: bool
    free: bool = False


@dataclass(frozen=True, slots=True)
class Contents:
    """Of one chip. `keys` are by their reference; `old_files` are those of the CPS2ter part, by
    path.
    """

    root: Directory
    pins: Mapping[int, Pin]
    keys: Mapping[int, HeldKey]
    old_files: Mapping[bytes, Elementary] = field(default_factory=dict)

    def pin(self, reference: int) -> Pin:
        """Raises `Refusal` when there is none of that number."""
        if reference not in self.pins:
            raise Refusal(Status.NO_OBJECT)
        return self.pins[reference]

    def key(self, reference: int, *, qualified: bool, deciphers: bool = False) -> CardKey:
        """The key, once the holder's PIN was given, where it needs one. Raises `Refusal`.

        This is the only way to a private operation.
        """
        held = self.keys.get(reference)
        if held is None:
            raise Refusal(Status.NO_OBJECT)
        if held.qualified is not qualified or (held.free and deciphers):
            raise Refusal(Status.CONDITIONS)
        if not held.free:
            self.pin(USER_PIN).refuse_unless_verified()
        return held.key

    def power_off(self) -> None:
        """Forget which PINs were given."""
        for pin in self.pins.values():
            pin.power_off()
