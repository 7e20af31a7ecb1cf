"""What a name holds that the pattern of a ``case`` captures.

Input: the pattern that binds the name. Output: its value, by the place of the pattern in the subject and by the classes that it asks for.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from workerlog_migrate.analysis import values
from workerlog_migrate.analysis.values import ANY, JSON, STR, Value

if TYPE_CHECKING:
    from workerlog_migrate.analysis.above import Above
    from workerlog_migrate.analysis.elements import Elements
    from workerlog_migrate.analysis.families import Families
    from workerlog_migrate.analysis.program import Unit


def captured(node: ast.pattern, unit: Unit, above: Above, elements: Elements, families: Families) -> Value:
    """Return what a pattern binds its name to.

    Args:
        node: ``x``, ``*x``, ``... as x``, or a mapping with ``**x``.
        unit: its file.
        above: evaluates the subject.
        elements: says what containers hold.
        families: gives the instances of a class of the program.
    """
    return _Captures(unit, above, elements, families).bound(node)


class _Captures:
    """The walk from a pattern up to its subject."""

    def __init__(self, unit: Unit, above: Above, elements: Elements, families: Families) -> None:
        self._unit = unit
        self._above = above
        self._elements = elements
        self._families = families

    def bound(self, node: ast.pattern) -> Value:
        """Return what a pattern binds its name to."""
        subject = self._subject(node)
        match node:
            case ast.MatchStar():
                return values.one("list", self._elements.element(subject, self._unit))
            case ast.MatchMapping():
                return values.one(
                    "dict", self._elements.element(subject, self._unit), self._elements.dict_values(subject)
                )
            case ast.MatchAs(pattern=ast.pattern() as inner):
                return self._fitting(inner, subject)
        return subject

    def _subject(self, node: ast.pattern) -> Value:
        """Return what a pattern is compared with."""
        parent = self._unit.module.parents[node]
        match parent:
            case ast.match_case():
                statement = self._unit.module.parents[parent]
                assert isinstance(statement, ast.Match)
                return self._above.flat.value(statement.subject, self._unit)
            case ast.MatchAs() | ast.MatchOr():
                return self._subject(parent)
            case ast.MatchSequence(patterns=patterns):
                whole = _without(_NO_SEQUENCES, self._subject(parent))
                if isinstance(node, ast.MatchStar):
                    return whole
                has_star = any(isinstance(each, ast.MatchStar) for each in patterns)
                return self._elements.item(whole, patterns.index(node), None if has_star else len(patterns))
            case ast.MatchMapping():
                return self._elements.dict_values(_without(_NO_MAPPINGS, self._subject(parent)))
            case ast.MatchClass(patterns=[only]) if only is node:
                return self._of_class(parent, self._subject(parent), is_itself=True)
        return ANY

    def _fitting(self, pattern: ast.pattern, subject: Value) -> Value:
        """Return the part of a subject that a pattern lets through."""
        match pattern:
            case ast.MatchClass():
                return self._of_class(pattern, subject, is_itself=False)
            case ast.MatchOr(patterns=patterns):
                return values.join(self._fitting(each, subject) for each in patterns)
            case ast.MatchAs(pattern=ast.pattern() as inner):
                return self._fitting(inner, subject)
        return subject

    def _of_class(self, pattern: ast.MatchClass, subject: Value, *, is_itself: bool) -> Value:
        """Return the instances of the class of a pattern; ``is_itself``: what its one positional part is compared with."""
        found: list[Value] = []
        for entry in self._above.flat.value(pattern.cls, self._unit):
            if entry.kind is values.CLASS and not is_itself:
                found.append(self._families.instances(entry.class_info))
            elif entry.kind is values.DOTTED and entry.dotted in _ITSELF:
                fitting = frozenset(each for each in subject if each.name == entry.dotted)
                if values.may_be_decoded(subject):
                    fitting |= _DECODED.get(entry.dotted, values.one(entry.dotted))
                found.append(fitting or _ITSELF[entry.dotted])
            else:
                found.append(ANY)
        return values.join(found) or ANY


def _without(names: frozenset[str], value: Value) -> Value:
    return frozenset(entry for entry in value if entry.name not in names)


_PLAIN = frozenset({"None", "bool", "bytearray", "bytes", "float", "frozenset", "int", "set", "str"})
_NO_SEQUENCES = _PLAIN | {"dict"}
_NO_MAPPINGS = _PLAIN | {"list", "tuple"}
"""What a pattern in brackets, or in braces, never lets through (PEP 634)."""
_ITSELF = {
    **{name: values.one(name) for name in ("bool", "bytes", "bytearray", "float", "int", "str")},
    **{name: values.one(name, ANY) for name in ("frozenset", "list", "set")},
    "dict": values.one("dict", ANY, ANY),
    "tuple": values.one("tuple", ANY, ref=values.ANY_LENGTH),
}
"""The classes whose one positional part is the subject itself (PEP 634)."""
_DECODED = {"dict": values.one("dict", STR, JSON), "list": values.one("list", JSON)}
