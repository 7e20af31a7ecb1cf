"""A project with a few workers, and the command as a process of its own."""

from __future__ import annotations

import subprocess
from pathlib import Path

import commands
import pytest
from people_project import AIDER, ENGINE, Run, environment
from spoken import spoken


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two workers under scripts/; the project is the current folder, nothing above it is read."""
    folder = tmp_path / "project"
    (folder / "scripts").mkdir(parents=True)
    (folder / "pyproject.toml").write_text("", encoding="utf-8")
    (folder / "scripts" / "aider_queue.py").write_bytes(AIDER.replace("\n", "\r\n").encode())
    (folder / "scripts" / "genesis_engine.py").write_text(ENGINE, encoding="utf-8")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return folder


@pytest.fixture
def run(project: Path) -> Run:
    """Run the command in a process of its own, in the project."""

    def run_command(*arguments: str, **extra: str) -> subprocess.CompletedProcess[str]:
        done = commands.text(commands.run(*arguments, cwd=project, env=environment(**extra)))
        is_json = any(word.endswith(("json", "sarif")) for word in arguments)  # its backslashes are escapes
        stdout = done.stdout if is_json else spoken(done.stdout)
        return subprocess.CompletedProcess(done.args, done.returncode, stdout, spoken(done.stderr))

    return run_command
