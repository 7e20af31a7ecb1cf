"""What a test proves: ``if m:``, ``is not None``, ``in``, ``len``, ``.get``, ``isinstance`` and their negations.

Input: a test expression and its outcome. Output: the frame's ``env`` and ``facts`` narrowed by it. Facts end when a
path that they speak of is assigned or shrunk.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from workerlog_migrate.analysis import values
from workerlog_migrate.analysis.frames import SILENT, Fact, Frame, State, key_of, roots_of
from workerlog_migrate.analysis.shared_items import is_shortened
from workerlog_migrate.analysis.values import ANY, NONE, STR, Type, Value
from workerlog_migrate.syntax.literals import is_none, len_argument

if TYPE_CHECKING:
    from workerlog_migrate.analysis.above import Above
    from workerlog_migrate.analysis.annotations import Annotations
    from workerlog_migrate.analysis.world import World

_FALSY = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)
_FLIPPED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.Gt,
    ast.LtE: ast.GtE,
    ast.Gt: ast.Lt,
    ast.GtE: ast.LtE,
    ast.Eq: ast.Eq,
    ast.NotEq: ast.NotEq,
}
_NEGATED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.GtE,
    ast.LtE: ast.Gt,
    ast.Gt: ast.LtE,
    ast.GtE: ast.Lt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_TAKING = frozenset({"reorders", "shrinks"})


class Guards:
    """Narrows frames by tests, and answers whether a guard has proved something.

    The arguments are the parts of the analysis that it asks.
    """

    def __init__(self, world: World, above: Above, annotations: Annotations) -> None:
        self._world = world
        self._above = above
        self._annotations = annotations
        self.is_blind = False  # for those who want to know what the body raised without its tests

    # -- state ----------------------------------------------------------------------------------------------

    def save(self, frame: Frame) -> State:
        """Copy what the frame knows."""
        return State(dict(frame.env or {}), set(frame.facts), len(frame.ended))

    def restore(self, state: State, frame: Frame) -> None:
        """Put back what was known, but for what ended meanwhile."""
        state = frame.left_of(state)
        if frame.env is not None:
            frame.env.clear()
            frame.env.update(state.env)
        frame.facts = state.facts

    # -- tests ----------------------------------------------------------------------------------------------

    def assume(self, test: ast.expr, outcome: bool, frame: Frame) -> None:
        """Narrow the frame by a test that came out true or false."""
        if frame.env is None or self.is_blind:
            return
        match test:
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                self.assume(operand, not outcome, frame)
            case ast.BoolOp(op=ast.And(), values=entries):
                if outcome:
                    self._all_of(entries, outcome, frame)
            case ast.BoolOp(op=ast.Or(), values=entries):
                if not outcome:
                    self._all_of(entries, outcome, frame)
                else:
                    self._any_of(entries, frame)
            case ast.NamedExpr(target=target, value=value):
                self.assume(value, outcome, frame)
                self.assume(target, outcome, frame)
            case ast.Compare():
                self._compared(test, outcome, frame)
            case ast.Call():
                self._called(test, outcome, frame)
            case ast.Name() | ast.Attribute() | ast.Subscript():
                self._truth(test, outcome, frame)

    def _all_of(self, entries: list[ast.expr], outcome: bool, frame: Frame) -> None:
        """``x and y`` that is true, ``x or y`` that is not: each was evaluated, and what one of them ended is not proved by those before it."""
        for entry in entries:
            frame.end_again(entry)
            self.assume(entry, outcome, frame)

    def _any_of(self, entries: list[ast.expr], frame: Frame) -> None:
        """``isinstance(x, A) or isinstance(x, B)``: the join of what each alone proves about types."""
        before = self.save(frame)
        after: list[State] = []
        for entry in entries:
            frame.env = dict(before.env)
            frame.facts = set(before.facts)
            frame.end_again(entry)
            self.assume(entry, True, frame)
            after.append(State(frame.env, frame.facts))
        frame.env, frame.facts, _ = self.joined(after)

    def joined(self, states: list[State]) -> State:
        """Return what holds whichever of the states is the case; a path that one of them lacks is left out."""
        if len(states) == 1:
            return states[0]
        first, *others = states
        env: dict[str, Value] = {}
        for path, value in first.env.items():
            for other in others:
                found = other.env.get(path)
                if found is None:
                    break
                if found is not value and found != value:
                    value = values.join((value, found))
            else:
                env[path] = value
        facts = first.facts
        for other in others:
            if facts is not other.facts:
                facts = facts & other.facts
        return State(env, facts if facts is not first.facts else set(facts))

    def _truth(self, node: ast.expr, outcome: bool, frame: Frame) -> None:
        path = frame.unit.path(node)
        if path is None or frame.env is None:
            return
        if not outcome:
            return
        self._narrow(path, values.without_none(self._current(node, frame)), frame)
        roots = roots_of(path)
        frame.learn(Fact("len", path, 1, roots), Fact("nonzero", path, "", roots))
        if isinstance(node, ast.Subscript):
            self._add_key(node.value, node.slice, frame)

    def _current(self, node: ast.expr, frame: Frame) -> Value:
        quiet = Frame(frame.function, frame.env, SILENT)
        quiet.facts = frame.facts
        return self._above.expressions.value(node, quiet)

    def _narrow(self, path: str, value: Value, frame: Frame) -> None:
        """Note what a test leaves of a value; where it leaves nothing the program expects more than was seen."""
        if frame.env is not None:
            frame.env[path] = value or ANY

    def _compared(self, test: ast.Compare, outcome: bool, frame: Frame) -> None:
        if len(test.ops) != 1:
            if outcome:
                left = test.left
                for comparison, right in zip(test.ops, test.comparators, strict=True):
                    self._one_comparison(left, type(comparison), right, frame)
                    left = right
            return
        operator: type[ast.cmpop] = type(test.ops[0])
        if not outcome:
            operator = _NEGATED[operator]
        self._one_comparison(test.left, operator, test.comparators[0], frame)

    def _one_comparison(
        self, left: ast.expr, operator: type[ast.cmpop], right: ast.expr, frame: Frame
    ) -> None:
        if isinstance(left, ast.NamedExpr):
            left = left.target
        if operator in (ast.Is, ast.IsNot, ast.Eq, ast.NotEq) and is_none(right):
            self._none_test(left, operator in (ast.Is, ast.Eq), frame)
            return
        if operator is ast.In:
            self._add_key(right, left, frame)
            self._contained(left, right, frame)
            return
        if operator is ast.NotIn:
            return
        if operator in (ast.Is, ast.IsNot):
            return
        if operator is ast.Eq and isinstance(right, ast.Constant):
            path = frame.unit.path(left)
            if path is not None:
                self._narrow(path, values.without_none(self._current(left, frame)), frame)
        self._bounded(left, operator, right, frame)
        flipped = _FLIPPED.get(operator)
        if flipped is not None:
            self._bounded(right, flipped, left, frame)

    def _none_test(self, node: ast.expr, is_none: bool, frame: Frame) -> None:
        path = frame.unit.path(node)
        if path is None:
            if not is_none and isinstance(node, ast.Call):
                self._called(node, True, frame)
            return
        value = self._current(node, frame)
        if is_none:
            self._narrow(path, NONE, frame)
        else:
            self._narrow(path, values.without_none(value), frame)

    def _contained(self, item: ast.expr, container: ast.expr, frame: Frame) -> None:
        """``x in ("a", "b")`` proves that x is no None."""
        path = frame.unit.path(item)
        if path is None or not isinstance(container, ast.Tuple | ast.List | ast.Set):
            return
        if not any(is_none(entry) for entry in container.elts):
            self._narrow(path, values.without_none(self._current(item, frame)), frame)

    def _bounded(self, left: ast.expr, operator: type[ast.cmpop], right: ast.expr, frame: Frame) -> None:
        """Read ``len(x) > 2``, ``n > 0``, ``n != 0``, ``i < len(x)``."""
        number = (
            right.value if isinstance(right, ast.Constant) and isinstance(right.value, int | float) else None
        )
        if isinstance(right, ast.UnaryOp):
            return
        measured = len_argument(left)
        if measured is not None:
            path = frame.unit.path(measured)
            if path is None:
                return
            if number is not None:
                count = _at_least(operator, number)
                if count > 0:
                    frame.learn(Fact("len", path, count, roots_of(path)))
            elif operator in (ast.Gt,):
                index = frame.unit.path(right)
                if index is not None:
                    fact = Fact("key", path, index, roots_of(path) | roots_of(index))
                    frame.learn(fact)
            return
        path = frame.unit.path(left)
        if path is None:
            return
        if number is not None and _excludes_zero(operator, number):
            frame.learn(Fact("nonzero", path, "", roots_of(path)))
        if operator in _FALSY or operator is ast.Eq:
            value = self._current(left, frame)
            if value >= NONE:
                self._narrow(path, values.without_none(value), frame)

    def _called(self, test: ast.Call, outcome: bool, frame: Frame) -> None:
        if not outcome:
            return
        function = test.func
        if isinstance(function, ast.Name):
            if function.id == "isinstance" and len(test.args) == 2:
                self._instance(test.args[0], test.args[1], frame)
            elif function.id in ("len", "callable", "all", "any", "bool") and len(test.args) == 1:
                if function.id in ("len", "bool", "any"):
                    self._truth(test.args[0], True, frame)
                path = frame.unit.path(test.args[0])
                if path is not None and function.id == "callable":
                    self._narrow(path, values.without_none(self._current(test.args[0], frame)), frame)
            elif function.id == "hasattr" and len(test.args) == 2:
                path = frame.unit.path(test.args[0])
                if path is not None:
                    value = values.without_none(self._current(test.args[0], frame))
                    self._narrow(path, value, frame)
                    name = test.args[1]
                    if isinstance(name, ast.Constant) and isinstance(name.value, str):
                        there = f"{path}.{name.value}"
                        frame.learn(Fact("attr", there, "", roots_of(there)))
                    protocol = self._world.knowledge.protocol
                    if (
                        isinstance(name, ast.Constant)
                        and isinstance(name.value, str)
                        and all(protocol(entry.name, "attribute") is not None for entry in value)
                    ):
                        found = f"{path}.{name.value}"
                        frame.unit.subpaths.setdefault(path, set()).add(found)
                        if frame.env is not None:
                            frame.env.setdefault(found, ANY)
            return
        if not isinstance(function, ast.Attribute):
            return
        if function.attr == "get" and test.args:
            self._add_key(function.value, test.args[0], frame)
            return
        if function.attr in ("startswith", "endswith", "strip", "isdigit", "isalpha") and (
            function.attr not in ("startswith", "endswith") or (test.args and _nonempty_text(test.args[0]))
        ):
            path = frame.unit.path(function.value)
            if path is not None:
                frame.learn(Fact("len", path, 1, roots_of(path)))

    def _instance(self, node: ast.expr, classes: ast.expr, frame: Frame) -> None:
        path = frame.unit.path(node)
        if path is None:
            return
        current = self._current(node, frame)
        found: list[Value] = []
        entries = classes.elts if isinstance(classes, ast.Tuple) else [classes]
        for entry in entries:
            made = self._annotations.annotation(entry, frame.unit)
            if made == ANY:
                found.append(values.without_none(current))
                continue
            for wanted in made:
                kept = frozenset(known for known in current if known.name == wanted.name)
                if values.may_be_decoded(current) and wanted.name in ("dict", "list"):
                    held = values.CELL if any(entry.is_undecoded for entry in current) else values.JSON
                    args = (STR, held) if wanted.name == "dict" else (held,)
                    kept |= frozenset({Type(wanted.name, args)})
                found.append(kept or frozenset({wanted}))
        if found:
            self._narrow(path, values.join(found), frame)

    # -- facts ----------------------------------------------------------------------------------------------

    def loop_facts(self, target: ast.expr, iterable: ast.expr, frame: Frame) -> None:
        """Learn from ``for k in d``, ``for i in range(len(x))``, ``for i, x in enumerate(xs)``."""
        if frame.env is None:
            return
        unit = frame.unit
        if isinstance(iterable, ast.Call) and isinstance(iterable.func, ast.Name) and iterable.args:
            inner = iterable.args[0]
            if iterable.func.id in ("sorted", "list", "set", "tuple", "reversed"):
                if not is_shortened(inner, target, unit):
                    self.loop_facts(target, inner, frame)
                return
            if iterable.func.id == "range":
                measured = len_argument(iterable.args[:2][-1])
                if measured is not None and not is_shortened(measured, None, unit, loop=target):
                    self._add_key(measured, target, frame)
                return
            if iterable.func.id == "enumerate" and isinstance(target, ast.Tuple) and target.elts:
                if (
                    len(iterable.args) == 1
                    and not iterable.keywords
                    and not is_shortened(inner, None, unit, loop=target)
                ):
                    self._add_key(inner, target.elts[0], frame)
                return
            return
        if isinstance(iterable, ast.Call) and isinstance(iterable.func, ast.Attribute):
            receiver = iterable.func.value
            if iterable.func.attr == "keys":
                self._add_key(receiver, target, frame)
            elif iterable.func.attr == "items" and isinstance(target, ast.Tuple) and target.elts:
                self._add_key(receiver, target.elts[0], frame)
            return
        if unit.path(iterable) is not None and isinstance(target, ast.Name):
            names = values.names(self._current(iterable, frame))
            if names <= {"dict", "any", "json"} or "dict" in names:
                self._add_key(iterable, target, frame)

    def stored(self, target: ast.Subscript, frame: Frame) -> None:
        """Learn that a key is there because it was just put there."""
        self._add_key(target.value, target.slice, frame)

    def _add_key(self, container: ast.expr, key: ast.expr, frame: Frame) -> None:
        if isinstance(container, ast.Call) and isinstance(container.func, ast.Attribute):
            if container.func.attr == "keys":
                container = container.func.value
            else:
                return
        path = frame.unit.path(container)
        text = key_of(key, frame)
        if path is None or text is None:
            return
        roots = roots_of(path)
        if not isinstance(key, ast.Constant):
            roots = roots | roots_of(text)
        frame.learn(Fact("key", path, text, roots))

    def after_call(self, node: ast.Call, frame: Frame, *, is_written: bool) -> None:
        """Forget the items that a call may have taken out of a container, and learn what it puts in.

        Args:
            node: the call, or what it may mean by another name.
            frame: where it stands.
            is_written: whether it is the call itself.
        """
        function = node.func
        if not isinstance(function, ast.Attribute):
            return
        bare = self._world.knowledge.bare_method(function.attr)
        if bare is not None and not _TAKING.isdisjoint(bare.marks):
            path = frame.unit.path(function.value)
            if path is not None:
                taken = _key_taken(node)
                frame.keep(
                    {
                        fact
                        for fact in frame.facts
                        if fact.path != path
                        or fact.kind not in ("key", "len")
                        or "reorders" in bare.marks  # as many as before, at other places
                        or (fact.kind == "key" and function.attr == "update")
                        or (fact.kind == "key" and taken not in (None, fact.extra))
                    }
                )
                if frame.env is not None:
                    for key in frame.unit.subpaths.get(path, ()):
                        if key.startswith(path + "["):
                            frame.ended.append(key)
                            frame.env.pop(key, None)
        elif is_written and function.attr in ("append", "add", "appendleft", "insert") and node.args:
            path = frame.unit.path(function.value)
            if path is not None:
                frame.learn(Fact("len", path, 1, roots_of(path)))


def _key_taken(node: ast.Call) -> str | None:
    """Return the key that a call takes out of a mapping, ``d.pop("a", None)``; None when it may take anything."""
    match node:
        case ast.Call(func=ast.Attribute(attr="pop"), args=[ast.Constant(value=str(key)), *_]):
            return repr(key)
    return None


def _nonempty_text(node: ast.expr) -> bool:
    if isinstance(node, ast.Tuple):
        return all(_nonempty_text(entry) for entry in node.elts)
    return isinstance(node, ast.Constant) and bool(node.value)


def _at_least(operator: type[ast.cmpop], number: float) -> int:
    """Return how many items ``len(x) <operator> number`` promises."""
    if operator is ast.Gt:
        return int(number) + 1
    if operator in (ast.GtE, ast.Eq):
        return int(number)
    if operator is ast.NotEq and number == 0:
        return 1
    return 0


def _excludes_zero(operator: type[ast.cmpop], number: float) -> bool:
    if operator is ast.Gt:
        return number >= 0
    if operator is ast.GtE:
        return number > 0
    if operator is ast.Lt:
        return number <= 0
    if operator is ast.LtE:
        return number < 0
    if operator is ast.Eq:
        return number != 0
    return operator is ast.NotEq and number == 0
