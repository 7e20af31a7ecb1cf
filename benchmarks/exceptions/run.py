"""Measure the inferred exceptions against those that people wrote by hand.

    python benchmarks/exceptions/run.py [--cache DIR] [--ablate] [--limit N] [--losses]

A case is a ``try`` with a single handler whose types are all known and specific (no re-raising, no guard of an import,
no ``SystemExit`` and the like), from the standard library of the running interpreter and from the packages that
``cases.py`` pins. In memory its types are replaced by ``Exception``; then the codemod decides about that handler, as it
would in a worker, and what it writes is compared with what the person wrote:

narrowed    the handler got specific types (``reraise``: the known ones, and anything else is raised again);
covered     narrowed, and every type of the person is caught by ours (subclasses count as caught by their parents);
escapes     of the narrowed: at least one type of the person is not caught;
exact       the same set, after subclasses collapsed into a listed parent;
tight       covered with at most four names;
size        mean number of names of the narrowed;
precision   share of our names that the person wrote, or that are a parent or child of one that the person wrote.

All shares but ``escapes`` and ``precision`` are of all cases. A type of the person that the body cannot raise counts
against us, as does a type that it can raise and the person did not think of: these are opinions, not the truth.

Groups are by the person's types: ``os`` (OSError and below), ``lookup`` (LookupError), ``value`` (ValueError,
ArithmeticError), ``typing`` (TypeError, AttributeError, NameError), ``stdlib`` (the rest of the standard library),
``local`` (classes of the file or its package), ``third-party``, ``mixed`` (several of these).

At most ``--limit`` cases of a package count (a fixed sample), since some repeat one handler hundreds of times.

The cases are split into a part that rows and rules may be made from (``looked-at``) and one that is only scored: packages
by the list in ``cases.py``, modules of the standard library by a hash of their name. ``--losses`` lists single cases of
the looked-at part only.

Packages are downloaded with pip into ``--cache`` (by default a folder of the system's temporary folder), read as text,
and never installed or run. Nothing is created beside the script. Needs what the tool itself needs (``tomli`` on 3.10).
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import multiprocessing
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "src"))

from workerlog_migrate.analysis.context import Context  # noqa: E402  # the path is set above
from workerlog_migrate.analysis.engine import Engine  # noqa: E402
from workerlog_migrate.analysis.exceptions import Hierarchy  # noqa: E402
from workerlog_migrate.analysis.flow import Flow, GuardedBlock  # noqa: E402
from workerlog_migrate.analysis.frames import CallEdge, Unknown  # noqa: E402
from workerlog_migrate.analysis.header import find_header  # noqa: E402
from workerlog_migrate.analysis.module import Module  # noqa: E402
from workerlog_migrate.analysis.types import Types  # noqa: E402
from workerlog_migrate.finders import specific_exceptions  # noqa: E402
from workerlog_migrate.finders.handler_edits import INCOMPLETE, LEFT, HandlerEdit  # noqa: E402
from workerlog_migrate.knowledge import CallRow, Knowledge, OperationRow, Protocol  # noqa: E402
from workerlog_migrate.model import NEEDS_IMPORT, Evidence, Settings, Target, Unresolved  # noqa: E402
from workerlog_migrate.registry import SPECIFIC_EXCEPTIONS  # noqa: E402

from cases import (  # noqa: E402  # isort: skip
    GROUPS,
    LOOKED_AT,
    ONLY_SCORED,
    STDLIB,
    Case,
    File,
    cases_of,
    download,
    module_of,
    standard_library,
)

MODES = (Unresolved.KEEP, Unresolved.RERAISE)
WHOLE = "everything"
NO_OPERATIONS = "without implicit operations"
NO_LOCAL = "without functions of the program"
NO_BARE = "without rows by bare method name"
NO_GENERATED = "without generated rows"
ABLATIONS = (WHOLE, NO_OPERATIONS, NO_LOCAL, NO_BARE, NO_GENERATED)

_EXPLICIT = frozenset({"op:raise", "op:assert", "op:import"})
_TIGHT = 4
_ALL = "all"


# -- ablations ----------------------------------------------------------------------------------------------


class _WithoutOperations(Knowledge):
    """Rows in which nothing that is done without a call raises."""

    def operation(self, name: str) -> OperationRow:
        row = super().operation(name)
        return row if name in _EXPLICIT else replace(row, raises=())

    def protocol(self, type_name: str, operation: str) -> Protocol | None:
        found = super().protocol(type_name, operation)
        return found if found is None else replace(found, raises=())


class _WithoutBareMethods(Knowledge):
    """Rows of known types only."""

    def bare_method(self, method: str) -> CallRow | None:  # noqa: ARG002  # the signature is the parent's
        return None


def _knowledge(ablation: str, scratch: Path) -> Knowledge:
    """Return the rows under an ablation; generated ones are left out by way of a copy of the folder without them."""
    if ablation == NO_OPERATIONS:
        return _WithoutOperations()
    if ablation == NO_BARE:
        return _WithoutBareMethods()
    if ablation == NO_GENERATED:
        root = scratch / "knowledge"
        if not root.is_dir():
            shutil.copytree(Knowledge().root, root, ignore=shutil.ignore_patterns("generated", "__pycache__"))
        return Knowledge(root)
    return Knowledge()


class _WithoutLocalFunctions(Flow):
    """The interpretation of a body in which a function of the program is a call that nobody knows."""

    def __init__(self, flow: Flow) -> None:
        self.__dict__.update(flow.__dict__)

    def block(self, statement: ast.AST, function: object) -> GuardedBlock:
        block = super().block(statement, function)  # type: ignore[arg-type]  # passed on as it came
        effects = tuple(
            Unknown(effect.node, effect.unit, effect.function.name)
            if isinstance(effect, CallEdge)
            else effect
            for effect in block.effects
        )
        return GuardedBlock(block.function, effects, block.before)


# -- one case -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Answer:
    """What the codemod writes in place of ``Exception``, under one mode and ablation.

    Attributes:
        names: canonical names; None when the handler stays broad.
        covered, escapes, exact: compared with the person's types, see the module's text.
        right: how many of the names the person wrote, or a parent or child of them.
        missed: types of the person that are not caught.
        excess: our names that are related to none of the person's.
        why: why it stays broad, or the unresolved calls.
        evidence: what the names rest on.

    """

    names: tuple[str, ...] | None = None
    covered: bool = False
    escapes: bool = False
    exact: bool = False
    right: int = 0
    missed: tuple[str, ...] = ()
    excess: tuple[str, ...] = ()
    why: str = ""
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True)
class Result:
    """The answers to one case, by ablation and mode."""

    part: str
    package: str
    path: str
    line: int
    group: str
    names: tuple[str, ...]
    only_os_covers: bool
    answers: dict[tuple[str, Unresolved], Answer] = field(default_factory=dict)


def judge(case: Case, ablations: Iterable[str], rows: dict[str, Knowledge]) -> Result | None:
    """Ask the codemod about one case under every ablation and mode; None when its new text cannot be parsed."""
    module = module_of(case.file.path, case.text)
    if module is None:
        return None
    place = (case.line, case.column)
    handlers = [handler for handler in module.handlers if (handler.lineno, handler.col_offset) == place]
    module.handlers = handlers  # the codemod decides about this one only
    hierarchy = _hierarchy(case, rows[WHOLE])
    result = Result(
        case.file.part,
        case.file.package,
        str(case.file.path),
        case.line,
        case.group,
        case.names,
        all(hierarchy.is_caught(name, ["OSError"]) for name in case.names),
    )
    for ablation in ablations:
        for mode in MODES:
            result.answers[ablation, mode] = _answer(case, module, rows[ablation], mode, ablation == NO_LOCAL)
    return result


def _answer(case: Case, module: Module, knowledge: Knowledge, mode: Unresolved, no_local: bool) -> Answer:
    settings = Settings(select=(SPECIFIC_EXCEPTIONS,), unresolved=mode)
    target = Target(case.file.path, "worker")
    types = Types(module, knowledge, settings)
    engine = types.engine
    if no_local:
        engine.flow = _WithoutLocalFunctions(engine.flow)
    context = Context(settings, target, find_header(module, target), types)
    for finding in specific_exceptions.find(module, context):
        if (finding.span.line, finding.kind) == (case.line, NEEDS_IMPORT):
            continue
        if not isinstance(finding.edit, HandlerEdit) or finding.edit.types is None:
            if isinstance(finding.edit, HandlerEdit) or finding.kind in (
                INCOMPLETE,
                LEFT,
            ):
                return Answer(why=f"{finding.kind}: {finding.reason}", evidence=finding.evidence)
            continue
        written = tuple(_canonical(text, module.handlers[0], engine) for text in finding.edit.types)
        return _compared(case, written, engine, finding.message, finding.evidence)
    return Answer(why="nothing was found")


def _compared(
    case: Case, names: tuple[str, ...], engine: Engine, message: str, evidence: tuple[Evidence, ...]
) -> Answer:
    hierarchy = _hierarchy(case, engine.knowledge, engine.hierarchy)
    missed = tuple(name for name in case.names if not hierarchy.is_caught(name, names))
    related = [
        name
        for name in names
        if any(
            hierarchy.is_subclass(name, other) or hierarchy.is_subclass(other, name) for other in case.names
        )
    ]
    return Answer(
        names,
        not missed,
        bool(missed),
        set(names) == set(case.names),
        len(related),
        missed,
        tuple(name for name in names if name not in related),
        message.partition("raised again: ")[2],
        evidence,
    )


def _hierarchy(case: Case, knowledge: Knowledge, hierarchy: Hierarchy | None = None) -> Hierarchy:
    """Return a hierarchy that knows the classes of the person's types."""
    hierarchy = hierarchy or Hierarchy(knowledge)
    for name, bases in case.classes:
        if not hierarchy.is_exception(name) and name != "object":
            hierarchy.register(name, bases)
    return hierarchy


def _canonical(text: str, handler: ast.ExceptHandler, engine: Engine) -> str:
    """Return the canonical name of a class that the codemod wrote as text beside a handler."""
    written = ast.parse(text, mode="eval").body
    # The expression is read as if it stood at the top of the file: nobody rebinds a class in a function.
    frame = engine.flat.frame(engine.unit, engine.unit.module.tree)
    first = text.partition(".")[0]
    for place in (handler, engine.unit.module.tree):
        found = engine.unit.module.lookup(first, engine.unit.module.scope(place))
        if found is not None:
            value = engine.flat.binding_values(first, found[0], found[1], engine.unit)
            for attribute in text.split(".")[1:]:
                value = engine.attributes.attribute(value, attribute, written, frame)
            names = {engine.caught.exception_of(entry) for entry in value}
            if len(names) == 1:
                return names.pop() or text
    return engine.hierarchy.canonical(text)


# -- many cases ---------------------------------------------------------------------------------------------


class _Worker:
    """What one process keeps: the rows under each ablation."""

    def __init__(self, ablations: tuple[str, ...], scratch: Path) -> None:
        self.ablations = ablations
        self.rows = {ablation: _knowledge(ablation, scratch) for ablation in (WHOLE, *ablations)}


_workers: list[_Worker] = []


def _start(ablations: tuple[str, ...], scratch: str) -> None:
    _workers.append(_Worker(ablations, Path(scratch)))


def _collect(file: File) -> list[Case]:
    return list(cases_of(file, _workers[-1].rows[WHOLE]))


def _judge(case: Case) -> Result | None:
    return judge(case, _workers[-1].ablations, _workers[-1].rows)


def sample(cases: list[Case], limit: int) -> list[Case]:
    """Choose at most ``limit`` cases of a package, always the same ones whatever else changes.

    Some packages repeat one handler hundreds of times; without a limit they would be most of the table. The standard
    library, which is many packages, gets six times as many in each part.
    """

    def rank(case: Case) -> bytes:
        key = f"{case.file.package}/{'/'.join(case.file.path.parts[-3:])}:{case.line}"
        return hashlib.sha256(key.encode()).digest()

    chosen: list[Case] = []
    counts: Counter[tuple[str, str]] = Counter()
    for case in sorted(cases, key=rank):
        key = (case.file.part, case.file.package)
        if not limit or counts[key] < limit * (6 if case.file.package == STDLIB else 1):
            counts[key] += 1
            chosen.append(case)
    return sorted(chosen, key=lambda case: (str(case.file.path), case.line, case.column))


# -- tables -------------------------------------------------------------------------------------------------


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:5.1f}" if whole else "    -"


HEADINGS = f"{'group':<13}{'cases':>6}{'narrowed':>10}{'covered':>9}{'escapes':>9}{'exact':>7}{'tight':>7}{'size':>6}{'precision':>11}"


def row(label: str, answers: list[Answer]) -> str:
    """Write one line of the table."""
    narrowed = [answer for answer in answers if answer.names is not None]
    sizes = [len(answer.names or ()) for answer in narrowed]
    tight = sum(answer.covered and len(answer.names or ()) <= _TIGHT for answer in narrowed)
    size = f"{sum(sizes) / len(sizes):.2f}" if sizes else "-"
    return (
        f"{label:<13}{len(answers):>6}{_share(len(narrowed), len(answers)):>10}"
        f"{_share(sum(answer.covered for answer in narrowed), len(answers)):>9}"
        f"{_share(sum(answer.escapes for answer in narrowed), len(narrowed)):>9}"
        f"{_share(sum(answer.exact for answer in narrowed), len(answers)):>7}"
        f"{_share(tight, len(answers)):>7}{size:>6}"
        f"{_share(sum(answer.right for answer in narrowed), sum(sizes)):>11}"
    )


def print_tables(results: list[Result], ablations: tuple[str, ...]) -> None:
    """Print a table per part and mode, and the ablations."""
    for part in (LOOKED_AT, ONLY_SCORED):
        own = [result for result in results if result.part == part]
        for mode in MODES:
            print(f"\n{part}, --unresolved {mode.value}\n{HEADINGS}")
            for group in GROUPS:
                print(row(group, [entry.answers[WHOLE, mode] for entry in own if entry.group == group]))
            for label, test in (("(library)", True), ("(packages)", False)):
                chosen = [entry for entry in own if (entry.package == STDLIB) is test]
                print(row(label, [entry.answers[WHOLE, mode] for entry in chosen]))
            print(row(_ALL, [entry.answers[WHOLE, mode] for entry in own]))
        covers = sum(entry.only_os_covers for entry in own)
        print(f"for comparison, `except OSError` everywhere: covered {_share(covers, len(own)).strip()}")
    if len(ablations) > 1:
        for part in (LOOKED_AT, ONLY_SCORED):
            own = [result for result in results if result.part == part]
            for mode in MODES:
                print(
                    f"\nablation, {part}, --unresolved {mode.value}\n{'':<22}{HEADINGS.replace('group', 'what ', 1)}"
                )
                for ablation in ablations:
                    line = row("", [entry.answers[ablation, mode] for entry in own])
                    print(f"{ablation:<35}{line[13:]}")


def print_losses(results: list[Result]) -> None:
    """List what was lost, single cases of the looked-at part only."""
    own = [result for result in results if result.part == LOOKED_AT]
    unknown: Counter[str] = Counter()
    for entry in own:
        for evidence in entry.answers[WHOLE, Unresolved.KEEP].evidence:
            if not evidence.exception:
                unknown[evidence.rule or evidence.cause] += 1
    print("\nunresolved calls, by name")
    for name, count in unknown.most_common(60):
        print(f"{count:>5}  {name}")
    for mode in MODES:
        print(f"\nlosses, --unresolved {mode.value}")
        for entry in own:
            answer = entry.answers[WHOLE, mode]
            if answer.covered and not answer.excess:
                continue
            kind = "broad" if answer.names is None else "escape" if answer.escapes else "excess"
            print(
                f"{kind} {entry.group} {entry.path}:{entry.line} person={','.join(entry.names)} "
                f"ours={'-' if answer.names is None else ','.join(answer.names)} "
                f"missed={','.join(answer.missed)} excess={','.join(answer.excess)} why={answer.why}"
            )
            for evidence in answer.evidence:
                if not evidence.exception or evidence.exception in answer.excess:
                    print(
                        f"      {evidence.line}: {evidence.exception or '?'} {evidence.cause} [{evidence.rule}] {evidence.note}"
                    )


# -- running ------------------------------------------------------------------------------------------------


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    default = Path(tempfile.gettempdir()) / "workerlog-migrate-benchmark"
    parser.add_argument(
        "--cache", type=Path, default=default, help="folder for downloads (default: %(default)s)"
    )
    parser.add_argument("--limit", type=int, default=50, help="cases of one package, 0: all (default: 50)")
    parser.add_argument("--jobs", type=int, default=2, help="processes (default: 2)")
    parser.add_argument(
        "--ablate", action="store_true", help="also measure without single parts of the analysis"
    )
    parser.add_argument("--losses", action="store_true", help="list lost cases of the looked-at part")
    parser.add_argument(
        "--no-packages", action="store_true", help="the standard library only: downloads nothing"
    )
    return parser.parse_args()


def main() -> int:
    """Run the benchmark."""
    options = _options()
    cache = options.cache.resolve()
    if cache == ROOT or ROOT in cache.parents:
        print("--cache: a folder outside the repository, please", file=sys.stderr)
        return 2
    started = time.perf_counter()
    files = standard_library()
    if not options.no_packages:
        files.extend(download(cache))
    say = _progress(started)
    say(f"{len(files)} files")
    ablations = ABLATIONS if options.ablate else (WHOLE,)
    with tempfile.TemporaryDirectory() as scratch:
        if options.ablate:
            _knowledge(NO_GENERATED, Path(scratch))
        with multiprocessing.Pool(options.jobs, _start, (ablations, scratch)) as pool:
            cases = [case for found in pool.imap(_collect, files, chunksize=16) for case in found]
            say(f"{len(cases)} cases")
            chosen = sample(cases, options.limit)
            results = [result for result in pool.imap(_judge, chosen, chunksize=8) if result is not None]
    say(f"{len(results)} judged")
    print_tables(results, ablations)
    if options.losses:
        print_losses(results)
    return 0


def _progress(started: float) -> Callable[[str], None]:
    return lambda what: print(f"{time.perf_counter() - started:6.1f} s  {what}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
