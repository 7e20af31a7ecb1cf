"""How does a folder get back what an ``--apply`` changed in it or added to it? See `journal` for what is kept."""

from __future__ import annotations

import contextlib
import enum
import errno
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from workerlog_migrate.errors import Refused, UsageError
from workerlog_migrate.files.folder import Folder
from workerlog_migrate.files.in_use import why
from workerlog_migrate.files.journal_entries import (
    JOURNAL,
    PENDING,
    Entry,
    content_of,
    has_ended,
    has_journal,
    has_several_names,
    hash_of,
    is_there,
    is_torn,
    open_journal,
    read_entries,
    say_ended,
    unreadable,
)
from workerlog_migrate.files.journal_folder import BEFORE, LOCK, forget_last, locked, moved_from, settle
from workerlog_migrate.files.reading import read_file
from workerlog_migrate.files.state import (
    NoStateError,
    Project,
    open_state,
    open_states,
    state_folder,
)
from workerlog_migrate.files.writing import put, remove, remove_leftovers, write_atomic
from workerlog_migrate.model import RUNTIME_FILES

if TYPE_CHECKING:
    from collections.abc import Iterator


OLD_FOLDER = ".workerlog-migrate"
"""Where version 0.1 kept its journal, in the current folder: it is named and never read."""


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
        if home is None or not has_journal(home):
            moved = moved_from(states, project)
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
        lock = locked(home)
    except Refused as error:
        raise UsageError(error.reason) from error
    except OSError as error:
        raise UsageError(f"{home.path / LOCK} cannot be opened: {why(error)}; nothing was undone") from error
    with lock:
        try:
            settle(home)
        except OSError as error:
            raise unreadable(home.path / PENDING, error) from error
        if not is_there(home, JOURNAL):
            return  # another undo was faster, or the last apply has changed nothing
        with open_journal(home, JOURNAL) as file:
            entries = read_entries(file, home.path / JOURNAL, project)
            may_be_torn = not has_ended(file)
            is_in_place = not may_be_torn and any(has_several_names(entry.real) for entry in entries)
            if is_in_place:
                _say_ended(home, is_ended=False)
            done: dict[Path, Undone] = {}
            for entry in reversed(entries):
                undone = _undo_one(entry, file, folder, home, done, may_be_torn=may_be_torn)
                done[folder / entry.path] = undone
                yield undone
            if is_in_place:
                _say_ended(home, is_ended=True)
        held_back = {
            entry.real.parent for entry in entries if done[folder / entry.path].outcome is Outcome.LEFT
        }
        for place in {entry.real.parent for entry in entries} - held_back:
            remove_leftovers(place, replaced=True)
        if not held_back:
            try:
                forget_last(states, home, lock)
            except OSError as error:
                raise UsageError(f"{home.path} cannot be removed: {why(error)}; all was undone") from error


def _say_ended(home: Folder, *, is_ended: bool) -> None:
    try:
        say_ended(home, is_ended=is_ended)
    except OSError as error:
        raise UsageError(f"{home.path / JOURNAL} cannot be written: {why(error)}") from error


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


def _undo_one(
    entry: Entry,
    file: BinaryIO,
    folder: Path,
    home: Folder,
    done: dict[Path, Undone],
    *,
    may_be_torn: bool,
) -> Undone:
    path = folder / entry.path
    try:
        current = content_of(entry)
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
    found = hash_of(current)
    if found == entry.before:
        return Undone(entry.path, Outcome.NOTHING)
    if found != entry.after and not (may_be_torn and is_torn(entry)):
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


def _left(entry: Entry, file: BinaryIO, home: Folder, reason: str) -> Undone:
    if entry.before is None:
        return Undone(entry.path, Outcome.LEFT, reason)
    parts = ["__" if part == ".." else part for part in entry.path.parts if part != entry.path.anchor]
    try:
        with contextlib.ExitStack() as stack:
            place = stack.enter_context(home.mkdir(BEFORE))
            for part in parts[:-1]:
                place = stack.enter_context(place.mkdir(part))
            put(place, parts[-1], entry.old_bytes(file))
    except OSError as error:
        return Undone(entry.path, Outcome.LEFT, f"{reason}; its old text cannot be put out: {why(error)}")
    return Undone(entry.path, Outcome.LEFT, reason, home.path.joinpath(BEFORE, *parts))


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
