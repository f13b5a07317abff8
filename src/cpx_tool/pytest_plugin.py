"""The pytest plugin: `virtual_reader`, `virtual_card`, and the mark `cpx_card`.

    @pytest.mark.cpx_card("medecin-generaliste", defects=["pkcs1-only=all"])
    def test_login(virtual_card):
        ...  # the card is in a virtual reader of this machine's PC/SC service

Tests are skipped, with the reason, where no virtual reader listens. Those of several processes
(pytest-xdist) take turns at a reader.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:  # loaded for tests that use them only: pytest starts with every plugin
    from cpx_tool.testing import VirtualCard, VirtualCards, VirtualReader

_PORT = "cpx_port"
_MARK = "cpx_card"
_LAST_PORT = 65535
_ARGUMENTS = ("set", "defects", "faults", "delay", "signing_delay")


def pytest_addoption(parser: pytest.Parser) -> None:
    """The port of the virtual reader, on the command line or in the configuration."""
    group = parser.getgroup("cpx-tool", "virtual CPx cards")
    group.addoption("--cpx-port", type=int, help="Port of the virtual reader (vpcd).")
    parser.addini(_PORT, "Port of the virtual reader (vpcd).", default="")


def pytest_configure(config: pytest.Config) -> None:
    """The mark that chooses a card. Raises `pytest.UsageError` for a port that is none."""
    _port(config)
    config.addinivalue_line(
        "markers",
        f"{_MARK}(card, set='centre-sante', defects=(), faults=(), delay=0, signing_delay=0): "
        "which virtual card is in the reader; delays in seconds.",
    )


@pytest.fixture
def virtual_reader(request: pytest.FixtureRequest) -> Iterator[VirtualReader]:
    """An empty virtual reader; the card that a test put in is taken out."""
    from cpx_tool.i18n import say  # noqa: PLC0415
    from cpx_tool.testing import NoVirtualReader, VirtualReader  # noqa: PLC0415
    from cpx_tool.wiring.virtual_cards import first_port  # noqa: PLC0415

    class Reader(VirtualReader):
        def insert(self, card: VirtualCard) -> None:
            try:
                super().insert(card)
            except NoVirtualReader as error:
                pytest.skip(say(error.reason))

    port = _port(request.config)
    if port is None:
        port = first_port()
    with _turn(port):
        reader = Reader(port)
        try:
            yield reader
        finally:
            reader.remove()


@pytest.fixture
def virtual_cards(request: pytest.FixtureRequest) -> VirtualCards:
    """The set of which `virtual_card` is one."""
    from cpx_tool.testing import virtual_set  # noqa: PLC0415

    _, options = _wanted(request)
    with _in_words():
        return virtual_set(options.pop("set", "centre-sante"), **options)


@pytest.fixture
def virtual_card(
    request: pytest.FixtureRequest, virtual_reader: VirtualReader, virtual_cards: VirtualCards
) -> VirtualCard:
    """The card of the mark `cpx_card` (else the set's first), in `virtual_reader`."""
    name, _ = _wanted(request)
    with _in_words():
        card = virtual_cards.card(name)
        virtual_reader.insert(card)
        return card


def _port(config: pytest.Config) -> int | None:
    """As chosen; None where none is."""
    chosen = config.getoption("--cpx-port")
    if chosen is None:
        chosen = config.getini(_PORT) or None
    if chosen is None:
        return None
    if not str(chosen).isdecimal() or not 0 < int(chosen) <= _LAST_PORT:
        raise pytest.UsageError(f"cpx_port: {chosen} is no port; vpcd listens on 35963")
    return int(chosen)


@contextmanager
def _in_words() -> Iterator[None]:
    """What is wrong with a mark or with the reader, without a traceback of this package."""
    from cpx_tool.i18n import say  # noqa: PLC0415
    from cpx_tool.testing import CpxError  # noqa: PLC0415

    try:
        yield
    except CpxError as error:
        raise _failure(f"{say(error.reason)}\n→ {say(error.hint)}") from None


def _failure(text: str) -> BaseException:
    return pytest.fail.Exception(text, pytrace=False)


@contextmanager
def _turn(port: int) -> Iterator[None]:
    """One test at a time has the reader: other processes of the user wait."""
    try:
        import fcntl  # noqa: PLC0415
    except ImportError:  # Windows
        yield
        return
    place = Path(tempfile.gettempdir()) / f"cpx-tool-{os.getuid()}-{port}.lock"
    try:
        number = os.open(place, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _failure(f"{place} cannot be opened: {error.strerror}. Remove it.") from None
    try:
        fcntl.flock(number, fcntl.LOCK_EX)
        yield
    finally:
        os.close(number)


def _wanted(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    mark = request.node.get_closest_marker(_MARK)
    if mark is None:
        return "1", {}
    unknown = sorted(mark.kwargs.keys() - _ARGUMENTS)
    if unknown:
        known = ", ".join(_ARGUMENTS)
        pytest.fail(f"The mark {_MARK} takes no {unknown[0]}: it takes {known}.", pytrace=False)
    return (str(mark.args[0]) if mark.args else "1"), dict(mark.kwargs)
