"""One function from top to bottom: what each name is at each point, and what each ``try`` body can raise.

Input: a ``FunctionInfo``. Output: a ``Summary`` with the function's own effects (exceptions, calls of functions of
the program, unresolved calls) and those of every ``try`` body and ``suppress`` block in it, before their handlers.
One pass: at the head of a loop everything that the loop assigns falls back to its flow-insensitive value, so that
nothing has to be repeated. Effects of callees are not folded in here but stay edges; ``raises`` solves them.
"""

# ruff: noqa: ARG002  # the functions of a dispatch table share one signature
from __future__ import annotations

import ast
from collections.abc import Callable, Container
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from workerlog_migrate.analysis import values
from workerlog_migrate.analysis.containers import CONTAINERS
from workerlog_migrate.analysis.decorators import is_of_library
from workerlog_migrate.analysis.frames import (
    BOUND,
    SILENT,
    CallEdge,
    Effect,
    EffectSet,
    Frame,
    State,
    Unknown,
)
from workerlog_migrate.analysis.order import HEIGHT
from workerlog_migrate.analysis.program import HANDLER, FunctionInfo
from workerlog_migrate.analysis.raising import TRY_STAR
from workerlog_migrate.analysis.values import ANY, BOTTOM, NONE, Value

if TYPE_CHECKING:
    from workerlog_migrate.analysis.annotations import Annotations
    from workerlog_migrate.analysis.assignment import Assignment
    from workerlog_migrate.analysis.calls import Calls
    from workerlog_migrate.analysis.caught import Caught
    from workerlog_migrate.analysis.changes import Changes
    from workerlog_migrate.analysis.effects import Effects
    from workerlog_migrate.analysis.entering import Entering
    from workerlog_migrate.analysis.expressions import Expressions
    from workerlog_migrate.analysis.flat import FlowInsensitive
    from workerlog_migrate.analysis.guards import Guards
    from workerlog_migrate.analysis.hooks import Hooks
    from workerlog_migrate.analysis.iteration import Iteration
    from workerlog_migrate.analysis.operators import Operators
    from workerlog_migrate.analysis.order import Order
    from workerlog_migrate.analysis.presence import Presence
    from workerlog_migrate.analysis.raising import Raising
    from workerlog_migrate.analysis.resized import Resized
    from workerlog_migrate.analysis.shapes import Shapes
    from workerlog_migrate.analysis.special_methods import SpecialMethods
    from workerlog_migrate.analysis.world import World


@dataclass(slots=True, eq=False)
class GuardedBlock:
    """A ``try`` body or the body of a ``with suppress(...)``: what can come out of it, before its handlers.

    Attributes:
        function: whose code it is.
        effects: of the body.
        before: what is known where the body begins; None when it is never reached.

    """

    function: FunctionInfo
    effects: tuple[Effect, ...] = ()
    before: State | None = None


@dataclass(slots=True, eq=False)
class Summary:
    """What interpreting a function gives.

    Attributes:
        effects: what leaves the function.
        returns: what a call gives.
        blocks: per ``try`` statement or ``suppress`` call the effects of the body.

    """

    effects: tuple[Effect, ...] = ()
    returns: Value = BOTTOM
    blocks: dict[ast.AST, GuardedBlock] = field(default_factory=dict)


class Flow:
    """Interprets functions; each once.

    The arguments are the parts of the analysis that it asks.
    """

    def __init__(
        self,
        world: World,
        effects: Effects,
        annotations: Annotations,
        order: Order,
        changes: Changes,
        resized: Resized,
        presence: Presence,
        flat: FlowInsensitive,
        shapes: Shapes,
        hooks: Hooks,
        guards: Guards,
        special_methods: SpecialMethods,
        iteration: Iteration,
        operators: Operators,
        entering: Entering,
        caught: Caught,
        calls: Calls,
        expressions: Expressions,
        assignment: Assignment,
        raising: Raising,
    ) -> None:
        self._world = world
        self._effects = effects
        self._annotations = annotations
        self._order = order
        self._changes = changes
        self._resized = resized
        self._presence = presence
        self._flat = flat
        self._shapes = shapes
        self._hooks = hooks
        self._guards = guards
        self._special_methods = special_methods
        self._iteration = iteration
        self._operators = operators
        self._entering = entering
        self._caught = caught
        self._calls = calls
        self._expressions = expressions
        self._assignment = assignment
        self._raising = raising
        self._summaries: dict[FunctionInfo, Summary] = {}
        self._running: set[FunctionInfo] = set()
        self._blocks: dict[ast.AST, GuardedBlock] = {}
        self._handled: dict[ast.AST, tuple[Effect, ...]] = {}  # what comes to a handler
        self._returned: list[list[Value]] = []
        self._dispatch: dict[type[ast.stmt], Callable[..., None]] = {
            ast.Expr: self._expr,
            ast.Assign: self._assign,
            ast.AnnAssign: self._ann_assign,
            ast.AugAssign: self._aug_assign,
            ast.If: self._if,
            ast.For: self._for,
            ast.AsyncFor: self._for,
            ast.While: self._while,
            ast.With: self._with,
            ast.AsyncWith: self._with,
            ast.Try: self._try,
            ast.Return: self._return,
            ast.Raise: self._raise,
            ast.Assert: self._assert,
            ast.Delete: partial(_delete, assignment, changes),
            ast.Import: self._import,
            ast.ImportFrom: self._import,
            ast.FunctionDef: self._definition,
            ast.AsyncFunctionDef: self._definition,
            ast.ClassDef: self._class,
            ast.Match: self._match,
            ast.Break: self._leave,
            ast.Continue: self._leave,
            ast.Pass: self._nothing,
            ast.Global: self._nothing,
            ast.Nonlocal: self._nothing,
        }
        if TRY_STAR is not ast.Try:
            self._dispatch[TRY_STAR] = self._try

    def summary(self, function: FunctionInfo) -> Summary:
        """Return a function's summary; callees whose results are needed are interpreted first, without recursion."""
        found = self._summaries.get(function)
        if found is not None:
            return found
        if function.kind == HANDLER:
            self.summary(function.unit.enclosing(function.node))
            return Summary(self._handled.get(function.node, ()), ANY, {})
        for callee in self._order.order(function):
            if callee not in self._summaries:
                self._interpret(callee)
        return self._summaries[function]

    def block(self, node: ast.AST, function: FunctionInfo) -> GuardedBlock:
        """Return the effects of a ``try`` body or ``suppress`` block in a function; empty when it is never reached."""
        summary = self.summary(function)
        return summary.blocks.get(node, GuardedBlock(function))

    def returns(self, function: FunctionInfo, caller: FunctionInfo) -> Value:
        """Return what a call gives: flow-sensitive where the callee was interpreted, else joined over its returns."""
        summary = self._summaries.get(function) if function in self._order.called.get(caller, ()) else None
        if summary is None or self._order.heights.get(function, HEIGHT) >= HEIGHT:
            return self._flat.returns(function)
        return summary.returns

    def _interpret(self, function: FunctionInfo) -> None:
        sink = EffectSet()
        frame = Frame(function, {}, sink)
        outer, self._blocks = self._blocks, {}
        self._returned.append([])
        node = function.node
        if isinstance(node, ast.Lambda):
            self._returned[-1].append(self._expressions.value(node.body, frame))
        else:
            self.run(node.body, frame)
        returned = self._returned.pop()
        if not frame.is_dead and not isinstance(node, ast.Lambda):
            returned.append(NONE)
        facts = function.facts
        if facts.is_generator:
            returns = self._flat.returns(function)
        else:
            returns = values.join(returned)
            if (
                not isinstance(node, ast.Lambda | ast.Module | ast.ExceptHandler)
                and node.returns is not None
                and any(map(values.is_opaque, returns))
            ):
                returns = values.with_declared(
                    returns, self._annotations.annotation(node.returns, function.unit)
                )
        if function.unit.module.attributes_of("__code__") and not isinstance(
            node, ast.Module | ast.ExceptHandler
        ):
            returns = returns | self._flat.returns(function)  # its code may be replaced
        self._summaries[function] = Summary(sink.ordered(), returns or ANY, self._blocks)
        self._blocks = outer

    def run_again(self, body: list[ast.stmt], frame: Frame) -> None:
        """Run statements of a function that was interpreted, for a closer look; its summary stays as it is."""
        outer, self._blocks = self._blocks, {}
        self._returned.append([])
        self.run(body, frame)
        self._returned.pop()
        self._blocks = outer

    def run(self, body: list[ast.stmt], frame: Frame) -> None:
        """Run a block of statements; code behind a statement that never ends is not looked at."""
        dispatch = self._dispatch
        for statement in body:
            if frame.is_dead:
                return
            dispatch.get(type(statement), self._nothing)(
                statement, frame
            )  # type aliases and what is yet to come
            if frame.sink.ran:
                self._changes.after_running(frame)

    def _nothing(self, node: ast.stmt, frame: Frame) -> None:
        return

    def _expr(self, node: ast.Expr, frame: Frame) -> None:
        self._expressions.value(node.value, frame)

    def _assign(self, node: ast.Assign, frame: Frame) -> None:
        value = self._expressions.value(node.value, frame)
        for target in node.targets:
            self._assignment.assign(target, value, frame, source=node.value)
        self._changes.after_end(frame)

    def _ann_assign(self, node: ast.AnnAssign, frame: Frame) -> None:
        if node.value is None:
            return
        value = self._expressions.value(node.value, frame)
        if any(map(values.is_opaque, value)):
            value = values.with_declared(value, self._annotations.annotation(node.annotation, frame.unit))
        self._assignment.assign(node.target, value, frame, source=node.value)

    def _aug_assign(self, node: ast.AugAssign, frame: Frame) -> None:
        expressions = self._expressions
        loaded = expressions.value(node.target, frame)
        right = expressions.value(node.value, frame)
        value = self._operators.operate(node.op, loaded, right, node, node.target, node.value, frame)
        kept_same = frozenset(entry for entry in loaded if entry.name in CONTAINERS)
        if kept_same:  # the same object: what is put into it is known by its contents
            value = kept_same | frozenset(entry for entry in value if entry.name not in CONTAINERS)
        path = frame.unit.path(node.target)
        positive = (
            isinstance(node.op, ast.Add)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, int | float)
            and node.value.value > 0
        )
        if isinstance(node.target, ast.Name | ast.Attribute):
            kept = set()
            if positive and path is not None and frame.env is not None:
                kept = {fact for fact in frame.facts if fact.path == path and fact.kind == "nonzero"}
            self._assignment.assign(node.target, value, frame)
            frame.facts = frame.facts | kept

    def _import(self, node: ast.Import | ast.ImportFrom, frame: Frame) -> None:
        if frame.sink.is_heard and not self._presence.is_there(node, frame.unit):
            self._effects.operation("op:import", node, frame)
            for other in self._world.own_imports(node, frame.unit):
                if not self._world.has_loaded(other):  # its top level runs here
                    frame.sink.add(CallEdge(other.enclosing(other.module.tree), node, frame.unit))
        for alias in node.names:
            name = (alias.asname or alias.name).partition(".")[0]
            frame.end(name)
            frame.bind(name)
        if isinstance(node, ast.ImportFrom) and node.names[0].name == "*" and frame.env is not None:
            for name in frame.unit.module.scope_of_module.bindings:  # any of them may be another from here on
                frame.end(name)

    def _assert(self, node: ast.Assert, frame: Frame) -> None:
        self._special_methods.tested(node.test, frame)
        if node.msg is not None:
            self._expressions.value(node.msg, frame)
        self._effects.operation("op:assert", node, frame, is_weak=self._raising.narrows(node.test, frame))
        self._guards.assume(node.test, True, frame)

    def _definition(self, node: ast.FunctionDef | ast.AsyncFunctionDef, frame: Frame) -> None:
        for expression in (*node.args.defaults, *node.args.kw_defaults):
            if expression is not None:
                self._expressions.value(expression, frame)
        self._decorated(node, frame)
        frame.end(node.name)
        frame.bind(node.name)

    def _decorated(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, frame: Frame) -> None:
        """Call the decorators of a definition that is reached."""
        for decorator in node.decorator_list:
            value = self._expressions.value(decorator, frame)
            if not frame.sink.is_heard:
                continue
            if isinstance(decorator, ast.Call):
                quiet = Frame(frame.function, frame.env, SILENT)
                if is_of_library(self._expressions.value(decorator.func, quiet), self._world.knowledge):
                    continue
            self._calls.invoke_unknown(value, decorator, frame)

    def _class(self, node: ast.ClassDef, frame: Frame) -> None:
        for base in node.bases:
            value = self._expressions.value(base, frame)
            self._effects.unresolved_if_opaque(value, "op:subclass-unknown", base, base, frame)
        self._decorated(node, frame)
        inner = Frame(frame.function, _seen_by_class(node, frame), frame.sink)
        self.run(node.body, inner)
        self._hooks.defined(node, frame)
        frame.bind(node.name)

    def _return(self, node: ast.Return, frame: Frame) -> None:
        value = NONE if node.value is None else self._expressions.value(node.value, frame)
        self._returned[-1].append(value)
        frame.is_dead = True

    def _leave(self, node: ast.Break | ast.Continue, frame: Frame) -> None:
        if isinstance(node, ast.Break) and frame.loops and frame.env is not None:
            frame.loops[-1].append(State(dict(frame.env), set(frame.facts)))
        frame.is_dead = True

    def _raise(self, node: ast.Raise, frame: Frame) -> None:
        sink = frame.sink
        if node.exc is None:
            if frame.caught:
                for effect in frame.caught[-1]:
                    sink.add(effect)
            else:
                sink.add(Unknown(node, frame.unit, "", "a bare raise outside a handler"))
            frame.is_dead = True
            return
        expressions = self._expressions
        value = expressions.value(node.exc, frame)
        if node.cause is not None:
            expressions.value(node.cause, frame)
        if sink.is_heard:
            self._raising.raise_value(node, node.exc, value, frame, sink)
        frame.is_dead = True

    def _if(self, node: ast.If, frame: Frame) -> None:
        guards = self._guards
        ends: list[State] = []
        current = node
        while True:  # elif chains are flattened: they may be thousands long
            self._special_methods.tested(current.test, frame)
            truth = _constant_truth(current.test)
            before = guards.save(frame)
            if truth is not False:
                guards.assume(current.test, True, frame)
                self.run(current.body, frame)
                if not frame.is_dead and frame.env is not None:
                    ends.append(State(frame.env, frame.facts))
            frame.is_dead = truth is True
            frame.env, frame.facts = before.env, before.facts
            guards.assume(current.test, False, frame)
            if len(current.orelse) == 1 and isinstance(current.orelse[0], ast.If) and not frame.is_dead:
                current = current.orelse[0]
                continue
            self.run(current.orelse, frame)
            break
        self._merge(ends, frame)

    def _merge(self, ends: list[State], frame: Frame) -> None:
        """Continue with what holds after every branch that reaches this point."""
        if not frame.is_dead and frame.env is not None:
            ends.append(State(frame.env, frame.facts))
        if not ends:
            frame.is_dead = True
            return
        frame.is_dead = False
        frame.env, frame.facts, _ = self._guards.joined(ends)

    def _match(self, node: ast.Match, frame: Frame) -> None:
        self._expressions.value(node.subject, frame)
        guards = self._guards
        ends: list[State] = []
        exhaustive = False
        start = guards.save(frame)
        for case in node.cases:
            frame.is_dead = False
            frame.env, frame.facts = dict(start.env), set(start.facts)
            for part in ast.walk(case.pattern):
                if isinstance(part, ast.MatchAs | ast.MatchStar) and part.name:
                    frame.end(part.name)
                    frame.bind(part.name)
                elif isinstance(part, ast.MatchMapping) and part.rest:
                    frame.bind(part.rest)
                elif isinstance(part, ast.MatchClass):
                    made = self._expressions.value(part.cls, frame.quiet())
                    if self._shapes.positions(made) < len(part.patterns):
                        self._effects.operation("op:match-class", part, frame)
                    self._hooks.matched(made, part, frame)
            if case.guard is not None:
                start = start._replace(at=len(frame.ended))
                self._special_methods.tested(case.guard, frame)
                start = frame.left_of(start)  # the cases that follow come after the guard
                guards.assume(case.guard, True, frame)
            elif isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None:
                exhaustive = True
            self.run(case.body, frame)
            if not frame.is_dead:
                ends.append(State(frame.env, frame.facts))
        frame.env, frame.facts = start.env, start.facts
        frame.is_dead = exhaustive
        self._merge(ends, frame)

    def _for(self, node: ast.For | ast.AsyncFor, frame: Frame) -> None:
        iterable = self._expressions.value(node.iter, frame)
        element = self._iteration.iterate(iterable, node.iter, frame, is_async=isinstance(node, ast.AsyncFor))
        self._changes.after_running(frame)
        _widen(node, frame)
        if isinstance(node, ast.AsyncFor):
            self._changes.after_wait(frame)
        is_settled = False
        while not is_settled:
            frame.loops.append([])
            before = self._guards.save(frame)
            self._assignment.assign(node.target, element, frame, of_loop=True)
            self._guards.loop_facts(node.target, node.iter, frame)
            self._resized.in_loop(iterable, node, frame)
            self.run(node.body, frame)
            is_settled = _goes_round(before, frame)
        frame.is_dead = False
        self.run(node.orelse, frame)
        self._merge(frame.loops.pop(), frame)

    def _while(self, node: ast.While, frame: Frame) -> None:
        guards = self._guards
        _widen(node, frame)
        truth = _constant_truth(node.test)
        is_settled = False
        while not is_settled:
            frame.loops.append([])
            self._special_methods.tested(node.test, frame)
            before = guards.save(frame)
            guards.assume(node.test, True, frame)
            self.run(node.body, frame)
            is_settled = _goes_round(before, frame)
        frame.is_dead = truth is True
        guards.assume(node.test, False, frame)
        self.run(node.orelse, frame)
        self._merge(frame.loops.pop(), frame)

    def _with(self, node: ast.With | ast.AsyncWith, frame: Frame) -> None:
        expressions = self._expressions
        suppressed: list[tuple[ast.Call, EffectSet, frozenset[str]]] = []
        outer = frame.sink
        swallows = False
        for item in node.items:
            value = expressions.value(item.context_expr, frame)
            if isinstance(node, ast.AsyncWith):
                self._changes.after_wait(frame)
            swallows = swallows or self._entering.may_swallow(value)
            self._entering.enter_and_leave(value, item.context_expr, frame)
            if item.optional_vars is not None:
                self._assignment.assign(item.optional_vars, self._entering.entered(value), frame)
            call = item.context_expr
            if "suppress" in values.names(value) and isinstance(call, ast.Call) and frame.sink.is_heard:
                caught: list[str] = []
                for argument in call.args:
                    caught.extend(self._caught.exception_names(argument, frame)[0])
                suppressed.append((call, frame.sink, frozenset(caught)))
                frame.sink = frame.sink.inside()
        self._changes.after_running(frame)
        before = self._guards.save(frame) if suppressed or swallows else None
        self.run(node.body, frame)
        if isinstance(node, ast.AsyncWith):
            self._changes.after_wait(frame)
        for call, sink, caught_names in reversed(suppressed):
            inner = frame.sink
            self._blocks[call] = GuardedBlock(frame.function, inner.ordered(), before)
            self._raising.pass_on(inner.effects, caught_names, sink)
            frame.sink = sink
        if before is not None:
            self._merge([frame.left_of(before)], frame)
        assert frame.sink is outer

    def _try(self, node: ast.Try, frame: Frame) -> None:
        outer = frame.sink
        before = self._guards.save(frame)
        inner = frame.sink = outer.inside()
        self.run(node.body, frame)
        frame.sink = outer
        ends: list[State] = []
        at_handler = frame.left_of(before)  # it may have stopped anywhere
        if not frame.is_dead:
            self.run(node.orelse, frame)
        if not frame.is_dead and frame.env is not None:
            ends.append(State(frame.env, frame.facts))
        remaining: dict[Effect, None] = dict(inner.effects)
        self._blocks[node] = GuardedBlock(frame.function, inner.ordered(), before)
        for handler in node.handlers:
            frame.is_dead = False
            frame.env, frame.facts = dict(at_handler.env), set(at_handler.facts)
            names, complete = self._caught.exception_names(handler.type, frame)
            if handler.type is not None and remaining and self._caught.may_be_no_class(handler.type, frame):
                self._effects.operation("op:kinds", handler.type, frame)
            caught = self._raising.caught(remaining, names, complete)
            frame.caught.append((*caught, *self._raising.expected(handler, names, caught, frame)))
            self._handled[handler] = frame.caught[-1]
            if handler.name and frame.env is not None:
                frame.forget(handler.name)
                frame.env[handler.name] = self._caught.caught_value(handler, frame)
                frame.bind(handler.name)
            self.run(handler.body, frame)
            frame.caught.pop()
            if handler.name:
                frame.unbind(handler.name)  # Python deletes it at the end of the clause
            if not frame.is_dead and frame.env is not None:
                ends.append(State(frame.env, frame.facts))
            remaining = self._raising.left(remaining, frozenset(names))
        for effect in remaining:
            outer.add(effect)
        if node.finalbody:
            self._finally(node, ends, at_handler, frame)
        else:
            frame.is_dead = True
            self._merge(ends, frame)

    def _finally(self, node: ast.Try, ends: list[State], at_handler: State, frame: Frame) -> None:
        frame.is_dead = True
        reached = bool(ends)
        everywhere = [State(dict(state.env), set(state.facts)) for state in (*ends, at_handler)]
        frame.env, frame.facts, _ = self._guards.joined(everywhere)
        frame.is_dead = False
        at = len(frame.ended)
        self.run(node.finalbody, frame)
        if frame.is_dead or not reached:
            frame.is_dead = True
            return
        bound = {key: value for key, value in frame.env.items() if key.startswith(BOUND)}
        left = frame.left_of(self._guards.joined(ends)._replace(at=at))
        frame.env, frame.facts = left.env, left.facts
        frame.env.update(bound)


def _widen(node: ast.stmt, frame: Frame) -> None:
    """At the head of a loop, let everything that the loop stores fall back to its flow-insensitive value.

    It would be found out at its end, which costs a second round.
    """
    for path in frame.function.facts.stored_between(node.lineno, node.end_lineno or node.lineno):
        frame.end(path)


def _goes_round(before: State, frame: Frame) -> bool:
    """Go back to the head of a loop, and say whether what was known there holds in each round.

    What a call in the body ends, the next round does not have: it is gone through once more.
    """
    left = frame.left_of(before)
    frame.env, frame.facts = left.env, left.facts
    frame.is_dead = False
    is_settled = left.shape == before.shape
    if not is_settled:
        frame.loops.pop()
    return is_settled


def _seen_by_class(node: ast.ClassDef, frame: Frame) -> dict[str, Value]:
    """List which names are bound where the body of a class begins: what it binds itself, it never reads from a function around it."""
    own: Container[str] = ()
    if not isinstance(frame.function.node, ast.Module):
        own = frame.unit.module.scopes[node].bindings
    return {
        key: value
        for key, value in (frame.env or {}).items()
        if key.startswith(BOUND) and key.removeprefix(BOUND) not in own
    }


def _constant_truth(test: ast.expr) -> bool | None:
    """Return whether a literal test is true; None for any other test."""
    return bool(test.value) if isinstance(test, ast.Constant) else None


def _delete(assignment: Assignment, changes: Changes, node: ast.Delete, frame: Frame) -> None:
    assignment.delete(node, frame)
    changes.after_end(frame)
