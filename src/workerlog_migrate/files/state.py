"""Where is what must outlast a run kept, so that nobody but this user can have written it?

In the user's state folder (https://specifications.freedesktop.org/basedir-spec/latest/): ``$XDG_STATE_HOME``, else
``~/.local/state``; on Windows ``%LOCALAPPDATA%``. In it, one folder for each project folder, named after that folder's real
path, device, inode and owner: another checkout at the same path is another project, and so is one that was moved.

A place that somebody else could write to is none: everything here is this user's own and writable for nobody else, and is
opened through no link.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import sys
from pathlib import Path
from typing import NamedTuple

from workerlog_migrate.errors import UsageError
from workerlog_migrate.files.folder import Folder
from workerlog_migrate.files.in_use import why
from workerlog_migrate.files.names import existing_path, path_bytes
from workerlog_migrate.files.roots import is_led_by_others
from workerlog_migrate.files.writing import put

_NAME = "workerlog-migrate"
_UNDO = "undo"


class Project(NamedTuple):
    """What a folder of scripts is known by.

    Attributes:
        path: its real path.
        device: of its file system.
        inode: its number there.
        owner: user id (0 on Windows).
    """

    path: str
    device: int
    inode: int
    owner: int

    @classmethod
    def of(cls, folder: Path) -> Project:
        """Look at a folder.

        Args:
            folder: absolute.

        Returns:
            What it is known by.

        Raises:
            OSError: it is not there.
        """
        real = existing_path(folder)
        status = os.stat(real)  # noqa: PTH116  # text in
        return cls(real, status.st_dev, status.st_ino, status.st_uid)

    @property
    def key(self) -> str:
        """The name of its folder among the states, 32 hexadecimal digits."""
        text = "\0".join(str(part) for part in self)
        return hashlib.sha256(path_bytes(text)).hexdigest()[:32]

    def is_gone(self) -> bool:
        """Say whether this folder is certainly no more: removed, moved, or replaced by another one.

        Of a disk that is not mounted nothing is certain.
        """
        path = Path(self.path)
        try:
            found = path.lstat()
        except (FileNotFoundError, NotADirectoryError):
            for parent in path.parents:
                with contextlib.suppress(OSError):
                    return parent.stat().st_dev == self.device
            return False
        except OSError:
            return False
        return found.st_dev == self.device and found.st_ino != self.inode


class NoStateError(UsageError):
    """There is no place in which a state can be kept."""


def state_folder() -> Path:
    """Say where the states are kept.

    Returns:
        An absolute path; it need not exist.

    Raises:
        NoStateError: there is no home folder.
    """
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA")
        if base and Path(base).is_absolute():
            return Path(base, _NAME, "State")
        raise NoStateError("%LOCALAPPDATA% names no folder")
    base = os.environ.get(
        "XDG_STATE_HOME"
    )  # one that is not absolute has to be ignored, says the specification
    if base and Path(base).is_absolute():
        return Path(base, _NAME)
    with contextlib.suppress(RuntimeError):
        home = Path.home()
        if home.is_absolute():
            return home / ".local" / "state" / _NAME
    raise NoStateError("there is no home folder, and XDG_STATE_HOME names none")


def open_states(*, create: bool) -> Folder | None:
    """Open the folder of all undo states.

    Args:
        create: make it if it is not there.

    Returns:
        The open folder; None when it is not there, and was not to be made.

    Raises:
        NoStateError: it cannot be made or opened, or others can write to it.
    """
    path = state_folder()
    if is_led_by_others(os.fspath(path)):
        raise NoStateError(f"others decide where {path} leads; set XDG_STATE_HOME to a folder of your own")
    try:
        base = _made(path) if create else Folder.open(Path(existing_path(path)))
    except FileNotFoundError:
        if not create:
            return None
        raise NoStateError(f"{path} cannot be made: its folder is gone") from None
    except OSError as error:
        raise NoStateError(f"{path} cannot be {'made' if create else 'opened'}: {why(error)}") from error
    with base:
        _check_own(base)
        try:
            if create and not _has(base, ".gitignore"):  # of a home folder that is a repository
                put(base, ".gitignore", b"*\n")
            states = base.mkdir(_UNDO) if create else base.child(_UNDO)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise NoStateError(f"{path} cannot be used: {why(error)}") from error
    with contextlib.ExitStack() as failed:
        failed.enter_context(states)
        _check_own(states)
        failed.pop_all()
    return states


def open_state(states: Folder, project: Project, *, create: bool) -> Folder | None:
    """Open the folder of one project.

    Args:
        states: what `open_states` has given.
        project: whose it is.
        create: make it if it is not there.

    Returns:
        The open folder; None when it is not there, and was not to be made.

    Raises:
        NoStateError: it cannot be made or opened, or others can write to it.
    """
    try:
        state = states.mkdir(project.key) if create else states.child(project.key)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise NoStateError(f"{states.path / project.key} cannot be opened: {why(error)}") from error
    with contextlib.ExitStack() as failed:
        failed.enter_context(state)
        _check_own(state)
        failed.pop_all()
    return state


def is_own(status: os.stat_result) -> bool:
    """Say whether a file is a regular one, this user's, under one name, and writable for nobody else.

    Args:
        status: of the open file.

    Returns:
        Whether what stands in it can be believed.
    """
    return stat.S_ISREG(status.st_mode) and status.st_nlink == 1 and _is_ours(status)


def _is_ours(status: os.stat_result) -> bool:
    if not hasattr(os, "geteuid"):
        return True
    return status.st_uid == os.geteuid() and not status.st_mode & 0o022


def _check_own(folder: Folder) -> None:
    status = folder.stat()
    if _is_ours(status):
        return
    if status.st_uid != os.geteuid():
        raise NoStateError(
            f"{folder.path} belongs to another user; set XDG_STATE_HOME to a folder of your own"
        )
    raise NoStateError(f"{folder.path} can be written by others: chmod go-w it, or set XDG_STATE_HOME")


def _made(path: Path) -> Folder:
    """Make a folder and those above it, each 0700, and open it.

    Nothing is made in somebody else's folder: under sudo the home may still be that of who called it.
    """
    missing: list[str] = []
    real = Path(os.path.realpath(path))
    while not os.path.lexists(real):
        missing.append(real.name)
        real = real.parent
    folder = Folder.open(real)
    if missing and hasattr(os, "geteuid") and folder.stat().st_uid not in (os.geteuid(), 0):
        folder.close()
        raise NoStateError(f"{real} belongs to another user; set XDG_STATE_HOME to a folder of your own")
    for name in reversed(missing):
        with folder:
            folder = folder.mkdir(name)
    return folder


def _has(folder: Folder, name: str) -> bool:
    try:
        folder.stat(name)
    except OSError:
        return False
    return True
