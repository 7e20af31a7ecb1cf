"""Give options that workers read from their settings values out of range, and compare what comes out with what is inferred.

``hostile_arguments.py`` calls what computes; this calls what workers do with a setting: a timeout, a port, a level, a size, an
encoding, a header. Each line of ``CALLS`` is run with ``x`` as what decoded JSON holds, and as a text and numbers of the
program's own parameters, in an ordinary range: what nobody can put into a settings file by a slip (numbers beyond 64 bits,
infinity) is not tried. What is raised has to be in the list that the analysis gives for the line; a line that stays
unresolved narrows nothing and is counted apart. Connections go to a port of this machine where nothing listens.

Lines run in a process of their own, in a temporary folder, with limits of time and memory.

    python benchmarks/exceptions/hostile_options.py [--json FILE]

The exit code is 1 when something came out that was not inferred.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(Path(__file__).resolve().parent))

import bounded  # noqa: E402  # the path is set above
from hostile_arguments import JSON_VALUES  # noqa: E402  # as above

CALLS = """
(pathlib.Path('d') / x).exists()
argparse.ArgumentParser().parse_args(args=x)
base64.b64decode('YQ==', altchars=x)
concurrent.futures.Future().result(timeout=x)
concurrent.futures.ThreadPoolExecutor(max_workers=x)
concurrent.futures.wait([], timeout=x)
configparser.ConfigParser().read(x)
configparser.ConfigParser().read_dict(x)
configparser.ConfigParser().read_string(x)
configparser.ConfigParser(delimiters=x)
csv.DictReader(x)
csv.DictWriter(io.StringIO(), ['a']).writerow(x)
csv.DictWriter(io.StringIO(), fieldnames=x).writeheader()
csv.reader(['a,b'], delimiter=x)
csv.writer(io.StringIO(), delimiter=x)
csv.writer(io.StringIO(), quotechar=x)
csv.writer(io.StringIO(), quoting=x)
datetime.datetime(2026, 1, 31).replace(hour=x)
datetime.datetime(2026, x, 1)
datetime.datetime(year=x, month=1, day=1)
datetime.datetime.fromtimestamp(0, tz=x)
datetime.datetime.now(tz=x)
datetime.datetime.strptime('2026', x)
datetime.time(hour=x)
datetime.timedelta(days=x)
datetime.timedelta(minutes=x)
datetime.timedelta(seconds=x)
datetime.timezone(datetime.timedelta(hours=x))
email.message_from_string('a', policy=email.policy.default).set_content(x)
email.mime.text.MIMEText('a', 'plain', x)
email.mime.text.MIMEText('a', x)
ftplib.FTP('127.0.0.1', timeout=x)
ftplib.FTP(timeout=x)
glob.glob('*', root_dir=x)
gzip.open('z.gz', 'wb', compresslevel=x)
gzip.open(x)
hashlib.new(name=x)
hmac.new(b'k', b'm', digestmod=x)
html.escape(x)
http.client.HTTPConnection('127.0.0.1', 9).request('GET', '/', headers=x)
http.client.HTTPConnection('127.0.0.1', 9).request('GET', x)
http.client.HTTPConnection('127.0.0.1', 9).request(x, '/')
http.client.HTTPConnection('127.0.0.1', 9, timeout=x).request('GET', '/')
http.client.HTTPConnection('127.0.0.1', port=x)
http.client.HTTPConnection(x)
imaplib.IMAP4('127.0.0.1', port=9, timeout=x)
io.StringIO('a').read(x)
ipaddress.ip_network('10.0.0.0/8').subnets(new_prefix=x)
itertools.islice([1, 2], x)
json.dumps({'a': 1}, indent=x)
json.dumps({'a': 1}, sort_keys=x)
json.load(x)
logging.FileHandler('log', encoding=x)
logging.FileHandler('log', mode=x)
logging.FileHandler(x)
logging.Formatter(style=x)
logging.Formatter(x)
logging.basicConfig(filename=x, force=True)
logging.basicConfig(format=x, force=True)
logging.basicConfig(level=x, force=True)
logging.basicConfig(style=x, force=True)
logging.getLogger('a').setLevel(x)
logging.getLogger(x)
logging.handlers.RotatingFileHandler('log', backupCount=x)
logging.handlers.RotatingFileHandler('log', maxBytes=x)
logging.handlers.TimedRotatingFileHandler('log', interval=x)
logging.handlers.TimedRotatingFileHandler('log', when=x)
logging.log(x, 'a')
open('f', 'w', buffering=x)
open('f', 'w', encoding=x)
open('f', 'w', errors=x)
open('f', 'w', newline=x)
open('f', mode=x)
os.chmod('f', mode=x)
os.environ.get('a', x)
os.listdir(x)
os.makedirs('d', exist_ok=x)
os.makedirs('d', mode=x, exist_ok=True)
os.makedirs(x)
os.path.getmtime(x)
os.path.join('a', x)
os.remove(x)
os.rename('f', x)
os.utime('f', times=x)
pathlib.Path('d2').mkdir(exist_ok=x)
pathlib.Path('f').open(encoding=x)
pathlib.Path('f').read_text(encoding=x)
pathlib.Path('f').with_suffix(x)
pathlib.Path('f').write_text('a', encoding=x)
pathlib.Path(x).exists()
pathlib.Path(x).mkdir()
poplib.POP3('127.0.0.1', 9, timeout=x)
print('a', end=x)
print('a', sep=x)
queue.Queue().get(timeout=x)
queue.Queue(1).put(1, timeout=x)
queue.Queue(maxsize=x)
queue.SimpleQueue().get(timeout=x)
random.choices([1, 2], k=x)
random.choices([1, 2], weights=x)
random.sample([1, 2], k=x)
random.uniform(x, 2)
re.compile('a', flags=x)
re.sub('a', 'b', 'a', count=x)
sched.scheduler().enter(x, 1, print)
selectors.DefaultSelector().select(timeout=x)
shlex.split('a b', posix=x)
shutil.copy('f', x)
shutil.copytree('d', 'e', dirs_exist_ok=x)
shutil.disk_usage(x)
shutil.make_archive('a', format=x)
shutil.move('f', x)
signal.signal(x, signal.SIG_DFL)
smtplib.SMTP('127.0.0.1', 9, timeout=x)
smtplib.SMTP('127.0.0.1', port=x)
smtplib.SMTP(timeout=x)
socket.create_connection(('127.0.0.1', 9), timeout=x)
socket.create_connection(('127.0.0.1', x), timeout=1)
socket.setdefaulttimeout(x)
socket.socket().bind(('127.0.0.1', x))
socket.socket().connect(('127.0.0.1', x))
socket.socket().connect_ex(('127.0.0.1', x))
socket.socket().listen(x)
socket.socket().settimeout(x)
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'a', ('127.0.0.1', x))
socketserver.TCPServer(('127.0.0.1', x), socketserver.BaseRequestHandler)
sqlite3.connect(':memory:').execute('select ?', x)
sqlite3.connect(':memory:', check_same_thread=x)
sqlite3.connect(':memory:', isolation_level=x)
sqlite3.connect(':memory:', timeout=x)
sqlite3.connect(x)
ssl.create_default_context(cafile=x)
string.Template('$a').substitute(x)
subprocess.run(['true', x])
subprocess.run(['true'], cwd=x)
subprocess.run(['true'], encoding=x)
subprocess.run(['true'], encoding=x, capture_output=True)
subprocess.run(['true'], env=x)
subprocess.run(['true'], input=x)
subprocess.run(['true'], input=x, text=True)
subprocess.run(['true'], stdout=x)
subprocess.run(['true'], timeout=x)
subprocess.run(x)
tarfile.open('t.tar', mode=x)
tarfile.open(x)
telnetlib.Telnet('127.0.0.1', 9, timeout=x)
tempfile.NamedTemporaryFile(dir=x)
tempfile.NamedTemporaryFile(mode=x)
tempfile.TemporaryDirectory(dir=x)
tempfile.mkdtemp(prefix=x)
tempfile.mkstemp(suffix=x)
textwrap.wrap('a b', width=x)
threading.BoundedSemaphore(x)
threading.Event().wait(timeout=x)
threading.Lock().acquire(timeout=x)
threading.RLock().acquire(timeout=x)
threading.Semaphore(0).acquire(timeout=x)
threading.Semaphore(value=x)
threading.Thread(target=print, name=x)
threading.stack_size(x)
time.localtime(x)
time.sleep(x)
time.strftime(x)
time.strptime('2026', x)
urllib.parse.quote(x)
urllib.parse.urlencode(x)
urllib.parse.urlencode({'a': 1}, encoding=x)
urllib.parse.urljoin('http://a', x)
urllib.parse.urlparse(x)
urllib.request.ProxyHandler(x)
urllib.request.Request('http://127.0.0.1:9', data=x)
urllib.request.Request('http://127.0.0.1:9', headers=x)
urllib.request.Request('http://127.0.0.1:9', method=x)
urllib.request.urlopen('http://127.0.0.1:9', data=x)
urllib.request.urlopen('http://127.0.0.1:9', timeout=x)
urllib.request.urlopen(urllib.request.Request('http://127.0.0.1:9', headers={'A': x}))
urllib.request.urlopen(x, timeout=1)
uuid.UUID(hex=x)
uuid.UUID(int=x)
xmlrpc.client.ServerProxy('http://127.0.0.1:9', encoding=x)
zipfile.ZipFile('z.zip', 'w', compression=x)
zipfile.ZipFile('z.zip', 'w', compresslevel=x)
zipfile.ZipFile('z.zip', mode=x)
zipfile.ZipFile(x)
zlib.compress(b'a', level=x)
zoneinfo.ZoneInfo(key=x)
"""
"""What workers set from their settings, one call a line; ``x`` is the setting."""

VALUES = {
    "json": (*JSON_VALUES, "70000", "-5.5", "0.0", "'utf-8'", "'INFO'", "{'a': 'b'}", "['a', 'b']"),
    "str": ("'a'", "''", "'1'", "'utf-8'", "'INFO'", "'%Y'", "'%'", "'w'", "'a b'", "'\\xe9'"),
    "int": ("1", "0", "2", "-1", "10", "300", "70000"),
    "float": ("1.5", "0.0", "-1.0", "float('nan')"),
}
"""What ``x`` is: the type, or decoded JSON; expressions."""

LEFT = {
    "datetime.timezone(datetime.timedelta(hours=x))": "a day or more is no offset: the row sees no further than the `timedelta`",
}
"""Lines of which an escape is known and said, and why it is left."""

# What a value of a type raises that a function does not take: a fault of the program, which each run shows.
_OF_THE_PROGRAM = (TypeError, AttributeError, AssertionError)
_SECONDS = 0.15
_WHOLE = 300.0
_MEMORY = 1 << 30


@dataclass
class Outcome:
    """The result of a run; ``escapes`` is empty when all is well.

    Attributes:
        lines: how many calls were tried.
        runs: how often, with all values.
        unresolved: line and type of those of which something is not known.
        escapes: line, type, exception, the value that brought it about, and what was inferred.
        left: the same of the lines of ``LEFT``.
    """

    lines: int = 0
    runs: int = 0
    unresolved: list[tuple[str, str]] = field(default_factory=list)
    escapes: list[tuple[str, str, str, str, tuple[str, ...]]] = field(default_factory=list)
    left: list[tuple[str, str, str, str, tuple[str, ...]]] = field(default_factory=list)


def lines_here(only: str = "") -> list[str]:
    """Return the calls that this Python has.

    Args:
        only: what a line must hold.
    """
    lines = [line for line in CALLS.strip().splitlines() if only in line]
    return [line for line in lines if not line.startswith("telnetlib") or sys.version_info < (3, 13)]


def serve(lines: Iterable[str], write: Callable[[dict[str, object]], None]) -> None:
    """Run each line with each value and write what came out.

    Args:
        lines: of ``CALLS``.
        write: takes the records.
    """
    bounded.prepare()
    for line in lines:
        space: dict[str, object] = {}
        exec("".join(f"import {module}\n" for module in bounded.modules_of(line)), space)
        code = compile(line, "<line>", "eval")
        for kind, values in VALUES.items():
            raised: dict[str, tuple[str, list[str]]] = {}
            failed = refused = 0
            for value in values:
                Path("f").write_text("a", encoding="utf-8")
                Path("d").mkdir(exist_ok=True)
                error = bounded.raised(functools.partial(eval, code, {**space, "x": eval(value)}), _SECONDS)
                if isinstance(error, bounded.TooLong):
                    continue
                failed += error is not None
                refused += isinstance(error, _OF_THE_PROGRAM)
                if isinstance(error, Exception) and (
                    kind == "json" or not isinstance(error, _OF_THE_PROGRAM)
                ):
                    names = bounded.family_of(error)
                    raised.setdefault(names[0], (value, names))
            if kind == "json" or (failed < len(values) and refused * 2 <= len(values)):  # else runs show it
                write({"line": line, "kind": kind, "runs": len(values), "raised": raised})


def inferred(line: str, kind: str) -> tuple[bool, tuple[str, ...]]:
    """Say what the analysis gives for a line: whether it is complete, and the names.

    Args:
        line: one of ``CALLS``.
        kind: a key of ``VALUES``.
    """
    head = "".join(f"import {module}\n" for module in sorted({"json", *bounded.modules_of(line)}))
    first = "    x = json.loads(t)\n" if kind == "json" else ""
    parameter = "t: str" if kind == "json" else f"x: {kind}"
    text = (
        f"{head}def f({parameter}):\n{first}    try:\n        {line}\n    except Exception:\n        pass\n"
    )
    return bounded.inferred(text)


def run(only: str = "") -> Outcome:
    """Run all lines, and compare.

    Args:
        only: what a line must hold.

    Returns:
        What was tried, and what escaped.
    """
    outcome = Outcome(lines=len(lines_here(only)))
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, __file__, "--serve", only]
        subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, "TMPDIR": folder},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_WHOLE,
            check=True,
        )
        records = [json.loads(line) for line in (Path(folder) / "records").read_text("utf-8").splitlines()]
    for record in records:
        outcome.runs += record["runs"]
        line, kind, raised = record["line"], record["kind"], record["raised"]
        if not raised:
            continue
        is_complete, names = inferred(line, kind)
        if not is_complete:
            outcome.unresolved.append((line, kind))
            continue
        for exception, (value, family) in raised.items():
            if not bounded.is_listed(family, names):
                found = outcome.left if line in LEFT else outcome.escapes
                found.append((line, kind, exception, value, names))
    return outcome


def serve_main() -> int:
    """Be the process that calls: write the records to a file of the folder that it stands in."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 24, 1 << 24))
    with Path("records").open("w", encoding="utf-8") as channel:
        serve(lines_here(sys.argv[2]), lambda record: print(json.dumps(record), file=channel, flush=True))
    return 0


def main() -> int:
    """Run by command."""
    parser = argparse.ArgumentParser(description="Give options of workers values out of range.")
    parser.add_argument("--only", default="", metavar="TEXT", help="lines that hold this text")
    parser.add_argument("--json", metavar="FILE", help="write the escapes to a file")
    options = parser.parse_args()
    outcome = run(options.only)
    for line, kind, exception, value, names in outcome.escapes:
        print(f"{line}  [x = {value} of {kind}]: {exception}; inferred: {', '.join(names) or 'nothing'}")
    for line, kind in outcome.unresolved:
        print(f"unresolved: {line} of {kind}")
    for line, kind, exception, value, _ in outcome.left:
        print(f"left: {line}  [x = {value} of {kind}]: {exception}; {LEFT[line]}")
    if options.json:
        Path(options.json).write_text(json.dumps(outcome.escapes), encoding="utf-8")
    print(
        f"{outcome.lines} lines, {outcome.runs} runs; {len(outcome.unresolved)} kinds unresolved; {len(outcome.escapes)} escapes"
    )
    return 1 if outcome.escapes else 0


if __name__ == "__main__":
    sys.exit(serve_main() if sys.argv[1:2] == ["--serve"] else main())
