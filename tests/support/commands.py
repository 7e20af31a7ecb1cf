"""The command as users run it, in a process of its own.

Most of a short run is the start of Python and the imports, the same each time. So where the system can fork, a run is the fork
of a process that has imported the command already (see ``forks``): its arguments, folder, variables, streams, exit code and
end are those of any process. Runs for which the start itself is the matter ask for a fresh one, and so do, by themselves, runs
with a variable that Python, its locale or its loader reads when it starts.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import forks

ROOT = Path(__file__).resolve().parents[2]
PATHS = os.pathsep.join((str(ROOT / "src"), str(ROOT / "codemods")))

_READ_AT_THE_START = ("PYTHON", "LC_", "LANG", "LD_", "MALLOC_", "GLIBC_")
_TAKEN_OVER = frozenset({"PYTHONPATH", "PYTHONWARNINGS", "PYTHONIOENCODING", "PYTHONDONTWRITEBYTECODE"})


class Forks:
    """A process that has imported what its forks run, with given options and variables of Python.

    Args:
        options: of Python.
        variables: of its environment, of which Python reads some when it starts.
        script: which serves, as ``forks`` does.
    """

    def __init__(
        self, options: tuple[str, ...], variables: dict[str, str], script: str = forks.__file__
    ) -> None:
        self._link, theirs = socket.socketpair()
        command = [sys.executable, *options, script, str(theirs.fileno())]
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            command, env=variables, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, cwd=ROOT
        )
        theirs.close()
        atexit.register(self._end)

    def _end(self) -> None:
        self._link.close()
        self._process.wait()

    def run(
        self,
        arguments: Sequence[str],
        folder: Path,
        variables: Mapping[str, str],
        data: bytes | None,
        timeout: float | None,
        seconds: int | None,
    ) -> tuple[int, bytes, bytes]:
        """Run one process as a fork; give the exit code and both outputs.

        Args:
            arguments: of the command.
            folder: where.
            variables: all that it has.
            data: what it reads; None for no input at all.
            timeout: seconds after which it is ended.
            seconds: of processor time, after which the system ends it.

        Raises:
            subprocess.TimeoutExpired: it was ended after that many seconds.
        """
        taken, given = os.pipe() if data is not None else (os.open(os.devnull, os.O_RDONLY), None)
        (out, their_out), (err, their_err) = os.pipe(), os.pipe()
        umask = os.umask(0o077)
        os.umask(umask)
        request = {
            "arguments": list(arguments),
            "folder": str(folder),
            "variables": dict(variables),
            "umask": umask,
            "seconds": seconds,
        }
        with self._lock, ThreadPoolExecutor(3) as threads:
            forks.send(self._link, request, [taken, their_out, their_err])
            for descriptor in (taken, their_out, their_err):
                os.close(descriptor)
            written = [threads.submit(_write, given, data or b"")] if given is not None else []
            read = [threads.submit(_read, out), threads.submit(_read, err)]
            child, code = self._answer(None), None
            try:
                code = self._answer(timeout)
            except TimeoutError:
                os.kill(child, signal.SIGKILL)
                self._answer(None)
            for each in written:
                each.result()
            stdout, stderr = (each.result() for each in read)
        if code is None:
            raise subprocess.TimeoutExpired(list(arguments), timeout or 0, stdout, stderr)
        return code, stdout, stderr

    def _answer(self, timeout: float | None) -> int:
        self._link.settimeout(timeout)
        try:
            answer = forks.receive(self._link)
        finally:
            self._link.settimeout(None)
        if answer is None:
            raise AssertionError("the process that forks has ended")
        return int(answer[0])


def _write(descriptor: int, data: bytes) -> None:
    with contextlib.suppress(BrokenPipeError), os.fdopen(descriptor, "wb") as stream:
        stream.write(data)


def _read(descriptor: int) -> bytes:
    with os.fdopen(descriptor, "rb") as stream:
        return stream.read()


_servers: dict[tuple[object, ...], Forks] = {}


def _forks_for(options: tuple[str, ...], variables: Mapping[str, str]) -> Forks | None:
    """Give the process to fork for a run, or None where the run has to be a fresh one."""
    read = {name: text for name, text in variables.items() if name.startswith(_READ_AT_THE_START)}
    usual = {name: text for name, text in os.environ.items() if name.startswith(_READ_AT_THE_START)}
    differs = {name for name in {*read, *usual} if read.get(name) != usual.get(name)}
    if not hasattr(os, "fork") or differs - _TAKEN_OVER or read.get("PYTHONPATH") != PATHS:
        return None
    key = (os.getpid(), options, *sorted(read.items()))
    if key not in _servers:
        _servers[key] = Forks(options, dict(variables))
    return _servers[key]


def run(
    *arguments: str,
    env: Mapping[str, str],
    cwd: Path | None = None,
    data: bytes | None = b"",
    options: tuple[str, ...] = (),
    timeout: float | None = None,
    seconds: int | None = None,
    is_fresh: bool = False,
) -> subprocess.CompletedProcess[bytes]:
    """Run the command: ``python OPTIONS -m workerlog_migrate ARGUMENTS``.

    Args:
        arguments: of the command.
        env: all its variables.
        cwd: where; the current folder if None.
        data: what it reads; None for no input at all (``/dev/null``).
        options: of Python.
        timeout: seconds after which it is ended.
        seconds: of processor time, after which the system ends it.
        is_fresh: start Python for it, since that is what is tried.

    Raises:
        subprocess.TimeoutExpired: it took longer.
    """
    command = [sys.executable, *options, "-m", forks.PACKAGE, *arguments]
    limit = None if seconds is None else partial(forks.limit, seconds)
    process = None if is_fresh else _forks_for(options, env)
    if process is not None:
        folder = Path.cwd() if cwd is None else cwd.absolute()
        return subprocess.CompletedProcess(
            command, *process.run(arguments, folder, env, data, timeout, seconds)
        )
    return subprocess.run(
        command,
        cwd=cwd,
        env=dict(env),
        input=data,
        stdin=subprocess.DEVNULL if data is None else None,
        capture_output=True,
        timeout=timeout,
        preexec_fn=limit,
        check=False,
    )


def text(
    done: subprocess.CompletedProcess[bytes], errors: str = "strict"
) -> subprocess.CompletedProcess[str]:
    """Read the outputs of a run as UTF-8 with any ends of lines, as ``subprocess`` does.

    Args:
        done: the run.
        errors: what becomes of bytes that are no UTF-8.
    """
    stdout, stderr = (
        output.decode("utf-8", errors).replace("\r\n", "\n").replace("\r", "\n")
        for output in (done.stdout, done.stderr)
    )
    return subprocess.CompletedProcess(done.args, done.returncode, stdout, stderr)
