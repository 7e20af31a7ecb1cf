"""One process of a comparison: write numbered lines to the common log with one of the contenders.

Arguments: contender, folder of the log, folder of the runtime, number of records, size limit in bytes, backups,
name of the process. Says ``ready``, waits for a line on stdin, writes.
"""

from __future__ import annotations

import logging
import logging.handlers
import sys
from collections.abc import Callable
from pathlib import Path

FORMAT = "%(asctime)s | %(levelname)s | %(name)s | %(message)s"


def standard(folder: str, max_bytes: int, backups: int) -> Callable[..., object]:
    """Log through ``logging.handlers.RotatingFileHandler``."""
    handler = logging.handlers.RotatingFileHandler(
        Path(folder) / "worker.log", maxBytes=max_bytes, backupCount=backups, encoding="utf-8"
    )
    return with_handler(handler)


def concurrent(folder: str, max_bytes: int, backups: int) -> Callable[..., object]:
    """Log through concurrent-log-handler."""
    from concurrent_log_handler import ConcurrentRotatingFileHandler

    handler = ConcurrentRotatingFileHandler(
        str(Path(folder) / "worker.log"), "a", maxBytes=max_bytes, backupCount=backups, encoding="utf-8"
    )
    return with_handler(handler)


def with_handler(handler: logging.Handler) -> Callable[..., object]:
    """Give the method of a logger with one handler."""
    handler.setFormatter(logging.Formatter(FORMAT))
    logger = logging.getLogger("worker")
    logger.addHandler(handler)
    logger.propagate = False
    logger.setLevel(logging.INFO)
    return logger.info


def loguru(folder: str, max_bytes: int, backups: int) -> Callable[..., object]:
    """Log through loguru, each process with its own sink on the file."""
    from loguru import logger

    logger.remove()
    logger.add(
        Path(folder) / "worker.log",
        rotation=max_bytes,
        retention=backups,
        format="{time:YYYY-MM-DD HH:mm:ss,SSS} | {level} | worker | {message}",
    )
    return lambda text, *args: logger.info(text % args)


def workerlog(folder: str, max_bytes: int, backups: int) -> Callable[..., object]:
    """Log through the runtime of this project."""
    sys.path.insert(0, sys.argv[3])
    from worker_logger import setup_worker_logger

    return setup_worker_logger("worker", folder, max_bytes=max_bytes, backup_count=backups).info


def main() -> None:
    """Write."""
    contender, folder, _, records, max_bytes, backups, name = sys.argv[1:]
    makers = {
        "standard": standard,
        "concurrent-log-handler": concurrent,
        "loguru": loguru,
        "workerlog": workerlog,
    }
    log = makers[contender](folder, int(max_bytes), int(backups))
    print("ready", flush=True)
    sys.stdin.readline()
    padding = "x" * 40
    for number in range(int(records)):
        log("%s %d %s", name, number, padding)


if __name__ == "__main__":
    main()
