"""The groups of a regular expression that is written in a program: their names, and which of them may not take part in a match."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

_LONGEST = 2_000
_OPENING = re.compile(
    r"\?(?:P<(?P<name>\w+)>|(?P<open>\()|(?P<behind><?[=!])|(?P<plain>[:>]|[aiLmsux-]+:|P=|#|[aiLmsux]+\)))"
)
_NEED_NOT_MATCH = re.compile(r"[?*]|\{0*,|\{0+[,}]")


class Group(NamedTuple):
    """One group.

    Attributes:
        name: its name, empty where it has only a number.
        is_sure: in each match it is a text; otherwise it may be None.
    """

    name: str
    is_sure: bool


@dataclass(frozen=True, slots=True)
class Groups:
    """The groups of a pattern, in the order of their numbers from 1."""

    groups: tuple[Group, ...]

    def is_sure(self, key: object) -> bool:
        """Say whether a group is a text in each match; the whole match always is, of one that is not there nothing is said."""
        if isinstance(key, str):
            return next((each.is_sure for each in self.groups if each.name == key), True)
        return not isinstance(key, int) or not 0 < key <= len(self.groups) or self.groups[key - 1].is_sure

    def lacks(self, key: object) -> bool:
        """Say whether there is no group of a name or a number."""
        if isinstance(key, str):
            return all(each.name != key for each in self.groups)
        return isinstance(key, int) and not 0 <= key <= len(self.groups)


class _Open(NamedTuple):
    number: int  # of its own group; 0 where it captures nothing
    inner: list[int]  # the numbers of the groups in it, its own apart
    branches: list[bool]  # not empty: it has a `|`
    may_fail: bool


def groups_of(pattern: str) -> Groups | None:
    """Return the groups of a pattern.

    Args:
        pattern: as it is given to ``re.compile``.

    Returns:
        None where they cannot be told: what is no pattern, a very long one, one with comments in it.
    """
    if len(pattern) > _LONGEST:
        return None
    try:
        count = re.compile(pattern).groups
    except (re.error, OverflowError, RecursionError):
        return None
    names: list[str] = []
    unsure: set[int] = set()
    stack = [_Open(0, [], [], may_fail=False)]
    at = 0
    while at < len(pattern):
        letter = pattern[at]
        if letter == "\\":
            at += 2
        elif letter == "[":
            at = _behind_class(pattern, at)
        elif letter == "(":
            at = _opened(pattern, at, stack, names)
        elif letter == "|":
            stack[-1].branches.append(True)
            at += 1
        elif letter == ")" and len(stack) > 1:
            at += 1
            _closed(pattern, at, stack, unsure)
        else:
            at += 1
    unsure.update(stack[0].inner if stack[0].branches else ())
    if len(stack) != 1 or len(names) != count:
        return None
    return Groups(tuple(Group(name, at not in unsure) for at, name in enumerate(names, 1)))


def _behind_class(pattern: str, at: int) -> int:
    """Return the place behind a set of characters."""
    at += 2 if pattern[at + 1 : at + 2] == "^" else 1
    if pattern[at : at + 1] == "]":
        at += 1
    while at < len(pattern) and pattern[at] != "]":
        at += 2 if pattern[at] == "\\" else 1
    return at + 1


def _opened(pattern: str, at: int, stack: list[_Open], names: list[str]) -> int:
    """Note that a parenthesis is opened; return the place behind what says of which kind it is."""
    found = _OPENING.match(pattern, at + 1)
    number = 0
    if found is None or found["name"]:
        names.append(found["name"] if found else "")
        number = len(names)
    elif found["open"]:  # (?(1)yes|no): its own parenthesis ends at the first one that closes
        end = pattern.find(")", at) + 1
        stack.append(_Open(0, [], [True], may_fail=False))
        return end or len(pattern)
    elif found["plain"] and found["plain"][-1] in "=#)":  # it holds no groups
        return max(found.end(), pattern.find(")", at) + 1)
    stack.append(_Open(number, [], [], may_fail=bool(found and (found["behind"] or "").endswith("!"))))
    return at + 1 if found is None else found.end()


def _closed(pattern: str, at: int, stack: list[_Open], unsure: set[int]) -> None:
    """Note that a parenthesis is closed before a place."""
    closed = stack.pop()
    if closed.branches or closed.may_fail:
        unsure.update(closed.inner)
    inner = [*closed.inner, *([closed.number] if closed.number else [])]
    if closed.may_fail or _NEED_NOT_MATCH.match(pattern, at):
        unsure.update(inner)
    stack[-1].inner.extend(inner)
