"""What ``from x import *`` may bind: of the standard library it is known which builtins its modules have names of.

Input: the module behind a star, and a name. Output: whether the name may be another thing than the builtin afterwards.
"""

from __future__ import annotations

import ast
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from workerlog_migrate.syntax.scopes import Binding

# Builtin -> packages and modules that have another thing of that name. All public modules were tried on 3.10 to 3.13;
# `tests/analysis/test_reach.py` tries again those of the Python that runs it.
_OTHERS = {
    "Ellipsis": {"ast"},
    "abs": {"operator"},
    "ascii": {"curses"},
    "compile": {"py_compile", "re", "sre_compile"},
    "copyright": {"sys"},
    "enumerate": {"threading"},
    "exit": {"sys"},
    "filter": {"curses", "fnmatch"},
    "format": {"locale"},
    "help": {"pdb", "pydoc"},
    "input": {"fileinput"},
    "max": {"audioop"},
    "open": set(
        "aifc bz2 codecs dbm gzip io lzma os ossaudiodev posix shelve sunau tarfile tokenize wave webbrowser".split()  # noqa: SIM905  # a list of words
    ),
    "pow": {"math", "operator"},
    "property": {"enum"},
    "repr": {"reprlib"},
    "slice": {"ast"},
    "str": {"locale"},
}
_WITH_EXCEPTIONS = frozenset({"asyncio", "concurrent", "multiprocessing", "sqlite3"})


def may_hide(star: str, name: str) -> bool:
    """Say whether a star import may bind the name of a builtin.

    Args:
        star: the module, as it is imported; relative ones begin with a dot.
        name: the builtin's name.
    """
    top = star.partition(".")[0]
    if not top or top.startswith("_") or top not in sys.stdlib_module_names:
        return True
    if name in _OTHERS:
        return top in _OTHERS[name]
    return (
        name[:1].isupper() and top in _WITH_EXCEPTIONS
    )  # but for True and the like, only exceptions begin so


def gives_away(tree: ast.Module, name: str) -> bool:
    """Say whether ``from x import *`` takes a name along that the module has.

    Args:
        tree: of the module.
        name: the name.
    """
    listed = [
        statement.value
        for statement in tree.body
        if isinstance(statement, ast.Assign)
        if any(isinstance(target, ast.Name) and target.id == "__all__" for target in statement.targets)
    ]
    if not listed:
        return not name.startswith("_")
    elements = getattr(listed[0], "elts", None)
    if len(listed) > 1 or elements is None or not all(isinstance(each, ast.Constant) for each in elements):
        return True
    return name in [each.value for each in elements] or _is_extended(tree)


def may_withhold(tree: ast.Module) -> bool:
    """Say whether something is taken out of ``__all__`` again, so that nobody knows what a star import takes along.

    Args:
        tree: of the module.
    """
    return any(
        isinstance(node, ast.Attribute)
        and node.attr in _TAKING
        and isinstance(node.value, ast.Name)
        and node.value.id == "__all__"
        for node in ast.walk(tree)
    ) or any(isinstance(node, ast.Delete) and "__all__" in ast.unparse(node) for node in ast.walk(tree))


_TAKING = frozenset({"remove", "pop", "clear"})


def _is_extended(tree: ast.Module) -> bool:
    """Whether ``__all__`` is more than what is written where it is assigned."""
    return any(
        isinstance(node, ast.Name)
        and node.id == "__all__"
        and not (isinstance(node.ctx, ast.Store) and node.col_offset == 0)
        for node in ast.walk(tree)
    ) or any(isinstance(node, ast.AugAssign) for node in tree.body)


def stars_after(bindings: Iterable[Binding], imports: Iterable[ast.Import | ast.ImportFrom]) -> Iterator[str]:
    """Yield the modules of star imports that come after a name was bound, as they are imported.

    Args:
        bindings: of the name.
        imports: all imports of the file.
    """
    first = min((getattr(binding.node, "lineno", 0) for binding in bindings), default=0)
    for node in imports:
        if isinstance(node, ast.ImportFrom) and node.names[0].name == "*" and node.lineno > first:
            yield "." * node.level + (node.module or "")
