"""Print what a whole run costs beside its floors and beside other tools, in one run, on the same files.

    python benchmarks/tool/run.py [--scripts 1000] [--rounds 2] [--peers FOLDER | --no-peers] [--scaling 100,1000,10000]

Every figure is of fresh processes: wall time and peak resident memory, the best of the rounds (of
the peers and of growth: one). Ratios are to ``ast.parse``
of the same files in a fresh process of the same interpreter, both without the start of their process. Folders:

(a) the sample workers of ``fixtures/workers/scripts``: as dense with findings as we could make them;
(b) many scripts made from them, filled up with functions of the interpreter's own library in which there is nothing to
    find, until as much of the text is edited as in real workers: 7% of the bytes stand in statements with a finding;
(c) the same scripts after ``--apply``: nothing is left to do; without the cache, and with it;
(d) as many modules in which there is nothing to look for.

Then the peers, each on one processor and on the same fifty scripts of (b), less the import of its own modules: LibCST
alone, ``libcst.tool codemod`` with a codemod that does nothing and with one that asks for qualified names, Fixit with one
rule, with one that asks for names and as it comes, codemodder with two codemods, pyupgrade and ruff. They are installed into ``--peers`` (by default a folder of the system's temporary folder); what cannot
be installed is left out, and said. Last how time and memory grow with the number of files and with the lines of one file,
and the exponents of the fitted power laws.
"""

from __future__ import annotations

import argparse
import ast
import math
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
import venv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "fixtures" / "workers" / "scripts"
TOOL = [sys.executable, "-m", "workerlog_migrate"]

EDITED = 0.07
"""Share of the bytes of 225 real worker scripts that stand in a statement with a finding."""
SAMPLES_EDITED = 0.27
"""The same share of the sample workers."""

READ = "import sys, pathlib; texts = [p.read_text('utf-8') for p in sorted(pathlib.Path(sys.argv[1]).rglob('*.py'))]\n"
EMPTY_VISIT = (
    "class Empty(libcst.CSTTransformer): pass\nfor t in texts: libcst.parse_module(t).visit(Empty()).code"
)
FLOORS = {
    "ast.parse": "import ast\n" + READ + "for t in texts: ast.parse(t)",
    "LibCST parse": "import libcst\n" + READ + "for t in texts: libcst.parse_module(t)",
    "LibCST parse, codegen": "import libcst\n" + READ + "for t in texts: libcst.parse_module(t).code",
    "LibCST parse, empty visit, codegen": "import libcst\n" + READ + EMPTY_VISIT,
}
STARTS = {"ast.parse": "import ast, sys, pathlib"}

CODEMODS = '''"""Two codemods that change nothing, for LibCST's own tool."""
from libcst.codemod import VisitorBasedCodemodCommand
from libcst.metadata import QualifiedNameProvider


class Nothing(VisitorBasedCodemodCommand):
    DESCRIPTION = "Looks at each call."

    def visit_Call(self, node):
        pass


class Names(VisitorBasedCodemodCommand):
    DESCRIPTION = "Asks each call for its qualified name."
    METADATA_DEPENDENCIES = (QualifiedNameProvider,)

    def visit_Call(self, node):
        self.get_metadata(QualifiedNameProvider, node.func, None)
'''
PEERS = ("libcst", "fixit", "codemodder", "pyupgrade", "ruff")
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


def measure(
    command: Sequence[str], folder: Path, rounds: int, *, one_processor: bool = False, **variables: str
) -> Cost:
    """Run a command some times in fresh processes; give the fastest time and the smallest peak."""
    costs = []
    # An installed package has its bytecode beside it: without it each start would compile ours as well.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    for _ in range(rounds):
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**environment, **variables},
            preexec_fn=_take_one_processor if one_processor else None,
        )
        started = time.perf_counter()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in (0, 1):
            raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
        costs.append(Cost(seconds, usage.ru_maxrss / 1024))
    return Cost(min(cost.seconds for cost in costs), min(cost.memory for cost in costs))


def _take_one_processor() -> None:
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


# --- the files ------------------------------------------------------------------------------------------


def fillers() -> Iterator[str]:
    """Yield functions and classes of the standard library in which there is nothing to find, over and over."""
    from workerlog_migrate.files.source import has_trigger

    library = Path(sysconfig.get_path("stdlib"))
    found = []
    for path in sorted(library.glob("*.py")):
        text = path.read_text("utf-8", "replace")
        for node in ast.parse(text).body:
            if not isinstance(node, ast.FunctionDef | ast.ClassDef):
                continue
            source = ast.get_source_segment(text, node) or ""
            if source.isascii() and 200 < len(source) < 4000 and not has_trigger(source.encode()):
                found.append(source)
    while True:
        yield from found


def make_scripts(folder: Path, count: int, *, edited: float = EDITED) -> None:
    """Write scripts made from the sample workers, each with other functions between and behind."""
    samples = [path.read_text("utf-8") for path in sorted(SAMPLES.glob("*.py"))]
    names = [path.stem for path in sorted(SAMPLES.glob("*.py"))]
    filler = fillers()
    (folder / "scripts").mkdir(parents=True)
    for number in range(count):
        parts = [samples[number % len(samples)]]
        wanted = len(parts[0]) * SAMPLES_EDITED / edited
        while sum(map(len, parts)) < wanted:
            parts.append(next(filler))
        parts.append(f"NUMERO = {number}\n")
        name = f"{names[number % len(names)]}_{number}.py"
        (folder / "scripts" / name).write_text("\n\n\n".join(parts), encoding="utf-8")


def make_definitions(folder: Path, count: int) -> None:
    """Write modules without anything to look for."""
    (folder / "scripts").mkdir(parents=True)
    for number in range(count):
        text = "\n\n".join(DEFINITIONS.format(number=number * 100 + part) for part in range(12))
        (folder / "scripts" / f"genesis_{number}.py").write_text(text, encoding="utf-8")


def make_long_script(folder: Path, lines: int) -> None:
    """Write one script of many lines: sample workers behind each other, each with names of its own."""
    (folder / "scripts").mkdir(parents=True)
    samples = [path.read_text("utf-8") for path in sorted(SAMPLES.glob("*.py"))]
    defined = [
        [
            node.name
            for node in ast.parse(text).body
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        ]
        for text in samples
    ]
    parts: list[str] = []
    count = number = 0
    while count < lines:
        text, names = samples[number % len(samples)], defined[number % len(samples)]
        for name in names:
            text = re.sub(rf"\b{name}\b", f"{name}_{number}", text)
        parts.append(text.replace("from __future__ import annotations\n", ""))
        count += text.count("\n")
        number += 1
    (folder / "scripts" / "genesis_longo.py").write_text("\n\n".join(parts), encoding="utf-8")


# --- the tables -----------------------------------------------------------------------------------------


def row(name: str, cost: Cost, floor: Cost, start: Cost) -> None:
    """Print one line of a table; the ratio is of times without the process's own start."""
    net, base = cost.seconds - start.seconds, floor.seconds
    ratio = f"{net / base:8.2f}" if base > 0.002 else "       -"
    print(
        f"  {name:<44}{cost.seconds * 1000:10.0f} ms {ratio} x ast.parse {cost.memory:7.0f} MiB", flush=True
    )


def floor_of(folder: Path, rounds: int, *, one_processor: bool = False) -> Cost:
    """Measure ``ast.parse`` of a folder without the start of its process."""
    python = [sys.executable, "-c"]
    start = measure([*python, STARTS["ast.parse"]], folder, rounds + 2, one_processor=one_processor)
    cost = measure([*python, FLOORS["ast.parse"], "scripts"], folder, rounds, one_processor=one_processor)
    return Cost(cost.seconds - start.seconds, cost.memory)


def describe(folder: Path) -> str:
    """Say how many files, lines and bytes a folder has."""
    texts = [path.read_bytes() for path in folder.rglob("*.py")]
    lines = sum(text.count(b"\n") for text in texts)
    return f"{len(texts)} files, {lines} lines, {sum(map(len, texts)) / 1024:.0f} KiB"


def own(work: Path, scripts: int, rounds: int) -> None:
    """Print what we cost on the four folders."""
    empty = work / "empty"
    (empty / "scripts").mkdir(parents=True)
    (empty / "scripts" / "genesis.py").write_text("x = 1\n", encoding="utf-8")
    bare = measure([sys.executable, "-c", "pass"], work, rounds + 4)
    click = measure([sys.executable, "-c", "import click"], work, rounds + 4)
    start = measure([*TOOL, "--check", "scripts"], empty, rounds + 4)
    print("start-up")
    print(f"  {'python -c pass':<44}{bare.seconds * 1000:10.0f} ms")
    print(f"  {'python -c import click':<44}{click.seconds * 1000:10.0f} ms")
    ratio = start.seconds / click.seconds
    print(
        f"  {'--check, nothing to look for':<44}{start.seconds * 1000:10.0f} ms {ratio:8.2f} x import click"
    )
    shutil.copytree(SAMPLES, work / "a" / "scripts")
    make_scripts(work / "b", scripts)
    shutil.copytree(work / "b", work / "c")
    subprocess.run([*TOOL, "--apply", "--quiet", "--no-cache", "scripts"], cwd=work / "c", check=True)
    make_definitions(work / "d", scripts)
    for name in ("a", "b", "c", "d"):
        folder = work / name
        floor = floor_of(folder, rounds)
        print(f"({name}) {describe(folder)}")
        row("ast.parse", Cost(floor.seconds, floor.memory), floor, Cost(0, 0))
        for jobs in ("1", "2"):
            command = [*TOOL, "--dry-run", "--no-cache", "--jobs", jobs, "scripts"]
            row(f"workerlog-migrate --jobs {jobs}", measure(command, folder, rounds), floor, start)
        if name in "cd":
            cache = {"WORKERLOG_MIGRATE_CACHE_DIR": str(work / "cache")}
            command = [*TOOL, "--dry-run", "--jobs", "1", "scripts"]
            measure(command, folder, 1, **cache)
            row("workerlog-migrate, from the cache", measure(command, folder, rounds, **cache), floor, start)


def install(folder: Path) -> dict[str, str]:
    """Install the peers; give the versions of those that could be."""
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
    for name in PEERS:
        if not any(folder.glob(f"lib/python*/site-packages/{name}")):
            subprocess.run(
                [str(python), "-m", "pip", "install", "-q", name], check=False, stderr=subprocess.DEVNULL
            )
    listed = subprocess.run(
        [str(python), "-m", "pip", "list", "--format=freeze"], capture_output=True, text=True, check=True
    )
    versions = dict(line.split("==", 1) for line in listed.stdout.lower().splitlines() if "==" in line)
    return {name: versions[name] for name in PEERS if name in versions}


def peers(work: Path, scripts: int, rounds: int, folder: Path) -> None:
    """Print what others cost on the same files, doing the nearest thing that they do."""
    versions = install(folder)
    print(
        f"\npeers, on one processor: {', '.join(f'{name} {version}' for name, version in versions.items())}"
    )
    for name in PEERS:
        if name not in versions:
            print(f"  {name} could not be installed here")
    make_scripts(work / "p", scripts)
    (work / "codemods").mkdir()
    (work / "codemods" / "nothing.py").write_text(CODEMODS, encoding="utf-8")
    python = str(folder / "bin" / "python")
    here = work / "p"
    floor = floor_of(here, rounds, one_processor=True)
    print(f"  {describe(here)}")

    def line(name: str, command: list[str], start: list[str] | None = None) -> None:
        began = (
            Cost(0, 0) if start is None else measure(start, work / "empty", rounds + 2, one_processor=True)
        )
        where = {"PYTHONPATH": str(work / "codemods")}
        copy = work / "copy"
        costs = []
        for _ in range(rounds):
            shutil.rmtree(copy, ignore_errors=True)
            shutil.copytree(here, copy)
            costs.append(measure(command, copy, 1, one_processor=True, **where))
        row(name, min(costs, key=lambda cost: cost.seconds), floor, began)

    row("ast.parse", floor, floor, Cost(0, 0))
    line(
        "workerlog-migrate --apply, four codemods",
        [*TOOL, "--apply", "--no-cache", "--jobs", "1", "scripts"],
        [sys.executable, "-c", "import workerlog_migrate.run, workerlog_migrate.rewriting.rewrite"],
    )
    libcst = [python, "-c", "import libcst, sys, pathlib"]
    for name, code in list(FLOORS.items())[1:]:
        line(name, [python, "-c", code, "scripts"], libcst)
    tool = [python, "-m", "libcst.tool", "codemod", "-x"]
    rest = ["--no-format", "--jobs", "1", "scripts"]
    started = [python, "-c", "import libcst.tool"]
    line("libcst.tool codemod, does nothing", [*tool, "nothing.Nothing", *rest], started)
    line("libcst.tool codemod, qualified names", [*tool, "nothing.Names", *rest], started)
    if "fixit" in versions:
        rules = {
            "one rule": ["--rules", "fixit.rules.avoid_or_in_except"],
            "one rule that asks for names": ["--rules", "fixit.rules.use_async_sleep_in_async_def"],
            "the rules that are on by default": [],
        }
        for what, chosen in rules.items():
            command = ["fixit", *chosen, "fix", "--automatic", "scripts"]
            line(f"Fixit fix, {what}", [python, "-m", *command], [python, "-c", "import fixit.cli"])
    if "codemodder" in versions:
        include = "pixee:python/use-generator,pixee:python/use-set-literal"
        program = str(folder / "bin" / "codemodder")
        command = [program, "--max-workers", "1", "--output", os.devnull, "--codemod-include", include, "."]
        line("codemodder, two codemods", command, [python, "-c", "import codemodder.codemodder"])
    if "pyupgrade" in versions:
        files = [str(path.relative_to(here)) for path in sorted(here.rglob("*.py"))]
        command = [python, "-m", "pyupgrade", "--py310-plus", "--exit-zero-even-if-changed", *files]
        line("pyupgrade --py310-plus", command, [python, "-c", "import pyupgrade._main"])
    if "ruff" in versions:
        select = ["--no-cache", "--isolated", "--exit-zero", "--select", "E722,BLE,T20,S110"]
        line("ruff check (finds prints, broad handlers)", [python, "-m", "ruff", "check", *select, "scripts"])


def scaling(work: Path, sizes: Sequence[int], lines: Sequence[int]) -> None:
    """Print how time and memory grow."""

    def grow(what: str, points: Sequence[int], make: Callable[[Path, int], None]) -> None:
        print(f"\ngrowth with {what}, one process")
        found: list[tuple[float, float]] = []
        for size in points:
            folder = work / f"{what.split()[0]}-{size}"
            make(folder, size)
            floor = floor_of(folder, 1)
            cost = measure([*TOOL, "--dry-run", "--no-cache", "--jobs", "1", "scripts"], folder, 1)
            row(f"{size} {what}", cost, floor, Cost(0, 0))
            found.append((math.log(size), math.log(cost.seconds)))
            shutil.rmtree(folder)
        if len(found) > 1:
            mean_x, mean_y = (sum(point[axis] for point in found) / len(found) for axis in (0, 1))
            slope = sum((x - mean_x) * (y - mean_y) for x, y in found) / sum(
                (x - mean_x) ** 2 for x, _ in found
            )
            print(f"  time grows with the power {slope:.2f}")

    grow("files", sizes, lambda folder, count: make_scripts(folder, count, edited=SAMPLES_EDITED))
    grow("lines in one file", lines, make_long_script)


def main() -> None:
    """Make the folders, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--scripts", type=int, default=1000, help="scripts in folders (b), (c) and (d)")
    parser.add_argument(
        "--rounds", type=int, default=2, help="fresh processes per figure; the best one counts"
    )
    parser.add_argument("--peers", type=Path, default=Path(tempfile.gettempdir(), "workerlog-peers"))
    parser.add_argument("--no-peers", action="store_true", help="leave the peers out")
    parser.add_argument(
        "--scaling", default="100,1000,10000", help="numbers of files; empty leaves the growth out"
    )
    parser.add_argument("--lines", default="1000,10000,100000", help="lines of one file")
    options = parser.parse_args()
    print(
        f"Python {sys.version.split()[0]}, {os.cpu_count()} processors, best of {options.rounds}", flush=True
    )
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        own(work, options.scripts, options.rounds)
        if not options.no_peers:
            peers(work, min(50, options.scripts), 1, options.peers)
        if options.scaling:
            sizes = [int(size) for size in options.scaling.split(",")]
            scaling(work, sizes, [int(count) for count in options.lines.split(",")])


if __name__ == "__main__":
    main()
