"""How far is it? One line on the terminal while many files are worked through, gone when it is done.

Shown only where somebody looks: on a terminal, not under ``--quiet``, not in CI, and only once the work has taken
more than a second. Whoever writes to the terminal hides the line first, so that it is never mixed with anything. (Click's
`progressbar` is there from the start, cannot be hidden for a while, and prints its label where nobody looks.)
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from workerlog_migrate.model import FileResult

_PATIENCE = 1.0  # seconds before anything is shown
_INTERVAL = 0.1  # seconds between two drawings


class Progress:
    """The line on stderr."""

    def __init__(self, total: int, say: Callable[[str], None], *, is_shown: bool) -> None:
        """Start the clock.

        Args:
            total: files.
            say: writes to the terminal.
            is_shown: False: never show anything.
        """
        self._total = total
        self._say = say
        self._is_shown = is_shown
        self._done = 0
        self._start = time.monotonic()
        self._next = self._start + _PATIENCE
        self._width = 0

    def watched(self, results: Iterable[FileResult]) -> Iterator[FileResult]:
        """Hand results on and count them.

        Args:
            results: one per file.

        Yields:
            The same.
        """
        try:
            for result in results:
                yield result
                self.step()
        finally:
            self.hide()

    def step(self) -> None:
        """Count one more file, and draw the line anew when it is time."""
        self._done += 1
        if not self._is_shown or self._done == self._total:
            return
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + _INTERVAL
        text = self._text(now - self._start)[: shutil.get_terminal_size().columns - 1]
        self._say("\r" + text.ljust(self._width))
        self._width = len(text)

    def hide(self) -> None:
        """Take the line away; the next step may draw it again."""
        if self._width:
            self._say("\r" + " " * self._width + "\r")
            self._width = 0

    def _text(self, seconds: float) -> str:
        rate = self._done / seconds
        left = (self._total - self._done) / rate
        return f"{self._done} of {self._total} files, {rate:.0f} a second, {_duration(left)} left"


def is_watched(*, quiet: bool) -> bool:
    """Decide whether somebody looks at stderr who wants to see progress.

    Args:
        quiet: whether ``--quiet`` was given.
    """
    is_terminal = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
    return is_terminal and not quiet and not os.environ.get("CI")


def _duration(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole} s" if whole < 120 else f"{round(whole / 60)} min"
