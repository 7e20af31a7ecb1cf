"""What a person would write so that a value of unknown type is known: where it comes from, and what to annotate there.

Input: the expression that something is done with, or the call that is not known. Output: half a sentence for the report,
or nothing. Lines of other files are given with the file's name.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from workerlog_migrate.analysis import values
from workerlog_migrate.analysis.program import ClassInfo, Unit

if TYPE_CHECKING:
    from workerlog_migrate.analysis.above import Anywhere
    from workerlog_migrate.analysis.module import Module
    from workerlog_migrate.analysis.values import Value
    from workerlog_migrate.analysis.world import World
    from workerlog_migrate.syntax.scopes import Binding

SETTLE = "to settle it: "
_LONGEST = 40
_LOOPS = 4  # of loops over what another loop gives


def how_to_settle(subject: ast.expr, unit: Unit, world: World, anywhere: Anywhere) -> str:
    """Say what to annotate so that the type of an expression is known; empty when that cannot be told.

    Args:
        subject: the expression.
        unit: the file in which it stands.
        world: the files of the analysis.
        anywhere: what something can ever be.

    """
    return _Place(unit, world, anywhere).of(subject)


def how_to_settle_call(node: ast.AST, rule: str, unit: Unit, world: World, anywhere: Anywhere) -> str:
    """Say what would make a call known besides a row; empty when that cannot be told.

    Args:
        node: what is not known.
        rule: the name under which it could be taught: a method of anything begins with ``*.``.
        unit: the file in which it stands.
        world: the files of the analysis.
        anywhere: what something can ever be.

    """
    match node:
        case ast.Call(func=ast.Attribute(value=subject)) if rule.startswith("*."):
            return how_to_settle(subject, unit, world, anywhere)
        case ast.Call(func=ast.Call(func=ast.Name(id="getattr"), args=[held, name, *_])):
            place = _Place(unit, world, anywhere)
            return f"call it by its name, or look `{place.short(name)}` up in a dict of the methods of `{place.short(held)}` that is written here"
        case ast.Call(func=ast.Name() | ast.Subscript() as called):
            return _Place(unit, world, anywhere).of_called(called)
        case ast.Raise(exc=ast.expr() as raised):
            return _Place(unit, world, anywhere).of_raised(
                raised.func if isinstance(raised, ast.Call) else raised
            )
    return ""


class _Place:
    """Answers for expressions of one file."""

    def __init__(self, unit: Unit, world: World, anywhere: Anywhere) -> None:
        self._unit = unit
        self._world = world
        self._anywhere = anywhere
        self._module: Module = unit.module

    def of(self, subject: ast.expr, depth: int = 0) -> str:
        """Say where the innermost part of an expression that may be anything could be declared."""
        chain = [subject]
        while (inner := _inner(chain[-1])) is not None:
            chain.append(inner)
        chain.reverse()
        called = {id(node.func) for node in chain if isinstance(node, ast.Call)}
        before: Value = values.BOTTOM
        for node in chain:
            value = self._anywhere.value(node, self._unit)
            if id(node) not in called and (node is subject or any(map(values.is_opaque, value))):
                return self._of_part(node, before, depth)
            before = value
        return ""

    def of_called(self, called: ast.Name | ast.Subscript) -> str:
        """Say what would tell what a parameter that is called, or an item of it, stands for."""
        root = called.value if isinstance(called, ast.Subscript) else called
        bindings = self._module.bindings(root) if isinstance(root, ast.Name) else []
        if not bindings or bindings[0].kind != "parameter":
            return ""
        owner = self._module.parents[self._module.parents[bindings[0].node]]
        name = f"`{bindings[0].name}` in {self._line(bindings[0].node, self._unit)}"
        function = owner.name if isinstance(owner, ast.FunctionDef | ast.AsyncFunctionDef) else "the lambda"
        return f"have a call of {function} in sight that passes a function for {name}"

    def of_raised(self, raised: ast.expr) -> str:
        """Say what would tell which class is raised."""
        qualified = self._module.qualified(raised)
        if qualified is None:
            return self.of(raised)
        module = qualified.rpartition(".")[0]
        return f"let {module} be read, `libraries` in [tool.workerlog-migrate], or raise a class of your own"

    def _of_part(self, node: ast.expr, before: Value, depth: int) -> str:
        """Say how one part is declared, the part before it being known."""
        match node:
            case ast.Name():
                bindings = self._module.bindings(node)
                return self._of_name(node, bindings[0], depth) if bindings else self._of_unbound(node.id)
            case ast.Attribute(attr=attr):
                classes = [entry.class_info for entry in values.in_order(before) if entry.class_or_none]
                if classes:
                    known = [info for info in classes if attr in info.stores or attr in info.methods]
                    return self._of_attribute(attr, (known or classes)[0])
                for entry in values.in_order(before):
                    if entry.kind is values.UNIT and (found := _global_of(attr, entry.unit)) is not None:
                        return f"annotate `{attr}` in {self._line(found, entry.unit)}"
            case ast.Call():
                for entry in values.in_order(before):
                    if entry.function_or_none is not None and not isinstance(entry.function.node, ast.Lambda):
                        return f"annotate what `{entry.function.name}` returns in {self._line(entry.function.node, entry.function.unit)}"
            case ast.Subscript(value=held) if depth < _LOOPS and not self._is_declared(held):
                return f"say what `{self.short(held)}` holds: {self.of(held, depth + 1)}" if before else ""
        return f"give `{self.short(node)}` a name with its type, `x: <its type> = ...`"

    def _of_attribute(self, name: str, owner: ClassInfo) -> str:
        stores = owner.stores.get(name)
        if stores:
            written = owner.unit.module.text(stores[0])
            return f"annotate `{written}` in {self._line(stores[0], owner.unit)}"
        method = owner.methods.get(name)
        if method is not None:
            return f"annotate what `{name}` returns in {self._line(method.node, owner.unit)}"
        return f"declare `{name}: <its type>` in class {owner.name}"

    def _of_unbound(self, name: str) -> str:
        stars = self._module.star_imports
        return (
            f"import `{name}` by its name: what `from {stars[-1]} import *` brings is not known"
            if stars
            else ""
        )

    def _of_name(self, node: ast.Name, binding: Binding, depth: int) -> str:
        name, line = node.id, self._line(binding.node, self._unit)
        declared = self._declared(binding.node)
        if declared:
            return f"let `{declared}`, the type of `{name}`, be read, `libraries` in [tool.workerlog-migrate]"
        match binding.kind:
            case "parameter":
                return f"annotate the parameter `{name}` in {line}"
            case "for" | "comprehension" if depth < _LOOPS:
                parent = self._module.parents.get(binding.node)
                while isinstance(parent, ast.Tuple | ast.List | ast.Starred):
                    parent = self._module.parents.get(parent)
                source = getattr(parent, "iter", None)
                if isinstance(source, ast.expr) and (found := self.of(source, depth + 1)):
                    return f"{found}, with what is in it"
                return (
                    f"write `{name}: <its type>` before the loop in {line}" if binding.kind == "for" else ""
                )
            case "with" | "walrus":
                return f"write `{name}: <its type>` before {line}"
            case "assign":
                is_part = isinstance(
                    self._module.parents.get(binding.node), ast.Tuple | ast.List | ast.Starred
                )
                return (
                    f"write `{name}: <its type>` before {line}" if is_part else f"annotate `{name}` in {line}"
                )
            case "import":
                module, _, attribute = binding.qualified.rpartition(".")
                other = self._world.other_unit(module, self._unit) if module else None
                stored = _global_of(attribute, other) if other is not None else None
                if other is not None and stored is not None:
                    return f"annotate `{attribute}` in {self._line(stored, other)}"
                return f"give `{name}` a name with its type, `x: <its type> = {name}`"
        return ""

    def _is_declared(self, node: ast.expr) -> bool:
        bindings = self._module.bindings(node) if isinstance(node, ast.Name) else []
        return bool(bindings) and bool(self._declared(bindings[0].node))

    def _declared(self, node: ast.AST) -> str:
        """Return the annotation that a name has already and that tells nothing; empty for ``Any`` and ``object``."""
        parent = self._module.parents.get(node)
        written = getattr(parent if isinstance(parent, ast.AnnAssign) else node, "annotation", None)
        text = self.short(written) if isinstance(written, ast.expr) else ""
        return "" if text.rpartition(".")[2] in ("Any", "object") else text

    def _line(self, node: ast.AST, unit: Unit) -> str:
        of = "" if unit is self._world.unit else f" of {unit.name}"
        return f"line {getattr(node, 'lineno', 0)}{of}"

    def short(self, node: ast.expr) -> str:
        """Return the text of an expression in one line, cut where it is long."""
        text = " ".join(self._module.text(node).split())
        return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."


def _global_of(name: str, unit: Unit) -> ast.AST | None:
    bindings = unit.module.scope_of_module.bindings.get(name, [])
    return next((binding.node for binding in bindings if binding.kind == "assign"), None)


def _inner(node: ast.expr) -> ast.expr | None:
    """Return the part of an expression that is evaluated before it; of alternatives the first."""
    match node:
        case ast.Attribute(value=inner) | ast.Subscript(value=inner) | ast.Await(value=inner):
            return inner
        case ast.Call(func=inner) | ast.BoolOp(values=[inner, *_]) | ast.IfExp(body=inner):
            return inner
    return None
