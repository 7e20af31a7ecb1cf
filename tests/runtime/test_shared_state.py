"""What the rest of a program does to logging, hooks, descriptors and signals leaves the log whole, and the log leaves them alone."""

from __future__ import annotations

import errno
import json
import logging
import os
import stat
import sys
from pathlib import Path

import pytest
import worker_logger
from runtime_sandbox import ALARM, Sandbox, all_levels_and_messages, is_root, levels_and_messages
from worker_logger import _LogFile, mirror_print, setup_worker_logger

pytestmark = pytest.mark.usefixtures("fresh")

HEAD = """
import asyncio, io, logging, logging.config, os, sys, threading
from worker_logger import mirror_print, setup_worker_logger
logger = setup_worker_logger("genesis")
"""
SILENCERS = {
    "dictConfig": "logging.config.dictConfig({'version': 1, 'disable_existing_loggers': True})",
    "dictConfig of the same name": (
        "logging.config.dictConfig({'version': 1, 'loggers': {'genesis': {'level': 'CRITICAL', 'handlers': []}}})"
    ),
    "disable": "logging.disable(logging.CRITICAL)",
    "levels": "[logging.getLogger(n).setLevel(99) for n in list(logging.root.manager.loggerDict)]",
    "handlers": "logger.handlers.clear()",
    "levels of handlers": "[h.setLevel(99) for h in logger.handlers]",
    "disabled": "logger.disabled = True",
    "routed": (
        "h = logging.StreamHandler()\n"
        "for n in list(logging.root.manager.loggerDict): l = logging.getLogger(n); l.handlers = [h]; l.propagate = False"
    ),
    "routed to the root": (
        "logging.basicConfig()\n"
        "for n in list(logging.root.manager.loggerDict): l = logging.getLogger(n); l.handlers = []; l.propagate = True"
    ),
    "shut down": "logging.shutdown()",
}


OWN_CLASS = """
import logging
class Own(logging.Logger):
    def trace(self, text): self.log(5, text)
logging.setLoggerClass(Own)
"""


@pytest.mark.parametrize("how", ["dictConfig", "disable", "disabled", "routed"])
def test_a_logger_class_of_the_programs_own_is_no_way_around(how: str, sandbox: Sandbox) -> None:
    """Libraries install one for all loggers; its methods stay, and a lost task is seen under it, too."""
    done = sandbox.run(
        OWN_CLASS
        + HEAD
        + "logging.getLogger('asyncio').setLevel(99)\n"
        + SILENCERS[how]
        + """
logger.addHandler(logging.StreamHandler())
mirror_print(logger.info, "printed")
assert isinstance(logger, Own) and logger.trace
async def main():
    async def lost(): raise LookupError("x")
    task = asyncio.get_running_loop().create_task(lost())
    await asyncio.sleep(0)
    del task
asyncio.run(main())
"""
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, b"printed\n", b"")
    records = [line for line in sandbox.logged() if not line.startswith(" ")]
    assert records == ["INFO printed", "CRITICAL uncaught LookupError in asyncio: x"]


def test_a_logger_class_that_handles_records_itself_keeps_its_own_way(tmp_path: Path) -> None:
    """It has its reasons; what it passes on is on the log."""

    class Own(logging.Logger):
        def handle(self, record: logging.LogRecord) -> None:
            record.msg = f"own {record.msg}"
            super().handle(record)

    logging.root.manager.loggerDict["genesis"] = logger = Own("genesis")
    assert setup_worker_logger("genesis", tmp_path) is logger
    logger.info("x")
    mirror_print(logger.info, "y", printer=lambda *_: None)

    assert levels_and_messages(tmp_path / "genesis.log") == ["INFO own x", "INFO own y"]


def test_a_logger_class_that_wants_no_heirs_stops_no_worker(tmp_path: Path) -> None:
    """The log is written as far as others let it."""

    class Final(logging.Logger):
        def __init_subclass__(cls) -> None:
            raise TypeError("final")

    logging.root.manager.loggerDict["genesis"] = Final("genesis")
    mirror_print(setup_worker_logger("genesis", tmp_path).info, "x", printer=lambda *_: None)

    assert levels_and_messages(tmp_path / "genesis.log") == ["INFO x"]


def test_a_logger_that_nobody_has_set_up_prints_nothing_a_second_time(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """``logging`` would, on stderr."""
    monkeypatch.setattr(logging.root, "handlers", [])
    logger = logging.getLogger("not.set.up")
    mirror_print(logger.error, "x")
    mirror_print(logger, "[ERRO] y")

    assert capfd.readouterr() == ("x\n[ERRO] y\n", "")


def test_what_the_runtime_says_itself_is_not_shown_on_the_terminal(sandbox: Sandbox) -> None:
    """Start, end, crash, what a handler keeps, retries: also where all loggers are routed to it."""
    done = sandbox.run(
        HEAD
        + SILENCERS["routed"]
        + """
from worker_logger import expect_only, log_ignored
from worker_utils import retry_with_backoff
logger.addHandler(logging.StreamHandler())
@retry_with_backoff(2, 0.0)
def fail(): raise OSError("twice")
try: fail()
except OSError:
    log_ignored(logger)
    expect_only(logger, KeyError)
sys.excepthook(*(lambda e: (type(e), e, None))(LookupError("last")))
"""
    )

    assert [line for line in done.stderr.decode().splitlines() if line] == ["LookupError: last"]
    assert len([line for line in sandbox.logged() if not line.startswith(" ")]) == 4


@pytest.mark.parametrize("how", SILENCERS)
def test_what_others_do_to_all_loggers_does_not_reach_the_log(how: str, sandbox: Sandbox) -> None:
    """Printed lines, direct records and the crash are there; a printed line is on the terminal once."""
    done = sandbox.run(
        HEAD + SILENCERS[how] + '\nmirror_print(logger.info, "printed")\nlogger.error("direct")\n1 / 0\n'
    )

    assert done.stdout == b"printed\n"
    assert b"printed" not in done.stderr
    assert done.stderr.count(b"ZeroDivisionError") >= 1
    records = [line for line in sandbox.logged() if not line.startswith(" ")]
    assert records == [
        "INFO printed",
        "ERROR direct",
        "CRITICAL uncaught ZeroDivisionError: division by zero",
    ]
    assert (sandbox.path / "logs" / "notifications.jsonl").read_text().count("\n") == 1


def test_a_lost_task_is_seen_although_asyncios_logger_is_silenced(sandbox: Sandbox) -> None:
    """It is on the log; the terminal stays as silent as it was asked to be."""
    done = sandbox.run(
        HEAD
        + """
async def main():
    async def lost(): raise LookupError("x")
    task = asyncio.get_running_loop().create_task(lost())
    await asyncio.sleep(0)
    del task
logging.getLogger("asyncio").setLevel(logging.CRITICAL)
asyncio.run(main())
"""
    )

    assert done.stderr == b""
    assert sandbox.logged()[0] == "CRITICAL uncaught LookupError in asyncio: x"


def test_a_handler_of_the_workers_own_hears_printed_errors_too(tmp_path: Path) -> None:
    """One that somebody put on this logger, for messages to a phone, say; not one that all loggers are routed through."""
    logger = setup_worker_logger("genesis", tmp_path)
    heard: list[str] = []

    class Phone(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            heard.append(record.getMessage())

    own, routed = Phone(), Phone()
    logger.addHandler(own)
    mirror_print(logger.error, "one", printer=lambda *_: None)
    logger.removeHandler(own)
    logger.addHandler(routed)
    logging.getLogger("other.library").addHandler(routed)
    mirror_print(logger.error, "two", printer=lambda *_: None)
    logging.getLogger("other.library").removeHandler(routed)

    assert heard == ["one"]


LATER_HOOKS = {
    "silent": "sys.excepthook = lambda *a: print('mine', file=sys.stderr)",
    "failing": "sys.excepthook = lambda *a: 1 / 0",
    "that logs": "sys.excepthook = lambda *a: logger.info('stopping')",
    "while another thread goes on": (
        "sys.excepthook = lambda *a: None\n"
        "t = threading.Thread(target=lambda: (threading.main_thread().join(), __import__('time').sleep(0.3), logger.info('last')))\n"
        "t.start()"
    ),
}


@pytest.mark.parametrize("how", LATER_HOOKS)
def test_a_crash_is_found_although_a_later_hook_does_not_call_ours(how: str, sandbox: Sandbox) -> None:
    """Before the threads that go on have ended."""
    sandbox.run(HEAD + LATER_HOOKS[how] + "\nraise LookupError('x')")

    records = [line for line in sandbox.logged() if not line.startswith(" ") and "stopping" not in line]
    assert records[0] == "CRITICAL uncaught LookupError: x"
    assert (sandbox.path / "logs" / "notifications.jsonl").read_text().count("\n") == 1


@pytest.mark.parametrize(
    "own",
    ["lambda *a: os._exit(3)", "lambda *a: os.execv(sys.executable, [sys.executable, '-c', ''])", "None"],
)
def test_a_later_hook_that_ends_the_process_hides_no_crash(own: str, sandbox: Sandbox) -> None:
    """From the next record on it comes after ours; a hook that is gone harms nothing."""
    done = sandbox.run(
        HEAD
        + f"sys.excepthook = {own}\nlogger.info('on')\ndel threading.excepthook\nlogger.info('and on')\n"
        + "raise LookupError('x')"
    )

    records = [line for line in sandbox.logged() if not line.startswith(" ")]
    assert records == ["INFO on", "INFO and on", "CRITICAL uncaught LookupError: x"]
    assert done.returncode == {"l": 3 if "_exit" in own else 0, "N": 1}[own[0]]
    assert b"worker_logger" not in done.stderr


@pytest.mark.parametrize("hook", ["lambda args: None", "lambda args: 1 / 0"])
def test_a_crash_of_a_thread_is_found_although_a_later_hook_does_not_call_ours(
    hook: str, sandbox: Sandbox
) -> None:
    """Once: with our hook in its place, too."""
    sandbox.run(
        HEAD
        + "def fail(): raise LookupError('x')\n"
        + "def run():\n    t = threading.Thread(target=fail, name='T')\n    t.start()\n    t.join()\n"
        + f"run()\nthreading.excepthook = {hook}\nrun()"
    )

    records = [line for line in sandbox.logged() if not line.startswith(" ")]
    assert records == ["CRITICAL uncaught LookupError in thread T: x"] * 2


def test_an_error_that_was_handled_and_kept_by_hand_is_no_crash(sandbox: Sandbox) -> None:
    """As ``traceback.print_last`` and debuggers want it: where the interpreter keeps an uncaught one."""
    sandbox.run(
        HEAD
        + """
import traceback
try: 1 / 0
except ZeroDivisionError as error:
    sys.last_exc = sys.last_value = error
    sys.last_type, sys.last_traceback = type(error), error.__traceback__
    traceback.print_last()
"""
    )

    assert sandbox.logged() == []


def test_what_is_printed_while_the_last_objects_are_deleted_raises_nothing(sandbox: Sandbox) -> None:
    """The built-in ``open`` is gone by then."""
    done = sandbox.run(
        HEAD
        + """
import builtins
class Last:
    def __init__(self): self.me, self.info, self.critical, self.print = self, logger.info, logger.critical, mirror_print
    def __del__(self):
        self.print(self.info, "fim")
        self.critical("last words")
builtins.last = Last()
"""
    )

    assert (done.stdout, done.stderr) == (b"fim\n", b"")
    assert sandbox.logged() == ["INFO fim", "CRITICAL last words"]


@pytest.mark.parametrize("own", [True, False])
def test_a_console_shows_its_errors_itself_and_nobody_is_told(own: bool, sandbox: Sandbox) -> None:
    """``code`` asks whether the hook is the original one; a typing error is no crash, also at the end."""
    hook = "import sys\nsys.excepthook = lambda *a: sys.stderr.write('own hook')\n" if own else ""
    done = sandbox.run(
        hook
        + HEAD
        + """
import code
class Console(code.InteractiveConsole):
    def write(self, data): sys.stdout.write(data)
lines = iter(["1 / 0", "x = 3"])
def read(_):
    try: return next(lines)
    except StopIteration: raise EOFError
console = Console({})
console.raw_input = read
console.interact(banner="", exitmsg="")
"""
    )

    assert (b"ZeroDivisionError" in done.stdout, done.stderr) == (
        (False, b"own hook") if own else (True, b"")
    )
    assert sandbox.logged() == []
    assert not (sandbox.path / "logs" / "notifications.jsonl").exists()


def test_showing_an_error_through_the_hook_is_no_crash(sandbox: Sandbox) -> None:
    """A supervisor that prints what it has caught, as the interpreter would."""
    sandbox.run(HEAD + "try: 1 / 0\nexcept ZeroDivisionError: sys.excepthook(*sys.exc_info())")

    assert sandbox.logged() == []


def test_an_error_that_came_from_another_process_is_news_here(sandbox: Sandbox) -> None:
    """The mark that one process puts on it is none for another."""
    sandbox.run(
        HEAD
        + """
import pickle
error = pickle.loads(pickle.dumps(OSError("x")))
vars(error).update(worker_logger=1, worker_notified=1)
raise error
"""
    )

    assert sandbox.logged()[0] == "CRITICAL uncaught OSError: x"
    assert (sandbox.path / "logs" / "notifications.jsonl").exists()


@pytest.mark.skipif(
    sys.version_info < (3, 12), reason="before 3.12 threads could be started until the very end"
)
def test_last_words_are_told_although_no_thread_can_be_started(sandbox: Sandbox) -> None:
    """At the interpreter's end the command is run in the calling thread."""
    sandbox.run(
        HEAD + "import atexit\natexit.register(lambda: logger.critical('fim'))",
        WORKER_NOTIFY_COMMAND="cat > delivered",
    )

    assert json.loads((sandbox.path / "delivered").read_text())["message"] == "fim"


# --- descriptors


def test_two_logs_and_closed_descriptors_never_swap_their_lines(sandbox: Sandbox) -> None:
    """A daemon closes all descriptors; the numbers go to the other log, to data files, to sockets."""
    done = sandbox.run(
        """
        import os, socket
        from worker_logger import setup_worker_logger
        alpha, beta = setup_worker_logger("alpha", max_bytes=3000), setup_worker_logger("beta")
        for turn in range(30):
            os.closerange(3, 4096)
            if turn % 2: beta.info("b %d", turn)
            held = [os.open("data.bin", os.O_RDWR | os.O_CREAT) for _ in range(60)]
            pairs = [socket.socketpair() for _ in range(60)]
            alpha.info("a %d token=secret", turn)
            beta.info("b %d", turn)
            for pair in pairs:
                for end in pair:
                    end.setblocking(False)
                    try: print("LEAK", end.recv(1000))
                    except BlockingIOError: pass
            for pair in pairs:
                for end in pair: end.detach()
        """
    )

    assert (done.stdout, done.stderr) == (b"", b"")
    assert (sandbox.path / "data.bin").read_bytes() == b""
    logs = sandbox.path / "logs"
    for name, letter in (("alpha", "a"), ("beta", "b")):
        lines = [line for path in logs.glob(f"{name}.log*") for line in levels_and_messages(path)]
        assert {line.split()[1] for line in lines} == {letter}
        assert {int(line.split()[2]) for line in lines} == set(range(30))


def test_closing_the_handler_closes_nobody_elses_descriptor(tmp_path: Path) -> None:
    """The number may be a socket's by now."""
    log = _LogFile(str(tmp_path / "genesis.log"))
    log.append(b"one\n")
    number = log.fd
    os.close(number)
    other = os.open(tmp_path / "data", os.O_RDWR | os.O_CREAT)
    if other != number:  # on Windows it is the next free one
        os.dup2(other, number)
        os.close(other)
    log.close()

    os.fstat(number)
    os.close(number)


def test_a_descriptor_that_is_closed_after_the_write_doubles_no_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another thread closes all of them, as a daemon does, or gives the number to a file that nobody links to."""
    path = tmp_path / "genesis.log"
    log, write, ticks = _LogFile(str(path)), os.write, iter(range(1000))
    monkeypatch.setattr(worker_logger, "_clock", lambda: float(next(ticks)))  # long enough to look again
    nobodys = os.open(tmp_path / "nobodys", os.O_RDWR | os.O_CREAT)
    if os.name != "nt":
        (tmp_path / "nobodys").unlink()

    def write_and_close(fd: int, data: bytes) -> int:
        written = write(fd, data)
        if b"reused" in data:
            os.dup2(nobodys, fd)
        else:
            os.close(fd)
        return written

    monkeypatch.setattr(os, "write", write_and_close)
    for text in (b"closed", b"reused", b"closed again"):
        assert log.append(text + b"\n")
    monkeypatch.undo()
    log.close()
    os.close(nobodys)

    assert path.read_bytes().splitlines() == [b"closed", b"reused", b"closed again"]


def test_very_many_loggers_keep_few_descriptors(tmp_path: Path) -> None:
    """And all their lines."""
    before = _LogFile.opened
    loggers = [setup_worker_logger(f"w{number}", tmp_path) for number in range(200)]
    for logger in loggers:
        logger.info("x")

    assert _LogFile.opened <= max(before, worker_logger._MOST_OPEN)
    assert sum(len(levels_and_messages(path)) for path in tmp_path.glob("*.log")) == 200


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o660])
def test_a_rotated_in_file_has_the_mode_of_the_one_before(mode: int, tmp_path: Path) -> None:
    """Whatever the umask says now; also after a deletion by somebody."""
    path = tmp_path / "genesis.log"
    path.touch()
    path.chmod(mode)
    log = _LogFile(str(path))
    old = os.umask(0)
    try:
        for _ in range(5):
            log.append(b"x" * 60 + b"\n", 100, 3)
        found = {stat.S_IMODE(each.stat().st_mode) for each in tmp_path.iterdir()}
        path.unlink()
        log.append(b"x\n", 100, 3)
        found.add(stat.S_IMODE(path.stat().st_mode))
    finally:
        os.umask(old)
        log.close()

    assert found == {mode}


def test_a_rotated_in_file_is_as_open_as_the_one_before_although_the_umask_is_strict(tmp_path: Path) -> None:
    """A group that reads the logs goes on reading them."""
    path = tmp_path / "genesis.log"
    path.touch()
    path.chmod(0o664)
    log = _LogFile(str(path))
    old = os.umask(0o077)
    try:
        for _ in range(5):
            log.append(b"x" * 60 + b"\n", 100, 3)
    finally:
        os.umask(old)
        log.close()

    assert len(list(tmp_path.iterdir())) == 4
    assert {stat.S_IMODE(each.stat().st_mode) for each in tmp_path.iterdir()} == {0o664}


@pytest.mark.skipif(not is_root(), reason="only root can give files away")
def test_a_rotation_by_root_leaves_the_log_to_its_owner(tmp_path: Path) -> None:
    """Otherwise the worker's user could not write any more, in silence."""
    path = tmp_path / "genesis.log"
    path.touch()
    os.chown(path, 65534, 65533)
    log = _LogFile(str(path))
    for _ in range(3):
        log.append(b"x" * 60 + b"\n", 100, 3)
    log.close()

    assert {(each.stat().st_uid, each.stat().st_gid) for each in tmp_path.iterdir()} == {(65534, 65533)}


def test_a_file_system_that_gives_a_file_two_numbers_ends_the_look_for_the_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A network file system may."""
    log = _LogFile(str(tmp_path / "genesis.log"))
    monkeypatch.setattr(os.path, "samestat", lambda *_: False)
    for _ in range(3):
        assert log.append(b"x" * 60 + b"\n", 100, 3)
    log.close()

    assert len(list(tmp_path.glob("genesis.log.?"))) == 2


@pytest.mark.parametrize("kind", ["pipe", "zero", "folder", "link to itself"])
def test_a_strange_notification_file_does_not_stop_the_worker(kind: str, sandbox: Sandbox) -> None:
    """A pipe would wait for a writer, ``/dev/zero`` has no end."""
    for name in (
        "notifications.jsonl",
        "notifications.jsonl.held",
        "notifications.jsonl.1",
        "genesis.seen.jsonl",
    ):
        path = sandbox.path / "logs" / name
        path.parent.mkdir(exist_ok=True)
        if kind == "pipe":
            os.mkfifo(path)
        elif kind == "zero":
            path.symlink_to("/dev/zero")
        elif kind == "folder":
            path.mkdir()
        else:
            path.symlink_to(name)
    done = sandbox.run(
        HEAD + "logger.critical('one')\nlogger.critical('two')\nlogger.critical('two')\nprint('on')"
    )

    assert (done.stdout, done.stderr) == (b"on\n", b"")
    assert sandbox.logged() == ["CRITICAL one", "CRITICAL two", "CRITICAL two"]


# --- signals


LATE = """
import functools, sys, time
from worker_logger import mirror_print, setup_worker_logger, log_ignored
logger = setup_worker_logger("genesis", max_bytes=20000, backup_count=300)
class Late(RAISED): pass
def on_alarm(HANDLER):
    DELETE
    raise Late
signal.signal(SIGNAL, INSTALLED)
caught = 0
for turn in range(150):
    try:
        alarm(0.0004)
        while True:
            mirror_print(logger.info, "line")
            try: {}["x"]
            except KeyError: log_ignored(logger)
    except Late:
        caught += 1
print(caught, file=sys.stderr)
"""


@pytest.mark.parametrize(
    ("raised", "handler", "delete", "installed"),
    [
        ("Exception", "number, frame", "pass", "on_alarm"),
        ("TimeoutError", "*args", "pass", "on_alarm"),
        ("TimeoutError", "number, frame", "del number, frame", "on_alarm"),
        ("TimeoutError", "number, frame", "pass", "functools.partial(on_alarm)"),
        ("TimeoutError", "*args", "pass", "functools.partial(on_alarm)"),
    ],
)
def test_what_a_signal_handler_raises_passes(
    raised: str, handler: str, delete: str, installed: str, sandbox: Sandbox
) -> None:
    """All of them, wherever in the log they arrive: each turn would go on for ever otherwise."""
    script = ALARM + LATE.replace("RAISED", raised).replace("HANDLER", handler).replace("DELETE", delete)
    done = sandbox.run(script.replace("INSTALLED", installed))

    assert (done.returncode, done.stderr) == (0, b"150\n")


LINES = """
import asyncio, multiprocessing, os, shutil, signal, sys
import worker_logger
from worker_logger import expect_only, log_ignored, mirror_print, setup_worker_logger

class Late(TimeoutError): pass
def on_alarm(*args): raise Late
number = getattr(signal, "SIGALRM", signal.SIGTERM)  # Windows has no alarms
signal.signal(number, on_alarm)
logger = setup_worker_logger("genesis", max_bytes=2000, backup_count=3)

def in_handler(function, *arguments):
    try: {}["x"]
    except KeyError: function(*arguments)
def fill():
    with open("logs/genesis.log", "a") as log: log.write("x" * 1990 + chr(10))
def halve():
    with open("logs/genesis.log", "w") as log: log.write("x" * 4096)
def move(): os.replace("logs/genesis.log", "elsewhere")
def remove(): shutil.rmtree("logs")

ACTS = {
    "plain": (None, mirror_print, logger.info, "line", 1),
    "rotated": (fill, mirror_print, logger.info, "line"),
    "half a line": (halve, mirror_print, logger.info, "line"),
    "moved": (move, mirror_print, logger.info, "line"),
    "removed": (remove, mirror_print, logger.info, "line"),
    "error": (None, in_handler, mirror_print, logger.error, "failed"),
    "ignored": (None, in_handler, log_ignored, logger),
    "expected": (None, in_handler, expect_only, logger, "KeyError"),
    "critical": (None, in_handler, expect_only, logger, "OSError"),
}

def interrupt(at, act, *arguments):
    "Do it with a signal at the given line of whatever code; tell whether its time-out came, and where it arose."
    left, where = at, None
    def tracer(frame, event, _):
        nonlocal left, where
        if event == "line" and frame.f_code is not in_handler.__code__:
            left -= 1
            if left == 0:
                where = f"{os.path.basename(frame.f_code.co_filename)}:{frame.f_code.co_name}:{frame.f_lineno}"
                signal.raise_signal(number)
        return tracer
    sys.settrace(tracer)
    try: act(*arguments)
    except Late: return True, where
    finally: sys.settrace(None)
    return False, where

name, step = sys.argv[1], int(sys.argv[2])
prepare, *act = ACTS[name]
act[0](*act[1:])  # patterns are compiled once: thousands of lines
tried = 0
while True:
    worker_logger._shared().seen.clear()
    if os.path.exists("logs/notifications.jsonl"): os.remove("logs/notifications.jsonl")
    os.makedirs("logs", exist_ok=True)
    open("logs/genesis.log", "a").close()
    if prepare: prepare()
    came, where = interrupt(1 + tried * step, *act)
    if where is None: break
    tried += 1
    if not came: print("kept in", where, file=sys.stderr)
assert tried > 100, tried
if name == "rotated":
    assert worker_logger._platform().try_lock("logs/genesis.log"), "a lock is left"
"""


@pytest.mark.parametrize(
    ("act", "step"),
    [
        *(
            (act, 1)
            for act in ("plain", "rotated", "half a line", "moved", "removed", "error", "ignored", "expected")
        ),
        ("critical", 7),
    ],
)
def test_no_line_of_the_log_keeps_what_a_signal_handler_raises(act: str, step: int, sandbox: Sandbox) -> None:
    """A time-out arrives at each line that runs, of the standard library too; it always comes out, and leaves no lock."""
    done = sandbox.run(LINES, act, str(step))

    assert (done.returncode, done.stderr) == (0, b"")


# --- three in the morning


def test_a_log_says_when_its_worker_started_and_ended(sandbox: Sandbox) -> None:
    """Which process, which Python, which script, where the log is; the end by the process that started."""
    script = """
    import os, sys
    from worker_logger import setup_worker_logger
    logger = setup_worker_logger("genesis")
    setup_worker_logger("genesis")
    logger.info("work")
    if hasattr(os, "fork") and not os.fork(): sys.exit()
    """
    with sandbox.start(script) as process:
        process.communicate(timeout=30)
    first, work, last = all_levels_and_messages(sandbox.log)

    python = ".".join(map(str, sys.version_info[:3]))
    assert first == f"INFO started: pid {process.pid}, Python {python}, worker_genesis.py, log {sandbox.log}"
    assert work == "INFO work"
    assert last.startswith("INFO ended after ")
    assert last.endswith(f" s (pid {process.pid})")


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0, "0 s"), (59.9, "59 s"), (60, "1 min 0 s"), (11520, "3 h 12 min"), (90061, "1 d 1 h")],
)
def test_how_long_is_said_in_two_units(
    seconds: float, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    handler = setup_worker_logger("genesis", tmp_path).handlers[0]
    assert isinstance(handler, worker_logger._WorkerFileHandler)
    monkeypatch.setattr(worker_logger, "_monotonic", lambda: 1000.0 + seconds)
    handler.began = (os.getpid(), 1000.0, "x.py")
    handler.end()

    assert all_levels_and_messages(tmp_path / "genesis.log") == [
        f"INFO ended after {expected} (pid {os.getpid()})"
    ]


def test_an_error_print_in_a_handler_carries_the_error(tmp_path: Path) -> None:
    """In a further line with the place; not twice; CRITICAL with the traceback, which is also in the notification."""
    logger = setup_worker_logger("genesis", tmp_path)
    silent = lambda *_: None  # noqa: E731

    def read() -> None:
        {}["id"]  # type: ignore[index]

    def run(method: object, text: str) -> None:
        try:
            read()
        except KeyError:
            mirror_print(method, text, printer=silent)  # type: ignore[arg-type]

    for method, text in (
        (logger.error, "erro na volta\ndois"), (logger.error, "KeyError: 'id'"), (logger.info, "x"),
        (logger, "não leu"), (logger, "[OK] segue"), (logger.critical, "❌ erro na volta 1: 'id'"),
    ):  # fmt: skip
        run(method, text)
    mirror_print(logger.error, "outside", printer=silent)
    error = f"    KeyError: 'id' (test_shared_state.py:{read.__code__.co_firstlineno + 1} in read)"
    lines = levels_and_messages(tmp_path / "genesis.log")
    assert lines[:8] == [
        "ERROR erro na volta", "ERROR dois", error, "ERROR KeyError: 'id'", "INFO x", "ERROR não leu", error, "INFO [OK] segue",
    ]  # fmt: skip
    assert lines[8:10] == ["CRITICAL ❌ erro na volta 1: 'id'", "    Traceback (most recent call last):"]
    assert lines[-2:] == ["    KeyError: 'id'", "ERROR outside"]
    record = json.loads((tmp_path / "notifications.jsonl").read_text(encoding="utf-8"))
    assert (record["error"], record["traceback"][:9]) == ("KeyError: 'id'", "Traceback")


def test_the_place_of_an_error_is_never_in_the_runtime(sandbox: Sandbox) -> None:
    """``retrying(open)(path)`` fails in worker_utils.py: the line that called it is what one looks for."""
    sandbox.run(
        """
        from worker_logger import mirror_print, setup_worker_logger
        from worker_utils import retry_with_backoff
        logger = setup_worker_logger("genesis")
        retrying = retry_with_backoff(2)
        def load():
            return retrying(open)("missing.json")
        try:
            load()
        except OSError:
            mirror_print(logger.error, "not read")
        """
    )

    assert sandbox.logged() == [
        "ERROR not read",
        "    FileNotFoundError: [Errno 2] No such file or directory: 'missing.json' (worker_genesis.py:7 in load)",
    ]


SECRETS = {
    "https://ana:s3nha@api.example/x": "https://***@api.example/x",
    "https://x.example/?user=ana&api_key=abc123&n=2": "https://x.example/?user=ana&api_key=***&n=2",
    "url: /bot123456:AAE-x_y/getUpdates?timeout=1 (Caused": "url: /bot***/getUpdates?timeout=1 (Caused",
    "Authorization: Bearer abcdef123456": "Authorization: Bearer ***",
    "redis://:pass@host:6379/0": "redis://***@host:6379/0",
    "https://discord.com/api/webhooks/123/abc-DEF": "https://discord.com/api/webhooks/123/***",
    "https://x.example/?page=2&author": "https://x.example/?page=2&author",
    "https://ana:s3n@ha@api.example/x": "https://***@api.example/x",
    "https://x.example/?senha=abc123&x=2#access_token=abc123": "https://x.example/?senha=***&x=2#access_token=***",
    "https://x.example/a;sig=abc123&amp;api-key=abc123": "https://x.example/a;sig=***&amp;api-key=***",
    "https://discord.com/api/v10/webhooks/123/abc-DEF?wait=1": "https://discord.com/api/v10/webhooks/123/***?wait=1",
    "https://api.telegram.org/file/bot12%3AAAE-x_y/a.jpg": "https://api.telegram.org/file/bot***/a.jpg",
    "{'X-Api-Key': 'abc12345', 'a': 1}": "{'X-Api-Key': '***', 'a': 1}",
    "Authorization: token abc12345": "Authorization: token ***",
    "https://x.example/?keyword=casa&monkey=1&author=ana&design=4": "https://x.example/?keyword=casa&monkey=1&author=ana&design=4",
    "http://x/mail@b.c?mail=a@b.c": "http://x/mail@b.c?mail=a@b.c",
    "a = b@c.d; key=3": "a = b@c.d; key=3",
}


@pytest.mark.parametrize("text", SECRETS)
def test_secrets_of_requests_are_masked_in_what_the_runtime_adds(text: str, tmp_path: Path) -> None:
    """In texts of exceptions, tracebacks and notifications; what the worker printed is its own."""
    logger = setup_worker_logger("genesis", tmp_path)
    try:
        raise ConnectionError(text)
    except ConnectionError:
        worker_logger.log_ignored(logger)
        mirror_print(logger.error, f"printed {text}", printer=lambda *_: None)
        worker_logger.expect_only(logger, KeyError)
    ignored, printed, added, *rest = levels_and_messages(tmp_path / "genesis.log")

    assert ignored.endswith(f"ignored ConnectionError: {SECRETS[text]}")
    assert printed == f"ERROR printed {text}"
    assert SECRETS[text] in added
    assert any(SECRETS[text] in line for line in rest)
    told = (tmp_path / "notifications.jsonl").read_text(encoding="utf-8")
    secrets = ("s3nha", "abc123", "AAE-x_y", "abcdef123456", ":pass@", "abc-DEF")
    assert not any(secret in "\n".join([ignored, added, *rest, told]) for secret in secrets)


def test_a_secret_that_is_cut_in_two_is_masked(sandbox: Sandbox) -> None:
    """A text that is too long is cut after it was masked, not before: half a secret has no mark."""
    sandbox.run(
        HEAD
        + """
from worker_utils import notify_critical, retry_with_backoff
secret = "https://ana:S3NHA" + "x" * 60 + "@api.example/"
def fail(url): raise OSError("x" * 160 + secret)
try: retry_with_backoff(2, 0.0)(fail)("y" * 150 + secret)
except OSError as error: notify_critical("z" * 7960 + secret, error=OSError("z" * 7960 + secret))
"""
    )

    told = "".join(path.read_text(encoding="utf-8") for path in (sandbox.path / "logs").iterdir())
    assert "yyy" in told
    assert "zzz" in told
    assert "S3NHA" not in told


EQUAL = [
    ("levou 1e-05 s", "levou 0.25 s"),
    ("1.234,56 R$ de 1 000", "3 R$ de 1 000 000"),
    ("-5 graus, 50%", "7 graus, 7.5%"),
    ("às 2026-11-30T00:12:01Z", "às 2026-12-01T10:12:01.123+00:00"),
    ("mac aa-bb-cc-dd-ee-ff, ip fe80::1", "mac 00-11-22-33-44-55, ip 2001:db8::a:ff"),
    ("item_12a falhou", "item_9b falhou"),
    ("id deadbeef b'\\xff'", "id 5f2b8c1d b'\\x0a'"),
    ("ids [1, 2, 3]", "ids [7]"),
    ("10.0.0.1:80", "192.168.1.10:8080"),
]
UNEQUAL = [
    ("face lost", "cafe lost"),
    ("feed 1 down", "seed 1 down"),
    ("disk a", "disk b"),
    ("bad file", "dead file"),
]


def test_numbers_times_and_hexadecimal_texts_make_no_difference_and_words_do(tmp_path: Path) -> None:
    """In whatever form programs write them."""
    logger = setup_worker_logger("genesis", tmp_path)
    for pair in EQUAL + UNEQUAL:
        for text in pair:
            logger.critical("%s", text)
    told = (tmp_path / "notifications.jsonl").read_text(encoding="utf-8").splitlines()

    assert [json.loads(line)["message"] for line in told] == [
        *(first for first, _ in EQUAL),
        *(text for pair in UNEQUAL for text in pair),
    ]


def test_a_counter_in_the_text_does_not_defeat_the_hold_back(tmp_path: Path) -> None:
    """Equal but for numbers, times and hexadecimal texts, of the same kind and place: one notification."""
    logger = setup_worker_logger("genesis", tmp_path)

    def fail(number: int, kind: type[Exception]) -> None:
        try:
            raise kind(f"https://x/{number}")
        except Exception as error:  # noqa: BLE001  # as in the worker
            now = f"12:00:{number:02} 0x7f{number:04x} {number * 987654321:x}a1"
            mirror_print(
                logger.critical, f"❌ erro na volta {number} ({now}): {error}", printer=lambda *_: None
            )

    for number in range(40):
        fail(number, OSError)
    fail(7, ValueError)
    records = (tmp_path / "notifications.jsonl").read_text(encoding="utf-8").splitlines()

    assert [json.loads(record)["error"].split(":")[0] for record in records] == ["OSError", "ValueError"]


def test_one_error_notifies_once_however_often_it_is_told(tmp_path: Path) -> None:
    """A handler that prints three CRITICAL lines about it."""
    logger = setup_worker_logger("genesis", tmp_path)
    try:
        raise OSError(errno.EIO, "x")
    except OSError:
        for text in ("parou", "vai tentar", "desiste"):
            mirror_print(logger.critical, text, printer=lambda *_: None)

    assert (tmp_path / "notifications.jsonl").read_text(encoding="utf-8").count("\n") == 1


def test_a_formatter_is_asked_for_the_format_of_the_contract(tmp_path: Path) -> None:
    """By whoever builds a second handler after it."""
    logger = setup_worker_logger("genesis", tmp_path)
    formatter = logger.handlers[0].formatter
    assert formatter is not None
    assert formatter._fmt == "%(asctime)s | %(levelname)s | %(name)s | %(message)s"
