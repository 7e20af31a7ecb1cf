"""Which names does a script write other than by binding them? Through ``exec``, ``globals()``, ``setattr`` and the like.

Input: a module. Output: the names that its texts speak of, if it does such a thing at all. A name that we would take must be none
of them: it would be overwritten after the header, or be found where the script expects its own.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from workerlog_migrate.analysis.taken import calls_to
from workerlog_migrate.syntax.nodes import nodes

if TYPE_CHECKING:
    from workerlog_migrate.analysis.module import Module

_WRITERS = frozenset(
    {"exec", "eval", "globals", "vars", "locals", "setattr", "delattr", "__setattr__", "patch"}
)
_WORD = re.compile(r"[^\W\d]\w*")
_PRINT = "print"
_PRINT_WORD = re.compile(r"\bprint\b")
_BINDING = re.compile(r"\b(?:def|as|import)\b")
_PRINT_WRITTEN = re.compile(
    r"\bprint\s*=(?!=)|\bdef\s+print\b|\bimport\b(?:(?!\bimport\b).)*\bprint\b|\bas\s+print\b"
)


def dynamic_names(module: Module) -> frozenset[str]:
    """List the names that a script may write without binding them.

    Args:
        module: the script.

    Returns:
        Every identifier in its string constants, its keyword arguments and the attributes that it stores; nothing if the
        script does not write by name.
    """
    if not _writes_by_name(module):
        return frozenset()
    found = {place.attr for place in module.attributes if not isinstance(place.ctx, ast.Load)}
    found.update(word.arg for call in module.calls for word in call.keywords if word.arg is not None)
    found.update(
        word.arg for definition in module.classes for word in definition.keywords if word.arg is not None
    )
    for node in module.parents:
        if type(node) is ast.Constant and isinstance(node.value, str):
            found.update(_WORD.findall(node.value))
    return frozenset(found)


def replaces_print(module: Module) -> bool:
    """Say whether a script may put another ``print`` in its own place without binding the name.

    Args:
        module: the script.

    Returns:
        Whether a text, a keyword or a stored attribute says so.
    """
    if not _writes_by_name(module) or not _may_name_print(module.source.text):
        return False
    for node in nodes(module.tree):
        match node:
            case ast.Constant(value=str() as text) if text == _PRINT or _PRINT_WRITTEN.search(text):
                return True
            case ast.keyword(arg="print") | ast.Attribute(attr="print", ctx=ast.Store()):
                return True
    return False


def _writes_by_name(module: Module) -> bool:
    return any(calls_to(module, name) for name in _WRITERS) or any(
        module.attributes_of(name) for name in ("__dict__", "modules")
    )


def _may_name_print(text: str) -> bool:
    """Whether ``print`` stands in a text otherwise than to be called: the nodes need not be looked at where it does not."""
    for found in _PRINT_WORD.finditer(text):
        start, end = found.span()
        line = text.rfind("\n", 0, start) + 1
        if text[start - 1 : start] in ("'", '"', ".") or text[end : end + 1] != "(":
            return True
        if _BINDING.search(text, line, start):
            return True
    return False
