"""What mirror-output makes of a call, and how it is undone."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Set
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workerlog_migrate.edit import Edit, demand, is_same, reads

if TYPE_CHECKING:
    from workerlog_migrate.edit import Nodes


@dataclass(frozen=True, slots=True)
class MirrorCall(Edit):
    """``print(x)`` -> ``mirror_print(logger.info, x)``. The finding's span is the call's.

    Attributes:
        function: local name of ``mirror_print``.
        log_method: ``logger.info`` (the level is known) or ``logger`` (the text decides at run time).
        printer: text of ``printer=`` (``safe_print``, ``self.safe_print``, a shadowed ``print``) or None for the builtin.
    """

    function: str
    log_method: str
    printer: str | None = None

    @property
    def names(self) -> frozenset[str]:
        """The names of ``mirror_print`` and of the logger."""
        return frozenset({self.function, self.log_method.partition(".")[0]})

    @property
    def settled(self) -> frozenset[str]:
        """T201 is about a call of ``print``, of which none is left."""
        return frozenset({"T201"})

    @property
    def slice(self) -> str:
        """The level."""
        _, dot, method = self.log_method.rpartition(".")
        return method.upper() if dot else "by its text"

    def may_tell(self, old: ast.AST | None, bound: Set[str], used: Set[str]) -> bool:  # noqa: ARG002  # as in the base
        """To the inference ``mirror_print(logger.info, x)`` is ``print(x)``."""
        return False

    def undo(self, old: ast.AST, new: ast.AST) -> Iterator[tuple[Nodes, Nodes]]:
        """Take the first argument away, and a ``printer=`` that is the old callee."""
        assert isinstance(old, ast.Call)
        assert isinstance(new, ast.Call)
        keywords = list(new.keywords)
        if self.printer is None:
            demand(reads(old.func, "print"))
        else:
            demand(keywords)
            last = keywords.pop()
            demand(
                last.arg == "printer" and is_same(last.value, old.func) and reads(last.value, self.printer)
            )
        demand(reads(new.func, self.function) and new.args and reads(new.args[0], self.log_method))
        yield old.args, new.args[1:]
        yield old.keywords, keywords
