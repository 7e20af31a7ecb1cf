"""Exception classes: which is a subclass of which, under which names, and how many of them collapse into few.

Input: rows of the knowledge base and the classes of the analysed files. Output: ``Hierarchy``. Names are qualified
(``OSError``, ``json.JSONDecodeError``); a class of the file itself is ``local:Name``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workerlog_migrate.knowledge import Knowledge

LOCAL = "local:"
ROOT = "BaseException"
BROAD = "Exception"
LIMIT = 8


class Hierarchy:
    """Subclass questions over rows and registered classes.

    Args:
        knowledge: the rows.
        python: the oldest Python that the program is for.

    """

    def __init__(self, knowledge: Knowledge, python: tuple[int, int] = (3, 10)) -> None:
        self._knowledge = knowledge
        self._python = python
        self._registered: dict[str, tuple[str, ...]] = {}
        self._ancestors: dict[str, frozenset[str]] = {}
        self._names: dict[str, str] = {}

    def register(self, name: str, bases: tuple[str, ...]) -> None:
        """Make a class of the analysed files known."""
        self._registered[name] = bases
        self._names.pop(name, None)

    def is_own(self, name: str) -> bool:
        """Whether an exception is a class of the analysed files."""
        return name in self._registered

    def canonical(self, name: str) -> str:
        """Return the name under which an exception is known."""
        found = self._names.get(name)
        if found is None:
            found = name if name in self._registered else self._canonical(name)
            self._names[name] = found
        return found

    def _canonical(self, name: str) -> str:
        found = self._knowledge.canonical_exception(name)
        row = self._knowledge.exception(found)
        if row is None or not row.became:
            return found
        other, since = row.became
        return other if self._python >= tuple(map(int, since.split("."))) else found

    def became(self, name: str) -> str:
        """Return the class that a known one is another name of in later Pythons; empty when it stays one of its own."""
        row = self._knowledge.exception(name)
        return row.became[0] if row is not None and row.became else ""

    def is_exception(self, name: str) -> bool:
        """Whether a qualified name is a known exception class."""
        return name in self._registered or self._knowledge.exception(name) is not None

    def is_everywhere(self, name: str) -> bool:
        """Whether each supported Python has a class."""
        row = self._knowledge.exception(name)
        return row is None or not row.min_python

    def is_there_from(self, name: str, python: tuple[int, int]) -> bool:
        """Whether a Python and all later ones have a class."""
        row = self._knowledge.exception(name)
        return row is None or not row.min_python or python >= tuple(map(int, row.min_python.split(".")))

    def bases(self, name: str) -> tuple[str, ...]:
        """Return the direct bases; of an unknown class that is ``Exception``."""
        if name in self._registered:
            return self._registered[name]
        row = self._knowledge.exception(name)
        return row.bases if row is not None else (BROAD,)

    def ancestors(self, name: str) -> frozenset[str]:
        """Return the class itself and everything that it inherits from, under canonical names."""
        if name not in self._registered:
            return self._knowledge.exception_ancestors(name)
        found = self._ancestors.get(name)
        if found is None:
            seen: set[str] = set()
            known: set[str] = set()
            stack = [name]
            while stack:
                current = stack.pop()
                if current not in self._registered:
                    known |= self._knowledge.exception_ancestors(current)
                elif current not in seen:
                    seen.add(current)
                    stack.extend(self._registered[current])
            found = self._ancestors[name] = frozenset(seen | known)
        return found

    def is_subclass(self, name: str, parent: str) -> bool:
        """Whether ``name`` is ``parent`` or inherits from it."""
        return self.canonical(parent) in self.ancestors(name)

    def is_caught(self, name: str, handlers: Iterable[str]) -> bool:
        """Whether an exception of exactly that class is caught by one of the classes."""
        return not self.ancestors(name).isdisjoint(handlers)

    def is_control(self, name: str) -> bool:
        """Whether a class ends or steers the program and is no error: it does not inherit from ``Exception``."""
        return BROAD not in self.ancestors(name)

    def is_marked(self, name: str, mark: str) -> bool:
        """Whether the row of a class, or of one that it inherits from, has a mark."""
        rows = map(self._knowledge.exception, self.ancestors(name))
        return any(row is not None and mark in row.marks for row in rows)

    def collapse(self, names: Iterable[str]) -> tuple[str, ...]:
        """Drop every class whose parent is among the names; the rest sorted.

        Beyond ``LIMIT`` names siblings join their parent (never ``Exception``), fewest names lost first.
        """
        found = self._maximal({self._listed(self.canonical(name)) for name in names})
        while len(found) > LIMIT:
            families: dict[str, set[str]] = {}
            for name in found:
                for parent in self.ancestors(name) - {name, BROAD, ROOT}:
                    families.setdefault(parent, set()).add(name)
            shared = {parent: family for parent, family in families.items() if len(family) > 1}
            if not shared:
                break
            parent = min(shared, key=lambda entry: (len(shared[entry]), -len(self.ancestors(entry)), entry))
            found = (found - shared[parent]) | {parent}
            found = self._maximal(found)
        return tuple(sorted(found))

    def _listed(self, name: str) -> str:
        """Return what is listed for a class: its parent, where its row asks for that."""
        row = self._knowledge.exception(name)
        return row.bases[0] if row is not None and "general" in row.marks else name

    def _maximal(self, names: set[str]) -> set[str]:
        return {name for name in names if not (self.ancestors(name) - {name}) & names}
