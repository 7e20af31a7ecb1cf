"""What the program itself writes: constants, literals, and what is settled by them.

Input: an expression and where it stands. Output: the constant, or whether there is one.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from workerlog_migrate.analysis import values
from workerlog_migrate.analysis.parameters import default_of
from workerlog_migrate.analysis.uses import only_value
from workerlog_migrate.analysis.values import Type

if TYPE_CHECKING:
    from workerlog_migrate.analysis.arguments import Arguments
    from workerlog_migrate.analysis.frames import Frame
    from workerlog_migrate.analysis.program import Unit
    from workerlog_migrate.analysis.sources import Sources
    from workerlog_migrate.analysis.world import World
    from workerlog_migrate.analysis.writes import Writes

_MODULES = frozenset({"dotted", "unit"})


class Written:
    """Answers for one program.

    The arguments are the parts of the analysis that it asks.
    """

    def __init__(self, world: World, writes: Writes, sources: Sources) -> None:
        self._knowledge = world.knowledge
        self._writes = writes
        self._sources = sources

    def constant(self, node: ast.expr, arguments: Arguments) -> ast.Constant | None:
        """Return the constant that an expression is, also through a name that is bound to it once."""
        if isinstance(node, ast.Constant):
            return node
        if isinstance(node, ast.Name):
            return self.constant_name(node, arguments.frame)
        return None

    def constant_name(self, node: ast.Name, frame: Frame) -> ast.Constant | None:
        """Return the constant that a name is bound to once and for all."""
        value = self.once_bound(node, frame)
        return value if isinstance(value, ast.Constant) else None

    def once_bound(self, node: ast.Name, frame: Frame) -> ast.expr | None:
        """Return what a name is bound to once and for all, by no other file either."""
        module = frame.unit.module
        found = module.lookup(node.id, module.scope(node))
        if found is None or (
            found[0] is module.scope_of_module and self._writes.written(frame.unit, node.id)
        ):
            return None
        return only_value(module, found[1])

    def is_literal(self, node: ast.expr, arguments: Arguments) -> bool:
        """Whether the program itself holds a value: a constant, a list of such, an attribute of a module."""
        constant = self.constant(node, arguments)
        if constant is not None:
            return not (isinstance(constant.value, str) and "\0" in constant.value)
        if isinstance(node, ast.List | ast.Tuple):
            return all(self.is_literal(entry, arguments) for entry in node.elts)
        looped = self._sources.looped(node, arguments.frame.unit)
        if looped is not None:
            return all(
                isinstance(entry, ast.Constant) and self.is_literal(entry, arguments) for entry in looped
            )
        if isinstance(node, ast.UnaryOp):
            return self.is_literal(node.operand, arguments)
        if isinstance(node, ast.Attribute):
            value = arguments.value(node)
            return values.names(value) == {"dotted"} or (
                frozenset({Type("str")}) == value
                and isinstance(node.value, ast.Name)
                and values.names(arguments.value(node.value)) <= _MODULES
            )
        if isinstance(node, ast.BinOp):
            return self.is_literal(node.left, arguments) and self.is_literal(node.right, arguments)
        return False

    def is_settled(self, node: ast.expr, unit: Unit) -> bool:
        """Whether the program itself says what a value is: literals, defaults of parameters, attributes set to these."""
        return self._settled(node, unit, set())

    def _settled(self, node: ast.expr, unit: Unit, seen: set[ast.AST]) -> bool:
        if node in seen:
            return True
        seen.add(node)
        if isinstance(node, ast.Constant):
            return True
        if isinstance(node, ast.BoolOp):
            return all(self._settled(part, unit, seen) for part in node.values)
        if isinstance(node, ast.IfExp):
            return self._settled(node.body, unit, seen) and self._settled(node.orelse, unit, seen)
        module = unit.module
        if isinstance(node, ast.Call):  # what Python says of itself: locale.getpreferredencoding()
            dotted = module.qualified(node.func) or ""
            return not node.args and self._knowledge.call(dotted) is not None
        made: list[ast.AST] = []
        if isinstance(node, ast.Name):
            made.extend(binding.node for binding in module.bindings(node))
        elif isinstance(node, ast.Attribute):
            owner = unit.enclosing(node).owner
            if owner is None or not isinstance(node.value, ast.Name) or node.value.id != "self":
                return module.qualified(node) is not None  # sys.stdout.encoding
            made.extend(owner.stores.get(node.attr, ()))
            if node.attr in owner.values:
                return self._settled(owner.values[node.attr], unit, seen) and all(
                    self._is_settled_by(entry, unit, seen) for entry in made
                )
        return bool(made) and all(self._is_settled_by(entry, unit, seen) for entry in made)

    def _is_settled_by(self, made: ast.AST, unit: Unit, seen: set[ast.AST]) -> bool:
        if isinstance(made, ast.arg):
            function = unit.function_of(made)
            default = default_of(function, made)
            return default is not None and self._settled(default, unit, seen)
        parent = unit.module.parents.get(made)
        if isinstance(parent, ast.Assign | ast.AnnAssign) and made is not parent.value:
            direct = isinstance(parent, ast.AnnAssign) or made in parent.targets
            return direct and parent.value is not None and self._settled(parent.value, unit, seen)
        return False
