"""What the tool says of the real certificates of the field, kept in tests/golden.

    python scripts/golden.py       write it down again (make golden); git diff shows what changed

One file for each certificate and CRL beside this checkout. They hold what the tool says, and
nothing of the certificates' own bytes. The holders are fictional but one: the ANS itself.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from itertools import dropwhile
from pathlib import Path
from typing import Any

from cpx_tool import i18n
from cpx_tool.cli.main import run

ROOT = Path(__file__).resolve().parents[1]
CERTIFICATES = ROOT.parent / "shared" / "certs"
GOLDEN = ROOT / "tests" / "golden"

IN_FORCE = "2019-06-28"
"""Both CRLs count."""
LATER = "2019-08-01"
"""Neither does any more."""
NO_CA_LEFT = "2034-01-01"

MOMENTS: dict[str, tuple[str, ...]] = {
    "CA_PROD_ACI-EL-ORG.cer": (IN_FORCE, NO_CA_LEFT),
    "CA_PROD_ACR-EL.cer": (IN_FORCE,),
    "CA_TEST_ACI-EL-ORG-TEST.cer": (IN_FORCE, LATER, NO_CA_LEFT),
    "CA_TEST_ACI-EL-PP-TEST.cer": (IN_FORCE, LATER),
    "CA_TEST_ACI-ST-PP-TEST.cer": (IN_FORCE,),
    "CA_TEST_ACR-EL-TEST.cer": (IN_FORCE,),
    "CA_TEST_ACR-ST-TEST.cer": (IN_FORCE,),
    "PRODORG_sign_signature.rpps.fr_2016.der": (IN_FORCE,),
    "TESTCARD_cps2ter_sign_medecin_899900038839_2016.der": (IN_FORCE,),
    "TESTCARD_igcsante_auth_CPEnominative_30B0057881-CPET0002_2017.der": (IN_FORCE, NO_CA_LEFT),
    "TESTCARD_igcsante_sign_infirmier_00B6077602_2020.der": ("2021-06-01",),
    "TESTORG_authcli_10B0127189_2019.der": (IN_FORCE, LATER),
    "TESTORG_servssl_platines_2017.der": (IN_FORCE, LATER),
    "TESTORG_sign_testsign_318751275100020_2021.der": ("2022-06-01", "2026-01-31"),
    "TESTORG_sign_tomwsrevoque_REVOKEDNAME_2019.der": (
        "2019-06-14T13:25",  # valid since 13:20, revoked at 13:26
        IN_FORCE,
        LATER,
    ),
    "TESTSOFT_igcsante_sign_PP_medecin_899900063480_2019.der": (IN_FORCE, "2023-01-01"),
}
"""For which moments each certificate is judged: within its validity, and where it matters later."""

OF_A_MOMENT = ("validity", "chain", "revocation")
CRLS = ("CRL_TEST_ACI-EL-ORG-TEST_2019.pem", "CRL_TEST_ACR-EL-TEST_2019.pem")


def written() -> dict[str, str]:
    """File name → text of all golden files, as they have to be."""
    with _empty_store(), tempfile.TemporaryDirectory() as folder:
        authorities = _authorities(Path(folder))
        said = {name: _certificate(name, moments, authorities) for name, moments in MOMENTS.items()}
        said |= {name: _crl(name, authorities) for name in CRLS}
    return {f"{name}.json": _text(body) for name, body in said.items()}


def main() -> None:
    """Write tests/golden again."""
    if not CERTIFICATES.is_dir():
        sys.exit(f"The real certificates are not beside this checkout ({CERTIFICATES}).")
    GOLDEN.mkdir(exist_ok=True)
    files = written()
    for stray in {path.name for path in GOLDEN.iterdir()} - files.keys():
        (GOLDEN / stray).unlink()
    for name, text in files.items():
        (GOLDEN / name).write_text(text, encoding="utf-8")
    print(f"{len(files)} files written to {GOLDEN.relative_to(ROOT)}; look at them: git diff")


def _certificate(name: str, moments: Sequence[str], authorities: Path) -> dict[str, Any]:
    crls = [word for crl in CRLS for word in ("--crl", str(CERTIFICATES / crl))]
    options = [str(CERTIFICATES / name), "--ca-dir", str(authorities), *crls]
    same: list[dict[str, Any]] = []
    judged: dict[str, Any] = {}
    for moment in moments:
        code, body = _json("inspect", *options, "--at", moment)
        (entry,) = body["certificates"]
        del entry["file"]
        entry["dossier"] = _brief(entry["dossier"])
        judged[body["at"]] = {"exit_code": code, **{key: entry.pop(key) for key in OF_A_MOMENT}}
        same.append(entry)
    assert all(entry == same[0] for entry in same), name  # noqa: S101 - what it says of itself
    _, shown = _said("inspect", *options, "--at", moments[0])
    lines = dropwhile(lambda line: not line.startswith(" "), shown.splitlines())  # the path
    return {"certificate": same[0], "at": judged, "shown": [line for line in lines if line]}


def _brief(dossier: dict[str, Any]) -> dict[str, Any]:
    """What was found, with its state and the place it counts from."""
    found = {key: entry for key, entry in dossier.items() if entry["state"] != "not-present"}
    return {
        key: {name: entry[name] for name in ("state", "value", "origin")}
        for key, entry in found.items()
    }


def _crl(name: str, authorities: Path) -> dict[str, Any]:
    """A CRL is no certificate; a store with its CA takes it."""
    path = str(CERTIFICATES / name)
    code, inspected = _json("inspect", path)
    with _empty_store():
        _json("trust", "import", str(authorities))
        _, imported = _json("trust", "import", path)
        _, listed = _json("trust", "list")
    for entry in (*inspected["certificates"], *imported["imported"]):
        del entry["file"]
    return {
        "inspect": {"exit_code": code, "certificates": inspected["certificates"]},
        "trust import": imported["imported"],
        "trust list": listed["crls"],
    }


def _authorities(folder: Path) -> Path:
    for path in CERTIFICATES.glob("CA_*.cer"):
        (folder / path.name).symlink_to(path)
    return folder


@contextlib.contextmanager
def _empty_store() -> Iterator[None]:
    """No CA of the user's."""
    before = os.environ.get("CPX_TRUST_DIR")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["CPX_TRUST_DIR"] = folder
        try:
            yield
        finally:
            os.environ.pop("CPX_TRUST_DIR")
            if before is not None:
                os.environ["CPX_TRUST_DIR"] = before


def _json(*arguments: str) -> tuple[int, Any]:
    code, text = _said(*arguments, "--json")
    return code, json.loads(text)


def _said(*arguments: str) -> tuple[int, str]:
    """Exit code and standard output, in English, on 80 columns."""
    i18n.use("en")
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        code = run(arguments)
    return code, out.getvalue()


def _text(body: dict[str, Any]) -> str:
    return json.dumps(body, ensure_ascii=False, indent=2) + "\n"


if __name__ == "__main__":
    main()
