"""Where does the table stand that is about a name? Files of rows, read when they are asked for.

Of a file only the tables that are asked for are parsed; headers are found by their shape, a line ``["name"]``.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from workerlog_migrate.knowledge.plain import plain_table
from workerlog_migrate.knowledge.reading import (
    REQUIRES,
    Reader,
    Table,
    call_row,
    exception_row,
    operation_row,
    retry_row,
    type_row,
)
from workerlog_migrate.knowledge.rows import CallRow, ExceptionRow, KnowledgeError, TypeRow

if sys.version_info >= (3, 11):
    import tomllib
else:  # the standard library has tomllib from 3.11
    import tomli as tomllib  # type: ignore[import-not-found, unused-ignore]  # only there on Python 3.10


ROOT = Path(__file__).resolve().parent
# It begins with what is looked for at once: with "the start of any line" each letter of a file would be tried.
_HEADER = re.compile(r'\n\["([^"\n]+)"\][ \t]*(?:#.*)?$', re.MULTILINE)

LONGEST = 60  # letters of a module's name: no table of ours has a longer one, and the system takes no file of 255 bytes
CORE_FILES = ("builtins.toml", "types.toml")


class TableFile:
    """One TOML file: its text, and where each table stands."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            self.text = ""
        if self.text.startswith("["):
            self.text = f"\n{self.text}"
        self.places: dict[str, tuple[int, int]] = {}
        previous: tuple[str, int] | None = None
        for match in _HEADER.finditer(self.text):
            if previous is not None:
                self.places[previous[0]] = (previous[1], match.start() + 1)
            previous = (match[1], match.end())
        if previous is not None:
            self.places[previous[0]] = (previous[1], len(self.text))

    def table(self, key: str) -> Table | None:
        """Parse one table; None when the file has none of that name."""
        place = self.places.get(key)
        if place is None:
            return None
        text = self.text[place[0] : place[1]]
        plain = plain_table(text)
        if plain is not None:
            return plain
        try:
            table: Table = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise KnowledgeError(f"{self.path.name}: [{key}]: {error}") from error
        return table


def aliases(file: TableFile, prefix: str = "exception:") -> dict[str, str]:
    """Map the other names of a file's exceptions or types; only tables that speak of aliases are parsed."""
    found: dict[str, str] = {}
    for key, (start, end) in file.places.items():
        if key.startswith(prefix) and "\naliases" in file.text[start:end]:
            table = file.table(key) or {}
            for alias in Reader(file.path.name, key, table).strings("aliases"):
                found[alias] = key.removeprefix(prefix)
    return found


class Tables:
    """The files of one root.

    Args:
        root: the folder that holds ``builtins.toml``, ``modules/`` and so on.
        files: those that were read so far, by their place in it.
        aliases: other names of exceptions that were read so far, by top-level module.
    """

    def __init__(self, root: Path, files: dict[str, TableFile], aliases: dict[str, dict[str, str]]) -> None:
        self.root = root
        self._files = files
        self._aliases = aliases

    def files(self) -> Iterator[Path]:
        """Yield every file of rows (the table of levels belongs to ``analysis.level``)."""
        for path in sorted(self.root.rglob("*.toml")):
            if path.name != "levels.toml":
                yield path

    def check(self) -> int:
        """Parse every table of every file and return their number.

        Raises:
            KnowledgeError: a table is malformed; names the file and the row.

        """
        count = 0
        for path in self.files():
            file = TableFile(path)
            try:
                whole = tomllib.loads(file.text)
            except tomllib.TOMLDecodeError as error:
                raise KnowledgeError(f"{path.name}: {error}") from error
            if set(whole) != set(file.places):
                odd = sorted(set(whole) ^ set(file.places))
                raise KnowledgeError(f"{path.name}: header not on a line of its own: {', '.join(odd)}")
            for key, table in whole.items():
                count += 1
                if not isinstance(table, dict):
                    raise KnowledgeError(f"{path.name}: [{key}] is no table")
                if file.table(key) != table:  # read on its own, and where it can be as JSON
                    raise KnowledgeError(f"{path.name}: [{key}]: another table where it is read alone")
                reader = Reader(path.name, key, table)
                if not reader.string("source"):
                    raise KnowledgeError(f"{path.name}: [{key}]: no source")
                if key.startswith(("type:", "module:")):
                    type_row(key, reader)
                elif key.startswith("exception:"):
                    exception_row(key.removeprefix("exception:"), reader)
                elif key.startswith("op:"):
                    operation_row(key, reader)
                elif path.name == "retry.toml":
                    retry_row(key, reader)
                elif key.startswith("requires:"):
                    reader.keys(REQUIRES)
                    reader.strings("packages")
                else:
                    call_row(key, reader)
        return count

    def file(self, relative: str) -> TableFile:
        """Give a file of rows; one that is not there has none.

        Args:
            relative: its place below the root.
        """
        if relative not in self._files:
            self._files[relative] = TableFile(self.root / relative)
        return self._files[relative]

    def module_file(self, top: str) -> TableFile:
        """Give the rows about a top-level module.

        Args:
            top: its name.
        """
        return self.file(f"modules/{top[:LONGEST]}.toml")

    def generated_file(self, top: str) -> TableFile:
        """Give the rows about a top-level module that were found out by a program.

        Args:
            top: its name.
        """
        return self.file(f"generated/{top[:LONGEST]}.toml")

    def _find(self, key: str, name: str) -> tuple[TableFile, Table] | None:
        """Find the table ``key`` about ``name``: core files, then the module's file, then generated rows."""
        candidates: list[TableFile] = []
        top, dot, _ = name.partition(".")
        if top == "*":
            candidates.append(self.file("methods.toml"))
        else:
            candidates.extend(self.file(core) for core in CORE_FILES)
            if dot or key.startswith("module:"):
                candidates.append(self.module_file(top))
                candidates.append(self.generated_file(top))
        for file in candidates:
            table = file.table(key)
            if table is not None:
                return file, table
        return None

    def call(self, name: str) -> CallRow | None:
        """Read the row of a call; None when there is none.

        Args:
            name: the callee.
        """
        found = self._find(name, name)
        if found is None:
            return None
        return call_row(name, Reader(found[0].path.name, name, found[1]))

    def type(self, name: str) -> TypeRow | None:
        """Read the row of a type, or of a module's attributes; None when there is none.

        Args:
            name: the type, or ``module:NAME``.
        """
        key = name if name.startswith("module:") else f"type:{name}"
        found = self._find(key, name.removeprefix("module:"))
        if found is None:
            return None
        return type_row(name, Reader(found[0].path.name, key, found[1]))

    def exception(self, name: str) -> ExceptionRow | None:
        """Read the row of an exception; None when there is none.

        Args:
            name: the canonical one.
        """
        key = f"exception:{name}"
        top, dot, _ = name.partition(".")
        file = self.module_file(top) if dot else self.file("exceptions.toml")
        table = file.table(key)
        if table is None and dot:
            file = self.file("exceptions.toml")
            table = file.table(key)
        if table is None:
            return None
        return exception_row(name, Reader(file.path.name, key, table))

    def canonical_name(self, name: str) -> str:
        """Give the name under which an exception has its row.

        Args:
            name: any of its names.
        """
        if "" not in self._aliases:
            self._aliases[""] = aliases(self.file("exceptions.toml"))
        if name in self._aliases[""]:
            return self._aliases[""][name]
        top, dot, _ = name.partition(".")
        if not dot:
            return name
        top = top.removeprefix("_")  # ``_csv.Error``: the class says that it is from the part in C
        if top not in self._aliases:
            self._aliases[top] = aliases(self.module_file(top))
        return self._aliases[top].get(name, name)
