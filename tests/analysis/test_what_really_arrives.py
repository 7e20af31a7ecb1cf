"""Kinds of escapes that faults brought about for real have shown, each with its twin."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.analysis.test_reach import judge

if TYPE_CHECKING:
    from pathlib import Path

WORKER = """import asyncio, datetime, hashlib, json, os, pathlib, pickle, subprocess, threading, uuid
def ler(pasta: str, nome: str, laco: asyncio.AbstractEventLoop, contado: threading.Semaphore):
    agora = datetime.datetime.now()
    arquivo = open('a', 'w')
    {before}
    try:
        {body}
    except Exception: pass
"""


@pytest.mark.parametrize(
    ("body", "plain"),
    [
        ("[n.encode() for n in os.listdir(pasta)]", "[n.encode() for n in pasta.split()]"),
        ("[hashlib.md5(n.encode()) for _, _, names in os.walk(pasta) for n in names]", "hashlib.md5(nome.encode())"),
        ("[e.name.encode() for e in os.scandir(pasta)]", "[e.stat() for e in os.scandir(pasta)]"),
        ("[f.name.encode() for f in pathlib.Path(pasta).iterdir()]", "[f.suffix for f in pathlib.Path(pasta).iterdir()]"),
        ("[uuid.uuid5(uuid.NAMESPACE_URL, n) for n in os.listdir(pasta)]", "uuid.uuid5(uuid.NAMESPACE_URL, nome)"),
        (
            "[subprocess.run(['cat'], input=n, text=True) for n in os.listdir(pasta)]",
            "[subprocess.run(['cat'], input=nome, text=True, errors='replace') for _ in os.listdir(pasta)]",
        ),
    ],
)  # fmt: skip
def test_the_name_of_a_file_need_not_be_text(tmp_path: Path, body: str, plain: str) -> None:
    """A file whose name is no text in the system's encoding has halves of surrogate pairs in its name, which no encoding takes."""
    listed, is_complete = judge(tmp_path / "a", WORKER.format(before="", body=body))
    assert "UnicodeError" in listed
    assert is_complete
    listed, _ = judge(tmp_path / "b", WORKER.format(before="", body=plain))
    assert "UnicodeError" not in listed


@pytest.mark.parametrize(
    ("body", "plain"),
    [
        ("agora.replace(day=31)", "agora.replace(day=28)"),
        ("agora.replace(month=2)", "agora.replace(month=1)"),
        ("agora.replace(year=2025)", "agora.replace(year=2025, month=1, day=1)"),
        ("agora.date().replace(day=30)", "agora.date().replace(day=1)"),
    ],
)
def test_a_day_is_not_in_every_month(tmp_path: Path, body: str, plain: str) -> None:
    """What is replaced in the date of today leads to a day that is not there, on some days of a year."""
    listed, _ = judge(tmp_path / "a", WORKER.format(before="", body=f"int(nome); {body}"))
    assert listed == {"ValueError"}
    listed, _ = judge(tmp_path / "b", WORKER.format(before="", body=f"os.getcwd(); {plain}"))
    assert listed == {"OSError"}


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ("print('a', file=arquivo)", "ValueError"),
        ("json.dump({}, arquivo)", "ValueError"),
        ("pickle.dump(1, arquivo)", "ValueError"),
        ("[line for line in arquivo]", "ValueError"),
        ("laco.call_soon(print)", "RuntimeError"),
    ],
)
def test_what_was_closed_takes_nothing(tmp_path: Path, body: str, name: str) -> None:
    """A file that is closed before raises where it is printed or written to by a function of the library, and where a loop reads it; so does a loop of events."""
    listed, _ = judge(tmp_path / "a", WORKER.format(before="arquivo.close(); laco.close()", body=f"os.getcwd(); {body}"))  # fmt: skip
    assert name in listed
    listed, _ = judge(tmp_path / "b", WORKER.format(before="", body=f"os.getcwd(); {body}"))
    assert name not in listed


@pytest.mark.parametrize(
    ("body", "name", "plain"),
    [
        ("laco.call_soon_threadsafe(print)", "RuntimeError", "laco.time()"),
        ("os.path.realpath(nome)", "OSError", "os.path.basename(nome)"),
        ("os.path.relpath(nome)", "OSError", "os.path.relpath('/a', '/b')"),
        ("pathlib.Path(nome).resolve(strict=True)", "RuntimeError", "pathlib.Path(nome).stat()"),
    ],
)
def test_rows_go_as_far_as_what_the_machine_does(tmp_path: Path, body: str, name: str, plain: str) -> None:
    """A loop of events is over, the working directory is deleted, links lead in a circle."""
    listed, _ = judge(tmp_path / "a", WORKER.format(before="", body=f"int(nome); {body}"))
    assert name in listed
    listed, _ = judge(tmp_path / "b", WORKER.format(before="", body=f"int(nome); {plain}"))
    assert name not in listed


LOOP = """TABLE = {{}}
class Worker:
    def __init__(self):
        self.table = {{}}
    def expire(self, key):
        self.table.pop(key, None)
    def show(self, key):
        print(self.table[key])
    def inner(self, key):
        self.expire(key)
    def run(self):
        try:
            {body}
        except Exception: pass
def drop(table, key):
    table.pop(key, None)
def drop_other(key):
    table = {{}}
    table.pop(key, None)
def expire(key):
    TABLE.pop(key, None)
def main():
    w = Worker()
    w.run()
main()
"""


@pytest.mark.parametrize(
    ("body", "plain"),
    [
        ("for key in self.table: self.expire(key)", "for key in list(self.table): self.expire(key)"),
        ("for key in self.table: self.inner(key)", "for key in self.table: self.show(key)"),
        ("for key, value in TABLE.items(): expire(key)", "for key, value in TABLE.items(): len(key)"),
        ("for key in TABLE: drop(TABLE, key)", "for key in TABLE: drop({}, key)"),
        ("for key in TABLE: drop(key=key, table=TABLE)", "for key in TABLE: drop_other(key)"),
        (
            "for key in self.table:\n                self.expire(key)",
            "for key in self.table:\n                self.expire(key)\n                break",
        ),
    ],
)
def test_a_function_changes_what_a_loop_goes_through(tmp_path: Path, body: str, plain: str) -> None:
    """A function that the body of a loop calls takes from the container, or puts into it: the loop raises as it goes on."""
    listed, _ = judge(tmp_path / "a", LOOP.format(body=body))
    assert "RuntimeError" in listed
    listed, _ = judge(tmp_path / "b", LOOP.format(body=plain))
    assert "RuntimeError" not in listed


WAITING = """import datetime, time
def left(target):
    return (target - datetime.datetime.now()).total_seconds()
def pause():
    return 5
class Worker:
    def __init__(self):
        self.end = time.time() + 60
    def remaining(self):
        return self.end - time.time()
    def run(self, end: float, target: datetime.datetime):
        d = end - time.time()
        try:
            time.localtime()
            {body}
        except Exception: pass
"""


@pytest.mark.parametrize(
    ("body", "plain"),
    [
        ("time.sleep((target - datetime.datetime.now()).total_seconds())", "(target - datetime.datetime.now()).total_seconds()"),
        ("time.sleep(min(60, end - time.time()))", "time.sleep(max(0, end - time.time()))"),
        ("time.sleep(round(d, 1))", "time.sleep(abs(d))"),
        ("time.sleep(self.remaining())", "time.sleep(pause())"),
        ("time.sleep(left(target))", "time.sleep(5)"),
        ("if d > -1: time.sleep(d)", "if d > 0: time.sleep(d)"),
        ("if d > 0:\n                d = d - 5\n                time.sleep(d)", "if d >= 0 and target:\n                time.sleep(d)"),
    ],
)  # fmt: skip
def test_what_is_left_of_a_time_may_be_below_zero(tmp_path: Path, body: str, plain: str) -> None:
    """A pause until a time that is over is negative: as a span, as the smaller of two, rounded, out of a function; not where it was asked whether it is above zero."""
    listed, _ = judge(tmp_path / "a", WAITING.format(body=body))
    assert "ValueError" in listed
    listed, _ = judge(tmp_path / "b", WAITING.format(body=plain))
    assert "ValueError" not in listed


@pytest.mark.parametrize(
    ("body", "plain"),
    [
        (r"re.match(r'(\d+)(a)?', texto).group(3)", r"re.match(r'(\d+)(a)?', texto).group(2)"),
        (r"re.search('(?P<ano>a)', texto)['mes']", r"re.search('(?P<ano>a)', texto)['ano']"),
        (r"re.match('(a)?', texto).group('b')", r"re.match('(a)?', texto).groups('b')"),
        (r"[m.group(1, 2) for m in PADRAO.finditer(texto)]", r"[m.group(0, 1) for m in PADRAO.finditer(texto)]"),
    ],
)  # fmt: skip
def test_a_group_that_the_pattern_has_not(tmp_path: Path, body: str, plain: str) -> None:
    """A group is asked for by a number or a name that the pattern has not: each match raises."""
    script = "import os, re\nPADRAO = re.compile('(a)')\ndef ler(texto: str):\n    try:\n        os.getcwd(); {}\n    except Exception: pass\n"
    listed, _ = judge(tmp_path / "a", script.format(body))
    assert "IndexError" in listed
    listed, _ = judge(tmp_path / "b", script.format(plain))
    assert "IndexError" not in listed
