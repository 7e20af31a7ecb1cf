"""Which exceptions can come out of a ``try`` body, with the reason for each, and what could not be resolved.

Input: a block (``flow.GuardedBlock``). Output: an ``Inference``. Effects of local functions are solved to a fixpoint over the
call graph, with a worklist: recursion costs nothing special. What inner handlers catch never arrives here (``flow``
subtracted it); what earlier clauses of the same ``try`` catch is passed in.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from workerlog_migrate.analysis.exceptions import BROAD, LIMIT, LOCAL, ROOT
from workerlog_migrate.analysis.flow import GuardedBlock
from workerlog_migrate.analysis.frames import CallEdge, Effect, Raise, Unknown
from workerlog_migrate.analysis.past_names import changed_past_names, word_of
from workerlog_migrate.analysis.program import HANDLER, FunctionInfo
from workerlog_migrate.analysis.settle import SETTLE, how_to_settle_call
from workerlog_migrate.analysis.suspects import suspects
from workerlog_migrate.analysis.switches import switch_of, turns_on
from workerlog_migrate.analysis.taken import calls_to
from workerlog_migrate.model import Evidence

if TYPE_CHECKING:
    from workerlog_migrate.analysis.flat import FlowInsensitive
    from workerlog_migrate.analysis.flow import Flow
    from workerlog_migrate.analysis.places import Places
    from workerlog_migrate.analysis.program import Unit
    from workerlog_migrate.analysis.sight import Sight
    from workerlog_migrate.analysis.signals import Signals
    from workerlog_migrate.analysis.world import World
    from workerlog_migrate.knowledge import OperationRow

_EVERYTHING = frozenset({BROAD, ROOT})
_CANCELLED = "CancelledError"  # that of asyncio ends a task, and is no Exception; nobody can tell the others by their name
_UNKNOWNS = 16
_RAISED = "op:raise"
_PER_NAME = 6
_TEXT = 70


@dataclass(frozen=True, slots=True)
class Inference:
    """What a body can raise.

    Attributes:
        names: canonical exception names after collapsing, sorted; ``local:Name`` for classes of the file.
        evidence: the reasons, by line.
        unresolved: calls that are not known, by line, as evidence without an exception.
        exits: evidence that ``SystemExit`` or the like can come out; None when nothing says so.
        reason: why the inference is not complete although every call is known; empty otherwise.

    """

    names: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    unresolved: tuple[Evidence, ...] = ()
    exits: Evidence | None = None
    reason: str = ""

    @property
    def is_complete(self) -> bool:
        """Whether the names are all that can come out."""
        return not self.unresolved and not self.reason


@dataclass(slots=True)
class _Effects:
    """What leaves a function: the first cause of each exception, what comes only where a parameter is passed for it, and unresolved calls."""

    raises: dict[str, Raise] = field(default_factory=dict)
    switched: dict[tuple[str, str], Raise] = field(default_factory=dict)
    unknowns: dict[Unknown, None] = field(default_factory=dict)


class Solver:
    """Solves effects of functions; each strongly connected part of the call graph once.

    The arguments are the parts of the analysis that it asks.
    """

    def __init__(
        self,
        world: World,
        sight: Sight,
        places: Places,
        handlers: Signals,
        flat: FlowInsensitive,
        flow: Flow,
    ) -> None:
        self._world = world
        self._places = places
        self._sight = sight
        self._handlers = handlers
        self._flat = flat
        self._flow = flow
        self._effects: dict[FunctionInfo, _Effects] = {}
        self._plain: dict[GuardedBlock, Inference] = {}
        self._signals: tuple[Evidence, ...] | None = None
        self._loose: str | None = None

    def infer_suspects(
        self, block: GuardedBlock, body: list[ast.stmt], caught: Iterable[str] = ()
    ) -> Inference:
        """Say what a body can fail of that is not known to raise at all (see ``suspects``); empty when that is open.

        Args:
            block: effects of the body: none.
            body: its statements.
            caught: canonical names that earlier clauses of the same ``try`` catch.

        """
        if block.before is None:
            return Inference()
        found = suspects(self._flow, body, block.before, block.function)
        return self.infer(GuardedBlock(block.function, found, block.before), caught)

    def infer(
        self, block: GuardedBlock, caught: Iterable[str] = (), also: Iterable[Evidence] = ()
    ) -> Inference:
        """Say what can come out of a block.

        Args:
            block: effects of the body.
            caught: canonical names that earlier clauses of the same ``try`` catch.
            also: evidence from elsewhere (a class that the handler asks for).

        Returns:
            The inference.

        """
        if not caught and not also:
            known = self._plain.get(block)
            if known is None:
                known = self._plain[block] = self._infer(block, (), ())
            return known
        return self._infer(block, caught, also)

    def _infer(self, block: GuardedBlock, caught: Iterable[str], also: Iterable[Evidence]) -> Inference:
        hierarchy = self._world.hierarchy
        earlier = frozenset(caught)
        found: list[Evidence] = []
        unresolved: dict[tuple[str, int], Evidence] = {}
        exits: Evidence | None = None
        self._solve(block.effects)
        for effect in block.effects:
            for exception, evidence in self._exceptions(effect):
                if hierarchy.is_caught(exception, earlier):
                    continue
                if hierarchy.is_control(exception):
                    if exits is None and exception != ROOT:
                        exits = evidence
                    continue
                found.append(evidence)
            if not earlier & _EVERYTHING:
                for evidence in self._unknowns(effect):
                    unresolved.setdefault((evidence.cause, evidence.line), evidence)
        found.extend(
            entry for entry in self._interrupts() if not hierarchy.is_caught(entry.exception, earlier)
        )
        found.extend(also)
        names = {evidence.exception for evidence in found}
        reason = ""
        if names & _EVERYTHING:
            cause = next(evidence for evidence in found if evidence.exception in _EVERYTHING)
            reason = f"`{cause.cause}` in line {cause.line} raises {cause.exception} itself"
            names -= _EVERYTHING
        cancelled = {name for name in names if display(name).rpartition(".")[2] == _CANCELLED}
        if cancelled:
            cause = next(evidence for evidence in found if evidence.exception in cancelled)
            reason = (
                reason
                or f"`{cause.cause}` in line {cause.line} may raise {_CANCELLED}, which is never listed"
            )
            names -= cancelled
        reason = reason or self._anywhere()
        collapsed = hierarchy.collapse(names)
        if len(collapsed) > LIMIT and not reason:
            reason = "too many kinds"
        return Inference(
            collapsed,
            _tidy(found),
            tuple(sorted(unresolved.values(), key=lambda entry: (entry.line, entry.cause))),
            exits,
            reason,
        )

    def _anywhere(self) -> str:
        """Return what lets something be raised in whatever runs: a tracer, warnings that are made errors; empty when nothing does."""
        if self._loose is None:
            self._loose = next(self._what_loosens(), "")
        return self._loose

    def _what_loosens(self) -> Iterator[str]:
        row = self._world.knowledge.operation("op:anywhere")
        if not self._world.knows_all_around:
            yield f"{row.description}: more files run with this one than are looked at"
        words = {name.rpartition(".")[2] for name in row.names}
        for word in sorted(words):
            for unit in self._places.around(word):
                for call in calls_to(unit.module, word):
                    if unit.module.qualified(call.func) in row.names and not _is_tame(call):
                        yield self._at(row, call, unit)
        row = self._world.knowledge.operation("op:anything-changed")
        for name in sorted(row.names):
            for unit in self._places.around(word_of(name), is_near=True):
                yield from (self._at(row, node, unit) for node in changed_past_names(unit, name))

    def _at(self, row: OperationRow, node: ast.expr, unit: Unit) -> str:
        where = "" if unit is self._world.unit else f" of {unit.name}"
        return f"{row.description}: `{ast.unparse(node)}` in line {node.lineno}{where}"

    def _interrupts(self) -> tuple[Evidence, ...]:
        """Return what the signal handlers of the program raise: it arrives wherever the main thread is."""
        if self._signals is None:
            self._signals = tuple(self._raised_by_signals())
        return self._signals

    def _raised_by_signals(self) -> Iterator[Evidence]:
        for function, call, unit in self._handlers.handlers():
            edge = CallEdge(function, call, unit)
            self._solve((edge,))
            effects = self._effects[function]
            switched = ((exception, root) for (_, exception), root in effects.switched.items())
            for exception, root in (*effects.raises.items(), *switched):
                if root.rule == _RAISED and not self._world.hierarchy.is_control(exception):
                    evidence = _through(edge, root)
                    yield replace(evidence, note=f"{evidence.note}: a signal arrives anywhere")

    # -- evidence -------------------------------------------------------------------------------------------

    def _exceptions(self, effect: Effect) -> Iterable[tuple[str, Evidence]]:
        if isinstance(effect, Raise):
            yield effect.exception, _evidence(effect)
        elif isinstance(effect, CallEdge):
            for exception, root in self._arriving(self._effects[effect.function], effect):
                if self._lets_through(effect, exception):
                    yield exception, _through(effect, root)

    def _unknowns(self, effect: Effect) -> Iterable[Evidence]:
        if isinstance(effect, Unknown):
            made = self._unresolved(effect)
            why = self._sight.reason_in(effect.node, effect.unit)
            yield replace(made, note=f"{made.note}; {why}" if made.note else why) if why else made
        elif isinstance(effect, CallEdge) and self._passes_unknown(effect):
            for unknown in self._effects[effect.function].unknowns:
                made = self._unresolved(unknown)
                line, note = made.line, f"reached through {_where(effect)}"
                if unknown.unit is not effect.unit:
                    line, note = _line(effect.node), f"{note}, in {unknown.unit.name} line {made.line}"
                if made.note:
                    note = f"{note}; {made.note}"
                yield Evidence("", made.cause, line, made.rule, made.source, note)

    def _unresolved(self, effect: Unknown) -> Evidence:
        note = effect.note
        if SETTLE not in note:
            settle = how_to_settle_call(effect.node, effect.rule, effect.unit, self._world, self._flat)
            if settle:
                note = f"{note}; {SETTLE}{settle}" if note else f"{SETTLE}{settle}"
        return Evidence("", _text(effect.node, effect.unit), _line(effect.node), effect.rule, "", note)

    def _lets_through(self, edge: CallEdge, exception: str) -> bool:
        hierarchy = self._world.hierarchy
        if hierarchy.is_caught(exception, edge.caught):
            return False
        return edge.only is None or hierarchy.is_caught(exception, edge.only)

    def _passes_unknown(self, edge: CallEdge) -> bool:
        if edge.caught & _EVERYTHING and not self._world.reraises_unknown:
            return False
        return edge.only is None or bool(edge.only & _EVERYTHING)

    # -- fixpoint -------------------------------------------------------------------------------------------

    def _solve(self, effects: Iterable[Effect]) -> None:
        """Make the effects of every function that the effects call known."""
        flow = self._flow
        reached: dict[FunctionInfo, tuple[Effect, ...]] = {}
        stack = [effect.function for effect in effects if isinstance(effect, CallEdge)]
        callers: dict[FunctionInfo, list[tuple[FunctionInfo, CallEdge]]] = {}
        while stack:
            function = stack.pop()
            if function in reached or function in self._effects:
                continue
            reached[function] = flow.summary(function).effects
            for effect in reached[function]:
                if isinstance(effect, CallEdge):
                    callers.setdefault(effect.function, []).append((function, effect))
                    stack.append(effect.function)
        fresh: dict[FunctionInfo, _Effects] = {}
        pending: list[FunctionInfo] = []
        for function, own in reached.items():
            made = fresh[function] = _Effects()
            for effect in own:
                if isinstance(effect, Raise):
                    if not effect.is_weak:
                        raised = _from_generator(effect, function)
                        switch = switch_of(effect, function) if effect.rule == _RAISED else ""
                        if switch:
                            made.switched.setdefault((switch, raised.exception), raised)
                        else:
                            made.raises.setdefault(raised.exception, raised)
                elif isinstance(effect, Unknown) and len(made.unknowns) < _UNKNOWNS:
                    made.unknowns[effect] = None
            pending.append(function)
        self._effects.update(fresh)
        pending.extend(function for function in callers if function not in fresh)
        waiting = set(pending)
        while pending:
            function = pending.pop()
            waiting.discard(function)
            source = self._effects[function]
            for caller, edge in callers.get(function, ()):
                if self._flow_into(source, edge, caller) and caller not in waiting:
                    waiting.add(caller)
                    pending.append(caller)

    def _arriving(self, source: _Effects, edge: CallEdge) -> Iterator[tuple[str, Raise]]:
        """Yield what leaves a function that is called so."""
        yield from source.raises.items()
        for (name, exception), root in source.switched.items():
            if turns_on(edge, name, self._flat):
                yield exception, root

    def _flow_into(self, source: _Effects, edge: CallEdge, caller: FunctionInfo) -> bool:
        """Add what passes an edge to the caller's effects; whether that was anything new."""
        target = self._effects[caller]
        changed = False
        for exception, root in self._arriving(source, edge) if not edge.is_weak else ():
            if not self._lets_through(edge, exception):
                continue
            raised = _from_generator(root, caller)
            name = exception if raised is root else raised.exception
            if name not in target.raises:
                target.raises[name] = raised
                changed = True
        if source.unknowns and self._passes_unknown(edge):
            for unknown in source.unknowns:
                if unknown not in target.unknowns and len(target.unknowns) < _UNKNOWNS:
                    target.unknowns[unknown] = None
                    changed = True
        return changed


class _Analysis(Protocol):
    solver: Solver


def infer(
    engine: _Analysis, block: GuardedBlock, caught: Iterable[str] = (), also: Iterable[Evidence] = ()
) -> Inference:
    """Say what can come out of a block; see ``Solver.infer``. Solutions are kept with the engine."""
    return engine.solver.infer(block, caught, also)


def infer_suspects(
    engine: _Analysis, block: GuardedBlock, body: list[ast.stmt], caught: Iterable[str] = ()
) -> Inference:
    """Say what a body can fail of that is not known to raise; see ``Solver.infer_suspects``."""
    return engine.solver.infer_suspects(block, body, caught)


def display(exception: str) -> str:
    """Return an exception's name as a person knows it: classes of the file without their prefix."""
    return exception.removeprefix(LOCAL)


def _from_generator(root: Raise, function: FunctionInfo) -> Raise:
    """Say what leaves a function: out of a generator no StopIteration comes, https://peps.python.org/pep-0479/."""
    if root.exception != "StopIteration" or not function.facts.is_generator:
        return root
    return root._replace(exception="RuntimeError", note="StopIteration inside a generator")


def _evidence(effect: Raise) -> Evidence:
    return Evidence(
        effect.exception,
        _text(effect.node, effect.unit),
        _line(effect.node),
        effect.rule,
        effect.source,
        effect.note,
    )


def _through(edge: CallEdge, root: Raise) -> Evidence:
    inner = _evidence(root)
    place = f"line {inner.line}" if root.unit is edge.unit else f"{root.unit.name} line {inner.line}"
    note = f"`{inner.cause}` in {place}, {inner.rule}"
    return Evidence(
        root.exception,
        _text(edge.node, edge.unit),
        _line(edge.node),
        f"local:{edge.function.name}",
        inner.source,
        note,
    )


def _where(edge: CallEdge) -> str:
    called = "raise" if edge.function.kind == HANDLER else f"{edge.function.name}()"
    return f"{called} in line {_line(edge.node)}"


def _line(node: ast.AST) -> int:
    return int(getattr(node, "lineno", 0))


def _text(node: ast.AST, unit: Unit) -> str:
    """Write a node as one short line of source."""
    known = unit.texts.get(node)
    if known is None:
        known = unit.texts[node] = _write(node, unit)
    return known


def _write(node: ast.AST, unit: Unit) -> str:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        text = f"def {node.name}"
    elif not unit.is_quoted:
        text = _named(node)
    elif unit.module.in_fstring(node):
        text = ast.unparse(node)  # positions inside f-strings cannot be relied on before Python 3.12
    else:
        text = unit.module.text(node)
    text = " ".join(text.split())
    return text if len(text) <= _TEXT else text[: _TEXT - 3] + "..."


def _named(node: ast.AST) -> str:
    """Write a node of a file that is not ours to show: the name that is called, and what kind of thing it is."""
    match node:
        case ast.Call(func=ast.Name(id=name)) | ast.Call(func=ast.Attribute(attr=name)):
            return f"{name}(...)"
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return f"a {type(node).__name__.lower()}"


def _tidy(found: list[Evidence]) -> tuple[Evidence, ...]:
    """Sort evidence by line, each reason once, and a handful per name."""
    kept: list[Evidence] = []
    counts: dict[str, int] = {}
    seen: set[tuple[str, str, int]] = set()
    for evidence in sorted(
        found,
        key=lambda entry: (entry.line, entry.exception, entry.cause, entry.rule, entry.source, entry.note),
    ):
        key = (evidence.exception, evidence.cause, evidence.line)
        if key in seen or counts.get(evidence.exception, 0) >= _PER_NAME:
            continue
        seen.add(key)
        counts[evidence.exception] = counts.get(evidence.exception, 0) + 1
        shown = display(evidence.exception)
        kept.append(evidence if shown == evidence.exception else replace(evidence, exception=shown))
    return tuple(kept)


def _is_tame(call: ast.Call) -> bool:
    """Whether a call that may let something be raised anywhere takes that back, or asks for something else.

    ``settrace(None)``, ``simplefilter("ignore")``, ``seterr(all="warn")``.
    """
    named = [word.value for word in call.keywords]
    first = call.args[:1] or named
    texts = {each.value for each in (*first, *named) if isinstance(each, ast.Constant)}
    return all(isinstance(each, ast.Constant) for each in first) and not texts & {"error", "raise"}
