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


NESTED = "import json, asyncio, heapq, itertools\nclass Caixa: pass\n{more}\ndef contar(o):\n    c = {{'dia': {{'n': 0}}}}\n    {after}\n    try:\n        c['dia']['n'] += 1\n    except Exception: pass\n    return c\n"


@pytest.mark.parametrize(
    ("after", "more", "names", "is_known"),
    [
        pytest.param("json.dump(c, open('a', 'w'))", "", set(), True, id="written"),
        pytest.param("x = json.dumps(c)", "", set(), True, id="made a text"),
        pytest.param("setattr(o, 'x', c)", "", set(), False, id="set as an attribute"),
        pytest.param("heapq.nlargest(1, [c])", "", set(), True, id="nothing of it is kept"),
        pytest.param("for x in heapq.nlargest(1, [c]): x['dia'] = None", "", set(), False, id="given back"),
        pytest.param(
            "for x in itertools.islice([c['dia']], 1): x['n'] = None", "", {"TypeError"}, True, id="in order"
        ),
        pytest.param(
            "pass",
            "async def ir():\n    r = await asyncio.to_thread(contar, 1)\n    r['dia']['n'] = None",
            {"TypeError"},
            True,
            id="what a thread gives",
        ),
        pytest.param(
            "pass",
            "async def ir():\n    print(await asyncio.to_thread(contar, 1))",
            set(),
            True,
            id="printed",
        ),
    ],
)
def test_what_is_handed_to_the_library_in_a_container_is_followed(
    tmp_path: Path, after: str, more: str, names: set[str], is_known: bool
) -> None:
    """What gives texts and numbers only, or nothing that is used, neither keeps it nor gives it back."""
    found, complete = judge(tmp_path, NESTED.format(after=after, more=more))

    assert complete is is_known
    assert found == names or not is_known


KEPT = """def ler_tudo():
    ultimo{declared} = None
    for n in range(3):
        try:
            return open('a')
        except Exception as e:
            ultimo = {kept}
    erro = ultimo or RuntimeError('nada')
    raise erro
def ler():
    try:
        ler_tudo()
    except Exception: pass
"""


@pytest.mark.parametrize("declared", ["", ": Exception | None", ": BaseException | None"])
def test_what_was_caught_and_kept_is_raised_again(tmp_path: Path, declared: str) -> None:
    """The annotation says less than what is assigned; where that is unknown, it stays unknown."""
    first, last = KEPT.format(declared=declared, kept="e").split("def ler():")
    worker = f"def ler():{last}{first}"

    assert judge(tmp_path, worker) == ({"OSError", "RuntimeError"}, True)
    assert judge(tmp_path, worker.replace("ultimo = e\n", "ultimo = achar(e)\n"))[1] is False


OWN = "class Falha(Exception):\n    def __init__(self, n: int):\n        self.n = n\n"


@pytest.mark.parametrize(
    ("line", "heir", "names"),
    [
        ("x = e.n + 1", "", set()),
        ("str(e)", "", set()),
        (
            "str(e)",
            "class Outra(Falha):\n    def __str__(self):\n        return open('a').name\n",
            {"OSError"},
        ),
    ],
)
def test_an_own_exception_is_an_object_of_its_class_or_an_heir(
    tmp_path: Path, line: str, heir: str, names: set[str]
) -> None:
    """What its constructor sets is known, and what an heir of another file does counts."""
    script = (
        f"from erros import Falha\ndef ler(e: Falha):\n    try:\n        {line}\n    except Exception: pass\n"
    )
    caught = f"from erros import Falha\ndef ler():\n    try:\n        guardar(1)\n    except Exception: pass\ndef guardar(n):\n    try:\n        raise Falha(n)\n    except Falha as e:\n        {line}\n"

    assert judge(tmp_path, script, erros=OWN + heir) == (names, True)
    assert judge(tmp_path, caught, erros=OWN + heir) == (names, True)


@pytest.mark.parametrize(
    ("key", "is_known"),
    [
        ("str(m.get('dia') or '')", True),
        ("str(m.get('dia', ''))", True),
        ("str(m.get('dia'))", False),
    ],
)
def test_a_field_with_a_default_is_one_of_data(tmp_path: Path, key: str, is_known: bool) -> None:
    """``or`` and a literal is a default as well; a bare ``get`` caches have, too."""
    script = f"def ler(linhas: list):\n    try:\n        sorted(linhas, key=lambda m: {key})\n    except Exception: pass\n"

    assert judge(tmp_path, script)[1] is is_known


@pytest.mark.parametrize(
    ("read", "names"),
    [
        ("m.author.guild_permissions.administrator", {"AttributeError"}),
        ("m.author.display_avatar.url", set()),
        ("m.guild.me.guild_permissions.administrator", {"AttributeError"}),
        ("e.response.headers", set()),
    ],
)
def test_attributes_of_discord_are_known(tmp_path: Path, read: str, names: set[str]) -> None:
    """Who writes outside of a guild is no member of one; a guild may be None."""
    script = f"import discord\ndef ler(m: discord.Message, e: discord.HTTPException):\n    try:\n        {read}\n    except Exception: pass\n"

    assert judge(tmp_path, script) == (names, True)


@pytest.mark.parametrize(
    ("kind", "use", "names"),
    [
        (
            "webdriver.Chrome",
            "d.title",
            {"selenium.common.exceptions.WebDriverException", "urllib3.exceptions.HTTPError"},
        ),
        ("aioredis.Redis", "d.get('a')", {"redis.RedisError"}),
        ("aioredis.Redes", "d.get('a')", None),
    ],
)
def test_an_annotation_may_name_a_class_as_it_is_called(
    tmp_path: Path, kind: str, use: str, names: set[str] | None
) -> None:
    """What a class gives by its row when it is called, its name says of a parameter; a name without a row says nothing."""
    script = f"from selenium import webdriver\nimport redis.asyncio as aioredis\ndef ler(d: {kind}):\n    try:\n        {use}\n    except Exception: pass\n"
    found, is_known = judge(tmp_path, script)

    assert (found if is_known else None) == names


RESULTS = "import asyncio\nasync def ler_dados():\n    open('a')\nasync def ler(t: asyncio.Task, x: object):\n    {before}\n    try:\n        {line}\n    except Exception: pass\n"


@pytest.mark.parametrize(
    ("before", "line", "names"),
    [
        ("n = asyncio.create_task(ler_dados())", "n.result()", {"OSError", "asyncio.InvalidStateError"}),
        ("pass", "asyncio.create_task(ler_dados()).result()", {"OSError", "asyncio.InvalidStateError"}),
        ("pass", "t.result()", None),
        ("done, _ = await asyncio.wait([t])", "[each.result() for each in done]", None),
    ],
)
def test_the_result_of_a_task_raises_what_its_coroutine_does(
    tmp_path: Path, before: str, line: str, names: set[str] | None
) -> None:
    """Of a task that is made elsewhere nobody knows."""
    found, is_known = judge(tmp_path, RESULTS.format(before=before, line=line))

    assert (found if is_known else None) == names


STORE = "class Banco:\n    def gravar(self):\n        open('a')\nclass Item:\n    pass\ndef ler():\n    b = Banco()\n    try:\n        b.gravar()\n    except Exception: pass\n"


@pytest.mark.parametrize(
    ("more", "is_known"),
    [
        ("def mostrar(item):\n    return [vars(each) for each in item.partes]\n", True),
        ("def mostrar(item: Item):\n    dados = vars(item)\n    return dados\n", True),
        ("def mostrar(b: Banco):\n    dados = vars(b)\n    return dados\n", True),
        ("def mostrar(b: Banco, nome):\n    dados = vars(b)\n    dados[nome] = 5\n", False),
        ("def mostrar(b: Banco):\n    dados = vars(b)\n    return dados\nmostrar(Banco()).clear()\n", False),
        ("def mostrar(item, nome):\n    setattr(item, nome, 5)\n", True),
        ("def mostrar(b: Banco, nome):\n    setattr(b, nome, 5)\n", False),
    ],
)
def test_what_fills_fields_of_others_replaces_no_method(tmp_path: Path, more: str, is_known: bool) -> None:
    """The table of an object's fields is read and filled by their names; only what is of the class itself may be given a method."""
    assert judge(tmp_path, STORE + more)[1] is is_known


@pytest.mark.parametrize(
    ("call", "names", "is_known"),
    [
        ("await asyncio.to_thread(gravar, x, x.y)", {"OSError", "RuntimeError"}, True),
        ("await asyncio.to_thread(x, gravar)", {"OSError", "RuntimeError"}, False),
        ("asyncio.get_running_loop().run_in_executor(None, gravar, x)", {"OSError", "RuntimeError"}, True),
    ],
)
def test_what_follows_a_function_is_given_to_it_and_not_called(
    tmp_path: Path, call: str, names: set[str], is_known: bool
) -> None:
    """Only the function is called in the thread; where that is unknown, so is what it raises."""
    before = "import asyncio\ndef gravar(*x):\n    open('a')\n"
    found, complete = judge(
        tmp_path, body(call.replace("x.y", "y"), before=before, head="async def ler(x, y):")
    )

    assert complete is is_known
    assert found == names or not is_known


WAITING = "import asyncio\nesperas: dict[str, asyncio.Future] = {}\nasync def ler_dados():\n    open('a')\nasync def ler(k: dict, fila: asyncio.Queue):\n    f = "


@pytest.mark.parametrize(
    ("made", "names"),
    [
        ("esperas.get(k)", None),
        ("esperas.pop(k)", None),
        ("[asyncio.create_task(ler_dados())].pop()", None),
        ("ler_dados()", {"OSError"}),
        ("asyncio.create_task(ler_dados())", {"OSError"}),
        ("asyncio.gather(*[ler_dados() for each in k.items()])", {"OSError"}),
        ("asyncio.gather(*[each for each in esperas.values()])", None),
        ("asyncio.wait_for(ler_dados(), None)", {"OSError"}),
        ("fila.get()", set()),
        ("asyncio.get_running_loop().run_in_executor(None, open, 'a')", {"OSError", "RuntimeError"}),
    ],
)
def test_what_was_kept_somewhere_is_ended_by_others(
    tmp_path: Path, made: str, names: set[str] | None
) -> None:
    """A future out of a table raises what somebody puts into it; what a call makes is known by the call."""
    script = f"{WAITING}{made}\n    try:\n        await f\n    except Exception: pass\n"
    found, is_known = judge(tmp_path, script)

    assert (found if is_known else None) == names


BEFORE_TRY = "import json\ndef achar(x):\n    try:\n        return json.load(open('a'))\n    except OSError:\n        return {empty}\n"


@pytest.mark.parametrize(
    ("empty", "line", "names"),
    [
        ("[]", "[r['a'] for r in achar(y)]", {"KeyError", "TypeError"}),
        ("{}", "achar(y).get('a').get('b')", {"AttributeError", "TypeError"}),
        ("[x]", "[r['a'] for r in achar(y)]", None),
        ("x", "[r['a'] for r in achar(y)]", None),
    ],
)
def test_an_empty_list_beside_data_says_nothing_of_what_is_in_it(
    tmp_path: Path, empty: str, line: str, names: set[str] | None
) -> None:
    """``return []`` where nothing could be read: what lies in the list is what was read; something unknown in it stays unknown."""
    script = body(line, head="def ler(y):") + BEFORE_TRY.format(empty=empty)
    found, is_known = judge(tmp_path, script)

    assert (found - {"OSError", "ValueError"} if is_known else None) == names


@pytest.mark.parametrize(
    ("fill", "is_known"),
    [("pass", True), ("linhas.append(y)", False), ("mais(linhas)", False), ("linhas += [y.z]", False)],
)
def test_a_list_that_is_filled_is_not_empty(tmp_path: Path, fill: str, is_known: bool) -> None:
    """Nobody may put anything into it, by whatever name."""
    script = (
        "import json\nfrom fora import mais\ndef ler(y):\n    linhas = []\n"
        f"    outras = json.load(open('a'))\n    {fill}\n    todas = linhas or outras\n"
        "    try:\n        [r['a'] for r in todas]\n    except Exception: pass\n"
    )

    assert judge(tmp_path, script)[1] is is_known


def test_a_key_of_a_literal_may_be_missing_beside_an_empty_one(tmp_path: Path) -> None:
    """An empty dictionary says something beside one whose keys are known."""
    script = "def ler(y):\n    d = {}\n    if y:\n        d = {'a': 1}\n    try:\n        d['a']\n    except Exception: pass\n"

    assert judge(tmp_path, script) == ({"KeyError"}, True)


CONFIG = "class Config:\n    limite{declared} = 3\n    def ler(self, dados):\n        for k, v in dados.items():\n            setattr(self, k, v)\n"


@pytest.mark.parametrize(("declared", "is_known"), [(": int", True), ("", False)])
def test_what_a_class_declares_is_believed_where_fields_are_filled_by_their_names(
    tmp_path: Path, declared: str, is_known: bool
) -> None:
    """A loop of ``setattr`` says nothing of a type; an annotation of the class does."""
    script = "from config import Config\ndef ler(c: Config):\n    try:\n        c.limite - 1\n    except Exception: pass\n"

    assert judge(tmp_path, script, config=CONFIG.format(declared=declared))[1] is is_known


def test_a_button_of_aiogram_may_belong_to_no_message(tmp_path: Path) -> None:
    """The message of a pressed button may be too old to be had; a message itself is there."""
    script = "from aiogram.types import {kind}\nasync def ler(x: {kind}):\n    try:\n        await {what}.delete()\n    except Exception: pass\n"
    button, known = judge(tmp_path, script.format(kind="CallbackQuery", what="x.message"))
    message, _ = judge(tmp_path, script.format(kind="Message", what="x"))

    assert known
    assert button - message == {"AttributeError"}


MODEL = "from sqlalchemy import Column, Text\nfrom sqlalchemy.orm import declarative_base, mapped_column\nfrom dataclasses import dataclass, field\nBase = declarative_base()\nclass Pessoa(Base):\n    email = Column(Text)\n    nome: str = Column(Text)\n    idade = mapped_column(Text)\n@dataclass\nclass Ficha:\n    email: str = field(default='a')\n    nome = 'a'\n"


@pytest.mark.parametrize(
    ("read", "is_known"),
    [("p.email", True), ("p.nome", True), ("p.idade", False), ("f.email", True), ("f.nome", True)],
)
def test_what_a_library_makes_for_a_class_may_be_a_descriptor(
    tmp_path: Path, read: str, is_known: bool
) -> None:
    """Reading a column of a mapped object may ask the database; what is declared, and plain data, is what it says."""
    script = f"from modelo import Pessoa, Ficha\ndef ler(p: Pessoa, f: Ficha):\n    try:\n        print({read})\n    except Exception: pass\n"

    assert judge(tmp_path, script, modelo=MODEL)[1] is is_known


COG = "from {library} import commands\nclass Cog(commands.Cog):\n    def __init__(self, bot):\n        self.bot = bot\n    async def ler(self):\n        try:\n            await self.bot.fetch_user(3)\n        except Exception: pass\nasync def setup(bot):\n    await bot.{adds}(Cog(bot))\n"


@pytest.mark.parametrize(
    ("library", "adds", "is_known"),
    [("discord.ext", "add_cog", True), ("discord.ext", "add", False), ("outra.ext", "add_cog", False)],
)
def test_a_method_that_one_library_type_has_tells_a_parameter(
    tmp_path: Path, library: str, adds: str, is_known: bool
) -> None:
    """An extension of discord.py is handed its bot by the library, without an annotation."""
    assert judge(tmp_path, COG.format(library=library, adds=adds))[1] is is_known


ROUTED = "from aiogram import Dispatcher\ndp = Dispatcher()\n@dp.{event}()\nasync def ler(x):\n    try:\n        await x.answer('a')\n    except Exception: pass\n"


@pytest.mark.parametrize(
    ("event", "is_known"), [("message", True), ("callback_query", True), ("errors", False)]
)
def test_a_decorator_that_is_an_object_tells_what_it_hands_on(
    tmp_path: Path, event: str, is_known: bool
) -> None:
    """Which event the observer of a router is of says what its handlers are given."""
    assert judge(tmp_path, ROUTED.format(event=event))[1] is is_known


@pytest.mark.parametrize("given", ["estado", "{'a': estado}", "[estado]", "dict(a=estado)"])
@pytest.mark.parametrize(
    ("declared", "is_plain"),
    [
        ("Dict[str, Any]", False),
        ("List[Dict[str, Any]]", False),
        ("dict[str, list[object]]", False),
        ("List[Dict[str, str]]", True),
        ("dict[str, list[float]]", True),
    ],
)
def test_what_is_declared_to_hold_anything_may_hold_what_is_no_json(
    tmp_path: Path, declared: str, given: str, *, is_plain: bool
) -> None:
    """However deep ``Any`` stands, and whatever literal is put around it; a declaration of plain data says what it is."""
    before = "import json\nfrom typing import Any, Dict, List\n"
    worker = body(
        "f = open('a', 'w')",
        f"f.write(json.dumps({given}))",
        before=before,
        head=f"def ler(estado: {declared}):",
    )
    names, is_complete = judge(tmp_path, worker)
    assert is_complete
    assert ("TypeError" in names) is not is_plain or given == "dict(a=estado)"


INJECTED = """def _ler(nome):
    with open(nome) as f:
        return f.read()
def buscar(nome, *, leitor=None):
    usado = leitor or _ler
    try:
        return usado(nome)
    except Exception: pass
"""


def test_what_a_test_passes_to_raise_is_swallowed_after_a_migration_too(tmp_path: Path) -> None:
    """A function of the tests that raises says what the handler is there for; one that gives data is a double."""
    test = "import pytest, worker\ndef erro(nome):\n    {does}\ndef test_a():\n    assert worker.buscar('a', leitor=erro) is None\n"
    calls = {"outro": "import worker\nworker.buscar('a')\n"}
    raising = {"tests__test_worker": test.format(does="raise RuntimeError('fora')"), **calls}
    giving = {"tests__test_worker": test.format(does="return None"), **calls}
    assert judge(tmp_path / "a", INJECTED, **raising) == ({"OSError", "RuntimeError", "UnicodeError"}, True)
    assert judge(tmp_path / "b", INJECTED, **giving) == ({"OSError", "UnicodeError"}, True)


def test_what_only_tests_call_is_called_by_nobody_who_is_seen(tmp_path: Path) -> None:
    """What they pass is not all that arrives; one call of the program says what does."""
    worker = (
        "def chamar(nome, funcao=None):\n    try:\n        return funcao(nome)\n    except Exception: pass\n"
    )
    tests = {"tests__test_worker": "import pytest, worker\ndef test_a():\n    worker.chamar('a', open)\n"}
    assert judge(tmp_path / "a", worker, **tests)[1] is False
    program = {"outro": "import worker\nworker.chamar('a', open)\n"}
    assert judge(tmp_path / "b", worker, **tests, **program) == ({"OSError", "TypeError"}, True)


SENT = """import aiohttp, httpx, requests
from typing import Any
async def enviar(sessao: aiohttp.ClientSession, corpo: {declared}):
    try:
        {call}
    except Exception: pass
"""


@pytest.mark.parametrize(
    ("call", "plain"),
    [
        ("requests.post('http://a', json=corpo)", "dict[str, float]"),
        ("requests.Session().put('http://a', json={'a': corpo})", "list[str]"),
        ("httpx.post('http://a', json=corpo)", "dict[str, str]"),
        ("httpx.get('http://a', headers=corpo)", "dict[str, str]"),
        ("await sessao.post('http://a', json=[corpo])", "dict[str, None]"),
        ("await sessao.get('http://a', params=corpo)", "dict[str, str]"),
        ("await sessao.get('http://a', headers={'X': corpo})", "str"),
    ],
)
def test_what_a_request_takes_along_is_encoded_by_the_client(tmp_path: Path, call: str, plain: str) -> None:
    """A body as JSON, query values and headers raise ``TypeError`` for what cannot be written as such, which no client wraps."""
    anything = judge(tmp_path / "a", SENT.format(call=call, declared="dict[str, Any]"))
    assert "TypeError" in anything[0]
    assert anything[1]
    assert "TypeError" not in judge(tmp_path / "b", SENT.format(call=call, declared=plain))[0]


@pytest.mark.parametrize("call", ["await sessao.get(corpo['url'])", "httpx.get(corpo['url'])"])
def test_an_address_that_is_none_is_no_text(tmp_path: Path, call: str) -> None:
    """What decoded JSON holds may be None, which ``requests`` alone refuses with an exception of its own."""
    script = SENT.format(call=call, declared="str").replace(
        "    try:", "    import json\n    corpo = json.loads(corpo)\n    try:"
    )
    assert "TypeError" in judge(tmp_path / "a", script)[0]
    assert "KeyError" in judge(tmp_path / "b", script.replace(call, "requests.get(corpo['url'])"))[0]


MAIL = """import email, ftplib, imaplib, poplib
def ler(servidor: str):
    try:
        {body}
    except Exception: pass
ler('a')
"""


@pytest.mark.parametrize(
    ("body", "names"),
    [
        (
            "caixa = imaplib.IMAP4_SSL(servidor)\n        tipo, dados = caixa.search(None, 'ALL')\n        dados[0].split()",
            {"AttributeError", "IndexError", "OSError", "UnicodeError", "imaplib.IMAP4.error"},
        ),
        (
            "caixa = imaplib.IMAP4_SSL(servidor)\n        partes = caixa.fetch('1', '(RFC822)')[1]\n        email.message_from_bytes(partes[0][1])",
            {"AttributeError", "IndexError", "OSError", "TypeError", "UnicodeError", "imaplib.IMAP4.error"},
        ),
        (
            "caixa = poplib.POP3(servidor)\n        quantas, tamanho = caixa.stat()\n        for n in range(quantas):\n"
            "            b'\\n'.join(caixa.retr(n + 1)[1])",
            {"IndexError", "OSError", "ValueError", "poplib.error_proto"},
        ),
        ("ftplib.FTP(servidor).pwd()", {"EOFError", "OSError", "UnicodeError", "ftplib.Error"}),
    ],
)
def test_what_a_server_of_mail_or_files_answers_has_the_shapes_that_arrive(
    tmp_path: Path, body: str, names: set[str]
) -> None:
    """A search may find None, a message comes as pairs between plain lines, and text in an encoding of the server's own."""
    assert judge(tmp_path, MAIL.format(body=body)) == (names, True)


def test_a_test_that_nothing_seen_passes_expects_more_than_was_seen(tmp_path: Path) -> None:
    """What is None everywhere it was seen and called behind ``if x`` is something else when it is called; without the test it is None."""
    worker = (
        "def esperar(aviso=None):\n{guard}    try:\n        aviso()\n    except Exception: pass\nesperar()\n"
    )
    guarded = worker.format(guard="    if not aviso: return\n")
    assert judge(tmp_path / "a", guarded)[1] is False
    assert judge(tmp_path / "b", worker.format(guard="")) == ({"TypeError"}, True)
