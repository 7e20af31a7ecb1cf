"""Was what really arrives at handlers in our lists? Packages' own tests are run with every narrowed handler watched.

    python benchmarks/exceptions/observed.py                      # the packages of observed.toml
    python benchmarks/exceptions/observed.py watchdog huey        # some of them
    python benchmarks/exceptions/observed.py --json FILE          # each pair, with where it was raised

For each package: its source from PyPI, an environment with what it and its tests need, and two copies. One is tested as it
is. In the other ``--apply --all --trial --select specific-exceptions`` watches the handlers that are broad; the handlers that people
made specific get what the codemod would list if they were broad, handed to a recorder (``recorder.py``) that notes and does
nothing. Then the tests run again, with ``WORKER_LOG_DIR`` set.

A *pair* is a handler and the class of an error that came to it, counted once. At handlers that were broad it is the runtime's
own evidence that says whether the class was expected; at the others the same function of the runtime is asked. Pairs whose
error was only ever raised by a mock, or by the tests' own code (a fake, a callback), are counted apart, expected or not.

pairs     what the world raised.      escapes   of them: not in the list.
mocked    pairs raised by mocks or by the tests' code only, with those of them that are not in the list.
differ    tests whose result is another one in the watched copy, after a second try.

Some entries are parts of this interpreter's standard library (``modules``), whose tests come with it; of those without tests, as some
systems ship it, nothing is measured. Each module is asked alone, beside the tests that speak of it. Its broad handlers are noted by the
recorder, as the specific ones are.

Each step is bounded (``--seconds`` for one run of one package's tests); what cannot be fetched, installed or tested is said and counts for nothing.
``--once`` tests the watched copies only. ``--work DIR`` keeps sources and environments there and uses them again.
"""

from __future__ import annotations

import argparse
import ast
import collections
import json
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "benchmarks")]

from foreign import fetch  # noqa: E402  # the path comes first

from workerlog_migrate.analysis.context import Context  # noqa: E402
from workerlog_migrate.analysis.header import find_header  # noqa: E402
from workerlog_migrate.analysis.module import Module  # noqa: E402
from workerlog_migrate.analysis.types import Types  # noqa: E402
from workerlog_migrate.analysis.watch import watch_of, watch_text  # noqa: E402
from workerlog_migrate.errors import Refused  # noqa: E402
from workerlog_migrate.files.discover import Workers, discover  # noqa: E402
from workerlog_migrate.files.source import decode  # noqa: E402
from workerlog_migrate.finders.handlers import Handlers  # noqa: E402
from workerlog_migrate.knowledge import Knowledge  # noqa: E402
from workerlog_migrate.model import Evidence, Settings, Target  # noqa: E402
from workerlog_migrate.project import place  # noqa: E402
from workerlog_migrate.registry import SPECIFIC_EXCEPTIONS  # noqa: E402
from workerlog_migrate.seen.notes import read_notes  # noqa: E402

RUNTIME = ROOT / "src" / "workerlog_migrate" / "runtime" / "worker_logger.py"
_TESTS = frozenset({"test", "tests", "testing", "testsuite"})
_CONTROL = (
    "builtins:KeyboardInterrupt",
    "builtins:SystemExit",
    "builtins:GeneratorExit",
    "asyncio.exceptions:CancelledError",
)
_MOCKS = ("unittest/mock.py", "mock/mock.py", "flexmock/_api.py")
_RECORDER = "__observed__"
_OPTIONS = "-q -p no:cacheprovider -o addopts= --continue-on-collection-errors -W ignore --timeout=60 -p no:xdist".split()  # fmt: skip  # noqa: SIM905  # a line that people read


@dataclass(frozen=True)
class Package:
    """What ``observed.toml`` says of one package.

    Attributes:
        name, version: on PyPI.
        code: the folder that is watched, from the top of the source.
        tests: what pytest is to collect.
        needs: further packages that the tests import.
        skip: tests that are not run.
        options: of pytest.
        modules: of the standard library of the interpreter that runs this: what of it is watched, each module and package as a
            project of its own, so that rows speak for the rest. Its broad handlers are asked as the specific ones are: the
            runtime could not be imported by what it imports itself.
    """

    name: str
    version: str
    code: str
    tests: tuple[str, ...]
    needs: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()


@dataclass
class Handler:
    """A handler that was broad and is watched, or that is specific and would be narrowed if it were broad.

    Attributes:
        place: file and line, from the top of the source.
        broad: whether it catches ``Exception`` as its author wrote it.
        listed: the names of its list, as the runtime takes them.
        evidence: what the names rest on.
    """

    place: str
    broad: bool
    listed: tuple[str, ...]
    evidence: tuple[str, ...] = ()


@dataclass
class Pair:
    """A class of errors that came to a handler.

    Attributes:
        handler: where.
        type: the class, ``module:Qualified.name``.
        expected: whether the list has it.
        mocked: whether only mocks and the tests' code raised it.
        frames: where it was raised, one of the ways: file, function, line; the innermost last.
    """

    handler: Handler
    type: str
    expected: bool
    mocked: bool
    frames: tuple[str, ...]


@dataclass
class Outcome:
    """What one package gave."""

    package: Package
    broad: int = 0
    narrowed: int = 0
    specific: int = 0
    asked: int = 0
    tests: int = 0
    differ: tuple[str, ...] = ()
    pairs: list[Pair] = field(default_factory=list)
    handlers: list[Handler] = field(default_factory=list)
    seconds: float = 0.0
    refusal: str = ""


# -- what is watched ----------------------------------------------------------------------------------------


def code_files(tree: Path, package: Package) -> list[str]:
    """List the watched files, tests aside, from the top of the source."""
    folder = tree / package.code
    if package.modules:
        groups = [_group(folder, name) for name in package.modules]
        return sorted(
            str(path.relative_to(tree))
            for group in groups
            for path in ([group] if group.is_file() else group.rglob("*.py"))
            if not _TESTS.intersection(path.relative_to(folder).parts[:-1])
        )
    return sorted(
        str(path.relative_to(tree))
        for path in folder.rglob("*.py")
        if not _TESTS.intersection(path.relative_to(folder).parts[:-1])
        and not path.name.startswith("test_")
        and path.name not in ("conftest.py", "worker_logger.py", "worker_utils.py")
    )


def _group(folder: Path, name: str) -> Path:
    """Return the file or the folder of a module of the standard library."""
    return folder / name if (folder / name).is_dir() else folder / f"{name}.py"


def library_handlers(tree: Path, package: Package) -> Iterator[tuple[str, int, int, Handler | None]]:
    """Ask as `specific_handlers` does, of each module of a library alone, beside the tests that speak of it.

    Args:
        tree: the top of the source.
        package: what is watched.
    """
    for name in package.modules:
        group = _group(tree / package.code, name)
        with tempfile.TemporaryDirectory() as temporary:
            alone = Path(temporary) / package.code
            alone.mkdir()
            if group.is_dir():
                shutil.copytree(group, alone / name, ignore=shutil.ignore_patterns("__pycache__", *_TESTS))
            else:
                shutil.copy(group, alone)
            files = [str(path.relative_to(temporary)) for path in sorted(alone.rglob("*.py"))]
            for test in package.tests:
                for path in [tree / test] if (tree / test).is_file() else sorted((tree / test).rglob("*.py")):
                    text = path.read_text(encoding="utf-8", errors="replace")
                    if re.search(rf"^\s*(?:import|from) [^\n]*\b{name}\b", text, re.MULTILINE):
                        copy = Path(temporary) / path.relative_to(tree)
                        copy.parent.mkdir(parents=True, exist_ok=True)
                        shutil.copy(path, copy)
            yield from specific_handlers(Path(temporary), files, take_broad=True)


def specific_handlers(
    tree: Path, files: Sequence[str], *, take_broad: bool = False
) -> Iterator[tuple[str, int, int, Handler | None]]:
    """Ask the codemod what it would list at the handlers that people made specific.

    Args:
        tree: the top of the source.
        files: the files.
        take_broad: whether the broad ones are asked, too.

    Yields:
        File, the handler's number among the file's, its line; and the handler, None where the codemod would not narrow it.
    """
    settings, knowledge = Settings(select=(SPECIFIC_EXCEPTIONS,)), Knowledge()
    found = discover(files, workers=Workers(), take_all=True, cwd=tree)
    for target in place(found.targets, tree, None):
        try:
            module = Module(decode(tree / target.path, (tree / target.path).read_bytes()))
        except (OSError, Refused):
            continue
        yield from _asked(module, target, settings, knowledge, take_broad)


def _asked(
    module: Module, target: Target, settings: Settings, knowledge: Knowledge, take_broad: bool
) -> Iterator[tuple[str, int, int, Handler | None]]:
    in_order = sorted(module.handlers, key=lambda node: (node.lineno, node.col_offset))
    types = Types(module, knowledge, settings, users=dict(target.users))
    context = Context(settings, target, find_header(module, target), types)
    finder = Handlers(module, context)
    for number, node in enumerate(in_order):
        is_broad = finder.is_broad(node)
        if (is_broad and not take_broad) or watch_of(module, node) is not None:
            continue
        handler: Handler | None = None
        judged = finder.judge(node)
        if not isinstance(judged, str) and judged.inference.is_complete and not judged.swallows_exit:
            names = finder._written(judged.inference.names, judged.owner, judged.block)
            if names.texts and not names.missing:
                text = watch_text(
                    module, context.header, (name for name, _ in names.texts), finder.engine.hierarchy
                )
                listed = tuple(ast.unparse(entry) for entry in ast.parse(text, mode="eval").body.args[1:])  # type: ignore[attr-defined]  # a call
                evidence = tuple(map(_said, judged.inference.evidence))
                handler = Handler(
                    f"{target.path}:{node.lineno}", broad=is_broad, listed=listed, evidence=evidence
                )
        yield str(target.path), number, node.lineno, handler


def _said(entry: Evidence) -> str:
    return f"{entry.exception} line {entry.line}: {entry.cause} [{entry.rule}]"


def watch(tree: Path, files: Sequence[str], outcome: Outcome) -> dict[tuple[str, int], Handler]:
    """Watch the handlers of a copy.

    Args:
        tree: the copy.
        files: the watched files.
        outcome: takes the counts and the handlers, and knows the package.

    Returns:
        File and line of each ``expect_only`` -> its handler.
    """
    before = {name: (tree / name).read_bytes() for name in files}
    specific: dict[tuple[str, int], Handler] = {}
    is_library = bool(outcome.package.modules)
    asked = library_handlers(tree, outcome.package) if is_library else specific_handlers(tree, files)
    for name, number, _, handler in asked:
        outcome.specific += 1
        if handler is not None:
            specific[name, number] = handler
    outcome.asked = sum(not handler.broad for handler in specific.values())
    outcome.narrowed = len(specific) - outcome.asked
    if not is_library:
        _try_out(tree, files)
    lines: dict[tuple[str, int], Handler] = {}
    for name in files:
        path = tree / name
        try:
            module = Module(decode(path, path.read_bytes()))
            original = ast.parse(before[name])
        except (OSError, Refused, SyntaxError):
            continue
        watched = _in_order(module.tree)
        old = _in_order(original)
        outcome.broad += sum(map(_is_broad, old))
        insertions: list[tuple[ast.ExceptHandler, str]] = []
        broad: dict[int, Handler] = {}
        for number, (node, was) in enumerate(zip(watched, old, strict=True)):
            place = f"{name}:{was.lineno}"
            call = watch_of(module, node)
            if call is not None:
                listed = tuple(ast.unparse(entry) for entry in call.args[1:])
                broad[number] = Handler(place, broad=True, listed=listed)
                insertions.append((node, f'{_RECORDER}("{place}")'))
            elif (name, number) in specific:
                handler = specific[name, number]
                insertions.append((node, f'{_RECORDER}("{place}", {", ".join(handler.listed)})'))
                outcome.handlers.append(handler)
        outcome.narrowed += len(broad)
        outcome.handlers += broad.values()
        if insertions:
            text = _with_lines(module.source.text, insertions)
            path.write_bytes(text.encode(module.source.encoding))
            for number, node in enumerate(_in_order(ast.parse(text))):
                if number in broad:
                    lines[name, node.body[0].lineno] = broad[number]
    return lines


def _try_out(tree: Path, files: Sequence[str]) -> None:
    """Have the command line watch the broad handlers."""
    command = [
        sys.executable,
        "-m",
        "workerlog_migrate",
        "--apply",
        "--all",
        "--trial",
        "--select=specific-exceptions",
    ]
    command += ["--no-cache", "--no-undo", "--jobs=1", "--quiet", *files]
    done = subprocess.run(command, cwd=tree, capture_output=True, check=False)
    if done.returncode not in (0, 2):
        raise RuntimeError(f"the trial ended with {done.returncode}: {done.stderr.decode()[-500:]}")


def _in_order(tree: ast.AST) -> list[ast.ExceptHandler]:
    found = [node for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler)]
    return sorted(found, key=lambda node: (node.lineno, node.col_offset))


def _is_broad(node: ast.ExceptHandler) -> bool:
    members = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
    return any(
        member is None or (isinstance(member, ast.Name) and member.id in ("Exception", "BaseException"))
        for member in members
    )


def _with_lines(text: str, insertions: Iterable[tuple[ast.ExceptHandler, str]]) -> str:
    """Put statements in: behind the line that watches a handler, else as its first."""
    lines = text.splitlines(keepends=True)
    for node, line in sorted(insertions, key=lambda entry: -entry[0].lineno):
        first = node.body[0]
        is_watch = line.count(",") == 0 and line.endswith('")')
        if is_watch and len(node.body) > 1:
            first = node.body[1]
        row, column = first.lineno - 1, len(lines[first.lineno - 1].encode()[: first.col_offset].decode())
        indent = lines[row][:column]
        if is_watch and len(node.body) == 1:
            lines[row] = lines[row].rstrip("\r\n") + f"; {line}\n"
        elif indent.strip():  # behind the colon, or behind another statement
            lines[row] = f"{indent}{line}; {lines[row][column:]}"
        else:
            lines.insert(row, f"{indent}{line}\n")
    return "".join(lines)


# -- running tests ------------------------------------------------------------------------------------------


class Environment:
    """An interpreter with a package, its tests' needs and the recorder.

    Args:
        package: what is tested.
        folder: where the environment lies; one that is there is used again.
    """

    def __init__(self, package: Package, folder: Path) -> None:
        self.package, self.folder = package, folder
        self.python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"

    def make(self) -> str:
        """Make it; give why that failed, if so."""
        ready = self.folder / "ready"
        if not ready.exists():
            shutil.rmtree(self.folder, ignore_errors=True)
            subprocess.run([sys.executable, "-m", "venv", str(self.folder)], check=True)
            tested = [] if self.package.modules else [f"{self.package.name}=={self.package.version}"]
            wanted = [*tested, "pytest", "pytest-timeout", *self.package.needs]
            command = [str(self.python), "-m", "pip", "install", "-q", "--disable-pip-version-check", *wanted]
            done = subprocess.run(command, capture_output=True, check=False)
            if done.returncode:
                return f"cannot be installed: {done.stderr.decode().strip()[-300:]}"
            ready.touch()
        site = self._site()
        shutil.copy(RUNTIME, site / "observed_runtime.py")
        shutil.copy(HERE / "recorder.py", site / "observed_recorder.py")
        first = "import builtins; vars(builtins).setdefault('__observed__', lambda *_: None)\n"  # while it is imported itself
        (site / "observed.pth").write_text(f"{first}import observed_recorder\n", encoding="ascii")
        return ""

    def _site(self) -> Path:
        (found,) = [*self.folder.glob("lib/python*/site-packages"), *self.folder.glob("Lib/site-packages")]
        return found

    @property
    def notes(self) -> Path:
        """Where the recorder writes."""
        return self._site() / "observed.jsonl"

    def test(self, tree: Path, targets: Sequence[str], logs: Path, seconds: int) -> dict[str, str] | None:
        """Run tests in a copy of the package.

        Args:
            tree: the top of the source.
            targets: what pytest collects.
            logs: where the runtime notes what it sees.
            seconds: after which the tests are ended.

        Returns:
            Test -> ``passed``, ``failure``, ``error`` or ``skipped``; None when there was no end.
        """
        report = tree.parent / f"{tree.name}.xml"
        report.unlink(missing_ok=True)
        code = tree / self.package.code
        paths = [str(code if self.package.modules else code.parent), str(tree)]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "WORKER_LOG_DIR": str(logs)}
        environment |= {"VIRTUAL_ENV": str(self.folder)}
        if not self.package.modules:  # every process that a test starts would compile what it imports
            environment["PYTHONDONTWRITEBYTECODE"] = "1"
        environment["PATH"] = f"{self.python.parent}{os.pathsep}{environment.get('PATH', '')}"
        ignored = [f"--ignore={entry}" for entry in self.package.skip]
        command = [str(self.python), "-m", "pytest", *_OPTIONS, f"--junitxml={report}", *ignored]
        command += [*self.package.options, *targets]
        process = subprocess.Popen(
            command,
            cwd=tree,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)  # and what the tests started
            process.wait()
            return None
        return _results(report) if report.exists() else {}


def _results(report: Path) -> dict[str, str]:
    results: dict[str, str] = {}
    for case in ElementTree.parse(report).iter("testcase"):
        kinds = {child.tag for child in case}
        name = f"{case.get('classname')}::{case.get('name')}"
        results[name] = next((kind for kind in ("error", "failure", "skipped") if kind in kinds), "passed")
    return results


def observe(package: Package, work: Path, seconds: int, *, once: bool = False) -> Outcome:
    """Watch one package's tests.

    Args:
        package: the package.
        work: a folder of the benchmark's own.
        seconds: the bound of one run of the tests.
        once: only the watched copy is tested.
    """
    outcome, started = Outcome(package), time.perf_counter()
    pinned = f"{package.name}=={package.version}"
    if package.modules and not (Path(sysconfig.get_path("stdlib")) / "test").is_dir():
        outcome.refusal = "this interpreter has no tests of its library"
    elif package.modules and platform.python_version() != package.version:
        outcome.refusal = f"it is asked of Python {package.version}, and this is {platform.python_version()}"
    if outcome.refusal:
        return outcome
    source = None if package.modules else fetch(pinned, work / "sources" / pinned)
    if source is None and not package.modules:
        outcome.refusal = "cannot be downloaded"
        return outcome
    environment = Environment(package, work / "environments" / pinned)
    outcome.refusal = environment.make()
    if outcome.refusal:
        return outcome
    trees = {name: work / "trees" / pinned / name for name in ("plain", "watched")}
    for tree in trees.values():
        shutil.rmtree(tree, ignore_errors=True)
        if source is None:
            _copy_library(tree / package.code, package)
            continue
        inner = [path for path in source.iterdir() if path.is_dir()]
        shutil.copytree(inner[0] if len(inner) == 1 else source, tree, symlinks=True)
    logs = work / "logs" / pinned
    shutil.rmtree(logs, ignore_errors=True)
    logs.mkdir(parents=True)
    targets = [target for target in package.tests if (trees["plain"] / target).exists()]
    before = None if once else environment.test(trees["plain"], targets, logs, seconds)
    if not once and (before is None or "passed" not in before.values()):
        outcome.refusal = f"its tests do not end in {seconds} s" if before is None else "no test passes here"
        return outcome
    lines = watch(trees["watched"], code_files(trees["watched"], package), outcome)
    environment.notes.unlink(missing_ok=True)
    after = environment.test(trees["watched"], targets, logs, seconds)
    if after is None:
        outcome.refusal = f"its watched tests do not end in {seconds} s"
        return outcome
    before = after if before is None else before
    outcome.tests = sum(result == "passed" for result in before.values())
    outcome.differ = tuple(name for name, result in sorted(before.items()) if after.get(name) != result)
    outcome.pairs = list(_pairs(outcome, trees["watched"], environment.notes, logs, lines))
    outcome.seconds = time.perf_counter() - started
    return outcome


def _copy_library(folder: Path, package: Package) -> None:
    """Copy what is watched of this interpreter's standard library, and its tests, which shall ask for no network and no hours."""
    library = Path(sysconfig.get_path("stdlib"))
    for name in (*package.modules, "test"):
        group = _group(library, name)
        if group.is_dir():
            shutil.copytree(group, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copy(group, folder)
    (folder / "test" / "conftest.py").write_text(
        "from test import support\n\nsupport.use_resources = []\n", encoding="ascii"
    )


# -- what was seen ------------------------------------------------------------------------------------------


def _pairs(
    outcome: Outcome, tree: Path, notes: Path, logs: Path, lines: Mapping[tuple[str, int], Handler]
) -> Iterator[Pair]:
    """Join what the recorder saw (where it was raised) with what the runtime says of it (whether it was expected)."""
    handlers = {handler.place: handler for handler in outcome.handlers}
    judged = _judged(tree, logs, lines)
    found: dict[tuple[str, str], list[dict[str, object]]] = collections.defaultdict(list)
    for line in notes.read_text(encoding="utf-8").splitlines() if notes.exists() else ():
        note = json.loads(line)
        if not {note["type"], *note["bases"]}.intersection(_CONTROL):
            found[note["place"], note["type"]].append(note)
    for (at, kind), group in sorted(found.items()):
        handler = handlers[at]
        noted = group[0]["expected"]
        expected = judged.get((at, kind)) if noted is None else bool(noted)
        if expected is None:
            print(f"    {at}: {kind} is not in the evidence of the runtime", file=sys.stderr)
            continue
        ways = [note["frames"] for note in group]
        real = [way for way in ways if not _is_of_tests(way, tree)]  # type: ignore[arg-type]  # lists, as JSON has them
        shown = tuple(
            f"{_short(file, tree)}:{line} {function}"
            for file, function, line in (real or ways)[0]  # type: ignore[attr-defined]  # as above
        )
        yield Pair(handler, kind, expected, not real, shown)


def _judged(tree: Path, logs: Path, lines: Mapping[tuple[str, int], Handler]) -> dict[tuple[str, str], bool]:
    found: dict[tuple[str, str], bool] = {}
    if not list(logs.glob("*.seen.jsonl")):
        return found
    for arrival in read_notes([logs]).arrivals:
        name = _short(arrival.path, tree)
        handler = lines.get((name, arrival.line))
        if handler is not None and not arrival.uncaught:
            key = (handler.place, arrival.type)
            found[key] = found.get(key, False) or arrival.expected
    return found


def _short(path: str, tree: Path) -> str:
    """Give a path from the top of the source; what lies elsewhere as its last three parts."""
    full = os.path.normpath(tree / path)
    return (
        os.path.relpath(full, tree) if full.startswith(f"{tree}{os.sep}") else "/".join(Path(full).parts[-3:])
    )


def _is_of_tests(frames: Sequence[Sequence[object]], tree: Path) -> bool:
    """Whether a mock, or code of the tests, raised an error: by the world it never was."""
    if not frames:
        return False
    path = str(frames[-1][0])
    if path.replace("\\", "/").endswith(_MOCKS):
        return True
    parts = Path(_short(path, tree)).parts
    inside = path.startswith(str(tree)) or not Path(path).is_absolute()
    return inside and (bool(_TESTS.intersection(parts[:-1])) or parts[-1].startswith(("test_", "conftest")))


# -- tables -------------------------------------------------------------------------------------------------

_COLUMNS = ("broad", "narrow", "specif", "asked", "tests", "differ", "hit", "pairs", "escape", "broad:", "escape", "mocked", "escape", "s")  # fmt: skip


def row(name: str, outcomes: Sequence[Outcome]) -> str:
    """Write one line of the table."""
    pairs = [pair for outcome in outcomes for pair in outcome.pairs]
    real = [pair for pair in pairs if not pair.mocked]
    broad = [pair for pair in real if pair.handler.broad]
    mocked = [pair for pair in pairs if pair.mocked]
    counts = (
        sum(outcome.broad for outcome in outcomes),
        sum(outcome.narrowed for outcome in outcomes),
        sum(outcome.specific for outcome in outcomes),
        sum(outcome.asked for outcome in outcomes),
        sum(outcome.tests for outcome in outcomes),
        sum(len(outcome.differ) for outcome in outcomes),
        len({id(pair.handler) for pair in pairs}),
        len(real),
        _escapes(real),
        len(broad),
        _escapes(broad),
        len(mocked),
        _escapes(mocked),
    )
    return (
        f"{name:<16}"
        + "".join(f"{count:>7}" for count in counts)
        + f"{sum(entry.seconds for entry in outcomes):>7.0f}"
    )


def _escapes(pairs: Iterable[Pair]) -> int:
    return sum(not pair.expected for pair in pairs)


def print_names(outcomes: Sequence[Outcome]) -> None:
    """Say of each name how many handlers that were hit list it, and to how many of them it came."""
    listed: Counter[str] = Counter()
    came: Counter[str] = Counter()
    for outcome in outcomes:
        hit = {id(pair.handler): pair.handler for pair in outcome.pairs if not pair.mocked}
        for handler in hit.values():
            listed.update(name.strip("'\"") for name in handler.listed)
        seen = {
            (id(pair.handler), name)
            for pair in outcome.pairs
            if not pair.mocked
            for name in pair.handler.listed
            if name.strip("'\"").rpartition(".")[2] == pair.type.rpartition(":")[2].rpartition(".")[2]
        }
        came.update(name.strip("'\"") for _, name in seen)
    print("\nname: handlers that were hit and list it, and to how many a class of just that name came")
    for name, count in listed.most_common(20):
        print(f"  {name:<28}{count:>6}{came[name]:>6}")


def as_json(outcomes: Sequence[Outcome]) -> str:
    """Write all that was found, each pair with where it was raised."""
    return json.dumps([asdict(outcome) for outcome in outcomes], indent=1)


def main() -> int:
    """Fetch, watch, test, print; exit code 1 when something escapes that no mock raised."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("packages", nargs="*", help="some of the listed ones")
    parser.add_argument("--work", type=Path, help="keep sources and environments in this folder")
    parser.add_argument("--json", type=Path, help="write each pair to this file")
    parser.add_argument(
        "--seconds", type=int, default=300, help="bound of one run of one package's tests (300)"
    )
    parser.add_argument(
        "--once",
        action="store_true",
        help="test the watched copies only: faster, and nothing is said of `differ`",
    )
    options = parser.parse_args()
    rows = tomllib.loads((HERE / "observed.toml").read_text(encoding="utf-8"))["package"]
    packages = [
        Package(**{key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()})
        for entry in rows
    ]
    unknown = set(options.packages) - {package.name for package in packages}
    if unknown:
        parser.error(f"not in observed.toml: {', '.join(sorted(unknown))}")
    chosen = [package for package in packages if not options.packages or package.name in options.packages]
    outcomes: list[Outcome] = []
    with tempfile.TemporaryDirectory() as temporary:
        work = (options.work or Path(temporary)).resolve()
        print(f"{'package':<16}" + "".join(f"{column:>7}" for column in _COLUMNS), flush=True)
        for package in chosen:
            outcome = observe(package, work, options.seconds, once=options.once)
            if outcome.refusal:
                print(f"{package.name:<16} counts for nothing: {outcome.refusal}", flush=True)
                continue
            outcomes.append(outcome)
            print(row(package.name, [outcome]), flush=True)
            for pair in outcome.pairs:
                if not pair.expected and not pair.mocked:
                    kind = "broad" if pair.handler.broad else "specific"
                    print(
                        f"    ESCAPE {kind} {pair.handler.place} {pair.type}; raised in {pair.frames[-1]}",
                        flush=True,
                    )
    print(row(f"{len(outcomes)} packages", outcomes))
    print_names(outcomes)
    if options.json:
        options.json.write_text(as_json(outcomes), encoding="utf-8")
    return int(any(not pair.expected and not pair.mocked for entry in outcomes for pair in entry.pairs))


if __name__ == "__main__":
    sys.exit(main())
