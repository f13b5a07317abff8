"""Chains are followed by full name, key and signature, and believed for known anchors only."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID, ObjectIdentifier
from hypothesis import given, settings
from hypothesis import strategies as st

from cpx_tool.catalogue.authorities import authorities
from cpx_tool.i18n import say
from cpx_tool.model.identity import Pki
from cpx_tool.model.trust import (
    AnchorOrigin,
    Anchors,
    Authority,
    ChainOutcome,
    ChainResult,
    Flaw,
    Weakness,
)
from cpx_tool.pki.canonical import canonical
from cpx_tool.pki.chain import MAX_PATH, judge_chain
from cpx_tool.pki.link import make_pool, read_link
from support.paths import SHARED_CERTS, shared_cert
from support.pki import AT, END, START, Spec, authority, dn, key, leaf, root, rsa_key

ROOT = root()
CA = authority(ROOT)
LEAF = leaf(CA)


def accepted(*certificates: bytes, known: tuple[Authority, ...] = ()) -> Anchors:
    return Anchors(known, frozenset(hashlib.sha256(der).hexdigest() for der in certificates))


def judged(
    certificate: bytes, pool: Sequence[bytes], anchors: Anchors, at: datetime = AT
) -> ChainResult:
    result = judge_chain(certificate, make_pool(pool), anchors, at)
    assert say(result.reason)
    assert (result.flaw is not None) == (result.outcome is ChainOutcome.BROKEN)
    assert (result.anchor is not None) == (result.outcome is ChainOutcome.VERIFIED)
    return result


# --- good chains ------------------------------------------------------------------------------


def test_a_chain_up_to_an_accepted_root() -> None:
    top = ROOT.der()
    result = judged(LEAF.der(), [CA.der(), top], accepted(top))
    assert result.outcome is ChainOutcome.VERIFIED
    assert [c.subject_value("CN") for c in result.path] == ["leaf", "ca", "root"]
    assert result.anchor is not None
    assert result.anchor.origin is AnchorOrigin.ACCEPTED
    assert "you accepted it" in say(result.reason)
    assert result.weak == ()


def test_an_anchor_need_not_be_a_root() -> None:
    middle = CA.der()
    result = judged(LEAF.der(), [middle], accepted(middle))
    assert result.outcome is ChainOutcome.VERIFIED
    assert len(result.path) == 2


def test_a_known_anchor_goes_before_an_accepted_one() -> None:
    top, middle = ROOT.der(), CA.der()
    known = Authority(
        "ACI-EL-PP-TEST",
        Pki.IGC_SANTE_TEST,
        read_link(middle).certificate.subject,
        None,
        "",
        hashlib.sha256(middle).hexdigest(),
    )
    result = judged(LEAF.der(), [middle, top], accepted(top, known=(known,)))
    assert result.anchor is not None
    assert (result.anchor.origin, result.anchor.code) == (AnchorOrigin.KNOWN, "ACI-EL-PP-TEST")


def test_an_anchor_is_judged_as_itself() -> None:
    assert judged(ROOT.der(), [], accepted(ROOT.der())).outcome is ChainOutcome.VERIFIED


def test_the_certificate_itself_may_have_expired() -> None:
    old = LEAF.but(end=AT - timedelta(days=1)).der()
    top = ROOT.der()
    assert judged(old, [CA.der(), top], accepted(top)).outcome is ChainOutcome.VERIFIED


def test_names_are_equal_whatever_case_and_blanks() -> None:
    other = CA.but(subject=dn("  CA "))
    top = ROOT.der()
    assert judged(LEAF.der(), [other.der(), top], accepted(top)).outcome is ChainOutcome.VERIFIED


def test_without_key_identifiers_the_signature_decides() -> None:
    top = ROOT.but(ski=False, aki=False).der()
    middle = CA.but(ski=False, aki=False).der()
    twin = CA.but(own_key=key("twin"), ski=False, aki=False).der()
    for pool in ([middle, twin, top], [twin, middle, top]):
        result = judged(LEAF.but(aki=False).der(), pool, accepted(top))
        assert result.outcome is ChainOutcome.VERIFIED


def test_every_cross_signed_alternative_is_tried() -> None:
    other = root("other root")
    crossed = CA.but(issuer=other.subject, issuer_key=other.own_key)
    top = other.der()
    expired = CA.but(end=AT - timedelta(days=1), serial=7)
    pool = [expired.der(), CA.der(), ROOT.der(), crossed.der(), top]
    result = judged(LEAF.der(), pool, accepted(top))
    assert [c.subject_value("CN") for c in result.path] == ["leaf", "ca", "other root"]


def test_rsa_signatures_and_old_cryptography_are_verified_and_said() -> None:
    short = rsa_key(1024)
    top = Spec(dn("old"), short, dn("old"), short)
    below = leaf(top)
    result = judged(below.der(), [top.der()], accepted(top.der()))
    assert result.outcome is ChainOutcome.VERIFIED
    assert [(w.weakness, w.detail) for w in result.weak] == [(Weakness.SHORT_KEY, "RSA 1024")]


# --- what is missing --------------------------------------------------------------------------


def test_a_missing_issuer_is_named_with_its_addresses() -> None:
    address = "http://ca.example/ca.cer"
    access = x509.AuthorityInformationAccess(
        [
            x509.AccessDescription(
                ObjectIdentifier("1.3.6.1.5.5.7.48.2"), x509.UniformResourceIdentifier(address)
            )
        ]
    )
    result = judged(LEAF.but(extra=((access, False),)).der(), [ROOT.der()], accepted(ROOT.der()))
    assert result.outcome is ChainOutcome.ISSUER_NOT_AT_HAND
    assert result.missing is not None
    assert result.missing.addresses == (address,)
    assert dict(pair for rdn in result.missing.name for pair in rdn)["CN"] == "ca"
    assert result.missing.key_id == read_link(CA.der()).certificate.subject_key_id


def test_a_missing_issuer_higher_up() -> None:
    result = judged(LEAF.der(), [CA.der()], accepted(ROOT.der()))
    assert result.outcome is ChainOutcome.ISSUER_NOT_AT_HAND
    assert [c.subject_value("CN") for c in result.path] == ["leaf", "ca"]


def test_the_same_name_with_another_key_is_not_the_issuer() -> None:
    twin = CA.but(own_key=key("twin")).der()
    result = judged(LEAF.der(), [twin, ROOT.der()], accepted(ROOT.der(), twin))
    assert result.outcome is ChainOutcome.ISSUER_NOT_AT_HAND
    assert "another key" in say(result.reason)


def test_the_same_cn_under_another_name_is_not_the_issuer() -> None:
    twin = CA.but(subject=dn("ca", "RECETTE")).der()
    result = judged(LEAF.der(), [twin, ROOT.der()], accepted(ROOT.der(), twin))
    assert result.outcome is ChainOutcome.ISSUER_NOT_AT_HAND


def test_a_whole_chain_without_an_anchor_is_not_trusted() -> None:
    result = judged(LEAF.der(), [CA.der(), ROOT.der()], Anchors())
    assert result.outcome is ChainOutcome.NOT_TRUSTED
    assert len(result.path) == 3


def test_being_at_hand_is_no_reason_to_be_believed() -> None:
    own = root("leaf")
    assert judged(own.der(), [own.der()], Anchors()).outcome is ChainOutcome.NOT_TRUSTED


# --- what is broken ---------------------------------------------------------------------------

UNKNOWN = x509.UnrecognizedExtension(ObjectIdentifier("1.2.3"), b"\x05\x00")
PAST = AT - timedelta(days=1)
FUTURE = AT + timedelta(days=1)


@pytest.mark.parametrize(
    ("flaw", "ca"),
    [
        (Flaw.NOT_A_CA, CA.but(ca=False)),
        (Flaw.NOT_A_CA, CA.but(ca=None)),
        (Flaw.KEY_USAGE, CA.but(usage=("crl_sign",))),
        (Flaw.EXPIRED, CA.but(end=PAST)),
        (Flaw.NOT_YET_VALID, CA.but(start=FUTURE)),
        (Flaw.SIGNATURE, CA.but(signer=key("somebody else"))),
        (
            Flaw.CRITICAL_EXTENSION,
            CA.but(extra=((UNKNOWN, True),)),
        ),
        (
            Flaw.CRITICAL_EXTENSION,
            CA.but(extra=((x509.NameConstraints([x509.DNSName("example.org")], None), True),)),
        ),
    ],
)
def test_a_ca_with_a_flaw_breaks_the_chain(flaw: Flaw, ca: Spec) -> None:
    top = ROOT.der()
    result = judged(LEAF.der(), [ca.der(), top], accepted(top))
    assert (result.outcome, result.flaw) == (ChainOutcome.BROKEN, flaw)


@pytest.mark.parametrize("flaw", [Flaw.EXPIRED, Flaw.NOT_YET_VALID])
def test_an_anchor_is_judged_as_an_issuer_too(flaw: Flaw) -> None:
    top = ROOT.but(end=PAST) if flaw is Flaw.EXPIRED else ROOT.but(start=FUTURE)
    result = judged(LEAF.der(), [CA.der(), top.der()], accepted(top.der()))
    assert result.flaw is flaw


def test_the_borders_of_validity() -> None:
    top, pool = ROOT.der(), [CA.der(), ROOT.der()]
    second = timedelta(seconds=1)
    for at, flaw in (
        (START - second, Flaw.NOT_YET_VALID),
        (START, None),
        (END, None),
        (END + second, Flaw.EXPIRED),
    ):
        assert judged(LEAF.der(), pool, accepted(top), at).flaw is flaw


def test_a_wrong_signature_on_the_certificate() -> None:
    top = ROOT.der()
    forged = LEAF.but(signer=key("somebody else")).der()
    result = judged(forged, [CA.der(), top], accepted(top))
    assert result.flaw is Flaw.SIGNATURE
    assert [c.subject_value("CN") for c in result.path] == ["leaf"]


def test_a_path_longer_than_a_ca_allows() -> None:
    lower = authority(CA, "lower ca")
    top = ROOT.der()
    result = judged(leaf(lower).der(), [lower.der(), CA.der(), top], accepted(top))
    assert result.flaw is Flaw.PATH_LENGTH
    allowed = CA.but(path_length=1)
    result = judged(leaf(lower).der(), [lower.der(), allowed.der(), top], accepted(top))
    assert result.outcome is ChainOutcome.VERIFIED


def test_cas_that_issue_each_other() -> None:
    one = Spec(dn("one"), key("one"), dn("two"), key("two"))
    two = Spec(dn("two"), key("two"), dn("one"), key("one"))
    result = judged(leaf(one).der(), [one.der(), two.der()], Anchors())
    assert result.flaw is Flaw.LOOP


def test_a_self_issued_certificate_that_did_not_sign_itself() -> None:
    forged = ROOT.but(signer=key("somebody else")).der()
    assert judged(forged, [], Anchors()).flaw is Flaw.SIGNATURE
    assert judged(forged, [forged], Anchors()).flaw is Flaw.SIGNATURE


def test_a_critical_extension_on_the_certificate_itself() -> None:
    result = judged(LEAF.but(extra=((UNKNOWN, True),)).der(), [], Anchors())
    assert result.flaw is Flaw.CRITICAL_EXTENSION
    fine = judged(LEAF.but(extra=((UNKNOWN, False),)).der(), [], Anchors())
    assert fine.outcome is ChainOutcome.ISSUER_NOT_AT_HAND


def test_bytes_that_are_no_certificate() -> None:
    for der in (b"", b"\x30\x00", b"hello", LEAF.der()[:-1], LEAF.der() + b"\x00"):
        result = judged(der, [], Anchors())
        assert (result.flaw, result.path) == (Flaw.DAMAGED, ())


def test_the_algorithm_inside_and_outside_must_agree() -> None:
    der = LEAF.der()
    sha256, sha384 = bytes.fromhex("06082a8648ce3d040302"), bytes.fromhex("06082a8648ce3d040303")
    assert der.count(sha256) == 2
    tail = der.rindex(sha256)
    changed = der[:tail] + sha384 + der[tail + len(sha256) :]
    assert judged(changed, [CA.der()], accepted(CA.der())).flaw is Flaw.SIGNATURE


# --- bounds -----------------------------------------------------------------------------------


def test_a_long_chain_has_an_end() -> None:
    specs = [root("level 0")]
    for level in range(1, MAX_PATH + 1):
        above = specs[-1]
        name = f"level {level}"
        specs.append(Spec(dn(name), key(name), above.subject, above.own_key))
    pool = [spec.der() for spec in specs]
    assert judged(leaf(specs[-1]).der(), pool, accepted(pool[0])).flaw is Flaw.TOO_LONG
    fits = leaf(specs[MAX_PATH - 2])
    assert judged(fits.der(), pool, accepted(pool[0])).outcome is ChainOutcome.VERIFIED


def test_many_candidates_of_one_name_have_an_end_and_hide_no_anchor() -> None:
    top = ROOT.der()
    crowd = [CA.but(signer=key("somebody else"), serial=serial).der() for serial in range(1, 120)]
    assert judged(LEAF.der(), [*crowd, top], accepted(top)).flaw is Flaw.TOO_MANY
    middle = CA.der()
    result = judged(LEAF.der(), [*crowd, middle, top], accepted(middle))
    assert result.outcome is ChainOutcome.VERIFIED


def test_no_crowd_hides_the_issuers() -> None:
    middle, top = CA.der(), ROOT.der()
    strangers = [leaf(CA).but(serial=serial).der() for serial in range(1, 300)]
    for crowd in ([middle] * 1000, strangers):
        result = judged(LEAF.der(), [*crowd, middle, top], accepted(top))
        assert result.outcome is ChainOutcome.VERIFIED


def test_a_certificate_stands_once_in_a_pool() -> None:
    (alike,) = make_pool([CA.der()] * 3).by_name.values()
    assert len(alike) == 1


# --- the PKIs of the field --------------------------------------------------------------------

KNOWN = Anchors(authorities())


def igc(common_name: str, *units: str) -> x509.Name:
    rdns = [(NameOID.COUNTRY_NAME, "FR"), (NameOID.ORGANIZATION_NAME, "ASIP-SANTE")]
    rdns += [(NameOID.ORGANIZATIONAL_UNIT_NAME, unit) for unit in units]
    rdns.append((NameOID.COMMON_NAME, common_name))
    return x509.Name([x509.NameAttribute(oid, text) for oid, text in rdns])


FORT = "TEST AC IGC-SANTE FORT PERSONNES"
UNITS = ("0002 187512751", "IGC-SANTE TEST")


@pytest.mark.parametrize(
    ("units", "words"),
    [
        (UNITS, "another key"),
        ((*UNITS, "RECETTE"), "RECETTE clone"),
        (("0002 187512751", "SOMEBODY"), "another full name"),
    ],
)
def test_a_ca_that_only_bears_a_known_name_is_another_pki(
    units: tuple[str, ...], words: str
) -> None:
    clone = Spec(igc(FORT, *units), key("clone"), igc(FORT, *units), key("clone"))
    for pool in ([], [clone.der()]):
        result = judged(leaf(clone).der(), pool, KNOWN)
        assert result.outcome is ChainOutcome.WRONG_PKI
        assert words in say(result.reason)
    trusting = replace(KNOWN, accepted=accepted(clone.der()).accepted)
    assert judged(leaf(clone).der(), [clone.der()], trusting).outcome is ChainOutcome.VERIFIED


def test_a_root_with_a_known_name_and_without_key_identifiers_is_another_pki() -> None:
    name = igc("TEST AC RACINE IGC-SANTE ELEMENTAIRE", *UNITS)
    impostor = Spec(name, key("impostor"), name, key("impostor"), ski=False, aki=False)
    below = leaf(impostor).but(aki=False)
    result = judged(below.der(), [impostor.der()], KNOWN)
    assert result.outcome is ChainOutcome.WRONG_PKI
    assert "fingerprint" in say(result.reason)


def real_pool() -> list[bytes]:
    return [path.read_bytes() for path in sorted(SHARED_CERTS.glob("CA_*.cer"))]


@pytest.mark.parametrize(
    ("file", "path", "pki"),
    [
        (
            "TESTCARD_igcsante_auth_CPEnominative_30B0057881-CPET0002_2017.der",
            ["ACI-ST-PP-TEST", "ACR-ST-TEST"],
            Pki.IGC_SANTE_TEST,
        ),
        (
            "TESTSOFT_igcsante_sign_PP_medecin_899900063480_2019.der",
            ["ACI-EL-PP-TEST", "ACR-EL-TEST"],
            Pki.IGC_SANTE_TEST,
        ),
        *(
            (f"TESTORG_{name}.der", ["ACI-EL-ORG-TEST", "ACR-EL-TEST"], Pki.IGC_SANTE_TEST)
            for name in (
                "authcli_10B0127189_2019",
                "servssl_platines_2017",
                "sign_testsign_318751275100020_2021",
                "sign_tomwsrevoque_REVOKEDNAME_2019",
            )
        ),
        ("PRODORG_sign_signature.rpps.fr_2016.der", ["ACI-EL-ORG", "ACR-EL"], Pki.IGC_SANTE),
    ],
)
def test_real_certificates_chain_to_their_cas(file: str, path: list[str], pki: Pki) -> None:
    result = judged(shared_cert(file), real_pool(), KNOWN, datetime(2026, 1, 1, tzinfo=UTC))
    codes = {a.sha256: a.code for a in authorities()}
    assert result.outcome is ChainOutcome.VERIFIED
    assert [codes[c.sha256] for c in result.path[1:]] == path
    assert result.anchor is not None
    assert (result.anchor.origin, result.anchor.pki) == (AnchorOrigin.KNOWN, pki)
    assert result.weak == ()


def test_after_its_cas_have_ended_nothing_is_verified() -> None:
    der = shared_cert("TESTORG_authcli_10B0127189_2019.der")
    late = datetime(2033, 6, 24, 12, tzinfo=UTC)
    assert judged(der, real_pool(), KNOWN, late).flaw is Flaw.EXPIRED


def test_the_issuer_of_a_real_cps_is_not_at_hand() -> None:
    der = shared_cert("TESTCARD_igcsante_sign_infirmier_00B6077602_2020.der")
    result = judged(der, real_pool(), KNOWN)
    assert result.outcome is ChainOutcome.ISSUER_NOT_AT_HAND
    assert result.missing is not None
    assert result.missing.code == "ACI-FO-PP-TEST"
    assert result.missing.addresses == (
        "http://igc-sante.esante.gouv.fr/AC%20TEST/ACI-FO-PP-TEST.cer",
    )


def test_a_real_cps2ter_card_is_weak_and_its_issuer_not_at_hand() -> None:
    der = shared_cert("TESTCARD_cps2ter_sign_medecin_899900038839_2016.der")
    result = judged(der, real_pool(), KNOWN)
    assert result.outcome is ChainOutcome.ISSUER_NOT_AT_HAND
    assert [(w.weakness, w.detail) for w in result.weak] == [(Weakness.WEAK_DIGEST, "sha1")]


def test_a_real_certificate_changed_in_one_bit_is_broken() -> None:
    der = bytearray(shared_cert("TESTORG_authcli_10B0127189_2019.der"))
    der[bytes(der).index(b"2019-R2") + 6] ^= 1
    result = judged(bytes(der), real_pool(), KNOWN)
    assert result.flaw is Flaw.SIGNATURE


# --- hostile input ----------------------------------------------------------------------------

PARTS = [LEAF.der(), CA.der(), ROOT.der()]


@settings(max_examples=150, deadline=None)
@given(
    st.integers(0, 2),
    st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), min_size=1, max_size=6),
    st.integers(0, 2000),
)
def test_mutated_chains_never_raise_and_never_pass(
    which: int, changes: list[tuple[int, int]], cut: int
) -> None:
    parts = list(PARTS)
    changed = bytearray(parts[which])
    for place, value in changes:
        changed[place % len(changed)] = value
    parts[which] = bytes(changed[: cut or None])
    result = judge_chain(parts[0], make_pool(parts[1:]), accepted(PARTS[2]), AT)
    say(result.reason)
    if parts[which] != PARTS[which]:
        assert result.outcome is not ChainOutcome.VERIFIED


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_judged(data: bytes) -> None:
    assert judge_chain(data, make_pool([data]), KNOWN, AT).flaw is Flaw.DAMAGED


def test_a_name_that_cannot_be_read_equals_none() -> None:
    assert canonical(()) == ()
    assert make_pool([ROOT.der()]).named(canonical(())) == ()
