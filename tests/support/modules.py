"""Misbehaving PKCS#11 modules, compiled on the spot."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

SOURCE = Path(__file__).with_name("broken_module.c")


def compile_broken_module(into: Path) -> Path:
    """The path of the compiled module; skips where there is no C compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler")
    target = into / "libbroken.so"
    command = [compiler, "-shared", "-fPIC", "-w", "-o", str(target), str(SOURCE)]
    subprocess.run(command, check=True)
    return target
