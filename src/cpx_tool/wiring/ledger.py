"""The ledger of PIN tries."""

from __future__ import annotations

import os
from pathlib import Path

from cpx_tool.adapters.ledger import FileLedger, state_directory, unusable
from cpx_tool.adapters.softhsm_directory import read_manifest
from cpx_tool.model.observation import FailedTry
from cpx_tool.ports import LedgerFault


def pin_ledger(emulated: Path | None) -> FileLedger:
    """The ledger of PIN tries on real cards; or that of an emulation, whose card numbers come
    again with each one that is made. Raises `BadInput` where there is no such emulation.
    """
    if emulated is None:
        return FileLedger(state_directory(os.environ))
    read_manifest(emulated)
    return FileLedger(emulated)


def failed_tries() -> tuple[FailedTry, ...]:
    """Those on real cards, of all runs. Raises `BadInput` where the ledger cannot be used."""
    ledger = pin_ledger(None)
    try:
        return ledger.entries()
    except LedgerFault as error:
        raise unusable(ledger.path, error) from None
