"""What kind of builtin a value of unknown type must be, told by all that the code does with it.

Input: a name or ``self`` path and the function that uses it. Output: a ``Value`` of builtin types, or unknown. One use says
little: ``scraper.get(url)`` may be a dict or a client, ``conn.close()`` a file or anything. Two uses of different kinds that
fit one builtin type (a method with arguments as its signature takes them, a subscript with a text, a comparison or sum with
a literal), and none that does not fit (``await``, ``with``, an attribute, a call), leave nothing else that people write.
What the methods of builtin types are called and take, the running Python says itself.

What was told so may still have another shape when it arrives, as decoded JSON may: it counts as data of an open shape.

Of what comes out of a container (a loop, ``rows[0]``, ``reply.get("user")``) less is enough: a field that is read by a literal
name with a default, ``order.get("price", 0)``, or two by their names. Clients and caches are no items of lists that have fields.
"""

from __future__ import annotations

import ast
import functools
import inspect
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workerlog_migrate.analysis import values
from workerlog_migrate.analysis.values import ANY, CELL, JSON, Type, Value
from workerlog_migrate.syntax.calls import is_open_ended
from workerlog_migrate.syntax.literals import is_none

if TYPE_CHECKING:
    from workerlog_migrate.analysis.flat import FlowInsensitive
    from workerlog_migrate.analysis.program import FunctionInfo, Unit
    from workerlog_migrate.analysis.world import World
    from workerlog_migrate.syntax.scopes import Binding

_BUILTIN: dict[str, type] = {
    "str": str,
    "bytes": bytes,
    "dict": dict,
    "list": list,
    "set": set,
    "collections.deque": deque,
    "float": float,
}
_ARGUMENTS = {"dict": 2, "list": 1, "set": 1, "collections.deque": 1}
_EVERY = frozenset(_BUILTIN)
_NUMBER = frozenset({"float"})
_TEXT = frozenset({"str"})
_SLICED = frozenset({"str", "bytes", "list"})
_INDEXED = _SLICED | {"collections.deque", "dict"}
_CONTAINERS = _EVERY - _NUMBER
_NONE: frozenset[str] = frozenset()
_SPEAKING = 2  # different uses that must speak for a kind
# Uses that people write for builtin types only; the others tables, caches, clients and pages of libraries know, too.
_PASSED = "passed"
_PLAIN = frozenset({_PASSED, "**", "+", "abs", "arithmetic", "compared", "format", "round"})
_MAPPING = frozenset({"key", ".get"})  # but who asks both ways asks a mapping
_SHAPED = frozenset(
    {"key", ".get", ".items", ".keys", ".values", ".append"}
)  # what is done with what may be a dict or a list
_TESTED = "isinstance"
_MOST_USES = 64
_ALIASES = 3
_HOLDERS = frozenset({"dict", "list", "tuple", "json", "collections.defaultdict", "collections.deque"})
_ASKED, _DEFAULTED = "get", "="  # of a field by `get`, and with a default
_ROW = 2  # fields that make a row
_RECORD = CELL | values.one("record")
_TOLD = frozenset({"str", "dict"})  # kinds of which one method is enough for what lies in a container
_WIDGETS = ("tkinter", "customtkinter", "ttkbootstrap")  # their options are read by name as well


@dataclass(frozen=True, slots=True)
class _Use:
    """What one place says: the kinds that it leaves, and the word under which it counts; none when it only fits."""

    kinds: frozenset[str]
    word: str = ""
    weight: int = 1


class Ducks:
    """Answers for one program; each path of a function once.

    The arguments are the parts of the analysis that it asks.
    """

    def __init__(self, world: World, flat: FlowInsensitive) -> None:
        self._world = world
        self._flat = flat
        self._known: dict[tuple[object, str], Value] = {}

    def of(self, node: ast.expr, function: FunctionInfo) -> Value:
        """Return the builtin types that an expression of unknown type can only be of; unknown when others are possible.

        Args:
            node: the expression: a name, or an attribute of ``self``; of anything else nothing is told.
            function: whose code it is; for an attribute all methods of its class are looked at.

        """
        path = function.unit.path(node) if isinstance(node, ast.Name | ast.Attribute) else None
        if path is None:
            unit = function.unit
            if self._is_taken_out(node, unit) and self._is_used_as_data(node, unit):
                return CELL
            return self._by_its_one_use(node, unit)
        key = (function, path)
        known = self._known.get(key)
        if known is None:
            self._known[key] = ANY  # what is asked on the way
            known = self._known[key] = self._of(path, node, function)
        return known

    def with_default(self, value: Value, default: ast.expr) -> Value:
        """Put data of an open shape in place of an unknown alternative for which a literal stands in.

        Args:
            value: what is known of the whole.
            default: ``{}`` in ``reply.get("rows", {})`` and in ``read() or {}``: who writes that expects data.

        """
        match default:
            case ast.Dict() | ast.List() | ast.Set() | ast.JoinedStr():
                pass
            case ast.Constant(value=str() | bytes() | int() | float()):
                pass
            case _:
                return value
        if not value & (ANY | JSON | CELL):
            return value
        return (value - ANY - values.EMPTIES) | (CELL if value & (ANY | CELL) else JSON)

    def _by_its_one_use(self, node: ast.expr, unit: Unit) -> Value:
        """Return what the only use of an expression without a name says."""
        parent = unit.module.parents.get(node)
        use = _Use(_EVERY) if parent is None else self._use(node, parent, unit)
        if use.weight < _SPEAKING or use.word not in _PLAIN or not use.kinds:
            return ANY
        return values.join((*(_made(kind) for kind in sorted(use.kinds)), CELL))

    def _of(self, path: str, node: ast.expr, function: FunctionInfo) -> Value:
        unit = function.unit
        if isinstance(node, ast.Name) and not _is_one_thing(node, function):
            return ANY
        kinds = _EVERY
        words: dict[str, int] = {}
        fields: set[str] = set()
        for count, place in enumerate(self._places(path, node, function)):
            if count >= _MOST_USES:
                return ANY
            parent = unit.module.parents[place]
            use = self._use(place, parent, unit)
            kinds &= use.kinds
            if not kinds:
                return ANY
            if use.word:
                words[use.word] = use.weight
            fields.update(_fields(place, parent, unit))
        if isinstance(node, ast.Name):
            if "dict" in kinds and self._is_record(node, fields, unit):
                return CELL
            if kinds >= {"dict"} and self._is_row(node, fields, unit):
                return _RECORD
            if any(map(self._tells, words.items())) and self._is_held(node, unit):
                return CELL
        if sum(words.values()) < _SPEAKING or not self._speaks(words):
            return ANY
        return values.join((*(_made(kind) for kind in sorted(kinds)), CELL))

    def _speaks(self, words: Iterable[str]) -> bool:
        """Whether what was seen is more than what things of any make have."""
        seen = frozenset(words)
        if seen & _PLAIN or seen >= _MAPPING or (_TESTED in seen and seen & _SHAPED):
            return True
        rows = (self._world.knowledge.bare_method(word[1:]) for word in seen if word.startswith("."))
        return any(row is not None and row.only_of for row in rows)

    def _is_record(self, node: ast.Name, fields: set[str], unit: Unit) -> bool:
        """Whether a name is of an item of a container, and has fields that are read by their names."""
        if not (_DEFAULTED in fields or (_ASKED in fields and len(fields - {_ASKED}) > 1)):
            return False  # rows of databases have fields, too, and no `get`
        return self._is_item(node, unit, 0)

    def _is_row(self, node: ast.Name, fields: set[str], unit: Unit) -> bool:
        """Whether a name stands for one item after the other, of which several fields are read: a row of whatever make.

        All that have fields raise the same errors where one is missing, but for widgets and for classes of the program.
        """
        keys = {name for name in fields if name.isidentifier()} - {_ASKED}
        if len(keys) < _ROW or not self._is_looped(node, unit):
            return False
        return not (
            any(map(unit.imports_any_of, _WIDGETS))
            or _defines_items(unit)
            or _defines_items(self._world.unit)
        )

    def _is_looped(self, node: ast.Name, unit: Unit) -> bool:
        """Whether a name is only ever bound by a loop, or by a lambda that orders items."""
        bindings = unit.module.bindings(node)
        return bool(bindings) and all(
            entry.kind in ("for", "comprehension") or _is_of_key(entry.node, unit) for entry in bindings
        )

    def _is_held(self, node: ast.Name, unit: Unit) -> bool:
        """Whether a name is only ever bound to what certainly lies in a builtin container."""
        bindings = [entry for entry in unit.module.bindings(node) if not _sets_none(entry.node, unit)]
        return bool(bindings) and all(self._binds_held(entry, unit) for entry in bindings)

    def _binds_held(self, binding: Binding, unit: Unit) -> bool:
        match unit.module.parents.get(binding.node):
            case ast.For(iter=source) | ast.comprehension(iter=source) if binding.kind in (
                "for",
                "comprehension",
            ):
                return self._is_holder(source, unit)
            case ast.Assign(value=source) | ast.NamedExpr(value=source) if binding.kind in (
                "assign",
                "walrus",
            ):
                return self._is_taken_out(source, unit)
        return False

    def _tells(self, word: tuple[str, int]) -> bool:
        """Whether a single use says of what lies in a container that it is data: comparing for equality does not."""
        name, weight = word
        if name in _PLAIN:
            return name != "compared" or weight >= _SPEAKING
        row = self._world.knowledge.bare_method(name[1:]) if name.startswith(".") else None
        return row is not None and row.only_of in _TOLD

    def _is_used_as_data(self, node: ast.expr, unit: Unit) -> bool:
        """Whether the only use of what was taken out of a container is one of data."""
        parent = unit.module.parents.get(node)
        if parent is None:
            return False
        if _reads_field(node, parent, unit):
            return True
        match parent:
            case ast.Subscript(slice=ast.Constant(value=int()) | ast.UnaryOp() | ast.Slice()) if (
                parent.value is node
            ):
                return True
            case ast.For(target=ast.Name() as target) | ast.comprehension(target=ast.Name() as target) if (
                parent.iter is node
            ):
                found = self.of(target, unit.enclosing(target))
                return values.may_be_decoded(found)
            case ast.Compare(left=ast.Constant(value=str()), ops=[ast.In() | ast.NotIn()]):
                return True
            case ast.Call(func=ast.Name(id="len")):
                return True
        use = self._use(node, parent, unit)
        return bool(use.kinds) and self._tells((use.word, use.weight))

    def _is_item(self, node: ast.Name, unit: Unit, depth: int) -> bool:
        """Whether a name is only ever bound to what comes out of a container."""
        bindings = [entry for entry in unit.module.bindings(node) if not _sets_none(entry.node, unit)]
        return bool(bindings) and all(self._binds_item(entry, unit, depth) for entry in bindings)

    def _binds_item(self, binding: Binding, unit: Unit, depth: int) -> bool:
        if binding.kind in ("for", "comprehension") or _is_of_key(binding.node, unit):
            return True
        parent = unit.module.parents.get(binding.node)
        if binding.kind not in ("assign", "walrus") or not isinstance(parent, ast.Assign | ast.NamedExpr):
            return False
        source = parent.value
        if isinstance(source, ast.Name):
            return depth < _ALIASES and self._is_item(source, unit, depth + 1)
        return self._is_taken_out(source, unit) or self._is_stored_data(source, unit)

    def _is_taken_out(self, node: ast.expr, unit: Unit) -> bool:
        """Whether an expression takes an item out of what is certainly a builtin container."""
        match node:
            case ast.Subscript(value=owner, slice=key) if not isinstance(key, ast.Slice):
                pass
            case ast.Call(func=ast.Attribute(value=owner, attr="get" | "pop" | "setdefault")):
                pass
            case _:
                return False
        return self._is_holder(owner, unit)

    def _is_holder(self, node: ast.expr, unit: Unit) -> bool:
        """Whether an expression is certainly a builtin container."""
        found = values.without_none(self._flat.value(node, unit))
        return bool(found) and all(entry.name in _HOLDERS and entry.is_plain for entry in found)

    def _is_stored_data(self, node: ast.expr, unit: Unit) -> bool:
        """Whether an expression reads back what was stored: clients and caches cannot be."""
        if not isinstance(node, ast.Call):
            return False
        row = self._world.knowledge.call(unit.module.qualified(node.func) or "")
        return row is not None and "stored" in row.marks

    def _places(self, path: str, node: ast.expr, function: FunctionInfo) -> Iterator[ast.expr]:
        """Yield where the same thing is used: in the function, or in the class of ``self``."""
        unit = function.unit
        module = unit.module
        if isinstance(node, ast.Name):
            found = module.lookup(node.id, module.scope(node))
            for place in module.names_of(node.id):
                if found is not None and module.lookup(node.id, module.scope(place)) == found:
                    yield place
            return
        assert isinstance(node, ast.Attribute)
        root = path.partition(".")[0]
        owner = function.owner if root == "self" else None
        for attribute in module.attributes_of(node.attr):
            if unit.path(attribute) != path:
                continue
            enclosing = unit.enclosing(attribute)
            if enclosing is function or (owner is not None and enclosing.owner is owner):
                yield attribute

    def _use(self, place: ast.expr, parent: ast.AST, unit: Unit) -> _Use:
        match parent:
            case ast.Attribute() if parent.value is place:
                return self._attribute(parent, unit.module.parents[parent], unit)
            case ast.Subscript() if parent.value is place:
                return _subscript(parent)
            case ast.Compare():
                return _compared(place, parent)
            case ast.BinOp(left=left, right=right, op=op):
                return _operated(right if left is place else left, op, is_left=left is place)
            case ast.AugAssign(target=target, value=value, op=op) if target is place:
                return _operated(value, op, is_left=True)
            case ast.Call() if parent.func is place:
                return _Use(_NONE)
            case ast.Call():
                return self._argument(parent, unit)
            case ast.Await() | ast.withitem() | ast.AsyncFor() | ast.Raise():
                return _Use(_NONE)
            case ast.For() | ast.comprehension() if parent.iter is place:
                return _Use(_NONE if getattr(parent, "is_async", False) else _CONTAINERS)
            case ast.keyword(arg=None):
                return _Use(frozenset({"dict"}), "**")
            case ast.FormattedValue(format_spec=ast.JoinedStr(values=[*_, ast.Constant(value=str(spec))])):
                return _Use(_NUMBER, "format") if spec[-1:] in tuple("dfeg%") else _Use(_EVERY)
        return _Use(_EVERY)

    def _attribute(self, attribute: ast.Attribute, parent: ast.AST, unit: Unit) -> _Use:
        if not isinstance(parent, ast.Call) or parent.func is not attribute:
            return _Use(_NONE)
        if isinstance(unit.module.parents[parent], ast.Await):
            return _Use(_NONE)
        kinds = frozenset(kind for kind in _EVERY if _fits(kind, attribute.attr, parent))
        return _Use(kinds, f".{attribute.attr}")

    def _argument(self, call: ast.Call, unit: Unit) -> _Use:
        """What a builtin asks of what it is given; of functions that are not known nothing is told."""
        name = call.func.id if isinstance(call.func, ast.Name) else ""
        if name in ("len", "sorted", "sum", "list", "set", "tuple", "enumerate") and unit.module.is_builtin(
            name, call
        ):
            return _Use(_CONTAINERS)
        if name in ("round", "abs") and unit.module.is_builtin(name, call):
            return _Use(_NUMBER, name)
        if name == _TESTED and len(call.args) == 2 and unit.module.is_builtin(name, call):
            return _Use(_EVERY, _TESTED if _names_shape(call.args[1]) else "")
        dotted = unit.module.qualified(call.func) or (name if unit.module.is_builtin(name, call) else "")
        row = self._world.knowledge.call(dotted) if dotted else None
        if row is not None and row.mistyped:  # it takes some builtin types, and nothing that people make
            return _Use(_EVERY, _PASSED)
        return _Use(_EVERY)


def _made(kind: str) -> Value:
    if kind == "float":
        return frozenset({Type("int"), Type("float")})
    return values.one(kind, *(ANY,) * _ARGUMENTS.get(kind, 0))


def _is_one_thing(node: ast.Name, function: FunctionInfo) -> bool:
    """Whether a name is bound at one place only, None aside, so that all its uses are of one value."""
    unit = function.unit
    bindings = [entry for entry in unit.module.bindings(node) if not _sets_none(entry.node, unit)]
    return len(bindings) == 1 and bindings[0].kind in (
        "parameter",
        "assign",
        "for",
        "comprehension",
        "walrus",
    )


def _sets_none(node: ast.AST, unit: Unit) -> bool:
    """Whether a binding sets a name to None, until something else does."""
    parent = unit.module.parents.get(node)
    return isinstance(parent, ast.Assign | ast.AnnAssign) and is_none(parent.value)


def _defines_items(unit: Unit) -> bool:
    """Whether a file has a class of its own that is subscripted."""
    return any("__getitem__" in unit.class_info(node).methods for node in unit.module.classes)


def _is_of_key(node: ast.AST, unit: Unit) -> bool:
    """Whether a binding is the one parameter of a lambda by which the items of a container are ordered or chosen."""
    parents = unit.module.parents
    made = parents.get(parents.get(node, node))
    if not isinstance(made, ast.Lambda) or len(made.args.args) != 1:
        return False
    match parents.get(made):
        case ast.keyword(arg="key"):
            return True
        case ast.Call(func=ast.Name(id="filter" | "map" as name), args=[ast.Lambda() as first, *_]) as call:
            return first is made and unit.module.is_builtin(name, call)
    return False


def _fields(place: ast.expr, parent: ast.AST, unit: Unit) -> Iterator[str]:
    """Yield the names of fields that a place reads, behind a dot, and how."""
    match parent:
        case ast.Subscript(slice=ast.Constant(value=str(key))) if (
            parent.value is place and key.isidentifier()
        ):
            yield key
        case ast.Attribute(attr="get") if parent.value is place:
            call = unit.module.parents.get(parent)
            if not isinstance(call, ast.Call) or call.func is not parent or call.keywords or not call.args:
                return
            first = call.args[0]
            if (
                isinstance(first, ast.Constant)
                and isinstance(first.value, str)
                and first.value.isidentifier()
            ):
                yield f".{first.value}"
                yield _ASKED
                if _has_default(call, unit):
                    yield _DEFAULTED


def _has_default(call: ast.Call, unit: Unit) -> bool:
    """Whether a literal stands in for a field that is missing: ``x.get("n", 0)``, ``x.get("n") or 0``."""
    if len(call.args) == 2:
        return _is_plain_default(call.args[1])
    outer = unit.module.parents.get(call)
    return (
        isinstance(outer, ast.BoolOp) and isinstance(outer.op, ast.Or) and _is_plain_default(outer.values[-1])
    )


def _reads_field(place: ast.expr, parent: ast.AST | None, unit: Unit) -> bool:
    """Whether the only use of an item without a name reads a field by its name or with a default."""
    if parent is None:
        return False
    found = set(_fields(place, parent, unit))
    return _DEFAULTED in found or (bool(found) and isinstance(parent, ast.Subscript))


def _is_plain_default(node: ast.expr) -> bool:
    match node:
        case ast.Constant() | ast.UnaryOp(operand=ast.Constant()):
            return True
        case ast.List(elts=[]) | ast.Dict(keys=[]) | ast.Tuple(elts=[]):
            return True
    return False


def _names_shape(node: ast.expr) -> bool:
    """Whether what a value is tested to be is a dict or a list, as people ask of data only."""
    found = node.elts if isinstance(node, ast.Tuple) else [node]
    return any(isinstance(entry, ast.Name) and entry.id in ("dict", "list") for entry in found)


def _subscript(node: ast.Subscript) -> _Use:
    match node.slice:
        case ast.Constant(value=str()):
            return _Use(frozenset({"dict"}), "key")
        case ast.Slice():
            return _Use(_SLICED, "slice")
        case ast.Constant(value=int()) | ast.UnaryOp():
            return _Use(_INDEXED)
    return _Use(_CONTAINERS - {"set"})


def _compared(place: ast.expr, node: ast.Compare) -> _Use:
    if len(node.ops) != 1:
        others: list[ast.expr] = [entry for entry in (node.left, *node.comparators) if entry is not place]
    else:
        others = [node.comparators[0] if node.left is place else node.left]
        if isinstance(node.ops[0], ast.In | ast.NotIn):
            if node.left is not place:
                return _Use(_CONTAINERS, "in" if isinstance(node.left, ast.Constant) else "")
            others = (
                list(node.comparators[0].elts)
                if isinstance(node.comparators[0], ast.Tuple | ast.List | ast.Set)
                else []
            )
    kinds = [_literal(other) for other in others]
    known = [kind for kind in kinds if kind]
    if not known or len(known) != len(kinds):
        return _Use(_EVERY)
    orders = any(isinstance(op, ast.Lt | ast.LtE | ast.Gt | ast.GtE) for op in node.ops)
    is_number = orders and all(kind == _NUMBER for kind in known)
    return _Use(frozenset().union(*known), "compared", 2 if is_number else 1)


def _operated(other: ast.expr, op: ast.operator, *, is_left: bool) -> _Use:
    kind = _literal(other)
    match op:
        case ast.Add() if kind:
            return _Use(kind, "+")
        case ast.Sub() | ast.Div() | ast.FloorDiv() | ast.Pow() if kind == _NUMBER:
            return _Use(_NUMBER, "arithmetic")
        case ast.Mod() if kind == _NUMBER and is_left:
            return _Use(_NUMBER | {"str", "bytes"})
        case ast.Mult() if kind == _NUMBER:
            return _Use(_NUMBER | {"str", "bytes", "list"})
    return _Use(_EVERY)


def _literal(node: ast.expr) -> frozenset[str]:
    """Return the kind of a literal; none of anything else."""
    if isinstance(node, ast.UnaryOp):
        node = node.operand
    if isinstance(node, ast.JoinedStr):
        return _TEXT
    if isinstance(node, ast.Constant):
        if isinstance(node.value, str):
            return _TEXT
        if isinstance(node.value, bytes):
            return frozenset({"bytes"})
        if isinstance(node.value, int | float) and not isinstance(node.value, bool):
            return _NUMBER
    return _NONE


def _fits(kind: str, method: str, call: ast.Call) -> bool:
    """Whether a call is one that the method of a builtin type takes."""
    limits = _limits(kind, method)
    if limits is None:
        return False
    least, most, keywords = limits
    if is_open_ended(call):
        return True
    given = len(call.args) + len(call.keywords)
    if len(call.args) > most or given < least:
        return False
    return keywords is None or all(word.arg in keywords for word in call.keywords)


@functools.cache
def _limits(kind: str, method: str) -> tuple[int, int, frozenset[str] | None] | None:
    """Return how many arguments a method of a builtin type takes, and which by name (None: any); None: no such method."""
    function = getattr(_BUILTIN[kind], method, None)
    if function is None or not callable(function) or method.startswith("__"):
        return None
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except ValueError:  # builtins that parse their arguments themselves
        return _UNSIGNED.get(method, (0, 3, frozenset()))
    parameters = parameters[1:] if parameters and parameters[0].name == "self" else parameters
    plain = [
        entry for entry in parameters if entry.kind in (entry.POSITIONAL_ONLY, entry.POSITIONAL_OR_KEYWORD)
    ]
    least = sum(entry.default is entry.empty for entry in plain)
    most = 99 if any(entry.kind is entry.VAR_POSITIONAL for entry in parameters) else len(plain)
    if any(entry.kind is entry.VAR_KEYWORD for entry in parameters):
        return least, most, None
    return (
        least,
        most,
        frozenset(entry.name for entry in parameters if entry.kind is not entry.POSITIONAL_ONLY),
    )


# What Python has no signature of, in one version or another.
_UNSIGNED: dict[str, tuple[int, int, frozenset[str] | None]] = {
    **dict.fromkeys(
        ("startswith", "endswith", "find", "rfind", "index", "rindex", "count"), (1, 3, frozenset())
    ),
    **dict.fromkeys(("update",), (0, 1, None)),
    **dict.fromkeys(("pop",), (0, 2, frozenset())),
    **dict.fromkeys(("items", "keys", "values", "clear", "copy", "popitem"), (0, 0, frozenset())),
    "format": (0, 99, None),
    **dict.fromkeys(("get", "setdefault"), (1, 2, frozenset())),
}
