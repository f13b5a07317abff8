"""Every outcome has its word, and chains are told with what was missing or accepted."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from cpx_tool.i18n import say
from cpx_tool.model.message import Message, msg
from cpx_tool.model.trust import Anchors, ChainOutcome, Imported, ImportStatus, WeakLink, Weakness
from cpx_tool.pki.chain import judge_chain
from cpx_tool.pki.crl import read_crl
from cpx_tool.pki.link import make_pool, read_link
from cpx_tool.pki.revocation import judge_revocation
from cpx_tool.report import trust
from cpx_tool.report.canvas import Paper
from support.pki import AT, CrlSpec, Spec, authority, dn, leaf, root, rsa_key

ROOT = root()
CA = authority(ROOT)
LEAF = leaf(CA)


def lines(certificate: bytes, *pool: bytes, accepted: tuple[bytes, ...] = ()) -> dict[str, str]:
    anchors = Anchors((), frozenset(hashlib.sha256(der).hexdigest() for der in accepted))
    chain = judge_chain(certificate, make_pool(pool), anchors, AT)
    revocation = judge_revocation(chain, [read_crl(CrlSpec(CA).der())], AT)
    told = trust.chain_lines(chain, revocation, say)
    body = trust.chain_body(chain, say)
    assert body["outcome"] == chain.outcome.value
    assert len(body["path"]) == len(chain.path)
    return {say(name): value for name, value in told}


def test_every_outcome_has_its_word() -> None:
    assert set(trust.CHAINS) == set(ChainOutcome)
    assert set(trust.STATUSES) == set(ImportStatus)
    grouped = [status for _, statuses in trust.GROUPS for status in statuses]
    assert sorted(grouped) == sorted(ImportStatus)
    told = {say(trust.weakness(WeakLink(kind, "", "SHA-1"))) for kind in Weakness}
    assert len(told) == len(Weakness)


def test_a_verified_chain_is_shown_from_the_top() -> None:
    told = lines(LEAF.der(), CA.der(), ROOT.der(), accepted=(ROOT.der(),))
    assert told["Chain, from the top"] == "root ← ca ← leaf"
    assert "you accepted it" in told["Chain"]
    assert told["Revocation"].startswith("Not revoked, says a CRL 1 day old")


def test_nothing_is_said_of_revocation_without_a_verified_chain() -> None:
    assert "Revocation" not in lines(LEAF.der(), CA.der())


def test_a_short_key_is_named() -> None:
    short = Spec(dn("old"), rsa_key(1024), dn("old"), rsa_key(1024))
    told = lines(leaf(short).der(), short.der(), accepted=(short.der(),))
    assert told["Weak"] == "old: short key (RSA 1024)"


def test_a_refusal_shows_the_fingerprint() -> None:
    certificate = read_link(ROOT.der()).certificate
    item = Imported(
        "root.cer",
        ImportStatus.UNKNOWN,
        trust.CHAINS[ChainOutcome.BROKEN],
        certificate.subject,
        certificate.sha256,
    )
    text = trust.render_import([item], say, Paper(80))
    assert certificate.sha256.upper() in text
    assert "REFUSED" in text


def test_names_reach_no_terminal_as_they_are() -> None:
    told = lines(leaf(ROOT, "a\x1b[31mb").der(), ROOT.der(), accepted=(ROOT.der(),))
    assert "\x1b" not in "".join(told.values())


def imported(status: ImportStatus, file: str, reason: Message, **more: object) -> Imported:
    certificate = read_link(ROOT.der()).certificate
    name = () if status is ImportStatus.UNREADABLE else certificate.subject
    return replace(Imported(file, status, reason, name), **more)


def test_an_import_of_many_files_is_told_in_groups() -> None:
    ask, damaged = msg("Ask where it comes from."), msg("It is damaged.")
    unknown = msg("Nobody knows it.")
    done = [
        imported(ImportStatus.UNKNOWN, "a.cer", unknown, sha256="ab", hint=ask),
        imported(ImportStatus.KNOWN, "b.cer", msg("Known.")),
        imported(ImportStatus.UNREADABLE, "c.cer", damaged),
        imported(ImportStatus.DUPLICATE, "d.cer", msg("There.")),
        imported(ImportStatus.UNKNOWN, "e.cer", unknown, sha256="cd", hint=ask),
        imported(ImportStatus.CRL, "f.crl", msg("CRL of root.")),
        imported(ImportStatus.NOT_A_CA, "g.cer", msg("No CA.")),
        imported(ImportStatus.UNREADABLE, "h.cer", damaged),
        imported(ImportStatus.ACCEPTED, "i.cer", msg("Accepted.")),
        imported(ImportStatus.CRL_REFUSED, "j.crl", msg("Nobody signed it."), hint=ask),
    ]
    assert trust.render_import(done, say, Paper(80)).splitlines() == [
        "Imported: 2",
        "  root",
        "  CRL of root.",
        "ACCEPTED because you said so: 1",
        "  root",
        "Already in the store: 1",
        "  root",
        "Left out, not the certificate of a CA: 1",
        "  g.cer",
        "REFUSED: 3",
        "  Nobody knows it.",
        "    root (a.cer)",
        "      SHA-256 AB",
        "    root (e.cer)",
        "      SHA-256 CD",
        "  Nobody signed it.",
        "    root (j.crl)",
        "  → Ask where it comes from.",
        "UNREADABLE: 2",
        "  It is damaged.",
        "    c.cer",
        "    h.cer",
    ]


def test_nothing_imported_is_told_in_no_group() -> None:
    assert trust.render_import([], say, Paper(80)) == ""
