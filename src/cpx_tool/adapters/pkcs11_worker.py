"""The child process that holds a PKCS#11 module: reads requests, answers, may die."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import BinaryIO

import msgspec

from cpx_tool.adapters.frames import Reply, Request, read_frame, write_frame
from cpx_tool.adapters.pkcs11 import Pkcs11Tokens
from cpx_tool.adapters.system import end_with_parent, keep_no_core, limit_memory, peak_memory
from cpx_tool.ports import Pin, PinOrigin, TokenFault

_MOST_MEMORY = 4 << 30
"""In bytes, of addresses: a call without end must not take the whole workstation's memory."""


def answer(tokens: Pkcs11Tokens, request: Request) -> object:
    """Carry out one request."""
    slot = request.slot_id
    calls: dict[str, Callable[[], object]] = {
        "load": tokens.load,
        "slots": tokens.slots,
        "token_info": lambda: tokens.token_info(slot),
        "read": lambda: tokens.read(slot),
        "login": lambda: _login(tokens, request),
        "read_private": lambda: tokens.read_private(slot),
        "sign": lambda: tokens.sign(slot, request.key_id, request.mechanism, request.data),
        "logout": lambda: tokens.logout(slot),
    }
    return calls[request.call]()


def _login(tokens: Pkcs11Tokens, request: Request) -> None:
    if request.expected is None:
        raise ValueError("a login without a seal")
    pin = Pin(request.pin, PinOrigin.GIVEN) if request.pin is not None else None
    tokens.login(request.slot_id, pin, request.expected)


def serve(path: str, requests: BinaryIO, replies: BinaryIO) -> None:
    """Answer until the parent closes its end, then finalise the module."""
    tokens = Pkcs11Tokens(path)
    while (frame := read_frame(requests)) is not None:
        try:
            value = answer(tokens, msgspec.json.decode(frame, type=Request))
            reply = Reply(value=msgspec.Raw(msgspec.json.encode(value)))
        except TokenFault as error:
            reply = Reply(fault=error.fault)
        reply.memory = peak_memory()
        write_frame(replies, msgspec.json.encode(reply))
    tokens.close()


def main() -> None:
    """Take the pipes away from the module, which may write to standard output."""
    keep_no_core()
    limit_memory(_MOST_MEMORY)
    end_with_parent()
    requests = os.fdopen(os.dup(0), "rb")
    replies = os.fdopen(os.dup(1), "wb")
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    serve(sys.argv[1], requests, replies)


if __name__ == "__main__":
    main()
