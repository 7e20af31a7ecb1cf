"""What a name, an attribute of ``self``, a parameter or a result can ever be, whatever the order of events.

Input: places in a ``Unit``. Output: a ``Value`` joined over all bindings. Queries are memoised; cycles (a variable
that depends on itself) are cut at the value found so far and repeated until it holds; a result that depended on an
unfinished query is not remembered, so that answers do not depend on who asked first. Depth and work are bounded:
beyond the bounds a value is unknown.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from workerlog_migrate.analysis import values
from workerlog_migrate.analysis.frames import Frame
from workerlog_migrate.analysis.header import runtime_name
from workerlog_migrate.analysis.program import ClassInfo, FunctionInfo, Unit
from workerlog_migrate.analysis.values import ANY, BOTTOM, NONE, Type, Value
from workerlog_migrate.syntax.literals import is_none

if TYPE_CHECKING:
    from workerlog_migrate.analysis.engine import Engine
    from workerlog_migrate.syntax.scopes import Binding, Scope

_T = TypeVar("_T")
# So deep nobody's questions go (16 in the deepest of our samples): where one is cut off, it matters who asked. Each level takes some
# 16 frames of Python, which has room for 1,000.
_DEPTH = 40
# Questions that are worked out for one file, and further ones for each of its lines: real files need 1 in 5 lines, and
# 2,500 at most; where hundreds of functions stand for each other there is no end to them, and what is left is unknown.
_FUEL = 30_000
_FUEL_PER_LINE = 3
_CALL_SITES = 48
_REPEATS = 6
_BASES = 16


class Flat:
    """Flow-insensitive answers.

    Args:
        engine: the analysis that this belongs to.

    """

    NEVER = 1 << 30
    """No unfinished question was needed for an answer."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._memo: dict[tuple[object, ...], Any] = {}
        self._active: dict[tuple[object, ...], tuple[int, Any]] = {}
        self._provisional: dict[tuple[object, ...], tuple[Any, int]] = {}
        self.cut = self.NEVER
        self._fuel = _FUEL + _FUEL_PER_LINE * len(engine.unit.module.lines)

    # -- questions ------------------------------------------------------------------------------------------

    def value(self, node: ast.expr, unit: Unit) -> Value:
        """Return what an expression can be, whatever came before it."""
        return self._engine.expressions.value(node, self.frame(unit, node))

    def frame(self, unit: Unit, node: ast.AST) -> Frame:
        """Make a flat frame at a node."""
        return Frame(unit.enclosing(node), None, None)

    def name(self, name: str, node: ast.AST, unit: Unit) -> Value:
        """Return what a name can be as seen from a node: a variable, an import, a builtin."""
        found = unit.module.lookup(name, unit.module.scope(node))
        if found is None:
            starred = self._starred(name, unit)
            if starred is not None:
                return starred
            if name not in _BUILTINS:
                return ANY
            builtin = values.one("dotted", ref=name)
            return builtin | ANY if self._engine.places.patched(name) else builtin
        scope, bindings = found
        if name in _BUILTINS and scope is unit.module.scope_of_module and self._hides(node, bindings, unit):
            return values.one("dotted", ref=name)
        return self.binding_values(name, scope, bindings, unit)

    def _hides(self, node: ast.AST, bindings: list[Binding], unit: Unit) -> bool:
        """Whether a name stands in the statement that first binds it: ``print = partial(print, flush=True)``."""
        parents = unit.module.parents
        first = parents.get(bindings[0].node)
        return (
            isinstance(first, ast.Assign)
            and node is not bindings[0].node
            and parents.get(first) is unit.module.tree
            and first in unit.module.ancestors(node)
        )

    def binding_values(self, name: str, scope: Scope, bindings: list[Binding], unit: Unit) -> Value:
        """Return the join over all bindings of a name in one scope."""
        written = BOTTOM
        if scope is unit.module.scope_of_module:
            written = self._engine.writes.written(unit, name)
        if len(bindings) == 1 and bindings[0].kind in ("import", "function", "class"):
            return self._binding(bindings[0], unit) | written
        return self.ask(("name", scope, name), lambda: self._join_bindings(name, bindings, unit)) | written

    def module_name(self, unit: Unit, name: str) -> Value | None:
        """Return what a global of another file is; None when it has none of that name."""
        scope = unit.module.scope_of_module
        bindings = scope.bindings.get(name)
        return self._starred(name, unit) if not bindings else self.binding_values(name, scope, bindings, unit)

    def _starred(self, name: str, unit: Unit) -> Value | None:
        """Return what ``from x import *`` binds a name to: unknown when a file cannot be read; None when none does."""
        if not unit.module.star_imports:
            return None
        (found,) = self.answer(("star", unit, name), lambda: (self._from_stars(name, unit),), (None,), (ANY,))
        return found

    def _from_stars(self, name: str, unit: Unit) -> Value | None:
        result: Value | None = None
        for qualified in unit.module.star_imports:
            own = self._engine.may_be_own(qualified.partition(".")[0], qualified)
            other = self._engine.other_unit(qualified, unit) if own else None
            dotted = f"{qualified}.{name}"
            known = self._engine.knowledge
            if other is not None:
                found = self.module_name(other, name)
                if found is not None:
                    return found
            elif not own and (known.call(dotted) is not None or known.exception(dotted) is not None):
                return values.one("dotted", ref=self._engine.effects.canonical(dotted))
            else:
                result = ANY
        return result

    def attribute(self, info: ClassInfo, name: str) -> Value | None:
        """Return what an attribute of an instance can be; None when no class of its family stores or defines it."""
        found: list[Value] = []
        for owner in self.family(info):
            if isinstance(owner, ClassInfo):
                if (
                    name in owner.methods
                    or name in owner.stores
                    or name in owner.values
                    or name in owner.annotations
                ):
                    found.append(self.ask(("attr", owner, name), lambda: self._own_attribute(owner, name)))  # noqa: B023  # asked at once
                    if name in owner.methods:
                        break
            elif isinstance(owner, str):
                expression = self._engine.knowledge.attribute(owner, name)
                if expression is not None:
                    found.append(values.parse(expression))
        written = self._engine.writes.attribute_written(info, name)
        if written:
            found.append(written)
        return values.join(found) if found else None

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
            elif isinstance(owner, str) and self._engine.knowledge.method(owner, name) is not None:
                return owner
        return None

    def has_unknown_base(self, info: ClassInfo) -> bool:
        """Whether some base of the class cannot be resolved."""
        return None in self.family(info)

    def family(self, info: ClassInfo) -> tuple[ClassInfo | str | None, ...]:
        """Return the class and its bases, nearest first: classes of the program, names of known types, or None."""
        unknown: tuple[ClassInfo | str | None, ...] = (
            info,
            None,
        )  # for a base that hangs on the class itself
        return self.answer(("family", info), lambda: self._family(info), (info,), unknown)

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
        (found,) = self.answer(("heirs", info), lambda: (self._heirs(info),), nobody, nobody)
        return found

    def _heirs(self, info: ClassInfo) -> tuple[ClassInfo, ...]:
        others = self._engine.users_of(info.unit, info.name)
        units = dict.fromkeys((info.unit, self._engine.unit, *others))
        classes = (unit.class_info(node) for unit in units for node in unit.module.classes)
        return tuple(other for other in classes if other is not info and info in self.family(other))

    def kinds(self, name: str, info: ClassInfo) -> Value:
        """Return what is declared to be a class (``class``) or an instance of it (``instance``): that or an heir."""
        return values.join(values.one(name, ref=owner) for owner in (info, *self.heirs(info)))

    def is_decorator(self, function: FunctionInfo) -> bool:
        """Whether a function of another file returns a function defined in it, which calls what it was given."""
        if function.unit is self._engine.unit or not function.parameters or function.facts.is_generator:
            return False
        if not function.unit.holds_functions(function):
            return False
        return any(
            entry.name == "function"
            and isinstance(entry.ref, FunctionInfo)
            and entry.ref.unit is function.unit
            and function.unit.outer(entry.ref) is function
            for entry in self.returns(function)
        )

    def default_of(self, function: FunctionInfo, argument: ast.arg) -> ast.expr | None:
        """Return the expression that is the default of a parameter; None when it has none."""
        return (
            None
            if isinstance(function.node, ast.Module | ast.ExceptHandler)
            else _default(function.node.args, argument)
        )

    def default(self, function: FunctionInfo, name: str) -> Value | None:
        """Return the default of a parameter; None when it has none."""
        if isinstance(function.node, ast.Module | ast.ExceptHandler):
            return None
        arguments = function.node.args
        for argument in (*function.parameters, *arguments.kwonlyargs):
            if argument.arg == name:
                found = _default(arguments, argument)
                return None if found is None else self.value(found, function.unit)
        return None

    def is_open(self, method: FunctionInfo, *, on_self: bool) -> bool:
        """Whether a called method is there to be overridden, and no class that is seen does it.

        A body that does nothing says so only where the class calls it on itself (a hook); one that raises
        ``NotImplementedError``, is abstract or belongs to a protocol says so everywhere.
        """
        owner = method.owner
        if owner is None or method.name.startswith("__") or not self._is_stub(method.node):
            return False
        if any(method.name in heir.methods for heir in self.heirs(owner)):
            return False
        return on_self or _is_abstract(method.node) or "typing.Protocol" in self.family(owner)

    def defaults_to_none(self, node: ast.AST, unit: Unit) -> bool:
        """Whether a binding is a parameter with the default None to which no call in the file passes what may be None."""
        if not isinstance(node, ast.arg):
            return False
        function = unit.function(unit.module.parents[unit.module.parents[node]])
        default = self.default_of(function, node)
        return (
            default is not None
            and is_none(default)
            and not any("None" in values.names(value) for value in self._passed(function, node))
        )

    def is_set_later(self, info: ClassInfo, name: str) -> bool:
        """Whether an attribute is None at most until a statement sets it: no method but ``__init__`` sets it to None."""
        is_set = False
        for owner in self.family(info):
            if not isinstance(owner, ClassInfo):
                continue
            for stored in owner.stores.get(name, ()):
                if "None" not in values.names(self.target(stored, owner.unit)):
                    is_set = True
                elif owner.unit.enclosing(stored).name != "__init__":
                    return False
        return is_set

    def is_set(self, info: ClassInfo, name: str) -> bool:
        """Whether an instance has an attribute from the start, as far as that can be told: a base that is not known may set it."""
        family = self.family(info)
        known = self._engine.knowledge
        others = [base for base in family if not isinstance(base, ClassInfo)]
        if name.startswith("__") or any(base is None or not known.is_kind(base, "base") for base in others):
            return True
        for owner in family:
            if not isinstance(owner, ClassInfo):
                continue
            if name in owner.values or name in owner.methods or name in owner.annotations:
                return True
            if any(made in owner.methods for made in ("__getattr__", "__getattribute__", "__slots__")):
                return True
            begun = self._begun_by(info)
            if any(owner.unit.enclosing(stored).name in begun for stored in owner.stores.get(name, ())):
                return True
        return bool(info.node.decorator_list) or bool(self._engine.writes.attribute_written(info, name))

    def _begun_by(self, info: ClassInfo) -> set[str]:
        """Return the names of the methods that run while an instance is made: ``__init__``, and what these call on it."""
        found = {"__init__", "__new__", "__post_init__"}
        pending = list(found)
        while pending:
            method = self.method(info, pending.pop())
            if isinstance(method, FunctionInfo):
                new = method.facts.called_on_self - found
                found |= new
                pending.extend(new)
        return found

    def is_there(self, node: ast.Import | ast.ImportFrom, unit: Unit) -> bool:
        """Whether an import cannot fail: every Python has the module, or the file has imported it already."""
        sure = self._engine.knowledge.operation("op:import").names
        if isinstance(node, ast.Import):
            return all(
                alias.name.partition(".")[0] in sure or unit.has_imported(alias.name, node)
                for alias in node.names
            )
        module = node.module or ""
        if node.level == 0 and module.partition(".")[0] in sure:
            return all(self._is_in_library(module, alias.name) for alias in node.names)
        return node.level == 0 and unit.has_imported(module, node)

    def _is_in_library(self, module: str, name: str) -> bool:
        """Whether every supported Python has a name in a module of the standard library."""
        known = self._engine.knowledge
        row = known.call(f"{module}.{name}")
        if row is None:
            caught = known.exception(f"{module}.{name}")
            return caught is not None and not caught.min_python
        kind = known.type(f"{module}.{name}")
        return not (row.min_python or row.max_python or (kind is not None and kind.min_python))

    def is_placeholder(self, method: FunctionInfo) -> bool:
        """Whether a method only raises what asks for heirs: then the one of an heir is what runs."""
        return method.owner is not None and self._is_stub(method.node) and _is_abstract(method.node)

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
                    return self._engine.hierarchy.is_marked(name, "abstract")
                case _:
                    return False
        return True

    def exception_name(self, info: ClassInfo) -> str | None:
        """Return the name of an exception class of the program, made known to the hierarchy; None for other classes."""
        hierarchy = self._engine.hierarchy
        name = f"{info.unit.name}.{info.name}" if info.unit is not self._engine.unit else f"local:{info.name}"
        if hierarchy.is_exception(name):
            return name
        # Each class once: of classes that share their bases, level over level, there are as many ways as powers of two.
        none: tuple[str, ...] = ("",)
        bases = self.answer(("exception", info), lambda: self._exception_bases(info), none, none)
        if bases == none:
            return None
        hierarchy.register(name, bases)
        return name

    def _exception_bases(self, info: ClassInfo) -> tuple[str, ...]:
        """Return the names of the exceptions that a class derives from; an empty name when there is none."""
        hierarchy = self._engine.hierarchy
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

    def parameter(self, function: FunctionInfo, argument: ast.arg) -> Value:
        """Return what a parameter can be: its annotation, its default, and what the calls in the file pass."""
        return self.ask(("param", function, argument), lambda: self._parameter(function, argument))

    def returns(self, function: FunctionInfo) -> Value:
        """Return what a call of a function gives (generators: their iterator)."""
        return self.ask(("returns", function), lambda: self._returns(function))

    def yields(self, function: FunctionInfo) -> Value:
        """Return what a generator function yields."""
        return self.ask(("yields", function), lambda: self._yields(function))

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
        return values.join(self._instance_of(entry) for entry in self._meant(node, unit)) or ANY

    # -- queries --------------------------------------------------------------------------------------------

    @property
    def is_asking(self) -> bool:
        """Whether some question is being answered, so that a value may hang on itself."""
        return bool(self._active)

    def ask(self, key: tuple[object, ...], compute: Callable[[], Value]) -> Value:
        """Answer a question for a value; see `answer`."""
        return self.answer(key, compute, BOTTOM, ANY)

    def answer(self, key: tuple[object, ...], compute: Callable[[], _T], least: _T, most: _T) -> _T:
        """Answer a question from memory, or compute it with cycles cut.

        A result that depended on an unfinished question is provisional: good as long as that question works on the same
        assumption, and final once it is. Whatever is remembered of a program must be asked here, or what was found out while
        something else was open would stay, and answers depend on who asked first.

        Args:
            key: the question.
            compute: works it out.
            least: what a question that hangs on itself is taken for at first.
            most: the answer when it is never the same twice, or when it lies too deep.

        """
        known = self._memo.get(key)
        if known is not None:
            return known  # type: ignore[no-any-return]  # a key always has answers of one type
        running = self._active.get(key)
        if running is not None:
            self.cut = min(self.cut, running[0])
            return running[1]  # type: ignore[no-any-return]  # as above
        kept = self._provisional.get(key)
        if kept is not None:
            self.cut = min(self.cut, kept[1])
            return kept[0]  # type: ignore[no-any-return]  # as above
        depth = len(self._active)
        if depth >= _DEPTH or (self._fuel <= 0 and most is ANY):
            self.cut = -1
            return most
        outer, value = self.cut, least
        for _ in range(_REPEATS):
            self._fuel -= most is ANY  # what else is asked on the way is no work
            self.cut = self.NEVER
            self._active[key] = (depth, value)
            try:
                found = compute()
            except RecursionError:  # deep expressions around it: as unknown as what lies too deep itself
                for open_key in [each for each, (at, _) in self._active.items() if at >= depth]:
                    del self._active[open_key]
                self._assume(depth, None)
                self.cut = -1
                return most
            if self.cut != depth or found == value:
                value = found
                break
            value = found
            self._assume(depth, None)
        else:
            value = most
        del self._active[key]
        mine = self.cut
        value = _settled(value, most) if mine >= depth else value
        self._assume(depth, mine)
        if mine >= depth or depth == 0:  # asked again, it would be as deep again
            self._memo[key] = _settled(value, most)
            self.cut = outer
        else:
            self._provisional[key] = (value, mine)
            self.cut = min(outer, mine)
        if depth == 0:
            self._provisional.clear()
        return value

    def _assume(self, depth: int, cut: int | None) -> None:
        """Settle the provisional results that depended on the query at a depth.

        Args:
            depth: of the query.
            cut: None when it tries again; else what it depended on itself (its own depth or more: nothing open).

        """
        for key, (value, needed) in list(self._provisional.items()):
            if needed < depth:
                continue
            if cut is None:
                del self._provisional[key]
            elif cut >= depth:
                del self._provisional[key]
                self._memo[key] = _settled(value, ANY)
            else:
                self._provisional[key] = (value, cut)

    # -- names ----------------------------------------------------------------------------------------------

    def _join_bindings(self, name: str, bindings: list[Binding], unit: Unit) -> Value:
        counted = bindings
        if any(binding.kind == "import" for binding in bindings):
            counted = [binding for binding in bindings if not self._is_guarded_fallback(name, binding, unit)]
        found = [self._binding(binding, unit) for binding in counted[:_CALL_SITES]]
        if len(bindings) > _CALL_SITES:
            found.append(ANY)
        return values.join(found)

    def _is_guarded_fallback(self, name: str, binding: Binding, unit: Unit) -> bool:
        """Whether a binding is the ``x = None`` beside an import, in a file that asks before it uses ``x``."""
        module = unit.module
        parent = module.parents.get(binding.node)
        if binding.kind != "assign" or not isinstance(parent, ast.Assign) or not is_none(parent.value):
            return False
        asked = {name}
        for owner in module.ancestors(parent):
            if isinstance(owner, ast.Try):  # a flag that is set beside the import, HAS_X = True
                for entry in ast.walk(owner):
                    if isinstance(entry, ast.Assign) and isinstance(entry.value, ast.Constant):
                        asked.update(target.id for target in entry.targets if isinstance(target, ast.Name))
        return unit.asks(asked)

    def _binding(self, binding: Binding, unit: Unit) -> Value:
        node = binding.node
        match binding.kind:
            case "import":
                return self.imported(binding.qualified, unit)
            case "function":
                return self.function_value(unit.function(node))
            case "class":
                assert isinstance(node, ast.ClassDef)
                return values.one("class", ref=unit.class_info(node))
            case "parameter":
                assert isinstance(node, ast.arg)
                owner = unit.module.parents[unit.module.parents[node]]
                return self.parameter(unit.function(owner), node)
            case "except":
                assert isinstance(node, ast.ExceptHandler)
                return self._engine.caught.caught_value(node, self.frame(unit, node))
            case "annotation":
                parent = unit.module.parents[node]
                assert isinstance(parent, ast.AnnAssign)
                return self.annotation(parent.annotation, unit)
            case "delete" | "augment":
                return self._augmented(node, unit) if binding.kind == "augment" else BOTTOM
            case "assign" | "for" | "with" | "comprehension" | "walrus":
                return self.target(node, unit)
            case _:
                return ANY

    def _augmented(self, node: ast.AST, unit: Unit) -> Value:
        parent = unit.module.parents[node]
        assert isinstance(parent, ast.AugAssign)
        value = self.value(parent.value, unit)
        kept = {entry for entry in value if entry.name in ("str", "int", "float", "json", "list", "bytes")}
        return frozenset(kept)

    def target(self, node: ast.AST, unit: Unit) -> Value:
        """Return what is assigned to a target, however deep in tuples it stands."""
        parent = unit.module.parents[node]
        match parent:
            case ast.Assign() | ast.NamedExpr():
                return self.value(parent.value, unit)
            case ast.AnnAssign():
                found = BOTTOM if parent.value is None else self.value(parent.value, unit)
                if not found or found == NONE or found <= _EMPTY:
                    declared = self.annotation(parent.annotation, unit)
                    return declared if declared != ANY else found or ANY
                if any(map(values.is_opaque, found)):
                    return values.with_declared(found, self.annotation(parent.annotation, unit))
                return found
            case ast.AugAssign():
                return self._augmented(node, unit)
            case ast.For() | ast.AsyncFor():
                return self._engine.elements.element(self.value(parent.iter, unit), unit)
            case ast.comprehension():
                return self._engine.elements.element(self.value(parent.iter, unit), unit)
            case ast.withitem():
                return self._engine.entering.entered(self.value(parent.context_expr, unit))
            case ast.Starred():
                return values.one("list", ANY)
            case ast.Tuple() | ast.List():
                whole = self.target(parent, unit)
                index = next(at for at, entry in enumerate(parent.elts) if entry is node)
                starred = any(isinstance(entry, ast.Starred) for entry in parent.elts)
                return self._engine.elements.item(whole, index, None if starred else len(parent.elts))
            case _:
                return ANY

    def imported(self, qualified: str, unit: Unit) -> Value:
        """Return the value of an imported dotted name: of another file of the program, or of a library."""
        if runtime_name(qualified):
            return values.one("dotted", ref=self._engine.effects.canonical(qualified.lstrip(".")))
        name = qualified.lstrip(".")
        dots = qualified[: len(qualified) - len(name)]
        parts = name.split(".") if name else []
        if self._engine.may_be_own(parts[0] if parts else "", qualified) and (
            dots or self._engine.knowledge.call(name) is None
        ):
            for cut in range(len(parts), -1 if dots else 0, -1):
                other = self._engine.other_unit(dots + ".".join(parts[:cut]), unit)
                if other is not None and other is not unit:
                    if cut == len(parts):
                        return values.one("unit", ref=other)
                    found = self.module_name(other, parts[cut])
                    if found is not None and cut == len(parts) - 1:
                        return found
                    break
        if dots and parts and not self._engine.may_be_own(parts[0], name):
            return values.one(
                "dotted", ref=qualified
            )  # a file that is not there, not the library of that name
        owner, _, last = name.rpartition(".")
        expression = self._engine.knowledge.attribute(f"module:{owner}", last) if owner else None
        if expression is not None and expression != "any":
            return values.parse(expression)  # from sys import argv
        return values.one("dotted", ref=self._engine.effects.canonical(name))

    def unit_attribute(self, unit: Unit, name: str) -> Value:
        """Return an attribute of a module of the program: what it binds, or a file of the package."""
        found = self.module_name(unit, name)
        if found is None and unit.module.source.path.stem == "__init__":
            inner = self._engine.other_unit(f".{name}", unit)
            found = None if inner is None else values.one("unit", ref=inner)
        return ANY if found is None else found

    def function_value(self, info: FunctionInfo) -> Value:
        """Return the value that a ``def`` binds: its decorators applied."""
        node = info.node
        assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        value = values.one("function", ref=info)
        if not node.decorator_list:
            return value
        return self.ask(("decorated", info), lambda: self._decorated(info, value))

    def _decorated(self, info: FunctionInfo, value: Value) -> Value:
        node = info.node
        assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for decorator in reversed(node.decorator_list):
            value = self._engine.decorators.decorated(value, decorator, info)
        return value

    # -- classes --------------------------------------------------------------------------------------------

    def _bases(self, node: ast.expr, unit: Unit) -> list[ClassInfo | str | None]:
        """Return what a base may be: all that are known of, or None."""
        if isinstance(node, ast.Subscript):
            node = node.value
        found: list[ClassInfo | str | None] = []
        names: set[str] = set()
        known = self._engine.knowledge
        for entry in self.value(node, unit):
            if entry.name == "class" and isinstance(entry.ref, ClassInfo):
                found.append(entry.ref)
            elif (
                entry.name == "dotted"
                and isinstance(entry.ref, str)
                and (
                    known.is_type(entry.ref)
                    or known.exception(entry.ref) is not None
                    or known.call(entry.ref)
                    or known.is_kind(entry.ref, "base")
                )
            ):
                names.add(entry.ref)
        found.sort(
            key=lambda info: (info.unit.name, info.node.lineno) if isinstance(info, ClassInfo) else ("", 0)
        )
        return [*found, *sorted(names)] or [None]

    def _own_attribute(self, owner: ClassInfo, name: str) -> Value:
        method = owner.methods.get(name)
        if method is not None:
            if method.kind == "property":
                return self.returns(method)
            return values.join(bind_receiver(entry, method) for entry in self.function_value(method))
        found = [self.target(stored, owner.unit) for stored in owner.stores.get(name, ())[:_CALL_SITES]]
        if name in owner.values and not (found and is_none(owner.values[name]) and name in owner.annotations):
            found.append(self.value(owner.values[name], owner.unit))
        value = values.join(found)
        if name in owner.annotations and (not value or value == NONE):
            declared = self.annotation(owner.annotations[name], owner.unit)
            value = declared if declared != ANY else value or ANY
        elif name in owner.annotations and any(map(values.is_opaque, value)):
            value = values.with_declared(value, self.annotation(owner.annotations[name], owner.unit))
        return value

    # -- functions ------------------------------------------------------------------------------------------

    def _parameter(self, function: FunctionInfo, argument: ast.arg) -> Value:
        arguments = function.node.args  # type: ignore[union-attr]  # modules have no parameters
        if argument is arguments.vararg:
            return values.one("tuple", values.join(self._passed(function, argument)), ref="any length")
        if argument is arguments.kwarg:
            return values.one("dict", values.STR, values.join(self._passed(function, argument)))
        parameters = function.parameters
        if (
            function.owner is not None
            and parameters
            and argument is parameters[0]
            and function.kind != "static"
        ):
            if function.kind == "class" or function.name in (
                "__new__",
                "__init_subclass__",
                "__class_getitem__",
            ):
                return self.kinds("class", function.owner)
            return self.kinds("instance", function.owner)
        found: list[Value] = []
        default = _default(arguments, argument)
        if argument.annotation is not None:
            declared = self.annotation(argument.annotation, function.unit)
            if not values.is_unknown(declared):
                declared = self._filled_with_json(declared, function, argument)
                for value in self._passed(function, argument):
                    declared |= values.contradicting(declared, value)
                return declared | NONE if default is not None and is_none(default) else declared
        handed = self._handed(function, argument)
        if handed is not None:
            return handed if default is None else handed | self.value(default, function.unit)
        if default is not None:
            found.append(self.value(default, function.unit))
        passed = list(self._passed(function, argument))
        if not passed and (default is None or (is_none(default) and not self._is_called(function))):
            found.append(ANY)
        found.extend(passed)
        return values.join(found)

    def _handed(self, function: FunctionInfo, argument: ast.arg) -> Value | None:
        """Return what a library gives to a function that it calls: by its decorators, or because a base class asks for it."""
        places = function.parameters[1:] if function.owner is not None else function.parameters
        if argument not in places:
            return None
        for hands in self._hands(function):
            at = places.index(argument)
            text = hands[at] if at < len(hands) else hands[-1] if hands[-1].startswith("*") else ""
            if text:
                return values.parse(text.lstrip("*"))
        return None

    def _hands(self, function: FunctionInfo) -> Iterator[tuple[str, ...]]:
        """Yield the types that rows say of the parameters of a function."""
        known = self._engine.knowledge
        for decorator in getattr(function.node, "decorator_list", ()):
            maker = decorator.func if isinstance(decorator, ast.Call) else decorator
            for entry in self.value(maker, function.unit):
                row = None
                if entry.name == "dotted":
                    row = known.call(str(entry.ref))
                elif entry.name == "bound" and isinstance(entry.ref, tuple):
                    row = known.method(*entry.ref)
                if row is not None and row.events:
                    row = known.method(row.events, function.name)
                if row is not None and row.hands:
                    yield row.hands
        if function.owner is not None:
            for base in self.family(function.owner)[1:]:
                row = known.method(base, function.name) if isinstance(base, str) else None
                if row is not None and row.hands:
                    yield row.hands

    def _is_called(self, function: FunctionInfo) -> bool:
        """Whether the file calls a function at all, so that a parameter which no call passes keeps its default."""
        return self._engine.callers.is_called(function)

    def _filled_with_json(self, declared: Value, function: FunctionInfo, argument: ast.arg) -> Value:
        """Say that a plain ``dict`` or ``list`` holds JSON when a call in the file passes decoded JSON."""
        if not any(entry.name in ("dict", "list") and set(entry.args) == {ANY} for entry in declared):
            return declared
        if not any("json" in values.names(value) for value in self._passed(function, argument)):
            return declared
        found: set[Type] = set()
        for entry in declared:
            if entry.name == "dict" and set(entry.args) == {ANY}:
                entry = Type("dict", (values.STR, values.JSON))
            elif entry.name == "list" and set(entry.args) == {ANY}:
                entry = Type("list", (values.JSON,))
            found.add(entry)
        return frozenset(found)

    def _passed(self, function: FunctionInfo, argument: ast.arg) -> Iterator[Value]:
        """Yield what reaches a parameter from the calls of its function (see ``sight``)."""
        if not self._engine.knows_users(function.unit):
            yield ANY  # the calls of other files are not looked at
            if function.unit is not self._engine.unit:
                return
        yield from self._engine.sight.passed(function, argument)

    def _returns(self, function: FunctionInfo) -> Value:
        node = function.node
        facts = function.facts
        if isinstance(node, ast.Module | ast.ExceptHandler):
            return NONE
        if facts.is_generator:
            return values.one("generator", self.yields(function), ref=function)
        found = [
            NONE if entry is None else self.value(entry, function.unit)
            for entry in facts.returns[:_CALL_SITES]
        ]
        if len(facts.returns) > _CALL_SITES:
            found.append(ANY)
        if not isinstance(node, ast.Lambda) and not _always_leaves(node.body):
            found.append(NONE)
        value = values.join(found)
        if function.unit.module.attributes_of("__code__") and self._engine.callers.is_set_on(
            function, "__code__"
        ):
            return ANY
        if isinstance(node, ast.Lambda) or node.returns is None or not any(map(values.is_opaque, value)):
            return value
        return values.with_declared(value, self.annotation(node.returns, function.unit))

    def _yields(self, function: FunctionInfo) -> Value:
        found = [
            NONE if entry is None else self.value(entry, function.unit)
            for entry in function.facts.yields[:_CALL_SITES]
        ]
        element = self._engine.elements.element
        found.extend(
            element(self.value(iterable, function.unit), function.unit)
            for iterable in function.facts.delegates[:_CALL_SITES]
        )
        return values.join(found) or ANY

    # -- annotations ----------------------------------------------------------------------------------------

    def _string_annotation(self, text: str, unit: Unit) -> Value:
        """Read an annotation in quotes, as Python would if it were written without them."""
        return self.ask(("quoted", text, unit), lambda: self._quoted(text, unit))

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
                    found |= self.kinds("instance", unit.class_info(own))
        return frozenset(found) | (NONE & value) if found else value

    def _meant(self, node: ast.expr, unit: Unit) -> Value:
        """Return what a name or attribute in an annotation is; one out of quotes is of no scope but the file's."""
        if node in unit.module.parents:
            return self.value(node, unit)
        match node:
            case ast.Name(id=name):
                found = self.module_name(unit, name)
                return found or (values.one("dotted", ref=name) if name in _BUILTINS else ANY)
            case ast.Attribute(value=owner, attr=name):
                top = Frame(unit.enclosing(unit.module.tree), None, None)
                return self._engine.attributes.attribute(self._meant(owner, unit), name, node, top)
        return ANY

    def _instance_of(self, entry: Type) -> Value:
        if entry.name == "class":
            assert isinstance(entry.ref, ClassInfo)
            return self.kinds("instance", entry.ref)
        if entry.name == "None":
            return NONE
        if entry.name == "dotted" and isinstance(entry.ref, str):
            known = self._engine.knowledge
            name = known.annotated(entry.ref)
            arity = known.arity(name)
            if name in ("any", "object"):
                return ANY
            if arity:
                return frozenset({Type(name, (ANY,) * arity, "any length" if name == "tuple" else None)})
            if known.is_type(name):
                return values.one(name)
        return ANY

    def _generic(self, node: ast.Subscript, unit: Unit) -> Value:
        arguments = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        found: list[Value] = []
        for entry in (
            self._meant(node.value, unit) if isinstance(node.value, ast.Name | ast.Attribute) else ANY
        ):
            name = str(entry.ref) if entry.name == "dotted" else ""
            if name == "typing.Optional":
                found.append(self.annotation(arguments[0], unit) | NONE)
            elif name == "typing.Union":
                found.extend(self.annotation(argument, unit) for argument in arguments)
            elif name in ("typing.Final", "typing.Annotated", "typing.ClassVar"):
                found.append(self.annotation(arguments[0], unit))
            else:
                base = self._instance_of(entry)
                for made in base:
                    if self._engine.knowledge.arity(made.name):
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
                return values.one("tuple", inner[0], ref="any length")
            return values.one("tuple", *inner)
        wanted = self._engine.knowledge.arity(name)
        inner = (inner + [ANY] * wanted)[:wanted]
        return values.one(name, *inner)


_EMPTY_LIST = Type("list", (ANY,))
_EMPTY_DICT = Type("dict", (ANY, ANY))
_EMPTY = frozenset({_EMPTY_LIST, _EMPTY_DICT})
_BUILTINS = frozenset(dir(builtins))


def _settled(value: _T, most: _T) -> _T:
    """Say that a value which hangs on nothing but itself is unknown."""
    return most if value == BOTTOM else value


def bind_receiver(entry: Type, method: FunctionInfo) -> Value:
    """Turn the function of a class body into the method of an instance."""
    if entry.name == "function" and method.kind != "static":
        owner: object = method.owner
        kind = "class" if method.kind == "class" else "instance"
        return frozenset({Type("method", (frozenset({Type(kind, (), owner)}),), entry.ref)})
    return frozenset({entry})


def _default(arguments: ast.arguments, argument: ast.arg) -> ast.expr | None:
    positional = [*arguments.posonlyargs, *arguments.args]
    for at, entry in enumerate(reversed(positional)):
        if entry is argument:
            return arguments.defaults[-1 - at] if at < len(arguments.defaults) else None
    for entry, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        if entry is argument:
            return default
    return None


def _is_abstract(node: ast.AST) -> bool:
    """Whether a stub must be overridden: it raises, or is decorated with ``abstractmethod``."""
    assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    if isinstance(node.body[-1], ast.Raise):
        return True
    return any(ast.unparse(entry).rpartition(".")[2] == "abstractmethod" for entry in node.decorator_list)


def _always_leaves(body: list[ast.stmt]) -> bool:
    """Whether control cannot fall off the end of a block (``return``, ``raise``, an endless loop)."""
    while body:
        last = body[-1]
        if isinstance(last, ast.Return | ast.Raise):
            return True
        if isinstance(last, ast.With | ast.AsyncWith):
            body = last.body
            continue
        if isinstance(last, ast.If):
            if not last.orelse or not _always_leaves(last.body):
                return False
            body = last.orelse
            continue
        if isinstance(last, ast.Try):
            if last.finalbody and _always_leaves(last.finalbody):
                return True
            return _always_leaves(last.orelse or last.body) and all(
                _always_leaves(handler.body) for handler in last.handlers
            )
        if isinstance(last, ast.While):
            return (
                isinstance(last.test, ast.Constant)
                and bool(last.test.value)
                and not any(isinstance(node, ast.Break) for node in ast.walk(last))
            )
        return (
            isinstance(last, ast.Match)
            and all(_always_leaves(case.body) for case in last.cases)
            and (isinstance(last.cases[-1].pattern, ast.MatchAs) and last.cases[-1].pattern.pattern is None)
        )
    return False
