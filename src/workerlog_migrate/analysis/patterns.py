"""What the groups of a pattern that the program itself writes are in a match: a text, or None where a group need not take part.

Input: what a row of ``re`` gives, the pattern, the groups that are asked for. Output: the value with what is known of the groups.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from workerlog_migrate.analysis import values
from workerlog_migrate.analysis.values import NONE, STR, Value
from workerlog_migrate.syntax.patterns import Groups, groups_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workerlog_migrate.analysis.arguments import Arguments
    from workerlog_migrate.analysis.written import Written
    from workerlog_migrate.knowledge import CallRow


class Patterns:
    """Answers for one program.

    The arguments are the parts of the analysis that it asks.
    """

    def __init__(self, written: Written) -> None:
        self._written = written
        self._known: dict[str, Groups | None] = {}

    def matched(self, value: Value, row: CallRow, arguments: Arguments, receiver: Value | None) -> Value:
        """Return what a row gives, with the groups of the pattern that it is made of or matched against."""
        found = set(self._groups(row, arguments, receiver))
        groups = found.pop() if len(found) == 1 else None
        return values.with_groups(value, groups)

    def _groups(self, row: CallRow, arguments: Arguments, receiver: Value | None) -> Iterator[Groups | None]:
        for node in arguments.find("pattern", row.params):
            written = self._written.constant(node, arguments)
            text = written.value if written is not None else None
            if isinstance(text, str):
                if text not in self._known:
                    self._known[text] = groups_of(text)
                yield self._known[text]
            else:
                yield from (entry.groups for entry in arguments.value(node))
        if "pattern" not in row.params:
            yield from (entry.groups for entry in receiver or ())

    def asked(self, value: Value, arguments: Arguments, receiver: Value) -> Value:
        """Return what a method gives that asks a match for its groups.

        Args:
            value: what its row gives: a text, a tuple for all groups, a dict for those with names.
            arguments: of the call.
            receiver: the match.
        """
        groups = next((entry.groups for entry in receiver if entry.groups is not None), None)
        if groups is None:
            return value
        nodes = [*arguments.positional, *arguments.keywords.values()]
        kinds = values.names(value)
        if "tuple" in kinds or "dict" in kinds:
            missing = values.join(arguments.value(node) for node in nodes) if nodes else NONE
            parts = [STR if each.is_sure else STR | missing for each in groups.groups]
            named = [
                part for part, each in zip(parts, groups.groups, strict=True) if each.name or "tuple" in kinds
            ]
            if "dict" in kinds:
                return values.one("dict", STR, values.join(named) or STR)
            return values.one("tuple", *named) if named else value
        made = [_one(groups, node) for node in nodes]
        return values.one("tuple", *made) if len(made) > 1 else values.join(made) or value

    def is_missed(self, arguments: Arguments, receiver: Value) -> bool:
        """Say whether a group is asked for that the pattern has not.

        Args:
            arguments: of the call.
            receiver: the match.
        """
        keys = [node.value for node in arguments.positional if isinstance(node, ast.Constant)]
        return any(entry.groups is not None and any(map(entry.groups.lacks, keys)) for entry in receiver)


def misses(entry: values.Type, index: ast.expr) -> bool:
    """Say the same of ``match[index]``."""
    return entry.groups is not None and isinstance(index, ast.Constant) and entry.groups.lacks(index.value)


def item(entry: values.Type, index: ast.expr) -> Value | None:
    """Return ``match[index]``; None where nothing is known of the groups."""
    return None if entry.groups is None else _one(entry.groups, index)


def _one(groups: Groups, node: ast.expr) -> Value:
    if isinstance(node, ast.Constant):
        return STR if groups.is_sure(node.value) else STR | NONE
    return STR if all(each.is_sure for each in groups.groups) else STR | NONE
