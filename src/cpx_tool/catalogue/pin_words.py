"""Words for what became of a PIN try."""

from __future__ import annotations

from collections.abc import Mapping

from cpx_tool.model.message import Message, msg
from cpx_tool.model.observation import PinResult

PIN_RESULTS: Mapping[PinResult, Message] = {
    PinResult.ACCEPTED: msg("accepted"),
    PinResult.WRONG: msg("refused"),
    PinResult.LOCKED: msg("locked"),
    PinResult.FAILED: msg("the login failed"),
    PinResult.ALREADY_LOGGED_IN: msg("logged in before"),
    PinResult.REFUSED: msg("not tried"),
}
"""`PinResult.REFUSED` is the tool's own refusal to try it, `WRONG` is the card's answer."""
