"""The contract of rows: a key is a field of its row's class, and what a row says is read by the analysis.

A row that says something that nobody reads is a promise that nobody keeps: the analysis would go on as if it were not
there, and the person who wrote it would believe that it counts.
"""

from __future__ import annotations

import ast
import functools
from dataclasses import fields
from pathlib import Path

import pytest
from knowledge_rows import ALL, TYPES, bare, expressions, strings, tables, type_names

from tests.analysis.conftest import Analyse, _script
from workerlog_migrate import knowledge
from workerlog_migrate.knowledge import Knowledge
from workerlog_migrate.knowledge.rows import (
    CALL_MARKS,
    KINDS,
    MARKS,
    PROTOCOLS,
    TESTS,
    CallRow,
    Condition,
    ExceptionRow,
    KnowledgeError,
    OperationRow,
    Protocol,
    RetryRow,
    Telling,
    TypeRow,
    When,
)

PACKAGE = Path(knowledge.__file__).resolve().parents[1]
# Who looks at rows; the loader, which makes them, and the generator, which writes some, do not count.
READERS = sorted(
    path for room in ("analysis", "finders", "terminal", "report") for path in (PACKAGE / room).glob("*.py")
)
LOADER = ast.parse(Path(knowledge.__file__).read_text(encoding="utf-8"))
# What the loader itself answers questions with, and what stands for the row's author alone.
OF_THE_LOADER = {
    name
    for node in ast.walk(LOADER)
    if isinstance(node, ast.ClassDef) and node.name == "Knowledge"
    for name in {each.attr for each in ast.walk(node) if isinstance(each, ast.Attribute)}
}
FOR_PEOPLE = {"source"}
EARLIER = {"ascii"}
"""Words that hold only where they hold of each argument that is named, decided before one of them is asked."""


@functools.cache
def said() -> tuple[set[str], set[str]]:
    """Give the names of attributes and the texts that the readers write."""
    nodes = [node for path in READERS for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))]
    attributes = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    texts = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return attributes, texts


@pytest.fixture
def script() -> Analyse:
    return _script


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param('["a.f"]\nraises = []\nexits = true', "[a.f]: unknown key exits", id="call"),
        pytest.param(
            '["a.f"]\nraises = []\nwhen = [{arg = "x", is = "given", alsi = []}]',
            "[a.f]: unknown key alsi",
            id="condition",
        ),
        pytest.param(
            '["a.f"]\nraises = []\nwhen = [{arg = "x", is = "given", unless = {arg = "y", raises = []}}]',
            "[a.f]: unknown key raises",
            id="condition of a condition",
        ),
        pytest.param('["type:a.T"]\naiter = {raises = []}', "[type:a.T]: unknown key aiter", id="type"),
        pytest.param(
            '["type:a.T"]\niter = {raises = [], gives = "str"}',
            "[type:a.T]: unknown key gives",
            id="protocol",
        ),
        pytest.param('["type:a.T"]\nkinds = ["queue"]', "[type:a.T]: kinds: unknown queue", id="kind"),
        pytest.param(
            '["exception:a.E"]\nbases = ["Exception"]\nraises = []',
            "[exception:a.E]: unknown key raises",
            id="exception",
        ),
        pytest.param(
            '["a.f"]\nraises = []\nmarks = ["fast"]', "[a.f]: marks: unknown fast", id="mark of a call"
        ),
    ],
)
def test_a_key_or_word_that_nothing_reads_is_an_error(tmp_path: Path, text: str, message: str) -> None:
    """The complaint names the file, the row and the key, and lists the keys that there are."""
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules" / "a.toml").write_text(f'{text}\nsource = "x"\n', encoding="utf-8")

    with pytest.raises(KnowledgeError) as caught:
        Knowledge(tmp_path).check()
    assert f"a.toml: {message}" in str(caught.value)
    assert "there are" in str(caught.value)


@pytest.mark.parametrize("name", ["call", "type", "exception", "operation"])
def test_a_script_that_asks_for_a_bad_row_gets_the_same_error(tmp_path: Path, name: str) -> None:
    """Not only ``check``, which nobody calls at run time, but each question reads by the contract."""
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules" / "a.toml").write_text(
        '["a.f"]\nraises = []\nodd = 1\n["type:a.f"]\nodd = 1\n["exception:a.f"]\nbases = []\nodd = 1\n'
    )
    (tmp_path / "operations.toml").write_text('["op:a"]\nraises = []\nodd = 1\n')
    read = Knowledge(tmp_path)

    with pytest.raises(KnowledgeError, match="unknown key odd"):
        getattr(read, name)("op:a" if name == "operation" else "a.f")


@pytest.mark.parametrize(
    "row", [CallRow, Condition, ExceptionRow, OperationRow, Protocol, RetryRow, TypeRow, When]
)
def test_every_field_of_a_row_is_read(row: type) -> None:
    """A field that only the loader knows is a fact that changes nothing."""
    unread = {each.name for each in fields(row)} - said()[0] - OF_THE_LOADER - FOR_PEOPLE

    assert not unread


def test_every_operation_is_asked_for() -> None:
    asked = {key for key in ALL if key.startswith("op:")} - said()[1]

    assert not asked


def test_every_protocol_word_mark_and_kind_is_asked_for() -> None:
    assert not set(PROTOCOLS) - said()[1]
    assert not (MARKS | CALL_MARKS | KINDS | set(TESTS)) - said()[1]


@pytest.mark.parametrize(
    ("telling", "method"),
    [
        (Telling.CONSTANT, "_tell_by_constant"),
        (Telling.WRITING, "_tell_by_writing"),
        (Telling.VALUE, "_tell_by_value"),
    ],
)
def test_a_word_is_decided_where_the_table_sends_it(telling: Telling, method: str) -> None:
    """A word whose case stands elsewhere would never be decided, and hold wherever it is asked for."""
    tree = ast.parse((PACKAGE / "analysis" / "conditions.py").read_text(encoding="utf-8"))
    decided = {
        pattern.value.value
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name == method
        for pattern in ast.walk(node)
        if isinstance(pattern, ast.MatchValue) and isinstance(pattern.value, ast.Constant)
    }

    assert decided == {name for name, word in TESTS.items() if word.told_by is telling} - EARLIER


def test_every_protocol_word_mark_and_kind_is_said_by_some_row() -> None:
    """The other way round: code that asks for what no row says is dead."""
    calls = [row for key, row in ALL.items() if ":" not in key]
    types = [row for key, row in ALL.items() if key.startswith("type:")]
    exceptions = [row for key, row in ALL.items() if key.startswith("exception:")]
    conditions = [entry for row in calls for entry in tables(row, "when")]
    conditions += [
        inner for entry in conditions for name in ("unless", "also") for inner in tables(entry, name)
    ]

    assert {word for row in calls for word in strings(row, "marks")} == CALL_MARKS
    assert {word for row in exceptions for word in strings(row, "marks")} == MARKS
    assert {word for row in types for word in strings(row, "kinds")} == KINDS
    assert {name for row in types for name in PROTOCOLS if name in row} == set(PROTOCOLS)
    assert set(TESTS) <= {str(entry.get("is", "")) for entry in conditions}


def test_every_type_can_be_met() -> None:
    """A type without a public name has to be what some row gives: else its row, attributes and methods are never read."""
    given = {
        name for key, row in ALL.items() for expression in expressions(row) for name in type_names(expression)
    } | {base for row in ALL.values() for base in strings(row, "bases")}
    hidden = {
        name
        for name in TYPES
        if any(part.startswith("_") for part in name.split(".")) or name.startswith("file.")
    }

    assert hidden
    assert not hidden - given


def test_every_method_belongs_to_something() -> None:
    """A row ``module.Class.method`` is found through ``module.Class``: a type, a function that makes it, an exception."""
    owners = {bare(key) for key in ALL} | {
        name for row in ALL.values() for expression in expressions(row) for name in type_names(expression)
    }
    lone = {
        key
        for key in ALL
        if ":" not in key
        and key.count(".") >= 2
        and (owner := key.rpartition(".")[0]).rpartition(".")[2].startswith("_")
        and owner not in owners
    }

    assert not lone


@pytest.mark.parametrize(
    ("call", "raises"),
    [
        pytest.param("open(data['p'])", True, id="the builtin"),
        pytest.param("openpyxl.load_workbook(data['p'])", False, id="a module whose name begins like it"),
        pytest.param("os.path.getsize(data['p'])", True, id="a function of a module"),
    ],
)
def test_a_fact_about_one_name_is_none_about_names_that_begin_like_it(
    script: Analyse, call: str, *, raises: bool
) -> None:
    """What ``open`` makes of data of another type says nothing of ``openpyxl`` or ``openai``."""
    found = script(
        f"import json, os, openpyxl\ndata = json.loads(input())\ntry:\n    {call}\nexcept Exception:\n    pass\n"
    ).body()

    assert ("op:argument-json" in {entry.rule for entry in found.evidence}) is raises


@pytest.mark.parametrize(
    ("arguments", "raises"),
    [
        pytest.param("text=True, capture_output=True", True, id="text that is captured"),
        pytest.param("text=True", False, id="text that is not read"),
        pytest.param("capture_output=True", False, id="bytes"),
    ],
)
def test_also_joins_two_conditions(script: Analyse, arguments: str, *, raises: bool) -> None:
    """Output is decoded where it is wanted as text *and* captured."""
    found = script(
        f"import subprocess\ntry:\n    subprocess.run(['a'], {arguments})\nexcept Exception:\n    pass\n"
    ).names()

    assert ("UnicodeError" in found) is raises


@pytest.mark.parametrize(
    ("name", "raises"),
    [
        pytest.param("resetlocale", True, id="gone from Python 3.13 on"),
        pytest.param("setlocale", False, id="there on each"),
    ],
)
def test_what_newer_pythons_have_not_may_be_missing(script: Analyse, name: str, *, raises: bool) -> None:
    """``max_python`` counts as ``min_python`` does: the import of such a name can fail."""
    found = script(
        f"try:\n    from locale import {name}\n    x = [1][0]\nexcept Exception:\n    pass\n"
    ).body()

    assert ("ImportError" in found.names) is raises


def test_an_awaited_method_is_none_of_a_plain_container(script: Analyse) -> None:
    """``await x.get(k)`` of something unknown is no ``dict.get``; awaited functions with rows stay what they are."""
    text = "import asyncio\nasync def f(x, y):\n    try:\n        {}\n    except Exception:\n        pass\n"

    assert script(text.format("await x.get(y)")).unresolved() == [("x.get(y)", 4, "*.get")]
    assert script(text.format("await asyncio.sleep(1)")).unresolved() == []
