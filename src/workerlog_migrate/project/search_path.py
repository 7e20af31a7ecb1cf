"""Does a file look for modules where no text of it tells? Its ``sys.path`` may lead to any folder of the project then.

Input: a file's tree and text. What is put before the standard library's folders is read elsewhere (`facts`), as far as it is
written down; here is what hides that from a reader: another name of the list, a value that the program makes, what turns the
list round, other ways to fill it. A way that is not known to be harmless counts.
"""

from __future__ import annotations

import ast
import itertools
import re
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from workerlog_migrate.errors import Refused
from workerlog_migrate.files.source import decode
from workerlog_migrate.syntax.index import child_fields
from workerlog_migrate.syntax.nodes import nodes

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

_SUSPECT = re.compile(
    r"sys\b(?!\s*\.\s*(?!(?:path|meta_path|path_hooks|__\w+__)\b)\w)|site\s*\.\s*main|addsitedir"
)
"""``sys`` but for what a worker mostly asks it (``sys.exit``, ``sys.argv``), and other ways to a search path."""

_STARTS_AGAIN = re.compile(r"exec[lv]p?e?\s*\(|spawn[lv]|posix_spawn|Popen|subprocess")
"""Starts Python anew, with another search path from its environment."""

_LISTS = frozenset({"path", "meta_path", "path_hooks", "path_importer_cache", "__dict__"})
_ASKS = frozenset({"getattr", "hasattr"})
_READS = frozenset(
    "print len list set tuple sorted str repr enumerate iter any all join pformat pprint".split()  # noqa: SIM905  # a list of words
)
_ADDS_LAST = frozenset({"append", "extend", "index", "count", "copy"})
_PATHS = frozenset(
    "Path PurePath PosixPath abspath absolute as_posix cwd dirname expanduser expandvars fspath get getcwd getenv"  # noqa: SIM905  # a list of words
    " home join joinpath normpath realpath resolve str with_name".split()
)
_FILE_NAMES = frozenset({"__file__", "os", "pathlib"})
_DEEPEST = 20


def looks_elsewhere(tree: ast.Module, text: str, loaders: Collection[str] = ()) -> bool:
    """Whether modules may be looked for in folders that no text names.

    Args:
        tree: of the file.
        text: of the file.
        loaders: what runs other texts or files in it, which may do so, too.
    """
    if loaders or ("PYTHONPATH" in text and _STARTS_AGAIN.search(text)):
        return True
    suspects: dict[ast.stmt, None] = {}
    at, line, first, position, body = 0, 1, 0, 0, tree.body
    for found in _SUSPECT.finditer(text) if "sys" in text or "site" in text else ():
        line += text.count("\n", at, at := found.start())
        while first < len(body) and (body[first].end_lineno or 0) < line:
            first += 1
        position = max(position, first)
        while position < len(body) and _start(body[position]) <= line:
            suspects[body[position]] = None
            position += 1
    return bool(suspects) and _Looker(tree, list(suspects), moves="chdir" in text).is_hidden()


def _start(statement: ast.stmt) -> int:
    """Give the first line of a statement, with its decorators."""
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(each.lineno for each in decorators)])


_TELL = (ast.Name, ast.Attribute, ast.Constant)


_NAME = "PYTHONPATH"


def given_to_children(raw: bytes) -> Iterator[str]:
    """Give the folders that a file's texts put on the search path of a Python that it starts.

    Args:
        raw: its bytes.

    Yields:
        Each as it is written, with ``/`` between its parts, without what leads up.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(decode(Path(), raw, to_be_written=False).text)
    except (Refused, SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for node in ast.walk(tree):
        for value in _values_of_name(node):
            for each in ast.walk(value):
                if isinstance(each, ast.Constant) and isinstance(each.value, str):
                    for folder in re.split(r"[:;]", each.value):
                        parts = [part for part in re.split(r"[/\\]", folder) if part not in ("", ".", "..")]
                        if parts:
                            yield "/".join(parts)


def _values_of_name(node: ast.AST) -> Iterator[ast.expr]:
    match node:
        case ast.Dict(keys=keys, values=values):
            for key, value in zip(keys, values, strict=True):
                if isinstance(key, ast.Constant) and key.value == _NAME:
                    yield value
        case ast.keyword(arg=name, value=value) if name == _NAME:
            yield value
        case ast.Assign(targets=[ast.Subscript(slice=ast.Constant(value=name))], value=value) if (
            name == _NAME
        ):
            yield value
        case ast.Call(args=[ast.Constant(value=name), *values]) if (
            name == _NAME
        ):  # setdefault, putenv, setenv
            yield from values


class _Looker:
    """Looks at the statements of one file that may speak of a search path."""

    def __init__(self, tree: ast.Module, statements: list[ast.stmt], *, moves: bool) -> None:
        self._tree = tree
        self._statements = statements
        self._modules = {"sys"}
        self._names: set[str] = set()
        self._is_starred = False
        self._moves = moves
        self._told: dict[str, bool] = {}
        self._once: Mapping[str, ast.expr | None] | None = None

    def is_hidden(self) -> bool:
        """Say whether one of the statements, or of all if they give the list another name, hides a folder."""
        parents: dict[ast.AST, ast.AST] = {}
        nodes = self._noted(self._statements, parents)
        if len(self._modules) > 1 or self._names:
            nodes = self._noted(self._tree.body, parents)
        return self._is_starred or any(
            self._hides(node, parents) for node in nodes if isinstance(node, _TELL)
        )

    def _noted(self, statements: list[ast.stmt], parents: dict[ast.AST, ast.AST]) -> list[ast.AST]:
        nodes: list[ast.AST] = list(statements)
        add = nodes.append
        for node in nodes:  # grows as it goes
            kind = type(node)
            if kind is ast.Import or kind is ast.ImportFrom:
                self._note(node)
                continue
            for name in child_fields(kind):
                value = getattr(node, name, None)
                for child in value if type(value) is list else (value,):
                    if child is not None:
                        parents[child] = node
                        add(child)
        return nodes

    def _note(self, node: ast.AST) -> None:
        match node:
            case ast.Import(names=names):
                self._modules.update(each.asname for each in names if each.name == "sys" and each.asname)
            case ast.ImportFrom(module="sys", names=names):
                self._names.update(each.asname or each.name for each in names if each.name in _LISTS)
                self._is_starred = self._is_starred or names[0].name == "*"

    def _hides(self, node: ast.AST, parents: Mapping[ast.AST, ast.AST]) -> bool:
        match node:
            case ast.Name(id="addsitedir") | ast.Attribute(attr="addsitedir"):
                return True
            case ast.Attribute(value=ast.Name(id="site"), attr="main"):
                return True
            case ast.Attribute(attr="sys"):  # of another module, ``os.sys``
                return True
            case ast.Constant(value="sys"):
                return isinstance(parents.get(node), ast.Call | ast.Subscript)
            case ast.Name(id=name) if name in self._modules:
                return self._hands_on(node, parents.get(node))
            case ast.Attribute(value=ast.Name(id=name), attr="path") if name in self._modules:
                return not self._is_read(node, parents)
            case ast.Attribute(value=ast.Name(id=name), attr=attribute) if name in self._modules:
                return attribute in _LISTS
            case ast.Name(id=name) if name in self._names:
                return not self._is_read(node, parents)
        return False

    def _hands_on(self, node: ast.Name, parent: ast.AST | None) -> bool:
        """Whether ``sys`` itself is given to something that may ask it for a list."""
        match parent:
            case ast.Attribute():
                return False
            case ast.Call(func=ast.Name(id=name), args=[first, ast.Constant(value=asked), *_]) if (
                first is node
            ):
                return name not in _ASKS or asked in _LISTS
        return True

    def _is_read(self, node: ast.expr, parents: Mapping[ast.AST, ast.AST]) -> bool:
        """Whether a use of the list only reads it, adds to its end, or puts in front what a text names."""
        parent = parents.get(node)
        match parent:
            case ast.Compare() | ast.FormattedValue() | ast.Starred() | ast.BinOp() | ast.List():
                return True  # what is assigned is looked at where it is
            case ast.For(iter=iterated) | ast.comprehension(iter=iterated):
                return iterated is node
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
                return name in _READS
            case ast.Subscript(ctx=ast.Load()):
                return True
            case ast.Attribute(attr=method):
                call = parents.get(parent)
                if not (isinstance(call, ast.Call) and call.func is parent):
                    return False
                return method in _ADDS_LAST or (
                    method == "insert" and len(call.args) == 2 and self._is_told(call.args[1])
                )
            case ast.Subscript(ctx=ast.Store()):
                assigned = parents.get(parent)
                return isinstance(assigned, ast.Assign) and self._is_told(assigned.value)
            case ast.Assign(targets=targets, value=value):
                return node in targets and self._is_told(value)
            case ast.AugAssign(target=target):
                return target is node
        return False

    def _is_told(self, node: ast.expr, depth: int = 0) -> bool:
        """Whether texts tell the folders of an expression."""
        if depth > _DEEPEST:
            return False
        match node:
            case ast.Constant(value=str() as text):
                return not (self._moves and not text.startswith(("/", "~")))
            case ast.Constant():
                return True
            case ast.Name(id=name):
                return name in _FILE_NAMES or name in self._names or self._is_told_by_name(name, depth)
            case ast.Attribute(value=ast.Name(id=name), attr="path") if name in self._modules:
                return True
            case ast.Attribute(
                attr="parent" | "parents" | "pardir" | "curdir" | "path" | "environ", value=value
            ):
                return self._is_told(value, depth + 1)
            case ast.Call(func=ast.Name(id=name), args=arguments) if name in _PATHS:
                return all(self._is_told(each, depth + 1) for each in arguments)
            case ast.Call(func=ast.Attribute(attr="join", value=value)) if not isinstance(
                value, ast.Attribute | ast.Name
            ):
                return False  # a text's
            case ast.Call(func=ast.Attribute(attr=name, value=value), args=arguments) if name in _PATHS:
                return all(self._is_told(each, depth + 1) for each in (value, *arguments))
            case ast.BinOp(left=left, op=ast.Div() | ast.Add() as how, right=right):
                is_text = (
                    isinstance(how, ast.Add)
                    and not isinstance(left, ast.List)
                    and not isinstance(right, ast.List)
                )
                is_cut = not is_text or self._is_path(left) or self._is_path(right) or _ends(left, right)
                return is_cut and self._is_told(left, depth + 1) and self._is_told(right, depth + 1)
            case ast.Subscript(value=ast.Attribute(attr="parents", value=value)):
                return self._is_told(value, depth + 1)
            case ast.Subscript(value=value, slice=ast.Slice()):
                return self._is_path(value)
            case ast.Subscript(value=ast.Attribute(attr="environ")):
                return True
            case ast.JoinedStr(values=parts):
                return all(_ends(*pair) for pair in itertools.pairwise(parts)) and all(
                    self._is_told(each, depth + 1) for each in parts
                )
            case ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.BoolOp(values=parts):
                return all(self._is_told(each, depth + 1) for each in parts)
            case ast.Starred(value=value) | ast.FormattedValue(value=value):
                return self._is_told(value, depth + 1)
            case ast.ListComp(
                elt=ast.Name(id=name), generators=[ast.comprehension(target=ast.Name(id=same), iter=each)]
            ):
                return name == same and self._is_told(each, depth + 1)
        return False

    def _is_path(self, node: ast.expr) -> bool:
        """Whether an expression is the list itself."""
        match node:
            case ast.Name(id=name):
                return name in self._names
            case ast.Attribute(value=ast.Name(id=name), attr="path"):
                return name in self._modules
            case ast.Subscript(value=value, slice=ast.Slice()):
                return self._is_path(value)
        return False

    def _is_told_by_name(self, name: str, depth: int) -> bool:
        if self._once is None:
            self._once = dict(_assigned(self._tree))
        if name not in self._told:
            self._told[name] = False  # a name that is made of itself
            value = self._once.get(name)
            self._told[name] = value is not None and self._is_told(value, depth + 1)
        return self._told[name]


def _ends(left: ast.expr, right: ast.expr) -> bool:
    """Whether a name of a folder ends between two texts that are put together: a text that begins in the middle of one tells none."""
    before = left.value if isinstance(left, ast.Constant) else None
    after = right.value if isinstance(right, ast.Constant) else None
    return (isinstance(before, str) and before.endswith(("/", "\\"))) or (
        isinstance(after, str) and after.startswith(("/", "\\"))
    )


def _assigned(tree: ast.Module) -> Iterator[tuple[str, ast.expr | None]]:
    """Give what names stand for; None for one that gets its value in another way, or twice."""
    seen: set[str] = set()
    told: set[ast.AST] = set()
    for node in nodes(tree):
        match node:
            case ast.Assign(targets=[ast.Name(id=name) as target], value=value):
                told.add(target)
                yield name, None if name in seen else value
                seen.add(name)
            case ast.Name(id=name, ctx=ast.Store()) if node not in told:
                yield name, None
                seen.add(name)
            case ast.arg(arg=name):
                yield name, None
                seen.add(name)
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                for each in names:  # a module, as far as a path is asked for
                    local = each.asname or each.name.partition(".")[0]
                    if each.name in ("os", "os.path", "pathlib", "path", "environ") or local in _PATHS:
                        yield local, None if local in seen else ast.Constant(0)
                        seen.add(local)
