"""A worker that was started elsewhere, or has moved since: each type ends at its handler, or at none with a line that says why.

Real workers on trial, started by real processes; what they then noted is settled in the project.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import commands
import pytest

ROOT = Path(__file__).resolve().parents[2]

WORKER = """\
import os

import minha


class A:
    def load(self, n):
        try:
            minha.enviar(n)
        except Exception:
            pass


class B:
    def load(self, n):
        try:
            minha.enviar(n)
        except Exception:
            pass


if __name__ == "__main__":
    B().load(1)
"""

NARROW = "except (OSError, RuntimeError):"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a library of which only half is known."""
    made = tmp_path / "bot"
    (made / "scripts").mkdir(parents=True)
    (made / "scripts" / "zero_fila.py").write_text(WORKER, "utf-8")
    (made / "pyproject.toml").write_text(
        '[tool.workerlog-migrate.raises]\n"minha.enviar" = ["OSError"]\n', "utf-8"
    )
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "minha.py").write_text("def enviar(n):\n    raise RuntimeError(n)\n", "utf-8")
    return made


def command(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the tool in the project."""
    state = str(project.parent / "state")
    variables = {**os.environ, "PYTHONPATH": commands.PATHS, "XDG_STATE_HOME": state}
    return commands.text(commands.run(*arguments, cwd=project, env=variables))


def work(folder: Path, script: str | Path, library: Path, **environment: str) -> None:
    """Start a worker in a folder."""
    subprocess.run(
        [sys.executable, script],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(library), **environment},
        check=True,
    )


def trial(project: Path, *paths: str) -> None:
    done = command(project, "--apply", "--trial", *paths)
    assert done.returncode == 0, done.stderr


def excepts(script: Path) -> list[str]:
    """Give the ``except`` lines."""
    return [
        line.strip()
        for line in script.read_text("utf-8").splitlines()
        if "except" in line and ":" in line[-1]
    ]


def in_the_project(project: Path, library: Path) -> Path:
    work(project, "scripts/zero_fila.py", library)
    return project / "logs"


def in_its_folder(project: Path, library: Path) -> Path:
    work(project / "scripts", "zero_fila.py", library)
    return project / "scripts" / "logs"


def in_another_folder(project: Path, library: Path) -> Path:
    logs = project.parent / "noted"
    work(project.parent, project / "scripts" / "zero_fila.py", library, WORKER_LOG_DIR=str(logs))
    return logs


def upwards(project: Path, library: Path) -> Path:
    (project / "bin").mkdir()
    work(project / "bin", "../scripts/zero_fila.py", library)
    return project / "bin" / "logs"


def through_a_link(project: Path, library: Path) -> Path:
    link = project.parent / "current"
    link.symlink_to(project)
    work(link, "scripts/zero_fila.py", library)
    return project / "logs"


def a_link_to_the_script(project: Path, library: Path) -> Path:
    (project / "run").symlink_to(project / "scripts" / "zero_fila.py")
    work(project, project / "scripts" / ".." / "scripts" / "zero_fila.py", library)
    return project / "logs"


def in_another_checkout(project: Path, library: Path) -> Path:
    other = project.parent / "deploy" / "bot-2"
    shutil.copytree(project, other)
    work(other, "scripts/zero_fila.py", library)
    return other / "logs"


def in_a_container(project: Path, library: Path) -> Path:
    app = project.parent / "app"
    shutil.copytree(project / "scripts", app)
    work(app.parent, app / "zero_fila.py", library)
    return app.parent / "logs"


@pytest.mark.parametrize(
    "start",
    [
        in_the_project,
        in_its_folder,
        in_another_folder,
        upwards,
        through_a_link,
        a_link_to_the_script,
        in_another_checkout,
        in_a_container,
    ],
)
def test_wherever_a_worker_is_started_its_note_ends_at_its_handler(
    project: Path, start: Callable[[Path, Path], Path]
) -> None:
    trial(project)

    logs = start(project, project.parent / "lib")
    done = command(project, "--from-logs", str(logs), "--apply")

    assert done.returncode == 0, done.stderr
    assert excepts(project / "scripts" / "zero_fila.py") == ["except Exception:", NARROW]


def test_a_project_that_was_moved_is_settled_where_it_is_now(project: Path) -> None:
    trial(project)
    logs = in_another_folder(project, project.parent / "lib")
    moved = project.rename(project.parent / "bot-now")

    command(moved, "--from-logs", str(logs), "--apply")

    assert excepts(moved / "scripts" / "zero_fila.py") == ["except Exception:", NARROW]


OTHER = WORKER.replace("class A", "ATIVO = True\n\n\nclass A")


@pytest.mark.parametrize("text", [OTHER, WORKER], ids=["another", "a copy"])
def test_a_file_of_that_name_in_the_current_folder_is_not_the_one(project: Path, text: str) -> None:
    """Kind: a worker that was started in its own folder notes a bare name, which another file has in the project's."""
    top = project / "zero_fila.py"
    top.write_text(text, "utf-8")
    trial(project, ".")

    logs = in_its_folder(project, project.parent / "lib")
    done = command(project, ".", "--from-logs", str(logs), "--apply")

    assert excepts(top) == ["except Exception:"] * 2
    assert excepts(project / "scripts" / "zero_fila.py") == ["except Exception:"] * 2
    assert "about a file of which there are several of that name" in done.stderr


def test_twin_of_two_files_of_that_name_the_whole_path_tells(project: Path) -> None:
    top = project / "zero_fila.py"
    top.write_text(OTHER, "utf-8")
    trial(project, ".")

    logs = in_the_project(project, project.parent / "lib")
    command(project, ".", "--from-logs", str(logs), "--apply")

    assert excepts(top) == ["except Exception:"] * 2
    assert excepts(project / "scripts" / "zero_fila.py") == ["except Exception:", NARROW]
