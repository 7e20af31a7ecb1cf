"""Scopes and what they bind.

Name resolution follows the language reference, section 4.2 "Naming and binding": class scopes are not seen by nested functions,
comprehensions have a scope of their own.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass(slots=True)
class Binding:
    """One place where a scope binds a name.

    Attributes:
        name: the bound name.
        kind: ``import``, ``function``, ``class``, ``parameter``, ``assign``, ``for``, ``with``, ``except``,
            ``delete``, ``walrus``, ``match``, ``comprehension`` or ``augment``.
        node: the binding node: the ``alias``, definition, ``arg``, target ``Name`` or handler.
        qualified: for imports the dotted name that the binding stands for (``os.path``; relative: ``.x.y``).

    """

    name: str
    kind: str
    node: ast.AST
    qualified: str = ""


@dataclass(slots=True, eq=False)
class Scope:
    """A namespace: its node, what it binds, the scope around it, and the function or lambda whose body runs it."""

    node: ast.AST
    parent: Scope | None
    bindings: dict[str, list[Binding]] = field(default_factory=dict)
    globals: set[str] = field(default_factory=set)
    nonlocals: set[str] = field(default_factory=set)
    function: FunctionNode | ast.Lambda | None = field(init=False)
    is_class: bool = field(init=False)
    """Whether this is a class body, which nested functions do not see."""

    def __post_init__(self) -> None:
        self.is_class = isinstance(self.node, ast.ClassDef)
        if isinstance(self.node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            self.function = self.node
        else:
            self.function = None if self.parent is None else self.parent.function

    @property
    def is_comprehension(self) -> bool:
        """Whether this is the scope of a comprehension or generator expression."""
        return isinstance(self.node, _COMPREHENSIONS)


def lookup(name: str, scope: Scope, module: Scope) -> tuple[Scope, list[Binding]] | None:
    """Find the scope that binds ``name`` as seen from ``scope`` of a ``module``; None for builtins and unknown names."""
    current: Scope | None = scope
    first = True
    while current is not None:
        if current.globals and name in current.globals:
            current = module
            found = current.bindings.get(name)
            return (current, found) if found else None
        if (first or not current.is_class) and not (current.nonlocals and name in current.nonlocals):
            found = current.bindings.get(name)
            if found:
                return current, found
        # A comprehension directly in a class body does not see the class's names either, but its first
        # iterable does, and that one is already evaluated in the class scope.
        first = False
        current = current.parent
    return None
