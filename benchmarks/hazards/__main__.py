"""Say what became of the battery of hazards.

    python benchmarks/hazards [TOPIC...] [--all] [--name WORDS]

Exit code 1: a narrowed program did something else than before, or a case is invalid.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "codemods"), str(ROOT / "benchmarks")]

from hazards import battery  # noqa: E402  # the path is set above


def main() -> int:
    """Run the battery."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("topics", nargs="*", help="files of cases, without their ending")
    parser.add_argument("--all", action="store_true", help="also show what is as it should be")
    parser.add_argument("--name", default="", help="only cases whose name holds these words")
    parser.add_argument("--jobs", type=int, default=2, help="programs that run at a time")
    options = parser.parse_args()
    chosen = [case for case in battery.cases(options.topics) if options.name in case.name]
    outcomes = battery.run(chosen, options.jobs)
    for outcome in outcomes:
        lost = outcome.verdict == "same" and outcome.form == battery.TWIN and not outcome.narrowed
        if options.all or outcome.verdict != "same" or lost:
            word = "not narrowed" if lost else outcome.verdict
            print(
                f"{outcome.form} {word}: {outcome.case.topic}: {outcome.case.name}: {' | '.join(outcome.messages)}"
            )
    failed = Counter(outcome.verdict for outcome in outcomes)
    for form in (battery.HAZARD, battery.TWIN):
        mine = [outcome for outcome in outcomes if outcome.form == form]
        narrowed = sum(1 for outcome in mine if outcome.narrowed)
        counts = Counter(outcome.verdict for outcome in mine)
        print(f"{form}s: {len(mine)}, narrowed {narrowed}, {dict(counts)}")
    return 1 if failed.keys() - {"same"} else 0


if __name__ == "__main__":
    raise SystemExit(main())
