"""The workstation's own places and limits."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path

import platformdirs
import pytest

from cpx_tool import wiring
from cpx_tool.adapters.trust_store import TRUST_VARIABLE
from cpx_tool.catalogue.sets import find_set
from cpx_tool.errors import BadInput, why
from cpx_tool.i18n import say


def raises(_: str) -> str:
    raise RuntimeError


@pytest.fixture(params=[raises, "~/.cache/{}".format], ids=["raises", "leaves the ~"])
def no_home(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user whom the system does not know, as in some containers."""
    unknown: Callable[[str], str] = request.param
    monkeypatch.setattr(platformdirs, "user_cache_dir", unknown)
    monkeypatch.setattr(platformdirs, "user_data_dir", unknown)
    monkeypatch.delenv(TRUST_VARIABLE, raising=False)


@pytest.mark.usefixtures("no_home")
def test_without_a_home_nothing_is_written_into_the_current_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for action in (
        lambda: wiring.emulate(find_set("centre-sante"), tmp_path / "into", (), False),
        lambda: wiring.import_trust([], accept_unknown=False),
        wiring.list_trust,
    ):
        with pytest.raises(BadInput) as caught:
            action()
        assert "HOME" in say(caught.value.hint)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("no_home")
def test_without_a_home_there_is_no_store_and_checks_go_on() -> None:
    assert wiring.trust_at_hand((), ()).accepted == ()


def test_every_common_reason_of_the_system_has_words() -> None:
    common = "ENOENT EACCES EPERM EISDIR ENOTDIR EEXIST ENOSPC EDQUOT EFBIG EROFS ENAMETOOLONG"
    for name in [*common.split(), "ELOOP", "EMFILE", "ENFILE", "EIO", "EBADF", "EBUSY"]:
        assert say(why(OSError(getattr(errno, name), ""))) != name
    assert say(why(OSError(errno.EXDEV, ""))) == "EXDEV"
