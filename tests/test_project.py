"""The tree itself: nothing that must not be published, and files that agree with each other."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)
from cryptography.hazmat.primitives.serialization.pkcs12 import (
    load_pkcs12,
    serialize_key_and_certificates,
)

from cpx_tool import __version__

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

# written so that this file does not find itself
UNWANTED = {
    "a path of one machine": r"(?<![\w.])/(?:work|root|home/[a-z]+|opt/pypi|opt/wheels|tmp/v)\b/?",
    "a private key": "-----BEGIN (?:[A-Z]+ )*" + "PRIVATE KEY",
    "a package host": r"(?:pypi\.|pythonhosted\.|deb\.debian\.|snapshot\.debian\.)" + "org",
}


def published() -> list[Path]:
    """The files that git tracks, or would track."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listing.returncode != 0:
        pytest.skip("this tree is not a git checkout")
    return [ROOT / name for name in listing.stdout.split("\0") if name and (ROOT / name).is_file()]


def unwanted_in(text: str) -> list[str]:
    return [what for what, pattern in UNWANTED.items() if re.search(pattern, text)]


def test_no_file_holds_what_must_not_be_published() -> None:
    found = {
        str(path.relative_to(ROOT)): unwanted
        for path in published()
        if (unwanted := unwanted_in(path.read_bytes().decode("latin-1")))
    }
    assert found == {}


@pytest.mark.parametrize(
    "text",
    [
        "see /" + "work/main/x",
        "'/" + "home/someone/.config'",
        "-----BEGIN RSA " + "PRIVATE KEY-----",
        "-----BEGIN " + "PRIVATE KEY-----",
        "https://" + "pypi." + "org/simple",
    ],
)
def test_what_must_not_be_published_is_found(text: str) -> None:
    assert len(unwanted_in(text)) == 1


@pytest.mark.parametrize("text", ["a/work/b", "/homework", "BEGIN PUBLIC KEY", "framework/main"])
def test_what_only_looks_like_it_is_not(text: str) -> None:
    assert unwanted_in(text) == []


def is_binary_key(content: bytes) -> bool:
    """A private key or a PKCS#12 in DER, with a password or not."""
    if not content.startswith(b"\x30"):  # all of them are a SEQUENCE
        return False
    for load in (load_der_private_key, load_pkcs12):
        try:
            load(content, None)
        except TypeError:  # encrypted
            return True
        except ValueError as error:
            if "password" in str(error):
                return True
        else:
            return True
    return False


def test_no_private_key_in_binary_form_is_published() -> None:
    assert [path for path in published() if is_binary_key(path.read_bytes())] == []


@pytest.mark.parametrize("encryption", [NoEncryption(), BestAvailableEncryption(b"secret")])
def test_a_private_key_in_binary_form_is_found(encryption: KeySerializationEncryption) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    assert is_binary_key(key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, encryption))
    assert is_binary_key(serialize_key_and_certificates(None, key, None, None, encryption))
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert not is_binary_key(public)


def test_the_changelog_tells_of_this_version() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## \[([^\]]+)\]", text, re.MULTILINE)
    releases = [heading for heading in headings if heading != "Unreleased"]
    assert headings
    if headings[0] != "Unreleased":
        assert headings[0] == __version__
    assert __version__ in releases or headings[0] == "Unreleased"


def test_every_part_of_the_package_has_a_layer() -> None:
    (contract,) = PROJECT["tool"]["importlinter"]["contracts"]
    layers = {part.strip() for layer in contract["layers"] for part in layer.split("|")}
    package = ROOT / "src" / "cpx_tool"
    modules = {path.stem for path in package.glob("*.py")}
    packages = {path.parent.name for path in package.glob("*/__init__.py")}
    assert (modules | packages) - {"__init__"} == layers | set(contract["exhaustive_ignores"])
    assert contract["exhaustive"] is True


def pins(*names: str) -> dict[str, str]:
    """Package → version, of the named requirement files."""
    found = {}
    for name in names:
        text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
        for pin in text.replace("\\\n", " ").splitlines():
            if pin and not pin.startswith("#"):
                package, version = re.match(r"([\w.-]+)==(\S+)", pin).groups()  # type: ignore[union-attr]
                assert "--hash=sha256:" in pin, f"{package} has no hash"
                assert found.setdefault(package, version) == version, f"{package} has two versions"
    return found


@pytest.mark.parametrize(
    ("stated", "file"),
    [
        (PROJECT["project"]["dependencies"], "run"),
        (PROJECT["build-system"]["requires"], "build"),
        (PROJECT["dependency-groups"]["build"], "build"),
        (PROJECT["dependency-groups"]["dev"], "dev"),
        (PROJECT["dependency-groups"]["fuzz"], "fuzz"),
        (PROJECT["dependency-groups"]["fleet"], "fleet"),
        (PROJECT["dependency-groups"]["docs"], "docs"),
    ],
)
def test_what_pyproject_asks_for_is_pinned(stated: list[str], file: str) -> None:
    pinned = pins(file)
    for requirement in stated:
        package, exact = re.match(r"([\w.-]+)(?:==(\S+))?", requirement).groups()  # type: ignore[union-attr]
        assert package in pinned, "run `make lock`"
        assert exact in (None, pinned[package]), "run `make lock`"


def test_the_requirement_files_agree_and_are_hashed() -> None:
    assert pins("run", "build", "dev", "fuzz", "docs", "fleet")


def test_requirement_files_hold_only_pins_and_hashes() -> None:
    for path in (ROOT / "requirements").iterdir():
        for line in path.read_text(encoding="utf-8").splitlines():
            assert re.match(r"#|[\w.-]+==\S+ \\$|    --hash=sha256:[0-9a-f]{64}|$", line), line
