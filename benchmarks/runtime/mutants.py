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
from dataclasses import dataclass
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
    Mutant("append: one write per record", "                _write(self.fd, data)\n                #", "                [_write(self.fd, data[i : i + 30]) for i in range(0, len(data), 30)]\n                #", "shared_log"),
    Mutant("append: a pipe must not block", '("O_BINARY", "O_NOCTTY", "O_NONBLOCK")', '("O_BINARY", "O_NOCTTY")', "rotation"),
    Mutant("append: not on 0 to 2, nor a number soon reused", "self.fcntl.F_DUPFD_CLOEXEC, 100", "self.fcntl.F_DUPFD_CLOEXEC, 0", "worker_log log_faults"),
    Mutant("append: not inherited", "self.fcntl.F_DUPFD_CLOEXEC, 100", "self.fcntl.F_DUPFD, 100", "worker_log"),
    Mutant("moved: the path is looked at for each record", " and os.access(self.path, os.F_OK):", ":", "log_faults"),
    Mutant("moved: the inode is looked at", "        if found.st_ino != self.inode or found.st_dev != self.device:\n", "        if self.fd < 0:\n", "log_faults"),
    Mutant("moved: a look lasts for microseconds", " and began - self.looked < 0.000025 and ", " and self.looked > 0 and ", "log_faults shared_log"),
    Mutant("moved: missing for a moment", "        except OSError:  # moved, deleted, or between", "        except NotADirectoryError:  # moved, deleted, or between", "log_faults"),
    Mutant("deleted: no links after the write", "if _clock() - began < 0.0001 or os.fstat(self.fd).st_nlink or not self.counts_links:", "if True:", "log_faults"),
    Mutant("deleted: a file system that counts no links", " or not self.counts_links:", ":", "log_faults"),
    Mutant("deleted: Windows frees the name when we close", "            elif not held.st_nlink:\n                self.close()", "            elif not held.st_nlink:\n                pass", "windows_seam"),
    Mutant("closed: a write that fails with EBADF", "if error.errno not in (errno.EBADF, errno.ESTALE):", "if error.errno not in (errno.ESTALE,):", "log_faults"),
    Mutant("closed: the number is another file's", "            if (held.st_dev, held.st_ino) != (self.device, self.inode):\n                self.fd = -1", "            if (held.st_dev, held.st_ino) != (self.device, self.inode):\n                pass", "log_faults"),
    Mutant("closed: closed before a rotation by others", "        except OSError:  # nothing open yet, or the worker has closed it\n            self.fd = -1\n", "        except ZeroDivisionError:\n            self.fd = -1\n", "log_faults"),
    Mutant("descriptors: the old file gets the line", "            return os.fstat(self.fd)\n", "            raise\n", "log_faults"),
    Mutant("folder: made again", "                with contextlib.suppress(FileExistsError):\n                    os.mkdir(os.path.dirname(self.path))\n", "                pass\n", "log_faults"),
    Mutant("folder: the project is not made again", "                    os.mkdir(os.path.dirname(self.path))\n", "                    os.makedirs(os.path.dirname(self.path))\n", "log_faults"),
    Mutant("half a line: a full disk glues two lines", "            self.unsure = True  # a full disk may have taken a part of the record\n", "            pass\n", "log_faults"),
    Mutant("half a line: at the first look", "        self.unsure = True  # whether", "        self.unsure = False  # whether", "log_faults rank_logging"),
    Mutant("half a line: a killed neighbour", "if self.unsure or not size % 4096:", "if self.unsure:", "log_faults"),
    Mutant("half a line: rotated while we look", "        with contextlib.suppress(OSError):  # being rotated: then it did\n            for _ in range(25):", "        if True:\n            for _ in range(25):", "log_faults shared_log"),
    Mutant("half a line: a write goes on", "    while written < len(data):  # a full disk: the next write says so, or goes on", "    while False:", "log_faults"),
    Mutant("never raises: system calls", "        except (OSError, ValueError):\n            self.unsure", "        except ZeroDivisionError:\n            self.unsure", "log_faults"),
    Mutant("never raises: a NUL in the path", "        except (OSError, ValueError):  # ValueError: a NUL in the path", "        except OSError:", "log_faults"),
    # --- rotation
    Mutant("rotate: a lock", "        unlock = self.take_lock(0.02)\n        if unlock is None:\n            return False\n", "        unlock = None\n", "shared_log"),
    Mutant("rotate: not by trying once", "        unlock = self.take_lock(0.02)\n", "        unlock = self.take_lock(0)\n", "rotation"),
    Mutant("rotate: without the lock, append anyway", "        if unlock is None:\n            return False\n", "        if unlock is None:\n            return True\n", "rotation shared_log"),
    Mutant("rotate: a suspended holder is not waited for again", "            if unlock or not patient or time", "            if unlock or time", "rotation"),
    Mutant("rotate: waited for again once a lock was had", "            self.patient = True\n", "            pass\n", "rotation"),
    Mutant("rotate: nor a holder that the signal has interrupted", "        patient, self.patient = self.patient, False\n", "        patient = self.patient\n", "mirror_print"),
    Mutant("rotate: inode again under the lock", "                if os.path.samestat(os.fstat(fd), os.stat(path)):\n", "                if True:\n", "rotation"),
    Mutant("rotate: size again under the lock", "            if self.size() > max(limit, 0):\n", "            if True:\n", "rotation"),
    Mutant("rotate: a refused rename", "                self._shift(backups)\n        except OSError:\n            return False\n", "                self._shift(backups)\n        except ZeroDivisionError:\n            return False\n", "rotation"),
    Mutant("rotate: unlock explicitly, for children share the lock", "        self.fcntl.flock(fd, self.fcntl.LOCK_UN)\n        os.close(fd)", "        os.close(fd)", "shared_log rotation"),
    Mutant("rotate: the highest first", "for number in range(gap, 0, -1):", "for number in range(1, gap + 1):", "rotation"),
    Mutant("rotate: only up to the first gap", "        gap = next((number for number in range(1, backups + 1) if not os.path.lexists(names[number])), 0)\n", "        gap = 0 if os.path.lexists(names[backups]) else backups\n", "rotation"),
    Mutant("rotate: the oldest is moved aside", "            os.rename(names[gap], aside)\n", "            os.remove(names[gap])\n", "windows_seam"),
    Mutant("rotate: what was put aside is removed", "            os.rename(names[number - 1], names[number])\n        _remove(aside)\n", "            os.rename(names[number - 1], names[number])\n", "rotation windows_seam"),
    Mutant("rotate: what a kill left aside is removed", "        _remove(aside)\n        gap =", "        gap =", "rotation windows_seam"),
    Mutant("rotate: nothing but regular files", "        return found.st_size if self.regular else 0\n", "        return found.st_size\n", "rotation"),
    Mutant("rotate: a pipe has no end to look for", "if self.regular and began", "if began", "rotation"),
    Mutant("rotate: no empty backup", " < size + len(data) and size and backups > 0:", " < size + len(data) and backups > 0:", "rotation"),
    Mutant("rotate: backup_count 0 never rotates", " < size + len(data) and size and backups > 0:", " < size + len(data) and size:", "rotation"),
    Mutant("rotate: max_bytes 0 never rotates", "if 0 < max_bytes < size + len(data) and size and", "if max_bytes < size + len(data) and size and", "rotation"),
    Mutant("rotate: before the record that does not fit", "if 0 < max_bytes < size + len(data) and size and", "if 0 < max_bytes < size and size and", "rotation"),
    Mutant("rotate: the target of a link", "path = os.path.realpath(self.path) if os.path.islink(self.path) else self.path", "path = self.path", "rotation"),
    # --- without fcntl, ctypes, msvcrt
    Mutant("no fcntl: a lock file", "            os.close(os.open(lock, os.O_WRONLY | os.O_CREAT | os.O_EXCL))\n", "            pass\n", "shared_log windows_seam"),
    Mutant("no fcntl: a stale lock file", "                _remove(lock)  # left behind by a kill\n", "                pass\n", "shared_log"),
    Mutant("no fcntl: chosen when it is missing", "suppress(ImportError, AttributeError, OSError)", "suppress(AttributeError, OSError)", "shared_log"),
    Mutant("no ctypes: each record is locked", "        unlock = self.take_lock(0.5)\n", "        unlock = None\n", "windows_seam"),
    Mutant("no ctypes: appended anyway without the lock", "        unlock = self.take_lock(0.5)\n", "        unlock = self.take_lock(0.5)\n        if unlock is None:\n            return False\n", "windows_seam"),
    Mutant("Windows: FILE_APPEND_DATA alone", "self._open(path, 0x100084, 7, 0x80)", "self._open(path, 0x100086, 7, 0x80)", "windows_seam"),
    Mutant("Windows: FILE_READ_ATTRIBUTES", "self._open(path, 0x100084, 7, 0x80)", "self._open(path, 0x100004, 7, 0x80)", "windows_seam"),
    Mutant("Windows: share-delete", "self._open(path, 0x100084, 7, 0x80)", "self._open(path, 0x100084, 3, 0x80)", "windows_seam"),
    Mutant("Windows: a 64-bit handle", "        self.create.restype = ctypes.c_void_p\n", "", "windows_seam"),
    Mutant("Windows: the lock is nobody else's", 'self._open(path + ".lock", 0x80000000, 0, 0x04000080)', 'self._open(path + ".lock", 0x80000000, 7, 0x04000080)', 'windows_seam'),
    Mutant('Windows: the lock of a killed process ends', 'self._open(path + ".lock", 0x80000000, 0, 0x04000080)', 'self._open(path + ".lock", 0x80000000, 0, 0x80)', 'windows_seam'),
    Mutant("Windows: a held lock is waited for", "        except PermissionError:\n            return None\n        return functools.partial(os.close", "        except ZeroDivisionError:\n            return None\n        return functools.partial(os.close", "windows_seam"),
    # --- records
    Mutant("logger: does not propagate", "        logger.propagate = False\n        shared", "        shared", "worker_log"),
    Mutant("logger: one handler, known by its file", "        handler = _log_of(logger)\n", "        handler = None\n", "worker_log"),
    Mutant("logger: under two names", 'if hasattr(h, "worker_log_dir")), None)', "if isinstance(h, _WorkerFileHandler)), None)", "worker_log"),
    Mutant("logger: the path is absolute", "        return os.path.abspath(path)\n", "        return path\n", "worker_log"),
    Mutant("logger: the folder of the first call", "handler.worker_log_dir != folder and ", "", "worker_log"),
    Mutant("logger: set up in threads", "    with logging._lock:  # type: ignore[attr-defined]  # the one", "    if True:  # the one", "worker_log"),
    Mutant("logger: no way out of the folder", r'''re.sub(r'[\x00-\x1f\x7f<>:"/\\|?*\ud800-\udfff]', "_", name)''', "name", "worker_log"),
    Mutant("record: no forged lines", '        return "\\n    ".join([_escape(', '        return "\\n".join([_escape(', "worker_log"),
    Mutant("record: no control characters", "    if text.isprintable():\n        return text\n    control", "    if True:\n        return text\n    control", "worker_log mirror_print"),
    Mutant("record: the second is renewed", "        if known != seconds:\n", "        if known < 0:\n", "worker_log"),
    Mutant("record: wrong arguments", "        return record.getMessage()\n    except Exception as error:", "        return record.getMessage()\n    except ZeroDivisionError as error:", "worker_log"),
    Mutant("record: a failing formatter", "        except Exception:  # noqa: BLE001  # a formatter", "        except ZeroDivisionError:  # a formatter", "worker_log"),
    Mutant('record: lone surrogates', '.encode("utf-8", "backslashreplace")\n        except Exception:  # noqa: BLE001  # a formatter', '.encode("utf-8")\n        except Exception:  # noqa: BLE001  # a formatter', 'worker_log'),
    Mutant("record: the caller's line", "sys._getframe(1).f_code, sys", "sys._getframe(0).f_code, sys", "mirror_print"),
    Mutant("record: a disabled level", "elif logger.isEnabledFor(level):", "else:", "mirror_print worker_log"),
    Mutant("record: the caller's line, through a subclass", "logger.log(level, line, stacklevel=2)", "logger.log(level, line)", "mirror_print"),
    Mutant("record: the caller's line, through another method", '**({"stacklevel": 2} if standard else {})', "**{}", "mirror_print"),
    # --- print
    Mutant("print: each argument once", "                    shown = tuple([arg if type(arg) is str else _Once(arg) for arg in args])\n", "                    shown = args\n", "mirror_print"),
    Mutant("print: converted when print asks", "                    shown = tuple([arg if type(arg) is str else _Once(arg) for arg in args])\n", "                    shown = tuple([str(arg) for arg in args])\n", "mirror_print"),
    Mutant("print: no further than print came", "    shown = shown[:failed]", "    shown = shown", "mirror_print"),
    Mutant("print: the replaced print", "        printer = builtins.print ", "        printer = _PRINT ", "mirror_print"),
    Mutant("print: logged when the write fails", "    try:\n        return printer(*shown, **kwargs)\n    finally:\n", "    result = printer(*shown, **kwargs)\n    try:\n        return result\n    finally:\n", "mirror_print"),
    Mutant("print: a failing log method", "        except Exception:  # noqa: BLE001  # a log method", "        except ZeroDivisionError:  # noqa: BLE001  # a log method", "mirror_print"),
    Mutant("print: no progress", ' for line in lines if line and "\\r" not in line]', " for line in lines if line]", "mirror_print"),
    Mutant("print: no record per dot", '    if "\\n" not in text + end and not any(map(str.isalnum, text)):', "    if False:", "mirror_print"),
    Mutant("print: no blank records", ' for line in lines if line and "\\r" not in line]', ' for line in lines if "\\r" not in line]', "mirror_print"),
    Mutant("print: no blank record of a plain line", "[line] if (line := text.strip()) else []", "[text.strip()]", "mirror_print"),
    # --- crashes
    Mutant("crash: the earlier hook", "        previous(*args, **kwargs)\n", "        pass\n", "crashes"),
    Mutant("crash: not for exits", "issubclass(kind, (SystemExit, KeyboardInterrupt))", "False", "crashes"),
    Mutant("crash: threads", "    if not hasattr(threading.excepthook,", "    if hasattr(threading.excepthook,", "crashes"),
    Mutant("crash: children", "        traceback.print_exc = _chained(traceback.print_exc, _child_crash)\n", "", "crashes"),
    Mutant("crash: print_exc of others", ' if asked_by == "multiprocessing.process._bootstrap" else (None, None, None)', "", "crashes"),
    Mutant("crash: lost tasks", '        logging.getLogger("asyncio").addFilter(_note_lost_task)', "        pass", "crashes"),
    Mutant('crash: once, with a hook in between', '    if hasattr(error, "worker_logger"):  #', '    if False:  #', 'crashes'),
    Mutant("crash: the script's own logger", "if shared.worker is None or is_script:", "if shared.worker is None:", "worker_log"),
    Mutant("crash: a failing filter", "    with contextlib.suppress(Exception):  # a filter of the worker's own\n", "    if True:\n", "crashes"),
    # --- notifications
    Mutant("notify: each CRITICAL record", "        if record.levelno >= logging.CRITICAL and handled and", "        if False and", "notifications crashes"),
    Mutant("notify: equal ones are held back", "        if message in recent or", "        if", "notifications"),
    Mutant("notify: one process at a time", "    unlock = guard.take_lock(1.0)", "    unlock = None", "notifications"),
    Mutant("notify: also without a file", "            unwritten[key] = now\n", "            pass\n", "notifications"),
    Mutant("notify: the backup is read too", '    for name in (path + ".1", path):', "    for name in (path,):", "notifications"),
    Mutant("notify: the count of those held back", '                held.append(key)\n', "                pass\n", "notifications"),
    Mutant("notify: a flood", "len(recent) < _MOST_SENT and ", "", "notifications"),
    Mutant("notify: two seconds", "max(0.0, deadline - time.monotonic()))", "None)", "notifications"),
    Mutant("notify: hanging sinks are not waited for again", "        thread.join(0.0 if hanging else ", "        thread.join(", "notifications"),
    Mutant("notify: no more than a few hanging threads", " or len(hanging) >= 8:", ":", "notifications"),
    Mutant("notify: the time is that of the lock", '    unlock = guard.take_lock(1.0)  # several processes, one cause; without the lock: rather twice than never\n    try:\n        # Not before the lock: what another process has just sent must not seem to be of the future.\n        now = time.time()', '    now = time.time()\n    unlock = guard.take_lock(1.0)\n    try:\n        now = now', "notifications"),
    Mutant("notify: a sink at work is not one that hangs", "        thread.start()\n", "        thread.start()\n        _shared().hanging = threads\n", "notifications"),
    Mutant("notify: a sink that exits", "    except BaseException as error:  # noqa: BLE001  # a sink", "    except ZeroDivisionError as error:  # a sink", "notifications"),
    Mutant("notify: secrets in URLs", "what, type(error).__name__)", "what, error)", "notifications"),
    Mutant("notify: outside the handler's lock", "        handled = bool(super().handle(record))\n", "        self.acquire()\n        handled = bool(super().handle(record))\n", "notifications"),
    Mutant("notify: no failure reaches the worker", "    except Exception:  # noqa: BLE001  # no more threads", "    except ZeroDivisionError:  # no more threads", "notifications"),
    # --- ranks
    Mutant("rank: old handlers go", "        root.removeHandler(handler)\n        handler.close()\n", "        pass\n", "rank_logging"),
    Mutant("rank: a console without the character", "    def handleError(", "    def handle_error(", "rank_logging"),
    Mutant("rank: today's stderr", "        self.stream = sys.stderr\n        if self.stream is not None:\n", "        if True:\n", "rank_logging"),
    # --- retry
    Mutant("retry: no wait after the last attempt", "        if self.attempt >= self.attempts or _never", "        if self.attempt > self.attempts or _never", "retry", UTILS),
    Mutant("retry: what never passes", "or _never_passes(error, self.policy.kinds):", "or False:", "retry", UTILS),
    Mutant("retry: the error itself", "                    raise\n            else:\n                policy.exhausted = False\n                return result\n            (sleep", "                    raise RuntimeError from error\n            else:\n                policy.exhausted = False\n                return result\n            (sleep", "retry", UTILS),
    Mutant("retry: the status decides", "        return status not in _HTTP_PASSES\n", "        return False\n", "retry", UTILS),
    Mutant("retry: ValueErrors", "    if isinstance(error, ValueError):  # an", "    if False:  # an", "retry", UTILS),
    Mutant("retry: in use on Windows", 'return os.name != "nt" and PermissionError', "return PermissionError", "retry", UTILS),
    Mutant("retry: shutil.Error", " or (shutil is not None and isinstance(error, shutil.Error))", "", "retry", UTILS),
    Mutant("retry: the wrapped reason", "    return isinstance(reason, OSError) and _never_passes(reason, kinds)", "    return False", "retry", UTILS),
    Mutant("retry: coroutines", "        if flags & _CO_COROUTINE:\n", "        if False:\n", "retry", UTILS),
    Mutant("retry: generators are refused", "        if flags & (_CO_GENERATOR | _CO_ASYNC_GENERATOR):", "        if False:", "retry", UTILS),
    Mutant("retry: partials", "    while isinstance(function, functools.partial):\n        function = function.func\n", "", "retry", UTILS),
    Mutant("retry: sleep is looked up", "            (sleep or time.sleep)(delay)", "            (sleep or __import__('worker_logger')._sleep)(delay)", "retry", UTILS),
    Mutant("retry: the wait is outside the handler", "                if (delay := call.delay_after(error)) is None:\n                    raise\n            else:\n                policy.exhausted = False\n                return result\n            (sleep or time.sleep)(delay)", "                if (delay := call.delay_after(error)) is None:\n                    raise\n                (sleep or time.sleep)(delay)\n            else:\n                policy.exhausted = False\n                return result\n            (lambda _: None)(delay)", "retry", UTILS),
    Mutant("retry: max_delay", "        return min(delay, self.max_delay)", "        return delay", "retry", UTILS),
    Mutant("retry: no overflow", "2.0 ** min(attempt - 2, 60)", "2.0 ** (attempt - 2)", "retry", UTILS),
    Mutant("retry: the budget", "            self.exhausted = True\n", "            pass\n", "retry", UTILS),
    Mutant("retry: the budget's five minutes", " if now - when < _BUDGET_SECONDS) >= self.budget", ") >= self.budget", "retry", UTILS),
    Mutant("retry: a success ends the famine", "            else:\n                policy.exhausted = False\n                return result\n            (sleep", "            else:\n                return result\n            (sleep", "retry", UTILS),
    Mutant("retry: never cut short", "        if self.attempt >= self.attempts or", "        if self.attempt >= self.attempts or self.policy.exhausted or", "retry", UTILS),
    Mutant("retry: not through the root logger", "        if (logger := current_logger()) is not None:", '        if (logger := current_logger() or __import__("logging").getLogger()) is not None:', "retry", UTILS),
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
                "--maxfail=2",
                "--tb=no",
                "-p",
                "no:cacheprovider",
                *files,
            ],
            cwd=tree,
            capture_output=True,
            text=True,
            timeout=45,
        )
    except subprocess.TimeoutExpired:
        return ["(the tests hang)"]
    finally:
        path.write_text(original, encoding="utf-8")
    if done.returncode == 0:
        return []
    failed = re.findall(
        r"^(?:FAILED|ERROR) tests/runtime/test_\w+\.py(?:::(\w+))?", done.stdout, re.MULTILINE
    )
    return list(dict.fromkeys(failed)) or [done.stdout[-200:] + done.stderr[-200:]]


def main() -> int:
    """Run the mutants that the command line asks for."""
    words = sys.argv[1:]
    survivors = 0
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder)
        for part in ("src", "tests/runtime"):
            shutil.copytree(ROOT / part, tree / part, ignore=shutil.ignore_patterns("__pycache__"))
        for part in ("pyproject.toml", "tests/conftest.py"):
            shutil.copy(ROOT / part, tree / part)
        for mutant in MUTANTS:
            if words and not any(word in mutant.name for word in words):
                continue
            caught = run(mutant, tree)
            survivors += not caught
            print(f"{'caught' if caught else 'SURVIVES':9} {mutant.name}: {', '.join(caught)}", flush=True)
    print(f"{survivors} of {len(MUTANTS)} survive")
    return int(survivors > 0)


if __name__ == "__main__":
    sys.exit(main())
