"""Say whether what does not change a program takes something from what is inferred of it.

    python benchmarks/metamorphic [--packages NAME...] [--limit FILES] [--only CHANGE] [--packages-only] [--every N]

Each file of the sample projects, of the golden cases and of some hazards (and of installed packages, by their import name) is
changed in ways that leave it the program that it is: names changed, functions reordered, a formatter run, split in two, an alias
put in between, an unknown caller added in another file. Then what each ``try`` body can raise is inferred again: the list must be
the same, or grow, or not be complete; it must never shrink. Exit code 1 when one does, or when one of the changes never found
anything to do: that proves nothing.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path[:0] = [str(ROOT / each) for each in ("", "src", "codemods")]

from benchmarks import samples  # noqa: E402  # the path is set above
from benchmarks.metamorphic.changes import KINDS  # noqa: E402
from benchmarks.metamorphic.compare import Project, outcome  # noqa: E402

_OUTCOMES = ("same", "grew", "no longer complete", "never complete", "shrank")


def main() -> int:
    """Change every file in every way and compare."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--packages", nargs="*", default=(), help="import names of installed packages")
    parser.add_argument(
        "--limit", type=int, default=25, help="files with handlers that are taken of each project"
    )
    parser.add_argument("--only", default="", help="how the names of the changes begin that are made")
    parser.add_argument("--packages-only", action="store_true", help="leave the samples out")
    parser.add_argument("--every", type=int, default=15, help="each so many of the hazards is taken")
    options = parser.parse_args()
    counts: Counter[tuple[str, str]] = Counter()
    files: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        made = iter(()) if options.packages_only else _samples(folder, options.every)
        for root in [*made, *samples.packages(folder, options.packages, sys.maxsize)]:
            project, found = Project(root), Counter[str]()
            for path in _files(root, options.limit):
                applied: set[str] = set()
                for each in project.differences(path, options.only):
                    what = outcome(each.before, each.after)
                    applied.add(each.change)
                    counts[each.change, what] += 1
                    found[what] += 1
                    if what == "shrank":
                        shown = f"{each.before} became {each.after}"
                        print(f"{path.relative_to(root)}: {each.change}: {each.key}: {shown}")
                files.update(applied)
            print(f"{root.name}: {_shown(found)}", *project.left, sep="\n    left: ", flush=True)
    for change in sorted(files):
        print(
            f"{change}: {files[change]} files, {_shown(Counter({key: counts[change, key] for key in _OUTCOMES}))}"
        )
    missing = [kind for kind in KINDS if kind.startswith(options.only) and not _applied(kind, files)]
    shrank = sum(counts[change, "shrank"] for change in files)
    print(
        f"{sum(counts.values())} bodies compared, {shrank} lists shrank; never applied: {', '.join(missing) or 'none'}"
    )
    return 1 if shrank or missing else 0


def _samples(folder: Path, every: int) -> Iterator[Path]:
    yield from samples.workers(folder)
    yield from samples.golden(folder)
    yield from samples.hazards(folder, every)


def _shown(found: Counter[str]) -> str:
    return f"{sum(found.values())} bodies: " + ", ".join(f"{found[key]} {key}" for key in _OUTCOMES)


def _applied(kind: str, files: Counter[str]) -> bool:
    return any(change.startswith(kind) for change in files)


def _files(folder: Path, limit: int) -> list[Path]:
    found = [path for path in sorted(folder.rglob("*.py")) if b"except" in path.read_bytes()]
    return found[:limit]


if __name__ == "__main__":
    raise SystemExit(main())
