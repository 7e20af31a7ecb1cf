"""What the program puts in the place of what a library defines, or sets up in another file, runs where that library is called."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.analysis.conftest import Analyse

OWN = "class Falta(Exception): pass\ndef troca(*dados, **nomes):\n    raise Falta\n"
# What a file that is imported does, what the body calls, and the twin: what it does that has nothing to do with the call.
REPLACED = [
    ("import json\njson.JSONEncoder.default = troca", "json.dumps({'a': 1})", "json.nada = 5"),
    ("import json\nsetattr(json.JSONDecoder, 'decode', troca)", "json.loads('{}')", "setattr(json, 'a', 1)"),
    ("import pathlib\npathlib.Path.read_text = troca", "pathlib.Path('a').read_text()", "pathlib.Path.x = 1"),
    ("import socket\nsocket.getaddrinfo = troca", "socket.create_connection(('a', 1))", "socket.x = 1"),
    ("import logging\nlogging.Logger.info = troca", "logging.getLogger('x').info('a')", "logging.x = 1"),
    (
        "import subprocess\nclass Programa(subprocess.Popen):\n    def communicate(self, *dados):\n        raise Falta\n"
        "subprocess.Popen = Programa",
        "subprocess.run(['a'])",
        "import subprocess\nclass Programa(subprocess.Popen):\n    def communicate(self, *dados):\n        raise Falta\n",
    ),
    (
        "import codecs\ncodecs.register(lambda nome: codecs.CodecInfo(troca, troca, name=nome))",
        "'a'.encode('x')",
        "",
    ),
    ("import copyreg\nclass A: pass\ncopyreg.pickle(A, troca)", "pickle.dumps(5)", ""),
    ("import sqlite3\nbase = sqlite3.connect('a')\nbase.row_factory = troca", "sqlite3.connect('b')", ""),
    ("import builtins\nbuiltins.conta = troca", "conta(1)", None),
]
HEAD = "import codecs, json, logging, pathlib, pickle, socket, sqlite3, subprocess\nimport regras\n"
BODY = "try:\n    {}\nexcept Exception:\n    pass\n"


def test_what_takes_the_place_of_a_librarys_function_runs_behind_its_calls(script: Analyse) -> None:
    """Another file replaces, registers or stores it; the twin does nothing that the call meets."""
    for other, call, twin in REPLACED:
        text = HEAD + BODY.format(call)
        found = script(text, modules={"regras": OWN + other}).names()
        assert any(name.endswith("Falta") for name in found), (call, found)
        if twin is not None:
            without = script(text, modules={"regras": OWN + twin}).names()
            assert not any(name.endswith("Falta") for name in without), (call, without)


def test_a_call_is_not_known_whose_function_something_made_up_replaces(script: Analyse) -> None:
    """A patch with a side effect, another module in its place; the twin patches another library."""
    text = "import time\nimport regras\n" + BODY.format("time.sleep(1)")
    for other in (
        "from unittest import mock\nmock.patch('time.sleep', side_effect=ValueError).start()",
        "import time\nfrom unittest import mock\nmock.patch.object(time, 'sleep').start()",
        "import sys\nsys.modules['time'] = object()",
    ):
        assert script(text, modules={"regras": other}).unresolved(), other
        assert not script(text, modules={"regras": other.replace("time", "shutil")}).unresolved(), other


def test_a_new_name_on_a_class_of_a_library_is_called_by_nobody_else(script: Analyse) -> None:
    """Levels of one's own are put on ``Logger``; the twin takes the place of a method that is there."""
    text = "import logging\nimport regras\n" + BODY.format("logging.getLogger('x').error('a')")
    own = "import logging\ndef traz(self, texto):\n    self.nada(texto)\nlogging.Logger.{} = traz\n"

    assert script(text, modules={"regras": own.format("sucesso")}).names() == set()
    assert script(text, modules={"regras": own.format("error")}).unresolved()


def test_a_program_that_is_changed_past_its_names_keeps_its_handlers(script: Analyse) -> None:
    """Through frames, cells, ``__globals__``, ``__code__``, import hooks; the twin only reads."""
    text = "import regras\nnome = 'a'\n" + BODY.format("nome.upper()")
    for change, reading in (
        (
            "import sys\nsys._getframe(1).f_globals['nome'] = 5",
            "import sys\nprint(sys._getframe(1).f_globals['nome'])",
        ),
        ("import inspect\ninspect.currentframe().f_back.f_locals.update(nome=5)", "print('f_locals')"),
        ("def f(): pass\nf.__code__ = compile('', 'a', 'exec')", "def f(): pass\nprint(f.__code__)"),
        ("f.__closure__[0].cell_contents = 5", "print(f.__closure__[0].cell_contents)"),
        ("import gc\ngc.get_objects()[0].clear()", "import gc\ngc.collect()"),
        ("import sys\nsys.meta_path.insert(0, Busca())", "import sys\nprint(sys.meta_path)"),
    ):
        assert not script(text, modules={"regras": change}).body().is_complete, change
        assert script(text, modules={"regras": reading}).body().is_complete, reading
