"""``python -m libcst.tool codemod`` runs each codemod, as ``docs/libcst-tool.md`` says."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from people_project import ROOT, environment

from workerlog_migrate.model import Settings, Target
from workerlog_migrate.pipeline import migrate_bytes
from workerlog_migrate.registry import CODEMODS, DEFAULT

CONFIGURATION = """\
generated_code_marker: "@generated"
formatter: ["cat"]
blacklist_patterns: []
modules: ["workerlog_codemods"]
repo_root: "."
"""

SCRIPT = """\
import json


def load(path):
    try:
        with open(path) as file:
            return json.load(file)
    except Exception:
        return None


print(load("a.json"))
"""

CLASSES = {
    "logger-setup": "LoggerSetup",
    "mirror-output": "MirrorOutput",
    "specific-exceptions": "SpecificExceptions",
    "retry-io": "RetryIo",
}


def tool(folder: Path, *arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    if os.name == "nt" and "codemod" in arguments:  # as the page says: there is no `cat`
        arguments = (*arguments[:2], "--no-format", *arguments[2:])
    return subprocess.run(
        [sys.executable, "-m", "libcst.tool", *arguments],
        cwd=folder,
        env=environment(PYTHONWARNINGS=""),
        input=stdin,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / ".libcst.codemod.yaml").write_text(CONFIGURATION, encoding="utf-8")
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "zero_load.py").write_bytes(SCRIPT.encode())
    return tmp_path


def ours(codemod: str) -> bytes:
    target = Target(Path("zero_load.py"), "zero", "*zero*.py")
    return migrate_bytes(SCRIPT.encode(), target, Settings(select=(codemod,))).after


@pytest.mark.parametrize("codemod", CLASSES)
def test_each_codemod_does_what_our_command_does(folder: Path, codemod: str) -> None:
    done = tool(folder, "codemod", f"commands.{CLASSES[codemod]}", "--hide-progress", "zero_load.py")

    assert done.returncode == 0, done.stderr
    migrated = (folder / "zero_load.py").read_bytes()
    assert migrated == ours(codemod)
    assert migrated != SCRIPT.encode()


def test_the_tool_lists_the_codemods_and_nothing_else(folder: Path) -> None:
    """The one class that they share is abstract."""
    listed = tool(folder, "list").stdout.splitlines()

    assert sorted(line.partition(" - ")[0] for line in listed) == sorted(
        f"commands.{name.title().replace('-', '')}" for name in CODEMODS
    )
    assert set(CLASSES) == set(DEFAULT)


def test_a_file_that_is_no_worker_is_taken_only_when_asked_for(folder: Path) -> None:
    (folder / "zero_load.py").rename(folder / "other.py")

    skipped = tool(folder, "codemod", "commands.MirrorOutput", "--hide-progress", "other.py")

    assert "no worker pattern names this file" in skipped.stderr
    assert (folder / "other.py").read_text(encoding="utf-8") == SCRIPT
    tool(folder, "codemod", "commands.MirrorOutput", "--all", "--hide-progress", "other.py")
    assert 'setup_worker_logger("other")' in (folder / "other.py").read_text(encoding="utf-8")


def test_a_file_whose_bytes_libcst_does_not_keep_stays(folder: Path) -> None:
    """LibCST 1457: the blank in ``except OSError :`` is lost on the way through the tool."""
    script = SCRIPT.replace("except Exception:", "except OSError :")
    (folder / "zero_load.py").write_text(script, encoding="utf-8")

    done = tool(folder, "codemod", "commands.RetryIo", "--hide-progress", "zero_load.py")

    assert "LibCST does not keep every byte of this file" in done.stderr
    assert (folder / "zero_load.py").read_text(encoding="utf-8") == script


def test_a_missing_runtime_and_what_was_left_are_warnings(folder: Path) -> None:
    (folder / "zero_load.py").write_text("import os\n\nprint(1)\nos.remove('x')\n", encoding="utf-8")

    mirrored = tool(folder, "codemod", "commands.MirrorOutput", "--hide-progress", "zero_load.py")
    retried = tool(folder, "codemod", "commands.RetryIo", "--hide-progress", "zero_load.py")

    assert "worker_logger.py is missing beside this file" in mirrored.stderr
    assert "left: os.remove is left alone" in retried.stderr


def test_the_documented_configuration_is_the_one_tested() -> None:
    page = (ROOT / "docs" / "libcst-tool.md").read_text(encoding="utf-8")

    assert f"```yaml\n{CONFIGURATION}```" in page


def test_u_0_writes_the_file(folder: Path) -> None:
    """The trap that the page warns of: with context 0 the tool believes that no diff is wanted."""
    tool(folder, "codemod", "commands.MirrorOutput", "-u", "0", "--hide-progress", "zero_load.py")

    assert "mirror_print" in (folder / "zero_load.py").read_text(encoding="utf-8")


def test_standard_input_gets_one_newline_more(folder: Path) -> None:
    """Another trap of the page."""
    done = tool(folder, "codemod", "commands.RetryIo", "-", stdin="open('x')\n")

    assert done.stdout.endswith("open)('x')\n\n")


def test_a_command_heeds_what_the_configuration_says_of_libraries_and_levels(folder: Path) -> None:
    """The twin: without the folder of the library nobody knows what its function raises."""
    script = (
        "import shop\n\n\ndef buy():\n    try:\n        shop.buy()\n    except Exception:\n"
        '        print("NADA")\n\n\nbuy()\nprint("FIM")\n'
    )
    (folder / "zero_load.py").write_text(script, encoding="utf-8")
    library = folder / "lib" / "shop"
    library.mkdir(parents=True)
    (library / "__init__.py").write_text('def buy():\n    raise KeyError("x")\n', encoding="utf-8")

    without = tool(folder, "codemod", "commands.SpecificExceptions", "-u", "3", "zero_load.py").stdout
    (folder / "pyproject.toml").write_text(
        '[tool.workerlog-migrate]\nlibraries = ["lib"]\n[tool.workerlog-migrate.levels]\n"FIM" = "warning"\n',
        encoding="utf-8",
    )

    narrowed = tool(folder, "codemod", "commands.SpecificExceptions", "-u", "3", "zero_load.py").stdout
    mirrored = tool(folder, "codemod", "commands.MirrorOutput", "-u", "3", "zero_load.py").stdout
    assert "except KeyError:" not in without
    assert "except KeyError:" in narrowed
    assert 'mirror_print(logger.warning, "FIM")' in mirrored
