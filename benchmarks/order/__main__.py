"""Say whether the order in which a project is migrated matters.

    python benchmarks/order [--packages NAME...] [--limit FILES] [--packages-only] [--every N]

A copy of each sample project (and of installed packages, by their import name) is migrated at once with one and with two
processes, file by file forwards and backwards, in two parts, with and without what is kept from run to run, and by the diff that a
dry run prints: all must give the same bytes. Then what each ``try`` body can raise is inferred on the original tree and on the
migrated one: the lists must be the same. Exit code 1 when something differs, or when nothing at all was changed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path[:0] = [str(ROOT / each) for each in ("", "src", "codemods", "tests/support")]

from benchmarks import samples  # noqa: E402  # the path is set above
from benchmarks.order.ways import compare  # noqa: E402


def main() -> int:
    """Migrate every project in every order and compare."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--packages", nargs="*", default=(), help="import names of installed packages")
    parser.add_argument("--limit", type=int, default=60, help="files of a package that are taken")
    parser.add_argument("--packages-only", action="store_true", help="leave the samples out")
    parser.add_argument(
        "--every", type=int, default=7, help="each so many of the hazards of several files is taken"
    )
    options = parser.parse_args()
    differing = projects = files = changed = bodies = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        made = iter(()) if options.packages_only else _samples(folder, options.every)
        for project in [*made, *samples.packages(folder, options.packages, options.limit)]:
            outcome = compare(project)
            differing += bool(outcome.found)
            projects, files = projects + 1, files + outcome.files
            changed, bodies = changed + outcome.changed, bodies + outcome.bodies
            print(
                f"{project.name}: {outcome.files} files, {outcome.changed} changed, {outcome.bodies} bodies: "
                f"{'; '.join(outcome.found) or 'same'}",
                flush=True,
            )
    print(
        f"{projects} projects, {files} files, {changed} changed, {bodies} bodies: {differing} projects differ"
    )
    return 1 if differing or not changed else 0


def _samples(folder: Path, every: int) -> Iterator[Path]:
    yield from samples.workers(folder)
    yield from samples.hazards(folder, every, files=2)


if __name__ == "__main__":
    raise SystemExit(main())
