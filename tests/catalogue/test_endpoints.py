"""How the address of a server is read, and what is known of the field's test servers."""

from __future__ import annotations

from contextlib import suppress
from importlib import resources
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cpx_tool.catalogue.endpoint_words import WORDS
from cpx_tool.catalogue.endpoints import (
    NAME,
    endpoints,
    find_endpoint,
    parse_endpoint,
    read_endpoints,
)
from cpx_tool.errors import BadInput
from cpx_tool.i18n import say
from cpx_tool.model.endpoint import Caller, CertificateAsked, Endpoint, KnownEndpoint

TEXT = (resources.files("cpx_tool.catalogue") / "endpoints.toml").read_text(encoding="utf-8")
OWN = (KnownEndpoint(Endpoint("10.0.0.1", 8443, "/", "mine"), file=Path("config.toml")),)


def refusal(text: str) -> tuple[str, str]:
    with pytest.raises(BadInput) as caught:
        parse_endpoint(text)
    return say(caught.value.reason), say(caught.value.hint)


# --- addresses --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "host", "port", "path"),
    [
        ("https://server.example.fr", "server.example.fr", 443, "/"),
        ("HTTPS://Server.Example.FR/A", "server.example.fr", 443, "/A"),
        ("server.example.fr", "server.example.fr", 443, "/"),
        ("server.example.fr:8443", "server.example.fr", 8443, "/"),
        ("server.example.fr/a/b", "server.example.fr", 443, "/a/b"),
        ("localhost:65535/?a=b", "localhost", 65535, "/?a=b"),
        ("https://server?a=/b://c", "server", 443, "/?a=/b://c"),
        ("https://server/@a:b", "server", 443, "/@a:b"),
        ("https://192.0.2.1:443/", "192.0.2.1", 443, "/"),
        ("https://[2001:DB8:0::1]:8443/x", "2001:db8::1", 8443, "/x"),
        ("[::1]", "::1", 443, "/"),
        ("https://bücher.example", "xn--bcher-kva.example", 443, "/"),
        ("https://XN--BCHER-KVA.example", "xn--bcher-kva.example", 443, "/"),
        ("https://server/é?q=ü", "server", 443, "/%C3%A9?q=%C3%BC"),
        ("https://server/%C3%A9%2f", "server", 443, "/%C3%A9%2f"),
        ('https://server/a"b<c>\\d', "server", 443, "/a%22b%3Cc%3E%5Cd"),
    ],
)
def test_an_address_is_read(text: str, host: str, port: int, path: str) -> None:
    assert parse_endpoint(text, "n") == Endpoint(host, port, path, "n")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "it is empty"),
        ("http://server.example.fr", "http knows no certificates"),
        ("ftp://server.example.fr", "only https"),
        ("://server.example.fr", "only https"),
        ("https://", "no host is named"),
        ("https:///path", "no host is named"),
        ("https://:443", "no host is named"),
        (" https://server", "a space"),
        ("https://server/a b", "a space"),
        ("https://server/a\r\nHost: other", "a space"),
        ("https://server\t", "a space"),
        ("https://server/\N{NO-BREAK SPACE}", "a space"),
        ("https://server/\N{RIGHT-TO-LEFT OVERRIDE}", "a space"),
        ("https://server/\udcff", "a space"),
        ("https://server/#part", "“#”"),
        ("https://server:0", "no such port"),
        ("https://server:65536", "no such port"),
        ("https://server:", "no port"),
        ("https://server:+80", "no port"),
        ("https://server:٤٤٣", "no port"),
        ("https://server:000443", "no port"),
        ("https:server", "not written whole"),
        ("https:/server", "not written whole"),
        ("https//server", "not written whole"),
        ("HTTP:443", "not written whole"),
        ("https://https:443/", "not written whole"),
        ("https://::1/", "more than one “:”"),
        ("https://[::1", "“]” is missing"),
        ("https://[::1]8443", "“]” is missing"),
        ("https://[server]", "no IPv6 address"),
        ("https://[fe80::1%25eth0]", "no IPv6 address"),
        ("https://[127.0.0.1]", "no IPv6 address"),
        ("https://127.1", "IPv4"),
        ("https://0x7f.0x0.0x0.0x1", "IPv4"),
        ("https://2130706433", "IPv4"),
        ("https://256.1.1.1", "IPv4"),
        ("https://server.example.fr.", "no name of a host"),
        ("https://a..b", "no name of a host"),
        ("https://-a.fr", "no name of a host"),
        ("https://a_b.fr", "no name of a host"),
        ("https://a\\b.fr", "no name of a host"),
        ("https://a%2eb.fr", "no name of a host"),
        ("https://" + "a" * 64 + ".fr", "no name of a host"),
        ("https://" + "a." * 126 + "fr", "no name of a host"),
        ("https://" + "é" * 254, "no name of a host"),
        ("https://\N{ADDRESSED TO THE SUBJECT}.fr", "no name of a host"),  # NFKC: "a/s"
        ("https://straße.example", "two readings"),
        ("https://server/" + "a" * 2000, "longer than 2000"),
        ("https://server/" + "é" * 400, "longer than 2000"),
    ],
)
def test_what_is_no_address_is_refused(text: str, why: str) -> None:
    reason, hint = refusal(text)
    assert why in reason
    assert hint
    assert len(reason) < 300


@pytest.mark.parametrize(
    "text",
    [
        "https://user:s3cret@server.example.fr/",
        "https://s3cret@server.example.fr",
        "user:s3cret@server.example.fr",
        "http://user:s3cret@server.example.fr",
        "https://user:s3cret/1@server.example.fr",
        "https://user:s3cret#1@server.example.fr",
        "https://user:s3cret 1@server.example.fr",
        "https://us:er:s3cret@[::1]",
        "s3cret@server",
        "s3cret://user@server",
    ],
)
def test_a_password_is_not_repeated(text: str) -> None:
    for read in (parse_endpoint, lambda text: find_endpoint(text, OWN)):
        with pytest.raises(BadInput) as caught:
            read(text)
        error = caught.value
        assert "s3cret" not in f"{error} {say(error.reason)} {say(error.hint)}"
        assert error.__cause__ is None


def test_a_user_name_gets_its_own_remedy() -> None:
    reason, hint = refusal("https://user:s3cret@server.example.fr/")
    assert "a user name or a password" in reason
    assert "before “@”" in hint


WORDS_OF_ADDRESSES = (
    *("https://", "http://", "://", "a", "é", "ß", "[", "]", "::1", ":", "443", "0x1", "@", "/"),
    *("?", "#", "%", "%2F", ".", "-", "xn--", "\\", "\0", "\r\n", " ", "\udcff", "９", "。"),
)
PIECES = st.lists(st.sampled_from(WORDS_OF_ADDRESSES), max_size=12).map("".join)


@given(st.one_of(st.text(), PIECES, PIECES.map("https://a".__add__)))
@example("https://a/[]?[]|^`{}'\"")
@example("https://xn--a")
@example("https://" + "a\N{COMBINING ACUTE ACCENT}" * 100)
def test_whatever_is_read_reads_the_same_again(text: str) -> None:
    """Nothing but `BadInput` is raised, and the address that comes of it is plain ASCII."""
    with suppress(BadInput):
        found = parse_endpoint(text)
        assert parse_endpoint(found.url) == found
        assert found.url.isascii()
        assert found.url.isprintable()
        assert " " not in found.url
        assert "@" not in found.host


# --- names ------------------------------------------------------------------------------------


def test_a_name_of_the_catalogue_or_of_the_user_is_found() -> None:
    assert find_endpoint("mine", OWN) == OWN[0].endpoint
    assert find_endpoint("insi-org", OWN).name == "insi-org"
    assert find_endpoint("insi-org", OWN).host == "qualiflps-services-ps-tlsm.ameli.fr"
    shadow = KnownEndpoint(Endpoint("localhost", 443, "/", "insi-org"))
    assert find_endpoint("insi-org", [shadow]) == shadow.endpoint


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("insi-orgg", "insi-org"),
        ("INSI-ORG", "insi-org"),
        ("mien", "mine"),
        ("dmp-dev2", "dmp-dev"),
    ],
)
def test_a_mistyped_name_is_answered_with_the_nearest(text: str, near: str) -> None:
    with pytest.raises(BadInput) as caught:
        find_endpoint(text, OWN)
    assert text in say(caught.value.reason)
    assert f"Did you mean {near}" in say(caught.value.hint)


def test_a_name_like_none_is_answered_with_the_list() -> None:
    with pytest.raises(BadInput) as caught:
        find_endpoint("zzzz", OWN)
    assert "cpx-tool list-endpoints" in say(caught.value.hint)
    assert "https://" in say(caught.value.hint)


@pytest.mark.parametrize(
    "text",
    ["localhost", "localhost:1", "zzzz:1", "zzzz/path", "https://zzzz", "zz.fr", "[::1]", "zzzz?a"],
)
def test_what_can_be_an_address_is_one(text: str) -> None:
    found = find_endpoint(text, OWN)
    assert found == parse_endpoint(text)
    assert found.name == ""


@pytest.mark.parametrize("text", ["", "z" * 64, "z" * 100_000])
def test_what_is_neither_is_refused_as_an_address(text: str) -> None:
    with pytest.raises(BadInput) as caught:
        find_endpoint(text, OWN)
    assert "cannot be tested" in say(caught.value.reason)


# --- the catalogue ----------------------------------------------------------------------------


def test_what_the_sources_say() -> None:
    known = {server.name: server for server in endpoints()}
    assert known["insi-org"].endpoint.url == "https://qualiflps-services-ps-tlsm.ameli.fr/lps"
    assert (known["insi-org"].client, known["insi-org"].asked) == (Caller.ORG, CertificateAsked.YES)
    assert known["insi-card"].endpoint.url == "https://qualiflps.services-ps.ameli.fr/lps"
    assert (known["insi-card"].client, known["insi-card"].asked) == (
        Caller.CARD,
        CertificateAsked.NOT_KNOWN,
    )
    assert {name for name, server in known.items() if server.asked is CertificateAsked.YES} == {
        "insi-org",
        "dmp-dev1",
    }


def test_each_server_has_title_note_and_source_and_no_file() -> None:
    for server in endpoints():
        assert NAME.fullmatch(server.name)
        assert server.title
        assert server.note
        assert server.source
        assert server.file is None


def test_no_server_of_production_stands_there() -> None:
    """Those of production that the sources name beside the test ones."""
    hosts = {server.endpoint.host for server in endpoints()}
    assert not hosts & {
        "auth.esw.esante.gouv.fr",
        "wallet.esw.esante.gouv.fr",
        "lps2.dmp.gouv.fr",
    }


def test_the_file_is_as_the_reader_wants_it() -> None:
    assert read_endpoints(TEXT, WORDS) == endpoints()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('name = "insi-org"', 'name = "insi-card"'),
        ('name = "insi-org"', 'name = "INSi"'),
        ('name = "insi-org"', 'name = "insi-other"'),
        ('name = "insi-org"', ""),
        ('url = "https://testssl.asipsante.fr/"', 'url = "http://testssl.asipsante.fr/"'),
        ('url = "https://testssl.asipsante.fr/"', 'url = "https://testssl.asipsante.fr:443/"'),
        ('client = "org"', 'client = "orgs"'),
        ('client = "org"', ""),
        ('asked = "yes"', 'asked = "no"'),
        ('asked = "yes"', "asked = true"),
        ('source = "k-jefferson/Dehempe, docs/stunnel"', 'source = " "'),
        ('source = "k-jefferson/Dehempe, docs/stunnel"', ""),
        ('asked = "yes"', 'asked = "yes"\nport = 443'),
        ("\n[[endpoint]]", "\n[[endpoints]]"),
    ],
)
def test_a_slip_in_the_file_is_refused(old: str, new: str) -> None:
    assert old in TEXT
    with pytest.raises(ValueError, match=r"."):
        read_endpoints(TEXT.replace(old, new, 1), WORDS)


def test_a_server_that_is_left_out_is_missed() -> None:
    head, server, _ = TEXT.rpartition("[[endpoint]]")
    assert server
    with pytest.raises(ValueError, match="mssante-formation"):
        read_endpoints(head, WORDS)
