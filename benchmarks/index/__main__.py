"""Say what looking for the users of a few scripts costs in a large repository.

    python benchmarks/index [--files 20000] [--naming 200]

The thirteen sample workers in a repository of many modules, some of which name a worker. Figures are processor seconds of fresh
processes: a dry run with an empty cache, and again from the cache; the same run in a repository of the thirteen alone; ``git ls-files``
there, reading all files, and ``ast.parse`` of those that name a worker.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "fixtures" / "workers" / "scripts"
_READ = "import sys, pathlib\nfor p in pathlib.Path('modulos').rglob('*.py'): p.read_bytes()"
_PARSE = """
import ast, pathlib
for path in [*pathlib.Path("scripts").glob("*.py"), *pathlib.Path("modulos").rglob("nomeia_*.py")]:
    ast.parse(path.read_text("utf-8"))
"""


def main() -> int:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--files", type=int, default=20_000, help="modules of the repository")
    parser.add_argument("--naming", type=int, default=200, help="how many of them name a worker")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        large, alone = make(folder / "large", options.files, options.naming), make(folder / "alone", 0, 0)
        tool = [sys.executable, "-m", "workerlog_migrate", "--quiet", "--jobs", "1", "scripts"]
        rows = (
            ("the thirteen alone, first run", tool, alone, folder / "cache-alone"),
            ("the thirteen alone, from the cache", tool, alone, folder / "cache-alone"),
            ("in the large repository, first run", tool, large, folder / "cache"),
            ("in the large repository, from the cache", tool, large, folder / "cache"),
            ("git ls-files", ["git", "ls-files"], large, folder),
            ("reading all files", [sys.executable, "-c", _READ], large, folder),
            ("ast.parse of what names a worker", [sys.executable, "-c", _PARSE], large, folder),
        )
        for label, command, where, cache in rows:
            print(f"{label}: {seconds(command, where, cache):.2f} s", flush=True)
    return 0


def make(folder: Path, files: int, naming: int) -> Path:
    """Write a repository.

    Args:
        folder: where; it is created.
        files: how many modules stand beside the scripts.
        naming: how many of them name a worker.
    """
    folder.mkdir()
    shutil.copytree(SAMPLES, folder / "scripts")
    workers = sorted(path.stem for path in SAMPLES.glob("*.py") if path.stem.isidentifier())
    for at in range(files):
        part = folder / "modulos" / f"parte_{at // 100:03}"
        part.mkdir(parents=True, exist_ok=True)
        named = at < naming
        line = f"import {workers[at % len(workers)]}" if named else "import json"
        stem = f"{'nomeia' if named else 'modulo'}_{at:05}"
        body = "".join(
            f"\n\ndef passo_{n}(itens):\n    return [item * {n} for item in itens]\n" for n in range(8)
        )
        (part / f"{stem}.py").write_text(f"{line}\n{body}", "utf-8")
    for command in (["init", "-q"], ["add", "-A"]):
        subprocess.run(["git", *command], cwd=folder, check=True)
    return folder


def seconds(command: Sequence[str], folder: Path, cache: Path) -> float:
    """Run a command; give the processor seconds of it and its children.

    Args:
        command: it.
        folder: where it runs.
        cache: the folder of the tool's cache.
    """
    environment = {**os.environ, "WORKERLOG_MIGRATE_CACHE_DIR": str(cache)}
    process = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{command[0]} ended with {process.returncode} in {folder}")
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    raise SystemExit(main())
