"""Which of the names that a configuration teaches as exceptions are seen to be none, so that no handler may list them.

Input: a name of ``[tool.workerlog-migrate.raises]``. Output: whether it is known to name no exception class. A handler
that lists such a name ends with a ``TypeError`` or an ``AttributeError`` when something arrives. Nothing is imported.
"""

from __future__ import annotations

import ast
import builtins
import re
import sys
import sysconfig
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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
        """Whether a name of the standard library is a module or a function, or is in none of the files of its module."""
        name = f"{owner}.{last}" if owner else last
        if not owner or _source(name) is not None or name in sys.modules or self._world.knowledge.call(name):
            return True
        text = _source(owner)
        # What only a later Python has may be there for a program that asks for a later one.
        return (
            text is not None
            and sys.version_info[:2] >= self._world.python
            and re.search(rf"\b{re.escape(last)}\b|import \*|\b__getattr__\b|\bglobals\(\)", text) is None
        )


@lru_cache(maxsize=64)
def _source(module: str) -> str | None:
    """Return the text of a module of our own Python's standard library; None where it has none."""
    stem = Path(sysconfig.get_paths()["stdlib"], *module.split("."))
    for path in (stem.with_name(stem.name + ".py"), stem / "__init__.py"):
        if path.is_file():
            return path.read_text(encoding="utf-8", errors="replace")
    return None
