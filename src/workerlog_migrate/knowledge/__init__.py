"""The knowledge base: what calls, methods and operations raise and return, as typed rows.

Input: the TOML files of this folder (or of another root). Output: one ``Knowledge`` that answers questions by
name. Reading is lazy twice: a file is read when a script asks for its top-level module, and of a file only the
tables that are asked for are parsed (``tomllib`` is slow: parsing every table would cost more than analysing
a worker). Headers are found by their shape, a line ``["name"]``; ``check`` parses whole files and compares.

Formats: the classes in `rows` say what each key means. Every row names its source.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from workerlog_migrate.knowledge.reading import Reader, operation_row, retry_row
from workerlog_migrate.knowledge.rows import (
    CallRow,
    Condition,
    ExceptionRow,
    KnowledgeError,
    OperationRow,
    Protocol,
    RetryRow,
    TypeRow,
)
from workerlog_migrate.knowledge.tables import ROOT, TableFile, Tables, aliases

__all__ = [
    "CallRow",
    "Condition",
    "ExceptionRow",
    "Knowledge",
    "KnowledgeError",
    "OperationRow",
    "Protocol",
    "RetryRow",
    "TypeRow",
]


@dataclass(slots=True)
class _Rows:
    """What was read of one root so far."""

    files: dict[str, TableFile] = field(default_factory=dict)
    calls: dict[str, CallRow | None] = field(default_factory=dict)
    types: dict[str, TypeRow | None] = field(default_factory=dict)
    exceptions: dict[str, ExceptionRow | None] = field(default_factory=dict)
    operations: dict[str, OperationRow] = field(default_factory=dict)
    aliases: dict[str, dict[str, str]] = field(default_factory=dict)


_READ: dict[Path, _Rows] = {}


class Knowledge:
    """All rows, looked up by name and read when first asked for.

    Args:
        root: the folder that holds ``builtins.toml``, ``modules/`` and so on.

    """

    def __init__(self, root: Path | None = None) -> None:
        self.root = ROOT if root is None else root
        # What was read once is shared by all files of a run; rows do not change under way.
        rows = _READ.setdefault(self.root, _Rows())
        self._tables = Tables(self.root, rows.files, rows.aliases)
        self._calls = rows.calls
        self._types = rows.types
        self._exceptions = rows.exceptions
        self._operations = rows.operations
        # Looked up through what a subclass may answer otherwise, so not shared.
        self._methods: dict[tuple[str, str], CallRow | None] = {}
        self._known_modules: dict[str, bool] = {}
        self._orders: dict[str, tuple[str, ...]] = {}
        self._attributes: dict[tuple[str, str], str | None] = {}
        self._canonical: dict[str, str] = {}
        self._ancestors: dict[str, frozenset[str]] = {}
        self._annotations: dict[str, str] | None = None
        self._retry: dict[str, RetryRow] | None = None
        self._retried: frozenset[str] | None = None

    # -- questions ------------------------------------------------------------------------------------------

    def call(self, name: str) -> CallRow | None:
        """Return the row of a function, constructor or method by its name; None when there is none.

        A row whose name ends in ``.*`` speaks of all that its owner has beside the rows of their own.
        """
        if name not in self._calls:
            self._calls[name] = self._tables.call(name) or self._of_all(name)
        return self._calls[name]

    def _of_all(self, name: str) -> CallRow | None:
        owner, _, last = name.rpartition(".")
        if not owner or last.startswith("_"):
            return None
        further = owner.rpartition(".")[0]
        return self._tables.call(f"{owner}.*") or (self._tables.call(f"{further}.*.*") if further else None)

    def method(self, type_name: str, method: str) -> CallRow | None:
        """Return the row of a method, looked up along the bases of the type."""
        key = (type_name, method)
        if key not in self._methods:
            rows = (self.call(f"{owner}.{method}") for owner in self.mro(type_name))
            self._methods[key] = next((row for row in rows if row is not None), None)
        return self._methods[key]

    def bare_method(self, method: str) -> CallRow | None:
        """Return the row for a method name on a receiver of unknown type."""
        return self.call(f"*.{method}")

    def type(self, name: str) -> TypeRow | None:
        """Return the row of a type; ``module:NAME`` gives the data attributes of a module."""
        if name not in self._types:
            self._types[name] = self._tables.type(name)
        return self._types[name]

    def mro(self, name: str) -> tuple[str, ...]:
        """Return the type and its known bases, nearest first; of an exception without a row as a type those of its class."""
        known = self._orders.get(name)
        if known is None:
            found = [name]
            for current in found:
                row = self.type(current) or self.exception(current)
                if row is not None:
                    found.extend(base for base in row.bases if base not in found)
            known = self._orders[name] = tuple(found)
        return known

    def protocol(self, type_name: str, operation: str) -> Protocol | None:
        """Return what an operation (``iter``, ``getitem``, ``enter``…) of a type raises and returns."""
        for owner in self.mro(type_name):
            row = self.type(owner)
            if row is not None and operation in row.protocols:
                return row.protocols[operation]
        return None

    def attribute(self, type_name: str, attribute: str) -> str | None:
        """Return the type expression of a data attribute; None when it is not known."""
        key = (type_name, attribute)
        if key not in self._attributes:
            rows = (self.type(owner) for owner in self.mro(type_name))
            found = (
                row.attributes[attribute] for row in rows if row is not None and attribute in row.attributes
            )
            self._attributes[key] = next(found, None)
        return self._attributes[key]

    def is_asked(self, type_name: str, attribute: str) -> bool:
        """Whether reading an attribute of a type is a request, not a look at what is there."""
        rows = (self.type(owner) for owner in self.mro(type_name))
        return any(row is not None and attribute in row.asks for row in rows)

    def is_kind(self, type_name: str, kind: str) -> bool:
        """Whether a type is of one of the ``KINDS``."""
        row = self.type(type_name)
        return row is not None and kind in row.kinds

    def are_all(self, type_names: Iterable[str], kind: str) -> bool:
        """Whether each of some types is of one of the ``KINDS``."""
        return all(self.is_kind(name, kind) for name in type_names)

    def arity(self, type_name: str) -> int:
        """Return how many types the brackets of a container hold; 0 for what is none."""
        row = self.type(type_name)
        return 0 if row is None else row.arity

    def annotated(self, name: str) -> str:
        """Return the name of the type of which an annotation speaks: ``typing.List`` -> ``list``."""
        if self._annotations is None:
            self._annotations = aliases(self._tables.file("types.toml"), "type:")
        return self._annotations.get(name, name)

    def is_type(self, name: str) -> bool:
        """Whether a name is a known class: it has a type row, or methods, or constructs itself."""
        if self.type(name) is not None:
            return True
        row = self.call(name)
        return row is not None and row.returns == name

    def knows_module(self, top: str) -> bool:
        """Whether there is a file of rows about a top-level module."""
        known = self._known_modules.get(top)
        if known is None:
            files = self._tables.module_file(top), self._tables.generated_file(top)
            known = self._known_modules[top] = any(file.places for file in files)
        return known

    def exception(self, name: str) -> ExceptionRow | None:
        """Return the row of an exception class by any of its names."""
        name = self.canonical_exception(name)
        if name not in self._exceptions:
            self._exceptions[name] = self._tables.exception(name)
        return self._exceptions[name]

    def exceptions_with(self, top: str, attribute: str) -> tuple[str, ...]:
        """Return the exceptions of a top-level module whose instances have an attribute of their own."""
        prefix = "exception:"
        names = (
            key.removeprefix(prefix) for key in self._tables.module_file(top).places if key.startswith(prefix)
        )
        return tuple(
            name
            for name in names
            if self.type(name) is not None and self.attribute(name, attribute) is not None
        )

    def required_by(self, package: str) -> frozenset[str]:
        """Return the top-level modules that are there wherever a package, or module of one, is; itself left out."""
        found: set[str] = set()
        file = self._tables.file("requires.toml")
        pending = [package]
        while pending:
            key = f"requires:{pending.pop()}"
            table = file.table(key)
            if table is not None:
                new = set(Reader(file.path.name, key, table).strings("packages")) - found
                found |= new
                pending.extend(new)
        return frozenset(found)

    def canonical_exception(self, name: str) -> str:
        """Return the name under which an exception has its row: ``IOError`` -> ``OSError``."""
        known = self._canonical.get(name)
        if known is None:
            known = self._canonical[name] = self._tables.canonical_name(name)
        return known

    def exception_ancestors(self, name: str) -> frozenset[str]:
        """Return an exception class and all that it inherits from, by canonical names; an unknown one is an ``Exception``."""
        known = self._ancestors.get(name)
        if known is None:
            found: set[str] = set()
            stack = [name]
            while stack:
                current = self.canonical_exception(stack.pop())
                if current not in found and current != "object":
                    found.add(current)
                    row = self.exception(current)
                    stack.extend(row.bases if row is not None else ("Exception",))
            known = self._ancestors[name] = frozenset(found)
        return known

    def operation(self, name: str) -> OperationRow:
        """Return an operation's row.

        Raises:
            KnowledgeError: there is no such row.

        """
        if name not in self._operations:
            file = self._tables.file("operations.toml")
            table = file.table(name)
            if table is None:
                raise KnowledgeError(f"operations.toml: [{name}] is missing")
            self._operations[name] = operation_row(name, Reader(file.path.name, name, table))
        return self._operations[name]

    def retry(self) -> dict[str, RetryRow]:
        """Return the table of ``retry-io`` by the names of the calls."""
        if self._retry is None:
            file = self._tables.file("retry.toml")
            tables = ((name, file.table(name) or {}) for name in file.places)
            self._retry = {
                name: retry_row(name, Reader(file.path.name, name, table)) for name, table in tables
            }
        return self._retry

    def retried(self) -> frozenset[str]:
        """Return the last names of the calls in that table."""
        if self._retried is None:
            self._retried = frozenset(name.rpartition(".")[2] for name in self.retry())
        return self._retried

    def files(self) -> Iterator[Path]:
        """Yield every file of rows (the table of levels belongs to ``analysis.level``)."""
        return self._tables.files()

    def check(self) -> int:
        """Parse every table of every file and return their number.

        Raises:
            KnowledgeError: a table is malformed; names the file and the row.

        """
        return self._tables.check()
