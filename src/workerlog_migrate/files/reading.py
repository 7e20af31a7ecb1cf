"""How is a file read that somebody else has put there? Whole, at once, and never without a bound.

A name in a checkout may lead to a pipe that nobody writes into, to a device without an end, to a sparse file of many
gigabytes, or to a file of the system that waits (``/proc/kmsg``). So a file is opened without waiting, looked at once it is
open, and read up to a limit: what is larger is no source, no configuration and no list of ignored files.
"""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING

from workerlog_migrate.files import in_use
from workerlog_migrate.files.folder import HAS_DESCRIPTORS, Folder

if TYPE_CHECKING:
    from pathlib import Path

MAX_SOURCE = 8_000_000
"""Largest script, bytes: some 200,000 lines, whose syntax tree takes a gigabyte."""

MAX_SETTINGS = 1_000_000
"""Largest configuration, and largest list of ignored files, bytes."""

_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOCTTY", 0)


def read_file(path: Path | str, limit: int = MAX_SOURCE, *, follow: bool = True) -> bytes:
    """Read a regular file.

    Args:
        path: the file.
        limit: most bytes that it may hold.
        follow: read what a symbolic link leads to; if not, a link is an error (``ELOOP``).

    Returns:
        Its bytes.

    Raises:
        OSError: it cannot be read, is no regular file (``EINVAL``) or is too large (``EFBIG``).
        ValueError: the path holds a NUL character.
    """
    return _read(
        in_use.open_file(path, _FLAGS | (0 if follow else getattr(os, "O_NOFOLLOW", 0))), path, limit
    )


def read_start(path: Path | str, length: int) -> bytes:
    """Read the first bytes of a regular file, however long it is.

    Args:
        path: the file.
        length: how many bytes.

    Returns:
        Them; fewer where it is shorter.

    Raises:
        OSError: it cannot be read, or is no regular file (``EINVAL``).
        ValueError: the path holds a NUL character.
    """
    descriptor = in_use.open_file(path, _FLAGS)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "not a regular file", str(path))
        return os.read(descriptor, length)
    finally:
        os.close(descriptor)


def read_script(path: Path, place: Path | None) -> bytes:
    """Read a script where it was found: who can rename in its folder must not have us read, and show, a file elsewhere.

    Args:
        path: the script, as it is shown.
        place: where it was found, links resolved; if a part of that has become a link since, it is not read. Without it the
            path is.

    Returns:
        Its bytes.

    Raises:
        OSError: as `read_file`; ``ESTALE`` where it leads elsewhere by now.
        ValueError: as `read_file`.
    """
    if place is None or not HAS_DESCRIPTORS:
        return read_file(path)
    try:
        folder = _held.get(place.parent)
        if folder is None:
            for each in _held.values():
                each.close()
            _held.clear()
            folder = _held[place.parent] = Folder.open(place.parent)
        return _read(folder.open_file(place.name, os.O_RDONLY), path, MAX_SOURCE)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENOTDIR):
            raise OSError(errno.ESTALE, "leads elsewhere than when it was found", str(path)) from error
        raise


_held: dict[Path, Folder] = {}
"""The folder of the script that was read last: those of a run stand side by side."""


def _read(descriptor: int, path: Path | str, limit: int) -> bytes:
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "not a regular file", str(path))
        if status.st_size <= limit:
            parts, left = [], limit + 1  # files of the system say that they hold nothing
            while left and (part := os.read(descriptor, min(left, max(status.st_size, 65_536)) + 1)):
                parts.append(part)
                left = max(left - len(part), 0)
            raw = parts[0] if len(parts) == 1 else b"".join(parts)
            if len(raw) <= limit:
                return raw
    finally:
        os.close(descriptor)
    raise OSError(errno.EFBIG, f"larger than {limit:,} bytes", str(path))


def path_text(raw: bytes) -> str:
    """Decode a path that stands in a file or in what a program prints.

    Args:
        raw: its bytes, whatever they are.

    Returns:
        The text by which the system finds it: `os.fsdecode`, which on Windows would raise where they are no UTF-8.
    """
    return raw.decode("utf-8", "surrogateescape") if os.name == "nt" else os.fsdecode(raw)
