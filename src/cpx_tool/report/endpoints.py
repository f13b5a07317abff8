"""Servers that have a name, for a person and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cpx_tool.model.endpoint import Caller, CertificateAsked, KnownEndpoint
from cpx_tool.model.message import msg
from cpx_tool.report.canvas import Canvas, Cell, Paper
from cpx_tool.report.json import SCHEMA_VERSION, to_text
from cpx_tool.report.words import Say

_CLIENTS = {
    Caller.CARD: msg("card"),
    Caller.ORG: msg("ORG certificate"),
    Caller.NOT_KNOWN: msg("not known"),
}
_ASKED = {CertificateAsked.YES: msg("yes"), CertificateAsked.NOT_KNOWN: msg("not known")}


def render(known: Sequence[KnownEndpoint], say: Say, paper: Paper) -> str:
    """The user's own servers, then a table of the others, with what is known of each."""
    canvas = Canvas(paper)
    for file in dict.fromkeys(server.file for server in known if server.file is not None):
        canvas.line(say(msg("Yours, in {file}", file=str(file))), "bold")
        for server in known:
            if server.file == file:
                canvas.line(server.name)
                canvas.verbatim(server.endpoint.url, indent=2)
        canvas.line()
    _catalogue(canvas, [server for server in known if server.file is None], say)
    canvas.line(
        say(
            msg(
                "None of them is contacted unless you name it. Names of your own: [endpoints] in "
                "the configuration file."
            )
        )
    )
    return canvas.text()


def _catalogue(canvas: Canvas, known: Sequence[KnownEndpoint], say: Say) -> None:
    heads = (msg("Known test servers"), msg("Called with"), msg("Asks for a certificate"))
    rows: list[list[Cell]] = [
        [(server.name, ""), (say(_CLIENTS[server.client]), ""), (say(_ASKED[server.asked]), "")]
        for server in known
    ]
    canvas.columns([say(head) for head in heads], rows, [(s.endpoint.url,) for s in known])
    canvas.line()
    for server in known:
        _explain(canvas, server, say)
    canvas.line()
    canvas.line(
        say(
            msg(
                "“Asks for a certificate” is about the TLS handshake, and what a source says of "
                "it; “not known” is no “no”."
            )
        )
    )


def render_json(known: Sequence[KnownEndpoint], say: Say) -> str:
    """One JSON object; `file` is null for those of the catalogue, `source` for the user's own."""
    return to_text(
        {"schema_version": SCHEMA_VERSION, "endpoints": [_body(server, say) for server in known]}
    )


def _explain(canvas: Canvas, server: KnownEndpoint, say: Say) -> None:
    if server.title is not None:
        canvas.line(say(msg("{name}: {value}", name=server.name, value=server.title)))
    if server.note is not None:
        canvas.line(say(server.note), indent=2)
    if server.source is not None:
        canvas.line(say(msg("Source: {source}", source=server.source)), "dim", indent=2)


def _body(server: KnownEndpoint, say: Say) -> dict[str, Any]:
    endpoint = server.endpoint
    return {
        "name": server.name,
        "url": endpoint.url,
        "host": endpoint.host,
        "port": endpoint.port,
        "path": endpoint.path,
        "title": say(server.title) if server.title else None,
        "client": server.client.value,
        "asks_for_certificate": server.asked.value,
        "note": say(server.note) if server.note else None,
        "source": server.source,
        "file": str(server.file) if server.file else None,
    }
