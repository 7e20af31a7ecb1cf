"""What becomes of one piece of a script: the base of all edits, and what the engine asks of one.

An edit is plain data that a finder proposes; its class stands in the finder's module and answers for itself: which
names it needs, how it is undone, what linters have left to say. So the engine knows no codemod by name. How LibCST makes
the edit is the business of ``workerlog_codemods``; `Edit.undo` is the proof that it did, and shares no code with it.
"""

from __future__ import annotations

import enum
import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from workerlog_migrate.errors import WorkerlogError

if TYPE_CHECKING:
    import ast
    from collections.abc import Iterator, Sequence, Set

    Nodes = Sequence[ast.AST]


class NotAsPlannedError(WorkerlogError):
    """A node of the result is not what the edit makes of the original's."""


class Piece(enum.Enum):
    """What an edit replaces."""

    CALL = "call"
    HANDLER = "handler"
    LINES = "lines"


@dataclass(frozen=True, slots=True)
class Edit:
    """The base of all edits: frozen dataclasses of texts, which can be pickled and printed as JSON.

    Attributes:
        piece: the kind of node whose span the finding has.
        retired: keys that version 1 of the JSON report had for this edit, and has as null.
    """

    piece: ClassVar[Piece] = Piece.CALL
    retired: ClassVar[tuple[str, ...]] = ()

    @property
    def names(self) -> frozenset[str]:
        """The names that the new code uses and the header brings, as they are called in the script."""
        return frozenset()

    @property
    def released(self) -> frozenset[str]:
        """The names of the header that the old code used and the new one does not."""
        return frozenset()

    @property
    def listed(self) -> tuple[str, ...]:
        """The exceptions that it lists, as they are written; a person may write others."""
        return ()

    def with_listed(self, types: tuple[str, ...]) -> Edit:  # noqa: ARG002  # those that list none stay as they are
        """Give the same edit with other exceptions.

        Args:
            types: as they are to be written.
        """
        return self

    @property
    def settled(self) -> frozenset[str]:
        """The codes of ``# noqa`` comments that have nothing left to silence in the node."""
        return frozenset()

    @property
    def slice(self) -> str:
        """The slice of its codemod's chart that it belongs to; empty: that of the finding's verdict."""
        return ""

    def may_tell(self, old: ast.AST | None, bound: Set[str], used: Set[str]) -> bool:  # noqa: ARG002  # see the heirs
        """Say whether the new code may make something known that was not, so that more could be inferred from the result.

        Args:
            old: the original node; None for lines.
            bound: names that the script binds anywhere.
            used: names that it uses or binds, those of the runtime aside.

        Returns:
            True unless it is certain that the new code means to the inference what stood there.
        """
        return True

    def undo(self, old: ast.AST, new: ast.AST) -> Iterator[tuple[Nodes, Nodes]]:
        """Check that a node is the original one with this very edit, and give what was kept.

        Args:
            old: the original node.
            new: the one in its place, of the same type.

        Yields:
            Nodes of the original and those of the result that have to be equal to them, one by one.

        Raises:
            NotAsPlannedError: the result is something else.
        """
        raise NotAsPlannedError(f"{type(self).__name__} of {old} is {new}, and cannot be undone")

    def clause_after(self) -> ast.ExceptHandler | None:
        """Give the clause that is put in behind an ``except`` clause, if one is."""
        return None


@dataclass(frozen=True, slots=True)
class LinesEdit(Edit):
    """Whole lines put in before ``span.line`` (an insertion: the span is empty) or in place of an import statement.

    Attributes:
        lines: the new text's lines without newlines; an empty string is a blank line.
    """

    piece = Piece.LINES

    lines: tuple[str, ...]

    def may_tell(self, old: ast.AST | None, bound: Set[str], used: Set[str]) -> bool:  # noqa: ARG002  # as in the base
        """An import that is added binds a name, which the script may use without having bound it."""
        import ast

        for node in ast.walk(self.parsed()):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = (alias.asname or alias.name.partition(".")[0] for alias in node.names)
                if any(name in used for name in names):
                    return True
        return False

    def parsed(self) -> ast.Module:
        """Give the tree of the lines; scripts are given the same lines over and over, so nobody may change it."""
        return _parsed_lines("\n".join(self.lines))


def demand(condition: object) -> None:
    """Refuse a node that is not what was planned.

    Args:
        condition: true if it is.

    Raises:
        NotAsPlannedError: it is not.
    """
    if not condition:
        raise NotAsPlannedError("not as planned")


def reads(node: ast.AST, text: str) -> bool:
    """Say whether a node is the expression that a text says.

    Args:
        node: of any kind.
        text: an expression.
    """
    return is_same(node, _parsed(text))


@functools.lru_cache(maxsize=256)
def _parsed_lines(text: str) -> ast.Module:
    import ast

    return ast.parse(text)


@functools.lru_cache(maxsize=1024)
def _parsed(text: str) -> ast.expr:
    import ast

    return ast.parse(text, mode="eval").body


def is_same(one: ast.AST | None, other: ast.AST | None, *, at_same_place: bool = False) -> bool:
    """Say whether two trees are equal, positions aside.

    Args:
        one: a node, or none.
        other: another one.
        at_same_place: they must be equal in their positions, too.
    """
    import ast

    stack: list[tuple[object, object]] = [(one, other)]
    while stack:
        left, right = stack.pop()
        if left is right:
            continue
        if type(left) is not type(right):
            return False
        if isinstance(left, ast.AST):
            if at_same_place and any(
                getattr(left, name, None) != getattr(right, name, None) for name in left._attributes
            ):
                return False
            for name in left._fields:
                one, other = getattr(left, name, None), getattr(right, name, None)
                if one is not other:  # contexts and interned names are one object in both trees
                    stack.append((one, other))
        elif isinstance(left, list) and isinstance(right, list):
            if len(left) != len(right):
                return False
            stack += zip(left, right, strict=True)
        elif left != right and repr(left) != repr(right):  # nan is not equal to itself
            return False
    return True
