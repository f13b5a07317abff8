"""What test cards are used for, and which documents name which products for it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources

from cpx_tool.catalogue.shipped import refuse_keys
from cpx_tool.model.cardset import Product
from cpx_tool.model.eligibility import LOSSES, Cause, Entitlement, Key, Source, Use, UseRule
from cpx_tool.model.message import Message, msg

TITLES: Mapping[Use, Message] = {
    Use.INSI: msg("call the INSi téléservice by card"),
    Use.ORG_ADMIN: msg("be the technical administrator for ORG certificates"),
    Use.PORTAL: msg(
        "authenticate at the portal of the IGC-Santé with the card and its PIN (Pro Santé Connect "
        "takes no test product)"
    ),
    Use.SIGNATURE: msg("sign documents with the signature key"),
}

_OF_KEYS = frozenset(
    {
        Cause.WRONG_CERTIFICATE,
        Cause.KEY_ABSENT,
        Cause.SIGNATURE_FAILED,
        Cause.NOT_VERIFIED,
        Cause.VERIFIED,
    }
)
_LISTS = ("named", "not_named")


@cache
def uses() -> tuple[UseRule, ...]:
    """The uses, in the order of the columns of a matrix."""
    return read_uses(_text())


@cache
def states() -> Mapping[Cause, Source]:
    """Who says what of the states that decide instead of a use's own document."""
    return read_states(_text())


def read_uses(text: str) -> tuple[UseRule, ...]:
    """The uses of a TOML text, each once. Raises `ValueError` for anything that is not as described
    at the head of uses.toml.
    """
    found = tuple(map(_use, _parse(text)["use"]))
    if sorted(rule.use for rule in found) != sorted(Use):
        raise ValueError("each use stands there once")
    return found


def read_states(text: str) -> Mapping[Cause, Source]:
    """The states of a TOML text, each once. Raises `ValueError` as `read_uses` does."""
    found: dict[Cause, Source] = {}
    for entry in _parse(text)["state"]:
        refuse_keys(entry, {"cause", "document", "section"}, {"check"})
        cause = Cause(_line(entry["cause"]))
        if cause in found:
            raise ValueError(f"{cause}: stands twice")
        check = _line(entry["check"]) if "check" in entry else None
        found[cause] = Source(_line(entry["document"]), _line(entry["section"]), check)
    if found.keys() != LOSSES | _OF_KEYS:
        raise ValueError(f"missing or needless: {sorted(found.keys() ^ (LOSSES | _OF_KEYS))}")
    return found


def _text() -> str:
    return (resources.files(__package__) / "uses.toml").read_text(encoding="utf-8")


def _parse(text: str) -> dict[str, list[dict[str, object]]]:
    data = tomllib.loads(text)
    refuse_keys(data, {"use", "state"}, set())
    return data


def _use(entry: Mapping[str, object]) -> UseRule:
    optional = {*_LISTS, "nominative", "anonymous", "key", "pin"}
    refuse_keys(entry, {"code", "document", "section"}, optional)
    use = Use(_line(entry["code"]))
    named, not_named = (_products(entry.get(key, [])) for key in _LISTS)
    decide = any(key in entry for key in _LISTS)
    if decide and sorted((*named, *not_named)) != sorted(Product):
        raise ValueError(f"{use}: each product is either named or not")
    nominative = _products(entry.get("nominative", []))
    if bool(nominative) is not ("anonymous" in entry):
        raise ValueError(f"{use}: nominative and anonymous go together")
    if not decide and (nominative or "key" not in entry):
        raise ValueError(f"{use}: without products, a key decides and nothing else")
    return UseRule(
        use=use,
        source=Source(_line(entry["document"]), _line(entry["section"])),
        products_decide=decide,
        named=frozenset(named),
        nominative=frozenset(nominative),
        anonymous=_anonymous(entry),
        key=Key(_line(entry["key"])) if "key" in entry else None,
        pin=_boolean(entry.get("pin", False)),
    )


def _anonymous(entry: Mapping[str, object]) -> Entitlement:
    answer = Entitlement(_line(entry.get("anonymous", Entitlement.NOT_KNOWN.value)))
    if answer is Entitlement.YES:
        raise ValueError("anonymous: a yes is no demand")
    return answer


def _products(value: object) -> tuple[Product, ...]:
    if not isinstance(value, list):
        raise ValueError(f"products are a list, not {value!r}")  # noqa: TRY004 - one error
    return tuple(Product(_line(item)) for item in value)


def _line(value: object) -> str:
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise ValueError(f"{value!r} is not a line of text")
    return value


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{value!r} is neither true nor false")  # noqa: TRY004 - one error
    return value
