# workerlog-migrate runtime 0.1.0 tree:2f04bab38acd420832da78c434a6a2ac8be57e43f51d21dc7ffce26f976b680d
"""Log what a worker prints, what its handlers keep and how it ends, to a file that any number of processes share.

Standard library only, Python 3.10 or later, Linux, macOS and Windows; importing this module does nothing.
``WORKER_LOG_DIR`` (folder in place of ``logs``), ``WORKER_LOG_FORMAT=json`` (one object a line), ``WORKER_NOTIFY_URL``
(POST) and ``WORKER_NOTIFY_COMMAND`` (its stdin): who else hears of a CRITICAL record.

How the log is kept whole:
1. A record is one raw ``write`` on an ``O_APPEND`` descriptor: the kernel keeps it whole, a fork or a kill does not double it.
2. Before each write the descriptor is compared with the path: moved, deleted, rotated or closed logs are opened anew.
3. Only a rotation takes a lock, on the log itself; who does not get it in time appends and leaves the rotation to others.
4. The worker's logger writes to its file itself: what others do to all loggers (disable, quiet, re-route) is not asked.
5. Nothing is raised or printed because of the log; what a signal handler of the worker raises meanwhile passes.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # signal's functions, without its enumerations
import atexit
import builtins
import contextlib
import errno
import functools
import io
import linecache
import logging
import logging.handlers
import os
import re
import socket
import stat
import sys
import threading
import time
import traceback
from collections.abc import Mapping
from types import FunctionType, ModuleType, SimpleNamespace

TYPE_CHECKING = False  # not imported: `typing` costs more than all of this module
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from io import FileIO
    from pathlib import Path
    from types import CodeType, FrameType, TracebackType
    from typing import Any, TypeAlias, TypeVar

    _T = TypeVar("_T")
    _Unlock: TypeAlias = Callable[[], object]
    _Crash: TypeAlias = tuple[type[BaseException] | None, BaseException | None, TracebackType | None]
    _Sink: TypeAlias = Callable[[dict[str, object]], object]

__all__ = [
    "expect_only", "get_worker_log_path", "log_ignored", "mirror_print", "module_logger", "setup_worker_logger",
    "setup_worker_logging"
]  # fmt: skip

RUNTIME_VERSION = "0.1.0"

_HOLD_SECONDS = 300.0  # equal notifications of a worker are sent once in this time
_MOST_SENT = 60  # and so many at most go to URL, command and callable; the file has them all
_QUIET_SECONDS = 60.0  # equal errors at one place are logged once in this time
_MOST_ARRIVALS = 2000  # places and kinds of errors that a process counts at a time
_MOST_EVIDENCE = 5 * 1024 * 1024  # bytes; then equal lines are summed
_MOST_SUMMED = 20 * 1024 * 1024  # bytes; what is beyond is none that the runtime has written
_LEAST_NOTE, _LONGEST_NOTE = 40, 1 << 20  # bytes of a line; a shorter or longer one is none either
_MOST_SUMS = 30_000  # more do not fit into half of that
_MOST_OF_START = 1000  # characters of a printed text in which its level is looked for
_LARGEST_SOURCE = 8_000_000  # bytes of a file that a traceback shows a line of
_MOST_OPEN = 64  # logs that keep their descriptor
_NEW_RECORD = logging.LogRecord.__new__
_PRINT, _OPEN, _STARTED = print, open, time.time()  # `open` is gone when the last objects are deleted
_LEVEL_NAMES = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_METHODS = {getattr(logging.Logger, name.lower()): int(getattr(logging, name)) for name in _LEVEL_NAMES}
# Tests of workers replace those of `time`.
_clock, _sleep, _monotonic = time.perf_counter, time.sleep, time.monotonic

# --- set-up


def setup_worker_logger(
    worker_name: str,
    log_dir: str | os.PathLike[str] = "logs",
    *,
    level: int = logging.INFO,
    max_bytes: int = 5 * 1024 * 1024,
    backup_count: int = 5,
) -> logging.Logger:
    """Give the worker's logger, writing to ``<log_dir>/<worker_name>.log``; repeated calls give the same one.

    In the script that runs, the log also says when it started and when it ended.

    Args:
        worker_name: the logger's name; what is no part of a file name becomes ``_`` in the log's name.
        log_dir: folder, created if missing. ``WORKER_LOG_DIR`` replaces it when it is ``"logs"``.
        level: lowest level that is written.
        max_bytes: size in bytes at which the log is rotated; 0 never rotates.
        backup_count: number of old logs kept (``.1`` is the youngest); 0 never rotates.

    Returns:
        The logger. It does not propagate, so nothing reaches the terminal through it.
    """
    return _set_up(worker_name, log_dir, level, max_bytes, backup_count, sys._getframe(1))


def module_logger(name: str, log_dir: str | os.PathLike[str] = "logs") -> logging.Logger:
    """Give the logger of a module that several workers import: it writes to the log of the worker that runs.

    Args:
        name: the logger's name; CRITICAL records notify as this worker's.
        log_dir: folder of the log ``<name>.log`` that is made, at the first record, if no worker runs.

    Returns:
        The logger; in the script that runs it is ``setup_worker_logger``'s.
    """
    caller = sys._getframe(1)
    if caller.f_globals.get("__name__") == "__main__":
        return _set_up(name, log_dir, logging.INFO, 5 * 1024 * 1024, 5, caller)
    return _of_module(_logger_name(name), log_dir)


def _of_module(name: str, log_dir: str | os.PathLike[str]) -> logging.Logger:
    logger = logging.getLogger(name)
    with logging._lock:  # type: ignore[attr-defined]  # as in _set_up
        if not hasattr(logger, "worker_log"):
            _adopt(logger, _ModuleHandler(name, log_dir), logging.INFO)
    return logger


def _set_up(
    name: str, log_dir: str | os.PathLike[str], level: int, max_bytes: int, backups: int, caller: FrameType
) -> logging.Logger:
    logger = logging.getLogger(_logger_name(name))
    folder, path = _place_of(logger.name, log_dir)
    shared, is_script = _shared(), caller.f_globals.get("__name__") == "__main__"
    with logging._lock:  # type: ignore[attr-defined]  # the one that a forked child finds open
        # Known by its file, not by its class: this module may be loaded under two names. And the same relative
        # folder is, after os.chdir(), still the folder of the first call.
        held = vars(logger).get("worker_log")
        handler: _WorkerFileHandler = held if hasattr(held, "worker_log_dir") else None  # type: ignore[assignment]  # None is made a handler below
        if handler is None or (handler.worker_log_dir != folder and handler.baseFilename != path):
            if held is not None:
                logger.removeHandler(held)
                held.close()
            handler = _WorkerFileHandler(path, folder)
        handler.maxBytes, handler.backupCount = max_bytes, backups
        _adopt(logger, handler, level)
        if shared.worker is None or is_script:
            shared.worker = logger  # the script's own crashes are the script's
        _chain_hooks()
    if is_script and handler.began is None:
        handler.begin(caller)
        place = f"Python {sys.version.split()[0]}, {_as_run(caller.f_code.co_filename)}, log {handler.baseFilename}"
        log_at(logger, logging.INFO, caller, f"started: pid {os.getpid()}, {place}")
    return logger


def current_logger() -> logging.Logger | None:
    """Give the logger of the script that runs, or None before its set-up."""
    return _shared().worker  # type: ignore[no-any-return]  # a namespace has no types


def _shared() -> SimpleNamespace:
    """Give the state that all copies of this module in one process share."""
    names = vars(logging.root.manager)
    if "worker_logger" not in names:
        fresh: dict[str, Any] = {
            "worker": None,
            "ranked": None,
            "folder": "",
            "began": [],
            "seen": {},
            "seen_by": 0,
        }
        names.setdefault("worker_logger", SimpleNamespace(**fresh, unwritten={}, hanging=[]))
    return names["worker_logger"]  # type: ignore[no-any-return]  # a module's names have no types


def _logger_name(name: str) -> str:
    # In the root logger's file every library's records would land.
    return "root-worker" if name == "root" else str(name) or "worker"


def _place_of(name: str, log_dir: str | os.PathLike[str]) -> tuple[str, str]:
    """Give the folder as asked for, and the log's absolute path."""
    folder = os.fsdecode(log_dir)
    if os.path.normpath(folder) == "logs":
        folder = _setting("WORKER_LOG_DIR") or folder
    return folder, _absolute(os.path.join(folder, _file_stem(name) + ".log"))


def _setting(name: str) -> str:
    """Give a variable; ``set NAME="a b" && python`` of ``cmd`` puts quotes and blanks into it, which are no part of a Windows path."""
    value = os.environ.get(name, "")
    return value.strip(' "') if os.name == "nt" else value


def _absolute(path: str) -> str:
    try:
        return os.path.abspath(path)
    except OSError:  # the current folder is gone
        return os.path.join(os.path.dirname(__file__), path)


def _as_run(path: str) -> str:
    """Give a source file's path from the folder in which the worker was started, if it lies in it."""
    folder = _shared().folder
    path = os.path.normpath(path) if ".." in path else path  # of a `sys.path` entry, say
    inside = folder and os.path.normcase(path).startswith(os.path.normcase(folder) + os.sep)  # of Windows
    return (path[len(folder) + 1 :] if inside else path).replace(os.sep, "/")


def _file_stem(name: str) -> str:
    """Make a file name of a worker's name that stays in its folder, also on Windows."""
    stem = re.sub(r'[\x00-\x1f\x7f<>:"/\\|?*\ud800-\udfff]', "_", name).strip(". ") or "_"
    if os.name == "nt" and re.fullmatch(
        r"(?i)(con|prn|aux|nul|con(in|out)\$|(com|lpt)[\d¹²³]) *(\..*)?", stem
    ):
        stem = "_" + stem
    return stem.encode("utf-8")[:200].decode("utf-8", "ignore")  # file systems take 255 bytes


# --- the logger


def _kept(filterer: logging.Filterer, record: logging.LogRecord) -> logging.LogRecord | None:
    """Give the record that the filters leave; since 3.12 it may be another one."""
    found = filterer.filter(record)
    return found if isinstance(found, logging.LogRecord) else record if found else None


class _WorkerLogger(logging.Logger):
    """A logger that writes to its file itself; its level, handlers and switches are what others make of them."""

    worker_log: _WorkerFileHandler | _ModuleHandler
    worker_level: int

    def __reduce__(self) -> tuple[Callable[..., logging.Logger], tuple[str, str]]:
        """Where a function is sent by value nothing has set the logger up: a bare one would print on stderr there."""
        log = self.worker_log
        return _of_module, (self.name, log.folder if isinstance(log, _ModuleHandler) else log.worker_log_dir)

    def isEnabledFor(self, level: int) -> bool:  # noqa: N802  # logging's name
        return level >= self.worker_level or super().isEnabledFor(level)

    def makeRecord(  # noqa: N802  # logging's name and arguments
        self, name: str, level: int, fn: str, lno: int, msg: object, args: Any, exc_info: Any,
        func: Any = None, extra: Any = None, sinfo: str | None = None,
    ) -> logging.LogRecord:  # fmt: skip
        """Do as the standard one in half the time; its ``except Exception`` would keep what a signal handler raises."""
        own = type(self) is not _WorkerLogger or logging.getLogRecordFactory() is not logging.LogRecord
        if own or extra is not None:
            return super().makeRecord(name, level, fn, lno, msg, args, exc_info, func, extra, sinfo)
        record, now = _NEW_RECORD(logging.LogRecord), time.time()
        record.name, record.levelno, record.levelname = name, level, logging.getLevelName(level)
        record.pathname, record.lineno, record.funcName = fn, lno, func
        record.filename, record.module = _file_of(fn)
        record.msg, record.exc_info, record.exc_text, record.stack_info = msg, exc_info, None, sinfo
        record.args = args[0] if len(args) == 1 and args[0] and isinstance(args[0], Mapping) else args
        record.created, record.msecs = now, int(now % 1 * 1000) + 0.0
        record.relativeCreated = (now - _STARTED) * 1000
        record.thread, record.threadName = threading.get_ident(), threading.current_thread().name
        record.process, record.processName = os.getpid(), "MainProcess"
        if (known := sys.modules.get("multiprocessing.process")) is not None:
            record.processName = known.current_process().name
        if sys.version_info >= (3, 12):
            record.taskName = _task_name()
        return record

    def handle(self, record: logging.LogRecord) -> None:
        if (kept := _kept(self, record) if self.filters else record) is not None:
            self.worker_log.handle(kept)
            shared = len(self.handlers) > 1 or self.propagate
            if shared and not self.disabled and super().isEnabledFor(kept.levelno):
                self.callHandlers(kept)

    def callHandlers(self, record: logging.LogRecord) -> None:  # noqa: N802  # logging's name
        logger: logging.Logger | None = self
        while logger is not None:
            for handler in logger.handlers:
                if handler is not self.worker_log and record.levelno >= handler.level:
                    handler.handle(record)
            logger = logger.parent if logger.propagate else None

    def mirror(self, record: logging.LogRecord) -> None:
        """Handle what print has shown: it goes to no handler that may show it again."""
        if (kept := _kept(self, record) if self.filters else record) is not None:
            self.worker_log.handle(kept)
            for handler in self.handlers if len(self.handlers) > 1 else ():
                quiet = handler is self.worker_log or kept.levelno < handler.level or self._shows(handler)
                if not quiet:
                    handler.handle(kept)

    def _shows(self, handler: logging.Handler) -> bool:
        if isinstance(handler, logging.StreamHandler) and not isinstance(handler, logging.FileHandler):
            return True
        loggers = [logging.root, *self.manager.loggerDict.values()]  # one that all loggers are routed through
        return any(other is not self and handler in getattr(other, "handlers", ()) for other in loggers)


def _adopt(logger: logging.Logger, handler: _WorkerFileHandler | _ModuleHandler, level: int) -> None:
    """Make a logger one whose records reach the handler whatever happens to the logger."""
    for held in logger.handlers[:]:
        if hasattr(held, "file_log") and held is not handler:
            logger.removeHandler(held)
    if handler not in logger.handlers:
        logger.addHandler(handler)
    logger.setLevel(level)
    vars(logger).update(worker_log=handler, worker_level=logger.level)
    logger.propagate = False
    if not hasattr(logger, "mirror"):
        _put_over(logger, _WorkerLogger)


def _put_over(logger: logging.Logger, ours: type[logging.Logger]) -> None:
    """Put a logger class of ours over the class that a logger has; one that handles records itself has its reasons."""
    kind, names = type(logger), ("callHandlers", "handle", "isEnabledFor")
    if all(getattr(kind, name) is getattr(logging.Logger, name) for name in names):
        with quiet(Exception):  # one that wants no heirs
            logger.__class__ = ours if kind is logging.Logger else type(kind.__name__, (ours, kind), {})


def _log_of(logger: object) -> _WorkerFileHandler | None:
    held = getattr(logger, "worker_log", None)
    return None if held is None else held.file_log()


def log_at(
    logger: logging.Logger, level: int, frame: FrameType, text: str, error: BaseException | None = None
) -> None:
    """Log a text as written at a frame's line, with the traceback of an error; never through a logger that would print."""
    if logger.isEnabledFor(level) and (hasattr(logger, "worker_log") or logger.hasHandlers()):
        crash = None if error is None else (type(error), error, error.__traceback__)
        getattr(logger, "mirror", logger.handle)(_record(logger, level, frame, text, crash))


def _record(
    logger: logging.Logger, level: int, frame: FrameType, text: str, crash: _Crash | None = None
) -> logging.LogRecord:
    """Make the record that a method of the logger would have made at a frame's line."""
    code = frame.f_code
    return logger.makeRecord(
        logger.name, level, code.co_filename, frame.f_lineno, text, (), crash, code.co_name  # type: ignore[arg-type]  # a crash may be three times None
    )  # fmt: skip


@functools.lru_cache
def _file_of(path: str) -> tuple[str, str]:
    file = os.path.basename(path)
    return file, os.path.splitext(file)[0]


def _task_name() -> str | None:
    if (known := sys.modules.get("asyncio.tasks")) is not None:
        with quiet(Exception):  # it is being imported
            return known.current_task().get_name() if known.events._get_running_loop() else None
    return None


@functools.cache
def _is_plain(kind: type[logging.Logger]) -> bool:
    """Tell whether a class sends its records on as the standard library's does."""
    names = ("_log", "log", *(() if hasattr(kind, "mirror") else ("handle",)))
    return all(getattr(kind, name) is getattr(logging.Logger, name) for name in names)


# --- print, and the same on the log


def mirror_print(
    log_method: logging.Logger | Callable[..., object],
    /,
    *args: object,
    printer: Callable[..., _T] = print,  # type: ignore[assignment]  # a type variable has no default
    **kwargs: object,
) -> _T:
    """Print, and put the same text on the log, one record a line.

    An error's record, written while an exception is being handled, names that exception and its place.

    Args:
        log_method: a logger's method (``logger.info``), or a logger: the start of the text then decides the level.
        args: as for ``print``.
        printer: what to call; ``print`` when omitted.
        kwargs: passed to the printer (``sep``, ``end``, ``file``, ``flush``, ...).

    Returns:
        What the printer returns. Its exceptions pass; the text is on the log all the same.
    """
    shown, handled = args, sys.exc_info()[1]
    if printer is _PRINT:
        printer = builtins.print  # type: ignore[assignment]  # whoever has replaced print since gets it
        if printer is _PRINT:
            shown = tuple([arg if type(arg) is str else _Once(arg) for arg in args])
    try:
        return printer(*shown, **kwargs)
    finally:
        try:
            text = shown[0] if len(shown) == 1 and not kwargs else None
            if type(text) is str and text.isprintable():
                lines = [line] if (line := text.strip()) else []
            else:
                text, lines = _lines_of(shown, kwargs)
            _log_lines(log_method, text, lines, handled, sys._getframe(1))
        except Exception as failure:  # noqa: BLE001  # a log method of the worker's own may raise anything
            _pass_on(failure)


def _log_lines(
    log_method: logging.Logger | Callable[..., object],
    text: str,
    lines: list[str],
    handled: BaseException | None,
    frame: FrameType,
) -> None:
    level = _METHODS.get(getattr(log_method, "__func__", None))
    logger = log_method.__self__ if level else log_method  # type: ignore[union-attr]  # a method of a logger, by the table
    if not isinstance(logger, logging.Logger):
        standard = getattr(log_method, "__module__", None) == "logging"
        for line in lines:
            log_method(line, **({"stacklevel": 3} if standard else {}))  # type: ignore[operator]  # whatever else is no logger is called
        return
    failing = handled is not None and not isinstance(handled, _NO_ERRORS)
    level = level or _level_of(text, logging.ERROR if failing else logging.INFO)
    if not _is_plain(type(logger)):  # type: ignore[arg-type]  # a class is hashable
        for line in lines:  # what a subclass does with a record is its own affair
            logger.log(level, line, stacklevel=3)
    elif logger.isEnabledFor(level):
        # As logger.log would, which takes longer than a print to find out who called us.
        # Without any handler `logging` would print it itself, a second time.
        handle = getattr(logger, "mirror", None) or (logger.handle if logger.hasHandlers() else bool)
        for line in lines:
            record = _record(logger, level, frame, line)
            if handled is not None and level >= logging.ERROR and line is lines[-1]:
                _attach(record, handled, text)
            handle(record)
    if handled is not None and level >= logging.ERROR:
        _note_arrival(logger, handled, frame, expected=False)


# A message in their handlers is none of an error.
_NO_ERRORS = (KeyboardInterrupt, ImportError, StopIteration)


def _attach(record: logging.LogRecord, error: BaseException, text: str) -> None:
    """Give an error's record the exception that is being handled, unless its text has said it."""
    if record.levelno >= logging.CRITICAL:
        record.exc_info = (type(error), error, error.__traceback__)
        return
    kind, message = type(error).__name__, text_of(error)
    if not (kind in text and message in text):
        record.worker_error = masked(f"{kind}: {message}" if message else kind) + _place_in_program(error)


def _place_in_program(error: BaseException) -> str:
    """Name the innermost line of the program's own files that an error came through."""
    place = ""
    for frame, line in traceback.walk_tb(error.__traceback__):
        code = frame.f_code
        if is_own(code) or not place:
            place = f" ({os.path.basename(code.co_filename)}:{line} in {code.co_name})"
    return place


class _Once:
    """An argument of print: converted when print asks for it, so once and in print's order, and remembered."""

    __slots__ = ("failed", "text", "value")

    def __init__(self, value: object) -> None:
        self.value, self.failed = value, False
        self.text: str | None = None

    def __str__(self) -> str:
        self.failed = True
        self.text = str(self.value)
        self.failed = False
        return self.text


def text_of(value: object) -> str:
    if type(value) is _Once:
        if value.text is not None:
            return value.text
        value = value.value  # print did not come to it: no stdout, or a broken one
    try:
        return str(value)
    except Exception as error:  # noqa: BLE001  # any __str__ may raise anything
        _pass_on(error)
        return f"<{type(value).__name__}: {type(error).__name__} in str()>"


def _lines_of(shown: tuple[object, ...], options: dict[str, object]) -> tuple[str, list[str]]:
    """Give the text that is printed, and those of its lines that belong on the log."""
    if not shown:  # safe_print(message="...")
        texts = [value for name, value in options.items() if name not in ("sep", "end", "level")]
        shown = tuple(value for value in texts if isinstance(value, str))[:1]
    failed = next((n for n, arg in enumerate(shown) if type(arg) is _Once and arg.failed), len(shown))
    shown = shown[:failed]  # print has come so far
    sep, end = options.get("sep"), options.get("end")
    sep, end = sep if isinstance(sep, str) else " ", end if isinstance(end, str) else "\n"
    text = sep.join([arg if type(arg) is str else text_of(arg) for arg in shown])
    if "\n" not in text + end and not any(map(str.isalnum, text)):
        return text, []  # print(".", end=""): no record per dot
    *lines, rest = (text + end).split("\n")
    lines = [line.strip(" \t") for line in (*(line.removesuffix("\r") for line in lines), rest)]
    return text, [_escape(line) for line in lines if line and "\r" not in line]


def _escape(text: str) -> str:
    """Escape what could forge a record or drive a terminal; tabs stay."""
    if text.isprintable():
        return text
    control = "[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]"
    return re.sub(control, lambda found: found[0].encode("unicode_escape").decode(), text)


def _level_of(text: str, default: int = logging.INFO) -> int:
    """Read the level from a marker at the start of a text, a time stamp skipped."""
    marker, timestamp = _level_patterns()
    if "\x1b" in text:
        text = re.sub(r"\x1b\[[\d;]*m", "", text)  # colours of a terminal
    text = text.lstrip()
    if stamp := timestamp.match(text):
        text = text[stamp.end() :]
    # A marker stands at the start, or there is nothing but signs: what a worker prints may be long, and others' text.
    found = marker.match(text[:_MOST_OF_START] + text[_MOST_OF_START:][-1:])
    group = found.lastgroup if found else None
    return int(getattr(logging, group.rstrip("_").upper())) if group else default


@functools.cache
def _level_patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    patterns = dict(re.findall("^(<.+?>)(.+)", _LEVELS.replace("\n|", "|"), re.MULTILINE))
    marker, timestamp = patterns.pop("<marker>"), patterns.pop("<timestamp>")
    for name, fragment in patterns.items():
        marker, timestamp = marker.replace(name, fragment), timestamp.replace(name, fragment)
    return re.compile(marker, re.IGNORECASE), re.compile(timestamp, re.IGNORECASE)


# --- errors that a handler keeps


def log_ignored(logger: logging.Logger, *, trace: bool = False) -> None:
    """In a handler: put the error that it swallows on the log, as one WARNING.

    Errors of one kind at one place are written at once, then once a minute with the number held back. What only says
    that nothing was there yet (``queue.Empty``, ``BlockingIOError``, a time-out of a poll) is DEBUG.

    Args:
        logger: the worker's logger.
        trace: with the traceback.
    """
    try:
        error, frame = sys.exc_info()[1], sys._getframe(1)
        if error is not None:
            arrival = _note_arrival(logger, error, frame, expected=not trace)
            level = logging.DEBUG if _is_calm(error) else logging.WARNING
            text = f"{frame.f_code.co_name}: ignored {type(error).__name__}: "
            arrival.tell(logger, level, frame, text, error, trace)
    except (RecursionError, MemoryError):
        pass
    except Exception as failure:  # noqa: BLE001  # a filter or a handler of the worker's own
        _pass_on(failure)


def expect_only(logger: logging.Logger, *types: type[BaseException] | str) -> bool:
    """In a handler that is on trial: tell whether the error is one of those that were foreseen, and note it.

    What was not foreseen is a CRITICAL record with traceback, so it notifies; again after a minute at the earliest.
    Ctrl-C and the other ways to end a program are noted at INFO. Never raises.

    Args:
        logger: the worker's logger.
        types: exception classes, or their names: ``"json.JSONDecodeError"``, ``".Refused"`` of the same module.

    Returns:
        Whether the error that is being handled is of one of the types.
    """
    try:
        error, frame = sys.exc_info()[1], sys._getframe(1)
        if error is None:
            return False
        arrival = _note_arrival(logger, error, frame, types)
        if arrival.expected:
            return True
        level = logging.INFO if arrival.type in _ENDS else logging.CRITICAL
        text = f"not expected in {arrival.function}:{arrival.line}: {type(error).__name__}: "
        arrival.tell(logger, level, frame, text, error, level == logging.CRITICAL)
    except (RecursionError, MemoryError):
        pass
    except Exception as failure:  # noqa: BLE001  # a filter or a handler of the worker's own
        _pass_on(failure)
    return False


_ENDS = {f"builtins:{name}" for name in ("KeyboardInterrupt", "SystemExit", "GeneratorExit")}
_ENDS.add("asyncio.exceptions:CancelledError")
_CALM = {"_queue:Empty", "queue:Empty", "builtins:BlockingIOError", "asyncio.queues:QueueEmpty"}
_CALM |= {"ssl:SSLWantReadError", "ssl:SSLWantWriteError"}
_TIMEOUTS = {
    f"{home}:TimeoutError" for home in ("builtins", "asyncio.exceptions", "concurrent.futures._base")
}
_TIMEOUTS |= {"multiprocessing.context:TimeoutError", "subprocess:TimeoutExpired"}
# Modules whose time-outs are those of a poll, but for those of some functions.
_POLLS: dict[str, tuple[str, ...]] = {"asyncio": (), "concurrent": (), "multiprocessing": (), "queue": ()}
_POLLS |= {"socket": ("connect", "create_connection"), "ssl": ("connect", "do_handshake")}
_POLLS |= {"subprocess": ("call", "communicate", "run")}

# What a class says of itself may be a lie or run code: these ask the interpreter.
_mro_of = vars(type)["__mro__"].__get__
_qualname_of: Callable[[type], str] = vars(type)["__qualname__"].__get__
_dict_of_class, _dict_of_module = vars(type)["__dict__"].__get__, vars(ModuleType)["__dict__"].__get__


def _type_name(kind: type) -> str:
    """Name a class as entry points do: ``module:Qualified.name``."""
    module = _dict_of_class(kind).get("__module__")
    return f"{module if type(module) is str else 'builtins'}:{_qualname_of(kind)}"[:300]


def _is_calm(error: BaseException) -> bool:
    """Tell whether an error says no more than that nothing was there yet."""
    names = [_type_name(kind) for kind in _mro_of(type(error))]
    if not _CALM.isdisjoint(names):
        return True
    if _TIMEOUTS.isdisjoint(names) or getattr(error, "errno", None) is not None:
        return False
    # A poll fails in the call itself; a connection or a command that timed out lies in a library.
    for frame, _ in reversed(list(traceback.walk_tb(error.__traceback__))):
        if is_own(frame.f_code):
            return True
        others = _POLLS.get(str(frame.f_globals.get("__name__")).partition(".")[0])
        if others is None or frame.f_code.co_name in others:
            return False
    return False


def is_own(code: CodeType) -> bool:
    """Tell whether code is the program's: no library's, and none of these two files, which stand beside it."""
    path = code.co_filename
    if path == __file__ or os.path.basename(path) == "worker_utils.py":
        return False
    return not is_installed(path) and not is_of_library(path)


def is_installed(path: str) -> bool:
    """Tell whether a source file is of an installed package."""
    return "site-packages" in path or "dist-packages" in path


def is_of_library(path: str) -> bool:
    """Tell whether a source file is of the standard library."""
    return path.startswith((os.path.dirname(os.__file__), "<frozen")) and not is_installed(path)


class _Arrival:
    """One kind of error at one place of the source: how often it came, and what was told of it."""

    def __init__(self, error: BaseException, code: CodeType, line: int, *, expected: bool) -> None:
        self.kind, self.code = type(error), code  # kept alive: their addresses are the key
        self.types: tuple[object, ...] = ()  # these, too
        self.line, self.type, self.expected = line, _type_name(type(error)), expected
        frames = [] if expected else _frames_of(error)
        names = _qualified_names([code, *(frame[0] for frame in frames)])
        self.function = names[code]
        self.log: _WorkerFileHandler | None = None
        self.count, self.due, self.written, self.held, self.told = 0, 1, 0, 0, -_QUIET_SECONDS
        self.fields: dict[str, object] = {"path": _as_run(code.co_filename), "function": self.function}
        self.fields.update(function_line=code.co_firstlineno, line=line, type=self.type)
        self.fields.update(bases=[_type_name(base) for base in _mro_of(self.kind)[1:-1]], expected=expected)
        self.frames = [[_as_run(at.co_filename), names[at], at.co_firstlineno, n] for at, n in frames]

    def note(self, event: str = "seen") -> None:
        """Put the count on the evidence, if there is something new."""
        frames = {} if self.expected else {"frames": self.frames}
        if self.log is not None and self.count > self.written:
            count = self.count
            if self.log.note(event, {**self.fields, "count": count, **frames}):
                self.written = count

    def tell(
        self,
        logger: logging.Logger,
        level: int,
        frame: FrameType,
        text: str,
        error: BaseException,
        trace: bool,
    ) -> None:
        """Put the error on the log, unless that was done within the last minute."""
        if not isinstance(logger, logging.Logger) or not logger.isEnabledFor(level):
            return
        now = _monotonic()
        if now - self.told < _QUIET_SECONDS:
            self.held += 1
            return
        self.told, held, self.held = now, self.held, 0
        text += masked(text_of(error)) + (f" (held back: {held})" if held else "")
        log_at(logger, level, frame, text, error if trace else None)


def _note_arrival(
    logger: logging.Logger,
    error: BaseException,
    frame: FrameType,
    types: tuple[object, ...] = (),
    *,
    expected: bool | None = None,
) -> _Arrival:
    """Count an error that has come to a handler, and put it on the evidence when it is the 1st, 10th, 100th, ..."""
    state, kind = _shared(), type(error)
    if state.seen_by != os.getpid():  # a forked child counts for itself
        state.seen, state.seen_by = {}, os.getpid()
        _at_exit()
    key = (id(frame.f_code), frame.f_lasti, id(kind), *map(id, types))
    arrival: _Arrival | None = state.seen.get(key)
    if arrival is None or (not arrival.expected and expected is None):  # a name may lead to a class by now
        judged = _is_of(kind, types, frame.f_globals) if expected is None else expected
        if arrival is None or judged:
            if len(state.seen) >= _MOST_ARRIVALS:
                for known in list(state.seen.values()):
                    known.note()
                state.seen.clear()
            arrival = _Arrival(error, frame.f_code, frame.f_lineno, expected=judged)
            arrival.types = types
            state.seen[key] = arrival
    arrival.count += 1
    arrival.log = state.ranked or _log_of(logger) or _log_of(state.worker)
    if arrival.count >= arrival.due:
        arrival.due *= 10
        arrival.note()
    return arrival


def _is_of(kind: type, types: tuple[object, ...], module: dict[str, object]) -> bool:
    """Tell whether a class is one of some classes or names, or inherits from one."""
    names = {_type_name(base).replace(":", "."): base for base in _mro_of(kind)}
    for wanted in types:
        found: object = wanted
        if type(wanted) is str:
            if wanted.startswith("."):
                found = _find_in(module, wanted[1:].split("."))
                wanted = f"{module.get('__name__')}{wanted}"
            else:
                wanted = wanted if "." in wanted else f"builtins.{wanted}"
                found = _find_class(wanted.split("."))
            if wanted in names:
                return True
        if any(base is found for base in names.values()):
            return True
    return False


def _find_class(parts: list[str]) -> object:
    """Look a dotted name up in the modules that are loaded: nothing is imported, no code runs."""
    for length in range(len(parts) - 1, 0, -1):
        module = sys.modules.get(".".join(parts[:length]))
        if module is not None and issubclass(type(module), ModuleType):
            return _find_in(_dict_of_module(module) or {}, parts[length:])
    return None


def _find_in(names: dict[str, object], parts: list[str]) -> object:
    found = names.get(parts[0])
    for part in parts[1:]:
        found = _dict_of_class(found).get(part) if issubclass(type(found), type) else None
    return found


def _frames_of(error: BaseException) -> list[tuple[CodeType, int]]:
    """Give code and line of each frame that an error came through, the outermost first; of very many the ends."""
    frames = [(frame.f_code, line) for frame, line in traceback.walk_tb(error.__traceback__)]
    return frames if len(frames) <= 64 else frames[:40] + frames[-24:]


def _qualified_names(codes: list[CodeType]) -> dict[CodeType, str]:
    names = {code: getattr(code, "co_qualname", code.co_name) for code in codes}
    if sys.version_info < (3, 11):  # only functions know it there
        import gc

        for function in gc.get_referrers(*names):
            if type(function) is FunctionType and function.__code__ in names:
                names[function.__code__] = function.__qualname__
    return names


def _at_exit() -> None:
    """Have ``_end`` called when this process ends; and before its threads are waited for, look for a crash."""
    atexit.unregister(_end)
    atexit.register(_end)
    process, util = sys.modules.get("multiprocessing.process"), sys.modules.get("multiprocessing.util")
    if process is not None and util is not None and process.parent_process() is not None:
        util.Finalize(None, _end, exitpriority=0)  # its children end without the functions of atexit
    with quiet(AttributeError, RuntimeError):  # not in every Python; too late
        threading._register_atexit(_find_crash)  # type: ignore[attr-defined]  # private


def _end() -> None:
    """Note how often what came, and that the worker has ended: not by its forked children."""
    _find_crash()
    state = _shared()
    if state.seen_by == os.getpid():
        for arrival in list(state.seen.values()):
            arrival.note()
    for log in state.began:
        with quiet(Exception):  # a filter of the worker's own
            log.end()
    state.began = []


# What a line of a file in the log folder may end in that is cut off, or that somebody else has written.
_DAMAGE = (ValueError, TypeError, AttributeError, LookupError, ArithmeticError, RecursionError)


def _sum_up(file: _LogFile) -> None:
    """Put the sums of equal lines in the place of an evidence that has grown too large."""
    import json

    aside, unlock = file.path + ".summing", file.take_lock(0.0)
    if unlock is None:
        return
    try:
        if file.size() < _MOST_EVIDENCE:
            return
        # Otherwise one that a killed process left behind. What a link leads to, or a pipe, might have no end.
        if _stat(aside, follow=False) is None and _is_file(file.path):
            os.rename(file.path, aside)
        if not _is_file(aside):
            return
        old = os.stat(aside)
        sums: dict[str, list[Any]] = {}
        last: dict[tuple[str, Any], int] = {}
        with _OPEN(aside, "rb") as lines:
            left = _MOST_SUMMED  # a file of the checkout may be a hole of the disk, without a line's end
            while left > 0 and (line := lines.readline(_LONGEST_NOTE)):
                left -= len(line)
                if len(line) > _LEAST_NOTE:
                    with quiet(*_DAMAGE):
                        _add(sums, last, json.loads(line))
            summed: list[bytes] = []
            room = _MOST_EVIDENCE // 2
            for key, (time_, count, seconds) in sums.items():
                more = {"seconds": seconds} if seconds else {}
                with quiet(*_DAMAGE):  # a sum of more digits than Python writes down
                    fields = {**json.loads(key), "time": time_, "pid": 0, "count": count, **more}
                    summed.append(_json(fields).encode("utf-8", "backslashreplace") + b"\n")
                    room -= len(summed[-1])
                if room < 0:
                    break
            if file.append(b"".join(summed)) and file.fd >= 0:
                _give(file.fd, old)
            # Of whoever had looked before the rename; who comes later sees that it is gone.
            late = lines.read(_MOST_SUMMED) if left > 0 else b""
        _remove(aside)
        if late:
            file.append(late)
    finally:
        unlock()


def _add(sums: dict[str, list[Any]], last: dict[tuple[str, Any], int], fields: dict[str, Any]) -> None:
    """Add a line of the evidence to the sums; counts of one process grow, a smaller one is another's of that number."""
    import json

    when, pid, count = fields.pop("time"), fields.pop("pid"), fields.pop("count", 1)
    seconds = fields.pop("seconds", 0)
    if fields["event"] in ("started", "running") or not isinstance(count, int):
        return  # their time is that of the end
    key = json.dumps(fields)
    if key not in sums and len(sums) >= _MOST_SUMS:
        return
    before = last.get((key, pid), 0) if pid and fields["event"] == "seen" else 0
    last[key, pid] = count
    known = sums.setdefault(key, [when, 0, 0.0])
    known[0] = when
    known[1] += count - before if count > before else count
    known[2] += seconds


@functools.cache
def _secrets() -> tuple[tuple[re.Pattern[str], str], ...]:
    names = (
        r"token|(?<!mon)(?<!tur)key(?!word|board)|secret|(?<!com)pass(?!o=|age|eng)|pwd|auth(?!or(?!i))|(?<!de|as)sig(?!na?l|n=)"
        r"|cred|sess(?:ion|_?id)|jwt|senha|chave|clave|contrase(?:ñ|n|%c3%b1)a"
    )
    headers = r"(?:(?:proxy-)?authorization|(?:x-)?(?:api|auth)[-_](?:key|token)|(?:set-)?cookie)"
    patterns = {
        r"(?<=://)[^\s/?#'\"]+@": "***@",  # user information
        rf"(?i)([?&;#][\w.-]{{0,100}}(?:{names})[\w.%-]{{0,100}}=)[^&\s'\"<>#)]+": r"\1***",
        r"(?i)(/bot)\d+(?::|%3a)[\w-]+": r"\1***",
        r"(?i)(/webhooks/\d+/|hooks\.slack\.com/\w+/|/webhookb2/)[^\s'\"?]+": r"\1***",
        r"(?i)\b(bearer|basic) [\w.~+/=-]{8,}": r"\1 ***",
        rf"(?i)\b({headers}['\"]?\s*[:=]\s*b?['\"]?(?:[\w=]{{1,40}} )?)(?=[^\s'\",;]{{0,200}}\d)[^\s'\",;]{{8,}}": r"\1***",
    }
    return tuple((re.compile(pattern), mask) for pattern, mask in patterns.items())


def masked(text: str, most: int | None = None) -> str:
    """Mask what requests carry as secrets in a text that the runtime adds to the log.

    Args:
        text: any text.
        most: characters to give; what is beyond twice as many is not looked at.
    """
    text = text if most is None else text[: 2 * most + 1000]
    for pattern, mask in _secrets():
        text = pattern.sub(mask, text)
    return text[:most]  # not before: half a secret is none that can be told


# --- one log per rank, for parallel workers


def get_worker_log_path(log_dir: Path, rank: int) -> Path:
    """Tell where ``setup_worker_logging`` logs to, without touching anything.

    Args:
        log_dir: folder.
        rank: number of the worker.

    Returns:
        ``<log_dir>/worker_<rank>.log``.
    """
    from pathlib import Path

    return Path(log_dir) / f"worker_{rank}.log"


def setup_worker_logging(rank: int, log_dir: Path, log_level: int = logging.INFO) -> Path:
    """Send everything this process logs to the file of its rank, and warnings to the console.

    Args:
        rank: number of the worker, from 0.
        log_dir: folder, created if missing.
        log_level: lowest level that is written to the file.

    Returns:
        The path of the log, as ``get_worker_log_path`` gives it.
    """
    path = get_worker_log_path(log_dir, rank)
    root = logging.getLogger()
    for handler in root.handlers[:]:
        root.removeHandler(handler)
        handler.close()
    log, console = _WorkerFileHandler(_absolute(str(path))), _Console()
    if log.file.size():
        log.file.append(f"=== Resume at {time.strftime('%Y-%m-%d %H:%M:%S')} ===\n".encode())
    console.setLevel(logging.WARNING)
    form = f"%(asctime)s - Worker {rank} - %(name)s - %(levelname)s - %(message)s"
    for handler in (log, console):
        handler.setFormatter(_LineFormatter(form))
        root.addHandler(handler)
    root.setLevel(log_level)
    root.info("Worker %s logging initialized: %s", rank, path)
    _shared().ranked = log
    log.begin(sys._getframe(1))
    _chain_hooks()
    return path


class _Console(logging.StreamHandler):  # type: ignore[type-arg]  # generic for type checkers only
    """Whatever ``sys.stderr`` is at the moment; silent when it is gone or cannot show a character."""

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stderr
        if self.stream is not None:
            super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # logging's name
        """Do nothing: a worker's terminal is not the place for the log's troubles."""


# --- records


_FORM = "%(asctime)s | %(levelname)s | %(name)s | %(message)s"


class _LineFormatter(logging.Formatter):
    """The standard formatter's lines, with the second's time stamp kept: formatting, not I/O, is the cost."""

    second = (-1, "")

    def format(self, record: logging.LogRecord) -> str:
        seconds = int(record.created)
        known, stamp = self.second
        if known != seconds:
            stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))
            self.second = (seconds, stamp)
        stamp, message = f"{stamp},{int(record.msecs):03d}", _message_of(record)
        if self._fmt is _FORM:
            text = f"{stamp} | {record.levelname} | {record.name} | {message}"
        else:
            names = {"asctime": stamp, "name": record.name, "levelname": record.levelname, "message": message}
            text = (self._fmt or "") % names
        if (error := getattr(record, "worker_error", None)) is not None:
            text += f"\n{error}"
        if record.exc_info or record.exc_text or record.stack_info:
            text += "\n" + _traceback_of(record)
        if text.isprintable():
            return text
        return "\n    ".join([_escape(line.removesuffix("\r")) for line in text.rstrip("\r\n").split("\n")])


class _JsonFormatter(logging.Formatter):
    """One object a line, as log shippers take it in."""

    def format(self, record: logging.LogRecord) -> str:
        fields: dict[str, object] = {"timestamp": _utc(record.created), "level": record.levelname}
        fields.update(logger=record.name, message=_message_of(record), process=record.process)
        fields.update(
            thread=record.threadName, file=record.pathname, line=record.lineno, function=record.funcName
        )
        if (error := getattr(record, "worker_error", None)) is not None:
            fields["error"] = error
        if record.exc_info or record.exc_text or record.stack_info:
            fields["traceback"] = _traceback_of(record)
        return _json(fields)


def _json(fields: dict[str, object]) -> str:
    """Write an object that is one line to every reader, ``str.splitlines`` too."""
    import json

    text = json.dumps(fields, ensure_ascii=False)
    return re.sub("[\x7f-\x9f\u2028\u2029]", lambda c: f"\\u{ord(c[0]):04x}", text)


def _utc(seconds: float) -> str:
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{int(seconds % 1 * 1000):03d}Z"


def _message_of(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception as error:  # noqa: BLE001  # wrong arguments, or any __str__: logged as far as it goes
        _pass_on(error)
        return f"{text_of(record.msg)} (not formatted: {type(error).__name__})"


def _traceback_of(record: logging.LogRecord) -> str:
    text = _formatted(*record.exc_info) if record.exc_info else record.exc_text
    return masked("\n".join(part for part in (text, record.stack_info) if part))


def _formatted(
    kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
) -> str:
    # Signals wait meanwhile: `traceback` and `linecache` keep what their handlers raise.
    mask = getattr(_signal, "pthread_sigmask", None)  # not on Windows
    blocked = mask(_signal.SIG_BLOCK, _signal.valid_signals()) if mask else ()
    covered: dict[str, Any] = {}
    try:
        covered.update(_cover(_sources(error, trace)))
        return "".join(traceback.format_exception(kind, error, trace)).rstrip("\n")
    except Exception as failure:  # noqa: BLE001  # the exception's own __str__ or __class__
        return f"(traceback not formatted: {type(failure).__name__})"
    finally:
        for name, entry in covered.items():
            linecache.cache.pop(name, None)
            if entry is not None:
                linecache.cache[name] = entry
        if mask:
            mask(_signal.SIG_SETMASK, blocked)


def _sources(error: BaseException | None, trace: TracebackType | None) -> set[str]:
    """Give the files that a traceback shows lines of, those of causes and of groups too."""
    names: set[str] = set()
    told: set[int] = set()
    group: Any = getattr(builtins, "BaseExceptionGroup", ())  # Python 3.11
    left = [(error, trace)]
    while left:
        error, trace = left.pop()
        while trace is not None:
            names.add(trace.tb_frame.f_code.co_filename)
            trace = trace.tb_next
        if error is not None and id(error) not in told:
            told.add(id(error))
            inner = error.exceptions if isinstance(error, group) else ()
            others = (error.__cause__, error.__context__, *inner)
            left += [(other, other.__traceback__) for other in others if other is not None]
    return names


def _cover(names: set[str]) -> Iterator[tuple[str, Any]]:
    """Keep `linecache` from files that it would wait for, or read without an end.

    A name that is not in the current folder it would look for in each folder of modules, too.
    """
    for name in names:
        if name.startswith("<") and name.endswith(">"):
            continue
        found = _stat(name)
        if found is None and os.path.isabs(name):
            continue
        # A file of the system (/proc) that waits says that it is empty.
        if found is None or not (stat.S_ISREG(found.st_mode) and 0 < found.st_size <= _LARGEST_SOURCE):
            before = linecache.cache.get(name)
            linecache.cache[name] = (0, None, [], name)
            yield name, before


class _WorkerFileHandler(logging.handlers.RotatingFileHandler):
    """A ``RotatingFileHandler`` whose file is a ``_LogFile``; a CRITICAL record of a worker's logger notifies."""

    def __init__(self, path: str, worker_log_dir: str | None = None) -> None:
        super().__init__(path, encoding="utf-8", delay=True)
        is_json = _setting("WORKER_LOG_FORMAT").lower() == "json"
        self.setFormatter(_JsonFormatter() if is_json else _LineFormatter(_FORM))
        if worker_log_dir is not None:
            self.worker_log_dir = worker_log_dir
        self.file, self.seen = _LogFile(path), _LogFile(path.removesuffix(".log") + ".seen.jsonl")
        self.began: tuple[int, float, str] | None = None  # process, clock, script
        self.alive = float("inf")  # when the evidence is next told that the worker runs
        self.file.prepare()

    def file_log(self) -> _WorkerFileHandler:
        """Give the log that the records go to."""
        return self

    def emit(self, record: logging.LogRecord) -> None:
        try:
            data = f"{self.format(record)}\n".encode("utf-8", "backslashreplace")
        except Exception as failure:  # noqa: BLE001  # a formatter of the worker's own, a stack that is nearly full
            _pass_on(failure)
            return
        self.file.append(data, self.maxBytes, self.backupCount)
        if record.created > self.alive:
            self.alive = record.created + 3600
            self.note("running")

    def handle(self, record: logging.LogRecord) -> bool:
        kept = _kept(self, record) if self.filters else record
        if kept is None:
            return False
        record = kept
        with self.lock:  # type: ignore[union-attr]  # every handler has one
            self.emit(record)
        hooked = hasattr(getattr(sys, "excepthook", _chained), "worker_logger")
        if not hooked and not hasattr(sys, "last_value"):
            _chain_hooks()  # a later hook may end the process; but one that runs by now is not to seem ours
        if record.levelno >= logging.CRITICAL and hasattr(self, "worker_log_dir"):
            error = record.exc_info[1] if record.exc_info else sys.exc_info()[1]
            # Here the handler's lock is free: sinks may log. One error is one notification, however often it is told.
            if error is None or _once(error, "worker_notified"):
                notify(_message_of(record), worker=record.name, error=error, log=self)
        return True

    def begin(self, caller: FrameType) -> None:
        """Note that the worker has started."""
        shared = _shared()
        shared.folder = shared.folder or _absolute(".")
        self.began = (os.getpid(), _monotonic(), _as_run(caller.f_code.co_filename))
        self.alive = time.time() + 3600
        shared.began.append(self)
        _at_exit()
        self.note("started")

    def end(self) -> None:
        """Note that the worker has ended, if it is this process that started."""
        if self.began is None or self.began[0] != os.getpid():
            return
        self.note("ended")
        if hasattr(self, "worker_log_dir"):
            seconds = int(_monotonic() - self.began[1])
            parts = (f"{seconds // size % most} {unit}" for unit, size, most in _UNITS if seconds >= size)
            text = f"ended after {' '.join(list(parts)[:2]) or '0 s'} (pid {os.getpid()})"
            for logger in list(logging.root.manager.loggerDict.values()):
                if isinstance(logger, logging.Logger) and vars(logger).get("worker_log") is self:
                    log_at(logger, logging.INFO, sys._getframe(), text)

    def note(self, event: str, fields: dict[str, object] | None = None) -> bool:
        """Append a line to the evidence, ``<worker>.seen.jsonl``, and tell whether it is there."""
        try:
            if fields is None and self.began is not None:
                fields = {"path": self.began[2]}
                if event != "started":
                    fields["seconds"] = round(_monotonic() - self.began[1], 3)
            head = {"v": 1, "event": event, "time": _utc(time.time()), "pid": os.getpid()}
            line = _json({**head, **(fields or {})})
            with self.lock:  # type: ignore[union-attr]  # every handler has one
                if self.seen.size() > _MOST_EVIDENCE:
                    _sum_up(self.seen)
                if self.seen.size() > _MOST_SUMMED:
                    return False  # it cannot be summed
                return self.seen.append(line.encode("utf-8", "backslashreplace") + b"\n")
        except Exception as failure:  # noqa: BLE001  # `json` cannot be imported, a stack that is nearly full
            _pass_on(failure)
            return False

    def doRollover(self) -> None:  # noqa: N802  # logging's name
        """Rotate now, whatever the size."""
        with self.lock:  # type: ignore[union-attr]  # every handler has one
            self.file.rotate(0, self.backupCount)

    def close(self) -> None:
        self.file.close()
        self.seen.close()
        super().close()


_UNITS = (("d", 86400, 10**9), ("h", 3600, 24), ("min", 60, 60), ("s", 1, 60))


class _ModuleHandler(logging.Handler):
    """Hands the records of a module to the log of the worker that runs, or to one of the module's own."""

    def __init__(self, name: str, log_dir: str | os.PathLike[str]) -> None:
        super().__init__()
        self.folder, self.path = _place_of(name, log_dir)
        self.own: _WorkerFileHandler | None = None

    def file_log(self) -> _WorkerFileHandler:
        """Give the log that the records go to now; without a worker make one."""
        worker = current_logger()
        if worker is not None and (log := _log_of(worker)) is not None:
            return log
        if self.own is None:
            self.own = _WorkerFileHandler(self.path, self.folder)
            self.own.maxBytes, self.own.backupCount = 5 * 1024 * 1024, 5
        return self.own

    def handle(self, record: logging.LogRecord) -> bool:
        return bool(self.filter(record)) and self.file_log().handle(record)


# --- what a signal handler of the worker raises is not ours to keep


def raised_by_signal_handler(error: BaseException) -> bool:
    """Tell whether an exception comes from a signal handler that interrupted the code: a time-out by alarm, say."""
    trace = error.__traceback__
    handlers: set[object] | None = None
    while trace is not None and trace.tb_next is not None:
        interrupted, trace = trace.tb_frame, trace.tb_next
        if trace.tb_frame.f_globals is globals():
            continue
        # The interpreter calls a handler with the number and the frame that it interrupted.
        for value in trace.tb_frame.f_locals.values():
            if value is interrupted or (type(value) is tuple and any(item is interrupted for item in value)):
                return True
        if handlers is None:
            every = map(_signal.getsignal, range(1, _signal.NSIG))
            handlers = {getattr(handler, "__code__", None) for handler in every}
        if trace.tb_frame.f_code in handlers:
            return True
    return False


def _pass_on(error: BaseException) -> None:
    """Raise an error that we would have kept, if it is a signal handler's."""
    trace = error.__traceback__
    if trace is not None and trace.tb_next is not None and raised_by_signal_handler(error):
        try:
            raise error
        finally:
            del error, trace  # no circle: what the frames hold, a lock perhaps, goes with the exception


class quiet:  # noqa: N801  # as contextlib.suppress, which knows no signals
    """Keep errors of some kinds, but not what a signal handler raised."""

    def __init__(self, *kinds: type[BaseException]) -> None:
        self.kinds = kinds

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        return error is not None and isinstance(error, self.kinds) and not raised_by_signal_handler(error)


# --- the file


class _LogFile:
    """A file to which any number of processes append whole records, and which one of them rotates."""

    opened = 0  # descriptors that all of them keep

    def __init__(self, path: str) -> None:
        self.platform = _platform()
        self.path = self.platform.long(path)
        self.fd = self.device = self.inode = -1  # those of the file that we opened
        self.mode = 0o666  # that of a new file: what the last one had
        self.counts_links = True
        self.unsure = True  # whether the file ends in a whole line
        self.known_end = (-1, True)  # a size, and whether the file ended in a whole line then
        self.patient = True  # whether to wait for a lock
        self.waited_for = -1  # the file for whose lock we waited long, in vain
        self.refused_until = 0.0  # when a rotation that was refused is tried again

    def prepare(self) -> None:
        """Create folder and file, if they can be."""
        folder = os.path.dirname(self.path)
        with quiet(OSError, ValueError):  # ValueError: a NUL in the path
            if _stat(folder) is None:
                os.makedirs(folder, exist_ok=True)
            if not self.platform.locks_each_record and _LogFile.opened < _MOST_OPEN:
                self._open()

    def size(self) -> int:
        """Tell the size in bytes; 0 when there is no file, or a pipe, a device or a folder."""
        found = _stat(self.path)
        return found.st_size if found is not None and stat.S_ISREG(found.st_mode) else 0

    def append(self, data: bytes, max_bytes: int = 0, backups: int = 0) -> bool:
        """Append one record, and tell whether it is in the file."""
        try:
            if self.platform.locks_each_record:
                return self._append_locked(data, max_bytes, backups)
            return self._append(data, max_bytes, backups)
        except (OSError, ValueError) as error:
            _pass_on(error)
            return False
        finally:
            if _LogFile.opened > _MOST_OPEN:
                self.close()

    def _append(self, data: bytes, max_bytes: int, backups: int) -> bool:
        for _ in range(8):
            began = _clock()
            try:
                size = self._look()
                too_large = 0 < max_bytes < size + len(data) and size and backups > 0
                if too_large and self.rotate(max_bytes - len(data), backups, crowded=size > 2 * max_bytes):
                    continue
                # A kill in the middle of a write leaves whole pages.
                whole = not size or not (self.unsure or not size % 4096) or self._ends_line(size)
                self._write(data if whole else b"\n" + data)
                # A deletion so soon after the look could as well have come after the line. But this process may have
                # been suspended in between, while others went through all the backups.
                # What was closed since was open for the write.
                held = None if _clock() - began < 0.0001 else self._held()
                if held is None or held.st_nlink or not self.counts_links:
                    return True
            except OSError as error:
                if error.errno not in (errno.EBADF, errno.ESTALE):
                    raise
                _pass_on(error)
                self.fd = -1  # the worker has closed all descriptors, as daemons do
        return False  # deleted eight times in a row

    def _look(self) -> int:
        """Open what is behind the path, if it is not what is open already, and tell its size."""
        try:
            found = os.stat(self.path)
            held = os.fstat(self.fd) if self.fd >= 0 else None
        except OSError as error:  # moved, deleted, between rename and re-create; or closed by others
            _pass_on(error)
            held = None
        # What the descriptor leads to, not what we remember: the number may be a socket's by now.
        if held is None or not self.platform.is_same(held, found.st_dev, found.st_ino):
            found = self._open()
        return found.st_size if stat.S_ISREG(found.st_mode) else 0

    def _write(self, data: bytes) -> None:
        written = os.write(self.fd, data)
        try:
            while written < len(data):  # a full disk takes a part: the next write says so, or goes on
                written += os.write(self.fd, data[written:])
        except OSError:  # half a line is left; nobody has to look for it
            self.unsure, self.known_end = True, (os.fstat(self.fd).st_size, False)
            raise
        self.unsure = False

    def _append_locked(self, data: bytes, max_bytes: int, backups: int) -> bool:
        unlock = self.take_lock(2.0)  # written without it a line may be put over another process's
        try:
            if unlock and 0 < max_bytes < (size := self.size()) + len(data) and size and backups > 0:
                self._shift(backups)
            fd = self.platform.open_append(self.path)
            try:
                os.write(fd, data)
            finally:
                os.close(fd)  # an open file could not be renamed
        finally:
            self.release(unlock)
        return True

    def _held(self) -> os.stat_result | None:
        """Give what our descriptor leads to, if it is still the file that we opened."""
        if self.fd >= 0:
            with quiet(OSError):  # the worker has closed it
                held = os.fstat(self.fd)
                return held if self.platform.is_same(held, self.device, self.inode) else None
        return None

    def _open(self) -> os.stat_result:
        held = self._held()
        if held is not None and not held.st_nlink and self.counts_links:
            self.close()  # Windows frees the name of a deleted file only then
            held = None
        try:
            with quiet(FileNotFoundError, FileExistsError):
                if _stat(os.path.dirname(self.path)) is None:
                    os.mkdir(os.path.dirname(self.path))
            fd = self.platform.open_append(self.path, self.mode)
        except OSError as error:
            # Out of descriptors, or the name is taken: the line goes to the file we have, under its new name.
            if held is None:
                raise
            _pass_on(error)
            return held
        self.close()
        self.fd, self.unsure = fd, True
        _LogFile.opened += 1
        found = os.fstat(fd)
        self.device, self.inode = found.st_dev, found.st_ino
        self.counts_links = found.st_nlink > 0  # some network file systems count none
        if stat.S_ISREG(found.st_mode):
            self.mode = stat.S_IMODE(found.st_mode)
        return found

    def _ends_line(self, size: int) -> bool:
        """Look at the last byte: a killed writer may have left half a line."""
        for _ in range(8):
            if self.known_end[0] == size:
                break
            last = _read_end(self.path, 1)
            if last is None or last == b"\n":  # being rotated: then it did
                return True
            # Another process may be in the middle of its write: to change a mode waits for that.
            self.platform.wait_for_write(self.fd)
            found, held = _stat(self.path), os.fstat(self.fd)
            if found is None or not self.platform.is_same(held, found.st_dev, found.st_ino):
                return True  # rotated meanwhile: what was looked at is another file, whose writer nobody waited for
            now = found.st_size
            if now == size:
                self.known_end = (size, False)
            size = now
        return self.known_end[1]

    def rotate(self, limit: int, backups: int, *, crowded: bool = False) -> bool:
        """Shift the backups and start a new file, if the file is still larger than ``limit`` bytes.

        Args:
            limit: bytes.
            backups: number of old files.
            crowded: there are so many writers that each has to help to keep the bound, and waits for the lock longer.

        Returns:
            Whether to look at the path again; otherwise append anyway: a lock or a rename was refused.
        """
        if _clock() < self.refused_until:
            return False
        linked = _stat(self.path, follow=False)
        if linked is None or stat.S_ISLNK(linked.st_mode):
            return False  # what a link leads to is somebody's choice
        inode, seconds = self.inode, 0.02
        if crowded and self.waited_for != inode:
            self.patient, seconds = True, 0.05
        unlock = self.take_lock(seconds)
        if unlock is None:
            self.waited_for = inode if seconds > 0.02 else self.waited_for
            return False
        try:
            if self.size() > max(limit, 0):
                old = os.stat(self.path)
                self._shift(backups)
                if not self.platform.locks_each_record:
                    self._open()
                    _give(self.fd, old)
        except OSError as error:
            _pass_on(error)
            self.refused_until = _clock() + 2.0
            return False
        finally:
            self.release(unlock)
        return True  # rotated, by us or by another process while we waited

    def take_lock(self, seconds: float) -> _Unlock | None:
        """Lock the file behind the path against other processes, if that can be had in so many seconds.

        Returns:
            What unlocks it.
        """
        # Who has waited in vain does not wait again, before a lock was had: its holder may be suspended. Nor does
        # a signal handler that logs while its own thread holds the lock.
        patient, self.patient = self.patient, False
        deadline = _monotonic() + seconds
        with quiet(OSError):
            for _ in range(1 + int(seconds * 1000)):  # counted, too: tests of workers stop the clock
                unlock = self.platform.try_lock(self.path)
                if unlock or not patient or _monotonic() >= deadline:
                    return unlock
                _sleep(0.001)
        return None

    def release(self, unlock: _Unlock | None) -> None:
        """Give a lock back, if there is one."""
        if unlock:
            unlock()
            self.patient = True

    def _shift(self, backups: int) -> None:
        """Move each backup one up, the highest first and only up to the first gap: a kill in between loses nothing."""
        names = [self.path, *(f"{self.path}.{number}" for number in range(1, backups + 1))]
        free = (n for n, name in enumerate(names) if n and _stat(name, follow=False) is None)
        gap = next(free, 0)
        if not gap:
            gap = backups
            self.platform.clear(names[gap], self.path)
        for number in range(gap, 0, -1):
            os.rename(names[number - 1], names[number])

    def close(self) -> None:
        """Close the descriptor, if it is still ours; the next record opens the file again."""
        held, fd = self._held(), self.fd
        _LogFile.opened -= fd >= 0
        self.fd = -1
        if held is not None:
            with quiet(OSError):
                os.close(fd)


def _stat(path: str, *, follow: bool = True) -> os.stat_result | None:
    """Ask for a file, None when there is none; the questions of ``os.path`` keep what a signal handler raises."""
    with quiet(OSError, ValueError):
        return os.stat(path) if follow else os.lstat(path)
    return None


def _is_file(path: str) -> bool:
    found = _stat(path, follow=False)
    return found is not None and stat.S_ISREG(found.st_mode)


def _give(fd: int, old: os.stat_result) -> None:
    """Give a new log the owner, group and mode of the one before it, as far as the system allows."""
    new = os.fstat(fd)
    if (new.st_uid, new.st_gid) != (old.st_uid, old.st_gid):
        for user, group in ((-1, old.st_gid), (old.st_uid, -1)):
            with quiet(OSError):
                os.fchown(fd, user, group)
    if new.st_mode != old.st_mode and os.name != "nt":
        with quiet(OSError):
            os.fchmod(fd, stat.S_IMODE(old.st_mode))


def _read_end(path: str, most: int) -> bytes | None:
    """Read the last bytes of a regular file; None when there is none. A pipe or a device must not stop the worker."""
    with quiet(OSError, ValueError):
        if stat.S_ISREG(os.stat(path).st_mode):
            with _OPEN(path, "rb", opener=_platform().opener) as file:
                file.seek(0, os.SEEK_END)
                file.seek(max(0, file.tell() - most))
                return file.read(most)
    return None


def _remove(path: str) -> None:
    with quiet(OSError):  # not there, or in use: the next rotation tries again
        os.remove(path)


# --- what differs between platforms: opening to append, locking for a rotation


class _Plain:
    """What every Python has, with neither ``fcntl`` nor ``ctypes``: a file beside the log serves as lock."""

    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
    for name in ("O_BINARY", "O_NOCTTY", "O_NONBLOCK"):  # a pipe without a reader must not stop the worker
        flags |= getattr(os, name, 0)
    opener: Callable[[str, int], int] | None = None  # to read

    def __init__(self, *, locks_each_record: bool = False) -> None:
        self.locks_each_record = locks_each_record

    def open_append(self, path: str, mode: int = 0o666) -> int:
        return os.open(path, self.flags, mode)

    def long(self, path: str) -> str:
        return path

    def is_same(self, found: os.stat_result, device: int, inode: int) -> bool:
        return found.st_ino == inode and found.st_dev == device

    def wait_for_write(self, fd: int) -> None:
        if os.name != "posix":
            _sleep(0.002)
            return
        with quiet(OSError):  # somebody else's file: but we have waited
            os.fchmod(fd, stat.S_IMODE(os.fstat(fd).st_mode))

    def clear(self, path: str, log: str) -> None:
        """Make room for a rename: Windows can neither replace nor at once delete a file that someone has open."""
        folder, name = os.path.split(log)
        for entry in os.listdir(folder):
            if re.fullmatch(re.escape(name) + r"\.\d+-\d+\.gone", entry):
                _remove(os.path.join(folder, entry))
        aside = f"{log}.{os.getpid()}-{time.time_ns()}.gone"
        os.rename(path, aside)
        _remove(aside)

    def try_lock(self, path: str) -> _Unlock | None:
        lock = path + ".lock"
        try:
            os.close(os.open(lock, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
        except (FileExistsError, PermissionError) as error:
            _pass_on(error)
            found = _stat(lock)  # none: given back meanwhile, so the next try has it
            if found is not None and time.time() - found.st_mtime > 10:
                _remove(lock)  # left behind by a kill
            return None
        return functools.partial(_remove, lock)


class _Posix(_Plain):
    def __init__(self) -> None:
        super().__init__()
        import fcntl

        self.fcntl: ModuleType = fcntl
        # Nothing is waited for: not for who writes into a pipe, nor for a file of the system that calls itself regular.
        self.opener = lambda path, flags: os.open(path, flags | os.O_NONBLOCK)

    def open_append(self, path: str, mode: int = 0o666) -> int:
        # A high number: never 0 to 2 of a daemon, and not soon given to a socket when the worker closes it.
        fd = super().open_append(path, mode)
        with quiet(OSError):
            high: int = self.fcntl.fcntl(fd, self.fcntl.F_DUPFD_CLOEXEC, 100)
            os.close(fd)
            return high
        return fd

    def clear(self, path: str, log: str) -> None:
        """Do nothing: a rename replaces."""

    def try_lock(self, path: str) -> _Unlock | None:
        for _ in range(3):
            # flock belongs to the open file, which forked children share: opened anew, and unlocked explicitly. A file
            # object, since that is closed also when a signal handler raises before anybody knows that we have it.
            file = _OPEN(path, "rb", 0, opener=self.opener)  # closed by whoever unlocks
            try:
                self.fcntl.flock(file.fileno(), self.fcntl.LOCK_EX | self.fcntl.LOCK_NB)
                if os.path.samestat(os.fstat(file.fileno()), os.stat(path)):
                    return functools.partial(self._unlock, file)
            except OSError as error:
                file.close()
                _pass_on(error)
                if error.errno in (errno.EAGAIN, errno.EACCES, errno.ENOENT):
                    return None
                return super().try_lock(path)  # a file system without flock
            file.close()  # the lock of what is a backup by now
        return super().try_lock(path)  # one that gives a file two numbers

    def _unlock(self, file: FileIO) -> None:
        self.fcntl.flock(file.fileno(), self.fcntl.LOCK_UN)
        file.close()


class _Windows(_Plain):
    """Win32 itself: ``O_APPEND`` is a seek and a write there (cpython 86772), and keeps the file from being renamed."""

    def __init__(self) -> None:
        super().__init__()
        import ctypes
        import msvcrt

        self.ctypes: ModuleType = ctypes
        self.msvcrt: ModuleType = msvcrt
        kernel = self.ctypes.WinDLL("kernel32", use_last_error=True)
        self.create, self.close_handle = kernel.CreateFileW, kernel.CloseHandle
        self.create.restype = ctypes.c_void_p
        dword, pointer = ctypes.c_uint32, ctypes.c_void_p
        self.create.argtypes = (ctypes.c_wchar_p, dword, dword, pointer, dword, dword, pointer)
        self.close_handle.argtypes = (pointer,)
        self.no_handle = (None, pointer(-1).value)

    def _create(self, path: str, access: int, share: int, flags: int, owner: Callable[[int], _T]) -> _T:
        """Open a file. ``map`` hands over in one step what a signal handler, which raises between two, would leave open."""
        handles: list[int | None] = []
        owners: list[_T] = []
        open_always = 4
        asked = (path, access, share, None, open_always, flags, None)
        try:
            handles.extend(map(self.create, *((each,) for each in asked)))
            if handles[0] not in self.no_handle:
                owners.extend(map(owner, map(self.msvcrt.open_osfhandle, handles, (0,))))
                return owners.pop()
        except BaseException:
            if handles and not owners:  # no descriptor is left: a lock that stays open would end all rotation
                self.close_handle(handles[0])
            raise
        raise self.ctypes.WinError(self.ctypes.get_last_error())

    def open_append(self, path: str, _mode: int = 0o666) -> int:
        # FILE_APPEND_DATA without FILE_WRITE_DATA: each write goes to the end, whole. Others may do everything.
        return self._create(path, 0x100084, 7, 0x80, int)

    def long(self, path: str) -> str:
        # Windows takes no longer path otherwise: a lock or a backup that could not be named would end all rotation.
        if len(path) < 200 or path.startswith("\\\\?\\"):
            return path
        return "\\\\?\\UNC" + path[1:] if path.startswith("\\\\") else "\\\\?\\" + path

    def is_same(self, found: os.stat_result, _device: int, inode: int) -> bool:
        return found.st_ino == inode  # the volume of an open file that was renamed is not reliable

    def try_lock(self, path: str) -> _Unlock | None:
        # FILE_FLAG_DELETE_ON_CLOSE, and shared with nobody: Windows itself ends the lock of a killed process. Owned by a
        # file object, as in _Posix.
        try:
            return self._create(path + ".lock", 0x80000000, 0, 0x04000080, io.FileIO).close
        except PermissionError:
            return None


@functools.cache
def _platform() -> _Plain:
    with contextlib.suppress(ImportError, AttributeError, OSError):
        return _Windows() if os.name == "nt" else _Posix()
    return _Plain(locks_each_record=os.name == "nt")


# --- uncaught exceptions


def _chain_hooks() -> None:
    """Come before the hooks for uncaught exceptions; anew if someone has replaced them since."""
    hooks: tuple[tuple[Any, Any], ...] = (sys, _main_crash), (threading, lambda crash: crash[:3])
    for module, crash_of in hooks:
        hook = getattr(module, "excepthook", None)
        if hook is not None and not hasattr(hook, "worker_logger"):
            chained = _chained(hook, crash_of)
            if hook is module.__excepthook__:
                module.__excepthook__ = chained  # consoles ask whether the hook is the original one
            module.excepthook = chained
    if not hasattr(traceback.print_exc, "worker_logger"):
        # multiprocessing calls no hook for a crashed child, but this function (since 3.13 nothing else of Python's).
        traceback.print_exc = _chained(traceback.print_exc, _child_crash)
    make = getattr(threading, "_make_invoke_excepthook", None)
    if make is not None and not hasattr(make, "worker_logger"):  # each new thread asks it what calls the hook
        threading._make_invoke_excepthook = _telling_first(make)  # type: ignore[attr-defined]  # private, from 3.10 on
    tasks = logging.getLogger("asyncio")
    if not hasattr(tasks, "worker_logger"):
        _put_over(tasks, _AsyncioLogger)
        if not hasattr(tasks, "worker_logger"):
            tasks.addFilter(_note_lost_task)  # a filter is added once


def _chained(previous: Callable[..., object], crash_of: Callable[..., _Crash]) -> Callable[..., None]:
    @functools.wraps(previous)
    def hook(*args: object, **kwargs: object) -> None:
        _log_crash(crash_of(*args, **kwargs))
        previous(*args, **kwargs)

    hook.worker_logger = True  # type: ignore[attr-defined]  # a mark on a function
    return hook


_chained.worker_logger = True  # type: ignore[attr-defined]  # for who asks for a hook that is gone


def _telling_first(make: Callable[[], Callable[..., object]]) -> Callable[[], Callable[..., None]]:
    @functools.wraps(make)
    def telling() -> Callable[..., None]:
        return _chained(make(), lambda _thread: sys.exc_info())

    telling.worker_logger = True  # type: ignore[attr-defined]  # a mark on a function
    return telling


def _main_crash(*crash: object) -> _Crash:
    # Who calls the hook for an error that is being handled wants to show it: a console, a supervisor of its own.
    handled = len(crash) != 3 or (crash[1] is not None and sys.exc_info()[1] is crash[1])
    return (None, None, None) if handled else crash  # type: ignore[return-value]  # three of them, as counted above


def _find_crash() -> None:
    """Look, when the interpreter ends, for the crash that a later ``sys.excepthook`` has kept from us."""
    if hasattr(getattr(sys, "excepthook", None), "worker_logger"):
        return  # it would have told us: what is kept there was handled, and shown by hand
    error: BaseException | None = getattr(sys, "last_exc", None) or getattr(sys, "last_value", None)
    trace = getattr(error, "__traceback__", None)
    if error is not None and trace is not None:
        code = trace.tb_frame.f_code  # where it left the program; a console's errors leave the console
        left = code.co_name in ("<module>", "_run_module_as_main")
        if left and code.co_filename not in ("<console>", "<stdin>"):
            _log_crash((type(error), error, trace))


def _once(error: BaseException, mark: str) -> bool:
    """Tell whether this process does something about an exception for the first time, and remember it with it."""
    marks = _dict_of_error(error)
    if marks.get(mark) == os.getpid():
        return False
    marks[mark] = os.getpid()
    return True


_dict_of_error = vars(BaseException)["__dict__"].__get__


def _log_crash(crash: _Crash, place: str = "") -> None:
    kind, error, trace = crash
    if kind is None or error is None or issubclass(kind, (SystemExit, KeyboardInterrupt)):
        return
    logger = current_logger()
    log = _shared().ranked or _log_of(logger)
    if log is None or not _once(error, "worker_logger"):  # someone's hook stands between two of ours
        return
    process, thread = sys.modules.get("multiprocessing.process"), threading.current_thread()
    if place == "" and thread is not threading.main_thread():
        place = f" in thread {thread.name}"
    if process is not None and process.parent_process() is not None:
        place += f" in process {process.current_process().name}"
    with quiet(Exception):  # a filter of the worker's own
        if trace is not None:
            arrival = _Arrival(error, trace.tb_frame.f_code, trace.tb_lineno, expected=False)
            arrival.count, arrival.log = 1, log
            arrival.note("uncaught")
        text = f"uncaught {kind.__name__}{place}: {masked(text_of(error))}"
        if logger is not None:
            log_at(logger, logging.CRITICAL, sys._getframe(), text, error)
        else:  # of a rank: the console has shown it already
            log.handle(_record(logging.root, logging.CRITICAL, sys._getframe(), text, crash))


def _child_crash(*_args: object, **_kwargs: object) -> _Crash:
    caller = sys._getframe(2)
    asked_by = f"{caller.f_globals.get('__name__')}.{caller.f_code.co_name}"
    return sys.exc_info() if asked_by == "multiprocessing.process._bootstrap" else (None, None, None)


class _AsyncioLogger(logging.Logger):
    """Notes what asyncio reports: a task whose exception nobody asked for, a failed callback; also when silenced."""

    worker_logger = True

    def isEnabledFor(self, level: int) -> bool:  # noqa: N802  # logging's name
        return level >= logging.ERROR or super().isEnabledFor(level)

    def handle(self, record: logging.LogRecord) -> None:
        _note_lost_task(record)
        if super().isEnabledFor(record.levelno):
            super().handle(record)


def _note_lost_task(record: logging.LogRecord) -> bool:
    if record.exc_info and record.levelno >= logging.ERROR and "xception" in _message_of(record):
        _log_crash(record.exc_info, " in asyncio")
    return True


# --- notifications


def notify(
    message: str,
    *,
    worker: str | None = None,
    error: BaseException | None = None,
    sink: _Sink | None = None,
    log: _WorkerFileHandler | None = None,
) -> bool:
    """Do what ``worker_utils.notify_critical``, the public name, says; beside ``log``, if that is known."""
    try:
        deadline = _monotonic() + 2.0
        logger = logging.root.manager.loggerDict.get(worker) if worker else current_logger()
        worker = worker or (logger.name if isinstance(logger, logging.Logger) else "worker")
        log = log or _log_of(logger) or _log_of(current_logger())
        kind = "" if error is None else f"{type(error).__name__}: {text_of(error)}"
        trace = "" if error is None else _formatted(type(error), error, error.__traceback__) + "\n"
        record: dict[str, object] = {"timestamp": "", "time": 0.0, "worker": worker, "level": "CRITICAL"}
        record.update(message=masked(text_of(message), 8000), error=masked(kind, 8000) or None)
        record.update(traceback=masked(trace)[-8000:] or None, host=socket.gethostname(), process=os.getpid())
        return _notify(record, worker, sink, log, deadline)
    except Exception as failure:  # noqa: BLE001  # no more threads, no memory, ...: not the worker's harm
        _pass_on(failure)
        return False


def _notify(
    record: dict[str, object],
    worker: str,
    sink: _Sink | None,
    log: _WorkerFileHandler | None,
    deadline: float,
) -> bool:
    import json  # noqa: F401  # here, not while others wait for the lock
    import zlib

    default = _setting("WORKER_LOG_DIR") or "logs"
    folder = os.path.dirname(log.baseFilename) if log else _absolute(default)
    path, unwritten = os.path.join(folder, "notifications.jsonl"), _shared().unwritten
    same = _gist(record)
    key = b"%08x\n" % zlib.crc32(f"{worker}\0{same}".encode("utf-8", "backslashreplace"))
    file, held, guard = _LogFile(path), _LogFile(path + ".held"), _LogFile(log.baseFilename if log else path)
    unlock = guard.take_lock(1.0)  # several processes, one cause; without the lock: rather twice than never
    try:
        # Not before the lock: what another process has just sent must not seem to be of the future.
        now = time.time()
        record["timestamp"], record["time"] = _utc(now), now
        recent = _recent(file.path, worker, now)
        if same in recent or 0 <= now - unwritten.get(key, 0.0) < _HOLD_SECONDS:
            if held.size() < 65536:
                held.append(key)
            return False
        record["held_back"] = _take_held_back(held, key)
        data = _json(record).encode("utf-8", "backslashreplace") + b"\n"
        file.prepare()
        written = file.append(data, 1024 * 1024, 1)
        if not written:
            unwritten[key] = now
    finally:
        file.close()
        held.close()
        guard.release(unlock)
    sent = len(recent) < _MOST_SENT and _send(record, data, sink, deadline)
    return sent or written


# In this order: thousands, addresses, hexadecimal texts, and what is left of digits.
_NUMBERS = (
    r"(?i)(?<![^\W_])(?:\d{1,3}(?:[ \u00a0\u202f]\d{3})+|(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}"
    r"|(?=[0-9a-f:]{0,40}\d)(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    r"|0x[0-9a-f]+|(?=[a-f]*\d)[0-9a-f]+|[0-9a-f]{8,})(?![^\W_])|(?:\\x[0-9a-f]{2})+|\d+"
)


def _gist(record: dict[str, object]) -> str:
    """Give what makes two notifications equal: the text but for numbers, times and hexadecimal texts, kind and place."""
    message = re.sub(_NUMBERS, "#", str(record["message"]))
    message = re.sub(r"(?<!\w)[-+]?#(?:[.,:_T+-]{1,2} ?#)*(?:Z\b)?", "#", message)  # of several parts
    places = re.findall(r'^ *File "(.*)", line (\d+), in ', str(record["traceback"]), re.MULTILINE)
    return f"{message}\0{str(record['error']).partition(':')[0]}\0{places[-1:]}"


def _recent(path: str, worker: str, now: float) -> list[str]:
    """Read from the ends of the notification files what a worker has sent within the last five minutes."""
    import json

    gists = []
    for line in b"\n".join(_read_end(name, 262144) or b"" for name in (path + ".1", path)).split(b"\n"):
        with quiet(*_DAMAGE):
            record = json.loads(line)
            if record["worker"] == worker and 0 <= now - record["time"] < _HOLD_SECONDS:
                gists.append(_gist(record))
    return gists


def _take_held_back(file: _LogFile, key: bytes) -> int:
    """Count what was held back of one message, by any process, and forget it."""
    lines = (_read_end(file.path, 131072) or b"").splitlines(keepends=True)
    rest = [line for line in lines if line != key]
    if len(rest) < len(lines):
        with quiet(OSError), _OPEN(file.path, "rb+") as held:
            held.writelines(rest)
            held.truncate()
    return len(lines) - len(rest)


def _send(record: dict[str, object], data: bytes, sink: _Sink | None, deadline: float) -> bool:
    """Hand a notification to the other sinks, and wait for all of them together until the deadline."""
    url, command = _setting("WORKER_NOTIFY_URL"), os.environ.get("WORKER_NOTIFY_COMMAND")
    sends: list[tuple[str, Callable[[float], object]]] = []
    if url:
        sends.append(("WORKER_NOTIFY_URL", lambda seconds: _post(url, data, seconds)))
    if command:
        sends.append(("WORKER_NOTIFY_COMMAND", lambda seconds: _run(command, data, seconds)))
    if sink is not None:
        sends.append(("sink", lambda _: sink(dict(record))))
    hanging = [thread for thread in _shared().hanging if thread.is_alive()]
    if not sends or len(hanging) >= 8:
        return False
    name, started = "worker-notification", []
    for what, send in sends:
        thread = threading.Thread(target=_attempt, args=(what, send, 30.0), name=name, daemon=True)
        try:
            thread.start()
        except RuntimeError as error:  # the interpreter ends: there are no more threads
            _pass_on(error)
            _attempt(what, send, max(0.1, deadline - _monotonic()))
        else:
            started.append(thread)
    for thread in started:
        thread.join(0.0 if hanging else max(0.0, deadline - _monotonic()))  # what hangs has had its time
    _shared().hanging = hanging + [thread for thread in started if thread.is_alive()]
    return True


def _attempt(what: str, send: Callable[[float], object], seconds: float) -> None:
    try:
        send(seconds)
    except BaseException as error:  # noqa: BLE001  # a sink may raise anything, SystemExit too
        logger = current_logger()
        if logger is not None:  # the kind alone: the error's text may hold the URL, and its secrets
            logger.warning("notification through %s failed: %s", what, type(error).__name__)


def _post(url: str, data: bytes, seconds: float) -> None:
    from urllib import error, request

    if not url.lower().startswith(("http://", "https://")):
        raise ValueError("not an HTTP URL")
    headers = {"Content-Type": "application/json; charset=utf-8"}
    post = request.Request(url, data, headers, method="POST")
    try:
        request.urlopen(post, timeout=min(10.0, seconds)).close()
    except error.HTTPError as failure:
        failure.close()  # it holds the answer, and Python 3.14 says so on stderr
        raise


def _run(command: str, data: bytes, seconds: float) -> None:
    import subprocess

    # The operator's own shell line, as in GIT_PAGER; a session of its own, so that Ctrl-C reaches the worker alone.
    null, own = subprocess.DEVNULL, os.name != "nt"
    options = {"stdout": null, "stderr": null, "check": True, "start_new_session": own}
    if (
        not own
    ):  # a console of its own that nobody sees: none opens under pythonw, and Ctrl-C reaches the worker alone
        options["creationflags"] = subprocess.CREATE_NO_WINDOW  # type: ignore[attr-defined]  # on Windows only
    subprocess.run(command, shell=True, input=data, timeout=seconds, **options)  # type: ignore[call-overload]  # options as a table


# --- generated from levels.toml: begin (python -m workerlog_migrate.analysis.level --write)
_LEVELS = r"""
<marker>(?P<info>(?:(?:⚠|✖|✗|✘|❌|❎|🚨)\ufe0f?\s*)?(?:(?:nenhuma|without|nenhum|zero|sem|no|0)\s+(?:<singular>
|<plural>)(?!\w)|(?:<singular>)(?:\(s\))?(?:\s+\w+){0,2}\s*[:=]\s*<nothing>
|(?:<plural>)(?:\s+\w+){0,2}\s*[:=]?\s*(?:<nothing>|<zero>(?=\s)))
|(?:Timeout)\s*[:=]\s*\d+(?:[.,]\d+)?\s*(?:(?:segundos|minutes|minutos|seconds|min|sec|seg|ms|h|m|s)(?!\w)|<end>)
|\[\s*<prefix>(?:DEBUG|INFO|OK)<number>\s*\]|\[\s*(?:\+|=|i)\s*\]|(?:ℹ|✅))|(?P<critical>\[\s*<prefix>(?:CRITICAL
|CRITICO|CRÍTICO|FATAL|CRIT)<number>\s*\]|(?:Critico|Crítico)(?:\(s\))?<whole>|(?:Critical|Fatal)<nominal>)
|(?P<error>\[\s*<prefix>(?:EXCEPTION|WINERROR|FAILED|FALHOU|ERRNO|ERROR|FALHA|FALLO|FALLÓ|ERRO|FAIL|ERR)<number>\s*\]
|\[\s*(?:!!!|!!|!)\s*\]|(?:Exception|Traceback|Falharam|Fallaron|Excecao|Exceção|Failure|Failed|Falhou|Error|Falha
|Fallo|Falló|Erro|Fail|Err)(?:\(s\))?<whole>|(?:Failures|Errors|Falhas|Erros)<whole>(?!(?:\s+\w+){0,2}\s*[:=]\s*\x00)
|(?:✖|✗|✘|❌|❎|🚨))|(?P<warning>\[\s*<prefix>(?:ADVERTENCIA|ATENCAO|ATENÇÃO|TIMEOUT|WARNING|ALERTA|AVISO
|WARN)<number>\s*\]|(?:Advertencia|Atencao|Atenção|Timeout|Warning|Aviso|Warn)(?:\(s\))?<whole>|(?:Advertencias
|Timeouts|Warnings|Avisos)<whole>(?!(?:\s+\w+){0,2}\s*[:=]\s*\x00)|(?:⚠))|(?P<critical_><lead>(?:Critico
|Crítico)(?:\(s\))?<whole>|<lead>(?:Critical|Fatal)<nominal>|<lead>[\w./-]{1,40}:\s+(?:(?-i:CRITICAL|CRITICO|CRÍTICO
|FATAL)(?=[\s:]+[^\s:])|(?:Critical|Critico|Crítico|Fatal)(?=:\s)))|(?P<error_><lead>(?:Exception|Traceback|Falharam
|Fallaron|Excecao|Exceção|Failure|Failed|Falhou|Error|Falha|Fallo|Falló|Erro|Fail|Err)(?:\(s\))?<whole>
|<lead>[\w./-]{1,40}:\s+(?:(?-i:EXCEPTION|TRACEBACK|FALHARAM|FALLARON|EXCECAO|EXCEÇÃO|FAILURE|FAILED|FALHOU|ERROR
|FALHA|FALLO|FALLÓ|ERRO|FAIL|ERR)(?=[\s:]+[^\s:])|(?:Exception|Traceback|Falharam|Fallaron|Excecao|Exceção|Failure
|Failed|Falhou|Error|Falha|Fallo|Falló|Erro|Fail|Err)(?=:\s))|<lead><words>(?:conexión\ rechazada|connection\ refused
|conexao\ recusada|conexión\ perdida|conexão\ recusada|error\ inesperado|nao\ foi\ possivel|não\ foi\ possível
|ocurrió\ un\ error|unexpected\ error|conexao\ perdida|conexão\ perdida|connection\ lost|erro\ inesperado
|lost\ connection|ocorreu\ um\ erro|error\ occurred|failed\ because|no\ fue\ posible|failed\ due\ to|out\ of\ memory
|no\ such\ file|failed\ with|sem\ memória|desistindo|falhou\ com|has\ failed|no\ se\ pudo|abortando|could\ not
|failed\ to|falhou\ ao|giving\ up|unable\ to|couldn't|crashed|morreu|murió|died)<said>|<han>(?:失败|异常|错误)<hanend>)
|(?P<warning_><lead>(?:Advertencia|Atencao|Atenção|Timeout|Warning|Aviso|Warn)(?:\(s\))?<whole>
|<lead>[\w./-]{1,40}:\s+(?:(?-i:ADVERTENCIA|ATENCAO|ATENÇÃO|TIMEOUT|WARNING|AVISO|WARN)(?=[\s:]+[^\s:])
|(?:Advertencia|Atencao|Atenção|Timeout|Warning|Aviso|Warn)(?=:\s))|<lead><words>(?:timed\ out)<said>
|<han>(?:警告)<hanend>)|(?P<info_><lead><words>(?:using\ the\ default|usando\ o\ padrao|usando\ o\ padrão
|using\ defaults|usando\ padrao|usando\ padrão|using\ default|successfully|com\ sucesso|por\ defecto|successful
|com\ êxito|con\ éxito)<said>|<han>(?:使用默认|成功)<hanend>|[^\w\x00]+\Z)
<timestamp>(?:(?:\[\s?<stamp>\s?\]|\(<stamp>\)|<stamp>(?!\w))\s*[-|:>–—]*\s*){1,2}
<lead>(?:\[(?![^\]\n]{0,40}(?<!\w)(?:<tag>)(?!\w))[^\]\n]{1,40}\]:?\s*
|(?:(?!<sign>)[^\w\s\[\x00]){1,12}(?![^\w\s\[\x00])\s*){0,4}
<nominal>(?=\s*(?:[:!]|[-–—]\s|$)|\s+(?:erro|error|exception|failure|falha)(?!\w))
<words>(?:(?!(?:may\ have|has\ not|nenhuma|whether|without|cuando|nenhum|quando|unless|might|never|nunca|caso|none
|when|may|nao|not|não|if|no|se|si|0)(?!\w))[\w\x00'#.:-]+\s+){0,4}?
<said>(?!\w)(?!\s*[:=]\s*0(?!\d))
<han>[^\n]{0,40}?(?<!0)(?<!0 )(?<!0个)(?<!0 个)(?<!无)(?<!没)(?<!没有)(?<!未)(?<!不)(?<!零)
<hanend>(?!处理|日志|次数|数|率|码)(?!\s*[:：=]?\s*0)
<tag>ADVERTENCIA|EXCEPTION|CRITICAL|WINERROR|ATENCAO|ATENÇÃO|CRITICO|CRÍTICO|TIMEOUT|WARNING|ALERTA|FAILED|FALHOU
|AVISO|DEBUG|ERRNO|ERROR|FALHA|FALLO|FALLÓ|FATAL|CRIT|ERRO|FAIL|INFO|WARN|!!!|ERR|!!|OK|!|\+|=|i
<sign>(?:ℹ|⚠|✅|✖|✗|✘|❌|❎|🚨)
<stamp>(?:(?:(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}
|\d{1,2}/\d{1,2})(?:[T ,]+\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?(?: ?[AaPp][Mm])?)?
|\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?(?: ?[AaPp][Mm])?)(?: ?(?:Z|UTC|GMT|[+-]\d{2}:?\d{2}))?
|\d{9,13}(?:\.\d{1,9})?)
<prefix>(?:(?!(?:zero|nao|non|not|não|sem|no|0)[\W_])[^\W_]+(?:\s?[-_:]\s?|\s)){0,3}
<number>(?:\s?[:#]?\s?(?!0+\])\d+)?
<whole>(?!\w|[-./\\]\w|[/\\])(?!\s+(?:configurado|configured|corrigidas|corrigidos|resolvidas|resolvidos|corrigida
|corrigido|resolvida|resolvido|threshold|definido|enviados|handlers|handling|recovery|resolved|default|enviado
|handler|logging|budget|counts|nenhum|padrao|padrão|count|fixed|ratio|free|logs|rate|sent|zero|log)(?!\w))
<singular>Advertencia|Exception|Traceback|Falharam|Fallaron|Atencao|Atenção|Critico|Crítico|Excecao|Exceção|Failure
|Timeout|Warning|Failed|Falhou|Aviso|Error|Falha|Fallo|Falló|Erro|Fail|Warn|Err
<plural>Advertencias|Failures|Timeouts|Warnings|Avisos|Errors|Falhas|Erros
<nothing>(?:<zero>|(?:nenhuma|nenhum|none|nao|não|no)(?!\w))<end>
<zero>0+(?:[.,]0+)?(?![.,]?\d) ?%?
<end>\s*(?=$|[\n|,;.)\]/])
"""
# --- generated from levels.toml: end
