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
import bisect
import builtins
import io
import re
import sys
import tokenize
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from workerlog_migrate.errors import Refused
from workerlog_migrate.model import Source, Span

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
ScopeNode = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.expr

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")
_BUILTINS = frozenset(dir(builtins))
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_TRY_STAR: type[ast.AST] | None = getattr(ast, "TryStar", None)
TEMPLATE: type[ast.expr] | None = getattr(ast, "TemplateStr", None)
"""A t-string, from Python 3.14 on."""
STRINGS: tuple[type[ast.expr], ...] = (ast.JoinedStr,) if TEMPLATE is None else (ast.JoinedStr, TEMPLATE)
"""Texts that hold expressions."""
_COMMA = re.compile(r"^[ \t]*except[ \t][^(:\r\n]*,", re.MULTILINE)
_UNBOUND = "except A, e: and nothing binds e"
_RUNTIME = ("worker_logger.", "worker_utils.")
_DECLARATION = re.compile(r"\b(?:global|nonlocal)\b")
_DIRECTIVE = re.compile(r"(?:^|(?<=\s))#\s*workerlog:\s*(skip-file|skip)\s*(?:\[([^\]]*)\])?")


@dataclass(slots=True)
class Binding:
    """One place where a scope binds a name.

    Attributes:
        name: the bound name.
        kind: ``import``, ``function``, ``class``, ``parameter``, ``assign``, ``for``, ``with``, ``except``,
            ``delete``, ``walrus``, ``match``, ``comprehension`` or ``augment``.
        node: the binding node: the ``alias``, definition, ``arg``, target ``Name`` or handler.
        qualified: for imports the dotted name that the binding stands for (``os.path``; relative: ``.x.y``).

    """

    name: str
    kind: str
    node: ast.AST
    qualified: str = ""


@dataclass(slots=True, eq=False)
class Scope:
    """A namespace: its node, what it binds, the scope around it, and the function or lambda whose body runs it."""

    node: ast.AST
    parent: Scope | None
    bindings: dict[str, list[Binding]] = field(default_factory=dict)
    globals: set[str] = field(default_factory=set)
    nonlocals: set[str] = field(default_factory=set)
    function: FunctionNode | ast.Lambda | None = field(init=False)

    def __post_init__(self) -> None:
        if isinstance(self.node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            self.function = self.node
        else:
            self.function = None if self.parent is None else self.parent.function

    @property
    def is_class(self) -> bool:
        """Whether this is a class body, which nested functions do not see."""
        return isinstance(self.node, ast.ClassDef)

    @property
    def is_comprehension(self) -> bool:
        """Whether this is the scope of a comprehension or generator expression."""
        return isinstance(self.node, _COMPREHENSIONS)


class Module:
    """The index of one source file.

    Attributes:
        source: the text and how it is encoded.
        tree: the standard library's tree of ``source.text``.
        calls, handlers, tries, functions, classes, imports, names, withs, returns, yields: nodes in source order. ``tries`` holds
            ``ast.Try`` and, from 3.11, ``ast.TryStar``.
        parents: each node's parent (contexts and operators, which ``ast`` shares between nodes, are left out).
        scopes: scope-opening node -> its ``Scope``.
        used_names: every identifier that is read or bound anywhere in the file, attributes excluded.
        star_imports: qualified names of ``from x import *``.

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
        self.lines: list[str] = _LINE.findall(source.text)
        self.calls: list[ast.Call] = []
        self.handlers: list[ast.ExceptHandler] = []
        self.tries: list[ast.stmt] = []
        self.withs: list[ast.With | ast.AsyncWith] = []
        self.functions: list[FunctionNode] = []
        self.lambdas: list[ast.Lambda] = []
        self.classes: list[ast.ClassDef] = []
        self.imports: list[ast.Import | ast.ImportFrom] = []
        self.names: list[ast.Name] = []
        self.attributes: list[ast.Attribute] = []
        self.raises: list[ast.Raise] = []
        self.returns: list[ast.Return] = []
        self.yields: list[ast.Yield | ast.YieldFrom] = []
        self.captures: list[ast.MatchAs | ast.MatchStar] = []
        self.parents: dict[ast.AST, ast.AST] = {}
        self.scopes: dict[ast.AST, Scope] = {}
        self.used_names: set[str] = set()
        self.star_imports: list[str] = []
        self._starts: list[int] = []
        self._node_scope: dict[ast.AST, Scope] = {}
        self._qualified: dict[ast.expr, str | None] = {}
        self._qualified_names: dict[tuple[str, Scope], str | None] = {}
        self._skips: dict[int, frozenset[str] | None] = {}
        self._names_by_id: dict[str, list[ast.Name]] = {}
        self._attributes_by_name: dict[str, list[ast.Attribute]] = {}
        self._calls_by_name: dict[str, list[ast.Call]] = {}
        self._declaring = [
            number
            for number, line in enumerate(self.lines, 1)
            if ("global" in line or "nonlocal" in line) and _DECLARATION.search(line)
        ]
        self._index()
        self._read_directives()

    def close(self) -> None:
        """Forget what only finders ask for; the text, the tree, calls, handlers and their spans are still there."""
        for scope in self.scopes.values():
            scope.bindings.clear()
        tables = (self.parents, self.scopes, self._node_scope, self._qualified, self._qualified_names)
        lists = (self.names, self.attributes, self.functions, self.classes, self.lambdas)
        indexes = (self._names_by_id, self._attributes_by_name, self._calls_by_name)
        for part in (*tables, *lists, *indexes):
            part.clear()

    # -- positions ------------------------------------------------------------------------------------------

    def span(self, node: ast.AST) -> Span:
        """Return the node's span in characters; a decorated definition starts at ``def`` or ``class``, as in ``ast``."""
        return Span(
            node.lineno,  # type: ignore[attr-defined]  # only nodes with positions are asked for
            self._column(node.lineno, node.col_offset),  # type: ignore[attr-defined]
            node.end_lineno,  # type: ignore[attr-defined]
            self._column(node.end_lineno, node.end_col_offset),  # type: ignore[attr-defined]
        )

    def offset(self, line: int, column: int) -> int:
        """Return the character offset in ``source.text`` of a line (from 1) and column (from 0, characters)."""
        if not self._starts:
            position = 0
            for text in self.lines:
                self._starts.append(position)
                position += len(text)
            self._starts.append(position)
        return self._starts[line - 1] + column

    def text(self, node: ast.AST) -> str:
        """Return the source text of a node."""
        return self.cut(self.span(node))

    def cut(self, span: Span) -> str:
        """Return the source text of a span."""
        start = self.offset(span.line, span.column)
        return self.source.text[start : self.offset(span.end_line, span.end_column)]

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
        return self._node_scope[node].function

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
        for parent in self.ancestors(node):
            if isinstance(parent, STRINGS):
                return True
            if isinstance(parent, ast.stmt):
                return False
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

    def attributes_of(self, name: str) -> list[ast.Attribute]:
        """Return the places where an attribute of that name is written, in source order."""
        if not self._attributes_by_name:
            found = defaultdict(list)
            for node in self.attributes:
                found[node.attr].append(node)
            self._attributes_by_name = found
        return self._attributes_by_name.get(name, [])

    def calls_of(self, name: str) -> list[ast.Call]:
        """Return the calls whose callee is written ``name`` or ``<anything>.name``, in source order."""
        if not self._calls_by_name:
            found = defaultdict(list)
            for call in self.calls:
                callee = call.func
                if isinstance(callee, ast.Name):
                    found[callee.id].append(call)
                elif isinstance(callee, ast.Attribute):
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
        plain = names.union(
            name
            for scope in self.scopes.values()
            for name, bindings in scope.bindings.items()
            if any(binding.kind in ("import", "assign") for binding in bindings)
        )
        for call in self.calls:
            callee = call.func
            if isinstance(callee, ast.Name):
                if callee.id in plain:
                    yield call
            elif isinstance(callee, ast.Attribute) and callee.attr in names:
                yield call

    # -- names ----------------------------------------------------------------------------------------------

    @property
    def scope_of_module(self) -> Scope:
        """The module's own scope."""
        return self.scopes[self.tree]

    def scope(self, node: ast.AST) -> Scope:
        """Return the scope in which the node is evaluated."""
        return self._node_scope[node]

    def lookup(self, name: str, scope: Scope) -> tuple[Scope, list[Binding]] | None:
        """Find the scope that binds ``name`` as seen from ``scope``; None for builtins and unknown names."""
        current: Scope | None = scope
        first = True
        while current is not None:
            if name in current.globals:
                current = self.scope_of_module
                found = current.bindings.get(name)
                return (current, found) if found else None
            if (first or not current.is_class) and name not in current.nonlocals:
                found = current.bindings.get(name)
                if found:
                    return current, found
            # A comprehension directly in a class body does not see the class's names either, but its first
            # iterable does, and that one is already evaluated in the class scope.
            first = False
            current = current.parent
        return None

    def is_builtin(self, name: str, node: ast.AST) -> bool:
        """Whether ``name`` at ``node`` is the builtin: nothing that is visible there binds it."""
        return name in _BUILTINS and self.lookup(name, self.scope(node)) is None

    def bindings(self, name: ast.Name) -> list[Binding]:
        """Return all bindings of the scope that a name resolves to; empty for builtins and unknown names."""
        found = self.lookup(name.id, self.scope(name))
        return found[1] if found else []

    def qualified(self, node: ast.expr) -> str | None:
        """Resolve a dotted expression through imports: ``json.load``, ``os.path.join``; builtins bare: ``open``.

        Returns None for anything that is not an import or a builtin: local names, parameters, attributes of
        values. A name that only an import and its ``except ImportError`` fallback bind counts as the import.
        """
        if node not in self._qualified:
            self._qualified[node] = None  # for names that are bound to each other
            self._qualified[node] = self._resolve(node)
        return self._qualified[node]

    def definition(self, node: ast.expr) -> FunctionNode | ast.ClassDef | None:
        """Return the local function or class that a plain name stands for, when nothing else binds the name."""
        if not isinstance(node, ast.Name):
            return None
        found = self.bindings(node)
        if len(found) == 1 and isinstance(
            found[0].node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
        ):
            return found[0].node
        return None

    def is_taken(self, name: str) -> bool:
        """Whether the script reads or binds ``name`` in any scope, so that a new global of that name would clash."""
        return name in self.used_names

    def _resolve(self, node: ast.expr) -> str | None:
        parts: list[str] = []
        current = node
        while isinstance(current, ast.Attribute):
            parts.append(current.attr)
            current = current.value
        if not isinstance(current, ast.Name):
            return None
        base = self._qualified_name(current)
        if base is None:
            return None
        if base == "builtins" and parts:
            return ".".join(reversed(parts))
        return ".".join([base, *reversed(parts)])

    def _qualified_name(self, name: ast.Name) -> str | None:
        key = (name.id, self._node_scope[name])
        if key not in self._qualified_names:
            self._qualified_names[key] = self._qualified_in(*key)
        return self._qualified_names[key]

    def _qualified_in(self, name: str, scope: Scope) -> str | None:
        found = self.lookup(name, scope)
        if found is None:
            return name if name in _BUILTINS and not self.star_imports else None
        if found[0] is not scope:  # the same for all the scopes that see it
            key = (name, found[0])
            if key not in self._qualified_names:
                self._qualified_names[key] = self._qualified_by(found[1])
            return self._qualified_names[key]
        return self._qualified_by(found[1])

    def _qualified_by(self, bindings: list[Binding]) -> str | None:
        imports = {binding.qualified for binding in bindings if binding.kind == "import"}
        others = [binding for binding in bindings if binding.kind != "import"]
        if len(imports) > 1 and all(name.lstrip(".").startswith(_RUNTIME) for name in imports):
            imports = {max(imports)}  # ``if __package__:`` one and the same function, relatively or plainly
        if len(imports) == 1 and all(self._is_import_fallback(binding.node) for binding in others):
            return imports.pop()
        return self._value_alias(bindings, 0)

    def _value_alias(self, bindings: list[Binding], depth: int) -> str | None:
        """Follow ``E = Exception`` and ``run = subprocess.run``: one assignment of a dotted name."""
        if len(bindings) != 1 or bindings[0].kind != "assign" or depth > 8:
            return None
        parent = self.parents.get(bindings[0].node)
        if not isinstance(parent, ast.Assign | ast.AnnAssign) or not isinstance(
            parent.value, ast.Name | ast.Attribute
        ):
            return None
        if isinstance(parent, ast.Assign) and bindings[0].node not in parent.targets:
            return None
        root: ast.expr = parent.value
        while isinstance(root, ast.Attribute):
            root = root.value
        if isinstance(root, ast.Name) and root.id == bindings[0].name:
            return None
        return self.qualified(parent.value)

    def _is_import_fallback(self, node: ast.AST) -> bool:
        """Whether a binding stands in an ``except`` clause beside an import, or is None before one."""
        for parent in self.ancestors(node):
            if isinstance(parent, ast.ExceptHandler):
                owner = self.parents[parent]
                return any(
                    isinstance(entry, ast.Import | ast.ImportFrom) for entry in getattr(owner, "body", ())
                )
            if isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
                return False
        return False

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

    def _read_directives(self) -> None:
        if "workerlog:" not in self.source.text:
            return
        for line, column, text in comments(self.source.text):
            match = _DIRECTIVE.search(text)
            if match is None:
                continue
            if match[1] == "skip-file":
                if not self.lines[line - 1][:column].strip():
                    self._skips[0] = None
            else:
                names = (
                    frozenset(part.strip() for part in match[2].split(",")) if match[2] is not None else None
                )
                self._skips[line] = names

    # -- the walk -------------------------------------------------------------------------------------------

    def _index(self) -> None:
        """Fill every list and table in one walk, without recursion: long chains would exhaust the stack."""
        module_scope = Scope(self.tree, None)
        self.scopes[self.tree] = module_scope
        stack: list[tuple[ast.AST, Scope]] = [(self.tree, module_scope)]
        node_scope, parents, fields, visitors = self._node_scope, self.parents, _CHILD_FIELDS, _VISITORS
        pop, push, use = stack.pop, stack.append, self.used_names.add
        constant = ast.Constant
        while stack:
            node, scope = pop()
            kind = type(node)
            node_scope[node] = scope
            # Most nodes are of four kinds, which go by without a call; constants are not even put on the stack.
            if kind is ast.Name:
                self.names.append(node)  # type: ignore[arg-type]  # as its type says
                use(node.id)  # type: ignore[attr-defined]
                if type(node.ctx) is not ast.Load:  # type: ignore[attr-defined]
                    self._visit_target(node, scope)  # type: ignore[arg-type]
                continue
            if kind is ast.Attribute:
                self.attributes.append(node)  # type: ignore[arg-type]
                value = node.value  # type: ignore[attr-defined]
                parents[value] = node
                push((value, scope))
                continue
            inner = None
            if kind is ast.Call:
                self.calls.append(node)  # type: ignore[arg-type]  # as its type says
            elif kind in visitors:
                inner = visitors[kind](self, node, scope)
            names = fields.get(kind)
            if names is None:
                names = _child_fields(kind)
            for name in names:
                value = getattr(node, name, None)
                if not value:
                    continue
                child_scope = scope if inner is None else inner.get(name, scope)
                if type(value) is list:
                    for entry in reversed(value):
                        if type(entry) is constant:
                            parents[entry] = node
                            node_scope[entry] = child_scope
                        elif entry is not None:  # a key of `{**other}`, a default of a keyword-only parameter
                            parents[entry] = node
                            push((entry, child_scope))
                else:
                    parents[value] = node
                    if type(value) is constant:
                        node_scope[value] = child_scope
                    else:
                        push((value, child_scope))

    def _bind(self, name: str, kind: str, node: ast.AST, scope: Scope, qualified: str = "") -> None:
        self.used_names.add(name)
        if name in scope.globals:
            scope = self.scope_of_module
        elif name in scope.nonlocals:
            outer = scope.parent
            while outer is not None and (outer.is_class or name not in outer.bindings):
                outer = outer.parent
            scope = outer or scope
        scope.bindings.setdefault(name, []).append(Binding(name, kind, node, qualified))

    def _visit_target(self, node: ast.Name, scope: Scope) -> None:
        parent = self.parents[node]
        if isinstance(node.ctx, ast.Del):
            kind = "delete"
        elif isinstance(parent, ast.NamedExpr):
            kind = "walrus"
            while scope.is_comprehension and scope.parent is not None:
                scope = scope.parent
        elif isinstance(parent, ast.AugAssign):
            kind = "augment"
        elif isinstance(parent, ast.AnnAssign) and parent.value is None:
            kind = "annotation"
        else:
            kind = self._target_kind(node)
        self._bind(node.id, kind, node, scope)

    def _target_kind(self, node: ast.Name) -> str:
        """Say what assigns a target, however deep in tuples and stars it stands."""
        current: ast.AST = self.parents[node]
        while isinstance(current, ast.Tuple | ast.List | ast.Starred):
            current = self.parents[current]
        if isinstance(current, ast.For | ast.AsyncFor):
            return "for"
        if isinstance(current, ast.withitem):
            return "with"
        if isinstance(current, ast.comprehension):
            return "comprehension"
        return "assign"

    def _visit_function(self, node: FunctionNode, scope: Scope) -> dict[str, Scope]:
        self.functions.append(node)
        self._bind(node.name, "function", node, scope)
        inner = self._open(node, scope)
        self._bind_parameters(node.args, inner)
        self._declare(node, inner)
        return {"body": inner, "type_params": inner}

    def _visit_lambda(self, node: ast.Lambda, scope: Scope) -> dict[str, Scope]:
        self.lambdas.append(node)
        inner = self._open(node, scope)
        self._bind_parameters(node.args, inner)
        return {"body": inner}

    def _visit_class(self, node: ast.ClassDef, scope: Scope) -> dict[str, Scope]:
        self.classes.append(node)
        self._bind(node.name, "class", node, scope)
        inner = self._open(node, scope)
        self._declare(node, inner)
        return {"body": inner, "type_params": inner}

    def _visit_comprehension_expression(self, node: ast.expr, scope: Scope) -> dict[str, Scope]:
        inner = self._open(node, scope)
        return {"elt": inner, "key": inner, "value": inner, "generators": inner}

    def _visit_comprehension(self, node: ast.comprehension, scope: Scope) -> dict[str, Scope] | None:
        owner = self.parents[node]
        if owner.generators[0] is node and scope.parent is not None:  # type: ignore[attr-defined]  # its only owners
            return {"iter": scope.parent}
        return None

    def _visit_import(self, node: ast.Import, scope: Scope) -> None:
        self.imports.append(node)
        for alias in node.names:
            if alias.asname:
                self._bind(alias.asname, "import", alias, scope, alias.name)
            else:
                top = alias.name.partition(".")[0]
                self._bind(top, "import", alias, scope, top)

    def _visit_import_from(self, node: ast.ImportFrom, scope: Scope) -> None:
        self.imports.append(node)
        base = "." * node.level + (node.module or "")
        for alias in node.names:
            if alias.name == "*":
                self.star_imports.append(base)
                continue
            dot = "" if base.endswith(".") else "."
            qualified = f"{base}{dot}{alias.name}"
            if qualified.startswith("builtins."):
                qualified = alias.name
            self._bind(alias.asname or alias.name, "import", alias, scope, qualified)

    def _visit_handler(self, node: ast.ExceptHandler, scope: Scope) -> None:
        self.handlers.append(node)
        if node.name:
            self._bind(node.name, "except", node, scope)

    def _visit_try(self, node: ast.stmt, _scope: Scope) -> None:
        self.tries.append(node)

    def _visit_with(self, node: ast.With | ast.AsyncWith, _scope: Scope) -> None:
        self.withs.append(node)

    def _visit_raise(self, node: ast.Raise, _scope: Scope) -> None:
        self.raises.append(node)

    def _visit_return(self, node: ast.Return, _scope: Scope) -> None:
        self.returns.append(node)

    def _visit_yield(self, node: ast.Yield | ast.YieldFrom, _scope: Scope) -> None:
        self.yields.append(node)

    def _visit_match(self, node: ast.MatchAs | ast.MatchStar, scope: Scope) -> None:
        self.captures.append(node)
        if node.name:
            self._bind(node.name, "match", node, scope)

    def _visit_match_mapping(self, node: ast.MatchMapping, scope: Scope) -> None:
        if node.rest:
            self._bind(node.rest, "match", node, scope)

    def _visit_global(self, node: ast.Global | ast.Nonlocal, _scope: Scope) -> None:
        self.used_names.update(node.names)

    def _open(self, node: ast.AST, scope: Scope) -> Scope:
        inner = Scope(node, scope)
        self.scopes[node] = inner
        return inner

    def _bind_parameters(self, arguments: ast.arguments, scope: Scope) -> None:
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        every += [extra for extra in (arguments.vararg, arguments.kwarg) if extra is not None]
        for argument in every:
            self._bind(argument.arg, "parameter", argument, scope)

    def _declare(self, definition: FunctionNode | ast.ClassDef, scope: Scope) -> None:
        """Collect ``global`` and ``nonlocal`` before the walk reaches the bindings that they govern."""
        first = bisect.bisect_left(self._declaring, definition.lineno)
        if first == len(self._declaring) or self._declaring[first] > (definition.end_lineno or 0):
            return  # most functions hold neither word
        stack: list[ast.AST] = [*definition.body]
        while stack:
            node = stack.pop()
            if isinstance(node, ast.Global):
                scope.globals.update(node.names)
            elif isinstance(node, ast.Nonlocal):
                scope.nonlocals.update(node.names)
            elif isinstance(
                node, ast.If | ast.For | ast.While | ast.With | ast.Try | ast.AsyncFor | ast.AsyncWith
            ) or (_TRY_STAR is not None and isinstance(node, _TRY_STAR)):
                for name in ("body", "orelse", "finalbody", "handlers"):
                    stack.extend(getattr(node, name, ()))
            elif isinstance(node, ast.ExceptHandler | ast.match_case):
                stack.extend(node.body)
            elif isinstance(node, ast.Match):
                stack.extend(node.cases)


_NOT_NODES = frozenset(
    [
        "annotation_kind",
        "arg",
        "asname",
        "attr",
        "conversion",
        "ctx",
        "id",
        "is_async",
        "kind",
        "kwd_attrs",
        "level",
        "lineno",
        "module",
        "op",
        "ops",
        "simple",
        "str",
        "tag",
        "type_comment",
        "type_ignores",
    ]
)
_NAMES_AS_TEXT = (
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.ExceptHandler,
    ast.MatchAs,
    ast.MatchStar,
    ast.alias,
)
_CHILD_FIELDS: dict[type[ast.AST], tuple[str, ...]] = {}


def _child_fields(kind: type[ast.AST]) -> tuple[str, ...]:
    """Name a kind of node's fields that hold nodes, the last first, as a stack wants them."""
    texts: set[str] = set(_NOT_NODES)
    if issubclass(kind, _NAMES_AS_TEXT) or kind.__name__ in ("TypeVar", "ParamSpec", "TypeVarTuple"):
        texts.add("name")
    if issubclass(kind, ast.Global | ast.Nonlocal):
        texts.add("names")
    if issubclass(kind, ast.Constant | ast.MatchSingleton):
        texts.add("value")
    if issubclass(kind, ast.MatchMapping):
        texts.add("rest")
    fields = tuple(name for name in reversed(kind._fields) if name not in texts)
    _CHILD_FIELDS[kind] = fields
    return fields


_VISITORS: dict[type[ast.AST], Callable[..., dict[str, Scope] | None]] = {
    ast.FunctionDef: Module._visit_function,
    ast.AsyncFunctionDef: Module._visit_function,
    ast.Lambda: Module._visit_lambda,
    ast.ClassDef: Module._visit_class,
    ast.ListComp: Module._visit_comprehension_expression,
    ast.SetComp: Module._visit_comprehension_expression,
    ast.DictComp: Module._visit_comprehension_expression,
    ast.GeneratorExp: Module._visit_comprehension_expression,
    ast.comprehension: Module._visit_comprehension,
    ast.Import: Module._visit_import,
    ast.ImportFrom: Module._visit_import_from,
    ast.ExceptHandler: Module._visit_handler,
    ast.Try: Module._visit_try,
    ast.With: Module._visit_with,
    ast.AsyncWith: Module._visit_with,
    ast.Raise: Module._visit_raise,
    ast.Return: Module._visit_return,
    ast.Yield: Module._visit_yield,
    ast.YieldFrom: Module._visit_yield,
    ast.MatchAs: Module._visit_match,
    ast.MatchStar: Module._visit_match,
    ast.MatchMapping: Module._visit_match_mapping,
    ast.Global: Module._visit_global,
    ast.Nonlocal: Module._visit_global,
}
if _TRY_STAR is not None:
    _VISITORS[_TRY_STAR] = Module._visit_try


def parse(source: Source) -> ast.Module:
    """Parse a source with the running interpreter's grammar.

    A ``str`` is parsed, not bytes: bytes under a latin-1 cookie would be re-encoded and shift the columns.

    Raises:
        Refused: the text is not valid for this interpreter; names the line and what to do.

    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source.text, filename=str(source.path))
    except SyntaxError as error:
        raise Refused(_syntax_reason(error), error.lineno or 0) from error
    except ValueError as error:
        raise Refused(f"cannot be parsed: {error}") from error
    except (RecursionError, MemoryError) as error:
        raise Refused("is nested too deeply for the parser; split the longest expression") from error
    if _COMMA.search(source.text) and (line := _line_of_python_2(tree)):
        raise Refused(f"is Python 2 ({_UNBOUND}); convert it to Python 3 first", line)
    return tree


def _line_of_python_2(tree: ast.Module) -> int:
    """Find ``except A, e:``, which Python 3.14 takes for two exceptions without parentheses; 0 when there is none.

    https://peps.python.org/pep-0758/: who means that has two exceptions, and a name that nothing binds is none.
    """
    bound: set[str] = set(_BUILTINS)
    pairs: list[tuple[int, str]] = []
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()):
                bound.add(name)
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                bound.add(name)
            case ast.alias(name=name, asname=asname):
                bound.add(asname or name.partition(".")[0])
            case ast.arg(arg=name):
                bound.add(name)
            case ast.ExceptHandler(type=ast.Tuple(elts=[first, ast.Name(id=name)]) as types, lineno=line):
                if (types.lineno, types.col_offset) == (first.lineno, first.col_offset):
                    pairs.append((line, name))
            case _:
                pass
    return next((line for line, name in pairs if name not in bound and "*" not in bound), 0)


_LEXEME = re.compile(
    r"""\"\"\"[^"\\]*(?:(?:\\.|"(?!""))[^"\\]*)*\"\"\"|'''[^'\\]*(?:(?:\\.|'(?!''))[^'\\]*)*'''"""
    r"""|"[^"\\\n]*(?:\\.[^"\\\n]*)*"|'[^'\\\n]*(?:\\.[^'\\\n]*)*'|(\#[^\n]*)""",
    re.DOTALL,
)
_FSTRING = re.compile(r"""\b(?:[fFtT][rR]?|[rR][fFtT])["']""")


def comments(text: str) -> list[tuple[int, int, str]]:
    """List the comments of a valid program as (line from 1, column in characters, text with ``#``).

    Outside strings and comments a valid program holds neither quotes nor ``#``, so strings and comments are all that
    has to be told apart. Only the f-strings of Python 3.12 can hold strings and comments themselves; where there
    are any, the tokenizer is asked, which is the interpreter's own there. (That of 3.10 and 3.11 is not, and stumbles
    over continued blank lines.)

    Raises:
        Refused: the tokenizer does not read what the parser accepted.

    """
    text = text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
    if sys.version_info >= (3, 12) and _FSTRING.search(text):
        return _tokenized_comments(text)
    found: list[tuple[int, int, str]] = []
    line = 1
    position = 0
    for match in _LEXEME.finditer(text):
        if match[1] is not None:
            start = match.start()
            line += text.count("\n", position, start)
            position = start
            found.append((line, start - text.rfind("\n", 0, start) - 1, match[1]))
    return found


def _tokenized_comments(text: str) -> list[tuple[int, int, str]]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return [
                (token.start[0], token.start[1], token.string)
                for token in tokenize.generate_tokens(io.StringIO(text).readline)
                if token.type == tokenize.COMMENT
            ]
    except (tokenize.TokenError, SyntaxError, IndentationError) as error:
        raise Refused(f"comments cannot be read: {error}") from error


def _syntax_reason(error: SyntaxError) -> str:
    """Name the likely cause: Python 2, a newer Python's syntax, or a plain syntax error."""
    message = (error.msg or "invalid syntax").strip()
    if "multiple exception types must be parenthesized" in message:
        return (
            f"is Python 2 ({message}); convert it to Python 3 first; "
            "if it runs on Python >= 3.14, run workerlog-migrate with that Python"
        )
    if message.startswith(
        ("Missing parentheses in call to 'print'", "Missing parentheses in call to 'exec'")
    ):
        return f"is Python 2 ({message}); convert it to Python 3 first"
    if sys.version_info < (3, 12) and ("f-string" in message):
        return (
            f"syntax error: {message}; if it runs on Python >= 3.12, run workerlog-migrate with that Python"
        )
    return f"syntax error: {message}; fix it, or run workerlog-migrate with the Python that the script is for"
