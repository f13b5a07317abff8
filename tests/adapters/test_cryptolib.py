"""What the Cryptolib leaves on a workstation: traces switched on, a cache of card contents."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpx_tool.adapters.cryptolib_cache import observe_cache
from cpx_tool.adapters.cryptolib_traces import observe_traces
from cpx_tool.model.middleware import CardCache, System, Traces
from support.hosts import Tree, linux, macos, windows

CONF = "/etc/opt/santesocial/CPS/cps3_pkcs11.conf"
MACOS_CONF = "/Library/Preferences/santesocial/CPS/cps3_pkcs11.conf"
CACHE = "/etc/opt/santesocial/CPS/cache"
HKCU, HKLM = r"HKCU\Software\ASIP Sante\PKCS11", r"HKLM\Software\ASIP Sante\PKCS11"
SHIPPED = b"# Cryptolib\nTraces {\n  active = false;\n  debug = 0;\n}\n"


@pytest.mark.parametrize(
    ("text", "active", "level"),
    [
        (SHIPPED, False, 0),
        (b"traces { active = true; debug = 10; }", True, 10),
        (b'TRACES{Active="TRUE";DEBUG=7}', True, 7),
        (b"# traces { active = true; }\nTraces { active = false; }", False, None),
        (b"galss { active = true; }\n", False, None),
        (b"other { traces { active = true; } }", False, None),
        (b"traces { active = true; } traces { active = false; }", False, None),
        (b"traces { active = ", False, None),
        (b"traces { active = true", True, None),
        (b"traces { debug = 99999999999; active = yes }", True, None),
        (b"", False, None),
        (b"\xff\xfe}}}}{{{{==", False, None),
    ],
)
def test_traces_in_a_file(tmp_path: Path, text: bytes, active: bool, level: int | None) -> None:
    tree = linux(tmp_path)
    path = tree.put(CONF, text)
    assert observe_traces(tree.host) == (Traces(str(path), active, level),)


@given(st.text(alphabet='{}=;"# \ntracesivufldbg0123', max_size=200))
def test_any_text_is_survived(text: str) -> None:
    from cpx_tool.adapters.cryptolib_traces import _block  # noqa: PLC0415

    _block(text, "traces")


def test_no_setting_is_no_fact(tmp_path: Path) -> None:
    for tree in (linux(tmp_path), macos(tmp_path), windows(tmp_path)):
        assert observe_traces(tree.host) == ()


def test_macos_has_its_own_file(tmp_path: Path) -> None:
    tree = macos(tmp_path)
    path = tree.put(MACOS_CONF, b"traces { active = true; }")
    assert observe_traces(tree.host) == (Traces(str(path), True),)


def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may read every file")
    tree = linux(tmp_path)
    path = tree.put(CONF, SHIPPED)
    path.chmod(0)
    assert observe_traces(tree.host) == (Traces(str(path), None, problem="EACCES"),)


def test_windows_has_the_registry(tmp_path: Path) -> None:
    tree = windows(tmp_path)
    tree.registry = {(HKCU, "Traces"): 0, (HKLM, "Traces"): 1, (HKLM, "Debug"): 10}
    assert observe_traces(tree.host) == (Traces(HKCU, False), Traces(HKLM, True, 10))


# --- the cache


def fill(tree: Tree, *names: str, place: str = CACHE) -> None:
    for name in names:
        tree.put(f"{place}/{name}", b"x").chmod(0o666)


def cached(tree: Tree) -> CardCache:
    found = observe_cache(tree.host)
    assert found is not None
    return found


def test_no_cache(tmp_path: Path) -> None:
    assert observe_cache(linux(tmp_path).host) is None


def test_whose_cards_are_in_it_and_of_which_what_a_pin_guards(tmp_path: Path) -> None:
    tree = linux(tmp_path)
    fill(tree, "29000000_00015031", "29000000_s_0001D120", "31000000_20260101_0001D121")
    fill(tree, "40000000_7F014000", "50000000_4010", "60000000_2F00", "notes.txt", "x_y_z")
    found = cached(tree)
    assert found.serials == ("29000000", "31000000", "40000000", "50000000", "60000000")
    assert found.protected == ("31000000", "40000000", "50000000")
    assert (found.writable, found.open_to_all) == (True, True)


def test_files_for_their_owner_only_are_not_open(tmp_path: Path) -> None:
    tree = linux(tmp_path)
    fill(tree, "29000000_0001D120")
    for file in (tmp_path / CACHE.lstrip("/")).iterdir():
        file.chmod(0o600)
    assert cached(tree).open_to_all is False


def test_a_closed_directory_is_not_open(tmp_path: Path) -> None:
    tree = linux(tmp_path)
    fill(tree, "29000000_0001D120")
    (tmp_path / CACHE.lstrip("/")).chmod(0o700)
    assert cached(tree).open_to_all is False


def test_a_cache_that_may_not_be_written_or_listed(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may do everything")
    tree = linux(tmp_path)
    fill(tree, "29000000_0001D120")
    directory = tmp_path / CACHE.lstrip("/")
    directory.chmod(0o555)
    assert cached(tree).writable is False
    directory.chmod(0o111)
    assert cached(tree).problem == "EACCES"
    directory.chmod(0o755)


def test_the_other_systems_have_other_places(tmp_path: Path) -> None:
    tree = macos(tmp_path / "mac")
    fill(tree, "29000000_2F00", place="/Library/Caches/santesocial/CPS")
    assert cached(tree).serials == ("29000000",)
    tree = windows(tmp_path / "win")
    tree.put(r"C:\ProgramData\santesocial\cps\cache\29000000_2F00", b"")
    assert cached(tree).serials == ("29000000",)
    assert cached(tree).open_to_all is None
    assert tree.system is System.WINDOWS


def test_a_cache_of_thousands_of_cards_stays_a_small_fact(tmp_path: Path) -> None:
    tree = linux(tmp_path)
    fill(tree, *(f"{number:08d}_2F00" for number in range(600)))
    assert len(cached(tree).serials) == 500


def test_where_one_may_not_look_there_is_nothing(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may look everywhere")
    tree = linux(tmp_path)
    tree.put(CONF, SHIPPED)
    fill(tree, "29000000_2F00")
    closed = tmp_path / "etc" / "opt"
    closed.chmod(0)
    try:
        assert observe_traces(tree.host) == ()
        assert observe_cache(tree.host) is None
    finally:
        closed.chmod(0o755)
