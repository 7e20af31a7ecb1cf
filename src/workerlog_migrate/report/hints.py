"""What should the user type next? A line or two under the summary, where there is something to say."""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import shutil
import sys
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING

from workerlog_migrate.files.reading import MAX_SETTINGS, read_file
from workerlog_migrate.registry import SPECIFIC_EXCEPTIONS
from workerlog_migrate.report import WATCHED, Mode, Report
from workerlog_migrate.report.text import is_all_migrated, is_one_line, shown_path
from workerlog_migrate.report.visible import typed, typed_paths

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from workerlog_migrate.files.discover import Discovery, Workers

_MOST_FOLDERS = 3
_MOST_FOLDERS_OF_SETTINGS = 50


def render_hints(report: Report) -> str:
    """Say what comes next after a run.

    Args:
        report: what happened.

    Returns:
        Lines, or nothing.
    """
    if is_all_migrated(report) or is_one_line(report):
        return ""
    lines = []
    if report.log_folder and report.changed:
        lines.append(
            f"the log folder leads out of the project (by log-dir, or a link): workers write their logs to {typed_paths(report.log_folder)}\n"
        )
    if report.changed:
        lines.extend(_environments(report))
    broad = [
        f"{shown_path(file.result.target.path)}:{finding.span.line}"
        for file in report.files
        for finding in (*file.applied, *file.left)
        if finding.codemod == SPECIFIC_EXCEPTIONS and finding.kind == "incomplete"
    ]
    if broad:
        count = "1 handler stays" if len(broad) == 1 else f"{len(broad)} handlers stay"
        lines.append(f"{count} broad; why: workerlog-migrate --explain {typed(broad[0])}\n")
    watched = [
        is_new
        for file in report.files
        for found, is_new in ((file.applied, True), (file.left, False))
        for finding in found
        if finding.kind == WATCHED
    ]
    if watched:
        verb = "is" if not any(watched) or report.mode is Mode.APPLY else "would be"
        count = (
            f"1 handler {verb}"
            if len(watched) == 1
            else f"{len(watched)} handlers {verb.replace('is', 'are')}"
        )
        lines.append(f"{count} watched; after some days of work: workerlog-migrate --from-logs logs\n")
    if report.mode is Mode.DRY_RUN and report.changed:
        lines.append(
            "the same with --apply writes it, with --apply -i asks about each change; --undo takes it back\n"
        )
        if not watched and _is_first(report):
            lines.append(
                "of workers that run around the clock, watch the handlers first: workerlog-migrate --apply --trial, "
                "and --from-logs logs after a week\n"
            )
    elif (
        report.mode is Mode.APPLY
        and report.keeps_undo
        and (report.counts()["written"] or report.runtime_changes)
    ):
        lines.append("to take it back: workerlog-migrate --undo\n")
    if report.mode is Mode.APPLY:
        lines.extend(_formatting(report))
    return "".join(lines)


def _is_first(report: Report) -> bool:
    """Whether handlers would be narrowed in folders that have never been migrated."""
    added = [file for file in report.runtime.values() if file.verdict == "added"]
    return (
        bool(report.counts_by_codemod()[SPECIFIC_EXCEPTIONS][0])
        and bool(added)
        and len(added) == len(report.runtime_changes)
        and report.seen is None
    )


_ENVIRONMENT = re.compile(r"\.env.*|.*\.env|\.flaskenv", re.IGNORECASE)
_SETTING = re.compile(
    r"(?:^|(?<=[\r\n]))[^\S\r\n]*(?:export[^\S\r\n]+)?[\"']?(WORKER_(?:NOTIFY_COMMAND|NOTIFY_URL|LOG_DIR))[\"']?[^\S\r\n]*[=:]"
)
_USUAL = (".env", ".env.local", ".env.prod", ".env.production", ".envrc", ".flaskenv")
"""Are looked into however many there are."""
_MOST_NAMES, _MOST_ENVIRONMENTS = 10_000, 50


def _environments(report: Report) -> Iterator[str]:
    """Name the files of settings from which a worker may load what the runtime goes by: one of them is a command line.

    They come with a checkout, and said nothing to the worker before.
    """
    folders = dict.fromkeys(
        (Path(), *(file.result.target.path.parent for file in report.files if file.changed))
    )
    for folder in list(folders)[:_MOST_FOLDERS_OF_SETTINGS]:
        for name in _named_so(folder):
            with contextlib.suppress(OSError):
                text = read_file(folder / name, MAX_SETTINGS).decode("utf-8-sig", "replace")
                found = sorted(set(_SETTING.findall(text)))
                if found:
                    yield (
                        f"{shown_path(folder / name)} sets {', '.join(found)}: migrated workers that load it go by that; "
                        "look into it, if you have not written it\n"
                    )


def _named_so(folder: Path) -> list[str]:
    """List the files of a folder that are named as those from which programs load their environment."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        names = (entry.name for entry in itertools.islice(entries, _MOST_NAMES))
        found = sorted(filter(_ENVIRONMENT.fullmatch, names), key=lambda name: (len(name), name))
        return list(dict.fromkeys((*_USUAL, *found[:_MOST_ENVIRONMENTS])))
    return []


def _formatting(report: Report) -> Iterator[str]:
    """Name the command that lays out what was written: long lines are the formatter's business, and it is the project's own.

    It is named if the project is configured for it and it stands beside the interpreter.
    """
    written = [file.result.target.path for file in report.files if file.result.written]
    if not written:
        return
    from workerlog_migrate.files.linters import formatter

    command = formatter(Path(os.path.abspath(written[0].parent)))  # noqa: PTH100  # links stay as they are
    beside = os.path.dirname(sys.executable)  # noqa: PTH120  # a text for PATH
    if os.name == "nt":  # a Python that is no virtual environment has a folder for them
        beside += os.pathsep + os.path.join(beside, "Scripts")  # noqa: PTH118  # a text for PATH
    if command and shutil.which(command.split()[0], path=beside):
        yield f"long lines are your formatter's: {command} {typed_paths(*map(str, written))}\n"


def hint_no_worker(found: Discovery, workers: Workers, paths: Sequence[str]) -> Iterator[str]:
    """Say what was looked for when no file is a worker.

    Args:
        found: what the paths hold.
        workers: the patterns.
        paths: where it was looked.

    Yields:
        Lines.
    """
    if not found.passed_over:
        if not found.errors:
            yield f"there is no Python file in {typed_paths(*paths)}; next: workerlog-migrate FOLDER\n"
        return
    globs = ", ".join(glob for _, each in workers.patterns for glob in each)
    stem = found.passed_over[0].stem
    where = typed_paths(*paths)
    yield f"looked for {globs}\n"
    yield f"next: workerlog-migrate --all {where}, or --worker {typed(f'{stem}=*{stem}*.py')} {where}\n"


def hint_missing_path(path: Path, *, is_default: bool, cwd: Path) -> Iterator[str]:
    """Say what to name instead of a path that does not exist.

    Args:
        path: the path.
        is_default: whether nobody has named it.
        cwd: the current folder, absolute.

    Yields:
        Lines.
    """
    if is_default:
        folders = _python_folders(cwd)
        example = folders[0] if folders else "FOLDER"
        yield f"workers are looked for in {shown_path(path)} unless you name PATHS\n"
        if folders:
            yield f"Python files are in {', '.join(folders)}\n"
        yield f"next: workerlog-migrate {example}\n"
        return
    import difflib  # costs a tenth of the start-up

    names = _names_in(cwd / path.parent)
    for name in difflib.get_close_matches(path.name, names, n=1):
        yield f"did you mean {shown_path(path.parent / name)}?\n"


def hint_patterns(given: Sequence[tuple[str, Sequence[str]]], found: Discovery) -> Iterator[str]:
    """Name each pattern of the command line that matches no file, and the file it was perhaps meant for.

    Args:
        given: worker name -> its globs.
        found: what the paths hold.

    Yields:
        Lines.
    """
    files = [target.path for target in found.targets] + list(found.passed_over)
    for worker, globs in given:
        for glob in globs:
            if any(fnmatch(file.as_posix() if "/" in glob else file.name, glob) for file in files):
                continue
            import difflib  # as above

            by_name = {file.name: file for file in reversed(files)}
            wanted = glob.rpartition("/")[2].replace("*", "").replace("?", "")
            close = difflib.get_close_matches(wanted, by_name, n=1, cutoff=0.4)
            nearest = f"; the nearest is {shown_path(by_name[close[0]])}" if close else ""
            yield f"--worker {worker}={glob} matches no file{nearest}\n"


def _python_folders(cwd: Path) -> list[str]:
    """Give the folders right here that hold Python files, those with most files first; this one last, unless it is the scripts'."""
    counts: dict[str, int] = {}
    for name in _names_in(cwd):
        if not name.startswith(".") and (cwd / name).is_dir():
            counts[name] = sum(file.endswith((".py", ".pyw")) for file in _names_in(cwd / name))
    best = sorted((name for name in counts if counts[name]), key=lambda name: (-counts[name], name))
    here = ["."] if any(file.endswith((".py", ".pyw")) for file in _names_in(cwd)) else []
    places = [*best[:_MOST_FOLDERS], *here]
    if cwd.name == "scripts" and here:  # whoever stands among the scripts means these
        places = [*here, *best[:_MOST_FOLDERS]]
    return [shown_path(Path(name)) for name in places]


def _names_in(folder: Path) -> list[str]:
    try:
        return sorted(path.name for path in folder.iterdir())
    except OSError:
        return []
