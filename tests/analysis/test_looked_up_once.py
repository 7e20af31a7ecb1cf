"""What is the same for all scripts of a run is found out once: calls are counted here, not seconds."""

from __future__ import annotations

import cProfile
import subprocess
import sys
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from workerlog_migrate.analysis import neighbours, program
from workerlog_migrate.cli import main
from workerlog_migrate.files.once import looking_once, once

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_FILES = 8
_TEXT = """import json
import {first}
import {second}
from {third} import size as other


class Store:
    def __init__(self, folder):
        self.folder = folder

    def save(self, rows):
        with open(self.folder, "w") as file:
            json.dump(rows, file)


def size(number):
    return {at} // (number + 1)


def load(folder):
    try:
        found = {first}.size(1) + other(2)
        {second}.Store(folder).save([found])
    except Exception as error:
        print(error)
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder of scripts that import one another, and stand in it."""
    for at in range(_FILES):
        first, second, third = (f"part_{(at + step) % _FILES}" for step in (1, 3, 6))
        text = _TEXT.format(at=at, first=first, second=second, third=third)
        (tmp_path / f"part_{at}.py").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _counted(
    monkeypatch: pytest.MonkeyPatch, module: object, name: str, key: Callable[..., object]
) -> Counter[object]:
    """Count the calls of a function, by what it is asked."""
    counts: Counter[object] = Counter()
    real = getattr(module, name)

    def counting(*arguments: object) -> object:
        counts[key(*arguments)] += 1
        return real(*arguments)

    monkeypatch.setattr(module, name, counting)
    return counts


@pytest.mark.usefixtures("project")
def test_what_a_file_says_by_itself_is_read_once_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many scripts look at a file: its names are looked for, and its functions and classes read, once."""
    looked = _counted(monkeypatch, neighbours, "_look", lambda folder, parts: (folder, *parts))
    bodies = _counted(monkeypatch, program, "_ClassBody", lambda node: id(node))
    facts = _counted(monkeypatch, program, "_facts", lambda module: module.source.path.name)

    done = CliRunner().invoke(main, ["--all", "--no-cache", "--jobs", "1", "--dry-run", "."])

    assert done.exit_code == 0, done.output
    assert len(looked) >= _FILES
    assert set(looked.values()) == {1}
    # As a neighbour of all others, as the script, and as what the script was rewritten to.
    assert len(facts) == _FILES
    assert max(facts.values()) <= 3
    assert sum(bodies.values()) <= 3 * _FILES


def test_outside_of_a_run_the_disk_is_looked_at_anew() -> None:
    """What comes later is found by whoever asks later; its twin, inside of a run, is told what was there when it began."""
    there: list[bool] = [False, True]

    assert [once("x", lambda: there[0]), once("x", lambda: there[1])] == [False, True]
    with looking_once():
        assert [once("x", lambda: there[0]), once("x", lambda: there[1])] == [False, False]
    assert once("x", lambda: there[1])


_IN_A_RING = """import part_{first}
import part_{second}

COUNTS = {{}}


def count(name):
    COUNTS[name] = COUNTS.get(name, 0) + 1
    return part_{first}.COUNTS


def all_of_it(names):
    try:
        for name in names:
            part_{second}.count(name)
    except Exception:
        return None
"""


def _calls(folder: Path, size: int) -> int:
    """Count all calls of a run over files of which each six import the next two of them, round and round."""
    folder.mkdir()
    for at in range(size):
        first, second = (at // 6 * 6 + (at + step) % 6 for step in (1, 2))
        text = _IN_A_RING.format(first=first, second=second)
        (folder / f"part_{at}.py").write_text(text, encoding="utf-8")
    profile = cProfile.Profile()
    done = profile.runcall(
        CliRunner().invoke, main, ["--all", "--no-cache", "--jobs", "1", "--dry-run", str(folder)]
    )
    assert done.exit_code == 0, done.output
    return sum(entry.callcount for entry in profile.getstats())


def test_a_file_costs_the_same_in_a_larger_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What one file costs hangs on the files that it reaches in a few steps, not on how many there are in all."""
    monkeypatch.chdir(tmp_path)
    _calls(tmp_path / "rows are read", 1)

    small, large = _calls(tmp_path / "small", 6) / 6, _calls(tmp_path / "large", 24) / 24

    assert large < 1.15 * small


_DEEP = """
import resource
from workerlog_migrate import jobs

def deep(depth):
    if depth:
        deep(depth - 1)
    else:
        for _ in range(20):
            pass_on(())

def pass_on(nothing):
    return len(nothing)

def every_depth():
    for depth in range(400):
        deep(depth)

jobs._with_room(every_depth)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
jobs._with_room(every_depth)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="counts page faults as Unix does")
def test_deep_calls_ask_the_system_for_no_memory() -> None:
    """What calls deeply finds room for all its frames in one piece: it is not asked for, and given back, once a call."""
    done = subprocess.run([sys.executable, "-c", _DEEP], capture_output=True, text=True, check=True)

    assert (
        int(done.stdout) < 200
    )  # each piece is one at least, and more than 400 calls are made at the end of one
