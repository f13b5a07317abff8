"""The system files in udev/: no USB here to try them, so what can be read in them is checked."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

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
