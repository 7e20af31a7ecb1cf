"""Say whether the order in which a project is migrated matters.

    python benchmarks/order [--packages NAME...] [--limit FILES] [--packages-only]

A copy of each sample project (and of installed packages, by their import name) is migrated at once with one and with two
processes, file by file forwards and backwards, and by the diff that a dry run prints: all must give the same bytes. Then what
each ``try`` body can raise is inferred on the original tree and on the migrated one: the lists must be the same. Exit code 1 when
something differs.
"""

from __future__ import annotations

import argparse
import importlib.util
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "codemods"), str(ROOT / "benchmarks")]

from hazards import battery  # noqa: E402  # the path is set above

from workerlog_migrate.analysis.module import Module  # noqa: E402
from workerlog_migrate.analysis.raises import infer  # noqa: E402
from workerlog_migrate.analysis.types import Types  # noqa: E402
from workerlog_migrate.files.source import decode  # noqa: E402
from workerlog_migrate.knowledge import Knowledge  # noqa: E402
from workerlog_migrate.model import Settings, Target  # noqa: E402
from workerlog_migrate.project import place  # noqa: E402

SAMPLES = (ROOT / "fixtures" / "workers",)
_SHARED = {
    "store.py": """
import json
class Store:
    def collect(self):
        return {"at": 1}
    def save(self, report):
        try:
            with open("report.json", "w") as file:
                json.dump(report, file)
        except Exception:
            pass
    def run(self):
        self.save(self.collect())
""",
    "loop.py": """
import os
from store import Store
def main():
    store = Store()
    while True:
        try:
            for name in os.listdir("."):
                print(name.upper())
            store.save(store.collect())
        except Exception as error:
            print(f"failed: {error}")
main()
""",
}
_RETRIED = re.compile(r"\bretrying\(([\w.]+)\)\(")
_SHOWN = 50
_RUNTIME = frozenset({"worker_logger.py", "worker_utils.py"})


def main() -> int:
    """Migrate every project in every order and compare."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--packages", nargs="*", default=(), help="import names of installed packages")
    parser.add_argument("--limit", type=int, default=60, help="files of a package that are taken")
    parser.add_argument("--packages-only", action="store_true", help="leave the samples out")
    options = parser.parse_args()
    failed = 0
    with tempfile.TemporaryDirectory() as name:
        projects = [] if options.packages_only else _samples(Path(name))
        for project in [*projects, *_packages(Path(name), options.packages, options.limit)]:
            found = differences(project)
            failed += bool(found)
            files = len(list(project.rglob("*.py")))
            print(f"{project.name}: {files} files: {'; '.join(found) or 'same'}", flush=True)
    return 1 if failed else 0


def _samples(folder: Path) -> list[Path]:
    """Copy the sample projects and the hazards of several files."""
    made: list[Path] = []
    for sample in SAMPLES:
        made.append(folder / sample.name)
        shutil.copytree(sample, made[-1], ignore=shutil.ignore_patterns("migrated"))
    for at, case in enumerate(battery.cases(["files"])[::7]):
        made.append(folder / f"case-{at}")
        for path, text in case.files[battery.HAZARD].items():
            (made[-1] / path).parent.mkdir(parents=True, exist_ok=True)
            (made[-1] / path).write_text(text, "utf-8")
    made.append(folder / "shared")
    made[-1].mkdir()
    for path, text in _SHARED.items():
        (made[-1] / path).write_text(text, "utf-8")
    return made


def _packages(folder: Path, packages: list[str], limit: int) -> list[Path]:
    """Copy files of installed packages."""
    made: list[Path] = []
    for package in packages:
        spec = importlib.util.find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            raise SystemExit(f"{package} is not installed, or no package")
        made.append(folder / f"package-{package}")
        source = Path(spec.submodule_search_locations[0])
        for path in sorted(source.rglob("*.py"))[:limit]:
            target = made[-1] / package / path.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
    return made


def differences(project: Path) -> list[str]:
    """Say in words which ways of migrating a project differ.

    Args:
        project: a folder, which is left as it is.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        files = sorted(
            path.relative_to(project) for path in project.rglob("*.py") if path.name not in _RUNTIME
        )
        trees: dict[str, dict[str, bytes]] = {}
        trees["at once"] = _migrated(project, folder / "one", [["--jobs", "1", "."]])
        trees["by two processes"] = _migrated(project, folder / "two", [["--jobs", "2", "."]])
        trees["file by file"] = _migrated(project, folder / "forwards", [[str(path)] for path in files])
        trees["file by file backwards"] = _migrated(
            project, folder / "backwards", [[str(path)] for path in reversed(files)]
        )
        trees["by the printed diff"] = _patched(project, folder / "diff")
        first = trees["at once"]
        found = [
            f"{way}: {', '.join(sorted(path for path in first if tree.get(path) != first[path])[:3])}"
            for way, tree in trees.items()
            if any(tree.get(path) != raw for path, raw in first.items())
        ]
        lists = _lists(project, files), _lists(folder / "one", files)
        found += [
            f"inferred {key}: {lists[0][key]} and {lists[1].get(key)}"
            for key in sorted(lists[0])
            if lists[0][key] != lists[1].get(key)
        ]
        return found[:6]


def _migrated(project: Path, folder: Path, runs: list[list[str]]) -> dict[str, bytes]:
    shutil.copytree(project, folder)
    for arguments in runs:
        _run(folder, "--apply", *arguments)
    return _texts(folder)


def _patched(project: Path, folder: Path) -> dict[str, bytes]:
    shutil.copytree(project, folder)
    diff = _run(folder, "--dry-run", ".")
    subprocess.run(["patch", "-p1", "-s"], cwd=folder, input=diff, check=bool(diff), capture_output=True)
    return _texts(folder)


def _run(folder: Path, *arguments: str) -> bytes:
    command = [sys.executable, "-m", "workerlog_migrate", "--all", "--no-cache", "--quiet", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, check=False).stdout


def _texts(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*.py"))
        if path.name not in _RUNTIME
    }


def _lists(folder: Path, files: list[Path]) -> dict[str, str]:
    """Infer what each ``try`` body of each file can raise: by file and the body's number in it."""
    knowledge, settings = Knowledge(), Settings()
    found: dict[str, str] = {}
    targets = place([Target(folder / path, path.stem) for path in files], folder, None)
    for path, target in zip(files, targets, strict=True):
        module = Module(decode(target.path, target.path.read_bytes()))
        types = Types(module, knowledge, settings, users=dict(target.users))
        engine = types.engine
        for at, node in enumerate(sorted(module.tries, key=lambda entry: entry.lineno)):
            inference = infer(engine, engine.flow.block(node, engine.unit.enclosing(node)))
            unknown = sorted({_cause(entry.cause) for entry in inference.unresolved})
            found[f"{path}#{at}"] = f"{' '.join(inference.names)} ? {unknown}"
        types.close()
    return found


def _cause(text: str) -> str:
    """Write what is not known as it stood before: ``retrying(f)(x)`` is ``f(x)``, cut as a long one is shown."""
    return _RETRIED.sub(r"\1(", text)[:_SHOWN]


if __name__ == "__main__":
    raise SystemExit(main())
