"""Which other files may use what a script defines? Those that import it, and those that import these.

Input: the project and its scripts. Output: ``Target.users``: for each script, and for each file of the project that it imports, the
files from which its functions may be called and its names, attributes and tables be changed. Names are resolved as in
``starts``; where that leaves a choice, all of them count: too many rather than too few.
"""

# Thousands of paths are compared: they stay strings.
# ruff: noqa: PTH118, PTH119, PTH120, PTH206

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from workerlog_migrate.model import MANY

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from workerlog_migrate.model import Target
    from workerlog_migrate.project.index import Project
    from workerlog_migrate.project.said import FileFacts, Import

MAX_USERS = 200
"""Of a file that more files use, nobody can tell what all of them do with it: `MANY` stands in their place."""

_ROUNDS = 2  # importers, and who imports what they pass on


def with_users(project: Project, targets: Sequence[Target], cwd: Path) -> list[Target]:
    """Find out who may use what scripts define.

    Args:
        project: the project that they belong to.
        targets: the scripts.
        cwd: the folder that their paths start from, absolute.

    Returns:
        The same scripts, with ``users`` filled.
    """
    graph = _Graph(project)
    paths = [os.path.realpath(cwd / target.path.parent) + os.sep + target.path.name for target in targets]
    imported = {path: graph.imported_by(path) for path in paths}
    graph.look_for({*paths, *(each for found in imported.values() for each in found)})
    made: list[Target] = []
    for target, path in zip(targets, paths, strict=True):
        users = tuple((each, graph.users(each)) for each in (path, *imported[path]))
        made.append(replace(target, users=users))
    return made


class _Graph:
    """Who imports whom, as far as it was asked for."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._by_name: dict[str, list[str]] = {}
        for path in project.listing.python:
            self._by_name.setdefault(_name(path), []).append(path)
        self._importers: dict[str, dict[str, None]] = {}
        self._seen: set[str] = set()

    def imported_by(self, path: str) -> tuple[str, ...]:
        """Return the files of the project that a file imports; of our runtime nobody changes or calls what is in it."""
        facts = self._project.facts(path)
        if facts is None:
            return ()
        found = dict.fromkeys(each for entry in facts.imports for each in self._resolve(path, entry))
        found.pop(path, None)
        return tuple(each for each in found if not self._project.is_runtime(each))

    def look_for(self, paths: set[str]) -> None:
        """Find the files that import some files, and those that import these."""
        wanted = set(paths)
        for _ in range(_ROUNDS):
            names = {_name(path) for path in wanted} - self._seen
            self._seen |= names
            if not names:
                return
            found: set[str] = set()
            for path, facts in self._project.mentioning(names):
                if self._project.is_runtime(path):
                    continue
                for imported in self._imports(path, facts):
                    if imported != path:
                        self._importers.setdefault(imported, {})[path] = None
                        if imported in wanted:
                            found.add(path)
            wanted = found

    def users(self, path: str) -> tuple[str, ...]:
        """Return who imports a file, directly or through another one; `MANY` among them when there were too many."""
        found: dict[str, None] = {}
        wanted = [path]
        for _ in range(_ROUNDS):
            nearest = [user for each in wanted for user in self._importers.get(each, ())]
            wanted = [user for user in nearest if user not in found and user != path]
            found.update(dict.fromkeys(wanted))
        if len(found) > MAX_USERS or not self._project.is_whole:
            return (MANY, *list(found)[:MAX_USERS])
        return tuple(found)

    def _imports(self, path: str, facts: FileFacts) -> Iterator[str]:
        for entry in facts.imports:
            yield from self._resolve(path, entry)
        for word in (
            *facts.by_text,
            *(word for word, _ in facts.words),
        ):  # import_module("pkg.x"), patch("pkg.x.name")
            parts = word.split(".")
            for cut in range(len(parts), 0, -1):
                yield from self._ending_with(path, parts[:cut])

    def _resolve(self, path: str, entry: Import) -> Iterator[str]:
        module = entry.module.split(".") if entry.module else []
        for parts in (module, *([*module, name] for name in entry.names)):
            if not parts and not entry.level:
                continue
            if entry.level:
                base = os.path.join(entry.base(path), *parts)
                for found in (f"{base}.py", os.path.join(base, "__init__.py")):
                    if found in self._by_name.get(_name(found), ()):
                        yield found
            else:
                yield from self._ending_with(path, parts)

    def _ending_with(self, path: str, parts: list[str]) -> Iterator[str]:
        """Yield the files that an absolute name may be of: the one beside the importer, else all that end like it."""
        candidates = self._by_name.get(parts[-1], ()) if parts else ()
        matching = [found for found in candidates if _tail(found, len(parts)) == parts]
        beside = [found for found in matching if os.path.dirname(found) == os.path.dirname(path)]
        yield from beside or matching


def _name(path: str) -> str:
    """Return the last part of the name under which a file is imported."""
    stem = os.path.basename(path).rpartition(".")[0]
    return os.path.basename(os.path.dirname(path)) if stem == "__init__" else stem


def _tail(path: str, count: int) -> list[str]:
    parts = path.rpartition(".")[0].split(os.sep)
    if parts[-1] == "__init__":
        parts.pop()
    return parts[-count:]
