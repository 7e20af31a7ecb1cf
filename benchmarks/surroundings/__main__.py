"""Run small programs before and after a whole migration, and say where they differ.

    python benchmarks/surroundings [--area AREA] [--name WORDS] [--every N]

Exit code 1: a program did something else afterwards, or was not migrated at all.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path[:0] = [str(ROOT / "benchmarks")]

from surroundings import battery  # noqa: E402  # the path is set above


def main() -> int:
    """Run the battery."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--area", default="", help="a file of programs, without its ending")
    parser.add_argument("--name", default="", help="only programs whose name holds these words")
    parser.add_argument("--every", type=int, default=1, help="only each nth program")
    parser.add_argument("--jobs", type=int, default=2, help="programs that run at a time")
    options = parser.parse_args()
    chosen = [
        program
        for program in battery.programs()
        if program.area.startswith(options.area) and options.name in program.name
    ][:: options.every]
    with tempfile.TemporaryDirectory(prefix="workerlog-proof-") as folder:
        faults = battery.run(chosen, Path(folder, "programs"), options.jobs)
    for program, wrong in faults:
        print(f"{program.area}: {program.name}: {wrong}")
    print(f"{len(chosen)} programs, {len(faults)} not as they should be")
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
