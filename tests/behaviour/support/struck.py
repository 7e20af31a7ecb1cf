"""Let a type of error arrive once in one ``try`` of a worker, and take it off the list of the handler there.

What is changed is the syntax tree; a worker and its migrated copy are changed in the same place, the n-th ``try`` of the file.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_STRIKE = """
if {reached} and not vars(__import__("builtins")).setdefault("_struck", []):
    vars(__import__("builtins"))["_struck"].append(1)
    __import__("os").close(__import__("os").open("{mark}", 0o102))
    raise {error}
"""

MARK = "struck.mark"
"""The file that says that the error arrived."""

_NOTE = "vars(__import__('builtins'))['_loops'] = vars(__import__('builtins')).get('_loops', 0) + {change}"
_IN_A_LOOP = "vars(__import__('builtins')).get('_loops', 0)"

_ARGUMENTS = {
    "UnicodeDecodeError": "'utf-8', b'x', 0, 1, 'reason'",
    "UnicodeEncodeError": "'utf-8', 'x', 0, 1, 'reason'",
    "json.JSONDecodeError": "'reason', 'x', 0",
    "subprocess.CalledProcessError": "1, 'x'",
    "subprocess.TimeoutExpired": "'x', 1",
    "urllib.error.HTTPError": "'http://x', 500, 'reason', None, None",
}
"""Of those classes that are not made of a text alone."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One type of a narrowed handler.

    Attributes:
        number: of the ``try`` in its file.
        clause: of the handler in the ``try``.
        kind: the type as it is written.
        line: of the handler in the migrated file.
    """

    number: int
    clause: int
    kind: str
    line: int


def listed(original: Path, migrated: Path) -> Iterator[Listed]:
    """Yield every type of every handler that was broad and is narrow now."""
    before, after = _tries(_tree(original)), _tries(_tree(migrated))
    assert len(before) == len(after), migrated
    for number, (old, new) in enumerate(zip(before, after, strict=True)):
        for clause, (was, handler) in enumerate(zip(old.handlers, new.handlers, strict=True)):
            if _text(was) != _text(handler):
                for member in _members(handler):
                    yield Listed(number, clause, ast.unparse(member), handler.lineno)


def struck(source: Path, where: Listed, *, takes_away: bool, imports: Path, in_a_loop: bool = False) -> bytes:
    """Give a worker in which a type arrives once at a handler.

    Args:
        source: the worker, original or migrated.
        where: the handler and the type.
        takes_away: whether the type is taken off the handler's list.
        imports: the migrated file, which says where the class comes from: the original may not import it.
        in_a_loop: whether it arrives while a ``while`` loop of the worker runs, and not before or after.

    Returns:
        The changed script.
    """
    tree = _tree(source)
    found = _tries(tree)[where.number]
    if takes_away:
        handler = found.handlers[where.clause]
        kept = [member for member in _members(handler) if ast.unparse(member) != where.kind]
        handler.type = ast.Tuple(kept, ast.Load())
    error = made(where.kind, imports.read_bytes().decode())
    reached = _IN_A_LOOP if in_a_loop else "True"
    found.body[:0] = ast.parse(_STRIKE.format(error=error, reached=reached, mark=MARK)).body
    if in_a_loop:
        tree = _Loops().visit(tree)
    return ast.unparse(ast.fix_missing_locations(tree)).encode()


class _Loops(ast.NodeTransformer):
    """Lets a worker count the ``while`` loops that it is in."""

    def visit_While(self, node: ast.While) -> list[ast.AST]:
        """Put a line before the loop and one after it."""
        self.generic_visit(node)
        before, after = (ast.parse(_NOTE.format(change=change)).body[0] for change in (1, -1))
        return [before, node, after]


def made(kind: str, text: str) -> str:
    """Write an expression that makes an error of a type.

    Args:
        kind: as the migrated worker writes it.
        text: the migrated worker, which says where the class comes from.
    """
    return f"{_reached(kind, ast.parse(text))}({_ARGUMENTS.get(kind, repr('struck'))})"


def _reached(kind: str, tree: ast.Module) -> str:
    """Write an expression that gives a class in any function: modules may be imported in one of them only."""
    first, dot, rest = kind.partition(".")
    for node in ast.walk(tree):
        for alias in node.names if isinstance(node, ast.Import | ast.ImportFrom) else ():
            if (alias.asname or alias.name.partition(".")[0]) == first:
                if isinstance(node, ast.ImportFrom):
                    return f"__import__('importlib').import_module({node.module!r}).{alias.name}{dot}{rest}"
                return f"__import__({alias.name!r}){dot}{rest}"
    module, dot, last = kind.rpartition(".")
    return f"__import__('importlib').import_module({module!r}).{last}" if dot else kind


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_bytes())


def _tries(tree: ast.Module) -> list[ast.Try]:
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Try)]
    return sorted(found, key=lambda node: (node.lineno, node.col_offset))


def _members(handler: ast.ExceptHandler) -> list[ast.expr]:
    if handler.type is None:
        return []
    return handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]


def _text(handler: ast.ExceptHandler) -> str:
    return ast.unparse(handler.type) if handler.type is not None else ""
