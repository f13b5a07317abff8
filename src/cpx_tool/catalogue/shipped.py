"""Data that this package brings along, read strictly: a slip in it must not go unnoticed."""

from __future__ import annotations

from collections.abc import Mapping


def refuse_keys(entry: Mapping[str, object], needed: set[str], allowed: set[str]) -> None:
    """Raise `ValueError` when a needed key is missing, or one is neither needed nor allowed."""
    missing, unknown = needed - entry.keys(), entry.keys() - needed - allowed
    if missing or unknown:
        raise ValueError(f"missing keys {sorted(missing)}, unknown keys {sorted(unknown)}")
