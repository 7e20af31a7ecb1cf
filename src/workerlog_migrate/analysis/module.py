"""One parsed module and the questions that every finder asks of it.

Input: a ``Source``. Output: a ``Module`` whose index is filled by a single walk over the standard library's
``ast``: calls, handlers, functions, imports, parents and scopes. Positions: ``ast`` counts columns in UTF-8
bytes, ``Span`` in characters (as LibCST does); ``Module.span`` converts. The full span joins the two trees one
to one, the start alone does not (``a.b().c()``).

Name resolution follows the language reference, section 4.2 "Naming and binding": class scopes are not seen by
nested functions, comprehensions have a scope of their own whose first iterable belongs outside, walrus targets
and ``global``/``nonlocal`` names bind further out.
"""

from __future__ import annotations

import ast
import itertools
import re
from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping
from typing import Any, NoReturn

from workerlog_migrate.model import Source, Span
from workerlog_migrate.syntax.comments import directives
from workerlog_migrate.syntax.index import Index
from workerlog_migrate.syntax.names import BUILTINS, Names
from workerlog_migrate.syntax.nodes import nodes
from workerlog_migrate.syntax.parsing import STRINGS, parse
from workerlog_migrate.syntax.scopes import Binding, FunctionNode, Scope, lookup

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")  # other breaks are none to Python

_SECOND_NAMES = 8
"""So many names in a row, each bound to the one before, are followed."""

_FORGOTTEN = (
    "parents",
    "scopes",
    "names",
    "attributes",
    "functions",
    "classes",
    "lambdas",
    "scope_of",
    "_names_by_id",
    "_names_by_scope",
    "_attributes_by_name",
    "_stores_by_name",
    "_calls_by_name",
    "_qualified",
    "scope_of_module",
)


class ClosedModuleError(Exception):
    """A fault of ours: a module was asked for what it has forgotten."""


class _Forgotten:
    """Stands where an index was that a closed module has no more."""

    def _raise(self, *_: object) -> NoReturn:
        raise ClosedModuleError("this module is closed: what is asked for is not known any more")

    __bool__ = __contains__ = __getattr__ = __getitem__ = __iter__ = __len__ = _raise


class Module:
    """The index of one source file.

    Attributes:
        source: the text and how it is encoded.
        tree: the standard library's tree of ``source.text``.
        calls, handlers, tries, functions, classes, imports, names, withs, returns, yields: nodes in source order. ``tries`` holds
            ``ast.Try`` and, from 3.11, ``ast.TryStar``.
        parents: each node's parent (contexts and operators, which ``ast`` shares between nodes, are left out).
        scopes: scope-opening node -> its ``Scope``.
        scope_of: each node -> the scope in which it is evaluated; ``scope(node)`` asks it.
        scope_of_module: the module's own.
        used_names: every identifier that is read or bound anywhere in the file, attributes excluded.
        star_imports: qualified names of ``from x import *``.
        taken: what `taken` remembers of the file, which is asked most.
        remembered: what others have found out from the file alone, for all scripts that look at it: it names nothing of theirs.

    """

    def __init__(self, source: Source, tree: ast.Module | None = None) -> None:
        """Index a source.

        Args:
            source: the text.
            tree: its tree, where it has been parsed already.

        Raises:
            Refused: the text is not valid for this interpreter.
        """
        self.source = source
        self.tree = parse(source) if tree is None else tree
        self.lines: list[str] = _lines(source.text)
        index = Index(self.tree, self.lines)
        self.calls = index.calls
        self.handlers = index.handlers
        self.tries = index.tries
        self.withs = index.withs
        self.functions = index.functions
        self.lambdas = index.lambdas
        self.classes = index.classes
        self.imports = index.imports
        self.names = index.names
        self.attributes = index.attributes
        self.raises = index.raises
        self.returns = index.returns
        self.yields = index.yields
        self.captures = index.captures
        self.parents = index.parents
        self.scopes = index.scopes
        self.scope_of_module = index.scopes[self.tree]
        self.used_names = index.used_names
        self.star_imports = index.star_imports
        self._starts: list[int] = []
        self._is_ascii = source.text.isascii()
        self.scope_of = index.scope_of
        self._qualified = Names(index)
        self._skips = directives(source.text, self.lines)
        self._names_by_id: dict[str, list[ast.Name]] = {}
        self._names_by_scope: dict[str, dict[Scope, list[ast.Name]]] = {}
        self._attributes_by_name: dict[str, list[ast.Attribute]] = {}
        self._stores_by_name: dict[str, list[ast.Attribute]] = {}
        self._calls_by_name: dict[str, list[ast.Call]] = {}
        self._standing_in: frozenset[str] | None = None
        self.remembered: dict[Hashable, Any] = {}
        self.taken: Any = None

    def close(self) -> None:
        """Forget what only finders ask for; the text, the tree, calls, handlers and their spans are still there.

        Whoever asks for anything else from now on gets an error: a check that found nothing in an empty list would pass.
        """
        for scope in self.scopes.values():
            scope.bindings.clear()
        tables = (self.parents, self.scopes, self.scope_of)
        lists = (self.names, self.attributes, self.functions, self.classes, self.lambdas)
        indexes = (
            self._names_by_id,
            self._names_by_scope,
            self._attributes_by_name,
            self._stores_by_name,
            self._calls_by_name,
        )
        for part in (*tables, *lists, *indexes):
            part.clear()
        self.remembered.clear()
        self.taken = None
        self._qualified.close()
        for name in _FORGOTTEN:
            setattr(self, name, _Forgotten())

    # -- positions ------------------------------------------------------------------------------------------

    def span(self, node: ast.AST) -> Span:
        """Return the node's span in characters; a decorated definition starts at ``def`` or ``class``, as in ``ast``."""
        line: int = node.lineno  # type: ignore[attr-defined]  # only nodes with positions are asked for
        column: int = node.col_offset  # type: ignore[attr-defined]  # as above
        end_line: int = node.end_lineno  # type: ignore[attr-defined]  # as above
        end: int = node.end_col_offset  # type: ignore[attr-defined]  # as above
        if not self._is_ascii:
            if column:
                column = self._column(line, column)
            end = self._column(end_line, end)
        return Span(line, column, end_line, end)

    def offset(self, line: int, column: int) -> int:
        """Return the character offset in ``source.text`` of a line (from 1) and column (from 0, characters)."""
        if not self._starts:
            self._starts.extend(itertools.accumulate(map(len, self.lines), initial=0))
        return self._starts[line - 1] + column

    def text(self, node: ast.AST) -> str:
        """Return the source text of a node."""
        return self.cut(self.span(node))

    def cut(self, span: Span) -> str:
        """Return the source text of a span."""
        start, end = self.offset(span.line, span.column), self.offset(span.end_line, span.end_column)
        return self.source.text[start:end]

    def _column(self, line: int, byte_column: int) -> int:
        text = self.lines[line - 1] if line <= len(self.lines) else ""
        if text.isascii():
            return byte_column
        return len(text.encode("utf-8", "surrogatepass")[:byte_column].decode("utf-8", "replace"))

    # -- structure ------------------------------------------------------------------------------------------

    def ancestors(self, node: ast.AST) -> Iterator[ast.AST]:
        """Yield the node's parents from the nearest to the module."""
        parent = self.parents.get(node)
        while parent is not None:
            yield parent
            parent = self.parents.get(parent)

    def statement(self, node: ast.AST) -> ast.stmt:
        """Return the innermost statement that holds the node (the node itself if it is one)."""
        current: ast.AST = node
        while not isinstance(current, ast.stmt):
            current = self.parents[current]
        return current

    def function(self, node: ast.AST) -> FunctionNode | ast.Lambda | None:
        """Return the function or lambda whose body runs the node, or None at module and class level.

        Decorators, defaults and annotations run in the enclosing function, as the language has it.
        """
        return self.scope_of[node].function

    def function_name(self, node: ast.AST) -> str:
        """Return the name of the function that runs the node as ``co_name`` gives it; ``<module>`` at module level."""
        current: ast.AST | None = node
        while current is not None:
            function = self.function(current)
            if function is None:
                return "<module>"
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                return function.name
            current = self.parents.get(function)
        return "<module>"

    def handler(self, node: ast.AST) -> ast.ExceptHandler | None:
        """Return the innermost ``except`` clause whose body runs the node in the same function, or None."""
        child: ast.AST = node
        for parent in self.ancestors(node):
            if isinstance(parent, ast.ExceptHandler):
                return parent if child is not parent.type else None
            if isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
                return None
            child = parent
        return None

    def in_fstring(self, node: ast.AST) -> bool:
        """Whether the node stands inside an f-string, where positions are unreliable before Python 3.12.

        Or inside a t-string, which hands the text of its expressions on.
        """
        parents = self.parents
        parent = parents.get(node)
        while parent is not None and not isinstance(parent, ast.stmt):
            if isinstance(parent, STRINGS):
                return True
            parent = parents.get(parent)
        return False

    # -- nodes by name: made when first asked for, as most files ask for none -------------------------------

    def names_of(self, name: str) -> list[ast.Name]:
        """Return the places where a plain name is written, in source order."""
        if not self._names_by_id:
            found = defaultdict(list)
            for node in self.names:
                found[node.id].append(node)
            self._names_by_id = found
        return self._names_by_id.get(name, [])

    def names_in(self, scope: Scope, name: str) -> list[ast.Name]:
        """Return the places where a plain name is written that a scope binds, in source order."""
        by_scope = self._names_by_scope.get(name)
        if by_scope is None:
            by_scope = self._names_by_scope[name] = {}
            for node in self.names_of(name):
                found = lookup(name, self.scope_of[node], self.scope_of_module)
                if found is not None:
                    by_scope.setdefault(found[0], []).append(node)
        return by_scope.get(scope, [])

    def attributes_of(self, name: str) -> list[ast.Attribute]:
        """Return the places where an attribute of that name is written, in source order."""
        if not self._attributes_by_name:
            found = defaultdict(list)
            for node in self.attributes:
                found[node.attr].append(node)
            self._attributes_by_name = found
        return self._attributes_by_name.get(name, [])

    def stores_of(self, name: str) -> list[ast.Attribute]:
        """Return the places where an attribute of that name is stored or deleted, in source order: of many uses few."""
        if not self._stores_by_name:
            found = defaultdict(list)
            for node in self.attributes:
                if not isinstance(node.ctx, ast.Load):
                    found[node.attr].append(node)
            self._stores_by_name = found or {"": []}
        return self._stores_by_name.get(name, [])

    def calls_of(self, name: str) -> list[ast.Call]:
        """Return the calls whose callee is written ``name`` or ``<anything>.name``, in source order."""
        if not self._calls_by_name:
            found = defaultdict(list)
            for call in self.calls:
                callee = call.func
                if type(callee) is ast.Name:
                    found[callee.id].append(call)
                elif type(callee) is ast.Attribute:
                    found[callee.attr].append(call)
            self._calls_by_name = found
        return self._calls_by_name.get(name, [])

    def calls_by(self, names: frozenset[str]) -> Iterator[ast.Call]:
        """Yield, in source order, the calls that may reach something known by one of some last names.

        Args:
            names: ``open`` for ``open(p)``, ``path.open()`` and ``io.open(p)``.

        Yields:
            Calls of such a name or method, and of every name that may stand for something else: one that is imported
            or assigned anywhere in the script.
        """
        if self._standing_in is None:
            found: set[str] = set()
            for scope in self.scopes.values():
                for name, bindings in scope.bindings.items():
                    for binding in bindings:
                        if binding.kind in ("import", "assign"):
                            found.add(name)
                            break
            self._standing_in = frozenset(found)
        plain = names | self._standing_in
        for call in self.calls:
            callee = call.func
            if type(callee) is ast.Name:
                if callee.id in plain:
                    yield call
            elif type(callee) is ast.Attribute and callee.attr in names:
                yield call

    # -- names ----------------------------------------------------------------------------------------------

    def scope(self, node: ast.AST) -> Scope:
        """Return the scope in which the node is evaluated."""
        return self.scope_of[node]

    def lookup(self, name: str, scope: Scope) -> tuple[Scope, list[Binding]] | None:
        """Find the scope that binds ``name`` as seen from ``scope``; None for builtins and unknown names."""
        return lookup(name, scope, self.scope_of_module)

    def is_builtin(self, name: str, node: ast.AST) -> bool:
        """Whether ``name`` at ``node`` is the builtin: nothing that is visible there binds it."""
        return name in BUILTINS and self.lookup(name, self.scope(node)) is None

    def bindings(self, name: ast.Name) -> list[Binding]:
        """Return all bindings of the scope that a name resolves to; empty for builtins and unknown names."""
        found = self.lookup(name.id, self.scope(name))
        return found[1] if found else []

    def qualified(self, node: ast.expr) -> str | None:
        """Resolve a dotted expression through imports: ``json.load``, ``os.path.join``; builtins bare: ``open``.

        Returns None for anything that is not an import or a builtin: local names, parameters, attributes of
        values. A name that only an import and its ``except ImportError`` fallback bind counts as the import.
        """
        return self._qualified.qualified(node)

    def definition(self, node: ast.expr) -> FunctionNode | ast.ClassDef | None:
        """Return the local function or class that a plain name stands for, when nothing else binds the name.

        A second name, ``alias = function``, stands for what the first does.
        """
        for _ in range(_SECOND_NAMES):
            found = self.bindings(node) if isinstance(node, ast.Name) else []
            if len(found) != 1:
                return None
            made = found[0].node
            if isinstance(made, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                return made
            parent = self.parents.get(made)
            if not isinstance(parent, ast.Assign) or made not in parent.targets:
                return None
            node = parent.value
        return None

    def is_taken(self, name: str) -> bool:
        """Whether the script reads or binds ``name`` in any scope, so that a new global of that name would clash."""
        return name in self.used_names

    # -- suppression ----------------------------------------------------------------------------------------

    @property
    def skips_file(self) -> bool:
        """Whether a line of its own says ``# workerlog: skip-file``."""
        return 0 in self._skips

    def is_suppressed(self, codemod: str, first: int, last: int) -> bool:
        """Whether a ``# workerlog: skip`` comment on one of the lines (both inclusive) names the codemod or none."""
        if not self._skips:
            return False
        for line in range(first, last + 1):
            if line in self._skips:
                names = self._skips[line]
                if names is None or codemod in names:
                    return True
        return False

    @property
    def skips(self) -> Mapping[int, frozenset[str] | None]:
        """Line of each ``# workerlog: skip`` -> the names in its brackets; None without brackets."""
        return {line: names for line, names in self._skips.items() if line}


def nodes_in(module: Module, node: ast.AST) -> list[ast.AST]:
    """List a node of a file and all that is in it, as `nodes`: walked once, so that only functions and whole files are asked for.

    Args:
        module: the file.
        node: a function of it, or its tree; nobody may change the list.
    """
    known: list[ast.AST] | None = module.remembered.get((nodes_in, node))
    if known is None:
        known = module.remembered[nodes_in, node] = nodes(node)
    return known


def span_around(module: Module, node: ast.expr) -> Span:
    """Return a node's span; of something inside an f-string that of the whole f-string.

    Args:
        module: the file.
        node: what is looked for.
    """
    outer = node
    for parent in module.ancestors(node):
        if isinstance(parent, ast.stmt):
            break
        if isinstance(parent, STRINGS):
            outer = parent
    return module.span(outer)


def _lines(text: str) -> list[str]:
    """Cut a text into lines with their ends."""
    if "\r" in text:
        return _LINE.findall(text)
    cut = text.splitlines(keepends=True)
    if len(cut) == text.count("\n") + (
        text[-1:] not in ("\n", "")
    ):  # at no form feed, which ends none for Python
        return cut
    *lines, last = text.split("\n")
    found = [f"{line}\n" for line in lines]
    return [*found, last] if last else found
