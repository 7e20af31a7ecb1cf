"""Numbers that are read from text or bytes can be of any size, negative, infinite or none at all, wherever they are kept since."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from workerlog_migrate.analysis.module import Module
from workerlog_migrate.analysis.raises import infer
from workerlog_migrate.analysis.types import Types
from workerlog_migrate.knowledge import Knowledge
from workerlog_migrate.model import Settings, Source
from workerlog_migrate.syntax.packed import fields_of

KNOWLEDGE = Knowledge()


def names(line: str, before: str = "pass", kept: str = "0") -> tuple[set[str], bool]:
    """Say what a line in a method raises, and if that is all; ``self.kept`` is set when the object is made."""
    text = (
        "import datetime, math, os, sqlite3, struct, time\n"
        f"class Worker:\n    def __init__(self, text: str, raw: bytes, pause=5):\n        self.kept = {kept}\n"
        f"    def work(self, text: str, raw: bytes, db: sqlite3.Connection):\n        {before}\n"
        f"        try:\n            return {line}\n        except Exception: pass\n"
    )
    path = Path("worker.py")
    module = Module(Source(path=path, text=text, raw=text.encode()))
    engine = Types(module, KNOWLEDGE, Settings()).engine
    statement = module.tries[-1]
    found = infer(engine, engine.flow.block(statement, engine.unit.enclosing(statement)))
    return set(found.names), found.is_complete


TIME = {"OSError", "OverflowError", "ValueError"}


@pytest.mark.parametrize(
    ("line", "before", "kept", "found"),
    [
        # read from bytes
        ("datetime.datetime.fromtimestamp(int.from_bytes(raw, 'big'))", "pass", "0", TIME),
        ("datetime.timedelta(days=n)", "n = int.from_bytes(raw, 'big')", "0", {"OverflowError"}),
        ("datetime.timedelta(days=n)", "n = os.path.getsize('a')", "0", set()),
        (
            "db.execute('insert into t values (?)', (int.from_bytes(raw, 'big'),))",
            "pass",
            "0",
            {"OverflowError", "sqlite3.Error"},
        ),
        ("math.exp(struct.unpack('<f', raw)[0])", "pass", "0", {"OverflowError", "struct.error"}),
        # what is computed of a number is of its size
        ("int(math.fabs(x))", "x = float(text)", "0", {"OverflowError", "ValueError"}),
        ("int(math.fabs(x))", "x = time.time()", "0", set()),
        # kept in an attribute
        ("datetime.datetime.fromtimestamp(self.kept)", "pass", "int(text)", TIME),
        ("datetime.datetime.fromtimestamp(self.kept)", "pass", "time.time()", set()),
        ("int(self.kept)", "pass", "float(text)", {"OverflowError", "ValueError"}),
        ("int(self.kept)", "pass", "2.5", set()),
        # a pause
        ("time.sleep(x)", "x = int(text)", "0", {"ValueError"}),
        ("time.sleep(x)", "x = float(text)", "0", {"OverflowError", "ValueError"}),
        ("time.sleep(x)", "x = int(time.time())", "0", set()),
        ("time.sleep(self.kept)", "pass", "float(text)", {"OverflowError", "ValueError"}),
        ("time.sleep(self.kept)", "pass", "2.5", set()),
        ("time.sleep(self.kept)", "pass", "pause", set()),
        ("time.sleep(self.kept)", "self.kept = self.kept * 2", "1", set()),
    ],
)
def test_a_number_that_is_read_can_be_of_any_size(line: str, before: str, kept: str, found: set[str]) -> None:
    """A number out of text or bytes is out of range where one that the system or the program gives is not."""
    assert names(line, before, kept) == (found, True)


@pytest.mark.parametrize(
    ("before", "is_complete"),
    [
        ("size, name = struct.unpack('<I16s', raw)", True),
        ("size, name = struct.unpack_from('>H 3s', raw)", True),
        ("size, name = next(struct.iter_unpack('!Ip', raw))", True),
        ("size, name = struct.Struct('<xBs').unpack(raw)", True),
        ("size, name = struct.unpack(text, raw)", False),
    ],
)
def test_a_written_format_says_what_it_unpacks_into(before: str, is_complete: bool) -> None:
    """The types of what is unpacked follow from a literal format, and from no other."""
    found, complete = names("datetime.timedelta(days=size + 1), name.decode()", before)

    assert complete is is_complete
    assert not complete or found == {"OverflowError", "UnicodeError"}


@pytest.mark.parametrize(
    "text", ["<H16s", "2Hx3s", "?4c", "@5p", "<f d", "0s", "<Q \n", "0H", "nNP", "bBhHiIlLqQef"]
)
def test_fields_of_a_format_are_what_struct_gives(text: str) -> None:
    given = struct.unpack(text, b"\0" * struct.calcsize(text))

    assert fields_of(text) == tuple(type(value).__name__ for value in given)


@pytest.mark.parametrize("text", ["zz", "9999I", "65B", "3", "é"])
def test_nothing_is_said_of_what_is_no_short_format(text: str) -> None:
    assert fields_of(text) is None
