"""The causes that the steps of tls-test name."""

from __future__ import annotations

from cpx_tool.model.guidance import Guidance, Kind
from cpx_tool.model.message import msg

GUIDANCE = (
    Guidance(
        Kind.TLS_CAUSE,
        meanings={
            "resolved": msg("The name was found."),
            "connected": msg("The connection was taken."),
            "tunnel": msg("The proxy opened the tunnel."),
            "hello": msg("The server answered in TLS."),
            "protocol": msg("TLS 1.2 or 1.3 was chosen."),
            "server-trusted": msg("The server's chain holds."),
            "server-strict": msg("Strict clients accept it, too."),
            "server-name": msg("The certificate is for this name."),
            "asked": msg("A client certificate was asked for."),
            "issuer-listed": msg("The issuer is among the CAs named."),
            "issuers-named": msg(
                "The CAs that the server names; nobody presented a certificate to compare them "
                "with."
            ),
            "any-issuer": msg("The server names no CA: any is welcome to try."),
            "schemes-accepted": msg(
                "What signatures the server takes; nobody has a key to sign with."
            ),
            "scheme": msg("A signature scheme was agreed upon."),
            "scheme-at-tls12": msg("It was agreed upon in a second connection, at TLS 1.2."),
            "signed": msg("The key signed, and the signature was verified."),
            "accepted": msg("The handshake was completed with the certificate."),
            "demanded": msg(
                "Nobody presented a certificate, and the server refused that in the handshake."
            ),
            "answered": msg("An answer came that is no refusal."),
            "expected-status": msg("The status is the one that was expected."),
            "http-demanded": msg(
                "Nobody presented a certificate, and the page says that one is needed."
            ),
            "proven": msg("Without the certificate the answer is another."),
        },
        why=msg("It is the code of a step that went as it should."),
        causes=(msg("Nothing is wrong at this step."),),
        remedy=msg("Nothing is to be done."),
        sources=("docs/tls.md",),
    ),
    Guidance(
        Kind.TLS_CAUSE,
        meanings={
            "name-unknown": msg("There is no server of that name."),
            "resolver-failed": msg("The name service failed."),
            "resolver-silent": msg("The name service did not answer in time."),
        },
        why=msg("The server was not reached, and the card was not touched."),
        causes=(msg("A typing mistake, a VPN that is not up, a network without DNS."),),
        remedy=msg(
            "Compare the address letter by letter; then ask the network's administrator about DNS."
        ),
        sources=("getaddrinfo(3)",),
    ),
    Guidance(
        Kind.TLS_CAUSE,
        meanings={
            "connection-refused": msg("Nothing listens at that address and port."),
            "unreachable": msg("No way leads to that address."),
            "connect-silent": msg("No answer to the connection came in time."),
            "connect-reset": msg("The connection was cut at once."),
        },
        why=msg("The network or the server is at fault, not the card."),
        causes=(msg("A wrong port, a server that is down, a firewall (silence, mostly)."),),
        remedy=msg("Look at the port, then ask the network's administrator."),
        sources=("RFC 9293",),
    ),
    Guidance(
        Kind.TLS_CAUSE,
        meanings={
            "proxy-refused": msg("The proxy refused to open the tunnel."),
            "proxy-authentication": msg("The proxy wants user and password (407)."),
            "proxy-unreachable": msg("The proxy itself cannot be reached."),
        },
        why=msg("The server never heard of this connection."),
        causes=(msg("The server or port is not on the proxy's list; HTTPS_PROXY is wrong."),),
        remedy=msg(
            "Ask the network's administrator to allow server and port; put user and password into "
            "HTTPS_PROXY; --proxy none goes without."
        ),
        sources=("RFC 9110, 9.3.6",),
    ),
    Guidance(
        Kind.TLS_CAUSE,
        meanings={
            "not-tls": msg("What comes back is not TLS."),
            "plain-http": msg("Plain HTTP is spoken there."),
            "hello-closed": msg("The server closed the connection without a word of TLS."),
            "hello-reset": msg("The connection was cut after our first message."),
            "hello-silent": msg("The server takes the connection and says nothing."),
            "hello-refused": msg("An alert came in the place of a ServerHello."),
            "newer-version-wanted": msg(
                "The server refused TLS 1.2, and --tls-max left TLS 1.3 out."
            ),
            "hello-malformed": msg("What came back is malformed TLS."),
            "hello-too-long": msg("The server sends without end."),
            "old-version": msg("The server chose TLS 1.1 or older."),
        },
        why=msg("No TLS that can be used is at that address, so no certificate was exchanged."),
        causes=(
            msg(
                "The port of http instead of https; a firewall that cuts TLS; no version or cipher "
                "in common; an unknown site name."
            ),
        ),
        remedy=msg("Look at address and port; then ask who runs the server."),
        sources=("RFC 8446, 4.1, 6.2; RFC 8996",),
    ),
    Guidance(
        Kind.TLS_CAUSE,
        meanings={
            "server-expired": msg("A certificate of the server's chain has expired."),
            "server-not-yet-valid": msg("A certificate of the server's chain is not valid yet."),
            "server-issuer-unknown": msg("The server's chain leads to no anchor."),
            "server-self-signed": msg("The server's certificate is self-signed."),
            "server-critical-extension": msg(
                "The chain has a critical extension that TLS clients do not know."
            ),
            "server-not-for-servers": msg("The certificate is not for servers."),
            "server-unreadable": msg("The server's certificate cannot be read."),
            "server-refused": msg(
                "OpenSSL does not accept the chain, for the reason in the message."
            ),
            "server-certificate-lost": msg(
                "The connection broke off before the certificate was there."
            ),
            "server-not-strict": msg("Strict clients refuse this certificate."),
            "server-other-name": msg("The certificate is for another name."),
            "server-no-name": msg("The certificate has no subject alternative name."),
            "server-name-unreadable": msg("The names in it cannot be read."),
            "insecure": msg("--insecure let this pass."),
        },
        why=msg("The server is not proven, so the card was not asked to sign (unless --insecure)."),
        causes=(
            msg(
                "A certificate that nobody renewed, a missing intermediate, an intercepting proxy, "
                "a wrong clock here."
            ),
            msg("The IGC-Santé's roots are in no system's store."),
        ),
        remedy=msg(
            "Look at the clock. A server of the field: cpx-tool trust import; a test server of "
            "your own: --ca-file. Otherwise whoever runs it must correct its certificate."
        ),
        sources=("RFC 5280, 6.1; RFC 6125",),
    ),
    Guidance(
        Kind.TLS_CAUSE,
        meanings={
            "not-asked": msg("The server asked for no client certificate."),
            "request-lost": msg("The connection broke off before that was clear."),
            "issuer-not-listed": msg("The issuer is not among the CAs that the server names."),
        },
        why=msg("No client authentication took place, or it is likely to fail."),
        causes=(
            msg(
                "Another path or port is the one for certificates; a load balancer ends TLS; the "
                "server is for other CAs (production, ORG)."
            ),
        ),
        remedy=msg(
            "Ask who runs the server for the address where certificates are asked for, and of "
            "which CAs."
        ),
        sources=("RFC 8446, 4.2.4, 4.3.2",),
    ),
    Guidance(
        Kind.TLS_CAUSE,
        meanings={
            "no-pss-for-tls13": msg(
                "The server is TLS 1.3 only, and this card cannot sign RSA-PSS."
            ),
            "no-common-scheme": msg("The key signs by no scheme that the server accepts."),
            "no-rsa-key": msg("The certificate has no RSA key."),
        },
        why=msg("Card and server are both sound, and do not fit each other."),
        causes=(
            msg("A CPS3, which signs PKCS#1 v1.5 only, at a server that wants TLS 1.3 or PSS."),
        ),
        remedy=msg(
            "Ask who runs the server to accept rsa_pkcs1_sha256 with TLS 1.2, or use a CPS4."
        ),
        sources=("RFC 8446, 4.2.3",),
    ),
    Guidance(
        Kind.TLS_CAUSE,
        meanings={
            "second-connection-lost": msg(
                "Nothing with TLS 1.3 can be signed, and the connection at TLS 1.2 broke off."
            ),
        },
        why=msg("Whether the server speaks TLS 1.2 is not known: it did not say no, either."),
        causes=(
            msg(
                "The network or the server fails now and then; or a server of TLS 1.3 only hangs "
                "up instead of an alert."
            ),
        ),
        remedy=msg("Repeat it; if it stays, ask who runs the server whether it speaks TLS 1.2."),
        sources=("RFC 8446, 4.2.3",),
    ),
    Guidance(
        Kind.TLS_CAUSE,
        meanings={
            "no-forward-secrecy": msg(
                "The server proves that it has its key only after the client has signed."
            ),
        },
        why=msg(
            "Whoever copied a server's certificate, which is public, would get a signature of the "
            "card: so none is made."
        ),
        causes=(msg("A server that offers RSA key exchange (TLS_RSA_…) only, an old one mostly."),),
        remedy=msg("The server has to offer ECDHE: ask who runs it."),
        sources=("RFC 5246, 7.4.7.1", "RFC 9325, 4.1"),
    ),
    Guidance(
        Kind.TLS_CAUSE,
        meanings={
            "no-certificate": msg("The card has no readable authentication certificate."),
            "no-login": msg("The card could not be, or must not be, logged in to."),
            "pin-refused": msg("The card refused the PIN."),
            "not-signed": msg("The key did not sign."),
            "wrong-signature": msg(
                "The signature was not made with the certificate's key; it was not sent."
            ),
        },
        why=msg("The client side failed before the server could say anything of it."),
        causes=(
            msg(
                "PIN safety; a card that was taken out; a stale cache (wrong-signature); see the "
                "fault's own code."
            ),
        ),
        remedy=msg(
            "Look what cpx-tool show-card and cpx-tool sign-test say of this card; put it in again "
            "and repeat."
        ),
        sources=("RFC 8446, 4.4.3",),
    ),
    Guidance(
        Kind.TLS_CAUSE,
        meanings={
            "client-unknown-ca": msg(
                "The server does not trust the certificate's issuer, though it names it, or none."
            ),
            "client-issuer-not-listed": msg("The server does not know the issuer, nor names it."),
            "client-expired": msg("The server says that the certificate has expired."),
            "client-revoked": msg("The server says that the certificate is revoked."),
            "client-bad": msg(
                "The server refuses the certificate (bad_certificate), without a reason."
            ),
            "client-unsupported": msg("The server does not take certificates of this kind."),
            "client-unknown": msg(
                "The server refuses the certificate (certificate_unknown), without a reason."
            ),
            "client-required": msg(
                "The server says that it got no certificate, though one was sent."
            ),
            "client-denied": msg("The certificate is accepted, its holder not let in."),
            "client-signature-refused": msg("The server could not verify the signature."),
            "client-other-alert": msg("The server ended the handshake with another alert."),
            "client-closed": msg(
                "The server closed the connection after the certificate, without a reason."
            ),
            "client-reset": msg("The connection was cut after the certificate."),
            "client-silent": msg("The server said nothing more after the certificate."),
            "client-malformed": msg("The handshake breaks off after the certificate."),
        },
        why=msg(
            "The signature was verified before it was sent, so the refusal is the server's, of "
            "this certificate or of its kind."
        ),
        causes=(
            msg(
                "The server's CA file lacks the IGC-Santé TEST or a CA above the issuer; a TEST "
                "card at a production server; an expired card."
            ),
        ),
        remedy=msg(
            "Give the whole result to whoever runs the server: its log says why. Present another "
            "card to see whether this one is at fault."
        ),
        sources=("RFC 8446, 6.2",),
    ),
    Guidance(
        Kind.TLS_CAUSE,
        meanings={
            "other-status": msg("The status is not the one that was expected."),
            "http-no-certificate": msg("The page says that no certificate was sent."),
            "http-certificate-error": msg("The page says that the certificate is not accepted."),
            "http-denied": msg("The handshake holds, but the holder has no access (401, 403)."),
            "http-refused": msg("The server calls the request a bad one (400)."),
            "http-server-error": msg("The application behind the server fails (500 and above)."),
            "http-closed": msg("The server closed the connection without an answer."),
            "http-reset": msg("The connection was cut instead of an answer."),
            "http-silent": msg("No answer came in time."),
            "http-alert": msg("An alert came instead of an answer."),
            "http-malformed": msg("The answer breaks off."),
            "not-http": msg("The answer is no HTTP."),
            "same-without-certificate": msg("Without the certificate the server answers the same."),
            "control-lost": msg(
                "The connection without a certificate broke off, or its answer is no refusal."
            ),
        },
        why=msg(
            "The handshake was completed: what fails is the server's application, its rules of "
            "access, or the path."
        ),
        causes=(
            msg(
                "nginx tells its refusal of a certificate on a page with status 400; a certificate "
                "that is only optional is not looked at."
            ),
            msg("The holder has no account there, or the path takes no GET."),
        ),
        remedy=msg(
            "Ask who runs the server; --expect-status says which status is the right one there."
        ),
        sources=(
            "RFC 9110, 15",
            "nginx: ssl_verify_client",
        ),
    ),
)
