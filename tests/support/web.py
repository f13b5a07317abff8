"""A web server on 127.0.0.1 that answers well, badly, or not at all."""

from __future__ import annotations

import gzip
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_TICK = 0.02


@dataclass(frozen=True)
class Asked:
    """A request as it came."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Web:
    """`pages` by path; a page is bytes, or a function of the handler. `asked` tells what came."""

    url: str
    pages: dict[str, Page] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    def at(self, path: str, page: Page) -> str:
        """Put a page there; gives its address."""
        self.pages[path] = page
        return self.url + path

    def paths(self) -> list[str]:
        """What was asked for, in order."""
        return [asked.path for asked in self.asked]


class Handler(BaseHTTPRequestHandler):
    """Looks the page up."""

    web: Web

    def do_GET(self) -> None:
        size = int(self.headers.get("Content-Length", 0))
        asked = Asked(self.command, self.path, dict(self.headers), self.rfile.read(size))
        self.web.asked.append(asked)
        page = self.web.pages.get(self.path)
        if page is None:
            answer(b"<html>gone</html>", status=404)(self)
        elif isinstance(page, bytes):
            answer(page)(self)
        else:
            page(self)

    do_POST = do_GET  # noqa: N815 - http.server's name

    def log_message(self, *arguments: object) -> None:
        """Nothing."""

    def body(self) -> bytes:
        """Of the request that is answered."""
        return next(a.body for a in reversed(self.web.asked) if a.path == self.path)


Page = bytes | Callable[[Handler], None]


class _Server(ThreadingHTTPServer):
    request_queue_size = 64

    def handle_error(self, *arguments: Any) -> None:
        """A client that hung up is what is tested."""


@contextmanager
def serving(context: ssl.SSLContext | None = None) -> Iterator[Web]:
    """A server with no pages yet; https with a `context`."""
    handler = type("_Handler", (Handler,), {})
    server = _Server(("127.0.0.1", 0), handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    scheme = "https" if context else "http"
    web = handler.web = Web(f"{scheme}://127.0.0.1:{server.server_port}")  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(_TICK,))
    thread.start()
    try:
        yield web
    finally:
        web.stopped.set()
        server.shutdown()
        server.server_close()
        thread.join()


def answer(body: bytes, status: int = 200, **headers: str) -> Page:
    """A whole answer; underscores of header names stand for hyphens."""

    def page(handler: Handler) -> None:
        handler.send_response(status)
        if status != 204:
            handler.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return page


def redirect(to: str, status: int = 302) -> Page:
    """Elsewhere."""
    return answer(b"", status, Location=to)


def compressed(body: bytes) -> Page:
    """gzip, unasked."""
    return answer(gzip.compress(body), Content_Encoding="gzip")


def half(body: bytes) -> Page:
    """The first half of what is announced, then the end."""

    def page(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body[: len(body) // 2])

    return page


def half_chunked(body: bytes) -> Page:
    """A chunk and no end."""

    def page(handler: Handler) -> None:
        handler.protocol_version = "HTTP/1.1"
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        handler.wfile.write(b"%x\r\n%b\r\n" % (len(body), body))

    return page


def unbounded(size: int, *, announced: bool) -> Page:
    """Zeros, a lot of them."""

    def page(handler: Handler) -> None:
        handler.send_response(200)
        if announced:
            handler.send_header("Content-Length", str(size))
        handler.end_headers()
        for _ in range(size // 65_536):
            handler.wfile.write(bytes(65_536))

    return page


def raw(text: bytes) -> Page:
    """These bytes, HTTP or not."""

    def page(handler: Handler) -> None:
        handler.wfile.write(text)

    return page


def hang(handler: Handler) -> None:
    """Nothing, for as long as the server lives."""
    handler.web.stopped.wait()


def drip(head: bytes) -> Page:
    """`head`, then a byte now and then, for as long as the server lives."""

    def page(handler: Handler) -> None:
        handler.wfile.write(head)
        while not handler.web.stopped.wait(_TICK):
            handler.wfile.write(b"x")

    return page
