"""How names and functions are used: the only value of a name, the uses of a function, what runs before a line.

Input: a ``Module``. Output: nodes of its tree. These are the small questions that several finders ask; types and
exceptions are not among them.
"""

from __future__ import annotations

import ast

from workerlog_migrate.analysis.module import Module
from workerlog_migrate.syntax.scopes import Binding, FunctionNode


def only_value(module: Module, bindings: list[Binding]) -> ast.expr | None:
    """Return the value that a name always has: one plain assignment binds it, and nothing else does.

    Args:
        module: the script.
        bindings: all bindings of the name in its scope.

    Returns:
        The assigned expression, or None.
    """
    if len(bindings) != 1 or bindings[0].kind != "assign":
        return None
    parent = module.parents.get(bindings[0].node)
    if isinstance(parent, ast.Assign) and bindings[0].node in parent.targets:
        return parent.value
    if isinstance(parent, ast.Tuple):  # RED, END = "...", "..."
        owner = module.parents.get(parent)
        if isinstance(owner, ast.Assign) and isinstance(owner.value, ast.Tuple):
            targets, sources = parent.elts, owner.value.elts
            starred = any(isinstance(entry, ast.Starred) for entry in (*targets, *sources))
            if len(targets) == len(sources) and not starred:
                return sources[next(at for at, target in enumerate(targets) if target is bindings[0].node)]
        return None
    return parent.value if isinstance(parent, ast.AnnAssign) else None


def owners(module: Module, node: ast.AST) -> list[ast.AST]:
    """List the functions and lambdas around a node, from the one that runs it outwards."""
    found: list[ast.AST] = []
    function = module.function(node)
    while function is not None:
        found.append(function)
        function = module.function(function)
    return found


def uses(module: Module, function: FunctionNode) -> list[ast.Name | ast.Attribute]:
    """List what may refer to a function from outside its own body: names, and attributes of that name.

    A method is only reached as an attribute; a function also when the script's module is imported.
    """
    found: list[ast.Name | ast.Attribute] = [*module.attributes_of(function.name)]
    if not isinstance(module.parents.get(function), ast.ClassDef):
        found += (name for name in module.names_of(function.name) if isinstance(name.ctx, ast.Load))
    return [use for use in found if function not in owners(module, use)]


def runs_before(module: Module, node: ast.AST, line: int) -> bool:
    """Whether a node may run before the statement at a line of module level does.

    Args:
        module: the script.
        node: any node with a position.
        line: a line at module level, from 1.

    Returns:
        False for what stands below the line, and for what stands above it in a function that nothing above it uses.
    """
    if getattr(node, "lineno", line) >= line:
        return False
    around = owners(module, node)
    outermost = around[-1] if around else None
    if not isinstance(outermost, ast.FunctionDef | ast.AsyncFunctionDef):
        return True
    if isinstance(module.parents.get(outermost), ast.ClassDef):
        return True
    return any(use.lineno < line for use in uses(module, outermost))
