"""What HTML reports are made of in tests, and what a page says when it is taken apart."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

from cpx_tool.judge.verdict import exit_code
from cpx_tool.model.endpoint import Endpoint
from cpx_tool.model.finding import Checklist
from cpx_tool.model.handshake import (
    Client,
    ClientKind,
    Connection,
    End,
    Handshake,
    HttpAnswer,
    KeyUse,
    ServerProof,
    Step,
    Stop,
)
from cpx_tool.model.message import Message
from cpx_tool.model.observation import CardObservation
from cpx_tool.report import checklist_json, html

ENDPOINT = Endpoint("server.example", 443, "/")
FETCHED = [
    {
        "document": "crl",
        "about": "AC",
        "url": "http://ca.example/list.crl",
        "fetched": False,
        "problem": "timeout",
        "message": "No answer.",
    }
]

_VOID = {"meta", "br", "link", "img", "input", "hr"}
_BLOCKS = {"p", "div", "ul", "ol", "dl", "table", "section", "article", "details", "h1", "h2", "h3"}
_APART = {*_BLOCKS, "td", "th", "li", "dt", "dd", "svg"}
_PHRASING_ONLY = {"p", "h1", "h2", "h3", "span", "code", "b", "bdi", "button", "a"}


def reached(name: str, certificate: bytes) -> Handshake:
    """A card that a server accepted."""
    connection = Connection(
        offered="TLSv1.3",
        addresses=("192.0.2.1",),
        address="192.0.2.1",
        version="TLSv1.3",
        cipher="TLS_AES_256_GCM_SHA384",
        group="x25519",
        chain=(certificate,),
        proof=ServerProof(0, chain=(certificate,), names=(ENDPOINT.host,)),
        signature=KeyUse("CKM_RSA_PKCS_PSS", 0.1),
        accepted=True,
        http=HttpAnswer(200, "OK", "Welcome"),
        seconds={Step.RESOLVE: 0.0021, Step.CONNECT: 0.0042, Step.HELLO: 0.0305},
    )
    client = Client(ClientKind.CARD, name, certificate)
    return Handshake(ENDPOINT, client, False, None, (connection,))


def not_reached(name: str, certificate: bytes) -> Handshake:
    """A card whose server does not listen, asked without insisting on its certificate."""
    stop = Stop(Step.CONNECT, End.REFUSED)
    connection = Connection("TLSv1.3", ("192.0.2.1",), stop=stop, seconds={Step.RESOLVE: 0.0021})
    client = Client(ClientKind.CARD, name, certificate)
    return Handshake(ENDPOINT, client, True, None, (connection, connection))


def knocking(seen: CardObservation) -> CardObservation:
    """The card, shown to both servers."""
    name, certificate = seen.token.serial if seen.token else "", seen.certificates[0].der
    return replace(seen, handshakes=(reached(name, certificate), not_reached(name, certificate)))


def rendered(
    checklist: Checklist,
    say: Callable[[Message], str],
    lang: str = "en",
    fetched: list[dict[str, Any]] | None = None,
) -> str:
    """The page of a checklist, with the exit code that its verdict has."""
    return html.render_checklist(checklist, exit_code(checklist), say, lang, fetched)


def as_json(
    checklist: Checklist,
    say: Callable[[Message], str],
    fetched: list[dict[str, Any]] | None = None,
) -> str:
    """The JSON of the same."""
    return checklist_json.render(checklist, exit_code(checklist), say, fetched)


class Reading(HTMLParser):
    """A page taken apart. `faults` says what is not well formed; `text` has single blanks."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.faults: list[str] = []
        self.elements: list[tuple[str, dict[str, str]]] = []
        self._open: list[str] = []
        self._said: list[str] = []
        self.feed(page)
        self.close()
        self.faults += [f"not closed: {name}" for name in self._open]

    @property
    def text(self) -> str:
        """All that is for reading."""
        return " ".join("".join(self._said).split())

    def all(self, name: str) -> list[dict[str, str]]:
        """The attributes of each element of that name."""
        return [attributes for found, attributes in self.elements if found == name]

    def values(self, attribute: str) -> list[str]:
        """That attribute of all elements that have it."""
        return [found[attribute] for _, found in self.elements if attribute in found]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """HTMLParser's."""
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag in _BLOCKS and self._open and self._open[-1] in _PHRASING_ONLY:
            self.faults.append(f"{tag} in {self._open[-1]}")
        if tag in _APART:
            self._said.append(" ")
        if tag not in _VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """HTMLParser's: of SVG only."""
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        """HTMLParser's."""
        if not self._open or self._open.pop() != tag:
            self.faults.append(f"closed: {tag}")

    def handle_data(self, data: str) -> None:
        """HTMLParser's."""
        if self._open and self._open[-1] not in ("style", "script"):
            self._said.append(data)


def sentences(body: str) -> set[str]:
    """What a report as JSON says of each finding and each use, with single blanks."""
    report = json.loads(body)
    told = list(report["findings"])
    for card in report["cards"]:
        told += [*card["findings"], *card["eligibility"]]
        told += [finding for one in card["handshakes"] for finding in one["findings"]]
    wanted = ("title", "message", "hint", "reason", "check", "use", "code")
    texts = (each.get(key) for each in told for key in wanted)
    return {" ".join(text.split()) for text in texts if text}
