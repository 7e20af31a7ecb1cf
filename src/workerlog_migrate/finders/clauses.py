"""What an ``except`` clause catches, and which exceptions it asks for itself."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workerlog_migrate.analysis.exceptions import BROAD, ROOT
from workerlog_migrate.analysis.raises import infer
from workerlog_migrate.analysis.uses import only_value
from workerlog_migrate.model import Evidence
from workerlog_migrate.syntax.blocks import block_nodes

if TYPE_CHECKING:
    from workerlog_migrate.analysis.engine import Engine
    from workerlog_migrate.analysis.flow import GuardedBlock
    from workerlog_migrate.analysis.module import Module


@dataclass(frozen=True, slots=True)
class Caught:
    """The members of a handler's type that are broad, and the source text of the others.

    Attributes:
        broad: canonical names of the broad members.
        kept: canonical name (empty when unknown) and text of every other member.

    """

    broad: tuple[str, ...] = ()
    kept: tuple[tuple[str, str], ...] = ()


class Clauses:
    """The questions about the clauses of one module.

    Args:
        module: the script.
        engine: the module's inference.
    """

    def __init__(self, module: Module, engine: Engine) -> None:
        self.module = module
        self.engine = engine

    def is_suppress(self, call: ast.Call) -> bool:
        """Whether a call is ``contextlib.suppress`` by any name."""
        function = call.func
        if isinstance(function, ast.Attribute):
            return function.attr == "suppress" and self.module.qualified(function) == "contextlib.suppress"
        return isinstance(function, ast.Name) and self.module.qualified(function) == "contextlib.suppress"

    def broad_members(self, node: ast.expr | None, place: ast.AST) -> Caught | None:
        """Split a handler's type into broad members and the rest; None when nothing in it is broad."""
        if node is None:
            return Caught((ROOT,))
        members = node.elts if isinstance(node, ast.Tuple) else [node]
        if all(self._is_specific(member) for member in members):
            return None
        if isinstance(node, ast.Name) and self.module.qualified(node) is None:
            members = self._members_of_alias(node) or members
        broad: list[str] = []
        kept: list[tuple[str, str]] = []
        frame = self.engine.flat.frame(self.engine.unit, place)
        for member in members:
            names, _ = self.engine.caught.exception_names(member, frame)
            found = [name for name in names if name in (BROAD, ROOT)]
            if found:
                broad.extend(found)
            else:
                kept.append((names[0] if len(names) == 1 else "", self.module.text(member)))
        return Caught(tuple(broad), tuple(kept)) if broad else None

    def may_be_broad(self, node: ast.expr | None) -> bool:
        """Whether a type is written as a broad one, but a star import may have made another of that name."""
        members = node.elts if isinstance(node, ast.Tuple) else [node]
        return bool(self.module.star_imports) and any(
            isinstance(member, ast.Name) and member.id in (BROAD, ROOT) and not self.module.bindings(member)
            for member in members
        )

    def _is_specific(self, member: ast.expr) -> bool:
        """Whether a member is plainly a known class that is not broad: most are, and need no more questions."""
        name = self.module.qualified(member)
        if name is None or self.engine.knowledge.exception(name) is None:
            return False
        return self.engine.knowledge.canonical_exception(name) not in (BROAD, ROOT)

    def _members_of_alias(self, node: ast.Name) -> list[ast.expr]:
        """Return the members of ``ERRORS = (Exception, X)``."""
        value = only_value(self.module, self.module.bindings(node))
        return value.elts if isinstance(value, ast.Tuple) else []

    def earlier(self, node: ast.ExceptHandler, owner: ast.stmt) -> list[str]:
        """Return what the clauses before this one catch."""
        caught: list[str] = []
        frame = self.engine.flat.frame(self.engine.unit, node)
        for handler in owner.handlers:  # type: ignore[attr-defined]  # a try statement
            if handler is node:
                break
            caught.extend(self.engine.caught.exception_names(handler.type, frame)[0])
        return caught

    def asked_for(self, node: ast.ExceptHandler, block: GuardedBlock) -> list[Evidence]:
        """Return the classes that the handler itself asks for: ``isinstance(e, X)``, ``e.returncode``."""
        if node.name is None:
            return []
        if not block.effects:
            return []
        found: list[Evidence] = []
        frame = self.engine.flat.frame(self.engine.unit, node)
        hierarchy = self.engine.hierarchy
        for child in block_nodes(node.body):
            if _asks_for_class(child, node.name):
                assert isinstance(child, ast.Call)
                names, _ = self.engine.caught.exception_names(child.args[1], frame)
                rule = "isinstance"
            elif (
                isinstance(child, ast.Attribute)
                and isinstance(child.value, ast.Name)
                and child.value.id == node.name
            ):
                names, rule = self._with_attribute(child.attr, block), "attribute"
            else:
                continue
            for name in names:
                if name not in (BROAD, ROOT) and not hierarchy.is_control(name):
                    cause = self.module.text(child)
                    found.append(Evidence(name, cause, child.lineno, rule, "the handler asks for it"))
        return found

    def _with_attribute(self, attribute: str, block: GuardedBlock) -> tuple[str, ...]:
        """Return the exceptions of imported modules that have an attribute which nothing raised in the body has."""
        knowledge, hierarchy = self.engine.knowledge, self.engine.hierarchy
        if attribute.startswith("__") or knowledge.attribute(ROOT, attribute) is not None:
            return ()
        raised = infer(self.engine, block).names
        if any(knowledge.attribute(name, attribute) is not None for name in raised):
            return ()
        found: list[str] = []
        for top in sorted({name.partition(".")[0] for name in self._imported()}):
            found.extend(knowledge.exceptions_with(top, attribute))
        return tuple(
            name
            for name in found
            if any(hierarchy.is_subclass(other, name) for other in raised) or len(found) == 1
        )

    def _imported(self) -> Iterator[str]:
        for node in self.module.imports:
            if isinstance(node, ast.ImportFrom):
                yield node.module or ""
            else:
                for alias in node.names:
                    yield alias.name


def _asks_for_class(node: ast.AST, alias: str) -> bool:
    """Whether a node is ``isinstance(alias, X)``."""
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "isinstance"
        and len(node.args) == 2
        and isinstance(node.args[0], ast.Name)
        and node.args[0].id == alias
    )
