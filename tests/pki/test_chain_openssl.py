"""The same chains judged here and by `openssl verify`; each difference has its reason.

OpenSSL is asked with the anchors as `-trusted` under `-partial_chain`, so that any of them ends a
chain, as here; with nothing of the system's, and for the same moment.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import ObjectIdentifier
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cpx_tool.model.trust import Anchors, ChainOutcome, ChainResult, Flaw, RevocationOutcome
from cpx_tool.pki.chain import judge_chain
from cpx_tool.pki.crl import read_crl
from cpx_tool.pki.link import make_pool
from cpx_tool.pki.revocation import judge_revocation
from support.pki import (
    AT,
    END,
    START,
    CrlSpec,
    Spec,
    authority,
    dn,
    key,
    leaf,
    openssl_verify,
    root,
    rsa_key,
)

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")

ROOT = root()
CA = authority(ROOT)
LEAF = leaf(CA)
PAST, FUTURE = AT - timedelta(days=1), AT + timedelta(days=1)
UNKNOWN = x509.UnrecognizedExtension(ObjectIdentifier("1.2.3"), b"\x05\x00")


@dataclass(frozen=True)
class Case:
    """A chain. `difference` says why OpenSSL answers otherwise; None where it agrees."""

    name: str
    certificate: bytes
    pool: tuple[bytes, ...]
    anchors: tuple[bytes, ...]
    outcome: ChainOutcome
    flaw: Flaw | None = None
    difference: str | None = None

    def judged(self) -> ChainResult:
        return judge(self.certificate, self.pool, self.anchors)


def judge(certificate: bytes, pool: tuple[bytes, ...], anchors: tuple[bytes, ...]) -> ChainResult:
    accepted = frozenset(hashlib.sha256(der).hexdigest() for der in anchors)
    return judge_chain(certificate, make_pool((*anchors, *pool)), Anchors((), accepted), AT)


def version_1(spec: Spec) -> bytes:
    """The certificate without extensions, as X.509 version 1 has none; signed again."""
    made = asn1.Certificate.load(spec.der())
    tbs = asn1.TbsCertificate(
        {
            name: made["tbs_certificate"][name]
            for name in (
                "serial_number",
                "signature",
                "issuer",
                "validity",
                "subject",
                "subject_public_key_info",
            )
        }
    )
    signer = spec.issuer_key
    assert isinstance(signer, ec.EllipticCurvePrivateKey)
    signature = signer.sign(tbs.dump(), ec.ECDSA(SHA256(), deterministic_signing=True))
    der: bytes = asn1.Certificate(
        {
            "tbs_certificate": tbs,
            "signature_algorithm": made["signature_algorithm"],
            "signature_value": signature,
        }
    ).dump()
    return der


def through(ca: Spec) -> tuple[bytes, tuple[bytes, ...], tuple[bytes, ...]]:
    """A leaf, one intermediate and the root."""
    return leaf(CA).der(), (ca.der(),), (ROOT.der(),)


def lower(length: int | None) -> tuple[bytes, tuple[bytes, ...], tuple[bytes, ...]]:
    """Two intermediates, of which the upper one has this path length."""
    below = authority(CA, "lower")
    return leaf(below).der(), (below.der(), CA.but(path_length=length).der()), (ROOT.der(),)


def self_issued_between() -> tuple[bytes, tuple[bytes, ...], tuple[bytes, ...]]:
    """A CA's new key certified with its old one: it does not count for the path length."""
    new = Spec(CA.subject, key("new"), CA.subject, CA.own_key, path_length=0)
    return leaf(new).der(), (new.der(), CA.der()), (ROOT.der(),)


def loop() -> tuple[bytes, tuple[bytes, ...], tuple[bytes, ...]]:
    one = Spec(dn("one"), key("one"), dn("two"), key("two"))
    two = Spec(dn("two"), key("two"), dn("one"), key("one"))
    return leaf(one).der(), (one.der(), two.der()), (ROOT.der(),)


def crossed() -> tuple[bytes, tuple[bytes, ...], tuple[bytes, ...]]:
    """The root is signed by another one too, and only that is an anchor."""
    other = root("other")
    cross = ROOT.but(issuer=other.subject, issuer_key=other.own_key)
    return LEAF.der(), (CA.der(), ROOT.der(), cross.der()), (other.der(),)


def with_issuer_in_aki(serial: int) -> Spec:
    """A leaf whose authority key identifier states the issuer's issuer and serial too."""
    public = CA.own_key.public_key()
    digest = x509.SubjectKeyIdentifier.from_public_key(public).digest
    aki = x509.AuthorityKeyIdentifier(digest, [x509.DirectoryName(ROOT.subject)], serial)
    return LEAF.but(aki=False, extra=((aki, False),))


V, N, T, B = (
    ChainOutcome.VERIFIED,
    ChainOutcome.ISSUER_NOT_AT_HAND,
    ChainOutcome.NOT_TRUSTED,
    ChainOutcome.BROKEN,
)
TWIN = CA.but(own_key=key("twin"))
RSA_ROOT = Spec(dn("rsa"), rsa_key(2048), dn("rsa"), rsa_key(2048))
SHORT_ROOT = Spec(dn("short"), rsa_key(1024), dn("short"), rsa_key(1024))

FIRST_ISSUER = (
    "OpenSSL follows the first issuer that fits by name and key, and does not come back; here "
    "all alternatives are tried"
)

CASES = (
    Case("good", *through(CA), V),
    Case("anchor in the middle", LEAF.der(), (), (CA.der(),), V),
    Case("rsa", leaf(RSA_ROOT).der(), (), (RSA_ROOT.der(),), V),
    Case("rsa of 1024 bits", leaf(SHORT_ROOT).der(), (), (SHORT_ROOT.der(),), V),
    Case("root alone, an anchor", ROOT.der(), (), (ROOT.der(),), V),
    Case("no key usage in the CA", *through(CA.but(usage=None)), V),
    Case("no key identifiers", leaf(CA).but(aki=False).der(), (CA.but(ski=False).der(),),
         (ROOT.der(),), V),
    Case("name in other letters", *through(CA.but(subject=dn(" CA "))), V),
    Case("non-critical unknown extension", *through(CA.but(extra=((UNKNOWN, False),))), V),
    Case("path length fits", *lower(1), V),
    Case("self-issued CA between", *self_issued_between(), V),
    Case("expired twin beside a good one", LEAF.der(),
         (CA.but(end=PAST, serial=9).der(), CA.der()), (ROOT.der(),), V),
    Case("intermediate missing", LEAF.der(), (), (ROOT.der(),), N),
    Case("root missing", LEAF.der(), (CA.der(),), (), N),
    Case("same name, other key", LEAF.der(), (TWIN.der(),), (ROOT.der(),), N),
    Case("same name, other key, an anchor", LEAF.der(), (), (TWIN.der(),), N),
    Case("same CN, other name", LEAF.der(), (CA.but(subject=dn("ca", "RECETTE")).der(),),
         (ROOT.der(),), N),
    Case("root at hand, no anchor", LEAF.der(), (CA.der(), ROOT.der()), (), T),
    Case("self-signed, no anchor", root("own").der(), (), (ROOT.der(),), T),
    Case("CA expired", *through(CA.but(end=PAST)), B, Flaw.EXPIRED),
    Case("CA not yet valid", *through(CA.but(start=FUTURE)), B, Flaw.NOT_YET_VALID),
    Case("root expired", LEAF.der(), (CA.der(),), (ROOT.but(end=PAST).der(),), B, Flaw.EXPIRED),
    Case("CA signed by somebody else", *through(CA.but(signer=key("else"))), B, Flaw.SIGNATURE),
    Case("leaf signed by somebody else", LEAF.but(signer=key("else")).der(), (CA.der(),),
         (ROOT.der(),), B, Flaw.SIGNATURE),
    Case("path length exceeded", *lower(0), B, Flaw.PATH_LENGTH),
    Case("not a CA", *through(CA.but(ca=False)), B, Flaw.NOT_A_CA),
    Case("no basic constraints", *through(CA.but(ca=None)), B, Flaw.NOT_A_CA),
    Case("may not sign certificates", *through(CA.but(usage=("crl_sign",))), B, Flaw.KEY_USAGE),
    Case("critical unknown extension", *through(CA.but(extra=((UNKNOWN, True),))), B,
         Flaw.CRITICAL_EXTENSION),
    Case("critical unknown extension in the leaf", LEAF.but(extra=((UNKNOWN, True),)).der(),
         (CA.der(),), (ROOT.der(),), B, Flaw.CRITICAL_EXTENSION),
    Case("loop", *loop(), B, Flaw.LOOP),
    # --- differences
    Case("leaf expired", LEAF.but(end=PAST).der(), (CA.der(),), (ROOT.der(),), V, None,
         "whether the certificate itself has expired is asked elsewhere (CERT-NOT-EXPIRED): an "
         "old test card is of its PKI all the same"),
    Case("leaf not yet valid", LEAF.but(start=FUTURE).der(), (CA.der(),), (ROOT.der(),), V, None,
         "asked elsewhere (CERT-STARTED)"),
    Case("name constraints that allow it", *through(
        CA.but(extra=((x509.NameConstraints([x509.DNSName("example.org")], None), True),))), B,
        Flaw.CRITICAL_EXTENSION,
         "name constraints are not processed here, and RFC 5280 (4.2) wants a critical extension "
         "processed or refused; no CA of the IGC-Santé has them"),
    Case("policy constraints", *through(CA.but(extra=((x509.PolicyConstraints(5, None), True),))),
         B, Flaw.CRITICAL_EXTENSION,
         "not processed here, for the same reason; OpenSSL knows them, and looks at them only "
         "under -policy_check"),
    Case("no basic constraints in the anchor", leaf(ROOT).der(), (), (ROOT.but(ca=None).der(),),
         B, Flaw.NOT_A_CA,
         "keyCertSign alone is enough for OpenSSL at the top of a chain; RFC 5280 (4.2.1.9) wants "
         "the basic constraints in every CA"),
    Case("version 1 root", leaf(ROOT).der(), (), (version_1(ROOT.but(aki=False)),), B,
         Flaw.NOT_A_CA,
         "a version 1 certificate cannot say that it is a CA; OpenSSL takes a self-signed one at "
         "its owner's word, here only fingerprints are"),
    Case("issuer and serial in the key identifier, of another CA",
         with_issuer_in_aki(CA.serial + 1).der(), (CA.der(),), (ROOT.der(),), V, None,
         "the key and the signature decide; issuer and serial tell which of a cross-signed CA's "
         "certificates was meant, and all alternatives are tried here"),
    Case("cross-signed root", *crossed(), V, None, FIRST_ISSUER),
    Case("not-a-CA twin beside a good one", LEAF.der(),
         (CA.but(ca=False, serial=9).der(), CA.der()), (ROOT.der(),), V, None, FIRST_ISSUER),
    Case("loose end above an anchor in the middle",
         LEAF.der(), (ROOT.but(end=PAST).der(),), (CA.der(),), V),
)  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_openssl_agrees_or_it_is_known_why_not(case: Case, tmp_path: Path) -> None:
    result = case.judged()
    assert (result.outcome, result.flaw) == (case.outcome, case.flaw)
    good, words = openssl_verify(tmp_path, case.certificate, case.pool, case.anchors)
    agrees = good == (result.outcome is ChainOutcome.VERIFIED)
    assert agrees == (case.difference is None), words


def test_issuer_and_serial_in_the_key_identifier(tmp_path: Path) -> None:
    certificate = with_issuer_in_aki(CA.serial).der()
    assert judge(certificate, (CA.der(),), (ROOT.der(),)).outcome is V
    assert openssl_verify(tmp_path, certificate, (CA.der(),), (ROOT.der(),))[0]


# --- chains that chance makes -----------------------------------------------------------------

Change = Callable[[Spec], Spec]

CHANGES: tuple[Change, ...] = (
    lambda spec: spec,
    lambda spec: spec,
    lambda spec: spec,
    lambda spec: spec.but(ski=False),
    lambda spec: spec.but(aki=False),
    lambda spec: spec.but(usage=None),
    lambda spec: spec.but(path_length=0),
    lambda spec: spec.but(path_length=1),
    lambda spec: spec.but(ca=False, path_length=None),
    lambda spec: spec.but(usage=("crl_sign",)),
    lambda spec: spec.but(start=START, end=PAST),
    lambda spec: spec.but(start=FUTURE, end=END),
    lambda spec: spec.but(signer=key("else")),
    lambda spec: spec.but(own_key=key("twin")),
    lambda spec: spec.but(subject=dn("somebody")),
    lambda spec: spec.but(extra=((UNKNOWN, True),)),
)


@settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(st.lists(st.sampled_from(CHANGES), max_size=2), min_size=1, max_size=4),
    st.sets(st.integers(0, 3), max_size=2),
    st.sets(st.integers(0, 3), max_size=1),
    st.booleans(),
)
def test_openssl_agrees_on_any_chain(
    tmp_path: Path,
    changes: list[list[Change]],
    anchored: set[int],
    absent: set[int],
    doubled: bool,
) -> None:
    """`changes` are those of each CA, from the top; `doubled` puts the unchanged ones beside.

    Where there are alternatives, OpenSSL may miss one (`FIRST_ISSUER`), but must not find more.
    """
    specs = [root("level 0")]
    for level in range(1, len(changes)):
        above, name = specs[-1], f"level {level}"
        specs.append(Spec(dn(name), key(name), above.subject, above.own_key))
    ders = []
    for spec, own in zip(specs, changes, strict=True):
        changed = spec
        for change in own:
            changed = change(changed)
        ders.append(changed.der())
    pool = tuple(der for level, der in enumerate(ders) if level not in absent)
    if doubled:
        pool += tuple(spec.but(serial=99).der() for spec in specs)
    anchors = tuple(der for level, der in enumerate(ders) if level in anchored)
    certificate = leaf(specs[-1]).der()

    result = judge(certificate, pool, anchors)
    good, words = openssl_verify(tmp_path, certificate, pool, anchors)
    verified = result.outcome is ChainOutcome.VERIFIED
    assert good == verified or (doubled and verified), (result, words)


# --- revocation -------------------------------------------------------------------------------


@dataclass(frozen=True)
class CrlCase:
    """A CRL of the issuer of LEAF. `difference` as in `Case`."""

    name: str
    crl: CrlSpec
    outcome: RevocationOutcome
    difference: str | None = None


R, G, S, U = (
    RevocationOutcome.REVOKED,
    RevocationOutcome.GOOD,
    RevocationOutcome.STALE,
    RevocationOutcome.NO_CRL,
)
LISTED = {LEAF.serial: (PAST - timedelta(days=3), None)}
GOOD = CrlSpec(CA)
CRL_CASES = (
    CrlCase("not listed", GOOD, G),
    CrlCase("listed", CrlSpec(CA, LISTED), R),
    CrlCase("listed with a reason",
            CrlSpec(CA, {LEAF.serial: (PAST, x509.ReasonFlags.key_compromise)}), R),
    CrlCase("on hold",
            CrlSpec(CA, {LEAF.serial: (PAST, x509.ReasonFlags.certificate_hold)}), R),
    CrlCase("another serial is listed", CrlSpec(CA, {77: (PAST, None)}), G),
    CrlCase("out of date", CrlSpec(CA, due=AT - timedelta(hours=1)), S),
    CrlCase("made later", CrlSpec(CA, made=AT + timedelta(hours=1)), U),
    CrlCase("of another CA", CrlSpec(ROOT), U),
    CrlCase("of another key", CrlSpec(CA.but(own_key=key("twin"))), U),
    CrlCase("of another key, without saying so", CrlSpec(CA, signer=key("twin"), aki=False), U),
    CrlCase("revoked later than the moment", CrlSpec(CA, {LEAF.serial: (FUTURE, None)}), U),
    CrlCase("listed in a CRL out of date", CrlSpec(CA, LISTED, due=AT - timedelta(hours=1)), R),
    CrlCase("for users only", CrlSpec(CA, LISTED, extra=(
        (x509.IssuingDistributionPoint(None, None, True, False, None, False, False), True),)), R),
    CrlCase("for CAs only", CrlSpec(CA, extra=(
        (x509.IssuingDistributionPoint(None, None, False, True, None, False, False), True),)), U),
)  # fmt: skip


@pytest.mark.parametrize("case", CRL_CASES, ids=lambda case: case.name)
def test_openssl_agrees_on_revocation(case: CrlCase, tmp_path: Path) -> None:
    der = case.crl.der()
    chain = judge(LEAF.der(), (CA.der(),), (ROOT.der(),))
    answer = judge_revocation(chain, [read_crl(der)], AT)
    assert answer.outcome is case.outcome
    good, words = openssl_verify(tmp_path, LEAF.der(), (CA.der(),), (ROOT.der(),), crls=[der])
    agrees = good == (answer.outcome is RevocationOutcome.GOOD)
    assert agrees == (case.difference is None), words


def test_an_expired_certificate_may_have_left_the_crl(tmp_path: Path) -> None:
    """OpenSSL refuses it for its date; with -no_check_time it would call it good."""
    at = END + timedelta(days=30)
    old = leaf(ROOT.but(end=at + timedelta(days=900)))
    top = ROOT.but(end=at + timedelta(days=900)).der()
    crl = CrlSpec(ROOT, made=at - timedelta(days=1), due=at + timedelta(days=6)).der()
    accepted = frozenset({hashlib.sha256(top).hexdigest()})
    chain = judge_chain(old.der(), make_pool([top]), Anchors((), accepted), at)
    assert judge_revocation(chain, [read_crl(crl)], at).outcome is U
    good, words = openssl_verify(tmp_path, old.der(), (), (top,), at=at, crls=[crl])
    assert not good
    assert "expired" in words
