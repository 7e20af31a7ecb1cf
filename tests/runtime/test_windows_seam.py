"""The Windows part of the runtime, against a fake that enforces Win32's rules."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import worker_logger
from fake_windows import FILE_APPEND_DATA, FILE_WRITE_DATA, GENERIC_READ, GENERIC_WRITE, FakeWindows
from worker_logger import _LogFile

pytestmark = pytest.mark.usefixtures("fresh")


def record(number: int) -> bytes:
    return b"%-47d\n" % number


def use(monkeypatch: pytest.MonkeyPatch, machine: FakeWindows, *, without: tuple[str, ...] = ()) -> None:
    for name, module in machine.modules().items():
        monkeypatch.setitem(sys.modules, name, None if name in without else module)
    monkeypatch.setattr(worker_logger, "os", machine.os_module())
    monkeypatch.setattr(worker_logger, "io", machine.io_module())
    monkeypatch.setattr(worker_logger, "_sleep", lambda _: None)
    worker_logger._platform.cache_clear()


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeWindows]:
    machine = FakeWindows()
    use(monkeypatch, machine)
    yield machine
    monkeypatch.undo()
    worker_logger._platform.cache_clear()


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeWindows]:
    """A Windows whose Python has no ctypes."""
    machine = FakeWindows()
    use(monkeypatch, machine, without=("ctypes",))
    yield machine
    monkeypatch.undo()
    worker_logger._platform.cache_clear()


def numbers(folder: Path) -> list[int]:
    return sorted(int(line) for path in folder.iterdir() for line in path.read_bytes().splitlines())


def logs(folder: Path, count: int) -> list[_LogFile]:
    """Open the log as so many processes."""
    files = [_LogFile(str(folder / "genesis.log")) for _ in range(count)]
    for file in files:
        file.prepare()
    return files


@pytest.mark.usefixtures("machine")
def test_windows_is_chosen_by_the_name_of_the_system() -> None:
    """Nothing else is asked."""
    assert type(worker_logger._platform()) is worker_logger._Windows
    assert not worker_logger._platform().locks_each_record


def test_several_writers_append_as_one_step_and_rotate_while_all_have_it_open(
    tmp_path: Path, machine: FakeWindows
) -> None:
    """The log is opened for appending only, and everyone may rename it."""
    files = logs(tmp_path, 3)
    for number in range(60):
        assert files[number % 3].append(record(number), 200, 30)

    assert numbers(tmp_path) == list(range(60))
    assert {path.name: path.stat().st_size for path in tmp_path.iterdir()} == {
        "genesis.log": 192,
        **{f"genesis.log.{number}": 192 for number in range(1, 15)},
    }
    for access, share in machine.created:
        assert share == (0 if access == GENERIC_READ else 7)
        assert not (access & FILE_APPEND_DATA and access & (FILE_WRITE_DATA | GENERIC_WRITE))


def test_out_of_descriptors_no_handle_stays_open(tmp_path: Path, machine: FakeWindows) -> None:
    """What Windows has opened and the C library has no number for is closed: else the lock would be held for ever."""
    (file,) = logs(tmp_path, 1)
    file.append(record(0), 50, 2)
    before = set(machine.handles)
    machine.has_descriptors = False
    assert file.append(record(1), 50, 2)
    assert set(machine.handles) == before
    machine.has_descriptors = True
    assert file.append(record(2), 50, 2)

    assert numbers(tmp_path) == [0, 1, 2]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["genesis.log", "genesis.log.1"]


def test_the_oldest_backup_that_someone_reads_does_not_stop_the_rotation(
    tmp_path: Path, machine: FakeWindows
) -> None:
    """It is moved aside first; its name is free at once, though the file itself vanishes later."""
    (file,) = logs(tmp_path, 1)
    for number in range(3):
        file.append(record(number), 50, 2)
    reader = machine.create_file(str(tmp_path / "genesis.log.2"), 0x80000000, 7, None, 3, 0, None)
    file.append(record(3), 50, 2)

    assert numbers(tmp_path) == [0, 1, 2, 3]
    ((aside, inode),) = machine.pending.items()
    assert inode == os.fstat(reader).st_ino
    assert file.append(record(4), 50, 2)
    machine.close(reader)
    file.append(record(5), 50, 2)
    assert numbers(tmp_path) == [3, 4, 5]
    assert not os.path.exists(aside)


def test_what_a_killed_rotation_put_aside_does_not_stop_the_next_one(
    tmp_path: Path, machine: FakeWindows
) -> None:
    """No rename replaces: the name has to be free."""
    (file,) = logs(tmp_path, 1)
    for number in range(3):
        file.append(record(number), 50, 2)
    (tmp_path / "genesis.log.77-1.gone").touch()
    (tmp_path / "genesis.log.old").touch()
    file.append(record(3), 50, 2)

    assert numbers(tmp_path) == [1, 2, 3]
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "genesis.log", "genesis.log.1", "genesis.log.2", "genesis.log.old",
    ]  # fmt: skip
    assert len(machine.handles) == 1


def test_a_program_that_allows_no_rename_delays_the_rotation(
    tmp_path: Path, machine: FakeWindows, monkeypatch: pytest.MonkeyPatch
) -> None:
    """WinError 32: lines go on to the file there is; seconds after the program closes it, it is rotated."""
    now = [50.0]
    monkeypatch.setattr(worker_logger, "_clock", lambda: now[0])
    (file,) = logs(tmp_path, 1)
    file.append(record(0), 50, 5)
    editor = machine.open(str(tmp_path / "genesis.log"), os.O_RDONLY)
    for number in range(1, 5):
        assert file.append(record(number), 50, 5)
    assert [path.name for path in tmp_path.iterdir()] == ["genesis.log"]
    machine.close(editor)
    now[0] += 2.1
    file.append(record(5), 50, 5)

    assert (tmp_path / "genesis.log").read_bytes() == record(5)
    assert numbers(tmp_path) == list(range(6))


def test_a_program_that_allows_nothing_loses_lines_only_while_it_does(
    tmp_path: Path, machine: FakeWindows
) -> None:
    """A log opened exclusively cannot be appended to by a process that has yet to open it."""
    path = tmp_path / "genesis.log"
    blocker = machine.create_file(str(path), GENERIC_WRITE, 0, None, 4, 0, None)
    (file,) = logs(tmp_path, 1)
    assert not file.append(record(0))
    machine.close(blocker)

    assert file.append(record(1))
    assert path.read_bytes() == record(1)


def test_a_deleted_log_is_let_go_of_and_made_again(tmp_path: Path, machine: FakeWindows) -> None:
    """The name of a deleted file is free only when we, too, have closed it."""
    (file,) = logs(tmp_path, 1)
    file.append(record(0))
    machine.remove(file.path)
    assert os.path.exists(file.path)

    assert file.append(record(1))
    assert numbers(tmp_path) == [1]


def test_a_rotation_waits_for_the_lock_of_another_process(
    tmp_path: Path, machine: FakeWindows, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lock is a file of its own, so appending goes on meanwhile; it vanishes with its handle, by a kill too."""
    files = logs(tmp_path, 2)
    files[0].append(record(0), 50, 5)
    lock = files[1].take_lock(0)
    assert lock is not None
    assert worker_logger._platform().try_lock(files[0].path) is None
    (holder,) = (fd for fd, handle in machine.handles.items() if handle.path.endswith(".lock"))
    monkeypatch.setattr(worker_logger, "_sleep", lambda _: machine.close(holder))
    files[1].append(record(1))
    files[0].append(record(2), 50, 5)

    assert (tmp_path / "genesis.log").read_bytes() == record(2)
    assert numbers(tmp_path) == [0, 1, 2]
    assert not (tmp_path / "genesis.log.lock").exists()


def test_no_handle_is_left_open(tmp_path: Path, machine: FakeWindows) -> None:
    """One per log; none for locks, looks and rotations."""
    files = logs(tmp_path, 2)
    for number in range(20):
        files[number % 2].append(record(number), 100, 3)
    assert len(machine.handles) == 2
    for file in files:
        file.close()

    assert machine.handles == {}


@pytest.mark.parametrize("missing", ["ctypes", "msvcrt"])
def test_without_ctypes_each_record_is_locked(
    missing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between another process's seek and its write nobody appends: nothing is overwritten."""
    machine = FakeWindows()
    use(monkeypatch, machine, without=(missing,))
    files = logs(tmp_path, 2)
    tried, threads = threading.Event(), []

    def other() -> None:
        files[1].append(record(1), 1000, 5)

    def between() -> None:
        machine.between_seek_and_write = lambda: None
        threads.append(threading.Thread(target=other))
        threads[0].start()
        tried.wait(5)

    def sleep(seconds: float) -> None:
        tried.set()
        time.sleep(seconds)

    monkeypatch.setattr(worker_logger, "_sleep", sleep)
    machine.between_seek_and_write = between
    assert files[0].append(record(0), 1000, 5)
    threads[0].join()

    assert (tmp_path / "genesis.log").read_bytes() == record(0) + record(1)
    worker_logger._platform.cache_clear()


def test_without_ctypes_nothing_stays_open_so_that_anyone_can_rotate(
    tmp_path: Path, bare: FakeWindows
) -> None:
    """An open file could not be renamed there."""
    files = logs(tmp_path, 3)
    for number in range(60):
        assert files[number % 3].append(record(number), 200, 30)
        assert bare.handles == {}

    assert numbers(tmp_path) == list(range(60))
    assert {path.stat().st_size for path in tmp_path.iterdir()} == {192}


@pytest.mark.usefixtures("bare")
def test_without_ctypes_a_held_lock_does_not_stop_the_worker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After two seconds the line is appended anyway, and nobody rotates."""
    now = [10.0]
    monkeypatch.setattr(worker_logger, "_monotonic", lambda: now[0])
    monkeypatch.setattr(worker_logger, "_sleep", lambda seconds: now.__setitem__(0, now[0] + seconds))
    lock = tmp_path / "genesis.log.lock"
    lock.touch()
    later = time.time() + 1000  # never left behind, however long the tries take
    os.utime(lock, (later, later))
    (file,) = logs(tmp_path, 1)
    for number in range(5):
        assert file.append(record(number), 50, 5)

    assert (tmp_path / "genesis.log").read_bytes() == b"".join(map(record, range(5)))
    assert 11.9 < now[0] < 12.1


def test_without_ctypes_a_lock_that_is_given_back_at_the_question_is_waited_for(
    tmp_path: Path, bare: FakeWindows, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is refused, and gone when its age is asked for: that is no reason to write without it; the twin is one that stays."""
    lock, held = tmp_path / "genesis.log.lock", []
    module = sys.modules["worker_logger"].os
    ask: Callable[[str, int, int], int] = module.open

    def refused_once(path: str, flags: int, mode: int = 0o777) -> int:
        try:
            return ask(path, flags, mode)
        except FileExistsError:
            lock.unlink()
            raise

    monkeypatch.setattr(module, "open", refused_once)
    bare.between_seek_and_write = lambda: held.append(lock.exists())
    (file,) = logs(tmp_path, 1)
    lock.touch()
    assert file.append(record(0), 1000, 5)

    assert held == [True]
    assert not lock.exists()


@pytest.mark.usefixtures("machine")
@pytest.mark.parametrize("name", ["con", "NUL", "com1", "lpt9.x"])
def test_a_device_name_is_no_log(name: str) -> None:
    """``con.log`` would be the console."""
    assert worker_logger._file_stem(name) == "_" + name


def test_a_volume_that_has_another_number_for_an_open_file_leaks_nothing(
    tmp_path: Path, machine: FakeWindows, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Redirectors tell 0 for a file that was renamed while it was open: it is ours all the same."""
    (file,) = logs(tmp_path, 1)
    fstat = worker_logger.os.fstat  # type: ignore[attr-defined]

    def redirected(fd: int) -> os.stat_result:
        found = fstat(fd)
        return os.stat_result((*found[:2], 0, *found[3:]))

    monkeypatch.setattr(worker_logger.os, "fstat", redirected)  # type: ignore[attr-defined]
    for number in range(12):
        assert file.append(record(number), 100, 3)

    assert len(machine.handles) == 1
    assert len(list(tmp_path.iterdir())) == 4


def test_a_backup_that_is_read_for_long_does_not_let_the_log_grow(
    tmp_path: Path, machine: FakeWindows
) -> None:
    """Each rotation takes a name aside that is free; what could not be deleted is deleted later."""
    (file,) = logs(tmp_path, 1)
    for number in range(3):
        file.append(record(number), 50, 2)
    reader = machine.create_file(str(tmp_path / "genesis.log.2"), 0x80000000, 7, None, 3, 0, None)
    for number in range(3, 20):
        assert file.append(record(number), 50, 2)
    assert (tmp_path / "genesis.log").stat().st_size == 48
    machine.close(reader)
    file.append(record(20), 50, 2)

    assert numbers(tmp_path) == [18, 19, 20]


@pytest.mark.usefixtures("machine")
@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("C:\\logs\\zero.log", "C:\\logs\\zero.log"),
        ("C:\\" + "x" * 240, "\\\\?\\C:\\" + "x" * 240),
        ("\\\\nas\\" + "x" * 240, "\\\\?\\UNC\\nas\\" + "x" * 240),
        ("\\\\?\\C:\\" + "x" * 240, "\\\\?\\C:\\" + "x" * 240),
    ],
)
def test_a_long_path_has_room_for_what_stands_beside_the_log(path: str, expected: str) -> None:
    """A log whose lock or backup has too long a name would never be rotated; a short one is named as it is."""
    assert _LogFile(path).path == expected


@pytest.mark.usefixtures("machine")
def test_quotes_and_blanks_around_a_setting_are_cmd_s(monkeypatch: pytest.MonkeyPatch) -> None:
    """A setting without them is what it is."""
    for value, expected in (('"C:\\my logs" ', "C:\\my logs"), ("C:\\logs", "C:\\logs"), ("", "")):
        monkeypatch.setenv("WORKER_LOG_DIR", value)
        assert worker_logger._setting("WORKER_LOG_DIR") == expected


def test_a_lock_that_nobody_has_any_more_is_none(
    tmp_path: Path, machine: FakeWindows, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A signal handler that raises while a rotation takes its lock leaves neither the lock nor its handle; one that is kept stays."""
    path = str(tmp_path / "genesis.log")
    lock = worker_logger._platform().try_lock(path)
    assert worker_logger._platform().try_lock(path) is None
    del lock
    assert machine.handles == {}

    def interrupted(_handle: int, _flags: int) -> int:
        raise KeyboardInterrupt

    platform = worker_logger._platform()
    assert isinstance(platform, worker_logger._Windows)
    monkeypatch.setattr(platform.msvcrt, "open_osfhandle", interrupted)
    with pytest.raises(KeyboardInterrupt):
        platform.try_lock(path)
    assert machine.handles == {}
    assert not Path(path + ".lock").exists()
