"""A workstation read from files below a root of its own, and from this very machine."""

from __future__ import annotations

import os
import socket
import stat
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from cpx_tool.adapters import unix_sockets
from cpx_tool.adapters.root_files import Root
from cpx_tool.adapters.station import surroundings, workstation
from cpx_tool.adapters.station_clock import clock, kernel_synchronised
from cpx_tool.adapters.station_drivers import drivers
from cpx_tool.adapters.station_packages import COMPILED, imported, packages, requirement
from cpx_tool.adapters.station_processes import holders, service_processes
from cpx_tool.adapters.station_service import ask_program, service
from cpx_tool.adapters.station_state import state
from cpx_tool.adapters.station_system import session, system
from cpx_tool.adapters.station_usb import usb
from cpx_tool.i18n import say
from cpx_tool.model.station import (
    Enclosure,
    Hold,
    Holders,
    SessionKind,
    Start,
    Station,
    System,
    Unknown,
    Usb,
)
from support.processes import children
from support.station import OS_RELEASE, TWIN, driver_bundle, fake_root, process, usb_device

SOCKET = "/run/pcscd/pcscd.comm"
TWIN_NUMBERS = "08e6:3437"
TOLD = """pcsc-lite version 2.3.3.
Enabled features: Linux x86_64-pc-linux-gnu libsystemd serial usb {feature}
"""


def not_asked(_: object) -> str:
    raise AssertionError("a program was started")


# --- system and session ------------------------------------------------------------------------


def test_the_system_is_the_one_of_os_release(tmp_path: Path) -> None:
    seen = system(fake_root(tmp_path, {"/etc/os-release": OS_RELEASE}), {})
    assert (seen.name, seen.distribution, seen.version, seen.like) == (
        "Debian GNU/Linux 12 (bookworm)",
        "debian",
        "12",
        (),
    )
    assert seen.enclosure is Enclosure.NONE
    assert seen.bits == (64 if sys.maxsize > 2**32 else 32)


def test_what_a_distribution_is_like_and_where_its_file_may_also_be(tmp_path: Path) -> None:
    text = "NAME=Mint\nID='linuxmint'\nID_LIKE=\"ubuntu debian\"\n# ID=x\nnonsense\n"
    seen = system(fake_root(tmp_path, {"/usr/lib/os-release": text}), {})
    assert (seen.name, seen.distribution, seen.like) == ("Mint", "linuxmint", ("ubuntu", "debian"))


@pytest.mark.parametrize(
    ("files", "environment", "enclosure"),
    [
        ({"/.dockerenv": ""}, {}, Enclosure.CONTAINER),
        ({"/run/.containerenv": ""}, {}, Enclosure.CONTAINER),
        ({"/run/systemd/container": "lxc"}, {}, Enclosure.CONTAINER),
        ({}, {"container": "podman"}, Enclosure.CONTAINER),
        ({}, {"WSL_DISTRO_NAME": "Debian"}, Enclosure.WSL),
        (
            {"/proc/sys/kernel/osrelease": "5.15.1-Microsoft-standard-WSL2\n"},
            {},
            Enclosure.WSL,
        ),
        ({"/proc/sys/kernel/osrelease": "6.1.0-18-amd64\n"}, {}, Enclosure.NONE),
    ],
)
def test_what_the_system_runs_in(
    tmp_path: Path, files: dict[str, str], environment: dict[str, str], enclosure: Enclosure
) -> None:
    assert system(fake_root(tmp_path, {"/etc/x": "", **files}), environment).enclosure is enclosure


SESSION = {"/proc/self/sessionid": "3"}


@pytest.mark.parametrize(
    ("files", "environment", "terminal", "expected"),
    [
        ({}, {"SSH_CONNECTION": "a b c d"}, True, (SessionKind.SSH, "SSH_CONNECTION", None)),
        ({}, {"CI": "true", "SSH_TTY": "/dev/pts/1"}, True, (SessionKind.CI, "CI", None)),
        ({}, {"CI": ""}, True, (SessionKind.UNKNOWN, "", None)),
        ({}, {"XRDP_SESSION": "1"}, True, (SessionKind.REMOTE_DESKTOP, "XRDP_SESSION", None)),
        (
            {"/run/systemd/sessions/3": "SERVICE=xrdp-sesman\nTYPE=x11\nACTIVE=0\n"},
            {},
            True,
            (SessionKind.REMOTE_DESKTOP, "SERVICE=xrdp-sesman", False),
        ),
        (
            {"/run/systemd/sessions/3": "SERVICE=sshd\nREMOTE=1\nTYPE=tty\nACTIVE=1\n"},
            {},
            True,
            (SessionKind.SSH, "SERVICE=sshd", True),
        ),
        (
            {"/run/systemd/sessions/3": "SERVICE=gdm-password\nTYPE=wayland\nACTIVE=1\n"},
            {},
            True,
            (SessionKind.DESKTOP, "TYPE=wayland", True),
        ),
        (
            {"/run/systemd/sessions/c7": "TYPE=tty\nACTIVE=1\n"},
            {"XDG_SESSION_ID": "c7"},
            True,
            (SessionKind.CONSOLE, "TYPE=tty", True),
        ),
        ({}, {"XDG_SESSION_TYPE": "x11"}, True, (SessionKind.DESKTOP, "TYPE=x11", None)),
        ({}, {"INVOCATION_ID": "ab"}, False, (SessionKind.SERVICE, "INVOCATION_ID", None)),
        ({}, {}, False, (SessionKind.SERVICE, "", None)),
        ({}, {}, True, (SessionKind.UNKNOWN, "", None)),
        (
            {"/run/systemd/3": "TYPE=x11\n"},
            {"XDG_SESSION_ID": "../3"},
            True,
            (SessionKind.UNKNOWN, "", None),
        ),
    ],
)
def test_how_the_user_came_here(
    tmp_path: Path,
    files: dict[str, str],
    environment: dict[str, str],
    terminal: bool,
    expected: tuple[SessionKind, str, bool | None],
) -> None:
    seen = session(fake_root(tmp_path, {**SESSION, **files}), environment, terminal=terminal)
    assert (seen.kind, seen.evidence, seen.active) == expected
    assert seen.administrator is (os.geteuid() == 0)


def test_the_session_of_nobody_is_not_looked_for(tmp_path: Path) -> None:
    files = {
        "/proc/self/sessionid": "4294967295",
        "/run/systemd/sessions/4294967295": "TYPE=x11\n",
    }
    assert session(fake_root(tmp_path, files), {}, terminal=True).kind is SessionKind.UNKNOWN


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Console", SessionKind.DESKTOP),
        ("RDP-Tcp#12", SessionKind.REMOTE_DESKTOP),
        ("", SessionKind.SERVICE),
    ],
)
def test_the_session_of_windows_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, kind: SessionKind
) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    environment = {"SESSIONNAME": name} if name else {}
    assert session(Root(tmp_path), environment, terminal=True).kind is kind
    assert session(Root(tmp_path), {"SSH_TTY": "x"}, terminal=True).kind is SessionKind.SSH


# --- the PC/SC service -------------------------------------------------------------------------

PROGRAM = {"/usr/sbin/pcscd": ""}
BOOTED: dict[str, str | bytes | None] = {**PROGRAM, "/run/systemd/system": None}


@pytest.fixture
def short() -> Iterator[Path]:
    """A directory of so short a name that a socket can be bound in it."""
    with tempfile.TemporaryDirectory(prefix="s", dir="/tmp") as place:
        yield Path(place)


@pytest.mark.parametrize(
    ("files", "start"),
    [
        ({"/etc/x": ""}, Start.NOT_INSTALLED),
        ({**BOOTED, "/etc/systemd/system/pcscd.socket": "-> /dev/null"}, Start.MASKED),
        (
            {
                **BOOTED,
                "/etc/systemd/system/sockets.target.wants/pcscd.socket": "-> /lib/gone",
            },
            Start.ON_DEMAND,
        ),
        (
            {**BOOTED, "/etc/systemd/system/multi-user.target.wants/pcscd.service": "-> /x"},
            Start.AT_BOOT,
        ),
        (BOOTED, Start.BY_HAND),
    ],
)
def test_how_the_service_comes_up(
    tmp_path: Path, files: dict[str, str | bytes | None], start: Start
) -> None:
    assert service(fake_root(tmp_path, files), {}, lambda _: "").start is start


def test_without_systemd_nobody_knows_how_the_service_comes_up(tmp_path: Path) -> None:
    seen = service(fake_root(tmp_path, PROGRAM), {}, lambda _: "")
    assert isinstance(seen.start, Unknown)
    assert "systemd" in say(seen.start.why)


def test_a_service_that_is_not_installed_is_not_started(tmp_path: Path) -> None:
    seen = service(fake_root(tmp_path, {"/etc/x": ""}), {}, not_asked)
    assert isinstance(seen.version, Unknown)
    assert (seen.socket.present, seen.socket.usable, seen.socket.path) == (False, False, SOCKET)
    assert seen.running == ()


@pytest.mark.parametrize(("feature", "asked"), [("polkit", True), ("filter", False)])
def test_version_and_polkit_are_told_by_the_program(
    tmp_path: Path, feature: str, asked: bool
) -> None:
    seen = service(fake_root(tmp_path, PROGRAM), {}, lambda _: TOLD.format(feature=feature))
    assert seen.version == "2.3.3"
    assert seen.polkit.asked is asked


OUR_RULE = 'org.debian.pcsc-lite.access_pcsc isInGroup("cpx-readers")'


@pytest.mark.parametrize(
    ("files", "rule"),
    [
        ({}, False),
        ({"/etc/polkit-1/rules.d/50-x.rules": OUR_RULE}, True),
        ({"/usr/share/polkit-1/rules.d/50-x.rules": OUR_RULE}, True),
        (
            {
                "/usr/share/polkit-1/rules.d/sssd-pcsc.rules": OUR_RULE.replace(
                    "cpx-readers", "sssd"
                )
            },
            False,
        ),
        ({"/etc/polkit-1/rules.d/50-x.txt": OUR_RULE}, False),
        ({"/etc/polkit-1/rules.d/50-x.rules": "org.freedesktop.udisks2"}, False),
        ({"/etc/polkit-1/rules.d": "not a directory"}, None),
    ],
)
def test_a_rule_of_polkit_is_seen_where_it_may_be_read(
    tmp_path: Path, files: dict[str, str], rule: bool | None
) -> None:
    root = fake_root(tmp_path, {**PROGRAM, **files})
    assert service(root, {}, lambda _: "").polkit.rule is rule


def test_the_socket_and_its_rights(short: Path) -> None:
    path = short / "run" / "pcscd" / "pcscd.comm"
    path.parent.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        path.chmod(0o660)
        seen = service(Root(short), {}, lambda _: "").socket
        assert (seen.path, seen.present, seen.usable, seen.mode) == (
            SOCKET,
            True,
            True,
            "srw-rw----",
        )


def test_the_socket_may_be_chosen_and_a_file_is_none(tmp_path: Path) -> None:
    root = fake_root(tmp_path, {"/mine": ""})
    seen = service(root, {"PCSCLITE_CSOCK_NAME": "/mine"}, lambda _: "").socket
    assert (seen.path, seen.present, seen.usable) == ("/mine", True, False)


def test_a_program_that_is_none_or_does_not_end_well_tells_nothing(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("")
    assert ask_program([str(tmp_path / "gone")]) == ""
    assert ask_program([str(tmp_path / "text")]) == ""
    assert ask_program([str(tmp_path)]) == ""
    assert ask_program(["\0"]) == ""
    assert ask_program(["sh", "-c", "echo $LC_ALL; exit 3"]) == "C\n"


def test_no_secret_reaches_a_program_that_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CPX_PIN", "4321")
    assert "4321" not in ask_program(["env"])


# --- other programs ----------------------------------------------------------------------------


def look(root: Root, clients: frozenset[int] | None, *devices: str) -> Holders:
    seen = holders(root, SOCKET, frozenset(devices), lambda _: clients, frozenset((77,)))
    assert isinstance(seen, Holders)
    return seen


def test_who_is_connected_who_has_the_library_and_who_holds_the_device(tmp_path: Path) -> None:
    device = "/dev/bus/usb/001/004"
    root = fake_root(
        tmp_path,
        {
            **process(400, "pcscd", device, "socket:[9]"),
            **process(500, "firefox", "/dev/null", "socket:[11]", maps="libpcsclite.so.1.0.0"),
            **process(501, "idle", "socket:[12]", maps="7f00 r-xp /lib/libpcsclite.so.1.0.0\n"),
            **process(502, "scdaemon", device),
            **process(503, "cat", "socket:[13]"),
            **process(77, "cpx-tool", "socket:[14]"),
            "/proc/self": "-> 503",
            "/proc/net/x": "",
        },
    )
    seen = look(root, frozenset((11, 14, 99)), device)
    found = {(h.process.pid, h.process.name, h.hold) for h in seen.holders}
    assert found == {
        (500, "firefox", Hold.CONNECTED),
        (501, "idle", Hold.LOADED),
        (502, "scdaemon", Hold.DEVICE),
    }
    assert (seen.unmatched, seen.unseen) == (1, 0)
    assert [p.pid for p in service_processes(root)] == [400]


def test_processes_of_others_are_counted_and_the_kernels_are_not(tmp_path: Path) -> None:
    files = {**process(1, "init"), **process(2, "kthreadd", command="")}
    files["/proc/1/fd"] = files["/proc/2/fd"] = "closed"
    seen = look(fake_root(tmp_path, files), None)
    assert (seen.holders, seen.unseen, seen.unmatched) == ((), 1, None)


def test_a_process_that_ends_meanwhile_is_nobody(tmp_path: Path) -> None:
    files = process(500, "x", "socket:[11]")
    del files["/proc/500/comm"]
    assert look(fake_root(tmp_path, files), frozenset((11,))).holders == ()


def test_without_proc_the_others_are_not_known(tmp_path: Path) -> None:
    seen = holders(Root(tmp_path), SOCKET, frozenset(), lambda _: None, frozenset())
    assert isinstance(seen, Unknown)


def test_the_kernel_tells_who_is_connected_to_a_socket(short: Path) -> None:
    path = str(short / "service")
    with socket.socket(socket.AF_UNIX) as listening, socket.socket(socket.AF_UNIX) as client:
        listening.bind(path)
        listening.listen()
        client.connect(path)
        served, _ = listening.accept()
        with served:
            assert unix_sockets.clients_of(path) == {os.fstat(client.fileno()).st_ino}
    assert unix_sockets.clients_of(str(short / "gone")) == frozenset()


# --- readers on USB ----------------------------------------------------------------------------


def seen_usb(root: Root) -> Usb:
    seen = usb(root)
    assert isinstance(seen, Usb)
    return seen


def test_readers_are_told_from_other_devices(tmp_path: Path) -> None:
    root = fake_root(
        tmp_path,
        {
            **driver_bundle({TWIN_NUMBERS: TWIN, "0f14:0011": "XIRING XI-SIGN"}),
            **usb_device("1-1", TWIN_NUMBERS, driver="usbfs"),
            **usb_device("1-2", "046d:c31c", usb_class="03", driver="usbhid", product="Keyboard"),
            **usb_device("1-3.1", "2947:0103", product="KAP-GO"),
            **usb_device("2-1", "0f14:0011", usb_class="ff"),
            "/sys/bus/usb/devices/usb1/idVendor": "1d6b",
            "/dev/bus/usb/001/004": "",
            "/proc/modules": "nfc 1 0 - Live 0x0\npn533_usb 20480 0 - Live 0x0\n",
        },
    )
    root.path("/dev/bus/usb/001/004").chmod(0o664)
    seen = seen_usb(root)
    assert [(r.place, r.numbers, r.model) for r in seen.readers] == [
        ("1-1", TWIN_NUMBERS, TWIN),
        ("1-3.1", "2947:0103", ""),
        ("2-1", "0f14:0011", "XIRING XI-SIGN"),
    ]
    first = seen.readers[0]
    assert (first.name, first.bus, first.device, first.mode) == (
        "Maker A reader",
        1,
        4,
        "-rw-rw-r--",
    )
    (interface,) = first.interfaces
    assert (interface.name, interface.usb_class, interface.driver) == ("1-1:1.0", "0b", "usbfs")
    assert [(d.name, d.version, d.models) for d in seen.drivers] == [("ifd-ccid", "1.5.2", 2)]
    assert seen.kernel_modules == ("pn533_usb",)


def test_what_the_kernels_nfc_driver_took_is_a_reader_though_no_driver_lists_it(
    tmp_path: Path,
) -> None:
    files = usb_device("1-1", "072f:2200", usb_class="00", driver="pn533_usb")
    (reader,) = seen_usb(fake_root(tmp_path, files)).readers
    assert reader.interfaces[0].driver == "pn533_usb"


def test_no_usb_is_no_reader_and_no_sys_is_not_known(tmp_path: Path) -> None:
    assert isinstance(usb(Root(tmp_path / "none")), Unknown)
    assert seen_usb(fake_root(tmp_path, {"/sys/bus": None})).readers == ()
    closed = fake_root(tmp_path / "b", {"/sys/bus/usb/devices": "closed"})
    assert isinstance(usb(closed), Unknown)


def test_modules_of_the_kernel(tmp_path: Path) -> None:
    none = fake_root(tmp_path / "a", {"/sys/x": "", "/proc/version": "Linux"})
    assert seen_usb(none).kernel_modules == ()  # a kernel without modules
    unknown = fake_root(tmp_path / "b", {"/sys/x": ""})
    assert isinstance(seen_usb(unknown).kernel_modules, Unknown)


@pytest.mark.parametrize(
    "plist",
    [
        b"",
        b"\0" * 5000,
        b"<plist><dict><key>ifdVendorID</key></dict></plist>",
        b"<plist><array/></plist>",
        b"<plist><dict><key>ifdVendorID</key><string>x</string></dict></plist>",
        b'<?xml version="1.0"?><!DOCTYPE p [<!ENTITY a "b">]><plist><dict/></plist>',
        b"<plist>" + b"<array>" * 5000,
        b"\xff\xfe\x00<plist/>",
        b"bplist00\0\0",
    ],
)
def test_a_broken_driver_bundle_lists_nothing_and_hides_no_other(
    tmp_path: Path, plist: bytes
) -> None:
    broken = {"/usr/lib/pcsc/drivers/a.bundle/Contents/Info.plist": plist}
    good = driver_bundle({TWIN_NUMBERS: TWIN})
    assert drivers(fake_root(tmp_path, {**broken, **good})).models == {TWIN_NUMBERS: TWIN}


def test_the_installed_driver_is_read() -> None:
    if not Path("/etc/libccid_Info.plist").exists():
        pytest.skip("libccid is not installed")
    seen = drivers(Root())
    assert seen.models[TWIN_NUMBERS].endswith("PC Twin Reader")
    assert sum(driver.models for driver in seen.drivers) > 100


# --- clock, packages, state --------------------------------------------------------------------

RELEASED = date(2026, 11, 24)


def test_the_newest_moment_that_the_system_wrote_down(tmp_path: Path) -> None:
    root = fake_root(tmp_path, {"/var/lib/dpkg/status": "", "/etc/machine-id": ""})
    moment = datetime(2031, 2, 3, 4, 5, 6, tzinfo=UTC)
    os.utime(root.path("/var/lib/dpkg/status"), (0, moment.timestamp()))
    os.utime(root.path("/etc/machine-id"), (0, 0))
    assert clock(root, {}, RELEASED, lambda: None).newest == moment
    assert clock(Root(tmp_path / "none"), {}, RELEASED, lambda: None).newest is None


@pytest.mark.parametrize("told", [True, False, None])
def test_who_says_that_the_clock_is_synchronised(tmp_path: Path, told: bool | None) -> None:
    seen = clock(Root(tmp_path), {}, RELEASED, lambda: told).synchronised
    assert seen is told if told is not None else isinstance(seen, Unknown)
    noted = fake_root(tmp_path, {"/run/systemd/timesync/synchronized": ""})
    assert clock(noted, {}, RELEASED, lambda: told).synchronised is True


@pytest.mark.parametrize(
    ("files", "environment", "zone"),
    [
        ({}, {}, ""),
        ({}, {"TZ": "Europe/Paris"}, "Europe/Paris"),
        ({"/etc/localtime": "-> /usr/share/zoneinfo/Europe/Paris"}, {}, "Europe/Paris"),
        ({"/etc/timezone": "Etc/UTC\n"}, {}, "Etc/UTC"),
        ({"/etc/localtime": "TZif2"}, {}, "/etc/localtime"),
    ],
)
def test_the_zone(
    tmp_path: Path, files: dict[str, str], environment: dict[str, str], zone: str
) -> None:
    root = fake_root(tmp_path, {"/etc/x": "", **files})
    assert clock(root, environment, RELEASED, lambda: None).zone == zone


def test_the_kernel_can_be_asked_about_its_clock() -> None:
    assert kernel_synchronised() in (True, False, None)
    assert abs(clock(Root(), {}, RELEASED, lambda: None).now - datetime.now(UTC)) < timedelta(
        minutes=5
    )


@pytest.mark.parametrize(
    ("line", "installed", "enough"),
    [
        ("click>=8.2", "8.10.1", True),
        ("click>=8.2", "8.2", True),
        ("click>=8.2", "8.1.7", False),
        ("click>=8.2", "", False),
        ("click", "0.1", True),
        ("python-pkcs11>=0.9", "0.10.1", True),
        ("x >= 2", "10rc1", True),
    ],
)
def test_a_version_against_the_one_that_is_needed(line: str, installed: str, enough: bool) -> None:
    found = requirement(line, lambda _: installed)
    assert found is not None
    assert (found.version, found.enough) == (installed, enough)


def test_a_line_of_another_shape_is_no_requirement() -> None:
    assert requirement("", lambda _: "1") is None
    assert requirement(">=8", lambda _: "1") is None


def test_our_own_requirements_are_met_here() -> None:
    seen = packages()
    assert not isinstance(seen.requirements, Unknown)
    assert {"click", "pyscard", "python-pkcs11", "cryptography"} <= {
        p.name for p in seen.requirements
    }
    assert all(package.enough for package in seen.requirements)
    assert {part.package for part in seen.compiled} == set(COMPILED.values())
    assert [part.failure for part in seen.compiled] == ["", "", ""]


def test_a_compiled_part_that_crashes_or_is_not_there_is_an_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "crashing.py").write_text("import os\nprint('x')\nos.abort()\n")
    (tmp_path / "raising.py").write_text("raise ImportError('undefined symbol: \\x1b[31mx')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    names = ("crashing", "raising", "absent_module", "json")
    seen = {part.module: part.failure for part in imported((n, n) for n in names)}
    assert seen["crashing"] == "SIGABRT"
    assert seen["raising"].startswith("ImportError: undefined symbol")
    assert seen["absent_module"] == "ModuleNotFoundError: No module named 'absent_module'"
    assert seen["json"] == ""


def test_no_child_is_left_when_nobody_waits_any_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sleeping.py").write_text("import time\ntime.sleep(600)\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    before = set(children(os.getpid()))
    asked = imported([("json", "json"), ("sleeping", "sleeping")])
    assert next(asked).failure == ""
    assert set(children(os.getpid())) - before
    asked.close()  # type: ignore[attr-defined]
    assert set(children(os.getpid())) == before


def test_nothing_is_imported_from_the_current_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "smartcard.py").write_text("raise SystemExit(9)\n")
    monkeypatch.chdir(tmp_path)
    (part,) = imported([("smartcard.scard", "pyscard")])
    assert part.failure == ""


def test_a_state_directory_that_can_be_written_or_made(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "new" / "deep"):
        assert state(place).obstacle is None
    assert list(tmp_path.iterdir()) == []


def test_a_state_directory_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "gone").symlink_to("nowhere")
    words = {
        "file": "is not a directory",
        "file/below": "is not a directory",
        "loop": "too many symbolic links",
        "gone": "no such file",
        "x" * 300: "name is too long",
        "nul\0": "it is no path",
    }
    for name, expected in words.items():
        obstacle = state(tmp_path / name).obstacle
        assert obstacle is not None, name
        assert expected in say(obstacle)


# --- anything may be anything ------------------------------------------------------------------

READ = (
    "/etc/os-release",
    "/proc/sys/kernel/osrelease",
    "/proc/self/sessionid",
    "/run/systemd/sessions/3",
    "/etc/polkit-1/rules.d/50-x.rules",
    "/usr/lib/pcsc/drivers/ifd-ccid.bundle/Contents/Info.plist",
    "/proc/modules",
    "/proc/500/comm",
    "/proc/500/maps",
    "/proc/500/cmdline",
    "/etc/timezone",
    "/var/lib/dpkg/status",
    *(f"/sys/bus/usb/devices/1-1/{name}" for name in ("idVendor", "busnum", "devnum", "product")),
    "/sys/bus/usb/devices/1-1:1.0/bInterfaceClass",
)
FOLDERS = (
    "/proc",
    "/proc/500/fd",
    "/sys",
    "/sys/bus/usb/devices",
    "/sys/bus/usb/devices/1-1:1.0/driver",
    "/etc/polkit-1/rules.d",
    "/usr/lib/pcsc/drivers",
    "/run/systemd/sessions",
)


def spoil(path: Path, kind: str) -> None:
    """Put something of no use in a place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    match kind:
        case "binary":
            path.write_bytes(bytes(range(256)) * 4)
        case "huge":
            with path.open("wb") as file:
                file.truncate(2**34)  # a file of holes
        case "endless":
            path.symlink_to("/dev/zero")
        case "pipe":
            os.mkfifo(path)
        case "loop":
            path.symlink_to(path.name)
        case "directory":
            path.mkdir()
        case "hostile":
            path.write_text("\x1b[31m\N{RIGHT-TO-LEFT OVERRIDE}" + "9" * 5000 + "\nID=\0\n")


@pytest.mark.parametrize(
    "kind", ["binary", "huge", "endless", "pipe", "loop", "directory", "hostile"]
)
def test_garbage_in_every_place_is_calmly_not_known(tmp_path: Path, kind: str) -> None:
    for place in READ:
        spoil(tmp_path / place.lstrip("/"), kind)
    seen = surroundings(Root(tmp_path), {}, lambda _: "\0garbage")
    assert isinstance(seen.system, System)
    assert len(seen.system.name) <= 100
    if isinstance(seen.usb, Usb):
        assert all(len(reader.name) <= 100 for reader in seen.usb.readers)


@pytest.mark.parametrize("kind", ["binary", "endless", "pipe", "loop"])
@pytest.mark.parametrize("place", FOLDERS)
def test_a_directory_that_is_none_is_calmly_not_known(
    tmp_path: Path, place: str, kind: str
) -> None:
    spoil(tmp_path / place.lstrip("/"), kind)
    root = Root(tmp_path)
    assert isinstance(system(root, {}), System)
    session(root, {}, terminal=True)
    service(root, {}, lambda _: "")
    usb(root)
    holders(root, SOCKET, frozenset(), lambda _: None, frozenset())


def test_this_very_machine_is_examined() -> None:
    seen = surroundings(Root(), os.environ)
    assert seen.host
    assert seen.versions.python.startswith("3.")
    assert isinstance(seen.holders, Holders)
    assert os.getpid() not in {holder.process.pid for holder in seen.holders.holders}
    noted = workstation(Root(), os.environ)
    assert noted.host == seen.host
    assert noted.session == seen.session.kind.value
    assert noted.pcsc_lite == seen.versions.pcsc_lite
    assert any(package.startswith("pyscard ") for package in noted.packages)


def test_looking_changes_nothing(tmp_path: Path) -> None:
    files = {**process(500, "x"), **usb_device("1-1", TWIN_NUMBERS), "/etc/os-release": OS_RELEASE}
    root = fake_root(tmp_path, files)

    def listing() -> dict[str, tuple[int, float]]:
        found = {p: p.lstat() for p in sorted(tmp_path.rglob("*"))}
        return {
            str(p): (s.st_size, s.st_mtime) for p, s in found.items() if not stat.S_ISDIR(s.st_mode)
        }

    before = listing()
    surroundings(root, {}, lambda _: "")
    assert listing() == before


def test_every_fact_of_the_surroundings_goes_into_the_station() -> None:
    """Two classes hold the same facts: one of them must not be forgotten."""
    from dataclasses import fields  # noqa: PLC0415

    from cpx_tool.adapters.station import Surroundings  # noqa: PLC0415

    ours = {field.name for field in fields(Surroundings)}
    assert ours <= {field.name for field in fields(Station)}


@pytest.mark.parametrize(
    ("status", "groups"),
    [
        ("Gid:\t0\t0\t0\t0\nGroups:\t987654 \n", ("root", "987654")),
        ("Gid:\t0\t987654\t0\t0\nGroups:\t \n", ("987654",)),
        ("Uid:\t0\n", None),
        ("", None),
    ],
)
def test_the_groups_of_the_service(
    tmp_path: Path, status: str, groups: tuple[str, ...] | None
) -> None:
    root = fake_root(tmp_path, {**process(400, "pcscd"), "/proc/400/status": status})
    (seen,) = service_processes(root)
    assert seen.groups == groups
