"""Every golden case: the result, a second run, the bytes outside the hunks, the diff under ``git apply``.

A case is a folder ``fixtures/golden/<codemod>/<sentence>/`` with ``before.py`` and ``after.py``; without
``after.py`` it states that the file must not change. ``case.toml`` may set ``select``, ``unresolved``, ``trial``, ``boundary``,
``worker`` and ``in_package``; by default the folder's codemod runs with ``logger-setup`` for the worker "genesis". Under
``fixtures/golden/all`` all codemods run.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from workerlog_migrate.files.source import decode
from workerlog_migrate.model import Boundary, FileResult, Settings, Source, Target, Trial, Unresolved
from workerlog_migrate.pipeline import migrate_source
from workerlog_migrate.registry import CODEMODS, DEFAULT, LOGGER_SETUP
from workerlog_migrate.report.diff import render_diff

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "fixtures" / "golden"
CASES = sorted(path.parent for path in GOLDEN.glob("*/*/before.py"))


def _id(case: Path) -> str:
    return f"{case.parent.name}/{case.name}"


def _setup(case: Path) -> tuple[Settings, Target]:
    options: dict[str, object] = {}
    if (case / "case.toml").exists():
        options = tomllib.loads((case / "case.toml").read_text(encoding="utf-8"))
    codemod = case.parent.name
    default = (
        DEFAULT if codemod == "all" else tuple(name for name in CODEMODS if name in (LOGGER_SETUP, codemod))
    )
    chosen = options.get("select", default)
    assert isinstance(chosen, list | tuple)
    settings = Settings(
        select=tuple(name for name in CODEMODS if name in chosen),
        unresolved=Unresolved(str(options.get("unresolved", "keep"))),
        trial=Trial(str(options.get("trial", "off"))),
        boundary=Boundary(str(options.get("boundary", "narrow"))),
    )
    target = Target(
        Path("before.py"),
        str(options.get("worker", "genesis")),
        pattern="*",
        in_package=bool(options.get("in_package")),
    )
    return settings, target


def _migrate(case: Path) -> tuple[Source, FileResult]:
    settings, target = _setup(case)
    source = decode(target.path, (case / "before.py").read_bytes())
    return source, migrate_source(source, target, settings)


def test_there_are_cases() -> None:
    assert CASES


@pytest.mark.parametrize("case", CASES, ids=_id)
def test_the_result_is_what_a_person_wrote(case: Path, request: pytest.FixtureRequest) -> None:
    source, result = _migrate(case)
    after = case / "after.py"
    if request.config.getoption("--update-golden"):
        if result.changed and (not after.exists() or after.read_bytes() != result.after):
            after.write_bytes(result.after)
            pytest.fail(f"{_id(case)}: after.py was written; read the difference before you commit it")
        return

    assert result.error is None
    expected = after.read_bytes() if after.exists() else source.raw
    assert result.after.decode(source.encoding) == expected.decode(source.encoding)
    assert result.after == expected


@pytest.mark.parametrize("case", CASES, ids=_id)
def test_a_second_run_changes_nothing(case: Path) -> None:
    _, first = _migrate(case)
    settings, target = _setup(case)

    second = migrate_source(decode(target.path, first.after), target, settings)

    assert second.error is None
    assert second.after == first.after


@pytest.mark.needs("git")
@pytest.mark.parametrize("case", [case for case in CASES if (case / "after.py").exists()], ids=_id)
def test_the_diff_applies_with_git(case: Path, tmp_path: Path) -> None:
    _, result = _migrate(case)
    (tmp_path / "before.py").write_bytes(result.before)

    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    subprocess.run(["git", "apply", "-"], input=render_diff([result]), cwd=tmp_path, check=True)

    assert (tmp_path / "before.py").read_bytes() == result.after


WORKERS = sorted((ROOT / "fixtures" / "workers" / "scripts").glob("*.py"))
WHOLE = [case / "before.py" for case in CASES if case.parent.name == "all"] + WORKERS


@pytest.mark.parametrize("script", WHOLE, ids=lambda path: path.stem if path in WORKERS else _id(path.parent))
def test_all_at_once_gives_what_one_after_another_gives(script: Path) -> None:
    """The logger is set up first; each codemod then runs alone beside it, in two orders."""
    target = Target(Path(script.name), "genesis", pattern="*")
    raw = script.read_bytes()
    together = migrate_source(decode(target.path, raw), target, Settings())
    assert together.error is None
    for order in (DEFAULT[1:], (DEFAULT[1], DEFAULT[3], DEFAULT[2])):
        step = raw
        for name in (LOGGER_SETUP, *order):
            chosen = Settings(select=tuple(n for n in CODEMODS if n in (LOGGER_SETUP, name)))
            result = migrate_source(decode(target.path, step), target, chosen)
            assert result.error is None
            step = result.after
        assert step.decode(together.encoding) == together.after.decode(together.encoding)
