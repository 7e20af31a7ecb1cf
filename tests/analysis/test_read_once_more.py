"""Kinds of escapes that a third reading of unknown workers brought to light, each with its twin."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import commands
import pytest

from tests.analysis.test_reach import judge
from workerlog_migrate.analysis import values
from workerlog_migrate.analysis.trials import samples

if TYPE_CHECKING:
    from pathlib import Path

WORKER = """import ctypes, io, json, subprocess
import mysql.connector
import pandas as pd, pyperclip
from bs4 import BeautifulSoup
def colher(texto: str, comando: list[str]):
    decodificado = json.loads(texto)
    filho = subprocess.Popen(comando, stdout=subprocess.PIPE, text=True)
    banco = mysql.connector.connect().cursor()
    calmo = subprocess.Popen(comando, stdout=subprocess.PIPE, errors='replace')
    try:
        {body}
    except Exception: pass
"""


@pytest.mark.parametrize(
    ("body", "name", "plain"),
    [
        (
            "BeautifulSoup(texto, 'html.parser')",
            "bs4.ParserRejectedMarkup",
            "BeautifulSoup('<p>', 'html.parser')",
        ),
        ("BeautifulSoup(texto)", "bs4.ParserRejectedMarkup", "BeautifulSoup(texto, 'lxml')"),
        ("BeautifulSoup(decodificado['a'], 'lxml')", "AttributeError", "BeautifulSoup(texto, 'lxml')"),
        ("pd.read_html(texto)", "http.client.HTTPException", "pd.read_html(io.StringIO(texto))"),
        (
            "ctypes.windll.kernel32.OpenProcess(1, False, int(texto))",
            "ctypes.ArgumentError",
            "ctypes.windll.kernel32.OpenProcess(1, False, 4)",
        ),
        (
            "subprocess.run(comando, capture_output=True, text=True).stdout.strip()",
            "AttributeError",
            "subprocess.run(comando, capture_output=True, errors='replace').stdout.strip()",
        ),
        (
            "subprocess.run(comando, capture_output=True, text=True).stdout.strip()",
            "AttributeError",
            "(subprocess.run(comando, capture_output=True, text=True).stdout or '').strip()",
        ),
        (
            "subprocess.check_output(comando, encoding='utf-8').split()",
            "AttributeError",
            "subprocess.check_output(comando).split()",
        ),
        (
            "banco.execute('insert into a values (%s)', (decodificado['a'],))",
            "_mysql_connector.MySQLInterfaceError",
            "banco.execute('insert into a values (%s)', (texto,))",
        ),
        ("pyperclip.paste()", "UnicodeError", "pyperclip.copy(texto)"),
        ("pyperclip.copy(decodificado['a'])", "UnicodeError", "pyperclip.copy(texto)"),
        ("filho.communicate()[0].split()", "AttributeError", "calmo.communicate()[0].split()"),
        ("subprocess.getoutput(texto)", "TypeError", "subprocess.run(texto, shell=True)"),
    ],
)
def test_rows_go_as_far_as_what_arrived(tmp_path: Path, body: str, name: str, plain: str) -> None:
    """A page no parser takes, a server that hangs up, a number too long for C, and on Windows no output where it cannot be decoded."""
    listed, is_complete = judge(tmp_path / "a", WORKER.format(body=body))
    assert name in listed
    assert is_complete
    listed, is_complete = judge(tmp_path / "b", WORKER.format(body=plain))
    assert name not in listed
    assert is_complete


OPENED = """import json
import time
def guardar(caminho):
    try:
        {first}
        {then}
    except Exception as erro:
        print("sem", type(erro).__name__)
for _ in range(2):
    guardar("a.db")
    time.sleep(0)
"""


def test_a_name_that_the_body_imports_is_not_written_where_the_import_may_fail(
    tmp_path: Path,
) -> None:
    """A module without which Python can be built is bound by no body that imports it: the clause would raise UnboundLocalError; one that is always there is."""
    script = OPENED.format(first="import sqlite3 as banco", then='banco.connect(caminho).execute("select 1")')
    (tmp_path / "a.py").write_text(script, encoding="utf-8")
    twin = OPENED.format(
        first="import configparser as leitor", then="leitor.ConfigParser().read_string(caminho)"
    )
    (tmp_path / "b.py").write_text(twin, encoding="utf-8")
    without = (
        "import runpy, sys; sys.modules['sqlite3'] = None; runpy.run_path(sys.argv[1], run_name='__main__')"
    )

    def run(name: str) -> tuple[int, bytes]:
        process = subprocess.run(
            [sys.executable, "-c", without, name], cwd=tmp_path, capture_output=True, check=False
        )
        return process.returncode, process.stdout

    before = run("a.py"), run("b.py")
    applied = commands.run("--apply", "a.py", "b.py", env=os.environ, cwd=tmp_path)
    assert applied.returncode == 0, applied.stderr
    assert (run("a.py"), run("b.py")) == before
    assert "except Exception as erro:" in (tmp_path / "a.py").read_text(encoding="utf-8")
    assert "leitor.Error" in (tmp_path / "b.py").read_text(encoding="utf-8")


def test_samples_of_dicts_have_keys_with_a_hash() -> None:
    """What stands for an object of the program, or a tuple with a list in it, may have no hash: such a dict has no sample; a text has."""
    texts = values.parse("dict[str, int]")
    lists = values.parse("dict[tuple[list[int], str], int]")
    assert any(samples(texts))
    assert samples(lists) == [{}]


MADE = """import ctypes, threading, tkinter.ttk, unknown_library, boto3
balde = boto3.client("s3")
class Fio(threading.Thread):
    def __init__(self):
        threading.Thread.__init__(self, daemon=True)
class Campo(tkinter.ttk.Entry):
    def __init__(self, pai):
        tkinter.ttk.Entry.__init__(self, pai)
class Solto(unknown_library.Base):
    def __init__(self, *tudo):
        unknown_library.Base.__init__(*tudo)
def fazer(pai: tkinter.Tk):
    try:
        {body}
    except Exception: pass
"""


@pytest.mark.parametrize(
    ("body", "listed"),
    [
        ("Fio(); open('a')", {"OSError"}),
        ("Campo(pai)", {"tkinter.TclError"}),
        (
            "balde.put_bucket_lifecycle_configuration(Bucket='a')",
            {"botocore.exceptions.BotoCoreError", "botocore.exceptions.ClientError"},
        ),
        ("ctypes.windll.crypt32.CryptProtectData(1, 2)", {"AttributeError", "OSError"}),
    ],
)
def test_what_a_library_makes_by_rule_is_known(tmp_path: Path, body: str, listed: set[str]) -> None:
    """A constructor that is called by the name of its class, an operation of a service, a function of a DLL: their owner's row speaks of all."""
    assert judge(tmp_path, MADE.format(body=body)) == (listed, True)


@pytest.mark.parametrize(
    "body", ["Solto()", "balde._make_api_call('a', {})", "balde.exceptions.NoSuchKey()", "ctypes.cdll.a.b()"]
)
def test_what_no_row_speaks_of_is_not_known(tmp_path: Path, body: str) -> None:
    """A constructor of a class that is not read, what is private to a client, a function of a library of another kind stay unresolved."""
    assert not judge(tmp_path, MADE.format(body=body))[1]


IMPORTED = """import contextlib, redis.asyncio as aioredis
with contextlib.suppress(ImportError):
    import psutil
def processo():
    try:
        return psutil.Process(1).name()
    except Exception as erro:
        print("processo", type(erro).__name__)
def depois(endereco):
    try:
        import mysql.connector
    except ImportError:
        return
    try:
        mysql.connector.connect(host=endereco)
    except Exception as erro:
        print("depois", type(erro).__name__)
def dentro(endereco):
    try:
        import mysql.connector
        try:
            mysql.connector.connect(host=endereco)
        except Exception as erro:
            print("dentro", type(erro).__name__)
    except ImportError:
        print("sem")
def mesmo_assim(endereco):
    try:
        import mysql.connector
    except ImportError:
        print("sem")
    try:
        mysql.connector.connect(host=endereco)
    except Exception as erro:
        print("mesmo assim", type(erro).__name__)
def por_fim(endereco):
    try:
        import mysql.connector
    except ImportError:
        return
    finally:
        try:
            mysql.connector.connect(host=endereco)
        except Exception as erro:
            print("por fim", type(erro).__name__)
async def guardado(redis: aioredis.Redis):
    try:
        return await redis.get("a")
    except Exception as erro:
        print("guardado", type(erro).__name__)
processo()
depois("a")
dentro("a")
mesmo_assim("a")
por_fim("a")
"""


def test_a_name_is_written_only_behind_an_import_that_must_have_succeeded(tmp_path: Path) -> None:
    """Not where ``suppress`` or a handler lets a failed import pass, nor in what runs at the end of its ``try``; but where each handler leaves the function, or in the body behind it."""
    worker = tmp_path / "worker.py"
    worker.write_text(IMPORTED.replace("redis.asyncio", "ast"), encoding="utf-8")
    without = (
        "import runpy, sys\nsys.modules.update(dict.fromkeys(['mysql', 'mysql.connector', 'psutil']))\n"
        "runpy.run_path('worker.py', run_name='__main__')"
    )

    def run() -> tuple[int, bytes]:
        process = subprocess.run(
            [sys.executable, "-c", without], cwd=tmp_path, capture_output=True, check=False
        )
        return process.returncode, process.stdout

    before = run()
    commands.run("--apply", "--select", "specific-exceptions", "worker.py", env=os.environ, cwd=tmp_path)
    assert run() == before
    worker.write_text(IMPORTED, encoding="utf-8")
    commands.run("--apply", "--select", "specific-exceptions", "worker.py", env=os.environ, cwd=tmp_path)
    lines = [line.strip() for line in worker.read_text(encoding="utf-8").splitlines()]
    clauses = {
        lines[number + 1].partition('"')[2].partition('"')[0]: line.removesuffix(" as erro:")
        for number, line in enumerate(lines[:-1])
        if line.endswith(" as erro:")
    }
    assert clauses == {
        "processo": "except Exception",
        "depois": "except mysql.connector.errors.Error",
        "dentro": "except mysql.connector.errors.Error",
        "mesmo assim": "except Exception",
        "por fim": "except Exception",
        "guardado": "except aioredis.RedisError",
    }
