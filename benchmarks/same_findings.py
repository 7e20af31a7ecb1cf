"""Compare what two versions of this tool find, or one version in several orders: the JSON report and the diff, byte by byte.

    python benchmarks/same_findings.py BEFORE AFTER [--sources DIR] [--files 40] [--only TEXT] [--library]
        [--packages NAME ...] [-- OPTION ...]
    python benchmarks/same_findings.py TREE --seeds 0 1 2 malloc [the same options]

``BEFORE``, ``AFTER`` and ``TREE`` are checkouts of this repository. Each runs, without a cache and in one process, over a copy of
every folder of ``fixtures`` that holds scripts, and of every project in ``DIR``: a fixed sample of at most ``--files``
scripts of each is migrated, and the whole project is there to be looked at. ``--library`` adds the interpreter's own library: each
package as a project of its own, and its modules in projects of 30; ``--packages`` adds packages that are installed beside this
interpreter. ``--seeds`` runs one checkout once for each word: a number is the ``PYTHONHASHSEED``, and so an order of sets
of texts; ``malloc`` is the seed 0 with ``PYTHONMALLOC=malloc``, which puts objects at other addresses, and so an order of sets
of objects. What is found may hang on neither. Otherwise the seed is 0. Options behind ``--`` go to the tool (``-- --unresolved reraise``).

Printed is a line per folder and, where the reports differ, the findings that are not in both. Exit code 1 if any differ.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FIXTURES = ("docs", "golden", "syntax", "trial", "workers")
SKIPPED = frozenset({"tests", "test", ".venv", "venv", "env", "site-packages", "node_modules", ".git"})
SHOWN = 6
WIDTH = 1000  # characters of a finding
UNCOPIED = (".git", "__pycache__", "node_modules")
TRIGGERS = (b"except", b"print(")
TOGETHER = 30  # modules of the standard library in one project
WAYS = 2  # what can be compared


@dataclass(frozen=True, slots=True)
class Way:
    """One of the ways in which the same scripts are looked at.

    Attributes:
        name: how it is called in what is printed.
        tree: the checkout.
        variables: what is set for it in the environment.
    """

    name: str
    tree: Path
    variables: Mapping[str, str]


def way(tree: Path, word: str, name: str) -> Way:
    """Make a way of a checkout and a word of ``--seeds``."""
    if word == "malloc":
        return Way(name, tree, {"PYTHONHASHSEED": "0", "PYTHONMALLOC": "malloc"})
    return Way(name, tree, {"PYTHONHASHSEED": word})


def run(
    chosen: Way, folder: Path, scripts: list[str], report: Path, options: list[str]
) -> tuple[bytes, bytes]:
    """Look at scripts of a folder in one way; give the report and the diff.

    Args:
        chosen: the way.
        folder: where to run it.
        scripts: paths below that folder.
        report: a file for the report, outside of the folder.
        options: further options.

    Raises:
        SystemExit: there is no report.
    """
    command = [sys.executable, "-m", "workerlog_migrate", "--all", "--no-cache", "--jobs", "1", "--quiet"]
    command += ["--dry-run", "--diff", "--format", "json", "--output", str(report), *options, "--", *scripts]
    report.unlink(missing_ok=True)
    path = os.pathsep.join((str(chosen.tree / "src"), str(chosen.tree / "codemods")))
    surroundings = {**os.environ, "PYTHONPATH": path, **chosen.variables}
    done = subprocess.run(command, cwd=folder, env=surroundings, capture_output=True)
    if not report.is_file():
        raise SystemExit(f"{chosen.name} gave no report in {folder}: {done.stderr.decode()[-2000:]}")
    return report.read_bytes(), done.stdout


def findings(report: bytes) -> dict[str, str]:
    """Give every finding of a report as one line, by that line; the rest of a file's entry counts as one more."""
    found: dict[str, str] = {}
    for file in json.loads(report)["files"]:
        path = file["path"]
        for finding in file.pop("findings", []):
            found[f"{path}: {json.dumps(finding, ensure_ascii=False)}"] = finding.get("message", "")
        found[f"{path}: {json.dumps(file, ensure_ascii=False)}"] = ""
    return found


def folders(options: argparse.Namespace) -> Iterator[tuple[str, list[Path], int]]:
    """Yield a name, the folders and files to copy, and how many of their scripts are looked at at most.

    What is one folder is copied as the project itself; several things are copied into it.
    """
    for name in FIXTURES:
        yield f"fixtures/{name}", list((ROOT / "fixtures" / name).iterdir()), sys.maxsize
    if options.library:
        library = sorted(Path(sysconfig.get_path("stdlib")).iterdir())
        for path in library:
            if path.is_dir() and not SKIPPED & {path.name}:
                yield f"library/{path.name}", [path], options.files
        modules = [path for path in library if path.suffix == ".py"]
        for first in range(0, len(modules), TOGETHER):
            some = modules[first : first + TOGETHER]
            yield f"library/{some[0].stem}-{some[-1].stem}", some, options.files
    for name in options.packages:
        yield f"packages/{name}", [Path(sysconfig.get_path("purelib"), name)], options.files
    if options.sources is not None:
        for path in sorted(each for each in options.sources.iterdir() if each.is_dir()):
            yield path.name, list(path.iterdir()), options.files


def copy(sources: list[Path], work: Path) -> None:
    """Copy files and folders into a new folder."""
    work.mkdir()
    for source in sources:
        if source.is_dir() and not source.is_symlink():
            pattern = shutil.ignore_patterns(*UNCOPIED)
            if source.name not in UNCOPIED:
                shutil.copytree(source, work / source.name, symlinks=True, ignore=pattern)
        else:
            shutil.copy2(source, work / source.name, follow_symlinks=False)


def scripts_of(folder: Path, most: int) -> list[str]:
    """List the scripts of a folder that have something to find, a fixed sample when there are many."""
    found = [
        str(path.relative_to(folder))
        for path in sorted(folder.rglob("*.py"))
        if not SKIPPED & set(path.relative_to(folder).parts)
        and path.is_file()
        and any(trigger in path.read_bytes() for trigger in TRIGGERS)
    ]
    return (
        found if len(found) <= most else sorted(random.Random(1).sample(found, most))
    )  # a sample, no secret


def ways_of(options: argparse.Namespace, parser: argparse.ArgumentParser) -> list[Way]:
    """Give the ways that are compared: each of them with the first."""
    before = options.before.resolve()
    if options.seeds:
        if options.after is not None or len(options.seeds) < WAYS:
            parser.error("--seeds compares one checkout, and needs two words")
        ways = [way(before, word, f"{before} ({word})") for word in options.seeds]
    elif options.after is None:
        parser.error("either two checkouts, or one and --seeds")
    else:
        ways = [way(tree, "0", str(tree)) for tree in (before, options.after.resolve())]
    for each in ways:
        if not (each.tree / "src" / "workerlog_migrate").is_dir():
            parser.error(f"{each.tree} is no checkout of this repository")
    return ways


def show(old: bytes, new: bytes, name: str) -> None:
    """Print what is in one of two reports alone."""
    before, after = findings(old), findings(new)
    gone = [f"  - {line}" for line in before if line not in after]
    come = [f"  + {line}" for line in after if line not in before]
    print(f"  {name}: {len(gone)} only before, {len(come)} only after")
    print("\n".join(line[:WIDTH] for line in [*gone[:SHOWN], *come[:SHOWN]]), flush=True)


def main() -> int:
    """Run it."""
    own, _, further = " ".join(sys.argv[1:]).partition(" -- ")
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path, nargs="?")
    parser.add_argument(
        "--seeds", nargs="+", default=(), metavar="WORD", help="orders of one checkout: numbers, malloc"
    )
    parser.add_argument("--sources", type=Path, help="folder with projects")
    parser.add_argument("--files", type=int, default=40, help="scripts of a project at most (default: 40)")
    parser.add_argument("--only", default="", help="folders whose name holds this text")
    parser.add_argument("--library", action="store_true", help="the standard library, too")
    parser.add_argument("--packages", nargs="+", default=(), metavar="NAME", help="installed packages, too")
    options = parser.parse_args(own.split())
    ways = ways_of(options, parser)
    differ = handlers = 0
    with tempfile.TemporaryDirectory() as temporary:
        for name, sources, most in folders(options):
            if options.only not in name:
                continue
            work = Path(temporary, "work")
            copy(sources, work)
            scripts = scripts_of(work, most)
            if scripts:
                report = Path(temporary, "report.json")
                first, *others = [run(each, work, scripts, report, further.split()) for each in ways]
                handlers += first[0].count(b'"specific-exceptions"')
                is_same = all(other == first for other in others)
                differ += not is_same
                print(f"{'same' if is_same else 'DIFFER':7} {len(scripts):5} {name}", flush=True)
                for other, each in zip(others, ways[1:], strict=True):
                    if other != first:
                        show(first[0], other[0], each.name)
            shutil.rmtree(work)
    print(f"{handlers} findings of specific-exceptions; {differ} folders differ")
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
