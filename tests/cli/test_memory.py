"""What one file needs is given back before the next one is read."""

from __future__ import annotations

import gc
import pickle
from pathlib import Path

import pytest

from workerlog_migrate.analysis.module import Module
from workerlog_migrate.files.discover import Workers, make_target
from workerlog_migrate.jobs import migrate_all
from workerlog_migrate.model import Settings
from workerlog_migrate.report import Mode, Report
from workerlog_migrate.report.hints import render_hints
from workerlog_migrate.report.text import render_text

SAMPLES = Path(__file__).resolve().parents[2] / "fixtures" / "workers" / "scripts"


def test_a_finished_file_leaves_nothing_for_the_garbage_collector(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its tree is many small objects: those that wait in a cycle would push the next file out of the caches."""
    paths = sorted(SAMPLES.glob("*.py"))[:4]
    for path in paths:
        (tmp_path / path.name).write_bytes(path.read_bytes())
    monkeypatch.chdir(tmp_path)
    targets = [make_target(Path(path.name), workers=Workers(), cwd=tmp_path) for path in paths]
    gc.disable()
    try:
        alive = []
        for result in migrate_all(targets, Settings(), 1):
            assert result.changed
            alive += [
                module
                for module in gc.get_objects()
                if type(module) is Module and module.source.path == Path(result.target.path)
            ]
    finally:
        gc.enable()

    assert alive == []


def test_the_garbage_collector_is_as_it_was_after_a_run(tmp_path: Path) -> None:
    """It is off while files are migrated in this process, whoever called."""
    (tmp_path / "genesis.py").write_text("print('oi')\n", encoding="utf-8")
    target = make_target(tmp_path / "genesis.py", workers=Workers(), cwd=tmp_path)

    assert [result.changed for result in migrate_all([target], Settings(), 1)] == [True]
    assert gc.isenabled()


def test_a_brief_report_says_the_same_and_keeps_less(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was applied without more ado is only counted there."""
    paths = sorted(SAMPLES.glob("*.py"))
    monkeypatch.chdir(SAMPLES.parent)
    targets = [
        make_target(path.relative_to(SAMPLES.parent), workers=Workers(), cwd=SAMPLES.parent) for path in paths
    ]
    brief, whole = Report(Mode.DRY_RUN, is_brief=True), Report(Mode.DRY_RUN)
    for result in migrate_all(targets, Settings(), 1):
        brief.add(result)
        whole.add(result)
    brief.complete = whole.complete = True

    assert render_text(brief) == render_text(whole)
    assert render_hints(brief) == render_hints(whole)
    assert len(pickle.dumps(brief.files)) < len(pickle.dumps(whole.files)) / 4
