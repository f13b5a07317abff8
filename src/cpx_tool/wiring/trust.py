"""CA certificates and CRLs: those at hand, and the user's store."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from cpx_tool.adapters import trust_files
from cpx_tool.adapters.certificate_file import read_certificate_file
from cpx_tool.adapters.fetch import HttpFetch
from cpx_tool.adapters.system import no_home, now
from cpx_tool.adapters.trust_import import Importer
from cpx_tool.adapters.trust_store import NOTHING_STORED, TrustStore, store_directory
from cpx_tool.catalogue.authorities import authorities
from cpx_tool.model.fetch import Address
from cpx_tool.model.identity import Pki
from cpx_tool.model.trust import Arrival, Imported, StoreListing, TrustMaterial
from cpx_tool.observe.online import ask, published
from cpx_tool.pki.emulated import emulated_roots


def trust_at_hand(ca_dirs: Sequence[Path], crl_files: Sequence[Path]) -> TrustMaterial:
    """The user's store, then these directories and files, then the middleware's own store.

    Roots of the emulator in a directory that was named vouch for emulated cards.

    Raises `BadInput` for a directory or CRL that was named and cannot be used.
    """
    directory = store_directory(os.environ)
    stored = NOTHING_STORED if directory is None else TrustStore(directory).read()
    found = trust_files.read_paths(ca_dirs)
    places = [f for place in trust_files.middleware_stores() for f in trust_files.read_place(place)]
    given = [crl for file in crl_files for crl in trust_files.read_crl_file(file)]
    named = trust_files.certificates_of(found)
    return TrustMaterial(
        certificates=(
            *stored.certificates,
            *trust_files.certificates_of((*found, *places)),
        ),
        crls=(*given, *stored.crls, *trust_files.crls_of(found)),
        accepted=tuple(stored.accepted),
        emulated=emulated_roots(named),
    )


def trust_addresses(files: Sequence[Path], *, production: bool) -> tuple[Address, ...]:
    """Where the CA certificates and CRLs of the test PKI are, of the production one on request,
    and those that the certificates of these files name.

    Raises `BadInput` for a file that holds no certificate.
    """
    pkis = (Pki.IGC_SANTE_TEST, Pki.IGC_SANTE) if production else (Pki.IGC_SANTE_TEST,)
    known = [authority for authority in authorities() if authority.pki in pkis]
    named = [certificate for file in files for certificate in read_certificate_file(file)]
    return published(known, named)


def fetch_trust(addresses: Sequence[Address], timeout: float) -> tuple[Arrival, ...]:
    """Fetch from these addresses into the user's store, as `import_trust` brings files in; an
    unknown CA is never accepted. Raises `BadInput` for a store that cannot be used.
    """
    gains = ask(addresses, HttpFetch(timeout))
    found = [
        trust_files.Found(gain.fetched.url, gain.certificates, gain.crls)
        for gain in gains
        if gain.fetched.failure is None
    ]
    importer = Importer(_store(), authorities(), accept_unknown=False, at=now())
    done = importer.run(found)
    return tuple(
        Arrival(gain.fetched, tuple(item for item in done if item.file == gain.fetched.url))
        for gain in gains
    )


def import_trust(paths: Sequence[Path], *, accept_unknown: bool) -> tuple[Imported, ...]:
    """Fill the user's store. Raises `BadInput` for a path or store that cannot be used."""
    importer = Importer(_store(), authorities(), accept_unknown, now())
    return importer.run(trust_files.read_paths(paths))


def list_trust() -> StoreListing:
    """What the user's store holds. Raises `BadInput` when it cannot be read."""
    places = trust_files.middleware_stores()
    counts = [(str(p), len(trust_files.certificates_of(trust_files.read_place(p)))) for p in places]
    return _store().listing(authorities(), tuple((p, n) for p, n in counts if n))


def _store() -> TrustStore:
    directory = store_directory(os.environ)
    if directory is None:
        raise no_home()
    return TrustStore(directory)
