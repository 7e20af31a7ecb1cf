"""What reaches a parameter, or is sent to a generator, from outside; unknown where the function gets out of sight.

Input: a parameter, an argument, a generator. Output: the values that reach it, and ``reason`` says why one may be anything
(``f is handed to signal.signal in line 31``).
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from workerlog_migrate.analysis import values
from workerlog_migrate.analysis.program import FunctionInfo, Unit
from workerlog_migrate.analysis.trails import Passed, Use
from workerlog_migrate.analysis.values import ANY, NONE, Type, Value
from workerlog_migrate.syntax.blocks import own_nodes
from workerlog_migrate.syntax.literals import may_spell
from workerlog_migrate.syntax.nodes import nodes
from workerlog_migrate.syntax.patterns import Groups, groups_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workerlog_migrate.analysis.above import Above
    from workerlog_migrate.analysis.callers import Callers
    from workerlog_migrate.analysis.elements import Elements
    from workerlog_migrate.analysis.places import Places
    from workerlog_migrate.analysis.questions import Questions
    from workerlog_migrate.analysis.world import World

_SITES = 48


class Sight:
    """Answers for one program.

    The arguments are the parts of the analysis that it asks.
    """

    def __init__(
        self,
        world: World,
        above: Above,
        questions: Questions,
        elements: Elements,
        places: Places,
        callers: Callers,
    ) -> None:
        self._world = world
        self._above = above
        self._questions = questions
        self._elements = elements
        self._places = places
        self._callers = callers
        self.reasons: dict[ast.AST, str] = {}

    def passed(self, function: FunctionInfo, argument: ast.arg) -> Iterator[Value]:
        """Yield what reaches a parameter from outside; unknown where the function gets out of sight."""
        trail = self._callers.trail_of(function)
        if trail.lost:
            self.reasons[argument] = f"{argument.arg} may be anything: {trail.lost}"
            yield ANY
        uses = [use for use in trail.uses if not self._places.is_test(use.unit)]
        if len(uses) > _SITES:
            self.reasons[argument] = (
                f"{argument.arg} may be anything: {function.name} is called in too many places"
            )
            yield ANY
            return
        arguments = function.node.args  # type: ignore[union-attr]  # only functions have parameters
        for use in uses:
            yield from self._arrives(function, arguments, argument, use)
        for use in [use for use in trail.uses if self._places.is_test(use.unit)][:_SITES]:
            for value in self._arrives(function, arguments, argument, use):
                yield frozenset(entry for entry in value if not self._is_double(entry))

    def _is_double(self, entry: Type) -> bool:
        """Whether what a test passes stands for something else: a mock, a fixture, an instance of a class of the tests, a bare ``object()``.

        A function of the tests that raises is none: the test holds that the program swallows that.
        """
        function = entry.function_or_none
        if function is not None and any(isinstance(node, ast.Raise) for node in own_nodes(function.node)):
            return False
        found = entry.class_or_none or function
        if found is not None:
            return self._places.is_test(found.unit)
        return values.is_opaque(entry) or self._world.knowledge.is_kind(entry.name, "double")

    def reason(self, node: ast.AST) -> str:
        """Return why a parameter, name or container may be anything; empty when all that reaches it was seen."""
        return self.reasons.get(node, "")

    def reason_in(self, node: ast.AST, unit: Unit) -> str:
        """Return why a parameter that stands in a node may be anything; empty when none got out of sight."""
        if not self.reasons:
            return ""
        for name in nodes(node):
            if isinstance(name, ast.Name) and name in unit.module.parents:
                for binding in unit.module.bindings(name):
                    if binding.node in self.reasons:
                        return self.reasons[binding.node]
        return ""

    def _arrives(
        self, function: FunctionInfo, arguments: ast.arguments, argument: ast.arg, use: Use
    ) -> Iterator[Value]:
        """Yield what one use passes for a parameter."""
        parameters = function.given_parameters
        if argument is arguments.vararg:
            for passed in (*use.positional[len(parameters) :], *use.rest):
                yield self.value(passed)
            return
        if argument is arguments.kwarg:
            known = {each.arg for each in (*parameters, *arguments.kwonlyargs)}
            for name, passed in use.keywords:
                if name not in known:
                    yield self.value(passed)
            for passed in use.mapping:
                yield self.value(passed)
            return
        for name, passed in use.keywords:
            if name == argument.arg:
                yield self.value(passed)
                return
        index = next((at for at, entry in enumerate(parameters) if entry is argument), -1)
        if 0 <= index < len(use.positional):
            yield self.value(use.positional[index])
            return
        if index >= 0:
            for passed in use.rest:
                yield self.value(passed)
        for passed in use.mapping:
            yield self.item(passed, argument.arg)

    def _pattern(self, node: ast.AST, unit: Unit) -> Groups | None:
        """Return the groups of the pattern that a call of ``re.sub(pattern, function, text)`` or of a pattern's own ``sub`` has."""
        match node:
            case ast.Call(args=[ast.Constant(value=str(text)), _, _, *_]):
                return groups_of(text)
            case ast.Call(func=ast.Attribute(value=pattern)):
                found = {entry.groups for entry in self._above.flat.value(pattern, unit)}
                return found.pop() if len(found) == 1 else None
        return None

    def value(self, passed: Passed) -> Value:
        """Return what is passed: the value itself, or the part of it that arrives."""
        node, unit, part = passed
        if isinstance(node, ast.stmt):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                return values.function(unit.function(node))
            assert isinstance(node, ast.ClassDef)
            return values.class_object(unit.class_info(node))
        if part.startswith("type:"):
            return values.with_groups(values.parse(part.removeprefix("type:")), self._pattern(node, unit))
        value = self._above.flat.value(node, unit)
        if part in ("result", "deep result"):
            value = values.join(
                self._above.flat.returns(entry.function) if entry.function_or_none is not None else ANY
                for entry in value
            )
            return value if part == "result" else values.beyond_json(value)
        if part == "deep":
            return values.beyond_json(value)
        if part == "element":
            return self._elements.element(value, unit)
        if part.startswith("part:"):
            whole = self._elements.element(value, unit)
            at = int(part.removeprefix("part:"))
            fitting = frozenset(
                entry
                for entry in whole
                if entry.name != "tuple" or not entry.has_length or len(entry.args) > at
            )
            return values.join(
                self._elements.item(frozenset({entry}), at, len(entry.args)) for entry in fitting
            )
        if part == "value":
            return self._elements.dict_values(value)
        return value

    def item(self, passed: Passed, key: str) -> Value:
        """Return what a mapping that is unpacked gives for a name."""
        assert isinstance(passed.node, ast.expr)
        found: list[Value] = []
        if isinstance(passed.node, ast.Dict):
            for word, node in zip(passed.node.keys, passed.node.values, strict=True):
                if word is None:
                    found.append(self.item(Passed(node, passed.unit), key))
                elif may_spell(word, key):
                    found.append(self._above.flat.value(node, passed.unit))
            return values.join(found)
        for entry in self._above.flat.value(passed.node, passed.unit):
            if entry.name == "dict" and entry.literal is not None:
                wanted = (key, values.Later(key), values.Later(None))
                found.extend(value for name, value in entry.literal if name in wanted)
            else:
                found.append(self._elements.dict_values(frozenset({entry})))
        return values.join(found)

    def sent(self, function: FunctionInfo) -> Value:
        """Return what a ``yield`` of a generator gives: what is sent to it, None where it is only iterated over."""
        if not function.facts.is_generator:
            return ANY
        return self._questions.ask(("sent", function), lambda: values.join([NONE, *self._sendings(function)]))

    def _sendings(self, function: FunctionInfo) -> Iterator[Value]:
        if self._callers.trail_of(function).lost:
            yield ANY
        for name in ("send", "asend"):
            for unit in self._places.units(function.unit, name):
                for place in unit.module.attributes_of(name):
                    receiver = self._above.flat.value(place.value, unit)
                    if any(
                        entry.function_or_none is function or entry.kind in (values.UNKNOWN, values.BOUND)
                        for entry in receiver
                    ):
                        call = unit.module.parents.get(place)
                        is_call = isinstance(call, ast.Call) and call.func is place and call.args
                        yield self._above.flat.value(call.args[0], unit) if is_call else ANY  # type: ignore[union-attr]  # a call
