"""Under which other names is a container held: ``table = rows``, ``Sessions(rows)`` whose constructor keeps it, a parameter it is passed as?

Input: what a loop goes through, as it is written. Output: names (``rows``; ``.rows`` for an attribute of whatever object), and the parameters of
functions that get it, also through one another. Names that nothing binds to the container itself are none of it.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from workerlog_migrate.analysis.taken import attributes_by_text
from workerlog_migrate.syntax.calls import is_called
from workerlog_migrate.syntax.literals import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workerlog_migrate.analysis.module import Module
    from workerlog_migrate.analysis.program import FunctionInfo, Unit
    from workerlog_migrate.analysis.world import World

_MOST = 200
"""So many names of one container are followed."""


def name_of(node: ast.expr) -> str:
    """Give the name of a container: of a name itself, of an attribute with a dot before it, of anything else none.

    Args:
        node: what it is written as.
    """
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(attr=attr):  # of whatever object: what a thread has of it may have another name
            return f".{attr}"
    return ""


def names_of(node: ast.expr, unit: Unit, world: World) -> set[str]:
    """Return the names under which a file may have a container.

    Args:
        node: the container, a name or an attribute.
        unit: the file.
        world: knows the files that it imports, whose constructors may keep the container.
    """
    found = {name_of(node)} - {""}
    pending = list(found)
    while pending and len(found) < _MOST:
        for other in _bound_to(pending.pop(), unit, world):
            if other not in found:
                found.add(other)
                pending.append(other)
    return found


def _bound_to(name: str, unit: Unit, world: World) -> Iterator[str]:
    module = unit.module
    for place in module.attributes_of(name[1:]) if name.startswith(".") else module.names_of(name):
        parent = module.parents.get(place)
        if isinstance(parent, ast.Assign | ast.AnnAssign):
            targets = parent.targets if isinstance(parent, ast.Assign) else [parent.target]
            if parent.value is place:
                yield from filter(None, map(name_of, targets))
            elif place in targets and parent.value is not None:
                yield from filter(None, [name_of(parent.value)])
        elif isinstance(parent, ast.Call) and place in parent.args:
            for made in _classes(parent.func, unit, world):
                yield from _kept_by(made, parent.args.index(place))


def _classes(callee: ast.expr, unit: Unit, world: World) -> list[ast.ClassDef]:
    """Return the classes that a call may make an object of: one of the file, or those of that name in files that it imports."""
    made = unit.module.definition(callee)
    if made is not None:
        return [made] if isinstance(made, ast.ClassDef) else []
    name = last_name(callee)
    return [each for other in world.imported_by(unit) for each in other.module.classes if each.name == name]


def _kept_by(made: ast.ClassDef, at: int) -> Iterator[str]:
    """Yield the attributes in which a constructor keeps an argument."""
    fields = [
        each.target.id
        for each in made.body
        if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name)
    ]
    if made.decorator_list and at < len(fields):
        yield f".{fields[at]}"
    for method in made.body:
        if isinstance(method, ast.FunctionDef) and method.name == "__init__":
            parameters = [*method.args.posonlyargs, *method.args.args][1:]
            if at < len(parameters):
                for node in ast.walk(method):
                    if isinstance(node, ast.Assign) and name_of(node.value) == parameters[at].arg:
                        yield from (
                            name_of(target) for target in node.targets if isinstance(target, ast.Attribute)
                        )


def taken_in(module: Module, words: frozenset[str]) -> frozenset[str]:
    """Return the names of containers of which a method is taken to be called later, as it is or by another name.

    Args:
        module: the file.
        words: names of methods.
    """
    known: frozenset[str] | None = module.remembered.get((taken_in, words))
    if known is None:
        found = (
            name_of(attribute.value)
            for attribute in (
                *(each for word in sorted(words) for each in module.attributes_of(word)),
                *(each for each in attributes_by_text(module) if each.attr in words),
            )
            if not is_called(attribute, module.parents)
        )
        known = module.remembered[taken_in, words] = frozenset(found) - {""}
    return known


def handed_on(function: FunctionInfo, parameter: str) -> list[tuple[FunctionInfo, str]]:
    """List a function and the parameter that is a container, and those of its file that it hands that to in turn.

    Args:
        function: the function.
        parameter: the name of its parameter.
    """
    found = {(function, parameter): None}
    pending = [(function, parameter)]
    while pending and len(found) < _MOST:
        for each in _handed_on_by(*pending.pop()):
            if each not in found:
                found[each] = None
                pending.append(each)
    return list(found)


def _handed_on_by(function: FunctionInfo, parameter: str) -> Iterator[tuple[FunctionInfo, str]]:
    module = function.unit.module
    for place in module.names_of(parameter):
        call = module.parents.get(place)
        if module.function(place) is function.node and isinstance(call, ast.Call) and place in call.args:
            made = module.definition(call.func)
            if made is not None and not isinstance(made, ast.ClassDef):
                other = function.unit.function(made)
                parameters = other.given_parameters
                at = call.args.index(place)
                if at < len(parameters):
                    yield other, parameters[at].arg
