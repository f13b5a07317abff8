"""Servers, and who is presented to them: a card, a software certificate, or nobody."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from cpx_tool import __version__
from cpx_tool.adapters.password import password_source
from cpx_tool.adapters.reach import Proxy, proxy_of_environment, read_proxy_option
from cpx_tool.adapters.root_files import Root
from cpx_tool.adapters.softhsm import emulation_trust
from cpx_tool.adapters.softhsm_directory import read_manifest
from cpx_tool.adapters.software_files import open_key
from cpx_tool.adapters.station import workstation
from cpx_tool.adapters.system import keep_no_core, now
from cpx_tool.catalogue.authorities import authorities
from cpx_tool.catalogue.endpoints import find_endpoint, looks_like_a_name
from cpx_tool.errors import BadInput
from cpx_tool.judge.presenting import card_to_present
from cpx_tool.model.endpoint import Endpoint
from cpx_tool.model.handshake import AnchorSource, Client, ClientKind, Handshake
from cpx_tool.model.message import msg
from cpx_tool.model.observation import SCHEMA_VERSION, Observation, PinRefusal
from cpx_tool.model.reader import Pcsc, PcscStatus
from cpx_tool.model.trust import Anchors, TrustMaterial
from cpx_tool.observe.handshakes import NEWEST, NO_CARD, OLDER, Errands, KnockErrand
from cpx_tool.pki.emulated import any_emulated
from cpx_tool.pki.trust import make_trust
from cpx_tool.ports import Progress
from cpx_tool.wiring.endpoints import own_endpoints
from cpx_tool.wiring.run import Interrupted, Login, Run, in_run
from cpx_tool.wiring.source import Source

VERSIONS = {"1.2": OLDER, "1.3": NEWEST}
"""As `--tls-max` takes them."""
MOST_ENDPOINTS = 100
NO_PROXY = "none"
"""As `--proxy` takes it: go directly, whatever the environment says."""


@dataclass(frozen=True, slots=True)
class Knocking:
    """Where to knock, and how, as asked for. `seconds` is how long one connection may take;
    `proxy` is an address, `NO_PROXY`, or None: as the environment says.
    """

    endpoints: tuple[str, ...]
    seconds: float
    ca_files: tuple[Path, ...] = ()
    proxy: str | None = None
    tls_max: str = "1.3"
    insecure: bool = False
    expect_status: int | None = None


def find_endpoints(texts: Sequence[str]) -> tuple[Endpoint, ...]:
    """Addresses, and names of the configuration file and of the catalogue; each once. Raises
    `BadInput`. The configuration file is read for names only.
    """
    if len(texts) > MOST_ENDPOINTS:
        raise BadInput(
            msg(
                "These are {count} servers; no more than {limit} are asked in one run.",
                count=len(texts),
                limit=MOST_ENDPOINTS,
            ),
            msg("Run it several times."),
        )
    own = own_endpoints() if any(map(looks_like_a_name, texts)) else ()
    return tuple(dict.fromkeys(find_endpoint(text, own) for text in texts))


def errands(knocking: Knocking, at_hand: TrustMaterial, emulated: Path | None) -> Errands:
    """What `KnockErrand` needs. `at_hand` holds the user's anchors, and with the emulation's the
    issuers that are sent with a certificate. Raises `BadInput`.
    """
    # tlslite-ng and pyOpenSSL take as long to import as all the rest: only where they are needed
    from cpx_tool.adapters.server_proof import ServerTrust, read_ca_file  # noqa: PLC0415
    from cpx_tool.adapters.tls_client import TlsliteClient  # noqa: PLC0415

    endpoints = find_endpoints(knocking.endpoints)
    anchors = {
        AnchorSource.CA_FILE: [der for file in knocking.ca_files for der in read_ca_file(file)],
        AnchorSource.IMPORTED: _imported(at_hand),
    }
    proxies = {endpoint: _proxy(knocking.proxy, endpoint) for endpoint in endpoints}
    client = TlsliteClient(
        trust=ServerTrust(anchors),
        seconds=knocking.seconds,
        insecure=knocking.insecure,
        proxies=proxies,
    )
    if emulated is not None:
        read_manifest(emulated)
        at_hand = at_hand.plus(emulation_trust(emulated))
    return Errands(
        endpoints=endpoints,
        client=client,
        issuers=_issuers(at_hand),
        newest=VERSIONS[knocking.tls_max],
        insecure=knocking.insecure,
        expect_status=knocking.expect_status,
        choices=_choices(knocking, anchors, at_hand, proxies.values()),
    )


def _choices(
    knocking: Knocking,
    anchors: Mapping[AnchorSource, Sequence[bytes]],
    at_hand: TrustMaterial,
    proxies: Iterable[Proxy | None],
) -> str:
    """A digest of what the answers depend on, besides servers and cards; in any order."""
    told = [
        knocking.tls_max,
        str(knocking.insecure),
        str(knocking.expect_status),
        *(proxy.text if proxy else NO_PROXY for proxy in proxies),
    ]
    for ders in (*anchors.values(), at_hand.certificates):
        told += ["", *sorted(hashlib.sha256(der).hexdigest() for der in set(ders))]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()


def knock_with_cards(
    source: Source,
    login: Login | PinRefusal,
    at_hand: TrustMaterial,
    progress: Progress,
    errand: KnockErrand,
) -> Observation:
    """The errand's card, or all of them, at each endpoint. Where none was chosen, the only one
    that is there is. Raises as `visit_cards`, and `CpxError` where there is none, or several.
    """

    def read(run: Run) -> Observation:
        if errand.number == NO_CARD:
            errand.number = card_to_present(run.read())
        return run.read()

    return in_run(source, login, at_hand, progress, errand, read)


def knock_as_nobody(wanted: Errands) -> Observation:
    """What the endpoints ask for, without a certificate. Raises `Interrupted` on Ctrl-C."""
    return _one_by_one(wanted.endpoints, wanted.knock_as_nobody)


def knock_with_file(wanted: Errands, path: Path, password_file: Path | None) -> Observation:
    """A software certificate at each endpoint. Raises `BadInput` where it cannot be opened, and
    `Interrupted` on Ctrl-C.
    """
    keep_no_core()  # this process holds the password
    with closing(open_key(path, password_source(password_file, os.environ))) as key:
        own, *issuers = key.certificates
        client = Client(ClientKind.FILE, str(path), own, tuple(issuers))
        return _one_by_one(wanted.endpoints, lambda one: wanted.knock(one, client, key))


def _one_by_one(
    endpoints: Sequence[Endpoint], knock: Callable[[Endpoint], Handshake]
) -> Observation:
    """An interruption costs the endpoints that were not reached by then, not the others."""
    done: list[Handshake] = []
    try:
        for endpoint in endpoints:
            done.append(knock(endpoint))
    except KeyboardInterrupt as stop:
        raise Interrupted(replace(_observation(tuple(done)), interrupted=True), stop) from None
    return _observation(tuple(done))


def _observation(handshakes: tuple[Handshake, ...]) -> Observation:
    return Observation(
        schema_version=SCHEMA_VERSION,
        tool_version=__version__,
        run_id=secrets.token_hex(8),
        observed_at=now(),
        emulated=any_emulated(c for c in (one.client.certificate for one in handshakes) if c),
        workstation=workstation(Root(), os.environ),
        pcsc=Pcsc(PcscStatus.NOT_ASKED),
        module=None,
        handshakes=handshakes,
    )


def _imported(at_hand: TrustMaterial) -> list[bytes]:
    """The certificates that are anchors; an emulation's are not, for a server."""
    anchors = Anchors(authorities(), frozenset(at_hand.accepted))
    return [der for der in at_hand.certificates if anchors.of(hashlib.sha256(der).hexdigest())]


def _issuers(at_hand: TrustMaterial) -> Callable[[bytes], tuple[bytes, ...]]:
    """The CA certificates above one, nearest first, without the root: a server has that, or it
    trusts nobody below it.
    """
    trust = make_trust(at_hand, authorities())
    by_print = {hashlib.sha256(der).hexdigest(): der for der in at_hand.certificates}

    def above(der: bytes) -> tuple[bytes, ...]:
        path = trust.chain(der, now()).path[1:]
        return tuple(
            by_print[item.sha256]
            for item in path
            if item.sha256 in by_print and item.subject != item.issuer
        )

    return above


def _proxy(text: str | None, endpoint: Endpoint) -> Proxy | None:
    if text is None:
        return proxy_of_environment(endpoint)
    return None if text == NO_PROXY else read_proxy_option(text)
