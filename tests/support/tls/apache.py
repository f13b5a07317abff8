"""Apache: asks for the certificate of the client at once, or only when some place is asked for.

Then TLS 1.2 is renegotiated, and TLS 1.3 authenticates after the handshake.
"""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from pathlib import Path

from support.tls.pki import Identity
from support.tls.programs import Program, find_program, serving

MODULES = Path("/usr/lib/apache2/modules")
CARD = "/card/"
"""The place for which `apache` asks for a certificate, unless it is told to ask at once."""

_LOADED = ("mpm_event", "authz_core", "alias", "rewrite", "ssl")

_CONFIGURATION = """
ServerRoot {directory}
ServerName localhost
Listen 127.0.0.1:{port}
PidFile {directory}/apache.pid
DefaultRuntimeDir {directory}
ErrorLog {directory}/error.log
LogLevel info ssl:debug
{modules}
{user}
SSLSessionCache none
SSLEngine on
SSLProtocol -all {protocols}
SSLCertificateFile {identity.certificate}
SSLCertificateKeyFile {identity.key}
SSLVerifyDepth 5
{trust}
{at_once}
RewriteEngine on
<Location "/">
    RewriteEngine on
    RewriteRule ^ - [R=200]
    ErrorDocument 200 "verify=%{{SSL:SSL_CLIENT_VERIFY}} subject=%{{SSL:SSL_CLIENT_S_DN}}"
</Location>
<Location "{card}">
    {in_place}
</Location>
"""


def apache(
    identity: Identity,
    *,
    trusted: Path | None = None,
    verify: str = "require",
    at_once: bool = False,
    protocols: str = "+TLSv1.2 +TLSv1.3",
) -> AbstractContextManager[Program]:
    """Says in the body how the client's certificate was verified, and whose it is.

    `verify` is Apache's SSLVerifyClient, for `CARD` alone or, `at_once`, for all.
    """
    asks = f"SSLVerifyClient {verify}"

    def command(directory: Path, port: int) -> list[str | Path]:
        path = directory / "apache.conf"
        path.write_text(
            _CONFIGURATION.format(
                directory=directory,
                port=port,
                modules="\n".join(
                    f"LoadModule {name}_module {MODULES}/mod_{name}.so" for name in _LOADED
                ),
                user="User nobody\nGroup nogroup" if os.geteuid() == 0 else "",
                identity=identity,
                protocols=protocols,
                trust=f"SSLCACertificateFile {trusted}" if trusted else "",
                card=CARD,
                at_once=asks if at_once else "",
                in_place="" if at_once else asks,
            ),
            encoding="utf-8",
        )
        return [find_program("apache2"), "-X", "-d", directory, "-f", path]

    return serving(command)
