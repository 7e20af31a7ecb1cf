"""The dotted name that an expression stands for, through imports and plain aliases: the one place that answers this."""

from __future__ import annotations

import ast
import builtins
from typing import TYPE_CHECKING

from workerlog_migrate.model import RUNTIME_MODULES
from workerlog_migrate.syntax.scopes import lookup
from workerlog_migrate.syntax.stars import may_hide

if TYPE_CHECKING:
    from workerlog_migrate.syntax.index import Index
    from workerlog_migrate.syntax.scopes import Binding, Scope

BUILTINS = frozenset(dir(builtins))
_RUNTIME = tuple(f"{module}." for module in RUNTIME_MODULES)


class Names:
    """Resolves the expressions of one module, each once.

    Args:
        index: the module's index.
    """

    def __init__(self, index: Index) -> None:
        self._index = index
        self._qualified: dict[ast.expr, str | None] = {}
        self._qualified_names: dict[tuple[str, Scope], str | None] = {}

    def close(self) -> None:
        """Forget what was resolved."""
        self._qualified.clear()
        self._qualified_names.clear()

    def qualified(self, node: ast.expr) -> str | None:
        """Resolve a dotted expression through imports: ``json.load``, ``os.path.join``; builtins bare: ``open``.

        Returns None for anything that is not an import or a builtin: local names, parameters, attributes of
        values. A name that only an import and its ``except ImportError`` fallback bind counts as the import.
        """
        if node not in self._qualified:
            self._qualified[node] = None  # for names that are bound to each other
            self._qualified[node] = self._resolve(node)
        return self._qualified[node]

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
        key = (name.id, self._index.scope_of[name])
        if key not in self._qualified_names:
            self._qualified_names[key] = self._qualified_in(*key)
        return self._qualified_names[key]

    def _qualified_in(self, name: str, scope: Scope) -> str | None:
        found = lookup(name, scope, self._index.scopes[self._index.tree])
        if found is None:
            hidden = name not in BUILTINS or any(may_hide(star, name) for star in self._index.star_imports)
            return None if hidden else name
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
        parent = self._index.parents.get(bindings[0].node)
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
        parents = self._index.parents
        parent = parents.get(node)
        while parent is not None:
            if isinstance(parent, ast.ExceptHandler):
                owner = parents[parent]
                return any(
                    isinstance(entry, ast.Import | ast.ImportFrom) for entry in getattr(owner, "body", ())
                )
            if isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
                return False
            parent = parents.get(parent)
        return False
