"""Every syntax up to the newest, and code that others wrote, in a bounded number: what is promised holds.

The sources of ``fixtures/syntax`` are named by the Python that first reads them; an older one has to refuse them in one line.
`benchmarks/foreign.py` does the same with the whole standard library and with packages.
"""

from __future__ import annotations

import random
import sys
import sysconfig
import warnings
from pathlib import Path

import grids
import pytest
from promises import check_kept, compiles, decoded

from workerlog_migrate.model import Settings, Target, Unresolved
from workerlog_migrate.pipeline import migrate_bytes

SYNTAX = sorted((Path(__file__).resolve().parents[2] / "fixtures" / "syntax").glob("python*.py"))
SETTINGS = (Settings(), Settings(unresolved=Unresolved.RERAISE))
SAMPLE = grids.number(200, 70)
LARGEST = 60_000


@pytest.mark.parametrize("settings", SETTINGS, ids=["keep", "reraise"])
@pytest.mark.parametrize("path", SYNTAX, ids=lambda path: path.stem)
def test_every_syntax_is_migrated_or_refused_in_one_line(path: Path, settings: Settings) -> None:
    raw = path.read_bytes()
    target = Target(Path("script.py"), "genesis", "*")
    result = migrate_bytes(raw, target, settings)
    minor = int(path.stem.removeprefix("python3"))

    if sys.version_info < (3, minor):
        assert result.error is not None
        assert result.error.reason.startswith(("syntax error: ", "is Python 2 "))
        assert "run workerlog-migrate with " in result.error.reason
        assert result.after == raw
        return
    assert result.error is None
    assert b"mirror_print(" in result.after
    assert b"retrying(open)(" in result.after
    check_kept(raw, result.after)
    again = migrate_bytes(result.after, target, settings)
    assert (again.error, again.after) == (None, result.after)


def library() -> list[Path]:
    folder = Path(sysconfig.get_path("stdlib"))
    found = (path for path in folder.rglob("*.py") if "site-packages" not in path.parts)
    return sorted(path for path in found if path.stat().st_size <= LARGEST)


def test_a_sample_of_the_standard_library() -> None:
    warnings.simplefilter("ignore")
    changed = 0
    paths = random.Random(SAMPLE).sample(library(), SAMPLE)
    for path in paths:
        raw = path.read_bytes()
        target = Target(Path(path.name), path.stem, "", (path.parent / "__init__.py").exists())
        result = migrate_bytes(raw, target, Settings())
        if result.error is not None:
            assert not compiles(raw) or not decoded(raw), f"{path}: {result.error.reason}"
            assert "internal error" not in result.error.reason, f"{path}: {result.error.reason}"
        elif result.changed:
            changed += 1
            check_kept(raw, result.after)
            assert not migrate_bytes(result.after, target, Settings()).changed, path
    assert changed > SAMPLE / 10
