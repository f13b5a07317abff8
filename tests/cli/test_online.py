"""inspect --online and trust fetch, as a user runs them, against a server on this machine."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)

from cpx_tool.catalogue.authorities import authorities
from cpx_tool.errors import ExitCode
from cpx_tool.judge.imports import arrivals_exit_code
from cpx_tool.model.fetch import Document, Failure, Fetched, FetchProblem
from cpx_tool.model.identity import Pki
from cpx_tool.model.message import msg
from cpx_tool.model.trust import Arrival, Imported, ImportStatus
from support import web as pages
from support.cli import cpx, cpx_json
from support.paths import SHARED_CERTS, shared_cert
from support.pki import CrlSpec, OcspSpec, Spec, authority, leaf, names, pem, responder, root
from support.web import Handler, Web, serving

_PLAIN = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
ROOT = root()
HTML = b"<html>Please log in</html>"
DAY = timedelta(days=1)


@pytest.fixture
def web() -> Iterator[Web]:
    with serving() as running:
        yield running


class Card:
    """A certificate whose issuer, CRL and responder stand on a server; its root is accepted."""

    def __init__(self, web: Web, directory: Path) -> None:
        self.web = web
        self.now = datetime.now(UTC).replace(microsecond=0)
        self.ca = self.current(authority(ROOT))
        self.leaf = self.current(leaf(self.ca)).but(
            extra=names(
                ca=[web.at("/ca.cer", self.ca.der())],
                crl=[web.at("/ca.crl", self.crl().der()), "ldap://127.0.0.1/cn=ca"],
                responder=[web.url + "/ocsp"],
            )
        )
        web.at("/ocsp", self.answer().der())
        self.file = directory / "leaf.cer"
        self.file.write_bytes(self.leaf.der())
        top = directory / "root.cer"
        top.write_bytes(self.root.der())
        self.env = {"CPX_TRUST_DIR": str(directory / "trust")}
        done = cpx("trust", "import", top, "--accept-unknown", env=self.env)
        assert done.returncode == 0, done.stdout

    @property
    def root(self) -> Spec:
        return self.current(ROOT)

    def current(self, spec: Spec) -> Spec:
        return spec.but(start=self.now - 100 * DAY, end=self.now + 100 * DAY)

    def crl(self, **changes: Any) -> CrlSpec:
        return CrlSpec(self.ca, made=self.now - DAY, due=self.now + DAY, **changes)

    def answer(self, **changes: Any) -> OcspSpec:
        return OcspSpec(
            self.leaf, self.ca, made=self.now - timedelta(hours=1), due=self.now + DAY, **changes
        )

    def inspected(self, *options: str) -> dict[str, Any]:
        return cpx_json("inspect", self.file, "--online", *options, env=self.env)


@pytest.fixture
def card(web: Web, tmp_path: Path) -> Card:
    return Card(web, tmp_path)


def problems(body: dict[str, Any], key: str = "fetched") -> dict[str, str | None]:
    return {f["url"]: f["problem"] for f in body[key]}


# --- inspect ----------------------------------------------------------------------------------


def test_nothing_goes_to_the_network_unless_asked(card: Card) -> None:
    body = cpx_json("inspect", card.file, env=card.env)
    assert body["fetched"] is None
    assert body["certificates"][0]["chain"]["outcome"] == "issuer-not-at-hand"
    cpx("trust", "list", env=card.env)
    cpx("trust", "where", env=card.env)
    assert card.web.asked == []


def test_what_is_missing_is_fetched_used_and_not_stored(card: Card) -> None:
    stored = sorted(p.name for p in Path(card.env["CPX_TRUST_DIR"]).rglob("*.*"))
    body = card.inspected()
    (entry,) = body["certificates"]
    assert entry["chain"]["outcome"] == "verified"
    assert entry["revocation"]["outcome"] == "good"
    assert entry["revocation"]["source"] == "ocsp"
    assert entry["revocation"]["ocsp"]["next_update"] is not None
    assert entry["revocation"]["crl"] is None
    assert problems(body) == {
        f"{card.web.url}/ca.cer": None,
        f"{card.web.url}/ca.crl": None,
        "ldap://127.0.0.1/cn=ca": "scheme",
        f"{card.web.url}/ocsp": None,
    }
    assert [f["document"] for f in body["fetched"]] == ["certificate", "crl", "crl", "ocsp"]
    assert sorted(p.name for p in Path(card.env["CPX_TRUST_DIR"]).rglob("*.*")) == stored


def test_it_is_told_to_a_person(card: Card) -> None:
    done = cpx("inspect", card.file, "--online", env=card.env)
    assert done.returncode == 0, done.stderr
    text = " ".join(done.stdout.split())
    for words in (
        "Chain: verified.",
        "Revocation: Not revoked, says OCSP, as of",
        f" {card.web.url}/ca.cer A certificate: ca. {card.web.url}/ca.crl CRL of ca, made on",
        f"OCSP about leaf: {card.web.url}/ocsp OCSP answer, made on",
        "Not asked: neither http nor https. ldap://127.0.0.1/cn=ca",
    ):
        assert words in text
    assert done.stderr == ""


def test_revoked_by_ocsp_alone_fails(card: Card) -> None:
    card.web.at("/ocsp", card.answer(revoked=(card.now - DAY, None)).der())
    done = cpx("inspect", card.file, "--online", env=card.env)
    assert done.returncode == 1
    assert "REVOKED on" in done.stdout
    assert "says OCSP" in done.stdout


def test_a_forged_answer_is_said_and_the_crl_counts(card: Card) -> None:
    card.web.at("/ocsp", card.answer(signing_key=ROOT.own_key).der())
    (entry,) = card.inspected()["certificates"]
    assert (entry["revocation"]["outcome"], entry["revocation"]["source"]) == ("good", "crl")
    assert len(entry["revocation"]["not_counted"]) == 1
    text = " ".join(cpx("inspect", card.file, "--online", env=card.env).stdout.split())
    assert "Not counted: The signature on the OCSP answer at hand is not that of ca." in text


def test_what_is_fetched_is_believed_by_nobody(card: Card, tmp_path: Path) -> None:
    env = {"CPX_TRUST_DIR": str(tmp_path / "empty")}
    card.web.at("/ca.cer", pem(card.ca.der()) + pem(card.root.der()))
    (entry,) = cpx_json("inspect", card.file, "--online", env=env)["certificates"]
    assert entry["chain"]["outcome"] == "not-trusted"
    assert entry["revocation"]["outcome"] == "no-crl"
    assert card.web.paths() == ["/ca.cer"]


def test_a_server_that_never_ends_does_not_keep_the_command(card: Card) -> None:
    card.web.at("/ca.cer", pages.drip(b""))
    body = card.inspected("--timeout", "0.3")
    assert problems(body) == {f"{card.web.url}/ca.cer": "timeout"}
    assert body["certificates"][0]["chain"]["outcome"] == "issuer-not-at-hand"


def test_the_moment_asked_for_is_the_one_of_the_answers(card: Card) -> None:
    past = (card.now - 30 * DAY).strftime("%Y-%m-%d")
    (entry,) = card.inspected("--at", past)["certificates"]
    assert entry["revocation"]["outcome"] == "no-crl"
    assert entry["revocation"]["not_counted"] == [
        "The OCSP answer at hand was made after that moment."
    ]


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_openssl_as_the_responder(card: Card, tmp_path: Path) -> None:
    own = card.current(responder(card.ca))
    private = own.own_key.private_bytes(*_PLAIN)
    for name, content in {"ca": pem(card.ca.der()), "own": pem(own.der()), "key": private}.items():
        (tmp_path / f"{name}.pem").write_bytes(content)
    command = ["openssl", "ocsp", "-index", "index.txt", "-CA", "ca.pem", "-ndays", "1"]
    command += ["-rsigner", "own.pem", "-rkey", "key.pem", "-reqin", "q.der", "-respout", "a.der"]

    def respond(handler: Handler) -> None:
        (tmp_path / "q.der").write_bytes(handler.body())
        subprocess.run(command, cwd=tmp_path, capture_output=True, check=True, timeout=30)
        pages.answer((tmp_path / "a.der").read_bytes())(handler)

    card.web.at("/ocsp", respond)
    serial = f"{card.leaf.serial:04X}"
    end = (card.now + DAY).strftime("%y%m%d%H%M%SZ")
    then = (card.now - DAY).strftime("%y%m%d%H%M%SZ")
    found = {}
    for name, line in {
        "good": f"V\t{end}\t\t{serial}\tunknown\t/CN=leaf\n",
        "revoked": f"R\t{end}\t{then},superseded\t{serial}\tunknown\t/CN=leaf\n",
        "unknown": f"V\t{end}\t\t99\tunknown\t/CN=other\n",
    }.items():
        (tmp_path / "index.txt").write_text(line)
        card.web.at("/ca.crl", HTML)
        (entry,) = card.inspected()["certificates"]
        found[name] = entry["revocation"]
    assert {name: r["outcome"] for name, r in found.items()} == {name: name for name in found}
    assert {r["source"] for r in found.values()} == {"ocsp"}
    assert found["revoked"]["cause"] == "superseded"
    assert found["revoked"]["revoked_at"] == (card.now - DAY).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_the_addresses_of_emulated_cards_are_said_to_be_made_up(tmp_path: Path) -> None:
    sample = json.loads((Path(__file__).parents[2] / "fixtures" / "observation.json").read_text())
    file = tmp_path / "emulated.cer"
    file.write_bytes(base64.b64decode(sample["cards"][0]["certificates"][0]["der"]))
    env = {"CPX_TRUST_DIR": str(tmp_path / "trust")}
    body = cpx_json("inspect", file, "--online", env=env)
    assert {f["problem"] for f in body["fetched"]} == {"made-up"}
    done = cpx("inspect", file, "--online", env=env)
    assert done.returncode == 0
    assert "emulated.invalid can never exist" in " ".join(done.stdout.split())
    done = cpx("inspect", file, "--online", "--lang", "fr", env=env)
    assert "ne peut pas exister" in " ".join(done.stdout.split())


# --- cards and files --------------------------------------------------------------------------


@pytest.fixture
def observed(card: Card, tmp_path: Path) -> Path:
    """An observation of now, of one card: the certificate that the server knows."""
    seen = json.loads((Path(__file__).parents[2] / "fixtures" / "observation.json").read_text())
    seen["observed_at"] = card.now.strftime("%Y-%m-%dT%H:%M:%SZ")
    seen["cards"] = seen["cards"][:1]
    for item in seen["cards"][0]["certificates"]:
        item["der"] = base64.b64encode(card.leaf.der()).decode()
    file = tmp_path / "observation.json"
    file.write_text(json.dumps(seen))
    return file


def of_trust(body: dict[str, Any]) -> dict[str, str]:
    (found,) = body["cards"]
    outcomes = {f["check"]: f["outcome"] for f in found["findings"]}
    wanted = ("CERT-ISSUER", "CERT-CHAIN", "CERT-ANCHOR", "CERT-CRL", "CERT-REVOKED")
    return {check: outcomes[check] for check in wanted if check in outcomes}


def test_a_saved_observation_is_judged_with_what_the_network_adds(
    card: Card, observed: Path
) -> None:
    judge = ("judge", observed, "--set", "centre-sante")
    offline = cpx_json(*judge, env=card.env)
    assert (offline["fetched"], of_trust(offline)) == (None, {"CERT-ISSUER": "skipped"})
    assert card.web.asked == []
    online = cpx_json(*judge, "--online", env=card.env)
    assert problems(online)[f"{card.web.url}/ca.cer"] is None
    assert of_trust(online) == {
        "CERT-ISSUER": "passed",
        "CERT-CHAIN": "passed",
        "CERT-ANCHOR": "failed",  # accepted by the user
        "CERT-CRL": "passed",
        "CERT-REVOKED": "passed",
    }
    text = cpx(*judge, "--online", env=card.env).stdout
    assert f"{card.web.url}/ca.crl" in text


def test_a_revocation_that_only_the_network_knows_fails_the_card(
    card: Card, observed: Path
) -> None:
    card.web.at("/ocsp", card.answer(revoked=(card.now - DAY, None)).der())
    body = cpx_json("judge", observed, "--set", "centre-sante", "--online", env=card.env)
    assert of_trust(body)["CERT-REVOKED"] == "failed"


def test_a_sheet_is_filled_from_the_network(card: Card, observed: Path) -> None:
    body = cpx_json("show-card", "--observation", observed, "--online", env=card.env)
    chains = {c["chain"]["outcome"] for c in body["cards"][0]["certificates"]}
    assert chains == {"verified"}
    assert problems(body)[f"{card.web.url}/ca.cer"] is None
    text = cpx("show-card", "--observation", observed, "--online", env=card.env).stdout
    assert f"{card.web.url}/ca.cer" in text


def test_a_p12_is_checked_with_what_the_network_adds(card: Card, tmp_path: Path) -> None:
    file = tmp_path / "auto.p12"
    certificate = x509.load_der_x509_certificate(card.leaf.der())
    key: Any = card.leaf.own_key
    file.write_bytes(
        pkcs12.serialize_key_and_certificates(
            b"x", key, certificate, None, BestAvailableEncryption(b"secret-word")
        )
    )
    env = {**card.env, "CPX_P12_PASSWORD": "secret-word"}
    body = cpx_json("check-p12", file, "--online", env=env)
    outcomes = {f["check"]: f["outcome"] for f in body["files"][0]["findings"]}
    assert (outcomes["P12-CHAIN"], outcomes["P12-REVOKED"]) == ("passed", "passed")
    assert problems(body)[f"{card.web.url}/ocsp"] is None


def test_an_emulation_asked_online_says_that_its_addresses_are_made_up(good: Path) -> None:
    body = cpx_json("check-set", "--set", "centre-sante", "--emulated", good, "--online")
    assert {f["problem"] for f in body["fetched"]} <= {"made-up", "scheme"}
    assert body["verdict"] == "passed"


# --- trust fetch ------------------------------------------------------------------------------

KNOWN = {a.code: a for a in authorities() if a.pki is Pki.IGC_SANTE_TEST}


@pytest.fixture
def published(web: Web, tmp_path: Path) -> dict[str, str]:
    """A store of one's own, and the addresses of the PKI: by a proxy, what is at hand of them."""
    for file in (*SHARED_CERTS.glob("CA_TEST_*.cer"), *SHARED_CERTS.glob("CRL_TEST_*.pem")):
        code = file.stem.removeprefix("CA_TEST_").removeprefix("CRL_TEST_").removesuffix("_2019")
        known = KNOWN[code]
        url = known.url if file.suffix == ".cer" else known.crl_url
        assert url is not None
        web.at(url, file.read_bytes())
    return {"CPX_TRUST_DIR": str(tmp_path / "trust"), "http_proxy": web.url}


def test_known_cas_come_into_the_store(web: Web, published: dict[str, str]) -> None:
    shared_cert("CA_TEST_ACR-ST-TEST.cer")
    done = cpx("trust", "fetch", "--json", env=published)
    assert done.returncode == 1  # not everything is there
    body = json.loads(done.stdout)
    assert len(body["addresses"]) == len(web.asked) == 18
    came = {a["about"]: a for a in body["addresses"] if a["fetched"]}
    statuses = {item["status"] for a in came.values() for item in a["imported"]}
    assert statuses == {"known", "crl"}
    assert {a["problem"] for a in body["addresses"] if not a["fetched"]} == {"status"}
    listing = cpx_json("trust", "list", env=published)
    assert (len(listing["authorities"]), len(listing["crls"])) == (5, 2)

    again = cpx("trust", "fetch", env=published)
    text = " ".join(again.stdout.split())
    url = KNOWN["ACR-ST-TEST"].url
    assert f"{url} TEST AC RACINE IGC-SANTE STANDARD: unchanged" in text
    assert text.count("HTTP status 404 (Not Found)") == 1


def test_an_impostor_and_a_stranger_are_refused(web: Web, published: dict[str, str]) -> None:
    genuine = shared_cert("CA_TEST_ACR-EL-TEST.cer")
    web.at(KNOWN["ACR-EL-TEST"].url, genuine[:-1] + bytes([genuine[-1] ^ 1]))
    web.at(KNOWN["ACR-FO-TEST"].url, ROOT.der())
    done = cpx("trust", "fetch", env=published)
    assert done.returncode == 1
    assert done.stdout.count("REFUSED") >= 2
    text = " ".join(done.stdout.split())
    assert "NOT the certificate it claims to be" in text
    assert "Unknown: not a CA of the IGC-Santé" in text
    assert text.count("→ Do not use it.") == 1
    listed = cpx_json("trust", "list", env=published)["authorities"]
    assert not any("root" in a["subject"] for a in listed)
    assert len(listed) == 4


def test_what_certificates_name_is_fetched_too(
    web: Web, card: Card, published: dict[str, str]
) -> None:
    env = {**published, **card.env, "no_proxy": "127.0.0.1"}
    body = cpx_json("trust", "fetch", card.file, env=env)
    own = {a["url"]: a for a in body["addresses"][18:]}
    ca, crl, ldap = f"{web.url}/ca.cer", f"{web.url}/ca.crl", "ldap://127.0.0.1/cn=ca"
    assert list(own) == [ca, crl, ldap]
    assert [item["status"] for item in own[ca]["imported"]] == ["issued-by-anchor"]
    assert [item["status"] for item in own[crl]["imported"]] == ["crl"]
    assert own[ldap]["problem"] == "scheme"
    assert web.paths().count("/ocsp") == 0
    # and so the card is verified without the network
    (entry,) = cpx_json("inspect", card.file, env=env)["certificates"]
    assert (entry["chain"]["outcome"], entry["revocation"]["outcome"]) == ("verified", "good")


def test_production_is_fetched_on_request(web: Web, published: dict[str, str]) -> None:
    body = cpx_json("trust", "fetch", "--production", "--dry-run", env=published)
    assert len(body["addresses"]) == 36
    assert body["dry_run"] is True
    assert web.asked == []


def test_a_dry_run_asks_nobody(web: Web, card: Card, published: dict[str, str]) -> None:
    done = cpx("trust", "fetch", card.file, "--dry-run", env=published)
    assert done.returncode == 0
    head, *urls = done.stdout.splitlines()
    assert head == "Would be asked:"
    assert f"  {KNOWN['ACR-ST-TEST'].url}" in urls
    assert urls[-2:] == ["Not asked: neither http nor https.", "  ldap://127.0.0.1/cn=ca"]
    assert web.asked == []


def test_a_network_that_wants_a_login(web: Web, published: dict[str, str]) -> None:
    for path in list(web.pages):
        web.pages[path] = HTML
    for known in KNOWN.values():
        web.at(known.url, HTML)
        web.at(known.crl_url or "", HTML)
    done = cpx("trust", "fetch", env=published)
    assert done.returncode == 4
    assert done.stdout.count("A web page came instead") == 1
    assert done.stderr.strip() == "Nothing could be fetched."


def test_without_a_network_one_sentence_and_one_deadline(web: Web, tmp_path: Path) -> None:
    # a proxy that hangs is as silent as no network, whatever the machine has
    env = {"CPX_TRUST_DIR": str(tmp_path / "trust"), "http_proxy": web.url}
    for known in KNOWN.values():
        web.at(known.url, pages.hang)
        web.at(known.crl_url or "", pages.hang)
    done = cpx("trust", "fetch", "--timeout", "0.3", env=env)
    assert done.returncode == 4
    assert done.stdout.count("No answer within 0.3 seconds.") == 1
    assert sum(known.url in done.stdout for known in KNOWN.values()) == 9
    assert done.stderr.strip() == "Nothing could be fetched: there seems to be no network."
    assert not (tmp_path / "trust").exists()
    french = cpx("trust", "fetch", "--timeout", "0.3", "--lang", "fr", env=env)
    assert "Rien n'a pu être téléchargé" in french.stderr


FETCHED = Fetched(Document.CERTIFICATE, "http://ca.example/", "ca", msg("A"))
NOT_FETCHED = Fetched(
    Document.CERTIFICATE,
    "http://ca.example/",
    "ca",
    failure=Failure(FetchProblem.STATUS, msg("B")),
)
SKIPPED = Fetched(
    Document.CRL, "ldap://ca.example/", "ca", failure=Failure(FetchProblem.SCHEME, msg("C"))
)


def arrival(status: ImportStatus) -> Arrival:
    return Arrival(FETCHED, (Imported("http://ca.example/", status, msg("D")),))


@pytest.mark.parametrize(
    ("arrivals", "code"),
    [
        ((arrival(ImportStatus.KNOWN),), ExitCode.PASSED),
        ((arrival(ImportStatus.DUPLICATE), Arrival(SKIPPED)), ExitCode.PASSED),
        ((arrival(ImportStatus.NOT_A_CA),), ExitCode.PASSED),
        ((arrival(ImportStatus.KNOWN), arrival(ImportStatus.UNKNOWN)), ExitCode.FAILED),
        ((arrival(ImportStatus.OTHER_FINGERPRINT),), ExitCode.FAILED),
        ((arrival(ImportStatus.CRL_REFUSED),), ExitCode.FAILED),
        ((arrival(ImportStatus.UNREADABLE),), ExitCode.FAILED),
        ((arrival(ImportStatus.KNOWN), Arrival(NOT_FETCHED)), ExitCode.FAILED),
        ((Arrival(NOT_FETCHED), Arrival(SKIPPED)), ExitCode.NOTHING_CHECKED),
    ],
)
def test_the_exit_codes_of_trust_fetch(arrivals: tuple[Arrival, ...], code: ExitCode) -> None:
    assert arrivals_exit_code(arrivals) is code


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("trust", "fetch", "gone"), "gone"),
        (("trust", "fetch", "--timeout", "nan"), "nan"),
        (("trust", "fetch", "--timeout", "inf"), "inf"),
        (("trust", "fetch", "--timeout", "0"), "0"),
        (("inspect", "x", "--timeout", "nan"), "nan"),
        (("check-set", "--set", "centre-sante", "--timeout", "nan"), "nan"),
    ],
)
def test_bad_input_in_one_line(arguments: tuple[str, ...], words: str) -> None:
    done = cpx(*arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_file_without_certificates_is_named(tmp_path: Path) -> None:
    file = tmp_path / "text.cer"
    file.write_text("hello")
    done = cpx("trust", "fetch", file)
    assert done.returncode == 2
    assert "text.cer" in done.stderr
