"""What a file of the analysis asks of files that come after it: the evaluators see one another through these Protocols.

Questions go round: what a name is hangs on expressions, an expression on calls, a call on what its function returns. Files do not:
each imports only from those above it in ``engine``, and asks the later ones here.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from workerlog_migrate.analysis.arguments import Arguments
    from workerlog_migrate.analysis.frames import Frame
    from workerlog_migrate.analysis.program import FunctionInfo, Unit
    from workerlog_migrate.analysis.values import Type, Value
    from workerlog_migrate.knowledge import CallRow


class Anywhere(Protocol):
    """What something can ever be (``flat``)."""

    def value(self, node: ast.expr, unit: Unit) -> Value:
        """Return what an expression can be."""

    def callee(self, call: ast.Call, unit: Unit) -> Value:
        """Return what a call may call."""

    def target(self, node: ast.expr, unit: Unit) -> Value:
        """Return what is assigned to a target."""

    def returns(self, function: FunctionInfo) -> Value:
        """Return what a function gives."""

    def module_name(self, unit: Unit, name: str) -> Value | None:
        """Return what a global of a file is."""

    def written(self, unit: Unit, name: str) -> Value:
        """Return what else than its own statements a global of a file is set to."""


class Evaluates(Protocol):
    """Values and effects of expressions (``expressions``)."""

    def value(self, node: ast.expr, frame: Frame) -> Value:
        """Return what an expression gives at the frame's point."""


class Invokes(Protocol):
    """Values and effects of calls (``calls``)."""

    def callee(self, node: ast.Call, frame: Frame) -> Value:
        """Return what is called."""

    def invoke(self, entry: Type, arguments: Arguments, node: ast.expr, frame: Frame) -> Value:
        """Call one alternative of a callee."""

    def invoke_unknown(self, value: Value, node: ast.expr, frame: Frame) -> Value:
        """Call a value with arguments that are not known."""

    def row(self, node: ast.Call, frame: Frame) -> CallRow | None:
        """Return the row of what is called."""


class Reads(Protocol):
    """Attributes (``attributes``)."""

    def attribute(
        self, receiver: Value, name: str, node: ast.expr, frame: Frame, *, called: bool = False
    ) -> Value:
        """Return an attribute of a value."""

    def read(self, held: Type, node: ast.AST, frame: Frame) -> Value | None:
        """Return what an instance reads of what its class holds; None where that is the thing itself."""


class Assigns(Protocol):
    """Targets (``assignment``)."""

    def assign(
        self,
        target: ast.expr,
        value: Value,
        frame: Frame,
        *,
        source: ast.expr | None = None,
        of_loop: bool = False,
    ) -> None:
        """Bind a target to a value."""


class Enters(Protocol):
    """Context managers (``entering``)."""

    def entered(self, value: Value) -> Value:
        """Return what ``with value as x`` binds."""

    def may_swallow(self, value: Value) -> bool:
        """Whether a context manager may end an exception."""


class Decorates(Protocol):
    """Decorators (``decorators``)."""

    def decorated(self, value: Value, decorator: ast.expr, info: FunctionInfo) -> Value:
        """Return what a decorator makes of a function."""

    def instead_of_class(self, node: ast.ClassDef, unit: Unit) -> Value:
        """Return what decorators give in the place of a class."""


class Catches(Protocol):
    """Handlers (``caught``)."""

    def caught_value(self, handler: ast.ExceptHandler, frame: Frame) -> Value:
        """Return what ``except X as name`` binds."""


class Returns(Protocol):
    """Functions that were interpreted (``flow``)."""

    def returns(self, function: FunctionInfo, caller: FunctionInfo) -> Value:
        """Return what a call gives."""


class Originates(Protocol):
    """Expressions that make something (``sources``)."""

    def origins(self, node: ast.expr, unit: Unit) -> list[tuple[ast.expr, Unit]] | None:
        """Return the expressions that make a container; None when they are not all seen."""

    def looped(self, node: ast.expr, unit: Unit) -> list[ast.expr] | None:
        """Return all that a name may be that only loops over written-out items bind."""


class Above:
    """The evaluators that others ask, put in by the engine when all are made."""

    flat: Anywhere
    expressions: Evaluates
    calls: Invokes
    attributes: Reads
    assignment: Assigns
    entering: Enters
    decorators: Decorates
    caught: Catches
    flow: Returns
    sources: Originates
