"""Run the whole migration over code that none of us wrote, and check every promise on every file.

    python benchmarks/foreign.py                       # this interpreter's standard library and the listed packages
    python benchmarks/foreign.py --no-stdlib luigi huey
    python benchmarks/foreign.py --folder PATH

Packages are downloaded from PyPI as source (``pip download --no-deps --no-binary``), never run. For each tree:
``--all --dry-run`` gives a diff, ``--all --apply`` changes a copy. Then: no traceback and exit code 0 or 2; every
changed file compiles where the original did; the diff, applied with ``git apply`` to the original, gives the same bytes as
``--apply``; comments are all there; a second run changes nothing. The table counts files, changed, refused (with reasons),
time and peak memory.
"""

from __future__ import annotations

import argparse
import collections
import io
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import time
import tokenize
import warnings
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

PACKAGES = (
    "luigi",
    "huey",
    "dramatiq",
    "watchdog",
    "apprise",
    "instaloader",
    "locust",
    "tornado",
    "paho-mqtt",
    "circus",
    "aiosmtpd",
    "pyftpdlib",
    "feedparser",
    "praw",
)
TOOL = [sys.executable, "-m", "workerlog_migrate", "--all"]


@dataclass
class Outcome:
    """What one tree gave."""

    name: str
    files: int = 0
    changed: int = 0
    refused: list[str] = field(default_factory=list)
    damage: list[str] = field(default_factory=list)
    seconds: float = 0.0
    memory: float = 0.0


def run(command: list[str], folder: Path) -> tuple[subprocess.CompletedProcess[bytes], float, float]:
    """Run a command; give its output, seconds and peak memory in MiB."""
    started = time.perf_counter()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen(command, cwd=folder, stdout=out, stderr=err, stdin=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        done = subprocess.CompletedProcess(command, process.returncode, out.read(), err.read())
    return done, time.perf_counter() - started, usage.ru_maxrss / 1024


def compiles(path: Path) -> bool:
    """Whether this interpreter compiles a file."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(path.read_bytes(), str(path), "exec", dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError):
            return False
    return True


def comments(path: Path) -> collections.Counter[str]:
    """Count a file's comments by text."""
    try:
        tokens = tokenize.tokenize(io.BytesIO(path.read_bytes()).readline)
        return collections.Counter(token.string for token in tokens if token.type == tokenize.COMMENT)
    except (tokenize.TokenError, SyntaxError, UnicodeError):
        return collections.Counter()


def check_tree(name: str, tree: Path, work: Path) -> Outcome:
    """Migrate a copy of a tree in every way and compare."""
    outcome = Outcome(name)
    original, applied, patched = work / "original", work / "applied", work / "patched"
    for folder in (original, applied, patched):
        shutil.copytree(tree, folder / "tree", symlinks=True)
    scripts = sorted(original.rglob("*.py"))
    outcome.files = len(scripts)

    dry, outcome.seconds, outcome.memory = run([*TOOL, "--dry-run", "tree"], original)
    done, _, _ = run([*TOOL, "--apply", "tree"], applied)
    for process, label in ((dry, "dry run"), (done, "apply")):
        if process.returncode not in (0, 2) or b"Traceback (most recent call last)" in process.stderr:
            outcome.damage.append(f"{label} ended with {process.returncode}: {process.stderr[-300:]!r}")
    outcome.refused = re.findall(r"^(.*: refused: .*)$", dry.stderr.decode("utf-8", "replace"), re.MULTILINE)

    if dry.stdout:
        subprocess.run(["git", "init", "-q"], cwd=patched, check=True)
        command = ["git", "-c", "core.autocrlf=false", "apply", "--whitespace=nowarn", "-"]
        git = subprocess.run(command, input=dry.stdout, cwd=patched, capture_output=True, check=False)
        if git.returncode:
            outcome.damage.append(f"git apply: {git.stderr.decode()[:300]}")
    for path in scripts:
        relative = path.relative_to(original)
        after, other = applied / relative, patched / relative
        if path.read_bytes() == after.read_bytes():
            continue
        outcome.changed += 1
        if after.read_bytes() != other.read_bytes():
            outcome.damage.append(f"{relative}: the diff gives other bytes than --apply")
        if compiles(path) and not compiles(after):
            outcome.damage.append(f"{relative}: does not compile any more")
        if comments(path) - comments(after):
            outcome.damage.append(f"{relative}: a comment is gone")
    before = {path: path.read_bytes() for path in applied.rglob("*.py")}
    again, _, _ = run([*TOOL, "--apply", "tree"], applied)
    if again.returncode not in (0, 2):
        outcome.damage.append(f"second run ended with {again.returncode}")
    for path, data in before.items():
        if path.read_bytes() != data:
            outcome.damage.append(f"{path.relative_to(applied)}: a second run changes it")
    return outcome


def fetch(package: str, folder: Path) -> Path | None:
    """Download and unpack a package's source."""
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "-q",
        "--no-deps",
        "--no-build-isolation",
        "--no-binary",
        ":all:",
    ]
    done = subprocess.run([*command, "-d", str(folder), package], capture_output=True, check=False)
    archives = (
        [path for path in folder.glob("*") if path.suffix in (".gz", ".zip", ".bz2")]
        if folder.exists()
        else []
    )
    if not archives:  # some build requirements cannot be met here: a wheel holds the same sources
        done = subprocess.run(
            [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(folder), package],
            capture_output=True,
            check=False,
        )
        archives = list(folder.glob("*.whl")) if folder.exists() else []
    if not archives:
        print(f"  {package}: not downloaded ({done.stderr.decode()[-200:].strip()})")
        return None
    tree = folder / "source"
    if archives[0].suffix in (".zip", ".whl"):
        with zipfile.ZipFile(archives[0]) as archive:
            archive.extractall(tree)
    else:
        with tarfile.open(archives[0]) as archive:
            archive.extractall(tree, filter="data") if hasattr(
                tarfile, "data_filter"
            ) else archive.extractall(tree)
    return tree


def main() -> None:
    """Fetch, check, print the table; exit 1 if anything was damaged."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("packages", nargs="*", default=PACKAGES, help="names on PyPI")
    parser.add_argument(
        "--no-stdlib", action="store_true", help="leave this interpreter's standard library out"
    )
    parser.add_argument("--folder", type=Path, help="check this folder only")
    options = parser.parse_args()
    outcomes = []
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        trees: list[tuple[str, Path]] = []
        if options.folder:
            trees = [(options.folder.name, options.folder)]
        else:
            if not options.no_stdlib:
                library = work / "stdlib"
                ignore = shutil.ignore_patterns("site-packages", "__pycache__", "*.so", "lib2to3_data")
                shutil.copytree(sysconfig.get_path("stdlib"), library, ignore=ignore, symlinks=True)
                trees.append((f"Python {sys.version.split()[0]} standard library", library))
            for package in options.packages:
                tree = fetch(package, work / "sources" / package)
                if tree is not None:
                    trees.append((package, tree))
        print(f"{'tree':<34}{'files':>7}{'changed':>9}{'refused':>9}{'damaged':>9}{'s':>8}{'MiB':>6}")
        for number, (name, tree) in enumerate(trees):
            place = work / f"check{number}"
            outcome = check_tree(name, tree, place)
            shutil.rmtree(place)
            outcomes.append(outcome)
            print(
                f"{outcome.name:<34}{outcome.files:>7}{outcome.changed:>9}{len(outcome.refused):>9}"
                f"{len(outcome.damage):>9}{outcome.seconds:>8.1f}{outcome.memory:>6.0f}",
                flush=True,
            )
            for line in outcome.damage[:20]:
                print(f"    DAMAGE {line}")
    reasons = collections.Counter(
        re.sub(r"\(.*|'.*", "", line.partition("refused: ")[2])[:80]
        for outcome in outcomes
        for line in outcome.refused
    )
    print("refused, by reason:")
    for reason, count in reasons.most_common():
        print(f"  {count:>5}  {reason}")
    total = [
        sum(values)
        for values in zip(
            *((o.files, o.changed, len(o.refused), len(o.damage)) for o in outcomes), strict=True
        )
    ]
    print(f"total: {total[0]} files, {total[1]} changed, {total[2]} refused, {total[3]} damaged")
    sys.exit(1 if total[3] else 0)


if __name__ == "__main__":
    main()
