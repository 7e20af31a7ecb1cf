"""Command lines, containers, packers and lists of files to install: how they start a script, and where they take it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.starts.conftest import Tree

SCRIPT = 'import time\n\n\ndef main():\n    print("ok")\n\n\nif __name__ == "__main__":\n    main()\n'
X = "jobs/zero_x.py"
SPAWNS = "import os, subprocess, sys\n"


def _shell(tree: Tree, line: str) -> tuple[int, str, str]:
    """Run a line of a shell in the project, with this interpreter as its ``python``."""
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    done = subprocess.run(
        ["sh", "-c", line],
        cwd=tree.root, env={"PATH": path, "HOME": str(tree.root), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


def _write(tree: Tree, files: Mapping[str, str]) -> None:
    tree.write({X: SCRIPT, **files})
    for name, text in files.items():
        if text.startswith("#!"):
            (tree.root / name).chmod(0o755)


# -- starts by a name that is put together ------------------------------------------------------------------


MADE_NAMES = {
    "f-string": (
        f'{SPAWNS}n = "zero_x"\nsubprocess.run([sys.executable, "-m", f"jobs.{{n}}"], check=True)\n'
    ),
    "command-line": (
        f'{SPAWNS}n = "zero_x"\nsubprocess.run(f"{{sys.executable}} -m jobs.{{n}}", shell=True, check=True)\n'
    ),
    "format": f'{SPAWNS}subprocess.run([sys.executable, "-um", "jobs.{{}}".format("zero_x")], check=True)\n',
    "percent": f'{SPAWNS}subprocess.run([sys.executable, "-m", "jobs.%s" % "zero_x"], check=True)\n',
    "join": f'{SPAWNS}subprocess.run([sys.executable, "-m", ".".join(["jobs", "zero_x"])], check=True)\n',
    "spawn": f'{SPAWNS}n = "zero_x"\nsys.exit(os.spawnl(os.P_WAIT, sys.executable, "p", "-m", "jobs." + n))\n',
}
SHELL_NAMES = {
    "loop": "for w in zero_x; do python -m jobs.$w; done\n",
    "package": 'PKG=jobs\npython -m "$PKG.zero_x"\n',
    "braces": 'w=zero_x\npython -m "jobs.${w}"\n',
    "words": 'list="zero_x"\nfor w in $list; do python -u -m "jobs.$w"; done\n',
    "here-document": "python - <<'END'\nfrom jobs import zero_x\nzero_x.main()\nEND\n",
}


@pytest.mark.parametrize("name", [*MADE_NAMES, *SHELL_NAMES, "makefile", "lazy-package"])
def test_a_module_that_is_started_by_a_name_put_together_starts(tree: Tree, name: str) -> None:
    """Whoever completes a module's name behind ``-m``, or in a package's ``__getattr__``, finds a module that starts."""
    line = f"sh {name}.sh"
    if name in MADE_NAMES:
        files, line = {"run.py": MADE_NAMES[name]}, "python run.py"
    elif name in SHELL_NAMES:
        files = {f"{name}.sh": SHELL_NAMES[name]}
    elif name == "makefile":
        files, line = {"Makefile": "W = zero_x\nrun:\n\t@python -m jobs.$(W)\n"}, "make -s run"
    else:
        lazy = 'def __getattr__(name):\n    import importlib\n\n    return importlib.import_module("." + name, __name__)\n'
        files, line = (
            {"jobs/__init__.py": lazy, "run.py": "import jobs\n\njobs.zero_x.main()\n"},
            "python run.py",
        )
    _write(tree, files)
    before = _shell(tree, line)
    assert before == (0, "ok\n", "")

    tree.migrate("--apply", "jobs")

    assert "mirror_print(" in tree.text(X)
    assert _shell(tree, line) == before
    assert tree.start(X).stdout == "ok\n"


@pytest.mark.parametrize(
    "text",
    [
        f'{SPAWNS}n = "other"\nsubprocess.run([sys.executable, "-m", f"tools.{{n}}"], check=True)\nos.putenv("WHAT", "jobs")\n',
        f'{SPAWNS}subprocess.run([sys.executable, "-m", "tools.other"], check=True)\nprint("jobs/")\n',
    ],
)
def test_a_start_of_another_folder_makes_no_package_of_this_one(tree: Tree, text: str) -> None:
    """The twin: what is started by a made name is in the folder that the command names."""
    _write(tree, {"run.py": text, "tools/other.py": "print('other')\n"})

    tree.migrate("--apply", "jobs")

    assert tree.head(X)[0] == "from worker_logger import mirror_print, setup_worker_logger"


# -- starts that keep Python from looking beside the script -------------------------------------------------


ISOLATED = {
    "spawn": {"run.py": f'{SPAWNS}sys.exit(os.spawnl(os.P_WAIT, sys.executable, "p", "-I", "{X}"))\n'},
    "execute": {"run.py": f'{SPAWNS}os.execl(sys.executable, "p", "-I", "{X}")\n'},
    "unpacked": {
        "run.py": f'{SPAWNS}OPTIONS = ["-I"]\nsubprocess.run([sys.executable, *OPTIONS, "{X}"], check=True)\n'
    },
    "added": {"run.py": f'{SPAWNS}PY = [sys.executable, "-I"]\nsubprocess.run(PY + ["{X}"], check=True)\n'},
    "variable": {"run.sh": f'PY="python -I"\n$PY {X}\n'},
    "options": {"run.sh": f"OPTIONS=-I\npython $OPTIONS {X}\n"},
    "over-lines": {"run.sh": f"exec python \\\n  -I \\\n  {X}\n"},
    "makefile": {"Makefile": f"PY := python -I\nrun:\n\t@$(PY) {X}\n"},
    "makefile-plain": {"Makefile": f"run:\n\t@python -I {X}\n"},
    "first-line": {X: f"#!/usr/bin/env -S PYTHONSAFEPATH=1 python\n{SCRIPT}"},
    "own-shell": {X: f"#!/bin/sh\n'''exec' python -I \"$0\" \"$@\"\n' '''\n{SCRIPT}"},
    "run-path": {"run.sh": f"python -c \"import runpy; runpy.run_path('{X}', run_name='__main__')\"\n"},
}
NOT_ISOLATED = {
    "another-program": {"run.py": f'{SPAWNS}subprocess.run(["grep", "-I", "ok", "{X}"], check=True)\n'},
    "another-variable": {"run.sh": f'PY="python -u"\nOTHER="python -I"\n$PY {X}\n$OTHER -c pass\n'},
    "another-makefile": {"Makefile": f"PY := python -B\nrun:\n\t@$(PY) {X}\n\t@python -I -c pass\n"},
    "own-shell": {X: f"#!/bin/sh\n'''exec' python -u \"$0\" \"$@\"\n' '''\n{SCRIPT}"},
    "run-path-of-another": {
        "run.sh": f"python -c \"import runpy; runpy.run_path('tools/t.py')\"\npython {X}\n",
        "tools/t.py": "x = 1\n",
    },
}


def _start_of(files: Mapping[str, str]) -> str:
    starters = {"run.py": "python run.py", "run.sh": "sh run.sh", "Makefile": "make -s run"}
    return next((starters[name] for name in files if name in starters), X)


@pytest.mark.parametrize("name", ISOLATED)
def test_a_script_that_is_isolated_by_way_of_a_variable_or_a_call_is_left(tree: Tree, name: str) -> None:
    """Flags reach an interpreter through names, sums, unpacked lists, variables of shells and Makefiles, and lines that go on."""
    _write(tree, ISOLATED[name])
    text, start = tree.text(X), _start_of(ISOLATED[name])
    before = _shell(tree, start)
    assert before == (0, "ok\n", "")

    result = tree.migrate("--apply", "jobs")

    assert (result.returncode, tree.text(X)) == (0, text)
    assert "1 left" in result.stderr
    assert _shell(tree, start) == before


@pytest.mark.parametrize("name", NOT_ISOLATED)
def test_flags_of_another_command_leave_the_script_migrated(tree: Tree, name: str) -> None:
    """The twin: the flag is another program's, another variable's, or of another script."""
    _write(tree, NOT_ISOLATED[name])
    start = _start_of(NOT_ISOLATED[name])
    before = _shell(tree, start)
    assert before[0] == 0

    tree.migrate("--apply", "jobs")

    assert "mirror_print(" in tree.text(X)
    if name != "another-program":  # it shows the script's text
        assert _shell(tree, start) == before


def test_a_line_that_takes_the_scripts_folder_off_the_path_comes_after_the_header(tree: Tree) -> None:
    """Below ``sys.path.pop(0)`` the runtime would not be found; a line that adds a folder still comes before the header."""
    off = "import sys\n\nsys.path.pop(0)\n"
    on = "import sys\n\nsys.path.insert(1, 'lib')\n"
    tree.write(
        {"zero_off.py": f"{off}import queue\n\n{SCRIPT}", "zero_on.py": f"{on}import helper\n\n{SCRIPT}"}
    )
    tree.write({"lib/helper.py": ""})

    tree.migrate("--apply", ".")

    assert tree.text("zero_off.py").index("worker_logger") < tree.text("zero_off.py").index("sys.path.pop")
    assert tree.text("zero_on.py").index("worker_logger") > tree.text("zero_on.py").index("sys.path.insert")
    for name in ("zero_off.py", "zero_on.py"):
        assert (tree.start(name).returncode, tree.start(name).stdout) == (0, "ok\n")


def test_a_name_on_the_search_path_before_the_standard_library_is_seen(tree: Tree) -> None:
    """``PYTHONPATH`` puts a folder before the standard library's; its twin holds nothing that the runtime needs."""
    run = f"export PYTHONPATH=$PWD/lib\npython {X}\n"
    _write(tree, {"run.sh": run, "lib/queue.py": "raise SystemExit('local queue')\n"})

    result = tree.migrate("--apply", "jobs")

    assert "lib/queue.py would be imported in place of the standard module" in result.stderr
    assert _shell(tree, "sh run.sh") == (0, "ok\n", "")
    (tree.root / "lib" / "queue.py").rename(tree.root / "lib" / "colorsys.py")
    tree.migrate("--apply", "jobs")
    assert "mirror_print(" in tree.text(X)
    assert _shell(tree, "sh run.sh") == (0, "ok\n", "")


# -- scripts that are taken elsewhere alone ------------------------------------------------------------------


PIP = '[project]\nname = "zero"\nversion = "1"\n'
ALONE = {
    "image": {"Dockerfile": f"FROM python\nWORKDIR /app\nCOPY {X} .\nCMD python zero_x.py\n"},
    "image-list": {"Dockerfile": f'FROM python\nCOPY ["requirements.txt", "{X}", "/app/"]\n'},
    "image-entry": {"Dockerfile": f"FROM python\nWORKDIR /app\nCOPY . .\nCOPY {X} /zero_x.py\n"},
    "image-kept": {".dockerignore": f"*\n!{X}\n", "Dockerfile": "FROM python\nCOPY . /app\n"},
    "host": {"deploy.sh": f"scp -q {X} host:/srv/\n"},
    "host-sync": {"Makefile": f"deploy:\n\trsync -a {X} host:/srv/\n"},
    "installed": {"install.sh": f"install -m 755 {X} /usr/local/bin/zero\n"},
    "packed": {"build.sh": f"zip -j function.zip {X}\n"},
    "packed-by-python": {"build.sh": f"python -m zipfile -c function.zip {X}\n"},
    "map": {"deploy.sh": f"kubectl create configmap zero --from-file={X}\n"},
    "mounted": {"compose.yaml": f"volumes:\n  - ./{X}:/app/zero_x.py:ro\n"},
    "playbook": {"site.yml": f"- copy:\n    src: {X}\n    dest: /srv/zero_x.py\n"},
    "by-python": {
        "run.py": f'{SPAWNS}import shutil, tempfile\nd = tempfile.mkdtemp()\nshutil.copy("{X}", d)\n'
        'subprocess.run([sys.executable, d + "/zero_x.py"], check=True)\n'
    },
    "modules": {"pyproject.toml": f'{PIP}[tool.setuptools]\npy-modules = ["zero_x"]\npackage-dir = {{"" = "jobs"}}\n'},
    "modules-of-ini": {"setup.cfg": "[options]\npy_modules =\n    zero_x\npackage_dir =\n    =jobs\n"},
    "modules-of-code": {"setup.py": 'from setuptools import setup\nsetup(py_modules=["zero_x"], package_dir={"": "jobs"})\n'},
    "scripts-of-code": {"setup.py": f'from setuptools import setup\nsetup(scripts=["{X}"])\n'},
    "included": {"pyproject.toml": f'{PIP}[tool.hatch.build]\ninclude = ["{X}"]\n'},
}  # fmt: skip
TOGETHER = {
    "image-folder": {"Dockerfile": "FROM python\nCOPY jobs/ /app/jobs/\nCMD python /app/jobs/zero_x.py\n"},
    "image-all": {"Dockerfile": f"FROM python\nWORKDIR /app\nCOPY {X} jobs/\nCOPY . .\n"},
    "image-pattern": {"Dockerfile": "FROM python\nCOPY jobs/*.py /app/\n"},
    "image-cured": {"Dockerfile": f"FROM python\nCOPY {X} jobs/worker_logger.py jobs/worker_utils.py /app/\n"},
    "image-stage": {"Dockerfile": f"FROM python AS a\nCOPY . /a\nFROM python\nCOPY --from=a /a/{X} /a/jobs/ /b/\n"},
    "folder": {"deploy.sh": "scp -r jobs host:/srv/\nrsync -a jobs/ host:/srv/jobs/\n"},
    "folder-pattern": {"deploy.sh": "cp jobs/*.py /srv/\n"},
    "beside-it": {"setup.sh": f"cp {X} jobs/zero_y.py\n"},
    "run-only": {"run.sh": f"python {X} > copy.txt\ncp copy.txt /srv/\n"},
    "backup": {
        "run.py": f'{SPAWNS}import shutil\nshutil.copy("{X}", "{X}" + ".bak")\n'
        f'subprocess.run([sys.executable, "{X}"], check=True)\n'
    },
    "backup-of-shell": {"deploy.sh": f"cp {X} {X}.bak\ncp {X} zero_x.old\n"},
    "packages": {"setup.py": 'from setuptools import setup\nsetup(packages=["jobs"], scripts=["bin/other.py"])\n'},
    "modules-cured": {"pyproject.toml": f'{PIP}[tool.setuptools]\npy-modules = ["zero_x", "worker_logger", "worker_utils"]\n'},
    "mounted-folder": {"compose.yaml": f"volumes:\n  - ./jobs:/app\ncommand: python /app/zero_x.py # {X}\n"},
}  # fmt: skip


@pytest.mark.parametrize("name", ALONE)
def test_a_script_that_is_taken_elsewhere_alone_is_left(tree: Tree, name: str) -> None:
    """What lies beside it stays behind: an image, a host, an archive or a distribution gets the one file."""
    _write(tree, ALONE[name])

    result = tree.migrate("--apply", "jobs")

    assert (result.returncode, tree.text(X)) == (0, SCRIPT)
    assert "take worker_logger.py and worker_utils.py along" in result.stderr
    elsewhere = tree.root / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "zero_x.py").write_bytes((tree.root / X).read_bytes())
    assert tree.start("zero_x.py", cwd="elsewhere").stdout == "ok\n"


@pytest.mark.parametrize("name", TOGETHER)
def test_a_script_that_is_taken_along_with_its_folder_is_migrated(tree: Tree, name: str) -> None:
    """The twin: the folder, all of its files or the runtime goes along, or nothing is started from the copy."""
    _write(tree, TOGETHER[name])

    result = tree.migrate("--apply", "jobs")

    assert "mirror_print(" in tree.text(X), result.stderr
    assert tree.start(X).stdout == "ok\n"
