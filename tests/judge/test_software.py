"""Every check of software certificates on good files, and made to fail."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from cpx_tool.errors import ExitCode
from cpx_tool.i18n import say
from cpx_tool.judge.check import Scope
from cpx_tool.judge.checks import CHECKS
from cpx_tool.judge.facts import Missing
from cpx_tool.judge.software import software_exit_code
from cpx_tool.judge.software_facts import FILE_FACTS, PAIR_FACTS, file_facts, pair_facts
from cpx_tool.judge.software_reading import read_files
from cpx_tool.model.finding import Outcome, Severity, Verdict
from cpx_tool.model.software import (
    Purpose,
    SoftwareFile,
    Usage,
)
from cpx_tool.model.trust import TrustMaterial
from support.certificates import CRL_ADDRESS
from support.pki import CrlSpec, key
from support.software import (
    AUTO,
    CONF,
    MANU,
    NOW,
    SERV_SSL,
    SIGN,
    Org,
    authority,
    contents,
    file,
    found,
    judged,
    not_passed,
    public_half,
    unopened,
)

PASSED, FAILED, SKIPPED, ERROR = Outcome
SECOND = timedelta(seconds=1)
PORTAL_NAME = "asip-p12-EL-TEST-ORG-{}-20260101-120000.p12"

ISSUER = authority()
NO_ISSUER = {"P12-ISSUER": SKIPPED}
"""What stays open where no CA is at hand: all cases but those about chains."""


def trust(*crls: bytes, accepted: bool = True) -> TrustMaterial:
    """The CA at hand, and whether the user accepted it."""
    sha256 = hashlib.sha256(ISSUER.der()).hexdigest()
    return TrustMaterial((ISSUER.der(),), crls, (sha256,) if accepted else ())


def crl(*revoked: Org, **changes: Any) -> bytes:
    """A CRL of that CA, in force."""
    serials = {
        4660 + sum(map(ord, org.own_key)): (NOW - timedelta(days=9), None) for org in revoked
    }
    made = {"made": NOW - timedelta(days=1), "due": NOW + timedelta(days=6), **changes}
    return CrlSpec(ISSUER, serials, **made).der()


def opened(**changes: Any) -> SoftwareFile:
    """The good file with other contents."""
    return SoftwareFile("INSI-AUTO.p12", replace(contents(), **changes))


def two_certificates() -> SoftwareFile:
    return SoftwareFile("two.p12", contents(AUTO, MANU.der()))


def other_key() -> SoftwareFile:
    return opened(key=public_half(key("stranger")))


def damaged() -> SoftwareFile:
    return opened(certificates=(AUTO.der()[:2],))


# --- good files -------------------------------------------------------------------------------


def test_a_pair_passes_and_only_trust_stays_open() -> None:
    checklist = judged(file(AUTO), file(MANU))
    assert not_passed(checklist) == NO_ISSUER
    assert checklist.verdict is Verdict.PASSED
    assert software_exit_code(checklist) is ExitCode.PASSED
    assert [f.key for f in checklist.files] == ["INSI-AUTO.p12", "INSI-MANU.p12"]
    assert {f.usage for f in checklist.files} == {Usage.AUTH_CLI}


def test_with_ca_and_crl_at_hand_all_pass_but_for_the_acceptance() -> None:
    checklist = judged(file(AUTO), file(MANU), trust=trust(crl()))
    assert not_passed(checklist) == {"P12-ANCHOR": FAILED}
    assert checklist.verdict is Verdict.PASSED


def test_every_check_of_files_is_asked_once_of_a_good_pair() -> None:
    named = file(AUTO, PORTAL_NAME.format("AUTH_CLI"))
    siret = replace(AUTO, structure="318751275100020")
    checklist = judged(named, file(siret), file(MANU), trust=trust(crl()))
    asked = {f.check for f in checklist.all_findings()}
    assert asked == {c.id for c in CHECKS if c.scope in (Scope.FILE, Scope.FILES)}


def test_a_single_file_is_no_pair() -> None:
    checklist = judged(file(AUTO))
    assert checklist.findings == ()
    assert checklist.verdict is Verdict.PASSED


def test_the_names_of_facts_are_all_there() -> None:
    (read,) = read_files((file(),))
    facts = file_facts(read, None, Purpose.INSI, NOW, timedelta(days=1))
    assert set(facts) == set(FILE_FACTS)
    assert set(pair_facts((read,), Purpose.INSI)) == set(PAIR_FACTS)
    (unread,) = read_files((unopened(),))
    missing = file_facts(unread, None, Purpose.INSI, NOW, timedelta(days=1))
    present = {name for name, fact in missing.items() if not isinstance(fact, Missing)}
    assert present == {"observed", "purpose", "judged_at", "warning_period"}


# --- one file that is wrong -------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """A file, exactly what does then not pass (first what it is about), and words of it."""

    name: str
    file: Callable[[], SoftwareFile]
    words: str
    expected: dict[str, Outcome]


def org(**changes: Any) -> Callable[[], SoftwareFile]:
    return lambda: file(replace(AUTO, **changes), "INSI-AUTO.p12")


_NOT_ASKED = dict.fromkeys(("P12-NAME", "P12-USAGE", "P12-STRUCTURE", "P12-STRUCTURE-KEY"), SKIPPED)
NOT_AN_ORGANISATION = {"P12-ORGANISATION": FAILED, **_NOT_ASKED, "P12-FILE-NAME": SKIPPED}
NO_CERTIFICATE = {
    **dict.fromkeys(
        (
            "P12-KEY",
            "P12-ORGANISATION",
            "P12-TEST",
            "P12-STARTED",
            "P12-NOT-EXPIRED",
            "P12-EXPIRY",
            "P12-CHAIN",
            "P12-ISSUER",
            "P12-ANCHOR",
            "P12-CRL",
            "P12-REVOKED",
            "P12-FILE-NAME",
        ),
        SKIPPED,
    ),
    **_NOT_ASKED,
}

CASES = [
    Case(
        "bare-key",
        lambda: opened(protected=False),
        "without a password",
        {"P12-PROTECTED": FAILED},
    ),
    Case(
        "no-key",
        lambda: opened(key=None, keys=0),
        "no private key, only certificates",
        {"P12-CONTENTS": FAILED, "P12-KEY": SKIPPED},
    ),
    Case("two-keys", lambda: opened(keys=2), "2 keys", {"P12-CONTENTS": FAILED}),
    Case(
        "two-certificates",
        two_certificates,
        "INSI-AUTO, INSI-MANU",
        {"P12-CONTENTS": FAILED},
    ),
    Case(
        "nothing-but-a-key",
        lambda: opened(certificates=()),
        "no certificate",
        {"P12-CONTENTS": FAILED, "P12-READABLE": SKIPPED, **NO_CERTIFICATE},
    ),
    Case(
        "damaged",
        damaged,
        "not a certificate",
        {"P12-READABLE": FAILED, **NO_CERTIFICATE},
    ),
    Case("other-key", other_key, "not the one of the certificate", {"P12-KEY": FAILED}),
    Case(
        "of-a-person",
        org(cn="899700075122", surname="DOC0007512", structure=None),
        "a person's certificate",
        NOT_AN_ORGANISATION,
    ),
    Case("of-a-ca", org(ca=True), "certificate of a CA: INSI-AUTO", NOT_AN_ORGANISATION),
    Case(
        "of-a-card",
        org(category=0x80),
        "certificate of a card",
        {**NOT_AN_ORGANISATION, "P12-TEST": FAILED},
    ),
    Case(
        "of-nobody",
        org(category=None),
        "Nothing in it says",
        {**NOT_AN_ORGANISATION, "P12-TEST": FAILED},
    ),
    Case("production", org(category=0x03), "production category (03)", {"P12-TEST": FAILED}),
    Case(
        "production-policy",
        org(policy="1.2.250.1.213.1.7.1.1.2.4.1"),
        "production policy",
        {"P12-TEST": FAILED},
    ),
    Case(
        "another-name",
        org(cn="Certificat Wizard DMP 2019-R2"),
        "“Certificat Wizard DMP 2019-R2”: neither INSI-AUTO nor INSI-MANU",
        {"P12-NAME": FAILED},
    ),
    Case("no-name", org(cn=None), "no name (CN)", {"P12-NAME": FAILED}),
    Case(
        "wrong-dash",
        org(cn="INSI\u2010MANU"),
        "instead of INSI-MANU: HYPHEN U+2010 at position 5 instead of HYPHEN-MINUS U+002D.",
        {"P12-NAME": FAILED},
    ),
    Case(
        "zero-width",
        org(cn="INSI-\u200bAUTO"),
        "a blank at position 6 (ZERO WIDTH SPACE U+200B)",
        {"P12-NAME": FAILED, "P12-READABLE": FAILED},
    ),
    Case("no-structure", org(structure=None), "Struct_IdNat", {"P12-STRUCTURE": FAILED}),
    Case(
        "other-structure",
        org(structure="Direction informatique"),
        "Struct_IdNat",
        {"P12-STRUCTURE": FAILED},
    ),
    Case(
        "structure-key",
        org(structure="318751275100021"),
        "SIRET 318751275100021",
        {"P12-STRUCTURE-KEY": FAILED},
    ),
    Case("sign", org(usages=SIGN), "made for SIGN", {"P12-USAGE": FAILED}),
    Case("server", org(usages=SERV_SSL), "made for SERV_SSL", {"P12-USAGE": FAILED}),
    Case("unknown-usage", org(usages=CONF), "Not known", {"P12-USAGE": SKIPPED}),
    Case(
        "not-yet-valid",
        org(start=NOW + SECOND),
        "Valid only from 2026-01-15",
        {"P12-STARTED": FAILED},
    ),
    Case(
        "expired",
        org(end=NOW - SECOND),
        "Expired on 2026-01-15",
        {"P12-NOT-EXPIRED": FAILED},
    ),
    Case(
        "expiring",
        org(end=NOW + timedelta(days=60) - SECOND),
        "59 days left",
        {"P12-EXPIRY": FAILED},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_one_wrong_file(case: Case) -> None:
    checklist = judged(case.file())
    assert not_passed(checklist) == {**NO_ISSUER, **case.expected}
    proves = next(iter(case.expected))
    finding = found(checklist, proves)
    assert finding is not None
    assert case.words in say(finding.message)
    if finding.outcome is FAILED or finding.check == "P12-USAGE":
        assert finding.hint is not None
    assert checklist.verdict is _verdict(case.expected)


def _verdict(expected: dict[str, Outcome]) -> Verdict:
    blockers = {
        outcome
        for check, outcome in expected.items()
        if next(c for c in CHECKS if c.id == check).severity is Severity.BLOCKER
    }
    if FAILED in blockers:
        return Verdict.FAILED
    return Verdict.INCOMPLETE if blockers else Verdict.PASSED


def test_a_file_that_did_not_open_says_why_and_nothing_else_is_asked() -> None:
    checklist = judged(unopened())
    finding = found(checklist, "P12-OPENS")
    assert finding is not None
    assert (say(finding.message), finding.outcome) == ("It is broken.", FAILED)
    assert finding.hint is not None
    assert say(finding.hint) == "Mend it."
    others = {o for check, o in not_passed(checklist).items() if check != "P12-OPENS"}
    assert others == {SKIPPED}
    assert checklist.verdict is Verdict.FAILED


@pytest.mark.parametrize("border", ["start", "end"])
def test_the_second_of_now_is_within_the_validity(border: str) -> None:
    assert "P12-STARTED" not in not_passed(judged(org(**{border: NOW})()))
    assert "P12-NOT-EXPIRED" not in not_passed(judged(org(**{border: NOW})()))


def test_exactly_the_warning_period_is_long_enough() -> None:
    assert not_passed(judged(org(end=NOW + timedelta(days=60))())) == NO_ISSUER


@pytest.mark.parametrize(
    ("usages", "named", "outcome"),
    [
        (SIGN, "SIGN", PASSED),
        (SIGN, "AUTH_CLI", FAILED),
        (SIGN, "CONF", FAILED),
        (CONF, "CONF", SKIPPED),
        (CONF, "AUTH_CLI", SKIPPED),
    ],
)
def test_the_usage_in_the_file_s_name(usages: Any, named: str, outcome: Outcome) -> None:
    path = f"some/where/{PORTAL_NAME.format(named)}"
    checklist = judged(file(replace(AUTO, usages=usages), path), purpose=Purpose.ANY)
    finding = found(checklist, "P12-FILE-NAME")
    assert finding is not None
    assert finding.outcome is outcome


def test_a_renamed_file_says_nothing_of_the_usage() -> None:
    assert found(judged(file(AUTO, "auto.p12")), "P12-FILE-NAME") is None


def test_the_leaf_is_the_certificate_of_the_key_wherever_it_stands() -> None:
    held = replace(contents(MANU), certificates=(AUTO.der(), ISSUER.der(), MANU.der()))
    checklist = judged(SoftwareFile("two.p12", held))
    # the CA in the file is at hand, but nobody vouches for it
    assert not_passed(checklist) == {"P12-CHAIN": FAILED, "P12-CONTENTS": FAILED}
    assert checklist.files[0].identity is not None
    assert checklist.files[0].identity.holder.common_name == "INSI-MANU"


def test_cas_in_the_file_are_no_certificates_of_its_own() -> None:
    checklist = judged(SoftwareFile("auto.p12", contents(AUTO, ISSUER.der(), ISSUER.der())))
    finding = found(checklist, "P12-CONTENTS")
    assert finding is not None
    assert finding.outcome is PASSED
    assert "1 certificate of a CA" in say(finding.message)


# --- for another purpose ----------------------------------------------------------------------


@pytest.mark.parametrize("usages", [SIGN, CONF])
def test_for_another_purpose_neither_name_nor_usage_nor_pair_is_asked(usages: Any) -> None:
    one = replace(AUTO, cn="DMP-2019", usages=usages)
    other = replace(MANU, cn="DMP-2019", structure="318751275100020")
    checklist = judged(file(one, "one.p12"), file(other, "other.p12"), purpose=Purpose.ANY)
    assert not_passed(checklist) == NO_ISSUER
    assert checklist.verdict is Verdict.PASSED
    asked = {f.check for f in checklist.all_findings()}
    assert asked.isdisjoint({"P12-NAME", "P12-USAGE", "P12-PAIR", "P12-PAIR-STRUCTURE"})
    assert {"P12-DISTINCT", "P12-PAIR-KEY"} <= asked


# --- pairs ------------------------------------------------------------------------------------

OTHER_STRUCTURE = replace(MANU, structure="10B0127189")
SAME_KEY = replace(MANU, own_key="auto")

PAIRS: dict[str, tuple[tuple[SoftwareFile, ...], dict[str, Outcome], str]] = {
    "the-same-file-twice": (
        (file(AUTO), file(AUTO)),
        {"P12-DISTINCT": FAILED, "P12-PAIR": FAILED},
        "INSI-AUTO.p12, INSI-AUTO.p12#2",
    ),
    "the-same-certificate-in-two-files": (
        (file(AUTO), file(AUTO, "copy.p12"), file(MANU)),
        {"P12-DISTINCT": FAILED, "P12-PAIR": FAILED},
        "INSI-AUTO.p12, copy.p12.",
    ),
    "two-of-one-name": (
        (file(AUTO), file(replace(AUTO, own_key="renewed"), "new.p12")),
        {"P12-PAIR": FAILED},
        "More than one file is: INSI-AUTO.",
    ),
    "a-third-one": (
        (file(AUTO), file(MANU), file(replace(MANU, own_key="third"), "third.p12")),
        {"P12-PAIR": FAILED},
        "More than one file is: INSI-MANU.",
    ),
    "a-wrong-name": (
        (file(AUTO), file(replace(MANU, cn="INSI-MANUEL"))),
        {"P12-PAIR": FAILED, "P12-NAME": FAILED},
        "Neither INSI-AUTO nor INSI-MANU: INSI-MANUEL.",
    ),
    "two-structures": (
        (file(AUTO), file(OTHER_STRUCTURE)),
        {"P12-PAIR-STRUCTURE": FAILED},
        "10B0152872, 10B0127189",
    ),
    "one-without-structure": (
        (file(AUTO), file(replace(MANU, structure=None))),
        {"P12-STRUCTURE": FAILED},
        "Struct_IdNat",
    ),
    "one-key": (
        (file(AUTO), file(SAME_KEY)),
        {"P12-PAIR-KEY": FAILED},
        "INSI-AUTO.p12, INSI-MANU.p12",
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_a_pair_that_is_none(name: str) -> None:
    files, expected, words = PAIRS[name]
    checklist = judged(*files)
    assert not_passed(checklist) == {**NO_ISSUER, **expected}
    proves = next(iter(expected))
    told = [
        say(f.message) for f in checklist.all_findings() if (f.check, f.outcome) == (proves, FAILED)
    ]
    assert len(told) == 1
    assert words in told[0]


def test_of_a_pair_of_which_one_did_not_open_nothing_is_said_that_is_not_known() -> None:
    checklist = judged(file(AUTO), unopened())
    assert checklist.findings == ()
    assert checklist.verdict is Verdict.FAILED
    twice = judged(file(AUTO), file(AUTO, "copy.p12"), unopened())
    assert {f.check for f in twice.findings if f.outcome is FAILED} == {"P12-DISTINCT", "P12-PAIR"}


# --- chain and revocation ---------------------------------------------------------------------


TRUST = (
    (AUTO, trust(accepted=False), {"P12-CHAIN": FAILED}, Verdict.FAILED),
    (
        AUTO,
        trust(),
        {"P12-ANCHOR": FAILED, "P12-CRL": SKIPPED},
        Verdict.PASSED,
    ),
    (
        AUTO,
        trust(crl(AUTO)),
        {"P12-ANCHOR": FAILED, "P12-REVOKED": FAILED},
        Verdict.FAILED,
    ),
    (
        AUTO,
        trust(crl(due=NOW - SECOND)),
        {"P12-ANCHOR": FAILED, "P12-CRL": FAILED},
        Verdict.PASSED,
    ),
    (replace(AUTO, signer="forger"), trust(), {"P12-CHAIN": FAILED}, Verdict.FAILED),
)
"""Certificate, what is at hand, what does then not pass, the verdict."""


@pytest.mark.parametrize(
    ("which", "material", "expected", "verdict"),
    TRUST,
    ids=["not-trusted", "no-crl", "revoked", "stale", "forged"],
)
def test_chain_and_revocation(
    which: Org, material: TrustMaterial, expected: dict[str, Outcome], verdict: Verdict
) -> None:
    checklist = judged(file(which), trust=material)
    assert not_passed(checklist) == expected
    assert checklist.verdict is verdict


def test_what_is_not_at_hand_comes_with_its_address() -> None:
    finding = found(judged(file(), trust=trust()), "P12-CRL")
    assert finding is not None
    assert finding.hint is not None
    assert CRL_ADDRESS in say(finding.hint)
    issuer = found(judged(file()), "P12-ISSUER")
    assert issuer is not None
    assert issuer.hint is not None
    assert "ACI-EL-ORG-TEST.cer" in say(issuer.hint)


def test_one_file_brings_the_issuer_of_the_other() -> None:
    with_ca = SoftwareFile("auto.p12", contents(AUTO, ISSUER.der()))
    accepted = replace(trust(), certificates=())
    checklist = judged(with_ca, file(MANU), trust=accepted)
    assert not_passed(checklist) == {"P12-ANCHOR": FAILED, "P12-CRL": SKIPPED}


# --- exit codes -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ((file(AUTO), file(MANU)), 0),
        ((file(AUTO), file(MANU, "x.p12"), file(MANU)), 1),
        ((file(replace(AUTO, usages=CONF)),), 1),
        ((unopened(),), 2),
        ((file(replace(AUTO, cn="x")), unopened()), 2),
    ],
)
def test_exit_codes(files: tuple[SoftwareFile, ...], code: int) -> None:
    assert software_exit_code(judged(*files)) == code


def test_the_tables_above_make_every_check_fail() -> None:
    tables = [case.expected for case in CASES]
    tables += [expected for _, expected, _ in PAIRS.values()]
    tables += [expected for _, _, expected, _ in TRUST]
    failing = {check for table in tables for check, outcome in table.items() if outcome is FAILED}
    elsewhere = {"P12-OPENS", "P12-FILE-NAME"}  # tests of their own
    never = {"P12-ISSUER"}  # that something is not at hand is no failure
    of_files = {c.id for c in CHECKS if c.scope in (Scope.FILE, Scope.FILES)}
    assert failing == of_files - elsewhere - never
