"""Whatever happens to the log, the worker's terminal and exit stay the same, and logging resumes when it can."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import worker_logger
from runtime_sandbox import Sandbox, is_root, levels_and_messages
from worker_logger import _LogFile, setup_worker_logger

pytestmark = pytest.mark.usefixtures("fresh")

# The worker says eight lines; FAULT happens after the second, and goes away after the sixth.
WORKER = """
import errno, os, shutil, sys
from worker_logger import mirror_print, setup_worker_logger
BEFORE
logger = setup_worker_logger("genesis", max_bytes=5000)
for number in range(8):
    if number == 2:
        FAULT
    if number == 6:
        REPAIR
    mirror_print(logger.info, f"line {number}")
    logger.error("not on the terminal")
sys.exit(7)
"""
# Windows has no limits for a process: its C library has 8,192 descriptors.
FEW_DESCRIPTORS = (
    "pass" if os.name == "nt" else "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (60, 60))"
)
LINES = b"".join(b"line %d\n" % number for number in range(8))
FAULTS: dict[str, tuple[str, str, str]] = {
    "none": ("pass", "pass", "pass"),
    "a file in the folder's place": ("open('logs', 'w').close()", "pass", "os.remove('logs')"),
    "a file in the place of the folder's folder": (
        "open('deep', 'w').close(); os.environ['WORKER_LOG_DIR'] = 'deep/logs'",
        "pass",
        "os.remove('deep'); os.makedirs('deep/logs')",
    ),
    "the folder vanishes": ("pass", "shutil.rmtree('logs')", "pass"),
    "a file takes the folder's place": (
        "pass", "os.rename('logs', 'moved'); open('logs', 'w').close()", "os.remove('logs')"
    ),
    "a folder takes the log's place": (
        "pass",
        "os.rename('logs/genesis.log', 'logs/moved.log'); os.mkdir('logs/genesis.log')",
        "os.rmdir('logs/genesis.log')",
    ),
    "the log is deleted": ("pass", "os.remove('logs/genesis.log')", "pass"),
    "the log is moved": ("pass", "os.rename('logs/genesis.log', 'logs/moved.log')", "pass"),
    "the log is truncated": ("pass", "os.truncate('logs/genesis.log', 0)", "pass"),
    "a full device": (
        "os.mkdir('logs'); os.symlink('/dev/full', 'logs/genesis.log')", "pass", "os.remove('logs/genesis.log')"
    ),
    "a full disk": (
        "import resource",
        "resource.setrlimit(resource.RLIMIT_FSIZE, (os.path.getsize('logs/genesis.log') + 20, resource.RLIM_INFINITY))",
        "resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)",
    ),
    "a link into nothing": (
        "os.mkdir('logs'); os.symlink('nowhere/x', 'logs/genesis.log')", "pass", "os.remove('logs/genesis.log')"
    ),
    "a link to itself": (
        "os.mkdir('logs'); os.symlink('genesis.log', 'logs/genesis.log')", "pass", "os.remove('logs/genesis.log')"
    ),
    "a pipe that nobody reads": ("os.mkdir('logs'); os.mkfifo('logs/genesis.log')", "pass", "os.remove('logs/genesis.log')"),
    "all descriptors closed": ("pass", "os.closerange(3, 1000)", "pass"),
    "no descriptor left": (
        f"{FEW_DESCRIPTORS}; kept = []",
        """
        try:
            while True: kept.append(os.dup(1))
        except OSError: pass
        """.strip().replace("\n        ", "\n" + " " * 8),
        "[os.close(fd) for fd in kept]",
    ),
    "an unwritable folder": (
        "NOBODY; os.mkdir('logs'); os.chmod('logs', 0o500)", "pass", "os.chmod('logs', 0o700)"
    ),
    "a read-only log": (
        "NOBODY; os.mkdir('logs'); open('logs/genesis.log', 'w').close(); os.chmod('logs/genesis.log', 0o400)",
        "pass",
        "os.chmod('logs/genesis.log', 0o600)",
    ),
    "no current folder": ("os.mkdir('gone'); os.chdir('gone'); os.rmdir('../gone')", "pass", "pass"),
}  # fmt: skip
NOBODY = "os.chmod('.', 0o777); os.seteuid(65534)" if is_root() else "pass"


@pytest.mark.parametrize("fault", FAULTS)
def test_the_worker_does_not_notice(fault: str, sandbox: Sandbox, request: pytest.FixtureRequest) -> None:
    """Same stdout, empty stderr, same exit code; every line is logged again once the cause is gone."""
    before, start, end = (part.replace("NOBODY", NOBODY) for part in FAULTS[fault])
    if is_root() and NOBODY in before:  # pytest closes its own folders to others, whenever a run starts
        folder = tempfile.TemporaryDirectory()
        request.addfinalizer(folder.cleanup)
        os.chmod(folder.name, 0o755)
        sandbox = Sandbox(Path(shutil.copytree(sandbox.path, Path(folder.name) / "box")))
    script = WORKER.replace("BEFORE", before).replace("FAULT", start).replace("REPAIR", end)
    done = sandbox.run(script)

    assert (done.stdout, done.stderr, done.returncode) == (LINES, b"", 7)
    log = sandbox.path / ("deep/logs/genesis.log" if "deep" in before else "logs/genesis.log")
    assert levels_and_messages(log)[-4:] == [
        "INFO line 6", "ERROR not on the terminal", "INFO line 7", "ERROR not on the terminal",
    ]  # fmt: skip


@pytest.fixture
def log(tmp_path: Path) -> Iterator[_LogFile]:
    file = _LogFile(str(tmp_path / "logs" / "genesis.log"))
    file.prepare()
    yield file
    file.close()


def test_a_moved_log_gets_no_further_line(log: _LogFile, tmp_path: Path) -> None:
    """As after a rotation by another program, the next line is in a new file at the path."""
    log.append(b"one\n")
    os.rename(log.path, tmp_path / "moved")
    log.append(b"two\n")

    assert (tmp_path / "moved").read_bytes() == b"one\n"
    assert Path(log.path).read_bytes() == b"two\n"


def test_a_log_that_cannot_be_made_anew_goes_on_under_its_new_name(
    log: _LogFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Moved away while no descriptor is left, or while its folder takes no new file: no line is lost."""

    def refused(*_: object) -> int:
        raise OSError(24, "Too many open files")

    log.append(b"one\n")
    os.rename(log.path, tmp_path / "moved")
    with monkeypatch.context() as patch:
        patch.setattr(log.platform, "open_append", refused)
        assert log.append(b"two\n")
    assert log.append(b"three\n")

    assert (tmp_path / "moved").read_bytes() == b"one\ntwo\n"
    assert Path(log.path).read_bytes() == b"three\n"


def test_a_replaced_log_is_noticed(log: _LogFile) -> None:
    """Another file at the path is the log now, if not for a record that follows within microseconds."""
    log.append(b"one\n")
    os.rename(log.path, log.path + ".moved")
    Path(log.path).write_bytes(b"new\n")
    time.sleep(0.0001)
    log.append(b"two\n")

    assert Path(log.path).read_bytes() == b"new\ntwo\n"


def test_a_missing_log_is_noticed_however_fast_records_follow(
    log: _LogFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Records that share a look at the path still ask whether it is there."""
    monkeypatch.setattr(worker_logger, "_clock", lambda: 5.0)
    log.append(b"one\n")
    os.remove(log.path)
    log.append(b"two\n")
    log.append(b"three\n")
    os.rename(log.path, log.path + ".moved")
    log.append(b"four\n")

    assert Path(log.path + ".moved").read_bytes() == b"two\nthree\n"
    assert Path(log.path).read_bytes() == b"four\n"


def test_a_log_deleted_just_before_the_write_is_written_again(
    log: _LogFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Suspended between the look at the path and the write, the line would go to a file without a name."""
    log.append(b"one\n")
    write = os.write

    def deleting(fd: int, data: bytes) -> int:
        monkeypatch.setattr(os, "write", write)
        os.remove(log.path)
        time.sleep(0.001)
        return write(fd, data)

    monkeypatch.setattr(os, "write", deleting)

    assert log.append(b"two\n")
    assert Path(log.path).read_bytes() == b"two\n"


def test_a_file_system_that_counts_no_links_gets_each_line_once(
    log: _LogFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some network file systems give 0 for every file: that is no sign of deletion there."""
    log.close()
    fstat, write = os.fstat, os.write

    def slow(fd: int, data: bytes) -> int:
        time.sleep(0.001)
        return write(fd, data)

    monkeypatch.setattr(os, "fstat", lambda fd: os.stat_result((*fstat(fd)[:3], 0, *fstat(fd)[4:])))
    monkeypatch.setattr(os, "write", slow)
    log.append(b"one\n")
    log.append(b"two\n")

    assert Path(log.path).read_bytes() == b"one\ntwo\n"


def test_the_path_that_is_missing_for_a_moment_is_made(log: _LogFile) -> None:
    """Between another process's rename and its re-create the line is neither lost nor an error."""
    log.append(b"one\n")
    os.rename(log.path, log.path + ".1")

    assert log.append(b"two\n")
    assert Path(log.path).read_bytes() == b"two\n"


def test_half_a_line_is_ended_before_the_next_one(tmp_path: Path) -> None:
    """A killed writer left half a line in the log that the worker opens."""
    path = tmp_path / "genesis.log"
    path.write_bytes(b"whole\nhal")
    file = _LogFile(str(path))
    file.append(b"next\n")
    file.append(b"last\n")
    file.close()

    assert path.read_bytes() == b"whole\nhal\nnext\nlast\n"


def test_half_a_line_of_a_process_killed_meanwhile_is_ended(log: _LogFile) -> None:
    """A kill cuts a write at the end of a page: there, and only there, a running writer looks."""
    log.append(b"one\n")
    with open(log.path, "ab") as other:
        other.write(b"x" * 4092)
    log.append(b"two\n")

    assert Path(log.path).read_bytes() == b"one\n" + b"x" * 4092 + b"\ntwo\n"


def test_a_line_that_another_process_is_writing_is_not_taken_for_half_a_line(
    log: _LogFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was preempted in the middle of its write; after that there is nothing to end, and no blank line."""
    log.append(b"one\n")
    with open(log.path, "ab") as other:
        other.write(b"two ")

        def goes_on(_fd: int) -> None:
            other.write(b"two\n")
            other.flush()

        monkeypatch.setattr(log.platform, "wait_for_write", goes_on)
        other.flush()
        log.unsure = True
        assert log.append(b"three\n")

    assert Path(log.path).read_bytes() == b"one\ntwo two\nthree\n"


def test_half_a_line_in_the_file_of_after_a_rotation_is_not_ours_to_end(
    log: _LogFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was looked at is another file by then, whose writer nobody waited for: no blank line comes into the one that is open."""
    log.append(b"one\n")
    old = Path(f"{log.path}.1")
    look = log._look

    def rotated() -> int:
        size = look()
        if not old.exists():
            os.rename(log.path, old)
            Path(log.path).write_bytes(b"x" * 4096)
        return size

    monkeypatch.setattr(log, "_look", rotated)
    log.unsure = True
    assert log.append(b"two\n")

    assert old.read_bytes() == b"one\ntwo\n"


def test_a_log_rotated_while_its_end_is_looked_at_gets_the_line(
    log: _LogFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file to look at is gone: the line goes to the one that is open, not nowhere."""
    look = log._look

    def rotated() -> int:
        size = look()
        os.rename(log.path, log.path + ".1")
        return size

    log.append(b"one\n")
    log.unsure = True
    with monkeypatch.context() as patch:
        patch.setattr(log, "_look", rotated)
        assert log.append(b"two\n")

    assert Path(log.path + ".1").read_bytes() == b"one\ntwo\n"


def test_a_write_cut_short_by_a_full_disk_glues_no_lines(
    log: _LogFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The part that fitted stays alone on its line."""
    log.append(b"one\n")
    write, calls = os.write, 0

    def short(fd: int, data: bytes) -> int:
        nonlocal calls
        calls += 1
        if calls == 1:
            return write(fd, data[:3])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", short)
    assert not log.append(b"two two\n")
    monkeypatch.setattr(os, "write", write)
    assert log.append(b"three\n")

    assert Path(log.path).read_bytes() == b"one\ntwo\nthree\n"


def test_a_write_in_two_parts_is_whole(log: _LogFile, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rest follows the part that was taken."""
    write = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: write(fd, data[:3]))
    log.append(b"one two three\n")

    assert Path(log.path).read_bytes() == b"one two three\n"


def test_a_number_that_was_reused_is_not_written_to(sandbox: Sandbox) -> None:
    """After a daemon closed all descriptors, the files that it opens next get no line of the log."""
    done = sandbox.run(
        """
        import os
        from worker_logger import setup_worker_logger
        logger = setup_worker_logger("genesis")
        logger.info("one")
        os.closerange(0, 1000)
        mine = [os.open(f"mine{n}", os.O_RDWR | os.O_CREAT) for n in range(20)]
        for n in range(5):
            logger.info("two")
        """
    )

    assert done.returncode == 0
    assert {path.read_bytes() for path in sandbox.path.glob("mine*")} == {b""}
    assert sandbox.logged() == ["INFO one", *["INFO two"] * 5]


def test_descriptors_closed_before_a_rotation_by_others_are_forgotten(sandbox: Sandbox) -> None:
    """The log is opened anew, and a file that has got the old number is neither written to nor closed."""
    done = sandbox.run(
        """
        import os
        from worker_logger import setup_worker_logger
        logger = setup_worker_logger("genesis")
        logger.info("one")
        number = logger.handlers[0].file.fd
        os.rename("logs/genesis.log", "logs/moved.log")
        os.close(number)
        logger.info("two")
        os.rename("logs/genesis.log", "logs/moved2.log")
        number = logger.handlers[0].file.fd
        os.dup2(os.open("mine", os.O_WRONLY | os.O_CREAT), number)
        logger.info("three")
        os.write(number, b"mine")
        """
    )

    assert (done.returncode, done.stderr) == (0, b"")
    assert (sandbox.path / "mine").read_bytes() == b"mine"
    assert levels_and_messages(sandbox.path / "logs" / "moved2.log") == ["INFO two"]
    assert sandbox.logged() == ["INFO three"]


def test_out_of_descriptors_the_log_grows_until_one_is_free(sandbox: Sandbox) -> None:
    """A rotation needs descriptors; without them lines go on to the file there is, and none is lost."""
    done = sandbox.run(
        f"""
        import os
        from worker_logger import setup_worker_logger
        logger = setup_worker_logger("genesis", max_bytes=500, backup_count=50)
        logger.info("line 0")
        {FEW_DESCRIPTORS}
        kept = []
        try:
            while True: kept.append(os.dup(1))
        except OSError: pass
        for number in range(1, 30):
            logger.info("line %d", number)
        print(os.path.exists("logs/genesis.log.1"))
        for fd in kept: os.close(fd)
        for number in range(30, 40):
            logger.info("line %d", number)
        """
    )

    assert (done.stdout, done.stderr) == (b"False\n", b"")
    names = sorted((sandbox.path / "logs").glob("*.log*"), key=lambda path: path.suffix, reverse=True)
    names = [*sorted(path for path in names if path.suffix != ".log")[::-1], sandbox.log]
    assert len(names) >= 2
    assert [line for path in names for line in levels_and_messages(path)] == [
        f"INFO line {n}" for n in range(40)
    ]


def test_a_vanished_project_is_not_made_again(tmp_path: Path) -> None:
    """Only the log's own folder comes back; a removed project or an unmounted disk stays gone."""
    logger = setup_worker_logger("genesis", tmp_path / "project" / "logs")
    logger.info("one")
    os.rename(tmp_path / "project", tmp_path / "moved")
    logger.info("two")

    assert [path.name for path in tmp_path.iterdir()] == ["moved"]
    (tmp_path / "project").mkdir()
    logger.info("three")
    assert levels_and_messages(tmp_path / "project" / "logs" / "genesis.log") == ["INFO three"]


def test_a_closed_handler_goes_on(tmp_path: Path) -> None:
    """Records after ``logging.shutdown``, from ``atexit`` functions or ``__del__``, are still logged."""
    logger = setup_worker_logger("genesis", tmp_path)
    logger.info("one")
    logger.handlers[0].close()
    logger.info("two")

    assert levels_and_messages(tmp_path / "genesis.log") == ["INFO one", "INFO two"]


def test_last_words_at_exit_are_logged(sandbox: Sandbox) -> None:
    """Also from ``atexit`` and from ``__del__`` while the interpreter goes down."""
    done = sandbox.run(
        """
        import atexit
        atexit.register(lambda: logger.info("atexit"))
        from worker_logger import setup_worker_logger
        logger = setup_worker_logger("genesis")
        class Last:
            def __init__(self): self.logger = logger
            def __del__(self): self.logger.info("del")
        last = Last()
        """
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert sandbox.logged() == ["INFO atexit", "INFO del"]


def test_a_path_that_no_system_call_takes_is_silent(tmp_path: Path) -> None:
    """A NUL in the folder's name raises ValueError, not OSError."""
    logger = setup_worker_logger("genesis", str(tmp_path / "a\0b"))
    logger.info("x")

    assert isinstance(logger.handlers[0], worker_logger._WorkerFileHandler)
    assert list(tmp_path.iterdir()) == []
