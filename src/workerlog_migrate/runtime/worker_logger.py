# workerlog-migrate runtime 0.1.0 tree:451bfceb02e8efd99a010d3840d44b4c69adb57d252495cdcfd085758bcd4f95
"""Log what a worker prints, and how it ends, to a file that any number of processes share.

Public names: ``setup_worker_logger``, ``module_logger``, ``mirror_print``, ``log_ignored``, ``expect_only``,
``setup_worker_logging``, ``get_worker_log_path``.
Standard library only, Python 3.10 or later, Linux, macOS and Windows; importing this module does nothing.

Environment: ``WORKER_LOG_DIR`` (folder in place of ``logs``), ``WORKER_LOG_FORMAT=json`` (one JSON object a line),
``WORKER_NOTIFY_URL`` (POST) and ``WORKER_NOTIFY_COMMAND`` (on its stdin): who else hears of a CRITICAL record.

The log never harms the worker: whatever happens to the file, nothing is raised and nothing is printed.
"""

from __future__ import annotations

import atexit
import builtins
import contextlib
import errno
import functools
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
from types import FunctionType, ModuleType, SimpleNamespace

TYPE_CHECKING = False  # not imported: `typing` costs more than all of this module
if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import CodeType, FrameType, TracebackType
    from typing import TypeAlias, TypeVar

    _T = TypeVar("_T")
    _Unlock: TypeAlias = Callable[[], object]
    _Line: TypeAlias = Callable[[str, logging.LogRecord, str], str]  # of time stamp, record and message
    _Crash: TypeAlias = tuple[type[BaseException] | None, BaseException | None, TracebackType | None]
    _Sink: TypeAlias = Callable[[dict[str, object]], object]

__all__ = [
    "expect_only",
    "get_worker_log_path",
    "log_ignored",
    "mirror_print",
    "module_logger",
    "setup_worker_logger",
    "setup_worker_logging",
]

RUNTIME_VERSION = "0.1.0"

_HOLD_SECONDS = 300.0  # equal notifications of a worker are sent once in this time
_HELD_BACK_SECONDS = 60.0  # equal errors at one place are logged once in this time
_MOST_ARRIVALS = 2000  # places and kinds of errors that are counted at a time
_MOST_SENT = 60  # and so many at most go to URL, command and callable; the file has them all
_PRINT = print
_METHODS: dict[object, int] = {
    logging.Logger.debug: logging.DEBUG,
    logging.Logger.info: logging.INFO,
    logging.Logger.warning: logging.WARNING,
    logging.Logger.error: logging.ERROR,
    logging.Logger.critical: logging.CRITICAL,
}
_clock, _sleep, _monotonic = (
    time.perf_counter,
    time.sleep,
    time.monotonic,
)  # tests of workers replace those of `time`

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

    Args:
        worker_name: the logger's name; what is no part of a file name becomes ``_`` in the log's name.
        log_dir: folder, created if missing. ``WORKER_LOG_DIR`` replaces it when it is ``"logs"``.
        level: lowest level that is written.
        max_bytes: size in bytes at which the log is rotated; 0 never rotates.
        backup_count: number of old logs kept (``.1`` is the youngest); 0 never rotates.

    Returns:
        The logger. It does not propagate, so nothing reaches the terminal through it.
    """
    logger = logging.getLogger(_logger_name(worker_name))
    folder, path = _place_of(logger.name, log_dir)
    with logging._lock:  # type: ignore[attr-defined]  # the one that a forked child finds open
        # Known by its file, not by its class: this module may be loaded under two names. And the same relative
        # folder is, after os.chdir(), still the folder of the first call.
        handler = _log_of(logger)
        if handler is not None and handler.worker_log_dir != folder and handler.baseFilename != path:
            logger.removeHandler(handler)
            handler.close()
            handler = None
        if handler is None:
            handler = _WorkerFileHandler(path, folder)
            logger.addHandler(handler)
        handler.maxBytes, handler.backupCount = max_bytes, backup_count
        logger.setLevel(level)
        logger.propagate = False
        shared = _shared()
        caller = sys._getframe(1)
        is_script = caller.f_globals.get("__name__") == "__main__"
        if shared.worker is None or is_script:
            shared.worker = logger  # the script's own crashes are the script's
        _chain_hooks()
    if is_script:
        _begin(handler, caller)
    return logger


def module_logger(name: str, log_dir: str | os.PathLike[str] = "logs") -> logging.Logger:
    """Give the logger of a module that several workers import: it writes to the log of the worker that runs.

    Args:
        name: the logger's name; CRITICAL records notify as this worker's.
        log_dir: folder of the log ``<name>.log`` that is made, at the first record, if no worker runs.

    Returns:
        The logger; in the script that runs it is ``setup_worker_logger``'s.
    """
    if sys._getframe(1).f_globals.get("__name__") == "__main__":
        logger = setup_worker_logger(name, log_dir)
        _begin(_log_of(logger), sys._getframe(1))
        return logger
    logger = logging.getLogger(_logger_name(name))
    with logging._lock:  # type: ignore[attr-defined]  # as above
        if _log_of(logger) is None and not any(hasattr(h, "worker_log") for h in logger.handlers):
            logger.addHandler(_ModuleHandler(logger.name, log_dir))
            logger.setLevel(logging.INFO)
            logger.propagate = False
    return logger


def current_logger() -> logging.Logger | None:
    """Give the logger of the script that runs, or None before its set-up."""
    return _shared().worker  # type: ignore[no-any-return]


def _shared() -> SimpleNamespace:
    """Give the state that all copies of this module in one process share."""
    state: SimpleNamespace | None = vars(logging.root.manager).get("worker_logger")
    if state is None:
        fresh = SimpleNamespace(
            worker=None, ranked=None, began=None, seen={}, seen_by=0, unwritten={}, hanging=[]
        )
        state = vars(logging.root.manager).setdefault("worker_logger", fresh)
    return state


def _logger_name(worker_name: str) -> str:
    name = str(worker_name) or "worker"
    return "root-worker" if name == "root" else name  # every library's records would land in this log


def _place_of(name: str, log_dir: str | os.PathLike[str]) -> tuple[str, str]:
    """Give the folder as asked for, and the log's absolute path."""
    folder = os.fsdecode(log_dir)
    if os.path.normpath(folder) == "logs":
        folder = os.environ.get("WORKER_LOG_DIR") or folder
    return folder, _absolute(os.path.join(folder, _file_stem(name) + ".log"))


def _log_of(logger: object) -> _WorkerFileHandler | None:
    return next((h for h in getattr(logger, "handlers", ()) if hasattr(h, "worker_log_dir")), None)


def _absolute(path: str) -> str:
    try:
        return os.path.abspath(path)
    except OSError:  # the current folder is gone
        return os.path.join(os.path.dirname(__file__), path)


def _file_stem(name: str) -> str:
    """Make a file name of a worker's name that stays in its folder, also on Windows."""
    stem = re.sub(r'[\x00-\x1f\x7f<>:"/\\|?*\ud800-\udfff]', "_", name).strip(". ") or "_"
    if os.name == "nt" and re.fullmatch(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?", stem):
        stem = "_" + stem
    return stem.encode("utf-8")[:200].decode("utf-8", "ignore")  # file systems take 255 bytes


# --- print, and the same on the log


def mirror_print(
    log_method: logging.Logger | Callable[..., object],
    /,
    *args: object,
    printer: Callable[..., _T] = print,  # type: ignore[assignment]  # a type variable has no default
    **kwargs: object,
) -> _T:
    """Print, and put the same text on the log, one record a line.

    Args:
        log_method: a logger's method (``logger.info``), or a logger: the start of the text then decides the level.
        args: as for ``print``.
        printer: what to call; ``print`` when omitted.
        kwargs: passed to the printer (``sep``, ``end``, ``file``, ``flush``, ...).

    Returns:
        What the printer returns. Its exceptions pass; the text is on the log all the same.
    """
    shown: tuple[object, ...] = args
    handled = sys.exc_info()[1]
    if printer is _PRINT:
        printer = builtins.print  # type: ignore[assignment]  # whoever has replaced print since gets it
        if printer is _PRINT:
            for arg in args:
                if type(arg) is not str:
                    shown = tuple([arg if type(arg) is str else _Once(arg) for arg in args])
                    break
    try:
        return printer(*shown, **kwargs)
    finally:
        try:  # suppress() costs as much as all that is done here for a plain line
            text = shown[0] if len(shown) == 1 and not kwargs else None
            if type(text) is str and text.isprintable():
                lines = [line] if (line := text.strip()) else []
            else:
                text, lines = _lines_of(shown, kwargs)
            level = _METHODS.get(getattr(log_method, "__func__", None))
            logger = log_method.__self__ if level else log_method  # type: ignore[union-attr]
            if isinstance(logger, logging.Logger):
                level = level or _level_of(text)
                if type(logger) is not logging.Logger:  # what a subclass does with a record is its own affair
                    for line in lines:
                        logger.log(level, line, stacklevel=2)
                elif logger.isEnabledFor(level):
                    # As logger.log would, which takes longer than a print to find out who called us.
                    caller, number = sys._getframe(1).f_code, sys._getframe(1).f_lineno
                    for line in lines:
                        place = (caller.co_filename, number, line, (), None, caller.co_name)
                        logger.handle(logger.makeRecord(logger.name, level, *place))
                if handled is not None and level >= logging.ERROR:
                    _note_arrival(logger, handled, sys._getframe(1), expected=False)
            else:
                standard = getattr(log_method, "__module__", None) == "logging"
                for line in lines:
                    log_method(line, **({"stacklevel": 2} if standard else {}))  # type: ignore[operator]
        except Exception:  # noqa: BLE001  # a log method of the worker's own may raise anything
            pass


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


def _text_of(value: object) -> str:
    if isinstance(value, _Once):
        if value.text is not None:
            return value.text
        value = value.value  # print did not come to it: no stdout, or a broken one
    try:
        return str(value)
    except Exception as error:  # noqa: BLE001  # any __str__ may raise anything
        return f"<{type(value).__name__}: {type(error).__name__} in str()>"


def _lines_of(shown: tuple[object, ...], options: dict[str, object]) -> tuple[str, list[str]]:
    """Give the text that is printed, and those of its lines that belong on the log."""
    if not shown:  # safe_print(message="...")
        texts = [value for name, value in options.items() if name not in ("sep", "end", "level")]
        shown = tuple(value for value in texts if isinstance(value, str))[:1]
    failed = next((n for n, arg in enumerate(shown) if isinstance(arg, _Once) and arg.failed), len(shown))
    shown = shown[:failed]  # print has come so far
    sep, end = options.get("sep"), options.get("end")
    sep, end = sep if isinstance(sep, str) else " ", end if isinstance(end, str) else "\n"
    text = sep.join([arg if type(arg) is str else _text_of(arg) for arg in shown])
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


def _level_of(text: str) -> int:
    """Read the level from a marker at the start of a text, a time stamp skipped; INFO without one."""
    marker, timestamp = _level_patterns()
    text = text.lstrip()
    if stamp := timestamp.match(text):
        text = text[stamp.end() :]
    found = marker.match(text)
    return (
        int(getattr(logging, found.lastgroup.rstrip("_").upper()))
        if found and found.lastgroup
        else logging.INFO
    )


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
        if error is None:
            return
        arrival = _note_arrival(logger, error, frame, expected=not trace)
        level = logging.DEBUG if _is_calm(error) else logging.WARNING
        text = f"{arrival.function}: ignored {type(error).__name__}: "
        arrival.tell(logger, level, frame, text, error, trace=trace)
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
        if not arrival.expected:
            level = logging.INFO if arrival.type in _ENDS else logging.CRITICAL
            text = f"not expected in {arrival.function}:{arrival.line}: {type(error).__name__}: "
            arrival.tell(logger, level, frame, text, error, trace=level == logging.CRITICAL)
    except (RecursionError, MemoryError):
        return False
    except Exception as failure:  # noqa: BLE001  # a filter or a handler of the worker's own
        _pass_on(failure)
        return False
    return bool(arrival.expected)


_ENDS = {
    "builtins:KeyboardInterrupt",
    "builtins:SystemExit",
    "builtins:GeneratorExit",
    "asyncio.exceptions:CancelledError",
}
_CALM = {"_queue:Empty", "queue:Empty", "builtins:BlockingIOError", "asyncio.queues:QueueEmpty"}
_CALM_TIMEOUTS = {
    "builtins:TimeoutError",
    "asyncio.exceptions:TimeoutError",
    "concurrent.futures._base:TimeoutError",
}

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
    if _CALM_TIMEOUTS.isdisjoint(names) or getattr(error, "errno", None) is not None:
        return False
    frame = _innermost(
        error
    )  # a poll fails in the call itself; a connection that timed out lies in a library
    return frame is None or _is_own(frame.f_code) or frame.f_globals.get("__name__") in _POLLS


def _innermost(error: BaseException) -> FrameType | None:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return None if trace is None else trace.tb_frame


def _is_own(code: CodeType) -> bool:
    """Tell whether code is the program's, not a library's."""
    path = code.co_filename
    installed = "site-packages" in path or "dist-packages" in path or path.startswith("<frozen")
    return not installed and not path.startswith(os.path.dirname(os.__file__))


_POLLS = {"asyncio.tasks", "asyncio.timeouts", "concurrent.futures._base", "queue"}


class _Arrival:
    """One kind of error at one place of the source: how often it came, and what was told of it."""

    def __init__(self, error: BaseException, frame: FrameType, line: int, *, expected: bool) -> None:
        self.kind, self.code = type(error), frame.f_code  # kept alive: their addresses are the key
        self.types: tuple[object, ...] = ()  # these, too
        self.log: _WorkerFileHandler | None = None
        self.line, self.type, self.expected = line, _type_name(type(error)), expected
        frames = [] if expected else _frames_of(error)
        names = _qualified_names([self.code, *(code for code, _ in frames)])
        self.function = names[self.code]
        self.count, self.due, self.written = 0, 1, 0
        self.told, self.held = -_HELD_BACK_SECONDS, 0
        self.fields: dict[str, object] = {
            "path": self.code.co_filename,
            "function": self.function,
            "function_line": self.code.co_firstlineno,
            "line": self.line,
            "type": self.type,
            "bases": [_type_name(base) for base in _mro_of(self.kind)[1:-1]],
            "expected": expected,
        }
        self.frames = [[code.co_filename, names[code], code.co_firstlineno, line] for code, line in frames]

    def note(self, event: str = "seen") -> None:
        """Put the count on the evidence, if there is something new."""
        frames = {"frames": self.frames} if not self.expected else {}
        fields = {**self.fields, "count": self.count, **frames}
        if self.log is not None and self.count > self.written and self.log.note(event, fields):
            self.written = self.count

    def tell(
        self,
        logger: logging.Logger,
        level: int,
        frame: FrameType,
        text: str,
        error: BaseException,
        *,
        trace: bool,
    ) -> None:
        """Put the error on the log, unless that was done within the last minute."""
        if not isinstance(logger, logging.Logger) or not logger.isEnabledFor(level):
            return
        now = _monotonic()
        if now - self.told < _HELD_BACK_SECONDS:
            self.held += 1
            return
        self.told, held, self.held = now, self.held, 0
        text += _masked(_text_of(error)) + (f" (held back: {held})" if held else "")
        exc_info = (type(error), error, error.__traceback__) if trace else None
        place = (frame.f_code.co_filename, frame.f_lineno, text, (), exc_info, frame.f_code.co_name)
        logger.handle(logger.makeRecord(logger.name, level, *place))


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
    if arrival is None or not (arrival.expected or expected is not None):  # a name may lead to a class by now
        judged = _is_of(kind, types, frame.f_globals) if expected is None else expected
        if arrival is None or judged:
            if len(state.seen) >= _MOST_ARRIVALS:
                _write_counts()
                state.seen.clear()
            arrival = _Arrival(error, frame, frame.f_lineno, expected=judged)
            arrival.types = types
            state.seen[key] = arrival
    arrival.count += 1
    arrival.log = _evidence_of(logger)
    if arrival.count >= arrival.due:
        arrival.due *= 10
        arrival.note()
    return arrival


def _is_of(kind: type, types: tuple[object, ...], module: dict[str, object]) -> bool:
    """Tell whether a class is one of some classes or names, or inherits from one."""
    names = {_type_name(base).replace(":", "."): base for base in _mro_of(kind)}
    for wanted in types:
        if type(wanted) is str:
            if wanted.startswith("."):
                found = _find_in(module, wanted[1:].split("."))
                wanted = f"{module.get('__name__')}{wanted}"
            else:
                wanted = wanted if "." in wanted else f"builtins.{wanted}"
                found = _find_class(wanted.split("."))
            if wanted in names:
                return True
        else:
            found = wanted
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
    frames, trace = [], error.__traceback__
    while trace is not None:
        frames.append((trace.tb_frame.f_code, trace.tb_lineno))
        trace = trace.tb_next
    return frames if len(frames) <= 64 else frames[:40] + frames[-24:]


def _qualified_names(codes: list[CodeType]) -> dict[CodeType, str]:
    names = {code: getattr(code, "co_qualname", code.co_name) for code in codes}
    if sys.version_info < (3, 11):  # only functions know it there
        import gc

        for function in gc.get_referrers(*names):
            if type(function) is FunctionType and function.__code__ in names:
                names[function.__code__] = function.__qualname__
    return names


def _evidence_of(logger: object) -> _WorkerFileHandler | None:
    """Find the log beside which the evidence lies: the rank's, the logger's, the worker's."""
    state = _shared()
    return state.ranked or _log_of(logger) or _log_of(state.worker)


def _write_counts() -> None:
    for arrival in list(_shared().seen.values()):
        arrival.note()


def _begin(log: _WorkerFileHandler | None, caller: FrameType) -> None:
    """Note that the worker has started, once in a process."""
    state = _shared()
    if state.began is None and log is not None:
        state.began = (os.getpid(), _monotonic(), log, caller.f_code.co_filename)
        log.note("started", {"path": caller.f_code.co_filename})
        _at_exit()


def _at_exit() -> None:
    atexit.unregister(_end)
    atexit.register(_end)
    util = sys.modules.get("multiprocessing.util")
    if util is not None and not getattr(
        util, "_exiting", True
    ):  # its children end without the functions of atexit
        util.Finalize(None, _end, exitpriority=0)


def _end() -> None:
    """Note how often what came, and that the worker has ended: not by its forked children."""
    state = _shared()
    if state.seen_by == os.getpid():
        _write_counts()
    if state.began is not None and state.began[0] == os.getpid():
        _, since, log, path = state.began
        state.began = (0, since, log, path)
        log.note("ended", {"path": path, "seconds": round(_monotonic() - since, 3)})


def _masked(text: str) -> str:
    return text


def _pass_on(error: BaseException) -> None:
    """Raise what a signal handler of the worker raised: it is not ours to keep."""


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

    def line(stamp: str, record: logging.LogRecord, message: str) -> str:
        return f"{stamp} - Worker {rank} - {record.name} - {record.levelname} - {message}"

    path = get_worker_log_path(log_dir, rank)
    root = logging.getLogger()
    for handler in root.handlers[:]:
        root.removeHandler(handler)
        handler.close()
    log, console = _WorkerFileHandler(_absolute(str(path))), _Console()
    _shared().ranked = log
    if log.file.size():
        log.file.append(f"=== Resume at {time.strftime('%Y-%m-%d %H:%M:%S')} ===\n".encode())
    console.setLevel(logging.WARNING)
    for handler in (log, console):
        handler.setFormatter(_LineFormatter(line))
        root.addHandler(handler)
    root.setLevel(log_level)
    root.info("Worker %s logging initialized: %s", rank, path)
    _begin(log, sys._getframe(1))
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


def _worker_line(stamp: str, record: logging.LogRecord, message: str) -> str:
    return f"{stamp} | {record.levelname} | {record.name} | {message}"


class _LineFormatter(logging.Formatter):
    """The standard formatter's lines, with the second's time stamp kept: formatting, not I/O, is the cost."""

    second = (-1, "")

    def __init__(self, line: _Line) -> None:
        super().__init__()
        self.line = line

    def format(self, record: logging.LogRecord) -> str:
        seconds = int(record.created)
        known, stamp = self.second
        if known != seconds:
            stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))
            self.second = (seconds, stamp)
        text = self.line(f"{stamp},{int(record.msecs):03d}", record, _message_of(record))
        if record.exc_info or record.exc_text or record.stack_info:
            text += "\n" + _traceback_of(record)
        if text.isprintable():
            return text
        return "\n    ".join([_escape(line.removesuffix("\r")) for line in text.rstrip("\r\n").split("\n")])


class _JsonFormatter(logging.Formatter):
    """One object a line, as log shippers take it in."""

    def format(self, record: logging.LogRecord) -> str:
        fields: dict[str, object] = {
            "timestamp": _utc(record.created),
            "level": record.levelname,
            "logger": record.name,
            "message": _message_of(record),
            "process": record.process,
            "thread": record.threadName,
            "file": record.pathname,
            "line": record.lineno,
            "function": record.funcName,
        }
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
        return f"{_text_of(record.msg)} (not formatted: {type(error).__name__})"


def _traceback_of(record: logging.LogRecord) -> str:
    try:
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
    except Exception as error:  # noqa: BLE001  # the exception's own __str__
        record.exc_text = f"(traceback not formatted: {type(error).__name__})"
    return "\n".join(part for part in (record.exc_text, record.stack_info) if part)


class _WorkerFileHandler(logging.handlers.RotatingFileHandler):
    """A ``RotatingFileHandler`` whose file is a ``_LogFile``; a CRITICAL record of a worker's logger notifies."""

    def __init__(self, path: str, worker_log_dir: str | None = None) -> None:
        super().__init__(path, encoding="utf-8", delay=True)
        is_json = os.environ.get("WORKER_LOG_FORMAT", "").lower() == "json"
        self.setFormatter(_JsonFormatter() if is_json else _LineFormatter(_worker_line))
        if worker_log_dir is not None:
            self.worker_log_dir = worker_log_dir
        self.file, self.seen = _LogFile(path), _LogFile(path.removesuffix(".log") + ".seen.jsonl")
        self.file.prepare()

    def emit(self, record: logging.LogRecord) -> None:
        try:
            data = f"{self.format(record)}\n".encode("utf-8", "backslashreplace")
        except Exception:  # noqa: BLE001  # a formatter of the worker's own, a stack that is nearly full
            return
        self.file.append(data, self.maxBytes, self.backupCount)

    def handle(self, record: logging.LogRecord) -> bool:
        handled = bool(super().handle(record))
        if record.levelno >= logging.CRITICAL and handled and hasattr(self, "worker_log_dir"):
            error = record.exc_info[1] if record.exc_info else None
            # Here the handler's lock is free: sinks may log.
            notify(_message_of(record), worker=record.name, error=error, log=self)
        return handled

    def note(self, event: str, fields: dict[str, object]) -> bool:
        """Append a line to the evidence, ``<log>.seen.jsonl``, and tell whether it is there."""
        try:
            line = _json({"v": 1, "event": event, "time": _utc(time.time()), "pid": os.getpid(), **fields})
            with self.lock:  # type: ignore[union-attr]  # every handler has one
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


class _ModuleHandler(logging.Handler):
    """Hands the records of a module to the log of the worker that runs, or to one of the module's own."""

    def __init__(self, name: str, log_dir: str | os.PathLike[str]) -> None:
        super().__init__()
        self.worker_name, self.folder_and_path = name, _place_of(name, log_dir)
        self.own: _WorkerFileHandler | None = None

    def worker_log(self) -> _WorkerFileHandler:
        """Find the log to write to; without a worker make one."""
        log = _log_of(current_logger())
        if log is None and self.own is None:
            folder, path = self.folder_and_path
            self.own = _WorkerFileHandler(path, folder)
            self.own.maxBytes, self.own.backupCount = 5 * 1024 * 1024, 5
        return log or self.own  # type: ignore[return-value]  # one of both is there

    def handle(self, record: logging.LogRecord) -> bool:
        return bool(self.filter(record)) and self.worker_log().handle(record)


# --- the file


class _LogFile:
    """A file to which any number of processes append whole records, and which one of them rotates.

    One raw ``write`` on an ``O_APPEND`` descriptor per record: nothing is buffered, so nothing is doubled by a fork
    or lost by a kill, and the kernel keeps records whole. Only a rotation takes a lock.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.platform = _platform()
        self.fd = self.device = self.inode = -1  # those of the file that is open
        self.counts_links = self.regular = True
        self.looked = -1.0  # when the path was looked at
        self.unsure = True  # whether the file ends in a whole line
        self.patient = True  # whether to wait for a lock

    def prepare(self) -> None:
        """Create folder and file, if they can be."""
        try:
            os.makedirs(os.path.dirname(self.path), exist_ok=True)
            if not self.platform.locks_each_record:
                self._open()
        except (OSError, ValueError):  # ValueError: a NUL in the path
            pass

    def size(self) -> int:
        """Tell the size in bytes; 0 when there is no file, or a pipe, a device or a folder."""
        try:
            found = os.stat(self.path)
        except (OSError, ValueError):
            return 0
        return found.st_size if stat.S_ISREG(found.st_mode) else 0

    def append(self, data: bytes, max_bytes: int = 0, backups: int = 0) -> bool:
        """Append one record, and tell whether it is in the file."""
        try:
            if self.platform.locks_each_record:
                return self._append_locked(data, max_bytes, backups)
            return self._append(data, max_bytes, backups)
        except (OSError, ValueError):
            self.unsure = True  # a full disk may have taken a part of the record
            return False

    def _append(self, data: bytes, max_bytes: int, backups: int) -> bool:
        for _ in range(8):
            began = _clock()
            try:
                # To look at the path costs more than to write. Records that follow one another so fast share a look,
                # unless the path is missing.
                if self.regular and began - self.looked < 0.000025 and os.access(self.path, os.F_OK):
                    size = os.lseek(self.fd, 0, os.SEEK_END)
                else:
                    size = self._look()
                    self.looked = began
                if 0 < max_bytes < size + len(data) and size and backups > 0:
                    self.looked = -1.0
                    if self.rotate(max_bytes - len(data), backups):
                        continue
                if self.unsure or not size % 4096:  # a kill in the middle of a write leaves whole pages
                    if size and not self._ends_line():
                        data = b"\n" + data
                    self.unsure = False
                _write(self.fd, data)
                # A deletion so soon after the look could as well have come after the line. But this process may have
                # been suspended in between, while others went through all the backups.
                if _clock() - began < 0.0001 or os.fstat(self.fd).st_nlink or not self.counts_links:
                    return True
            except OSError as error:
                if error.errno not in (errno.EBADF, errno.ESTALE):
                    raise
                self.fd = self.inode = -1  # the worker has closed all descriptors, as daemons do
            self.looked = -1.0
        return False  # deleted eight times in a row

    def _look(self) -> int:
        """Open what is behind the path, if it is not what is open already, and tell its size."""
        try:
            found = os.stat(self.path)
        except OSError:  # moved, deleted, or between another process's rename and re-create
            found = self._open()
        if found.st_ino != self.inode or found.st_dev != self.device:
            found = self._open()
        self.regular = stat.S_ISREG(found.st_mode)
        return found.st_size if self.regular else 0

    def _append_locked(self, data: bytes, max_bytes: int, backups: int) -> bool:
        unlock = self.take_lock(0.5)
        try:
            if unlock and 0 < max_bytes < (size := self.size()) + len(data) and size and backups > 0:
                self._shift(backups)
            fd = self.platform.open_append(self.path)
            try:
                _write(fd, data)
            finally:
                os.close(fd)  # an open file could not be renamed
        finally:
            self.release(unlock)
        return True

    def _open(self) -> os.stat_result:
        try:
            held = os.fstat(self.fd)
        except OSError:  # nothing open yet, or the worker has closed it
            self.fd = -1
        else:
            if (held.st_dev, held.st_ino) != (self.device, self.inode):
                self.fd = -1  # closed by the worker, and the number is another file's now
            elif not held.st_nlink:
                self.close()  # Windows frees the name of a deleted file only then
        try:
            try:
                fd = self.platform.open_append(self.path)
            except FileNotFoundError:
                with contextlib.suppress(FileExistsError):
                    os.mkdir(os.path.dirname(self.path))
                fd = self.platform.open_append(self.path)
        except OSError:
            # Out of descriptors, or the name is taken: the line goes to the file we have, under its new name.
            return os.fstat(self.fd)
        self.close()
        found = os.fstat(fd)
        self.fd, self.device, self.inode = fd, found.st_dev, found.st_ino
        self.counts_links = found.st_nlink > 0  # some network file systems count none
        return found

    def _ends_line(self) -> bool:
        """Look at the last byte: a killed writer or a full disk may have left half a line."""
        with contextlib.suppress(OSError):  # being rotated: then it did
            for _ in range(25):
                with open(self.path, "rb") as file:
                    file.seek(-1, os.SEEK_END)
                    if file.read(1) == b"\n":
                        return True
                _sleep(0.002)  # another process may be in the middle of its write
            return False
        return True

    def rotate(self, limit: int, backups: int) -> bool:
        """Shift the backups and start a new file, if the file is still larger than ``limit`` bytes.

        Returns:
            Whether to look at the path again; otherwise append anyway: a lock or a rename was refused.
        """
        unlock = self.take_lock(0.02)
        if unlock is None:
            return False
        try:
            if self.size() > max(limit, 0):
                self._shift(backups)
        except OSError:
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
        deadline = time.monotonic() + seconds
        for _ in range(1 + int(seconds * 1000)):  # counted, too: tests of workers stop the clock
            try:
                unlock = self.platform.try_lock(self.path)
            except OSError:
                return None
            if unlock or not patient or time.monotonic() >= deadline:
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
        path = os.path.realpath(self.path) if os.path.islink(self.path) else self.path
        names = [path, *(f"{path}.{number}" for number in range(1, backups + 1))]
        aside = f"{path}.old"  # Windows can neither replace nor at once delete a file that someone has open
        _remove(aside)
        gap = next((number for number in range(1, backups + 1) if not os.path.lexists(names[number])), 0)
        if not gap:
            gap = backups
            os.rename(names[gap], aside)
        for number in range(gap, 0, -1):
            os.rename(names[number - 1], names[number])
        _remove(aside)

    def close(self) -> None:
        """Close the descriptor; the next record opens the file again."""
        fd, self.fd, self.inode = self.fd, -1, -1
        if fd >= 0:
            with contextlib.suppress(OSError):  # the worker may have closed it
                os.close(fd)


def _write(fd: int, data: bytes) -> None:
    written = os.write(fd, data)
    while written < len(data):  # a full disk: the next write says so, or goes on
        data = data[written:]
        written = os.write(fd, data)


def _remove(path: str) -> None:
    with contextlib.suppress(OSError):  # not there, or in use: the next rotation tries again
        os.remove(path)


# --- what differs between platforms: opening to append, locking for a rotation


class _Plain:
    """What every Python has, with neither ``fcntl`` nor ``ctypes``: a file beside the log serves as lock."""

    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
    for name in ("O_BINARY", "O_NOCTTY", "O_NONBLOCK"):  # a pipe without a reader must not stop the worker
        flags |= getattr(os, name, 0)

    def __init__(self, *, locks_each_record: bool = False) -> None:
        self.locks_each_record = locks_each_record

    def open_append(self, path: str) -> int:
        return os.open(path, self.flags, 0o666)

    def try_lock(self, path: str) -> _Unlock | None:
        lock = path + ".lock"
        try:
            os.close(os.open(lock, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
        except (FileExistsError, PermissionError):
            if os.path.exists(lock) and time.time() - os.stat(lock).st_mtime > 10:
                _remove(lock)  # left behind by a kill
            return None
        return functools.partial(_remove, lock)


class _Posix(_Plain):
    def __init__(self) -> None:
        super().__init__()
        import fcntl

        self.fcntl: ModuleType = fcntl

    def open_append(self, path: str) -> int:
        # A high number: never 0 to 2 of a daemon, and not soon given to a socket when the worker closes it.
        fd = super().open_append(path)
        try:
            high: int = self.fcntl.fcntl(fd, self.fcntl.F_DUPFD_CLOEXEC, 100)
        except OSError:
            return fd
        os.close(fd)
        return high

    def try_lock(self, path: str) -> _Unlock | None:
        while True:
            # flock belongs to the open file, which forked children share: opened anew, and unlocked explicitly.
            fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
            try:
                self.fcntl.flock(fd, self.fcntl.LOCK_EX | self.fcntl.LOCK_NB)
                if os.path.samestat(os.fstat(fd), os.stat(path)):
                    return functools.partial(self._unlock, fd)
            except OSError as error:
                os.close(fd)
                if error.errno in (errno.EAGAIN, errno.EACCES, errno.ENOENT):
                    return None
                return super().try_lock(path)  # a file system without flock
            os.close(fd)  # the lock of what is a backup by now

    def _unlock(self, fd: int) -> None:
        self.fcntl.flock(fd, self.fcntl.LOCK_UN)
        os.close(fd)


class _Windows(_Plain):
    """Win32 itself: ``O_APPEND`` is a seek and a write there (cpython 86772), and keeps the file from being renamed."""

    def __init__(self) -> None:
        super().__init__()
        import ctypes
        import msvcrt

        self.ctypes: ModuleType = ctypes
        self.msvcrt: ModuleType = msvcrt
        self.create = self.ctypes.WinDLL("kernel32", use_last_error=True).CreateFileW
        self.create.restype = ctypes.c_void_p
        dword, pointer = ctypes.c_uint32, ctypes.c_void_p
        self.create.argtypes = (ctypes.c_wchar_p, dword, dword, pointer, dword, dword, pointer)

    def _open(self, path: str, access: int, share: int, flags: int) -> int:
        open_always = 4
        handle = self.create(path, access, share, None, open_always, flags, None)
        if handle is None or handle == self.ctypes.c_void_p(-1).value:
            raise self.ctypes.WinError(self.ctypes.get_last_error())
        return int(self.msvcrt.open_osfhandle(handle, 0))

    def open_append(self, path: str) -> int:
        # FILE_APPEND_DATA without FILE_WRITE_DATA: each write goes to the end, whole. Others may do everything.
        return self._open(path, 0x100084, 7, 0x80)

    def try_lock(self, path: str) -> _Unlock | None:
        # FILE_FLAG_DELETE_ON_CLOSE, and shared with nobody: Windows itself ends the lock of a killed process.
        try:
            fd = self._open(path + ".lock", 0x80000000, 0, 0x04000080)
        except PermissionError:
            return None
        return functools.partial(os.close, fd)


@functools.cache
def _platform() -> _Plain:
    with contextlib.suppress(ImportError, AttributeError, OSError):
        return _Windows() if os.name == "nt" else _Posix()
    return _Plain(locks_each_record=os.name == "nt")


# --- uncaught exceptions


def _chain_hooks() -> None:
    """Come before the hooks for uncaught exceptions; anew if someone has replaced them since."""
    if not hasattr(sys.excepthook, "worker_logger"):
        sys.excepthook = _chained(sys.excepthook, lambda *crash: crash)
    if not hasattr(threading.excepthook, "worker_logger"):
        threading.excepthook = _chained(threading.excepthook, lambda crash: crash[:3])
    if not hasattr(traceback.print_exc, "worker_logger"):
        # multiprocessing calls no hook for a crashed child, but this function (since 3.13 nothing else of Python's).
        traceback.print_exc = _chained(traceback.print_exc, _child_crash)
        # A handler would keep asyncio's reports from stderr; a filter sees them go by.
        logging.getLogger("asyncio").addFilter(_note_lost_task)


def _chained(previous: Callable[..., object], crash_of: Callable[..., _Crash]) -> Callable[..., None]:
    @functools.wraps(previous)
    def hook(*args: object, **kwargs: object) -> None:
        _log_crash(crash_of(*args, **kwargs))
        previous(*args, **kwargs)

    hook.worker_logger = True  # type: ignore[attr-defined]
    return hook


def _log_crash(crash: _Crash, place: str = "") -> None:
    kind, error, trace = crash
    logger = current_logger()
    if logger is None or kind is None or error is None or issubclass(kind, (SystemExit, KeyboardInterrupt)):
        return
    if hasattr(error, "worker_logger"):  # someone's hook stands between two of ours
        return
    process, thread = sys.modules.get("multiprocessing.process"), threading.current_thread()
    if place == "" and thread is not threading.main_thread():
        place = f" in thread {thread.name}"
    if process is not None and process.parent_process() is not None:
        place += f" in process {process.current_process().name}"
    with contextlib.suppress(Exception):  # an exception that takes no attribute
        error.worker_logger = True  # type: ignore[attr-defined]
    with contextlib.suppress(Exception):  # a filter of the worker's own
        text = f"uncaught {kind.__name__}{place}: {_text_of(error)}"
        logger.critical("%s", text, exc_info=(kind, error, trace))
        if trace is not None:
            arrival = _Arrival(error, trace.tb_frame, trace.tb_lineno, expected=False)
            arrival.count, arrival.log = 1, _evidence_of(logger)
            arrival.note("uncaught")


def _child_crash(*_args: object, **_kwargs: object) -> _Crash:
    caller = sys._getframe(2)
    asked_by = f"{caller.f_globals.get('__name__')}.{caller.f_code.co_name}"
    return sys.exc_info() if asked_by == "multiprocessing.process._bootstrap" else (None, None, None)


def _note_lost_task(record: logging.LogRecord) -> bool:
    """Note what asyncio reports on its own logger: a task whose exception nobody asked for, a failed callback."""
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
        return _notify(_text_of(message)[:8000], worker, error, sink, log)
    except Exception:  # noqa: BLE001  # no more threads, no memory, ...: not the worker's harm
        return False


def _notify(
    message: str,
    worker: str | None,
    error: BaseException | None,
    sink: _Sink | None,
    log: _WorkerFileHandler | None,
) -> bool:
    import json  # noqa: F401  # here, not while others wait for the lock
    import zlib

    deadline = time.monotonic() + 2.0
    logger = logging.root.manager.loggerDict.get(worker) if worker else current_logger()
    worker = worker or (logger.name if isinstance(logger, logging.Logger) else "worker")
    log = log or _log_of(logger) or _log_of(current_logger())
    default = os.environ.get("WORKER_LOG_DIR") or "logs"
    folder = os.path.dirname(log.baseFilename) if log else _absolute(default)
    path, unwritten = os.path.join(folder, "notifications.jsonl"), _shared().unwritten
    key = b"%08x\n" % zlib.crc32(f"{worker}\0{message}".encode("utf-8", "backslashreplace"))
    record: dict[str, object] = {
        "timestamp": "",
        "time": 0.0,
        "worker": worker,
        "level": "CRITICAL",
        "message": message,
        "error": None if error is None else f"{type(error).__name__}: {_text_of(error)}"[:8000],
        "traceback": None if error is None else "".join(traceback.format_exception(error))[-8000:],
        "host": socket.gethostname(),
        "process": os.getpid(),
    }
    file, held, guard = _LogFile(path), _LogFile(path + ".held"), _LogFile(log.baseFilename if log else path)
    unlock = guard.take_lock(1.0)  # several processes, one cause; without the lock: rather twice than never
    try:
        # Not before the lock: what another process has just sent must not seem to be of the future.
        now = time.time()
        record["timestamp"], record["time"] = _utc(now), now
        recent = _recent_messages(path, worker, now)
        if message in recent or 0 <= now - unwritten.get(key, 0.0) < _HOLD_SECONDS:
            if held.size() < 65536:
                held.append(key)
            return False
        record["held_back"] = _take_held_back(held.path, key)
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


def _recent_messages(path: str, worker: str, now: float) -> list[str]:
    """Read from the ends of the notification files what a worker has sent within the last five minutes."""
    import json

    lines, messages = [], []
    for name in (path + ".1", path):
        with contextlib.suppress(OSError), open(name, "rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - 262144))
            lines += file.read().split(b"\n")
    for line in lines:
        with contextlib.suppress(ValueError, TypeError, LookupError):  # cut off by the seek, or not ours
            record = json.loads(line)
            if record["worker"] == worker and 0 <= now - record["time"] < _HOLD_SECONDS:
                messages.append(record["message"])
    return messages


def _take_held_back(path: str, key: bytes) -> int:
    """Count what was held back of one message, by any process, and forget it."""
    with contextlib.suppress(OSError), open(path, "rb+") as file:
        lines = file.readlines()
        rest = [line for line in lines if line != key]
        file.seek(0)
        file.writelines(rest)
        file.truncate()
        return len(lines) - len(rest)
    return 0


def _send(record: dict[str, object], data: bytes, sink: _Sink | None, deadline: float) -> bool:
    """Hand a notification to the other sinks, and wait for all of them together until the deadline."""
    url, command = os.environ.get("WORKER_NOTIFY_URL"), os.environ.get("WORKER_NOTIFY_COMMAND")
    sends: list[tuple[str, Callable[[], object]]] = []
    if url:
        sends.append(("WORKER_NOTIFY_URL", lambda: _post(url, data)))
    if command:
        sends.append(("WORKER_NOTIFY_COMMAND", lambda: _run(command, data)))
    if sink is not None:
        sends.append(("sink", lambda: sink(dict(record))))
    hanging = [thread for thread in _shared().hanging if thread.is_alive()]
    if not sends or len(hanging) >= 8:
        return False
    name = "worker-notification"
    threads = [threading.Thread(target=_attempt, args=send, name=name, daemon=True) for send in sends]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(0.0 if hanging else max(0.0, deadline - time.monotonic()))  # what hangs has had its time
    _shared().hanging = hanging + [thread for thread in threads if thread.is_alive()]
    return True


def _attempt(what: str, send: Callable[[], object]) -> None:
    try:
        send()
    except BaseException as error:  # noqa: BLE001  # a sink may raise anything, SystemExit too
        logger = current_logger()
        if logger is not None:  # the kind alone: the error's text may hold the URL, and its secrets
            logger.warning("notification through %s failed: %s", what, type(error).__name__)


def _post(url: str, data: bytes) -> None:
    from urllib import request

    if not url.lower().startswith(("http://", "https://")):
        raise ValueError("not an HTTP URL")
    headers = {"Content-Type": "application/json; charset=utf-8"}
    request.urlopen(request.Request(url, data, headers, method="POST"), timeout=10).close()


def _run(command: str, data: bytes) -> None:
    import subprocess

    # The operator's own shell line, as in GIT_PAGER; a session of its own, so that Ctrl-C reaches the worker alone.
    null, own = subprocess.DEVNULL, os.name != "nt"
    subprocess.run(
        command,
        shell=True,
        input=data,
        stdout=null,
        stderr=null,
        timeout=30,
        check=True,
        start_new_session=own,
    )


# --- generated from levels.toml: begin (python -m workerlog_migrate.analysis.level --write)
_LEVELS = r"""
<marker>(?P<info>(?:(?:⚠|✖|✗|✘|❌|❎|🚨)\ufe0f?\s*)?(?:(?:nenhuma|without|nenhum|zero|sem|no|0)\s+(?:<singular>
|<plural>)(?!\w)|(?:<singular>)(?:\(s\))?(?:\s+\w+){0,2}\s*[:=]\s*<nothing>
|(?:<plural>)(?:\s+\w+){0,2}\s*[:=]?\s*(?:<nothing>|<zero>(?=\s)))
|(?:Timeout)\s*[:=]\s*\d+(?:[.,]\d+)?\s*(?:(?:segundos|minutes|minutos|seconds|min|sec|seg|ms|h|m|s)(?!\w)
|<end>)|\[\s*<prefix>(?:DEBUG|INFO|OK)<number>\s*\]|\[\s*(?:\+|=|i)\s*\]|(?:ℹ|✅))
|(?P<critical>\[\s*<prefix>(?:CRITICAL|CRITICO|CRÍTICO|FATAL|CRIT)<number>\s*\]|(?:Critico
|Crítico)(?:\(s\))?<whole>|(?:Critical|Fatal)<nominal>)|(?P<error>\[\s*<prefix>(?:EXCEPTION|WINERROR|FAILED
|FALHOU|ERRNO|ERROR|FALHA|FALLO|FALLÓ|ERRO|FAIL|ERR)<number>\s*\]|\[\s*(?:!!!|!!|!)\s*\]|(?:Exception
|Traceback|Falharam|Fallaron|Excecao|Exceção|Failure|Failed|Falhou|Error|Falha|Fallo|Falló|Erro|Fail
|Err)(?:\(s\))?<whole>|(?:Failures|Errors|Falhas|Erros)<whole>(?!(?:\s+\w+){0,2}\s*[:=]\s*\x00)|(?:✖|✗|✘|❌|❎
|🚨))|(?P<warning>\[\s*<prefix>(?:ADVERTENCIA|ATENCAO|ATENÇÃO|TIMEOUT|WARNING|ALERTA|AVISO|WARN)<number>\s*\]
|(?:Advertencia|Atencao|Atenção|Timeout|Warning|Aviso|Warn)(?:\(s\))?<whole>|(?:Advertencias|Timeouts
|Warnings|Avisos)<whole>(?!(?:\s+\w+){0,2}\s*[:=]\s*\x00)|(?:⚠))|(?P<critical_><lead>(?:Critico
|Crítico)(?:\(s\))?<whole>|<lead>(?:Critical|Fatal)<nominal>|<lead>[\w./-]{1,40}:\s+(?:(?-i:CRITICAL|CRITICO
|CRÍTICO|FATAL)(?=[\s:]+[^\s:])|(?:Critical|Critico|Crítico|Fatal)(?=:\s)))|(?P<error_><lead>(?:Exception
|Traceback|Falharam|Fallaron|Excecao|Exceção|Failure|Failed|Falhou|Error|Falha|Fallo|Falló|Erro|Fail
|Err)(?:\(s\))?<whole>|<lead>[\w./-]{1,40}:\s+(?:(?-i:EXCEPTION|TRACEBACK|FALHARAM|FALLARON|EXCECAO|EXCEÇÃO
|FAILURE|FAILED|FALHOU|ERROR|FALHA|FALLO|FALLÓ|ERRO|FAIL|ERR)(?=[\s:]+[^\s:])|(?:Exception|Traceback|Falharam
|Fallaron|Excecao|Exceção|Failure|Failed|Falhou|Error|Falha|Fallo|Falló|Erro|Fail|Err)(?=:\s))
|<lead><words>(?:conexión\ rechazada|connection\ refused|conexao\ recusada|conexión\ perdida
|conexão\ recusada|nao\ foi\ possivel|não\ foi\ possível|conexao\ perdida|conexão\ perdida|connection\ lost
|lost\ connection|no\ fue\ posible|out\ of\ memory|sem\ memória|desistindo|has\ failed|no\ se\ pudo|abortando
|could\ not|giving\ up|unable\ to|couldn't|crashed|morreu|murió|died)<said>|<han>(?:失败|异常|错误)<hanend>)
|(?P<warning_><lead>(?:Advertencia|Atencao|Atenção|Timeout|Warning|Aviso|Warn)(?:\(s\))?<whole>
|<lead>[\w./-]{1,40}:\s+(?:(?-i:ADVERTENCIA|ATENCAO|ATENÇÃO|TIMEOUT|WARNING|AVISO|WARN)(?=[\s:]+[^\s:])
|(?:Advertencia|Atencao|Atenção|Timeout|Warning|Aviso|Warn)(?=:\s))|<lead><words>(?:timed\ out)<said>
|<han>(?:警告)<hanend>)|(?P<info_><lead><words>(?:using\ the\ default|usando\ o\ padrao|usando\ o\ padrão
|using\ defaults|usando\ padrao|usando\ padrão|using\ default|successfully|com\ sucesso|por\ defecto
|successful|com\ êxito|con\ éxito)<said>|<han>(?:使用默认|成功)<hanend>|[^\w\x00]+\Z)
<timestamp>(?:(?:\[\s?<stamp>\s?\]|\(<stamp>\)|<stamp>(?!\w))\s*[-|:>–—]*\s*){1,2}
<lead>(?:\[(?![^\]\n]{0,40}(?<!\w)(?:<tag>)(?!\w))[^\]\n]{1,40}\]:?\s*
|(?:(?!<sign>)[^\w\s\[\x00]){1,12}(?![^\w\s\[\x00])\s*){0,4}
<nominal>(?=\s*(?:[:!]|[-–—]\s|$)|\s+(?:erro|error|exception|failure|falha)(?!\w))
<words>(?:(?!(?:may\ have|has\ not|nenhuma|whether|without|cuando|nenhum|quando|unless|might|never|nunca|caso
|none|when|may|nao|not|não|if|no|se|si|0)(?!\w))[\w\x00'#.:-]+\s+){0,4}?
<said>(?!\w)(?!\s*[:=]\s*0(?!\d))
<han>[^\n]{0,40}?(?<!0)(?<!0 )(?<!0个)(?<!0 个)(?<!无)(?<!没)(?<!没有)(?<!未)(?<!不)(?<!零)
<hanend>(?!处理|日志|次数|数|率|码)(?!\s*[:：=]?\s*0)
<tag>ADVERTENCIA|EXCEPTION|CRITICAL|WINERROR|ATENCAO|ATENÇÃO|CRITICO|CRÍTICO|TIMEOUT|WARNING|ALERTA|FAILED
|FALHOU|AVISO|DEBUG|ERRNO|ERROR|FALHA|FALLO|FALLÓ|FATAL|CRIT|ERRO|FAIL|INFO|WARN|!!!|ERR|!!|OK|!|\+|=|i
<sign>(?:ℹ|⚠|✅|✖|✗|✘|❌|❎|🚨)
<stamp>(?:(?:(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}
|\d{1,2}/\d{1,2})(?:[T ,]+\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?(?: ?[AaPp][Mm])?)?
|\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?(?: ?[AaPp][Mm])?)(?: ?(?:Z|UTC|GMT|[+-]\d{2}:?\d{2}))?
|\d{9,13}(?:\.\d{1,9})?)
<prefix>(?:(?!(?:zero|nao|non|not|não|sem|no|0)[\W_])[^\W_]+(?:\s?[-_:]\s?|\s)){0,3}
<number>(?:\s?[:#]?\s?(?!0+\])\d+)?
<whole>(?!\w|[-./\\]\w|[/\\])(?!\s+(?:configurado|configured|corrigidas|corrigidos|resolvidas|resolvidos
|corrigida|corrigido|resolvida|resolvido|threshold|definido|enviados|handlers|handling|recovery|resolved
|default|enviado|handler|logging|budget|counts|nenhum|padrao|padrão|count|fixed|ratio|free|logs|rate|sent
|zero|log)(?!\w))
<singular>Advertencia|Exception|Traceback|Falharam|Fallaron|Atencao|Atenção|Critico|Crítico|Excecao|Exceção
|Failure|Timeout|Warning|Failed|Falhou|Aviso|Error|Falha|Fallo|Falló|Erro|Fail|Warn|Err
<plural>Advertencias|Failures|Timeouts|Warnings|Avisos|Errors|Falhas|Erros
<nothing>(?:<zero>|(?:nenhuma|nenhum|none|nao|não|no)(?!\w))<end>
<zero>0+(?:[.,]0+)?(?![.,]?\d) ?%?
<end>\s*(?=$|[\n|,;.)\]/])
"""
# --- generated from levels.toml: end
