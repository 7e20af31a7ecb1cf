"""What is put into a container after it is made.

Input: the expression that makes it. Output: keys and items that are put in later, through whatever name or attribute it goes by.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from workerlog_migrate.analysis import values
from workerlog_migrate.analysis.program import Unit
from workerlog_migrate.analysis.trails import Passed, Trail, Use
from workerlog_migrate.analysis.values import ANY, BOTTOM, NONE, Literal, Type, Value
from workerlog_migrate.syntax.blocks import own_nodes
from workerlog_migrate.syntax.literals import is_none
from workerlog_migrate.syntax.nodes import nodes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from workerlog_migrate.analysis.above import Above
    from workerlog_migrate.analysis.callers import Callers
    from workerlog_migrate.analysis.elements import Elements
    from workerlog_migrate.analysis.questions import Questions
    from workerlog_migrate.analysis.sight import Sight


class Contents(NamedTuple):
    """What is put into a container beside what it is made with.

    Attributes:
        keys, items: what is put in.
        pairs: items by the literal key under which they are put.
        shrinks: something is taken out.
        lost: where the container gets out of sight.
        is_open: this is still asked, further out.
    """

    keys: Value = BOTTOM
    items: Value = BOTTOM
    pairs: tuple[tuple[object, Value], ...] = ()
    shrinks: bool = False
    lost: str = ""
    is_open: bool = False


_UNCHANGED = Contents()
_NOT_YET = Contents(is_open=True)
_LOST = Contents(ANY, ANY, (), True, "")


class Containers:
    """Answers for one program; each container is followed once.

    The arguments are the parts of the analysis that it asks.
    """

    def __init__(
        self,
        above: Above,
        questions: Questions,
        elements: Elements,
        callers: Callers,
        sight: Sight,
    ) -> None:
        self._above = above
        self._questions = questions
        self._elements = elements
        self._callers = callers
        self._sight = sight

    def with_contents(self, node: ast.expr, value: Value, unit: Unit) -> Value:
        """Return a container's value with what is put into it later.

        Args:
            node: the expression that makes it: a literal, a comprehension, a call.
            value: what it is made with.
            unit: its file.
        """
        for entry in value:
            if entry.name in CONTAINERS:
                break
        else:
            return value
        contents = self.contents(node, unit)
        if not contents.lost:
            value = _with_none(node, value)
        if contents.is_open and self._is_empty(node, unit):  # nothing is in it but what hangs on it
            return frozenset(_holding_nothing(entry) for entry in value)
        if contents.is_open or contents == _UNCHANGED:
            return values.emptied(value) if _is_written_empty(node) else value
        is_empty = self._is_empty(node, unit)
        return frozenset(
            _with(entry, contents, is_empty) if entry.name in CONTAINERS else entry for entry in value
        )

    def contents(self, node: ast.expr, unit: Unit) -> Contents:
        """Return what is put into the container that an expression makes."""
        return self._questions.answer(("contents", node), lambda: self._contents(node, unit), _NOT_YET, _LOST)

    def _contents(self, node: ast.expr, unit: Unit) -> Contents:
        trail = self._questions.keep(("followed", node), self._followed, node, unit)
        if trail.lost:
            self._sight.reasons[node] = trail.lost
            return _LOST._replace(lost=trail.lost)
        taker = next((use for use in trail.uses if use.kind == "row" and use.name not in _READERS), None)
        if taker is not None and self._may_be_queue(node, unit):
            where = getattr(taker.node, "lineno", 0)
            return _LOST._replace(lost=f"{taker.name} may put something into it in line {where}")
        return self._put_in(trail.uses) if trail.uses else _UNCHANGED

    def _followed(self, node: ast.expr, unit: Unit) -> Trail:
        return self._callers.follower(is_code=False).from_expression(node, unit)

    def _may_be_queue(self, node: ast.expr, unit: Unit) -> bool:
        """Whether an expression may give a queue, into which a library puts what it likes: the handlers of logs."""
        if not isinstance(node, ast.Call):
            return False
        for entry in values.in_order(self._above.flat.callee(node, unit)):
            if entry.kind is values.DOTTED and entry.dotted in _MADE_EMPTY:
                return True
            if entry.function_or_none is not None:
                made = self._above.flat.returns(entry.function)
                if not values.names(made).isdisjoint(_QUEUES):
                    return True
        return False

    def _is_empty(self, node: ast.expr, unit: Unit) -> bool:
        """Whether an expression makes a container in which nothing is; what a function of the program gives may hold something."""
        match node:
            case ast.List(elts=[]) | ast.Dict(keys=[]):
                return True
            case ast.Call(args=given):
                callee = self._above.flat.callee(node, unit)
                holds = [each for each in given[:1] if not _is_written_empty(each)]  # then a bound
                named = [word for word in node.keywords if word.arg not in _BOUNDS]
                empty = _MADE_EMPTY if holds or named else CONTAINERS | _MADE_EMPTY
                return all(entry.kind is values.DOTTED and entry.dotted in empty for entry in callee)
        return False

    def is_unchanged(self, node: ast.expr, unit: Unit) -> bool:
        """Whether nobody puts anything into the container that an expression makes, or takes anything out of it."""
        return self.contents(node, unit) in (_UNCHANGED, _NOT_YET)

    def _put_in(self, uses: Iterable[Use]) -> Contents:
        keys: list[Value] = []
        items: list[Value] = []
        pairs: list[tuple[object, Value]] = []
        shrinks = False
        lost = ""
        for use in uses:
            match use.kind:
                case "method" | "handed":
                    shrinks = self._by_method(use, keys, items, pairs) or shrinks
                    if use.kind == "method" and use.name not in _HARMLESS and use.name not in _CHANGING:
                        lost = lost or f"{use.name} of it is called in line {getattr(use.node, 'lineno', 0)}"
                case "store":
                    self._by_store(use, keys, items, pairs)
                case "delete":
                    shrinks = True
                case "augment":
                    shrinks = self._by_augment(use, keys, items, pairs) or shrinks
                case "row":
                    shrinks = self._by_row(use, items) or shrinks
        if lost:
            return _LOST._replace(lost=lost)
        if not (keys or items or pairs or shrinks):
            return _UNCHANGED
        return Contents(values.join(keys), values.join(items), tuple(pairs), shrinks)

    def _by_method(
        self, use: Use, keys: list[Value], items: list[Value], pairs: list[tuple[object, Value]]
    ) -> bool:
        """Add what a method puts in; whether it takes something out."""
        given = use.positional
        match use.name:
            case "append" | "appendleft" | "add" | "__add__" | "put" | "put_nowait":
                items.extend(_plain(self._sight.value(each), each) for each in (*given[:1], *use.rest))
                return False
            case "insert":
                items.extend(_plain(self._sight.value(each), each) for each in (*given[1:2], *use.rest))
                return False
            case "extend" | "extendleft":
                items.extend(self._sight.value(each._replace(part="element")) for each in given)
                items.extend(self._elements.element(self._sight.value(each), each.unit) for each in use.rest)
                return False
            case "setdefault":
                self._pair(
                    given[0].node if given else None,
                    given[0].unit if given else None,
                    values.join(map(self._sight.value, (*given[1:2], *use.rest))) or NONE,
                    keys,
                    items,
                    pairs,
                )
                return False
            case "update" | "__ior__" | "subtract":
                for name, passed in use.keywords:
                    keys.append(values.STR)
                    items.append(self._sight.value(passed))
                    pairs.append((name, self._sight.value(passed)))
                for passed in (*given, *use.rest):
                    self._merge(self._sight.value(passed), passed.unit, keys, items, pairs)
                return False
        return use.name in _SHRINKING

    def _merge(
        self,
        value: Value,
        unit: Unit,
        keys: list[Value],
        items: list[Value],
        pairs: list[tuple[object, Value]],
    ) -> None:
        """Add what is in another container."""
        for entry in value:
            if entry.name == "dict" and len(entry.args) > 1:
                keys.append(entry.args[0])
                items.append(entry.args[1])
                literal = entry.literal or ((None, entry.args[1]),)
                pairs.extend((_written(key), held) for key, held in literal)
            else:
                element = self._elements.element(frozenset({entry}), unit)
                keys.append(element)
                items.append(element)
                pairs.append(
                    (
                        None,
                        ANY
                        if entry.name == "list" or entry.kind in (values.UNKNOWN, values.BOUND)
                        else element,
                    )
                )

    def _by_store(
        self, use: Use, keys: list[Value], items: list[Value], pairs: list[tuple[object, Value]]
    ) -> None:
        target, unit = use.node, use.unit
        assert isinstance(target, ast.Subscript)
        parent = unit.module.parents.get(target)
        flat = self._above.flat
        if isinstance(target.slice, ast.Slice):
            if isinstance(parent, ast.Assign):
                items.append(self._elements.element(flat.value(parent.value, unit), unit))
            else:
                items.append(ANY)
            return
        if isinstance(parent, ast.AugAssign):
            value = _of_same_kind(flat.value(parent.value, unit))
        else:
            value = flat.target(target, unit)
        self._pair(target.slice, unit, value, keys, items, pairs)

    def _pair(
        self,
        key: ast.AST | None,
        unit: Unit | None,
        value: Value,
        keys: list[Value],
        items: list[Value],
        pairs: list[tuple[object, Value]],
    ) -> None:
        if isinstance(key, ast.expr) and unit is not None:
            keys.append(self._above.flat.value(key, unit))
        items.append(value)
        pairs.append((key.value if isinstance(key, ast.Constant) else None, value))

    def _by_augment(
        self, use: Use, keys: list[Value], items: list[Value], pairs: list[tuple[object, Value]]
    ) -> bool:
        node, unit = use.node, use.unit
        assert isinstance(node, ast.AugAssign)
        if isinstance(node.op, ast.Add | ast.BitOr | ast.BitXor):
            self._merge(self._above.flat.value(node.value, unit), unit, keys, items, pairs)
            return False
        return True

    def _by_row(self, use: Use, items: list[Value]) -> bool:
        """Add what a function of the library puts into a container that it is given."""
        call = use.node
        if use.name not in _CHANGING_ROWS or not isinstance(call, ast.Call):
            return use.name in _SHRINKING_ROWS
        items.extend(self._above.flat.value(each, use.unit) for each in call.args[1:2])
        return False


_QUEUES = frozenset(
    {
        "asyncio.LifoQueue",
        "asyncio.PriorityQueue",
        "asyncio.Queue",
        "multiprocessing.queues.Queue",
        "queue.LifoQueue",
        "queue.PriorityQueue",
        "queue.Queue",
        "queue.SimpleQueue",
    }
)
_MADE_EMPTY = frozenset({"collections.defaultdict", "multiprocessing.Queue", *_QUEUES})
"""What these are called with is not in what they make."""
_BOUNDS = ("maxlen", "maxsize")
CONTAINERS = frozenset(
    {
        *_QUEUES,
        "list",
        "dict",
        "set",
        "collections.deque",
        "collections.defaultdict",
        "collections.OrderedDict",
        "collections.Counter",
    }
)
_HARMLESS = frozenset(
    "get keys values items copy index count sort reverse most_common elements total __len__ __contains__ __iter__ rotate union"  # noqa: SIM905  # a list of words
    " intersection difference symmetric_difference issubset issuperset isdisjoint move_to_end fromkeys join append"
    " get_nowait empty full qsize task_done shutdown join_thread cancel_join_thread close".split()
)
_SHRINKING = frozenset(
    "pop popitem popleft clear remove discard difference_update intersection_update symmetric_difference_update __delitem__".split()  # noqa: SIM905  # a list of words
)
_CHANGING = frozenset(
    {
        "append",
        "appendleft",
        "add",
        "put",
        "put_nowait",
        "insert",
        "extend",
        "extendleft",
        "setdefault",
        "update",
        "subtract",
        "__ior__",
        "__add__",
        *_SHRINKING,
    }
)
_READERS = frozenset(
    {"bool", "getattr", "hasattr", "id", "isinstance", "len", "print", "repr", "str", "type"}
)
_CHANGING_ROWS = frozenset(
    {
        "heapq.heappush",
        "bisect.insort",
        "bisect.insort_left",
        "bisect.insort_right",
        "heapq.heapreplace",
        "heapq.heappushpop",
    }
)
_SHRINKING_ROWS = frozenset({"heapq.heappop"})
_MANY_KEYS = 64


def _with(entry: Type, contents: Contents, is_empty: bool) -> Type:
    """Put into a container's type what is put into it."""
    if (
        entry.name in ("dict", "collections.defaultdict", "collections.OrderedDict", "collections.Counter")
        and len(entry.args) > 1
    ):
        keys, items = entry.args[0], entry.args[1]
        made = (_joined(keys, contents.keys, is_empty), _joined(items, contents.items, is_empty))
        return Type(entry.name, made, _literal(entry.literal, contents))
    if not entry.args:
        return entry
    return entry._replace(args=(_joined(entry.args[0], contents.items, is_empty), *entry.args[1:]))


def _holding_nothing(entry: Type) -> Type:
    """Take what is unknown of the items of an empty container for nothing, so that it adds nothing to what is put in."""
    if entry.name not in CONTAINERS or any(part != ANY for part in entry.args):
        return entry
    return entry._replace(args=(BOTTOM,) * len(entry.args))


def _with_none(node: ast.expr, value: Value) -> Value:
    """Take None that is written in a dictionary for None, now that all is seen that is put in its place later."""
    if not isinstance(node, ast.Dict) or not any(map(is_none, node.values)):
        return value
    made: list[Type] = []
    for entry in value:
        if entry.literal is None:
            made.append(entry)
            continue
        literal = tuple(
            (key, NONE if is_none(item) else held)
            for (key, held), item in zip(entry.literal, node.values, strict=True)
        )
        items = values.join(held for _, held in literal)
        made.append(Type(entry.name, (entry.args[0], items), literal))
    return frozenset(made)


def _joined(before: Value, added: Value, is_empty: bool) -> Value:
    if not added:
        return before
    return added if is_empty and before == ANY else values.join((before, added))


def _written(key: object) -> object:
    """Return a key as it is written; what is put in later into one container is put in as well into another that takes it over."""
    return key.key if isinstance(key, values.Later) else key


def _literal(literal: Literal | None, contents: Contents) -> Literal | None:
    """Return what is still known of the keys of a literal."""
    if literal is None or contents.shrinks or contents.lost:
        return None
    anywhere = values.join(value for key, value in contents.pairs if key is None)
    found: list[tuple[object, Value]] = []
    for key, value in literal:
        added = values.join(
            [anywhere, *(made for name, made in contents.pairs if name == key and name is not None)]
        )
        found.append((key, values.join((value, added)) if contents.pairs else value))
    written = {key for key, _ in literal}
    later: dict[object, list[Value]] = {}
    for key, made in contents.pairs:
        if key not in written:
            later.setdefault(key, []).append(made)
    if len(found) + len(later) > _MANY_KEYS:
        later = {None: [made for _, made in contents.pairs]}
    found += [(values.Later(key), values.join(made)) for key, made in later.items()]
    return tuple(found)


def _plain(value: Value, passed: Passed) -> Value:
    """Leave out None where the function asks something of what is put in: that nearly always keeps it out."""
    kept = values.without_none(value)
    if not kept or kept == value or not isinstance(passed.node, ast.expr) or passed.part:
        return value
    function = passed.unit.enclosing(passed.node).node
    is_asked = _spelled(passed.node) in _asked(function, type(passed.node), passed.unit)
    return kept if is_asked else value


def _asked(function: ast.AST, kind: type[ast.AST], unit: Unit) -> frozenset[str]:
    """Return what stands in the tests of a function, of one kind of node, as it is written."""
    remembered = unit.module.remembered
    parts: dict[type[ast.AST], list[ast.AST]] | None = remembered.get((_tests, function))
    if parts is None:
        parts = remembered[_tests, function] = {}
        for part in (part for test in _tests(function) for part in nodes(test)):
            parts.setdefault(type(part), []).append(part)
    found: frozenset[str] | None = remembered.get((_asked, function, kind))
    if found is None:
        found = remembered[_asked, function, kind] = frozenset(map(_spelled, parts.get(kind, ())))
    return found


def _spelled(node: ast.AST) -> str:
    """Return what tells a node from others of its kind."""
    return f"{node.id} {type(node.ctx).__name__}" if isinstance(node, ast.Name) else ast.dump(node)


def _tests(function: ast.AST) -> Iterator[ast.expr]:
    """Yield what a function makes depend on: conditions, and what ``and`` and ``or`` join."""
    for node in own_nodes(function):
        match node:
            case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test) | ast.Assert(test=test):
                yield test
            case ast.BoolOp() as test:
                yield test
            case ast.comprehension(ifs=tests):
                yield from tests
            case ast.Match(subject=subject):
                yield subject


def _of_same_kind(value: Value) -> Value:
    """Return what an item is after something was added to it in place: numbers stay numbers, texts texts."""
    kept = values.without_none(value)  # adding None fails
    return kept if values.names(kept) <= {"int", "float", "str", "list", "json"} else ANY


def _is_written_empty(node: ast.expr) -> bool:
    match node:
        case ast.List(elts=[]) | ast.Dict(keys=[]):
            return True
    return False
