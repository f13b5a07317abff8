"""Files of software certificates, and requests for one."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from cpx_tool import __version__
from cpx_tool.adapters.files import kind_of
from cpx_tool.adapters.password import new_password, password_source
from cpx_tool.adapters.request import write_request
from cpx_tool.adapters.softhsm import emulation_trust, use_emulation
from cpx_tool.adapters.software_files import read_software_file
from cpx_tool.adapters.system import keep_no_core, now
from cpx_tool.errors import BadInput
from cpx_tool.model.request import Request
from cpx_tool.model.software import SoftwareFile, SoftwareObservation
from cpx_tool.model.trust import TrustMaterial


def read_software(
    paths: Sequence[Path],
    password_file: Path | None,
    emulated: Path | None,
    at_hand: TrustMaterial,
    at: datetime | None,
) -> SoftwareObservation:
    """Open files of software certificates; one that does not open says why, and hides none.

    Raises `BadInput` where none of them is there, and for a password file, or an emulation, that
    cannot be used.
    """
    keep_no_core()  # this process holds the password
    source = password_source(password_file, os.environ)
    if emulated is not None:
        with use_emulation(emulated, None, lambda _: None, logins=False):
            at_hand = at_hand.plus(emulation_trust(emulated))
    seen = tuple(read_software_file(path, source) for path in paths)  # asks for passwords, maybe
    if not any(map(kind_of, paths)):
        _refuse(seen[0])
    return SoftwareObservation(
        tool_version=__version__, judged_at=at or now(), files=seen, trust=at_hand
    )


def _refuse(absent: SoftwareFile) -> None:
    """Mistyped names are no software certificates: nothing is judged."""
    if absent.problem is not None and absent.hint is not None:
        raise BadInput(absent.problem, absent.hint)


def request_certificate(request: Request, password_file: Path | None) -> None:
    """Make a private key and a certificate request. Raises `BadInput`, and leaves no file then."""
    keep_no_core()  # this process holds the password and the key
    write_request(request, lambda: new_password(password_file, os.environ))
