"""Judged values as one HTML page: no network, no other file, no script needed to read it."""

from cpx_tool.report.html.checklist import render as render_checklist
from cpx_tool.report.html.handshakes import render as render_handshakes

__all__ = ["render_checklist", "render_handshakes"]
