"""Who uses what is in a script: the runtime that was put beside it does not, a file of the project by that name does."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:  # the standard library has tomllib from 3.11
    import tomli as tomllib  # type: ignore[import-not-found, unused-ignore]  # only there on Python 3.10

from workerlog_migrate.files.vendor import runtime_text
from workerlog_migrate.knowledge import Knowledge
from workerlog_migrate.model import MANY, RUNTIME_FILES, RUNTIME_MODULES, Target
from workerlog_migrate.project import place
from workerlog_migrate.project.facts import read_facts
from workerlog_migrate.project.program import HEIRS, MAX_SETTING_UP, SETTING_UP, imports_of_runtime


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


def _project(folder: Path, files: dict[str, str]) -> dict[str, set[str]]:
    """Write a project; by the name of a file that ``main.py`` imports, itself, or empty for what runs around it: who uses it."""
    (folder / "pyproject.toml").write_text("")
    for name, text in files.items():
        (folder / name).write_text(text)
    (target,) = place([Target(folder / "main.py", "main")], folder, None)
    return {Path(file).name: {Path(user).name for user in users} for file, users in target.users}


def test_all_count_from_which_a_script_of_a_small_program_can_be_reached(tmp_path: Path) -> None:
    """Four imports away, too; the twin imports only what the script does not."""
    files = {
        "main.py": "A = 1\n",
        "um.py": "import main\n",
        "dois.py": "import um\n",
        "tres.py": "import dois\n",
    }
    other = {"quatro.py": "import cinco\n", "cinco.py": ""}

    assert _project(tmp_path, {**files, **other})["main.py"] == {"um.py", "dois.py", "tres.py"}


@pytest.mark.parametrize(
    ("packages", "importer", "is_user"),
    [
        (["saida"], "um.py", False),
        ([], "um.py", True),
        (["saida"], "saida/um.py", True),
        (["saida"], "saida.um", True),
    ],
)
def test_a_file_of_a_package_is_no_module_of_the_library_to_others(
    tmp_path: Path, packages: list[str], importer: str, is_user: bool
) -> None:
    """``import json`` elsewhere is the library's; where the folder is no package, or beside the file, it may be ours."""
    (tmp_path / "pyproject.toml").write_text("")
    for folder in ("saida", "outra"):
        (tmp_path / folder).mkdir()
    for folder in packages:
        (tmp_path / folder / "__init__.py").write_text("")
    (tmp_path / "saida" / "json.py").write_text("A = 1\n")
    text = "import saida.json\n" if importer == "saida.um" else "import json\n"
    (tmp_path / ("um.py" if importer == "saida.um" else importer)).write_text(text)
    (target,) = place([Target(tmp_path / "saida" / "json.py", "json")], tmp_path, None)
    found = {Path(user).name for file, users in target.users if file.endswith("json.py") for user in users}
    assert ("um.py" in found) == is_user


def test_in_a_large_program_a_name_is_followed_that_is_passed_on(tmp_path: Path) -> None:
    """Under another name as well, and as an attribute; the twin imports the same files, and names nothing that comes from the script."""
    files = {
        "main.py": "def grava(): pass\n",
        "um.py": "from main import grava as poe\n",
        "dois.py": "from um import poe\n",
        "tres.py": "import dois\ndois.poe()\n",
        "quatro.py": "import tres\ntres.dois.poe()\n",
        "outro.py": "import dois\n",
        **{f"m{at}.py": f"import outro, m{at - 1}\n" if at else "import outro\n" for at in range(60)},
    }

    assert _project(tmp_path, files)["main.py"] == {"um.py", "dois.py", "tres.py", "quatro.py"}


def test_what_sets_something_up_counts_wherever_it_is_imported_in_the_program(tmp_path: Path) -> None:
    """Beside the script, where only the start imports it, and below it; not what another program sets up, a test, or what sets up nothing."""
    signals = "import signal\nsignal.signal(signal.SIGTERM, print)\n"
    files = {
        "main.py": "import um\n",
        "um.py": "import dois\n",
        "dois.py": "import tres\n",
        "tres.py": "import json\njson.dumps = print\n",
        "start.py": "import main, sinais\n",
        "sinais.py": signals,
        "nada.py": "import main\nprint(1)\n",
        "test_main.py": "import main, other\nimport signal\n",
        "other.py": signals,
    }

    assert _project(tmp_path, files)[""] == {"tres.py", "sinais.py"}


def test_more_files_that_set_up_than_are_looked_at_are_said_to_be_many(tmp_path: Path) -> None:
    """A cut is no answer; the twin has one file less."""
    files = {"main.py": "\n".join(f"import m{at}" for at in range(MAX_SETTING_UP + 1))}
    files.update({f"m{at}.py": "import signal\n" for at in range(MAX_SETTING_UP + 1)})

    assert _project(tmp_path, files)[""] == {MANY}
    assert len(_project(tmp_path, {**files, "m0.py": ""})[""]) == MAX_SETTING_UP


def test_what_many_other_scripts_of_a_project_set_up_is_not_counted(tmp_path: Path) -> None:
    """Hundreds of scripts that stand for themselves, looked at in one run: each has its own few; the twin is the one that imports them all."""
    files = {f"m{at}.py": f"import signal, n{at % 2}\n" for at in range(MAX_SETTING_UP + 1)}
    files |= {"n0.py": "import json\njson.dumps = print\n", "n1.py": "", "main.py": "import n0\n"}
    files["all.py"] = "\n".join(f"import m{at}" for at in range(MAX_SETTING_UP + 1))
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "pyproject.toml").write_text("")

    def around(*names: str) -> dict[str, set[str]]:
        placed = place([Target(tmp_path / name, Path(name).stem) for name in names], tmp_path, None)
        return {
            target.path.name: {Path(each).name for each in dict(target.users).get("", ())}
            for target in placed
        }

    apart = [name for name in files if name != "all.py"]
    (tmp_path / "all.py").unlink()
    assert around(*apart)["main.py"] == around("main.py")["main.py"] == {"n0.py"}
    assert around(*apart)["m1.py"] == set()
    (tmp_path / "all.py").write_text(files["all.py"])
    assert around(*files)["all.py"] == {MANY}


def test_every_name_of_a_row_that_sets_something_up_is_looked_for() -> None:
    """What is read of all files of a program are those that hold one of these names: a row with another one would not be seen."""
    knowledge = Knowledge()
    rows = [row for path in knowledge.files() for row in tomllib.loads(path.read_text("utf-8")).values()]
    called = [word.partition(":") for row in rows for word in row.get("runs", ())]
    words = {word.removeprefix("@") or f"{stored.replace('*', 'any')} =" for word, _, stored in called}
    for name in ("op:anywhere", "op:anything-changed", "op:iterate-changed"):
        words |= knowledge.operation(name).names
    heirs = {base for row in rows for base in row.get("meets", ())}

    assert len(words) > 60
    assert len(heirs) > 10
    assert not [word for word in sorted(words) if SETTING_UP.search(word.encode()) is None]
    assert not [base for base in sorted(heirs) if HEIRS.search(f"class Own({base}):".encode()) is None]


@pytest.mark.parametrize("module", RUNTIME_MODULES)
def test_the_runtime_is_said_to_import_what_it_imports(module: str) -> None:
    text = runtime_text(module).encode("utf-8")
    facts = read_facts(Path(f"{module}.py"), text)

    assert facts is not None
    assert [each[:3] for each in imports_of_runtime(module).imports] == [each[:3] for each in facts.imports]
    assert imports_of_runtime(module).changes_path == facts.changes_path
