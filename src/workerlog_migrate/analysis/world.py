"""The script under migration and the files around it: their units, made when first asked for, and who uses them.

Input: a module, the rows, and how other files are found. Output: ``Unit`` objects. All evaluators stand on this; nothing here
evaluates.
"""

from __future__ import annotations

import ast
import sys
from typing import TYPE_CHECKING

from workerlog_migrate.analysis.exceptions import Hierarchy
from workerlog_migrate.analysis.header import brings_runtime
from workerlog_migrate.analysis.neighbours import Folders
from workerlog_migrate.analysis.program import FunctionInfo, Unit
from workerlog_migrate.model import Settings, Unresolved

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from workerlog_migrate.analysis.module import Module
    from workerlog_migrate.analysis.neighbours import Users
    from workerlog_migrate.knowledge import Knowledge

_IMPORTED_DEPTH = 2
_LOADED = frozenset(
    {
        "abc",
        "codecs",
        "encodings",
        "genericpath",
        "io",
        "os",
        "posixpath",
        "site",
        "stat",
        "zipimport",
        "_collections_abc",
    }
)
"""Modules that Python has loaded before a script is started, so that no file beside it takes their place."""


class World:
    """The files of one analysis.

    Args:
        module: the script.
        knowledge: the rows.
        settings: for the exceptions that the user taught.
        resolve_module: finds another file of the program by its dotted name and the path of the file that imports it;
            None when there is none.
        users: finds the files that may use what is in a file; None: nobody knows, and the file is taken for the program.

    """

    def __init__(
        self,
        module: Module,
        knowledge: Knowledge,
        settings: Settings,
        resolve_module: Callable[[str, Path], Module | None] | None = None,
        users: Users | None = None,
    ) -> None:
        self.knowledge = knowledge
        self.taught = dict(settings.raises)
        self.python = settings.python
        self.hierarchy = Hierarchy(knowledge, settings.python)
        # Under --unresolved reraise a broad handler will raise again what nobody knows: outer handlers see it then.
        self.reraises_unknown = settings.unresolved is Unresolved.RERAISE
        self._folders = Folders()
        self.unit = Unit(module, self._folders.dotted_name(module.source.path))
        self._resolve_module = resolve_module
        self._units: dict[tuple[Path | None, str, bool], Unit | None] = {}
        self._by_module: dict[Module, Unit] = {module: self.unit}
        self._package: str | None = None
        self._users = users
        self._loaded: set[Unit] | None = None
        self._hidden: dict[str, bool] = {}
        self._known_users: dict[Unit, bool] = {}
        self._own_tops: dict[str, bool] = {}
        self._imports: dict[tuple[ast.AST, Unit], tuple[Unit, ...]] = {}
        self._imported_by: dict[Unit, tuple[Unit, ...]] = {}
        self._direct: dict[Unit, tuple[Unit, ...]] = {}
        self._absolute: dict[str, Unit | None] = {}
        self._users_of: dict[tuple[Unit, str, bool], tuple[Unit, ...]] = {}
        self._around: dict[tuple[str, bool], tuple[Unit, ...]] = {}
        self._beside: dict[tuple[str, bool], tuple[Unit, ...]] = {}

    def may_be_own(self, top: str, qualified: str) -> bool:
        """Whether an imported name can be of another file of the program.

        It is relative, of the package that holds the script, or neither known nor of the standard library.
        """
        if qualified.startswith("."):
            return True
        known = self._own_tops.get(top)
        if known is None:
            known = self._own_tops[top] = self._may_be_own(top)
        return known

    def _may_be_own(self, top: str) -> bool:
        if top not in sys.stdlib_module_names and not self.knowledge.knows_module(top):
            return True
        if self._hides(top):
            return True
        package = self._dotted()
        return package.partition(".")[0] == top and "." in package

    def _hides(self, top: str) -> bool:
        """Whether a file beside a script that is started, which is of no package, is imported in the place of a library."""
        known = self._hidden.get(top)
        if known is None:
            is_loaded = top in _LOADED or top in sys.builtin_module_names
            known = False
            if not is_loaded and "." not in self._dotted():
                known = self.other_unit(top) is not None
            self._hidden[top] = known
        return known

    def _dotted(self) -> str:
        """Return the script's name through the packages that hold it."""
        if self._package is None:
            self._package = self._folders.dotted_name(self.unit.module.source.path)
        return self._package

    def other_unit(self, name: str, beside: Unit | None = None) -> Unit | None:
        """Return another file of the program.

        Args:
            name: its dotted name, ``..x`` for a relative one.
            beside: the file that imports it, by default the script.

        """
        relative = name.startswith(".")
        path = (beside or self.unit).module.source.path
        key = (path if relative else None, name, beside in (None, self.unit))
        if key not in self._units:
            module = self._resolve_module(name, path) if self._resolve_module is not None else None
            self._units[key] = None if module is None else self._unit_of(module, name)
        return self._units[key]

    def own_imports(self, node: ast.Import | ast.ImportFrom, unit: Unit) -> Iterator[Unit]:
        """Yield the files of the program that an import runs unless they have run, as far as they can be found.

        The runtime that we put beside scripts is none of them: it runs nothing of the program, and need not be read.

        Args:
            node: the import.
            unit: the file that it stands in.
        """
        key = (node, unit)
        known = self._imports.get(key)
        if known is not None:
            yield from known
            return
        found = []
        for other in self._imported(node, unit):
            found.append(other)
            yield other
        self._imports[key] = tuple(found)  # only now: who has seen enough reads no further files

    def _imported(self, node: ast.Import | ast.ImportFrom, unit: Unit) -> Iterator[Unit]:
        known = unit.module.remembered
        names = known.get(node)
        if names is None:
            names = known[node] = _names_of(node)
        for top, name in names:
            if self.may_be_own(top, name):
                found = self.other_unit(name, unit)
                if found is not None and found is not unit:
                    yield found

    def imported_by(self, unit: Unit) -> tuple[Unit, ...]:
        """Return the files of the program that a file imports, and those that these import: what is handed to them may be changed there.

        Args:
            unit: the file.
        """
        known = self._imported_by.get(unit)
        if known is None:
            found: dict[Unit, None] = {}
            pending = [unit]
            for _ in range(_IMPORTED_DEPTH):
                new = {
                    other: None
                    for current in pending
                    for other in (
                        self._direct[current] if current in self._direct else self._imports_of(current)
                    )
                    if other is not unit and other not in found
                }
                found |= new
                pending = list(new)
            known = self._imported_by[unit] = tuple(found)
        return known

    def _imports_of(self, unit: Unit) -> tuple[Unit, ...]:
        """Return the files of the program that a file imports itself."""
        module = unit.module
        names: tuple[tuple[str, str], ...] | None = module.remembered.get(_imported_names)
        if names is None:
            names = module.remembered[_imported_names] = _imported_names(module)
        if unit is self.unit:
            found = [self._absolute_import(top, name, unit) for top, name in names]
        else:  # of an absolute name all files but the script mean the same
            known = self._absolute
            found = [
                known[name] if name in known else self._absolute_import(top, name, unit)
                for top, name in names
            ]
        self._direct[unit] = direct = tuple(
            dict.fromkeys([other for other in found if other is not None and other is not unit])
        )
        return direct

    def _absolute_import(self, top: str, name: str, unit: Unit) -> Unit | None:
        """Return the file of the program that an import runs; remembered for an absolute name that another file than the script imports."""
        found = self.other_unit(name, unit) if self.may_be_own(top, name) else None
        if top and unit is not self.unit:
            self._absolute[name] = found
        return found

    def comes_after(self, inner: Unit, package: Unit, name: str) -> bool:
        """Whether something else than its package imports a file of it, so that its name in the package is the file from then on.

        Args:
            inner: the file.
            package: its ``__init__.py``.
            name: of the file, as the package's attribute.
        """
        if inner in self.imported_by(package):
            return False
        return inner in self.imported_by(self.unit) or any(
            inner in self.own_imports(node, user)
            for user in (*self.users_of(inner, name), *self.users_of(self.unit, name))
            for node in user.module.imports
        )

    def has_loaded(self, unit: Unit) -> bool:
        """Whether the script imports a file at its top, itself or through own files that it imports there."""
        if self._loaded is None:
            self._loaded = {self.unit}
            pending = [self.unit]
            while pending:
                current = pending.pop()
                for node in current.module.tree.body:
                    if isinstance(node, ast.Import | ast.ImportFrom):
                        new = {
                            *self.own_imports(node, current),
                            *self._packages(node, current),
                        } - self._loaded
                        self._loaded |= new
                        pending.extend(new)
        return unit in self._loaded

    def _packages(self, node: ast.Import | ast.ImportFrom, unit: Unit) -> Iterator[Unit]:
        """Yield the ``__init__.py`` of the packages that an import goes through, which run before what it names."""
        absolute = isinstance(node, ast.Import) or not node.level
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
        for name in names if absolute else ():
            parts = name.split(".")[:-1]
            for length in range(1, len(parts) + 1):
                package = ".".join(parts[:length])
                found = self.other_unit(package, unit) if self.may_be_own(parts[0], package) else None
                if found is not None and found is not unit:
                    yield found

    def reachable(self, most: int) -> tuple[Unit, ...] | None:
        """Return the script and the files of the program that it may import, itself or through others.

        Args:
            most: so many are followed.

        Returns:
            The files; None when there are more.
        """
        found = {self.unit: None}
        pending = [self.unit]
        while pending:
            current = pending.pop()
            for node in current.module.imports:
                for other in (*self.own_imports(node, current), *self._packages(node, current)):
                    if other not in found:
                        found[other] = None
                        pending.append(other)
                if len(found) > most:
                    return None
        return tuple(found)

    def spells(self, words: Iterable[str]) -> bool:
        """Whether the script, or a file of the program that it imports at its top, holds one of some words."""
        self.has_loaded(self.unit)
        return any(word in unit.module.source.text for unit in self._loaded or () for word in words)

    def users_of(self, unit: Unit, word: str, *, changing: bool = False) -> tuple[Unit, ...]:
        """Return the files that may use what is in a file under a name; if `changing`, those that set an attribute of that name."""
        if self._users is None:
            return ()
        key = (unit, word, changing)
        if key not in self._users_of:
            found = self._users.of(unit.module.source.path, word, changing=changing)
            known = self._by_module
            self._users_of[key] = tuple(
                [known[module] if module in known else self._user(module) for module in found]
            )
        return self._users_of[key]

    def may_be_set_by_users(self, unit: Unit, word: str) -> bool:
        """Whether a file that may use another one may set an attribute of a name; cheap, and yes too often rather than too seldom."""
        return self._users is not None and self._users.may_set(unit.module.source.path, word)

    def set_up_around(self, word: str, *, changing: bool = False) -> tuple[Unit, ...]:
        """Return the files that run with the script and set something up, of those that use a name, or set an attribute of it.

        They need not use the script: a file that only the start imports may put something in the place of the terminal.
        """
        if self._users is None:
            return ()
        key = (word, changing)
        known = self._around.get(key)
        if known is None:
            found = self._users.around(word, changing=changing)
            known = self._around[key] = tuple(map(self._user, found))
        return known

    def beside(self, word: str, *, changing: bool = False) -> tuple[Unit, ...]:
        """Return the files that may be handed objects of the script, of those that use a name, or set an attribute of it."""
        if self._users is None:
            return ()
        key = (word, changing)
        known = self._beside.get(key)
        if known is None:
            found = self._users.beside(word, changing=changing)
            known = self._beside[key] = tuple(map(self._user, found))
        return known

    def is_set_by_many(self, name: str) -> bool:
        """Whether more files may set an attribute of that name than are looked at."""
        return self._users is not None and self._users.are_too_many(name)

    @property
    def knows_all_around(self) -> bool:
        """Whether all files are known that run with the script."""
        return self._users is None or self._users.are_all_around

    def _user(self, module: Module) -> Unit:
        return self._by_module.get(module) or self._unit_of(
            module, self._folders.dotted_name(module.source.path)
        )

    def knows_users(self, unit: Unit) -> bool:
        """Whether all files that may use what is in a file are known; of the script itself they are, unless there are too many."""
        known = self._known_users.get(unit)
        if known is None:
            if self._users is None:
                known = unit is self.unit
            else:
                known = self._users.are_known(unit.module.source.path)
            self._known_users[unit] = known
        return known

    def knows_callers(self, function: FunctionInfo) -> bool:
        """Whether all files are known that may call a function: those that use its file, or run with the script, for no method."""
        if self.knows_users(function.unit):
            return True
        is_plain = self._users is not None and function.owner is None and function.unit is not self.unit
        return is_plain and self._users is not None and self._users.call_all(function.unit.module.source.path)

    def close(self) -> None:
        """Forget everything, and free the trees."""
        for unit in self._by_module.values():
            unit.close()
        self.hierarchy.__dict__.clear()
        self.__dict__.clear()

    def _unit_of(self, module: Module, name: str) -> Unit:
        unit = self._by_module.get(module)
        if unit is None:
            # One name per file, however it is imported: exceptions are told apart by it.
            found = self._folders.dotted_name(module.source.path)
            unit = self._by_module[module] = Unit(
                module,
                name if name.endswith(f".{found}") else found,
                is_quoted=self._folders.is_at_home(module.source.path, self.unit.module.source.path),
            )
        return unit


def _imported_names(module: Module) -> tuple[tuple[str, str], ...]:
    """Name the files that the imports of a file may run, as `_names_of`."""
    known = module.remembered
    names: dict[tuple[str, str], None] = {}
    for node in module.imports:
        if node not in known:
            known[node] = _names_of(node)
        names.update(dict.fromkeys(known[node]))
    return tuple(names)


def _names_of(node: ast.Import | ast.ImportFrom) -> tuple[tuple[str, str], ...]:
    """Name the files that an import may run, each with the first part of its name; none for our runtime."""
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    elif brings_runtime(node):
        return ()
    else:
        base = "." * node.level + (node.module or "")
        inner = f"{base}." if node.module else base
        names = [base, *(f"{inner}{alias.name}" for alias in node.names)]
    return tuple((name.partition(".")[0], name) for name in names)
