"""Status words (ISO/IEC 7816-4:2020, 5.6), and the refusal that carries one."""

from __future__ import annotations

from enum import IntEnum


class Status(IntEnum):
    """SW1-SW2 of an answer."""

    OK = 0x9000
    UNCHANGED = 0x6200
    """A warning: nothing was to be done."""
    END_OF_FILE = 0x6282
    """Fewer bytes than Le asked for."""
    TRIES_LEFT = 0x63C0
    """The low four bits are the number of tries left."""
    WRONG_LENGTH = 0x6700
    NO_SUCH_CHANNEL = 0x6881
    NO_SECURE_MESSAGING = 0x6882
    CHAIN_BROKEN = 0x6883
    """The last command of the chain was expected."""
    NOT_ALLOWED_YET = 0x6982
    """Security status not satisfied: the PIN was not given."""
    BLOCKED = 0x6983
    CONDITIONS = 0x6985
    """Conditions of use not satisfied: no security environment, nothing to answer."""
    NO_FILE_SELECTED = 0x6986
    BAD_DATA = 0x6A80
    NO_FUNCTION = 0x6A81
    """Function not supported: no more channels, none that may be closed."""
    NO_FILE = 0x6A82
    NO_ROOM = 0x6A84
    BAD_PARAMETERS = 0x6A86
    NO_OBJECT = 0x6A88
    BAD_OFFSET = 0x6B00
    NO_INSTRUCTION = 0x6D00
    NO_CLASS = 0x6E00


class Refusal(Exception):
    """The command is refused with this status word."""

    def __init__(self, status: int) -> None:
        super().__init__(f"{status:04X}")
        self.status = status
