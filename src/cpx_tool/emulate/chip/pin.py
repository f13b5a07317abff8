"""A PIN with its counter of tries (ISO/IEC 7816-4:2020, 11.6.6 and following)."""

from __future__ import annotations

import hmac

from cpx_tool.emulate.chip.status import Refusal, Status


class Pin:
    """A secret that is compared. The counters stay when the card is powered off.

    `uses` is how often a right presentation counts, None for always: CPx cards let the code
    that unblocks work a hundred times (OpenSC, pull request 2217).
    """

    def __init__(self, value: bytes, tries: int, uses: int | None = None) -> None:
        self._value = value
        self.most = tries
        self.left = tries
        self.uses = uses
        self.verified = False

    @property
    def length(self) -> int:
        """In bytes."""
        return len(self._value)

    @property
    def blocked(self) -> bool:
        """No presentation is compared any more."""
        return self.left == 0 or self.uses == 0

    def present(self, value: bytes) -> None:
        """Compare, and remember that it was given. Raises as `compare` does."""
        self.compare(value)
        self.verified = True

    def compare(self, value: bytes) -> None:
        """Count a try. Raises `Refusal`, with the tries that are left, when it is another one; it
        counts as not given then.
        """
        given, self.verified = self.verified, False
        if self.blocked:
            raise Refusal(Status.BLOCKED)
        self.left -= 1  # before it is compared: pulling the card out in between gains nothing
        if not hmac.compare_digest(value, self._value):
            raise Refusal(Status.TRIES_LEFT | self.left)
        self.left = self.most
        self.verified = given
        if self.uses is not None:
            self.uses -= 1

    def refuse_unless_verified(self) -> None:
        """Raises `Refusal` when it was not given since the card was powered on."""
        if not self.verified:
            raise Refusal(Status.NOT_ALLOWED_YET)

    def change(self, value: bytes) -> None:
        """Take another value, of the same length. Raises `Refusal` for another length."""
        if len(value) != self.length:
            raise Refusal(Status.BAD_DATA)
        self._value = value

    def unblock(self) -> None:
        """All tries again; it still has to be given."""
        self.left = self.most
        self.verified = False

    def power_off(self) -> None:
        """Forget that it was given."""
        self.verified = False
