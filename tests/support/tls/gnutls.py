"""gnutls-serv, another TLS stack than OpenSSL's. It knows no address to listen on: it is made to
listen on the loopback."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

from support.modules import compile_loopback
from support.tls.pki import Identity
from support.tls.programs import Program, find_program, serving


def gnutls_serv(
    identity: Identity,
    *,
    trusted: Path | None = None,
    required: bool = True,
    priority: str = "NORMAL",
) -> AbstractContextManager[Program]:
    """Answers GET / with what it knows of the connection.

    `priority` is GnuTLS's: "NORMAL:-VERS-TLS1.3".
    """
    trust: list[str | Path] = [] if trusted is None else ["--x509cafile", trusted]
    ask = ["--require-client-cert", "--verify-client-cert"] if required else ["-a"]
    return serving(
        lambda directory, port: [
            *("env", f"LD_PRELOAD={compile_loopback(directory)}"),
            find_program("gnutls-serv"),
            "--http",
            *("--port", str(port)),
            *("--x509certfile", identity.certificate),
            *("--x509keyfile", identity.key),
            *("--priority", priority),
            *trust,
            *ask,
        ]
    )
