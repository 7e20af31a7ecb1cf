"""How do many files get done by several processes, so that nobody can tell from the results?

Input: targets; output: their `FileResult`s in the same order. Each process has one file at a time, over a pipe
of its own: when a process dies (a native stack that overflows, the system's memory guard), it is known which
file it had, that file has failed, and a new process takes the next one. What is under way is bounded, so
that memory does not grow with the number of files.
"""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from workerlog_migrate.files.once import looking_once
from workerlog_migrate.files.reading import read_script
from workerlog_migrate.files.source import pass_over
from workerlog_migrate.model import FileError, FileResult

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnContext, SpawnProcess

    from workerlog_migrate.files.cache import Cache
    from workerlog_migrate.model import Settings, Target

_P = ParamSpec("_P")
_T = TypeVar("_T")
NOTHING: Mapping[Path, FileResult] = MappingProxyType({})
"""Of no target anything is known."""

# Results that wait for a slow file before them: enough to keep every process busy, few enough to hold.
_AHEAD = 8

# So many pipes can be waited for at once on Windows: 64 handles less what multiprocessing needs itself
# (https://docs.python.org/3/library/concurrent.futures.html#processpoolexecutor has 61 for it).
_MOST_PROCESSES = 60 if sys.platform == "win32" else sys.maxsize

_SAFE_PATH = "PYTHONSAFEPATH"  # https://docs.python.org/3/using/cmdline.html#envvar-PYTHONSAFEPATH

# So many words of a frame that is to lie in 1 MiB, of which it leaves nearly the half to others.
_ROOM = 66_000

# So many objects that files have left behind in cycles are worth a collection.
_GARBAGE = 5_000

# Below this many files a second process costs more to start than it saves.
_FILES_PER_PROCESS = 40


def processes_for(files: int) -> int:
    """Choose the number of processes when the user has not.

    Args:
        files: how many files there are.

    Returns:
        At least 1, at most the processors that this process may use.
    """
    return max(1, min(processors(), files // _FILES_PER_PROCESS))


def processors() -> int:
    """Count the processors that this process may use, at least 1."""
    has_affinity = hasattr(os, "sched_getaffinity")
    return len(os.sched_getaffinity(0)) if has_affinity else os.cpu_count() or 1


def migrate_all(
    targets: Sequence[Target],
    settings: Settings,
    jobs: int,
    cache: Cache | None = None,
    *,
    snapshot: str = "",
    passed: Mapping[Path, FileResult] = NOTHING,
) -> Iterator[FileResult]:
    """Migrate files, in one process or in several.

    Args:
        targets: the files.
        settings: what is decided for the run.
        jobs: processes, at least 1.
        cache: what is known from earlier runs; files in it, and those without a trigger, need no other process.
        snapshot: the file with what the targets held when the run began (see ``files.snapshot``), for other processes.
        passed: what is known already of targets that have been read, by path.

    Yields:
        One result per target, in their order.
    """
    if jobs <= 1 or len(targets) <= 1 or not _starts_safely():
        is_first = True
        with looking_once(), _collecting_between_files() as collect:
            for target in targets:
                if target.path in passed:
                    yield passed[target.path]
                    continue
                raw = None if cache is None else _read(target)
                result = None if raw is None else _known(raw, target, settings, cache)
                if result is None:
                    from workerlog_migrate import (
                        pipeline,
                    )  # late: where nothing is to be done, nobody needs it

                    if is_first:
                        gc.freeze()  # what that brings is there to stay, too
                        is_first = False
                    result = (
                        _with_room(pipeline.migrate_file, target, settings)
                        if raw is None
                        else _with_room(pipeline.migrate_bytes, raw, target, settings)  # it is not read twice
                    )
                    if cache is not None:
                        cache.put(result)
                yield result
                collect()
        return
    pool = _Pool(settings, min(jobs, len(targets), _MOST_PROCESSES), cache, snapshot, passed)
    try:
        yield from pool.run(targets)
    finally:
        pool.close()


class _Worker:
    """One process, and the position of the file that it has."""

    def __init__(self, process: SpawnProcess, connection: Connection) -> None:
        self.process = process
        self.connection = connection
        self.position: int | None = None


class _Pool:
    """Processes that are started anew rather than forked: the same on every system, and free of our state."""

    def __init__(
        self,
        settings: Settings,
        size: int,
        cache: Cache | None = None,
        snapshot: str = "",
        passed: Mapping[Path, FileResult] = NOTHING,
    ) -> None:
        import multiprocessing

        from workerlog_migrate.syntax.parsing import forget

        forget()
        self._settings = settings
        self._cache = cache
        self._snapshot = snapshot
        self._passed = passed
        self._context: SpawnContext = multiprocessing.get_context("spawn")
        self._workers: list[_Worker] = []
        self._size = size

    def run(self, targets: Sequence[Target]) -> Iterator[FileResult]:
        from multiprocessing.connection import wait

        done: dict[int, FileResult] = {}
        ahead = _AHEAD * self._size
        given = shown = 0
        unknown = -1  # the file that waits for a process
        while shown < len(targets):
            while given < len(targets) and given - shown < ahead:
                result = self._passed.get(targets[given].path)
                if result is None:
                    raw = None if given == unknown else _read(targets[given])
                    result = None if raw is None else _known(raw, targets[given], self._settings, self._cache)
                if result is not None:
                    done[given] = result
                else:
                    unknown = given
                    worker = self._free()
                    if worker is not None:
                        self._give(worker, given, targets[given])
                    elif self._workers:
                        break
                    else:
                        done[given] = self._by_ourselves(targets[given])
                given += 1
            while shown in done:
                yield done.pop(shown)
                shown += 1
            busy = {worker.connection: worker for worker in self._workers if worker.position is not None}
            for connection in wait(list(busy)) if busy else ():
                worker = busy[connection]  # type: ignore[index]  # typeshed knows wait() gives what it was given, only wider
                position = worker.position
                if position is None:
                    continue
                result = done[position] = self._answer(worker, targets[position])
                worker.position = None
                if self._cache is not None:
                    self._cache.put(result)

    def _free(self) -> _Worker | None:
        """Return a process that has nothing to do; start one while there may be more."""
        for worker in [each for each in self._workers if each.position is None]:
            if len(self._workers) <= self._size:
                return worker
            self._end(worker)
        if len(self._workers) >= self._size:
            return None
        try:
            self._workers.append(self._start())
        except OSError:
            # The system gives no more of them, or no more open files: some of these we need ourselves.
            self._size = len(self._workers) // 2
            return None
        return self._workers[-1]

    def _by_ourselves(self, target: Target) -> FileResult:
        """Work on a file in this process, because there is no other."""
        from workerlog_migrate import pipeline

        result = _with_room(pipeline.migrate_file, target, self._settings)
        if self._cache is not None:
            self._cache.put(result)
        return result

    @staticmethod
    def _give(worker: _Worker, position: int, target: Target) -> None:
        worker.position = position
        with contextlib.suppress(BrokenPipeError):  # dead already: seen when we wait for its answer
            worker.connection.send(target)

    def _end(self, worker: _Worker) -> None:
        """End a process that has nothing to do, or has died."""
        worker.connection.close()
        worker.process.join()
        worker.process.close()
        self._workers.remove(worker)

    def close(self) -> None:
        """End all processes, also those that are in the middle of a file (Ctrl-C)."""
        for worker in self._workers:
            worker.connection.close()
            if worker.position is not None:
                worker.process.terminate()
        for worker in self._workers:
            worker.process.join()
            worker.process.close()
        self._workers.clear()

    def _start(self) -> _Worker:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(
            target=_serve, args=(theirs, self._settings, self._snapshot), daemon=True
        )
        try:
            with _scripts_left_alone(), _interrupts_held():
                process.start()
        except OSError:
            ours.close()
            raise
        finally:
            theirs.close()
        return _Worker(process, ours)

    def _answer(self, worker: _Worker, target: Target) -> FileResult:
        try:
            result = worker.connection.recv()
        except (EOFError, OSError):  # the latter when it died in the middle of its answer
            result = FileResult(target, error=FileError(self._obituary(worker.process)))
            self._end(worker)
            return result
        if not isinstance(result, FileResult):
            raise TypeError(f"a worker process answered {type(result).__name__}")
        return result

    @staticmethod
    def _obituary(process: SpawnProcess) -> str:
        process.join()
        code = process.exitcode or 0
        how = f"exit code {code}"
        if code < 0:
            with contextlib.suppress(ValueError):
                how = signal.Signals(-code).name
        return f"the process that worked on it died ({how}); the file is left as it is"


def _read(target: Target) -> bytes | None:
    """Read a file; None where it cannot be read, which whoever works on it reports."""
    try:
        return read_script(target.path, target.place)
    except (OSError, MemoryError):
        return None


def _known(raw: bytes, target: Target, settings: Settings, cache: Cache | None) -> FileResult | None:
    """Say what is known of a file without parsing it: it has no trigger, or the cache knows it."""
    passed = pass_over(raw, target, settings.retry_extra)
    return cache.get(target, raw) if passed is None and cache is not None else passed


def _serve(connection: Connection, settings: Settings, snapshot: str = "") -> None:
    """Do one file after another until the other end is closed."""
    # Ctrl-C goes to the whole group of processes; the parent decides what becomes of us.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    from workerlog_migrate import pipeline
    from workerlog_migrate.files.snapshot import load

    load(snapshot)
    with looking_once(), _collecting_between_files() as collect:
        while True:
            try:
                target = connection.recv()
            except (
                EOFError,
                ConnectionError,
            ):  # reset, when the other end was closed before it read our answer
                return
            result = _with_room(pipeline.migrate_file, target, settings)
            try:
                connection.send(result)
            except ConnectionError:
                return
            collect()


def _with_room(work: Callable[_P, _T], *arguments: _P.args, **named: _P.kwargs) -> _T:
    """Call a function that calls others deeply.

    CPython, from 3.11 on, keeps the frames of Python's functions in pieces of 16 KiB, and asks the system for the next one where a
    call finds no room, to give it back when that returns (``_PyThreadState_PushFrame``): a loop that calls across the end of a
    piece pays for it each time, a tenth of the time of a large project. The frame of this function is so large that its
    piece, a power of two, has room for a thousand calls behind it. Of the frame itself nothing is touched.

    Args:
        work: the function.
        *arguments: what it is given.
        **named: what it is given by name.
    """
    return work(*arguments, **named)


if sys.implementation.name == "cpython" and sys.version_info >= (3, 11):
    _with_room.__code__ = _with_room.__code__.replace(co_stacksize=_ROOM)


@contextlib.contextmanager
def _collecting_between_files() -> Iterator[Callable[[], None]]:
    """Collect garbage between files only: within one, many small objects live as long as its tree, and are looked at in vain.

    After each file, or the next one finds its memory in other places, which costs more than to collect.

    Yields:
        What is to be called after each file.
    """
    files = 0

    def collect() -> None:
        nonlocal files
        files += 1
        if gc.get_count()[0] > _GARBAGE:
            gc.collect(0 if files % 64 else 2)

    was_enabled = gc.isenabled()
    gc.disable()
    gc.freeze()  # what there is by now, the trees of all scripts with it, is there to stay
    try:
        yield collect
    finally:
        gc.unfreeze()
        if was_enabled:
            gc.enable()


def _starts_safely() -> bool:
    """Whether a process that we start will not take a script (``queue.py``) for a module that it needs, and run it.

    It looks for its first modules in the current folder, unless it is told not to, which Python 3.11 can be.
    """
    if sys.version_info >= (3, 11) and not sys.flags.ignore_environment:
        return True
    try:
        names = [path.name for path in Path().iterdir()]
    except OSError:
        return False
    return not any(name.partition(".")[0] in sys.stdlib_module_names for name in names)


@contextlib.contextmanager
def _scripts_left_alone() -> Iterator[None]:
    """Start a process that does not look for modules in the current folder."""
    before = os.environ.get(_SAFE_PATH)
    os.environ[_SAFE_PATH] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[_SAFE_PATH]
        else:
            os.environ[_SAFE_PATH] = before


@contextlib.contextmanager
def _interrupts_held() -> Iterator[None]:
    """Start a process with SIGINT blocked, or Ctrl-C during its start-up would print a traceback."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()  # started with the first process, it would let go of the signal again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
