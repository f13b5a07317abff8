"""nginx: a client certificate that is missing or bad is answered with a page of status 400."""

from __future__ import annotations

from contextlib import AbstractContextManager
from enum import StrEnum
from pathlib import Path

from support.tls.pki import Identity
from support.tls.programs import Program, find_program, serving


class Verify(StrEnum):
    """nginx's ssl_verify_client."""

    ON = "on"
    OPTIONAL = "optional"
    OPTIONAL_NO_CA = "optional_no_ca"
    OFF = "off"


_CONFIGURATION = """
daemon off;
master_process off;
pid {directory}/nginx.pid;
error_log {directory}/error.log info;
events {{ worker_connections 64; }}
http {{
    access_log {directory}/access.log;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {identity.certificate};
        ssl_certificate_key {identity.key};
        ssl_protocols {protocols};
        ssl_verify_client {verify.value};
        {trust}
        {more}
        location / {{
            default_type text/plain;
            return 200 "verify=$ssl_client_verify subject=$ssl_client_s_dn\\n";
        }}
    }}
}}
"""


def nginx(
    identity: Identity,
    *,
    trusted: Path | None = None,
    verify: Verify = Verify.ON,
    protocols: str = "TLSv1.2 TLSv1.3",
    more: str = "",
) -> AbstractContextManager[Program]:
    """Says in the body how the client's certificate was verified, and whose it is.

    `more` are directives of the server: "ssl_verify_depth 1;", a location.
    """

    def command(directory: Path, port: int) -> list[str | Path]:
        path = directory / "nginx.conf"
        path.write_text(
            _CONFIGURATION.format(
                directory=directory,
                port=port,
                identity=identity,
                protocols=protocols,
                verify=verify,
                trust=f"ssl_client_certificate {trusted};" if trusted else "",
                more=more,
            ),
            encoding="utf-8",
        )
        error_log = ("-e", directory / "start.log")
        return [find_program("nginx"), *error_log, "-p", directory, "-c", path]

    return serving(command)
