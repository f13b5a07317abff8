"""The key of a software certificate, apart: the process that opens a file needs no more than this,
and starts in half the time.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SoftwareKey:
    """What is kept of a private key: its public half (SPKI, DER), algorithm and size.

    `algorithm` is "RSA" or "EC", "" for another one, of which `bits` is 0.
    """

    algorithm: str
    bits: int
    public_key: bytes
