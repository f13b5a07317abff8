"""http.client: reads an HTTP answer from whatever gives bytes, and not too much of it."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from dataclasses import replace
from http.client import HTTPException, HTTPResponse
from typing import Any

from cpx_tool.adapters.bounded_socket import TooMuch
from cpx_tool.model.handshake import HttpAnswer

HEAD_MOST = 128 * 1024
"""Bytes of a head: http.client itself takes no more than 100 lines of 64 KiB."""
BODY_MOST = 64 * 1024
"""Bytes of a body that are read."""
LINE_MOST = 200
"""Characters of a line that are kept."""


class _Stream(io.RawIOBase):
    """The bytes of `recv`, as a file to be read."""

    def __init__(self, recv: Callable[[int], bytes]) -> None:
        self._recv = recv

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._recv(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def makefile(self, _: str) -> io.BufferedReader:
        """What http.client asks a socket for."""
        return io.BufferedReader(self)


def read_head(recv: Callable[[int], bytes], method: str) -> HttpAnswer:
    """Status line and headers. Raises `HTTPException`, and what `recv` raises."""
    return _head(_begun(recv, method))


def read_answer(recv: Callable[[int], bytes]) -> HttpAnswer:
    """The answer to a GET, its body as far as it is read. Raises as `read_head`; what breaks off in
    the body costs no more than that.
    """
    answer = _begun(recv, "GET")
    body = _body(answer)
    return replace(_head(answer), first_line=_first_line(body), body_bytes=len(body))


def _body(answer: HTTPResponse) -> bytes:
    """As far as it comes. `ValueError`: chunks of a negative size."""
    body = b""
    with contextlib.suppress(HTTPException, OSError, TooMuch, ValueError):
        while len(body) < BODY_MOST and (piece := answer.read1(BODY_MOST - len(body))):
            body += piece
    return body


def _begun(recv: Callable[[int], bytes], method: str) -> HTTPResponse:
    answer = HTTPResponse(_Stream(recv), method=method)  # type: ignore[arg-type]  # by makefile
    answer.begin()
    return answer


def _head(answer: HTTPResponse) -> HttpAnswer:
    server = answer.getheader("Server") or ""
    return HttpAnswer(answer.status, printable_line(answer.reason), server=printable_line(server))


def _first_line(body: bytes) -> str:
    """The first line that says something: of a page, its title."""
    text = body.decode("utf-8", "replace")
    low = text.lower()
    start, end = low.find("<title>"), low.find("</title>")
    if 0 <= start < end:
        return printable_line(text[start + len("<title>") : end])
    return next((line for raw in text.splitlines() if (line := printable_line(raw))), "")


def printable_line(text: str) -> str:
    """One line, without what a terminal would obey, cut."""
    kept = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(kept.split())[:LINE_MOST]
