"""How is a file opened, replaced or removed on Windows, where others may hold it open and where a plain rename forgets its rights?

An indexer, a virus scanner or an editor that saves holds a file for some milliseconds; until it lets go, Windows answers
"access denied" or "sharing violation" to whoever opens, renames or deletes it. So these calls are tried again there for
about two seconds. A replaced file keeps its access rights, its attributes (hidden, archive) and its alternate streams:
that is what ReplaceFileW is for (https://learn.microsoft.com/windows/win32/api/winbase/nf-winbase-replacefilew). On other
systems each function is the one call of POSIX that it is named for.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

_T = TypeVar("_T")

PATIENCE = 2.0
"""For how long a file that another program holds is tried again, in seconds."""

_MOST_PATIENCE = 30.0
"""As long is waited in a whole run: a folder of files that nobody may read is no folder of files that are held for a moment."""
_waits: list[float] = []

_ACCESS_DENIED, _SHARING_VIOLATION, _LOCK_VIOLATION = 5, 32, 33
_IN_USE = frozenset({_ACCESS_DENIED, _SHARING_VIOLATION, _LOCK_VIOLATION})
_INVALID_NAME = 123
# What file systems without rights and streams (FAT, some network redirectors) answer to ReplaceFileW.
_NOT_SUPPORTED = frozenset({1, 50})
_REPLACED_HAS_BACKUP_NAME = 1177  # ERROR_UNABLE_TO_MOVE_REPLACEMENT_2


class ReadOnlyError(PermissionError):
    """A file has been made read-only, which no waiting changes.

    Args:
        path: the file.
    """

    def __init__(self, path: Path | str) -> None:
        super().__init__(errno.EACCES, "the file is read-only", str(path))


def is_in_use(error: OSError) -> bool:
    """Tell whether an error says that another program holds the file.

    Args:
        error: what the system answered.

    Returns:
        True for "access denied", "sharing violation" and "lock violation" of Windows; False elsewhere.
    """
    if isinstance(error, ReadOnlyError):
        return False
    number = getattr(error, "winerror", None)
    if number is None and os.name == "nt":
        return (
            error.errno == errno.EACCES
        )  # os.open goes through the C library, which knows no other word for all three
    return number in _IN_USE


def why(error: OSError) -> str:
    """Say why a file could not be written, replaced or removed.

    Args:
        error: what the system answered.

    Returns:
        The system's words as part of a sentence; after the patience is spent, that the file is in use.
    """
    text = error.strerror or str(error)
    text = text[:1].lower() + text[1:]
    if getattr(error, "winerror", None) == _INVALID_NAME and '"' in str(error.filename):
        return (
            f"{text}: a \\ before a closing quote is part of the name; leave it off"  # "C:\my bots\" in cmd
        )
    return f"in use by another program ({text})" if is_in_use(error) else text


def replace(temporary: Path, target: Path) -> None:
    """Give a finished temporary file the name of the file that it replaces.

    Args:
        temporary: the new file, closed.
        target: the old one, in the same folder; it need not be there.

    Raises:
        OSError: it cannot be done; the old file is then what and where it was. `ReadOnlyError` where it is read-only, which
            POSIX replaces.
    """
    _check_attribute(target)
    _patiently(lambda: _replace(temporary, target))


def open_file(path: Path | str, flags: int, mode: int = 0o600) -> int:
    """Open a file, to read it or to write it.

    Args:
        path: the file.
        flags: as of `os.open`.
        mode: of a file that is created.

    Returns:
        Its descriptor.

    Raises:
        OSError: it cannot be opened; ``EISDIR`` where it is a folder, which Windows calls "access denied" as well.
    """

    def open_now() -> int:
        try:
            return os.open(path, flags, mode)
        except PermissionError as error:
            if os.name == "nt" and os.path.isdir(path):  # noqa: PTH112  # text in
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path)) from error
            raise

    return _patiently(open_now)


def unlink(path: Path) -> None:
    """Remove a file.

    Args:
        path: the file.

    Raises:
        OSError: it cannot be removed; `ReadOnlyError` where it is read-only, which POSIX removes.
    """
    _check_attribute(path)
    _patiently(path.unlink)


def _check_attribute(path: Path) -> None:
    """Refuse at once what Windows does not let anybody replace or remove: that is no file in use, and stays as it is."""
    if sys.platform == "win32" and os.path.lexists(path) and not os.access(path, os.W_OK):
        raise ReadOnlyError(path)


def _patiently(call: Callable[[], _T]) -> _T:
    """Do something that another program's open handle may forbid for a moment."""
    wait, waited = 0.01, 0.0
    while waited + wait < PATIENCE and sum(_waits) < _MOST_PATIENCE:
        try:
            return call()
        except OSError as error:  # a file that is held is what this loop is for
            if not is_in_use(error):
                raise
        time.sleep(wait)
        _waits.append(wait)
        waited += wait
        wait = min(wait * 2, 0.25)
    return call()


def _replace(temporary: Path, target: Path) -> None:
    if sys.platform != "win32" or not os.path.lexists(target):
        temporary.replace(target)
        return
    backup = temporary.with_suffix(".old")
    try:
        _replace_file(temporary, target, backup)
    except OSError as error:
        if error.winerror == _REPLACED_HAS_BACKUP_NAME:
            backup.replace(target)
        if error.winerror not in _NOT_SUPPORTED:
            raise
        temporary.replace(target)
    # What was replaced may still be held by a reader who allows that; it goes when nobody needs it.
    with contextlib.suppress(OSError):
        backup.unlink()


def _replace_file(temporary: Path, target: Path, backup: Path) -> None:
    if sys.platform == "win32":
        import ctypes

        function = ctypes.WinDLL("kernel32", use_last_error=True).ReplaceFileW
        # With the name for a backup nothing is lost at any point of it (the documentation's three error codes).
        if not function(str(target), str(temporary), str(backup), 0, None, None):
            raise ctypes.WinError(ctypes.get_last_error())
