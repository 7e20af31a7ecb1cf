"""Kinds of escapes that programs of what workers do at night brought to light, each with its twin."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.analysis.test_reach import judge

TRIES = """import tenacity, backoff
class Falta(Exception): pass
class Outra(Exception): pass
def avisa(estado): raise Outra
@{decorator}
def baixa():
    raise Falta
def ler():
    try:
        baixa()
    except Exception: pass
"""


@pytest.mark.parametrize(
    ("decorator", "names"),
    [
        ("tenacity.retry(stop=tenacity.stop_after_attempt(2))", {"Falta", "tenacity.RetryError"}),
        ("tenacity.retry(stop=tenacity.stop_after_attempt(2), reraise=True)", {"Falta"}),
        ("tenacity.retry(wait=tenacity.wait_fixed(1))", {"Falta"}),
        ("tenacity.retry(stop=tenacity.stop_after_attempt(2), reraise=True, before_sleep=avisa)", {"Falta", "Outra"}),
        ("tenacity.retry(retry=tenacity.retry_if_result(avisa))", {"Falta", "Outra"}),
        ("tenacity.retry(retry=tenacity.retry_if_exception_type(Falta) | tenacity.retry_if_result(avisa))", {"Falta", "Outra"}),
        ("backoff.on_exception(backoff.expo, Falta, on_backoff=avisa)", {"Falta", "Outra"}),
        ("backoff.on_exception(backoff.expo, Falta)", {"Falta"}),
    ],
)  # fmt: skip
def test_what_a_decorator_raises_of_its_own_at_each_call(
    tmp_path: Path, decorator: str, names: set[str]
) -> None:
    """A decorator that tries again ends in an error of its own, and calls what it was given, at each call of the function."""
    found, is_complete = judge(tmp_path, TRIES.format(decorator=decorator))

    assert is_complete
    assert {name.removeprefix("local:") for name in found} == names


def test_a_callback_of_a_decorator_that_nobody_knows_leaves_the_handler(tmp_path: Path) -> None:
    """What is called at each call and is not known may raise anything."""
    known = "tenacity.retry(reraise=True, before_sleep=avisa)"
    unknown = known.replace("avisa", "outro.avisa")
    script = TRIES.replace("import tenacity", "import outro, tenacity")

    assert judge(tmp_path, script.format(decorator=known))[1] is True
    assert judge(tmp_path, script.format(decorator=unknown))[1] is False


FILE = """{before}
def ler(caminho):
    try:
        {line}
    except Exception: pass
{after}
"""


@pytest.mark.parametrize(
    ("before", "line", "after", "is_listed"),
    [
        ("", "open(caminho, 'wb').write(b'a')", "", False),
        ("f = open('a', 'wb')", "f.write(b'a')", "", False),
        ("f = open('a', 'wb')", "f.write(b'a')", "def fim():\n    f.close()\n", True),
        ("f = open('a', 'wb')\nc = open('b', 'wb')", "f.write(b'a')", "c.close()", True),
        ("import socket", "f = open(caminho, 'wb'); f.write(b'a'); f.close()", "", False),
        ("", "f = open(caminho, 'wb'); f.close(); f.write(b'a')", "", True),
        ("", "with open(caminho, 'wb') as f: f.write(b'a')", "def fim(f):\n    f.close()\n", False),
        ("import sys", "sys.stdout.flush()", "", True),
    ],
)
def test_a_file_that_may_be_closed_already(
    tmp_path: Path, before: str, line: str, after: str, is_listed: bool
) -> None:
    """What some part of the program closes may be closed when another one uses it; what is made right there is not."""
    found, is_complete = judge(tmp_path, FILE.format(before=before, line=line, after=after))

    assert is_complete
    assert ("ValueError" in found) is is_listed
