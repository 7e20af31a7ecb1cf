"""Which other files may use what a script defines? Those that import it, those that import these, and who is passed its names on.

Input: the project and its scripts. Output: ``Target.users``: for each script, and for each file of the project that it imports or that
these import, the files from which its functions may be called and its names, attributes and tables be changed; and under `AROUND`
those that run with it and set something up (see ``program``). Names are resolved as in ``starts``; where that leaves a choice, all of
them count: too many rather than too few.

Of a program of few files, all count from which the script can be reached. In a larger one each file would look at all others: there,
beyond who imports an importer, those count that import a name which was passed on to them, or name it.
"""

# Thousands of paths are compared: they stay strings.
# ruff: noqa: PTH118, PTH119, PTH120, PTH206

from __future__ import annotations

import os
import re
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from workerlog_migrate.model import AROUND, MANY
from workerlog_migrate.project.program import IMPORT, MAX_PROGRAM, NAME, Program
from workerlog_migrate.project.said import Import

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from workerlog_migrate.model import Target
    from workerlog_migrate.project.index import Project
    from workerlog_migrate.project.said import FileFacts

MAX_USERS = 200
"""Of a file that more files use, nobody can tell what all of them do with it: `MANY` stands in their place."""

_FEW = 40  # so many files from which a script can be reached are all looked at
_NEAR = 2  # importers, and who imports what they pass on
_REACHED = 40  # so many files that a script imports, or these import, are asked for their users
_ALL = "*"
_RENAMED = re.compile(rb"(?<![A-Za-z0-9_\x80-\xff])(" + NAME + rb")\s+as\s+(" + NAME + rb")")
_NAMED = re.compile(rb"[.\"'][ \t]*(" + NAME + rb")")


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
    imported = {path: graph.reached_by(path) for path in paths}
    graph.look_for({*paths, *(each for found in imported.values() for each in found)})
    program = Program(project, paths, graph.importers, graph.resolve)
    made: list[Target] = []
    for target, path in zip(targets, paths, strict=True):
        users = tuple((each, graph.users(each)) for each in (path, *imported[path]))
        around = program.set_up_around(path) if graph.is_whole else (MANY,)
        beside = program.beside(path, (path, *imported[path])) if graph.is_whole else ()
        made.append(replace(target, users=(*users, *(((AROUND, around),) if around else ()), *beside)))
    return made


class _Said(NamedTuple):
    """What a file says of names that others pass on to it.

    Attributes:
        imports: by the path of a file, the imports that may run it.
        renamed: by a name, those that it is given (``import x as y``).
        named: what is read as an attribute, or is a text.
    """

    imports: dict[str, list[Import]]
    renamed: dict[str, set[str]]
    named: set[str]


class _Graph:
    """Who imports whom, as far as it was asked for.

    Attributes:
        importers: by the path of a file, the files that import it.
        is_whole: all were found.
    """

    def __init__(self, project: Project) -> None:
        self._project = project
        self.is_whole = True
        self._by_name: dict[str, list[str]] = {}
        for path in project.listing.python:
            self._by_name.setdefault(_name(path), []).append(path)
        self.importers: dict[str, dict[str, None]] = {}
        self._seen: set[str] = set()
        self._users: dict[str, tuple[str, ...]] = {}
        self._said: dict[str, _Said] = {}
        self._imported: dict[str, tuple[str, ...]] = {}

    def imported_by(self, path: str) -> tuple[str, ...]:
        """Return the files of the project that a file imports; of our runtime nobody changes or calls what is in it."""
        known = self._imported.get(path)
        if known is None:
            facts = self._project.facts(path)
            entries = () if facts is None else facts.imports
            found = dict.fromkeys(each for entry in entries for each in self.resolve(path, entry))
            found.pop(path, None)
            known = tuple(each for each in found if not self._project.is_runtime(each))
            self._imported[path] = known
        return known

    def reached_by(self, path: str) -> tuple[str, ...]:
        """Return the files that a file imports, those that these import, and so on: the nearest, of a great many."""
        found: dict[str, None] = {}
        pending = [path]
        while pending and len(found) < _REACHED:
            new = dict.fromkeys(each for current in pending for each in self.imported_by(current))
            new.pop(path, None)
            pending = [each for each in new if each not in found]
            found |= dict.fromkeys(pending)
        return tuple(found)

    def look_for(self, paths: set[str]) -> None:
        """Find the files that import some files, those that import these, and so on."""
        wanted = set(paths)
        looked_at = set(paths)
        while wanted:
            names = {_name(path) for path in wanted} - self._seen
            self._seen |= names
            if not names:
                return
            if len(looked_at) > MAX_PROGRAM + len(paths):
                self.is_whole = False
                return
            found: set[str] = set()
            for path, facts in self._project.mentioning(names):
                if self._project.is_runtime(path):
                    continue
                for imported in self._imports(path, facts):
                    if imported != path:
                        self.importers.setdefault(imported, {})[path] = None
                        if imported in wanted:
                            found.add(path)
            wanted = found - looked_at
            looked_at |= found

    def users(self, path: str) -> tuple[str, ...]:
        """Return who may use what is in a file; `MANY` among them when there were too many."""
        known = self._users.get(path)
        if known is None:
            known = self._users[path] = self._found_users(path)
        return known

    def _found_users(self, path: str) -> tuple[str, ...]:
        near = self._reaching(path, _NEAR)
        found = dict.fromkeys(near)
        every = self._reaching(path, _FEW)
        found.update(dict.fromkeys(every if len(every) <= _FEW else self._passed_on(path)))
        if len(found) > MAX_USERS or not (self._project.is_whole and self.is_whole):
            return (MANY, *near[:MAX_USERS])
        return tuple(found)

    def _reaching(self, path: str, rounds: int) -> list[str]:
        """Return the files that import one, directly or through others, up to a number of rounds and hardly more than are few."""
        found: dict[str, None] = {}
        wanted = [path]
        for at in range(rounds):
            nearest = [user for each in wanted for user in self.importers.get(each, ())]
            wanted = [user for user in nearest if user not in found and user != path]
            found.update(dict.fromkeys(wanted))
            if not wanted or (at >= _NEAR and len(found) > _FEW):
                break
        return list(found)

    def _passed_on(self, path: str) -> Iterable[str]:
        """Return the files that a file is passed on to by name: as a module, or a name of it through those that import the name."""
        carried: dict[str, set[str]] = {path: {_ALL}}
        pending = [path]
        while pending and len(carried) <= MAX_USERS + 1:
            current = pending.pop()
            for user in self.importers.get(current, ()):
                names = self._taken(user, current, carried[current])
                if names - carried.get(user, set()):
                    carried.setdefault(user, set()).update(names)
                    pending.append(user)
        del carried[path]
        return carried

    def _taken(self, user: str, path: str, passed: set[str]) -> set[str]:
        """Return the names under which a file has what another passes on, or that other itself."""
        said = self._said.get(user)
        if said is None:
            said = self._said[user] = self._read(user)
        found: set[str] = set()
        for entry in said.imports.get(path, ()):
            last = _name(path)
            if entry.names and last not in entry.names:  # from um import grava
                found |= passed if _ALL in entry.names else passed.intersection(entry.names)
                found |= {*entry.names} if _ALL in passed else set()
            elif _ALL in passed or not passed.isdisjoint(said.named):
                found.add(entry.alias or last)
        return found.union(*(said.renamed.get(name, ()) for name in found))

    def _read(self, user: str) -> _Said:
        facts, raw = self._project.facts(user), self._project.read(user) or b""
        imports: dict[str, list[Import]] = {}
        for entry in () if facts is None else facts.imports:
            for path in self.resolve(user, entry):
                imports.setdefault(path, []).append(entry)
        for path in () if facts is None else self._by_text(user, facts):
            imports.setdefault(path, []).append(Import("", 0, (), 0, ""))
        renamed: dict[str, set[str]] = {}
        for old, new in _RENAMED.findall(raw):
            renamed.setdefault(old.decode("utf-8", "replace"), set()).add(new.decode("utf-8", "replace"))
        named = {name.decode("utf-8", "replace") for name in _NAMED.findall(IMPORT.sub(b"", raw))}
        return _Said(imports, renamed, named)

    def _imports(self, path: str, facts: FileFacts) -> Iterator[str]:
        for entry in facts.imports:
            yield from self.resolve(path, entry)
        yield from self._by_text(path, facts)

    def _by_text(self, path: str, facts: FileFacts) -> Iterator[str]:
        for word in (
            *facts.by_text,
            *(word for word, _ in facts.words),
        ):  # import_module("pkg.x"), patch("pkg.x.name")
            parts = word.split(".")
            for cut in range(len(parts), 0, -1):
                yield from self._ending_with(path, parts[:cut])

    def resolve(self, path: str, entry: Import) -> Iterator[str]:
        """Yield the files that an import in a file may run."""
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
        """Yield the files that an absolute name may be of: the one beside the importer, else all that end like it.

        A name of the standard library is that of a file in a package for its neighbours alone, which may be started there.
        """
        candidates = self._by_name.get(parts[-1], ()) if parts else ()
        matching = [found for found in candidates if _tail(found, len(parts)) == parts]
        folder = os.path.dirname(path)
        if parts and parts[0] in sys.stdlib_module_names:
            matching = [
                found
                for found in matching
                if os.path.dirname(found) == folder or not self._is_in_package(found, len(parts))
            ]
        if len(matching) > 1:
            matching = [found for found in matching if os.path.dirname(found) == folder] or matching
        yield from matching

    def _is_in_package(self, path: str, count: int) -> bool:
        """Whether a file belongs to a package that a name of some parts lacks: ``report/json.py`` is no ``json``."""
        folder = path.rpartition(".")[0]
        if os.path.basename(folder) == "__init__":
            folder = os.path.dirname(folder)
        for _ in range(count):
            folder = os.path.dirname(folder)
        return os.path.join(folder, "__init__.py") in self._by_name.get(os.path.basename(folder), ())


def _name(path: str) -> str:
    """Return the last part of the name under which a file is imported."""
    stem = os.path.basename(path).rpartition(".")[0]
    return os.path.basename(os.path.dirname(path)) if stem == "__init__" else stem


def _tail(path: str, count: int) -> list[str]:
    parts = path.rpartition(".")[0].split(os.sep)
    if parts[-1] == "__init__":
        parts.pop()
    return parts[-count:]
