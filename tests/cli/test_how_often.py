"""How often a run opens, parses and evaluates what it is given: counts, which no busy machine changes.

What costs time comes back unnoticed: a second run once took ten times as long as the first. The bounds are those of what is needed,
with some room; whoever needs more says in the bound's comment what for.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Environment

PROBE = """
import atexit, collections, json, os, sys

opened, parsed, evaluated = collections.Counter(), collections.Counter(), 0
texts = {}
for name in sorted(os.listdir("scripts")):
    if name.endswith(".py"):
        with open(os.path.join("scripts", name), encoding="utf-8", newline="") as file:
            texts[file.read()] = name

def watch(event, arguments):
    if event == "open" and isinstance(arguments[0], str) and os.path.basename(arguments[0]) in names:
        opened[os.path.basename(arguments[0])] += 1  # by its path, or by its name in a folder that is open
    elif event == "compile" and isinstance(arguments[0], (str, bytes)):
        text = arguments[0] if isinstance(arguments[0], str) else arguments[0].decode("utf-8", "replace")
        if text in texts:
            parsed[texts[text]] += 1

names = set(texts.values())
sys.addaudithook(watch)

import workerlog_migrate.analysis.expressions as expressions
plain = expressions.Expressions.value

def value(self, node, frame):
    global evaluated
    evaluated += 1
    return plain(self, node, frame)

expressions.Expressions.value = value
from workerlog_migrate.cli import main
try:
    main(["--all", "--quiet", "--jobs", "1", *sys.argv[1:], "scripts"], prog_name="workerlog-migrate")
finally:
    sys.stderr.write("COUNTED " + json.dumps([opened, parsed, evaluated]))
"""

SAMPLES = Path(__file__).resolve().parents[2] / "fixtures" / "workers" / "scripts"
WORKERS = ("aider-bridge.py", "genesis_comum.py", "genesis_relatorio.py", "zero_metrics.py")


class Counts:
    """What one run did with each script, and how many expressions it evaluated."""

    def __init__(self, text: str) -> None:
        self.opened, self.parsed, self.evaluated = json.loads(text)


def counted(project: Path, environment: Environment, *options: str) -> Counts:
    variables = {
        "WORKERLOG_MIGRATE_CACHE_DIR": str(project.parent / "cache"),
        "XDG_STATE_HOME": str(project.parent),
    }
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *options],
        cwd=project,
        env=environment(**variables),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    return Counts(done.stderr.rpartition("COUNTED ")[2])


@pytest.fixture
def workers(project: Path) -> Path:
    """Four sample workers, two of which import a third."""
    for name in WORKERS:
        shutil.copy(SAMPLES / name, project / "scripts" / name)
    return project


def test_what_has_nothing_to_find_is_opened_once_and_never_parsed(
    project: Path, environment: Environment
) -> None:
    """In a large repository nearly every file is such a one."""
    names = [f"part_{number}.py" for number in range(5)]
    for number, name in enumerate(names):
        (project / "scripts" / name).write_text(f"LIMIT = {number}\n\n\ndef over(x):\n    return x > LIMIT\n")
    for options in ("--dry-run",), ("--dry-run", "--no-cache"), ("--apply",):
        counts = counted(project, environment, *options)

        most = 2 if "--apply" in options else 1  # kept as it was for those that are written
        assert {name: counts.opened.get(name) for name in names} == dict.fromkeys(names, most), options
        assert counts.parsed == {}
        assert counts.evaluated == 0


def test_the_run_after_an_apply_parses_little_and_infers_nothing_anew(
    workers: Path, environment: Environment
) -> None:
    """What follows an apply is known from the look at its result, how scripts are started included, but for files whose
    neighbours it wrote, too.

    Without the cache it is inferred, and costs far less than before: there are no broad handlers any more.
    """
    alone = {"aider-bridge.py", "zero_metrics.py"}
    first = counted(workers, environment, "--dry-run", "--no-cache")
    applied = counted(workers, environment, "--apply")
    again = counted(workers, environment, "--dry-run")
    later = counted(workers, environment, "--dry-run")
    anew = counted(workers, environment, "--dry-run", "--no-cache")

    assert first.evaluated > 1000  # else nothing is measured
    # How it is started, and what is in it; a file that others import is looked at for their sake, too.
    for counts in (first, applied, anew):
        for name in WORKERS:
            assert 1 <= counts.parsed[name] <= (2 if name in alone else 3), name
            assert counts.opened[name] <= 8, name
    assert applied.evaluated <= first.evaluated
    assert alone.isdisjoint(again.parsed)
    assert all(count <= 2 for count in again.parsed.values())
    assert again.evaluated * 10 <= first.evaluated
    assert (later.parsed, later.evaluated) == ({}, 0)
    assert anew.evaluated * 5 <= first.evaluated
