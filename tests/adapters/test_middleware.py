"""Finding the module: documented order, on three systems, and what is known of each one found."""

from __future__ import annotations

from pathlib import Path

import pytest

from cpx_tool.adapters.config import CONFIG_VARIABLE
from cpx_tool.adapters.middleware import MODULE_VARIABLE, find_module
from cpx_tool.adapters.middleware_facts import observe_middleware, with_loaded
from cpx_tool.adapters.module_search import installed_modules
from cpx_tool.errors import BadInput, ExitCode, NothingToCheck
from cpx_tool.i18n import say
from cpx_tool.model.middleware import Family, FileProblem, Middleware, Origin
from cpx_tool.model.token import ModuleInfo
from support import hosts
from support.hosts import Tree, elf, fat_mach_o, linux, mach_o, macos, pe, windows
from support.modules import compile_broken_module


@pytest.fixture(autouse=True)
def no_config(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cpx_tool.adapters.config.user_config", lambda: None)


@pytest.fixture
def library(tmp_path: Path) -> Path:
    return compile_broken_module(tmp_path)


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """A Linux with the Cryptolib, OpenSC and the proxy of p11-kit."""
    found = linux(tmp_path)
    for place in (hosts.P11_KIT_LINUX, hosts.OPENSC_LINUX, hosts.CRYPTOLIB_LINUX):
        found.put(place, elf("libc.so.6"))
    return found


def names(tree: Tree) -> list[str]:
    return [Path(module.path).name for module in installed_modules(tree.host)]


# --- the order


def test_the_option_wins_over_the_environment(library: Path) -> None:
    found = find_module(str(library), {MODULE_VARIABLE: "/nowhere.so"})
    assert (found.path, found.source) == (library, "option")


def test_the_environment_wins_over_the_configuration(library: Path, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[middleware]\nmodule = "/nowhere.so"\n')
    environment = {MODULE_VARIABLE: str(library), CONFIG_VARIABLE: str(config)}
    found = find_module(None, environment)
    assert (found.path, found.source) == (library, "environment")


def test_the_configuration_wins_over_the_known_places(
    library: Path, tmp_path: Path, tree: Tree
) -> None:
    config = tmp_path / "config.toml"
    config.write_text(f'[middleware]\nmodule = "{library}"\n')
    found = find_module(None, {CONFIG_VARIABLE: str(config)})
    assert (found.path, found.source) == (library, "config")


def test_a_configured_module_that_is_wrong_is_named_with_its_file(
    tmp_path: Path, tree: Tree
) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[middleware]\nmodule = "/nowhere/gone.so"\n')
    with pytest.raises(BadInput) as caught:
        find_module(None, {CONFIG_VARIABLE: str(config)}, tree.host)
    assert "/nowhere/gone.so does not exist" in say(caught.value.reason)
    assert str(config) in say(caught.value.hint)


def test_a_named_module_that_is_missing_is_not_replaced_by_a_known_one(tree: Tree) -> None:
    with pytest.raises(BadInput) as caught:
        find_module(str(tree.root / "gone.so"), {}, tree.host)
    assert caught.value.exit_code is ExitCode.USAGE
    assert "does not exist" in say(caught.value.reason)


def test_the_cryptolib_then_what_firefox_knows_then_opensc_then_the_proxy(tree: Tree) -> None:
    tree.put("/opt/other/libcps3_pkcs11_lux.so", elf())
    tree.declare(hosts.MOZILLA_LINUX, "/opt/other/libcps3_pkcs11_lux.so")
    assert [
        (Path(m.path).parent.name, m.family, m.declared[0].origin)
        for m in installed_modules(tree.host)
    ] == [
        ("lib", Family.CRYPTOLIB, Origin.KNOWN_PLACE),
        ("other", Family.CRYPTOLIB, Origin.MOZILLA),
        ("lib64", Family.OPENSC, Origin.KNOWN_PLACE),
        ("lib64", Family.P11_KIT, Origin.KNOWN_PLACE),
    ]
    found = find_module(None, {}, tree.host)
    assert (found.path.parent.name, found.source) == ("lib", "known-place")


def test_a_module_that_is_declared_where_it_is_known_stands_there_once(tree: Tree) -> None:
    place = tree.declare(hosts.MOZILLA_LINUX, hosts.CRYPTOLIB_LINUX)
    first = installed_modules(tree.host)[0]
    assert [d.origin for d in first.declared] == [Origin.KNOWN_PLACE, Origin.MOZILLA]
    assert first.declared[1].where == str(place)
    assert len(names(tree)) == 3


def test_two_links_to_one_file_are_one_module(tree: Tree) -> None:
    other = tree.put("/usr/lib/x86_64-linux-gnu/opensc-pkcs11.so", b"")
    other.unlink()
    other.symlink_to(tree.root / hosts.OPENSC_LINUX.lstrip("/"))
    assert names(tree).count("opensc-pkcs11.so") == 1


def test_softhsm_is_found_but_never_taken(tmp_path: Path) -> None:
    tree = linux(tmp_path)
    tree.put("/usr/lib64/libsofthsm2.so", elf())
    assert names(tree) == ["libsofthsm2.so"]
    with pytest.raises(NothingToCheck):
        find_module(None, {}, tree.host)


def test_without_any_module_the_remedy_names_the_emulator(tmp_path: Path) -> None:
    with pytest.raises(NothingToCheck) as caught:
        find_module(None, {}, linux(tmp_path).host)
    assert caught.value.exit_code is ExitCode.NOTHING_CHECKED
    assert "emulate" in say(caught.value.hint)


def test_one_that_cannot_be_loaded_gives_way_and_is_kept_with_its_reason(tree: Tree) -> None:
    tree.put(hosts.CRYPTOLIB_LINUX, elf(machine=0xB7))
    assert find_module(None, {}, tree.host).path.name == "opensc-pkcs11.so"
    first = installed_modules(tree.host)[0]
    assert first.problem is not None
    assert (first.problem.problem, first.problem.detail) == (
        FileProblem.OTHER_MACHINE,
        "64-bit aarch64",
    )


def test_where_none_can_be_loaded_the_first_says_why(tmp_path: Path) -> None:
    tree = linux(tmp_path)
    tree.put(hosts.CRYPTOLIB_LINUX, b"text")
    with pytest.raises(NothingToCheck) as caught:
        find_module(None, {}, tree.host)
    assert "libcps3_pkcs11_lux.so is not a shared library" in say(caught.value.reason)


# --- declarations of others


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{",
        b'{"type": "pkcs11"}',
        b'{"type": "stdio", "path": "/opt/x.so"}',
        b'{"type": "pkcs11", "path": 7}',
        b'{"type": "pkcs11", "path": "/a\\u0000b"}',
        b"[" * 100_000,
        b"\xff" * 100,
        b" " * 100_000,
    ],
)
def test_a_declaration_that_makes_no_sense_declares_nothing(tree: Tree, content: bytes) -> None:
    tree.put(hosts.MOZILLA_LINUX, content)
    assert len(names(tree)) == 3


def test_a_declaration_of_a_file_that_is_gone_is_told(tmp_path: Path) -> None:
    tree = linux(tmp_path)
    tree.declare(hosts.MOZILLA_LINUX, "/opt/gone/libcps3_pkcs11_lux.so")
    (module,) = installed_modules(tree.host)
    assert module.problem is not None
    assert module.problem.problem is FileProblem.MISSING


# --- other systems


def test_macos(tmp_path: Path) -> None:
    tree = macos(tmp_path)
    tree.put(hosts.OPENSC_MACOS, mach_o())
    tree.put(hosts.CRYPTOLIB_MACOS, fat_mach_o(0x01000007, 0x0100000C))
    tree.declare("/Library/Application Support/Mozilla/PKCS11Modules/cps3.json", "x.dylib")
    assert names(tree) == ["libcps3_pkcs11_osx.dylib", "x.dylib", "opensc-pkcs11.so"]
    assert find_module(None, {}, tree.host).path.name == "libcps3_pkcs11_osx.dylib"


def test_macos_with_a_cryptolib_for_intel_only(tmp_path: Path) -> None:
    tree = macos(tmp_path)
    tree.put(hosts.CRYPTOLIB_MACOS, mach_o(0x01000007))
    with pytest.raises(NothingToCheck) as caught:
        find_module(None, {}, tree.host)
    assert "another architecture (64-bit x86_64)" in say(caught.value.reason)
    assert "64-bit aarch64" in say(caught.value.hint)


def test_windows_of_64_bits(tmp_path: Path) -> None:
    tree = windows(tmp_path)
    tree.put(hosts.W32, pe(0x014C))
    tree.put(hosts.W64, pe())
    tree.put(hosts.OLD, pe(0x014C))
    tree.put(r"C:\Program Files\OpenSC Project\OpenSC\pkcs11\opensc-pkcs11.dll", pe())
    assert names(tree) == [
        "cps3_pkcs11_w64.dll",
        "cps3_pkcs11_w32.dll",
        "opensc-pkcs11.dll",
        "cps_pkcs11_w32.dll",
    ]
    assert find_module(None, {}, tree.host).path.name == "cps3_pkcs11_w64.dll"


def test_windows_seen_by_a_32_bit_process(tmp_path: Path) -> None:
    tree = windows(tmp_path, bits=32)
    tree.put(hosts.W64, pe())
    tree.put(r"C:\Windows\System32\cps3_pkcs11_w32.dll", pe(0x014C))
    assert find_module(None, {}, tree.host).path.name == "cps3_pkcs11_w32.dll"


def test_windows_without_its_variables_has_no_places(tmp_path: Path) -> None:
    tree = windows(tmp_path)
    tree.put(hosts.W64, pe())
    tree.environment = {"WINDIR": "", "ProgramFiles": ""}
    assert names(tree) == []


def test_windows_registry_and_firefox(tmp_path: Path) -> None:
    tree = windows(tmp_path)
    tree.put(r"D:\CPS\cps3_pkcs11_w64.dll", pe())
    tree.put(r"E:\x\cps3_pkcs11_w64.dll", pe())
    tree.declare(r"D:\CPS\cps3.json", r"E:\x\cps3_pkcs11_w64.dll")
    tree.registry = {
        (hosts.PRODUCT_KEY, "InstallDir"): "D:\\CPS",
        (hosts.PRODUCT_KEY, "Version"): "5.1.3",
        (hosts.MOZILLA_KEY, ""): r"D:\CPS\cps3.json",
    }
    first, second = installed_modules(tree.host)
    assert (first.declared[0].origin, first.declared[0].where) == (
        Origin.REGISTRY,
        hosts.PRODUCT_KEY,
    )
    assert (second.declared[0].origin, second.declared[0].where) == (
        Origin.MOZILLA,
        hosts.MOZILLA_KEY,
    )
    assert (first.product, second.product) == ("5.1.3", "5.1.3")


@pytest.mark.parametrize("value", [None, "", 7, r"C:\gone", "relative", "%NOT_SET%\\x"])
def test_odd_values_in_the_registry_name_nothing(tmp_path: Path, value: str | int | None) -> None:
    tree = windows(tmp_path)
    tree.registry = {
        (hosts.PRODUCT_KEY, "InstallDir"): value,
        (hosts.MOZILLA_KEY, ""): value,
    }
    assert names(tree) == []


# --- the whole as facts


def seen(tree: Tree, option: str | None = None) -> Middleware:
    return observe_middleware(option, {}, tree.host)


def test_the_facts_name_the_module_that_is_taken(tree: Tree) -> None:
    found = seen(tree)
    assert found.chosen == str(find_module(None, {}, tree.host).path)
    assert found.chosen_module is found.modules[0]
    assert (found.traces, found.cache) == ((), None)


def test_a_named_module_comes_first_and_once(tree: Tree) -> None:
    path = str(tree.root / hosts.OPENSC_LINUX.lstrip("/"))
    found = seen(tree, path)
    assert found.chosen == path
    assert [Path(m.path).name for m in found.modules] == [
        "opensc-pkcs11.so",
        "libcps3_pkcs11_lux.so",
        "p11-kit-proxy.so",
    ]
    assert [d.origin for d in found.modules[0].declared] == [Origin.OPTION, Origin.KNOWN_PLACE]


def test_a_named_module_that_cannot_be_one_is_a_fact_too(tree: Tree) -> None:
    found = seen(tree, str(tree.root / "gone.so"))
    assert found.chosen_module is not None
    assert not found.chosen_module.usable


def test_what_the_module_says_of_itself_decides_on_its_family(tree: Tree) -> None:
    found = seen(tree)
    assert found.chosen is not None
    info = ModuleInfo(found.chosen, "OpenSC Project", "OpenSC smartcard framework", "0.23")
    told = with_loaded(found, found.chosen, info, None, 16)
    assert told.chosen_module is not None
    assert (told.chosen_module.family, told.chosen_module.slots) == (Family.OPENSC, 16)
    assert told.modules[1:] == found.modules[1:]
