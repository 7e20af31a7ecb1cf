"""The folder in which the journals of one project lie: its lock, the order of its journals, and when it goes."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import sys
from typing import TYPE_CHECKING, BinaryIO

from workerlog_migrate.errors import Refused, UsageError
from workerlog_migrate.files.folder import Folder
from workerlog_migrate.files.journal_entries import (
    JOURNAL,
    LONGEST_LINE,
    PENDING,
    Entry,
    earlier_journals,
    has_perhaps_changed,
    is_there,
    open_journal,
    read_entries,
)
from workerlog_migrate.files.state import (
    NoStateError,
    Project,
    is_own,
)
from workerlog_migrate.files.writing import remove_leftovers

if TYPE_CHECKING:
    from collections.abc import Callable


MAX_BYTES = 256 * 1024 * 1024
"""Bound of one apply's old texts, bytes, of those of all applies in a folder, and of those of all other folders together."""

MAX_STEPS = 20
"""How many applies can be taken back, one after the other."""
BEFORE = "before"
LOCK = "lock"


def locked(home: Folder) -> BinaryIO:
    """Take the folder for this process; the system lets go when the process ends, however it ends."""
    file = os.fdopen(home.open_file(LOCK, os.O_WRONLY | os.O_CREAT | os.O_APPEND), "ab")
    with contextlib.ExitStack() as failed:
        failed.enter_context(file)
        _lock_now(file)
        if not _is_current(file, home):
            # An undo has removed it since we opened it: whoever comes next would lock another file.
            raise Refused("another workerlog-migrate was at work in this folder; run again")
        failed.pop_all()
    return file


def _lock_now(file: BinaryIO) -> None:
    if not is_own(os.fstat(file.fileno())):
        raise PermissionError(errno.EPERM, "it is not a file that only you can write")
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        # Wine's msvcrt.locking gives no number; Windows and POSIX say EACCES or EAGAIN.
        if error.errno and not isinstance(error, (BlockingIOError, PermissionError)):
            raise
        raise Refused("another workerlog-migrate is at work in this folder; wait until it is done") from error


def _is_current(lock: BinaryIO, home: Folder) -> bool:
    """Whether the lock that is held is still the one that others find; one just removed has no name at all."""
    try:
        return os.path.samestat(os.fstat(lock.fileno()), home.stat(LOCK))
    except OSError:
        return False


def promote(home: Folder) -> None:
    """Make the journal of this apply the last one, and let the oldest go.

    Args:
        home: the folder.
    """
    earlier = earlier_journals(home)
    if is_there(home, JOURNAL):
        number = int(earlier[-1].rpartition(".")[2]) + 1 if earlier else 1
        earlier.append(f"{JOURNAL}.{number}")
        home.replace(JOURNAL, earlier[-1])
    home.replace(PENDING, JOURNAL)
    home.sync()
    home.remove_tree(BEFORE)  # old texts of the apply that is no longer the last
    sizes = [home.stat(name).st_size for name in earlier]
    total = home.stat(JOURNAL).st_size + sum(sizes)
    left = len(earlier)
    for name, size in zip(earlier, sizes, strict=True):
        if left < MAX_STEPS and total <= MAX_BYTES:
            break
        home.unlink(name)
        left, total = left - 1, total - size


def _recall(home: Folder) -> None:
    """Make the apply before the last one again: the last one was undone, or is not kept after all."""
    if not is_there(home, JOURNAL):
        for name in earlier_journals(home)[-1:]:
            home.replace(name, JOURNAL)
            home.sync()


def settle(home: Folder, *, has_changed: Callable[[Entry], bool] = has_perhaps_changed) -> None:
    """Decide about the journal of an apply that has not told: it counts if it has changed something."""
    if not is_there(home, PENDING):
        _recall(home)
        return
    entries: list[Entry] = []
    # Of one that is not whole nothing can have been written: it is renamed into its place.
    with contextlib.suppress(UsageError), open_journal(home, PENDING) as file:
        entries = read_entries(file, home.path / PENDING, None)
    if any(has_changed(entry) for entry in entries):
        promote(home)
        return
    for place in {entry.real.parent for entry in entries}:
        remove_leftovers(place)
    home.unlink(PENDING)
    _recall(home)


def forget_old(states: Folder, project: Project) -> None:
    """Remove what belongs to folders that are gone, and the oldest of the others when they are too much."""
    held: list[tuple[float, int, str]] = []
    for name in states.names():
        if name == project.key:
            continue
        with contextlib.suppress(OSError, NoStateError):
            other = _project_of(states, name)
            if other is not None and not other.is_gone():
                with states.child(name) as home:
                    status = home.stat(JOURNAL)
                    size = status.st_size + sum(home.stat(each).st_size for each in earlier_journals(home))
                held.append((status.st_mtime, size, name))
            elif other is not None:
                _forget(states, name)
    total = sum(size for _, size, _ in held)
    for _, size, name in sorted(held):
        if total <= MAX_BYTES:
            break
        if _forget(states, name):
            total -= size


def _forget(states: Folder, name: str) -> bool:
    """Remove the state of another folder, unless a run is at work there."""
    try:
        with states.child(name) as home, locked(home):
            for each in (*earlier_journals(home), JOURNAL):
                home.remove_tree(each)
        states.remove_tree(name)
    except (OSError, Refused):
        return False
    return True


def moved_from(states: Folder, project: Project) -> str:
    """Find the path that this very folder had when the last apply was run in it."""
    for name in states.names():
        with contextlib.suppress(OSError):
            other = _project_of(states, name)
            if other is not None and other[1:] == project[1:] and other.is_gone():
                return other.path
    return ""


def _project_of(states: Folder, name: str) -> Project | None:
    """Say whose a state is, from its journal."""
    with states.child(name) as home:
        for journal in (JOURNAL, PENDING, *earlier_journals(home)):
            with (
                contextlib.suppress(UsageError, ValueError, KeyError, TypeError),
                open_journal(home, journal) as file,
            ):
                path, device, inode, owner = json.loads(file.readline(LONGEST_LINE))["folder"]
                return Project(str(path), int(device), int(inode), int(owner))
    return None


def forget_last(states: Folder, home: Folder, lock: BinaryIO) -> None:
    """Take away what belongs to the apply that was undone; the one before is the last one now."""
    if not earlier_journals(home):
        remove_home(states, home, lock)
        return
    home.unlink(JOURNAL)
    home.remove_tree(BEFORE)
    _recall(home)


def remove_home(states: Folder, home: Folder, lock: BinaryIO) -> None:
    """Take away what is ours; anything else that somebody put there stays.

    The lock is held until its file is gone: what an apply begins from then on must not be taken for ours.
    """
    with contextlib.suppress(FileNotFoundError):
        home.unlink(JOURNAL)
    home.remove_tree(BEFORE)
    with contextlib.suppress(OSError):
        if sys.platform == "win32":
            lock.close()  # an open file cannot be removed there; nor can it while another run has it open
        home.unlink(LOCK)
        states.rmdir(home.path.name)
