"""The runtime as a migrated script sees it: two files beside it, in a fresh process or in this one."""

from __future__ import annotations

import logging
import shutil
import sys
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest
from runtime_sandbox import OWN_VARIABLES, RUNTIME, RUNTIME_FILES, Sandbox


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    for name in RUNTIME_FILES:
        shutil.copy(RUNTIME / name, tmp_path)
    return Sandbox(tmp_path)


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Take back everything that set-ups change in this process."""
    for name in OWN_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for module in (sys, threading):
        monkeypatch.setattr(module, "excepthook", module.__excepthook__)
        monkeypatch.setattr(module, "__excepthook__", module.__excepthook__)
    monkeypatch.setattr(logging.getLogger("asyncio"), "__class__", logging.Logger)
    monkeypatch.setattr(traceback, "print_exc", traceback.print_exc)
    if hasattr(threading, "_make_invoke_excepthook"):
        monkeypatch.setattr(threading, "_make_invoke_excepthook", threading._make_invoke_excepthook)
    vars(logging.root.manager).pop("worker_logger", None)
    before = set(logging.root.manager.loggerDict)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    for handler in root.handlers[:]:
        if handler not in handlers:
            root.removeHandler(handler)
            handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)
    for name in set(logging.root.manager.loggerDict) - before:
        logger = logging.getLogger(name)
        for handler in logger.handlers[:]:
            logger.removeHandler(handler)
            handler.close()
        del logging.root.manager.loggerDict[name]
    logging.getLogger("asyncio").filters.clear()
    vars(logging.root.manager).pop("worker_logger", None)
