"""Emulated cards."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cpx_tool.adapters.emulation_keys import KeyCache
from cpx_tool.adapters.softhsm import Wanted, write_emulation
from cpx_tool.adapters.softhsm_directory import read_manifest
from cpx_tool.adapters.system import no_home, now, user_cache
from cpx_tool.emulate.defects import plan_defects
from cpx_tool.emulate.organisation import organisations
from cpx_tool.emulate.profile import profiles
from cpx_tool.errors import CpxError
from cpx_tool.model.cardset import CardSet
from cpx_tool.model.emulation import Emulation


def emulate(card_set: CardSet, into: Path, defects: Sequence[str], reuse: bool) -> Emulation:
    """Write emulated cards of a set. Raises `CpxError`."""
    planned = plan_defects(card_set, defects)
    moment = now()
    wanted = Wanted(
        set_name=card_set.name,
        defects=tuple(defects),
        profiles=profiles(card_set, planned, moment),
        organisations=organisations(card_set, moment),
    )
    directory = user_cache()
    if directory is None:
        raise no_home()
    return write_emulation(wanted, into, KeyCache(directory / "emulation"), reuse=reuse)


def emulation_there(directory: Path) -> tuple[str, ...] | None:
    """The set's name and the defects of the emulation in a directory; None where there is none
    that can be read.
    """
    try:
        manifest = read_manifest(directory)
    except (CpxError, OSError, ValueError):  # ValueError: a NUL in the path
        return None
    return (manifest.set_name, *manifest.defects)
