"""A project of files, the command as users run it, and Python as their machines start it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest
from click.testing import CliRunner

from workerlog_migrate.cli import main


class Migrated(NamedTuple):
    """What the command said."""

    returncode: int
    stdout: str
    stderr: str


class Tree:
    """A project in a repository of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, files: Mapping[str, str]) -> None:
        """Write files, with the folders that hold them."""
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def text(self, name: str) -> str:
        """Read a file."""
        return (self.root / name).read_text(encoding="utf-8")

    def head(self, name: str) -> list[str]:
        """Give the lines by which a script gets its runtime, as they stand there."""
        wanted = ("worker_logger", "worker_utils", "__package__", "else:", "_logger(", "retry_with_backoff(")
        lines = self.text(name).splitlines()
        return [line for line in lines if any(word in line for word in wanted)]

    def migrate(self, *arguments: str, cwd: str = ".") -> Migrated:
        """Run the command in the project."""
        before = Path.cwd()
        os.chdir(self.root / cwd)
        try:
            result = CliRunner().invoke(main, arguments)
        finally:
            os.chdir(before)
        return Migrated(result.exit_code, result.stdout, result.stderr)

    def start(self, *arguments: str, cwd: str = ".", **variables: str) -> subprocess.CompletedProcess[str]:
        """Start Python in the project, without anything of this checkout on its path."""
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.root / cwd,
            capture_output=True,
            text=True,
            check=False,
            env={**_environment(), **variables},
        )

    def runtime(self) -> list[str]:
        """List the folders that hold the runtime."""
        return sorted(
            path.parent.relative_to(self.root).as_posix() for path in self.root.rglob("worker_logger.py")
        )


def _environment() -> dict[str, str]:
    kept = ("PATH", "HOME", "SYSTEMROOT", "TMPDIR", "WORKERLOG_MIGRATE_CACHE_DIR", "XDG_STATE_HOME")
    return {name: os.environ[name] for name in kept if name in os.environ} | {"PYTHONDONTWRITEBYTECODE": "1"}


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tree:
    """An empty project."""
    root = tmp_path / "project"
    root.mkdir()
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    monkeypatch.setenv("WORKERLOG_MIGRATE_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return Tree(root)
