"""Generated rows: what is read as a fact, what is not, and that the committed files keep the rules of all rows."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

import pytest

from workerlog_migrate.knowledge import Knowledge
from workerlog_migrate.knowledge.generate import FOLDER, Fact, facts_of, generate

if sys.version_info >= (3, 11):
    import tomllib
else:  # the standard library has tomllib from 3.11
    import tomli as tomllib  # type: ignore[import-not-found, unused-ignore]  # only there on Python 3.10

FACTS = [
    pytest.param(
        "self.assertRaises(ValueError, struct.frob, b'x')",
        [Fact("struct.frob", "ValueError", "Lib/x.py:4")],
        id="assertRaises with a callable",
    ),
    pytest.param(
        "with self.assertRaises(struct.error):\n    frob(b'x')",
        [Fact("base64.frob", "struct.error", "Lib/x.py:5")],
        id="assertRaises around one call, names through imports",
    ),
    pytest.param(
        "try:\n    value = struct.frob(path)\nexcept (OSError, ValueError):\n    value = None",
        [Fact("struct.frob", "OSError", "Lib/x.py:5"), Fact("struct.frob", "ValueError", "Lib/x.py:5")],
        id="a handler that names its exceptions",
    ),
]
NO_FACTS = [
    pytest.param(
        "try:\n    struct.frob(path)\nexcept Exception:\n    pass", id="a broad handler says nothing"
    ),
    pytest.param(
        "try:\n    struct.frob(open(path))\nexcept OSError:\n    pass", id="either of two calls may be meant"
    ),
    pytest.param(
        "try:\n    a = 1\n    struct.frob(a)\nexcept OSError:\n    pass", id="either of two statements may be"
    ),
    pytest.param("try:\n    self.frob()\nexcept OSError:\n    pass", id="a method of an unknown object"),
    pytest.param(
        "struct = fake()\nself.assertRaises(ValueError, struct.frob)", id="a name bound to something else"
    ),
    pytest.param("def broken(", id="a file that cannot be parsed"),
]


@pytest.mark.parametrize(("body", "facts"), FACTS)
def test_a_sentence_about_one_call_is_a_fact(body: str, facts: list[Fact]) -> None:
    found = list(facts_of(f"import struct\nfrom base64 import frob\n\n{body}", "Lib/x.py"))

    assert found == facts


@pytest.mark.parametrize("body", NO_FACTS)
def test_what_could_mean_something_else_is_no_fact(body: str) -> None:
    found = [fact for fact in facts_of(f"import struct\n{body}", "Lib/x.py") if fact.exception != "Exception"]

    assert not found


def test_a_row_is_made_only_where_no_person_wrote_one(tmp_path: Path) -> None:
    """`json.loads` has a curated row, `struct.frob` does not exist, a misuse (TypeError) is no bad data."""
    (tmp_path / "test").mkdir()
    (tmp_path / "test" / "test_some.py").write_text(
        textwrap.dedent(
            """\
            import json, struct, tarfile
            self.assertRaises(ValueError, json.loads, "{")
            self.assertRaises(ValueError, struct.frob, "{")
            self.assertRaises(TypeError, tarfile.nti, None)
            self.assertRaises(FileNotFoundError, tarfile.itn, "{")
            """
        ),
        encoding="utf-8",
    )

    made = generate(tmp_path, Knowledge())

    assert list(made) == ["tarfile"]
    assert tomllib.loads(made["tarfile"]) == {
        "tarfile.itn": {"raises": ["OSError"], "source": "Lib/test/test_some.py:5"}
    }


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.toml")), ids=lambda path: path.name)
def test_committed_rows_are_sorted_sourced_and_curated_nowhere(path: Path) -> None:
    rows = tomllib.loads(path.read_text(encoding="utf-8"))
    knowledge = Knowledge()
    module = FOLDER.parent / "modules" / path.name
    curated = module.read_text(encoding="utf-8") if module.exists() else ""

    assert rows
    assert list(rows) == sorted(rows)
    for name, row in rows.items():
        assert set(row) == {"raises", "source"}
        assert row["source"].startswith("Lib/")
        assert all(knowledge.exception(exception) is not None for exception in row["raises"])
        assert f'["{name}"]' not in curated
