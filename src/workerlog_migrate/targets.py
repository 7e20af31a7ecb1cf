"""Which of the files that were found are looked at, and what is known of each before it is read?"""

from __future__ import annotations

import contextlib
import os
from dataclasses import replace
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from workerlog_migrate.config import Config
from workerlog_migrate.errors import UsageError
from workerlog_migrate.files.discover import Discovery
from workerlog_migrate.files.home import Followed, follow, real_path
from workerlog_migrate.model import FileError, FileResult, Settings, Target
from workerlog_migrate.project.root import find_root
from workerlog_migrate.request import Request

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence


def at_home(found: Discovery, cwd: Path, paths: Iterable[str], config: Config) -> Discovery:
    """Leave scripts alone that lie behind links out of the project, also those that were named: a shell's ``*/*.py`` names them, too.

    Run as a script, such a link imports from the folder of its target, where no runtime file would stand.
    """
    errors, targets = list(found.errors), []
    places, folders = dict[Path, Path](), dict[Path, Path]()
    known: dict[tuple[Path, bool], tuple[Followed, bool]] = {}
    named = {os.path.normpath(cwd / path) for path in paths}
    around = {cwd, find_root(cwd, cwd), *((real_path(config.folder),) if config.file else ())}
    for target in found.targets:
        path = target.path
        parent = path.parent
        is_named = os.path.normpath(os.path.join(cwd, path)) in named  # noqa: PTH118  # text in, text out
        if (parent, is_named) not in known:
            where = follow(parent, cwd, around) if is_named else Followed(real_path(cwd / parent))
            is_inside = any(where.place.is_relative_to(root) for root in found.inside)
            known[parent, is_named] = where, is_inside
        folder, is_inside = known[parent, is_named]
        script = Followed(folder.place / path.name)
        if script.place.is_symlink():  # what becomes one later is not opened
            homes = {cwd, folder.place, find_root(folder.place, cwd)}
            script = follow(Path(path.name), folder.place, homes)
            is_inside = any(script.place.is_relative_to(root) for root in found.inside)
        escape = script.escape or folder.escape
        if escape is not None:
            link = "" if escape.link.name == path.name else f"{escape.link.name} is "
            reason = f"{link}a link that leads out of the project, to {escape.target}; if you mean that file, name it itself"
            errors.append((path, FileError(reason)))
        elif not is_named and not is_inside:
            errors.append((path, FileError("leads elsewhere than when it was found; run again")))
        else:
            targets.append(replace(target, place=script.place))
            places[path], folders[parent] = script.place, folder.place
    return found._replace(targets=tuple(targets), errors=tuple(errors), places=places, folders=folders)


def check_inside(found: Discovery, cwd: Path, config: Config) -> None:
    """Look once more whether what nobody has named on the command line is in the project: a folder may have become a link since.

    Args:
        found: what was found.
        cwd: the current folder, absolute.
        config: the project's.

    Raises:
        UsageError: a folder leads out.
    """
    for root in found.inside:
        if not any(root.is_relative_to(folder) for folder in (cwd, real_path(config.folder))):
            raise UsageError(f"{root} is out of the project; if you mean that, name it on the command line")


class Placed(NamedTuple):
    """Scripts of which it is known how they are started.

    Attributes:
        targets: all of them, in their order.
        passed: what became of those in which their bytes show that there is nothing to find, by path, without the bytes.
            They have been read, and are not opened again.
    """

    targets: tuple[Target, ...]
    passed: Mapping[Path, FileResult]


def placed(targets: Sequence[Target], cwd: Path, request: Request, settings: Settings) -> Placed:
    """Find out how the scripts are started, each in its own project; those with nothing to find are asked about by nobody."""
    passed: dict[Path, FileResult] = {}
    wanted = [target for target in targets if _is_wanted(target, cwd, settings, passed)]
    if not wanted:
        return Placed(tuple(targets), passed)
    from workerlog_migrate.files.cache import cache_folder
    from workerlog_migrate.project import place

    with bounded("to find out how the scripts are started"):
        found = place(wanted, cwd, cache_folder() if request.cache else None)
    placed = {target.path: target for target in found}
    return Placed(tuple(placed.get(target.path, target) for target in targets), passed)


@contextlib.contextmanager
def bounded(what: str) -> Iterator[None]:
    """Limit the processor time of a step that is taken before any file has its own budget."""
    from workerlog_migrate.files.budget import PROJECT_SECONDS, SpentError, budget

    try:
        with budget(PROJECT_SECONDS):
            yield
    except SpentError:
        raise UsageError(
            f"{what} takes more than {PROJECT_SECONDS} s of processor time; name fewer scripts or a smaller folder"
        ) from None


def _is_wanted(target: Target, cwd: Path, settings: Settings, passed: dict[Path, FileResult]) -> bool:
    """Whether a script may hold something to find; of one that holds nothing, say so in ``passed``."""
    from workerlog_migrate.files.reading import read_script
    from workerlog_migrate.files.source import pass_over

    try:
        result = pass_over(read_script(cwd / target.path, target.place), target, settings.retry_extra)
    except (OSError, ValueError, MemoryError):
        return False  # whoever works on the file reports it
    if result is None:
        return True
    passed[target.path] = replace(result, before=b"", after=b"")
    return False


def matches(path: Path, glob: str) -> bool:
    """Compare the last parts of a path with a pattern's, in linear time: `pathlib` of Python 3.13 tries all shares of a name.

    Args:
        path: a path.
        glob: its parts are compared with those of the path from the right; one that begins with ``/`` with all of them.
    """
    pattern = Path(glob)
    wanted, given = pattern.parts, path.parts
    if not wanted or len(wanted) > len(given) or (pattern.is_absolute() and len(wanted) != len(given)):
        return False
    return all(fnmatch(part, each) for part, each in zip(given[-len(wanted) :], wanted, strict=True))


def ignoring(targets: Sequence[Target], config: Config, cwd: Path) -> tuple[Target, ...]:
    """Tell the scripts which codemods the configuration leaves out in them; a glob with ``/`` starts at its folder."""
    if not config.per_file_ignores:
        return tuple(targets)
    with bounded("to compare the scripts with per-file-ignores"):
        return tuple(_ignoring(targets, config, cwd))


def _ignoring(targets: Sequence[Target], config: Config, cwd: Path) -> Iterator[Target]:
    for target in targets:
        path = Path(os.path.normpath(cwd / target.path))
        below = path.relative_to(config.folder) if path.is_relative_to(config.folder) else path
        ignored = [
            name
            for glob, names in config.per_file_ignores
            if (
                matches(below, glob)
                if "**" not in glob
                else fnmatch(below.as_posix(), glob.replace("**/", "*"))
            )
            for name in names
        ]
        yield replace(target, ignore=tuple(dict.fromkeys(ignored))) if ignored else target
