"""What was emulated, and how another program loads it."""

from __future__ import annotations

import shlex

from cpx_tool.model.emulation import EmulatedToken, Emulation
from cpx_tool.model.message import msg
from cpx_tool.report.canvas import Canvas, Paper
from cpx_tool.report.console import emulated_banner
from cpx_tool.report.json import SCHEMA_VERSION, to_text
from cpx_tool.report.words import Say


def render(emulation: Emulation, say: Say, paper: Paper) -> str:
    """A table of tokens, then module and environment for other programs."""
    canvas = Canvas(paper)
    canvas.line(say(emulated_banner()), "bold magenta")
    heads = (msg("Card"), msg("Token"), msg("Role"), msg("Defects"))
    canvas.table([say(head) for head in heads], [_row(token) for token in emulation.tokens])
    canvas.line(say(msg("For other programs:")))
    text = canvas.text()
    # not wrapped: these lines are copied into a shell
    for name, value in emulation.environment.items():
        text += f"  export {name}={shlex.quote(value)}\n"
    text += "  " + say(msg("module: {path}", path=emulation.module)) + "\n"
    authorities = f"{emulation.directory}/ca/"
    text += "  " + say(msg("PIN: 1234; CA certificates: {path}", path=authorities)) + "\n"
    text += "  " + say(msg("software certificates, password 1234:")) + "\n"
    files = [f"{emulation.directory}/{software.file}" for software in emulation.software]
    for software, file in zip(emulation.software, files, strict=True):
        text += f"    {software.name}: {file}\n"
    for words in (
        ["check-set", "--set", emulation.set_name, "--emulated", emulation.directory],
        ["check-p12", "--emulated", emulation.directory, *files],
    ):
        command = shlex.join(["cpx-tool", *words])
        text += say(msg("Next: {command}", command=command)) + "\n"
    return text


def render_json(emulation: Emulation) -> str:
    """One JSON object."""
    return to_text(
        {
            "schema_version": SCHEMA_VERSION,
            "directory": emulation.directory,
            "set": emulation.set_name,
            "created": emulation.created,
            "defects": list(emulation.defects),
            "module": emulation.module,
            "environment": dict(emulation.environment),
            "ca_directory": f"{emulation.directory}/ca",
            "cards": [_body(token) for token in emulation.tokens],
            "software": [
                {"name": software.name, "file": f"{emulation.directory}/{software.file}"}
                for software in emulation.software
            ],
        }
    )


def _row(token: EmulatedToken) -> list[tuple[str, str]]:
    return [
        (token.card_number, ""),
        (token.label, ""),
        (token.role or token.title, ""),
        (", ".join(token.defects), "yellow"),
    ]


def _body(token: EmulatedToken) -> dict[str, object]:
    return {
        "role": token.role or None,
        "title": token.title,
        "card_number": token.card_number,
        "label": token.label,
        "serial": token.serial,
        "slot_id": token.slot_id,
        "defects": list(token.defects),
    }
