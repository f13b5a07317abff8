"""The user's store: what comes in is judged, what is in it is believed for its reasons only."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from cryptography.x509 import load_der_x509_certificate

from cpx_tool.adapters.trust_files import MAX_FILES, read_paths, read_place
from cpx_tool.adapters.trust_import import Importer
from cpx_tool.adapters.trust_store import TRUST_VARIABLE, TrustStore, store_directory
from cpx_tool.errors import BadInput
from cpx_tool.i18n import say
from cpx_tool.model.identity import Pki
from cpx_tool.model.trust import AnchorOrigin, Authority, Imported, ImportStatus
from cpx_tool.pki.crl import read_crl
from cpx_tool.pki.link import read_link
from support.pki import AT, CrlSpec, Spec, authority, key, leaf, pem, root

ROOT = root()
CA = authority(ROOT)
LEAF = leaf(CA)
KNOWN = (
    Authority(
        "ACR-EL-TEST",
        Pki.IGC_SANTE_TEST,
        read_link(ROOT.der()).certificate.subject,
        None,
        "http://ca.example/root.cer",
        hashlib.sha256(ROOT.der()).hexdigest(),
    ),
)


@pytest.fixture
def store(tmp_path: Path) -> TrustStore:
    return TrustStore(tmp_path / "trust")


@pytest.fixture
def files(tmp_path: Path) -> Callable[..., Path]:
    """A directory with these files."""

    def write(**contents: bytes) -> Path:
        directory = tmp_path / "given"
        directory.mkdir(exist_ok=True)
        for name, content in contents.items():
            (directory / name.replace("_", ".")).write_bytes(content)
        return directory

    return write


def bring(
    store: TrustStore,
    *paths: Path,
    accept: bool = False,
    known: tuple[Authority, ...] = KNOWN,
) -> list[Imported]:
    done = Importer(store, known, accept, AT).run(read_paths(paths))
    assert all(say(item.reason) for item in done)
    return list(done)


def statuses(done: list[Imported]) -> list[ImportStatus]:
    return [item.status for item in done]


# --- import -----------------------------------------------------------------------------------


def test_known_cas_and_those_they_issued_come_in_whatever_the_order(
    store: TrustStore, files: Callable[..., Path]
) -> None:
    done = bring(store, files(a_cer=CA.der(), b_pem=pem(ROOT.der())))
    assert statuses(done) == [ImportStatus.ISSUED_BY_ANCHOR, ImportStatus.KNOWN]
    assert [Path(item.file).name for item in done] == ["a.cer", "b.pem"]
    contents = store.read()
    assert set(contents.authorities.values()) == {CA.der(), ROOT.der()}
    assert contents.accepted == {}


def test_a_pkcs7_bundle(store: TrustStore, files: Callable[..., Path]) -> None:
    bundle = pkcs7.serialize_certificates(
        [load_der_x509_certificate(der) for der in (CA.der(), ROOT.der())], Encoding.DER
    )
    done = bring(store, files(chain_p7b=bundle))
    assert sorted(statuses(done)) == [ImportStatus.ISSUED_BY_ANCHOR, ImportStatus.KNOWN]


def test_a_second_time_changes_nothing(store: TrustStore, files: Callable[..., Path]) -> None:
    given = files(a_cer=CA.der(), b_cer=ROOT.der(), c_cer=ROOT.der())
    assert statuses(bring(store, given)).count(ImportStatus.DUPLICATE) == 1
    assert set(statuses(bring(store, given))) == {ImportStatus.DUPLICATE}


def test_an_unknown_ca_is_refused_unless_the_user_says_so(
    store: TrustStore, files: Callable[..., Path]
) -> None:
    given = files(a_cer=ROOT.der(), b_cer=CA.der())
    refused = bring(store, given, known=())
    assert statuses(refused) == [ImportStatus.UNKNOWN] * 2
    assert all(item.status.refused and item.hint for item in refused)
    assert not store.directory.exists()

    done = bring(store, given, known=(), accept=True)
    assert statuses(done) == [ImportStatus.ACCEPTED, ImportStatus.ISSUED_BY_ANCHOR]
    assert list(store.read().accepted.values()) == [ROOT.der()]
    (listed,) = [a for a in store.listing((), ()).authorities if a.anchor]
    assert listed.anchor is not None
    assert listed.anchor.origin is AnchorOrigin.ACCEPTED


def test_what_was_accepted_is_known_once_the_catalogue_knows_it(
    store: TrustStore, files: Callable[..., Path]
) -> None:
    bring(store, files(a_cer=ROOT.der()), known=(), accept=True)
    (listed,) = store.listing(KNOWN, ()).authorities
    assert listed.anchor is not None
    assert (listed.anchor.origin, listed.anchor.code) == (AnchorOrigin.KNOWN, "ACR-EL-TEST")


def test_a_known_name_with_another_fingerprint_is_refused_whatever_the_user_says(
    store: TrustStore, files: Callable[..., Path]
) -> None:
    forged = Spec(ROOT.subject, key("forged"), ROOT.subject, key("forged")).der()
    for accept in (False, True):
        (item,) = bring(store, files(a_cer=forged), accept=accept)
        assert item.status is ImportStatus.OTHER_FINGERPRINT
        assert "NOT" in say(item.reason)
    assert not store.directory.exists()


def test_certificates_of_no_ca_and_damaged_files_stay_out(
    store: TrustStore, files: Callable[..., Path]
) -> None:
    given = files(a_cer=LEAF.der(), b_cer=b"hello", c_crl=b"hello", d_txt=ROOT.der())
    done = bring(store, given)
    assert statuses(done) == [
        ImportStatus.NOT_A_CA,
        ImportStatus.UNREADABLE,
        ImportStatus.UNREADABLE,
    ]
    assert not store.directory.exists()


# --- CRLs -------------------------------------------------------------------------------------


def test_a_crl_needs_its_ca(store: TrustStore, files: Callable[..., Path]) -> None:
    crl = CrlSpec(CA).der()
    (refused,) = bring(store, files(c_crl=crl))
    assert refused.status is ImportStatus.CRL_REFUSED
    assert refused.hint is not None
    done = bring(store, files(a_cer=CA.der(), b_cer=ROOT.der()))
    assert statuses(done)[2] is ImportStatus.CRL
    assert len(store.read().crls) == 1


def test_the_newest_crl_of_a_ca_stays(store: TrustStore, files: Callable[..., Path]) -> None:
    new, old = CrlSpec(CA), CrlSpec(CA, made=AT - timedelta(days=9))
    bring(store, files(a_cer=CA.der(), b_cer=ROOT.der()))
    other = store.directory.parent
    for name, crl, status in (
        ("old", old, ImportStatus.CRL),
        ("new", new, ImportStatus.CRL),
        ("old", old, ImportStatus.DUPLICATE),
    ):
        file = other / f"{name}.pem"
        file.write_bytes(pem(crl.der(), "X509 CRL"))
        assert statuses(bring(store, file)) == [status]
    (kept,) = store.read().crls
    assert read_crl(kept).this_update == new.made


def test_a_forged_crl_is_refused(store: TrustStore, files: Callable[..., Path]) -> None:
    forged = CrlSpec(CA, signer=key("somebody else")).der()
    done = bring(store, files(a_cer=CA.der(), b_cer=ROOT.der(), c_crl=forged))
    assert statuses(done)[2] is ImportStatus.CRL_REFUSED
    assert store.read().crls == ()


# --- the directory ----------------------------------------------------------------------------


def test_where_the_store_is(tmp_path: Path) -> None:
    assert store_directory({TRUST_VARIABLE: str(tmp_path)}) == tmp_path
    assert store_directory({}).name == "trust"


def test_an_absent_store_is_empty(store: TrustStore) -> None:
    listing = store.listing(KNOWN, ())
    assert (listing.authorities, listing.crls, listing.problems) == ((), (), ())


def test_files_that_do_not_belong_there_are_not_used(
    store: TrustStore, files: Callable[..., Path]
) -> None:
    bring(store, files(a_cer=ROOT.der()), known=(), accept=True)
    accepted = store.directory / "accepted"
    (accepted / "mine.cer").write_bytes(CA.der())
    (accepted / f"{'0' * 64}.cer").write_bytes(CA.der())
    (store.directory / "crls").mkdir()
    (store.directory / "crls" / "x.crl").write_bytes(b"hello")
    contents = store.read()
    assert list(contents.accepted.values()) == [ROOT.der()]
    assert len(contents.problems) == 3


def test_nothing_half_written_is_left(store: TrustStore, files: Callable[..., Path]) -> None:
    bring(store, files(a_cer=ROOT.der()))
    (file,) = (store.directory / "authorities").iterdir()
    assert file.name == f"{hashlib.sha256(ROOT.der()).hexdigest()}.cer"


def test_a_store_that_cannot_be_written(tmp_path: Path, files: Callable[..., Path]) -> None:
    blocked = tmp_path / "file"
    blocked.write_bytes(b"")
    with pytest.raises(BadInput) as refused:
        bring(TrustStore(blocked), files(a_cer=ROOT.der()))
    assert "cannot be written" in say(refused.value.reason)


# --- files ------------------------------------------------------------------------------------


def test_paths_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(BadInput):
        read_paths([tmp_path / "gone"])
    os.mkfifo(tmp_path / "pipe.cer")
    (found,) = read_paths([tmp_path / "pipe.cer"])
    assert found.problem is not None
    assert read_paths([tmp_path]) == ()
    assert read_place(tmp_path / "gone") == ()


def test_certificates_and_crls_in_one_pem(tmp_path: Path) -> None:
    file = tmp_path / "all.pem"
    file.write_bytes(pem(ROOT.der()) + pem(CrlSpec(ROOT).der(), "X509 CRL") + pem(CA.der()))
    (found,) = read_paths([file])
    assert found.certificates == (ROOT.der(), CA.der())
    assert found.crls == (CrlSpec(ROOT).der(),)


def test_a_crl_needs_no_suffix(tmp_path: Path) -> None:
    file = tmp_path / "something"
    file.write_bytes(CrlSpec(ROOT).der())
    (found,) = read_paths([file])
    assert found.crls == (CrlSpec(ROOT).der(),)


def test_a_directory_has_a_size(tmp_path: Path) -> None:
    for number in range(MAX_FILES + 3):
        (tmp_path / f"{number:04}.cer").write_bytes(b"x")
    assert len(read_paths([tmp_path])) == MAX_FILES
