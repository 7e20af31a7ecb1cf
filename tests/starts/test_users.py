"""Who uses what is in a script: the runtime that was put beside it does not, a file of the project by that name does."""

from __future__ import annotations

from pathlib import Path

import pytest

from workerlog_migrate.files.vendor import runtime_text
from workerlog_migrate.model import RUNTIME_FILES, Target
from workerlog_migrate.project import place


def _users(folder: Path) -> set[str]:
    (target,) = place([Target(folder / "pacote" / "fila.py", "fila")], folder, None)
    return {Path(user).name for file, users in target.users if file.endswith("fila.py") for user in users}


@pytest.fixture
def package(tmp_path: Path) -> Path:
    folder = tmp_path / "pacote"
    folder.mkdir()
    (tmp_path / "pyproject.toml").write_text("")
    (folder / "__init__.py").write_text("from . import fila\n")
    (folder / "fila.py").write_text("from .worker_logger import setup_worker_logger\n\nITENS = {}\n")
    return folder


def test_the_runtime_uses_no_script(package: Path) -> None:
    """It imports its neighbour, and with that the package, which imports the script: that is no use of it."""
    before = _users(package.parent)
    for name in RUNTIME_FILES:
        (package / name).write_text(runtime_text(name.removesuffix(".py")), encoding="utf-8")

    assert _users(package.parent) == before == {"__init__.py"}


def test_a_file_of_the_project_by_that_name_does(package: Path) -> None:
    (package / "worker_utils.py").write_text("from . import fila\n\nfila.ITENS['x'] = 1\n")

    assert _users(package.parent) == {"__init__.py", "worker_utils.py"}
