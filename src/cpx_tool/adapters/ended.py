"""How those who work on a connection to a server say that it came no further."""

from __future__ import annotations

from cpx_tool.model.handshake import End, Step, Stop


class Ended(Exception):
    """The connection came no further."""

    def __init__(self, step: Step, end: End, detail: str = "") -> None:
        super().__init__(f"{step}: {end}")
        self.stop = Stop(step, end, detail)
