"""The name that a class of the standard library really has leads to its row: evidence, tracebacks and pickles use that name."""

from __future__ import annotations

import importlib
import re
import sys
import warnings
from pathlib import Path

import workerlog_migrate.knowledge
from workerlog_migrate.knowledge import Knowledge

ROWS = sorted(
    name
    for file in Path(workerlog_migrate.knowledge.__file__).parent.rglob("*.toml")
    for name in re.findall(r'^\["exception:([\w.]+)"\]', file.read_text("utf-8"), re.MULTILINE)
    if "." in name and name.partition(".")[0] in sys.stdlib_module_names
)


def test_there_are_rows_to_look_at() -> None:
    assert len(ROWS) > 80


def test_the_real_name_of_a_class_is_known() -> None:
    """Kind: defined in another module than it is imported from, in C or in a private one."""
    knowledge = Knowledge()

    assert [name for name in ROWS if not _is_known_by_its_real_name(name, knowledge)] == []


def _is_known_by_its_real_name(name: str, knowledge: Knowledge) -> bool:
    module, _, simple = name.rpartition(".")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = getattr(importlib.import_module(module), simple)
        except (ImportError, AttributeError):
            return True  # not in this Python, or not on this system
    if not isinstance(found, type):
        return True
    row = knowledge.exception(name)
    if row is None:
        return False
    if found.__module__ == "builtins":
        return knowledge.canonical_exception(found.__qualname__) in (name, *row.became)
    real = f"{found.__module__}.{found.__qualname__}"
    return knowledge.canonical_exception(real) == knowledge.canonical_exception(name)
