"""Kind: a regular expression of ours meets text that others have written, and takes a time that grows with the square of its length.

`support/pumping.py` finds all of them and tries each on texts made of its own pieces. What takes eight times the length may take 24 times as
long, measured in one process one after the other; the limit of processor time is a guard.
"""

from __future__ import annotations

import json
import logging
import re
import resource
import subprocess
import sys
from pathlib import Path

import pumping
import pytest

BOUNDS = {
    "levels: 0": 1_000,  # `_MOST_OF_START`
    # Of a path such as `a.b['c']` more is not kept: `_LONGEST_PATH`.
    r"workerlog_migrate.analysis.other_names: '\\.([^\\W\\d]\\w*)(?![^\\[]*\\])'": 1_000,
    r"""workerlog_migrate.analysis.shared_items: '\\[(\'(?:[^\'\\\\]|\\\\.)*\'|\\"(?:[^\\"\\\\]|\\\\.)*\\"|[^\\]]*)\\]'""": 1_000,
    # Of a file so many bytes are looked at: `_FIRST_LINES`.
    r"workerlog_migrate.project.command_lines: '\\bpy(?:thon|py)[\\d.]{0,10}(?:\\s+-\\S+){0,9}?\\s+"
    r"(?P<flag>-[A-HJ-OQ-Za-z]*[IP][A-Za-z]*)\\s[^\\n]*\\$\\{?0'": 1_000,
}
"""The longest text that an expression meets, where that is short."""

WITH_OTHERS = {
    "workerlog_migrate.analysis.escaped: text": "the script's own expression, compiled only",
    "workerlog_migrate.analysis.level: marker": "the same as the runtime's",
    "workerlog_migrate.analysis.level: timestamp": "the same as the runtime's",
    "workerlog_migrate.analysis.trials: _simple(pattern)": "stands in for the script's own",
    "workerlog_migrate.files.discover: linear(regex.pattern)": "tried in `test_hangs`",
    "workerlog_migrate.files.discover: regex.pattern": "of two wildcards at most",
    "workerlog_migrate.project.concerned: pattern": "names, escaped",
    "workerlog_migrate.rewriting.skeleton: f'{self.mark}(\\\\d+)_'": "a word and a number",
    "workerlog_migrate.runtime.worker_logger: control": "one character",
    "workerlog_migrate.runtime.worker_logger: marker": "among `ELSEWHERE`",
    "workerlog_migrate.runtime.worker_logger: timestamp": "among `ELSEWHERE`",
    "workerlog_migrate.runtime.worker_logger: pattern": "among `ELSEWHERE`",
    "workerlog_migrate.syntax.patterns: pattern": "the script's own expression, compiled only",
    "workerlog_migrate.terminal.remedies: pattern": "among `ELSEWHERE`",
}
"""Expressions that are put together where they are used, and why that does no harm."""


@pytest.fixture(scope="module")
def told() -> dict[str, list[str]]:
    """What the program says of all expressions."""
    done = subprocess.run(
        [sys.executable, pumping.__file__],
        input=json.dumps(BOUNDS),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (300, 300)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"it hangs, or fails, at {done.stderr[-2_000:]}"
    found: dict[str, list[str]] = json.loads(done.stdout)
    return found


def test_each_expression_takes_a_time_that_grows_with_the_text_alone(told: dict[str, list[str]]) -> None:
    """A text that is twice as long takes twice as long, whatever it is made of."""
    assert told["slow"] == []


def test_all_expressions_are_tried(told: dict[str, list[str]]) -> None:
    """What cannot be told from its text alone is named, with its reason; no bound is for an expression that is gone."""
    assert set(told["unknown"]) == set(WITH_OTHERS)
    assert not BOUNDS.keys() - set(told["all"])
    assert len(told["all"]) > 200


@pytest.mark.parametrize(
    ("pattern", "how"),
    [
        (r"(a|a)*b", "search"),
        (r"\s*;?\s*x", "match"),
        (r"a.*b", "finditer"),
        (r"\[(\w+)*\]", "fullmatch"),
        (r"import\b.*\bprint", "finditer"),
    ],
)
def test_twin_what_is_slow_is_found(pattern: str, how: str) -> None:
    """The proof can fail: expressions of the known kinds."""
    made = re.compile(pattern)

    assert any(
        pumping.judge(made, how, before, piece, pumping.LONGEST)
        for before, piece in pumping.Pieces(made).pairs
        if piece
    )


@pytest.mark.parametrize("pattern", [r"[^\W\d]\w*", r"a[^b]*(?:b|\Z)", r"(?<!\w)\w+b", r"\bx\s+as\s+y"])
def test_twin_what_is_linear_is_not(pattern: str) -> None:
    made = re.compile(pattern)

    assert not any(
        pumping.judge(made, "finditer", before, piece, pumping.LONGEST)
        for before, piece in pumping.Pieces(made).pairs
        if piece
    )


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("Errors" + " " * 2_000_000, None),
        ("Errors:" + "\n" * 2_000_000 + "0", None),
        ("Advertencias" + " a" * 1_000_000, "WARNING"),
        ("=" * 2_000_000, "INFO"),
        ("=" * 2_000_000 + " failed", None),
        ("[ERROR] " + "x" * 2_000_000, "ERROR"),
    ],
    ids=lambda value: str(value)[:12],
)
def test_the_level_of_a_long_text_is_read_from_its_start(text: str, level: str | None) -> None:
    """Kind: what a worker prints is others' text, too; and what is known of it beforehand is the same."""
    script = """
import sys
from workerlog_migrate.analysis.level import level_of_text
from workerlog_migrate.runtime.worker_logger import _level_of
text = sys.stdin.read()
known = level_of_text(text)
sys.stdout.write(f"{known and known.name} {_level_of(text, 0)}")
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        input=text,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (30, 30)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    known, at_run_time = done.stdout.split()
    number = 0 if known == "None" else getattr(logging, known)
    assert int(at_run_time) == number
    if level is not None:
        assert known == level


def test_the_program_is_the_one_that_is_read() -> None:
    assert Path(pumping.__file__).resolve().parents[3] == pumping.ROOT
