"""Prove a rewrite before it is written, without trusting the code that made it.

Works on the standard library's ``ast`` and ``tokenize`` and shares nothing with ``rewrite``. The checks:
the result compiles; undoing the planned edits on its tree gives the original tree; every byte outside the
edited spans is what it was and no comment is lost. (That a second look finds nothing more, and that the file on
disk is still what was read, is checked by ``pipeline`` and ``writing``.)
"""

from __future__ import annotations

import ast
import bisect
import itertools
import re
import warnings
from collections.abc import Collection, Iterable, Iterator, Sequence

from workerlog_migrate.analysis.module import Module
from workerlog_migrate.edit import Edit, LinesEdit, NotAsPlannedError, Piece, is_same
from workerlog_migrate.errors import WorkerlogError
from workerlog_migrate.model import RUNTIME_MODULES, Finding, Plan, Source, Span, Splice
from workerlog_migrate.syntax.blocks import first_line
from workerlog_migrate.syntax.comments import comments

_KINDS: dict[Piece, tuple[type[ast.AST], ...]] = {
    Piece.CALL: (ast.Call,),
    Piece.HANDLER: (ast.ExceptHandler,),
    Piece.LINES: (),
}
_WORD = re.compile(r"\w+")


class CheckError(WorkerlogError):
    """A rewrite did not pass a check: the file stays as it is.

    Attributes:
        reason: the check and what it saw.
        line: a line of the original near the fault, from 1, or 0.
    """

    def __init__(self, reason: str, line: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line


def check_compiles(before: str, after: str, path: str) -> ast.Module:
    """Compile the result for the running interpreter, whose grammar the source was read with.

    Args:
        before: the original text, which may be at fault itself: some errors show only when compiling.
        after: the result.
        path: named in messages.

    Returns:
        The result's tree.

    Raises:
        CheckError: the result, or already the original, does not compile.
    """
    try:
        return _compiled(after, path)
    except _COMPILE_ERRORS as error:
        try:
            _compiled(before, path)
        except _COMPILE_ERRORS as own:
            line = (own.lineno or 0) if isinstance(own, SyntaxError) else 0
            raise CheckError(f"does not compile as it is: {own}; fix it first", line) from own
        raise CheckError(f"check failed: the result does not compile ({error})") from error


def check_handlers(module: Module) -> None:
    """Check what an edit could repair unasked: a bare ``except:`` before others shows only when compiling.

    Args:
        module: the original.

    Raises:
        CheckError: the original does not compile.
    """
    for node in module.tries:
        for handler in getattr(node, "handlers", [])[:-1]:
            if handler.type is None:
                reason = "does not compile as it is: default 'except:' must be last; fix it first"
                raise CheckError(reason, handler.lineno)


def _compiled(text: str, path: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = ast.parse(text, path)
        if "finally" in text:
            _check_copies(tree)
        compile(tree, path, "exec", dont_inherit=True)  # from the tree: a third cheaper than from the text
    return tree


_MOST_COPIED = 1_000_000
"""So many nodes of ``finally`` blocks are compiled at most, with their copies: more than that takes seconds and a gigabyte."""


def _check_copies(tree: ast.Module) -> None:
    """Refuse what the compiler, which no signal stops, would copy until the memory is full.

    Each way out of a ``try`` gets a copy of its ``finally`` block, and of the copies in that (compile.c of CPython): of blocks
    one in the other that is the product of their ways.
    """
    for size, line in _sizes(tree):
        if size > _MOST_COPIED:
            raise SyntaxError(
                "its finally blocks are compiled once for each way out, too often to be compiled here",
                ("", line, 0, ""),
            )


def _sizes(tree: ast.Module) -> Iterator[tuple[int, int]]:
    """Give of each ``try`` with a ``finally`` block about how many nodes are compiled for that block, and its line."""
    # Of what is done: how many nodes of `finally` blocks are compiled for it, and how many ways lead out of it.
    done: dict[ast.AST, tuple[int, int]] = {}
    waiting: list[tuple[ast.AST, bool, bool]] = [(tree, False, False)]
    while waiting:
        node, is_last, is_done = waiting.pop()
        last = getattr(node, "finalbody", ())
        inner = (
            [each for name in _SUITES for each in getattr(node, name, ())]
            if isinstance(node, _HOLDERS)
            else []
        )
        if not is_done:
            waiting.append((node, is_last, True))
            waiting += ((each, is_last or each in last, False) for each in inner)
            continue
        size = 1
        if is_last:
            others = set(ast.iter_child_nodes(node)).difference(inner)
            size += sum(1 for other in others for _ in ast.walk(other))
        ways = int(isinstance(node, ast.Return | ast.Break | ast.Continue))
        copied = own_ways = 0
        for each in inner:
            found = done.pop(each)
            if each in last:
                copied, own_ways = copied + found[0], own_ways + found[1]
            else:
                size, ways = size + found[0], ways + found[1]
        if last:
            copies = 2 + ways
            size, ways = size + copies * copied, ways + copies * own_ways
            yield copies * copied, node.lineno  # type: ignore[attr-defined]  # a try
        is_own = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        done[node] = size, 0 if is_own else ways


_SUITES = ("body", "orelse", "handlers", "cases", "finalbody")
_HOLDERS = (ast.mod, ast.stmt, ast.excepthandler, ast.match_case)


_COMPILE_ERRORS = (SyntaxError, ValueError, RecursionError, MemoryError)


def check_splices(module: Module, after: str, findings: Sequence[Finding], splices: Sequence[Splice]) -> None:
    """Check that only edited spans changed and that all comments are there.

    Args:
        module: the original.
        after: the result.
        findings: the applied findings: their spans are where bytes may change.
        splices: what the rewriter says it did.

    Raises:
        CheckError: a splice leaves the edited spans, does not explain the result, or drops a comment.
    """
    before = module.source.text
    allowed = _allowed(module, findings)
    position = 0
    index = 0
    for splice in splices:
        while index < len(allowed) and allowed[index][1] < splice.start:
            index += 1
        inside = any(start <= splice.start and splice.end <= end for start, end in allowed[index : index + 2])
        if splice.start < position or not inside:
            raise CheckError(
                "check failed: bytes outside the edited spans would change", _line(before, splice.start)
            )
        position = splice.end
    rebuilt: list[str] = []
    position = 0
    for splice in splices:
        rebuilt += (before[position : splice.start], splice.text)
        position = splice.end
    rebuilt.append(before[position:])
    if "".join(rebuilt) != after:
        raise CheckError("check failed: the result is not the original with the edits put in")
    for splice in splices:
        old = before[splice.start : splice.end]
        if ("#" in old or "#" in splice.text) and _comments(old) != _comments(splice.text):
            raise CheckError("check failed: a comment would be lost or moved", _line(before, splice.start))


def check_undo(
    module: Module,
    result: ast.Module,
    findings: Sequence[Finding],
    splices: Sequence[Splice],
    left: Collection[Span] = (),
) -> dict[Span, ast.AST]:
    """Undo the planned edits on the result's tree and compare it with the original's, node by node.

    Args:
        module: the original.
        result: the result's tree.
        findings: the planned edits.
        splices: the edits of the text, which `check_splices` has found to be all that changed.
        left: calls and clauses that were to be left; they are looked up in the result.

    Returns:
        Span of what was left -> its node in the result's tree.

    Raises:
        CheckError: the trees differ anywhere but in the planned edits.
    """
    comparison = _Comparison(module, findings, splices, left)
    comparison.run(module.tree, result)
    return comparison.places


def check_encoded(source: Source, text: str) -> Source:
    """Check that the bytes that are to be written say what was checked.

    Args:
        source: those bytes, read again.
        text: the result that was checked.

    Returns:
        ``source``.

    Raises:
        CheckError: reading them gives another text.
    """
    if source.text != text:
        raise CheckError("check failed: the result cannot be written in the encoding of the file")
    return source


def check_noqa(checked: str, text: str, tree: ast.Module) -> None:
    """Check that nothing but codes of ``# noqa`` comments was taken out of a result.

    Args:
        checked: the result that the other checks have seen.
        text: the same without those codes.
        tree: that of ``checked``.

    Raises:
        CheckError: something else has changed.
    """
    if text == checked:
        return
    if not is_same(ast.parse(text), tree, at_same_place=True):
        raise CheckError("check failed: taking codes out of a noqa comment would change the code")
    old, new = checked.splitlines(), text.splitlines()
    for number, (before, after) in enumerate(zip(old, new, strict=False), 1):
        words = iter(_WORD.findall(before))
        if before != after and (
            "noqa" not in before.lower() or any(word not in words for word in _WORD.findall(after))
        ):
            raise CheckError("check failed: more than codes of a noqa comment would go", number)
    if len(old) != len(new):
        raise CheckError("check failed: taking codes out of a noqa comment would change lines")


def check_nothing_left(again: Plan) -> None:
    """Check that a second run over the result would change nothing.

    Args:
        again: what the finders chose when they looked at the result.

    Raises:
        CheckError: something would be applied.
    """
    if again.applied:
        first = again.applied[0]
        raise CheckError(
            f"check failed: a second run would change more ({first.codemod}: {first.message})",
            first.span.line,
        )


def _allowed(module: Module, findings: Sequence[Finding]) -> list[tuple[int, int]]:
    """List the stretches that may change, as sorted, merged character offsets."""
    stretches: list[tuple[int, int]] = []
    for finding in findings:
        span = finding.span
        if isinstance(finding.edit, LinesEdit) and span.line > len(module.lines):
            stretches.append((len(module.source.text), len(module.source.text)))
            continue
        start = module.offset(span.line, span.column)
        if finding.edit is not None and finding.edit.piece is Piece.HANDLER:
            # Up to the end of the clause's last line: a boundary clause stands after its comment.
            line = module.lines[span.end_line - 1]
            stretches.append((start, module.offset(span.end_line, len(line.rstrip("\r\n")))))
        else:
            stretches.append((start, module.offset(span.end_line, span.end_column)))
    merged: list[tuple[int, int]] = []
    for start, end in sorted(stretches):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _comments(piece: str) -> list[str]:
    """List the comments of an edited stretch; all of them begin and end with a token."""
    return [text for _, _, text in comments(piece)]


def _line(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1


class _Comparison:
    """Walks two trees side by side; where an edit is planned it demands that very edit and compares what it kept."""

    def __init__(
        self, module: Module, findings: Sequence[Finding], splices: Sequence[Splice], left: Collection[Span]
    ) -> None:
        self._module = module
        self._moves = _Moves(module, splices, [span.line for span in left])
        self._left: dict[ast.AST, Span] = {}
        self.places: dict[Span, ast.AST] = {}
        self._edits: dict[ast.AST, Edit] = {}
        self._lines: list[tuple[Span, LinesEdit]] = []
        by_span: dict[Span, Edit] = {}
        for finding in findings:
            if isinstance(finding.edit, LinesEdit):
                self._lines.append((finding.span, finding.edit))
            elif finding.edit is not None:
                by_span[finding.span] = finding.edit
        lines = {span.line for span in (*by_span, *left)}
        nodes: list[ast.Call | ast.ExceptHandler] = [*module.calls, *module.handlers]
        for node in nodes:
            if node.lineno in lines:
                span = module.span(node)
                if span in left:
                    self._left[node] = span
                edit = by_span.get(span)
                if edit is not None and isinstance(node, _KINDS[edit.piece]):
                    self._edits[node] = edit
        if len(self._edits) != len(by_span):
            raise CheckError("check failed: a planned edit has no node of its span")
        self._stack: list[tuple[ast.AST, ast.AST]] = []

    def run(self, original: ast.Module, result: ast.Module) -> None:
        body = self._without_lines(original, result)
        self._lists(original, original.body, body)
        while self._stack:
            old, new = self._stack.pop()
            if type(old) is not type(new):
                raise self._differs(old)
            if isinstance(old, ast.stmt) and isinstance(new, ast.stmt) and self._moves.same(old, new):
                continue
            if old in self._left:
                self.places[self._left[old]] = new
            edit = self._edits.get(old)
            if edit is None:
                self._fields(old, new)
            else:
                self._undo(old, new, edit)

    def _without_lines(self, original: ast.Module, result: ast.Module) -> list[ast.stmt]:
        """Take the inserted lines out of the result's module body, and put replaced imports back."""
        body = list(result.body)
        starts = [first_line(statement) for statement in original.body]
        replaced = {
            span: edit
            for span, edit in self._lines
            if span.line != span.end_line or span.column != span.end_column
        }
        expected: list[tuple[int, list[ast.stmt], ast.stmt | None]] = []
        for span, edit in self._lines:
            statements = edit.parsed().body
            index = sum(1 for start in starts if start < span.line)
            if span in replaced:
                old = next((node for node in original.body if self._module.span(node) == span), None)
                if old is None or len(statements) != 1 or not _extends(old, statements[0], result):
                    raise CheckError("check failed: an import is replaced by something else", span.line)
                expected.append((original.body.index(old), statements, old))
            else:
                expected.append((index, statements, None))
        # In order: with the earlier insertions taken out, an index of the original is an index of what is left.
        undone: list[ast.stmt] = body
        for index, statements, old in sorted(expected, key=lambda entry: (entry[0], entry[2] is not None)):
            found = undone[index : index + len(statements)]
            if len(found) != len(statements) or not all(map(is_same, found, statements)):
                raise CheckError("check failed: the header is not where it was planned")
            kept = [old] if old is not None else []
            undone = [*undone[:index], *kept, *undone[index + len(statements) :]]
        return undone

    def _undo(self, old: ast.AST, new: ast.AST, edit: Edit) -> None:
        try:
            for one, other in edit.undo(old, new):
                self._lists(old, one, other)
        except NotAsPlannedError:
            raise self._differs(old) from None

    def _fields(self, old: ast.AST, new: ast.AST) -> None:
        for name in old._fields:
            one, other = getattr(old, name, None), getattr(new, name, None)
            if one is other:  # contexts, operators and interned names are one object in both trees
                continue
            if isinstance(one, list) and isinstance(other, list):
                if name == "handlers":
                    other = self._without_boundaries(one, other)
                self._lists(old, one, other)
            elif isinstance(one, ast.AST) and isinstance(other, ast.AST):
                self._stack.append((one, other))
            elif type(one) is not type(other) or (one != other and repr(one) != repr(other)):
                raise self._differs(old)

    def _without_boundaries(self, old: list[ast.AST], new: list[ast.AST]) -> list[ast.AST]:
        """Take out the clauses that edits add, each of which must be exactly as planned."""
        remaining = list(new)
        kept: list[ast.AST] = []
        for clause in old:
            if not remaining:
                break
            kept.append(remaining.pop(0))
            edit = self._edits.get(clause)
            planned = None if edit is None else edit.clause_after()
            if planned is not None and (not remaining or not is_same(remaining.pop(0), planned)):
                raise self._differs(clause)
        return [*kept, *remaining]

    def _lists(self, owner: ast.AST, old: Sequence[object], new: Sequence[object]) -> None:
        if len(old) != len(new):
            raise self._differs(owner)
        for one, other in zip(old, new, strict=True):
            if isinstance(one, ast.AST) and isinstance(other, ast.AST):
                self._stack.append((one, other))
            elif one != other:
                raise self._differs(owner)

    def _differs(self, node: ast.AST) -> CheckError:
        line = getattr(node, "lineno", 0)
        return CheckError("check failed: undoing the edits does not give the original program", line)


def _extends(old: ast.stmt, new: ast.stmt, result: ast.Module) -> bool:
    """Whether an import of ours only gained names; or a choice of such imports, names or further ones of ours.

    ``expect_only`` may go where nothing uses it any more.
    """
    if isinstance(old, ast.If) and isinstance(new, ast.If):
        return is_same(old.test, new.test) and all(
            all(any(_extends(one, other, result) for other in after) for one in before)
            and all(_is_of_runtime(other) for other in after)
            for before, after in ((old.body, new.body), (old.orelse, new.orelse))
        )
    if not isinstance(old, ast.ImportFrom) or not isinstance(new, ast.ImportFrom):
        return False
    if (old.module, old.level) != (new.module, new.level):
        return False
    if old.module not in RUNTIME_MODULES:
        return False
    names = {(alias.name, alias.asname) for alias in new.names}
    lost = [alias for alias in old.names if (alias.name, alias.asname) not in names]
    if any(alias.name != "expect_only" for alias in lost):
        return False
    unused = {alias.asname or alias.name for alias in lost}
    return not unused or not any(
        isinstance(node, ast.Name) and node.id in unused for node in ast.walk(result)
    )


def _is_of_runtime(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module in RUNTIME_MODULES


class _Moves:
    """Where the lines stand that no edit has touched."""

    def __init__(self, module: Module, splices: Sequence[Splice], left: Iterable[int]) -> None:
        text = module.source.text
        self._module = module
        self._starts = [splice.start for splice in splices]
        self._ends = [splice.end for splice in splices]
        gains = (line_ends(splice.text) - line_ends(text[splice.start : splice.end]) for splice in splices)
        self._gains = [0, *itertools.accumulate(gains)]
        self._left = sorted(left)

    def same(self, old: ast.stmt, new: ast.stmt) -> bool:
        """Whether two statements of one type stand on the same untouched lines, so that their trees cannot differ."""
        first, last = old.lineno, old.end_lineno or old.lineno
        if bisect.bisect_left(self._left, first) != bisect.bisect_right(self._left, last):
            return False  # something in it is to be looked up
        before = bisect.bisect_right(self._ends, self._module.offset(first, 0))
        if before < len(self._starts) and self._starts[before] < self._module.offset(last + 1, 0):
            return False
        gain = self._gains[before]
        return (old.lineno + gain, old.col_offset, last + gain, old.end_col_offset) == (
            new.lineno,
            new.col_offset,
            new.end_lineno,
            new.end_col_offset,
        )


def line_ends(text: str) -> int:
    """Count the ends of lines, as Python does.

    Args:
        text: any.
    """
    if "\r" not in text:
        return text.count("\n")
    return text.count("\n") + text.count("\r") - text.count("\r\n")
