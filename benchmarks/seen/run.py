"""What do evidence and watching cost? Prints the figures that ``docs/trial.md`` states.

Reading: a million lines of evidence by ten thousand processes, beside ``json.loads`` of the same lines, with the peak of memory.
A hit: an error that comes to a watched handler, beside ``except Exception: pass`` and beside ``logger.warning`` of the standard library::

    python benchmarks/seen/run.py
    python benchmarks/seen/run.py --lines 100000
"""

from __future__ import annotations

import argparse
import json
import logging
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "src" / "workerlog_migrate" / "runtime")]

_PROCESSES = 10_000
_HITS = 100_000
_ROUNDS = 5


def write_evidence(path: Path, lines: int) -> None:
    """Write what many processes noted: starts, ends, and errors at a hundred places."""
    each = max(lines // _PROCESSES, 3)
    with path.open("w", encoding="utf-8") as file:
        for pid in range(1, lines // each + 1):
            head = {
                "v": 1,
                "time": "2026-11-29T13:34:00.123Z",
                "pid": pid,
                "path": "/srv/bot/scripts/genesis_a.py",
            }
            file.write(json.dumps({**head, "event": "started"}) + "\n")
            for number in range(each - 2):
                place = {"function": f"Loader.load_{(pid + number) % 100}", "function_line": 12, "line": 17}
                kind = {
                    "type": "builtins:FileNotFoundError",
                    "bases": ["builtins:OSError", "builtins:Exception", "builtins:BaseException"],
                }
                file.write(
                    json.dumps({**head, "event": "seen", **place, **kind, "expected": True, "count": 1})
                    + "\n"
                )
            file.write(json.dumps({**head, "event": "ended", "seconds": 60.0}) + "\n")


def time_reading(path: Path) -> tuple[float, float]:
    """Give the seconds of ``json.loads`` alone, and of reading the notes."""
    from workerlog_migrate.seen.notes import read_notes

    begun = time.perf_counter()
    with path.open("rb") as file:
        for line in file:
            json.loads(line)
    parsed = time.perf_counter() - begun
    begun = time.perf_counter()
    read_notes([path.parent])
    return parsed, time.perf_counter() - begun


def peak_of_reading(folder: Path) -> float:
    """Give the peak of memory in MiB of a process of its own, above one that reads nothing (Linux)."""
    code = (
        "import sys; from pathlib import Path; from workerlog_migrate.seen.notes import read_notes\n"
        "if sys.argv[1]: read_notes([Path(sys.argv[1])])\n"
        "print(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))"
    )

    def peak(argument: str) -> int:
        done = subprocess.run(
            [sys.executable, "-c", code, argument],
            env={"PYTHONPATH": str(ROOT / "src")},
            capture_output=True,
            check=True,
        )
        return int(done.stdout)

    return (peak(str(folder)) - peak("")) / 1024


def time_hits(folder: Path) -> dict[str, float]:
    """Give the microseconds that one error costs in each kind of handler, the best of some rounds."""
    from worker_logger import expect_only, setup_worker_logger

    logger = setup_worker_logger("bench", folder)
    plain = logging.getLogger("plain")
    plain.addHandler(logging.FileHandler(folder / "plain.log"))
    plain.propagate = False

    def fail() -> None:
        raise OSError("x")

    def swallowed() -> None:
        try:  # noqa: SIM105  # suppress() costs more than what is measured
            fail()
        except Exception:  # noqa: BLE001  # what is measured
            pass

    def watched() -> None:
        try:
            fail()
        except Exception:  # noqa: BLE001  # what is measured
            expect_only(logger, OSError, "json.JSONDecodeError")

    def surprised() -> None:
        try:
            fail()
        except Exception:  # noqa: BLE001  # what is measured
            expect_only(logger, ValueError)

    def warned() -> None:
        try:
            fail()
        except Exception as error:  # noqa: BLE001  # what is measured
            plain.warning("ignored %s", error)

    costs: dict[str, float] = {}
    for function in (swallowed, watched, surprised, warned):
        best = float("inf")
        for _ in range(_ROUNDS):
            begun = time.perf_counter()
            for _ in range(_HITS // _ROUNDS):
                function()
            best = min(best, (time.perf_counter() - begun) / (_HITS // _ROUNDS))
        costs[function.__name__] = best * 1e6
    return costs


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=1_000_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "logs" / "genesis.seen.jsonl"
        path.parent.mkdir()
        write_evidence(path, arguments.lines)
        parsed, read = time_reading(path)
        print(
            f"{arguments.lines:,} lines: json.loads {parsed:.1f} s, read_notes {read:.1f} s, {read / parsed:.2f} times"
        )
        print(f"memory: {peak_of_reading(path.parent):.0f} MiB above a process that reads nothing")
        costs = time_hits(Path(folder))
        for name, cost in costs.items():
            print(f"{name}: {cost:.2f} us, {cost / costs['swallowed']:.1f} times the bare handler")


if __name__ == "__main__":
    main()
