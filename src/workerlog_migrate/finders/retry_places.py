"""Where a call stands that retry-io would repeat: in an event loop, under an alarm, on a session that retries by itself.

Input: a ``Module`` and the types in it. Output: the reason to leave a call alone, as text, or nothing. What counts is
every way to the call that can be seen: the functions that call the one around it, what it is handed to, decorators and
context managers of the program.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from workerlog_migrate.analysis.module import Module
from workerlog_migrate.analysis.types import Types
from workerlog_migrate.analysis.uses import only_value, uses
from workerlog_migrate.syntax.literals import last_name
from workerlog_migrate.syntax.scopes import FunctionNode

if TYPE_CHECKING:
    from workerlog_migrate.knowledge import CallRow

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_LOOPS = (ast.For, ast.AsyncFor, ast.While)
_MAX_DEPTH = 40  # functions that call one another, up to a coroutine or an alarm
_WORDS_OF_ALARMS = ("alarm", "setitimer", "timeout_decorator")  # without any of them there is none
_SESSIONS = frozenset({"requests.Session", "requests.session", "requests.sessions.Session"})
_ADAPTER = "requests.adapters.HTTPAdapter"
_DEFAULT_RETRIES = "DEFAULT_RETRIES"


class Places:
    """The questions about the surroundings of calls in one script.

    Args:
        module: the script.
        types: types and callees in it.

    """

    def __init__(self, module: Module, types: Types) -> None:
        self._module = module
        self._types = types
        self._engine = types.engine
        self._known: dict[tuple[str, ast.AST], str] = {}
        self._sets: dict[ast.AST, bool | None] = {}
        self._depth = 0
        self._others: list[Module] | None = None

    # -- event loops ----------------------------------------------------------------------------------------

    def on_loop(self, node: ast.AST) -> str:
        """Say why a node runs in an event loop, which a wait would stop; nothing when no coroutine is seen to run it."""
        function = self._module.function(node)
        if isinstance(function, ast.AsyncFunctionDef):
            return "a blocking call in async def: waiting for another attempt would stop the event loop"
        if isinstance(function, ast.Lambda):
            return self._passed_on(function, in_doubt=True) or (
                "" if self._runs_elsewhere(function) else self.on_loop(function)
            )
        return "" if function is None else self._of_function("loop", function, self._function_on_loop)

    def _function_on_loop(self, function: FunctionNode) -> str:
        for use in self._uses(function):
            parent = self._module.parents[use]
            if _is_property(function) or (isinstance(parent, ast.Call) and parent.func is use):
                reason = self.on_loop(use)
            else:
                reason = self._passed_on(use, in_doubt=True)
            if reason:
                return f"{function.name} is called by a coroutine in line {use.lineno}: waiting would stop the event loop"
        return ""

    def _passed_on(self, node: ast.expr, *, in_doubt: bool) -> str:
        """Say so when a function is handed to something that calls it in the event loop, or, in a coroutine, may do so."""
        taker = self._taker(node)
        row = None if taker is None else self._row(taker)
        if row is not None and "loop" in row.marks:
            return "the event loop calls it"
        if taker is None or self._runs_elsewhere(node) or not in_doubt:
            return ""
        around = self._module.function(taker)
        return "a coroutine hands it to what may call it" if isinstance(around, ast.AsyncFunctionDef) else ""

    def _runs_elsewhere(self, node: ast.expr) -> bool:
        """Whether a function is handed to what runs it in a thread or process of its own."""
        taker = self._taker(node)
        row = None if taker is None else self._row(taker)
        return row is not None and bool(row.passes) and "loop" not in row.marks

    def _taker(self, node: ast.expr) -> ast.Call | None:
        parent = self._module.parents[node]
        if isinstance(parent, ast.keyword):
            parent = self._module.parents[parent]
        return parent if isinstance(parent, ast.Call) and parent.func is not node else None

    def _row(self, call: ast.Call) -> CallRow | None:
        return self._engine.calls.row(call, self._engine.flat.frame(self._engine.unit, call))

    # -- alarms ---------------------------------------------------------------------------------------------

    def under_alarm(self, node: ast.AST) -> str:
        """Say which alarm of the program may go off while another attempt is waited for, or nothing."""
        if not any(word in module.source.text for module in self._modules() for word in _WORDS_OF_ALARMS):
            return ""
        function = self._module.function(node)
        scope = self._scope(node)
        line = self._line_of_alarm(node, scope) or self._line_of_limit(node, scope)
        if line:
            return f"the program sets an alarm in line {line}, which may go off while another attempt is waited for"
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            return self._of_function("alarm", function, self._function_under_alarm)
        return "" if function is None else self.under_alarm(function)

    def _function_under_alarm(self, function: FunctionNode) -> str:
        for decorator in function.decorator_list:
            maker = decorator.func if isinstance(decorator, ast.Call) else decorator
            if self._is_limit(maker):
                return f"{function.name} runs under the alarm of its decorator in line {decorator.lineno}"
        for use in self._uses(function):
            taker = self._taker(use)
            if taker is not None and self._is_limit(taker.func):
                return f"{function.name} runs under the alarm that is set by what it is handed to in line {use.lineno}"
            reason = self.under_alarm(use)
            if reason:
                return reason
        return ""

    def _line_of_alarm(self, node: ast.AST, scope: ast.AST) -> int:
        """Return the line in which the same function set an alarm that it has not taken back before a node."""
        at = getattr(node, "lineno", 0)
        found = [
            (call.lineno, sets)
            for call in self._module.calls
            if self._scope(call) is scope and (sets := self._setting(call)) is not None
        ]
        before = [entry for entry in found if entry[0] <= at]
        if before and before[-1][1]:
            return before[-1][0]
        for loop in self._module.ancestors(node):
            if isinstance(loop, _FUNCTIONS):
                break
            if isinstance(loop, _LOOPS):  # what the last turn left is there in the next one
                later = [entry for entry in found if at < entry[0] <= (loop.end_lineno or 0)]
                if (not before or before[-1][0] < loop.lineno) and later and later[-1][1]:
                    return later[-1][0]
        return 0

    def _line_of_limit(self, node: ast.AST, scope: ast.AST) -> int:
        """Return the line of a ``with`` around a node whose context manager, of the program, sets an alarm."""
        child = node
        for parent in self._module.ancestors(node):
            if parent is scope:
                break
            if isinstance(parent, ast.With) and child in parent.body:
                for item in parent.items:
                    call = item.context_expr
                    if isinstance(call, ast.Call) and self._is_limit(call.func):
                        return parent.lineno
            child = parent
        return 0

    def _scope(self, node: ast.AST) -> ast.AST:
        function = self._module.function(node)
        return self._module.tree if function is None else function

    def _setting(self, call: ast.Call) -> bool | None:
        """Whether a call sets an alarm (True) or takes it back (False); None when it does neither."""
        row = self._row(call)
        if row is not None and "alarm" in row.marks:
            return not _is_reset(call)
        for module, node in self._own(call.func):
            if isinstance(node, ast.FunctionDef):
                return self._leaves(module, node)
        return None

    def _leaves(self, module: Module, function: ast.AST) -> bool | None:
        """Whether a function leaves an alarm behind (True), or takes one back (False)."""
        if function not in self._sets:
            self._sets[function] = None
            found = list(self._alarms(module, function))
            self._sets[function] = found[-1] if found else None
        return self._sets[function]

    def _alarms(self, module: Module, around: ast.AST) -> Iterator[bool]:
        """Yield, for each direct call about alarms inside a function or class, whether it sets one."""
        first, last = getattr(around, "lineno", 0), getattr(around, "end_lineno", 0)
        for name in ("alarm", "setitimer"):
            for call in module.calls_of(name):
                if first <= call.lineno <= last and (module.qualified(call.func) or "").startswith("signal."):
                    yield not _is_reset(call)

    def _is_limit(self, callee: ast.expr) -> bool:
        """Whether a decorator, context manager or caller sets an alarm around what it is given."""
        qualified = self._module.qualified(callee)
        row = None if qualified is None else self._engine.knowledge.call(qualified)
        if row is not None and "alarm" in row.marks:
            return True
        return any(any(self._alarms(module, node)) for module, node in self._own(callee))

    def _own(self, callee: ast.expr) -> Iterator[tuple[Module, ast.AST]]:
        """Yield the functions and classes of the program, of other files too, that an expression may name."""
        value = self._engine.flat.value(callee, self._engine.unit)
        for entry in value:
            found = entry.function_or_none or entry.class_or_none
            if found is not None:
                yield found.unit.module, found.node
        definition = self._module.definition(callee)
        if definition is not None:
            yield self._module, definition

    # -- sessions -------------------------------------------------------------------------------------------

    def retries_itself(self, call: ast.Call, name: str) -> str:
        """Say why a request is repeated by its session already, or nothing."""
        for module in self._modules():
            for stored in module.attributes_of(_DEFAULT_RETRIES):
                if isinstance(stored.ctx, ast.Store):
                    return "the program sets how often requests repeats by itself"
        if ".Session." not in name or not isinstance(call.func, ast.Attribute):
            return ""
        for module in self._modules():
            for mount in module.calls_of("mount"):
                if (
                    isinstance(mount.func, ast.Attribute)
                    and self._may_retry(module, mount)
                    and self._may_be_same(call.func.value, module, mount.func.value)
                ):
                    return f"retries are mounted on its session in line {mount.lineno}" + (
                        "" if module is self._module else f" of {module.source.path.name}"
                    )
        return ""

    def _may_retry(self, module: Module, mount: ast.Call) -> bool:
        """Whether what is mounted may repeat requests: anything but an adapter that is seen to be made without retries."""
        adapter = mount.args[1] if len(mount.args) > 1 else None
        if isinstance(adapter, ast.Name):
            adapter = only_value(module, module.bindings(adapter))
        if not isinstance(adapter, ast.Call) or module.qualified(adapter.func) != _ADAPTER:
            return True
        return bool(adapter.args) or any(word.arg in (None, "max_retries") for word in adapter.keywords)

    def _may_be_same(self, session: ast.expr, module: Module, mounted: ast.expr) -> bool:
        """Whether two expressions may be one session: unless both are seen to be made, each for itself."""
        if module is not self._module:
            return self._made(session) is None
        first, second = self._made(session), self._made(mounted)
        return first is None or second is None or first is second

    def _made(self, node: ast.expr) -> ast.expr | None:
        """Return the call by which a session is made, if it is seen; a name that has another meaning besides is none."""
        if isinstance(node, ast.Name):
            bindings = self._module.bindings(node)
            found = only_value(self._module, bindings)
            if found is None and len(bindings) == 1:
                item = self._module.parents.get(bindings[0].node)
                found = item.context_expr if isinstance(item, ast.withitem) else None
        elif isinstance(node, ast.Attribute):
            stored = [
                each for each in self._module.attributes_of(node.attr) if isinstance(each.ctx, ast.Store)
            ]
            parent = self._module.parents[stored[0]] if len(stored) == 1 else None
            found = parent.value if isinstance(parent, ast.Assign | ast.AnnAssign) else None
        else:
            found = node
        if isinstance(found, ast.Call) and self._module.qualified(found.func) in _SESSIONS:
            return found
        return None

    def _modules(self) -> list[Module]:
        """Return the script and the own modules that it imports."""
        if self._others is None:
            self._others = [self._module]
            for node in self._module.imports:
                names = (
                    [alias.name for alias in node.names]
                    if isinstance(node, ast.Import)
                    else ["." * node.level + (node.module or "")]
                )
                for name in names:
                    if name.strip(".") and self._engine.world.may_be_own(name.partition(".")[0], name):
                        unit = self._engine.world.other_unit(name)
                        if unit is not None and unit.module not in self._others:
                            self._others.append(unit.module)
        return self._others

    # -- helpers --------------------------------------------------------------------------------------------

    def _of_function(self, kind: str, function: FunctionNode, ask: Callable[[FunctionNode], str]) -> str:
        """Ask once of each function; a recursive one has no other surroundings than its callers."""
        key = (kind, function)
        if key not in self._known:
            self._known[key] = ""
            self._depth += 1
            found = ask(function) if self._depth <= _MAX_DEPTH else "it is called through too many functions"
            self._depth -= 1
            self._known[key] = found
        return self._known[key]

    def _uses(self, function: FunctionNode) -> list[ast.Name | ast.Attribute]:
        """List where a function may be used; a special method is used where its class is."""
        owner = self._module.parents.get(function)
        if isinstance(owner, ast.ClassDef) and function.name.startswith("__"):
            return self._uses_of_class(owner, set())
        return uses(self._module, function)

    def _uses_of_class(self, owner: ast.ClassDef, seen: set[ast.ClassDef]) -> list[ast.Name | ast.Attribute]:
        seen.add(owner)
        found: list[ast.Name | ast.Attribute] = []
        names = [name for name in self._module.names_of(owner.name) if isinstance(name.ctx, ast.Load)]
        for use in (*names, *self._module.attributes_of(owner.name)):
            heir = self._module.parents[use]
            if isinstance(heir, ast.ClassDef):
                if heir not in seen and use in heir.bases:
                    found += self._uses_of_class(heir, seen)
            elif isinstance(use, ast.Name | ast.Attribute):
                found.append(use)
        return found


def _is_property(function: FunctionNode) -> bool:
    """Whether reading an attribute runs the function."""
    return any(
        isinstance(decorator, ast.Name | ast.Attribute)
        and (decorator.id if isinstance(decorator, ast.Name) else decorator.attr)
        in ("property", "cached_property")
        for decorator in function.decorator_list
    )


def _is_reset(call: ast.Call) -> bool:
    """Whether ``alarm(0)`` or ``setitimer(which, 0)`` takes an alarm back."""
    name = last_name(call.func)
    at = 1 if name == "setitimer" else 0
    seconds = call.args[at] if len(call.args) > at else None
    return isinstance(seconds, ast.Constant) and not seconds.value
