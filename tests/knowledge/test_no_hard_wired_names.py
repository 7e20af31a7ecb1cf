"""What raises what is said by rows only: no name of an exception is hard-wired in the analysis or a finder.

Allowed are the classes that our own code raises and catches, in ``analysis/exceptions.py`` the two that make a handler broad by
definition, and what ``ALLOWED`` gives a reason for.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from workerlog_migrate.knowledge import Knowledge

PACKAGE = Path(__file__).resolve().parents[2] / "src" / "workerlog_migrate"
SOURCES = sorted([*(PACKAGE / "analysis").glob("*.py"), *(PACKAGE / "finders").glob("*.py")])
BUILTIN = frozenset(
    name
    for name, value in vars(builtins).items()
    if isinstance(value, type) and issubclass(value, BaseException)
)
DEFINITION = frozenset({"Exception", "BaseException"})
# What a file may name besides: `log_folder.py` reads whether a handler around a `mkdir` waits for the folder that is there;
# `taught.py` asks Python whether a builtin name is that of an exception class;
# `handler_edits.py` says which clause `--unresolved reraise` adds; `raises.py` knows what the language makes of the end of an iterator inside a generator.
ALLOWED = {
    "exceptions.py": DEFINITION,
    "handler_edits.py": frozenset({"Exception"}),
    "raises.py": frozenset({"RuntimeError", "StopIteration"}),
    "taught.py": frozenset({"BaseException"}),
    "log_folder.py": DEFINITION | {"EnvironmentError", "FileExistsError", "IOError", "OSError"},
}
QUALIFIED = frozenset(
    match[1]
    for path in Knowledge().files()
    for match in re.finditer(
        r'^\["exception:([^"]+\.[^"]+)"\]', path.read_text(encoding="utf-8"), re.MULTILINE
    )
)


def hard_wired(text: str, allowed: frozenset[str] = frozenset()) -> Iterator[tuple[int, str]]:
    """Yield line and name of every exception that stands in code or in a string that is no documentation."""
    tree = ast.parse(text)
    own: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler) and node.type is not None:
            own.update(ast.walk(node.type))
        elif isinstance(node, ast.arg) and node.annotation is not None:
            own.update(ast.walk(node.annotation))
        elif isinstance(node, ast.Raise) and node.exc is not None:
            own.add(node.exc.func if isinstance(node.exc, ast.Call) else node.exc)
        elif isinstance(node, ast.ClassDef):
            own.update(node.bases)  # an error of ours
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            own.add(node.value)  # a docstring
        elif isinstance(node, ast.JoinedStr) and "[tool.workerlog-migrate.raises]" in ast.unparse(node):
            own.update(ast.walk(node))  # the row that a person is asked to write
    for node in ast.walk(tree):
        if node in own:
            continue
        if isinstance(node, ast.Name) and node.id in BUILTIN - allowed:
            yield node.lineno, node.id
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            for word in re.findall(r"[\w.]+", node.value):
                if word in (BUILTIN - allowed) | QUALIFIED:
                    yield node.lineno, word


def test_no_exception_is_named_in_the_analysis() -> None:
    found = {
        path.name: list(hard_wired(path.read_text(encoding="utf-8"), ALLOWED.get(path.name, frozenset())))
        for path in SOURCES
    }

    assert {name: odd for name, odd in found.items() if odd} == {}


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("ROWS = {'json.loads': ('ValueError',)}", "ValueError"),
        ("REASON = 'raises KeyError here'", "KeyError"),
        ("found = issubclass(kind, OSError)", "OSError"),
        ("names.add('json.JSONDecodeError')", "json.JSONDecodeError"),
        ("BROAD = 'Exception'", "Exception"),
    ],
)
def test_a_hard_wired_name_is_noticed(line: str, name: str) -> None:
    assert list(hard_wired(line)) == [(1, name)]


def test_what_our_own_code_raises_and_catches_is_no_fact_about_calls() -> None:
    text = '''
"""Raises ValueError."""
try:
    pass
except (OSError, KeyError):
    raise ValueError("no") from None
'''

    assert list(hard_wired(text)) == []
