"""A CRL counts when the issuer itself made it; what it says depends on the moment asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from asn1crypto import core
from asn1crypto import crl as asn1
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import ObjectIdentifier
from hypothesis import given, settings
from hypothesis import strategies as st

from cpx_tool.catalogue.authorities import authorities
from cpx_tool.i18n import say
from cpx_tool.model.trust import Anchors, ChainOutcome, ChainResult, Revocation, RevocationOutcome
from cpx_tool.pki.chain import judge_chain
from cpx_tool.pki.crl import (
    MAX_CRL,
    MAX_CRLS,
    MAX_HEAD,
    SKEW,
    BadCrl,
    Crl,
    RefusedCrl,
    judge_crls,
    read_crl,
    read_crls,
    signed_by,
)
from cpx_tool.pki.link import make_pool, read_link
from cpx_tool.pki.revocation import judge_revocation
from support.paths import SHARED_CERTS, shared_cert
from support.pki import AT, CrlSpec, authority, key, leaf, pem, root
from support.resign import signed_again
from support.tree import Node, changed, parse

ROOT = root()
CA = authority(ROOT)
LEAF = leaf(CA)
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
COMPROMISED = x509.ReasonFlags.key_compromise
HELD = x509.ReasonFlags.certificate_hold


def chain_of(certificate: bytes, at: datetime = AT) -> ChainResult:
    top = ROOT.der()
    accepted = frozenset({hashlib.sha256(top).hexdigest()})
    return judge_chain(certificate, make_pool([CA.der(), top]), Anchors((), accepted), at)


def answer(*crls: CrlSpec, at: datetime = AT) -> Revocation:
    given_crls = [read_crl(crl.der()) for crl in crls]
    result = judge_revocation(chain_of(LEAF.der(), at), given_crls, at)
    assert say(result.reason)
    return result


# --- answers ----------------------------------------------------------------------------------


def test_revoked_with_date_and_reason() -> None:
    crl = CrlSpec(CA, {99: (AT - DAY, None), LEAF.serial: (AT - 2 * DAY, COMPROMISED)})
    result = answer(crl)
    assert result.outcome is RevocationOutcome.REVOKED
    assert (result.revoked_at, result.cause) == (AT - 2 * DAY, "keyCompromise")
    assert (result.this_update, result.next_update) == (crl.made, crl.due)
    assert "keyCompromise" in say(result.reason)


def test_revoked_without_a_reason() -> None:
    result = answer(CrlSpec(CA, {LEAF.serial: (AT - DAY, None)}))
    assert result.cause is None
    assert "no reason" in say(result.reason)


def test_a_crl_that_lists_a_certificate_never_calls_it_good() -> None:
    crl = CrlSpec(CA, {LEAF.serial: (AT, None)}, made=AT - DAY)
    assert answer(crl).outcome is RevocationOutcome.REVOKED
    before = answer(crl, at=AT - SKEW - SECOND)
    assert before.outcome is RevocationOutcome.NO_CRL
    assert "a revocation after that moment" in say(before.reason)
    silent = CrlSpec(CA, made=AT - 2 * DAY)
    late = CrlSpec(CA, crl.revoked, made=AT + DAY, due=AT + 8 * DAY)
    assert answer(silent, late, at=AT - SECOND).outcome is RevocationOutcome.GOOD


def test_clocks_may_differ_a_little() -> None:
    ahead = CrlSpec(CA, made=AT + SKEW, due=AT + DAY)
    result = answer(ahead)
    assert result.outcome is RevocationOutcome.GOOD
    assert "0 days old" in say(result.reason)
    assert answer(ahead, at=AT - SECOND).outcome is RevocationOutcome.NO_CRL
    for cause in (COMPROMISED, HELD):
        listed = CrlSpec(CA, {LEAF.serial: (AT + SKEW, cause)}, made=AT + SKEW, due=AT + DAY)
        assert answer(listed).outcome is RevocationOutcome.REVOKED


def test_good_with_the_age_of_the_crl() -> None:
    result = answer(CrlSpec(CA, made=AT - 3 * DAY, due=AT + 4 * DAY))
    assert result.outcome is RevocationOutcome.GOOD
    assert "3 days old" in say(result.reason)
    assert "1 day old" in say(answer(CrlSpec(CA)).reason)


def test_stale_after_the_next_update_only() -> None:
    crl = CrlSpec(CA, due=AT)
    assert answer(crl).outcome is RevocationOutcome.GOOD
    late = answer(crl, at=AT + timedelta(seconds=1))
    assert late.outcome is RevocationOutcome.STALE
    assert late.next_update == AT


def test_a_revocation_counts_in_a_stale_crl_too() -> None:
    crl = CrlSpec(CA, {LEAF.serial: (AT - 9 * DAY, None)}, made=AT - 8 * DAY, due=AT - DAY)
    assert answer(crl).outcome is RevocationOutcome.REVOKED


def test_the_newest_crl_of_then_answers() -> None:
    old = CrlSpec(CA, made=AT - 9 * DAY, due=AT - 2 * DAY)
    new = CrlSpec(CA, made=AT - DAY)
    later = CrlSpec(CA, made=AT + DAY, due=AT + 8 * DAY)
    for crls in ((old, new, later), (later, new, old)):
        result = answer(*crls)
        assert (result.outcome, result.this_update) == (RevocationOutcome.GOOD, new.made)


def test_a_revocation_is_for_ever_but_a_hold_is_not() -> None:
    new = CrlSpec(CA, made=AT - DAY)
    for reason, outcome in (
        (COMPROMISED, RevocationOutcome.REVOKED),
        (HELD, RevocationOutcome.GOOD),
    ):
        old = CrlSpec(CA, {LEAF.serial: (AT - 9 * DAY, reason)}, made=AT - 8 * DAY)
        assert answer(old, new).outcome is outcome
    held = CrlSpec(CA, {LEAF.serial: (AT - 9 * DAY, HELD)}, made=AT - 12 * timedelta(hours=1))
    assert answer(held, new).cause == "certificateHold"


def test_a_hold_at_the_end_is_not_lifted_by_a_crl_that_need_not_list_it() -> None:
    expired = read_link(LEAF.but(end=AT - 2 * DAY).der()).certificate
    held = CrlSpec(CA, {LEAF.serial: (AT - 9 * DAY, HELD)}, made=AT - 3 * DAY)
    crls = [read_crl(crl.der()) for crl in (held, CrlSpec(CA, made=AT - DAY))]
    issuer = read_link(CA.der()).certificate
    assert judge_crls(expired, issuer, crls, AT).outcome is RevocationOutcome.REVOKED


def test_a_later_crl_tells_of_an_earlier_revocation_and_of_nothing_else() -> None:
    listed = CrlSpec(CA, {LEAF.serial: (AT - DAY, None)}, made=AT + DAY, due=AT + 8 * DAY)
    assert answer(listed).outcome is RevocationOutcome.REVOKED
    silent = CrlSpec(CA, made=AT + DAY, due=AT + 8 * DAY)
    assert answer(silent).outcome is RevocationOutcome.NO_CRL


def test_no_crl_says_where_to_get_it() -> None:
    address = "http://ca.example/ca.crl"
    point = x509.DistributionPoint([x509.UniformResourceIdentifier(address)], None, None, None)
    certificate = LEAF.but(extra=((x509.CRLDistributionPoints([point]), False),)).der()
    result = judge_revocation(chain_of(certificate), [], AT)
    assert result.outcome is RevocationOutcome.NO_CRL
    assert result.addresses == (address,)


def test_a_revoked_issuer_answers_for_the_certificate() -> None:
    own = CrlSpec(CA)
    upper = CrlSpec(ROOT, {CA.serial: (AT - DAY, x509.ReasonFlags.ca_compromise)})
    result = answer(own, upper)
    assert result.outcome is RevocationOutcome.REVOKED
    assert (result.authority, result.cause) == ("ca", "cACompromise")
    assert answer(own, CrlSpec(ROOT)).outcome is RevocationOutcome.GOOD


# --- whose CRL counts -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("crl", "words"),
    [
        (CrlSpec(ROOT), "No CRL of the issuer"),
        (CrlSpec(CA.but(own_key=key("twin"))), "another key"),
        (CrlSpec(CA, signer=key("twin")), "not that of ca"),
        (CrlSpec(CA, signer=key("twin"), aki=False), "not that of ca"),
    ],
)
def test_a_crl_of_somebody_else_is_not_used(crl: CrlSpec, words: str) -> None:
    listed = CrlSpec(crl.issuer, {LEAF.serial: (AT - DAY, None)}, signer=crl.signer, aki=crl.aki)
    result = answer(listed)
    assert result.outcome is RevocationOutcome.NO_CRL
    assert words in say(result.reason)


def test_a_bad_crl_does_not_hide_a_good_one() -> None:
    forged = CrlSpec(CA, signer=key("twin"), made=AT - timedelta(hours=1))
    good = CrlSpec(CA, {LEAF.serial: (AT - DAY, None)})
    assert answer(forged, good).outcome is RevocationOutcome.REVOKED


def test_a_ca_that_may_not_sign_crls() -> None:
    issuer = read_link(CA.but(usage=("key_cert_sign",)).der()).certificate
    assert not signed_by(read_crl(CrlSpec(CA).der()), issuer)
    assert signed_by(read_crl(CrlSpec(CA).der()), read_link(CA.der()).certificate)
    assert signed_by(read_crl(CrlSpec(CA).der()), read_link(CA.but(usage=None).der()).certificate)


def test_without_a_verified_chain_no_crl_counts() -> None:
    crl = read_crl(CrlSpec(CA, {LEAF.serial: (AT - DAY, None)}).der())
    for chain in (
        judge_chain(LEAF.der(), make_pool([CA.der()]), Anchors(), AT),
        judge_chain(b"", make_pool([]), Anchors(), AT),
    ):
        assert chain.outcome is not ChainOutcome.VERIFIED
        assert judge_revocation(chain, [crl], AT).outcome is RevocationOutcome.NO_CRL


def test_an_anchor_has_no_crl() -> None:
    assert judge_revocation(chain_of(ROOT.der()), [], AT).outcome is RevocationOutcome.NO_CRL


def scope(
    *, users: bool = False, cas: bool = False, indirect: bool = False, url: str | None = None
) -> tuple[x509.ExtensionType, bool]:
    name = [x509.UniformResourceIdentifier(url)] if url else None
    return x509.IssuingDistributionPoint(name, None, users, cas, None, indirect, False), True


def test_the_scope_of_a_crl() -> None:
    url = "http://ca.example/part1.crl"
    point = x509.DistributionPoint([x509.UniformResourceIdentifier(url)], None, None, None)
    inside = LEAF.but(extra=((x509.CRLDistributionPoints([point]), False),)).der()
    part = read_crl(CrlSpec(CA, extra=(scope(url=url),)).der())
    assert judge_revocation(chain_of(inside), [part], AT).outcome is RevocationOutcome.GOOD
    outside = judge_revocation(chain_of(LEAF.der()), [part], AT)
    assert outside.outcome is RevocationOutcome.NO_CRL
    assert answer(CrlSpec(CA, extra=(scope(users=True),))).outcome is RevocationOutcome.GOOD
    assert answer(CrlSpec(CA, extra=(scope(cas=True),))).outcome is RevocationOutcome.NO_CRL
    revoked = {CA.serial: (AT - DAY, None)}
    upper = CrlSpec(ROOT, revoked, extra=(scope(users=True),))
    assert answer(CrlSpec(CA), upper).outcome is RevocationOutcome.GOOD


UNKNOWN = x509.UnrecognizedExtension(ObjectIdentifier("1.2.3"), b"\x05\x00")
SOME_REASONS = x509.IssuingDistributionPoint(
    None, None, False, False, frozenset({COMPROMISED}), False, False
)


@pytest.mark.parametrize(
    ("extension", "words"),
    [
        ((x509.DeltaCRLIndicator(1), True), "delta"),
        (scope(indirect=True), "indirect"),
        ((SOME_REASONS, True), "some reasons"),
        ((UNKNOWN, True), "1.2.3"),
    ],
)
def test_kinds_that_are_refused(extension: tuple[x509.ExtensionType, bool], words: str) -> None:
    with pytest.raises(RefusedCrl) as refused:
        read_crl(CrlSpec(CA, extra=(extension,)).der())
    assert words in say(refused.value.reason)


def test_an_unknown_extension_that_is_not_critical_is_ignored() -> None:
    assert answer(CrlSpec(CA, extra=((UNKNOWN, False),))).outcome is RevocationOutcome.GOOD


def test_a_crl_that_does_not_say_how_long_it_counts() -> None:
    whole = asn1.CertificateList.load(CrlSpec(CA).der())
    tbs = asn1.TbsCertList(
        {
            name: whole["tbs_cert_list"][name]
            for name in ("version", "signature", "issuer", "this_update", "crl_extensions")
        }
    )
    signature = CA.own_key.sign(tbs.dump(), ec.ECDSA(SHA256()))  # type: ignore[call-arg, arg-type]
    der = asn1.CertificateList(
        {
            "tbs_cert_list": tbs,
            "signature_algorithm": whole["signature_algorithm"],
            "signature": signature,
        }
    ).dump()
    result = judge_revocation(chain_of(LEAF.der()), [read_crl(der)], AT)
    assert (result.outcome, result.next_update) == (RevocationOutcome.STALE, None)


# --- files ------------------------------------------------------------------------------------


def test_der_and_pem_with_several() -> None:
    one, two = CrlSpec(CA).der(), CrlSpec(ROOT).der()
    assert read_crls(one) == (one,)
    assert read_crls(pem(one, "X509 CRL") + b"words\n" + pem(two, "X509 CRL")) == (one, two)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"\x00" * (MAX_CRL + 1), "too large"),
        (pem(LEAF.der()), "CERTIFICATE"),
        (b"-----BEGIN X509 CRL-----\n!!\n", "damaged"),
    ],
)
def test_files_that_hold_none(data: bytes, words: str) -> None:
    with pytest.raises(BadCrl) as refused:
        read_crls(data)
    assert words in say(refused.value.reason)


@pytest.mark.parametrize("data", [b"", b"\x30\x00", LEAF.der(), CrlSpec(CA).der()[:-1], b"x" * 99])
def test_bytes_that_are_no_crl(data: bytes) -> None:
    with pytest.raises(BadCrl):
        read_crl(data)


# --- the real ones ----------------------------------------------------------------------------


def real(file: str, at: datetime) -> Revocation:
    pool = make_pool(path.read_bytes() for path in sorted(SHARED_CERTS.glob("CA_*.cer")))
    crls = [
        read_crl(der)
        for name in ("ACI-EL-ORG", "ACR-EL")
        for der in read_crls(shared_cert(f"CRL_TEST_{name}-TEST_2019.pem"))
    ]
    chain = judge_chain(shared_cert(file), pool, Anchors(authorities()), at)
    return judge_revocation(chain, crls, at)


REVOKED = "TESTORG_sign_tomwsrevoque_REVOKEDNAME_2019.der"


def test_the_revoked_organisation_is_found_revoked() -> None:
    when = datetime(2019, 6, 14, 13, 26, 24, tzinfo=UTC)
    for at in (datetime(2019, 6, 28, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC), when):
        result = real(REVOKED, at)
        assert (result.outcome, result.revoked_at) == (RevocationOutcome.REVOKED, when)
        assert result.cause is None
    before = real(REVOKED, when - timedelta(seconds=1))
    assert before.outcome is RevocationOutcome.NO_CRL


def test_an_organisation_that_is_not_revoked() -> None:
    file = "TESTORG_authcli_10B0127189_2019.der"
    good = real(file, datetime(2019, 7, 2, tzinfo=UTC))
    assert good.outcome is RevocationOutcome.GOOD
    assert good.this_update == datetime(2019, 6, 27, 22, 0, 9, tzinfo=UTC)
    assert real(file, datetime(2019, 7, 4, tzinfo=UTC)).outcome is RevocationOutcome.STALE


def test_a_card_of_another_ca_finds_no_crl() -> None:
    file = "TESTCARD_igcsante_auth_CPEnominative_30B0057881-CPET0002_2017.der"
    result = real(file, datetime(2019, 7, 2, tzinfo=UTC))
    assert result.outcome is RevocationOutcome.NO_CRL
    assert result.addresses[0] == "http://igc-sante.esante.gouv.fr/CRL/ACI-ST-PP-TEST.crl"


# --- hostile input ----------------------------------------------------------------------------

SAMPLE = CrlSpec(CA, dict.fromkeys((LEAF.serial, *range(1, 9)), (AT - DAY, COMPROMISED))).der()
CHAIN = chain_of(LEAF.der())
SERIAL_OF_LEAF = Node(0x02, LEAF.serial.to_bytes(2, "big"))
LISTED = Node(0x17, b"250530000000Z")
ONE = Node(0x04, b"\x0a\x01\x01")


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), min_size=1, max_size=6),
    st.integers(0, 2000),
)
def test_mutated_crls_are_read_or_refused_and_never_counted(
    changes: list[tuple[int, int]], cut: int
) -> None:
    changed = bytearray(SAMPLE)
    for place, value in changes:
        changed[place % len(changed)] = value
    data = bytes(changed[: cut or None])
    try:
        crl = read_crl(data)
    except BadCrl:
        return
    result = judge_revocation(CHAIN, [crl], AT)
    assert data == SAMPLE or result.outcome is RevocationOutcome.NO_CRL


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_any_list_of_entries_is_walked_to_its_end(data: bytes) -> None:
    wanted: bytes = core.Integer(LEAF.serial).dump()
    good = read_crl(SAMPLE)
    crl = Crl(**{name: getattr(good, name) for name in Crl.__slots__} | {"revoked": data + wanted})
    # the signature still holds, as it is verified over the bytes that were signed
    assert judge_revocation(CHAIN, [crl], AT).outcome in RevocationOutcome


VERSION, ALGORITHM, NAME, MADE, DUE, LIST, WRAPPED = ((0, place) for place in range(7))
DAMAGE: dict[str, Callable[[], bytes]] = {
    "three parts more": lambda: with_inside(SAMPLE, lambda inside: inside * 2),
    "no signature": lambda: changed(SAMPLE, (2,), lambda _: None),
    "a part behind the extensions": lambda: changed(
        SAMPLE, (0,), lambda tbs: replace(tbs, inside=[*tbs.inside, Node(0x05)])
    ),
    "a date that is none": lambda: changed(SAMPLE, MADE, lambda _: Node(0x17, b"tomorrow")),
    "a name that cannot be read": lambda: changed(
        SAMPLE, (*NAME, 0, 0, 0), lambda node: replace(node, tag=0x02)
    ),
    "a name of pages": lambda: changed(
        SAMPLE, (*NAME, 2, 0, 1), lambda _: Node(0x0C, b"D" * MAX_HEAD)
    ),
    "extensions of pages": lambda: changed(
        SAMPLE, (*WRAPPED, 0, 0, 1), lambda _: Node(0x04, bytes(MAX_HEAD))
    ),
    "an extension twice": lambda: changed(
        SAMPLE, (*WRAPPED, 0), lambda node: replace(node, inside=node.inside * 2)
    ),
    "an extension that is none": lambda: changed(
        SAMPLE, (*WRAPPED, 0, 0), lambda _: Node(0x30, inside=[Node(0x06), Node(0x04)])
    ),
}


def with_inside(der: bytes, change: Callable[[list[Node]], list[Node]]) -> bytes:
    root = parse(der)
    assert root is not None
    return replace(root, inside=change(root.inside)).dump()


@pytest.mark.parametrize("kind", DAMAGE)
def test_damaged_crls_are_refused(kind: str) -> None:
    """asn1crypto alone would read most of them, and some for seconds."""
    der = DAMAGE[kind]()
    assert der != SAMPLE
    with pytest.raises(BadCrl, match="damaged"):
        read_crl(der)


def test_more_crls_in_a_file_than_there_are_cas() -> None:
    with pytest.raises(BadCrl, match="more than"):
        read_crls(pem(b"0", "X509 CRL") * (MAX_CRLS + 1))


@pytest.mark.parametrize(
    "entry",
    [
        Node(0x30, inside=[SERIAL_OF_LEAF, Node(0x17, b"tomorrow")]),
        Node(0x30, inside=[SERIAL_OF_LEAF]),
        Node(0x30, inside=[SERIAL_OF_LEAF, LISTED, Node(0x30, b"\x05\x00")]),
        Node(0x30, inside=[SERIAL_OF_LEAF, LISTED, Node(0x30, bytes(MAX_HEAD))]),
    ],
    ids=["date", "no date", "extensions", "pages"],
)
def test_a_broken_entry_leaves_it_open(entry: Node) -> None:
    crl = replace(read_crl(SAMPLE), revoked=entry.dump())
    result = judge_revocation(CHAIN, [crl], AT)
    assert result.outcome is RevocationOutcome.NO_CRL
    assert "damaged" in say(result.reason)


def test_the_entry_of_these_is_a_good_one_without_its_damage() -> None:
    entry = Node(0x30, inside=[SERIAL_OF_LEAF, LISTED])
    crl = replace(read_crl(SAMPLE), revoked=entry.dump())
    assert judge_revocation(CHAIN, [crl], AT).outcome is RevocationOutcome.REVOKED


OTHER = Node(0x02, b"\x77")
MARKED = Node(
    0x30,
    inside=[Node(0x06, b"\x2a\x03"), Node(0x01, b"\xff"), Node(0x04, b"\x05\0")],
)


def with_list(*entries: Node) -> bytes:
    return signed_again(
        CrlSpec(CA, {7: (AT - DAY, None)}).der(),
        CA.own_key,
        lambda tbs: tbs.inside.__setitem__(5, Node(0x30, inside=list(entries))),
    )


@pytest.mark.parametrize("serial", [OTHER, SERIAL_OF_LEAF], ids=["another's", "its own"])
def test_an_entry_that_must_not_be_ignored_spoils_the_list(serial: Node) -> None:
    entry = Node(0x30, inside=[serial, LISTED, Node(0x30, inside=[MARKED])])
    with pytest.raises(RefusedCrl, match="critical"):
        read_crl(with_list(entry))


def test_bytes_that_only_look_like_it_do_not() -> None:
    looks = Node(0x30, inside=[Node(0x02, b"\x01\x01\xff\x04"), LISTED])
    unmarked = replace(MARKED, inside=[MARKED.inside[0], Node(0x01, b"\0"), MARKED.inside[2]])
    ignored = Node(0x30, inside=[OTHER, LISTED, Node(0x30, inside=[unmarked])])
    reason = Node(0x30, inside=[Node(0x06, b"\x55\x1d\x15"), Node(0x01, b"\xff"), ONE])
    critical_reason = Node(0x30, inside=[OTHER, LISTED, Node(0x30, inside=[reason])])
    crl = read_crl(with_list(looks, ignored, critical_reason))
    assert judge_revocation(CHAIN, [crl], AT).outcome is RevocationOutcome.GOOD


@pytest.mark.parametrize("zeros", [0, 1, 3])
def test_a_serial_number_is_found_however_it_is_padded(zeros: int) -> None:
    padded = Node(0x02, bytes(zeros) + SERIAL_OF_LEAF.value)
    crl = read_crl(
        with_list(Node(0x30, inside=[OTHER, LISTED]), Node(0x30, inside=[padded, LISTED]))
    )
    assert judge_revocation(CHAIN, [crl], AT).outcome is RevocationOutcome.REVOKED
    longer = Node(0x02, b"\1" + SERIAL_OF_LEAF.value)
    crl = read_crl(with_list(Node(0x30, inside=[longer, LISTED])))
    assert judge_revocation(CHAIN, [crl], AT).outcome is RevocationOutcome.GOOD


def test_a_large_crl_is_looked_up_without_being_unfolded() -> None:
    entries = b"".join(
        asn1.RevokedCertificate(
            {"user_certificate": n, "revocation_date": asn1.Time({"utc_time": AT})}
        ).dump()
        for n in range(70_000, 70_400)
    )
    listed = asn1.RevokedCertificate(
        {"user_certificate": LEAF.serial, "revocation_date": asn1.Time({"utc_time": AT - DAY})}
    ).dump()
    good = read_crl(SAMPLE)
    body = entries * 400 + listed
    crl = Crl(**{name: getattr(good, name) for name in Crl.__slots__} | {"revoked": body})
    assert judge_revocation(CHAIN, [crl], AT).revoked_at == AT - DAY
