"""`--save-observation`: what could not be saved costs no verdict."""

from __future__ import annotations

from pathlib import Path

from cpx_tool import wiring
from cpx_tool.cli.output import note
from cpx_tool.errors import BadInput
from cpx_tool.model.handshake import Client
from cpx_tool.model.message import msg
from cpx_tool.model.observation import CardObservation, Observation
from cpx_tool.observe.certificates import prove
from cpx_tool.pki.certificate import BadCertificate, read_certificate
from cpx_tool.pki.proof import Proof, prove_software


def save_observation(observation: Observation, path: Path) -> BadInput | None:
    """Why it could not be saved."""
    try:
        wiring.save_observation(observation, path)
    except BadInput as error:
        return error
    note(msg("Observation saved in {path}", path=str(path)))
    if any(_is_real(card) for card in observation.cards):
        note(msg("It holds the certificates of a real card: do not pass it on."))
    if any(_is_of_production(shaken.client) for shaken in observation.handshakes):
        note(msg("It holds a production certificate: do not pass it on."))
    return None


def _is_real(card: CardObservation) -> bool:
    """By its certificates: whether a PIN was wanted does not count."""
    return prove(card.certificates, card.data) is Proof.PRODUCTION


def _is_of_production(client: Client) -> bool:
    try:
        read = read_certificate(client.certificate)
    except BadCertificate:
        return False
    return prove_software(read).proof is Proof.PRODUCTION
