"""Whether something is there: a module that is imported, an attribute that a constructor or another method sets."""

from __future__ import annotations

import ast
import builtins
import functools
import pkgutil
from typing import TYPE_CHECKING

from workerlog_migrate.analysis import values
from workerlog_migrate.analysis.program import ClassInfo, FunctionInfo, Unit
from workerlog_migrate.analysis.taken import calls_to
from workerlog_migrate.syntax.blocks import End, end_of, listed_types
from workerlog_migrate.syntax.ways import always_stored

if TYPE_CHECKING:
    from workerlog_migrate.analysis.above import Above
    from workerlog_migrate.analysis.families import Families
    from workerlog_migrate.analysis.frames import Frame
    from workerlog_migrate.analysis.module import Module
    from workerlog_migrate.analysis.world import World
    from workerlog_migrate.analysis.writes import Writes
    from workerlog_migrate.syntax.scopes import Binding


_BUILTINS = vars(builtins)


class Presence:
    """Answers for one program.

    The arguments are the parts of the analysis that it asks.
    """

    def __init__(self, world: World, above: Above, families: Families, writes: Writes) -> None:
        self._world = world
        self._above = above
        self._families = families
        self._writes = writes
        self._stored: dict[FunctionInfo, frozenset[str]] = {}
        self._early: dict[ClassInfo, dict[str, frozenset[str]]] = {}
        self._made_without: dict[ClassInfo, bool] = {}
        self._at_top: dict[Unit, tuple[Unit, ...]] = {}

    def may_come_later(self, module: Unit, name: str, reader: Unit) -> bool:
        """Whether a name of a module may not be bound yet where a file reads it: both import each other, and the name comes after that.

        Args:
            module: the module.
            name: the name.
            reader: the file that reads it.
        """
        bindings = module.module.scope_of_module.bindings.get(name)
        if not bindings or reader is module or module not in self._imported_at_top(reader):
            return False
        for node in module.module.tree.body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                others = tuple(self._world.own_imports(node, module))
                if any(each is reader or reader in self._imported_at_top(each) for each in others):
                    return all(getattr(binding.node, "lineno", 0) > node.lineno for binding in bindings)
        return False

    def _imported_at_top(self, unit: Unit) -> tuple[Unit, ...]:
        """Return the files that a file imports as it is loaded."""
        known = self._at_top.get(unit)
        if known is None:
            nodes = (node for node in unit.module.tree.body if isinstance(node, ast.Import | ast.ImportFrom))
            found = (each for node in nodes for each in self._world.own_imports(node, unit))
            known = self._at_top[unit] = tuple(dict.fromkeys(found))
        return known

    def is_set_later(self, info: ClassInfo, name: str) -> bool:
        """Whether an attribute is None at most until a statement sets it: no method but ``__init__`` sets it to None."""
        is_set = False
        for owner in self._families.family(info):
            if not isinstance(owner, ClassInfo):
                continue
            for stored in owner.stores.get(name, ()):
                if "None" not in values.names(self._above.flat.target(stored, owner.unit)):
                    is_set = True
                elif owner.unit.enclosing(stored).name != "__init__":
                    return False
        return is_set

    def is_set(self, info: ClassInfo, name: str) -> bool:
        """Whether an instance has an attribute from the start, as far as that can be told: a base that is not known may set it."""
        family = self._families.family(info)
        if name.startswith("__") or not self._is_only_set_here(name, family):
            return True
        if self.is_deleted(info, name):
            return False
        if self._is_made_without(info):
            return any(
                isinstance(owner, ClassInfo) and name in {*owner.values, *owner.methods} for owner in family
            )
        for owner in family:
            if not isinstance(owner, ClassInfo):
                continue
            if name in owner.values or name in owner.methods or name in owner.annotations:
                return True
            if any(made in owner.methods for made in ("__getattr__", "__getattribute__")):
                return True
            begun = self._begun_by(info)
            if any(self._is_always(stored, owner, info, begun) for stored in owner.stores.get(name, ())):
                return True
        if any(isinstance(owner, ClassInfo) and name in owner.stores for owner in family):
            return bool(info.node.decorator_list)  # what others set besides, they may set too late
        return bool(info.node.decorator_list) or bool(self._writes.attribute_written(info, name))

    def may_be_missing(self, info: ClassInfo, name: str, reader: FunctionInfo) -> bool:
        """Whether an attribute that is set may be missing where it is read: deleted again, of heirs alone, or read by a constructor of a base.

        Args:
            info: the class.
            name: the attribute.
            reader: the function that reads it.
        """
        early = self._early.get(info)
        if early is None:
            early = self._early[info] = self._set_late(info)
        if early and reader.name in early.get(name, ()):
            return True
        return self.is_deleted(info, name) or self._writes.is_only_of_heirs(info, name)

    def _set_late(self, info: ClassInfo) -> dict[str, frozenset[str]]:
        """Return the attributes that a constructor sets behind that of its base, with the methods which that one calls on the object."""
        own = info.methods.get("__init__")
        bases = [each for each in self._families.family(info)[1:] if isinstance(each, ClassInfo)]
        begun = next((each.methods["__init__"] for each in bases if "__init__" in each.methods), None)
        if own is None or begun is None or not isinstance(own.node, ast.FunctionDef):
            return {}
        at = next((at for at, each in enumerate(own.node.body) if _calls_constructor(each)), None)
        if at is None:
            return {}
        called = self._called(set(begun.facts.called_on_self), info) & info.methods.keys()
        if not called:
            return {}
        last = own.node.body[at].end_lineno or 0
        return {
            name: frozenset(called)
            for name, stores in info.stores.items()
            if name not in info.values
            and not any(name in owner.values or name in owner.stores for owner in bases)
            and all(info.unit.enclosing(stored) is own and stored.lineno > last for stored in stores)
        }

    def is_deleted(self, info: ClassInfo, name: str) -> bool:
        """Whether a method of a class deletes an attribute of the object, or who else has it.

        Args:
            info: the class.
            name: the attribute.
        """
        family = self._families.family(info)
        return self._writes.is_deleted(info, name) or any(
            isinstance(place.ctx, ast.Del)
            and isinstance(place.value, ast.Name)
            and place.value.id in {"self", *unit.enclosing(place).receivers}
            for unit in {owner.unit for owner in family if isinstance(owner, ClassInfo)}
            for place in unit.module.stores_of(name)
        )

    def _is_made_without(self, info: ClassInfo) -> bool:
        """Whether an object of a class is made somewhere without its constructor: ``Robot.__new__(Robot)``."""
        known = self._made_without.get(info)
        if known is None:
            self._made_without[info] = False  # what is asked on the way
            units = dict.fromkeys((info.unit, *self._world.users_of(info.unit, "__new__")))
            known = self._made_without[info] = any(
                self._is_related(given, info, unit)
                for unit in units
                for call in calls_to(unit.module, "__new__")
                if unit.enclosing(call).name != "__new__"
                for given in call.args[:1]
            )
        return known

    def _is_related(self, node: ast.expr, info: ClassInfo, unit: Unit) -> bool:
        """Whether an expression may be a class, a base or an heir of it."""
        family = self._families.family
        found = [
            entry.class_or_none for entry in self._above.flat.value(node, unit) if entry.kind is values.CLASS
        ]
        return any(each is not None and (info in family(each) or each in family(info)) for each in found)

    def _is_run(self, owner: ClassInfo, family: tuple[ClassInfo | str | None, ...]) -> bool:
        """Whether making an object runs the constructor of a base: those before it call it."""
        for each in family:
            if each is owner:
                return True
            own = each.methods.get("__init__") if isinstance(each, ClassInfo) else None
            if own is not None and not any(
                (isinstance(node, ast.Name) and node.id == "super")
                or (isinstance(node, ast.Attribute) and node.attr == "__init__")
                for node in ast.walk(own.node)
            ):
                return False
        return True

    def _is_always(self, stored: ast.Attribute, owner: ClassInfo, info: ClassInfo, begun: set[str]) -> bool:
        """Whether a statement sets an attribute whenever an instance is made, as far as that can be told.

        A constructor may leave it out on some way through it; of the methods that it calls that is not asked.
        """
        function = owner.unit.enclosing(stored)
        if function.name not in begun:
            return False
        if function.name != "__init__":
            return True
        if not self._is_run(owner, self._families.family(info)):
            return False
        known = self._stored.get(function)
        if known is None:
            known = self._stored[function] = always_stored(function.node)
        return owner.unit.path(stored) in known

    def is_made_for_class(self, info: ClassInfo, name: str) -> bool:
        """Whether a class makes an attribute by a call in its body, ``email = Column(Text)``: where that is not known, it may be a descriptor."""
        owners = (owner for owner in self._families.family(info) if isinstance(owner, ClassInfo))
        return any(isinstance(owner.values.get(name), ast.Call) for owner in owners)

    def is_nowhere(self, info: ClassInfo, name: str) -> bool:
        """Whether no base of a class that nothing sets an attribute of has it: all are of the program or builtin."""
        return all(
            isinstance(base, ClassInfo)
            or (isinstance(_BUILTINS.get(base or ""), type) and not hasattr(_BUILTINS[base or ""], name))
            or (self._world.knowledge.is_kind(base or "", "whole") and name not in _names_of(base or ""))
            for base in self._families.family(info)
        )

    def _is_only_set_here(self, name: str, family: tuple[ClassInfo | str | None, ...]) -> bool:
        """Whether nothing but classes of the program gives an instance an attribute, as far as that can be told.

        What one of them sets is no attribute of a library's base, which would set it as well.
        """
        is_stored = any(isinstance(owner, ClassInfo) and name in owner.stores for owner in family)
        for base in family:
            if isinstance(base, ClassInfo):
                continue
            if base is not None and self._world.knowledge.attribute(base, name) is not None:
                return False
            if base is not None and (
                self._world.knowledge.is_kind(base, "base") or isinstance(_BUILTINS.get(base), type)
            ):
                if hasattr(_BUILTINS.get(base), name):
                    return False
            elif not is_stored:
                return False
        return True

    def _begun_by(self, info: ClassInfo) -> set[str]:
        """Return the names of the methods that run while an instance is made: ``__init__``, and what these call on it."""
        return self._called({"__init__", "__new__", "__post_init__"}, info)

    def _called(self, found: set[str], info: ClassInfo) -> set[str]:
        """Add to the names of methods those that they call on the object."""
        pending = list(found)
        while pending:
            method = self._families.method(info, pending.pop())
            if isinstance(method, FunctionInfo):
                new = method.facts.called_on_self - found
                found |= new
                pending.extend(new)
        return found

    def is_there(self, node: ast.Import | ast.ImportFrom, unit: Unit) -> bool:
        """Whether an import cannot fail: every Python has the module, or the file has imported it already."""
        sure = self._world.knowledge.operation("op:import").names
        if isinstance(node, ast.Import):
            return all(
                alias.name.partition(".")[0] in sure or unit.has_imported(alias.name, node)
                for alias in node.names
            )
        module = node.module or ""
        if node.level == 0 and module.partition(".")[0] in sure:
            return all(self._is_in_library(module, alias.name) for alias in node.names)
        return node.level == 0 and unit.has_imported(module, node)

    def may_be_left_out(self, bindings: list[Binding], frame: Frame) -> bool:
        """Whether a name of the module is bound by imports alone whose failure a handler passes over without binding it.

        Args:
            bindings: all that bind the name.
            frame: where it is read: a flag that is set beside the import and asked before says that it succeeded.
        """
        unit = frame.unit
        module = unit.module
        for binding in bindings:
            statement = module.statement(binding.node) if binding.kind == "import" else None
            owner = None if statement is None else module.parents.get(statement)
            if (
                not isinstance(statement, ast.Import | ast.ImportFrom)
                or not isinstance(owner, ast.Try)
                or statement not in owner.body
                or not self._goes_on_without(owner.handlers)
                or self.is_there(statement, unit)
            ):
                return False
            flags = flags_of(statement, module)
            if any(fact.kind == "nonzero" and fact.path in flags for fact in frame.facts):
                return False
        return bool(bindings)

    def _goes_on_without(self, handlers: list[ast.ExceptHandler]) -> bool:
        """Whether the program goes on after an import that failed, by what the text of its handlers says."""
        (raised,) = self._world.knowledge.operation("op:import").raises
        is_caught = self._world.hierarchy.is_caught
        for handler in handlers:
            names = [ast.unparse(each) for each in listed_types(handler)]
            if not names or is_caught(raised, names) or any(is_caught(each, [raised]) for each in names):
                return end_of(handler.body) is End.ON
        return False

    def _is_in_library(self, module: str, name: str) -> bool:
        """Whether every supported Python has a name in a module of the standard library."""
        known = self._world.knowledge
        if f"{module}.{name}" in known.operation("op:import").names:
            return True
        row = known.call(f"{module}.{name}")
        if row is None:
            caught = known.exception(f"{module}.{name}")
            return caught is not None and not caught.min_python
        kind = known.type(f"{module}.{name}")
        return not (row.min_python or row.max_python or (kind is not None and kind.min_python))


def _calls_constructor(statement: ast.stmt) -> bool:
    """Whether a statement calls the constructor of a base: ``super().__init__()``."""
    match statement:
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr="__init__"))):
            return True
    return False


def minds_platform(frame: Frame) -> bool:
    """Whether the code asks on which platform it runs before it uses what only some have."""
    module, function = frame.function.unit.module, frame.function.node
    known: bool | None = module.remembered.get((minds_platform, function))
    if known is None:
        asked = [
            place
            for name in _PLATFORMS
            for place in module.attributes_of(name.rpartition(".")[2])
            if ast.unparse(place) == name
        ]
        known = any(
            function is place or function in module.ancestors(place)
            for place in (*asked, *module.names_of("hasattr"))
        )
        module.remembered[minds_platform, function] = known
    return known


_PLATFORMS = ("os.name", "sys.platform", "platform.system")


def flags_of(statement: ast.stmt, module: Module) -> set[str]:
    """Return the names that are set to True beside an import in a ``try``, and to nothing true elsewhere."""
    owner = module.parents.get(statement)
    if not isinstance(owner, ast.Try):
        return set()
    found: set[str] = set()
    for entry in (*owner.body, *owner.orelse):
        if (
            isinstance(entry, ast.Assign)
            and isinstance(entry.value, ast.Constant)
            and entry.value.value is True
        ):
            found.update(target.id for target in entry.targets if isinstance(target, ast.Name))
    return {name for name in found if not _set_elsewhere(name, owner, module)}


def _set_elsewhere(name: str, owner: ast.Try, module: Module) -> bool:
    for binding in module.scope_of_module.bindings.get(name, ()):
        statement = module.statement(binding.node)
        if statement in owner.body or statement in owner.orelse:
            continue
        if not (
            isinstance(statement, ast.Assign)
            and isinstance(statement.value, ast.Constant)
            and not statement.value.value
        ):
            return True
    return False


@functools.cache
def _names_of(dotted: str) -> frozenset[str]:
    """Return what instances of a class of the standard library may have: what it has, and all that its methods name."""
    found: set[str] = set()
    for owner in pkgutil.resolve_name(dotted).__mro__:
        found.update(dir(owner))
        for method in vars(owner).values():
            found.update(getattr(getattr(method, "__code__", None), "co_names", ()))
    return frozenset(found)
