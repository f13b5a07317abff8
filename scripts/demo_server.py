#!/usr/bin/env python3
"""A mutual-TLS server on 127.0.0.1 for `make demo`: nginx where it is, otherwise Python's ssl.

Accepts the clients that the CAs of --trust vouch for, and says to them who they are. Its own
certificate is of a CA made for this one run, which --ca-file receives (PEM). The first line of
output is its address; from then on it listens. It ends with SIGTERM, or with its parent.
"""

from __future__ import annotations

import argparse
import contextlib
import http.server
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from cpx_tool.adapters.system import end_with_parent

ADDRESS = "127.0.0.1"
NAME = "localhost"
_TRIES = 5
_PATIENCE_SECONDS = 10
_TICK = 0.1

# every path is relative: to the configuration, or to nginx's prefix, which are one directory
_NGINX = """
daemon off;
master_process off;
pid nginx.pid;
error_log error.log;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    server {{
        listen {address}:{port} ssl;
        ssl_certificate server.pem;
        ssl_certificate_key server.key;
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_client_certificate trusted.pem;
        ssl_verify_depth 5;
        ssl_verify_client on;
        location / {{
            default_type text/plain;
            return 200 "client certificate accepted: $ssl_client_s_dn\\n";
        }}
    }}
}}
"""


def main() -> None:
    """Serve until told to end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trust", metavar="FILE", required=True, type=Path)
    parser.add_argument("--ca-file", metavar="FILE", required=True, type=Path)
    parser.add_argument("--python", action="store_true", help="not nginx, even where it is")
    options = parser.parse_args()
    parent = os.getppid()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with (
        tempfile.TemporaryDirectory(prefix="cpx-demo-") as name,
        contextlib.suppress(KeyboardInterrupt),
    ):
        directory = Path(name)
        shutil.copyfile(options.trust, directory / "trusted.pem")
        options.ca_file.write_bytes(make_certificates(directory))
        nginx = None if options.python else find_nginx()
        with by_nginx(nginx, directory) if nginx else by_python(directory) as port:
            print(f"https://{NAME}:{port}/", flush=True)
            while os.getppid() == parent:
                time.sleep(_TICK)


def find_nginx() -> str | None:
    """Where it is; Debian has it where only root's PATH leads."""
    return shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


# --- certificates ---------------------------------------------------------------------------


def make_certificates(directory: Path) -> bytes:
    """Write server.pem and server.key; gives the CA's certificate (PEM)."""
    ca_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    ca_name = _name("cpx-tool demo CA")
    ca = _certificate(ca_name, ca_name, ca_key.public_key())
    ca = ca.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    ca = ca.add_extension(_key_usage("key_cert_sign", "crl_sign"), critical=True)
    own = _certificate(_name(NAME), ca_name, key.public_key())
    own = own.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    own = own.add_extension(_key_usage("digital_signature"), critical=True)
    names = [x509.DNSName(NAME), x509.IPAddress(IPv4Address(ADDRESS))]
    own = own.add_extension(x509.SubjectAlternativeName(names), critical=False)
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    own = own.add_extension(usage, critical=False)
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key())
    own = own.add_extension(issuer, critical=False)
    (directory / "server.pem").write_bytes(own.sign(ca_key, SHA256()).public_bytes(Encoding.PEM))
    (directory / "server.key").write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    return ca.sign(ca_key, SHA256()).public_bytes(Encoding.PEM)


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    """Valid for a day, and an hour before: clocks differ."""
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(issuer, subject, key, x509.random_serial_number())
    made = made.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(days=1))
    return made.add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)


def _key_usage(*names: str) -> x509.KeyUsage:
    known = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    )
    return x509.KeyUsage(**{name: name in names for name in known})


# --- nginx ----------------------------------------------------------------------------------


@contextmanager
def by_nginx(program: str, directory: Path) -> Iterator[int]:
    """nginx, which listens; its port. Ends this program with what nginx says if it does not."""
    for _ in range(_TRIES):  # another program may be faster to take the port
        port = _free_port()
        text = _NGINX.format(address=ADDRESS, port=port)
        (directory / "nginx.conf").write_text(text, encoding="ascii")
        arguments = ("-p", str(directory), "-c", "nginx.conf", "-e", "error.log")
        process = subprocess.Popen(
            [program, *arguments],
            stdin=subprocess.DEVNULL,
            preexec_fn=end_with_parent,  # noqa: PLW1509 - no threads yet
        )
        try:
            if _comes_up(process, port):
                yield port
                return
        finally:
            process.terminate()
            process.wait()
    sys.exit((directory / "error.log").read_text(encoding="utf-8", errors="replace"))


def _free_port() -> int:
    with socket.create_server((ADDRESS, 0)) as server:
        port: int = server.getsockname()[1]
        return port


def _comes_up(process: subprocess.Popen[bytes], port: int) -> bool:
    end = time.monotonic() + _PATIENCE_SECONDS
    while process.poll() is None and time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection((ADDRESS, port), _TICK):
            return process.poll() is None
        time.sleep(_TICK / 10)
    return False


# --- Python ---------------------------------------------------------------------------------


class _Handler(http.server.BaseHTTPRequestHandler):
    timeout = _PATIENCE_SECONDS

    def do_GET(self) -> None:  # http.server's name
        assert isinstance(self.connection, ssl.SSLSocket)  # noqa: S101 - by_python makes it so
        client = self.connection.getpeercert(binary_form=True) or b""
        named = x509.load_der_x509_certificate(client).subject.rfc4514_string()
        body = f"client certificate accepted: {named}\n".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """Nothing: the client tells what happened."""


class _Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *arguments: object) -> None:
        """Nothing: a client without the right certificate is an everyday thing."""


@contextmanager
def by_python(directory: Path) -> Iterator[int]:
    """Python's own server, which listens; its port."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(directory / "server.pem", directory / "server.key")
    tls.load_verify_locations(directory / "trusted.pem")
    tls.verify_mode = ssl.CERT_REQUIRED
    server = _Server((ADDRESS, 0), _Handler)
    # the handshake waits for the first reading, in the thread of the connection
    server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, args=(_TICK,), daemon=True)
    thread.start()
    try:
        yield int(server.server_port)
    finally:
        server.shutdown()
        server.server_close()


if __name__ == "__main__":
    main()
