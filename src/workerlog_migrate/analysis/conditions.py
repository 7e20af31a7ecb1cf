"""Whether the condition of a row holds for the arguments of a call.

Input: a ``Condition``, the arguments, the receiver. Output: yes, no, or None where that cannot be told. All the words that a
condition may use, and what each means, stand at ``TESTS`` in ``knowledge.rows``.
"""

from __future__ import annotations

import ast
import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING

from workerlog_migrate.analysis import values
from workerlog_migrate.analysis.arguments import Arguments
from workerlog_migrate.analysis.deep import (
    fills_decoded,
    has_inner,
    holds_itself,
    may_hold_no_data,
    mixes_keys,
    mixes_keys_of_decoded,
    puts_no_data_in,
)
from workerlog_migrate.analysis.escaped import is_escaped
from workerlog_migrate.analysis.frames import Frame
from workerlog_migrate.analysis.lengths import may_be_empty, may_be_rooted
from workerlog_migrate.analysis.program import Unit
from workerlog_migrate.analysis.values import ANY, Type, Value
from workerlog_migrate.knowledge.rows import TESTS, TYPE_TESTS, ConditionWord, Telling
from workerlog_migrate.syntax.literals import is_written_empty, len_argument

if TYPE_CHECKING:
    from workerlog_migrate.analysis.above import Above
    from workerlog_migrate.analysis.ascii_text import AsciiText
    from workerlog_migrate.analysis.closed import Closed
    from workerlog_migrate.analysis.elements import Elements
    from workerlog_migrate.analysis.kinds import Kinds
    from workerlog_migrate.analysis.meanwhile import Meanwhile
    from workerlog_migrate.analysis.numbers import Numbers
    from workerlog_migrate.analysis.sources import Sources
    from workerlog_migrate.analysis.unset import Unset
    from workerlog_migrate.analysis.world import World
    from workerlog_migrate.analysis.written import Written
    from workerlog_migrate.knowledge import CallRow, Condition

_NO_WORD = ConditionWord("{}")  # types, values
_OF_DATA = frozenset({"converted", "negative", "shape:json"})

_OF_NOTHING = frozenset({"not-literal", "rooted", "unsettled"})
"""Words that hold of a receiver that no expression gives, though they are told by how it is written."""
_OF_TYPES = frozenset(test.removesuffix(":") for test in TYPE_TESTS)


class Conditions:
    """Tests conditions.

    The arguments are the parts of the analysis that it asks.
    """

    def __init__(
        self,
        world: World,
        above: Above,
        elements: Elements,
        sources: Sources,
        unset: Unset,
        kinds: Kinds,
        closed: Closed,
        meanwhile: Meanwhile,
        written: Written,
        numbers: Numbers,
        ascii_text: AsciiText,
    ) -> None:
        self._world = world
        self._above = above
        self._elements = elements
        self._sources = sources
        self._unset = unset
        self._kinds = kinds
        self._closed = closed
        self._meanwhile = meanwhile
        self._written = written
        self._numbers = numbers
        self._ascii_text = ascii_text
        self._knowledge = world.knowledge
        self._deep: dict[Unit, bool] = {}
        self._decoded: dict[Unit, bool] = {}
        self._circular: dict[Unit, bool] = {}

    def is_of_unset(self, condition: Condition, row: CallRow, arguments: Arguments, frame: Frame) -> bool:
        """Whether a condition holds only because what is passed starts as None somewhere else."""
        if condition.test != "none-able":
            return False
        nodes = [node for name in condition.args for node in arguments.find(name, row.params)]
        return bool(nodes) and all(
            self._unset.starts_as_none(node, frame)
            for node in nodes
            if "None" in values.names(arguments.value(node))
        )

    def holds(
        self, condition: Condition, row: CallRow, arguments: Arguments, receiver: Value | None
    ) -> bool | None:
        """Whether a condition holds; None when that cannot be told."""
        for unless in condition.unless:
            if self.holds(unless, row, arguments, receiver) is True:
                return False
        others = [self.holds(also, row, arguments, receiver) for also in condition.also]
        if False in others:
            return False
        own = self._holds_alone(condition, row, arguments, receiver)
        return None if own is True and None in others else own

    def _holds_deep(self, node: ast.expr | None, value: Value, arguments: Arguments) -> bool:
        """Whether what a container holds in another one may be no plain data."""
        unit = arguments.frame.unit
        if values.may_be_decoded(value) and self._is_filled(unit):
            return True
        if isinstance(node, ast.Dict | ast.List | ast.Tuple) or not has_inner(value):
            return False
        known = self._deep.get(unit)
        if known is None:
            self._deep[unit] = False  # what is asked on the way
            known = self._deep[unit] = puts_no_data_in(unit, self._above.flat.value)
        return known

    def _is_filled(self, unit: Unit) -> bool:
        """Whether a file, or the script, puts what is no plain data into decoded data."""
        for each in dict.fromkeys((unit, self._world.unit)):
            if each not in self._decoded:
                self._decoded[each] = False  # what is asked on the way
                self._decoded[each] = fills_decoded(each, self._above.flat.value)
        return self._decoded[unit] or self._decoded[self._world.unit]

    def _holds_alone(
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
            nodes, found = list(arguments.find(name, row.params)), None
        test = condition.test
        word = TESTS.get(test, _NO_WORD)
        if arguments.node is None and not word.of_callbacks:
            return False  # what a callback is given is not known, and that is no evidence
        if not nodes and test == "type":
            found = self._elements.spread(arguments, row.params) or found
        if not nodes and found is None:
            is_open = arguments.starred and not word.without and _may_be_unpacked(name, test, row, arguments)
            return None if is_open else word.without
        if condition.values and not test:
            return self._any_value(condition, nodes, arguments)
        if test == "ascii":
            return bool(nodes) and all(self._ascii_text.is_ascii(node, arguments) for node in nodes)
        return self._test_nodes(condition, nodes, found, arguments)

    def _any_value(self, condition: Condition, nodes: list[ast.expr], arguments: Arguments) -> bool | None:
        verdict: bool | None = False
        for node in nodes:
            constant = self._written.constant(node, arguments)
            if constant is None and isinstance(node, ast.Name):
                constant = self._sources.only_argument(node, arguments.frame.unit)
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
        verdict: bool | None = False
        candidates: list[ast.expr | None] = list(nodes) or [None]
        for node in candidates:
            result = self._test_node(condition, node, found, arguments)
            if result is True:
                return True
            if result is None:
                verdict = None
        return verdict

    def _test_node(
        self, condition: Condition, node: ast.expr | None, found: Value | None, arguments: Arguments
    ) -> bool | None:
        """Decide a word for one node, or for the receiver, by what tells it."""
        test = condition.test
        word = TESTS.get(test, _NO_WORD)
        constant = self._written.constant(node, arguments) if node is not None else None
        if constant is None and word.of_parameters and isinstance(node, ast.Name):
            constant = self._sources.only_argument(node, arguments.frame.unit)
        if word.told_by is Telling.CONSTANT:
            return self._tell_by_constant(condition, constant)
        if word.told_by is Telling.WRITING:
            return self._tell_by_writing(test, node, constant, arguments)
        value = found if found is not None else arguments.value(node) if node is not None else ANY
        if test in _OF_TYPES:
            return self._tell_by_type(condition, value, arguments)
        return self._tell_by_value(test, node, value, arguments)

    def _tell_by_constant(self, condition: Condition, constant: ast.Constant | None) -> bool | None:
        """Decide what hangs on the constant alone, or on nothing of the argument."""
        match condition.test:
            case "given":
                return constant is None or (constant.value is not None and constant.value is not False)
            case "absent":
                return constant is not None and constant.value is None
            case "missing":
                return False
            case "passed":
                return True
            case "spelled":
                return self._world.spells(str(word) for word in condition.values)
            case "true":
                return constant is None or bool(constant.value)
            case "text-mode" | "binary-mode" | "write-mode":
                return _is_mode(constant.value if constant is not None else None, condition.test)
        return None

    def _tell_by_writing(
        self, test: str, node: ast.expr | None, constant: ast.Constant | None, arguments: Arguments
    ) -> bool | None:
        """Decide what hangs on how the argument is written, and on where that comes from."""
        if node is None:
            return test in _OF_NOTHING
        unit = arguments.frame.unit
        match test:
            case "rooted":
                items = self._sources.looped(node, unit)
                return any(map(may_be_rooted, items or [constant or node]))
            case "emptiable":
                flat = self._above.flat
                return may_be_empty(
                    node, unit.module, lambda part: values.may_be_decoded(flat.value(part, unit))
                )
            case "negative":
                return self._numbers.may_be_negative(node, arguments)
            case "literal":
                return self._written.is_literal(node, arguments)
            case "not-literal":
                return not self._written.is_literal(node, arguments)
            case "escaped":
                return is_escaped(node, unit.module)
            case "empty":
                return is_written_empty(node) or (constant is not None and constant.value in ("", b""))
            case "record-names":
                if not isinstance(node, ast.Name):
                    return _may_have_record_names(node)
                made = self._written.once_bound(node, arguments.frame)
                return _may_have_record_names(made) or any(map(_gets_record_name, arguments.value(node)))
            case "unsettled":
                return not self._written.is_settled(node, unit)
            case "count":
                return len_argument(node) is not None
            case "converted":
                return self._numbers.is_converted(node, arguments)
            case "integer-literal" | "number-literal":
                kind = int if test == "integer-literal" else float
                each_round = self._sources.looped(node, unit) or [constant or node]
                return self._written.is_literal(node, arguments) and not any(
                    _is_text_of_no_number(each, kind) for each in each_round
                )
        return None

    def _tell_by_type(self, condition: Condition, value: Value, arguments: Arguments) -> bool | None:
        """Decide the words behind which types are named."""
        names = values.names(value)
        match condition.test:
            case "holds-type":
                names = values.names(self._parts(value, arguments))
            case "not-type":
                plain = names - {"None"} | {"any" for entry in value if entry.is_undecoded}
                return any(not self._is_a(name, condition.types) for name in plain)
        return any(self._is_a(name, condition.types) for name in names)

    def _tell_by_value(
        self, test: str, node: ast.expr | None, value: Value, arguments: Arguments
    ) -> bool | None:
        """Decide what hangs on what the argument may be."""
        match test:
            case "none-able":
                return "None" in values.names(value)
            case "shape:json":
                return values.may_be_decoded(value)
            case "undecodable":
                return any(entry.is_name for entry in value)
            case "closable":
                return self._closed.may_be(node, arguments.frame)
            case "far-off":
                return node is None or not self._sources.is_recent(node, arguments.frame)
            case "resized":
                return node is not None and self._meanwhile.changes_inside(node, arguments)
            case "holds-unknown":
                return may_hold_no_data(node, arguments.value) or self._holds_deep(node, value, arguments)
            case "mixed-keys":
                return mixes_keys(value) or (
                    values.may_be_decoded(value)
                    and mixes_keys_of_decoded(arguments.frame.unit, self._above.flat.value)
                )
            case "circular":
                return self._holds_itself(value, arguments.frame)
            case "holds-no-text":
                return bool(values.names(self._parts(value, arguments)) & _NO_TEXTS)
            case "unordered":
                return any(self._is_unordered(part) for part in self._parts(value, arguments))
            case "unpaired":  # what str.split gives, or JSON: of any length
                is_kind = self._knowledge.is_kind
                series = frozenset(entry for entry in value if is_kind(entry.name, "series"))
                element = self._elements.element(series, arguments.frame.unit)
                return bool(series and values.names(element) & {"json", "list", "str"})
        return None

    def _holds_itself(self, value: Value, frame: Frame) -> bool:
        """Whether a container may be one that the file, or one that uses the function, puts into itself."""
        if not values.names(value) & _HOLDING:
            return False
        for unit in (frame.unit, *self._world.users_of(frame.unit, frame.function.name)):
            if unit not in self._circular:
                self._circular[unit] = holds_itself(unit)
            if self._circular[unit]:
                return True
        return False

    def _parts(self, value: Value, arguments: Arguments) -> Value:
        """Return what lies in a container: of a mapping what its keys lead to."""
        mappings = frozenset(entry for entry in value if self._is_a(entry.name, ("dict",)))
        held = [self._elements.dict_values(mappings)] if mappings else []
        series = frozenset(entry for entry in value if self._knowledge.is_kind(entry.name, "series"))
        if series:
            held.append(self._elements.element(series, arguments.frame.unit))
        return values.join(held)

    def _is_unordered(self, entry: Type) -> bool:
        return (
            entry.name in ("dict", "None", "json", "complex")
            or values.is_opaque(entry)
            or self._kinds.has_no_order(entry)
        )

    def _is_a(self, name: str, types: tuple[str, ...]) -> bool:
        if name in types:
            return True
        return name not in ("any", "json") and any(base in types for base in self._knowledge.mro(name))


def _may_be_unpacked(name: str, test: str, row: CallRow, arguments: Arguments) -> bool:
    """Whether what is unpacked into a call may hold an argument: an option comes by its name alone, as data out of data."""
    if arguments.node is None or name in row.params:
        return True
    mappings = [word.value for word in arguments.node.keywords if word.arg is None]
    if test not in _OF_DATA and not test.startswith("type:"):
        return bool(mappings) and name != "*"
    found = [entry for each in mappings for entry in arguments.value(each)]
    return any(
        entry.name != "dict" or any("json" in values.names(held) for held in entry.args) for entry in found
    )


_HOLDING = frozenset({"dict", "list", "collections.defaultdict", "collections.OrderedDict"})
_NO_TEXTS = frozenset({"int", "float", "bool", "list", "dict", "tuple"})


_RECORD_NAMES = frozenset({*vars(logging.makeLogRecord({})), "message", "asctime"})


def _may_have_record_names(node: ast.expr | None) -> bool:
    """Whether a mapping may have a key that a log record has as an attribute: only where all its keys are written, it need not."""
    match node:
        case ast.Dict(keys=keys):
            return any(not (isinstance(key, ast.Constant) and key.value not in _RECORD_NAMES) for key in keys)
        case ast.Call(func=ast.Name(id="dict"), args=[], keywords=words):
            return any(word.arg is None or word.arg in _RECORD_NAMES for word in words)
    return True


def _gets_record_name(entry: values.Type) -> bool:
    """Whether something is put into a mapping, after it was written, under a key that a log record has as an attribute."""
    later = [key.key for key, _ in entry.literal or () if isinstance(key, values.Later)]
    return entry.name != "dict" or any(not isinstance(key, str) or key in _RECORD_NAMES for key in later)


def _is_mode(mode: object, test: str) -> bool | None:
    """Whether a mode, where it is known, is what a word says."""
    if not isinstance(mode, str):
        return None
    if test == "write-mode":
        return any(letter in mode for letter in "wax+")
    return ("b" in mode) is (test == "binary-mode")


def _is_text_of_no_number(written: ast.expr, kind: type[int] | type[float]) -> bool:
    """Whether a literal is a text that cannot be made a number of a kind."""
    if not isinstance(written, ast.Constant) or not isinstance(written.value, str):
        return False
    try:
        kind(written.value)
    except ValueError:
        return True
    return False


def describe(condition: Condition) -> str:
    """Say in words under which condition a row raises, and which arguments would have ruled it out."""
    names = _quoted(condition.args)
    if condition.values and not condition.test:
        text = f"{names} is {' or '.join(repr(value) for value in condition.values)}"
    elif condition.test in ("passed", "given") and condition.args == ("self",):
        text = ""
    elif condition.test == "type":
        text = f"{names} is {' or '.join(condition.types)}"
    elif condition.test == "holds-type":
        text = f"{names} holds {' or '.join(condition.types)}"
    elif condition.test == "spelled":
        text = f"the program names {' or '.join(map(str, condition.values))}"
    elif condition.test == "not-type":
        text = f"{names} is not known to be {', '.join(condition.types)}"
    else:
        text = TESTS.get(condition.test, _NO_WORD).said.format(names)
    against = _quoted(
        name for unless in condition.unless for name in unless.args if name not in condition.args
    )
    return ", ".join(
        part for part in (text, f"no argument {against} rules it out" if against else "") if part
    )


def _quoted(names: Iterable[str]) -> str:
    return " or ".join(f"`{name}`" for name in dict.fromkeys(names))
