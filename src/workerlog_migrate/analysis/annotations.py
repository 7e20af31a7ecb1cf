"""What an annotation says that a value is."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from workerlog_migrate.analysis import values
from workerlog_migrate.analysis.frames import SILENT, Frame
from workerlog_migrate.analysis.program import Unit
from workerlog_migrate.analysis.values import ANY, NONE, Type, Value
from workerlog_migrate.syntax.names import BUILTINS

if TYPE_CHECKING:
    from workerlog_migrate.analysis.above import Above
    from workerlog_migrate.analysis.families import Families
    from workerlog_migrate.analysis.questions import Questions
    from workerlog_migrate.analysis.world import World


class Annotations:
    """Reads annotations.

    The arguments are the parts of the analysis that it asks.
    """

    def __init__(
        self,
        world: World,
        above: Above,
        questions: Questions,
        families: Families,
    ) -> None:
        self._world = world
        self._above = above
        self._questions = questions
        self._families = families

    def annotation(self, node: ast.expr, unit: Unit) -> Value:
        """Read an annotation: ``str``, ``Path | None``, ``Optional[dict[str, int]]``, a class of the file."""
        if isinstance(node, ast.Constant):
            if node.value is None:
                return NONE
            if isinstance(node.value, str):
                return self._string_annotation(node.value, unit)
            return ANY
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
            return self.annotation(node.left, unit) | self.annotation(node.right, unit)
        if isinstance(node, ast.Subscript):
            return self._generic(node, unit)
        if not isinstance(node, ast.Name | ast.Attribute):
            return ANY
        return (
            values.join(self._instance_of(entry) for entry in values.in_order(self._meant(node, unit))) or ANY
        )

    def _string_annotation(self, text: str, unit: Unit) -> Value:
        """Read an annotation in quotes, as Python would if it were written without them."""
        return self._questions.ask(("quoted", text, unit), lambda: self._quoted(text, unit))

    def _quoted(self, text: str, unit: Unit) -> Value:
        try:
            node = ast.parse(text.strip(), mode="eval").body
        except (SyntaxError, ValueError):
            return ANY
        value = self.annotation(node, unit)
        if not values.is_unknown(value):
            return value
        found: set[Type] = set()
        for entry in values.parse(text):  # a class in a function or in another class
            for own in unit.module.classes:
                if own.name == entry.name:
                    found |= self._families.instances(unit.class_info(own))
        return frozenset(found) | (NONE & value) if found else value

    def _meant(self, node: ast.expr, unit: Unit) -> Value:
        """Return what a name or attribute in an annotation is; one out of quotes is of no scope but the file's."""
        if node in unit.module.parents:
            return self._above.flat.value(node, unit)
        match node:
            case ast.Name(id=name):
                found = self._above.flat.module_name(unit, name)
                return found or (values.dotted(name) if name in BUILTINS else ANY)
            case ast.Attribute(value=owner, attr=name):
                top = Frame(unit.enclosing(unit.module.tree), None, SILENT)
                return self._above.attributes.attribute(self._meant(owner, unit), name, node, top)
        return ANY

    def _instance_of(self, entry: Type) -> Value:
        if entry.kind is values.CLASS:
            return self._families.instances(entry.class_info)
        if entry.name == "None":
            return NONE
        if entry.kind is values.DOTTED:
            known = self._world.knowledge
            name = known.annotated(entry.dotted)
            arity = known.arity(name)
            if name in ("any", "object"):
                return ANY
            if arity:
                return values.one(name, *(ANY,) * arity, ref=values.ANY_LENGTH if name == "tuple" else None)
            if known.is_type(name):
                return values.one(name)
            return self._made_by(name)
        return ANY

    def _made_by(self, dotted: str) -> Value:
        """Return what calling a class gives by its row, as an annotation with a name of its own for it says: ``webdriver.Chrome``."""
        row = self._world.knowledge.call(dotted)
        if row is None or not row.returns or not dotted.rpartition(".")[2][:1].isupper():
            return ANY
        made = values.parse(row.returns)
        return made if all(self._world.knowledge.is_type(entry.name) for entry in made) else ANY

    def _generic(self, node: ast.Subscript, unit: Unit) -> Value:
        arguments = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        found: list[Value] = []
        for entry in (
            self._meant(node.value, unit) if isinstance(node.value, ast.Name | ast.Attribute) else ANY
        ):
            name = entry.dotted if entry.kind is values.DOTTED else ""
            if name == "typing.Optional":
                found.append(self.annotation(arguments[0], unit) | NONE)
            elif name == "typing.Union":
                found.extend(self.annotation(argument, unit) for argument in arguments)
            elif name in ("typing.Final", "typing.Annotated", "typing.ClassVar"):
                found.append(self.annotation(arguments[0], unit))
            else:
                base = self._instance_of(entry)
                for made in base:
                    if self._world.knowledge.arity(made.name):
                        found.append(self._container(made.name, arguments, unit))
                    else:
                        found.append(frozenset({made}))
        return values.join(found) or ANY

    def _container(self, name: str, arguments: list[ast.expr], unit: Unit) -> Value:
        inner = [
            ANY
            if isinstance(argument, ast.Constant) and argument.value is ...
            else self.annotation(argument, unit)
            for argument in arguments
        ]
        if name == "tuple":
            if len(arguments) == 2 and isinstance(arguments[1], ast.Constant) and arguments[1].value is ...:
                return values.one("tuple", inner[0], ref=values.ANY_LENGTH)
            return values.one("tuple", *inner)
        wanted = self._world.knowledge.arity(name)
        inner = (inner + [ANY] * wanted)[:wanted]
        return values.one(name, *inner)
