"""Raise in every call of every ``try`` body, before and after the migration, and compare what is swallowed.

    python benchmarks/exceptions/inject.py [--cases N]

For each broad handler of the sample workers that the codemod narrows, and for N cases from the standard library of the
running interpreter (handlers that a person made specific, made broad again in memory; default 200), the enclosing function
is run, once as it was and once with the types and the log line that the codemod writes. So that nothing happens to the
machine, and nothing but the injected fault can go wrong, every call in it is a stub that gives a value which takes any
operation, and every name is such a value; what is real are statements, loops, handlers, ``with`` and ``finally``, and the
exception classes. Which branch a test takes is chosen: by several fixed patterns, until each call of the body was reached.

In each call of the body, one at a time, the stub raises each exception that the call can really raise: what its row says
without regard to arguments, what it says under the conditions that hold according to the inference, what the functions of
the script behind it raise; for OSError also the kinds that a disk and a network really give. A ``raise`` statement in the
body raises what it names. The handlers that see the fault, in order, and how the function ends, have to be the same.
Controls: SystemExit, KeyboardInterrupt, GeneratorExit and MemoryError get past every narrowed handler; and with one type
of each handler taken away there are disagreements.

A call that no pattern reaches is counted. A disagreement is printed with its call, its exception and its cause; the exit code
is 1 if the sample workers have one, or if the cause of one is not known.
"""

from __future__ import annotations

import argparse
import ast
import builtins
import contextlib
import dis
import importlib
import random
import signal
import sys
import types
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import run  # sets the path to the sources
from cases import Case, cases_of, module_of, standard_library

from workerlog_migrate.analysis.context import Context
from workerlog_migrate.analysis.engine import Engine
from workerlog_migrate.analysis.exceptions import LOCAL
from workerlog_migrate.analysis.header import find_header
from workerlog_migrate.analysis.module import Module
from workerlog_migrate.analysis.raises import infer
from workerlog_migrate.analysis.types import Types
from workerlog_migrate.finders import specific_exceptions
from workerlog_migrate.finders.handler_edits import HandlerEdit
from workerlog_migrate.knowledge import Knowledge
from workerlog_migrate.model import Settings, Target
from workerlog_migrate.registry import LOGGER_SETUP, SPECIFIC_EXCEPTIONS

WORKERS = run.ROOT / "fixtures" / "workers" / "scripts"
CONTROLS = ("SystemExit", "KeyboardInterrupt", "GeneratorExit", "MemoryError")
OS_KINDS = (
    "FileNotFoundError",
    "PermissionError",
    "IsADirectoryError",
    "FileExistsError",
    "ConnectionResetError",
    "BrokenPipeError",
    "TimeoutError",
)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
PATTERNS = 200  # ways to answer the tests of a function
STEPS = 300  # calls and tests of one run: endless loops end here
SECONDS = 2  # of one run, for loops without either


# -- a value that takes any operation -----------------------------------------------------------------------


class _Stop(BaseException):
    """The run has made all its steps."""


class _Artifact(BaseException):
    """Something else than the fault went wrong: the harness, not the script."""


class Anything:
    """A value that has every attribute, takes every operation and is true or false as the run has it."""

    def __init__(self, truth: Callable[[], bool]) -> None:
        object.__setattr__(self, "_truth", truth)

    def __bool__(self) -> bool:
        return bool(object.__getattribute__(self, "_truth")())

    def __getattr__(self, name: str) -> Anything:
        return self

    def __setattr__(self, name: str, value: object) -> None:
        pass

    def __iter__(self) -> Iterator[Anything]:
        """Give as many items as the statement unpacks, two to a loop."""
        frame = sys._getframe(1)
        at = frame.f_lasti
        name, count = dis.opname[frame.f_code.co_code[at]], frame.f_code.co_code[at + 1]
        return iter([self] * (count if name == "UNPACK_SEQUENCE" else 2))

    def __next__(self) -> Anything:
        return self

    def __aiter__(self) -> Anything:
        object.__setattr__(self, "_left", 2)
        return self

    async def __anext__(self) -> Anything:
        left = object.__getattribute__(self, "_left")
        if not left:
            raise StopAsyncIteration
        object.__setattr__(self, "_left", left - 1)
        return self

    def __await__(self) -> Iterator[Anything]:
        return self
        yield

    def __enter__(self) -> Anything:
        return self

    def __exit__(self, *error: object) -> bool:
        return False

    async def __aenter__(self) -> Anything:
        return self

    async def __aexit__(self, *error: object) -> bool:
        return False

    def __index__(self) -> int:
        return 1

    def __float__(self) -> float:
        return 1.0

    def __hash__(self) -> int:
        return 1

    def __len__(self) -> int:
        return 2

    def __str__(self) -> str:
        return "anything"

    def __format__(self, spec: str) -> str:
        return "anything"

    def __contains__(self, item: object) -> bool:
        return bool(self)

    def keys(self) -> list[str]:
        """For ``**``."""
        return []


def _any_operation(self: Anything, *_others: object) -> Anything:
    return self


for _name in [
    "add",
    "sub",
    "mul",
    "truediv",
    "floordiv",
    "mod",
    "pow",
    "matmul",
    "lshift",
    "rshift",
    "and",
    "or",
    "xor",
]:
    for _prefix in ("", "r", "i"):
        setattr(Anything, f"__{_prefix}{_name}__", _any_operation)
for _name in [
    "neg",
    "pos",
    "invert",
    "abs",
    "getitem",
    "setitem",
    "delitem",
    "call",
    "lt",
    "le",
    "gt",
    "ge",
    "eq",
    "ne",
]:
    setattr(Anything, f"__{_name}__", _any_operation)


# -- sites --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Site:
    """A narrowed handler.

    Attributes:
        owner: its ``try`` statement.
        handler: the handler.
        edit: what the codemod does to it.
        types: canonical names of its new types.

    """

    owner: ast.Try
    handler: ast.ExceptHandler
    edit: HandlerEdit
    types: tuple[str, ...]


@dataclass
class Tally:
    """What was tried, and the disagreements, each with its cause."""

    handlers: int = 0
    calls: int = 0
    unreached: list[str] = field(default_factory=list)
    faults: int = 0
    swallowed: int = 0
    controls: int = 0
    disagreements: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Script:
    """A script with its narrowed handlers."""

    module: Module
    engine: Engine
    knowledge: Knowledge
    types: Types
    sites: tuple[Site, ...]


def script_of(module: Module, knowledge: Knowledge, line: int | None = None) -> Script:
    """Ask the codemod about the handlers of a module, or about that of one line."""
    settings = Settings(select=(LOGGER_SETUP, SPECIFIC_EXCEPTIONS))
    target = Target(module.source.path, "worker")
    types_ = Types(module, knowledge, settings)
    findings = specific_exceptions.find(
        module, Context(settings, target, find_header(module, target), types_)
    )
    edits = {finding.span: finding.edit for finding in findings if finding.edit is not None}
    sites = []
    for handler in module.handlers:
        owner, edit = module.parents[handler], edits.get(module.span(handler))
        if (
            isinstance(owner, ast.Try)
            and isinstance(edit, HandlerEdit)
            and edit.types is not None
            and line in (None, handler.lineno)
        ):
            names = tuple(run._canonical(text, handler, types_.engine) for text in edit.types)
            sites.append(Site(owner, handler, edit, names))
    return Script(module, types_.engine, knowledge, types_, tuple(sites))


def targets_of(owner: ast.Try) -> list[ast.Call | ast.Raise]:
    """Return the calls and ``raise`` statements in the body that run when the body runs, in source order."""
    found: list[ast.Call | ast.Raise] = []
    stack: list[ast.AST] = list(reversed(owner.body))
    while stack:
        node = stack.pop()
        if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            continue
        if isinstance(node, ast.Call | ast.Raise):
            found.append(node)
        if not isinstance(node, ast.Raise):
            stack.extend(reversed(list(ast.iter_child_nodes(node))))
    return found


def faults_of(target: ast.Call | ast.Raise, site: Site, script: Script) -> tuple[str, ...]:
    """Return the canonical names of what a call or ``raise`` can really raise, each OSError in several kinds."""
    found: dict[str, None] = {}
    if isinstance(target, ast.Call):
        name = script.types.callee(target)
        row = script.knowledge.call(name) if name else None
        found.update(dict.fromkeys(row.raises if row is not None else ()))
    engine = script.engine
    for owner in (node for node in script.module.ancestors(target) if isinstance(node, ast.Try)):
        block = engine.flow.block(owner, engine.unit.enclosing(owner))
        for effect in block.effects:
            if effect.node is target:
                found.update(_exceptions(effect, engine))
        if owner is site.owner:
            break
    found = {name: None for name in found if not engine.hierarchy.is_control(name)}
    if "OSError" in found:
        found.update(dict.fromkeys(OS_KINDS))
    return tuple(found)


def _exceptions(effect: object, engine: Engine) -> Iterator[tuple[str, None]]:
    """Ask the solver what comes out of one effect; names as it has them."""
    for exception, _ in engine.solver._exceptions(effect):  # type: ignore[arg-type]  # an effect of the flow
        yield exception, None


# -- exception classes ----------------------------------------------------------------------------------------


class Classes:
    """Exception classes by canonical name: the real ones of Python, others made after their rows or definitions."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._made: dict[str, type[BaseException]] = {}

    def of(self, name: str) -> type[BaseException]:
        """Return the class of a name."""
        name = self._engine.hierarchy.canonical(name)
        if name not in self._made:
            self._made[name] = self._real(name) or self._like(name)
        return self._made[name]

    def instance(self, name: str) -> BaseException:
        """Make an instance without running the constructor."""
        kind = self.of(name)
        if issubclass(kind, UnicodeDecodeError):
            return kind("utf-8", b"\xff", 0, 1, "injected")
        if issubclass(kind, UnicodeEncodeError):
            return kind("utf-8", "x", 0, 1, "injected")
        return kind.__new__(kind, "injected")

    def _real(self, name: str) -> type[BaseException] | None:
        if name.startswith(LOCAL):
            return None
        owner, _, last = name.rpartition(".")
        if owner.partition(".")[0] not in {*sys.stdlib_module_names, ""}:
            return None
        parts = owner.split(".") if owner else []
        found: object = builtins
        for cut in range(len(parts), 0, -1):
            try:
                found = importlib.import_module(".".join(parts[:cut]))
            except ImportError:
                continue
            for part in parts[cut:]:
                found = getattr(found, part, None)
            break
        kind = getattr(found, last, None)
        return kind if isinstance(kind, type) and issubclass(kind, BaseException) else None

    def _like(self, name: str) -> type[BaseException]:
        bases = tuple(dict.fromkeys(self.of(base) for base in self._engine.hierarchy.bases(name)))
        return types.new_class(name.rpartition(".")[2].removeprefix(LOCAL), bases)


# -- the function, made harmless --------------------------------------------------------------------------------


class _Harmless(ast.NodeVisitor):
    """Replaces calls by stubs, and what else could fail by values that cannot.

    ``after`` gives narrowed handlers their new types and log lines. Calls are numbered by their place in the original,
    so that before and after have the same numbers. ``gates`` are the statements whose body fails at once, because the
    handler in question stands in a handler of theirs.
    """

    def __init__(
        self,
        script: Script,
        numbers: dict[ast.AST, int],
        gates: dict[ast.AST, ast.ExceptHandler],
        classes: Classes,
        after: bool,
    ) -> None:
        self.script = script
        self.numbers = numbers
        self.gates = gates
        self.classes = classes
        self.after = after
        self.sites = {site.handler: site for site in script.sites}
        self.kinds: dict[str, object] = {}

    def generic_visit(self, node: ast.AST) -> ast.AST:
        """Make a new node, since the original serves before and after; definitions and imports only bind names."""
        match node:
            case ast.Delete() | ast.Nonlocal():
                return ast.Pass()
            case ast.Lambda():
                return _call("__value__")
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                return ast.Assign([ast.Name(name, ast.Store())], _call("__value__"))
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                names = [(alias.asname or alias.name).partition(".")[0] for alias in aliases]
                targets: list[ast.expr] = [ast.Name(name, ast.Store()) for name in names if name != "*"]
                return ast.Assign(targets, _call("__value__")) if targets else ast.Pass()
        made: dict[str, object] = {}
        for name, value in ast.iter_fields(node):
            if isinstance(value, list):
                made[name] = [self.visit(entry) if isinstance(entry, ast.AST) else entry for entry in value]
            else:
                made[name] = self.visit(value) if isinstance(value, ast.AST) else value
        return type(node)(**made)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if self.script.module.qualified(node.func) == "contextlib.suppress":
            return self._real_suppress(node)
        inner = [node.func.value] if isinstance(node.func, ast.Attribute) else []
        if isinstance(node.func, ast.Call):
            inner = [node.func]
        parts = [self.visit(entry) for entry in (*inner, *node.args)]
        keywords = [ast.keyword(word.arg, self.visit(word.value)) for word in node.keywords]
        number = ast.Constant(self.numbers.get(node, -1))
        return _call("__stub__", number, ast.Tuple(parts, ast.Load()), *(word.value for word in keywords))

    def _real_suppress(self, node: ast.Call) -> ast.AST:
        frame = self.script.engine.flat.frame(self.script.engine.unit, node)
        names = [
            name for entry in node.args for name in self.script.engine.caught.exception_names(entry, frame)[0]
        ]
        return _call("__suppress__", self._classes(names))

    def visit_Raise(self, node: ast.Raise) -> ast.AST:
        number = ast.Constant(self.numbers.get(node, -1))
        stub = ast.Expr(_call("__stub__", number))
        if node.exc is None:
            return ast.If(ast.Constant(True), [stub, ast.Raise()], [])
        exc = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        frame = self.script.engine.flat.frame(self.script.engine.unit, node)
        names, _ = self.script.engine.caught.exception_names(exc, frame)
        if not names:  # what a function made
            names, _ = self.script.engine.caught.exception_names(node.exc, frame)
        kind = self._classes(names[:1] or ["RuntimeError"])
        again = ast.Raise(_call("__instance__", kind))
        if isinstance(node.exc, ast.Name) and any(
            isinstance(parent, ast.ExceptHandler) and parent.name == node.exc.id
            for parent in self.script.module.ancestors(node)
        ):
            again = ast.Raise(node.exc)
        return ast.If(ast.Constant(True), [stub, again], [])

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        return _call("__value__", *(self.visit(entry) for entry in (node.left, *node.comparators)))

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        return _call("__value__", self.visit(node.left), self.visit(node.right))

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        if isinstance(node.ctx, ast.Load):
            return _call(
                "__value__",
                self.visit(node.value),
                *([] if isinstance(node.slice, ast.Slice) else [self.visit(node.slice)]),
            )
        return ast.Subscript(_call("__value__", self.visit(node.value)), ast.Constant(0), node.ctx)

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        target = self.visit(node.target)
        return ast.Assign([target], _call("__value__", self.visit(node.value)))

    def visit_Assert(self, node: ast.Assert) -> ast.AST:
        return ast.Expr(_call("__value__", self.visit(node.test)))

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        if node.value is None:
            return ast.Pass()
        return ast.Assign([self.visit(node.target)], self.visit(node.value))

    def visit_Try(self, node: ast.Try) -> ast.AST:
        made = self.generic_visit(node)
        gate = self.gates.get(node)
        if gate is not None:
            names = self.sites[gate].types if gate in self.sites else self._caught(gate)
            failing = ast.Raise(_call("__instance__", self._classes(names or ("RuntimeError",))))
            made.body = [ast.If(ast.Constant(True), [failing], []), *made.body]  # type: ignore[attr-defined]  # a try
        return made

    def _caught(self, node: ast.ExceptHandler) -> tuple[str, ...]:
        engine = self.script.engine
        return engine.caught.exception_names(node.type, engine.flat.frame(engine.unit, node))[0]

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> ast.AST:
        site = self.sites.get(node)
        names = self._caught(node)
        name, body, log = node.name, list(node.body), []
        if self.after and site is not None:
            names = site.types
            if site.edit.log:
                log = [ast.Expr(_call("__log__"))]
                body = [] if site.edit.replaces_pass else body
        seen = ast.Expr(_call("__seen__", ast.Constant(node.lineno)))
        return ast.ExceptHandler(self._classes(names), name, [seen, *log, *map(self.visit, body)])

    def _classes(self, names: Iterable[str]) -> ast.expr:
        key = f"__kind_{len(self.kinds)}__"
        self.kinds[key] = tuple(self.classes.of(name) for name in names) or (_Artifact,)
        return ast.Name(key, ast.Load())


def _call(name: str, *arguments: ast.expr) -> ast.expr:
    return ast.Call(ast.Name(name, ast.Load()), list(arguments), [])


@dataclass(frozen=True)
class Runnable:
    """A harmless function: its code, and the classes that its handlers catch."""

    code: types.CodeType
    kinds: dict[str, object]


def runnable(
    script: Script, owner: ast.Try, numbers: dict[ast.AST, int], classes: Classes, after: bool
) -> Runnable:
    """Make the function around a ``try``, or the top-level statement, harmless and compile it."""
    enclosing = _enclosing(script.module, owner)
    harmless = _Harmless(script, numbers, _gates(script.module, owner, enclosing), classes, after)
    is_function = isinstance(enclosing, ast.FunctionDef | ast.AsyncFunctionDef)
    body = list(enclosing.body) if is_function else [enclosing]  # type: ignore[attr-defined, list-item]  # statements
    visited = [harmless.visit(statement) for statement in body]
    names = {
        word.arg
        for word in ast.walk(enclosing.args if is_function else ast.Pass())  # type: ignore[attr-defined]  # a function
        if isinstance(word, ast.arg)
    }
    kind = ast.AsyncFunctionDef if _is_async(body) else ast.FunctionDef
    given = [ast.Assign([ast.Name(name, ast.Store())], _call("__value__")) for name in sorted(names)]
    made = ast.parse("def __function__(): pass").body[0]
    assert isinstance(made, ast.FunctionDef)
    declared = {
        name for node in body for each in _own(node) if isinstance(each, ast.Global) for name in each.names
    }
    made.body = [entry for entry in given if entry.targets[0].id not in declared] + visited  # type: ignore[attr-defined, assignment]  # names
    function = made if kind is ast.FunctionDef else ast.AsyncFunctionDef(**vars(made))
    whole = ast.fix_missing_locations(ast.Module([function], []))
    return Runnable(compile(whole, f"<{script.module.source.path.name}>", "exec"), harmless.kinds)


def _gates(module: Module, owner: ast.Try, enclosing: ast.AST) -> dict[ast.AST, ast.ExceptHandler]:
    found: dict[ast.AST, ast.ExceptHandler] = {}
    for parent in module.ancestors(owner):
        if isinstance(parent, ast.ExceptHandler):
            found[module.parents[parent]] = parent
        if parent is enclosing:
            break
    return found


def _own(root: ast.AST) -> Iterator[ast.AST]:
    stack = [root]
    while stack:
        node = stack.pop()
        yield node
        if not isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            stack.extend(ast.iter_child_nodes(node))


def _is_async(body: list[ast.stmt]) -> bool:
    kinds = (ast.Await, ast.AsyncFor, ast.AsyncWith)
    return any(
        isinstance(node, kinds) or (isinstance(node, ast.comprehension) and node.is_async)
        for statement in body
        for node in _own(statement)
    )


class _World(dict[str, object]):
    """Globals in which every name stands for a value that takes any operation."""

    def __init__(self, value: Anything, **names: object) -> None:
        super().__init__(names, __builtins__={})
        self._value = value

    def __missing__(self, name: str) -> object:
        return self._value


# -- running ------------------------------------------------------------------------------------------------


@dataclass
class Outcome:
    """How a run went.

    Attributes:
        reached: numbers of the calls that were made.
        seen: lines of the handlers that saw the fault, in order.
        end: ``returned``, ``runs on``, ``escaped``, ``raised NAME``, or ``artifact``.

    """

    reached: set[int] = field(default_factory=set)
    seen: list[int] = field(default_factory=list)
    end: str = ""


def run_once(made: Runnable, pattern: int, number: int | None, fault: BaseException | None) -> Outcome:
    """Run a harmless function.

    Args:
        made: the function.
        pattern: how tests are answered: 0 all true, 1 all false, 2 and 3 in turn, others at random.
        number: of the call that raises, the first time; None for none.
        fault: what it raises.

    Returns:
        How it went.

    """
    outcome = Outcome()
    chance = random.Random(pattern)  # the same answers in every run of a pattern
    steps = 0
    injected = False

    def step() -> None:
        nonlocal steps
        steps += 1
        if steps > STEPS:
            raise _Stop

    def truth() -> bool:
        step()
        if pattern < 2:
            return pattern == 0
        return bool((steps + pattern) % 2) if pattern < 4 else chance.random() < 0.5

    value = Anything(truth)

    def stub(at: int = -1, *arguments: object) -> Anything:
        nonlocal injected
        step()
        for argument in arguments[0] if arguments and isinstance(arguments[0], tuple) else ():
            if isinstance(argument, types.GeneratorType):
                list(argument)  # as sum and join do
        if at >= 0:
            outcome.reached.add(at)
        if at == number and fault is not None and not injected:
            injected = True
            raise fault
        return value

    def seen(line: int) -> None:
        error = sys.exc_info()[1]
        if isinstance(error, _Stop | _Artifact):
            raise error
        if fault is not None and injected:
            outcome.seen.append(line)

    def instance(kinds: tuple[type[BaseException], ...]) -> BaseException:
        kind = kinds[0]
        return kind.__new__(kind, "raised") if not issubclass(kind, UnicodeError) else UnicodeError("raised")

    world = _World(
        value,
        __stub__=stub,
        __value__=lambda *_: value,
        __log__=lambda: None,  # no step: the tests after it are to have the same answers
        __seen__=seen,
        __suppress__=lambda kinds: contextlib.suppress(*kinds),
        __instance__=instance,
        **made.kinds,
    )
    exec(made.code, world)
    function = world["__function__"]
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        result = function()  # type: ignore[operator]  # what was compiled above
        _exhaust(result)
        outcome.end = "returned"
    except _Stop:
        outcome.end = "runs on"
    except _Artifact:
        outcome.end = "artifact"
    except BaseException as error:  # noqa: BLE001  # what gets out is the result
        outcome.end = "escaped" if error is fault else f"raised {type(error).__name__}"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return outcome


def _exhaust(result: object) -> None:
    """Run a coroutine or generator to its end."""
    if isinstance(result, types.CoroutineType):
        try:
            while True:
                result.send(None)
        except StopIteration:
            return
    if isinstance(result, types.GeneratorType):
        for _ in result:
            pass
    if isinstance(result, types.AsyncGeneratorType):
        with contextlib.suppress(StopAsyncIteration):
            while True:
                _exhaust(result.__anext__())


# -- checking -----------------------------------------------------------------------------------------------


def check(script: Script, tally: Tally, *, broken: bool = False) -> None:
    """Raise everything in every call of the bodies under a script's narrowed handlers and note the disagreements.

    Args:
        script: the script.
        tally: where to count.
        broken: take one type away from each handler, to see that this is noticed.

    """
    classes = Classes(script.engine)
    if broken:
        sites = tuple(
            Site(site.owner, site.handler, site.edit, site.types[1:] or ("NotImplementedError",))
            for site in script.sites
        )
        script = Script(script.module, script.engine, script.knowledge, script.types, sites)
    for site in script.sites:
        tally.handlers += 1
        targets = targets_of(site.owner)
        numbers: dict[ast.AST, int] = {target: at for at, target in enumerate(targets)}
        before = runnable(script, site.owner, numbers, classes, after=False)
        after = runnable(script, site.owner, numbers, classes, after=True)
        patterns = _patterns(before, len(targets))
        for target in targets:
            tally.calls += 1
            text = f"{script.module.source.path.name}:{site.handler.lineno} `{' '.join(ast.unparse(target).split())[:60]}`"
            pattern = patterns.get(numbers[target])
            if pattern is None:
                tally.unreached.append(text)
                continue
            for name in faults_of(target, site, script):
                tally.faults += 1
                fault = classes.instance(name)
                old = run_once(before, pattern, numbers[target], fault)
                new = run_once(after, pattern, numbers[target], fault)
                tally.swallowed += site.handler.lineno in old.seen
                if (old.seen, old.end) != (new.seen, new.end):
                    note = f"{text} {name}: {_said(old)} before, {_said(new)} after"
                    tally.disagreements.append((note, _cause(target, name, site, script)))
            for name in CONTROLS:
                tally.controls += 1
                new = run_once(after, pattern, numbers[target], classes.instance(name))
                if site.handler.lineno in new.seen:
                    tally.disagreements.append((f"{text} {name}: {_said(new)} after", "not known"))


def _enclosing(module: Module, owner: ast.Try) -> ast.AST:
    """Return the function around a statement, or the top-level statement that holds it."""
    node: ast.AST = owner
    for parent in module.ancestors(owner):
        if isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef):
            return parent
        if isinstance(parent, ast.Module | ast.ClassDef):
            return node
        node = parent
    return node


def _patterns(made: Runnable, count: int) -> dict[int, int]:
    """Find for each numbered call a pattern that reaches it."""
    found: dict[int, int] = {}
    for pattern in range(PATTERNS):
        outcome = run_once(made, pattern, None, None)
        if outcome.end == "artifact":
            continue
        for number in outcome.reached:
            found.setdefault(number, pattern)
        if len(found) == count:
            break
    return found


def _said(outcome: Outcome) -> str:
    handlers = ", ".join(f"line {line}" for line in outcome.seen)
    return f"{outcome.end}{f' (caught in {handlers})' if handlers else ''}"


def _cause(target: ast.AST, name: str, site: Site, script: Script) -> str:
    """Say why the types leave out what a row says, as far as that is known."""
    engine = script.engine
    block = engine.flow.block(site.owner, engine.unit.enclosing(site.owner))
    raised = infer(engine, block).names
    if not any(effect.node is target for effect in block.effects):
        return "the analysis takes the call for one that is never reached, or its row for one that does not apply"
    if engine.hierarchy.is_caught(name, raised):
        return "another clause of the statement takes it"
    return "not known"


# -- what is checked ----------------------------------------------------------------------------------------


def workers(knowledge: Knowledge, *, broken: bool = False) -> Tally:
    """Check the sample workers.

    Args:
        knowledge: the rows.
        broken: take one type away from each handler.

    Returns:
        What was tried.

    """
    tally = Tally()
    for path in sorted(WORKERS.glob("*.py")):
        module = module_of(path, path.read_text(encoding="utf-8"))
        assert module is not None, path
        check(script_of(module, knowledge), tally, broken=broken)
    return tally


def library(knowledge: Knowledge, limit: int) -> Tally:
    """Check cases from the standard library: every n-th, so that they come from all of it."""
    tally = Tally()
    found: list[Case] = [case for file in standard_library() for case in cases_of(file, knowledge)]
    random.Random(0).shuffle(found)
    for case in found:
        if tally.handlers >= limit:
            break
        module = module_of(case.file.path, case.text)
        if module is not None:
            module.handlers = [handler for handler in module.handlers if handler.lineno == case.line]
            check(script_of(module, knowledge, case.line), tally)
    return tally


def _print(what: str, tally: Tally) -> None:
    print(
        f"{what}: {tally.handlers} narrowed handlers, {tally.calls} calls ({len(tally.unreached)} not reached), "
        f"{tally.faults} faults ({tally.swallowed} swallowed before), {tally.controls} controls, "
        f"{len(tally.disagreements)} disagreements"
    )
    for note, cause in tally.disagreements:
        print(f"  {note}\n      cause: {cause}")


def main() -> int:
    """Run the checks."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--cases", type=int, default=200, help="cases from the standard library (default: 200)"
    )
    parser.add_argument("--unreached", action="store_true", help="list the calls that no pattern reaches")
    options = parser.parse_args()
    warnings.simplefilter("ignore")  # of old modules, and of coroutines that a fault ends
    signal.signal(signal.SIGALRM, _out_of_time)
    knowledge = Knowledge()
    own = workers(knowledge)
    tallies = [own]
    _print("sample workers", own)
    if options.cases:
        tallies.append(library(knowledge, options.cases))
        _print("standard library", tallies[-1])
    control = workers(knowledge, broken=True).disagreements
    print(f"control: with one type of each handler taken away, {len(control)} disagreements")
    if options.unreached:
        print("\n".join(f"not reached: {text}" for tally in tallies for text in tally.unreached))
    unexplained = [note for tally in tallies for note, cause in tally.disagreements if cause == "not known"]
    return 1 if own.disagreements or unexplained or not control else 0


def _out_of_time(_number: int, _frame: object) -> None:
    raise _Stop


if __name__ == "__main__":
    sys.exit(main())
