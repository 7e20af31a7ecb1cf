"""Measure what becomes of the broad handlers of whole projects, and what keeps the others broad.

    python benchmarks/exceptions/real.py --sources DIR [--files N] [--json FILE] [--before FILE] [--top N]
    python benchmarks/exceptions/real.py --samples

``DIR`` holds one folder per project, as checked out. Each of their Python files that holds a handler is judged as a run
over the whole project would judge it (its place in the project and the files that use it are looked up), but nothing is
rewritten. Tests and installed packages are left out; of a project with more than ``--files`` such files a fixed sample is
taken. Printed are, for each project:

broad       handlers that catch ``Exception`` or more, ``suppress(Exception)`` included
narrowed    those that get specific types, and their share of all, and of those that are not left for another reason
left        those that are none of its business (they raise again, guard an import, are never reached)

and over all projects what the others hang on: the kinds of causes, the handlers that hang on a single one, and these by
what was not known. ``--json`` writes every handler with its evidence, for reading; ``--before`` compares with such a file:
which were narrowed then and are not now, and the other way round. ``--samples`` judges our own sample workers instead
(``fixtures/workers`` and the golden cases of all codemods, each in a folder of its own), and ends with 1 when fewer than 95% of their handlers
that are not left for another reason are narrowed. At the end stands the time that inference took beside
``ast.parse`` of the same files.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "src"))

from workerlog_migrate.analysis.context import Context  # noqa: E402  # the path is set above
from workerlog_migrate.analysis.header import find_header  # noqa: E402
from workerlog_migrate.analysis.module import Module  # noqa: E402
from workerlog_migrate.analysis.types import Types  # noqa: E402
from workerlog_migrate.errors import Refused  # noqa: E402
from workerlog_migrate.files.source import decode  # noqa: E402
from workerlog_migrate.finders import specific_exceptions  # noqa: E402
from workerlog_migrate.finders.handler_edits import INCOMPLETE, LEFT, NARROWED, HandlerEdit, SuppressEdit  # noqa: E402
from workerlog_migrate.knowledge import Knowledge  # noqa: E402
from workerlog_migrate.model import Settings, Target  # noqa: E402
from workerlog_migrate.project import place  # noqa: E402

SKIPPED = frozenset({"tests", "test", ".venv", "venv", "env", "site-packages", "node_modules", ".git"})
KINDS = (NARROWED, INCOMPLETE, LEFT)
FIXTURES = ROOT / "fixtures"
LEAST = 0.95
"""The share of the handlers of the sample workers that is narrowed at least."""


@dataclass(frozen=True, slots=True)
class Handler:
    """What became of one broad handler: its place, the kind of finding, the message, names, and evidence."""

    project: str
    file: str
    line: int
    kind: str
    message: str
    types: tuple[str, ...]
    evidence: tuple[tuple[str, str, int, str, str], ...]  # exception, cause, line, rule, note

    @property
    def unknown(self) -> list[tuple[str, str, int, str, str]]:
        """What is not known of it."""
        return [entry for entry in self.evidence if not entry[0]]


def files_of(project: Path, most: int) -> list[Path]:
    """List the files of a project that hold a handler, a fixed sample when there are many.

    Args:
        project: its folder.
        most: how many files to take at most.
    """
    found = [
        path
        for path in sorted(project.rglob("*.py"))
        if not SKIPPED & set(path.relative_to(project).parts)
        and not path.name.startswith("test_")
        and path.is_file()
        and b"except" in path.read_bytes()
    ]
    if len(found) > most:
        found = sorted(random.Random(1).sample(found, most))  # a sample, no secret
    return found


class Clock:
    """Processor time of parsing and of inference, in seconds."""

    def __init__(self) -> None:
        self.parse = 0.0
        self.infer = 0.0


def judge(project: Path, files: list[Path], knowledge: Knowledge, clock: Clock) -> Iterator[Handler]:
    """Decide about the broad handlers of a project's files.

    Args:
        project: its folder.
        files: those to judge.
        knowledge: the rows.
        clock: takes the time.

    Yields:
        Every broad handler.
    """
    settings = Settings()
    os.chdir(project)  # as a person would, who runs it there: the project's root is looked for from here
    targets = place([Target(path, path.stem) for path in files], project, None)
    for target in targets:
        try:
            source = decode(target.path, target.path.read_bytes())
            start = time.process_time()
            ast.parse(source.text)
            clock.parse += time.process_time() - start
            module = Module(source)
        except (Refused, SyntaxError, ValueError):
            continue
        if not module.handlers:
            continue
        start = time.process_time()
        types = Types(module, knowledge, settings, users=dict(target.users))
        context = Context(settings, target, find_header(module, target), types)
        found = list(specific_exceptions.find(module, context))
        types.close()
        clock.infer += time.process_time() - start
        for finding in found:
            if finding.kind not in KINDS:
                continue
            edit = finding.edit
            names = edit.types if isinstance(edit, HandlerEdit | SuppressEdit) else None
            yield Handler(
                project.name,
                str(target.path.relative_to(project)),
                finding.span.line,
                finding.kind,
                finding.message,
                tuple(names or ()) if finding.kind == NARROWED else (),
                tuple((e.exception, e.cause, e.line, e.rule, e.note) for e in finding.evidence),
            )


def share(part: int, whole: int) -> str:
    """Write a share in percent."""
    return f"{100 * part / whole:5.1f}%" if whole else "    -"


def row(name: str, handlers: list[Handler]) -> str:
    """Write one line of the table."""
    kinds = Counter(handler.kind for handler in handlers)
    narrowed, left = kinds[NARROWED], kinds[LEFT]
    return (
        f"{name[:40]:40} {len(handlers):6} {narrowed:8} {share(narrowed, len(handlers))} "
        f"{share(narrowed, len(handlers) - left)} {left:6}"
    )


def causes(handlers: list[Handler], top: int) -> Iterator[str]:
    """Say what the handlers that stay broad hang on."""
    broad = [handler for handler in handlers if handler.kind == INCOMPLETE]
    counts = Counter(min(len({(c, n) for _, c, n, _, _ in handler.unknown}), 6) for handler in broad)
    yield f"{len(broad)} stay broad; by how many things are not known: " + ", ".join(
        f"{count or 'another reason'}: {number}" for count, number in sorted(counts.items())
    )
    reasons = Counter(
        handler.message.partition(": ")[2].partition(" in line")[0]
        for handler in broad
        if not handler.unknown
    )
    yield from (f"  {number:4}  {reason[:100]}" for reason, number in reasons.most_common(8))
    for what, chosen in (
        ("any", broad),
        ("the only", [handler for handler in broad if len({entry[3] for entry in handler.unknown}) == 1]),
    ):
        rules = Counter(rule for handler in chosen for rule in {entry[3] for entry in handler.unknown})
        yield f"{what} rule that decides (of {len(chosen)}):"
        yield from (f"  {number:4}  {rule}" for rule, number in rules.most_common(top))


def changes(handlers: list[Handler], before: Path) -> Iterator[str]:
    """Say what is narrowed now and was not, and the other way round."""
    then = {
        (entry["project"], entry["file"], entry["line"]): entry
        for entry in json.loads(before.read_text(encoding="utf-8"))
    }
    for handler in handlers:
        old = then.get((handler.project, handler.file, handler.line))
        if old is not None and old["kind"] != handler.kind:
            yield f"{old['kind']} -> {handler.kind}: {handler.project}/{handler.file}:{handler.line} {handler.message[:160]}"


def lay_out_samples(folder: Path) -> None:
    """Copy the sample workers, one project each, to where no other file of ours can be taken for one that uses them.

    Args:
        folder: an empty one.
    """
    for name in ("scripts", "coleta"):
        shutil.copytree(FIXTURES / "workers" / name, folder / name)
    for case in sorted((FIXTURES / "golden" / "all").iterdir()):
        (folder / case.name).mkdir()
        shutil.copy(case / "before.py", folder / case.name / "worker.py")


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--sources", type=Path, help="folder with one folder per project")
    which.add_argument("--samples", action="store_true", help="our own sample workers instead")
    parser.add_argument("--only", default="", help="projects whose name holds this text")
    parser.add_argument("--files", type=int, default=60, help="files of a project at most (default: 60)")
    parser.add_argument("--json", type=Path, help="write every handler here")
    parser.add_argument("--before", type=Path, help="an earlier file of --json to compare with")
    parser.add_argument("--top", type=int, default=40, help="lines per list (default: 40)")
    options = parser.parse_args()
    if not options.samples:
        return measure(options.sources, options)
    with tempfile.TemporaryDirectory() as folder:
        lay_out_samples(Path(folder))
        try:
            return measure(Path(folder), options)
        finally:
            os.chdir(ROOT)  # Windows removes no folder in which somebody is


def measure(sources: Path, options: argparse.Namespace) -> int:
    """Judge projects and print what became of their handlers.

    Args:
        sources: the folder that holds them.
        options: those of the command line.

    Returns:
        1 when too few handlers of the sample workers are narrowed.
    """
    knowledge, clock = Knowledge(), Clock()
    every: list[Handler] = []
    print(f"{'project':40} {'broad':>6} {'narrowed':>8} {'of all':>6} {'of own':>6} {'left':>6}")
    for project in sorted(path for path in sources.iterdir() if path.is_dir()):
        if options.only not in project.name:
            continue
        found = list(judge(project.resolve(), files_of(project.resolve(), options.files), knowledge, clock))
        every += found
        print(row(project.name, found), flush=True)
    print(row("all", every))
    narrowed = [handler for handler in every if handler.kind == NARROWED]
    size = sum(len(handler.types) for handler in narrowed) / max(1, len(narrowed))
    print(f"names a list {size:.2f}; inference takes {clock.infer / max(clock.parse, 1e-9):.1f} x ast.parse")
    print("\n".join(causes(every, options.top)))
    if options.before:
        print("\n".join(changes(every, options.before)))
    if options.json:
        options.json.write_text(json.dumps([asdict(handler) for handler in every]), encoding="utf-8")
    own = sum(handler.kind != LEFT for handler in every)
    return int(options.samples and len(narrowed) < LEAST * own)


if __name__ == "__main__":
    sys.exit(main())
