"""retry-io: find the calls that may be repeated whole when a passing fault breaks them.

Input: a ``Module`` and its ``Context``. Output: a finding with a ``RetryCall`` per call to wrap, and one with a reason
per I/O call that is left alone. Which call is which is data: ``knowledge/retry.toml``. What code adds to the table is
the surroundings of a call: a loop or a decorator that already repeats it (here), an event loop that must not be blocked or
an alarm (``retry_places``), and what is passed to it (``retry_arguments``).
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workerlog_migrate.edit import Edit, demand, reads

if TYPE_CHECKING:
    from workerlog_migrate.analysis.context import Context
    from workerlog_migrate.analysis.module import Module
    from workerlog_migrate.edit import Nodes
    from workerlog_migrate.model import Finding

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


def find(module: Module, context: Context) -> Iterator[Finding]:
    """Find the I/O of a script.

    Args:
        module: the script.
        context: names and place of its header, types of callees, and the calls that the user adds or forbids.

    Yields:
        A finding with a ``RetryCall`` per call to wrap; a finding with a reason per I/O call left alone.
    """
    # Late: a process that only reads results, with the edits in them, finds nothing itself.
    from workerlog_migrate.finders.io_calls import IoCalls

    finder = IoCalls(module, context)
    for call in module.calls_by(finder.names):
        finding = finder.judge(call)
        if finding is not None:
            yield finding
