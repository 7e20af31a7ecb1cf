"""A run loads what it needs and no more."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Environment

PROBE = """
import sys
from workerlog_migrate.cli import main
try:
    main(sys.argv[1:], prog_name="workerlog-migrate")
finally:
    loaded = {name.partition(".")[0] for name in sys.modules} | set(sys.modules)
    sys.stderr.write("LOADED " + " ".join(sorted(loaded)) + "\\n")
"""

COSTLY = {
    "importlib.resources",
    "hashlib",
    "libcst",
    "multiprocessing",
    "concurrent.futures",
    "difflib",
    "json",
    "pathspec",
    "asyncio",
    "unittest",
}


def loaded(project: Path, environment: Environment, *arguments: str) -> set[str]:
    result = subprocess.run(
        [sys.executable, "-c", PROBE, *arguments],
        cwd=project,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    return set(result.stderr.rpartition("LOADED ")[2].split())


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["scripts"], ["--check", "scripts"]])
def test_nothing_to_do_loads_nothing_costly(
    project: Path, environment: Environment, arguments: list[str]
) -> None:
    modules = loaded(project, environment, *arguments)

    assert "workerlog_migrate.cli" in modules
    assert modules & COSTLY == set()
    assert "workerlog_migrate.pipeline" not in modules


@pytest.mark.parametrize(
    ("script", "has_trigger"),
    [
        ("X = 1\n", False),
        ("def f(p):\n    raise ValueError(p)\n\n\nclass E(Exception):\n    pass\n", False),
        ("from os import sep, remove\n", True),
    ],
    ids=["no-trigger", "no-trigger-either", "trigger-without-finding"],
)
def test_no_findings_load_no_libcst_and_no_trigger_nothing_that_parses(
    project: Path, environment: Environment, script: str, has_trigger: bool
) -> None:
    (project / "scripts" / "zero.py").write_text(script)

    modules = loaded(project, environment, "scripts")

    assert "workerlog_migrate.jobs" in modules
    for name in ("pipeline", "analysis.module", "project.facts"):
        assert (f"workerlog_migrate.{name}" in modules) is has_trigger
    assert "libcst" not in modules
    assert "multiprocessing" not in modules


def test_findings_load_libcst_but_neither_matchers_nor_its_codemod_framework(
    project: Path, environment: Environment
) -> None:
    (project / "scripts" / "zero.py").write_text("print('x')\n")

    modules = loaded(project, environment, "scripts")

    assert "libcst" in modules
    assert modules & {"libcst.matchers", "libcst.codemod"} == set()
