"""The workstation itself, without any card."""

from __future__ import annotations

from datetime import timedelta

from cpx_tool.judge.check import Answer, Scope, check, failed, passed, skipped
from cpx_tool.judge.usb_readers import closed, named, taken, unlisted
from cpx_tool.model.finding import Severity
from cpx_tool.model.message import Message, msg, nmsg
from cpx_tool.model.observation import FailedTry
from cpx_tool.model.reader import Pcsc, PcscStatus, ReaderState
from cpx_tool.model.station import (
    Clock,
    Compiled,
    Enclosure,
    Hold,
    Holder,
    Holders,
    Package,
    Service,
    Session,
    SessionKind,
    Socket,
    Start,
    State,
    System,
    Usb,
)
from cpx_tool.model.trust import StoreListing

TRIED = {"debian": ("12", "13")}
"""Distributions on which this version is built and tested: README, "See it work"."""

FAR_AHEAD = timedelta(days=10 * 366)
"""A clock later than that after the release is more likely wrong than this version in use."""

_NARROW = 32
_TOLERANCE = timedelta(days=1)
_SHOWN = 8
"""Programs or readers named in one sentence."""

SESSIONS = {
    SessionKind.DESKTOP: msg("at the screen"),
    SessionKind.CONSOLE: msg("on a text console"),
    SessionKind.SSH: msg("over ssh"),
    SessionKind.REMOTE_DESKTOP: msg("over a remote desktop"),
    SessionKind.CI: msg("a CI job"),
    SessionKind.SERVICE: msg("a service, or a job without a terminal"),
    SessionKind.UNKNOWN: msg("a terminal without a session of its own"),
}


@check(
    "SYSTEM-SUPPORTED",
    msg("This system is one on which cpx-tool was tried"),
    msg("Use Debian 12 or 13 on a 64-bit machine where you can; elsewhere, report what differs."),
    severity=Severity.WARNING,
    scope=Scope.STATION,
)
def system_is_supported(system: System) -> Answer:
    """Distribution and version by os-release; what keeps readers away; the width of Python."""
    name = msg("{name} ({machine})", name=system.name, machine=system.machine)
    if system.enclosure is Enclosure.CONTAINER:
        return failed(
            msg("{name}, in a container: readers are not seen in it by themselves.", name=name),
            msg(
                "Run cpx-tool on the machine itself, or give the container the socket of the "
                "PC/SC service (/run/pcscd)."
            ),
        )
    if system.enclosure is Enclosure.WSL:
        return failed(
            msg("{name}, in WSL: readers of Windows are not seen in it by themselves.", name=name),
            msg("Attach the reader to WSL with usbipd, and install pcscd in it."),
        )
    if not system.kernel.startswith("Linux"):
        return failed(msg("{name}: nobody has tried this version there.", name=name))
    if system.bits == _NARROW and system.machine.endswith("64"):
        return failed(
            msg("{name}, with a Python of {bits} bits.", name=name, bits=system.bits),
            msg("Use a 64-bit Python: middleware of 64 bits cannot be loaded into this one."),
        )
    if system.version in TRIED.get(system.distribution, ()):
        return passed(name)
    return skipped(msg("{name}: tried on Debian 12 and 13 only.", name=name))


@check(
    "SESSION-KIND",
    msg("This kind of session may use the readers of this machine"),
    msg(
        "Run cpx-tool in the session at the screen, or install the polkit rule of the folder "
        "udev/ (Linux)."
    ),
    severity=Severity.WARNING,
    scope=Scope.STATION,
)
def session_may_use_readers(session: Session, system: System, pcsc: Pcsc) -> Answer:
    """By default polkit lets nobody in but who sits at the screen; Windows redirects readers."""
    kind = SESSIONS[session.kind]
    if system.kernel.startswith("Windows"):
        return _windows_session(session, kind)
    if pcsc.status is PcscStatus.ACCESS_REFUSED:
        return failed(msg("This session is {kind}, and access is refused.", kind=kind))
    if pcsc.status in (PcscStatus.OK, PcscStatus.NO_READER):
        return passed(msg("This session is {kind}, and the service lets it in.", kind=kind))
    return skipped(msg("This session is {kind}; no service said whether it may.", kind=kind))


def _windows_session(session: Session, kind: Message) -> Answer:
    if session.kind is SessionKind.REMOTE_DESKTOP:
        return failed(
            msg("This session is {kind}: it sees the readers of the client.", kind=kind),
            msg("To check the readers of this machine, sit at it."),
        )
    if session.kind in (SessionKind.SSH, SessionKind.SERVICE, SessionKind.CI):
        return failed(
            msg("This session is {kind}: Windows shows it no reader.", kind=kind),
            msg("Run cpx-tool in the session at the screen, by a scheduled task if need be."),
        )
    return passed(msg("This session is {kind}.", kind=kind))


@check(
    "PCSC-START",
    msg("The PC/SC service starts by itself"),
    msg("Let systemd start it on demand: cpx-tool doctor --fix-hints prints the commands."),
    severity=Severity.WARNING,
    scope=Scope.STATION,
)
def service_starts(start: Start) -> Answer:
    """On demand by systemd's socket, or at boot; else it is gone after the next start."""
    if start is Start.NOT_INSTALLED:
        return failed(
            msg("The PC/SC service is not installed."),
            msg("Install it: package pcscd (Debian, Ubuntu), pcsc-lite (Fedora)."),
        )
    if start is Start.MASKED:
        return failed(msg("pcscd.socket is masked: nothing can start the service."))
    if start is Start.BY_HAND:
        return failed(msg("pcscd.socket is not enabled: nothing starts the service."))
    if start is Start.AT_BOOT:
        return passed(msg("It starts with the machine."))
    return passed(msg("systemd starts it on demand."))


@check(
    "PCSC-ACCESS",
    msg("This user may use the PC/SC service"),
    msg(
        "Over ssh, in CI and in services polkit refuses by default: install the polkit rule of "
        "the folder udev/ and join its group, or run from the session at the screen."
    ),
    scope=Scope.STATION,
)
def user_may_use_service(pcsc: Pcsc, session: Session, socket: Socket | None) -> Answer:
    """What the service answers decides; where it does not, what its socket allows."""
    if pcsc.status is PcscStatus.ACCESS_REFUSED:
        return failed(
            msg(
                "The service refuses this user; the session is {kind}.",
                kind=SESSIONS[session.kind],
            )
        )
    if pcsc.status in (PcscStatus.OK, PcscStatus.NO_READER):
        return passed(msg("The service lets this user in."))
    if socket is not None and socket.present and not socket.usable:
        return failed(
            msg(
                "This user may not connect to {path} ({mode} {owner} {group}).",
                path=socket.path,
                mode=socket.mode,
                owner=socket.owner,
                group=socket.group,
            ),
            msg("Join the group of the socket, or restart the service: it makes the socket anew."),
        )
    return skipped(msg("No service answered, so it refused nobody."))


@check(
    "PCSC-OTHERS",
    msg("No other program keeps a reader to itself"),
    msg("Close the programs named, or stop their service, while cards are checked."),
    severity=Severity.WARNING,
    scope=Scope.STATION,
)
def nobody_keeps_a_reader(holders: Holders, pcsc: Pcsc) -> Answer:
    """A program that only is connected does no harm; one that holds a card or a device does."""
    devices = [holder for holder in holders.holders if holder.hold is Hold.DEVICE]
    if devices:
        return failed(
            msg(
                "These hold a reader's USB device past the PC/SC service: {programs}.",
                programs=_programs(devices),
            )
        )
    kept = tuple(r.name for r in pcsc.readers if r.state is ReaderState.IN_USE)
    others = [holder for holder in holders.holders if holder.hold is Hold.CONNECTED]
    if kept:
        return failed(_more(msg("The card is kept in: {readers}.", readers=kept), others, holders))
    loaded = [holder for holder in holders.holders if holder.hold is Hold.LOADED]
    return passed(_more(msg("None keeps a card."), others or loaded, holders))


def _more(told: Message, others: list[Holder], holders: Holders) -> Message:
    """And who uses PC/SC beside us; and what could not be seen of it."""
    if others:
        programs = _programs(others)
        told = msg("{told} Others that use PC/SC: {programs}.", told=told, programs=programs)
    if holders.unmatched:
        count = nmsg(
            "{count} connection is of a program that this user may not see (sudo shows it).",
            "{count} connections are of programs that this user may not see (sudo shows them).",
            holders.unmatched,
        )
    elif holders.unmatched is None and holders.unseen:
        count = nmsg(
            "{count} process of others could not be looked into (sudo can).",
            "{count} processes of others could not be looked into (sudo can).",
            holders.unseen,
        )
    else:
        return told
    return msg("{told} {unseen}", told=told, unseen=count)


def _programs(holders: list[Holder]) -> tuple[str | Message, ...]:
    shown: list[str | Message] = [
        msg(
            "{name} (process {pid}, {user})",
            name=h.process.name,
            pid=h.process.pid,
            user=h.process.user,
        )
        for h in holders[:_SHOWN]
    ]
    more = len(holders) - _SHOWN
    return (*shown, nmsg("{count} more", "{count} more", more)) if more > 0 else tuple(shown)


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
            msg("Plugged in, and not listed: {readers}.", readers=tuple(map(named, lost[:_SHOWN])))
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
        for d in usb.drivers[:_SHOWN]
    )
    if unknown:
        return failed(
            msg("{drivers} do not know: {readers}.", drivers=drivers, readers=unknown[:_SHOWN])
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
                    for r in shut[:_SHOWN]
                ),
            )
        )
    return passed(msg("pcscd runs as {user}.", user=service.running[0].user))


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
        return failed(msg("Taken: {readers}.", readers=stolen[:_SHOWN]))
    if kernel_modules:
        return failed(
            msg("Loaded, and takes readers with an NFC chip: {modules}.", modules=kernel_modules)
        )
    return passed(msg("None is taken."))


@check(
    "CLOCK-RIGHT",
    msg("The clock of this machine can be right"),
    msg("Set the clock: validity and revocation are judged by it."),
    scope=Scope.STATION,
)
def clock_can_be_right(clock: Clock) -> Answer:
    """Against the release of this version, and what the system itself has dated."""
    today = clock.now.date()
    if today < clock.released - _TOLERANCE:
        return failed(
            msg(
                "It says {now}, before this version of cpx-tool was made ({released}).",
                now=clock.now,
                released=clock.released.isoformat(),
            )
        )
    if clock.newest is not None and clock.newest > clock.now + _TOLERANCE:
        return failed(
            msg(
                "It says {now}, but this system has files of {newest}.",
                now=clock.now,
                newest=clock.newest,
            )
        )
    if today > clock.released + FAR_AHEAD:
        return failed(
            msg(
                "It says {now}, more than ten years after this version of cpx-tool.",
                now=clock.now,
            ),
            msg("Set the clock; if it is right, use a newer version of cpx-tool."),
        )
    return passed(msg("{now}", now=clock.now))


@check(
    "CLOCK-SYNCHRONISED",
    msg("The clock is kept right over the network"),
    msg("Switch time synchronisation on: sudo timedatectl set-ntp true."),
    severity=Severity.WARNING,
    scope=Scope.STATION,
)
def clock_is_synchronised(synchronised: bool) -> Answer:
    """What an NTP program told the kernel, or systemd-timesyncd noted; nobody is asked."""
    if synchronised:
        return passed(msg("It is synchronised."))
    return failed(msg("No time service keeps it right."))


@check(
    "CLOCK-ZONE",
    msg("A time zone is set"),
    msg("Set it: sudo timedatectl set-timezone Europe/Paris. Reports are in UTC in any case."),
    severity=Severity.WARNING,
    scope=Scope.STATION,
)
def zone_is_set(clock: Clock) -> Answer:
    """Without one, whoever sets the clock by a watch sets it wrong by hours."""
    if not clock.zone:
        return failed(msg("No time zone is set: this system takes its clock for UTC."))
    return passed(msg("{zone}", zone=clock.zone))


@check(
    "TRUST-STORE",
    msg("CA certificates to judge chains with are at hand"),
    msg("Fill your store: cpx-tool trust fetch, or trust where and trust import."),
    severity=Severity.WARNING,
    scope=Scope.STATION,
)
def store_has_anchors(trust: StoreListing) -> Answer:
    """Anchors in the user's store; the middleware's own store helps to build chains."""
    anchors = sum(authority.anchor is not None for authority in trust.authorities)
    others = sum(count for _, count in trust.others)
    told = nmsg(
        "{count} known CA in {path}", "{count} known CAs in {path}", anchors, path=trust.directory
    )
    if others:
        told = msg("{store}; {others} certificates of the middleware", store=told, others=others)
    if trust.problems:
        return failed(
            msg(
                "{store}; files that do not belong there: {files}.",
                store=told,
                files=trust.problems[:_SHOWN],
            ),
            msg("Remove these files, and import them with cpx-tool trust import."),
        )
    return passed(told) if anchors else failed(told)


@check(
    "PYTHON-PACKAGES",
    msg("Python packages are as new as cpx-tool needs them"),
    msg("Install cpx-tool again (make setup), in a virtual environment of its own."),
    severity=Severity.WARNING,
    scope=Scope.STATION,
)
def packages_are_enough(packages: tuple[Package, ...]) -> Answer:
    """What is installed against what this version asks for."""
    bad = tuple(_wrong(package) for package in packages if not package.enough)
    if bad:
        return failed(msg("{packages}", packages=bad))
    return passed(nmsg("{count} package", "{count} packages", len(packages)))


def _wrong(package: Package) -> Message:
    if not package.version:
        return msg("{name} is not installed", name=package.name)
    return msg(
        "{name} is {version}, needed is {wanted} or newer",
        name=package.name,
        version=package.version,
        wanted=package.wanted,
    )


@check(
    "PYTHON-COMPILED",
    msg("The compiled parts of Python packages can be imported"),
    msg(
        "Install the package again for this Python (make setup); pyscard needs the library of "
        "PC/SC (package libpcsclite1)."
    ),
    scope=Scope.STATION,
)
def compiled_parts_import(compiled: tuple[Compiled, ...]) -> Answer:
    """Each was imported in a process of its own: a crash is an answer."""
    bad = tuple(
        msg("{package} ({failure})", package=part.package, failure=part.failure)
        for part in compiled
        if part.failure
    )
    if bad:
        return failed(msg("These cannot be imported: {packages}.", packages=bad))
    return passed(msg("{packages}", packages=tuple(part.package for part in compiled)))


@check(
    "STATE-WRITABLE",
    msg("The ledger of PIN tries can be kept"),
    msg(
        "Make the directory writable for you, or set CPX_STATE_DIR to another one: without a "
        "ledger no PIN is tried on a real card."
    ),
    scope=Scope.STATION,
)
def state_can_be_written(state: State) -> Answer:
    """Looked at, not tried."""
    if state.obstacle is not None:
        return failed(msg("{path}: {why}.", path=state.directory, why=state.obstacle))
    return passed(msg("{path}", path=state.directory))


@check(
    "PIN-LEDGER",
    msg("No card waits for a person because of an earlier PIN try"),
    msg("Make sure of the PIN of these cards, then: cpx-tool pin-ledger --forget NUMBER."),
    severity=Severity.WARNING,
    scope=Scope.STATION,
)
def no_card_waits(ledger: tuple[FailedTry, ...]) -> Answer:
    """On a card in the ledger no PIN is tried until a person says so."""
    if ledger:
        cards = tuple(entry.card for entry in ledger[:_SHOWN])
        return failed(
            nmsg("{count} card: {cards}", "{count} cards: {cards}", len(ledger), cards=cards)
        )
    return passed(msg("The ledger is empty."))
