"""Does a path that somebody wrote lead out of a checkout, by a link that came with it?

A person names ``report.json`` and means a file there. If the checkout holds a link of that name, to ``~/.bashrc``, it is the
checkout that has chosen the file. Links that a person has made elsewhere, and those that stay in the checkout, are followed;
``.git`` and an environment lie in it, and are the person's. A home folder is no checkout, also for who works from there.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from workerlog_migrate.files.names import is_junction
from workerlog_migrate.files.roots import SKIPPED_FOLDERS, git_root, is_environment

if TYPE_CHECKING:
    from collections.abc import Collection


_OTHER_VERSION_CONTROL = frozenset({"_darcs", "CVS"})


class Escape(NamedTuple):
    """A link that leads out.

    Attributes:
        link: the link, its folder resolved.
        target: what it leads to, links resolved.
    """

    link: Path
    target: Path


class Followed(NamedTuple):
    """Where a path leads.

    Attributes:
        place: its end, links resolved: what is opened there through no link is what was looked at.
        escape: the first link in a checkout that leads out of it; None when there is none.
    """

    place: Path
    escape: Escape | None = None


def real_path(path: Path) -> Path:
    """Resolve all links of a path, also of one that does not exist.

    Args:
        path: any; a relative one starts at the current folder.
    """
    return Path(os.path.realpath(path))


def follow(path: Path, cwd: Path, homes: Collection[Path]) -> Followed:
    """Follow a path part by part, each part once: whoever swaps folders and links meanwhile gets one answer from us, not two.

    Args:
        path: as it was written; its end need not exist.
        cwd: the folder that a relative one starts from, absolute.
        homes: folders that others may have filled, links resolved.

    Returns:
        Where it leads, and whether a link leads it out of what others have filled.
    """
    whole = cwd / path
    reached = Path(whole.anchor)
    for part in whole.parts[1:]:
        if part == "..":
            reached = reached.parent
            continue
        here = reached / part
        target = Path(os.path.realpath(here))
        if _is_link(here, target) and not _may_lead(reached, target, homes):
            return Followed(target, Escape(here, target))
        reached = target
    return Followed(reached)


def _may_lead(folder: Path, target: Path, homes: Collection[Path]) -> bool:
    """Whether a link in a folder leads where that folder's checkout may point to."""
    around = [home for home in homes if folder.is_relative_to(home)]
    if not around:
        return True
    person = _person()
    root = git_root(folder)
    if root is not None and not person.is_relative_to(root):
        around = [root]
    if folder in around and person.is_relative_to(folder):
        return True  # it lies in the home folder itself, which the person has filled
    areas = [_area(home, folder, person) for home in around]
    return any(target.is_relative_to(area) and _is_shared(folder, target, area) for area in areas)


def areas_around(folder: Path, homes: Collection[Path]) -> list[Path]:
    """Give the folders around one that belong to the same project as it does.

    Args:
        folder: links resolved.
        homes: folders that hold a project, or several, links resolved.

    Returns:
        Those that hold the folder; of a home folder, and of one above it, the repository or the part that the folder lies in.
    """
    person, root = _person(), git_root(folder)
    is_root = root is not None and not person.is_relative_to(root)
    return [
        root if is_root and root is not None and person.is_relative_to(home) else _area(home, folder, person)
        for home in homes
        if folder.is_relative_to(home)
    ]


def _person() -> Path:
    return real_path(Path(os.path.expanduser("~")))  # noqa: PTH111  # Path.home raises where there is none


def _is_link(path: Path, target: Path) -> bool:
    if os.name != "nt":
        return target != path
    try:  # a name may be written in several ways there
        return path.is_symlink() or is_junction(path.lstat())
    except (OSError, ValueError):
        return False


def _area(home: Path, folder: Path, person: Path) -> Path:
    """Give the part of a home folder, or of one above it, that a folder lies in: no other person's home, and no folder of everybody."""
    if not person.is_relative_to(home):
        return home
    below = folder.relative_to(home).parts
    for count in range(1, len(below)):
        area = home.joinpath(*below[:count])
        if not person.is_relative_to(area) and _is_of_one(area, folder):
            return area
    return folder


def _is_of_one(area: Path, folder: Path) -> bool:
    """Whether a folder belongs to the owner of one in it, and not everybody can write to it."""
    try:
        status = area.lstat()
        return status.st_uid == folder.lstat().st_uid and not (os.name != "nt" and status.st_mode & 0o002)
    except OSError:
        return False


def not_brought(place: Path, home: Path) -> Path | None:
    """Find the folder on the way to a place that no checkout fills: ``.git``, ``node_modules``, an environment.

    Args:
        place: where something leads, links resolved.
        home: a folder that it lies in.

    Returns:
        The first such folder below ``home``, if there is one. Other folders whose names begin with a dot (``.github``) may be brought.
    """
    reached = home
    for part in place.relative_to(home).parts:
        reached /= part
        if _is_own(part, reached):
            return reached
    return None


def _is_own(name: str, folder: Path) -> bool:
    """Whether a folder is one that no checkout fills; some systems do not tell ``Node_Modules`` from ``node_modules``."""
    return name.lower() in SKIPPED_FOLDERS or name in _OTHER_VERSION_CONTROL or is_environment(str(folder))


def _is_shared(folder: Path, target: Path, area: Path) -> bool:
    """Whether the way from an area to a target goes through nothing that is the person's own: ``.git``, an environment, ``.env``."""
    reached = area
    for part in target.relative_to(area).parts:
        reached /= part
        is_own = _is_own(part, reached) or part.startswith(".")
        if is_own and not folder.is_relative_to(reached):
            return False
    return True
