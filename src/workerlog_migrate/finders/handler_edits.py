"""What specific-exceptions makes of a handler and of ``suppress``, and how it is undone; the verdicts about both."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Set
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from workerlog_migrate.edit import Edit, Piece, demand, is_same, reads

if TYPE_CHECKING:
    from workerlog_migrate.edit import Nodes

NARROWED = "narrowed"
WATCHED = "watched"  # also the reason of one that stays so, which nothing is to be done about
NOT_WATCHED = "not-watched"
INCOMPLETE = "incomplete"
LEFT = "left"
RAISES_NOTHING = "nothing in the body is known to raise"
NOT_NAMED = "cannot be named here"
"""The end of the reason why a handler stays broad of which all is known, but classes of modules that the script does not import."""

_BLIND, _BARE = "BLE001", "E722"
_SILENT = ("S110", "S112")  # a handler that is `pass` or `continue` alone, of Exception or bare
"""Codes of ruff and flake8: https://docs.astral.sh/ruff/rules/."""
_SHOWING = frozenset({"print", "str", "repr", "format"})
_LOGGING = frozenset({"debug", "info", "warning", "error", "exception", "critical", "log"})
_CALLED = re.compile(r"\w+(?=[.(])")


@dataclass(frozen=True, slots=True)
class HandlerEdit(Edit):
    """What becomes of one ``except`` clause. The finding's span is the handler's.

    Attributes:
        types: the whole new type list as source text, one entry per name; None leaves the header as it is.
        log: one statement to put first in the body, without newline; None adds nothing.
        replaces_pass: ``log`` takes the place of a body that is a lone ``pass``.
        boundary: statements of an added clause ``except Exception:`` after this one (``--unresolved reraise``).
        unwatch: the ``expect_only(...)`` that is the body's first statement and is taken out; empty takes nothing out.
    """

    piece = Piece.HANDLER
    retired = ("alias",)  # no edit needs a name for the error any more

    types: tuple[str, ...] | None = None
    log: str | None = None
    replaces_pass: bool = False
    boundary: tuple[str, ...] = ()
    unwatch: str = ""

    @property
    def names(self) -> frozenset[str]:
        """What its statements call, up to the first dot: the logger or a function of the runtime."""
        added = [*self.boundary, *([self.log] if self.log else [])]
        return frozenset(called[0] for text in added if (called := _CALLED.match(text)))

    @property
    def released(self) -> frozenset[str]:
        """``expect_only``, where it is taken out."""
        return frozenset({self.unwatch.partition("(")[0]} if self.unwatch else ())

    @property
    def listed(self) -> tuple[str, ...]:
        """The new type list; empty where the header stays."""
        return self.types or ()

    def with_listed(self, types: tuple[str, ...]) -> HandlerEdit:
        """Give the same edit with another type list."""
        return replace(self, types=types)

    @property
    def settled(self) -> frozenset[str]:
        """What linters say about broad handlers, or about silent ones."""
        if self.types is not None:
            return frozenset({_BLIND, _BARE, *_SILENT})
        if self.log is None:
            return frozenset()
        # To linters a blind handler that logs the traceback is none.
        return frozenset({*_SILENT, *([_BLIND] if ".exception(" in self.log else [])})

    def may_tell(self, old: ast.AST | None, bound: Set[str], used: Set[str]) -> bool:  # noqa: ARG002  # as in the base
        """A clause that raises again lets through what it caught, and an error of fewer classes is better known."""
        assert isinstance(old, ast.ExceptHandler)
        if self.boundary or self.unwatch:
            return True
        return self.types is not None and old.name is not None and not _is_only_shown(old, bound)

    def undo(self, old: ast.AST, new: ast.AST) -> Iterator[tuple[Nodes, Nodes]]:
        """Compare the header as it was planned, and take the added statement away."""
        assert isinstance(old, ast.ExceptHandler)
        assert isinstance(new, ast.ExceptHandler)
        if self.types is None:
            demand(is_same(old.type, new.type))
        else:
            text = self.types[0] if len(self.types) == 1 else f"({', '.join(self.types)})"
            demand(new.type is not None and reads(new.type, text))
        demand(new.name == old.name)
        body = list(new.body)
        kept = list(old.body)
        if self.unwatch:
            watch = kept.pop(0)
            demand(isinstance(watch, ast.Expr) and reads(watch.value, self.unwatch))
            if not kept and self.log is None:
                kept.append(ast.copy_location(ast.Pass(), watch))
        if self.log is not None:
            first = body.pop(0)
            demand(isinstance(first, ast.Expr) and reads(first.value, self.log))
            if self.replaces_pass:
                demand(isinstance(kept.pop(0), ast.Pass))
        yield kept, body

    def clause_after(self) -> ast.ExceptHandler | None:
        """Give the clause of ``boundary``."""
        if not self.boundary:
            return None
        lines = "\n ".join(self.boundary)
        planned = ast.parse(f"try: pass\nexcept Exception:\n {lines}\n").body[0]
        assert isinstance(planned, ast.Try)
        return planned.handlers[0]


def _is_only_shown(handler: ast.ExceptHandler, bound: Set[str]) -> bool:
    """Whether a handler asks nothing of the class of its error: it puts it into a text, prints it or logs it."""
    shown = set[ast.AST]()
    uses = []
    for statement in handler.body:
        for node in ast.walk(statement):
            match node:
                case ast.FormattedValue(value=ast.Name() as name):
                    shown.add(name)
                case ast.Call(func=ast.Name(id=function)) if function in _SHOWING and function not in bound:
                    shown.update(node.args)
                case ast.Call(func=ast.Attribute(attr=method)) if method in _LOGGING:
                    shown.update(node.args)
                case ast.Name(id=handler.name):
                    uses.append(node)
    return shown.issuperset(uses)


@dataclass(frozen=True, slots=True)
class SuppressEdit(Edit):
    """``suppress(Exception)`` -> ``suppress(OSError)``. The span is the call's; ``types`` its new arguments."""

    types: tuple[str, ...]

    @property
    def listed(self) -> tuple[str, ...]:
        """The new arguments."""
        return self.types

    def with_listed(self, types: tuple[str, ...]) -> SuppressEdit:
        """Give the same edit with other arguments."""
        return replace(self, types=types)

    def may_tell(self, old: ast.AST | None, bound: Set[str], used: Set[str]) -> bool:  # noqa: ARG002  # as in the base
        """What is caught has no name, and what is not caught any more cannot come."""
        return False

    def undo(self, old: ast.AST, new: ast.AST) -> Iterator[tuple[Nodes, Nodes]]:
        """Compare the arguments as they were planned."""
        assert isinstance(old, ast.Call)
        assert isinstance(new, ast.Call)
        demand(not new.keywords and len(new.args) == len(self.types))
        demand(all(reads(argument, name) for argument, name in zip(new.args, self.types, strict=True)))
        yield [old.func], [new.func]
