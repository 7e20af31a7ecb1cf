"""The calls of one module that do I/O: which may be repeated whole, and why others are left.

The questions of ``retry_io``, which proposes the edits.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from workerlog_migrate.analysis.context import Context
from workerlog_migrate.analysis.exceptions import BROAD, ROOT
from workerlog_migrate.analysis.module import Module, span_around
from workerlog_migrate.analysis.uses import only_value, owners, runs_before, uses
from workerlog_migrate.finders.retry_arguments import Arguments
from workerlog_migrate.finders.retry_call import RetryCall
from workerlog_migrate.finders.retry_places import Places
from workerlog_migrate.knowledge import RetryRow
from workerlog_migrate.model import Finding, left_alone
from workerlog_migrate.registry import RETRY_IO
from workerlog_migrate.syntax.blocks import End, end_of, leaves_loop, listed_types
from workerlog_migrate.syntax.scopes import FunctionNode
from workerlog_migrate.syntax.stars import may_hide

_METHODS_OF_PATH = frozenset({"read_bytes", "read_text", "write_bytes", "write_text"})
_ASYNC_OPENERS = frozenset({"delete", "get", "head", "open", "options", "patch", "post", "put", "request"})

_REPEATER = re.compile(
    r"retry|retries|retrying|backoff|tenacity|stamina|retent|tentar|tentativa", re.IGNORECASE
)
_MAX_DEPTH = 40  # functions that call one another, up to what repeats them
_COUNTERS = frozenset({"itertools.count", "itertools.repeat", "range"})
_PURE_CALLS = re.compile(r"os\.path\.|os\.fspath\Z|pathlib\.|str\Z|urllib\.parse\.")
_PURE_METHODS = frozenset(
    {"format", "join", "joinpath", "lower", "replace", "rstrip", "strip", "upper", "with_name", "with_suffix"}
)

_MOST_FILES = 20  # that are looked at for what they import
_SOMETHING_ELSE = ""  # in place of a callee's name: it is none that matters
_BY_NAME = frozenset(
    {"__import__", "import_module", "modules", "resolve_name"}
)  # what gives a module by a text

_Loop = ast.For | ast.While
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


@dataclass(slots=True)
class _End:
    """How a loop may end once a call in it has succeeded.

    Attributes:
        loop: the loop.
        is_counted: it runs a limited number of times, so that any test of the result may end it.
        results: names that hold the call's result, or what was made of it.
        in_inner_loop: a ``break`` would leave another loop inside.
    """

    loop: _Loop
    is_counted: bool
    results: set[str]
    in_inner_loop: bool = False

    def is_reached(self, suite: list[ast.stmt], *, is_certain: bool) -> bool:
        """Whether statements that follow the call leave the loop."""
        for index, statement in enumerate(suite):
            match statement:
                case ast.Return() | ast.Break():
                    if is_certain and self._is_exit(statement):
                        return True
                case ast.Assign(value=value):
                    if _mentions(value, self.results):
                        self.results |= _targets(statement)
                    if is_certain and isinstance(self.loop, ast.While) and _is_flag(self.loop, statement):
                        return True
                case ast.With(items=items, body=body):
                    for item in items:
                        if item.optional_vars is not None:
                            self.results |= _stored(item.optional_vars)
                    if self.is_reached(body, is_certain=is_certain):
                        return True
                case ast.If(test=test, body=body, orelse=orelse):
                    is_last = index == len(suite) - 1
                    leaves = any(branch and self._is_exit(branch[-1]) for branch in (body, orelse))
                    if leaves and (self.is_counted or is_last) and _mentions(test, self.results):
                        return True
        return False

    def _is_exit(self, statement: ast.stmt) -> bool:
        return isinstance(statement, ast.Return) or (
            isinstance(statement, ast.Break) and not self.in_inner_loop
        )


class IoCalls:
    """The questions that this codemod asks of one module."""

    def __init__(self, module: Module, context: Context) -> None:
        self.module = module
        self.context = context
        self._extra = frozenset(context.settings.retry_extra)
        self._never = frozenset(context.settings.retry_never)
        self._table = context.types.engine.knowledge.retry()
        self._known = context.types.engine.knowledge.retried() | {
            name.rpartition(".")[2] for name in (*self._extra, *self._never)
        }
        self.names = self._known | _METHODS_OF_PATH | _ASYNC_OPENERS
        self._repeated: dict[ast.AST, str] = {}
        self._depth = 0
        self._places = Places(module, context.types)
        self._arguments = Arguments(module, context.types)
        self._methods: frozenset[str] | None = None
        self._loops: dict[_Loop, tuple[frozenset[str], frozenset[str]]] = {}
        self._may_be: dict[str, bool] = {}

    # -- one call -------------------------------------------------------------------------------------------

    def judge(self, call: ast.Call) -> Finding | None:
        """Say what becomes of a call; None when it does no I/O that the table knows."""
        name = self._callee(call)
        if name is None:
            reason = self._reason_unknown(call)
            return self._left(call, reason) if reason else None
        row = self._table.get(name.replace(".lenient.", "."))
        if name in self._never:
            return self._left(call, f"the configuration says never to repeat {name}")
        if name in self._extra:
            row = RetryRow(name, True, "the configuration says so")
        if row is None:
            return None
        reason = row.reason if not row.wrap else self._obstacle(call, name, row)
        if reason:
            return self._left(call, reason)
        return Finding(
            codemod=RETRY_IO,
            span=self.module.span(call),
            message=f"{self._text(call)} is repeated when a passing fault breaks it: {row.reason}",
            edit=RetryCall(self.context.header.retrying),
            kind="wrapped",
        )

    def _callee(self, call: ast.Call) -> str | None:
        """Return the qualified name of what is called, as the table has it; None when it is unknown or no I/O."""
        match call.func:
            case ast.Name(id=name):
                qualified = self.module.qualified(call.func)
                if qualified is None and name == "open" and self.module.is_builtin(name, call.func):
                    return None if any(may_hide(star, name) for star in self.module.star_imports) else name
                return qualified
            case ast.Attribute(attr=attr):
                if attr not in self._known:
                    return None
                if not self._may_be_known(attr) and not self._is_entered_async(call):
                    return _SOMETHING_ELSE
                qualified = self.module.qualified(call.func)
                if qualified is not None and (qualified in self._table or qualified in self._extra):
                    return qualified
                if qualified is not None and qualified.startswith(
                    "sys."
                ):  # the terminal is no file of the worker
                    return None
                return self.context.types.callee(call)
            case _:
                return None

    def _may_be_known(self, attr: str) -> bool:
        """Whether a method of that name may be one of the table's at all: else there is no need to find out what it is of.

        Of most names any file may have such an object; some are of libraries that nobody imports whom the script meets.
        """
        if attr in _METHODS_OF_PATH:
            return True
        known = self._may_be.get(attr)
        if known is None:
            rows = [row for name, row in self._table.items() if name.rpartition(".")[2] == attr]
            givers = {each for row in rows for each in row.given_by}
            is_taught = any(name.rpartition(".")[2] == attr for name in (*self._extra, *self._never))
            known = is_taught or not all(row.given_by for row in rows) or self._are_there(givers)
            self._may_be[attr] = known
        return known

    def _are_there(self, tops: set[str]) -> bool:
        """Whether one of some libraries may be imported by the script, or by a file that has to do with it."""
        if any(users for _, users in self.context.target.users):
            return True
        units = self.context.types.engine.world.reachable(_MOST_FILES)
        return units is None or any(_imports_any(unit.module, tops) for unit in units)

    def _reason_unknown(self, call: ast.Call) -> str:
        """Say why a call that looks like I/O is left alone although its callee is not known."""
        match call.func:
            case ast.Name(id="open") if self.module.is_builtin("open", call.func):
                return "open may be rebound by a star import"
            case ast.Attribute(attr=attr) if attr in _ASYNC_OPENERS and self._is_entered_async(call):
                return "it is an async context manager, which is not called but entered"
            case ast.Attribute(attr=attr) if attr in _METHODS_OF_PATH and attr not in self._own_methods():
                return "it is not known to be a method of a path"
            case _:
                return ""

    def _own_methods(self) -> frozenset[str]:
        """Give the names of the methods of the script's own classes: that they are no I/O nobody has to be told."""
        if self._methods is None:
            self._methods = frozenset(
                entry.name
                for node in self.module.classes
                for entry in node.body
                if isinstance(entry, _FUNCTIONS[:2])
            )
        return self._methods

    def _obstacle(self, call: ast.Call, name: str, row: RetryRow) -> str:
        """Say why a call that could be repeated is not wrapped here, or nothing."""
        module = self.module
        if module.in_fstring(call):
            return "inside an f-string"
        if runs_before(module, call, self.context.header.line):
            return "runs before the retry decorator exists"
        if module.is_suppressed(RETRY_IO, call.lineno, call.end_lineno or call.lineno):
            return "suppressed by comment"
        if self._is_entered_async(call):
            return "it is an async context manager, which is not called but entered"
        if isinstance(module.parents[call], ast.Await):
            return "it is awaited"
        return (
            self._places.on_loop(call)
            or self._arguments.obstacle(call, row)
            or self._places.retries_itself(call, name)
            or self._places.under_alarm(call)
            or self._repeater(call)
        )

    def _left(self, call: ast.Call, reason: str) -> Finding:
        return left_alone(
            RETRY_IO, span_around(self.module, call), f"{self._text(call)} is left alone", reason
        )

    def _text(self, call: ast.Call) -> str:
        """Return the callee on one line."""
        if self.module.in_fstring(call):  # the text at its position may be another one before Python 3.12
            return ast.unparse(call.func)
        return " ".join(self.module.text(call.func).split())

    def _is_entered_async(self, call: ast.Call) -> bool:
        item = self.module.parents[call]
        return isinstance(item, ast.withitem) and isinstance(self.module.parents[item], ast.AsyncWith)

    # -- what repeats it already ----------------------------------------------------------------------------

    def _repeater(self, call: ast.Call) -> str:
        """Say what repeats a call already, or nothing."""
        loop = self._retry_loop(call)
        if loop is not None:
            return f"the loop at line {loop.lineno} repeats it already"
        for function in owners(self.module, call):
            reason = self._repeats(function)
            if reason:
                return reason
        return ""

    def _repeats(self, function: ast.AST) -> str:
        """Say what repeats a whole function: its decorator, the retry function it is given to, loops around its calls."""
        if function not in self._repeated:
            self._repeated[function] = ""  # a recursive function does not repeat itself
            self._depth += 1
            found = self._reason_repeated(function) if self._depth <= _MAX_DEPTH else ""
            self._depth -= 1
            self._repeated[function] = found
        return self._repeated[function]

    def _reason_repeated(self, function: ast.AST) -> str:
        if isinstance(function, ast.Lambda):
            return self._reason_passed(function)
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            return ""
        for decorator in function.decorator_list:
            if self._is_repeater(decorator):
                return f"{function.name} is repeated whole by its decorator {_dotted(decorator)}"
        return self._reason_used(function)

    def _reason_used(self, function: FunctionNode) -> str:
        """Say so when every use of a function is repeated."""
        reason = ""
        for use in uses(self.module, function):
            parent = self.module.parents[use]
            if isinstance(parent, ast.Call) and parent.func is use:
                reason = self._repeater(parent)
            else:
                reason = self._reason_passed(use)
            if not reason:
                return ""
        return reason and f"{function.name} is only called where it is repeated: {reason}"

    def _reason_passed(self, node: ast.expr) -> str:
        """Say so when a function is handed to one that repeats it."""
        parent = self.module.parents[node]
        if isinstance(parent, ast.keyword):
            parent = self.module.parents[parent]
        if isinstance(parent, ast.Call) and parent.func is not node and self._is_repeater(parent.func):
            return f"it is given to {_dotted(parent.func)}, which repeats it"
        return ""

    def _is_repeater(self, node: ast.expr) -> bool:
        """Whether a decorator or callee repeats what it is given, by its name or by what made it."""
        callee = node.func if isinstance(node, ast.Call) else node
        if _REPEATER.search(self.module.qualified(callee) or "") or _REPEATER.search(_dotted(callee)):
            return True
        if isinstance(callee, ast.Call):
            return self._is_repeater(callee)
        if isinstance(callee, ast.Name):
            value = only_value(self.module, self.module.bindings(callee))
            return isinstance(value, ast.Call) and bool(_REPEATER.search(_dotted(value.func)))
        return False

    def _retry_loop(self, call: ast.Call) -> _Loop | None:
        """Return the loop that repeats a call until it succeeds, if it stands in one.

        Such a loop repeats the same operation, goes on when it fails and ends when it succeeds. A ``while True`` work
        cycle does not end; a ``for`` over items does something else each time.
        """
        child: ast.AST = call
        survives = False  # a handler between the call and the loop lets the loop go on
        for parent in self.module.ancestors(call):
            if isinstance(parent, _FUNCTIONS):
                return None
            handlers: list[ast.ExceptHandler] = getattr(parent, "handlers", [])
            if handlers and child in getattr(parent, "body", ()):
                survives = survives or any(self._goes_on(handler) for handler in handlers)
            if isinstance(parent, ast.For | ast.While) and child in parent.body:
                if isinstance(parent, ast.For) and self._is_repeater(parent.iter):
                    return parent
                if survives and self._repeats_same(parent, call) and self._ends_with_success(parent, call):
                    return parent
            child = parent
        return None

    def _goes_on(self, handler: ast.ExceptHandler) -> bool:
        """Whether a handler may catch a failed I/O and does not end with leaving the loop."""
        if leaves_loop(handler.body):
            return False
        return handler.type is None or any(
            self._may_be_io(self.module.qualified(entry)) for entry in listed_types(handler)
        )

    def _may_be_io(self, name: str | None) -> bool:
        """Whether an exception may be what a failed I/O call raises: libraries derive theirs from ``Exception`` itself."""
        if name is None:
            return True
        hierarchy = self.context.types.engine.hierarchy
        builtin = {entry for entry in hierarchy.ancestors(name) if "." not in entry} - {BROAD, ROOT}
        return not builtin or hierarchy.is_marked(name, "io")

    def _repeats_same(self, loop: _Loop, call: ast.Call) -> bool:
        """Whether each turn of a loop makes the call with the same callee and arguments (time-outs may grow)."""
        if loop not in self._loops:
            changing = self._changing_names(loop)
            self._loops[loop] = changing, changing | self._made_names(loop, changing)
        changing, made = self._loops[loop]
        subject: list[ast.AST] = [call.func, *call.args[:1]]
        subject += [keyword for keyword in call.keywords if keyword.arg in ("file", "path", "url")]
        others: list[ast.AST] = [*call.args[1:]]
        others += [keyword for keyword in call.keywords if keyword.arg != "timeout"]
        return not any(_mentions(node, made) for node in subject) and not any(
            _mentions(node, changing) for node in others
        )

    def _changing_names(self, loop: _Loop) -> frozenset[str]:
        """List the names that are other ones in each turn: the loop's targets, counters, and what is made of them."""
        changing: set[str] = set()
        if isinstance(loop, ast.For):
            changing |= _stored(loop.target)
        assigns = [
            node for node in _inside(loop) if isinstance(node, ast.Assign | ast.AugAssign | ast.NamedExpr)
        ]
        changing |= {
            name for node in assigns if isinstance(node, ast.AugAssign) for name in _stored(node.target)
        }
        return self._closure(assigns, changing)

    def _made_names(self, loop: _Loop, changing: frozenset[str]) -> frozenset[str]:
        """List the names that may be other ones in each turn, because a call of unknown effect makes them."""
        assigns = [node for node in _inside(loop) if isinstance(node, ast.Assign | ast.NamedExpr)]
        made = set(changing)
        for node in assigns:
            if any(isinstance(part, ast.Call) and not self._is_pure(part) for part in ast.walk(node.value)):
                made |= _targets(node)
        for inner in _inside(loop):
            if isinstance(inner, ast.For):
                made |= _stored(inner.target)
        return self._closure(list(assigns), made)

    def _closure(
        self, assigns: list[ast.Assign | ast.AugAssign | ast.NamedExpr], seeds: set[str]
    ) -> frozenset[str]:
        names = set(seeds)
        size = -1
        while size != len(names):
            size = len(names)
            for node in assigns:
                if _mentions(node.value, names):
                    names |= _targets(node)
        return frozenset(names)

    def _is_pure(self, call: ast.Call) -> bool:
        """Whether a call gives the same for the same arguments: it builds a path or a text."""
        qualified = self.module.qualified(call.func)
        if qualified is not None:
            return bool(_PURE_CALLS.match(qualified))
        return isinstance(call.func, ast.Attribute) and call.func.attr in _PURE_METHODS

    def _ends_with_success(self, loop: _Loop, call: ast.Call) -> bool:
        """Whether a loop is left after the call succeeded: at once, by a flag, or when its result says so."""
        statement: ast.stmt = self.module.statement(call)
        end = _End(loop, self._is_counted(loop), _targets(statement))
        is_certain = True  # what follows runs only when the call succeeded
        while statement is not loop:
            parent = self.module.parents[statement]
            suite = next((body for body in _suites(parent) if statement in body), [])
            following = suite[suite.index(statement) :] if suite else []
            handlers: list[ast.ExceptHandler] = getattr(parent, "handlers", [])
            if handlers and suite is getattr(parent, "body", None):
                following = [*following, *getattr(parent, "orelse", ())]
            if end.is_reached(following, is_certain=is_certain):
                return True
            if handlers and not all(_skips_rest(handler) for handler in handlers):
                is_certain = False
            if isinstance(parent, ast.For | ast.AsyncFor | ast.While) and parent is not loop:
                end.in_inner_loop = True
            while not isinstance(parent, ast.stmt):
                parent = self.module.parents[parent]
            statement = parent
        return False

    def _is_counted(self, loop: _Loop) -> bool:
        """Whether a loop runs a limited number of times and its counter only counts."""
        if isinstance(loop, ast.For):
            if isinstance(loop.iter, ast.Call):
                return self.module.qualified(loop.iter.func) in _COUNTERS
            return isinstance(loop.iter, ast.Tuple | ast.List) and all(
                isinstance(entry, ast.Constant) and not isinstance(entry.value, str)
                for entry in loop.iter.elts
            )
        counters = {
            name for node in _inside(loop) if isinstance(node, ast.AugAssign) for name in _stored(node.target)
        }
        return isinstance(loop.test, ast.Compare) and _mentions(loop.test, counters)


def _dotted(node: ast.expr) -> str:
    """Write a callee without the arguments of calls in it."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=attr):
            return f"{_dotted(value)}.{attr}"
        case ast.Call(func=func):
            return _dotted(func)
        case _:
            return ""


# -- names in a loop ----------------------------------------------------------------------------------------


def _inside(loop: _Loop) -> Iterator[ast.AST]:
    """Walk a loop's body without the functions defined in it."""
    stack: list[ast.AST] = list(loop.body)
    while stack:
        node = stack.pop()
        yield node
        if not isinstance(node, _FUNCTIONS):
            stack.extend(ast.iter_child_nodes(node))


def _mentions(node: ast.AST, names: frozenset[str] | set[str]) -> bool:
    return any(isinstance(part, ast.Name) and part.id in names for part in ast.walk(node))


def _stored(target: ast.AST) -> set[str]:
    return {
        part.id for part in ast.walk(target) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)
    }


def _targets(statement: ast.AST) -> set[str]:
    match statement:
        case ast.Assign(targets=targets):
            return {name for target in targets for name in _stored(target)}
        case ast.AugAssign(target=target) | ast.NamedExpr(target=target):
            return _stored(target)
        case _:
            return set()


def _is_flag(loop: ast.While, statement: ast.Assign) -> bool:
    """Whether an assignment ends a loop by its test: ``while not done`` and ``done = True``."""
    if isinstance(loop.test, ast.Constant) or not isinstance(statement.value, ast.Constant):
        return False
    return _mentions(loop.test, _targets(statement))


def _skips_rest(handler: ast.ExceptHandler) -> bool:
    """Whether what follows a handler's ``try`` is not run after the handler."""
    return end_of(handler.body) is not End.ON


def _suites(node: ast.AST) -> Iterator[list[ast.stmt]]:
    for name in ("body", "orelse", "finalbody"):
        suite = getattr(node, name, None)
        if isinstance(suite, list):
            yield suite


def _imports_any(module: Module, tops: set[str]) -> bool:
    """Whether a file imports one of some libraries, or anything by a text."""
    for node in module.imports:
        names = [alias.name for alias in node.names]
        if isinstance(node, ast.Import):
            if any(name.partition(".")[0] in tops for name in names):
                return True
        elif not _BY_NAME.isdisjoint(names) or (
            not node.level and (node.module or "").partition(".")[0] in tops
        ):
            return True
    return any(module.names_of(name) or module.attributes_of(name) for name in _BY_NAME)
