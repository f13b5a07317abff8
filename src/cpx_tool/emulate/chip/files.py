"""The file system (ISO/IEC 7816-4:2020, 7.2 and 7.4): directories, transparent files, FCP."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from cpx_tool.emulate.chip.status import Refusal, Status
from cpx_tool.emulate.tlv import tlv

MASTER_FILE = 0x3F00

_TRANSPARENT, _DIRECTORY = 0x01, 0x38
"""File descriptor byte (table 12)."""
_ACTIVATED = 0x05
"""Life cycle status byte (table 14)."""
_ALL_OPERATIONS = 0x7B
"""Access mode byte: delete, terminate, activate, deactivate, update, read (table 16)."""


class Access(Enum):
    """Who may do something with a file; the value is the security condition byte of IAS ECC:
    always, the authentication that security environment 1 asks for, never.
    """

    FREE = 0x00
    PIN = 0x11
    NEVER = 0xFF


@dataclass(slots=True)
class Elementary:
    """A transparent file. `short_id` is the number by which READ BINARY names it, or None."""

    fid: int
    content: bytearray
    read: Access = Access.FREE
    update: Access = Access.NEVER
    short_id: int | None = None

    def control(self) -> bytes:
        """The objects of its FCP.

        OpenSC refuses a file without access conditions (A1, in it 8C) [seen].
        """
        short = tlv(0x88, bytes([self.short_id << 3])) if self.short_id is not None else b""
        return (
            tlv(0x80, len(self.content).to_bytes(2, "big"))
            + tlv(0x82, bytes([_TRANSPARENT]))
            + tlv(0x83, self.fid.to_bytes(2, "big"))
            + short
            + _conditions(self.update, self.read)
            + tlv(0x8A, bytes([_ACTIVATED]))
        )


@dataclass(slots=True)
class Directory:
    """A DF, or the MF; `name` is the AID by which it may be selected, too."""

    fid: int
    name: bytes
    children: dict[int, Elementary | Directory] = field(default_factory=dict)

    def add(self, *entries: Elementary | Directory) -> None:
        """Put these into it."""
        for entry in entries:
            self.children[entry.fid] = entry

    def control(self) -> bytes:
        """The objects of its FCP."""
        return (
            tlv(0x82, bytes([_DIRECTORY]))
            + tlv(0x83, self.fid.to_bytes(2, "big"))
            + tlv(0x84, self.name)
            + _conditions(Access.NEVER, Access.FREE)
            + tlv(0x8A, bytes([_ACTIVATED]))
        )

    def by_short_id(self, number: int) -> Elementary:
        """Raises `Refusal` when it holds no such file."""
        for entry in self.children.values():
            if isinstance(entry, Elementary) and entry.short_id == number:
                return entry
        raise Refusal(Status.NO_FILE)

    def by_name(self, name: bytes) -> Directory | None:
        """Itself or a directory below that has this AID."""
        if name == self.name:
            return self
        below = (entry for entry in self.children.values() if isinstance(entry, Directory))
        return next((found for entry in below if (found := entry.by_name(name))), None)


@dataclass(frozen=True, slots=True)
class Place:
    """What is selected: the directories from the MF down, and a file of the last one or None."""

    directories: tuple[Directory, ...]
    file: Elementary | None = None

    @property
    def directory(self) -> Directory:
        """The current directory."""
        return self.directories[-1]

    @property
    def selected(self) -> Elementary | Directory:
        """What the last SELECT selected."""
        return self.file or self.directory

    def child(self, fid: int) -> Place:
        """An entry of the current directory. Raises `Refusal` when there is none."""
        entry = self.directory.children.get(fid)
        if entry is None:
            raise Refusal(Status.NO_FILE)
        if isinstance(entry, Directory):
            return Place((*self.directories, entry))
        return Place(self.directories, entry)

    def parent(self) -> Place:
        """The directory above. Raises `Refusal` at the MF."""
        if len(self.directories) == 1:
            raise Refusal(Status.NO_FILE)
        return Place(self.directories[:-1])

    def root(self) -> Place:
        """The MF."""
        return Place(self.directories[:1])

    def follow(self, path: bytes) -> Place:
        """Down this path of file identifiers. Raises `Refusal` where it ends nowhere."""
        if not path or len(path) % 2:
            raise Refusal(Status.BAD_DATA)
        place = self
        for at in range(0, len(path), 2):
            if place.file is not None and at:
                raise Refusal(Status.NO_FILE)  # a file has no entries
            place = place.child(int.from_bytes(path[at : at + 2], "big"))
        return place

    def to(self, directory: Directory) -> Place:
        """A directory anywhere below the MF."""
        way = _way(self.directories[0], directory)
        assert way is not None  # noqa: S101 - it was found in there
        return Place(way)


def _way(top: Directory, wanted: Directory) -> tuple[Directory, ...] | None:
    if top is wanted:
        return (top,)
    for entry in top.children.values():
        if isinstance(entry, Directory) and (way := _way(entry, wanted)):
            return (top, *way)
    return None


def _conditions(update: Access, read: Access) -> bytes:
    """Security attributes in compact format, as IAS ECC wraps them: A1 holds those of contact."""
    never = Access.NEVER.value
    codes = bytes([_ALL_OPERATIONS, never, never, never, never, update.value, read.value])
    return tlv(0xA1, tlv(0x8C, codes))
