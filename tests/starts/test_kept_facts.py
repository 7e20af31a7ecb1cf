"""What a run that writes a file keeps of it for the next one."""

from __future__ import annotations

import ast
from pathlib import Path

from workerlog_migrate.files.source import digest
from workerlog_migrate.project.facts import read_facts
from workerlog_migrate.project.kept import KeptFacts
from workerlog_migrate.syntax.parsing import made

TEXT = (
    "#!/usr/bin/env python3\nimport runpy\nfrom . import near\n\nrunpy.run_path('scripts/x.py')\nprint('é')\n"
)


def test_what_is_kept_of_a_written_file_is_what_reading_it_gives(tmp_path: Path) -> None:
    path, raw = tmp_path / "x.py", TEXT.encode("latin-1").replace(b"\nimport", b"\n# coding: latin-1\nimport")
    made(raw.decode("latin-1"), ast.parse(raw.decode("latin-1")))
    facts = KeptFacts(tmp_path / "cache")
    facts.put_written(path, raw)
    facts.close()

    assert read_facts(path, raw) is not None
    assert KeptFacts(tmp_path / "cache").get(digest(raw)) == read_facts(path, raw)


def test_nothing_is_kept_of_a_text_that_was_not_the_last_one(tmp_path: Path) -> None:
    """Its tree is gone: the next run reads the file."""
    path, raw = tmp_path / "x.py", TEXT.encode()
    made("import os\n", ast.parse("import os\n"))
    facts = KeptFacts(tmp_path / "cache")
    facts.put_written(path, raw)
    facts.close()

    assert KeptFacts(tmp_path / "cache").get(digest(raw)) is None
