"""What goes wrong in words: every error carries its reason and its remedy."""

from __future__ import annotations

from enum import IntEnum

from cpx_tool.model.message import Message


class ExitCode(IntEnum):
    """The documented exit codes (README, "Exit codes")."""

    PASSED = 0
    FAILED = 1
    USAGE = 2
    INTERNAL = 3
    NOTHING_CHECKED = 4
    PIN_SAFETY = 5
    INTERRUPTED = 130


class CpxError(Exception):
    """Something a user can act on: `reason` says what and why, `hint` what to do."""

    exit_code = ExitCode.INTERNAL

    def __init__(self, reason: Message, hint: Message) -> None:
        super().__init__(reason.text)
        self.reason = reason
        self.hint = hint


class BadInput(CpxError):
    """A file, option or value given by the user cannot be used."""

    exit_code = ExitCode.USAGE


class NothingToCheck(CpxError):
    """No service, reader, module or card: there is nothing to look at."""

    exit_code = ExitCode.NOTHING_CHECKED


class PinStopped(CpxError):
    """PIN safety forbids the only thing that was asked for."""

    exit_code = ExitCode.PIN_SAFETY
