"""The system files in udev/: read as text, and tried by the programs that they are made for.

udevadm applies the rules to devices of a /sys of its own, in a mount namespace; polkit's own engine
runs the polkit rule, and where the tests run as root, a real polkitd decides by it. No USB device
and no pcscd with polkit is needed for any of this.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from cpx_tool.adapters.station_usb import NFC_MODULES
from cpx_tool.model.station import READERS_GROUP as GROUP

UDEV = Path(__file__).parents[1] / "udev"
RULES = UDEV / "92-cpx-readers.rules"
MODPROBE = UDEV / "cpx-tool-nfc-blacklist.conf"
POLKIT = UDEV / "50-cpx-tool.rules"

TOKEN = re.compile(r'^[A-Z_]+(\{[A-Za-z_/]+\})?(==|!=|=|\+=|:=)"[^"]*"$')
GUARDS = [
    'ACTION=="remove", GOTO="cpx_readers_end"',
    'SUBSYSTEM!="usb", GOTO="cpx_readers_end"',
    'ENV{DEVTYPE}!="usb_device", GOTO="cpx_readers_end"',
]


def lines(file: Path, comment: str) -> list[str]:
    """The lines that count."""
    text = file.read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in text if line.strip() and not line.startswith(comment)]


def test_every_part_of_a_rule_is_a_key_an_operator_and_a_quoted_value() -> None:
    for line in lines(RULES, "#"):
        for token in line.split(", "):
            assert TOKEN.match(token), token


def test_the_rules_are_guarded_and_jump_to_their_own_end() -> None:
    found = lines(RULES, "#")
    assert found[:3] == GUARDS
    assert found[-1] == 'LABEL="cpx_readers_end"'


def test_the_rules_only_give_the_device_to_the_group_of_the_service() -> None:
    body = lines(RULES, "#")[3:-1]
    assert body
    for line in body:
        set_here = re.findall(r'(?:^|, )([^=!, ]+(?:=|\+=|:=)"[^"]*")', line)
        assert set_here == ['GROUP="pcscd"'], line


def test_usb_numbers_are_four_lower_case_hex_digits_and_come_in_pairs() -> None:
    """udev compares text: "0F14" would never match."""
    for line in lines(RULES, "#"):
        vendors = re.findall(r'idVendor\}=="([^"]*)"', line)
        products = re.findall(r'idProduct\}=="([^"]*)"', line)
        assert len(vendors) == len(products)
        for number in [*vendors, *(n for group in products for n in group.split("|"))]:
            assert re.fullmatch(r"[0-9a-f]{4}", number), number


def test_the_number_in_the_name_comes_after_the_rules_that_read_the_interfaces() -> None:
    assert 74 < int(RULES.name.split("-")[0]) < 99


def test_the_blacklist_holds_modules_and_nothing_else() -> None:
    assert lines(MODPROBE, "#") == ["blacklist pn533_usb", "blacklist pn533", "blacklist nfc"]


def test_the_polkit_rule_covers_both_questions_and_one_group_only() -> None:
    code = " ".join(lines(POLKIT, "//"))
    assert set(re.findall(r'"(org\.[^"]+)"', code)) == {
        "org.debian.pcsc-lite.access_pcsc",
        "org.debian.pcsc-lite.access_card",
    }
    assert code.count("polkit.Result.YES") == 1
    assert re.search(r"if \(asked && subject\.isInGroup\(\"[\w-]+\"\)\) \{ return polkit", code)
    for opening, closing in ("()", "{}"):
        assert code.count(opening) == code.count(closing)


def test_the_readme_names_every_file_and_every_link_leads_somewhere() -> None:
    readme = (UDEV / "README.md").read_text(encoding="utf-8")
    for file in UDEV.iterdir():
        assert file.name == "README.md" or f"`{file.name}`" in readme
    headings = re.findall(r"^## (.+)$", readme, flags=re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    assert set(re.findall(r"\]\(#([^)]+)\)", readme)) <= anchors


def test_udevadm_accepts_the_rules() -> None:
    if not shutil.which("udevadm"):
        pytest.skip("udevadm is not installed")
    usage = subprocess.run(["udevadm", "--help"], capture_output=True, text=True, check=False)
    if "verify" not in usage.stdout + usage.stderr:
        pytest.skip("this udevadm has no verify (systemd before 254)")
    # the group need not exist on the machine that runs the tests
    done = subprocess.run(
        ["udevadm", "verify", "--resolve-names=never", str(RULES)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


# --- the rules of udev, applied by udevadm -----------------------------------------------------

PCSCD_GROUP = 977
SHUT_IN = ("unshare", "--user", "--map-root-user", "--mount")
APPLY = """
set -e
mount -t tmpfs none /run
mount -t tmpfs none /dev  # udevadm makes links there
mount --bind "$1/rules" /etc/udev/rules.d
mount --bind "$1/group" /etc/group
mount --bind "$1/sys" /sys
exec udevadm test --action=add /sys/devices/usb1/1-1
"""


def applied(place: Path, rules: str, numbers: str, *classes: int) -> str:
    """What udevadm does with a device of these numbers and interface classes."""
    if not shutil.which("udevadm") or not Path("/etc/udev/rules.d").is_dir():
        pytest.skip("udev is not installed")
    tried = subprocess.run([*SHUT_IN, "true"], capture_output=True, text=True, check=False)
    if tried.returncode:
        pytest.skip(f"no user namespaces here: {tried.stderr.strip()}")
    (place / "rules").mkdir()
    (place / "rules" / RULES.name).write_text(rules, encoding="utf-8")
    (place / "group").write_text(f"root:x:0:\npcscd:x:{PCSCD_GROUP}:\n", encoding="utf-8")
    plug_in(place / "sys", numbers, classes)
    done = subprocess.run(
        [*SHUT_IN, "sh", "-c", APPLY, "sh", str(place)],
        # systemd looks whether /sys is a real one
        env={**os.environ, "SYSTEMD_DEVICE_VERIFY_SYSFS": "0", "LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=False,
    )
    told = done.stdout + done.stderr
    if "ID_VENDOR_ID=" not in told:
        pytest.skip(f"this udevadm takes no /sys but the real one: {told[-200:]}")
    return told


def plug_in(sys_: Path, numbers: str, classes: Sequence[int]) -> None:
    """A USB device as the kernel shows it, descriptors included (USB 2.0, 9.6)."""
    vendor, product = numbers.split(":")
    device = sys_ / "devices" / "usb1" / "1-1"
    device.mkdir(parents=True)
    for folder in ("bus/usb/devices", "bus/usb/drivers", "class"):
        (sys_ / folder).mkdir(parents=True)
    (device / "subsystem").symlink_to("../../../bus/usb")
    for name, value in (("idVendor", vendor), ("idProduct", product), ("dev", "189:3")):
        (device / name).write_text(f"{value}\n")
    (device / "uevent").write_text(
        "MAJOR=189\nMINOR=3\nDEVNAME=bus/usb/001/004\nDEVTYPE=usb_device\nBUSNUM=001\nDEVNUM=004\n"
    )
    head = bytes([18, 1, 0, 2, 0, 0, 0, 64, 0, 0, 0, 0, 0, 1, 1, 2, 0, 1])
    configuration = bytes([9, 2, 0, 0, len(classes), 1, 0, 160, 50])
    interfaces = b"".join(
        bytes([9, 4, number, 0, 1, usb_class, 0, 0, 0, 7, 5, 129 + number, 2, 64, 0, 0])
        for number, usb_class in enumerate(classes)
    )
    (device / "descriptors").write_bytes(head + configuration + interfaces)


CCID, HID, OWN = 0x0B, 0x03, 0xFF


@pytest.mark.parametrize(
    ("numbers", "classes", "given"),
    [
        ("08e6:3437", [CCID], True),
        ("1234:5678", [HID, CCID], True),
        ("0f14:0011", [OWN], True),
        ("2947:0114", [OWN], True),
        ("2947:0999", [OWN], False),
        ("046d:c31c", [HID], False),
        ("0f14:c31c", [HID], False),
    ],
)
def test_udev_gives_readers_to_the_group_of_the_service_and_nothing_else(
    tmp_path: Path, numbers: str, classes: list[int], given: bool
) -> None:
    told = applied(tmp_path, RULES.read_text(encoding="utf-8"), numbers, *classes)
    ours = re.findall(rf"{re.escape(RULES.name)}:\d+ (.*)", told)
    assert ours == ([f"GROUP {PCSCD_GROUP}"] if given else [])


def test_a_rule_that_is_none_would_be_noticed(tmp_path: Path) -> None:
    broken = RULES.read_text(encoding="utf-8").replace("ATTR{idVendor}", "ATR{idVendor}", 1)
    told = applied(tmp_path, broken, "08e6:3437", CCID)
    assert re.search(rf"{re.escape(RULES.name)}:\d+ .*ATR", told)


# --- modprobe ----------------------------------------------------------------------------------


def test_modprobe_reads_the_blacklist() -> None:
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])
    modprobe = shutil.which("modprobe", path=path)
    if modprobe is None:
        pytest.skip("modprobe (kmod) is not installed")
    done = subprocess.run(
        [modprobe, "--showconfig", "--config", str(MODPROBE)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert "WARNING" not in done.stderr
    kept_away = re.findall(r"^blacklist (\S+)$", done.stdout, re.MULTILINE)
    assert kept_away == ["pn533_usb", "pn533", "nfc"]
    assert set(NFC_MODULES) <= set(kept_away)


# --- polkit ------------------------------------------------------------------------------------

PCSC, CARD = "org.debian.pcsc-lite.access_pcsc", "org.debian.pcsc-lite.access_card"
QUESTIONS = [
    (PCSC, GROUP, "yes"),
    (CARD, GROUP, "yes"),
    (PCSC, "users", None),
    (CARD, "", None),
    ("org.freedesktop.udisks2.filesystem-mount", GROUP, None),
]
STUB = """
var asked = [];
var polkit = {Result: {YES: "yes", NO: "no", NOT_HANDLED: null},
              addRule: function (rule) { asked.push(rule); }};
%s
JSON.stringify(%s.map(function (question) {
    return asked.map(function (rule) {
        return rule({id: question[0]},
                    {isInGroup: function (name) { return name === question[1]; }});
    });
}));
"""
DUKTAPE = """
import ctypes, sys
for name in ("libduktape.so.207", "libduktape.so.206", "libduktape.so.208", "libduktape.so"):
    try:
        engine = ctypes.CDLL(name)
        break
    except OSError:
        pass
else:
    sys.exit(77)
engine.duk_create_heap.restype = ctypes.c_void_p
engine.duk_safe_to_lstring.restype = ctypes.c_char_p
context = ctypes.c_void_p(engine.duk_create_heap(None, None, None, None, None))
source = sys.stdin.buffer.read()
evaluate_safe_without_source_and_name = 1 << 3 | 1 << 7 | 1 << 9 | 1 << 11
failed = engine.duk_eval_raw(
    context, source, ctypes.c_size_t(len(source)), evaluate_safe_without_source_and_name)
print(engine.duk_safe_to_lstring(context, -1, None).decode())
sys.exit(bool(failed))
"""
ENGINES = {
    "duktape": [sys.executable, "-c", DUKTAPE],  # polkit's own since 0.120
    "node": [
        "node",
        "-e",
        "console.log(eval(require('fs').readFileSync(0).toString()))",
    ],
}


def evaluated(engine: str, source: str) -> subprocess.CompletedProcess[str]:
    if shutil.which(ENGINES[engine][0]) is None:
        pytest.skip(f"{engine} is not installed")
    done = subprocess.run(
        ENGINES[engine], input=source, capture_output=True, text=True, check=False
    )
    if done.returncode == 77:
        pytest.skip(f"{engine} is not installed")
    return done


@pytest.mark.parametrize("engine", ENGINES)
def test_the_polkit_rule_says_yes_to_the_group_and_nothing_to_others(engine: str) -> None:
    asked = json.dumps([question[:2] for question in QUESTIONS])
    done = evaluated(engine, STUB % (POLKIT.read_text(encoding="utf-8"), asked))
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout) == [[answer] for _, _, answer in QUESTIONS]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_polkit_rule_that_is_none_would_be_noticed(engine: str) -> None:
    assert evaluated(engine, POLKIT.read_text(encoding="utf-8") + "}").returncode != 0


POLKITD = next(map(Path, filter(os.path.exists, ["/usr/lib/polkit-1/polkitd"])), None)
POLICY = """<?xml version="1.0" encoding="UTF-8"?>
<policyconfig>
  <action id="org.debian.pcsc-lite.access_pcsc">
    <description>As pcsc-lite 2 has it</description><message>x</message>
    <defaults>
      <allow_any>no</allow_any><allow_inactive>no</allow_inactive><allow_active>yes</allow_active>
    </defaults>
  </action>
</policyconfig>
"""
BUS = """<busconfig><type>system</type><listen>unix:path=/run/bus</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_type="method_call"/>
<allow send_type="signal"/><allow send_requested_reply="true" send_type="method_return"/>
<allow send_requested_reply="true" send_type="error"/><allow receive_type="method_call"/>
<allow receive_type="method_return"/><allow receive_type="error"/><allow receive_type="signal"/>
</policy></busconfig>
"""
DECIDE = """
mount -t tmpfs none /run
mount -t tmpfs none /usr/share/polkit-1/rules.d
mount --bind "$1/rules.d" /etc/polkit-1/rules.d
mount --bind "$1/actions" /usr/share/polkit-1/actions
mount --bind "$1/group" /etc/group
export DBUS_SYSTEM_BUS_ADDRESS=unix:path=/run/bus
dbus-daemon --config-file="$1/bus.conf" --nofork --nopidfile &
until [ -S /run/bus ]; do sleep 0.05; done
"$2" --no-debug &
until pkcheck --action-id org.debian.pcsc-lite.access_pcsc --process $$; do sleep 0.05; done
for who in games news; do
    mkfifo "/run/$who"
    setpriv --reuid=$who --regid=$who --init-groups sh -c 'echo; exec sleep 60' > "/run/$who" &
    read -r _ < "/run/$who"
    pkcheck --action-id org.debian.pcsc-lite.access_pcsc --process $! && answer=yes || answer=no
    echo "$who: $answer"
done
"""


@pytest.mark.parametrize(("installed", "answer"), [(True, "yes"), (False, "no")])
def test_a_real_polkitd_lets_the_group_in_without_a_session(
    tmp_path: Path, installed: bool, answer: str
) -> None:
    """games is of the group, news is not; neither has a session, as over ssh or in CI."""
    if os.geteuid() != 0:
        pytest.skip("polkitd starts as root only, and becomes its own user")
    if POLKITD is None or not all(map(shutil.which, ("dbus-daemon", "pkcheck", "setpriv"))):
        pytest.skip("polkitd, pkcheck, dbus-daemon or setpriv is not installed")
    for folder in ("rules.d", "actions"):
        (tmp_path / folder).mkdir(mode=0o755)
    tmp_path.chmod(0o755)
    if installed:
        shutil.copy(POLKIT, tmp_path / "rules.d")
    (tmp_path / "actions" / "org.debian.pcsc-lite.policy").write_text(POLICY)
    (tmp_path / "bus.conf").write_text(BUS)
    groups = Path("/etc/group").read_text(encoding="utf-8")
    (tmp_path / "group").write_text(f"{groups}{GROUP}:x:65000:games\n", encoding="utf-8")
    namespaces = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    done = subprocess.run(
        [
            "timeout",
            "--signal=KILL",
            "30",
            *namespaces,
            "sh",
            "-c",
            DECIDE,
            "sh",
            str(tmp_path),
            str(POLKITD),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if "unshare: " in done.stderr:
        pytest.skip(f"no namespaces here: {done.stderr.strip()}")
    assert done.stdout.split() == ["games:", answer, "news:", "no"], done.stderr
