"""Where does the project end that a file belongs to? From a folder to its root."""

from __future__ import annotations

import os
from pathlib import Path

from workerlog_migrate.files.roots import git_root


def find_root(folder: Path, cwd: Path) -> Path:
    """Find the root of the project that a folder belongs to.

    Args:
        folder: an existing folder.
        cwd: the current folder.

    Returns:
        The nearest folder at or above it that git knows as a root; without one the current folder if that holds the
        folder, else the folder itself. Absolute, links resolved.
    """
    start = Path(os.path.realpath(folder))
    root = git_root(start)
    if root is not None:
        return root
    current = Path(os.path.realpath(cwd))
    return current if start.is_relative_to(current) else start
