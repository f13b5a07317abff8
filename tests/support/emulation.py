"""Emulated cards for tests: cheap CA keys, made once for all runs; tokens read in a child."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

from cpx_tool.adapters.emulation_keys import KeyCache, pem_bundle
from cpx_tool.adapters.softhsm import Wanted, write_emulation
from cpx_tool.catalogue.sets import find_set
from cpx_tool.emulate.card import EmulatedCard, make_card
from cpx_tool.emulate.defects import plan_defects
from cpx_tool.emulate.organisation import organisations
from cpx_tool.emulate.profile import Profile, profiles
from cpx_tool.model.cardset import CardSet
from cpx_tool.model.emulation import Emulation
from support.cli import CACHE as TESTS_CACHE
from support.cli import environment

CACHE = KeyCache(TESTS_CACHE / "emulation", authority_bits=2048)
"""Keys of emulated cards, made once for all runs; not part of the project."""

PIN = "1234"


def planned(card_set: CardSet, *defects: str, now: datetime | None = None) -> tuple[Profile, ...]:
    """The profiles of a set with these defects."""
    return profiles(card_set, plan_defects(card_set, defects), now or datetime.now(UTC))


def wanted(set_name: str, *defects: str) -> Wanted:
    """What `write_emulation` is asked for."""
    card_set = find_set(set_name)
    software = organisations(card_set, datetime.now(UTC))
    return Wanted(set_name, defects, planned(card_set, *defects), software)


def emulate(
    into: Path, *defects: str, set_name: str = "centre-sante", raw: str | None = None
) -> Emulation:
    """Write an emulation with real SoftHSM tokens.

    The keys of the card of the role `raw` take the raw RSA operation (CKM_RSA_X_509), which those
    of real cards refuse, and no PSS.
    """

    def make(profile: Profile, *parts: Any) -> EmulatedCard:
        card = make_card(profile, *parts)
        return _with_raw_keys(card) if raw is not None and profile.role == raw else card

    with patch("cpx_tool.adapters.softhsm.make_card", make):
        return write_emulation(wanted(set_name, *defects), into, CACHE, reuse=False)


def _with_raw_keys(card: EmulatedCard) -> EmulatedCard:
    mechanisms = ("CKM_RSA_X_509", "CKM_RSA_PKCS")
    return replace(card, slots=tuple(replace(s, mechanisms=mechanisms) for s in card.slots))


def cards(profiles: Sequence[Profile]) -> list[EmulatedCard]:
    """The complete cards of these profiles, without SoftHSM."""
    authorities = CACHE.authorities()
    keys = CACHE.cards(profiles)
    return [make_card(p, own, authorities.keys) for p, own in zip(profiles, keys, strict=True)]


def bundle(into: Path) -> Path:
    """The emulated PKI's certificates in one PEM file."""
    path = into / "bundle.pem"
    path.write_bytes(pem_bundle(CACHE.authorities().certificates.values()))
    return path


def openssl(*arguments: str | Path) -> str:
    """What openssl prints; an assertion error when it fails."""
    done = subprocess.run(
        ["openssl", *map(str, arguments)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def dump(emulation: Emulation) -> list[dict[str, Any]]:
    """Every token as python-pkcs11 shows it, before and after a login; signatures tried."""
    script = Path(__file__).with_name("dump_tokens.py")
    done = subprocess.run(
        [sys.executable, script, emulation.module],
        env=environment(**emulation.environment),
        input=PIN,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    tokens: list[dict[str, Any]] = json.loads(done.stdout)
    return tokens


def object_of(objects: Sequence[dict[str, Any]], kind: str, label: str) -> dict[str, Any]:
    """The one object of this class and label."""
    (found,) = (o for o in objects if (o["class"], o["label"]) == (kind, label))
    return found
