"""Bytes become text and the same bytes again."""

from __future__ import annotations

import codecs
from pathlib import Path

import pytest

from workerlog_migrate.errors import Refused
from workerlog_migrate.files.source import decode, encode, has_trigger, split_lines

PATH = Path("scripts/genesis_engine.py")


@pytest.mark.parametrize(
    ("raw", "text", "encoding", "newline"),
    [
        pytest.param(b"", "", "utf-8", "\n", id="empty"),
        pytest.param(b"x = 1\n", "x = 1\n", "utf-8", "\n", id="utf-8"),
        pytest.param("x = 'ação'\r\n".encode(), "x = 'ação'\r\n", "utf-8", "\r\n", id="crlf"),
        pytest.param(b"x = 1\ry = 2", "x = 1\ry = 2", "utf-8", "\r", id="lone-cr-no-final-newline"),
        pytest.param(b"x = 1\ny = 2\r\n", "x = 1\ny = 2\r\n", "utf-8", "\n", id="mixed"),
        pytest.param(codecs.BOM_UTF8 + b"x = 1\n", "x = 1\n", "utf-8", "\n", id="bom"),
        pytest.param(
            codecs.BOM_UTF8 + b"# coding: utf-8\n", "# coding: utf-8\n", "utf-8", "\n", id="bom-and-cookie"
        ),
        pytest.param(
            b"# -*- coding: latin-1 -*-\nx = '\xe9'\n",
            "# -*- coding: latin-1 -*-\nx = 'é'\n",
            "iso-8859-1",
            "\n",
            id="latin-1",
        ),
        pytest.param(
            b"#!/usr/bin/env python\r# vim: set fileencoding=cp1252 :\rx = '\x80'\r",
            "#!/usr/bin/env python\r# vim: set fileencoding=cp1252 :\rx = '€'\r",
            "cp1252",
            "\r",
            id="second-line-after-a-lone-cr",
        ),
        pytest.param(
            b"# coding: utf-8-unix\nx = 1\n",
            "# coding: utf-8-unix\nx = 1\n",
            "utf-8",
            "\n",
            id="emacs-suffix",
        ),
        pytest.param(
            b"x = 1\n# coding: latin-1\n",
            "x = 1\n# coding: latin-1\n",
            "utf-8",
            "\n",
            id="no-cookie-after-code",
        ),
        pytest.param(
            "x = 1\x0c\x85\u2028'\n".encode(),
            "x = 1\x0c\x85\u2028'\n",
            "utf-8",
            "\n",
            id="not-python-newlines",
        ),
    ],
)
def test_text_is_what_the_interpreter_reads_and_encodes_to_the_same_bytes(
    raw: bytes, text: str, encoding: str, newline: str
) -> None:
    source = decode(PATH, raw)

    assert (source.text, source.encoding, source.newline) == (text, encoding, newline)
    assert source.bom == raw.startswith(codecs.BOM_UTF8)
    assert encode(source, source.text) == raw


@pytest.mark.parametrize(
    ("raw", "line", "reason"),
    [
        pytest.param(b"x = 1\r\ny = '\xe9'\r\n", 2, "not UTF-8: byte 0xe9", id="latin-1-without-a-cookie"),
        pytest.param(b"# coding: ascii\nx = '\xc3\xa9'\n", 2, "not ASCII: byte 0xc3", id="cookie-lies"),
        pytest.param(b"\x7fELF\x02\x01\x01\x00\x00", 1, "a binary file", id="binary"),
        pytest.param("x = 1\n".encode("utf-16"), 1, "UTF-16 text", id="utf-16"),
        pytest.param(
            b"# coding: klingon\nx = 1\n", 1, "'klingon', which is no encoding", id="unknown-cookie"
        ),
        pytest.param(
            b"\n# coding: rot13\nk = 1\n", 2, "rot-13, which cannot decode it", id="not-a-text-encoding"
        ),
        pytest.param(
            codecs.BOM_UTF8 + b"# coding: latin-1\n",
            1,
            "byte order mark, but its coding line",
            id="bom-against-cookie",
        ),
        pytest.param(
            codecs.BOM_UTF8 + b"# coding: utf8\n",
            1,
            "byte order mark, but its coding line",
            id="bom-and-a-spelling-that-the-interpreter-refuses",
        ),
        pytest.param(
            b"# coding: utf-7\nx = '+AOk-'; y = 'a+-b+ACs-'\n", 1, "same bytes again", id="not-reversible"
        ),
    ],
)
def test_bytes_that_are_no_text_are_refused_with_the_line(raw: bytes, line: int, reason: str) -> None:
    with pytest.raises(Refused) as refusal:
        decode(PATH, raw)

    assert refusal.value.line == line
    assert reason in refusal.value.reason
    assert "\n" not in refusal.value.reason


def test_a_character_that_the_encoding_lacks_is_refused_at_its_line() -> None:
    source = decode(PATH, b"# coding: cp1252\nx = 1\n")

    with pytest.raises(Refused) as refusal:
        encode(source, "# coding: cp1252\nx = '\u2713'\n")

    assert refusal.value.line == 2
    assert "U+2713" in refusal.value.reason


def test_lines_end_where_the_tokenizer_ends_them() -> None:
    text = "a\n\x0cb\x85c\u2028d\x1ce\r\nf\rg\n\nh"

    assert split_lines(text) == ["a\n", "\x0cb\x85c\u2028d\x1ce\r\n", "f\r", "g\n", "\n", "h"]
    assert split_lines("") == []
    assert split_lines("\r\r\n") == ["\r", "\r\n"]


@pytest.mark.parametrize(
    "script",
    [
        "print('x')",
        "safe_print('x')",
        "try:\n    f()\nexcept:\n    pass",
        "with open(p) as f: pass",
        "import urllib.request as u\ndef g(): return u.urlopen('http://x')",
        "def g(p): return p.read_text()",
        "def g(p): p.write_bytes(b'')",
        "from os import listdir as ls",
        "from requests import get",
        "from sqlite3 import connect",
        "from contextlib import suppress",
        "if __name__ == '__main__':\n    main()",
        "from engine import run\nrun()",
        "import engine\nwhile True:\n    engine.cycle()",
        "import engine; engine.cycle()",
        "import engine\r\nengine.cycle ()\r\n",
        "import engine\rfor x in engine.all():\r    x.go()\r",
        "raise SystemExit(run.main())",
    ],
)
def test_a_script_with_something_to_find_has_a_trigger(script: str) -> None:
    assert has_trigger(script.encode())


@pytest.mark.parametrize(
    "script",
    [
        "",
        "# nothing here\n",
        '"""Constants."""\n\nimport os\nfrom pathlib import Path\n\nROOT = Path(os.environ["ROOT"])\n',
        "class Story:\n    def total(self):\n        return sum(self.parts)\n",
        "async def f(x):\n    return await x\n",
        "match = 1\nif_ = 2\nx: int = 3\n",
        "@decorated\ndef f():\n    return 1\n",
    ],
)
def test_a_module_that_only_defines_things_has_none(script: str) -> None:
    assert not has_trigger(script.encode())


def test_a_call_that_the_user_taught_is_a_trigger() -> None:
    raw = b"import cloud\n\ndef f():\n    return cloud.fetch(1)\n"

    assert has_trigger(raw, ("cloud.fetch",))
    assert not has_trigger(raw, ("cloud.push",))
