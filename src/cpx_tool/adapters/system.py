"""The workstation itself: its name, its system, its clock."""

from __future__ import annotations

import platform
import socket
from datetime import UTC, datetime

from cpx_tool.model.observation import Workstation


class SystemClock:
    """Satisfies `ports.Clock`."""

    def now(self) -> datetime:
        """Now, in UTC, to the second."""
        return datetime.now(UTC).replace(microsecond=0)


def workstation() -> Workstation:
    """Where this runs."""
    return Workstation(
        host=socket.gethostname(),
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        python=platform.python_version(),
    )
