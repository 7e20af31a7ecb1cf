"""Start public programs before and after the migration of parts of them: does each start that worked still work, with the same output?

    python benchmarks/starts.py                    # the listed programs
    python benchmarks/starts.py pyflakes honcho
    python benchmarks/starts.py --sources DIR      # keeps what it downloads there, and does not download it again
    python benchmarks/starts.py --codemods all     # narrows handlers, too; by default only what needs the runtime is run
    python benchmarks/starts.py --frozen           # builds a program of each state by PyInstaller, too

Each program is downloaded as source, unpacked, and started in every way that its files show: its modules imported one by one, ``-m``,
its console script, as a script from its own and from another folder, through ``runpy``, from a zip file, and isolated (``-I``)
with its folder put on ``sys.path`` by hand, and frozen. Then a fresh copy is migrated in part: the largest module of those that
would change, the folder that holds most of them, what ``--changed`` names, all of it. The same starts follow, and exit code, stdout
and stderr are compared. A program that lists its modules one by one (``py_modules``) is left with what to do, which is done first: both
runtime files are put on the list. A start that fails before counts for nothing. Exit code 1 if a start differs, or a part changes no file.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "benchmarks"))

from foreign import fetch  # noqa: E402  # the path comes first

SECONDS = 60
"""After which one start is ended, and counts as failed."""

MIGRATION_SECONDS = 1_200
"""After which one migration is ended, and the program counts for nothing."""

PARTS = ("one file", "one folder", "--changed", "all")


@dataclass(frozen=True)
class Program:
    """A program with a harmless way to start.

    Attributes:
        name: on PyPI.
        package: the folder of its package, or the file of its only module, from the top of its sources.
        modules: what is started with ``-m``.
        console: functions of its console scripts, ``module:function``.
        scripts: files that are started as scripts, from the top of its sources.
        arguments: harmless ones.
        stdin: what it reads.
        needs: packages that it imports.
    """

    name: str
    package: str
    modules: tuple[str, ...] = ()
    console: tuple[str, ...] = ()
    scripts: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ("--version",)
    stdin: str = ""
    needs: tuple[str, ...] = ()


PROGRAMS = (
    Program("pyflakes", "pyflakes", ("pyflakes",), ("pyflakes.api:main",), ("bin/pyflakes",), (), "x = 1\n"),
    Program("pycodestyle", "pycodestyle.py", ("pycodestyle",), ("pycodestyle:_main",), ("pycodestyle.py",)),
    Program("mccabe", "mccabe.py", ("mccabe",), (), ("mccabe.py",), ("--help",)),
    Program("tabulate", "tabulate", ("tabulate",), ("tabulate:_main",), (), (), "a b\n1 2\n"),
    Program(
        "sqlparse",
        "sqlparse",
        ("sqlparse",),
        ("sqlparse.__main__:main",),
        ("sqlparse/cli.py",),  # it imports its own package, and has no guard
        needs=("sqlparse",),
    ),
    Program("markdown", "markdown", ("markdown",), ("markdown.__main__:run",), (), (), "# a\n"),
    Program("chardet", "chardet", ("chardet",), ("chardet.cli.chardetect:main",), (), ("--version",)),
    Program(
        "docutils",
        "docutils",
        ("docutils",),
        ("docutils.__main__:main",),
        ("tools/rst2html5.py",),
        ("--version",),
    ),
    Program("honcho", "honcho", ("honcho",), ("honcho.command:main",), (), ("version",)),
    Program("vulture", "vulture", ("vulture",), ("vulture.core:main",), (), ("--version",)),
    Program("pyfiglet", "pyfiglet", ("pyfiglet",), ("pyfiglet:main",), (), ("hello",)),
    Program("pygments", "pygments", ("pygments",), ("pygments.cmdline:main",), (), ("-V",)),
    Program("polib", "polib.py", ("polib",), (), ("polib.py",), ()),
    Program("html2text", "html2text", ("html2text",), ("html2text.cli:main",), (), ("--version",)),
)

IMPORTS = """
import importlib, pkgutil, sys
sys.path.insert(0, {top!r})
sys.argv = [{package!r}, "--version"]
def walk(name):
    yield name
    path = getattr(sys.modules.get(name), "__path__", None)
    for found in sorted(pkgutil.iter_modules(path or ()), key=lambda each: each.name):
        if found.name not in ("__main__", "worker_logger", "worker_utils"):
            yield from walk(f"{{name}}.{{found.name}}") if load(f"{{name}}.{{found.name}}") else ()
def load(name):
    try:
        importlib.import_module(name)
    except BaseException as error:
        print("not", name, type(error).__name__)
        return False
    print(name)
    return True
if load({package!r}):
    list(walk({package!r}))
"""


@dataclass
class Outcome:
    """What became of one program.

    Attributes:
        name: the program.
        starts: how many starts worked before.
        compared: how many were compared after some migration.
        changed: how many files were migrated, in each part.
        broken: starts that differ, with what they said.
    """

    name: str
    starts: int = 0
    compared: int = 0
    changed: dict[str, int] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)


def starts(program: Program, top: Path, freezer: Path | None = None) -> Iterator[tuple[str, list[str], Path]]:
    """List the ways to start a program.

    Args:
        program: which.
        top: the folder of its sources.
        freezer: where PyInstaller is installed; None freezes nothing.

    Yields:
        What the way is called, arguments of the interpreter, and the folder to start in.
    """
    package = program.package.removesuffix(".py")
    elsewhere = top.parent
    arguments = list(program.arguments)
    on_path = f"import sys; sys.path.insert(0, {str(top)!r}); sys.argv[1:] = {arguments!r}; "
    yield "imports", ["-c", IMPORTS.format(top=str(top), package=package)], elsewhere
    for module in program.modules:
        yield f"-m {module}", ["-m", module, *arguments], top
        run = f"import runpy; runpy.run_module({module!r}, run_name='__main__', alter_sys=True)"
        yield f"runpy {module}", ["-c", on_path + run], elsewhere
        yield f"-I runpy {module}", ["-I", "-c", on_path + run], elsewhere
        archive = _zipped(program, top)
        inside = on_path.replace(repr(str(top)), repr(str(archive)))
        yield f"zip {module}", ["-c", inside + run], elsewhere
        if (top / program.package / "__main__.py").is_file():
            yield f"folder {program.package}", [program.package, *arguments], top
    for entry in program.console:
        module, _, function = entry.partition(":")
        call = f"import importlib; sys.exit(getattr(importlib.import_module({module!r}), {function!r})())"
        yield f"console {entry}", ["-c", on_path + call], elsewhere
    for script in program.scripts:
        yield f"script {script}", [script, *arguments], top
        yield f"script {script} from elsewhere", [str(top / script), *arguments], elsewhere
        if "/" in script:
            continue  # that a path is run from where its folder is unknown, no file of these programs shows
        path = f"import runpy; sys.argv[0] = {script!r}; runpy.run_path({str(top / script)!r}, run_name='__main__')"
        yield f"run_path {script}", ["-c", on_path + path], elsewhere
    if freezer is not None and program.console:
        binary = _frozen(program.console[0], top, freezer)
        yield f"frozen {program.console[0]}", ["-c", _RUN, str(binary), *arguments], elsewhere


_RUN = "import subprocess, sys; sys.exit(subprocess.run(sys.argv[1:]).returncode)"


def _frozen(entry: str, top: Path, freezer: Path) -> Path:
    """Build a program whose main function an entry point names, from the sources as they are."""
    module, _, function = entry.partition(":")
    start, made = top.parent / "start.py", top.parent / "dist" / "start" / "start"
    start.write_text(
        f"import sys\nfrom {module} import {function}\nsys.exit({function}())\n", encoding="utf-8"
    )
    options = ["--noconfirm", "--log-level=ERROR", "--paths", str(top), "--specpath", str(top.parent)]
    folders = ["--distpath", str(made.parent.parent), "--workpath", str(top.parent / "build")]
    environment = {**os.environ, "PYTHONPATH": str(freezer)}
    subprocess.run(
        [sys.executable, "-m", "PyInstaller", *options, *folders, str(start)],
        cwd=top.parent, env=environment, capture_output=True, check=True,
    )  # fmt: skip
    return made


def _zipped(program: Program, top: Path) -> Path:
    archive = top.parent / f"{program.name}.zip"
    with zipfile.ZipFile(archive, "w") as file:
        root = top / program.package
        files = sorted(root.rglob("*")) if root.is_dir() else [*top.glob("*.py")]
        for path in files:
            if path.is_file() and "__pycache__" not in path.parts:
                file.write(path, path.relative_to(top))
    return archive


def start(
    program: Program, arguments: Sequence[str], folder: Path, libraries: Path, top: Path
) -> tuple[int, str, str]:
    """Start a program once.

    Args:
        program: which; it gives what is read.
        arguments: of the interpreter.
        folder: where it starts.
        libraries: what it imports.
        top: its sources, whose path is taken out of what it says.

    Returns:
        Exit code, stdout and stderr; the code is 124 when it took too long.
    """
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    environment |= {
        "PYTHONDONTWRITEBYTECODE": "1",
        "WORKER_LOG_DIR": str(top.parent / "log"),
        "COLUMNS": "80",
    }
    if "-I" not in arguments:
        environment["PYTHONPATH"] = str(libraries)
    try:
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=folder, env=environment, input=program.stdin, capture_output=True, text=True, timeout=SECONDS, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return 124, "", ""
    return done.returncode, _plain(done.stdout, top), _plain(done.stderr, top)


def _plain(text: str, top: Path) -> str:
    """Take out of an output what differs between two copies and two states of a file: paths, and numbers of lines."""
    return re.sub(r"\bline \d+|:\d+(?=:)", "line", text.replace(str(top.parent), "TOP"))


def take_along(top: Path) -> None:
    """Put the runtime files on a list of modules to install, as the report of a program that has one says.

    Args:
        top: its sources.
    """
    for name in ("setup.py", "setup.cfg", "pyproject.toml"):
        path = top / name
        if path.is_file():
            text = path.read_text(encoding="utf-8")
            listed = re.sub(r"(py[-_]modules\s*=\s*\[)", r"\1'worker_logger', 'worker_utils', ", text)
            plain = re.sub(r"(?m)^(py_modules\s*=[ \t]*)(\w+)$", r"\1\2, worker_logger, worker_utils", listed)
            path.write_text(plain, encoding="utf-8")


def find_changing(program: Program, top: Path, codemods: str) -> list[Path]:
    """Find the modules of a program that a migration of all of it would change.

    Args:
        program: which.
        top: its sources.
        codemods: for ``--select``.

    Returns:
        Their paths, the largest first; none when it cannot be told.
    """
    _git(top, "init", "-q")
    take_along(top)
    done = _tool(["--check", "--format", "json"], [program.package], top, codemods)
    if done is None or done.returncode not in (0, 1, 2):
        return []
    files = [top / each["path"] for each in json.loads(done.stdout)["files"] if each["changed"]]
    return sorted(files, key=lambda path: -path.stat().st_size)


def migrate(part: str, changing: Sequence[Path], top: Path, codemods: str) -> int | None:
    """Migrate a part of a program.

    Args:
        part: one of `PARTS`.
        changing: the modules that would change, from the top of its sources, the largest first.
        top: its sources.
        codemods: for ``--select``; ``all`` for every one.

    Returns:
        How many files changed; None when the migration failed.
    """
    folders = [path.parent for path in changing]
    paths = {
        "one file": [str(changing[0])],
        "one folder": [str(max(folders, key=lambda folder: (folders.count(folder), str(folder))))],
        "--changed": ["--changed=HEAD", "."],
        "all": ["."],
    }[part]
    _git(top, "init", "-q")
    take_along(top)
    if part == "--changed":
        _git(top, "add", "-A")
        _git(top, "-c", "user.name=x", "-c", "user.email=x@x", "commit", "-q", "-m", "as it was")
        for path in changing[:: max(1, len(changing) // 3)]:
            with (top / path).open("a", encoding="utf-8") as file:
                file.write("\n# changed\n")
    before = {path: path.read_bytes() for path in top.rglob("*.py")}
    done = _tool(["--apply", "--no-undo"], paths, top, codemods)
    if done is None or done.returncode not in (0, 2):
        print(done.stderr[-500:] if done is not None else "    took too long", flush=True)
        return None
    return sum(path.read_bytes() != raw for path, raw in before.items())


def _tool(
    options: list[str], paths: list[str], top: Path, codemods: str
) -> subprocess.CompletedProcess[str] | None:
    selected = [] if codemods == "all" else ["--select", codemods]
    command = [sys.executable, "-m", "workerlog_migrate", "--all", "--no-cache", *options, *selected, *paths]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT / "src"), str(ROOT / "codemods")))}
    try:
        return subprocess.run(
            command, cwd=top, env=environment, capture_output=True, text=True, timeout=MIGRATION_SECONDS, check=False
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return None


def _git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, capture_output=True, check=True)


def compare(
    program: Program, source: Path, folder: Path, libraries: Path, codemods: str, freezer: Path | None = None
) -> Outcome:
    """Start a program before and after each migration.

    Args:
        program: which.
        source: its unpacked sources.
        folder: an empty folder for the copies.
        libraries: what it imports.
        codemods: for ``--select``.
        freezer: where PyInstaller is installed; None freezes nothing.

    Returns:
        What became of it.
    """
    outcome = Outcome(program.name)
    tops = [path.parent for path in source.rglob(program.package) if path.exists()]
    if not tops:
        print(f"  {program.name}: its sources hold no {program.package}", flush=True)
        return outcome
    inside = min(tops, key=lambda path: len(path.parts)).relative_to(source)
    before: dict[str, tuple[int, str, str]] = {}
    changing: list[Path] = []
    for part in ("", *PARTS):
        copy = folder / re.sub(r"\W", "", part or "before")
        shutil.copytree(source, copy / "tree")
        top = copy / "tree" / inside
        if part:
            changed = migrate(part, changing, top, codemods)
            if not changed:
                why = "the migration failed" if changed is None else "no file is changed"
                outcome.broken.append(f"{part}: {why}")
                continue
            outcome.changed[part] = changed
        for name, arguments, where in starts(program, top, freezer):
            result = start(program, arguments, where, libraries, top)
            if not part:
                before[name] = result
            elif before.get(name, (1,))[0] == 0:
                outcome.compared += 1
                if result != before[name]:
                    said = (result[2] or result[1]).strip().splitlines()[-1:] or ["other output"]
                    outcome.broken.append(f"{part}: {name}: exit {result[0]}: {said[0][:200]}")
        if not part:
            changing = [path.relative_to(top) for path in find_changing(program, top, codemods)]
            if not changing:
                outcome.broken.append("nothing would be changed")
                break
        shutil.rmtree(copy)
    outcome.starts = sum(code == 0 for code, _, _ in before.values())
    return outcome


def _install(folder: Path, *packages: str) -> None:
    command = [sys.executable, "-m", "pip", "install", "-q", "--target", str(folder), *packages]
    subprocess.run(command, capture_output=True, check=False)


def main() -> None:
    """Fetch, start, migrate, start again, print the table; exit 1 if a start differs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("programs", nargs="*", help="names on PyPI, of those that are listed")
    parser.add_argument("--sources", type=Path, help="keep downloaded programs in this folder")
    parser.add_argument(
        "--codemods", default="logger-setup,mirror-output,retry-io", help="for --select, or all"
    )
    parser.add_argument("--frozen", action="store_true", help="build programs by PyInstaller, too")
    options = parser.parse_args()
    chosen = [program for program in PROGRAMS if not options.programs or program.name in options.programs]
    outcomes: list[Outcome] = []
    with tempfile.TemporaryDirectory() as temporary:
        sources = (options.sources or Path(temporary, "sources")).absolute()
        freezer = sources / "libraries" / "pyinstaller" if options.frozen else None
        if freezer is not None and not freezer.is_dir():
            _install(freezer, "pyinstaller")
        for program in chosen:
            kept = sources / program.name
            kept.mkdir(parents=True, exist_ok=True)
            source = fetch(program.name, kept)
            if source is None:
                continue
            libraries = sources / "libraries" / program.name
            if program.needs and not libraries.is_dir():
                _install(libraries, *program.needs)
            place = Path(temporary, program.name)
            outcome = compare(program, source, place, libraries, options.codemods, freezer)
            outcomes.append(outcome)
            parts = ", ".join(f"{part} {count}" for part, count in outcome.changed.items())
            print(
                f"{outcome.name}: {outcome.starts} starts, {outcome.compared} compared, "
                f"{len(outcome.broken)} differ; files changed: {parts}",
                flush=True,
            )
            for line in outcome.broken:
                print(f"    {line}", flush=True)
    broken = sum(len(outcome.broken) for outcome in outcomes)
    print(
        f"{len(outcomes)} programs, {sum(each.compared for each in outcomes)} starts compared, {broken} differ"
    )
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
