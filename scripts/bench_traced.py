"""cpx-tool that says on standard error when each part of its work begins and ends.

    python -X importtime scripts/bench_traced.py tls-test …

What Python itself says of imports comes in between; `bench_parts` reads both.
"""

from __future__ import annotations

import functools
import importlib
import os
import sys
import time
from collections.abc import Callable
from typing import Any

PARTS = (
    ("cpx_tool.adapters.worker:WorkerTokens.load", "module: start its process, load it"),
    ("cpx_tool.adapters.worker:WorkerTokens.slots", "module: slots"),
    ("cpx_tool.adapters.worker:WorkerTokens.token_info", "card: read"),
    ("cpx_tool.adapters.worker:WorkerTokens.read", "card: read"),
    ("cpx_tool.adapters.worker:WorkerTokens.read_private", "card: read"),
    ("cpx_tool.adapters.worker:WorkerTokens.login", "card: login"),
    ("cpx_tool.adapters.worker:WorkerTokens.sign", "card: sign"),
    ("cpx_tool.adapters.worker:WorkerTokens.logout", "card: logout"),
    ("cpx_tool.adapters.worker:WorkerTokens.close", "module: let go of it"),
    ("cpx_tool.adapters.server_proof:ServerTrust.__init__", "anchors: the system's and --ca-file"),
    ("cpx_tool.adapters.server_proof:ServerTrust.prove", "server's certificate: verify"),
    ("cpx_tool.adapters.tls_client:TlsliteClient.connect", "network and TLS"),
    ("cpx_tool.wiring.run:Run.read", "walk: all else of it"),
)
"""What is timed, and as which part: "module:name", or "module:class.name"."""
REST = "all else"


def say(what: str) -> None:
    """A line on standard error with the time, in nanoseconds of the monotonic clock."""
    os.write(2, f"mark: {time.monotonic_ns()} {what}\n".encode())


def timed(work: Callable[..., Any], part: str) -> Callable[..., Any]:
    """The same work, its beginning and end told."""

    @functools.wraps(work)
    def told(*arguments: Any, **named: Any) -> Any:
        say(f"begin {part}")
        try:
            return work(*arguments, **named)
        finally:
            say("end")

    return told


def replace(place: str, part: str) -> None:
    """Time what is at a place of `PARTS`."""
    module, _, path = place.partition(":")
    *owners, name = path.split(".")
    owner = functools.reduce(getattr, owners, importlib.import_module(module))
    setattr(owner, name, timed(getattr(owner, name), part))


def main() -> None:
    """As cpx-tool's own."""
    say(f"begin {REST}")
    for place, part in PARTS:
        replace(place, part)
    start = importlib.import_module("cpx_tool.__main__").main
    try:
        start()
    finally:
        say("end")


if __name__ == "__main__":
    sys.argv[0] = "cpx-tool"
    main()
