"""What a row of retry-io says of the libraries whose calls give the object of a method: no other row gives one."""

from __future__ import annotations

import re

import pytest

from workerlog_migrate.knowledge import Knowledge
from workerlog_migrate.knowledge.rows import RetryRow
from workerlog_migrate.knowledge.tables import ROOT, TableFile

_TABLES = {path.stem: TableFile(path) for path in sorted((ROOT / "modules").glob("*.toml"))}
_CORE = {
    path.stem: TableFile(path)
    for path in sorted([*ROOT.glob("*.toml"), *(ROOT / "generated").glob("*.toml")])
    if path.name not in ("retry.toml", "levels.toml")
}


def _rows() -> list[RetryRow]:
    return [row for row in Knowledge().retry().values() if row.given_by]


def _mentions(names: set[str], text: str) -> bool:
    either = "|".join(map(re.escape, sorted(names)))
    return re.search(rf"(?<![\w.])(?:{either})(?![\w.])", text) is not None


def _classes(owner: str) -> set[str]:
    """Give a class and those that inherit from it, as far as rows say so."""
    found = {owner}
    for name, table in _TABLES.items():
        for key in table.places:
            bases = (table.table(key) or {}).get("bases", []) if key.startswith("type:") else []
            assert isinstance(bases, list)
            if not found.isdisjoint(bases):
                assert key.partition(":")[2].startswith(f"{name}.")
                found.add(key.partition(":")[2])
    return found


def _owner(row: RetryRow) -> str:
    return row.name.rpartition(".")[0]


@pytest.mark.parametrize("row", _rows(), ids=lambda row: row.name)
def test_rows_of_no_other_library_speak_of_the_class_of_a_method(row: RetryRow) -> None:
    classes = _classes(_owner(row)) if "." in _owner(row) else set()

    assert _owner(row).partition(".")[0] in row.given_by
    assert {name for name, table in _TABLES.items() if classes and _mentions(classes, table.text)} <= {
        *row.given_by
    }
    assert not any(classes and _mentions(classes, table.text) for table in _CORE.values())


@pytest.mark.parametrize("row", _rows(), ids=lambda row: row.name)
def test_only_what_is_named_through_the_library_itself_gives_an_object_of_the_class(row: RetryRow) -> None:
    classes = _classes(_owner(row)) if "." in _owner(row) else set()
    for name in row.given_by:
        table = _TABLES[name]
        types = {key.partition(":")[2] for key in table.places if key.startswith("type:")}
        giving = [
            key
            for key, (start, end) in table.places.items()
            if classes and _mentions(classes, table.text[start:end]) and not key.startswith("type:")
        ]
        assert all(key.rpartition(".")[0] not in types - classes for key in giving)
        assert all(key.startswith(f"{name}.") for key in giving)


def test_the_rows_of_sessions_say_so() -> None:
    assert {row.name for row in _rows()} >= {
        "requests.Session.get",
        "requests.get",
        "aiohttp.ClientSession.get",
    }
