"""Inside the package, too: no file is long, no class is wide, and no two files need each other (CONTRIBUTING.md, "Layout")."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

from workerlog_migrate.analysis.values import Kind

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "workerlog_migrate"
FILES = {
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
    if "runtime" not in path.relative_to(PACKAGE).parts
}
LINES = 650
METHODS = 29


@functools.cache
def _trees() -> dict[str, ast.Module]:
    return {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in FILES.items()}


def _imported(name: str, tree: ast.Module) -> Iterator[str]:
    """Yield the files of the package that a file imports, also those that only its types need."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = (alias.name.removeprefix("workerlog_migrate.") for alias in node.names)
            yield from (found for found in names if found in FILES)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("workerlog_migrate."):
            module = (node.module or "").removeprefix("workerlog_migrate.")
            for alias in node.names:
                found = f"{module}.{alias.name}"
                if found in FILES:
                    yield found
                elif module in FILES and module != name:
                    yield module


def _circles(graph: dict[str, set[str]]) -> set[frozenset[str]]:
    """Return the sets of files that reach each other."""
    reached: dict[str, set[str]] = {}
    for start in graph:
        seen: set[str] = set()
        work = list(graph[start])
        while work:
            current = work.pop()
            if current not in seen:
                seen.add(current)
                work.extend(graph[current])
        reached[start] = seen
    return {
        frozenset(other for other in reached[name] if name in reached[other])
        for name in graph
        if name in reached[name]
    }


def test_no_two_files_need_each_other() -> None:
    """Imports that only types need count: who reads one of the files would have to read the other first."""
    graph = {name: set(_imported(name, tree)) for name, tree in _trees().items()}

    assert _circles(graph) == set()


def test_a_circle_is_seen() -> None:
    """The twin: two files that import each other, and a third that only looks on."""
    assert _circles({"a": {"b"}, "b": {"a"}, "c": {"a"}}) == {frozenset({"a", "b"})}


def test_no_file_is_long() -> None:
    lengths = {name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in FILES.items()}

    assert {name for name, length in lengths.items() if length >= LINES} == set()


def test_no_class_is_wide() -> None:
    wide = {
        f"{name}:{node.name}"
        for name, tree in _trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        and sum(isinstance(entry, ast.FunctionDef | ast.AsyncFunctionDef) for entry in node.body) > METHODS
    }

    assert wide == set()


def test_what_a_type_stands_for_is_read_by_its_properties() -> None:
    """The field behind them may hold anything: who reads it has to ask what it is, in each place again."""
    reading = {
        name
        for name, tree in _trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr == "ref"
    }

    assert reading == {"analysis.values"}


def test_kinds_of_types_are_compared_as_kinds() -> None:
    """A word in the place of a kind is one that no type checker reads: ``entry.name == "instance"``."""
    words = {kind.word for kind in Kind} - {""}
    compared = {
        f"{name}:{node.lineno}"
        for name, tree in _trees().items()
        if name.startswith("analysis.")
        for node in ast.walk(tree)
        if isinstance(node, ast.Compare)
        and isinstance(node.left, ast.Attribute)
        and node.left.attr == "name"
        and words & {part.value for part in ast.walk(node.comparators[0]) if isinstance(part, ast.Constant)}
    }

    assert compared == set()
