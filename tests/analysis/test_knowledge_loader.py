"""Rows are read one by one, and complaints name the file and the row."""

from __future__ import annotations

from pathlib import Path

import pytest

from workerlog_migrate.knowledge import Knowledge
from workerlog_migrate.knowledge.rows import KnowledgeError


def _root(tmp_path: Path, **files: str) -> Path:
    for name, text in files.items():
        path = tmp_path / f"{name.replace('__', '/')}.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


def test_a_row_is_found_by_its_name(tmp_path: Path) -> None:
    """Builtins have bare names, everything else the file of its top-level module."""
    knowledge = Knowledge(
        _root(
            tmp_path,
            builtins='["open"]\nraises = ["OSError"]\nsource = "x"\n',
            modules__json='["json.load"]\nraises = ["ValueError"]\nsource = "x"\n',
        )
    )
    rows = [knowledge.call(name) for name in ("open", "json.load")]

    assert [row and row.raises for row in rows] == [("OSError",), ("ValueError",)]
    assert knowledge.call("json.dump") is None


def test_a_curated_row_wins_over_a_generated_one(tmp_path: Path) -> None:
    """Generated rows fill gaps only."""
    knowledge = Knowledge(
        _root(
            tmp_path,
            modules__a='["a.f"]\nraises = ["OSError"]\nsource = "x"\n',
            generated__a='["a.f"]\nraises = ["ValueError"]\nsource = "x"\n\n["a.g"]\nraises = ["ValueError"]\nsource = "x"\n',
        )
    )
    rows = [knowledge.call(name) for name in ("a.f", "a.g")]

    assert [row and row.raises for row in rows] == [("OSError",), ("ValueError",)]


def test_a_method_is_inherited(tmp_path: Path) -> None:
    """Methods are looked up along the bases of a type."""
    knowledge = Knowledge(
        _root(
            tmp_path,
            modules__a='["a.B.f"]\nraises = []\nsource = "x"\n\n["type:a.C"]\nbases = ["a.B"]\nsource = "x"\n',
        )
    )
    row = knowledge.method("a.C", "f")

    assert row is not None
    assert row.name == "a.B.f"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(
            '["a.f"]\nraises = "OSError"\nsource = "x"\n',
            "a.toml: [a.f]: raises is no list of strings",
            id="type",
        ),
        pytest.param('["a.f"]\nraises = []\n', "a.toml: [a.f]: no source", id="source"),
        pytest.param('["a.f"]\nraises = [\nsource = "x"\n', "a.toml: ", id="syntax"),
        pytest.param(
            '["a.f"]\nraises = []\nwhen = [{is = "given"}]\nsource = "x"\n',
            "a.toml: [a.f]: a condition without arg",
            id="condition",
        ),
        pytest.param(
            '["a.f"]\nraises = []\nwhen = [{arg = "x", is = "odd"}]\nsource = "x"\n',
            "a.toml: [a.f]: unknown condition 'odd'",
            id="word",
        ),
    ],
)
def test_a_bad_row_is_named(tmp_path: Path, text: str, message: str) -> None:
    """Each complaint begins with the file and the row."""
    knowledge = Knowledge(_root(tmp_path, modules__a=text))

    with pytest.raises(KnowledgeError) as caught:
        knowledge.check()
    assert str(caught.value).startswith(message)


def test_every_row_of_the_package_is_well_formed() -> None:
    """All files parse, every table has a source, and headers stand on lines of their own."""
    assert Knowledge().check() > 2000
