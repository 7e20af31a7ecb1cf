"""Functions whose rows cannot say what they give: one method each, and the table of them.

Migrated code is read as what it wraps: ``retrying(open)(p)`` is ``open(p)``, ``mirror_print(logger.info, x)`` is ``print(x)``, so that a
second run finds what the first one found.
"""

# ruff: noqa: ARG002  # the functions of a dispatch table share one signature
from __future__ import annotations

import ast
import functools
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from workerlog_migrate.analysis import values
from workerlog_migrate.analysis.arguments import Arguments
from workerlog_migrate.analysis.frames import SILENT, CallEdge, Frame
from workerlog_migrate.analysis.getters import GETTERS
from workerlog_migrate.analysis.program import FunctionInfo
from workerlog_migrate.analysis.shapes import NAMED_TUPLE
from workerlog_migrate.analysis.values import ANY, NONE, Value

if TYPE_CHECKING:
    from workerlog_migrate.analysis.above import Above
    from workerlog_migrate.analysis.by_name import ByName
    from workerlog_migrate.analysis.effects import Effects
    from workerlog_migrate.analysis.elements import Elements
    from workerlog_migrate.analysis.families import Families
    from workerlog_migrate.analysis.iteration import Iteration
    from workerlog_migrate.analysis.printing import Printing
    from workerlog_migrate.analysis.rows import Rows
    from workerlog_migrate.analysis.world import World

Special = Callable[[Arguments, ast.expr, Frame], Value]
_SUPPRESS = "contextlib.suppress"


class Specials:
    """Evaluates calls of builtins and of our own runtime.

    The arguments are the parts of the analysis that it asks.
    """

    def __init__(
        self,
        world: World,
        above: Above,
        effects: Effects,
        families: Families,
        elements: Elements,
        iteration: Iteration,
        by_name: ByName,
        rows: Rows,
        printing: Printing,
    ) -> None:
        self._above = above
        self._effects = effects
        self._families = families
        self._elements = elements
        self._iteration = iteration
        self._rows = rows
        self._knowledge = world.knowledge
        self.table: dict[str, Special] = {
            "print": printing.print,
            "worker_logger.mirror_print": printing.mirror,
            "worker_logger.log_ignored": self._nothing,
            "worker_logger.expect_only": self._safe_bool,
            "worker_utils.retry_with_backoff": self._retry,
            "functools.partial": self._partial,
            "functools.wraps": self._transparent,
            "functools.cmp_to_key": self._compared,
            "collections.ChainMap": self._chained,
            **{name: functools.partial(by_name.getter, name) for name in GETTERS},
            "super": self._super,
            "getattr": by_name.attribute,
            "int": self._int,
            "round": self._round,
            "iter": self._iter,
            "zip": self._zip,
            **{name: functools.partial(self._mapped, name) for name in _MAPPED},
            "type": self._type,
            "isinstance": self._is_instance,
            "hasattr": self._safe_bool,
            "contextlib.closing": self._closing,
            "collections.defaultdict": self._default_dict,
            "collections.namedtuple": self._named_tuple,
            _SUPPRESS: self._suppress,
            "importlib.import_module": self._import_module,
            "copy.copy": functools.partial(self._copied, "copy.copy"),
            "copy.deepcopy": functools.partial(self._copied, "copy.deepcopy"),
            "importlib.reload": self._reload,
            "worker_logger.setup_worker_logger": self._logger,
            "worker_logger.setup_worker_logging": self._path,
            "worker_logger.get_worker_log_path": self._path,
            "worker_utils.setup_logger": self._logger,
            "worker_utils.setup_worker_logger": self._logger,
            "worker_utils.notify_critical": self._safe_bool,
        }

    def _import_module(self, arguments: Arguments, node: ast.expr, frame: Frame) -> Value:
        """A plug-in's top level runs; a module of the standard library that is named there is like an import of it."""
        made = self._by_row("importlib.import_module", arguments, node, frame)
        top = ""
        match arguments.positional:
            case [ast.Constant(value=str(named)), *_]:
                top = named.partition(".")[0]
        if top not in sys.stdlib_module_names:
            self._effects.unknown_call(
                node, frame, "importlib.import_module", "the top level of what it imports runs"
            )
        return made

    def _reload(self, arguments: Arguments, node: ast.expr, frame: Frame) -> Value:
        """The top level of a file of the program runs again."""
        made = self._by_row("importlib.reload", arguments, node, frame)
        for passed in arguments.positional[:1]:
            for entry in arguments.value(passed):
                if entry.kind is values.UNIT and frame.sink.is_heard:
                    body = entry.unit.enclosing(entry.unit.module.tree)
                    frame.sink.add(CallEdge(body, node, frame.unit))
                elif entry.kind is not values.DOTTED:
                    self._effects.unknown_call(node, frame, "importlib.reload")
        return made

    def _copied(self, name: str, arguments: Arguments, node: ast.expr, frame: Frame) -> Value:
        """A copy is of the same type, unless the class says how it is copied."""
        self._by_row(name, arguments, node, frame)
        made = self._same(arguments, node, frame)
        own = (entry.class_info for entry in made if entry.kind is values.INSTANCE)
        if any(self._families.method(info, each) for info in own for each in _OF_COPIES):
            return ANY
        return made

    def _suppress(self, arguments: Arguments, node: ast.expr, frame: Frame) -> Value:
        return values.SUPPRESSING

    def _retry(self, arguments: Arguments, node: ast.expr, frame: Frame) -> Value:
        return values.TRANSPARENT_FUNCTION

    def _transparent(self, arguments: Arguments, node: ast.expr, frame: Frame) -> Value:
        return values.TRANSPARENT_FUNCTION

    def _partial(self, arguments: Arguments, node: ast.expr, frame: Frame) -> Value:
        if not arguments.positional:
            return ANY
        return values.wrapped(values.PARTIAL, arguments.value(arguments.positional[0]))

    def _compared(self, arguments: Arguments, node: ast.expr, frame: Frame) -> Value:
        """``cmp_to_key(f)`` makes things whose order ``f`` tells: what it gives is compared with a number."""
        made = self._partial(arguments, node, frame)
        quiet = Frame(frame.function, frame.env, SILENT)
        for passed in arguments.positional[:1] if frame.sink.is_heard else ():
            given = self._above.calls.invoke_unknown(arguments.value(passed), passed, quiet)
            if not values.names(given) <= _NUMBERS:
                self._effects.operation("op:kinds", node, frame)
        return made

    def _chained(self, arguments: Arguments, node: ast.expr, frame: Frame) -> Value:
        """``ChainMap(a, b)`` has what its dictionaries have; it may be given others later."""
        made = self._by_row("collections.ChainMap", arguments, node, frame)
        given = values.join(map(arguments.value, arguments.positional)) or ANY
        if arguments.starred or any(entry.name != "dict" or len(entry.args) != _PAIR for entry in given):
            return made
        keys, items = (values.join(entry.args[at] for entry in given) for at in range(_PAIR))
        return values.one("collections.ChainMap", keys, items)

    def _super(self, arguments: Arguments, node: ast.expr, frame: Frame) -> Value:
        current: FunctionInfo | None = frame.function
        while current is not None:
            if current.owner is not None:
                return values.of_kind(values.SUPER, current.owner)
            current = current.unit.outer(current)
        return ANY

    def _int(self, arguments: Arguments, node: ast.expr, frame: Frame) -> Value:
        row = self._knowledge.call("int")
        if arguments.positional and frame.sink.is_heard:
            first = arguments.positional[0]
            is_made = not isinstance(first, ast.Constant)
            if _is_float_of_text(first) or (  # "inf" is a float for float()
                is_made and any(entry.is_huge and entry.name == "float" for entry in arguments.value(first))
            ):
                self._effects.operation("op:int-of-float", node, frame)
        made = values.INT if row is None else self._rows.apply(row, arguments, None, node, frame)
        if arguments.positional and any(entry.is_huge for entry in arguments.value(arguments.positional[0])):
            return values.one("int", ref=values.HUGE)
        return made

    def _round(self, arguments: Arguments, node: ast.expr, frame: Frame) -> Value:
        """Numbers become numbers; what anything else becomes says its class (``Series``, ``Decimal``)."""
        made = self._by_row("round", arguments, node, frame)
        given = next((arguments.value(each) for each in arguments.positional[:1]), ANY)
        to_whole = len(arguments.positional) == 1 and not arguments.keywords
        return values.join(
            made
            if entry.name in _ROUNDED or (to_whole and entry.name in _TO_WHOLE)
            else values.one(entry.name)
            if entry.name in _TO_WHOLE
            else ANY
            for entry in given
        )

    def _default_dict(self, arguments: Arguments, node: ast.expr, frame: Frame) -> Value:
        """``defaultdict(list)`` gives a list for a key that is missing."""
        made = self._by_row("collections.defaultdict", arguments, node, frame)
        if len(arguments.positional) != 1 or arguments.starred or arguments.keywords:
            return made
        quiet = Frame(frame.function, frame.env, SILENT)
        nothing = Arguments(self._above.expressions, ast.Call(arguments.positional[0], [], []), quiet)
        given = values.join(
            self._above.calls.invoke(entry, nothing, arguments.positional[0], quiet)
            for entry in arguments.value(arguments.positional[0])
        )
        return values.one("collections.defaultdict", ANY, given or ANY)

    def _iter(self, arguments: Arguments, node: ast.expr, frame: Frame) -> Value:
        if not arguments.positional:
            return values.one("iterator", ANY)
        source = arguments.value(arguments.positional[0])
        if len(arguments.positional) > 1:  # called until it gives the sentinel
            return values.one(
                "iterator", self._above.calls.invoke_unknown(source, arguments.positional[0], frame)
            )
        return values.one("iterator", self._iteration.iterate(source, arguments.positional[0], frame))

    def _type(self, arguments: Arguments, node: ast.expr, frame: Frame) -> Value:
        if len(arguments.positional) == 1:
            return values.join(map(values.class_of, arguments.value(arguments.positional[0]) or ANY))
        return ANY

    def _safe_bool(self, arguments: Arguments, node: ast.expr, frame: Frame) -> Value:
        return values.BOOL

    def _is_instance(self, arguments: Arguments, node: ast.expr, frame: Frame) -> Value:
        """It fails for a value in the place of a class."""
        if len(arguments.positional) > 1 and frame.sink.is_heard:
            classes = arguments.value(arguments.positional[1])
            plain = frozenset(
                entry for entry in classes if values.is_builtin(entry) and entry.name != "tuple"
            )
            if plain:
                self._effects.operation("op:kinds", node, frame)
        return values.BOOL

    def _zip(self, arguments: Arguments, node: ast.expr, frame: Frame) -> Value:
        """``zip(a, b)`` gives tuples of what is in each."""
        made = self._by_row("zip", arguments, node, frame)
        if arguments.starred or not arguments.positional:
            return made
        element = self._elements.element
        parts = [element(arguments.value(each), frame.unit) for each in arguments.positional]
        going_on = values.join(entry.remembered or values.BOTTOM for entry in made)
        # What runs nothing of the program is gone through once, too.
        return frozenset(
            entry._replace(ref=going_on) for entry in values.one("iterator", values.one("tuple", *parts))
        )

    def _mapped(self, name: str, arguments: Arguments, node: ast.expr, frame: Frame) -> Value:
        """``dict(pairs)`` has keys and values of the types that the pairs have, ``dict(mapping)`` those of the mapping."""
        made = self._by_row(name, arguments, node, frame)
        if arguments.keywords and not arguments.starred and not arguments.positional:
            held = values.join(arguments.value(passed) for passed in arguments.keywords.values())
            return values.one(name, values.STR, held)
        if arguments.starred or arguments.keywords or len(arguments.positional) != 1:
            return made
        given = arguments.value(arguments.positional[0])
        pairs = self._elements.element(given, frame.unit)
        if given and all(entry.name in _MAPPING for entry in given):
            return values.one(name, pairs, self._elements.dict_values(given))
        if not pairs or any(
            pair.name != "tuple" or not pair.has_length or len(pair.args) != _PAIR for pair in pairs
        ):
            return made
        keys, items = (values.join(pair.args[at] for pair in pairs) for at in range(_PAIR))
        return values.one(name, keys, items)

    def _by_row(self, name: str, arguments: Arguments, node: ast.expr, frame: Frame) -> Value:
        row = self._knowledge.call(name)
        if row is None:  # what it gives is known here, what it raises is not
            self._effects.unknown_call(node, frame, name)
            return ANY
        return self._rows.apply(row, arguments, None, node, frame)

    def _closing(self, arguments: Arguments, node: ast.expr, frame: Frame) -> Value:
        """``with closing(x) as y``: ``y`` is ``x``, and leaving calls its ``close``."""
        return values.wrapped(values.CLOSING, self._same(arguments, node, frame))

    def _named_tuple(self, arguments: Arguments, node: ast.expr, frame: Frame) -> Value:
        self._by_row("collections.namedtuple", arguments, node, frame)
        return values.dotted(NAMED_TUPLE)

    def _same(self, arguments: Arguments, node: ast.expr, frame: Frame) -> Value:
        return arguments.value(arguments.positional[0]) if arguments.positional else ANY

    def _logger(self, arguments: Arguments, node: ast.expr, frame: Frame) -> Value:
        return values.one("logging.Logger")

    def _path(self, arguments: Arguments, node: ast.expr, frame: Frame) -> Value:
        return values.one("pathlib.Path")

    def _nothing(self, arguments: Arguments, node: ast.expr, frame: Frame) -> Value:
        return NONE


_PAIR = 2
_MAPPED = ("dict", "collections.OrderedDict", "types.MappingProxyType")
_MAPPING = frozenset({*_MAPPED, "json", "collections.defaultdict"})
_OF_COPIES = (
    "__copy__",
    "__deepcopy__",
    "__reduce__",
    "__reduce_ex__",
    "__getstate__",
    "__setstate__",
    "__getnewargs__",
)
_NUMBERS = frozenset({"bool", "float", "int"})


def _is_float_of_text(node: ast.expr) -> bool:
    """Whether a node is ``float(x)`` of something that is not written there."""
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "float"
        and bool(node.args)
        and not isinstance(node.args[0], ast.Constant)
    )


_ROUNDED = frozenset({"bool", "float", "int", "json", "None"})
_TO_WHOLE = frozenset({"decimal.Decimal", "fractions.Fraction"})
