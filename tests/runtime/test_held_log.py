"""While another program has the log or a backup open: on Windows that may forbid to rename and to delete, elsewhere nothing does.

Real files and real handles on both; ``test_windows_seam.py`` has what only a fake can show (Python without ``ctypes``).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import worker_logger
from worker_logger import _LogFile

pytestmark = pytest.mark.usefixtures("fresh")

WINDOWS = os.name == "nt"
LIMIT, BACKUPS = 200, 3  # four records of 48 bytes in each file


def record(number: int) -> bytes:
    return b"%-47d\n" % number


@pytest.fixture
def log(tmp_path: Path) -> Iterator[_LogFile]:
    file = _LogFile(str(tmp_path / "genesis.log"))
    yield file
    file.close()


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The clock by which a refused rotation is tried again."""
    now = [50.0]
    monkeypatch.setattr(worker_logger, "_clock", lambda: now[0])
    return now


def say(log: _LogFile, first: int, end: int) -> None:
    for number in range(first, end):
        assert log.append(record(number), LIMIT, BACKUPS)


def kept(folder: Path) -> list[int]:
    return sorted(
        int(line) for path in folder.glob("genesis.log*") for line in path.read_bytes().splitlines()
    )


@contextmanager
def opened(path: str, *, shared: bool) -> Iterator[None]:
    """Read a file as another program: a viewer that lets others rename and delete it, or an editor that does not."""
    if sys.platform == "win32":
        import ctypes

        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel.CreateFileW.restype = ctypes.c_void_p
        handle = kernel.CreateFileW(path, 0x80000000, 7 if shared else 3, None, 3, 0x80, None)
        assert handle not in (None, ctypes.c_void_p(-1).value), ctypes.get_last_error()
        try:
            yield
        finally:
            kernel.CloseHandle(ctypes.c_void_p(handle))
    else:
        with open(path, "rb"):
            yield


def handles() -> int:
    """Count what this process has open."""
    if sys.platform == "win32":
        import ctypes

        count = ctypes.c_uint32()
        kernel = ctypes.WinDLL("kernel32")
        kernel.GetCurrentProcess.restype = ctypes.c_void_p
        assert kernel.GetProcessHandleCount(ctypes.c_void_p(kernel.GetCurrentProcess()), ctypes.byref(count))
        return count.value
    return len(os.listdir("/dev/fd"))


def test_a_log_in_an_editor_may_grow_and_is_back_in_its_bounds_afterwards(
    log: _LogFile, now: list[float], tmp_path: Path
) -> None:
    """Nobody can rename it meanwhile on Windows; the rotation is tried again two seconds later, not at every record."""
    say(log, 0, 4)
    with opened(log.path, shared=False):
        say(log, 4, 12)
        assert (os.path.getsize(log.path) > LIMIT) is WINDOWS
    now[0] += 1.9
    say(log, 12, 13)
    assert (os.path.getsize(log.path) > LIMIT) is WINDOWS
    now[0] += 0.2
    say(log, 13, 14)

    assert os.path.getsize(log.path) <= LIMIT
    assert kept(tmp_path) == list(range(14))


@pytest.mark.parametrize("shared", [True, False], ids=["viewer", "editor"])
def test_a_backup_that_is_read_for_long_stops_no_rotation_for_ever(
    log: _LogFile, now: list[float], tmp_path: Path, shared: bool
) -> None:
    """Whose reader allows it, is moved aside; else the log grows until seconds after the reader has left."""
    say(log, 0, 16)
    with opened(f"{log.path}.{BACKUPS}", shared=shared):
        for number in range(16, 48):
            now[0] += 0.1
            say(log, number, number + 1)
        assert (os.path.getsize(log.path) > LIMIT) is (WINDOWS and not shared)
    now[0] += 2.1
    say(log, 48, 49)

    assert os.path.getsize(log.path) <= LIMIT
    say(log, 49, 65)
    assert sorted(os.listdir(tmp_path)) == [
        "genesis.log", *(f"genesis.log.{number}" for number in range(1, BACKUPS + 1)),
    ]  # fmt: skip
    assert all(path.stat().st_size <= LIMIT for path in tmp_path.iterdir())
    assert kept(tmp_path)[-12:] == list(range(53, 65))


def test_files_of_others_beside_the_log_are_left_alone(log: _LogFile, tmp_path: Path) -> None:
    """Whatever they are called, also while a backup has to be moved aside."""
    others = [
        "genesis.log.old",
        "genesis.log.gone",
        "genesis.log.1.gz",
        "genesis.log.2026-11-29.gone",
        "w.log.1",
    ]
    for name in others:
        (tmp_path / name).write_bytes(b"")
    say(log, 0, 16)
    with opened(f"{log.path}.{BACKUPS}", shared=True):
        say(log, 16, 32)
    say(log, 32, 48)

    assert {name for name in os.listdir(tmp_path) if not name.removeprefix("genesis.log.").isdigit()} == {
        "genesis.log", *others,
    }  # fmt: skip


def test_no_rotation_leaks_a_handle(log: _LogFile) -> None:
    """Our own file, renamed while it is open, is recognised as ours and closed."""
    say(log, 0, 20)
    before = handles()
    say(log, 20, 400)

    assert handles() == before


@pytest.mark.parametrize("how", ["deleted", "renamed"])
def test_a_log_that_somebody_takes_away_is_made_anew(log: _LogFile, how: str, tmp_path: Path) -> None:
    """Our handle forbids neither; the next record is in a new file."""
    say(log, 0, 2)
    os.remove(log.path) if how == "deleted" else os.rename(log.path, tmp_path / "moved.log")
    say(log, 2, 4)

    assert Path(log.path).read_bytes() == record(2) + record(3)
    assert (tmp_path / "moved.log").exists() is (how == "renamed")
