"""What a program hands over to a library runs in the body of a handler: files of its own, functions, makers of rows."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import commands
import pytest

PROGRAM = """\
import configparser
import csv
import gzip
import io
import shutil
import sqlite3
import tempfile
import xml.etree.ElementTree as ET


class Refused(Exception):
    pass


class File:
    def read(self, *_):
        {reads}

    def write(self, _):
        {writes}

    def __iter__(self):
        return self

    def __next__(self):
        {reads}


def hook(*_):
    {calls}


folder = tempfile.mkdtemp()
with open(folder + "/a", "w") as file:
    file.write("x")
connection = sqlite3.connect(":memory:")
{before}


def work():
    try:
        {body}
    except Exception as error:
        print("caught", type(error).__name__)


work()
print("end")
"""
BODIES = {
    "csv-reader": "list(csv.reader(File()))",
    "csv-writer": "csv.writer(File()).writerow([1])",
    "copyfileobj": "shutil.copyfileobj(File(), io.BytesIO())",
    "read-file": "configparser.ConfigParser().read_file(File())",
    "parse": "ET.parse(File())",
    "gzip": "gzip.GzipFile(fileobj=File()).read()",
    "copytree-ignore": "shutil.copytree(folder, folder + 'b', ignore=hook)",
    "copytree-copy": "shutil.copytree(folder, folder + 'c', copy_function=hook)",
    "move": "shutil.move(folder + '/a', '/dev/shm/never', copy_function=hook)",
    "row-factory": "connection.execute('select 1').fetchall()",
    "text-factory": "connection.execute(\"select 'a'\").fetchone()",
}


def _run(folder: Path, text: str) -> tuple[str, str]:
    folder.mkdir()
    script = folder / "zero_x.py"
    script.write_text(text, encoding="utf-8")
    variables = {**os.environ, "PYTHONPATH": commands.PATHS}
    commands.run(
        "--apply", "--no-undo", "--no-cache", "zero_x.py", cwd=folder, env=variables
    ).check_returncode()
    done = subprocess.run(
        [sys.executable, "zero_x.py"], cwd=folder, capture_output=True, text=True, check=False
    )
    handlers = [line.strip() for line in script.read_text(encoding="utf-8").splitlines() if "except" in line]
    return done.stdout + done.stderr, handlers[-1]


@pytest.mark.parametrize("name", BODIES)
def test_what_a_library_calls_back_is_caught_as_before(tmp_path: Path, name: str) -> None:
    """A method or function of the program that a library calls raises in the body, and ends no worker that caught it before."""
    maker = name.replace("-", "_") if "factory" in name else ""
    before = f"connection.{maker} = hook" if maker else ""
    raises = {"reads": "raise Refused", "writes": "raise Refused", "calls": "raise Refused"}

    said, handler = _run(tmp_path / "x", PROGRAM.format(body=BODIES[name], before=before, **raises))

    assert said.endswith("end\n")
    assert "Refused" in handler or "Exception" in handler


@pytest.mark.parametrize("name", ["copyfileobj", "copytree-ignore", "row-factory"])
def test_what_raises_nothing_adds_nothing(tmp_path: Path, name: str) -> None:
    """The twin: a file or function of the program that cannot fail widens no handler."""
    calm = {"reads": "return iter(())", "writes": "return None", "calls": "return []"}

    _, handler = _run(tmp_path / "x", PROGRAM.format(body=BODIES[name], before="", **calm))

    assert "Refused" not in handler
    assert "except Exception" not in handler


@pytest.mark.parametrize("body", ["csv.writer(File()).writerow([1])", "shutil.copyfileobj(File(), File())"])
def test_a_method_that_a_class_has_by_another_name_is_its_own(tmp_path: Path, body: str) -> None:
    """``write = read = refuse`` in a class body is a method like one that is written there."""
    text = PROGRAM.format(body=body, before="", reads="pass", writes="pass", calls="pass")
    start, end = text.index("class File:"), text.index("def hook(")
    named = "class File:\n    def refuse(self, *_):\n        raise Refused\n\n    write = read = refuse\n\n\n"

    said, handler = _run(tmp_path / "x", text[:start] + named + text[end:])

    assert said.endswith("end\n")
    assert "Refused" in handler or "Exception" in handler


@pytest.mark.parametrize(
    ("options", "fails"),
    [
        ("sep=5", True),
        ("end=b''", True),
        ("other=1", True),
        ("flush=True", False),
        ("sep='; '", False),
        ("end=''", False),
        ("sep=None", False),
    ],
)
def test_a_separator_that_is_no_text_is_an_error_of_print(tmp_path: Path, options: str, fails: bool) -> None:
    """What must fail for a value that is seen is raised by the body; what is a text, or None, is not."""
    text = PROGRAM.format(body=f"print('x', {options})", before="", reads="pass", writes="pass", calls="pass")

    said, handler = _run(tmp_path / "x", text)

    assert said.endswith("end\n")
    assert ("TypeError" in handler) is fails
