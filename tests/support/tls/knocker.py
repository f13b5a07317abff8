"""A process that knocks at ports when told to: what a server costs is seen from outside.

    python knocker.py CA_FILE CERTIFICATE_FILE KEY_FILE

Each line of its input is a `Knock` as JSON; a line with a `Seen` comes back. Its
address space is limited.
"""

from __future__ import annotations

import resource
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))


from cpx_tool.adapters.codec import from_json, to_json
from cpx_tool.adapters.server_proof import ServerTrust, read_ca_file
from cpx_tool.adapters.tls_client import TlsliteClient
from cpx_tool.model.endpoint import Endpoint
from cpx_tool.model.handshake import AnchorSource, Connection
from support.processes import PATIENCE_SECONDS
from support.tls.keys import FileKey
from support.tls.pki import HOST, FilePki, Identity
from support.tls.sound import check_sound

_ADDRESS_SPACE = 2 * 1024**3


@dataclass(frozen=True)
class Knock:
    """A connection to that port of this machine."""

    port: int
    seconds: float
    insecure: bool = False


@dataclass(frozen=True)
class Seen:
    """What came of it; `signatures` is how often the key was asked, `peak` the most memory that the
    process has used so far, in bytes.
    """

    connection: Connection
    signatures: int
    peak: int


class Knocker:
    """The process, from outside."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def knock(self, knock: Knock) -> Seen:
        """What came of it. An assertion error where it does not end, long after its time."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(to_json(knock) + b"\n")
        self._process.stdin.flush()
        patience = knock.seconds + PATIENCE_SECONDS
        ready, _, _ = select.select([self._process.stdout], [], [], patience)
        assert ready, "the connection does not end"
        line = self._process.stdout.readline()
        assert line, "the process died"
        return from_json(line, Seen)


@contextmanager
def knocker(pki: FilePki) -> Iterator[Knocker]:
    """Trusts the PKI's servers, and has a client certificate of it."""
    client = pki.client()
    command = [sys.executable, __file__, pki.ca, client.certificate, client.key]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            yield Knocker(process)
        finally:
            process.kill()


def main() -> None:
    """The process, from inside."""
    resource.setrlimit(resource.RLIMIT_AS, (_ADDRESS_SPACE, _ADDRESS_SPACE))
    ca, certificate, key = map(Path, sys.argv[1:])
    trust = ServerTrust({AnchorSource.CA_FILE: read_ca_file(ca)})
    for line in sys.stdin.buffer:
        knock = from_json(line, Knock)
        endpoint = Endpoint(HOST, knock.port, "/")
        own = FileKey(Identity(certificate, key))
        client = TlsliteClient(trust, knock.seconds, insecure=knock.insecure)
        connection = client.connect(endpoint, "TLSv1.3", own)
        check_sound(connection, endpoint, own.certificates[0])
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        sys.stdout.buffer.write(to_json(Seen(connection, len(own.asked), peak)) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
