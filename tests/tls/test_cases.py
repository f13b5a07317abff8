"""Each cause that tls-test names, as the installed command names it: at a real server, with
emulated cards, whose logins and signatures are counted.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

import pytest

from cpx_tool.errors import ExitCode
from support.cli import cpx, cpx_json
from support.emulation import PIN, emulate
from support.modules import compile_proxy
from support.proxy import Proxy
from support.tls import misbehaving
from support.tls.apache import CARD, apache
from support.tls.gnutls import gnutls_serv
from support.tls.knocks import ALL_CARDS, NOBODY, RAW_MECHANISM, Knocked, Knocker, url
from support.tls.nginx import Verify, nginx
from support.tls.openssl import Ask, Versions, s_server
from support.tls.pki import FilePki, Flaw, KeyKind
from support.tls.proxies import CREDENTIALS, Manner, late, proxy
from support.tls.sockets import Listener, closed_port, listening
from support.tls.stunnel import stunnel

pytestmark = pytest.mark.softhsm

# --- the cards --------------------------------------------------------------------------------

PSS, PKCS1, EXPIRED, PRODUCTION, RAW, WRONG_KEY = (
    "cde-directeur",
    "medecin-generaliste",
    "chirurgien-dentiste",
    "cpe-employe",
    "cpe-employe-delegue",
    "infirmier",
)
"""Roles of the set; the second is a CPS3, which announces the raw operation and refuses it."""
DEFECTS = (
    f"pkcs1-only={PKCS1}",
    f"expired={EXPIRED}",
    f"production={PRODUCTION}",
    f"key-mismatch={WRONG_KEY}",
)
WITH_PSS, WITH_PKCS1, WITH_RAW = "CKM_RSA_PKCS_PSS", "CKM_RSA_PKCS", "CKM_RSA_X_509"
NOTHING = ""
"""No signature."""


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """In memory where there is some: SoftHSM rewrites a token's file for each attribute."""
    memory = Path("/dev/shm")  # noqa: S108 - for a private directory
    place = memory if os.access(memory, os.W_OK) else None
    with TemporaryDirectory(dir=place, prefix="cpx-tool-") as made:
        yield Path(made)


@pytest.fixture(scope="module")
def cards(folder: Path, file_pki: FilePki) -> Knocker:
    emulate(folder / "emulation", *DEFECTS, raw=RAW)
    runs = folder / "runs"
    runs.mkdir()
    module = compile_proxy(folder)
    proxied = Proxy(module, folder / "emulation", runs, command=("tls-test",))
    return Knocker(proxied, file_pki.ca, without_pss=(PKCS1, RAW))


# --- the servers ------------------------------------------------------------------------------


class Listening(Protocol):
    """A server that runs."""

    @property
    def port(self) -> int: ...


Starts = Callable[[FilePki, Path], AbstractContextManager[Listening]]
"""Starts a server; the path is the file of the CAs of the cards."""

ONLY_PSS = ("-client_sigalgs", "RSA-PSS+SHA256")
ONLY_ECDSA = ("-client_sigalgs", "ECDSA+SHA256")
APACHE_1_2, APACHE_1_3 = "+TLSv1.2", "+TLSv1.3"
PAGES = 'location /denied { return 403 "no\\n"; } location /broken { return 500 "oh\\n"; }'


@contextmanager
def refusing(_pki: FilePki, _ca: Path) -> Iterator[Listening]:
    with closed_port() as port:
        yield Listener(port)


@contextmanager
def late_refusal(pki: FilePki, ca: Path) -> Iterator[Listening]:
    """The alert comes when the request is long under way."""
    with (
        s_server(pki.server(), trusted=ca, versions=Versions.TLS_1_3) as server,
        late(server.port, 1.0) as relay,
    ):
        yield relay


def listed_only(versions: Versions) -> Starts:
    """Names the CAs of the cards, and trusts another one."""
    return lambda pki, ca: s_server(
        pki.server(), "-verifyCAfile", pki.other_ca, trusted=ca, versions=versions
    )


def flawed(flaw: Flaw) -> Starts:
    """Asks for a certificate, and its own has this flaw."""
    return lambda pki, ca: s_server(pki.server(flaw, KeyKind.P256), trusted=ca)


SERVERS: Mapping[str, Starts] = {
    "1.2": lambda pki, ca: s_server(pki.server(), trusted=ca, versions=Versions.TLS_1_2),
    "1.3": lambda pki, ca: s_server(pki.server(), trusted=ca, versions=Versions.TLS_1_3),
    "both": lambda pki, ca: s_server(pki.server(), trusted=ca),
    "1.2 PSS": lambda pki, ca: s_server(
        pki.server(), *ONLY_PSS, trusted=ca, versions=Versions.TLS_1_2
    ),
    "1.3 ECDSA": lambda pki, ca: s_server(
        pki.server(), *ONLY_ECDSA, trusted=ca, versions=Versions.TLS_1_3
    ),
    "1.1": lambda pki, ca: s_server(pki.server(), trusted=ca, versions=Versions.TLS_1_1),
    "asks nothing": lambda pki, _: s_server(pki.server(), ask=Ask.NO),
    "other CA 1.2": lambda pki, _: s_server(
        pki.server(), trusted=pki.clients_ca, versions=Versions.TLS_1_2
    ),
    "other CA 1.3": lambda pki, _: s_server(
        pki.server(), trusted=pki.clients_ca, versions=Versions.TLS_1_3
    ),
    "listed 1.2": listed_only(Versions.TLS_1_2),
    "listed 1.3": listed_only(Versions.TLS_1_3),
    "late": late_refusal,
    **{flaw.value: flawed(flaw) for flaw in Flaw},
    "closes": lambda *_: listening(misbehaving.close_after_hello),
    "resets": lambda *_: listening(misbehaving.reset_after_hello),
    "hangs": lambda *_: listening(misbehaving.hang),
    "http": lambda *_: listening(misbehaving.plain_http),
    "refused": refusing,
    "nginx": lambda pki, ca: nginx(pki.server(), trusted=ca, more=PAGES),
    "nginx other CA": lambda pki, _: nginx(pki.server(), trusted=pki.clients_ca),
    "nginx optional": lambda pki, _: nginx(
        pki.server(), trusted=pki.clients_ca, verify=Verify.OPTIONAL_NO_CA
    ),
    "apache 1.2": lambda pki, ca: apache(pki.server(), trusted=ca, protocols=APACHE_1_2),
    "apache 1.3": lambda pki, ca: apache(pki.server(), trusted=ca, protocols=APACHE_1_3),
    "apache": lambda pki, ca: apache(pki.server(), trusted=ca),
    "gnutls": lambda pki, ca: gnutls_serv(pki.server(), trusted=ca),
    "stunnel": lambda pki, ca: stunnel(pki.server(), trusted=ca),
}


@dataclass
class Servers:
    """Each started when it is first asked for, and all ended together."""

    pki: FilePki
    clients: Path
    stack: ExitStack
    running: dict[str, Listening] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        if name not in self.running:
            start = SERVERS[name](self.pki, self.clients)
            self.running[name] = self.stack.enter_context(start)
        return self.running[name]

    def url(self, name: str, path: str = "/") -> str:
        """The address of that server; what is none of them is a name."""
        if name not in SERVERS:
            return url(443, path, host=name)
        return url(self[name].port, path)


@pytest.fixture(scope="module")
def servers(folder: Path, file_pki: FilePki, cards: Knocker) -> Iterator[Servers]:
    clients = folder / "emulation" / "ca" / "bundle.pem"
    with ExitStack() as stack:
        yield Servers(file_pki, clients, stack)


# --- the cases --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """At this server, this is what is told: `code` names the `cause`; `beside` are the codes of
    what else does not pass. `mechanism` is how the card signed.
    """

    cause: str
    code: str
    server: str
    mechanism: str = NOTHING
    beside: tuple[str, ...] = ()
    path: str = "/"
    version: str | None = None


def by(mechanism: str, *cases: tuple[str, str]) -> tuple[Case, ...]:
    """Nothing is wrong at these (server, path): signed by that mechanism."""
    good = "the server accepts the card"
    return tuple(Case(good, "proven", s, mechanism, path=path) for s, path in cases)


@dataclass(frozen=True)
class Knock:
    """One run: a card at several servers. `refused` signatures are asked of the token in vain."""

    card: str
    cases: tuple[Case, ...]
    exit_code: ExitCode = ExitCode.FAILED
    refused: int = 0
    options: tuple[str, ...] = ()
    withheld: str = ""
    """A mechanism that the card does not announce."""

    @property
    def signatures(self) -> int:
        """How many are made."""
        return sum(bool(case.mechanism) for case in self.cases)


NO_PSS = "the server is TLS 1.3 only, and the card signs no PSS"
NO_SCHEME = "the card signs by none of the schemes of the server"
UNLISTED = "the card's issuer is unknown to the server, which names others"
UNTRUSTED_CARD = "the server names the card's issuer, and does not trust it"
OLD_CARD = "the card's certificate has expired"
REFUSED_PAGE = "the web server refuses the card in a page"
SECOND = "TLS 1.3 is preferred, and the card needs TLS 1.2"
UNTRUSTED = "no known CA vouches for the server"
DNS_NAME = "nobody.invalid"

UNLISTED_CODES = ("issuer-not-listed",)

KNOCKS: Mapping[str, Knock] = {
    "pss-1.2": Knock(PSS, by(WITH_PSS, ("1.2", "/")), ExitCode.PASSED),
    "pss-1.3": Knock(PSS, by(WITH_PSS, ("1.3", "/")), ExitCode.PASSED),
    "pkcs1-1.2": Knock(PKCS1, by(WITH_PKCS1, ("1.2", "/")), ExitCode.PASSED),
    "raw": Knock(
        RAW, (*by(WITH_RAW, ("1.3", "/")), *by(WITH_PKCS1, ("1.2", "/"))), ExitCode.PASSED
    ),
    "pss-everywhere": Knock(
        PSS,
        by(
            WITH_PSS,
            ("1.2 PSS", "/"),
            ("both", "/"),
            ("nginx", "/"),
            ("gnutls", "/"),
            ("stunnel", "/"),
            ("apache 1.2", CARD),
            ("apache 1.3", CARD),
            (Flaw.WITH_INTERMEDIATE, "/"),
        ),
        ExitCode.PASSED,
    ),
    "pkcs1-both": Knock(
        PKCS1,
        (Case(SECOND, "scheme-at-tls12", "both", WITH_PKCS1),),
        ExitCode.PASSED,
        refused=1,
    ),
    "pkcs1-in-vain": Knock(
        PKCS1,
        (
            Case(NO_PSS, "no-pss-for-tls13", "1.3"),
            Case(NO_PSS, "no-pss-for-tls13", "apache 1.3", path=CARD),
            Case(NO_SCHEME, "no-common-scheme", "1.2 PSS"),
        ),
        refused=3,
    ),
    "pkcs1-nothing-raw": Knock(
        PKCS1,
        (
            Case(SECOND, "scheme-at-tls12", "both", WITH_PKCS1),
            Case(NO_PSS, "no-pss-for-tls13", "1.3"),
            Case(NO_SCHEME, "no-common-scheme", "1.2 PSS"),
        ),
        withheld=RAW_MECHANISM,
    ),
    "pkcs1-apache": Knock(
        PKCS1,
        (
            *by(WITH_PKCS1, ("apache 1.2", CARD)),
            Case(SECOND, "scheme-at-tls12", "apache", WITH_PKCS1, path=CARD),
        ),
        ExitCode.PASSED,
        refused=1,
    ),
    "not-the-card-s-server": Knock(
        PSS,
        (
            Case(UNLISTED, "client-issuer-not-listed", "other CA 1.2", WITH_PSS, UNLISTED_CODES),
            Case(UNLISTED, "client-issuer-not-listed", "other CA 1.3", WITH_PSS, UNLISTED_CODES),
            Case(UNTRUSTED_CARD, "client-unknown-ca", "listed 1.2", WITH_PSS),
            Case(UNTRUSTED_CARD, "client-unknown-ca", "listed 1.3", WITH_PSS),
            Case(
                REFUSED_PAGE, "http-certificate-error", "nginx other CA", WITH_PSS, UNLISTED_CODES
            ),
        ),
    ),
    "expired-card": Knock(
        EXPIRED,
        (
            Case(OLD_CARD, "client-expired", "1.2", WITH_PSS),
            Case(OLD_CARD, "client-expired", "1.3", WITH_PSS),
            Case(OLD_CARD, "client-expired", "late", WITH_PSS),
            Case(OLD_CARD, "client-expired", "stunnel", WITH_PSS),
            Case(OLD_CARD, "client-expired", "apache 1.2", WITH_PSS, path=CARD),
            Case(OLD_CARD, "client-expired", "apache 1.3", WITH_PSS, path=CARD),
            Case(REFUSED_PAGE, "http-certificate-error", "nginx", WITH_PSS),
        ),
    ),
    "wrong-key": Knock(
        WRONG_KEY,
        (Case("the key is not the certificate's", "wrong-signature", "both", WITH_PSS),),
    ),
    "accepted-with-a-warning": Knock(
        PSS,
        (
            Case(
                "the server answers the same without a certificate",
                "same-without-certificate",
                "nginx optional",
                WITH_PSS,
                UNLISTED_CODES,
            ),
            Case("strict clients refuse the server", "server-not-strict", Flaw.NO_AKI, WITH_PSS),
        ),
        ExitCode.PASSED,
    ),
    "pages": Knock(
        PSS,
        (
            Case("the holder has no access", "http-denied", "nginx", WITH_PSS, path="/denied"),
            Case("the application fails", "http-server-error", "nginx", WITH_PSS, path="/broken"),
        ),
    ),
    "insecure": Knock(
        PSS,
        (Case("--insecure let something pass", "insecure", Flaw.UNKNOWN_CA, WITH_PSS),),
        ExitCode.PASSED,
        options=("--insecure",),
    ),
    "expected-status": Knock(
        PSS,
        (Case("the status is the expected one", "expected-status", "1.2", WITH_PSS),),
        ExitCode.PASSED,
        options=("--expect-status", "200"),
    ),
    "other-status": Knock(
        PSS,
        (Case("the status is another one", "other-status", "1.2", WITH_PSS),),
        options=("--expect-status", "204"),
    ),
    "tls-max": Knock(
        PKCS1,
        (Case("the server accepts the card", "proven", "both", WITH_PKCS1, version="TLSv1.2"),),
        ExitCode.PASSED,
        options=("--tls-max", "1.2"),
    ),
    "untouched": Knock(
        PSS,
        (
            Case("the server's certificate has expired", "server-expired", Flaw.EXPIRED),
            Case(
                "the server's certificate is not valid yet",
                "server-not-yet-valid",
                Flaw.NOT_YET_VALID,
            ),
            Case("the server has another name", "server-other-name", Flaw.OTHER_NAME),
            Case(UNTRUSTED, "server-issuer-unknown", Flaw.UNKNOWN_CA),
            Case(UNTRUSTED, "server-issuer-unknown", Flaw.INTERMEDIATE_MISSING),
            Case("the server vouches for itself", "server-self-signed", Flaw.SELF_SIGNED),
            Case("the server's certificate names no server", "server-no-name", Flaw.NO_SAN),
            Case(
                "a critical extension is unknown",
                "server-critical-extension",
                Flaw.PRIVATE_EXTENSION,
            ),
            Case(
                "the server's certificate is for clients",
                "server-not-for-servers",
                Flaw.CLIENT_ONLY,
            ),
            Case("the server speaks TLS 1.1", "old-version", "1.1"),
            Case("no certificate is asked for", "not-asked", "asks nothing"),
            Case(NO_SCHEME, "no-common-scheme", "1.3 ECDSA"),
            Case("the server closes without a word", "hello-closed", "closes"),
            Case("the server cuts the connection", "hello-reset", "resets"),
            Case("plain HTTP is spoken", "plain-http", "http"),
            Case("nothing listens", "connection-refused", "refused"),
        ),
    ),
}
SILENT, NO_SUCH_NAME, NO_RESOLVER = "hello-silent", "name-unknown", "resolver-failed"
PROXY_REFUSES, PROXY_ASKS, NO_PROXY = "proxy-refused", "proxy-authentication", "proxy-unreachable"
TUNNEL, PIN_SAFETY = "tunnel", "no-login"
DEMANDED_PAGE, DEMANDED = "http-demanded", "demanded"
ELSEWHERE: Mapping[str, str] = {
    "the server says nothing": SILENT,
    "nobody has that name": NO_SUCH_NAME,
    "the name service fails": NO_RESOLVER,
    "the proxy refuses": PROXY_REFUSES,
    "the proxy wants to know who one is": PROXY_ASKS,
    "the proxy is not there": NO_PROXY,
    "the proxy lets through": TUNNEL,
    "a page demands a certificate, and nobody is presented": DEMANDED_PAGE,
    "the handshake demands a certificate, and nobody is presented": DEMANDED,
    "PIN safety is in the way": PIN_SAFETY,
}
"""Causes of the tests below that have no row above, with their codes."""


@pytest.mark.parametrize("name", KNOCKS)
def test_what_is_told(cards: Knocker, servers: Servers, name: str) -> None:
    knock = KNOCKS[name]
    urls = [servers.url(case.server, case.path) for case in knock.cases]
    serial = cards.proxy.serial(knock.card)
    rules = [f"without {serial} {knock.withheld}"] if knock.withheld else []
    knocked = cards.knock(cards.card(knock.card), urls, *knock.options, rules=rules)
    assert [told(shaken) for shaken in knocked.handshakes] == [
        expected(case, url) for case, url in zip(knock.cases, urls, strict=True)
    ]
    for case, shaken in zip(knock.cases, knocked.handshakes, strict=True):
        assert case.code in all_codes(shaken)
        assert case.version in (None, decisive(shaken)["version"])
    assert knocked.run.code == knock.exit_code
    assert touched(knocked) == counted(knock)


def counted(knock: Knock) -> tuple[int, int, int]:
    """Logins, signatures asked for, signatures made."""
    asked = knock.signatures + knock.refused
    return min(asked, 1), asked, knock.signatures


def touched(knocked: Knocked) -> tuple[int, int, int]:
    """What reached the tokens, as `counted`."""
    return knocked.logins, knocked.signs, knocked.signatures


PASSING = ("proven", "scheme-at-tls12", "expected-status")
"""Codes of what is as it should be."""


def expected(case: Case, address: str) -> tuple[str, str, set[str]]:
    own = () if case.code in PASSING else (case.code,)
    return address, case.mechanism, {*own, *case.beside}


def told(shaken: dict[str, Any]) -> tuple[str, str, set[str]]:
    """The address, the mechanism of the signature that was made, and what is not as it should."""
    return shaken["endpoint"]["url"], mechanism(shaken), set(shaken["codes"])


def mechanism(shaken: dict[str, Any]) -> str:
    use = decisive(shaken)["signature"]
    return use["mechanism"] if use and not use["fault"] else NOTHING


def decisive(shaken: dict[str, Any]) -> dict[str, Any]:
    """The connection that the findings are about."""
    found: dict[str, Any] = shaken["connections"][shaken["decisive"]]
    return found


def all_codes(shaken: dict[str, Any]) -> set[str]:
    return {finding["code"] for finding in shaken["findings"]}


def finding(shaken: dict[str, Any], check: str) -> dict[str, Any]:
    (found,) = (finding for finding in shaken["findings"] if finding["check"] == check)
    result: dict[str, Any] = found
    return result


def test_no_two_causes_share_a_code() -> None:
    rows = {(case.cause, case.code) for knock in KNOCKS.values() for case in knock.cases}
    rows |= set(ELSEWHERE.items())
    causes, codes = {cause for cause, _ in rows}, {code for _, code in rows}
    assert len(rows) == len(causes) == len(codes)


# --- when and how a certificate is asked for ----------------------------------------------------


def test_when_a_certificate_is_asked_for(cards: Knocker, servers: Servers) -> None:
    """What nobody presents costs nothing, and is no failure."""
    urls = [
        servers.url(*place)
        for place in (
            ("nginx", "/"),
            ("apache 1.2", CARD),
            ("apache 1.3", CARD),
            ("1.2", "/"),
            ("1.3", "/"),
            ("asks nothing", "/"),
        )
    ]
    knocked = cards.knock(NOBODY, urls)
    assert knocked.run.code == ExitCode.PASSED
    assert knocked.run.calls == ()
    asked = [decisive(shaken)["request"] for shaken in knocked.handshakes]
    assert [request and request["when"] for request in asked] == [
        "handshake",
        "renegotiation",
        "post-handshake",
        "handshake",
        "handshake",
        None,
    ]
    assert [request and request["authorities_count"] for request in asked] == [7] * 5 + [None]
    nginx_codes, *_, strict_1_2, strict_1_3, _ = map(all_codes, knocked.handshakes)
    assert DEMANDED_PAGE in nginx_codes
    assert DEMANDED in strict_1_2 & strict_1_3


def test_the_file_of_an_organisation(cards: Knocker, servers: Servers, folder: Path) -> None:
    file = min((folder / "emulation" / "org").glob("*.p12"))
    word = folder / "word"
    word.write_text(f"{PIN}\n", encoding="ascii")
    word.chmod(0o600)
    given = ("--p12", str(file), "--password-file", str(word))
    knocked = cards.knock((), [servers.url("nginx")], *given)
    (shaken,) = knocked.handshakes
    assert (knocked.run.code, shaken["codes"]) == (ExitCode.PASSED, [])
    assert shaken["client"]["kind"] == "file"
    assert "verify=SUCCESS" in decisive(shaken)["http"]["first_line"]
    assert knocked.run.calls == ()


# --- the way there ------------------------------------------------------------------------------


def test_a_server_that_says_nothing(cards: Knocker, servers: Servers) -> None:
    knocked = cards.knock(cards.card(PSS), [servers.url("hangs")], timeout=5)
    (shaken,) = knocked.handshakes
    assert (knocked.run.code, shaken["codes"]) == (ExitCode.FAILED, [SILENT])
    assert touched(knocked) == (0, 0, 0)


def test_a_name_that_nobody_has(cards: Knocker) -> None:
    try:
        socket.getaddrinfo(DNS_NAME, 443)
    except socket.gaierror as error:
        unknown = error.errno == socket.EAI_NONAME
    else:
        pytest.skip("the name service here has an answer for every name")
    code = NO_SUCH_NAME if unknown else NO_RESOLVER  # without a network nobody can say
    knocked = cards.knock(cards.card(PSS), [url(443, host=DNS_NAME)])
    (shaken,) = knocked.handshakes
    assert (knocked.run.code, shaken["codes"]) == (ExitCode.FAILED, [code])
    assert touched(knocked) == (0, 0, 0)


def test_through_a_proxy(cards: Knocker, servers: Servers) -> None:
    with proxy(Manner.AUTHENTICATE) as proxied:
        place = f"http://{CREDENTIALS}@127.0.0.1:{proxied.port}"
        with cards.proxy.in_environment(HTTPS_PROXY=place):
            knocked = cards.knock(cards.card(PSS), [servers.url("1.3")])
    (shaken,) = knocked.handshakes
    assert (knocked.run.code, shaken["codes"]) == (ExitCode.PASSED, [])
    assert TUNNEL in all_codes(shaken)
    assert touched(knocked) == (1, 1, 1)
    assert CREDENTIALS.partition(":")[2] not in str(knocked.run.body)


@pytest.mark.parametrize(
    ("manner", "code", "detail"),
    [
        (Manner.FORBIDDEN, PROXY_REFUSES, "403"),
        (Manner.UNREACHABLE, PROXY_REFUSES, "502"),
        (Manner.AUTHENTICATE, PROXY_ASKS, "407"),
    ],
)
def test_a_proxy_that_digs_no_tunnel(
    cards: Knocker, servers: Servers, manner: Manner, code: str, detail: str
) -> None:
    with proxy(manner) as proxied:
        knocked = cards.knock(
            cards.card(PSS), [servers.url("1.3"), servers.url("both")], "--proxy", proxied.url
        )
        assert len(proxied.asked) == 2
    assert knocked.run.code == ExitCode.FAILED
    for shaken in knocked.handshakes:
        assert shaken["codes"] == [code]
        assert detail in finding(shaken, "TLS-PROXY")["message"]
    assert touched(knocked) == (0, 0, 0)


def test_a_proxy_that_is_not_there(cards: Knocker, servers: Servers) -> None:
    with closed_port() as port:
        place = f"http://127.0.0.1:{port}"
        knocked = cards.knock(cards.card(PSS), [servers.url("1.3")], "--proxy", place)
    assert knocked.run.code == ExitCode.FAILED
    assert knocked.handshakes[0]["codes"] == [NO_PROXY]
    assert touched(knocked) == (0, 0, 0)


@pytest.mark.parametrize(
    ("server", "codes"), [("both", []), ("1.2", []), ("1.3", ["no-pss-for-tls13"])]
)
def test_a_card_whose_module_announces_pss_in_vain(
    folder: Path, cards: Knocker, servers: Servers, file_pki: FilePki, server: str, codes: list[str]
) -> None:
    """SoftHSM itself, which announces it for every token."""
    options = ("--emulated", folder / "emulation", "--ca-file", file_pki.ca)
    chosen = (*cards.card(PKCS1), "--endpoint", servers.url(server))
    (shaken,) = cpx_json("tls-test", *options, *chosen)["handshakes"]
    assert shaken["codes"] == codes
    first, second, *_ = shaken["connections"]
    assert first["signature"]["mechanism"] == WITH_PSS
    if not codes:
        assert second["signature"]["mechanism"] == WITH_PKCS1


# --- several cards, and cards that are not presented --------------------------------------------


def test_all_cards(cards: Knocker, servers: Servers) -> None:
    """Each is logged in to once, but for the real one."""
    knocked = cards.knock(ALL_CARDS, [servers.url("both")])
    by_number = {shaken["client"]["name"]: shaken["codes"] for shaken in knocked.handshakes}
    roles = {
        role: by_number[cards.proxy.number(cards.proxy.serial(role))]
        for role in (PSS, PKCS1, EXPIRED, PRODUCTION, RAW, WRONG_KEY)
    }
    assert roles == {
        PSS: [],
        PKCS1: [],
        EXPIRED: ["client-expired"],
        PRODUCTION: [PIN_SAFETY],
        RAW: [],
        WRONG_KEY: ["wrong-signature"],
    }
    assert knocked.run.code == ExitCode.FAILED
    logins = knocked.run.logins()
    assert logins == {s: 1 for s in cards.proxy.serials if s != cards.proxy.serial(PRODUCTION)}
    assert (knocked.signs, knocked.signatures) == (6, 5)  # the CPS3 refuses one, and makes another


@pytest.mark.parametrize(
    ("role", "option", "words", "contacted"),
    [
        (PRODUCTION, "--login", "this is a real (production) card", 0),
        (PSS, "--no-login", "not tried", 1),
    ],
)
def test_pin_safety_has_its_own_exit_code(
    cards: Knocker, servers: Servers, role: str, option: str, words: str, contacted: int
) -> None:
    """A real card is presented nowhere: the server is not even contacted."""
    with late(servers["both"].port, 0) as relay:
        knocked = cards.knock(cards.card(role), [url(relay.port)], option)
    assert knocked.run.code == ExitCode.PIN_SAFETY
    (shaken,) = knocked.handshakes
    assert shaken["codes"] == [PIN_SAFETY]
    assert finding(shaken, "TLS-SIGNATURE")["blocked_by_pin"]
    assert words in finding(shaken, "TLS-SIGNATURE")["message"]
    assert touched(knocked) == (0, 0, 0)
    assert relay.connections == contacted


def test_a_card_that_is_not_there(folder: Path) -> None:
    with listening(misbehaving.close_at_once) as server:
        options = ("--emulated", folder / "emulation", "--endpoint", url(server.port))
        done = cpx("tls-test", *options, "--card", "1234567890")
    assert (done.returncode, done.stdout) == (ExitCode.USAGE, "")
    assert "There is no card 1234567890" in done.stderr
    assert server.connections == 0


def test_several_cards_and_none_chosen(folder: Path) -> None:
    with listening(misbehaving.close_at_once) as server:
        options = ("--emulated", folder / "emulation", "--endpoint", url(server.port))
        done = cpx("tls-test", *options)
    assert (done.returncode, done.stdout) == (ExitCode.USAGE, "")
    assert "--all-cards" in done.stderr
    assert server.connections == 0
