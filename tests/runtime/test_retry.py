"""``retry_with_backoff``: what is repeated, how long it waits, and what comes out in the end."""

from __future__ import annotations

import asyncio
import configparser
import errno
import functools
import http.client
import io
import logging
import math
import os
import shutil
import socket
import sys
import tempfile
import time
import traceback
import unittest.mock
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from email.message import Message
from pathlib import Path

import pytest
import worker_utils
from runtime_sandbox import ALARM, Sandbox, levels_and_messages
from worker_logger import setup_worker_logger
from worker_utils import retry_with_backoff

pytestmark = pytest.mark.usefixtures("fresh")


class Failing:
    """Fail so often with what is given, then return the attempt's number."""

    def __init__(self, error: BaseException, times: int = 10**9) -> None:
        self.error, self.times, self.attempts = error, times, 0

    def __call__(self) -> int:
        self.attempts += 1
        if self.attempts <= self.times:
            raise self.error
        return self.attempts


def passing_error() -> OSError:
    return OSError(errno.EIO, "passes")


@pytest.fixture
def waits() -> list[float]:
    return []


def test_a_call_is_repeated_until_it_succeeds(waits: list[float]) -> None:
    """The result is that of the first attempt that succeeds; each wait is twice the one before."""
    call = Failing(passing_error(), times=3)

    assert retry_with_backoff(5, 0.5, sleep=waits.append)(call)() == 4
    assert waits == [0.5, 1.0, 2.0]


def test_the_last_error_is_raised_itself_without_a_last_wait(waits: list[float]) -> None:
    """``max_retries`` counts all attempts; no wait comes after the last one."""
    error = passing_error()
    call = Failing(error)

    with pytest.raises(OSError, match="passes") as caught:
        retry_with_backoff(3, 1.0, sleep=waits.append)(call)()
    assert caught.value is error
    assert (call.attempts, waits) == (3, [1.0, 2.0])


def test_the_last_error_has_its_own_traceback_and_no_context(waits: list[float]) -> None:
    """It is not wrapped, and no earlier attempt hangs on it."""

    def fail() -> None:
        raise passing_error()

    with pytest.raises(OSError, match="passes") as caught:
        retry_with_backoff(2, sleep=waits.append)(fail)()
    assert traceback.extract_tb(caught.value.__traceback__)[-1].name == "fail"
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None


def test_a_single_attempt_waits_for_nothing(waits: list[float]) -> None:
    """``max_retries=1`` is the call itself."""
    call = Failing(passing_error())

    with pytest.raises(OSError, match="passes"):
        retry_with_backoff(1, sleep=waits.append)(call)()
    assert (call.attempts, waits) == (1, [])


def test_no_wait_is_longer_than_max_delay(waits: list[float]) -> None:
    """Also after so many attempts that the power overflows a float."""
    with pytest.raises(OSError, match="passes"):
        retry_with_backoff(1100, 1.0, max_delay=3.0, budget=math.inf, sleep=waits.append)(
            Failing(passing_error())
        )()
    assert waits[:4] == [1.0, 2.0, 3.0, 3.0]
    assert set(waits[3:]) == {3.0}


def test_jitter_adds_up_to_its_seconds(waits: list[float]) -> None:
    """Each wait is longer by a random time, and still no longer than ``max_delay``."""
    call = Failing(passing_error())
    with pytest.raises(OSError, match="passes"):
        retry_with_backoff(50, 0.0, max_delay=0.4, jitter=0.5, sleep=waits.append)(call)()
    assert all(0.0 <= wait <= 0.4 for wait in waits)
    assert len(set(waits)) > 2


def response(status: int) -> object:
    return type("Response", (), {"status_code": status})()


class RequestsError(OSError):
    """As ``requests`` has it: an OSError whose response tells the status."""

    def __init__(self, status: int | None = None) -> None:
        super().__init__("request failed")
        self.response = response(status) if status else None


class InvalidUrlError(RequestsError, ValueError):
    """As ``requests.exceptions.InvalidURL``."""


def http_error(status: int) -> urllib.error.HTTPError:
    error = urllib.error.HTTPError("http://x", status, "status", Message(), io.BytesIO())
    error.close()  # since 3.14 one that is not closed is told on stderr
    return error


PASSES: dict[str, Callable[[], BaseException]] = {
    "EIO": passing_error,
    "EAGAIN": lambda: BlockingIOError(errno.EAGAIN, "x"),
    "EBUSY": lambda: OSError(errno.EBUSY, "x"),
    "ETIMEDOUT": lambda: TimeoutError(errno.ETIMEDOUT, "x"),
    "refused": lambda: ConnectionRefusedError(errno.ECONNREFUSED, "x"),
    "reset": lambda: ConnectionResetError(errno.ECONNRESET, "x"),
    "interrupted": lambda: InterruptedError(errno.EINTR, "x"),
    "name resolution": lambda: socket.gaierror(socket.EAI_AGAIN, "x"),
    "URLError": lambda: urllib.error.URLError(ConnectionRefusedError()),
    "URLError with a text": lambda: urllib.error.URLError("timed out"),
    "remote closed": lambda: http.client.RemoteDisconnected("x"),
    "no errno": lambda: OSError("x"),
    "requests": RequestsError,
    **{
        f"HTTP {status}": functools.partial(http_error, status)
        for status in (408, 425, 429, 500, 502, 503, 504)
    },
    **{
        f"requests {status}": functools.partial(RequestsError, status) for status in (408, 425, 429, 500, 503)
    },
}
STAYS: dict[str, Callable[[], BaseException]] = {
    "no such file": lambda: FileNotFoundError(errno.ENOENT, "x"),
    "exists": lambda: FileExistsError(errno.EEXIST, "x"),
    "is a directory": lambda: IsADirectoryError(errno.EISDIR, "x"),
    "not a directory": lambda: NotADirectoryError(errno.ENOTDIR, "x"),
    "name too long": lambda: OSError(errno.ENAMETOOLONG, "x"),
    "read-only": lambda: OSError(errno.EROFS, "x"),
    "no space": lambda: OSError(errno.ENOSPC, "x"),
    "permission": lambda: PermissionError(errno.EACCES, "x"),
    "shutil.Error": lambda: shutil.Error("x"),
    "SameFileError": lambda: shutil.SameFileError("x"),
    "a ValueError too": InvalidUrlError,
    "unsupported operation": lambda: io.UnsupportedOperation("x"),
    "URLError of a missing file": lambda: urllib.error.URLError(FileNotFoundError(errno.ENOENT, "x")),
    "ValueError": lambda: ValueError("x"),
    "Ctrl-C": KeyboardInterrupt,
    "exit": lambda: SystemExit(3),
    **{
        f"HTTP {status}": functools.partial(http_error, status)
        for status in (400, 401, 403, 404, 410, 422, 451)
    },
    **{f"requests {status}": functools.partial(RequestsError, status) for status in (400, 404)},
}


@pytest.mark.parametrize("name", PASSES)
def test_what_may_pass_is_repeated(name: str, waits: list[float]) -> None:
    """Faults of devices, networks and busy servers."""
    error = PASSES[name]()
    call = Failing(error)
    with pytest.raises(type(error)):
        retry_with_backoff(sleep=waits.append)(call)()
    assert (call.attempts, waits) == (3, [1.0, 2.0])


@pytest.mark.parametrize("name", STAYS)
def test_what_does_not_pass_is_raised_at_once(name: str, waits: list[float]) -> None:
    """No time is lost on what the next attempt would meet again."""
    error = STAYS[name]()
    call = Failing(error)
    with pytest.raises(type(error)):
        retry_with_backoff(sleep=waits.append)(call)()
    assert (call.attempts, waits) == (1, [])


def test_permission_denied_means_in_use_on_windows(
    waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """There, and only there, it passes."""
    call = Failing(PermissionError(errno.EACCES, "in use"))
    decorated = retry_with_backoff(sleep=waits.append)(call)
    monkeypatch.setattr(os, "name", "nt")
    with pytest.raises(PermissionError):
        decorated()
    monkeypatch.undo()
    assert call.attempts == 3


def test_a_class_that_is_named_itself_is_repeated(waits: list[float]) -> None:
    """Who waits for a file to appear says so."""
    call = Failing(FileNotFoundError(errno.ENOENT, "x"), times=1)

    assert retry_with_backoff(exceptions=(FileNotFoundError,), sleep=waits.append)(call)() == 2


def test_only_the_named_classes_are_repeated(waits: list[float]) -> None:
    """A single class may be given without a tuple."""
    assert (
        retry_with_backoff(exceptions=ValueError, sleep=waits.append)(Failing(ValueError(), times=1))() == 2
    )
    with pytest.raises(OSError, match="passes"):
        retry_with_backoff(exceptions=ValueError, sleep=waits.append)(Failing(passing_error()))()
    assert waits == [1.0]


class Worker:
    """Holds methods of each kind."""

    attempts = 0

    @retry_with_backoff(base_delay=0, sleep=lambda _: None)
    def method(self, value: int) -> tuple[Worker, int]:
        """Say something."""
        self.attempts += 1
        if self.attempts < 3:
            raise passing_error()
        return self, value

    @classmethod
    @retry_with_backoff(sleep=lambda _: None)
    def of_class(cls) -> type[Worker]:
        return cls

    @staticmethod
    @retry_with_backoff(sleep=lambda _: None)
    def static(value: int) -> int:
        return value


def test_methods_are_decorated_like_functions() -> None:
    """``self`` and ``cls`` arrive, and names and docstrings stay."""
    worker = Worker()

    assert worker.method(4) == (worker, 4)
    assert Worker.of_class() is Worker
    assert Worker.static(3) == 3
    assert (Worker.method.__name__, Worker.method.__doc__) == ("method", "Say something.")


def test_partials_built_ins_and_classes_are_decorated(tmp_path: Path) -> None:
    """What has no ``__name__`` or no code of Python's works as well."""
    retrying = retry_with_backoff(sleep=lambda _: None)
    path = tmp_path / "x"
    path.write_text("text")

    assert retrying(functools.partial(path.read_text, encoding="utf-8"))() == "text"
    with retrying(open)(path) as file:
        assert file.read() == "text"
    assert retrying(os.listdir)(tmp_path) == ["x"]
    assert retrying(path.read_bytes)() == b"text"
    assert retrying(Path)("x") == Path("x")


def test_the_callee_is_looked_up_when_it_is_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``retrying(open)(p)`` names ``open`` at the call, so a patched one is used."""
    retrying = retry_with_backoff(sleep=lambda _: None)
    stream = io.StringIO("patched")
    monkeypatch.setattr("builtins.open", lambda *_: stream)

    assert retrying(open)(tmp_path).read() == "patched"


def test_coroutine_functions_are_awaited_and_repeated() -> None:
    """The wait is a coroutine's; a sleep of either kind may be given."""
    waits: list[float] = []

    async def asleep(seconds: float) -> None:
        waits.append(seconds)

    async def fetch(attempts: list[int]) -> int:
        attempts.append(1)
        if len(attempts) < 3:
            raise passing_error()
        return len(attempts)

    for sleep in (asleep, waits.append):
        decorated = retry_with_backoff(sleep=sleep)(fetch)
        assert asyncio.iscoroutinefunction(decorated) if sys.version_info < (3, 12) else True
        assert asyncio.run(decorated([])) == 3
    assert asyncio.run(retry_with_backoff(sleep=asleep)(functools.partial(fetch, []))()) == 3
    assert waits == [1.0, 2.0] * 3


def test_a_cancelled_coroutine_is_not_repeated() -> None:
    """``CancelledError`` is nobody's failure."""
    call = Failing(asyncio.CancelledError())

    async def fetch() -> int:
        return call()

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(retry_with_backoff(sleep=lambda _: None)(fetch)())
    assert call.attempts == 1


def test_the_waits_are_looked_up_at_each_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test of a worker replaces ``time.sleep`` or ``asyncio.sleep`` and waits for nothing."""
    waits: list[float] = []

    async def asleep(seconds: float) -> None:
        waits.append(seconds)

    async def fetch() -> int:
        return call()

    retrying = retry_with_backoff()
    monkeypatch.setattr(time, "sleep", waits.append)
    assert retrying(Failing(passing_error(), times=1))() == 2
    monkeypatch.setattr(asyncio, "sleep", asleep)
    call = Failing(passing_error(), times=2)
    assert asyncio.run(retrying(fetch)()) == 3
    assert waits == [1.0, 1.0, 2.0]


def generator() -> Iterator[int]:
    yield 1


async def async_generator() -> object:
    yield 1


@pytest.mark.parametrize(
    ("error", "arguments"),
    [
        (TypeError, {"max_retries": 2.0}),
        (TypeError, {"max_retries": True}),
        (TypeError, {"max_retries": print}),
        (TypeError, {"base_delay": "1"}),
        (TypeError, {"base_delay": True}),
        (TypeError, {"exceptions": "OSError"}),
        (TypeError, {"exceptions": (OSError, 5)}),
        (TypeError, {"exceptions": (KeyboardInterrupt,)}),
        (TypeError, {"sleep": 5}),
        (TypeError, {"budget": None}),
        (ValueError, {"max_retries": 0}),
        (ValueError, {"max_retries": -1}),
        (ValueError, {"base_delay": -0.1}),
        (ValueError, {"base_delay": math.nan}),
        (ValueError, {"base_delay": math.inf}),
        (ValueError, {"max_delay": -1}),
        (ValueError, {"jitter": -1}),
        (ValueError, {"budget": -1}),
        (ValueError, {"exceptions": ()}),
    ],
    ids=repr,
)
def test_wrong_arguments_are_refused_at_once(error: type[Exception], arguments: dict[str, object]) -> None:
    """Not at the first failure at night."""
    name = next(iter(arguments))
    with pytest.raises(error, match=name):
        retry_with_backoff(**arguments)  # type: ignore[arg-type]  # that is the point


@pytest.mark.parametrize(
    "function", [generator, async_generator, functools.partial(generator), 5, classmethod(print)]
)
def test_what_cannot_be_repeated_is_refused_at_once(function: object) -> None:
    """A generator's failures come later than its call; a classmethod object is not callable."""
    with pytest.raises(TypeError):
        retry_with_backoff()(function)  # type: ignore[type-var]  # that is the point


def exhaust(retrying: Callable[[Failing], Callable[[], int]]) -> int:
    """Call what always fails, and tell how many attempts it had."""
    call = Failing(passing_error())
    with pytest.raises(OSError, match="passes"):
        retrying(call)()
    return call.attempts


def test_the_budget_ends_the_waiting_until_a_call_succeeds(waits: list[float]) -> None:
    """Once failing calls have waited the budget, each call has one attempt; a success gives all attempts back."""
    retrying = retry_with_backoff(3, 1.0, budget=6.0, sleep=waits.append)

    assert [exhaust(retrying) for _ in range(5)] == [3, 3, 1, 1, 1]
    assert sum(waits) == 6.0
    assert retrying(Failing(passing_error(), times=0))() == 1
    assert exhaust(retrying) == 3


def test_the_budget_stays_used_up_after_five_minutes_without_a_success(
    waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A dead share is not waited for again and again."""
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    retrying = retry_with_backoff(3, 1.0, budget=3.0, sleep=waits.append)
    first = exhaust(retrying)
    now += 301

    assert (first, exhaust(retrying)) == (3, 1)


def test_waiting_longer_than_five_minutes_ago_is_not_charged(
    waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A failure now and then never uses up the budget."""
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    retrying = retry_with_backoff(3, 1.0, budget=6.0, sleep=waits.append)
    attempts = []
    for _ in range(5):
        attempts.append(exhaust(retrying))
        now += 301

    assert attempts == [3] * 5


def test_a_call_that_succeeds_after_waiting_costs_nothing(waits: list[float]) -> None:
    """Only calls that fail in the end are charged."""
    retrying = retry_with_backoff(3, 1.0, budget=3.0, sleep=waits.append)
    for _ in range(20):
        assert retrying(Failing(passing_error(), times=2))() == 3


def test_a_call_that_has_begun_is_never_cut_short(waits: list[float]) -> None:
    """The budget that another call uses up meanwhile does not take this one's attempts."""
    nested_attempts: list[int] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 1:
            nested_attempts.append(exhaust(retrying))

    retrying = retry_with_backoff(3, 1.0, budget=3.0, sleep=sleep)

    assert exhaust(retrying) == 3
    assert nested_attempts == [3]
    assert exhaust(retrying) == 1


def test_failures_that_do_not_pass_leave_the_budget_alone(waits: list[float]) -> None:
    """They have waited for nothing."""
    retrying = retry_with_backoff(3, 1.0, budget=3.0, sleep=waits.append)
    for _ in range(20):
        with pytest.raises(FileNotFoundError):
            retrying(Failing(FileNotFoundError(errno.ENOENT, "x")))()

    assert exhaust(retrying) == 3


def test_a_budget_belongs_to_one_decorator(waits: list[float]) -> None:
    """Another decorator waits as it was told."""
    retrying = retry_with_backoff(3, 1.0, budget=3.0, sleep=waits.append)

    assert [exhaust(retrying), exhaust(retrying)] == [3, 1]
    assert exhaust(retry_with_backoff(3, 1.0, budget=3.0, sleep=waits.append)) == 3


def test_a_budget_of_nothing_waits_for_nothing(waits: list[float]) -> None:
    """``budget=0`` switches the waiting off."""
    assert exhaust(retry_with_backoff(budget=0, sleep=waits.append)) == 1
    assert waits == []


def test_each_retry_is_a_warning_on_the_workers_log(
    tmp_path: Path, waits: list[float], capfd: pytest.CaptureFixture[str]
) -> None:
    """With the call, the attempt, the wait and the error; nothing on the terminal."""
    setup_worker_logger("genesis", tmp_path)

    @retry_with_backoff(sleep=waits.append)
    def read_story() -> None:
        raise passing_error()

    with pytest.raises(OSError, match="passes"):
        read_story()
    place = "test_each_retry_is_a_warning_on_the_workers_log"
    line = test_each_retry_is_a_warning_on_the_workers_log.__code__.co_firstlineno + 11
    assert levels_and_messages(tmp_path / "genesis.log") == [
        f"WARNING read_story() failed in {place}:{line}: OSError: [Errno 5] passes; trying again in 1 s (2 of 3)",
        f"WARNING read_story() failed again in {place}:{line}; trying again in 2 s (3 of 3)",
    ]
    assert capfd.readouterr() == ("", "")


def test_without_a_worker_nothing_is_logged_or_printed(sandbox: Sandbox) -> None:
    """No handler is put on the root logger, and ``logging``'s last resort prints nothing."""
    done = sandbox.run(
        """
        import logging
        from worker_utils import retry_with_backoff
        @retry_with_backoff(base_delay=0)
        def fail(): raise OSError(5, "passes")
        try:
            fail()
        except OSError as error:
            print(error, logging.root.handlers)
        """
    )

    assert (done.stdout, done.stderr) == (b"[Errno 5] passes []\n", b"")


def test_a_root_logger_that_the_script_has_set_up_shows_no_retry(sandbox: Sandbox) -> None:
    """What a script shows of its own records on the terminal is not added to."""
    done = sandbox.run(
        """
        import logging, sys
        logging.basicConfig(level=logging.DEBUG, stream=sys.stdout)
        from worker_utils import retry_with_backoff
        @retry_with_backoff(base_delay=0)
        def fail(): raise OSError(5, "passes")
        try:
            fail()
        except OSError as error:
            print(error)
        """
    )

    assert (done.stdout, done.stderr) == (b"[Errno 5] passes\n", b"")


def test_ctrl_c_while_waiting_has_no_false_context() -> None:
    """The traceback of a Ctrl-C does not blame the file that was waited for."""

    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:
        retry_with_backoff(sleep=interrupt)(Failing(passing_error()))()
    assert caught.value.__context__ is None


def test_setup_logger_is_the_other_name(tmp_path: Path) -> None:
    """The second requirement's name for the same function."""
    assert worker_utils.setup_logger is setup_worker_logger
    assert isinstance(worker_utils.setup_logger("fila", tmp_path), logging.Logger)


def test_the_package_form_imports_its_own_neighbour(sandbox: Sandbox) -> None:
    """In a package the two files find each other relatively, without the folder on the path."""
    package = sandbox.path / "pacote"
    package.mkdir()
    (package / "__init__.py").write_text("")
    for name in ("worker_logger.py", "worker_utils.py"):
        (sandbox.path / name).rename(package / name)
    done = sandbox.run("from pacote.worker_utils import setup_logger; print(setup_logger.__module__)")

    assert (done.stdout, done.stderr) == (b"pacote.worker_logger\n", b"")


LATE = """
import time
from worker_utils import retry_with_backoff
def on_alarm(number, frame): raise TimeoutError
signal.signal(SIGNAL, on_alarm)
attempts = 0
@retry_with_backoff(sleep=print)
def call():
    global attempts
    attempts += 1
    try:
        for _ in range(3000): time.sleep(0.01)  # on Windows no signal but Ctrl-C ends a sleep
    except TimeoutError as error:
        RAISE
alarm(0.05)
try: call()
except OSError as error: print(type(error).__name__, attempts)
"""


@pytest.mark.parametrize("how", ["raise", "raise ConnectionError from error", "raise ConnectionError"])
def test_a_time_out_by_signal_is_not_repeated(how: str, sandbox: Sandbox) -> None:
    """The alarm is used up: the second attempt would hang. Nor is what a library makes of it."""
    done = sandbox.run(ALARM + LATE.replace("RAISE", how))

    assert done.stdout.split() == [b"TimeoutError" if how == "raise" else b"ConnectionError", b"1"]


def test_an_alarm_that_was_handled_before_is_no_reason(waits: list[float]) -> None:
    """Only what this call raised counts: the error being handled around it is another matter."""
    call = Failing(passing_error(), 1)

    def on_alarm(_number: int, _frame: object) -> None:
        raise TimeoutError

    def work() -> int:
        on_alarm(14, sys._getframe())
        return 0

    try:
        work()
    except TimeoutError:
        assert retry_with_backoff(sleep=waits.append)(call)() == 2


def test_a_call_that_gets_an_iterator_has_one_attempt(waits: list[float]) -> None:
    """The first attempt uses it up: the second would be another request."""
    seen: list[list[int]] = []

    def send(numbers: Iterator[int]) -> None:
        seen.append(list(numbers))
        raise passing_error()

    with pytest.raises(OSError, match="passes"):
        retry_with_backoff(sleep=waits.append)(send)(iter([1, 2]))
    with pytest.raises(OSError, match="passes"):
        retry_with_backoff(sleep=waits.append)(send)(numbers=zip([3]))  # type: ignore[arg-type]
    assert len(seen) == 2


def test_what_a_call_reads_from_is_used_up_by_the_first_attempt(waits: list[float]) -> None:
    """Streams of all kinds, also those without ``__next__``; what can be read again is not."""

    class Source:
        def read(self, _size: int = -1) -> bytes:
            return b""

        def close(self) -> None:
            pass

    async def numbers() -> AsyncIterator[int]:
        yield 1

    def send(_what: object) -> None:
        raise passing_error()

    with tempfile.NamedTemporaryFile() as named, tempfile.SpooledTemporaryFile() as spooled:
        once = [named, spooled, io.BytesIO(), Source(), numbers(), map(str, [1])]
        again = [[1], {"a": 1}, range(3), Path("x"), configparser.ConfigParser(), unittest.mock.Mock()]
        for what, attempts in [*((each, 1) for each in once), *((each, 3) for each in again)]:
            waits.clear()
            with pytest.raises(OSError, match="passes"):
                retry_with_backoff(sleep=waits.append, budget=math.inf)(send)(what)
            assert len(waits) == attempts - 1, what


def test_whatever_attributes_the_callable_or_the_error_has_the_error_comes_out(
    tmp_path: Path, waits: list[float]
) -> None:
    """Naming them for the log neither raises nor ends the repeating."""
    setup_worker_logger("genesis", tmp_path)

    class Odd:
        left = 2

        def __getattr__(self, name: str) -> object:
            raise RuntimeError(name)

        def __call__(self, *_: object) -> str:
            self.left -= 1
            if self.left:
                raise MuteError
            return "done"

    class MuteError(OSError):
        def __str__(self) -> str:
            raise RuntimeError

    class BrokenError(OSError):
        @property
        def code(self) -> int:
            raise RuntimeError

    class Strange(type):
        def __getattr__(cls, name: str) -> object:
            raise RuntimeError(name)

    def fail() -> None:
        raise BrokenError

    async_stand_in = unittest.mock.AsyncMock(side_effect=[passing_error(), 8])
    retrying = retry_with_backoff(sleep=waits.append)
    assert retrying(Odd())() == "done"
    assert retrying(Odd())(Odd(), Strange("Kind", (), {})()) == "done"
    assert asyncio.run(retrying(async_stand_in)()) == 8
    assert len(waits) == 3
    with pytest.raises(BrokenError):
        retrying(fail)()
    assert len(levels_and_messages(tmp_path / "genesis.log")) == 3


def test_a_stand_in_of_a_test_is_wrapped() -> None:
    """``mock_open`` has attributes that no function takes."""
    stand_in = unittest.mock.mock_open(read_data="x")
    with retry_with_backoff()(stand_in)("p") as file:
        assert file.read() == "x"
    assert retry_with_backoff()(unittest.mock.MagicMock(spec=open, return_value=3))("p") == 3


def connect(_address: tuple[str, int]) -> None:
    raise OSError(errno.ECONNREFUSED, "nowhere")


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (lambda retrying: retrying(open)(Path("/nowhere/x?key=abc")), "open(/nowhere/x?key=***) failed in"),
        (lambda retrying: retrying(os.listdir)(Path("/nowhere")), "os.listdir(/nowhere) failed in"),
        (lambda retrying: retrying(Path("/nowhere/y").read_text)(), "pathlib.Path.read_text(/nowhere/y) failed in"),
        (lambda retrying: retrying(Path("/nowhere/w").write_text)("contents"), "pathlib.Path.write_text(/nowhere/w) failed in"),
        (lambda retrying: retrying(urllib.request.urlopen)("file:///nowhere/z"), "urllib.request.urlopen(file:///nowhere/z) failed in"),
        (lambda retrying: retrying(connect)(("nowhere", 80)), "connect(nowhere:80) failed in"),
        (lambda retrying: retrying(functools.partial(open))(file=Path("/nowhere/k")), "open(/nowhere/k) failed in"),
    ],
    ids=["open", "listdir", "method", "method with what is written", "url", "address", "keyword"],
)  # fmt: skip
def test_a_retrys_line_names_what_was_called_and_about_what(
    call: Callable[[object], object], expected: str, tmp_path: Path, waits: list[float]
) -> None:
    """As one would write the call, with the file or URL, secrets masked."""
    setup_worker_logger("genesis", tmp_path)
    with pytest.raises(OSError, match="nowhere"):
        call(retry_with_backoff(2, sleep=waits.append, exceptions=(FileNotFoundError, OSError)))
    (line,) = levels_and_messages(tmp_path / "genesis.log")
    shown = expected if "://" in expected else expected.replace("/", os.sep)
    assert line.startswith(f"WARNING {shown} <lambda>:")
    assert line.endswith("; trying again in 1 s (2 of 2)")


def test_what_is_no_file_and_no_url_is_not_named(tmp_path: Path, waits: list[float]) -> None:
    """A function of the program's own may get a password, or user and password."""
    setup_worker_logger("genesis", tmp_path)

    def act(*_: object) -> None:
        raise passing_error()

    shown = ("dados.json", "/srv/x", "./x", "C:\\x", "https://x.example/", "~/x")
    hidden = (
        "s3nha",
        "eyJhbGciOi.eyJzdWIiOiIx.SflKxwRJSMeKKF2QT4",
        "AKIA/abc+def==",
        "olá, mundo.",
        ("ana", "s3nha"),
    )
    for value in (*shown, *hidden):
        with pytest.raises(OSError, match="passes"):
            retry_with_backoff(2, sleep=waits.append)(act)(value)
    lines = levels_and_messages(tmp_path / "genesis.log")

    assert [line.split("(", 1)[1].split(") failed")[0] for line in lines] == [*shown, *("" for _ in hidden)]


def test_a_spent_budget_is_said_once(tmp_path: Path, waits: list[float]) -> None:
    """Silence would look as if nothing were repeated any more by mistake."""
    setup_worker_logger("genesis", tmp_path)
    retrying = retry_with_backoff(3, 1.0, budget=3.0, sleep=waits.append)
    for _ in range(3):
        exhaust(retrying)
    said = [line for line in levels_and_messages(tmp_path / "genesis.log") if "suspended" in line]
    assert said == [
        "WARNING retries are suspended: calls that failed in the end have waited 3 s within five minutes; "
        "each call has one attempt until one succeeds"
    ]
