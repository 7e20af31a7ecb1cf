"""Tables that are read as JSON are what a reader of TOML makes of them, or are left to it."""

from __future__ import annotations

import sys

from workerlog_migrate.knowledge.plain import plain_table
from workerlog_migrate.knowledge.tables import ROOT, TableFile, Tables

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PLAIN = r"""
params = ["a", "*"]
raises = []
text = "a \"quoted\" = {x = 1}, # \\ \u00e9"
number = 3
huge = 1.5e3
yes = true
when = [
    {arg = "x", is = "type:int", also = {arg = "y = 1", value = [1, 2]}, raises = ["ValueError"]},
    {arg = "z", value = ["#", ",]"]},
]
operators = {"+" = "self", "<" = "bool"}
"""
ONLY_TOML = (
    "text = 'single'",
    'text = """\nlong\n"""',
    "number = 1_000",
    "day = 2026-11-30",
    "odd = nan",
    'operators = {- = "any"}',
    "sub.key = 1",
    "a = 1 # a comment",
    "a = [1, # a comment\n2]",
    "# a comment\na = 1",
    'text = "\\U0001F600"',
    "a = 1\n[b]\nc = 2",
)


def test_what_both_write_alike_is_read_alike() -> None:
    """A table of texts, numbers, lists over several lines and tables in braces, with marks of TOML inside of texts."""
    assert plain_table(PLAIN) == tomllib.loads(PLAIN)


def test_what_only_toml_writes_is_left_to_its_reader() -> None:
    """Comments, other quotes, dates, dotted names: nothing is guessed."""
    for text in ONLY_TOML:
        tomllib.loads(text)
        assert plain_table(text) is None, text


def test_nearly_all_rows_are_read_as_json() -> None:
    """What no longer can be would be read rightly, and slowly: nobody would notice."""
    paths = [ROOT / f"{name}.toml" for name in ("builtins", "methods", "operations", "types", "exceptions")]
    files = [TableFile(path) for path in [*paths, *list(Tables(ROOT, {}, {}).files())[::40]]]
    texts = [file.text[start:end] for file in files for start, end in file.places.values()]
    assert sum(plain_table(text) is not None for text in texts) > len(texts) * 0.98
