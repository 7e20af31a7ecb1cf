"""Drive a headless Chromium: the part of its DevTools protocol that the tests of the HTML report need.

Commands and events are JSON objects, ended by NUL, over two pipes that the browser finds at its descriptors 3 and 4
(``--remote-debugging-pipe``, https://chromium.googlesource.com/chromium/src/+/main/content/browser/devtools/devtools_pipe_handler.cc):
no port, no web socket, no driver. The protocol: https://chromedevtools.github.io/devtools-protocol/.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import select
import shutil
import subprocess
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)
_PATIENCE = 120.0
"""Seconds to wait for an answer of the browser, which may have to start on a busy machine."""


def find_chromium() -> str | None:
    """Give the path of an installed Chromium, or None."""
    return next(filter(None, map(shutil.which, _NAMES)), None)


class BrowserError(Exception):
    """The browser refused a command, threw in an expression, or went away."""


@contextlib.contextmanager
def running(profile: Path) -> Iterator[Page]:
    """Run a browser with one empty page.

    Args:
        profile: an empty folder for its state.

    Yields:
        The page.
    """
    binary = find_chromium()
    if binary is None:
        raise BrowserError("no Chromium is installed")
    import fcntl  # not on Windows, where nobody drives a browser by this

    from_us, to_browser = os.pipe()
    from_browser, to_us = os.pipe()
    # Out of the way of 3 and 4, where the browser is going to look.
    far_in, far_out = (
        fcntl.fcntl(from_us, fcntl.F_DUPFD_CLOEXEC, 10),
        fcntl.fcntl(to_us, fcntl.F_DUPFD_CLOEXEC, 10),
    )

    def wire() -> None:
        os.dup2(far_in, 3)
        os.dup2(far_out, 4)

    with (profile / "browser.log").open("wb") as log:
        process = subprocess.Popen(
            [binary, *_FLAGS, f"--user-data-dir={profile / 'profile'}", "about:blank"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            close_fds=False,
            preexec_fn=wire,
        )
    for end in (from_us, to_us, far_in, far_out):
        os.close(end)
    try:
        yield Page(from_browser, to_browser)
    finally:
        # The browser ends, with all its processes, when its pipe does.
        os.close(to_browser)
        os.close(from_browser)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Page:
    """One tab.

    Attributes:
        complaints: what the page has written to the console or thrown, since it was opened.
        requests: the addresses that the page has asked for.
    """

    def __init__(self, reading: int, writing: int) -> None:
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self._reading, self._writing = reading, writing
        self._buffer = bytearray()
        self._last = 0
        self._events: list[tuple[str, dict[str, object]]] = []
        self._session = ""
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        self._session = str(self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"])
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")

    def open(self, address: str, *, width: int = 1280, height: int = 900, dark: bool = False) -> None:
        """Load a page and wait for its ``load`` event.

        Args:
            address: its URL.
            width: of the window, in CSS pixels; below 600 it is a phone's.
            height: of the window, in CSS pixels.
            dark: what the system prefers.
        """
        self.resize(width, height)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.send("Emulation.setEmulatedMedia", features=[scheme])
        self.complaints.clear()
        self.requests.clear()
        self._events.clear()
        self.send("Page.navigate", url=address)
        self._wait_for("Page.loadEventFired")

    def resize(self, width: int, height: int) -> None:
        """Give the window another size."""
        self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )

    def script(self, allowed: bool) -> None:
        """Allow or forbid JavaScript for the pages opened next."""
        self.send("Emulation.setScriptExecutionDisabled", value=not allowed)

    def run(self, expression: str) -> object:
        """Evaluate an expression in the page, wait for it when it is a promise, and give its value as JSON has it."""
        answer = self.send("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise BrowserError(json.dumps(answer["exceptionDetails"]))
        result = answer["result"]
        assert isinstance(result, dict)
        value: object = result.get("value")
        return value

    def settle(self) -> None:
        """Wait until the page has handled what was done and has been drawn twice."""
        self.run(
            "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))"
        )

    def press(self, key: str, code: int = 0, text: str = "") -> None:
        """Press and release a key.

        Args:
            key: its name, such as ``Tab``.
            code: its Windows virtual key code, for keys that are no text.
            text: what it types.
        """
        down = "keyDown" if text else "rawKeyDown"
        self.send("Input.dispatchKeyEvent", type=down, key=key, windowsVirtualKeyCode=code, text=text)
        self.send("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code)
        self.settle()

    def screenshot(self, *, whole: bool = False) -> bytes:
        """Give a picture of the window, or of the whole page, as PNG."""
        answer = self.send("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        return base64.b64decode(str(answer["data"]))

    def send(self, method: str, **arguments: object) -> dict[str, object]:
        """Send a command and wait for its answer; events that come meanwhile are kept."""
        self._last += 1
        message: dict[str, object] = {"id": self._last, "method": method, "params": arguments}
        if self._session:
            message["sessionId"] = self._session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self._writing, data) :]
        deadline = time.monotonic() + _PATIENCE
        while True:
            answer = self._receive(deadline)
            if answer.get("id") == self._last:
                break
        if "error" in answer:
            raise BrowserError(f"{method}: {json.dumps(answer['error'])}")
        result = answer["result"]
        assert isinstance(result, dict)
        return result

    def _wait_for(self, event: str) -> None:
        deadline = time.monotonic() + _PATIENCE
        while not any(name == event for name, _ in self._events):
            self._receive(deadline)

    def _receive(self, deadline: float) -> dict[str, object]:
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._reading], [], [], max(deadline - time.monotonic(), 0))
            data = os.read(self._reading, 1 << 20) if ready else b""
            if not data:
                raise BrowserError("the browser did not answer" if not ready else "the browser went away")
            self._buffer += data
        end = self._buffer.index(0)
        message: dict[str, object] = json.loads(self._buffer[:end])
        del self._buffer[: end + 1]
        method, params = message.get("method"), message.get("params")
        if isinstance(method, str) and isinstance(params, dict):
            self._events.append((method, params))
            self._note(method, params)
        return message

    def _note(self, method: str, params: dict[str, object]) -> None:
        match method, params:
            case "Network.requestWillBeSent", {"request": {"url": str(url)}}:
                self.requests.append(url)
            case "Runtime.exceptionThrown", {"exceptionDetails": details}:
                self.complaints.append(json.dumps(details))
            case "Log.entryAdded", {"entry": entry}:
                self.complaints.append(json.dumps(entry))
            case "Runtime.consoleAPICalled", _:
                self.complaints.append(json.dumps(params))
            case _:
                pass
