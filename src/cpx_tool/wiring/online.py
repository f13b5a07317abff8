"""What the web adds to what is at hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from cpx_tool.adapters.fetch import HttpFetch
from cpx_tool.catalogue.authorities import authorities
from cpx_tool.model.fetch import Fetched
from cpx_tool.model.observation import Observation
from cpx_tool.model.software import SoftwareObservation
from cpx_tool.model.trust import TrustMaterial
from cpx_tool.observe.online import look_up
from cpx_tool.pki.trust import relevant


def go_online(
    certificates: Sequence[bytes], at_hand: TrustMaterial, at: datetime, timeout: float
) -> tuple[TrustMaterial, tuple[Fetched, ...]]:
    """What is at hand, and what the web adds to it for these certificates (DER), as of `at`
    (aware): missing issuers, CRLs, OCSP answers. Nothing is stored, and nothing more is believed.

    `timeout` is how long one address may take in all, in seconds. The second value tells what
    came of each address. Never raises: what cannot be fetched is not there.
    """
    found = look_up(certificates, at_hand, authorities(), HttpFetch(timeout), at)
    return found.gained.plus(at_hand), found.fetched


def cards_online(
    observation: Observation, at_hand: TrustMaterial, timeout: float
) -> tuple[Observation, tuple[Fetched, ...]]:
    """`go_online` for the certificates of the cards observed, as of then; what was at hand and
    what was gained is in the observation that comes back.
    """
    ders = [item.der for card in observation.cards for item in card.certificates if item.der]
    there = observation.trust.plus(at_hand)
    found, fetched = go_online(ders, there, observation.observed_at, timeout)
    return replace(observation, trust=relevant(found, ders)), fetched


def software_online(
    observation: SoftwareObservation, timeout: float
) -> tuple[SoftwareObservation, tuple[Fetched, ...]]:
    """`go_online` for the certificates of these files."""
    ders = [
        der for file in observation.files if file.contents for der in file.contents.certificates
    ]
    found, fetched = go_online(ders, observation.trust, observation.judged_at, timeout)
    return replace(observation, trust=found), fetched
