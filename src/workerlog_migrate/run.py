"""What happens on one run? From the request on the command line to files, output and an exit code.

The command line is merged with the configuration, the workers are found, each is migrated, and each result
is shown or written as soon as it is there. Before the first script of a folder is written, the runtime
files that it needs stand beside it.
"""

from __future__ import annotations

import contextlib
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from workerlog_migrate import __version__
from workerlog_migrate.config import Config
from workerlog_migrate.errors import UsageError
from workerlog_migrate.files.discover import MISSING, Discovery, Workers, discover, make_target
from workerlog_migrate.files.home import real_path
from workerlog_migrate.model import FileResult, Settings, Target, Trial, Unresolved
from workerlog_migrate.output import Output, say, wants_color
from workerlog_migrate.registry import LOGGER_SETUP, SPECIFIC_EXCEPTIONS
from workerlog_migrate.report import DIFF, EXIT_FAILED, EXIT_INTERRUPTED, Mode, Report, RuntimeFile
from workerlog_migrate.report.formats import SHOWS_CHANGES, render
from workerlog_migrate.report.hints import render_hints
from workerlog_migrate.report.text import render_error, render_remarks, render_text
from workerlog_migrate.report.visible import typed, visible, visible_bytes
from workerlog_migrate.request import (
    STDIN,
    Request,
    check_request,
    configuration,
    configured_paths,
    current_folder,
    output_place,
    shows_diff,
    worker_globs,
)
from workerlog_migrate.settings import settings_for
from workerlog_migrate.targets import at_home, bounded, check_inside, ignoring, placed
from workerlog_migrate.terminal.progress import Progress, is_watched
from workerlog_migrate.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from workerlog_migrate.project.kept import KeptFacts


def run(request: Request) -> int:
    """Do what the command line asks for.

    Args:
        request: the options.

    Returns:
        The exit code: 0, 1, 2, or 130 after Ctrl-C.

    Raises:
        UsageError: an option or the configuration is wrong; nothing was done.
    """
    check_request(request)
    cwd = current_folder()
    config = configuration(request, cwd)
    settings = settings_for(request, config)
    workers = Workers().with_workers(config.workers).with_workers(worker_globs(request.workers))
    output_place(request, cwd)
    keeps_bytes = request.format_name in SHOWS_CHANGES
    if request.paths == (STDIN,):
        report = Report(request.mode, paths=("standard input",), keeps_bytes=keeps_bytes)
        output = Output(request, shows_diff=shows_diff(request))
        return _finish(
            request, report, output, _standard_input(request, settings, config, workers, cwd, report, output)
        )
    paths = request.paths or configured_paths(config, cwd)
    is_brief = request.format_name == "text" and request.output is None
    is_brief = is_brief and not (request.verbose or request.statistics)
    report = Report(request.mode, paths=paths, keeps_bytes=keeps_bytes, is_brief=is_brief)
    if request.format_name == "html":
        report.ran = _what_runs(cwd)
    output = Output(request, shows_diff=shows_diff(request))
    return _finish(
        request, report, output, _files(request, settings, config, workers, cwd, paths, report, output)
    )


def _what_runs(cwd: Path) -> tuple[tuple[str, str], ...]:
    """Say what runs, when and on what, for a report that somebody reads elsewhere and later."""
    import datetime
    import platform

    from workerlog_migrate.files.git import HINT, GitError, run_git

    # What makes builds repeatable makes reports so: https://reproducible-builds.org/specs/source-date-epoch/
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    utc = datetime.timezone.utc
    now = (
        datetime.datetime.fromtimestamp(int(epoch), utc) if epoch.isdecimal() else datetime.datetime.now(utc)
    )
    ran = [
        ("Command", typed("workerlog-migrate", *sys.argv[1:])),
        ("When", now.strftime("%Y-%m-%d %H:%M UTC")),
        ("Version", f"workerlog-migrate {__version__}, Python {platform.python_version()}"),
    ]
    with contextlib.suppress(GitError, OSError):
        commit = run_git(cwd, "rev-parse", "HEAD", patience=HINT).decode("ascii", "replace").strip()
        options = ("--porcelain", "--untracked-files=no", "--ignore-submodules=all")
        changed = run_git(cwd, "status", *options, patience=HINT)
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

    output = Output(request, shows_diff=False)
    place = split_place(what)
    if place is None:
        return output.finish(explain_codemod(what).encode("utf-8"))
    path, line = place
    request = request._replace(paths=(path,))
    cwd = current_folder()
    config = configuration(request, cwd)
    workers = Workers().with_workers(config.workers).with_workers(worker_globs(request.workers))
    settings = settings_for(request, config)
    if not os.path.isfile(cwd / path):  # noqa: PTH113  # never raises, also without permission
        raise UsageError(f"--explain {what}: no such file")
    found = at_home(discover((path,), workers=workers, cwd=cwd), cwd, (path,), config)
    if found.errors:
        raise UsageError(f"--explain {what}: {found.errors[0][1].reason}")
    if not found.targets:
        raise UsageError(f"--explain {what}: this is a runtime file, which is never migrated")
    from workerlog_migrate import pipeline

    (target,) = placed(ignoring(found.targets, config, cwd), cwd, request, settings).targets
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
    from workerlog_migrate.files.undo import name_old_journal, undo
    from workerlog_migrate.report.undo import render_undo_summary, render_undone

    say(name_old_journal(current_folder()))
    outcomes = []
    wants = wants_color(color, sys.stderr)
    try:
        for undone in undo(current_folder()):
            outcomes.append(undone.outcome)
            say(render_undone(undone, quiet=quiet, verbose=verbose, color=wants))
    except KeyboardInterrupt:
        say("interrupted; --undo again restores the rest\n")
        return EXIT_INTERRUPTED
    text, code = render_undo_summary(outcomes)
    say("" if quiet else text)
    return code


def _files(
    request: Request,
    settings: Settings,
    config: Config,
    workers: Workers,
    cwd: Path,
    paths: Sequence[str],
    report: Report,
    output: Output,
) -> Iterator[None]:
    """Work through all files; one step per file, so that Ctrl-C finds the report of what was done."""
    with bounded("to find the scripts"):
        found: Discovery = discover(
            paths,
            workers=workers,
            exclude=config.exclude,
            exclude_from=config.folder,
            take_all=request.take_all or config.take_all,
            cwd=cwd,
        )
        if not request.paths:
            check_inside(found, cwd, config)
        found = at_home(found, cwd, paths, config)
    if request.output is not None and real_path(request.output) in {
        real_path(cwd / target.path) for target in found.targets
    }:
        raise UsageError(f"--output {request.output}: this is one of the scripts")
    if request.changed is not None:
        from workerlog_migrate.files.changed import changed_files

        changed = changed_files(cwd, request.changed, [Path(path) for path in paths])
        targets = tuple(target for target in found.targets if real_path(cwd / target.path) in changed)
        report.not_changed = len(found.targets) - len(targets)
        report.changed_unmatched.extend(
            path for path in found.passed_over if real_path(cwd / path) in changed
        )
        found = found._replace(targets=targets)
    targets, passed = placed(ignoring(found.targets, config, cwd), cwd, request, settings)
    found = found._replace(targets=targets)
    report.unmatched = found.unmatched
    report.path_errors.extend(found.errors)
    report.hints.extend(_hints(request, found, workers, cwd, paths))
    report.keeps_undo = request.undo
    report.log_folder = config.log_folder_elsewhere(cwd)
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
    cache = None if folder is None else Cache(settings, cwd, folder, is_brief=report.is_brief)
    # A configuration comes with a checkout: it does not start more processes than there are processors.
    configured = min(config.jobs, processors()) if config.jobs else processes_for(len(found.targets))
    jobs = request.jobs or configured
    facts = _facts(folder) if request.mode is Mode.APPLY else None
    runtime = Writer(report, cwd, found, keeps_undo=request.undo)
    if request.with_runtime:
        runtime.shows = output.runtime
    progress = Progress(len(found.targets), say, is_shown=is_watched(quiet=request.quiet))
    output.before_write = progress.hide
    with (
        contextlib.closing(runtime),
        contextlib.nullcontext() if cache is None else contextlib.closing(cache),
        contextlib.nullcontext() if facts is None else contextlib.closing(facts),
        _kept(request, found.targets, cwd, jobs) as snapshot,
        contextlib.closing(
            migrate_all(targets, settings, jobs, cache, snapshot=snapshot, passed=passed)
        ) as results,  # type: ignore[type-var]  # a generator
        contextlib.closing(progress.watched(results)) as watched,  # type: ignore[type-var]  # a generator
    ):
        for result in _reviewed(request, watched, settings) if request.interactive else watched:
            checked = runtime.checked(result)
            if request.mode is Mode.APPLY:
                checked = runtime.written(checked)
                if cache is not None:
                    cache.put_written(checked)
                if facts is not None and checked.written:
                    facts.put_written(checked.target.path, checked.after)
            output.diff(checked)
            report.add(checked)
            yield
    if report.seen is not None:
        report.hints.extend(report.seen.lines())


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

    with bounded("--from-logs: to read the notes"):
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


def _facts(folder: Path | None) -> KeptFacts:
    """Open what is remembered of how scripts are started, for what is written."""
    from workerlog_migrate.project.kept import KeptFacts

    return KeptFacts(folder)


def _kept(
    request: Request, targets: Sequence[Target], cwd: Path, jobs: int
) -> contextlib.AbstractContextManager[str]:
    """Keep what the scripts hold before the first of them is written."""
    if request.mode is not Mode.APPLY or len(targets) < 2:  # a single script has no others
        return contextlib.nullcontext("")
    from workerlog_migrate.files.snapshot import kept

    places = {cwd / target.path: target.place for target in targets}
    return kept(list(places), in_file=jobs > 1, places=places)


def _hints(
    request: Request, found: Discovery, workers: Workers, cwd: Path, paths: Sequence[str]
) -> Iterator[str]:
    """Say what to do about paths and patterns that lead nowhere, and about a journal in the wrong place."""
    if request.mode is Mode.APPLY and not request.quiet:
        from workerlog_migrate.files.undo import name_old_journal

        yield name_old_journal(cwd)
    if request.quiet or not (found.errors or request.workers or not found.targets):
        return
    from workerlog_migrate.report.hints import hint_missing_path, hint_no_worker, hint_patterns

    for path, error in found.errors:
        if error.reason == MISSING:
            yield from hint_missing_path(path, is_default=not request.paths, cwd=cwd)
    yield from hint_patterns(worker_globs(request.workers), found)
    if not found.targets and request.changed is None:
        yield from hint_no_worker(found, workers, paths)


def _reviewed(request: Request, results: Iterator[FileResult], settings: Settings) -> Iterator[FileResult]:
    """Have a person choose; the number of questions is known only when every file has been looked at."""
    import shutil

    from workerlog_migrate.terminal.keys import Terminal
    from workerlog_migrate.terminal.review import review

    looked_at = list(results)
    width = shutil.get_terminal_size().columns
    terminal = Terminal(say, color=wants_color(request.color, sys.stderr), width=width)
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
    output: Output,
) -> Iterator[None]:
    target = make_target(Path(request.stdin_filename or "stdin.py"), workers=workers, cwd=cwd)
    if request.stdin_filename:
        (target,) = placed(ignoring((target,), config, cwd), cwd, request, settings).targets
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


def _finish(request: Request, report: Report, output: Output, steps: Iterator[None]) -> int:
    try:
        for _ in steps:
            pass
        report.complete = True
    except KeyboardInterrupt:
        output.before_write()
        say(render_text(report, color=False) if not request.quiet else "")
        return EXIT_INTERRUPTED
    failure = _deliver(request, report, output)
    color = wants_color(request.color, sys.stderr)
    if request.statistics:
        from workerlog_migrate.report.statistics import render_statistics

        output.write(render_statistics(report).encode("utf-8", "backslashreplace"))
    if request.quiet or request.statistics:
        say("".join(render_error(path, error, color=color) for path, error in report.errors()))
        say("".join(render_remarks(report, only_errors=True, color=color)))
    else:
        say(render_text(report, verbose=request.verbose, color=color))
        say(visible("".join(report.hints) + render_hints(report)))
    if failure:
        say(f"Error: {failure}\n")
        return EXIT_FAILED
    return report.exit_code


def _deliver(request: Request, report: Report, output: Output) -> str:
    """Hand over the report; give the reason when that failed."""
    if request.output is not None:
        from workerlog_migrate.files.writing import write_report

        try:
            place = output_place(request, current_folder())
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
