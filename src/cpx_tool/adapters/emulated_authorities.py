"""The emulated CAs as files, for programs that are to trust emulated cards.

CODE.pem and CODE.crl of each CA; bundle.pem has all certificates.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from cpx_tool.adapters.emulation_keys import Authorities, pem_bundle
from cpx_tool.adapters.softhsm_directory import BUNDLE
from cpx_tool.emulate.card import EmulatedCard
from cpx_tool.emulate.revocation import make_crls


def write_authorities(
    folder: Path, authorities: Authorities, cards: Sequence[EmulatedCard]
) -> None:
    """Make `folder`, and write the CAs and the CRLs that these cards need. Raises `OSError`."""
    folder.mkdir()
    for code, certificate in authorities.certificates.items():
        (folder / f"{code}.pem").write_bytes(pem_bundle([certificate]))
    (folder / BUNDLE).write_bytes(pem_bundle(authorities.certificates.values()))
    for code, crl in make_crls(cards, authorities.keys, datetime.now(UTC)).items():
        (folder / f"{code}.crl").write_bytes(crl)
