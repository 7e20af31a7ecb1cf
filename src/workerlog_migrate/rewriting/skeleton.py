"""What is left of an edited piece of source when everything that no edit touches is a placeholder.

``print(f"{a} of {len(b)}", end="")`` becomes ``_wlm_0_(_wlm_1_)``: that is all LibCST has to read to put
``mirror_print(logger.info, `` in front, whatever the arguments are. Two gains: LibCST, by far the dearest part of a
run, parses a fraction of the text, and pieces that differ only in what is not edited have the same ``Shape``, which is
rewritten once. And one guarantee: what is behind a placeholder comes back character by character, as LibCST never sees it.

Input: a piece's node (``ast``) and the findings inside. Output: a ``Skeleton``. No LibCST here.
"""

from __future__ import annotations

import ast
import bisect
import functools
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from workerlog_migrate.analysis.module import Module
from workerlog_migrate.edit import Edit, Piece
from workerlog_migrate.errors import WorkerlogError
from workerlog_migrate.model import Finding

MAX_DEPTH = 200
"""Deepest nesting of what LibCST gets: it recurses natively and overflows the stack far above this (LibCST 1178)."""

_MOST_BRACKETS = {ast.match_case: 3, ast.Delete: 8}
"""Deepest brackets in what LibCST's parser looks at once more for each level, which nothing can interrupt: 30 take hours."""

_BEFORE_COLON = re.compile(r"([\s)]*(?:as\s+\w+[)]*)?)(?<![ \t])[ \t]+:")
_BRACKET_OR_TEXT = re.compile(
    r"""[(\[{]|[)\]}]|#[^\r\n]*|\"\"\"(?:[^\\]|\\.)*?\"\"\"|'''(?:[^\\]|\\.)*?'''|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'""",
    re.DOTALL,
)
_BETWEEN = re.compile(r"[\s,\\]*")  # no comment, and no parenthesis of an element's own
_MARK = "_wlm_"
_TOO_DEEP = "is nested too deeply to be rewritten"
_TRY_STAR: type[ast.AST] | None = getattr(ast, "TryStar", None)

_PARTS: dict[type[ast.AST], tuple[str, ...]] = {
    ast.Call: ("func", "args", "keywords"),
    ast.keyword: ("value",),
    ast.Starred: ("value",),
    ast.Await: ("value",),
    ast.Attribute: ("value",),
    ast.Subscript: ("value",),
    ast.NamedExpr: ("value",),
    ast.UnaryOp: ("operand",),
    ast.BinOp: ("left", "right"),
    ast.BoolOp: ("values",),
    ast.Compare: ("left", "comparators"),
    ast.IfExp: ("body", "test", "orelse"),
    ast.Tuple: ("elts",),
    ast.List: ("elts",),
    ast.Set: ("elts",),
    ast.Dict: ("keys", "values"),
    ast.Expr: ("value",),
    ast.Assign: ("value",),
    ast.AnnAssign: ("value",),
    ast.AugAssign: ("value",),
    ast.Return: ("value",),
    ast.If: ("test", "body", "orelse"),
    ast.While: ("test", "body", "orelse"),
    ast.For: ("iter", "body", "orelse"),
    ast.AsyncFor: ("iter", "body", "orelse"),
    ast.With: ("items", "body"),
    ast.AsyncWith: ("items", "body"),
    ast.withitem: ("context_expr",),
    ast.Try: ("body", "handlers", "orelse", "finalbody"),
    ast.ExceptHandler: ("body",),
}
"""The fields in which a node of each kind is taken apart; a node of another kind stays as it is, with all in it."""
if _TRY_STAR is not None:
    _PARTS[_TRY_STAR] = _PARTS[ast.Try]


_INNER = (ast.keyword, ast.Starred, ast.withitem, ast.ExceptHandler)
"""Parts of a node that no placeholder can stand for, but for what is in them."""


class TooDeepError(WorkerlogError):
    """A piece nests too deeply for LibCST."""


@dataclass(frozen=True, slots=True)
class Place:
    """An edit and where its node stands in a shape's text.

    Attributes:
        kind: ``call`` or ``handler``.
        start: offset of its first character.
        end: offset behind its last one; 0 for a clause, which its start tells apart from all others.
        edit: what becomes of it.
        outer: whether other places lie inside.
    """

    kind: str
    start: int
    end: int
    edit: Edit
    outer: bool


@dataclass(frozen=True, slots=True)
class Shape:
    """All that the rewriting of a piece depends on; equal for pieces that differ only in what no edit touches.

    Attributes:
        text: one statement, with placeholders, as LibCST is to parse it, with the newline behind it.
        prefix, suffix: the length of what was put before and behind the piece to make a statement of it.
        newline: the file's newline.
        places: the edits, the enclosing ones first.
    """

    text: str
    prefix: int
    suffix: int
    newline: str
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Skeleton:
    """A piece of source, taken apart.

    Attributes:
        start, end: the piece, as character offsets in the source.
        shape: what LibCST gets.
        findings: those inside, one per place of the shape.
        mark: how placeholders begin: a text that occurs nowhere in the source.
        originals: what each placeholder stands for, by its number.
    """

    start: int
    end: int
    shape: Shape
    findings: tuple[Finding, ...]
    mark: str
    originals: tuple[str, ...]

    def filled(self, rewritten: str) -> str:
        """Put the originals back.

        Args:
            rewritten: the shape's text after the rewriting, without prefix and suffix.

        Returns:
            The text that takes the piece's place.
        """
        if not self.originals:
            return rewritten
        return re.sub(rf"{self.mark}(\d+)_", lambda match: self.originals[int(match[1])], rewritten)


def skeleton(module: Module, node: ast.AST, findings: Sequence[Finding]) -> Skeleton:
    """Take a piece apart.

    Args:
        module: the script.
        node: the outermost edited node: a call or an ``except`` clause.
        findings: the edits inside, sorted by where they begin, the enclosing ones first; the first one is the node's own.

    Returns:
        The skeleton.

    Raises:
        TooDeepError: what the edits touch nests deeper than `MAX_DEPTH`.
    """
    return _Builder(module, node, findings).build()


class _Builder:
    def __init__(self, module: Module, node: ast.AST, findings: Sequence[Finding]) -> None:
        self._module = module
        self._text = module.source.text
        self._node = node
        self._findings = tuple(findings)
        self._mark = _mark_for(self._text)
        self._starts = {(finding.span.line, finding.span.column) for finding in findings[1:]}
        self._last = max(self._starts, default=(0, 0))
        self._cuts: list[tuple[int, int, str]] = []
        self._originals: list[str] = []

    def build(self) -> Skeleton:
        module, node, newline = self._module, self._node, self._module.source.newline
        span = self._findings[0].span
        start, end = module.offset(span.line, span.column), module.offset(span.end_line, span.end_column)
        prefix, suffix = "(", ")"
        if isinstance(node, ast.ExceptHandler):
            # With the comment behind its last statement: a boundary clause stands after it.
            end = module.offset(span.end_line, len(module.lines[span.end_line - 1].rstrip("\r\n")))
            indent = module.lines[span.line - 1][: span.column]
            prefix = f"if 1:{newline}{indent}try: pass{newline}{indent}" if indent else f"try: pass{newline}"
            suffix = ""
        self._take_apart(node, 1)
        self._cuts.sort()
        parts = [prefix]
        position = start
        for cut_start, cut_end, text in self._cuts:
            parts += (self._text[position:cut_start], text)
            position = cut_end
        parts += (self._text[position:end], suffix, newline)
        shape = Shape("".join(parts), len(prefix), len(suffix), newline, self._places(start - len(prefix)))
        return Skeleton(start, end, shape, self._findings, self._mark, tuple(self._originals))

    def _take_apart(self, node: ast.AST, depth: int) -> None:
        """Put placeholders for what an edited node, or one around it, holds without being edited."""
        if depth > MAX_DEPTH:
            raise TooDeepError(_TOO_DEEP)
        if isinstance(node, ast.ExceptHandler):
            self._close_up_colon(node)
        parts = _PARTS.get(type(node))
        if parts is None or (isinstance(node, ast.Call) and _has_lone_generator(node)):
            self._keep(node, depth)  # a lone generator shares the call's parentheses
            return
        for name in parts:
            value = getattr(node, name)
            if name in ("args", "elts"):
                value = self._outside_runs([*value, *getattr(node, "keywords", ())], depth + 1)
            elif name == "keywords":
                continue
            for child in value if isinstance(value, list) else (value,):
                if child is None:
                    continue
                if isinstance(child, _INNER) or self._holds_edit(child):
                    self._take_apart(child, depth + 1)
                elif not self._replace(child):
                    self._keep(child, depth + 1)

    def _outside_runs(self, elements: list[ast.expr | ast.keyword], depth: int) -> list[ast.AST]:
        """Put one placeholder for each run of arguments or elements without an edit; give the others.

        Many arguments then cost LibCST no more than one does, and calls that differ only in their number are one shape.
        """
        elements.sort(key=lambda each: (each.lineno, each.col_offset))
        edited: list[ast.AST] = []
        run: list[ast.AST] = []
        start = end = 0
        after_keyword = False

        def close() -> None:
            if run and not self._cut(start, end):
                for each in run:
                    self._keep(each, depth)
            run.clear()

        for element in elements:
            if after_keyword or self._holds_edit(element):
                edited.append(element)
                close()
                # No plain placeholder can stand behind a keyword argument.
                after_keyword |= isinstance(element, ast.keyword)
                continue
            span = self._module.span(element)
            begin = self._module.offset(span.line, span.column)
            if run and not _BETWEEN.fullmatch(self._text, end, begin):
                close()
            if not run:
                start = begin
            end = self._module.offset(span.end_line, span.end_column)
            run.append(element)
        close()
        return edited

    def _holds_edit(self, node: ast.expr | ast.stmt | ast.keyword) -> bool:
        """Whether an edit begins inside a node: spans of edits nest, so this one then lies inside as a whole."""
        first, last = (node.lineno, 0), (node.end_lineno or node.lineno, 1 << 30)
        if first > self._last:
            return False
        near = [at for at in self._starts if first <= at <= last]
        if not near:
            return False
        span = self._module.span(node)
        begin, stop = (span.line, span.column), (span.end_line, span.end_column)
        return any(begin <= at < stop for at in near)

    def _keep(self, node: ast.AST, depth: int) -> None:
        """Leave a node as it is, which LibCST must then be able to read."""
        stack = [(node, depth)]
        while stack:
            current, deep = stack.pop()
            if deep > MAX_DEPTH or any(
                _brackets(self._text[a:b]) > most for a, b, most in self._heads(current)
            ):
                raise TooDeepError(_TOO_DEEP)
            stack.extend((child, deep + 1) for child in ast.iter_child_nodes(current))

    def _heads(self, node: ast.AST) -> Iterator[tuple[int, int, int]]:
        """Say where targets of a ``del`` and patterns of a ``match`` begin and end, and how many brackets may be open there."""
        if isinstance(node, ast.Delete):
            yield *self._stretch(node), _MOST_BRACKETS[ast.Delete]
        elif isinstance(node, ast.Match):
            _, begin = self._stretch(node.subject)
            for case in node.cases:
                end, _ = self._stretch(case.body[0])
                yield begin, end, _MOST_BRACKETS[ast.match_case]
                _, begin = self._stretch(case.body[-1])

    def _stretch(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        span = self._module.span(node)
        return self._module.offset(span.line, span.column), self._module.offset(
            span.end_line, span.end_column
        )

    def _replace(self, node: ast.expr | ast.stmt) -> bool:
        """Put a placeholder for a node, where one can stand."""
        if isinstance(node, ast.Pass) or getattr(node, "decorator_list", None):
            return False  # a lone `pass` may go; a decorated definition begins before its own position
        start, end = self._stretch(node)
        if isinstance(node, ast.If) and self._text.startswith("elif", start):
            return False
        return self._cut(start, end)

    def _cut(self, start: int, end: int) -> bool:
        """Put a placeholder for a stretch of the source, unless it would grow together with its neighbours."""
        text = self._text[start:end]
        before, after = self._text[start - 1 : start], self._text[end : end + 1]
        if before.isalnum() or before == "_" or after.isalnum() or after == "_":
            return False  # `return"x"`, `"x"if y`
        self._cuts.append((start, end, f"{self._mark}{len(self._originals)}_"))
        self._originals.append(text)
        return True

    def _close_up_colon(self, node: ast.ExceptHandler) -> None:
        """Take the blank out of ``except X :``, which LibCST loses (LibCST 1457); the clause is rewritten anyway."""
        start = self._module.span(node)
        type_end = self._module.offset(start.line, start.column) + len("except")
        if node.type is not None:
            span = self._module.span(node.type)
            type_end = self._module.offset(span.end_line, span.end_column)
        colon = _BEFORE_COLON.match(self._text, type_end)
        if colon is not None and any(finding.span == start for finding in self._findings):
            self._cuts.append((colon.end(1), colon.end() - 1, ""))

    def _places(self, origin: int) -> tuple[Place, ...]:
        """Say where the edited nodes stand in the shape, whose text begins `origin` characters into the source."""
        places = []
        ends = [end for _, end, _ in self._cuts]
        gains = [0, *itertools.accumulate(len(text) - (end - start) for start, end, text in self._cuts)]

        def moved(line: int, column: int) -> int:
            offset = self._module.offset(line, column)
            return offset - origin + gains[bisect.bisect_right(ends, offset)]

        for number, finding in enumerate(self._findings):
            span = finding.span
            edit = finding.edit
            assert edit is not None  # only what is edited is rewritten
            start = moved(span.line, span.column)
            following = self._findings[number + 1 : number + 2]
            stop = (span.end_line, span.end_column)
            outer = any((each.span.line, each.span.column) < stop for each in following)
            if edit.piece is Piece.HANDLER:
                places.append(Place("handler", start, 0, edit, outer))
            else:
                end = moved(span.end_line, span.end_column)
                places.append(Place("call", start, end, edit, outer))
        return tuple(places)


def _brackets(text: str) -> int:
    """Count how many brackets are open at once in a piece of a valid program."""
    most = now = 0
    for match in _BRACKET_OR_TEXT.finditer(text):
        if match.group() in "([{":
            most = max(most, now := now + 1)
        elif match.group() in ")]}":
            now = max(now - 1, 0)  # those around the subject close here
    return most


@functools.lru_cache(maxsize=2)
def _mark_for(text: str) -> str:
    """Choose how placeholders begin, once a source: all of it has to be searched."""
    mark = _MARK
    while mark in text:
        mark += "_"
    return mark


def _has_lone_generator(call: ast.Call) -> bool:
    if len(call.args) != 1 or call.keywords or not isinstance(call.args[0], ast.GeneratorExp):
        return False
    generator = call.args[0]
    return (generator.end_lineno, generator.end_col_offset) == (call.end_lineno, call.end_col_offset)
