"""Options and shared paths of the test suite."""

from __future__ import annotations

import compileall
import gc
import os
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parent.parent

_POSIX = tomllib.loads((ROOT / "tests" / "posix.toml").read_text(encoding="utf-8"))
"""What Windows has not, by the reason: ``{reason: {"tests": [FILE, FILE::FUNCTION or FILE::FUNCTION[CASE], ...]}}``."""


def _lacks(row: dict[str, object]) -> bool:
    """Tell whether a row of the table speaks of this system."""
    if sys.platform != "win32":
        return False
    return row.get("only-in") != "Wine" or _is_wine()


def _is_wine() -> bool:
    if sys.platform != "win32":
        return False
    import ctypes

    return hasattr(ctypes.WinDLL("ntdll"), "wine_get_version")


_NOT_HERE = {name: reason for reason, row in _POSIX.items() if _lacks(row) for name in row["tests"]}

collect_ignore = [name for name in _NOT_HERE if "::" not in name]


def _start_again_in_wine() -> None:
    """Start a process again that Wine answers with "internal error": it ended before its first line, so nothing has run."""
    if sys.platform == "win32" and _is_wine():
        import _winapi

        start = _winapi.CreateProcess

        def started(*arguments: Any, tries: int = 5) -> Any:
            try:
                return start(*arguments)
            except OSError as error:
                if error.winerror != 1359 or tries == 1:
                    raise
            return started(*arguments, tries=tries - 1)

        _winapi.CreateProcess = started


_CACHE = pytest.StashKey[str]()
_STATE = pytest.StashKey[str]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write each golden case's after.py, and fail, so that a person reads the difference",
    )
    parser.addoption(
        "--cases",
        type=int,
        metavar="N",
        help="of each test function N cases that can run here, as far apart as they can be: where a process costs seconds (.ci/windows)",
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--update-golden") and os.environ.get("CI"):
        raise pytest.UsageError("--update-golden is for people: in CI the golden files are what they are")
    _start_again_in_wine()
    # Who starts the tests in the background has SIGINT ignored, who does so by nohup SIGHUP as well, and the programs that
    # they interrupt would inherit that.
    if threading.current_thread() is threading.main_thread():
        usual: dict[str, Any] = {"SIGINT": signal.default_int_handler, "SIGHUP": signal.SIG_DFL}
        for name, handler in usual.items():
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) is signal.SIG_IGN:
                signal.signal(number, handler)
    if not hasattr(config, "workerinput"):
        # Hundreds of tests start the command. Where PYTHONDONTWRITEBYTECODE is set each process would compile every module
        # of it again, which is a third of its time.
        for folder in ("src", "codemods"):
            compileall.compile_dir(ROOT / folder, quiet=2)
    # The command's processes inherit it: no test reads or writes the cache or the undo of whoever runs the tests.
    config.stash[_CACHE] = os.environ["WORKERLOG_MIGRATE_CACHE_DIR"] = tempfile.mkdtemp(
        prefix="workerlog-cache-"
    )
    config.stash[_STATE] = os.environ["XDG_STATE_HOME"] = tempfile.mkdtemp(prefix="workerlog-state-")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        path, _, name = item.nodeid.removeprefix("tests/").partition("::")
        if reason := _NOT_HERE.get(f"{path}::{name}") or _NOT_HERE.get(f"{path}::{name.partition('[')[0]}"):
            item.add_marker(pytest.mark.skip(reason=f"not on Windows: {reason}"))
        elif os.name == "nt" and item.get_closest_marker("needs") and not _has_all(item):
            item.add_marker(pytest.mark.skip(reason=f"not here: {' '.join(_needed(item))}"))
    if most := config.getoption("--cases"):
        _thin_out(config, items, most)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Keep the compiled tests, where PYTHONDONTWRITEBYTECODE is set, too: making them is half of collecting.

    No test runs meanwhile; what tests import afterwards leaves as many files as it did.
    """
    kept, sys.dont_write_bytecode = sys.dont_write_bytecode, False
    try:
        return (yield)
    finally:
        sys.dont_write_bytecode = kept


def pytest_collection_finish() -> None:
    """Have the collector leave alone what all tests share: eight thousand of them are a million objects.

    Each full collection would go through them, which is a seventh of the time of tests in this process; and forks would copy them.
    """
    gc.collect()
    gc.freeze()


def pytest_runtest_logstart() -> None:
    """Do so again where a run in this process has handed all back: the tool keeps what there is away from its own collections."""
    if not gc.get_freeze_count():
        gc.collect(1)
        gc.freeze()


def _thin_out(config: pytest.Config, items: list[pytest.Item], most: int) -> None:
    """Leave out all but some cases of each function, as far apart as they can be; of those that cannot run here one stays, to be counted."""
    cases: dict[str, list[pytest.Item]] = {}
    for item in items:
        cases.setdefault(item.nodeid.partition("[")[0], []).append(item)
    kept: set[pytest.Item] = set()
    for each in cases.values():
        running = [item for item in each if not item.get_closest_marker("skip")]
        kept.update(running[:: -(-len(running) // most) or 1] or each[:1])
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = [item for item in items if item in kept]


def _needed(item: pytest.Item) -> tuple[str, ...]:
    return tuple(program for marker in item.iter_markers("needs") for program in marker.args)


def _has_all(item: pytest.Item) -> bool:
    return all(shutil.which(program) for program in _needed(item))


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable() -> Generator[None, object, object]:
    """Let a report with half a surrogate pair in it travel between processes: execnet sends strict UTF-8."""
    return _sendable((yield))


def _sendable(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {key: _sendable(each) for key, each in value.items()}
    return type(value)(map(_sendable, value)) if isinstance(value, list | tuple) else value


def pytest_unconfigure(config: pytest.Config) -> None:
    for key in (_CACHE, _STATE):
        folder = config.stash.get(key, None)
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
