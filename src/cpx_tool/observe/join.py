"""Which PKCS#11 slot is which PC/SC reader. Only names tell, and modules shorten them.

A slotDescription holds 64 bytes (PKCS#11, CK_SLOT_INFO); a reader name up to 128. Known modules:
- OpenSC gives the name cut at 64 bytes, for each of the several slots of one reader;
- the ANS's Cryptolib gives the first 30, "..." and the last 31 of a name longer than 64.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from cpx_tool.model.reader import Reader
from cpx_tool.model.token import Slot

DESCRIPTION_BYTES = 64
_HEAD, _DOTS, _TAIL = 30, "...", 31
_PADDING = " \0"


def join(readers: Sequence[Reader], slots: Sequence[Slot]) -> Mapping[int, str]:
    """Slot id to reader name, for each slot whose description can only be that reader's.

    A description that two readers may have is nobody's: naming the wrong reader would be worse.
    """
    names: dict[str, set[str]] = {}
    for reader in readers:
        for shown in _shown_as(reader.name):
            names.setdefault(shown, set()).add(reader.name)
    joined: dict[int, str] = {}
    for slot in slots:
        candidates = names.get(slot.description.rstrip(_PADDING), set())
        if len(candidates) == 1:
            joined[slot.id] = next(iter(candidates))
    return joined


def _shown_as(name: str) -> set[str]:
    """Every description that a module may give to the reader of that name, padding removed."""
    shown = {text.rstrip(_PADDING) for text in (name, *_cut(name), *_shortened(name))}
    return shown - {""}


def _cut(name: str) -> Iterator[str]:
    yield from _decoded(name.encode(errors="replace")[:DESCRIPTION_BYTES])


def _shortened(name: str) -> Iterator[str]:
    encoded = name.encode(errors="replace")
    if len(encoded) > DESCRIPTION_BYTES:
        yield from _decoded(encoded[:_HEAD] + _DOTS.encode() + encoded[-_TAIL:])
    if len(name) > DESCRIPTION_BYTES:
        yield name[:_HEAD] + _DOTS + name[-_TAIL:]


def _decoded(cut: bytes) -> Iterator[str]:
    """The text of bytes that may be cut within a character: left out, or replaced by U+FFFD."""
    yield cut.decode(errors="ignore")
    yield cut.decode(errors="replace")
