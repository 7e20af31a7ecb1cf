"""What reaches a body past what its file shows: names that are not bound, things read by texts, factories, declarations that others break.

Each case is a script, another file that uses it, and that file's twin: in the first the exception is listed, in the second it is not.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from workerlog_migrate.analysis.module import Module
from workerlog_migrate.analysis.raises import Inference, infer
from workerlog_migrate.analysis.types import Types
from workerlog_migrate.files.source import decode
from workerlog_migrate.knowledge import Knowledge
from workerlog_migrate.model import Settings, Target
from workerlog_migrate.project import place

BROAD = "stays broad"
TABLE = "TAXAS = {'usd': 5}\n"
LIST = "PESOS = [1]\n"
ROBOT = "class Robo:\n    def __init__(self):\n        self.fila = [1]\n"
COUNTS = "from collections import defaultdict\n"
DATA = "from dataclasses import dataclass, field\n"


def _inferred(folder: Path, head: str, body: str, files: dict[str, str]) -> Inference:
    (folder / "pyproject.toml").write_text("")
    function = f"def usa(x=None, y=1):\n    try:\n        {body}\n    except Exception:\n        pass\n"
    if head.startswith("class Robo"):
        function = f"    def usa(self):\n        try:\n            {body}\n        except Exception:\n            pass\n"
    if "{usa}" in head:
        head = head.replace("{usa}", function)
        function = ""
    for name, text in {**files, "main.py": head + function}.items():
        (folder / name).write_text(text)
    (target,) = place([Target(folder / "main.py", "main")], folder, None)
    module = Module(decode(target.path, target.path.read_bytes()))
    engine = Types(module, Knowledge(), Settings(), users=dict(target.users)).engine
    statement = module.tries[-1]
    return infer(engine, engine.flow.block(statement, engine.unit.enclosing(statement)))


def _is_told(found: Inference, expected: str) -> bool:
    return not found.is_complete if expected == BROAD else expected in found.names


def _check(folder: Path, head: str, body: str, texts: tuple[str, str], expected: str) -> None:
    for at, (text, is_hazard) in enumerate(zip(texts, (True, False), strict=True)):
        place_of = folder / str(at)
        place_of.mkdir()
        found = _inferred(place_of, head, body, {"run.py": f"import main\n{text}\n"})
        assert _is_told(found, expected) is is_hazard, (text, found.names)


@pytest.mark.parametrize(
    ("head", "body", "texts", "expected"),
    [
        (TABLE, "TAXAS['usd']", ("getattr(main, 'TAXAS').clear()", "getattr(main, 'OUTRA').clear()"), "KeyError"),
        (TABLE, "TAXAS['usd']", ("main.__dict__['TAXAS'].clear()", "main.__dict__['OUTRA'].clear()"), "KeyError"),
        (
            TABLE,
            "TAXAS['usd']",
            ("for t in vars(main).values():\n    t.clear()", "for t in vars(main):\n    print(t)"),
            "KeyError",
        ),
        (
            TABLE,
            "TAXAS['usd']",
            ("from operator import attrgetter\nattrgetter('TAXAS')(main).clear()", "main.TAXAS.copy()"),
            "KeyError",
        ),
        (
            ROBOT,
            "sum(self.fila)",
            ("r = main.Robo()\ngetattr(r, 'fi' + 'la').append('a')", "r = main.Robo()\ngetattr(r, 'outra').append('a')"),
            "TypeError",
        ),
        (
            ROBOT,
            "sum(self.fila)",
            ("for v in vars(main.Robo()).values():\n    v.append('a')", "for v in vars(main.Robo()):\n    print(v)"),
            "TypeError",
        ),
    ],
)  # fmt: skip
def test_what_is_read_by_a_text_is_followed(
    tmp_path: Path, head: str, body: str, texts: tuple[str, str], expected: str
) -> None:
    """A table that is taken by ``getattr``, ``vars`` or ``__dict__`` is changed as by its name; the twin takes another, or only looks."""
    _check(tmp_path, head, body, texts, expected)


@pytest.mark.parametrize(
    ("head", "texts"),
    [
        ("TAXA = 5\n", ("exec('TAXA = 0', main.__dict__)", "exec('TAXA = 0', {})")),
        ("TAXA = 5\n", ("exec('TAXA = 0', vars(main))", "exec('OUTRA = 0', vars(main))")),
        ("TAXA = 5\n", ("from unittest import mock\nmock.patch('main.TAXA', 0).start()", "from unittest import mock\nmock.patch('main.OUTRA', 0).start()")),
        ("TAXA = 5\n", ("from unittest import mock\nmock.patch.object(main, 'TAXA', 0).start()", "from unittest import mock\nmock.patch.object(main, 'OUTRA', 0).start()")),
        ("TAXA = 5\n", ("from unittest import mock\nmock.patch.multiple(main, TAXA=0).start()", "from unittest import mock\nmock.patch.multiple(main, OUTRA=0).start()")),
    ],
)  # fmt: skip
def test_a_name_that_a_text_sets_from_elsewhere_is_unknown(
    tmp_path: Path, head: str, texts: tuple[str, str]
) -> None:
    """By ``exec`` in the table of a module, and by ``mock.patch``; the twin sets another name, or in another table."""
    for at, (text, is_hazard) in enumerate(zip(texts, (True, False), strict=True)):
        place_of = tmp_path / str(at)
        place_of.mkdir()
        found = _inferred(place_of, head, "print(10 / TAXA)", {"run.py": f"import main\n{text}\n"})
        is_safe = found.is_complete and "ZeroDivisionError" not in found.names
        assert is_safe is not is_hazard, (text, found.names)


@pytest.mark.parametrize(
    ("head", "body", "texts", "expected"),
    [
        (f"{COUNTS}n = defaultdict(int)\n", "n[x] += 1", ("main.n.default_factory = None", "main.n.clear()"), "KeyError"),
        (
            f"{COUNTS}B = {{'a': 1}}\nclass Item:\n    def __init__(self):\n        self.v = B['a']\nn = defaultdict(Item)\n",
            "n[x]",
            ("main.B.clear()", "main.B.copy()"),
            "KeyError",
        ),
        (f"{COUNTS}B = {{'a': 1}}\nn = defaultdict(lambda: B['a'])\n", "n[x]", ("main.B.clear()", "main.B.copy()"), "KeyError"),
        (
            f"{DATA}B = {{'a': 1}}\n@dataclass\nclass P:\n    n: int = field(default_factory=lambda: B['a'])\n",
            "P()",
            ("main.B.clear()", "main.B.copy()"),
            "KeyError",
        ),
    ],
)  # fmt: skip
def test_a_factory_runs_where_a_key_or_a_field_is_missing(
    tmp_path: Path, head: str, body: str, texts: tuple[str, str], expected: str
) -> None:
    """Whatever it is: a class, a lambda, nothing; in the twin it finds what it needs."""
    _check(tmp_path, head, body, texts, expected)


@pytest.mark.parametrize(
    ("head", "body", "texts", "expected"),
    [
        ("def dobro(n: int):\n    return n + n\n", "dobro(y) + 1", ("main.usa(y=None)", "main.usa(y=3)"), "TypeError"),
        ("def soma(v: list[int]):\n    return sum(v)\n", "soma([2])", ("main.soma([1, None])", "main.soma([1, 2])"), "TypeError"),
        (
            "from dataclasses import dataclass\n@dataclass(order=True)\nclass P:\n    n: int\n",
            "min([P(y), P(y)])",
            ("main.P(None)", "main.P(2)"),
            "TypeError",
        ),
    ],
)  # fmt: skip
def test_none_contradicts_what_is_declared(
    tmp_path: Path, head: str, body: str, texts: tuple[str, str], expected: str
) -> None:
    """Where a number is declared and None was seen to be given, also inside a list; the twin gives numbers."""
    _check(tmp_path, head, body, texts, expected)


LOOP = "import sys\nfor nome in sys.argv[5:]:\n    ultimo = nome\n"


@pytest.mark.parametrize(
    ("heads", "name"),
    [
        (("import sys\nif len(sys.argv) > 5:\n    n = 1\n{usa}", "import sys\nif len(sys.argv) > 5:\n    n = 1\nelse:\n    n = 2\n{usa}"), "n"),
        ((f"{LOOP}{{usa}}", f"{LOOP}ultimo = 'a'\n{{usa}}"), "ultimo"),
        (("for p in ['a']:\n    pass\ndel p\n{usa}", "for p in ['a']:\n    pass\n{usa}"), "p"),
        (("{usa}usa()\nn = 1\n", "n = 1\n{usa}usa()\n"), "n"),
        (("{usa}def f():\n    usa()\nf()\nn = 1\n", "{usa}def f():\n    usa()\nn = 1\nf()\n"), "n"),
        (("try:\n    n = open('a').read()\nexcept OSError:\n    print('b')\n{usa}", "try:\n    n = open('a').read()\nexcept OSError:\n    exit('b')\n{usa}"), "n"),
        (("import sys\nif sys.argv:\n    n = 1\n{usa}", "if __name__ == '__main__':\n    n = 1\n{usa}"), "n"),
    ],
)  # fmt: skip
def test_a_name_of_the_file_may_be_missing(tmp_path: Path, heads: tuple[str, str], name: str) -> None:
    """Bound on some ways only, deleted, or bound after the function was called; the twin binds it before, on every way."""
    for at, head in enumerate(heads):
        place_of = tmp_path / str(at)
        place_of.mkdir()
        found = _inferred(place_of, head, f"print({name})", {})
        assert ("NameError" in found.names) is (not at), (head, found.names)


@pytest.mark.parametrize(
    ("bodies", "expected"),
    [
        (("n = 1\n        z = [n := v for v in x]\n        print(10 / n, z)", "n = 1\n        z = [v for v in x]\n        print(10 / n, z)"), "ZeroDivisionError"),
        (("n = 'a'\n        y and (n := None)\n        print(n.upper())", "n = 'a'\n        y and print(n)\n        print(n.upper())"), "AttributeError"),
        (("n = 2\n        z = (n := 0) if y else 1\n        print(10 / n, z)", "n = 2\n        z = 0 if y else 1\n        print(10 / n, z)"), "ZeroDivisionError"),
    ],
)  # fmt: skip
def test_what_a_part_of_an_expression_binds_holds_behind_it(
    tmp_path: Path, bodies: tuple[str, str], expected: str
) -> None:
    """In a comprehension, behind ``and`` and in a branch, each of which may run or not; in the twin they bind nothing."""
    for at, body in enumerate(bodies):
        place_of = tmp_path / str(at)
        place_of.mkdir()
        found = _inferred(place_of, "", body, {"run.py": "import main\nmain.usa([1])\n"})
        assert (expected in found.names) is (not at), (body, found.names)


@pytest.mark.parametrize(
    ("heads", "body", "expected"),
    [
        (("class T(dict):\n    pass\nT2 = T(a=1)\n", "class T(dict):\n    def __missing__(self, k):\n        return 1\nT2 = T(a=1)\n"), "T2[y]", "KeyError"),
        (("class T(list):\n    pass\nT2 = T()\n", "class T(list):\n    def __getitem__(self, k):\n        return 1\nT2 = T()\n"), "T2[y]", "IndexError"),
        (("from collections import UserDict\nclass T(UserDict):\n    pass\nT2 = T(a=1)\n", "from collections import UserDict\nclass T(UserDict):\n    def __delitem__(self, k):\n        pass\nT2 = T(a=1)\n"), "del T2[y]", "KeyError"),
    ],
)  # fmt: skip
def test_an_heir_of_a_container_fails_as_the_container_does(
    tmp_path: Path, heads: tuple[str, str], body: str, expected: str
) -> None:
    """Its items are those of the base; the twin has a method of its own for them."""
    for at, head in enumerate(heads):
        place_of = tmp_path / str(at)
        place_of.mkdir()
        found = _inferred(place_of, head, body, {})
        assert (expected in found.names) is (not at), (head, found.names)


def test_an_object_without_its_constructor_lacks_what_that_sets(tmp_path: Path) -> None:
    """``Robo.__new__(Robo)``; the twin calls the class."""
    texts = "main.Robo.__new__(main.Robo).usa()", "main.Robo().usa()"
    _check(tmp_path, ROBOT, "len(self.fila)", texts, "AttributeError")


def test_the_last_star_import_binds_a_name(tmp_path: Path) -> None:
    """Two files give a function of one name away; the twin gives another."""
    head = "from um import *\nfrom dois import *\n"
    for at, name in enumerate(("divide", "outro")):
        place_of = tmp_path / str(at)
        place_of.mkdir()
        files = {
            "um.py": "def divide(x):\n    return x\n",
            "dois.py": f"def {name}(x):\n    return 1 / x\n",
            "run.py": "import main\nmain.usa()\n",
        }
        found = _inferred(place_of, head, "divide(0)", files)
        assert ("ZeroDivisionError" in found.names) is (not at), found.names


def test_a_method_that_empties_is_counted_where_it_is_handed_on(tmp_path: Path) -> None:
    """A callback starts a thread with ``main.TAXAS.clear``; the twin's thread only looks."""
    thread = (
        "import threading\ndef antes():\n    threading.Thread(target=main.TAXAS.{}).start()\nmain.usa(antes)"
    )
    body = "if 'usd' in TAXAS:\n            x()\n            TAXAS['usd']"
    _check(tmp_path, TABLE, body, (thread.format("clear"), thread.format("copy")), "KeyError")
