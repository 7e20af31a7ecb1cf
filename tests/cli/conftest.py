"""A project to run the command in, and the command as users run it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import commands
import pytest
from spoken import heard

ROOT = Path(__file__).resolve().parents[2]

WORKER = """\
import time


def cycle(path):
    print(f"[OK] {path}")
    with open(path) as file:
        return file.read()


if __name__ == "__main__":
    cycle("a.txt")
"""

Run = Callable[..., "subprocess.CompletedProcess[bytes]"]
Environment = Callable[..., dict[str, str]]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project, which is also the current folder; nothing above it is read."""
    folder = tmp_path / "project"
    (folder / "scripts").mkdir(parents=True)
    (folder / "pyproject.toml").write_text("", encoding="utf-8")
    monkeypatch.chdir(folder)
    monkeypatch.delenv("NO_COLOR", raising=False)
    return folder


@pytest.fixture
def worker(project: Path) -> Path:
    """A worker script in which every codemod but one finds something."""
    file = project / "scripts" / "genesis_engine.py"
    file.write_bytes(WORKER.encode())
    return file


@pytest.fixture
def environment() -> Environment:
    """Give the environment of a process that runs this checkout."""
    return make_environment


def make_environment(**extra: str) -> dict[str, str]:
    """As the fixture of that name, with further variables."""
    kept = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    paths = os.pathsep.join((str(ROOT / "src"), str(ROOT / "codemods")))
    return {**kept, "PYTHONPATH": paths, "PYTHONWARNINGS": "error", **extra}


@pytest.fixture
def run(project: Path) -> Run:
    """Run the command in a process of its own, in the project."""

    def run_command(*arguments: str, data: bytes = b"", **extra: str) -> subprocess.CompletedProcess[bytes]:
        return heard(commands.run(*arguments, cwd=project, data=data, env=make_environment(**extra)))

    return run_command
