# workerlog-migrate runtime 0.1.0 tree:d9caf8088042ec03f047f998340044d6b6e6274c7012d4780d71c68ff20297fa
"""Repeat what fails in passing, and tell someone when a worker is in trouble.

Public names: ``retry_with_backoff``, ``setup_logger``, ``notify_critical``.
Standard library only, Python 3.10 or later; stands beside ``worker_logger.py``; importing it does nothing.
"""

from __future__ import annotations

import errno
import functools
import logging
import os
import re
import sys
import time
from collections import deque
from types import CodeType

TYPE_CHECKING = False  # not imported: `typing` costs more than all of this module
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from types import FrameType
    from typing import Any, TypeVar

    _F = TypeVar("_F", bound=Callable[..., object])

if TYPE_CHECKING:
    import worker_logger as log
elif __package__:  # a module of a package
    from . import worker_logger as log
else:  # beside the script
    import worker_logger as log

__all__ = ["notify_critical", "retry_with_backoff", "setup_logger"]

RUNTIME_VERSION = "0.1.0"

current_logger = log.current_logger
setup_logger = log.setup_worker_logger

_BUDGET_SECONDS = 300.0  # the time in which failing calls use up their budget
_CO_COROUTINE, _CO_GENERATOR, _CO_ASYNC_GENERATOR = 0x80, 0x20, 0x200  # as in `inspect`, slow to import
_NEVER_PASSES = (FileNotFoundError, FileExistsError, IsADirectoryError, NotADirectoryError)
_NEVER_PASSES_ERRNO = (errno.ENAMETOOLONG, errno.EROFS, errno.ENOSPC)
_HTTP_PASSES = (408, 425, 429)  # request timeout, too early, too many requests


def retry_with_backoff(
    max_retries: int = 3,
    base_delay: float = 1.0,
    *,
    max_delay: float = 60.0,
    jitter: float = 0.0,
    exceptions: type[Exception] | tuple[type[Exception], ...] = (OSError,),
    budget: float = 60.0,
    sleep: Callable[[float], object] | None = None,
) -> Callable[[_F], _F]:
    """Make a decorator that repeats a call whose failure may pass, waiting longer each time.

    The last failure is raised as it came; at once what does not pass: no such file, exists, is (not) a folder, name too
    long, read-only file system, no space, permission denied (on Windows it means "in use"), an OSError that is a
    ValueError too, ``shutil.Error``, HTTP 4xx but 408, 425 and 429. Of these ``exceptions`` may name the five built-in
    classes. Not repeated is what a signal handler raised, nor a call with an iterator or an open stream as argument.

    Args:
        max_retries: attempts in all, at least 1.
        base_delay: seconds before the second attempt; doubled for each further one. At least 0.
        max_delay: most seconds to wait at once.
        jitter: up to so many seconds are added at random to each wait.
        exceptions: what is repeated: exception classes.
        budget: once calls that failed in the end have waited so many seconds within five minutes, each further
            call has one attempt until one succeeds. One decorator has one budget.
        sleep: what to wait with, for tests; else ``time.sleep`` or ``asyncio.sleep``, looked up at each wait.

    Returns:
        The decorator, for functions, methods, ``functools.partial``, built-ins and coroutine functions.

    Raises:
        TypeError: an argument of a wrong type, or a generator function, whose failures come after the call.
        ValueError: an argument out of bounds.
    """
    seconds = {"base_delay": base_delay, "max_delay": max_delay, "jitter": jitter, "budget": budget}
    kinds = exceptions if isinstance(exceptions, tuple) else (exceptions,)
    _check(max_retries, seconds, kinds, sleep)
    policy = _Policy(max_retries, base_delay, max_delay, jitter, kinds, budget)
    return functools.partial(_decorate, policy=policy, sleep=sleep)


def _check(max_retries: object, numbers: dict[str, float], kinds: tuple[object, ...], sleep: object) -> None:
    if isinstance(max_retries, bool) or not isinstance(max_retries, int):
        hint = "; write @retry_with_backoff()" if callable(max_retries) else ""
        raise TypeError(f"max_retries must be an int, not {type(max_retries).__name__}{hint}")
    if max_retries < 1:
        raise ValueError(f"max_retries counts all attempts and must be at least 1, not {max_retries}")
    for name, number in numbers.items():
        if isinstance(number, bool) or not isinstance(number, (int, float)):
            raise TypeError(f"{name} must be a number of seconds, not {type(number).__name__}")
        if not number >= 0 or (number == float("inf") and name != "budget"):  # NaN is not >= 0
            raise ValueError(f"{name} must be at least 0 and finite, not {number}")
    if not kinds:
        raise ValueError("exceptions must name at least one class")
    for kind in kinds:
        if not (isinstance(kind, type) and issubclass(kind, Exception)):
            raise TypeError(f"exceptions must be subclasses of Exception, not {kind!r}")
    if sleep is not None and not callable(sleep):
        raise TypeError(f"sleep must be callable, not {type(sleep).__name__}")


def _decorate(function: _F, policy: _Policy, sleep: Callable[[float], object] | None) -> _F:
    flags = _code_flags(function)
    if flags & (_CO_GENERATOR | _CO_ASYNC_GENERATOR):
        raise TypeError(
            "a generator function fails while it is iterated, not when called: decorate what it calls"
        )
    wrap: Callable[..., Any] = _wrap_coroutine_function if flags & _CO_COROUTINE else _wrap_function
    retrying: _F = wrap(function, policy, sleep)
    try:
        functools.update_wrapper(retrying, function)
    except Exception:  # noqa: BLE001  # a stand-in of a test may have any attribute
        vars(retrying)["__wrapped__"] = function
    return retrying


def _code_flags(function: object) -> int:
    """Tell what kind of function is behind partials, methods and callable objects."""
    if not callable(function):
        raise TypeError(
            f"{type(function).__name__} is not callable; a classmethod goes above the retry, not below"
        )
    while isinstance(function, functools.partial):
        function = function.func
    codes = (_ask(function, "__code__"), _ask(type(function).__call__, "__code__"))
    return next((code.co_flags for code in codes if isinstance(code, CodeType)), 0)


def _wrap_function(
    function: Callable[..., object], policy: _Policy, sleep: Callable[[float], object] | None
) -> Callable[..., object]:
    def retrying(*args: object, **kwargs: object) -> object:
        call = _Call(policy, function, args, kwargs)
        while True:
            try:
                result = function(*args, **kwargs)
            except policy.kinds as error:
                if (delay := call.delay_after(error, sys._getframe(1))) is None:
                    raise
            else:
                policy.exhausted = False
                return result
            (sleep or time.sleep)(delay)  # outside the handler: Ctrl-C while waiting has no false context

    return retrying


def _wrap_coroutine_function(
    function: Callable[..., Awaitable[object]], policy: _Policy, sleep: Callable[[float], object] | None
) -> Callable[..., object]:
    async def retrying(*args: object, **kwargs: object) -> object:
        call = _Call(policy, function, args, kwargs)
        while True:
            try:
                result = await function(*args, **kwargs)
            except policy.kinds as error:
                if (delay := call.delay_after(error, sys._getframe(1))) is None:
                    raise
            else:
                policy.exhausted = False
                return result
            import asyncio

            waiting = (sleep or asyncio.sleep)(delay)
            if hasattr(waiting, "__await__"):
                await waiting

    return retrying


class _Policy:
    """The arguments of one decorator, and what its failed calls have waited."""

    def __init__(
        self,
        attempts: int,
        base_delay: float,
        max_delay: float,
        jitter: float,
        kinds: tuple[type[Exception], ...],
        budget: float,
    ) -> None:
        self.attempts, self.base_delay, self.max_delay, self.jitter = attempts, base_delay, max_delay, jitter
        self.kinds, self.budget = kinds, budget
        self.exhausted = self.is_new = False  # whether the budget is spent, and that was not said yet
        self.waits: deque[tuple[float, float]] = deque(maxlen=1000)  # when a call gave up, what it had waited

    def delay_before(self, attempt: int) -> float:
        """Tell the seconds to wait before an attempt (the second is 2)."""
        delay = self.base_delay * 2.0 ** min(attempt - 2, 60)
        if self.jitter:
            import random

            delay += random.uniform(0, self.jitter)
        return min(delay, self.max_delay)

    def give_up(self, waited: float) -> None:
        """Charge the budget with what a call has waited in vain."""
        if not waited:
            return
        now = time.monotonic()
        self.waits.append((now, waited))
        if sum(w for when, w in list(self.waits) if now - when < _BUDGET_SECONDS) >= self.budget:
            self.is_new = not self.exhausted
            self.exhausted = True


class _Call:
    """The course of one call."""

    def __init__(
        self, policy: _Policy, function: object, args: tuple[object, ...], kwargs: dict[str, object]
    ) -> None:
        self.policy, self.function, self.args, self.kwargs = policy, function, args, kwargs
        used_up = any(map(_is_used_up, (*args, *kwargs.values())))
        single = policy.exhausted or not policy.budget or used_up  # decided once: a call is never cut short
        self.attempts = 1 if single else policy.attempts
        self.attempt, self.waited, self.said = 1, 0.0, ""
        self.outer = sys.exc_info()[1]  # what was being handled before the call

    def delay_after(self, error: Exception, caller: FrameType) -> float | None:
        """Tell the seconds to wait before the next attempt; None to let the error pass."""
        with log.quiet(Exception):  # what the error says of itself may raise anything: it passes as it came
            return self._delay_after(error, caller)
        return None

    def _delay_after(self, error: Exception, caller: FrameType) -> float | None:
        if self.attempt >= self.attempts or _never_passes(error, self.policy.kinds) or self._is_signal(error):
            self.policy.give_up(self.waited)
            if self.policy.is_new:
                self.policy.is_new = False
                spent = (
                    f"calls that failed in the end have waited {self.policy.budget:g} s within five minutes"
                )
                self._log(
                    caller, f"retries are suspended: {spent}; each call has one attempt until one succeeds"
                )
            return None
        self.attempt += 1
        delay = self.policy.delay_before(self.attempt)
        self.waited += delay
        happened = log.masked(f": {type(error).__name__}: {log.text_of(error)}", 200)
        failed = "failed again" if happened == self.said else "failed"
        place = f" in {caller.f_code.co_name}:{caller.f_lineno}{'' if happened == self.said else happened}"
        again = f"; trying again in {delay:.3g} s ({self.attempt} of {self.attempts})"
        self._log(caller, f"{_name_of(self.function)}({self._target()}) {failed}{place}{again}")
        self.said = happened
        return delay

    def _log(self, caller: FrameType, text: str) -> None:
        logger = current_logger()
        if logger is not None:  # never the root logger: it would print to the terminal
            log.log_at(logger, logging.WARNING, caller, text)

    def _target(self) -> str:
        """Name the file, the URL or the address that the call is about."""
        own = _ask(self.function, "__self__")  # of Path.write_text, whose argument is what is written
        for value in (own, *self.args[:2], self.kwargs.get("url"), self.kwargs.get("file")):
            if isinstance(value, os.PathLike) or (isinstance(value, str) and self._is_place(value)):
                return log.masked(os.fsdecode(value), 200)
            if isinstance(value, tuple) and len(value) == 2 and isinstance(value[1], int):  # host and port
                return f"{value[0]}:{value[1]}"[:200]
            if isinstance(url := _ask(value, "full_url"), str):  # urllib.request.Request
                return log.masked(url, 200)
        return ""

    def _is_place(self, text: str) -> bool:
        """Tell whether a text names a file or a URL: those of the standard library do, others may get a password."""
        code = _ask(self.function, "__code__")
        if type(code) is not CodeType or log.is_of_library(code.co_filename):
            return True
        return re.match(r"[a-zA-Z][\w+.-]*://|~?[/\\.]|[a-zA-Z]:[/\\]|[^\s=]*\.\w{1,5}$", text) is not None

    def _is_signal(self, error: BaseException) -> bool:
        """Tell whether the failure, or what it comes from, was raised by a signal handler: a time-out by alarm."""
        failure: BaseException | None = error
        for _ in range(20):
            if failure is None or failure is self.outer:
                return False
            if log.raised_by_signal_handler(failure):
                return True
            reason = getattr(failure, "reason", None)  # urllib.error.URLError
            failure = (
                reason if isinstance(reason, BaseException) else failure.__cause__ or failure.__context__
            )
        return False


def _ask(value: object, name: str) -> object:
    """Give an attribute, None when there is none, or the program's own code fails when it is asked."""
    with log.quiet(Exception):
        return getattr(value, name, None)
    return None


def _is_used_up(argument: object) -> bool:
    """Tell whether the first attempt uses an argument up: an iterator, or an open stream."""
    kind = type(argument)
    with log.quiet(Exception):  # asking may run a metaclass of the program's own
        reads = hasattr(kind, "read") and hasattr(kind, "close")
        iterates = hasattr(kind, "__next__") or hasattr(kind, "__anext__")
        return reads or iterates or kind.__module__ == "tempfile"
    return False


def _name_of(function: object) -> str:
    """Name a callable as one would import it: ``requests.get``, ``open``, ``os.listdir``; the program's own bare."""
    while isinstance(function, functools.partial):
        function = function.func
    name = str(_ask(function, "__qualname__") or type(function).__qualname__).rpartition("<locals>.")[2]
    module, code = _ask(function, "__module__"), _ask(function, "__code__")
    own = type(code) is CodeType and log.is_own(code)
    if own or not isinstance(module, str) or module in ("builtins", "io", "_io"):
        return name
    module = "os" if module in ("posix", "nt") else module
    package = module.partition(".")[0]
    shown = vars(sys.modules[package]) if package in sys.modules else {}
    return f"{package if name.partition('.')[0] in shown else module}.{name}"


def _never_passes(error: BaseException, kinds: tuple[type[Exception], ...]) -> bool:
    status = getattr(error, "code", None)  # urllib.error.HTTPError
    if not isinstance(status, int):
        status = getattr(getattr(error, "response", None), "status_code", None)  # requests, httpx
    if isinstance(status, int) and 400 <= status < 500:
        return status not in _HTTP_PASSES
    if not isinstance(error, OSError):
        return False
    if isinstance(error, ValueError):  # an invalid URL, a certificate that does not verify, JSON that is none
        return True
    if isinstance(error, _NEVER_PASSES):
        return type(error) not in kinds
    if isinstance(error, PermissionError):
        return os.name != "nt" and PermissionError not in kinds
    shutil = sys.modules.get("shutil")  # where it is not imported, nothing raises its error
    if error.errno in _NEVER_PASSES_ERRNO or (shutil is not None and isinstance(error, shutil.Error)):
        return True
    reason = getattr(error, "reason", None)  # urllib.error.URLError wraps the socket's error
    return isinstance(reason, OSError) and _never_passes(reason, kinds)


def notify_critical(
    message: str,
    *,
    worker: str | None = None,
    error: BaseException | None = None,
    sink: Callable[[dict[str, object]], object] | None = None,
) -> bool:
    """Tell someone that a worker is in trouble; CRITICAL records of a worker's logger do so by themselves.

    One line of JSON is appended to ``notifications.jsonl`` in the worker's log folder. ``WORKER_NOTIFY_URL`` gets the
    same as a POST and ``WORKER_NOTIFY_COMMAND`` on its stdin, if set. Equal messages of a worker are sent once in
    five minutes, by all its processes together. Never raises; takes two seconds at most.

    Args:
        message: what happened.
        worker: name of the worker's logger; the script's own when omitted.
        error: the exception, if there is one.
        sink: called with the record (``timestamp``, ``worker``, ``message``, ``error``, ...) in a thread.

    Returns:
        Whether it was sent; False when it was held back, or nobody could be told.
    """
    return log.notify(message, worker=worker, error=error, sink=sink)
