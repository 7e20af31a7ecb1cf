"""Where a file reads things by the texts of their names: ``getattr(x, name)``, ``attrgetter(name)(x)``, ``vars(x)`` and ``x.__dict__``.

Input: a file. Output: each such place, with what it reads of, the text where there is one, and how deep in what stands there the thing lies.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from workerlog_migrate.analysis.program import ClassInfo
from workerlog_migrate.analysis.taken import calls_to, written
from workerlog_migrate.syntax.literals import last_name, may_mention, may_spell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from workerlog_migrate.analysis.module import Module
    from workerlog_migrate.analysis.values import Value

READERS_BY_TEXT = ("getattr", "attrgetter", "vars", "__dict__", "run_path")
RUNNING = ("exec", "eval", "resolve_name")
"""What is given a text that may name something of another file, which it imports itself."""
_PAIR = 2


class ReadByText(NamedTuple):
    """One place.

    Attributes:
        thing: what is read of.
        named: the text of the name; None where all are read.
        place: what gives it.
        deeper: 0 where that is the thing read, 1 where it holds it.
    """

    thing: ast.expr
    named: ast.expr | None
    place: ast.expr
    deeper: int


def read_by_text(module: Module) -> tuple[ReadByText, ...]:
    """Return where a file reads by texts; each file is gone through once.

    Args:
        module: the file.
    """
    known: tuple[ReadByText, ...] | None = module.remembered.get(read_by_text)
    if known is None:
        known = module.remembered[read_by_text] = tuple(_found(module))
    return known


def texts_of(module: Module) -> tuple[ast.Call, ...]:
    """Return the calls of a file that run a text or resolve the name in one, so far as the text tells what it names.

    Args:
        module: the file.
    """
    known: tuple[ast.Call, ...] | None = module.remembered.get(texts_of)
    if known is None:
        calls = (call for word in RUNNING for call in calls_to(module, word) if call.args)
        known = module.remembered[texts_of] = tuple(
            call for call in calls if last_name(call.func) == "resolve_name" or _imports(_text_of(call))
        )
    return known


def may_use(call: ast.Call, name: str) -> bool | None:
    """Whether what a call resolves is what has a name (``resolve_name("shop:half")``); None where its text may do anything with that.

    Args:
        call: of `texts_of`.
        name: the name.
    """
    text = _text_of(call)
    is_resolved = text is not None and last_name(call.func) == "resolve_name"
    if is_resolved and str(text).replace(":", ".").rpartition(".")[2] == name:
        return True
    return None if text is None or may_mention(ast.Constant(text), name) else False


def _text_of(call: ast.Call) -> str | None:
    """Return the text that a call runs or resolves; None where it is not written there."""
    given: ast.expr | None = call.args[0] if call.args else None
    if isinstance(given, ast.Call) and last_name(given.func) == "compile" and given.args:
        given = given.args[0]
    return given.value if isinstance(given, ast.Constant) and isinstance(given.value, str) else None


def _imports(text: str | None) -> bool:
    return text is not None and "import" in text


def may_be_read(read: ReadByText, name: str) -> bool:
    """Whether a place may read a name.

    Args:
        read: the place.
        name: the name.
    """
    return read.named is None or may_spell(read.named, name)


def may_have(
    value: Value, name: str, family: Callable[[ClassInfo], tuple[ClassInfo | str | None, ...]]
) -> bool:
    """Whether something is an object of a class of the program that holds data under a name.

    Args:
        value: what it may be.
        name: the name.
        family: gives a class and its bases.
    """
    return any(
        isinstance(owner, ClassInfo)
        and (name in owner.stores or name in owner.values or name in owner.annotations)
        for entry in value
        if entry.class_or_none is not None
        for owner in family(entry.class_info)
    )


def _found(module: Module) -> Iterator[ReadByText]:
    parents = module.parents
    for call in calls_to(module, "getattr"):
        if len(call.args) >= _PAIR:
            yield ReadByText(call.args[0], call.args[1], written(module, call), 0)
    for maker in (written(module, each) for each in calls_to(module, "attrgetter")):
        outer = parents.get(maker)
        if isinstance(outer, ast.Call) and outer.func is maker and outer.args and len(maker.args) == 1:
            yield ReadByText(outer.args[0], maker.args[0], outer, 0)
    tables: list[tuple[ast.expr, ast.expr]] = [
        (written(module, call), call.args[0]) for call in calls_to(module, "vars") if len(call.args) == 1
    ]
    tables += [(place, place.value) for place in module.attributes_of("__dict__")]
    tables += [(call, call) for call in module.calls_of("run_path")]  # the names of what it ran
    for table, thing in tables:
        named: ast.expr | None = None
        match parents.get(table):
            case ast.Subscript(slice=key, ctx=ast.Load()):
                named = key
            case ast.Subscript() | ast.keyword(arg=None) | ast.FormattedValue() | ast.Compare():
                continue
            case ast.Attribute(attr="get" | "pop" | "setdefault") as method:
                call_of = parents.get(method)
                if isinstance(call_of, ast.Call) and call_of.args:
                    named = call_of.args[0]
            case ast.Attribute(attr="update" | "keys" | "copy" | "clear"):
                continue
            case ast.Call(func=called) if last_name(called) in _ONLY_SHOWING:
                continue
        yield ReadByText(thing, named, table, 1)


_ONLY_SHOWING = frozenset(
    {"print", "repr", "str", "len", "dumps", "pformat", "pprint", "sorted", "dict", "bool"}
)
