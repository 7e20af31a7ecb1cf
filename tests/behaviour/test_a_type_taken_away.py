"""One type is taken away by hand, from each list of each handler of the sample workers in turn, and then arrives there.

Real workers, real processes: the error comes up at the first line of the ``try`` body (`SANDBOX_STRIKE`). On trial the worker goes on
as the original does and one notification names the type; a narrowed worker ends, or something further out takes it. Each time
exactly that type is proposed by what was noted, at exactly that handler. ``tests/seen/test_taken_away.py`` does the same for all
types with notes that are made up.
"""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from sandbox import PROJECT, Observation, World
from scenarios import USUAL
from struck import made

from workerlog_migrate.files.source import decode
from workerlog_migrate.finders.handler_edits import HandlerEdit
from workerlog_migrate.model import Settings, Target
from workerlog_migrate.pipeline import migrate_source
from workerlog_migrate.seen.notes import read_notes
from workerlog_migrate.seen.share import share

ALL = bool(os.environ.get("WORKERLOG_ALL_SCENARIOS"))
"""Whether every type is tried, which takes ten minutes more, or every thirtieth."""

STEP = 1 if ALL else 30


@dataclass(frozen=True, slots=True)
class Taken:
    """A worker without one type, and where the type arrives.

    Attributes:
        text: the worker.
        kind: the type, as the list has it.
        error: an expression that makes one.
        line: of the first statement of the ``try`` body.
        before: the same line in the original.
        handler: line of the handler.
        whole: the last parts of the names of the whole list.
    """

    text: str
    kind: str
    error: str
    line: int
    before: int
    handler: int
    whole: frozenset[str]


def migrated(folder: Path, originals: Path, *options: str) -> Path:
    """Migrate a copy of the workers with the real command."""
    shutil.copytree(originals, folder / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    done = subprocess.run(
        [sys.executable, "-m", "workerlog_migrate", "--apply", "--no-undo", *options, "scripts"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(PROJECT / "src"), str(PROJECT / "codemods")))},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder / "scripts"


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory, originals: Path) -> Path:
    """The workers on trial."""
    return migrated(tmp_path_factory.mktemp("watched"), originals, "--trial")


@pytest.fixture(scope="module")
def narrowed(tmp_path_factory: pytest.TempPathFactory, originals: Path) -> Path:
    """The workers with narrow handlers."""
    return migrated(tmp_path_factory.mktemp("narrowed"), originals)


def tries(text: str) -> list[ast.Try]:
    found = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Try)]
    return sorted(found, key=lambda node: (node.lineno, node.col_offset))


def lists(
    before: str, after: str
) -> Iterator[tuple[ast.Try, ast.Try, ast.ExceptHandler, ast.expr, list[ast.expr]]]:
    """Yield each list that the migration wrote: the ``try`` before and after, its handler, the list and its members."""
    for old, new in zip(tries(before), tries(after), strict=True):
        for was, handler in zip(old.handlers, new.handlers, strict=True):
            first = handler.body[0]
            call = first.value if isinstance(first, ast.Expr) else None
            if isinstance(call, ast.Call) and ast.unparse(call.func).endswith("expect_only"):
                yield old, new, handler, call, call.args[1:]
            elif handler.type is not None and (
                was.type is None or ast.unparse(was.type) != ast.unparse(handler.type)
            ):
                members = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
                yield old, new, handler, handler.type, members


def taken(before: str, after: str) -> Iterator[Taken]:
    """Take each type out of each list in turn; lines stay where they are."""
    lines = after.splitlines(keepends=True)
    for old, new, handler, whole, members in lists(before, after):
        if new.body[0].lineno == new.lineno or whole.lineno != whole.end_lineno:
            continue  # `try: f()` begins and is in the line at once: nothing can come up between
        names = [name(member) for member in members]
        for member, kind in zip(members, names, strict=True):
            kept = [ast.unparse(each) for each in members if each is not member]
            if isinstance(whole, ast.Call):
                text = f"{ast.unparse(whole.func)}({', '.join([ast.unparse(whole.args[0]), *kept])})"
            else:
                text = f"({', '.join(kept)}{',' if len(kept) == 1 else ''})"
            row = lines[whole.lineno - 1].encode()
            assert whole.end_col_offset is not None  # it was parsed
            changed = (row[: whole.col_offset] + text.encode() + row[whole.end_col_offset :]).decode()
            yield Taken(
                "".join([*lines[: whole.lineno - 1], changed, *lines[whole.lineno :]]),
                kind, made(kind, after), new.body[0].lineno, old.body[0].lineno, handler.lineno,
                frozenset(each.rpartition(".")[2] for each in names),
            )  # fmt: skip


def name(member: ast.expr) -> str:
    """Give a type as the script would write it: in a watch it may be a text."""
    text = member.value if isinstance(member, ast.Constant) else ast.unparse(member)
    return str(text).removeprefix(".").removeprefix("builtins.")


def run(world: World, worker: str, scripts: Path, error: str, line: int) -> Observation:
    strike = json.dumps({"file": f"scripts/{worker}", "line": line, "error": error})
    usual = USUAL[worker]
    return world.run(replace(usual, environment={**usual.environment, "SANDBOX_STRIKE": strike}), scripts)


def settled(world: World, worker: str, text: str, folder: Path) -> list[tuple[int, frozenset[str]]]:
    """Give line and list of each handler that the notes of the last run would change."""
    logs = world.box / "logs"
    path = Path("scripts", worker)
    notes = read_notes([logs])
    shared = share(notes, [path], folder, lambda *_: None)
    settings = Settings(seen=shared.seen)
    target = Target(path, worker[:4], pattern="*")
    result = migrate_source(decode(path, text.encode()), target, settings)
    assert result.error is None
    return [
        (finding.span.line, frozenset(each.rpartition(".")[2] for each in finding.edit.types or ()))
        for finding in result.plan.applied
        if isinstance(finding.edit, HandlerEdit)
    ]


def struck_runs(
    world: World, worker: str, originals: Path, scripts: Path, folder: Path
) -> Iterator[tuple[Taken, Observation, Observation]]:
    """Run a worker without each type in turn, and the original with the same error; give what was reached."""
    before = (originals / worker).read_bytes().decode()
    after = (scripts / worker).read_bytes().decode()
    changed = folder / "changed"
    shutil.copytree(scripts, changed, ignore=shutil.ignore_patterns("__pycache__"))
    for each in list(taken(before, after))[::STEP]:
        (changed / worker).write_bytes(each.text.encode())
        expected = run(world, worker, originals, each.error, each.before)
        found = run(world, worker, changed, each.error, each.line)
        if found.was_struck:
            yield each, expected, found


@pytest.mark.parametrize("worker", USUAL)
def test_on_trial_the_worker_goes_on_and_the_type_comes_back(
    world: World, originals: Path, watched: Path, tmp_path: Path, worker: str
) -> None:
    """(a): one notification names it, and after settling it is of the list."""
    for each, expected, found in struck_runs(world, worker, originals, watched, tmp_path):
        assert (found.code, found.stdout, found.sleeps) == (
            expected.code,
            expected.stdout,
            expected.sleeps,
        ), each
        told = [json.loads(line) for line in found.logs.get("notifications.jsonl", "").splitlines()]
        simple = re.compile(rf"not expected in \S+: (?:[\w.]+\.)?{each.kind.rpartition('.')[2]}\b")
        assert len([note for note in told if simple.match(note["message"])]) == 1, (each.kind, told)
        changes = dict(settled(world, worker, each.text, tmp_path))
        assert changes.get(each.handler) == each.whole, (each.kind, changes)


@pytest.mark.parametrize("worker", USUAL)
def test_what_passes_a_narrow_list_is_proposed_for_it(
    world: World, originals: Path, narrowed: Path, tmp_path: Path, worker: str
) -> None:
    """(b): the worker ends, or something further out takes it; that type is proposed at that handler, and nothing else."""
    for each, _, _ in struck_runs(world, worker, originals, narrowed, tmp_path):
        assert settled(world, worker, each.text, tmp_path) == [(each.handler, each.whole)], each.kind
