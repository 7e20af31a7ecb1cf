"""Which files are workers, and what is each called? From the paths on the command line to `Target`s.

A folder is walked for ``*.py`` and ``*.pyw`` files that git would not ignore (https://git-scm.com/docs/gitignore), outside
virtual environments, ``node_modules``, ``site-packages`` and their like, whose file name matches the
pattern of a worker. A file that is named itself is always taken. Git is not called: the ``.gitignore`` files
from the repository's root down and ``.git/info/exclude`` are read here; a folder outside any repository
obeys those between the current folder (or itself) and the file.
"""

# A walk over many thousand entries stays with strings: a Path costs as much as a stat.
# ruff: noqa: PTH100, PTH113, PTH114, PTH116, PTH117, PTH118, PTH119

from __future__ import annotations

import errno
import os
import re
import stat
import sys
from fnmatch import fnmatch
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from workerlog_migrate.files.in_use import why
from workerlog_migrate.files.names import IGNORES_CASE, as_listed, below, identity, is_folder, is_remote
from workerlog_migrate.files.reading import MAX_SETTINGS, path_text, read_file
from workerlog_migrate.files.roots import SKIPPED_FOLDERS, has_git, is_environment
from workerlog_migrate.files.wildcards import linear
from workerlog_migrate.model import RUNTIME_FILES, FileError, Target

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from pathspec import GitIgnoreSpec

"""The runtime's file names: such a file is never migrated, ours or not (it would import itself)."""

BUILT_IN_WORKERS = (
    ("genesis", ("*genesis*.py",)),
    ("zero", ("*zero*.py",)),
    ("aider", ("*aider*.py",)),
)

MOST_PASSED_OVER = 1000
"""How many names of files that match no pattern are kept: enough to suggest one."""

PYTHON = (".py", ".pyw")
"""How the names of scripts end."""

NO_SCRIPTS = frozenset(
    [
        ".bat",
        ".cfg",
        ".cmd",
        ".css",
        ".csv",
        ".dll",
        ".exe",
        ".gz",
        ".html",
        ".ini",
        ".ipynb",
        ".jpg",
        ".js",
        ".json",
        ".lock",
        ".log",
        ".md",
        ".pdf",
        ".png",
        ".ps1",
        ".pyc",
        ".pyd",
        ".rst",
        ".sh",
        ".so",
        ".sql",
        ".toml",
        ".ts",
        ".tsv",
        ".xml",
        ".yaml",
        ".yml",
        ".zip",
    ]
)
"""How the names of files end that are surely no scripts, whatever is in them."""

MISSING = "no such file or folder"
"""Reason of a path that does not exist."""


class Workers(NamedTuple):
    """The patterns that name workers, in order; of several that match the last wins.

    Attributes:
        patterns: worker name -> globs on the file name (with a ``/``: on the path as it is shown).
    """

    patterns: tuple[tuple[str, tuple[str, ...]], ...] = BUILT_IN_WORKERS

    def with_workers(self, added: Iterable[tuple[str, tuple[str, ...]]]) -> Workers:
        """Add or replace workers; what is named here comes last, and so wins over what was known before.

        Args:
            added: worker name -> its globs.

        Returns:
            New patterns.
        """
        patterns = dict(self.patterns)
        for name, globs in added:
            patterns.pop(name, None)
            patterns[name] = globs
        return Workers(tuple(patterns.items()))

    def match(self, path: Path) -> tuple[str, str] | None:
        """Find the worker of a file.

        Args:
            path: the file as it is shown.

        Returns:
            Its worker's name and the pattern that named it, or None.
        """
        found = None
        whole, last = path.as_posix(), path.name
        if os.path.normcase(path.suffix) == ".pyw":  # a script without a console window is one all the same
            whole, last = whole[:-1], last[:-1]
        for name, globs in self.patterns:
            for glob in globs:
                wanted = glob.removesuffix("w") if glob.endswith(".pyw") else glob
                if fnmatch(whole if "/" in glob else last, wanted) or fnmatch(path.name, glob):
                    found = name, glob
        return found


class Discovery(NamedTuple):
    """What the paths hold.

    Attributes:
        targets: the workers, in the order of the paths, sorted within each folder, each file once.
        unmatched: how many Python files matched no worker pattern.
        passed_over: the first of those, up to `MOST_PASSED_OVER`, for messages that suggest a name.
        runtime: files that carry a runtime file's name, and are therefore left alone.
        errors: paths that could not be looked at, with the reason.
        inside: where the folders of the paths are, links resolved.
        places: where each target is, links resolved, once that was asked for.
        folders: where the folders of the targets are, links resolved, by the path of each as it is shown.
    """

    targets: tuple[Target, ...] = ()
    unmatched: int = 0
    passed_over: tuple[Path, ...] = ()
    runtime: tuple[Path, ...] = ()
    errors: tuple[tuple[Path, FileError], ...] = ()
    inside: tuple[Path, ...] = ()
    places: Mapping[Path, Path] = MappingProxyType({})
    folders: Mapping[Path, Path] = MappingProxyType({})


def worker_name(stem: str, imported: frozenset[str] = frozenset()) -> str:
    """Name the worker of a file that matches no pattern.

    Args:
        stem: the file's name without ``.py`` (for ``__init__``: its folder's name).
        imported: top-level names of the modules that the file imports.

    Returns:
        The stem; with ``-worker`` behind it when a library's logger might have that name.
    """
    if stem == "root" or stem in sys.stdlib_module_names or stem in imported:
        return f"{stem}-worker"
    return stem


def make_target(path: Path, *, workers: Workers, cwd: Path) -> Target:
    """Make the target of one file, which need not exist (standard input has a name only).

    Args:
        path: the file, as it is to be shown.
        workers: the patterns that name workers.
        cwd: the current folder, absolute.

    Returns:
        The target; how it is started is not known yet.
    """
    matched = workers.match(path)
    folder = cwd / path.parent
    if matched is not None:
        name, pattern = matched
    else:
        stem = path.stem
        if stem == "__init__":
            stem = Path(os.path.normpath(folder)).name or stem
        name, pattern = worker_name(stem), ""
    return Target(path=path, worker=name, pattern=pattern, in_package=os.path.isfile(folder / "__init__.py"))


def discover(
    paths: Sequence[str],
    *,
    workers: Workers,
    exclude: Sequence[str] = (),
    exclude_from: Path | None = None,
    take_all: bool = False,
    cwd: Path,
) -> Discovery:
    """Find the workers under some paths.

    Args:
        paths: files and folders, absolute or relative to ``cwd``.
        workers: the patterns that name workers.
        exclude: further patterns in the manner of ``.gitignore``.
        exclude_from: the folder that ``exclude`` starts from; ``cwd`` when omitted.
        take_all: take every Python file, not only those that match a pattern (``--all``).
        cwd: the current folder, absolute.

    Returns:
        The targets, and what was left out.
    """
    walk = _Walk(cwd=cwd, workers=workers, take_all=take_all)
    if exclude:
        walk.excluded = Rules(str(exclude_from or cwd), _spec(exclude))
    roots = [(as_listed(path, cwd), _stat(walk, path)) for path in dict.fromkeys(paths)]
    walk.inside = tuple(
        os.path.realpath(cwd / path)
        for path, status in roots
        if status is not None and stat.S_ISDIR(status.st_mode)
    )
    for path, status in roots:
        if status is None:
            continue
        if stat.S_ISDIR(status.st_mode):
            walk.folder(path)
        else:
            walk.take(_Entry(path, status, is_link=Path(cwd, path).is_symlink()), explicit=True)
    return walk.result()


class _Entry(NamedTuple):
    path: str
    status: os.stat_result
    is_link: bool


class Rules(NamedTuple):
    """One file of ignore rules and the absolute folder that they start from."""

    folder: str
    spec: GitIgnoreSpec

    def decide(self, path: str, *, is_folder: bool) -> bool | None:
        """Say whether an absolute path is ignored (True), taken back (False) or not spoken of (None)."""
        relative = below(path, self.folder)
        if relative is None:
            return None
        relative = relative.replace(os.sep, "/")
        return self.spec.check_file(relative + "/" if is_folder else relative).include


class _Walk:
    """The state of one discovery; files are known by their `identity`, so that each is taken once."""

    def __init__(self, *, cwd: Path, workers: Workers, take_all: bool) -> None:
        self.cwd = cwd
        self.workers = workers
        self.take_all = take_all
        self.excluded: Rules | None = None
        self.inside: tuple[str, ...] = ()
        self.taken: dict[object, int] = {}
        self.entries: list[tuple[_Entry, bool]] = []
        self.unmatched: set[object] = set()
        self.passed_over: list[str] = []
        self.runtime: dict[str, None] = {}
        self.errors: dict[Path, FileError] = {}

    def take(self, entry: _Entry, *, explicit: bool) -> None:
        name = os.path.basename(entry.path)
        if not stat.S_ISREG(entry.status.st_mode):
            self.error(entry.path, "not a regular file; name a file or a folder")
            return
        if os.path.normcase(name) in RUNTIME_FILES:
            self.runtime[str(Path(entry.path))] = None  # Windows takes either slash
            return
        ending = Path(name).suffix.lower()
        if ending in NO_SCRIPTS:
            export = "; export it with jupyter nbconvert --to script" if ending == ".ipynb" else ""
            self.error(entry.path, f"this is no Python script ({ending}); name a script or a folder{export}")
            return
        known_by = identity(os.path.join(self.cwd, entry.path), entry.status)
        if not explicit and not self.take_all and self.workers.match(_shown(entry.path, self.cwd)) is None:
            self.unmatched.add(known_by)
            if len(self.passed_over) < MOST_PASSED_OVER:
                self.passed_over.append(entry.path)
            return
        position = self.taken.get(known_by)
        if position is None:
            self.taken[known_by] = len(self.entries)
            self.entries.append((entry, explicit))
        elif self.entries[position][0].is_link and not entry.is_link and not self.entries[position][1]:
            # A file is named by its own name rather than by a link's, unless the user named the link.
            self.entries[position] = (entry, explicit)

    def folder(self, root: str) -> None:
        """Take what a folder on the command line holds; that folder itself is never left out."""
        absolute = os.path.abspath(self.cwd / root)
        rules = list(rules_above(absolute, str(self.cwd)))
        if is_ignored(rules, absolute, is_folder=True):
            rules = []
        self._walk(root, absolute, tuple(rules))

    def _walk(self, root: str, absolute: str, rules: tuple[Rules, ...]) -> None:
        """Take the files of a folder, then those of each folder in it; folders may lie deeper than calls may."""
        waiting = [(root, absolute, rules)]
        while waiting:
            shown, folder, rules = waiting.pop()
            try:
                with os.scandir(folder) as listing:
                    found = sorted(listing, key=lambda entry: entry.name)
            except OSError as error:
                self.error(shown, f"cannot be listed: {(error.strerror or str(error)).lower()}")
                continue
            names = {entry.name for entry in found}
            rules = tuple(rules_in(folder, names, rules))
            for entry in found:
                if (
                    os.path.normcase(entry.name).endswith(PYTHON)
                    and not is_folder(entry)
                    and not self._left_out(rules, entry.path, is_folder=False)
                ):
                    self._file(os.path.join(shown, entry.name), entry)
            waiting.extend(
                (os.path.join(shown, entry.name), entry.path, rules)
                for entry in reversed(found)
                if is_folder(entry)
                and os.path.normcase(entry.name) not in SKIPPED_FOLDERS
                and not self._left_out(rules, entry.path, is_folder=True)
                and not is_environment(entry.path)
            )

    def _file(self, shown: str, entry: os.DirEntry[str]) -> None:
        is_link = entry.is_symlink()
        wanted = self.take_all or self.workers.match(_shown(shown, self.cwd)) is not None
        try:
            status = os.stat(entry.path)  # the entry's own stat knows no inode on Windows
        except OSError as error:
            if wanted:
                self.error(shown, _link_trouble(error) if is_link else f"cannot be read: {why(error)}")
            return
        if is_link and not self._is_inside(entry.path):
            return
        if stat.S_ISREG(status.st_mode):
            self.take(_Entry(shown, status, is_link), explicit=False)
        elif wanted and not stat.S_ISDIR(status.st_mode):
            self.error(shown, "not a regular file; exclude it or give it another name")

    def _left_out(self, rules: tuple[Rules, ...], path: str, *, is_folder: bool) -> bool:
        if self.excluded is not None and self.excluded.decide(path, is_folder=is_folder):
            return True
        return is_ignored(rules, path, is_folder=is_folder)

    def _is_inside(self, link: str) -> bool:
        real = os.path.realpath(link)
        return any(below(real, root) is not None for root in self.inside)

    def error(self, path: str, reason: str) -> None:
        # What is named and stands in a folder that is named, too, is reported once.
        self.errors.setdefault(_shown(path, self.cwd), FileError(reason))

    def result(self) -> Discovery:
        targets = [
            make_target(_shown(entry.path, self.cwd), workers=self.workers, cwd=self.cwd)
            for entry, _ in self.entries
        ]
        return Discovery(
            targets=tuple(targets),
            unmatched=len(self.unmatched.difference(self.taken)),
            passed_over=tuple(_shown(path, self.cwd) for path in self.passed_over),
            runtime=tuple(_shown(path, self.cwd) for path in self.runtime),
            errors=tuple(self.errors.items()),
            inside=tuple(map(Path, self.inside)),
        )


def _stat(walk: _Walk, path: str) -> os.stat_result | None:
    try:
        return os.stat(walk.cwd / path)
    except OSError as error:
        if os.path.islink(walk.cwd / path):
            walk.error(path, _link_trouble(error))
        elif isinstance(error, FileNotFoundError):
            walk.error(path, MISSING)
        else:
            walk.error(path, f"cannot be read: {why(error)}")
    except ValueError:
        walk.error(path, "not a path (it holds a NUL character)")
    return None


def _link_trouble(error: OSError) -> str:
    if error.errno == errno.ELOOP:
        return "a symbolic link that leads back to itself; remove it or name the file that was meant"
    if isinstance(error, FileNotFoundError):
        return "a dangling symbolic link: the file that it names does not exist; remove it or correct it"
    return f"a symbolic link that cannot be followed: {why(error)}"


def _shown(path: str, cwd: Path) -> Path:
    """Give a path as users read it: relative to the current folder where it lies below it."""
    normal = os.path.normpath(path)
    if os.path.isabs(normal):
        normal = below(normal, str(cwd)) or normal
    return Path(normal)


# --- git's ignore rules ---------------------------------------------------------------------------------


def rules_above(folder: str, cwd: str) -> Iterator[Rules]:
    """Give the rules that hold in a folder because of the folders above it, the farthest first."""
    if has_git(folder):
        return
    above = []
    repository = False
    for parent in Path(folder).parents:
        above.append(str(parent))
        if has_git(str(parent)):
            repository = True
            break
    if not repository:
        above = [each for each in above if below(os.path.join(each, ""), cwd) is not None]
    for each in reversed(above):
        if has_git(each):
            yield from _info_exclude(each)
        yield from _ignore_file(each)


def rules_in(folder: str, names: set[str], rules: tuple[Rules, ...]) -> Iterator[Rules]:
    """Give the rules that hold for what is in a folder: those from above, then its own."""
    if ".git" in names:
        # A repository of its own: the rules of the one around it end here.
        yield from _info_exclude(folder)
    else:
        yield from rules
    if ".gitignore" in names:
        yield from _ignore_file(folder)


def _info_exclude(repository: str) -> Iterator[Rules]:
    git = os.path.join(repository, ".git")
    if os.path.isfile(git):
        # A worktree or a submodule: the file says where its folder is, and that one where the shared part is.
        git = os.path.join(repository, _first_line(git).removeprefix("gitdir:").strip())
        if is_remote(git, repository):
            return
        shared = os.path.join(git, "commondir")
        if os.path.isfile(shared):
            git = os.path.join(git, _first_line(shared))
            if is_remote(git, repository):
                return
    yield from _rules_of(repository, os.path.join(git, "info", "exclude"))


def _ignore_file(folder: str) -> Iterator[Rules]:
    yield from _rules_of(folder, os.path.join(folder, ".gitignore"))


def _rules_of(folder: str, file: str) -> Iterator[Rules]:
    try:
        raw = read_file(file, MAX_SETTINGS, follow=False)
    except (OSError, ValueError, MemoryError):
        return  # absent, a pipe, or not ours to read: git goes on without it, and without a link, too
    lines = raw.decode("utf-8-sig", "surrogateescape").split("\n")
    lines = [line.removesuffix("\r") for line in lines]
    if any(line.strip() and not line.startswith("#") for line in lines):
        yield Rules(folder, _spec(lines))


def _spec(lines: Iterable[str]) -> GitIgnoreSpec:
    from pathspec import GitIgnoreSpec  # most runs over one folder of scripts need no rules

    patterns = tuple(lines)
    try:
        return _in_any_case(_linear(GitIgnoreSpec.from_lines(patterns)))
    except (ValueError, re.error):
        # Git takes no notice of a line that is no pattern ("!", "[z-a]"); pathspec refuses the whole file for it.
        return _in_any_case(
            _linear(GitIgnoreSpec.from_lines([line for line in patterns if _is_pattern(line)]))
        )


def _linear(spec: GitIgnoreSpec) -> GitIgnoreSpec:
    """Let no pattern take a time that explodes with a name's length."""
    return _rewritten(spec, lambda regex: re.compile(linear(regex.pattern)))


def _in_any_case(spec: GitIgnoreSpec) -> GitIgnoreSpec:
    """Tell cases apart where the system does; elsewhere git sets ``core.ignorecase`` for a repository that it makes."""
    return _rewritten(spec, lambda regex: re.compile(regex.pattern, re.IGNORECASE)) if IGNORES_CASE else spec


def _rewritten(spec: GitIgnoreSpec, change: Callable[[re.Pattern[str]], re.Pattern[str]]) -> GitIgnoreSpec:
    """Put other expressions in the place of those of patterns that a change makes others."""
    from pathspec import GitIgnoreSpec

    made = []
    for pattern in spec.patterns:
        if pattern.regex is not None:
            after = change(pattern.regex)
            if after != pattern.regex:
                pattern = type(pattern)(after, pattern.include)  # a small change of it
        made.append(pattern)
    if all(new is old for new, old in zip(made, spec.patterns, strict=True)):
        return spec
    try:
        return GitIgnoreSpec(made, backend="simple")  # the others know no lookahead
    except TypeError:  # pathspec before 1.0 has one only
        return GitIgnoreSpec(made)


def _is_pattern(line: str) -> bool:
    from pathspec import GitIgnoreSpec

    try:
        GitIgnoreSpec.from_lines([line])
    except (ValueError, re.error):
        return False
    return True


def _first_line(file: str) -> str:
    try:
        raw = read_file(file, MAX_SETTINGS)
    except (OSError, ValueError):
        return ""
    return path_text(raw.partition(b"\n")[0].strip())


def is_ignored(rules: Sequence[Rules], path: str, *, is_folder: bool) -> bool:
    """Say whether git would ignore a path.

    Args:
        rules: those that hold where it lies, the farthest first.
        path: absolute.
        is_folder: it is a folder.
    """
    for each in reversed(rules):
        verdict = each.decide(path, is_folder=is_folder)
        if verdict is not None:
            return verdict
    return False
