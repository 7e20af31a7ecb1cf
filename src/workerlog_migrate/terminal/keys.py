"""How does a person answer, at a terminal or through a pipe? One key at a time, or one line.

At a terminal each key counts at once; it is put into cbreak mode (termios(3)), in which Ctrl-C still is Ctrl-C,
and given back as it was. (Click reads up to 32 bytes as one key there, so that keys typed ahead would be lost; on
Windows, where it reads one, its `getchar` is what reads.) Without a terminal the first character of a line counts.
An editor is started here, because Click's `edit` loses the backslashes of a path without quotes on Windows, and says neither how an
editor ended nor which variable names another one.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shlex
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from workerlog_migrate.files.programs import find_program

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TextIO

_END_OF_INPUT = "\x04"
_ESCAPE = "\x1b"
_NO_CONSOLE = "\uffff"  # WEOF, what the C library of Windows answers when its console has gone


class Terminal:
    """Where questions are asked and answered."""

    def __init__(self, say: Callable[[str], None], *, color: bool, width: int) -> None:
        """Prepare to ask.

        Args:
            say: writes text for the person.
            color: whether to use ANSI escapes.
            width: columns.
        """
        self.say = say
        self.color = color
        self.width = width
        self._is_raw = False

    @contextlib.contextmanager
    def opened(self) -> Iterator[None]:
        """Read single keys from here on, where the system can; what was typed ahead is kept."""
        if not _has_keys():
            yield
        elif sys.platform == "win32":
            self._is_raw = True
            try:
                yield
            finally:
                self._is_raw = False
        else:
            with self._in_cbreak_mode():
                yield

    @contextlib.contextmanager
    def _in_cbreak_mode(self) -> Iterator[None]:
        import termios
        import tty

        before = termios.tcgetattr(sys.stdin)

        def give_back_and_end(number: int, _frame: object) -> None:
            with contextlib.suppress(termios.error):
                termios.tcsetattr(sys.stdin, termios.TCSANOW, before)
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)

        ending = [
            number for number in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(number) == signal.SIG_DFL
        ]
        try:
            for number in ending:
                signal.signal(number, give_back_and_end)
            tty.setcbreak(sys.stdin, termios.TCSADRAIN)
            self._is_raw = True
            yield
        finally:
            self._is_raw = False
            with contextlib.suppress(termios.error):  # a terminal that is gone
                termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)
            for number in ending:
                signal.signal(number, signal.SIG_DFL)

    def styled(self, text: str, code: str) -> str:
        """Colour a text.

        Args:
            text: what to colour.
            code: the SGR parameters, such as ``1;34``.
        """
        return f"\x1b[{code}m{text}\x1b[m" if self.color else text

    def ask(self, question: str) -> str:
        """Ask for one key.

        Args:
            question: what to show before the cursor.

        Returns:
            The key; in lower case, never blank.

        Raises:
            EOFError: there is no more input.
        """
        self.say(self.styled(question, "1;34") + " ")
        while True:
            try:
                key = self._key() if self._is_raw else self._line()
            except OSError:  # the terminal is gone, or standard input was closed
                raise EOFError from None
            if key:
                if self._is_raw or not sys.stdin.isatty():
                    # Nobody else has shown it.
                    self.say(f"{key if key.isprintable() else ''}\n")
                return key.lower()

    def _key(self) -> str:
        if sys.platform == "win32":
            return _key_of_console()
        data = os.read(sys.stdin.fileno(), 1)
        while data and not _is_whole(data) and len(data) < 4:
            data += os.read(sys.stdin.fileno(), 1)
        key = data.decode("utf-8", "replace")
        if not key or key == _END_OF_INPUT:
            raise EOFError
        if key == _ESCAPE:
            _drop_sequence()  # an arrow or function key, which has no meaning here
            return ""
        return key.strip()

    @staticmethod
    def _line() -> str:
        line = sys.stdin.buffer.readline()
        if not line:
            raise EOFError
        return line.decode(sys.stdin.encoding or "utf-8", "replace").strip()[:1]

    def edit(self, text: str) -> str | None:
        """Let the person edit a text in the editor of their choice (``VISUAL``, ``EDITOR``).

        Args:
            text: what the editor shows.

        Returns:
            The text as it was saved; None when the editor failed, which has been said.
        """
        fallback = "notepad" if os.name == "nt" else "vi"
        editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or fallback
        try:
            with tempfile.TemporaryDirectory(prefix="workerlog-migrate-") as folder:
                file = Path(folder, "exceptions.txt")
                file.write_text(text, encoding="utf-8")
                return self._edited(editor, file)
        except OSError as error:
            self.say(f"there is no room for a temporary file: {error}; nothing was changed\n")
            return None

    def _edited(self, editor: str, file: Path) -> str | None:
        try:
            program, *options = _words(editor)
            found = find_program(program)
            if found is None:
                raise FileNotFoundError(errno.ENOENT, "it is in no folder of the PATH")
            with self._given_back():
                done = subprocess.run([found, *options, str(file)], check=False)
            if done.returncode:
                self.say(f"{editor} ended with {done.returncode}; nothing was changed\n")
                return None
            return file.read_text(encoding="utf-8-sig")  # some editors of Windows begin each file with a BOM
        except (OSError, ValueError) as error:
            self.say(f"{editor}: {error}; set VISUAL or EDITOR to your editor\n")
            return None

    @contextlib.contextmanager
    def _given_back(self) -> Iterator[None]:
        """Give the terminal back for as long as another program has it."""
        if not self._is_raw or sys.platform == "win32":
            yield
            return
        import termios
        import tty

        keys = termios.tcgetattr(sys.stdin)
        keys[3] |= termios.ICANON | termios.ECHO
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, keys)
        try:
            yield
        finally:
            tty.setcbreak(sys.stdin, termios.TCSADRAIN)


def _has_keys() -> bool:
    if not sys.stdin.isatty():
        return False
    # NUL calls itself a terminal on Windows.
    return sys.platform != "win32" or is_console(sys.stdin)


def is_console(stream: TextIO) -> bool:
    """Tell whether a stream is a console of Windows: Python opened it as one.

    Args:
        stream: a standard stream.
    """
    return type(getattr(stream.buffer, "raw", None)).__name__ == "_WindowsConsoleIO"


def _key_of_console() -> str:
    import click

    key = click.getchar()
    if key in (_END_OF_INPUT, _NO_CONSOLE):
        raise EOFError
    # A function or arrow key is two characters, and has no meaning here.
    return "" if len(key) > 1 or key == _ESCAPE else key.strip()


def _words(command: str) -> list[str]:
    """Split a command as the system's shell would."""
    if os.name != "nt":
        return shlex.split(command)
    # Backslashes are part of paths there, and quotes keep the blanks of one together.
    return [word.strip('"') for word in shlex.split(command, posix=False)]


def _is_whole(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.reason != "unexpected end of data"
    return True


def _drop_sequence() -> None:
    """Read the rest of an escape sequence (ECMA-48): what follows it has been typed by itself."""
    import select

    def following() -> bytes:
        is_there = select.select([sys.stdin], [], [], 0)[0]
        return os.read(sys.stdin.fileno(), 1) if is_there else b""

    kind = following()
    if kind == b"O":
        following()
    while kind == b"[" and not b"@" <= following() <= b"~":
        if not select.select([sys.stdin], [], [], 0)[0]:
            return
