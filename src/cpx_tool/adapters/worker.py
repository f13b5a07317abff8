"""Runs the PKCS#11 module in a child process: a crash or a hang becomes a fact."""

from __future__ import annotations

import queue
import subprocess
import sys
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import msgspec

from cpx_tool.adapters.frames import Reply, Request, read_frame, write_frame
from cpx_tool.adapters.system import child_environment, signal_name
from cpx_tool.errors import NothingToCheck, why
from cpx_tool.model.fault import CARD_CHANGED, INTERRUPTED, SLOT_GONE, Fault, FaultKind
from cpx_tool.model.message import msg
from cpx_tool.model.token import (
    ModuleInfo,
    PrivateContents,
    Seal,
    Slot,
    TokenContents,
    TokenInfo,
)
from cpx_tool.ports import MAX_SLOTS, Pin, TokenFault

T = TypeVar("T")

_PAD_DEADLINE = 60.0
"""In seconds: a person types. Readers give up earlier, mostly after 30."""
_PATIENCE_SECONDS = 5.0
_HASTE_SECONDS = 0.3
"""SoftHSM, killed while it writes, leaves a damaged card; its calls are far shorter."""
_KILL_SECONDS = 2.0
_MOST_GROWTH = 256 << 20
"""In bytes. SoftHSM, OpenSC and the Cryptolib stay within some megabytes for a card."""
_SPAWNER = ThreadPoolExecutor(1, "spawner")
"""Starts the children: one goes with the thread that started it (`end_with_parent`)."""

_FUNCTIONS = {
    "load": "C_Initialize",
    "slots": "C_GetSlotList",
    "numbering": "C_GetSlotList",
    "has_token": "C_GetTokenInfo",
    "token_info": "C_GetTokenInfo",
    "read": "C_FindObjects",
    "login": "C_Login",
    "read_private": "C_FindObjects",
    "sign": "C_Sign",
    "logout": "C_Logout",
}


class WorkerTokens:
    """Satisfies `ports.Tokens` through a child process, restarted after a crash or a hang.

    Raises `NothingToCheck` where no process can be started.

    `deadline` is the time one call may take, in seconds. `environment` is added to ours.
    """

    def __init__(self, path: str, environment: Mapping[str, str], deadline: float) -> None:
        self._path = path
        self._environment = environment
        self._deadline = deadline
        self._process: subprocess.Popen[bytes] | None = None
        self._generation = 0
        self._memory = 0
        self._lock = threading.Lock()
        self._abandoned = False
        self._replies: queue.Queue[bytes | None] = queue.Queue()

    @property
    def generation(self) -> int:
        """How often the child was started, the start that the next call will need included."""
        return self._generation + (self._process is None)

    def load(self) -> ModuleInfo:
        """Start the child where there is none, and load the module in it."""
        return self._call(Request("load"), ModuleInfo)

    def slots(self) -> tuple[Slot, ...]:
        """See `ports.Tokens.slots`."""
        try:
            return self._call(Request("slots"), tuple[Slot, ...])
        except TokenFault as error:
            if error.fault.kind is FaultKind.ERROR:
                raise
        return self._slots_one_by_one()

    def numbering(self) -> tuple[Slot, ...]:
        """See `ports.Tokens.numbering`."""
        return self._call(Request("numbering"), tuple[Slot, ...])

    def token_info(self, slot_id: int) -> TokenInfo:
        """See `ports.Tokens.token_info`."""
        return self._call(Request("token_info", slot_id), TokenInfo)

    def read(self, slot_id: int) -> TokenContents:
        """See `ports.Tokens.read`."""
        return self._call(Request("read", slot_id), TokenContents)

    def login(self, slot_id: int, pin: Pin | None, expected: Seal) -> None:
        """See `ports.Tokens.login`. A failed login leaks a session in the binding."""
        secret = pin.reveal() if pin is not None else None
        request = Request("login", slot_id, pin=secret, expected=expected)
        if self._process is None:  # a fresh child may number its slots otherwise
            raise TokenFault(_fault(FaultKind.ERROR, request, CARD_CHANGED))
        try:
            self._call(request, type(None))
        except TokenFault:
            self.close()
            raise

    def read_private(self, slot_id: int) -> PrivateContents:
        """See `ports.Tokens.read_private`."""
        return self._call(Request("read_private", slot_id), PrivateContents)

    def sign(self, slot_id: int, key_id: str, mechanism: str, data: bytes) -> bytes:
        """See `ports.Tokens.sign`."""
        request = Request("sign", slot_id, key_id=key_id, mechanism=mechanism, data=data)
        return self._call(request, bytes)

    def logout(self, slot_id: int) -> None:
        """See `ports.Tokens.logout`. Of a module that keeps sessions open nothing is kept."""
        if self._process is not None:
            try:
                self._call(Request("logout", slot_id), type(None))
            except TokenFault:
                self.close()
                raise

    def close(self) -> None:
        """Let the child finalise the module; kill it when it does not end."""
        self._let_end(min(self._deadline, _PATIENCE_SECONDS))

    def abandon(self) -> None:
        """See `ports.Tokens.abandon`: the call under way may end, no more."""
        self._abandoned = True
        self._let_end(_HASTE_SECONDS)

    def _slots_one_by_one(self) -> tuple[Slot, ...]:
        """The slots when a token among them ended the module: each is looked into by itself."""
        slots = self.numbering()
        present = [False] * len(slots)
        for number in range(min(len(slots), MAX_SLOTS)):
            slots = self._numbered_again(slots)
            try:
                present[number] = self._call(Request("has_token", slots[number].id), bool)
            except TokenFault as error:
                if error.fault.kind is FaultKind.ERROR:
                    raise
                present[number] = True
        slots = self._numbered_again(slots)
        return tuple(
            replace(slot, token_present=there) for slot, there in zip(slots, present, strict=True)
        )

    def _numbered_again(self, slots: tuple[Slot, ...]) -> tuple[Slot, ...]:
        """The same slots, should the module have to be started again: it may number otherwise."""
        if self._process is not None:
            return slots
        again = self.numbering()
        if [slot.description for slot in again] != [slot.description for slot in slots]:
            raise TokenFault(_fault(FaultKind.ERROR, Request("numbering"), SLOT_GONE))
        return again

    def _let_end(self, patience: float) -> None:
        process = self._take()
        if process is None:
            return
        with suppress(OSError):
            _pipe(process.stdin).close()
        try:
            process.wait(timeout=patience)
        except subprocess.TimeoutExpired:
            _kill(process)

    def _call(self, request: Request, kind: type[T]) -> T:
        if self._abandoned:
            raise TokenFault(_fault(FaultKind.ERROR, request, INTERRUPTED))
        if self._process is None:
            self._start()
            if request.call != "load":
                self._call(Request("load"), ModuleInfo)
        try:
            return self._exchange(request, kind)
        except TokenFault as error:
            raise TokenFault(replace(error.fault, module=Path(self._path).name)) from None
        except BaseException:  # Ctrl-C among them: leave no process behind
            self.abandon()
            raise

    def _exchange(self, request: Request, kind: type[T]) -> T:
        process, replies = self._process, self._replies
        if process is None:  # `_call` started it, and `abandon` was quicker
            raise TokenFault(_fault(FaultKind.ERROR, request, INTERRUPTED))
        with suppress(OSError, ValueError):  # it died, or is let go of: the empty reply says so
            write_frame(_pipe(process.stdin), msgspec.json.encode(request))
        on_pad = request.call == "login" and request.pin is None
        deadline = max(self._deadline, _PAD_DEADLINE) if on_pad else self._deadline
        try:
            frame = replies.get(timeout=deadline)
        except queue.Empty:
            self._end()
            code = f"{deadline:g} s"
            raise TokenFault(_fault(FaultKind.HANG, request, code)) from None
        if frame is None:
            raise TokenFault(_fault(FaultKind.CRASH, request, self._cause_of_death()))
        try:
            reply = msgspec.json.decode(frame, type=Reply)
            if reply.fault is not None:
                raise TokenFault(reply.fault)
            value = msgspec.json.decode(reply.value, type=kind)
        except msgspec.MsgspecError:
            self._end()
            raise TokenFault(_fault(FaultKind.CRASH, request, "garbage")) from None
        self._watch_memory(request, reply.memory)
        return value

    def _watch_memory(self, request: Request, memory: int) -> None:
        """The growth since the module was loaded. A good login is told first: the next call is
        where it ends.
        """
        if self._memory == 0:
            self._memory = memory
        grown = memory - self._memory
        if grown > _MOST_GROWTH and request.call != "login":
            self._end()
            raise TokenFault(_fault(FaultKind.EXCESS, request, f"{grown >> 20} MiB"))

    def _start(self) -> None:
        self._generation += 1
        self._memory = 0
        try:
            _SPAWNER.submit(self._spawn).result()
        except OSError as error:
            raise NothingToCheck(
                msg("The process for the module cannot be started: {why}.", why=why(error)),
                msg("Close other programs, or raise the limits of this session (ulimit -a)."),
            ) from None

    def _spawn(self) -> None:
        """In the spawner's thread, which no signal interrupts: no child is without its owner."""
        # -P: nothing is imported from the user's directory
        # stderr is dropped: pkcs11-spy and its like print PINs there
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "cpx_tool.adapters.pkcs11_worker", self._path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**child_environment(), **self._environment},
            start_new_session=True,
        )
        replies: queue.Queue[bytes | None] = queue.Queue()
        pump = threading.Thread(target=_pump, args=(_pipe(process.stdout), replies), daemon=True)
        pump.start()
        with self._lock:
            if not self._abandoned:
                self._process, self._replies = process, replies
                return
        _kill(process)

    def _end(self) -> None:
        process = self._take()
        if process is not None:
            _kill(process)

    def _take(self) -> subprocess.Popen[bytes] | None:
        """The child, which nobody else ends then: `abandon` comes from another thread."""
        with self._lock:
            process, self._process = self._process, None
        return process

    def _cause_of_death(self) -> str:
        process = self._take()
        if process is None:  # `abandon` took it away in the middle of the call
            return "ended"
        try:
            code = process.wait(timeout=5.0)
        except subprocess.TimeoutExpired:  # it closed its output and lives on
            _kill(process)
            return "closed"
        finally:
            _close_pipes(process)
        return f"exit {code}" if code >= 0 else signal_name(-code)


def _pump(pipe: BinaryIO, replies: queue.Queue[bytes | None]) -> None:
    """Hand over each frame; None at the end. A thread, because Windows cannot wait on pipes."""
    with pipe, suppress(OSError, ValueError):
        while (frame := read_frame(pipe)) is not None:
            replies.put(frame)
    replies.put(None)


def _fault(kind: FaultKind, request: Request, code: str) -> Fault:
    return Fault(kind, _FUNCTIONS[request.call], code)


def _kill(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    with suppress(subprocess.TimeoutExpired):  # in a driver of the kernel: it ends when that does
        process.wait(_KILL_SECONDS)
    _close_pipes(process)


def _close_pipes(process: subprocess.Popen[bytes]) -> None:
    with suppress(OSError):
        _pipe(process.stdin).close()


def _pipe(pipe: Any) -> BinaryIO:
    stream: BinaryIO = pipe
    return stream
