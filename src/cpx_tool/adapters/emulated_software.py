"""The software certificates of an emulation as files, with the password 1234."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from cpx_tool.adapters.emulation_keys import Authorities
from cpx_tool.adapters.pkcs12 import write_pkcs12
from cpx_tool.adapters.softhsm_directory import SOFTWARE
from cpx_tool.emulate.organisation import ISSUER, Organisation, organisation_certificate
from cpx_tool.model.emulation import EmulatedSoftware
from cpx_tool.model.token import PUBLISHED_TEST_PIN
from cpx_tool.ports import Password

PASSWORD = Password(PUBLISHED_TEST_PIN)
"""One password for everything emulated."""


def write_software(
    directory: Path,
    organisations: Sequence[Organisation],
    keys: Sequence[RSAPrivateKey],
    authorities: Authorities,
) -> tuple[EmulatedSoftware, ...]:
    """Write them into the directory of an emulation. Raises `OSError`.

    A file holds certificate, key and issuing CA, as those of the ANS seen.
    """
    (directory / SOFTWARE).mkdir()
    written = []
    for organisation, key in zip(organisations, keys, strict=True):
        path = directory / SOFTWARE / organisation.file
        path.touch(mode=0o600)  # before there is a key in it
        path.write_bytes(_content(organisation, key, authorities))
        written.append(EmulatedSoftware(organisation.common_name, f"{SOFTWARE}/{path.name}"))
    return tuple(written)


def _content(organisation: Organisation, key: RSAPrivateKey, authorities: Authorities) -> bytes:
    der = organisation_certificate(organisation, key.public_key(), authorities.keys)
    certificate = x509.load_der_x509_certificate(der)
    return write_pkcs12(key, certificate, [authorities.certificates[ISSUER]], PASSWORD)
