"""CRLs and OCSP answers together: revoked wins, then the newer of those that say good."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

import pytest
from cryptography import x509

from cpx_tool.i18n import say
from cpx_tool.model.trust import Anchors, Revocation, RevocationOutcome, RevocationSource
from cpx_tool.pki.chain import judge_chain
from cpx_tool.pki.crl import read_crl
from cpx_tool.pki.link import make_pool
from cpx_tool.pki.ocsp import read_ocsp
from cpx_tool.pki.revocation import judge_revocation
from support.pki import AT, CrlSpec, OcspSpec, authority, key, leaf, names, root

ROOT = root()
CA = authority(ROOT)
URL = "http://ca.example/ca.crl"
LEAF = leaf(CA).but(extra=names(crl=[URL]))
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
GOOD_CRL = CrlSpec(CA)
GOOD = OcspSpec(LEAF, CA)
REASON = x509.ReasonFlags.key_compromise
HELD = x509.ReasonFlags.certificate_hold
REVOKING_CRL = CrlSpec(CA, {LEAF.serial: (AT - DAY, REASON)})
REVOKED = GOOD.but(revoked=(AT - 2 * DAY, REASON))
STALE = GOOD.but(made=AT - 3 * DAY, due=AT - 2 * DAY)
FORGED = GOOD.but(signing_key=key("forger"))
UNKNOWN = GOOD.but(unknown=True)
Outcome, Source = RevocationOutcome, RevocationSource


def judged(*evidence: CrlSpec | OcspSpec, at: datetime = AT, trusted: bool = True) -> Revocation:
    top = ROOT.der()
    accepted = frozenset({hashlib.sha256(top).hexdigest()} if trusted else ())
    chain = judge_chain(LEAF.der(), make_pool([CA.der(), top]), Anchors((), accepted), at)
    crls = [read_crl(e.der()) for e in evidence if isinstance(e, CrlSpec)]
    answers = [read_ocsp(e.der()) for e in evidence if isinstance(e, OcspSpec)]
    result = judge_revocation(chain, crls, at, answers)
    assert say(result.reason)
    return result


@pytest.mark.parametrize(
    ("evidence", "outcome", "source"),
    [
        ((), Outcome.NO_CRL, None),
        ((GOOD_CRL,), Outcome.GOOD, Source.CRL),
        ((GOOD,), Outcome.GOOD, Source.OCSP),
        ((REVOKING_CRL, GOOD), Outcome.REVOKED, Source.CRL),
        ((GOOD_CRL, REVOKED), Outcome.REVOKED, Source.OCSP),
        ((CrlSpec(CA, made=AT - HOUR / 2), REVOKED), Outcome.REVOKED, Source.OCSP),
        ((GOOD_CRL, GOOD), Outcome.GOOD, Source.OCSP),
        ((CrlSpec(CA, made=AT - HOUR / 2), GOOD), Outcome.GOOD, Source.CRL),
        ((GOOD_CRL, STALE), Outcome.GOOD, Source.CRL),
        ((CrlSpec(CA, made=AT - 9 * DAY), STALE), Outcome.GOOD, Source.CRL),
        ((GOOD_CRL, UNKNOWN), Outcome.GOOD, Source.CRL),
        ((GOOD_CRL, FORGED), Outcome.GOOD, Source.CRL),
        ((CrlSpec(CA, due=AT - HOUR), GOOD), Outcome.GOOD, Source.OCSP),
        ((CrlSpec(CA, made=AT - DAY, due=AT - HOUR), STALE), Outcome.STALE, Source.CRL),
        ((CrlSpec(CA, made=AT - 9 * DAY, due=AT - 8 * DAY), STALE), Outcome.STALE, Source.OCSP),
        ((STALE, UNKNOWN), Outcome.STALE, Source.OCSP),
        ((UNKNOWN,), Outcome.UNKNOWN, Source.OCSP),
        ((FORGED,), Outcome.NO_CRL, None),
        ((FORGED, GOOD), Outcome.GOOD, Source.OCSP),
    ],
)
def test_which_of_them_answers(
    evidence: tuple[CrlSpec | OcspSpec, ...], outcome: Outcome, source: Source | None
) -> None:
    for order in (evidence, evidence[::-1]):
        result = judged(*order)
        assert (result.outcome, result.source) == (outcome, source)


def test_a_hold_counts_until_something_newer_says_otherwise() -> None:
    hold = GOOD.but(revoked=(AT - 2 * DAY, HELD))
    older, newer = CrlSpec(CA, made=AT - DAY), CrlSpec(CA, made=AT - HOUR / 2)
    assert judged(hold, older).outcome is Outcome.REVOKED
    assert judged(hold, newer).outcome is Outcome.GOOD
    held_by_crl = CrlSpec(CA, {LEAF.serial: (AT - 2 * DAY, HELD)}, made=AT - DAY)
    assert judged(held_by_crl, GOOD).outcome is Outcome.GOOD
    assert judged(held_by_crl, GOOD.but(made=AT - 2 * DAY)).outcome is Outcome.REVOKED
    same = CrlSpec(CA, made=hold.made)
    assert judged(hold, same).outcome is Outcome.REVOKED


def test_what_does_not_count_is_said_with_what_does() -> None:
    result = judged(GOOD_CRL, FORGED, FORGED.but(unknown=True), UNKNOWN)
    assert [say(other) for other in result.others] == [
        "The signature on the OCSP answer at hand is not that of ca.",
        "The OCSP responder does not know this certificate.",
    ]
    assert judged(FORGED).others == (result.others[0],)
    for made in (AT - DAY, AT - HOUR / 2):
        assert judged(CrlSpec(CA, made=made), GOOD).others == ()
    assert judged(UNKNOWN).others == ()


def test_addresses_are_shown_where_something_is_missing() -> None:
    for evidence in ((), (UNKNOWN,), (STALE,), (FORGED,)):
        assert judged(*evidence).addresses == (URL,)
    assert judged(GOOD).addresses == ()


def test_without_a_verified_chain_nobodys_word_counts() -> None:
    for spec in (GOOD, REVOKED):
        result = judged(spec, trusted=False)
        assert (result.outcome, result.source) == (Outcome.NO_CRL, None)


def test_an_issuer_that_ocsp_revokes_answers_for_the_certificate() -> None:
    upper = OcspSpec(CA, ROOT, revoked=(AT - DAY, None))
    result = judged(GOOD, upper)
    assert (result.outcome, result.authority) == (Outcome.REVOKED, "ca")
    assert result.source is Source.OCSP
    assert "issuer ca is revoked" in say(result.reason)
    both = judged(REVOKED, upper)
    assert (both.authority, both.revoked_at) == (None, AT - 2 * DAY)
