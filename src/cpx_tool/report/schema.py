"""The JSON Schema of results, as this version of the tool writes them."""

from __future__ import annotations

from importlib.resources import files

NAME = "result.schema.json"


def text() -> str:
    """One JSON object with a final newline (JSON Schema 2020-12)."""
    return (files("cpx_tool.report") / NAME).read_text(encoding="utf-8")
