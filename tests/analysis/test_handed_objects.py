"""An object that the start hands to a file which imports neither it nor its class: what is done to it there counts.

Each case is what a helper does with what it is handed, and its twin: in the first the exception is listed, in the second it is not.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from workerlog_migrate.analysis.module import Module
from workerlog_migrate.analysis.raises import Inference, infer
from workerlog_migrate.analysis.types import Types
from workerlog_migrate.files.source import decode
from workerlog_migrate.knowledge import Knowledge
from workerlog_migrate.model import BESIDE, SET_BY_MANY, Settings, Target
from workerlog_migrate.project import place
from workerlog_migrate.project.handed import derives_from_handed, offered, touched
from workerlog_migrate.project.program import MAX_BESIDE
from workerlog_migrate.syntax.nodes import nodes

ROBO = """
class Robo:
    RITMO = 5

    def __init__(self):
        self.nome = "x"
        self.taxas = {"usd": 1}

    def passo(self, texto="a"):
        try:
            BODY
        except Exception:
            pass
"""
START = "import main\nimport ajuda\nr = main.Robo()\nr.passo('b')\nHAND\n"
OTHER = "class Outra:\n    pass\n"


def _inferred(folder: Path, body: str, helpers: dict[str, str], hand: str = "ajuda.usa(r)") -> Inference:
    folder.mkdir(exist_ok=True)
    texts = {
        "pyproject.toml": "",
        "main.py": ROBO.replace("BODY", body),
        "run.py": START.replace("HAND", hand),
    }
    for name, text in {**texts, **helpers}.items():
        (folder / name).write_text(text)
    (target,) = place([Target(folder / "main.py", "main")], folder, None)
    module = Module(decode(target.path, target.path.read_bytes()))
    engine = Types(module, Knowledge(), Settings(), users=dict(target.users)).engine
    statement = module.tries[-1]
    return infer(engine, engine.flow.block(statement, engine.unit.enclosing(statement)))


@pytest.mark.parametrize(
    ("body", "helper", "twin", "expected"),
    [
        ("self.nome.upper()", "def usa(v):\n    v.nome = None", "def usa(v):\n    v.apelido = None", "AttributeError"),
        ("self.nome.upper()", "def usa(v):\n    v.n, v.nome = 1, None", "def usa(v):\n    v.n, v.nome = 1, 'y'", "AttributeError"),
        ("self.nome.upper()", "def usa(v):\n    for w in [v]:\n        w.nome = None", "def usa(v):\n    for w in [v]:\n        w.nome = 'y'", "AttributeError"),
        ("self.nome.upper()", "class Usa:\n    def __init__(self, v):\n        self.v = v\n    def poe(self):\n        self.v.nome = None\ndef usa(v):\n    Usa(v).poe()", "class Usa:\n    def __init__(self, v):\n        self.nome = None\ndef usa(v):\n    Usa(v)", "AttributeError"),
        ("self.nome.upper()", "def usa(v):\n    setattr(v, 'nome', None)", "def usa(v):\n    setattr(v, 'apelido', None)", "AttributeError"),
        ("print(self.nome)", "def usa(v):\n    del v.nome", "def usa(v):\n    del v.apelido", "AttributeError"),
        ("self.taxas['usd']", "def usa(v):\n    v.taxas.clear()", "def usa(v):\n    v.taxas.copy()", "KeyError"),
        ("self.taxas['usd']", "def usa(v):\n    t = v.taxas\n    t.pop('usd')", "def usa(v):\n    t = v.taxas\n    t.get('usd')", "KeyError"),
        ("texto.upper()", "def usa(v):\n    v.passo(None)", "def usa(v):\n    v.passo('c')", "AttributeError"),
    ],
)  # fmt: skip
def test_what_a_helper_does_to_what_the_start_hands_to_it_counts(
    tmp_path: Path, body: str, helper: str, twin: str, expected: str
) -> None:
    """An attribute is set or deleted, a table emptied, a method called; the twin does it to nothing that the body reads."""
    assert expected in _inferred(tmp_path / "0", body, {"ajuda.py": helper}).names
    found = _inferred(tmp_path / "1", body, {"ajuda.py": twin})
    assert found.is_complete
    assert expected not in found.names


CAIXA = "class Caixa:\n    def passo(self, texto):\n        pass\n"


@pytest.mark.parametrize(
    ("helper", "hand", "twin"),
    [
        (
            "import main\nimport json\ndef usa():\n    json.passo(None)",
            "ajuda.json = r\najuda.usa()",
            "ajuda.outro = r\najuda.usa()",
        ),
        (
            f"import main\n{CAIXA}def usa():\n    c = Caixa()\n    c.passo(None)",
            "ajuda.Caixa = main.Robo\najuda.usa()",
            "ajuda.Outra = main.Robo\najuda.usa()",
        ),
        (
            f"import main\n{CAIXA}c = Caixa()\ndef usa():\n    c.passo(None)",
            "setattr(ajuda, 'c', r)\najuda.usa()",
            "setattr(ajuda, 'd', r)\najuda.usa()",
        ),
        (
            f"import main\n{CAIXA}def usa():\n    c.passo(None)\nc = Caixa()\ndef troca(v):\n    global c\n    c = v",
            "ajuda.troca(r)\najuda.usa()",
            "ajuda.troca(ajuda.Caixa())\najuda.usa()",
        ),
        (
            f"import main\n{CAIXA}class Heranca(main.Robo):\n    pass\ndef usa():\n    c = Heranca()\n    c.passo(None)",
            "ajuda.usa()",
            "ajuda.Caixa().passo(None)",
        ),
    ],
    ids=["a module", "its class", "the object", "the object, by a function", "its base"],
)
def test_what_a_name_of_a_helper_is_may_be_set_from_outside(
    tmp_path: Path, helper: str, hand: str, twin: str
) -> None:
    """By its own file alone the name is a module or an object of another class; the twin sets another name, or the same kind."""
    body = "texto.upper()"
    assert "AttributeError" in _inferred(tmp_path / "0", body, {"ajuda.py": helper}, hand).names
    is_heir = "Heranca" in helper
    own = helper.replace("Heranca(main.Robo)", "Heranca") if is_heir else helper
    assert "AttributeError" not in _inferred(tmp_path / "1", body, {"ajuda.py": own}, twin).names


@pytest.mark.parametrize("hand", ["ajuda.usa(r)", "ajuda.usa(ajuda.Outra())"])
def test_a_helper_that_is_only_handed_objects_of_another_class_does_nothing(
    tmp_path: Path, hand: str
) -> None:
    """Who calls the helper is looked at, where the start runs; the twin hands the object itself."""
    helper = f"{OTHER}def usa(v):\n    v.nome = None"
    found = _inferred(tmp_path / "0", "self.nome.upper()", {"ajuda.py": helper}, hand)
    assert ("AttributeError" in found.names) == (hand == "ajuda.usa(r)")


def test_what_a_helper_hands_on_to_another_counts(tmp_path: Path) -> None:
    """The second helper is imported by the first alone; its twin is imported by nobody, and so never handed anything."""
    last = "def usa(v):\n    v.nome = None"
    for at, first in enumerate(("import fim\ndef usa(v):\n    fim.usa(v)", "def usa(v):\n    pass")):
        found = _inferred(tmp_path / str(at), "self.nome.upper()", {"ajuda.py": first, "fim.py": last})
        assert ("AttributeError" in found.names) == (not at)


@pytest.mark.parametrize(
    ("base", "is_complete"),
    [("canais.Canal", False), ("asynchat.async_chat", False), ("Outra", True), ("Thread", True)],
)
def test_what_is_put_from_outside_is_not_all_where_a_base_is_out_of_sight(
    tmp_path: Path, base: str, is_complete: bool
) -> None:
    """The class but resets an attribute: its base may set it, too. The twins' bases are in view, or known to have none."""
    main = (
        "import asynchat\nimport canais\nfrom threading import Thread\nclass Outra:\n    pass\n"
        + ROBO.replace(
            "class Robo:", f"class Robo({base}):\n    def fecha(self):\n        self.canal = None\n"
        )
    )
    body = "return self.canal.send(texto)"
    found = _inferred(
        tmp_path, body, {"ajuda.py": "def usa(v):\n    v.canal = 'x'", "main.py": main.replace("BODY", body)}
    )
    assert found.is_complete == is_complete
    assert "AttributeError" in found.names


@pytest.mark.parametrize(
    "hand",
    [
        "from importlib import import_module\nfor p in ['um']:\n    import_module(f'plugins.{p}').usa(r)",
        "import importlib.util as u, pathlib\nfor p in pathlib.Path('plugins').glob('*.py'):\n    s = u.spec_from_file_location(p.stem, p)",
        "import runpy\nrunpy.run_path(__file__.replace('run', 'um'), {'v': r})",
    ],
)
@pytest.mark.parametrize("is_loaded", [True, False])
def test_a_plugin_may_be_handed_an_object(tmp_path: Path, hand: str, *, is_loaded: bool) -> None:
    """A file counts whose folder or own name stands in one that loads others by names or paths; the twin loads nothing."""
    (tmp_path / "plugins").mkdir()
    text = "def usa(v):\n    v.nome = None\n"
    helpers = {"ajuda.py": "", "plugins/um.py": text if "runpy" not in hand else "v.nome = None\n"}
    found = _inferred(tmp_path, "self.nome.upper()", helpers, hand if is_loaded else "print('plugins', 'um')")
    assert ("AttributeError" in found.names) == is_loaded


@pytest.mark.parametrize("made", ["None", "'y'"])
@pytest.mark.parametrize("maker", ["type(v)", "v.__class__"])
def test_what_a_helper_makes_of_the_class_of_what_it_is_handed_counts(
    tmp_path: Path, maker: str, made: str
) -> None:
    """``type(x)(...)`` is a call of the class, in whatever file it stands."""
    main = (
        ROBO.replace("def __init__(self)", "def __init__(self, nome='x')")
        .replace("self.nome = 'x'", "")
        .replace('self.nome = "x"', "self.nome = nome")
    )
    helper = f"def usa(v):\n    return {maker}({made})"
    found = _inferred(
        tmp_path,
        "self.nome.upper()",
        {"ajuda.py": helper, "main.py": main.replace("BODY", "self.nome.upper()")},
    )
    assert ("AttributeError" in found.names) == (made == "None")


def test_a_function_that_becomes_a_method_elsewhere_counts(tmp_path: Path) -> None:
    """Its ``self`` is what the start makes it; the twin is a method of another class."""
    text = "def usa(self):\n    self.nome = None"
    hand = "main.Robo.usa = ajuda.usa\nr.usa()"
    assert "AttributeError" in _inferred(tmp_path / "0", "self.nome.upper()", {"ajuda.py": text}, hand).names
    inside = "class Outra:\n    def usa(self):\n        self.nome = None"
    hand = "ajuda.Outra().usa()"
    assert (
        "AttributeError"
        not in _inferred(tmp_path / "1", "self.nome.upper()", {"ajuda.py": inside}, hand).names
    )


def test_an_attribute_that_too_many_files_set_may_hold_anything(tmp_path: Path) -> None:
    """Of more files than are looked at, nobody knows what the rest put there; fewer are all looked at."""
    for count in (MAX_BESIDE - 1, MAX_BESIDE + 2):
        names = [f"auxiliar_{at}" for at in range(count)]
        helpers = {f"{name}.py": "def usa(v):\n    v.nome = 'y'\n" for name in names}
        hand = "\n".join(f"import {name}\n{name}.usa(r)" for name in names)
        found = _inferred(tmp_path / str(count), "self.nome.upper()", {"ajuda.py": "", **helpers}, hand)
        assert found.is_complete == (count < MAX_BESIDE)
        (target,) = place([Target(tmp_path / str(count) / "main.py", "main")], tmp_path / str(count), None)
        users = dict(target.users)
        assert len(users[BESIDE]) <= MAX_BESIDE
        assert users.get(SET_BY_MANY, ()) == (() if count < MAX_BESIDE else ("nome",))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("def f(v):\n    v.nome = 1\n    v.pasta.lista.append(2)", {"=nome", "pasta", "lista", "append"}),
        ("import os, outro\nos.path.join('a')\noutro.mede(1)\noutro.ATUAL.nome = 1", {"=nome"}),
        ("from outro import Fila, atual\nFila.abre()\nFila().mede()\natual.nome", {"nome"}),
        ("class A:\n    def f(self):\n        self.nome = self.alvo.taxa", {"taxa"}),
        ("f = Fila()\nf.mede()\n'{}'.format(1)\nopen('x').read()", set()),
        ("def g(f):\n    f.mede()\nf = Fila()", {"mede"}),
        ("def g(v, n):\n    setattr(v, n, 1)\n    vars(v).clear()\n    setattr(A, n, 1)\nclass A: ...", {"setattr", "vars", "clear"}),
    ],
)  # fmt: skip
def test_a_file_may_touch_what_it_has_not_made_itself(text: str, expected: set[str]) -> None:
    """Parameters, what an attribute holds, what another file holds; not its own objects, classes, modules and texts."""
    assert set(touched(nodes(ast.parse(text)))) == expected


def test_a_file_offers_what_it_defines() -> None:
    """Names of the module, of classes, and what is stored in objects; not what functions bind for themselves."""
    text = "A = 1\nif A:\n    B = 2\nclass C:\n    x: int\n    def m(self):\n        self.y, z = 1, 2\n        self.w.v = 1\n    __slots__ = ()\ndef f(q):\n    r = 1\n"
    tree = ast.parse(text)

    assert offered(tree, nodes(tree)) == ("A", "B", "C", "f", "m", "v", "x", "y")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("def g():\n    x = yield\n    print(x)", ("asend", "g", "send")),
        ("def g():\n    yield 1", ("g",)),
    ],
)
def test_a_file_with_a_generator_that_uses_what_is_sent_offers_to_be_sent_something(
    text: str, expected: tuple[str, ...]
) -> None:
    """A generator whose ``yield`` is only a statement takes nothing."""
    tree = ast.parse(text)

    assert offered(tree, nodes(tree)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("def g(base):\n    class D(base): ...\n    return D", True),
        ("def g(base):\n    class D(Base): ...\n    return D", False),
        ("def g(base):\n    return type('D', (base,), {})", True),
        ("def g(base):\n    return type('D', (Base,), {})", False),
        ("def g(base):\n    return type(base)", False),
    ],
)
def test_a_file_may_make_an_heir_of_a_class_that_it_is_handed(text: str, expected: bool) -> None:
    """Where a base is a parameter, not where it is a class of its own or of an import."""
    assert derives_from_handed(nodes(ast.parse(text))) is expected
