"""A file is written whole or not at all, and stays the file that it was."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from workerlog_migrate.errors import Refused
from workerlog_migrate.files import writing
from workerlog_migrate.files.folder import Folder
from workerlog_migrate.files.writing import write_atomic, write_new, write_report


@pytest.fixture
def script(tmp_path: Path) -> Path:
    file = tmp_path / "genesis.py"
    file.write_bytes(b"before\n")
    return file


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_the_new_bytes_replace_the_old_and_nothing_else_is_left(script: Path) -> None:
    write_atomic(script, b"after\r\n", expected=b"before\n")

    assert script.read_bytes() == b"after\r\n"
    assert names(script.parent) == ["genesis.py"]


@pytest.mark.parametrize("mode", [0o644, 0o755, 0o600, 0o4755])
def test_the_mode_is_kept(script: Path, mode: int) -> None:
    script.chmod(mode)

    write_atomic(script, b"after\n", expected=b"before\n")

    assert stat.S_IMODE(script.stat().st_mode) == mode


def test_the_owner_is_kept(script: Path) -> None:
    # Only root may give files away; anybody else's file is at least still their own.
    owner = (1234, 5678) if os.geteuid() == 0 else (os.geteuid(), script.stat().st_gid)
    os.chown(script, *owner)

    write_atomic(script, b"after\n", expected=b"before\n")

    assert (script.stat().st_uid, script.stat().st_gid) == owner


def test_a_symbolic_link_stays_one_and_its_target_is_written(script: Path) -> None:
    link = script.parent / "links" / "zero.py"
    link.parent.mkdir()
    link.symlink_to("../genesis.py")

    write_atomic(link, b"after\n", expected=b"before\n")

    assert link.is_symlink()
    assert script.read_bytes() == b"after\n"
    assert names(link.parent) == ["zero.py"]


@pytest.mark.parametrize("after", [b"a\n", b"much longer than it was before\n"])
def test_a_hard_link_keeps_its_inode(script: Path, after: bytes) -> None:
    other = script.parent / "other.py"
    other.hardlink_to(script)
    inode = script.stat().st_ino

    write_atomic(script, after, expected=b"before\n")

    assert script.stat().st_ino == other.stat().st_ino == inode
    assert other.read_bytes() == after
    assert names(script.parent) == ["genesis.py", "other.py"]


def test_a_hard_link_is_put_back_when_writing_fails(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = script.parent / "other.py"
    other.hardlink_to(script)
    real_write = os.write

    def full_disk(descriptor: int, data: bytes) -> int:
        if bytes(data) == b"AFTER which is longer\n":
            real_write(descriptor, b"AFT")
            raise OSError(28, "No space left on device")
        return real_write(descriptor, data)

    monkeypatch.setattr(os, "write", full_disk)
    with pytest.raises(Refused, match="no space left on device"):
        write_atomic(script, b"AFTER which is longer\n", expected=b"before\n")

    assert other.read_bytes() == b"before\n"
    assert names(script.parent) == ["genesis.py", "other.py"]


def test_a_file_that_has_changed_is_left_alone(script: Path) -> None:
    script.write_bytes(b"edited meanwhile\n")

    with pytest.raises(Refused, match="changed while it was being processed"):
        write_atomic(script, b"after\n", expected=b"before\n")

    assert script.read_bytes() == b"edited meanwhile\n"
    assert names(script.parent) == ["genesis.py"]


def test_a_file_that_changes_during_the_writing_is_left_alone(
    script: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real_sync = os.fsync

    def sync_and_edit(descriptor: int) -> None:
        real_sync(descriptor)
        script.write_bytes(b"edited meanwhile\n")

    monkeypatch.setattr(os, "fsync", sync_and_edit)
    with pytest.raises(Refused, match="changed while it was being processed"):
        write_atomic(script, b"after\n", expected=b"before\n")

    assert script.read_bytes() == b"edited meanwhile\n"
    assert names(script.parent) == ["genesis.py"]


def test_an_edit_while_a_file_of_several_names_is_written_is_kept(
    script: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = script.parent / "other.py"
    other.hardlink_to(script)
    real_sync = os.fsync

    def sync_and_edit(descriptor: int) -> None:
        real_sync(descriptor)
        script.write_bytes(b"edited meanwhile\n")

    monkeypatch.setattr(os, "fsync", sync_and_edit)
    with pytest.raises(Refused, match="changed while it was being processed"):
        write_atomic(script, b"after\n", expected=b"before\n")

    assert other.read_bytes() == b"edited meanwhile\n"
    assert names(script.parent) == ["genesis.py", "other.py"]


def test_a_file_that_has_vanished_is_not_made_again(script: Path) -> None:
    script.unlink()

    with pytest.raises(Refused, match="vanished"):
        write_atomic(script, b"after\n", expected=b"before\n")

    assert names(script.parent) == []


def test_a_folder_in_its_place_is_refused(script: Path) -> None:
    script.unlink()
    script.mkdir()

    with pytest.raises(Refused, match="no longer a regular file"):
        write_atomic(script, b"after\n", expected=b"before\n")


@pytest.mark.parametrize(
    "failing",
    ["write_all", "_copy_attributes", "_check_unchanged"],
    ids=["writing", "attributes", "comparing"],
)
@pytest.mark.parametrize(
    "failure", [OSError(28, "No space left on device"), KeyboardInterrupt()], ids=["full", "ctrl-c"]
)
def test_no_temporary_file_survives_a_failure(
    script: Path, monkeypatch: pytest.MonkeyPatch, failing: str, failure: BaseException
) -> None:
    real = getattr(writing, failing)
    calls: list[object] = []

    def fail(*args: object) -> object:
        found = real(*args)
        calls.append(args)
        if failing != "_check_unchanged" or len(calls) == 2:
            raise failure
        return found

    monkeypatch.setattr(writing, failing, fail)
    with pytest.raises((Refused, KeyboardInterrupt)):
        write_atomic(script, b"after\n", expected=b"before\n")

    assert script.read_bytes() == b"before\n"
    assert names(script.parent) == ["genesis.py"]


def test_a_failed_rename_leaves_the_file_and_no_temporary(
    script: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Folder, source: str, target: str) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted", source, None, target)

    monkeypatch.setattr(Folder, "replace", refuse)
    with pytest.raises(Refused, match="cannot be written: operation not permitted"):
        write_atomic(script, b"after\n", expected=b"before\n")

    assert script.read_bytes() == b"before\n"
    assert names(script.parent) == ["genesis.py"]


def test_a_read_only_file_is_not_replaced(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)

    with pytest.raises(Refused, match="read-only"):
        write_atomic(script, b"after\n", expected=b"before\n")

    assert script.read_bytes() == b"before\n"


def test_a_new_file_has_the_mode_that_the_user_s_mask_gives(tmp_path: Path) -> None:
    mask = os.umask(0o027)
    try:
        write_new(tmp_path / "worker_logger.py", b"x = 1\n")
    finally:
        os.umask(mask)

    assert (tmp_path / "worker_logger.py").read_bytes() == b"x = 1\n"
    assert stat.S_IMODE((tmp_path / "worker_logger.py").stat().st_mode) == 0o640
    assert names(tmp_path) == ["worker_logger.py"]


@pytest.mark.parametrize("is_there", [True, False], ids=["a file", "dangling"])
def test_a_report_through_a_link_leaves_the_link(tmp_path: Path, *, is_there: bool) -> None:
    link, file = tmp_path / "link.txt", tmp_path / "report.txt"
    link.symlink_to(file.name)
    if is_there:
        file.write_bytes(b"an old and longer report\n")

    write_report(link, b"report\n")

    assert link.is_symlink()
    assert file.read_bytes() == b"report\n"
    assert names(tmp_path) == ["link.txt", "report.txt"]


def test_a_report_goes_into_a_pipe_and_does_not_take_its_place(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)

    write_report(pipe, b"report\n")

    assert os.read(reader, 100) == b"report\n"
    os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert names(tmp_path) == ["pipe"]


def test_extended_attributes_are_kept(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not every file system has them, so the system's calls are recorded rather than made."""
    kept: dict[str, bytes] = {}

    def set_attribute(_: Path, name: str, value: bytes) -> None:
        if name == "security.label":
            raise PermissionError(1, "Operation not permitted")
        kept[name] = value

    monkeypatch.setattr(os, "listxattr", lambda _: ["security.label", "user.origin"], raising=False)
    monkeypatch.setattr(os, "getxattr", lambda *_: b"backlog", raising=False)
    monkeypatch.setattr(os, "setxattr", set_attribute, raising=False)

    write_atomic(script, b"after\n", expected=b"before\n")

    assert kept == {"user.origin": b"backlog"}
    assert script.read_bytes() == b"after\n"
