"""Whether a container may change its size in another thread while a loop goes through it.

Input: what is looped over, and where. Output: yes or no. It says yes where the file, the script or a file that uses it starts
threads, and another function than the loop's puts something into the same module-level container, or attribute of ``self``, or
takes something out: nobody holds a lock over a loop that is seen.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from workerlog_migrate.analysis import values
from workerlog_migrate.analysis.same_container import name_of, names_of, taken_in
from workerlog_migrate.analysis.taken import attributes_by_text, calls_to
from workerlog_migrate.analysis.uses import only_value
from workerlog_migrate.syntax.calls import is_called
from workerlog_migrate.syntax.nodes import nodes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from workerlog_migrate.analysis.arguments import Arguments
    from workerlog_migrate.analysis.frames import Frame
    from workerlog_migrate.analysis.module import Module
    from workerlog_migrate.analysis.program import FunctionInfo, Unit
    from workerlog_migrate.analysis.world import World

SIZED = frozenset(
    {
        "dict",
        "set",
        "collections.Counter",
        "collections.OrderedDict",
        "collections.defaultdict",
        "collections.deque",
    }
)
"""Types whose iterators notice that the size has changed."""

VIEWS = frozenset({"items", "keys", "values"})
"""Methods of a dictionary whose result is the dictionary itself, looked at."""
CHANGES = frozenset(
    {
        "add",
        "append",
        "appendleft",
        "clear",
        "discard",
        "extend",
        "pop",
        "popitem",
        "popleft",
        "remove",
        "setdefault",
        "update",
    }
)
"""Methods that change the size of a container."""


def container(node: ast.expr) -> ast.expr:
    """Give the container behind ``d``, ``d.items()``, ``d.keys()`` or ``d.values()``."""
    match node:
        case ast.Call(func=ast.Attribute(value=inner, attr=attr), args=[], keywords=[]) if attr in VIEWS:
            return inner
    return node


class Meanwhile:
    """Answers for the files of one program; each is read once.

    Args:
        world: the program.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._writers: dict[Module, dict[str, set[ast.AST | None]]] = {}
        self._threaded: dict[Unit, bool] = {}
        names = sorted(world.knowledge.operation("op:iterate-changed").names)
        self._starts = [name.split(".") for name in names]

    def changes(self, node: ast.expr, frame: Frame) -> bool:
        """Say whether, where there are threads, another function of a file changes the size of what a loop goes through.

        Args:
            node: the container, as `container` gives it.
            frame: where the loop stands.
        """
        module = frame.unit.module
        name = name_of(node)
        if not name:
            return False
        if isinstance(node, ast.Name) and not _is_shared(node, module):
            return False
        writers = self._writers_of(module)
        if not writers.get(name, set()) - {module.function(node), None}:
            return False
        return self._has_threads(frame.unit)

    def changed_by(
        self,
        node: ast.expr,
        called: Iterable[FunctionInfo],
        given: Iterable[tuple[FunctionInfo, str]],
        frame: Frame,
    ) -> bool:
        """Say whether functions that the body of a loop calls change the size of what the loop goes through.

        Args:
            node: the container, as `container` gives it.
            called: these functions, and those that they may call in turn.
            given: to which of them the container itself is handed, and as which parameter.
            frame: where the loop stands.
        """
        if any(
            function.node in self._writers_of(function.unit.module).get(name, ()) for function, name in given
        ):
            return True
        own = names_of(node, frame.unit, self._world)
        if isinstance(node, ast.Name) and not _is_shared(node, frame.unit.module):
            own = {name for name in own if name.startswith(".")}  # ``jobs = self.jobs``
        others = {each for name in own for each in (f".{name.removeprefix('.')}", name.removeprefix("."))}
        return any(
            function.node in writers.get(each, ())
            for function in called
            for writers in (self._writers_of(function.unit.module),)
            for each in (own if function.unit is frame.unit else others)
        )

    def changed_in(self, node: ast.expr, body: Iterable[ast.AST], frame: Frame) -> bool:
        """Say whether the body of a loop itself changes the size of what it goes through, under another name.

        Args:
            node: the container, as `container` gives it.
            body: the statements after which the loop goes on.
            frame: where it stands.
        """
        names = names_of(node, frame.unit, self._world)
        steps = list(body)
        if not names.isdisjoint(taken_in(frame.unit.module, CHANGES)):
            return any(isinstance(each, ast.Call) for statement in steps for each in nodes(statement))
        others = names - {name_of(node)}
        return bool(others) and any(
            name_of(base) in others
            for statement in steps
            for each in nodes(statement)
            if (base := _resized(each)) is not None
        )

    def _writers_of(self, module: Module) -> dict[str, set[ast.AST | None]]:
        known = self._writers.get(module)
        if known is None:
            known = self._writers[module] = _read(module)
        return known

    def changes_inside(self, node: ast.expr, arguments: Arguments) -> bool:
        """Say the same of what a call goes through: a container, or those of which a literal is made.

        Args:
            node: what is passed.
            arguments: those of the call.
        """
        return any(
            not SIZED.isdisjoint(values.names(arguments.value(part))) and self.changes(part, arguments.frame)
            for part in _parts(node, arguments.frame)
        )

    def _has_threads(self, unit: Unit) -> bool:
        """Whether a file, the script or a file that uses it starts threads."""
        known = self._threaded.get(unit)
        if known is None:
            known = self._threaded[unit] = any(
                _starts(each, top, call)
                for top, call in self._starts
                for each in (
                    unit,
                    self._world.unit,
                    *self._world.users_of(unit, call),
                    *self._world.set_up_around(call),
                )
            )
        return known


def _is_shared(node: ast.Name, module: Module) -> bool:
    """Whether a name is the module's, or brought by a star import."""
    found = module.lookup(node.id, module.scope(node))
    return bool(module.star_imports) if found is None else found[0] is module.scope_of_module


def _starts(unit: Unit, top: str, call: str) -> bool:
    """Whether a file has a call by a name, or takes what is called so, and imports the library that it is of."""
    module = unit.module
    is_named = bool(calls_to(module, call) or module.attributes_of(call))
    return is_named and (top == "*" or unit.imports_any_of(top))


def _parts(node: ast.expr, frame: Frame) -> Iterator[ast.expr]:
    """Yield the containers in what is written, or in the literal that a name is bound to once."""
    match node:
        case ast.Dict(values=parts) | ast.List(elts=parts) | ast.Tuple(elts=parts):
            for part in parts:
                yield from _parts(part, frame)
        case ast.Name():
            module = frame.unit.module
            bound = only_value(module, module.bindings(node))
            if isinstance(bound, ast.Dict | ast.List | ast.Tuple):
                yield from _parts(bound, frame)
            yield node
        case _:
            yield container(node)


def _read(module: Module) -> dict[str, set[ast.AST | None]]:
    """Say which functions change the size of what; the making of an object is over before anybody loops over it.

    A method that is taken and not called there counts where it is taken, and, as who calls it is not known, for itself.
    """
    found: dict[str, set[ast.AST | None]] = {}
    for node in (*module.parents, *attributes_by_text(module)):
        base = _resized(node)
        if base is None:
            continue
        name, function = name_of(base), module.function(node)
        if name and getattr(function, "name", "") != "__init__":
            found.setdefault(name, set()).add(function)
        if name and isinstance(node, ast.Attribute) and not is_called(node, module.parents):
            found.setdefault(name, set()).add(node)
    return found


def _resized(node: ast.AST) -> ast.expr | None:
    """Give the container whose size a node may change."""
    match node:
        case ast.Subscript(value=base, ctx=ast.Store() | ast.Del()):
            return base
        case ast.Attribute(value=base, attr=attr, ctx=ast.Load()) if attr in CHANGES:
            return base
    return None
