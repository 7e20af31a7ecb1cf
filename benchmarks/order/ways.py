"""A project is migrated in many ways: which of them make something else of it than the first?

Input: a folder. Output: what differs, in words, and how much was compared. Each way works on a copy of its own, by the command
itself, and with another seed of hashes than the ways beside it. A way that fails, and a project of which nothing changes, prove nothing: the first is said to differ, the second is seen by
its figures.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple

import commands

from benchmarks.metamorphic.compare import all_asked
from workerlog_migrate.analysis.module import Module
from workerlog_migrate.analysis.raises import infer
from workerlog_migrate.analysis.types import Types
from workerlog_migrate.files.cache import FOLDER_VARIABLE
from workerlog_migrate.files.source import decode
from workerlog_migrate.knowledge import Knowledge
from workerlog_migrate.model import Settings, Target
from workerlog_migrate.project import place

Tree = dict[str, bytes]
"""By the path of a file what it holds."""

_ONE, _TWO, _NO_CACHE = ("--jobs", "1"), ("--jobs", "2"), "--no-cache"
_RETRIED = re.compile(r"\bretrying\(([\w.]+)\)\(")
_SHOWN = 50
_MOST = 6
_SEEDS = 3
_RUNTIME = frozenset({"worker_logger.py", "worker_utils.py"})


class Outcome(NamedTuple):
    """What came out of one project.

    Attributes:
        files: how many files it has.
        changed: how many of them were changed at all.
        bodies: how many ``try`` bodies were inferred on the original and on the migrated tree.
        found: what differs, in words; at most a few.
    """

    files: int
    changed: int
    bodies: int
    found: tuple[str, ...]


class _FailedError(Exception):
    """The command or the patch did not end as it does when every file was done."""


def compare(project: Path) -> Outcome:
    """Migrate a project in every way.

    Args:
        project: a folder, which is left as it is.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        files = sorted(
            path.relative_to(project) for path in project.rglob("*.py") if path.name not in _RUNTIME
        )
        original, found = _texts(project), list[str]()
        try:
            trees, found = _trees(project, folder, [path.as_posix() for path in files])
        except _FailedError as failed:
            return Outcome(len(files), 0, 0, (str(failed),))
        first = trees["at once"]
        for way, tree in trees.items():
            differing = sorted(path for path in first if tree.get(path) != first[path])
            if differing or len(tree) != len(first):
                found.append(f"{way}: {', '.join(differing[:3])}")
        before, after = _lists(project, files), _lists(folder / "at once", files)
        found += [
            f"inferred {key}: {before[key]} and {after.get(key)}"
            for key in sorted(before)
            if before[key] != after.get(key)
        ]
        changed = sum(first[path] != raw for path, raw in original.items())
        return Outcome(len(files), changed, len(before), tuple(found[:_MOST]))


def _trees(project: Path, folder: Path, files: list[str]) -> tuple[dict[str, Tree], list[str]]:
    """Migrate a project in every way; what it is then by the way, and what the printed diffs say."""
    runs: dict[str, list[list[str]]] = {
        "at once": [[_NO_CACHE, *_ONE, "."]],
        "by two processes": [[_NO_CACHE, *_TWO, "."]],
        "file by file": [[_NO_CACHE, *_ONE, path] for path in files],
        "file by file backwards": [[_NO_CACHE, *_TWO, path] for path in reversed(files)],
        "in two parts": [[_NO_CACHE, *_ONE, *part] for part in (files[::2], files[1::2]) if part],
        "in two parts backwards, by two processes": [
            [_NO_CACHE, *_TWO, *part] for part in (files[1::2], files[::2]) if part
        ],
        "file by file backwards, with what is kept from run to run": [[path] for path in reversed(files)],
        "at once, and once more": [[_NO_CACHE, "."], [_NO_CACHE, "."]],
    }
    trees: dict[str, Tree] = {}
    for number, (way, arguments) in enumerate(runs.items()):
        shutil.copytree(project, folder / way)
        for each in arguments:
            _run(folder / way, folder / "kept", number % _SEEDS, "--apply", *each)
        trees[way] = _texts(folder / way)
    shutil.copytree(project, folder / "diff")
    diffs = [
        _run(folder / "diff", folder / "kept", seed, "--dry-run", _NO_CACHE, *jobs, ".")
        for seed, jobs in enumerate((_ONE, _TWO))
    ]
    if diffs[0]:
        command = ["patch", "-p1", "-s"]
        done = subprocess.run(command, cwd=folder / "diff", input=diffs[0], check=False, capture_output=True)
        if done.returncode:
            raise _FailedError(f"the printed diff does not apply: {done.stdout.decode()[-200:]}")
    trees["by the printed diff"] = _texts(folder / "diff")
    return trees, [] if diffs[0] == diffs[1] else ["the diff that two processes print is another one"]


def _run(folder: Path, cache: Path, seed: int, *arguments: str) -> bytes:
    os.environ["PYTHONHASHSEED"] = str(seed)  # one process is forked for each: see `commands`
    variables = {**os.environ, "PYTHONPATH": commands.PATHS, FOLDER_VARIABLE: str(cache)}
    done = commands.run("--all", "--quiet", *arguments, cwd=folder, env=variables)
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace")[-300:]
        raise _FailedError(f"{' '.join(arguments)} in {folder.name!r} ended with {done.returncode}: {said}")
    return done.stdout


def _texts(folder: Path) -> Tree:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
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
        with (
            all_asked()
        ):  # else where that ends hangs on how long the file is, and with it what a reason names
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
