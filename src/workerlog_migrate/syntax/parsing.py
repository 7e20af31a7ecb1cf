"""From a source to the standard library's tree, or to the reason why there is none."""

from __future__ import annotations

import ast
import builtins
import re
import sys
import warnings
from typing import TYPE_CHECKING

from workerlog_migrate.errors import Refused

if TYPE_CHECKING:
    from workerlog_migrate.model import Source

TEMPLATE: type[ast.expr] | None = getattr(ast, "TemplateStr", None)
"""A t-string, from Python 3.14 on."""
STRINGS: tuple[type[ast.expr], ...] = (ast.JoinedStr,) if TEMPLATE is None else (ast.JoinedStr, TEMPLATE)
"""Texts that hold expressions."""
TRY_STAR: type[ast.AST] | None = getattr(ast, "TryStar", None)
_COMMA = re.compile(r"^[ \t]*except[ \t][^(:\r\n]*,", re.MULTILINE)
_UNBOUND = "except A, e: and nothing binds e"
_BUILTINS = frozenset(dir(builtins))
_LONG_NUMBER = re.compile(r"0(?:[xX][\da-fA-F_]{3500}|[oO][0-7_]{4700}|[bB][01_]{14000})")
_MOST_BITS = 14_000
"""Of a number that Python writes down in decimal (4,300 digits, ``sys.set_int_max_str_digits``)."""


_MOST_KEPT = 600_000
"""Characters of texts whose trees are kept: a tree takes some 35 bytes for each."""
_kept: dict[str, ast.Module] = {}


def keep(text: str, tree: ast.Module) -> None:
    """Keep the tree of a text that is going to be parsed again, unless much is kept already.

    Args:
        text: the text.
        tree: of it; nobody may change it.
    """
    if sum(map(len, _kept)) + len(text) <= _MOST_KEPT:
        _kept[text] = tree


def forget() -> None:
    """Keep no trees any longer: other processes parse."""
    _kept.clear()


_made: tuple[str, ast.Module] | None = None


def made(text: str, tree: ast.Module) -> None:
    """Keep the tree of the text that a file was rewritten to, until the next one is rewritten.

    Args:
        text: the result.
        tree: of it; nobody may change it.
    """
    global _made  # one for the process, as those that are kept
    _made = text, tree


def tree_made(text: str) -> ast.Module | None:
    """Give the tree of a text, if it is what was rewritten last in this process.

    Args:
        text: the text.
    """
    return _made[1] if _made is not None and _made[0] == text else None


def parse(source: Source) -> ast.Module:
    """Parse a source with the running interpreter's grammar.

    A ``str`` is parsed, not bytes: bytes under a latin-1 cookie would be re-encoded and shift the columns.

    Raises:
        Refused: the text is not valid for this interpreter; names the line and what to do.

    """
    try:
        tree = _kept.pop(source.text, None) or _parsed(source)
    except SyntaxError as error:
        raise Refused(_syntax_reason(error), error.lineno or 0) from error
    except ValueError as error:
        raise Refused(f"cannot be parsed: {error}") from error
    except (RecursionError, MemoryError) as error:
        raise Refused("is nested too deeply for the parser; split the longest expression") from error
    if _LONG_NUMBER.search(source.text) is not None and (line := _line_of_long_number(tree)):
        raise Refused('holds a number of more than 4,300 digits; make a text of it, int("0x...", 16)', line)
    if _COMMA.search(source.text) and (line := _line_of_python_2(tree)):
        raise Refused(f"is Python 2 ({_UNBOUND}); convert it to Python 3 first", line)
    return tree


def _parsed(source: Source) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(source.text, filename=str(source.path))


def _line_of_long_number(tree: ast.Module) -> int:
    """Find a number of more digits than Python writes down; 0 when there is none."""
    return next(
        (
            node.lineno
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant)
            and isinstance(node.value, int)
            and node.value.bit_length() > _MOST_BITS
        ),
        0,
    )


def _line_of_python_2(tree: ast.Module) -> int:
    """Find ``except A, e:``, which Python 3.14 takes for two exceptions without parentheses; 0 when there is none.

    https://peps.python.org/pep-0758/: who means that has two exceptions, and a name that nothing binds is none.
    """
    bound: set[str] = set(_BUILTINS)
    pairs: list[tuple[int, str]] = []
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()):
                bound.add(name)
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                bound.add(name)
            case ast.alias(name=name, asname=asname):
                bound.add(asname or name.partition(".")[0])
            case ast.arg(arg=name):
                bound.add(name)
            case ast.ExceptHandler(type=ast.Tuple(elts=[first, ast.Name(id=name)]) as types, lineno=line):
                if (types.lineno, types.col_offset) == (first.lineno, first.col_offset):
                    pairs.append((line, name))
            case _:
                pass
    return next((line for line, name in pairs if name not in bound and "*" not in bound), 0)


def _syntax_reason(error: SyntaxError) -> str:
    """Name the likely cause: Python 2, a newer Python's syntax, or a plain syntax error."""
    message = (error.msg or "invalid syntax").strip()
    if "multiple exception types must be parenthesized" in message:
        return (
            f"is Python 2 ({message}); convert it to Python 3 first; "
            "if it runs on Python >= 3.14, run workerlog-migrate with that Python"
        )
    if message.startswith(
        ("Missing parentheses in call to 'print'", "Missing parentheses in call to 'exec'")
    ):
        return f"is Python 2 ({message}); convert it to Python 3 first"
    if sys.version_info < (3, 12) and ("f-string" in message):
        return (
            f"syntax error: {message}; if it runs on Python >= 3.12, run workerlog-migrate with that Python"
        )
    return f"syntax error: {message}; fix it, or run workerlog-migrate with the Python that the script is for"
