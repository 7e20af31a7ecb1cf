"""The proofs that the tool does no harm, by one command.

    python benchmarks/proof.py [hazards | order | metamorphic | surroundings] [ARGUMENTS...]

A proof is a folder of programs beside this file with a ``__main__`` of its own; without a name all of them run, one
after the other. Exit code 1 when one of them found something.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
PROOFS = ("hazards", "order", "metamorphic", "surroundings")


def main() -> int:
    """Run the proofs that are named, or all."""
    chosen, arguments = PROOFS, sys.argv[1:]
    if arguments and arguments[0] in PROOFS:
        chosen, arguments = (arguments[0],), arguments[1:]
    codes = [subprocess.call([sys.executable, str(FOLDER / name), *arguments]) for name in chosen]
    return max(codes)


if __name__ == "__main__":
    raise SystemExit(main())
