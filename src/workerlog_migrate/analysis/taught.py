"""Which of the names that a configuration teaches as exceptions are seen to be none, so that no handler may list them.

Input: a name of ``[tool.workerlog-migrate.raises]``. Output: whether it is known to name no exception class. A handler
that lists such a name ends with a ``TypeError`` or an ``AttributeError`` when something arrives. Nothing is imported.
"""

from __future__ import annotations

import ast
import builtins
import sys
import sysconfig
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workerlog_migrate.analysis.families import Families
    from workerlog_migrate.analysis.program import Unit
    from workerlog_migrate.analysis.world import World

_BUILTINS = "builtins."


class Taught:
    """Answers for one program.

    The arguments are the parts of the analysis that it asks.
    """

    def __init__(self, world: World, families: Families) -> None:
        self._world = world
        self._families = families
        self._answers: dict[str, bool] = {}

    def is_none(self, name: str) -> bool:
        """Whether a name is known to name no exception class; a name of a library that is not seen is believed.

        Args:
            name: as the configuration gives it: ``OSError``, ``json.JSONDecodeError``, ``helper.Refused``.
        """
        if name not in self._answers:
            self._answers[name] = self._is_none(name)
        return self._answers[name]

    def _is_none(self, name: str) -> bool:
        plain = name.removeprefix(_BUILTINS)
        owner, _, last = plain.rpartition(".")
        if not owner and any(node.name == plain for node in self._world.unit.module.classes):
            return False
        hierarchy = self._world.hierarchy
        if hierarchy.is_exception(hierarchy.canonical(plain)):
            return False
        if not owner and hasattr(builtins, plain):
            return True
        top = plain.partition(".")[0]
        if owner and self._world.may_be_own(top, plain):
            unit = self._world.other_unit(owner)
            return unit is not None and self._is_other_class(unit, last)
        return top in sys.stdlib_module_names and self._is_other_standard_name(owner, last)

    def _is_other_class(self, unit: Unit, name: str) -> bool:
        """Whether a file of the program defines a class once, all bases of which are seen and none an exception."""
        module = unit.module
        found = module.lookup(name, module.scope(module.tree))
        node = found[1][0].node if found is not None and len(found[1]) == 1 else None
        if not isinstance(node, ast.ClassDef) or node not in module.tree.body or node.decorator_list:
            return False
        info = unit.class_info(node)
        return not self._families.has_unknown_base(info) and self._families.exception_name(info) is None

    def _is_other_standard_name(self, owner: str, last: str) -> bool:
        """Whether a name of the standard library is a module or a function, or no class in the files of its module."""
        name = f"{owner}.{last}" if owner else last
        if not owner or _source(name) is not None or name in sys.modules or self._world.knowledge.call(name):
            return True
        # What only a later Python has may be there for a program that asks for a later one.
        is_ours = sys.version_info[:2] >= self._world.python
        return is_ours and _source(owner) is not None and not defines_exception(owner, last)


@lru_cache(maxsize=64)
def defines_exception(module: str, name: str, depth: int = 0) -> bool:
    """Whether the source of a standard module is seen to bind a name to an exception class, or to a tuple of some.

    What else stands there may be anything: a name alone is no reason to import ``unittest.__main__``, which runs the tests of
    the current folder.

    Args:
        module: of our own Python's standard library.
        name: what it is asked for.
        depth: through how many modules and names this was followed.
    """
    text = _source(module) if depth < _DEEPEST else None
    if text is None:
        return False
    tree = ast.parse(text)
    return any(_is_exception(value, module, tree, depth) for value in _bound_to(tree, name)) or any(
        defines_exception(other, known, depth + 1) for other, known in _imported_as(tree, module, name)
    )


_DEEPEST = 6


def _at_top(tree: ast.Module) -> Iterator[ast.stmt]:
    """Give what runs as a module is loaded, also under ``if`` and ``try``."""
    waiting = list(reversed(tree.body))
    while waiting:
        statement = waiting.pop()
        yield statement
        for field in ("body", "orelse", "handlers", "finalbody"):
            inner = getattr(statement, field, ())
            if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                waiting += inner


def _bound_to(tree: ast.Module, name: str) -> Iterator[ast.expr]:
    """Give what a module's name stands for: the bases of a class, or a value."""
    for statement in _at_top(tree):
        match statement:
            case ast.ClassDef(name=each, bases=bases) if each == name:
                yield from bases
            case ast.Assign(targets=targets, value=value):
                if any(isinstance(each, ast.Name) and each.id == name for each in targets):
                    yield value


def _is_exception(node: ast.expr, module: str, tree: ast.Module, depth: int) -> bool:
    match node:
        case ast.Tuple(elts=[_, *_]):
            return all(_is_exception(each, module, tree, depth) for each in node.elts)
        case ast.Name(id=name):
            found = getattr(builtins, name, None)
            if isinstance(found, type) and issubclass(found, BaseException):
                return not any(True for _ in _bound_to(tree, name))
            return defines_exception(module, name, depth + 1)
        case ast.Attribute(value=ast.Name(id=other), attr=name):
            return defines_exception(other, name, depth + 1)
    return False


def _imported_as(tree: ast.Module, module: str, name: str) -> Iterator[tuple[str, str]]:
    """Give the modules, and the names in them, from which a module may have a name."""
    package = module if _is_package(module) else module.rpartition(".")[0]
    for statement in _at_top(tree):
        if isinstance(statement, ast.ImportFrom):
            above = (
                package.split(".")[: len(package.split(".")) - statement.level + 1] if statement.level else []
            )
            source = ".".join((*above, *filter(None, (statement.module,))))
            for alias in statement.names:
                if alias.name == "*":
                    yield source, name
                elif (alias.asname or alias.name) == name:
                    yield source, alias.name


def _is_package(module: str) -> bool:
    return Path(sysconfig.get_paths()["stdlib"], *module.split("."), "__init__.py").is_file()


@lru_cache(maxsize=64)
def _source(module: str) -> str | None:
    """Return the text of a module of our own Python's standard library; None where it has none."""
    stem = Path(sysconfig.get_paths()["stdlib"], *module.split("."))
    for path in (stem.with_name(stem.name + ".py"), stem / "__init__.py"):
        if path.is_file():
            return path.read_text(encoding="utf-8", errors="replace")
    return None
