"""How does a new text get onto the disk so that, whatever happens, one whole version of the file is there?

A temporary file in the same folder, flushed to the disk, then renamed over the old one: rename is atomic by
POSIX, and ``Path.replace`` is the same on Windows. Mode, owner and extended attributes are kept as far as
the system lets us. A symbolic link stays a link: its target is written. A file with several hard links
has to keep its inode, so there the bytes are written in place, and put back if that fails.
"""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

from workerlog_migrate.errors import Refused

# A name that git, editors and the patterns of workers all pass over, and that says whose it is.
_PREFIX = ".workerlog-migrate-"


def write_atomic(path: Path, data: bytes, *, expected: bytes) -> None:
    """Replace the content of a file, if it still is what was read.

    Args:
        path: the file; a symbolic link's target is written.
        data: the new bytes.
        expected: the bytes that the file must still hold.

    Raises:
        Refused: the file has changed or vanished since it was read, or it cannot be written; it is then
            what it was.
    """
    try:
        real = Path(os.path.realpath(path, strict=True))
        before = real.stat()
        if not stat.S_ISREG(before.st_mode):
            raise Refused("changed while it was being processed: it is no longer a regular file; run again")
        _check_unchanged(real, expected)
        if before.st_nlink > 1:
            _write_in_place(real, data, expected)
        else:
            _replace(real, data, before, expected)
    except FileNotFoundError as error:
        raise Refused("vanished while it was being processed; nothing was written") from error
    except OSError as error:
        raise Refused(
            f"cannot be written: {(error.strerror or str(error)).lower()}; it is what it was"
        ) from error


def write_new(path: Path, data: bytes) -> None:
    """Write a file that is not there yet, or that is ours to replace, in one step.

    Args:
        path: the file; its folder exists.
        data: its bytes.

    Raises:
        OSError: it cannot be written; no part of it is left behind.
    """
    temporary = _temporary_in(path.parent)
    try:
        _write_synced(temporary, data)
        _copy_mode_for_new(temporary, path)
        temporary.replace(path)
    finally:
        _remove(temporary)
    _sync_folder(path.parent)


def write_report(path: Path, data: bytes) -> None:
    """Write a report to where the user wants it: a file is replaced in one step, a pipe or a device is written into.

    Args:
        path: where to; a symbolic link stays one, what it names is written.
        data: the bytes.

    Raises:
        OSError: it cannot be written.
    """
    if os.path.exists(path) and not os.path.isfile(path):  # noqa: PTH110, PTH113  # never raise
        path.write_bytes(data)
    else:
        write_new(Path(os.path.realpath(path)), data)


def remove(path: Path, *, expected: bytes) -> None:
    """Remove a file that we added, if it still is what we wrote.

    Args:
        path: the file.
        expected: the bytes that the file must still hold.

    Raises:
        Refused: it has changed, or it cannot be removed.
    """
    try:
        _check_unchanged(path, expected)
        path.unlink()
    except OSError as error:
        raise Refused(f"cannot be removed: {(error.strerror or str(error)).lower()}") from error
    _sync_folder(path.parent)


def leftovers(folder: Path) -> list[Path]:
    """List the temporary files that a killed run has left in a folder.

    Args:
        folder: where scripts were written.

    Returns:
        The files; those of a run that is still at work are among them.
    """
    return sorted(folder.glob(f"{_PREFIX}*.tmp"))


def _check_unchanged(path: Path, expected: bytes) -> None:
    if path.read_bytes() != expected:
        raise Refused("changed while it was being processed; nothing was written, run again")


def _replace(path: Path, data: bytes, before: os.stat_result, expected: bytes) -> None:
    if not os.access(path, os.W_OK):
        # The rename needs rights on the folder only; a file made read-only is not ours to replace.
        raise PermissionError(13, "the file is read-only")
    temporary = _temporary_in(path.parent)
    try:
        _write_synced(temporary, data)
        _copy_attributes(path, temporary, before)
        # Once more, as late as can be: what an editor saves during our fsync must not be lost.
        _check_unchanged(path, expected)
        temporary.replace(path)
    finally:
        _remove(temporary)  # there only if something failed, Ctrl-C included
    _sync_folder(path.parent)


def _temporary_in(folder: Path) -> Path:
    return folder / f"{_PREFIX}{os.getpid()}-{os.urandom(4).hex()}.tmp"


def _write_synced(path: Path, data: bytes) -> None:
    """Write a new file that nobody else can open (mode 0600), down to the disk."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _write_in_place(path: Path, data: bytes, expected: bytes) -> None:
    # The other names of this inode must see the new text, so there is nothing to rename. The old bytes stand
    # in a file beside it until the new ones are on the disk; if this process is killed in between, that file
    # is what is left of them.
    rescue = _temporary_in(path.parent)
    is_whole = True
    try:
        _write_synced(rescue, expected)
        _check_unchanged(path, expected)  # as above: our fsync takes its time
        with path.open("r+b") as file:
            is_whole = False
            try:
                _overwrite(file.fileno(), data)
                is_whole = True
            finally:
                if not is_whole:
                    _overwrite(file.fileno(), expected)
                    is_whole = True
    finally:
        if is_whole:
            _remove(rescue)


def _overwrite(descriptor: int, data: bytes) -> None:
    os.lseek(descriptor, 0, os.SEEK_SET)
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
    os.ftruncate(descriptor, len(data))
    os.fsync(descriptor)


def _copy_attributes(source: Path, target: Path, before: os.stat_result) -> None:
    if hasattr(os, "listxattr"):
        # Attributes that only the system may set (security.*) come by themselves or not at all.
        with contextlib.suppress(OSError):
            for name in os.listxattr(source):
                with contextlib.suppress(OSError):
                    os.setxattr(target, name, os.getxattr(source, name))
    if hasattr(os, "chown"):
        # Only root may give a file away; a group of one's own can be kept by anybody.
        try:
            os.chown(target, before.st_uid, before.st_gid)
        except OSError:
            with contextlib.suppress(OSError):
                os.chown(target, -1, before.st_gid)
    # Last, because a change of owner clears the set-user-id bit.
    target.chmod(stat.S_IMODE(before.st_mode))


def _copy_mode_for_new(temporary: Path, path: Path) -> None:
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        mode = 0o666 & ~mask
    temporary.chmod(mode)


def _sync_folder(folder: Path) -> None:
    """Make the rename itself last; Windows has no handle on a folder, and some file systems refuse."""
    if os.name == "nt":
        return
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _remove(path: Path) -> None:
    """Take a temporary file away; one that cannot be removed must not hide what became of the file itself."""
    with contextlib.suppress(OSError):
        path.unlink()
