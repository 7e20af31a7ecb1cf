"""Whether code puts something on the log: a mirrored print, a logger call, or a function of the script that does.

Input: a block of statements. Output: yes or no. Prints count when they are (or will be) mirrored.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from workerlog_migrate.analysis import values
from workerlog_migrate.analysis.program import FunctionInfo
from workerlog_migrate.syntax.blocks import own_nodes
from workerlog_migrate.syntax.literals import is_none, last_name

if TYPE_CHECKING:
    from workerlog_migrate.analysis.engine import Engine
    from workerlog_migrate.analysis.values import Value

_LEVELS = frozenset({"debug", "info", "warning", "warn", "error", "exception", "critical", "fatal", "log"})
_LOGGERS = frozenset({"worker_logger.mirror_print", "worker_utils.notify_critical"})
_IGNORED = (
    "worker_logger.log_ignored"  # of the error at hand: in a function that is called it logs another one
)
_LIKELY = _LEVELS | {"print", "safe_print", "mirror_print", "log_ignored", "notify_critical"}
"""Last names of calls that are asked about first: where one of them logs, nobody asks what the others are."""
_MOST_FUNCTIONS = 64
_TRACEBACKS = frozenset({"traceback.print_exc", "traceback.print_exception"})


class LogCalls:
    """Answers for one script.

    Args:
        engine: its analysis.
        mirrors: prints go to the log too, because ``mirror-output`` is selected.

    """

    def __init__(self, engine: Engine, *, mirrors: bool) -> None:
        self._engine = engine
        self._mirrors = mirrors
        self._known: dict[FunctionInfo, bool] = {}

    def logs(self, body: list[ast.stmt]) -> bool:
        """Whether a block logs something, itself or through functions of the script."""
        return any(map(self._call_logs, sorted(_calls(body), key=_is_unlikely)))

    def prints_traceback(self, body: list[ast.stmt]) -> bool:
        """Whether a block calls ``traceback.print_exc()``."""
        return any(self._engine.unit.module.qualified(call.func) in _TRACEBACKS for call in _calls(body))

    def logs_traceback(self, body: list[ast.stmt]) -> bool:
        """Whether a block already logs the traceback: ``logger.exception`` or ``exc_info=``."""
        return any(
            self._is_logger_call(call)
            and (
                (isinstance(call.func, ast.Attribute) and call.func.attr == "exception")
                or any(word.arg == "exc_info" for word in call.keywords)
            )
            for call in _calls(body)
        )

    def _call_logs(self, call: ast.Call) -> bool:
        return (
            self._logs_itself(call)
            or self._is_ignored(call)
            or any(
                self._function_logs(entry.function)
                for entry in self._callee(call)
                if entry.kind in (values.FUNCTION, values.METHOD)
            )
        )

    def _is_ignored(self, call: ast.Call) -> bool:
        return any(entry.kind is values.DOTTED and entry.dotted == _IGNORED for entry in self._callee(call))

    def _is_logger_call(self, call: ast.Call) -> bool:
        function = call.func
        if not isinstance(function, ast.Attribute) or function.attr not in _LEVELS:
            return False
        for entry in self._callee(call):
            if entry.kind is values.DOTTED and entry.dotted.startswith("logging."):
                return True
            if entry.kind is values.BOUND:
                owner = str(entry.bound[0])
                if owner.startswith("logging."):
                    return True
                if owner == "*" and "log" in last_name(function.value).lower():
                    return True
        return False

    def _is_imported_printer(self, call: ast.Call) -> bool:
        """``safe_print`` of another file is mirrored as any."""
        return self._mirrors and last_name(call.func) == "safe_print"

    def _goes_to_terminal(self, call: ast.Call) -> bool:
        for word in call.keywords:
            if word.arg == "file":
                name = self._engine.unit.module.qualified(word.value)
                return is_none(word.value) or name in ("sys.stdout", "sys.stderr")
        return True

    def _callee(self, call: ast.Call) -> Value:
        return self._engine.flat.callee(call, self._engine.unit)

    def _function_logs(self, function: FunctionInfo) -> bool:
        """Follow calls through the script; a function under examination counts as silent."""
        known = self._known.get(function)
        if known is not None:
            return known
        if function.unit is not self._engine.unit:
            return False
        reached = {function}
        pending = [function]
        while pending and len(reached) <= _MOST_FUNCTIONS:
            current = pending.pop()
            for node in own_nodes(current.node):
                if not isinstance(node, ast.Call):
                    continue
                for entry in self._callee(node):
                    called = entry.function if entry.kind in (values.FUNCTION, values.METHOD) else None
                    if called is not None and called not in reached and called.unit is self._engine.unit:
                        reached.add(called)
                        pending.append(called)
                if self._logs_itself(node):
                    self._known[function] = True
                    return True
        self._known[function] = False
        return False

    def _logs_itself(self, call: ast.Call) -> bool:
        for entry in self._callee(call):
            if entry.kind is not values.DOTTED:
                continue
            if entry.dotted in _LOGGERS or (
                entry.dotted == "print" and self._mirrors and self._goes_to_terminal(call)
            ):
                return True
        return self._is_logger_call(call) or self._is_imported_printer(call)


def _is_unlikely(call: ast.Call) -> bool:
    return last_name(call.func) not in _LIKELY


def _calls(body: list[ast.stmt]) -> list[ast.Call]:
    holder = ast.Module(body, [])
    return [node for node in own_nodes(holder) if isinstance(node, ast.Call)]
