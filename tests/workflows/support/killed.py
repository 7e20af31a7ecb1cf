"""Run the command in a process of its own whose n-th call to the system kills it, or fails.

The calls are counted where the interpreter announces them (audit hooks, PEP 578: opens, renames, removals, folders, modes,
locks, and the functions of Windows that are asked for by name) and, for those that it does not announce, where our code
makes them (writes, truncations, flushes to the disk). Only calls that touch the current folder count. The process is
forked; on Windows it is started, which takes so much longer that fewer calls are tried. Each single one is tried with
WORKERLOG_CI_ALL=1, else every third (`STRIDE`).
"""

from __future__ import annotations

import errno
import io
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from click.testing import CliRunner
from people_project import environment

from workerlog_migrate import cli

STRIDE = 11 if not hasattr(os, "fork") else 1 if os.environ.get("WORKERLOG_CI_ALL") else 3
"""From one step that is tried to the next."""

_KILLED = 137

_PATH_EVENTS = frozenset(
    {
        "open",
        "os.chmod",
        "os.chown",
        "os.getxattr",
        "os.link",
        "os.listdir",
        "os.listxattr",
        "os.mkdir",
        "os.remove",
        "os.rename",
        "os.rmdir",
        "os.scandir",
        "os.setxattr",
        "os.symlink",
        "os.truncate",
        "os.utime",
    }
)
"""Events whose first argument is a path."""

_READS = frozenset({"os.getxattr", "os.listdir", "os.listxattr", "os.scandir"})
"""Events after which the disk is what it was: a kill there is a kill at the next step."""

_LOCKS = frozenset({"fcntl.flock", "msvcrt.locking"})

_STEPS = ("fsync", "write", "ftruncate", "lseek")
"""Functions of `os` that are announced by no event."""

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT

Fault = Callable[[], None]


def warm_up() -> None:
    """Load in this process what every run loads, so that the forked ones find it."""
    assert CliRunner().invoke(cli.main, ["--check"]).exit_code == 1


def run_killed(arguments: list[str], at: int) -> bool:
    """Run the command and kill it before its step number ``at`` (from 1); of a write, half is done.

    Returns:
        Whether it was killed; False when it had fewer steps.
    """
    code = _run(arguments, at, 0, os.devnull)
    assert code in (0, _KILLED)
    return code == _KILLED


def run_failing(arguments: list[str], at: int, number: int, said: Path) -> int | None:
    """Run the command and let its step number ``at`` (from 1) fail; of a write, half is done.

    Args:
        arguments: of the command.
        at: the step.
        number: of the error.
        said: a file outside the current folder, for what the command writes to stderr.

    Returns:
        The exit code (99 after an exception that nobody caught); None when it had fewer steps.
    """

    said.write_bytes(b"")
    os.utime(said, (2, 2))
    code = _run(arguments, at, number, os.fspath(said))
    return None if int(said.stat().st_mtime) == 2 else code


def _run(arguments: list[str], at: int, number: int, said: str) -> int:
    """Run the command with a fault: an error, or a kill where its number is 0. Gives the exit code."""
    if sys.platform == "win32":
        command = [sys.executable, __file__, str(at), str(number), said, *arguments]
        paths = os.pathsep.join((environment()["PYTHONPATH"], str(Path(__file__).parent)))
        return subprocess.run(command, env=environment(PYTHONPATH=paths), check=False).returncode
    child = os.fork()
    if child == 0:
        try:
            _in_child(arguments, at, number, said)
        finally:
            os._exit(99)  # never back into the test run
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return _KILLED
    return os.WEXITSTATUS(status)


def _kill() -> None:
    if sys.platform == "win32":
        os.kill(os.getpid(), _KILLED)  # ends the process at once, with this exit code
    else:
        os.kill(os.getpid(), signal.SIGKILL)


def _in_child(arguments: list[str], at: int, number: int, said: str) -> None:
    def fail() -> None:
        os.utime(said, (1, 1))  # a mark that the step was reached
        raise OSError(number, os.strerror(number))

    fault = fail if number else _kill
    nowhere = os.open(os.devnull, os.O_RDWR)
    stderr = os.open(said, os.O_WRONLY | os.O_APPEND)
    for descriptor, target in ((0, nowhere), (1, nowhere), (2, stderr)):
        os.dup2(target, descriptor)
    sys.stderr = io.TextIOWrapper(io.FileIO(2, "w", closefd=False), "utf-8", write_through=True)
    here = os.getcwd()
    count = 0
    is_over = False

    def step(half: Fault = lambda: None) -> None:
        nonlocal count
        if is_over:
            return
        count += 1
        if count == at:
            half()
            fault()

    def announced(event: str, args: tuple[object, ...]) -> None:
        if event in _LOCKS or (event == "ctypes.dlsym" and args[1] == "ReplaceFileW"):
            step()
        elif event in _PATH_EVENTS and isinstance(args[0], str | bytes | os.PathLike):
            path = os.path.join(here, os.fsdecode(args[0]))
            is_read = event in _READS or (event == "open" and not int(str(args[2])) & _WRITES)
            if path.startswith(here + os.sep) and not (is_read and fault is _kill):
                step()

    def counted(name: str, real: Callable[..., object]) -> Callable[..., object]:
        def stepped(*args: object, **kwargs: object) -> object:
            if not (isinstance(args[0], int) and args[0] <= 2):
                step(lambda: _write_half(real, *args) if name == "write" else None)
            return real(*args, **kwargs)

        return stepped

    for name in _STEPS:
        setattr(os, name, counted(name, getattr(os, name)))

    def opened(real: Callable[..., object]) -> Callable[..., object]:
        return lambda *args, **kwargs: _Counted(real(*args, **kwargs), step)

    # Both give files that are written through; everything else that writes goes through `os.write`.
    setattr(os, "fdopen", opened(os.fdopen))  # noqa: B010  # mypy would refuse the assignment
    setattr(Path, "open", opened(Path.open))  # noqa: B010
    sys.addaudithook(announced)
    try:
        cli.main(arguments, prog_name="workerlog-migrate")
    except SystemExit as error:
        is_over = True
        sys.stderr.flush()
        os._exit(error.code if isinstance(error.code, int) else 98)


def _write_half(write: Callable[..., object], *args: object) -> None:
    data = memoryview(args[-1])  # type: ignore[arg-type]  # what is written is bytes-like
    write(*args[:-1], data[: len(data) // 2])


class _Counted:
    """A file whose writes are steps."""

    def __init__(self, file: object, step: Callable[[Fault], None]) -> None:
        self._file = file
        self._step = step

    def __getattr__(self, name: str) -> object:
        return getattr(self._file, name)

    def __enter__(self) -> _Counted:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()  # type: ignore[attr-defined]  # a file

    def __iter__(self) -> object:
        return iter(self._file)  # type: ignore[call-overload]  # a file

    def write(self, data: bytes) -> object:
        write = self._file.write  # type: ignore[attr-defined]  # a file
        self._step(lambda: _write_half(write, data))
        return write(data)


NO_SPACE, BROKEN, FORBIDDEN = errno.ENOSPC, errno.EIO, errno.EACCES


if __name__ == "__main__":
    _in_child(sys.argv[4:], int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
