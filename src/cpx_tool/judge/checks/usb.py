"""Readers on USB, and what keeps them from PC/SC."""

from __future__ import annotations

from cpx_tool.judge.check import Answer, Scope, check, failed, passed, skipped
from cpx_tool.judge.usb_readers import closed, named, taken, unlisted
from cpx_tool.judge.words import SHOWN
from cpx_tool.model.finding import Severity
from cpx_tool.model.message import msg, nmsg
from cpx_tool.model.reader import Pcsc, PcscStatus
from cpx_tool.model.station import Service, Usb


@check(
    "READER-LISTED",
    msg("Every reader on USB is listed by PC/SC"),
    msg(
        "Unplug the reader and plug it in again, then restart the service. READER-DRIVER, "
        "READER-DEVICE and KERNEL-DRIVER, where they speak, say why."
    ),
    scope=Scope.STATION,
)
def readers_are_listed(usb_seen: Usb | None, pcsc: Pcsc) -> Answer | None:
    """No question where no reader is on USB, or USB cannot be seen."""
    if usb_seen is None or not usb_seen.readers:
        return None
    if pcsc.status not in (PcscStatus.OK, PcscStatus.NO_READER):
        return skipped(msg("The PC/SC service listed nothing."))
    lost = unlisted(usb_seen.readers, [reader.name for reader in pcsc.readers])
    if lost:
        return failed(
            msg("Plugged in, and not listed: {readers}.", readers=tuple(map(named, lost[:SHOWN])))
        )
    return passed(
        nmsg(
            "{count} reader on USB, listed", "{count} readers on USB, listed", len(usb_seen.readers)
        )
    )


@check(
    "READER-DRIVER",
    msg("A driver of PC/SC knows every reader on USB"),
    msg("Install a newer libccid (a newer Debian, or its backports), or the maker's own driver."),
    severity=Severity.WARNING,
    scope=Scope.STATION,
)
def readers_are_known(usb: Usb) -> Answer:
    """pcscd takes only devices whose numbers stand in a driver's Info.plist."""
    if not usb.drivers:
        return failed(
            msg("No driver for USB readers is installed."),
            msg("Install it: package libccid (Debian, Ubuntu), pcsc-lite-ccid (Fedora)."),
        )
    unknown = tuple(named(reader) for reader in usb.readers if not reader.model)
    drivers = tuple(
        msg("{name} {version} ({count} models)", name=d.name, version=d.version, count=d.models)
        for d in usb.drivers[:SHOWN]
    )
    if unknown:
        return failed(
            msg("{drivers} do not know: {readers}.", drivers=drivers, readers=unknown[:SHOWN])
        )
    return passed(msg("{drivers}", drivers=drivers))


@check(
    "READER-DEVICE",
    msg("The PC/SC service may open every reader on USB"),
    msg("Install the rule 92-cpx-readers.rules of the folder udev/."),
    severity=Severity.WARNING,
    scope=Scope.STATION,
)
def devices_are_open(usb: Usb, service: Service) -> Answer | None:
    """From 2.4 pcscd runs as a user of its own, who needs the device's group."""
    if not usb.readers or not service.running:
        return None
    shut = [reader for reader in usb.readers if closed(reader, service)]
    if shut:
        return failed(
            msg(
                "pcscd runs as {user} and may not open: {readers}.",
                user=service.running[0].user,
                readers=tuple(
                    msg(
                        "{reader} {mode} {owner} {group}",
                        reader=named(r),
                        mode=r.mode,
                        owner=r.owner,
                        group=r.group,
                    )
                    for r in shut[:SHOWN]
                ),
            )
        )
    user = service.running[0].user
    if any(closed(reader, service) is None for reader in usb.readers):
        return skipped(
            msg(
                "pcscd runs as {user}; whether its groups may open the readers is not known.",
                user=user,
            )
        )
    return passed(msg("pcscd runs as {user}.", user=user))


@check(
    "KERNEL-DRIVER",
    msg("No driver of the kernel takes a reader"),
    msg(
        "NFC (pn533): install cpx-tool-nfc-blacklist.conf of the folder udev/ and plug the reader "
        "in again. Another driver: unbind it from the reader."
    ),
    severity=Severity.WARNING,
    scope=Scope.STATION,
)
def kernel_takes_none(usb: Usb, kernel_modules: tuple[str, ...]) -> Answer:
    """By the driver links in /sys; and by modules that are loaded only for such a reader."""
    stolen = tuple(
        msg("{reader} by {drivers}", reader=named(reader), drivers=drivers)
        for reader in usb.readers
        if (drivers := taken(reader))
    )
    if stolen:
        return failed(msg("Taken: {readers}.", readers=stolen[:SHOWN]))
    if kernel_modules:
        return failed(
            msg("Loaded, and takes readers with an NFC chip: {modules}.", modules=kernel_modules)
        )
    return passed(msg("None is taken."))
