"""The workstation judged: each thing that goes wrong, the sentence a user gets, the commands."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cpx_tool.errors import ExitCode
from cpx_tool.i18n import say
from cpx_tool.judge.check import Scope
from cpx_tool.judge.checks import CHECKS
from cpx_tool.judge.station import judge_station, station_exit_code
from cpx_tool.judge.station_facts import STATION_FACTS, station_facts
from cpx_tool.judge.usb_readers import closed, taken, unlisted
from cpx_tool.model.fault import Fault, FaultKind
from cpx_tool.model.finding import Finding, Outcome, Severity, Verdict
from cpx_tool.model.message import msg
from cpx_tool.model.middleware import CardCache, Middleware, Traces
from cpx_tool.model.observation import FailedTry
from cpx_tool.model.reader import Pcsc, PcscStatus, Reader, ReaderState
from cpx_tool.model.station import (
    Compiled,
    Driver,
    Enclosure,
    Hold,
    Holder,
    Holders,
    NoModule,
    Package,
    Polkit,
    Process,
    Service,
    Session,
    SessionKind,
    Start,
    Station,
    Unknown,
    Usb,
    UsbInterface,
    UsbReader,
)
from support.station import NOW, TWIN, station, usb_reader

GOOD = station()
assert isinstance(GOOD.service, Service)
assert isinstance(GOOD.usb, Usb)
SERVICE: Service = GOOD.service
USB: Usb = GOOD.usb

NO_SERVICE = Pcsc(PcscStatus.NO_SERVICE)
REFUSED = Pcsc(PcscStatus.ACCESS_REFUSED)
NO_READER = Pcsc(PcscStatus.NO_READER)
KEPT = Pcsc(PcscStatus.OK, (Reader(f"{TWIN} 00 00", ReaderState.IN_USE),))
UNKNOWN = Unknown(msg("It is dark."))
assert isinstance(GOOD.middleware, Middleware)
NOTHING_INSTALLED = replace(GOOD, middleware=replace(GOOD.middleware, modules=(), chosen=None))


def found(seen: Station) -> dict[str, Finding]:
    return {finding.check: finding for finding in judge_station(seen).findings}


def commands(seen: Station) -> dict[str, tuple[str, ...]]:
    return {fix.check: fix.commands for fix in judge_station(seen).fixes}


def system(**changes: Any) -> Station:
    return replace(GOOD, system=replace(GOOD.system, **changes))


def service(pcsc: Pcsc = GOOD.pcsc, **changes: Any) -> Station:
    return replace(GOOD, pcsc=pcsc, service=replace(SERVICE, **changes))


def usb(*readers: UsbReader, pcsc: Pcsc = GOOD.pcsc, **changes: Any) -> Station:
    return replace(GOOD, pcsc=pcsc, usb=replace(USB, readers=readers, **changes))


def others(
    *holders: Holder, pcsc: Pcsc = GOOD.pcsc, unseen: int = 0, lost: int | None = 0
) -> Station:
    return replace(GOOD, pcsc=pcsc, holders=Holders(holders, unseen, lost))


def holder(hold: Hold, name: str = "firefox", pid: int = 2112) -> Holder:
    return Holder(Process(pid, name, "qa"), hold)


def test_all_is_well() -> None:
    examined = judge_station(GOOD)
    others = {f.check: f.outcome for f in examined.findings if f.outcome is not Outcome.PASSED}
    assert others == {"MODULE-QUIRKS": Outcome.SKIPPED}  # what product it is, is not known
    assert examined.verdict is Verdict.PASSED
    assert station_exit_code(examined) is ExitCode.PASSED
    assert examined.fixes == ()


def test_every_fact_that_a_check_may_need_is_there() -> None:
    assert set(STATION_FACTS) == set(station_facts(GOOD))


OF_A_RUN = (
    "PCSC-SERVICE",
    "PCSC-READERS",
    "MODULE-LOADED",
    "MODULE-VERSION",
    "MODULE-QUIRKS",
    "MODULE-FILES",
    "MODULE-COMPETING",
    "MODULE-TRACES",
    "MODULE-CACHE",
)
"""Checks of a run with cards that are asked of the workstation alone, too."""


def test_every_check_of_the_workstation_is_asked_and_no_other() -> None:
    expected = {c.id for c in CHECKS if c.scope is Scope.STATION} | set(OF_A_RUN)
    assert set(found(GOOD)) == expected


WRONG: dict[str, tuple[Station, str, str]] = {
    "another system": (
        system(kernel="Darwin 24.1", name="macOS 15"),
        "SYSTEM-SUPPORTED",
        "nobody has tried",
    ),
    "a container": (system(enclosure=Enclosure.CONTAINER), "SYSTEM-SUPPORTED", "in a container"),
    "WSL": (system(enclosure=Enclosure.WSL), "SYSTEM-SUPPORTED", "in WSL"),
    "a narrow Python": (system(bits=32), "SYSTEM-SUPPORTED", "Python of 32 bits"),
    "ssh, refused": (
        replace(GOOD, pcsc=REFUSED, session=Session(SessionKind.SSH, "SSH_TTY")),
        "SESSION-KIND",
        "over ssh, and access is refused",
    ),
    "ssh to Windows": (
        replace(system(kernel="Windows 11"), session=Session(SessionKind.SSH)),
        "SESSION-KIND",
        "Windows shows it no reader",
    ),
    "RDP to Windows": (
        replace(system(kernel="Windows 11"), session=Session(SessionKind.REMOTE_DESKTOP)),
        "SESSION-KIND",
        "readers of the client",
    ),
    "not installed": (
        service(NO_SERVICE, start=Start.NOT_INSTALLED),
        "PCSC-START",
        "not installed",
    ),
    "masked": (service(NO_SERVICE, start=Start.MASKED), "PCSC-START", "is masked"),
    "by hand": (service(start=Start.BY_HAND), "PCSC-START", "not enabled"),
    "refused": (
        replace(GOOD, pcsc=REFUSED),
        "PCSC-ACCESS",
        "refuses this user; the session is at the screen",
    ),
    "a closed socket": (
        service(
            NO_SERVICE,
            socket=replace(SERVICE.socket, usable=False, mode="srw-rw----", group="pcscd"),
        ),
        "PCSC-ACCESS",
        "may not connect to /run/pcscd/pcscd.comm (srw-rw---- root pcscd)",
    ),
    "a device held": (
        others(holder(Hold.DEVICE, "scdaemon", 9), holder(Hold.CONNECTED)),
        "PCSC-OTHERS",
        "past the PC/SC service: scdaemon (process 9, qa).",
    ),
    "a card kept": (
        others(holder(Hold.CONNECTED), pcsc=KEPT),
        "PCSC-OTHERS",
        f"kept in: {TWIN} 00 00. Others that use PC/SC: firefox (process 2112, qa).",
    ),
    "a card kept by somebody unseen": (
        others(pcsc=KEPT, lost=1, unseen=40),
        "PCSC-OTHERS",
        "1 connection is of a program that this user may not see (sudo shows it).",
    ),
    "not listed": (
        usb(usb_reader(), pcsc=NO_READER),
        "READER-LISTED",
        f"not listed: {TWIN} (08e6:3437).",
    ),
    "one of two alike": (
        usb(usb_reader(), usb_reader(place="1-2")),
        "READER-LISTED",
        "not listed",
    ),
    "an unknown model": (
        usb(usb_reader(model="")),
        "READER-DRIVER",
        "ifd-ccid 1.5.2 (562 models) do not know: Maker A reader (08e6:3437).",
    ),
    "no driver": (
        usb(usb_reader(model=""), drivers=()),
        "READER-DRIVER",
        "No driver for USB readers",
    ),
    "a closed device": (
        replace(
            usb(usb_reader()),
            service=replace(SERVICE, running=(Process(4, "pcscd", "pcscd", ("pcscd",)),)),
        ),
        "READER-DEVICE",
        f"runs as pcscd and may not open: {TWIN} (08e6:3437) crw-rw-r-- root root.",
    ),
    "taken": (
        usb(usb_reader(driver="pn533_usb")),
        "KERNEL-DRIVER",
        f"Taken: {TWIN} (08e6:3437) by pn533_usb.",
    ),
    "loaded": (usb(kernel_modules=("pn533_usb", "pn533")), "KERNEL-DRIVER", "pn533_usb, pn533"),
    "an old clock": (
        replace(GOOD, clock=replace(GOOD.clock, now=datetime(1970, 1, 1, tzinfo=UTC))),
        "CLOCK-RIGHT",
        "It says 1970-01-01 00:00 UTC, before this version of cpx-tool was made (2026-11-24).",
    ),
    "a clock set back": (
        replace(GOOD, clock=replace(GOOD.clock, newest=NOW + timedelta(days=90))),
        "CLOCK-RIGHT",
        "this system has files of 2027-02-22",
    ),
    "a clock far ahead": (
        replace(GOOD, clock=replace(GOOD.clock, now=datetime(2099, 1, 1, tzinfo=UTC))),
        "CLOCK-RIGHT",
        "more than ten years after",
    ),
    "no time service": (
        replace(GOOD, clock=replace(GOOD.clock, synchronised=False)),
        "CLOCK-SYNCHRONISED",
        "The kernel calls its clock unsynchronised",
    ),
    "no zone": (
        replace(GOOD, clock=replace(GOOD.clock, zone="")),
        "CLOCK-ZONE",
        "takes its clock for UTC",
    ),
    "an empty store": (
        replace(GOOD, trust=replace(GOOD.trust, authorities=(), others=(("/coffre", 7),))),  # type: ignore[type-var]
        "TRUST-STORE",
        "0 known CAs in /store; 7 certificates of the middleware",
    ),
    "a strange store": (
        replace(GOOD, trust=replace(GOOD.trust, problems=("/store/x.cer",))),  # type: ignore[type-var]
        "TRUST-STORE",
        "do not belong there: /store/x.cer.",
    ),
    "an old package": (
        replace(
            GOOD,
            packages=replace(GOOD.packages, requirements=(Package("click", "8.2", "8.0", False),)),
        ),
        "PYTHON-PACKAGES",
        "click is 8.0, needed is 8.2 or newer",
    ),
    "no package": (
        replace(
            GOOD, packages=replace(GOOD.packages, requirements=(Package("rich", "14", "", False),))
        ),
        "PYTHON-PACKAGES",
        "rich is not installed",
    ),
    "a crash at import": (
        replace(
            GOOD,
            packages=replace(
                GOOD.packages, compiled=(Compiled("smartcard.scard", "pyscard", "SIGSEGV"),)
            ),
        ),
        "PYTHON-COMPILED",
        "cannot be imported: pyscard (SIGSEGV).",
    ),
    "a closed state directory": (
        replace(GOOD, state=replace(GOOD.state, obstacle=msg("permission denied"))),  # type: ignore[type-var]
        "STATE-WRITABLE",
        "/state: permission denied.",
    ),
    "a card that waits": (
        replace(GOOD, ledger=(FailedTry("9945000223", NOW),)),
        "PIN-LEDGER",
        "1 card: 9945000223",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_has_its_sentence_and_its_remedy(case: str) -> None:
    seen, check, words = WRONG[case]
    finding = found(seen)[check]
    assert finding.outcome is Outcome.FAILED
    assert words in say(finding.message)
    assert finding.hint is not None
    expected = ExitCode.FAILED if finding.severity is Severity.BLOCKER else None
    if expected:
        assert station_exit_code(judge_station(seen)) is expected


def test_every_check_of_the_workstation_is_seen_to_fail() -> None:
    assert {check for _, check, _ in WRONG.values()} == {
        c.id for c in CHECKS if c.scope is Scope.STATION
    }


CALM: dict[str, tuple[Station, str, str]] = {
    "ssh, let in": (
        replace(GOOD, session=Session(SessionKind.SSH, "SSH_TTY")),
        "SESSION-KIND",
        "over ssh, and the service lets it in",
    ),
    "another Debian": (system(version="13"), "SYSTEM-SUPPORTED", "Debian"),
    "at boot": (service(start=Start.AT_BOOT), "PCSC-START", "starts with the machine"),
    "another program, connected": (
        others(holder(Hold.CONNECTED)),
        "PCSC-OTHERS",
        "None keeps a card. Others that use PC/SC: firefox (process 2112, qa).",
    ),
    "another program, loaded": (others(holder(Hold.LOADED)), "PCSC-OTHERS", "firefox"),
    "connections unseen": (others(lost=2), "PCSC-OTHERS", "2 connections are of programs"),
    "processes unseen": (
        others(lost=None, unseen=9),
        "PCSC-OTHERS",
        "None keeps a card. 9 processes of others could not be looked into (sudo can).",
    ),
    "who holds a device, unseen": (others(unseen=9), "PCSC-OTHERS", "9 processes of others"),
    "listed": (usb(usb_reader()), "READER-LISTED", "1 reader on USB, listed"),
    "pcscd of its own user": (
        replace(
            usb(replace(usb_reader(), group="pcscd")),
            service=replace(SERVICE, running=(Process(4, "pcscd", "pcscd", ("pcscd",)),)),
        ),
        "READER-DEVICE",
        "runs as pcscd",
    ),
}


@pytest.mark.parametrize("case", CALM)
def test_what_is_well_is_not_complained_of(case: str) -> None:
    seen, check, words = CALM[case]
    finding = found(seen)[check]
    assert (finding.outcome, finding.hint) == (Outcome.PASSED, None)
    assert words in say(finding.message)


def test_another_distribution_is_neither_well_nor_wrong() -> None:
    finding = found(system(distribution="fedora", version="41", name="Fedora 41"))[
        "SYSTEM-SUPPORTED"
    ]
    assert (finding.outcome, finding.hint) == (Outcome.SKIPPED, None)
    assert "tried on Debian 12 and 13 only" in say(finding.message)


def test_many_programs_are_counted() -> None:
    many = [holder(Hold.CONNECTED, pid=number) for number in range(50)]
    assert "42 more" in say(found(others(*many))["PCSC-OTHERS"].message)


# --- what is not known -------------------------------------------------------------------------


def test_another_system_on_which_little_is_known_can_be_well() -> None:
    seen = replace(
        GOOD,
        service=UNKNOWN,
        holders=UNKNOWN,
        usb=UNKNOWN,
        clock=replace(GOOD.clock, synchronised=UNKNOWN),
    )
    examined = judge_station(seen)
    dark = {f.check for f in examined.findings if say(f.message) == "It is dark."}
    assert dark == {
        "PCSC-START",
        "PCSC-OTHERS",
        "READER-DRIVER",
        "READER-DEVICE",
        "KERNEL-DRIVER",
        "CLOCK-SYNCHRONISED",
    }
    assert station_exit_code(examined) is ExitCode.PASSED


@pytest.mark.parametrize("status", [PcscStatus.NO_SERVICE, PcscStatus.ERROR])
def test_a_service_that_does_not_answer_is_what_fails(status: PcscStatus) -> None:
    examined = judge_station(service(Pcsc(status)))
    assert examined.verdict is Verdict.FAILED
    assert station_exit_code(examined) is ExitCode.FAILED
    decisive = [f.check for f in examined.findings if f.severity is Severity.BLOCKER]
    assert "PCSC-SERVICE" in decisive
    assert judge_station(usb(pcsc=NO_READER)).verdict is Verdict.PASSED


@pytest.mark.parametrize(
    ("seen", "check", "words"),
    [
        (service(NO_SERVICE, start=UNKNOWN), "PCSC-SERVICE", "sudo pcscd"),
        (
            replace(service(start=UNKNOWN), clock=replace(GOOD.clock, synchronised=False, zone="")),
            "CLOCK-SYNCHRONISED",
            "chrony",
        ),
        (
            replace(service(start=UNKNOWN), clock=replace(GOOD.clock, synchronised=False, zone="")),
            "CLOCK-ZONE",
            "ln -sf",
        ),
    ],
)
def test_a_remedy_needs_no_systemd_where_none_runs(seen: Station, check: str, words: str) -> None:
    hint = found(seen)[check].hint
    assert hint is not None
    assert words in say(hint)
    assert not any(c in say(hint) for c in ("systemctl", "timedatectl"))
    for lines in commands(seen).values():
        assert not any("systemctl" in line or "timedatectl" in line for line in lines)


def test_without_systemd_the_service_is_ended_and_started_by_hand() -> None:
    seen = service(Pcsc(PcscStatus.ACCESS_REFUSED), start=UNKNOWN)
    refused = replace(seen, pcsc=NO_READER, usb=replace(USB, readers=(usb_reader(),)))
    assert commands(refused)["READER-LISTED"] == ("sudo kill 400", "sudo pcscd")


def test_a_configuration_that_cannot_be_read_is_said_once_and_mended_there() -> None:
    """Seven checks need the middleware; one of them says why it is not known."""
    why = msg("config.toml, line 2: …")
    correct = msg("Correct that line.")
    seen = replace(
        GOOD, module=NoModule(why, correct, named=True), middleware=Unknown(why, correct)
    )
    examined = judge_station(seen)
    assert [f.check for f in examined.findings if f.message == why] == ["MODULE-LOADED"]
    skipped = found(seen)["MODULE-VERSION"]
    assert (skipped.outcome, say(skipped.message)) == (Outcome.SKIPPED, "See MODULE-LOADED.")
    assert examined.fixes == ()
    assert station_exit_code(examined) is ExitCode.USAGE


def test_no_module_is_installed_where_one_was_named_or_one_is_there() -> None:
    named = replace(
        NOTHING_INSTALLED, module=NoModule(msg("Gone."), msg("Correct it."), named=True)
    )
    assert commands(named) == {}
    unusable = replace(GOOD, module=NoModule(msg("32 bits."), msg("Install the other.")))
    assert commands(unusable) == {}


def test_groups_of_the_service_that_are_not_known_accuse_nobody() -> None:
    running = replace(SERVICE, running=(Process(4, "pcscd", "pcscd"),))
    finding = found(replace(usb(usb_reader()), service=running))["READER-DEVICE"]
    assert finding.outcome is Outcome.SKIPPED
    assert "whether its groups may open the readers is not known" in say(finding.message)


def test_no_module_is_said_with_its_remedy() -> None:
    seen = replace(GOOD, module=NoModule(msg("There is none."), msg("Install one.")))
    finding = found(seen)["MODULE-LOADED"]
    assert (finding.outcome, say(finding.message)) == (Outcome.ERROR, "There is none.")
    assert finding.hint == msg("Install one.")
    assert station_exit_code(judge_station(seen)) is ExitCode.FAILED


def test_a_module_that_crashes_fails() -> None:
    fault = Fault(FaultKind.CRASH, "C_Initialize", "SIGSEGV")
    seen = replace(GOOD, module=replace(GOOD.module, info=None, fault=fault))  # type: ignore[type-var]
    assert found(seen)["MODULE-LOADED"].outcome is Outcome.FAILED


def test_a_module_that_hangs_is_given_more_time() -> None:
    fault = Fault(FaultKind.HANG, "C_Initialize", "30 s")
    seen = replace(GOOD, module=replace(GOOD.module, info=None, fault=fault))  # type: ignore[type-var]
    hint = found(seen)["MODULE-LOADED"].hint
    assert hint is not None
    assert "--timeout SECONDS" in say(hint)
    assert "einstall" not in say(hint)


@pytest.mark.parametrize("fact", ["trust", "state", "ledger"])
def test_what_should_be_known_everywhere_is_an_error_with_its_remedy(fact: str) -> None:
    seen = replace(GOOD, **{fact: Unknown(msg("Closed."), msg("Open it."))})
    (finding,) = (f for f in found(seen).values() if say(f.message) == "Closed.")
    assert (finding.outcome, finding.hint) == (Outcome.ERROR, msg("Open it."))


def test_four_is_for_a_workstation_of_which_nothing_could_be_seen() -> None:
    examined = judge_station(GOOD)
    blind = tuple(replace(f, outcome=Outcome.SKIPPED) for f in examined.findings)
    assert station_exit_code(replace(examined, findings=blind)) is ExitCode.NOTHING_CHECKED


def test_usb_that_cannot_be_seen_and_no_reader_on_it_are_no_question() -> None:
    assert "READER-LISTED" not in found(replace(GOOD, usb=UNKNOWN))
    assert "READER-LISTED" not in found(usb())


# --- which reader is listed, who takes it ------------------------------------------------------


def test_readers_are_matched_by_the_longest_name() -> None:
    acr = replace(usb_reader("ACS ACR122U"), product="1")
    picc = replace(usb_reader("ACS ACR122U PICC Interface"), product="2")
    listed = ["ACS ACR122U PICC Interface 00 00"]
    assert unlisted([acr, picc], listed) == (acr,)
    assert unlisted([acr, picc], [*listed, "ACS ACR122U 01 00"]) == ()


def test_the_slots_of_one_reader_are_one_reader() -> None:
    two = [usb_reader(), usb_reader(place="1-2")]
    assert len(unlisted(two, [f"{TWIN} 00 00", f"{TWIN} 00 01"])) == 1
    assert unlisted(two, [f"{TWIN} 00 00", f"{TWIN} 01 00"]) == ()
    assert unlisted(two, [f"{TWIN} (123) 00 00", f"{TWIN} (456) 01 00"]) == ()


@pytest.mark.parametrize(
    ("usb_class", "driver", "expected"),
    [
        ("0b", "usbfs", ()),
        ("0b", "", ()),
        ("0b", "cdc_acm", ("cdc_acm",)),
        ("ff", "usbserial_generic", ("usbserial_generic",)),
        ("03", "usbhid", ()),
        ("00", "pn533_usb", ("pn533_usb",)),
    ],
)
def test_a_driver_takes_a_reader_only_by_its_own_interface(
    usb_class: str, driver: str, expected: tuple[str, ...]
) -> None:
    assert taken(usb_reader(driver=driver, usb_class=usb_class)) == expected


def test_the_serial_port_of_a_terminal_takes_nothing_from_its_reader() -> None:
    serial = UsbInterface("1-1:1.1", "ff", "ftdi_sio")
    reader = usb_reader()
    assert taken(replace(reader, interfaces=(*reader.interfaces, serial))) == ()


@pytest.mark.parametrize(
    ("user", "mode", "group", "groups", "expected"),
    [
        ("root", "crw-rw-r--", "root", None, False),
        ("pcscd", "crw-rw-r--", "root", ("pcscd",), True),
        ("pcscd", "crw-rw-r--", "pcscd", ("pcscd",), False),
        ("other", "crw-rw-r--", "pcscd", ("other", "pcscd"), False),
        ("pcscd", "crw-rw-r--", "pcscd", ("nogroup",), True),
        ("pcscd", "crw-rw-r--", "pcscd", None, None),
        ("pcscd", "crw-r--r--", "pcscd", None, True),
        ("pcscd", "crw-rw-rw-", "root", None, False),
        ("pcscd", "", "", None, False),
    ],
)
def test_whether_the_service_may_open_a_device(
    user: str, mode: str, group: str, groups: tuple[str, ...] | None, expected: bool | None
) -> None:
    running = replace(SERVICE, running=(Process(4, "pcscd", user, groups),))
    assert closed(replace(usb_reader(), mode=mode, group=group), running) is expected


# --- the commands ------------------------------------------------------------------------------

ENABLE = "sudo systemctl enable --now pcscd.socket"
FEDORA = {"distribution": "fedora", "version": "41"}
MINT = {"distribution": "linuxmint", "like": ("ubuntu", "debian")}


def on(seen: Station, **changes: Any) -> Station:
    return replace(seen, system=replace(seen.system, **changes))


@pytest.mark.parametrize(
    ("changes", "install"),
    [
        ({}, ("sudo apt-get install pcscd", ENABLE)),
        (FEDORA, ("sudo dnf install pcsc-lite", ENABLE)),
        (MINT, ("sudo apt-get install pcscd", ENABLE)),
        ({"distribution": "arch"}, (ENABLE,)),
    ],
)
def test_the_package_has_the_name_of_this_distribution(
    changes: dict[str, Any], install: tuple[str, ...]
) -> None:
    absent = service(NO_SERVICE, start=Start.NOT_INSTALLED)
    assert commands(on(absent, **changes)) == {"PCSC-START": install}


COMMANDS: dict[str, tuple[Station, str, str]] = {
    "masked": (service(NO_SERVICE, start=Start.MASKED), "PCSC-START", "systemctl unmask"),
    "by hand": (service(start=Start.BY_HAND), "PCSC-START", ENABLE),
    "stopped": (service(NO_SERVICE), "PCSC-SERVICE", "sudo systemctl restart pcscd"),
    "stopped, no systemd": (service(NO_SERVICE, start=UNKNOWN), "PCSC-SERVICE", "sudo pcscd"),
    "polkit": (
        replace(GOOD, pcsc=REFUSED),
        "PCSC-ACCESS",
        "sudo cp udev/50-cpx-tool.rules /etc/polkit-1/",
    ),
    "polkit, rule there": (
        service(REFUSED, polkit=Polkit(asked=True, rule=True)),
        "PCSC-ACCESS",
        'sudo gpasswd --add "$USER" cpx-readers',
    ),
    "scdaemon": (others(holder(Hold.DEVICE, "scdaemon")), "PCSC-OTHERS", "gpgconf --kill scdaemon"),
    "others": (others(holder(Hold.CONNECTED), pcsc=KEPT), "PCSC-OTHERS", "ps -fp 2112"),
    "driver": (usb(usb_reader(), drivers=()), "READER-DRIVER", "sudo apt-get install libccid"),
    "model": (
        usb(usb_reader(model=""), drivers=(Driver("ccid", "1", 1, "/usr/lib64/ccid/Info.plist"),)),
        "READER-DRIVER",
        "grep -i -e 0x3437 /usr/lib64/ccid/Info.plist",
    ),
    "device": (
        WRONG["a closed device"][0],
        "READER-DEVICE",
        "sudo cp udev/92-cpx-readers.rules /etc/udev/",
    ),
    "nfc": (
        usb(usb_reader(driver="pn533_usb")),
        "KERNEL-DRIVER",
        "sudo modprobe -r pn533_usb pn533 nfc",
    ),
    "serial": (
        usb(usb_reader(driver="cdc_acm")),
        "KERNEL-DRIVER",
        "echo 1-1:1.0 | sudo tee /sys/bus/usb/drivers/cdc_acm/unbind",
    ),
    "clock": (WRONG["no time service"][0], "CLOCK-SYNCHRONISED", "sudo timedatectl set-ntp true"),
    "store": (WRONG["an empty store"][0], "TRUST-STORE", "cpx-tool trust fetch"),
    "library": (
        WRONG["a crash at import"][0],
        "PYTHON-COMPILED",
        "sudo apt-get install libpcsclite1",
    ),
    "module": (
        replace(NOTHING_INSTALLED, module=NoModule(msg("None."), msg("Install."))),
        "MODULE-LOADED",
        "sudo apt-get install opensc-pkcs11",
    ),
    "state": (WRONG["a closed state directory"][0], "STATE-WRITABLE", "namei -l /state"),
    "ledger": (WRONG["a card that waits"][0], "PIN-LEDGER", "cpx-tool pin-ledger"),
}


@pytest.mark.parametrize("case", COMMANDS)
def test_the_commands_mend_what_was_seen(case: str) -> None:
    seen, check, start = COMMANDS[case]
    assert any(line.startswith(start) or start in line for line in commands(seen)[check])


def test_a_blacklist_is_no_remedy_for_a_serial_driver() -> None:
    lines = " ".join(commands(usb(usb_reader(driver="cdc_acm")))["KERNEL-DRIVER"])
    assert "modprobe" not in lines


def test_root_needs_no_sudo() -> None:
    root = replace(
        service(start=Start.BY_HAND), session=Session(SessionKind.CONSOLE, administrator=True)
    )
    assert commands(root)["PCSC-START"] == ("systemctl enable --now pcscd.socket",)


def test_no_command_is_given_twice_and_none_where_all_is_well() -> None:
    seen = usb(usb_reader(model=""), pcsc=Pcsc(PcscStatus.ERROR))
    lines = [fix.commands for fix in judge_station(seen).fixes]
    assert len(lines) == len(set(lines))
    assert commands(GOOD) == {}


def test_there_are_no_commands_for_another_system() -> None:
    assert commands(on(service(NO_SERVICE), kernel="Windows 11")) == {}


HOSTILE = "x; rm -rf ~ #$(id)`id`\n"


def test_nothing_that_the_system_says_becomes_a_command_of_its_own() -> None:
    """Names in /sys, in /proc and in paths are anybody's."""
    reader = UsbReader(
        place="1-1",
        vendor="",
        product="",
        name=HOSTILE,
        interfaces=(UsbInterface(HOSTILE, "0b", HOSTILE), UsbInterface("1-1:1.0", "0b", HOSTILE)),
        model="",
    )
    seen = replace(
        usb(reader, pcsc=KEPT),
        holders=Holders((holder(Hold.CONNECTED, HOSTILE), holder(Hold.DEVICE, HOSTILE)), 0, 0),
        state=replace(GOOD.state, directory=f"/state/{HOSTILE}", obstacle=msg("no")),  # type: ignore[type-var]
        system=replace(GOOD.system, distribution=HOSTILE, like=(HOSTILE,), name=HOSTILE),
    )
    lines = [line for made in commands(seen).values() for line in made]
    assert lines
    assert not any("rm -rf" in line or "\n" in line for line in lines)


def test_a_path_with_blanks_is_quoted() -> None:
    seen = replace(GOOD, state=replace(GOOD.state, directory="/a b; c", obstacle=msg("no")))  # type: ignore[type-var]
    assert commands(seen)["STATE-WRITABLE"] == ("namei -l '/a b; c'",)


def test_a_judgement_is_the_same_each_time(  # pure: nothing but its argument counts
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = judge_station(GOOD)
    monkeypatch.setenv("SSH_CONNECTION", "x")
    assert judge_station(GOOD) == before


def test_traces_and_a_cache_that_shows_too_much_have_commands() -> None:
    assert isinstance(GOOD.middleware, Middleware)
    traces = (Traces("/etc/cps conf", active=True), Traces("HKLM\\Traces", active=True))
    cache = CardCache("/cache", True, True, ("29000000",), ("29000000", "x; reboot"))
    seen = replace(GOOD, middleware=replace(GOOD.middleware, traces=traces, cache=cache))
    assert found(seen)["MODULE-TRACES"].outcome is Outcome.FAILED
    assert found(seen)["MODULE-CACHE"].outcome is Outcome.FAILED
    made = {fix.check: fix.commands for fix in judge_station(seen).fixes}
    assert made["MODULE-TRACES"] == ("sudoedit '/etc/cps conf'",)
    assert made["MODULE-CACHE"] == (
        "sudo find /cache -maxdepth 1 -type f -name '29000000_*' -delete",
    )


def test_middleware_that_cannot_be_looked_at_says_why() -> None:
    seen = replace(GOOD, middleware=UNKNOWN)
    finding = found(seen)["MODULE-VERSION"]
    assert (finding.outcome, say(finding.message)) == (Outcome.ERROR, "It is dark.")
    assert judge_station(seen).fixes == ()
