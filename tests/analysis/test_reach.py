"""What tells of which type a value is, in the file and around it; beside each the nearest case that tells nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from workerlog_migrate.analysis.module import Module
from workerlog_migrate.analysis.naming import Naming
from workerlog_migrate.analysis.raises import infer
from workerlog_migrate.analysis.types import Types
from workerlog_migrate.knowledge import Knowledge
from workerlog_migrate.model import Settings, Source

KNOWLEDGE = Knowledge()


def judge(folder: Path, script: str, **others: str) -> tuple[set[str], bool]:
    """Say what comes to the first handler of a script beside which other files stand that use it, and if that is all.

    Args:
        folder: an empty folder.
        script: the text of ``worker.py``.
        others: texts of other files; ``tests__test_x`` is ``tests/test_x.py``.
    """
    paths = {name: folder / f"{name.replace('__', '/')}.py" for name in ("worker", *others)}
    for name, path in paths.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(script if name == "worker" else others[name], encoding="utf-8")
    module = Module(Source(path=paths["worker"], text=script, raw=script.encode()))
    everyone = tuple(map(str, paths.values()))
    users = {path: tuple(each for each in everyone if each != path) for path in everyone}
    engine = Types(module, KNOWLEDGE, Settings(), users=users).engine
    statement = module.tries[0]
    found = infer(engine, engine.flow.block(statement, engine.unit.enclosing(statement)))
    return set(found.names), found.is_complete


READS = "import json\ndef ler():\n    try:\n        json.load(open('a', encoding='utf-8'))\n    except Exception: pass\n"
FOUND = {"OSError", "ValueError"}
PATCH = "import {library}\nimport worker\ndef test_a(x):\n    worker.json = x\n    setattr(x, x.name, 5)\n"


def test_what_a_test_puts_in_the_place_of_a_module_is_not_there_at_night(tmp_path: Path) -> None:
    """Tests replace names and attributes while they run."""
    others = {"tests__test_worker": PATCH.format(library="pytest")}

    assert judge(tmp_path, READS, **others) == (FOUND, True)


@pytest.mark.parametrize(
    ("name", "more"), [("painel", ""), ("tests__test_worker", "if __name__ == '__main__':\n    pass\n")]
)
def test_what_another_file_puts_in_the_place_of_a_module_counts(tmp_path: Path, name: str, more: str) -> None:
    """A file is no test because of its name alone: this one is a program of its own."""
    assert judge(tmp_path, READS, **{name: PATCH.format(library="os") + more})[1] is False


CONVERTS = "def ler(x):\n    try:\n        return int(x)\n    except Exception: pass\n"


def test_what_a_test_passes_counts(tmp_path: Path) -> None:
    """It says what the function is meant to bear."""
    others = {
        "main": "import worker\nworker.ler('5')\n",
        "tests__test_worker": "import pytest, worker\ndef test_none():\n    assert worker.ler(None) is None\n",
    }

    assert judge(tmp_path, CONVERTS, **others) == ({"TypeError", "ValueError"}, True)


DOUBLE = """import {library}, worker
from types import SimpleNamespace
from unittest import mock
class Dupla:
    def ler(self): raise ZeroDivisionError
def test_double(fixture):
    worker.ler(Dupla())
    worker.ler(fixture)
    worker.ler(mock.Mock())
    worker.ler(object())
    worker.ler(SimpleNamespace(read_text=print))
"""
USES = "def ler(x):\n    try:\n        return x.read_text()\n    except Exception: pass\n"


def test_a_double_that_a_test_passes_stands_for_what_the_program_passes(tmp_path: Path) -> None:
    """Mocks, fixtures, bare objects and classes of the tests tell nothing of the program."""
    others = {
        "main": "import worker, pathlib\nworker.ler(pathlib.Path('a'))\n",
        "tests__test_worker": DOUBLE.format(library="pytest"),
    }

    assert judge(tmp_path, USES, **others) == ({"OSError", "UnicodeError"}, True)


def test_an_object_that_another_file_passes_counts(tmp_path: Path) -> None:
    """The nearest case: the same file without anything of a test."""
    others = {
        "main": "import worker, pathlib\nworker.ler(pathlib.Path('a'))\n",
        "painel": DOUBLE.format(library="os").replace("from unittest import mock", "import nuvem as mock"),
    }

    assert judge(tmp_path, USES, **others)[1] is False


STORES = "def preencher(alvo, nome, valor):\n    setattr(alvo, nome, valor)\n    alvo.json = valor\n"


def test_an_object_that_is_filled_by_name_is_no_module(tmp_path: Path) -> None:
    """Nobody hands the module to anything."""
    others = {"painel": f"import worker\nworker.ler()\n{STORES}"}

    assert judge(tmp_path, READS, **others) == (FOUND, True)


@pytest.mark.parametrize(
    "hands",
    [
        "preencher(worker, 'json', nuvem.feito())",
        "tudo = [worker]",
        "import sys\npreencher(sys.modules['worker'], 'json', nuvem.feito())",
        "import importlib\npreencher(importlib.import_module('worker'), 'json', nuvem.feito())",
    ],
)
def test_a_module_that_is_handed_on_may_be_filled_by_name(tmp_path: Path, hands: str) -> None:
    """Then the object may be the module."""
    assert judge(tmp_path, READS, painel=f"import nuvem, worker\n{STORES}{hands}\n")[1] is False


SINGLE = """import threading{header}
class Base{base}:
    def __new__(cls):
        feita = super().__new__(cls)
        try:
            feita.abrir()
        except Exception: pass
        return feita
    def abrir(self):
        open("a")
"""


def test_what_new_makes_is_an_instance_of_the_class(tmp_path: Path) -> None:
    """``super().__new__(cls)`` gives an instance of the class."""
    assert judge(tmp_path, SINGLE.format(header="", base="")) == ({"OSError"}, True)


def test_what_new_of_an_unknown_base_gives_is_unknown(tmp_path: Path) -> None:
    """A base that nobody knows may give anything."""
    assert judge(tmp_path, SINGLE.format(header=", nuvem", base="(nuvem.Base)"))[1] is False


DECLARED = """import nuvem, pathlib
class Loja:
    pasta: {kind}
    def __init__(self, dados):
        self.pasta = dados.get("pasta") or nuvem.pasta()
    def onde(self, achado) -> {kind}:
        return achado
def ler(loja: Loja, achado):
    try:
        loja.pasta.read_bytes()
        loja.onde(achado).read_bytes()
    except Exception: pass
"""


def test_an_annotation_says_what_nobody_sees(tmp_path: Path) -> None:
    """Of an attribute and of what a method returns, where what is stored and returned is unknown."""
    assert judge(tmp_path, DECLARED.format(kind="pathlib.Path")) == ({"OSError"}, True)


def test_an_annotation_of_an_unknown_class_says_nothing(tmp_path: Path) -> None:
    """The nearest case: nobody knows the class either."""
    assert judge(tmp_path, DECLARED.format(kind="nuvem.Pasta"))[1] is False


RECORD = """import nuvem
def ler(resposta):
    for pedido in resposta:
        try:
            {use}
        except Exception: pass
"""
DATA = {"AttributeError", "TypeError", "ValueError"}


@pytest.mark.parametrize(
    ("use", "found"),
    [
        pytest.param("float(pedido.get('preco', 0))", DATA, id="field with a default"),
        pytest.param("int(pedido.get('a')) + int(pedido.get('b'))", DATA, id="two fields"),
        pytest.param(
            "float(pedido.get('preco', {}).get('valor'))", DATA, id="a field of a field with a default"
        ),
    ],
)
def test_an_item_with_fields_that_are_read_by_name_is_data(tmp_path: Path, use: str, found: set[str]) -> None:
    """Whoever goes through a list and asks each item for its fields goes through records."""
    assert judge(tmp_path, RECORD.format(use=use)) == (found, True)


@pytest.mark.parametrize(
    "use",
    [
        pytest.param("pedido.get('preco')", id="one field may be a key of a client"),
        pytest.param("pedido.get('https://a', 0)", id="no name of a field"),
        pytest.param("pedido.get('a', 0); pedido.buscar()", id="a method of no builtin"),
        pytest.param("pedido.get('a', 0); pedido.nome", id="an attribute"),
        pytest.param("pedido['a']", id="one field may be an option of a widget"),
        pytest.param("pedido.get('a', {}).buscar()", id="a method of no builtin on a field"),
        pytest.param("pedido.get('a', {}).nome", id="an attribute of a field"),
    ],
)
def test_an_item_that_may_be_an_object_is_unknown(tmp_path: Path, use: str) -> None:
    """What clients, rows and objects of libraries are asked for, too, tells nothing."""
    assert judge(tmp_path, RECORD.format(use=use))[1] is False


def test_a_parameter_with_fields_is_unknown(tmp_path: Path) -> None:
    """The nearest case: caches and configurations are passed, and their ``get`` takes a default."""
    script = "def ler(conf):\n    try:\n        conf.get('a', 0)\n        conf.get('b', 0)\n    except Exception: pass\n"

    assert judge(tmp_path, script)[1] is False


NESTED = """import nuvem
def ler(dados: {kind}):
    try:
        {use}
    except Exception: pass
"""


@pytest.mark.parametrize("use", ["int(dados['a']['b'])", "int(dados.get('a').get('b', 0))"])
def test_a_field_of_an_item_of_a_declared_dict_is_data(tmp_path: Path, use: str) -> None:
    """The annotation says what holds it."""
    kind = "dict[str, object]"
    assert judge(tmp_path, NESTED.format(kind=kind, use=use))[1] is True
    assert judge(tmp_path, NESTED.format(kind="nuvem.Dados", use=use))[1] is False


@pytest.mark.parametrize(
    "use", ["dados['banco']['usuarios'].find_one({})", "dados['fila'].get('a')", "dados['a']['b'].nome"]
)
def test_an_object_that_lies_in_a_declared_dict_is_unknown(tmp_path: Path, use: str) -> None:
    """A collection of a database is found by two names as well."""
    assert judge(tmp_path, NESTED.format(kind="dict[str, object]", use=use))[1] is False


ROW = """import nuvem{more}
def ler(resposta):
    for pedido in resposta:
        try:
            {use}
        except Exception: pass
"""


@pytest.mark.parametrize(
    "use", ["pedido['a']; pedido['b']", "sorted([pedido], key=lambda p: pedido['a'] or pedido['b'])"]
)
def test_an_item_of_which_several_fields_are_read_is_a_row(tmp_path: Path, use: str) -> None:
    """A dict has no such key, a row of a database no such index, and data of another shape is not subscripted."""
    assert judge(tmp_path, ROW.format(more="", use=use)) == ({"IndexError", "KeyError", "TypeError"}, True)


@pytest.mark.parametrize(
    ("more", "use"),
    [
        pytest.param(", tkinter", "pedido['a']; pedido['b']", id="widgets have options"),
        pytest.param(
            "\nclass Loja:\n    def __getitem__(self, k): return abrir(k)",
            "pedido['a']; pedido['b']",
            id="own class",
        ),
        pytest.param("", "pedido['a']; pedido['b']; pedido.buscar()", id="a method of no row"),
        pytest.param("", "pedido['a']; pedido['a']", id="one field"),
    ],
)
def test_an_item_that_may_be_no_row_is_unknown(tmp_path: Path, more: str, use: str) -> None:
    """The nearest cases: what raises errors of its own where a name is not known to it."""
    assert judge(tmp_path, ROW.format(more=more, use=use))[1] is False


@pytest.mark.parametrize(
    "use",
    [
        "dados['a'][0]",
        "dados['a'][:5]",
        "dados['a'].lower()",
        "dados['a'] + 1",
        "dados['a'] > 5",
        "'x' in dados['a']",
        "len(dados['a'])",
        "for e in dados['a']: e.get('id', 0)",
        "for k, v in dados['a'].items(): k, v",
        "a = dados.get('a')\n        a.startswith('2')",
    ],
)
def test_what_lies_in_a_declared_dict_is_data_by_a_single_use(tmp_path: Path, use: str) -> None:
    """A dict that says nothing of its values holds data where these are used as only data is."""
    assert judge(tmp_path, NESTED.format(kind="dict", use=use))[1] is True
    assert judge(tmp_path, NESTED.format(kind="nuvem.Dados", use=use))[1] is False


@pytest.mark.parametrize(
    "use",
    [
        "dados['a'].append(5)",
        "dados['a'].get('x')",
        "for e in dados['a']: e",
        "dados['a'] + dados['b']",
        "a = dados['a']\n        a == 'x'\n        for e in a: e",
        "a = dados['a']\n        a.lower()\n        a.fechar()",
    ],
)
def test_what_lies_in_a_declared_dict_may_be_an_object(tmp_path: Path, use: str) -> None:
    """Sheets are appended to, clients have ``get``, cursors are iterated, and comparing for equality tells nothing."""
    assert judge(tmp_path, NESTED.format(kind="dict", use=use))[1] is False


KEY = "import nuvem\ndef ler(lista):\n    try:\n        {use}\n    except Exception: pass\n"


def test_what_a_list_is_ordered_by_is_a_field_of_its_items(tmp_path: Path) -> None:
    """The parameter of a lambda that is a key stands for one item after the other."""
    key = "lista.sort(key=lambda s: {field})"
    lists = KEY.replace("lista)", "lista: list)")
    assert judge(tmp_path, lists.format(use=key.format(field="s.get('ano', '')")))[1] is True
    assert judge(tmp_path, lists.format(use=key.format(field="s.buscar('ano', '')")))[1] is False
    assert judge(tmp_path, lists.format(use="nuvem.sort(ordem=lambda s: s.get('ano', ''))"))[1] is False


def test_what_was_pickled_is_data(tmp_path: Path) -> None:
    """No client and no cache can be stored, so a field with a default is one of a dict; what anything gave may be any."""
    script = """import pickle, nuvem
def ler(f):
    dados = {made}
    try:
        dados.get('bot', {{}})
    except Exception: pass
"""
    assert judge(tmp_path, script.format(made="pickle.load(f)"))[1] is True
    assert judge(tmp_path, script.format(made="nuvem.load(f)"))[1] is False


ELSEWHERE = """import asyncio, nuvem
def buscar(n) -> dict:
    return {{'n': n}}
async def ler():
    try:
        achado = await {call}
        'n' in achado
    except Exception: pass
"""


@pytest.mark.parametrize(
    "call",
    [
        "asyncio.to_thread(buscar, 5)",
        "asyncio.get_running_loop().run_in_executor(None, buscar, 5)",
        "asyncio.get_running_loop().run_in_executor(None, lambda: buscar(5))",
    ],
)
def test_what_runs_in_a_thread_gives_what_the_function_gives(tmp_path: Path, call: str) -> None:
    """The value comes back through ``await``."""
    assert judge(tmp_path, ELSEWHERE.format(call=call))[1] is True
    assert judge(tmp_path, ELSEWHERE.format(call=call.replace("buscar", "nuvem.buscar")))[1] is False


def test_what_map_gives_is_what_the_function_gives(tmp_path: Path) -> None:
    """``map(str.strip, parts)`` gives texts; a function that is not known gives anything."""
    script = "import nuvem\ndef ler(linha: str):\n    try:\n        a, b = map({name}, linha.split(':', 1))\n        a.lower() + b\n    except Exception: pass\n"
    assert judge(tmp_path, script.format(name="str.strip")) == ({"ValueError"}, True)
    assert judge(tmp_path, script.format(name="nuvem.strip"))[1] is False


def test_the_class_of_anything_is_read_without_running_code(tmp_path: Path) -> None:
    """``x.__class__.__name__`` is a text whatever ``x`` is; another attribute may be a property."""
    script = (
        "import nuvem\ndef ler(x):\n    try:\n        x.{name}.__name__.lower()\n    except Exception: pass\n"
    )
    assert judge(tmp_path, script.format(name="__class__"))[1] is True
    assert judge(tmp_path, script.format(name="nome"))[1] is False


def test_a_class_with_many_heirs_is_itself(tmp_path: Path) -> None:
    """An error that a dozen others derive from sets its message; what an heir overrides runs there."""
    base = "class Falha(Exception):\n    def __init__(self, m):\n        self.m = m\n        self.avisar()\n        super().__init__(m)\n    def avisar(self): self.n = 1\n"
    heirs = "".join(f"class F{n}(Falha):\n    pass\n" for n in range(12))
    use = "def ler():\n    try:\n        Falha('a')\n    except Exception: pass\n"
    other = "class G(Falha):\n    def avisar(self): nuvem.avisar()\n"
    assert judge(tmp_path, base + heirs + use) == (set(), True)
    assert judge(tmp_path, "import nuvem\n" + base + heirs + other + use)[1] is False


SHAPE = "def ler(x):\n    try:\n        return x if isinstance(x, {kind}) else x.get('a')\n    except Exception: pass\n"


def test_what_is_asked_whether_it_is_a_list_is_data(tmp_path: Path) -> None:
    """Only of data people ask whether it is a list or a dict."""
    assert judge(tmp_path, SHAPE.format(kind="list"))[1] is True


def test_what_is_asked_whether_it_is_a_text_may_be_a_client(tmp_path: Path) -> None:
    """An address or a client: that is asked of arguments."""
    assert judge(tmp_path, SHAPE.format(kind="str"))[1] is False


CALLBACK = """import re, signal
from telegram.ext import Application, CommandHandler{header}
def trocar(achado):
    try:
        return int(achado.group(1))
    except Exception: pass
{handed}
"""


def test_what_is_handed_to_re_is_called_with_a_match(tmp_path: Path) -> None:
    """A row says what a library gives to the function that it calls."""
    script = CALLBACK.format(header="", handed="re.sub('(a)', trocar, 'banana')")

    assert judge(tmp_path, script) == ({"ValueError"}, True)


@pytest.mark.parametrize(
    "handed",
    [
        "nuvem.sub('(a)', trocar)",
        "re.sub('(a)', trocar, 'banana')\nnuvem.sub(trocar)",
        "trocar(nuvem.achado())",
    ],
)
def test_what_else_calls_a_callback_may_give_anything(tmp_path: Path, handed: str) -> None:
    """Something unknown that takes the function, besides or alone."""
    assert judge(tmp_path, CALLBACK.format(header="\nimport nuvem", handed=handed))[1] is False


HANDLER = """from telegram.ext import Application, CommandHandler
async def iniciar(update, context):
    try:
        await update.message.reply_text("oi")
    except Exception: pass
app = Application.builder().token("x").build()
{handed}
"""


def test_a_handler_of_a_bot_is_given_an_update(tmp_path: Path) -> None:
    """By what it is registered with."""
    script = HANDLER.format(handed="app.add_handler(CommandHandler('start', iniciar))")
    names, complete = judge(tmp_path, script)

    assert complete
    assert "telegram.error.TelegramError" in names


def test_a_function_that_is_registered_nowhere_is_given_anything(tmp_path: Path) -> None:
    """The nearest case: its parameters have the same names."""
    assert judge(tmp_path, HANDLER.format(handed=""))[1] is False


FILLED = """import nuvem
class Loja:
    def __init__(self):
        self.nome = "a"
    def abrir(self):
        return open(self.nome)
def ler():
    loja = Loja()
    try:
        {use}
    except Exception: pass
def preencher(alvo, nome, valor):
    setattr({target}, nome, valor)
preencher(nuvem.alvo(), nuvem.nome(), nuvem.valor())
"""


def test_something_unknown_that_is_filled_by_names_keeps_its_methods(tmp_path: Path) -> None:
    """Fields are set so, methods are not replaced."""
    assert judge(tmp_path, FILLED.format(use="loja.abrir()", target="alvo")) == ({"OSError"}, True)


@pytest.mark.parametrize(
    ("use", "target"), [("loja.nome.upper()", "alvo"), ("loja.abrir()", "Loja()"), ("loja.abrir()", "Loja")]
)
def test_what_is_filled_by_names_may_hold_anything(tmp_path: Path, use: str, target: str) -> None:
    """A field of something unknown, and whatever is set on the class itself."""
    assert judge(tmp_path, FILLED.format(use=use, target=target))[1] is False


NEEDS = """from comum import baixar
try:
    baixar()
except Exception: pass
"""


def written(folder: Path, script: str, comum: str) -> str | None:
    """Say how a script can write ``requests.RequestException``."""
    (folder / "comum.py").write_text(comum, encoding="utf-8")
    path = folder / "worker.py"
    path.write_text(script, encoding="utf-8")
    module = Module(Source(path=path, text=script, raw=script.encode()))
    engine = Types(module, KNOWLEDGE, Settings()).engine
    found = Naming(engine).write("requests.RequestException", module.tries[0], None)
    return None if found is None else found.text


def test_a_library_that_an_imported_own_file_needs_may_be_imported(tmp_path: Path) -> None:
    """The script cannot run without it."""
    comum = "import requests\ndef baixar(): requests.get('x')\n"

    assert written(tmp_path, NEEDS, comum) == "requests.RequestException"


@pytest.mark.parametrize(
    "comum",
    [
        "try:\n    import requests\nexcept ImportError:\n    requests = None\ndef baixar(): ...\n",
        "def baixar():\n    import requests\n",
    ],
)
def test_a_library_that_an_imported_own_file_may_lack_is_not_imported(tmp_path: Path, comum: str) -> None:
    """An import that is guarded or runs later proves nothing; an ``OSError`` needs no import."""
    assert written(tmp_path, NEEDS, comum) == "OSError"


RUNS = """{top}def ler():
    try:
        from comum import VALOR
    except Exception: pass
    else:
        VALOR.upper()
def outra():
    try:
        from comum import VALOR
        return VALOR.upper()
    except Exception: pass
"""
TOP = "import os\nVALOR = os.environ['VALOR']\nos.mkdir('a')\n"


def second(folder: Path, top: str) -> tuple[set[str], bool]:
    """Say what comes to the second handler of ``RUNS``, whose first only guards an import."""
    (folder / "comum.py").write_text(TOP, encoding="utf-8")
    path, script = folder / "worker.py", RUNS.format(top=top)
    path.write_text(script, encoding="utf-8")
    module = Module(Source(path=path, text=script, raw=script.encode()))
    engine = Types(module, KNOWLEDGE, Settings()).engine
    statement = module.tries[1]
    found = infer(engine, engine.flow.block(statement, engine.unit.enclosing(statement)))
    return set(found.names), found.is_complete


def test_an_own_file_runs_where_it_is_first_imported(tmp_path: Path) -> None:
    """What its top level raises arrives at the handler around the import."""
    assert second(tmp_path, "") == ({"ImportError", "KeyError", "OSError"}, True)


def test_an_own_file_that_was_imported_at_the_top_has_run(tmp_path: Path) -> None:
    """The nearest case: nothing runs again."""
    assert second(tmp_path, "import comum\n")[0].isdisjoint({"KeyError", "OSError"})


NAMED = """import json
from dataclasses import dataclass
@dataclass
class Api:
    url: str
class Fila:
    def __init__(self, nome): self.nome = nome
def juntar(nome): return nome
def ler(dados: dict, f, **opcoes):
    proprio = {{'nome': 'a'}}
    try:
        {use}
    except Exception: pass
"""


@pytest.mark.parametrize("use", ["Api(**dados)", "Fila(**dados)", "juntar(**dados)", "Api(**json.load(f))"])
def test_names_that_come_from_elsewhere_may_be_no_parameters(tmp_path: Path, use: str) -> None:
    """A file of yesterday has a field more or less than the class of today."""
    assert "TypeError" in judge(tmp_path, NAMED.format(use=use))[0]


@pytest.mark.parametrize("use", ["Fila(**opcoes)", "juntar(**proprio)", "Api(url='a')"])
def test_names_that_are_written_here_are_parameters(tmp_path: Path, use: str) -> None:
    """The nearest cases: what the function was called with itself, and what it puts together."""
    assert "TypeError" not in judge(tmp_path, NAMED.format(use=use))[0]


def test_an_attribute_of_an_object_is_no_literal(tmp_path: Path) -> None:
    """``api.url`` may be any text; ``config.URL`` of an own file stands there."""
    script = """import httpx, config
class Api:
    url: str
def ler(api: Api):
    try:
        httpx.get({url})
    except Exception: pass
"""
    others = {"config": "URL = 'https://a'\n"}
    assert "httpx.InvalidURL" in judge(tmp_path, script.format(url="api.url"), **others)[0]
    assert "httpx.InvalidURL" not in judge(tmp_path, script.format(url="config.URL"), **others)[0]


@pytest.mark.parametrize(
    ("maker", "is_known"), [("dataclass(frozen=True)", True), ("nuvem.modelo(frozen=True)", False)]
)
def test_a_decorator_that_the_standard_library_makes_is_known(
    tmp_path: Path, maker: str, is_known: bool
) -> None:
    """An own file with a frozen data class is loaded inside the body; what another library makes may do anything."""
    script = "def ler(f):\n    try:\n        from modelo import Rede\n        f.a = Rede\n        json.dumps('a')\n    except Exception: pass\n"
    model = f"import nuvem\nfrom dataclasses import dataclass\n@{maker}\nclass Rede:\n    a: int = 0\n"
    script = "import json\n" + script.replace("f.a = Rede", "Rede.a")
    assert (
        judge(tmp_path, script, modelo=model.replace("import nuvem\n", "" if is_known else "import nuvem\n"))[
            1
        ]
        is is_known
    )


@pytest.mark.parametrize("call", ["asyncio.create_task(avisar())", "asyncio.ensure_future(avisar())"])
def test_a_task_is_made_where_a_loop_runs(tmp_path: Path, call: str) -> None:
    """A plain function may be called where none does; a coroutine never is."""
    script = "import asyncio\nasync def avisar(): pass\n{kind}def ler():\n    try:\n        {call}\n    except Exception: pass\n"
    assert "RuntimeError" in judge(tmp_path, script.format(kind="", call=call))[0]
    assert "RuntimeError" not in judge(tmp_path, script.format(kind="async ", call=call))[0]


MAPPED = """from sqlalchemy import {types}
from sqlalchemy.orm import Mapped, DeclarativeBase, declarative_base, mapped_column, Session
{base}
class Pessoa(Base):
    numero = Column(Integer, primary_key=True)
    nome = {column}
    idade: Mapped[int] = mapped_column()
"""


@pytest.mark.parametrize("base", ["Base = declarative_base()", "class Base(DeclarativeBase): pass"])
@pytest.mark.parametrize(
    ("read", "column", "extra"),
    [
        ("p.nome.upper()", "Column(String(50), nullable=False)", set()),
        ("p.nome.upper()", "Column('n', Text, nullable=False)", set()),
        ("p.nome.upper()", "Column(Text)", {"AttributeError"}),  # a column without a value gives None
        ("p.nome + 1", "Column(Integer, nullable=False)", set()),
        ("p.nome['a']", "Column(JSON, nullable=False)", {"KeyError", "TypeError"}),
        ("p.idade + 1", "Column(Text)", set()),
        (
            "p.nome.upper()",
            "Column(Propria, nullable=False)",
            None,
        ),  # a type of the program's own converts as it likes
    ],
)
def test_reading_a_column_asks_the_database(
    tmp_path: Path, base: str, read: str, column: str, extra: set[str] | None
) -> None:
    """A column of a mapped object is of its Python type, and reading it may load it."""
    model = MAPPED.format(types="Column, Integer, JSON, String, Text", base=base, column=column)
    script = f"from modelo import Pessoa\ndef ler(p: Pessoa):\n    try:\n        {read}\n    except Exception: pass\n"
    names, is_known = judge(tmp_path, script, modelo=model)

    assert is_known is (extra is not None)
    assert extra is None or names == extra | {"sqlalchemy.exc.SQLAlchemyError"}


@pytest.mark.parametrize(
    ("loop", "is_known"),
    [
        ("for p in s.query(Pessoa).filter(Pessoa.nome == 'a').order_by(Pessoa.idade.desc()).all()", True),
        ("for p in s.execute(select(Pessoa).where(Pessoa.idade > 4)).scalars()", True),
        ("for p in s.scalars(select(Pessoa))", True),
        ("for p in [s.get(Pessoa, 3) or Pessoa()]", True),
        ("for p in s.query(Pessoa, Pessoa.nome)", False),  # rows, not objects
        ("for p in s.execute(select(Pessoa))", False),
        ("for p in s.query(Pessoa.nome)", False),
    ],
)
def test_a_query_gives_objects_of_the_class_that_it_is_made_with(
    tmp_path: Path, loop: str, is_known: bool
) -> None:
    """``query``, ``select`` and ``get`` of a mapped class give its objects; of columns or of several classes, rows."""
    model = MAPPED.format(
        types="Column, Integer, Text", base="Base = declarative_base()", column="Column(Text)"
    )
    model += "    def avisar(self): return 1\n"
    script = f"from modelo import Pessoa\nfrom sqlalchemy import select\nfrom sqlalchemy.orm import Session\ndef ler(s: Session):\n    try:\n        {loop}: p.avisar()\n    except Exception: pass\n"

    assert judge(tmp_path, script, modelo=model)[1] is is_known


@pytest.mark.parametrize(("library", "is_known"), [("flask_sqlalchemy", True), ("outra_sqlalchemy", False)])
def test_what_an_extension_hands_on_is_what_it_is_there(tmp_path: Path, library: str, is_known: bool) -> None:
    """``db.Column`` of Flask-SQLAlchemy is that of SQLAlchemy, and ``Model.query`` asks for objects of the class."""
    model = f"from {library} import SQLAlchemy\ndb = SQLAlchemy()\nclass Pessoa(db.Model):\n    nome = db.Column(db.Text, nullable=False)\n"
    script = "from modelo import Pessoa, db\ndef ler():\n    try:\n        for p in Pessoa.query.filter(Pessoa.nome.ilike('a%')):\n            p.nome = p.nome.upper()\n        db.session.commit()\n    except Exception: pass\n"
    names, known = judge(tmp_path, script, modelo=model)

    assert known is is_known
    assert not is_known or names == {
        "RuntimeError",
        "sqlalchemy.exc.SQLAlchemyError",
    }  # outside of an application


EVENTS = """from sqlalchemy import Column, Integer, Text, TypeDecorator, event
from sqlalchemy.orm import Session, declarative_base, validates
Base = declarative_base()
{extra}
class Pessoa(Base):
    numero = Column(Integer, primary_key=True)
    nome = Column(Text)
{inside}
def ler(s: Session, p: Pessoa):
    try:
        {body}
    except Exception: pass
"""


@pytest.mark.parametrize(
    ("extra", "inside", "body", "is_run"),
    [
        (
            "@event.listens_for(Session, 'before_flush')\ndef olhar(*a): raise EOFError",
            "",
            "s.commit()",
            True,
        ),
        (
            "def olhar(*a): raise EOFError\nevent.listen(Session, 'before_flush', olhar)",
            "",
            "s.commit()",
            True,
        ),
        ("def olhar(*a): raise EOFError", "", "s.commit()", False),
        (
            "class Segredo(TypeDecorator):\n    def process_result_value(self, v, d): raise EOFError",
            "",
            "s.query(Pessoa).all()",
            True,
        ),
        (
            "class Segredo:\n    def process_result_value(self, v, d): raise EOFError",
            "",
            "s.query(Pessoa).all()",
            False,
        ),
        ("", "    @validates('nome')\n    def olhar(self, k, v): raise EOFError", "Pessoa(nome='a')", True),
        ("", "    @validates('nome')\n    def olhar(self, k, v): raise EOFError", "p.nome = 'a'", True),
        ("", "    @validates('nome')\n    def olhar(self, k, v): raise EOFError", "p.numero = 5", False),
    ],
)
def test_what_a_program_hangs_into_a_library_runs_there(
    tmp_path: Path, extra: str, inside: str, body: str, is_run: bool
) -> None:
    """Listeners, own column types and validators of SQLAlchemy run inside its calls, and where an attribute is set."""
    script = EVENTS.format(extra=extra, inside=inside, body=f"{body}\n        open('a')")
    names, is_known = judge(tmp_path, script)

    assert is_known
    assert ("EOFError" in names) is is_run
