"""What the names of a file are bound by, and what a statement of it needs of the others."""

from __future__ import annotations

import ast
import builtins
import re
import symtable
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

Function = ast.FunctionDef | ast.AsyncFunctionDef
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
DEFINITIONS = (*FUNCTIONS, ast.ClassDef)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_OF_THE_FILE = frozenset(
    {"globals", "__name__", "__file__", "__doc__", "__package__", "__spec__", "__loader__"}
)
_BUILTINS = frozenset(dir(builtins)) - _OF_THE_FILE
_BY_TEXT = frozenset({"locals", "vars", "exec", "eval", "dir", "globals"})


class Others(NamedTuple):
    """What other files of a project say.

    Attributes:
        words: all words in them.
        keywords: names of arguments that they pass, and the words of their texts, which may be such names.
    """

    words: set[str]
    keywords: set[str]

    @classmethod
    def of(cls, trees: Iterable[ast.Module]) -> Others:
        """Read trees."""
        found = cls(set(), set())
        for tree in trees:
            found.words.update(words(ast.unparse(tree)))
            found.keywords.update(words(texts(tree)))
            found.keywords.update(node.arg or "" for node in ast.walk(tree) if isinstance(node, ast.keyword))
        return found


def binds(node: ast.AST) -> list[str]:
    """Give the names that a node binds, deletes or declares."""
    if isinstance(node, DEFINITIONS):
        return [node.name]
    if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        return [node.id]
    if isinstance(node, ast.arg):
        return [node.arg]
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [(alias.asname or alias.name).partition(".")[0] for alias in node.names]
    if isinstance(node, ast.Global | ast.Nonlocal):
        return list(node.names)
    if isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar):
        return [node.name] if node.name else []
    if isinstance(node, ast.MatchMapping):
        return [node.rest] if node.rest else []
    return []


def once(tree: ast.AST) -> set[str]:
    """Give the names that one node in a tree binds, wherever it stands."""
    found = Counter(name for node in ast.walk(tree) for name in binds(node))
    return {name for name, count in found.items() if count == 1}


def functions(tree: ast.AST) -> Iterator[Function]:
    """Yield all functions of a tree, methods and functions in functions too."""
    for node in ast.walk(tree):
        if isinstance(node, FUNCTIONS):
            yield node


def methods(tree: ast.AST) -> Iterator[Function]:
    """Yield the methods that have an object called ``self`` and bind no other one of that name."""
    for owner in ast.walk(tree):
        for node in owner.body if isinstance(owner, ast.ClassDef) else ():
            if not isinstance(node, FUNCTIONS) or not node.args.args or node.args.args[0].arg != "self":
                continue
            if sum("self" in binds(each) for each in ast.walk(node)) == 1 and not by_text(node):
                yield node


def by_text(node: ast.AST) -> bool:
    """Say whether something may ask for names by their text."""
    return any(isinstance(each, ast.Name) and each.id in _BY_TEXT for each in ast.walk(node))


def own(function: Function) -> Iterator[ast.AST]:
    """Yield what is in the scope of a function itself: nothing of functions, classes and comprehensions in it."""
    pending: list[ast.AST] = list(function.body)
    while pending:
        node = pending.pop()
        yield node
        if not isinstance(node, (*DEFINITIONS, ast.Lambda, *_COMPREHENSIONS)):
            pending.extend(ast.iter_child_nodes(node))


def texts(tree: ast.AST) -> str:
    """Give all texts of a file but its documentation: what may name something of it."""
    told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    return "\n".join(
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told
    )


def words(text: str) -> set[str]:
    """Give the words of a text."""
    return set(re.findall(r"\w+", text))


def at_definition(node: ast.stmt) -> set[str]:
    """Give the names that are read when a function or class is defined, its own body apart."""
    parts: list[ast.AST] = []
    if isinstance(node, DEFINITIONS):
        parts += node.decorator_list
    if isinstance(node, FUNCTIONS):
        parts += [node.args, *([node.returns] if node.returns else [])]
    if isinstance(node, ast.ClassDef):
        parts += [*node.bases, *node.keywords]
        parts += [each for each in node.body if not isinstance(each, FUNCTIONS)]
        parts += [
            part
            for each in node.body
            if isinstance(each, FUNCTIONS)
            for part in (each.args, each.returns)
            if part
        ]
    return {each.id for part in parts for each in ast.walk(part) if isinstance(each, ast.Name)}


def needs(node: ast.stmt) -> set[str] | None:
    """Give the names of its file that a statement needs; None when it rebinds one, or asks for them by text."""
    found: set[str] = set()
    pending = [symtable.symtable(ast.unparse(node), "<part>", "exec")]
    top = pending[0]
    while pending:
        table = pending.pop()
        pending += table.get_children()
        for symbol in table.get_symbols():
            name = symbol.get_name()
            if table is top:
                if symbol.is_referenced() and not symbol.is_assigned():
                    found.add(name)
            elif symbol.is_global():
                if symbol.is_assigned() or name in _OF_THE_FILE:
                    return None
                found.add(name)
    return None if found & _OF_THE_FILE else found - _BUILTINS - set(_defined(node))


def _defined(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.Assign):
        return [each.id for each in node.targets if isinstance(each, ast.Name)]
    return binds(node)


def written(tree: ast.AST) -> str:
    """Write a tree."""
    return ast.unparse(ast.fix_missing_locations(tree)) + "\n"
