"""What happens on one run? From the request on the command line to files, output and an exit code.

The command line is merged with the configuration, the workers are found, each is migrated, and each result
is shown or written as soon as it is there. Before the first script of a folder is written, the runtime
files that it needs stand beside it.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from dataclasses import replace
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, TextIO

from workerlog_migrate import __version__
from workerlog_migrate.config import Config, check_worker, find_config, load_config, nearest
from workerlog_migrate.errors import Refused, UsageError
from workerlog_migrate.files.discover import MISSING, Discovery, Workers, discover, make_target
from workerlog_migrate.files.globbing import expand_folders
from workerlog_migrate.files.home import find_escape
from workerlog_migrate.model import Boundary, FileError, FileResult, Settings, Target, Trial, Unresolved
from workerlog_migrate.project.root import find_root
from workerlog_migrate.registry import CODEMODS, DEFAULT, LOGGER_SETUP, SPECIFIC_EXCEPTIONS
from workerlog_migrate.report import (
    DIFF,
    EXIT_DONE,
    EXIT_FAILED,
    EXIT_INTERRUPTED,
    SHOWS_CHANGES,
    Mode,
    Report,
    RuntimeFile,
    render,
)
from workerlog_migrate.report.hints import render_hints
from workerlog_migrate.report.text import render_error, render_remarks, render_text
from workerlog_migrate.report.visible import visible, visible_bytes
from workerlog_migrate.terminal.progress import Progress, is_watched

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from workerlog_migrate.files.journal import Journal
    from workerlog_migrate.files.vendor import VendorPlan

_STDIN = "-"


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


def run(request: Request) -> int:
    """Do what the command line asks for.

    Args:
        request: the options.

    Returns:
        The exit code: 0, 1, 2, or 130 after Ctrl-C.

    Raises:
        UsageError: an option or the configuration is wrong; nothing was done.
    """
    _check(request)
    cwd = _current_folder()
    config = _configuration(request, cwd)
    settings = _settings(request, config)
    workers = Workers().with_workers(config.workers).with_workers(_workers(request.workers))
    _output_place(request, cwd)
    keeps_bytes = request.format_name in SHOWS_CHANGES
    if request.paths == (_STDIN,):
        report = Report(request.mode, paths=("standard input",), keeps_bytes=keeps_bytes)
        output = _Output(request, shows_diff=_shows_diff(request))
        return _finish(
            request, report, output, _standard_input(request, settings, config, workers, cwd, report, output)
        )
    paths = request.paths or _configured_paths(config, cwd)
    is_brief = request.format_name == "text" and request.output is None
    is_brief = is_brief and not (request.verbose or request.statistics)
    report = Report(request.mode, paths=paths, keeps_bytes=keeps_bytes, is_brief=is_brief)
    if request.format_name == "html":
        report.ran = _what_runs(cwd)
    output = _Output(request, shows_diff=_shows_diff(request))
    return _finish(
        request, report, output, _files(request, settings, config, workers, cwd, paths, report, output)
    )


def _what_runs(cwd: Path) -> tuple[tuple[str, str], ...]:
    """Say what runs, when and on what, for a report that somebody reads elsewhere and later."""
    import datetime
    import platform
    import shlex

    from workerlog_migrate.files.git import GitError, run_git

    # What makes builds repeatable makes reports so: https://reproducible-builds.org/specs/source-date-epoch/
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    utc = datetime.timezone.utc
    now = (
        datetime.datetime.fromtimestamp(int(epoch), utc) if epoch.isdecimal() else datetime.datetime.now(utc)
    )
    ran = [
        ("Command", shlex.join(["workerlog-migrate", *sys.argv[1:]])),
        ("When", now.strftime("%Y-%m-%d %H:%M UTC")),
        ("Version", f"workerlog-migrate {__version__}, Python {platform.python_version()}"),
    ]
    with contextlib.suppress(GitError, OSError):
        commit = run_git(cwd, "rev-parse", "HEAD").decode("ascii", "replace").strip()
        changed = run_git(cwd, "status", "--porcelain", "--untracked-files=no", "--ignore-submodules=all")
        ran.append(("Commit", commit + (" and what was not committed" if changed else "")))
    return tuple(ran)


def run_explain(request: Request, what: str) -> int:
    """Say on stdout what a codemod does, or why a place was changed or left.

    Args:
        request: what decides about the files.
        what: a codemod, or ``PATH:LINE``.

    Returns:
        The exit code, 0.

    Raises:
        UsageError: there is no such codemod, file or line.
    """
    from workerlog_migrate.terminal.explain import explain_codemod, explain_place, split_place

    output = _Output(request, shows_diff=False)
    place = split_place(what)
    if place is None:
        return output.finish(explain_codemod(what).encode("utf-8"))
    path, line = place
    request = request._replace(paths=(path,))
    cwd = _current_folder()
    config = _configuration(request, cwd)
    workers = Workers().with_workers(config.workers).with_workers(_workers(request.workers))
    settings = _settings(request, config)
    if not os.path.isfile(cwd / path):  # noqa: PTH113  # never raises, also without permission
        raise UsageError(f"--explain {what}: no such file")
    found = _at_home(discover((path,), workers=workers, cwd=cwd), cwd, (path,), config)
    if found.errors:
        raise UsageError(f"--explain {what}: {found.errors[0][1].reason}")
    if not found.targets:
        raise UsageError(f"--explain {what}: this is a runtime file, which is never migrated")
    from workerlog_migrate import pipeline

    (target,) = _placed(_ignoring(found.targets, config, cwd), cwd, request, settings)
    settings = _with_notes(request, settings, (target,), cwd)
    result = pipeline.migrate_file(target, settings)
    text = explain_place(result, line, settings, color=wants_color(request.color, sys.stdout))
    return output.finish(text.encode(sys.stdout.encoding or "utf-8", "backslashreplace"))


def run_undo(*, quiet: bool, verbose: bool, color: str) -> int:
    """Give back what the last ``--apply`` in the current folder changed or added.

    Args:
        quiet: only what could not be given back.
        verbose: also the files that needed nothing.
        color: ``auto``, ``always`` or ``never``.

    Returns:
        The exit code: 0, 2 when a file was left, or 130 after Ctrl-C.

    Raises:
        UsageError: the journal cannot be read, or another run is at work.
    """
    from workerlog_migrate.files.journal import name_old_journal, undo
    from workerlog_migrate.report.undo import render_undo_summary, render_undone

    _say(name_old_journal(_current_folder()))
    outcomes = []
    wants = wants_color(color, sys.stderr)
    try:
        for undone in undo(_current_folder()):
            outcomes.append(undone.outcome)
            _say(render_undone(undone, quiet=quiet, verbose=verbose, color=wants))
    except KeyboardInterrupt:
        _say("interrupted; --undo again restores the rest\n")
        return EXIT_INTERRUPTED
    text, code = render_undo_summary(outcomes)
    _say("" if quiet else text)
    return code


# --- what the user wants --------------------------------------------------------------------------------


def _check(request: Request) -> None:
    if "" in request.paths:
        # Not the current folder, which it is for pathlib: the shell has replaced an unset variable.
        raise UsageError("a path is empty; name a file or a folder ('.' is the current one)")
    if _STDIN in request.paths and len(request.paths) > 1:
        raise UsageError("'-' reads one script from standard input; name no other path beside it")
    if request.stdin_filename is not None and request.paths != (_STDIN,):
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
    if request.with_runtime and request.paths == (_STDIN,):
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
    if request.changed is not None and request.paths == (_STDIN,):
        raise UsageError("--changed asks git about files; '-' is none")
    if request.interactive:
        if request.mode is not Mode.APPLY:
            raise UsageError("--interactive asks what to write: it goes with --apply")
        if request.paths == (_STDIN,):
            raise UsageError("--interactive reads the answers from standard input; name the script's file")
        if request.quiet:
            raise UsageError("--interactive and --quiet exclude each other")
    if request.format_name != "text" and request.output is None:
        if request.show_diff:
            raise UsageError(
                f"--diff and --format {request.format_name} both go to stdout; give --output FILE"
            )
        if request.paths == (_STDIN,) and request.mode is Mode.APPLY:
            raise UsageError(
                f"the result and --format {request.format_name} both go to stdout; give --output FILE"
            )
    if request.paths == (_STDIN,) and request.mode is Mode.APPLY and request.show_diff:
        raise UsageError("with '-' --apply prints the result; --diff would be mixed with it")
    # Functions of os.path, because methods of Path raise where there is no permission to look.
    if request.output is not None and not os.path.isdir(request.output.parent):  # noqa: PTH112  # never raises
        raise UsageError(f"--output {request.output}: there is no folder {request.output.parent}")
    if request.output is not None and os.path.isdir(request.output):  # noqa: PTH112  # never raises
        raise UsageError(f"--output {request.output}: this is a folder")


def _output_place(request: Request, cwd: Path) -> Path | None:
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
    named = [_existing_folder(cwd / path) for path in request.paths if path != _STDIN]
    folders = {_real(folder) for folder in (cwd, *map(Path, named))}
    escape = find_escape(request.output, cwd, {*folders, *(find_root(folder, cwd) for folder in folders)})
    if escape is not None:
        raise UsageError(
            f"--output {request.output}: {escape.link} is a link that leads out of the project, to {escape.target}; "
            "if you mean that, name it itself"
        )
    return _real(request.output)


def _current_folder() -> Path:
    try:
        return Path.cwd()
    except FileNotFoundError:
        raise UsageError("the current folder does not exist any more") from None


def _configuration(request: Request, cwd: Path) -> Config:
    if request.config is not None:
        if not os.path.isfile(request.config):  # noqa: PTH113  # never raises
            raise UsageError(f"--config {request.config}: no such file")
        return load_config(request.config.absolute(), required=True)
    file = find_config(_start_of_search(request, cwd))
    return Config(folder=cwd) if file is None else load_config(file)


def _start_of_search(request: Request, cwd: Path) -> Path:
    """Give the folder from which the nearest configuration is looked for: the one that holds all paths."""
    named = request.paths
    if named == (_STDIN,):
        named = (request.stdin_filename,) if request.stdin_filename else ()
    folders = [_existing_folder(cwd / path) for path in named]
    if not folders:
        return cwd
    try:
        return Path(os.path.commonpath(folders))
    except ValueError:  # on different drives
        return cwd


def _existing_folder(path: Path) -> str:
    """Give the nearest folder at or above an absolute path; ``..`` is taken as it is written."""
    folder = os.path.normpath(path)
    while not os.path.isdir(folder) and folder != os.path.dirname(folder):  # noqa: PTH112, PTH120  # never raises, even for NUL
        folder = os.path.dirname(folder)  # noqa: PTH120
    return folder


def _settings(request: Request, config: Config) -> Settings:
    selected = _names(request.select, "--select")
    ignored = _names(request.ignore, "--ignore")
    if not selected:
        # What the command line selects is not taken away again by the configuration.
        selected = config.select or DEFAULT
        ignored = (*ignored, *config.ignore)
    select = tuple(name for name in CODEMODS if name in selected and name not in ignored)
    if not select:
        raise UsageError("no codemod is left: every selected one is ignored, too")
    unresolved = Unresolved(request.unresolved) if request.unresolved else config.unresolved
    boundary = Boundary(request.boundary) if request.boundary else config.boundary
    defaults = Settings()
    trial = _trial(request, config)
    if trial is Trial.ON and unresolved is Unresolved.RERAISE:
        option = "--trial" if request.trial else f"trial = true in {config.file}"
        other = "--unresolved reraise" if request.unresolved else f"unresolved = 'reraise' in {config.file}"
        raise UsageError(f"{option} does not go with {other}: a trial changes nothing of what a worker does")
    return Settings(
        select=select,
        unresolved=unresolved or defaults.unresolved,
        trial=trial,
        boundary=boundary or defaults.boundary,
        log_dir=config.log_dir,
        max_retries=config.max_retries or defaults.max_retries,
        base_delay=defaults.base_delay if config.base_delay is None else config.base_delay,
        retry_extra=config.retry_extra,
        retry_never=config.retry_never,
        raises=config.raises,
        levels=config.levels,
        add_skip=request.add_skip,
        python=config.python or defaults.python,
        libraries=tuple(folder for glob in config.libraries for folder in _libraries(config, glob)),
    )


def _trial(request: Request, config: Config) -> Trial:
    if request.trial is None:
        return Trial.ON if config.trial else Trial.OFF
    return Trial.ON if request.trial else Trial.END


def _libraries(config: Config, glob: str) -> list[str]:
    """Find the folders of one entry of ``libraries``; a typing error, or a missing environment, must not go unseen."""
    pattern = os.path.join(config.folder, os.path.expanduser(glob))  # noqa: PTH111, PTH118  # patterns are text
    try:
        folders = expand_folders(os.path.abspath(pattern))  # noqa: PTH100  # as above
    except UsageError as error:
        raise UsageError(f"{config.file}: libraries: {error}") from None
    if not folders:
        raise UsageError(f"{config.file}: libraries: {glob!r} names no folder")
    return folders


def _names(values: Iterable[str], option: str) -> tuple[str, ...]:
    names = tuple(name.strip() for value in values for name in value.split(","))
    for name in names:
        if name not in CODEMODS:
            raise UsageError(
                f"{option}: there is no codemod {name!r}; the nearest is {nearest(name, CODEMODS)!r}"
            )
    return names


def _workers(values: Iterable[str]) -> list[tuple[str, tuple[str, ...]]]:
    globs: dict[str, tuple[str, ...]] = {}
    for value in values:
        name, equals, glob = value.partition("=")
        if not equals or not glob:
            raise UsageError(f"--worker {value!r}: write NAME=GLOB, such as 'sync=*sync*.py'")
        check_worker(name, "--worker")
        globs[name] = (*globs.get(name, ()), glob)
    return list(globs.items())


def _configured_paths(config: Config, cwd: Path) -> tuple[str, ...]:
    """Give the paths that nobody has named on the command line; they stay in the project.

    A configuration comes with a checkout: what it names elsewhere needs a person's word.
    """
    inside = {_real(cwd), _real(config.folder)}
    if config.paths is None:
        _check_inside(cwd / "scripts", inside, "scripts")
        return ("scripts",)
    below = []
    for path in config.paths:
        absolute = config.folder / path
        _check_inside(absolute, inside, f"{config.file}: paths: {path!r}")
        below.append(str(absolute.relative_to(cwd)) if absolute.is_relative_to(cwd) else str(absolute))
    return tuple(below)


def _check_inside(path: Path, folders: Iterable[Path], what: str) -> None:
    try:
        real = _real(path)
    except ValueError:  # no path at all (NUL), which is said where it is looked for
        return
    if not any(real.is_relative_to(folder) for folder in folders):
        raise UsageError(
            f"{what} leads out of the project, to {real}; if you mean that, name it on the command line"
        )


def _shows_diff(request: Request) -> bool:
    if request.statistics:
        return False
    if request.mode is Mode.DRY_RUN:
        return request.format_name == "text" or request.output is not None
    return request.show_diff or request.format_name == DIFF


# --- what is done ---------------------------------------------------------------------------------------


def _files(
    request: Request,
    settings: Settings,
    config: Config,
    workers: Workers,
    cwd: Path,
    paths: Sequence[str],
    report: Report,
    output: _Output,
) -> Iterator[None]:
    """Work through all files; one step per file, so that Ctrl-C finds the report of what was done."""
    with _bounded("to find the scripts"):
        found: Discovery = discover(
            paths,
            workers=workers,
            exclude=config.exclude,
            exclude_from=config.folder,
            take_all=request.take_all or config.take_all,
            cwd=cwd,
        )
        found = _at_home(found, cwd, paths, config)
    if request.output is not None and _real(request.output) in {
        _real(cwd / target.path) for target in found.targets
    }:
        raise UsageError(f"--output {request.output}: this is one of the scripts")
    if request.changed is not None:
        from workerlog_migrate.files.changed import changed_files

        changed = changed_files(cwd, request.changed, [Path(path) for path in paths])
        targets = tuple(target for target in found.targets if _real(cwd / target.path) in changed)
        report.not_changed = len(found.targets) - len(targets)
        report.changed_unmatched.extend(path for path in found.passed_over if _real(cwd / path) in changed)
        found = found._replace(targets=targets)
    found = found._replace(targets=_placed(_ignoring(found.targets, config, cwd), cwd, request, settings))
    report.unmatched = found.unmatched
    report.path_errors.extend(found.errors)
    report.hints.extend(_hints(request, found, workers, cwd, paths))
    report.keeps_undo = request.undo
    # Left alone; replaced below by what is planned for them, in folders whose scripts need them.
    report.runtime.update(
        (path, RuntimeFile(path, "left alone", "", changes=False)) for path in found.runtime
    )
    if not found.targets:
        return
    from workerlog_migrate.files.cache import RESULTS, Cache, cache_folder, is_private
    from workerlog_migrate.jobs import migrate_all, processes_for, processors

    settings = _with_notes(request, settings, found.targets, cwd, report)
    folder = cache_folder() if request.cache and not request.from_logs else None
    if folder is not None and not is_private(folder, RESULTS):
        report.hints.append(
            f"the cache in {folder} can be written by others, so it is not used (--no-cache, or chmod go-w)\n"
        )
        folder = None
    cache = None if folder is None else Cache(settings, cwd, folder)
    # A configuration comes with a checkout: it does not start more processes than there are processors.
    configured = min(config.jobs, processors()) if config.jobs else processes_for(len(found.targets))
    jobs = request.jobs or configured
    runtime = _Runtime(report, cwd, found.targets, keeps_undo=request.undo)
    if request.with_runtime:
        runtime.shows = output.runtime
    progress = Progress(len(found.targets), _say, is_shown=is_watched(quiet=request.quiet))
    output.before_write = progress.hide
    with (
        contextlib.closing(runtime),
        contextlib.nullcontext() if cache is None else contextlib.closing(cache),
        _kept(request, found.targets, cwd, jobs) as snapshot,
        contextlib.closing(migrate_all(found.targets, settings, jobs, cache, snapshot=snapshot)) as results,  # type: ignore[type-var]  # a generator
        contextlib.closing(progress.watched(results)) as watched,  # type: ignore[type-var]  # a generator
    ):
        for result in _reviewed(request, watched, settings) if request.interactive else watched:
            checked = runtime.checked(result)
            if request.mode is Mode.APPLY:
                checked = runtime.written(checked)
            output.diff(checked)
            report.add(checked)
            yield
    if report.seen is not None:
        report.hints.extend(report.seen.lines())


def _at_home(found: Discovery, cwd: Path, paths: Iterable[str], config: Config) -> Discovery:
    """Leave scripts alone that lie behind links out of the project, also those that were named: a shell's ``*/*.py`` names them, too.

    Run as a script, such a link imports from the folder of its target, where no runtime file would stand.
    """
    errors, targets = list(found.errors), []
    named = {os.path.normpath(cwd / path) for path in paths}
    around = {_real(cwd), find_root(cwd, cwd), *((_real(config.folder),) if config.file else ())}
    for target in found.targets:
        escape = None
        if (cwd / target.path).is_symlink():
            folder = _real(cwd / target.path.parent)
            homes = {_real(cwd), folder, find_root(folder, cwd)}
            escape = find_escape(Path(target.path.name), folder, homes)
        if escape is None and os.path.normpath(cwd / target.path) in named:
            escape = find_escape(target.path.parent, cwd, around)
        if escape is None:
            targets.append(target)
        else:
            link = "" if escape.link.name == target.path.name else f"{escape.link.name} is "
            reason = f"{link}a link that leads out of the project, to {escape.target}; if you mean that file, name it itself"
            errors.append((target.path, FileError(reason)))
    return found._replace(targets=tuple(targets), errors=tuple(errors))


def _with_notes(
    request: Request, settings: Settings, targets: Sequence[Target], cwd: Path, report: Report | None = None
) -> Settings:
    """Read what workers noted, and settle handlers by that alone; without ``--from-logs`` all stays as it is."""
    if not request.from_logs:
        return settings
    from workerlog_migrate.files.budget import SECONDS, SpentError, budget
    from workerlog_migrate.pipeline import Passing
    from workerlog_migrate.report.seen import SeenCounts
    from workerlog_migrate.seen.notes import read_notes
    from workerlog_migrate.seen.share import share

    with _bounded("--from-logs: to read the notes"):
        notes = read_notes(request.from_logs)
    settling = replace(
        settings,
        select=(LOGGER_SETUP, SPECIFIC_EXCEPTIONS),
        unresolved=Unresolved.KEEP,
        trial=Trial.OFF,
        seen=(),
        watched=settings.watched if request.watched is None else request.watched,
    )
    try:
        with budget():
            shared = share(notes, [target.path for target in targets], cwd, Passing(targets, settling))
    except SpentError:
        raise UsageError(
            f"--from-logs: to find out which handlers the notes are about takes more than {SECONDS} s of processor time; "
            "name fewer scripts"
        ) from None
    if report is not None:
        report.seen = SeenCounts(notes, shared.passed_over)
    return replace(settling, seen=shared.seen)


def _kept(
    request: Request, targets: Sequence[Target], cwd: Path, jobs: int
) -> contextlib.AbstractContextManager[str]:
    """Keep what the scripts hold before the first of them is written."""
    from workerlog_migrate.files.snapshot import kept

    if request.mode is not Mode.APPLY or len(targets) < 2:  # a single script has no others
        return contextlib.nullcontext("")
    return kept([cwd / target.path for target in targets], in_file=jobs > 1)


def _placed(targets: Sequence[Target], cwd: Path, request: Request, settings: Settings) -> tuple[Target, ...]:
    """Find out how the scripts are started, each in its own project; those with nothing to find are asked about by nobody."""
    wanted = [target for target in targets if _has_trigger(cwd / target.path, settings)]
    if not wanted:
        return tuple(targets)
    from workerlog_migrate.files.cache import cache_folder
    from workerlog_migrate.project import place

    with _bounded("to find out how the scripts are started"):
        found = place(wanted, cwd, cache_folder() if request.cache else None)
    placed = {target.path: target for target in found}
    return tuple(placed.get(target.path, target) for target in targets)


@contextlib.contextmanager
def _bounded(what: str) -> Iterator[None]:
    """Limit the processor time of a step that is taken before any file has its own budget."""
    from workerlog_migrate.files.budget import PROJECT_SECONDS, SpentError, budget

    try:
        with budget(PROJECT_SECONDS):
            yield
    except SpentError:
        raise UsageError(
            f"{what} takes more than {PROJECT_SECONDS} s of processor time; name fewer scripts or a smaller folder"
        ) from None


def _has_trigger(path: Path, settings: Settings) -> bool:
    from workerlog_migrate.files.reading import read_file
    from workerlog_migrate.files.source import has_trigger

    try:
        return has_trigger(read_file(path), settings.retry_extra)
    except (OSError, ValueError, MemoryError):
        return False  # whoever works on the file reports it


def _ignoring(targets: Sequence[Target], config: Config, cwd: Path) -> tuple[Target, ...]:
    """Tell the scripts which codemods the configuration leaves out in them; a glob with ``/`` starts at its folder."""
    if not config.per_file_ignores:
        return tuple(targets)
    told = []
    for target in targets:
        path = Path(os.path.normpath(cwd / target.path))
        below = path.relative_to(config.folder) if path.is_relative_to(config.folder) else path
        ignored = [
            name
            for glob, names in config.per_file_ignores
            if (
                below.match(glob) if "**" not in glob else fnmatch(below.as_posix(), glob.replace("**/", "*"))
            )
            for name in names
        ]
        told.append(replace(target, ignore=tuple(dict.fromkeys(ignored))) if ignored else target)
    return tuple(told)


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))


def _real_folders(folders: Iterable[Path], cwd: Path) -> dict[Path, Path]:
    """Resolve folders and all above them, each from the one above it: anew from the root, a deep one would take minutes."""
    found: dict[Path, Path] = {}
    for folder in sorted(folders, key=lambda each: len(each.parts)):
        above = found.get(folder.parent) if folder.name not in ("", "..") else None
        if above is None or sys.platform == "win32" or (above / folder.name).is_symlink():
            found[folder] = _real(cwd / folder)
        else:
            found[folder] = above / folder.name
    return found


def _hints(
    request: Request, found: Discovery, workers: Workers, cwd: Path, paths: Sequence[str]
) -> Iterator[str]:
    """Say what to do about paths and patterns that lead nowhere, and about a journal in the wrong place."""
    if request.mode is Mode.APPLY and not request.quiet:
        from workerlog_migrate.files.journal import name_old_journal

        yield name_old_journal(cwd)
    if request.quiet or not (found.errors or request.workers or not found.targets):
        return
    from workerlog_migrate.report.hints import hint_missing_path, hint_no_worker, hint_patterns

    for path, error in found.errors:
        if error.reason == MISSING:
            yield from hint_missing_path(path, is_default=not request.paths, cwd=cwd)
    yield from hint_patterns(_workers(request.workers), found)
    if not found.targets and request.changed is None:
        yield from hint_no_worker(found, workers, paths)


def _reviewed(request: Request, results: Iterator[FileResult], settings: Settings) -> Iterator[FileResult]:
    """Have a person choose; the number of questions is known only when every file has been looked at."""
    import shutil

    from workerlog_migrate.terminal.keys import Terminal
    from workerlog_migrate.terminal.review import review

    looked_at = list(results)
    width = shutil.get_terminal_size().columns
    terminal = Terminal(_say, color=wants_color(request.color, sys.stderr), width=width)
    with terminal.opened():
        try:
            yield from review(looked_at, settings, terminal)
        except EOFError:
            raise KeyboardInterrupt from None  # nobody is there any more: the same as Ctrl-C


def _standard_input(
    request: Request,
    settings: Settings,
    config: Config,
    workers: Workers,
    cwd: Path,
    report: Report,
    output: _Output,
) -> Iterator[None]:
    target = make_target(Path(request.stdin_filename or "stdin.py"), workers=workers, cwd=cwd)
    if request.stdin_filename:
        (target,) = _placed(_ignoring((target,), config, cwd), cwd, request, settings)
    try:
        raw = sys.stdin.buffer.read()
    except OSError as error:
        raise UsageError(f"standard input cannot be read: {(error.strerror or str(error)).lower()}") from None
    settings = _with_notes(request, settings, (target,), cwd, report)
    result = _migrate_bytes(raw, target, settings)
    if request.mode is Mode.APPLY:
        # What cannot be migrated comes out as it went in: whoever redirects stdout to a file loses nothing.
        output.write(raw if result.error else result.after)
    output.diff(result)
    report.add(result)
    yield


def _migrate_bytes(raw: bytes, target: Target, settings: Settings) -> FileResult:
    from workerlog_migrate import pipeline

    return pipeline.migrate_bytes(raw, target, settings)


class _Runtime:
    """What is written: the scripts, the runtime files of their folders, and before either the journal.

    A folder's runtime is planned when a script first needs it.
    """

    def __init__(self, report: Report, cwd: Path, targets: Sequence[Target], *, keeps_undo: bool) -> None:
        self.report = report
        self.shows: Callable[[Path, bytes | None, bytes], None] = lambda _path, _before, _after: None
        self.cwd = cwd
        self.keeps_undo = keeps_undo
        self.journal: Journal | None = None
        # Where each script is now; if that leads elsewhere when it is written, it is not the file that was chosen.
        is_apply = report.mode is Mode.APPLY
        self.places = {target.path: _real(cwd / target.path) for target in targets} if is_apply else {}
        above = {folder for path in self.places for folder in path.parents}
        self.folders = _real_folders(above, cwd)
        self.homes = {_real(cwd), *(_real(Path(_existing_folder(cwd / path))) for path in report.paths)}
        self.plans: dict[Path, VendorPlan] = {}
        self.needs: dict[Path, dict[str, set[str]]] = {}
        self.failed: dict[Path, str] = {}
        self.supplied: set[Path] = set()

    def checked(self, result: FileResult) -> FileResult:
        """Refuse a script whose folder cannot give it the names that it imports; supply the folder before it."""
        if result.error is not None or not result.imports:
            return result
        if result.changed and self.report.mode is Mode.APPLY:
            from workerlog_migrate.files.writing import check_writable

            try:
                check_writable(self.cwd / result.target.path)
            except Refused as error:  # before anything is written for its sake
                return replace(result, after=result.before, error=FileError(error.reason))
        from workerlog_migrate.files import vendor

        for folder, needed in vendor.folders_of(result).items():
            try:
                reason = self.failed.get(folder) or self._plan(folder, needed).refusal(needed)
                reason = reason or self._leads_out(folder, result.target.path)
                if not reason:
                    self._supply(folder)
            except Refused as error:
                reason = self.failed[folder] = error.reason
                if not result.changed:
                    self.report.path_errors.append((folder, FileError(reason)))
            if not reason or not result.changed:
                continue
            if folder in self.plans and self.plans[folder].is_own(needed):
                from workerlog_migrate.rewriting.plan import leave_all

                return replace(result, after=result.before, plan=leave_all(result.plan, reason), imports=())
            return replace(result, after=result.before, error=FileError(reason))
        return result

    def _plan(self, folder: Path, needed: Mapping[str, frozenset[str]]) -> VendorPlan:
        """Plan anew only for a script that needs names which none before it has needed."""
        from workerlog_migrate.files import vendor

        known = self.needs.setdefault(folder, {})
        if folder not in self.plans or any(
            not names <= known.get(module, set()) for module, names in needed.items()
        ):
            for module, names in needed.items():
                known.setdefault(module, set()).update(names)
            self.plans[folder] = vendor.plan_vendor(folder, known)
        return self.plans[folder]

    def _leads_out(self, folder: Path, script: Path) -> str:
        """Say why nothing is added to a folder that only the dots of a script's import lead to: it is in no project of it."""
        real = self.folders.get(folder) or _real(self.cwd / folder)  # where it was when the run began
        if any(real.is_relative_to(home) for home in self.homes) or not any(
            file.changes for file in self.plans[folder].files
        ):
            return ""
        below = _real(self.cwd / script.parent)
        while below != real and os.path.isfile(below / "__init__.py"):  # noqa: PTH113  # never raises
            below = below.parent
        if below == real and os.path.isfile(real / "__init__.py"):  # noqa: PTH113  # as above
            return ""  # the package that the script is in
        return (
            f"its import of the runtime leads out of the project, to {real}, where nothing is written; "
            "correct it, or run from there"
        )

    def _supply(self, folder: Path) -> None:
        if folder in self.supplied:
            return
        from workerlog_migrate.files import vendor

        plan = self.plans[folder]
        if self.report.mode is Mode.APPLY:
            self._record(
                (file.path, file.before, file.after) for file in plan.files if file.after is not None
            )
            scripts = [path for path in self.places if folder in path.parents] or list(self.places)
            place = self.folders.get(folder)
            vendor.write_runtime(plan, like=vendor.like_scripts(scripts), place=place)
            if any(file.changes for file in plan.files):
                self._written()
        self.supplied.add(folder)
        ignored = vendor.ignored_by_git(self.cwd / folder)
        for file in plan.files:
            if file.after is not None:
                self.shows(file.path, file.before, file.after)
            reason = "; ".join(part for part in (file.reason, _ignored(file.path, ignored)) if part)
            self.report.runtime[file.path] = RuntimeFile(file.path, file.verdict.value, reason, file.changes)

    def _record(self, changes: Iterable[tuple[Path, bytes | None, bytes]]) -> None:
        """Keep for --undo what is written next."""
        if not self.keeps_undo:
            return
        from workerlog_migrate.files.journal import Change, Journal

        if self.journal is None:
            self.journal = Journal(self.cwd)
        self.journal.record(
            [Change(path, before, after, self._place(path)) for path, before, after in changes]
        )

    def _place(self, path: Path) -> Path | None:
        """Say where a file was when the run began: a script, or a runtime file that is added to a folder."""
        if path in self.places or path.is_symlink() or path.parent not in self.folders:
            return self.places.get(path)
        return self.folders[path.parent] / path.name

    def _written(self) -> None:
        if self.journal is not None:
            self.journal.written()

    def close(self) -> None:
        if self.journal is not None:
            self.journal.close()

    def written(self, result: FileResult) -> FileResult:
        """Write one script; a failure becomes the script's error."""
        from workerlog_migrate.files.writing import write_atomic

        if not result.changed or result.error is not None:
            return result
        try:
            self._record([(result.target.path, result.before, result.after)])
            real = self.places.get(result.target.path)
            write_atomic(result.target.path, result.after, expected=result.before, real=real)
            self._written()
        except Refused as error:
            return replace(result, after=result.before, error=FileError(error.reason, error.line))
        return replace(result, written=True)


def _ignored(path: Path, ignored: frozenset[str]) -> str:
    if path.name not in ignored:
        return ""
    return f"git ignores it, and so would not take it to another machine: git add --force {path.as_posix()}"


# --- what the user sees ---------------------------------------------------------------------------------


class _Output:
    """Standard output as bytes: a reader that goes away stops the output, not the run."""

    def __init__(self, request: Request, *, shows_diff: bool) -> None:
        self.request = request
        self.shows_diff = shows_diff
        self.before_write: Callable[[], None] = lambda: None
        self.failure = ""
        self.is_open = True
        self.patches: list[bytes] = []  # what --output is to hold, if that is the diff

    def diff(self, result: FileResult) -> None:
        if not self.shows_diff or not result.changed or result.error is not None:
            return
        from workerlog_migrate.report.diff import colorize, render_file_diff

        patch = render_file_diff(result.target.path, result.before, result.after)
        if self.request.format_name == DIFF:
            self.patches.append(patch)
            return
        if wants_color(self.request.color, sys.stdout):
            patch = colorize(visible_bytes(patch))
        elif sys.stdout.isatty():
            patch = visible_bytes(patch)
        self.write(patch)

    def runtime(self, path: Path, before: bytes | None, after: bytes) -> None:
        """Show a runtime file that is added or replaced."""
        if not self.shows_diff:
            return
        from workerlog_migrate.report.diff import colorize, render_file_diff, render_new_file

        patch = render_new_file(path, after) if before is None else render_file_diff(path, before, after)
        if self.request.format_name == DIFF:
            self.patches.append(patch)
            return
        self.write(colorize(patch) if wants_color(self.request.color, sys.stdout) else patch)

    def write(self, data: bytes) -> None:
        if not self.is_open or not data:
            return
        self.before_write()
        try:
            _bytes_of(sys.stdout).write(data)
            _bytes_of(sys.stdout).flush()
        except OSError as error:
            self.is_open = False
            drop_stdout()
            if not _has_gone(error):
                self.failure = f"stdout cannot be written: {(error.strerror or str(error)).lower()}"

    def finish(self, data: bytes) -> int:
        """Write all that there is to say, and give the exit code."""
        self.write(data)
        if self.failure:
            _say(f"Error: {self.failure}\n")
            return EXIT_FAILED
        return EXIT_DONE


def _has_gone(error: OSError) -> bool:
    """Tell whether an error of writing says that the reader of a pipe has gone away.

    Windows has another word for it (https://github.com/python/cpython/issues/79935).
    """
    return isinstance(error, BrokenPipeError) or (sys.platform == "win32" and error.errno == errno.EINVAL)


def drop_stdout() -> None:
    """Let go of an output that cannot be written: the interpreter flushes it once more at its end and would complain there."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def _finish(request: Request, report: Report, output: _Output, steps: Iterator[None]) -> int:
    try:
        for _ in steps:
            pass
        report.complete = True
    except KeyboardInterrupt:
        output.before_write()
        _say(render_text(report, color=False) if not request.quiet else "")
        return EXIT_INTERRUPTED
    failure = _deliver(request, report, output)
    color = wants_color(request.color, sys.stderr)
    if request.statistics:
        from workerlog_migrate.report.statistics import render_statistics

        output.write(render_statistics(report).encode("utf-8", "backslashreplace"))
    if request.quiet or request.statistics:
        _say("".join(render_error(path, error, color=color) for path, error in report.errors()))
        _say("".join(render_remarks(report, only_errors=True, color=color)))
    else:
        _say(render_text(report, verbose=request.verbose, color=color))
        _say(visible("".join(report.hints) + render_hints(report)))
    if failure:
        _say(f"Error: {failure}\n")
        return EXIT_FAILED
    return report.exit_code


def _deliver(request: Request, report: Report, output: _Output) -> str:
    """Hand over the report; give the reason when that failed."""
    if request.output is not None:
        from workerlog_migrate.files.writing import write_report

        try:
            place = _output_place(request, _current_folder())
            is_diff = request.format_name == DIFF
            data = b"".join(output.patches) if is_diff else render(report, request.format_name)
            write_report(request.output, data, place=place)
        except UsageError as error:  # it leads elsewhere by now
            return str(error)
        except OSError as error:
            return f"--output {request.output} cannot be written: {(error.strerror or str(error)).lower()}"
    elif request.format_name != "text":
        rendered = render(report, request.format_name)
        output.write(visible_bytes(rendered) if sys.stdout.isatty() else rendered)
    return output.failure


def wants_color(choice: str, stream: TextIO) -> bool:
    """Decide whether a stream gets ANSI colours (https://no-color.org: any value but the empty one says no).

    Args:
        choice: ``auto``, ``always`` or ``never``.
        stream: where the text goes.

    Returns:
        True for ``always``, and for ``auto`` on a terminal that can show them.
    """
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or not stream.isatty():
        return False
    return sys.platform != "win32" or shows_escapes(stream)


def shows_escapes(stream: TextIO) -> bool:
    """Have a console of Windows understand ANSI escapes, which it does not do by itself.

    Args:
        stream: the console.

    Returns:
        Whether it does from now on; before Windows 10 none can.
    """
    if sys.platform == "win32":
        from colorama.winterm import enable_vt_processing

        return bool(enable_vt_processing(stream.fileno()))
    return True


def _say(text: str) -> None:
    """Write to stderr; when nobody reads it any more, that is no reason to fail."""
    with contextlib.suppress(OSError, ValueError):
        _bytes_of(sys.stderr).write(text.encode(sys.stderr.encoding or "utf-8", "backslashreplace"))
        _bytes_of(sys.stderr).flush()


def _bytes_of(stream: TextIO) -> BinaryIO:
    return stream.buffer
