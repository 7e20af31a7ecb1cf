"""Say whether what does not change a program takes something from what is inferred of it.

    python benchmarks/metamorphic [--packages NAME...] [--limit FILES] [--only CHANGE] [--packages-only]

Each file of the sample projects (and of installed packages, by their import name) is changed in ways that leave it the program that
it is: names changed, functions reordered, a formatter run, split in two, an alias put in between, an unknown caller added in another
file. Then what each ``try`` body can raise is inferred again: the list must be the same, or grow, or not be complete; it must never
shrink. Exit code 1 when one does.
"""

from __future__ import annotations

import argparse
import importlib.util
import shutil
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "codemods"), str(ROOT / "benchmarks")]

from metamorphic.compare import differences, shrinks  # noqa: E402  # the path is set above

SAMPLES = (ROOT / "fixtures" / "workers" / "scripts", ROOT / "fixtures" / "workers" / "coleta")


def main() -> int:
    """Change every file in every way and compare."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--packages", nargs="*", default=(), help="import names of installed packages")
    parser.add_argument(
        "--limit", type=int, default=25, help="files with handlers that are taken of each project"
    )
    parser.add_argument("--only", default="", help="one change by its name")
    parser.add_argument("--packages-only", action="store_true", help="leave the samples out")
    options = parser.parse_args()
    failed = compared = 0
    for source in [*(() if options.packages_only else SAMPLES), *map(_package, options.packages)]:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name).resolve() / source.name
            shutil.copytree(source, folder, ignore=shutil.ignore_patterns("__pycache__", "*.so"))
            count = 0
            for path in _files(folder, options.limit):
                for change, key, before, after in differences(path, folder.parent, options.only):
                    count += 1
                    if shrinks(before, after):
                        failed += 1
                        print(f"{path.relative_to(folder.parent)}: {change}: {key}: {before} became {after}")
            compared += count
            print(f"{source.name}: {count} bodies compared", flush=True)
    print(f"{compared} bodies compared, {failed} lists shrank")
    return 1 if failed else 0


def _package(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit(f"{name} is not installed, or no package")
    return Path(spec.submodule_search_locations[0])


def _files(folder: Path, limit: int) -> list[Path]:
    found = [path for path in sorted(folder.rglob("*.py")) if b"except" in path.read_bytes()]
    return found[:limit]


if __name__ == "__main__":
    raise SystemExit(main())
