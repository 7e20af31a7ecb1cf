"""How does a folder get back what an ``--apply`` changed in it or added to it?

Before a file is written, its old bytes and the hash of its new ones are appended to a journal and flushed to the
disk; so whatever stops an apply, the journal knows every file that it can have touched. Undoing compares
each file with both: what is as ``--apply`` left it gets its old bytes back, what is as it was before needs nothing,
and what is neither has been edited since, and is left. Each step can be repeated, so an undo that was
stopped is run again. The journal is removed when nothing is left to undo.

It lies in the user's state folder (`state`), never among the scripts: a journal says what is written where, so one
that came with a checkout would let the checkout write anything anywhere. The last `MAX_STEPS` applies that changed something
have one each, with at most `MAX_BYTES` of old text in all; an undo takes back the last of them, the next undo the one before::

    lock            held while an apply or an undo is at work
    journal         of the last apply: one line of JSON for each file, followed by its old bytes
    journal.1, ...  of the applies before, the oldest first
    journal.new     of an apply that has not yet changed anything
    before/         old texts of files that were edited since, put there by an undo

Only when the first file has been written does ``journal.new`` take the place of ``journal``: an apply that changes
nothing leaves the undo of the one before. A kill between the two is seen by whoever comes next.
"""

from __future__ import annotations

import contextlib
import enum
import errno
import hashlib
import json
import os
import re
import stat
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from workerlog_migrate import __version__
from workerlog_migrate.errors import Refused, UsageError
from workerlog_migrate.files.folder import Folder, read_all
from workerlog_migrate.files.in_use import why
from workerlog_migrate.files.reading import read_file
from workerlog_migrate.files.state import (
    NoStateError,
    Project,
    is_own,
    open_state,
    open_states,
    state_folder,
)
from workerlog_migrate.files.writing import leftovers, put, remove, remove_leftovers, write_atomic
from workerlog_migrate.model import RUNTIME_FILES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

OLD_FOLDER = ".workerlog-migrate"
"""Where version 0.1 kept its journal, in the current folder: it is named and never read."""

MAX_BYTES = 256 * 1024 * 1024
"""Bound of one apply's old texts, bytes, of those of all applies in a folder, and of those of all other folders together."""

MAX_STEPS = 20
"""How many applies can be taken back, one after the other."""

_FORMAT = 2
_JOURNAL = "journal"
_PENDING = "journal.new"
_BEFORE = "before"
_LOCK = "lock"
_LONGEST_LINE = 1 << 20
_EARLIER = re.compile(r"journal\.([1-9]\d{0,8})")


@dataclass(frozen=True, slots=True)
class Change:
    """A file that is about to be written.

    Attributes:
        path: the file, as it is shown.
        before: its bytes; None when there is no such file yet.
        after: its new bytes.
        real: where it is, links resolved; None: as they are now.
    """

    path: Path
    before: bytes | None
    after: bytes
    real: Path | None = None


class Outcome(enum.Enum):
    """What an undo did with one file."""

    RESTORED = "restored"
    REMOVED = "removed"
    NOTHING = "is what it was"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class Undone:
    """One file of the last apply, after an undo.

    Attributes:
        path: the file, as it is shown.
        outcome: what was done.
        reason: of a file that was left: why.
        old_text: of a file that was left: where its old bytes lie now; None if there were none.
    """

    path: Path
    outcome: Outcome
    reason: str = ""
    old_text: Path | None = None


class Journal:
    """The journal of one apply: it becomes the last one when the first file is written, not earlier."""

    def __init__(self, folder: Path, *, limit: int = MAX_BYTES) -> None:
        """Prepare a journal; nothing is on the disk until the first `record`.

        Args:
            folder: the current folder, absolute.
            limit: most bytes of old text to hold.
        """
        self._folder = folder
        self._limit = limit
        self._size = 0
        self._held = 0
        self._file: BinaryIO | None = None
        self._home: Folder | None = None
        self._lock: BinaryIO | None = None
        self._is_last = False

    def record(self, changes: Sequence[Change]) -> None:
        """Put on the disk what a write is about to replace.

        Args:
            changes: the files that are written next.

        Raises:
            Refused: this cannot be kept, so the files must not be written.
            UsageError: there is no place for a journal at all.
        """
        if not changes:
            return
        held = self._held + sum(len(change.before or b"") for change in changes)
        if held > self._limit:
            mebibytes = self._limit // (1024 * 1024)
            raise Refused(
                f"the old texts of one --apply may take {mebibytes} MB, for --undo; run it on fewer PATHS"
            )
        try:
            data = b"".join(_entry(change, self._folder) for change in changes)
            if self._file is None:
                self._begin(data)
            else:
                self._append(data)
        except NoStateError as error:
            raise UsageError(
                f"no undo can be kept: {error}; with --no-undo --apply writes all the same"
            ) from error
        except OSError as error:
            raise Refused(
                f"the journal for --undo cannot be written, so there would be no way back: {why(error)}"
            ) from error
        self._held = held

    def written(self) -> None:
        """Make this journal the one that an undo goes by: something that it knows of has been written."""
        if self._is_last or self._home is None:
            return
        with contextlib.suppress(OSError):  # `close`, or at last the next run, does it
            _promote(self._home)
            self._is_last = True

    def close(self) -> None:
        """Let another run have the journal; one that nothing was written for is removed."""
        if self._file is not None:
            self._file.close()
        if self._home is not None and self._lock is not None:
            with contextlib.suppress(OSError):
                if self._file is not None and not self._is_last:
                    _settle(self._home, has_changed=_has_certainly_changed)
                if not _has_journal(self._home):
                    with Folder.open(self._home.path.parent) as states:
                        _remove_home(states, self._home, self._lock)
        for each in (self._home, self._lock):
            if each is not None:
                each.close()
        self._file = self._home = self._lock = None

    def _begin(self, data: bytes) -> None:
        project = Project.of(self._folder)
        if self._home is None:
            states = open_states(create=True)
            assert states is not None  # as the next, it was to be made
            with states:
                _forget_old(states, project)
                home = open_state(states, project, create=True)
            assert home is not None
            try:
                self._lock = _locked(home)
            except BaseException:
                home.close()
                raise
            self._home = home
            _settle(home)
        header = _line({"format": _FORMAT, "version": __version__, "folder": list(project)})
        put(self._home, _PENDING, header + data)
        descriptor = self._home.open_file(_PENDING, os.O_RDWR)
        self._file = os.fdopen(descriptor, "r+b", buffering=0)
        self._size = self._file.seek(0, os.SEEK_END)

    def _append(self, data: bytes) -> None:
        assert self._file is not None  # opened by the first record
        self._file.seek(self._size)
        self._file.truncate()  # what an append that failed has left behind
        rest = memoryview(data)
        while rest:
            rest = rest[self._file.write(rest) :]
        os.fsync(self._file.fileno())
        self._size += len(data)


def undo(folder: Path) -> Iterator[Undone]:
    """Give back what the last apply that was not yet undone changed or added.

    Args:
        folder: the current folder, absolute; the apply was run here.

    Yields:
        One outcome per file, the last one written first; none if there is nothing to undo.

    Raises:
        UsageError: the journal cannot be read, or another run is at work.
    """
    try:
        project = Project.of(folder)
        states = open_states(create=False)
    except OSError as error:
        raise UsageError(f"{folder} cannot be looked at: {why(error)}; nothing was undone") from error
    except NoStateError as error:
        raise UsageError(f"{error}; nothing was undone") from error
    if states is None:
        return
    with states:
        home = open_state(states, project, create=False)
        if home is None or not _has_journal(home):
            moved = _moved_from(states, project)
            if home is not None:
                home.close()
            if moved:
                raise UsageError(
                    f"the last --apply was run when this folder was {moved}; "
                    "move it back there to undo it; nothing was undone"
                )
            return
        with home:
            yield from _undo_all(folder, states, home, project)


def _undo_all(folder: Path, states: Folder, home: Folder, project: Project) -> Iterator[Undone]:
    try:
        lock = _locked(home)
    except Refused as error:
        raise UsageError(error.reason) from error
    except OSError as error:
        raise UsageError(f"{home.path / _LOCK} cannot be opened: {why(error)}; nothing was undone") from error
    with lock:
        try:
            _settle(home)
        except OSError as error:
            raise _unreadable(home.path / _PENDING, error) from error
        if not _is_there(home, _JOURNAL):
            return  # another undo was faster, or the last apply has changed nothing
        with _opened(home, _JOURNAL) as file:
            entries = _entries(file, home.path / _JOURNAL, project)
            done: dict[Path, Undone] = {}
            for entry in reversed(entries):
                done[folder / entry.path] = undone = _undo_one(entry, file, folder, home, done)
                yield undone
        held_back = {
            entry.real.parent for entry in entries if done[folder / entry.path].outcome is Outcome.LEFT
        }
        for place in {entry.real.parent for entry in entries} - held_back:
            remove_leftovers(place)
        if not held_back:
            try:
                _forget_last(states, home, lock)
            except OSError as error:
                raise UsageError(f"{home.path} cannot be removed: {why(error)}; all was undone") from error


def name_old_journal(folder: Path) -> str:
    """Name a journal that lies in the project, where only version 0.1 and an attacker would put it.

    Args:
        folder: the current folder, absolute.

    Returns:
        A line; empty if there is none.
    """
    if not os.path.lexists(folder / OLD_FOLDER):  # never raises
        return ""
    return (
        f"{OLD_FOLDER}/ is not read: the undo is kept in your own state folder now, and a journal that came with a "
        "checkout could write anywhere; remove it\n"
    )


def undo_folder(folder: Path) -> Path:
    """Say where the undo of a project folder is kept.

    Args:
        folder: absolute; it exists.

    Returns:
        The folder, which need not exist.
    """
    return Path(os.path.realpath(state_folder())) / "undo" / Project.of(folder).key


# --- what stands in the journal -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Entry:
    """One file in the journal; its old bytes are at ``offset`` and are read when they are needed."""

    path: Path
    real: Path
    offset: int
    size: int
    before: str | None
    after: str

    def old_bytes(self, file: BinaryIO) -> bytes:
        file.seek(self.offset)
        return file.read(self.size)


def _entry(change: Change, folder: Path) -> bytes:
    path = os.path.normpath(folder / change.path)
    real = os.fspath(change.real or os.path.realpath(path))
    with contextlib.suppress(ValueError):
        path = str(Path(path).relative_to(folder))
    before = change.before or b""
    line = _line(
        {
            "path": path,
            "real": real,
            "size": len(before),
            "before": None if change.before is None else _hash(before),
            "after": _hash(change.after),
        }
    )
    return line + before + b"\n"


def _line(values: dict[str, str | int | list[str | int] | None]) -> bytes:
    # ASCII: a file name that is no text survives as escaped surrogates.
    return json.dumps(values).encode("ascii") + b"\n"


def _is_there(home: Folder, name: str) -> bool:
    try:
        home.stat(name)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise _unreadable(home.path / name, error) from error
    return True


def _has_journal(home: Folder) -> bool:
    if _is_there(home, _JOURNAL) or _is_there(home, _PENDING):
        return True
    try:
        return bool(_earlier(home))
    except OSError as error:
        raise _unreadable(home.path, error) from error


def _earlier(home: Folder) -> list[str]:
    """Name the journals of the applies before the last one, the oldest first."""
    numbers = sorted(int(found[1]) for found in map(_EARLIER.fullmatch, home.names()) if found)
    return [f"{_JOURNAL}.{number}" for number in numbers]


def _opened(home: Folder, name: str) -> BinaryIO:
    """Open a journal for reading, if nobody but this user can have written it."""
    try:
        file = os.fdopen(home.open_file(name, os.O_RDONLY), "rb")
    except OSError as error:
        raise _unreadable(home.path / name, error) from error
    if not is_own(os.fstat(file.fileno())):
        file.close()
        raise UsageError(
            f"{home.path / name} is not a file that only you can write; remove it; nothing was undone"
        )
    return file


def _unreadable(journal: Path, error: OSError) -> UsageError:
    return UsageError(f"{journal} cannot be read: {why(error)}; nothing was undone")


def _entries(file: BinaryIO, path: Path, project: Project | None) -> list[_Entry]:
    """Read all that is whole; a kill can have torn the last entry, whose file was then not written."""
    end = file.seek(0, os.SEEK_END)
    file.seek(0)
    try:
        header = json.loads(file.readline(_LONGEST_LINE))
        if header["format"] != _FORMAT:
            raise UsageError(f"{path} is of another version of workerlog-migrate; undo with that version")
        if project is not None and header["folder"] != list(project):
            raise UsageError(f"{path} is of another folder ({header['folder'][0]}); nothing was undone")
        entries = []
        while file.tell() < end:
            line = file.readline(_LONGEST_LINE)
            if not line.endswith(b"\n"):
                break
            values = json.loads(line)
            if "\0" in values["path"] or "\0" in values["real"]:
                raise UsageError(f"{path} is damaged (a path that is none); nothing was undone")
            offset = file.tell()
            data = file.read(values["size"] + 1)
            is_whole = data.endswith(b"\n") and (
                values["before"] is None or _hash(data[:-1]) == values["before"]
            )
            if not is_whole or len(data) != values["size"] + 1:
                if file.tell() < end:
                    raise UsageError(f"{path} is damaged; nothing was undone")
                break
            entries.append(
                _Entry(
                    Path(values["path"]),
                    Path(values["real"]),
                    offset,
                    values["size"],
                    values["before"],
                    values["after"],
                )
            )
    except OSError as error:
        raise _unreadable(path, error) from error
    except (ValueError, KeyError, TypeError, IndexError, RecursionError, MemoryError) as error:
        raise UsageError(
            f"{path} is damaged ({error or type(error).__name__}); nothing was undone"
        ) from error
    return entries


# --- one file -------------------------------------------------------------------------------------------


def _undo_one(entry: _Entry, file: BinaryIO, folder: Path, home: Folder, done: dict[Path, Undone]) -> Undone:
    path = folder / entry.path
    try:
        current = _content(entry)
    except FileNotFoundError:
        if entry.before is None:
            return Undone(entry.path, Outcome.NOTHING)
        return _left(entry, file, home, "gone since the last --apply")
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENOTDIR):
            return _left(entry, file, home, "leads elsewhere than at the last --apply")
        return _left(entry, file, home, f"cannot be read: {why(error)}")
    if current is None:
        return _left(entry, file, home, "no longer a regular file")
    found = _hash(current)
    if found == entry.before:
        return Undone(entry.path, Outcome.NOTHING)
    if found != entry.after and not _is_torn(entry):
        return _left(entry, file, home, "edited since the last --apply")
    try:
        if entry.before is None:
            user = _user_of(path, done)
            if user:
                return Undone(entry.path, Outcome.LEFT, f"{user} still imports it")
            remove(entry.real, expected=current)
            return Undone(entry.path, Outcome.REMOVED)
        write_atomic(path, entry.old_bytes(file), expected=current, real=entry.real)
    except Refused as error:
        return _left(entry, file, home, error.reason)
    return Undone(entry.path, Outcome.RESTORED)


def _content(entry: _Entry) -> bytes | None:
    """Read a file where it was when it was written; None for what is no regular file."""
    with Folder.open(entry.real.parent) as folder:
        descriptor = folder.open_file(entry.real.name, os.O_RDONLY)
        try:
            return read_all(descriptor) if stat.S_ISREG(os.fstat(descriptor).st_mode) else None
        finally:
            os.close(descriptor)


def _is_torn(entry: _Entry) -> bool:
    """Whether a kill stopped us while we wrote a file with several hard links, which is done in place.

    The bytes that it had stand beside it for as long as that takes, see `writing`.
    """
    with contextlib.suppress(OSError):
        if entry.real.lstat().st_nlink < 2:
            return False
        texts = leftovers(entry.real.parent)
        return any(_hash(text) in (entry.before, entry.after) for text in texts)
    return False


def _left(entry: _Entry, file: BinaryIO, home: Folder, reason: str) -> Undone:
    if entry.before is None:
        return Undone(entry.path, Outcome.LEFT, reason)
    parts = ["__" if part == ".." else part for part in entry.path.parts if part != entry.path.anchor]
    try:
        with contextlib.ExitStack() as stack:
            place = stack.enter_context(home.mkdir(_BEFORE))
            for part in parts[:-1]:
                place = stack.enter_context(place.mkdir(part))
            put(place, parts[-1], entry.old_bytes(file))
    except OSError as error:
        return Undone(entry.path, Outcome.LEFT, f"{reason}; its old text cannot be put out: {why(error)}")
    return Undone(entry.path, Outcome.LEFT, reason, home.path.joinpath(_BEFORE, *parts))


def _user_of(runtime: Path, done: dict[Path, Undone]) -> str:
    """Name a script that would break without a runtime file: one that this undo has not given back."""
    imports = re.compile(rb"^[ \t]*(?:from|import)[ \t]+\.?%s\b" % runtime.stem.encode(), re.MULTILINE)
    for path in sorted(runtime.parent.glob("*.py")):
        undone = done.get(path)
        if path.name in RUNTIME_FILES or (undone is not None and undone.outcome is not Outcome.LEFT):
            continue
        with contextlib.suppress(OSError):
            if imports.search(read_file(path)):
                return path.name
    return ""


# --- the folder -----------------------------------------------------------------------------------------


def _locked(home: Folder) -> BinaryIO:
    """Take the folder for this process; the system lets go when the process ends, however it ends."""
    file = os.fdopen(home.open_file(_LOCK, os.O_WRONLY | os.O_CREAT | os.O_APPEND), "ab")
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
    except (BlockingIOError, PermissionError) as error:
        raise Refused("another workerlog-migrate is at work in this folder; wait until it is done") from error


def _is_current(lock: BinaryIO, home: Folder) -> bool:
    """Whether the lock that is held is still the one that others find; one just removed has no name at all."""
    try:
        return os.path.samestat(os.fstat(lock.fileno()), home.stat(_LOCK))
    except OSError:
        return False


def _promote(home: Folder) -> None:
    earlier = _earlier(home)
    if _is_there(home, _JOURNAL):
        number = int(earlier[-1].rpartition(".")[2]) + 1 if earlier else 1
        earlier.append(f"{_JOURNAL}.{number}")
        home.replace(_JOURNAL, earlier[-1])
    home.replace(_PENDING, _JOURNAL)
    home.sync()
    home.remove_tree(_BEFORE)  # old texts of the apply that is no longer the last
    sizes = [home.stat(name).st_size for name in earlier]
    total = home.stat(_JOURNAL).st_size + sum(sizes)
    left = len(earlier)
    for name, size in zip(earlier, sizes, strict=True):
        if left < MAX_STEPS and total <= MAX_BYTES:
            break
        home.unlink(name)
        left, total = left - 1, total - size


def _recall(home: Folder) -> None:
    """Make the apply before the last one again: the last one was undone, or is not kept after all."""
    if not _is_there(home, _JOURNAL):
        for name in _earlier(home)[-1:]:
            home.replace(name, _JOURNAL)
            home.sync()


def _has_perhaps_changed(entry: _Entry) -> bool:
    """Whether a file is not what it was before an apply that was stopped: it, or somebody since, has written it."""
    try:
        content = _content(entry)
    except FileNotFoundError:
        return entry.before is not None
    except OSError:
        return True
    return content is None or _hash(content) != entry.before


def _has_certainly_changed(entry: _Entry) -> bool:
    """Whether a file is what this apply was to make of it, or half of that."""
    try:
        content = _content(entry)
    except OSError:
        return False
    if content is None or _hash(content) == entry.before:
        return False
    return _hash(content) == entry.after or _is_torn(entry)


def _settle(home: Folder, *, has_changed: Callable[[_Entry], bool] = _has_perhaps_changed) -> None:
    """Decide about the journal of an apply that has not told: it counts if it has changed something."""
    if not _is_there(home, _PENDING):
        _recall(home)
        return
    entries: list[_Entry] = []
    # Of one that is not whole nothing can have been written: it is renamed into its place.
    with contextlib.suppress(UsageError), _opened(home, _PENDING) as file:
        entries = _entries(file, home.path / _PENDING, None)
    if any(has_changed(entry) for entry in entries):
        _promote(home)
        return
    for place in {entry.real.parent for entry in entries}:
        remove_leftovers(place)
    home.unlink(_PENDING)
    _recall(home)


def _forget_old(states: Folder, project: Project) -> None:
    """Remove what belongs to folders that are gone, and the oldest of the others when they are too much."""
    held: list[tuple[float, int, str]] = []
    for name in states.names():
        if name == project.key:
            continue
        with contextlib.suppress(OSError, NoStateError):
            other = _project_of(states, name)
            if other is not None and not other.is_gone():
                with states.child(name) as home:
                    status = home.stat(_JOURNAL)
                    size = status.st_size + sum(home.stat(each).st_size for each in _earlier(home))
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
        with states.child(name) as home, _locked(home):
            for each in (*_earlier(home), _JOURNAL):
                home.remove_tree(each)
        states.remove_tree(name)
    except (OSError, Refused):
        return False
    return True


def _moved_from(states: Folder, project: Project) -> str:
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
        for journal in (_JOURNAL, _PENDING, *_earlier(home)):
            with (
                contextlib.suppress(UsageError, ValueError, KeyError, TypeError),
                _opened(home, journal) as file,
            ):
                path, device, inode, owner = json.loads(file.readline(_LONGEST_LINE))["folder"]
                return Project(str(path), int(device), int(inode), int(owner))
    return None


def _forget_last(states: Folder, home: Folder, lock: BinaryIO) -> None:
    """Take away what belongs to the apply that was undone; the one before is the last one now."""
    if not _earlier(home):
        _remove_home(states, home, lock)
        return
    home.unlink(_JOURNAL)
    home.remove_tree(_BEFORE)
    _recall(home)


def _remove_home(states: Folder, home: Folder, lock: BinaryIO) -> None:
    """Take away what is ours; anything else that somebody put there stays.

    The lock is held until its file is gone: what an apply begins from then on must not be taken for ours.
    """
    with contextlib.suppress(FileNotFoundError):
        home.unlink(_JOURNAL)
    home.remove_tree(_BEFORE)
    with contextlib.suppress(OSError):
        if sys.platform == "win32":
            lock.close()  # an open file cannot be removed there; nor can it while another run has it open
        home.unlink(_LOCK)
        states.rmdir(home.path.name)


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
