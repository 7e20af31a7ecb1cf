"""Programs by grammar: workers as nobody would write them, in every form that the interpreter reads.

A `Dice` makes the choices, so that hypothesis can shrink them: the first of several forms is the plainest. What is made is
text with ``\n``; `encoded` gives it newlines and an encoding.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import TypeVar

from hypothesis import strategies as st

_T = TypeVar("_T")

TEXTS = (
    "ok",
    "[ERRO] falhou",
    "[AVISO] lento",
    "0 erros",
    "açúcar # não é comentário",
    "\\n\\t\\x41",
    "⚠️ 🚨 aviso",
    "linha\\r",
    "{} %s {{x}}",
    "except Exception:",
)
NAMES = (
    "x",
    "y",
    "dados",
    "caminho",
    "resposta",
    "self",
    "item",
    "_",
    "logger",
    "retrying",
    "error",
    "print_",
    "ação",
)
MODULES = (
    "os",
    "sys",
    "json",
    "time",
    "requests",
    "subprocess",
    "pathlib",
    "io",
    "contextlib",
    "traceback",
    "minha_lib",
    "socket",
    "sqlite3",
    "shutil",
    "builtins",
    "logging",
)
IMPORTS = (
    "from pathlib import Path",
    "from contextlib import suppress",
    "from contextlib import suppress as quiet, closing",
    "import os.path as osp, glob",
    "from json import (\n    loads,  # um\n    dumps as d,\n)",
    "from builtins import print as escreve",
    "import urllib.request",
    "from urllib.request import urlopen",
    "from requests import get, Session",
    "from worker_logger import mirror_print",
    "from worker_utils import retry_with_backoff",
    "from minha_lib import *",
    "import requests as r",
    "import json; import re",
    "import logging as log",
)
CALLS = (
    "open({0})",
    'open({0}, "w", encoding="utf-8")',
    "json.load({0})",
    "json.loads({0})",
    "requests.get({0}, timeout=5)",
    "requests.post({0}, json={1})",
    "subprocess.run([{0}, {1}], check=True)",
    "os.listdir({0})",
    "os.makedirs({0}, exist_ok=True)",
    "os.remove({0})",
    "Path({0}).read_text()",
    "(pathlib.Path({0}) / {1}).write_text({1})",
    "shutil.copy({0}, {1})",
    "socket.create_connection(({0}, 80))",
    "sqlite3.connect({0}).execute({1})",
    "urllib.request.urlopen({0})",
    "int({0})",
    "float({0})",
    "len({0})",
    "time.sleep({0})",
    "minha_lib.enviar({0})",
    "self.fila.get({0})",
    "safe_print({0})",
    "log({0})",
    "sys.exit({0})",
    "os.path.exists({0})",
    "{0}.append({1})",
    "{0}.decode()",
    "str({0}).split({1})[0]",
    "sys.stdout.write(str({0}))",
    "traceback.print_exc()",
    "logging.error({0}, exc_info=True)",
    "getattr({0}, {1})()",
    "quiet({0})",
    "escreve({0})",
    "builtins.print({0})",
    "asyncio.run(main({0}))",
)
BROAD = (
    "except Exception",
    "except",
    "except Exception as e",
    "except BaseException",
    "except (Exception,)",
    "except (ValueError, Exception) as erro",
    "except (OSError, BaseException)",
    "except (Exception)",
    "except builtins.Exception as e",
)
NARROW = (
    "except OSError",
    "except (ValueError, KeyError) as e",
    "except KeyboardInterrupt",
    "except json.JSONDecodeError as e",
    "except requests.RequestException",
    "except ImportError",
    "except subprocess.TimeoutExpired as erro",
)


@cache
def _below(count: int) -> st.SearchStrategy[int]:
    return st.integers(0, count - 1)


class Dice:
    """Choices that hypothesis makes."""

    def __init__(self, draw: Callable[[st.SearchStrategy[int]], int]) -> None:
        self._draw = draw

    def below(self, count: int) -> int:
        return self._draw(_below(count))

    def choose(self, options: Sequence[_T]) -> _T:
        return options[self.below(len(options))]

    def chance(self, percent: int) -> bool:
        return self.below(100) >= 100 - percent


class Program:
    """One program under construction."""

    def __init__(self, dice: Dice, budget: int = 30) -> None:
        self.dice = dice
        self.budget = budget
        self.lines: list[str] = []
        self.indent = ""
        self.step = dice.choose(("    ", "  ", "\t", " "))
        self.odd = dice.choose((0, 0, 5, 25))  # percent of odd spacing
        self.in_function = self.in_loop = self.is_async = self.in_class = self.in_star = False
        self.count = 0

    # --- spacing ----------------------------------------------------------------------------------------

    def gap(self, plain: str = "") -> str:
        """What may stand between two tokens of one logical line."""
        if not self.dice.chance(self.odd):
            return plain
        return self.dice.choose((" ", "  ", "\t", " \\\n", " \f", "\\\n" + self.indent + "  "))

    def inside(self, plain: str = "") -> str:
        """What may stand between two tokens in brackets."""
        if not self.dice.chance(self.odd):
            return plain
        choice = self.dice.below(5)
        if choice == 0:
            return self.gap(plain)
        return (
            "\n" + self.indent + "    ",
            f"  # {self.name_comment()}\n",
            "\n\n" + self.indent,
            f"\n# {self.name_comment()}\n  ",
        )[choice - 1]

    def name_comment(self) -> str:
        self.count += 1
        return self.dice.choose(
            ("c{}", "print(x) {}", "except Exception: {}", "workerlog {}", "é {}", "type: ignore {}")
        ).format(self.count)

    def end(self) -> str:
        """What may stand behind a statement."""
        if self.dice.chance(5 + self.odd):
            if self.dice.chance(10):
                return f"  # workerlog: skip{self.dice.choose(('', '[mirror-output]', '[retry-io]', '[specific-exceptions]'))}"
            return self.dice.choose(("  #", " # ", "#", "\t# ")) + self.name_comment()
        return self.dice.choose(("", "", "", " ", ";")) if self.dice.chance(self.odd) else ""

    def put(self, text: str) -> None:
        if self.dice.chance(5 + self.odd // 2):
            self.lines.append(
                self.dice.choose(
                    (
                        "",
                        self.indent + "# " + self.name_comment(),
                        "# " + self.name_comment(),
                        "  ",
                        "\f",
                        "\f# " + self.name_comment(),
                    )
                )
            )
        self.lines.append(self.indent + text)

    # --- expressions ------------------------------------------------------------------------------------

    def expression(self, depth: int = 0) -> str:
        self.budget -= 1
        if depth > 3 or self.budget < 0:
            return self.dice.choose((self.name(), "1", self.string()))
        form = self.dice.below(22)
        deeper = depth + 1
        match form:
            case 0 | 1:
                return self.name()
            case 2 | 3:
                return self.string()
            case 4 | 5 | 6 | 7:
                return self.call(deeper)
            case 8 | 9:
                return self.print_call(deeper)
            case 10:
                return f"{self.name()}[{self.inside()}{self.expression(deeper)}{self.inside()}]"
            case 11:
                operator = self.dice.choose(
                    ("+", "/", "//", "%", "and", "or", "==", "not in", "<", "is not", "**", "@")
                )
                return f"({self.expression(deeper)}{self.inside(' ')} {operator} {self.inside(' ')}{self.expression(deeper)})"
            case 12:
                return (
                    f"({self.expression(deeper)} if {self.expression(deeper)} else {self.expression(deeper)})"
                )
            case 13:
                return f"(lambda {self.dice.choose(('', 'v', '*a, k=1, **kw', 'a, /, b'))}: {self.expression(deeper)})"
            case 14:
                left, right = self.dice.choose((("[", "]"), ("(", ")"), ("{", "}")))
                return f"{left}{self.comprehension(deeper)}{right}"
            case 15:
                return f"[{self.inside()}{self.expression(deeper)}{self.inside()},{self.inside(' ')}*{self.name()}]"
            case 16:
                return f"{{{self.string()}: {self.expression(deeper)}, **{self.name()}}}"
            case 17:
                return f"(n{self.below(3)} := {self.expression(deeper)})" if not self.in_class else "1"
            case 18:
                return self.fstring(deeper)
            case 19:
                return f"{self.name()}.{self.name()}"
            case 20:
                if self.is_async:
                    return f"(await {self.expression(deeper)})"
                return f"(yield {self.expression(deeper)})" if self.in_function else "None"
            case _:
                return self.dice.choose(
                    ("0x1F", "1_000.5e3", "2j", "...", "None", "True", "b'x'", "-1", "not x", "~y")
                )

    def below(self, count: int) -> int:
        return self.dice.below(count)

    def name(self) -> str:
        return self.dice.choose(NAMES)

    def string(self) -> str:
        text = self.dice.choose(TEXTS)
        form = self.dice.below(8)
        match form:
            case 5:
                return f"'{text}' {self.string_part()}"
            case 6:
                return f'"""{text}\n  # não\n{text}"""'
            case 7:
                return f"r'{text}'"
            case _:
                quote = self.dice.choose(('"', "'"))
                return f"{quote}{text}{quote}"

    def string_part(self) -> str:
        return self.dice.choose(('"b"', "'''c'''", "f'{x}'"))

    def fstring(self, depth: int) -> str:
        inner = self.dice.choose(
            (
                "x",
                "x!r",
                "y:>10",
                "x.y[0]",
                "len(y)",
                "x:{y}",
                "x=",
                "print(x)",
                "open(y).read()",
                "(lambda: 1)()",
            )
        )
        if sys.version_info >= (3, 12) and self.dice.chance(20):
            inner = self.expression(depth + 2).replace("\\", "")
            return f'f"[{{ {inner} }}"' if "\n" not in inner else "f'{x}'"
        return self.dice.choose(
            ('f"[OK] {{{0}}} fim"', "f'{{{0}}}'", 'f"""{{{0}}}\n{{x}}"""', 'rf"{{{0}}}\\d"')
        ).format(inner)

    def comprehension(self, depth: int) -> str:
        kind = "async for" if self.is_async and self.dice.chance(30) else "for"
        condition = f" if {self.name()}" if self.dice.chance(30) else ""
        return f"{self.element(depth)} {kind} v in {self.name()}{condition}"

    def element(self, depth: int) -> str:
        """An expression of a comprehension: no yield there."""
        before, self.in_function, was_class = (
            self.in_function and self.is_async,
            self.in_function,
            self.in_class,
        )
        inside, self.in_function, self.in_class = self.in_function, before, True
        text = self.expression(depth)
        self.in_function, self.in_class = inside, was_class
        return text

    def call(self, depth: int) -> str:
        form = self.dice.choose(CALLS)
        arguments = [f"{self.inside()}{self.expression(depth)}{self.inside()}" for _ in range(2)]
        text = form.format(*arguments)
        if self.dice.chance(self.odd):
            text = text.replace("(", self.gap(" ") + "(", 1) if not text.startswith("(") else text
        return text

    def print_call(self, depth: int) -> str:
        name = self.dice.choose(
            (
                "print",
                "print",
                "print",
                "safe_print",
                "builtins.print",
                "self.safe_print",
                "(print)",
                "escreve",
            )
        )
        parts = [
            f"{self.inside()}{self.expression(depth)}{self.inside()}"
            for _ in range(self.dice.choose((1, 1, 2, 0, 3)))
        ]
        if self.dice.chance(10) and parts:
            parts = [f"*{self.name()}", *parts]
        keywords = [
            keyword
            for keyword in (
                "sep=''",
                'end="\\n"',
                "flush=True",
                "file=sys.stderr",
                "file=sys.stdout",
                "file=arquivo",
                "**kw",
            )
            if self.dice.chance(8)
        ]
        if len({keyword.partition("=")[0] for keyword in keywords}) < len(keywords):
            keywords = keywords[:1]
        if not keywords and len(parts) == 1 and self.dice.chance(8):
            return f"{name}({self.inside()}{self.comprehension(depth)}{self.inside()})"
        parts += keywords
        trailing = "," + self.inside() if parts and self.dice.chance(8) else ""
        return f"{name}{self.gap()}({self.inside()}{(',' + self.inside(' ')).join(parts)}{trailing}{self.inside()})"

    # --- statements -------------------------------------------------------------------------------------

    @contextmanager
    def state(self, **changes: bool) -> Iterator[None]:
        before = {name: getattr(self, name) for name in changes}
        for name, value in changes.items():
            setattr(self, name, value)
        yield
        for name, value in before.items():
            setattr(self, name, value)

    def suite(self, head: str, depth: int, body: Callable[[], None] | None = None) -> None:
        """A head and its suite, on one line or indented."""
        colon = f"{self.gap()}:"
        if body is None and self.dice.chance(10):
            self.put(f"{head}{colon}{self.gap(' ')}{self.simple_line()}{self.end()}")
            return
        self.put(f"{head}{colon}{self.end().rstrip(';')}")
        before = self.indent
        self.indent += self.step if not self.dice.chance(3) else "   "
        if body is not None:
            body()
        else:
            for _ in range(self.dice.choose((1, 1, 2, 3))):
                self.statement(depth + 1)
        self.indent = before

    def simple_line(self) -> str:
        return f"{self.gap()};{self.gap(' ')}".join(
            self.simple() for _ in range(self.dice.choose((1, 1, 1, 2)))
        )

    def simple(self) -> str:
        forms: list[Callable[[], str]] = [
            lambda: self.print_call(0),
            lambda: self.call(0),
            lambda: f"{self.name()}{self.gap(' ')}={self.gap(' ')}{self.expression()}",
            lambda: "pass",
            lambda: self.expression(),
            lambda: f"{self.name()} += {self.expression()}",
            lambda: f"assert {self.expression()}, {self.string()}",
            lambda: (
                f"raise {self.dice.choose(('ValueError(x)', 'OSError', 'SystemExit(1)', 'minha_lib.Erro from None'))}"
            ),
            lambda: f"del {self.name()}",
            lambda: f"import {self.dice.choose(MODULES)}",
            lambda: f"{self.name()}: int = {self.expression()}",
            lambda: f"{self.name()}, *resto = {self.expression()}, {self.expression()}",
            lambda: f"{self.name()}.{self.name()}[{self.expression(2)}] = {self.expression()}",
        ]
        if self.in_loop and not self.in_star:
            forms += [lambda: "continue", lambda: "break"]
        if self.in_function and not self.in_star:
            forms += [lambda: "return", lambda: f"return{self.gap(' ')} {self.name()}"]
        return self.dice.choose(forms)()

    def statement(self, depth: int = 0) -> None:
        self.budget -= 1
        if depth > 3 or self.budget < 0:
            self.put(self.simple_line() + self.end())
            return
        forms: list[Callable[[int], None]] = [
            self.simple_statement,
            self.simple_statement,
            self.try_statement,
            self.try_statement,
            self.if_statement,
            self.loop,
            self.with_statement,
            self.function,
            self.class_statement,
            self.match_statement,
            self.safe_print,
        ]
        self.dice.choose(forms)(depth)

    def simple_statement(self, _: int) -> None:
        self.put(self.simple_line() + self.end())

    def handler_body(self, depth: int) -> Callable[[], None] | None:
        form = self.dice.below(6)
        if form >= 4:
            return None
        lines: tuple[Callable[[], str], ...] = (
            lambda: "pass",
            lambda: f"print({self.dice.choose(('e', 'x', 'f'))})",
            self.simple_line,
            lambda: "raise",
        )
        line = lines[form]

        def body() -> None:
            self.put(line() + self.end())
            if self.dice.chance(20):
                self.statement(depth + 1)

        return body

    def try_statement(self, depth: int) -> None:
        self.suite("try", depth)
        star = sys.version_info >= (3, 11) and self.dice.chance(12)
        handlers = self.dice.choose((1, 1, 2, 0, 3))
        for number in range(handlers):
            last = number == handlers - 1
            head = self.dice.choose(BROAD if last and self.dice.chance(85) else NARROW)
            if star:
                if head == "except":
                    head = "except Exception"
                head = head.replace("except ", self.dice.choose(("except* ", "except *", "except*")), 1)
            elif self.dice.chance(self.odd):
                head = head.replace("except (", self.dice.choose(("except(", "except ( ", "except  (")))
                head = head.replace(" as ", self.dice.choose((" as ", "  as  ", " \\\n  as ")))
                head = head.replace(", ", self.dice.choose((",", ",  # tipo\n     ", " , ")))
            with self.state(in_star=star or self.in_star):
                self.suite(head, depth, self.handler_body(depth))
        if handlers and self.dice.chance(15):
            self.suite("else", depth)
        if not handlers or self.dice.chance(15):
            with self.state(in_loop=False):
                self.suite("finally", depth)

    def if_statement(self, depth: int) -> None:
        self.suite(f"if{self.gap(' ')} {self.expression(1)}", depth)
        if self.dice.chance(25):
            self.suite(f"elif {self.expression(1)}", depth)
        if self.dice.chance(25):
            self.suite("else", depth)

    def loop(self, depth: int) -> None:
        kind = "async for" if self.is_async and self.dice.chance(30) else "for"
        head = self.dice.choose(
            ("while True", f"{kind} item in {self.expression(1)}", f"while {self.expression(1)}")
        )
        with self.state(in_loop=True, in_star=False):
            self.suite(head, depth)
        if self.dice.chance(10):
            self.suite("else", depth)

    def with_statement(self, depth: int) -> None:
        kind = "async with" if self.is_async and self.dice.chance(30) else "with"
        item = self.dice.choose(
            (
                f"open({self.expression(2)}) as arquivo",
                "suppress(Exception)",
                "contextlib.suppress(Exception, KeyError)",
                f"suppress({self.inside()}Exception{self.inside()},{self.inside()})",
                f"self.lock, open({self.name()}) as a, {self.call(2)}",
                f"({self.inside()}open(x) as a,{self.inside(' ')}open(y) as b{self.inside()})",
                "redirect_stdout(x)",
            )
        )
        self.suite(f"{kind} {item}", depth)

    def function(self, depth: int) -> None:
        while self.dice.chance(12):
            self.put(
                "@"
                + self.dice.choose(
                    (
                        "staticmethod",
                        "retry(tries=3)",
                        "x[0].y",
                        "(lambda f: f)",
                        "print",
                        "minha_lib.task  # d",
                        "atexit.register",
                    )
                )
            )
        is_async = self.dice.chance(20)
        name = self.dice.choose(("main", "tarefa", "log", "safe_print", "ler", "__init__", "print"))
        parameters = self.dice.choose(
            (
                "",
                "x",
                "self, x",
                "msg, *args, **kwargs",
                "a, /, b=1, *, c",
                "x: int = open(y)",
                "\n    x,  # um\n    y=2,\n",
            )
        )
        generic = "[T: int, *Ts, **P]" if sys.version_info >= (3, 12) and self.dice.chance(10) else ""
        returns = self.dice.choose(("", "", " -> None", ' -> "int"'))

        def body() -> None:
            if self.dice.chance(15):
                self.put(self.dice.choose(('"""Faz algo."""', "global contador", "'d'; x = 1")))
            for _ in range(self.dice.choose((1, 2, 3, 4))):
                self.statement(depth + 1)

        changes = {
            "in_function": True,
            "in_loop": False,
            "is_async": is_async,
            "in_class": False,
            "in_star": False,
        }
        with self.state(**changes):
            self.suite(
                f"{'async ' if is_async else ''}def {name}{generic}({parameters}){returns}", depth, body
            )

    def class_statement(self, depth: int) -> None:
        base = self.dice.choose(("", "(Base)", "(Exception)", "(minha_lib.Base, meta=print)", "()"))
        changes = {
            "in_function": False,
            "in_loop": False,
            "is_async": False,
            "in_class": True,
            "in_star": False,
        }
        with self.state(**changes):
            self.suite(f"class {self.dice.choose(('Fila', 'Erro', 'X'))}{base}", depth)

    def match_statement(self, depth: int) -> None:
        patterns = self.dice.choose(
            (
                ("{'k': v}", "[1, *resto]", "_"),
                ("Fila(x=1) | None", "str() as s if print(s)", "(a, b)"),
                ("'x'", "-1 | 2j", "a.b"),
            )
        )

        def body() -> None:
            for pattern in patterns[: self.dice.choose((1, 2, 3))]:
                self.suite(f"case {pattern}", depth + 1)

        self.suite(f"match {self.name()}", depth, body)

    def safe_print(self, _: int) -> None:
        """The idiom of workers: a print that survives narrow terminals."""
        indent = self.step
        for line in (
            "def safe_print(*args, **kwargs):",
            indent + "try:",
            indent * 2 + "print(*args, **kwargs)",
            indent
            + self.dice.choose(("except UnicodeEncodeError:", "except Exception:", "except Exception as e:")),
            indent * 2 + "print(*[str(a).encode('ascii', 'replace').decode() for a in args], **kwargs)",
        ):
            self.put(line)

    # --- the module -------------------------------------------------------------------------------------

    def module(self) -> str:
        if self.dice.chance(20):
            self.lines.append("#!/usr/bin/env python3")
        if self.dice.chance(30):
            self.put(
                self.dice.choose(
                    ('"""Um trabalhador."""', "'''Duas\nlinhas.'''", '"""d"""; x = 1', '"""d"""  # c')
                )
            )
        if self.dice.chance(15):
            self.put("from __future__ import annotations" + self.end())
        if self.dice.chance(10):
            self.put("import sys; sys.path.insert(0, '.')")
        for _ in range(self.dice.choose((2, 0, 1, 4))):
            self.put(
                (f"import {self.dice.choose(MODULES)}" if self.dice.chance(60) else self.dice.choose(IMPORTS))
                + self.end()
            )
        if self.dice.chance(15):
            self.suite("try", 3, lambda: self.put("import requests"))
            self.suite(
                "except " + self.dice.choose(("ImportError", "Exception", "(ImportError, Exception)")),
                3,
                lambda: self.put(self.dice.choose(("requests = None", "print('sem requests')"))),
            )
        if self.dice.chance(8):
            self.put(
                self.dice.choose(
                    (
                        "# workerlog: skip-file",
                        "print = 1",
                        "from rich import print",
                        "global x",
                        "if TYPE_CHECKING: import x",
                    )
                )
            )
        for _ in range(self.dice.choose((1, 2, 3, 5))):
            self.statement()
        if self.dice.chance(40):
            self.suite('if __name__ == "__main__"', 1)
        text = "\n".join(self.lines)
        return text + self.dice.choose(("\n", "\n", "", "\n\n", "\n# fim", "\n    ", "\n\f\n"))


NEWLINES = (("\n",), ("\r\n",), ("\r",), ("\n", "\r\n"), ("\n", "\r\n", "\r"))
COOKIES = ("", "", "", "utf-8", "latin-1", "cp1252", "iso-8859-15", "utf-8-sig", "ascii", "shift_jis")


def encoded(text: str, dice: Dice) -> bytes:
    """Give a program newlines, a coding line and an encoding, of which all three can be odd."""
    cookie = dice.choose(COOKIES)
    if cookie and cookie != "utf-8-sig":
        line = dice.choose(("# -*- coding: {} -*-", "# vim: set fileencoding={} :", "#coding={}")).format(
            cookie
        )
        first, _, rest = text.partition("\n")
        text = f"{first}\n{line}\n{rest}" if first.startswith("#!") else f"{line}\n{text}"
    styles = dice.choose(NEWLINES)
    if len(styles) == 1:
        text = text.replace("\n", styles[0])
    else:
        turn = dice.below(7)
        parts = text.split("\n")
        # A lone CR before an empty line and its LF would make one newline of two.
        joined = [
            part + styles[(number * 5 + turn) % 3 % len(styles)] for number, part in enumerate(parts[:-1])
        ]
        text = "".join(joined).replace("\r\n\n", "\r\n\r\n") + parts[-1]
    if cookie == "utf-8-sig":
        return text.encode("utf-8-sig")
    return text.encode(cookie or "utf-8", "replace")
