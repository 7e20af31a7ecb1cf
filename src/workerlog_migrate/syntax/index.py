"""The one walk over a tree that fills the lists and tables that everyone asks.

Input: the tree of ``ast``. Output: an ``Index``: nodes by kind in source order, parents, and scopes with what they bind. Walrus targets
and ``global``/``nonlocal`` names bind further out; the first iterable of a comprehension belongs outside of it.
"""

from __future__ import annotations

import ast
import bisect
import re
from collections.abc import Callable

from workerlog_migrate.syntax.parsing import TRY_STAR
from workerlog_migrate.syntax.scopes import Binding, FunctionNode, Scope

_DECLARATION = re.compile(r"\b(?:global|nonlocal)\b")


class Index:
    """What a walk finds; ``Module`` says what each list holds.

    Args:
        tree: the tree.
        lines: the text by lines.
    """

    def __init__(self, tree: ast.Module, lines: list[str]) -> None:
        self.tree = tree
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
        self.scope_of: dict[ast.AST, Scope] = {}
        self._declaring = [
            number
            for number, line in enumerate(lines, 1)
            if ("global" in line or "nonlocal" in line) and _DECLARATION.search(line)
        ]
        self.walk()

    def walk(self) -> None:
        """Fill every list and table in one walk, without recursion: long chains would exhaust the stack."""
        module_scope = Scope(self.tree, None)
        self.scopes[self.tree] = module_scope
        stack: list[tuple[ast.AST, Scope]] = [(self.tree, module_scope)]
        node_scope, parents, fields, visitors = self.scope_of, self.parents, _CHILD_FIELDS, _VISITORS
        pop, push, use = stack.pop, stack.append, self.used_names.add
        constant = ast.Constant
        while stack:
            node, scope = pop()
            kind = type(node)
            node_scope[node] = scope
            # Most nodes are of four kinds, which go by without a call; constants are not even put on the stack.
            if kind is ast.Name:
                self.names.append(node)  # type: ignore[arg-type]  # as its type says
                use(node.id)  # type: ignore[attr-defined]  # as its type says
                if type(node.ctx) is not ast.Load:  # type: ignore[attr-defined]  # as its type says
                    self._visit_target(node, scope)  # type: ignore[arg-type]  # as its type says
                continue
            if kind is ast.Attribute:
                self.attributes.append(node)  # type: ignore[arg-type]  # as its type says
                value = node.value  # type: ignore[attr-defined]  # as its type says
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
                names = child_fields(kind)
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
            scope = self.scopes[self.tree]
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
            ) or (TRY_STAR is not None and isinstance(node, TRY_STAR)):
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


def child_fields(kind: type[ast.AST]) -> tuple[str, ...]:
    """Name a kind of node's fields that hold nodes, the last first, as a stack wants them.

    Args:
        kind: a class of ``ast``.
    """
    known = _CHILD_FIELDS.get(kind)
    if known is not None:
        return known
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
    ast.FunctionDef: Index._visit_function,
    ast.AsyncFunctionDef: Index._visit_function,
    ast.Lambda: Index._visit_lambda,
    ast.ClassDef: Index._visit_class,
    ast.ListComp: Index._visit_comprehension_expression,
    ast.SetComp: Index._visit_comprehension_expression,
    ast.DictComp: Index._visit_comprehension_expression,
    ast.GeneratorExp: Index._visit_comprehension_expression,
    ast.comprehension: Index._visit_comprehension,
    ast.Import: Index._visit_import,
    ast.ImportFrom: Index._visit_import_from,
    ast.ExceptHandler: Index._visit_handler,
    ast.Try: Index._visit_try,
    ast.With: Index._visit_with,
    ast.AsyncWith: Index._visit_with,
    ast.Raise: Index._visit_raise,
    ast.Return: Index._visit_return,
    ast.Yield: Index._visit_yield,
    ast.YieldFrom: Index._visit_yield,
    ast.MatchAs: Index._visit_match,
    ast.MatchStar: Index._visit_match,
    ast.MatchMapping: Index._visit_match_mapping,
    ast.Global: Index._visit_global,
    ast.Nonlocal: Index._visit_global,
}
if TRY_STAR is not None:
    _VISITORS[TRY_STAR] = Index._visit_try
