"""Does a path that somebody wrote lead out of a checkout, by a link that came with it?

A person names ``report.json`` and means a file there. If the checkout holds a link of that name, to ``~/.bashrc``, it is the
checkout that has chosen the file. Links that a person has made elsewhere, and those that stay in the checkout, are followed.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from workerlog_migrate.files.names import is_junction

if TYPE_CHECKING:
    from collections.abc import Collection


class Escape(NamedTuple):
    """A link that leads out.

    Attributes:
        link: the link, its folder resolved.
        target: what it leads to, links resolved.
    """

    link: Path
    target: Path


def real_path(path: Path) -> Path:
    """Resolve all links of a path, also of one that does not exist.

    Args:
        path: any; a relative one starts at the current folder.
    """
    return Path(os.path.realpath(path))


def find_escape(path: Path, cwd: Path, homes: Collection[Path]) -> Escape | None:
    """Follow a path part by part, and find the first link in a checkout that leads out of it.

    Args:
        path: as it was written; its end need not exist.
        cwd: the folder that a relative one starts from, absolute.
        homes: folders that others may have filled, links resolved.

    Returns:
        The link; None when the path stays where whoever wrote it meant it.
    """
    whole = cwd / path
    reached = Path(whole.anchor)
    for part in whole.parts[1:]:
        if part == "..":
            reached = reached.parent
            continue
        here = reached / part
        target = Path(os.path.realpath(here))
        if _is_link(here):
            around = [home for home in homes if reached.is_relative_to(home)]
            if around and not any(target.is_relative_to(home) for home in around):
                return Escape(here, target)
        reached = target
    return None


def _is_link(path: Path) -> bool:
    try:
        return path.is_symlink() or is_junction(path.lstat())
    except (OSError, ValueError):
        return False
