"""The name that a class of the standard library really has leads to its row: evidence, tracebacks and pickles use that name."""

from __future__ import annotations

import importlib
import re
import sys
import warnings
from pathlib import Path

import pytest

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


@pytest.mark.parametrize("name", ROWS)
def test_the_real_name_of_a_class_is_known(name: str) -> None:
    """Kind: defined in another module than it is imported from, in C or in a private one."""
    module, _, simple = name.rpartition(".")
    knowledge = Knowledge()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = getattr(importlib.import_module(module), simple)
        except (ImportError, AttributeError):
            return  # not in this Python, or not on this system
    if not isinstance(found, type):
        return
    row = knowledge.exception(name)
    assert row is not None
    if found.__module__ == "builtins":
        real = knowledge.canonical_exception(found.__qualname__)
        assert real in (name, *row.became)
        return
    assert knowledge.canonical_exception(
        f"{found.__module__}.{found.__qualname__}"
    ) == knowledge.canonical_exception(name)
