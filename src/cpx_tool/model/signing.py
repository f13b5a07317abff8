"""What the keys of a card sign with: what is expected of each mechanism, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cpx_tool.model.eligibility import Key
from cpx_tool.model.finding import Finding, Verdict
from cpx_tool.model.identity import Identity
from cpx_tool.model.observation import CardObservation, Hash, Observation, SignatureTry


class Expectation(StrEnum):
    """What a key does with a mechanism that the token announces. Stable codes."""

    NEEDED = "needed"
    """Applications cannot do without it, announced or not."""
    NEEDED_IF_ANNOUNCED = "needed-if-announced"
    """Applications use it where the token announces it."""
    SIGNS = "signs"
    REFUSES = "refuses"
    """Known of the Cryptolib CPS: no fault of the card."""


class SignResult(StrEnum):
    """What became of one try. Stable codes."""

    VERIFIED = "verified"
    WRONG = "wrong"
    """The key gave a signature that its certificate does not verify."""
    KNOWN_REFUSAL = "known-refusal"
    REFUSED = "refused"
    """The module answered with an error, and nobody says that it does."""
    CUT_OFF = "cut-off"
    """The module ended or hung, or the card was gone."""
    NOT_VERIFIABLE = "not-verifiable"
    """No certificate that can be read belongs to the key."""


@dataclass(frozen=True, slots=True)
class SigningRule:
    """What is known of one mechanism (CKM_*) over one hash, for each of the two keys.

    `source` says who says so.
    """

    mechanism: str
    hash: Hash
    authentication: Expectation
    signature: Expectation
    source: str

    def expects(self, key: Key) -> Expectation:
        """What is expected of that key."""
        return self.authentication if key is Key.AUTHENTICATION else self.signature


@dataclass(frozen=True, slots=True)
class JudgedTry:
    """A try and what came of it. `key` is None for a key that is neither of the two personal ones,
    `expected` where nothing is known.
    """

    tried: SignatureTry
    key: Key | None
    expected: Expectation | None
    result: SignResult


@dataclass(frozen=True, slots=True)
class SigningCard:
    """A card and all that its keys signed. `key` is unique: the card number, or the slot."""

    key: str
    observed: CardObservation
    identity: Identity | None
    tries: tuple[JudgedTry, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class SigningChecklist:
    """The judged observation; `findings` are those about the workstation."""

    observation: Observation
    cards: tuple[SigningCard, ...]
    findings: tuple[Finding, ...]
    verdict: Verdict

    def all_findings(self) -> tuple[Finding, ...]:
        """Every finding, the workstation's first."""
        return self.findings + tuple(f for card in self.cards for f in card.findings)


def mechanism_name(mechanism: str, hash_name: Hash) -> str:
    """The mechanism, with the hash where its name does not say it."""
    return mechanism if "_SHA" in mechanism else f"{mechanism} ({hash_name.value})"
