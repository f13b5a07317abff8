"""stunnel: TLS in front of an HTTP server that knows nothing of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support import web
from support.tls.pki import Identity
from support.tls.programs import Program, find_program, serving

PAGE = b"behind stunnel\n"

_CONFIGURATION = """
foreground = yes
pid =
debug = info
output = {directory}/stunnel.log
[https]
accept = 127.0.0.1:{port}
connect = {backend}
cert = {identity.certificate}
key = {identity.key}
sslVersionMin = TLSv1.2
{verify}
{more}
"""


@contextmanager
def stunnel(
    identity: Identity, *, trusted: Path | None = None, more: str = ""
) -> Iterator[Program]:
    """Answers GET / with `PAGE`; a client certificate is needed where `trusted` is given.

    `more` are options of the service: "sslVersionMax = TLSv1.2".
    """
    verify = f"verifyChain = yes\nCAfile = {trusted}" if trusted else ""
    with web.serving() as backend:
        backend.at("/", PAGE)

        def command(directory: Path, port: int) -> list[str | Path]:
            path = directory / "stunnel.conf"
            path.write_text(
                _CONFIGURATION.format(
                    directory=directory,
                    port=port,
                    backend=backend.url.removeprefix("http://"),
                    identity=identity,
                    verify=verify,
                    more=more,
                ),
                encoding="utf-8",
            )
            return [find_program("stunnel"), path]

        with serving(command) as program:
            yield program
