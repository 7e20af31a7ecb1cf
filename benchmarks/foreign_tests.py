"""Run packages' own tests before and after the migration of all their files, tests included: the same results?

    python benchmarks/foreign_tests.py                 # the listed packages
    python benchmarks/foreign_tests.py tabulate bottle
    python benchmarks/foreign_tests.py --sources DIR   # keeps what it downloads there, and does not download it again

Packages are downloaded as source, unpacked twice and tested by pytest in an environment made for the purpose, which holds what
they need. One copy is migrated by ``--all --apply`` first. A test that fails before counts for nothing; a test whose result
differs is run again in both copies, and named if it still differs. What cannot be downloaded or tested here is said, and
counts for nothing. What the migrated tests log goes to a folder of their own (``WORKER_LOG_DIR``); the table says how many
lines there were.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "benchmarks"))

from foreign import fetch  # noqa: E402  # the path comes first

SECONDS = 240
"""After which the tests of one copy are ended."""


@dataclass(frozen=True)
class Package:
    """A package whose tests are quick.

    Attributes:
        name: on PyPI.
        tests: what pytest is to collect, from the top of the source.
        needs: further packages that its tests import.
    """

    name: str
    tests: tuple[str, ...] = ("tests",)
    needs: tuple[str, ...] = ()


PACKAGES = (
    Package("schedule", ("test_schedule.py",), ("pytz",)),
    Package("tabulate", ("test",)),
    Package("bottle", ("test",)),
    Package("sqlparse"),
    Package("mako", ("test",)),
    Package("python-dotenv", needs=("sh",)),
    Package("simplejson", ("simplejson/tests",)),
    Package("supervisor", ("supervisor/tests",)),
    Package("boltons"),
    Package("tenacity", needs=("tornado", "typeguard")),
    Package("pyflakes", ("pyflakes/test",)),
    Package("texttable", ("tests.py",)),
    Package("itsdangerous", needs=("freezegun",)),
    Package("croniter", ("src/croniter/tests",), ("pytz", "tzlocal")),
    Package("cachetools"),
    Package("tinydb", needs=("pyyaml",)),
    Package("prettytable", needs=("pytest-lazy-fixtures",)),
)


def test(python: Path, tree: Path, targets: Sequence[str], logs: Path) -> dict[str, str]:
    """Run tests in a copy of a package.

    Args:
        python: interpreter of the environment.
        tree: the top of the source.
        targets: what pytest is to collect.
        logs: where the migrated modules log.

    Returns:
        Test -> ``passed``, ``failed``, ``error`` or ``skipped``.
    """
    report = tree.parent / "report.xml"
    report.unlink(missing_ok=True)
    paths = os.pathsep.join(str(path) for path in (tree / "src", tree) if path.is_dir())
    options = [
        "-q",
        "-p",
        "no:cacheprovider",
        "-o",
        "addopts=",
        "--continue-on-collection-errors",
        "-W",
        "ignore",
    ]
    try:
        subprocess.run(
            [str(python), "-m", "pytest", *options, f"--junitxml={report}", *targets],
            cwd=tree,
            env={**os.environ, "PYTHONPATH": paths, "WORKER_LOG_DIR": str(logs)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return {}
    if not report.exists():
        return {}
    results: dict[str, str] = {}
    for case in ElementTree.parse(report).iter("testcase"):
        kinds = {child.tag for child in case}
        result = next(
            (
                name
                for tag, name in (("error", "error"), ("failure", "failed"), ("skipped", "skipped"))
                if tag in kinds
            ),
            "passed",
        )
        results[f"{case.get('classname')}::{case.get('name')}"] = result
    return results


def top_of(source: Path) -> Path:
    """Give the folder that an archive's files lie in."""
    inner = [path for path in source.iterdir() if path.is_dir()]
    return inner[0] if len(inner) == 1 and not list(source.glob("*.py")) else source


def compare(package: Package, source: Path, python: Path, work: Path) -> bool | None:
    """Test one package before and after, print its line, and say whether the results are the same; None: not known."""
    trees = {name: work / name / package.name for name in ("before", "after")}
    for tree in trees.values():
        shutil.copytree(top_of(source), tree, symlinks=True)
    command = [
        sys.executable,
        "-m",
        "workerlog_migrate",
        "--all",
        "--apply",
        "--no-cache",
        "--format=json",
        ".",
    ]
    applied = subprocess.run(command, cwd=trees["after"], capture_output=True, check=False)
    changed = applied.stderr.decode().count("\nchanged ") + applied.stderr.startswith(b"changed ")
    logs = work / "logs" / package.name
    targets = [target for target in package.tests if (trees["before"] / target).exists()]
    if not targets:
        print(f"{package.name:<18} its source holds no {', '.join(package.tests)}", flush=True)
        return None
    started = time.perf_counter()
    before = test(python, trees["before"], targets, logs)
    if "passed" not in before.values():
        print(f"{package.name:<18} its tests do not run here, or not in {SECONDS} s", flush=True)
        return None
    after = test(python, trees["after"], targets, logs)
    seconds = time.perf_counter() - started
    counted = {name for name, result in before.items() if result in ("passed", "skipped")}
    differs = sorted(name for name in counted if after.get(name) != before[name])
    if differs:  # once more: some tests depend on the clock
        again = [test(python, trees[name], targets, logs) for name in ("before", "after")]
        differs = [name for name in differs if again[0].get(name) != again[1].get(name)]
    lines = sum(path.read_bytes().count(b"\n") for path in logs.rglob("*.log")) if logs.exists() else 0
    print(
        f"{package.name:<18}{changed:>9}{len(counted):>9}{len(before) - len(counted):>9}{len(differs):>9}"
        f"{lines:>9}{seconds:>8.0f}",
        flush=True,
    )
    for name in differs[:20]:
        print(f"    DIFFERS {name}: {before[name]} -> {after.get(name, 'not run')}", flush=True)
    return not differs


def main() -> None:
    """Fetch, test, print the table; exit 1 if any result differs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("packages", nargs="*", help="some of the listed ones")
    parser.add_argument("--sources", type=Path, help="keep downloaded packages in this folder")
    options = parser.parse_args()
    chosen = [package for package in PACKAGES if not options.packages or package.name in options.packages]
    results: dict[str, bool | None] = {}
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        sources = options.sources.absolute() if options.sources else work / "sources"
        subprocess.run([sys.executable, "-m", "venv", str(work / "venv")], check=True)
        python = work / "venv" / ("Scripts" if os.name == "nt" else "bin") / "python"
        needs = {"pytest", *(need for package in chosen for need in (package.name, *package.needs))}
        subprocess.run([str(python), "-m", "pip", "install", "-q", *sorted(needs)], check=True)
        columns = ("changed", "tests", "failing", "differ", "logged")
        print(f"{'package':<18}" + "".join(f"{column:>9}" for column in columns) + f"{'s':>8}")
        for package in chosen:
            source = fetch(package.name, sources / package.name)
            results[package.name] = None if source is None else compare(package, source, python, work)
    same, other = ([name for name, result in results.items() if result is wanted] for wanted in (True, False))
    print(f"the same results: {len(same)} packages; others: {', '.join(other) or 'none'}")
    sys.exit(1 if other or not same else 0)


if __name__ == "__main__":
    main()
