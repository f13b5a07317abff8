"""Readers on USB, held against what PC/SC lists and what its drivers know."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from cpx_tool.model.message import Message, msg
from cpx_tool.model.station import Service, UsbInterface, UsbReader

_CCID = "0b"
_OWN_CLASS = "ff"
_PROGRAM = "usbfs"
_NFC = ("pn533", "nfc")
_SLOT = re.compile(r" [0-9A-F]{2}$")


def named(reader: UsbReader) -> Message:
    """A reader on USB, as a person knows it."""
    name = reader.model or reader.name or "USB"
    return msg("{name} ({numbers})", name=name, numbers=reader.numbers)


def unlisted(readers: Sequence[UsbReader], listed: Sequence[str]) -> tuple[UsbReader, ...]:
    """The readers that PC/SC does not list, by the names that it lists.

    A reader's name in PC/SC begins with its model's, and ends with the number of the reader and of
    its slot ("… 01 00"): of two alike, one may be missing. Where it cannot be told which, it is
    the last one. What no driver knows cannot be listed.
    """
    models = sorted({r.model for r in readers if r.model}, key=len, reverse=True)
    names = {_SLOT.sub("", name) for name in listed}
    counted = Counter(next((m for m in models if name.startswith(m)), "") for name in names)
    lost = []
    for reader in readers:
        if reader.model and counted[reader.model] > 0:
            counted[reader.model] -= 1
        else:
            lost.append(reader)
    return tuple(lost)


def taken(reader: UsbReader) -> tuple[str, ...]:
    """Kernel drivers that keep the reader from PC/SC.

    A driver of another interface of the same device (a keyboard, a serial port) takes nothing.
    """
    return tuple(dict.fromkeys(i.driver for i in reader.interfaces if _takes(reader, i)))


def _takes(reader: UsbReader, interface: UsbInterface) -> bool:
    if interface.driver in ("", _PROGRAM):
        return False
    if interface.driver.startswith(_NFC) or interface.usb_class == _CCID:
        return True
    announces = any(other.usb_class == _CCID for other in reader.interfaces)
    return bool(reader.model) and interface.usb_class == _OWN_CLASS and not announces


def closed(reader: UsbReader, service: Service) -> bool | None:
    """Whether the service runs as a user who may not open the reader's device; None where that
    hangs on groups of the service that are not known.
    """
    users = {process.user for process in service.running}
    if not reader.mode or not users or users & {"root", "0", reader.owner}:
        return False
    if reader.mode[7:9] == "rw":
        return False
    if reader.mode[4:6] != "rw":
        return True
    groups = [process.groups for process in service.running]
    if any(reader.group in known for known in groups if known is not None):
        return False
    return None if None in groups else True
