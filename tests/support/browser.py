"""A headless Chromium, driven through the DevTools protocol on a pair of pipes: no package needed.

https://chromedevtools.github.io/devtools-protocol/ ; `--remote-debugging-pipe` reads commands on
descriptor 3 and writes answers and events on 4, each ended by a NUL.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser")

_OPTIONS = (
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-pipe",
)
_PATIENCE_SECONDS = 60


class Page:
    """One tab. `events` holds what the browser told of its own accord, the oldest first."""

    def __init__(self, commands: IO[bytes], answers: IO[bytes]) -> None:
        self._commands, self._answers = commands, answers
        self._number = 0
        self._session = ""
        self.events: list[dict[str, Any]] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, /, **params: Any) -> dict[str, Any]:
        """What the browser answers to a command. Raises `RuntimeError` where it refuses."""
        self._number += 1
        body: dict[str, Any] = {"id": self._number, "method": method, "params": params}
        if self._session:
            body["sessionId"] = self._session
        self._commands.write(json.dumps(body).encode() + b"\0")
        self._commands.flush()
        while True:
            told = self._next()
            if told.get("id") == self._number:
                break
            self.events.append(told)
        if "error" in told:
            raise RuntimeError(f"{method}: {told['error']}")
        result: dict[str, Any] = told["result"]
        return result

    def open(self, path: Path) -> None:
        """Load a file, to the end. Raises `RuntimeError` where it cannot be loaded."""
        self.events.clear()
        told = self.call("Page.navigate", url=path.as_uri())
        if "errorText" in told:
            raise RuntimeError(f"{path}: {told['errorText']}")
        self.until("document.readyState === 'complete' && location.href !== 'about:blank'")

    def value(self, expression: str) -> Any:
        """What JavaScript makes of it; a promise is waited for. Raises `RuntimeError` as `call`."""
        told = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in told:
            raise RuntimeError(str(told["exceptionDetails"]))
        return told["result"].get("value")

    def until(self, expression: str) -> None:
        """Wait until it is true."""
        end = time.monotonic() + _PATIENCE_SECONDS
        while not self.value(expression):
            if time.monotonic() > end:
                raise TimeoutError(expression)
            time.sleep(0.02)

    def width(self, pixels: int, *, mobile: bool = False) -> None:
        """The width of the window."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=pixels,
            height=900,
            deviceScaleFactor=1,
            mobile=mobile,
        )

    def media(self, media: str = "", scheme: str = "light") -> None:
        """Screen ("") or "print"; "light" or "dark"."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.call("Emulation.setEmulatedMedia", media=media, features=features)

    def scripts(self, *, allowed: bool) -> None:
        """Whether the page's own scripts run, from the next page on."""
        self.call("Emulation.setScriptExecutionDisabled", value=not allowed)

    def key(self, name: str, text: str = "") -> None:
        """Press and release a key ("Tab", "Enter")."""
        codes = {"Tab": 9, "Enter": 13}
        for kind in ("keyDown", "keyUp"):
            more = {"text": text} if text and kind == "keyDown" else {}
            self.call(
                "Input.dispatchKeyEvent",
                type=kind,
                key=name,
                code=name,
                windowsVirtualKeyCode=codes[name],
                **more,
            )

    def pdf(self) -> bytes:
        """The page, printed."""
        printed = self.call("Page.printToPDF", printBackground=True, preferCSSPageSize=True)
        return base64.b64decode(printed["data"])

    def picture(self) -> bytes:
        """The whole page as PNG."""
        shot = self.call("Page.captureScreenshot", captureBeyondViewport=True)
        return base64.b64decode(shot["data"])

    def told(self, method: str) -> list[dict[str, Any]]:
        """The parameters of the events of that name, since the page was opened."""
        return [event["params"] for event in self.events if event.get("method") == method]

    def _next(self) -> dict[str, Any]:
        text = bytearray()
        while (byte := self._answers.read(1)) != b"\0":
            if not byte:
                raise RuntimeError("the browser has ended")
            text += byte
        told: dict[str, Any] = json.loads(text)
        return told


@contextlib.contextmanager
def browser(folder: Path) -> Iterator[Page]:
    """A browser with a new profile in `folder`, ended at the end."""
    assert PROGRAM, "install chromium"
    theirs_in, ours_out = os.pipe()
    ours_in, theirs_out = os.pipe()
    # in this order: what is made at 3 must not cover the other before it is made at 4
    wiring = f'exec "$@" 3<&{theirs_in} 4>&{theirs_out}'
    root = ("--no-sandbox",) if os.geteuid() == 0 else ()
    process = subprocess.Popen(
        ["bash", "-c", wiring, "bash", PROGRAM, *_OPTIONS, *root, f"--user-data-dir={folder}"],
        pass_fds=(theirs_in, theirs_out),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(theirs_in)
    os.close(theirs_out)
    try:
        with os.fdopen(ours_out, "wb") as commands, os.fdopen(ours_in, "rb") as answers:
            page = Page(commands, answers)
            yield page
            with contextlib.suppress(RuntimeError, BrokenPipeError):
                page.call("Browser.close")
    finally:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=10)
        if process.poll() is None:
            process.kill()
            process.wait()
