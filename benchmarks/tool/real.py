"""Print what a run over real scripts costs beside LibCST, for one or several versions of this tool, in one run.

    python benchmarks/tool/real.py --sources DIR [--files 225] [--tree TREE ...] [--rounds 2]

``DIR`` holds checked-out projects. A fixed sample of their scripts (below 500 lines, with a handler and a print) is copied
into one folder, each under a name of its own: nothing is written into ``DIR``. Then, for LibCST and for each ``--tree``
(a checkout of this repository; this one by default), in fresh processes on one processor:

LibCST      parse and code generation of the sample
first       a run over the sample, nothing written, no cache
next        the run that follows an ``--apply`` with a cache, as a user has it: nothing is left to do
second      the same without a cache

Every figure is processor time, the start of the process and the imports taken off (a run over one empty script), the
smallest of the rounds, which take turns so that all versions see the same machine; ``next`` is there once only. Ratios are to
LibCST.
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SKIPPED = frozenset({"tests", "test", ".venv", "venv", "env", "site-packages", "node_modules", ".git"})
LONGEST = 500
PARSE = (
    "import libcst, pathlib, sys\n"
    "for path in sorted(pathlib.Path(sys.argv[1]).glob('*.py')): libcst.parse_module(path.read_bytes()).code"
)


def is_script(path: Path, root: Path) -> bool:
    """Whether a file is one that a person would migrate, and that this interpreter and LibCST can read."""
    import libcst

    if SKIPPED & set(path.relative_to(root).parts) or path.name.startswith("test_") or not path.is_file():
        return False
    raw = path.read_bytes()
    if raw.count(b"\n") >= LONGEST or b"except" not in raw or b"print(" not in raw:
        return False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(raw)
        libcst.parse_module(raw)
    except (SyntaxError, ValueError, libcst.ParserSyntaxError):
        return False
    return True


def sample(sources: Path, count: int, into: Path) -> int:
    """Copy a fixed sample of scripts; give their number of lines."""
    every = sorted(sources.rglob("*.py"))
    random.Random(7).shuffle(every)  # a sample, no secret
    into.mkdir(parents=True)
    taken = lines = 0
    for path in every:
        if taken == count:
            break
        if is_script(path, sources):
            raw = path.read_bytes()
            (into / f"{path.stem}_{taken}.py").write_bytes(raw)
            lines += raw.count(b"\n")
            taken += 1
    print(f"{taken} scripts, {lines} lines", flush=True)
    return lines


def spent(command: Sequence[str], folder: Path, tree: Path | None = None) -> float:
    """Give the processor time of a command in a fresh process, in seconds."""
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    variables["XDG_STATE_HOME"] = str(folder.parent / "state")  # the undo goes with the rest
    if tree is not None:
        variables["WORKERLOG_MIGRATE_CACHE_DIR"] = str(folder.parent / f"cache of {folder.name}")
        variables["PYTHONPATH"] = os.pathsep.join((str(tree / "src"), str(tree / "codemods")))
    process = subprocess.Popen(
        command, cwd=folder, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1, 2):
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return usage.ru_utime + usage.ru_stime


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--sources", type=Path, required=True, help="folder with projects")
    parser.add_argument("--files", type=int, default=225, help="scripts to take (default: 225)")
    parser.add_argument("--tree", type=Path, action="append", help="a checkout to measure; repeatable")
    parser.add_argument("--rounds", type=int, default=2, help="the smallest of so many counts (default: 2)")
    options = parser.parse_args()
    trees = [tree.resolve() for tree in options.tree or [ROOT]]
    cached = [sys.executable, "-m", "workerlog_migrate", "--all", "--quiet", "--jobs", "1"]
    tool = [*cached, "--no-cache"]
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        sample(options.sources.resolve(), options.files, work / "first" / "scripts")
        (work / "empty" / "scripts").mkdir(parents=True)
        (work / "empty" / "scripts" / "x.py").write_text("print(1)\n", encoding="utf-8")
        figures: dict[str, list[float]] = {}

        def take(name: str, seconds: float) -> None:
            figures.setdefault(name, []).append(seconds)

        for number, tree in enumerate(trees):
            shutil.copytree(work / "first", work / f"second{number}")
            spent([*cached, "--apply", "scripts"], work / f"second{number}", tree)
            take(f"{number} next", spent([*cached, "--dry-run", "scripts"], work / f"second{number}", tree))

        for _ in range(options.rounds):
            for part in ("empty", "first"):
                take(f"LibCST {part}", spent([sys.executable, "-c", PARSE, "scripts"], work / part))
            for number, tree in enumerate(trees):
                for part, folder in (("empty", "empty"), ("first", "first"), ("second", f"second{number}")):
                    take(f"{number} {part}", spent([*tool, "--dry-run", "scripts"], work / folder, tree))
        best = {name: min(seconds) for name, seconds in figures.items()}
        floor = best["LibCST first"] - best["LibCST empty"]
        print(f"{'LibCST parse, codegen':40} {floor:7.2f} s")
        for number, tree in enumerate(trees):
            print(f"{tree}")
            for part in ("first", "next", "second"):
                net = best[f"{number} {part}"] - best[f"{number} empty"]
                print(f"  {part:38} {net:7.2f} s {net / floor:6.2f} x LibCST")
    return 0


if __name__ == "__main__":
    sys.exit(main())
