"""Each guarantee of ``docs/runtime.md`` has a test, and the log costs no time when it cannot be written."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import worker_logger
from worker_logger import _LogFile, setup_worker_logger

pytestmark = pytest.mark.usefixtures("fresh")
HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "runtime.md"


def test_each_guarantee_names_tests_that_exist() -> None:
    """A renamed test leaves no row behind."""
    page = PAGE.read_text(encoding="utf-8")
    rows = [
        row
        for head in ("| guarantee | test |", "| what happened | test |")
        for row in page.split(head)[1].split("\n\n")[0].split("\n")[2:]
    ]
    named = re.findall(r"`(test_\w+)`", "\n".join(rows))
    defined = {
        name
        for path in HERE.parent.rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", path.read_text("utf-8"), re.M)
    }
    assert len(rows) > 60
    assert [row for row in rows if "`test_" not in row] == []
    assert [name for name in named if name not in defined] == []


def full(patch: pytest.MonkeyPatch, _log: _LogFile) -> None:
    """The disk is full after half a line."""
    write, calls = os.write, 0

    def short(fd: int, data: bytes) -> int:
        nonlocal calls
        calls += 1
        if calls == 1:
            return write(fd, data[:3])
        raise OSError(errno.ENOSPC, "No space left on device")

    patch.setattr(os, "write", short)


def no_folder(_patch: pytest.MonkeyPatch, log: _LogFile) -> None:
    """A removed project is not made again."""
    folder = Path(log.path).parent
    folder.parent.rename(folder.parent.with_name("gone"))


def no_rename(patch: pytest.MonkeyPatch, _log: _LogFile) -> None:
    """Someone holds the log."""

    def refused(*_: object) -> None:
        raise PermissionError(errno.EACCES, "in use")

    patch.setattr(os, "rename", refused)


def read_only(patch: pytest.MonkeyPatch, log: _LogFile) -> None:
    """The file system went read-only."""
    write = os.write

    def refused(fd: int, data: bytes) -> int:
        if fd == log.fd:
            raise OSError(errno.EROFS, "Read-only file system")
        return write(fd, data)

    patch.setattr(os, "write", refused)


def counted(name: str, function: Callable[..., object], calls: list[str]) -> Callable[..., object]:
    def call(*args: object, **options: object) -> object:
        calls.append(name)
        return function(*args, **options)

    return call


@pytest.mark.parametrize("fault", [full, no_folder, no_rename, read_only])
def test_a_fault_of_the_log_costs_few_system_calls(
    fault: Callable[[pytest.MonkeyPatch, _LogFile], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No wait, and no more than three times what a healthy record asks the system for."""
    logger = setup_worker_logger("genesis", tmp_path / "project" / "logs", max_bytes=200, backup_count=3)
    handler = logger.handlers[0]
    assert isinstance(handler, worker_logger._WorkerFileHandler)
    logger.info("x" * 120)
    fault(monkeypatch, handler.file)
    for _ in range(3):
        logger.info("x" * 120)
    calls: list[str] = []
    for name in (
        "open",
        "close",
        "stat",
        "fstat",
        "lstat",
        "write",
        "lseek",
        "mkdir",
        "rename",
        "fchmod",
        "read",
    ):
        if hasattr(os, name):  # Windows has no fchmod
            monkeypatch.setattr(os, name, counted(name, getattr(os, name), calls))
    monkeypatch.setattr(worker_logger, "_sleep", lambda _: calls.append("sleep"))
    for _ in range(100):
        logger.info("x" * 120)

    assert "sleep" not in calls
    assert len(calls) <= 100 * 9, (len(calls), set(calls))  # a healthy one: stat, fstat, write
