"""Compare the runtime with the standard handler, concurrent-log-handler and loguru, in turn, in one run.

    python benchmarks/runtime/compare.py             # all of it, about four minutes on two cores
    python benchmarks/runtime/compare.py --quick     # a tenth of the records

The two libraries are installed into a virtual environment in a temporary folder, for this run only; with
``--python PATH`` that interpreter's own are used. Each contender writes the same lines to one log from 1, 2, 4 and
8 processes, which start together; the rounds of all contenders are interleaved, and the best of each is shown.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
import venv
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

RUNTIME = Path(__file__).resolve().parents[2] / "src" / "workerlog_migrate" / "runtime"
WRITERS = Path(__file__).resolve().with_name("writers.py")
CONTENDERS = ("standard", "concurrent-log-handler", "loguru", "workerlog")
PADDING = "x" * 40


@dataclass(frozen=True, slots=True)
class Setting:
    """How a log is rotated, and how much is written to it by all processes together."""

    name: str
    max_bytes: int
    backups: int
    records: int
    processes: tuple[int, ...] = (1, 2, 4, 8)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one contender made of it.

    Attributes:
        seconds: from the common start until the last process is done.
        lost: lines that are in no file.
        torn: lines that are not whole records, blank ones among them.
        doubled: copies too many.
        largest: size of the largest file in bytes.
        files: number of files.
    """

    seconds: float
    lost: int
    torn: int
    doubled: int
    largest: int
    files: int


def run(python: str, contender: str, processes: int, setting: Setting) -> Outcome:
    """Let processes write to one log together, and count what is there.

    Args:
        python: the interpreter that has the libraries.
        contender: one of ``CONTENDERS``.
        processes: number of processes.
        setting: rotation and number of records.

    Returns:
        Time and faults.
    """
    each = setting.records // processes
    with tempfile.TemporaryDirectory() as folder:
        arguments = [
            str(WRITERS),
            contender,
            folder,
            str(RUNTIME),
            str(each),
            str(setting.max_bytes),
            str(setting.backups),
        ]
        started = [
            subprocess.Popen(
                [python, *arguments, f"p{number}"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
            for number in range(processes)
        ]
        for process in started:
            assert process.stdout is not None
            process.stdout.readline()
        begin = time.perf_counter()
        for process in started:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        for process in started:
            process.communicate()
        seconds = time.perf_counter() - begin
        return count(Path(folder), processes, each, seconds)


def count(folder: Path, processes: int, each: int, seconds: float) -> Outcome:
    """Count the lines of all files of a log."""
    found: Counter[bytes] = Counter()
    torn = 0
    files = [
        path
        for path in folder.iterdir()
        if not path.name.endswith((".lock", ".seen.jsonl")) and not path.name.startswith(".")
    ]
    padding = PADDING.encode()
    for path in files:
        for line in path.read_bytes().removesuffix(b"\n").split(b"\n"):
            if b" | started: pid " in line or b" | ended after " in line:
                continue
            parts = line.rsplit(b" ", 2)
            if (
                len(parts) == 3
                and parts[2] == padding
                and line.count(padding) == 1
                and line.startswith(b"20")
            ):
                found[parts[0].rsplit(b"| ", 1)[-1] + b" " + parts[1]] += 1
            else:
                torn += 1
    expected = {b"p%d %d" % (process, number) for process in range(processes) for number in range(each)}
    return Outcome(
        seconds=seconds,
        lost=len(expected - set(found)),
        torn=torn + sum(line not in expected for line in found),
        doubled=sum(number - 1 for number in found.values()),
        largest=max(path.stat().st_size for path in files),
        files=len(files),
    )


def compare(python: str, settings: tuple[Setting, ...], rounds: int) -> None:
    """Print one table per setting."""
    for setting in settings:
        print(
            f"\n{setting.name}: {setting.records} records, {setting.max_bytes} bytes, {setting.backups} backups"
        )
        print(
            f"{'N':>2} {'':24}{'us/record':>10}{'of std':>8}{'of clh':>8}{'lost':>8}{'torn':>6}{'doubled':>8}{'largest':>10}{'files':>6}"
        )
        for processes in setting.processes:
            outcomes: dict[str, list[Outcome]] = {name: [] for name in CONTENDERS}
            for _ in range(rounds):
                for name in CONTENDERS:
                    outcomes[name].append(run(python, name, processes, setting))
            best = {name: min(outcome.seconds for outcome in outcomes[name]) for name in CONTENDERS}
            for name in CONTENDERS:
                of_standard = best[name] / best["standard"]
                of_concurrent = best[name] / best["concurrent-log-handler"]
                worst = [
                    max(getattr(o, field) for o in outcomes[name])
                    for field in ("lost", "torn", "doubled", "largest", "files")
                ]
                print(
                    f"{processes:>2} {name:24}{best[name] / setting.records * 1e6:>10.1f}{of_standard:>8.2f}{of_concurrent:>8.2f}"
                    f"{worst[0]:>8}{worst[1]:>6}{worst[2]:>8}{worst[3]:>10}{worst[4]:>6}",
                    flush=True,
                )


MIRROR = """
import os, sys, tempfile, time
sys.path.insert(0, sys.argv[1])
from worker_logger import mirror_print, setup_worker_logger
count = int(sys.argv[2])
with tempfile.TemporaryDirectory() as folder:
    logger = setup_worker_logger("mirror", folder)
    out, sys.stdout = sys.stdout, open(os.devnull, "w")
    ratios = []
    for _ in range(7):
        begin = time.process_time()
        for number in range(count):
            print(f"line {number} read")
            logger.info(f"line {number} read")
        middle = time.process_time()
        for number in range(count):
            mirror_print(logger.info, f"line {number} read")
        end = time.process_time()
        ratios.append(((end - middle) / (middle - begin), (middle - begin) / count * 1e6, (end - middle) / count * 1e6))
    sys.stdout = out
    ratio, both, mirrored = sorted(ratios)[len(ratios) // 2]
    print(f"print and logger.info {both:.1f} us, mirror_print {mirrored:.1f} us: {ratio:.2f}")
"""


def mirror(python: str, records: int) -> None:
    """Print the CPU time of one mirrored print beside that of print and log call on the same handler."""
    print("\none mirrored print:")
    print(
        subprocess.run(
            [python, "-c", MIRROR, str(RUNTIME), str(records)], capture_output=True, text=True, check=True
        ).stdout,
        end="",
    )


def imports(python: str, rounds: int) -> None:
    """Print the time to import both runtime modules beside that of ``logging.handlers``, each in fresh interpreters."""
    names = {
        "nothing": "pass",
        "logging.handlers": "import logging.handlers",
        "both modules": "import worker_logger, worker_utils",
    }
    best = dict.fromkeys(names, float("inf"))
    for _ in range(rounds):
        for name, code in names.items():
            begin = time.perf_counter()
            subprocess.run(
                [python, "-I", "-c", f"import sys; sys.path.insert(0, {str(RUNTIME)!r}); {code}"], check=True
            )
            best[name] = min(best[name], time.perf_counter() - begin)
    base = best["logging.handlers"] - best["nothing"]
    ours = best["both modules"] - best["nothing"]
    print(
        f"\nimport: logging.handlers {base * 1e3:.1f} ms, both modules {ours * 1e3:.1f} ms: {ours / base:.2f}"
    )


def environment(folder: str) -> Iterator[str]:
    """Make a virtual environment with the two libraries."""
    venv.create(folder, with_pip=True)
    python = str(Path(folder) / ("Scripts" if sys.platform == "win32" else "bin") / "python")
    subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "concurrent-log-handler", "loguru"], check=True
    )
    yield python


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--python", help="an interpreter that has concurrent-log-handler and loguru")
    parser.add_argument("--quick", action="store_true", help="a tenth of the records, one round")
    options = parser.parse_args()
    tenth, rounds = (10, 1) if options.quick else (1, 3)
    settings = (
        Setting("5 MB x 5", 5 * 1024 * 1024, 5, 120_000 // tenth),
        Setting("30 KB rotation", 30 * 1024, 100, 16_000 // tenth),
        Setting("many writers", 30 * 1024, 1000, 64 * (300 // tenth), (64,)),
    )
    with tempfile.TemporaryDirectory() as folder:
        python = options.python or next(environment(folder))
        print(
            subprocess.run(
                [python, "-c", "import sys; print(sys.version)"], capture_output=True, text=True, check=True
            ).stdout,
            end="",
        )
        compare(python, settings, rounds)
        mirror(python, 40_000 // tenth)
        imports(python, 60 // tenth + 4)


if __name__ == "__main__":
    main()
