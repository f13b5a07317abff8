"""The client of a handshake: asked for a certificate, able to sign, accepted, answered."""

from __future__ import annotations

from collections.abc import Mapping

from cpx_tool.judge.check import Answer, Scope, check
from cpx_tool.judge.checks.keys import REFUSALS
from cpx_tool.judge.checks.tls_server import answer, bad, good
from cpx_tool.judge.tls_causes import Cause
from cpx_tool.judge.tls_facts import TOO_EARLY, Course, ending_of
from cpx_tool.judge.tls_issuers import names_of, own_issuers
from cpx_tool.judge.words import fault_message
from cpx_tool.model.finding import Finding, Outcome, Severity
from cpx_tool.model.handshake import (
    Asked,
    CertificateRequest,
    Client,
    ClientKind,
    Connection,
    End,
    HttpAnswer,
    Step,
    Stop,
)
from cpx_tool.model.message import Message, msg, nmsg
from cpx_tool.model.observation import PinRecord, PinRefusal, PinResult

SHOWN_AUTHORITIES = 8
SHOWN_SCHEMES = 12

_UNABLE = (End.NOT_SIGNABLE, End.NO_RSA_KEY, End.NO_FORWARD_SECRECY)
"""It was we who ended it, at the request."""
_WHEN = {
    Asked.HANDSHAKE: msg("In the handshake."),
    Asked.RENEGOTIATION: msg("After the request, in a second handshake (renegotiation)."),
    Asked.POST_HANDSHAKE: msg("After the request (post-handshake authentication)."),
}


@check(
    "TLS-REQUEST",
    msg("The server asks for a client certificate"),
    msg(
        "It is reached, but no client authentication took place: ask who runs it for the address "
        "(or the path) where certificates are asked for."
    ),
    scope=Scope.TLS,
)
def certificate_is_asked_for(course: Course) -> Answer:
    """CertificateRequest (RFC 8446, 4.3.2; RFC 5246, 7.4.4), at any time until the answer. TLS 1.3
    asks before the server shows its own certificate.
    """
    request = course.decisive.request
    if _breaks_off(course):
        return bad(
            Cause.REQUEST_LOST,
            msg("The connection broke off before it came to that ({end}).", end=course.ending),
            msg("Repeat it; if it stays, ask who runs the server."),
        )
    if request is not None:
        return good(Cause.ASKED, _WHEN[request.when])
    if not course.passed_by(Step.CHAIN):
        return Answer(Outcome.SKIPPED, TOO_EARLY)
    told = msg("It asks for none.")
    if course.client.kind is ClientKind.NOBODY:
        return good(Cause.NOT_ASKED, told)
    return bad(Cause.NOT_ASKED, told)


def _breaks_off(course: Course) -> bool:
    """Around the request, or before the end of a handshake that has none."""
    if course.stopped_at(Step.REQUEST):
        return course.end not in _UNABLE
    return course.decisive.request is None and course.stopped_at(Step.VERDICT)


@check(
    "TLS-ISSUERS",
    msg("The issuer of the client certificate is among the CAs that the server names"),
    msg(
        "The server expects certificates of other CAs: compare the list with what it is for (cards "
        "or ORG, test or production)."
    ),
    severity=Severity.WARNING,
    scope=Scope.TLS,
)
def issuer_is_named(request: CertificateRequest, course: Course) -> Answer:
    """certificate_authorities (RFC 8446, 4.2.4; RFC 5246, 7.4.4); compared byte by byte."""
    named = names_of(request.authorities[:SHOWN_AUTHORITIES])
    if request.count > len(named):
        named = (*named, "…")
    if not request.count:
        return good(Cause.ANY_ISSUER, msg("The server names none: any is welcome to try."))
    list_of = nmsg(
        "The server names {count} CA: {names}",
        "The server names {count} CAs: {names}",
        request.count,
        names=named,
    )
    if course.client.kind is ClientKind.NOBODY:
        return good(Cause.ISSUERS_NAMED, list_of)
    if own_issuers(course.client) & set(request.authorities):
        return good(Cause.ISSUER_LISTED, list_of)
    own = names_of(sorted(own_issuers(course.client)))
    told = msg("{list} — this certificate is issued by: {issuers}", list=list_of, issuers=own)
    return bad(Cause.ISSUER_NOT_LISTED, told)


@check(
    "TLS-SCHEMES",
    msg("The client's key can sign what the server accepts"),
    msg("Ask who runs the server to accept rsa_pkcs1_sha256 with TLS 1.2, or use another card."),
    scope=Scope.TLS,
)
def key_can_sign(request: CertificateRequest, course: Course) -> Answer | None:
    """signature_algorithms of the request; PKCS#1 v1.5 not in TLS 1.3 (RFC 8446, 4.2.3)."""
    connection = course.decisive
    if course.client.kind is ClientKind.NOBODY:
        schemes = request.schemes[:SHOWN_SCHEMES] or ("-",)
        return good(Cause.SCHEMES_ACCEPTED, msg("The server accepts {asked}.", asked=schemes))
    stop = connection.stop
    if stop is not None and stop.end is End.NO_RSA_KEY:
        return bad(Cause.NO_RSA_KEY, msg("The certificate has no RSA key."))
    if _is_unable(connection):
        return _no_scheme(request, course)
    return _taken(course) if connection.scheme else None


def _taken(course: Course) -> Answer:
    connection = course.decisive
    if course.handshake.connections[0].version != connection.version:
        told = msg(
            "{scheme}, after a second connection at TLS 1.2: the server prefers TLS 1.3, for which "
            "this card would have to sign RSA-PSS.",
            scheme=connection.scheme,
        )
        return good(Cause.SCHEME_AT_TLS_1_2, told)
    return good(Cause.SCHEME, msg("{scheme}", scheme=connection.scheme))


def _is_unable(connection: Connection) -> bool:
    """The key has no scheme that is asked for, or has it in vain."""
    stop, use = connection.stop, connection.signature
    unable = stop is not None and stop.end is End.NOT_SIGNABLE
    return unable or (use is not None and use.is_vain_promise)


def _no_scheme(request: CertificateRequest, course: Course) -> Answer:
    connection = course.decisive
    able = [s for s in connection.signable if not (connection.signature and _is_pss(s))]
    if course.older is not None and course.older.end is not End.ALERT:
        return _second_lost(course.older)
    asks_pss = any(map(_is_pss, request.schemes)) and not any(map(_is_pss, able))
    if course.older is not None and asks_pss:
        return bad(
            Cause.NO_PSS_FOR_TLS_1_3,
            msg("This server is TLS 1.3 only, and this card cannot sign RSA-PSS."),
            msg(
                "TLS 1.3 allows no PKCS#1 v1.5, which is all that a CPS3 signs: the server has to "
                "offer TLS 1.2, or a CPS4 is needed."
            ),
        )
    return bad(
        Cause.NO_COMMON_SCHEME,
        msg(
            "The server accepts {asked}; this key signs {able}.",
            asked=request.schemes[:SHOWN_SCHEMES],
            able=tuple(able) or ("-",),
        ),
    )


def _second_lost(older: Stop) -> Answer:
    return bad(
        Cause.SECOND_CONNECTION_LOST,
        msg(
            "This key signs nothing that the server accepts with TLS 1.3, and the second "
            "connection, at TLS 1.2, broke off ({end}).",
            end=ending_of(older),
        ),
        msg("Repeat it; if it stays, ask who runs the server whether it speaks TLS 1.2."),
    )


def _is_pss(scheme: str) -> bool:
    return scheme.startswith("rsa_pss_rsae")


@check(
    "TLS-SIGNATURE",
    msg("The client's key signs the handshake"),
    msg("Look what cpx-tool sign-test says of this card; repeat once, then have it replaced."),
    scope=Scope.TLS,
)
def key_signs(course: Course, pin: PinRecord | None) -> Answer | None:
    """CertificateVerify (RFC 8446, 4.4.3); verified before it was sent."""
    connection = course.decisive
    if course.client.kind is ClientKind.NOBODY:
        return None
    stop, use = connection.stop, connection.signature
    if stop is not None and stop.end in (End.NO_LOGIN, End.NO_FORWARD_SECRECY):
        return _no_login(pin) if stop.end is End.NO_LOGIN else _unproven_key(connection)
    if use is None:
        return _not_asked(course)
    if use.fault is not None:
        told = msg("No signature: {fault}", fault=fault_message(use.fault))
        # of a vain promise TLS-SCHEMES says what it means
        vain = use.is_vain_promise
        return Answer(Outcome.SKIPPED, told) if vain else bad(Cause.NOT_SIGNED, told)
    if stop is not None and stop.end is End.WRONG_SIGNATURE:
        return bad(
            Cause.WRONG_SIGNATURE,
            msg("The signature was not made with the key of the certificate: it was not sent."),
        )
    return good(Cause.SIGNED, msg("{mechanism}", mechanism=use.mechanism or connection.scheme))


def _unproven_key(connection: Connection) -> Answer:
    return bad(
        Cause.NO_FORWARD_SECRECY,
        msg(
            "With {cipher} the server proves that it has its key only after the client has "
            "signed: nothing was signed, and no certificate was sent.",
            cipher=connection.cipher,
        ),
        msg("The server has to offer ECDHE: ask who runs it."),
    )


def nothing_to_present(subject: str, client: Client, pin: PinRecord | None) -> Finding:
    """The card did not, or must not, get a PIN; or it has no authentication certificate. No server
    was asked anything.
    """
    unproven = pin is not None and pin.refusal in _UNPROVEN
    if client.certificate or unproven:
        return key_signs.finding(subject, _no_login(pin))
    return key_signs.finding(
        subject,
        bad(
            Cause.NO_CERTIFICATE,
            msg("The card has no readable authentication certificate to present."),
            msg("Look what cpx-tool show-card says of this card; no server was asked anything."),
        ),
    )


_UNPROVEN = (PinRefusal.PRODUCTION, PinRefusal.NOT_PROVEN_TEST)


def _not_asked(course: Course) -> Answer:
    if course.decisive.request is None and course.passed_by(Step.REQUEST):
        return Answer(Outcome.SKIPPED, msg("The server asked for no client certificate."))
    return Answer(Outcome.SKIPPED, TOO_EARLY)


def _no_login(pin: PinRecord | None) -> Answer:
    """What became of the PIN, as check-set says it."""
    if pin is None:
        return answer(Outcome.ERROR, Cause.NO_LOGIN, msg("The card could not be logged in to."))
    if pin.refusal is not None:
        reason, hint = REFUSALS[pin.refusal]
        return Answer(Outcome.SKIPPED, reason, hint, blocked_by_pin=True, code=Cause.NO_LOGIN.value)
    if pin.result is PinResult.WRONG:
        return bad(
            Cause.PIN_REFUSED,
            msg("The card refused the PIN."),
            msg("Find out this card's PIN before you repeat: one try is used up."),
        )
    if pin.result is PinResult.ACCEPTED:
        told = msg("The login was lost with the module's process, and there is no second one.")
    else:
        told = fault_message(pin.fault) if pin.fault else msg("The login failed.")
    hint = msg("Put the card in again and repeat.")
    return answer(Outcome.ERROR, Cause.NO_LOGIN, told, hint)


_ALERTS: Mapping[str, tuple[Cause, Message]] = {
    "certificate_expired": (
        Cause.CLIENT_EXPIRED,
        msg("The server says that the certificate has expired, or is not valid yet."),
    ),
    "certificate_revoked": (
        Cause.CLIENT_REVOKED,
        msg("The server says that the certificate is revoked."),
    ),
    "bad_certificate": (
        Cause.CLIENT_BAD,
        msg("The server refuses the certificate (bad_certificate), and does not say why."),
    ),
    "unsupported_certificate": (
        Cause.CLIENT_UNSUPPORTED,
        msg("The server does not take certificates of this kind (unsupported_certificate)."),
    ),
    "certificate_unknown": (
        Cause.CLIENT_UNKNOWN,
        msg("The server refuses the certificate (certificate_unknown), and does not say why."),
    ),
    "certificate_required": (
        Cause.CLIENT_REQUIRED,
        msg("The server says that it got no certificate, though one was sent."),
    ),
    "access_denied": (
        Cause.CLIENT_DENIED,
        msg("The server accepts the certificate, and lets its holder not in (access_denied)."),
    ),
    "decrypt_error": (
        Cause.CLIENT_SIGNATURE_REFUSED,
        msg("The server could not verify the signature (decrypt_error)."),
    ),
}
_REMEDIES: Mapping[Cause, Message] = {
    Cause.CLIENT_EXPIRED: msg(
        "Look at the dates of the card's certificates (cpx-tool show-card); where they are right, "
        "at the server's clock."
    ),
    Cause.CLIENT_REVOKED: msg(
        "Ask the PKI what it says of it (cpx-tool inspect --online), and take another card."
    ),
    Cause.CLIENT_UNSUPPORTED: msg(
        "Look what the certificate is made for (cpx-tool show-card, key usage); the server's log "
        "says what it wants."
    ),
    Cause.CLIENT_DENIED: msg("Ask who runs the server for access for this card."),
    Cause.CLIENT_SIGNATURE_REFUSED: msg(
        "Look what cpx-tool sign-test says of this card; then the server's log."
    ),
}
"""What to do where it is another thing than to ask for the server's log."""
_REFUSALS = (End.ALERT, End.CLOSED, End.RESET)
"""How servers say that they let nobody in without a certificate."""
_CUT: Mapping[End, tuple[Cause, Message]] = {
    End.CLOSED: (
        Cause.CLIENT_CLOSED,
        msg("The server closed the connection after the certificate, without a reason."),
    ),
    End.RESET: (
        Cause.CLIENT_RESET,
        msg("The connection was cut after the certificate, without a reason."),
    ),
    End.TIMEOUT: (
        Cause.CLIENT_SILENT,
        msg("The server said nothing more at the end of the handshake."),
    ),
}


@check(
    "TLS-ACCEPTED",
    msg("The server accepts the client certificate"),
    msg(
        "Give the whole result to whoever runs the server: its log says why it refuses this "
        "certificate."
    ),
    scope=Scope.TLS,
)
def certificate_is_accepted(request: CertificateRequest, course: Course) -> Answer | None:
    """The server's own word: the end of the handshake, or an alert, which may come late with TLS
    1.3 (RFC 8446, 4.4.2.4). That it really looked is another question (TLS-PROVEN).
    """
    if course.client.kind is ClientKind.NOBODY:
        return _demanded(course)
    if not course.decisive.sent or course.decisive.signature is None:
        return _not_asked(course)
    if course.decisive.signature.fault is not None or not course.passed_by(Step.SIGNATURE):
        return Answer(Outcome.SKIPPED, TOO_EARLY)
    stop = course.decisive.stop
    if stop is None or course.passed_by(Step.VERDICT):
        return good(Cause.ACCEPTED, msg("The handshake was completed with it."))
    if stop.end is End.ALERT:
        return _alert(stop.detail, request, course)
    return bad(*_cut(course))


def _cut(course: Course) -> tuple[Cause, Message]:
    malformed = msg("The handshake breaks off at its end ({end}).", end=course.ending)
    return _CUT.get(course.end or End.MALFORMED, (Cause.CLIENT_MALFORMED, malformed))


def _demanded(course: Course) -> Answer | None:
    stop = course.decisive.stop
    if stop is None or stop.step is not Step.VERDICT:
        return None
    if stop.end in _REFUSALS:
        told = msg("The server demands a client certificate ({end}).", end=course.ending)
        return good(Cause.DEMANDED, told)
    return bad(*_cut(course))


def _alert(alert: str, request: CertificateRequest, course: Course) -> Answer:
    if alert in _ALERTS:
        cause, told = _ALERTS[alert]
        return bad(cause, told, _REMEDIES.get(cause))
    if alert != "unknown_ca":
        told = msg("The server ended the handshake after the certificate: {alert}.", alert=alert)
        return bad(Cause.CLIENT_OTHER_ALERT, told)
    if request.count and not own_issuers(course.client) & set(request.authorities):
        return bad(
            Cause.CLIENT_ISSUER_NOT_LISTED,
            msg("The server does not know the issuer (unknown_ca), nor names it among its CAs."),
            msg("Present what it is for: a card or an ORG, test or production; see TLS-ISSUERS."),
        )
    return bad(
        Cause.CLIENT_UNKNOWN_CA,
        msg("The server does not trust the certificate's chain (unknown_ca)."),
        msg(
            "It names this issuer, or none: it may lack the CA above it. Whoever runs it should "
            "look at its CA file."
        ),
    )


_HTTP_ENDS: Mapping[End, tuple[Cause, Message]] = {
    End.CLOSED: (Cause.HTTP_CLOSED, msg("The server closed the connection without an answer.")),
    End.RESET: (Cause.HTTP_RESET, msg("The connection was cut instead of an answer.")),
    End.TIMEOUT: (Cause.HTTP_SILENT, msg("No answer came in time.")),
    End.NOT_HTTP: (Cause.NOT_HTTP, msg("The answer is no HTTP.")),
}


@check(
    "TLS-HTTP",
    msg("The server answers the request"),
    msg("Ask who runs the server; --expect-status says which status is the right one there."),
    scope=Scope.TLS,
)
def server_answers(course: Course) -> Answer | None:
    """A GET. Statuses below 500 are answers, unless they speak of the certificate or of rights."""
    http, nobody = course.decisive.http, course.client.kind is ClientKind.NOBODY
    if http is None:
        if nobody and course.stopped_at(Step.VERDICT):
            return None  # it demands a certificate, and that is the answer
        return _no_answer(course)
    wanted = course.handshake.expect_status
    if wanted is None:
        return _certificate_page(http, nobody=nobody) or _status(http, nobody=nobody)
    # a page that refuses the certificate is no success, whatever status was expected
    refused = None if nobody else _certificate_page(http, nobody=False)
    return refused or _expected(http, wanted)


def _no_answer(course: Course) -> Answer:
    stop = course.decisive.stop
    if stop is None or stop.step is not Step.HTTP:
        return Answer(Outcome.SKIPPED, TOO_EARLY)
    if stop.end is End.ALERT:
        told = msg("An alert came instead of an answer: {end}.", end=course.ending)
        return bad(Cause.HTTP_ALERT, told)
    malformed = msg("The answer breaks off ({end}).", end=course.ending)
    return bad(*_HTTP_ENDS.get(stop.end, (Cause.HTTP_MALFORMED, malformed)))


def _expected(http: HttpAnswer, wanted: int) -> Answer:
    if http.status == wanted:
        return good(Cause.EXPECTED_STATUS, _line(http))
    return bad(
        Cause.OTHER_STATUS,
        msg("Expected was {wanted}, not {line}", wanted=str(wanted), line=_line(http)),
        msg("Compare with the documentation of the service, or correct --expect-status."),
    )


_NGINX_NO_CERTIFICATE = "no required ssl certificate was sent"
_NGINX_CERTIFICATE_ERROR = "the ssl certificate error"
"""Titles of nginx's own pages, with status 400 (its statuses 496 and 495)."""
_DENIED = (401, 403)
_NO_CERTIFICATE, _CERTIFICATE_ERROR = 496, 495
_FIRST_SERVER_ERROR = 500
_BAD_REQUEST = 400
_REDIRECTION = 300


def _certificate_page(http: HttpAnswer, *, nobody: bool) -> Answer | None:
    line, page = _line(http), http.first_line.lower()
    if http.status == _NO_CERTIFICATE or _NGINX_NO_CERTIFICATE in page:
        if nobody:
            return good(Cause.HTTP_DEMANDED, line)
        return bad(
            Cause.HTTP_NO_CERTIFICATE,
            msg("The page says that no certificate was sent: {line}", line=line),
            msg("Compare the CAs that it names (TLS-ISSUERS) with the issuer of the certificate."),
        )
    if http.status == _CERTIFICATE_ERROR or _NGINX_CERTIFICATE_ERROR in page:
        return bad(
            Cause.HTTP_CERTIFICATE_ERROR,
            msg("The page says that the certificate is not accepted: {line}", line=line),
            msg("Expired, revoked, or of a CA that the server does not know: its log says which."),
        )
    return None


def _status(http: HttpAnswer, *, nobody: bool) -> Answer:
    line = _line(http)
    if http.status in _DENIED:
        if nobody:
            return good(Cause.HTTP_DEMANDED, line)
        return bad(
            Cause.HTTP_DENIED,
            msg("The handshake holds, but the holder has no access: {line}", line=line),
            msg("Ask who runs the server for access for this card, or look at the path."),
        )
    return _other_status(http, line)


def _other_status(http: HttpAnswer, line: Message) -> Answer:
    if http.status >= _FIRST_SERVER_ERROR:
        return bad(
            Cause.HTTP_SERVER_ERROR,
            line,
            msg(
                "The handshake holds; the application behind it fails, or takes no GET there "
                "(--expect-status {status}, if that is right).",
                status=str(http.status),
            ),
        )
    if http.status == _BAD_REQUEST:
        return bad(Cause.HTTP_REFUSED, line)
    return good(Cause.ANSWERED, line)


@check(
    "TLS-PROVEN",
    msg("Without the certificate the answer is another"),
    msg(
        "The server asks for a certificate and does without: a 200 does not prove that it accepted "
        "this one. Ask who runs it, or give a path that needs one."
    ),
    severity=Severity.WARNING,
    scope=Scope.TLS,
)
def answer_depends_on_it(course: Course) -> Answer | None:
    """A second connection without a certificate, after the first had succeeded. The card has no
    part in it.
    """
    http, control = course.decisive.http, course.handshake.control
    if http is None or control is None:
        return None
    if control.http is not None and control.http.status == http.status:
        return bad(
            Cause.SAME_WITHOUT,
            msg(
                "Without a certificate the server answers {status}, too: nothing shows that it "
                "looked at this one.",
                status=str(control.http.status),
            ),
        )
    if control.http is not None:
        return _other_answer(control.http.status)
    if control.stop is not None and _is_refusal(control.stop):
        return good(Cause.PROVEN, msg("Without a certificate it refuses the handshake."))
    return _not_known(msg("The connection without a certificate broke off."))


def _other_answer(status: int) -> Answer:
    """A refusal proves it, and so does a redirection: both requests are alike but for the
    certificate. An error of the server may have another reason.
    """
    if _REDIRECTION <= status < _BAD_REQUEST:
        told = msg("Without a certificate it sends elsewhere ({status}).", status=str(status))
        return good(Cause.PROVEN, told)
    if _BAD_REQUEST <= status < _FIRST_SERVER_ERROR:
        told = msg("Without a certificate it answers {status}.", status=str(status))
        return good(Cause.PROVEN, told)
    return _not_known(
        msg("Without a certificate it answers {status}, which is no refusal.", status=str(status))
    )


def _is_refusal(stop: Stop) -> bool:
    """In the handshake; or, with TLS 1.3, by an alert after it."""
    if stop.step is Step.HTTP:
        return stop.end is End.ALERT
    return stop.step is Step.VERDICT and stop.end in _REFUSALS


def _not_known(told: Message) -> Answer:
    hint = msg("Repeat it: what it would have shown is not known.")
    return answer(Outcome.ERROR, Cause.CONTROL_LOST, told, hint)


def _line(http: HttpAnswer) -> Message:
    if http.first_line:
        return msg(
            "HTTP {status} {reason}: “{line}”",
            status=str(http.status),
            reason=http.reason,
            line=http.first_line,
        )
    return msg("HTTP {status} {reason}", status=str(http.status), reason=http.reason)
