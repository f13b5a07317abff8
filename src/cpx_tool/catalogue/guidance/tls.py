"""The checks of tls-test, in the order of the wire."""

from __future__ import annotations

from cpx_tool.model.guidance import Guidance, Kind
from cpx_tool.model.message import msg

GUIDANCE = (
    Guidance(
        Kind.CHECK,
        meanings={
            "TLS-RESOLVE": msg("The name of the server leads to an address."),
        },
        why=msg("Nothing of the card or of TLS has a part in this step."),
        causes=(msg("A typing mistake; a name that only an internal DNS or a VPN knows."),),
        sources=("getaddrinfo(3)",),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "TLS-CONNECT": msg("The server takes a TCP connection at that port."),
        },
        why=msg("Before any TLS, the network has to let the connection through."),
        causes=(msg("A wrong port, a firewall, a server that is down."),),
        sources=("RFC 9293",),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "TLS-PROXY": msg("The HTTP proxy opens a tunnel to the server."),
        },
        why=msg("Hospitals and companies often allow only listed servers and ports."),
        causes=(msg("The server or port is not allowed, or the proxy wants a password."),),
        sources=("RFC 9110, 9.3.6",),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "TLS-HELLO": msg("The server answers with a ServerHello: it speaks TLS."),
        },
        why=msg("Otherwise something else is at that address."),
        causes=(
            msg(
                "The port of plain HTTP; a firewall that cuts TLS; no version or cipher in common."
            ),
        ),
        sources=("RFC 8446, 4.1.3",),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "TLS-PROTOCOL": msg("The server chooses TLS 1.2 or 1.3."),
        },
        why=msg("TLS 1.0 and 1.1 are retired."),
        causes=(msg("A server or an intercepting device that was not updated."),),
        sources=("RFC 8996",),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "TLS-CHAIN": msg(
                "The server's certificate leads to an anchor that is trusted here, and holds."
            ),
        },
        why=msg("No card is asked to sign for a server that is not proven."),
        causes=(
            msg(
                "A server of the field with an IGC-Santé certificate, whose root no system knows; "
                "a missing intermediate; an intercepting proxy."
            ),
            msg("An expired certificate, or a wrong clock here."),
        ),
        sources=("RFC 5280, 6.1",),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "TLS-NAME": msg("The server's certificate is for the name that was asked."),
        },
        why=msg("Another server's certificate proves another server."),
        causes=(
            msg(
                "The address was typed as an IP or an alias; the certificate has a common name "
                "only."
            ),
        ),
        sources=("RFC 6125",),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "TLS-STRICT": msg(
                "Clients that insist on all rules of RFC 5280 accept the server, too."
            ),
        },
        why=msg("Python 3.13 and later are such clients."),
        causes=(msg("A CA of one's own that leaves out key identifiers."),),
        sources=("OpenSSL: X509_V_FLAG_X509_STRICT",),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "TLS-INSECURE": msg("Nothing was let pass because of --insecure."),
        },
        why=msg("A result that was reached with it proves less."),
        causes=(msg("The option was given."),),
        sources=("docs/tls.md",),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "TLS-REQUEST": msg("The server asks for a client certificate."),
        },
        why=msg("Where none is asked, none is presented, and nothing of the card is shown."),
        causes=(
            msg(
                "The path is one that needs no certificate; a proxy or load balancer ends TLS "
                "before the server."
            ),
        ),
        sources=("RFC 8446, 4.3.2; RFC 5246, 7.4.4",),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "TLS-ISSUERS": msg(
                "The issuer of the client certificate is among the CAs that the server names, or "
                "it names none."
            ),
        },
        why=msg("Browsers offer only certificates of the CAs that are named."),
        causes=(
            msg(
                "The server is for production and the card is a TEST one, or for ORG certificates "
                "and not for cards."
            ),
        ),
        sources=("RFC 8446, 4.2.4; RFC 5246, 7.4.4",),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "TLS-SCHEMES": msg("The key can sign by a scheme that the server accepts."),
        },
        why=msg("A CPS3 signs PKCS#1 v1.5 only, which TLS 1.3 does not allow."),
        causes=(msg("A server of TLS 1.3 only, or one that takes RSA-PSS only."),),
        sources=("RFC 8446, 4.2.3",),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "TLS-SIGNATURE": msg("The key signed the handshake, and the certificate verifies it."),
        },
        why=msg("It was verified before it was sent: what a server refuses later is not this."),
        causes=(msg("No login; a card taken out; a stale cache."),),
        sources=("RFC 8446, 4.4.3",),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "TLS-ACCEPTED": msg("The server completed the handshake with the client certificate."),
        },
        why=msg("Its alert is the only word that the server gives of its reason."),
        causes=(
            msg(
                "It does not know the issuer, or the certificate has expired or is revoked; a TEST "
                "card at a production server."
            ),
        ),
        sources=("RFC 8446, 6.2",),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "TLS-HTTP": msg("The server answers the request with a status that is no refusal."),
        },
        why=msg("nginx refuses a certificate on an HTTP page, after a handshake that went well."),
        causes=(msg("No rights for this holder; a wrong path; an application that is down."),),
        sources=("RFC 9110, 15",),
    ),
    Guidance(
        Kind.CHECK,
        meanings={
            "TLS-PROVEN": msg("Without the certificate the server's answer is another one."),
        },
        why=msg("Otherwise a 200 does not show that the server looked at it."),
        causes=(msg("The certificate is optional there (nginx: optional_no_ca)."),),
        sources=("nginx: ssl_verify_client",),
    ),
)
