"""The command behind a real pseudo-terminal: keys go in as a person types them, the screen comes out."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
import types
from pathlib import Path

from people_project import PATIENCE, environment, plain

ARROW = "\x1b[A"
CTRL_D = "\x04"


class Session:
    """One run of the command as the leader of a terminal of its own."""

    def __init__(self, folder: Path, *arguments: str, program: str = "", **extra: str) -> None:
        self.ours, self.theirs = pty.openpty()
        fcntl.ioctl(self.theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
        self.modes = termios.tcgetattr(self.theirs)
        self.screen = ""
        self._seen = 0

        def own_the_terminal() -> None:
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen(
            [sys.executable, *([program] if program else ["-m", "workerlog_migrate"]), *arguments],
            cwd=folder,
            env=environment(**extra),
            stdin=self.theirs,
            stdout=self.theirs,
            stderr=self.theirs,
            preexec_fn=own_the_terminal,
        )

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
            self.process.wait()
        for descriptor in (self.ours, self.theirs):
            with contextlib.suppress(OSError):
                os.close(descriptor)

    def type(self, keys: str) -> None:
        """Type keys."""
        os.write(self.ours, keys.encode())

    def wait_for(self, text: str) -> str:
        """Read the screen until a text has come; give what has come up to there since the last such wait."""
        while (found := plain(self.screen).find(text, self._seen)) < 0:
            assert self._read(), f"{text!r} never came; the screen was:\n{plain(self.screen)}"
        start, self._seen = self._seen, found + len(text)
        return plain(self.screen)[start : self._seen]

    def end(self) -> int:
        """Read until the command has ended; give its exit code."""
        end = time.monotonic() + PATIENCE
        while self.process.poll() is None:
            assert time.monotonic() < end, f"it does not end; the screen was:\n{plain(self.screen)}"
            self._read(0.05)
        while self._read(0):
            pass
        return self.process.returncode

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        self.type("\x03")

    def hang_up(self) -> None:
        """Let the line drop, as when an ssh connection breaks."""
        self.process.send_signal(signal.SIGHUP)

    def is_given_back(self) -> bool:
        """Tell whether the terminal is as it was before."""
        return termios.tcgetattr(self.theirs) == self.modes

    def _read(self, patience: float = PATIENCE) -> bool:
        ready, _, _ = select.select([self.ours], [], [], patience)
        if not ready:
            return False
        try:
            data = os.read(self.ours, 65536)
        except OSError:  # nobody has the other end open any more
            return False
        self.screen += data.decode("utf-8", "replace").replace("\r\n", "\n")
        return bool(data)
