"""The drivers of PC/SC and the readers that they list: the Info.plist of each driver bundle."""

from __future__ import annotations

import plistlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cpx_tool.adapters.root_files import Root
from cpx_tool.model.station import Driver

_PLACES = (
    "/usr/lib/pcsc/drivers",
    "/usr/lib64/pcsc/drivers",
    "/usr/local/lib/pcsc/drivers",
    "/usr/lib/x86_64-linux-gnu/pcsc/drivers",
    "/usr/lib/aarch64-linux-gnu/pcsc/drivers",
    "/usr/libexec/SmartCardServices/drivers",
    "/usr/local/libexec/SmartCardServices/drivers",
)
_MOST_BYTES = 4 * 1024 * 1024
_MOST_BUNDLES = 50


@dataclass(frozen=True, slots=True)
class Listed:
    """The drivers, and the model's name by "vendor:product" in lower-case hex."""

    drivers: tuple[Driver, ...]
    models: Mapping[str, str]


def drivers(root: Root) -> Listed:
    """Every driver that can be read; a bundle that is broken lists nothing."""
    found: list[Driver] = []
    models: dict[str, str] = {}
    for bundle in list(_bundles(root))[:_MOST_BUNDLES]:
        file = f"{bundle}/Contents/Info.plist"
        content = root.content(file, _MOST_BYTES)
        listed = _read(content) if content is not None else None
        if listed is not None:
            name = bundle.rpartition("/")[2].removesuffix(".bundle")
            version, own = _word(listed, "CFBundleShortVersionString"), _models(listed)
            found.append(Driver(name, version, len(own), file))
            models = {**own, **models}
    return Listed(tuple(found), models)


def _bundles(root: Root) -> Iterator[str]:
    for place in _PLACES:
        for name in root.names(place) or ():
            if name.endswith(".bundle"):
                yield f"{place}/{name}"


def _read(content: bytes) -> Mapping[str, object] | None:
    try:
        read = plistlib.loads(content, fmt=plistlib.FMT_XML)
    except Exception:  # plistlib lets the errors of its parsers out
        return None
    return read if isinstance(read, dict) else None


def _models(listed: Mapping[str, object]) -> dict[str, str]:
    """Three arrays that belong together, by place (ccid's Info.plist.src)."""
    vendors, products, names = (
        _words(listed, key) for key in ("ifdVendorID", "ifdProductID", "ifdFriendlyName")
    )
    return {
        f"{_hex(vendor)}:{_hex(product)}": name
        for vendor, product, name in zip(vendors, products, names, strict=False)
    }


def _word(listed: Mapping[str, object], key: str) -> str:
    value = listed.get(key)
    return value[:100] if isinstance(value, str) else ""


def _words(listed: Mapping[str, object], key: str) -> list[str]:
    value = listed.get(key)
    return (
        [item if isinstance(item, str) else "" for item in value] if isinstance(value, list) else []
    )


def _hex(number: str) -> str:
    return number.strip().lower().removeprefix("0x").zfill(4)
