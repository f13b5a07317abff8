"""What a library says it needs; of damaged ones nothing is believed, and none stops the reader."""

from __future__ import annotations

import contextlib
import struct
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cpx_tool.adapters.binary import read_head
from cpx_tool.adapters.elf import BadElf, Elf, read_elf
from cpx_tool.adapters.library_file import look_at
from cpx_tool.adapters.loader_cache import loadable_libraries
from cpx_tool.model.middleware import FileFault, FileProblem
from support.hosts import Tree, elf, fat_mach_o, linux, mach_o, macos, pe, windows
from support.modules import compile_broken_module

WHOLE = elf("libc.so.6", "libpcsclite.so.1", runpath="$ORIGIN/lib")


def test_a_library_made_by_the_compiler_is_read_as_readelf_reads_it(tmp_path: Path) -> None:
    library = compile_broken_module(tmp_path)
    said = subprocess.run(
        ["readelf", "-d", library], capture_output=True, text=True, check=True
    ).stdout
    found = read_elf(library.read_bytes())
    assert found.library
    assert found.needed
    assert [f"[{name}]" for name in found.needed] == [
        line.split()[-1] for line in said.splitlines() if "(NEEDED)" in line
    ]


@pytest.mark.parametrize(("bits", "machine", "name"), [(64, 0xB7, "aarch64"), (32, 3, "i686")])
def test_both_classes(bits: int, machine: int, name: str) -> None:
    content = elf("libc.so.6", "libdl.so.2", machine=machine, bits=bits, rpath="/a", runpath="/b")
    assert read_elf(content) == Elf(bits, name, True, ("libc.so.6", "libdl.so.2"), "/a", "/b")


@pytest.mark.parametrize("length", range(0, len(WHOLE), 7))
def test_a_library_that_is_cut_off_is_damaged(length: int) -> None:
    with pytest.raises(BadElf):
        read_elf(WHOLE[:length])


@given(
    st.lists(
        st.tuples(st.integers(0, len(WHOLE) - 1), st.binary(min_size=1, max_size=8)), max_size=6
    )
)
@settings(max_examples=400)
def test_damage_is_survived(damage: list[tuple[int, bytes]]) -> None:
    content = bytearray(WHOLE)
    for place, new in damage:
        content[place : place + len(new)] = new
    try:
        found = read_elf(bytes(content))
    except BadElf:
        return
    assert all(len(name) <= len(content) for name in found.needed)


@given(st.binary(max_size=300), st.sampled_from([b"", b"\x7fELF\x02\x01", b"\x7fELF\x01\x02"]))
def test_garbage_is_survived(garbage: bytes, head: bytes) -> None:
    with contextlib.suppress(BadElf):
        read_elf(head + garbage)
    read_head(head + garbage)
    for magic in (b"MZ", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe"):
        read_head(magic + garbage)


def test_numbers_beyond_all_bounds_are_survived() -> None:
    content = bytearray(WHOLE)
    content[56:58] = b"\xff\xff"  # e_phnum
    content[32:40] = b"\xff" * 8  # e_phoff
    with pytest.raises(BadElf):
        read_elf(bytes(content))


# --- whether a file can be loaded


def fault(tree: Tree, content: bytes, name: str = "/lib/module") -> FileFault | None:
    return look_at(tree.put(name, content), tree.host).fault


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (elf("libc.so.6"), None),
        (elf(), None),
        (elf(machine=0xB7), FileFault(FileProblem.OTHER_MACHINE, "64-bit aarch64")),
        (elf(machine=3, bits=32), FileFault(FileProblem.OTHER_MACHINE, "32-bit i686")),
        (elf(machine=0x1234), FileFault(FileProblem.OTHER_MACHINE, "64-bit ELF machine 0x1234")),
        (elf("libc.musl-x86_64.so.1"), FileFault(FileProblem.OTHER_LIBC, "musl")),
        (pe(), FileFault(FileProblem.OTHER_SYSTEM, "PE")),
        (mach_o(), FileFault(FileProblem.OTHER_SYSTEM, "Mach-O")),
        (WHOLE[:100], FileFault(FileProblem.DAMAGED)),
        (b"MZ" + bytes(200), FileFault(FileProblem.NOT_A_LIBRARY)),
        (pe(characteristics=2), FileFault(FileProblem.NOT_A_LIBRARY)),  # a program
        (b"\xca\xfe\xba\xbe\x00\x00\x00\x41", FileFault(FileProblem.NOT_A_LIBRARY)),  # Java
        (b"\xca\xfe\xba\xbe\x00\x00", FileFault(FileProblem.NOT_A_LIBRARY)),
    ],
)
def test_on_linux(tmp_path: Path, content: bytes, expected: FileFault | None) -> None:
    assert fault(linux(tmp_path), content) == expected


def test_a_program_is_no_module(tmp_path: Path) -> None:
    program = bytearray(elf())
    program[16:18] = struct.pack("<H", 2)  # ET_EXEC
    assert fault(linux(tmp_path), bytes(program)) == FileFault(FileProblem.NOT_A_LIBRARY)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (mach_o(), None),
        (fat_mach_o(0x01000007, 0x0100000C), None),
        (
            fat_mach_o(0x01000007, 7),
            FileFault(FileProblem.OTHER_MACHINE, "64-bit x86_64, 32-bit i686"),
        ),
        (elf(), FileFault(FileProblem.OTHER_SYSTEM, "ELF")),
    ],
)
def test_on_macos(tmp_path: Path, content: bytes, expected: FileFault | None) -> None:
    assert fault(macos(tmp_path), content) == expected


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (pe(), None),
        (pe(0x014C), FileFault(FileProblem.OTHER_MACHINE, "32-bit i686")),
        (pe(0xAA64), FileFault(FileProblem.OTHER_MACHINE, "64-bit aarch64")),
    ],
)
def test_on_windows(tmp_path: Path, content: bytes, expected: FileFault | None) -> None:
    assert fault(windows(tmp_path), content, r"C:\module.dll") == expected


# --- libraries that it needs


def missing(tree: Tree, content: bytes) -> tuple[str, ...]:
    found = fault(tree, content)
    return found.names if found else ()


def test_what_the_loader_knows_is_not_missing(tmp_path: Path) -> None:
    tree = linux(tmp_path, loadable=frozenset({"libc.so.6"}))
    assert missing(tree, elf("libc.so.6", "libgone.so.1")) == ("libgone.so.1",)


def test_where_the_loaders_cache_cannot_be_had_nothing_is_claimed(tmp_path: Path) -> None:
    assert missing(linux(tmp_path, loadable=None), elf("libgone.so.1")) == ()


@pytest.mark.parametrize(
    ("place", "paths"),
    [
        ("/usr/lib/libown.so", {}),
        ("/lib/beside/libown.so", {"runpath": "$ORIGIN/beside"}),
        ("/lib/libown.so", {"rpath": "/nowhere:${ORIGIN}"}),
    ],
)
def test_the_places_of_the_loader(tmp_path: Path, place: str, paths: dict[str, str]) -> None:
    tree = linux(tmp_path, loadable=frozenset({"libc.so.6"}))
    content = elf("libown.so", **paths)  # type: ignore[arg-type]
    if paths:
        assert missing(tree, content) == ("libown.so",)
    tree.put(place, b"")
    assert missing(tree, content) == ()


def test_the_library_path_of_the_environment(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "libown.so").touch()
    tree = linux(
        tmp_path,
        loadable=frozenset({"libc.so.6"}),
        environment={"LD_LIBRARY_PATH": f"/nowhere:{tmp_path / 'mine'}"},
    )
    assert missing(tree, elf("libown.so")) == ()


def test_a_path_that_cannot_be_followed_claims_nothing(tmp_path: Path) -> None:
    tree = linux(tmp_path, loadable=frozenset({"libc.so.6"}))
    assert missing(tree, elf("libown.so", runpath="/opt/$LIB")) == ()


def test_the_loader_of_this_machine_knows_its_c_library() -> None:
    import platform  # noqa: PLC0415

    names = loadable_libraries(platform.machine())
    if names is None:
        pytest.skip("no ldconfig here")
    assert "libc.so.6" in names
