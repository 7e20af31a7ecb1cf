"""What a row of the knowledge base says of a call, applied to its arguments.

Input: a row, the arguments of a call, its receiver. Output: the value that it gives; what it raises goes to the frame's sink.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from workerlog_migrate.analysis import values
from workerlog_migrate.analysis.arguments import Arguments
from workerlog_migrate.analysis.conditions import describe
from workerlog_migrate.analysis.decimals import DECIMAL, may_be_special
from workerlog_migrate.analysis.elements import OF_ARGUMENTS, ended, inner
from workerlog_migrate.analysis.frames import SILENT, CallEdge, Frame, Raise
from workerlog_migrate.analysis.program import FunctionInfo
from workerlog_migrate.analysis.taken import receivers
from workerlog_migrate.analysis.trials import is_tried
from workerlog_migrate.analysis.values import ANY, BOTTOM, NONE, Type, Value
from workerlog_migrate.syntax.fields import fields
from workerlog_migrate.syntax.literals import is_written_empty
from workerlog_migrate.syntax.packed import fields_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workerlog_migrate.analysis.above import Above
    from workerlog_migrate.analysis.awaiting import Awaiting
    from workerlog_migrate.analysis.called_back import CalledBack
    from workerlog_migrate.analysis.conditions import Conditions
    from workerlog_migrate.analysis.ducks import Ducks
    from workerlog_migrate.analysis.effects import Effects
    from workerlog_migrate.analysis.elements import Elements
    from workerlog_migrate.analysis.families import Families
    from workerlog_migrate.analysis.hooks import Hooks
    from workerlog_migrate.analysis.kinds import Kinds
    from workerlog_migrate.analysis.module import Module
    from workerlog_migrate.analysis.patterns import Patterns
    from workerlog_migrate.analysis.places import Places
    from workerlog_migrate.analysis.set_up import SetUp
    from workerlog_migrate.analysis.special_methods import SpecialMethods
    from workerlog_migrate.analysis.unset import Unset
    from workerlog_migrate.analysis.world import World
    from workerlog_migrate.analysis.written import Written
    from workerlog_migrate.knowledge import CallRow


class Rows:
    """Applies rows.

    The arguments are the parts of the analysis that it asks.
    """

    def __init__(
        self,
        world: World,
        above: Above,
        effects: Effects,
        families: Families,
        elements: Elements,
        ducks: Ducks,
        kinds: Kinds,
        hooks: Hooks,
        unset: Unset,
        conditions: Conditions,
        written: Written,
        patterns: Patterns,
        special_methods: SpecialMethods,
        awaiting: Awaiting,
        called_back: CalledBack,
        set_up: SetUp,
        places: Places,
    ) -> None:
        self._world = world
        self._above = above
        self._effects = effects
        self._families = families
        self._elements = elements
        self._ducks = ducks
        self._kinds = kinds
        self._hooks = hooks
        self._unset = unset
        self._conditions = conditions
        self._written = written
        self._patterns = patterns
        self._special_methods = special_methods
        self._awaiting = awaiting
        self._called_back = called_back
        self._set_up = set_up
        self._places = places
        self._knowledge = world.knowledge

    def apply(
        self, row: CallRow, arguments: Arguments, receiver: Value | None, node: ast.expr, frame: Frame
    ) -> Value:
        """Apply a row to a call: effects to the sink, the value returned."""
        sink = frame.sink
        if sink.is_heard:
            is_in_loop = "needs-loop" in row.marks and isinstance(frame.function.node, ast.AsyncFunctionDef)
            if "needs-no-loop" in row.marks and self._awaiting.may_run_in_loop(frame.function):
                self._effects.operation("op:second-loop", node, frame)
            if row.min_python and self._may_be_newer(row, node, frame):
                self._effects.operation("op:newer-python", node, frame)
            for exception in () if is_in_loop else row.raises:
                sink.add(Raise(exception, node, frame.unit, row.name, row.source, row.note))
            for when in row.when:
                if (
                    when.raises
                    and self._conditions.holds(when.condition, row, arguments, receiver) is not False
                ):
                    note = describe(when.condition)
                    weak = self._conditions.is_of_unset(when.condition, row, arguments, frame)
                    for exception in when.raises:
                        sink.add(Raise(exception, node, frame.unit, row.name, row.source, note, weak))
            for parameter in row.calls:
                for passed in arguments.find(parameter, row.params)[:1]:  # what follows it is given to it
                    value = arguments.value(passed)
                    if value != NONE:
                        made = self._above.calls.invoke_unknown(values.without_none(value), passed, frame)
                        if "orders" in row.marks:
                            self._kinds.ordered(made, passed, frame)
                        if "spreads" in row.marks:
                            given = values.join(map(arguments.value, arguments.find("iterable", row.params)))
                            parts = self._elements.element(given, frame.unit)
                            self._kinds.spread(value, parts, passed, frame)
            self._typed_arguments(row, arguments, frame)
            self._used_arguments(row, arguments, node, frame)
            self._hooks.handed_over(row, arguments, node, frame)
            self._called_back.given(row, arguments, frame)
            self._set_up.run_by(row, node, frame)
            self._worked_on(row, arguments, node, frame)
            self._combined(row, arguments, receiver, node, frame)
            self._tried(row, arguments, receiver, node, frame)
            if "formats" in row.marks:
                self._filled(row, arguments, node, frame)
            if row.special:
                for passed in arguments.positional:
                    self._special_methods.special(arguments.value(passed), row.special, passed, frame)
                self._measured(row, arguments, node, frame)
            for passed in self._awaited_arguments(row, arguments):
                if (
                    row.awaits == ("self",)
                    or isinstance(passed, ast.Name | ast.Attribute)
                    or values.is_unknown(arguments.value(passed))
                ):
                    self._awaiting.awaited(passed, frame)
            self._effects.suspect_rare(row, node, frame)
            if row.never_returns:
                frame.is_dead = True
        return self.value_of_row(row, arguments, receiver)

    def _tried(
        self, row: CallRow, arguments: Arguments, receiver: Value | None, node: ast.expr, frame: Frame
    ) -> None:
        """Try a function that only computes on samples of what it is given (see ``kinds``)."""
        if row.name in ("min", "max"):
            for each in arguments.positional:
                self._special_methods.special(arguments.value(each), ("__lt__", "__gt__"), each, frame)
        if arguments.starred or not is_tried(row):
            return
        given = [("", each, arguments.value(each)) for each in arguments.positional]
        given += [(word, each, arguments.value(each)) for word, each in arguments.keywords.items()]
        self._kinds.called(row, receiver, given, node, frame)

    def _may_be_newer(self, row: CallRow, node: ast.AST, frame: Frame) -> bool:
        """Whether a ``try`` that does one thing asks for what a Python that the project is for may not have.

        In a longer body, or where the program asks for the same outside of any ``try``, it is needed anyway.
        """
        if self._world.python >= tuple(map(int, row.min_python.split("."))):
            return False
        module = frame.unit.module
        block = _try_of(node, module)
        if block is None or len(block.body) > 1 or not isinstance(block.body[0], _SIMPLE):
            return False
        others = module.attributes_of(row.name.rpartition(".")[2])
        return all(_try_of(each, module) is not None for each in others)

    def _filled(self, row: CallRow, arguments: Arguments, node: ast.expr, frame: Frame) -> None:
        """Add what the fields of a literal template do with what they show: format it, read an item of it."""
        for receiver in _receivers(row, arguments):
            template = self._written.constant(receiver, arguments)
            if template is not None and isinstance(template.value, str):
                self._filled_in(template.value, arguments, node, frame)

    def _filled_in(self, template: str, arguments: Arguments, node: ast.expr, frame: Frame) -> None:
        for entry in fields(template):
            if isinstance(entry.argument, str):
                passed = arguments.keywords.get(entry.argument)
            else:
                passed = dict(enumerate(arguments.positional)).get(entry.argument)
            if passed is None or isinstance(passed, ast.Starred):
                continue
            value = arguments.value(passed)
            found = values.names(value)
            if entry.path and "json" in found:
                self._effects.operation("op:format-field", node, frame)
            if entry.path or not entry.spec:
                continue
            if "json" in found:
                self._effects.operation("op:format-json", passed, frame)
            if "None" in found:
                self._effects.operation("op:format-none", passed, frame)
            if any(values.is_opaque(each) for each in value) or (
                "str" in found and entry.spec[-1] in "dfeg%xn"
            ):
                self._effects.operation("op:format-spec", passed, frame)

    def _measured(self, row: CallRow, arguments: Arguments, node: ast.expr, frame: Frame) -> None:
        """Say that a builtin which looks for a special method is not known if it is given something opaque.

        What only makes text, a truth value or a number of it asks nothing that people write code for.
        """
        if row.special[0] in _CONVERTS and any(
            values.is_opaque(entry) for passed in arguments.positional for entry in arguments.value(passed)
        ):
            self._effects.operation("op:convert-unknown", node, frame)
        if row.special[0] not in _ASKS:
            return
        for passed in arguments.positional:
            if isinstance(passed, ast.Starred):
                continue  # unpacking it counts where it stands
            self._effects.unresolved_if_opaque(
                arguments.value(passed), "op:argument-unknown", node, passed, frame
            )

    def _awaited_arguments(self, row: CallRow, arguments: Arguments) -> list[ast.expr]:
        """Return the arguments that a call awaits."""
        if row.awaits == ("*",):
            return arguments.positional
        if row.awaits == ("self",):
            found = _receivers(row, arguments)
            return found if found or arguments.node is None else [arguments.node.func]
        return [passed for name in row.awaits for passed in arguments.find(name, row.params)]

    def _typed_arguments(self, row: CallRow, arguments: Arguments, frame: Frame) -> None:
        """Look at what is passed: a generator is run; JSON or None where text or a number is wanted is an error."""
        if row.mistyped:
            for passed in (*arguments.positional, *arguments.keywords.values()):
                if not any(passed in arguments.find(parameter, row.params) for parameter in row.takes_any):
                    self._kinds.mixed(row, arguments.value(passed), passed, frame)
            for word, passed in arguments.keywords.items():
                value = arguments.value(passed)
                if word not in row.params:  # an option, which None mostly leaves out
                    value = BOTTOM if "**" in row.takes_any else values.without_none(value)
                if not isinstance(passed, ast.Constant):
                    self._mistyped_argument(row, passed, value, arguments, frame)
        for passed in arguments.positional:
            value = arguments.value(passed)
            if row.mistyped and not isinstance(passed, ast.Constant):
                self._mistyped_argument(row, passed, value, arguments, frame)
            for entry in value:
                if entry.kind is values.GENERATOR and entry.function_or_none is not None:
                    frame.sink.add(CallEdge(entry.function, passed, frame.unit))
            self._called_back.goes_on(value, passed, frame)

    def _mistyped_argument(
        self, row: CallRow, passed: ast.expr, value: Value, arguments: Arguments, frame: Frame
    ) -> None:
        """Add what a call raises that is given a builtin of another type than it takes."""
        names = values.names(value)
        if isinstance(passed, ast.List | ast.Tuple):
            names = names | values.names(self._elements.element(value, frame.unit))
        if not names & {"json", "None"} or any(
            passed in arguments.find(parameter, row.params) for parameter in row.takes_any
        ):
            return
        is_guessed = names & _TEXTS and isinstance(passed, ast.Name | ast.Attribute)
        if "json" in names and not (is_guessed and not self._is_decoded(passed, frame)):
            self._effects.operation("op:argument-json", passed, frame, raises=row.mistyped)
            if "paths" in row.marks:
                self._effects.operation("op:path-json", passed, frame)
        if (
            "None" in names
            and not self._unset.starts_as_none(passed, frame)
            and not any(passed in arguments.find(parameter, row.params) for parameter in row.takes_none)
        ):
            self._effects.operation("op:argument-none", passed, frame, raises=row.mistyped)

    def _is_decoded(self, passed: ast.expr, frame: Frame) -> bool:
        """Whether decoded data was seen to reach a name; else what is done with the name is all that tells of text."""
        return values.may_be_decoded(self._above.flat.value(passed, frame.unit))

    def _worked_on(self, row: CallRow, arguments: Arguments, node: ast.expr, frame: Frame) -> None:
        """Say that a function which iterates, orders or reads what it is given is not known if that is opaque."""
        for parameter in row.works_on:
            for passed in arguments.positional if parameter == "*" else arguments.find(parameter, row.params):
                if not isinstance(passed, ast.Starred):  # unpacking it counts where it stands
                    self._effects.unresolved_if_opaque(
                        arguments.value(passed), "op:argument-unknown", node, passed, frame
                    )

    def _combined(
        self, row: CallRow, arguments: Arguments, receiver: Value | None, node: ast.expr, frame: Frame
    ) -> None:
        """Say that a function which compares or adds the items of a container is not known if one of them is opaque."""
        if "combines" not in row.marks or "key" in arguments.keywords:
            return
        given = [
            (arguments.value(each), each)
            for each in arguments.positional
            if not isinstance(each, ast.Starred)  # unpacking it counts where it stands
        ]
        inner = [self._names_in(value, frame) - values.names(value) for value, _ in given]
        if any("json" in names for names in inner):
            self._effects.operation("op:compare-json", node, frame)
        if any(DECIMAL in self._names_in(value, frame) for value, _ in given) and may_be_special(
            self._places, frame
        ):
            self._effects.operation("op:decimal-arithmetic", node, frame)
        if receiver is not None:
            given += [(receiver, each) for each in _receivers(row, arguments)[:1]]
        for value, subject in given:
            held = frozenset(
                entry
                for entry in value
                if (entry.name in _HOLDING and entry.args) or self._is_own_container(entry)
            )
            if held and not is_written_empty(subject):
                element = self._elements.element(held, frame.unit)
                self._effects.unresolved_if_opaque(element, "op:argument-unknown", node, subject, frame)

    def _is_own_container(self, entry: Type) -> bool:
        """Whether an object is of a class of the program that inherits from a container: ``class Queue(list)``."""
        return entry.kind is values.INSTANCE and any(
            isinstance(base, str) and self._knowledge.protocol(base, "iter") is not None
            for base in self._families.family(entry.class_info)
        )

    def _names_in(self, value: Value, frame: Frame) -> set[str]:
        """Return the types of a value and of what it holds."""
        held = frozenset(entry for entry in value if entry.name in _HOLDING and entry.args)
        element = self._elements.element(held, frame.unit) if held else BOTTOM
        return values.names(value) | values.names(element)

    def _used_arguments(self, row: CallRow, arguments: Arguments, node: ast.expr, frame: Frame) -> None:
        """Add what the methods raise that a function calls on what it is given: a compressed file is read by ``json.load``."""
        for parameter, method in row.uses.items():
            for passed in arguments.find(parameter, row.params):
                for entry in arguments.value(passed):
                    if entry.class_or_none is not None and frame.sink.is_heard:
                        own_method = self._families.method(entry.class_info, method)
                        if isinstance(own_method, FunctionInfo):
                            frame.sink.add(CallEdge(own_method, node, frame.unit))
                        continue
                    if not frame.sink.is_heard or "." not in entry.name:  # text, or nothing that is known
                        continue
                    own = self._knowledge.method(entry.name, method)
                    if own is None:
                        self._effects.unknown_call(node, frame, f"{entry.name}.{method}")
                        continue
                    for exception in own.raises:
                        if self._world.hierarchy.is_caught(exception, row.raises):
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

    def value_of_row(self, row: CallRow, arguments: Arguments, receiver: Value | None) -> Value:
        """Return what a row says that a call gives."""
        if "wraps" in row.marks and self._wraps_unknown(row, arguments):
            return ANY
        given = self._going_on(self._given_by_row(row, arguments, receiver), row, arguments)
        given = self._called_back.made_of(given, row, arguments)
        if "wraps" in row.marks:
            given = values.going_through(given, self._run_on(arguments))
        value = self._hooks.rows_of(given, arguments.frame.unit)
        if "matches" in row.marks:
            value = self._patterns.matched(value, row, arguments, receiver)
        elif "groups" in row.marks and receiver is not None:
            value = self._patterns.asked(value, arguments, receiver)
            if (
                arguments.node is not None
                and "group1" in row.params
                and self._patterns.is_missed(arguments, receiver)
            ):
                self._effects.operation("op:no-group", arguments.node, arguments.frame)
        defaults = arguments.find("default", row.params) if "default" in row.params else ()
        return self._ducks.with_default(value, defaults[0]) if defaults else value

    def _going_on(self, value: Value, row: CallRow, arguments: Arguments) -> Value:
        """Let an iterator remember what runs as it goes on: ``map(f, xs)`` calls ``f`` where it is looped over, a generator goes on."""
        for entry in value:
            if entry.name == "iterator":
                break
        else:
            return value
        running: set[Type] = set()
        for parameter in row.calls:
            for passed in arguments.find(parameter, row.params):
                running.update(each for each in arguments.value(passed) if each.kind in _RUNNING)
        inside = self._run_on(arguments) | running
        if not inside and "." not in row.name:  # a view of a table, which is made by a method, has a length
            return frozenset(
                entry._replace(ref=BOTTOM) if entry.name == "iterator" else entry for entry in value
            )
        return values.running(value, inside)

    def _run_on(self, arguments: Arguments) -> Value:
        """Return the generators and objects among the arguments that run where what is made of them goes on."""
        running: set[Type] = set()
        for passed in arguments.positional:
            for entry in arguments.value(passed):
                if entry.kind in (values.GENERATOR, values.INSTANCE):
                    running.add(entry)
                elif entry.name == "iterator" and entry.remembered is not None:
                    running.update(entry.remembered)
        return frozenset(running)

    def _wraps_unknown(self, row: CallRow, arguments: Arguments) -> bool:
        """Whether what a call makes goes on to use an own object, or something unknown: ``csv.writer(own)``."""
        return any(
            entry.class_or_none is not None
            or (entry.kind is values.GENERATOR and entry.function_or_none is None)
            or values.is_opaque(entry)
            for parameter in row.works_on
            for passed in (
                arguments.positional if parameter == "*" else arguments.find(parameter, row.params)
            )
            if not isinstance(passed, ast.Starred)
            for entry in arguments.value(passed)
        )

    def _given_by_row(self, row: CallRow, arguments: Arguments, receiver: Value | None) -> Value:
        found: list[Value] = []
        decided = False
        for when in row.when:
            if not when.returns:
                continue
            holds = self._conditions.holds(when.condition, row, arguments, receiver)
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
        substitute = self._elements.substitute

        def argument(name: str) -> Value:
            if name.startswith(OF_ARGUMENTS):
                what, _, parameter = name.partition(":")
                return self._of_argument(what, parameter, row, arguments)
            nodes = arguments.find(name, row.params) if name else arguments.positional[:1]
            if not nodes and name == "default" and not arguments.starred:
                return BOTTOM  # nothing stands in for what is missing
            return arguments.value(nodes[0]) if nodes else ANY

        base = receiver
        if receiver is None and any(map(is_written_empty, arguments.positional[:1])):  # max([], default=0)
            found = [frozenset(entry for entry in value if entry.name != "element") for value in found]
        return values.join(substitute(value, base, argument) for value in found) or ANY

    def _of_argument(self, what: str, parameter: str, row: CallRow, arguments: Arguments) -> Value:
        """Return what the row says comes of an argument: a function's result, an instance of a class, what one reads of it."""
        if what == "result":
            return self._result_of(parameter, row, arguments)
        if what in ("element", "awaited"):
            given = values.join(self._given_in(parameter, row, arguments))
            return ended(given) if what == "awaited" else self._elements.element(given, arguments.frame.unit)
        found = arguments.find(parameter, row.params)
        if what == "fields":
            return self._fields(found, arguments)
        passed = arguments.value(found[0]) if found else ANY
        if what == "inner":
            return inner(passed)
        return values.join(self._made(entry, arguments.frame, is_read=what == "held") for entry in passed)

    def _given_in(self, parameter: str, row: CallRow, arguments: Arguments) -> Iterator[Value]:
        """Yield what is passed for a parameter: ``*`` are all positions, nothing is the first of them."""
        given = arguments.find(parameter, row.params)
        if parameter in ("", "*"):
            given = arguments.positional[: None if parameter else 1]
        for passed in given:
            if isinstance(passed, ast.Starred):
                yield self._elements.element(arguments.value(passed.value), arguments.frame.unit)
            else:
                yield arguments.value(passed)
        if not given:
            yield ANY

    def _fields(self, formats: list[ast.expr], arguments: Arguments) -> Value:
        """Return the tuple that a format of ``struct`` is unpacked into; one of anything, where its text is not known."""
        written = self._written.constant(formats[0], arguments) if formats else None
        fields = fields_of(written.value) if written is not None and isinstance(written.value, str) else None
        if not fields:
            return values.one("tuple", ANY, ref=values.ANY_LENGTH)
        return values.one("tuple", *map(values.one, fields))

    def _made(self, entry: Type, frame: Frame, *, is_read: bool) -> Value:
        """Return an instance of a class that a library makes later; or what reading gives of what a class holds."""
        if entry.kind is values.CLASS:
            return self._families.instances(entry.class_info)
        if not is_read:
            return ANY
        row = self._world.knowledge.call(entry.dotted) if entry.kind is values.DOTTED else None
        held = values.parse(row.returns) if row is not None else frozenset({entry})
        quiet = Frame(frame.function, frame.env, SILENT)
        return values.join(
            self._above.attributes.read(each, frame.function.node, quiet) or ANY for each in held
        )

    def _result_of(self, parameter: str, row: CallRow, arguments: Arguments) -> Value:
        """Return what a function gives that is passed to be called; what it raises counts elsewhere."""
        quiet = Frame(arguments.frame.function, arguments.frame.env, SILENT)
        found = [
            self._above.calls.invoke_unknown(arguments.value(passed), passed, quiet)
            for passed in arguments.find(parameter, row.params)[:1]
        ]
        return values.join(found) or ANY


_HOLDING = frozenset({"list", "tuple", "set", "frozenset", "iterator", "generator", "collections.deque"})
_RUNNING = (values.FUNCTION, values.METHOD, values.UNBOUND, values.PARTIAL, values.INSTANCE)
_ASKS = frozenset({"__iter__", "__next__", "__len__", "__abs__", "__reversed__", "__contains__"})
_CONVERTS = frozenset(
    {"__int__", "__float__", "__index__", "__round__", "__pow__", "__divmod__", "__floor__", "__ceil__"}
)


_TEXTS = frozenset({"str", "bytes"})
_SIMPLE = (ast.Return, ast.Assign, ast.AnnAssign, ast.Expr)


def _try_of(node: ast.AST, module: Module) -> ast.Try | None:
    """Return the innermost ``try`` in whose body a node stands, in the same function."""
    inner = node
    for above in module.ancestors(node):
        if isinstance(above, ast.Try) and inner in above.body:
            return above
        if isinstance(above, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            return None
        inner = above
    return None


def _receivers(row: CallRow, arguments: Arguments) -> list[ast.expr]:
    """List what a method is called on, also where it was taken before it is called."""
    if arguments.receiver_node is not None:
        return [arguments.receiver_node]
    if arguments.node is None:
        return []
    method = frozenset({row.name.rpartition(".")[2]})
    return receivers(arguments.frame.unit.module, arguments.node, method)
