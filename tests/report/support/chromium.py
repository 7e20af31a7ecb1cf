"""Drive a headless Chromium: the part of its DevTools protocol that the tests of the HTML report need.

Commands and events are JSON objects over a web socket (``--remote-debugging-port``, on the loopback address): a pipe would
need descriptors 3 and 4, which Windows does not hand down. No driver: https://chromedevtools.github.io/devtools-protocol/.
"""

from __future__ import annotations

import base64
import contextlib
import ctypes
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from websockets.sync.client import ClientConnection

_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
_PLACES = (
    r"%ProgramFiles%\Google\Chrome\Application\chrome.exe",
    r"%ProgramFiles(x86)%\Microsoft\Edge\Application\msedge.exe",
    r"Z:\usr\bin\chromium",
)
"""Where one is on Windows, which has no PATH to it, and in Wine, where programs of the Linux beneath can be started."""
_IN_WINE = sys.platform == "win32" and hasattr(ctypes.CDLL("ntdll"), "wine_get_version")
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
    "--remote-debugging-port=0",
)
_PATIENCE = 120.0
"""Seconds to wait for an answer of the browser, which may have to start on a busy machine."""


def find_chromium() -> str | None:
    """Give the path of an installed Chromium, or None."""
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    if found is not None or sys.platform != "win32":
        return found
    return next(filter(os.path.isfile, map(os.path.expandvars, _PLACES)), None)


def address_of(file: Path) -> str:
    """Give the URL by which the browser knows a file."""
    return "file://" + quote(_of_linux(file)) if _IN_WINE else file.as_uri()


def _of_linux(file: Path) -> str:
    """Give the path of the Linux beneath Wine for one of Windows."""
    convert = ctypes.CDLL("kernel32").wine_get_unix_file_name
    convert.restype = ctypes.c_char_p
    return os.fsdecode(convert(str(file)))


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
    state = profile / "profile"
    state.mkdir()
    # Wine gives no handle of a program of Linux, but one of what starts it.
    start, known_as = [binary], str(state)
    if _IN_WINE:
        start, known_as = ["start", "/unix", _of_linux(Path(binary))], _of_linux(state)
    with (profile / "browser.log").open("wb") as log:
        process = subprocess.Popen(
            [*start, *_FLAGS, f"--user-data-dir={known_as}", "about:blank"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        # Pictures of whole pages are larger than the mebibyte that a message may have by default.
        with connect(_wait_for_port(state, process), max_size=None, open_timeout=_PATIENCE) as socket:
            page = Page(socket)
            yield page
            page.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(30)
    finally:
        process.kill()  # nothing, where it has ended
        process.wait()


def _wait_for_port(state: Path, process: subprocess.Popen[bytes]) -> str:
    """Give the address of the browser's web socket, which it writes into a file of its profile: the port, and a path."""
    file = state / "DevToolsActivePort"
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        lines = file.read_text(encoding="ascii").split("\n") if file.is_file() else []
        if len(lines) == 2:
            return f"ws://127.0.0.1:{lines[0]}{lines[1]}"
        if process.poll():
            raise BrowserError(f"the browser ended with {process.returncode}")
        time.sleep(0.02)
    raise BrowserError("the browser did not start")


class Page:
    """One tab.

    Attributes:
        complaints: what the page has written to the console or thrown, since it was opened.
        requests: the addresses that the page has asked for.
    """

    def __init__(self, socket: ClientConnection) -> None:
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self._socket = socket
        self._last = 0
        self._events: list[tuple[str, dict[str, object]]] = []
        self._session = ""
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        self._session = str(self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"])
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")

    def close(self) -> None:
        """End the browser with all its processes."""
        self._session = ""
        self.send("Browser.close")

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
        self._socket.send(json.dumps(message))
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
        try:
            data = self._socket.recv(max(deadline - time.monotonic(), 0))
        except TimeoutError:
            raise BrowserError("the browser did not answer") from None
        except ConnectionClosed:
            raise BrowserError("the browser went away") from None
        message: dict[str, object] = json.loads(data)
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
