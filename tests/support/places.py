"""Directories that are quick to write to."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_MEMORY = Path("/dev/shm")  # noqa: S108 - for private directories


@contextmanager
def quick_directory() -> Iterator[Path]:
    """In memory where there is some: SoftHSM rewrites a token's file for each attribute."""
    place = _MEMORY if os.access(_MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=place, prefix="cpx-tool-") as directory:
        yield Path(directory)
