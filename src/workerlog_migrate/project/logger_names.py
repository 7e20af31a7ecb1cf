"""Which loggers does the program use itself? From what its files and settings say to the names that a worker's log must not take."""

# Names of files are texts here, as in `starts`.
# ruff: noqa: PTH119, PTH120

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from workerlog_migrate.project.lookup import packages_of, parts_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from workerlog_migrate.project.index import Project
    from workerlog_migrate.project.said import FileFacts
    from workerlog_migrate.project.shadows import Shadows

_LISTED = 20
_OWN_NAMES = frozenset({"__name__", "__file__", "__package__", "__spec__"})
_CONFIGURED = re.compile(
    r"^[^\S\n]*qualname\s*=\s*(?P<ini>[\w.]+)|^[^\S\n]*[\"']?(?P<key>[\w.]+)[\"']?\s*:\s*(?:\{|$)",
    re.MULTILINE,
)
"""A logger that a configuration in another file names: ``qualname`` of an ini file, a key of JSON or YAML."""

_VALUE = re.compile(r"[:=]\s*[\"']?(?P<name>[\w-]{1,100})[\"']?\s*(?:[,}\]#;]|$)", re.MULTILINE)


class LoggerNames:
    """The names of a program's loggers, as far as they concern some workers.

    Args:
        project: the project.
        shadows: what is imported by what.
        names: of the workers, and of their scripts.
    """

    def __init__(self, project: Project, shadows: Shadows, names: Collection[str]) -> None:
        self._project = project
        self._shadows = shadows
        self._names = frozenset(names)
        # Loggers -> the files that use them, and whether by ``__name__``.
        self._loggers: dict[str, set[tuple[str, bool]]] = {}
        # Files that hold a worker's name as a value -> the names.
        self._values: dict[str, set[str]] = {}
        self._add_named_alike()

    def add(self, path: str, facts: FileFacts) -> None:
        """Take note of what a Python file says.

        Args:
            path: the file.
            facts: of it.
        """
        for name in facts.loggers:
            for each in _names_by(path, name):
                self._loggers.setdefault(each, set()).add((path, name == "__name__"))
        values = self._names.intersection(facts.values)
        if values:
            self._values[path] = set(values)

    def add_text(self, path: str, text: str) -> None:
        """Take note of what a file of settings says.

        Args:
            path: the file.
            text: its text.
        """
        for named in _CONFIGURED.finditer(text) if "logger" in text else ():
            self._loggers.setdefault(named["ini"] or named["key"], set()).add((path, False))
        values = self._names.intersection(found["name"] for found in _VALUE.finditer(text))
        if values:
            self._values[path] = set(values)

    def like(self, script: str, *names: str, is_imported: bool) -> tuple[str, ...]:
        """List the program's loggers of some names, and those below them whose records may reach a terminal.

        Args:
            script: the worker's file.
            names: of the worker.
            is_imported: another file imports it, so that its ``__name__`` may be its own name.
        """
        found = [
            logger
            for logger, users in self._loggers.items()
            for name in names
            if logger == name or logger.startswith(f"{name}.")
            if any(
                self._takes_part(script, user, is_name=logger == name, is_own=own and not is_imported)
                for user, own in users
            )
        ]
        found += [name for name in names if self._is_read(script, name)]
        return tuple(sorted(set(found))[:_LISTED])

    def _is_read(self, script: str, name: str) -> bool:
        """Whether a file that a script runs makes a logger of what is not written in it, but in one that it imports or names."""
        holders = [holder for holder, values in self._values.items() if name in values]
        for path in self._shadows.reached(script) if holders else ():
            facts = self._project.facts(path)
            if facts is None or "" not in facts.loggers:
                continue
            words = {os.path.basename(word) for word, _ in facts.words}
            for holder in holders:
                if os.path.basename(holder) in words:
                    return True
                if path != holder and holder in self._shadows.reached(path):
                    return True
        return False

    def _add_named_alike(self) -> None:
        """Look at files whose own name is a script's or a worker's, too: what names them may be a logger's name."""
        for path in self._project.listing.python:
            folder = os.path.dirname(path)
            last = (
                os.path.basename(path).rpartition(".")[0],
                os.path.basename(folder),
                os.path.basename(os.path.dirname(folder)),
            )
            # First what most have none of, as texts; of an `__init__.py` it is its folder and the one above.
            if self._names.isdisjoint(last) or self._names.isdisjoint(parts_of(path)[-2:]):
                continue
            facts = self._project.facts(path)
            for name in _OWN_NAMES.intersection(() if facts is None else facts.loggers):
                for each in _names_by(path, name):
                    self._loggers.setdefault(each, set()).add((path, name == "__name__"))

    def _takes_part(self, script: str, path: str, *, is_name: bool, is_own: bool) -> bool:
        """Whether a file that uses a logger may run with a script, and be heard."""
        facts = self._project.facts(path)
        if path == script and is_own:
            return False  # run as a script, its ``__name__`` is another
        is_silent = facts is not None and facts.handlers == ("NullHandler",)
        if is_silent and not is_name:
            return False
        if path == script or facts is None or not facts.has_main_guard:
            return True
        return path in self._shadows.reached(script)  # else a program of its own


def _module_names(path: str) -> Iterator[str]:
    """Give what ``__name__`` may be in a file: its name alone, and through the packages that hold it."""
    parts = parts_of(path)
    packages = packages_of(path)
    if not path.endswith("__init__.py"):
        packages += 1
    yield parts[-1]
    if packages > 1:
        yield ".".join(parts[-packages:])


def _names_by(path: str, name: str) -> Iterator[str]:
    """Give what a logger's name may be in a file, by what `FileFacts.loggers` says of it."""
    if name == "__package__":
        yield from (each.rpartition(".")[0] or each for each in _module_names(path))
        yield parts_of(path)[-2]
    elif name in _OWN_NAMES:
        yield from _module_names(path)
    elif name:
        yield name
