"""Compare what two versions of this tool find: the JSON report, findings and evidence, byte by byte.

    python benchmarks/same_findings.py BEFORE AFTER [--sources DIR] [--files 40] [--only TEXT] [--library]
        [--hash-seeds 0 0] [-- OPTION ...]

``BEFORE`` and ``AFTER`` are checkouts of this repository. Each runs, without a cache and in one process, over a copy of
every folder of ``fixtures`` that holds scripts, and of every project in ``DIR``: a fixed sample of at most ``--files``
scripts of each is migrated, and the whole project is there to be looked at. ``--library`` adds modules of the
interpreter's own library. The order of sets is that of ``PYTHONHASHSEED``, for both the same; with ``--hash-seeds 1 2`` and
one checkout twice this says whether what is found depends on it. Options behind ``--`` go to the tool (``-- --unresolved reraise``). The diff of the run is
compared, too.

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
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FIXTURES = ("docs", "golden", "syntax", "trial", "workers")
SKIPPED = frozenset({"tests", "test", ".venv", "venv", "env", "site-packages", "node_modules", ".git"})
SHOWN = 6
WIDTH = 1000  # characters of a finding
TRIGGERS = (b"except", b"print(")


def run(
    tree: Path, seed: str, folder: Path, scripts: list[str], report: Path, options: list[str]
) -> tuple[bytes, bytes]:
    """Run one version over scripts of a folder; give its report and the diff.

    Args:
        tree: the checkout.
        seed: the ``PYTHONHASHSEED``.
        folder: where to run it.
        scripts: paths below that folder.
        report: a file for the report, outside of the folder.
        options: further options.
    """
    command = [sys.executable, "-m", "workerlog_migrate", "--all", "--no-cache", "--jobs", "1", "--quiet"]
    command += ["--dry-run", "--diff", "--format", "json", "--output", str(report), *options, "--", *scripts]
    report.unlink(missing_ok=True)
    path = os.pathsep.join((str(tree / "src"), str(tree / "codemods")))
    surroundings = {**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": seed}
    done = subprocess.run(command, cwd=folder, env=surroundings, capture_output=True)
    if not report.is_file():
        raise SystemExit(f"{tree} gave no report in {folder}: {done.stderr.decode()[-2000:]}")
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


def folders(options: argparse.Namespace) -> Iterator[tuple[str, Path, int]]:
    """Yield a name, a folder to copy, and how many of its scripts are migrated at most."""
    for name in FIXTURES:
        yield f"fixtures/{name}", ROOT / "fixtures" / name, sys.maxsize
    if options.library:
        yield "library", Path(sysconfig.get_path("stdlib")), options.files
    if options.sources is not None:
        for path in sorted(each for each in options.sources.iterdir() if each.is_dir()):
            yield path.name, path, options.files


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


def main() -> int:
    """Run it."""
    own, _, further = " ".join(sys.argv[1:]).partition(" -- ")
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("--sources", type=Path, help="folder with projects")
    parser.add_argument("--files", type=int, default=40, help="scripts of a project at most (default: 40)")
    parser.add_argument("--only", default="", help="folders whose name holds this text")
    parser.add_argument("--library", action="store_true", help="modules of the standard library, too")
    parser.add_argument("--hash-seeds", nargs=2, default=("0", "0"), help="PYTHONHASHSEED of both")
    options = parser.parse_args(own.split())
    trees = [options.before.resolve(), options.after.resolve()]
    for tree in trees:
        if not (tree / "src" / "workerlog_migrate").is_dir():
            parser.error(f"{tree} is no checkout of this repository")
    differ = handlers = 0
    with tempfile.TemporaryDirectory() as temporary:
        for name, source, most in folders(options):
            if options.only not in name:
                continue
            work = Path(temporary, "work")
            pattern = shutil.ignore_patterns(".git", "__pycache__", "node_modules")
            shutil.copytree(source, work, symlinks=True, ignore=pattern)
            scripts = scripts_of(work, most)
            if scripts:
                old, new = (
                    run(tree, seed, work, scripts, Path(temporary, "report.json"), further.split())
                    for tree, seed in zip(trees, options.hash_seeds, strict=True)
                )
                handlers += new[0].count(b'"specific-exceptions"')
                is_same = old == new
                differ += not is_same
                print(f"{'same' if is_same else 'DIFFER':7} {len(scripts):5} {name}", flush=True)
                if not is_same:
                    before, after = findings(old[0]), findings(new[0])
                    gone = [f"  - {line}" for line in before if line not in after]
                    come = [f"  + {line}" for line in after if line not in before]
                    print(f"  {len(gone)} only before, {len(come)} only after")
                    print("\n".join(line[:WIDTH] for line in [*gone[:SHOWN], *come[:SHOWN]]))
            shutil.rmtree(work)
    print(f"{handlers} findings of specific-exceptions; {differ} folders differ")
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
