"""Make a worker's world repeatable, and break it where a test asks for it.

Python imports this module by its name before the script (https://docs.python.org/3/library/site.html).
Original and migrated workers run with the very same file, so whatever it does is no difference between them.

Read from the environment:
    SANDBOX_TRACE: file that gets one JSON list per process start and per sleep of the worker.
    SANDBOX_FAULTS: JSON list of faults, see ``sandbox.Fault``.
    SANDBOX_FILE_LIMIT: bytes; the operating system then refuses to let any file grow beyond.
    SANDBOX_STRIKE: JSON object: in ``file`` (the end of its path) at ``line`` the expression ``error`` is raised, once, by the worker itself.
    SANDBOX_DEPTH: how many workers stand above this one; set here for the children.

The clock stands still but for the worker's own sleeps, which take no time. Waits of the runtime's retries are
written to the trace and leave the clock alone: they are no doing of the worker. ``time.monotonic`` stays
real, because ``subprocess`` and ``threading`` time their waits with it.
"""

from __future__ import annotations

import builtins
import datetime
import errno
import fnmatch
import io
import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

EPOCH = 1772445600.0  # 2026-03-02 10:00:00 UTC
MONTH = 30 * 86400.0
RUNTIME = {"worker_utils", "worker_logger"}
LIBRARY_WAITS = {"subprocess", "selectors", "threading", "socketserver"}

real_open = io.open
_real_sleep = time.sleep
_real_unlink = os.unlink
_real_getmtime = os.path.getmtime
_real_getpid = os.getpid
_real_localtime = time.localtime
_trace_path = ""
_faults: list[dict[str, Any]] = []
_depth = 0
_start_pid = 0
_elapsed = 0.0


def _trace(*entry: object) -> None:
    if _trace_path:
        with real_open(_trace_path, "a", encoding="utf-8") as stream:
            stream.write(json.dumps(entry, default=str) + "\n")


# ---------------------------------------------------------------- faults


def _due(call: str, path: str = "", writes: bool | None = None) -> str | None:
    """Count this call, and name the error of the first fault that strikes it."""
    for fault in _faults:
        if fault["call"] != call or fault["depth"] not in (None, _depth):
            continue
        if fault["mode"] and fault["mode"] != ("w" if writes else "r"):
            continue
        if path and not fnmatch.fnmatch(os.path.abspath(path), fault["path"]):
            continue
        fault["seen"] = fault.get("seen", 0) + 1
        struck = fault["seen"] - fault["skip"]
        if struck >= 1 and (fault["times"] is None or struck <= fault["times"]):
            return str(fault["error"])
    return None


def _strike(error: str, path: str) -> None:
    """Raise what ``error`` names: an ``errno`` name, an exception, ``SIGINT``; or remove the file."""
    if error == "SIGINT":
        signal.raise_signal(signal.SIGINT)
    elif error == "vanish":
        if os.path.exists(path):
            _real_unlink(path)
    elif hasattr(errno, error):
        number = getattr(errno, error)
        raise OSError(number, os.strerror(number), path)
    else:
        raise getattr(builtins, error)(f"injected at {os.path.basename(path)}")


class _Struck:
    """A function of the standard library that may fail by order.

    An object and no function: classes that keep such a function as an attribute (``pathlib``, ``logging``)
    must not turn it into a method.
    """

    def __init__(self, call: str, real: Callable[..., object]) -> None:
        self.call = call
        self.real = real
        self.__name__ = self.__qualname__ = real.__name__
        self.__doc__ = real.__doc__
        self.__module__ = real.__module__

    def __call__(self, *args: object, **kwargs: object) -> object:
        path = args[0] if args else "."
        if isinstance(path, (str, bytes, os.PathLike)):
            name = os.fsdecode(path)
            mode = str(args[1] if len(args) > 1 else kwargs.get("mode", "r"))
            error = _due(self.call, name, any(letter in mode for letter in "wax+"))
            if error == "full" and "+" not in mode:  # reading from /dev/full would never end
                # The entry fits into the folder, the content does not fit onto the disk.
                real_open(name, "ab").close()
                return self.real("/dev/full", *args[1:], **kwargs)
            if error and error != "full":
                _strike(error, name)
        return self.real(*args, **kwargs)


builtins.open = io.open = _Struck("open", real_open)  # type: ignore[assignment]  # stands in for it
for _call in ("listdir", "scandir", "stat", "mkdir", "remove", "unlink", "rename", "replace"):
    setattr(os, _call, _Struck(_call, getattr(os, _call)))


# ---------------------------------------------------------------- clock


def _now() -> float:
    return EPOCH + _elapsed


def _now_ns() -> int:
    return int(_now()) * 10**9


def _sleep(seconds: float) -> None:
    global _elapsed
    caller = sys._getframe(1).f_globals.get("__name__")
    if caller in LIBRARY_WAITS:
        _real_sleep(seconds)
        return
    if caller in RUNTIME:
        _trace("retry wait", seconds)
        return
    _trace("sleep", seconds)
    _elapsed += seconds
    error = _due("sleep")
    if error:
        _strike(error, "sleep")
    _real_sleep(0)


class _OrNow:
    """A function of ``time`` that takes the present when it is given no time."""

    def __init__(self, real: Callable[..., object], position: int) -> None:
        self.real = real
        self.position = position

    def __call__(self, *args: object) -> object:
        if len(args) > self.position:
            return self.real(*args)
        return self.real(*args, _real_localtime(_now()) if self.position else _now())


class FixedDateTime(datetime.datetime):
    """``datetime`` whose present is the sandbox's."""

    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> FixedDateTime:
        return cls.fromtimestamp(_now(), tz)

    @classmethod
    def today(cls) -> FixedDateTime:
        return cls.fromtimestamp(_now())

    @classmethod
    def utcnow(cls) -> FixedDateTime:
        return cls.fromtimestamp(_now(), datetime.timezone.utc).replace(tzinfo=None)


def _getmtime(path: str) -> float:
    # Files of the sandbox carry times of the sandbox's last month; anything else was written just now.
    written = _real_getmtime(path)
    return written if EPOCH - MONTH < written < EPOCH else EPOCH


FixedDateTime.__name__ = FixedDateTime.__qualname__ = "datetime"
setattr(datetime, "datetime", FixedDateTime)  # noqa: B010 - a plain assignment to a type is an error for mypy
time.sleep = _sleep  # type: ignore[assignment]  # its argument has a private type
time.time = _now
time.time_ns = _now_ns
for _name, _position in (("localtime", 0), ("gmtime", 0), ("ctime", 0), ("strftime", 1)):
    setattr(time, _name, _OrNow(getattr(time, _name), _position))
os.path.getmtime = _getmtime  # type: ignore[assignment]  # as above


# ---------------------------------------------------------------- identity


def _getpid() -> int:
    pid = _real_getpid()
    return 4_190_000 + _depth if pid == _start_pid else pid


def _audit(event: str, args: tuple[object, ...]) -> None:
    if event == "subprocess.Popen":
        _trace("start", args[1])
    elif event == "os.system":
        _trace("start", args[0])


os.getpid = _getpid
sys.addaudithook(_audit)


# ---------------------------------------------------------------- an error out of the blue


def _strike_once(file: str, line: int, error: str) -> None:
    """Raise an error when a line is reached for the first time, as if its code had: nothing in the script is changed."""
    import threading  # here only: no other run is to have it earlier than by itself

    once = threading.Lock()

    def of_file(frame: FrameType, _event: str, _arg: object) -> object:
        return at_line if frame.f_code.co_filename.endswith(file) else None

    def at_line(frame: FrameType, event: str, _arg: object) -> object:
        if event != "line" or frame.f_lineno != line:
            return at_line
        sys.settrace(None)  # of this thread; others have theirs already
        threading.settrace(None)
        if not once.acquire(blocking=False):
            return None
        _trace("struck")
        raise eval(error, frame.f_globals)

    threading.settrace(of_file)  # type: ignore[arg-type]  # a function for each frame
    sys.settrace(of_file)  # type: ignore[arg-type]  # as above


# ---------------------------------------------------------------- one run


def begin() -> None:
    """Read from the environment what happens in this process: when Python starts, and again in a fork that stands for a start."""
    global _trace_path, _faults, _depth, _start_pid, _elapsed
    _trace_path = os.environ.get("SANDBOX_TRACE", "")
    _faults = json.loads(os.environ.get("SANDBOX_FAULTS", "[]"))
    _depth = int(os.environ.get("SANDBOX_DEPTH", "0"))
    _start_pid, _elapsed = _real_getpid(), 0.0
    os.environ["SANDBOX_DEPTH"] = str(_depth + 1)
    random.seed(20260302)
    if "SANDBOX_FILE_LIMIT" in os.environ:
        import resource

        limit = int(os.environ["SANDBOX_FILE_LIMIT"])
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        _trace_path = ""  # it could not grow either
    if os.environ.get("SANDBOX_STRIKE") and _depth == 0:
        _strike_once(**json.loads(os.environ["SANDBOX_STRIKE"]))


begin()
