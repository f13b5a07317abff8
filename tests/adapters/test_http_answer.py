"""HTTP answers, good and hostile: as much as is shown of them, and no more is read."""

from __future__ import annotations

from collections.abc import Callable
from http.client import HTTPException

import pytest

from cpx_tool.adapters.http_answer import (
    BODY_MOST,
    HEAD_MOST,
    LINE_MOST,
    printable_line,
    read_answer,
    read_head,
)
from cpx_tool.model.handshake import HttpAnswer


class Wire:
    """Gives these bytes, so many at a time, and counts; then an error, or the end."""

    def __init__(self, content: bytes, size: int = 65_536, then: OSError | None = None) -> None:
        self.content = content
        self.size = size
        self.then = then
        self.given = 0

    def recv(self, size: int) -> bytes:
        got = self.content[self.given : self.given + min(size, self.size)]
        if not got and self.then is not None:
            raise self.then
        self.given += len(got)
        return got


def answer(content: bytes, **options: int) -> HttpAnswer:
    return read_answer(Wire(content, **options).recv)


@pytest.mark.parametrize("size", [1, 7, 65_536])
def test_status_server_and_first_line(size: int) -> None:
    content = b"HTTP/1.1 200 OK\r\nServer: nginx/1.22\r\nContent-Length: 12\r\n\r\nhello\nworld\n"
    assert answer(content, size=size) == HttpAnswer(200, "OK", "hello", "nginx/1.22", 12)


def test_a_body_in_chunks_and_one_that_ends_with_the_connection() -> None:
    head = b"HTTP/1.1 200 OK\r\n"
    chunks = b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n"
    assert answer(head + chunks).first_line == "hello!"
    assert answer(b"HTTP/1.0 200\r\n\r\nhello") == HttpAnswer(200, "", "hello", "", 5)


def test_statuses_without_a_body() -> None:
    for status in (204, 304):
        head = b"HTTP/1.1 %d Nothing\r\n\r\nwhat is this" % status
        assert answer(head) == HttpAnswer(status, "Nothing")


def test_a_status_100_is_passed_over() -> None:
    content = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    assert answer(content) == HttpAnswer(200, "OK")


@pytest.mark.parametrize(
    ("body", "line"),
    [
        (b"<html><head><TITLE>400 No required\n SSL</TITLE></head>", "400 No required SSL"),
        (b"</title><title>", "</title><title>"),
        (b"<title>unfinished", "<title>unfinished"),
        (b"\n \r\n\t\nfirst\nsecond", "first"),
        (b"", ""),
        (b"\xff\xfe\x00caf\xc3\xa9", "�� café"),
    ],
)
def test_the_first_line_that_says_something(body: bytes, line: str) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body)
    assert answer(head + body).first_line == line


def test_nothing_that_a_terminal_obeys_is_kept() -> None:
    evil = b"\x1b[2J\x07\xe2\x80\xaeevil\x9b"
    content = b"HTTP/1.1 200 " + evil + b"\r\nServer: " + evil + b"\r\n\r\n" + evil
    found = answer(content)
    assert (found.reason + found.server + found.first_line).isprintable()
    assert "evil" in found.first_line


def test_a_line_is_cut() -> None:
    assert printable_line("x" * 1_000) == "x" * LINE_MOST
    assert printable_line(" a\u00a0\r\n b ") == "a b"


# --- what is wrong ----------------------------------------------------------------------------


@pytest.mark.parametrize("read", [read_answer, lambda recv: read_head(recv, "CONNECT")])
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"SSH-2.0-OpenSSH\r\n",
        b"\x00\x01\x02\r\n\r\n",
        b"HTTP/1.1\r\n\r\n",
        b"HTTP/1.1 two OK\r\n\r\n",
        b"HTTP/1.1 99999 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1_000,
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000,
        b"HTTP/1.1 " + b"x" * 100_000,
    ],
)
def test_what_is_no_http(content: bytes, read: Callable[[object], HttpAnswer]) -> None:
    wire = Wire(content)
    with pytest.raises(HTTPException):
        read(wire.recv)
    assert wire.given <= HEAD_MOST


def test_a_body_that_breaks_off_is_kept_as_far_as_it_came() -> None:
    half = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"
    assert answer(half) == HttpAnswer(200, "OK", "half", "", 4)


@pytest.mark.parametrize(
    "then", [ConnectionResetError(), TimeoutError(), BrokenPipeError()], ids=repr
)
def test_a_connection_that_is_cut_in_the_body_costs_no_more_than_that(then: OSError) -> None:
    wire = Wire(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", then=then)
    assert read_answer(wire.recv) == HttpAnswer(200, "OK")


def test_a_connection_that_is_cut_in_the_head_is_raised() -> None:
    with pytest.raises(ConnectionResetError):
        read_answer(Wire(b"HTTP/1.1 200 OK\r\n", then=ConnectionResetError()).recv)


@pytest.mark.parametrize(
    "body",
    [b"5\r\nhello\r\nzz\r\n", b"-5\r\nhello", b"ffffffffffffffff\r\nhello", b"5"],
)
def test_chunks_that_are_wrong(body: bytes) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert answer(head + body).status == 200


@pytest.mark.parametrize("length", [b"-1", b"many", b"99999999999999999999", b"10000000"])
def test_no_more_than_that_is_read_of_a_body(length: bytes) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %s\r\n\r\n" % length
    wire = Wire(head + b"x" * 10_000_000)
    found = read_answer(wire.recv)
    assert (found.status, found.body_bytes) == (200, BODY_MOST)
    assert wire.given < BODY_MOST + 64 * 1024


def test_no_more_than_that_is_read_of_chunks() -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    wire = Wire(head + (b"400\r\n" + b"x" * 1_024 + b"\r\n") * 10_000)
    assert read_answer(wire.recv).body_bytes == BODY_MOST
    assert wire.given < BODY_MOST + 64 * 1024
