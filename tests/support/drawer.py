"""A drawer of emulated cards and one slot for them: cards go in and out while a command runs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cpx_tool.adapters.softhsm import find_softhsm


@dataclass(frozen=True)
class Drawer:
    """The tokens of an emulation, `inside` the module's sight or not. `numbers` are by role."""

    directory: Path
    inside: Path
    numbers: Mapping[str, str]

    @property
    def module(self) -> Path:
        """SoftHSM, to be loaded as any middleware is."""
        return find_softhsm({})

    @property
    def environment(self) -> dict[str, str]:
        """Shows the module what is inside, and no PC/SC service."""
        configuration = self.directory / "drawer.conf"
        configuration.write_text(f"directories.tokendir = {self.inside}\n")
        return {
            "SOFTHSM2_CONF": str(configuration),
            "PCSCLITE_CSOCK_NAME": str(self.directory / "no-pcscd"),
        }

    def insert(self, *roles: str) -> None:
        """Put these cards in, in place of those that are."""
        for token in self.inside.iterdir():
            token.rename(self._tokens / token.name)
        for role in roles:
            token = self._token(role)
            token.rename(self.inside / token.name)

    def insert_all_but(self, number: str) -> None:
        """Put in every card but that one."""
        for token in self._tokens.iterdir():
            if not _shows(token, number):
                token.rename(self.inside / token.name)

    @property
    def _tokens(self) -> Path:
        return self.directory / "tokens"

    def _token(self, role: str) -> Path:
        number = self.numbers[role]
        return next(token for token in self._tokens.iterdir() if _shows(token, number))


def _shows(token: Path, number: str) -> bool:
    """Whether the token's label ends with this card number."""
    return f"-{number}".encode() in (token / "token.object").read_bytes()


def open_drawer(directory: Path) -> Drawer:
    """The drawer of an emulation, all cards out."""
    inside = directory / "inside"
    inside.mkdir()
    tokens = json.loads((directory / "emulation.json").read_text())["tokens"]
    return Drawer(directory, inside, {t["role"]: t["card_number"] for t in tokens})
