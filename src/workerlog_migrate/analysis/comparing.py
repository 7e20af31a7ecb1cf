"""Which objects of classes of the program fail when they are compared by order or used as keys.

Input: a class. Output: whether the order that a data class is given may meet fields that have none, and whether the class has no hash.
Of a class with a base that is not known, or a decorator that is not one of data classes, nothing is said.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from workerlog_migrate.analysis.program import ClassInfo
from workerlog_migrate.syntax.literals import maker_name

if TYPE_CHECKING:
    from workerlog_migrate.analysis.families import Families
    from workerlog_migrate.analysis.writes import Writes

_ORDERED = frozenset(
    {"int", "float", "bool", "str", "bytes", "date", "datetime", "time", "timedelta", "Decimal", "Fraction"}
)
_NUMBERS = frozenset({"int", "float", "bool"})
_UNHASHABLE = re.compile(
    r"\b(?:[Ll]ist|[Dd]ict|[Ss]et|bytearray|object|Any|[Dd]efault[Dd]ict|[Dd]eque|Mutable\w+|Mapping)\b"
)
_NO_FIELDS = re.compile(r"\b(?:ClassVar|KW_ONLY)\b")


class Comparing:
    """Answers for one program.

    Args:
        families: bases of classes.
        writes: what is put into attributes.
    """

    def __init__(self, families: Families, writes: Writes) -> None:
        self._families = families
        self._writes = writes

    def is_data(self, info: ClassInfo) -> bool:
        """Whether a class is a data class, and nothing else is done to it."""
        decorators = info.node.decorator_list
        return len(decorators) == 1 and maker_name(decorators[0]) == "dataclass"

    def has_mixed_order(self, info: ClassInfo) -> bool:
        """Whether a data class has an order that fails where two fields of a name are of other types, or have no order."""
        return (
            self.is_data(info)
            and is_asked_for(info.node, "order")
            and any(
                self._is_mixed(info, name, ast.unparse(annotation).strip("'\"").rpartition(".")[2])
                for name, annotation in self._fields(info, "compare")
            )
        )

    def _is_mixed(self, info: ClassInfo, name: str, declared: str) -> bool:
        """Whether the fields of a name may be of types that have no order among them, by the annotation or by what is put there."""
        given = {entry.name.rpartition(".")[2] for entry in self._writes.attribute_written(info, name)}
        alike = _NUMBERS if declared in _NUMBERS else {declared}
        return declared not in _ORDERED or not given <= alike

    def is_unhashable(self, info: ClassInfo) -> bool:
        """Whether an object cannot be a key: its class has ``__eq__`` alone, or a field that cannot be one."""
        for owner in self._families.family(info):
            if not isinstance(owner, ClassInfo):
                return False
            if "__hash__" in owner.methods or "__hash__" in owner.values:
                written = owner.values.get("__hash__")
                return isinstance(written, ast.Constant) and written.value is None
            if self.is_data(owner):
                if is_denied(owner.node, "eq"):
                    continue
                if not (is_asked_for(owner.node, "frozen") or is_asked_for(owner.node, "unsafe_hash")):
                    return True
                return any(
                    _UNHASHABLE.search(ast.unparse(annotation))
                    for _, annotation in self._fields(owner, "hash", "compare")
                )
            if owner.node.decorator_list or owner.node.keywords:
                return False
            if "__eq__" in owner.methods:
                return True
        return False

    def _fields(self, info: ClassInfo, *asked: str) -> Iterator[tuple[str, ast.expr]]:
        """Yield the names and annotations of the fields that count: ``field(compare=False)`` does not."""
        for owner in self._families.family(info):
            if not isinstance(owner, ClassInfo):
                continue
            for name, annotation in owner.annotations.items():
                value = owner.values.get(name)
                made = value.keywords if isinstance(value, ast.Call) else []
                is_out = any(
                    word.arg in asked and isinstance(word.value, ast.Constant) and word.value.value is False
                    for word in made
                )
                if not is_out and not _NO_FIELDS.search(ast.unparse(annotation)):
                    yield name, annotation


def is_asked_for(node: ast.ClassDef, name: str) -> bool:
    """Whether a keyword of the decorator of a data class is given, and not false."""
    return any(word.arg == name and not _is_false(word.value) for word in _keywords(node))


def is_denied(node: ast.ClassDef, name: str) -> bool:
    """Whether a keyword of the decorator of a data class is given as false."""
    return any(word.arg == name and _is_false(word.value) for word in _keywords(node))


def _keywords(node: ast.ClassDef) -> Iterator[ast.keyword]:
    for decorator in node.decorator_list:
        if isinstance(decorator, ast.Call):
            yield from decorator.keywords


def _is_false(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and not node.value
