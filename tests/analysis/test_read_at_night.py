"""Kinds of escapes and of padding that reading narrowed handlers of real workers brought to light, each with its twin."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.analysis.test_reach import judge


def body(*lines: str, before: str = "", head: str = "def ler():") -> str:
    """Write a worker whose one handler guards some lines."""
    inner = "\n".join(f"        {line}" for line in lines)
    return f"{before}\n{head}\n    try:\n{inner}\n    except Exception: pass\n"


TASKS = """import asyncio
async def ler_dados():
    open('a')
class Robo:
    def __init__(self):
        self.tarefa = None
        self.futuro = asyncio.Future()
        self.nova = asyncio.create_task(ler_dados())
    async def rodar(self):
        self.tarefa = asyncio.current_task()
    async def parar(self):
        try:
            {body}
        except Exception: pass
"""


@pytest.mark.parametrize(
    "awaited",
    [
        "await self.tarefa",
        "await asyncio.wait_for(self.tarefa, 5)",
        "await self.futuro",
        "await asyncio.gather(*asyncio.all_tasks())",
        "await asyncio.gather(*[t for t in asyncio.all_tasks() if t.done()])",
    ],
)
def test_what_others_end_raises_what_nobody_knows(tmp_path: Path, awaited: str) -> None:
    """The task that runs, all tasks, and a bare future end as other code makes them end; a task that is made here is known."""
    assert judge(tmp_path, TASKS.format(body=awaited))[1] is False
    assert judge(tmp_path, TASKS.format(body="await self.nova")) == ({"OSError", "RuntimeError"}, True)


METHOD = """def fechar(self, perna, par):
    try:
        self.quantidade(par)
    except Exception: pass
"""


def test_a_function_that_another_file_makes_a_method_is_given_the_object_first(tmp_path: Path) -> None:
    """Set on something unknown, it is a method if its first parameter is named so; a plain callback is none."""
    bind = "from worker import fechar\ndef ligar(classe):\n    classe.fechar = fechar\ndef ir(x):\n    x.fechar({}, 'a')\n"

    assert judge(tmp_path, METHOD, ligar=bind)[1] is False
    plain = METHOD.replace("self", "dados")
    assert judge(tmp_path, plain, ligar=bind)[0] == {"AttributeError"}


STARTS = "import asyncio\nasync def ler_dados():\n    open('a')\n"


@pytest.mark.parametrize(
    ("lines", "names"),
    [
        pytest.param(["asyncio.create_task(ler_dados())"], set(), id="started"),
        pytest.param(["t = asyncio.create_task(ler_dados())", "await t"], {"OSError"}, id="awaited"),
        pytest.param(["await asyncio.create_task(ler_dados())"], {"OSError"}, id="awaited at once"),
        pytest.param(
            ["t = [asyncio.create_task(ler_dados())]", "await asyncio.gather(*t)"], {"OSError"}, id="gathered"
        ),
    ],
)
def test_a_coroutine_that_is_only_started_fails_elsewhere(
    tmp_path: Path, lines: list[str], names: set[str]
) -> None:
    """What it raises arrives where its task is awaited."""
    assert judge(tmp_path, body(*lines, before=STARTS, head="async def ler():")) == (names, True)


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ("d['a'] or {}", {"KeyError", "TypeError"}),
        ("1 if d else 2", set()),
        ("not d", set()),
        ("len(d)", {"TypeError"}),
    ],
)
def test_the_truth_of_data_can_be_asked_always(tmp_path: Path, expression: str, names: set[str]) -> None:
    """Every builtin type has one; not every one has a length."""
    before = "import json\nd = json.load(open('a'))\n"

    assert judge(tmp_path, body(expression, before=before)) == (names, True)


DATABASE = "from sqlalchemy.ext.asyncio import create_async_engine\nbanco = create_async_engine({address})\n"
QUERY = "import {driver}os\nfrom banco import banco\nasync def ler():\n    try:\n        async with banco.connect() as c:\n            pass\n    except Exception: pass\n"


def test_what_a_driver_raises_while_it_connects_is_not_wrapped(tmp_path: Path) -> None:
    """A database that is away is an OSError; one that starts up, by a driver with exceptions of its own, is an error of the driver."""
    known = {"OSError", "asyncio.TimeoutError", "sqlalchemy.exc.SQLAlchemyError"}
    named = DATABASE.format(address="'postgresql+asyncpg://a/b'")
    other = DATABASE.format(address="'sqlite+aiosqlite://a'")

    assert judge(tmp_path, QUERY.format(driver=""), banco=other)[0] == known
    assert judge(tmp_path, QUERY.format(driver="asyncpg, "), banco=named)[0] == known | {
        "asyncpg.exceptions.PostgresError"
    }


@pytest.mark.parametrize(
    ("call", "name", "is_listed"),
    [
        (
            "pd.DataFrame({}).to_excel('a.xlsx')",
            "openpyxl.utils.exceptions.IllegalCharacterError",
            True,
        ),
        (
            "pd.DataFrame({}).to_excel('a.xlsx', engine='xlsxwriter')",
            "openpyxl.utils.exceptions.IllegalCharacterError",
            False,
        ),
        ("pd.read_excel('a.xlsx')", "TypeError", True),
        ("pd.read_csv('a.csv')", "TypeError", False),
        ("jwt.PyJWKClient('u').get_signing_key('k')", "ValueError", True),
        ("jwt.PyJWKClient('u').get_signing_key('k')", "OSError", True),
    ],
)
def test_rows_go_as_far_as_the_source(tmp_path: Path, call: str, name: str, is_listed: bool) -> None:
    """What the sources of the libraries raise besides what they document."""
    names, _ = judge(tmp_path, body(call, before="import pandas as pd\nimport jwt\nimport openpyxl\n"))

    assert (name in names) is is_listed
