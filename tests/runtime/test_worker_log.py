"""``setup_worker_logger``: one logger, one handler, one file, in one format."""

from __future__ import annotations

import logging
import logging.handlers
import os
import re
import sys
from pathlib import Path

import pytest
import worker_logger
from runtime_sandbox import Sandbox, levels_and_messages
from worker_logger import setup_worker_logger

pytestmark = pytest.mark.usefixtures("fresh")

RECORD = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} \| INFO \| genesis \| começou às 100%")


def test_a_record_has_the_format(tmp_path: Path) -> None:
    """Time stamp with milliseconds, level, name and message, in UTF-8."""
    setup_worker_logger("genesis", tmp_path / "logs").info("começou às 100%")

    (line,) = (tmp_path / "logs" / "genesis.log").read_text(encoding="utf-8").splitlines()
    assert RECORD.fullmatch(line)


def test_the_standard_formatter_would_write_the_same(tmp_path: Path) -> None:
    """The kept second changes nothing in the line, whatever the record's time."""
    logger = setup_worker_logger("genesis", tmp_path)
    standard = logging.Formatter("%(asctime)s | %(levelname)s | %(name)s | %(message)s")
    for created in (0.0, 1.5, 1.9996, 1700000000.123, 1700000000.999, 1700000060.0, 1.25):
        record = logging.LogRecord("genesis", logging.INFO, "f", 1, "%s", ("x",), None)
        record.created = created
        record.msecs = int(created % 1 * 1000) + 0.0

        assert logger.handlers[0].format(record) == standard.format(record)


def test_the_logger_is_the_named_one_with_one_rotating_handler(tmp_path: Path) -> None:
    """Nothing propagates; the handler is a ``RotatingFileHandler`` with the sizes that were asked for."""
    logger = setup_worker_logger(
        "genesis", str(tmp_path), level=logging.WARNING, max_bytes=1000, backup_count=2
    )

    assert logger is logging.root.manager.loggerDict["genesis"]
    assert not logger.propagate
    assert logger.level == logging.WARNING
    (handler,) = logger.handlers
    assert isinstance(handler, logging.handlers.RotatingFileHandler)
    assert (handler.maxBytes, handler.backupCount) == (1000, 2)
    assert handler.baseFilename == str(tmp_path / "genesis.log")


def test_rotation_is_at_five_megabytes_with_five_backups(tmp_path: Path) -> None:
    """The defaults are those of the contract."""
    (handler,) = setup_worker_logger("genesis", tmp_path).handlers

    assert isinstance(handler, logging.handlers.RotatingFileHandler)
    assert (handler.maxBytes, handler.backupCount) == (5 * 1024 * 1024, 5)


def test_calling_again_gives_the_same_logger_and_handler(tmp_path: Path) -> None:
    """A second set-up adds no handler, so no line is doubled."""
    first = setup_worker_logger("genesis", tmp_path)
    handlers = first.handlers[:]

    assert setup_worker_logger("genesis", tmp_path) is first
    assert first.handlers == handlers


def test_another_folder_moves_the_log(tmp_path: Path) -> None:
    """The last set-up decides where the log is; there is still one handler."""
    setup_worker_logger("genesis", tmp_path / "a").info("one")
    setup_worker_logger("genesis", tmp_path / "b").info("two")

    assert levels_and_messages(tmp_path / "a" / "genesis.log") == ["INFO one"]
    assert levels_and_messages(tmp_path / "b" / "genesis.log") == ["INFO two"]


def test_a_foreign_handler_of_the_logger_stays(tmp_path: Path) -> None:
    """What the script itself has attached to a logger of that name goes on writing."""
    own = logging.NullHandler()
    logging.getLogger("montador").addHandler(own)

    assert own in setup_worker_logger("montador", tmp_path).handlers


def test_the_path_is_absolute_from_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After ``os.chdir`` the log stays where it was, also for a second set-up with the same folder."""
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    logger = setup_worker_logger("genesis")
    monkeypatch.chdir(tmp_path / "elsewhere")
    setup_worker_logger("genesis").info("still here")

    assert levels_and_messages(tmp_path / "logs" / "genesis.log") == ["INFO still here"]
    assert len(logger.handlers) == 1
    assert not (tmp_path / "elsewhere" / "logs").exists()


def test_quotes_and_blanks_of_cmd_are_no_part_of_a_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``set WORKER_LOG_DIR="C:\\my logs" && python`` keeps both, of which no Windows path can be made; on POSIX they are a name's."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WORKER_LOG_DIR", f'"{tmp_path / "my logs"}" ')
    monkeypatch.setenv("WORKER_LOG_FORMAT", "json ")
    setup_worker_logger("genesis").info("x")

    written = tmp_path / ("my logs" if os.name == "nt" else f'"{tmp_path / "my logs"}" ') / "genesis.log"
    assert written.read_text(encoding="utf-8").startswith("{") is (os.name == "nt")


@pytest.mark.parametrize("given", [None, "logs", "./logs", Path("logs")])
def test_worker_log_dir_replaces_the_default_folder(
    given: str | Path | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``WORKER_LOG_DIR`` counts when the folder is omitted or ``"logs"``."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WORKER_LOG_DIR", str(tmp_path / "central"))
    if given is None:
        setup_worker_logger("genesis").info("x")
    else:
        setup_worker_logger("genesis", given).info("x")

    assert levels_and_messages(tmp_path / "central" / "genesis.log") == ["INFO x"]
    assert not (tmp_path / "logs").exists()


def test_worker_log_dir_leaves_another_folder_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that the script names itself is not replaced."""
    monkeypatch.setenv("WORKER_LOG_DIR", str(tmp_path / "central"))
    setup_worker_logger("genesis", tmp_path / "mine").info("x")

    assert levels_and_messages(tmp_path / "mine" / "genesis.log") == ["INFO x"]
    assert not (tmp_path / "central").exists()


@pytest.mark.parametrize(
    "name",
    [
        "../fora",
        "..",
        ".",
        "",
        "/etc/fora",
        "C:\\fora",
        "a/b",
        "a\nb",
        "a\0b",
        "x" * 400,
        "é" * 300,
        "\udce9",
        "con:",
    ],
)
def test_a_name_never_leads_out_of_the_folder(name: str, tmp_path: Path) -> None:
    """Whatever the worker is called, its log is one file in the folder, and it is written."""
    folder = tmp_path / "in" / "logs"
    setup_worker_logger(name, folder).info("x")

    (log,) = folder.iterdir()
    assert log.name.endswith(".log")
    assert log.read_bytes().endswith(b"| x\n")
    assert [entry.name for entry in tmp_path.iterdir()] == ["in"]


def test_a_worker_called_root_does_not_take_over_the_root_logger(tmp_path: Path) -> None:
    """Every library's records would land in the worker's log."""
    logger = setup_worker_logger("root", tmp_path)

    assert logger.name == "root-worker"
    assert logging.getLogger().handlers != logger.handlers


def test_an_ordinary_name_is_the_file_name(tmp_path: Path) -> None:
    """Hyphens, dots and accents stay."""
    setup_worker_logger("whatsapp-zéro.v2", tmp_path).info("x")

    assert [entry.name for entry in tmp_path.iterdir()] == ["whatsapp-zéro.v2.log"]


def test_a_log_in_a_folder_with_a_long_path_is_kept_and_rotated(tmp_path: Path) -> None:
    """Its lock, its backups and its notifications have longer names yet, for which Windows has a way of its own."""
    folder = tmp_path
    while len(str(folder)) < 245:
        folder = folder / ("x" * min(50, 250 - len(str(folder))))
    logger = setup_worker_logger("genesis", folder, max_bytes=200, backup_count=2)
    for number in range(9):
        logger.info("%040d", number)
    logger.critical("end")
    logger.critical("end")

    assert {path.name for path in folder.iterdir() if "seen" not in path.name} == {
        "genesis.log",
        "genesis.log.1",
        "genesis.log.2",
        "notifications.jsonl",
        "notifications.jsonl.held",
    }


def test_further_lines_of_a_record_are_indented(tmp_path: Path) -> None:
    """A logger call of several lines is one record, and no line of it looks like another."""
    logger = setup_worker_logger("genesis", tmp_path)
    logger.info("one\ntwo\r\n2026-01-01 00:00:00,000 | INFO | genesis | three\x1b[2J\n")

    lines = (tmp_path / "genesis.log").read_text(encoding="utf-8").split("\n")
    assert lines[0].endswith("| one")
    assert lines[1:] == ["    two", "    2026-01-01 00:00:00,000 | INFO | genesis | three\\x1b[2J", ""]


def test_a_traceback_is_part_of_its_record(tmp_path: Path) -> None:
    """All lines after the first are indented, the exception's own among them."""
    logger = setup_worker_logger("genesis", tmp_path)
    try:
        int("first\nsecond")
    except ValueError:
        logger.exception("failed")

    first, *further = (tmp_path / "genesis.log").read_text(encoding="utf-8").rstrip("\n").split("\n")
    assert first.endswith("| ERROR | genesis | failed")
    assert further[0] == "    Traceback (most recent call last):"
    assert further[-1] == "    ValueError: invalid literal for int() with base 10: 'first\\nsecond'"
    assert all(line.startswith("    ") for line in further)


def test_wrong_arguments_lose_neither_line_nor_worker(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """What cannot be formatted is logged as far as it goes, and nothing is printed."""
    logger = setup_worker_logger("genesis", tmp_path)

    class UnprintableError(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no text")

    logger.info("%d done", "x")
    logger.info("value: %s", UnprintableError())
    logger.info(UnprintableError())
    logger.error("failed", exc_info=UnprintableError())
    logger.info("lone surrogate \udc80")

    assert capfd.readouterr() == ("", "")
    logged = [line for line in levels_and_messages(tmp_path / "genesis.log") if not line.startswith("    ")]
    assert logged == [
        "INFO %d done (not formatted: TypeError)",
        "INFO value: %s (not formatted: RuntimeError)",
        "INFO <UnprintableError: RuntimeError in str()> (not formatted: RuntimeError)",
        "ERROR failed",
        "INFO lone surrogate \\udc80",
    ]


def test_a_formatter_that_fails_costs_its_line_only(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The handler is the worker's to configure; the worker goes on all the same."""
    logger = setup_worker_logger("genesis", tmp_path)
    (handler,) = logger.handlers
    formatter = handler.formatter
    handler.setFormatter(logging.Formatter("%(missing)s"))
    logger.critical("lost")
    handler.setFormatter(formatter)
    logger.info("kept")

    assert levels_and_messages(tmp_path / "genesis.log") == ["INFO kept"]
    assert capfd.readouterr() == ("", "")


def test_a_log_call_inside_str_of_an_argument_is_logged(tmp_path: Path) -> None:
    """Formatting may log itself; both records are there, whole."""
    logger = setup_worker_logger("genesis", tmp_path)

    class Chatty:
        def __str__(self) -> str:
            logger.info("inner")
            return "chatty"

    logger.info("outer %s", Chatty())

    assert levels_and_messages(tmp_path / "genesis.log") == ["INFO inner", "INFO outer chatty"]


def test_both_names_of_the_module_share_the_handler(sandbox: Sandbox) -> None:
    """Loaded flat and as a module of a package, the two copies have one handler and one crash record."""
    package = sandbox.path / "pacote"
    package.mkdir()
    (package / "__init__.py").write_text("")
    for name in ("worker_logger.py", "worker_utils.py"):
        (package / name).write_bytes((sandbox.path / name).read_bytes())
    done = sandbox.run(
        """
        from worker_logger import setup_worker_logger
        from pacote.worker_logger import setup_worker_logger as second
        from pacote.worker_utils import setup_logger as third
        import worker_logger, pacote.worker_logger, pacote.worker_utils
        assert worker_logger is not pacote.worker_logger
        assert third is second and pacote.worker_utils.current_logger is pacote.worker_logger.current_logger
        logger = setup_worker_logger("genesis")
        assert second("genesis") is third("genesis") is logger
        logger.info("once")
        raise ValueError("end")
        """
    )

    assert done.returncode == 1
    assert done.stderr.count(b"ValueError: end") == 1
    assert [line for line in sandbox.logged() if not line.startswith(" ")] == [
        "INFO once",
        "CRITICAL uncaught ValueError: end",
    ]


def test_importing_does_nothing(sandbox: Sandbox) -> None:
    """No file, thread, hook, handler or changed signal; nothing beyond the standard library is loaded."""
    done = sandbox.run(
        """
        import __future__, atexit, logging, logging.handlers, os, signal, sys, threading, traceback, contextlib
        def state():
            return (sorted(os.listdir(".")), threading.active_count(), sys.excepthook, threading.excepthook,
                    traceback.print_exc, logging.root.handlers, logging.root.level, dict(logging.root.manager.loggerDict),
                    [signal.getsignal(s) for s in signal.valid_signals()], vars(logging.root.manager).keys() - {"x"},
                    logging.getLoggerClass(), atexit._ncallbacks())
        before = state()
        modules = set(sys.modules)
        import worker_logger, worker_utils
        assert state() == before
        print(sorted(set(sys.modules) - modules - {"worker_logger", "worker_utils"}))
        """
    )

    assert (done.stdout, done.stderr) == (b"[]\n", b"")


def test_the_worker_of_the_script_is_the_one_that_crashes_name(sandbox: Sandbox) -> None:
    """An imported module with a logger of its own, set up earlier or later, does not take the script's crash."""
    sandbox.write("from worker_logger import setup_worker_logger\nsetup_worker_logger('outro')\n", "early.py")
    sandbox.write("from worker_logger import setup_worker_logger\nsetup_worker_logger('tarde')\n", "late.py")
    sandbox.run(
        """
        import early
        from worker_logger import setup_worker_logger
        setup_worker_logger("genesis")
        import late
        raise ValueError("end")
        """
    )

    assert sandbox.logged()[0] == "CRITICAL uncaught ValueError: end"
    assert sandbox.logged("outro") == []
    assert sandbox.logged("tarde") == []


def test_set_up_in_many_threads_at_once_makes_one_handler(sandbox: Sandbox) -> None:
    """Threads that set up the same worker together do not double its lines, however long one of them takes."""
    done = sandbox.run(
        """
        import threading, time, sys, worker_logger
        from worker_logger import setup_worker_logger
        barrier = threading.Barrier(16)
        made = []
        class Slow(worker_logger._WorkerFileHandler):
            def __init__(self, *args):
                made.append(self)
                time.sleep(0.05)
                super().__init__(*args)
        worker_logger._WorkerFileHandler = Slow
        def work():
            barrier.wait()
            setup_worker_logger("genesis")
        threads = [threading.Thread(target=work) for _ in range(16)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        print(len(setup_worker_logger("genesis").handlers), len(made))
        """
    )

    assert done.stdout == b"1 1\n"


def test_a_current_folder_that_is_gone_stops_nobody(sandbox: Sandbox) -> None:
    """Without a current folder the log is beside the runtime."""
    done = sandbox.run(
        """
        import os
        os.mkdir("gone"); os.chdir("gone"); os.rmdir("../gone")
        from worker_logger import mirror_print, setup_worker_logger
        mirror_print(setup_worker_logger("genesis").info, "x")
        """
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, b"x\n", b"")
    assert sandbox.logged() == ["INFO x"]


def test_programs_that_the_worker_starts_do_not_hold_its_log(tmp_path: Path) -> None:
    """Descriptors of the log, and its locks with them, are not handed on."""
    logger = setup_worker_logger("genesis", tmp_path)
    (handler,) = logger.handlers
    assert isinstance(handler, worker_logger._WorkerFileHandler)

    assert not os.get_inheritable(handler.file.fd)


def test_the_log_s_descriptor_is_above_the_usual_ones(tmp_path: Path) -> None:
    """A worker that closes a low number by mistake, and gets it again for a file of its own, does not meet the log."""
    logger = setup_worker_logger("genesis", tmp_path)
    (handler,) = logger.handlers
    assert isinstance(handler, worker_logger._WorkerFileHandler)

    assert handler.file.fd > sys.stderr.fileno() + 50


def test_levels_below_the_asked_one_are_not_written(tmp_path: Path) -> None:
    """``level`` is the lowest that reaches the file."""
    logger = setup_worker_logger("genesis", tmp_path, level=logging.WARNING)
    logger.info("no")
    logger.warning("yes")

    assert levels_and_messages(tmp_path / "genesis.log") == ["WARNING yes"]


def test_a_level_may_be_a_name(tmp_path: Path) -> None:
    """As everywhere in ``logging``."""
    logger = setup_worker_logger("genesis", tmp_path, level="DEBUG")  # type: ignore[arg-type]
    logger.debug("x")

    assert levels_and_messages(tmp_path / "genesis.log") == ["DEBUG x"]
