"""The project around the scripts: its root, its files, what each file imports and names, and how each script is started."""

from __future__ import annotations

import contextlib
import gc
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from workerlog_migrate.model import Target


def place(targets: Sequence[Target], cwd: Path, cache_folder: Path | None) -> tuple[Target, ...]:
    """Find out how scripts are started, each in the project that it belongs to.

    Args:
        targets: the scripts, of one project or of several.
        cwd: the folder that their paths start from, absolute.
        cache_folder: where facts about files are kept from run to run; None keeps none.

    Returns:
        The same scripts in their order, with ``starts`` and ``users`` filled.
    """
    from workerlog_migrate.project.index import Project
    from workerlog_migrate.project.root import find_root
    from workerlog_migrate.project.starts import with_starts
    from workerlog_migrate.project.users import with_users

    roots: dict[Path, list[int]] = {}
    known: dict[Path, Path] = {}
    for position, target in enumerate(targets):
        folder = cwd / target.path.parent
        if folder not in known:
            known[folder] = find_root(folder, cwd)
        roots.setdefault(known[folder], []).append(position)
    placed = list(targets)
    real = {folder: os.path.realpath(folder) for folder in known}
    own = {os.path.join(real[cwd / target.path.parent], target.path.name) for target in targets}  # noqa: PTH118  # texts
    with _uncollected():
        for root, positions in roots.items():
            project = Project(root, cache_folder, own)
            started = with_starts(project, [targets[each] for each in positions], cwd)
            for position, target in zip(positions, with_users(project, started, cwd), strict=True):
                placed[position] = target
            project.close()
    return tuple(placed)


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Look for no garbage in cycles: the trees of files have none, and looking through them takes as long as to parse them."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
