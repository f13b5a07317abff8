"""What was put into the readers between two looks at them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from cpx_tool.model.reader import Pcsc, Reader, ReaderState


def holds_any(pcsc: Pcsc) -> bool:
    """Whether something is in one of the readers."""
    return any(map(_held, pcsc.readers))


def inserted(before: Pcsc, after: Pcsc) -> frozenset[str]:
    """The names of the readers that got a card between the two looks."""
    then = {reader.name: _held(reader) for reader in before.readers}
    return frozenset(
        reader.name
        for reader in after.readers
        if _held(reader) and _held(reader) != then.get(reader.name)
    )


def emptied(pcsc: Pcsc, readers: Iterable[str | None]) -> Pcsc:
    """The same look, as if nothing were in these readers: what is there now is news."""
    names = frozenset(readers)
    return replace(
        pcsc,
        readers=tuple(
            Reader(reader.name, ReaderState.EMPTY) if reader.name in names else reader
            for reader in pcsc.readers
        ),
    )


def _held(reader: Reader) -> str:
    """What is in the reader; "" for nothing. Another program's use of a card changes nothing."""
    if reader.state in (ReaderState.EMPTY, ReaderState.UNAVAILABLE):
        return ""
    return reader.state.value if reader.state is ReaderState.MUTE else reader.atr or "card"
