"""Compare what made-up bodies of ``try`` statements raise with what is inferred of them.

    python tests/fuzz/inference.py --programs 3000 [--first N]

Ends with 1, and prints the programs, when something escaped. What is found becomes a test of the analysis.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import warnings
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / name) for name in ("src", "codemods", "tests/fuzz/support")]

from escapes import escapes  # noqa: E402  # the paths come first


def main() -> int:
    """Run as many programs as asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--programs", type=int, default=3000)
    parser.add_argument(
        "--first", type=int, default=None, help="number of the first program; random if not given"
    )
    options = parser.parse_args()
    first = int.from_bytes(os.urandom(4), "big") if options.first is None else options.first
    warnings.simplefilter("ignore")
    counts: Counter[str] = Counter()
    failures = 0
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for escape in escapes(first, options.programs, 60, Path(folder), counts):
            failures += 1
            print(f"== --first {escape.number} --programs 1: {escape.error!r} is not in {escape.names}")
            print(escape.body)
        os.chdir(before)
    print(f"Python {sys.version.split()[0]}, programs from {first}: {dict(counts)}; {failures} escaped")
    return int(failures > 0)


if __name__ == "__main__":
    sys.exit(main())
