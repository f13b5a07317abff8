"""deploy/ansible, as far as it can be looked at without Ansible (`make test-fleet` runs it)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy" / "ansible"
ROLE = DEPLOY / "roles" / "cpx_tool"


def _yaml(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


DEFAULTS = _yaml(ROLE / "defaults" / "main.yml")
OPTIONS = _yaml(ROLE / "meta" / "argument_specs.yml")["argument_specs"]["main"]["options"]
ROWS = re.findall(
    r"^\| `(cpx_tool_\w+)` \| (.+?) \| .+ \|$",
    (ROLE / "README.md").read_text(encoding="utf-8"),
    re.MULTILINE,
)
COMPUTED = {
    name for name, value in DEFAULTS.items() if isinstance(value, str) and "{{" in value
} | {"cpx_tool_reader_users"}
"""Their default is an expression of Ansible, and a word of the table."""
PIN = re.compile(r"\bcpx_tool_pin\b")


@pytest.mark.parametrize("path", sorted(DEPLOY.rglob("*.yml")), ids=lambda path: path.name)
def test_every_file_is_yaml(path: Path) -> None:
    assert _yaml(path)


def test_the_table_of_variables_has_each_of_them_in_order() -> None:
    assert [name for name, _ in ROWS] == list(DEFAULTS)


def test_ansible_knows_each_variable() -> None:
    assert list(OPTIONS) == list(DEFAULTS)


@pytest.mark.parametrize(("name", "cell"), ROWS)
def test_the_table_shows_the_default(name: str, cell: str) -> None:
    if name in COMPUTED:
        assert re.fullmatch(r"\*.+\*", cell)
    else:
        assert yaml.safe_load(cell.strip("`")) == DEFAULTS[name]


@pytest.mark.parametrize("name", [name for name in OPTIONS if name not in COMPUTED])
def test_ansible_knows_the_default(name: str) -> None:
    assert OPTIONS[name]["default"] == DEFAULTS[name]


def test_every_variable_is_used() -> None:
    used = "".join(
        path.read_text(encoding="utf-8")
        for folder in ("tasks", "templates", "handlers")
        for path in (ROLE / folder).rglob("*.*")
    )
    assert [name for name in DEFAULTS if not re.search(rf"\b{name}\b", used)] == []


def test_the_pin_is_a_secret_to_ansible_and_used_in_one_place() -> None:
    assert OPTIONS["cpx_tool_pin"]["no_log"] is True
    tasks = ROLE.rglob("tasks/**/*.yml")
    places = [path for path in tasks if PIN.search(path.read_text("utf-8"))]
    assert [path.name for path in places] == ["login.yml"]
    (task,) = [task for task in _yaml(places[0]) if PIN.search(str(task))]
    assert task["no_log"] is True
    assert task["vars"]["ansible_pipelining"] is True
    assert "cpx_tool_pin" in task["ansible.builtin.command"]["stdin"]


@pytest.mark.parametrize("name", [name for name in OPTIONS if OPTIONS[name]["type"] == "bool"])
def test_yes_and_no_may_come_as_words(name: str) -> None:
    """`-e cpx_tool_login=false` is a text, refused as a condition, or taken for yes."""
    text = "".join(path.read_text("utf-8") for path in (ROLE / "tasks").rglob("*.yml"))
    uses = [line for line in text.splitlines() if re.search(rf"(when:|if ).*\b{name}\b", line)]
    assert uses
    assert [line for line in uses if f"{name} | bool" not in line] == []


def test_the_role_brings_the_files_of_this_tree() -> None:
    files = {path.name: path.resolve() for path in (ROLE / "files").iterdir()}
    assert files == {
        "50-cpx-tool.rules": ROOT / "udev" / "50-cpx-tool.rules",
        "92-cpx-readers.rules": ROOT / "udev" / "92-cpx-readers.rules",
        "cpx-tool-nfc-blacklist.conf": ROOT / "udev" / "cpx-tool-nfc-blacklist.conf",
        "requirements-build.txt": ROOT / "requirements" / "build.txt",
        "requirements-run.txt": ROOT / "requirements" / "run.txt",
    }


def test_the_workstations_get_the_packages_of_make_setup() -> None:
    script = (ROOT / "scripts" / "system.sh").read_text(encoding="utf-8")
    always = script.split("    missing=()\n", 1)[1].split("    if [[ $wanted", 1)[0]
    wanted = {
        name.strip('"').replace("$version", "3") if name.startswith('"') else name
        for name in re.findall(r"^    need (\S+)", always, re.MULTILINE)
    }
    packages = set(_yaml(ROLE / "vars" / "main.yml")["cpx_tool_packages"])
    assert wanted - packages == {"softhsm2"}


def test_the_example_names_only_variables_of_the_role() -> None:
    text = (DEPLOY / "inventory" / "example.yml").read_text(encoding="utf-8")
    assert set(re.findall(r"^ +(cpx_tool_\w+):", text, re.MULTILINE)) <= set(DEFAULTS)
