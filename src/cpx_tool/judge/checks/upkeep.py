"""Clock, CA certificates, Python packages, ledger: what a workstation needs beside readers."""

from __future__ import annotations

from datetime import timedelta

from cpx_tool.judge.check import Answer, Scope, check, failed, passed
from cpx_tool.judge.words import SHOWN
from cpx_tool.model.finding import Severity
from cpx_tool.model.message import Message, msg, nmsg
from cpx_tool.model.observation import FailedTry
from cpx_tool.model.station import Clock, Compiled, Package, State
from cpx_tool.model.trust import StoreListing

FAR_AHEAD = timedelta(days=10 * 366)
"""A clock later than that after the release is more likely wrong than this version in use."""

_TOLERANCE = timedelta(days=1)


@check(
    "CLOCK-RIGHT",
    msg("The clock of this machine can be right"),
    msg(
        "Set the clock (cpx-tool doctor --fix-hints prints the commands): validity and revocation "
        "are judged by it."
    ),
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
    return failed(
        msg("The kernel calls its clock unsynchronised: no time service has set it right.")
    )


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
                files=trust.problems[:SHOWN],
            ),
            msg("Remove these files, and import them with cpx-tool trust import."),
        )
    return passed(told) if anchors else failed(told)


@check(
    "PYTHON-PACKAGES",
    msg("Python packages are as new as they must be"),
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
        cards = tuple(entry.card for entry in ledger[:SHOWN])
        return failed(
            nmsg("{count} card: {cards}", "{count} cards: {cards}", len(ledger), cards=cards)
        )
    return passed(msg("The ledger is empty."))
