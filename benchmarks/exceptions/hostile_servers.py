"""Talk to servers that answer brokenly the way workers do, and compare what comes out with what is inferred.

For each case below a server on this machine answers a client of a few lines: whole, cut off, with bits turned, numbers and
words exchanged, parts left out or twice; it resets the connection, or says nothing until the client gives up. What is raised
has to be in the list that the tool writes for these lines; a handler that stays broad narrows nothing and is counted apart.

    python benchmarks/exceptions/hostile_servers.py [--rounds N] [--python PATH] [NAME...]

Clients of the standard library run with any Python; those of libraries need a ``--python`` that has the library, and are
named as left out where it has not. What the servers answer is the same in each run; how the bytes arrive in pieces is not. The talking is
done in a process of its own with limits of time and memory. The exit code is 1 when something came out that was not inferred.
"""

from __future__ import annotations

import base64
import contextlib
import gzip
import hashlib
import random
import re
import socket
import struct
import sys
import textwrap
import threading
import time
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(Path(__file__).resolve().parent))

import hostile_documents as documents  # noqa: E402  # the path is set above

SECONDS = 5.0
"""What one talk may take; one that takes longer is counted, not waited for."""

SILENCE = 0.4
"""How long a server says nothing that is to be given up, in seconds; clients wait half of it."""

PATIENCE = 0.03
"""How long a server waits for a client that may have nothing to say between two lines, in seconds."""


def _http(
    body: bytes = b'{"a": [1, {"b": "c"}], "n": 5}',
    *more: bytes,
    kind: bytes = b"application/json",
    status: bytes = b"200 OK",
) -> bytes:
    lines = [
        b"HTTP/1.1 " + status,
        b"Content-Type: " + kind,
        b"Content-Length: %d" % len(body),
        b"Date: Mon, 06 Sep 2010 00:01:00 GMT",
        b"Set-Cookie: a=b; Path=/; Max-Age=5",
        *more,
    ]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def _chunked(body: bytes) -> bytes:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head + b"%x\r\n" % len(body) + body + b"\r\n0\r\n\r\n"


def _xml(inner: bytes) -> bytes:
    return _http(
        b'<?xml version="1.0"?><methodResponse>' + inner + b"</methodResponse>",
        kind=b"text/xml",
    )


_FAULT = (
    b"<fault><value><struct><member><name>faultCode</name><value><int>4</int></value></member>"
    b"<member><name>faultString</name><value><string>x</string></value></member></struct></value></fault>"
)
_HANDSHAKE = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: KEY\r\n\r\n"
ANSWERS: dict[str, tuple[bytes, ...]] = {
    "http": (
        _http(),
        _chunked(b'{"a": 1}'),
        _http(gzip.compress(b'{"a": [1, 2, 3]}' * 3), b"Content-Encoding: gzip"),
        _http(zlib.compress(b"xx" * 9), b"Content-Encoding: deflate"),
        _http("caf\u00e9".encode(), kind=b"text/html; charset=utf-8"),
        b"HTTP/1.1 302 Found\r\nLocation: /x?y=1\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: http://\xff\xfe:99999/[x\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 401 No\r\nWWW-Authenticate: Digest realm=x, nonce=y\r\nContent-Length: 0\r\n\r\n",
        _http(b"", status=b"500 Internal"),
        _http(b"a", b'Content-Disposition: attachment; filename="x.txt"'),
        b"HTTP/1.1 100 Continue\r\n\r\n" + _http(),
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"",
    ),
    "xmlrpc": (
        _xml(
            b"<params><param><value><struct><member><name>a</name><value><int>5</int></value></member></struct></value></param></params>"
        ),
        _xml(
            b"<params><param><value><dateTime.iso8601>20200102T03:04:05</dateTime.iso8601></value></param></params>"
        ),
        _xml(b"<params><param><value><base64>eHg=</base64></value></param></params>"),
        _xml(_FAULT),
    ),
    "smtp": (
        b"220 x ESMTP\r\n250-x\r\n250-SIZE 1000\r\n250 8BITMIME\r\n250 ok\r\n250 ok\r\n354 go\r\n250 ok\r\n221 bye\r\n",
        b"220 x ESMTP\r\n250-x\r\n250-AUTH LOGIN PLAIN CRAM-MD5\r\n250 SMTPUTF8\r\n334 PDEyMz4=\r\n235 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n250 ok\r\n221 bye\r\n",
    ),
    "pop": (
        b"+OK ready\r\n+OK\r\n+OK\r\n+OK 2 320\r\n+OK 2\r\n1 120\r\n2 200\r\n.\r\n+OK\r\nSubject: x\r\n\r\nbody\r\n.\r\n+OK bye\r\n",
    ),
    "imap": (
        b"* OK IMAP4rev1 ready\r\n* CAPABILITY IMAP4rev1\r\nT0 OK done\r\nT1 OK in\r\n* 3 EXISTS\r\nT2 OK [READ-WRITE] done\r\n"
        b"* SEARCH 1 2\r\nT3 OK done\r\n* 1 FETCH (RFC822 {12}\r\nSubject: x\r\n)\r\nT4 OK done\r\nT5 OK bye\r\n",
    ),
    "ftp": (
        b'220 hi\r\n331 pw\r\n230 in\r\n200 ok\r\n257 "/" cwd\r\n213 55\r\n250 ok\r\n227 pasv (127,0,0,1,0,9)\r\n221 bye\r\n',
    ),
    "line": (b'{"a": 1, "b": "x"}\n', b"\0\0\0\x0f" + b'{"a": 1, "b": 2}', b"temp=21.5;hum=40\r\n", b""),
    "websocket": (
        _HANDSHAKE + b'\x81\x0a{"a":"b"}\n' + b"\x88\x02\x03\xe8",
        _HANDSHAKE + b"\x82\x03abc" + b"\x89\x00" + b"\x81\x7e\x00\x05abcde",
    ),
    "mqtt": (b"\x20\x02\x00\x00\x90\x03\x00\x01\x00\x30\x05\x00\x01aXY\xd0\x00",),
}
"""What servers answer when they are whole; a line at a time where the client speaks in between."""

_BY_LINES = frozenset({"ftp", "imap", "pop", "smtp"})
_AFTER_HEADERS = frozenset({"http", "websocket", "xmlrpc"})
URL = '"http://127.0.0.1:" + str(port) + "/x"'
_SOCKET = 'socket.create_connection(("127.0.0.1", port), timeout=0.2)'


def _case(name: str, answers: str, imports: str, body: str, *needs: str) -> documents.Case:
    return documents.Case(name, answers, imports, textwrap.dedent(body).strip("\n"), needs)


CASES = (
    _case("urllib, JSON", "http", "import json\nimport urllib.request", f"""
        with urllib.request.urlopen({URL}, timeout=0.2) as r:
            d = json.load(r)
        """),
    _case("urllib, text", "http", "import urllib.request", f"""
        r = urllib.request.urlopen({URL}, timeout=0.2)
        t = r.read().decode(r.headers.get_content_charset() or "utf-8")
        """),
    _case("urllib, request", "http", "import json\nimport urllib.request", f"""
        q = urllib.request.Request({URL}, headers={{"X": "y"}}, method="GET")
        with urllib.request.urlopen(q, timeout=0.2) as r:
            d = json.loads(r.read().decode("utf-8"))["a"]
        """),
    _case("urllib, posted", "http", "import urllib.parse\nimport urllib.request", f"""
        with urllib.request.urlopen({URL}, urllib.parse.urlencode({{"a": 1}}).encode(), timeout=0.2) as r:
            s, h = r.status, r.headers["Date"]
        """),
    _case("urllib, cookies", "http", "import http.cookiejar\nimport urllib.request", f"""
        o = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
        b = o.open({URL}, timeout=0.2).read()
        """),
    _case("urllib, into a file", "http", "import shutil\nimport urllib.request", f"""
        with urllib.request.urlopen({URL}, timeout=0.2) as r, open("out.bin", "wb") as f:
            shutil.copyfileobj(r, f)
        """),
    _case("urllib, retrieved", "http", "import socket\nimport urllib.request", f"""
        socket.setdefaulttimeout(0.2)
        urllib.request.urlretrieve({URL}, "out.bin")
        """),
    _case("http.client", "http", "import http.client\nimport json", """
        c = http.client.HTTPConnection("127.0.0.1", port, timeout=0.2)
        c.request("GET", "/x")
        d = json.loads(c.getresponse().read())
        """),
    _case("http.client, lines", "http", "import http.client", """
        c = http.client.HTTPConnection("127.0.0.1", port, timeout=0.2)
        c.request("GET", "/x")
        for line in c.getresponse():
            x = line.decode("utf-8", "replace")
        """),
    _case("http.client, date", "http", "import http.client\nfrom email.utils import parsedate_to_datetime", """
        c = http.client.HTTPConnection("127.0.0.1", port, timeout=0.2)
        c.request("HEAD", "/x")
        d = parsedate_to_datetime(c.getresponse().getheader("Date"))
        """),
    _case("XML-RPC", "xmlrpc", "import socket\nimport xmlrpc.client", f"""
        socket.setdefaulttimeout(0.2)
        d = xmlrpc.client.ServerProxy({URL}).get("a")
        """),
    _case("SMTP", "smtp", "import smtplib", r"""
        s = smtplib.SMTP("127.0.0.1", port, timeout=0.2)
        s.sendmail("a@x", ["b@x"], "Subject: x\n\nhi")
        s.quit()
        """),
    _case("SMTP, logged in", "smtp", "import smtplib\nfrom email.message import EmailMessage", """
        m = EmailMessage()
        m["Subject"] = "x"
        m["From"] = "a@x.y"
        m["To"] = "b@x.y"
        m.set_content("hi")
        with smtplib.SMTP("127.0.0.1", port, timeout=0.2) as s:
            s.login("a", "b")
            s.send_message(m)
        """),
    _case("POP", "pop", "import poplib", """
        p = poplib.POP3("127.0.0.1", port, timeout=0.2)
        p.user("a")
        p.pass_("b")
        n, size = p.stat()
        i = p.list()
        m = p.retr(1)[1]
        p.quit()
        """),
    _case("IMAP", "imap", "import imaplib", """
        m = imaplib.IMAP4("127.0.0.1", port, 0.2)
        m.login("a", "b")
        m.select("INBOX")
        t, d = m.search(None, "ALL")
        for n in d[0].split():
            t, x = m.fetch(n, "(RFC822)")
            b = x[0][1]
        m.logout()
        """),
    _case("FTP", "ftp", "import ftplib", """
        f = ftplib.FTP()
        f.connect("127.0.0.1", port, 0.2)
        f.login("a", "b")
        d = f.pwd()
        s = f.size("x")
        f.cwd("y")
        f.quit()
        """),
    _case("FTP, listed", "ftp", "import ftplib", """
        f = ftplib.FTP()
        f.connect("127.0.0.1", port, 0.2)
        f.login("a", "b")
        names = f.nlst()
        f.retrbinary("RETR x", open("out.bin", "wb").write)
        f.quit()
        """),
    _case("socket", "line", "import json\nimport socket", f"""
        s = {_SOCKET}
        d = json.loads(s.recv(4096).decode("utf-8"))
        x = d["b"].upper()
        """),
    _case("socket, as a file", "line", "import json\nimport socket", f"""
        with {_SOCKET} as s:
            for line in s.makefile("r", encoding="utf-8"):
                d = json.loads(line)
        """),
    _case("socket, with a length before", "line", "import json\nimport socket\nimport struct", f"""
        with {_SOCKET} as s:
            (n,) = struct.unpack(">I", s.recv(4))
            d = json.loads(s.recv(min(n, 4096)))
        """),
    _case("socket, fields", "line", "import socket", f"""
        with {_SOCKET} as s:
            line = s.recv(1024).decode("ascii").strip()
            fields = dict(part.split("=") for part in line.split(";"))
            t = float(fields["temp"])
        """),
    _case("TLS", "line", "import socket\nimport ssl", f"""
        with {_SOCKET} as raw, ssl.create_default_context().wrap_socket(raw, server_hostname="x") as s:
            s.sendall(b"x")
        """),
    _case("connection of processes", "line", "from multiprocessing.connection import Client", """
        with Client(("127.0.0.1", port), authkey=b"x") as c:
            x = c.recv_bytes()
        """),
    _case("streams", "line", "import asyncio\nimport json", """
        r, w = await asyncio.open_connection("127.0.0.1", port)
        d = json.loads((await asyncio.wait_for(r.readline(), 0.2)).decode())
        w.close()
        """),
    _case("streams, exactly", "line", "import asyncio", """
        r, w = await asyncio.open_connection("127.0.0.1", port)
        b = await asyncio.wait_for(r.readexactly(10), 0.2)
        w.close()
        await w.wait_closed()
        """),
    _case("streams, up to", "line", "import asyncio", r"""
        r, w = await asyncio.open_connection("127.0.0.1", port, limit=8)
        b = await asyncio.wait_for(r.readuntil(b"\n"), 0.2)
        w.close()
        """),
    _case("aiohttp, JSON", "http", "import aiohttp", f"""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=0.2)) as s:
            async with s.get({URL}) as r:
                r.raise_for_status()
                d = await r.json()
        """, "aiohttp"),
    _case("aiohttp, text", "http", "import aiohttp", f"""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=0.2)) as s:
            async with s.post({URL}, json={{"a": 1}}) as r:
                t = await r.text()
        """, "aiohttp"),
    _case("aiohttp, pieces", "http", "import aiohttp", f"""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=0.2)) as s:
            async with s.get({URL}) as r:
                async for chunk in r.content.iter_chunked(64):
                    x = len(chunk)
        """, "aiohttp"),
    _case("aiohttp, websocket", "websocket", "import aiohttp", f"""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=0.2)) as s:
            async with s.ws_connect({URL}) as w:
                m = await w.receive_json(timeout=0.2)
        """, "aiohttp"),
    _case("websockets", "websocket", "import asyncio\nimport json\nimport websockets", """
        async with websockets.connect("ws://127.0.0.1:" + str(port), open_timeout=0.2, close_timeout=0.2) as w:
            m = json.loads(await asyncio.wait_for(w.recv(), 0.2))
        """, "websockets"),
    _case("paho", "mqtt", "import paho.mqtt.client as mqtt", """
        c = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
        c.connect("127.0.0.1", port, 5)
        for _ in range(4):
            c.loop(0.1)
        """, "paho"),
)  # fmt: skip


class Server(threading.Thread):
    """A server on this machine that gives one answer to whoever comes."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._listener = socket.socket()
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(50)
        self.port: int = self._listener.getsockname()[1]
        self.kind, self.answer, self.is_reset, self.is_silent = "line", b"", False, False

    def run(self) -> None:
        """Answer each client in a thread of its own."""
        while True:
            client, _ = self._listener.accept()
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        client.settimeout(1)
        with contextlib.suppress(OSError), client:
            if self.kind in _BY_LINES:
                self._talk(client)
            else:
                asked = self._headers(client) if self.kind in _AFTER_HEADERS else b""
                client.sendall(_accepted(self.answer, asked))
            if self.is_silent:
                time.sleep(SILENCE)
            if self.is_reset:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def _talk(self, client: socket.socket) -> None:
        """Send a line, and wait for what the client says to it, if anything."""
        tag = b"T0"
        client.settimeout(PATIENCE)
        for line in self.answer.splitlines(keepends=True):
            client.sendall(tag + line[2:] if re.match(rb"T\d", line) else line)
            with contextlib.suppress(TimeoutError):
                asked = client.recv(4096)
                if not asked:
                    return
                tag = asked.split(b" ")[0]

    def _headers(self, client: socket.socket) -> bytes:
        asked = b""
        while b"\r\n\r\n" not in asked:
            piece = client.recv(4096)
            if not piece:
                break
            asked += piece
        return asked


def _accepted(answer: bytes, asked: bytes) -> bytes:
    """Put what a client of websockets wants to see in the place of ``KEY``."""
    key = re.search(rb"(?i)sec-websocket-key: *(\S+)", asked)
    if key is None:
        return answer
    digest = hashlib.sha1(key[1] + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()  # the protocol says so
    return answer.replace(b"KEY", base64.b64encode(digest))


def _is_async(case: documents.Case) -> bool:
    return re.search(r"\bawait\b|\basync\b", case.body) is not None


def _script(case: documents.Case) -> str:
    """Write a worker around the lines of a case."""
    body = textwrap.indent(case.body, " " * 8)
    is_async = _is_async(case)
    imports = (
        case.imports
        if not is_async or "import asyncio" in case.imports
        else f"import asyncio\n{case.imports}"
    )
    call = "asyncio.run(ler(5))" if is_async else "ler(5)"
    return (
        f"{imports}\n\n\n{'async ' if is_async else ''}def ler(port: int):\n"
        f"    try:\n{body}\n    except Exception:\n        pass\n\n\n{call}\n"
    )


def _compiled(case: documents.Case) -> object:
    text = f"{case.imports}\n{case.body}"
    if _is_async(case):
        text = f"import asyncio\n{case.imports}\nasync def go(port):\n{textwrap.indent(case.body, ' ' * 4)}\nasyncio.run(go(port))"
    return compile(text, case.name, "exec")


def talk(case: documents.Case, names: Iterable[str], rounds: int, server: Server) -> documents.Outcome:
    """Talk to a server that answers brokenly, in this process.

    Args:
        case: who talks, and how.
        names: what is listed.
        rounds: how many answers.
        server: the one that answers.
    """
    outcome = documents.Outcome(case.name, list(names))
    listed = documents.classes(outcome.names)
    code, chance = _compiled(case), random.Random(case.name)
    server.kind = case.document
    for _ in range(rounds):
        whole = chance.choice(ANSWERS[case.document])
        server.answer = whole if chance.random() < 0.1 else documents.damaged(whole, chance)
        server.is_reset, server.is_silent = chance.random() < 0.15, chance.random() < 0.02
        error = documents.raised(code, {"port": server.port}, SECONDS)
        documents.note(outcome, error, listed)
    return outcome


def run(
    cases: Iterable[documents.Case], rounds: int, python: str = sys.executable
) -> Iterator[documents.Outcome]:
    """Infer, then talk in a process of its own with limits, and yield what came out of each case.

    Args:
        cases: the cases.
        rounds: answers a case.
        python: the interpreter that talks.
    """
    chosen = list(cases)
    lists = documents.inferred(chosen, _script)
    yield from documents.served(__file__, [[case.name, lists[case.name], rounds] for case in chosen], python)


def serve() -> int:
    """Talk as the cases on stdin ask for, and write what came out to stdout, a line a case."""
    server = Server()
    server.start()
    by_name = {case.name: case for case in CASES}
    return documents.answer(lambda name, names, rounds: talk(by_name[name], names, rounds, server))


if __name__ == "__main__":
    description = "Talk to servers that answer brokenly, and compare what comes out with what is inferred."
    sys.exit(
        serve() if sys.argv[1:2] == ["--serve"] else documents.by_command(description, CASES, "answers", run)
    )
