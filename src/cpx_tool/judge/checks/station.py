"""The workstation itself: its system, the session, the PC/SC service and who may use it."""

from __future__ import annotations

from cpx_tool.judge.check import Answer, Scope, check, failed, passed, skipped
from cpx_tool.judge.words import SHOWN
from cpx_tool.model.finding import Severity
from cpx_tool.model.message import Message, msg, nmsg
from cpx_tool.model.reader import Pcsc, PcscStatus, ReaderState
from cpx_tool.model.station import (
    Enclosure,
    Hold,
    Holder,
    Holders,
    Session,
    SessionKind,
    Socket,
    Start,
    System,
    Usb,
)

TRIED = {"debian": ("12", "13")}
"""Distributions on which this version is built and tested: docs/limits.md."""

_NARROW = 32

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
    msg("Readers reach this system, and this tool was tried on it"),
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
def nobody_keeps_a_reader(holders: Holders, usb_seen: Usb | None, pcsc: Pcsc) -> Answer:
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
        told = msg("The card is kept in: {readers}.", readers=kept)
        return failed(_with_unseen(_with_others(told, others), holders, usb_seen))
    loaded = [holder for holder in holders.holders if holder.hold is Hold.LOADED]
    told = _with_others(msg("None keeps a card."), others or loaded)
    return passed(_with_unseen(told, holders, usb_seen))


def _with_others(told: Message, others: list[Holder]) -> Message:
    if not others:
        return told
    return msg("{told} Others that use PC/SC: {programs}.", told=told, programs=_programs(others))


def _with_unseen(told: Message, holders: Holders, usb_seen: Usb | None) -> Message:
    """And what of it this user could not see: who is connected, who holds a device."""
    devices = usb_seen is not None and usb_seen.readers
    if holders.unmatched:
        unseen = nmsg(
            "{count} connection is of a program that this user may not see (sudo shows it).",
            "{count} connections are of programs that this user may not see (sudo shows them).",
            holders.unmatched,
        )
    elif holders.unseen and (holders.unmatched is None or devices):
        unseen = nmsg(
            "{count} process of others could not be looked into (sudo can).",
            "{count} processes of others could not be looked into (sudo can).",
            holders.unseen,
        )
    else:
        return told
    return msg("{told} {unseen}", told=told, unseen=unseen)


def _programs(holders: list[Holder]) -> tuple[str | Message, ...]:
    shown: list[str | Message] = [
        msg(
            "{name} (process {pid}, {user})",
            name=h.process.name,
            pid=h.process.pid,
            user=h.process.user,
        )
        for h in holders[:SHOWN]
    ]
    more = len(holders) - SHOWN
    return (*shown, nmsg("{count} more", "{count} more", more)) if more > 0 else tuple(shown)
