"""A project that its linters, formatters and sorters found clean is clean for them after the migration.

The tools are the real ones. Projects are made clean by the tools themselves first, so that every finding afterwards is ours.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import commands
import pytest

from workerlog_migrate.files.stamp import LEAVE_ALONE
from workerlog_migrate.report.visible import typed

pytestmark = pytest.mark.needs("black", "isort", "mypy", "ruff")
LEADS = {
    "mixed": "import json\nimport os\nimport requests\nimport common\nfrom zeta import x\nfrom pathlib import Path\n",
    "standard library only": "import os\nimport sys\n",
    "third party only": "import requests\nfrom yaml import safe_load\n",
    "siblings only": "from common import y\nfrom zeta import x\n",
    "names around ours": "from worker_kit import a\nfrom worker_tools import b\nfrom worker_m import c\n",
    "nothing": "",
    "docstring and future": '"""What it does."""\nfrom __future__ import annotations\n',
    "comments between": "# who we are\nimport requests\n\n# local\nfrom zeta import x\n",
    "a guarded import": "import os\n\ntry:\n    import psutil\nexcept ImportError:\n    psutil = None\n",
    "sys.path": "import sys\n\nsys.path.insert(0, '.')\nimport requests\nfrom zeta import x\n",
    "numbers and case": "from Zeta import a\nfrom worker10 import b\nfrom worker9 import c\n",
}
REST = {
    "a definition": "\n\ndef f(path):\n    print(path)\n    return open(path)\n\n\nf('a')\n",
    "a comment above a definition": "\n\n# about f\ndef f(path):\n    print(path)\n\n\nf('a')\n",
    "a constant": "\nX = 1\nprint(X)\n",
    "a handler that needs an import": (
        "\n\ndef f(path):\n    try:\n        run([path], check=True)\n    except Exception as e:\n"
        "        print('[ERRO]', e)\n\n\nf('a')\n"
    ),
}
CONFIGURATIONS = {
    "ruff": "[tool.ruff.lint]\nselect = ['I']\n",
    "ruff, scripts are a source folder": "[tool.ruff]\nsrc = ['scripts']\n[tool.ruff.lint]\nselect = ['I']\n",
    "ruff, known first party": (
        "[tool.ruff.lint]\nselect = ['I']\n[tool.ruff.lint.isort]\n"
        "known-first-party = ['common', 'worker_*']\nforce-sort-within-sections = true\nlines-after-imports = 2\n"
    ),
    "ruff, one name a line": (
        "[tool.ruff.lint]\nselect = ['I']\n[tool.ruff.lint.isort]\n"
        "force-single-line = true\nfrom-first = true\nlines-between-types = 1\n"
    ),
    "isort": "[tool.isort]\n",
    "isort, black": "[tool.isort]\nprofile = 'black'\nknown_first_party = ['common', 'worker_logger', 'worker_utils']\n",
    "isort, google": "[tool.isort]\nprofile = 'google'\n",
    "isort, pycharm": "[tool.isort]\nprofile = 'pycharm'\n",
    "isort, attrs": "[tool.isort]\nprofile = 'attrs'\nsrc_paths = ['scripts']\n",
    "nothing": "",
}


def tool(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", "-m", *command],  # -I: what lies in the project is not the tool's
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def migrate(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    folders = {"XDG_STATE_HOME": str(folder / ".state"), "XDG_CACHE_HOME": str(folder / ".cache")}
    variables = {**os.environ, "PYTHONPATH": commands.PATHS, **folders}
    return commands.text(commands.run(*options, cwd=folder, env=variables))


def project(folder: Path, configuration: str) -> Path:
    scripts = folder / "scripts"
    scripts.mkdir()
    (folder / "pyproject.toml").write_text(configuration, encoding="utf-8")
    for name in ("common", "zeta"):
        (scripts / f"{name}.py").write_text("x = y = 1\n", encoding="utf-8")
    number = 0
    for lead in LEADS.values():
        for rest in REST.values():
            number += 1
            needed = "from subprocess import run\n" if "run(" in rest else ""
            text = (
                f"{lead}{needed}{rest}"
                if "__future__" in lead or "sys.path" in lead
                else f"{needed}{lead}{rest}"
            )
            (scripts / f"w{number}.py").write_text(text, encoding="utf-8")
    return scripts


@pytest.mark.parametrize("configuration", CONFIGURATIONS.values(), ids=CONFIGURATIONS)
def test_sorters_have_nothing_to_move(tmp_path: Path, configuration: str) -> None:
    """New imports stand where the project's own sorter would have put them."""
    project(tmp_path, configuration)
    ruff = ("ruff", "check", "--no-cache", "--select", "I", ".")
    isort = ("isort", *(() if configuration else ("--profile", "black")), ".")
    sorters = [*([ruff] if "isort]" not in configuration or "ruff" in configuration else [])]
    sorters += [isort] if "ruff" not in configuration else []
    cleaners = [(*sorter, "--fix") if sorter is ruff else sorter for sorter in sorters]
    for _ in range(2):
        for cleaner in (("black", "-q", "."), *cleaners):
            assert tool(tmp_path, *cleaner).returncode == 0
    checks = [sorter if sorter is ruff else (*sorter, "--check") for sorter in sorters]
    for check in checks:
        assert tool(tmp_path, *check).returncode == 0

    assert migrate(tmp_path, "--all", "--apply", "scripts").returncode == 0

    for check in checks:
        result = tool(tmp_path, *check)
        assert result.returncode == 0, result.stdout + result.stderr


def test_no_tool_touches_or_blames_the_runtime(tmp_path: Path) -> None:
    """The runtime files ask to be left alone, so that nothing that formats everything edits them."""
    (tmp_path / "scripts").mkdir()
    (tmp_path / "pyproject.toml").write_text("[tool.ruff.lint]\nselect = ['ALL']\n", encoding="utf-8")
    (tmp_path / "scripts" / "zero_a.py").write_text("print('a')\nopen('x').close()\n", encoding="utf-8")
    assert migrate(tmp_path, "--apply").returncode == 0
    runtime = sorted((tmp_path / "scripts").glob("worker_*.py"))
    before = [path.read_bytes() for path in runtime]
    names = [str(path) for path in runtime]

    for command in (
        ("ruff", "check", "--no-cache", *names),
        ("ruff", "format", "--no-cache", "--line-length", "40", "--check", *names),
        ("black", "--line-length", "40", "--check", *names),
        ("isort", "--check", *names),
        ("mypy", "--strict", "--cache-dir", os.devnull, *names),
    ):
        result = tool(tmp_path, *command)
        assert result.returncode == 0, result.stdout + result.stderr
    assert [path.read_bytes() for path in runtime] == before
    assert all(set(LEAVE_ALONE) <= set(path.read_text(encoding="utf-8").splitlines()) for path in runtime)


@pytest.mark.parametrize(
    ("configuration", "command"),
    [("[tool.black]\n", "black"), ("[tool.ruff]\nline-length = 100\n", "ruff format"), ("", "")],
    ids=["black", "ruff", "none"],
)
def test_long_lines_are_the_formatters_which_is_named(
    tmp_path: Path, configuration: str, command: str
) -> None:
    """What is named can be run as it stands, and afterwards the formatter has nothing to say."""
    (tmp_path / "scripts").mkdir()
    (tmp_path / "pyproject.toml").write_text(configuration, encoding="utf-8")
    (tmp_path / "scripts" / "zero a.py").write_text(f"print({'x' * 70!r})\n", encoding="utf-8")

    last = migrate(tmp_path, "--apply").stderr.splitlines()[-1]

    if not command:
        assert last == "to take it back: workerlog-migrate --undo"
        return
    said = f"long lines are your formatter's: {command} {typed(os.path.join('scripts', 'zero a.py'))}"
    assert last == said
    name, *rest = command.split()
    assert tool(tmp_path, name, *rest, "scripts/zero a.py").returncode == 0
    assert tool(tmp_path, name, *rest, "--check", "scripts").returncode == 0
    assert migrate(tmp_path, "--check").stderr == "everything is migrated: 1 file\n"


STRICT = '''\
"""A worker."""

import asyncio
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, cast


def safe_print(text: str, *, end: str = "\\n") -> None:
    try:
        print(text, end=end)  # noqa: T201
    except UnicodeEncodeError:
        print(text.encode("ascii", "replace").decode(), end=end)  # noqa: T201


def load(path: Path) -> dict[str, Any]:
    try:
        with open(path, encoding="utf-8") as file:
            return cast("dict[str, Any]", json.load(file))
    except Exception:  # noqa: BLE001
        return {}


def read_all(folder: Path) -> Iterator[str]:
    for name in os.listdir(folder):
        yield (folder / name).read_text(encoding="utf-8")


class Worker:
    def __init__(self, base: Path) -> None:
        self.base = base
        self.count: int = 0
        self.hook: Callable[[str], None] = partial(safe_print, end="")

    def step(self) -> bool:
        try:
            data = load(self.base / "a.json")
            self.count += int(data["n"])
        except Exception as error:  # noqa: BLE001
            print(f"[ERRO] {error}", file=sys.stderr)  # noqa: T201
            return False
        return True

    async def wait(self) -> None:
        try:
            await asyncio.wait_for(asyncio.sleep(1), 2)
        except Exception:  # noqa: BLE001, S110, SIM105
            pass

    def remove(self, path: str | os.PathLike[str]) -> None:
        try:
            os.remove(path)
        except Exception as error:  # noqa: BLE001
            safe_print(f"falhou {error}")


def main() -> int:
    worker = Worker(Path())
    threading.Thread(target=worker.step).start()
    while True:
        try:
            if not worker.step():
                print("nada")  # noqa: T201
            asyncio.run(worker.wait())
        except Exception as error:  # noqa: BLE001
            print("Erro:", error, flush=True)  # noqa: T201
        if worker.count > 3:
            return 0
        time.sleep(1)


if __name__ == "__main__":
    sys.exit(main())
'''


@pytest.mark.parametrize(
    "options", [(), ("--trial",), ("--boundary", "watch")], ids=["narrow", "trial", "boundary"]
)
def test_a_project_that_is_clean_under_strict_rules_stays_so(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    """Kind: what the tools asked for (types, codes of noqa, classes that became another name) holds for what was edited, too."""
    (tmp_path / "scripts").mkdir()
    script = tmp_path / "scripts" / "zero_a.py"
    script.write_text(STRICT, encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "bot"\nversion = "1"\nrequires-python = ">=3.11"\n\n[tool.mypy]\nstrict = true\n\n'
        '[tool.ruff.lint]\nselect = ["I", "E", "F", "W", "UP", "B", "RUF", "BLE", "T20", "S110", "S112"]\nexternal = ["SIM"]\n',
        encoding="utf-8",
    )

    for stage in ("before", "after"):
        if stage == "after":
            assert migrate(tmp_path, "--apply", *options).returncode == 0
            assert script.read_text(encoding="utf-8") != STRICT
            tool(tmp_path, "ruff", "format", "scripts")
        for command in (
            ("ruff", "check", "--no-cache", "scripts"),
            ("ruff", "format", "--check", "scripts"),
            ("mypy", "--cache-dir", os.devnull, "scripts"),
        ):
            result = tool(tmp_path, *command)
            assert result.returncode == 0, stage + result.stdout + result.stderr
