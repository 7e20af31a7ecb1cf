"""A file that another program holds open: on Windows it cannot be replaced or removed until it is let go."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from workerlog_migrate.errors import Refused
from workerlog_migrate.files import in_use, reading, writing

WINDOWS = pytest.mark.skipif(os.name != "nt", reason="share modes and file attributes are Windows's own")
HIDDEN = 2


@contextmanager
def held(path: Path) -> Iterator[threading.Event]:
    """Hold a file as an indexer does: nobody else may open, replace or remove it until the event is set."""
    if sys.platform == "win32":
        import ctypes

        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel.CreateFileW.restype = ctypes.c_void_p
        handle = kernel.CreateFileW(str(path), 0x80000000, 0, None, 3, 0, None)
        assert handle not in (None, ctypes.c_void_p(-1).value), ctypes.get_last_error()
        free = threading.Event()

        def let_go() -> None:
            free.wait(30)
            kernel.CloseHandle(ctypes.c_void_p(handle))

        thread = threading.Thread(target=let_go)
        thread.start()
        try:
            yield free
        finally:
            free.set()
            thread.join()
    else:
        yield threading.Event()  # nobody can keep others from a file on POSIX


@WINDOWS
def test_a_file_that_is_held_for_a_moment_is_written(tmp_path: Path) -> None:
    """An indexer that lets go after 150 ms costs nothing but these."""
    path = tmp_path / "genesis_a.py"
    path.write_bytes(b"print(1)\n")
    with held(path) as free:
        threading.Timer(0.15, free.set).start()
        writing.write_atomic(path, b"print(2)\n", expected=b"print(1)\n")

    assert path.read_bytes() == b"print(2)\n"
    assert os.listdir(tmp_path) == ["genesis_a.py"]


@WINDOWS
def test_a_file_that_stays_held_is_refused_and_said_to_be_in_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who waits in vain is told that another program has the file, and finds it as it was."""
    monkeypatch.setattr(in_use, "PATIENCE", 0.2)
    path = tmp_path / "genesis_a.py"
    path.write_bytes(b"print(1)\n")

    with held(path), pytest.raises(Refused, match="in use by another program"):
        writing.write_atomic(path, b"print(2)\n", expected=b"print(1)\n")
    assert path.read_bytes() == b"print(1)\n"
    assert os.listdir(tmp_path) == ["genesis_a.py"]


@WINDOWS
def test_a_runtime_file_that_is_held_for_a_moment_is_removed(tmp_path: Path) -> None:
    """So is what --undo removes."""
    path = tmp_path / "worker_logger.py"
    path.write_bytes(b"x = 1\n")
    with held(path) as free:
        threading.Timer(0.15, free.set).start()
        writing.remove(path, expected=b"x = 1\n")

    assert not path.exists()


@WINDOWS
def test_a_file_that_is_held_for_a_moment_is_read(tmp_path: Path) -> None:
    """Reading is refused like writing while another program holds the file alone."""
    path = tmp_path / "genesis_a.py"
    path.write_bytes(b"print(1)\n")
    with held(path) as free:
        threading.Timer(0.15, free.set).start()
        assert reading.read_file(path) == b"print(1)\n"


def test_a_folder_is_waited_for_by_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows says "access denied" to whoever opens a folder as a file: no other program has it, and waiting is no use."""
    monkeypatch.setattr(time, "sleep", lambda _: pytest.fail("waits for a folder"))

    with pytest.raises(OSError, match=r"Is a directory|not a regular file"):
        reading.read_file(tmp_path)


def test_files_that_nobody_may_read_do_not_keep_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is waited in a whole run has an end, however many files are held: each is asked once from then on."""
    calls: list[str] = []

    def deny(path: str, *_: object) -> int:
        calls.append(path)
        raise PermissionError(errno.EACCES, "Permission denied", path)

    monkeypatch.setattr(in_use, "is_in_use", lambda _: True)
    monkeypatch.setattr(in_use, "_waits", [])
    monkeypatch.setattr(os, "open", deny)
    monkeypatch.setattr(time, "sleep", lambda _: None)
    for number in range(100):
        with pytest.raises(PermissionError):
            in_use.open_file(str(tmp_path / str(number)), os.O_RDONLY)

    assert sum(in_use._waits) < 31
    assert 100 < len(calls) < 400


@WINDOWS
def test_the_command_waits_for_a_file_that_is_held(tmp_path: Path) -> None:
    """--apply and --undo as a person runs them, with an indexer at the script each time."""
    script = tmp_path / "scripts" / "genesis_a.py"
    script.parent.mkdir()
    script.write_bytes(b"print('a')\n")
    for option, is_changed in (("--apply", True), ("--undo", False)):
        with held(script) as free:
            threading.Timer(1.0, free.set).start()
            done = subprocess.run(
                [sys.executable, "-m", "workerlog_migrate", option],
                cwd=tmp_path,
                capture_output=True,
                text=True,
                check=False,
            )
        assert done.returncode == 0, done.stderr
        assert (b"mirror_print" in script.read_bytes()) is is_changed


@WINDOWS
def test_a_hidden_file_stays_hidden(tmp_path: Path) -> None:
    """A replaced file keeps its attributes, which a plain rename over it would drop."""
    if sys.platform == "win32":
        import ctypes

        path = tmp_path / "genesis_a.py"
        path.write_bytes(b"print(1)\n")
        assert ctypes.windll.kernel32.SetFileAttributesW(str(path), HIDDEN)

        writing.write_atomic(path, b"print(2)\n", expected=b"print(1)\n")
        assert path.read_bytes() == b"print(2)\n"
        assert path.stat().st_file_attributes & HIDDEN


@WINDOWS
def test_alternate_streams_of_a_file_are_kept(tmp_path: Path) -> None:
    """As the mark of a file that came from the net (``Zone.Identifier``); a plain rename over it would drop them."""
    path = tmp_path / "genesis_a.py"
    path.write_bytes(b"print(1)\n")
    with open(f"{path}:Zone.Identifier", "wb") as stream:
        stream.write(b"[ZoneTransfer]")

    writing.write_atomic(path, b"print(2)\n", expected=b"print(1)\n")
    assert path.read_bytes() == b"print(2)\n"
    with open(f"{path}:Zone.Identifier", "rb") as stream:
        assert stream.read() == b"[ZoneTransfer]"


@WINDOWS
def test_explicit_access_rights_are_kept(tmp_path: Path) -> None:
    """What an administrator granted on the file itself, and the folder does not hand down."""
    path = tmp_path / "genesis_a.py"
    path.write_bytes(b"print(1)\n")
    icacls = ["icacls", str(path)]
    subprocess.run([*icacls, "/grant", "*S-1-5-11:(R)"], check=True, capture_output=True)
    granted = subprocess.run(icacls, check=True, capture_output=True).stdout

    writing.write_atomic(path, b"print(2)\n", expected=b"print(1)\n")
    assert path.read_bytes() == b"print(2)\n"
    assert subprocess.run(icacls, check=True, capture_output=True).stdout == granted


def test_elsewhere_a_reader_hinders_nobody(tmp_path: Path) -> None:
    """The twin of the above: on POSIX an open file is replaced and removed at once, and its reader keeps what it has."""
    path = tmp_path / "genesis_a.py"
    path.write_bytes(b"print(1)\n")
    with path.open("rb") as reader:
        writing.write_atomic(path, b"print(2)\n", expected=b"print(1)\n")
        writing.remove(path, expected=b"print(2)\n")

        assert reader.read() == b"print(1)\n"
    assert not path.exists()


def test_what_is_no_sharing_violation_is_not_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that is not there is reported at once."""
    monkeypatch.setattr(time, "sleep", lambda seconds: pytest.fail(f"waited {seconds} s"))

    with pytest.raises(FileNotFoundError):
        in_use.unlink(tmp_path / "nowhere.py")


@pytest.mark.parametrize("number", [5, 32, 33])
def test_a_sharing_violation_is_tried_again_until_it_passes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """Access denied, sharing violation and lock violation are what a held file is answered with."""
    waits: list[float] = []
    monkeypatch.setattr(time, "sleep", waits.append)

    class HeldError(PermissionError):
        winerror = number

    answers: list[Exception | None] = [HeldError(13, "denied"), HeldError(13, "denied"), None]

    def unlink(_: Path) -> None:
        if answer := answers.pop(0):
            raise answer

    monkeypatch.setattr(Path, "unlink", unlink)
    in_use.unlink(tmp_path / "x.py")

    assert answers == []
    assert len(waits) == 2
