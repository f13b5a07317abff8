"""tlslite-ng's connection, observed: every message both ways, and what we do about some of them.

Overridden here, and private in the library (its version is pinned; tests/adapters/
test_tls_connection.py has a test for each, which fails when an update changes it):

- `_getNextRecord`: sees the server's Certificate as it is on the wire, before the library parses
  it, and ends the connection there if it is not accepted; skips the warning unrecognized_name,
  which the library takes for fatal; counts, so that nothing goes on for ever; refuses a
  Diffie-Hellman group over which it would compute for minutes;
- `_getMsg`: sees every message that was parsed; adds to the schemes of a CertificateRequest what
  keeps the library from giving up where a server of TLS 1.2 takes RSA-PSS alone;
- `_sendMsg`: sees what we send; in the place of the alert no_renegotiation, renegotiates;
- `_sigHashesToList`: what we can sign is not what we accept, and is asked here for the former;
- `_client_keypair`: what post-handshake authentication presents, which is nothing for nobody;
- `_handshakeClientAsyncHelper`, called a second time for a renegotiation (RFC 5746);
- `_recordLayer`, which is one of `tls_records`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from tlslite.constants import (
    AlertDescription,
    AlertLevel,
    CipherSuite,
    ContentType,
    ExtensionType,
    GroupName,
    HandshakeType,
    SignatureScheme,
)
from tlslite.extensions import RenegotiationInfoExtension, TLSExtension
from tlslite.handshakesettings import HandshakeSettings
from tlslite.messages import (
    Alert,
    ApplicationData,
    Certificate,
    CertificateRequest,
    ClientHello,
    Finished,
    NewSessionTicket,
    ServerHello,
)
from tlslite.tlsconnection import TLSConnection
from tlslite.utils.codec import Parser
from tlslite.x509 import X509
from tlslite.x509certchain import X509CertChain

from cpx_tool.adapters.bounded_socket import BoundedSocket, TooMuch
from cpx_tool.adapters.ended import Ended
from cpx_tool.adapters.tls_key import RemoteKey, chain_of
from cpx_tool.adapters.tls_records import Records
from cpx_tool.adapters.tls_watch import Watch
from cpx_tool.model import handshake
from cpx_tool.model.handshake import (
    MAX_AUTHORITIES,
    MAX_CERTIFICATES,
    MAX_SCHEMES,
    Asked,
    End,
    ServerProof,
    Step,
)
from cpx_tool.ports import ClientKey

MOST_RECORDS = 1000
"""Received in all, or messages where a record holds several. Empty ones, warnings and tickets cost
time and say nothing; an honest connection has some fifty.
"""
VERSIONS = {
    (3, 0): "SSLv3",
    (3, 1): "TLSv1",
    (3, 2): "TLSv1.1",
    (3, 3): "TLSv1.2",
    (3, 4): "TLSv1.3",
}
"""As OpenSSL writes them."""

_TLS_1_0, _TLS_1_2, _TLS_1_3 = (3, 1), (3, 3), (3, 4)
_ANY_RSA = (0, 1)
"""The hash "none" with RSA (RFC 5246, 7.4.1.4.1): nobody signs with it."""
_CERTIFICATE_AUTHORITIES = 47
"""RFC 8446, 4.2.4; tlslite-ng 0.8.2 does not parse it."""
MOST_EXPONENT_BITS = 64
"""OpenSSL's own limit for a large modulus: with one as long as it the library, which verifies in
Python, would compute for minutes.
"""
_MOST_DH_BYTES = 1024
"""Of a group of 8192 bits, the largest that RFC 7919 has."""
_BY_NAME = {name: number for number, name in VERSIONS.items()}


class ObservedConnection(TLSConnection):
    """A client's connection over `sock`. `accepts` is asked about the server's certificates
    (DER), and what it says is noted.

    Its handshake, `read` and `write` raise `Ended`, `TooMuch`, tlslite-ng's errors, and the
    socket's.
    """

    def __init__(
        self, sock: BoundedSocket, watch: Watch, accepts: Callable[[tuple[bytes, ...]], ServerProof]
    ) -> None:
        super().__init__(sock)
        self._recordLayer = Records(self.sock)
        self._watch = watch
        self._accepts = accepts
        self.insecure = False
        self._settings = HandshakeSettings()
        self._presents: tuple[Any, Any] | None = None
        self._server_name: str | None = None
        self._sent_verify = self._seen_verify = b""
        self._secure_renegotiation = False
        self._again = False
        self._records = 0
        self._unable = False

    def shake_hands(
        self, newest: str, server_name: str | None, own: tuple[ClientKey, RemoteKey | None] | None
    ) -> None:
        """The handshake, with what is presented if a certificate is asked for. Without a key of
        tlslite-ng's it cannot be, and all ends there.
        """
        self._settings = settings_for(newest)
        self._server_name = server_name
        if own is not None and own[1] is not None:
            self._presents = (chain_of(own[0], own[1]), own[1])
        self._unable = own is not None and self._presents is None
        chain, key = self._presents or (None, None)
        self._watch.begin(Step.HELLO)
        self.handshakeClientCert(
            chain,
            key,
            settings=self._settings,
            serverName=server_name,
            reqTack=False,
            alpn=[bytearray(b"http/1.1")],
        )

    def _getNextRecord(self) -> Iterator[Any]:
        for result in super()._getNextRecord():
            if not isinstance(result, tuple):
                yield result
                continue
            self._records += 1
            if self._records > MOST_RECORDS:
                raise TooMuch
            header, parser = result
            if header.type == ContentType.alert and _is_about_the_name(parser):
                continue
            if header.type == ContentType.handshake:
                self._look_at(parser)
            yield result

    def _look_at(self, parser: Parser) -> None:
        """A handshake message as it came: type, length in three bytes, body."""
        kind, body = parser.bytes[0], parser.bytes[4:]
        if kind == HandshakeType.certificate:
            self._see_certificates(body)
        elif kind == HandshakeType.server_key_exchange and self._by_diffie_hellman():
            size = int.from_bytes(body[:2])
            if size > _MOST_DH_BYTES:
                raise Ended(Step.REQUEST, End.MALFORMED, f"DH {size * 8} bit")

    def _by_diffie_hellman(self) -> bool:
        return self._watch.cipher in _FINITE_FIELD

    def _see_certificates(self, body: bytearray) -> None:
        chain = certificates_in(body, with_extensions=self.version > _TLS_1_2)
        if len(chain) > MAX_CERTIFICATES:  # the library would parse every one of them
            raise Ended(Step.CHAIN, End.TOO_MUCH)
        proof = self._accepts(chain)
        if self._again and chain[:1] != self._watch.chain[:1]:
            raise Ended(Step.REQUEST, End.MALFORMED, "another Certificate")
        if not (self._again and proof.holds):
            self._watch.chain, self._watch.proof = chain, proof
        self._watch.end(Step.CHAIN)
        if not (proof.holds or self.insecure):
            raise Ended(Step.CHAIN, End.NOT_TRUSTED)
        exponent = exponent_bits(chain[0]) if chain else 0
        if exponent > MOST_EXPONENT_BITS:
            raise Ended(Step.REQUEST, End.MALFORMED, f"RSA exponent {exponent} bit")
        self._watch.begin(Step.REQUEST)

    def _getMsg(
        self, expectedType: Any, secondaryType: Any = None, constructorType: Any = None
    ) -> Iterator[Any]:
        for result in super()._getMsg(expectedType, secondaryType, constructorType):
            if isinstance(result, ServerHello):
                self._see_hello(result)
            elif isinstance(result, CertificateRequest):
                self._see_request(result)
            elif isinstance(result, Finished):
                self._seen_verify = bytes(result.verify_data)
            elif isinstance(result, NewSessionTicket | ApplicationData):
                self._see_word()
            yield result

    def _see_hello(self, hello: ServerHello) -> None:
        chosen = hello.getExtension(ExtensionType.supported_versions)
        version = chosen.version if chosen is not None else hello.server_version
        name = VERSIONS.get(version, "")
        self._watch.version = name
        self._watch.cipher = CipherSuite.ietfNames.get(hello.cipher_suite, "")
        share = hello.getExtension(ExtensionType.key_share)
        if share is not None:
            number = getattr(share, "selected_group", None) or share.server_share.group
            self._watch.group = GroupName.toRepr(number) or ""
        self._watch.end(Step.HELLO)
        if version < _TLS_1_2:
            raise Ended(Step.HELLO, End.OLD_VERSION, name)
        self._see_renegotiation_info(hello)
        self._watch.begin(Step.CHAIN)

    def _see_renegotiation_info(self, hello: ServerHello) -> None:
        """RFC 5746, 3.4 and 3.5: empty at first, then both Finished of before."""
        info = hello.getExtension(ExtensionType.renegotiation_info)
        bound = None if info is None else bytes(info.renegotiated_connection or b"")
        if self._again and bound != self._sent_verify + self._seen_verify:
            raise Ended(Step.REQUEST, End.MALFORMED, "RFC 5746")
        self._secure_renegotiation = bound is not None

    def _see_request(self, request: CertificateRequest) -> None:
        if self._watch.signature is not None:  # the key is asked once, whatever comes
            raise Ended(Step.REQUEST, End.MALFORMED, "CertificateRequest")
        if self._sent_verify and not self._again:
            self._watch.when = Asked.POST_HANDSHAKE
        names = [bytes(name) for name in request.certificate_authorities or ()]
        extension = request.getExtension(_CERTIFICATE_AUTHORITIES)
        if extension is not None:
            names = _names_in(bytearray(extension.extData))
        schemes = request.supported_signature_algs or ()
        self._watch.request = handshake.CertificateRequest(
            when=self._watch.when,
            authorities=self._kept(names),
            count=len(names),
            schemes=tuple(_scheme_name(scheme) for scheme in schemes[:MAX_SCHEMES]),
        )
        if self.version == _TLS_1_2:
            # the library gives up where no PKCS#1 v1.5 is asked for, though it signs PSS
            request.supported_signature_algs = [*schemes, _ANY_RSA]

    def _kept(self, names: list[bytes]) -> tuple[bytes, ...]:
        """As many as are kept, the issuers of our own certificates among them if they are named."""
        own = self._presents[1].issuers if self._presents else frozenset()
        late = tuple(name for name in dict.fromkeys(names[MAX_AUTHORITIES:]) if name in own)
        return (*names[: MAX_AUTHORITIES - len(late)], *late)

    def _see_word(self) -> None:
        self._watch.accepted = True
        self._watch.step = Step.HTTP

    def _sendMsg(
        self, msg: Any, randomizeFirstBlock: bool = True, update_hashes: bool = True
    ) -> Iterator[Any]:
        if isinstance(msg, Alert) and self._may_renegotiate(msg):
            yield from self._renegotiate()
            return
        if isinstance(msg, ClientHello):
            self._complete(msg)
        elif isinstance(msg, Certificate):
            self._may_present()
        elif isinstance(msg, Finished):
            self._sent_verify = bytes(msg.verify_data)
            self._watch.begin(Step.VERDICT)
        yield from super()._sendMsg(msg, randomizeFirstBlock, update_hashes)
        if self._has_gone_out(msg):
            self._watch.presented = self._presents is not None

    def _has_gone_out(self, msg: Any) -> bool:
        """Whether our Certificate has, at the latest with this message. TLS 1.2 keeps its messages
        back until the key has signed.
        """
        if self.version > _TLS_1_2:
            return isinstance(msg, Certificate)
        return isinstance(msg, Finished) and self._asked()

    def _asked(self) -> bool:
        request = self._watch.request
        return request is not None and request.when is self._watch.when

    def _may_present(self) -> None:
        """Raises `Ended` before our certificate goes out, where nothing is to be signed."""
        if self._unable:
            raise Ended(Step.REQUEST, End.NO_RSA_KEY)
        if self._presents is None:
            return
        if self._watch.cipher in _STATIC_RSA and not self._again:
            raise Ended(Step.REQUEST, End.NO_FORWARD_SECRECY, self._watch.cipher)
        _, key = self._presents
        self._watch.scheme = self._common(key, self.version)[0]
        key.get_ready()

    def _complete(self, hello: ClientHello) -> None:
        """In a renegotiation it is bound to what was before (RFC 5746). With TLS 1.3 the server may
        ask for a certificate later (RFC 8446, 4.2.6), also where none is at hand: the library would
        say so for a key only.
        """
        if self._again:
            hello.cipher_suites.remove(CipherSuite.TLS_EMPTY_RENEGOTIATION_INFO_SCSV)
            hello.addExtension(RenegotiationInfoExtension().create(bytearray(self._sent_verify)))
        elif _TLS_1_3 in self._settings.versions and self._client_keypair is None:
            self._client_keypair = (X509CertChain([]), None)
            later = TLSExtension(extType=ExtensionType.post_handshake_auth)
            hello.addExtension(later.create(bytearray()))

    def _may_renegotiate(self, alert: Alert) -> bool:
        """Once, and where the server binds it to what was before (RFC 5746)."""
        asked = alert.description == AlertDescription.no_renegotiation
        return asked and self._secure_renegotiation and not self._again

    def _renegotiate(self) -> Iterator[Any]:
        self._again = True
        self._watch.when = Asked.RENEGOTIATION
        self._watch.begin(Step.REQUEST)
        settings = settings_for(VERSIONS[_TLS_1_2])
        settings.minVersion = _TLS_1_2
        self.closed = True  # or the library refuses a second handshake
        yield from self._handshakeClientAsyncHelper(
            srpParams=None,
            certParams=self._presents or (None, None),
            anonParams=None,
            session=None,
            settings=settings,
            serverName=self._server_name,
            nextProtos=None,
            reqTack=False,
            alpn=None,
        )
        self._watch.accepted = True
        self._watch.end(Step.VERDICT)
        self._watch.begin(Step.HTTP)

    def _sigHashesToList(  # type: ignore[override]  # static there; called on the connection
        self,
        settings: HandshakeSettings,
        privateKey: Any = None,
        certList: Any = None,
        version: tuple[int, int] = _TLS_1_2,
    ) -> list[tuple[int, int]]:
        if not isinstance(privateKey, RemoteKey):
            return super()._sigHashesToList(settings, privateKey, certList, version)
        return [getattr(SignatureScheme, one) for one in self._common(privateKey, version)]

    def _common(self, key: RemoteKey, version: tuple[int, int]) -> list[str]:
        """What the key can sign and the server takes, best first; at least one. Raises `Ended`."""
        asked = self._watch.request.schemes if self._watch.request else ()
        common = [one for one in signable_in(key.schemes, VERSIONS[version]) if one in asked]
        if not common:
            raise Ended(Step.REQUEST, End.NOT_SIGNABLE)
        return common


def signable_in(schemes: tuple[str, ...], version: str) -> tuple[str, ...]:
    """Of these, those that a CertificateVerify may have: PKCS#1 v1.5 not in TLS 1.3 (RFC 8446,
    4.2.3).
    """
    if version != VERSIONS[_TLS_1_3]:
        return schemes
    return tuple(scheme for scheme in schemes if not scheme.startswith("rsa_pkcs1"))


def settings_for(newest: str) -> HandshakeSettings:
    """From TLS 1.0, so that an old server is seen to be one, to the newest."""
    settings = HandshakeSettings()
    settings.minVersion = _TLS_1_0
    settings.maxVersion = _BY_NAME[newest]
    settings.versions = [v for v in settings.versions if v <= settings.maxVersion]
    settings.certificate_compression_send = []
    settings.certificate_compression_receive = []
    settings.use_heartbeat_extension = False
    return settings


def certificates_in(body: bytearray, *, with_extensions: bool) -> tuple[bytes, ...]:
    """The certificates of a Certificate message (RFC 5246, 7.4.2; RFC 8446, 4.4.2, which has
    extensions). Raises `Ended`.
    """
    try:
        parser = Parser(body)
        if with_extensions:
            parser.getVarBytes(1)
        entries = Parser(parser.getVarBytes(3))
        found = []
        while entries.getRemainingLength():
            found.append(bytes(entries.getVarBytes(3)))
            if with_extensions:
                entries.getVarBytes(2)
    except SyntaxError:
        raise Ended(Step.CHAIN, End.MALFORMED, "Certificate") from None
    return tuple(found)


def exponent_bits(der: bytes) -> int:
    """How long the public exponent of a certificate's RSA key is, as the library reads it; 0 where
    it has none.
    """
    item = X509()
    with suppress(Exception):  # the library stumbles over it again, and says so
        item.parseBinary(bytearray(der))  # type: ignore[attr-defined]  # has it, untyped
    exponent: int = getattr(item.publicKey, "e", 0)
    return exponent.bit_length()


def _names_in(body: bytearray) -> list[bytes]:
    """The names of the extension certificate_authorities. Raises `Ended`."""
    try:
        entries = Parser(Parser(body).getVarBytes(2))
        names = []
        while entries.getRemainingLength():
            names.append(bytes(entries.getVarBytes(2)))
    except SyntaxError:
        raise Ended(Step.REQUEST, End.MALFORMED, "certificate_authorities") from None
    return names


def _scheme_name(scheme: tuple[int, int]) -> str:
    name = SignatureScheme.toRepr(scheme)
    return name or f"0x{scheme[0]:02x}{scheme[1]:02x}"


def _is_about_the_name(parser: Parser) -> bool:
    return bytes(parser.bytes) == bytes((AlertLevel.warning, AlertDescription.unrecognized_name))


_RSA_SUITES: list[int] = CipherSuite.certSuites  # type: ignore[attr-defined]  # has it, untyped
_STATIC_RSA = frozenset(CipherSuite.ietfNames[suite] for suite in _RSA_SUITES)
"""The server proves that it has its key with its Finished, after our CertificateVerify."""
_FINITE_FIELD = frozenset(CipherSuite.ietfNames[suite] for suite in CipherSuite.dhAllSuites)
