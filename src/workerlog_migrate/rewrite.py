"""Apply a plan to a source: LibCST rewrites the edited nodes, their text is spliced back.

Input: a ``Module`` and the findings to apply. Output: the new text and the splices that made it. Only what is
edited reaches LibCST: the outermost edited calls, and whole ``except`` clauses. All of a file's pieces are parsed
as one small module, each call as a parenthesised statement, each clause behind a ``try`` of its own, so that no
byte outside them can change. Importing this module imports LibCST: the pipeline does it when there is something
to rewrite. LibCST drops a few bytes by itself (form feeds, the space in ``except X :``,
LibCST issues 446 and 1457): a piece that does not come back as it went in is not edited.
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import itertools
import re
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

import libcst as cst
from libcst._nodes.internal import CodegenState

from workerlog_migrate.analysis.module import Module
from workerlog_migrate.errors import WorkerlogError
from workerlog_migrate.model import Finding, HandlerEdit, LinesEdit, Span, Splice
from workerlog_migrate.registry import REGISTRY

MAX_DEPTH = 200
"""Deepest nesting of an edited piece: LibCST recurses natively and overflows the stack far above this (LibCST 1178)."""

_BEFORE_COLON = re.compile(r"([\s)]*(?:as\s+\w+)?[)]*)[ \t]+:")
_Rewritten = cst.BaseExpression | cst.ExceptHandler | cst.FlattenSentinel[cst.ExceptHandler]
_Rewrite = Callable[..., _Rewritten]


class UnkeepableError(WorkerlogError):
    """Some findings cannot be applied without touching other bytes; the rest of the file can go on.

    Attributes:
        findings: those findings.
        reason: why, in a few words.
    """

    def __init__(self, findings: Sequence[Finding], reason: str) -> None:
        super().__init__(reason)
        self.findings = tuple(findings)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class _Piece:
    """A stretch of source that LibCST rewrites, and how it is dressed to be parsed.

    Attributes:
        start, end: character offsets in the source.
        span: line and column where ``text`` begins (its end is not used).
        prefix: what stands before the text in the small module.
        suffix: what stands after it.
        text: the source text, except that a blank before a handler's colon is gone.
        node: the outermost edited node.
        findings: those inside, the outermost first.
    """

    start: int
    end: int
    span: Span
    prefix: str
    suffix: str
    text: str
    node: ast.AST
    findings: tuple[Finding, ...]


def rewrite(module: Module, findings: Sequence[Finding]) -> tuple[str, tuple[Splice, ...]]:
    """Apply findings to a module's text.

    Args:
        module: the script as it was read.
        findings: those to apply, in any order; spans may nest but not cross.

    Returns:
        The new text and the splices in order, none overlapping.

    Raises:
        UnkeepableError: LibCST would not keep every byte of some pieces, or cannot read them; nothing was done.
    """
    source = module.source
    splices = [_splice_lines(module, finding) for finding in findings if isinstance(finding.edit, LinesEdit)]
    others = sorted(
        (
            finding
            for finding in findings
            if finding.edit is not None and not isinstance(finding.edit, LinesEdit)
        ),
        key=lambda finding: (
            finding.span.line,
            finding.span.column,
            -finding.span.end_line,
            -finding.span.end_column,
        ),
    )
    pieces = _pieces(module, others)
    if pieces:
        splices.extend(_rewrite_pieces(module, pieces))
    splices.sort(key=lambda splice: (splice.start, splice.end))
    parts: list[str] = []
    position = 0
    for splice in splices:
        parts += (source.text[position : splice.start], splice.text)
        position = splice.end
    parts.append(source.text[position:])
    return "".join(parts), tuple(splices)


def _splice_lines(module: Module, finding: Finding) -> Splice:
    """Turn an insertion of lines, or the replacement of one import, into a splice."""
    assert isinstance(finding.edit, LinesEdit)  # the caller chose it so
    span, newline = finding.span, module.source.newline
    if (span.line, span.column) != (span.end_line, span.end_column):
        start = module.offset(span.line, span.column)
        return Splice(start, module.offset(span.end_line, span.end_column), newline.join(finding.edit.lines))
    text = "".join(line + newline for line in finding.edit.lines)
    if span.line > len(module.lines):
        end = len(module.source.text)
        unfinished = bool(module.lines) and not module.lines[-1].endswith(("\n", "\r"))
        return Splice(end, end, newline + text.removesuffix(newline) if unfinished else text)
    start = module.offset(span.line, 0)
    return Splice(start, start, text)


def _pieces(module: Module, findings: Sequence[Finding]) -> list[_Piece]:
    """Group findings, sorted by where they begin, into the outermost pieces that hold them."""
    groups: list[list[Finding]] = []
    end = (0, 0)
    for finding in findings:
        span = finding.span
        if groups and (span.line, span.column) < end:
            groups[-1].append(finding)
        else:
            groups.append([finding])
            end = (span.end_line, span.end_column)
    nodes = _nodes_at(module, [group[0] for group in groups])
    pieces = []
    for group in groups:
        span = group[0].span
        node = nodes.get(span)
        if node is None:
            raise UnkeepableError(group, "was not found again in the syntax tree")
        if isinstance(node, ast.ExceptHandler):
            pieces.append(_handler_piece(module, node, span, tuple(group)))
        else:
            start = module.offset(span.line, span.column)
            stop = module.offset(span.end_line, span.end_column)
            pieces.append(
                _Piece(start, stop, span, "(", ")", module.source.text[start:stop], node, tuple(group))
            )
    return pieces


def _nodes_at(module: Module, findings: Sequence[Finding]) -> dict[Span, ast.AST]:
    """Join findings to the nodes of ``ast`` by their full span."""
    lines = {finding.span.line for finding in findings}
    nodes: dict[Span, ast.AST] = {module.span(node): node for node in module.calls if node.lineno in lines}
    nodes.update({module.span(node): node for node in module.handlers if node.lineno in lines})
    return nodes


def _handler_piece(
    module: Module, node: ast.ExceptHandler, span: Span, findings: tuple[Finding, ...]
) -> _Piece:
    """Dress a whole clause, with the comment behind its last statement, in ``if 1:`` and ``try: pass``."""
    source = module.source
    indent = module.lines[span.line - 1][: span.column]
    if indent.strip(" \t"):
        raise UnkeepableError(findings, "the except clause does not begin its line with blanks only")
    start = module.offset(span.line, span.column)
    last = module.lines[span.end_line - 1].rstrip("\r\n")
    stop = module.offset(span.end_line, len(last))
    type_end = start + len("except")
    if node.type is not None:
        type_span = module.span(node.type)
        type_end = module.offset(type_span.end_line, type_span.end_column)
    colon = _BEFORE_COLON.match(source.text, type_end)
    text = source.text[start:stop]
    if colon is not None and findings[0].edit is not None:
        # LibCST 1457: the blank in `except X :` is lost anyway; here it goes with the header that is rewritten.
        text = source.text[start : colon.end(1)] + source.text[colon.end() - 1 : stop]
    newline = source.newline
    prefix = f"if 1:{newline}{indent}try: pass{newline}{indent}" if indent else f"try: pass{newline}"
    return _Piece(start, stop, span, prefix, "", text, node, findings)


def _rewrite_pieces(module: Module, pieces: Sequence[_Piece]) -> list[Splice]:
    """Parse all pieces as one module, rewrite them in one walk, and cut them out again."""
    newline = module.source.newline
    # LibCST loses a final carriage return that stands alone: let none be final.
    tail = "pass\n" if newline == "\r" else ""
    for piece in pieces:
        if _depth(piece.node) > MAX_DEPTH:
            raise UnkeepableError(piece.findings, "is nested too deeply to be rewritten")
    dressed = [piece.prefix + piece.text + piece.suffix + newline for piece in pieces]
    small = "".join(dressed) + tail
    tree: cst.Module | None
    try:
        tree = cst.parse_module(small)
    except (cst.ParserSyntaxError, RecursionError):
        tree = None
    if tree is None or len(tree.body) != len(pieces) + bool(tail):
        raise _blame(pieces, dressed, tail)
    code, places = _code_and_places(tree, tree)
    if code != small:
        raise _blame(pieces, dressed, tail)
    transformer = _Applier(places, _edits_by_place(module, pieces, dressed), _outer(pieces), _rewrites())
    changed = tree.visit(transformer)
    assert isinstance(changed, cst.Module)  # a module stays one
    splices: list[Splice] = []
    missed: list[Finding] = []
    applied = {id(finding) for finding in transformer.applied}
    for piece, statement in zip(pieces, changed.body, strict=False):
        inner = _code_and_places(changed, statement)[0].removesuffix(newline)
        lost = [finding for finding in piece.findings if id(finding) not in applied]
        if lost or not inner.startswith(piece.prefix) or not inner.endswith(piece.suffix):
            missed += lost or piece.findings
            continue
        text = inner[len(piece.prefix) : len(inner) - len(piece.suffix)]
        splices.append(Splice(piece.start, piece.end, text))
    if missed:
        raise UnkeepableError(missed, "was not found again in LibCST's tree")
    return splices


def _blame(pieces: Sequence[_Piece], dressed: Sequence[str], tail: str) -> UnkeepableError:
    """Find the pieces that LibCST does not keep or read; the others can go on without them."""
    findings: list[Finding] = []
    for piece, text in zip(pieces, dressed, strict=True):
        try:
            kept = cst.parse_module(text + tail).code == text + tail
        except (cst.ParserSyntaxError, RecursionError):
            kept = False
        if not kept:
            findings.extend(piece.findings)
    if not findings:
        findings = [finding for piece in pieces for finding in piece.findings]
    return UnkeepableError(findings, "LibCST does not keep every byte of this code")


_Place = tuple[int, int]
"""Where a node stands in the small module: offsets of its first character and behind its last one."""


@dataclass(slots=True)
class _Recorder(CodegenState):
    """Writes a tree down and notes where each call and clause stands, in one pass.

    LibCST's ``PositionProvider`` does the same for every node and position, at three times the cost of the parse.
    """

    marks: list[tuple[cst.CSTNode, int, int]] = field(default_factory=list)

    def record_syntactic_position(  # type: ignore[override]  # any context manager does
        self,
        node: cst.CSTNode,
        *,
        start_node: cst.CSTNode | None = None,  # noqa: ARG002  # LibCST's signature
        end_node: cst.CSTNode | None = None,  # noqa: ARG002  # LibCST's signature
    ) -> AbstractContextManager[None]:
        """Note where a call or clause begins and ends; parentheses around it do not belong to it."""
        if isinstance(node, cst.Call | cst.ExceptHandler):
            return _Mark(self, node, len(self.tokens))
        return _NOTHING


_NOTHING: AbstractContextManager[None] = contextlib.nullcontext()


@dataclass(slots=True)
class _Mark(AbstractContextManager[None]):
    state: _Recorder
    node: cst.CSTNode
    start: int

    def __exit__(self, *_: object) -> None:
        self.state.marks.append((self.node, self.start, len(self.state.tokens)))


def _code_and_places(tree: cst.Module, node: cst.CSTNode) -> tuple[str, dict[cst.CSTNode, _Place]]:
    """Write a node of a module down; say where its calls and clauses stand in that text."""
    state = _Recorder(default_indent=tree.default_indent, default_newline=tree.default_newline)
    node._codegen(state)
    offsets = [0, *itertools.accumulate(len(token) for token in state.tokens)]
    # A module without a final newline takes its last token back.
    last = len(state.tokens)
    places = {
        marked: (offsets[min(start, last)], offsets[min(end, last)]) for marked, start, end in state.marks
    }
    return "".join(state.tokens), places


def _edits_by_place(
    module: Module, pieces: Sequence[_Piece], dressed: Sequence[str]
) -> dict[tuple[str, int, int], Finding]:
    """Say where in the small module each edited node stands: calls by their full span, clauses by their start."""
    edits: dict[tuple[str, int, int], Finding] = {}
    begin = 0
    for piece, text in zip(pieces, dressed, strict=True):
        shift = begin + len(piece.prefix) - piece.start
        # The blank before a clause's colon is gone: what follows it stands that much earlier.
        cut = piece.end - piece.start - len(piece.text)
        for finding in piece.findings:
            span = finding.span
            start = module.offset(span.line, span.column) + shift
            if isinstance(finding.edit, HandlerEdit):
                edits["handler", start - (cut if finding is not piece.findings[0] else 0), 0] = finding
            else:
                end = module.offset(span.end_line, span.end_column) + shift
                edits["call", start - cut, end - cut] = finding
        begin += len(text)
    return edits


def _outer(pieces: Sequence[_Piece]) -> frozenset[int]:
    """Name (by ``id``) the findings that hold others: those of a piece are sorted, the enclosing ones first."""
    outer: set[int] = set()
    for piece in pieces:
        enclosing: list[Finding] = []
        for finding in piece.findings:
            start = (finding.span.line, finding.span.column)
            while enclosing and (enclosing[-1].span.end_line, enclosing[-1].span.end_column) <= start:
                enclosing.pop()
            outer.update(id(holder) for holder in enclosing[-1:])
            enclosing.append(finding)
    return frozenset(outer)


def _depth(node: ast.AST) -> int:
    """Measure how deep a node nests, without recursion."""
    deepest = 0
    stack = [(node, 1)]
    while stack:
        current, depth = stack.pop()
        deepest = max(deepest, depth)
        stack.extend((child, depth + 1) for child in ast.iter_child_nodes(current))
    return deepest


def _rewrites() -> dict[str, _Rewrite]:
    """Load the rewrites of the registry: class name of an edit -> function."""
    return {
        edit: getattr(importlib.import_module(module), function)
        for codemod in REGISTRY
        for edit, module, function in codemod.rewrites
    }


class _Applier(cst.CSTTransformer):
    """One walk for all findings. Places belong to the original tree; ``updated`` carries the children's edits."""

    def __init__(
        self,
        places: dict[cst.CSTNode, _Place],
        edits: dict[tuple[str, int, int], Finding],
        outer: frozenset[int],
        rewrites: dict[str, _Rewrite],
    ) -> None:
        super().__init__()
        self.applied: list[Finding] = []
        self._places = places
        self._edits = edits
        self._outer = outer
        self._rewrites = rewrites

    def on_visit(self, node: cst.CSTNode) -> bool:
        """Go into a node only where edits can be: not below the innermost edited ones."""
        if isinstance(node, cst.Call | cst.ExceptHandler):
            finding = self._edits.get(self._key(node))
            if finding is not None:
                return id(finding) in self._outer
        return True

    def leave_Call(  # noqa: N802  # the name is LibCST's
        self, original_node: cst.Call, updated_node: cst.Call
    ) -> cst.BaseExpression:
        """Apply the finding whose full span this call has."""
        rewritten = self._apply(original_node, updated_node)
        return rewritten if isinstance(rewritten, cst.BaseExpression) else updated_node

    def leave_ExceptHandler(  # noqa: N802  # the name is LibCST's
        self, original_node: cst.ExceptHandler, updated_node: cst.ExceptHandler
    ) -> cst.ExceptHandler | cst.FlattenSentinel[cst.ExceptHandler]:
        """Apply the finding that begins where this clause begins; no two clauses do."""
        rewritten = self._apply(original_node, updated_node)
        if isinstance(rewritten, cst.ExceptHandler | cst.FlattenSentinel):
            return rewritten
        return updated_node

    def _key(self, node: cst.Call | cst.ExceptHandler) -> tuple[str, int, int]:
        start, end = self._places[node]
        return ("call", start, end) if isinstance(node, cst.Call) else ("handler", start, 0)

    def _apply(self, original: cst.Call | cst.ExceptHandler, updated: cst.CSTNode) -> _Rewritten | None:
        finding = self._edits.get(self._key(original))
        if finding is None:
            return None
        self.applied.append(finding)
        return self._rewrites[type(finding.edit).__name__](finding.edit, original, updated)
