"""Apply a plan to a source: LibCST rewrites the edited nodes, their text is spliced back.

Input: a ``Module`` and the findings to apply. Output: the new text and the splices that made it. Only what is
edited reaches LibCST: the outermost edited calls and ``except`` clauses, each as a ``Shape`` in which everything that no
edit touches is a placeholder. New shapes of a file are parsed as one small module, each call as a parenthesised
statement, each clause behind a ``try`` of its own, so that no byte outside them can change; a shape that was met before
is not parsed again. Importing this module imports LibCST: the pipeline does it when there is something to rewrite.
LibCST drops a few bytes by itself (form feeds, the space in ``except X :``, LibCST issues 446 and 1457): a shape
that does not come back as it went in is not edited.
"""

from __future__ import annotations

import ast
import contextlib
import enum
import importlib
import itertools
import re
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

import libcst as cst
from libcst._nodes.internal import CodegenState

from workerlog_migrate.analysis.module import Module
from workerlog_migrate.edit import LinesEdit
from workerlog_migrate.errors import WorkerlogError
from workerlog_migrate.model import Finding, Span, Splice
from workerlog_migrate.registry import REGISTRY
from workerlog_migrate.rewriting.skeleton import Place, Shape, Skeleton, TooDeepError, skeleton
from workerlog_migrate.syntax.comments import comments

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
    splices.extend(_splices(_skeletons(module, others)))
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


def _skeletons(module: Module, findings: Sequence[Finding]) -> list[Skeleton]:
    """Group findings, sorted by where they begin, by the outermost node that they edit, and take each apart."""
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
    skeletons = []
    for group in groups:
        span = group[0].span
        node = nodes.get(span)
        if node is None:
            raise UnkeepableError(group, "was not found again in the syntax tree")
        if isinstance(node, ast.ExceptHandler) and module.lines[span.line - 1][: span.column].strip(" \t"):
            raise UnkeepableError(group, "the except clause does not begin its line with blanks only")
        try:
            skeletons.append(skeleton(module, node, group))
        except TooDeepError as error:
            raise UnkeepableError(group, str(error)) from error
    return skeletons


def _nodes_at(module: Module, findings: Sequence[Finding]) -> dict[Span, ast.AST]:
    """Join findings to the nodes of ``ast`` by their full span."""
    lines = {finding.span.line for finding in findings}
    nodes: dict[Span, ast.AST] = {module.span(node): node for node in module.calls if node.lineno in lines}
    nodes.update({module.span(node): node for node in module.handlers if node.lineno in lines})
    return nodes


def _splices(skeletons: Sequence[Skeleton]) -> list[Splice]:
    """Rewrite the shapes that have not been met yet, all in one parse, and fill each piece's own text in again."""
    new = {each.shape: None for each in skeletons if each.shape not in _RESULTS}
    if len(_RESULTS) + len(new) > _MOST_RESULTS:
        _RESULTS.clear()
        new = {each.shape: None for each in skeletons}
    if new:
        _RESULTS.update(_rewrite_shapes(list(new)))
    splices: list[Splice] = []
    for each in skeletons:
        result = _RESULTS[each.shape]
        if isinstance(result, str):
            splices.append(Splice(each.start, each.end, each.filled(result)))
    for reason in _Unkept:
        left = [each for each in skeletons if _RESULTS[each.shape] is reason]
        if left:
            raise UnkeepableError([finding for each in left for finding in each.findings], reason.value)
    return splices


class _Unkept(enum.Enum):
    """Why a shape was not rewritten."""

    NOT_KEPT = "LibCST does not keep every byte of this code"
    NOT_FOUND = "was not found again in LibCST's tree"
    COMMENT = "a comment in it would be lost or moved"


_NOT_KEPT, _NOT_FOUND, _COMMENT = _Unkept.NOT_KEPT, _Unkept.NOT_FOUND, _Unkept.COMMENT
_NEWLINE = re.compile(r"\r\n|\n|\r")
_MOST_RESULTS = 10_000
_RESULTS: dict[Shape, str | _Unkept] = {}
"""What became of the shapes that this process has met: a shape says all that its rewriting depends on."""


def _rewrite_shapes(shapes: Sequence[Shape]) -> dict[Shape, str | _Unkept]:
    """Parse shapes of one file as one module, rewrite them in one walk, and cut them out again."""
    newline = shapes[0].newline
    # LibCST loses a final carriage return that stands alone: let none be final.
    tail = "pass\n" if newline == "\r" else ""
    small = "".join(shape.text for shape in shapes) + tail
    # The lines that LibCST adds end as the first one does: let that be one of the file's.
    first = _NEWLINE.search(small)
    head = "" if first is None or first.group() == newline else f"#{newline}"
    small = head + small
    tree: cst.Module | None
    try:
        tree = cst.parse_module(small)
    except (cst.ParserSyntaxError, RecursionError):
        tree = None
    if tree is not None and len(tree.body) == len(shapes) + bool(tail):
        code, places = _code_and_places(tree, tree)
        if code == small:
            return _rewrite_tree(tree, places, shapes, len(head))
    if len(shapes) == 1:
        return {shapes[0]: _NOT_KEPT}
    results: dict[Shape, str | _Unkept] = {}
    for shape in shapes:  # one of them is at fault
        results.update(_rewrite_shapes([shape]))
    return results


def _rewrite_tree(
    tree: cst.Module, places: dict[cst.CSTNode, _Place], shapes: Sequence[Shape], head: int
) -> dict[Shape, str | _Unkept]:
    edits: dict[tuple[str, int, int], Place] = {}
    begin = head
    for shape in shapes:
        for place in shape.places:
            end = place.end and begin + place.end
            edits[place.kind, begin + place.start, end] = place
        begin += len(shape.text)
    transformer = _Applier(places, edits, _rewrites())
    changed = tree.visit(transformer)
    assert isinstance(changed, cst.Module)  # a module stays one
    results: dict[Shape, str | _Unkept] = {}
    begin = head
    for shape, statement in zip(shapes, changed.body, strict=False):
        inner = _code_and_places(changed, statement)[0].removesuffix(shape.newline)
        end = len(inner) - shape.suffix
        found = all(
            (place.kind, begin + place.start, place.end and begin + place.end) in transformer.applied
            for place in shape.places
        )
        dressed = inner[: shape.prefix] == shape.text[: shape.prefix] and inner[end:] == ")"[: shape.suffix]
        results[shape] = inner[shape.prefix : end] if found and dressed else _NOT_FOUND
        if found and dressed and "#" in shape.text and not _same_comments(shape.text, inner):
            results[shape] = _COMMENT
        begin += len(shape.text)
    return results


def _same_comments(before: str, after: str) -> bool:
    return [text for *_, text in comments(before)] == [text for *_, text in comments(after)]


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


def _rewrites() -> dict[str, _Rewrite]:
    """Load the rewrites of the registry: class name of an edit -> function."""
    return {
        edit: getattr(importlib.import_module(module), function)
        for codemod in REGISTRY
        for edit, module, function in codemod.rewrites
    }


class _Applier(cst.CSTTransformer):
    """One walk for all edits. Places belong to the original tree; ``updated`` carries the children's edits."""

    def __init__(
        self,
        places: dict[cst.CSTNode, _Place],
        edits: dict[tuple[str, int, int], Place],
        rewrites: dict[str, _Rewrite],
    ) -> None:
        super().__init__()
        self.applied: set[tuple[str, int, int]] = set()
        self._places = places
        self._edits = edits
        self._rewrites = rewrites

    def on_visit(self, node: cst.CSTNode) -> bool:
        """Go into a node only where edits can be: not below the innermost edited ones."""
        if isinstance(node, cst.Call | cst.ExceptHandler):
            place = self._edits.get(self._key(node))
            if place is not None:
                return place.outer
        return True

    def leave_Call(  # noqa: N802  # the name is LibCST's
        self, original_node: cst.Call, updated_node: cst.Call
    ) -> cst.BaseExpression:
        """Apply the edit whose full span this call has."""
        rewritten = self._apply(original_node, updated_node)
        return rewritten if isinstance(rewritten, cst.BaseExpression) else updated_node

    def leave_ExceptHandler(  # noqa: N802  # the name is LibCST's
        self, original_node: cst.ExceptHandler, updated_node: cst.ExceptHandler
    ) -> cst.ExceptHandler | cst.FlattenSentinel[cst.ExceptHandler]:
        """Apply the edit that begins where this clause begins; no two clauses do."""
        rewritten = self._apply(original_node, updated_node)
        if isinstance(rewritten, cst.ExceptHandler | cst.FlattenSentinel):
            return rewritten
        return updated_node

    def _key(self, node: cst.Call | cst.ExceptHandler) -> tuple[str, int, int]:
        start, end = self._places[node]
        return ("call", start, end) if isinstance(node, cst.Call) else ("handler", start, 0)

    def _apply(self, original: cst.Call | cst.ExceptHandler, updated: cst.CSTNode) -> _Rewritten | None:
        key = self._key(original)
        place = self._edits.get(key)
        if place is None:
            return None
        self.applied.add(key)
        return self._rewrites[type(place.edit).__name__](place.edit, original, updated)
