"""Read damaged documents the way workers do, and compare what comes out with what is inferred.

A worker reads what others write: exports, feeds, mails, archives, workbooks. For each case below a whole document is made,
damaged in many ways (cut off, bits turned, numbers and words exchanged, parts left out; of an archive one member and packed
again), and read by a few lines of code. What is raised has to be in the list that the tool writes for these lines; a handler
that stays broad narrows nothing and is counted apart.

    python benchmarks/exceptions/hostile_documents.py [--rounds N] [--python PATH] [NAME...]

Cases of the standard library run with any Python; those of libraries need a ``--python`` that has the library (and
reportlab, xlwt for samples), and are named as left out where it has not. The damage is the same in each run. The reading is
done in a process of its own with limits of time and memory. Numbers beyond every float are left out, as in
``hostile_arguments.py``. The exit code is 1 when something came out that was not
inferred.
"""

from __future__ import annotations

import argparse
import bz2
import contextlib
import email.message
import gzip
import importlib
import importlib.util
import io
import json
import logging
import lzma
import os
import pickle
import plistlib
import random
import re
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
import wave
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import bounded  # the path is set above

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 3.0
"""What one document may take; one that takes longer is counted, not waited for."""

MEMORY = 2 * 1024**3
_NEVER_LISTED = (MemoryError, RecursionError)
"""What ends a program by its nature, and is in no list."""


@dataclass(frozen=True, slots=True)
class Case:
    """A few lines that read a document.

    Attributes:
        name: its name.
        document: the name of the document, by ``DOCUMENTS``.
        imports: the import lines.
        body: the lines, which read the file at the path ``p``.
        needs: libraries that are not of the standard library.

    """

    name: str
    document: str
    imports: str
    body: str
    needs: tuple[str, ...] = ()


@dataclass(slots=True)
class Outcome:
    """What came out of one case.

    Attributes:
        name: the case.
        names: what is listed; empty where the handler stays broad.
        raised: each exception's name and how often it came.
        escaped: those that are not listed, with a text of each.

    """

    name: str
    names: list[str]
    raised: dict[str, int] = field(default_factory=dict)
    escaped: dict[str, str] = field(default_factory=dict)


def _packed(members: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return buffer.getvalue()


def _tarred() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        member = tarfile.TarInfo("a.txt")
        member.size = 5
        archive.addfile(member, io.BytesIO(b"hello"))
    return buffer.getvalue()


def _wave() -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(b"\0\1" * 50)
    return buffer.getvalue()


def _database() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.db")
        with contextlib.closing(sqlite3.connect(path)) as connection:
            connection.execute("create table t(id integer primary key, name text, v real)")
            connection.executemany(
                "insert into t(name, v) values(?, ?)", [(f"n{n}", n / 3) for n in range(40)]
            )
            connection.commit()
        return path.read_bytes()


def _mail() -> bytes:
    message = email.message.EmailMessage()
    message["Subject"] = "aviso \u00e9"
    message["From"] = "A <a@x.example>"
    message["Date"] = "Mon, 06 Sep 2010 00:01:00 +0000"
    message.set_content("corpo \u00e9\n")
    message.add_attachment(b"\1\2", maintype="application", subtype="octet-stream", filename="x.bin")
    return message.as_bytes()


def _made(module: str, make: Callable[[object, io.BytesIO], None]) -> Callable[[], bytes]:
    """Give what makes a document by means of a library."""

    def produce() -> bytes:
        buffer = io.BytesIO()
        make(importlib.import_module(module), buffer)
        return buffer.getvalue()

    return produce


def _pdf(canvas: object, buffer: io.BytesIO) -> None:
    page = canvas.Canvas(buffer)  # type: ignore[attr-defined]  # reportlab's, which is asked for by name
    page.drawString(100, 700, "Hello 123")
    page.showPage()
    page.save()


def _workbook(openpyxl: object, buffer: io.BytesIO) -> None:
    book = openpyxl.Workbook()  # type: ignore[attr-defined]  # a library that is asked for by name
    book.active.append(["a", "b"])
    book.active.append([1, "x"])
    book.save(buffer)


def _old_workbook(xlwt: object, buffer: io.BytesIO) -> None:
    book = xlwt.Workbook()  # type: ignore[attr-defined]  # a library that is asked for by name
    book.add_sheet("s").write(0, 0, "a")
    book.save(buffer)


def _text_document(docx: object, buffer: io.BytesIO) -> None:
    document = docx.Document()  # type: ignore[attr-defined]  # a library that is asked for by name
    document.add_paragraph("p")
    document.save(buffer)


def _picture(form: str) -> Callable[[object, io.BytesIO], None]:
    def make(image: object, buffer: io.BytesIO) -> None:
        image.new("RGB", (20, 10), (1, 2, 3)).save(buffer, form)  # type: ignore[attr-defined]  # Pillow's, asked for by name

    return make


_DATA = {"a": [1, 2.5, None, True, "x\u00e9"], "b": {"c": "d"}, "items": [{"id": 1, "name": "n"}]}
DOCUMENTS: dict[str, Callable[[], bytes]] = {
    "a.json": lambda: json.dumps(_DATA).encode(),
    "a.csv": lambda: b'id;nome;valor\n1;"a b";2,5\n2;c;3\n3;"d ""e""";4\n',
    "a.xml": lambda: (
        b'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE r [<!ENTITY e "x">]>\n'
        b'<r xmlns:n="urn:x"><n:a b="1">t&e;</n:a><c><![CDATA[z]]></c></r>'
    ),
    "a.html": lambda: (
        b'<html><head><meta charset="utf-8"><title>T</title></head><body><table><tr><td>1</td></tr></table>'
        b'<a href="/x?y=1">z</a><p>&amp;&#233;</p></body></html>'
    ),
    "a.rss": lambda: (
        b'<?xml version="1.0"?><rss version="2.0"><channel><title>t</title><item><title>i</title>'
        b"<pubDate>Mon, 06 Sep 2010 00:01:00 +0000</pubDate></item></channel></rss>"
    ),
    "a.yaml": lambda: b"a: 1\nb: [1, 2, {c: d}]\nt: 2020-01-02 03:04:05\nk: &x 1\nl: *x\nm: |\n  text\n",
    "a.toml": lambda: b'a = 1\n[t]\nd = 2020-01-02T03:04:05Z\ns = "x"\narr = [1, 2]\n',
    "a.ini": lambda: b"[a]\nx = 1\ny = %(x)s\n[b]\nz: 2\n",
    "a.eml": _mail,
    "a.zip": lambda: _packed({"a.txt": "hello " * 50, "d/b.json": "{}"}),
    "a.tar.gz": _tarred,
    "a.gz": lambda: gzip.compress(b"hello " * 40),
    "a.bz2": lambda: bz2.compress(b"hello " * 40),
    "a.xz": lambda: lzma.compress(b"hello " * 40),
    "a.plist": lambda: plistlib.dumps({"a": 1, "b": [1.5, b"x"]}),
    "b.plist": lambda: plistlib.dumps({"a": 1, "b": [1.5, b"x"]}, fmt=plistlib.FMT_BINARY),
    "a.pkl": lambda: pickle.dumps({"a": [1, "x", (2.5, None)]}),
    "a.wav": _wave,
    "a.db": _database,
    "a.date": lambda: b"2020-01-02T03:04:05+01:00",
    "a.netrc": lambda: b"machine x login a password b\ndefault login c password d\n",
    "a.jwt": lambda: b"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dKz0yb6mFDPJ_i4JXrmg4H0gGDnbrFF8zmpxsy8uFQE",
    "a.pdf": _made("reportlab.pdfgen.canvas", _pdf),
    "a.xlsx": _made("openpyxl", _workbook),
    "a.xls": _made("xlwt", _old_workbook),
    "a.docx": _made("docx", _text_document),
    "a.png": _made("PIL.Image", _picture("PNG")),
    "a.jpeg": _made("PIL.Image", _picture("JPEG")),
    "a.gif": _made("PIL.Image", _picture("GIF")),
    "a.tiff": _made("PIL.Image", _picture("TIFF")),
}

_OPEN = 'with open(p, "rb") as f:\n    '
_MESSAGE = f"{_OPEN}m = email.message_from_binary_file(f)\n"
CASES = (
    Case("json", "a.json", "import json", f"{_OPEN}d = json.load(f)"),
    Case(
        "json, walked",
        "a.json",
        "import json",
        'with open(p) as f:\n    d = json.load(f)\nfor i in d["items"]:\n    total = int(i["id"]) + len(i["name"])\nx = d["b"]["c"].upper()',
    ),
    Case(
        "csv",
        "a.csv",
        "import csv",
        'with open(p, newline="") as f:\n    rows = list(csv.DictReader(f, delimiter=";"))\nv = float(rows[0]["valor"].replace(",", "."))',
    ),
    Case(
        "csv, rows",
        "a.csv",
        "import csv",
        'with open(p, newline="", encoding="latin-1") as f:\n    for row in csv.reader(f, delimiter=";", strict=True):\n        a, b = row[0], row[2]',
    ),
    Case(
        "csv, sniffed",
        "a.csv",
        "import csv",
        'with open(p, newline="") as f:\n    d = csv.Sniffer().sniff(f.read(1024))',
    ),
    Case("ElementTree", "a.xml", "import xml.etree.ElementTree as ET", "r = ET.parse(p).getroot()"),
    Case(
        "ElementTree, bytes",
        "a.xml",
        "import xml.etree.ElementTree as ET",
        f'{_OPEN}r = ET.fromstring(f.read())\nt = r.find("c").text.strip()',
    ),
    Case(
        "ElementTree, step by step",
        "a.xml",
        "import xml.etree.ElementTree as ET",
        "for event, e in ET.iterparse(p):\n    e.clear()",
    ),
    Case("minidom", "a.xml", "from xml.dom import minidom", "d = minidom.parse(p)"),
    Case(
        "minidom, bytes", "a.xml", "from xml.dom import minidom", f"{_OPEN}d = minidom.parseString(f.read())"
    ),
    Case(
        "configparser",
        "a.ini",
        "import configparser",
        'c = configparser.ConfigParser()\nc.read(p)\nv = c.getint("a", "y")',
    ),
    Case(
        "mail",
        "a.eml",
        "import email",
        f"{_MESSAGE}for part in m.walk():\n    b = part.get_payload(decode=True)\n    n = part.get_filename()",
    ),
    Case(
        "mail, header",
        "a.eml",
        "import email\nfrom email.header import decode_header, make_header",
        f'{_MESSAGE}s = str(make_header(decode_header(m["Subject"])))',
    ),
    Case(
        "mail, date",
        "a.eml",
        "import email\nfrom email.utils import parsedate_to_datetime",
        f'{_MESSAGE}d = parsedate_to_datetime(m["Date"])',
    ),
    Case(
        "zip",
        "a.zip",
        "import zipfile",
        "with zipfile.ZipFile(p) as z:\n    for n in z.namelist():\n        z.read(n)",
    ),
    Case(
        "zip, unpacked",
        "a.zip",
        "import tempfile\nimport zipfile",
        "with zipfile.ZipFile(p) as z:\n    z.extractall(tempfile.mkdtemp())",
    ),
    Case(
        "zip, by shutil",
        "a.zip",
        "import shutil\nimport tempfile",
        'shutil.unpack_archive(p, tempfile.mkdtemp(), "zip")',
    ),
    Case(
        "tar",
        "a.tar.gz",
        "import tarfile",
        "with tarfile.open(p) as t:\n    for m in t.getmembers():\n        f = t.extractfile(m)\n        if f:\n            f.read()",
    ),
    Case("gzip", "a.gz", "import gzip", 'with gzip.open(p, "rt") as f:\n    t = f.read()'),
    Case("gzip, bytes", "a.gz", "import gzip", f"{_OPEN}t = gzip.decompress(f.read())"),
    Case("bz2", "a.bz2", "import bz2", "with bz2.open(p) as f:\n    t = f.read()"),
    Case("bz2, bytes", "a.bz2", "import bz2", f"{_OPEN}t = bz2.decompress(f.read())"),
    Case("lzma", "a.xz", "import lzma", "with lzma.open(p) as f:\n    t = f.read()"),
    Case("lzma, bytes", "a.xz", "import lzma", f"{_OPEN}t = lzma.decompress(f.read())"),
    Case("plist", "a.plist", "import plistlib", f"{_OPEN}d = plistlib.load(f)"),
    Case("plist, binary", "b.plist", "import plistlib", f"{_OPEN}d = plistlib.loads(f.read())"),
    Case("pickle", "a.pkl", "import pickle", f"{_OPEN}d = pickle.load(f)"),
    Case("wave", "a.wav", "import wave", "w = wave.open(p)\nf = w.readframes(10)"),
    Case(
        "sqlite",
        "a.db",
        "import sqlite3",
        'c = sqlite3.connect(p)\nrows = c.execute("select id, name, v from t").fetchall()\nc.close()',
    ),
    Case("netrc", "a.netrc", "import netrc", 'n = netrc.netrc(p)\na = n.authenticators("x")'),
    Case(
        "date",
        "a.date",
        "from datetime import datetime",
        "with open(p) as f:\n    d = datetime.fromisoformat(f.read().strip())",
    ),
    Case(
        "date, by form",
        "a.date",
        "from datetime import datetime",
        'with open(p) as f:\n    d = datetime.strptime(f.read()[:19], "%Y-%m-%dT%H:%M:%S")',
    ),
    Case("literal", "a.json", "import ast", "with open(p) as f:\n    d = ast.literal_eval(f.read())"),
    Case(
        "base64",
        "a.jwt",
        "import base64\nimport json",
        'with open(p) as f:\n    t = f.read()\nd = json.loads(base64.urlsafe_b64decode(t.split(".")[1] + "=="))',
    ),
    Case("toml", "a.toml", "import tomllib", f"{_OPEN}d = tomllib.load(f)", ("tomllib",)),
    Case("orjson", "a.json", "import orjson", f"{_OPEN}d = orjson.loads(f.read())", ("orjson",)),
    Case("yaml", "a.yaml", "import yaml", "with open(p) as f:\n    d = yaml.safe_load(f)", ("yaml",)),
    Case("xmltodict", "a.xml", "import xmltodict", f"{_OPEN}d = xmltodict.parse(f.read())", ("xmltodict",)),
    Case("lxml", "a.xml", "from lxml import etree", "d = etree.parse(p)", ("lxml",)),
    Case(
        "lxml, HTML",
        "a.html",
        "from lxml import html",
        f'{_OPEN}d = html.fromstring(f.read())\nt = d.xpath("//a/@href")',
        ("lxml",),
    ),
    Case(
        "BeautifulSoup",
        "a.html",
        "from bs4 import BeautifulSoup",
        f'{_OPEN}s = BeautifulSoup(f.read(), "html.parser")\nt = s.find("title").text\nh = s.select("a")[0]["href"]',
        ("bs4",),
    ),
    Case(
        "BeautifulSoup, lxml",
        "a.html",
        "from bs4 import BeautifulSoup",
        f'{_OPEN}s = BeautifulSoup(f.read(), "lxml")\nt = [x.get_text(strip=True) for x in s.find_all("td")]',
        ("bs4", "lxml"),
    ),
    Case(
        "feedparser", "a.rss", "import feedparser", f"{_OPEN}d = feedparser.parse(f.read())", ("feedparser",)
    ),
    Case(
        "pandas, CSV", "a.csv", "import pandas as pd", 'd = pd.read_csv(p, sep=";", decimal=",")', ("pandas",)
    ),
    Case(
        "pandas, CSV of any kind",
        "a.csv",
        "import pandas as pd",
        'd = pd.read_csv(p, sep=None, engine="python")',
        ("pandas",),
    ),
    Case("pandas, JSON", "a.json", "import pandas as pd", "d = pd.read_json(p)", ("pandas",)),
    Case("pandas, Excel", "a.xlsx", "import pandas as pd", "d = pd.read_excel(p)", ("pandas", "openpyxl")),
    Case(
        "pandas, old Excel",
        "a.xls",
        "import pandas as pd",
        "d = pd.read_excel(p)",
        ("pandas", "xlrd", "xlwt"),
    ),
    Case(
        "pandas, Excel by its engine",
        "a.xlsx",
        "import pandas as pd",
        'd = pd.read_excel(p, engine="openpyxl")',
        ("pandas", "openpyxl"),
    ),
    Case(
        "openpyxl",
        "a.xlsx",
        "import openpyxl",
        "b = openpyxl.load_workbook(p, read_only=True)\nfor s in b.worksheets:\n    for row in s.iter_rows(values_only=True):\n        pass",
        ("openpyxl",),
    ),
    Case(
        "docx", "a.docx", "import docx", "d = docx.Document(p)\nt = [x.text for x in d.paragraphs]", ("docx",)
    ),
    Case(
        "pypdf",
        "a.pdf",
        "from pypdf import PdfReader",
        "r = PdfReader(p)\nfor page in r.pages:\n    t = page.extract_text()",
        ("pypdf", "reportlab"),
    ),
    Case("Pillow, PNG", "a.png", "from PIL import Image", "i = Image.open(p)\ni.load()", ("PIL",)),
    Case(
        "Pillow, JPEG",
        "a.jpeg",
        "from PIL import Image",
        'with Image.open(p) as i:\n    i.convert("L").resize((5, 5))',
        ("PIL",),
    ),
    Case("Pillow, GIF", "a.gif", "from PIL import Image", "i = Image.open(p)\ni.thumbnail((5, 5))", ("PIL",)),
    Case("Pillow, TIFF", "a.tiff", "from PIL import Image", "i = Image.open(p)\ni.verify()", ("PIL",)),
    Case(
        "chardet",
        "a.csv",
        "import chardet",
        f'{_OPEN}b = f.read()\nt = b.decode(chardet.detect(b)["encoding"])',
        ("chardet",),
    ),
    Case(
        "jwt",
        "a.jwt",
        "import jwt",
        'with open(p) as f:\n    d = jwt.decode(f.read(), "s", algorithms=["HS256"])',
        ("jwt",),
    ),
    Case("msgpack", "a.json", "import msgpack", f"{_OPEN}d = msgpack.unpackb(f.read())", ("msgpack",)),
    Case(
        "dateutil",
        "a.date",
        "from dateutil import parser",
        "with open(p) as f:\n    d = parser.parse(f.read())",
        ("dateutil",),
    ),
)


def damaged(document: bytes, chance: random.Random) -> bytes:
    """Return a document with some damage; of an archive of parts often one part is damaged and packed again.

    Args:
        document: the whole one.
        chance: what decides; the same seed gives the same damage.
    """
    if document.startswith(b"PK") and chance.random() < 0.6:
        return _repacked(document, chance)
    kind = chance.random()
    if kind < 0.1:
        return document[: chance.randrange(len(document) + 1)]
    if kind < 0.13:
        return b""
    text = bytearray(document)
    for _ in range(chance.choice((1, 1, 2, 3, 8, 20))):
        if text:
            _damage(text, chance)
    return bytes(text)


def _repacked(document: bytes, chance: random.Random) -> bytes:
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(document)) as old,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        names = old.namelist()
        hit, is_dropped = chance.choice(names), chance.random() < 0.15
        for name in names:
            if name != hit:
                new.writestr(name, old.read(name))
            elif not is_dropped:
                new.writestr(name, damaged(old.read(name) or b" ", chance))
    return buffer.getvalue()


def _damage(text: bytearray, chance: random.Random) -> None:
    at, kind = chance.randrange(len(text)), chance.random()
    if kind < 0.35:
        text[at] ^= 1 << chance.randrange(8)
    elif kind < 0.5:
        text[at] = chance.choice(b'\0\xff\x80\n "/<{')
    elif kind < 0.6:
        del text[at : at + chance.randrange(1, 9)]
    elif kind < 0.7:
        other = chance.randrange(len(text))
        text[at:at] = text[other : other + chance.randrange(1, 20)]
    elif kind < 0.8:
        text[at:at] = chance.randbytes(chance.randrange(1, 6))
    elif kind < 0.9:
        _exchange(text, rb"\d+", (b"0", b"-1", b"99999999999", b"null", b"2"), chance)
    else:
        _exchange(text, rb"[A-Za-z]{3,}", (b"x", b"null", b"[]", b"{}", b"utf-99", b"true", b"NaN"), chance)


def _exchange(text: bytearray, pattern: bytes, instead: tuple[bytes, ...], chance: random.Random) -> None:
    found = list(re.finditer(pattern, text))
    if found:
        hit = chance.choice(found)
        text[hit.start() : hit.end()] = chance.choice(instead)


def read(case: Case, names: Iterable[str], rounds: int) -> Outcome:
    """Read damaged documents in this process.

    Args:
        case: what is read, and how.
        names: what is listed.
        rounds: how many documents.
    """
    outcome = Outcome(case.name, list(names))
    listed = classes(outcome.names)
    document, chance = DOCUMENTS[case.document](), random.Random(case.name)
    code = compile(f"{case.imports}\n{case.body}", case.name, "exec")
    path = Path(case.document)
    for _ in range(rounds):
        path.write_bytes(damaged(document, chance))
        note(outcome, raised(code, {"p": str(path)}, SECONDS), listed)
    return outcome


def classes(names: Iterable[str]) -> tuple[type[BaseException], ...]:
    """Return the classes that are listed, and those that no list holds.

    Args:
        names: their names.
    """
    return (*_NEVER_LISTED, *bounded.classes(names))


def note(outcome: Outcome, error: BaseException | None, listed: tuple[type[BaseException], ...]) -> None:
    """Count an exception, and keep it where it is not listed.

    Args:
        outcome: what came out so far.
        error: the exception; None where nothing was raised.
        listed: the classes that are listed.
    """
    if error is None:
        return
    name = bounded.name_of(type(error))
    outcome.raised[name] = outcome.raised.get(name, 0) + 1
    if outcome.names and not isinstance(error, (*listed, bounded.TooLong)):
        outcome.escaped.setdefault(name, str(error)[:100])


def raised(code: object, given: dict[str, object], seconds: float) -> BaseException | None:
    """Run lines, and return what they raise.

    Args:
        code: the lines, compiled.
        given: the names that they know.
        seconds: what they may take.
    """
    with contextlib.redirect_stdout(io.StringIO()):
        return bounded.raised(
            lambda: exec(code, {**given, "__name__": "worker"}),  # type: ignore[arg-type]  # what was compiled
            seconds,
        )


def _reader(case: Case) -> str:
    """Write a worker around the lines of a case."""
    body = "".join(f"        {line}\n" for line in case.body.splitlines())
    return f"{case.imports}\n\n\ndef ler(p: str):\n    try:\n{body}    except Exception:\n        pass\n\n\nler('x')\n"


def inferred(cases: Iterable[Case], script: Callable[[Case], str] = _reader) -> dict[str, list[str]]:
    """Return what the tool writes for each case: the names of exceptions, or none where the handler stays broad.

    Args:
        cases: the cases.
        script: writes the script of a case, which has one handler.
    """
    by_script = {f"zero_{number}.py": case for number, case in enumerate(cases)}
    with tempfile.TemporaryDirectory() as folder:
        for name, case in by_script.items():
            Path(folder, name).write_text(script(case), encoding="utf-8")
        command = [
            sys.executable,
            "-m",
            "workerlog_migrate",
            "--format",
            "json",
            "--select",
            "specific-exceptions",
            "--no-cache",
            ".",
        ]
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=True)
    found: dict[str, list[str]] = {case.name: [] for case in by_script.values()}
    for file in json.loads(done.stdout)["files"]:
        for finding in file["findings"]:
            if finding["kind"] == "narrowed":
                found[by_script[file["path"]].name] = sorted(
                    {entry["exception"] for entry in finding["evidence"]}
                )
    return found


def run(cases: Iterable[Case], rounds: int, python: str = sys.executable) -> Iterator[Outcome]:
    """Infer, then read in a process of its own with limits, and yield what came out of each case.

    Args:
        cases: the cases.
        rounds: documents a case.
        python: the interpreter that reads.
    """
    chosen = list(cases)
    lists = inferred(chosen)
    yield from served(__file__, [[case.name, lists[case.name], rounds] for case in chosen], python)


def served(program: str, asked: list[list[object]], python: str) -> Iterator[Outcome]:
    """Run a program as ``--serve`` in an empty folder, and yield what it answers.

    Args:
        program: its path.
        asked: for each case its name, what is listed and the number of rounds.
        python: the interpreter.
    """
    with tempfile.TemporaryDirectory() as folder:
        environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
        done = subprocess.run(
            [python, program, "--serve"],
            cwd=folder,
            env=environment,
            input=json.dumps(asked).encode(),
            stdout=subprocess.PIPE,
            check=True,
        )
    for line in done.stdout.splitlines():
        yield Outcome(**json.loads(line))


def serve() -> int:
    """Read what the cases on stdin ask for, and write what came out to stdout, a line a case."""
    by_name = {case.name: case for case in CASES}
    return answer(lambda name, names, rounds: read(by_name[name], names, rounds))


def answer(ask: Callable[[str, list[str], int], Outcome]) -> int:
    """Set limits, and write to stdout what comes of each case on stdin, a line a case.

    Args:
        ask: runs a case by its name, with what is listed and the number of rounds.
    """
    import resource  # POSIX only, and asked for only in the process that reads

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    bounded.prepare()
    logging.disable()
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)  # libraries in C write there
    for name, names, rounds in json.loads(sys.stdin.read()):
        outcome = ask(name, names, rounds)
        fields = {
            "name": outcome.name,
            "names": outcome.names,
            "raised": outcome.raised,
            "escaped": outcome.escaped,
        }
        answers.write(json.dumps(fields) + "\n")
        answers.flush()
    return 0


def _missing(needs: Iterable[str], python: str) -> set[str]:
    """Return the libraries that an interpreter has not."""
    code = (
        "import importlib.util, sys; print(*(n for n in sys.argv[1:] if importlib.util.find_spec(n) is None))"
    )
    done = subprocess.run([python, "-c", code, *needs], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def by_command(
    description: str,
    cases: Iterable[Case],
    what: str,
    run_cases: Callable[[Iterable[Case], int, str], Iterator[Outcome]],
) -> int:
    """Run by command.

    Args:
        description: what the program does.
        cases: all cases.
        what: what a case meets many of.
        run_cases: runs cases, with the number of rounds and an interpreter.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="cases; all that the interpreter can run without it"
    )
    parser.add_argument("--rounds", type=int, default=400, help=f"{what} a case")
    parser.add_argument("--python", default=sys.executable, metavar="PATH", help="the interpreter that runs")
    options = parser.parse_args()
    chosen = [case for case in cases if not options.names or case.name in options.names]
    missing = _missing(sorted({need for case in chosen for need in case.needs}), options.python)
    able = [case for case in chosen if not missing.intersection(case.needs)]
    broad = escapes = 0
    for outcome in run_cases(able, options.rounds, options.python):
        broad += not outcome.names
        escapes += len(outcome.escaped)
        came = ", ".join(f"{name} {count}" for name, count in sorted(outcome.raised.items()))
        print(f"{outcome.name}: {', '.join(outcome.names) or 'stays broad'}\n    came: {came or 'nothing'}")
        for name, text in outcome.escaped.items():
            print(f"    ESCAPED {name}: {text}")
    print(
        f"{len(able)} cases of {options.rounds} {what}, {len(chosen) - len(able)} left out for want of {', '.join(sorted(missing)) or 'nothing'}; "
        f"{broad} stay broad, {escapes} escapes"
    )
    return 1 if escapes else 0


if __name__ == "__main__":
    sys.exit(
        serve()
        if sys.argv[1:2] == ["--serve"]
        else by_command(
            "Read damaged documents, and compare what comes out with what is inferred.",
            CASES,
            "documents",
            run,
        )
    )
