"""The workstation itself, without any card: each fact, or why it is not known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from cpx_tool.model.finding import Finding, Verdict
from cpx_tool.model.message import Message
from cpx_tool.model.middleware import Middleware
from cpx_tool.model.observation import FailedTry, ModuleObservation
from cpx_tool.model.reader import Pcsc
from cpx_tool.model.trust import StoreListing


@dataclass(frozen=True, slots=True)
class Unknown:
    """A fact that could not be had: why, and what to do where something can be done."""

    why: Message
    hint: Message | None = None


class Enclosure(StrEnum):
    """What the system runs in, where that keeps USB readers away."""

    NONE = "none"
    CONTAINER = "container"
    WSL = "wsl"


@dataclass(frozen=True, slots=True)
class System:
    """The operating system. `distribution` is os-release's ID ("debian"), "" where there is none.

    `like` is its ID_LIKE; `bits` is that of this Python, which is what a module must have.
    """

    kernel: str
    name: str
    distribution: str
    like: tuple[str, ...]
    version: str
    machine: str
    bits: int
    enclosure: Enclosure


class SessionKind(StrEnum):
    """How the user came to be here: it decides what polkit, or Windows, lets one do."""

    DESKTOP = "desktop"
    CONSOLE = "console"
    SSH = "ssh"
    REMOTE_DESKTOP = "remote-desktop"
    CI = "ci"
    SERVICE = "service"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Session:
    """The session. `evidence` is what showed its kind ("SSH_CONNECTION"), "" for nothing.

    `active` is systemd's word: in front of the screen now; None where systemd knows no session.
    """

    kind: SessionKind
    evidence: str = ""
    active: bool | None = None
    administrator: bool = False


@dataclass(frozen=True, slots=True)
class Process:
    """A running program. `user` and `groups` are names, or numbers; `groups` is None where they
    were not looked at.
    """

    pid: int
    name: str
    user: str
    groups: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Socket:
    """The socket of the PC/SC service: `mode` as ls shows it; whether this user may connect."""

    path: str
    present: bool
    mode: str = ""
    owner: str = ""
    group: str = ""
    usable: bool = False


class Start(StrEnum):
    """How the service comes up."""

    ON_DEMAND = "on-demand"
    """systemd listens on its socket, now and after the next start of the machine."""
    AT_BOOT = "at-boot"
    BY_HAND = "by-hand"
    """It is installed, and nothing starts it."""
    MASKED = "masked"
    NOT_INSTALLED = "not-installed"


READERS_GROUP = "cpx-readers"
"""The group of udev/50-cpx-tool.rules."""


@dataclass(frozen=True, slots=True)
class Polkit:
    """Whether polkit is asked who may use readers (None: not known), and whether a rule that
    lets `READERS_GROUP` use pcscd was seen (None: its directory cannot be read by this user).
    """

    asked: bool | None
    rule: bool | None


@dataclass(frozen=True, slots=True)
class Service:
    """The PC/SC service as the system shows it; whether it answers is `Pcsc`'s."""

    socket: Socket
    running: tuple[Process, ...]
    start: Start | Unknown
    version: str | Unknown
    polkit: Polkit


class Hold(StrEnum):
    """What shows that a program has to do with readers."""

    CONNECTED = "connected"
    """It is connected to the PC/SC service."""
    LOADED = "loaded"
    """It has the library of PC/SC loaded, and no connection was seen."""
    DEVICE = "device"
    """It holds a reader's USB device itself, past the PC/SC service."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Another program that has to do with readers."""

    process: Process
    hold: Hold


@dataclass(frozen=True, slots=True)
class Holders:
    """The others. `unseen` counts processes of other users, which show nothing to this one;
    `unmatched` counts connections of the service whose program was not seen (None: connections
    cannot be listed here).
    """

    holders: tuple[Holder, ...]
    unseen: int
    unmatched: int | None


@dataclass(frozen=True, slots=True)
class UsbInterface:
    """An interface of a USB device. `usb_class` is two lower-case hex digits, "0b" is CCID;
    `driver` is the kernel's, "" for none, "usbfs" for a program.
    """

    name: str
    usb_class: str
    driver: str


@dataclass(frozen=True, slots=True)
class UsbReader:
    """A smart card reader on USB: it announces CCID, or a driver's list names it.

    `model` is the name under which the driver lists it, "" where no driver knows it. `owner` and
    `group` are those of its file in /dev/bus/usb, `mode` as ls shows it; "" where it is not there.
    """

    place: str
    vendor: str
    product: str
    name: str
    interfaces: tuple[UsbInterface, ...]
    model: str
    bus: int = 0
    device: int = 0
    mode: str = ""
    owner: str = ""
    group: str = ""

    @property
    def numbers(self) -> str:
        """As lsusb writes it: "08e6:3437"."""
        return f"{self.vendor}:{self.product}"


@dataclass(frozen=True, slots=True)
class Driver:
    """A driver of PC/SC. `models` is how many it lists in `file`."""

    name: str
    version: str
    models: int
    file: str = ""


@dataclass(frozen=True, slots=True)
class Usb:
    """Readers on USB, the drivers of PC/SC, and kernel modules that are loaded and take readers."""

    readers: tuple[UsbReader, ...]
    drivers: tuple[Driver, ...]
    kernel_modules: tuple[str, ...] | Unknown


@dataclass(frozen=True, slots=True)
class Clock:
    """This machine's clock (aware), and what it can be held against.

    `released` is the day of this version of cpx-tool. `newest` is the newest moment that the
    system itself has written down. `zone` is "" where none is set.
    """

    now: datetime
    released: date
    newest: datetime | None
    synchronised: bool | Unknown
    zone: str


@dataclass(frozen=True, slots=True)
class Package:
    """A Python package that is needed: `wanted` is the oldest version that will do, `version` ""
    where it is not installed.
    """

    name: str
    wanted: str
    version: str
    enough: bool


@dataclass(frozen=True, slots=True)
class Compiled:
    """A compiled part of a package, imported in a process of its own; `failure` "" when it was."""

    module: str
    package: str
    failure: str


@dataclass(frozen=True, slots=True)
class Packages:
    """Python packages; `requirements` is Unknown where the installation does not tell them."""

    requirements: tuple[Package, ...] | Unknown
    compiled: tuple[Compiled, ...]


@dataclass(frozen=True, slots=True)
class State:
    """The user's state directory; `obstacle` is why it cannot be written to, None when it can."""

    directory: str
    obstacle: Message | None


@dataclass(frozen=True, slots=True)
class NoModule:
    """No PKCS#11 module to load: why, and what to do. `named`: a person named one, and that cannot
    be one, or the configuration file cannot be read.
    """

    reason: Message
    hint: Message
    named: bool = False


@dataclass(frozen=True, slots=True)
class Versions:
    """What is worth naming in a bug report; "" for what was not seen."""

    tool: str
    python: str
    pcsc_lite: str
    ccid: str
    opensc: str


@dataclass(frozen=True, slots=True)
class Station:
    """All that is seen of a workstation without a card."""

    host: str
    observed_at: datetime
    versions: Versions
    system: System
    session: Session
    pcsc: Pcsc
    service: Service | Unknown
    holders: Holders | Unknown
    usb: Usb | Unknown
    module: ModuleObservation | NoModule
    middleware: Middleware | Unknown
    clock: Clock
    trust: StoreListing | Unknown
    packages: Packages
    state: State | Unknown
    ledger: tuple[FailedTry, ...] | Unknown


@dataclass(frozen=True, slots=True)
class Fix:
    """Commands that mend what a check found. `comment` is for a person; the commands are not
    translated, and nothing runs them.
    """

    check: str
    comment: Message
    commands: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Examination:
    """The judged workstation."""

    station: Station
    findings: tuple[Finding, ...]
    fixes: tuple[Fix, ...]
    verdict: Verdict
