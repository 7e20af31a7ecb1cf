"""What stands in the journal of an ``--apply``: one line of JSON for each file, followed by its old bytes."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from workerlog_migrate.errors import UsageError
from workerlog_migrate.files.folder import Folder, read_all
from workerlog_migrate.files.in_use import why
from workerlog_migrate.files.state import (
    Project,
    is_own,
)
from workerlog_migrate.files.writing import leftovers

if TYPE_CHECKING:
    pass


FORMAT = 2
JOURNAL = "journal"
PENDING = "journal.new"
ENDED = b"ended"
"""What a journal ends with whose apply has ended by itself; without a newline it is no entry, for earlier versions neither."""

LONGEST_LINE = 1 << 20
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


@dataclass(frozen=True, slots=True)
class Entry:
    """One file in the journal; its old bytes are at ``offset`` and are read when they are needed."""

    path: Path
    real: Path
    offset: int
    size: int
    before: str | None
    after: str

    def old_bytes(self, file: BinaryIO) -> bytes:
        """Read the old bytes.

        Args:
            file: the journal.
        """
        file.seek(self.offset)
        return file.read(self.size)


def entry_of(change: Change, folder: Path) -> bytes:
    """Write the entry of one file.

    Args:
        change: what becomes of the file.
        folder: the project; paths in it are kept relative to it.
    """
    path = os.path.normpath(folder / change.path)
    real = os.fspath(change.real or os.path.realpath(path))
    with contextlib.suppress(ValueError):
        path = str(Path(path).relative_to(folder))
    before = change.before or b""
    line = json_line(
        {
            "path": path,
            "real": real,
            "size": len(before),
            "before": None if change.before is None else hash_of(before),
            "after": hash_of(change.after),
        }
    )
    return line + before + b"\n"


def json_line(values: dict[str, str | int | list[str | int] | None]) -> bytes:
    """Write one line of JSON.

    Args:
        values: what it says.
    """
    # ASCII: a file name that is no text survives as escaped surrogates.
    return json.dumps(values).encode("ascii") + b"\n"


def is_there(home: Folder, name: str) -> bool:
    """Say whether a folder holds a file.

    Args:
        home: the folder.
        name: the file's.
    """
    try:
        home.stat(name)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise unreadable(home.path / name, error) from error
    return True


def has_journal(home: Folder) -> bool:
    """Say whether a folder holds a journal, in whatever state.

    Args:
        home: the folder.
    """
    if is_there(home, JOURNAL) or is_there(home, PENDING):
        return True
    try:
        return bool(earlier_journals(home))
    except OSError as error:
        raise unreadable(home.path, error) from error


def earlier_journals(home: Folder) -> list[str]:
    """Name the journals of the applies before the last one, the oldest first."""
    numbers = sorted(int(found[1]) for found in map(_EARLIER.fullmatch, home.names()) if found)
    return [f"{JOURNAL}.{number}" for number in numbers]


def open_journal(home: Folder, name: str) -> BinaryIO:
    """Open a journal for reading, if nobody but this user can have written it."""
    try:
        file = os.fdopen(home.open_file(name, os.O_RDONLY), "rb")
    except OSError as error:
        raise unreadable(home.path / name, error) from error
    if not is_own(os.fstat(file.fileno())):
        file.close()
        raise UsageError(
            f"{home.path / name} is not a file that only you can write; remove it; nothing was undone"
        )
    return file


def unreadable(journal: Path, error: OSError) -> UsageError:
    """Say that a journal cannot be read.

    Args:
        journal: where it is.
        error: why.
    """
    return UsageError(f"{journal} cannot be read: {why(error)}; nothing was undone")


def read_entries(file: BinaryIO, path: Path, project: Project | None) -> list[Entry]:
    """Read all that is whole; a kill can have torn the last entry, whose file was then not written."""
    end = file.seek(0, os.SEEK_END)
    file.seek(0)
    try:
        header = json.loads(file.readline(LONGEST_LINE))
        if header["format"] != FORMAT:
            raise UsageError(f"{path} is of another version of workerlog-migrate; undo with that version")
        if project is not None and header["folder"] != list(project):
            raise UsageError(f"{path} is of another folder ({header['folder'][0]}); nothing was undone")
        entries = []
        while file.tell() < end:
            line = file.readline(LONGEST_LINE)
            if not line.endswith(b"\n"):
                break
            values = json.loads(line)
            if "\0" in values["path"] or "\0" in values["real"]:
                raise UsageError(f"{path} is damaged (a path that is none); nothing was undone")
            offset = file.tell()
            data = file.read(values["size"] + 1)
            is_whole = data.endswith(b"\n") and (
                values["before"] is None or hash_of(data[:-1]) == values["before"]
            )
            if not is_whole or len(data) != values["size"] + 1:
                if file.tell() < end:
                    raise UsageError(f"{path} is damaged; nothing was undone")
                break
            entries.append(
                Entry(
                    Path(values["path"]),
                    Path(values["real"]),
                    offset,
                    values["size"],
                    values["before"],
                    values["after"],
                )
            )
    except OSError as error:
        raise unreadable(path, error) from error
    except (ValueError, KeyError, TypeError, IndexError, RecursionError, MemoryError) as error:
        raise UsageError(
            f"{path} is damaged ({error or type(error).__name__}); nothing was undone"
        ) from error
    return entries


def has_ended(file: BinaryIO) -> bool:
    """Say whether an apply has ended by itself, so that it has left no file half written.

    Args:
        file: its journal.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(max(size - len(ENDED), 0))
    return file.read() == ENDED


def say_ended(home: Folder, *, is_ended: bool) -> None:
    """Say in the last journal whether a file may be half written.

    Args:
        home: the folder that the journal lies in.
        is_ended: no file is; if not, one is going to be written in place, and a kill may leave half of it.
    """
    descriptor = home.open_file(JOURNAL, os.O_RDWR)
    with os.fdopen(descriptor, "r+b", buffering=0) as file:
        if has_ended(file) is is_ended:
            return
        if is_ended:
            file.write(ENDED)
        else:
            file.truncate(file.seek(-len(ENDED), os.SEEK_END))
        os.fsync(descriptor)


def has_several_names(path: Path) -> bool:
    """Whether a file is written in place, so that a kill could leave half of it."""
    try:
        return path.lstat().st_nlink > 1
    except OSError:
        return False


def content_of(entry: Entry) -> bytes | None:
    """Read a file where it was when it was written; None for what is no regular file."""
    with Folder.open(entry.real.parent) as folder:
        descriptor = folder.open_file(entry.real.name, os.O_RDONLY)
        try:
            return read_all(descriptor) if stat.S_ISREG(os.fstat(descriptor).st_mode) else None
        finally:
            os.close(descriptor)


def is_torn(entry: Entry) -> bool:
    """Whether a kill stopped us while we wrote a file with several hard links, which is done in place.

    The bytes that it had stand beside it for as long as that takes, see `writing`.
    """
    with contextlib.suppress(OSError):
        if entry.real.lstat().st_nlink < 2:
            return False
        texts = leftovers(entry.real.parent)
        return any(hash_of(text) in (entry.before, entry.after) for text in texts)
    return False


def has_perhaps_changed(entry: Entry) -> bool:
    """Whether a file is not what it was before an apply that was stopped: it, or somebody since, has written it."""
    try:
        content = content_of(entry)
    except FileNotFoundError:
        return entry.before is not None
    except OSError:
        return True
    return content is None or hash_of(content) != entry.before


def has_certainly_changed(entry: Entry) -> bool:
    """Whether a file is what this apply was to make of it, or half of that."""
    try:
        content = content_of(entry)
    except OSError:
        return False
    if content is None or hash_of(content) == entry.before:
        return False
    return hash_of(content) == entry.after or is_torn(entry)


def hash_of(data: bytes) -> str:
    """Say by what bytes are known again.

    Args:
        data: of a file.
    """
    return hashlib.sha256(data).hexdigest()
