"""Classes of the program: their bases and heirs, whose method a name is, what is there to be overridden.

Input: a class. Output: its family, nearest first; methods along it.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator
from typing import TYPE_CHECKING

from workerlog_migrate.analysis import values
from workerlog_migrate.analysis.program import ClassInfo, FunctionInfo, Unit
from workerlog_migrate.analysis.taken import calls_to
from workerlog_migrate.analysis.values import Value
from workerlog_migrate.project.handed import DERIVES

if TYPE_CHECKING:
    from workerlog_migrate.analysis.above import Above
    from workerlog_migrate.analysis.questions import Questions
    from workerlog_migrate.analysis.world import World

_BASES = 16


class Families:
    """Answers for one program.

    The arguments are the parts of the analysis that it asks.
    """

    def __init__(self, world: World, above: Above, questions: Questions) -> None:
        self._world = world
        self._above = above
        self._questions = questions
        self._made_heirs: dict[ClassInfo, list[set[object] | None]] = {}

    def method(
        self, info: ClassInfo, name: str, *, after: ClassInfo | None = None
    ) -> FunctionInfo | str | None:
        """Find a method along the bases.

        Args:
            info: the class of the receiver.
            name: the method.
            after: start behind this class (``super()``).

        Returns:
            The function, the name of the known type that has it, or None: nobody has it, or a base is unknown.

        """
        skipping = after is not None
        for owner in self.family(info):
            if skipping:
                skipping = owner is not after
                continue
            if isinstance(owner, ClassInfo):
                if name in owner.methods:
                    return owner.methods[name]
            elif isinstance(owner, str) and self._world.knowledge.method(owner, name) is not None:
                return owner
        return None

    def metaclass_method(self, info: ClassInfo, name: str) -> FunctionInfo | None:
        """Return a method that the metaclass of a class defines: its own ``__call__`` decides what a call of the class gives."""
        for owner in self.family(info):
            for word in owner.node.keywords if isinstance(owner, ClassInfo) else ():
                if word.arg != "metaclass":
                    continue
                for entry in self._above.flat.value(word.value, owner.unit):  # type: ignore[union-attr]  # as asked above
                    found = self.method(entry.class_info, name) if entry.kind is values.CLASS else None
                    if isinstance(found, FunctionInfo):
                        return found
        return None

    def has_unknown_base(self, info: ClassInfo) -> bool:
        """Whether some base of the class cannot be resolved."""
        return None in self.family(info)

    def has_base_out_of_sight(self, info: ClassInfo) -> bool:
        """Whether some base of the class may set attributes that nobody knows: it is no builtin, and no row says what it has."""
        knowledge = self._world.knowledge
        return any(
            base is None
            or (
                isinstance(base, str)
                and not isinstance(getattr(builtins, base, None), type)
                and not knowledge.is_kind(base, "base")
                and not knowledge.is_kind(base, "whole")
            )
            for base in self.family(info)
        )

    def family(self, info: ClassInfo) -> tuple[ClassInfo | str | None, ...]:
        """Return the class and its bases, nearest first: classes of the program, names of known types, or None."""
        unknown: tuple[ClassInfo | str | None, ...] = (
            info,
            None,
        )  # for a base that hangs on the class itself
        return self._questions.answer(("family", info), lambda: self._family(info), (info,), unknown)

    def _family(self, info: ClassInfo) -> tuple[ClassInfo | str | None, ...]:
        found: list[ClassInfo | str | None] = [info]
        for current in found:
            if isinstance(current, ClassInfo):
                for base in current.node.bases:
                    found.extend(each for each in self._bases(base, current.unit) if each not in found)
            if len(found) > _BASES:
                break
        return tuple(found)

    def heirs(self, info: ClassInfo) -> tuple[ClassInfo, ...]:
        """Return the classes that derive from a class, in its own file, in the one under migration and in those that use it."""
        nobody: tuple[tuple[ClassInfo, ...]] = ((),)
        (found,) = self._questions.answer(("heirs", info), lambda: (self._heirs(info),), nobody, nobody)
        return found

    def _heirs(self, info: ClassInfo) -> tuple[ClassInfo, ...]:
        others = (*self._world.users_of(info.unit, info.name), *self._world.beside(DERIVES))
        units = dict.fromkeys((info.unit, self._world.unit, *others))
        classes = (unit.class_info(node) for unit in units for node in unit.module.classes)
        return tuple(other for other in classes if other is not info and info in self.family(other))

    def instances(self, info: ClassInfo) -> Value:
        """Return what is declared to be an instance of a class: one of that or of an heir."""
        return values.join(values.instance(owner) for owner in (info, *self.heirs(info)))

    def classes(self, info: ClassInfo) -> Value:
        """Return what is declared to be a class (``type[X]``, ``cls``): that or an heir."""
        return values.join(values.class_object(owner) for owner in (info, *self.heirs(info)))

    def is_open(self, method: FunctionInfo, *, on_self: bool) -> bool:
        """Whether a called method is there to be overridden, and no class that is seen does it.

        A body that does nothing says so only where the class calls it on itself (a hook); one that raises
        ``NotImplementedError``, is abstract or belongs to a protocol says so everywhere. One that overrides another and does
        nothing is what the class wants done.
        """
        owner = method.owner
        if owner is None or method.name.startswith("__") or not self._is_stub(method.node):
            return False
        if any(method.name in heir.methods for heir in self.heirs(owner)):
            return False
        overridden = (base for base in self.family(owner)[1:] if isinstance(base, ClassInfo))
        if not _is_abstract(method.node) and any(method.name in base.methods for base in overridden):
            return False
        return on_self or _is_abstract(method.node) or "typing.Protocol" in self.family(owner)

    def is_overridden_unseen(self, method: FunctionInfo) -> bool:
        """Whether a class that ``type(name, bases, methods)`` makes may override a method: nobody sees with what."""
        owner = method.owner
        if owner is None or method.name.startswith("__"):
            return False
        if owner not in self._made_heirs:
            self._made_heirs[owner] = list(self._made_of(owner))
        return any(names is None or method.name in names for names in self._made_heirs[owner])

    def _made_of(self, info: ClassInfo) -> Iterator[set[object] | None]:
        """Yield the names in each class that is made of a class, None where they are not written."""
        others = (*self._world.users_of(info.unit, info.name), *self._world.beside(DERIVES))
        for unit in dict.fromkeys((info.unit, self._world.unit, *others)):
            for call in (*calls_to(unit.module, "type"), *calls_to(unit.module, "new_class")):
                bases = call.args[1] if len(call.args) > 1 else None
                if not isinstance(bases, ast.Tuple) or not any(
                    entry.class_or_none is not None and info in self.family(entry.class_info)
                    for base in bases.elts
                    for entry in self._above.flat.value(base, unit)
                ):
                    continue
                held = call.args[2] if len(call.args) > _BODY else None
                is_written = isinstance(held, ast.Dict) and all(
                    isinstance(key, ast.Constant) for key in held.keys
                )
                yield {key.value for key in held.keys} if is_written else None  # type: ignore[union-attr]  # as tested

    def is_placeholder(self, method: FunctionInfo) -> bool:
        """Whether a method only raises what asks for heirs: then the one of an heir is what runs."""
        return method.owner is not None and self._is_stub(method.node) and _is_abstract(method.node)

    def leaves_to_heirs(self, method: FunctionInfo) -> bool:
        """Whether a method does nothing and an heir of its class has one of its own."""
        owner = method.owner
        return (
            owner is not None
            and self._is_stub(method.node)
            and any(method.name in heir.methods for heir in self.heirs(owner) if heir is not owner)
        )

    def _is_stub(self, node: ast.AST) -> bool:
        """Whether a body does nothing (``pass``, ``...``, a docstring, ``return None``) or raises at once what asks for heirs."""
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            return False
        for statement in node.body:
            match statement:
                case ast.Pass() | ast.Expr(value=ast.Constant()):
                    continue
                case ast.Return(value=None | ast.Constant(value=None)):
                    return True
                case ast.Raise(exc=ast.Name(id=name) | ast.Call(func=ast.Name(id=name))):
                    return self._world.hierarchy.is_marked(name, "abstract")
                case _:
                    return False
        return True

    def exception_name(self, info: ClassInfo) -> str | None:
        """Return the name of an exception class of the program, made known to the hierarchy; None for other classes."""
        hierarchy = self._world.hierarchy
        name = f"{info.unit.name}.{info.name}" if info.unit is not self._world.unit else f"local:{info.name}"
        if hierarchy.is_exception(name):
            return name
        # Each class once: of classes that share their bases, level over level, there are as many ways as powers of two.
        none: tuple[str, ...] = ("",)
        bases = self._questions.answer(("exception", info), lambda: self._exception_bases(info), none, none)
        if bases == none:
            return None
        hierarchy.register(name, bases)
        return name

    def _exception_bases(self, info: ClassInfo) -> tuple[str, ...]:
        """Return the names of the exceptions that a class derives from; an empty name when there is none."""
        hierarchy = self._world.hierarchy
        bases: list[str] = []
        for base in info.node.bases:
            for resolved in self._bases(base, info.unit):
                if isinstance(resolved, ClassInfo):
                    inner = self.exception_name(resolved)
                    if inner is not None:
                        bases.append(inner)
                elif isinstance(resolved, str) and hierarchy.is_exception(resolved):
                    bases.append(hierarchy.canonical(resolved))
        return tuple(dict.fromkeys(bases)) or ("",)

    def _bases(self, node: ast.expr, unit: Unit) -> list[ClassInfo | str | None]:
        """Return what a base may be: all that are known of, or None."""
        if isinstance(node, ast.Subscript):
            node = node.value
        found: list[ClassInfo | str | None] = []
        names: set[str] = set()
        known = self._world.knowledge
        for entry in self._above.flat.value(node, unit):
            if entry.kind is values.CLASS:
                found.append(entry.class_info)
            elif entry.kind is values.DOTTED and (
                known.is_type(entry.dotted)
                or known.exception(entry.dotted) is not None
                or known.call(entry.dotted)
                or known.is_kind(entry.dotted, "base")
            ):
                names.add(entry.dotted)
        found.sort(
            key=lambda info: (info.unit.name, info.node.lineno) if isinstance(info, ClassInfo) else ("", 0)
        )
        return [*found, *sorted(names)] or [None]


_BODY = 2


def _is_abstract(node: ast.AST) -> bool:
    """Whether a stub must be overridden: it raises, or is decorated with ``abstractmethod``."""
    assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    if isinstance(node.body[-1], ast.Raise):
        return True
    return any(ast.unparse(entry).rpartition(".")[2] == "abstractmethod" for entry in node.decorator_list)
