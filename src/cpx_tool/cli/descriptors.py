"""Whether this process may open enough files to do anything at all."""

from __future__ import annotations

import os

from cpx_tool.errors import BadInput
from cpx_tool.model.message import msg

_DESCRIPTORS = 12
"""At once: three pipes to a worker while it is started, a lock, the PC/SC socket, files."""
_ENOUGH_DESCRIPTORS = 64


def require_descriptors() -> None:
    """Raises `BadInput` where this process may open too few files to do anything at all."""
    if _can_open(_DESCRIPTORS):
        return
    raise BadInput(
        msg("Too few files can be opened: the limit of this process is {limit}.", limit=_limit()),
        msg("Raise the limit (ulimit -n): {enough} is enough.", enough=_ENOUGH_DESCRIPTORS),
    )


def _can_open(count: int) -> bool:
    opened: list[int] = []
    try:
        opened.extend(os.open(os.devnull, os.O_RDONLY) for _ in range(count))
    except OSError:
        return False
    finally:
        for descriptor in opened:
            os.close(descriptor)
    return True


def _limit() -> int | str:
    try:
        import resource  # noqa: PLC0415 - not on Windows
    except ImportError:
        return "?"
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]
