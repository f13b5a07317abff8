"""The no-break spaces of French stay where they are, and no line is broken at them."""

from __future__ import annotations

import pytest

from cpx_tool.report.canvas import Canvas, Paper

SENTENCE = "Une carte est absente\N{NO-BREAK SPACE}: l'insérer\N{NARROW NO-BREAK SPACE}!"


@pytest.mark.parametrize("width", range(14, 40))
def test_no_line_is_broken_at_them(width: int) -> None:
    canvas = Canvas(Paper(width=width))
    canvas.line(SENTENCE)
    canvas.item("→", SENTENCE)
    canvas.table(["tête"], [[(SENTENCE, "")]])
    text = canvas.text()
    assert text.count("absente\N{NO-BREAK SPACE}:") == 3
    assert text.count("l'insérer\N{NARROW NO-BREAK SPACE}!") == 3
