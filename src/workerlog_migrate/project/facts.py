"""What does one Python file say about others? Its imports, and the names and paths in its strings, by one pass over its ``ast``.

Input: a file's bytes. Output: `FileFacts`, plain data that goes through JSON and back, so that it can be kept for as
long as the bytes stay what they are. Nothing is executed, and nothing here looks at a second file.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from pathlib import Path

from workerlog_migrate.errors import Refused
from workerlog_migrate.files.source import decode
from workerlog_migrate.project.collected import Collector
from workerlog_migrate.project.handed import offered, touched
from workerlog_migrate.project.loads import folders_listed, listings_taken, loaded_texts
from workerlog_migrate.project.said import FileFacts, Import
from workerlog_migrate.project.search_path import looks_elsewhere
from workerlog_migrate.project.words import words_of
from workerlog_migrate.syntax.nodes import nodes
from workerlog_migrate.syntax.parsing import keep

FACTS_VERSION = 27
"""Goes up whenever the same bytes give other facts."""

_OURS = "worker_logger.py"


def read_facts(path: Path, raw: bytes, *, is_kept: bool = False) -> FileFacts | None:
    """Find out what a file says about others.

    Args:
        path: its name, for its ending only.
        raw: its bytes.
        is_kept: it is going to be parsed again, so that its tree is kept.

    Returns:
        The facts; None when it cannot be parsed, and so starts and imports nothing.
    """
    found = _parsed(path, raw)
    if found is None:
        return None
    text, tree = found
    if is_kept:
        keep(text, tree)
    return facts_of(tree, text)


def read_imports(path: Path, raw: bytes) -> tuple[Import, ...] | None:
    """Find out what a file imports, and nothing else: of the standard library nobody asks more.

    Args:
        path: its name, for its ending only.
        raw: its bytes.

    Returns:
        As `FileFacts.imports`; None when it cannot be parsed.
    """
    found = _parsed(path, raw)
    if found is None:
        return None
    collector = Collector()
    collector.walk(found[1])
    return collector.facts("").imports


def _parsed(path: Path, raw: bytes) -> tuple[str, ast.Module] | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an invalid escape in a script is not ours to complain about
            text = decode(path, raw, to_be_written=False).text
            return text, ast.parse(text)
    except (Refused, SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def facts_of(tree: ast.Module, text: str) -> FileFacts:
    """Find out what a file says about others, as `read_facts`.

    Args:
        tree: of the file.
        text: of the file.
    """
    collector = Collector()
    collector.walk(tree)
    collector.spawn(tree, text)
    first = text.partition("\n")[0]
    facts = collector.facts(first.strip() if first.startswith("#!") else "")
    is_hidden = looks_elsewhere(tree, text, facts.loaders)
    every = nodes(tree)
    facts = facts._replace(
        straight=_straight(tree),
        looks_elsewhere=is_hidden,
        offers=offered(tree, every),
        touches=touched(every),
    )
    takers = {*facts.importers, *facts.loaders} - {"exec"}
    if facts.sweeps and takers:
        listings = listings_taken(tree, takers, _OURS)
        facts = facts._replace(
            sweeps=tuple(sorted({folder for call in listings for folder in folders_listed(call)}))
        )
    if (texts := loaded_texts(tree) if facts.loaders else None) is None:
        return facts
    return facts._replace(
        is_told=True, loaded=tuple(sorted({word for text in texts for word in _loaded(text)}))
    )


_ENDING = frozenset({ast.Call, ast.Raise, ast.Assert, ast.While, ast.Await})


_DEFINING = frozenset({ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom})
"""What defines names; nothing in an import can end."""


def _straight(tree: ast.Module) -> int:
    """Give the last line that is reached whenever the file runs: nothing above it calls, raises or waits."""
    last = 0
    for statement in tree.body:
        if type(statement) not in _DEFINING and not _ENDING.isdisjoint(map(type, nodes(statement))):
            break
        last = statement.end_lineno or statement.lineno
    return last


def _loaded(text: str) -> Iterator[str]:
    """Give the words of a text that `FileFacts.words` may hold."""
    yield from words_of(text)
    if text.isidentifier():
        yield text
    yield text.rstrip("/\\").rpartition("/")[2]  # the end of what precedes a variable part
