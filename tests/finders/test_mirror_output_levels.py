"""At which level a printed line belongs: by its text, by its place, or decided when it is printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.finders.conftest import Judge


def _method(mirror: Judge, script: str) -> str:
    """Return the method of the script's last mirrored call."""
    return list(mirror(script).applied.values())[-1]


# -- by text ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "method"),
    [
        pytest.param('"[ERRO] disco"', "logger.error", id="literal"),
        pytest.param('"[AVISO] lento"', "logger.warning", id="warning"),
        pytest.param('"[FATAL] fim"', "logger.critical", id="critical"),
        pytest.param('"tudo bem"', "logger.info", id="no marker"),
        pytest.param('"0 erros"', "logger.info", id="negated"),
        pytest.param('"Critical check: 30s"', "logger.info", id="look-alike"),
        pytest.param('"\\n   [ERRO] disco"', "logger.error", id="after newline and blanks"),
        pytest.param('"ok " "[ERRO]"', "logger.info", id="marker not at the start"),
        pytest.param('"[ER" "RO] x"', "logger.error", id="implicit concatenation"),
        pytest.param('f"[ERRO] {x}"', "logger.error", id="f-string"),
        pytest.param('"Erro em " + x', "logger.error", id="sum"),
        pytest.param('"Erro em %s" % x', "logger.error", id="percent"),
        pytest.param('"%s: Erro" % x', "logger.info", id="percent, value first"),
        pytest.param('"%s %s" % ("[ERRO]", x)', "logger.error", id="percent, literal value"),
        pytest.param('"Erro em {}".format(x)', "logger.error", id="format"),
        pytest.param('"{} {}".format("[ERRO]", x)', "logger.error", id="format, literal value"),
        pytest.param('"{".format(x)', "logger.info", id="no format string"),
        pytest.param('"[ERRO]", x', "logger.error", id="several arguments"),
        pytest.param('"Sem", "erros"', "logger.info", id="joined with a blank"),
        pytest.param('"!", "x", sep="]"', "logger.info", id="other separator"),
        pytest.param('"=" * 60', "logger.info", id="row of signs"),
        pytest.param('"[ERRO] x".upper()', "logger.error", id="method of a literal"),
        pytest.param('str("[ERRO] x")', "logger.error", id="str of a literal"),
        pytest.param("PREFIXO, x", "logger.error", id="constant"),
        pytest.param('f"{PREFIXO} {x}"', "logger.error", id="constant in an f-string"),
        pytest.param('"\\033[31m[ERRO]\\033[0m x"', "logger.error", id="terminal colour"),
        pytest.param('f"{RED}Erro{RESET} {x}"', "logger.error", id="colour by name"),
        pytest.param('f"{Fore.RED}[ERRO] {x}"', "logger.error", id="colour of an object"),
        pytest.param('VERMELHO + "[ERRO] x"', "logger.error", id="colour in Portuguese"),
        pytest.param('f"{RUIM}[ERRO] {x}"', "logger.error", id="colour of a tuple"),
        pytest.param('f"{Tema.ruim}[ERRO] {x}"', "logger.error", id="colour of a class"),
        pytest.param('f"{Membro.ruim}[ERRO] {x}"', "logger.info", id="member of an enumeration"),
        pytest.param('f"{Tema.nome}[ERRO] {x}"', "logger.info", id="attribute that is set later"),
        pytest.param('f"[{ts}] [ERRO] {x}"', "logger.error", id="after a time stamp"),
        pytest.param('f"{datetime.now():%H:%M} Erro: {x}"', "logger.error", id="after a formatted time"),
        pytest.param('datetime.now().isoformat(), "[ERRO]", x', "logger.error", id="after an ISO time"),
        pytest.param('f"[{i}/{n}] Erro em {x}"', "logger.error", id="after a counter"),
        pytest.param('f"{x} [ERRO] {i}"', "logger.error", id="brackets after a value"),
        pytest.param('f"{n} erros"', "logger.info", id="count"),
        pytest.param('"[ERRO] a" if x else "Falha b"', "logger.error", id="both arms agree"),
        pytest.param('"[ERRO] a" if x else "[OK] b"', "logger.info", id="the arms disagree"),
        pytest.param("", "logger.info", id="blank line"),
        pytest.param("*x", "logger.info", id="unknown arguments"),
        pytest.param("b'[ERRO]'", "logger.info", id="bytes"),
        pytest.param("404", "logger.info", id="number"),
    ],
)
def test_a_marker_at_the_start_of_the_text_decides(mirror: Judge, arguments: str, method: str) -> None:
    script = f"""
        from datetime import datetime
        from enum import Enum
        from colorama import Fore

        PREFIXO = "[ERRO]"
        RED = "\\033[31m"
        RUIM, BOM = "\\033[31m", "\\033[32m"

        class Tema:
            ruim = "\\033[31m"
            nome = ""

        Tema.nome = input()

        class Membro(Enum):
            ruim = "\\033[31m"

        for i in range(n):
            print({arguments})
    """

    assert _method(mirror, script) == method


def test_a_constant_that_changes_decides_nothing(mirror: Judge) -> None:
    outcome = mirror("""
        prefixo = "[ERRO]"
        print(prefixo)
        prefixo = "[OK]"
    """)

    assert outcome.applied == {"print(prefixo)": "logger.info"}


# -- by place -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("clause", "method"),
    [
        pytest.param("except OSError:", "logger.error", id="an error"),
        pytest.param("except Exception as e:", "logger.error", id="broad"),
        pytest.param("except:", "logger.error", id="bare"),
        pytest.param("except KeyboardInterrupt:", "logger.info", id="Ctrl-C"),
        pytest.param("except ImportError:", "logger.info", id="optional module"),
        pytest.param("except ModuleNotFoundError:", "logger.info", id="missing module"),
        pytest.param("except StopIteration:", "logger.info", id="end"),
        pytest.param("except (KeyboardInterrupt, SystemExit):", "logger.info", id="told to stop"),
        pytest.param("except (KeyboardInterrupt, OSError):", "logger.error", id="one of them is an error"),
    ],
)
def test_a_handler_decides_by_what_it_catches(mirror: Judge, clause: str, method: str) -> None:
    script = f"""
        try:
            ler()
        {clause}
            print("parou")
    """

    assert _method(mirror, script) == method


@pytest.mark.parametrize(
    ("text", "method"),
    [
        pytest.param("[AVISO] sem rede", "logger.warning", id="warning"),
        pytest.param("[OK] recuperado", "logger.info", id="fine"),
        pytest.param("[CRITICAL] disco", "logger.critical", id="critical"),
    ],
)
def test_the_marker_wins_over_the_handler(mirror: Judge, text: str, method: str) -> None:
    script = f"""
        try:
            ler()
        except OSError:
            print("{text}")
    """

    assert _method(mirror, script) == method


@pytest.mark.parametrize(
    "script",
    [
        pytest.param("try:\n    ler()\nexcept OSError:\n    pass\nelse:\n    print('x')\n", id="else"),
        pytest.param("try:\n    ler()\nexcept OSError:\n    pass\nfinally:\n    print('x')\n", id="finally"),
        pytest.param("try:\n    print('x')\nexcept OSError:\n    pass\n", id="body"),
        pytest.param("try:\n    ler()\nexcept OSError:\n    f = lambda: print('x')\n", id="another function"),
    ],
)
def test_beside_a_handler_is_not_in_it(mirror: Judge, script: str) -> None:
    assert _method(mirror, script) == "logger.info"


@pytest.mark.parametrize(
    ("text", "method"),
    [
        pytest.param("uso: x", "logger.warning", id="no marker"),
        pytest.param("[OK] x", "logger.warning", id="fine"),
        pytest.param("[ERRO] x", "logger.error", id="error"),
    ],
)
def test_standard_error_is_at_least_a_warning(mirror: Judge, text: str, method: str) -> None:
    script = f"""
        import sys

        print("{text}", file=sys.stderr)
    """

    assert _method(mirror, script) == method


# -- the loop that lives on ---------------------------------------------------------------------------------


def test_an_error_in_the_handler_that_keeps_a_loop_alive_is_critical(mirror: Judge) -> None:
    outcome = mirror("""
        while True:
            try:
                ciclo()
            except Exception as e:
                print(f"Erro no ciclo: {e}")
                print("parado")
                print("[AVISO] vou de novo")
            dormir()
    """)

    assert list(outcome.applied.values()) == ["logger.critical", "logger.critical", "logger.warning"]


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(
            "while True:\n    try:\n        ciclo()\n    except OSError:\n        print('x')\n",
            id="specific handler",
        ),
        pytest.param(
            "while True:\n    try:\n        ciclo()\n    except Exception:\n        print('x')\n        break\n",
            id="the loop is left",
        ),
        pytest.param(
            "while vivo:\n    try:\n        ciclo()\n    except Exception:\n        print('x')\n",
            id="another loop",
        ),
        pytest.param(
            "while True:\n    for s in t:\n        try:\n            f(s)\n        except Exception:\n            print('x')\n",
            id="one item",
        ),
        pytest.param(
            "try:\n    while True:\n        ciclo()\nexcept Exception:\n    print('x')\n",
            id="around the loop",
        ),
        pytest.param(
            "while True:\n    try:\n        try:\n            a()\n        except Exception:\n            print('x')\n"
            "    except Exception:\n        pass\n",
            id="inside another one",
        ),
    ],
)
def test_other_handlers_keep_no_loop_alive(mirror: Judge, script: str) -> None:
    assert _method(mirror, script) == "logger.error"


# -- at run time --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "call"),
    [
        pytest.param("msg", "print(msg)", id="alone"),
        pytest.param("msg", 'print(f"[{ts}] {msg}", flush=True)', id="after a time stamp"),
        pytest.param("msg", 'print("[" + ts + "] " + msg)', id="sum"),
        pytest.param("msg", 'print("[%s] %s" % (ts, msg))', id="percent"),
        pytest.param("msg", 'print("[{}] {}".format(ts, msg))', id="format"),
        pytest.param("*partes", "print(*partes)", id="star"),
        pytest.param("*partes", 'print(ts, " ".join(str(p) for p in partes))', id="joined"),
        pytest.param("msg, nivel", 'print(f"[{ts}] [{nivel}] {msg}")', id="level in brackets"),
        pytest.param("msg, nivel", "print(NIVEIS.get(nivel, ''), msg)", id="level looked up"),
        pytest.param("msg", "print(msg.strip().upper())", id="method"),
        pytest.param("msg", "print(str(msg)[:80])", id="shortened"),
        pytest.param("msg: str", "print(msg)", id="a text by its annotation"),
        pytest.param("msg", 'print(f"{msg} (pid {pid})")', id="words after a message"),
        pytest.param("msg, end='\\n'", "print(msg, end=end)", id="end passed on"),
    ],
)
def test_a_function_that_prints_its_parameter_asks_at_run_time(
    mirror: Judge, parameters: str, call: str
) -> None:
    """What a ``log(msg)`` prints is written where it is called."""
    outcome = mirror(f"def log({parameters}):\n    {call}\n")

    assert outcome.applied == {call: "logger"}


def test_a_line_put_together_just_before_is_followed(mirror: Judge) -> None:
    outcome = mirror("""
        def log(msg):
            linha = f"[{ts}] {msg}"
            print(linha)
    """)

    assert outcome.applied == {"print(linha)": "logger"}


def test_a_lambda_prints_its_parameter(mirror: Judge) -> None:
    outcome = mirror("log = lambda m: print(m)\n")

    assert outcome.applied == {"print(m)": "logger"}


def test_a_safe_print_in_a_log_asks_at_run_time(mirror: Judge) -> None:
    outcome = mirror("""
        def log(msg):
            safe_print(f"[{ts}] {msg}")
    """)

    assert outcome.applied == {'safe_print(f"[{ts}] {msg}")': "logger printer=safe_print"}


@pytest.mark.parametrize(
    ("parameters", "call", "method"),
    [
        pytest.param("msg", 'print(f"[ERRO] {msg}")', "logger.error", id="the marker is known"),
        pytest.param("msg", 'print("Worker:", msg)', "logger.info", id="words before it"),
        pytest.param("nome, n", 'print(f"{nome}: {n} itens")', "logger.info", id="words after no message"),
        pytest.param("self", "print(self.nome)", "logger.info", id="self"),
        pytest.param("story", 'print(story["titulo"])', "logger.info", id="part of it"),
        pytest.param("n: int", "print(n)", "logger.info", id="no text"),
        pytest.param("linha", 'print(linha, end="")', "logger.info", id="echo"),
        pytest.param("msg", "print(outra)", "logger.info", id="something else"),
        pytest.param("msg", "print(msg, file=sys.stderr)", "logger.warning", id="standard error"),
    ],
)
def test_other_texts_are_judged_where_they_are_printed(
    mirror: Judge, parameters: str, call: str, method: str
) -> None:
    outcome = mirror(f"import sys\n\nclass C:\n    def log({parameters}):\n        {call}\n")

    assert outcome.applied == {call: method}


def test_in_a_handler_nothing_is_asked_at_run_time(mirror: Judge) -> None:
    outcome = mirror("""
        def log(msg):
            try:
                print(msg)
            except UnicodeEncodeError:
                print(ascii(msg))
    """)

    assert outcome.applied == {"print(msg)": "logger", "print(ascii(msg))": "logger.error"}


def test_the_parameter_of_an_outer_function_is_not_its_own(mirror: Judge) -> None:
    outcome = mirror("""
        def externa(msg):
            def interna():
                print(msg)
    """)

    assert outcome.applied == {"print(msg)": "logger.info"}


def test_the_message_says_why(mirror: Judge) -> None:
    """The report tells the level and what decided it."""
    outcome = mirror("""
        print("[ERRO] x")
    """)

    assert outcome.findings[0].message == (
        "print is mirrored to logger.error: a marker at the start of its text"
    )
