"""Readers on USB, through /sys: also those that PC/SC does not list."""

from __future__ import annotations

import re
import stat

from cpx_tool.adapters.root_files import Root, owners
from cpx_tool.adapters.station_drivers import Listed, drivers
from cpx_tool.model.message import msg
from cpx_tool.model.station import Unknown, Usb, UsbInterface, UsbReader

_CCID = "0b"
NFC_MODULES = ("pn533_usb", "pn533")
"""The kernel's driver of the chip in the ACR122U and its relatives (drivers/nfc/pn533)."""

_DEVICES = "/sys/bus/usb/devices"
_DEVICE = re.compile(r"\d+-\d+(\.\d+)*")  # "1-1.4"; hubs of the machine itself are "usb1"
_SHOWN = 100
_MOST_DEVICES = 1024


def usb(root: Root) -> Usb | Unknown:
    """The readers plugged in, as far as their interface or a driver's list shows them."""
    if root.names("/sys") is None:
        return Unknown(msg("/sys cannot be read on this system."))
    listed = drivers(root)
    names = root.names(_DEVICES)
    if names is None and root.is_there(_DEVICES):
        return Unknown(msg("{path} cannot be read by this user.", path=_DEVICES))
    devices = [name for name in names or () if _DEVICE.fullmatch(name)][:_MOST_DEVICES]
    found = (_reader(root, place, names or [], listed) for place in devices)
    return Usb(tuple(filter(None, found)), listed.drivers, _kernel_modules(root))


def _reader(root: Root, place: str, names: list[str], listed: Listed) -> UsbReader | None:
    """None for a device that is no reader."""
    vendor, product = (_number(root, place, key) for key in ("idVendor", "idProduct"))
    interfaces = tuple(_interface(root, name) for name in names if name.startswith(f"{place}:"))
    model = listed.models.get(f"{vendor}:{product}", "")
    taken = any(interface.driver in NFC_MODULES for interface in interfaces)
    if not (model or taken or any(i.usb_class == _CCID for i in interfaces)):
        return None
    bus, device = (_decimal(root, place, key) for key in ("busnum", "devnum"))
    mode, owner, group = _node(root, bus, device)
    words = (root.line(f"{_DEVICES}/{place}/{key}") for key in ("manufacturer", "product"))
    return UsbReader(
        place=place,
        vendor=vendor,
        product=product,
        name=" ".join(filter(None, words))[:_SHOWN],
        interfaces=interfaces,
        model=model,
        bus=bus,
        device=device,
        mode=mode,
        owner=owner,
        group=group,
    )


def node(bus: int, device: int) -> str:
    """The file of the device itself."""
    return f"/dev/bus/usb/{bus:03d}/{device:03d}"


def _interface(root: Root, name: str) -> UsbInterface:
    place = f"{_DEVICES}/{name}"
    driver = root.link(f"{place}/driver").rpartition("/")[2]
    return UsbInterface(name, root.line(f"{place}/bInterfaceClass").lower()[:_SHOWN], driver)


def _number(root: Root, place: str, key: str) -> str:
    """Four hex digits; "" for anything else."""
    text = root.line(f"{_DEVICES}/{place}/{key}").lower()
    return text if re.fullmatch(r"[0-9a-f]{4}", text) else ""


def _decimal(root: Root, place: str, key: str) -> int:
    text = root.line(f"{_DEVICES}/{place}/{key}")
    return int(text) if re.fullmatch(r"[0-9]{1,5}", text) else 0


def _node(root: Root, bus: int, device: int) -> tuple[str, str, str]:
    try:
        status = root.path(node(bus, device)).stat()
    except OSError:
        return "", "", ""
    return stat.filemode(status.st_mode), *owners(status)


def _kernel_modules(root: Root) -> tuple[str, ...] | Unknown:
    text = root.text("/proc/modules", 1024 * 1024)
    if text is None and not root.is_there("/proc/modules") and root.is_there("/proc/version"):
        return ()  # a kernel without modules
    if text is None:
        return Unknown(msg("The kernel's modules cannot be listed."))
    loaded = {line.split(" ", 1)[0] for line in text.splitlines()}
    return tuple(name for name in NFC_MODULES if name in loaded)
