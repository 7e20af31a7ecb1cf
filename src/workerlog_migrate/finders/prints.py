"""The calls of ``print`` and their like in one module: which are mirrored, at which level, and why others are left.

The questions of ``mirror_output``, which proposes the edits.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator
from dataclasses import dataclass

from workerlog_migrate.analysis.boundary import keeps_loop_alive
from workerlog_migrate.analysis.context import Context
from workerlog_migrate.analysis.dynamic import replaces_print
from workerlog_migrate.analysis.module import Module, span_around
from workerlog_migrate.analysis.uses import only_value, owners, runs_before, uses
from workerlog_migrate.finders.mirror_call import MirrorCall
from workerlog_migrate.finders.printed_text import Piece, PrintedText, flatten
from workerlog_migrate.model import Finding, Level, left_alone
from workerlog_migrate.registry import MIRROR_OUTPUT
from workerlog_migrate.syntax.blocks import listed_types
from workerlog_migrate.syntax.literals import is_none, last_name
from workerlog_migrate.syntax.scopes import Binding, FunctionNode
from workerlog_migrate.syntax.stars import may_hide

_PRINT = "print"
_SAFE_PRINT = "safe_print"
_RANKS = {Level.INFO: 0, Level.WARNING: 1, Level.ERROR: 2, Level.CRITICAL: 3}

_STDOUT = frozenset({"sys.stdout", "sys.__stdout__"})
_STDERR = frozenset({"sys.stderr", "sys.__stderr__"})
_PRINT_KEYWORDS = frozenset({"sep", "end", "file", "flush"})
_MIRROR_KEYWORDS = frozenset({"log_method", "printer"})
_STREAM_WRITES = frozenset(
    f"sys.{stream}.{method}"
    for stream in ("stdout", "stderr", "__stdout__", "__stderr__")
    for method in ("write", "writelines", "buffer.write")
)
_TERMINAL_METHODS = frozenset({_PRINT, _SAFE_PRINT, "write", "writelines"})
_CONSOLES = frozenset(
    {
        "click.echo",
        "click.echo_via_pager",
        "click.secho",
        "pprint.pp",
        "pprint.pprint",
        "rich.inspect",
        "rich.print",
        "rich.print_json",
        "tqdm.auto.tqdm.write",
        "tqdm.tqdm.write",
        "traceback.print_exc",
        "traceback.print_exception",
        "traceback.print_last",
        "traceback.print_stack",
        "typer.echo",
        "typer.secho",
        "warnings.warn",
    }
)
_OTHER_METHODS = frozenset({_PRINT, *(name.rpartition(".")[2] for name in (*_STREAM_WRITES, *_CONSOLES))})


_LETTER = re.compile(r"[^\W\d_]")
# Parameters that are a text by their name: words of a `log` itself may follow them.
_MESSAGE_NAME = re.compile(r"m|mensa(?:gem|je)|message|msg|s|string|t|text|texto|txt")
CALLEES = _OTHER_METHODS | {_SAFE_PRINT}
"""Last names of what may print."""


@dataclass(frozen=True, slots=True)
class _Method:
    """What logs a call: text of the first argument of ``mirror_print``, and why it is that one."""

    text: str
    why: str


class Prints:
    """The questions that this codemod asks of one module."""

    def __init__(self, module: Module, context: Context) -> None:
        self.module = module
        self.header = context.header
        self.text = PrintedText(module, context.settings.levels)
        self.hierarchy = context.types.engine.hierarchy
        self._unknown_star = any(may_hide(star, _PRINT) for star in module.star_imports)
        self._is_patched = bool(context.target.starts.patched) or replaces_print(module)
        self._wrappers = _find_wrappers(module)
        self._redirecting = frozenset(filter(self._redirects, module.withs))
        self._through: dict[ast.AST, str] = {}

    # -- one call -------------------------------------------------------------------------------------------

    def judge(self, call: ast.Call) -> Finding | None:
        """Say what becomes of a call; None when it prints nothing."""
        match call.func:
            case ast.Name(id="safe_print") | ast.Attribute(attr="safe_print"):
                return self._judge_safe_print(call)
            case ast.Name(id="print"):
                return self._judge_print(call)
            case ast.Name() | ast.Attribute():
                return self._judge_other(call, call.func)
            case _:
                return None

    def _judge_print(self, call: ast.Call) -> Finding | None:
        module = self.module
        found = module.lookup(_PRINT, module.scope(call.func))
        if found is not None and not all(_is_builtin_import(binding) for binding in found[1]):
            return self._left(call, f"print is something else here: {_described(module, found[1][-1])}")
        # The default printer is the builtin. Where a star import may have put another one in its place, print is
        # looked up as it was before: in the scope of the call. So it is where a test replaces the module's own print.
        is_replaced = self._unknown_star or self._is_patched
        printer = _PRINT if found is None and is_replaced else None
        return self._mirror(call, printer, _PRINT_KEYWORDS)

    def _judge_safe_print(self, call: ast.Call) -> Finding | None:
        callee = call.func
        while isinstance(callee, ast.Attribute):
            callee = callee.value
        if not isinstance(callee, ast.Name):
            return self._left(
                call, "safe_print of a computed object, which would be computed after its arguments"
            )
        through = self._printed_through(call.func)
        if through:
            return self._left(call, f"it prints through {through}, whose print is mirrored")
        return self._mirror(call, self.module.text(call.func), None)

    def _judge_other(self, call: ast.Call, callee: ast.Name | ast.Attribute) -> Finding | None:
        if isinstance(callee, ast.Attribute) and callee.attr not in _OTHER_METHODS:
            return None
        qualified = self.module.qualified(callee)
        if isinstance(callee, ast.Attribute) and callee.attr == _PRINT:
            if qualified == _PRINT:
                return self._mirror(call, self.module.text(callee), _PRINT_KEYWORDS)
            return self._left(call, "a method called print, of another console or object")
        if qualified in _STREAM_WRITES:
            return self._left(call, f"{qualified} is progress or raw data, not a line")
        if qualified in _CONSOLES:
            return self._left(call, f"{qualified} is another console")
        return None

    def _mirror(self, call: ast.Call, printer: str | None, known: frozenset[str] | None) -> Finding:
        """Mirror a call, unless something about it forbids that."""
        reason = self._obstacle(call, known)
        if reason:
            return self._left(call, reason)
        method = self._method(call)
        return Finding(
            codemod=MIRROR_OUTPUT,
            span=self.module.span(call),
            message=f"{self._name(call)} is mirrored to {method.text}: {method.why}",
            edit=MirrorCall(self.header.mirror_print, method.text, printer),
            kind="mirrored",
        )

    def _obstacle(self, call: ast.Call, known: frozenset[str] | None) -> str:
        """Say why a call cannot be mirrored, or nothing."""
        module = self.module
        if module.in_fstring(call):
            return "inside an f-string"
        if self._in_wrapper(call):
            return "inside safe_print, whose calls are mirrored"
        if runs_before(module, call, self.header.line):
            return "runs before the logger exists"
        if module.is_suppressed(MIRROR_OUTPUT, call.lineno, call.end_lineno or call.lineno):
            return "suppressed by comment"
        for keyword in call.keywords:
            if keyword.arg is None:
                if not self._is_harmless_mapping(keyword.value):
                    return f"**{module.text(keyword.value)} may hold file="
            elif keyword.arg in _MIRROR_KEYWORDS:
                return f"its keyword {keyword.arg}= is also one of mirror_print"
            elif keyword.arg == "file":
                if self._stream(keyword.value) is None:
                    return (
                        f"writes to file={module.text(keyword.value)}, which is not seen to be the terminal"
                    )
            elif known is not None and keyword.arg not in known:
                return f"print takes no keyword {keyword.arg}="
        if self._is_redirected(call):
            return "standard output is redirected here"
        return ""

    def _left(self, node: ast.expr, reason: str) -> Finding:
        return left_alone(
            MIRROR_OUTPUT, span_around(self.module, node), f"{self._name(node)} is left alone", reason
        )

    def _name(self, node: ast.expr) -> str:
        callee = node.func if isinstance(node, ast.Call) else node
        if self.module.in_fstring(node):  # the text at its position may be another one before Python 3.12
            return ast.unparse(callee)
        return self.module.text(callee)

    # -- where it is written to -----------------------------------------------------------------------------

    def _stream(self, value: ast.expr) -> Level | None:
        """Return the least level of what goes to ``file=value``; None when that is not seen to be the terminal."""
        if is_none(value):
            return Level.INFO
        if isinstance(value, ast.IfExp):
            body, orelse = self._stream(value.body), self._stream(value.orelse)
            return None if body is None or orelse is None else min(body, orelse, key=_RANKS.__getitem__)
        qualified = self.module.qualified(value)
        if qualified in _STDOUT:
            return Level.INFO
        if qualified in _STDERR:
            return Level.WARNING
        if isinstance(value, ast.Name):
            chosen = only_value(self.module, self.module.bindings(value))
            if isinstance(chosen, ast.IfExp):
                return self._stream(chosen)
        return None

    def _is_harmless_mapping(self, value: ast.expr) -> bool:
        """Whether ``**value`` is seen not to hold ``file``: a literal, or the keywords of a function never given one."""
        if isinstance(value, ast.Dict):
            return all(
                isinstance(key, ast.Constant) and key.value in ("sep", "end", "flush") for key in value.keys
            )
        if not isinstance(value, ast.Name):
            return False
        function = self.module.function(value)
        if isinstance(function, ast.Lambda) or function is None or function.args.kwarg is None:
            return False
        bindings = self.module.bindings(value)
        if len(bindings) != 1 or bindings[0].node is not function.args.kwarg:
            return False
        if not all(
            self._keeps_file_out(name)
            for name in self.module.names_of(value.id)
            if self.module.bindings(name) is bindings
        ):
            return False
        calls = self.module.calls_of(function.name)
        return bool(calls) and not any(
            keyword.arg is None or keyword.arg == "file" for call in calls for keyword in call.keywords
        )

    def _keeps_file_out(self, name: ast.Name) -> bool:
        """Whether a use of ``kwargs`` can be seen not to put ``file`` into it."""
        parent = self.module.parents[name]
        match parent:
            case ast.keyword(arg=None):
                return True
            case ast.Subscript(slice=ast.Constant(value=key)) | ast.Compare(left=ast.Constant(value=key)):
                return bool(key != "file")
            case ast.Attribute(attr="get" | "pop" | "setdefault"):
                match self.module.parents[parent]:
                    case ast.Call(args=[ast.Constant(value=key), *_]):
                        return bool(key != "file")
        return False

    def _is_redirected(self, call: ast.Call) -> bool:
        """Whether the call stands in ``with redirect_stdout(...)`` and is not itself sent elsewhere."""
        if not self._redirecting or any(keyword.arg == "file" for keyword in call.keywords):
            return False
        for parent in self.module.ancestors(call):
            if isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
                return False
            if parent in self._redirecting:
                return True
        return False

    def _redirects(self, node: ast.With | ast.AsyncWith) -> bool:
        return isinstance(node, ast.With) and any(
            isinstance(item.context_expr, ast.Call)
            and self.module.qualified(item.context_expr.func) == "contextlib.redirect_stdout"
            and not (item.context_expr.args and self._stream(item.context_expr.args[0]))
            for item in node.items
        )

    # -- wrappers -------------------------------------------------------------------------------------------

    def _in_wrapper(self, node: ast.AST) -> bool:
        return bool(self._wrappers) and any(owner in self._wrappers for owner in owners(self.module, node))

    def _printed_through(self, callee: ast.expr) -> str:
        """Return the function that does the printing of a ``safe_print`` which prints nothing itself, or ''.

        That function's own print is mirrored; mirroring the call as well would put each line on the log twice.
        """
        definition = self.module.definition(callee)
        if definition is None or definition not in self._wrappers:
            return ""
        if definition not in self._through:
            self._through[definition] = self._printing_helper(definition)
        return self._through[definition]

    def _printing_helper(self, definition: ast.AST) -> str:
        inside = [call for call in self.module.calls if definition in owners(self.module, call)]
        if any(last_name(call.func) in _TERMINAL_METHODS for call in inside):
            return ""
        for call in inside:
            helper = self.module.definition(call.func)
            if helper is None or helper in self._wrappers:
                continue
            if any(
                last_name(other.func) in (_PRINT, _SAFE_PRINT)
                for other in self.module.calls
                if helper in owners(self.module, other)
            ):
                return helper.name
        return ""

    # -- the level ------------------------------------------------------------------------------------------

    def _method(self, call: ast.Call) -> _Method:
        """Choose what logs a call: a method for a level that is known here, or the logger itself."""
        pieces = flatten(self.text.pieces(call))
        level, value = self.text.start(pieces)
        why = "a marker at the start of its text"
        handler = self.module.handler(call)
        if level is None:
            if handler is None and self._is_told_at_run_time(call, pieces, value):
                return _Method(self.header.logger, "the text is known only at run time")
            level, why = self._by_place(handler)
        stream = next(
            (self._stream(keyword.value) for keyword in call.keywords if keyword.arg == "file"), None
        )
        if stream is not None and _RANKS[stream] > _RANKS[level]:
            level, why = stream, "it goes to standard error"
        if level is Level.ERROR and handler is not None and keeps_loop_alive(self.module, handler):
            level, why = Level.CRITICAL, "an error in the handler that keeps a while True loop alive"
        return _Method(f"{self.header.logger}.{level.value}", why)

    def _by_place(self, handler: ast.ExceptHandler | None) -> tuple[Level, str]:
        if handler is None:
            return Level.INFO, "no marker"
        if self._is_calm(handler):
            return Level.INFO, "its handler's exception is no error"
        return Level.ERROR, "it stands in a handler"

    def _is_calm(self, handler: ast.ExceptHandler) -> bool:
        """Whether what a handler catches is no error: Ctrl-C, a missing optional part."""
        names = self._caught(handler)
        return bool(names) and all(name and self.hierarchy.is_marked(name, "calm") for name in names)

    def _caught(self, handler: ast.ExceptHandler) -> list[str | None]:
        """List the qualified names that a handler catches; empty for a bare ``except``."""
        return [self.module.qualified(entry) for entry in listed_types(handler)]

    def _is_told_at_run_time(self, call: ast.Call, pieces: list[Piece], start: ast.expr | None) -> bool:
        """Whether the call prints a parameter of its own function where the level is decided.

        ``f"[{ts}] [{tag}] {msg}"`` does: no word stands before the parameter. A line that is not ended
        (``end=""``) echoes what another program wrote, and that text does not decide.
        """
        if start is None or self._goes_to_stderr(call):
            return False
        for keyword in call.keywords:
            match keyword:
                case ast.keyword(arg="end", value=ast.Constant(value=str() as end)) if "\n" not in end:
                    return False
        has_words = any(isinstance(piece, str) and _LETTER.search(piece) for piece in pieces)
        for piece in pieces:
            if isinstance(piece, str):
                if _LETTER.search(piece):
                    return False
                continue
            name = self.text.own_parameter(piece, call)
            if name and (not has_words or _MESSAGE_NAME.fullmatch(name)):
                return True
        return False

    def _goes_to_stderr(self, call: ast.Call) -> bool:
        return any(
            keyword.arg == "file" and self._stream(keyword.value) is Level.WARNING
            for keyword in call.keywords
        )

    # -- print that is not called ---------------------------------------------------------------------------

    def values(self) -> Iterator[Finding]:
        """Yield a finding per ``print`` or ``safe_print`` that is used as a value."""
        module = self.module
        for name in (*module.names_of(_PRINT), *module.names_of(_SAFE_PRINT)):
            if not isinstance(name.ctx, ast.Load):
                continue
            parent = module.parents[name]
            if isinstance(parent, ast.Call) and parent.func is name:
                continue
            if isinstance(parent, ast.keyword) and parent.arg == "printer":
                continue
            if isinstance(parent, ast.Attribute):  # print.__name__, safe_print.calls
                continue
            if name.id == _PRINT and not module.is_builtin(_PRINT, name):
                continue
            if self._in_wrapper(name) or _names_wrapper(parent):
                continue
            yield self._left(name, f"{name.id} is used as a value")


def _is_builtin_import(binding: Binding) -> bool:
    """Whether a binding is ``from builtins import print``."""
    return binding.kind == "import" and binding.qualified == _PRINT and hasattr(builtins, binding.qualified)


def _described(module: Module, binding: Binding) -> str:
    """Say where a name was bound: ``a parameter``, ``rich.print``, ``line 12``."""
    if binding.kind == "parameter":
        return "a parameter"
    if binding.qualified:
        return binding.qualified
    return f"bound at line {module.span(binding.node).line}"


# -- wrappers -----------------------------------------------------------------------------------------------


def _find_wrappers(module: Module) -> frozenset[ast.AST]:
    """Find the definitions called ``safe_print``, and the functions that nothing but these call."""
    wrappers: set[ast.AST] = {function for function in module.functions if function.name == _SAFE_PRINT}
    wrappers |= {function for function in module.lambdas if _names_wrapper(module.parents[function])}
    if not wrappers:
        return frozenset()
    new = [*wrappers]
    while new:
        named = {
            node.id if isinstance(node, ast.Name) else node.attr
            for function in new
            for node in ast.walk(function)
            if isinstance(node, ast.Name | ast.Attribute)
        }
        new = [
            function
            for function in module.functions
            if function.name in named
            and function not in wrappers
            and _serves_only(module, function, wrappers)
        ]
        wrappers.update(new)
    return frozenset(wrappers)


def _serves_only(module: Module, function: FunctionNode, wrappers: set[ast.AST]) -> bool:
    """Whether a function is used, and only inside the wrappers."""
    found = uses(module, function)
    return bool(found) and all(any(owner in wrappers for owner in owners(module, use)) for use in found)


def _names_wrapper(node: ast.AST) -> bool:
    """Whether a statement assigns to ``safe_print``."""
    match node:
        case ast.Assign(targets=targets):
            return any(last_name(target) == _SAFE_PRINT for target in targets)
        case ast.AnnAssign(target=target) | ast.NamedExpr(target=target):
            return last_name(target) == _SAFE_PRINT
        case _:
            return False
