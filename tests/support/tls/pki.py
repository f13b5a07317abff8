"""The certificates of test servers, good and bad, and of clients whose key is a file.

All are made in one directory, on demand. Keys with a curve are the same in every run.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from support.pki import Key, Spec, authority, key, leaf, root, rsa_key

HOST = "localhost"
"""The name that a good server has; its certificate names 127.0.0.1, too."""

PRIVATE_EXTENSION = x509.ObjectIdentifier("1.3.6.1.4.1.55555.1")
_DAY = timedelta(days=1)


class Flaw(StrEnum):
    """What is wrong with a server's certificate."""

    NONE = "none"
    EXPIRED = "expired"
    NOT_YET_VALID = "not-yet-valid"
    OTHER_NAME = "other-name"
    SELF_SIGNED = "self-signed"
    UNKNOWN_CA = "unknown-ca"
    NO_SAN = "no-san"
    """Its name stands in the CN alone."""
    NO_AKI = "no-aki"
    """No authority key identifier; nothing is wrong for OpenSSL."""
    PRIVATE_EXTENSION = "private-extension"
    """One that is critical and that nobody knows."""
    CLIENT_ONLY = "client-only"
    """Extended key usage clientAuth and no other."""
    WITH_INTERMEDIATE = "with-intermediate"
    """Good: below an intermediate CA, whose certificate is sent."""
    INTERMEDIATE_MISSING = "intermediate-missing"


class KeyKind(StrEnum):
    """Of a server's key."""

    RSA = "rsa"
    P256 = "p256"
    P384 = "p384"


@dataclass(frozen=True)
class Identity:
    """Two PEM files: the certificate followed by those that are sent with it, and the key."""

    certificate: Path
    key: Path


@dataclass(frozen=True)
class FilePki:
    """`ca` vouches for the servers, `clients_ca` for the clients. PEM files in `directory`."""

    directory: Path
    _made: dict[str, Identity] = field(default_factory=dict)

    @property
    def ca(self) -> Path:
        """The root that a client is to trust."""
        return self._ca_file(_current(root("servers")))

    @property
    def clients_ca(self) -> Path:
        """The root that a server is to trust."""
        return self._ca_file(_current(root("clients")))

    @property
    def other_ca(self) -> Path:
        """A root that vouches for nobody."""
        return self._ca_file(_current(root("stranger")))

    def server(self, flaw: Flaw = Flaw.NONE, kind: KeyKind = KeyKind.RSA) -> Identity:
        """A server's, with this flaw."""
        return self._identity(f"{flaw}-{kind}", *_server(flaw, _key(kind)))

    def client(self, name: str = "client", **changes: object) -> Identity:
        """A client's; `changes` are those of `support.pki.Spec`."""
        spec = _current(leaf(_current(root("clients")), name)).but(
            own_key=rsa_key(2048),
            extra=((x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), False),),
        )
        return self._identity(name, [spec.but(**changes)])

    def expired_client(self) -> Identity:
        """A client's that ended yesterday."""
        return self.client("expired-client", end=_today() - _DAY)

    def many_names(self, count: int) -> Path:
        """`count` roots of different names and `clients_ca`, as a server is told to trust them.

        Their names take 21 bytes each in a CertificateRequest, which holds 64 KiB of them.
        """
        first = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "000000")])
        der = _current(Spec(first, key("names"), first, key("names"))).der()
        others = b"".join(_pem(der.replace(b"000000", b"%06d" % n)) for n in range(1, count + 1))
        path = self.directory / f"{count}-names.pem"
        path.write_bytes(self.clients_ca.read_bytes() + others)
        return path

    def _ca_file(self, spec: Spec) -> Path:
        name = spec.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
        path = self.directory / f"ca-{name!s}.pem"
        if not path.exists():
            path.write_bytes(_pem(spec.der()))
        return path

    def _identity(self, name: str, specs: list[Spec], sent: int | None = None) -> Identity:
        """The first of these certificates with its key, and as many of them as are sent."""
        if name not in self._made:
            made = Identity(self.directory / f"{name}.pem", self.directory / f"{name}.key")
            made.certificate.write_bytes(b"".join(_pem(spec.der()) for spec in specs[:sent]))
            made.key.touch(mode=0o600)
            made.key.write_bytes(_private(specs[0].own_key))
            self._made[name] = made
        return self._made[name]


@cache
def _today() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def _current(spec: Spec) -> Spec:
    return spec.but(start=_today() - 30 * _DAY, end=_today() + 300 * _DAY)


@cache
def _key(kind: KeyKind) -> Key:
    if kind is KeyKind.RSA:
        return rsa_key(2048)
    if kind is KeyKind.P384:
        return ec.generate_private_key(ec.SECP384R1())
    return key("server")


def _server(flaw: Flaw, own_key: Key) -> tuple[list[Spec], int]:
    """The chain, the server's first, and how many of its certificates are sent."""
    ca = _current(root("servers"))
    if flaw in (Flaw.WITH_INTERMEDIATE, Flaw.INTERMEDIATE_MISSING):
        below = _current(authority(ca, "intermediate"))
        sent = 2 if flaw is Flaw.WITH_INTERMEDIATE else 1
        return [_good(below, own_key), below], sent
    if flaw is Flaw.UNKNOWN_CA:
        return [_good(_current(root("unknown")), own_key)], 1
    return [_flawed(_good(ca, own_key), flaw)], 1


def _good(issuer: Spec, own_key: Key) -> Spec:
    spec = _current(leaf(issuer, HOST)).but(own_key=own_key)
    return spec.but(extra=(_names(HOST), _usage(ExtendedKeyUsageOID.SERVER_AUTH)))


def _flawed(good: Spec, flaw: Flaw) -> Spec:
    server = _usage(ExtendedKeyUsageOID.SERVER_AUTH)
    unknown = x509.UnrecognizedExtension(PRIVATE_EXTENSION, b"\x05\x00")
    changes: dict[Flaw, dict[str, object]] = {
        Flaw.EXPIRED: {"end": _today() - _DAY},
        Flaw.NOT_YET_VALID: {"start": _today() + _DAY},
        Flaw.OTHER_NAME: {"extra": (_names("other.example", address=None), server)},
        Flaw.SELF_SIGNED: {"issuer": good.subject, "issuer_key": good.own_key},
        Flaw.NO_SAN: {"extra": (server,)},
        Flaw.NO_AKI: {"aki": False},
        Flaw.PRIVATE_EXTENSION: {"extra": (*good.extra, (unknown, True))},
        Flaw.CLIENT_ONLY: {"extra": (_names(HOST), _usage(ExtendedKeyUsageOID.CLIENT_AUTH))},
    }
    return good.but(**changes.get(flaw, {}))


def _names(host: str, address: str | None = "127.0.0.1") -> tuple[x509.ExtensionType, bool]:
    names: list[x509.GeneralName] = [x509.DNSName(host)]
    if address:
        names.append(x509.IPAddress(IPv4Address(address)))
    return x509.SubjectAlternativeName(names), False


def _usage(purpose: x509.ObjectIdentifier) -> tuple[x509.ExtensionType, bool]:
    return x509.ExtendedKeyUsage([purpose]), False


def _pem(der: bytes) -> bytes:
    return x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM)


def _private(own_key: Key) -> bytes:
    return own_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
