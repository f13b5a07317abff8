"""Where the tests find what is not part of the project."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED_CERTS = Path(__file__).parents[2] / ".." / "shared" / "certs"
"""Real public certificates of the field, beside the checkout where they are at hand."""


def shared_cert(name: str) -> bytes:
    """The bytes of one of them; skips the test where they are not at hand."""
    path = SHARED_CERTS / name
    if not path.exists():
        pytest.skip(f"the real certificate {name} is not beside this checkout")
    return path.read_bytes()
