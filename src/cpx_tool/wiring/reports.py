"""Reports that a run leaves, and what a run is called that no observation names."""

from __future__ import annotations

import secrets
import socket

from cpx_tool.adapters.files import identity_of
from cpx_tool.adapters.report_file import check as check_report
from cpx_tool.adapters.report_file import check_directory as check_report_directory
from cpx_tool.adapters.report_file import save as save_report

__all__ = [
    "check_report",
    "check_report_directory",
    "host_name",
    "identity_of",
    "new_run_id",
    "save_report",
]


def new_run_id() -> str:
    """A name that no other run has."""
    return secrets.token_hex(8)


def host_name() -> str:
    """This machine's."""
    return socket.gethostname()
