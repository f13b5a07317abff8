"""What is known of the families of PKCS#11 modules: middleware.toml, and its sentences."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import cache
from importlib import resources
from typing import Any

from cpx_tool.catalogue.middleware_words import AT_ONCE, QUIRKS, QuirkWords
from cpx_tool.catalogue.shipped import refuse_keys
from cpx_tool.model.message import Message, msg
from cpx_tool.model.middleware import AtOnce, Family, InstalledModule, System
from cpx_tool.model.reader import CardKind
from cpx_tool.model.token import ModuleInfo

_VERSION = re.compile(r"\d{1,4}(\.\d{1,4}){0,3}")
_SYSTEMS = tuple(system.value for system in System)


class Applies(StrEnum):
    """Whether a module has a quirk."""

    YES = "yes"
    NO = "no"
    NOT_KNOWN = "not-known"


@dataclass(frozen=True, slots=True)
class Quirk:
    """What modules of a family do that one would not expect, up to a version where one is known."""

    id: str
    words: QuirkWords
    source: str
    below_product: str | None = None
    below_module: str | None = None
    linked_to: str | None = None
    most_readers: int | None = None
    concerns: tuple[CardKind, ...] = ()


@dataclass(frozen=True, slots=True)
class Release:
    """A product whose module carries that version in CK_INFO, on that system. Another product may
    carry it, too, but none before `not_before`.
    """

    system: System
    module: str
    product: str
    not_before: str


class Sureness(StrEnum):
    """What a product's version rests on."""

    TOLD = "told"
    """The system tells it."""
    SAME_MODULE = "same-module"
    """Its module has that version; whether another product's has it is not published."""
    NEWER_MODULE = "newer-module"
    """The module is newer than that of this product."""


@dataclass(frozen=True, slots=True)
class Product:
    """The product that a module belongs to, as far as it is known: none before `not_before`."""

    version: str
    not_before: str
    sureness: Sureness

    @property
    def words(self) -> Message:
        """What is known, and no more."""
        if self.sureness is Sureness.TOLD:
            return msg("product {product}", product=self.version)
        if self.sureness is Sureness.SAME_MODULE:
            return msg(
                "product {product}, or another product with the same module", product=self.version
            )
        return msg("a newer module than that of product {product}", product=self.version)


@dataclass(frozen=True, slots=True)
class Known:
    """A family. `places` are paths as middleware.toml writes them; `why` gives the reason of
    `at_once`.
    """

    id: Family
    name: str
    automatic: bool
    competes: bool
    at_once: AtOnce
    why: Message
    source: str
    manufacturer: tuple[str, ...]
    description: tuple[str, ...]
    files: tuple[str, ...]
    wanted: str | None
    places: Mapping[System, tuple[str, ...]]
    releases: tuple[Release, ...]
    quirks: tuple[Quirk, ...]

    def shows_itself_as(self, info: ModuleInfo) -> bool:
        """Whether CK_INFO is of this family."""
        stated = (
            (self.manufacturer, info.manufacturer),
            (self.description, info.description),
        )
        asked = [(patterns, text) for patterns, text in stated if patterns]
        return bool(asked) and all(_fits(text, patterns) for patterns, text in asked)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The families in the order in which they are taken, and where modules are declared."""

    families: tuple[Known, ...]
    mozilla: Mapping[System, tuple[str, ...]]
    product_key: str
    """The registry key of the Cryptolib's installer."""


@cache
def middleware() -> Catalogue:
    """What this package brings along."""
    file = resources.files(__package__) / "middleware.toml"
    return read_middleware(file.read_text(encoding="utf-8"), AT_ONCE, QUIRKS)


def read_middleware(
    text: str, at_once: Mapping[Family, Message], quirks: Mapping[str, QuirkWords]
) -> Catalogue:
    """The families of a TOML text, and their sentences. Raises `ValueError` for anything that is
    not as described at its head.
    """
    data = tomllib.loads(text)
    refuse_keys(data, {"family", "mozilla", "registry"}, set())
    families = tuple(_family(entry, at_once, quirks) for entry in data["family"])
    if sorted(family.id for family in families) != sorted(Family):
        raise ValueError("a family is missing, or stands twice")
    ids = [quirk.id for family in families for quirk in family.quirks]
    if sorted(ids) != sorted(quirks):
        raise ValueError(f"quirks and sentences differ: {sorted(set(ids) ^ set(quirks)) or ids}")
    refuse_keys(data["mozilla"], {"source"}, set(_SYSTEMS))
    refuse_keys(data["registry"], {"source", "product"}, set())
    return Catalogue(families, _places(data["mozilla"]), str(data["registry"]["product"]))


def known(family: Family) -> Known:
    """What is known of a family."""
    return next(entry for entry in middleware().families if entry.id is family)


def recognise(path: str, info: ModuleInfo | None = None) -> Family | None:
    """Whose module that is: by CK_INFO, and by the name of its file where that says nothing."""
    families = middleware().families
    if info is not None:
        told = next((entry.id for entry in families if entry.shows_itself_as(info)), None)
        if told is not None:
            return told
    name = re.split(r"[/\\]", path)[-1].lower()
    return next((entry.id for entry in families if _fits(name, entry.files)), None)


def product_of(module: InstalledModule, system: System) -> Product | None:
    """The product that a module belongs to; None where nothing is known of it.

    As the system tells it, else by the version of the module, which has numbers of its own.
    """
    if module.product is not None:
        return Product(module.product, module.product, Sureness.TOLD)
    if module.family is None or module.info is None:
        return None
    version = module.info.version
    releases = [
        release
        for release in known(module.family).releases
        if release.system is system and not is_below(version, release.module)
    ]
    if not releases:
        return None
    newer = is_below(releases[-1].module, version)
    sureness = Sureness.NEWER_MODULE if newer else Sureness.SAME_MODULE
    return Product(releases[-1].product, releases[-1].not_before, sureness)


def quirk_applies(
    quirk: Quirk, module: InstalledModule, system: System, readers: int = 0
) -> Applies:
    """Whether a module of the quirk's family has it; not known where its version is not. `readers`
    is how many PC/SC shows.
    """
    tests: list[Applies] = []
    if quirk.most_readers is not None:
        shown = module.slots or readers
        hidden = shown <= quirk.most_readers < readers
        tests.append(Applies.YES if hidden else Applies.NO)
    if quirk.below_product is not None:
        tests.append(_product_below(product_of(module, system), quirk.below_product))
    if quirk.below_module is not None:
        version = module.info.version if module.info is not None else None
        tests.append(_below(version, quirk.below_module))
    if quirk.linked_to is not None:
        linked = quirk.linked_to in module.needs
        tests.append(Applies.YES if linked else Applies.NOT_KNOWN)
    for answer in (Applies.NO, Applies.NOT_KNOWN):
        if answer in tests:
            return answer
    return Applies.YES


def slots_tell(info: ModuleInfo, readers: int) -> bool:
    """Whether the number of its slots tells of a weakness, where PC/SC shows so many readers."""
    family = recognise(info.path, info)
    quirks = known(family).quirks if family is not None else ()
    return any(q.most_readers is not None and readers > q.most_readers for q in quirks)


def quirks_of(
    module: InstalledModule, system: System, readers: int = 0
) -> tuple[tuple[Quirk, Applies], ...]:
    """The quirks of a module's family that it has, or may have, where PC/SC shows so many readers
    (0: it was not asked).
    """
    if module.family is None:
        return ()
    found = ((q, quirk_applies(q, module, system, readers)) for q in known(module.family).quirks)
    return tuple((quirk, applies) for quirk, applies in found if applies is not Applies.NO)


def is_below(version: str, limit: str) -> bool:
    """Whether a version of numbers and dots is older than another: 5.1.9 is below 5.2."""
    return _numbers(version) < _numbers(limit)


def _product_below(product: Product | None, limit: str) -> Applies:
    """Of a product told by its module alone, only what holds for each that may be meant."""
    if product is None or product.sureness is Sureness.TOLD:
        return _below(product.version if product is not None else None, limit)
    return Applies.NOT_KNOWN if is_below(product.not_before, limit) else Applies.NO


def _below(version: str | None, limit: str) -> Applies:
    if version is None or not _VERSION.fullmatch(version):
        return Applies.NOT_KNOWN
    return Applies.YES if is_below(version, limit) else Applies.NO


def _numbers(version: str) -> tuple[int, ...]:
    numbers = [int(part) for part in re.findall(r"\d{1,9}", version)][:8]
    while numbers and numbers[-1] == 0:  # 5.2.0 is 5.2
        numbers.pop()
    return tuple(numbers)


def _fits(text: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(text, pattern) for pattern in patterns)


def _family(
    entry: Mapping[str, Any], at_once: Mapping[Family, Message], quirks: Mapping[str, QuirkWords]
) -> Known:
    needed = {"id", "name", "automatic", "competes", "at_once", "source", "files"}
    optional = {"manufacturer", "description", "wanted", "release", "quirk", *_SYSTEMS}
    refuse_keys(entry, needed, optional)
    family = Family(entry["id"])
    return Known(
        id=family,
        name=entry["name"],
        automatic=_boolean(entry["automatic"]),
        competes=_boolean(entry["competes"]),
        at_once=AtOnce(entry["at_once"]),
        why=at_once[family],
        source=entry["source"],
        manufacturer=_texts(entry.get("manufacturer", [])),
        description=_texts(entry.get("description", [])),
        files=_texts(entry["files"]),
        wanted=_version(entry, "wanted"),
        places=_places(entry),
        releases=tuple(map(_release, entry.get("release", []))),
        quirks=tuple(_quirk(quirk, quirks) for quirk in entry.get("quirk", [])),
    )


def _release(entry: Mapping[str, Any]) -> Release:
    refuse_keys(entry, {"system", "module", "product", "not_before"}, set())
    versions = [_version(entry, key) or "" for key in ("module", "product", "not_before")]
    return Release(System(entry["system"]), *versions)


def _quirk(entry: Mapping[str, Any], words: Mapping[str, QuirkWords]) -> Quirk:
    optional = {"below_product", "below_module", "linked_to", "most_readers", "concerns"}
    refuse_keys(entry, {"id", "source"}, optional)
    name = entry["id"]
    if name not in words:
        raise ValueError(f"{name} has no sentences")
    return Quirk(
        id=name,
        words=words[name],
        source=entry["source"],
        below_product=_version(entry, "below_product"),
        below_module=_version(entry, "below_module"),
        linked_to=entry.get("linked_to"),
        most_readers=entry.get("most_readers"),
        concerns=tuple(map(CardKind, entry.get("concerns", []))),
    )


def _places(entry: Mapping[str, Any]) -> Mapping[System, tuple[str, ...]]:
    return {system: _texts(entry.get(system.value, [])) for system in System}


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError(f"a list of texts, not {value!r}")
    return tuple(value)


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"true or false, not {value!r}")  # noqa: TRY004 - one error
    return value


def _version(entry: Mapping[str, Any], key: str) -> str | None:
    if key not in entry:
        return None
    if not isinstance(entry[key], str) or not _VERSION.fullmatch(entry[key]):
        raise ValueError(f"{key}: {entry[key]!r} is no version")
    return str(entry[key])
