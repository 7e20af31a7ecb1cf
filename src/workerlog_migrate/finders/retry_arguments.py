"""What is passed to a call that retry-io would repeat: what a second attempt would not find again, or would do twice.

Input: a call and its row of ``knowledge/retry.toml``. Output: the reason to leave it alone, as text, or nothing.
"""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from workerlog_migrate.analysis.module import Module
from workerlog_migrate.analysis.types import Types
from workerlog_migrate.analysis.uses import only_value
from workerlog_migrate.syntax.calls import argument_of, is_open_ended
from workerlog_migrate.syntax.literals import is_none

if TYPE_CHECKING:
    from workerlog_migrate.knowledge import RetryRow

_URLOPEN = "urllib.request.urlopen"
_REQUEST = "urllib.request.Request"
_EXCLUSIVE = "x"
_REQUEST_WORDS = re.compile(r"req|pedido|requisi|solicita", re.IGNORECASE)
_MAX_DEPTH = 4


class Arguments:
    """The questions about the arguments of calls in one script.

    Args:
        module: the script.
        types: types of expressions in it.

    """

    def __init__(self, module: Module, types: Types) -> None:
        self._module = module
        self._types = types

    def obstacle(self, call: ast.Call, row: RetryRow) -> str:
        """Say which argument stands against another attempt, or nothing.

        Args:
            call: a call that could be repeated by its name.
            row: what the table says of it.

        """
        if is_open_ended(call) and (row.needs or row.without or row.mode):
            return "what is passed cannot be seen"
        for name in row.needs:
            if not _is_true(self._constant(argument_of(call, name, row.params))):
                return f"without {name}=True what a first attempt made would make the second fail"
        if row.mode and _EXCLUSIVE in self._mode(call, row):
            return "what a first attempt created would make the second fail, as if another worker had it"
        for name, reason in row.without.items():
            passed = argument_of(call, name, row.params)
            if passed is not None and not is_none(passed):
                return reason
        if row.name == _URLOPEN:
            reason = self._reason_of_request(call)
            if reason:
                return reason
        for passed in (*call.args, *(word.value for word in call.keywords)):
            if any(self._is_used_up(part) for part in _parts(passed)):
                return "what is passed to it is used up by the first attempt"
        return ""

    def _mode(self, call: ast.Call, row: RetryRow) -> str:
        """Return the mode of an ``open``; of one that cannot be seen that which creates."""
        passed = argument_of(call, row.mode, row.params)
        if passed is None:
            return ""
        modes = [passed.body, passed.orelse] if isinstance(passed, ast.IfExp) else [passed]
        found = [self._constant(each) for each in modes]
        texts = [
            each.value if each is not None and isinstance(each.value, str) else _EXCLUSIVE for each in found
        ]
        return "".join(texts)

    def _constant(self, node: ast.expr | None) -> ast.Constant | None:
        if isinstance(node, ast.Name):
            node = only_value(self._module, self._module.bindings(node))
        return node if isinstance(node, ast.Constant) else None

    def _is_used_up(self, node: ast.expr) -> bool:
        """Whether one reading uses up what an expression gives: an iterator, an open file."""
        if isinstance(node, ast.Constant | ast.JoinedStr):
            return False
        engine = self._types.engine
        known = engine.knowledge
        value = engine.flat.value(node, engine.unit)
        return isinstance(node, ast.GeneratorExp) or any(
            known.is_kind(base, "spent") for entry in value for base in known.mro(entry.name)
        )

    # -- what urlopen sends ---------------------------------------------------------------------------------

    def _reason_of_request(self, call: ast.Call) -> str:
        """Say why ``urlopen`` may do more than get a page, or nothing."""
        target = call.args[0] if call.args else _keyword(call, "url")
        if target is None:
            return "what is passed cannot be seen"
        return "" if self._is_plain_request(target, 0) else "its Request may carry data or a method"

    def _is_plain_request(self, node: ast.expr, depth: int) -> bool:
        """Whether what ``urlopen`` opens is a URL, or a ``Request`` seen to have neither data nor method."""
        if isinstance(node, ast.Constant | ast.JoinedStr | ast.BinOp) or depth > _MAX_DEPTH:
            return depth <= _MAX_DEPTH
        if isinstance(node, ast.Call):
            if self._module.qualified(node.func) == _REQUEST:
                plain = len(node.args) < 2 or is_none(node.args[1])
                return (
                    plain
                    and len(node.args) < 6
                    and not any(isinstance(argument, ast.Starred) for argument in node.args)
                    and all(
                        keyword.arg in ("headers", "url")
                        or (keyword.arg is not None and is_none(keyword.value))
                        for keyword in node.keywords
                    )
                )
            return self._is_text(node)
        if isinstance(node, ast.Name):
            value = only_value(self._module, self._module.bindings(node))
            if isinstance(value, ast.Call) and self._module.qualified(value.func) == _REQUEST:
                return self._is_plain_request(value, depth + 1) and self._stays_plain(node)
            if value is not None:
                return self._is_plain_request(value, depth + 1)
        return self._is_text(node) or (not self._makes_requests and _may_be_url(node))

    def _is_text(self, node: ast.expr) -> bool:
        """Whether an expression is known to give text: an address, never a ``Request``."""
        value = self._types.engine.flat.value(node, self._types.engine.unit)
        return bool(value) and {entry.name for entry in value} <= {"str", "None", "json"}

    def _stays_plain(self, name: ast.Name) -> bool:
        """Whether a ``Request`` bound to a name is nowhere given data or a method, nor handed to unknown code."""
        bindings = self._module.bindings(name)
        for other in self._module.names_of(name.id):
            if not isinstance(other.ctx, ast.Load) or self._module.bindings(other) is not bindings:
                continue
            parent = self._module.parents[other]
            if isinstance(parent, ast.Attribute) and isinstance(parent.ctx, ast.Load):
                continue
            if isinstance(parent, ast.Call) and self._module.qualified(parent.func) == _URLOPEN:
                continue
            return False
        return True

    @functools.cached_property
    def _makes_requests(self) -> bool:
        """Whether the script mentions ``Request`` at all; otherwise what it opens is a URL."""
        nodes: list[ast.expr] = [*self._module.names, *self._module.attributes]
        return any(self._module.qualified(node) == _REQUEST for node in nodes)


def _parts(node: ast.expr) -> Iterator[ast.expr]:
    """Yield an argument, or what is in one that is written there as a list, tuple or dict."""
    if isinstance(node, ast.List | ast.Tuple | ast.Set):
        for entry in node.elts:
            yield from _parts(entry)
    elif isinstance(node, ast.Dict):
        for entry in node.values:
            yield from _parts(entry)
    else:
        yield node


def _may_be_url(node: ast.expr) -> bool:
    """Whether a variable, attribute or item may be taken for an address, in a script that makes no ``Request`` itself."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return _REQUEST_WORDS.search(name) is None
        case ast.Subscript():
            return True
    return False


def _keyword(call: ast.Call, name: str) -> ast.expr | None:
    return next((keyword.value for keyword in call.keywords if keyword.arg == name), None)


def _is_true(node: ast.Constant | None) -> bool:
    return node is not None and bool(node.value)
