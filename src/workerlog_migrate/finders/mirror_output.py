"""mirror-output: find what a worker prints, and decide at which level it belongs on the log.

Input: a ``Module`` and its ``Context``. Output: one finding per call of ``print`` or ``safe_print``, with a
``MirrorCall`` or with the reason why it is left alone, and one per other thing that writes to the terminal.

The level is decided where the text is written: first by a marker at the start of its literal text
(``analysis.level``), else by place: a handler, standard error, the handler that keeps a ``while True`` loop alive.
Only a function that prints its own parameter (a ``log(msg)``) leaves the choice to ``mirror_print`` at run time.
"""

from __future__ import annotations

import ast
import builtins
import re
import string
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from workerlog_migrate.analysis.boundary import keeps_loop_alive
from workerlog_migrate.analysis.context import Context
from workerlog_migrate.analysis.dynamic import replaces_print
from workerlog_migrate.analysis.level import HOLE, level_of_text, taught_level
from workerlog_migrate.analysis.module import Module
from workerlog_migrate.analysis.uses import only_value, owners, runs_before, uses
from workerlog_migrate.model import MIRROR_OUTPUT, Applicability, Finding, Level, MirrorCall, Span
from workerlog_migrate.syntax.literals import is_none
from workerlog_migrate.syntax.parsing import STRINGS
from workerlog_migrate.syntax.scopes import Binding, FunctionNode

_PRINT = "print"
_SAFE_PRINT = "safe_print"
_RANKS = {Level.INFO: 0, Level.WARNING: 1, Level.ERROR: 2, Level.CRITICAL: 3}

_STDOUT = frozenset({"sys.stdout", "sys.__stdout__"})
_STDERR = frozenset({"sys.stderr", "sys.__stderr__"})
_PRINT_KEYWORDS = frozenset({"sep", "end", "file", "flush"})
_NO_TEXT = _PRINT_KEYWORDS | {"level"}
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


_STAMP = "\1"  # stands for a value that is a time stamp by the look of it; no word character, as HOLE
_STAMP_NAME = re.compile(
    r"agora|carimbo|data_?hora|hora(?:_atual|rio)?|now|stamp|time_?str|timestamp|ts",
)
_STAMP_CALLS = frozenset({"datetime.datetime.now", "datetime.datetime.utcnow", "time.ctime", "time.strftime"})
_COLOUR = re.compile(
    r"(?:BG_|FG_)?(?:BRIGHT_?|DARK_?|LIGHT_?|OK)?(?:BLACK|BLUE|CYAN|GRAY|GREEN|GREY|MAGENTA|ORANGE|PURPLE|RED|WHITE|YELLOW)"
    r"(?:_EX)?|BLINK|BOLD|BRIGHT|DIM|END|ENDC|HEADER|NC|NORMAL|RESET|RESET_ALL|UNDERLINE"
    r"|AMARELO|AZUL|BRANCO|CIANO|CINZA|LARANJA|NEGRITO|PRETO|ROXO|VERDE|VERMELHO"
)
_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_PREFIX = re.compile(
    rf"""(?:\s*(?:
        \[(?=[^\]]*[{HOLE}{_STAMP}])[^\]A-Za-zÀ-ÿ_]*\]   # [{{ts}}], [{{i}}/{{n}}], [{{day}} 12h]: brackets around values only
      | \((?=[^)]*{_STAMP})[^)A-Za-zÀ-ÿ_]*\)              # ({{ts}})
      | {_STAMP}                                          # {{datetime.now():%H:%M}}
      | {HOLE}(?=[\s|:>–—-]+\[)                           # {{value}} [ERRO]: what follows in brackets is the marker
    )[\s|:>–—-]*)+""",
    re.VERBOSE,
)
_LETTER = re.compile(r"[^\W\d_]")
_PERCENT = re.compile(r"%(?:%|(?:\([^)]*\))?[#0\- +]*(?:\*|\d+)?(?:\.(?:\*|\d+))?[hlL]?[a-zA-Z])")
_SHIFTLESS_METHOD = re.compile(  # what stood first in the text still stands first
    r"capitalize|center|expandtabs|[lr]?just|lower|[lr]?strip|swapcase|title|upper"
)
_TEXT_METHOD = re.compile(rf"{_SHIFTLESS_METHOD.pattern}|decode|encode|replace")
_TEXT_BUILTINS = frozenset({"ascii", "format", "repr", "str"})
# Parameters that are a text by their name: words of a `log` itself may follow them.
_MESSAGE_NAME = re.compile(r"m|mensa(?:gem|je)|message|msg|s|string|t|text|texto|txt")
_MAX_REPEATS = 3  # of `"=" * 60`: a marker stands at the start, or nowhere
_MAX_DEPTH = 12

# What is known of a printed text: literal pieces, and the expressions of the values between them.
_Piece = str | ast.expr


@dataclass(frozen=True, slots=True)
class _Method:
    """What logs a call: text of the first argument of ``mirror_print``, and why it is that one."""

    text: str
    why: str


def find(module: Module, context: Context) -> Iterator[Finding]:
    """Find the output of a script.

    Args:
        module: the script.
        context: names and place of its header.

    Yields:
        A finding with a ``MirrorCall`` per call to mirror; a finding with a reason per thing left alone.
    """
    finder = _Finder(module, context)
    for call in module.calls_by(_OTHER_METHODS | {_SAFE_PRINT}):
        finding = finder.judge(call)
        if finding is not None:
            yield finding
    yield from finder.values()


class _Finder:
    """The questions that this codemod asks of one module."""

    def __init__(self, module: Module, context: Context) -> None:
        self.module = module
        self.header = context.header
        self.levels = context.settings.levels
        self.hierarchy = context.types.engine.hierarchy
        self._unknown_star = any(_may_rebind_print(name) for name in module.star_imports)
        self._is_patched = bool(context.target.starts.patched) or replaces_print(module)
        self._wrappers = _find_wrappers(module)
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
        return Finding(
            codemod=MIRROR_OUTPUT,
            span=self._span(node),
            message=f"{self._name(node)} is left alone",
            applicability=Applicability.DISPLAY_ONLY,
            reason=reason,
            kind="left",
        )

    def _name(self, node: ast.expr) -> str:
        callee = node.func if isinstance(node, ast.Call) else node
        if self.module.in_fstring(node):  # the text at its position may be another one before Python 3.12
            return ast.unparse(callee)
        return self.module.text(callee)

    def _span(self, node: ast.expr) -> Span:
        """Return the node's span; of something inside an f-string that of the whole f-string."""
        outer = node
        for parent in self.module.ancestors(node):
            if isinstance(parent, ast.stmt):
                break
            if isinstance(parent, STRINGS):
                outer = parent
        return self.module.span(outer)

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
        if any(keyword.arg == "file" for keyword in call.keywords):
            return False
        for parent in self.module.ancestors(call):
            if isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
                return False
            if isinstance(parent, ast.With) and any(
                isinstance(item.context_expr, ast.Call)
                and self.module.qualified(item.context_expr.func) == "contextlib.redirect_stdout"
                and not (item.context_expr.args and self._stream(item.context_expr.args[0]))
                for item in parent.items
            ):
                return True
        return False

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
        if any(_last_name(call.func) in _TERMINAL_METHODS for call in inside):
            return ""
        for call in inside:
            helper = self.module.definition(call.func)
            if helper is None or helper in self._wrappers:
                continue
            if any(
                _last_name(other.func) in (_PRINT, _SAFE_PRINT)
                for other in self.module.calls
                if helper in owners(self.module, other)
            ):
                return helper.name
        return ""

    # -- the level ------------------------------------------------------------------------------------------

    def _method(self, call: ast.Call) -> _Method:
        """Choose what logs a call: a method for a level that is known here, or the logger itself."""
        pieces = _flatten(self._pieces(call))
        level, value = self._start(pieces)
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
        """Whether what a handler catches is no error (DESIGN.md, section 4): Ctrl-C, a missing optional part."""
        names = self._caught(handler)
        return bool(names) and all(name and self.hierarchy.is_marked(name, "calm") for name in names)

    def _caught(self, handler: ast.ExceptHandler) -> list[str | None]:
        """List the qualified names that a handler catches; empty for a bare ``except``."""
        if handler.type is None:
            return []
        types = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
        return [self.module.qualified(entry) for entry in types]

    # -- the text -------------------------------------------------------------------------------------------

    def _pieces(self, call: ast.Call) -> list[_Piece]:
        """List what is known of the text that a call prints: its arguments, joined by ``sep``."""
        separator: _Piece = " "
        for keyword in call.keywords:
            if keyword.arg == "sep":
                separator = keyword.value
                if isinstance(keyword.value, ast.Constant):
                    separator = keyword.value.value if isinstance(keyword.value.value, str) else " "
        texts = (
            call.args
            or [
                keyword.value
                for keyword in call.keywords  # safe_print(message="..."): mirror_print logs it as well
                if keyword.arg is not None and keyword.arg not in _NO_TEXT
            ][:1]
        )
        pieces: list[_Piece] = []
        for index, argument in enumerate(texts):
            if index:
                pieces.append(separator)
            pieces += self._pieces_of(argument, 0)
        return pieces

    def _pieces_of(self, node: ast.expr, depth: int) -> list[_Piece]:
        if depth > _MAX_DEPTH:
            return [node]
        match node:
            case ast.Constant(value=value):
                return [value if isinstance(value, str) else str(value)]
            case ast.JoinedStr(values=values):
                return [piece for value in values for piece in self._pieces_of(value, depth + 1)]
            case ast.FormattedValue(value=value, conversion=conversion, format_spec=None) if conversion in (
                -1,
                115,
            ):
                return self._pieces_of(value, depth + 1)
            case ast.FormattedValue(value=value, format_spec=ast.JoinedStr() as spec) if "%" in ast.unparse(
                spec
            ):
                return [_STAMP]
            case ast.FormattedValue(value=value):
                return [value]
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                pieces = self._pieces_of(left, depth + 1)
                return [*pieces, *self._pieces_of(right, depth + 1)]
            case ast.BinOp(left=left, op=ast.Mult(), right=right):
                return self._repeated(node, left, right)
            case ast.BinOp(left=left, op=ast.Mod(), right=right):
                return self._percent(node, left, right, depth)
            case ast.IfExp(body=body, orelse=orelse):
                return self._either(node, body, orelse, depth)
            case ast.Call():
                return self._called(node, depth)
            case ast.Name():
                return self._named(node, depth)
            case ast.Attribute(attr=attr) if _COLOUR.fullmatch(attr):
                return [""]
            case ast.Attribute(value=ast.Name() as owner, attr=attr):
                constant = self._class_constant(owner, attr)
                return [node] if constant is None else self._pieces_of(constant, depth + 1)
            case _:
                return [node]

    def _repeated(self, node: ast.expr, left: ast.expr, right: ast.expr) -> list[_Piece]:
        for text, count in ((left, right), (right, left)):
            if isinstance(text, ast.Constant) and isinstance(text.value, str):
                times = count.value if isinstance(count, ast.Constant) and isinstance(count.value, int) else 1
                return [text.value * min(times, _MAX_REPEATS)]
        return [node]

    def _percent(self, node: ast.expr, left: ast.expr, right: ast.expr, depth: int) -> list[_Piece]:
        pieces = self._pieces_of(left, depth + 1)
        if len(pieces) != 1 or not isinstance(pieces[0], str):
            return [node]
        values = list(right.elts) if isinstance(right, ast.Tuple) else [right]
        named = isinstance(right, ast.Dict)
        result: list[_Piece] = []
        position = 0
        for found in _PERCENT.finditer(pieces[0]):
            result.append(pieces[0][position : found.start()])
            position = found.end()
            if found[0] == "%%":
                result.append("%")
            elif named or not values or found[0] != "%s":
                result.append(values.pop(0) if values and not named else node)
            else:
                result += self._pieces_of(values.pop(0), depth + 1)
        return [*result, pieces[0][position:]]

    def _either(self, node: ast.expr, body: ast.expr, orelse: ast.expr, depth: int) -> list[_Piece]:
        """Use a conditional text when both of its arms say the same about the level; else it is not known."""
        first = _flatten(self._pieces_of(body, depth + 1))
        second = _flatten(self._pieces_of(orelse, depth + 1))
        level = self._start(first)[0]
        if level is not None and level is self._start(second)[0]:
            return first
        return [node]

    def _called(self, node: ast.Call, depth: int) -> list[_Piece]:
        qualified = self.module.qualified(node.func)
        if qualified in _STAMP_CALLS:
            return [_STAMP]
        if qualified in ("str", "textwrap.dedent") and len(node.args) == 1 and not node.keywords:
            return self._pieces_of(node.args[0], depth + 1)
        if not isinstance(node.func, ast.Attribute):
            is_stamp = isinstance(node.func, ast.Name) and _STAMP_NAME.fullmatch(node.func.id)
            return [_STAMP] if is_stamp else [node]
        if node.func.attr in ("strftime", "isoformat"):
            return [_STAMP]
        if _STAMP_NAME.fullmatch(node.func.attr) and qualified is None:
            return [_STAMP]
        if node.func.attr == "format":
            pieces = self._pieces_of(node.func.value, depth + 1)
            if len(pieces) == 1 and isinstance(pieces[0], str):
                return self._formatted(node, pieces[0])
            return [node]
        if _SHIFTLESS_METHOD.fullmatch(node.func.attr):
            pieces = self._pieces_of(node.func.value, depth + 1)
            return pieces if isinstance(pieces[0], str) else [node]
        return [node]

    def _formatted(self, node: ast.Call, template: str) -> list[_Piece]:
        """Take ``"...{}...".format(a)`` apart."""
        positional = list(node.args)
        by_name = {keyword.arg: keyword.value for keyword in node.keywords}
        result: list[_Piece] = []
        index = 0
        try:
            for literal, name, spec, _ in string.Formatter().parse(template):
                result.append(literal)
                if name is None:
                    continue
                if not name:
                    name, index = str(index), index + 1
                value: ast.expr | None = by_name.get(name)
                if name.isdecimal() and int(name) < len(positional):
                    value = positional[int(name)]
                if "%" in (spec or ""):
                    result.append(_STAMP)
                elif value is None or isinstance(value, ast.Starred):
                    result.append(node)
                else:
                    result += [value] if spec else self._pieces_of(value, _MAX_DEPTH - 1)
        except ValueError:  # not a format string: the call will fail when it runs
            return [node]
        return result

    def _named(self, node: ast.Name, depth: int) -> list[_Piece]:
        """Follow a name to its only value: a constant, or a line put together just before."""
        if _COLOUR.fullmatch(node.id):
            return [""]
        found = self.module.lookup(node.id, self.module.scope(node))
        value = only_value(self.module, found[1]) if found is not None else None
        if found is not None and value is not None:
            is_local = found[0].node is self.module.function(node)
            if is_local or isinstance(value, ast.Constant):
                return self._pieces_of(value, depth + 1)
        return [_STAMP] if _STAMP_NAME.fullmatch(node.id) else [node]

    def _class_constant(self, owner: ast.Name, name: str) -> ast.Constant | None:
        """Return the only value that an attribute of a class of the script ever has, where that is a constant."""
        definition = self.module.definition(owner)
        if (
            not isinstance(definition, ast.ClassDef) or definition.bases
        ):  # the members of an enumeration are no text
            return None
        if any(isinstance(node.ctx, ast.Store | ast.Del) for node in self.module.attributes_of(name)):
            return None
        found = [
            statement.value
            for statement in definition.body
            if isinstance(statement, ast.Assign)
            and any(isinstance(target, ast.Name) and target.id == name for target in statement.targets)
        ]
        return found[0] if len(found) == 1 and isinstance(found[0], ast.Constant) else None

    def _start(self, pieces: list[_Piece]) -> tuple[Level | None, ast.expr | None]:
        """Return the level that a text's start decides, and the value that stands there instead of a text."""
        text, values = _joined(pieces)
        prefix = _PREFIX.match(text)
        begin = prefix.end() if prefix else 0
        while begin < len(text) and text[begin].isspace():
            begin += 1
        level = taught_level(text[begin:], self.levels) or level_of_text(text[begin:].replace(_STAMP, HOLE))
        if level is not None or not text.startswith(HOLE, begin):
            return level, None
        return None, values[text.count(HOLE, 0, begin)]

    def _is_told_at_run_time(self, call: ast.Call, pieces: list[_Piece], start: ast.expr | None) -> bool:
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
            name = self._own_parameter(piece, call)
            if name and (not has_words or _MESSAGE_NAME.fullmatch(name)):
                return True
        return False

    def _goes_to_stderr(self, call: ast.Call) -> bool:
        return any(
            keyword.arg == "file" and self._stream(keyword.value) is Level.WARNING
            for keyword in call.keywords
        )

    def _own_parameter(self, node: ast.expr, call: ast.Call) -> str:
        """Return the parameter whose text a value is, of the function that makes the call; '' for any other value."""
        match node:
            case ast.Name():
                return node.id if self._is_own_text(node, call) else ""
            case ast.Starred(value=value):
                return self._own_parameter(value, call)
            case ast.Subscript(value=value, slice=ast.Slice()):
                return self._own_parameter(value, call)
            case ast.BoolOp(values=[first, *_]):
                return self._own_parameter(first, call)
            case ast.IfExp(body=body, orelse=orelse):
                return self._own_parameter(body, call) or self._own_parameter(orelse, call)
            case ast.BinOp(left=left, op=ast.Add() | ast.Mod()):
                return self._own_parameter(left, call)
            case ast.Call(func=ast.Attribute(value=ast.Constant(), attr="join"), args=[value]):
                return self._joined_parameter(value, call)
            case ast.Call(func=ast.Attribute(value=value, attr=attr)) if _TEXT_METHOD.fullmatch(attr):
                return self._own_parameter(value, call)
            case ast.Call(func=ast.Name() as function, args=[value, *_]):
                if self.module.qualified(function) in _TEXT_BUILTINS or isinstance(
                    self.module.definition(function), ast.FunctionDef
                ):
                    return self._own_parameter(value, call)
                return ""
            case _:
                return ""

    def _joined_parameter(self, node: ast.expr, call: ast.Call) -> str:
        """As ``_own_parameter``, of what ``" ".join(...)`` joins: ``args``, ``map(str, args)``, ``str(a) for a in args``."""
        match node:
            case ast.Call(func=ast.Name(id="map"), args=[_, value]):
                return self._own_parameter(value, call)
            case ast.GeneratorExp(generators=[generator]) | ast.ListComp(generators=[generator]):
                return self._own_parameter(generator.iter, call)
            case _:
                return self._own_parameter(node, call)

    def _is_own_text(self, name: ast.Name, call: ast.Call) -> bool:
        """Whether a name is a parameter of the calling function that may hold a text (neither ``self`` nor ``n: int``)."""
        function = self.module.function(call)
        found = self.module.lookup(name.id, self.module.scope(name))
        if function is None or found is None or found[0].node is not function:
            return False
        for binding in found[1]:
            if binding.kind != "parameter" or not isinstance(binding.node, ast.arg):
                continue
            if binding.node.annotation is not None:
                annotation = ast.unparse(binding.node.annotation)
                if not re.search(r"\b(?:str|object|Any|AnyStr|Text)\b", annotation):
                    return False
            is_method = isinstance(self.module.parents.get(function), ast.ClassDef)
            positional = [*function.args.posonlyargs, *function.args.args]
            return not (
                is_method and positional and binding.node is positional[0] and name.id in ("self", "cls")
            )
        return False

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


def _may_rebind_print(star: str) -> bool:
    """Whether ``from star import *`` may bind ``print``; no module of the standard library does."""
    return star.startswith(".") or star.partition(".")[0] not in sys.stdlib_module_names


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


def _last_name(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


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
            return any(_last_name(target) == _SAFE_PRINT for target in targets)
        case ast.AnnAssign(target=target) | ast.NamedExpr(target=target):
            return _last_name(target) == _SAFE_PRINT
        case _:
            return False


# -- loops and texts ----------------------------------------------------------------------------------------


def _flatten(pieces: list[_Piece]) -> list[_Piece]:
    """Take terminal colours out of the literal pieces, and what would be mistaken for a value."""
    return [_ANSI.sub("", piece).replace(HOLE, " ") if isinstance(piece, str) else piece for piece in pieces]


def _joined(pieces: list[_Piece]) -> tuple[str, list[ast.expr]]:
    """Join pieces to one text with ``HOLE`` for each value, and list the values."""
    text = "".join(piece if isinstance(piece, str) else HOLE for piece in pieces)
    return text, [piece for piece in pieces if not isinstance(piece, str)]
