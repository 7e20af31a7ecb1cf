r"""What is found of a thing that is followed: a ``Trail`` of ``Use``\ s, and what the calls that it is handed to make of it.

Input: a call that has the thing as an argument, and the row of what is called. Output: what the thing is called with. ``follower``
finds these calls.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from workerlog_migrate.analysis import values
from workerlog_migrate.analysis.taken import calls_to, written
from workerlog_migrate.syntax.literals import may_mention, may_spell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workerlog_migrate.analysis.above import Above
    from workerlog_migrate.analysis.program import Unit
    from workerlog_migrate.knowledge import CallRow

_TEXT = 40
_REDUCED = 2
_PARTS = 8  # of what ``starmap`` takes apart
# Functions that call another with each element of what they are given.
_OF_EACH = frozenset(
    {
        "sorted",
        "max",
        "min",
        "filter",
        "itertools.groupby",
        "list.sort",
        "itertools.takewhile",
        "itertools.dropwhile",
    }
)


_ENCODING = frozenset({"json.dump", "json.dumps"})
SEEN_THROUGH = frozenset({"collections.ChainMap", "memoryview"})
"""Functions that give a container through which the one that they are given is changed."""
WRITERS = frozenset(
    f"operator.{word}"
    for word in "setitem delitem iadd iconcat ior ixor iand isub imul".split()  # noqa: SIM905  # a list of words
)
"""Functions that change the container that they are given first in a way that is not followed."""
_CHANGING = frozenset({"heapq", "bisect"})


def changes_given(name: str) -> bool:
    """Whether a function of the library may change the container that it is given.

    Args:
        name: of the function.
    """
    return name in WRITERS or name == "random.shuffle" or name.partition(".")[0] in _CHANGING


KEEPERS = frozenset(
    {
        "asyncio.Future.set_result",
        "concurrent.futures.Future.set_result",
        "contextvars.ContextVar",
        "contextvars.ContextVar.set",
        "operator.methodcaller",
        "object.__setattr__",
        "setattr",
    }
)
"""Functions that put what they are given where others take it from."""


class Passed(NamedTuple):
    """What arrives at a parameter.

    Attributes:
        node: the expression, or the function or class that a decorator is given.
        unit: its file.
        part: empty for the value itself; ``element`` or ``value`` for what is in it, ``part:N`` for the N-th part of an element;
            ``result`` for what it gives when it is called; ``deep`` and ``deep result`` for what is no JSON in it, however deep; ``type:X`` for a value of a type of which a row says that it is given.
    """

    node: ast.expr | ast.stmt
    unit: Unit
    part: str = ""


class Use(NamedTuple):
    """One use of what is followed.

    Attributes:
        kind: ``call``, ``handed`` (something else calls it), ``method``, ``store``, ``delete``, ``augment``, ``decorator``,
            or ``row`` (an argument of a function that is known).
        node: the call, the subscript that is stored to, the statement.
        unit: the file of the node.
        positional: what is passed, in order; of methods and calls.
        keywords: what is passed by name.
        rest: what further positions may get (stars), None when there are none.
        mapping: what further names may get.
        name: the method; of ``row`` and ``handed`` the function that it is an argument of.
        result: whether the node is an expression whose value is what the call gives.
    """

    kind: str
    node: ast.AST
    unit: Unit
    positional: tuple[Passed, ...] = ()
    keywords: tuple[tuple[str, Passed], ...] = ()
    rest: tuple[Passed, ...] = ()
    mapping: tuple[Passed, ...] = ()
    name: str = ""
    result: bool = True


@dataclass(slots=True)
class Trail:
    """All uses that were found.

    Attributes:
        uses: them.
        lost: where the thing gets out of sight, as a sentence; empty when all of it was seen.
    """

    uses: list[Use] = field(default_factory=list)
    lost: str = ""


class Step(NamedTuple):
    """A node that gives the thing, or what holds it."""

    node: ast.AST
    unit: Unit
    items: int  # how deep the thing lies in what the node gives
    bound: tuple[Use, ...] = ()  # partials around it, and the method that was taken of it


def use_of(
    kind: str, call: ast.Call, unit: Unit, *, name: str = "", positional: list[ast.expr] | None = None
) -> Use:
    """Return a call as a use: its arguments by how they are passed.

    Args:
        kind: of the use.
        call: the call.
        unit: its file.
        name: of the method.
        positional: the arguments by position, if they are not those that are written: of ``super().f(x)`` and ``C.f(o, x)``.

    """
    plain: list[Passed] = []
    rest: list[Passed] = []
    for entry in call.args if positional is None else positional:
        if isinstance(entry, ast.Starred):
            rest.append(Passed(entry.value, unit, "element"))
        elif rest:
            rest.append(Passed(entry, unit))
        else:
            plain.append(Passed(entry, unit))
    keywords = tuple((word.arg, Passed(word.value, unit)) for word in call.keywords if word.arg)
    mapping = tuple(Passed(word.value, unit, "value") for word in call.keywords if not word.arg)
    return Use(kind, call, unit, tuple(plain), keywords, tuple(rest), mapping, name)


def mirrored(call: ast.Call, unit: Unit) -> Use:
    """Read ``mirror_print(log, x, printer=f)``, which the tool writes for ``f(x)``."""
    use = use_of("call", call, unit)
    keywords = tuple(each for each in use.keywords if each[0] != "printer")
    return use._replace(positional=use.positional[1:], keywords=keywords)


def shown(node: ast.AST) -> str:
    """Return the text of a node as a reason names it, cut to a bound."""
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= _TEXT else text[: _TEXT - 3] + "..."


def is_parameter(row: CallRow, call: ast.Call, node: ast.AST, name: str) -> bool:
    """Whether an argument of a call is the parameter of a row that has a name."""
    if any(word.arg == name and word.value is node for word in call.keywords):
        return True
    at = row.params.index(name) if name in row.params else -1
    return 0 <= at < len(call.args) and call.args[at] is node


def handed(row: CallRow, call: ast.Call, step: Step) -> Iterator[Use]:
    """Yield what a thread, a pool or a map gives to the function that it is given."""
    unit = step.unit
    parameter, held = row.passes
    if step.items:
        return
    if row.hands:
        yield Use("handed", call, unit, _of_types(row.hands, call, unit), name=row.name, result=False)
        return
    positional: tuple[Passed, ...]
    if held in ("*", "each"):
        after = call.args[row.params.index(parameter) + 1 :]
        part = "element" if held == "each" else ""
        plain = [entry for entry in after if not isinstance(entry, ast.Starred)]
        rest = [Passed(entry.value, unit, "element") for entry in after if isinstance(entry, ast.Starred)]
        keywords = [
            (word.arg, Passed(word.value, unit)) for word in call.keywords if word.arg and held == "*"
        ]
        positional = tuple(Passed(entry, unit, part) for entry in plain)
        yield Use("handed", call, unit, positional, tuple(keywords), tuple(rest), name=row.name, result=False)
        return
    given = next((word.value for word in call.keywords if word.arg == held), None)
    at = row.params.index(held) if held in row.params else len(call.args)
    if given is None and at < len(call.args):
        given = call.args[at]
    positional = ()
    rest2: tuple[Passed, ...] = ()
    if isinstance(given, ast.Tuple | ast.List) and not any(
        isinstance(entry, ast.Starred) for entry in given.elts
    ):
        positional = tuple(Passed(entry, unit) for entry in given.elts)
    elif given is not None:
        rest2 = (Passed(given, unit, "element"),)
    named = next((word.value for word in call.keywords if word.arg in ("kwargs", "kwds")), None)
    keywords2: tuple[tuple[str, Passed], ...] = ()
    mapping: tuple[Passed, ...] = ()
    if isinstance(named, ast.Dict) and all(isinstance(key, ast.Constant) for key in named.keys):
        keywords2 = tuple(
            (str(getattr(key, "value", "")), Passed(value, unit))
            for key, value in zip(named.keys, named.values, strict=True)
        )
    elif named is not None:
        mapping = (Passed(named, unit, "value"),)
    yield Use("handed", call, unit, positional, keywords2, rest2, mapping, row.name, result=False)


def called_back(row: CallRow, call: ast.Call, step: Step) -> tuple[list[Use], bool]:
    """Say what ``sorted(xs, key=f)`` and ``reduce(f, xs)`` call a function with, and whether that is known."""
    name = row.name
    for parameter, types in row.calls_with.items():
        if is_parameter(row, call, step.node, parameter):
            return _handed_to(call, step, _of_types(types, call, step.unit), name), True
    if row.hands:
        return _handed_to(call, step, _of_types(row.hands, call, step.unit), name), True
    if name in _ENCODING:  # it is given what is no JSON, and then what comes of what it gives
        again = next((word.value for word in call.keywords if word.value is step.node), None)
        if not call.args or again is None:
            return [], False
        encoded = Passed(call.args[0], step.unit, "deep"), Passed(again, step.unit, "deep result")
        return [use for each in encoded for use in _handed_to(call, step, (each,), name)], True
    if name == "functools.reduce":
        return _reduced(call, step, name, function=0, items=1), True
    if name == "itertools.accumulate":
        return _reduced(call, step, name, function=1, items=0), True
    if name == "itertools.starmap":
        if len(call.args) != _REDUCED:
            return [], True
        # The parts of each element.
        parts = tuple(Passed(call.args[1], step.unit, f"part:{at}") for at in range(_PARTS))
        return _handed_to(call, step, parts, name), True
    if name == "map":
        given = tuple(Passed(entry, step.unit, "element") for entry in call.args[1:])
        return _handed_to(call, step, given, name), True
    if name not in _OF_EACH:
        return [], False
    source = [entry for entry in call.args if entry is not step.node]
    if name == "list.sort" and isinstance(call.func, ast.Attribute):
        source = [call.func.value]
    is_known = len(source) == 1
    given = (Passed(source[0], step.unit, "element"),) if is_known else ()
    return _handed_to(call, step, given, name), is_known


def defaulting_to(node: ast.AST, arguments: ast.arguments) -> Iterator[str]:
    """Yield the names of the parameters whose default an expression is."""
    positional = [*arguments.posonlyargs, *arguments.args]
    pairs: list[tuple[ast.arg, ast.expr | None]] = [
        *zip(reversed(positional), reversed(arguments.defaults), strict=False),
        *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
    ]
    return (argument.arg for argument, default in pairs if default is node)


def given_back(row: CallRow, call: ast.Call, step: Step) -> int | None:
    """Say how deep what is handed to a call in a container lies in what the call gives; nothing is, where nobody uses that."""
    parents = step.unit.module.parents
    parent = parents.get(call)
    if isinstance(parent, ast.Await):
        parent = parents.get(parent)
    return NOTHING if isinstance(parent, ast.Expr) else _comes_back(row)


def _comes_back(row: CallRow) -> int | None:
    """Say how a call gives back what it was given in a container: by how much deeper it lies in what comes; None if that is not known.

    What gives only texts, numbers or nothing gives nothing back, and that is ``NOTHING``.
    """
    texts = {row.returns, *(when.returns for when in row.when if when.returns)}
    if "default" not in row.params and all(
        text and all(map(_is_made_anew, text.rstrip("?").split("|"))) for text in texts
    ):
        return NOTHING
    if len(texts) == 1 and (
        row.returns.startswith("arg:") or row.returns in ("iterator[element]", "list[element]")
    ):
        return 0
    if "starts" in row.marks or row.name == "asyncio.as_completed":
        return 0
    return 1 if row.name == "asyncio.gather" else None


def gives_result(row: CallRow | None) -> bool:
    """Whether a call gives what the function gives that it is handed: ``asyncio.to_thread``."""
    return row is not None and row.returns.startswith("result:")


NOTHING = 99
RECEIVER = "receiver"
_PLAIN = frozenset({"None", "bool", "bytes", "float", "int", "json", "str"})
# What their objects are made of can be had of them again.
_HOLDING = frozenset(
    {
        "asyncio",
        "collections",
        "concurrent",
        "contextlib",
        "copy",
        "functools",
        "itertools",
        "multiprocessing",
        "queue",
        "types",
    }
)


def _is_made_anew(name: str) -> bool:
    """Whether what has a type cannot be, or hold, what its maker was given: a text, a reply of a server."""
    top, dot, _ = name.partition(".")
    return name in _PLAIN or (bool(dot) and "[" not in name and ":" not in name and top not in _HOLDING)


def _handed_to(call: ast.Call, step: Step, given: tuple[Passed, ...], name: str) -> list[Use]:
    if step.items:
        return []
    return [Use("handed", call, step.unit, given, name=name, result=False)]


def _reduced(call: ast.Call, step: Step, name: str, *, function: int, items: int) -> list[Use]:
    """Say what ``reduce`` calls a function with: two elements, then what it gave and the next; the initial value first."""
    if len(call.args) < _REDUCED:
        return _handed_to(call, step, (), name)
    element = Passed(call.args[items], step.unit, "element")
    started = [*call.args[2:], *(word.value for word in call.keywords if word.arg == "initial")]
    firsts = [element, *(Passed(entry, step.unit) for entry in started)]
    found: list[Use] = []
    for first in firsts:
        found += _handed_to(call, step, (first, element), "functools.reduce")
    given = Passed(call.args[function], step.unit, "result"), element
    return found + _handed_to(call, step, given, name)


def _of_types(types: tuple[str, ...], call: ast.Call, unit: Unit) -> tuple[Passed, ...]:
    """Say by types what a row gives to the function that it calls; ``receiver`` is what the method is called on."""
    return tuple(
        Passed(call.func.value, unit)
        if each == RECEIVER and isinstance(call.func, ast.Attribute)
        else Passed(call, unit, "type:any" if each == RECEIVER else f"type:{each.lstrip('*')}")
        for each in types
    )


def is_of_class(call: ast.Call, name: str, place: int | str | None) -> bool:
    """Whether a method is taken of a builtin class and given the thing: ``list.append(items, x)``."""
    owner, dot, _ = name.rpartition(".")
    return (
        place == 0
        and bool(dot)
        and isinstance(call.func, ast.Attribute)
        and ast.unparse(call.func.value).rpartition(".")[2] == owner.rpartition(".")[2]
        and owner in _CLASSES
    )


_CLASSES = frozenset(
    {
        "list",
        "dict",
        "set",
        "bytearray",
        "collections.deque",
        "collections.OrderedDict",
        "collections.defaultdict",
        "collections.Counter",
    }
)


def taken_by_name(unit: Unit, name: str) -> Iterator[ast.expr | str]:
    """Yield where what a module's name is bound to is taken by its name in a text; a reason where that cannot be told."""
    module = unit.module
    for call in (*calls_to(module, "exec"), *calls_to(module, "eval")):
        if isinstance(call.func, ast.Name) and call.args and may_mention(call.args[0], name):
            yield f"{name} may be used by {call.func.id} in line {call.lineno}"
            return
    for call in (written(module, each) for each in calls_to(module, "globals")):
        parent = module.parents.get(call)
        if isinstance(parent, ast.Subscript) and parent.value is call:
            if isinstance(parent.ctx, ast.Load) and may_spell(parent.slice, name):
                if isinstance(parent.slice, ast.Constant):
                    yield parent
                else:
                    yield f"{name} may be taken from globals() in line {call.lineno}"
        elif isinstance(parent, ast.Attribute) and parent.attr == "get":
            outer = module.parents.get(parent)
            if isinstance(outer, ast.Call) and outer.args and may_spell(outer.args[0], name):
                yield outer
        elif isinstance(parent, ast.Attribute) and parent.attr in ("values", "items"):
            yield f"{name} may be taken from globals() in line {call.lineno}"


GIVING = frozenset({"get", "get_nowait", "pop", "popleft", "popitem", "setdefault", "__getitem__", "next"})
KEEPING = frozenset({"copy", "values", "keys", "union", "__iter__"})
READING = frozenset(
    "append add appendleft insert extend update remove discard clear index count sort reverse __contains__ __len__"  # noqa: SIM905  # a list of words
    " put put_nowait empty full qsize task_done join".split()
)
PUTTING_ALL = frozenset({"extend", "update", "extendleft"})
PUTTING = frozenset(
    {"append", "appendleft", "add", "insert", "put", "put_nowait", "setdefault", *PUTTING_ALL}
)
# Functions that give what they are given in another container: by how much deeper it lies there.
PASSING = {
    **dict.fromkeys(
        ("list", "tuple", "set", "frozenset", "sorted", "reversed", "iter", "collections.deque", "copy.copy"),
        0,
    ),
    **dict.fromkeys(("enumerate", "zip", "itertools.product", "itertools.combinations"), 1),
    **dict.fromkeys(("itertools.cycle", "itertools.chain", "itertools.islice"), 0),
    **dict.fromkeys(("next", "max", "min", "random.choice"), -1),
}
# Functions that neither call nor keep what they are given.
READERS = frozenset(
    "print repr str len id type isinstance issubclass callable hasattr getattr hash bool any all sum vars dir"  # noqa: SIM905  # a list of words
    " functools.wraps functools.update_wrapper".split()
)
DROPPING = frozenset(
    {
        "threading.Thread",
        "threading.Timer",
        "multiprocessing.Process",
        "map",
        "sorted",
        "max",
        "min",
        "filter",
        "atexit.register",
        "signal.signal",
    }
)


def method_by_text(call: ast.Call, step: Step) -> Use:
    """Say which method ``getattr(items, "append")`` takes of a thing; it has no name where the text is not written."""
    named = call.args[1] if len(call.args) > 1 else call
    name = str(named.value) if isinstance(named, ast.Constant) else ""
    return Use("method", call, step.unit, name=name)


def _is_like_method(value: values.Value) -> bool:
    """Whether a function may be meant whose first parameter is named as that of a method."""
    return any(
        bool(entry.function.parameters) and entry.function.parameters[0].arg in ("self", "cls")
        for entry in value
        if entry.kind is values.FUNCTION
    )


def as_method(target: ast.Attribute, step: Step, above: Above, *, is_code: bool) -> tuple[Use, ...]:
    """Say that a function which is set as an attribute of a class is given the object first.

    Where nobody knows what it is set on, its first parameter says so, if it is named as that of a method.
    """
    if not is_code or step.items or step.bound:
        return ()
    holder = above.flat.value(target.value, step.unit)
    if not any(entry.kind is values.CLASS for entry in holder) and not (
        any(map(values.is_opaque, holder))
        and isinstance(step.node, ast.expr)
        and _is_like_method(above.flat.value(step.node, step.unit))
    ):
        return ()
    return (Use("partial", target, step.unit, (Passed(target.value, step.unit),)),)
