"""All nodes of a tree, in the order of `ast.walk`, in half its time: which fields of a kind hold nodes is found out once."""

from __future__ import annotations

import ast

_FIELDS: dict[type[ast.AST], tuple[str, ...]] = {}
_NO_NODES = frozenset(
    {
        *(
            "arg",
            "asname",
            "attr",
            "conversion",
            "id",
            "is_async",
            "kind",
            "level",
            "lineno",
            "module",
            "simple",
        ),
        *("kwd_attrs", "tag", "type_comment", "ctx", "op", "ops"),
    }
)
_OF_TEXTS = frozenset({"names"})
_DECLARING = (ast.Global, ast.Nonlocal)
_WITH_GAPS = frozenset({"keys", "kw_defaults"})
"""Lists in which None stands for what is not written: a key of ``{**other}``, the default of a keyword-only parameter."""


def nodes(tree: ast.AST) -> list[ast.AST]:
    """List a node and all that is in it, level by level.

    Args:
        tree: any node.

    Returns:
        As `ast.walk`, but for contexts (``ast.Load``) and operators (``ast.Add``), which trees share.
    """
    found = [tree]
    add, known = found.append, _FIELDS
    for node in found:  # grows as it is gone through
        kind = type(node)
        fields = known.get(kind)
        if fields is None:
            texts = _NO_NODES | _OF_TEXTS if kind in _DECLARING else _NO_NODES
            fields = known[kind] = tuple(name for name in kind._fields if name not in texts)
        for name in fields:
            value = getattr(node, name, None)
            if type(value) is list:
                found += value if name not in _WITH_GAPS else filter(None, value)
            elif isinstance(value, ast.AST):
                add(value)
    return found
