"""``setup_worker_logging``: one log per rank, the third requirement."""

from __future__ import annotations

import io
import logging
import re
import sys
from pathlib import Path

import pytest
from runtime_sandbox import Sandbox
from worker_logger import get_worker_log_path, setup_worker_logging

pytestmark = pytest.mark.usefixtures("fresh")

STAMP = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}"


def test_the_path_is_known_without_touching_anything(tmp_path: Path) -> None:
    """The parent asks for it before its workers exist."""
    folder = tmp_path / "logs"

    assert get_worker_log_path(folder, 3) == folder / "worker_3.log"
    assert get_worker_log_path(str(folder), 0) == folder / "worker_0.log"  # type: ignore[arg-type]  # a str will do
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", [str, Path])
def test_the_path_is_returned_as_given(
    kind: type[str] | type[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A relative folder gives a relative path; the file is where the process started, also after ``os.chdir``."""
    monkeypatch.chdir(tmp_path)
    path = setup_worker_logging(0, kind("logs"))  # type: ignore[arg-type]  # a str will do
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    logging.info("still here")

    assert path == Path("logs/worker_0.log")
    assert "still here" in (tmp_path / path).read_text()
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_everything_the_process_logs_is_in_the_file(tmp_path: Path) -> None:
    """The root logger's records and those of libraries, in the format, after the first line."""
    path = setup_worker_logging(7, tmp_path)
    logging.info("raiz às 100%%")
    logging.getLogger("gpu.kernel").warning("quente: %d", 90)
    logging.debug("not this")

    lines = path.read_text(encoding="utf-8").splitlines()
    assert [re.sub(STAMP, "T", line) for line in lines] == [
        f"T - Worker 7 - root - INFO - Worker 7 logging initialized: {path}",
        "T - Worker 7 - root - INFO - raiz às 100%%",
        "T - Worker 7 - gpu.kernel - WARNING - quente: 90",
    ]


def test_the_handlers_are_a_file_and_a_console_at_warning(tmp_path: Path) -> None:
    """Existing root handlers are gone; the level is the one asked for."""
    old = logging.StreamHandler()
    logging.getLogger().addHandler(old)
    setup_worker_logging(0, tmp_path, logging.DEBUG)
    root = logging.getLogger()

    assert root.level == logging.DEBUG
    assert old not in root.handlers
    file, console = root.handlers
    assert isinstance(file, logging.FileHandler)
    assert file.mode == "a"
    assert type(console).__mro__[1] is logging.StreamHandler
    assert console.level == logging.WARNING


def test_the_console_shows_warnings_and_more(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """On stderr, in the same format; information stays in the file."""
    setup_worker_logging(1, tmp_path)
    logging.info("quiet")
    logging.error("loud")

    out, err = capfd.readouterr()
    assert out == ""
    assert re.fullmatch(STAMP + " - Worker 1 - root - ERROR - loud\n", err)


def test_the_console_is_todays_stderr(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A script that replaces ``sys.stderr`` later has its warnings there."""
    setup_worker_logging(1, tmp_path)
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    logging.warning("loud")

    assert stream.getvalue().endswith(" - WARNING - loud\n")


def test_a_resumed_log_has_a_separator(tmp_path: Path) -> None:
    """Appended, never overwritten; an empty or missing file gets none."""
    (tmp_path / "worker_0.log").touch()
    first = setup_worker_logging(0, tmp_path).read_text()
    logging.info("before")
    second = setup_worker_logging(0, tmp_path).read_text()

    assert "Resume" not in first
    assert second.startswith(first)
    lines = second.splitlines()
    assert [bool(re.fullmatch(r"=== Resume at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d ===", line)) for line in lines] == [
        False, False, True, False,
    ]  # fmt: skip
    assert "Worker 0 logging initialized" in lines[3]


def test_the_separator_stands_on_its_own_line(tmp_path: Path) -> None:
    """Also after a worker that was killed in the middle of a line."""
    (tmp_path / "worker_0.log").write_text("half a li")
    lines = setup_worker_logging(0, tmp_path).read_text().splitlines()

    assert lines[0] == "half a li"
    assert lines[1].startswith("=== Resume at ")


def test_a_rank_log_is_never_rotated(tmp_path: Path) -> None:
    """It is read as a whole."""
    path = setup_worker_logging(0, tmp_path)
    for _ in range(6):
        logging.info("x" * 1024 * 1024)

    assert [entry.name for entry in tmp_path.glob("*.log*")] == [path.name]


def test_a_log_that_cannot_be_written_stops_no_worker(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Nothing is raised, and nothing printed but the warnings."""
    (tmp_path / "logs").write_text("")
    path = setup_worker_logging(0, tmp_path / "logs")
    logging.info("x")

    assert path == tmp_path / "logs" / "worker_0.log"
    assert capfd.readouterr() == ("", "")


def test_a_console_that_cannot_show_a_character_is_silent(sandbox: Sandbox) -> None:
    """No traceback of logging's on stderr, and none when stderr is closed."""
    done = sandbox.run(
        """
        import io, logging, sys
        from worker_logger import setup_worker_logging
        sys.stderr.reconfigure(errors="strict", encoding="ascii")
        setup_worker_logging(0, "logs")
        logging.error("ação")
        logging.error("plain")
        sys.stderr.close()
        logging.error("closed")
        sys.stderr = None
        logging.error("none")
        """
    )

    assert done.returncode == 0
    assert done.stderr.count(b"\n") == 1
    assert done.stderr.endswith(b"plain\n")
    assert "ação" in (sandbox.path / "logs" / "worker_0.log").read_text(encoding="utf-8")


def test_a_crash_of_a_rank_is_on_its_log_and_once_on_the_terminal(sandbox: Sandbox) -> None:
    """The console hears of warnings, but the interpreter shows a crash itself."""
    done = sandbox.run(
        "from worker_logger import setup_worker_logging\nsetup_worker_logging(3, 'logs')\n1 / 0"
    )

    assert done.stderr.count(b"division by zero") == 1
    log = (sandbox.path / "logs" / "worker_3.log").read_text(encoding="utf-8")
    assert log.count(" - root - CRITICAL - uncaught ZeroDivisionError: division by zero\n    Traceback") == 1


def test_spawned_workers_log_side_by_side(sandbox: Sandbox) -> None:
    """Several ranks at once, and a parent that collects their logs by path."""
    done = sandbox.run(
        """
        import logging, multiprocessing
        from pathlib import Path
        from worker_logger import get_worker_log_path, setup_worker_logging

        def work(rank, folder):
            setup_worker_logging(rank, folder)
            for step in range(50):
                logging.info("step %d", step)

        if __name__ == "__main__":
            folder = Path("logs")
            context = multiprocessing.get_context("spawn")
            workers = [context.Process(target=work, args=(rank, folder)) for rank in range(3)]
            for worker in workers: worker.start()
            for worker in workers: worker.join()
            for rank in range(3):
                lines = get_worker_log_path(folder, rank).read_text().splitlines()
                print(rank, len(lines), all(f" - Worker {rank} - root - INFO - " in line for line in lines))
        """
    )

    assert (done.stdout.splitlines(), done.stderr) == ([b"0 51 True", b"1 51 True", b"2 51 True"], b"")
