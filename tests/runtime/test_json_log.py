"""``WORKER_LOG_FORMAT=json``: one object a line, as log shippers take it in."""

from __future__ import annotations

import json
import logging
import os
import re
import threading
from pathlib import Path

import pytest
from worker_logger import mirror_print, setup_worker_logger

pytestmark = pytest.mark.usefixtures("fresh")


@pytest.fixture
def logger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> logging.Logger:
    monkeypatch.setenv("WORKER_LOG_FORMAT", "json")
    return setup_worker_logger("genesis", tmp_path)


def objects(tmp_path: Path) -> list[dict[str, object]]:
    text = (tmp_path / "genesis.log").read_text(encoding="utf-8")
    assert text.splitlines() == text.split("\n")[:-1]
    return [json.loads(line) for line in text.splitlines()]


def test_a_record_is_one_object(tmp_path: Path, logger: logging.Logger) -> None:
    """Time in UTC, level, logger, message, process, thread, file, line and function."""
    logger.warning("às %d", 7)
    (record,) = objects(tmp_path)

    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", str(record.pop("timestamp")))
    assert isinstance(record.pop("line"), int)
    assert record == {
        "level": "WARNING",
        "logger": "genesis",
        "message": "às 7",
        "process": os.getpid(),
        "thread": threading.current_thread().name,
        "file": __file__,
        "function": "test_a_record_is_one_object",
    }


def test_the_time_is_utc(logger: logging.Logger) -> None:
    """With milliseconds that are cut, not rounded up into the next second."""
    record = logging.LogRecord("genesis", logging.INFO, "f", 1, "x", (), None)
    record.created = 1700000000.9999

    assert json.loads(logger.handlers[0].format(record))["timestamp"] == "2023-11-14T22:13:20.999Z"


def test_a_mirrored_print_names_its_caller(tmp_path: Path, logger: logging.Logger) -> None:
    """Not the runtime's own lines."""
    mirror_print(logger.info, "x")
    mirror_print(logger, "[ERRO] y\nz")

    assert [(record["file"], record["function"]) for record in objects(tmp_path)] == [
        (__file__, "test_a_mirrored_print_names_its_caller")
    ] * 3


def test_a_traceback_is_text(tmp_path: Path, logger: logging.Logger) -> None:
    """In a field of its own."""
    try:
        int("x")
    except ValueError:
        logger.exception("failed")
    (record,) = objects(tmp_path)

    assert record["message"] == "failed"
    assert str(record["traceback"]).startswith("Traceback (most recent call last):\n")
    assert str(record["traceback"]).endswith("ValueError: invalid literal for int() with base 10: 'x'")


def test_no_text_breaks_the_line(tmp_path: Path, logger: logging.Logger) -> None:
    """Newlines of every kind, control characters and lone surrogates come back as they were."""
    text = "a\nb\r\nc\x0bd\x85e\u2028f\x1b[0m\udc80\x00 ação 🚨"
    logger.info(text)
    (record,) = objects(tmp_path)

    assert record["message"] == text


def test_any_other_value_is_the_ordinary_format(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only ``json``, in any case, means JSON."""
    monkeypatch.setenv("WORKER_LOG_FORMAT", "text")
    setup_worker_logger("genesis", tmp_path).info("x")
    monkeypatch.setenv("WORKER_LOG_FORMAT", "JSON")
    setup_worker_logger("zero", tmp_path).info("x")

    assert (tmp_path / "genesis.log").read_text().endswith(" | INFO | genesis | x\n")
    assert json.loads((tmp_path / "zero.log").read_text())["message"] == "x"
