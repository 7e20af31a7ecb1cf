"""Each name in ``tests/posix.toml`` is that of a test that exists."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

TESTS = Path(__file__).resolve().parents[1]


def test_each_name_is_a_test() -> None:
    table = tomllib.loads((TESTS / "posix.toml").read_text(encoding="utf-8"))
    names = [name for row in table.values() for name in row["tests"]]

    assert names
    assert [name for name in names if not _exists(name)] == []


def test_it_is_the_one_place_where_a_test_is_left_out_of_windows() -> None:
    """A mark of its own would be a reason that nobody looks through; of what only Windows has, the twin is elsewhere."""
    marks = re.compile(r"skipif\((?:os\.name == |sys\.platform (?:== \"win32|!= )|not hasattr\(os)")
    folders = ("cli", "golden", "io", "report", "runtime", "workflows")
    files = [file for folder in folders for file in (TESTS / folder).glob("test_*.py")]

    assert files
    assert [file.name for file in files if marks.search(file.read_text(encoding="utf-8"))] == []


def _exists(name: str) -> bool:
    path, _, function = name.partition("[")[0].partition("::")
    if not (TESTS / path).is_file():
        return False
    tree = ast.parse((TESTS / path).read_text(encoding="utf-8"))
    return not function or any(
        isinstance(node, ast.FunctionDef) and node.name == function for node in tree.body
    )
