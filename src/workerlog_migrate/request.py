"""What does the user want? The options of one run, checked and merged with the configuration.

Output: a `Request`, and what follows from it before anything is read or done.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from workerlog_migrate.config import Config, check_worker, find_config, load_config
from workerlog_migrate.errors import UsageError
from workerlog_migrate.files.home import follow, not_brought, real_path
from workerlog_migrate.files.names import is_remote
from workerlog_migrate.project.root import find_root
from workerlog_migrate.report import (
    DIFF,
    Mode,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable


STDIN = "-"
"""In place of a path: one script is read from standard input."""


class Request(NamedTuple):
    """What the command line asks for; None or empty: the configuration decides.

    A named tuple: every start pays for this class, and a dataclass takes ten times as long to make.

    Attributes:
        paths: files and folders, or a single ``-``.
        mode: what is done with the results.
        show_diff: print the diff although the mode is not the dry run.
        select: codemods to run.
        ignore: codemods to leave out.
        workers: ``NAME=GLOB``, as written.
        take_all: take every Python file.
        unresolved: what becomes of handlers that cannot be inferred completely.
        trial: watch handlers instead of narrowing them; False narrows those that are watched, too.
        boundary: what becomes of the handler that keeps a worker's outermost loop alive.
        from_logs: log folders by whose evidence handlers are settled; nothing else is done then.
        watched: days after which a watched handler that nothing came to is settled, too.
        jobs: processes.
        format_name: the format of the report.
        output: where the report goes instead of stdout.
        color: ``auto``, ``always`` or ``never``.
        quiet: only what went wrong.
        verbose: every file, and everything that was found.
        config: the configuration to use instead of the nearest.
        stdin_filename: the name of what is read from standard input.
        interactive: ask about each change before it is written.
        changed: take only files that git says have changed since this revision; None takes all.
        cache: use what earlier runs have found out about files in which nothing is to be done.
        with_runtime: the diff holds the runtime files that are added or replaced, too.
        statistics: print counts by codemod, verdict and reason, and nothing else.
        add_skip: write skip comments instead of migrating.
        undo: keep what ``--apply`` replaces, for ``--undo``.
    """

    paths: tuple[str, ...] = ()
    mode: Mode = Mode.DRY_RUN
    show_diff: bool = False
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    workers: tuple[str, ...] = ()
    take_all: bool = False
    unresolved: str | None = None
    trial: bool | None = None
    boundary: str | None = None
    from_logs: tuple[Path, ...] = ()
    watched: float | None = None
    jobs: int | None = None
    format_name: str = "text"
    output: Path | None = None
    color: str = "auto"
    quiet: bool = False
    verbose: bool = False
    config: Path | None = None
    stdin_filename: str | None = None
    interactive: bool = False
    changed: str | None = None
    cache: bool = True
    with_runtime: bool = False
    undo: bool = True
    statistics: bool = False
    add_skip: bool = False


def check_request(request: Request) -> None:
    """Refuse options that do not go together, or name what cannot be.

    Args:
        request: the options.

    Raises:
        UsageError: which, and what to do.
    """
    if "" in request.paths:
        # Not the current folder, which it is for pathlib: the shell has replaced an unset variable.
        raise UsageError("a path is empty; name a file or a folder ('.' is the current one)")
    if STDIN in request.paths and len(request.paths) > 1:
        raise UsageError("'-' reads one script from standard input; name no other path beside it")
    if request.stdin_filename is not None and request.paths != (STDIN,):
        raise UsageError("--stdin-filename names what is read from '-'; there is no '-' among the paths")
    if request.quiet and request.verbose:
        raise UsageError("--quiet and --verbose exclude each other")
    if not request.undo and request.mode is not Mode.APPLY:
        raise UsageError("--no-undo says something about what is written: it goes with --apply")
    if request.statistics and (request.format_name != "text" or request.show_diff or request.verbose):
        raise UsageError(
            "--statistics prints counts and nothing else; leave out --format, --diff and --verbose"
        )
    if request.statistics and request.interactive:
        raise UsageError("--statistics prints counts and nothing else; it does not go with --interactive")
    if request.add_skip and request.interactive:
        raise UsageError("--add-skip asks nothing; it does not go with --interactive")
    if request.with_runtime and request.paths == (STDIN,):
        raise UsageError("--with-runtime adds files beside a script; name the script's file")
    if request.watched is not None and not request.from_logs:
        raise UsageError("--watched says from when on --from-logs settles: it goes with that")
    if request.from_logs:
        for option, given in (
            ("--trial", request.trial),
            ("--no-trial", request.trial is False),
            ("--unresolved", request.unresolved),
            ("--select", request.select),
            ("--ignore", request.ignore),
        ):
            if given:
                raise UsageError(
                    f"--from-logs settles what is watched and does nothing else: it does not go with {option}"
                )
    if request.changed is not None and request.paths == (STDIN,):
        raise UsageError("--changed asks git about files; '-' is none")
    if request.interactive:
        if request.mode is not Mode.APPLY:
            raise UsageError("--interactive asks what to write: it goes with --apply")
        if request.paths == (STDIN,):
            raise UsageError("--interactive reads the answers from standard input; name the script's file")
        if request.quiet:
            raise UsageError("--interactive and --quiet exclude each other")
    if request.format_name != "text" and request.output is None:
        if request.show_diff:
            raise UsageError(
                f"--diff and --format {request.format_name} both go to stdout; give --output FILE"
            )
        if request.paths == (STDIN,) and request.mode is Mode.APPLY:
            raise UsageError(
                f"the result and --format {request.format_name} both go to stdout; give --output FILE"
            )
    if request.paths == (STDIN,) and request.mode is Mode.APPLY and request.show_diff:
        raise UsageError("with '-' --apply prints the result; --diff would be mixed with it")
    # Functions of os.path, because methods of Path raise where there is no permission to look.
    if request.output is not None and not os.path.isdir(request.output.parent):  # noqa: PTH112  # never raises
        raise UsageError(f"--output {request.output}: there is no folder {request.output.parent}")
    if request.output is not None and os.path.isdir(request.output):  # noqa: PTH112  # never raises
        raise UsageError(f"--output {request.output}: this is a folder")


def output_place(request: Request, cwd: Path) -> Path | None:
    """Say where the report goes, links resolved; a link that came with a checkout does not lead it out of there.

    Args:
        request: the options.
        cwd: the current folder, absolute.

    Returns:
        The file; None without ``--output``.

    Raises:
        UsageError: a link leads it out.
    """
    if request.output is None:
        return None
    named = [existing_folder(cwd / path) for path in request.paths if path != STDIN]
    folders = {real_path(folder) for folder in (cwd, *map(Path, named))}
    place, escape = follow(request.output, cwd, {*folders, *(find_root(folder, cwd) for folder in folders)})
    if escape is not None:
        raise UsageError(
            f"--output {request.output}: {escape.link} is a link that leads out of the project, to {escape.target}; "
            "if you mean that, name it itself"
        )
    return place


def current_folder() -> Path:
    """Give the current folder.

    Raises:
        UsageError: it does not exist any more.
    """
    try:
        return Path.cwd()
    except FileNotFoundError:
        raise UsageError("the current folder does not exist any more") from None


def configuration(request: Request, cwd: Path) -> Config:
    """Read the configuration: the one that is named, else the nearest; without either it is empty.

    Args:
        request: the options.
        cwd: the current folder, absolute.

    Raises:
        UsageError: it cannot be read, or something in it is wrong.
    """
    if request.config is not None:
        if not os.path.isfile(request.config):  # noqa: PTH113  # never raises
            raise UsageError(f"--config {request.config}: no such file")
        return load_config(request.config.absolute(), required=True)
    file = find_config(_start_of_search(request, cwd))
    return Config(folder=cwd) if file is None else load_config(file)


def _start_of_search(request: Request, cwd: Path) -> Path:
    """Give the folder from which the nearest configuration is looked for: the one that holds all paths."""
    named = request.paths
    if named == (STDIN,):
        named = (request.stdin_filename,) if request.stdin_filename else ()
    folders = [existing_folder(cwd / path) for path in named]
    if not folders:
        return cwd
    try:
        return Path(os.path.commonpath(folders))
    except ValueError:  # on different drives
        return cwd


def existing_folder(path: Path) -> str:
    """Give the nearest folder at or above an absolute path; ``..`` is taken as it is written."""
    folder = os.path.normpath(path)
    while not os.path.isdir(folder) and folder != os.path.dirname(folder):  # noqa: PTH112, PTH120  # never raises, even for NUL
        folder = os.path.dirname(folder)  # noqa: PTH120  # as above
    return folder


def worker_globs(values: Iterable[str]) -> list[tuple[str, tuple[str, ...]]]:
    """Read ``--worker NAME=GLOB``.

    Args:
        values: as written.

    Returns:
        The names, each with its globs.

    Raises:
        UsageError: one is written otherwise.
    """
    globs: dict[str, tuple[str, ...]] = {}
    for value in values:
        name, equals, glob = value.partition("=")
        if not equals or not glob:
            raise UsageError(f"--worker {value!r}: write NAME=GLOB, such as 'sync=*sync*.py'")
        check_worker(name, "--worker")
        globs[name] = (*globs.get(name, ()), glob)
    return list(globs.items())


def configured_paths(config: Config, cwd: Path) -> tuple[str, ...]:
    """Give the paths that nobody has named on the command line; they stay in the project.

    A configuration comes with a checkout: what it names elsewhere needs a person's word.
    """
    inside = {real_path(cwd), real_path(config.folder)}
    if config.paths is None:
        _check_inside(cwd / "scripts", inside, "scripts")
        return ("scripts",)
    below = []
    for path in config.paths:
        absolute = config.folder / path
        _check_inside(absolute, inside, f"{config.file}: paths: {path!r}")
        below.append(str(absolute.relative_to(cwd)) if absolute.is_relative_to(cwd) else str(absolute))
    return tuple(below)


def _check_inside(path: Path, folders: Collection[Path], what: str) -> None:
    try:
        # Another machine is not even asked.
        near = os.fspath(next(iter(folders)))
        plain = os.path.normpath(path)
        real = Path(plain) if is_remote(plain, near) else real_path(path)
    except ValueError:  # no path at all (NUL), which is said where it is looked for
        return
    if not any(real.is_relative_to(folder) for folder in folders):
        raise UsageError(
            f"{what} leads out of the project, to {real}; if you mean that, name it on the command line"
        )
    own = [not_brought(real, folder) for folder in folders if real.is_relative_to(folder)]
    if None not in own:
        raise UsageError(
            f"{what} leads into {own[0]}, which no checkout brings; if you mean that, name it on the command line"
        )


def shows_diff(request: Request) -> bool:
    """Say whether the diff is shown.

    Args:
        request: the options.
    """
    if request.statistics:
        return False
    if request.mode is Mode.DRY_RUN:
        return request.format_name == "text" or request.output is not None
    return request.show_diff or request.format_name == DIFF
