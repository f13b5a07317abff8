"""The guide to ordering test cards and certificates: order.toml, and its sentences."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any

from cpx_tool.catalogue.order_words import WORDS
from cpx_tool.catalogue.shipped import refuse_keys
from cpx_tool.model.order import Entry, Group, Guide, Step, StepWords, Verifier, Way

_GROUPS = list(Group)


@cache
def order_guide() -> Guide:
    """The guide, its steps in order."""
    file = resources.files(__package__) / "order.toml"
    return read_guide(file.read_text(encoding="utf-8"), WORDS)


def read_guide(text: str, words: Mapping[str, StepWords]) -> Guide:
    """The guide of a TOML text and the sentences of its steps. Raises `ValueError` for anything
    that is not as described at its head.
    """
    data = tomllib.loads(text)
    refuse_keys(data, {"recommended", "sources", "step"}, set())
    steps = tuple(_step(entry, words) for entry in data["step"])
    ids = [step.id for step in steps]
    if sorted(ids) != sorted(words):
        raise ValueError(f"steps and sentences differ: {sorted(set(ids) ^ set(words)) or ids}")
    for number, step in enumerate(steps):
        if not set(step.after) <= set(ids[:number]):
            raise ValueError(f"{step.id} waits for what does not stand before it: {step.after}")
        if not set(step.sources) <= set(data["sources"]):
            raise ValueError(f"{step.id} has an unknown source: {step.sources}")
    groups = [_GROUPS.index(step.group) for step in steps]
    if groups != sorted(groups):
        raise ValueError("the groups do not follow each other")
    return Guide(data["recommended"], data["sources"], steps)


def _step(entry: Mapping[str, Any], words: Mapping[str, StepWords]) -> Step:
    refuse_keys(entry, {"id", "group", "for", "sources"}, {"after", "where", "write", "verifier"})
    name = entry["id"]
    if name not in words:
        raise ValueError(f"{name} has no sentences")
    if not entry["for"] or not entry["sources"]:
        raise ValueError(f"{name} is for nobody, or has no source")
    return Step(
        id=name,
        group=Group(entry["group"]),
        ways=tuple(map(Way, entry["for"])),
        words=words[name],
        sources=tuple(entry["sources"]),
        after=tuple(entry.get("after", ())),
        where=tuple(entry.get("where", ())),
        write=_entries(entry.get("write", ())),
        verifier=Verifier(entry["verifier"]) if "verifier" in entry else None,
    )


def _entries(given: Sequence[Mapping[str, Any]]) -> tuple[Entry, ...]:
    for entry in given:
        refuse_keys(entry, {"field", "value"}, {"example"})
    return tuple(Entry(**entry) for entry in given)
