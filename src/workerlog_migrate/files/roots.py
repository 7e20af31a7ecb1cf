"""Where does a project end, and which folders in it did no checkout fill? From marks that a stranger above it cannot set.

``/tmp`` is everybody's: a ``.git`` that somebody has put there makes it no project of ours (git itself calls that dubious).
"""

# ruff: noqa: PTH118, PTH120  # a walk stays with strings

from __future__ import annotations

import os
import stat
from pathlib import Path

SKIPPED_FOLDERS = frozenset(
    {
        *(".git", ".hg", ".svn", ".eggs", ".nox", ".tox"),
        *("__pycache__", "__pypackages__", "dist-packages", "node_modules", "site-packages"),
    }
)
"""Folders that hold no scripts of a project; a checkout does not bring them, either."""


def is_of_ours(path: str) -> bool:
    """Say whether what stands in a folder belongs to who runs this, to root, or to the folder's owner.

    Args:
        path: of a file or folder; a link is not followed.

    Returns:
        False also where there is nothing.
    """
    try:
        if not hasattr(os, "geteuid"):
            return os.path.lexists(path)
        owner = os.lstat(path).st_uid
        return owner in (os.geteuid(), 0) or owner == os.stat(os.path.dirname(path) or ".").st_uid  # noqa: PTH116  # text
    except OSError:
        return False


def is_led_by_others(path: str) -> bool:
    """Say whether a path goes through a link that neither who runs this nor root has made (in ``/tmp``, where everybody may).

    Args:
        path: absolute; its end need not exist.
    """
    if not hasattr(os, "geteuid"):
        return False
    reached, waiting = os.sep, _parts(path)
    for _ in range(_MOST_PARTS):
        if not waiting:
            return False
        reached = os.path.join(reached, waiting.pop())
        try:
            status = os.lstat(reached)
            if stat.S_ISLNK(status.st_mode):
                if status.st_uid not in (os.geteuid(), 0):
                    return True
                target = os.readlink(reached)  # noqa: PTH115  # text
                waiting += _parts(target)
                reached = os.sep if target.startswith(os.sep) else os.path.dirname(reached)
        except OSError:
            return False
    return True


_MOST_PARTS = 1_000


def _parts(path: str) -> list[str]:
    """Give the parts of a path, the last one first."""
    return [part for part in reversed(path.split(os.sep)) if part]  # noqa: PTH206  # as above


def has_git(folder: str) -> bool:
    """Say whether a folder is the root of a repository.

    Args:
        folder: the folder.
    """
    return is_of_ours(os.path.join(folder, ".git"))


def git_root(folder: Path) -> Path | None:
    """Find the repository that a folder lies in.

    Args:
        folder: absolute, links resolved.

    Returns:
        The nearest root at or above it, if there is one.
    """
    return next((each for each in (folder, *folder.parents) if has_git(str(each))), None)


def is_environment(folder: str) -> bool:
    """Say whether a folder is a virtual environment.

    Args:
        folder: an existing folder.
    """
    return any(os.path.lexists(os.path.join(folder, mark)) for mark in ("pyvenv.cfg", "conda-meta"))
