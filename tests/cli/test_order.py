"""A project migrated at once, by several processes, or file by file in any order becomes the same."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from textwrap import dedent

import commands
import pytest

from benchmarks.order.ways import compare
from workerlog_migrate.files import snapshot

STORE = dedent(
    """
    import json
    import os


    class Store:
        def collect(self):
            return {"names": os.listdir(".")}

        def save(self, report):
            try:
                with open("report.json", "w", encoding="utf-8") as file:
                    json.dump(report, file)
            except Exception:
                pass

        def run(self):
            self.save(self.collect())
    """
)
LOOP = dedent(
    """
    import os

    from aider_store import Store


    def main():
        store = Store()
        while True:
            try:
                for name in os.listdir("."):
                    print(name.upper())
                store.save(store.collect())
            except Exception as error:
                print(f"failed: {error}")


    main()
    """
)
ORDERS = (
    pytest.param([["--jobs", "1", "."]], id="at once"),
    pytest.param([["--jobs", "2", "."]], id="two processes"),
    pytest.param([["aider_store.py"], ["aider_loop.py"]], id="helper first"),
    pytest.param([["aider_loop.py"], ["aider_store.py"]], id="caller first"),
)


def migrate(folder: Path, *arguments: str) -> bytes:
    """Run the command in a folder; what it writes to standard output."""
    made = commands.run(
        "--no-cache", *arguments, cwd=folder, env={**os.environ, "PYTHONPATH": commands.PATHS}
    )
    assert made.returncode == 0, made.stderr
    return made.stdout


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Make the smallest project in which the order once mattered."""
    (tmp_path / "aider_store.py").write_text(STORE, "utf-8")
    (tmp_path / "aider_loop.py").write_text(LOOP, "utf-8")
    return tmp_path


@pytest.mark.needs("git")
@pytest.mark.parametrize("runs", ORDERS)
def test_every_order_writes_what_the_diff_says(project: Path, runs: list[list[str]]) -> None:
    """What is written does not depend on what was migrated before, and is what a dry run shows."""
    diff = migrate(project, "--dry-run", ".")
    originals = {path.name: path.read_bytes() for path in project.glob("aider_*.py")}
    for run in runs:
        migrate(project, "--apply", *run)
    written = {path.name: path.read_bytes() for path in project.glob("aider_*.py")}
    for name, raw in originals.items():
        (project / name).write_bytes(raw)
    subprocess.run(
        ["git", "apply", "--unsafe-paths"], cwd=project, input=diff, check=True, capture_output=True
    )

    assert written == {path.name: path.read_bytes() for path in project.glob("aider_*.py")}
    assert written != originals


def test_what_files_held_is_kept_for_this_process_and_for_others(tmp_path: Path) -> None:
    """Bytes are those of the beginning while they are kept, here and where they were loaded, and forgotten afterwards."""
    script = tmp_path / "a.py"
    script.write_bytes(b"before")
    with snapshot.kept([script], in_file=True) as name:
        script.write_bytes(b"after")
        assert snapshot.original(script) == b"before"
        snapshot._originals.clear()
        snapshot.load(name)
        assert snapshot.original(script) == b"before"
        assert snapshot.original(tmp_path / "b.py") is None

    assert snapshot.original(script) is None
    assert not Path(name).exists()


@pytest.mark.parametrize("order", [["main.py", "ferramentas/ajuda.py"], ["ferramentas/ajuda.py", "main.py"]])
def test_where_an_import_stands_does_not_depend_on_other_runtime_files(
    tmp_path: Path, order: list[str]
) -> None:
    """A copy of the runtime in the folder from which ``fila`` is imported decides nothing for scripts in another folder."""
    (tmp_path / "ferramentas").mkdir()
    (tmp_path / "fila").mkdir()
    (tmp_path / "fila" / "motor.py").write_text("def roda(): pass\n", "utf-8")
    (tmp_path / "main.py").write_text("from fila import motor\nmotor.roda()\nprint('fim')\n", "utf-8")
    (tmp_path / "ferramentas" / "ajuda.py").write_text(
        "import os\nimport sys\nsys.path.insert(0, os.getcwd())\nfrom fila import motor\nprint(motor.roda())\n",
        "utf-8",
    )
    for path in order:
        migrate(tmp_path, "--all", "--apply", path)

    in_other = (tmp_path / "ferramentas" / "ajuda.py").read_text("utf-8")
    beside = (tmp_path / "main.py").read_text("utf-8")
    assert in_other.index("from worker_logger") < in_other.index("from fila")
    assert beside.index("from fila") < beside.index("from worker_logger")


def test_a_runtime_file_hides_no_search_path(tmp_path: Path) -> None:
    """What was migrated before imports the runtime, which looks at ``sys.path`` itself: the next script gets its logger all the same."""
    for path, text in {
        "fila/__init__.py": "",
        "fila/motor.py": "def roda():\n    print('roda')\n",
        "fila/partes/__init__.py": "",
        "fila/partes/ssl.py": "LIGADO = False\n",
        "fila/__main__.py": "from .motor import roda\n\nroda()\nprint('fim')\n",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, "utf-8")
    for path in ("fila/motor.py", "fila/__main__.py"):
        migrate(tmp_path, "--all", "--apply", path)

    assert "mirror_print" in (tmp_path / "fila" / "motor.py").read_text("utf-8")
    assert "mirror_print" in (tmp_path / "fila" / "__main__.py").read_text("utf-8")


def test_a_way_that_fails_is_found(tmp_path: Path) -> None:
    """A command that ends with an error has shown nothing, whatever the trees hold then."""
    (tmp_path / "a.py").write_text("print('a')\n", "utf-8")
    (tmp_path / "b.py").write_text("print 'b'\n", "utf-8")

    assert "ended with" in " ".join(compare(tmp_path).found)


FAR = {
    "guarda.py": """
    import json


    class Guarda:
        def __init__(self, motor):
            self.motor = motor

        def salva(self, dados):
            try:
                with open(self.motor.pasta + "/guarda.json", "w") as aberto:
                    json.dump(dados, aberto)
            except Exception:
                pass
    """,
    "motor.py": """
    from guarda import Guarda


    class Motor:
        def __init__(self):
            self.pasta = "dados"
            self.guarda = Guarda(self)

        def passo(self, nome):
            self.guarda.salva({"nome": nome})
    """,
    "outra.py": """
    from motor import Motor

    motor = Motor()
    try:
        motor.passo("a")
        print(int(input()))
    except Exception as erro:
        print(f"erro: {erro}")
    """,
}


@pytest.mark.parametrize("other", ["", "from guarda import Guarda\n\nGuarda(input())\n"])
def test_a_script_knows_who_uses_what_the_files_it_imports_import(tmp_path: Path, other: str) -> None:
    """A file two imports away is narrowed or not, before and after, by the same callers: those it shows where it is migrated itself."""
    found: list[str] = []
    for order in (["."], ["guarda.py", "outra.py"], ["outra.py", "guarda.py"]):
        folder = tmp_path / str(len(found))
        folder.mkdir()
        for name, text in {**FAR, "quarta.py": other}.items():
            (folder / name).write_text(dedent(text), "utf-8")
        for path in order:
            migrate(folder, "--all", "--apply", path)
        found.append("".join((folder / name).read_text("utf-8") for name in FAR))

    assert found[0] == found[1] == found[2]
    assert "except (EOFError, OSError, ValueError)" in found[0]
    assert ("except (AttributeError, OSError, TypeError):" in found[0]) == bool(other)
