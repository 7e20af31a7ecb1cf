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
import os
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from workerlog_migrate import __version__
from workerlog_migrate.errors import Refused, UsageError
from workerlog_migrate.files.folder import Folder
from workerlog_migrate.files.in_use import why
from workerlog_migrate.files.journal_entries import (
    ENDED,
    FORMAT,
    PENDING,
    Change,
    entry_of,
    has_certainly_changed,
    has_journal,
    has_several_names,
    hash_of,
    json_line,
)
from workerlog_migrate.files.journal_folder import MAX_BYTES, forget_old, locked, promote, remove_home, settle
from workerlog_migrate.files.reading import read_file
from workerlog_migrate.files.state import (
    NoStateError,
    Project,
    open_state,
    open_states,
)
from workerlog_migrate.files.writing import put

if TYPE_CHECKING:
    from collections.abc import Sequence


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
        self._in_place: list[Change] = []

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
            data = b"".join(entry_of(change, self._folder) for change in changes)
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
        self._in_place += (
            change
            for change in changes
            if change.before is not None and has_several_names(change.real or change.path)
        )

    def written(self) -> None:
        """Make this journal the one that an undo goes by: something that it knows of has been written."""
        if self._is_last or self._home is None:
            return
        with contextlib.suppress(OSError):  # `close`, or at last the next run, does it
            promote(self._home)
            self._is_last = True

    def close(self) -> None:
        """Let another run have the journal; one that nothing was written for is removed."""
        if self._file is not None:
            if all(map(_is_whole, self._in_place)):
                with contextlib.suppress(OSError):  # without it an undo looks for what a kill has left
                    self._append(ENDED)
            self._file.close()
        if self._home is not None and self._lock is not None:
            with contextlib.suppress(OSError):
                if self._file is not None and not self._is_last:
                    settle(self._home, has_changed=has_certainly_changed)
                if not has_journal(self._home):
                    with Folder.open(self._home.path.parent) as states:
                        remove_home(states, self._home, self._lock)
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
                forget_old(states, project)
                home = open_state(states, project, create=True)
            assert home is not None
            try:
                self._lock = locked(home)
            except BaseException:
                home.close()
                raise
            self._home = home
            settle(home)
        header = json_line({"format": FORMAT, "version": __version__, "folder": list(project)})
        put(self._home, PENDING, header + data)
        descriptor = self._home.open_file(PENDING, os.O_RDWR)
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


def _is_whole(change: Change) -> bool:
    with contextlib.suppress(OSError):
        held = hash_of(read_file(change.real or change.path))
        return held in (hash_of(change.before or b""), hash_of(change.after))
    return False
