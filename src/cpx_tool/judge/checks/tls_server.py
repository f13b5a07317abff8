"""The server of a handshake, up to its certificate: reached, speaks TLS, is who it should be."""

from __future__ import annotations

from collections.abc import Mapping

from cpx_tool.judge.check import Answer, Scope, check
from cpx_tool.judge.tls_causes import Cause
from cpx_tool.judge.tls_facts import TOO_EARLY, Course, Reached, Spoken
from cpx_tool.judge.words import sentences
from cpx_tool.model.finding import Outcome, Severity
from cpx_tool.model.handshake import AnchorSource, End, NameMatch, ServerProof, Step
from cpx_tool.model.message import Message, msg, nmsg

SHOWN_NAMES = 6


def answer(outcome: Outcome, cause: Cause, message: Message, hint: Message | None = None) -> Answer:
    """An answer with its code."""
    return Answer(outcome, message, hint, code=cause.value)


def good(cause: Cause, message: Message) -> Answer:
    """As it should be."""
    return answer(Outcome.PASSED, cause, message)


def bad(cause: Cause, message: Message, hint: Message | None = None) -> Answer:
    """Not as it should be."""
    return answer(Outcome.FAILED, cause, message, hint)


@check(
    "TLS-RESOLVE",
    msg("The name of the server is found"),
    msg("Compare the address letter by letter; then ask the network's administrator about DNS."),
    scope=Scope.TLS,
)
def name_is_found(course: Course) -> Answer | None:
    """DNS, or the system's own table of hosts. A proxy resolves by itself."""
    connection, host = course.decisive, course.handshake.endpoint.host
    if connection.proxy:
        return None
    if not course.stopped_at(Step.RESOLVE):
        return good(
            Cause.RESOLVED, msg("{host}: {addresses}", host=host, addresses=connection.addresses)
        )
    end = course.end
    if end is End.TIMEOUT:
        return bad(
            Cause.RESOLVER_SILENT,
            msg("The name service did not answer in time about {host}.", host=host),
            msg("Ask the network's administrator about DNS; a VPN may have to be up."),
        )
    if end is End.RESOLVER_FAILED:
        return bad(
            Cause.RESOLVER_FAILED,
            msg("The name service failed for {host}: {detail}", host=host, detail=_detail(course)),
            msg("Look whether the network is up; then ask its administrator about DNS."),
        )
    return bad(Cause.NAME_UNKNOWN, msg("There is no server of the name {host}.", host=host))


@check(
    "TLS-CONNECT",
    msg("The server takes the connection (TCP)"),
    msg("Look at the port, then ask the network's administrator whether a firewall is between."),
    scope=Scope.TLS,
)
def server_is_reached(course: Course) -> Answer | None:
    """TCP. Through a proxy it is the proxy's business."""
    if course.decisive.proxy:
        return None
    if course.stopped_at(Step.RESOLVE):
        return _too_early()
    place = msg(
        "{address}, port {port}",
        address=course.decisive.address,
        port=str(course.handshake.endpoint.port),
    )
    if course.passed_by(Step.CONNECT):
        return good(Cause.CONNECTED, place)
    words = {
        End.REFUSED: (
            Cause.CONNECTION_REFUSED,
            msg("Refused: nothing listens at {place}.", place=place),
        ),
        End.TIMEOUT: (Cause.CONNECT_SILENT, msg("No answer in time from {place}.", place=place)),
        End.RESET: (
            Cause.CONNECT_RESET,
            msg("The connection to {place} was cut at once.", place=place),
        ),
    }
    unreachable = msg("No way leads to {place} ({detail}).", place=place, detail=_detail(course))
    return bad(*words.get(course.end or End.UNREACHABLE, (Cause.UNREACHABLE, unreachable)))


@check(
    "TLS-PROXY",
    msg("The proxy lets the connection through"),
    msg("Ask the network's administrator to allow this server and port, or use --proxy none."),
    scope=Scope.TLS,
)
def proxy_lets_through(course: Course) -> Answer | None:
    """HTTP CONNECT (RFC 9110, 9.3.6)."""
    proxy = course.decisive.proxy
    if not proxy:
        return None
    if course.passed_by(Step.PROXY):
        return good(Cause.TUNNEL, msg("Through {proxy}.", proxy=proxy))
    if course.end is End.PROXY_UNREACHABLE:
        return bad(
            Cause.PROXY_UNREACHABLE,
            msg(
                "The proxy {proxy} cannot be reached ({detail}).",
                proxy=proxy,
                detail=_detail(course),
            ),
            msg("Correct HTTPS_PROXY or --proxy; --proxy none goes without."),
        )
    told = msg("The proxy {proxy} refused: {detail}", proxy=proxy, detail=_detail(course))
    if _detail(course).startswith("407"):
        hint = msg("Put user and password into HTTPS_PROXY: http://user:password@host:port.")
        return bad(Cause.PROXY_AUTHENTICATION, told, hint)
    return bad(Cause.PROXY_REFUSED, told)


_HELLO_ENDS: Mapping[End, tuple[Cause, Message]] = {
    End.CLOSED: (
        Cause.HELLO_CLOSED,
        msg("The server closed the connection without a word of TLS."),
    ),
    End.RESET: (Cause.HELLO_RESET, msg("The connection was cut after our first message.")),
    End.TIMEOUT: (
        Cause.HELLO_SILENT,
        msg("The server takes the connection, and then says nothing."),
    ),
    End.TOO_MUCH: (
        Cause.HELLO_TOO_LONG,
        msg("The server sends without end: this is no handshake."),
    ),
}


@check(
    "TLS-HELLO",
    msg("The server answers in TLS"),
    msg("Look at address and port: something else than a TLS server may be there."),
    scope=Scope.TLS,
)
def server_speaks_tls(reached: Reached) -> Answer:
    """A ServerHello comes back (RFC 8446, 4.1.3)."""
    if reached.decisive.version:
        return good(Cause.HELLO, msg("It answers."))
    end, detail = reached.end, _detail(reached)
    if end is End.NOT_TLS:
        return _not_tls(detail)
    if end is End.ALERT and _leaves_out_the_newest(reached) and detail in _NO_COMMON_VERSION:
        return bad(
            Cause.NEWER_WANTED,
            msg(
                "TLS 1.2 at most was offered (--tls-max), and the server refused: {alert}.",
                alert=detail,
            ),
            msg("Leave --tls-max out: this server may take TLS 1.3 only."),
        )
    if end is End.ALERT:
        return bad(
            Cause.HELLO_REFUSED,
            msg("The server refused our first message: {alert}.", alert=detail),
            msg(
                "No TLS version or cipher in common (handshake_failure, protocol_version), or the "
                "server knows no site of that name (unrecognized_name): ask who runs it."
            ),
        )
    malformed = (
        Cause.HELLO_MALFORMED,
        msg("What comes back is malformed TLS ({detail}).", detail=detail),
    )
    return bad(*_HELLO_ENDS.get(end or End.MALFORMED, malformed))


_NO_COMMON_VERSION = ("protocol_version", "handshake_failure")
"""RFC 8446, 4.2.1 and 6.2 want the first; some servers send the second."""


def _leaves_out_the_newest(course: Reached) -> bool:
    """Whether that was asked for: by itself, a first connection offers TLS 1.3."""
    return course.handshake.connections[0].offered == "TLSv1.2"


def _not_tls(head: str) -> Answer:
    if head.upper().startswith("HTTP/"):
        return bad(
            Cause.PLAIN_HTTP,
            msg("Plain HTTP is spoken there, without TLS: “{head}”.", head=head),
            msg("This is the port of http, not of https: correct it."),
        )
    return bad(Cause.NOT_TLS, msg("What comes back is not TLS: “{head}”.", head=head))


@check(
    "TLS-PROTOCOL",
    msg("The server chooses TLS 1.2 or 1.3"),
    msg("TLS 1.1 and older must not be used any more (RFC 8996): whoever runs it must update it."),
    scope=Scope.TLS,
)
def protocol_is_current(spoken: Spoken) -> Answer:
    """RFC 8996 retires TLS 1.0 and 1.1."""
    connection = spoken.decisive
    if spoken.end is End.OLD_VERSION:
        return bad(
            Cause.OLD_VERSION, msg("The server chose {version}.", version=connection.version)
        )
    return good(
        Cause.PROTOCOL,
        msg(
            "{version}, {cipher}",
            version=connection.version,
            cipher=(connection.cipher, *filter(None, [connection.group])),
        ),
    )


_OPENSSL: Mapping[int, tuple[Cause, Message]] = {
    10: (Cause.SERVER_EXPIRED, msg("A certificate of the server's chain has expired.")),
    9: (Cause.SERVER_NOT_YET_VALID, msg("A certificate of the server's chain is not valid yet.")),
    18: (Cause.SERVER_SELF_SIGNED, msg("The server's certificate is self-signed.")),
    34: (
        Cause.SERVER_CRITICAL_EXTENSION,
        msg("The server's chain has a critical extension that TLS clients do not know."),
    ),
}
_UNKNOWN_ISSUER = (2, 19, 20, 21, 27)
"""X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT(_LOCALLY), SELF_SIGNED_CERT_IN_CHAIN,
UNABLE_TO_VERIFY_LEAF_SIGNATURE, CERT_UNTRUSTED (OpenSSL, x509_vfy.h)."""
_UNREADABLE = -1
_ANCHORS = {
    AnchorSource.SYSTEM: msg("the system's store"),
    AnchorSource.CA_FILE: msg("--ca-file"),
    AnchorSource.IMPORTED: msg("the anchors of cpx-tool trust"),
}
_TRUST_IT = msg(
    "A server of the field with an IGC-Santé certificate: cpx-tool trust import. A test server of "
    "your own: --ca-file. A public one: the system's store may be old, or the server sends its "
    "chain incompletely."
)


@check(
    "TLS-CHAIN",
    msg("The server's certificate can be trusted"),
    msg("Whoever runs the server must renew or correct its certificate; look at the clock, too."),
    scope=Scope.TLS,
)
def server_is_trusted(spoken: Spoken) -> Answer | None:
    """OpenSSL's verdict (X509_verify_cert), and the extended key usage."""
    proof = spoken.decisive.proof
    if spoken.end is End.OLD_VERSION:
        return _too_early()
    if proof is None:
        return _certificate_lost(spoken)
    answered = _chain_answer(proof)
    return None if spoken.handshake.insecure and answered.outcome is Outcome.FAILED else answered


def _certificate_lost(spoken: Spoken) -> Answer:
    return bad(
        Cause.SERVER_CERTIFICATE_LOST,
        msg(
            "The connection broke off before the server's certificate was there ({end}).",
            end=spoken.ending,
        ),
        msg("Repeat it; if it stays, ask who runs the server."),
    )


def _chain_answer(proof: ServerProof) -> Answer:
    if proof.error == 0 and proof.server_use:
        return good(
            Cause.SERVER_TRUSTED,
            nmsg(
                "A chain of {count} certificate, to an anchor from: {anchor}.",
                "A chain of {count} certificates, to an anchor from: {anchor}.",
                len(proof.chain),
                anchor=_ANCHORS[proof.anchor or AnchorSource.SYSTEM],
            ),
        )
    if proof.error == 0:
        return bad(
            Cause.SERVER_NOT_FOR_SERVERS,
            msg("The server's certificate is not for servers (extended key usage)."),
        )
    if proof.error in _OPENSSL:
        cause, told = _OPENSSL[proof.error]
        return bad(cause, told, _TRUST_IT if cause is Cause.SERVER_SELF_SIGNED else None)
    if proof.error in _UNKNOWN_ISSUER:
        told = msg("The server's chain leads to no anchor ({text}).", text=proof.text)
        return bad(Cause.SERVER_ISSUER_UNKNOWN, told, _TRUST_IT)
    if proof.error == _UNREADABLE:
        return bad(Cause.SERVER_UNREADABLE, msg("The server's certificate cannot be read."))
    return bad(
        Cause.SERVER_REFUSED, msg("The server's chain does not hold: {text}.", text=proof.text)
    )


@check(
    "TLS-NAME",
    msg("The server's certificate is for this name"),
    msg("Use the name that the certificate is for, or have the certificate corrected."),
    scope=Scope.TLS,
)
def server_has_this_name(proof: ServerProof, course: Course) -> Answer | None:
    """RFC 6125: subject alternative names only; the common name does not count any more."""
    if proof.error == _UNREADABLE:
        return None  # TLS-CHAIN has said so
    answered = _name_answer(proof, course.handshake.endpoint.host)
    insecure = course.handshake.insecure
    return None if insecure and answered.outcome is Outcome.FAILED else answered


def _name_answer(proof: ServerProof, host: str) -> Answer:
    names = proof.names[:SHOWN_NAMES]
    if proof.name is NameMatch.MATCHES:
        return good(Cause.SERVER_NAME, msg("For {names}.", names=names))
    if proof.name is NameMatch.NONE:
        return bad(
            Cause.SERVER_NO_NAME,
            msg("It has no subject alternative name; the common name does not count any more."),
            msg("Have the certificate made again, with this name as subject alternative name."),
        )
    if proof.name is NameMatch.DIFFERS and names:
        return bad(
            Cause.SERVER_OTHER_NAME, msg("For {names}, not for {host}.", names=names, host=host)
        )
    return bad(Cause.SERVER_NAME_UNREADABLE, msg("The names in it cannot be read."))


@check(
    "TLS-STRICT",
    msg("Strict clients accept the server's certificate, too"),
    msg(
        "Other software may refuse this server (Python 3.13 and later, for one): whoever runs it "
        "should correct its certificates."
    ),
    severity=Severity.WARNING,
    scope=Scope.TLS,
)
def strict_clients_accept(proof: ServerProof) -> Answer | None:
    """OpenSSL's X509_V_FLAG_X509_STRICT: key identifiers and the like (RFC 5280)."""
    if not proof.holds:
        return None
    if proof.strict_text:
        return bad(
            Cause.SERVER_NOT_STRICT, msg("OpenSSL, when strict: {text}.", text=proof.strict_text)
        )
    return good(Cause.SERVER_STRICT, msg("Nothing to be strict about."))


@check(
    "TLS-INSECURE",
    msg("Nothing was let pass"),
    msg("Without --insecure it would have ended there, before the card was touched."),
    severity=Severity.WARNING,
    scope=Scope.TLS,
)
def nothing_was_let_pass(course: Course) -> Answer | None:
    """--insecure is said in every report about a server that was reached."""
    proof = course.decisive.proof
    if proof is None or not course.handshake.insecure:
        return None
    answers = (_chain_answer(proof), _name_answer(proof, course.handshake.endpoint.host))
    wrong = [one.message for one in answers if one.outcome is Outcome.FAILED]
    if not wrong:
        told = msg("--insecure was given, and was not needed: the certificate holds.")
        return bad(Cause.INSECURE, told, msg("Leave --insecure out."))
    return bad(Cause.INSECURE, msg("--insecure let this pass: {wrong}", wrong=sentences(wrong)))


def _too_early() -> Answer:
    return Answer(Outcome.SKIPPED, TOO_EARLY)


def _detail(course: Course) -> str:
    return course.decisive.stop.detail if course.decisive.stop else ""
