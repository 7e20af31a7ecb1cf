"""Types of expressions and names of callees in one script: the question that finders ask.

Input: a ``Module``, the knowledge base and the settings (which may teach exceptions). Output: type expressions and
row names as text. The engine behind is shared with ``raises``, so that nothing is computed twice.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from workerlog_migrate.analysis import values
from workerlog_migrate.analysis.engine import Engine
from workerlog_migrate.analysis.neighbours import Neighbours, Users

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from workerlog_migrate.analysis.module import Module
    from workerlog_migrate.knowledge import Knowledge
    from workerlog_migrate.model import Settings


class Types:
    """Types in one script, inferred when first asked for.

    Args:
        module: the script.
        knowledge: the rows.
        settings: the run's settings.
        resolve_module: finds another file of the program by its dotted name (``genesis_comum``, ``..x``) and the path
            of the file that imports it; by default the files beside the script, and those of the
            libraries in the settings, are read.
        users: for this script and files that it imports, by their absolute path, the files that may use what is in them.
        before: those of the same script before it was edited.

    """

    def __init__(
        self,
        module: Module,
        knowledge: Knowledge,
        settings: Settings,
        resolve_module: Callable[[str, Path], Module | None] | None = None,
        *,
        users: Mapping[str, tuple[str, ...]] | None = None,
        before: Types | None = None,
    ) -> None:
        self._neighbours: Neighbours = (
            Neighbours(module.source.path, module, settings.libraries)
            if before is None
            else before._neighbours.again(module)
        )
        self.engine = Engine(
            module,
            knowledge,
            settings,
            resolve_module or self._neighbours.find,
            Users(self._neighbours, users) if users else None,
        )

    @property
    def neighbours(self) -> tuple[tuple[str, str], ...]:
        """Other files that have been read or looked for, each with the digest of its bytes, empty where there is none."""
        return tuple(self._neighbours.seen.items())

    def close(self) -> None:
        """Forget everything that was inferred; nothing can be asked any more."""
        self.engine.close()

    def of(self, node: ast.expr) -> str | None:
        """Return the type of an expression as a type expression, ``pathlib.Path`` or ``re.Match?``; None if unknown."""
        return values.render(self.engine.flat.value(node, self.engine.unit))

    def callee(self, call: ast.Call) -> str | None:
        """Return the qualified name of what a call calls.

        Args:
            call: a call of the script.

        Returns:
            ``open``, ``json.load``, ``pathlib.Path.read_text``, ``requests.Session.get``: imports and builtins under
            their own name (also those without a row), methods under their receiver's type. ``retrying(open)(p)`` is
            ``open``. None when it is unknown, ambiguous, or a function of the script.

        """
        return self.engine.calls.named(self.engine.flat.callee(call, self.engine.unit))
