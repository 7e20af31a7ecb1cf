"""What a class or function of the program does not take: operators without a method, arguments without a parameter, attributes that are frozen.

Input: an operation and the class or function it is done with. Output: the row of the operation, when it must fail for what is written
there. Of a class with a base that is not known, or that is changed by a decorator or metaclass, nothing is said.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from workerlog_migrate.analysis import values
from workerlog_migrate.analysis.comparing import is_asked_for
from workerlog_migrate.analysis.meanwhile import CHANGES, VIEWS
from workerlog_migrate.analysis.program import ClassInfo, FunctionInfo
from workerlog_migrate.analysis.taken import called_as
from workerlog_migrate.analysis.values import Later
from workerlog_migrate.syntax.blocks import leaves_loop
from workerlog_migrate.syntax.literals import maker_name
from workerlog_migrate.syntax.nodes import nodes

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from workerlog_migrate.analysis.arguments import Arguments
    from workerlog_migrate.analysis.effects import Effects
    from workerlog_migrate.analysis.families import Families
    from workerlog_migrate.analysis.flat import FlowInsensitive
    from workerlog_migrate.analysis.frames import Frame
    from workerlog_migrate.analysis.module import Module
    from workerlog_migrate.analysis.program import Unit
    from workerlog_migrate.analysis.values import Type, Value

_PLAIN_BASES = frozenset({"object", "abc.ABC", "typing.Protocol", "typing.Generic", "enum.Enum"})
_DATA_CLASS = "dataclass"
_NAMED_TUPLE = "typing.NamedTuple"
NAMED_TUPLE = "collections.namedtuple.class"  # the row of what `namedtuple` makes
_OF_ANY_LENGTH = frozenset({"list", "json", "iterator", "csv.reader"})
_MANY = 99
# The builtins that a ``case`` may give one position, which is the value itself.
_TAKE_ONE = frozenset(
    {"bool", "bytearray", "bytes", "dict", "float", "frozenset", "int", "list", "set", "str", "tuple"}
)
# What a decorator leaves of a signature as it is.
_KEEPING = frozenset(
    {
        "staticmethod",
        "classmethod",
        "property",
        "abstractmethod",
        "wraps",
        "override",
        "lru_cache",
        "cache",
        "final",
    }
)


class Shapes:
    """Answers for one program.

    The arguments are the parts of the analysis that it asks.
    """

    def __init__(self, effects: Effects, families: Families, flat: FlowInsensitive) -> None:
        self._effects = effects
        self._families = families
        self._flat = flat

    def lacks(self, info: object, names: Collection[str]) -> bool:
        """Say whether a class of the program, all of it in sight, has none of some special methods."""
        if not isinstance(info, ClassInfo) or not self._is_plain(info):
            return False
        flat = self._flat
        return not any(
            self._families.method(info, name) is not None or flat.attribute(info, name) is not None
            for name in names
        )

    def lacks_attribute(self, info: object, name: str) -> bool:
        """Say whether neither a class nor an heir of it, all of them in sight, has an attribute."""
        if name.startswith("_") or not self.lacks(info, (name, "__getattr__", "__getattribute__")):
            return False
        assert isinstance(info, ClassInfo)
        flat = self._flat
        return not any(
            flat.attribute(heir, name) or self._families.method(heir, name)
            for heir in self._families.heirs(info)
        )

    def operated(self, symbol: str, left: Value, right: Value, node: ast.AST, frame: Frame) -> None:
        """Put into the sink that no operand has the method of an operator."""
        name = _OPERATORS.get(symbol)
        if name is None or not frame.sink.is_heard:
            return
        own = (f"__{name}__", f"__i{name}__")
        of_right = (f"__r{name}__",)
        if any(
            (self._takes_no(one, own, is_left=True) or self._declines(one, own, other))
            and (self._takes_no(other, of_right, is_left=False) or self._declines(other, of_right, one))
            for one in left
            for other in right
            if values.INSTANCE in (one.kind, other.kind)
        ):
            self._effects.operation("op:kinds", node, frame)

    def _declines(self, entry: Type, names: Collection[str], other: Type) -> bool:
        """Whether the method of an operator may return ``NotImplemented`` for what is no object of the program's own classes."""
        info = entry.class_or_none
        if (
            entry.kind is not values.INSTANCE
            or other.kind is values.INSTANCE
            or not isinstance(info, ClassInfo)
        ):
            return False
        found = [self._families.method(info, name) for name in names]
        methods = [method for method in found if method is not None]
        return bool(methods) and all(
            isinstance(method, FunctionInfo)
            and any(
                isinstance(given, ast.Name) and given.id == "NotImplemented" for given in method.facts.returns
            )
            for method in methods
        )

    def stored(self, receiver: Value, target: ast.Attribute, frame: Frame) -> None:
        """Put into the sink that an attribute cannot be set: of a frozen data class, or one that ``__slots__`` does not name."""
        if not frame.sink.is_heard or frame.function.name in (
            "__init__",
            "__post_init__",
            "__new__",
            "__setattr__",
        ):
            return
        if any(
            self._is_closed(entry.class_info, target.attr)
            if entry.kind is values.INSTANCE
            else entry.name == NAMED_TUPLE
            or (entry.kind is values.CLASS and self._is_member(entry.class_info, target.attr))
            for entry in receiver
        ):
            self._effects.operation("op:attribute-closed", target, frame)

    def _is_read_only(self, info: ClassInfo, name: str) -> bool:
        """Whether a name is that of a property without a setter."""
        for owner in self._families.family(info):
            if not isinstance(owner, ClassInfo):
                return False
            made = [
                each for each in owner.node.body if isinstance(each, ast.FunctionDef) and each.name == name
            ]
            if made:
                return all(_decorators(each) == {"property"} for each in made)
        return False

    def _is_member(self, info: ClassInfo, name: str) -> bool:
        """Whether a name is a member of an enumeration, which cannot be set."""
        return name in info.values and any(
            str(base).startswith("enum.") for base in self._families.family(info)
        )

    def is_abstract(self, info: ClassInfo) -> bool:
        """Say whether a class cannot be made an instance of, because a method of it is only declared."""
        family = self._families.family(info)
        is_checked = "abc.ABC" in family or any(
            word.arg == "metaclass" and ast.unparse(word.value).rpartition(".")[2] == "ABCMeta"
            for owner in family
            if isinstance(owner, ClassInfo)
            for word in owner.node.keywords
        )
        return is_checked and any(
            self._families.method(info, name) is method and _decorators(method.node) & {"abstractmethod"}
            for owner in family
            if isinstance(owner, ClassInfo)
            for name, method in owner.methods.items()
        )

    def constructed(self, info: ClassInfo, arguments: Arguments, node: ast.expr, frame: Frame) -> None:
        """Put into the sink that a class is made an instance of in a way that it does not take."""
        fails = self.is_abstract(info)
        if not fails and self._is_data(info):
            fails = (
                _is_filled_with_data(arguments)
                or _is_filled_with_items(arguments)
                or self._misses_fields(info, arguments)
                or self._lacks_fields(info, arguments)
            )
        elif not fails and not info.node.decorator_list:
            is_exception = self._families.exception_name(info) is not None
            made = [self._families.method(info, name) for name in ("__init__", "__new__")]
            known = [method for method in made if isinstance(method, FunctionInfo)]
            if len(known) == 1 and (is_exception or not any(isinstance(method, str) for method in made)):
                fails = not self.fits(known[0], arguments, is_bound=True)
            elif not known and not is_exception:
                family = self._families.family(info)
                fails = (
                    not arguments.is_empty
                    and all(isinstance(base, ClassInfo) or base in ("object", "abc.ABC") for base in family)
                    and self._is_plain(info)
                )
        if fails:
            self._effects.operation("op:arguments", node, frame)

    def fits(self, function: FunctionInfo, arguments: Arguments, *, is_bound: bool) -> bool:
        """Say whether a call gives a function what its parameters ask for, as far as that is written there.

        Args:
            function: what is called.
            arguments: of the call.
            is_bound: the first parameter is the object.
        """
        node = function.node
        if (
            arguments.node is None
            or isinstance(node, ast.Module | ast.ExceptHandler)
            or (not isinstance(node, ast.Lambda) and _decorators(node) - _KEEPING)
        ):
            return True
        signature = node.args
        positional = function.parameters[1:] if is_bound else function.parameters
        if _gives_twice([each.arg for each in positional if each not in signature.posonlyargs], arguments):
            return False
        by_name = {each.arg for each in (*positional, *signature.kwonlyargs)} - {
            each.arg for each in signature.posonlyargs
        }
        keywords: set[object] = {*arguments.keywords}
        if arguments.starred:
            takes_any = signature.kwarg is not None and not (
                arguments.positional or arguments.keywords or len(positional) > len(signature.defaults)
            )  # a name that is given twice, or one that is not given
            if (not takes_any and _is_filled_with_data(arguments)) or (
                signature.vararg is None and _is_filled_with_items(arguments)
            ):
                return False
            brought = _brought(arguments)
            if brought is None:
                return True
            keywords |= brought
        given = len(arguments.positional)
        if given > len(positional) and signature.vararg is None:
            return False
        if signature.kwarg is None and not keywords <= by_name:
            return False
        required = positional[given : len(positional) - len(signature.defaults)]
        needed = {each.arg for each in required} | {
            each.arg
            for each, default in zip(signature.kwonlyargs, signature.kw_defaults, strict=True)
            if default is None
        }
        return None in keywords or needed <= keywords

    def misses_parts(self, arguments: Arguments, unit: Unit) -> bool:
        """Say whether a named tuple, whose names are written out where it is made, is called with another number of parts."""
        call = arguments.node
        if call is not None and arguments.starred:
            return _is_filled_with_data(arguments) or _is_filled_with_items(arguments)
        if call is None or not isinstance(call.func, ast.Name):
            return False
        bindings = unit.module.bindings(call.func)
        made = unit.module.parents.get(bindings[0].node) if len(bindings) == 1 else None
        match made:
            case ast.Assign(value=ast.Call(args=[_, ast.Constant(value=str(text))], keywords=[])):
                count = len(text.replace(",", " ").split())
            case ast.Assign(
                value=ast.Call(args=[_, ast.List(elts=parts) | ast.Tuple(elts=parts)], keywords=[])
            ):
                count = len(parts)
            case _:
                return False
        return len(call.args) + len(call.keywords) != count

    def _takes_no(self, entry: Type, names: tuple[str, ...], *, is_left: bool) -> bool:
        if entry.kind is values.INSTANCE:
            return self.lacks(entry.class_info, names)
        if not values.is_builtin(entry) or entry.name in ("str", "bytes", "None"):
            return values.is_builtin(entry) and not (
                is_left and entry.name in ("str", "bytes") and "__mod__" in names
            )
        return True

    def _is_plain(self, info: ClassInfo) -> bool:
        for owner in self._families.family(info):
            if not isinstance(owner, ClassInfo):
                if owner not in _PLAIN_BASES:
                    return False
            elif owner.node.keywords or _decorators(owner.node) - {_DATA_CLASS, "final", "unique"}:
                return False
        return True

    def _is_data(self, info: ClassInfo) -> bool:
        return _DATA_CLASS in _decorators(info.node)

    def has_no_order(self, info: ClassInfo) -> bool:
        """Say whether a data class is made without an order."""
        return self._is_data(info) and not is_asked_for(info.node, "order")

    def positions(self, made: Value) -> int:
        """Return how many positions a ``case`` may give for a class at least, whatever the value stands for."""
        return min((self._positions(entry) for entry in made), default=_MANY)

    def _positions(self, entry: Type) -> int:
        info = entry.class_or_none
        if info is None:
            return 1 if entry.kind is values.DOTTED and entry.dotted in _TAKE_ONE else 0
        for owner in self._families.family(info):
            if not isinstance(owner, ClassInfo):
                return 0
            written = owner.values.get("__match_args__")
            if isinstance(written, ast.Tuple | ast.List):
                return len(written.elts)
            if self._is_data(owner) and self._families.family(owner) == (owner,):
                return len(owner.annotations)
        return 0

    def _misses_fields(self, info: ClassInfo, arguments: Arguments) -> bool:
        family = [owner for owner in reversed(self._families.family(info)) if isinstance(owner, ClassInfo)]
        if (
            arguments.node is None
            or arguments.starred
            or not self._is_plain(info)
            or any("__init__" in owner.methods or "__new__" in owner.methods for owner in family)
            or any(is_asked_for(owner.node, "kw_only") or not self._is_data(owner) for owner in family)
        ):
            return False
        fields = {
            name: name in owner.values
            for owner in family
            for name, annotation in owner.annotations.items()
            if "ClassVar" not in ast.unparse(annotation) and "KW_ONLY" not in ast.unparse(annotation)
        }
        if any(
            isinstance(value, ast.Call) and ast.unparse(value.func).endswith("field")
            for owner in family
            for value in owner.values.values()
        ):
            return False  # fields that the constructor may not have
        given = {*list(fields)[: len(arguments.positional)], *arguments.keywords}
        too_many = len(arguments.positional) > len(fields) or not arguments.keywords.keys() <= fields.keys()
        return too_many or not {name for name, has_default in fields.items() if not has_default} <= given

    def _lacks_fields(self, info: ClassInfo, arguments: Arguments) -> bool:
        """Whether a mapping that is unpacked into a data class was written somewhere with names that are no fields of it."""
        call = arguments.node
        family = self._families.family(info)
        if call is None or not all(isinstance(owner, ClassInfo) and self._is_data(owner) for owner in family):
            return False
        fields = {name for owner in family if isinstance(owner, ClassInfo) for name in owner.annotations}
        return any(
            not {_written(name) for name, _ in entry.literal or ()} <= fields
            for word in call.keywords
            if word.arg is None
            for entry in arguments.value(word.value)
            if entry.name == "dict"
        )

    def _is_closed(self, info: ClassInfo, name: str) -> bool:
        if self._is_data(info) and is_asked_for(info.node, "frozen"):
            return True
        slots: set[str] = set()
        if self._is_data(info) and is_asked_for(info.node, "slots") and len(self._families.family(info)) == 1:
            return name not in info.annotations and "__setattr__" not in info.methods
        if _NAMED_TUPLE in self._families.family(info):
            return name in info.annotations
        if self._is_read_only(info, name):
            return True
        for owner in self._families.family(info):
            if not isinstance(owner, ClassInfo):
                if owner not in _PLAIN_BASES:
                    return False
                continue
            value = owner.values.get("__slots__")
            if not isinstance(value, ast.Tuple | ast.List | ast.Constant):
                return False
            parts = [value] if isinstance(value, ast.Constant) else value.elts
            slots |= {str(part.value) for part in parts if isinstance(part, ast.Constant)}
            slots |= {each for each, method in owner.methods.items() if method.kind == "property"}
            if "__setattr__" in owner.methods:
                return False
        return name not in slots and "__dict__" not in slots


_OPERATORS = {
    "+": "add",
    "-": "sub",
    "*": "mul",
    "/": "truediv",
    "//": "floordiv",
    "%": "mod",
    "**": "pow",
    "<<": "lshift",
    ">>": "rshift",
    "|": "or",
    "^": "xor",
    "&": "and",
    "@": "matmul",
}


def _is_filled_with_data(arguments: Arguments) -> bool:
    """Say whether a call unpacks a mapping that came from elsewhere with ``**``: nobody sees which names it holds.

    What the function around was called with itself, and what it puts together, is no data, unless a function of several is called
    with it, of a table or list.
    """
    call = arguments.node
    is_of_several = _is_of_several(arguments)
    for word in call.keywords if call is not None else ():
        if word.arg is not None or not any(
            entry.name == "dict" and entry.literal is None for entry in arguments.value(word.value)
        ):
            continue
        if not isinstance(word.value, ast.Name):
            return True
        module = arguments.frame.unit.module
        found = module.lookup(word.value.id, module.scope(word.value))
        if found is None or (
            found[0] is module.scope_of_module and module.function(word.value) is not None
        ):  # whoever else uses it puts names in
            return True
        if not any(
            _is_put_together(binding.node, module)
            and not (is_of_several and isinstance(binding.node, ast.arg))
            for binding in found[1]
        ):
            return True
    return False


def _gives_twice(names: list[str], arguments: Arguments) -> bool:
    """Say whether a mapping that is unpacked with ``**`` was seen to hold a name that is given besides.

    Args:
        names: of the parameters that are given by position, or may be.
        arguments: of the call.
    """
    call = arguments.node
    mappings = [word.value for word in call.keywords if word.arg is None] if call is not None else []
    if not mappings or any(isinstance(each, ast.Starred) for each in arguments.positional):
        return False
    given = {*names[: len(arguments.positional)], *arguments.keywords}
    return any(
        name in given
        for mapping in mappings
        for entry in arguments.value(mapping)
        if entry.name == "dict" and entry.literal is not None
        for name in map(_written, dict(entry.literal))
    )


def _written(key: object) -> object:
    """Return the key of a dictionary as it is written, whether it is there from the beginning or is put in later."""
    return key.key if isinstance(key, Later) else key


def _brought(arguments: Arguments) -> set[object] | None:
    """Return the names that mappings bring with ``**`` whose keys were all seen; None where one brings others, or ``*`` comes along."""
    call = arguments.node
    found: set[object] = set()
    for word in call.keywords if call is not None else ():
        if word.arg is None:
            for entry in arguments.value(word.value):
                if entry.name != "dict" or entry.literal is None:
                    return None
                found.update(map(_written, dict(entry.literal)))
    return None if any(isinstance(each, ast.Starred) for each in arguments.positional) else found


def _is_filled_with_items(arguments: Arguments) -> bool:
    """Say whether a call unpacks a series with ``*`` of which nobody sees how long it is.

    What the function around was called with itself is no such series, unless a function of several is called with it.
    """
    is_of_several = _is_of_several(arguments)
    for entry in arguments.positional:
        if not isinstance(entry, ast.Starred) or not any(
            each.name in _OF_ANY_LENGTH or (each.name == "tuple" and not each.has_length)
            for each in arguments.value(entry.value)
        ):
            continue
        if not isinstance(entry.value, ast.Name):
            return not isinstance(entry.value, ast.List | ast.Tuple)
        module = arguments.frame.unit.module
        if not any(
            _is_written(binding.node, module) and not (is_of_several and isinstance(binding.node, ast.arg))
            for binding in module.bindings(entry.value)
        ):
            return True
    return False


def _is_of_several(arguments: Arguments) -> bool:
    """Whether a call takes what it calls out of a table or list, so that each of several functions gets the same arguments."""
    call = arguments.node
    if call is None or not arguments.starred:
        return False
    if not isinstance(call.func, ast.Name):
        return isinstance(call.func, ast.Subscript | ast.Call)
    parents = arguments.frame.unit.module.parents
    for binding in arguments.frame.unit.module.bindings(call.func):
        match parents.get(binding.node):
            case ast.For() | ast.AsyncFor() | ast.comprehension() | ast.Tuple():
                return True
            case (
                ast.Assign(value=ast.Subscript() | ast.Call())
                | ast.NamedExpr(value=ast.Subscript() | ast.Call())
            ):
                return True
    return False


def _is_written(node: ast.AST, module: Module) -> bool:
    """Whether a name is bound to a list that is written here, or holds what a function was called with."""
    match module.parents.get(node):
        case ast.arguments(vararg=vararg):
            return vararg is node
        case ast.Assign(value=value) | ast.AnnAssign(value=value):
            return isinstance(value, ast.List | ast.Tuple)
    return False


def _is_put_together(node: ast.AST, module: Module) -> bool:
    """Whether a name is bound to a dict that is written here, or holds what a function was called with."""
    match module.parents.get(node):
        case ast.arguments(kwarg=kwarg):
            return kwarg is node
        case ast.Assign(value=value) | ast.AnnAssign(value=value):
            return isinstance(value, ast.Dict | ast.DictComp) or (
                isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "dict"
            )
    return False


def _decorators(node: ast.AST) -> set[str]:
    """Return the last names of the decorators of a definition."""
    return {maker_name(decorator) for decorator in getattr(node, "decorator_list", ())}


def changes_while_iterated(node: ast.For | ast.AsyncFor, unit: Unit) -> bool:
    """Say whether the body of a loop over a dictionary, set or queue adds to it or takes from it, and goes on.

    Args:
        node: the loop.
        unit: its file.
    """
    source = node.iter
    if isinstance(source, ast.Call) and isinstance(source.func, ast.Attribute) and source.func.attr in VIEWS:
        source = source.func.value
    path = unit.path(source)
    if path is None:
        return False
    key = node.target.elts[0] if isinstance(node.target, ast.Tuple) and node.target.elts else node.target
    return _changes(node.body, path, unit.path(key), unit)


def that_go_on(body: list[ast.stmt]) -> Iterator[ast.AST]:
    """Yield the statements in the body of a loop after which it goes on, of compound ones what is evaluated at their head.

    Args:
        body: of the loop.
    """
    goes_on = bool(body) and not leaves_loop(body)
    for statement in body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        inner = _blocks_in(statement)
        for part in inner:
            yield from that_go_on(part)
        if goes_on:
            heads = [
                each for each in ast.iter_child_nodes(statement) if isinstance(each, ast.expr | ast.withitem)
            ]
            yield from heads if inner else [statement]


def _blocks_in(statement: ast.stmt) -> list[list[ast.stmt]]:
    found = [getattr(statement, name, None) for name in ("body", "orelse", "finalbody")]
    cases = [case.body for case in getattr(statement, "cases", ())]
    handlers = [handler.body for handler in getattr(statement, "handlers", ())]
    return [*(part for part in found if isinstance(part, list)), *cases, *handlers]


def _changes(body: list[ast.stmt], path: str, key: str | None, unit: Unit) -> bool:
    for statement in body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        inner = _blocks_in(statement)
        if any(_changes(part, path, key, unit) for part in inner):
            return True
        if not inner and any(_changes_it(each, path, key, unit) for each in nodes(statement)):
            return not leaves_loop(body)
    return False


def _changes_it(node: ast.AST, path: str, key: str | None, unit: Unit) -> bool:
    match node:
        case ast.Subscript(value=value, slice=index, ctx=ast.Store()):
            return unit.path(value) == path and (key is None or unit.path(index) != key)
        case ast.Subscript(value=value, ctx=ast.Del()):
            return unit.path(value) == path
        case ast.Call():
            functions = (each.func for each in called_as(unit.module, node))
            return any(
                isinstance(each, ast.Attribute) and each.attr in CHANGES and unit.path(each.value) == path
                for each in functions
            )
    return False
