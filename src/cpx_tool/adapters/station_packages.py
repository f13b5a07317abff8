"""The Python packages that are needed, and whether their compiled parts can be imported."""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator

from cpx_tool.adapters.system import child_environment, signal_name
from cpx_tool.model.message import msg
from cpx_tool.model.station import Compiled, Package, Packages, Unknown

COMPILED = {
    "smartcard.scard": "pyscard",
    "pkcs11._pkcs11": "python-pkcs11",
    "cryptography.hazmat.bindings._rust": "cryptography",
}
"""Module → the package that brings it."""
_OWN = "cpx-tool"
_PATIENCE_SECONDS = 20.0
_REQUIREMENT = re.compile(r"([A-Za-z0-9][\w.-]*)\s*(?:>=\s*([\w.]+))?")


def packages() -> Packages:
    """What is installed here, against what this version of cpx-tool asks for."""
    return Packages(_requirements(), tuple(imported(COMPILED.items())))


def version_of(package: str) -> str:
    """The installed version of a package; "" where it is not installed."""
    try:
        return importlib.metadata.version(package) or ""
    except importlib.metadata.PackageNotFoundError:
        return ""


def _requirements() -> tuple[Package, ...] | Unknown:
    try:
        wanted = importlib.metadata.requires(_OWN)
    except importlib.metadata.PackageNotFoundError:
        wanted = None
    if not wanted:
        return Unknown(msg("This installation of cpx-tool does not tell what it needs."))
    found = (requirement(line, version_of) for line in wanted if "extra ==" not in line)
    return tuple(package for package in found if package is not None)


def requirement(line: str, installed: Callable[[str], str]) -> Package | None:
    """A line of the metadata ("click>=8.2") against the version that `installed` gives.

    Our own lines name an oldest version or none; None for a line of another shape.
    """
    found = _REQUIREMENT.match(line)
    if found is None:
        return None
    name, wanted = found[1], found[2] or ""
    version = installed(name)
    return Package(name, wanted, version, bool(version) and _parts(version) >= _parts(wanted))


def _parts(version: str) -> tuple[int, ...]:
    """The numbers before any letter: enough to hold releases against each other."""
    numbers = re.match(r"\d+(?:\.\d+)*", version)
    return tuple(map(int, numbers[0].split("."))) if numbers else ()


def imported(modules: Iterable[tuple[str, str]]) -> Iterator[Compiled]:
    """Each module imported in a child process of its own, all at once: a crash is an answer."""
    started = [(module, package, _start(module)) for module, package in modules]
    try:
        for module, package, process in started:
            failure = process if isinstance(process, str) else _failure(process)
            yield Compiled(module, package, failure)
    finally:  # Ctrl-C leaves none behind
        for *_, process in started:
            if not isinstance(process, str) and process.poll() is None:
                process.kill()
                process.communicate()


def _start(module: str) -> subprocess.Popen[bytes] | str:
    # -P: nothing is imported from the user's directory
    try:
        return subprocess.Popen(
            [sys.executable, "-P", "-c", f"import {module}"],
            env=child_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        return type(error).__name__


def _failure(process: subprocess.Popen[bytes]) -> str:
    """Python's last line, or the signal; "" for a good end."""
    try:
        _, told = process.communicate(timeout=_PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        return f"{_PATIENCE_SECONDS:g} s"
    if process.returncode == 0:
        return ""
    if process.returncode < 0:
        return signal_name(-process.returncode)
    lines = told.decode("utf-8", errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "exit 1")[:300]
