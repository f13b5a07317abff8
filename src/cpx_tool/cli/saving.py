"""`--save-observation`: what could not be saved costs no verdict."""

from __future__ import annotations

from pathlib import Path

from cpx_tool import wiring
from cpx_tool.cli.output import note
from cpx_tool.errors import BadInput
from cpx_tool.model.message import msg
from cpx_tool.model.observation import CardObservation, Observation, PinRefusal


def save_observation(observation: Observation, path: Path) -> BadInput | None:
    """Why it could not be saved."""
    try:
        wiring.save_observation(observation, path)
    except BadInput as error:
        return error
    note(msg("Observation saved in {path}", path=str(path)))
    if any(_is_production(card) for card in observation.cards):
        note(msg("It holds the certificates of a real card: do not pass it on."))
    return None


def _is_production(card: CardObservation) -> bool:
    return card.pin is not None and card.pin.refusal is PinRefusal.PRODUCTION
