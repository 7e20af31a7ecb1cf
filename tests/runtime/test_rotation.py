"""Rotation by one process: sizes, backups, gaps, kills in between, refused renames, and locks held by others."""

from __future__ import annotations

import logging
import os
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import worker_logger
from runtime_sandbox import levels_and_messages
from worker_logger import _LogFile, setup_worker_logger

pytestmark = pytest.mark.usefixtures("fresh")


def record(number: int) -> bytes:
    return b"%-47d\n" % number


@pytest.fixture
def log(tmp_path: Path) -> Iterator[_LogFile]:
    file = _LogFile(str(tmp_path / "genesis.log"))
    yield file
    file.close()


def numbers(folder: Path) -> list[int]:
    """Read all records from the oldest backup to the log."""
    names = sorted(
        folder.glob("genesis.log*"), key=lambda path: -int(path.suffix[1:] if path.suffix != ".log" else 0)
    )
    return [int(line) for path in names for line in path.read_bytes().splitlines()]


def sizes(folder: Path) -> dict[str, int]:
    return {
        path.name.removeprefix("genesis.log"): path.stat().st_size
        for path in sorted(folder.iterdir())
        if path.suffix != ".lock"  # there while a rotation is locked on Windows
    }


def held(log: _LogFile) -> Callable[[], object]:
    """Lock a log as another process that rotates it; what comes back gives the lock back."""
    let_go = log.platform.try_lock(log.path)
    assert let_go is not None
    return let_go


def test_no_file_exceeds_the_limit_and_all_backups_are_full(tmp_path: Path) -> None:
    """The file is rotated before the record that would not fit; the last one fills it to the byte."""
    logger = setup_worker_logger("genesis", tmp_path, max_bytes=460, backup_count=5)
    for number in range(45):  # 46 bytes each
        logger.info("%02d", number)

    assert sizes(tmp_path) == {"": 230, ".1": 460, ".2": 460, ".3": 460, ".4": 460}
    assert [
        line
        for name in (".4", ".3", ".2", ".1", "")
        for line in levels_and_messages(tmp_path / f"genesis.log{name}")
    ] == [f"INFO {number:02d}" for number in range(45)]


def test_a_longer_record_has_a_file_of_its_own(tmp_path: Path, log: _LogFile) -> None:
    """What is longer than the limit is written whole, and makes no empty backup."""
    for data in (b"x" * 500 + b"\n", b"y" * 500 + b"\n", b"z\n"):
        assert log.append(data, 100, 5)

    assert sizes(tmp_path) == {"": 2, ".1": 501, ".2": 501}


def test_the_oldest_backup_goes(tmp_path: Path, log: _LogFile) -> None:
    """``backup_count`` files are kept beside the log, and nothing else is left in the folder."""
    for number in range(100):
        log.append(record(number), 48 * 2, 3)

    assert sizes(tmp_path) == {"": 96, ".1": 96, ".2": 96, ".3": 96}
    assert numbers(tmp_path) == list(range(92, 100))


@pytest.mark.parametrize(("max_bytes", "backups"), [(0, 5), (100, 0), (0, 0)])
def test_zero_never_rotates(max_bytes: int, backups: int, tmp_path: Path, log: _LogFile) -> None:
    """Neither without a limit, nor without a place for old logs."""
    for number in range(100):
        log.append(record(number), max_bytes, backups)

    assert sizes(tmp_path) == {"": 4800}


def test_backups_shift_only_up_to_the_first_gap(tmp_path: Path, log: _LogFile) -> None:
    """A gap, left by a kill or by a person, is filled; nothing above it moves or is dropped."""
    for name in (".1", ".3", ".4"):
        (tmp_path / f"genesis.log{name}").write_text(name)
    log.append(record(1), 50, 4)
    log.append(record(2), 50, 4)

    assert {path.name[11:]: path.read_text()[:2] for path in tmp_path.iterdir()} == {
        "": "2 ", ".1": "1 ", ".2": ".1", ".3": ".3", ".4": ".4",
    }  # fmt: skip


class Killed(BaseException):
    """Stands for ``kill -9``: nothing of ours runs after it."""


@pytest.mark.parametrize("renames", range(5))
def test_a_kill_between_two_renames_loses_nothing(
    renames: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever the rotation stops, the next process finds every record and goes on."""
    first = _LogFile(str(tmp_path / "genesis.log"))
    for number in range(8):
        first.append(record(number), 96, 5)
    left = renames
    rename = os.rename

    def killing(source: str, target: str) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise Killed
        rename(source, target)

    monkeypatch.setattr(os, "rename", killing)
    if renames < 4:
        with pytest.raises(Killed):
            first.append(record(8), 96, 5)
    else:
        first.append(record(8), 96, 5)
    monkeypatch.setattr(os, "rename", rename)
    first.close()
    second = _LogFile(str(tmp_path / "genesis.log"))
    for number in range(9, 12):
        second.append(record(number), 96, 5)
    second.close()

    expected = [number for number in range(12) if number != 8 or renames == 4]
    assert numbers(tmp_path) == expected


def test_the_users_own_files_are_left_alone(tmp_path: Path, log: _LogFile) -> None:
    """A rotation takes no name that it has not given."""
    for name in ("genesis.log.old", "genesis.log.gone", "genesis.log.4", "genesis.log.1.bak"):
        (tmp_path / name).write_text("mine")
    for number in range(9):
        log.append(record(number), 50, 2)

    assert sizes(tmp_path) == {"": 48, ".1": 48, ".2": 48, ".old": 4, ".gone": 4, ".4": 4, ".1.bak": 4}


def test_a_refused_rename_is_tried_again_later(
    tmp_path: Path, log: _LogFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Meanwhile the lines go on to the file there is."""
    now = [50.0]
    monkeypatch.setattr(worker_logger, "_clock", lambda: now[0])
    rename = os.rename

    def refused(*_: object) -> None:
        raise PermissionError(13, "in use")

    monkeypatch.setattr(os, "rename", refused)
    for number in range(5):
        assert log.append(record(number), 50, 9)
    assert sizes(tmp_path) == {"": 240}
    monkeypatch.setattr(os, "rename", rename)
    log.append(record(5), 50, 9)
    assert sizes(tmp_path) == {"": 288}  # not at every record: to be refused takes its time
    now[0] += 2.1
    log.append(record(6), 50, 9)

    assert sizes(tmp_path) == {"": 48, ".1": 288}
    assert numbers(tmp_path) == list(range(7))


def test_a_folder_in_the_log_s_place_is_never_renamed(tmp_path: Path) -> None:
    """It stays where it is, and stops nobody."""
    (tmp_path / "folder.log").mkdir()
    file = _LogFile(str(tmp_path / "folder.log"))
    written = [file.append(record(number), 50, 5) for number in range(4)]
    file.close()

    assert written == [False] * 4
    assert [path.name for path in tmp_path.iterdir()] == ["folder.log"]


def test_a_pipe_or_a_device_in_the_log_s_place_is_never_renamed(tmp_path: Path) -> None:
    """They stay where they are, and stop nobody."""
    os.mkfifo(tmp_path / "pipe.log")
    reader = os.open(tmp_path / "pipe.log", os.O_RDONLY | os.O_NONBLOCK)
    (tmp_path / "null.log").symlink_to(os.devnull)
    before = sorted(path.name for path in tmp_path.iterdir())
    written = []
    for name in before:
        file = _LogFile(str(tmp_path / name))
        written += [file.append(record(number), 50, 5) for number in range(4)]
        file.close()

    assert sorted(path.name for path in tmp_path.iterdir()) == before
    assert written == [True] * 8
    assert os.read(reader, 1000) == b"".join(map(record, range(4)))
    assert stat.S_ISCHR((tmp_path / "null.log").stat().st_mode)
    os.close(reader)


def test_a_pipe_with_bytes_in_it_is_never_renamed(
    tmp_path: Path, log: _LogFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some systems give the bytes that wait in a pipe as its size."""
    os.mkfifo(log.path)
    reader = os.open(log.path, os.O_RDONLY | os.O_NONBLOCK)
    real = os.stat

    def of_path(path: str, **options: bool) -> os.stat_result:
        found = real(path, **options)
        return os.stat_result((*found[:6], 1000, *found[7:])) if path == log.path else found

    with monkeypatch.context() as patch:
        patch.setattr(os, "stat", of_path)
        log.append(record(0), 50, 5)
        log.append(record(1), 50, 5)

    assert os.read(reader, 1000) == record(0) + record(1)
    assert [path.name for path in tmp_path.iterdir()] == ["genesis.log"]
    os.close(reader)


def test_a_pipe_without_a_reader_does_not_stop_the_worker(tmp_path: Path, log: _LogFile) -> None:
    """Opening it for writing would wait for a reader."""
    os.mkfifo(tmp_path / "genesis.log")

    assert not log.append(record(1), 50, 5)


def test_what_a_link_leads_to_is_never_rotated(tmp_path: Path) -> None:
    """Whoever put it there decides about it, and other names in its folder are not ours."""
    (tmp_path / "disk").mkdir()
    (tmp_path / "genesis.log").symlink_to(tmp_path / "disk" / "genesis.log")
    file = _LogFile(str(tmp_path / "genesis.log"))
    for number in range(3):
        file.append(record(number), 50, 5)
    file.close()

    assert (tmp_path / "genesis.log").is_symlink()
    assert sizes(tmp_path / "disk") == {"": 144}
    assert len(list(tmp_path.iterdir())) == 2


def test_a_lock_that_is_held_for_long_is_not_waited_for_again(
    tmp_path: Path, log: _LogFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A suspended process in the middle of a rotation costs 20 ms, past twice the limit 50 ms more, and no line."""
    now = 100.0

    def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    monkeypatch.setattr(worker_logger, "_sleep", sleep)
    monkeypatch.setattr(worker_logger, "_monotonic", lambda: now)
    log.append(record(0), 50, 5)
    let_go = held(log)
    waits = []
    for number in range(1, 100):
        before = now
        assert log.append(record(number), 50, 5)
        waits.append(now - before)
    assert waits[0] == pytest.approx(0.02, abs=0.002)
    assert waits[2] == pytest.approx(0.05, abs=0.002)
    assert {waits[1], *waits[3:]} == {0}
    assert sizes(tmp_path) == {"": 4800}
    let_go()
    log.append(record(100), 50, 5)
    assert sizes(tmp_path) == {"": 48, ".1": 4800}
    let_go = held(log)
    before = now
    log.append(record(101), 50, 5)
    assert now > before  # having had a lock, it waits for the next one
    let_go()


def test_a_stopped_clock_does_not_stop_the_worker(
    tmp_path: Path, log: _LogFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tests of workers freeze the time; waiting for a lock ends all the same."""
    log.append(record(0), 50, 5)
    let_go = held(log)
    slept: list[float] = []
    monkeypatch.setattr(worker_logger, "_sleep", slept.append)
    monkeypatch.setattr(time, "monotonic", lambda: 100.0)
    assert log.append(record(1), 50, 5)
    assert log.append(record(2), 50, 5)

    assert len(slept) <= 25
    assert sizes(tmp_path) == {"": 144}
    let_go()


def test_a_lock_that_is_soon_released_is_waited_for(
    tmp_path: Path, log: _LogFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pure attempt would overshoot the limit whenever another process is just rotating."""
    log.append(record(0), 50, 5)
    let_go = held(log)
    monkeypatch.setattr(worker_logger, "_sleep", lambda _: let_go())
    log.append(record(1), 50, 5)

    assert sizes(tmp_path) == {"": 48, ".1": 48}


def test_a_file_that_another_process_has_just_rotated_is_not_rotated_again(
    tmp_path: Path, log: _LogFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lock on what is by now a backup is no lock on the log: the inode is looked at once more."""
    import fcntl

    log.append(record(0), 50, 5)
    others: list[int] = []
    flock = fcntl.flock

    def late(fd: int, mode: int) -> None:
        monkeypatch.setattr(fcntl, "flock", flock)
        flock(fd, mode)
        os.rename(log.path, log.path + ".1")
        others.append(os.open(log.path, os.O_RDWR | os.O_CREAT))
        os.write(others[0], record(1))
        flock(others[0], fcntl.LOCK_EX)  # is rotating in its turn

    monkeypatch.setattr(fcntl, "flock", late)
    log.append(record(2), 50, 5)

    assert sizes(tmp_path) == {"": 48, ".1": 96}  # appended where it was to go, for want of the lock
    assert numbers(tmp_path) == [0, 2, 1]
    os.close(others[0])


def test_a_lock_is_given_back_although_a_child_still_has_its_descriptor(
    tmp_path: Path, log: _LogFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``flock`` belongs to the open file: closing our descriptor of it is not enough."""
    import fcntl

    log.append(record(0), 50, 5)
    locked: list[int] = []
    flock = fcntl.flock

    def noting(fd: int, mode: int) -> None:
        locked.append(os.dup(fd))
        flock(fd, mode)

    monkeypatch.setattr(fcntl, "flock", noting)
    log.release(log.take_lock(0))
    monkeypatch.setattr(fcntl, "flock", flock)
    log.append(record(1), 50, 5)

    assert sizes(tmp_path) == {"": 48, ".1": 48}
    for fd in locked:
        os.close(fd)


def test_a_file_that_shrank_meanwhile_is_not_rotated(
    tmp_path: Path, log: _LogFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Someone truncated it between the look at its size and the lock."""
    log.append(record(0), 50, 5)
    platform = worker_logger._platform()
    try_lock = platform.try_lock

    def truncating(path: str) -> worker_logger._Unlock | None:
        os.truncate(path, 0)
        return try_lock(path)

    monkeypatch.setattr(platform, "try_lock", truncating)
    log.append(record(1), 50, 5)

    assert sizes(tmp_path) == {"": 48}
    assert numbers(tmp_path) == [1]


def test_do_rollover_rotates_at_once(tmp_path: Path) -> None:
    """The public method of a ``RotatingFileHandler`` does what it says."""
    logger = setup_worker_logger("genesis", tmp_path)
    logger.info("one")
    (handler,) = logger.handlers
    assert isinstance(handler, logging.handlers.RotatingFileHandler)
    handler.doRollover()
    logger.info("two")

    assert levels_and_messages(tmp_path / "genesis.log.1") == ["INFO one"]
    assert levels_and_messages(tmp_path / "genesis.log") == ["INFO two"]


def test_a_signal_handler_does_not_wait_for_the_lock_of_the_line_that_it_interrupts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own thread holds it, and will not give it back before the handler has returned."""
    log = _LogFile(str(tmp_path / "genesis.log"))
    log.append(b"x" * 99 + b"\n", 100, 3)
    unlock = log.take_lock(0.02)
    waits: list[float] = []
    monkeypatch.setattr(worker_logger, "_sleep", waits.append)
    assert log.append(b"of the handler\n", 100, 3)
    assert waits == []
    log.release(unlock)
    assert log.append(b"of the next\n", 100, 3)
    log.close()

    assert (tmp_path / "genesis.log").read_bytes() == b"of the next\n"
