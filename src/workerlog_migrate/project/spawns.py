"""What does a Python file start in processes of its own, and what does it copy elsewhere? From its syntax tree to names and paths.

A command is a list or the arguments of a call (``[sys.executable, *OPTIONS, "-m", name]``), put together from names and sums of
the same file as far as they are written there. Nothing is executed.
"""

from __future__ import annotations

import ast
import itertools
import re
from typing import TYPE_CHECKING, NamedTuple

from workerlog_migrate.syntax.literals import last_name
from workerlog_migrate.syntax.nodes import nodes

if TYPE_CHECKING:
    from collections.abc import Iterator

_ISOLATED = re.compile(r"-[bBdEiOqRsSuvx]*[IP][bBdEiIOPqRsSuvx]*")
_MODULE_FLAG = re.compile(r"-[A-Za-z]*m")
_MADE = re.compile(r"(?:^|\s)-[A-Za-z]*m\s+[\"']?(?:[A-Za-z_][\w.]*\.)?(?:$|[%{$])")
"""The beginning of a command line up to a module's name that is filled in."""

_COPIERS = frozenset({"copy", "copy2", "copyfile", "move"})
_OTHER_ENDING = re.compile(r"\.(?!pyw?$)[A-Za-z]\w*$")
# A dash is searched for, and then what stands before it: a search for either quote or any white space would stop at each word.
_FLAG = re.compile(r"-(?<=[\"'\s]-)[A-Za-z]*[mIP][\"'\s]")
_OTHERS = (
    (("copy(", "copy2(", "copyfile(", "move("), re.compile(r"\b(?:copy2?|copyfile|move)\(")),
    (("py_modules", "scripts"), re.compile(r"\bpy_modules\b|\bscripts\s*=")),
)
_DEEP = 4


class Spawns(NamedTuple):
    """What a file starts and copies.

    Attributes:
        makes_module_name: an interpreter is given ``-m`` and a name that is put together while the program runs.
        isolated: expressions that follow ``-I`` or ``-P`` in a command.
        copied: expressions for files that are copied elsewhere and may be started there.
        installed: files and modules that a distribution lists one by one.
    """

    makes_module_name: bool = False
    isolated: tuple[ast.expr, ...] = ()
    copied: tuple[ast.expr, ...] = ()
    installed: tuple[str, ...] = ()


def find_spawns(tree: ast.Module, text: str) -> Spawns:
    """Find what a file starts and copies.

    Args:
        tree: of the file.
        text: of the file.

    Returns:
        What was found; nothing is looked at in a file whose text has no word of it.
    """
    if not _may_tell(text):
        return Spawns()
    every = [node for node in nodes(tree) if type(node) in _TELLING]
    assigned = _assigned(every)
    isolated: list[ast.expr] = []
    copied: list[ast.expr] = []
    installed: list[str] = []
    is_made = False
    for node in every:
        match node:
            case ast.List() | ast.Tuple() | ast.Call() | ast.BinOp(op=ast.Add()):
                items = list(_items(node, assigned))
                isolated += _after_flag(items)
                is_made = is_made or _makes_name(items)
            case ast.JoinedStr() | ast.Constant(value=str()):
                is_made = is_made or _is_made_text(node)
        if isinstance(node, ast.Call):
            copied += _copied(node)
            installed += _installed(node)
    if "worker_logger" in text:  # the runtime goes along
        return Spawns(is_made, tuple(isolated))
    starts_python = "sys.executable" in text or re.search(r"[\"'\s/]python", text) is not None
    return Spawns(is_made, tuple(isolated), tuple(copied) if starts_python else (), tuple(installed))


_TELLING = frozenset({ast.List, ast.Tuple, ast.Call, ast.BinOp, ast.JoinedStr, ast.Constant, ast.Assign})


def _may_tell(text: str) -> bool:
    return _FLAG.search(text) is not None or any(
        any(word in text for word in words) and pattern.search(text) is not None for words, pattern in _OTHERS
    )


def _assigned(every: list[ast.AST]) -> dict[str, ast.expr]:
    return {
        target.id: node.value
        for node in every
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _items(node: ast.expr, assigned: dict[str, ast.expr], depth: int = 0) -> Iterator[ast.expr]:
    """Give the words of a command, those of lists that are unpacked or added among them."""
    if depth > _DEEP:
        return
    match node:
        case ast.List(elts=elts) | ast.Tuple(elts=elts):
            parts = elts
        case ast.Call(args=args) if depth == 0:
            parts = args
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            yield from _items(left, assigned, depth + 1)
            yield from _items(right, assigned, depth + 1)
            return
        case ast.Name(id=name) if depth and name in assigned:
            yield from _items(assigned[name], assigned, depth + 1)
            return
        case _:
            yield node
            return
    for each in parts:
        if isinstance(each, ast.Starred):
            yield from _items(each.value, assigned, depth + 1)
        else:
            yield each


def _after_flag(items: list[ast.expr]) -> Iterator[ast.expr]:
    """Give what follows a flag that keeps Python from looking beside a script; ``grep -I`` is another program's."""
    for at, each in enumerate(items):
        if not (isinstance(each, ast.Constant) and isinstance(each.value, str)):
            continue
        if _ISOLATED.fullmatch(each.value):
            before = [item.value if isinstance(item, ast.Constant) else None for item in items[:at]]
            if not before or any(not isinstance(text, str) or "py" in text for text in before):
                yield from items[at + 1 :]
            return


def _makes_name(items: list[ast.expr]) -> bool:
    return any(
        isinstance(flag, ast.Constant)
        and isinstance(flag.value, str)
        and _MODULE_FLAG.fullmatch(flag.value) is not None
        and not isinstance(name, ast.Constant)
        for flag, name in itertools.pairwise(items)
    )


def _is_made_text(node: ast.expr) -> bool:
    match node:
        case ast.Constant(value=str() as text):
            return "-" in text and ("%" in text or "{" in text) and _MADE.search(text) is not None
        case ast.JoinedStr(values=values):
            return any(
                isinstance(part, ast.Constant)
                and isinstance(part.value, str)
                and isinstance(filled, ast.FormattedValue)
                and (found := _MADE.search(part.value)) is not None
                and found.end() == len(part.value)
                for part, filled in itertools.pairwise(values)
            )
    return False


def _copied(call: ast.Call) -> Iterator[ast.expr]:
    """Give the file that a call copies, unless the copy's name has the ending of a backup."""
    name = last_name(call.func)
    if name not in _COPIERS or not call.args:
        return
    to = [each.value for node in call.args[1:2] for each in ast.walk(node) if isinstance(each, ast.Constant)]
    if not any(isinstance(text, str) and _OTHER_ENDING.search(text) for text in to):
        yield call.args[0]


def _installed(call: ast.Call) -> Iterator[str]:
    for keyword in call.keywords:
        if keyword.arg not in ("py_modules", "scripts") or not isinstance(
            keyword.value, ast.List | ast.Tuple
        ):
            continue
        for each in keyword.value.elts:
            if isinstance(each, ast.Constant) and isinstance(each.value, str):
                yield f"{each.value}.py" if keyword.arg == "py_modules" else each.value
