"""One call within its time, what came out of it, and what the analysis says of it: what the proofs of hostile calls share.

`raised` is the one place where everything that a call raises is caught: what comes out is the question there.
"""

from __future__ import annotations

import builtins
import contextlib
import functools
import importlib
import importlib.util
import re
import signal
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from types import FrameType

# What ends the program by nature, or is no Exception, is not listed; a broken interpreter is not the program's matter.
NOT_LISTED = frozenset({"MemoryError", "RecursionError", "SystemError"})


class TooLong(BaseException):
    """A call took more than its time."""


def prepare() -> None:
    """Make this process one that calls: the alarm ends what takes too long, and warnings are not the matter."""
    signal.signal(signal.SIGALRM, _too_long)
    warnings.simplefilter("ignore")


def _too_long(_number: int, _frame: FrameType | None) -> None:
    raise TooLong


def raised(call: Callable[[], object], seconds: float) -> BaseException | None:
    """Call once, and return what is raised.

    Args:
        call: what is called.
        seconds: what it may take.

    Returns:
        The exception; `TooLong` when the time was over, also where the call made another error of that (a lock that the
        alarm took away); None when nothing was raised.
    """
    try:
        signal.setitimer(signal.ITIMER_REAL, seconds)
        call()
    except (Exception, GeneratorExit, SystemExit, TooLong) as error:  # noqa: BLE001 - what comes out is the question
        return error.__context__ if isinstance(error.__context__, TooLong) else error
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return None


def name_of(kind: type) -> str:
    """Return the name of a class as lists have it.

    Args:
        kind: the class.
    """
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def family_of(error: BaseException) -> list[str]:
    """Return the names of an error's class and of its bases.

    Args:
        error: the error.
    """
    return [name_of(each) for each in type(error).__mro__]


def modules_of(line: str) -> list[str]:
    """Return the modules that a line names, as far as this Python has them.

    Args:
        line: a statement.
    """
    found: list[str] = []
    for name in re.findall(r"(?<![\w.'])[a-z_]\w*(?:\.[A-Za-z]\w*)*", line):
        parts = name.split(".")
        for cut in range(len(parts), 0, -1):
            module = ".".join(parts[:cut])
            with contextlib.suppress(ImportError, ValueError), warnings.catch_warnings():
                warnings.simplefilter("ignore")  # to look for a part, a module is imported
                if importlib.util.find_spec(module) is not None:
                    found.append(module)
                    break
    return sorted(set(found))


# -- what is inferred ----------------------------------------------------------------------------------------


def inferred(text: str) -> tuple[bool, tuple[str, ...]]:
    """Say what the analysis gives for the one ``try`` statement of a script: whether it is complete, and the names.

    Args:
        text: the script.
    """
    is_complete, names, _ = inferred_and_rare(text)
    return is_complete, names


def inferred_and_rare(text: str) -> tuple[bool, tuple[str, ...], tuple[str, ...]]:
    """Say the same, and what is documented, hardly ever seen, and listed where nothing else is known to be raised.

    Args:
        text: the script.
    """
    from workerlog_migrate.analysis.module import Module
    from workerlog_migrate.analysis.raises import infer, infer_suspects
    from workerlog_migrate.analysis.types import Types
    from workerlog_migrate.knowledge import Knowledge
    from workerlog_migrate.model import Settings, Source

    module = Module(Source(path=Path("worker.py"), text=text, raw=text.encode()))
    engine = Types(module, Knowledge(), Settings(), lambda _name, _path: None).engine
    (statement,) = module.tries
    block = engine.flow.block(statement, engine.unit.enclosing(statement))
    found, rare = infer(engine, block), infer_suspects(engine, block, statement.body)
    return found.is_complete, tuple(found.names), tuple(rare.names)


def is_listed(family: Iterable[str], names: Iterable[str]) -> bool:
    """Say whether a list catches an error.

    Args:
        family: the names of its class and of the bases of that, as `family_of` gives them.
        names: the list.
    """
    canonical = _canonical()
    own, *_ = family = list(family)
    # a class of `_lzma` goes by `lzma`
    known = {canonical(name) for each in family for name in (each, each.removeprefix("_"))}
    listed = {
        *names,
        *(name_of(kind) for kind in classes(names)),
    }  # `asyncio.TimeoutError` is the builtin one from 3.11 on
    return own in NOT_LISTED or not known.isdisjoint(listed) or not listed.isdisjoint(family)


def classes(names: Iterable[str]) -> tuple[type[BaseException], ...]:
    """Return the classes that this Python has for the names of a list; of a name for several, as ``dbm.error``, all of them.

    Args:
        names: the names.
    """
    found: list[type[BaseException]] = []
    for name in names:
        value = _found(name)
        found += value if isinstance(value, tuple) else [value] if isinstance(value, type) else []
    return tuple(found)


def _found(name: str) -> object:
    module, _, attribute = name.rpartition(".")
    if not module:
        return getattr(builtins, name, None)
    with contextlib.suppress(ImportError):
        return getattr(importlib.import_module(module), attribute, None)
    return getattr(_found(module), attribute, None)  # a class in a class: imaplib.IMAP4.error


@functools.lru_cache(maxsize=1)
def _canonical() -> Callable[[str], str]:
    from workerlog_migrate.knowledge import Knowledge

    return Knowledge().canonical_exception
