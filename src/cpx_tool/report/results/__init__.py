"""The judged run of each command as a `Result`: what all kinds of reports are made of."""

from __future__ import annotations

from cpx_tool.report.results.card_set import of_set
from cpx_tool.report.results.fleet import of_fleet
from cpx_tool.report.results.handshakes import of_handshakes
from cpx_tool.report.results.signing import of_signing
from cpx_tool.report.results.software import of_software
from cpx_tool.report.results.station import of_station

__all__ = ["of_fleet", "of_handshakes", "of_set", "of_signing", "of_software", "of_station"]
