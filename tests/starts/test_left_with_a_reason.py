"""A script that the runtime could not reach, or would harm, is left with the one thing to do; its nearest twin is migrated."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.starts.conftest import Tree

SCRIPT = 'import time\n\n\ndef main():\n    print("ok")\n\n\nif __name__ == "__main__":\n    main()\n'
OWN = "def theirs():\n    return 1\n"
BY_SPEC = """\
import importlib.util

spec = importlib.util.spec_from_file_location("zero_x", "scripts/zero_x.py")
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
module.main()
"""
OF_A_FOLDER = """\
import importlib.util, pathlib

for path in pathlib.Path("plugins").glob("*.py"):
    if path.stem.startswith("worker_"):
        continue
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.main()
"""


BY_A_FUNCTION = """\
import runpy, sys
from pathlib import Path

ROOT = Path(__file__).parent
KNOWN = ["scripts/other.py"]


def load(name):
    return runpy.run_path(str(ROOT / name), run_name="__main__")


for name in KNOWN:
    load(name)
"""
"""Loads what is asked of one of its functions."""


ALL_COGS = """\
import importlib
import os

for name in sorted(os.listdir("cogs")):
    if name.endswith(".py") and not name.startswith("_"):
        importlib.import_module(f"cogs.{name[:-3]}").main()
"""
"""Imports every file of a folder, and wants a function of each."""
LISTED_ELSEWHERE = """\
import asyncio
import importlib
import os


class Cogs:
    def __init__(self):
        self.names = []

    async def find(self):
        for name in os.listdir("cogs"):
            if name.endswith(".py"):
                self.names.append(name[:-3])

    async def load(self):
        await self.find()
        for name in self.names:
            self.load_one(name)

    def load_one(self, name):
        importlib.import_module(f"cogs.{name}").main()


asyncio.run(Cogs().load())
"""
"""Imports every file of a folder, by names that a list of its own holds."""
BOT = """\
import importlib
import os


class Bot:
    def load_extensions(self, folder):
        for name in sorted(os.listdir(folder)):
            if name.endswith(".py"):
                importlib.import_module(f"{folder}.{name[:-3]}").main()
"""
"""As frameworks for bots do."""

BESIDE = "os.path.join(os.path.dirname(os.path.abspath(__file__)), 'lib')"


def _with(line: str) -> str:
    return SCRIPT.replace("import time\n", f"import time\n{line}\n")


@pytest.mark.parametrize(
    ("files", "script", "start", "reason"),
    [
        pytest.param(
            {"run.py": BY_SPEC, "scripts/zero_x.py": SCRIPT},
            "scripts/zero_x.py",
            ["run.py"],
            "run.py:3 loads scripts/zero_x.py by spec_from_file_location",
            id="loaded-by-its-path",
        ),
        pytest.param(
            {"run.py": OF_A_FOLDER, "plugins/zero_x.py": SCRIPT},
            "plugins/zero_x.py",
            ["run.py"],
            "loads files of plugins by spec_from_file_location",
            id="loaded-with-its-folder",
        ),
        pytest.param(
            {
                "run.py": 'import runpy\nrunpy.run_path("scripts/zero_x.py", run_name="__main__")\n',
                "scripts/zero_x.py": SCRIPT,
            },
            "scripts/zero_x.py",
            ["run.py"],
            "by run_path",
            id="run-path",
        ),
        pytest.param(
            {
                "run.py": BY_A_FUNCTION.replace("other", "zero_x"),
                "scripts/zero_x.py": SCRIPT,
            },
            "scripts/zero_x.py",
            ["run.py"],
            "by run_path",
            id="run-path-of-a-function",
        ),
        pytest.param(
            {
                "run.py": "import runpy, sys\n\n"
                'SCRIPTS = {"x": "scripts/zero_x.py"}\n'
                'runpy.run_path(SCRIPTS[sys.argv[1] if sys.argv[1:] else "x"], run_name="__main__")\n',
                "scripts/zero_x.py": SCRIPT,
            },
            "scripts/zero_x.py",
            ["run.py"],
            "by run_path",
            id="run-path-of-what-an-argument-names",
        ),
        pytest.param(
            {
                "run.py": "class Runner:\n"
                "    def __init__(self, folder):\n        self.folder = folder\n\n"
                "    def run(self):\n        with open(f'{self.folder}/zero_x.py') as f:\n"
                "            exec(compile(f.read(), 'zero_x.py', 'exec'), {'__name__': '__main__'})\n\n"
                "Runner('scripts').run()\n",
                "scripts/zero_x.py": SCRIPT,
            },
            "scripts/zero_x.py",
            ["run.py"],
            "by exec",
            id="executed-by-a-method",
        ),
        *(
            pytest.param(
                {"start.sh": f"{line}\n", "scripts/zero_x.py": SCRIPT},
                "scripts/zero_x.py",
                ["-c", "exec(open('scripts/zero_x.py').read())"],
                "start.sh:1 hands scripts/zero_x.py to Python as text",
                id=name,
            )
            for name, line in {
                "given-to-standard-input": "python3 -u < scripts/zero_x.py",
                "piped-into-python": "cat scripts/zero_x.py | ssh host python3 -",
                "executed-as-text": "python3 -c \"exec(open('scripts/zero_x.py').read())\"",
            }.items()
        ),
        pytest.param(
            {"main.py": ALL_COGS, "cogs/zero_x.py": SCRIPT},
            "cogs/zero_x.py",
            ["main.py"],
            "imports every file of cogs by import_module, so that the runtime's files would be taken for one of them",
            id="every-file-of-its-folder-is-imported",
        ),
        pytest.param(
            {"main.py": LISTED_ELSEWHERE, "cogs/zero_x.py": SCRIPT},
            "cogs/zero_x.py",
            ["main.py"],
            "imports every file of cogs by import_module, so that the runtime's files would be taken for one of them",
            id="every-file-by-way-of-a-list",
        ),
        *(
            pytest.param(
                {"main.py": text, "cogs/zero_x.py": SCRIPT},
                "cogs/zero_x.py",
                ["main.py"],
                "imports every file of cogs by import_module, so that the runtime's files would be taken for one of them",
                id=name,
            )
            for name, text in {
                "every-file-by-one-that-asks-something-else": f'{ALL_COGS}assert not "x".startswith("zero")\n'
                'if "zero_x".startswith("zero"):\n    pass\n',
                "every-file-but-some": ALL_COGS.replace(
                    "    if name.endswith",
                    '    if name.startswith("base"):\n        continue\n    if name.endswith',
                ),
                "every-file-and-more-of-some": ALL_COGS.replace(
                    "    if name.endswith",
                    '    if name.startswith("base"):\n        print(name)\n    if name.endswith',
                ),
                "every-file-or-some": ALL_COGS.replace(
                    "not name.startswith", '(name.startswith("zero") or name) and not name.startswith'
                ),
            }.items()
        ),
        pytest.param(
            {
                "main.py": "from lib.bot import Bot\n\nBot().load_extensions('cogs')\n",
                "lib/bot.py": BOT,
                "cogs/zero_x.py": SCRIPT,
            },
            "cogs/zero_x.py",
            ["main.py"],
            "imports every file of cogs by load_extensions, so that the runtime's files would be taken for one of them",
            id="every-file-by-a-framework",
        ),
        pytest.param(
            {"scripts/zero_x.py": f"#!/usr/bin/python3 -I\n{SCRIPT}"},
            "scripts/zero_x.py",
            ["-I", "scripts/zero_x.py"],
            "its first line starts Python with -I",
            id="shebang-I",
        ),
        pytest.param(
            {"scripts/zero_x.py": f"#!/usr/bin/env -S python3 -uP\n{SCRIPT}"},
            "scripts/zero_x.py",
            ["-I", "scripts/zero_x.py"],
            "its first line starts Python with -uP",
            id="shebang-P",
        ),
        pytest.param(
            {
                "cron/crontab": "0 3 * * * python3 -I /srv/bot/scripts/zero_x.py\n",
                "scripts/zero_x.py": SCRIPT,
            },
            "scripts/zero_x.py",
            ["-I", "scripts/zero_x.py"],
            "cron/crontab:1 starts it with -I",
            id="crontab-I",
        ),
        pytest.param(
            {"start.sh": "PYTHONSAFEPATH=1 python scripts/zero_x.py\n", "scripts/zero_x.py": SCRIPT},
            "scripts/zero_x.py",
            ["-I", "scripts/zero_x.py"],
            "start.sh:1 starts it with PYTHONSAFEPATH",
            id="safe-path",
        ),
        pytest.param(
            {
                "run.py": "import subprocess, sys\n"
                'subprocess.run([sys.executable, "-I", "scripts/zero_x.py"], check=True)\n',
                "scripts/zero_x.py": SCRIPT,
            },
            "scripts/zero_x.py",
            ["run.py"],
            "run.py:2 starts scripts/zero_x.py without its folder on sys.path",
            id="starter-I",
        ),
        pytest.param(
            {
                "run.py": "import shlex, subprocess, sys\n"
                'subprocess.run(shlex.split(f"{sys.executable} -I scripts/zero_x.py"), check=True)\n',
                "scripts/zero_x.py": SCRIPT,
            },
            "scripts/zero_x.py",
            ["run.py"],
            "run.py:2 starts scripts/zero_x.py without its folder on sys.path",
            id="starter-I-in-a-text",
        ),
        pytest.param(
            {
                "run.py": "import os, subprocess, sys\n"
                'subprocess.run([sys.executable, "scripts/zero_x.py"], env=dict(os.environ, PYTHONSAFEPATH="1"), check=True)\n',
                "scripts/zero_x.py": SCRIPT,
            },
            "scripts/zero_x.py",
            ["run.py"],
            "run.py:2 starts scripts/zero_x.py without its folder on sys.path",
            id="starter-with-a-safe-path",
        ),
        pytest.param(
            {"Dockerfile": 'CMD ["python3", "-I", "scripts/zero_x.py"]\n', "scripts/zero_x.py": SCRIPT},
            "scripts/zero_x.py",
            ["-I", "scripts/zero_x.py"],
            "Dockerfile:1 starts it with -I",
            id="list-I",
        ),
        pytest.param(
            {
                "job.yaml": "command:\n  - python3\n  - -I\n  - scripts/zero_x.py\n",
                "scripts/zero_x.py": SCRIPT,
            },
            "scripts/zero_x.py",
            ["-I", "scripts/zero_x.py"],
            "job.yaml:4 starts it with -I",
            id="list-over-lines-I",
        ),
        pytest.param(
            {"run.bat": "py -3.11 -P scripts\\zero_x.py\n", "scripts/zero_x.py": SCRIPT},
            "scripts/zero_x.py",
            ["-I", "scripts/zero_x.py"],
            "run.bat:1 starts it with -3.11 -P",
            id="launcher-P",
        ),
        pytest.param(
            {
                "pm2.json": '{"script": "scripts/zero_x.py", "interpreter_args": "-u -I"}\n',
                "scripts/zero_x.py": SCRIPT,
            },
            "scripts/zero_x.py",
            ["-I", "scripts/zero_x.py"],
            "pm2.json:1 starts it with interpreter_args",
            id="process-manager-I",
        ),
        pytest.param(
            {
                "pod.yaml": "env:\n  - name: PYTHONSAFEPATH\n    value: '1'\n"
                "command: [python, scripts/zero_x.py]\n",
                "scripts/zero_x.py": SCRIPT,
            },
            "scripts/zero_x.py",
            ["-I", "scripts/zero_x.py"],
            "pod.yaml:4 starts it with PYTHONSAFEPATH",
            id="safe-path-of-a-container",
        ),
        pytest.param(
            {
                ".env": "X=1\nPYTHONSAFEPATH=1\n",
                "scripts/zero_x.py": SCRIPT,
            },
            "scripts/zero_x.py",
            ["-I", "scripts/zero_x.py"],
            ".env:2 sets PYTHONSAFEPATH",
            id="safe-path-for-all",
        ),
        pytest.param(
            {
                "lib/worker_utils.py": OWN,
                "scripts/zero_x.py": _with(
                    'import importlib\nimport sys\nsys.path.append("lib")\n'
                    'importlib.import_module("worker_utils").theirs()'
                ),
            },
            "scripts/zero_x.py",
            ["scripts/zero_x.py"],
            "scripts/zero_x.py imports another worker_utils (lib/worker_utils.py)",
            id="worker-utils-by-a-text",
        ),
        pytest.param(
            {
                "lib/worker_utils.py": OWN,
                "scripts/zero_x.py": _with(
                    'import sys\nsys.path.append("lib")\nfrom worker_utils import theirs\n\ntheirs()'
                ),
            },
            "scripts/zero_x.py",
            ["scripts/zero_x.py"],
            "scripts/zero_x.py:4 imports another worker_utils (lib/worker_utils.py), which the runtime's file",
            id="worker-utils-of-its-own",
        ),
        pytest.param(
            {
                "lib/worker_logger/__init__.py": OWN,
                "lib/tool.py": "import worker_logger\n\nworker_logger.theirs()\n",
                "scripts/zero_x.py": _with('import sys\nsys.path.append("lib")\nimport tool'),
            },
            "scripts/zero_x.py",
            ["scripts/zero_x.py"],
            "lib/tool.py:1 imports another worker_logger",
            id="a-package-that-an-import-imports",
        ),
        pytest.param(
            {"scripts/queue.py": "raise SystemExit('local queue')\n", "scripts/zero_x.py": SCRIPT},
            "scripts/zero_x.py",
            ["scripts/zero_x.py"],
            "scripts/queue.py would be imported in place of the standard module",
            id="a-script-named-like-a-standard-module",
        ),
        pytest.param(
            {"scripts/copy/__init__.py": "raise SystemExit('local copy')\n", "scripts/zero_x.py": SCRIPT},
            "scripts/zero_x.py",
            ["scripts/zero_x.py"],
            "scripts/copy/__init__.py would be imported in place of the standard module",
            id="a-package-named-like-a-standard-module",
        ),
        pytest.param(
            {"scripts/glob.py": "raise SystemExit('local glob')\n", "scripts/zero_x.py": SCRIPT},
            "scripts/zero_x.py",
            ["scripts/zero_x.py"],
            "scripts/glob.py would be imported in place of the standard module",
            id="named-like-what-another-python-needs",
        ),
        pytest.param(
            {"scripts/queue.py": SCRIPT},
            "scripts/queue.py",
            ["scripts/queue.py"],
            "scripts/queue.py would be imported in place of the standard module",
            id="named-so-itself",
        ),
        pytest.param(
            {
                "lib/queue.py": "raise SystemExit('local queue')\n",
                "lib/helper.py": "",
                "scripts/zero_x.py": _with(
                    "import os\nimport sys\nLIB = os.path.join(os.path.dirname(__file__), '..', 'lib')\n"
                    "sys.path.insert(0, LIB)\nimport helper"
                ),
            },
            "scripts/zero_x.py",
            ["scripts/zero_x.py"],
            "lib/queue.py would be imported in place of the standard module",
            id="in-a-folder-put-in-front",
        ),
        pytest.param(
            {
                "queue.py": "raise SystemExit('local queue')\n",
                "scripts/zero_x.py": _with(
                    "import sys\nfrom pathlib import Path\nsys.path.insert(0, str(Path(__file__).parent.parent))"
                ),
            },
            "scripts/zero_x.py",
            ["scripts/zero_x.py"],
            "queue.py would be imported in place of the standard module",
            id="in-the-folder-above-put-in-front",
        ),
        pytest.param(
            {
                "queue.py": "raise SystemExit('local queue')\n",
                "app/scripts/zero_x.py": _with(
                    "import sys\nfrom pathlib import Path\nROOT = Path(__file__).resolve().parents[2]\n"
                    "sys.path.insert(0, str(ROOT))"
                ),
            },
            "app/scripts/zero_x.py",
            ["app/scripts/zero_x.py"],
            "queue.py would be imported in place of the standard module",
            id="in-the-folder-two-above-put-in-front",
        ),
        pytest.param(
            {
                "queue.py": "raise SystemExit('local queue')\n",
                "app/scripts/zero_x.py": _with(
                    "import os\nimport sys\n"
                    "sys.path.insert(0, os.path.abspath(os.path.join(os.path.dirname(__file__), '..', '..')))"
                ),
            },
            "app/scripts/zero_x.py",
            ["app/scripts/zero_x.py"],
            "queue.py would be imported in place of the standard module",
            id="in-the-folder-two-above-joined-and-put-in-front",
        ),
        *(
            pytest.param(
                {
                    "scripts/lib/queue.py": "raise SystemExit('local queue')\n",
                    "scripts/lib/helper.py": "",
                    "scripts/zero_x.py": _with(f"import os\nimport sys\n{lines}\nimport helper"),
                },
                "scripts/zero_x.py",
                ["scripts/zero_x.py"],
                "scripts/lib/queue.py would be imported in place of the standard module",
                id=f"in-a-folder-put-in-front-by-another-name-{number}",
            )
            for number, lines in enumerate(
                (
                    f"from sys import path\npath.insert(0, {BESIDE})",
                    f"from sys import path as folders\nfolders[:0] = [{BESIDE}]",
                    f"p = sys.path\np.insert(0, {BESIDE})",
                    f"from sys import path\np = path\np.insert(0, {BESIDE})",
                )
            )
        ),
    ],
)
def test_a_script_that_the_runtime_would_break_is_left(
    tree: Tree, files: Mapping[str, str], script: str, start: list[str], reason: str
) -> None:
    """It starts as before, byte for byte the same, and the report says what stands in the way; other scripts go on."""
    # It imports what stands beside it, so that its folder is on the path however it is started.
    tree.write({**files, "other/zero_y.py": _with("import zero_z"), "other/zero_z.py": ""})
    before = tree.start(*start)
    assert before.returncode == 0, before.stderr

    result = tree.migrate("--apply", script, "other")

    assert result.returncode == 0
    assert reason in result.stderr
    assert tree.text(script) == files[script]
    assert "worker_logger" in tree.text("other/zero_y.py")
    after = tree.start(*start)
    assert (after.returncode, after.stdout, after.stderr) == (0, before.stdout, before.stderr)


@pytest.mark.parametrize(
    ("files", "start"),
    [
        pytest.param(
            {"scripts/run.py": BY_SPEC.replace("scripts/", "")}, ["run.py"], id="loaded-from-beside-it"
        ),
        pytest.param(
            {
                "run.py": f"import sys\nsys.path.insert(0, 'scripts')\n{BY_SPEC}",
                "scripts/other.py": "x = 1\n",
                "scripts/zero_x.py": _with("import other"),
            },
            ["../run.py"],
            id="loaded-but-it-imports-from-beside-it",
        ),
        pytest.param(
            {
                "scripts/zero_x.py": "#!/usr/bin/python3 -I\nimport os\nimport sys\n"
                f"sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))\n{SCRIPT}"
            },
            ["-I", "zero_x.py"],
            id="isolated-but-it-adds-its-folder",
        ),
        pytest.param(
            {"scripts/zero_x.py": f"#!/usr/bin/python3 -u\n{SCRIPT}"}, ["-u", "zero_x.py"], id="shebang-u"
        ),
        pytest.param(
            {
                "scripts/other.py": "x = 1\n",
                "load.py": BY_SPEC.replace("scripts/zero_x.py", "scripts/other.py").replace(
                    "module.main()\n", ""
                ),
            },
            ["zero_x.py"],
            id="another-file-of-its-folder-is-loaded",
        ),
        pytest.param(
            {
                "scripts/other.py": "x = 1\n",
                "run.py": BY_A_FUNCTION
                + 'import subprocess\n\nsubprocess.run([sys.executable, "scripts/zero_x.py"], check=True)\n',
            },
            ["../run.py"],
            id="started-by-a-file-that-loads-another",
        ),
        pytest.param(
            {
                "docs/reference.py": "x = 1\n",
                "tests/test_x.py": "import runpy\nfrom pathlib import Path\n\n"
                "ROOT = Path(__file__).resolve().parents[1]\n"
                'assert runpy.run_path(str(ROOT / "docs" / "reference.py"))["x"] == 1\n'
                'assert (ROOT / "scripts" / "zero_x.py").exists()\n',
                "run.py": "import runpy\nimport subprocess, sys\n"
                'runpy.run_path("tests/test_x.py")\n'
                'subprocess.run([sys.executable, "scripts/zero_x.py"], check=True)\n',
            },
            ["../run.py"],
            id="named-by-a-test-that-loads-another-file",
        ),
        pytest.param(
            {
                "run.py": "import subprocess, sys\n"
                'subprocess.run(f"{sys.executable} -I -c pass && {sys.executable} -B scripts/zero_x.py", shell=True)\n'
            },
            ["../run.py"],
            id="another-command-of-a-text-is-isolated",
        ),
        pytest.param(
            {
                "run.py": ALL_COGS.replace("cogs", "scripts").replace(
                    'name.startswith("_")', 'name.startswith(("_", "worker_logger", "worker_utils"))'
                )
            },
            ["../run.py"],
            id="every-file-but-the-runtimes-is-imported",
        ),
        pytest.param(
            {
                "run.py": ALL_COGS.replace("cogs", "scripts").replace(
                    'not name.startswith("_")', 'name.startswith("zero")'
                )
            },
            ["../run.py"],
            id="every-file-of-a-prefix-is-imported",
        ),
        pytest.param(
            {
                "run.py": "import importlib\nimport os\n\nprint(os.listdir('data'))\n"
                "for name in ['zero_x']:\n    importlib.import_module(f'scripts.{name}').main()\n",
                "data/a.txt": "",
            },
            ["../run.py"],
            id="another-folder-is-listed-with-a-chosen-import",
        ),
        pytest.param(
            {
                "run.py": "import importlib\nimport pathlib\n\n\ndef check(name):\n    importlib.import_module(name).main()\n\n\n"
                "def count(folder):\n    return len(list(pathlib.Path(folder).glob('*.py')))\n\n\n"
                "for each in ['scripts.zero_x']:\n    check(each)\nassert count('scripts')\n",
            },
            ["../run.py"],
            id="its-folder-is-counted-and-it-is-imported-by-name",
        ),
        pytest.param(
            {
                "run.py": "import ast\nimport importlib\nimport sys\n\nNAMES = ['zero_x']\n"
                "tree = ast.parse('1')\nassert list(ast.walk(tree))\n"
                "for name in NAMES if len(sys.argv) < 2 else sys.argv[1:]:\n"
                "    importlib.import_module(f'scripts.{name}').main()\n"
            },
            ["../run.py"],
            id="a-syntax-tree-is-walked",
        ),
        pytest.param(
            {
                "run.py": ALL_COGS.replace("cogs", "scripts").replace(
                    "    if name.endswith",
                    '    if not name.endswith(".py") or not name.startswith("zero"):\n        continue\n    if name.endswith',
                )
            },
            ["../run.py"],
            id="every-file-without-a-prefix-is-skipped",
        ),
        pytest.param(
            {
                "run.py": "import importlib\nimport pathlib\n\nPREFIX = 'zero'\n"
                "for path in pathlib.Path('scripts').glob(f'{PREFIX}_x*.py'):\n"
                "    importlib.import_module(f'scripts.{path.stem}').main()\n"
            },
            ["../run.py"],
            id="every-file-of-a-pattern-is-imported",
        ),
        pytest.param(
            {
                "run.py": "from lib.bot import Bot\n\nBot().load_extensions('cogs')\nimport scripts.zero_x\n\nscripts.zero_x.main()\n",
                "lib/bot.py": BOT,
                "cogs/music.py": "def main():\n    print('music')\n",
            },
            ["../run.py"],
            id="a-framework-loads-another-folder",
        ),
        pytest.param(
            {"start.sh": "python3 scripts/zero_x.py < data.txt\ncat scripts/zero_x.py | wc -l\n"},
            ["zero_x.py"],
            id="what-it-reads-itself-is-no-script",
        ),
        pytest.param({"start.sh": "python -B scripts/zero_x.py\n"}, ["-B", "zero_x.py"], id="started-with-B"),
        pytest.param(
            {"lib/worker_utils.py": OWN, "lib/zero_z.py": "from worker_utils import theirs\n"},
            ["zero_x.py"],
            id="worker-utils-that-it-never-reaches",
        ),
        pytest.param(
            {"scripts/queue.py": "x = 1\n", "scripts/zero_x.py": _with("import queue")},
            ["zero_x.py"],
            id="it-uses-the-local-module-itself",
        ),
        pytest.param(
            {"scripts/colorsys.py": "x = 1\n"},
            ["zero_x.py"],
            id="a-standard-name-that-the-runtime-never-needs",
        ),
        pytest.param(
            {
                "scripts/code.py": "raise SystemExit('local code')\n",
                "scripts/doctest.py": "raise SystemExit('local')\n",
            },
            ["zero_x.py"],
            id="a-name-that-standard-modules-need-when-they-are-started",
        ),
        pytest.param({"scripts/queue/notes.txt": "x\n"}, ["zero_x.py"], id="a-folder-that-is-no-package"),
        pytest.param(
            {
                "scripts/run.py": "import subprocess, sys\n"
                'subprocess.run([sys.executable, "-I", "-c", "pass"], check=True)\n'
                'POWERSHELL = ["powershell", "-NoProfile"]\n'
                'subprocess.run([sys.executable, "zero_x.py"], check=True)\n'
            },
            ["run.py"],
            id="another-command-of-its-starter-is-isolated",
        ),
        pytest.param(
            {
                "scripts/run.py": "import importlib.util\n"
                'SETTINGS = {"scripts": 1}\n'
                'for name in ["scripts", "other"]:\n    SETTINGS.get("scripts")\n'
                'spec = importlib.util.spec_from_file_location("x", __file__)\n'
            },
            ["run.py"],
            id="a-loader-that-holds-its-folders-name-for-something-else",
        ),
        pytest.param(
            {"start.sh": "PYTHONSAFEPATH= python3 scripts/zero_x.py\n"},
            ["zero_x.py"],
            id="an-empty-safe-path",
        ),
        pytest.param(
            {"start.sh": "lint -P scripts/zero_x.py\ngrep -I x scripts/zero_x.py\npython3 -Im venv v\n"},
            ["zero_x.py"],
            id="other-commands-flags",
        ),
        pytest.param(
            {"start.sh": "python3 -I tools/x.py\npython3 -X dev -W ignore scripts/zero_x.py\n"},
            ["zero_x.py"],
            id="another-script-is-isolated",
        ),
        pytest.param(
            {
                "lib/queue.py": "raise SystemExit('local queue')\n",
                "lib/helper.py": "",
                "scripts/zero_x.py": _with("import sys\nsys.path.append('../lib')\nimport helper"),
            },
            ["zero_x.py"],
            id="in-a-folder-put-behind",
        ),
        pytest.param(
            {
                "queue.py": "raise SystemExit('local queue')\n",
                "scripts/zero_x.py": _with(
                    "import os\nimport sys\nsys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))"
                ),
            },
            ["zero_x.py"],
            id="its-own-folder-put-in-front",
        ),
        pytest.param(
            {
                "queue.py": "raise SystemExit('local queue')\n",
                "lib/music.py": "",
                "scripts/zero_x.py": _with(
                    "import os\nimport sys\nROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))\n"
                    "sys.path.insert(0, ROOT)"
                ),
            },
            ["zero_x.py"],
            id="the-folder-above-that-is-put-in-front",
        ),
        pytest.param(
            {
                "queue.py": "raise SystemExit('local queue')\n",
                "scripts/zero_x.py": _with(
                    "import os\nimport sys\n"
                    "sys.path.insert(0, os.path.abspath(os.path.join(os.path.dirname(__file__), '..', '../..')))"
                ),
            },
            ["zero_x.py"],
            id="a-folder-far-above-put-in-front",
        ),
    ],
)
def test_its_twin_is_migrated(tree: Tree, files: Mapping[str, str], start: list[str]) -> None:
    """What only looks like it does not stop the script, which starts as before."""
    tree.write({"scripts/zero_x.py": SCRIPT, **files})
    cwd = "." if start[0] == "../run.py" else "scripts"
    start = ["run.py"] if start[0] == "../run.py" else start
    before = tree.start(*start, cwd=cwd)
    assert before.returncode == 0, before.stderr

    result = tree.migrate("--apply", "scripts/zero_x.py")

    assert "worker_logger" in tree.text("scripts/zero_x.py"), result.stderr
    after = tree.start(*start, cwd=cwd)
    assert (after.returncode, after.stdout, after.stderr) == (0, before.stdout, before.stderr)


def test_a_package_that_imports_all_of_its_modules_finds_no_runtime_among_them(tree: Tree) -> None:
    """The runtime stands in the package's top folder, and what is imported one by one is the folder below."""
    loads = "ALL = [importlib.import_module(f'{__name__}.{found.name}').main for found in pkgutil.iter_modules(__path__)]\n"
    tree.write(
        {
            "main.py": "import app.jobs\n\nfor job in app.jobs.ALL:\n    job()\n",
            "app/__init__.py": "",
            "app/jobs/__init__.py": f"import importlib\nimport pkgutil\n\n{loads}",
            "app/jobs/zero_x.py": SCRIPT.partition("\n\n\nif")[0],
        }
    )

    tree.migrate("--apply", "app")

    assert "from ..worker_logger import" in tree.text("app/jobs/zero_x.py")
    assert tree.start("main.py").stdout == "ok\n"


def test_the_runtime_of_a_package_stands_below_the_folder_of_which_all_is_imported(tree: Tree) -> None:
    """What is imported one by one is the folder above; a script that lies in that one itself is left."""
    tree.write(
        {
            "main.py": ALL_COGS.replace(' and not name.startswith("_")', ' and name != "__init__.py"'),
            "cogs/__init__.py": "",
            "cogs/music.py": "from cogs.memory.zero_x import main\n",
            "cogs/zero_y.py": SCRIPT,
            "cogs/memory/__init__.py": "",
            "cogs/memory/zero_x.py": SCRIPT.partition("\n\n\nif")[0],
        }
    )

    result = tree.migrate("--apply", "cogs")

    assert "from .worker_logger import" in tree.text("cogs/memory/zero_x.py")
    assert "worker_logger" not in tree.text("cogs/zero_y.py")
    assert "imports every file of cogs" in result.stderr
    assert tree.start("main.py").stdout == "ok\nok\n"


@pytest.mark.parametrize(
    ("text", "is_left"),
    [
        pytest.param("'Finds it by discovery.'", False, id="the-end-of-a-sentence"),
        pytest.param("f'discovery.{chr(97)}'", True, id="the-beginning-of-a-name"),
    ],
)
def test_a_folder_is_named_by_what_goes_on_behind_its_dot(tree: Tree, text: str, is_left: bool) -> None:
    """A text that ends a sentence with a folder's name does not say that Python looks beside that folder."""
    tree.write(
        {
            "main.py": "from app.discovery.zero_x import main\n\nmain()\n",
            "app/queue/__init__.py": "",
            "app/lib.py": f"HELP = {text}\n",
            "app/discovery/zero_x.py": SCRIPT.partition("\n\n\nif")[0],
        }
    )

    tree.migrate("--apply", "app/discovery")

    assert ("worker_logger" in tree.text("app/discovery/zero_x.py")) is not is_left
    assert tree.start("main.py").stdout == "ok\n"


def test_a_module_of_a_package_is_not_disturbed_by_a_name_in_its_package(tree: Tree) -> None:
    """Python looks for standard modules above a package, not in it."""
    tree.write(
        {
            "main.py": "import app.zero_x\n\napp.zero_x.main()\n",
            "app/__init__.py": "",
            "app/queue.py": "raise SystemExit('local queue')\n",
            "app/zero_x.py": SCRIPT.partition("\n\n\nif")[0],
        }
    )

    tree.migrate("--apply", "app")

    assert "from .worker_logger import" in tree.text("app/zero_x.py")
    assert tree.start("main.py").stdout == "ok\n"


def test_a_name_beside_a_package_that_is_imported_through_more_folders_disturbs_nobody(tree: Tree) -> None:
    """Which folder Python looks into first is told by the names that import a module, not by its ``__init__.py`` alone."""
    tree.write(
        {
            "main.py": "import top.middle.app.zero_x\n\ntop.middle.app.zero_x.main()\n",
            "top/__init__.py": "",
            "top/middle/queue/__init__.py": "raise SystemExit('local queue')\n",
            "top/middle/app/__init__.py": "",
            "top/middle/app/zero_x.py": SCRIPT.partition("\n\n\nif")[0],
        }
    )

    tree.migrate("--apply", "top")

    assert "mirror_print(" in tree.text("top/middle/app/zero_x.py")
    assert tree.start("main.py").stdout == "ok\n"


def test_a_worker_utils_of_the_user_beside_the_script_is_kept(tree: Tree) -> None:
    """A file that lacks our names is never replaced, and what it lacks is no fault: exit 0, and the script is left."""
    text = _with("from worker_utils import theirs\n\ntheirs()").replace(
        "main():\n", "main():\n    open(__file__).close()\n"
    )
    tree.write({"scripts/worker_utils.py": OWN, "scripts/zero_x.py": text})

    result = tree.migrate("--apply", "scripts")

    assert result.returncode == 0, result.stderr
    assert "worker_utils" in result.stderr
    assert tree.text("scripts/worker_utils.py") == OWN
    assert tree.start("scripts/zero_x.py").returncode == 0


def test_the_documented_diff_with_the_runtime_gives_a_program_that_starts(tree: Tree) -> None:
    """``--with-runtime`` puts the runtime files into the diff, so that ``git apply`` alone is enough."""
    tree.write(
        {
            "main.py": "import app.sub.x\n",
            "app/__init__.py": "",
            "app/sub/__init__.py": "",
            "app/sub/x.py": SCRIPT.partition("\n\n\nif")[0],
        }
    )
    tree.write({"scripts/zero_x.py": SCRIPT})
    plain = tree.migrate("--all", "scripts", "app")
    diff = tree.migrate("--with-runtime", "--all", "scripts", "app")
    subprocess.run(["git", "apply", "-"], input=diff.stdout, text=True, cwd=tree.root, check=True)

    assert "+++ b/scripts/worker_logger.py" not in plain.stdout
    assert tree.runtime() == ["app", "scripts"]
    assert tree.start("scripts/zero_x.py").stdout == "ok\n"
    assert tree.start("main.py").returncode == 0
    assert tree.migrate("--check", "--all", "scripts", "app").returncode == 0


@pytest.mark.parametrize(
    ("rules", "is_tracked", "is_said"),
    [("*log*\n", False, True), ("*log*\n", True, False), ("*.log\nlogs/\n", False, False)],
    ids=["ignored", "ignored-but-tracked", "other-rules"],
)
def test_a_runtime_file_that_git_ignores_is_reported(
    tree: Tree, rules: str, is_tracked: bool, is_said: bool
) -> None:
    """It would be missing in the next clone; one that git has all the same, or does not ignore, would not."""
    tree.write({".gitignore": rules, "scripts/zero_x.py": SCRIPT})
    if is_tracked:
        tree.migrate("--apply", "scripts")
        subprocess.run(["git", "add", "--force", "."], cwd=tree.root, check=True)
        tree.write({"scripts/zero_x.py": SCRIPT})

    result = tree.migrate("--apply", "scripts")

    assert ("git add --force scripts/worker_logger.py" in result.stderr) is is_said
    assert "git add --force scripts/worker_utils.py" not in result.stderr


def test_twin_another_list_that_is_called_path_puts_nothing_in_front(tree: Tree) -> None:
    """Kind: only the list that Python searches decides which file is imported."""
    script = _with(f"import os\npath = []\npath.insert(0, {BESIDE})")
    tree.write({"scripts/lib/queue.py": "raise SystemExit('local queue')\n", "scripts/zero_x.py": script})

    assert tree.migrate("--apply", "scripts/zero_x.py").returncode == 0
    assert "worker_logger" in tree.text("scripts/zero_x.py")
    assert tree.start("scripts/zero_x.py").returncode == 0
