"""Imports point from left to right only (CONTRIBUTING.md, "Layout")."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "workerlog_migrate"
CODEMODS = ROOT / "codemods" / "workerlog_codemods"

LAYERS: tuple[frozenset[str], ...] = (
    frozenset({"__main__"}),
    frozenset({"cli", "run", "request", "settings", "targets", "writer", "output", "jobs", "terminal"}),
    frozenset({"pipeline", "report"}),
    frozenset({"rewriting", "config"}),
    frozenset({"finders", "seen"}),
    frozenset({"analysis"}),
    frozenset({"knowledge"}),
    frozenset({"project"}),
    frozenset({"files"}),
    frozenset({"syntax"}),
    frozenset({"model"}),
    frozenset({"edit", "registry", "errors", ""}),
)
"""From left to right; a module may import from its own layer or one further right. "" is the package itself."""


def _layer(part: str) -> int:
    return next(number for number, names in enumerate(LAYERS) if part in names)


def _part(path: Path) -> str:
    relative = path.relative_to(PACKAGE)
    first = relative.parts[0].removesuffix(".py")
    return "" if first == "__init__" else first


@functools.cache
def _imports(path: Path) -> tuple[tuple[int, str], ...]:
    found: list[tuple[int, str]] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found.append((node.lineno, node.module or ""))
            found += [(node.lineno, f"{node.module}.{alias.name}") for alias in node.names]
    return tuple(found)


def _each_import(paths: Iterable[Path]) -> Iterator[tuple[Path, int, str]]:
    for path in paths:
        for line, name in _imports(path):
            yield path, line, name


ENGINE = sorted(path for path in PACKAGE.rglob("*.py") if "runtime" not in path.relative_to(PACKAGE).parts)


def test_engine_modules_import_to_the_right() -> None:
    for path, line, name in _each_import(ENGINE):
        own = _part(path)
        if name.partition(".")[0] == "libcst":
            assert path.stem == "rewrite", f"{path}:{line}: only rewriting/rewrite may import libcst"
        if not name.startswith("workerlog_migrate."):
            continue
        part = name.split(".")[1]
        if any(part in names for names in LAYERS):
            assert _layer(own) <= _layer(part), f"{path}:{line}: {own or 'the package'} may not import {part}"


# The adapters for ``python -m libcst.tool codemod`` hand a file to the engine: nothing of the engine imports them.
ADAPTERS = CODEMODS / "commands.py"
REWRITES = sorted(set(CODEMODS.glob("*.py")) - {ADAPTERS})


def test_codemods_see_libcst_and_their_edits() -> None:
    """An edit stands beside the finder that proposes it."""
    for path, line, name in _each_import(REWRITES):
        if name.startswith("workerlog_migrate"):
            assert name.startswith("workerlog_migrate.finders."), f"{path}:{line}: {name}"


def test_nothing_imports_the_adapters() -> None:
    """They load ``libcst.codemod``, which doubles the cost of LibCST."""
    found = [
        path for path, _, name in _each_import([*ENGINE, *REWRITES]) if name == "workerlog_codemods.commands"
    ]

    assert found == []


def test_the_runtime_sees_nothing_of_ours() -> None:
    """worker_utils may import worker_logger; nothing else of ours may appear."""
    for path, line, name in _each_import(sorted((PACKAGE / "runtime").glob("*.py"))):
        assert not name.startswith(("workerlog_", "libcst")), f"{path}:{line}: {name}"
        if path.stem == "worker_logger":
            assert "worker_utils" not in name, f"{path}:{line}: {name}"


def test_every_module_has_a_layer() -> None:
    parts = {_part(path) for path in ENGINE}

    assert parts <= frozenset().union(*LAYERS)
