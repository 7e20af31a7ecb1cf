"""Run the whole migration over code that none of us wrote, and check every promise on every file.

    python benchmarks/foreign.py                       # this interpreter's standard library and the listed packages
    python benchmarks/foreign.py --no-stdlib luigi huey
    python benchmarks/foreign.py --folder PATH
    python benchmarks/foreign.py --sources DIR         # keeps what it downloads there, and does not download it again

Packages are downloaded from PyPI as source (``pip download --no-deps --no-binary``), never run. For each tree:
``--all --apply --diff`` changes a copy and says how. Then: no traceback and exit code 0 or 2; what is refused is
what does not compile, or has another reason that the table lists; the diff, applied with ``git apply`` to the original, gives the same bytes as
``--apply``; a second run changes nothing; ``--undo`` gives every byte back; and of every changed file, by the old and the new bytes alone
(``tests/fuzz/support/promises.py``): it compiles, undoing the edits gives the old program, the bytes outside them are the same, the comments
are all there. The table counts files, changed, refused (and of these, how many compile), damaged, time and peak memory.
"""

from __future__ import annotations

import argparse
import collections
import concurrent.futures
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import time
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "fuzz" / "support"))

from promises import BrokenError, check_kept, compiles  # noqa: E402  # the path comes first

# Workers and daemons, command lines, web frameworks, parsers by hand and by generator, data in modules, bots, scrapers,
# schedulers and scripts for Windows, the oldest style (the last line: written for Python 2) and the newest.
PACKAGES = """
luigi huey dramatiq watchdog apprise instaloader locust tornado paho-mqtt circus aiosmtpd pyftpdlib feedparser praw
celery kombu rq apscheduler schedule supervisor gunicorn fabric invoke paramiko pexpect sh
requests httpx httpie aiohttp urllib3 flask bottle cherrypy pyramid starlette fastapi uvicorn django scrapy twisted
yt-dlp streamlink gallery-dl glances psutil s3cmd boto3 python-telegram-bot slack-sdk
pip setuptools pytest black mypy attrs pydantic trio anyio rich textual ipython
lark ply pycparser antlr4-python3-runtime sqlparse pyparsing sympy networkx docutils pygments jinja2 mako
phonenumbers babel faker unidecode emoji pytz
errbot pyTelegramBotAPI tweepy pywinauto sanic hypercorn stripe you-get scrapyd newspaper3k doit python-daemon suds buildbot
mechanize pyPdf PyRSS2Gen SocksiPy-branch
""".split()  # noqa: SIM905  # a list that people read
TOOL = [sys.executable, "-m", "workerlog_migrate", "--all", "--no-cache"]


@dataclass
class Outcome:
    """What one tree gave."""

    name: str
    files: int = 0
    changed: int = 0
    refused: list[str] = field(default_factory=list)
    refused_though_it_compiles: int = 0
    damage: list[str] = field(default_factory=list)
    seconds: float = 0.0
    memory: float = 0.0


# A process begins with the peak memory of the one that starts it: let that be a small one.
_LAUNCH = """
import os, pathlib, subprocess, sys
process = subprocess.Popen(sys.argv[2:])
_, status, usage = os.wait4(process.pid, 0)
process.returncode = os.waitstatus_to_exitcode(status)
pathlib.Path(sys.argv[1]).write_text(str(usage.ru_maxrss / 1024))
sys.exit(process.returncode)
"""


def run(command: list[str], folder: Path) -> tuple[subprocess.CompletedProcess[bytes], float, float]:
    """Run a command; give its output, seconds and peak memory in MiB."""
    with tempfile.TemporaryDirectory() as temporary:
        peak = Path(temporary, "peak")
        started = time.perf_counter()
        launched = [sys.executable, "-c", _LAUNCH, str(peak), *command]
        done = subprocess.run(
            launched, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, check=False
        )
        seconds = time.perf_counter() - started
        return done, seconds, float(peak.read_text(encoding="ascii")) if peak.exists() else float("nan")


def check_tree(name: str, tree: Path, work: Path) -> Outcome:
    """Migrate a copy of a tree in every way and compare."""
    outcome = Outcome(name)
    original, applied, patched = work / "original", work / "applied", work / "patched"
    for folder in (original, applied, patched):
        shutil.copytree(tree, folder / "tree", symlinks=True)
    scripts = sorted(original.rglob("*.py"))
    outcome.files = len(scripts)

    done, outcome.seconds, outcome.memory = run([*TOOL, "--apply", "--diff", "tree"], applied)
    if done.returncode not in (0, 2) or b"Traceback (most recent call last)" in done.stderr:
        outcome.damage.append(f"apply ended with {done.returncode}: {done.stderr[-300:]!r}")
    outcome.refused = re.findall(r"^(.*: refused: .*)$", done.stderr.decode("utf-8", "replace"), re.MULTILINE)

    if done.stdout:
        subprocess.run(["git", "init", "-q"], cwd=patched, check=True)
        command = ["git", "-c", "core.autocrlf=false", "apply", "--whitespace=nowarn", "-"]
        git = subprocess.run(command, input=done.stdout, cwd=patched, capture_output=True, check=False)
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
        try:
            check_kept(path.read_bytes(), after.read_bytes())
        except (BrokenError, RecursionError) as error:
            outcome.damage.append(f"{relative}: {error}")
    refused = {line.rpartition(": refused: ")[0].rpartition(":")[0] for line in outcome.refused}
    outcome.refused_though_it_compiles = sum(
        compiles(path.read_bytes()) for path in scripts if str(path.relative_to(original)) in refused
    )
    before = {path: path.read_bytes() for path in applied.rglob("*.py")}
    again, _, _ = run([*TOOL, "--apply", "tree"], applied)
    if again.returncode not in (0, 2):
        outcome.damage.append(f"second run ended with {again.returncode}")
    for path, data in before.items():
        if path.read_bytes() != data:
            outcome.damage.append(f"{path.relative_to(applied)}: a second run changes it")
    if outcome.changed:
        undone, _, _ = run([sys.executable, "-m", "workerlog_migrate", "--undo", "--quiet"], applied)
        if undone.returncode or _tree(applied) != _tree(original):
            outcome.damage.append(f"--undo ended with {undone.returncode}: {undone.stderr[:300]!r}")
    return outcome


def _tree(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink()
    }


def make_up(folder: Path) -> Path:
    """Write modules of sizes and depths that no package has: 100,000 lines of data, of code, and long expressions."""
    folder.mkdir(parents=True)
    rows = "".join(
        f'    "chave_{number}": ({number}, "açúcar", [{number}.5, None]),\n' for number in range(100_000)
    )
    block = """
def passo_{0}(caminho):
    try:
        with open(caminho) as arquivo:  # {0}
            print(f"[OK] {{caminho}}", arquivo.read())
    except Exception as e:
        print("[ERRO]", e)
"""
    table = ",\n".join(
        f"    [{number}, {number + 1}, lambda t: t.value[{number}]]" for number in range(30_000)
    )
    texts = {
        "data": f'"""Data."""\nDADOS = {{\n{rows}}}\nprint(len(DADOS))\n',
        "code": "".join(block.format(number) for number in range(14_000)),
        "tables": f"def tabela():\n    print('tabela')\n    return [\n{table},\n    ]\n",
        "one_line": f"print({', '.join(map(str, range(100_000)))})\n",
        "chain": "print(" + " + ".join(["'a'"] * 900) + ")\n",
        "calls": "x" + ".f(print(1))" * 300 + "\n",
        "nested": "print(" * 60 + ")" * 60 + "\n",
        "branches": "if x:\n    print(0)\n"
        + "".join(f"elif y == {n}:\n    print({n})\n" for n in range(300)),
    }
    for name, text in texts.items():
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    return folder


def fetch(package: str, folder: Path) -> Path | None:
    """Download and unpack a package's source, unless it is there already."""
    tree = folder / "source"
    if tree.is_dir():
        return tree
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(folder), package]
    wanted = [*command, "--no-binary", ":all:"]
    done = subprocess.run(wanted, capture_output=True, check=False)
    archives = _archives(folder)
    if not archives:  # some build requirements cannot be met here: a wheel holds the same sources
        done = subprocess.run(command, capture_output=True, check=False)
        archives = _archives(folder)
    if not archives:
        print(f"  {package}: not downloaded ({done.stderr.decode()[-200:].strip()})", flush=True)
        return None
    partial = folder / "partial"
    if archives[0].suffix in (".zip", ".whl"):
        with zipfile.ZipFile(archives[0]) as archive:
            archive.extractall(partial)
    else:
        with tarfile.open(archives[0]) as archive:
            archive.extractall(partial, filter="data")
    return partial.rename(tree)


def _archives(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*") if path.suffix in (".gz", ".zip", ".bz2", ".xz", ".whl"))


def main() -> None:
    """Fetch, check, print the table; exit 1 if anything was damaged."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("packages", nargs="*", default=PACKAGES, help="names on PyPI")
    parser.add_argument(
        "--no-stdlib", action="store_true", help="leave this interpreter's standard library out"
    )
    parser.add_argument("--folder", type=Path, help="check this folder only")
    parser.add_argument("--sources", type=Path, help="keep downloaded packages in this folder")
    options = parser.parse_args()
    outcomes: list[Outcome] = []
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        sources = options.sources.absolute() if options.sources else work / "sources"
        trees: list[tuple[str, Path]] = []
        if options.folder:
            trees = [(options.folder.name, options.folder)]
        else:
            if not options.no_stdlib:
                library = work / "stdlib"
                ignore = shutil.ignore_patterns("site-packages", "__pycache__", "*.so", "lib2to3_data")
                shutil.copytree(sysconfig.get_path("stdlib"), library, ignore=ignore, symlinks=True)
                trees.append((f"Python {sys.version.split()[0]} standard library", library))
            if not options.packages or options.packages is PACKAGES:
                trees.append(("made up: long and deep", make_up(work / "made_up")))
            with concurrent.futures.ThreadPoolExecutor(4) as pool:
                found = pool.map(lambda package: fetch(package, sources / package), options.packages)
                trees += [
                    (package, tree)
                    for package, tree in zip(options.packages, found, strict=True)
                    if tree is not None
                ]
        trees.sort(key=lambda tree: sum(1 for _ in tree[1].rglob("*.py")))  # the quick ones first
        columns = ("files", "changed", "refused", "compile", "damaged", "s", "MiB")
        print(f"{'tree':<36}" + "".join(f"{column:>9}" for column in columns))
        for number, (name, tree) in enumerate(trees):
            place = work / f"check{number}"
            outcome = check_tree(name, tree, place)
            shutil.rmtree(place)
            outcomes.append(outcome)
            print(_row(outcome), flush=True)
            for line in outcome.damage[:20]:
                print(f"    DAMAGE {line}", flush=True)
    reasons = collections.Counter(
        re.sub(r"\(.*|'.*", "", line.partition("refused: ")[2])[:80]
        for outcome in outcomes
        for line in outcome.refused
    )
    print("refused, by reason:")
    for reason, count in reasons.most_common():
        print(f"  {count:>5}  {reason}")
    total = Outcome(f"total of {len(outcomes)} trees")
    for outcome in outcomes:
        total.files += outcome.files
        total.changed += outcome.changed
        total.refused += outcome.refused
        total.refused_though_it_compiles += outcome.refused_though_it_compiles
        total.damage += outcome.damage
        total.seconds += outcome.seconds
        total.memory = max(total.memory, outcome.memory)
    print(_row(total))
    sys.exit(1 if total.damage else 0)


def _row(outcome: Outcome) -> str:
    counts = (
        outcome.files,
        outcome.changed,
        len(outcome.refused),
        outcome.refused_though_it_compiles,
        len(outcome.damage),
    )
    return (
        f"{outcome.name:<36}"
        + "".join(f"{count:>9}" for count in counts)
        + f"{outcome.seconds:>9.1f}{outcome.memory:>9.0f}"
    )


if __name__ == "__main__":
    main()
