"""The child process that holds a PKCS#11 module: reads requests, answers, may die."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable
from typing import BinaryIO

import msgspec

from cpx_tool.adapters.frames import Reply, Request, read_frame, write_frame
from cpx_tool.adapters.pkcs11 import Pkcs11Tokens
from cpx_tool.ports import Pin, PinOrigin, TokenFault

_PR_SET_PDEATHSIG = 1


def answer(tokens: Pkcs11Tokens, request: Request) -> object:
    """Carry out one request."""
    slot = request.slot_id
    calls: dict[str, Callable[[], object]] = {
        "load": tokens.load,
        "slots": tokens.slots,
        "token_info": lambda: tokens.token_info(slot),
        "read": lambda: tokens.read(slot),
        "login": lambda: tokens.login(slot, Pin(request.pin, PinOrigin.GIVEN)),
        "read_private": lambda: tokens.read_private(slot),
        "sign": lambda: tokens.sign(slot, request.key_id, request.mechanism, request.data),
        "logout": lambda: tokens.logout(slot),
    }
    return calls[request.call]()


def serve(path: str, requests: BinaryIO, replies: BinaryIO) -> None:
    """Answer until the parent closes its end, then finalise the module."""
    tokens = Pkcs11Tokens(path)
    while (frame := read_frame(requests)) is not None:
        try:
            value = answer(tokens, msgspec.json.decode(frame, type=Request))
            reply = Reply(value=msgspec.Raw(msgspec.json.encode(value)))
        except TokenFault as error:
            reply = Reply(fault=error.fault)
        write_frame(replies, msgspec.json.encode(reply))
    tokens.close()


def _keep_no_traces() -> None:
    """A crash must not leave a core file with the PIN in it."""
    try:
        import resource  # noqa: PLC0415 - not on Windows
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _end_with_parent() -> None:
    """A call that hangs would outlive a parent that was killed (Linux: prctl(2))."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def main() -> None:
    """Take the pipes away from the module, which may write to standard output."""
    _keep_no_traces()
    _end_with_parent()
    requests = os.fdopen(os.dup(0), "rb")
    replies = os.fdopen(os.dup(1), "wb")
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    serve(sys.argv[1], requests, replies)


if __name__ == "__main__":
    main()
