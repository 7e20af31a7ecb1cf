"""Whether something was proved: a key is there, an index is, a divisor is not zero, a date is today's.

Input: an expression and the frame with what guards have proved there. Output: yes, or not known.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from workerlog_migrate.analysis.columns import width
from workerlog_migrate.analysis.frames import Frame, key_of
from workerlog_migrate.syntax.literals import integer, is_none, len_argument

if TYPE_CHECKING:
    from workerlog_migrate.analysis.above import Above
    from workerlog_migrate.analysis.containers import Containers
    from workerlog_migrate.analysis.sources import Sources
    from workerlog_migrate.analysis.writes import Writes
    from workerlog_migrate.analysis.written import Written

_WEEK = 7
_PAIR = 2
_UNPACKING = frozenset({"unpack", "unpack_from"})


class Proofs:
    """Answers from the facts of a frame, from literals and from rows.

    The arguments are the parts of the analysis that it asks.
    """

    def __init__(
        self,
        above: Above,
        containers: Containers,
        writes: Writes,
        sources: Sources,
        written: Written,
    ) -> None:
        self._above = above
        self._containers = containers
        self._writes = writes
        self._sources = sources
        self._written = written

    def has_key(self, node: ast.Subscript, frame: Frame) -> bool:
        """Whether a guard has proved that the container holds the key."""
        if not frame.facts:
            return False
        path = frame.unit.path(node.value)
        text = key_of(node.slice, frame)
        if path is None or text is None:
            return False
        return _has_key(path, text, frame)

    def has_column(self, node: ast.Subscript, frame: Frame) -> bool:
        """Whether a row of a database has a column, because a literal text names what is asked for."""
        count, index = width(node.value, frame.unit.module), integer(node.slice)
        if index is None and not isinstance(node.slice, ast.Constant):
            return False  # which column, nobody sees
        return count is not None and (index is None or -count <= index < count)

    def has_index(self, node: ast.Subscript, frame: Frame) -> bool:
        """Whether the sequence is known to be long enough for the index."""
        index = integer(node.slice)
        if index is not None and self._splits_enough(node.value, index, frame):
            return True
        if self._is_long_enough(node, index, frame):
            return True
        if self.has_key(node, frame):
            return True
        if index is None or not frame.facts:
            return False
        path = frame.unit.path(node.value)
        if path is None:
            return False
        wanted = index + 1 if index >= 0 else -index
        return any(
            fact.kind == "len" and fact.path == path and isinstance(fact.extra, int) and fact.extra >= wanted
            for fact in frame.facts
        )

    def _is_long_enough(self, node: ast.Subscript, index: int | None, frame: Frame) -> bool:
        """Whether what a literal, a row's text or a function says of a length is enough for an index."""
        module = frame.unit.module
        if index is None:
            items = self._sources.literal_items(node.value, frame.unit)
            row = self._above.calls.row(node.slice, frame) if isinstance(node.slice, ast.Call) else None
            return items is not None and row is not None and "weekday" in row.marks and len(items) >= _WEEK
        if index in (0, -1) and self._is_filled(node.value, frame):
            return True
        count = width(node.value, module)
        return count is not None and -count <= index < count

    def _is_filled(self, node: ast.expr, frame: Frame) -> bool:
        """Whether a list is one that a function puts at least one item in: ``parse_qs(q)["k"]``."""
        if not isinstance(node, ast.Subscript):
            return False
        made: list[ast.AST | None] = [node.value]
        if isinstance(node.value, ast.Name):
            module = frame.unit.module
            parents = [module.parents.get(binding.node) for binding in module.bindings(node.value)]
            made = [parent.value if isinstance(parent, ast.Assign) else None for parent in parents]
        return bool(made) and all(
            isinstance(call, ast.Call)
            and (row := self._above.calls.row(call, frame)) is not None
            and "filled" in row.marks
            and self._containers.is_unchanged(call, frame.unit)
            for call in made
        )

    def _splits_enough(self, node: ast.expr, index: int, frame: Frame) -> bool:
        """``text.split(sep)[0]`` is always there; ``text.split()[0]`` is not; ``[1]`` is behind ``if sep in text``."""
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            return False
        if node.func.attr in _UNPACKING:  # struct: a format without any value is written by nobody
            return index == 0
        if node.func.attr in ("split", "rsplit") and node.args and not is_none(node.args[0]):
            return index in ((0, -1, 1, -2) if self._is_split_in_two(node, frame) else (0, -1))
        return node.func.attr in ("partition", "rpartition") and -3 <= index <= 2

    def _is_split_in_two(self, node: ast.Call, frame: Frame) -> bool:
        """Whether ``text.split(sep)``, not limited to nothing, stands behind ``if sep in text``."""
        match node:
            case ast.Call(func=ast.Attribute(value=text), args=[separator], keywords=[]):
                pass
            case ast.Call(
                func=ast.Attribute(value=text), args=[separator, ast.Constant(value=int(most))], keywords=[]
            ):
                if most < 1:
                    return False
            case _:
                return False
        path, key = frame.unit.path(text), key_of(separator, frame)
        return path is not None and _has_key(path, key, frame)

    def has_parts(self, node: ast.expr, count: int, frame: Frame, *, exact: bool) -> bool:
        """Whether what is unpacked has as many parts as there are names.

        Args:
            node: what is unpacked.
            count: how many names there are, a starred one aside.
            frame: where it stands.
            exact: none of them is starred.

        Returns:
            True for what a format says that is written there (``struct.unpack("<I", data)``), for what is split once at what is known
            to be in it, and for a row of the columns that a literal SQL text names.
        """
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="struct"), attr=attr), args=[ast.Constant(), *_]
            ) if attr in _UNPACKING:
                return True
            case ast.Call(func=ast.Attribute(attr="split" | "rsplit"), args=[_, ast.Constant(value=1)]) if (
                exact
            ):
                return count == _PAIR and self._is_split_in_two(node, frame)
        columns = width(node, frame.unit.module)
        return columns is not None and (columns == count or (columns > count and not exact))

    def is_nonzero(self, node: ast.expr, frame: Frame) -> bool:
        """Whether a divisor is known not to be zero."""
        match node:
            case ast.Constant(value=value):
                return isinstance(value, int | float | complex) and value != 0
            case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=operand):
                return self.is_nonzero(operand, frame)
            case ast.BoolOp(op=ast.Or(), values=entries):
                return self.is_nonzero(entries[-1], frame)
            case ast.BinOp(op=ast.Mult() | ast.Pow(), left=left, right=right):
                return self.is_nonzero(left, frame) and (
                    isinstance(node.op, ast.Pow) or self.is_nonzero(right, frame)
                )
            case ast.BinOp(op=ast.Add(), left=left, right=right):
                return (self._is_positive(left) and _is_count(right)) or (
                    self._is_positive(right) and _is_count(left)
                )
            case ast.IfExp(body=body, orelse=other):
                return self.is_nonzero(other, frame) and self.is_nonzero(body, frame)
            case ast.Call(func=ast.Name(id="max"), args=args):
                return any(self._is_positive(entry) for entry in args)
            case ast.Call(func=ast.Name(id="len" | "float" | "int"), args=[inner]):
                path = frame.unit.path(inner)
                if path is None:
                    return False
                kinds = ("len",) if node.func.id == "len" else ("nonzero",)  # type: ignore[attr-defined]  # matched above
                return any(fact.path == path and fact.kind in kinds for fact in frame.facts)
        path = frame.unit.path(node)
        if path is not None and any(fact.kind == "nonzero" and fact.path == path for fact in frame.facts):
            return True
        if isinstance(node, ast.Name):
            constant = self._written.constant_name(node, frame)
            if constant is not None:
                return isinstance(constant.value, int | float) and constant.value != 0
            product = self._constant_expression(node, frame)
            if product is not None:
                return self.is_nonzero(product, frame)
        return False

    def _constant_expression(self, node: ast.Name, frame: Frame) -> ast.expr | None:
        """Return ``60 * 60`` for a name that is bound to it once."""
        value = self._written.once_bound(node, frame)
        if isinstance(value, ast.BinOp) and all(
            isinstance(entry, ast.Constant | ast.BinOp | ast.operator) for entry in ast.walk(value)
        ):
            return value
        if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "max":
            return value
        return value if isinstance(value, ast.BoolOp) and isinstance(value.op, ast.Or) else None

    def is_recent(self, node: ast.expr, frame: Frame) -> bool:
        """Whether a date is today's or was (see ``Sources.is_recent``)."""
        return self._sources.is_recent(node, frame)

    def _is_positive(self, node: ast.expr) -> bool:
        return isinstance(node, ast.Constant) and isinstance(node.value, int | float) and node.value > 0


def _is_count(node: ast.expr) -> bool:
    """Whether an expression is a count, which is never negative: ``len(x)``."""
    return len_argument(node) is not None


def _has_key(path: str, key: str | None, frame: Frame) -> bool:
    return any(fact.kind == "key" and fact.path == path and fact.extra == key for fact in frame.facts)
