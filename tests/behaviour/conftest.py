"""One world for the whole session, and the originals beside their migrated copies."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sandbox import PROJECT, WORKERS, World


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Return the world in which all workers run, one at a time."""
    made = World(tmp_path_factory.mktemp("world"))
    yield made
    made.server.close()


@pytest.fixture(scope="session")
def originals() -> Path:
    """Return the folder of the workers before migration."""
    return WORKERS / "scripts"


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Migrate a copy of the workers with the real command, and return the folder with the results."""
    project = tmp_path_factory.mktemp("project")
    shutil.copytree(WORKERS / "scripts", project / "scripts")
    done = subprocess.run(
        [sys.executable, "-m", "workerlog_migrate", "--apply", "scripts"],
        cwd=project,
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(PROJECT / "src"), str(PROJECT / "codemods")))},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return project / "scripts"
