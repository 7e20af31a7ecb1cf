"""Fuzz for as long as asked, with other examples each time.

    python tests/fuzz/long.py --minutes 10 [--seed N]

Prints what became of the programs, and each failure as hypothesis has shrunk it, with its program (CR shown as ``␍``). Ends with 1 if anything was found. What is found becomes a small fixture.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / name) for name in ("src", "codemods", "tests/fuzz/support")]

import hypothesis  # noqa: E402  # the paths come first
import properties  # noqa: E402
from hypothesis import strategies as st  # noqa: E402


def _test_of(prop: Callable[[properties.Draw], None]) -> Callable[[], None]:
    @hypothesis.given(st.data())
    def run(data: st.DataObject) -> None:
        prop(data.draw)

    return run


def main() -> int:
    """Run batches of all properties until the time is up."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=None, help="of the first batch; random if not given")
    parser.add_argument("--batch", type=int, default=300, help="examples of one property at a time")
    options = parser.parse_args()
    seed = int.from_bytes(os.urandom(4), "big") if options.seed is None else options.seed
    print(
        f"Python {sys.version.split()[0]}, hypothesis {hypothesis.__version__}, first seed {seed}", flush=True
    )
    ends = time.monotonic() + options.minutes * 60
    settings = hypothesis.settings(
        max_examples=options.batch,
        database=None,
        deadline=None,
        suppress_health_check=list(hypothesis.HealthCheck),
        print_blob=False,
    )
    failures = 0
    while time.monotonic() < ends:
        for prop in properties.PROPERTIES:
            try:
                hypothesis.seed(seed)(settings(_test_of(prop)))()
            except Exception:  # noqa: BLE001  # whatever it is, it is a finding
                failures += 1
                print(f"== {prop.__name__}, --seed {seed} --batch {options.batch}")
                traceback.print_exc(limit=-4)
                print(properties.last.decode("utf-8", "backslashreplace").replace("\r", "␍"), flush=True)
        seed += 1
    total = sum(properties.counts.values())
    print(f"{total} programs, {failures} failures")
    for name, count in properties.counts.most_common():
        print(f"  {count:>7}  {name}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
