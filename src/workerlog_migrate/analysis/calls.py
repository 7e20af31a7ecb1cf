"""What a call raises and gives: callees found through values, rows applied under the conditions of their arguments.

Input: a call and a ``Frame``. Output: its ``Value``; effects go to the frame's sink: exceptions of rows, edges to
functions of the program, unresolved calls. Migrated code is read as what it wraps: ``retrying(open)(p)`` is
``open(p)``, ``mirror_print(logger.info, x)`` is ``print(x)``, so that a second run finds what the first one found.
"""

# ruff: noqa: ARG002  # the functions of a dispatch table share one signature
from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from workerlog_migrate.analysis import values
from workerlog_migrate.analysis.exceptions import BROAD, ROOT
from workerlog_migrate.analysis.expressions import RESUMING
from workerlog_migrate.analysis.frames import Edge, Frame, Raise, Unknown
from workerlog_migrate.analysis.header import runtime_name
from workerlog_migrate.analysis.kinds import is_tried
from workerlog_migrate.analysis.program import ClassInfo, FunctionInfo, Unit
from workerlog_migrate.analysis.settle import SETTLE, how_to_settle
from workerlog_migrate.analysis.values import ANY, BOTTOM, JSON, NONE, Type, Value
from workerlog_migrate.syntax.literals import is_none

if TYPE_CHECKING:
    from workerlog_migrate.analysis.engine import Engine
    from workerlog_migrate.knowledge import CallRow, Condition

Special = Callable[["Arguments", ast.expr, Frame], Value]

CONTEXT_MAKERS = frozenset({"contextlib.contextmanager", "contextlib.asynccontextmanager"})
_OF_ARGUMENTS = frozenset({"converted", "none-able", "passed", "shape:json", "unsettled"})
_OF_PARAMETERS = frozenset({"absent", "given", "true"})
_SUPPRESS = "contextlib.suppress"


class Arguments:
    """The arguments of one call, by name and position.

    Args:
        node: the call; None when the values are not known (a callback).
        frame: where it stands.
        positional, keywords: the expressions, possibly after leading ones were taken away.

    """

    __slots__ = ("_engine", "_frame", "_memo", "keywords", "node", "positional", "receiver_node", "starred")

    def __init__(self, engine: Engine, node: ast.Call | None, frame: Frame, skip: int = 0) -> None:
        self._engine = engine
        self._frame = frame
        self.node = node
        self.positional: list[ast.expr] = [] if node is None else node.args[skip:]
        self.keywords = {} if node is None else {word.arg: word.value for word in node.keywords if word.arg}
        self.starred = node is None or (
            any(isinstance(entry, ast.Starred) for entry in self.positional)
            or any(word.arg is None for word in node.keywords)
        )
        self.receiver_node: ast.expr | None = None
        self._memo: dict[ast.expr, Value] = {}

    @property
    def is_empty(self) -> bool:
        """Whether the call passes nothing at all."""
        return not (self.positional or self.keywords or self.starred)

    def value(self, node: ast.expr) -> Value:
        """Return an argument's value; it is evaluated once, with its effects."""
        found = self._memo.get(node)
        if found is None:
            found = self._memo[node] = self._engine.expressions.value(node, self._frame)
        return found

    def know(self, node: ast.expr, value: Value) -> None:
        """Say what an argument is, so that it is not evaluated."""
        self._memo[node] = value

    def evaluate(self) -> None:
        """Evaluate every argument, for the effects."""
        for node in self.positional:
            self.value(node)
        if self.node is not None:
            for word in self.node.keywords:
                value = self.value(word.value)
                if word.arg is None:
                    self._engine.expressions.unpack_mapping(value, word.value, self._frame)

    def find(self, name: str, params: tuple[str, ...]) -> list[ast.expr]:
        """Return the expressions passed for a parameter: one, or several for the last of a variadic function.

        ``**`` stands for the mappings that are unpacked.
        """
        if name in self.keywords:
            return [self.keywords[name]]
        if name == "**":
            return (
                [] if self.node is None else [word.value for word in self.node.keywords if word.arg is None]
            )
        if name not in params:
            return []
        at = params.index(name)
        plain: list[ast.expr] = []
        for entry in self.positional:
            if isinstance(entry, ast.Starred):
                break
            plain.append(entry)
        if at == len(params) - 1 and len(params) == 1:
            return plain
        return plain[at : at + 1]


class Calls:
    """Evaluates calls.

    Args:
        engine: the analysis that this belongs to.

    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._knowledge = engine.knowledge
        self._canonical: dict[str, str] = {}
        self._specials: dict[str, Special] = {
            "print": self._print,
            "worker_logger.mirror_print": self._mirror,
            "worker_logger.log_ignored": self._nothing,
            "worker_logger.expect_only": self._safe_bool,
            "worker_utils.retry_with_backoff": self._retry,
            "functools.partial": self._partial,
            "functools.wraps": self._transparent,
            "super": self._super,
            "getattr": self._getattr,
            "int": self._int,
            "iter": self._iter,
            "zip": self._zip,
            "dict": self._dict,
            "type": self._type,
            "isinstance": self._is_instance,
            "hasattr": self._safe_bool,
            "contextlib.closing": self._closing,
            "collections.defaultdict": self._default_dict,
            "collections.namedtuple": self._named_tuple,
            _SUPPRESS: self._suppress,
            "importlib.import_module": self._import_module,
            "copy.copy": self._same,
            "worker_logger.setup_worker_logger": self._logger,
            "worker_logger.setup_worker_logging": self._path,
            "worker_logger.get_worker_log_path": self._path,
            "worker_utils.setup_logger": self._logger,
            "worker_utils.setup_worker_logger": self._logger,
            "worker_utils.notify_critical": self._safe_bool,
        }

    # -- entry points ---------------------------------------------------------------------------------------

    def call(self, node: ast.Call, frame: Frame) -> Value:
        """Return what a call gives, and put what it can raise into the frame's sink."""
        arguments = Arguments(self._engine, node, frame)
        callee = self.callee(node, frame)
        if self._is_counted_elsewhere(node.func, frame):
            callee = BOTTOM
        if isinstance(node.func, ast.Attribute):
            arguments.receiver_node = node.func.value
        found = [self.invoke(entry, arguments, node, frame) for entry in callee]
        if frame.sink is not None:
            arguments.evaluate()
            if frame.facts or frame.env:
                self._engine.guards.after_call(node, frame)
                self._engine.changes.after(callee, node, frame)
        return values.join(found) if found else self._engine.expressions.nothing

    def callee(self, node: ast.Call, frame: Frame) -> Value:
        """Return what is called."""
        function = node.func
        if isinstance(function, ast.Attribute):
            if frame.env is not None:
                path = frame.unit.path(function)
                if path is not None and path in frame.env:
                    return frame.env[path]
            receiver = self._engine.expressions.value(function.value, frame)
            if frame.env is not None and isinstance(function.value, ast.Call):
                receiver = self._engine.expressions.told(receiver, function.value, frame)
            return self._engine.expressions.attribute(receiver, function.attr, node, frame, called=True)
        return self._engine.expressions.value(function, frame)

    def name(self, node: ast.Call, frame: Frame) -> str | None:
        """Return the row name of a call's callee: ``open``, ``pathlib.Path.read_text``; None when unknown or local."""
        found: set[str | None] = set()
        for entry in self.callee(node, frame):
            found.add(self._row_name(entry))
        return found.pop() if len(found) == 1 else None

    def row(self, node: ast.Call, frame: Frame) -> CallRow | None:
        """Return the row of what is called; of a method of something unknown that of its bare name."""
        name = self.name(node, frame)
        if name is not None:
            return self._knowledge.call(name)
        return self._knowledge.bare_method(node.func.attr) if isinstance(node.func, ast.Attribute) else None

    def _row_name(self, entry: Type) -> str | None:
        if entry.name == "dotted":
            return str(entry.ref)
        if entry.name == "bound" and isinstance(entry.ref, tuple):
            type_name, method = entry.ref
            if type_name == "*":
                return None
            row = self._knowledge.method(type_name, method)
            return row.name if row is not None else f"{type_name}.{method}"
        return None

    def canonical(self, dotted: str) -> str:
        """Return the name under which a dotted name has its row: runtime names without dots, ``builtins.x`` as ``x``."""
        found = self._canonical.get(dotted)
        if found is None:
            found = runtime_name(dotted) or dotted.removeprefix("builtins.")
            self._canonical[dotted] = found
        return found

    # -- invocation -----------------------------------------------------------------------------------------

    def invoke(self, entry: Type, arguments: Arguments, node: ast.expr, frame: Frame) -> Value:
        """Call one alternative of a callee."""
        match entry.name:
            case "dotted":
                return self._invoke_dotted(str(entry.ref), arguments, node, frame)
            case "function" | "method" | "unbound" if isinstance(entry.ref, FunctionInfo):
                if frame.sink is not None and not self._engine.shapes.fits(
                    entry.ref, arguments, is_bound=entry.name == "method"
                ):
                    self._engine.expressions.operation("op:arguments", node, frame)
                return self._invoke_function(entry.ref, arguments, node, frame)
            case "class":
                assert isinstance(entry.ref, ClassInfo)
                return self._construct(entry.ref, arguments, node, frame)
            case "bound":
                assert isinstance(entry.ref, tuple)
                return self._invoke_bound(entry, arguments, node, frame)
            case "partial":
                return values.join(
                    self.invoke(other, Arguments(self._engine, None, frame), node, frame)
                    for other in entry.args[0]
                )
            case "transparent":
                return arguments.value(arguments.positional[0]) if arguments.positional else ANY
            case "contextmaker" if isinstance(entry.ref, FunctionInfo):
                if frame.sink is not None:
                    frame.sink.add(Edge(entry.ref, node, frame.unit))
                    self._invoke_callbacks(entry.ref, arguments, node, frame)
                return values.one("context", self._engine.flat.yields(entry.ref), ref=entry.ref)
            case "foreign":
                self._unknown(node, frame, str(entry.ref), "a decorator that is not known")
                for other in entry.args[0]:
                    self.invoke(other, arguments, node, frame)
                return ANY
            case "safe":
                return NONE
            case "maker":  # super().__new__(cls)
                assert isinstance(entry.ref, ClassInfo)
                return self._engine.flat.kinds("instance", entry.ref)
            case "json":
                self._engine.expressions.operation("op:not-callable-json", node, frame)
                return ANY
            case "None":
                operand = node.func if isinstance(node, ast.Call) else node
                self._engine.expressions.of_none("op:kinds", node, frame, operand)
                return BOTTOM
            case "instance":
                assert isinstance(entry.ref, ClassInfo)
                method = self._engine.flat.method(entry.ref, "__call__")
                if isinstance(method, FunctionInfo):
                    return self._invoke_function(method, arguments, node, frame)
        protocol = self._knowledge.protocol(entry.name, "call")
        if protocol is not None:
            return self._engine.expressions.protocol(entry.name, "call", node, frame) or ANY
        self._unknown(node, frame)
        return ANY

    def invoke_unknown(self, value: Value, node: ast.expr, frame: Frame) -> Value:
        """Call a value with arguments that are not known (a callback)."""
        nothing = Arguments(self._engine, None, frame)
        return values.join(
            self.invoke(entry, nothing, node, frame)
            for entry in value
            if not self._knowledge.is_kind(entry.name, "uncalled")
        )

    def _unknown(self, node: ast.expr, frame: Frame, rule: str = "", note: str = "") -> None:
        name = (rule or _callee_text(node)).lstrip(".")  # without the dots of a relative import
        if frame.sink is not None and not self._taught(name, node, frame):
            frame.sink.add(Unknown(node, frame.unit, name, note))

    def _invoke_dotted(self, name: str, arguments: Arguments, node: ast.expr, frame: Frame) -> Value:
        if self._taught(name, node, frame):
            row = self._knowledge.call(name)
            return ANY if row is None else self._row_value(row, arguments, None, frame)
        special = self._specials.get(name)
        if special is not None:
            return special(arguments, node, frame)
        if name == _NAMED_TUPLE and self._engine.shapes.misses_parts(arguments, frame.unit):
            self._engine.expressions.operation("op:arguments", node, frame)
        hierarchy = self._engine.hierarchy
        if hierarchy.is_exception(name):
            return values.one(hierarchy.canonical(name))
        row = self._knowledge.call(name)
        if row is not None:
            return self.apply(row, arguments, None, node, frame)
        if self._knowledge.type(name) is not None:  # a type that is known, made in a way that is not
            self._unknown(node, frame, name)
            return self._engine.expressions.substitute(values.parse(name), None, None)
        # os.environ.get, sys.stdout.write: a method of a module's data attribute.
        owner, _, method = name.rpartition(".")
        if owner and self._knowledge.type(owner) is not None:
            inherited = self._knowledge.method(owner, method)
            if inherited is not None:
                return self.apply(inherited, arguments, values.one(owner), node, frame)
        self._unknown(node, frame, name)
        return ANY

    def _invoke_function(
        self, function: FunctionInfo, arguments: Arguments, node: ast.expr, frame: Frame
    ) -> Value:
        if self._taught(function.name, node, frame):
            return self._engine.flat.returns(function)
        is_decorator = self._engine.flat.is_decorator(function)
        if frame.sink is not None:
            self._decorated_call(function, arguments, node, frame)
            weak = self._engine.flat.is_placeholder(function)
            frame.sink.add(Edge(function, node, frame.unit, is_weak=weak))
            if not is_decorator:
                self._invoke_callbacks(function, arguments, node, frame)
        if is_decorator and arguments.positional:
            # What it returns calls what it was given: both count when the result is called.
            return self._engine.flat.returns(function) | arguments.value(arguments.positional[0])
        if frame.sink is not None:
            receiver = (
                node.func.value
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
                else None
            )
            on_self = isinstance(receiver, ast.Name) and receiver.id in ("self", "cls")
            is_super = isinstance(receiver, ast.Call) and ast.unparse(receiver.func) == "super"
            if not is_super and self._engine.flat.is_open(function, on_self=on_self):
                self._unknown(node, frame, function.name, "it is there to be overridden")
        if frame.env is None:
            return self._engine.flat.returns(function)
        return self._engine.flow.returns(function, frame.function)

    def _decorated_call(
        self, function: FunctionInfo, arguments: Arguments, node: ast.expr, frame: Frame
    ) -> None:
        """Add what decorators of the standard library do at each call: hash the arguments, choose among functions."""
        marks = self._marks_of(function)
        if "hashes" in marks:
            for passed in (*arguments.positional, *arguments.keywords.values()):
                if values.names(arguments.value(passed)) & _UNHASHABLE:
                    self._engine.expressions.operation("op:hash", passed, frame)
        if "dispatches" in marks and frame.sink is not None:
            for registered in self._registered(function):
                frame.sink.add(Edge(registered, node, frame.unit))

    def _marks_of(self, function: FunctionInfo) -> frozenset[str]:
        """Return the marks of the decorators of a function."""
        found: set[str] = set()
        for decorator in getattr(function.node, "decorator_list", ()):
            maker = decorator.func if isinstance(decorator, ast.Call) else decorator
            dotted = function.unit.module.qualified(maker)
            row = None if dotted is None else self._knowledge.call(dotted)
            if row is not None:
                found.update(row.marks)
        return frozenset(found)

    def _registered(self, function: FunctionInfo) -> list[FunctionInfo]:
        """Return the functions of the same file that are registered at one which chooses by the type of its argument."""
        module = function.unit.module
        found: list[FunctionInfo] = []
        for attribute in module.attributes_of("register"):
            if not isinstance(attribute.value, ast.Name) or attribute.value.id != function.name:
                continue
            parent = module.parents[attribute]
            decorator = parent if isinstance(parent, ast.Call) and parent.func is attribute else attribute
            owner = module.parents[decorator]
            if isinstance(owner, ast.FunctionDef) and decorator in owner.decorator_list:
                found.append(function.unit.function(owner))
            elif isinstance(decorator, ast.Call) and len(decorator.args) > 1:
                value = self._engine.flat.value(decorator.args[1], function.unit)
                found.extend(entry.ref for entry in value if isinstance(entry.ref, FunctionInfo))
        return found

    def _invoke_callbacks(
        self, function: FunctionInfo, arguments: Arguments, node: ast.expr, frame: Frame
    ) -> None:
        """Count what is passed to a function of another file where it is passed, if the function calls it.

        The calls of other files are not looked at, so the function itself does not know what its parameters are.
        """
        if function.unit is self._engine.unit or not function.callbacks:
            return
        if arguments.node is None:
            self._unknown(node, frame, function.name, "it calls what it is given, and that is not known here")
            return
        bound = function.owner is not None and function.kind != "static"
        params = tuple(argument.arg for argument in function.parameters[bound:])
        for name in function.callbacks:
            passed = arguments.find(name, (*params, ""))
            default = self._engine.flat.default(function, name)
            if passed:
                value = arguments.value(passed[0])
            elif default is not None and not arguments.starred:
                value = default
            else:
                self._unknown(node, frame, f"{function.name}.{name}", "it calls what it is given")
                continue
            self.invoke_unknown(values.without_none(value), node, frame)

    def _is_counted_elsewhere(self, node: ast.expr, frame: Frame) -> bool:
        """Whether a callee is a parameter of a function of another file: counted where that function is called."""
        if frame.unit is self._engine.unit or not isinstance(node, ast.Name):
            return False
        module = frame.unit.module
        found = module.lookup(node.id, module.scope(node))
        if found is None or any(binding.kind != "parameter" for binding in found[1]):
            return False
        owner = found[0].node
        if owner is frame.function.node:
            return node.id in frame.function.callbacks
        return isinstance(owner, ast.FunctionDef | ast.AsyncFunctionDef) and self._engine.flat.is_decorator(
            frame.unit.function(owner)
        )

    def _construct(self, info: ClassInfo, arguments: Arguments, node: ast.expr, frame: Frame) -> Value:
        flat = self._engine.flat
        made = values.one("instance", ref=info)
        is_exception = flat.exception_name(info) is not None
        if frame.sink is None:
            return made
        self._engine.shapes.constructed(info, arguments, node, frame)
        resolved = False
        for name in ("__new__", "__init__", "__post_init__"):
            method = flat.method(info, name)
            if isinstance(method, FunctionInfo):
                frame.sink.add(Edge(method, node, frame.unit))
                self._invoke_callbacks(method, arguments, node, frame)
                resolved = True
        if resolved or is_exception:
            return made
        for base in flat.family(info)[1:]:
            if base is None:
                if not self._taught(info.name, node, frame):
                    self._unknown(node, frame, info.name, "a base class is not known")
                return made
            if isinstance(base, str):
                row = self._knowledge.call(base)
                if row is not None:
                    self.apply(row, arguments, None, node, frame)
                    return made
        return made

    def _invoke_bound(self, entry: Type, arguments: Arguments, node: ast.expr, frame: Frame) -> Value:
        assert isinstance(entry.ref, tuple)
        type_name, method = entry.ref
        receiver = entry.args[0]
        if (
            method in ("exception", "result")
            and type_name == "concurrent.futures.Future"
            and _cancels(frame.unit)
        ):
            self._engine.expressions.operation("op:future-cancelled", node, frame)
        if type_name == "generator" and method in RESUMING:
            return self._resumed(entry, method, arguments, node, frame)
        row = self._knowledge.method(type_name, method) if type_name != "*" else None
        if row is not None and (row.remembers or row.recalls):
            return self._future(row, entry, arguments, node, frame)
        for name in (f"{type_name}.{method}", f"*.{method}"):
            if self._taught(name, node, frame):
                return ANY if row is None else self._row_value(row, arguments, receiver, frame)
        if row is not None:
            return self.apply(row, arguments, receiver, node, frame)
        if type_name == "json":
            self._engine.expressions.operation("op:method-json", node, frame)
            return self._of_data(method, arguments, node, frame)
        bare = self._bare(method, arguments, frame)
        if bare is not None:
            subject = arguments.receiver_node
            settle = "" if subject is None else how_to_settle(subject, frame)
            note = f"{_BY_NAME}; {SETTLE}{settle}" if settle else _BY_NAME
            self._unknown(node, frame, f"{type_name}.{method}", note)
            return self.apply(bare, arguments, receiver, node, frame)
        self._unknown(node, frame, f"{type_name}.{method}")
        return ANY

    def _resumed(self, entry: Type, method: str, arguments: Arguments, node: ast.expr, frame: Frame) -> Value:
        """``send``, ``close`` and ``throw`` run a generator on; what is thrown comes back, if it is not caught there."""
        found: list[Value] = []
        for receiver in entry.args[0]:
            function = receiver.ref
            if not isinstance(function, FunctionInfo) or method == "throw":
                self._unknown(node, frame, f"generator.{method}")
            if isinstance(function, FunctionInfo):
                found.append(self._engine.flat.yields(function))
                if frame.sink is not None:
                    frame.sink.add(Edge(function, node, frame.unit))
        if method == "close":
            return NONE
        self._engine.expressions.operation("op:generator-ends", node, frame)
        return values.join(found) or ANY

    def _of_data(self, method: str, arguments: Arguments, node: ast.expr, frame: Frame) -> Value:
        """Call a method of data of an open shape: that of each builtin type which has one; what comes out is data again."""
        found: list[Value] = []
        for made in _DATA:
            (entry,) = made
            row = self._knowledge.method(entry.name, method)
            if row is not None:
                found.append(self.apply(row, arguments, made, node, frame))
        if not found:  # nobody calls that of data: it is something else
            self._unknown(node, frame, f"*.{method}")
            return ANY
        value = values.join(found)
        return (value - ANY) | JSON if value >= ANY else value

    def _bare(self, method: str, arguments: Arguments, frame: Frame) -> CallRow | None:
        """Return the row for a method on a receiver of unknown type.

        A row of its own speaks of calls with keywords that the parameters of the common one do not have, and one of calls
        with nothing at all. Of exceptions of several libraries that share a method name, those count whose library the file
        imports; what is only ever of libraries is not known where the file imports none of them, and a name that things of
        another kind have, too, where the file makes such things.
        """
        row = self._knowledge.bare_method(method)
        if row is not None and not row.awaitable and self._is_awaited(arguments, frame):
            return None  # no method of a dict, list, text or lock is awaited
        if row is not None and not arguments.keywords.keys() <= set(row.params):
            row = self._knowledge.bare_method(f"{method}/keywords") or row
        elif row is not None and arguments.is_empty:
            row = self._knowledge.bare_method(f"{method}/nothing") or row
        if row is not None and any(map(frame.unit.module.calls_of, row.unless_called)):
            return None
        tops = {name.partition(".")[0] for name in row.raises if "." in name} if row is not None else set()
        if row is None or (len(tops) < 2 and not row.of_imported):
            return row
        imported = {top for top in tops if frame.unit.imports_any_of(top)}
        if not imported:
            return None if row.of_imported else row
        kept = tuple(name for name in row.raises if "." not in name or name.partition(".")[0] in imported)
        return replace(row, raises=kept)

    def _is_awaited(self, arguments: Arguments, frame: Frame) -> bool:
        node = arguments.node
        return node is not None and isinstance(frame.unit.module.parents.get(node), ast.Await)

    def _future(self, row: CallRow, entry: Type, arguments: Arguments, node: ast.expr, frame: Frame) -> Value:
        """``pool.submit(f)`` remembers ``f``; ``result()`` raises what ``f`` does, and its own timeout."""
        made = self.apply(row, arguments, entry.args[0], node, frame)
        if row.remembers:
            passed = arguments.find(row.remembers, row.params)
            if not passed:
                return made
            return values.one(row.returns, ref=arguments.value(passed[0]))
        found: list[Value] = []
        for receiver in entry.args[0]:
            if isinstance(receiver.ref, frozenset):
                found.append(self.invoke_unknown(receiver.ref, node, frame))
            else:
                self._unknown(node, frame, row.name, "what it was made of is not known")
        return made if row.returns else values.join(found) or ANY

    def _taught(self, name: str, node: ast.expr, frame: Frame) -> bool:
        """Apply what the user taught about a callee; whether there was something."""
        taught = self._engine.taught
        name = name.lstrip(".")
        if not taught or name not in taught:
            return False
        if frame.sink is not None:
            for exception in taught[name]:
                canonical = self._engine.hierarchy.canonical(exception)
                frame.sink.add(Raise(canonical, node, frame.unit, name, "[tool.workerlog-migrate.raises]"))
        return True

    # -- rows -----------------------------------------------------------------------------------------------

    def apply(
        self, row: CallRow, arguments: Arguments, receiver: Value | None, node: ast.expr, frame: Frame
    ) -> Value:
        """Apply a row to a call: effects to the sink, the value returned."""
        sink = frame.sink
        if sink is not None:
            for exception in row.raises:
                sink.add(Raise(exception, node, frame.unit, row.name, row.source, row.note))
            for when in row.when:
                if when.raises and self._holds(when.condition, row, arguments, receiver) is not False:
                    note = _describe(when.condition)
                    weak = self._is_of_unset(when.condition, row, arguments, frame)
                    for exception in when.raises:
                        sink.add(Raise(exception, node, frame.unit, row.name, row.source, note, weak))
            for parameter in row.calls:
                for passed in arguments.find(parameter, row.params):
                    value = arguments.value(passed)
                    if value != NONE:
                        self.invoke_unknown(values.without_none(value), passed, frame)
            self._typed_arguments(row, arguments, frame)
            self._used_arguments(row, arguments, node, frame)
            self._engine.hooks.handed_over(row, arguments, node, frame)
            self._worked_on(row, arguments, node, frame)
            self._tried(row, arguments, receiver, node, frame)
            if row.special:
                for passed in arguments.positional:
                    self._engine.expressions.special(arguments.value(passed), row.special, passed, frame)
                self._measured(row, arguments, node, frame)
            for passed in self._awaited_arguments(row, arguments):
                if values.is_unknown(arguments.value(passed)) or isinstance(passed, ast.Name | ast.Attribute):
                    self._engine.expressions.awaited(passed, frame)
            self._engine.expressions.suspect_rare(row, node, frame)
            if row.never_returns:
                frame.is_dead = True
        return self._row_value(row, arguments, receiver, frame)

    def _tried(
        self, row: CallRow, arguments: Arguments, receiver: Value | None, node: ast.expr, frame: Frame
    ) -> None:
        """Try a function that only computes on samples of what it is given (see ``kinds``)."""
        if row.name in ("min", "max"):
            for each in arguments.positional:
                self._engine.expressions.special(arguments.value(each), ("__lt__", "__gt__"), each, frame)
        if arguments.starred or not is_tried(row):
            return
        given = [("", each, arguments.value(each)) for each in arguments.positional]
        given += [(word, each, arguments.value(each)) for word, each in arguments.keywords.items()]
        self._engine.kinds.called(row, receiver, given, node, frame)

    def _measured(self, row: CallRow, arguments: Arguments, node: ast.expr, frame: Frame) -> None:
        """Say that a builtin which looks for a special method is not known if it is given something opaque.

        What only makes text, a truth value or a number of it asks nothing that people write code for.
        """
        if row.special[0] in _CONVERTS and any(
            values.is_opaque(entry) for passed in arguments.positional for entry in arguments.value(passed)
        ):
            self._engine.expressions.operation("op:convert-unknown", node, frame)
        if row.special[0] not in _ASKS:
            return
        for passed in arguments.positional:
            if isinstance(passed, ast.Starred):
                continue  # unpacking it counts where it stands
            self._engine.expressions.unresolved_if_opaque(
                arguments.value(passed), "op:argument-unknown", node, passed, frame
            )

    def _awaited_arguments(self, row: CallRow, arguments: Arguments) -> list[ast.expr]:
        """Return the arguments that a call awaits."""
        if row.awaits == ("*",):
            return arguments.positional
        return [passed for name in row.awaits for passed in arguments.find(name, row.params)]

    def _typed_arguments(self, row: CallRow, arguments: Arguments, frame: Frame) -> None:
        """Look at what is passed: a generator is run; JSON or None where text or a number is wanted is an error."""
        if row.mistyped:
            for passed in (*arguments.positional, *arguments.keywords.values()):
                if not any(passed in arguments.find(parameter, row.params) for parameter in row.takes_any):
                    self._engine.kinds.mixed(row, arguments.value(passed), passed, frame)
        for passed in arguments.positional:
            value = arguments.value(passed)
            if row.mistyped and not isinstance(passed, ast.Constant):
                self._mistyped_argument(row, passed, value, arguments, frame)
            for entry in value:
                if (
                    entry.name == "generator"
                    and isinstance(entry.ref, FunctionInfo)
                    and frame.sink is not None
                ):
                    frame.sink.add(Edge(entry.ref, passed, frame.unit))

    def _mistyped_argument(
        self, row: CallRow, passed: ast.expr, value: Value, arguments: Arguments, frame: Frame
    ) -> None:
        """Add what a call raises that is given a builtin of another type than it takes."""
        names = values.names(value)
        if isinstance(passed, ast.List | ast.Tuple):
            names = names | values.names(self._engine.expressions.element(value, frame.unit))
        if not names & {"json", "None"} or any(
            passed in arguments.find(parameter, row.params) for parameter in row.takes_any
        ):
            return
        expressions = self._engine.expressions
        if "json" in names and not names & _TEXTS:  # text that may be something else is passed as what it is
            expressions.operation("op:argument-json", passed, frame, raises=row.mistyped)
        if (
            "None" in names
            and not expressions.starts_as_none(passed, frame)
            and not any(passed in arguments.find(parameter, row.params) for parameter in row.takes_none)
        ):
            expressions.operation("op:argument-none", passed, frame, raises=row.mistyped)

    def _worked_on(self, row: CallRow, arguments: Arguments, node: ast.expr, frame: Frame) -> None:
        """Say that a function which iterates, orders or reads what it is given is not known if that is opaque."""
        for parameter in row.works_on:
            for passed in arguments.positional if parameter == "*" else arguments.find(parameter, row.params):
                if not isinstance(passed, ast.Starred):  # unpacking it counts where it stands
                    self._engine.expressions.unresolved_if_opaque(
                        arguments.value(passed), "op:argument-unknown", node, passed, frame
                    )

    def _used_arguments(self, row: CallRow, arguments: Arguments, node: ast.expr, frame: Frame) -> None:
        """Add what the methods raise that a function calls on what it is given: a compressed file is read by ``json.load``."""
        for parameter, method in row.uses.items():
            for passed in arguments.find(parameter, row.params):
                for entry in arguments.value(passed):
                    if isinstance(entry.ref, ClassInfo) and frame.sink is not None:
                        own_method = self._engine.flat.method(entry.ref, method)
                        if isinstance(own_method, FunctionInfo):
                            frame.sink.add(Edge(own_method, node, frame.unit))
                        continue
                    if frame.sink is None or "." not in entry.name:  # text, or nothing that is known
                        continue
                    own = self._knowledge.method(entry.name, method)
                    if own is None:
                        self._unknown(node, frame, f"{entry.name}.{method}")
                        continue
                    for exception in own.raises:
                        if self._engine.hierarchy.is_caught(exception, row.raises):
                            continue
                        frame.sink.add(
                            Raise(
                                exception,
                                node,
                                frame.unit,
                                own.name,
                                own.source,
                                f"it calls `{method}` of `{parameter}`",
                            )
                        )

    def _row_value(self, row: CallRow, arguments: Arguments, receiver: Value | None, frame: Frame) -> Value:
        value = self._given_by_row(row, arguments, receiver, frame)
        defaults = arguments.find("default", row.params) if "default" in row.params else ()
        return self._engine.ducks.with_default(value, defaults[0]) if defaults else value

    def _given_by_row(
        self, row: CallRow, arguments: Arguments, receiver: Value | None, frame: Frame
    ) -> Value:
        found: list[Value] = []
        decided = False
        for when in row.when:
            if not when.returns:
                continue
            holds = self._holds(when.condition, row, arguments, receiver)
            if holds is not False:
                found.append(values.parse(when.returns))
            if holds is True:
                decided = True
                break
        if not decided:
            if row.returns:
                found.append(values.parse(row.returns))
            elif not found:
                return ANY
        substitute = self._engine.expressions.substitute

        def argument(name: str) -> Value:
            if name.startswith("result:"):
                return self._result_of(name.removeprefix("result:"), row, arguments, frame)
            nodes = arguments.find(name, row.params) if name else arguments.positional[:1]
            if not nodes and name == "default" and not arguments.starred:
                return BOTTOM  # nothing stands in for what is missing
            return arguments.value(nodes[0]) if nodes else ANY

        base = receiver
        return values.join(substitute(value, base, argument) for value in found) or ANY

    def _result_of(self, parameter: str, row: CallRow, arguments: Arguments, frame: Frame) -> Value:
        """Return what a function gives that is passed to be called; what it raises counts elsewhere."""
        quiet = Frame(frame.function, frame.env, None)
        found = [
            self.invoke_unknown(arguments.value(passed), passed, quiet)
            for passed in arguments.find(parameter, row.params)
        ]
        return values.join(found) or ANY

    def _is_of_unset(self, condition: Condition, row: CallRow, arguments: Arguments, frame: Frame) -> bool:
        """Whether a condition holds only because what is passed starts as None somewhere else."""
        if condition.test != "none-able":
            return False
        nodes = [node for name in condition.args for node in arguments.find(name, row.params)]
        return bool(nodes) and all(
            self._engine.expressions.starts_as_none(node, frame)
            for node in nodes
            if "None" in values.names(arguments.value(node))
        )

    def _holds(
        self, condition: Condition, row: CallRow, arguments: Arguments, receiver: Value | None
    ) -> bool | None:
        """Whether a condition holds; None when that cannot be told."""
        for unless in condition.unless:
            if self._holds(unless, row, arguments, receiver) is True:
                return False
        others = [self._holds(also, row, arguments, receiver) for also in condition.also]
        if False in others:
            return False
        own = self._holds_itself(condition, row, arguments, receiver)
        return None if own is True and None in others else own

    def _holds_itself(
        self, condition: Condition, row: CallRow, arguments: Arguments, receiver: Value | None
    ) -> bool | None:
        verdict: bool | None = False
        for name in condition.args:
            result = self._test(condition, name, row, arguments, receiver)
            if result is True:
                return True
            if result is None:
                verdict = None
        return verdict

    def _test(
        self, condition: Condition, name: str, row: CallRow, arguments: Arguments, receiver: Value | None
    ) -> bool | None:
        if name == "self":
            nodes = [arguments.receiver_node] if arguments.receiver_node is not None else []
            if condition.test in ("passed", "given"):
                return True
            found = receiver
        else:
            nodes = list(arguments.find(name, row.params))
            found = None
        test = condition.test
        if arguments.node is None and test in _OF_ARGUMENTS:
            return False  # what a callback is given is not known, and that is no evidence
        if not nodes and found is None:
            if arguments.starred and test not in _HOLD_OF_NOTHING:
                return None
            return test in _HOLD_OF_NOTHING
        if condition.values and not test:
            return self._any_value(condition, nodes, arguments)
        if test == "ascii":
            return all(self.is_ascii(node, arguments) for node in nodes)
        return self._test_nodes(condition, nodes, found, arguments)

    def _any_value(self, condition: Condition, nodes: list[ast.expr], arguments: Arguments) -> bool | None:
        verdict: bool | None = False
        for node in nodes:
            constant = self.constant(node, arguments)
            if constant is None and isinstance(node, ast.Name):
                constant = self._engine.sources.only_argument(node, arguments._frame.unit)
            if constant is None:
                verdict = None
            elif any(
                type(entry) is type(constant.value) and entry == constant.value for entry in condition.values
            ):
                return True
        return verdict

    def _test_nodes(
        self, condition: Condition, nodes: list[ast.expr], found: Value | None, arguments: Arguments
    ) -> bool | None:
        test = condition.test
        verdict: bool | None = False
        candidates: list[ast.expr | None] = list(nodes) or [None]
        for node in candidates:
            result = self._test_node(condition, test, node, found, arguments)
            if result is True:
                return True
            if result is None:
                verdict = None
        return verdict

    def _test_node(
        self,
        condition: Condition,
        test: str,
        node: ast.expr | None,
        found: Value | None,
        arguments: Arguments,
    ) -> bool | None:
        constant = self.constant(node, arguments) if node is not None else None
        if constant is None and test in _OF_PARAMETERS and isinstance(node, ast.Name):
            constant = self._engine.sources.only_argument(node, arguments._frame.unit)
        match test:
            case "given":
                if constant is not None:
                    return constant.value is not None and constant.value is not False
                return True
            case "absent":
                return constant is not None and constant.value is None
            case "missing":
                return False
            case "passed":
                return True
            case "true":
                return True if constant is None else bool(constant.value)
            case "literal":
                return node is not None and self._is_literal(node, arguments)
            case "not-literal":
                return node is None or not self._is_literal(node, arguments)
            case "unsettled":
                return node is None or not self._is_settled(node, arguments)
            case "converted":
                return node is not None and self._is_converted(node, arguments)
            case "integer-literal" | "number-literal":
                kind = int if test == "integer-literal" else float
                looped = (
                    [constant] if node is None else self._engine.sources.looped(node, arguments._frame.unit)
                )
                for each in looped or [constant]:
                    if (
                        isinstance(each, ast.Constant)
                        and isinstance(each.value, str)
                        and not _is_number(each.value, kind)
                    ):
                        return False
                return node is not None and self._is_literal(node, arguments)
            case "text-mode" | "binary-mode" | "write-mode":
                if constant is None or not isinstance(constant.value, str):
                    return None
                mode = constant.value
                if test == "text-mode":
                    return "b" not in mode
                if test == "binary-mode":
                    return "b" in mode
                return any(letter in mode for letter in "wax+")
        value = found if found is not None else arguments.value(node) if node is not None else ANY
        names = values.names(value)
        match test:
            case "none-able":
                return "None" in names
            case "shape:json":
                return "json" in names
            case "holds-unknown":
                return _holds_unknown(node, arguments.value)
            case "unpaired":  # what str.split gives, or JSON: of any length
                is_kind = self._knowledge.is_kind
                series = frozenset(entry for entry in value if is_kind(entry.name, "series"))
                element = self._engine.expressions.element(series, arguments._frame.unit)
                return bool(series and values.names(element) & {"json", "list", "str"})
            case "type":
                return any(self._is_a(name, condition.types) for name in names)
            case "not-type":
                plain = names - {"None"}
                return any(not self._is_a(name, condition.types) for name in plain)
        return None

    def _is_a(self, name: str, types: tuple[str, ...]) -> bool:
        if name in types:
            return True
        return name not in ("any", "json") and any(base in types for base in self._knowledge.mro(name))

    def constant(self, node: ast.expr, arguments: Arguments) -> ast.Constant | None:
        """Return the constant that an expression is, also through a name that is bound to it once."""
        if isinstance(node, ast.Constant):
            return node
        if isinstance(node, ast.Name):
            return self.constant_name(node, arguments._frame)
        return None

    def constant_name(self, node: ast.Name, frame: Frame) -> ast.Constant | None:
        """Return the constant that a name is bound to once and for all."""
        module = frame.unit.module
        found = module.lookup(node.id, module.scope(node))
        if found is None or len(found[1]) != 1 or found[1][0].kind != "assign":
            return None
        if found[0] is module.scope_of_module and self._engine.writes.written(frame.unit, node.id):
            return None
        parent = module.parents.get(found[1][0].node)
        if isinstance(parent, ast.Assign | ast.AnnAssign) and isinstance(parent.value, ast.Constant):
            if isinstance(parent, ast.Assign) and found[1][0].node not in parent.targets:
                return None
            return parent.value
        return None

    def _is_converted(self, node: ast.expr, arguments: Arguments, seen: frozenset[str] = frozenset()) -> bool:
        """Whether a number may come out of text, so that it can be of any size: not what the system gave.

        That is an attribute (``child.pid``), what a function of the standard library gives, or a name for these. What is made of
        itself again and again may grow.
        """
        if isinstance(node, ast.Name):
            if node.id in seen:
                return True
            seen |= {node.id}
            module = arguments._frame.unit.module
            made = [module.parents.get(binding.node) for binding in module.bindings(node)]
            return not made or any(
                not isinstance(entry, ast.Assign | ast.AnnAssign | ast.NamedExpr)
                or entry.value is None
                or self._is_converted(entry.value, arguments, seen)
                for entry in made
            )
        if isinstance(node, ast.Call):
            dotted = arguments._frame.unit.module.qualified(node.func) or ""
            return "." not in dotted or self._knowledge.call(dotted) is None
        if isinstance(node, ast.Tuple):
            return any(self._is_converted(entry, arguments, seen) for entry in node.elts)
        if isinstance(node, ast.BinOp):
            return any(self._is_converted(part, arguments, seen) for part in (node.left, node.right))
        if isinstance(node, ast.Subscript):  # what is in something comes from where that does
            return self._is_converted(node.value, arguments, seen)
        return not isinstance(node, ast.Attribute) and not self._is_literal(node, arguments)

    def _is_settled(self, node: ast.expr, arguments: Arguments) -> bool:
        """Whether the program itself says what a value is: literals, defaults of parameters, attributes set to these."""
        return self._settled(node, arguments._frame.unit, set())

    def _settled(self, node: ast.expr, unit: Unit, seen: set[ast.AST]) -> bool:
        if node in seen:
            return True
        seen.add(node)
        if isinstance(node, ast.Constant):
            return True
        if isinstance(node, ast.BoolOp):
            return all(self._settled(part, unit, seen) for part in node.values)
        if isinstance(node, ast.IfExp):
            return self._settled(node.body, unit, seen) and self._settled(node.orelse, unit, seen)
        module = unit.module
        if isinstance(node, ast.Call):  # what Python says of itself: locale.getpreferredencoding()
            dotted = module.qualified(node.func) or ""
            return not node.args and self._knowledge.call(dotted) is not None
        made: list[ast.AST] = []
        if isinstance(node, ast.Name):
            made.extend(binding.node for binding in module.bindings(node))
        elif isinstance(node, ast.Attribute):
            owner = unit.enclosing(node).owner
            if owner is None or not isinstance(node.value, ast.Name) or node.value.id != "self":
                return module.qualified(node) is not None  # sys.stdout.encoding
            made.extend(owner.stores.get(node.attr, ()))
            if node.attr in owner.values:
                return self._settled(owner.values[node.attr], unit, seen) and all(
                    self._is_settled_by(entry, unit, seen) for entry in made
                )
        return bool(made) and all(self._is_settled_by(entry, unit, seen) for entry in made)

    def _is_settled_by(self, made: ast.AST, unit: Unit, seen: set[ast.AST]) -> bool:
        if isinstance(made, ast.arg):
            function = unit.function(unit.module.parents[unit.module.parents[made]])
            default = self._engine.flat.default_of(function, made)
            return default is not None and self._settled(default, unit, seen)
        parent = unit.module.parents.get(made)
        if isinstance(parent, ast.Assign | ast.AnnAssign) and made is not parent.value:
            direct = isinstance(parent, ast.AnnAssign) or made in parent.targets
            return direct and parent.value is not None and self._settled(parent.value, unit, seen)
        return False

    def _is_literal(self, node: ast.expr, arguments: Arguments) -> bool:
        constant = self.constant(node, arguments)
        if constant is not None:
            return not (isinstance(constant.value, str) and "\0" in constant.value)
        if isinstance(node, ast.List | ast.Tuple):
            return all(self._is_literal(entry, arguments) for entry in node.elts)
        looped = self._engine.sources.looped(node, arguments._frame.unit)
        if looped is not None:
            return all(
                isinstance(entry, ast.Constant) and self._is_literal(entry, arguments) for entry in looped
            )
        if isinstance(node, ast.UnaryOp):
            return self._is_literal(node.operand, arguments)
        if isinstance(node, ast.Attribute):
            value = arguments.value(node)
            return values.names(value) == {"dotted"} or (
                frozenset({Type("str")}) == value and _is_module_data(node)
            )
        if isinstance(node, ast.BinOp):
            return self._is_literal(node.left, arguments) and self._is_literal(node.right, arguments)
        return False

    def is_ascii(self, node: ast.expr, arguments: Arguments) -> bool:
        """Whether the printed text of an expression is certainly ASCII: literals, numbers, f-strings of those."""
        if isinstance(node, ast.Constant):
            return str(node.value).isascii()
        if isinstance(node, ast.JoinedStr):
            return all(
                self.is_ascii(part.value if isinstance(part, ast.FormattedValue) else part, arguments)
                for part in node.values
            )
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Add | ast.Mod):
            return self.is_ascii(node.left, arguments) and self.is_ascii(node.right, arguments)
        if isinstance(node, ast.IfExp):
            return self.is_ascii(node.body, arguments) and self.is_ascii(node.orelse, arguments)
        if isinstance(node, ast.Tuple):
            return all(self.is_ascii(entry, arguments) for entry in node.elts)
        if isinstance(node, ast.Call):
            return self._gives_ascii(node, arguments)
        if isinstance(node, ast.Name):
            constant = self.constant(node, arguments)
            if constant is not None:
                return str(constant.value).isascii()
        value = arguments.value(node)
        return bool(value) and self._knowledge.are_all(values.names(value), "plain")

    def _gives_ascii(self, node: ast.Call, arguments: Arguments) -> bool:
        """Whether a call gives ASCII text, or bytes of it, or a number."""
        function = node.func
        row = self.row(node, arguments._frame)
        if row is not None and "ascii" in row.marks:
            return True
        if isinstance(function, ast.Attribute):
            name = function.attr
            if name == "strftime":
                return all(self.is_ascii(entry, arguments) for entry in node.args)
            if name == "encode" and node.args and getattr(node.args[0], "value", "") == "ascii":
                return True
            if row is not None and "keeps-ascii" in row.marks:
                return self.is_ascii(function.value, arguments)
        value = arguments.value(node)
        return bool(value) and self._knowledge.are_all(values.names(value), "plain")

    # -- special callables ----------------------------------------------------------------------------------

    def _print(self, arguments: Arguments, node: ast.expr, frame: Frame) -> Value:
        self._printed(arguments, node, frame)
        return NONE

    def _printed(self, arguments: Arguments, node: ast.expr, frame: Frame) -> None:
        if frame.sink is None:
            return
        target = arguments.keywords.get("file")
        if target is not None and not is_none(target):
            name = frame.unit.module.qualified(target)
            if name not in (*_STDOUT, *_STDERR):
                value = self._engine.expressions.attribute(
                    arguments.value(target), "write", node, frame, called=True
                )
                nothing = Arguments(self._engine, None, frame)
                for entry in value:
                    self.invoke(entry, nothing, node, frame)
                return
        row = self._knowledge.call("print")
        if row is not None and row.special:
            for passed in arguments.positional:
                self._engine.expressions.special(arguments.value(passed), row.special, passed, frame)
        if (
            target is None
            and row is not None
            and arguments.node is not None
            and any(word.arg is None for word in arguments.node.keywords)
        ):
            for when in row.when:  # **options may hold file=
                if "file" in when.condition.args:
                    for exception in when.raises:
                        frame.sink.add(
                            Raise(exception, node, frame.unit, row.name, row.source, "** may hold file=")
                        )
        if row is not None:
            self._separated(row, arguments, node, frame)
        self._engine.expressions.operation("op:print", node, frame)
        words = [arguments.keywords[word] for word in ("sep", "end") if word in arguments.keywords]
        is_lenient = target is not None and frame.unit.module.qualified(target) in _STDERR  # backslashreplace
        if arguments.node is None or not (
            is_lenient or all(self.is_ascii(entry, arguments) for entry in (*arguments.positional, *words))
        ):
            self._engine.expressions.operation("op:print-text", node, frame)

    def _separated(self, row: CallRow, arguments: Arguments, node: ast.expr, frame: Frame) -> None:
        """Count what ``print`` raises for a separator or an end that is seen to be no text, and for a keyword that it has not."""
        if frame.sink is not None and set(arguments.keywords) - _OF_PRINT:
            self._engine.expressions.operation("op:keyword-unknown", node, frame)
        for when in row.when:
            if frame.sink is None or {"sep", "end"}.isdisjoint(when.condition.args):
                continue
            if self._holds(when.condition, row, arguments, None):
                note = _describe(when.condition)
                for exception in when.raises:
                    frame.sink.add(Raise(exception, node, frame.unit, row.name, row.source, note))

    def _mirror(self, arguments: Arguments, node: ast.expr, frame: Frame) -> Value:
        call = arguments.node
        if call is None:
            return NONE
        for method in call.args[:1]:
            arguments.know(method, ANY)  # of a logger that the tool has put there
        inner = Arguments(self._engine, call, frame, skip=1)
        printer = inner.keywords.pop("printer", None)
        if printer is None:
            self._printed(inner, node, frame)
            return NONE
        return values.join(self.invoke(entry, inner, node, frame) for entry in arguments.value(printer))

    def _import_module(self, arguments: Arguments, node: ast.expr, frame: Frame) -> Value:
        """A plug-in's top level runs; a module of the standard library that is named there is like an import of it."""
        made = self._by_row("importlib.import_module", arguments, node, frame)
        top = ""
        match arguments.positional:
            case [ast.Constant(value=str(named)), *_]:
                top = named.partition(".")[0]
        if top not in sys.stdlib_module_names:
            self._unknown(node, frame, "importlib.import_module", "the top level of what it imports runs")
        return made

    def _suppress(self, arguments: Arguments, node: ast.expr, frame: Frame) -> Value:
        return values.one("suppress")

    def _retry(self, arguments: Arguments, node: ast.expr, frame: Frame) -> Value:
        return values.one("transparent")

    def _transparent(self, arguments: Arguments, node: ast.expr, frame: Frame) -> Value:
        return values.one("transparent")

    def _partial(self, arguments: Arguments, node: ast.expr, frame: Frame) -> Value:
        if not arguments.positional:
            return ANY
        return values.one("partial", arguments.value(arguments.positional[0]))

    def _super(self, arguments: Arguments, node: ast.expr, frame: Frame) -> Value:
        current: FunctionInfo | None = frame.function
        while current is not None:
            if current.owner is not None:
                return values.one("super", ref=current.owner)
            current = current.unit.outer(current)
        return ANY

    def _getattr(self, arguments: Arguments, node: ast.expr, frame: Frame) -> Value:
        row = self._knowledge.call("getattr")
        positional = arguments.positional
        for passed in positional[:1]:
            self._engine.expressions.unresolved_if_opaque(
                arguments.value(passed), "op:attribute-unknown", node, passed, frame
            )
        if (
            len(positional) >= 2
            and isinstance(positional[1], ast.Constant)
            and isinstance(positional[1].value, str)
        ):
            quiet = Frame(frame.function, frame.env, None)
            receiver = values.without_none(arguments.value(positional[0]))
            known = self._engine.expressions.attribute(receiver, positional[1].value, node, quiet)
            if len(positional) > 2:
                if receiver and all(
                    entry.name in ("instance", "class")
                    and self._engine.shapes.lacks_attribute(entry.ref, positional[1].value)
                    for entry in receiver
                ):
                    return arguments.value(positional[2])
                return known | arguments.value(positional[2])
            if frame.sink is not None and row is not None and not self._has(receiver, positional[1].value):
                self.apply(row, arguments, None, node, frame)
            return known
        if row is not None:
            self.apply(row, arguments, None, node, frame)
        return ANY

    def _has(self, receiver: Value, name: str) -> bool:
        """Whether every alternative is an instance or class of the program that defines an attribute."""
        return bool(receiver) and all(
            isinstance(entry.ref, ClassInfo)
            and entry.name in ("instance", "class")
            and (name in entry.ref.methods or name in entry.ref.values)
            for entry in receiver
        )

    def _int(self, arguments: Arguments, node: ast.expr, frame: Frame) -> Value:
        row = self._knowledge.call("int")
        if arguments.positional and frame.sink is not None:
            first = arguments.positional[0]
            if _is_float_of_text(first):  # "inf" is a float for float()
                self._engine.expressions.operation("op:int-of-float", node, frame)
        made = values.INT if row is None else self.apply(row, arguments, None, node, frame)
        if arguments.positional and any(
            entry.ref == values.HUGE for entry in arguments.value(arguments.positional[0])
        ):
            return values.one("int", ref=values.HUGE)
        return made

    def _default_dict(self, arguments: Arguments, node: ast.expr, frame: Frame) -> Value:
        """``defaultdict(list)`` gives a list for a key that is missing."""
        made = self._by_row("collections.defaultdict", arguments, node, frame)
        if len(arguments.positional) != 1 or arguments.starred or arguments.keywords:
            return made
        quiet = Frame(frame.function, frame.env, None)
        nothing = Arguments(self._engine, ast.Call(arguments.positional[0], [], []), quiet)
        given = values.join(
            self.invoke(entry, nothing, arguments.positional[0], quiet)
            for entry in arguments.value(arguments.positional[0])
        )
        return values.one("collections.defaultdict", ANY, given or ANY)

    def _iter(self, arguments: Arguments, node: ast.expr, frame: Frame) -> Value:
        if not arguments.positional:
            return values.one("iterator", ANY)
        source = arguments.value(arguments.positional[0])
        if len(arguments.positional) > 1:  # called until it gives the sentinel
            return values.one("iterator", self.invoke_unknown(source, arguments.positional[0], frame))
        return values.one(
            "iterator", self._engine.expressions.iterate(source, arguments.positional[0], frame)
        )

    def _type(self, arguments: Arguments, node: ast.expr, frame: Frame) -> Value:
        if len(arguments.positional) == 1:
            return values.join(map(values.class_of, arguments.value(arguments.positional[0]) or ANY))
        return ANY

    def _safe_bool(self, arguments: Arguments, node: ast.expr, frame: Frame) -> Value:
        return values.BOOL

    def _is_instance(self, arguments: Arguments, node: ast.expr, frame: Frame) -> Value:
        """It fails for a value in the place of a class."""
        if len(arguments.positional) > 1 and frame.sink is not None:
            classes = arguments.value(arguments.positional[1])
            plain = frozenset(
                entry for entry in classes if values.is_builtin(entry) and entry.name != "tuple"
            )
            if plain:
                self._engine.expressions.operation("op:kinds", node, frame)
        return values.BOOL

    def _zip(self, arguments: Arguments, node: ast.expr, frame: Frame) -> Value:
        """``zip(a, b)`` gives tuples of what is in each."""
        made = self._by_row("zip", arguments, node, frame)
        if arguments.starred or not arguments.positional:
            return made
        element = self._engine.expressions.element
        parts = [element(arguments.value(each), frame.unit) for each in arguments.positional]
        return values.one("iterator", values.one("tuple", *parts))

    def _dict(self, arguments: Arguments, node: ast.expr, frame: Frame) -> Value:
        """``dict(pairs)`` has keys and values of the types that the pairs have."""
        made = self._by_row("dict", arguments, node, frame)
        if arguments.starred or arguments.keywords or len(arguments.positional) != 1:
            return made
        pairs = self._engine.expressions.element(arguments.value(arguments.positional[0]), frame.unit)
        if not pairs or any(
            pair.name != "tuple" or pair.ref is not None or len(pair.args) != _PAIR for pair in pairs
        ):
            return made
        keys, items = (values.join(pair.args[at] for pair in pairs) for at in range(_PAIR))
        return values.one("dict", keys, items)

    def _by_row(self, name: str, arguments: Arguments, node: ast.expr, frame: Frame) -> Value:
        row = self._knowledge.call(name)
        return ANY if row is None else self.apply(row, arguments, None, node, frame)

    def _closing(self, arguments: Arguments, node: ast.expr, frame: Frame) -> Value:
        """``with closing(x) as y``: ``y`` is ``x``, and leaving calls its ``close``."""
        return values.one("closing", self._same(arguments, node, frame))

    def _named_tuple(self, arguments: Arguments, node: ast.expr, frame: Frame) -> Value:
        self._by_row("collections.namedtuple", arguments, node, frame)
        return values.one("dotted", ref=_NAMED_TUPLE)

    def _same(self, arguments: Arguments, node: ast.expr, frame: Frame) -> Value:
        return arguments.value(arguments.positional[0]) if arguments.positional else ANY

    def _logger(self, arguments: Arguments, node: ast.expr, frame: Frame) -> Value:
        return values.one("logging.Logger")

    def _path(self, arguments: Arguments, node: ast.expr, frame: Frame) -> Value:
        return values.one("pathlib.Path")

    def _nothing(self, arguments: Arguments, node: ast.expr, frame: Frame) -> Value:
        return NONE

    # -- decorators -----------------------------------------------------------------------------------------

    def decorated(self, value: Value, decorator: ast.expr, info: FunctionInfo) -> Value:
        """Return what a decorator makes of a function.

        Known decorators that only register or wrap leave it as it is; one of the program gives what its inner
        function does; an unknown one gives an unknown callable.
        """
        unit = info.unit
        frame = self._engine.flat.frame(unit, info.node)
        maker = decorator.func if isinstance(decorator, ast.Call) else decorator
        made = self._engine.expressions.value(maker, frame)
        return values.join(self._decorate(entry, value, decorator) for entry in made) or ANY

    def _decorate(self, entry: Type, value: Value, decorator: ast.expr) -> Value:
        if entry.name == "dotted":
            name = str(entry.ref)
            if name in CONTEXT_MAKERS:
                return frozenset(Type("contextmaker", (), other.ref) for other in value)
            row = self._knowledge.call(name)
            special = self._specials.get(name)
            if name in _METHOD_DECORATORS or special is not None or (row is not None and not row.raises):
                return value
            return values.one("foreign", value, ref=name)
        if entry.name in ("transparent", "type"):
            return value
        if entry.name == "function" and isinstance(entry.ref, FunctionInfo):
            made = self._engine.flat.returns(entry.ref)
            if isinstance(decorator, ast.Call):
                made = values.join(
                    self._engine.flat.returns(other.ref)
                    for other in made
                    if other.name == "function" and isinstance(other.ref, FunctionInfo)
                )
            kept = frozenset(other for other in made if other.name not in ("None", "any"))
            if kept and entry.ref.unit is not self._engine.unit:
                return kept | value  # what it makes of the function calls it, as it would any other
            return kept or values.one("foreign", value, ref=entry.ref.name)
        if entry.name == "bound" and isinstance(entry.ref, tuple):
            type_name, method = entry.ref
            row = self._knowledge.method(type_name, method) if type_name != "*" else None
            if row is not None and not row.raises:
                return value
            if method in ("setter", "getter", "deleter"):
                return value
        return values.one("foreign", value, ref=_callee_text(decorator))

    # -- with -----------------------------------------------------------------------------------------------

    def entered(self, value: Value) -> Value:
        """Return what ``with value as x`` binds."""
        found: list[Value] = []
        for entry in value:
            if entry.name in ("context", "closing"):
                found.append(entry.args[0])
            elif entry.name == "instance":
                assert isinstance(entry.ref, ClassInfo)
                method = self._engine.flat.method(entry.ref, "__enter__") or self._engine.flat.method(
                    entry.ref, "__aenter__"
                )
                found.append(
                    self._engine.flat.returns(method)
                    if isinstance(method, FunctionInfo)
                    else frozenset({entry})
                )
            elif entry.name == "None":
                continue
            else:
                row = self._knowledge.protocol(entry.name, "enter")
                if row is None or not row.returns:
                    found.append(ANY)
                else:
                    found.append(
                        self._engine.expressions.substitute(
                            values.parse(row.returns), frozenset({entry}), None
                        )
                    )
        return values.join(found) or self._engine.expressions.nothing

    def enter_and_leave(self, value: Value, node: ast.expr, frame: Frame) -> None:
        """Put what entering and leaving a context manager can raise into the sink."""
        if frame.sink is None:
            return
        for entry in value:
            match entry.name:
                case "context" | "None" | "suppress":
                    continue
                case "instance":
                    assert isinstance(entry.ref, ClassInfo)
                    if self._engine.shapes.lacks(entry.ref, ("__enter__", "__aenter__")):
                        self._engine.expressions.operation("op:with-kinds", node, frame)
                    for name in ("__enter__", "__exit__", "__aenter__", "__aexit__"):
                        method = self._engine.flat.method(entry.ref, name)
                        if isinstance(method, FunctionInfo):
                            frame.sink.add(Edge(method, node, frame.unit))
                case "closing":
                    attribute = self._engine.expressions.attribute
                    close = attribute(entry.args[0], "close", node, frame, called=True)
                    self.invoke_unknown(close, node, frame)
                case _ if values.is_opaque(entry):
                    self._engine.expressions.unresolved("op:with-unknown", node, node, frame)
                case _:
                    entered = self._engine.expressions.protocol(entry.name, "enter", node, frame)
                    self._engine.expressions.protocol(entry.name, "exit", node, frame)
                    if entered is None:
                        self._unknown(node, frame, entry.name, "a context manager of unknown behaviour")

    # -- exception classes ----------------------------------------------------------------------------------

    def exception_names(self, node: ast.expr | None, frame: Frame) -> tuple[tuple[str, ...], bool]:
        """Read the type of an ``except`` clause or the arguments of ``suppress``.

        Args:
            node: the expression; None is a bare ``except``.
            frame: where it stands.

        Returns:
            The canonical names, and whether every entry could be read.

        """
        if node is None:
            return (ROOT,), True
        found: list[str] = []
        complete = True
        stack: list[ast.expr] = [node]
        while stack:
            entry = stack.pop()
            if isinstance(entry, ast.Tuple | ast.List):
                stack.extend(entry.elts)
                continue
            if isinstance(entry, ast.Starred):
                stack.append(entry.value)
                continue
            if isinstance(entry, ast.Name):
                assigned = self._assigned_tuple(entry, frame)
                if assigned is not None:
                    stack.append(assigned)
                    continue
            named = [self.exception_of(kind) for kind in self._engine.expressions.value(entry, frame)]
            if named and all(named):
                found.extend(name for name in named if name)
            else:
                complete = False
        return tuple(dict.fromkeys(found)), complete

    def _assigned_tuple(self, node: ast.Name, frame: Frame) -> ast.expr | None:
        bindings = frame.unit.module.bindings(node)
        if len(bindings) != 1 or bindings[0].kind != "assign":
            return None
        parent = frame.unit.module.parents.get(bindings[0].node)
        if isinstance(parent, ast.Assign) and isinstance(parent.value, ast.Tuple):
            return parent.value
        return None

    def exception_of(self, entry: Type) -> str | None:
        """Return the exception class that a value stands for: the class itself, or the class of an instance."""
        if entry.name == "dotted":
            name = str(entry.ref)
            return (
                self._engine.hierarchy.canonical(name) if self._engine.hierarchy.is_exception(name) else None
            )
        if entry.name in ("class", "instance") and isinstance(entry.ref, ClassInfo):
            return self._engine.flat.exception_name(entry.ref)
        if self._engine.hierarchy.is_exception(entry.name):
            return self._engine.hierarchy.canonical(entry.name)
        return None

    def caught_value(self, handler: ast.ExceptHandler, frame: Frame) -> Value:
        """Return what ``except X as name`` binds; of a broad clause it is known where it comes from, if it is raised again."""
        names, _ = self.exception_names(handler.type, frame)
        where = frame.unit.function(handler)
        found = [
            ANY
            if name.startswith("local:")
            else values.one(name, ref=where if name in (BROAD, ROOT) else None)
            for name in names
        ]
        return values.join(found) or ANY


def _holds_unknown(node: ast.expr | None, value_of: Callable[[ast.expr], Value]) -> bool:
    """Whether a literal, or a dict that was one, was made with something that is not known to be plain data."""
    match node:
        case None:
            return False
        case ast.Dict(values=parts) | ast.List(elts=parts) | ast.Tuple(elts=parts):
            is_literal = (ast.Dict, ast.List, ast.Tuple)
            return any(
                _holds_unknown(part, value_of)
                if isinstance(part, is_literal)
                else _is_no_data(value_of(part))
                for part in parts
            )
    return any(
        isinstance(held, frozenset) and _is_no_data(held)
        for entry in value_of(node)
        if entry.name == "dict" and isinstance(entry.ref, tuple)
        for _, held in entry.ref
    )


def _is_no_data(value: Value) -> bool:
    return any(values.is_opaque(entry) or entry.name not in _PLAIN_DATA for entry in value)


_PLAIN_DATA = frozenset({"None", "bool", "dict", "float", "int", "json", "list", "str", "tuple"})
_OF_PRINT = frozenset({"sep", "end", "file", "flush"})
_STDOUT = ("sys.stdout", "sys.__stdout__")
_STDERR = ("sys.stderr", "sys.__stderr__")
_DATA = (values.one("dict", values.STR, JSON), values.one("list", JSON), values.STR)
_BY_NAME = "a method that is known by its name alone: what it is called on may be anything"
_ASKS = frozenset({"__iter__", "__next__", "__len__", "__abs__", "__reversed__", "__contains__"})
_CONVERTS = frozenset(
    {"__int__", "__float__", "__index__", "__round__", "__pow__", "__divmod__", "__floor__", "__ceil__"}
)
_TEXTS = frozenset({"str", "bytes"})
_PAIR = 2
_UNHASHABLE = frozenset({"json", "list", "dict", "set", "bytearray"})
_NAMED_TUPLE = "collections.namedtuple.class"  # the row of what it makes
_METHOD_DECORATORS = frozenset({"staticmethod", "classmethod", "property", "functools.cached_property"})


def _is_float_of_text(node: ast.expr) -> bool:
    """Whether a node is ``float(x)`` of something that is not written there."""
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "float"
        and bool(node.args)
        and not isinstance(node.args[0], ast.Constant)
    )


def _is_module_data(node: ast.Attribute) -> bool:
    return isinstance(node.value, ast.Name)


def _cancels(unit: Unit) -> bool:
    """Whether a file cancels something: futures that nobody cancels end in a result or in what was raised."""
    return bool(unit.module.attributes_of("cancel")) or "cancel_futures" in unit.module.source.text


def _describe(condition: Condition) -> str:
    """Say in words under which condition a row raises, and which arguments would have ruled it out."""
    names = _quoted(condition.args)
    if condition.values and not condition.test:
        text = f"{names} is {' or '.join(repr(value) for value in condition.values)}"
    elif condition.test in ("passed", "given") and condition.args == ("self",):
        text = ""
    elif condition.test == "type":
        text = f"{names} is {' or '.join(condition.types)}"
    elif condition.test == "not-type":
        text = f"{names} is not known to be {', '.join(condition.types)}"
    else:
        text = _IN_WORDS.get(condition.test, f"{{}} is {condition.test}").format(names)
    against = _quoted(
        name for unless in condition.unless for name in unless.args if name not in condition.args
    )
    return ", ".join(
        part for part in (text, f"no argument {against} rules it out" if against else "") if part
    )


_HOLD_OF_NOTHING = frozenset(
    {"absent", "missing", "text-mode"}
)  # what holds for an argument that is not given
_IN_WORDS = {
    "absent": "{} is not given",
    "ascii": "{} is ASCII",
    "binary-mode": "{} is binary",
    "literal": "{} is a literal",
    "missing": "{} is not given",
    "none-able": "{} may be None",
    "not-literal": "{} is no literal",
    "shape:json": "{} comes from decoded JSON",
    "text-mode": "{} is text",
    "write-mode": "{} is for writing",
}


def _quoted(names: Iterable[str]) -> str:
    return " or ".join(f"`{name}`" for name in dict.fromkeys(names))


def _is_number(text: str, kind: type[int] | type[float]) -> bool:
    try:
        kind(text)
    except ValueError:
        return False
    return True


def _callee_text(node: ast.AST) -> str:
    """Write the callee of a call as dotted text as far as that goes."""
    current: ast.AST = node.func if isinstance(node, ast.Call) else node
    parts: list[str] = []
    while len(parts) < 6:
        if isinstance(current, ast.Attribute):
            parts.append(current.attr)
            current = current.value
        elif isinstance(current, ast.Name):
            parts.append(current.id)
            return ".".join(reversed(parts))
        elif isinstance(current, ast.Call):
            parts.append("()")
            current = current.func
        else:
            break
    return ".".join(["*", *reversed(parts)]) if parts else "*"
