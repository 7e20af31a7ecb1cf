"""How does a new text get onto the disk so that, whatever happens, one whole version of the file is there?

A temporary file in the same folder, flushed to the disk, then renamed over the old one: rename is atomic by
POSIX, and ``Path.replace`` is the same on Windows. Mode, owner and extended attributes are kept as far as
the system lets us. A symbolic link stays a link: its target is written. A file with several hard links
has to keep its inode, so there the bytes are written in place, and put back if that fails.

The folder may belong to somebody else, who renames and links in it meanwhile, and we may be root. So the folder is held
open (`folder`), owner and mode are set on the temporary file's descriptor, never by its name, and before the rename both
names must still lead to the files that were looked at.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import struct
import time
from pathlib import Path
from typing import TYPE_CHECKING

from workerlog_migrate.errors import Refused
from workerlog_migrate.files.folder import Folder, read_all, write_all
from workerlog_migrate.files.in_use import ReadOnlyError, why
from workerlog_migrate.files.names import existing_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# A name that git, editors and the patterns of workers all pass over, and that says whose it is.
_PREFIX = ".workerlog-migrate-"

# A version of four bytes, then a kind, rights and a number for each (Linux: include/uapi/linux/posix_acl_xattr.h).
_ACCESS_LIST = "system.posix_acl_access"
_NAMED = (0x02, 0x08)  # users and groups that a list names
_WRITE = 0x02

_NO_FILE = "changed while it was being processed: it is no longer a regular file; run again"
_PATIENCE = 5.0  # seconds in which the reader of a pipe may come

_ELSEWHERE = "leads elsewhere than when it was read; nothing was written, run again"


def write_atomic(path: Path, data: bytes, *, expected: bytes, real: Path | None = None) -> None:
    """Replace the content of a file, if it still is what was read.

    Args:
        path: the file; a symbolic link's target is written.
        data: the new bytes.
        expected: the bytes that the file must still hold.
        real: where the file was when it was chosen, links resolved; if a part of that has become a link
            since, nothing is written. Without it the links are resolved now.

    Raises:
        Refused: the file has changed or vanished since it was read, or it cannot be written; it is then
            what it was.
    """
    try:
        real = real or Path(existing_path(path))
        with Folder.open(real.parent) as folder:
            _write(folder, real.name, data, expected)
    except FileNotFoundError as error:
        raise Refused("vanished while it was being processed; nothing was written") from error
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENOTDIR):
            raise Refused(_ELSEWHERE) from error
        raise Refused(f"cannot be written: {why(error)}; it is what it was") from error


def write_new(
    path: Path, data: bytes, *, like: os.stat_result | None = None, place: Path | None = None
) -> None:
    """Write a file that is not there yet, or that is ours to replace, in one step.

    Args:
        path: the file; its folder exists.
        data: its bytes.
        like: whose owner, group and mode a new file gets; without it they are those of this process.
        place: where its folder was when it was chosen, links resolved; without it they are resolved now.

    Raises:
        OSError: it cannot be written; no part of it is left behind.
    """
    with Folder.open(place or Path(existing_path(path.parent))) as folder:

        def dress(temporary: str, descriptor: int) -> None:
            _make_like(folder, path.name, temporary, descriptor, like)

        _put(folder, path.name, data, dress)


def put(folder: Folder, name: str, data: bytes) -> None:
    """Write a file that only this user may read into an open folder, in one step.

    Args:
        folder: where.
        name: the file's name.
        data: its bytes.

    Raises:
        OSError: it cannot be written; no part of it is left behind.
    """
    _put(folder, name, data, lambda *_: None)


def write_report(path: Path, data: bytes, *, place: Path | None = None) -> None:
    """Write a report to where the user wants it: a file is replaced in one step, a pipe or a device is written into.

    Args:
        path: where to; a symbolic link stays one, what it names is written.
        data: the bytes.
        place: where that was when it was looked at, links resolved; if a part of it has become a link since, nothing
            is written. Without it the links are resolved now.

    Raises:
        OSError: it cannot be written.
    """
    place = place or Path(os.path.realpath(path))
    is_of_system = os.name == "nt" or path.is_relative_to("/dev") or path.is_relative_to("/proc")
    if is_of_system and os.path.exists(path) and not os.path.isfile(path):  # noqa: PTH110, PTH113  # never raise
        _write_into(lambda flags: os.open(path, flags), data)
        return
    with Folder.open(place.parent) as folder:
        is_file = True
        with contextlib.suppress(FileNotFoundError):
            is_file = stat.S_ISREG(folder.stat(place.name).st_mode)
        if not is_file:
            _write_into(lambda flags: folder.open_file(place.name, flags), data)
            return
    write_new(place, data, place=place.parent)


def _write_into(opened: Callable[[int], int], data: bytes) -> None:
    """Write into a pipe or a device; one in a checkout may have no reader, who would be waited for for ever."""
    descriptor = _opened_for(opened, time.monotonic() + _PATIENCE)
    try:
        if (
            os.name != "nt"
            and not stat.S_ISFIFO(mode := os.fstat(descriptor).st_mode)
            and not stat.S_ISCHR(mode)
        ):
            raise OSError(errno.ESTALE, "somebody has put a file in the place of a pipe")
        if hasattr(os, "O_NONBLOCK"):
            os.set_blocking(descriptor, True)
        write_all(descriptor, data)
    finally:
        os.close(descriptor)


def _opened_for(opened: Callable[[int], int], until: float) -> int:
    flags = (
        os.O_WRONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOCTTY", 0)
    )
    while True:
        try:
            return opened(flags)
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
            if time.monotonic() > until:
                raise OSError(errno.ENXIO, "nobody reads from this pipe") from error
        time.sleep(0.02)


def remove(path: Path, *, expected: bytes) -> None:
    """Remove a file that we added, if it still is what we wrote.

    Args:
        path: the file, links resolved.
        expected: the bytes that the file must still hold.

    Raises:
        Refused: it has changed, or it cannot be removed.
    """
    try:
        with Folder.open(path.parent) as folder:
            _check_unchanged(folder, path.name, expected)
            folder.unlink(path.name)
            folder.sync()
    except OSError as error:
        raise Refused(f"cannot be removed: {why(error)}") from error


def check_writable(path: Path) -> None:
    """Find out, before anything is written for its sake, whether a file can be replaced.

    Args:
        path: the file.

    Raises:
        Refused: it is read-only, or its folder is.
    """
    real = os.path.realpath(path)
    if not os.access(real, os.W_OK) or not os.access(os.path.dirname(real), os.W_OK | os.X_OK):  # noqa: PTH120  # text in, text out
        what = "the file is read-only" if not os.access(real, os.W_OK) else "its folder is read-only"
        raise Refused(f"cannot be written: {what}; it is what it was")


def leftovers(place: Path) -> Iterator[bytes]:
    """Read the temporary files that a killed run has left in a folder.

    Args:
        place: where scripts were written, links resolved.

    Yields:
        What is in each, one after the other; those of a run that is still at work are among them.

    Raises:
        OSError: the folder cannot be read.
    """
    with Folder.open(place) as folder:
        for name in _temporary_names(folder):
            text = None
            with contextlib.suppress(OSError):
                descriptor = folder.open_file(name, os.O_RDONLY)
                try:
                    if stat.S_ISREG(os.fstat(descriptor).st_mode):
                        text = read_all(descriptor)
                finally:
                    os.close(descriptor)
            if text is not None:
                yield text


def remove_leftovers(place: Path, *, replaced: bool = False) -> None:
    """Remove the temporary files that a killed run has left in a folder, as far as the system allows.

    Args:
        place: as of `leftovers`.
        replaced: also what `ReplaceFileW` keeps of a file until it is replaced: only where each file is known to be whole.
    """
    with contextlib.suppress(OSError), Folder.open(place) as folder:
        for name in _temporary_names(folder, (".tmp", ".old") if replaced else (".tmp",)):
            _remove(folder, name)


def _temporary_names(folder: Folder, endings: tuple[str, ...] = (".tmp",)) -> list[str]:
    return [name for name in folder.names() if name.startswith(_PREFIX) and name.endswith(endings)]


# --- one file -------------------------------------------------------------------------------------------


def _write(folder: Folder, name: str, data: bytes, expected: bytes) -> None:
    before = _check_unchanged(folder, name, expected)
    if not folder.is_writable(name):
        # The rename needs rights on the folder only; a file made read-only is not ours to replace.
        raise ReadOnlyError(name)
    if before.st_nlink > 1:
        _check_at_home(folder, before)
        _write_in_place(folder, name, data, expected, before)
    else:
        _replace(folder, name, data, expected, before)


def _check_unchanged(
    folder: Folder, name: str, expected: bytes, before: os.stat_result | None = None
) -> os.stat_result:
    """Compare a file with what was read, and, the second time, with the file that was compared before."""
    try:
        descriptor = folder.open_file(name, os.O_RDONLY)
    except IsADirectoryError as error:  # Windows does not open one
        raise Refused(_NO_FILE) from error
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise Refused(_NO_FILE)
        is_same = before is None or os.path.samestat(before, found)
        if not is_same or found.st_size != len(expected) or read_all(descriptor) != expected:
            raise Refused("changed while it was being processed; nothing was written, run again")
    finally:
        os.close(descriptor)
    return found


def _check_at_home(folder: Folder, before: os.stat_result) -> None:
    """Let nobody use our rights to write, by a second name in a folder that is open to them, to a file that is not.

    The maker of a hard link needs no right to the file on many systems (``fs.protected_hardlinks`` is 0, or unknown).
    """
    if not hasattr(os, "geteuid"):
        return
    place = folder.stat()
    if place.st_uid not in (0, os.geteuid(), before.st_uid):
        raise Refused(
            "has several names and belongs to another user than its folder; nothing was written: "
            "run as the user whose file it is"
        )
    # Whoever may put names into the folder, may they write to the file?
    of_group = place.st_mode & stat.S_IWGRP and not (
        before.st_mode & stat.S_IWGRP and before.st_gid == place.st_gid
    )
    of_others = place.st_mode & stat.S_IWOTH and not before.st_mode & stat.S_IWOTH
    if of_group or of_others:
        raise Refused(
            "has several names and lies in a folder that others can write to, who can not write to the file; "
            "nothing was written: chmod go-w the folder, or give it a copy of the file"
        )


def _replace(folder: Folder, name: str, data: bytes, expected: bytes, before: os.stat_result) -> None:
    temporary = _temporary_name()
    try:
        descriptor = _create(folder, temporary)
        try:
            write_all(descriptor, data)
            _copy_attributes(folder, name, temporary, descriptor, before)
            os.fsync(descriptor)
            # Once more, as late as can be: what an editor saves during our fsync must not be lost.
            _check_unchanged(folder, name, expected, before)
            _check_ours(folder, temporary, descriptor)
        finally:
            os.close(descriptor)
        folder.replace(temporary, name)
    finally:
        _remove(folder, temporary)  # there only if something failed, Ctrl-C included
    folder.sync()


def _temporary_name() -> str:
    return f"{_PREFIX}{os.getpid()}-{os.urandom(4).hex()}.tmp"


def _put(folder: Folder, name: str, data: bytes, dress: Callable[[str, int], None]) -> None:
    temporary = _temporary_name()
    try:
        descriptor = _create(folder, temporary)
        try:
            write_all(descriptor, data)
            dress(temporary, descriptor)
            os.fsync(descriptor)
            _check_ours(folder, temporary, descriptor)
        finally:
            os.close(descriptor)
        folder.replace(temporary, name)
    finally:
        _remove(folder, temporary)
    folder.sync()


def _create(folder: Folder, name: str) -> int:
    """Make a new file that nobody else can open (mode 0600)."""
    return folder.open_file(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL)


def _check_ours(folder: Folder, name: str, descriptor: int) -> None:
    """Make sure that a name still is that of the file that we have written."""
    if not os.path.samestat(folder.stat(name), os.fstat(descriptor)):
        raise OSError(errno.ESTALE, "somebody has replaced our temporary file")


def _write_in_place(folder: Folder, name: str, data: bytes, expected: bytes, before: os.stat_result) -> None:
    # The other names of this inode must see the new text, so there is nothing to rename. The old bytes stand
    # in a file beside it until the new ones are on the disk; if this process is killed in between, that file
    # is what is left of them.
    rescue = _temporary_name()
    is_whole = True
    try:
        descriptor = _create(folder, rescue)
        try:
            write_all(descriptor, expected)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        _check_unchanged(folder, name, expected, before)  # as above: our fsync takes its time
        descriptor = folder.open_file(name, os.O_RDWR)
        try:
            if not os.path.samestat(os.fstat(descriptor), before):
                raise Refused("changed while it was being processed; nothing was written, run again")
            is_whole = False
            try:
                _overwrite(descriptor, data)
                is_whole = True
            finally:
                if not is_whole:
                    _overwrite(descriptor, expected)
                    is_whole = True
        finally:
            os.close(descriptor)
    finally:
        if is_whole:
            _remove(folder, rescue)


def _overwrite(descriptor: int, data: bytes) -> None:
    os.lseek(descriptor, 0, os.SEEK_SET)
    write_all(descriptor, data)
    os.ftruncate(descriptor, len(data))
    os.fsync(descriptor)


# --- owner and mode -------------------------------------------------------------------------------------


def _copy_attributes(
    folder: Folder, name: str, temporary: str, descriptor: int, before: os.stat_result
) -> None:
    if hasattr(os, "listxattr"):
        # Attributes that only the system may set (security.*) come by themselves or not at all.
        with contextlib.suppress(OSError):
            source = folder.open_file(name, os.O_RDONLY)
            try:
                names = os.listxattr(source)
                for attribute in names:
                    with contextlib.suppress(OSError):
                        os.setxattr(descriptor, attribute, os.getxattr(source, attribute))
            finally:
                os.close(source)
            if _ACCESS_LIST not in names and _ACCESS_LIST in os.listxattr(descriptor):
                os.removexattr(descriptor, _ACCESS_LIST)  # the folder's own, which the file has been without
    _give(folder, temporary, descriptor, before.st_uid, before.st_gid, stat.S_IMODE(before.st_mode))


def _make_like(
    folder: Folder, name: str, temporary: str, descriptor: int, like: os.stat_result | None
) -> None:
    """Give a new file the owner and mode of the file that it replaces, else of another one, else of this process."""
    with contextlib.suppress(FileNotFoundError):
        found = folder.stat(name)
        like = found if stat.S_ISREG(found.st_mode) else like
    if like is None:
        mask = os.umask(0)
        os.umask(mask)
        _chmod(folder, temporary, descriptor, 0o666 & ~mask)
        return
    _only_readers(descriptor)
    _give(folder, temporary, descriptor, like.st_uid, like.st_gid, stat.S_IMODE(like.st_mode))


def _only_readers(descriptor: int) -> None:
    """Have the access list that a folder gives to new files let its users and groups read this one, and not write to it."""
    if not hasattr(os, "getxattr"):
        return
    with contextlib.suppress(OSError):  # none, as in nearly all folders
        found = os.getxattr(descriptor, _ACCESS_LIST)
        kept = found[:4]
        for kind, right, number in struct.iter_unpack("<HHI", found[4:]):
            kept += struct.pack("<HHI", kind, right & ~_WRITE if kind in _NAMED else right, number)
        os.setxattr(descriptor, _ACCESS_LIST, kept)


def _give(folder: Folder, name: str, descriptor: int, owner: int, group: int, mode: int) -> None:
    if hasattr(os, "fchown"):
        # Only root may give a file away; a group of one's own can be kept by anybody.
        try:
            os.fchown(descriptor, owner, group)
        except OSError:
            with contextlib.suppress(OSError):
                os.fchown(descriptor, -1, group)
            mode = _without_rights_of_others(mode, os.fstat(descriptor), owner, group)
    # Last, because a change of owner clears the set-user-id bit.
    _chmod(folder, name, descriptor, mode)


def _without_rights_of_others(mode: int, now: os.stat_result, owner: int, group: int) -> int:
    """Take from a mode what it would give in another owner's or group's name than it was given for."""
    if now.st_uid != owner:
        mode &= ~stat.S_ISUID
    if now.st_gid != group:  # that group may do what everybody may
        mode &= ~(stat.S_ISGID | stat.S_IRWXG) | (mode & stat.S_IRWXO) << 3
    return mode


def _chmod(folder: Folder, name: str, descriptor: int, mode: int) -> None:
    if hasattr(os, "fchmod"):
        os.fchmod(descriptor, mode)
    else:  # Windows before Python 3.13: nobody can put a link there without rights that make it needless
        folder.entry(name).chmod(mode)


def _remove(folder: Folder, name: str) -> None:
    """Take a temporary file away; one that cannot be removed must not hide what became of the file itself."""
    with contextlib.suppress(OSError):
        folder.unlink(name)
