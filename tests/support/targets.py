"""What is fed with wrong inputs, and what must hold whatever comes: the targets of `make fuzz`,
and of the property tests.

A target takes bytes and raises nothing, unless something is wrong with the tool.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import tempfile
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, pkcs7
from cryptography.x509 import load_der_x509_certificate

from cpx_tool.adapters import observation_file
from cpx_tool.adapters.codec import to_json
from cpx_tool.catalogue.authorities import authorities
from cpx_tool.catalogue.endpoints import parse_endpoint
from cpx_tool.catalogue.nomenclature import label
from cpx_tool.catalogue.set_file import read_set
from cpx_tool.catalogue.sets import find_set
from cpx_tool.emulate.chip.chip import Chip
from cpx_tool.emulate.chip.contents import USER_PIN
from cpx_tool.emulate.chip.pin import Pin
from cpx_tool.errors import BadInput
from cpx_tool.i18n import say
from cpx_tool.judge.judge import judge
from cpx_tool.judge.verdict import exit_code
from cpx_tool.model.certificate import Certificate, Name
from cpx_tool.model.finding import Finding
from cpx_tool.model.software import SoftwareFile
from cpx_tool.model.trust import Anchors, ChainOutcome, ChainResult, RevocationOutcome
from cpx_tool.pki.card_objects import read_id_card, read_info_ps, read_name_ps
from cpx_tool.pki.certificate import BadCertificate, read_certificate, read_certificates
from cpx_tool.pki.chain import judge_chain
from cpx_tool.pki.crl import BadCrl, read_crl, read_crls
from cpx_tool.pki.identity import identify
from cpx_tool.pki.link import Pool, make_pool, read_link
from cpx_tool.pki.ocsp import BadOcsp, read_ocsp
from cpx_tool.pki.parts import DEFECTS
from cpx_tool.pki.pfx import BadPfx, read_pfx
from cpx_tool.pki.proof import Proof, proves_test_card
from cpx_tool.pki.revocation import judge_revocation
from cpx_tool.pki.standing import standing_of
from cpx_tool.pki.tlv import read_tlvs
from cpx_tool.report import checklist_json, console
from cpx_tool.report.canvas import Paper
from support import build, certificates, software
from support.chips import (
    ABUSES,
    CONTACTLESS_DIALOGUE,
    CPS3_DIALOGUE,
    CPS4_DIALOGUE,
    contactless_chip,
    cps3_card,
    cps4_card,
    watched,
)
from support.cli import run_here
from support.mutate import Dice, mutated_bytes, mutated_der, mutated_json, mutated_toml
from support.paths import SHARED_CERTS
from support.pki import (
    AT,
    CrlSpec,
    OcspSpec,
    authority,
    dn,
    key,
    leaf,
    pem,
    responder,
    root,
    rsa_key,
)
from support.tls import spoilt

WIDEST_LINE = 120
"""Of a report on 80 columns; some lines are for copying, and never broken."""

_PARTS = (
    "serial number",
    "start of validity",
    "end of validity",
    "subject",
    "issuer",
    "public key",
    "signature algorithm",
    "extensions",
    *DEFECTS,
)
_EXTENSION = re.compile(r"extension [0-9.]+")


@dataclass(frozen=True)
class Target:
    """`run` raises when something is wrong; `mutate` makes another input of one."""

    run: Callable[[bytes], None]
    seeds: Callable[[], Sequence[bytes]]
    mutate: Callable[[bytes, Dice], bytes]


# --- certificates -----------------------------------------------------------------------------


def certificate(data: bytes) -> None:
    """Read or refused; what is read is fit for a report, and proves no more than it may."""
    try:
        ders = read_certificates(data)
    except BadCertificate:
        return
    for der in ders[:100]:
        try:
            read = read_certificate(der)
        except BadCertificate:
            continue
        _fit_for_a_report(read)
        _judged_as_software(der)
        _proves_no_more_than_it_may(read)
        _read_as_by_pyca(der, read)


def _fit_for_a_report(read: Certificate) -> None:
    for problem in read.problems:
        assert problem in _PARTS or _EXTENSION.fullmatch(problem), problem
    texts = [*_texts(read.subject), *_texts(read.issuer), *read.specialities, *read.dns_names]
    texts += [*read.crl_urls, *read.issuer_urls, *read.ocsp_urls, read.upn or ""]
    assert all(_printable(text) for text in texts)
    assert _printable(identify(read, label).holder.display)


def _judged_as_software(der: bytes) -> None:
    """As if a PKCS#12 had held it, with another key."""
    held = software.contents()
    checklist = software.judged(
        SoftwareFile("input.p12", replace(held, certificates=(der, *held.certificates)))
    )
    _no_check_failed_by_itself(checklist.all_findings())


def _no_check_failed_by_itself(findings: Iterable[Finding]) -> None:
    for finding in findings:
        assert not say(finding.message).startswith("This check itself"), finding


def _texts(name: Name) -> Iterator[str]:
    return (value for rdn in name for _, value in rdn)


def _printable(text: str) -> bool:
    return text.replace("\N{NO-BREAK SPACE}", " ").isprintable()


def _proves_no_more_than_it_may(read: Certificate) -> None:
    proof = proves_test_card([read]).proof
    whole = all(problem.startswith("extension ") for problem in read.problems)
    assert proof is not Proof.PROVEN or (whole and read.category == 0x80)
    assert proves_test_card([read, None]).proof is not Proof.PROVEN


def _read_as_by_pyca(der: bytes, read: Certificate) -> None:
    """Where pyca/cryptography reads it too, both read the same."""
    if read.problems:
        return
    with warnings.catch_warnings(), contextlib.suppress(ValueError, x509.InvalidVersion):
        warnings.simplefilter("ignore")
        other = load_der_x509_certificate(der)
        assert read.serial == other.serial_number
        assert read.not_before == other.not_valid_before_utc
        assert read.not_after == other.not_valid_after_utc
        assert len(read.subject) == len(other.subject.rdns)
        assert read.is_ca == _is_ca(other)


def _is_ca(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


@cache
def certificate_seeds() -> tuple[bytes, ...]:
    """Certificates of cards, CAs and nobody, bundles of them, and the real ones where at hand."""
    ders = [_card(), *_emulated(), *chain_seeds()]
    both = [load_der_x509_certificate(der) for der in ders[:2]]
    return (
        *ders,
        b"".join(map(pem, ders[:3])),
        pkcs7.serialize_certificates(both, Encoding.DER),
        pkcs7.serialize_certificates(both, Encoding.PEM),
        *_shared(".der", ".cer"),
    )


def _card() -> bytes:
    return certificates.make_certificate(rsa_key(2048))


def _emulated() -> Iterator[bytes]:
    from support.emulation import cards, planned  # noqa: PLC0415 - makes keys

    for card in cards(planned(find_set("centre-sante")))[:2]:
        yield from (slot.certificate for slot in card.slots)


def _shared(*suffixes: str) -> Iterator[bytes]:
    if SHARED_CERTS.is_dir():
        files = sorted(path for path in SHARED_CERTS.iterdir() if path.suffix in suffixes)
        yield from (path.read_bytes() for path in files)


# --- chains -----------------------------------------------------------------------------------

ROOT = root()
CA = authority(ROOT)
LEAF = leaf(CA)
LATER = AT + timedelta(days=200)


@cache
def chain_seeds() -> tuple[bytes, ...]:
    """A leaf, its CA, the root, and some that are nearly them."""
    twin = CA.but(own_key=key("twin"))
    old = leaf(ROOT.but(subject=dn("old"), own_key=rsa_key(1024)))
    return (LEAF.der(), CA.der(), ROOT.der(), twin.der(), old.der())


@cache
def _anchors() -> Anchors:
    return Anchors(authorities(), frozenset({hashlib.sha256(ROOT.der()).hexdigest()}))


@cache
def _pool() -> Pool:
    return make_pool(chain_seeds()[1:])


def chain(data: bytes) -> None:
    """Judged, and verified only when it is one of those that an anchor vouches for."""
    result = judge_chain(data, _pool(), _anchors(), AT)
    _told(result)
    assert result.outcome is not ChainOutcome.VERIFIED or data in chain_seeds()
    above = judge_chain(LEAF.der(), make_pool([data, ROOT.der()]), _anchors(), AT)
    _told(above)
    assert above.outcome is not ChainOutcome.VERIFIED or data == CA.der()
    with contextlib.suppress(BadCertificate):
        assert say(standing_of(read_link(data), _pool(), _anchors(), AT).reason)
    revocation = judge_revocation(result, [read_crl(CrlSpec(CA).der())], LATER)
    assert say(revocation.reason)


def _told(result: ChainResult) -> None:
    assert len(say(result.reason)) < 5_000
    assert (result.flaw is not None) == (result.outcome is ChainOutcome.BROKEN)


# --- CRLs -------------------------------------------------------------------------------------


@cache
def crl_seeds() -> tuple[bytes, ...]:
    """CRLs of the CA, short and long, with and without reasons; the real ones where at hand."""
    when, held = AT - timedelta(days=2), x509.ReasonFlags.certificate_hold
    point = x509.IssuingDistributionPoint(None, None, True, False, None, False, False)
    specs = (
        CrlSpec(CA),
        CrlSpec(CA, {LEAF.serial: (when, None), 7: (when, held)}),
        CrlSpec(CA, dict.fromkeys(range(1, 200), (when, None)), extra=((point, True),)),
    )
    ders = [spec.der() for spec in specs]
    return (*ders, pem(ders[1], "X509 CRL"), *_shared(".pem"))


@cache
def _signed_crls() -> frozenset[bytes]:
    ders = [der for seed in crl_seeds() for der in read_crls(seed)]
    return frozenset(read_crl(der).signed.content for der in ders)


@cache
def _leaf_chain() -> ChainResult:
    return judge_chain(LEAF.der(), _pool(), _anchors(), AT)


def crl(data: bytes) -> None:
    """Read or refused; only what the CA signed counts."""
    try:
        found = [read_crl(der) for der in read_crls(data)]
    except BadCrl:
        return
    for at in (AT, LATER):
        answer = judge_revocation(_leaf_chain(), found, at)
        assert say(answer.reason)
        good = any(read.signed.content in _signed_crls() for read in found)
        assert good or answer.outcome is RevocationOutcome.NO_CRL


# --- OCSP -------------------------------------------------------------------------------------


@cache
def ocsp_seeds() -> tuple[bytes, ...]:
    """Answers about the leaf: good, revoked, unknown, by the CA and by a responder of its own."""
    own = responder(CA)
    good = OcspSpec(LEAF, CA)
    specs = (
        good,
        good.but(revoked=(AT - timedelta(days=2), x509.ReasonFlags.key_compromise)),
        good.but(unknown=True, by_key=True),
        good.but(signer=own, sent=(own,)),
        good.but(due=None),
    )
    return tuple(spec.der() for spec in specs)


@cache
def _signed_answers() -> frozenset[bytes]:
    return frozenset(read_ocsp(seed).signed.content for seed in ocsp_seeds())


def ocsp(data: bytes) -> None:
    """Read or refused; only what the CA, or its responder, signed counts."""
    try:
        found = read_ocsp(data)
    except BadOcsp as error:
        assert len(say(error.reason)) < 2_000  # noqa: PT017 - it may be read, too
        return
    for at in (AT, LATER):
        answer = judge_revocation(_leaf_chain(), [], at, [found])
        assert say(answer.reason)
        good = found.signed.content in _signed_answers()
        assert good or answer.outcome is RevocationOutcome.NO_CRL


# --- PKCS#12 ----------------------------------------------------------------------------------


def p12(data: bytes) -> None:
    """Looked at from outside, or refused with what it is. It is opened in a child, with a
    deadline, so not here.
    """
    try:
        found = read_pfx(data)
    except BadPfx as error:
        assert 0 < len(say(error.reason)) < 2_000  # noqa: PT017 - it may be read, too
        return
    assert 0 <= found.bare_keys <= found.keys
    assert found.locked or not found.encrypted


@cache
def p12_seeds() -> tuple[bytes, ...]:
    """Files with and without a password, with and without a CA."""
    cas = [load_der_x509_certificate(software.authority().der())]
    return (
        software.p12(),
        software.p12(encryption=NoEncryption(), cas=cas),
        software.p12(of_key=key("another")),
    )


# --- objects of a card ------------------------------------------------------------------------


def card_object(data: bytes) -> None:
    """Read, or None; never an error."""
    tlvs = read_tlvs(data)
    assert sum(len(tlv.value) for tlv in tlvs) <= len(data)
    names, info, card = read_name_ps(data), read_info_ps(data), read_id_card(data)
    texts = [names.surname, *names.given_names] if names else []
    texts += [info.practice_name, info.holder_id] if info else []
    texts += [card.card_number, card.issued, card.expires] if card else []
    assert all(text is None or text.isprintable() for text in texts)


def card_object_seeds() -> Sequence[bytes]:
    """One of each."""
    return (
        bytes.fromhex("e3198105994500012f8201808304202601018404202901"),
        bytes.fromhex("e4128001018105444f4330318300ff0683044144454c"),
        bytes.fromhex("ed0f800100810c383939373030303735313232"),
        b"\xe3\x03\x82\x01\x80" + b"\xff" * 9,
    )


# --- the command line -------------------------------------------------------------------------


def inspect(data: bytes) -> None:
    """A documented exit code, a bounded text without control characters, and JSON."""
    with tempfile.TemporaryDirectory(dir=_memory()) as folder:
        file = Path(folder, "input.der")
        file.write_bytes(data)
        with _without_trust(folder):
            code, text = run_here("inspect", str(file), "--at", "2026-01-15")
            again, body = run_here("inspect", str(file), "--at", "2026-01-15", "--json")
    assert code == again
    assert code in (0, 1, 2)
    count = len(json.loads(body)["certificates"])
    assert all(_printable(line) for line in text.splitlines())
    assert len(text) < 20_000 * count
    assert all(len(line) <= WIDEST_LINE for line in text.splitlines()), text


def _memory() -> str | None:
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108


@contextlib.contextmanager
def _without_trust(folder: str) -> Iterator[None]:
    before = os.environ.get("CPX_TRUST_DIR")
    os.environ["CPX_TRUST_DIR"] = str(Path(folder, "trust"))
    try:
        yield
    finally:
        del os.environ["CPX_TRUST_DIR"]
        if before is not None:
            os.environ["CPX_TRUST_DIR"] = before


# --- set files and observations ---------------------------------------------------------------


def set_file(data: bytes) -> None:
    """A set, or a refusal that names file and place."""
    try:
        card_set = read_set(data.decode("utf-8", "replace"), "mine.toml")
    except BadInput as error:
        assert say(error.reason).startswith("mine.toml")  # noqa: PT017 - it may be read, too
        return
    assert len(card_set.cards) in (0, card_set.size)


def set_file_seeds() -> Sequence[bytes]:
    """The sets that are shipped."""
    folder = Path(read_set.__code__.co_filename).parent / "sets"
    return [path.read_bytes() for path in sorted(folder.glob("*.toml"))]


def observation(data: bytes) -> None:
    """Judged and shown, or refused; no check fails by itself."""
    with tempfile.TemporaryDirectory(dir=_memory()) as folder:
        file = Path(folder, "seen.json")
        file.write_bytes(data)
        try:
            seen = observation_file.load(file)
        except BadInput as error:
            assert len(say(error.reason)) < 5_000  # noqa: PT017 - it may be read, too
            return
        with _without_trust(folder):
            code, _ = run_here("show-card", "--observation", file, "--sources")
    assert code in (0, 1, 2, 4)
    checklist = judge(seen, find_set("centre-sante"))
    _no_check_failed_by_itself(checklist.all_findings())
    text = console.render(checklist, say, Paper(80))
    assert all(_printable(line) for line in text.splitlines())
    json.loads(checklist_json.render(checklist, exit_code(checklist), say))


@cache
def observation_seeds() -> tuple[bytes, ...]:
    """A good set of cards, with the CA and the CRL at hand, and one card alone."""
    own = rsa.generate_private_key(65537, 2048)
    good = build.centre_sante(own)
    return (
        to_json(build.emulated(build.observation(good.cards[1]), own, certificates.SERIAL)),
        to_json(build.observation(good.cards[1])),
        to_json(good),
    )


def endpoint(data: bytes) -> None:
    """An address is refused, or reads the same again from its own text, which is plain ASCII."""
    with contextlib.suppress(BadInput):
        found = parse_endpoint(data.decode("utf-8", "surrogateescape"))
        assert parse_endpoint(found.url) == found
        assert re.fullmatch(r"https://[!-~]+", found.url)


def endpoint_seeds() -> Sequence[bytes]:
    """Addresses with each part, in ASCII and not."""
    return (
        "https://bücher.example:8443/a/é?b=%C3%A9".encode(),
        b"https://[2001:db8::1]:8443/a",
        b"192.0.2.1:1",
        b"http://user:password@server/#part",
    )


# --- commands to a chip -------------------------------------------------------------------------


def chip(data: bytes) -> None:
    """A dialogue: which card, then each command with its length in two bytes before it.

    Every command gets an answer with a status word; a try of the PIN comes back by a good
    VERIFY, CHANGE or RESET only, and no key is used without the PIN.
    """
    card = _chip(data[:1])
    pin = card.contents.pins.get(USER_PIN) or Pin(b"", 0)
    card.reset()
    for command in _commands(data[1:]):
        left = pin.left
        answer = card.transmit(command)
        assert 2 <= len(answer) <= 258
        assert answer[-2] in _STATUS_CLASSES, answer.hex()
        good = answer[-2:] == b"\x90\x00" and command[1] in _PIN_COMMANDS
        assert pin.left <= left or good


_CPS4, _CONTACTLESS = b"\4", b"\5"
_PIN_COMMANDS = (0x20, 0x24, 0x2C)
_STATUS_CLASSES = frozenset((*range(0x61, 0x70), 0x90, 0x94, 0x98, 0x9F))


def _chip(kind: bytes) -> Chip:
    if kind == _CONTACTLESS:
        return contactless_chip()
    return watched(cps4_card() if kind == _CPS4 else cps3_card())


def _commands(data: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 2], "big")
        yield data[at + 2 : at + 2 + size]
        at += 2 + size


@cache
def chip_seeds() -> tuple[bytes, ...]:
    """What programs say to each kind of card, at length and in pieces."""
    return (
        _dialogue(b"\3", CPS3_DIALOGUE),
        _dialogue(_CPS4, CPS4_DIALOGUE),
        _dialogue(_CONTACTLESS, CONTACTLESS_DIALOGUE),
        _dialogue(b"\3", CPS3_DIALOGUE[8:18]),
        _dialogue(b"\3", CPS3_DIALOGUE[18:26]),
        _dialogue(_CPS4, (CPS4_DIALOGUE[0], *CPS4_DIALOGUE[4:15])),
        _dialogue(b"\3", (*CPS3_DIALOGUE[:12], *ABUSES)),
        _dialogue(_CPS4, (*CPS4_DIALOGUE[:9], *ABUSES)),
    )


def _dialogue(kind: bytes, commands: Sequence[str]) -> bytes:
    plain = [bytes.fromhex(command) for command in commands]
    return kind + b"".join(len(command).to_bytes(2, "big") + command for command in plain)


TARGETS = {
    "certificate": Target(
        certificate,
        certificate_seeds,
        lambda data, dice: mutated_der(data, dice, chain_seeds()),
    ),
    "chain": Target(chain, chain_seeds, lambda data, dice: mutated_der(data, dice, chain_seeds())),
    "crl": Target(crl, crl_seeds, lambda data, dice: mutated_der(data, dice, crl_seeds())),
    "ocsp": Target(ocsp, ocsp_seeds, lambda data, dice: mutated_der(data, dice, ocsp_seeds())),
    "p12": Target(p12, p12_seeds, lambda data, dice: mutated_der(data, dice, p12_seeds())),
    "card-object": Target(card_object, card_object_seeds, mutated_bytes),
    "inspect": Target(
        inspect, certificate_seeds, lambda data, dice: mutated_der(data, dice, chain_seeds())
    ),
    "set-file": Target(set_file, set_file_seeds, mutated_toml),
    "observation": Target(observation, observation_seeds, mutated_json),
    "endpoint": Target(endpoint, endpoint_seeds, mutated_bytes),
    "chip": Target(chip, chip_seeds, mutated_bytes),
    "tls": Target(spoilt.run, spoilt.seeds, spoilt.mutated),
}
"""Each by its name."""
