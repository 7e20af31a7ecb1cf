"""A dictionary, set or queue must keep its size while a loop goes through it, whoever changes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.analysis.conftest import Analyse

HEAD = """
import collections

JOBS = {"a": 1, "b": 2}
NAMES = {1, 2}
LINE = collections.deque([1])

def end(key):
    JOBS.pop(key, None)

def end_of_all(key):
    end(key)

def again_under(other):
    JOBS[f"{other}!"] = 1

def grow(number):
    NAMES.add(number + 1)

def hand_on(number):
    LINE.append(number)

def drop(table, key):
    del table[key]

def drop_from(table, key):
    drop(table, key)

def read(key):
    return JOBS.get(key)

def end_another(key):
    jobs = {}
    jobs[key] = 1
    return jobs

class Worker:
    def __init__(self):
        self.jobs = {1: 1, 2: 2}
        self.done = {}

    def end(self, key):
        self.jobs.pop(key, None)

    def note(self, key):
        self.done[key] = 1

    def all(self):
        {of_worker}


def main():
    {of_main}


main()
Worker().all()
"""


def _around(body: str) -> str:
    """Write a script with a handler around a body."""
    lines = ["try:", *(f"    {line}" for line in body.splitlines()), "except Exception:", "    pass"]
    return (
        HEAD.replace("{of_worker}", "\n        ".join(lines)).replace("{of_main}", "pass")
        if "self." in body
        else HEAD.replace("{of_worker}", "pass").replace("{of_main}", "\n    ".join(lines))
    )


@pytest.mark.parametrize(
    ("body", "twin"),
    [
        ("for key in JOBS:\n    end(key)", "for key in list(JOBS):\n    end(key)"),
        ("for key in JOBS:\n    end_of_all(key)", "for key in JOBS:\n    end_another(key)"),
        ("for key, job in JOBS.items():\n    end(key)", "for key, job in JOBS.items():\n    read(key)"),
        ("for key in JOBS:\n    again_under(key)", "for key in JOBS:\n    read(key)"),
        ("for key in JOBS:\n    end(key)", "for key in JOBS:\n    end(key)\n    break"),
        ("found = [end(key) for key in JOBS]", "found = [end(key) for key in sorted(JOBS)]"),
        ("for number in NAMES:\n    grow(number)", "for number in NAMES | {3}:\n    grow(number)"),
        ("for number in LINE:\n    hand_on(number)", "for number in [1]:\n    hand_on(number)"),
        (
            "table = {1: 1, 2: 2}\nfor key in table:\n    drop_from(table, key)",
            "table, other = {1: 1, 2: 2}, {1: 1}\nfor key in table:\n    drop_from(other, 1)",
        ),
        (
            "table = {1: 1}\nsame = table\nfor key in table:\n    same[key + 1] = 1",
            "table = {1: 1}\nsame = dict(table)\nfor key in table:\n    same[key + 1] = 1",
        ),
        ("for key in self.jobs:\n    self.end(key)", "for key in self.jobs:\n    self.note(key)"),
        (
            "jobs = self.jobs\nfor key in jobs:\n    self.end(key)",
            "jobs = dict(self.jobs)\nfor key in jobs:\n    self.end(key)",
        ),
        (
            "for key in self.jobs:\n    if key:\n        self.end(key)",
            "for key in self.jobs:\n    if key:\n        self.end(key)\n        return",
        ),
    ],
)
def test_a_body_that_changes_the_size_of_what_its_loop_goes_through(
    script: Analyse, body: str, twin: str
) -> None:
    """By a function of the program, what that one calls, or under another name; a copy may be gone through, and so may what is left at once."""
    assert "RuntimeError" in script(_around(body)).listed()
    assert "RuntimeError" not in script(_around(twin)).listed()
