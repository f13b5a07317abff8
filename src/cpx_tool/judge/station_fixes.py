"""Commands that mend what the checks of the workstation found. They are shown, never run.

Data, by what was observed: the distribution, what is missing, which reader. Only names from the
tables below and quoted values of the system go into a command.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from cpx_tool.judge.usb_readers import closed, taken
from cpx_tool.model.finding import Finding, Outcome
from cpx_tool.model.message import Message, msg
from cpx_tool.model.reader import PcscStatus
from cpx_tool.model.station import (
    READERS_GROUP,
    Fix,
    Hold,
    NoModule,
    Service,
    Start,
    Station,
    Unknown,
    Usb,
)

_APT, _DNF = "apt-get install", "dnf install"
_MANAGERS = {
    "debian": _APT,
    "ubuntu": _APT,
    "fedora": _DNF,
    "rhel": _DNF,
    "centos": _DNF,
}
"""By ID, else by ID_LIKE, of os-release."""

_PACKAGES = {
    "pcscd": {_APT: "pcscd", _DNF: "pcsc-lite"},
    "driver": {_APT: "libccid", _DNF: "pcsc-lite-ccid"},
    "library": {_APT: "libpcsclite1", _DNF: "pcsc-lite-libs"},
    "opensc": {_APT: "opensc-pkcs11", _DNF: "opensc"},
}
_NFC = ("pn533_usb", "pn533", "nfc")
_RULES_FOLDER = msg("In a clone of cpx-tool: its folder udev/ holds the file.")


@dataclass(frozen=True, slots=True)
class Remedy:
    """Commands that mend something, and what they are for."""

    comment: Message
    commands: tuple[str, ...]


Rule = Callable[[Station], Remedy | None]


def fixes(station: Station, findings: Iterable[Finding]) -> tuple[Fix, ...]:
    """What mends the findings that are not as they should be, in their order, each once."""
    if not station.system.kernel.startswith("Linux"):
        return ()
    wrong = dict.fromkeys(f.check for f in findings if f.outcome in (Outcome.FAILED, Outcome.ERROR))
    made: dict[tuple[str, ...], Fix] = {}
    for check, rule in _RULES.items():
        remedy = rule(station) if check in wrong else None
        if remedy is not None and remedy.commands:
            fix = Fix(check, remedy.comment, remedy.commands)
            made.setdefault(fix.commands, _as_user(_without_systemd(fix, station), station))
    return tuple(made.values())


def _without_systemd(fix: Fix, station: Station) -> Fix:
    """Where systemd does not run, the service is ended and started by hand."""
    service = _service(station)
    if service is None or not isinstance(service.start, Unknown):
        return fix
    ending = tuple(f"sudo kill {process.pid}" for process in service.running)
    lines: list[str] = []
    for line in fix.commands:
        lines += (*ending, "sudo pcscd") if line.startswith("sudo systemctl restart") else (line,)
    return replace(fix, commands=tuple(lines))


def _as_user(fix: Fix, station: Station) -> Fix:
    """Without sudo for root."""
    if not station.session.administrator:
        return fix
    return replace(fix, commands=tuple(line.replace("sudo ", "") for line in fix.commands))


def _manager(station: Station) -> str:
    """apt or dnf; "" where neither is known to be there."""
    names = (station.system.distribution, *station.system.like)
    return next((_MANAGERS[name] for name in names if name in _MANAGERS), "")


def _install(station: Station, what: str) -> tuple[str, ...]:
    manager = _manager(station)
    return (f"sudo {manager} {_PACKAGES[what][manager]}",) if manager else ()


def _service(station: Station) -> Service | None:
    return None if isinstance(station.service, Unknown) else station.service


def _usb(station: Station) -> Usb | None:
    return None if isinstance(station.usb, Unknown) else station.usb


def _start(station: Station) -> Remedy | None:
    service = _service(station)
    if service is None:
        return None
    if service.start is Start.NOT_INSTALLED:
        commands = (*_install(station, "pcscd"), _ENABLE)
        return Remedy(msg("Install the PC/SC service, and let systemd start it."), commands)
    if service.start is Start.MASKED:
        return Remedy(
            msg("Let systemd start the PC/SC service again."),
            ("sudo systemctl unmask pcscd.socket pcscd.service", _ENABLE),
        )
    if service.start is Start.BY_HAND:
        return Remedy(msg("Let systemd start the PC/SC service on demand."), (_ENABLE,))
    return None


_ENABLE = "sudo systemctl enable --now pcscd.socket"
_RESTART = "sudo systemctl restart pcscd.socket pcscd.service"


def _answer(station: Station) -> Remedy | None:
    """What `_start` mends is not said twice; no reader is no matter of commands."""
    if station.pcsc.status not in (PcscStatus.NO_SERVICE, PcscStatus.ERROR):
        return None
    service = _service(station)
    if service is None or service.start in (Start.NOT_INSTALLED, Start.MASKED, Start.BY_HAND):
        return None
    if isinstance(service.start, Unknown):
        return Remedy(
            msg("Start the PC/SC service; systemd does not run here."),
            ("sudo pcscd",),
        )
    return Remedy(msg("Restart the PC/SC service."), (_RESTART,))


def _access(station: Station) -> Remedy | None:
    service = _service(station)
    if service is None:
        return None
    if station.pcsc.status is not PcscStatus.ACCESS_REFUSED:
        return Remedy(msg("The service makes its socket anew when it starts."), (_RESTART,))
    join = f'sudo gpasswd --add "$USER" {READERS_GROUP}'
    if service.polkit.rule:
        comment = msg("A rule is there: join the group it names, then log in again.")
        return Remedy(comment, (join,))
    return Remedy(
        msg(
            "Let a group use readers in any session, and join it; then log in again. {where}",
            where=_RULES_FOLDER,
        ),
        (
            f"sudo groupadd --force --system {READERS_GROUP}",
            join,
            "sudo cp udev/50-cpx-tool.rules /etc/polkit-1/rules.d/",
        ),
    )


def _others(station: Station) -> Remedy | None:
    if isinstance(station.holders, Unknown):
        return None
    held = [h.process for h in station.holders.holders if h.hold is Hold.DEVICE]
    held = held or [h.process for h in station.holders.holders if h.hold is Hold.CONNECTED]
    if any(process.name == "scdaemon" for process in held):
        comment = msg("GnuPG's scdaemon takes readers for itself; it starts again when needed.")
        return Remedy(comment, ("gpgconf --kill scdaemon",))
    numbers = ",".join(str(process.pid) for process in held)
    comment = msg("Look at these programs, and close them yourself.")
    return Remedy(comment, (f"ps -fp {numbers}",) if numbers else ())


def _driver(station: Station) -> Remedy | None:
    usb = _usb(station)
    if usb is None:
        return None
    if not usb.drivers:
        comment = msg("Install the driver for USB readers.")
        return Remedy(comment, (*_install(station, "driver"), _RESTART))
    unknown = [reader for reader in usb.readers if not reader.model]
    comment = msg("Does the driver know the reader? No line: a newer driver is needed.")
    lines = tuple(
        f"grep -i -e 0x{reader.product} {shlex.quote(driver.file)}"
        for reader in unknown
        for driver in usb.drivers
        if reader.product and driver.file.isprintable()
    )
    return Remedy(comment, lines)


def _device(station: Station) -> Remedy | None:
    usb, service = _usb(station), _service(station)
    if usb is None or service is None or not any(closed(r, service) for r in usb.readers):
        return None
    return Remedy(
        msg("Give the readers to the group of pcscd. {where}", where=_RULES_FOLDER),
        (
            "sudo cp udev/92-cpx-readers.rules /etc/udev/rules.d/",
            "sudo udevadm control --reload",
            "sudo udevadm trigger --subsystem-match=usb --action=add",
            "sudo systemctl restart pcscd.service",
        ),
    )


def _kernel(station: Station) -> Remedy | None:
    usb = _usb(station)
    if usb is None:
        return None
    drivers = {driver for reader in usb.readers for driver in taken(reader)}
    loaded = () if isinstance(usb.kernel_modules, Unknown) else usb.kernel_modules
    lines: list[str] = []
    if drivers & set(_NFC) or loaded:
        lines += [
            "sudo cp udev/cpx-tool-nfc-blacklist.conf /etc/modprobe.d/",
            f"sudo modprobe -r {' '.join(_NFC)}",
        ]
    lines += [
        f"echo {interface.name} | sudo tee /sys/bus/usb/drivers/{shlex.quote(interface.driver)}"
        "/unbind"
        for reader in usb.readers
        for interface in reader.interfaces
        if interface.driver in taken(reader)
        and interface.driver not in _NFC
        and re.fullmatch(r"[\w.-]+", interface.driver, re.ASCII)
        and re.fullmatch(r"[\d.:-]+", interface.name, re.ASCII)
    ]
    comment = msg(
        "Take the reader from the kernel's driver, and plug it in again. {where}",
        where=_RULES_FOLDER,
    )
    return Remedy(comment, tuple(lines))


def _module(station: Station) -> Remedy | None:
    """A module that a person named is corrected, and one that is there is not installed again."""
    if not isinstance(station.module, NoModule) or station.module.named:
        return None
    if isinstance(station.middleware, Unknown) or station.middleware.modules:
        return None
    comment = msg("The Cryptolib CPS comes from the ANS (esante.gouv.fr). OpenSC, with limits:")
    return Remedy(comment, _install(station, "opensc"))


def _traces(station: Station) -> Remedy | None:
    if isinstance(station.middleware, Unknown):
        return None
    places = [t.where for t in station.middleware.traces if t.active and t.where.startswith("/")]
    comment = msg("Set “active = false” in its block of traces.")
    lines = tuple(f"sudoedit {shlex.quote(place)}" for place in places if place.isprintable())
    return Remedy(comment, lines)


def _cache(station: Station) -> Remedy | None:
    """The serials are names of files, made by the middleware of hex digits."""
    cache = None if isinstance(station.middleware, Unknown) else station.middleware.cache
    if cache is None or not cache.directory.isprintable():
        return None
    place = shlex.quote(cache.directory)
    comment = msg("Delete what is kept of these cards; the middleware reads them again.")
    lines = tuple(
        f"sudo find {place} -maxdepth 1 -type f -name '{serial}_*' -delete"
        for serial in cache.protected
        if re.fullmatch(r"[0-9A-Fa-f]+", serial, re.ASCII)
    )
    return Remedy(comment, lines)


def _compiled(station: Station) -> Remedy | None:
    bad = {part.package for part in station.packages.compiled if part.failure}
    library = _install(station, "library") if "pyscard" in bad else ()
    comment = msg("Build the Python packages again. In a clone of cpx-tool:")
    return Remedy(comment, (*library, "make setup"))


def _state(station: Station) -> Remedy | None:
    if isinstance(station.state, Unknown) or not station.state.directory.isprintable():
        return None
    place = shlex.quote(station.state.directory)
    return Remedy(msg("Who may write there?"), (f"namei -l {place}",))


def _always(comment: Message, *commands: str) -> Rule:
    """A remedy that is the same wherever it is needed."""
    return lambda _: Remedy(comment, commands)


def _timedate(comment: Message, *commands: str) -> Rule:
    """A remedy by timedatectl, which needs systemd."""

    def rule(station: Station) -> Remedy | None:
        service = _service(station)
        without = service is None or isinstance(service.start, Unknown)
        return None if without else Remedy(comment, commands)

    return rule


_RULES: Mapping[str, Rule] = {
    "PCSC-START": _start,
    "PCSC-SERVICE": _answer,
    "PCSC-ACCESS": _access,
    "PCSC-OTHERS": _others,
    "READER-DRIVER": _driver,
    "READER-DEVICE": _device,
    "KERNEL-DRIVER": _kernel,
    "READER-LISTED": _always(
        msg("Restart the service after plugging the reader in again."), _RESTART
    ),
    "MODULE-LOADED": _module,
    "MODULE-TRACES": _traces,
    "MODULE-CACHE": _cache,
    "CLOCK-RIGHT": _timedate(
        msg("See the clock, then let the network set it."),
        "timedatectl",
        "sudo timedatectl set-ntp true",
    ),
    "CLOCK-SYNCHRONISED": _timedate(
        msg("Keep the clock right over the network."),
        "sudo timedatectl set-ntp true",
    ),
    "CLOCK-ZONE": _timedate(
        msg("Set the time zone."), "sudo timedatectl set-timezone Europe/Paris"
    ),
    "TRUST-STORE": _always(
        msg("Fill the store of CA certificates; this asks the network."),
        "cpx-tool trust fetch",
    ),
    "PYTHON-PACKAGES": _always(
        msg("Install the Python packages again. In a clone of cpx-tool:"),
        "make setup",
    ),
    "PYTHON-COMPILED": _compiled,
    "STATE-WRITABLE": _state,
    "PIN-LEDGER": _always(msg("See which cards wait for a person."), "cpx-tool pin-ledger"),
}
