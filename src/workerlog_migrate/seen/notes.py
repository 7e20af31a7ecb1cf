"""What did the workers note? Reads ``<worker>.seen.jsonl`` of log folders.

Input: folders. Output: `Notes`: equal notes of all processes summed. A line that is damaged, forged in its form, or of a later
version is counted and has no effect. Memory does not grow with the number of lines or processes: counts of a process are
cumulative, so only the last one of the processes that are at work is kept, and what is kept of them is bounded.
"""

from __future__ import annotations

import datetime
import functools
import json
import os
import posixpath
import re
import stat
from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

from workerlog_migrate.errors import UsageError
from workerlog_migrate.model import Arrival

SUFFIX = ".seen.jsonl"
"""How the names of evidence files end; before it stands the worker's."""

VERSION = 1
"""The version of the lines that are understood."""

DAMAGED = "damaged"
NEWER = "of a later version"
STRANGE = "not as the runtime writes them"
TOO_MANY = "too many different ones"

_MOST_OF_FILE = (
    1_000_000_000  # bytes; the runtime ends at five million, but a person may put many files together
)
_MOST_IN_ALL = 1_000_000_000  # bytes of all files together
_MOST_PATHS = 100_000  # of sources, in all files together
_MOST_KEPT = 50_000_000  # characters of names and paths of all places; a text with a rare letter takes four bytes for each
_MOST_BYTES = 1 << 16  # of a line; the runtime's longest have 64 frames
_MOST_PIECES = (
    16  # of a line that has no end; behind so many the file is not read on: it may be a hole of the disk
)
_MOST_PLACES = 20_000
_MOST_COUNTS = 50_000
_MOST_RUNNING = 20_000
_MOST_FRAMES = 64
_MOST_BASES = 64
_MOST = 10**15
_MOST_LINE = 10**8
_MOST_SECONDS = 10**10
_LONGEST_TIME = 40
_REMEMBERED = 4096

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z")
_TYPE = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*:[^\W\d]\w*(?:\.(?:[^\W\d]\w*|<locals>))*")
_FUNCTION = re.compile(r"(?:[^\W\d]\w*|<\w+>)(?:\.(?:[^\W\d]\w*|<\w+>))*")
_ROOT = "builtins:BaseException"
_MOCKS = ("unittest/mock.py", "mock/mock.py")

_Frame = tuple[str, str, int, int]
_Key = tuple[str, str, int, int, str, bool, tuple[_Frame, ...]]
"""Path, function, its first line, line, class, whether nothing took it, frames."""


class Run(NamedTuple):
    """How long one script ran, by one evidence file.

    Attributes:
        file: the evidence file's name.
        path: the script, as it was run.
        seconds: of all its processes together.
        processes: how many there were.
    """

    file: str
    path: str
    seconds: float
    processes: int


class Notes(NamedTuple):
    """All that was noted in some folders.

    Attributes:
        arrivals: errors that came to a handler, or to none.
        runs: scripts that ran.
        paths: evidence file -> paths of source files that it speaks of.
        files: the evidence files that were read.
        lines: how many lines were read.
        passed_over: why lines, or files, had no effect -> how many.
        first, last: the earliest and the latest time; empty when there is none.
    """

    arrivals: tuple[Arrival, ...] = ()
    runs: tuple[Run, ...] = ()
    paths: Mapping[str, frozenset[str]] = {}
    files: tuple[str, ...] = ()
    lines: int = 0
    passed_over: Mapping[str, int] = {}
    first: str = ""
    last: str = ""


def read_notes(folders: Iterable[Path]) -> Notes:
    """Read the evidence of log folders.

    Args:
        folders: each must hold a note at least.

    Returns:
        The notes, in an order that depends on nothing but what was noted.

    Raises:
        UsageError: a folder does not exist, or nobody has noted anything in it.
    """
    reader = _Reader()
    for folder in folders:
        before = reader.understood
        names = _evidence_files(folder)
        for name in names:
            reader.read(folder / name)
        if not names:
            raise UsageError(
                f"--from-logs {folder}: there is no *{SUFFIX} in it; workers write it beside their log"
            )
        if reader.understood == before:
            raise UsageError(f"--from-logs {folder}: there is no note in it that could be read")
    return reader.notes()


def _evidence_files(folder: Path) -> list[str]:
    try:
        return sorted(name for name in os.listdir(folder) if name.endswith(SUFFIX))  # noqa: PTH208  # names, not paths
    except OSError as error:
        raise UsageError(
            f"--from-logs {folder}: cannot be read: {(error.strerror or str(error)).lower()}"
        ) from error


@dataclass(slots=True)
class _Sum:
    """What is known of one kind of error at one place."""

    bases: tuple[str, ...]
    expected: bool = False
    count: int = 0
    processes: int = 0
    first: str = ""
    last: str = ""
    files: frozenset[str] = frozenset()


@dataclass(slots=True)
class _Process:
    """A process that has begun and not ended yet, as far as was read."""

    path: str
    since: float
    last: float
    seconds: float = 0.0


class _Reader:
    """Takes lines in."""

    def __init__(self) -> None:
        self.understood = 0
        self._lines = 0
        self._passed_over: Counter[str] = Counter()
        self._sums: dict[_Key, _Sum] = {}
        self._counts: OrderedDict[tuple[object, ...], int] = OrderedDict()
        self._forgotten = False
        self._running: OrderedDict[tuple[str, int], _Process] = OrderedDict()
        self._runs: dict[tuple[str, str], tuple[float, int]] = {}
        self._paths: dict[str, set[str]] = {}
        self._files: list[str] = []
        self._left = _MOST_IN_ALL
        self._named = 0
        self._kept = 0
        self._first, self._last = "", ""

    def read(self, file: Path) -> None:
        """Read one file; whatever it is, nothing is raised and nothing waits."""
        try:
            # A FIFO of that name would keep us waiting for its writer.
            descriptor = os.open(
                file, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
            )
        except OSError:
            self._passed_over["files that cannot be read"] += 1
            return
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > _MOST_OF_FILE:
            os.close(descriptor)
            is_large = stat.S_ISREG(status.st_mode)
            self._passed_over["files that are too large" if is_large else "files that are none"] += 1
            return
        with os.fdopen(descriptor, "rb") as stream:
            self._files.append(file.name)
            try:
                for line in self._lines_of(stream):
                    self._take(file.name, line)
            except OSError:
                self._passed_over["files that cannot be read"] += 1
        self._close(file.name)

    def _lines_of(self, stream: BinaryIO) -> Iterator[bytes]:
        """Yield lines; of one that is too long, or has no end, nothing."""
        while line := stream.readline(_MOST_BYTES):
            self._left -= len(line)
            if self._left < 0:
                self._passed_over[
                    f"files not read to their end: more than {_MOST_IN_ALL:,} bytes in all"
                ] += 1
                return
            self._lines += 1
            if line.endswith(b"\n"):
                yield line
                continue
            self._passed_over[DAMAGED] += 1
            pieces = 1
            while len(line) == _MOST_BYTES and not line.endswith(b"\n"):
                if pieces == _MOST_PIECES:
                    self._passed_over["files with a line that has no end"] += 1
                    return
                line = stream.readline(_MOST_BYTES)
                pieces += 1

    def _take(self, file: str, line: bytes) -> None:
        try:
            note = json.loads(line)
        except (ValueError, RecursionError):
            self._passed_over[DAMAGED] += 1
            return
        if type(note) is not dict:
            self._passed_over[DAMAGED] += 1
            return
        version, event = note.get("v"), note.get("event")
        if type(version) is not int or type(event) is not str:
            self._passed_over[STRANGE] += 1
        elif version > VERSION:
            self._passed_over[NEWER] += 1
        elif version != VERSION:
            self._passed_over[STRANGE] += 1
        elif event in ("seen", "uncaught"):
            self._arrived(file, note, event == "uncaught")
        elif event in ("started", "running", "ended"):
            self._ran(file, note, event)

    def _arrived(self, file: str, note: dict[str, object], uncaught: bool) -> None:
        place, time, pid = _place(note), _time(note), _whole(note.get("pid"), 0)
        kind, bases, frames = note.get("type"), _types(note.get("bases")), _frames(note.get("frames", []))
        count, expected = _whole(note.get("count"), 1), note.get("expected", False)
        if None in (place, time, pid, count, bases, frames) or type(expected) is not bool:
            self._passed_over[STRANGE] += 1
            return
        assert place is not None and time is not None and pid is not None and count is not None  # noqa: PT018  # all were checked
        assert bases is not None and frames is not None  # noqa: PT018  # as above
        if type(kind) is not str or not _is_type(kind) or (_ROOT not in bases and kind != _ROOT):
            self._passed_over[STRANGE] += 1
            return
        self.understood += 1
        key: _Key = (*place, kind, uncaught, frames)
        known = self._sums.get(key)
        if known is None:
            size = sum(map(len, (kind, *bases))) + sum(
                len(each[0]) + len(each[1]) for each in (place, *frames)
            )
            if len(self._sums) >= _MOST_PLACES or self._kept + size > _MOST_KEPT:
                self._passed_over[TOO_MANY] += 1
                return
            self._kept += size
            known = self._sums[key] = _Sum(bases)
            self._paths.setdefault(file, set()).update((place[0], *(frame[0] for frame in frames)))
        gained, is_new = self._gained((file, pid, *key), count)
        known.count += gained
        known.processes += is_new
        known.expected |= expected
        known.first = min(known.first or time, time)
        known.last = max(known.last, time)
        if file not in known.files:
            known.files |= {file}
        self._saw(time)

    def _gained(self, key: tuple[object, ...], count: int) -> tuple[int, bool]:
        """Say by how much a cumulative count has grown, and whether its process is a new one here."""
        mark = hash(key)  # the keys themselves would be most of what is kept
        before = self._counts.pop((mark,), None)
        self._counts[mark,] = max(count, before or 0)
        if len(self._counts) > _MOST_COUNTS:
            self._counts.popitem(last=False)
            self._forgotten = True
        if before is not None:
            return max(count - before, 0), False
        if self._forgotten and count > 1:  # the runtime notes 1, 10, 100, ...: the last of them was counted
            below = 10 ** (len(str(count - 1)) - 1)
            return count - below, False
        return count, True

    def _ran(self, file: str, note: dict[str, object], event: str) -> None:
        path, time, pid = _path(note.get("path")), _time(note), _whole(note.get("pid"), 0)
        seconds = note.get("seconds", 0)
        if (
            path is None
            or time is None
            or pid is None
            or not isinstance(seconds, int | float)
            or not 0 <= seconds < _MOST_SECONDS
        ):
            self._passed_over[STRANGE] += 1
            return
        self.understood += 1
        self._saw(time)
        named = self._paths.setdefault(file, set())
        if path not in named:
            if self._named >= _MOST_PATHS:
                self._passed_over[TOO_MANY] += 1
                return
            self._named += 1
            named.add(path)
        now = _stamp(time)
        if pid == 0:  # summed by the runtime: runs, and seconds in all
            if event == "ended":
                self._add(file, path, float(seconds), _whole(note.get("count", 1), 1) or 1)
            return
        if event == "started":
            self._end(file, pid)
            self._running[file, pid] = _Process(path, now, now)
            if len(self._running) > _MOST_RUNNING:
                self._end(*next(iter(self._running)))
            return
        process = self._running.get((file, pid))
        if process is None:
            process = self._running[file, pid] = _Process(path, now, now)
        process.last = max(process.last, now)
        process.seconds = max(process.seconds, float(seconds))
        if event == "ended":
            self._end(file, pid)

    def _end(self, file: str, pid: int) -> None:
        process = self._running.pop((file, pid), None)
        if process is not None:
            self._add(file, process.path, process.seconds or max(process.last - process.since, 0.0), 1)

    def _add(self, file: str, path: str, seconds: float, processes: int) -> None:
        before = self._runs.get((file, path), (0.0, 0))
        self._runs[file, path] = (before[0] + seconds, before[1] + processes)

    def _saw(self, time: str) -> None:
        self._first = min(self._first or time, time)
        self._last = max(self._last, time)

    def _close(self, file: str) -> None:
        """Count what never said that it ended: it was killed, or is still at work."""
        for key in [key for key in self._running if key[0] == file]:
            self._end(*key)

    def notes(self) -> Notes:
        """Give all that was read."""
        arrivals = []
        for key, found in self._sums.items():
            path, function, function_line, line, kind, uncaught, frames = key
            arrivals.append(
                Arrival(
                    path,
                    function,
                    function_line,
                    line,
                    kind,
                    found.bases,
                    found.expected,
                    found.count,
                    found.processes,
                    found.first,
                    found.last,
                    tuple(sorted(found.files)),
                    frames,
                    uncaught,
                    _is_of_mock(frames),
                )
            )
        arrivals.sort()
        return Notes(
            tuple(arrivals),
            tuple(Run(*key, *value) for key, value in sorted(self._runs.items())),
            {file: frozenset(paths) for file, paths in self._paths.items()},
            tuple(self._files),
            self._lines,
            dict(sorted(self._passed_over.items())),
            self._first,
            self._last,
        )


def _place(note: dict[str, object]) -> tuple[str, str, int, int] | None:
    return _frame([note.get("path"), note.get("function"), note.get("function_line"), note.get("line")])


def _frame(entry: object) -> _Frame | None:
    if type(entry) is not list or len(entry) != 4:
        return None
    path, function, first, line = entry
    if type(path) is not str or type(function) is not str or type(first) is not int or type(line) is not int:
        return None
    return _checked_frame(path, function, first, line)


# Most lines repeat what others say: what was checked is remembered.
@functools.lru_cache(maxsize=_REMEMBERED)
def _checked_frame(named: str, function: str, first: int, line: int) -> _Frame | None:
    path = _path(named)
    if path is None or not 0 <= first <= _MOST_LINE or not 0 <= line <= _MOST_LINE:
        return None
    return (path, function, first, line) if len(function) < 1000 and _FUNCTION.fullmatch(function) else None


def _frames(entries: object) -> tuple[_Frame, ...] | None:
    if type(entries) is not list or len(entries) > _MOST_FRAMES:
        return None
    frames = [_frame(entry) for entry in entries]
    return None if None in frames else tuple(frame for frame in frames if frame is not None)


def _path(value: object) -> str | None:
    """Take a path that leads down; ``..`` in an absolute one comes from ``sys.path``, in another it is nobody's."""
    if type(value) is not str or not 0 < len(value) < 4096 or not value.isprintable():
        return None
    parts = value.replace("\\", "/").split("/")
    if ".." not in parts:
        return value
    return posixpath.normpath("/".join(parts)) if value.startswith("/") or value[1:2] == ":" else None


def _whole(value: object, least: int, most: int = _MOST) -> int | None:
    return value if type(value) is int and least <= value <= most else None


def _time(note: dict[str, object]) -> str | None:
    value = note.get("time")
    if type(value) is not str or len(value) > _LONGEST_TIME:
        return None
    return value if _is_time(value) else None


@functools.lru_cache(maxsize=_REMEMBERED)
def _is_time(value: str) -> bool:
    if not _TIME.fullmatch(value):
        return False
    try:
        _stamp(value)
    except ValueError:
        return False
    return True


@functools.lru_cache(maxsize=_REMEMBERED)
def _stamp(time: str) -> float:
    whole, _, rest = time.removesuffix("Z").partition(".")
    moment = datetime.datetime.fromisoformat(whole).replace(tzinfo=datetime.timezone.utc)
    return moment.timestamp() + (float(f"0.{rest}") if rest else 0.0)


def _is_type(value: object) -> bool:
    return type(value) is str and len(value) < 500 and _is_entry_point(value)


@functools.lru_cache(maxsize=_REMEMBERED)
def _is_entry_point(value: str) -> bool:
    return _TYPE.fullmatch(value) is not None


def _types(entries: object) -> tuple[str, ...] | None:
    if type(entries) is not list or len(entries) > _MOST_BASES or not all(map(_is_type, entries)):
        return None
    return tuple(entries)


def _is_of_mock(frames: tuple[_Frame, ...]) -> bool:
    """Whether an error was raised by a test's mock (``side_effect``): by the world it never was."""
    return bool(frames) and frames[-1][0].replace("\\", "/").endswith(_MOCKS)
