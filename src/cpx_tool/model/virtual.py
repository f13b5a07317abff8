"""Virtual cards as a person sees them: which there are, and in which readers they are."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class VirtualSeat:
    """One card of a deck. `port` is that of its reader, None outside of all readers.

    `tries` are those left of its PIN, None where it has none; `faults` what was made wrong on
    purpose.
    """

    card_number: str
    role: str
    title: str
    label: str
    port: int | None
    tries: int | None
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class VirtualDeck:
    """All cards of a set, the ports of the virtual readers, and where the CAs' files are."""

    set_name: str
    ca_directory: str
    ports: tuple[int, ...]
    seats: tuple[VirtualSeat, ...]
