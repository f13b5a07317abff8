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
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from cpx_tool.model.trust import Anchors, ChainOutcome, ChainResult, Flaw, RevocationOutcome
from cpx_tool.pki.chain import judge_chain
from cpx_tool.pki.crl import BadCrl, read_crl
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
from support.resign import remade, signed_again
from support.tree import EXTENSIONS, ISSUER, SERIAL, SUBJECT, VALIDITY, Node, changed

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")

ROOT = root()
CA = authority(ROOT)
LEAF = leaf(CA)
PAST, FUTURE = AT - timedelta(days=1), AT + timedelta(days=1)
ECDSA_WITH_SHA1 = Node(0x06, bytes.fromhex("2a8648ce3d0401"))
NO_DAY = Node(0x17, b"270230000000Z")
UNKNOWN = x509.UnrecognizedExtension(ObjectIdentifier("1.2.3"), b"\x05\x00")


@dataclass(frozen=True)
class Case:
    """A chain. `difference` is the line of docs/trust.md that says why OpenSSL answers otherwise;
    None where it agrees.
    """

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
    """The certificate without version and extensions, as X.509 version 1 has none."""

    def change(tbs: Node) -> None:
        tbs.inside = tbs.inside[SERIAL:EXTENSIONS]

    return remade(spec, change)


def put(place: int, *below: int, node: Node) -> Callable[[Node], None]:
    """A change: `node` stands there instead."""

    def change(tbs: Node) -> None:
        for step in (place, *below)[:-1]:
            tbs = tbs.inside[step]
        tbs.inside[(place, *below)[-1]] = node

    return change


def with_tags(place: int, tag: int) -> Callable[[Node], None]:
    """A change: the texts of a name are of this string type."""

    def change(tbs: Node) -> None:
        for rdn in tbs.inside[place].inside:
            for attribute in rdn.inside:
                attribute.inside[1].tag = tag

    return change


def reversed_issuer(tbs: Node) -> None:
    tbs.inside[ISSUER].inside.reverse()


def twice(tbs: Node) -> None:
    """The first extension stands twice."""
    extensions = tbs.inside[EXTENSIONS].inside[0].inside
    extensions.append(extensions[0])


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


def deep(count: int) -> tuple[bytes, tuple[bytes, ...], tuple[bytes, ...]]:
    """A chain of so many certificates."""
    specs = [root("depth 0")]
    while len(specs) < count - 1:
        specs.append(authority(specs[-1], f"depth {len(specs)}").but(path_length=None))
    return leaf(specs[-1]).der(), tuple(spec.der() for spec in specs[1:]), (specs[0].der(),)


NEW_ROOT = ROOT.but(own_key=key("new root"), issuer_key=key("new root"), serial=77)
OLD_WITH_NEW = ROOT.but(issuer_key=NEW_ROOT.own_key, serial=78)
NEW_WITH_OLD = NEW_ROOT.but(issuer_key=ROOT.own_key, serial=79)
"""A root that changes its key certifies each key with the other (RFC 4210, 4.4)."""

OTHER_ROOT = root("other")
CROSS = CA.but(issuer=OTHER_ROOT.subject, issuer_key=OTHER_ROOT.own_key, serial=80)
"""The CA, certified by another root, too."""


def constrained(country: str, *, critical: bool = True) -> Spec:
    """The CA, for names in that country only."""
    permitted = x509.DirectoryName(x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, country)]))
    return CA.but(extra=((x509.NameConstraints([permitted], None), critical),))


def with_usage(*usages: ObjectIdentifier, critical: bool = False) -> Spec:
    """The CA with an extended key usage."""
    return CA.but(extra=((x509.ExtendedKeyUsage(usages), critical),))


def with_extension(oid: str, value: str) -> Spec:
    """The leaf with a critical extension."""
    extension = x509.UnrecognizedExtension(ObjectIdentifier(oid), bytes.fromhex(value))
    return LEAF.but(extra=((extension, True),))


def of_leaf(certificate: bytes) -> tuple[bytes, tuple[bytes, ...], tuple[bytes, ...]]:
    """Another leaf, below the good CA."""
    return certificate, (CA.der(),), (ROOT.der(),)


def of_ca(certificate: bytes) -> tuple[bytes, tuple[bytes, ...], tuple[bytes, ...]]:
    """The good leaf, below another certificate of its CA."""
    return LEAF.der(), (certificate,), (ROOT.der(),)


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

RSA_CA = Spec(dn("rsa ca"), rsa_key(2048), RSA_ROOT.subject, RSA_ROOT.own_key)

ITS_DATES = (
    "a certificate that has expired, is not valid yet, or whose dates or subject cannot be read, "
    "is accepted (its issuers must be valid)"
)
FIRST_ISSUER = "all possible issuers are tried; OpenSSL follows the first that fits"
NAME_CONSTRAINTS = "name constraints are refused, critical or not"
OTHER_CRITICAL = (
    "policy constraints, policy mappings, inhibitAnyPolicy and a Netscape certificate type, "
    "critical, are refused"
)
CRITICAL_KEY_ID = "a key identifier that is marked critical is accepted"
WEAK_ANCHOR = "an anchor without basic constraints, or of version 1, is refused"
KEY_ID_SERIAL = "issuer and serial in the authority key identifier are not compared"
TOO_LONG = "a chain of more than eight certificates is not followed"
TRAILING = "bytes behind the end of a certificate or CRL damage it"
OUTLIVED = "a CRL made after the certificate expired does not make it good"
NO_DUE = "a CRL that does not say until when it counts is out of date"
DELTA = "a delta CRL is refused"
DIFFERENCES = {
    *(ITS_DATES, FIRST_ISSUER, NAME_CONSTRAINTS, OTHER_CRITICAL, CRITICAL_KEY_ID, WEAK_ANCHOR),
    *(KEY_ID_SERIAL, TOO_LONG, TRAILING, OUTLIVED, NO_DUE, DELTA),
}
"""As docs/trust.md has them, with the reasons."""

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
    Case("cross-certified CA", LEAF.der(), (CROSS.der(),), (OTHER_ROOT.der(),), V),
    Case("root with a new key, old one certified", LEAF.der(), (CA.der(), OLD_WITH_NEW.der()),
         (NEW_ROOT.der(),), V),
    Case("root with a new key, new one certified", leaf(NEW_ROOT).der(), (NEW_WITH_OLD.der(),),
         (ROOT.der(),), V),
    Case("new key of a root that allows no CA", leaf(NEW_ROOT).der(),
         (NEW_WITH_OLD.but(path_length=0).der(),), (ROOT.but(path_length=0).der(),), V),
    Case("root allows no CA", LEAF.der(), (CA.der(),), (ROOT.but(path_length=0).der(),), B,
         Flaw.PATH_LENGTH),
    Case("anchor in the middle allows no CA", *lower(0)[:1], lower(0)[1][:1], (CA.der(),), B,
         Flaw.PATH_LENGTH),
    Case("a CA where none is allowed, at the end", authority(CA, "lower").der(), (CA.der(),),
         (ROOT.der(),), V),
    Case("key identifier of another key in the leaf",
         *of_leaf(LEAF.but(aki=False, extra=((x509.AuthorityKeyIdentifier(b"x" * 20, None, None),
                                              False),)).der()), N),
    Case("key identifier of another key in the CA",
         *of_ca(CA.but(ski=False, extra=((x509.SubjectKeyIdentifier(b"x" * 20), False),)).der()),
         N),
    *(
        Case(f"{algorithm} {where}", *chain, V)
        for algorithm in ("rsa-md5", "rsa-sha1")
        for where, chain in {
            "in the leaf": (remade(leaf(RSA_ROOT), algorithm=algorithm), (), (RSA_ROOT.der(),)),
            "in the CA": (leaf(RSA_CA).der(), (remade(RSA_CA, algorithm=algorithm),),
                          (RSA_ROOT.der(),)),
            "in the root": (leaf(RSA_ROOT).der(), (), (remade(RSA_ROOT, algorithm=algorithm),)),
        }.items()
    ),
    Case("ecdsa over SHA-1", *of_leaf(remade(LEAF, algorithm="ecdsa-sha1")), V),
    Case("another algorithm outside",
         *of_leaf(changed(LEAF.der(), (1, 0), lambda _: ECDSA_WITH_SHA1)),
         B, Flaw.SIGNATURE),
    Case("extended key usage in the CA", *through(with_usage(ExtendedKeyUsageOID.CLIENT_AUTH)), V),
    Case("another extended key usage in the CA, critical",
         *through(with_usage(ExtendedKeyUsageOID.OCSP_SIGNING, critical=True)), V),
    Case("critical unknown extension in the anchor", LEAF.der(), (CA.der(),),
         (ROOT.but(extra=((UNKNOWN, True),)).der(),), B, Flaw.CRITICAL_EXTENSION),
    Case("critical freshest CRL", *of_leaf(with_extension("2.5.29.46", "3000").der()), B,
         Flaw.CRITICAL_EXTENSION),
    Case("critical policies", *of_leaf(with_extension("2.5.29.32", "300630040602 2a03").der()), V),
    Case("version 1 CA", LEAF.but(aki=False).der(), (version_1(CA.but(aki=False)),),
         (ROOT.der(),), B, Flaw.NOT_A_CA),
    Case("version 1 leaf", *of_leaf(version_1(LEAF.but(aki=False))), V),
    Case("names that are not allowed", *through(constrained("DE")), B, Flaw.CRITICAL_EXTENSION),
    Case("names that are not allowed, not critical", *through(constrained("DE", critical=False)),
         B, Flaw.CRITICAL_EXTENSION),
    Case("end of a CA that cannot be read", *of_ca(remade(CA, put(VALIDITY, 1, node=NO_DAY))), B,
         Flaw.DAMAGED),
    Case("end of a CA without seconds",
         *of_ca(remade(CA, put(VALIDITY, 1, node=Node(0x17, b"2701010000Z")))), B, Flaw.DAMAGED),
    Case("end of a CA in another zone",
         *of_ca(remade(CA, put(VALIDITY, 1, node=Node(0x17, b"270101000000+0100")))), B,
         Flaw.DAMAGED),
    Case("basic constraints twice", *of_ca(remade(CA, twice)), B, Flaw.DAMAGED),
    Case("eight certificates", *deep(8), V),
    Case("issuer in another string type", *of_leaf(remade(LEAF, with_tags(ISSUER, 0x13))), V),
    Case("issuer in T61String", *of_leaf(remade(LEAF, with_tags(ISSUER, 0x14))), V),
    Case("issuer in another order", *of_leaf(remade(LEAF, reversed_issuer)), N),
    Case("issuer of no name", *of_leaf(remade(LEAF, put(ISSUER, node=Node(0x30)))), B,
         Flaw.DAMAGED),
    Case("issuer with a part that cannot be read",
         *of_leaf(remade(LEAF, put(ISSUER, 0, 0, 0, node=Node(0x02, b"\1")))), B, Flaw.DAMAGED),
    Case("negative serial number",
         *of_leaf(remade(LEAF, put(SERIAL, node=Node(0x02, b"\xff")))), V),
    Case("key usage of no bit", *through(CA.but(usage=())), B, Flaw.KEY_USAGE),
    Case("root issued again with its key", LEAF.der(), (CA.der(), ROOT.but(end=PAST).der()),
         (ROOT.but(serial=81).der(),), V),
    Case("loose end above an anchor in the middle",
         LEAF.der(), (ROOT.but(end=PAST).der(),), (CA.der(),), V),
    # --- differences
    Case("leaf expired", *of_leaf(LEAF.but(end=PAST).der()), V, None, ITS_DATES),
    Case("leaf not yet valid", *of_leaf(LEAF.but(start=FUTURE).der()), V, None, ITS_DATES),
    Case("leaf of no end", *of_leaf(remade(LEAF, put(VALIDITY, 1, node=NO_DAY))), V, None,
         ITS_DATES),
    Case("leaf of a broken subject",
         *of_leaf(remade(LEAF, put(SUBJECT, 0, 0, 0, node=Node(0x02, b"\1")))), V, None, ITS_DATES),
    Case("names that are allowed", *through(constrained("FR")), B, Flaw.CRITICAL_EXTENSION,
         NAME_CONSTRAINTS),
    Case("names that are allowed, not critical", *through(constrained("FR", critical=False)), B,
         Flaw.CRITICAL_EXTENSION, NAME_CONSTRAINTS),
    Case("policy constraints", *through(CA.but(extra=((x509.PolicyConstraints(5, None), True),))),
         B, Flaw.CRITICAL_EXTENSION, OTHER_CRITICAL),
    Case("policy mappings",
         *of_leaf(with_extension("2.5.29.33", "300c300a06032a030406032a0305").der()), B,
         Flaw.CRITICAL_EXTENSION, OTHER_CRITICAL),
    Case("inhibitAnyPolicy", *through(CA.but(extra=((x509.InhibitAnyPolicy(0), True),))), B,
         Flaw.CRITICAL_EXTENSION, OTHER_CRITICAL),
    Case("Netscape certificate type",
         *of_leaf(with_extension("2.16.840.1.113730.1.1", "03020780").der()), B,
         Flaw.CRITICAL_EXTENSION, OTHER_CRITICAL),
    Case("key identifier marked critical", *of_leaf(
        LEAF.but(ski=False, extra=((x509.SubjectKeyIdentifier(b"x" * 20), True),)).der()), V, None,
        CRITICAL_KEY_ID),
    Case("no basic constraints in the anchor", leaf(ROOT).der(), (), (ROOT.but(ca=None).der(),),
         B, Flaw.NOT_A_CA, WEAK_ANCHOR),
    Case("version 1 root", leaf(ROOT).der(), (), (version_1(ROOT.but(aki=False)),), B,
         Flaw.NOT_A_CA, WEAK_ANCHOR),
    Case("issuer and serial in the key identifier, of another CA",
         with_issuer_in_aki(CA.serial + 1).der(), (CA.der(),), (ROOT.der(),), V, None,
         KEY_ID_SERIAL),
    Case("cross-signed root", *crossed(), V, None, FIRST_ISSUER),
    Case("cross-certified CA beside the other", LEAF.der(), (CA.der(), CROSS.der()),
         (OTHER_ROOT.der(),), V, None, FIRST_ISSUER),
    Case("not-a-CA twin beside a good one", LEAF.der(),
         (CA.but(ca=False, serial=9).der(), CA.der()), (ROOT.der(),), V, None, FIRST_ISSUER),
    Case("nine certificates", *deep(9), B, Flaw.TOO_LONG, TOO_LONG),
    Case("a byte behind the leaf", *of_leaf(LEAF.der() + b"\0"), B, Flaw.DAMAGED, TRAILING),
    Case("a byte behind the CA", *of_ca(CA.der() + b"\0"), N, None, TRAILING),
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


# --- any CAs, certified by each other --------------------------------------------------------

NAMES, KEYS = (dn("a"), dn("b"), dn("c")), (key("a"), key("b"))
GOOD_CA: Change = CHANGES[0]
OF_A_CA = (*[GOOD_CA] * 9, *CHANGES[3:12])
PLACES = st.tuples(st.sampled_from(NAMES), st.sampled_from(KEYS))


@st.composite
def authorities(draw: st.DrawFn) -> list[Spec]:
    """CAs with three names and two keys, that certify themselves and each other; after them,
    somebody whom one of them certified.
    """
    specs: list[Spec] = []
    for number in range(draw(st.integers(1, 7))):
        issuers = [(spec.subject, spec.own_key) for spec in specs]
        spec = Spec(*draw(PLACES), *draw(st.sampled_from(issuers) if issuers else PLACES))
        specs.append(draw(st.sampled_from(OF_A_CA))(spec.but(serial=1000 + number)))
    issuer = draw(st.sampled_from(specs))
    end = Spec(dn("end"), key("end"), issuer.subject, issuer.own_key, ca=False, usage=None)
    return [*specs, end.but(aki=draw(st.booleans()))]


def some_path_holds(end: Spec, pool: list[Spec], anchors: list[Spec]) -> bool:
    """All paths tried by the letter of RFC 5280, 6.1, with what is known of who signed what."""

    def climb(path: tuple[Spec, ...]) -> bool:
        return path[-1] in anchors or any(
            climb((*path, issuer)) for issuer in pool if _may_follow(path, issuer)
        )

    return climb((end,))


def _may_follow(path: tuple[Spec, ...], issuer: Spec) -> bool:
    subject = path[-1]
    below = sum(spec.subject != spec.issuer for spec in path[1:])
    return (
        subject.issuer == issuer.subject
        and (subject.signer or subject.issuer_key) is issuer.own_key
        and (not (subject.aki and issuer.ski) or subject.issuer_key is issuer.own_key)
        and bool(issuer.ca)
        and (issuer.usage is None or "key_cert_sign" in issuer.usage)
        and issuer.start <= AT <= issuer.end
        and (issuer.path_length is None or below <= issuer.path_length)
        and all((s.subject, s.own_key) != (issuer.subject, issuer.own_key) for s in path)
    )


def _alternatives(specs: list[Spec]) -> bool:
    """Whether some certificate has more than one possible issuer by name."""
    return any(sum(s.issuer == other.subject for other in specs[1:]) > 1 for s in specs)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(authorities(), st.sets(st.integers(0, 6), min_size=1, max_size=2))
def test_any_path_that_holds_is_found_and_openssl_finds_no_other(
    tmp_path: Path, specs: list[Spec], anchored: set[int]
) -> None:
    *pool, end = specs
    anchors = [pool[number % len(pool)] for number in anchored]
    of_pool, of_anchors = (tuple(spec.der() for spec in some) for some in (pool, anchors))
    result = judge(end.der(), of_pool, of_anchors)
    assume(result.flaw is not Flaw.TOO_MANY)
    verified = result.outcome is ChainOutcome.VERIFIED
    assert verified == some_path_holds(end, pool, anchors)
    good, words = openssl_verify(tmp_path, end.der(), of_pool, of_anchors)
    assert verified or not good, words
    assert good == verified or _alternatives([end, *pool]), words


# --- revocation -------------------------------------------------------------------------------


@dataclass(frozen=True)
class CrlCase:
    """A CRL of the issuer of LEAF, None where it is refused. `difference` as in `Case`."""

    name: str
    crl: CrlSpec | bytes
    outcome: RevocationOutcome | None
    difference: str | None = None

    def der(self) -> bytes:
        return self.crl if isinstance(self.crl, bytes) else self.crl.der()


R, G, S, U = (
    RevocationOutcome.REVOKED,
    RevocationOutcome.GOOD,
    RevocationOutcome.STALE,
    RevocationOutcome.NO_CRL,
)
LISTED = {LEAF.serial: (PAST - timedelta(days=3), None)}
GOOD = CrlSpec(CA)
ANOTHER = CrlSpec(CA, {77: (PAST, None)})
MADE, LIST = 3, 5
"""Where these stand in a tbsCertList."""


def crl_with(
    spec: CrlSpec, change: Callable[[Node], object], algorithm: str | None = None
) -> bytes:
    return signed_again(spec.der(), CA.own_key, change, algorithm)


def marked_entry(tbs: Node) -> None:
    """The first entry carries an unknown critical extension."""
    extension = Node(
        0x30, inside=[Node(0x06, b"\x2a\x03"), Node(0x01, b"\xff"), Node(0x04, b"\5\0")]
    )
    tbs.inside[LIST].inside[0].inside.append(Node(0x30, inside=[extension]))


def limited(*, indirect: bool = False, reasons: bool = False) -> CrlSpec:
    some = frozenset({x509.ReasonFlags.key_compromise}) if reasons else None
    point = x509.IssuingDistributionPoint(None, None, False, False, some, indirect, False)
    return CrlSpec(CA, extra=((point, True),))


CRL_CASES = (
    CrlCase("not listed", GOOD, G),
    CrlCase("listed", CrlSpec(CA, LISTED), R),
    CrlCase("listed with a reason",
            CrlSpec(CA, {LEAF.serial: (PAST, x509.ReasonFlags.key_compromise)}), R),
    CrlCase("on hold",
            CrlSpec(CA, {LEAF.serial: (PAST, x509.ReasonFlags.certificate_hold)}), R),
    CrlCase("taken out of the list",
            CrlSpec(CA, {LEAF.serial: (PAST, x509.ReasonFlags.remove_from_crl)}), G),
    CrlCase("another serial is listed", ANOTHER, G),
    CrlCase("a list of nothing", crl_with(ANOTHER, lambda tbs: tbs.inside[LIST].inside.clear()), G),
    CrlCase("version 1", crl_with(CrlSpec(CA, aki=False), lambda tbs: tbs.inside.pop(0)), G),
    CrlCase("over SHA-1", crl_with(GOOD, bool, "ecdsa-sha1"), G),
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
    CrlCase("indirect", limited(indirect=True), None),
    CrlCase("for some reasons", limited(reasons=True), None),
    CrlCase("unknown critical extension", CrlSpec(CA, extra=((UNKNOWN, True),)), None),
    CrlCase("unknown extension", CrlSpec(CA, extra=((UNKNOWN, False),)), G),
    CrlCase("unknown critical extension of another entry", crl_with(ANOTHER, marked_entry), None),
    CrlCase("a date without seconds",
            crl_with(GOOD, put(MADE, node=Node(0x17, b"2505300000Z"))), None),
    CrlCase("a date of another entry that is none",
            crl_with(ANOTHER, put(LIST, 0, 1, node=Node(0x17, b"tomorrow"))), G),
    # --- differences
    CrlCase("without a next update", crl_with(GOOD, lambda tbs: tbs.inside.pop(MADE + 1)), S,
            NO_DUE),
    CrlCase("delta", CrlSpec(CA, extra=((x509.DeltaCRLIndicator(1), True),)), None, DELTA),
    CrlCase("a byte behind it", GOOD.der() + b"\0", None, TRAILING),
)  # fmt: skip


def judge_crl(der: bytes) -> RevocationOutcome | None:
    try:
        crl = read_crl(der)
    except BadCrl:
        return None
    chain = judge(LEAF.der(), (CA.der(),), (ROOT.der(),))
    return judge_revocation(chain, [crl], AT).outcome


@pytest.mark.parametrize("case", CRL_CASES, ids=lambda case: case.name)
def test_openssl_agrees_on_revocation(case: CrlCase, tmp_path: Path) -> None:
    outcome = judge_crl(case.der())
    assert outcome is case.outcome
    pool, anchors = (CA.der(),), (ROOT.der(),)
    good, words = openssl_verify(tmp_path, LEAF.der(), pool, anchors, crls=[case.der()])
    agrees = good == (outcome is RevocationOutcome.GOOD)
    assert agrees == (case.difference is None), words


def test_a_ca_that_may_not_sign_crls(tmp_path: Path) -> None:
    ca = CA.but(usage=("key_cert_sign",))
    pool, anchors, crl = (ca.der(),), (ROOT.der(),), CrlSpec(ca).der()
    chain = judge(LEAF.der(), pool, anchors)
    assert judge_revocation(chain, [read_crl(crl)], AT).outcome is U
    assert not openssl_verify(tmp_path, LEAF.der(), pool, anchors, crls=[crl])[0]


@pytest.mark.parametrize("revoked", [True, False])
def test_a_revoked_ca(tmp_path: Path, revoked: bool) -> None:
    pool, anchors = (CA.der(),), (ROOT.der(),)
    upper = CrlSpec(ROOT, {CA.serial if revoked else 77: (PAST, None)})
    crls = [GOOD.der(), upper.der()]
    answer = judge_revocation(judge(LEAF.der(), pool, anchors), list(map(read_crl, crls)), AT)
    assert answer.outcome is (R if revoked else G)
    assert openssl_verify(tmp_path, LEAF.der(), pool, anchors, crls=crls)[0] is not revoked


def test_an_expired_certificate_may_have_left_the_crl(tmp_path: Path) -> None:
    """`OUTLIVED`: OpenSSL refuses it for its date, but has nothing against the CRL."""
    at = END + timedelta(days=30)
    old = leaf(ROOT.but(end=at + timedelta(days=900))).der()
    top = ROOT.but(end=at + timedelta(days=900)).der()
    crl = CrlSpec(ROOT, made=at - timedelta(days=1), due=at + timedelta(days=6)).der()
    accepted = frozenset({hashlib.sha256(top).hexdigest()})
    chain = judge_chain(old, make_pool([top]), Anchors((), accepted), at)
    assert judge_revocation(chain, [read_crl(crl)], at).outcome is U
    good, words = openssl_verify(tmp_path, old, (), (top,), at=at, crls=[crl])
    assert not good
    assert "expired" in words
    assert "CRL" not in words


# --- the documentation ------------------------------------------------------------------------


def test_the_differences_are_those_of_the_documentation() -> None:
    text = (Path(__file__).parents[2] / "docs" / "trust.md").read_text(encoding="utf-8")
    table = text.split("| difference | why |\n|---|---|\n")[1].split("\n\n")[0]
    rows = [row.split(" | ")[0].removeprefix("| ") for row in table.splitlines()]
    assert {row for row in rows if not row.startswith("an OCSP answer")} == DIFFERENCES


def test_every_difference_is_shown_by_a_case() -> None:
    shown = {case.difference for case in (*CASES, *CRL_CASES) if case.difference}
    assert shown == DIFFERENCES - {OUTLIVED}
