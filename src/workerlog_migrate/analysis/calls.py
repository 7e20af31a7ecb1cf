"""What a call raises and gives: what is called is found through values, and each alternative is called.

Input: a call and a ``Frame``. Output: its ``Value``; effects go to the frame's sink: exceptions of rows, edges to
functions of the program, unresolved calls.
"""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import TYPE_CHECKING

from workerlog_migrate.analysis import other_names, shared_items, values
from workerlog_migrate.analysis.arguments import Arguments
from workerlog_migrate.analysis.attributes import RESUMING
from workerlog_migrate.analysis.frames import CallEdge, Frame
from workerlog_migrate.analysis.program import ClassInfo, FunctionInfo, Unit
from workerlog_migrate.analysis.shapes import NAMED_TUPLE
from workerlog_migrate.analysis.taken import called_as
from workerlog_migrate.analysis.values import ANY, BOTTOM, JSON, NONE, Type, Value
from workerlog_migrate.syntax.literals import is_none
from workerlog_migrate.syntax.yields import yields_when_closed

if TYPE_CHECKING:
    from workerlog_migrate.analysis.above import Above
    from workerlog_migrate.analysis.attributes import Attributes
    from workerlog_migrate.analysis.by_name import ByName
    from workerlog_migrate.analysis.called_back import CalledBack
    from workerlog_migrate.analysis.changes import Changes
    from workerlog_migrate.analysis.decorators import Decorators
    from workerlog_migrate.analysis.effects import Effects
    from workerlog_migrate.analysis.elements import Elements
    from workerlog_migrate.analysis.families import Families
    from workerlog_migrate.analysis.flat import FlowInsensitive
    from workerlog_migrate.analysis.guards import Guards
    from workerlog_migrate.analysis.iteration import Iteration
    from workerlog_migrate.analysis.parameters import Parameters
    from workerlog_migrate.analysis.rows import Rows
    from workerlog_migrate.analysis.shapes import Shapes
    from workerlog_migrate.analysis.specials import Specials
    from workerlog_migrate.analysis.unset import Unset
    from workerlog_migrate.analysis.world import World
    from workerlog_migrate.knowledge import CallRow


class Calls:
    """Evaluates calls.

    The arguments are the parts of the analysis that it asks.
    """

    def __init__(
        self,
        world: World,
        above: Above,
        effects: Effects,
        families: Families,
        elements: Elements,
        parameters: Parameters,
        flat: FlowInsensitive,
        shapes: Shapes,
        changes: Changes,
        unset: Unset,
        guards: Guards,
        iteration: Iteration,
        attributes: Attributes,
        rows: Rows,
        by_name: ByName,
        specials: Specials,
        decorators: Decorators,
        called_back: CalledBack,
    ) -> None:
        self._world = world
        self._above = above
        self._effects = effects
        self._families = families
        self._elements = elements
        self._parameters = parameters
        self._flat = flat
        self._shapes = shapes
        self._changes = changes
        self._unset = unset
        self._guards = guards
        self._iteration = iteration
        self._attributes = attributes
        self._rows = rows
        self._by_name = by_name
        self._specials = specials
        self._decorators = decorators
        self._called_back = called_back
        self._knowledge = world.knowledge

    def call(self, node: ast.Call, frame: Frame) -> Value:
        """Return what a call gives, and put what it can raise into the frame's sink."""
        arguments = Arguments(self._above.expressions, node, frame)
        callee = self.callee(node, frame)
        if self._is_counted_elsewhere(node.func, frame):
            callee = BOTTOM
        if isinstance(node.func, ast.Attribute):
            arguments.receiver_node = node.func.value
        found = [self.invoke(entry, arguments, node, frame) for entry in values.in_order(callee)]
        if frame.sink.is_heard:
            self._evaluate(arguments)
            if frame.facts or frame.env:
                for each in called_as(frame.unit.module, node):
                    self._guards.after_call(each, frame, is_written=each is node)
                    other_names.after_call(callee, each, frame, self._above.expressions.value)
                    shared_items.after_call(each, frame, self._above.expressions.value)
                self._changes.after(callee, node, frame)
        return values.join(found) if found else self._elements.nothing

    def _evaluate(self, arguments: Arguments) -> None:
        """Evaluate every argument, for the effects."""
        for node in arguments.positional:
            arguments.value(node)
        if arguments.node is not None:
            for word in arguments.node.keywords:
                value = arguments.value(word.value)
                if word.arg is None:
                    self._iteration.unpack_mapping(value, word.value, arguments.frame)

    def callee(self, node: ast.Call, frame: Frame) -> Value:
        """Return what is called."""
        function = node.func
        if isinstance(function, ast.Attribute):
            if frame.env is not None:
                path = frame.unit.path(function)
                if path is not None and path in frame.env:
                    return frame.env[path]
            receiver = self._above.expressions.value(function.value, frame)
            if frame.env is not None and isinstance(function.value, ast.Call):
                receiver = self._unset.told(receiver, function.value, frame)
            return self._attributes.attribute(receiver, function.attr, node, frame, called=True)
        return self._above.expressions.value(function, frame)

    def name(self, node: ast.Call, frame: Frame) -> str | None:
        """Return the row name of a call's callee: ``open``, ``pathlib.Path.read_text``; None when unknown or local."""
        return self.named(self.callee(node, frame))

    def named(self, callee: Value) -> str | None:
        """Return the row name of what is called."""
        found = {self._row_name(entry) for entry in callee}
        return found.pop() if len(found) == 1 else None

    def row(self, node: ast.Call, frame: Frame) -> CallRow | None:
        """Return the row of what is called; of a method of something unknown that of its bare name."""
        name = self.name(node, frame)
        if name is not None:
            return self._knowledge.call(name)
        return self._knowledge.bare_method(node.func.attr) if isinstance(node.func, ast.Attribute) else None

    def _row_name(self, entry: Type) -> str | None:
        if entry.kind is values.DOTTED:
            return entry.dotted
        if entry.kind is values.BOUND:
            type_name, method = entry.bound
            if type_name == "*":
                return None
            row = self._knowledge.method(type_name, method)
            return row.name if row is not None else f"{type_name}.{method}"
        return None

    def invoke(self, entry: Type, arguments: Arguments, node: ast.expr, frame: Frame) -> Value:
        """Call one alternative of a callee."""
        match entry.kind:
            case values.DOTTED:
                return self._invoke_dotted(entry.dotted, arguments, node, frame)
            case values.FUNCTION | values.METHOD | values.UNBOUND:
                if frame.sink.is_heard and not self._shapes.fits(
                    entry.function, arguments, is_bound=entry.kind is values.METHOD
                ):
                    self._effects.operation("op:arguments", node, frame)
                return self._invoke_function(entry.function, arguments, node, frame)
            case values.CLASS:
                return self._construct(entry.class_info, arguments, node, frame)
            case values.BOUND:
                return self._invoke_bound(entry, arguments, node, frame)
            case values.PARTIAL:
                for other in entry.args[0]:  # what is bound may be a function that it calls
                    inner = self._knowledge.call(other.dotted) if other.kind is values.DOTTED else None
                    if inner is not None and (inner.calls or inner.passes):
                        self._effects.unknown_call(node, frame, inner.name)
                return values.join(
                    self.invoke(other, Arguments(self._above.expressions, None, frame), node, frame)
                    for other in entry.args[0]
                )
            case values.TRANSPARENT:
                return arguments.value(arguments.positional[0]) if arguments.positional else ANY
            case values.CONTEXT_MAKER if entry.function_or_none is not None:
                if frame.sink.is_heard:
                    frame.sink.add(CallEdge(entry.function, node, frame.unit))
                    self._invoke_callbacks(entry.function, arguments, node, frame)
                return values.context(entry.function, self._flat.yields(entry.function))
            case values.DECORATED:
                self._effects.unknown_call(node, frame, entry.dotted, "a decorator that is not known")
                for other in entry.args[0]:
                    self.invoke(other, arguments, node, frame)
                return ANY
            case values.SAFE:
                return NONE
            case values.MAKER:  # super().__new__(cls)
                return self._families.instances(entry.class_info)
            case values.INSTANCE:
                method = self._families.method(entry.class_info, "__call__")
                if isinstance(method, FunctionInfo):
                    if frame.sink.is_heard and not self._shapes.fits(method, arguments, is_bound=True):
                        self._effects.operation("op:arguments", node, frame)
                    return self._invoke_function(method, arguments, node, frame)
            case values.CALLABLE if entry.getter is not None:
                got = self._by_name.got(entry.getter, arguments, node, frame)
                if got is not None:
                    return got
            case (
                values.NAMED
                | values.UNKNOWN
                | values.GENERATOR
                | values.CONTEXT_MAKER
                | values.CONTEXT
                | values.UNIT
                | values.SUPER
                | values.CALLABLE
                | values.SUPPRESS
                | values.CLOSING
            ):
                pass
        return self._invoke_named(entry, node, frame)

    def _invoke_named(self, entry: Type, node: ast.expr, frame: Frame) -> Value:
        match entry.name:
            case "json":
                self._effects.operation("op:not-callable-json", node, frame)
                return ANY
            case "None":
                operand = node.func if isinstance(node, ast.Call) else node
                self._unset.of_none("op:kinds", node, frame, operand)
                return BOTTOM
        protocol = self._knowledge.protocol(entry.name, "call")
        if protocol is not None:
            return self._effects.protocol(entry.name, "call", node, frame) or ANY
        self._effects.unknown_call(node, frame)
        return ANY

    def invoke_unknown(self, value: Value, node: ast.expr, frame: Frame) -> Value:
        """Call a value with arguments that are not known (a callback)."""
        nothing = Arguments(self._above.expressions, None, frame)
        return values.join(
            self.invoke(entry, nothing, node, frame)
            for entry in values.in_order(value)
            if not self._knowledge.is_kind(entry.name, "uncalled")
        )

    def _invoke_dotted(self, name: str, arguments: Arguments, node: ast.expr, frame: Frame) -> Value:
        if self._effects.is_taught(name, node, frame):
            row = self._knowledge.call(name)
            return ANY if row is None else self._rows.value_of_row(row, arguments, None)
        special = self._specials.table.get(name)
        if special is not None:
            return special(arguments, node, frame)
        if name == NAMED_TUPLE and self._shapes.misses_parts(arguments, frame.unit):
            self._effects.operation("op:arguments", node, frame)
        hierarchy = self._world.hierarchy
        if hierarchy.is_exception(name):
            return values.one(hierarchy.canonical(name))
        row = self._knowledge.call(name)
        if row is not None:
            return self._rows.apply(row, arguments, None, node, frame)
        if name.endswith(".__init__") and self._initialised(name, node, frame):
            return values.parse("None")
        if self._knowledge.type(name) is not None:  # a type that is known, made in a way that is not
            self._effects.unknown_call(node, frame, name)
            return self._elements.substitute(values.parse(name), None, None)
        # os.environ.get, sys.stdout.write: a method of a module's data attribute.
        owner, _, method = name.rpartition(".")
        if owner and self._knowledge.type(owner) is not None:
            inherited = self._knowledge.method(owner, method)
            if inherited is not None:
                return self._rows.apply(inherited, arguments, values.one(owner), node, frame)
        self._effects.unknown_call(node, frame, name)
        return ANY

    def _initialised(self, name: str, node: ast.expr, frame: Frame) -> bool:
        """Whether a class is named whose row speaks of its constructor (``Thread.__init__(self, target=f)``); it is applied."""
        row = self._knowledge.call(name.removesuffix(".__init__"))
        if (
            row is None
            or not isinstance(node, ast.Call)
            or not node.args
            or isinstance(node.args[0], ast.Starred)
        ):
            return False
        self._rows.apply(row, Arguments(self._above.expressions, node, frame, skip=1), None, node, frame)
        return True

    def _invoke_function(
        self, function: FunctionInfo, arguments: Arguments, node: ast.expr, frame: Frame
    ) -> Value:
        if self._effects.is_taught(function.name, node, frame):
            return self._flat.returns(function)
        is_decorator = self._flat.is_decorator(function)
        if frame.sink.is_heard:
            self._decorators.decorated_call(function, arguments, node, frame)
            if isinstance(function.node, ast.AsyncFunctionDef):
                self._of_coroutine(function, node, frame)
            weak = self._families.is_placeholder(function)
            if not self._is_started_only(function, node, frame):
                frame.sink.add(CallEdge(function, node, frame.unit, is_weak=weak))
            if not is_decorator:
                self._invoke_callbacks(function, arguments, node, frame)
        if is_decorator and arguments.positional:
            # What it returns calls what it was given: both count when the result is called.
            return self._flat.returns(function) | arguments.value(arguments.positional[0])
        if frame.sink.is_heard:
            receiver = (
                node.func.value
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
                else None
            )
            on_self = isinstance(receiver, ast.Name) and receiver.id in {
                "self",
                "cls",
                *frame.function.receivers,
            }
            is_super = isinstance(receiver, ast.Call) and ast.unparse(receiver.func) == "super"
            if not is_super and (
                self._families.is_open(function, on_self=on_self)
                or self._families.is_overridden_unseen(function)
            ):
                self._effects.unknown_call(node, frame, function.name, "it is there to be overridden")
        if frame.env is None:
            return self._flat.returns(function)
        return self._above.flow.returns(function, frame.function)

    def _of_coroutine(self, function: FunctionInfo, node: ast.expr, frame: Frame) -> None:
        """Put into the sink what is done with a coroutine as if it were what comes out of it: ``total() + 1`` without ``await``."""
        if function.facts.is_generator or function.node.decorator_list:  # type: ignore[union-attr]  # a definition
            return
        match frame.unit.module.parents.get(node):
            case ast.BinOp() | ast.UnaryOp(op=ast.USub() | ast.UAdd() | ast.Invert()) | ast.Starred():
                pass
            case (
                ast.Subscript(value=used)
                | ast.For(iter=used)
                | ast.AsyncFor(iter=used)
                | ast.comprehension(iter=used)
            ) if used is node:
                pass
            case ast.Compare(ops=ops) if not any(
                isinstance(op, ast.Eq | ast.NotEq | ast.Is | ast.IsNot) for op in ops
            ):
                pass
            case ast.Attribute(attr=attr) if attr not in _OF_COROUTINES:
                self._effects.operation("op:kinds-attribute", node, frame)
                return
            case _:
                return
        self._effects.operation("op:kinds", node, frame)

    def _is_started_only(self, function: FunctionInfo, node: ast.expr, frame: Frame) -> bool:
        """Whether a call makes a coroutine that is started, and not awaited here: what it raises arrives where its task is awaited.

        That is where ``awaiting`` evaluates the same call again, in a frame without an environment.
        """
        if (
            frame.env is None
            or not isinstance(function.node, ast.AsyncFunctionDef)
            or function.facts.is_generator
        ):
            return False
        parents = frame.unit.module.parents
        started = parents.get(node)
        if not isinstance(started, ast.Call) or node not in started.args:
            return False
        if not isinstance(parents.get(started), ast.Expr | ast.Assign | ast.AnnAssign):
            return False
        row = self.row(started, frame.quiet())
        return row is not None and "starts" in row.marks

    def _invoke_callbacks(
        self, function: FunctionInfo, arguments: Arguments, node: ast.expr, frame: Frame
    ) -> None:
        """Count what is passed to a function of another file where it is passed, if the function calls it.

        The calls of other files are not looked at, so the function itself does not know what its parameters are.
        """
        if function.unit is self._world.unit or not function.callbacks:
            return
        if arguments.node is None:
            self._effects.unknown_call(
                node, frame, function.name, "it calls what it is given, and that is not known here"
            )
            return
        params = tuple(argument.arg for argument in function.given_parameters)
        for name in function.callbacks:
            passed = arguments.find(name, (*params, ""))
            default = self._parameters.default(function, name)
            if passed:
                value = arguments.value(passed[0])
            elif default is not None and not arguments.starred:
                value = default
            else:
                self._effects.unknown_call(
                    node, frame, f"{function.name}.{name}", "it calls what it is given"
                )
                continue
            self.invoke_unknown(values.without_none(value), node, frame)

    def _is_counted_elsewhere(self, node: ast.expr, frame: Frame) -> bool:
        """Whether a callee is a parameter of a function of another file: counted where that function is called."""
        if frame.unit is self._world.unit or not isinstance(node, ast.Name):
            return False
        module = frame.unit.module
        found = module.lookup(node.id, module.scope(node))
        if found is None or any(binding.kind != "parameter" for binding in found[1]):
            return False
        owner = found[0].node
        if owner is frame.function.node:
            return node.id in frame.function.callbacks
        return isinstance(owner, ast.FunctionDef | ast.AsyncFunctionDef) and self._flat.is_decorator(
            frame.unit.function(owner)
        )

    def _construct(self, info: ClassInfo, arguments: Arguments, node: ast.expr, frame: Frame) -> Value:
        made = values.instance(info)
        is_exception = self._families.exception_name(info) is not None
        maker = self._families.metaclass_method(info, "__call__")
        if maker is not None:
            made |= frozenset(
                each
                for each in self._flat.returns(maker)
                if each.name != "None" and not values.is_opaque(each)
            )
            frame.sink.add(CallEdge(maker, node, frame.unit))
        if not frame.sink.is_heard:
            return made
        self._shapes.constructed(info, arguments, node, frame)
        self._make_fields(info, arguments, frame)
        enumeration = self._knowledge.call("enum.Enum") if self._elements.is_enumeration(info) else None
        if enumeration is not None:  # by value, whatever else its members are: class Color(str, Enum)
            self._rows.apply(enumeration, arguments, None, node, frame)
        resolved = False
        for name in ("__new__", "__init__", "__post_init__", "_missing_"):
            method = self._families.method(info, name)
            if isinstance(method, FunctionInfo):
                frame.sink.add(CallEdge(method, node, frame.unit))
                self._invoke_callbacks(method, arguments, node, frame)
                resolved = True
        if resolved or is_exception or enumeration is not None:
            return made
        for base in self._families.family(info)[1:]:
            if base is None:
                if not self._effects.is_taught(info.name, node, frame):
                    self._effects.unknown_call(node, frame, info.name, "a base class is not known")
                return made
            if isinstance(base, str):
                row = self._knowledge.call(base)
                self._called_back.inherited(info, base, "", node, frame)
                if row is not None:
                    self._rows.apply(row, arguments, None, node, frame)
                    return made
        return made

    def _make_fields(self, info: ClassInfo, arguments: Arguments, frame: Frame) -> None:
        """Call what makes the fields of a data class that a call gives nothing for, and that is no function of the program: ``partial(next, ids)``."""
        owners = [owner for owner in reversed(self._families.family(info)) if isinstance(owner, ClassInfo)]
        fields = {name: owner for owner in owners for name in owner.annotations}
        for at, (name, owner) in enumerate(fields.items()):
            made = owner.values.get(name)
            if not isinstance(made, ast.Call) or name in arguments.keywords:
                continue
            if at < len(arguments.positional) and not arguments.starred:
                continue
            maker = next((word.value for word in made.keywords if word.arg == "default_factory"), None)
            if maker is None:
                continue
            inside = Frame(owner.unit.enclosing(maker), None, frame.sink)
            inside.depth = frame.depth
            call = ast.copy_location(ast.Call(maker, [], []), maker)
            nothing = Arguments(self._above.expressions, call, inside)
            for entry in values.in_order(self._flat.value(maker, owner.unit)):
                if (
                    entry.function_or_none is None and entry.kind is not values.CLASS
                ):  # these are hooks of the class
                    self.invoke(entry, nothing, maker, inside)

    def _invoke_bound(self, entry: Type, arguments: Arguments, node: ast.expr, frame: Frame) -> Value:
        type_name, method = entry.bound
        receiver = entry.args[0]
        if (
            method in ("exception", "result")
            and type_name == "concurrent.futures.Future"
            and _cancels(frame.unit)
        ):
            self._effects.operation("op:future-cancelled", node, frame)
        if type_name == "generator" and method in RESUMING:
            return self._resumed(entry, method, node, frame)
        row = self._knowledge.method(type_name, method) if type_name != "*" else None
        if frame.sink.is_heard and row is not None and not row.recalls:
            for each in receiver:
                if each.kind is values.NAMED and each.remembered is not None:
                    self._called_back.may_run(each.remembered, node, frame)
        if row is not None and (row.remembers or row.recalls):
            return self._future(row, entry, arguments, node, frame)
        for name in (f"{type_name}.{method}", f"*.{method}"):
            if self._effects.is_taught(name, node, frame):
                return ANY if row is None else self._rows.value_of_row(row, arguments, receiver)
        if row is not None:
            return self._rows.apply(row, arguments, receiver, node, frame)
        if type_name == "json":
            self._effects.operation("op:method-json", node, frame)
            return self._of_data(receiver, method, arguments, node, frame)
        bare = self._bare(method, arguments, frame)
        if bare is not None:
            self._effects.unknown_call(node, frame, f"{type_name}.{method}", _BY_NAME)
            return self._rows.apply(bare, arguments, receiver, node, frame)
        self._effects.unknown_call(node, frame, f"{type_name}.{method}")
        return ANY

    def _resumed(self, entry: Type, method: str, node: ast.expr, frame: Frame) -> Value:
        """``send``, ``close`` and ``throw`` run a generator on; what is thrown comes back, if it is not caught there."""
        found: list[Value] = []
        for receiver in entry.args[0]:
            function = receiver.function_or_none
            if function is None or method == "throw":
                self._effects.unknown_call(node, frame, f"generator.{method}")
            if function is not None:
                found.append(self._flat.yields(function))
                frame.sink.add(CallEdge(function, node, frame.unit))
        if method == "close":
            if any(
                yields_when_closed(receiver.function.node)
                for receiver in entry.args[0]
                if receiver.function_or_none is not None
            ):
                self._effects.operation("op:generator-closed", node, frame)
            return NONE
        if method == "send" and isinstance(node, ast.Call) and not _has_begun(node, frame):
            self._effects.operation("op:generator-send", node, frame)
        self._effects.operation("op:generator-ends", node, frame)
        return values.join(found) or ANY

    def _of_data(
        self, receiver: Value, method: str, arguments: Arguments, node: ast.expr, frame: Frame
    ) -> Value:
        """Call a method of data of an open shape: that of each builtin type which has one; what comes out is data again."""
        found: list[Value] = []
        data = values.CELL if any(entry.is_undecoded for entry in receiver) else JSON
        shapes = (values.one("dict", values.STR, data), values.one("list", data), values.STR)
        for made in shapes if data is JSON else (*shapes, _DATE):
            (entry,) = made
            row = self._knowledge.method(entry.name, method)
            if row is not None:
                found.append(self._rows.apply(row, arguments, made, node, frame))
        if not found:  # nobody calls that of data: it is something else
            self._effects.unknown_call(node, frame, f"*.{method}")
            return ANY
        value = values.join(found)
        return (value - ANY) | data if value >= ANY else value

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
        made = self._rows.apply(row, arguments, entry.args[0], node, frame)
        if row.remembers:
            passed = arguments.find(row.remembers, row.params)
            if not passed:
                return made
            return values.one(row.returns, ref=arguments.value(passed[0]))
        found: list[Value] = []
        for receiver in entry.args[0]:
            if receiver.remembered is not None:
                found.append(self.invoke_unknown(receiver.remembered, node, frame))
            else:
                self._effects.unknown_call(node, frame, row.name, "what it was made of is not known")
        return made if row.returns else values.join(found) or ANY


_OF_COROUTINES = frozenset({"close", "cr_await", "cr_code", "cr_frame", "cr_running", "send", "throw"})
_DATE = values.one("datetime.datetime")  # what a column of a database may hold beside JSON
_BY_NAME = "a method that is known by its name alone: what it is called on may be anything"


def _has_begun(node: ast.Call, frame: Frame) -> bool:
    """Whether the file runs a generator on before something is sent to it, or nothing is sent."""
    if not node.args or is_none(node.args[0]):
        return True
    if not isinstance(node.func, ast.Attribute):  # the method was taken before: of what is not written here
        return False
    unit = frame.unit
    path = unit.path(node.func.value)
    started = [call.args[0] for call in unit.module.calls_of("next") if call.args]
    started += [
        call.func.value
        for call in unit.module.calls_of("send")
        if isinstance(call.func, ast.Attribute) and call.args and is_none(call.args[0])
    ]
    return path is not None and path in map(unit.path, started)


def _cancels(unit: Unit) -> bool:
    """Whether a file cancels something: futures that nobody cancels end in a result or in what was raised."""
    return bool(unit.module.attributes_of("cancel")) or "cancel_futures" in unit.module.source.text
