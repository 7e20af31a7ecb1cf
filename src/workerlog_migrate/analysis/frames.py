"""Where an evaluation stands: a frame with what is known at that point, and the sink for what can be raised.

A frame without ``env`` evaluates flow-insensitively (a name is all that is ever bound to it) and without effects.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workerlog_migrate.analysis.program import FunctionInfo, Unit
    from workerlog_migrate.analysis.values import Value


_MOST_FACTS = 256
BOUND = "="
_BOUND_VALUE: Value = frozenset()


class Fact(NamedTuple):
    """Something a guard has proved.

    Attributes:
        kind: ``key`` (container holds key), ``len`` (container has at least ``extra`` items), ``nonzero``, ``attr``.
        path: the container or value, as ``Unit.path`` writes it.
        extra: key text or count.
        roots: paths whose assignment ends the fact.

    """

    kind: str
    path: str
    extra: str | int
    roots: frozenset[str]


class Raise(NamedTuple):
    """An exception that a node can raise, with the row or rule that says so.

    Weak evidence (an attribute is None because it starts as that) counts in the ``try`` body itself, where a person sees
    it, and not through calls: a method that uses what another one sets is called after that one. Rare is what counts only
    where nothing else can be raised (``suspects``).
    """

    exception: str
    node: ast.AST
    unit: Unit
    rule: str
    source: str
    note: str = ""
    is_weak: bool = False
    is_rare: bool = False


class Unknown(NamedTuple):
    """A call that cannot be resolved; ``rule`` is the qualified name that a user could teach."""

    node: ast.AST
    unit: Unit
    rule: str
    note: str = ""


class CallEdge(NamedTuple):
    """A call of a function of the program.

    Attributes:
        function: the callee.
        node: the call.
        unit: the file of the call.
        caught: classes that handlers around the call catch.
        only: if set, only what these classes catch comes through (a bare ``raise`` in their handler).
        is_weak: the function only raises what asks for heirs, which counts as weak evidence does.

    """

    function: FunctionInfo
    node: ast.AST
    unit: Unit
    caught: frozenset[str] = frozenset()
    only: frozenset[str] | None = None
    is_weak: bool = False


Effect = Raise | Unknown | CallEdge


class EffectSet:
    """Collects effects, each once, in the order of discovery."""

    __slots__ = ("awaited", "effects", "opaque", "ran")
    is_heard = True
    """Whether anyone asks for effects: what it costs to find them can be saved where nobody does."""
    asks_for_rare = False
    """Whether it takes what is rare, too."""

    def __init__(self) -> None:
        self.effects: dict[Effect, None] = {}
        self.awaited: set[ast.expr] = set()  # what was made elsewhere and is counted here, each once
        self.opaque: set[ast.AST] = (
            set()
        )  # what is reported as not known: of one chain the first link is enough
        self.ran: list[FunctionInfo] = []
        """Functions that ran since it was last asked what they may have changed."""

    def add(self, effect: Effect) -> None:
        """Put in one effect."""
        self.effects[effect] = None
        if effect.__class__ is Unknown:
            self.opaque.add(effect.node)
        elif effect.__class__ is CallEdge:
            self.ran.append(effect.function)

    def inside(self) -> EffectSet:
        """Return one for a block from which handlers let through to here what they do not catch."""
        return type(self)()

    def ordered(self) -> tuple[Effect, ...]:
        """Give the effects, nodes as they were found; those of one node in the same order in every process.

        A value is a set of types, and Python hashes texts anew in each process: which of several reasons is
        shown must not depend on that, nor on the number of processes.
        """
        nodes: dict[int, int] = {}
        for effect in self.effects:
            nodes.setdefault(id(effect.node), len(nodes))
        if len(nodes) == len(self.effects):
            return tuple(self.effects)
        return tuple(sorted(self.effects, key=lambda effect: (nodes[id(effect.node)], _rank(effect))))


class Silence(EffectSet):
    """Takes effects for which nobody asks."""

    __slots__ = ()
    is_heard = False

    def add(self, effect: Effect) -> None:
        """Take no notice."""

    def inside(self) -> EffectSet:
        """Of a block inside nobody asks for effects either."""
        return self


class WithRare(EffectSet):
    """Collects what is rare, too."""

    __slots__ = ()
    asks_for_rare = True


SILENT = Silence()


class Frame:
    """The state of one evaluation.

    Attributes:
        function: the function (or top level) whose code is evaluated.
        unit: its file.
        env: what names and ``self.x`` paths hold here; a path that is absent has its flow-insensitive value. None: flat.
        facts: what guards have proved.
        sink: takes what can be raised; ``SILENT`` when nobody asks.
        is_dead: the code after this point is not reached.
        ended: the paths and facts that ended so far, in this order: what a state that is put back must not bring back.
        ended_by: by an operand of ``and`` and ``or``, what ended while it was evaluated: what those before it have proved with it.
        caught: inside handlers, the effects that a bare ``raise`` sends on, innermost last.
        depth: nesting of expressions under evaluation.

    """

    __slots__ = (
        "caught",
        "depth",
        "ended",
        "ended_by",
        "env",
        "facts",
        "function",
        "is_dead",
        "loops",
        "sink",
        "unit",
    )

    def __init__(self, function: FunctionInfo, env: dict[str, Value] | None, sink: EffectSet) -> None:
        self.function = function
        self.unit = function.unit
        self.env = env
        self.facts: set[Fact] = set()
        self.ended: list[str | Fact] = []
        self.ended_by: dict[ast.expr, list[str | Fact]] = {}
        self.sink = sink
        self.is_dead = False
        self.caught: list[tuple[Effect, ...]] = []
        self.loops: list[list[State]] = []
        self.depth = 0

    def quiet(self) -> Frame:
        """Return a frame at the same point that asks for values only."""
        quiet = Frame(self.function, self.env, SILENT)
        quiet.facts = self.facts
        quiet.ended = self.ended
        quiet.ended_by = self.ended_by
        quiet.depth = self.depth
        return quiet

    def learn(self, *facts: Fact) -> None:
        """Put in what was proved; beyond a bound nothing more is learned, which only makes conclusions weaker."""
        if len(self.facts) < _MOST_FACTS:
            self.facts = self.facts | set(facts)

    def bind(self, name: str) -> None:
        """Note that a name of the function is bound from here on.

        It stands in ``env`` beside the values, under a key that is no path: where ways join, both must have it.
        """
        if self.env is not None:
            self.env[BOUND + name] = _BOUND_VALUE

    def unbind(self, name: str) -> None:
        """Note that a name of the function may be bound no more."""
        if self.env is not None:
            self.env.pop(BOUND + name, None)

    def is_bound(self, name: str) -> bool:
        """Whether every way to here binds a name of the function."""
        return self.env is not None and BOUND + name in self.env

    def forget(self, path: str) -> None:
        """End the facts about a path and what is known below it."""
        env = self.env
        if env is None:
            return
        self.ended.append(path)
        if self.facts:
            self.facts = {fact for fact in self.facts if path not in fact.roots}
        for key in self.unit.subpaths.get(path, ()):
            env.pop(key, None)

    def end(self, path: str) -> None:
        """End all that is known of a path: it is bound anew."""
        self.forget(path)
        if self.env is not None:
            self.env.pop(path, None)

    def keep(self, facts: set[Fact]) -> None:
        """End all facts but some."""
        self.ended.extend(self.facts - facts)
        self.facts = facts

    def end_again(self, operand: ast.expr) -> None:
        """End what ended while an operand was evaluated: a test that is assumed as a whole must not bring it back."""
        ended = self.ended_by.get(operand)
        if ended and self.env is not None:
            left = self.left_of(State(self.env, self.facts, len(self.ended)), ended)
            self.env, self.facts = left.env, left.facts

    def left_of(self, state: State, ended: Sequence[str | Fact] | None = None) -> State:
        """Return what of an earlier state holds whatever ran since: neither an assignment nor a call has ended it.

        Args:
            state: the state.
            ended: what has ended; all since that state, if it is not said.
        """
        if ended is None:
            ended = self.ended[state.at :]
        if not ended:
            return state
        paths = {each for each in ended if isinstance(each, str)}
        below = {key for path in paths for key in self.unit.subpaths.get(path, ())}
        env = {path: value for path, value in state.env.items() if path not in paths and path not in below}
        facts = {fact for fact in state.facts.difference(ended) if fact.roots.isdisjoint(paths)}
        return State(env, facts, len(self.ended))


def key_of(node: ast.expr, frame: Frame) -> str | None:
    """Return the text by which a fact names a key: that of a constant, or the path of what holds it."""
    if isinstance(node, ast.Constant):
        return repr(node.value)
    return frame.unit.path(node)


def roots_of(path: str) -> frozenset[str]:
    """Return the path and everything above it: assigning any of these ends a fact."""
    found = {path}
    for at, letter in enumerate(path):
        if letter in ".[":
            found.add(path[:at])
    return frozenset(found)


def at(unit: Unit, node: ast.AST) -> Frame:
    """Make a frame at a node that evaluates whatever came before it."""
    return Frame(unit.enclosing(node), None, SILENT)


class State(NamedTuple):
    """A frame's knowledge at one point of the flow.

    Attributes:
        env: what names and paths hold there.
        facts: what is proved there.
        at: how much had ended in the frame by then.
    """

    env: dict[str, Value]
    facts: set[Fact]
    at: int = 0

    @property
    def shape(self) -> tuple[int, int]:
        """How much it holds, which tells whether something of it has ended."""
        return len(self.env), len(self.facts)


def _rank(effect: Effect) -> tuple[str, ...]:
    match effect:
        case Raise():
            return ("raise", effect.exception, effect.rule, effect.source, effect.note)
        case Unknown():
            return ("unknown", effect.rule, effect.note)
        case CallEdge(function=function):
            # Neighbours and their lines tell functions of one name apart.
            line = getattr(function.node, "lineno", 0)
            return ("edge", function.name, function.unit.name, f"{line:09}", *sorted(effect.caught))
