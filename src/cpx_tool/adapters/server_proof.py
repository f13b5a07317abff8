"""OpenSSL's verdict on a server's certificate (pyOpenSSL), and whether the name fits.

Purpose and name are looked at here: an X509Store does neither.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
import ssl
import sys
import warnings
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID
from OpenSSL import crypto
from service_identity import CertificateError, VerificationError
from service_identity.cryptography import (
    verify_certificate_hostname,
    verify_certificate_ip_address,
)

from cpx_tool.adapters.files import read_file
from cpx_tool.errors import BadInput
from cpx_tool.model.handshake import MAX_NAMES, AnchorSource, NameMatch, ServerProof
from cpx_tool.model.message import msg

UNREADABLE = -1
"""In the place of OpenSSL's number: the certificate cannot be read at all."""
MOST_CERTIFICATES = 16
"""Of a server's chain; more are left out."""
_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
_CA_FILE_BYTES = 16 * 1024 * 1024


class ServerTrust:
    """Whom a server's chain may end at: `anchors` by where they are from (DER), and the system's
    store. Intermediates among them count too, as for curl. Raises `BadInput` where that cannot be
    read.
    """

    def __init__(self, anchors: Mapping[AnchorSource, Sequence[bytes]]) -> None:
        self._sources = {
            hashlib.sha256(der).digest(): source for source, ders in anchors.items() for der in ders
        }
        self._store, self._strict = (_made(anchors, flags) for flags in (_USUAL, _STRICT))

    def prove(self, chain: Sequence[bytes], host: str) -> ServerProof:
        """What becomes of the chain that the server of that name sent. Never raises."""
        name, names = _name(chain[0] if chain else b"", host)
        try:
            own, *others = (_loaded(der) for der in chain[:MOST_CERTIFICATES])
        except (crypto.Error, ValueError):
            return ServerProof(UNREADABLE, name=name, names=names)
        use = _serves(chain[0])
        try:
            verified = crypto.X509StoreContext(self._store, own, others).get_verified_chain()
        except crypto.X509StoreContextError as error:
            number, depth, text = error.errors
            return ServerProof(number, text, depth, server_use=use, name=name, names=names)
        ders = tuple(crypto.dump_certificate(crypto.FILETYPE_ASN1, item) for item in verified)
        return ServerProof(
            0,
            chain=ders,
            anchor=self._source(ders),
            strict_text=self._strictly(own, others),
            server_use=use,
            name=name,
            names=names,
        )

    def _strictly(self, own: crypto.X509, others: Sequence[crypto.X509]) -> str:
        try:
            crypto.X509StoreContext(self._strict, own, others).verify_certificate()
        except crypto.X509StoreContextError as error:
            return str(error.errors[2])
        return ""

    def _source(self, chain: Sequence[bytes]) -> AnchorSource:
        found = self._sources.get(hashlib.sha256(chain[-1]).digest())
        return found or AnchorSource.SYSTEM


def read_ca_file(path: Path) -> tuple[bytes, ...]:
    """The certificates in a file of PEM, or one in DER. Raises `BadInput`."""
    hint = msg("Give a file with CA certificates in PEM, or one in DER.")
    content = read_file(path, _CA_FILE_BYTES, hint)
    blocks = _PEM.findall(content)
    found = []
    for number, block in enumerate(blocks or [content], start=1):
        kind = crypto.FILETYPE_PEM if blocks else crypto.FILETYPE_ASN1
        try:
            certificate = crypto.load_certificate(kind, block)
        except (crypto.Error, ValueError):
            raise BadInput(
                msg("{path}: certificate {number} cannot be read.", path=str(path), number=number)
                if blocks
                else msg("{path} holds no certificate.", path=str(path)),
                hint,
            ) from None
        found.append(crypto.dump_certificate(crypto.FILETYPE_ASN1, certificate))
    return tuple(dict.fromkeys(found))


_USUAL = crypto.X509StoreFlags.PARTIAL_CHAIN
_STRICT = _USUAL | crypto.X509StoreFlags.X509_STRICT


def _made(anchors: Mapping[AnchorSource, Sequence[bytes]], flags: int) -> crypto.X509Store:
    store = crypto.X509Store()
    store.set_flags(flags)
    for ders in anchors.values():
        for der in ders:
            store.add_cert(_loaded(der))
    _add_system(store)
    return store


def _loaded(der: bytes) -> crypto.X509:
    return crypto.load_certificate(crypto.FILETYPE_ASN1, der)


def _add_system(store: crypto.X509Store) -> None:
    """The system's anchors, where Python's ssl finds them (SSL_CERT_FILE among the places)."""
    if sys.platform == "win32":
        for der, encoding, trust in ssl.enum_certificates("ROOT"):
            if encoding == "x509_asn" and (trust is True or _SERVER_AUTH in trust):
                with suppress(crypto.Error):  # one that OpenSSL cannot read helps nobody
                    store.add_cert(_loaded(der))
        return
    places = ssl.get_default_verify_paths()
    # a directory is looked into when a name is asked for: its files need not be read now
    if places.cafile or places.capath:
        try:
            store.load_locations(places.cafile, places.capath)
        except crypto.Error:
            raise BadInput(
                msg(
                    "The system's CA certificates cannot be read: {path}.",
                    path=places.cafile or places.capath,
                ),
                msg("Repair them, or name a file that is whole in SSL_CERT_FILE."),
            ) from None


_SERVER_AUTH = ExtendedKeyUsageOID.SERVER_AUTH.dotted_string


def _serves(der: bytes) -> bool:
    """Whether the extended key usage admits a server, or is absent (RFC 5280, 4.2.1.12)."""
    try:
        certificate = x509.load_der_x509_certificate(der)
        uses = certificate.extensions.get_extension_for_oid(ExtensionOID.EXTENDED_KEY_USAGE).value
    except (ValueError, x509.ExtensionNotFound):
        return True
    allowed = {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE}
    return isinstance(uses, x509.ExtendedKeyUsage) and bool(allowed & set(uses))


def _name(der: bytes, host: str) -> tuple[NameMatch, tuple[str, ...]]:
    try:
        certificate = x509.load_der_x509_certificate(der)
        names = _names(certificate)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            _verify_name(certificate, host)
    except VerificationError:
        return NameMatch.DIFFERS, names
    except CertificateError:
        return (NameMatch.UNREADABLE if names else NameMatch.NONE), names
    except Exception:  # whatever the libraries make of a certificate that is wrong in some way
        return NameMatch.UNREADABLE, ()
    return NameMatch.MATCHES, names


def _verify_name(certificate: x509.Certificate, host: str) -> None:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        verify_certificate_hostname(certificate, host)
    else:
        verify_certificate_ip_address(certificate, str(address))


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    dns = found.get_values_for_type(x509.DNSName)
    addresses = [str(item) for item in found.get_values_for_type(x509.IPAddress)]
    return tuple([*dns, *addresses][:MAX_NAMES])
