"""The command behind what it takes for a console of Windows: keys go in as a person types them, the screen comes out."""

from __future__ import annotations

import queue
import subprocess
import sys
import threading
import types
from pathlib import Path

from people_project import PATIENCE, environment, plain

ARROW = "\u00e0H"  # what getwch gives for a key that has no character, in two calls
CTRL_D = "\x04"


class Session:
    """One run of the command, as `pty_session.Session` has it."""

    def __init__(self, folder: Path, *arguments: str, program: str = "", **extra: str) -> None:
        self.screen = ""
        self._seen = 0
        console = Path(__file__).with_name("fake_console.py")
        self.process = subprocess.Popen(
            [sys.executable, str(console), program or "-", *arguments],
            cwd=folder,
            env=environment(**extra),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self._pieces: queue.Queue[bytes] = queue.Queue()
        self._reader = threading.Thread(target=self._listen, daemon=True)
        self._reader.start()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        while piece := self.process.stdout.read1():  # type: ignore[attr-defined]  # a BufferedReader
            self._pieces.put(piece)
        self._pieces.put(b"")

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: types.TracebackType | None,
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self._reader.join()
        for stream in (self.process.stdin, self.process.stdout):
            assert stream is not None
            stream.close()
        self.process.wait()

    def type(self, keys: str) -> None:
        """Type keys."""
        assert self.process.stdin is not None
        self.process.stdin.write(keys.encode())
        self.process.stdin.flush()

    def wait_for(self, text: str) -> str:
        """Read the screen until a text has come; give what has come up to there since the last such wait."""
        while (found := plain(self.screen).find(text, self._seen)) < 0:
            assert self._read(), f"{text!r} never came; the screen was:\n{plain(self.screen)}"
        start, self._seen = self._seen, found + len(text)
        return plain(self.screen)[start : self._seen]

    def end(self) -> int:
        """Read until the command has ended; give its exit code."""
        while self._read():
            pass
        return self.process.wait(PATIENCE)

    def interrupt(self) -> None:
        """Press Ctrl-C: while a key is waited for, a console of Windows hands it over like any other."""
        self.type("\x03")

    def is_given_back(self) -> bool:
        """Tell whether the terminal is as it was before: nothing is switched on a console of Windows."""
        return True

    def _read(self) -> bool:
        try:
            data = self._pieces.get(timeout=PATIENCE)
        except queue.Empty:
            return False
        self.screen += data.decode("utf-8", "replace").replace("\r\n", "\n")
        return bool(data)
