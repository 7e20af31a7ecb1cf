"""What a handler keeps to itself is on the log and on the evidence: whether it was foreseen, where, and how often."""

from __future__ import annotations

import asyncio
import concurrent.futures
import importlib.util
import json
import logging
import multiprocessing.pool
import os
import queue
import socket
import ssl
import subprocess
import sys
import time
import types
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import worker_logger
from runtime_sandbox import Sandbox, is_root, levels_and_messages, seen_events
from worker_logger import expect_only, log_ignored, mirror_print, setup_worker_logger

pytestmark = pytest.mark.usefixtures("fresh")

HERE = Path(__file__).as_posix()
NOTHING: dict[str, int] = {}


class Refused(Exception):
    """Of this module."""

    class Later(Exception):
        """Inside a class."""


class Liar(RuntimeError):
    """Says that it is an OSError, and fails in str()."""

    @property  # type: ignore[misc]  # read-only
    def __class__(self) -> type[OSError]:  # type: ignore[override]
        return OSError

    def __str__(self) -> str:
        raise ValueError


class Meta(type):
    """A class that answers every question about itself with an error."""

    def __getattribute__(cls, name: str) -> object:
        raise RuntimeError(name)

    def __eq__(cls, other: object) -> bool:
        raise RuntimeError

    def __hash__(cls) -> int:
        raise RuntimeError


@pytest.fixture
def logger(tmp_path: Path) -> logging.Logger:
    return setup_worker_logger("genesis", tmp_path)


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds of the clock, to be set."""
    seconds = [1000.0]
    monkeypatch.setattr(worker_logger, "_monotonic", lambda: seconds[0])
    return seconds


def ask(logger: logging.Logger, error: BaseException, *kinds: type[BaseException] | str) -> bool:
    try:
        raise error
    except BaseException:  # noqa: BLE001  # as the handler that is on trial
        return expect_only(logger, *kinds)


def raised_by(call: Callable[[], object]) -> BaseException:
    try:
        call()
    except BaseException as error:  # noqa: BLE001  # whatever it is
        return error
    raise AssertionError


@pytest.mark.parametrize(
    ("error", "kinds"),
    [
        (FileNotFoundError(2, "x"), (OSError,)),
        (KeyError("x"), (OSError, LookupError)),
        (raised_by(lambda: json.loads("{")), ("json.JSONDecodeError",)),
        (raised_by(lambda: json.loads("{")), ("json.decoder.JSONDecodeError",)),
        (raised_by(lambda: json.loads("{")), (OSError, "ValueError")),
        (raised_by(lambda: json.loads("{")), ("builtins.ValueError",)),
        (TimeoutError(), ("socket.timeout",)),
        (socket.gaierror(), ("socket.gaierror",)),
        (Refused(), (".Refused",)),
        (Refused.Later(), (".Refused.Later",)),
        (asyncio.IncompleteReadError(b"", 1), ("asyncio.IncompleteReadError",)),
    ],
    ids=repr,
)
def test_what_was_foreseen_is_counted_and_not_told(
    error: BaseException, kinds: tuple[type[BaseException] | str, ...], logger: logging.Logger, tmp_path: Path
) -> None:
    """By the class or by a name: as defined, as one would import it, of the same module."""
    assert ask(logger, error, *kinds) is True
    assert levels_and_messages(tmp_path / "genesis.log") == []
    assert [event["expected"] for event in seen_events(tmp_path)] == [True]


@pytest.mark.parametrize(
    ("error", "kinds"),
    [
        (RuntimeError("x"), (OSError, "json.JSONDecodeError")),
        (OSError(), (FileNotFoundError,)),
        (Refused.Later(), (".Refused",)),
        (Refused(), ("somewhere.Refused", ".Other", "test_kept_errors", "", ".", "..", "a..b")),
        (RuntimeError("x"), ()),
        (RuntimeError("x"), (3, None, [], "os", "os.path", "json.loads")),
        (Liar(), (OSError,)),
        (RuntimeError("x"), (Meta("Odd", (), {}), "os.path.Missing")),
    ],
    ids=["other", "parent", "inner", "names", "none", "no classes", "liar", "odd class"],
)
def test_what_was_not_foreseen_is_critical_once_with_place_and_traceback(
    error: BaseException, kinds: tuple[type[BaseException] | str, ...], logger: logging.Logger, tmp_path: Path
) -> None:
    """It goes by what the interpreter knows of the class, not by what the exception says of itself."""
    assert ask(logger, error, *kinds) is False
    first, second, *_ = levels_and_messages(tmp_path / "genesis.log")
    assert first.startswith(
        f"CRITICAL not expected in ask:{ask.__code__.co_firstlineno + 4}: {type(error).__name__}: "
    )
    assert second == "    Traceback (most recent call last):"
    assert (tmp_path / "notifications.jsonl").read_text(encoding="utf-8").count("\n") == 1


def test_the_evidence_has_the_fields_of_the_contract_and_no_text_of_the_program(
    logger: logging.Logger, tmp_path: Path
) -> None:
    """Place, class, bases, and the frames that the error came through; never its message."""

    def fail() -> None:
        raise RuntimeError("a secret")

    class Loader:
        def load(self) -> bool:
            try:
                fail()
            except Exception:  # noqa: BLE001  # on trial
                return expect_only(logger, OSError)
            return True

    Loader().load()
    (event,) = seen_events(tmp_path)
    code = Loader.load.__code__
    assert list(event) == [
        "v", "event", "time", "pid", "path", "function", "function_line", "line", "type", "bases", "expected",
        "count", "frames",
    ]  # fmt: skip
    time, pid = event.pop("time"), event.pop("pid")
    assert isinstance(time, str)
    assert (len(time), time[-1], pid) == (24, "Z", os.getpid())
    assert event == {
        "v": 1,
        "event": "seen",
        "path": HERE,
        "function": Loader.load.__qualname__,
        "function_line": code.co_firstlineno,
        "line": code.co_firstlineno + 4,
        "type": "builtins:RuntimeError",
        "bases": ["builtins:Exception", "builtins:BaseException"],
        "expected": False,
        "count": 1,
        "frames": [
            [HERE, Loader.load.__qualname__, code.co_firstlineno, code.co_firstlineno + 2],
            [HERE, fail.__qualname__, fail.__code__.co_firstlineno, fail.__code__.co_firstlineno + 1],
        ],
    }
    assert "secret" not in (tmp_path / "genesis.seen.jsonl").read_text(encoding="utf-8")


def test_the_count_is_written_at_powers_of_ten_and_at_exit(sandbox: Sandbox) -> None:
    """At first sight at once, so that a kill loses no more than the last count."""
    sandbox.run(
        """
        from worker_logger import expect_only, setup_worker_logger
        logger = setup_worker_logger("genesis")
        for _ in range(123):
            try: {}["x"]
            except Exception: expect_only(logger, KeyError)
        """
    )

    events = seen_events(sandbox.path / "logs")
    assert [(event["event"], event.get("count")) for event in events] == [
        ("started", None), ("seen", 1), ("seen", 10), ("seen", 100), ("seen", 123), ("ended", None),
    ]  # fmt: skip
    assert len({event["pid"] for event in events}) == 1
    assert {event["path"] for event in events} == {"worker_genesis.py"}  # from where it was started


def test_a_forked_child_counts_for_itself_and_does_not_end_the_worker(sandbox: Sandbox) -> None:
    """However it was forked, and however it ends."""
    sandbox.run(
        """
        import multiprocessing, os, sys
        from worker_logger import expect_only, setup_worker_logger
        logger = setup_worker_logger("genesis")
        def fail():
            for _ in range(2):
                try: {}["x"]
                except Exception: expect_only(logger, KeyError)
        fail()
        if not os.fork():
            fail()
            sys.exit()
        os.wait()
        child = multiprocessing.get_context("fork").Process(target=fail)
        child.start()
        child.join()
        """
    )

    events = seen_events(sandbox.path / "logs")
    worker = events[0]["pid"]
    children = {event["pid"] for event in events} - {worker}
    assert len(children) == 2
    for child in children:
        assert [(e["event"], e["count"]) for e in events if e["pid"] == child] == [("seen", 1), ("seen", 2)]
    assert [event["pid"] for event in events if event["event"] == "ended"] == [worker]


def test_the_ways_to_end_a_program_are_noted_at_info(logger: logging.Logger, tmp_path: Path) -> None:
    """A bare ``except:`` swallows Ctrl-C; nobody is woken up for it."""
    for kind in (KeyboardInterrupt, SystemExit, GeneratorExit, asyncio.CancelledError):
        assert ask(logger, kind("now"), OSError) is False

    line = ask.__code__.co_firstlineno + 4
    assert levels_and_messages(tmp_path / "genesis.log") == [
        f"INFO not expected in ask:{line}: {name}: now"
        for name in ("KeyboardInterrupt", "SystemExit", "GeneratorExit", "CancelledError")
    ]
    assert not (tmp_path / "notifications.jsonl").exists()
    assert [event["expected"] for event in seen_events(tmp_path)] == [False] * 4


def test_the_same_is_told_again_after_a_minute_with_what_was_held_back(
    logger: logging.Logger, tmp_path: Path, now: list[float]
) -> None:
    """One record a minute for a kind and a place; another kind there is told at once."""
    for seconds in (0, 1, 59, 60, 61):
        now[0] = 1000.0 + seconds
        ask(logger, RuntimeError("x"), OSError)
    ask(logger, TypeError("x"), OSError)

    records = [line for line in levels_and_messages(tmp_path / "genesis.log") if not line.startswith(" ")]
    line = ask.__code__.co_firstlineno + 4
    assert records == [
        f"CRITICAL not expected in ask:{line}: RuntimeError: x",
        f"CRITICAL not expected in ask:{line}: RuntimeError: x (held back: 2)",
        f"CRITICAL not expected in ask:{line}: TypeError: x",
    ]


def test_no_module_is_loaded_to_compare(logger: logging.Logger, tmp_path: Path) -> None:
    """A lazy module imports on ``getattr``; a half-imported one has no such name yet; a strange one is no module."""
    (tmp_path / "preguicoso.py").write_text("raise SystemError('loaded')")
    spec = importlib.util.spec_from_file_location("preguicoso", tmp_path / "preguicoso.py")
    assert spec
    assert spec.loader
    spec.loader = importlib.util.LazyLoader(spec.loader)
    lazy = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(lazy)
    odd = type("Odd", (), {"__getattribute__": lambda *_: 1 / 0})()
    added = {"preguicoso": lazy, "meio": types.ModuleType("meio"), "estranho": odd}
    sys.modules.update(added)
    try:
        assert ask(logger, RuntimeError(), "preguicoso.E", "meio.E", "estranho.E", RuntimeError) is True
        assert ask(logger, RuntimeError(), "preguicoso.E", "meio.E", "estranho.E") is False
    finally:
        for name in added:
            del sys.modules[name]


def test_a_name_that_leads_to_a_class_later_counts_from_then_on(
    logger: logging.Logger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What re-exports a class may be imported after the class has arrived."""
    assert [ask(logger, Refused(), "fachada.Refused") for _ in range(2)] == [False, False]
    facade = types.ModuleType("fachada")
    vars(facade)["Refused"] = Refused
    monkeypatch.setitem(sys.modules, "fachada", facade)
    assert ask(logger, Refused(), "fachada.Refused") is True


def test_outside_a_handler_nothing_is_told(logger: logging.Logger, tmp_path: Path) -> None:
    """There is no error then."""
    assert expect_only(logger, OSError) is False
    log_ignored(logger)
    assert levels_and_messages(tmp_path / "genesis.log") == []


def broken_logger(kind: str, logger: logging.Logger) -> logging.Logger:
    def fail(_: object) -> bool:
        raise ZeroDivisionError

    if kind == "filter":
        logger.addFilter(fail)
    elif kind == "handler":
        logger.handlers[0].addFilter(fail)
    return logger if kind in ("filter", "handler") else None  # type: ignore[return-value]


@pytest.mark.parametrize("kind", ["filter", "handler", "no logger"])
def test_neither_raises_whatever_the_logger_does(kind: str, logger: logging.Logger, tmp_path: Path) -> None:
    """The original handler would have gone on."""
    broken = broken_logger(kind, logger)
    assert ask(broken, RuntimeError(), OSError) is False
    assert ask(broken, OSError(), OSError) is True
    try:
        raise RuntimeError
    except RuntimeError:
        log_ignored(broken)
    assert len(seen_events(tmp_path)) == 3


def test_a_name_that_is_no_text_of_the_class_harms_nothing(logger: logging.Logger, tmp_path: Path) -> None:
    """``__module__`` may be anything."""
    odd = type("Odd", (Exception,), {"__module__": property(lambda _: 1 / 0)})
    assert ask(logger, odd(), OSError) is False
    assert len(seen_events(tmp_path)) == 1


@pytest.mark.parametrize("told", [(OSError,), 1 / 3])
def test_what_a_metaclass_says_of_its_classes_is_not_asked(
    told: object, logger: logging.Logger, tmp_path: Path
) -> None:
    """It may say that they inherit from others, or nothing that makes sense."""
    lying = type("Lying", (type,), {"__mro__": property(lambda _: told)})
    odd = lying("Odd", (KeyError,), {})
    assert ask(logger, odd(), OSError, "OSError") is False
    assert ask(logger, odd(), "LookupError") is True
    assert len(seen_events(tmp_path)) == 2


# --- log_ignored


def test_an_ignored_error_is_one_warning(logger: logging.Logger, tmp_path: Path) -> None:
    """With the function, the kind and the text; with the traceback only if that is asked for."""

    def load(*, trace: bool) -> None:
        try:
            NOTHING["x"]
        except KeyError:
            log_ignored(logger, trace=trace) if trace else log_ignored(logger)

    load(trace=False)
    load(trace=True)
    lines = levels_and_messages(tmp_path / "genesis.log")
    assert lines[:3] == [
        "WARNING load: ignored KeyError: 'x'",
        "WARNING load: ignored KeyError: 'x'",
        "    Traceback (most recent call last):",
    ]
    assert [event["expected"] for event in seen_events(tmp_path)] == [True, False]


def test_ignored_errors_are_held_back_by_the_minute(
    logger: logging.Logger, tmp_path: Path, now: list[float]
) -> None:
    """An idle loop does not push the history out of the log."""
    for seconds in range(125):
        now[0] = 1000.0 + seconds
        try:
            raise KeyError(seconds)
        except KeyError:
            log_ignored(logger)

    assert [line.split(": ", 1)[1] for line in levels_and_messages(tmp_path / "genesis.log")] == [
        "ignored KeyError: 0", "ignored KeyError: 60 (held back: 59)", "ignored KeyError: 120 (held back: 59)",
    ]  # fmt: skip


def poll() -> Iterator[Callable[[], object]]:
    left, right = socket.socketpair()
    with left, right:
        left.settimeout(0.001)
        yield lambda: left.recv(1)
        left.setblocking(False)
        yield lambda: left.recv(1)
    yield lambda: queue.Queue[int]().get_nowait()
    yield lambda: queue.Queue[int]().get(timeout=0.001)
    yield lambda: queue.SimpleQueue[int]().get_nowait()
    yield lambda: asyncio.run(asyncio.wait_for(asyncio.sleep(9), 0.001))
    future: concurrent.futures.Future[None] = concurrent.futures.Future()
    yield lambda: asyncio.run(asyncio.to_thread(future.result, 0.001))
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        server.settimeout(0.001)
        yield server.accept
    tls = ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname="x")
    yield tls.do_handshake
    with multiprocessing.pool.ThreadPool(1) as pool:
        yield lambda: pool.apply_async(time.sleep, (0.1,)).get(timeout=0.001)
    child = [sys.executable, "-c", "input()"]
    with subprocess.Popen(child, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        yield lambda: process.wait(timeout=0.001)


def give_up() -> Iterator[Callable[[], object]]:
    """Yield what times out and is no poll: a command is ended by it, a server does not answer."""
    child = [sys.executable, "-c", "import time; time.sleep(60)"]
    yield lambda: subprocess.run(child, timeout=0.001, check=False)
    with subprocess.Popen(child, stdout=subprocess.PIPE) as process:
        try:
            yield lambda: process.communicate(timeout=0.001)
        finally:
            process.kill()
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        yield lambda: urllib.request.urlopen(url, timeout=0.01)


def test_that_nothing_was_there_yet_is_debug(tmp_path: Path) -> None:
    """An empty queue, a socket without data, a poll's time-out are no news."""
    logger = setup_worker_logger("genesis", tmp_path, level=logging.DEBUG)
    calls = 0
    for call in poll():
        calls += 1
        worker_logger._shared().seen.clear()  # equal kinds at one place
        try:
            call()
        except Exception:  # noqa: BLE001  # as in the worker
            log_ignored(logger)

    assert [line.split()[0] for line in levels_and_messages(tmp_path / "genesis.log")] == ["DEBUG"] * calls


def test_what_was_given_up_is_a_warning(tmp_path: Path) -> None:
    """Each of them, though it timed out."""
    for number, call in enumerate(give_up()):
        logger = setup_worker_logger(f"genesis{number}", tmp_path, level=logging.DEBUG)
        worker_logger._shared().seen.clear()  # equal kinds at one place
        try:
            call()
        except Exception:  # noqa: BLE001  # as in the worker
            log_ignored(logger)
        (line,) = levels_and_messages(tmp_path / f"genesis{number}.log")
        assert line.startswith("WARNING test_what_was_given_up_is_a_warning: ignored Time")


@pytest.mark.parametrize(
    "error", [TimeoutError(110, "Connection timed out"), ConnectionRefusedError(), ValueError()]
)
def test_a_connection_that_timed_out_is_a_warning(
    error: Exception, logger: logging.Logger, tmp_path: Path
) -> None:
    """It has a number, or lies deeper: something was wrong."""
    try:
        raise error
    except Exception:  # noqa: BLE001  # as in the worker
        log_ignored(logger)
    assert [line.split()[0] for line in levels_and_messages(tmp_path / "genesis.log")] == ["WARNING"]


# --- the evidence of others


def test_what_an_error_print_sees_in_a_handler_is_on_the_evidence(
    logger: logging.Logger, tmp_path: Path
) -> None:
    """Also through a logger that lets the text decide; an INFO print is no error."""
    for method, text in ((logger.error, "x"), (logger, "[ERRO] x"), (logger.info, "x")):
        try:
            NOTHING["x"]
        except KeyError:
            mirror_print(method, text, printer=lambda *_: None)
    mirror_print(logger.error, "outside", printer=lambda *_: None)

    events = seen_events(tmp_path)
    assert [(event["type"], event["expected"], event["count"]) for event in events] == [
        ("builtins:KeyError", False, 1)
    ]


def test_an_uncaught_error_is_on_the_evidence_with_all_its_frames(sandbox: Sandbox) -> None:
    """What went through which handlers can be told from them."""
    sandbox.run(
        """
        from worker_logger import setup_worker_logger
        logger = setup_worker_logger("genesis")
        def read():
            raise LookupError("x")
        def work():
            try:
                read()
            except OSError:
                pass
        work()
        """
    )

    started, uncaught, ended = seen_events(sandbox.path / "logs")
    assert [event["event"] for event in (started, uncaught, ended)] == ["started", "uncaught", "ended"]
    assert (uncaught["type"], uncaught["function"], uncaught["line"]) == (
        "builtins:LookupError",
        "<module>",
        11,
    )
    frames = uncaught["frames"]
    assert isinstance(frames, list)
    assert [frame[1:] for frame in frames] == [["<module>", 1, 11], ["work", 6, 8], ["read", 4, 5]]


# --- module_logger


COMMON = """
from worker_logger import module_logger
logger = module_logger("common")
def work(text):
    logger.info(text)
def fail():
    logger.critical("broken")
"""


def test_a_modules_records_are_in_the_log_of_the_worker_that_runs(sandbox: Sandbox) -> None:
    """Under the module's name, whether it was imported before the set-up or after it; notifications, too."""
    sandbox.write(COMMON, "common.py")
    sandbox.run(
        """
        import common
        common.logger
        from worker_logger import setup_worker_logger
        logger = setup_worker_logger("genesis")
        common.work("one")
        common.fail()
        print(common.logger.propagate)
        """
    )

    _started, *lines, _ended = sandbox.log.read_text(encoding="utf-8").splitlines()
    assert [line.split(" | ")[1:] for line in lines] == [
        ["INFO", "common", "one"],
        ["CRITICAL", "common", "broken"],
    ]
    assert not (sandbox.path / "logs" / "common.log").exists()
    notification = json.loads((sandbox.path / "logs" / "notifications.jsonl").read_text(encoding="utf-8"))
    assert (notification["worker"], notification["message"]) == ("common", "broken")


def test_without_a_worker_a_module_has_a_log_of_its_own_from_the_first_record_on(sandbox: Sandbox) -> None:
    """A program that is not migrated imports it: no folder before there is something to say."""
    sandbox.write(COMMON, "common.py")
    done = sandbox.run(
        """
        import os, common
        print(os.path.exists("logs"))
        common.work("one")
        common.fail()
        """
    )

    assert (done.stdout, done.stderr) == (b"False\n", b"")
    assert sandbox.logged("common") == ["INFO one", "CRITICAL broken"]
    assert (sandbox.path / "logs" / "notifications.jsonl").exists()


def test_a_module_that_runs_itself_is_a_worker(sandbox: Sandbox) -> None:
    """Its crash is on its own log."""
    sandbox.run("from worker_logger import module_logger\nlogger = module_logger('genesis')\n1/0\n")

    assert sandbox.logged()[0] == "CRITICAL uncaught ZeroDivisionError: division by zero"
    assert [event["event"] for event in seen_events(sandbox.path / "logs")] == [
        "started",
        "uncaught",
        "ended",
    ]


def test_what_a_module_keeps_is_on_the_workers_evidence(sandbox: Sandbox) -> None:
    """One worker, one evidence, whatever logger is at hand."""
    sandbox.write(
        """
        from worker_logger import expect_only, module_logger
        logger = module_logger("common")
        def work():
            try: {}["x"]
            except Exception: expect_only(logger, OSError)
        """,
        "common.py",
    )
    sandbox.run(
        "import common\nfrom worker_logger import setup_worker_logger\nsetup_worker_logger('genesis')\ncommon.work()"
    )

    assert [event["event"] for event in seen_events(sandbox.path / "logs")] == ["started", "seen", "ended"]
    assert sandbox.logged()[0] == "CRITICAL not expected in work:6: KeyError: 'x'"


def test_a_ranked_worker_has_evidence_of_its_own(sandbox: Sandbox) -> None:
    """Beside its log, whatever logger is at hand."""
    sandbox.run(
        """
        import logging
        from pathlib import Path
        from worker_logger import expect_only, setup_worker_logging
        setup_worker_logging(3, Path("logs"))
        try: {}["x"]
        except Exception: expect_only(logging.getLogger("x"), OSError)
        """
    )

    events = seen_events(sandbox.path / "logs", "worker_3")
    assert [event["event"] for event in events] == ["started", "seen", "ended"]


# --- an evidence that has grown


def line_of(pid: int, count: int, event: str = "seen", **more: object) -> bytes:
    fields = {"v": 1, "event": event, "time": "2026-11-29T13:34:00.123Z", "pid": pid, "path": "x.py", **more}
    return json.dumps({**fields, "count": count} if event == "seen" else fields).encode() + b"\n"


def test_equal_lines_of_an_evidence_that_has_grown_are_summed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Processes by the largest of their counts, a number that was used again as another process; times of runs, too."""
    monkeypatch.setattr(worker_logger, "_MOST_EVIDENCE", 3000)
    lines = [line_of(n, c, type="a:B", expected=True) for n in (1, 2) for c in (1, 10, 17)]
    lines += [
        line_of(1, 1, type="a:B", expected=True),
        line_of(3, 1, type="c:D", expected=False, frames=[["x.py", "f", 1, 2]]),
    ]
    lines += [line_of(n, 0, event, **more) for n in (1, 2) for event, more in RUN]
    lines += [b'{"v": 1, "event": "seen", "ti\n', b"[]\n", b"\xff\n", b'{"event": "seen"}\n']
    path = tmp_path / "genesis.seen.jsonl"
    path.write_bytes(b"".join(lines) * 2)
    path.chmod(0o640)
    if is_root():  # the worker's user has to be able to write on
        os.chown(path, 65534, 65533)
    old = path.stat()
    logger = setup_worker_logger("genesis", tmp_path)
    ask(logger, KeyError("x"), KeyError)

    now = path.stat()
    assert (now.st_uid, now.st_gid, now.st_mode) == (old.st_uid, old.st_gid, old.st_mode)
    *sums, new = seen_events(tmp_path)
    assert [(event["pid"], event["event"], event["count"], event.get("seconds")) for event in sums] == [
        (0, "seen", 2 * (17 + 17 + 1), None), (0, "seen", 2, None), (0, "ended", 4, 44.0),
    ]  # fmt: skip
    assert sums[1]["frames"] == [["x.py", "f", 1, 2]]
    assert (new["pid"], new["type"], new["count"]) == (os.getpid(), "builtins:KeyError", 1)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["genesis.log", "genesis.seen.jsonl"]


RUN: tuple[tuple[str, dict[str, object]], ...] = (
    ("started", {}),
    ("running", {"seconds": 9}),
    ("ended", {"seconds": 11}),
)


def test_a_sum_that_was_interrupted_is_done_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between the rename and the sum, nothing of the evidence is lost."""
    monkeypatch.setattr(worker_logger, "_MOST_EVIDENCE", 1000)
    (tmp_path / "genesis.seen.jsonl.summing").write_bytes(line_of(1, 5, type="a:B"))
    (tmp_path / "genesis.seen.jsonl").write_bytes(b"".join(line_of(n, 7, type="a:B") for n in range(2, 22)))
    logger = setup_worker_logger("genesis", tmp_path)
    for _ in range(2):
        ask(logger, KeyError("x"), KeyError, OSError)
        ask(logger, ValueError("x"), ValueError)

    sums = [event for event in seen_events(tmp_path) if event["type"] == "a:B"]
    assert sum(int(str(event["count"])) for event in sums if event["pid"] == 0) == 5 + 20 * 7


def test_a_line_that_comes_while_an_evidence_is_summed_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process had looked at the path just before it was moved aside, and was suspended."""
    monkeypatch.setattr(worker_logger, "_MOST_EVIDENCE", 1000)
    (tmp_path / "genesis.seen.jsonl").write_bytes(b"".join(line_of(n, 7, type="a:B") for n in range(2, 22)))
    aside, json_of = tmp_path / "genesis.seen.jsonl.summing", worker_logger._json

    def late(fields: dict[str, object]) -> str:
        if aside.exists() and fields.get("type") == "a:B":
            with aside.open("ab") as file:
                file.write(line_of(99, 3, type="late:L"))
        return json_of(fields)

    monkeypatch.setattr(worker_logger, "_json", late)
    ask(setup_worker_logger("genesis", tmp_path), KeyError("x"), KeyError)

    assert [event["type"] for event in seen_events(tmp_path)] == ["a:B", "late:L", "builtins:KeyError"]
    assert not aside.exists()


def test_an_evidence_stays_in_its_bounds_whatever_arrives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Classes that are made anew each time, of several processes."""
    monkeypatch.setattr(worker_logger, "_MOST_EVIDENCE", 20_000)
    monkeypatch.setattr(worker_logger, "_MOST_ARRIVALS", 50)
    logger = setup_worker_logger("genesis", tmp_path)
    for number in range(300):
        ask(logger, type(f"E{number}", (Exception,), {})(), Exception)

    assert (tmp_path / "genesis.seen.jsonl").stat().st_size < 21_000
    assert len(worker_logger._shared().seen) <= 50
    assert seen_events(tmp_path)[-1]["type"] == "test_kept_errors:E299"


def test_processes_that_share_an_evidence_write_whole_lines(sandbox: Sandbox) -> None:
    """Also while one of them sums it up, and killed at any moment."""
    script = """
        import sys, worker_logger
        worker_logger._MOST_EVIDENCE = 120000  # the sums of 160 places fit into half of it
        logger = worker_logger.setup_worker_logger("genesis")
        print("ready", flush=True)
        input()
        for number in range(400):
            if number == 100: print("at work", flush=True)
            kind = type(f"E{number % 40}", (Exception,), {})
            try: raise kind
            except Exception: worker_logger.expect_only(logger, Exception)
        """
    started = [sandbox.start(script, name=f"worker{number}.py") for number in range(4)]
    for process in started:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline()
    for process in started:
        process.stdin.write(b"\n")  # type: ignore[union-attr]  # as above
        process.stdin.flush()  # type: ignore[union-attr]
    started[3].stdout.readline()  # type: ignore[union-attr]
    started[3].kill()
    for process in started:
        process.communicate()

    logs = sandbox.path / "logs"
    events = seen_events(logs)
    if (
        logs / "genesis.seen.jsonl.summing"
    ).exists():  # killed while it summed, and nobody had reason to do so since
        (logs / "left.seen.jsonl").write_bytes((logs / "genesis.seen.jsonl.summing").read_bytes())
        events += seen_events(logs, "left")
    for number in range(3):
        types = {
            str(event["type"])
            for event in events
            if event.get("path") == f"worker{number}.py" and "type" in event
        }
        assert {name.partition(":")[2] for name in types} == {f"E{kind}" for kind in range(40)}


PLACES = """
import asyncio, atexit, os, signal, sys, threading
from worker_logger import expect_only, setup_worker_logger
logger = setup_worker_logger("genesis")
class Odd(Exception):
    @property
    def __class__(self): raise SystemError
    def __str__(self): raise SystemError
def meet(where):
    for kind in (KeyError, Odd):
        try:
            raise kind
        except Exception:
            os.write(1, f"{where} {expect_only(logger, LookupError)}\\n".encode())
class Last:
    def __del__(self): meet("del")
async def wait(): meet("coroutine")
def on_signal(*_): meet("signal")
def deep(left):
    if left: deep(left - 1)
    else: meet("deep")
meet("plain")
deep(200)
thread = threading.Thread(target=meet, args=("thread",)); thread.start(); thread.join()
asyncio.run(wait())
Last()
if hasattr(os, "fork"):
    if not os.fork(): meet("fork"); os._exit(0)
    os.wait()
signal.signal(signal.SIGINT, on_signal); signal.raise_signal(signal.SIGINT)
atexit.register(meet, "exit")
kept = [Last()]; kept.append(kept)
"""


def test_it_answers_wherever_it_is_asked(sandbox: Sandbox) -> None:
    """In threads, coroutines, ``__del__``, forked children, signal handlers, at the interpreter's end."""
    done = sandbox.run(PLACES)

    forked = ("fork",) if hasattr(os, "fork") else ()
    places = ("plain", "deep", "thread", "coroutine", "del", *forked, "signal", "exit")
    said = done.stdout.decode().splitlines()
    assert (done.returncode, done.stderr) == (0, b"")
    assert set(said) == {f"{place} {answer}" for place in places for answer in (True, False)}
    critical = [line for line in sandbox.logged() if line.startswith("CRITICAL")]
    assert critical[0].startswith("CRITICAL not expected in meet:")
    assert "Odd: <Odd: SystemError in str()>" in critical[0]
    assert (sandbox.path / "logs" / "notifications.jsonl").exists()


def test_paths_of_the_evidence_are_without_detours(sandbox: Sandbox) -> None:
    """A module that was found through ``scripts/../scripts`` is the same file."""
    sandbox.write(
        """
        from worker_logger import expect_only, module_logger
        logger = module_logger("common")
        def work():
            try: {}["x"]
            except Exception: expect_only(logger, OSError)
        """,
        "common.py",
    )
    (sandbox.path / "lib").mkdir()
    (sandbox.path / "common.py").rename(sandbox.path / "lib" / "common.py")
    sandbox.run(
        """
        import os, sys
        sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib", "..", "lib"))
        from worker_logger import setup_worker_logger
        logger = setup_worker_logger("genesis")
        import common
        common.work()
        """
    )

    _, seen, _ = seen_events(sandbox.path / "logs")
    assert (seen["path"], seen["frames"]) == ("lib/common.py", [["lib/common.py", "work", 4, 5]])
