"""Print what a whole run costs beside its floors, in one run, on the same files.

    python benchmarks/migrate.py [--scripts 1000] [--rounds 3]

Every figure is the best of the rounds of a fresh process: wall time, and peak resident memory in MiB. The floors are
``ast.parse`` and ``libcst.parse_module`` of the same files in a fresh process of the same interpreter. Folders:

(a) the sample workers of ``fixtures/workers/scripts``;
(b) many scripts, made from the sample workers;
(c) the same scripts after ``--apply``: nothing is left to do;
(d) as many modules in which there is nothing to look for.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "fixtures" / "workers" / "scripts"

READ = "import sys, pathlib; texts = [p.read_text('utf-8') for p in sorted(pathlib.Path(sys.argv[1]).rglob('*.py'))]\n"
FLOORS = {
    "ast.parse": "import ast\n" + READ + "for text in texts: ast.parse(text)",
    "libcst.parse_module": "import libcst\n" + READ + "for text in texts: libcst.parse_module(text)",
}
DEFINITIONS = '''"""Modulo {number}: so define coisas."""
LIMITE = {number}


class Fila{number}:
    """Uma fila em memoria."""

    def __init__(self, itens):
        self.itens = list(itens)

    def proximos(self, quantos):
        return [item for item in self.itens[:quantos] if item.pronto and item.ordem < LIMITE]

    def total(self):
        return sum(item.tamanho for item in self.itens)
'''


@dataclass(frozen=True)
class Cost:
    """Seconds of wall time and MiB of peak resident memory of one process."""

    seconds: float
    memory: float


def measure(command: list[str], folder: Path, rounds: int) -> Cost:
    """Run a command some times in fresh processes; give the fastest time and the smallest peak."""
    costs = []
    for _ in range(rounds):
        started = time.perf_counter()
        process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in (0, 1):
            raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
        costs.append(Cost(seconds, usage.ru_maxrss / 1024))
    return Cost(min(cost.seconds for cost in costs), min(cost.memory for cost in costs))


def make_scripts(folder: Path, count: int) -> None:
    """Write scripts made from the sample workers, each with a constant of its own."""
    samples = sorted(SAMPLES.glob("*.py"))
    (folder / "scripts").mkdir(parents=True)
    for number in range(count):
        sample = samples[number % len(samples)]
        data = sample.read_bytes() + f"\n\nNUMERO = {number}\n".encode()
        (folder / "scripts" / f"{sample.stem}_{number}.py").write_bytes(data)


def make_definitions(folder: Path, count: int) -> None:
    """Write modules without anything to look for."""
    (folder / "scripts").mkdir(parents=True)
    for number in range(count):
        text = "\n\n".join(DEFINITIONS.format(number=number * 100 + part) for part in range(12))
        (folder / "scripts" / f"genesis_{number}.py").write_text(text, encoding="utf-8")


def row(name: str, cost: Cost, floor: Cost, start: Cost) -> str:
    """Write one line of a table; the ratio is of times without the process's own start."""
    net, base = cost.seconds - start.seconds, floor.seconds - start.seconds
    ratio = f"{net / base:7.2f}" if base > 0.002 else "      -"
    return f"  {name:<34}{cost.seconds * 1000:10.0f} ms {ratio} x ast.parse {cost.memory:8.0f} MiB"


def main() -> None:
    """Make the folders, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--scripts", type=int, default=1000, help="scripts in folders (b), (c) and (d)")
    parser.add_argument(
        "--rounds", type=int, default=3, help="fresh processes per figure; the best one counts"
    )
    options = parser.parse_args()
    python = sys.executable
    tool = [python, "-m", "workerlog_migrate"]

    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        empty = work / "empty"
        (empty / "scripts").mkdir(parents=True)
        (empty / "scripts" / "genesis.py").write_text("x = 1\n", encoding="utf-8")
        print(f"Python {sys.version.split()[0]}, {os.cpu_count()} processors, best of {options.rounds}")
        bare = measure([python, "-c", "pass"], work, options.rounds + 4)
        click = measure([python, "-c", "import click"], work, options.rounds + 4)
        start = measure([*tool, "--check", "scripts"], empty, options.rounds + 4)
        print("start-up")
        print(f"  {'python -c pass':<34}{bare.seconds * 1000:10.0f} ms")
        print(f"  {'python -c import click':<34}{click.seconds * 1000:10.0f} ms")
        ratio = start.seconds / click.seconds
        print(
            f"  {'--check, nothing to look for':<34}{start.seconds * 1000:10.0f} ms {ratio:7.2f} x import click"
        )

        folders = {"(a) sample workers": work / "a", f"(b) {options.scripts} scripts": work / "b"}
        shutil.copytree(SAMPLES, work / "a" / "scripts")
        make_scripts(work / "b", options.scripts)
        shutil.copytree(work / "b", work / "c")
        subprocess.run([*tool, "--apply", "--quiet", "scripts"], cwd=work / "c", check=True)
        folders[f"(c) {options.scripts} migrated scripts"] = work / "c"
        make_definitions(work / "d", options.scripts)
        folders[f"(d) {options.scripts} modules, nothing in them"] = work / "d"
        for name, folder in folders.items():
            files = list(folder.rglob("*.py"))
            size = sum(path.stat().st_size for path in files)
            print(f"{name}: {len(files)} files, {size / 1024:.0f} KiB")
            floors = {
                label: measure([python, "-c", code, "scripts"], folder, options.rounds)
                for label, code in FLOORS.items()
            }
            floor = floors["ast.parse"]
            for label, cost in floors.items():
                print(row(label, cost, floor, bare))
            for jobs in ("1", "2"):
                cost = measure([*tool, "--dry-run", "--jobs", jobs, "scripts"], folder, options.rounds)
                print(row(f"workerlog-migrate --jobs {jobs}", cost, floor, start))


if __name__ == "__main__":
    main()
