"""Options and shared paths of the test suite."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

_CACHE = pytest.StashKey[str]()
_STATE = pytest.StashKey[str]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write each golden case's after.py, and fail, so that a person reads the difference",
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--update-golden") and os.environ.get("CI"):
        raise pytest.UsageError("--update-golden is for people: in CI the golden files are what they are")
    # The command's processes inherit it: no test reads or writes the cache or the undo of whoever runs the tests.
    config.stash[_CACHE] = os.environ["WORKERLOG_MIGRATE_CACHE_DIR"] = tempfile.mkdtemp(
        prefix="workerlog-cache-"
    )
    config.stash[_STATE] = os.environ["XDG_STATE_HOME"] = tempfile.mkdtemp(prefix="workerlog-state-")


def pytest_unconfigure(config: pytest.Config) -> None:
    for key in (_CACHE, _STATE):
        folder = config.stash.get(key, None)
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
