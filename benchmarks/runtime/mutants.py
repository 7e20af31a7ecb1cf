"""Take out, one after another, each line that a known pitfall has forced into the runtime, and see which test notices.

    python benchmarks/runtime/mutants.py                 # all, about ten minutes; exit 1 if one survives
    python benchmarks/runtime/mutants.py fork closed     # those whose names hold one of these words

Works on a copy of the tree in a temporary folder; needs pytest. Each mutant names the text that is replaced, so that
a change of the runtime which moves a trick elsewhere has to say so here.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOGGER, UTILS = "worker_logger.py", "worker_utils.py"


@dataclass(frozen=True, slots=True)
class Mutant:
    """One line taken out.

    Attributes:
        name: the pitfall, in a few words.
        old: text of the runtime, found exactly once.
        new: what stands in its place.
        tests: test files to run, without ``tests/runtime/test_`` and ``.py``.
        file: the runtime file.
    """

    name: str
    old: str
    new: str
    tests: str
    file: str = LOGGER


MUTANTS = (
    # --- the file
    Mutant("append: O_APPEND", "flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT\n", "flags = os.O_WRONLY | os.O_CREAT\n", "rotation shared_log"),
    Mutant('append: one write per record', '        written = os.write(self.fd, data)\n', '        written = os.write(self.fd, data[:30])\n', 'shared_log'),
    Mutant("append: a pipe must not block", '("O_BINARY", "O_NOCTTY", "O_NONBLOCK")', '("O_BINARY", "O_NOCTTY")', "rotation"),
    Mutant("append: not on 0 to 2, nor a number soon reused", "self.fcntl.F_DUPFD_CLOEXEC, 100", "self.fcntl.F_DUPFD_CLOEXEC, 0", "worker_log log_faults"),
    Mutant("append: not inherited", "self.fcntl.F_DUPFD_CLOEXEC, 100", "self.fcntl.F_DUPFD, 100", "worker_log"),
    Mutant('moved: the path is looked at for each record', '            found = os.stat(self.path)\n            held = ', '            found = os.fstat(self.fd)\n            held = ', 'log_faults'),
    Mutant('moved: the inode is looked at', 'held is None or not self.platform.is_same(held, found.st_dev, found.st_ino):', 'held is None:', 'log_faults'),
    Mutant('moved: missing for a moment', '            _pass_on(error)\n            held = None\n', '            raise\n', 'log_faults'),
    Mutant("deleted: no links after the write", "                if held is None or held.st_nlink or not self.counts_links:", "                if True:", "log_faults"),
    Mutant("deleted: a file system that counts no links", "held.st_nlink or not self.counts_links:", "held.st_nlink:", "log_faults"),
    Mutant('deleted: Windows frees the name when we close', '            self.close()  # Windows frees the name of a deleted file only then\n            held = None\n', '            pass\n', 'windows_seam'),
    Mutant("closed: the number is another file's", '        return held if self.platform.is_same(held, self.device, self.inode) else None\n', '        return held\n', 'shared_state log_faults'),
    Mutant('descriptors: the old file gets the line', '            if held is None:\n                raise\n            _pass_on(error)\n            return held\n', '            raise\n', 'log_faults'),
    Mutant('folder: made again', '                    os.mkdir(os.path.dirname(self.path))\n', '                    pass\n', 'log_faults'),
    Mutant("folder: the project is not made again", "                    os.mkdir(os.path.dirname(self.path))\n", "                    os.makedirs(os.path.dirname(self.path))\n", "log_faults"),
    Mutant('half a line: a full disk glues two lines', '            self.unsure, self.known_end = True, (os.fstat(self.fd).st_size, False)\n', '            pass\n', 'log_faults'),
    Mutant('half a line: a killed neighbour', '(self.unsure or not size % 4096)', '(self.unsure)', 'log_faults'),
    Mutant('half a line: a neighbour at work', '            self.platform.wait_for_write(self.fd)\n', '', 'log_faults'),
    Mutant('half a line: of the file of after a rotation', "                return True  # rotated meanwhile", "                pass  # rotated meanwhile", 'log_faults'),
    Mutant('half a line: rotated while we look', 'if last is None or last == b"\\n":', 'if last == b"\\n":', 'log_faults'),
    Mutant('half a line: a write goes on', '            while written < len(data):  # a full disk', '            while written < 1:  # a full disk', 'log_faults'),
    Mutant('never raises: system calls', '        except (OSError, ValueError) as error:\n            _pass_on(error)\n            return False\n        finally:', '        except ZeroDivisionError:\n            return False\n        finally:', 'log_faults'),
    Mutant('never raises: a NUL in the path', '        with quiet(OSError, ValueError):  # ValueError: a NUL', '        with quiet(OSError):  # ValueError: a NUL', 'log_faults'),
    # --- rotation
    Mutant('rotate: a lock', '        unlock = self.take_lock(seconds)\n        if unlock is None:\n', '        unlock = lambda: None\n        if unlock is None:\n', 'shared_log rotation'),
    Mutant('rotate: not by trying once', '        inode, seconds = self.inode, 0.02\n', '        inode, seconds = self.inode, 0.0\n', 'rotation'),
    Mutant('rotate: without the lock, append anyway', '            self.waited_for = inode if seconds > 0.02 else self.waited_for\n            return False\n', '            self.waited_for = inode if seconds > 0.02 else self.waited_for\n            return True\n', 'rotation'),
    Mutant('rotate: a suspended holder is not waited for again', '            if unlock or not patient or _monotonic()', '            if unlock or _monotonic()', 'rotation'),
    Mutant("rotate: waited for again once a lock was had", "            self.patient = True\n", "            pass\n", "rotation"),
    Mutant("rotate: nor a holder that the signal has interrupted", "        patient, self.patient = self.patient, False\n", "        patient = self.patient\n", "rotation"),
    Mutant("rotate: inode again under the lock", "                if os.path.samestat(os.fstat(file.fileno()), os.stat(path)):\n", "                if True:\n", "rotation"),
    Mutant("rotate: size again under the lock", "            if self.size() > max(limit, 0):\n", "            if True:\n", "rotation"),
    Mutant('rotate: a refused rename', '            self.refused_until = _clock() + 2.0\n            return False\n', '            raise\n', 'rotation'),
    Mutant("rotate: unlock explicitly, for children share the lock", "        self.fcntl.flock(file.fileno(), self.fcntl.LOCK_UN)\n", "", "shared_log rotation"),
    Mutant("rotate: the highest first", "for number in range(gap, 0, -1):", "for number in range(1, gap + 1):", "rotation"),
    Mutant('rotate: only up to the first gap', '        gap = next(free, 0)\n', '        gap = 0 if os.path.lexists(names[backups]) else backups\n', 'rotation'),
    Mutant('rotate: the oldest is moved aside', '            self.platform.clear(names[gap], self.path)\n', '            pass\n', 'windows_seam'),
    Mutant('rotate: what was put aside is removed', '        os.rename(path, aside)\n        _remove(aside)\n', '        os.rename(path, aside)\n', 'windows_seam'),
    Mutant('rotate: what a kill left aside is removed', '                _remove(os.path.join(folder, entry))\n', '                pass\n', 'windows_seam'),
    Mutant('rotate: nothing but regular files', '        return found.st_size if stat.S_ISREG(found.st_mode) else 0\n\n    def _write', '        return found.st_size\n\n    def _write', 'rotation'),
    Mutant('rotate: no empty backup', 'too_large = 0 < max_bytes < size + len(data) and size and backups > 0', 'too_large = 0 < max_bytes < size + len(data) and backups > 0', 'rotation'),
    Mutant('rotate: backup_count 0 never rotates', 'too_large = 0 < max_bytes < size + len(data) and size and backups > 0', 'too_large = 0 < max_bytes < size + len(data) and size', 'rotation'),
    Mutant('rotate: max_bytes 0 never rotates', 'too_large = 0 < max_bytes < size', 'too_large = max_bytes < size', 'rotation'),
    Mutant('rotate: before the record that does not fit', 'too_large = 0 < max_bytes < size + len(data) and size', 'too_large = 0 < max_bytes < size and size', 'rotation'),
    Mutant('rotate: the target of a link', 'if linked is None or stat.S_ISLNK(linked.st_mode):', 'if linked is None:', 'rotation'),
    # --- without fcntl, ctypes, msvcrt
    Mutant("no fcntl: a lock file", "            os.close(os.open(lock, os.O_WRONLY | os.O_CREAT | os.O_EXCL))\n", "            pass\n", "shared_log windows_seam"),
    Mutant("no fcntl: a stale lock file", "                _remove(lock)  # left behind by a kill\n", "                pass\n", "shared_log"),
    Mutant("no fcntl: chosen when it is missing", "suppress(ImportError, AttributeError, OSError)", "suppress(AttributeError, OSError)", "shared_log"),
    Mutant("no ctypes: each record is locked", "        unlock = self.take_lock(2.0)", "        unlock = None", "windows_seam"),
    Mutant("no ctypes: appended anyway without the lock", "        unlock = self.take_lock(2.0)", "        unlock = self.take_lock(2.0)\n        if unlock is None:\n            return False", "windows_seam"),
    Mutant("Windows: FILE_APPEND_DATA alone", "self._create(path, 0x100084, 7, 0x80, int)", "self._create(path, 0x100086, 7, 0x80, int)", "windows_seam"),
    Mutant("Windows: FILE_READ_ATTRIBUTES", "self._create(path, 0x100084, 7, 0x80, int)", "self._create(path, 0x100004, 7, 0x80, int)", "windows_seam"),
    Mutant("Windows: share-delete", "self._create(path, 0x100084, 7, 0x80, int)", "self._create(path, 0x100084, 3, 0x80, int)", "windows_seam"),
    Mutant("Windows: room beside a long path", "        if len(path) < 200 or ", "        if path or ", "windows_seam"),
    Mutant("Windows: a 64-bit handle", "        self.create.restype = ctypes.c_void_p\n", "", "windows_seam"),
    Mutant("Windows: the lock is nobody else's", 'self._create(path + ".lock", 0x80000000, 0, 0x04000080, io.FileIO)', 'self._create(path + ".lock", 0x80000000, 7, 0x04000080, io.FileIO)', 'windows_seam'),
    Mutant('Windows: the lock of a killed process ends', 'self._create(path + ".lock", 0x80000000, 0, 0x04000080, io.FileIO)', 'self._create(path + ".lock", 0x80000000, 0, 0x80, io.FileIO)', 'windows_seam'),
    Mutant("Windows: a held lock is waited for", "        except PermissionError:\n            return None\n\n\n@functools.cache", "        except ZeroDivisionError:\n            return None\n\n\n@functools.cache", "windows_seam"),
    # --- records
    Mutant('logger: does not propagate', '    logger.propagate = False\n', '', 'worker_log'),
    Mutant('logger: one handler, known by its file', '        held = vars(logger).get("worker_log")\n', '        held = None\n', 'worker_log'),
    Mutant("logger: the path is absolute", "        return os.path.abspath(path)\n", "        return path\n", "worker_log"),
    Mutant("logger: the folder of the first call", "handler.worker_log_dir != folder and ", "", "worker_log"),
    Mutant("logger: set up in threads", "    with logging._lock:  # type: ignore[attr-defined]  # the one", "    if True:  # the one", "worker_log"),
    Mutant("logger: no way out of the folder", r'''re.sub(r'[\x00-\x1f\x7f<>:"/\\|?*\ud800-\udfff]', "_", name)''', "name", "worker_log"),
    Mutant("record: no forged lines", '        return "\\n    ".join([_escape(', '        return "\\n".join([_escape(', "worker_log"),
    Mutant("record: no control characters", "    if text.isprintable():\n        return text\n    control", "    if True:\n        return text\n    control", "worker_log mirror_print"),
    Mutant("record: the second is renewed", "        if known != seconds:\n", "        if known < 0:\n", "worker_log"),
    Mutant("record: wrong arguments", "        return record.getMessage()\n    except Exception as error:", "        return record.getMessage()\n    except ZeroDivisionError as error:", "worker_log"),
    Mutant("record: a failing formatter", "        except Exception as failure:  # noqa: BLE001  # a formatter", "        except ZeroDivisionError as failure:  # a formatter", "worker_log"),
    Mutant('record: lone surrogates', 'data = f"{self.format(record)}\\n".encode("utf-8", "backslashreplace")', 'data = f"{self.format(record)}\\n".encode()', 'worker_log'),
    Mutant("record: the caller's line", '            _log_lines(log_method, text, lines, handled, sys._getframe(1))', '            _log_lines(log_method, text, lines, handled, sys._getframe(0))', 'mirror_print'),
    Mutant("record: a disabled level", "elif logger.isEnabledFor(level):", "else:", "mirror_print worker_log"),
    Mutant("record: the caller's line, through a subclass", "logger.log(level, line, stacklevel=3)", "logger.log(level, line)", "mirror_print"),
    Mutant("record: the caller's line, through another method", '**({"stacklevel": 3} if standard else {})', "**{}", "mirror_print"),
    # --- print
    Mutant('print: each argument once', '            shown = tuple([arg if type(arg) is str else _Once(arg) for arg in args])\n', '            pass\n', 'mirror_print'),
    Mutant('print: converted when print asks', '            shown = tuple([arg if type(arg) is str else _Once(arg) for arg in args])\n', '            shown = tuple([str(arg) for arg in args])\n', 'mirror_print'),
    Mutant("print: no further than print came", "    shown = shown[:failed]", "    shown = shown", "mirror_print"),
    Mutant("print: the replaced print", "        printer = builtins.print ", "        printer = _PRINT ", "mirror_print"),
    Mutant("print: logged when the write fails", "    try:\n        return printer(*shown, **kwargs)\n    finally:\n", "    result = printer(*shown, **kwargs)\n    try:\n        return result\n    finally:\n", "mirror_print"),
    Mutant("print: a failing log method", "        except Exception as failure:  # noqa: BLE001  # a log method", "        except ZeroDivisionError as failure:  # noqa: BLE001  # a log method", "mirror_print"),
    Mutant("print: no progress", ' for line in lines if line and "\\r" not in line]', " for line in lines if line]", "mirror_print"),
    Mutant("print: no record per dot", '    if "\\n" not in text + end and not any(map(str.isalnum, text)):', "    if False:", "mirror_print"),
    Mutant("print: no blank records", ' for line in lines if line and "\\r" not in line]', ' for line in lines if "\\r" not in line]', "mirror_print"),
    Mutant("print: no blank record of a plain line", "[line] if (line := text.strip()) else []", "[text.strip()]", "mirror_print"),
    # --- crashes
    Mutant("crash: the earlier hook", "        previous(*args, **kwargs)\n", "        pass\n", "crashes"),
    Mutant("crash: not for exits", "issubclass(kind, (SystemExit, KeyboardInterrupt))", "False", "crashes"),
    Mutant('crash: threads', ', (threading, lambda crash: crash[:3])', '', 'crashes'),
    Mutant("crash: children", "        traceback.print_exc = _chained(traceback.print_exc, _child_crash)\n", "        pass\n", "crashes"),
    Mutant("crash: print_exc of others", ' if asked_by == "multiprocessing.process._bootstrap" else (None, None, None)', "", "crashes"),
    Mutant('crash: lost tasks', '        _note_lost_task(record)\n        if super()', '        if super()', 'crashes'),
    Mutant('crash: once, with a hook in between', 'log is None or not _once(error, "worker_logger"):', 'log is None:', 'crashes'),
    Mutant("crash: the script's own logger", "if shared.worker is None or is_script:", "if shared.worker is None:", "worker_log"),
    Mutant('crash: a failing filter', "    with quiet(Exception):  # a filter of the worker's own\n        if trace", '    if True:\n        if trace', 'crashes'),
    # --- notifications
    Mutant('notify: each CRITICAL record', '        if record.levelno >= logging.CRITICAL and hasattr(self', '        if False and hasattr(self', 'notifications crashes'),
    Mutant('notify: equal ones are held back', '        if same in recent or', '        if', 'notifications'),
    Mutant("notify: one process at a time", "    unlock = guard.take_lock(1.0)", "    unlock = None", "notifications"),
    Mutant("notify: also without a file", "            unwritten[key] = now\n", "            pass\n", "notifications"),
    Mutant('notify: the backup is read too', 'for name in (path + ".1", path)).split', 'for name in (path,)).split', 'notifications'),
    Mutant("notify: the count of those held back", '                held.append(key)\n', "                pass\n", "notifications"),
    Mutant("notify: a flood", "len(recent) < _MOST_SENT and ", "", "notifications"),
    Mutant("notify: two seconds", "max(0.0, deadline - _monotonic()))", "None)", "notifications"),
    Mutant("notify: hanging sinks are not waited for again", "        thread.join(0.0 if hanging else ", "        thread.join(", "notifications"),
    Mutant("notify: no more than a few hanging threads", " or len(hanging) >= 8:", ":", "notifications"),
    Mutant("notify: the time is that of the lock", '    unlock = guard.take_lock(1.0)  # several processes, one cause; without the lock: rather twice than never\n    try:\n        # Not before the lock: what another process has just sent must not seem to be of the future.\n        now = time.time()', '    now = time.time()\n    unlock = guard.take_lock(1.0)\n    try:\n        now = now', "notifications"),
    Mutant("notify: a sink at work is not one that hangs", "            started.append(thread)\n", "            started.append(thread)\n            _shared().hanging = [*hanging, thread]\n", "notifications"),
    Mutant("notify: a sink that exits", "    except BaseException as error:  # noqa: BLE001  # a sink", "    except ZeroDivisionError as error:  # a sink", "notifications"),
    Mutant("notify: secrets in URLs", "what, type(error).__name__)", "what, error)", "notifications"),
    Mutant("notify: outside the handler's lock", '            self.emit(record)\n        hooked =', '            self.emit(record)\n        self.acquire()\n        hooked =', 'notifications'),
    Mutant("notify: no failure reaches the worker", "    except Exception as failure:  # noqa: BLE001  # no more threads", "    except ZeroDivisionError as failure:  # no more threads", "notifications"),
    # --- ranks
    Mutant("rank: old handlers go", "        root.removeHandler(handler)\n        handler.close()\n", "        pass\n", "rank_logging"),
    Mutant("rank: a console without the character", "    def handleError(", "    def handle_error(", "rank_logging"),
    Mutant("rank: today's stderr", "        self.stream = sys.stderr\n        if self.stream is not None:\n", "        if True:\n", "rank_logging"),
    # --- what the rest of the program does
    Mutant('shared: the file is written whatever others do', '            self.worker_log.handle(kept)\n            shared = ', '            shared = ', 'shared_state'),
    Mutant('shared: a level of others', '        return level >= self.worker_level or super()', '        return super()', 'shared_state'),
    Mutant('shared: once on the terminal', 'handle = getattr(logger, "mirror", None) or (', 'handle = (', 'shared_state'),
    Mutant('shared: asyncio silenced', '        return level >= logging.ERROR or super()', '        return super()', 'shared_state'),
    Mutant('crash: a later hook', '    with quiet(AttributeError, RuntimeError):  # not in every Python; too late\n        threading._register_atexit(_find_crash)  # type: ignore[attr-defined]  # private\n', '', 'shared_state'),
    Mutant('crash: a console asks for the original hook', '                module.__excepthook__ = chained  # consoles', '                pass  # consoles', 'shared_state'),
    Mutant('crash: an error that is shown', 'sys.exc_info()[1] is crash[1])', 'False)', 'shared_state'),
    Mutant('crash: a mark of another process', '    if marks.get(mark) == os.getpid():', '    if mark in marks:', 'shared_state'),
    Mutant('descriptors: many logs', '            if _LogFile.opened > _MOST_OPEN:', '            if False:', 'shared_state'),
    Mutant("descriptors: not somebody else's", '        if held is not None:\n            with quiet(OSError):\n                os.close(fd)', '        with quiet(OSError):\n            os.close(fd)', 'shared_state'),
    Mutant('rotate: mode', '            os.fchmod(fd, stat.S_IMODE(old.st_mode))', '            pass', 'shared_state'),
    Mutant('rotate: owner', '                os.fchown(fd, user, group)', '                os.fchown(fd, -1, group)', 'shared_state'),
    Mutant("closed: after the write", "began < 0.0001 else self._held()", "began < 0.0001 else os.fstat(self.fd)", "shared_state"),
    Mutant("rotate: owner of an evidence", "                _give(file.fd, old)\n            # Of whoever", "                pass\n            # Of whoever", "kept_errors"),
    Mutant('rotate: two numbers of a file', '        for _ in range(3):\n            # flock', '        while True:\n            # flock', 'shared_state'),
    Mutant('notify: a pipe', '        if stat.S_ISREG(os.stat(path).st_mode):\n            with _OPEN', '        if True:\n            with _OPEN', 'shared_state'),
    Mutant('notify: one error', '            if error is None or _once(error, "worker_notified"):', '            if True:', 'shared_state'),
    Mutant('notify: numbers', '    message = re.sub(_NUMBERS, "#", str(record["message"]))', '    message = str(record["message"])', 'shared_state'),
    Mutant('notify: kind and place', "\\0{str(record['error']).partition(':')[0]}\\0{places[-1:]}", '', 'shared_state'),
    Mutant('signal: by the frame', '            if value is interrupted or (', '            if (', 'shared_state'),
    Mutant('signal: by the handler', '        if trace.tb_frame.f_code in handlers:', '        if False:', 'shared_state'),
    Mutant("signal: in the making of a record", "        if own or extra is not None:", "        if True:", "shared_state"),
    Mutant("signal: while a traceback is formatted", "    mask = getattr(_signal, \"pthread_sigmask\", None)  # not on Windows", "    mask = None", "shared_state"),
    Mutant("signal: a lock goes with the exception", "            del error, trace  # no circle", "            pass  # no circle", "shared_state"),
    Mutant("error: the place is the program's", "    if path == __file__ or os.path.basename(path) == \"worker_utils.py\":\n        return False\n", "", "shared_state"),
    Mutant("signal: in the questions about a file", "    with quiet(OSError, ValueError):\n        return os.stat(path) if follow", "    with contextlib.suppress(OSError, ValueError):\n        return os.stat(path) if follow", "shared_state"),
    Mutant("record: a factory of the program's own", "_WorkerLogger or logging.getLogRecordFactory() is not logging.LogRecord", "_WorkerLogger", "mirror_print"),
    Mutant("shared: a logger class of the program's own", "ours if kind is logging.Logger else type(kind.__name__, (ours, kind), {})", "ours if kind is logging.Logger else kind", "shared_state"),
    Mutant("shared: a logger class that handles records itself", "    if all(getattr(kind, name) is getattr(logging.Logger, name) for name in names):\n        with", "    if True:\n        with", "shared_state"),
    Mutant("shared: a logger class that wants no heirs", "        with quiet(Exception):  # one that wants", "        if True:  # one that wants", "shared_state"),
    Mutant("shared: a logger without handlers", "logger.handle if logger.hasHandlers() else bool", "logger.handle", "shared_state"),
    Mutant("shared: what the runtime says is not shown", 'getattr(logger, "mirror", logger.handle)(_record(', 'logger.handle(_record(', "shared_state"),
    Mutant("shared: a mirrored line of a class of the program's own", '*(() if hasattr(kind, "mirror") else ("handle",)))', '"handle")', "shared_state"),
    Mutant("record: made by a class of the program's own", "own = type(self) is not _WorkerLogger or", "own =", "mirror_print"),
    Mutant("record: with fields of the program's own", "        if own or extra is not None:", "        if own:", "mirror_print"),
    Mutant("record: with a dict as its arguments", "args[0] if len(args) == 1 and args[0] and isinstance(args[0], Mapping) else args", "args", "mirror_print"),
    Mutant("logger: a level may be a name", "worker_level=logger.level", "worker_level=level", "worker_log"),
    Mutant("crash: a later hook of threads", "        threading._make_invoke_excepthook = _telling_first(make)", "        pass", "shared_state"),
    Mutant("crash: a later hook that ends the process", "            _chain_hooks()  # a later hook may end", "            pass  # a later hook may end", "shared_state"),
    Mutant("crash: a later hook that runs and logs", ' and not hasattr(sys, "last_value"):', ':', "shared_state"),
    Mutant("crash: a later hook that is None", "        if hook is not None and not hasattr(hook", "        if not hasattr(hook", "shared_state"),
    Mutant("crash: handled, and kept by hand", '    if hasattr(getattr(sys, "excepthook", None), "worker_logger"):\n        return', "    if False:\n        return", "shared_state"),
    Mutant("crash: of a rank", "            log.handle(_record(logging.root", "            (lambda _: None)(_record(logging.root", "rank_logging"),
    Mutant("deleted: the built-in open at the very end", "_PRINT, _OPEN, _STARTED = print, open, time", "_PRINT, _OPEN, _STARTED = print, (lambda *args, **more: open(*args, **more)), time", "shared_state"),
    Mutant("kept: a time-out that is no poll", "others is None or frame.f_code.co_name in others:", "others is None:", "kept_errors"),
    Mutant("kept: a poll through the standard library", 'if others is None or', "if True or", "kept_errors"),
    Mutant("secrets: cut after they were masked", "text[: 2 * most + 1000]", "text[:most]", "shared_state"),
    Mutant("notify: numbers of several parts", r"""    message = re.sub(r"(?<!\w)[-+]?#(?:[.,:_T+-]{1,2} ?#)*(?:Z\b)?", "#", message)""", "    pass", "shared_state"),
    Mutant("notify: addresses, before the numbers in them", r"|(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}", "", "shared_state"),
    Mutant("notify: numbers with blanks", r"\d{1,3}(?:[ \u00a0\u202f]\d{3})+|", "", "shared_state"),
    Mutant("notify: bytes", r"|(?:\\x[0-9a-f]{2})+", "", "shared_state"),
    Mutant("signal: in the log's files", '        except (OSError, ValueError) as error:\n            _pass_on(error)\n            return False\n        finally:', '        except (OSError, ValueError):\n            return False\n        finally:', 'shared_state'),
    Mutant("kept: by the interpreter's classes", '    names = {_type_name(base).replace(":", "."): base for base in _mro_of(kind)}', '    names = {_type_name(base).replace(":", "."): base for base in kind.__mro__ if base}', 'kept_errors'),
    Mutant('kept: a forked child counts for itself', '    if state.seen_by != os.getpid():', '    if not state.seen_by:', 'kept_errors'),
    Mutant('kept: held back', '        if now - self.told < _QUIET_SECONDS:', '        if False:', 'kept_errors'),
    Mutant('kept: what comes while the evidence is summed', '        if late:\n', '        if False:\n', 'kept_errors'),
    Mutant('kept: lazy modules', '            return _find_in(_dict_of_module(module) or {}, parts[length:])', '            return _find_in(module.__dict__, parts[length:])', 'kept_errors'),
    Mutant('kept: never raises', "    except Exception as failure:  # noqa: BLE001  # a filter or a handler of the worker's own\n        _pass_on(failure)\n    return False", '    except ZeroDivisionError as failure:\n        _pass_on(failure)\n        raise\n    return False', 'kept_errors'),
    Mutant('secrets: masked', '        text = pattern.sub(mask, text)', '        pass', 'shared_state'),
    # --- retry
    Mutant("retry: no wait after the last attempt", "        if self.attempt >= self.attempts or _never", "        if self.attempt > self.attempts or _never", "retry", UTILS),
    Mutant('retry: what never passes', 'or _never_passes(error, self.policy.kinds) or', 'or', 'retry', UTILS),
    Mutant("retry: the error itself", "                    raise\n            else:\n                policy.exhausted = False\n                return result\n            (sleep", "                    raise RuntimeError from error\n            else:\n                policy.exhausted = False\n                return result\n            (sleep", "retry", UTILS),
    Mutant("retry: the status decides", "        return status not in _HTTP_PASSES\n", "        return False\n", "retry", UTILS),
    Mutant("retry: ValueErrors", "    if isinstance(error, ValueError):  # an", "    if False:  # an", "retry", UTILS),
    Mutant("retry: in use on Windows", 'return os.name != "nt" and PermissionError', "return PermissionError", "retry", UTILS),
    Mutant("retry: shutil.Error", " or (shutil is not None and isinstance(error, shutil.Error))", "", "retry", UTILS),
    Mutant("retry: the wrapped reason", "    return isinstance(reason, OSError) and _never_passes(reason, kinds)", "    return False", "retry", UTILS),
    Mutant('retry: coroutines', '_wrap_coroutine_function if flags & _CO_COROUTINE else _wrap_function', '_wrap_function', 'retry', UTILS),
    Mutant('retry: generators are refused', '    if flags & (_CO_GENERATOR | _CO_ASYNC_GENERATOR):', '    if False:', 'retry', UTILS),
    Mutant('retry: partials', '        function = function.func\n    codes', '        break\n    codes', 'retry', UTILS),
    Mutant("retry: sleep is looked up", "            (sleep or time.sleep)(delay)", "            (sleep or __import__('worker_logger')._sleep)(delay)", "retry", UTILS),
    Mutant('retry: the wait is outside the handler', '                if (delay := call.delay_after(error, sys._getframe(1))) is None:\n                    raise\n            else:\n                policy.exhausted = False\n                return result\n            (sleep or time.sleep)(delay)', '                if (delay := call.delay_after(error, sys._getframe(1))) is None:\n                    raise\n                (sleep or time.sleep)(delay)\n            else:\n                policy.exhausted = False\n                return result\n            (lambda _: None)(delay)', 'retry', UTILS),
    Mutant("retry: max_delay", "        return min(delay, self.max_delay)", "        return delay", "retry", UTILS),
    Mutant("retry: no overflow", "2.0 ** min(attempt - 2, 60)", "2.0 ** (attempt - 2)", "retry", UTILS),
    Mutant('retry: the budget', '            self.exhausted = True\n', '            pass\n', 'retry', UTILS),
    Mutant("retry: the budget's five minutes", " if now - when < _BUDGET_SECONDS) >= self.budget", ") >= self.budget", "retry", UTILS),
    Mutant("retry: a success ends the famine", "            else:\n                policy.exhausted = False\n                return result\n            (sleep", "            else:\n                return result\n            (sleep", "retry", UTILS),
    Mutant("retry: never cut short", "        if self.attempt >= self.attempts or", "        if self.attempt >= self.attempts or self.policy.exhausted or", "retry", UTILS),
    Mutant('retry: not through the root logger', '        logger = current_logger()\n', '        logger = current_logger() or logging.getLogger()\n', 'retry', UTILS),
    Mutant("retry: a signal handler's error", " or self._is_signal(error):", ":", "retry", UTILS),
    Mutant("retry: an argument that is used up", " or used_up  #", "  #", "retry", UTILS),
    Mutant("retry: what is written is not named", "        for value in (own, *self.args[:2], ", "        for value in (*self.args[:2], own, ", "retry", UTILS),
    Mutant("retry: what may be a password is not named", "        if type(code) is not CodeType or log.is_of_library", "        if True or log.is_of_library", "retry", UTILS),
    Mutant("retry: what may be a password is no port", " and isinstance(value[1], int):  # host", ":  # host", "retry", UTILS),
    Mutant("retry: a stream without a next line", "        return reads or iterates", "        return iterates", "retry", UTILS),
    Mutant("retry: what a metaclass says of an argument", "    with log.quiet(Exception):  # asking", "    if True:  # asking", "retry", UTILS),
    Mutant("retry: an asynchronous iterator", ' or hasattr(kind, "__anext__")', "", "retry", UTILS),
    Mutant("retry: a temporary file", ' or kind.__module__ == "tempfile"', "", "retry", UTILS),
    Mutant("retry: what an error says of itself", "        with log.quiet(Exception):  # what the error", "        if True:  # what the error", "retry", UTILS),
    Mutant("retry: attributes of a callable", "    with log.quiet(Exception):\n        return getattr(value", "    if True:\n        return getattr(value", "retry", UTILS),
    Mutant("retry: a code that is none", "    own = type(code) is CodeType and", "    own = code and", "retry", UTILS),
    Mutant("retry: a stand-in", "    except Exception:  # noqa: BLE001  # a stand-in", "    except ZeroDivisionError:  # a stand-in", "retry", UTILS),
)  # fmt: skip


def run(mutant: Mutant, tree: Path) -> list[str]:
    """Run the tests on a mutant.

    Args:
        mutant: what to take out.
        tree: a copy of the project.

    Returns:
        The first tests that fail; empty when it survives.
    """
    path = tree / "src" / "workerlog_migrate" / "runtime" / mutant.file
    original = path.read_text(encoding="utf-8")
    if original.count(mutant.old) != 1:
        raise SystemExit(f"{mutant.name}: the text to replace is there {original.count(mutant.old)} times")
    path.write_text(original.replace(mutant.old, mutant.new), encoding="utf-8")
    try:
        files = [f"tests/runtime/test_{name}.py" for name in mutant.tests.split()]
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "pytest",
                "-q",
                "-n0",  # the files are small: processes of their own would take longer to start
                "--maxfail=2",
                "--tb=no",
                "-p",
                "no:cacheprovider",
                *files,
            ],
            cwd=tree,
            capture_output=True,
            text=True,
            timeout=180,
        )
    except subprocess.TimeoutExpired:
        return ["(the tests hang)"]
    finally:
        path.write_text(original, encoding="utf-8")
    if done.returncode == 0:
        return []
    if done.returncode != 1:  # not a test that failed: the tests did not run
        raise SystemExit(done.stdout[-1000:] + done.stderr[-1000:])
    failed = re.findall(
        r"^(?:FAILED|ERROR) tests/runtime/test_\w+\.py(?:::(\w+))?", done.stdout, re.MULTILINE
    )
    return list(dict.fromkeys(failed)) or [done.stdout[-200:] + done.stderr[-200:]]


def main() -> int:
    """Run the mutants that the command line asks for."""
    words = sys.argv[1:]
    chosen = [mutant for mutant in MUTANTS if not words or any(word in mutant.name for word in words)]
    needed = {name for mutant in chosen for name in mutant.tests.split()} - {"shared_log"}  # takes longest
    survivors = 0
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder)
        for part in ("src", "tests/runtime"):
            shutil.copytree(ROOT / part, tree / part, ignore=shutil.ignore_patterns("__pycache__"))
        for part in ("pyproject.toml", "tests/conftest.py", "tests/posix.toml"):
            shutil.copy(ROOT / part, tree / part)
        unchanged = replace(MUTANTS[0], new=MUTANTS[0].old, tests=" ".join(sorted(needed)))
        if failing := run(unchanged, tree):
            raise SystemExit(f"the tests fail on the runtime as it is: {failing}")
        for mutant in chosen:
            caught = run(mutant, tree)
            survivors += not caught
            print(f"{'caught' if caught else 'SURVIVES':9} {mutant.name}: {', '.join(caught)}", flush=True)
    print(f"{survivors} of {len(chosen)} survive")
    return int(survivors > 0)


if __name__ == "__main__":
    sys.exit(main())
