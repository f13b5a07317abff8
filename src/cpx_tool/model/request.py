"""A certificate to be requested: whom it is to name, and where key and request go."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Subject:
    """The name asked for: CN, and what is given of ST, O and OU (a Struct_IdNat)."""

    common_name: str
    department: str | None = None
    organisation: str | None = None
    structure: str | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """A key and a PKCS#10 to make."""

    subject: Subject
    key_file: Path
    csr_file: Path
