"""Which attributes may a file use of objects that others hand to it, and which has what it defines itself?

Input: the tree of a file. Output: names. A file need not import the class of what it is handed: ``def clear(x): x.name = None``. What it
made itself, its own ``self``, and modules are nobody else's, so that their attributes do not count.
"""

from __future__ import annotations

import ast
import sys
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

SETS = "="
"""Stands before the name of an attribute that is set or deleted."""

BY_TEXT = frozenset(
    {
        "setattr",
        "delattr",
        "getattr",
        "vars",
        "attrgetter",
        "methodcaller",
        "__dict__",
        "__setattr__",
        "type",
        "__class__",
        "class",
    }
)
"""What uses an attribute whose name no one need be able to read there."""

DERIVES = "class"
"""Stands among the names for a file that may make an heir of a class that it is handed."""

_SENDING = frozenset({"send", "asend"})
_TELLING = frozenset(
    {ast.Attribute, ast.Call, ast.Import, ast.ImportFrom, ast.ClassDef, ast.Name, ast.arg, ast.Assign}
)
_OWN = frozenset({"self", "cls"})
_NEW = frozenset({"str", "repr", "open", "int", "float", "bytes", "super", "list", "dict", "set", "len", "input", "print"})  # fmt: skip


def offered(tree: ast.Module, every: list[ast.AST]) -> tuple[str, ...]:
    """Name the attributes of what a file defines: names of the module and of classes, and what it stores in ``self`` and in other objects.

    Args:
        tree: of the file.
        every: all that is in the tree.
    """
    found: set[str] = set()
    _define(tree.body, found)
    for node in every:
        if type(node) is ast.ClassDef:
            _define(node.body, found)
        elif type(node) is ast.Attribute and type(node.ctx) is not ast.Load:
            found.add(node.attr)
    if _takes_what_is_sent(every):
        found |= _SENDING
    return tuple(sorted(name for name in found if not name.startswith("__")))


def touched(every: list[ast.AST]) -> tuple[str, ...]:
    """Name the attributes that a file uses of what it may have been handed, and of `BY_TEXT` what it calls for that.

    Args:
        every: all that is in the tree of the file.

    Returns:
        The names; one that is set has `SETS` before it.
    """
    known = _Known(every)
    found: set[str] = set()
    for node in known.attributes:
        if node.value in known.methods_without_class or not known.is_own(node.value):
            found.add(node.attr if type(node.ctx) is ast.Load else f"{SETS}{node.attr}")
    for call in known.calls:
        func = call.func
        if isinstance(func, ast.Call) and isinstance(func.func, ast.Name) and func.func.id == "type":
            found.add(func.func.id)  # type(x)(...)
        word = func.id if isinstance(func, ast.Name) else func.attr if isinstance(func, ast.Attribute) else ""
        if word in BY_TEXT and word != "type" and not (call.args and known.is_own(call.args[0])):
            found.add(word)
    if derives_from_handed(every):
        found.add(DERIVES)
    return tuple(sorted(found))


def derives_from_handed(every: list[ast.AST]) -> bool:
    """Whether a file may make an heir of a class that it is handed: ``class Logged(base)`` or ``type(name, (base,), {})`` of a parameter.

    Args:
        every: all that is in the tree of the file.
    """
    bases: set[str] = set()
    for node in every:
        match node:
            case ast.ClassDef(bases=[_, *_] as given):
                bases.update(base.id for base in given if isinstance(base, ast.Name))
            case ast.Call(
                func=ast.Name(id="type" | "new_class" | "make_dataclass") | ast.Attribute(attr="new_class"),
                args=[_, ast.Tuple(elts=given), *_],
            ):
                bases.update(base.id for base in given if isinstance(base, ast.Name))
    return bool(bases) and any(type(node) is ast.arg and node.arg in bases for node in every)


class _Known:
    """What a file has not been handed, as its text tells.

    Attributes:
        attributes: all attributes of the file.
        calls: all its calls.
        methods_without_class: where functions that stand in no class read their ``self``: a class may be given them as methods.
    """

    def __init__(self, every: list[ast.AST]) -> None:
        self.attributes: list[ast.Attribute] = []
        self.calls: list[ast.Call] = []
        self._library: set[str] = set()
        self._modules: set[str] = set()
        self._made: set[str] = set()
        bound: list[str] = []
        own: list[int] = []
        makings: list[str] = []
        for node in every:
            if type(node) not in _TELLING:
                continue
            match node:
                case ast.Name(id=name, ctx=context):
                    if name in _OWN:
                        own.append(node.lineno)
                    if type(context) is ast.Store:
                        bound.append(name)
                case ast.Attribute():
                    self.attributes.append(node)
                case ast.Call():
                    self.calls.append(node)
                case ast.Import():
                    for alias in node.names:
                        name = alias.asname or alias.name.partition(".")[0]
                        is_library = alias.name.partition(".")[0] in sys.stdlib_module_names
                        (self._library if is_library else self._modules).add(name)
                case ast.ImportFrom():
                    is_library = (
                        not node.level and (node.module or "").partition(".")[0] in sys.stdlib_module_names
                    )
                    for alias in node.names:
                        if is_library:
                            self._library.add(alias.asname or alias.name)
                        elif _is_class_like(alias.name):
                            self._modules.add(alias.asname or alias.name)
                case ast.ClassDef(name=name):
                    self._made.add(name)
                case ast.arg(arg=name):
                    bound.append(name)
                case ast.Assign(targets=[ast.Name(id=name)], value=value) if _makes(value):
                    makings.append(name)
        others = set(Counter(bound) - Counter(makings))
        self._made |= set(makings)
        self.methods_without_class = {
            node
            for statement in getattr(every[0], "body", ())
            if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef)
            and any(statement.lineno <= line <= (statement.end_lineno or line) for line in own)
            for node in _of_functions(statement)
            if _is_own(node)
        }
        for names in (self._library, self._modules, self._made):
            names -= others

    def is_own(self, node: ast.expr) -> bool:
        """Whether an expression gives nothing that the file was handed."""
        if isinstance(node, ast.Name):
            return (
                node.id in _OWN
                or node.id in self._library
                or node.id in self._modules
                or node.id in self._made
            )
        if isinstance(node, ast.Constant | ast.JoinedStr | ast.BinOp):
            return True
        return _makes(node) or self._root(node) in self._library

    def _root(self, node: ast.expr) -> str:
        """Return the name that an attribute of an attribute begins with."""
        while isinstance(node, ast.Attribute):
            node = node.value
        return node.id if isinstance(node, ast.Name) else ""


def _takes_what_is_sent(every: list[ast.AST]) -> bool:
    """Whether a generator of the file uses what a ``yield`` gives: who is handed it may send it something."""
    given = {node for node in every if type(node) is ast.Yield}
    return bool(given) and not given <= {node.value for node in every if type(node) is ast.Expr}


def _of_functions(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what is in a function, but not in a class in it."""
    pending = [node]
    while pending:
        for child in ast.iter_child_nodes(pending.pop()):
            if not isinstance(child, ast.ClassDef):
                pending.append(child)
                yield child


def _define(body: list[ast.stmt], found: set[str]) -> None:
    pending = body[::-1]
    while pending:
        statement = pending.pop()
        match statement:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                found.add(name)
            case ast.Assign(targets=targets):
                found.update(
                    name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)
                )
            case ast.AnnAssign(target=ast.Name(id=name)):
                found.add(name)
            case ast.If() | ast.Try() | ast.With():
                pending.extend(each for each in ast.iter_child_nodes(statement) if isinstance(each, ast.stmt))


def _is_own(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id in _OWN


def _makes(node: ast.expr) -> bool:
    """Whether an expression is a call that makes a new object, as the name of what is called tells."""
    if not isinstance(node, ast.Call):
        return isinstance(node, ast.List | ast.Dict | ast.Set | ast.ListComp | ast.DictComp | ast.SetComp)
    match node.func:
        case ast.Name(id=name):
            return name in _NEW or _is_class_like(name)
        case ast.Attribute(attr=name):
            return _is_class_like(name)
    return False


def _is_class_like(name: str) -> bool:
    """Whether a name is written as those of classes are: a capital, and small letters."""
    return name[:1].isupper() and not name.isupper()
