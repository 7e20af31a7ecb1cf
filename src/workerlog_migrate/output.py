"""Standard output and standard error: bytes, colours, and readers that go away."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TextIO

from workerlog_migrate.model import FileResult
from workerlog_migrate.report import (
    DIFF,
    EXIT_DONE,
    EXIT_FAILED,
)
from workerlog_migrate.report.visible import visible_bytes
from workerlog_migrate.request import Request

if TYPE_CHECKING:
    from collections.abc import Callable


class Output:
    """Standard output as bytes: a reader that goes away stops the output, not the run.

    Args:
        request: the options.
        shows_diff: whether the diff is printed, or kept for the report.
    """

    def __init__(self, request: Request, *, shows_diff: bool) -> None:
        self.request = request
        self.shows_diff = shows_diff
        self.before_write: Callable[[], None] = lambda: None
        self.failure = ""
        self.is_open = True
        self.patches: list[bytes] = []  # what --output is to hold, if that is the diff

    def diff(self, result: FileResult) -> None:
        """Show what changes in a script.

        Args:
            result: what became of it.
        """
        if not self.shows_diff or not result.changed or result.error is not None:
            return
        from workerlog_migrate.report.diff import render_file_diff

        patch = render_file_diff(result.target.path, result.before, result.after)
        if self.request.format_name == DIFF:
            self.patches.append(patch)
            return
        self._show(patch)

    def runtime(self, path: Path, before: bytes | None, after: bytes) -> None:
        """Show a runtime file that is added or replaced.

        Args:
            path: where it stands.
            before: what is there; None when there is no such file.
            after: what will be.
        """
        if not self.shows_diff:
            return
        from workerlog_migrate.report.diff import render_file_diff, render_new_file

        patch = render_new_file(path, after) if before is None else render_file_diff(path, before, after)
        if self.request.format_name == DIFF:
            self.patches.append(patch)
            return
        self._show(patch)

    def _show(self, patch: bytes) -> None:
        from workerlog_migrate.report.diff import colorize

        if wants_color(self.request.color, sys.stdout):
            patch = colorize(visible_bytes(patch))
        elif sys.stdout.isatty():
            patch = visible_bytes(patch)
        self.write(patch)

    def write(self, data: bytes) -> None:
        """Write, unless the reader has gone.

        Args:
            data: in the terminal's encoding.
        """
        if not self.is_open or not data:
            return
        self.before_write()
        try:
            _bytes_of(sys.stdout).write(data)
            _bytes_of(sys.stdout).flush()
        except OSError as error:
            self.is_open = False
            drop_stdout()
            if not _has_gone(error):
                self.failure = f"stdout cannot be written: {(error.strerror or str(error)).lower()}"

    def finish(self, data: bytes) -> int:
        """Write all that there is to say, and give the exit code.

        Args:
            data: as for `write`.
        """
        self.write(data)
        if self.failure:
            say(f"Error: {self.failure}\n")
            return EXIT_FAILED
        return EXIT_DONE


def _has_gone(error: OSError) -> bool:
    """Tell whether an error of writing says that the reader of a pipe has gone away.

    Windows has another word for it (https://github.com/python/cpython/issues/79935).
    """
    return isinstance(error, BrokenPipeError) or (sys.platform == "win32" and error.errno == errno.EINVAL)


def drop_stdout() -> None:
    """Let go of an output that cannot be written: the interpreter flushes it once more at its end and would complain there."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def wants_color(choice: str, stream: TextIO) -> bool:
    """Decide whether a stream gets ANSI colours (https://no-color.org: any value but the empty one says no).

    Args:
        choice: ``auto``, ``always`` or ``never``.
        stream: where the text goes.

    Returns:
        True for ``always``, and for ``auto`` on a terminal that can show them.
    """
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or not stream.isatty():
        return False
    return sys.platform != "win32" or shows_escapes(stream)


def shows_escapes(stream: TextIO) -> bool:
    """Have a console of Windows understand ANSI escapes, which it does not do by itself.

    Args:
        stream: the console.

    Returns:
        Whether it does from now on; before Windows 10 none can.
    """
    if sys.platform == "win32":
        from colorama.winterm import enable_vt_processing

        return bool(enable_vt_processing(stream.fileno()))
    return True


def say(text: str) -> None:
    """Write to stderr; when nobody reads it any more, that is no reason to fail.

    Args:
        text: lines, each ending in a newline.
    """
    with contextlib.suppress(OSError, ValueError):
        _bytes_of(sys.stderr).write(text.encode(sys.stderr.encoding or "utf-8", "backslashreplace"))
        _bytes_of(sys.stderr).flush()


def _bytes_of(stream: TextIO) -> BinaryIO:
    return stream.buffer
