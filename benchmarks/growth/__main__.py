"""Say what a file costs as a project of files that import one another grows.

    python benchmarks/growth [--files 50,100,200,400,800] [--layout ring|spread|chain] [--jobs N] [--rounds N]

Each file imports five others and has two broad handlers around calls of them. Layouts: ``ring`` (the next five, round and round),
``spread`` (five far apart), ``chain`` (the next five, and each function calls that of the next file, to the end). Figures are of
fresh processes, of a dry run with ``--all``: processor seconds of the process and its children a file, peak resident memory
a file above what an empty run takes, and both beside those of the smallest project. Then one file of the largest project is changed,
and the run repeated from the cache. Exit code 1 when a figure is more than 1.3 times that of the smallest project.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 1.3
IMPORTED = 5
_NEXT = (1, 2, 3, 4, 5)


class Cost(NamedTuple):
    """Processor seconds, and MiB of peak resident memory of the largest process."""

    seconds: float
    memory: float


def main() -> int:
    """Measure each size and compare with the smallest."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--files", default="50,100,200,400,800", help="sizes of the project, the smallest first"
    )
    parser.add_argument(
        "--layout", choices=("chain", "ring", "spread"), default="spread", help="which files import which"
    )
    parser.add_argument("--jobs", type=int, default=1, help="processes of the tool")
    parser.add_argument("--rounds", type=int, default=1, help="runs of each size; the cheapest counts")
    options = parser.parse_args()
    sizes = [int(size) for size in options.files.split(",")]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        empty = run(make(folder / "empty", 0, options.layout), folder / "none", options.jobs, options.rounds)
        first: Cost | None = None
        failed = False
        for size in sizes:
            project = make(folder / str(size), size, options.layout)
            cost = run(project, None, options.jobs, options.rounds)
            each = Cost((cost.seconds - empty.seconds) / size, cost.memory - empty.memory)
            first = first or each
            ratios = each.seconds / first.seconds, each.memory / size / (first.memory / sizes[0])
            failed = failed or max(ratios) > LIMIT
            print(
                f"{size:6} files: {each.seconds * 1000:7.1f} ms a file ({ratios[0]:.2f}), "
                f"{each.memory:6.1f} MiB above an empty run ({ratios[1]:.2f} a file)",
                flush=True,
            )
        print(changed(folder / str(sizes[-1]), folder / "cache", options.jobs))
    return 1 if failed else 0


def make(folder: Path, size: int, layout: str) -> Path:
    """Write a project of files that import one another.

    Args:
        folder: where; it is created.
        size: the number of files.
        layout: one of the layouts.
    """
    folder.mkdir()
    (folder / ".git").mkdir()
    for at in range(size):
        others = [(at + step) % size for step in _steps(layout, size)]
        (folder / f"part_{at:04}.py").write_text(_text(at, others, is_chained=layout == "chain"), "utf-8")
    return folder


def _steps(layout: str, size: int) -> tuple[int, ...]:
    """Say how far the files are away that a file imports: five, whatever the size, so that sizes can be compared."""
    return (1, size // 7, size // 3, size // 2 + 1, size * 4 // 5) if layout == "spread" else _NEXT


def _text(at: int, others: list[int], *, is_chained: bool) -> str:
    imports = "\n".join(f"import part_{other:04}" for other in others)
    calls = "\n".join(f"        found += part_{other:04}.size({other})" for other in others[:3])
    onward = f"    part_{others[0]:04}.load_all(folder)\n" if is_chained else ""
    return f"""import json
import os
{imports}

NUMBERS = {{"a": {at}, "b": 2}}


class Store:
    def __init__(self, folder):
        self.folder = folder
        self.seen = []

    def load(self, name):
        with open(os.path.join(self.folder, name), encoding="utf-8") as file:
            found = json.load(file)
        self.seen.append(name)
        return found["rows"]

    def save(self, name, rows):
        try:
            with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
                json.dump(rows, file)
        except Exception:
            return False
        return True


def size(number):
    return NUMBERS["a"] // (number + 1)


def load_all(folder):
{onward}    store = Store(folder)
    found = 0
    try:
        for name in os.listdir(folder):
            found += len(store.load(name))
{calls}
        part_{others[-1]:04}.Store(folder).save("all", [found])
    except Exception as error:
        print(f"failed: {{error}}")
    return found
"""


def run(project: Path, cache: Path | None, jobs: int, rounds: int = 1) -> Cost:
    """Run the tool over a project.

    Args:
        project: its folder.
        cache: the folder of the cache; None for a run without one.
        jobs: processes.
        rounds: runs of which the cheapest counts.
    """
    arguments = ["--all", "--quiet", "--jobs", str(jobs), *(() if cache else ("--no-cache",)), "."]
    environment = {**os.environ, "WORKERLOG_MIGRATE_CACHE_DIR": str(cache or project / ".none")}
    costs: list[Cost] = []
    for _ in range(rounds):
        process = subprocess.Popen(
            [sys.executable, "-m", "workerlog_migrate", *arguments],
            cwd=project,
            env=environment,
            stdout=subprocess.DEVNULL,
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"the tool ended with {process.returncode} in {project}")
        costs.append(Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024))
    return Cost(min(cost.seconds for cost in costs), min(cost.memory for cost in costs))


def changed(project: Path, cache: Path, jobs: int) -> str:
    """Fill the cache with what is left of a project after ``--apply``, change one file, and run again."""
    command = [sys.executable, "-m", "workerlog_migrate", "--all", "--quiet", "--no-cache", "--apply", "."]
    subprocess.run(command, cwd=project, check=True, stdout=subprocess.DEVNULL)
    first = run(project, cache, jobs)
    again = run(project, cache, jobs)
    part = next(iter(sorted(project.glob("part_*.py"))))
    part.write_text(part.read_text("utf-8") + "\n\ndef later():\n    return 1\n", "utf-8")
    one = run(project, cache, jobs)
    return (
        f"after --apply: {first.seconds:.1f} s, from the cache {again.seconds:.1f} s, "
        f"with one file changed {one.seconds:.1f} s of processor time"
    )


if __name__ == "__main__":
    raise SystemExit(main())
