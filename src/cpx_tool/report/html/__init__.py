"""Judged values as one HTML page: no network, no other file, no script needed to read it."""

from cpx_tool.report.html.checklist import render as render_checklist
from cpx_tool.report.html.examination import render as render_examination
from cpx_tool.report.html.handshakes import render as render_handshakes
from cpx_tool.report.html.signing import render as render_signing
from cpx_tool.report.html.software import render as render_software
from cpx_tool.report.html.suspicions import render_blame, render_comparison

__all__ = [
    "render_blame",
    "render_checklist",
    "render_comparison",
    "render_examination",
    "render_handshakes",
    "render_signing",
    "render_software",
]
