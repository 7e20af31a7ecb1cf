"""How does this system write, compare and resolve the names of files? What Windows does otherwise, in one place.

A name there is a row of 16-bit numbers that need not be Unicode (half a surrogate pair is legal on NTFS), it is compared
without regard to case, and a folder may be a junction: a link that is none to most of the library
(https://learn.microsoft.com/windows/win32/fileio/hard-links-and-junctions). Some drives, of memory or of a cloud, cannot tell
the final path of a file, or give no file a number.
"""

# Names are texts here, as a walk over many thousand of them has them.
# ruff: noqa: PTH114, PTH116, PTH118, PTH206

from __future__ import annotations

import os
import stat
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

IGNORES_CASE = os.path.normcase("A") == "a"
"""Whether ``A`` and ``a`` are the same name on this system."""

_LONG = 240  # 259 less what a folder needs for a file in it
_JUNCTION = 0xA0000003  # IO_REPARSE_TAG_MOUNT_POINT, which `stat` has on Windows only


def path_bytes(text: str) -> bytes:
    """Encode a path for a file that others read, or to compare it.

    Args:
        text: as the system has given it: there may be halves of surrogate pairs in it.

    Returns:
        UTF-8; where the name is no text, the bytes that it has on POSIX, and on Windows those of its 16-bit numbers.
    """
    return text.encode("utf-8", "surrogatepass" if os.name == "nt" else "surrogateescape")


def below(path: str, folder: str) -> str | None:
    """Give what a path says below a folder; both are compared as the system does, whatever case they are typed in.

    Args:
        path: absolute, normal.
        folder: the same.

    Returns:
        The rest of the path, or None where it does not lie below the folder.
    """
    start = os.path.join(folder, "")
    head = path[: len(start)]
    if head != start and os.path.normcase(head) != os.path.normcase(start):
        return None
    return path[len(start) :]


def as_listed(path: str, cwd: Path) -> str:
    r"""Write a path as the folders that hold its parts list them.

    Args:
        path: as somebody has typed it, absolute or relative.
        cwd: the folder that a relative one starts from, absolute.

    Returns:
        The path; on Windows with the case, the ending and the long form of each part from the last one to the first that is
        a link: ``SCRIPTS\ZERO~1.PY.`` may be ``scripts\zero_worker.py``, and a worker is named after its file.
    """
    if sys.platform != "win32":
        return path
    try:
        real = os.path.realpath(cwd / path).split(os.sep)
    except (OSError, ValueError):
        return path
    drive, rest = os.path.splitdrive(os.path.normpath(path))
    typed = rest.split(os.sep)
    for back in range(1, min(len(typed), len(real) - 1) + 1):
        part, listed = typed[-back], real[-back]
        # The short form of the name itself; folders stay as the current one is written.
        is_short = back == 1 and "~" in part and not os.path.islink(cwd / path)
        is_same = is_short or os.path.normcase(part.rstrip(". ")) == os.path.normcase(listed)
        if part in ("", ".", "..") or not is_same:
            break
        typed[-back] = listed
    return drive + os.sep.join(typed)


def is_remote(path: str, home: str) -> bool:
    """Say whether a path that stands in a file names another machine, which a look at it would tell who looks (on Windows with a login).

    Args:
        path: as it is written, or absolute.
        home: an absolute path of what it is written in; what lies on the same machine's share is near.

    Returns:
        True for ``//host/share/x``, and for ``/net/host/x``, which an automounter would mount.
    """
    machine = _machine(path)
    return machine != "" and machine != _machine(home)


def _machine(path: str) -> str:
    parts = os.path.normcase(os.path.normpath(path)).split(os.sep)
    if len(parts) > 2 and parts[:2] == ["", ""]:
        return parts[2]
    return parts[2] if len(parts) > 2 and parts[:2] == ["", "net"] and os.sep == "/" else ""


def identity(path: str, status: os.stat_result) -> object:
    """Tell by what a file is known, whichever of its names it is reached by.

    Args:
        path: of the file, absolute.
        status: what the system says of it.

    Returns:
        Its device and number; where it has no number, its path: Windows has none on some drives, nor for a file whose
        attributes nobody may ask for.
    """
    return (status.st_dev, status.st_ino) if status.st_ino else os.path.normcase(os.path.realpath(path))


def extended(path: Path) -> Path:
    r"""Write a path so that Windows takes it however long it is.

    A temporary file beside a script has a longer name than that, and by default no path may have more than 259 characters
    (https://learn.microsoft.com/windows/win32/fileio/maximum-file-path-limitation).

    Args:
        path: absolute, normal.

    Returns:
        The path; a long one on Windows with ``\\?\`` before it.
    """
    text = str(path)
    if sys.platform != "win32" or len(text) < _LONG or text.startswith("\\\\?\\"):
        return path
    return type(path)(f"\\\\?\\UNC{text[1:]}" if text.startswith("\\\\") else f"\\\\?\\{text}")


def is_junction(status: os.stat_result) -> bool:
    """Tell whether what was looked at, without following it, is a junction of Windows.

    Args:
        status: as of `os.lstat`.
    """
    return getattr(status, "st_reparse_tag", 0) == _JUNCTION


def is_folder(entry: os.DirEntry[str]) -> bool:
    """Tell whether an entry is a folder, and no link to one: following those a walk might never end.

    Args:
        entry: of a listing.
    """
    try:
        if not entry.is_dir(follow_symlinks=False):
            return False
        return sys.platform != "win32" or not is_junction(entry.stat(follow_symlinks=False))
    except OSError:
        return False


def existing_path(path: Path | str) -> str:
    """Resolve all links of a path that has to exist.

    Args:
        path: any; a relative one starts at the current folder.

    Returns:
        The absolute path; on a drive of Windows that cannot tell it, the path with those links resolved that can be.

    Raises:
        OSError: it does not exist.
    """
    try:
        return os.path.realpath(path, strict=True)
    except OSError:
        if sys.platform != "win32":
            raise
    os.stat(path)
    return os.path.realpath(path)


def is_folder_itself(path: Path) -> bool:
    """Tell whether a path, links resolved, still is a folder, and not a link that was put there since.

    Args:
        path: absolute.

    Raises:
        OSError: it is not there.
    """
    status = os.lstat(path)
    if is_junction(status):  # or the place where a whole drive is mounted, which is no other one
        return os.path.normcase(os.path.realpath(path)) == os.path.normcase(path)
    return stat.S_ISDIR(status.st_mode)
