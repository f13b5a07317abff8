"""What certificates say of themselves: issued by the emulator, so that no card is a real one."""

from __future__ import annotations

from collections.abc import Iterable

from cpx_tool.model.certificate import Certificate
from cpx_tool.model.identity import Pki
from cpx_tool.pki.certificate import BadCertificate, read_certificate
from cpx_tool.pki.identity import issuing_pki


def any_emulated(ders: Iterable[bytes]) -> bool:
    """Whether the emulator's PKI issued one of them."""
    return any(found is not None and issuing_pki(found) is Pki.EMULATED for found in _read(ders))


def all_emulated(ders: Iterable[bytes]) -> bool:
    """Whether each of them can be read, and the emulator's PKI issued it."""
    return all(found is not None and issuing_pki(found) is Pki.EMULATED for found in _read(ders))


def emulated_roots(ders: Iterable[bytes]) -> tuple[str, ...]:
    """SHA-256 fingerprints of the roots among them that stand under the emulator's own name.

    They vouch for emulated cards only: whatever they issue names the emulator, too.
    """
    return tuple(
        dict.fromkeys(
            found.sha256
            for found in _read(ders)
            if found is not None
            and found.subject == found.issuer
            and issuing_pki(found) is Pki.EMULATED
        )
    )


def _read(ders: Iterable[bytes]) -> Iterable[Certificate | None]:
    for der in ders:
        try:
            yield read_certificate(der)
        except BadCertificate:
            yield None
