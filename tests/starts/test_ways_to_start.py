"""A migrated script starts in every way in which the project starts it, whatever part of the project was migrated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.starts.conftest import Tree

HELLO = """\
def hello(name):
    print(f"hello {name}")
"""
SCRIPT = """\
import os


def main():
    print(f"in {os.path.basename(os.getcwd())}")


if __name__ == "__main__":
    main()
"""


@pytest.mark.parametrize(
    ("files", "paths", "start"),
    [
        pytest.param(
            {"main.py": "from services.hello import hello\nhello('a')\n", "services/hello.py": HELLO},
            ["--all", "services"],
            ["main.py"],
            id="import-through-a-folder",
        ),
        pytest.param(
            {
                "main.py": "import scripts.genesis_a\nscripts.genesis_a.main()\n",
                "scripts/genesis_a.py": SCRIPT,
            },
            ["scripts/genesis_a.py"],
            ["main.py"],
            id="one-named-file",
        ),
        pytest.param(
            {
                "bot.py": 'import importlib\nimportlib.import_module("cogs.music").hello("b")\n',
                "cogs/music.py": HELLO,
            },
            ["--all", "cogs"],
            ["bot.py"],
            id="import-module",
        ),
        pytest.param(
            {
                "bot.py": 'import importlib\nfor name in ("music",):\n'
                '    importlib.import_module(f"cogs.{name}").hello("b")\n',
                "cogs/music.py": HELLO,
            },
            ["--all", "cogs"],
            ["bot.py"],
            id="import-module-of-a-made-name",
        ),
        pytest.param(
            {
                "run.py": "import subprocess, sys\n"
                'print(subprocess.check_output([sys.executable, "-m", "scripts.zero_x"], text=True))\n',
                "scripts/zero_x.py": SCRIPT,
            },
            ["scripts"],
            ["run.py"],
            id="starter-with-m",
        ),
        pytest.param(
            {"tests/test_x.py": "from scripts import zero_x\nzero_x.main()\n", "scripts/zero_x.py": SCRIPT},
            ["scripts"],
            ["-c", "import tests.test_x"],
            id="tests",
        ),
        pytest.param(
            {"Procfile": "worker: python -m jobs.zero_x\n", "jobs/zero_x.py": SCRIPT},
            ["jobs"],
            ["-m", "jobs.zero_x"],
            id="procfile",
        ),
        pytest.param(
            {
                "deploy/zero.service": "[Service]\nExecStart=/usr/bin/python3 -m jobs.zero_x\n",
                "jobs/zero_x.py": SCRIPT,
            },
            ["jobs"],
            ["-m", "jobs.zero_x"],
            id="systemd-unit",
        ),
        pytest.param(
            {"Dockerfile": 'CMD ["python", "-u", "-m", "jobs.zero_x"]\n', "jobs/zero_x.py": SCRIPT},
            ["jobs"],
            ["-m", "jobs.zero_x"],
            id="dockerfile",
        ),
        pytest.param(
            {
                "ecosystem.config.js": 'module.exports = {apps: [{script: "python3", args: "-m jobs.zero_x"}]}\n',
                "jobs/zero_x.py": SCRIPT,
            },
            ["jobs"],
            ["-m", "jobs.zero_x"],
            id="pm2",
        ),
        pytest.param(
            {".vscode/tasks.json": '{"args": ["-m", "jobs.zero_x"]}\n', "jobs/zero_x.py": SCRIPT},
            ["jobs"],
            ["-m", "jobs.zero_x"],
            id="tasks-json",
        ),
        pytest.param(
            {"start.bat": "@echo off\r\npython -m jobs.zero_x\r\n", "jobs/zero_x.py": SCRIPT},
            ["jobs"],
            ["-m", "jobs.zero_x"],
            id="batch-file",
        ),
        pytest.param(
            {
                "x.ipynb": '{"cells": [{"source": ["from jobs import zero_x\\n", "zero_x.main()"]}]}',
                "jobs/zero_x.py": SCRIPT,
            },
            ["jobs"],
            ["-c", "from jobs import zero_x; zero_x.main()"],
            id="notebook",
        ),
        pytest.param(
            {"README.md": "Run `python -m jobs.zero_x` each night.\n", "jobs/zero_x.py": SCRIPT},
            ["jobs"],
            ["-m", "jobs.zero_x"],
            id="readme",
        ),
        pytest.param(
            {"jobs/zero_x.py": f'"""Usage: python -m jobs.zero_x"""\n{SCRIPT}'},
            ["jobs"],
            ["-m", "jobs.zero_x"],
            id="its-own-docstring",
        ),
        pytest.param(
            {
                "pyproject.toml": '[project.scripts]\nzero = "jobs.zero_x:main"\n',
                "jobs/zero_x.py": SCRIPT,
            },
            ["jobs"],
            ["-c", "from jobs.zero_x import main; main()"],
            id="console-script",
        ),
        pytest.param(
            {
                "app/__init__.py": "",
                "app/main.py": "from common import hello\nhello('c')\n",
                "app/common.py": HELLO,
            },
            ["--all", "app"],
            ["app/main.py"],
            id="a-package-whose-scripts-import-plainly",
        ),
        pytest.param(
            {
                "app/__init__.py": "",
                "app/deep/__init__.py": "",
                "app/deep/er/__init__.py": "",
                "app/deep/er/hello.py": HELLO,
                "main.py": "from app.deep.er.hello import hello\nhello('d')\n",
            },
            ["app/deep/er/hello.py"],
            ["main.py"],
            id="nested-package",
        ),
        pytest.param(
            {"app/__init__.py": "", "app/__main__.py": "print('main')\n"},
            ["--all", "app"],
            ["-m", "app"],
            id="package-started-by-name",
        ),
        pytest.param(
            {"app/__init__.py": "", "app/__main__.py": "print('main')\n"},
            ["--all", "app"],
            ["app"],
            id="folder-started-by-path",
        ),
    ],
)
def test_what_the_project_starts_starts_as_before(
    tree: Tree, files: Mapping[str, str], paths: list[str], start: list[str]
) -> None:
    """Whoever in the project starts or imports a script finds it working after only that script was migrated."""
    tree.write(files)
    before = tree.start(*start)

    result = tree.migrate("--apply", *paths)
    after = tree.start(*start)

    assert result.returncode == 0, result.stderr
    assert tree.runtime(), result.stderr
    assert before.returncode == 0, before.stderr
    assert (after.returncode, after.stdout, after.stderr) == (0, before.stdout, before.stderr)


def test_a_script_that_is_also_imported_through_its_folder_still_runs_as_a_script(tree: Tree) -> None:
    """Two ways to start, two imports: neither way is lost to the other."""
    tree.write({"main.py": "import scripts.zero_x\nscripts.zero_x.main()\n", "scripts/zero_x.py": SCRIPT})

    tree.migrate("--apply", "scripts")

    assert tree.head("scripts/zero_x.py")[:4] == [
        "if __package__:",
        "    from .worker_logger import mirror_print, module_logger",
        "else:",
        "    from worker_logger import mirror_print, module_logger",
    ]
    for start in (["main.py"], ["scripts/zero_x.py"], ["-m", "scripts.zero_x"]):
        assert tree.start(*start).stdout == "in project\n"
    assert tree.start("zero_x.py", cwd="scripts").stdout == "in scripts\n"


def test_a_script_that_nobody_imports_through_its_folder_imports_plainly(tree: Tree) -> None:
    """The twin: a mention that is no import and no start does not make a package of a folder."""
    tree.write(
        {
            "README.md": "See scripts.zero_x and python scripts/zero_x.py\n",
            "scripts/zero_x.py": SCRIPT,
            "other.py": "import json.decoder, zero_x_other\n",
        }
    )

    tree.migrate("--apply", "scripts")

    assert tree.head("scripts/zero_x.py")[0] == "from worker_logger import mirror_print, setup_worker_logger"


def test_one_pair_of_runtime_files_serves_a_whole_package(tree: Tree) -> None:
    """It stands in the package's top folder, and every module names it from there."""
    tree.write(
        {
            "app/__init__.py": "",
            "app/a.py": HELLO,
            "app/deep/__init__.py": "",
            "app/deep/b.py": HELLO,
            "app/deep/er/__init__.py": "",
            "app/deep/er/c.py": HELLO,
            "main.py": "import app.a, app.deep.b, app.deep.er.c\n",
        }
    )

    tree.migrate("--apply", "--all", "app")

    assert tree.runtime() == ["app"]
    assert [tree.head(f"app/{name}.py")[0].split()[1] for name in ("a", "deep/b", "deep/er/c")] == [
        ".worker_logger",
        "..worker_logger",
        "...worker_logger",
    ]
    assert tree.start("main.py").returncode == 0


def test_file_by_file_a_package_becomes_what_it_becomes_at_once(tree: Tree) -> None:
    """Where the runtime stands depends on the project, not on what is migrated together."""
    files = {
        "app/__init__.py": "",
        "app/a.py": HELLO,
        "app/deep/__init__.py": "",
        "app/deep/b.py": HELLO,
        "main.py": "import app.a, app.deep.b\n",
    }
    tree.write({f"{top}/{name}": text for top in ("one", "two") for name, text in files.items()})

    tree.migrate("--apply", "--all", "app", cwd="one")
    for name in ("app/deep/b.py", "app/a.py"):
        tree.migrate("--apply", name, cwd="two")

    for name in ("app/a.py", "app/deep/b.py"):
        assert tree.text(f"two/{name}") == tree.text(f"one/{name}")
    assert tree.runtime() == ["one/app", "two/app"]


def test_a_second_run_with_another_codemod_completes_both_imports(tree: Tree) -> None:
    """What is added later is added in each of the two ways."""
    text = SCRIPT.replace("    print", "    open(__file__).close()\n    print")
    tree.write({"main.py": "import scripts.zero_x\nscripts.zero_x.main()\n", "scripts/zero_x.py": text})

    tree.migrate("--apply", "--select", "logger-setup,mirror-output", "scripts")
    tree.migrate("--apply", "scripts")

    assert tree.head("scripts/zero_x.py")[:6] == [
        "if __package__:",
        "    from .worker_logger import mirror_print, module_logger",
        "    from .worker_utils import retry_with_backoff",
        "else:",
        "    from worker_logger import mirror_print, module_logger",
        "    from worker_utils import retry_with_backoff",
    ]
    assert tree.migrate("--check", "scripts").returncode == 0
    assert tree.start("main.py").stdout == tree.start("scripts/zero_x.py").stdout == "in project\n"


@pytest.mark.parametrize(
    ("files", "script", "start"),
    [
        pytest.param(
            {
                "__init__.py": "",
                "main.py": "import utils.a\n",
                "utils/__init__.py": "",
                "utils/a.py": "from .b import hello\nhello('e')\n",
                "utils/b.py": HELLO,
            },
            "utils/b.py",
            ["main.py"],
            id="module-below",
        ),
        pytest.param(
            {"__init__.py": "", "main.py": "print('main')\n"}, "main.py", ["main.py"], id="script-in-it"
        ),
        pytest.param(
            {
                "src/__init__.py": "",
                "src/app/__init__.py": "",
                "src/app/a.py": "from .sub.b import hello\nhello('f')\n",
                "src/app/sub/__init__.py": "",
                "src/app/sub/b.py": HELLO,
                "run.py": "import sys\nsys.path.insert(0, 'src')\nimport app.a\n",
            },
            "src/app/sub/b.py",
            ["run.py"],
            id="folder-on-sys-path",
        ),
    ],
)
def test_an_init_file_alone_does_not_make_a_package_of_the_folder_that_is_on_the_path(
    tree: Tree, files: Mapping[str, str], script: str, start: list[str]
) -> None:
    """The runtime is named from the top folder that the program names, not from one above it."""
    tree.write(files)
    before = tree.start(*start)

    tree.migrate("--apply", script)
    after = tree.start(*start)

    assert "worker_logger" in tree.text(script)
    assert (after.returncode, after.stdout, after.stderr) == (0, before.stdout, before.stderr)


def test_from_inside_a_package_the_runtime_is_put_into_its_top_folder_and_taken_back(tree: Tree) -> None:
    """The runtime stands outside the current folder, and ``--undo`` knows of it."""
    tree.write(
        {
            "app/__init__.py": "",
            "app/deep/__init__.py": "",
            "app/deep/b.py": HELLO,
            "main.py": "from app.deep.b import hello\nhello('g')\n",
        }
    )

    applied = tree.migrate("--apply", "b.py", cwd="app/deep")

    assert applied.returncode == 0, applied.stderr
    assert tree.runtime() == ["app"]
    assert tree.start("main.py").stdout == "hello g\n"
    undone = tree.migrate("--undo", cwd="app/deep")
    assert undone.returncode == 0, undone.stderr
    assert tree.runtime() == []
    assert tree.text("app/deep/b.py") == HELLO


def test_a_worker_that_a_supervisor_starts_keeps_its_workers_log(tree: Tree) -> None:
    """To start a module is not to import it: it stays a worker of its own."""
    tree.write(
        {
            "run.py": 'import subprocess, sys\nsubprocess.run([sys.executable, "-m", "jobs.zero_x"], check=True)\n',
            "jobs/zero_x.py": SCRIPT,
        }
    )

    tree.migrate("--apply", "jobs")

    assert tree.head("jobs/zero_x.py")[-1] == 'logger = setup_worker_logger("zero")'
    assert tree.start("run.py").returncode == 0


BY_MADE_NAMES = {
    "package-argument": 'import importlib\nimportlib.import_module(".music", "cogs").hello("b")\n',
    "package-keyword": (
        'import importlib\nname = "music"\nimportlib.import_module("." + name, package="cogs").hello("b")\n'
    ),
    "constant": (
        'import importlib\nPACKAGE = "cogs"\nimportlib.import_module(f"{PACKAGE}.music").hello("b")\n'
    ),
    "files-of-a-folder": (
        "import importlib, pathlib\n"
        'for path in sorted(pathlib.Path("cogs").glob("m*.py")):\n'
        '    importlib.import_module(".".join(path.with_suffix("").parts)).hello("b")\n'
    ),
    "walked": (
        "import importlib, pkgutil, cogs\n"
        'for each in pkgutil.walk_packages(cogs.__path__, cogs.__name__ + "."):\n'
        '    if each.name.endswith("music"):\n'
        '        importlib.import_module(each.name).hello("b")\n'
    ),
    "run-module": 'import runpy\nname = "cogs." + "music"\nrunpy.run_module(name)["hello"]("b")\n',
}


@pytest.mark.parametrize("is_guarded", [False, True], ids=["plain", "guarded"])
@pytest.mark.parametrize("name", BY_MADE_NAMES)
def test_a_module_that_is_imported_by_a_name_made_at_run_time_is_found(
    tree: Tree, name: str, is_guarded: bool
) -> None:
    """Whoever imports what it finds in a folder, or by a name put together, gets modules that start; also those with a guard."""
    guard = '\n\nif __name__ == "__main__":\n    hello("x")\n' if is_guarded else ""
    tree.write({"bot.py": BY_MADE_NAMES[name], "cogs/music.py": HELLO + guard})

    tree.migrate("--apply", "--all", "cogs")

    assert "mirror_print(" in tree.text("cogs/music.py")
    assert tree.start("bot.py").stdout == "hello b\n", tree.start("bot.py").stderr
    assert tree.start("cogs/music.py").returncode == 0


def test_a_program_that_imports_others_by_made_names_says_nothing_of_other_folders(tree: Tree) -> None:
    """The twin: what it neither names nor is in is not taken for a package."""
    tree.write({"bot.py": BY_MADE_NAMES["constant"], "cogs/music.py": HELLO, "jobs/zero_x.py": SCRIPT})

    tree.migrate("--apply", "jobs")

    assert tree.head("jobs/zero_x.py")[0] == "from worker_logger import mirror_print, setup_worker_logger"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("supervisord.conf", "[program:x]\ncommand=python -m jobs.zero_x\n"),
        ("compose.yaml", 'services:\n  w:\n    command: ["python", "-u", "-m", "jobs.zero_x"]\n'),
        ("deploy.yaml", "args:\n  - -m\n  - jobs.zero_x\n"),
        ("x.plist", "<string>-m</string>\n<string>jobs.zero_x</string>\n"),
        (".idea/runConfigurations/x.xml", '<option name="SCRIPT_NAME" value="jobs.zero_x" />\n'),
        ("start.sh", 'exec python -c "from jobs.zero_x import main; main()"\n'),
        ("start.vbs", 'CreateObject("Wscript.Shell").Run "python -m jobs.zero_x"\n'),
        (".env", "COMMAND=python -m jobs.zero_x\n"),
        ("run.rb", "exec 'python -m jobs.zero_x'\n"),
        ("main.go", 'exec.Command("python", "-m", "jobs.zero_x")\n'),
        ("job.hcl", 'args = ["-m", "jobs.zero_x"]\n'),
        ("x.service.j2", "ExecStart=python -m jobs.zero_x\n"),
        ("docs/use.md", "```python\nfrom jobs.zero_x import main\n```\n"),
        ("jobs/config.py", "import jobs.settings\n"),
    ],
)
def test_other_texts_that_start_a_module_by_its_name_are_read(tree: Tree, name: str, text: str) -> None:
    """Process managers, containers, editors, other languages and manuals start scripts, too; what names none starts none."""
    tree.write({name: text, "jobs/zero_x.py": SCRIPT, "jobs/settings.py": ""})

    tree.migrate("--apply", "jobs/zero_x.py")

    is_named = "zero_x" in text
    assert (tree.start("-m", "jobs.zero_x").returncode == 0) is is_named
    assert tree.start("jobs/zero_x.py").stdout == "in project\n"


UNGUARDED = {
    "print": "print('ran')\n",
    "loop": "import time\n\nleft = 2\nwhile left:\n    left -= 1\n    print('round', left)\n",
    "result": "def main():\n    print('ran')\n    return 0\n\n\ncode = main()\n",
    "exit": "import sys\n\n\ndef main():\n    print('ran')\n\n\nsys.exit(main())\n",
    "first-line": "#!/usr/bin/env python3\ndef main():\n    print('ran')\n",
    "main": "import argparse\n\n\ndef main():\n    print(argparse.ArgumentParser().parse_args())\n",
    "dependencies": "# /// script\n# dependencies = []\n# ///\ndef main():\n    print('ran')\n",
}


@pytest.mark.parametrize("folder", ["scripts", "app/scripts"])
@pytest.mark.parametrize("kind", UNGUARDED)
def test_a_script_without_a_guard_in_a_package_still_runs_by_its_path(
    tree: Tree, kind: str, folder: str
) -> None:
    """An ``__init__.py`` beside a program does not make a module of it: it starts by its path, and by its name."""
    path = f"{folder}/zero_x.py"
    tree.write({"scripts/__init__.py": "", "app/__init__.py": "", f"{folder}/__init__.py": ""})
    tree.write({path: UNGUARDED[kind]})
    starts = [[path], ["-m", path.removesuffix(".py").replace("/", ".")]]
    before = [tree.start(*start) for start in starts]

    tree.migrate("--apply", folder)

    assert "mirror_print(" in tree.text(path)
    for start, was in zip(starts, before, strict=True):
        now = tree.start(*start)
        assert (now.returncode, now.stdout, now.stderr) == (was.returncode, was.stdout, was.stderr)


def test_a_command_line_that_its_package_imports_still_runs_by_its_path(tree: Tree) -> None:
    """A ``main`` beside an argument parser is a program, also where ``__main__`` and tests import it."""
    tree.write(
        {
            "app/__init__.py": "",
            "app/__main__.py": "from app.cli import main\n\nmain()\n",
            "app/cli.py": "import argparse\n\n\ndef main():\n    print(argparse.ArgumentParser().parse_args())\n",
        }
    )

    tree.migrate("--apply", "--all", "app")

    assert "mirror_print(" in tree.text("app/cli.py")
    assert tree.start("app/cli.py").returncode == 0
    assert tree.start("-m", "app").stdout == "Namespace()\n"
    assert tree.runtime() == ["app"]


def test_a_module_of_a_package_that_others_import_is_no_program(tree: Tree) -> None:
    """The twin: what only defines things, or works while it is imported, names the runtime from its package alone."""
    tree.write(
        {
            "main.py": "import app.a, app.b\n",
            "app/__init__.py": "",
            "app/a.py": HELLO,
            "app/b.py": f"{HELLO}\n\nhello('b')\n",
        }
    )

    tree.migrate("--apply", "--all", "app")

    assert tree.head("app/a.py")[0] == "from .worker_logger import mirror_print, module_logger"
    assert tree.head("app/b.py")[0] == "from .worker_logger import mirror_print, setup_worker_logger"


def test_a_script_that_imports_its_own_package_by_name_is_started_through_it(tree: Tree) -> None:
    """Its imports need the folder above the package, so that it runs as ``-m app.zero_x``, guard or not."""
    text = SCRIPT.replace("import os\n", "import os\n\nfrom app.config import NAME\n").replace(
        "{os.path.basename(os.getcwd())}", "{NAME}"
    )
    tree.write({"app/__init__.py": "", "app/config.py": "NAME = 'here'\n", "app/zero_x.py": text})

    tree.migrate("--apply", "app")

    assert tree.start("-m", "app.zero_x").stdout == "in here\n"
    assert tree.start("app/zero_x.py", PYTHONPATH=str(tree.root)).stdout == "in here\n"


LINKED = 'def main():\n    print("ok")\n\n\nif __name__ == "__main__":\n    main()\n'


@pytest.mark.parametrize("named", ["scripts/zero_x.py", "lib", "lib/zero_x.py"])
def test_a_script_that_is_a_link_starts_by_each_of_its_names(tree: Tree, named: str) -> None:
    """Python looks beside the file that a script's link leads to, and beside the link of a module: the runtime is in both."""
    tree.write({"lib/zero_x.py": LINKED, "scripts/run.py": "import zero_x\n\nzero_x.main()\n"})
    (tree.root / "scripts" / "zero_x.py").symlink_to("../lib/zero_x.py")

    result = tree.migrate("--apply", named)

    assert result.returncode == 0, result.stderr
    assert "mirror_print(" in tree.text("lib/zero_x.py")
    for start in ("scripts/zero_x.py", "lib/zero_x.py", "scripts/run.py"):
        after = tree.start(start)
        assert (after.returncode, after.stdout, after.stderr) == (0, "ok\n", ""), start


def test_a_link_beside_its_file_adds_no_folder(tree: Tree) -> None:
    """The twin: both names stand in one folder, and one pair of runtime files serves them."""
    tree.write({"lib/zero_x.py": LINKED, "other/zero_y.py": "x = 1\n"})
    (tree.root / "lib" / "zero_now.py").symlink_to("zero_x.py")

    tree.migrate("--apply", "lib")

    assert [path.parent.name for path in tree.root.rglob("worker_logger.py")] == ["lib"]
    assert tree.start("lib/zero_now.py").stdout == "ok\n"
