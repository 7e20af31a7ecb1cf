"""The promises about one migrated file, checked from its old and new bytes alone.

Nothing of the tool's own checks is used, nor its plan: the two programs are walked side by side, each difference has to be
one of the edits that the documentation describes, and everything outside them has to be the same text. Used
by the fuzzers and by ``benchmarks/foreign.py``.
"""

from __future__ import annotations

import ast
import builtins
import io
import re
import tokenize
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field

_RUNTIME = ("worker_logger", "worker_utils")
_NEVER_LISTED = {"SystemExit", "KeyboardInterrupt", "GeneratorExit", "CancelledError"}
_BROAD = {"Exception", "BaseException"}
_NEWLINE = re.compile(r"\r\n|\n|\r")
_BOM = b"\xef\xbb\xbf"
_Edge = tuple[int, int]


class BrokenError(Exception):
    """A promise that was not kept."""


def decoded(raw: bytes) -> str:
    """Decode a file as the interpreter does; the byte order mark is left out."""
    lines = iter(raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n").splitlines(keepends=True)[:2])
    encoding, _ = tokenize.detect_encoding(lambda: next(lines, b""))
    return raw.removeprefix(_BOM).decode("utf-8" if encoding == "utf-8-sig" else encoding)


def compiles(raw: bytes) -> bool:
    """Whether this interpreter compiles a file."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(raw, "script.py", "exec", dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False
    return True


def comments(text: str) -> list[str]:
    """List a program's comments in order."""
    text = _NEWLINE.sub("\n", text)
    try:
        tokens = tokenize.generate_tokens(io.StringIO(text).readline)
        return [token.string for token in tokens if token.type == tokenize.COMMENT]
    except IndentationError:
        # The tokenizer of 3.10 and 3.11 stumbles over a backslash in a blank line, which the parser reads.
        return _scanned_comments(text)


def _scanned_comments(text: str) -> list[str]:
    """List comments by looking at one character after the other; for programs without the f-strings of 3.12."""
    found: list[str] = []
    position, quote = 0, ""
    while position < len(text):
        if text[position] == "\\":
            position += 2
        elif quote:
            ends = text.startswith(quote, position)
            position += len(quote) if ends else 1
            quote = "" if ends else quote
        elif text[position] in "'\"":
            quote = text[position] * (3 if text.startswith(text[position] * 3, position) else 1)
            position += len(quote)
        elif text[position] == "#":
            end = text.find("\n", position)
            found.append(text[position : end if end >= 0 else len(text)])
            position += len(found[-1])
        else:
            position += 1
    return found


def check_kept(before: bytes, after: bytes) -> None:
    """Check everything that holds between the old and the new bytes of a file that compiles.

    Args:
        before: what was there.
        after: what the tool made of it.

    Raises:
        BrokenError: naming the promise.
    """
    if not compiles(after):
        raise BrokenError("the result does not compile")
    old, new = decoded(before), decoded(after)
    if before.startswith(_BOM) != after.startswith(_BOM):
        raise BrokenError("the byte order mark came or went")
    styles = set(_NEWLINE.findall(old)) or {"\n"}
    if not set(_NEWLINE.findall(new)) <= styles:
        raise BrokenError("a newline of another kind than the file has")
    if comments(old) != comments(new):
        raise BrokenError("comments differ")
    _Comparison(old, new).run()


@dataclass
class _Text:
    """A program's text, its tree, and where lines begin."""

    text: str
    tree: ast.Module = field(init=False)
    starts: list[int] = field(init=False)

    def __post_init__(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.tree = ast.parse(self.text)
        self.starts = [0, *(match.end() for match in _NEWLINE.finditer(self.text))]

    def offset(self, line: int, column: int) -> int:
        """Character offset of a line (from 1) and a column in UTF-8 bytes."""
        start = self.starts[line - 1]
        piece = self.text[start : start + column]  # no character takes less than a byte
        return start + (column if piece.isascii() else len(piece.encode()[:column].decode()))

    def edges(self, node: ast.AST) -> _Edge:
        """Offsets of a node's begin and end, decorators included."""
        first = min(
            [node, *getattr(node, "decorator_list", ())], key=lambda part: (part.lineno, part.col_offset)
        )
        at = first.col_offset - (first is not node)  # its @ is before it, after any blanks: near enough
        return self.offset(first.lineno, max(at, 0)), self.offset(node.end_lineno, node.end_col_offset)  # type: ignore[attr-defined]  # nodes with a place only

    def line_end(self, offset: int) -> int:
        """Offset behind the newline of the line that an offset is on."""
        match = _NEWLINE.search(self.text, offset)
        return match.end() if match else len(self.text)


class _Comparison:
    """Walks both programs; notes where the old text may have changed."""

    def __init__(self, old: str, new: str) -> None:
        self.old, self.new = _Text(old), _Text(new)
        self.regions: list[_Edge] = []
        self.mirrors: set[str] = set()
        self.setups: set[str] = set()
        self.retries: set[str] = set()
        self.ignores: set[str] = set()
        self.loggers: set[str] = set()
        self.wrappers: set[str] = set()
        self.signatures: dict[int, int] = {}
        self.bound = set(dir(builtins)) | {
            name for node in ast.walk(self.new.tree) for name in _bound_by(node)
        }

    def run(self) -> None:
        self._learn_names()
        stack = self._aligned(self.old.tree.body, self.new.tree.body)
        while stack:
            old, new = stack.pop()
            if type(old) is not type(new):
                raise BrokenError(
                    f"line {getattr(old, 'lineno', 0)}: {type(old).__name__} became {type(new).__name__}"
                )
            if isinstance(old, ast.Call) and isinstance(new, ast.Call):
                stack += self._call(old, new)
            elif isinstance(old, ast.ExceptHandler) and isinstance(new, ast.ExceptHandler):
                stack += self._handler(old, new)
            else:
                stack += self._children(old, new)
        self._check_text()

    def _learn_names(self) -> None:
        kinds = {
            "mirror_print": self.mirrors,
            "setup_worker_logger": self.setups,
            "module_logger": self.setups,
            "log_ignored": self.ignores,
            "retry_with_backoff": self.retries,
        }
        imports = [
            each
            for statement in self.new.tree.body
            for each in (statement.body if isinstance(statement, ast.If) else [statement])
        ]
        for statement in imports:
            if isinstance(statement, ast.ImportFrom) and (statement.module or "").endswith(tuple(_RUNTIME)):
                for alias in statement.names:
                    kinds.get(alias.name, set()).add(alias.asname or alias.name)
        for statement in self.new.tree.body:
            made = self._made(statement)
            if made is not None:
                (self.loggers if made[1] in self.setups else self.wrappers).add(made[0])

    def _made(self, statement: ast.stmt) -> tuple[str, str] | None:
        """Name and maker of ``logger = setup_worker_logger(...)`` and ``retrying = retry_with_backoff(...)``."""
        match statement:
            case ast.Assign([ast.Name(name)], ast.Call(ast.Name(maker))) if (
                maker in self.setups | self.retries
            ):
                return name, maker
        return None

    def _is_header(self, statement: ast.stmt) -> bool:
        match statement:
            case ast.ImportFrom(module, _, level):
                return (module or "").endswith(tuple(_RUNTIME)) or (level > 0 and module is None)
            case ast.Import([ast.alias(asname=None)]):
                return True  # the module of an exception that is now named
            case ast.If(ast.Name("__package__"), body, orelse):
                return all(self._is_header(each) for each in (*body, *orelse))
            case ast.Expr(
                ast.Call(
                    ast.Attribute(_, "addHandler"), [ast.Subscript(ast.Attribute(ast.Name(name), "handlers"))]
                )
            ):
                return name in self.loggers  # the script's own records, on the worker's log too
        return self._made(statement) is not None

    def _aligned(self, old: list[ast.stmt], new: list[ast.stmt]) -> list[tuple[ast.AST, ast.AST]]:
        """Pair the top-level statements; those that are only in the new program must be the header's."""
        pairs: list[tuple[ast.AST, ast.AST]] = []
        added: list[ast.stmt] = []
        ends = (0, 0)
        index = 0
        for statement in new:
            here = old[index] if index < len(old) else None
            same = here is not None and self._signature(here) == self._signature(statement)
            if not same and self._is_header(statement) and not _extends(here, statement):
                added.append(statement)
                continue
            if here is None:
                raise BrokenError(f"line {statement.lineno} of the result: a statement of our own")
            if _extends(here, statement):
                self.regions.append(self.old.edges(here))
            else:
                pairs.append((here, statement))
            edges, new_edges = self.old.edges(here), self.new.edges(statement)
            self._between((ends[0], edges[0]), (ends[1], new_edges[0]), added)
            ends = (edges[1], new_edges[1])
            added = []
            index += 1
        if index < len(old):
            raise BrokenError(f"line {old[index].lineno}: a statement is gone")
        self._between((ends[0], len(self.old.text)), (ends[1], len(self.new.text)), added)
        return pairs

    def _between(self, old: _Edge, new: _Edge, added: list[ast.stmt]) -> None:
        """Check that between two statements only our own lines and blank ones came in."""
        if not added:
            return
        self.regions.append(old)
        mine = [self.new.edges(statement) for statement in added]
        rest, position = "", new[0]
        for start, end in mine:
            rest += self.new.text[position:start]
            position = end
        rest += self.new.text[position : new[1]]
        there = iter(_NEWLINE.split(rest))
        for line in _NEWLINE.split(self.old.text[slice(*old)]):
            for other in there:
                if other == line:
                    break
                if other.strip():
                    raise BrokenError(f"a line beside the header became {other!r}")
            else:
                raise BrokenError(f"a line beside the header is gone: {line!r}")
        if any(other.strip() for other in there):
            raise BrokenError("text came in beside the header")

    def _call(self, old: ast.Call, new: ast.Call) -> list[tuple[ast.AST, ast.AST]]:
        match new:
            case ast.Call(ast.Name(name), [method, *arguments], keywords) if (
                name in self.mirrors and not _is_name(old.func, self.mirrors)
            ):
                self._logs(method, old)
                keywords = list(keywords)
                if _is_name(old.func, {"print"}) and not (keywords and keywords[-1].arg == "printer"):
                    pass
                elif (
                    not keywords
                    or keywords[-1].arg != "printer"
                    or not self._same(old.func, keywords.pop().value)
                ):
                    raise BrokenError(f"line {old.lineno}: mirrored, but its printer is another")
                self._around_arguments(old)
                return self._lists(old, [*old.args, *old.keywords], [*arguments, *keywords])
            case ast.Call(ast.Call(ast.Name(name), [callee], []), arguments, keywords) if (
                name in self.wrappers
                and not (isinstance(old.func, ast.Call) and _is_name(old.func.func, self.wrappers))
            ):
                inner, (start, end) = self.old.edges(old.func), self.old.edges(old)
                first = [self.old.edges(part)[0] for part in (*old.args, *old.keywords)]
                self.regions += [(start, inner[0]), (inner[1], min([*first, end]))]
                return [
                    (old.func, callee),
                    *self._lists(old, [*old.args, *old.keywords], [*arguments, *keywords]),
                ]
        before, after = _names(old.args), _names(new.args)
        if before and after and before != after and not old.keywords and not new.keywords:
            # Only suppress() has names for arguments that can become others.
            self._narrowed(old, before, after)
            self.regions.append((self.old.edges(old.args[0])[0], self.old.edges(old)[1]))
            return [(old.func, new.func)]
        return self._children(old, new)

    def _logs(self, method: ast.expr, old: ast.AST) -> None:
        logger = method.value if isinstance(method, ast.Attribute) else method
        if not _is_name(logger, self.loggers):
            raise BrokenError(f"line {getattr(old, 'lineno', 0)}: goes to {ast.dump(method)}")

    def _around_arguments(self, call: ast.Call) -> None:
        start, end = self.old.edges(call)
        parts = sorted(self.old.edges(part) for part in (*call.args, *call.keywords))
        lone = call.args[0] if len(parts) == len(call.args) == 1 else None
        if isinstance(lone, ast.GeneratorExp) and parts[0][1] == end:
            # It shares its parentheses with the call, and gets its own.
            last = lone.generators[-1]
            parts = [(self.old.edges(lone.elt)[0], self.old.edges((last.ifs or [last.iter])[-1])[1])]
        self.regions += [(start, parts[0][0]), (parts[-1][1], end)] if parts else [(start, end)]

    def _narrowed(self, old: ast.AST, before: list[str] | None, after: list[str]) -> None:
        line = getattr(old, "lineno", 0)
        listed = {name.rpartition(".")[2] for name in after}
        kept = {name.rpartition(".")[2] for name in before or ()}
        if not after or (listed - kept) & (_NEVER_LISTED | _BROAD):
            raise BrokenError(f"line {line}: narrowed to {after}")
        for name in after:
            if name not in (before or ()) and name.partition(".")[0] not in self.bound:
                raise BrokenError(f"line {line}: {name} is not bound")

    def _handler(self, old: ast.ExceptHandler, new: ast.ExceptHandler) -> list[tuple[ast.AST, ast.AST]]:
        start, end = self.old.edges(old)[0], self.old.edges(old.body[0])[0]
        pairs: list[tuple[ast.AST, ast.AST]] = []
        differs = old.name != new.name
        if (old.type is None) != (new.type is None) or (
            old.type is not None and new.type is not None and not self._same(old.type, new.type)
        ):
            named = None if new.type is None else _names(new.type)
            if named is None:
                raise BrokenError(f"line {old.lineno}: the exceptions became something else")
            self._narrowed(old, None if old.type is None else _names(old.type), named)
            differs = True
        if old.name is not None and old.name != new.name:
            raise BrokenError(f"line {old.lineno}: the name of the exception is another")
        body, kept = list(new.body), list(old.body)
        if not (len(body) == len(kept) and self._same(body[0], kept[0])) and self._is_log(body[0]):
            lacks = len(body) == len(kept)
            if lacks and isinstance(kept[0], ast.Pass):
                end = self.old.edges(kept.pop(0))[1]
                body.pop(0)
                differs = True
            elif len(body) == len(kept) + 1:
                body.pop(0)
                differs = True
        if differs:
            self.regions.append((start, end))
        return pairs + self._lists(old, kept, body)

    def _is_log(self, statement: ast.stmt) -> bool:
        match statement:
            case ast.Expr(ast.Call(ast.Attribute(ast.Name(name)))):
                return name in self.loggers
            case ast.Expr(ast.Call(ast.Name(name), [ast.Name(logger)])):
                return name in self.ignores and logger in self.loggers
        return False

    def _children(self, old: ast.AST, new: ast.AST) -> list[tuple[ast.AST, ast.AST]]:
        pairs: list[tuple[ast.AST, ast.AST]] = []
        for name in old._fields:
            one, other = getattr(old, name, None), getattr(new, name, None)
            if isinstance(one, list) and isinstance(other, list):
                if name == "handlers":
                    other = self._without_boundaries(one, other)
                pairs += self._lists(old, one, other)
            elif isinstance(one, ast.AST) and isinstance(other, ast.AST):
                pairs.append((one, other))
            elif type(one) is not type(other) or repr(one) != repr(other):
                raise BrokenError(f"line {getattr(old, 'lineno', 0)}: {name} {one!r} became {other!r}")
        return pairs

    def _without_boundaries(self, old: list[ast.AST], new: list[ast.AST]) -> list[ast.AST]:
        """Leave out the clauses that ``--unresolved reraise`` adds."""
        if len(old) == len(new):
            return new
        kept: list[ast.AST] = []
        for clause in new:
            match clause:
                case ast.ExceptHandler(ast.Name("Exception"), None, [log, ast.Raise(None, None)]) if (
                    kept and len(kept) <= len(old) and self._is_log(log)
                ):
                    before = self.old.edges(old[len(kept) - 1])[1]
                    self.regions.append((before, self.old.line_end(before)))
                case _:
                    kept.append(clause)
        return kept

    def _lists(
        self, owner: ast.AST, old: list[ast.AST] | list[ast.stmt], new: list[ast.AST] | list[ast.stmt]
    ) -> list[tuple[ast.AST, ast.AST]]:
        if len(old) != len(new):
            raise BrokenError(f"line {getattr(owner, 'lineno', 0)}: {len(old)} parts became {len(new)}")
        pairs: list[tuple[ast.AST, ast.AST]] = []
        for one, other in zip(old, new, strict=True):
            if isinstance(one, ast.AST) and isinstance(other, ast.AST):
                pairs.append((one, other))
            elif one != other:
                raise BrokenError(f"line {getattr(owner, 'lineno', 0)}: {one!r} became {other!r}")
        return pairs

    def _same(self, one: ast.AST, other: ast.AST) -> bool:
        return self._signature(one) == self._signature(other)

    def _signature(self, node: ast.AST) -> int:
        """Hash a node's meaning, places left out, each node once and without recursion."""
        stack: list[tuple[ast.AST, bool]] = [(node, False)]
        while stack:
            current, is_ready = stack.pop()
            if id(current) in self.signatures:
                continue
            if not is_ready:
                stack.append((current, True))
                stack += [(child, False) for child in ast.iter_child_nodes(current)]
                continue
            parts: list[object] = [type(current).__name__]
            for name, value in ast.iter_fields(current):
                parts.append(name)
                parts += [
                    self.signatures[id(part)] if isinstance(part, ast.AST) else repr(part)
                    for part in (value if isinstance(value, list) else [value])
                ]
            self.signatures[id(current)] = hash(tuple(parts))
        return self.signatures[id(node)]

    def _check_text(self) -> None:
        """Find the text outside the regions in the new text, whole and in order."""
        merged: list[_Edge] = []
        for start, end in sorted(self.regions):
            if merged and start <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
            else:
                merged.append((start, end))
        if not merged:
            if self.old.text != self.new.text:
                raise BrokenError("text changed where nothing was edited")
            return
        text, new = self.old.text, self.new.text
        borders = [0, *(edge for region in merged for edge in region), len(text)]
        kept = [text[start:end] for start, end in zip(borders[::2], borders[1::2], strict=True)]
        if not new.startswith(kept[0]) or not new[len(kept[0]) :].endswith(kept[-1]):
            raise BrokenError("text outside the edits changed at an end of the file")
        position, limit = len(kept[0]), len(new) - len(kept[-1])
        for piece in kept[1:-1]:
            found = new.find(piece, position, limit)
            if found < 0:
                raise BrokenError(f"text outside the edits changed: {piece[:200]!r}")
            position = found + len(piece)


def _extends(old: ast.stmt | None, new: ast.stmt) -> bool:
    """Whether an import of the runtime gained names."""
    if not isinstance(old, ast.ImportFrom) or not isinstance(new, ast.ImportFrom):
        return False
    names = {(alias.name, alias.asname) for alias in old.names}
    return (
        (old.module, old.level) == (new.module, new.level)
        and old.module in _RUNTIME
        and names < {(alias.name, alias.asname) for alias in new.names}
    )


def _bound_by(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.alias(name, alias):
            yield alias or name.partition(".")[0]
        case ast.ClassDef(name):
            yield name
        case ast.Name(name, ast.Store()):
            yield name


def _is_name(node: ast.AST, names: set[str]) -> bool:
    return isinstance(node, ast.Name) and node.id in names


def _names(what: ast.expr | list[ast.expr]) -> list[str] | None:
    """Give the dotted names of an exception list; None if it holds anything else."""
    parts = what if isinstance(what, list) else what.elts if isinstance(what, ast.Tuple) else [what]
    # A name that stands for a tuple of classes is unpacked into a list: `(*dbm.error, KeyError)`.
    names = [ast.unparse(part.value if isinstance(part, ast.Starred) else part) for part in parts]
    return names if all(re.fullmatch(r"[\w.]+", name) for name in names) else None
