"""The arguments of one call, by name and position, each evaluated once."""

from __future__ import annotations

import ast
from typing import Protocol

from workerlog_migrate.analysis.frames import Frame
from workerlog_migrate.analysis.values import Value


class _Evaluator(Protocol):
    def value(self, node: ast.expr, frame: Frame) -> Value: ...


class Arguments:
    """The arguments of one call, by name and position.

    Args:
        evaluator: gives the values of expressions.
        node: the call; None when the values are not known (a callback).
        frame: where it stands.
        positional, keywords: the expressions, possibly after leading ones were taken away.

    """

    __slots__ = ("_evaluator", "_memo", "frame", "keywords", "node", "positional", "receiver_node", "starred")

    def __init__(self, evaluator: _Evaluator, node: ast.Call | None, frame: Frame, skip: int = 0) -> None:
        self._evaluator = evaluator
        self.frame = frame
        self.node = node
        self.positional: list[ast.expr] = [] if node is None else node.args[skip:]
        self.keywords: dict[str, ast.expr] = {}
        self.starred = node is None  # more is passed than is written, unpacked or as a callback
        for word in () if node is None else node.keywords:
            if word.arg is None:
                self.starred = True
            else:
                self.keywords[word.arg] = word.value
        for entry in self.positional:
            if entry.__class__ is ast.Starred:
                self.starred = True
        self.receiver_node: ast.expr | None = None
        self._memo: dict[ast.expr, Value] = {}

    @property
    def is_empty(self) -> bool:
        """Whether the call passes nothing at all."""
        return not (self.positional or self.keywords or self.starred)

    def value(self, node: ast.expr) -> Value:
        """Return an argument's value; it is evaluated once, with its effects."""
        found = self._memo.get(node)
        if found is None:
            found = self._memo[node] = self._evaluator.value(node, self.frame)
        return found

    def know(self, node: ast.expr, value: Value) -> None:
        """Say what an argument is, so that it is not evaluated."""
        self._memo[node] = value

    def unpacked(self, params: tuple[str, ...]) -> list[ast.expr]:
        """Return what is unpacked with ``*`` into the parameter of a variadic function, as the row of one has no other.

        Args:
            params: those of the row.
        """
        if len(params) != 1 or self.node is None or any(word.arg is None for word in self.node.keywords):
            return []
        return [entry.value for entry in self.positional if isinstance(entry, ast.Starred)]

    def find(self, name: str, params: tuple[str, ...]) -> list[ast.expr]:
        """Return the expressions passed for a parameter: one, or several for the last of a variadic function.

        ``*`` stands for the iterables that are unpacked, ``**`` for the mappings.
        """
        if name in self.keywords:
            return [self.keywords[name]]
        if name == "*":
            return [entry.value for entry in self.positional if isinstance(entry, ast.Starred)]
        if name == "**":
            return (
                [] if self.node is None else [word.value for word in self.node.keywords if word.arg is None]
            )
        if name not in params:
            return []
        at = params.index(name)
        plain: list[ast.expr] = []
        for entry in self.positional:
            if isinstance(entry, ast.Starred):
                break
            plain.append(entry)
        if at == len(params) - 1 and len(params) == 1:
            return plain
        return plain[at : at + 1]
