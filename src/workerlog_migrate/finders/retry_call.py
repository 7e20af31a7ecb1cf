"""What retry-io makes of a call, and how it is undone."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Set
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workerlog_migrate.edit import Edit, demand, reads

if TYPE_CHECKING:
    from workerlog_migrate.edit import Nodes

_OF_CALLS = frozenset({"SIM115", "PTH123", "PLW1514", "PTH208", "PTH103", "S310"})


@dataclass(frozen=True, slots=True)
class RetryCall(Edit):
    """``open(p)`` -> ``retrying(open)(p)``. The finding's span is the call's; ``wrapper`` is the local name."""

    wrapper: str

    @property
    def names(self) -> frozenset[str]:
        """The wrapper's."""
        return frozenset({self.wrapper})

    @property
    def settled(self) -> frozenset[str]:
        """Codes about a call that linters know by its name, which a call that is repeated has no more."""
        return _OF_CALLS

    def may_tell(self, old: ast.AST | None, bound: Set[str], used: Set[str]) -> bool:  # noqa: ARG002  # as in the base
        """To the inference ``retrying(f)(x)`` is ``f(x)``."""
        return False

    def undo(self, old: ast.AST, new: ast.AST) -> Iterator[tuple[Nodes, Nodes]]:
        """Take the wrapper away."""
        assert isinstance(old, ast.Call)
        assert isinstance(new, ast.Call)
        outer = new.func
        demand(isinstance(outer, ast.Call) and not outer.keywords and len(outer.args) == 1)
        assert isinstance(outer, ast.Call)
        demand(reads(outer.func, self.wrapper))
        yield [old.func], [outer.args[0]]
        yield old.args, new.args
        yield old.keywords, new.keywords
