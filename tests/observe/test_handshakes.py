"""Cards at servers: when a card is logged in to and signs, and when there is another connection."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from cpx_tool.emulate.profile import CPS3_MECHANISMS, CPS4_MECHANISMS
from cpx_tool.judge.tls import judge_handshake
from cpx_tool.model.endpoint import Endpoint
from cpx_tool.model.fault import Fault
from cpx_tool.model.handshake import (
    Asked,
    CertificateRequest,
    ClientKind,
    Connection,
    End,
    Handshake,
    HttpAnswer,
    Step,
    Stop,
)
from cpx_tool.model.observation import CardObservation, PinRefusal, PinResult
from cpx_tool.model.token import (
    CertificateObject,
    PrivateContents,
    PrivateKey,
    TokenContents,
    TokenFlag,
)
from cpx_tool.observe.handshakes import (
    NEWEST,
    OLDER,
    Errands,
    KeysAndServersErrand,
    KnockErrand,
)
from cpx_tool.observe.walk import Visit, Walk, WalkInterrupted
from cpx_tool.ports import ClientKey, KeyFault, Pin, TokenFault
from support.fakes import FakePins, FakeProgress, FakeTokens, NoReaders, ckr, crash, token_info
from support.walks import MakeCertificate, card_numbered, login_means, module_of

NUMBERS = ("3100000001", "3100000002")
ALL = ("rsa_pss_rsae_sha256", "rsa_pkcs1_sha256")
ISSUER = b"an issuer"
AUTHENTICATION = "Certificat d'Authentification CPS"


@dataclass
class Signing(FakeTokens):
    """Remembers by which mechanism it was to sign how many bytes; some it refuses."""

    given: list[tuple[str, int]] = field(default_factory=list)
    refused: dict[str, Fault] = field(default_factory=dict)

    def sign(self, slot_id: int, key_id: str, mechanism: str, data: bytes) -> bytes:
        self.given.append((mechanism, len(data)))
        if mechanism in self.refused:
            raise TokenFault(self.refused[mechanism])
        return super().sign(slot_id, key_id, mechanism, data)


@dataclass(frozen=True)
class Server:
    """What it speaks and wants. Without a certificate it answers `alone`."""

    oldest: str = OLDER
    newest: str = NEWEST
    trusted: bool = True
    asks: bool = True
    schemes: tuple[str, ...] = ALL
    status: int = 200
    alone: int = 403


@dataclass
class FakeClient:
    """Satisfies `ports.TlsClient`. `calls`: where, the newest version offered, and whether with a
    key.
    """

    servers: dict[str, Server]
    calls: list[tuple[str, str, bool]] = field(default_factory=list)
    before: Callable[[Endpoint], None] = lambda _: None

    def connect(self, endpoint: Endpoint, newest: str, key: ClientKey | None) -> Connection:
        self.before(endpoint)
        self.calls.append((endpoint.host, newest, key is not None))
        server = self.servers[endpoint.host]
        version = min(newest, server.newest)
        if version < server.oldest:
            return Connection(newest, stop=Stop(Step.HELLO, End.ALERT, "protocol_version"))
        seen = Connection(newest, version=version)
        if not server.trusted:
            return replace(seen, stop=Stop(Step.CHAIN, End.NOT_TRUSTED))
        if not server.asks:
            return replace(seen, http=HttpAnswer(server.status, ""))
        seen = replace(seen, request=CertificateRequest(Asked.HANDSHAKE, schemes=server.schemes))
        if key is None:
            return replace(seen, http=HttpAnswer(server.alone, ""))
        return self._signed(seen, server, key)

    def _signed(self, seen: Connection, server: Server, key: ClientKey) -> Connection:
        able = [
            scheme
            for scheme in key.schemes()
            if scheme in server.schemes and not (seen.version == NEWEST and "pkcs1" in scheme)
        ]
        if not able:
            return replace(seen, stop=Stop(Step.REQUEST, End.NOT_SIGNABLE))
        if not key.ready():
            return replace(seen, stop=Stop(Step.SIGNATURE, End.NO_LOGIN))
        try:
            _, use = key.sign(able[0], bytes(51 if "pkcs1" in able[0] else 32))
        except KeyFault as fault:
            end = End.NO_LOGIN if fault.use is None else End.NOT_SIGNED
            return replace(seen, signature=fault.use, stop=Stop(Step.SIGNATURE, end))
        return replace(
            seen,
            scheme=able[0],
            signature=use,
            sent=key.certificates,
            http=HttpAnswer(server.status, ""),
        )


@dataclass
class Bench:
    """Cards in their places, and servers."""

    contents: dict[int, TokenContents]
    servers: dict[str, Server]
    newest: str = NEWEST
    number: str | None = None
    typed: bool = False
    pins: FakePins = field(default_factory=FakePins)
    refused: dict[str, Fault] = field(default_factory=dict)
    faults: dict[str, Fault] = field(default_factory=dict)
    with_keys: bool = False
    private: PrivateContents = field(default_factory=lambda: PrivateContents((), ()))

    def __post_init__(self) -> None:
        self.tokens = Signing(
            self.contents, private=self.private, refused=self.refused, faults=self.faults
        )
        self.client = FakeClient(self.servers)

    def visit(self) -> tuple[CardObservation, ...]:
        errands = Errands(
            tuple(Endpoint(host, 443, "/") for host in self.servers),
            self.client,
            lambda _: (ISSUER,),
            self.newest,
        )
        knock = KnockErrand(errands, self.number, self.typed)
        walk = Walk(
            NoReaders(),
            module_of(self.tokens),
            login_means(self.pins),
            FakeProgress(),
            visit=Visit(KeysAndServersErrand(knock) if self.with_keys else knock),
        )
        return walk.observe()[1]

    def visited(self) -> CardObservation:
        (card,) = self.visit()
        return card


@pytest.fixture
def card(make_certificate: MakeCertificate) -> TokenContents:
    return with_mechanisms(card_numbered(make_certificate, NUMBERS[0]), CPS4_MECHANISMS)


def with_mechanisms(card: TokenContents, mechanisms: tuple[str, ...]) -> TokenContents:
    return replace(card, info=replace(card.info, mechanisms=mechanisms))


def ends(shaken: Handshake) -> list[End | None]:
    return [one.stop.end if one.stop else None for one in shaken.connections]


def codes(shaken: Handshake, seen: CardObservation) -> list[str]:
    """What the judge makes of it, with what became of the PIN."""
    return [found.code for found in judge_handshake(shaken, seen.pin).findings]


def with_key(bench: Bench) -> list[tuple[str, str]]:
    return [(host, newest) for host, newest, keyed in bench.client.calls if keyed]


# --- the card is left alone -------------------------------------------------------------------


@pytest.mark.parametrize(
    "server", [Server(trusted=False), Server(asks=False), Server(schemes=("ed25519",))]
)
def test_where_nothing_is_to_be_signed_nobody_logs_in(card: TokenContents, server: Server) -> None:
    bench = Bench({0: card}, {"a": server})
    seen = bench.visited()
    assert (bench.tokens.logins, bench.tokens.given, bench.pins.asked) == ({}, [], 0)
    assert len(seen.handshakes) == 1
    assert seen.pin is not None
    assert (seen.pin.result, seen.pin.refusal) == (PinResult.REFUSED, PinRefusal.NOT_ASKED)


def test_a_card_that_is_no_test_card_is_presented_nowhere(
    make_certificate: MakeCertificate,
) -> None:
    der = make_certificate({"1.2.250.1.71.1.2.5": "040100"})
    item = CertificateObject(AUTHENTICATION, "20", der)
    contents = TokenContents(token_info(), (item,), ())
    bench = Bench({0: contents}, {"a": Server(), "b": Server(asks=False)})
    seen = bench.visited()
    assert (bench.client.calls, bench.tokens.logins, bench.tokens.given) == ([], {}, [])
    assert [shaken.connections for shaken in seen.handshakes] == [(), ()]
    assert seen.pin is not None
    assert seen.pin.refusal in (PinRefusal.PRODUCTION, PinRefusal.NOT_PROVEN_TEST)
    assert [codes(shaken, seen) for shaken in seen.handshakes] == [["no-login"], ["no-login"]]


def test_a_card_without_an_authentication_certificate_is_presented_nowhere(
    card: TokenContents,
) -> None:
    (item,) = card.certificates
    other = replace(card, certificates=(replace(item, label="Certificat de Signature CPS"),))
    bench = Bench({0: other}, {"a": Server()})
    seen = bench.visited()
    assert (bench.client.calls, bench.tokens.logins) == ([], {})
    assert [shaken.connections for shaken in seen.handshakes] == [()]
    assert [codes(shaken, seen) for shaken in seen.handshakes] == [["no-certificate"]]


@pytest.mark.parametrize("number", [NUMBERS[1], "slot-1"])
def test_only_the_chosen_card_is_presented(make_certificate: MakeCertificate, number: str) -> None:
    cards = {
        n: with_mechanisms(card_numbered(make_certificate, one), CPS4_MECHANISMS)
        for n, one in enumerate(NUMBERS)
    }
    bench = Bench(cards, {"a": Server()}, number=number)
    first, second = bench.visit()
    assert bench.tokens.logins == {1: 1}
    assert (first.handshakes, len(second.handshakes)) == ((), 1)
    assert second.handshakes[0].client.name == NUMBERS[1]


# --- it signs ---------------------------------------------------------------------------------


def test_one_login_serves_all_endpoints(card: TokenContents) -> None:
    bench = Bench({0: card}, {"a": Server(), "b": Server(asks=False), "c": Server()})
    seen = bench.visited()
    assert (bench.tokens.logins, bench.tokens.logouts, bench.pins.asked) == ({0: 1}, {0: 1}, 1)
    assert bench.tokens.given == [("CKM_RSA_PKCS_PSS", 32)] * 2
    assert [shaken.endpoint.host for shaken in seen.handshakes] == ["a", "b", "c"]
    assert [ends(shaken) for shaken in seen.handshakes] == [[None], [None], [None]]
    client = seen.handshakes[0].client
    assert (client.kind, client.name) == (ClientKind.CARD, NUMBERS[0])
    assert client.certificate == card.certificates[0].der
    assert seen.handshakes[0].connections[0].sent == (client.certificate, ISSUER)


@pytest.mark.parametrize(
    ("mechanisms", "given"),
    [
        (CPS4_MECHANISMS, ("CKM_RSA_PKCS_PSS", 32)),
        (("CKM_RSA_PKCS", "CKM_RSA_X_509"), ("CKM_RSA_X_509", 256)),
        (("CKM_RSA_X_509",), ("CKM_RSA_X_509", 256)),
        (("CKM_RSA_PKCS_PSS",), ("CKM_RSA_PKCS_PSS", 32)),
    ],
)
def test_each_mechanism_gets_what_it_signs(
    card: TokenContents, mechanisms: tuple[str, ...], given: tuple[str, int]
) -> None:
    bench = Bench({0: with_mechanisms(card, mechanisms)}, {"a": Server(oldest=NEWEST)})
    assert ends(bench.visited().handshakes[0]) == [None]
    assert bench.tokens.given == [given]


def test_pkcs1_gets_a_digest_info(card: TokenContents) -> None:
    bench = Bench({0: with_mechanisms(card, CPS3_MECHANISMS)}, {"a": Server(newest=OLDER)})
    bench.visited()
    assert bench.tokens.given == [("CKM_RSA_PKCS", 51)]


def test_who_types_the_pin_does_so_before_a_server_is_kept_waiting(card: TokenContents) -> None:
    bench = Bench({0: card}, {"a": Server(asks=False)}, typed=True)
    asked: list[int] = []
    bench.client.before = lambda _: asked.append(bench.pins.asked)
    bench.visited()
    assert asked == [1]
    assert bench.tokens.logins == {}


# --- the second connection --------------------------------------------------------------------


def test_a_key_that_has_pkcs1_alone_comes_again_at_tls_1_2(card: TokenContents) -> None:
    bench = Bench({0: with_mechanisms(card, ("CKM_RSA_PKCS",))}, {"a": Server()})
    (shaken,) = bench.visited().handshakes
    assert ends(shaken) == [End.NOT_SIGNABLE, None]
    assert with_key(bench) == [("a", NEWEST), ("a", OLDER)]
    assert (bench.tokens.logins, bench.tokens.given) == ({0: 1}, [("CKM_RSA_PKCS", 51)])


def test_a_server_of_tls_1_3_alone_refuses_that(card: TokenContents) -> None:
    bench = Bench({0: with_mechanisms(card, ("CKM_RSA_PKCS",))}, {"a": Server(oldest=NEWEST)})
    assert ends(bench.visited().handshakes[0]) == [End.NOT_SIGNABLE, End.ALERT]
    assert bench.tokens.logins == {}


@pytest.mark.parametrize(
    ("mechanisms", "server", "newest"),
    [
        (CPS4_MECHANISMS, Server(), NEWEST),
        (("CKM_RSA_PKCS",), Server(newest=OLDER), NEWEST),
        (("CKM_RSA_PKCS",), Server(), OLDER),
        (("CKM_RSA_PKCS",), Server(trusted=False), NEWEST),
        (("CKM_RSA_PKCS_PSS",), Server(schemes=("ed25519",)), NEWEST),
        ((), Server(), NEWEST),
    ],
)
def test_otherwise_there_is_one_connection(
    card: TokenContents, mechanisms: tuple[str, ...], server: Server, newest: str
) -> None:
    bench = Bench({0: with_mechanisms(card, mechanisms)}, {"a": server}, newest)
    bench.visited()
    assert with_key(bench) == [("a", newest)]


RAW = ("CKM_RSA_PKCS", "CKM_RSA_X_509")


def test_a_raw_operation_that_is_announced_and_refused_is_done_without(
    card: TokenContents,
) -> None:
    """The Cryptolib's, with CPS3."""
    fault = ckr("CKR_FUNCTION_NOT_SUPPORTED", "C_Sign")
    bench = Bench(
        {0: with_mechanisms(card, RAW)}, {"a": Server()}, refused={"CKM_RSA_X_509": fault}
    )
    (shaken,) = bench.visited().handshakes
    assert ends(shaken) == [End.NOT_SIGNED, None]
    assert [mechanism for mechanism, _ in bench.tokens.given] == ["CKM_RSA_X_509", "CKM_RSA_PKCS"]
    assert bench.tokens.logins == {0: 1}


@pytest.mark.parametrize(
    "refusal",
    [
        "CKR_MECHANISM_INVALID",
        "CKR_FUNCTION_NOT_SUPPORTED",
        "CKR_KEY_TYPE_INCONSISTENT",
        "CKR_KEY_FUNCTION_NOT_PERMITTED",
    ],
)
@pytest.mark.parametrize("newest", [NEWEST, OLDER])
def test_pss_that_is_announced_in_vain_is_not_tried_again(
    card: TokenContents, refusal: str, newest: str
) -> None:
    bench = Bench(
        {0: with_mechanisms(card, (*CPS4_MECHANISMS, "CKM_RSA_X_509"))},
        {"a": Server(newest=newest)},
        refused={"CKM_RSA_PKCS_PSS": ckr(refusal, "C_Sign")},
    )
    seen = bench.visited()
    (shaken,) = seen.handshakes
    assert ends(shaken) == [End.NOT_SIGNED, None]
    assert with_key(bench) == [("a", NEWEST), ("a", OLDER)]
    given = [mechanism for mechanism, _ in bench.tokens.given]
    assert (given, bench.tokens.logins) == (["CKM_RSA_PKCS_PSS", "CKM_RSA_PKCS"], {0: 1})


@pytest.mark.parametrize(
    ("mechanisms", "refused", "fault"),
    [
        (RAW, "CKM_RSA_X_509", crash("C_Sign")),
        (CPS4_MECHANISMS, "CKM_RSA_PKCS_PSS", ckr("CKR_GENERAL_ERROR", "C_Sign")),
        (("CKM_RSA_X_509",), "CKM_RSA_X_509", ckr("CKR_GENERAL_ERROR", "C_Sign")),
    ],
)
def test_no_other_refusal_is_repeated(
    card: TokenContents, mechanisms: tuple[str, ...], refused: str, fault: Fault
) -> None:
    bench = Bench({0: with_mechanisms(card, mechanisms)}, {"a": Server()}, refused={refused: fault})
    assert ends(bench.visited().handshakes[0]) == [End.NOT_SIGNED]
    assert len(bench.tokens.given) == 1


# --- the connection without a certificate -----------------------------------------------------


@pytest.mark.parametrize(
    ("server", "tried"),
    [
        (Server(), [("a", NEWEST)]),
        (Server(newest=OLDER), [("a", OLDER)]),
        (Server(status=302), [("a", NEWEST)]),
        (Server(status=403), []),
        (Server(status=500), []),
        (Server(asks=False), []),
        (Server(trusted=False), []),
        (Server(schemes=("ed25519",)), []),
    ],
)
def test_what_comes_without_the_certificate_is_looked_at_after_a_success(
    card: TokenContents, server: Server, tried: list[tuple[str, str]]
) -> None:
    bench = Bench({0: card}, {"a": server})
    (shaken,) = bench.visited().handshakes
    assert [(h, n) for h, n, keyed in bench.client.calls if not keyed] == tried
    assert (shaken.control is not None) == bool(tried)
    if shaken.control is not None:
        assert (shaken.control.sent, shaken.control.signature) == ((), None)


def test_after_a_second_connection_it_is_made_at_its_version(card: TokenContents) -> None:
    bench = Bench({0: with_mechanisms(card, ("CKM_RSA_PKCS",))}, {"a": Server()})
    bench.visited()
    assert bench.client.calls[-1] == ("a", OLDER, False)


def test_nobody_has_one_connection() -> None:
    client = FakeClient({"a": Server()})
    endpoint = Endpoint("a", 443, "/")
    shaken = Errands((endpoint,), client, lambda _: ()).knock_as_nobody(endpoint)
    assert client.calls == [("a", NEWEST, False)]
    assert (shaken.client.kind, shaken.control) == (ClientKind.NOBODY, None)


# --- the PIN ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flag", "refusal"),
    [
        (TokenFlag.PIN_LOCKED, PinRefusal.LOCKED),
        (TokenFlag.PIN_FINAL_TRY, PinRefusal.FINAL_TRY),
        (TokenFlag.PIN_COUNT_LOW, PinRefusal.COUNT_LOW),
    ],
)
def test_pin_safety_holds_at_every_endpoint(
    card: TokenContents, flag: TokenFlag, refusal: PinRefusal
) -> None:
    info = replace(card.info, flags=(*card.info.flags, flag))
    bench = Bench({0: replace(card, info=info)}, {"a": Server(), "b": Server()})
    seen = bench.visited()
    assert (bench.tokens.logins, bench.tokens.given) == ({}, [])
    assert [ends(shaken) for shaken in seen.handshakes] == [[End.NO_LOGIN], [End.NO_LOGIN]]
    assert seen.pin is not None
    assert seen.pin.refusal is refusal


def test_a_wrong_pin_is_tried_once_over_all_endpoints(card: TokenContents) -> None:
    wrong = {"login": ckr("CKR_PIN_INCORRECT", "C_Login")}
    bench = Bench({0: card}, {"a": Server(), "b": Server(), "c": Server()}, faults=wrong)
    seen = bench.visited()
    assert bench.tokens.logins == {0: 1}
    assert bench.tokens.given == []
    assert [ends(shaken) for shaken in seen.handshakes] == [[End.NO_LOGIN]] * 3
    assert seen.pin is not None
    assert seen.pin.result is PinResult.WRONG


def test_after_a_crash_there_is_no_second_login(card: TokenContents) -> None:
    bench = Bench(
        {0: card},
        {"a": Server(), "b": Server()},
        refused={"CKM_RSA_PKCS_PSS": crash("C_Sign")},
    )
    seen = bench.visited()
    assert (bench.tokens.logins, len(bench.tokens.given)) == ({0: 1}, 1)
    assert [ends(shaken) for shaken in seen.handshakes] == [[End.NOT_SIGNED], [End.NO_LOGIN]]


# --- interruption -----------------------------------------------------------------------------


def test_an_interruption_keeps_the_handshakes_until_then(card: TokenContents) -> None:
    bench = Bench({0: card}, {"a": Server(), "b": Server()})

    def interrupt(endpoint: Endpoint) -> None:
        if endpoint.host == "b":
            raise KeyboardInterrupt(2)

    bench.client.before = interrupt
    with pytest.raises(WalkInterrupted) as stop:
        bench.visit()
    (seen,) = stop.value.cards
    assert [ends(shaken) for shaken in seen.handshakes] == [[None]]
    assert seen.pin is not None
    assert seen.pin.result is PinResult.ACCEPTED


def test_who_does_not_type_a_pin_has_asked_no_server(card: TokenContents) -> None:
    class Leaving(FakePins):
        def pin(self) -> Pin:
            raise KeyboardInterrupt(2)

    bench = Bench({0: card}, {"a": Server()}, typed=True, pins=Leaving())
    with pytest.raises(WalkInterrupted):
        bench.visit()
    assert (bench.client.calls, bench.tokens.logins) == ([], {})


# --- with the other checks --------------------------------------------------------------------

KEYS = PrivateContents((PrivateKey("CPS_PRIV_AUT", "20", 2048),), ())


def test_keys_and_servers_share_the_login(card: TokenContents) -> None:
    servers = {"a": Server(), "b": Server()}
    bench = Bench({0: card}, servers, with_keys=True, private=KEYS)
    seen = bench.visited()
    assert bench.tokens.logins == {0: 1}
    assert len(bench.tokens.given) == len(seen.signatures) + 2
    assert [ends(shaken) for shaken in seen.handshakes] == [[None], [None]]


def test_no_server_sees_a_card_that_did_not_get_in_before(card: TokenContents) -> None:
    """check-set has tried its PIN by then."""
    faults = {"login": ckr("CKR_PIN_INCORRECT", "C_Login")}
    bench = Bench({0: card}, {"a": Server()}, with_keys=True, private=KEYS, faults=faults)
    seen = bench.visited()
    assert (bench.client.calls, bench.tokens.logins) == ([], {0: 1})
    assert [shaken.connections for shaken in seen.handshakes] == [()]
    assert [codes(shaken, seen) for shaken in seen.handshakes] == [["pin-refused"]]


def test_after_a_crash_of_a_key_there_is_no_login_for_a_server(card: TokenContents) -> None:
    refused = {"CKM_RSA_PKCS": crash("C_Sign")}
    bench = Bench({0: card}, {"a": Server()}, with_keys=True, private=KEYS, refused=refused)
    seen = bench.visited()
    assert bench.tokens.logins == {0: 1}
    assert [ends(shaken) for shaken in seen.handshakes] == [[End.NO_LOGIN]]


# --- what is kept of an earlier run -----------------------------------------------------------


def test_answers_to_other_questions_are_not_kept(card: TokenContents) -> None:
    """The same servers with other options: they are asked again."""
    seen = Bench({0: card}, {"a": Server(), "b": Server()}).visited()
    servers = tuple(shaken.endpoint for shaken in seen.handshakes)
    same = Errands(servers, FakeClient({}), lambda _: ())
    assert KnockErrand(same, None).is_done(seen)
    for other in (replace(same, choices="others"), replace(same, endpoints=servers[:1])):
        assert not KnockErrand(other, None).is_done(seen)
