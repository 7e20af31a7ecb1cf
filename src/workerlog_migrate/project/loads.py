"""Which files does a file load by their paths, or execute? From its syntax tree to the texts that such a path is made of.

A test that names a script and loads another file does not load the script: what counts is the argument of the call, followed
backwards through the names, parameters and functions of the same file.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

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
        if _last_name(call.func) in LOADERS:
            for argument in _paths_of(call):
                found.update(slices.texts(argument))
    return None if slices.is_open else frozenset(found)


def _paths_of(call: ast.Call) -> Iterator[ast.expr]:
    given = call.args[1:] if _last_name(call.func) in _NAME_FIRST else call.args[:1]
    yield from given
    yield from (keyword.value for keyword in call.keywords if keyword.arg not in _NO_PATH)


class _Slices:
    """Follows values backwards in one file."""

    def __init__(self, tree: ast.Module) -> None:
        self.is_open = False
        self.calls: list[ast.Call] = []
        self._values: dict[str, list[ast.expr]] = {}
        self._attributes: dict[str, list[ast.expr]] = {}
        self._functions: dict[str, list[ast.FunctionDef | ast.AsyncFunctionDef]] = {}
        self._parameters: dict[str, list[tuple[ast.FunctionDef | ast.AsyncFunctionDef, int]]] = {}
        self._imported: set[str] = set()
        self._seen: set[ast.AST | str] = set()
        for node in ast.walk(tree):
            self._collect(node)

    def _collect(self, node: ast.AST) -> None:
        match node:
            case ast.Call():
                self.calls.append(node)
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

    def _define(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self._functions.setdefault(node.name, []).append(node)
        positional = (*node.args.posonlyargs, *node.args.args)
        for index, parameter in enumerate(positional):
            self._parameters.setdefault(parameter.arg, []).append((node, index))
        others: tuple[ast.arg | None, ...] = (*node.args.kwonlyargs, node.args.vararg, node.args.kwarg)
        for other in others:
            if other is not None:
                self._parameters.setdefault(other.arg, []).append((node, len(positional)))

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
        name = _last_name(call.func)
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
        calls = [call for call in self.calls if _last_name(call.func) == function.name]
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


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
