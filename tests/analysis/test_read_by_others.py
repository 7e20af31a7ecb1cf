"""Kinds of escapes that reading narrowed handlers of workers nobody here had seen brought to light, each with its twin."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.analysis.test_reach import judge

READS = """import json, os, shutil, smtplib
from pathlib import Path
import pyautogui
from pymodbus.client import AsyncModbusTcpClient, ModbusTcpClient
def ler(texto: str, dados: list[str]):
    dado = json.loads(texto)
    try:
        {body}
    except Exception: pass
async def ouvir(texto: str):
    try:
        {waits}
    except Exception: pass
"""


def names(root: Path, body: str, **others: str) -> set[str]:
    """Return what is listed for one handler, which has to be complete."""
    script = READS.partition("async def")[0].format(body=body)
    listed, is_complete = judge(root, script, **others)
    assert is_complete
    return listed


@pytest.mark.parametrize(
    ("call", "plain"),
    [
        ("open(dado)", "open(texto)"),
        ("os.remove(dado)", "os.remove(texto)"),
        ("os.makedirs(os.path.join('saida', dado))", "os.makedirs(os.path.join('saida', texto))"),
        ("shutil.copy2('a', dado)", "shutil.copy2('a', texto)"),
        ("Path(dado).mkdir()", "Path(texto).mkdir()"),
        ("(Path('saida') / dado).unlink()", "(Path('saida') / texto).unlink()"),
    ],
)
def test_a_path_out_of_decoded_data_may_be_no_path(tmp_path: Path, call: str, plain: str) -> None:
    """JSON carries a NUL and half of a surrogate pair, which are no ``OSError``; a text of the program is believed to be a path."""
    assert names(tmp_path / "a", call) == {"OSError", "TypeError", "ValueError"}
    assert names(tmp_path / "b", plain) == {"OSError"}


@pytest.mark.parametrize(
    ("call", "listed"),
    [
        ("smtplib.SMTP('a').login('eu', 'segredo')", {"OSError"}),
        ("smtplib.SMTP('a').login('eu', texto)", {"OSError", "UnicodeError"}),
        ("smtplib.SMTP('a').login('eu', os.getenv('SENHA'))", {"OSError", "UnicodeError", "AttributeError"}),
        ("smtplib.SMTP('a').login('eu', dado)", {"OSError", "UnicodeError", "AttributeError"}),
    ],
)
def test_a_password_of_mail_is_a_text_of_ascii(tmp_path: Path, call: str, listed: set[str]) -> None:
    """What logs in is encoded as ASCII, which a copied space that does not break is not, and a number or None cannot be encoded."""
    assert names(tmp_path, call) == listed


@pytest.mark.parametrize(
    ("call", "name", "is_listed"),
    [
        ("ModbusTcpClient('a').read_coils(0, count=1)", "OSError", True),
        ("ModbusTcpClient('a').close()", "OSError", False),
        ("pyautogui.locateOnScreen('a.png')", "ValueError", True),
        ("pyautogui.click(1, 1)", "ValueError", False),
    ],
)
def test_rows_go_as_far_as_what_arrived(tmp_path: Path, call: str, name: str, *, is_listed: bool) -> None:
    """A connection may break, and a screen be smaller than what is looked for."""
    assert (name in names(tmp_path, call)) is is_listed


def test_an_asynchronous_modbus_client_wraps_what_breaks(tmp_path: Path) -> None:
    """Its transport takes the errors of the socket, which those of the plain client do not."""
    head, _, tail = READS.partition("def ler")
    script = head + "async def" + tail.partition("async def")[2]
    listed = judge(tmp_path, script.format(waits="await AsyncModbusTcpClient('a').read_coils(0, count=1)"))
    assert listed == ({"pymodbus.exceptions.ModbusException"}, True)
