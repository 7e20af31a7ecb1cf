"""Which files does a file load by their paths, or execute? From its syntax tree to the texts that such a path is made of.

A test that names a script and loads another file does not load the script: what counts is the argument of the call, followed
backwards through the names, parameters and functions of the same file. So it is for one that lists a folder and imports others.
"""

from __future__ import annotations

import ast
import re
from fnmatch import fnmatch
from typing import TYPE_CHECKING

from workerlog_migrate.syntax.literals import last_name
from workerlog_migrate.syntax.nodes import nodes

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

LOADERS = frozenset(
    {
        "spec_from_file_location",
        "run_path",
        "load_source",
        "SourceFileLoader",
        "execfile",
        "exec",
        "load_module",
    }
)
"""Functions that load a file by its path, or execute text, by their last names."""

FOLDER_LISTERS = frozenset(
    {
        "glob",
        "iglob",
        "iter_modules",
        "iterdir",
        "listdir",
        "rglob",
        "scandir",
        "walk",
        "walk_packages",
    }
)
"""Functions that give what a folder holds, by their last names."""

LOADS_ALL = "load_extensions"
"""Imports every file of a folder, in disnake, py-cord and interactions.py; each file is asked for what it sets up."""

_NAME_FIRST = frozenset({"spec_from_file_location", "load_source", "SourceFileLoader", "load_module"})
_NO_PATH = frozenset({"name", "fullname", "run_name", "init_globals", "globals", "locals", "loader"})
_OWN = frozenset({"__file__", "__name__", "__doc__"})
_OF_PATHS = frozenset(
    {
        *("Path", "PurePath", "str", "open", "compile", "sorted", "list", "tuple", "set", "iter", "next", "enumerate"),
        *("join", "abspath", "realpath", "normpath", "dirname", "basename", "fspath", "relpath", "expanduser"),
        *("resolve", "absolute", "joinpath", "with_name", "with_suffix", "as_posix", "relative_to", "cwd", "getcwd"),
        *("glob", "rglob", "iglob", "iterdir", "listdir", "scandir", "walk", "format", "strip", "splitlines", "items"),
        *("read", "read_text", "read_bytes", "encode", "decode", "replace", "keys", "values", "dedent"),
    }
)  # fmt: skip
"""Called with texts of a path, or on them, they give nothing that the file does not name."""

_SAME_PATH = frozenset({"Path", "PurePath", "abspath", "dirname", "fspath", "normpath", "realpath", "str"})
_FILLERS = frozenset({"add", "append", "appendleft", "extend", "insert", "setdefault", "update"})
_ATTRIBUTES = frozenset({"parent", "parents", "name", "stem", "suffix", "path", "sep"})


def loaded_texts(tree: ast.Module) -> frozenset[str] | None:
    """Give the texts of which the paths of loaded files are made, or what is executed.

    Args:
        tree: a file that calls one of `LOADERS`.

    Returns:
        The texts; None if something that the file does not tell takes part: an environment variable, a parameter of a
        function that others call, a constant of another module.
    """
    slices = _Slices(tree)
    found: set[str] = set()
    for call in slices.calls:
        if last_name(call.func) in LOADERS:
            for argument in _paths_of(call):
                found.update(slices.texts(argument))
    return None if slices.is_open else frozenset(found)


def listings_taken(tree: ast.Module, importers: Collection[str], ours: str) -> list[ast.Call]:
    """Find the listings of folders of which a file may import or load every file.

    Args:
        tree: a file that lists folders.
        importers: last names of the functions that import by a name or load by a path.
        ours: name of a file that must not be among those.

    Returns:
        The calls that list, all of them where something that the file does not tell takes part in what is imported: a
        parameter of a function that others call. Not those of which what is taken is seen to pass over our file.
    """
    slices = _Slices(tree)
    for call in slices.calls:
        name = last_name(call.func)
        if name in importers and name != LOADS_ALL:
            first = [*call.args[:1], *(each.value for each in call.keywords)]
            slices.follow(*(_paths_of(call) if name in LOADERS else first))
    taken = [
        call for call in slices.calls if is_listing(call) and (slices.is_open or call in slices.listings)
    ]
    chosen: set[ast.Call] = set()
    for node in nodes(tree):
        if isinstance(node, ast.For | ast.AsyncFor | ast.comprehension):
            names = {each.id for each in ast.walk(node.target) if isinstance(each, ast.Name)}
            if any(
                _is_of(question, names) and _passes_over(question, ours) for question in _asked(node, names)
            ):
                chosen |= slices.listings_in(node.iter)
    return [
        *(call for call in taken if call not in chosen and not _passes_over(call, ours)),
        *(call for call in slices.calls if last_name(call.func) == LOADS_ALL),
    ]


def _asked(loop: ast.For | ast.AsyncFor | ast.comprehension, names: set[str]) -> Iterator[ast.Call]:
    """Give the calls that must be true of each item before anything else is done with it; `names` gets those made of it."""
    if isinstance(loop, ast.comprehension):
        for test in loop.ifs:
            yield from _conditions(test, skips=False)
        return
    body = list(loop.body)
    while body:
        match body.pop(0):
            case ast.If(test=test, body=[*_, ast.Continue()], orelse=[]):
                yield from _conditions(test, skips=True)
            case ast.If(test=test, body=inner, orelse=[]) if not body:
                yield from _conditions(test, skips=False)
                body = list(inner)
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                if any(isinstance(each, ast.Name) and each.id in names for each in ast.walk(value)):
                    names.add(name)
            case _:
                return


def _is_of(question: ast.Call, names: Collection[str]) -> bool:
    """Say whether what is asked is a part of one of some values: ``path.name.startswith(...)``, ``fnmatch(name, ...)``."""
    asked: ast.expr = question.func
    if last_name(asked) == "fnmatch" and question.args:
        asked = question.args[0]
    while isinstance(asked, ast.Attribute | ast.Subscript | ast.Call):
        asked = asked.func if isinstance(asked, ast.Call) else asked.value
    return isinstance(asked, ast.Name) and asked.id in names


def _conditions(test: ast.expr, *, skips: bool) -> Iterator[ast.Call]:
    match test:
        case ast.BoolOp(op=joint, values=values) if isinstance(joint, ast.Or if skips else ast.And):
            for each in values:
                yield from _conditions(each, skips=skips)
        case ast.UnaryOp(op=ast.Not(), operand=ast.Call() as call) if skips:
            yield call
        case ast.Call() as call if not skips:
            yield call


def _passes_over(call: ast.Call, ours: str) -> bool:
    """Say whether a question or a pattern is one that a file's name does not meet; not where it is made of what is not told."""
    name = last_name(call.func)
    if name in ("glob", "iglob", "rglob", "fnmatch"):
        whole = {_pattern(each) for each in ast.walk(call)} - {""}
        patterns = [text.replace("\\", "/").rpartition("/")[2] for text in whole if "*" in text]
        is_made = any(
            isinstance(each, ast.BinOp) and not isinstance(each.op, ast.Div) for each in ast.walk(call)
        )
        return bool(patterns) and not is_made and not any(fnmatch(ours, each) for each in patterns)
    given = [item for each in call.args for item in (each.elts if isinstance(each, ast.Tuple) else [each])]
    texts = [each.value for each in given if isinstance(each, ast.Constant) and isinstance(each.value, str)]
    if not texts or len(texts) < len(given):
        return False
    if name == "startswith":
        return not any(ours.startswith(text) for text in texts)
    stem = ours.removesuffix(".py")
    return name == "endswith" and not any(ours.endswith(text) or stem.endswith(text) for text in texts)


def _pattern(node: ast.AST) -> str:
    match node:
        case ast.JoinedStr(values=values):
            return "".join(_pattern(each) or "*" for each in values)
        case ast.Constant(value=str() as text):
            return text
    return ""


def is_listing(call: ast.Call) -> bool:
    """Say whether a call gives what a folder holds.

    Args:
        call: any; ``ast.walk`` walks another tree.
    """
    match call.func:
        case ast.Attribute(value=ast.Name(id="ast")):
            return False
    return last_name(call.func) in FOLDER_LISTERS


def steps_up(node: ast.expr, assigned: Mapping[str, ast.expr], depth: int = 0) -> int | None:
    """Count the steps from a file to the folder that an expression in it names.

    Args:
        node: the expression.
        assigned: what names stand for, of those that are assigned once.
        depth: how many names have been followed.

    Returns:
        The steps, 1 for the file's own folder; None where it is made of anything but ``__file__`` and steps up.
    """
    match node:
        case ast.Name(id="__file__"):
            return 0
        case ast.Name(id=name) if depth < 4 and name in assigned:
            return steps_up(assigned[name], assigned, depth + 1)
        case ast.Call(func=ast.Attribute(attr="resolve" | "absolute", value=below), args=[]):
            more = 0
        case ast.Attribute(attr="parent", value=below):
            more = 1
        case ast.Subscript(
            value=ast.Attribute(attr="parents", value=below), slice=ast.Constant(value=int() as index)
        ) if index >= 0:
            more = index + 1
        case ast.Call(func=ast.Attribute(attr="join"), args=[below, *others]) if others:
            texts = [each.value if isinstance(each, ast.Constant) else None for each in others]
            parts = [part for text in texts for part in re.split(r"[/\\]", str(text))]
            more = len(parts)
            if set(parts) != {".."}:
                return None
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=[below]) if name in _SAME_PATH:
            more = int(name == "dirname")
        case _:
            return None
    steps = steps_up(below, assigned, depth)
    return None if steps is None else steps + more


def _paths_of(call: ast.Call) -> Iterator[ast.expr]:
    given = call.args[1:] if last_name(call.func) in _NAME_FIRST else call.args[:1]
    yield from given
    yield from (keyword.value for keyword in call.keywords if keyword.arg not in _NO_PATH)


class _Slices:
    """Follows values backwards in one file."""

    def __init__(self, tree: ast.Module) -> None:
        self.is_open = False
        self.listings: set[ast.Call] = set()
        self.calls: list[ast.Call] = []
        self._values: dict[str, list[ast.expr]] = {}
        self._attributes: dict[str, list[ast.expr]] = {}
        self._functions: dict[str, list[ast.FunctionDef | ast.AsyncFunctionDef]] = {}
        self._parameters: dict[str, list[tuple[ast.FunctionDef | ast.AsyncFunctionDef, int]]] = {}
        self._imported: set[str] = set()
        self._seen: set[ast.AST | str] = set()
        for node in nodes(tree):
            self._collect(node)

    def _collect(self, node: ast.AST) -> None:
        match node:
            case ast.Call():
                self.calls.append(node)
                self._fill(node)
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                self._imported.update((each.asname or each.name).partition(".")[0] for each in names)
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    self._bind(target, value)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                self._bind(target, value)
            case ast.AugAssign(target=target, value=value) | ast.NamedExpr(target=target, value=value):
                self._bind(target, value)
            case (
                ast.For(target=target, iter=value)
                | ast.AsyncFor(target=target, iter=value)
                | ast.comprehension(target=target, iter=value)
            ):
                self._bind(target, value)
            case ast.withitem(optional_vars=ast.expr() as target, context_expr=value):
                self._bind(target, value)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._define(node)
            case ast.Lambda():
                for each in ast.walk(node.args):
                    if isinstance(each, ast.arg):
                        self._imported.add(each.arg)  # as little known as what another module gives

    def _bind(self, target: ast.expr, value: ast.expr) -> None:
        for each in ast.walk(target):
            if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store):
                self._values.setdefault(each.id, []).append(value)
            elif isinstance(each, ast.Attribute) and isinstance(each.ctx, ast.Store):
                self._attributes.setdefault(each.attr, []).append(value)
            elif isinstance(each, ast.Subscript) and isinstance(each.ctx, ast.Store):
                self._put(each.value, (each.slice, value))

    def _fill(self, call: ast.Call) -> None:
        match call.func:
            case ast.Attribute(attr=name, value=container) if name in _FILLERS:
                self._put(container, (*call.args, *(each.value for each in call.keywords)))

    def _put(self, container: ast.expr, values: Iterable[ast.expr]) -> None:
        """Note what a list, a set or a mapping of the file's own gets."""
        match container:
            case ast.Name(id=name):
                self._values.setdefault(name, []).extend(values)
            case ast.Attribute(value=ast.Name(id="self" | "cls"), attr=name):
                self._attributes.setdefault(name, []).extend(values)

    def _define(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self._functions.setdefault(node.name, []).append(node)
        positional = (*node.args.posonlyargs, *node.args.args)
        for index, parameter in enumerate(positional):
            self._parameters.setdefault(parameter.arg, []).append((node, index))
        others: tuple[ast.arg | None, ...] = (*node.args.kwonlyargs, node.args.vararg, node.args.kwarg)
        for other in others:
            if other is not None:
                self._parameters.setdefault(other.arg, []).append((node, len(positional)))

    def follow(self, *nodes: ast.expr) -> None:
        """Find out what values are made of, for `listings` and `is_open`."""
        for _ in self._all(nodes):
            pass

    def listings_in(self, *nodes: ast.expr) -> set[ast.Call]:
        """Give the listings that values are made of, without a trace in `listings` and `is_open`."""
        kept = self._seen, self.listings, self.is_open
        self._seen, self.listings = set(), set()
        self.follow(*nodes)
        found = self.listings
        self._seen, self.listings, self.is_open = kept
        return found

    def texts(self, node: ast.expr) -> Iterator[str]:
        """Give the texts that a value is made of."""
        if node in self._seen:
            return
        self._seen.add(node)
        match node:
            case ast.Constant(value=value):
                if isinstance(value, str):
                    yield value
            case ast.Name(id=name):
                yield from self._of_name(name)
            case ast.Attribute(value=value, attr=name):
                yield from self._of_attribute(value, name)
            case ast.Call():
                yield from self._of_call(node)
            case ast.Await(value=value):
                yield from self.texts(value)
            case (
                ast.BinOp() | ast.JoinedStr() | ast.FormattedValue() | ast.Subscript() | ast.Slice() | ast.Starred()
                | ast.List() | ast.Tuple() | ast.Set() | ast.Dict() | ast.IfExp() | ast.BoolOp() | ast.UnaryOp()
                | ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.NamedExpr() | ast.Compare()
            ):  # fmt: skip
                for child in ast.iter_child_nodes(node):
                    if isinstance(child, ast.comprehension):
                        yield from self.texts(child.iter)
                    elif isinstance(child, ast.expr):
                        yield from self.texts(child)
            case _:
                self.is_open = True

    def _all(self, nodes: Iterable[ast.expr]) -> Iterator[str]:
        for node in nodes:
            yield from self.texts(node)

    def _of_name(self, name: str) -> Iterator[str]:
        if name in self._seen or name in _OWN:
            return
        self._seen.add(name)
        values, parameters = self._values.get(name, ()), self._parameters.get(name, ())
        if name in self._imported or not (values or parameters):
            self.is_open = True
        yield from self._all(values)
        for function, index in parameters:
            yield from self._given(function, index, name)

    def _of_attribute(self, value: ast.expr, name: str) -> Iterator[str]:
        if name in self._attributes:
            yield from self._all(self._attributes[name])
        elif name not in _ATTRIBUTES:
            self.is_open = True
        elif not self._is_module(value):
            yield from self.texts(value)

    def _of_call(self, call: ast.Call) -> Iterator[str]:
        name = last_name(call.func)
        if is_listing(call):
            self.listings.add(call)
        if name in self._functions:
            for function in self._functions[name]:
                returned = (
                    each.value for each in ast.walk(function) if isinstance(each, ast.Return | ast.Yield)
                )
                yield from self._all(each for each in returned if each is not None)
            return
        if name not in _OF_PATHS:
            self.is_open = True
        if isinstance(call.func, ast.Attribute) and not self._is_module(call.func.value):
            yield from self.texts(call.func.value)
        yield from self._all(call.args)

    def _given(
        self, function: ast.FunctionDef | ast.AsyncFunctionDef, index: int, name: str
    ) -> Iterator[str]:
        """Give the texts of what a parameter gets; only calls in the file are seen."""
        calls = [call for call in self.calls if last_name(call.func) == function.name]
        if not calls or function.decorator_list:
            self.is_open = True
        first = function.args.args[0].arg if function.args.args else ""
        offset = 1 if first in ("self", "cls") else 0
        for call in calls:
            if any(isinstance(each, ast.Starred) for each in call.args):
                yield from self._all(call.args)
            else:
                yield from self._all(
                    call.args[max(index - offset, 0) :][: None if function.args.vararg else 1]
                )
            for keyword in call.keywords:
                if keyword.arg == name or keyword.arg is None:
                    yield from self.texts(keyword.value)
        yield from self._all(
            each for each in (*function.args.defaults, *function.args.kw_defaults) if each is not None
        )

    def _is_module(self, node: ast.expr) -> bool:
        while isinstance(node, ast.Attribute):
            node = node.value
        return isinstance(node, ast.Name) and node.id in self._imported


def folders_listed(call: ast.Call) -> set[str]:
    """Give the names of the folders that a call lists; an empty one where none is told.

    Args:
        call: lists folders, or imports what is in them.
    """
    texts = [each.value for each in ast.walk(call) if isinstance(each, ast.Constant)]
    parts = [part for text in texts if isinstance(text, str) for part in re.split(r"[/\\]", text)]
    folders = {part for part in parts if part.strip(".") and "*" not in part}
    if call.args and isinstance(call.func, ast.Attribute) and call.func.attr == LOADS_ALL:
        folders = {part.rpartition(".")[2] for part in folders}
    return folders or {""}
