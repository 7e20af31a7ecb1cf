"""Kinds of escapes that reading narrowed handlers of workers nobody here had seen brought to light, each with its twin."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.analysis.test_reach import judge

READS = """import json, os, shutil, smtplib, time
from PIL import ImageGrab
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
        ("ModbusTcpClient('a').read_coils(0, count=1, slave=2)", "TypeError", True),
        ("ModbusTcpClient('a').read_coils(0, count=1, device_id=2)", "TypeError", False),
        ("pyautogui.locateOnScreen('a.png')", "ValueError", True),
        ("pyautogui.click(1, 1)", "ValueError", False),
    ],
)
def test_rows_go_as_far_as_what_arrived(tmp_path: Path, call: str, name: str, *, is_listed: bool) -> None:
    """A connection breaks, a parameter has another name in a newer release, and a screen is smaller than what is looked for."""
    assert (name in names(tmp_path, call)) is is_listed


def test_an_asynchronous_modbus_client_wraps_what_breaks(tmp_path: Path) -> None:
    """Its transport takes the errors of the socket, which those of the plain client do not."""
    head, _, tail = READS.partition("def ler")
    script = head + "async def" + tail.partition("async def")[2]
    listed = judge(tmp_path, script.format(waits="await AsyncModbusTcpClient('a').read_coils(0, count=1)"))
    assert listed == ({"pymodbus.exceptions.ModbusException"}, True)


FROM_WEB = """import json, docx, openpyxl, toml
from typing import Any
from fastapi import WebSocket
async def ouvir(tomada: WebSocket, achados: Any, texto: str):
    try:
        {body}
    except Exception: pass
"""


@pytest.mark.parametrize(
    ("body", "name", "plain"),
    [
        ("await tomada.receive_text()", "KeyError", "await tomada.send_text(texto)"),
        ("await tomada.send_json({'a': achados})", "TypeError", "await tomada.send_json({'a': texto})"),
        ("toml.loads(texto)", "IndexError", "json.loads(texto)"),
    ],
)
def test_data_of_another_shape_comes_out_as_the_library_meets_it(
    tmp_path: Path, body: str, name: str, plain: str
) -> None:
    """A client sends bytes instead of a text, a result is no JSON, a line of TOML ends early."""
    listed = judge(tmp_path / "a", FROM_WEB.format(body=body))
    assert name in listed[0]
    assert listed[1]
    assert name not in judge(tmp_path / "b", FROM_WEB.format(body=plain))[0]


@pytest.mark.parametrize("call", ["docx.Document('a')", "openpyxl.load_workbook('a')"])
def test_what_reads_any_damaged_archive_raises_more_than_a_person_would_list(
    tmp_path: Path, call: str
) -> None:
    """A document that is a ZIP archive fails in ten ways when it is damaged: such a handler stays broad; a file of text fails in two."""
    assert judge(tmp_path / "a", FROM_WEB.format(body=call))[1] is False
    assert judge(tmp_path / "b", FROM_WEB.format(body="open('a').read()")) == (
        {"OSError", "UnicodeError"},
        True,
    )


@pytest.mark.parametrize(
    ("call", "listed", "plain"),
    [
        ("time.sleep(dado)", {"TypeError", "ValueError", "OverflowError"}, "time.sleep(5)"),
        (
            "ImageGrab.grab().save('a', quality=dado)",
            {"OSError", "TypeError", "ValueError"},
            "ImageGrab.grab().save('a', quality=80)",
        ),
    ],
)
def test_a_setting_out_of_decoded_data_may_be_of_any_size_and_shape(
    tmp_path: Path, call: str, listed: set[str], plain: str
) -> None:
    """A pause may be negative or without end, a quality a list; what the program writes itself is neither."""
    assert names(tmp_path / "a", call) == listed
    assert "TypeError" not in judge(tmp_path / "b", READS.partition("async def")[0].format(body=plain))[0]
