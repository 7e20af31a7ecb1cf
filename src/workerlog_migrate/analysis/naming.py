"""How a script can write an exception class at one place: by its imports, its own classes, or a parent of the class.

Input: a canonical exception name and a ``try`` statement. Output: the text to write and, where it is missing, the module
to import at the top. A name counts only if it is certainly bound when the ``except`` clause is evaluated.
"""

from __future__ import annotations

import ast
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from workerlog_migrate.analysis import values
from workerlog_migrate.analysis.exceptions import BROAD, LOCAL, ROOT
from workerlog_migrate.analysis.header import brings_runtime
from workerlog_migrate.analysis.neighbours import dotted_name
from workerlog_migrate.analysis.presence import flags_of
from workerlog_migrate.analysis.program import FUNCTIONS, Unit
from workerlog_migrate.analysis.taught import defines_exception
from workerlog_migrate.files.vendor import modules_in
from workerlog_migrate.project.root import find_root
from workerlog_migrate.syntax.blocks import End, end_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workerlog_migrate.analysis.engine import Engine
    from workerlog_migrate.analysis.frames import State
    from workerlog_migrate.analysis.values import Type
    from workerlog_migrate.analysis.world import World
    from workerlog_migrate.syntax.scopes import Binding, Scope

_STDLIB = frozenset(sys.stdlib_module_names)
_LEAVES = frozenset({End.RAISE, End.EXIT, End.RETURN})  # what keeps a handler from what follows its ``try``
_IMPORTERS = 4  # own files between the script and the one that imports a package


@dataclass(frozen=True, slots=True)
class Written:
    """A name as the script can write it.

    Attributes:
        text: the source text.
        exception: the canonical name of what it means: the class asked for, or a parent of it.
        needs: the module whose import it needs at the top; empty when it is there.

    """

    text: str
    exception: str
    needs: str = ""


class Naming:
    """Finds names for exception classes.

    Args:
        engine: the analysis of the script.

    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._module = engine.unit.module
        self._there: dict[str, bool] = {}
        self._imports: dict[Scope, dict[str, list[tuple[int, str, Binding]]]] = {}
        self._meanings: dict[tuple[str, str], str | None] = {}

    def write(self, exception: str, place: ast.stmt | ast.expr, state: State | None) -> Written | None:
        """Return how to write an exception at a place, or the nearest parent that can be written; None if none can.

        Args:
            exception: canonical name.
            place: the ``try`` statement, or the ``suppress`` call.
            state: what is known at the place, to see that a guarded import succeeded.

        """
        pending = [exception]
        for current in pending:
            if current in (BROAD, ROOT):
                continue
            found = self._exact(current, place, state)
            if found is not None:
                return found
            pending.extend(self._engine.hierarchy.bases(current))
        return None

    # -- one class ------------------------------------------------------------------------------------------

    def _exact(self, exception: str, place: ast.AST, state: State | None) -> Written | None:
        if exception.startswith(LOCAL):
            return self._own_class(exception.removeprefix(LOCAL), place)
        if "." not in exception:
            return Written(exception, exception) if self._module.is_builtin(exception, place) else None
        names = self._names(exception)
        for name in names:
            text = self._imported(name, place, state)
            if text is not None:
                return Written(text, exception)
        for name in sorted(names, key=lambda name: not self._takes_from(self._owner(name))):
            owner = self._owner(name)
            top = owner.partition(".")[0]
            other = self._engine.world.other_unit(owner) if top not in _STDLIB else None
            simple = name.rpartition(".")[2]
            if other is not None and not (
                simple in other.module.scope_of_module.bindings
                and self._engine.world.has_loaded(other)
                and not _is_covered(owner, self._engine)
            ):
                continue
            if not _is_known_class(self._engine, name, owner):
                continue
            if (self._is_everywhere(top) or self._is_there(top)) and self._can_import(owner, place):
                return Written(name, exception, owner)
        return None

    def _owner(self, name: str) -> str:
        """Return the module of a class: ``imaplib`` of ``imaplib.IMAP4.error``, which is a class in a class."""
        owner = name.rpartition(".")[0]
        while "." in owner and self._engine.knowledge.type(owner) is not None:
            owner = owner.rpartition(".")[0]
        return owner

    def _takes_from(self, owner: str) -> bool:
        """Whether the script imports something from a module: of two names of a class it is the one that it would use."""
        return any(
            isinstance(node, ast.ImportFrom) and node.module == owner and not node.level
            for node in self._module.imports
        )

    def _is_everywhere(self, top: str) -> bool:
        """Whether Python itself brings a module, on every system and however it was built."""
        operation = self._engine.knowledge.operation
        missing = operation("op:platform-attribute").names | operation("op:optional-module").names
        return top in _STDLIB and top not in missing

    def _is_there(self, top: str) -> bool:
        """Whether the script cannot run without a package: it, or what cannot be without it, is imported at the top, unguarded."""
        known = self._there.get(top)
        if known is None:
            known = self._there[top] = self._must_be_there(top)
        return known

    def _must_be_there(self, top: str) -> bool:
        tree = self._module.tree
        for node in self._module.imports:
            if brings_runtime(node):  # a relative one would make the script's own package one that is there
                continue
            if self._module.scope(node).node is not tree or not self._is_unconditional(node, tree, tree):
                continue
            if self._brings(node, top, self._engine.unit) or any(
                self._needs(other, top, _IMPORTERS)
                for other in self._engine.world.own_imports(node, self._engine.unit)
            ):
                return True
        return False

    def _brings(self, node: ast.Import | ast.ImportFrom, top: str, unit: Unit) -> bool:
        """Whether an import cannot succeed without a package."""
        required_by = self._engine.knowledge.required_by
        if isinstance(node, ast.ImportFrom):
            name = f"{dotted_name(unit.module.source.path)}." if node.level else node.module or ""
            tops = {name.partition(".")[0]} if "." in name.rstrip(".") or not node.level else set()
            whole = {f"{name}.{alias.name}" for alias in node.names} if not node.level else set()
        else:
            tops = {alias.name.partition(".")[0] for alias in node.names}
            whole = {alias.name for alias in node.names}
        return top in tops or any(top in required_by(entry) for entry in tops | whole)

    def _needs(self, unit: Unit, top: str, deeper: int) -> bool:
        """Whether an own file cannot be imported without a package: it, or an own file that it imports, imports it at the top."""
        for node in unit.module.tree.body:
            if isinstance(node, ast.Import | ast.ImportFrom) and (
                self._brings(node, top, unit)
                or (
                    deeper
                    and any(
                        self._needs(other, top, deeper - 1)
                        for other in self._engine.world.own_imports(node, unit)
                    )
                )
            ):
                return True
        return False

    def _names(self, exception: str) -> list[str]:
        row = self._engine.knowledge.exception(exception)
        names = [exception]
        if row is not None:
            names.extend(alias for alias in row.aliases if "." in alias)
        return names

    def _own_class(self, name: str, place: ast.AST) -> Written | None:
        found = self._module.lookup(name, self._module.scope(place))
        if found is not None and len(found[1]) == 1 and isinstance(found[1][0].node, ast.ClassDef):
            if found[0].node is not self._module.tree or self._is_before(found[1][0].node, place):
                return Written(name, LOCAL + name)
            return None
        for node in self._module.classes:
            owner = self._module.parents.get(node)
            if (
                node.name == name
                and isinstance(owner, ast.ClassDef)
                and self._module.parents.get(owner) is self._module.tree
            ):
                return Written(f"{owner.name}.{name}", LOCAL + name)
        return None

    def _imported(self, dotted: str, place: ast.AST, state: State | None) -> str | None:
        for name, binding, scope, rest in self._visible(place, dotted):
            if rest.count(".") > 1 and not self._submodule_imported(self._owner(dotted)):
                continue
            if self._is_bound(name, binding, scope, place, state):
                return name + rest
        return None

    def _rest(self, qualified: str, dotted: str) -> str | None:
        """Return what has to follow an imported name to mean a class; None when it cannot mean it."""
        key = (qualified, dotted)
        if key not in self._meanings:
            self._meanings[key] = self._meaning(qualified, dotted)
        return self._meanings[key]

    def _meaning(self, qualified: str, dotted: str) -> str | None:
        if self._engine.knowledge.exception(dotted) is None:  # a class of the program: known by its file
            flat, unit = self._engine.flat, self._engine.unit
            for entry in flat.imported(qualified, unit):
                simple = dotted.rpartition(".")[2]
                if self._is_class(entry, dotted):
                    return ""
                if entry.kind is values.UNIT:
                    inner = flat.unit_attribute(entry.unit, simple)
                    if any(self._is_class(other, dotted) for other in inner):
                        return f".{simple}"
        qualified = qualified.lstrip(".")
        if dotted != qualified and not dotted.startswith(qualified + "."):
            return None
        rest = dotted[len(qualified) :]
        return None if _is_shadowed(qualified, rest, self._engine) else rest

    def _is_class(self, entry: Type, dotted: str) -> bool:
        return (
            entry.kind is values.CLASS
            and entry.class_or_none is not None
            and self._engine.families.exception_name(entry.class_info) == dotted
        )

    def _submodule_imported(self, module: str) -> bool:
        """Whether a submodule is certainly loaded: third-party packages load theirs, the standard library and the program do not."""
        if "." not in module:
            return True
        top = module.partition(".")[0]
        if top not in _STDLIB:
            world = self._engine.world
            other = world.other_unit(module)
            return world.has_loaded(other) if other is not None else not _is_of_checkout(top, self._engine)
        return any(
            isinstance(node, ast.Import) and any(alias.name == module for alias in node.names)
            for node in self._module.imports
        )

    def _visible(self, place: ast.AST, dotted: str) -> Iterator[tuple[str, Binding, Scope, str]]:
        """Yield the import bindings that are visible at a place and can mean a class, nearest scope first.

        With each comes what has to follow its name.
        """
        scope: Scope | None = self._module.scope(place)
        nearer: list[Scope] = []
        while scope is not None:
            if not nearer or not scope.is_class:
                found = [
                    (number, name, binding, rest)
                    for qualified, entries in self._imports_of(scope).items()
                    if (rest := self._rest(qualified, dotted)) is not None
                    for number, name, binding in entries
                ]
                for _, name, binding, rest in sorted(found, key=lambda entry: entry[0]):
                    if not any(name in other.bindings for other in nearer):
                        yield name, binding, scope, rest
                nearer.append(scope)
            scope = scope.parent

    def _imports_of(self, scope: Scope) -> dict[str, list[tuple[int, str, Binding]]]:
        """Return what a scope imports under names that nothing else binds: qualified name -> number, name, binding."""
        known = self._imports.get(scope)
        if known is None:
            known = self._imports[scope] = {}
            number = 0
            for name, bindings in scope.bindings.items():
                imports = [binding for binding in bindings if binding.kind == "import"]
                if not imports or not all(
                    binding.kind == "import" or self._is_fallback(binding.node) for binding in bindings
                ):
                    continue
                for binding in imports:
                    known.setdefault(binding.qualified, []).append((number, name, binding))
                    number += 1
        return known

    # -- is it bound? ---------------------------------------------------------------------------------------

    def _is_bound(
        self, name: str, binding: Binding, scope: Scope, place: ast.AST, state: State | None
    ) -> bool:
        statement = self._module.statement(binding.node)
        if not self._is_before(statement, place) and (
            scope.node is not self._module.tree or self._at_top(place)
        ):
            return self._opens_body(statement, place)
        if self._is_unconditional(statement, scope.node, place):
            return True
        return state is not None and self._is_proved(name, statement, state)

    def _is_fallback(self, node: ast.AST) -> bool:
        """Whether a binding is the ``x = None`` of a guarded import."""
        statement = self._module.statement(node)
        for parent in self._module.ancestors(statement):
            if isinstance(parent, ast.ExceptHandler | ast.Try):
                return True
            if isinstance(parent, FUNCTIONS):
                return False
        return isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Constant)

    def _is_before(self, node: ast.AST, place: ast.AST) -> bool:
        return (node.lineno, node.col_offset) < (place.lineno, place.col_offset)  # type: ignore[attr-defined]  # both have positions

    def _at_top(self, place: ast.AST) -> bool:
        return self._module.function(place) is None

    def _opens_body(self, statement: ast.stmt, place: ast.AST) -> bool:
        """Whether the import of a standard-library module is the first thing that a ``try`` body does."""
        body = getattr(place, "body", None)
        if not body or body[0] is not statement:
            return False
        names = (
            [statement.module or ""]
            if isinstance(statement, ast.ImportFrom)
            else [alias.name for alias in getattr(statement, "names", ())]
        )
        return all(self._is_everywhere(name.partition(".")[0]) for name in names)

    def _is_unconditional(self, statement: ast.stmt, root: ast.AST, place: ast.AST) -> bool:
        """Whether an import has certainly run when its scope's later code runs (or when the place is reached)."""
        child: ast.AST = statement
        around = {place, *self._module.ancestors(place)}
        for parent in self._module.ancestors(statement):
            if parent is root:
                return True
            if isinstance(parent, ast.Try) and child in parent.body:
                if parent in around:
                    if not any(block in around for block in [*parent.body, *parent.orelse]):
                        return False  # a handler, or what runs at the end in any case
                elif not all(end_of(handler.body) in _LEAVES for handler in parent.handlers):
                    return False
            elif isinstance(parent, ast.With | ast.AsyncWith):
                if parent not in around:  # it may have swallowed the failure: suppress(ImportError)
                    return False
            elif parent in around and not isinstance(parent, ast.Try):
                return self._same_branch(parent, child, place)
            else:
                return False
            child = parent
        return True

    def _same_branch(self, parent: ast.AST, child: ast.AST, place: ast.AST) -> bool:
        for name in ("body", "orelse", "finalbody", "handlers"):
            block = getattr(parent, name, ())
            if isinstance(block, list) and child in block:
                return any(ancestor in block for ancestor in [place, *self._module.ancestors(place)])
        return False

    def _is_proved(self, name: str, statement: ast.stmt, state: State) -> bool:
        """Whether a guard before the place shows that a guarded import succeeded: by the name, or by its flag."""
        value = state.env.get(name)
        if value and all(entry.kind in _IMPORTED for entry in value):
            return True
        flags = flags_of(statement, self._module)
        return any(
            fact.kind == "nonzero" and (fact.path == name or fact.path in flags) for fact in state.facts
        )

    # -- new imports ----------------------------------------------------------------------------------------

    def _can_import(self, module: str, place: ast.AST) -> bool:
        """Whether ``import module`` at the top would be what the name means at the place."""
        top = module.partition(".")[0]
        found = self._module.lookup(top, self._module.scope(place))
        if found is None:
            is_free = not self._module.is_taken(top) or self._is_bound_wherever_read(top)
            return is_free and not (
                top in _STDLIB and _is_hidden(top, self._module.source.path, self._engine.world)
            )
        if found[0].node is not self._module.tree:
            return False
        return all(binding.kind == "import" and binding.qualified == top for binding in found[1]) and all(
            self._is_unconditional(self._module.statement(binding.node), self._module.tree, place)
            for binding in found[1]
        )

    def _is_bound_wherever_read(self, name: str) -> bool:
        """Whether a function of its own binds a name everywhere, so that no global of that name is ever asked for.

        A name that is read although nothing binds it is a bug of the script, which an import would hide; a class body
        asks for the global where its own name is not bound yet.
        """
        module = self._module
        uses = [module.lookup(name, module.scope(place)) for place in module.names_of(name)]
        return all(
            found is not None and found[0].node is not module.tree and not found[0].is_class for found in uses
        )


def _is_hidden(top: str, script: Path, world: World) -> bool:
    """Whether a file of the program would be imported in place of a standard module, and run for the first time by that."""
    if world.other_unit(top) is not None:
        return True
    folder = script.absolute().parent
    folders = [folder]
    while os.path.isfile(folder / "__init__.py") and folder != folder.parent:  # noqa: PTH113  # never raises
        folder = folder.parent
        folders.append(folder)
    return any(modules_in(str(each), (top,)) for each in folders)


_IMPORTED = frozenset({values.DOTTED, values.UNIT, values.CLASS, values.FUNCTION, values.CALLABLE})


def _is_of_checkout(top: str, engine: Engine) -> bool:
    """Whether a package, a module or a plain folder of a name lies beside the script, or above it in the project."""
    if engine.world.other_unit(top) is not None:
        return True
    folder = Path(os.path.realpath(engine.unit.module.source.path.parent))
    root = find_root(folder, Path.cwd())
    above = [each for each in (folder, *folder.parents) if each.is_relative_to(root)]
    return any((each / top).is_dir() or modules_in(str(each), (top,)) for each in above)


def _is_known_class(engine: Engine, name: str, owner: str) -> bool:
    """Whether an import may be added for a class that perhaps only a configuration speaks of: some modules run a program as they are loaded."""
    if engine.hierarchy.is_exception(name):
        return True
    if owner.partition(".")[0] in _STDLIB:
        return defines_exception(owner, name.rpartition(".")[2])
    if engine.world.other_unit(owner) is None and _is_of_checkout(owner.partition(".")[0], engine):
        return False  # a file that is not seen (compiled, say), or that is none
    return "__main__" not in owner.split(".")


def _is_covered(owner: str, engine: Engine) -> bool:
    """Whether a package of the program has something else by the name of a file in it, which an import of the file does not change."""
    parts = owner.split(".")
    for length in range(1, len(parts)):
        package = engine.world.other_unit(".".join(parts[:length]))
        found = () if package is None else engine.flat.unit_attribute(package, parts[length])
        if any(entry.kind in (values.FUNCTION, values.CLASS, values.INSTANCE) for entry in found):
            return True
    return False


def _is_shadowed(qualified: str, rest: str, engine: Engine) -> bool:
    """Whether a package of the program has something else by the name of the submodule that a class is of: ``from .send import send``."""
    flat = engine.flat
    current = flat.imported(qualified, engine.unit)
    for name in rest.split(".")[1:-1]:
        units = [entry.unit for entry in current if entry.kind is values.UNIT]
        if not units:
            return False
        current = values.join(flat.unit_attribute(unit, name) for unit in units)
        if any(entry.kind in (values.FUNCTION, values.CLASS, values.INSTANCE) for entry in current):
            return True
    return False
