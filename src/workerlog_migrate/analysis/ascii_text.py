"""Whether what an expression gives is ASCII as text, so that every terminal and file takes it.

Input: an expression. Output: yes where that is certain.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from workerlog_migrate.analysis import values

if TYPE_CHECKING:
    from workerlog_migrate.analysis.above import Above
    from workerlog_migrate.analysis.arguments import Arguments
    from workerlog_migrate.analysis.world import World
    from workerlog_migrate.analysis.written import Written


class AsciiText:
    """Answers for one program.

    The arguments are the parts of the analysis that it asks.
    """

    def __init__(self, world: World, above: Above, written: Written) -> None:
        self._knowledge = world.knowledge
        self._above = above
        self._written = written

    def is_ascii(self, node: ast.expr, arguments: Arguments) -> bool:
        """Whether the printed text of an expression is certainly ASCII: literals, numbers, f-strings of those."""
        if isinstance(node, ast.Constant):
            return str(node.value).isascii()
        if isinstance(node, ast.JoinedStr):
            return all(
                self.is_ascii(part.value if isinstance(part, ast.FormattedValue) else part, arguments)
                for part in node.values
            )
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Add | ast.Mod):
            return self.is_ascii(node.left, arguments) and self.is_ascii(node.right, arguments)
        if isinstance(node, ast.IfExp):
            return self.is_ascii(node.body, arguments) and self.is_ascii(node.orelse, arguments)
        if isinstance(node, ast.Tuple):
            return all(self.is_ascii(entry, arguments) for entry in node.elts)
        if isinstance(node, ast.Call):
            return self._gives_ascii(node, arguments)
        if isinstance(node, ast.Name):
            constant = self._written.constant(node, arguments)
            if constant is not None:
                return str(constant.value).isascii()
        value = arguments.value(node)
        return bool(value) and self._knowledge.are_all(values.names(value), "plain")

    def _gives_ascii(self, node: ast.Call, arguments: Arguments) -> bool:
        """Whether a call gives ASCII text, or bytes of it, or a number."""
        function = node.func
        row = self._above.calls.row(node, arguments.frame)
        if row is not None and "ascii" in row.marks:
            return True
        if isinstance(function, ast.Attribute):
            name = function.attr
            if name == "strftime":
                return all(self.is_ascii(entry, arguments) for entry in node.args)
            if name == "encode" and node.args and getattr(node.args[0], "value", "") == "ascii":
                return True
            if row is not None and "keeps-ascii" in row.marks:
                return self.is_ascii(function.value, arguments)
        value = arguments.value(node)
        return bool(value) and self._knowledge.are_all(values.names(value), "plain")
