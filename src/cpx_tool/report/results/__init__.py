"""What each command answers: what all kinds of reports are made of. A judged run is a `Result`."""

from __future__ import annotations

from cpx_tool.report.results.card_set import of_set
from cpx_tool.report.results.fleet import of_fleet
from cpx_tool.report.results.handshakes import of_handshakes
from cpx_tool.report.results.signing import of_signing
from cpx_tool.report.results.software import of_software
from cpx_tool.report.results.station import of_station
from cpx_tool.report.results.suspicions import of_blame, of_comparison

__all__ = [
    "of_blame",
    "of_comparison",
    "of_fleet",
    "of_handshakes",
    "of_set",
    "of_signing",
    "of_software",
    "of_station",
]
