# workerlog-migrate runtime 0.1.0 tree:48611d063ee8a5541524430fc3113a8774618848788fdc76e2e638ec635ee5a9
"""Repeat what fails in passing, and tell someone when a worker is in trouble.

Public names: ``retry_with_backoff``, ``setup_logger``, ``notify_critical``.
Standard library only, Python 3.10 or later; stands beside ``worker_logger.py``; importing it does nothing.
"""

from __future__ import annotations

import errno
import functools
import os
import sys
import time
from collections import deque

TYPE_CHECKING = False  # not imported: `typing` costs more than all of this module
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import TypeVar

    _F = TypeVar("_F", bound=Callable[..., object])

if TYPE_CHECKING:
    from worker_logger import current_logger, notify, setup_worker_logger
elif __package__:  # a module of a package
    from .worker_logger import current_logger, notify, setup_worker_logger
else:  # beside the script
    from worker_logger import current_logger, notify, setup_worker_logger

__all__ = ["notify_critical", "retry_with_backoff", "setup_logger"]

RUNTIME_VERSION = "0.1.0"

setup_logger = setup_worker_logger

_BUDGET_SECONDS = 300.0  # the time in which failing calls use up their budget
_CO_COROUTINE, _CO_GENERATOR, _CO_ASYNC_GENERATOR = (
    0x80,
    0x20,
    0x200,
)  # as in `inspect`, which is slow to import
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

    The last failure is raised as it came. Failures that do not pass are raised at once: no such file, exists,
    is (not) a folder, name too long, read-only file system, no space, permission denied (but on Windows, where it
    means "in use"), an OSError that is a ValueError too, ``shutil.Error``, HTTP 4xx but 408, 425 and 429. One of
    the five built-in classes among these is repeated if ``exceptions`` names it itself.

    Args:
        max_retries: attempts in all, at least 1.
        base_delay: seconds before the second attempt; doubled for each further one. At least 0.
        max_delay: most seconds to wait at once.
        jitter: up to so many seconds are added at random to each wait.
        exceptions: what is repeated: exception classes.
        budget: once calls that failed in the end have waited so many seconds within five minutes, each further
            call has one attempt until one succeeds. One decorator has one budget.
        sleep: what to wait with, for tests: called with seconds (for a coroutine function it may be one itself).
            Without it ``time.sleep`` or ``asyncio.sleep``, looked up at each wait.

    Returns:
        The decorator, for functions, methods, ``functools.partial``, built-ins and coroutine functions.

    Raises:
        TypeError: an argument of a wrong type, or a generator function, whose failures come after the call.
        ValueError: an argument out of bounds.
    """
    if isinstance(max_retries, bool) or not isinstance(max_retries, int):
        hint = "; write @retry_with_backoff()" if callable(max_retries) else ""
        raise TypeError(f"max_retries must be an int, not {type(max_retries).__name__}{hint}")
    if max_retries < 1:
        raise ValueError(f"max_retries counts all attempts and must be at least 1, not {max_retries}")
    numbers = {"base_delay": base_delay, "max_delay": max_delay, "jitter": jitter, "budget": budget}
    for name, number in numbers.items():
        if isinstance(number, bool) or not isinstance(number, (int, float)):
            raise TypeError(f"{name} must be a number of seconds, not {type(number).__name__}")
        if not number >= 0 or (number == float("inf") and name != "budget"):  # NaN is not >= 0
            raise ValueError(f"{name} must be at least 0 and finite, not {number}")
    kinds = exceptions if isinstance(exceptions, tuple) else (exceptions,)
    if not kinds:
        raise ValueError("exceptions must name at least one class")
    for kind in kinds:
        if not (isinstance(kind, type) and issubclass(kind, Exception)):
            raise TypeError(f"exceptions must be subclasses of Exception, not {kind!r}")
    if sleep is not None and not callable(sleep):
        raise TypeError(f"sleep must be callable, not {type(sleep).__name__}")
    policy = _Policy(max_retries, base_delay, max_delay, jitter, kinds, budget)

    def decorate(function: _F) -> _F:
        flags = _code_flags(function)
        if flags & (_CO_GENERATOR | _CO_ASYNC_GENERATOR):
            raise TypeError(
                "a generator function fails while it is iterated, not when called: decorate what it calls"
            )
        if flags & _CO_COROUTINE:
            return _wrap_coroutine_function(function, policy, sleep)  # type: ignore[arg-type, return-value]
        return _wrap_function(function, policy, sleep)  # type: ignore[return-value]  # the same, by wraps()

    return decorate


def _code_flags(function: object) -> int:
    """Tell what kind of function is behind partials, methods and callable objects."""
    if not callable(function):
        raise TypeError(
            f"{type(function).__name__} is not callable; a classmethod goes above the retry, not below"
        )
    while isinstance(function, functools.partial):
        function = function.func
    code = getattr(function, "__code__", None) or getattr(type(function).__call__, "__code__", None)
    return int(getattr(code, "co_flags", 0))


def _wrap_function(
    function: Callable[..., object], policy: _Policy, sleep: Callable[[float], object] | None
) -> Callable[..., object]:
    @functools.wraps(function)
    def retrying(*args: object, **kwargs: object) -> object:
        call = _Call(policy, function)
        while True:
            try:
                result = function(*args, **kwargs)
            except policy.kinds as error:
                if (delay := call.delay_after(error)) is None:
                    raise
            else:
                policy.exhausted = False
                return result
            (sleep or time.sleep)(delay)  # outside the handler: Ctrl-C while waiting has no false context

    return retrying


def _wrap_coroutine_function(
    function: Callable[..., Awaitable[object]], policy: _Policy, sleep: Callable[[float], object] | None
) -> Callable[..., object]:
    @functools.wraps(function)
    async def retrying(*args: object, **kwargs: object) -> object:
        call = _Call(policy, function)
        while True:
            try:
                result = await function(*args, **kwargs)
            except policy.kinds as error:
                if (delay := call.delay_after(error)) is None:
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
        self.exhausted = False
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
            self.exhausted = True


class _Call:
    """The course of one call."""

    def __init__(self, policy: _Policy, function: object) -> None:
        self.policy, self.function = policy, function
        single = policy.exhausted or not policy.budget  # decided once: a call is never cut short
        self.attempts = 1 if single else policy.attempts
        self.attempt = 1
        self.waited = 0.0

    def delay_after(self, error: Exception) -> float | None:
        """Tell the seconds to wait before the next attempt; None to let the error pass."""
        if self.attempt >= self.attempts or _never_passes(error, self.policy.kinds):
            self.policy.give_up(self.waited)
            return None
        self.attempt += 1
        delay = self.policy.delay_before(self.attempt)
        self.waited += delay
        if (logger := current_logger()) is not None:  # never the root logger: it would print to the terminal
            logger.warning(
                "%s failed, attempt %d of %d in %.1f s: %s: %s",
                getattr(self.function, "__qualname__", None) or type(self.function).__name__,
                self.attempt,
                self.attempts,
                delay,
                type(error).__name__,
                error,
            )
        return delay


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
    return notify(message, worker=worker, error=error, sink=sink)
