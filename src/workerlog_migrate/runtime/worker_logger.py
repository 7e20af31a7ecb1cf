# workerlog-migrate runtime 0.1.0 sha256:4752917e4468647ec8b3b0ffb5bfe1832dbb72a919461895ce68c54ec4694300
"""Log what a worker prints, and how it ends, to a file that any number of processes share.

Public names: ``setup_worker_logger``, ``mirror_print``, ``setup_worker_logging``, ``get_worker_log_path``.
Standard library only, Python 3.10 or later, Linux, macOS and Windows; importing this module does nothing.

Environment: ``WORKER_LOG_DIR`` (folder in place of ``logs``), ``WORKER_LOG_FORMAT=json`` (one JSON object a line),
``WORKER_NOTIFY_URL`` (POST), ``WORKER_NOTIFY_COMMAND`` (on its stdin): who else hears of a CRITICAL record.

The log never harms the worker: whatever happens to the file, nothing is raised and nothing is printed.
"""

from __future__ import annotations

import builtins
import errno
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
from types import SimpleNamespace

TYPE_CHECKING = False  # not imported: `typing` costs more than all of this module
if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType
    from typing import TypeVar

    _T = TypeVar("_T")

__all__ = ["get_worker_log_path", "mirror_print", "setup_worker_logger", "setup_worker_logging"]

RUNTIME_VERSION = "0.1.0"

_LINE = "%(asctime)s | %(levelname)s | %(name)s | %(message)s"
_RANK_LINE = "%(asctime)s - Worker {rank} - %(name)s - %(levelname)s - %(message)s"
_PRINT = print
_sleep = time.sleep  # tests of workers replace time.sleep; the 20 ms below are not theirs
_HOLD_SECONDS = 300.0  # equal notifications of a worker are sent once in this time
_MOST_SENT = 60  # and at most so many go to URL, command and callable; the file has them all
_SENDER = "worker-notification"

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
    name = str(worker_name) or "worker"
    logger = logging.getLogger(
        "root-worker" if name == "root" else name
    )  # "root" would take over every library
    asked = os.fsdecode(log_dir)
    if os.path.normpath(asked) == "logs":
        asked = os.environ.get("WORKER_LOG_DIR") or asked
    shared = _shared()
    with shared.lock:
        mine = [handler for handler in logger.handlers if hasattr(handler, "worker_log_dir")]
        path = _absolute(os.path.join(asked, _file_stem(name) + ".log"))
        for handler in mine:  # by its file, not by its class: this module may be loaded under two names
            # The same relative folder after os.chdir() is still the folder of the first call.
            if handler.worker_log_dir == asked or handler.baseFilename == path:
                handler.maxBytes, handler.backupCount = max_bytes, backup_count
                break
        else:
            for handler in mine:
                logger.removeHandler(handler)
                handler.close()
            logger.addHandler(_WorkerFileHandler(path, asked, max_bytes, backup_count))
        logger.setLevel(level)
        logger.propagate = False
        caller = sys._getframe(1).f_globals.get("__name__")
        if shared.worker is None or caller == "__main__":  # the script's own crashes are the script's
            shared.worker = logger
        _install_hooks(shared)
    return logger


def _absolute(path: str) -> str:
    try:
        return os.path.abspath(path)
    except OSError:  # the current folder is gone
        return os.path.join(os.path.dirname(os.path.abspath(__file__)), path)


def _file_stem(name: str) -> str:
    """Make a file name of a worker's name that stays in its folder, also on Windows."""
    stem = re.sub(r'[\x00-\x1f\x7f<>:"/\\|?*\ud800-\udfff]', "_", name).strip(". ") or "_"
    if os.name == "nt" and re.fullmatch(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?", stem):
        stem = "_" + stem
    return stem.encode("utf-8")[:200].decode("utf-8", "ignore")  # file systems take 255 bytes


def _shared() -> SimpleNamespace:
    """Give the state that all copies of this module in one process share."""
    fresh = SimpleNamespace(lock=threading.RLock(), worker=None, hooked=False, handling=set(), unwritten={})
    return vars(logging.root.manager).setdefault("worker_logger", fresh)  # type: ignore[no-any-return]


def current_logger() -> logging.Logger | None:
    """Give the logger of the script that runs, or None before its set-up."""
    return _shared().worker  # type: ignore[no-any-return]


# --- print, and the same on the log


def mirror_print(
    log_method: logging.Logger | Callable[..., object],
    *args: object,
    printer: Callable[..., _T] = print,  # type: ignore[assignment]  # mypy: a default for a type variable
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
    if printer is _PRINT:
        printer = builtins.print  # whoever has replaced print since gets it
        if printer is _PRINT:
            for arg in args:
                if type(arg) is not str:
                    shown = tuple(arg if type(arg) is str else _Once(arg) for arg in args)
                    break
    try:
        return printer(*shown, **kwargs)
    finally:
        try:
            _mirror(log_method, shown, kwargs)
        except Exception:  # noqa: BLE001, S110  # any __str__ or log method may raise anything: never the worker's harm
            pass


class _Once:
    """An argument of print that is converted when print asks for it, and remembers the text.

    So each argument is converted once, in print's order, and what print has written when a conversion fails
    is what it would have written without us.
    """

    __slots__ = ("text", "value")

    def __init__(self, value: object) -> None:
        self.value = value
        self.text: str | None = None

    def __str__(self) -> str:
        self.text = str(self.value)
        return self.text


def _mirror(
    log_method: logging.Logger | Callable[..., object], shown: tuple[object, ...], options: dict[str, object]
) -> None:
    if not shown:  # safe_print(message="...")
        shown = tuple(
            v for k, v in options.items() if isinstance(v, str) and k not in ("sep", "end", "level")
        )[:1]
    sep, end = options.get("sep"), options.get("end")
    text = (sep if isinstance(sep, str) else " ").join([s if type(s) is str else _text_of(s) for s in shown])
    end = end if isinstance(end, str) else "\n"
    if "\n" not in end and not re.search(r"\w", text):  # print(".", end=""): no record per dot
        return
    *lines, rest = (text + end).split("\n")
    lines = [line[:-1] if line.endswith("\r") else line for line in lines]
    records = [
        _escape(line) for line in (line.strip(" \t") for line in (*lines, rest)) if line and "\r" not in line
    ]
    if not callable(log_method):
        level = _level_of(text)
        for line in records:
            log_method.log(level, line, stacklevel=3)
    elif isinstance(getattr(log_method, "__self__", None), logging.Logger):
        for line in records:
            log_method(line, stacklevel=3)  # the caller of mirror_print
    else:
        for line in records:
            log_method(line)


def _text_of(value: object) -> str:
    if isinstance(value, _Once):
        if value.text is not None:
            return value.text
        value = value.value  # print did not come to it: no stdout, or a broken one
    try:
        return str(value)
    except Exception as error:  # noqa: BLE001  # any __str__ may raise anything
        return f"<{type(value).__name__}: {type(error).__name__} in str()>"


def _escape(text: str) -> str:
    """Escape what could forge a record or drive a terminal; tabs stay."""
    if text.isprintable():
        return text
    return re.sub(
        "[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]", lambda c: c[0].encode("unicode_escape").decode(), text
    )


def _level_of(text: str) -> int:
    """Read the level from a marker at the start of a text, a time stamp skipped; INFO without one."""
    rest = text.lstrip()
    if stamp := re.match(_TIMESTAMP, rest, re.IGNORECASE):
        rest = rest[stamp.end() :]
    found = re.match(_MARKER, rest, re.IGNORECASE)
    return getattr(logging, found.lastgroup.upper()) if found and found.lastgroup else logging.INFO


# --- one log file per rank, for parallel workers


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
    formatter = _LineFormatter(_RANK_LINE.format(rank=str(rank).replace("%", "%%")))
    log = _WorkerFileHandler(
        _absolute(str(path)), os.fsdecode(log_dir), 0, 0, formatter=formatter, notifies=False
    )
    if log.file.size():
        log.file.append(f"=== Resume at {time.strftime('%Y-%m-%d %H:%M:%S')} ===\n".encode())
    console = _Console()
    console.setLevel(logging.WARNING)
    console.setFormatter(formatter)
    root.addHandler(log)
    root.addHandler(console)
    root.setLevel(log_level)
    root.info("Worker %s logging initialized: %s", rank, path)
    return path


class _Console(logging.StreamHandler):  # type: ignore[type-arg]  # generic only for type checkers
    """Whatever ``sys.stderr`` is at the moment; silent when it is gone or cannot show a character."""

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stderr
        if self.stream is not None:
            super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:
        """Do nothing."""


# --- records


class _LineFormatter(logging.Formatter):
    """The standard formatter's output, with the second's time stamp kept: formatting, not I/O, is the cost."""

    _second: tuple[int, str] = (-1, "")

    def format(self, record: logging.LogRecord) -> str:
        second = int(record.created)
        known, stamp = self._second
        if known != second:
            stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(second))
            self._second = (second, stamp)
        record.asctime = f"{stamp},{int(record.msecs):03d}"
        record.message = _message_of(record)
        text = self._fmt % record.__dict__  # type: ignore[operator]
        if record.exc_info or record.exc_text or record.stack_info:
            text += "\n" + _traceback_of(self, record)
        if text.isprintable():
            return text
        lines = text.replace("\r\n", "\n").rstrip("\n").split("\n")
        return "\n    ".join([_escape(line) for line in lines])


class _JsonFormatter(logging.Formatter):
    """One object a line, as log shippers take it in."""

    def format(self, record: logging.LogRecord) -> str:
        import json

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
            fields["traceback"] = _traceback_of(self, record)
        return json.dumps(fields, ensure_ascii=False)


def _utc(seconds: float) -> str:
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{int(seconds % 1 * 1000):03d}Z"


def _message_of(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception as error:  # noqa: BLE001  # wrong arguments, or any __str__: the line is logged as far as it goes
        return f"{_text_of(record.msg)} (not formatted: {type(error).__name__})"


def _traceback_of(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    try:
        if record.exc_info and not record.exc_text:
            record.exc_text = formatter.formatException(record.exc_info)  # type: ignore[arg-type]
    except Exception as error:  # noqa: BLE001  # as above: the exception's own __str__
        record.exc_text = f"(traceback not formatted: {type(error).__name__})"
    return "\n".join(part for part in (record.exc_text, record.stack_info) if part)


class _WorkerFileHandler(logging.handlers.RotatingFileHandler):
    """A ``RotatingFileHandler`` whose file is a ``_LogFile``; CRITICAL records also notify."""

    def __init__(
        self,
        path: str,
        log_dir: str,
        max_bytes: int,
        backup_count: int,
        *,
        formatter: logging.Formatter | None = None,
        notifies: bool = True,
    ) -> None:
        super().__init__(path, maxBytes=max_bytes, backupCount=backup_count, encoding="utf-8", delay=True)
        if formatter is None:
            is_json = os.environ.get("WORKER_LOG_FORMAT", "").lower() == "json"
            formatter = _JsonFormatter() if is_json else _LineFormatter(_LINE)
        self.setFormatter(formatter)
        self.worker_log_dir = log_dir
        self.notifies = notifies
        self.file = _LogFile(path)
        self.file.prepare()

    def emit(self, record: logging.LogRecord) -> None:
        self.file.append(
            self.format(record).encode("utf-8", "backslashreplace") + b"\n", self.maxBytes, self.backupCount
        )

    def handle(self, record: logging.LogRecord) -> bool:
        handled = super().handle(record)
        if (
            handled and record.levelno >= logging.CRITICAL and self.notifies
        ):  # outside the lock: sinks may log
            error = record.exc_info[1] if record.exc_info else None
            notify(_message_of(record), worker=record.name, error=error)
        return bool(handled)

    def doRollover(self) -> None:
        """Rotate now."""
        with self.lock or threading.Lock():
            self.file.rotate(1, self.backupCount)

    def shouldRollover(self, record: logging.LogRecord) -> bool:
        """Tell nothing: ``_LogFile.append`` decides under the eyes of other processes."""
        return False

    def close(self) -> None:
        self.file.close()
        super().close()


# --- the file


class _LogFile:
    """A file to which any number of processes append whole records, and which one of them rotates.

    One raw ``write`` on an ``O_APPEND`` descriptor per record: nothing is buffered, so nothing is doubled by a fork
    or lost by a kill, and the kernel keeps records whole. Only a rotation takes a lock.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.fd = -1
        self.identity: tuple[int, int] | None = None  # device and inode behind fd
        self.counts_links = True
        self.unsure = False  # whether the file ends in a whole line
        self.thread = 0  # the thread that is appending
        self.lock: int | str | None = None
        self.impatient_until = 0.0

    def prepare(self) -> None:
        """Create folder and file, if they can be."""
        try:
            os.makedirs(os.path.dirname(self.path), exist_ok=True)
            if not _platform().locks_each_record:
                self._open()
        except (OSError, ValueError):  # ValueError: a NUL or a lone surrogate in the path
            pass

    def size(self) -> int:
        """Tell the size in bytes; 0 when there is no file."""
        try:
            return os.stat(self.path).st_size
        except (OSError, ValueError):
            return 0

    def append(self, data: bytes, max_bytes: int = 0, backups: int = 0) -> bool:
        """Append one record; tell whether it is in the file. Never raises."""
        thread = threading.get_ident()
        try:
            if self.thread == thread or _platform().locks_each_record:
                # A signal handler, or __del__, logs while this very thread is appending: leave its descriptor alone.
                return self._append_apart(data, max_bytes, backups, locked=self.thread == thread)
            self.thread = thread
            try:
                return self._append(data, max_bytes, backups)
            finally:
                self.thread = 0
        except (OSError, ValueError):
            self.unsure = True  # a full disk may have taken a part of the record
            return False

    def _append(self, data: bytes, max_bytes: int, backups: int) -> bool:
        for _ in range(8):
            try:
                found = os.stat(self.path)
            except OSError:  # moved, deleted, or between another process's rename and re-create
                self._open()
                found = os.fstat(self.fd)
            else:
                if (found.st_dev, found.st_ino) != self.identity:
                    self._open()
                    found = os.fstat(self.fd)
            if (
                found.st_size + len(data) > max_bytes > 0 < backups
                and found.st_size
                and stat.S_ISREG(found.st_mode)
                and self.rotate(max_bytes - len(data), backups)
            ):
                continue
            if self.unsure and found.st_size and not self._ends_line():
                data = b"\n" + data
            self.unsure = False
            try:
                _write(self.fd, data)
            except OSError as error:
                if error.errno not in (errno.EBADF, errno.ESTALE):
                    raise
                self.fd, self.identity = -1, None  # the worker has closed all its descriptors, as daemons do
                continue
            if not self.counts_links or os.fstat(self.fd).st_nlink:
                return True
        return False  # deleted eight times in a row

    def _append_apart(self, data: bytes, max_bytes: int, backups: int, *, locked: bool) -> bool:
        """Append through a descriptor of its own; where appending is not atomic, under the lock."""
        lock = None if locked or not _platform().locks_each_record else self.take_lock(0.5)
        try:
            if lock is not None and 0 < self.size() > max_bytes - len(data) and max_bytes > 0 < backups:
                self._shift(backups)
            fd = _platform().open_append(self.path)
            try:
                _write(fd, data)
            finally:
                os.close(fd)
        finally:
            if lock is not None:
                _platform().unlock(lock)
        return True

    def _open(self) -> None:
        if self.fd >= 0 and not os.fstat(self.fd).st_nlink:
            self.close()  # Windows frees the name of a deleted file only then
        try:
            try:
                fd = _platform().open_append(self.path)
            except FileNotFoundError:
                os.mkdir(os.path.dirname(self.path))
                fd = _platform().open_append(self.path)
        except OSError:
            if self.fd < 0:
                raise
            return  # out of descriptors, or the name is taken: the file still there under its new name gets the line
        self.close()
        found = os.fstat(fd)
        self.fd, self.identity = fd, (found.st_dev, found.st_ino)
        self.counts_links = found.st_nlink > 0  # some network file systems count none
        self.unsure = found.st_size > 0

    def _ends_line(self) -> bool:
        """Look at the last byte: a killed writer or a full disk may have left half a line."""
        fd = os.open(self.path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        try:
            if not stat.S_ISREG(os.fstat(fd).st_mode):
                return True
            os.lseek(fd, -1, os.SEEK_END)
            return os.read(fd, 1) == b"\n"
        finally:
            os.close(fd)

    def rotate(self, limit: int, backups: int) -> bool:
        """Shift the backups and start a new file, if the file is still larger than ``limit`` bytes.

        Returns:
            Whether to look at the path again; False: append anyway (nobody waits long for a lock, or a refused rename).
        """
        lock = self.take_lock(0.02)
        if lock is None:
            return False
        try:
            found = os.stat(self.path)
            if _platform().holds(lock, found) and found.st_size > max(limit, 0):
                self._shift(backups)
            return True  # rotated, by us or by another process while we waited
        except OSError:
            return False
        finally:
            self.lock = None
            _platform().unlock(lock)

    def take_lock(self, seconds: float) -> int | str | None:
        now = time.monotonic()
        deadline = now + seconds if now >= self.impatient_until else now
        while True:
            try:
                self.lock = _platform().try_lock(self.path)
            except OSError:
                return None
            if self.lock is not None:
                return self.lock
            if time.monotonic() >= deadline:
                self.impatient_until = (
                    time.monotonic() + 1.0
                )  # its holder is suspended: do not wait for every record
                return None
            _sleep(0.001)

    def _shift(self, backups: int) -> None:
        """Move each backup one up, the highest first and only up to the first gap: a kill in between loses nothing."""
        path = os.path.realpath(self.path) if os.path.islink(self.path) else self.path
        names = [path, *(f"{path}.{number}" for number in range(1, backups + 1))]
        aside = f"{path}.old"  # Windows cannot replace, and not at once delete, a file that someone has open
        _remove(aside)
        gap = next((n for n, name in enumerate(names) if n and not os.path.lexists(name)), 0)
        if not gap:
            gap = backups
            os.rename(names[gap], aside)
        for number in range(gap, 0, -1):
            os.rename(names[number - 1], names[number])
        _remove(aside)

    def close(self) -> None:
        fd, self.fd, self.identity = self.fd, -1, None
        if fd >= 0:
            try:
                os.close(fd)
            except OSError:  # closed by the worker
                pass


def _write(fd: int, data: bytes) -> None:
    while data:
        data = data[os.write(fd, data) :]


def _remove(path: str) -> None:
    try:
        os.remove(path)
    except OSError:  # not there, or in use: the next rotation tries again
        pass


# --- what differs between platforms: open to append, lock for a rotation


class _Posix:
    locks_each_record = False

    def __init__(self) -> None:
        try:
            import fcntl
        except ImportError:
            self.fcntl = None
        else:
            self.fcntl = fcntl

    def open_append(self, path: str) -> int:
        # O_NONBLOCK: a named pipe without a reader must not stop the worker.
        fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK | os.O_NOCTTY, 0o666)
        if self.fcntl is None:
            return fd
        # A high number: never 0 to 2 of a daemon, and not soon given to a socket if the worker closes it.
        try:
            high = self.fcntl.fcntl(fd, self.fcntl.F_DUPFD_CLOEXEC, 100)
        except OSError:
            return fd
        os.close(fd)
        return high

    def try_lock(self, path: str) -> int | str | None:
        if self.fcntl is None:
            return _lock_by_file(path)
        # flock belongs to the open file, which forked children share: open anew, and unlock explicitly.
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        try:
            self.fcntl.flock(fd, self.fcntl.LOCK_EX | self.fcntl.LOCK_NB)
        except OSError as error:
            os.close(fd)
            if error.errno in (errno.EAGAIN, errno.EACCES):
                return None
            return _lock_by_file(path)  # a file system without flock
        return fd

    def holds(self, lock: int | str, found: os.stat_result) -> bool:
        return isinstance(lock, str) or os.path.samestat(os.fstat(lock), found)

    def unlock(self, lock: int | str) -> None:
        if isinstance(lock, str):
            _remove(lock)
        else:
            try:
                self.fcntl.flock(lock, self.fcntl.LOCK_UN)
            finally:
                os.close(lock)


class _Windows(_Posix):
    """``O_APPEND`` is a seek and a write there (cpython 86772), and an open file cannot be renamed: use Win32 itself."""

    def __init__(self) -> None:
        self.fcntl = None
        try:
            import ctypes
            import msvcrt

            self.create = ctypes.WinDLL("kernel32", use_last_error=True).CreateFileW
            self.create.restype = ctypes.c_void_p
            self.create.argtypes = (
                ctypes.c_wchar_p,
                *[ctypes.c_uint32] * 2,
                ctypes.c_void_p,
                *[ctypes.c_uint32] * 2,
                ctypes.c_void_p,
            )
            self.ctypes, self.msvcrt = ctypes, msvcrt
        except (ImportError, AttributeError, OSError):
            self.locks_each_record = True

    def _open(self, path: str, access: int, disposition: int, flags: int) -> int:
        # share read, write and delete: others may rename and delete the file under our feet
        handle = self.create(path, access, 7, None, disposition, 0x80, None)
        if handle is None or handle == self.ctypes.c_void_p(-1).value:
            raise self.ctypes.WinError(self.ctypes.get_last_error())
        return self.msvcrt.open_osfhandle(handle, flags)

    def open_append(self, path: str) -> int:
        if self.locks_each_record:
            return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666)
        # FILE_APPEND_DATA alone makes each write go to the end, whole; OPEN_ALWAYS
        return self._open(path, 0x4 | 0x80 | 0x100000, 4, 0)

    def try_lock(self, path: str) -> int | str | None:
        if self.locks_each_record:
            return _lock_by_file(path)
        fd = self._open(path, 0x80000000, 3, os.O_RDONLY)
        try:
            os.lseek(
                fd, 0x7FFFFFFF00000000, os.SEEK_SET
            )  # locks are mandatory there: a byte that nobody writes
            self.msvcrt.locking(fd, self.msvcrt.LK_NBLCK, 1)
        except OSError:
            os.close(fd)
            return None
        return fd

    def unlock(self, lock: int | str) -> None:
        if isinstance(lock, str):
            _remove(lock)
            return
        try:
            os.lseek(lock, 0x7FFFFFFF00000000, os.SEEK_SET)
            self.msvcrt.locking(lock, self.msvcrt.LK_UNLCK, 1)
        finally:
            os.close(lock)


def _lock_by_file(path: str) -> str | None:
    """Lock where nothing better is to be had; a lock left by a killed process counts for ten seconds."""
    lock = path + ".lock"
    try:
        os.close(os.open(lock, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
    except (FileExistsError, PermissionError):
        try:
            if time.time() - os.stat(lock).st_mtime > 10:
                _remove(lock)
        except OSError:
            pass
        return None
    return lock


_PLATFORM: _Posix | None = None


def _platform() -> _Posix:
    global _PLATFORM
    if _PLATFORM is None:
        _PLATFORM = _Windows() if os.name == "nt" else _Posix()
    return _PLATFORM


# --- uncaught exceptions


def _install_hooks(shared: SimpleNamespace) -> None:
    """Chain the hooks for uncaught exceptions; again if someone has replaced them since."""
    if not hasattr(sys.excepthook, "worker_logger"):
        sys.excepthook = _chain(sys.excepthook, lambda *crash: crash)
    if not hasattr(threading.excepthook, "worker_logger"):
        threading.excepthook = _chain(
            threading.excepthook, lambda args: (args.exc_type, args.exc_value, args.exc_traceback)
        )
    if not shared.hooked:
        shared.hooked = True
        logging.getLogger("asyncio").addFilter(_lost_task)  # a handler would keep it from stderr
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=_after_fork)
        _watch_child_processes()


def _chain(previous, crash_of):
    def hook(*args):
        kind, error, trace = crash_of(*args)
        handling = _shared().handling
        if error is None or id(error) in handling:  # a hook between two of ours
            return previous(*args)
        handling.add(id(error))
        try:
            _log_crash(kind, error, trace)
            return previous(*args)
        finally:
            handling.discard(id(error))

    hook.worker_logger = True
    return hook


def _log_crash(
    kind: type[BaseException] | None,
    error: BaseException | None,
    trace: TracebackType | None,
    place: str = "",
) -> None:
    logger = _shared().worker
    if logger is None or kind is None or error is None or issubclass(kind, (SystemExit, KeyboardInterrupt)):
        return
    thread = threading.current_thread()
    if not place and thread is not threading.main_thread():
        place = f" in thread {thread.name}"
    logger.critical("uncaught %s%s: %s", kind.__name__, place, _text_of(error), exc_info=(kind, error, trace))


def _lost_task(record: logging.LogRecord) -> bool:
    """Log what asyncio reports on its own logger: tasks whose exception nobody asked for, failed callbacks."""
    if record.exc_info and record.levelno >= logging.ERROR and "xception" in _message_of(record):
        _log_crash(*record.exc_info, place=" in an asyncio task")
    return True


def _watch_child_processes() -> None:
    """See the crash of a ``multiprocessing`` child, which calls no hook: its finalizers run while the error passes."""
    if "multiprocessing" in sys.modules:
        from multiprocessing import util

        def watch(_: object = None) -> None:
            util.Finalize(None, _log_child_crash, exitpriority=0)

        watch()  # a spawned child comes by here; a forked one forgets its finalizers and runs what is registered
        util.register_after_fork(_log_crash, watch)


def _log_child_crash() -> None:
    _log_crash(*sys.exc_info(), place=f" in process {sys.modules['multiprocessing'].current_process().name}")


def _after_fork() -> None:
    for reference in logging._handlerList:
        file = getattr(reference(), "file", None)
        lock = getattr(file, "lock", None)
        if isinstance(lock, int):
            file.lock = None
            os.close(lock)  # or a rotation's lock lives as long as this child
    _watch_child_processes()


# --- notifications


def notify(
    message: str,
    *,
    worker: str | None = None,
    error: BaseException | None = None,
    sink: Callable[[dict[str, object]], object] | None = None,
) -> bool:
    """Do what ``worker_utils.notify_critical``, the public name, says."""
    try:
        return _notify(_text_of(message)[:8000], worker, error, sink)
    except Exception:  # noqa: BLE001  # an error's own __str__, no more threads: never the worker's harm
        return False


def _notify(
    message: str,
    worker: str | None,
    error: BaseException | None,
    sink: Callable[[dict[str, object]], object] | None,
) -> bool:
    import json
    import zlib

    shared = _shared()
    logger = logging.root.manager.loggerDict.get(worker) if worker else shared.worker
    name = worker or (logger.name if isinstance(logger, logging.Logger) else "worker")
    logs = [h.baseFilename for h in getattr(logger, "handlers", ()) if hasattr(h, "worker_log_dir")]
    folder = os.path.dirname(logs[0]) if logs else _absolute(os.environ.get("WORKER_LOG_DIR") or "logs")
    path = os.path.join(folder, "notifications.jsonl")
    key = b"%08x\n" % zlib.crc32(f"{name}\0{message}".encode("utf-8", "backslashreplace"))
    now = time.time()
    file, log = _LogFile(path), _LogFile(logs[0] if logs else path)
    lock = log.take_lock(0.2)  # two processes, one crash; without the lock: twice rather than never
    try:
        recent = _recent_messages(path, name, now)
        if message in recent or 0 <= now - shared.unwritten.get(key, 0) < _HOLD_SECONDS:
            held = _LogFile(path + ".held")
            if held.size() < 65536:
                held.append(key)
                held.close()
            return False
        record: dict[str, object] = {
            "timestamp": _utc(now),
            "time": now,
            "worker": name,
            "message": message,
            "error": f"{type(error).__name__}: {_text_of(error)}"[:8000] if error is not None else None,
            "traceback": "".join(traceback.format_exception(type(error), error, error.__traceback__))[-8000:]
            if error is not None
            else None,
            "host": socket.gethostname(),
            "process": os.getpid(),
            "held_back": _take_held_back(path + ".held", key),
        }
        data = json.dumps(record, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"
        os.makedirs(folder, exist_ok=True)
        written = file.append(data, 1024 * 1024, 1)
        file.close()
        if not written:
            shared.unwritten[key] = now
    finally:
        if lock is not None:
            _platform().unlock(lock)
    return _send(record, data, sink) or written if len(recent) < _MOST_SENT else written


def _recent_messages(path: str, worker: str, now: float) -> list[str]:
    """Read from the ends of the notification files what a worker has sent within the last five minutes."""
    import json

    messages = []
    for name in (path + ".1", path):
        try:
            with open(name, "rb") as file:
                file.seek(max(0, os.fstat(file.fileno()).st_size - 262144))
                lines = file.read().split(b"\n")
        except OSError:
            continue
        for line in lines:
            try:
                record = json.loads(line)
                if record["worker"] == worker and 0 <= now - record["time"] < _HOLD_SECONDS:
                    messages.append(record["message"])
            except (ValueError, TypeError, LookupError):  # cut off by the seek, or not ours
                continue
    return messages


def _take_held_back(path: str, key: bytes) -> int:
    """Count what was held back of one message, by any process, and forget it."""
    try:
        with open(path, "rb+") as file:
            lines = file.readlines()
            rest = [line for line in lines if line != key]
            if len(rest) < len(lines):
                file.seek(0)
                file.writelines(rest)
                file.truncate()
            return len(lines) - len(rest)
    except OSError:
        return 0


def _send(record: dict[str, object], data: bytes, sink: Callable[[dict[str, object]], object] | None) -> bool:
    """Hand a notification to the other sinks, and wait for them for two seconds at most, all together."""
    url, command = os.environ.get("WORKER_NOTIFY_URL"), os.environ.get("WORKER_NOTIFY_COMMAND")
    sends = [
        *([("WORKER_NOTIFY_URL", lambda: _post(url, data))] if url else ()),
        *([("WORKER_NOTIFY_COMMAND", lambda: _run(command, data))] if command else ()),
        *([("sink", lambda: sink(dict(record)))] if sink is not None else ()),
    ]
    hanging = [thread for thread in threading.enumerate() if thread.name == _SENDER]
    if (
        not sends or len(hanging) >= 4 or threading.current_thread() in hanging
    ):  # a sink's own CRITICAL stays here
        return False
    threads = [
        threading.Thread(target=_attempt, args=(send, what), name=_SENDER, daemon=True)
        for what, send in sends
    ]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + (0.0 if hanging else 2.0)  # what hangs has had its two seconds
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    return True


def _attempt(send: Callable[[], object], what: str) -> None:
    try:
        send()
    except BaseException as error:  # noqa: BLE001  # a sink may raise anything, SystemExit too
        if (
            logger := _shared().worker
        ) is not None:  # never the error's text: it may hold the URL, and its secrets
            logger.warning("notification through %s failed: %s", what, type(error).__name__)


def _post(url: str, data: bytes) -> None:
    from urllib import request

    headers = {"Content-Type": "application/json; charset=utf-8"}
    if not url.lower().startswith(("http://", "https://")):
        raise ValueError("not an HTTP URL")
    request.urlopen(request.Request(url, data, headers, method="POST"), timeout=10).close()


def _run(command: str, data: bytes) -> None:
    import subprocess

    silent = subprocess.DEVNULL
    # The operator's own shell line, as in EDITOR or GIT_PAGER; Ctrl-C for the worker is none for it.
    subprocess.run(
        command,
        shell=True,
        input=data,
        stdout=silent,
        stderr=silent,
        timeout=30,
        start_new_session=True,
        check=True,
    )


# --- generated from levels.toml: begin (python -m workerlog_migrate.analysis.level --write)
_MARKER = (
    r"(?P<info>(?:(?:⚠|✖|✗|✘|❌|❎|🚨)\ufe0f?\s*)?(?:(?:nenhuma|without|nenhum|zero|sem|no|0)\s+(?:Exception|"
    r"Traceback|Failures|Falharam|Timeouts|Warnings|Atencao|Atenção|Critico|Crítico|Excecao|Exceção|Failur"
    r"e|Timeout|Warning|Avisos|Errors|Failed|Falhas|Falhou|Aviso|Error|Erros|Falha|Erro|Fail|Warn|Err)(?!"
    r"\w)|(?:Exception|Traceback|Falharam|Atencao|Atenção|Critico|Crítico|Excecao|Exceção|Failure|Timeout|"
    r"Warning|Failed|Falhou|Aviso|Error|Falha|Erro|Fail|Warn|Err)(?:\(s\))?(?:\s+\w+){0,2}\s*[:=]\s*(?:0+("
    r"?:[.,]0+)?(?![.,]?\d) ?%?|(?:nenhuma|nenhum|none|nao|não|no)(?!\w))\s*(?=$|[\n|,;.)\]/])|(?:Failures"
    r"|Timeouts|Warnings|Avisos|Errors|Falhas|Erros)(?:\s+\w+){0,2}\s*[:=]?\s*(?:(?:0+(?:[.,]0+)?(?![.,]?"
    r"\d) ?%?|(?:nenhuma|nenhum|none|nao|não|no)(?!\w))\s*(?=$|[\n|,;.)\]/])|0+(?:[.,]0+)?(?![.,]?\d) ?%?("
    r"?=\s)))|(?:Timeout)\s*[:=]\s*\d+(?:[.,]\d+)?\s*(?:(?:segundos|minutes|minutos|seconds|min|sec|seg|ms"
    r"|h|m|s)(?!\w)|\s*(?=$|[\n|,;.)\]/]))|\[\s*(?:(?!(?:zero|nao|non|not|não|sem|no|0)[\W_])[^\W_]+(?:\s?"
    r"[-_:]\s?|\s)){0,3}(?:DEBUG|INFO|OK)(?:\s?[:#]?\s?(?!0+\])\d+)?\s*\]|\[\s*(?:\+|=|i)\s*\]|(?:ℹ|✅))|(?"
    r"P<critical>\[\s*(?:(?!(?:zero|nao|non|not|não|sem|no|0)[\W_])[^\W_]+(?:\s?[-_:]\s?|\s)){0,3}(?:CRITI"
    r"CAL|CRITICO|CRÍTICO|FATAL|CRIT)(?:\s?[:#]?\s?(?!0+\])\d+)?\s*\]|(?:Critico|Crítico)(?:\(s\))?(?!\w|["
    r"-./\\]\w|[/\\])(?!\s+(?:configurado|corrigidas|corrigidos|resolvidas|resolvidos|corrigida|corrigido|"
    r"resolvida|resolvido|threshold|definido|enviados|handlers|handling|recovery|resolved|default|enviado|"
    r"handler|logging|budget|counts|nenhum|padrao|padrão|count|fixed|ratio|free|logs|rate|sent|zero|log)(?"
    r"!\w))|(?:Critical|Fatal)(?=\s*(?:[:!]|[-–—]\s|$)|\s+(?:erro|error|exception|failure|falha)(?!\w)))|("
    r"?P<error>\[\s*(?:(?!(?:zero|nao|non|not|não|sem|no|0)[\W_])[^\W_]+(?:\s?[-_:]\s?|\s)){0,3}(?:EXCEPTI"
    r"ON|WINERROR|FAILED|FALHOU|ERRNO|ERROR|FALHA|ERRO|FAIL|ERR)(?:\s?[:#]?\s?(?!0+\])\d+)?\s*\]|\[\s*(?:!"
    r"!!|!!|!)\s*\]|(?:Exception|Traceback|Falharam|Excecao|Exceção|Failure|Failed|Falhou|Error|Falha|Erro"
    r"|Fail|Err)(?:\(s\))?(?!\w|[-./\\]\w|[/\\])(?!\s+(?:configurado|corrigidas|corrigidos|resolvidas|reso"
    r"lvidos|corrigida|corrigido|resolvida|resolvido|threshold|definido|enviados|handlers|handling|recover"
    r"y|resolved|default|enviado|handler|logging|budget|counts|nenhum|padrao|padrão|count|fixed|ratio|free"
    r"|logs|rate|sent|zero|log)(?!\w))|(?:Failures|Errors|Falhas|Erros)(?!\w|[-./\\]\w|[/\\])(?!\s+(?:conf"
    r"igurado|corrigidas|corrigidos|resolvidas|resolvidos|corrigida|corrigido|resolvida|resolvido|threshol"
    r"d|definido|enviados|handlers|handling|recovery|resolved|default|enviado|handler|logging|budget|count"
    r"s|nenhum|padrao|padrão|count|fixed|ratio|free|logs|rate|sent|zero|log)(?!\w))(?!(?:\s+\w+){0,2}\s*[:"
    r"=]\s*\x00)|(?:✖|✗|✘|❌|❎|🚨))|(?P<warning>\[\s*(?:(?!(?:zero|nao|non|not|não|sem|no|0)[\W_])[^\W_]+(?:"
    r"\s?[-_:]\s?|\s)){0,3}(?:ATENCAO|ATENÇÃO|TIMEOUT|WARNING|ALERTA|AVISO|WARN)(?:\s?[:#]?\s?(?!0+\])\d+)"
    r"?\s*\]|(?:Atencao|Atenção|Timeout|Warning|Aviso|Warn)(?:\(s\))?(?!\w|[-./\\]\w|[/\\])(?!\s+(?:config"
    r"urado|corrigidas|corrigidos|resolvidas|resolvidos|corrigida|corrigido|resolvida|resolvido|threshold|"
    r"definido|enviados|handlers|handling|recovery|resolved|default|enviado|handler|logging|budget|counts|"
    r"nenhum|padrao|padrão|count|fixed|ratio|free|logs|rate|sent|zero|log)(?!\w))|(?:Timeouts|Warnings|Avi"
    r"sos)(?!\w|[-./\\]\w|[/\\])(?!\s+(?:configurado|corrigidas|corrigidos|resolvidas|resolvidos|corrigida"
    r"|corrigido|resolvida|resolvido|threshold|definido|enviados|handlers|handling|recovery|resolved|defau"
    r"lt|enviado|handler|logging|budget|counts|nenhum|padrao|padrão|count|fixed|ratio|free|logs|rate|sent|"
    r"zero|log)(?!\w))(?!(?:\s+\w+){0,2}\s*[:=]\s*\x00)|(?:⚠))"
)
_TIMESTAMP = (
    r"(?:(?:\[\s?(?:(?:(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}|\d{1,2}/\d{1,2})(?"
    r":[T ,]+\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?(?: ?[AaPp][Mm])?)?|\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d{1"
    r",9})?)?(?: ?[AaPp][Mm])?)(?: ?(?:Z|UTC|GMT|[+-]\d{2}:?\d{2}))?|\d{9,13}(?:\.\d{1,9})?)\s?\]|\((?:(?:"
    r"(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}|\d{1,2}/\d{1,2})(?:[T ,]+\d{1,2}:\d"
    r"{2}(?::\d{2}(?:[.,]\d{1,9})?)?(?: ?[AaPp][Mm])?)?|\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?(?: ?[AaPp"
    r"][Mm])?)(?: ?(?:Z|UTC|GMT|[+-]\d{2}:?\d{2}))?|\d{9,13}(?:\.\d{1,9})?)\)|(?:(?:(?:\d{4}[-/.]\d{1,2}[-"
    r"/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}|\d{1,2}/\d{1,2})(?:[T ,]+\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d{"
    r"1,9})?)?(?: ?[AaPp][Mm])?)?|\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?(?: ?[AaPp][Mm])?)(?: ?(?:Z|UTC|"
    r"GMT|[+-]\d{2}:?\d{2}))?|\d{9,13}(?:\.\d{1,9})?)(?!\w))\s*[-|:>–—]*\s*){1,2}"
)
# --- generated from levels.toml: end
