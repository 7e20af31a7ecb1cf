"""The real pre-commit runs both hooks, from a git repository of this checkout, in the environment that it builds itself.

Building that environment installs the package and its dependencies once for both hooks, in about ten seconds.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from people_project import ROOT

pytestmark = pytest.mark.needs("git", "pre-commit")

WORKER = "print('oi')\n"
OTHER = "print('not a worker')\n"
PACKAGED = (
    ".pre-commit-hooks.yaml",
    "LICENSE",
    "README.md",
    "codemods",
    "docs/codemods",
    "docs/workerlog-migrate.1",
    "pyproject.toml",
    "src",
)


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=tester", "-c", "user.email=tester@example.org", "-c", "commit.gpgsign=false")
    return subprocess.run(
        ["git", *identity, *arguments], cwd=folder, capture_output=True, encoding="utf-8", check=True
    ).stdout.strip()


@pytest.fixture(scope="module")
def hooks(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """This checkout, as it stands, as a repository of one commit."""
    folder = tmp_path_factory.mktemp("hooks")
    ignored = shutil.ignore_patterns("__pycache__", "*.pyc", "*.egg-info")
    for name in PACKAGED:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target, ignore=ignored)
        else:
            shutil.copy(ROOT / name, target)
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "What stands here")
    return folder, git(folder, "rev-parse", "HEAD")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pre-commit keeps the environment: built by the first test, used by all."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q")
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "genesis_oi.py").write_text(WORKER, encoding="utf-8")
    (tmp_path / "setup.py").write_text(OTHER, encoding="utf-8")
    return tmp_path


def run_hook(
    project: Path, hooks: tuple[Path, str], home: Path, hook: str
) -> subprocess.CompletedProcess[str]:
    folder, revision = hooks
    (project / ".pre-commit-config.yaml").write_text(
        f"repos:\n  - repo: {folder}\n    rev: {revision}\n    hooks:\n      - id: {hook}\n", encoding="utf-8"
    )
    git(project, "add", "-A")
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("GIT_", "PRE_COMMIT", "PYTHON", "VIRTUAL_ENV"))
    }
    return subprocess.run(
        [sys.executable, "-m", "pre_commit", "run", "--all-files", "--color=never"],
        cwd=project,
        env={**kept, "PRE_COMMIT_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )


def test_the_check_hook_fails_until_the_worker_is_migrated(
    project: Path, hooks: tuple[Path, str], home: Path
) -> None:
    failed = run_hook(project, hooks, home, "workerlog-migrate-check")

    assert failed.returncode == 1, failed.stdout
    assert "workerlog-migrate (check)" in failed.stdout
    assert "would change scripts/genesis_oi.py (logger-setup 1, mirror-output 1)" in failed.stdout
    assert "setup.py" not in failed.stdout
    assert (project / "scripts" / "genesis_oi.py").read_text(encoding="utf-8") == WORKER


def test_the_apply_hook_migrates_and_then_both_pass(
    project: Path, hooks: tuple[Path, str], home: Path
) -> None:
    """As every hook that rewrites, it fails once, so that a person looks at the change and stages it."""
    first = run_hook(project, hooks, home, "workerlog-migrate-apply")

    assert first.returncode == 1, first.stdout
    assert "files were modified by this hook" in first.stdout
    assert "mirror_print(logger.info, 'oi')" in (project / "scripts" / "genesis_oi.py").read_text(
        encoding="utf-8"
    )
    assert (project / "scripts" / "worker_logger.py").is_file()
    assert (project / "setup.py").read_text(encoding="utf-8") == OTHER
    status = git(project, "status", "--porcelain", "--untracked-files=all")
    assert "?? scripts/worker_utils.py" in status
    assert ".workerlog-migrate" not in status

    assert run_hook(project, hooks, home, "workerlog-migrate-apply").returncode == 0
    assert run_hook(project, hooks, home, "workerlog-migrate-check").returncode == 0
