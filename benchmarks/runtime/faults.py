"""Measure what a record costs while the log cannot be written, beside a healthy one, in CPU time.

    python benchmarks/runtime/faults.py     # ten seconds; POSIX, as root or not

Exit 1 if a record costs more than three times a healthy one under any fault: a fault of the log must not cost the
worker time.
"""

from __future__ import annotations

import errno
import os
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "src" / "workerlog_migrate" / "runtime"))

from worker_logger import setup_worker_logger

LINE = "a line of the log with some text"
MOST = 3.0


@contextmanager
def replaced(name: str, code: int) -> Iterator[None]:
    """Let a function of ``os`` fail."""
    function = getattr(os, name)

    def refused(*_: object, **_options: object) -> None:
        raise OSError(code, os.strerror(code))

    setattr(os, name, refused)
    try:
        yield
    finally:
        setattr(os, name, function)


@contextmanager
def full_disk(log: Path) -> Iterator[None]:
    """Leave room for half a line."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (log.stat().st_size + 20, resource.RLIM_INFINITY))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)


@contextmanager
def missing_project(log: Path) -> Iterator[None]:
    """Remove the folder of the folder."""
    shutil.rmtree(log.parents[1])
    yield


@contextmanager
def folder_in_place(log: Path) -> Iterator[None]:
    """Put a folder in the log's place."""
    log.unlink()
    log.mkdir()
    yield


@contextmanager
def healthy(_log: Path) -> Iterator[None]:
    """Change nothing."""
    yield


FAULTS: dict[str, Callable[[Path], object]] = {
    "healthy": healthy,
    "full disk": full_disk,
    "read-only file system": lambda _: replaced("write", errno.EROFS),
    "refused rename": lambda _: replaced("rename", errno.EACCES),
    "missing folder": missing_project,
    "a folder in the log's place": folder_in_place,
}


def cost(fault: str, folder: Path) -> float:
    """Give the CPU time of a record under a fault in microseconds, the best of seven rounds.

    Args:
        fault: one of ``FAULTS``.
        folder: an empty folder.
    """
    logs = folder / fault.replace(" ", "_") / "project" / "logs"
    logger = setup_worker_logger(
        fault, logs, max_bytes=20_000 if fault == "refused rename" else 0, backup_count=3
    )
    logger.info("x" * 15_000)
    best = float("inf")
    with FAULTS[fault](logs / f"{fault}.log"):  # type: ignore[attr-defined]  # each is a context manager
        for _ in range(7):
            begin = time.process_time()
            for _ in range(3000):
                logger.info(LINE)
            best = min(best, (time.process_time() - begin) / 3000 * 1e6)
    return best


def main() -> int:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        costs = {fault: cost(fault, Path(folder)) for fault in FAULTS}
    for fault, found in costs.items():
        print(f"{fault:30}{found:8.1f} us{found / costs['healthy']:8.2f}")
    return int(max(costs.values()) > MOST * costs["healthy"])


if __name__ == "__main__":
    sys.exit(main())
