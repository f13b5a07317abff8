"""What a handshake was made with: other options, another question."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cpx_tool.model.trust import TrustMaterial
from cpx_tool.wiring import Knocking, errands
from support.pki import pem, root

ASKED = Knocking(("https://127.0.0.1:9/",), 20, proxy="none")


def choices(asked: Knocking, at_hand: TrustMaterial | None = None) -> str:
    return errands(asked, at_hand or TrustMaterial(), None).choices


@pytest.fixture
def authorities(tmp_path: Path) -> tuple[Path, ...]:
    """Two files with a CA each."""
    files = (tmp_path / "one.pem", tmp_path / "two.pem")
    for file in files:
        file.write_bytes(pem(root(file.stem).der()))
    return files


def test_each_option_that_changes_the_answer_counts(authorities: tuple[Path, ...]) -> None:
    told = [
        choices(ASKED),
        choices(replace(ASKED, insecure=True)),
        choices(replace(ASKED, expect_status=200)),
        choices(replace(ASKED, tls_max="1.2")),
        choices(replace(ASKED, proxy="http://127.0.0.1:9")),
        choices(replace(ASKED, ca_files=authorities[:1])),
        choices(replace(ASKED, ca_files=authorities)),
        choices(ASKED, TrustMaterial(certificates=(root("between").der(),))),
    ]
    assert len(set(told)) == len(told)


def test_what_changes_no_answer_does_not_count(
    authorities: tuple[Path, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time to wait, the order of files, the password of a proxy."""
    assert choices(ASKED) == choices(replace(ASKED, seconds=5))
    both = replace(ASKED, ca_files=authorities)
    assert choices(both) == choices(replace(both, ca_files=authorities[::-1]))
    told = []
    for password in ("a", "b"):
        monkeypatch.setenv("HTTPS_PROXY", f"http://user:{password}@127.0.0.1:9")
        told.append(choices(replace(ASKED, proxy=None)))
    assert told[0] == told[1]
