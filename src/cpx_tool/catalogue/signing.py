"""What the two personal keys of a CPx card sign with, and what the middleware refuses."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources

from cpx_tool.catalogue.shipped import refuse_keys
from cpx_tool.model.observation import Hash
from cpx_tool.model.signing import Expectation, SigningRule

_KEYS = {"mechanism", "hash", "authentication", "signature", "source"}


@cache
def signing_rules() -> tuple[SigningRule, ...]:
    """Each mechanism of the field over each hash, in the order in which they are tried."""
    place = resources.files(__package__) / "signing.toml"
    return read_signing_rules(place.read_text(encoding="utf-8"))


@cache
def rule_of(mechanism: str, hash_name: Hash) -> SigningRule | None:
    """What is known of it, if anything is."""
    found = (r for r in signing_rules() if (r.mechanism, r.hash) == (mechanism, hash_name))
    return next(found, None)


def read_signing_rules(text: str) -> tuple[SigningRule, ...]:
    """The rules of a TOML text, each mechanism and hash once. Raises `ValueError` for anything that
    is not as described at the head of signing.toml.
    """
    data = tomllib.loads(text)
    refuse_keys(data, {"signature"}, set())
    rules = tuple(map(_rule, data["signature"]))
    if len({(rule.mechanism, rule.hash) for rule in rules}) != len(rules):
        raise ValueError("each mechanism stands there once for each hash")
    return rules


def _rule(entry: Mapping[str, object]) -> SigningRule:
    refuse_keys(entry, _KEYS, set())
    words = {key: _line(entry[key]) for key in sorted(_KEYS)}
    return SigningRule(
        words["mechanism"],
        Hash(words["hash"]),
        Expectation(words["authentication"]),
        Expectation(words["signature"]),
        words["source"],
    )


def _line(value: object) -> str:
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise ValueError(f"{value!r} is not a line of text")
    return value
