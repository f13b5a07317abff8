"""Which card is presented to servers, and why none could be."""

from __future__ import annotations

from cpx_tool.catalogue.readers import no_card_answer
from cpx_tool.errors import BadInput, CpxError, NothingToCheck
from cpx_tool.judge.choosing import choose_cards
from cpx_tool.judge.reading import ReadCard, read_card, trust_for
from cpx_tool.judge.words import fault_message
from cpx_tool.model.message import msg
from cpx_tool.model.observation import Observation
from cpx_tool.model.trust import TrustMaterial


def card_to_present(observation: Observation) -> str:
    """The key of the one card that is there. Raises `CpxError` where there is none, or several."""
    cards = [card for card in _cards(observation) if card.observed.token is not None]
    if not cards:
        raise nothing_presented(observation, None)
    if len(cards) > 1:
        raise BadInput(
            msg("There are several cards: {numbers}.", numbers=tuple(card.key for card in cards)),
            msg("Say which one with --card NUMBER, or present each of them with --all-cards."),
        )
    return cards[0].key


def nothing_presented(
    observation: Observation, number: str | None, *, saved: bool = False
) -> CpxError:
    """Why there is no handshake: the card of that number is not there, or could not be read; or the
    observation, which was `saved`, is of another command.
    """
    cards = _cards(observation)
    if not cards and observation.handshakes:
        told = msg("No card was presented in this run: it was a file, or nobody.")
        return BadInput(told, msg("Leave --card out."))
    if not cards:
        return NothingToCheck(*no_card_answer(observation.pcsc))
    if saved:
        return BadInput(
            msg("This observation holds no handshake with a server."),
            msg("Give one that tls-test saved, or check-set with --endpoint."),
        )
    try:
        chosen = choose_cards(cards, number)
    except BadInput as error:
        return error
    fault = next((card.observed.faults[0] for _, card in chosen if card.observed.faults), None)
    if fault is None and any(card.observed.token is not None for _, card in chosen):
        told = msg("The card was read, and presented to no server.")
        return NothingToCheck(told, msg("Knock at a server: cpx-tool tls-test --endpoint ADDRESS."))
    reason = fault_message(fault) if fault else msg("No card could be read.")
    return NothingToCheck(
        reason, msg("Put the card in again and repeat; then try cpx-tool doctor.")
    )


def _cards(observation: Observation) -> list[ReadCard]:
    trust = trust_for(observation, TrustMaterial())
    return [read_card(card, trust, observation.observed_at) for card in observation.cards]
