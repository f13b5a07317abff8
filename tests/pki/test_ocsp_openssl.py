"""The same answers judged by `openssl ocsp`: it agrees, but where a difference is meant."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ObjectIdentifier

from cpx_tool.model.trust import RevocationOutcome
from cpx_tool.pki.certificate import read_certificate
from cpx_tool.pki.ocsp import judge_ocsp, read_ocsp
from support.pki import OcspSpec, Spec, authority, key, leaf, pem, responder, root

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")

NOW = datetime.now(UTC).replace(microsecond=0)
"""openssl compares the dates of an answer with the clock."""

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def current(spec: Spec) -> Spec:
    return spec.but(start=NOW - 100 * DAY, end=NOW + 100 * DAY)


ROOT = current(root())
CA = current(authority(ROOT))
LEAF = current(leaf(CA))
RESPONDER = current(responder(CA))
STRANGER = current(responder(current(root("stranger"))))
OF_THE_ROOT = current(responder(ROOT))
GOOD = OcspSpec(LEAF, CA, made=NOW - HOUR, due=NOW + HOUR)
CRITICAL = (x509.UnrecognizedExtension(ObjectIdentifier("1.2.3.4"), b"\x05\x00"), True)


def by(spec: Spec) -> OcspSpec:
    return GOOD.but(signer=spec, sent=(spec,))


ANSWERS: Mapping[str, OcspSpec] = {
    "good": GOOD,
    "by key": GOOD.but(by_key=True),
    "revoked": GOOD.but(revoked=(NOW - DAY, x509.ReasonFlags.superseded)),
    "unknown": GOOD.but(unknown=True),
    "stale": GOOD.but(made=NOW - 2 * DAY, due=NOW - DAY),
    "of tomorrow": GOOD.but(made=NOW + DAY, due=NOW + 2 * DAY),
    "without an end": GOOD.but(due=None),
    "delegated": by(RESPONDER),
    "delegated, by key": by(RESPONDER).but(by_key=True),
    "delegated, revoked": by(RESPONDER).but(revoked=(NOW - DAY, None)),
    "not sent along": GOOD.but(signer=RESPONDER),
    "no OCSPSigning": by(RESPONDER.but(extra=())),
    "by the certificate itself": by(LEAF),
    "by a stranger": by(STRANGER),
    "by a responder of the root": by(OF_THE_ROOT),
    "by an expired responder": by(RESPONDER.but(end=NOW - 2 * HOUR)),
    "by a responder of an unknown kind": by(RESPONDER.but(extra=(*RESPONDER.extra, CRITICAL))),
    "forged": GOOD.but(signing_key=key("forger")),
    "forged, delegated": by(RESPONDER).but(signing_key=key("forger")),
    "about another": GOOD.but(subject=LEAF.but(serial=99)),
}
DIFFERENT: Mapping[str, OcspSpec] = {
    "contradictory dates": GOOD.but(produced=NOW - 3 * HOUR),
    "an answer of a week ago without an end": GOOD.but(made=NOW - 7 * DAY, due=None),
    "a responder that may not sign": by(RESPONDER.but(usage=("key_encipherment",))),
}
"""Refused here, and accepted by OpenSSL."""


def ours(answer: OcspSpec) -> str:
    found = judge_ocsp(
        read_certificate(LEAF.der()),
        read_certificate(CA.der()),
        [read_ocsp(answer.der())],
        [],
        NOW,
    )
    if not found:
        return "refused"
    (result,) = found
    refused = (RevocationOutcome.NO_CRL, RevocationOutcome.STALE)
    return "refused" if result.outcome in refused else result.outcome.value


def openssls(answer: OcspSpec, directory: Path) -> str:
    for name, der in {"root": ROOT.der(), "ca": CA.der(), "leaf": LEAF.der()}.items():
        (directory / f"{name}.pem").write_bytes(pem(der))
    (directory / "answer.der").write_bytes(answer.der())
    command = ["openssl", "ocsp", "-no-CApath", "-no-CAstore", "-CAfile", "root.pem"]
    command += ["-verify_other", "ca.pem"]
    command += ["-issuer", "ca.pem", "-cert", "leaf.pem", "-respin", "answer.der"]
    done = subprocess.run(
        command, cwd=directory, capture_output=True, text=True, timeout=30, check=False
    )
    said = done.stdout + done.stderr
    if "Response verify OK" not in said or "WARNING: Status times invalid" in said:
        return "refused"
    words = {
        line.split(":")[1].strip() for line in said.splitlines() if line.startswith("leaf.pem")
    }
    (status,) = words
    return status if status in ("good", "revoked", "unknown") else "refused"


@pytest.mark.parametrize("name", ANSWERS)
def test_openssl_says_the_same(name: str, tmp_path: Path) -> None:
    assert ours(ANSWERS[name]) == openssls(ANSWERS[name], tmp_path)


@pytest.mark.parametrize("name", DIFFERENT)
def test_differences_that_are_meant(name: str, tmp_path: Path) -> None:
    assert (ours(DIFFERENT[name]), openssls(DIFFERENT[name], tmp_path)) == ("refused", "good")


def test_the_answers_cover_every_word() -> None:
    assert {ours(answer) for answer in ANSWERS.values()} == {
        "good",
        "revoked",
        "unknown",
        "refused",
    }
