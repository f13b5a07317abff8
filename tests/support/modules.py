"""Misbehaving PKCS#11 modules, and another library in C, compiled on the spot."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

SOURCES = Path(__file__).parent


def compile_broken_module(into: Path) -> Path:
    """The path of a module that dies or hangs as CPX_TEST_FAULT says."""
    return _compile("broken_module.c", into / "libbroken.so")


def compile_proxy(into: Path) -> Path:
    """The path of a module that stands before a real one (see support.proxy)."""
    return _compile("proxy_module.c", into / "libproxy.so")


def compile_loopback(into: Path) -> Path:
    """The path of a library that keeps a program's listening to 127.0.0.1 (LD_PRELOAD)."""
    return _compile("tls/loopback.c", into / "libloopback.so")


def _compile(source: str, target: Path) -> Path:
    """Compile; skips where there is no C compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler")
    flags = ["-std=gnu11", "-shared", "-fPIC", "-w"]
    command = [compiler, *flags, "-o", str(target), str(SOURCES / source), "-ldl"]
    subprocess.run(command, check=True)
    return target
