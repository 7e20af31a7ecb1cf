"""What the objects of a class meet: the other side of an operator, the keys of a table, the elements of a list that is sorted.

Input: a class with a special method that is given something. Output: the ``Trail`` of that method: what Python calls it with, wherever
the objects go, and the place where one gets out of sight. An operator says nothing of the class, so the objects are followed from where
they are made, and ``self`` in their methods.
"""

from __future__ import annotations

import ast
import builtins
import sys
from typing import TYPE_CHECKING

from workerlog_migrate.analysis import values
from workerlog_migrate.analysis.follower import Follower
from workerlog_migrate.analysis.handing import PARTIALS, handing
from workerlog_migrate.analysis.program import ClassInfo, FunctionInfo
from workerlog_migrate.analysis.trails import (
    NOTHING,
    PUTTING,
    READERS,
    Passed,
    Step,
    Trail,
    Use,
    given_back,
    is_parameter,
    use_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from workerlog_migrate.analysis.families import Families
    from workerlog_migrate.analysis.module import Module
    from workerlog_migrate.analysis.values import Kind
    from workerlog_migrate.knowledge import CallRow

_CLASSES = 16
"""Of a class with more heirs none is followed."""
_EQUAL, _ORDER, _LEFT, _RIGHT, _ITEM, _HELD = "equal", "order", "left", "right", "item", "held"
_OPERATORS: dict[str, type[ast.operator]] = {
    "add": ast.Add,
    "sub": ast.Sub,
    "mul": ast.Mult,
    "truediv": ast.Div,
    "floordiv": ast.FloorDiv,
    "mod": ast.Mod,
    "or": ast.BitOr,
    "and": ast.BitAnd,
}
_IN_PLACE = {f"__i{word}__": sign for word, sign in _OPERATORS.items()}
_REFLECTED = frozenset({"__radd__", "__rsub__", "__rmul__", "__rtruediv__"})
_ASKED: dict[str, tuple[str, ...]] = {
    "__call__": ("call",),
    **dict.fromkeys(("__getitem__", "__setitem__", "__delitem__"), (_ITEM,)),
    **dict.fromkeys((f"__{word}__" for word in _OPERATORS), (_LEFT,)),
    **dict.fromkeys(_IN_PLACE, (_LEFT,)),
    **dict.fromkeys(_REFLECTED, (_RIGHT,)),
    **dict.fromkeys(("__eq__", "__ne__"), (_EQUAL,)),
    **dict.fromkeys(("__lt__", "__le__", "__gt__", "__ge__"), (_ORDER,)),
    "__contains__": (_HELD,),
}
SPECIAL = frozenset(_ASKED)
"""Special methods of which can be told what they are given."""

_SIGNS_OF_EQUALITY = (ast.Eq, ast.NotEq, ast.In, ast.NotIn)
_IDENTITY = (ast.Is, ast.IsNot)
_STORING = frozenset({"pickle", "shelve", "copyreg", "dill", "cloudpickle", "joblib", "marshal"})
_COMPARING = frozenset(
    {"operator", "heapq", "bisect", "itertools", "functools", "collections", "statistics", "queue", "asyncio"}
    | {"multiprocessing", "random", "unittest", "array", "fractions", "math", "types", "weakref", "graphlib"}
)
_BASES = frozenset({"object", "abc.ABC", "typing.Generic", "typing.Protocol", "typing.NamedTuple"})
# Methods of containers that compare nothing of what is in them.
_COMPARING_NOTHING = frozenset(
    "append appendleft clear reverse copy values items keys popleft empty full qsize task_done join __len__ __iter__"  # noqa: SIM905  # a list of words
    " extend extendleft".split()
)
_ANYTHING = (_EQUAL, _ORDER, _LEFT, _RIGHT, _ITEM)


class Companion(Follower):
    """Follows an object, and notes what it meets as uses: their kind says how, their one argument what."""

    def _step(self, step: Step) -> None:
        node, unit, items, _ = step
        parent = unit.module.parents.get(node)
        match parent:
            case ast.Compare():
                self._compared_with(parent, step)
            case ast.BinOp(left=left, right=right) if not items:
                self._meet(_LEFT if node is left else _RIGHT, parent, step, right if node is left else left)
            case ast.AugAssign(target=target, value=value) if not items:
                self._meet(
                    _LEFT if node is target else _RIGHT, parent, step, value if node is target else target
                )
            case ast.Subscript(slice=key) if node is key:
                if items:
                    self._lose("it is part of a key", node, unit)
                self._meet(_EQUAL, parent, step, parent.value, "element")
            case ast.Subscript(slice=key) if not items:
                self._meet(_ITEM, parent, step, key)
            case ast.Dict() | ast.Set() | ast.SetComp() | ast.DictComp():
                self._meet(_EQUAL, parent, step, parent, "element")
            case ast.Raise() | ast.Match() | ast.MatchValue():
                self._lose("it is raised or matched", node, unit)
            case ast.Attribute(attr="__class__") if not items:
                if not isinstance(unit.module.parents.get(parent), ast.Attribute | ast.Compare):
                    self._lose("its class is asked for", node, unit)
        super()._step(step)

    def _changed(self, parent: ast.AST, step: Step) -> None:
        if isinstance(parent, ast.AugAssign) and not step.items:
            self._meet(_LEFT, parent, step, parent.value)

    def _meet(self, kind: str, node: ast.AST, step: Step, other: ast.expr, part: str = "") -> None:
        is_value = isinstance(node, ast.expr)
        self._trail.uses.append(
            Use(kind, node, step.unit, (Passed(other, step.unit, part),), result=is_value)
        )

    def _compared_with(self, parent: ast.Compare, step: Step) -> None:
        """Note what stands on the other side of a comparison, or what a container is asked for."""
        sides = [parent.left, *parent.comparators]
        for at, sign in enumerate(parent.ops):
            left, right = sides[at], sides[at + 1]
            if step.node not in (left, right) or isinstance(sign, _IDENTITY):
                continue
            other = right if step.node is left else left
            if isinstance(sign, ast.In | ast.NotIn):
                if step.node is right:
                    self._meet(_EQUAL if step.items else _HELD, parent, step, other)
                else:
                    self._meet(_EQUAL, parent, step, other, "element")
                is_deep = step.items > (step.node is right)
            else:
                self._meet(_EQUAL if isinstance(sign, _SIGNS_OF_EQUALITY) else _ORDER, parent, step, other)
                is_deep = step.items > 0
            if is_deep:
                self._lose("what holds it is compared", parent, step.unit)

    def _method_of_holder(self, name: str, call: ast.Call, step: Step) -> None:
        if name not in _COMPARING_NOTHING:
            self._given_with(call, step)
        super()._method_of_holder(name, call, step)

    def _given_with(self, call: ast.Call, step: Step) -> None:
        """Note all that stands in a call as what an object in it may be compared with."""
        given = [each.value if isinstance(each, ast.Starred) else each for each in call.args]
        given += [word.value for word in call.keywords]
        if isinstance(call.func, ast.Attribute):
            given.append(call.func.value)
        for each in given:
            value = self._above.flat.value(each, step.unit)
            self._to_functions(value, step)
            if any(entry.kind in (values.DOTTED, values.UNIT) for entry in value):
                continue  # `heapq` of `heapq.heappush`, a function that is given
            for kind in _ANYTHING:
                for part in ("", "element"):
                    self._meet(kind, call, step, each, part)
                    self._trail.uses[-1] = self._trail.uses[-1]._replace(result=False)

    def _to_functions(self, value: values.Value, step: Step) -> None:
        """Follow the object into functions that stand beside it in a call: they may be given it."""
        for entry in value:
            if entry.function_or_none is not None and entry.kind in (values.FUNCTION, values.METHOD):
                for items in range(step.items + 1):
                    self._into_function(
                        entry.function, entry.kind, step._replace(items=items), None, any_position=True
                    )

    def _into_class(
        self, info: ClassInfo, call: ast.Call, step: Step, place: int | str | None, any_position: bool
    ) -> None:
        if not isinstance(self._families.method(info, "__init__"), FunctionInfo):
            self._lose(f"objects of {info.name} may compare it", call, step.unit)
        super()._into_class(info, call, step, place, any_position)

    def _into_known(self, kind: Kind, call: ast.Call, step: Step, place: int | str | None) -> None:
        unit = step.unit
        row = self._callers.row(call, unit)
        name = row.name if row is not None else ""
        if row is None or name.partition(".")[0] in _STORING:
            self._lose(f"it is handed to {ast.unparse(call.func)}", call, unit)
            return
        if name == "type" and isinstance(unit.module.parents.get(call), ast.Call | ast.Assign):
            self._lose("its class is asked for", call, unit)
        top = name.partition(".")[0]
        if top in _COMPARING or hasattr(builtins, top):
            if name not in READERS or name == "sum":
                self._given_with(call, step)
        elif top in sys.stdlib_module_names:
            for each in (*call.args, *(word.value for word in call.keywords)):
                self._to_functions(self._above.flat.value(each, unit), step)
        else:
            self._lose(f"it is handed to {ast.unparse(call.func)}", call, unit)
        is_followed = (
            step.items
            or name in PARTIALS
            or name in READERS
            or handing(row, call, step.node, place) is not None
            or (name.rpartition(".")[2] in PUTTING and kind is values.BOUND)
            or _is_called_by(row, call, step)
        )
        if is_followed:
            super()._into_known(kind, call, step, place)
            return
        deeper = given_back(row, call, step)
        if deeper is None:
            self._lose(f"it is handed to {ast.unparse(call.func)}", call, unit)
        elif deeper != NOTHING:
            self._push(call, unit, step.items + deeper, step.bound)


def _is_called_by(row: CallRow, call: ast.Call, step: Step) -> bool:
    """Whether a call is given the object as a function that it calls."""
    taken = (*row.passes[:1], *row.calls, *row.calls_with)
    return any(is_parameter(row, call, step.node, each) for each in taken)


class Meetings:
    """Answers for one program.

    Args:
        families: bases and heirs of classes.
        made: gives the trail of a class, with the calls in its own methods.
        companion: makes what follows one object.
    """

    def __init__(
        self, families: Families, made: Callable[[ClassInfo], Trail], companion: Callable[[], Companion]
    ) -> None:
        self._families = families
        self._made = made
        self._companion = companion

    def of(self, owner: ClassInfo) -> Trail:
        """Return all that objects of a class meet."""
        family = self._families.family(owner)
        heirs = self._families.heirs(owner)
        if len(heirs) > _CLASSES or any(
            not isinstance(base, ClassInfo) and base not in _BASES for base in family
        ):
            return Trail(lost=f"objects of {owner.name} may be compared by a library")
        trail = Trail()
        for each in (owner, *heirs):
            self._join(trail, self._objects(each))
        own = [base for base in family if isinstance(base, ClassInfo)]
        for info in dict.fromkeys((*own, *heirs)):
            for place in _selves(info):
                if not trail.lost:
                    self._join(trail, self._companion().from_expression(place, info.unit))
        return trail

    def _objects(self, info: ClassInfo) -> Trail:
        """Follow the objects that calls of a class make."""
        made = self._made(info)
        trail = Trail(lost=made.lost)
        for use in made.uses:
            if trail.lost:
                break
            if use.kind == "call" and isinstance(use.node, ast.Call):
                self._join(trail, self._companion().from_expression(use.node, use.unit))
            elif use.kind not in ("decorator", "row"):
                trail.lost = f"{info.name} is handed to {use.name}"
        return trail

    def _join(self, trail: Trail, found: Trail) -> None:
        trail.uses.extend(found.uses)
        trail.lost = trail.lost or found.lost

    def given(self, function: FunctionInfo, met: Trail) -> Trail:
        """Return what a special method is called with.

        Args:
            function: the method.
            met: what the objects of its class meet.
        """
        return Trail([use for each in met.uses for use in _as_called(function.name, each)], met.lost)


def _selves(info: ClassInfo) -> list[ast.Name]:
    """List where the methods of a class use the object for more than an attribute of it."""
    module = info.unit.module
    key = (_selves, info.node)
    known: list[ast.Name] | None = module.remembered.get(key)
    if known is None:
        known = module.remembered[key] = list(_selves_in(info, module))
    return known


def _selves_in(info: ClassInfo, module: Module) -> Iterator[ast.Name]:
    for method in info.methods.values():
        if method.kind in ("static", "class") or not method.parameters:
            continue
        for place in module.names_in(module.scopes[method.node], method.parameters[0].arg):
            parent = module.parents.get(place)
            is_read = isinstance(parent, ast.Attribute) and not parent.attr.startswith("__")
            if not is_read and isinstance(place.ctx, ast.Load):
                yield place


def _as_called(name: str, use: Use) -> Iterator[Use]:
    """Yield a use of an object as a call of a special method, if it may be one."""
    if use.kind == "method":
        if use.name == name:  # it is called by its name
            yield use._replace(kind="call")
    elif name == "__call__":
        if use.kind in ("call", "handed"):
            yield use
    elif use.kind in _ASKED[name] and _is_of_sign(name, use.node):
        if isinstance(use.node, ast.Call) and use.result:
            yield use_of("call", use.node, use.unit)
        else:
            yield use._replace(kind="call")


def _is_of_sign(name: str, node: ast.AST) -> bool:
    """Whether an operator is the one that a special method is for; what is no operator may be any."""
    if name in _IN_PLACE:
        is_sign = isinstance(node, ast.AugAssign) and isinstance(node.op, _IN_PLACE[name])
        return is_sign or not isinstance(node, ast.BinOp | ast.AugAssign)
    word = name.strip("_")
    sign = _OPERATORS.get(word.removeprefix("r") if name in _REFLECTED else word)
    return sign is None or not isinstance(node, ast.BinOp | ast.AugAssign) or isinstance(node.op, sign)
