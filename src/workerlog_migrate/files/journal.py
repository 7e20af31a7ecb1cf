"""How does a folder get back what the last ``--apply`` changed in it or added to it?

Before a file is written, its old bytes and the hash of its new ones are appended to a journal and flushed to the
disk; so whatever stops an apply, the journal knows every file that it can have touched. Undoing compares
each file with both: what is as ``--apply`` left it gets its old bytes back, what is as it was before needs nothing,
and what is neither has been edited since, and is left. Each step can be repeated, so an undo that was
stopped is run again. The journal is removed when nothing is left to undo.

Everything lives in one folder that git ignores, ``.workerlog-migrate/`` in the current folder::

    .gitignore      *
    lock            held while an apply or an undo is at work
    journal         one line of JSON for each file, followed by its old bytes
    before/         old texts of files that were edited since, put there by an undo

It holds the last apply that changed something and no other, and at most `MAX_BYTES` of old text.
"""

from __future__ import annotations

import contextlib
import enum
import hashlib
import json
import os
import re
import shutil
import stat
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from workerlog_migrate import __version__
from workerlog_migrate.errors import Refused, UsageError
from workerlog_migrate.files.writing import leftovers, remove, write_atomic, write_new

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

FOLDER = ".workerlog-migrate"
"""Where the journal lives, in the current folder."""

MAX_BYTES = 256 * 1024 * 1024
"""Bound of one apply's old texts, bytes: far above any folder of scripts, far below any disk."""

_FORMAT = 1
_JOURNAL = "journal"
_BEFORE = "before"


@dataclass(frozen=True, slots=True)
class Change:
    """A file that is about to be written.

    Attributes:
        path: the file, as it is shown.
        before: its bytes; None when there is no such file yet.
        after: its new bytes.
    """

    path: Path
    before: bytes | None
    after: bytes


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
    """The journal of one apply: it replaces that of the apply before at the first change, not earlier."""

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
        self._lock: BinaryIO | None = None

    def record(self, changes: Sequence[Change]) -> None:
        """Put on the disk what a write is about to replace.

        Args:
            changes: the files that are written next.

        Raises:
            Refused: this cannot be kept, so the files must not be written.
        """
        if not changes:
            return
        held = self._held + sum(len(change.before or b"") for change in changes)
        if held > self._limit:
            mebibytes = self._limit // (1024 * 1024)
            raise Refused(
                f"the old texts of one --apply may take {mebibytes} MB, for --undo; run it on fewer PATHS"
            )
        data = b"".join(_entry(change, self._folder) for change in changes)
        try:
            if self._file is None:
                self._begin(data)
            else:
                self._append(data)
        except OSError as error:
            raise Refused(
                f"{FOLDER}/{_JOURNAL} cannot be written, so there would be no way back: {_why(error)}"
            ) from error
        self._held = held

    def close(self) -> None:
        """Let another run have the journal."""
        for file in (self._file, self._lock):
            if file is not None:
                file.close()
        self._file = self._lock = None

    def _begin(self, data: bytes) -> None:
        home = self._folder / FOLDER
        home.mkdir(mode=0o700, exist_ok=True)
        if self._lock is None:
            self._lock = _locked(home)
        if not (home / ".gitignore").exists():
            write_new(home / ".gitignore", b"*\n")
        header = _line({"format": _FORMAT, "version": __version__})
        write_new(home / _JOURNAL, header + data)
        self._file = (home / _JOURNAL).open("r+b", buffering=0)
        self._size = self._file.seek(0, os.SEEK_END)
        shutil.rmtree(home / _BEFORE, ignore_errors=True)  # old texts of the apply that is no longer the last

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
    """Give back what the last apply changed or added.

    Args:
        folder: the current folder, absolute; the apply was run here.

    Yields:
        One outcome per file, the last one written first; none if there is nothing to undo.

    Raises:
        UsageError: the journal cannot be read, or another run is at work.
    """
    home = folder / FOLDER
    if not _is_there(home / _JOURNAL):
        return
    try:
        lock = _locked(home)
    except Refused as error:
        raise UsageError(error.reason) from error
    except OSError as error:
        raise UsageError(f"{home / 'lock'} cannot be opened: {_why(error)}; nothing was undone") from error
    with lock:
        if not _is_there(home / _JOURNAL):
            return  # another undo was faster
        with _opened(home / _JOURNAL) as file:
            entries = _entries(file, home / _JOURNAL)
            done: dict[Path, Undone] = {}
            for entry in reversed(entries):
                done[folder / entry.path] = undone = _undo_one(entry, file, folder, done)
                yield undone
        held_back = {path.parent for path, undone in done.items() if undone.outcome is Outcome.LEFT}
        for place in {path.parent for path in done} - held_back:
            for leftover in leftovers(place):
                with contextlib.suppress(OSError):
                    leftover.unlink()
        if not held_back:
            try:
                _remove_home(home, lock)
            except OSError as error:
                raise UsageError(f"{home} cannot be removed: {_why(error)}; all was undone") from error


# --- what stands in the journal -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Entry:
    """One file in the journal; its old bytes are at ``offset`` and are read when they are needed."""

    path: Path
    offset: int
    size: int
    before: str | None
    after: str

    def old_bytes(self, file: BinaryIO) -> bytes:
        file.seek(self.offset)
        return file.read(self.size)


def _entry(change: Change, folder: Path) -> bytes:
    path = os.path.normpath(folder / change.path)
    with contextlib.suppress(ValueError):
        path = str(Path(path).relative_to(folder))
    before = change.before or b""
    line = _line(
        {
            "path": path,
            "size": len(before),
            "before": None if change.before is None else _hash(before),
            "after": _hash(change.after),
        }
    )
    return line + before + b"\n"


def _line(values: dict[str, str | int | None]) -> bytes:
    # ASCII: a file name that is no text survives as escaped surrogates.
    return json.dumps(values).encode("ascii") + b"\n"


def _is_there(journal: Path) -> bool:
    try:
        return stat.S_ISREG(journal.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise _unreadable(journal, error) from error


def _opened(journal: Path) -> BinaryIO:
    try:
        return journal.open("rb")
    except OSError as error:
        raise _unreadable(journal, error) from error


def _unreadable(journal: Path, error: OSError) -> UsageError:
    return UsageError(f"{journal} cannot be read: {_why(error)}; nothing was undone")


def _entries(file: BinaryIO, path: Path) -> list[_Entry]:
    """Read all that is whole; a kill can have torn the last entry, whose file was then not written."""
    end = file.seek(0, os.SEEK_END)
    file.seek(0)
    try:
        if json.loads(file.readline())["format"] != _FORMAT:
            raise UsageError(f"{path} is of another version of workerlog-migrate; undo with that version")
        entries = []
        while file.tell() < end:
            line = file.readline()
            if not line.endswith(b"\n"):
                break
            values = json.loads(line)
            if "\0" in values["path"]:
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
                    offset,
                    values["size"],
                    values["before"],
                    values["after"],
                )
            )
    except OSError as error:
        raise _unreadable(path, error) from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise UsageError(f"{path} is damaged ({error}); nothing was undone") from error
    return entries


# --- one file -------------------------------------------------------------------------------------------


def _undo_one(entry: _Entry, file: BinaryIO, folder: Path, done: dict[Path, Undone]) -> Undone:
    path = folder / entry.path
    if os.path.exists(path) and not os.path.isfile(path):  # noqa: PTH110, PTH113  # never raise
        return _left(entry, file, folder, "no longer a regular file")
    try:
        current = path.read_bytes()
    except FileNotFoundError:
        if entry.before is None:
            return Undone(entry.path, Outcome.NOTHING)
        return _left(entry, file, folder, "gone since the last --apply")
    except OSError as error:
        return _left(entry, file, folder, f"cannot be read: {_why(error)}")
    found = _hash(current)
    if found == entry.before:
        return Undone(entry.path, Outcome.NOTHING)
    if found != entry.after and not _is_torn(path, entry):
        return _left(entry, file, folder, "edited since the last --apply")
    try:
        if entry.before is None:
            user = _user_of(path, done)
            if user:
                return Undone(entry.path, Outcome.LEFT, f"{user} still imports it")
            remove(path, expected=current)
            return Undone(entry.path, Outcome.REMOVED)
        write_atomic(path, entry.old_bytes(file), expected=current)
    except Refused as error:
        return _left(entry, file, folder, error.reason)
    return Undone(entry.path, Outcome.RESTORED)


def _is_torn(path: Path, entry: _Entry) -> bool:
    """Whether a kill stopped us while we wrote a file with several hard links, which is done in place.

    The bytes that it had stand beside it for as long as that takes, see `writing`.
    """
    if path.stat().st_nlink < 2:
        return False
    for leftover in leftovers(Path(os.path.realpath(path)).parent):
        with contextlib.suppress(OSError):
            if _hash(leftover.read_bytes()) in (entry.before, entry.after):
                return True
    return False


def _left(entry: _Entry, file: BinaryIO, folder: Path, reason: str) -> Undone:
    if entry.before is None:
        return Undone(entry.path, Outcome.LEFT, reason)
    parts = ["__" if part == ".." else part for part in entry.path.parts if part != entry.path.anchor]
    old_text = Path(FOLDER, _BEFORE, *parts)
    try:
        (folder / old_text).parent.mkdir(parents=True, exist_ok=True)
        write_new(folder / old_text, entry.old_bytes(file))
    except OSError as error:
        return Undone(entry.path, Outcome.LEFT, f"{reason}; its old text cannot be put out: {_why(error)}")
    return Undone(entry.path, Outcome.LEFT, reason, old_text)


def _user_of(runtime: Path, done: dict[Path, Undone]) -> str:
    """Name a script that would break without a runtime file: one that this undo has not given back."""
    imports = re.compile(rb"^[ \t]*(?:from|import)[ \t]+\.?%s\b" % runtime.stem.encode(), re.MULTILINE)
    for path in sorted(runtime.parent.glob("*.py")):
        undone = done.get(path)
        if path.stem in ("worker_logger", "worker_utils") or (
            undone is not None and undone.outcome is not Outcome.LEFT
        ):
            continue
        with contextlib.suppress(OSError):
            if path.is_file() and imports.search(path.read_bytes()):
                return path.name
    return ""


# --- the folder -----------------------------------------------------------------------------------------


def _locked(home: Path) -> BinaryIO:
    """Take the folder for this process; the system lets go when the process ends, however it ends."""
    file = (home / "lock").open("ab")
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError) as error:
        file.close()
        raise Refused("another workerlog-migrate is at work in this folder; wait until it is done") from error
    except OSError:
        file.close()
        raise
    try:
        is_current = os.path.samestat(os.fstat(file.fileno()), (home / "lock").stat())
    except OSError:
        is_current = False
    if not is_current:
        # An undo has removed it since we opened it: whoever comes next would lock another file.
        file.close()
        raise Refused("another workerlog-migrate was at work in this folder; run again")
    return file


def _remove_home(home: Path, lock: BinaryIO) -> None:
    """Take away what is ours; anything else that somebody put there stays.

    The lock is held until its file is gone: what an apply begins from then on must not be taken for ours.
    """
    (home / _JOURNAL).unlink()
    shutil.rmtree(home / _BEFORE, ignore_errors=True)
    with contextlib.suppress(OSError):
        (home / ".gitignore").unlink(missing_ok=True)
        if sys.platform == "win32":
            lock.close()  # an open file cannot be removed there; nor can it while another run has it open
        (home / "lock").unlink()
        home.rmdir()


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _why(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
