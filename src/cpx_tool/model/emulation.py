"""An emulation on disk: where it is, how to load it, which cards and certificates it holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EmulatedToken:
    """One emulated card as SoftHSM shows it. `role` is empty for a card of no role."""

    role: str
    title: str
    card_number: str
    label: str
    serial: str
    slot_id: int
    slot_description: str
    atr: str
    defects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EmulatedSoftware:
    """A software certificate: its name (CN), and its file in the directory of the emulation."""

    name: str
    file: str


@dataclass(frozen=True, slots=True)
class Emulation:
    """`environment` is what a program needs to load `module` on these cards."""

    directory: str
    set_name: str
    created: str
    defects: tuple[str, ...]
    module: str
    environment: Mapping[str, str]
    tokens: tuple[EmulatedToken, ...]
    software: tuple[EmulatedSoftware, ...]
