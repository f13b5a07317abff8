"""`openssl s_server`: one connection after the other; any protocol, any list of schemes."""

from __future__ import annotations

from contextlib import AbstractContextManager
from enum import Enum
from pathlib import Path

from support.tls.pki import Identity
from support.tls.programs import Program, find_program, serving


class Ask(Enum):
    """Whether a client certificate is asked for; one that does not hold is always refused."""

    NO = "no"
    OPTIONAL = "-verify"
    REQUIRED = "-Verify"


class Versions(Enum):
    """The protocols offered. TLS 1.1 needs ciphers that OpenSSL 3 has given up."""

    BOTH = ("-no_tls1", "-no_tls1_1")
    TLS_1_1 = ("-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0")
    TLS_1_2 = ("-tls1_2",)
    TLS_1_3 = ("-tls1_3",)


def s_server(
    identity: Identity,
    *options: str | Path,
    trusted: Path | None = None,
    ask: Ask = Ask.REQUIRED,
    versions: Versions = Versions.BOTH,
) -> AbstractContextManager[Program]:
    """Answers GET / with what it knows of the connection (-www).

    `options` are more of openssl's: "-client_sigalgs", "RSA-PSS+SHA256"; "-no_ticket".
    """
    trust = () if trusted is None else ("-CAfile", trusted)
    certificate = ("-cert", identity.certificate, "-cert_chain", identity.certificate)
    asks = () if ask is Ask.NO else (ask.value, "5", "-verify_return_error")
    fixed = (*certificate, "-key", identity.key, "-www", *trust, *asks, *versions.value)
    return serving(
        lambda _, port: (
            find_program("openssl"),
            "s_server",
            *("-accept", f"127.0.0.1:{port}"),
            *fixed,
            *options,
        )
    )
