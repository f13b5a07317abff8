"""A certificate request that was made, and what is known of where it goes."""

from __future__ import annotations

from cpx_tool.model.message import Message, msg
from cpx_tool.model.request import Request
from cpx_tool.report.canvas import Canvas, Paper
from cpx_tool.report.json import SCHEMA_VERSION, to_text
from cpx_tool.report.words import Say

PORTAL = "https://pfc.eservices.esante.gouv.fr/pfcng-ihm/authentication.xhtml"


def render(request: Request, say: Say, paper: Paper) -> str:
    """The files, the name, and what to do next."""
    canvas = Canvas(paper)
    lines = (
        (msg("Private key"), str(request.key_file)),
        (msg("Request"), str(request.csr_file)),
        (msg("Subject"), subject_text(request)),
    )
    for name, value in lines:
        canvas.line(say(msg("{name}: {value}", name=name, value=value)))
    canvas.line()
    for sentence in _what_is_known():
        canvas.line(say(sentence))
    return canvas.text()


def render_json(request: Request) -> str:
    """One JSON object."""
    return to_text(
        {
            "schema_version": SCHEMA_VERSION,
            "key_file": str(request.key_file),
            "csr_file": str(request.csr_file),
            "subject": subject_text(request),
        }
    )


def subject_text(request: Request) -> str:
    """The name in the order of the request."""
    subject = request.subject
    parts = (
        ("C", "FR"),
        ("ST", subject.department),
        ("O", subject.organisation),
        ("OU", subject.structure),
        ("CN", subject.common_name),
    )
    return ", ".join(f"{kind}={value}" for kind, value in parts if value)


def _what_is_known() -> tuple[Message, ...]:
    return (
        msg(
            "The key is encrypted: whoever has the file and its password has the certificate. "
            "Neither can be recovered."
        ),
        msg(
            "What is known of the portal ({address}): you authenticate with an entitled test "
            "card, choose the offer ORG, the structure, the usage AUTH_CLI and the name, and it "
            "lets the browser make key and request; the .p12 is withdrawn in that same browser.",
            address=PORTAL,
        ),
        msg(
            "Whether it takes a request that was made elsewhere, as this one, is not known. If it "
            "does not, make key and request there."
        ),
        msg("With the certificate: openssl pkcs12 -export, then cpx-tool check-p12."),
    )
