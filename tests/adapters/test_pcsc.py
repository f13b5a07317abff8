"""PC/SC as a real pcscd shows it; only what it cannot be brought to say comes from a fake layer."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cpx_tool.adapters.pcsc import PcscReaders, ReaderStatus, Scard
from cpx_tool.model.reader import CardKind, Pcsc, PcscStatus, Reader, ReaderState
from support.pcscd import Service, pcscd

CPS3 = "3BAC00402A001225006480000310009000"
CPS4 = "3B9B188001001225006480000401009044"
BANK = "3B6500002063CB6800"
LONG = "A reader with a very long name (Contact and Contactless Interface) 0123456789ABCDEF"

HOLD = """
import sys
from smartcard import scard
_, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
result, card, _ = scard.SCardConnect(
    context, sys.argv[1], scard.{mode}, scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1
)
assert result == 0, hex(result)
print("connected", flush=True)
sys.stdin.read()
# a mere exit would be noticed by the service some time later
scard.SCardDisconnect(card, scard.SCARD_LEAVE_CARD)
scard.SCardReleaseContext(context)
"""


def observe(service: Service) -> Pcsc:
    """One observation by the code under test, in the namespace and always in one process."""
    return service.call(PcscReaders().observe)


@pytest.mark.pcscd
class TestReaders:
    """One service for the tests that only put cards in and take them out."""

    @pytest.fixture(scope="class")
    @classmethod
    def running(cls) -> Iterator[Service]:
        with pcscd("Virtual reader", LONG) as service:
            yield service

    @pytest.fixture
    def service(self, running: Service) -> Iterator[Service]:
        yield running
        running.remove_all()

    def test_empty_readers_are_listed_by_their_full_names(self, service: Service) -> None:
        assert observe(service) == Pcsc(
            PcscStatus.OK,
            tuple(
                Reader(name, ReaderState.EMPTY)
                for name in (
                    "Virtual reader 00 00",
                    "Virtual reader 00 01",
                    f"{LONG} 00 00",
                    f"{LONG} 00 01",
                )
            ),
        )

    def test_cards_come_and_go(self, service: Service) -> None:
        service.insert(0, CPS3)
        service.insert(3, CPS4)
        first, second, third, fourth = observe(service).readers
        assert (first.state, first.atr, first.kind) == (
            ReaderState.CARD_PRESENT,
            CPS3,
            CardKind.CPS3,
        )
        assert {second.state, third.state} == {ReaderState.EMPTY}
        assert (fourth.state, fourth.atr, fourth.kind) == (
            ReaderState.CARD_PRESENT,
            CPS4,
            CardKind.CPS4,
        )

        service.remove(0)
        service.insert(1, BANK)
        first, second, _, fourth = observe(service).readers
        assert first == Reader("Virtual reader 00 00", ReaderState.EMPTY)
        assert (second.atr, second.kind) == (BANK, CardKind.UNKNOWN)
        assert fourth.atr == CPS4

    def test_a_mute_card_is_told_from_an_empty_reader(self, service: Service) -> None:
        service.insert_mute(1)
        assert observe(service).readers[1] == Reader("Virtual reader 00 01", ReaderState.MUTE)

    def test_a_stuck_driver_does_not_hide_the_other_readers(self, service: Service) -> None:
        service.insert_stuck(2)
        service.insert(0, CPS3)
        first, _, third, _ = observe(service).readers
        assert first.state is ReaderState.CARD_PRESENT
        assert third.state is ReaderState.EMPTY  # the service knows no better

    @pytest.mark.parametrize(
        ("mode", "state"),
        [
            ("SCARD_SHARE_EXCLUSIVE", ReaderState.IN_USE),
            ("SCARD_SHARE_SHARED", ReaderState.CARD_PRESENT),
        ],
    )
    def test_a_card_held_by_another_program(
        self, service: Service, mode: str, state: ReaderState
    ) -> None:
        service.insert(0, CPS3)
        name = service.readers[0]
        with service.background([sys.executable, "-c", HOLD.format(mode=mode), name]):
            assert observe(service).readers[0] == Reader(name, state, CPS3, CardKind.CPS3)
        assert observe(service).readers[0].state is ReaderState.CARD_PRESENT

    def test_another_program_keeps_its_connection_and_its_card_is_not_reset(
        self, service: Service
    ) -> None:
        service.insert(0, CPS3)
        watcher = """
import sys
from smartcard import scard
_, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
_, card, protocol = scard.SCardConnect(context, sys.argv[1], scard.SCARD_SHARE_SHARED, 3)
from cpx_tool.adapters.pcsc import PcscReaders
assert PcscReaders().observe().readers[0].state == "card-present"
pci = scard.SCARD_PCI_T0 if protocol == 1 else scard.SCARD_PCI_T1
print(scard.SCardTransmit(card, pci, [0, 0xA4, 0, 0, 2, 0x3F, 0]))
"""
        done = service.run([sys.executable, "-c", watcher, service.readers[0]])
        assert done.stdout == "[0, [106, 130]]\n", done.stderr


@pytest.mark.pcscd
class TestService:
    """Tests that need a service of their own."""

    def test_a_stopped_and_restarted_service(self) -> None:
        with pcscd("Virtual reader") as service:
            service.insert(0, CPS3)
            before = observe(service)
            assert before.status is PcscStatus.OK

            service.stop()
            assert observe(service) == Pcsc(
                PcscStatus.NO_SERVICE, detail="Service not available (0x8010001D)"
            )

            service.start()
            assert observe(service) == before

    def test_no_reader(self) -> None:
        with pcscd() as service:
            assert observe(service) == Pcsc(
                PcscStatus.NO_READER, detail="Cannot find a smart card reader (0x8010002E)"
            )

    def test_a_service_that_does_not_answer_is_given_up(self) -> None:
        with pcscd("Virtual reader") as service:
            service.freeze()
            pcsc = service.call(PcscReaders(deadline=0.2).observe)
            assert pcsc == Pcsc(PcscStatus.ERROR, detail="no answer within 0.2 s")
            code = (
                "from cpx_tool.adapters.pcsc import PcscReaders\n"
                "print(PcscReaders(deadline=0.1).observe().status)"
            )
            done = service.run([sys.executable, "-c", code])  # and the process can end
            assert (done.returncode, done.stdout, done.stderr) == (0, "error\n", "")

    def test_a_name_that_pyscard_cannot_pass_hides_no_other_reader(self) -> None:
        with pcscd("Lecteur intégré", "Virtual reader") as service:
            service.insert(2, CPS3)
            pcsc = observe(service)
            assert pcsc.status is PcscStatus.OK
            assert pcsc.readers[0] == Reader("Lecteur intégré 00 00", ReaderState.UNAVAILABLE)
            assert pcsc.readers[2].atr == CPS3
            assert "Lecteur intégré 00 00: UnicodeEncodeError" in pcsc.detail

    def test_nothing_is_left_after_the_context(self) -> None:
        with pcscd("Virtual reader") as service:
            service.insert(0, CPS3)
            namespace = service.run(["readlink", "/proc/self/ns/pid"]).stdout.strip()
            assert _processes_in(namespace)
        assert not _processes_in(namespace)


def _processes_in(pid_namespace: str) -> list[Path]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # ended meanwhile, or another user's
            if str((process / "ns/pid").readlink()) == pid_namespace:
                found.append(process)
    return found


def test_an_unusable_library_is_named_and_nothing_else_is_printed(tmp_path: Path) -> None:
    """Left to itself pyscard prints a line to stdout and says that there is no service."""
    (tmp_path / "libpcsclite.so.1").touch()
    code = (
        "import json\n"
        "from cpx_tool.adapters.pcsc import PcscReaders\n"
        "pcsc = PcscReaders().observe()\n"
        "print(json.dumps([pcsc.status, pcsc.detail]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ
        | {"LD_LIBRARY_PATH": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    status, detail = json.loads(done.stdout)
    assert status == "error"
    assert "libpcsclite.so.1" in detail


class Fake:
    """A PC/SC layer that answers what it was told to."""

    def __init__(
        self,
        *,
        established: int = 0,
        listed: int = 0,
        names: tuple[str, ...] = (),
        status: Callable[[str], ReaderStatus] = lambda _: ReaderStatus(0, 0x10),
    ) -> None:
        self._established = established
        self._listed = listed
        self._names = names
        self._status = status
        self.open = 0

    def establish(self) -> tuple[int, int]:
        self.open += not self._established
        return self._established, 1

    def list_readers(self, context: int) -> tuple[int, list[str]]:
        return self._listed, list(self._names)

    def status(self, context: int, reader: str) -> ReaderStatus:
        return self._status(reader)

    def release(self, context: int) -> None:
        self.open -= 1

    def explain(self, hresult: int) -> str:
        return "Explained."


@pytest.mark.parametrize(
    ("hresult", "status"),
    [
        (0x8010001D, PcscStatus.NO_SERVICE),
        (0x8010001E, PcscStatus.NO_SERVICE),
        (0x8010002E, PcscStatus.NO_READER),
        (0x8010006A, PcscStatus.ACCESS_REFUSED),
        (0x80100001, PcscStatus.ERROR),
        (0x80100013, PcscStatus.ERROR),
    ],
)
@pytest.mark.parametrize("step", ["established", "listed", "status"])
def test_a_refusal_at_any_step_is_a_status(step: str, hresult: int, status: PcscStatus) -> None:
    layers = {
        "established": Fake(established=hresult),
        "listed": Fake(listed=hresult),
        "status": Fake(names=("A",), status=lambda _: ReaderStatus(hresult)),
    }
    layer: Scard = layers[step]
    assert PcscReaders(lambda: layer).observe() == Pcsc(
        status, detail=f"Explained (0x{hresult:08X})"
    )
    assert layers[step].open == 0


def test_the_plug_and_play_pseudo_reader_is_no_reader() -> None:
    pseudo = "\\\\?PnP?\\Notification"
    alone = Fake(names=(pseudo,))
    assert PcscReaders(lambda: alone).observe().status is PcscStatus.NO_READER
    with_another = Fake(names=(pseudo, "A"))
    assert PcscReaders(lambda: with_another).observe().readers == (Reader("A", ReaderState.EMPTY),)


@pytest.mark.parametrize("hresult", [0x80100009, 0x80100017])
def test_a_reader_unplugged_meanwhile_does_not_hide_the_others(hresult: int) -> None:
    answers = {"A": ReaderStatus(hresult), "B": ReaderStatus(0, 0x22, bytes.fromhex(CPS3))}
    layer = Fake(names=("A", "B"), status=answers.__getitem__)
    assert PcscReaders(lambda: layer).observe() == Pcsc(
        PcscStatus.OK,
        (
            Reader("A", ReaderState.UNAVAILABLE),
            Reader("B", ReaderState.CARD_PRESENT, CPS3, CardKind.CPS3),
        ),
    )


@pytest.mark.parametrize(
    ("bits", "state"),
    [
        (0x0006, ReaderState.UNAVAILABLE),
        (0x000A, ReaderState.UNAVAILABLE),
        (0x0012, ReaderState.EMPTY),
        (0x0092, ReaderState.EMPTY),  # held by a program that talks to the reader itself
        (0x0022, ReaderState.CARD_PRESENT),
        (0x0122, ReaderState.CARD_PRESENT),
        (0x0422, ReaderState.CARD_PRESENT),
        (0x00A2, ReaderState.IN_USE),
        (0x0222, ReaderState.MUTE),
        (0x02A2, ReaderState.MUTE),
    ],
)
def test_states(bits: int, state: ReaderState) -> None:
    counter = 7 << 16  # pcsc-lite counts the events in the high word
    layer = Fake(names=("A",), status=lambda _: ReaderStatus(0, counter | bits))
    assert PcscReaders(lambda: layer).observe().readers[0].state is state


@pytest.mark.parametrize("error", [ImportError("no module named smartcard"), OSError("no library")])
def test_a_layer_that_cannot_be_had_is_an_error_with_its_reason(error: Exception) -> None:
    def layer() -> Scard:
        raise error

    assert PcscReaders(layer).observe() == Pcsc(
        PcscStatus.ERROR, detail=f"{type(error).__name__}: {error}"
    )


def test_a_context_is_released_when_the_layer_breaks() -> None:
    def broken(_: str) -> ReaderStatus:
        raise SystemError("returned a result with an exception set")

    layer = Fake(names=("A",), status=broken)
    assert PcscReaders(lambda: layer).observe().status is PcscStatus.ERROR
    assert layer.open == 0
