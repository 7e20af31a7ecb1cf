"""What is known of a text that is printed: its literal pieces, the values between them, and the level that its start says.

Input: a ``Module`` and a call of ``print``. The pieces of f-strings, ``%``, ``format``, ``+`` and of names with one value are put
together as far as the source shows them.
"""

from __future__ import annotations

import ast
import re
import string

from workerlog_migrate.analysis.level import HOLE, level_of_text, taught_level
from workerlog_migrate.analysis.module import Module
from workerlog_migrate.analysis.uses import only_value
from workerlog_migrate.model import Level

_NO_TEXT = frozenset({"sep", "end", "file", "flush", "level"})
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
_PERCENT = re.compile(r"%(?:%|(?:\([^)]{0,200}\))?[#0\- +]*(?:\*|[1-9]\d*)?(?:\.(?:\*|\d+))?[hlL]?[a-zA-Z])")
_SHIFTLESS_METHOD = re.compile(  # what stood first in the text still stands first
    r"capitalize|center|expandtabs|[lr]?just|lower|[lr]?strip|swapcase|title|upper"
)
_TEXT_METHOD = re.compile(rf"{_SHIFTLESS_METHOD.pattern}|decode|encode|replace")
_TEXT_BUILTINS = frozenset({"ascii", "format", "repr", "str"})
_MAX_REPEATS = 3  # of `"=" * 60`: a marker stands at the start, or nowhere
_MAX_DEPTH = 12

# What is known of a printed text: literal pieces, and the expressions of the values between them.
Piece = str | ast.expr


class PrintedText:
    """The questions about the texts of one module.

    Args:
        module: the script.
        levels: starts of texts and their levels, taught by the user.
    """

    def __init__(self, module: Module, levels: tuple[tuple[str, Level], ...]) -> None:
        self.module = module
        self.levels = levels

    def pieces(self, call: ast.Call) -> list[Piece]:
        """List what is known of the text that a call prints: its arguments, joined by ``sep``."""
        separator: Piece = " "
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
        pieces: list[Piece] = []
        for index, argument in enumerate(texts):
            if index:
                pieces.append(separator)
            pieces += self._pieces_of(argument, 0)
        return pieces

    def _pieces_of(self, node: ast.expr, depth: int) -> list[Piece]:
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

    def _repeated(self, node: ast.expr, left: ast.expr, right: ast.expr) -> list[Piece]:
        for text, count in ((left, right), (right, left)):
            if isinstance(text, ast.Constant) and isinstance(text.value, str):
                times = count.value if isinstance(count, ast.Constant) and isinstance(count.value, int) else 1
                return [text.value * min(times, _MAX_REPEATS)]
        return [node]

    def _percent(self, node: ast.expr, left: ast.expr, right: ast.expr, depth: int) -> list[Piece]:
        pieces = self._pieces_of(left, depth + 1)
        if len(pieces) != 1 or not isinstance(pieces[0], str):
            return [node]
        values = list(right.elts) if isinstance(right, ast.Tuple) else [right]
        named = isinstance(right, ast.Dict)
        result: list[Piece] = []
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

    def _either(self, node: ast.expr, body: ast.expr, orelse: ast.expr, depth: int) -> list[Piece]:
        """Use a conditional text when both of its arms say the same about the level; else it is not known."""
        first = flatten(self._pieces_of(body, depth + 1))
        second = flatten(self._pieces_of(orelse, depth + 1))
        level = self.start(first)[0]
        if level is not None and level is self.start(second)[0]:
            return first
        return [node]

    def _called(self, node: ast.Call, depth: int) -> list[Piece]:
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

    def _formatted(self, node: ast.Call, template: str) -> list[Piece]:
        """Take ``"...{}...".format(a)`` apart."""
        positional = list(node.args)
        by_name = {keyword.arg: keyword.value for keyword in node.keywords}
        result: list[Piece] = []
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

    def _named(self, node: ast.Name, depth: int) -> list[Piece]:
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

    def start(self, pieces: list[Piece]) -> tuple[Level | None, ast.expr | None]:
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

    def own_parameter(self, node: ast.expr, call: ast.Call) -> str:
        """Return the parameter whose text a value is, of the function that makes the call; '' for any other value."""
        match node:
            case ast.Name():
                return node.id if self._is_own_text(node, call) else ""
            case ast.Starred(value=value):
                return self.own_parameter(value, call)
            case ast.Subscript(value=value, slice=ast.Slice()):
                return self.own_parameter(value, call)
            case ast.BoolOp(values=[first, *_]):
                return self.own_parameter(first, call)
            case ast.IfExp(body=body, orelse=orelse):
                return self.own_parameter(body, call) or self.own_parameter(orelse, call)
            case ast.BinOp(left=left, op=ast.Add() | ast.Mod()):
                return self.own_parameter(left, call)
            case ast.Call(func=ast.Attribute(value=ast.Constant(), attr="join"), args=[value]):
                return self._joined_parameter(value, call)
            case ast.Call(func=ast.Attribute(value=value, attr=attr)) if _TEXT_METHOD.fullmatch(attr):
                return self.own_parameter(value, call)
            case ast.Call(func=ast.Name() as function, args=[value, *_]):
                if self.module.qualified(function) in _TEXT_BUILTINS or isinstance(
                    self.module.definition(function), ast.FunctionDef
                ):
                    return self.own_parameter(value, call)
                return ""
            case _:
                return ""

    def _joined_parameter(self, node: ast.expr, call: ast.Call) -> str:
        """As ``_own_parameter``, of what ``" ".join(...)`` joins: ``args``, ``map(str, args)``, ``str(a) for a in args``."""
        match node:
            case ast.Call(func=ast.Name(id="map"), args=[_, value]):
                return self.own_parameter(value, call)
            case ast.GeneratorExp(generators=[generator]) | ast.ListComp(generators=[generator]):
                return self.own_parameter(generator.iter, call)
            case _:
                return self.own_parameter(node, call)

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


def flatten(pieces: list[Piece]) -> list[Piece]:
    """Take terminal colours out of the literal pieces, and what would be mistaken for a value."""
    return [_ANSI.sub("", piece).replace(HOLE, " ") if isinstance(piece, str) else piece for piece in pieces]


def _joined(pieces: list[Piece]) -> tuple[str, list[ast.expr]]:
    """Join pieces to one text with ``HOLE`` for each value, and list the values."""
    text = "".join(piece if isinstance(piece, str) else HOLE for piece in pieces)
    return text, [piece for piece in pieces if not isinstance(piece, str)]
