"""Which modules take one another's place once a runtime file stands beside a script?

Two ways round: a file of the folder that is named like a standard module, which the runtime then imports in its place
(``logging.py``, a ``copy/`` package), and a ``worker_utils`` of the project's own, which the runtime's file hides. Input:
the project and a script. Output: what a person has to know, or an empty text.
"""

# Thousands of paths are compared: they stay strings.
# ruff: noqa: PTH113, PTH118, PTH119, PTH120

from __future__ import annotations

import os
import re
import sys
import sysconfig
from collections import deque
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from workerlog_migrate.files.names import is_remote
from workerlog_migrate.files.reading import read_file
from workerlog_migrate.files.stamp import read_stamp
from workerlog_migrate.files.vendor import is_ours, is_ours_unedited, modules_in, runtime_text
from workerlog_migrate.model import RUNTIME_MODULES
from workerlog_migrate.project.facts import read_imports
from workerlog_migrate.project.program import imports_of_runtime
from workerlog_migrate.project.said import FileFacts, Import
from workerlog_migrate.project.search_path import given_to_children

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from workerlog_migrate.project.index import Project

_STDLIB = frozenset(sys.stdlib_module_names)
_LOADED_BEFORE = frozenset(sys.builtin_module_names) & frozenset(
    "sys builtins marshal posix nt time _thread _weakref _io _imp _warnings _signal _codecs gc errno itertools".split()  # noqa: SIM905  # a list of words
) | {
    "os",
    "io",
    "abc",
    "codecs",
    "stat",
    "posixpath",
    "ntpath",
    "genericpath",
    "site",
    "encodings",
    "zipimport",
}
"""Standard modules that an interpreter has loaded before it looks beside a script."""

_STARTED = re.compile(rb"^if __name__ == ['\"]__main__['\"]:.*\n(?:[ \t].*\n|\n)*", re.MULTILINE)
"""What a standard module does when it is started, at its left edge: its own tests by `doctest`, a command line."""

_OF_OTHER_VERSIONS = frozenset(
    [
        "_blake2",
        "_colorize",
        "_interpreters",
        "_opcode_metadata",
        "_py_warnings",
        "_pydatetime",
        "_sha2",
        "_tokenize",
        "_zstd",
        "annotationlib",
        "codeop",
        "compression",
        "dataclasses",
        "difflib",
        "glob",
        "grp",
        "pwd",
        "sre_compile",
        "sre_constants",
        "sre_parse",
        "stringprep",
        "sysconfig",
        "unicodedata",
        "uu",
    ]
)
"""What the standard modules of Python 3.10 to 3.14 import for the runtime, in some of them: a worker's Python may be another one
than ours (``traceback`` imports ``_colorize`` since 3.13, ``dataclasses`` ``annotationlib`` since 3.14), and some import late
(``encodings.idna`` ``stringprep``, for a host's name); found by ``sys.modules`` after all imports, and after a use of all that the
runtime does, and by `_needed` on each of them."""

_RUN = ("top", "guarded")
"""Where imports stand that run, or may run, when a module is imported."""

_MOST_FILES = 500
"""So many files are followed from a script, over its imports."""


class Shadows:
    """What hides what, in one project.

    Args:
        project: the project.
    """

    def __init__(self, project: Project) -> None:
        self._project = project
        self._files = frozenset(project.listing.python)
        # Under which names a file may be imported at all: most imports are of none of them.
        self._names = {each.rpartition(os.sep)[2].rpartition(".")[0] for each in self._files}
        self._names.update(
            os.path.basename(os.path.dirname(each)) for each in self._files if each.endswith("__init__.py")
        )
        self._foreign: dict[str, tuple[str, str]] | None = None
        self._by_folder: dict[str, str] = {}
        self._used: dict[str, frozenset[str]] = {}
        self._standard_in: dict[str, list[tuple[str, str]]] = {}
        self._reached_from: dict[str, frozenset[str]] = {}
        self._near_root: list[str] | None = None
        self._imports: dict[str, tuple[str, ...]] = {}
        self._standard_of: dict[str, frozenset[str]] = {}
        self._put_in_front: dict[str, None] = {}
        self._ours: dict[str, bool] = {}
        self._stamped: dict[str, bool | None] = {}
        self._has_asked_starters = False

    def put_in_front(self, path: str, folder: str) -> None:
        """Take note of a folder that something puts before the standard library's, whatever script runs.

        Args:
            path: the file that says so.
            folder: as it writes it, relative; it is looked for beside the file, above it, and by its last parts.
        """
        root = str(self._project.root)
        folders = {os.path.dirname(each) for each in self._files}
        parts = folder.split("/")
        for base in (os.path.dirname(path), root):
            for cut in range(len(parts)):
                found = os.path.join(base, *parts[cut:])
                if found in folders:
                    self._put_in_front[found] = None
                    return

    def standard(self, path: str, folder: str) -> str:
        """Find a file named like a standard module that the runtime needs.

        Args:
            path: the script.
            folder: where Python looks first when the script runs.

        Returns:
            The file; empty when there is none, or the script itself has used it before.
        """
        self._ask_starters()
        for each in dict.fromkeys((folder, *self._in_front(path), *self._put_in_front)):
            if os.path.isfile(each) and _is_archive(each):
                return self._shown(each)
            for name, file in self._named_like_standard(each):
                if name in _needed() and name not in self._used_by(path):
                    return self._shown(file)
        return ""

    def _ask_starters(self) -> None:
        """Take note of what Python files of the project give the workers that they start for a search path."""
        if self._has_asked_starters or self._names.isdisjoint(_STDLIB):
            return
        self._has_asked_starters = True
        mentioning = list(self._project.mentioning(("PYTHONPATH",)))
        if not mentioning or self._names.isdisjoint(_needed()):  # which is dear
            return
        for path, _ in mentioning:
            for folder in given_to_children(self._project.read(path) or b""):
                self.put_in_front(path, folder)

    def _in_front(self, path: str) -> Iterator[str]:
        """Give the folders that a script, or what it imports, puts before the standard library's."""
        for each in self.reached(path):
            if self._is_runtime(each):  # which was not there yet when the first script was migrated
                continue
            facts = self._project.facts(each)
            if facts is not None and facts.looks_elsewhere:
                yield from sorted({os.path.dirname(file) for file in self._files})
            if facts is None or not facts.in_front:
                continue
            above = [os.path.dirname(each)]
            while above[-1] != str(self._project.root) and above[-1] != os.path.dirname(above[-1]):
                above.append(os.path.dirname(above[-1]))
            for text in facts.in_front:
                if text == "..":
                    yield from above[1:]
                elif not text.strip("^"):
                    yield from above[len(text) - 1 : len(text)]
                    continue
                found = (os.path.normpath(os.path.join(base, text)) for base in above)
                yield from (each for each in found if not is_remote(each, above[-1]))

    def _is_runtime(self, path: str) -> bool:
        """Whether a file is the runtime's as we wrote it."""
        module = os.path.basename(path).removesuffix(".py")
        if module not in RUNTIME_MODULES:
            return False
        if path not in self._ours:
            raw = self._project.read(path)
            self._ours[path] = raw is not None and is_ours_unedited(module, raw) is not False
        return self._ours[path]

    def _named_like_standard(self, folder: str) -> list[tuple[str, str]]:
        if folder not in self._standard_in:
            beside = modules_in(folder, (_STDLIB | _OF_OTHER_VERSIONS) - _LOADED_BEFORE)
            self._standard_in[folder] = [
                (name, _file_of(os.path.join(folder, beside[name]))) for name in sorted(beside)
            ]
        return self._standard_in[folder]

    def foreign(self, path: str) -> str:
        """Find a module of the project that a runtime file beside a script would hide.

        Args:
            path: the script.

        Returns:
            What imports it, and where it is; empty when there is none.
        """
        if not self._foreigners():
            return ""
        folder = os.path.dirname(path)
        if folder not in self._by_folder:
            beside = [each for each in sorted(self._files) if os.path.dirname(each) == folder]
            self._by_folder[folder] = next(
                (
                    text
                    for each in self._reached([path, *beside])
                    if each in self._foreigners()
                    for location, text in [self._foreigners()[each]]
                    if os.path.dirname(location) != folder
                ),
                "",
            )
        return self._by_folder[folder]

    def reached(self, path: str) -> frozenset[str]:
        """Follow a script's imports over the files of the project.

        Args:
            path: the script.

        Returns:
            The files, the script among them; of a great many the nearest.
        """
        if path not in self._reached_from:
            self._reached_from[path] = frozenset(self._reached([path]))
        return self._reached_from[path]

    def _foreigners(self) -> dict[str, tuple[str, str]]:
        """List the files that import a module of a runtime file's name that is not ours: file -> where it is, what to say."""
        if self._foreign is None:
            self._foreign = {}
            for path, facts in self._project.mentioning(RUNTIME_MODULES):
                if os.path.basename(path).removesuffix(".py") in RUNTIME_MODULES:
                    continue
                by_text = [Import(name, 0, (), 0, "guarded") for name in facts.by_text]
                for entry in (*facts.imports, *by_text):
                    location = self._not_ours(path, entry)
                    if location or (location is not None and entry.line):
                        where = f" ({self._shown(location)})" if location else ""
                        line = f":{entry.line}" if entry.line else ""
                        text = f"{self._shown(path)}{line} imports another {entry.module}{where}"
                        self._foreign[path] = (location, text)
        return self._foreign

    def _shown(self, path: str) -> str:
        return os.path.relpath(path, self._project.root).replace(os.sep, "/")

    def _not_ours(self, path: str, entry: Import) -> str | None:
        """Say where a module of a runtime file's name lies that is not ours (empty: elsewhere); None when it is ours."""
        if entry.level or entry.module.partition(".")[0] not in RUNTIME_MODULES or entry.place == "typing":
            return None
        name = entry.module.partition(".")[0]
        beside = self._module(os.path.dirname(path), name)
        if beside:
            return None if self._is_stamped(beside) else beside
        if entry.module in RUNTIME_MODULES and entry.names and is_ours({entry.module: entry.names}):
            return None
        found = [each for each in self._files if os.path.basename(each) == f"{name}.py"]
        found += [each for each in self._files if each.endswith(os.path.join(name, "__init__.py"))]
        return next((each for each in sorted(found) if self._is_stamped(each) is False), "")

    def _is_stamped(self, path: str) -> bool | None:
        """Whether a file begins as one of ours does; None of one that cannot be read."""
        if path not in self._stamped:
            raw = self._project.read(path)
            self._stamped[path] = (
                None if raw is None else read_stamp(raw.decode("utf-8", "replace")) is not None
            )
        return self._stamped[path]

    def _module(self, folder: str, name: str) -> str:
        for file in (os.path.join(folder, f"{name}.py"), os.path.join(folder, name, "__init__.py")):
            if file in self._files:
                return file
        return ""

    def _reached(self, paths: Sequence[str]) -> Iterator[str]:
        """Follow imports over the files of the project."""
        waiting, seen = deque(paths), set(paths)
        while waiting and len(seen) <= _MOST_FILES:
            path = waiting.popleft()
            yield path
            for found in self._imported_by(path):
                if found not in seen:
                    seen.add(found)
                    waiting.append(found)

    def _imported_by(self, path: str) -> tuple[str, ...]:
        """Give the files of the project that a file imports; each is asked once, however many scripts lead to it."""
        if path not in self._imports:
            ours = self._project.runtime_of_now(path)
            facts = imports_of_runtime(ours) if ours else self._project.facts(path)
            self._imports[path] = () if facts is None else tuple(dict.fromkeys(self._imported(path, facts)))
        return self._imports[path]

    def _imported(self, path: str, facts: FileFacts) -> Iterator[str]:
        for entry in facts.imports:
            folders = [entry.base(path)]
            if not entry.level:
                folders += [str(self._project.root), *self._on_path(facts)]
            parts = entry.module.split(".") if entry.module else []
            for each in (parts, *([*parts, name] for name in entry.names)):
                for folder in folders if each and each[-1] in self._names else ():
                    file = self._module(os.path.join(folder, *each[:-1]), each[-1])
                    if file:
                        yield file
                        break

    def _on_path(self, facts: FileFacts) -> list[str]:
        """Every folder of the project's first two levels, for a file that changes ``sys.path``: which, is not followed."""
        if not facts.changes_path:
            return []
        if self._near_root is None:
            root = str(self._project.root)
            near = {os.path.dirname(each) for each in self._files}
            self._near_root = sorted(
                each for each in near if each == root or os.path.relpath(each, root).count(os.sep) <= 1
            )
        return self._near_root

    def _used_by(self, path: str) -> frozenset[str]:
        """Give the standard modules that a script, or a file of the project that it imports, has imported before."""
        if path not in self._used:
            self._used[path] = self._find_used(path)
        return self._used[path]

    def _find_used(self, path: str) -> frozenset[str]:
        """Follow the imports that run whenever a file does: what may not run is run for the first time by the runtime's import."""
        found: set[str] = set()
        waiting, seen = deque([path]), {path}
        while waiting and len(seen) <= _MOST_FILES:
            each = waiting.popleft()
            facts = self._certain(each)
            if facts is None:
                continue
            found |= self._standard_by(each, facts)
            new = [other for other in self._imported(each, facts) if other not in seen]
            seen.update(new)
            waiting.extend(new)
        return frozenset(found)

    def _certain(self, path: str) -> FileFacts | None:
        is_ours = os.path.basename(path).removesuffix(".py") in RUNTIME_MODULES
        facts = None if is_ours else self._project.facts(path)
        return None if facts is None else facts.certain()

    def _standard_by(self, path: str, facts: FileFacts) -> frozenset[str]:
        """Give the standard modules that one file certainly imports itself.

        Not what these import: ``logging`` leads to ``tokenize`` in Python 3.12, and in 3.13 only once something fails.
        """
        if path not in self._standard_of:
            self._standard_of[path] = frozenset(name.partition(".")[0] for name in _standard(facts.imports))
        return self._standard_of[path]


def _is_archive(path: str) -> bool:
    """Whether Python imports from a file on its search path (`zipimport`), whatever its name: what is in it is not looked at."""
    import zipfile  # few projects have one

    try:
        return zipfile.is_zipfile(path)
    except OSError:
        return False


def _file_of(path: str) -> str:
    """Name what is run when a module is imported: of a package its ``__init__.py``, where it has one."""
    inside = os.path.join(path, "__init__.py")
    return inside if os.path.isfile(inside) else path


@cache
def _needed() -> frozenset[str]:
    """Give the standard modules that the runtime imports, with what these import; also those that it imports late."""
    direct: set[str] = set()
    for module in RUNTIME_MODULES:
        imports = read_imports(Path(f"{module}.py"), runtime_text(module).encode("utf-8"))
        if imports is None:  # ours parses, where there is memory for it
            raise MemoryError
        direct.update(_standard(imports, late=True))
    return _closure(frozenset(direct)) | _OF_OTHER_VERSIONS


def _standard(imports: Iterable[Import], *, late: bool = False) -> Iterator[str]:
    for entry in imports:
        if entry.level or entry.module.partition(".")[0] not in _STDLIB:
            continue
        if entry.place in ("top", "guarded") or (late and entry.place == "inner"):
            yield entry.module
            yield from (f"{entry.module}.{name}" for name in entry.names)


@cache
def _closure(modules: frozenset[str]) -> frozenset[str]:
    """Follow the imports of standard modules; what may run when a module is imported counts."""
    waiting, seen = list(modules), set(modules)
    while waiting:
        for name in _imports_of(waiting.pop()):
            if name not in seen:
                seen.add(name)
                waiting.append(name)
    return frozenset(name.partition(".")[0] for name in seen)


@cache
def _imports_of(name: str) -> tuple[str, ...]:
    stem = Path(sysconfig.get_path("stdlib"), *name.split("."))
    for file in (stem.with_suffix(".py"), stem / "__init__.py"):
        try:
            imports = read_imports(file, _STARTED.sub(b"", read_file(file)))
        except OSError:
            continue
        if imports is None:
            return ()
        parent = name if file.name == "__init__.py" else name.rpartition(".")[0]
        near = (
            ".".join(part for part in (parent, entry.module, each) if part)
            for entry in imports
            if entry.level == 1 and entry.place in _RUN
            for each in (*entry.names, "")
        )
        return (*_standard(entry for entry in imports if entry.place in _RUN), *near)
    return ()
