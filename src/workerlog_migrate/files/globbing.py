"""Which folders does a pattern name? For patterns that come with a checkout: none of them leads us through a whole disk."""

from __future__ import annotations

import os
from fnmatch import fnmatch
from pathlib import Path

from workerlog_migrate.errors import UsageError
from workerlog_migrate.files.names import is_folder

MAX_FOLDERS = 20_000
"""So many folders the patterns of a configuration may lead through."""


class Looking:
    """Lists folders, so many and no more, for all patterns of a configuration together.

    Args:
        at_most: how many folders are looked into.
    """

    def __init__(self, at_most: int = MAX_FOLDERS) -> None:
        self._at_most = at_most
        self._looked = 0

    def folders_in(self, folder: str, pattern: str, *, links: bool) -> list[str]:
        """List what is in a folder; nothing where that is not allowed.

        Args:
            folder: the folder.
            pattern: what leads there.
            links: whether links to folders count.

        Returns:
            The paths of the folders in it.

        Raises:
            UsageError: it is one too many.
        """
        self._looked += 1
        if self._looked > self._at_most:
            raise UsageError(
                f"{pattern!r} leads through more than {self._at_most:,} folders; name them more exactly"
            )
        try:
            with os.scandir(folder) as entries:
                return [entry.path for entry in entries if (entry.is_dir() if links else is_folder(entry))]
        except OSError:
            return []


def expand_folders(pattern: str, looking: Looking) -> list[str]:
    """Find the folders that a pattern names, without looking through a whole disk.

    Args:
        pattern: absolute; ``*``, ``?`` and ``[...]`` stand for part of a name, ``**`` for any number of folders.
        looking: counts the folders that are looked into.

    Returns:
        Existing folders, sorted. Links are followed where a name is written out, not where one is searched for by ``**``.

    Raises:
        UsageError: it leads through more folders.
    """
    found = {Path(pattern).anchor}
    for part in Path(pattern).parts[1:]:
        if part == "**":
            waiting = list(found)
            while waiting:
                inner = [
                    each
                    for each in looking.folders_in(waiting.pop(), pattern, links=False)
                    if _is_shown(each, part)
                ]
                waiting += [each for each in inner if each not in found]
                found.update(inner)
        elif set(part) & set("*?["):
            found = {
                each
                for folder in found
                for each in looking.folders_in(folder, pattern, links=True)
                if fnmatch(os.path.basename(each), part) and _is_shown(each, part)  # noqa: PTH119  # text
            }
        else:
            found = {each for folder in found if os.path.isdir(each := os.path.join(folder, part))}  # noqa: PTH112, PTH118  # as above
    return sorted(found)


def _is_shown(path: str, pattern: str) -> bool:
    """As in a shell, a name that begins with a dot is meant only by a pattern that does."""
    return pattern.startswith(".") or not os.path.basename(path).startswith(".")  # noqa: PTH119  # as above
