"""In which order functions are interpreted: what a function calls before itself.

Input: a function. Output: the functions of the program that it may call, found by their simple names.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from workerlog_migrate.analysis.program import FunctionInfo
from workerlog_migrate.syntax.bound_to import bound_to

if TYPE_CHECKING:
    from workerlog_migrate.analysis.families import Families

HEIGHT = 24
OWNERS = 8


class Order:
    """Orders functions.

    The arguments are the parts of the analysis that it asks.
    """

    def __init__(self, families: Families) -> None:
        self._families = families
        self.called: dict[FunctionInfo, dict[FunctionInfo, None]] = {}
        self.heights: dict[FunctionInfo, int] = {}

    def order(self, function: FunctionInfo) -> list[FunctionInfo]:
        """List the callees of a function before itself; heights tell who may be asked for a result.

        A function that can reach itself has no height: its results are taken flow-insensitively, whoever asks, so
        that no answer depends on where the analysis began.
        """
        order: list[FunctionInfo] = []
        state: dict[FunctionInfo, int] = {}
        stack: list[tuple[FunctionInfo, list[FunctionInfo]]] = [(function, self.callees(function))]
        state[function] = 1
        while stack:
            current, pending = stack[-1]
            if pending:
                callee = pending.pop()
                if callee in self.heights:
                    continue
                if callee not in state:
                    state[callee] = 1
                    stack.append((callee, self.callees(callee)))
                continue
            stack.pop()
            height = 0
            for callee in self.callees(current):
                height = max(height, self.heights.get(callee, HEIGHT) + 1)
            self.heights[current] = min(height, HEIGHT)
            order.append(current)
        return order

    def callees(self, function: FunctionInfo) -> list[FunctionInfo]:
        """Find functions of the program by the simple names that a function calls: too many rather than too few.

        A method name that very many classes define is left out; its results are then taken flow-insensitively.
        """
        known = self.called.get(function)
        if known is not None:
            return list(known)
        unit = function.unit
        found: dict[FunctionInfo, None] = {}
        scope = unit.module.scope_of_module
        own = unit.module.scopes.get(function.node)
        for name in sorted(function.facts.called):
            for bindings in (scope.bindings.get(name), own.bindings.get(name) if own is not None else None):
                for binding in bindings or ():
                    if binding.kind == "function":
                        found[unit.function(binding.node)] = None
                    elif binding.kind == "assign" and isinstance(binding.node, ast.Name):
                        named = unit.module.definition(binding.node)  # ``alias = function``
                        if isinstance(named, ast.FunctionDef | ast.AsyncFunctionDef):
                            found[unit.function(named)] = None
                        for made in bound_to(binding.node, unit.module.parents):
                            if isinstance(made, ast.Lambda):
                                found[unit.function(made)] = None
            owners = unit.owners_of(name)
            if len(owners) <= OWNERS:
                found.update((owner.methods[name], None) for owner in owners)
        current: FunctionInfo | None = function
        while current is not None and current.owner is None:
            current = unit.outer(current)
        if current is not None and current.owner is not None:
            for name in sorted(function.facts.called_on_self):
                method = self._families.method(current.owner, name)
                if isinstance(method, FunctionInfo):
                    found[method] = None
        self.called[function] = found
        return list(found)
