"""Which output is mirrored, through which printer, and which is left alone for which reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.finders.conftest import Judge

IN_SAFE_PRINT = "inside safe_print, whose calls are mirrored"


# -- forms of the call --------------------------------------------------------------------------------------


def test_print_is_mirrored(mirror: Judge) -> None:
    """A call of the builtin print is mirrored to the method of its level."""
    outcome = mirror("""
        n = 3
        print(f"{n} lidos")
    """)

    assert outcome.applied == {'print(f"{n} lidos")': "logger.info"}
    assert outcome.left == {}


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param("print(x) if x else None", id="conditional expression"),
        pytest.param("ok = x and print(x)", id="boolean"),
        pytest.param("f = lambda: print(x)", id="lambda"),
        pytest.param("[print(x) for x in range(3)]", id="comprehension"),
        pytest.param("def f(a=print(x)): pass", id="default argument"),
        pytest.param("class C:\n    y = print(x)", id="class body"),
        pytest.param("return_value = print(x)", id="value used"),
    ],
)
def test_print_is_mirrored_wherever_it_stands(mirror: Judge, statement: str) -> None:
    """One call in, one call out: the place of the call does not matter."""
    outcome = mirror(f"x = 1\n{statement}\n")

    assert outcome.applied == {"print(x)": "logger.info"}


def test_nested_prints_are_mirrored_both(mirror: Judge) -> None:
    outcome = mirror("""
        x = 1
        print(print(x))
    """)

    assert outcome.applied == {"print(print(x))": "logger.info", "print(x)": "logger.info"}


@pytest.mark.parametrize(
    "imports",
    [
        pytest.param("import builtins\nimport sys", id="builtins.print"),
        pytest.param("import builtins as b", id="alias"),
    ],
)
def test_print_of_builtins_is_print(mirror: Judge, imports: str) -> None:
    name = "b" if " as b" in imports else "builtins"
    outcome = mirror(f"{imports}\n{name}.print('x')\n")

    assert outcome.applied == {f"{name}.print('x')": f"logger.info printer={name}.print"}


@pytest.mark.parametrize(
    ("binding", "reason"),
    [
        pytest.param("from rich import print", "print is something else here: rich.print", id="rich"),
        pytest.param(
            "import functools\nprint = functools.partial(print, flush=True)",
            "print is something else here: bound at line 2",
            id="partial",
        ),
        pytest.param("def print(*a): pass", "print is something else here: bound at line 1", id="function"),
    ],
)
def test_a_print_of_the_script_is_left_alone(mirror: Judge, binding: str, reason: str) -> None:
    """A print that another binding shadows may write anywhere."""
    outcome = mirror(f"{binding}\n\nprint('x')\n")

    assert outcome.applied == {}
    assert outcome.left["print('x')"] == reason


def test_a_parameter_called_print_is_left_alone(mirror: Judge) -> None:
    """A parameter shadows print in its function and nowhere else."""
    outcome = mirror("""
        def mostrar(x, print=print):
            print(x)

        print("fim")
    """)

    assert outcome.applied == {'print("fim")': "logger.info"}
    assert outcome.left["print(x)"] == "print is something else here: a parameter"


def test_a_method_called_print_does_not_shadow_print(mirror: Judge) -> None:
    """The names of a class are not seen in its methods."""
    outcome = mirror("""
        class Painel:
            def print(self, linha):
                print("|", linha)

        Painel().print("x")
    """)

    assert outcome.applied == {'print("|", linha)': "logger.info"}
    assert outcome.left == {'Painel().print("x")': "a method called print, of another console or object"}


@pytest.mark.parametrize(
    ("star", "method"),
    [
        pytest.param("os", "logger.info", id="the standard library binds no print"),
        pytest.param("comum", "logger.info printer=print", id="an unknown module may"),
    ],
)
def test_a_star_import_may_bind_print(mirror: Judge, star: str, method: str) -> None:
    """Where print may be another one, it is looked up where it was."""
    outcome = mirror(f"from {star} import *\nprint('x')\n")

    assert outcome.applied == {"print('x')": method}


# -- safe_print ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("head", "call"),
    [
        pytest.param("from comum import safe_print", "safe_print('x')", id="imported"),
        pytest.param("import comum", "comum.safe_print('x')", id="of a module"),
        pytest.param("", "self.console.safe_print('x')", id="of an object"),
        pytest.param("from comum import safe_print", "safe_print('x', level='ERROR')", id="with level="),
        pytest.param("from comum import safe_print", "safe_print(msg='x')", id="text by keyword"),
    ],
)
def test_safe_print_prints_and_is_mirrored(mirror: Judge, head: str, call: str) -> None:
    """The script's own printer goes on printing; its keywords stay its own."""
    outcome = mirror(f"{head}\n\ndef f(self):\n    {call}\n")

    assert outcome.applied == {call: f"logger.info printer={call.partition('(')[0]}"}


def test_the_prints_of_safe_print_are_left_alone(mirror: Judge) -> None:
    """Mirrored inside, every line would be on the log twice."""
    outcome = mirror("""
        def safe_print(m):
            try:
                print(m)
            except UnicodeEncodeError:
                print(ascii(m))

        safe_print("ok")
    """)

    assert outcome.applied == {'safe_print("ok")': "logger.info printer=safe_print"}
    assert outcome.left == {"print(m)": IN_SAFE_PRINT, "print(ascii(m))": IN_SAFE_PRINT}


@pytest.mark.parametrize(
    "script",
    [
        pytest.param("class C:\n    def safe_print(self, m):\n        print(m)\n", id="method"),
        pytest.param("def f():\n    def safe_print(m):\n        print(m)\n", id="nested"),
        pytest.param("safe_print = lambda m: print(m)\n", id="lambda"),
        pytest.param(
            "def safe_print(m):\n    def curto():\n        print(m)\n    curto()\n", id="helper inside"
        ),
        pytest.param("def _cru(m):\n    print(m)\n\ndef safe_print(m):\n    _cru(m)\n", id="helper beside"),
        pytest.param("async def safe_print(m):\n    print(m)\n", id="coroutine"),
    ],
)
def test_a_safe_print_of_any_shape_keeps_its_prints(mirror: Judge, script: str) -> None:
    outcome = mirror(script)

    assert outcome.applied == {}
    assert outcome.left == {"print(m)": IN_SAFE_PRINT}


def test_a_helper_that_others_use_too_is_mirrored(mirror: Judge) -> None:
    """A function that safe_print shares with others is no part of it."""
    outcome = mirror("""
        def cru(m):
            print(m)

        def safe_print(m):
            cru(m)

        cru("direto")
    """)

    assert outcome.applied == {"print(m)": "logger"}


def test_a_safe_print_that_prints_through_a_mirrored_function_is_left_alone(mirror: Judge) -> None:
    """Mirrored in both places, every line would be on the log twice."""
    outcome = mirror("""
        def log(m):
            print(m)

        def safe_print(m):
            log(m)

        log("direto")
        safe_print("x")
    """)

    assert outcome.applied == {"print(m)": "logger"}
    assert outcome.left == {'safe_print("x")': "it prints through log, whose print is mirrored"}


def test_safe_print_of_a_computed_object_is_left_alone(mirror: Judge) -> None:
    """As ``printer=`` it would be computed after the arguments."""
    outcome = mirror("""
        def f(fila):
            fila.pop().safe_print(fila.pop())
    """)

    assert outcome.left == {
        "fila.pop().safe_print(fila.pop())": (
            "safe_print of a computed object, which would be computed after its arguments"
        )
    }


# -- where it goes ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "method"),
    [
        pytest.param("None", "logger.info", id="None"),
        pytest.param("sys.stdout", "logger.info", id="stdout"),
        pytest.param("sys.__stdout__", "logger.info", id="original stdout"),
        pytest.param("sys.stderr", "logger.warning", id="stderr"),
        pytest.param("sys.stderr if ruim else sys.stdout", "logger.info", id="either"),
        pytest.param("destino", "logger.info", id="either, by name"),
    ],
)
def test_what_goes_to_the_terminal_is_mirrored(mirror: Judge, value: str, method: str) -> None:
    outcome = mirror(f"""
        import sys

        ruim = False
        destino = sys.stderr if ruim else sys.stdout
        print("x", file={value})
    """)

    assert outcome.applied == {f'print("x", file={value})': method}


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("f", id="file"),
        pytest.param("io.StringIO()", id="buffer"),
        pytest.param("sys.stderr if ruim else f", id="perhaps a file"),
    ],
)
def test_what_goes_to_a_file_is_left_alone(mirror: Judge, value: str) -> None:
    """It is data: a report, a socket, a buffer."""
    outcome = mirror(f"""
        import io
        import sys

        def gravar(f, ruim):
            print("x", file={value})
    """)

    assert outcome.applied == {}
    assert outcome.left == {
        f'print("x", file={value})': f"writes to file={value}, which is not seen to be the terminal"
    }


def test_what_is_redirected_is_left_alone(mirror: Judge) -> None:
    """In redirect_stdout the text is data; standard error still is the terminal."""
    outcome = mirror("""
        import contextlib
        import io
        import sys

        with contextlib.redirect_stdout(io.StringIO()):
            print("dados")
            print("aviso", file=sys.stderr)
    """)

    assert outcome.applied == {'print("aviso", file=sys.stderr)': "logger.warning"}
    assert outcome.left == {'print("dados")': "standard output is redirected here"}


def test_unknown_keywords_may_name_a_file(mirror: Judge) -> None:
    outcome = mirror("""
        def mostrar(*a, **kw):
            print(*a, **kw)
    """)

    assert outcome.left == {"print(*a, **kw)": "**kw may hold file="}


def test_keywords_that_the_script_never_gives_a_file_are_passed_on(mirror: Judge) -> None:
    """The twin of the case above: every call in sight names other keywords."""
    outcome = mirror("""
        def mostrar(*a, **kw):
            kw.setdefault("flush", True)
            print(*a, **kw)

        mostrar("x", end="")
    """)

    assert outcome.applied == {"print(*a, **kw)": "logger"}


def test_a_literal_mapping_without_file_is_passed_on(mirror: Judge) -> None:
    outcome = mirror("""
        print("x", **{"end": ""})
    """)

    assert outcome.applied == {'print("x", **{"end": ""})': "logger.info"}


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        pytest.param("print('x', printer=2)", "its keyword printer= is also one of mirror_print", id="clash"),
        pytest.param("print('x', cor=2)", "print takes no keyword cor=", id="an error today"),
    ],
)
def test_keywords_that_print_does_not_take_are_left_alone(mirror: Judge, call: str, reason: str) -> None:
    outcome = mirror(f"{call}\n")

    assert outcome.left == {call: reason}


# -- what is only reported ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statement", "value"),
    [
        pytest.param("log = print", "print", id="alias"),
        pytest.param("list(map(print, [1]))", "print", id="argument"),
        pytest.param("modos = {'print': print}", "print", id="entry"),
        pytest.param("def f(saida=print): saida(1)", "print", id="default"),
        pytest.param("eco = safe_print", "safe_print", id="safe_print"),
    ],
)
def test_print_as_a_value_is_reported(mirror: Judge, statement: str, value: str) -> None:
    """What is done with the function later is not seen."""
    outcome = mirror(f"x = 1\n{statement}\n")

    assert outcome.applied == {}
    assert outcome.left == {value: f"{value} is used as a value"}


@pytest.mark.parametrize(
    ("head", "call", "reason"),
    [
        pytest.param(
            "import sys",
            r"sys.stdout.write('\r10%')",
            "sys.stdout.write is progress or raw data, not a line",
            id="stdout",
        ),
        pytest.param(
            "from rich.console import Console\nconsole = Console()",
            "console.print('x')",
            "a method called print, of another console or object",
            id="rich console",
        ),
        pytest.param("import click", "click.echo('x')", "click.echo is another console", id="click"),
        pytest.param("import typer as t", "t.secho('x')", "typer.secho is another console", id="typer alias"),
        pytest.param(
            "from pprint import pprint", "pprint('x')", "pprint.pprint is another console", id="pprint"
        ),
        pytest.param("import warnings", "warnings.warn('x')", "warnings.warn is another console", id="warn"),
    ],
)
def test_other_consoles_are_reported(mirror: Judge, head: str, call: str, reason: str) -> None:
    outcome = mirror(f"{head}\n\n{call}\n")

    assert outcome.applied == {}
    assert outcome.left == {call: reason}


@pytest.mark.parametrize(
    "script",
    [
        pytest.param("texto = 'print(1)'\n", id="text"),
        pytest.param("def f(printer):\n    printer('x')\n", id="longer name"),
        pytest.param("import logging\nlogging.info('x')\n", id="logging"),
        pytest.param("def f(f):\n    f.write('x')\n", id="file"),
        pytest.param("print.__name__\n", id="attribute of print"),
    ],
)
def test_look_alikes_are_no_findings(mirror: Judge, script: str) -> None:
    assert mirror(script).findings == []


def test_a_print_in_a_guarded_import_is_left_alone(mirror: Judge) -> None:
    """It runs before the logger exists; the same line after the imports does not."""
    outcome = mirror("""
        import os
        try:
            import psutil
        except ImportError:
            psutil = None
            print("opcional")
        print("pronto")
    """)

    assert outcome.applied == {'print("pronto")': "logger.info"}
    assert outcome.left == {'print("opcional")': "runs before the logger exists"}


def test_a_function_in_a_guarded_import_waits(mirror: Judge) -> None:
    """A stand-in defined beside the import runs later, unless it is called there."""
    outcome = mirror("""
        try:
            from tqdm import tqdm
        except ImportError:
            def tqdm(itens):
                print("sem barra")
                return itens
        tqdm([])
    """)

    assert outcome.applied == {'print("sem barra")': "logger.info"}


def test_a_function_called_in_a_guarded_import_does_not_wait(mirror: Judge) -> None:
    outcome = mirror("""
        try:
            import tqdm
        except ImportError:
            def avisar():
                print("sem barra")
            avisar()
    """)

    assert outcome.left == {'print("sem barra")': "runs before the logger exists"}


def test_a_print_in_an_fstring_is_left_alone(mirror: Judge) -> None:
    """Before Python 3.12 the positions in it are unreliable."""
    outcome = mirror("""
        x = f"{print('a')}"
    """)

    assert outcome.applied == {}
    assert list(outcome.left.values()) == ["inside an f-string"]


@pytest.mark.parametrize(
    "comment",
    [
        pytest.param("# workerlog: skip", id="all"),
        pytest.param("# workerlog: skip[mirror-output]", id="this codemod"),
    ],
)
def test_a_comment_on_any_line_of_the_call_suppresses(mirror: Judge, comment: str) -> None:
    outcome = mirror(f"print(\n    1,  {comment}\n)\n")

    assert list(outcome.left.values()) == ["suppressed by comment"]


def test_a_comment_for_another_codemod_does_not_suppress(mirror: Judge) -> None:
    outcome = mirror("print(1)  # workerlog: skip[retry-io]\n")

    assert outcome.applied == {"print(1)": "logger.info"}


def test_migrated_code_holds_no_finding(mirror: Judge) -> None:
    """What a first run wrote is neither found again nor reported."""
    outcome = mirror("""
        from worker_logger import mirror_print, setup_worker_logger

        logger = setup_worker_logger("genesis")

        mirror_print(logger.info, "x")
        mirror_print(logger.info, "x", printer=print)
        mirror_print(logger.info, "x", printer=safe_print)
    """)

    assert outcome.findings == []


def test_taken_names_are_not_used(mirror: Judge) -> None:
    """The edit speaks of the names that the header chose."""
    outcome = mirror("""
        def f(logger):
            print("x")
    """)

    assert outcome.applied == {'print("x")': "worker_log.info"}
