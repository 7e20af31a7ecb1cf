"""What ``hostile_world.py`` brings about: the faults, and the lines of workers that meet them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Fault:
    """Something around a call that goes wrong.

    Attributes:
        name: its name.
        setup: what prepares it, in the process that is hit.
        params: the names that the lines know, as the parameters of a worker's function.
        lines: one or more statements a line.
        strike: what brings it about, after what stands before ``||`` has run.
        environment: variables of the process.
        as_root: whether only root can bring it about.
    """

    name: str
    setup: str
    params: str
    lines: str
    strike: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    as_root: bool = False


_WRITERS = """
with open(p, 'w') as f: f.write(t)
with open(p, 'w', encoding='utf-8') as f: f.writelines([t, t])
with open(p, 'wb') as f: f.write(b)
with open(p, 'a') as f: print(t, file=f)
with open(p, 'a') as f: print(t, file=f, flush=True)
f = open(p, 'w') || f.write(t); f.flush()
f = open(p, 'w'); f.write('a') || os.fsync(f.fileno())
pathlib.Path(p).write_text(t)
pathlib.Path(p).write_bytes(b)
with pathlib.Path(p).open('w') as f: f.write(t)
with open(p, 'w') as f: json.dump([t], f)
with open(p, 'wb') as f: pickle.dump(t, f)
with open(p, 'w', newline='') as f: csv.writer(f).writerow([t])
with open(p, 'w', newline='') as f: csv.DictWriter(f, ['a']).writeheader(); csv.DictWriter(f, ['a']).writerow({'a': t})
c = configparser.ConfigParser(); c.read_dict({'a': {'b': 'c' * 100000}}) || c.write(open(p, 'w'))
with gzip.open(p, 'wt') as f: f.write(t)
with bz2.open(p, 'wb') as f: f.write(b)
with lzma.open(p, 'wb') as f: f.write(b)
with zipfile.ZipFile(p, 'w') as z: z.writestr('a', t)
with zipfile.ZipFile(p, 'w') as z: z.write('source')
with tarfile.open(p, 'w') as z: z.add('source')
with tarfile.open(p, 'w:gz') as z: z.add('source')
shutil.copyfile('source', p)
shutil.copy('source', p)
shutil.copy2('source', p)
shutil.copyfileobj(open('source', 'rb'), open(p, 'wb'))
xml.etree.ElementTree.ElementTree(xml.etree.ElementTree.fromstring('<a>' + t + '</a>')).write(p)
with open(p, 'wb') as f: plistlib.dump({'a': t}, f)
urllib.request.urlretrieve(pathlib.Path('source').resolve().as_uri(), p)
with wave.open(p, 'wb') as w: w.setparams((1, 2, 8000, 0, 'NONE', 'a')); w.writeframes(b)
with open(p, 'r+b') as f: f.truncate(10**7)
d = os.open(p, os.O_WRONLY | os.O_CREAT) || os.write(d, b)
with open(p, 'w') as f: subprocess.run(['cat', 'source'], stdout=f, check=True)
with open(p, 'w') as f: f.write(str(pprint.pformat([t])))
with codecs.open(p, 'w', 'utf-8') as f: f.write(t)
with io.open(p, 'w') as f: f.write(t)
with contextlib.redirect_stdout(open(p, 'w')): print(t, flush=True)
with fileinput.input('source', inplace=True) as f: print(t * 10, file=open(p, 'w'))
h = logging.FileHandler(p) || h.stream.write(t); h.flush()
h = logging.FileHandler(p) || logging.getLogger('x').addHandler(h); logging.getLogger('x').error(t)
h = logging.FileHandler(p) || h.close()
email.generator.Generator(open(p, 'w')).flatten(email.message_from_string('Subject: a\\n\\n' + t))
with open(p, 'w') as f: f.write(base64.b64encode(b).decode())
with open(p, 'w') as f: html.escape(t); f.write(t)
with open(p, 'w') as f: traceback.print_exc(file=f); f.write(t)
with tempfile.NamedTemporaryFile('w', dir='.') as f: f.write(t); f.flush()
with tempfile.TemporaryFile('w', dir='.') as f: f.write(t); f.flush()
with tempfile.SpooledTemporaryFile(max_size=10, mode='w', dir='.') as f: f.write(t); f.flush()
"""

_OPENERS = """
with open(p) as f: f.read()
with open(p, 'rb') as f: f.read()
with open(p, 'w') as f: f.write(t)
pathlib.Path(p).read_text()
pathlib.Path(p).read_bytes()
pathlib.Path(p).write_text(t)
pathlib.Path(p).touch()
pathlib.Path(p).stat()
pathlib.Path(p).exists()
pathlib.Path(p).is_file()
pathlib.Path(p).is_dir()
pathlib.Path(p).is_symlink()
pathlib.Path(p).resolve()
pathlib.Path(p).resolve(strict=True)
pathlib.Path(p).absolute()
pathlib.Path(p).mkdir(parents=True, exist_ok=True)
pathlib.Path(p).unlink()
pathlib.Path(p).unlink(missing_ok=True)
pathlib.Path(p).rename('other')
pathlib.Path(p).rmdir()
pathlib.Path(p).owner()
pathlib.Path(p).samefile('source')
[each.name for each in pathlib.Path(p).iterdir()]
list(pathlib.Path(p).glob('*'))
sorted(pathlib.Path(p).rglob('*.txt'))
os.listdir(p)
[each.name for each in os.scandir(p)]
list(os.walk(p))
glob.glob(p + '/*')
os.stat(p)
os.path.exists(p)
os.path.isfile(p)
os.path.getsize(p)
os.path.getmtime(p)
os.path.abspath(p)
os.path.realpath(p)
os.path.samefile(p, 'source')
os.path.ismount(p)
os.makedirs(p, exist_ok=True)
os.mkdir(p)
os.remove(p)
os.unlink(p)
os.rmdir(p)
os.rename(p, 'other')
os.replace('source', p)
os.link('source', p)
os.symlink('source', p)
os.readlink(p)
os.chmod(p, 0o600)
os.utime(p)
os.truncate(p, 0)
os.access(p, os.R_OK)
os.chdir(p)
os.statvfs(p)
os.open(p, os.O_RDONLY | os.O_NONBLOCK)
os.mkfifo(p)
os.removedirs(p)
os.execv(p, [p])
shutil.copy(p, 'other')
shutil.copy('source', p)
shutil.copyfile(p, 'other')
shutil.copytree(p, 'other')
shutil.move(p, 'other')
shutil.move('source', p)
shutil.rmtree(p)
shutil.rmtree(p, ignore_errors=True)
shutil.disk_usage(p)
shutil.which(p)
shutil.make_archive('other', 'zip', p)
shutil.make_archive(p, 'gztar', '.')
shutil.unpack_archive(p, 'other')
sqlite3.connect(p)
sqlite3.connect(p).execute('create table t (a)')
with sqlite3.connect(p) as c: c.execute('select 1 from sqlite_master').fetchall()
zipfile.ZipFile(p)
zipfile.is_zipfile(p)
tarfile.open(p)
tarfile.is_tarfile(p)
gzip.open(p).read()
bz2.open(p).read()
lzma.open(p).read()
configparser.ConfigParser().read(p)
configparser.ConfigParser().read_file(open(p))
json.load(open(p))
list(csv.reader(open(p)))
pickle.load(open(p, 'rb'))
shelve.open(p)
dbm.open(p, 'c')
dbm.dumb.open(p, 'c')
xml.etree.ElementTree.parse(p)
plistlib.load(open(p, 'rb'))
tomllib.load(open(p, 'rb'))
netrc.netrc(p)
mimetypes.guess_type(p)
linecache.getline(p, 1)
linecache.checkcache(p)
filecmp.cmp(p, 'source')
fileinput.input(p).readline()
logging.FileHandler(p)
logging.handlers.RotatingFileHandler(p, maxBytes=10, backupCount=1)
logging.handlers.TimedRotatingFileHandler(p)
logging.handlers.WatchedFileHandler(p)
logging.basicConfig(filename=p, force=True)
logging.config.fileConfig(p)
logging.handlers.SysLogHandler(address=p)
tempfile.mkdtemp(dir=p)
tempfile.mkstemp(dir=p)
tempfile.NamedTemporaryFile(dir=p)
with tempfile.TemporaryDirectory(dir=p) as d: pass
subprocess.run([p])
subprocess.run(['true'], cwd=p)
subprocess.run(p, shell=True, check=True)
subprocess.check_output([p])
subprocess.Popen([p])
os.system(p)
mmap.mmap(os.open(p, os.O_RDONLY | os.O_NONBLOCK), 0)
wave.open(p)
mailbox.mbox(p)
mailbox.Maildir(p)
socket.socket(socket.AF_UNIX).connect(p)
socket.socket(socket.AF_UNIX).bind(p)
ssl.create_default_context(cafile=p)
ssl.create_default_context().load_cert_chain(p)
ssl.create_default_context().load_verify_locations(p)
urllib.request.urlopen('file://' + urllib.parse.quote(p))
urllib.request.urlretrieve('file://' + urllib.parse.quote(p), 'other')
http.cookiejar.MozillaCookieJar(p).load()
http.cookiejar.MozillaCookieJar(p).save()
importlib.util.spec_from_file_location('a', p)
py_compile.compile(p, doraise=True)
runpy.run_path(p)
hashlib.md5(open(p, 'rb').read())
zoneinfo.ZoneInfo.from_file(open(p, 'rb'))
ctypes.CDLL(p)
codecs.open(p, 'r', 'utf-8')
fcntl.flock(open(p), fcntl.LOCK_EX | fcntl.LOCK_NB)
asyncio.run(asyncio.open_unix_connection(p))
multiprocessing.connection.Client(p)
string.Template(open(p).read()).safe_substitute(a=1)
email.message_from_file(open(p))
email.message_from_binary_file(open(p, 'rb'))
datetime.datetime.fromtimestamp(os.path.getmtime(p))
time.ctime(os.path.getmtime(p))
time.localtime(os.stat(p).st_mtime)
os.nice(-5)
os.kill(1, 0)
socket.socket().bind(('127.0.0.1', 1))
"""

LATE = [
    "concurrent.futures.process",
    "concurrent.futures.thread",
    "dbm.dumb",
    "dbm.gnu",
    "dbm.ndbm",
    "encodings.idna",
    "mimetypes",
    "multiprocessing.dummy",
    "multiprocessing.managers",
    "multiprocessing.pool",
    "multiprocessing.popen_fork",
    "multiprocessing.popen_forkserver",
    "multiprocessing.popen_spawn_posix",
    "multiprocessing.queues",
    "multiprocessing.shared_memory",
    "multiprocessing.synchronize",
    "tarfile",
    "zipfile",
]
"""What the library imports when it is first needed: another user may not be able to read it here."""

_SOURCE = "t = 'a' * 200000; b = t.encode()\nopen('source', 'w').write(t)"

_LISTENING = "server = socket.create_server(('127.0.0.1', 0)); port = server.getsockname()[1]"

FAULTS = (
    Fault(
        "disk full",
        f"{_SOURCE}\np = '/dev/full'",
        "p: str, t: str, b: bytes",
        _WRITERS,
    ),
    Fault(
        "file too large",
        f"{_SOURCE}\np = 'target'",
        "p: str, t: str, b: bytes",
        _WRITERS
        + """
with sqlite3.connect(p) as c: c.execute('create table t (a)'); c.execute('insert into t values (?)', (t,))
c = sqlite3.connect(p); c.execute('create table t (a)') || c.execute('insert into t values (?)', (t,)); c.commit()
with shelve.open(p) as s: s['a'] = t
s = shelve.open(p) || s['a'] = t; s.sync()
with dbm.open(p, 'c') as s: s['a'] = t
with dbm.dumb.open(p, 'c') as s: s['a'] = t
shutil.make_archive('other', 'zip', '.')
shutil.make_archive('other', 'tar', '.')
shutil.copytree('.', p)
shutil.move('source', '/dev/shm/workerlog-benchmark')
mailbox.mbox(p).add('Subject: a\\n\\n' + t)
mailbox.Maildir(p).add('Subject: a\\n\\n' + t)
with open(p, 'wb') as f: f.truncate(10**6)
os.truncate('source', 10**7)
""",
        strike="signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (50000, 50000))",
    ),
    Fault(
        "no descriptors",
        f"{_SOURCE}\np = 'source'\nos.mkdir('folder')\nserver = socket.create_server(('127.0.0.1', 0)); port = server.getsockname()[1]; q = queue.Queue()",
        "p: str, t: str, port: int",
        _OPENERS
        + """
socket.socket()
socket.create_connection(('127.0.0.1', port), 1)
socket.create_server(('127.0.0.1', 0))
socket.socketpair()
socket.gethostbyname('localhost')
socket.getaddrinfo('localhost', port)
socket.gethostbyname('example.invalid')
s = socket.create_server(('127.0.0.1', 0)); k = socket.create_connection(s.getsockname()) || s.accept()
urllib.request.urlopen(f'http://127.0.0.1:{port}', timeout=1)
urllib.request.urlopen(f'http://localhost:{port}', timeout=1)
urllib.request.urlretrieve(f'http://127.0.0.1:{port}', 'other')
http.client.HTTPConnection('127.0.0.1', port, timeout=1).request('GET', '/')
http.client.HTTPSConnection('127.0.0.1', port, timeout=1).request('GET', '/')
smtplib.SMTP('127.0.0.1', port, timeout=1)
ftplib.FTP().connect('127.0.0.1', port, timeout=1)
imaplib.IMAP4('127.0.0.1', port)
poplib.POP3('127.0.0.1', port, timeout=1)
xmlrpc.client.ServerProxy(f'http://127.0.0.1:{port}').a()
http.server.HTTPServer(('127.0.0.1', 0), http.server.BaseHTTPRequestHandler)
socketserver.TCPServer(('127.0.0.1', 0), socketserver.BaseRequestHandler)
subprocess.run(['true'])
subprocess.run(['true'], capture_output=True)
subprocess.check_output(['true'])
subprocess.Popen(['true'], stdout=subprocess.PIPE)
subprocess.getoutput('true')
os.popen('true').read()
os.pipe()
os.dup(0)
selectors.DefaultSelector()
select.epoll()
select.poll()
asyncio.new_event_loop()
asyncio.run(asyncio.sleep(0))
asyncio.get_event_loop_policy().new_event_loop()
multiprocessing.Queue()
multiprocessing.Pipe()
multiprocessing.Lock()
multiprocessing.Value('i', 0)
multiprocessing.Pool(1)
multiprocessing.Manager()
multiprocessing.Process(target=print).start()
multiprocessing.shared_memory.SharedMemory(create=True, size=10)
concurrent.futures.ProcessPoolExecutor(1).submit(print)
concurrent.futures.ThreadPoolExecutor(1).submit(print).result()
threading.Thread(target=print).start()
tempfile.TemporaryFile()
tempfile.gettempdir()
os.urandom(4)
secrets.token_hex(4)
random.SystemRandom().random()
uuid.uuid1()
uuid.uuid4()
getpass.getuser()
pwd.getpwuid(os.getuid())
pwd.getpwnam('root')
grp.getgrgid(0)
os.path.expanduser('~nobody')
pathlib.Path.home()
pathlib.Path('~nobody').expanduser()
zoneinfo.ZoneInfo('America/Sao_Paulo')
zoneinfo.ZoneInfo('UTC')
zoneinfo.available_timezones()
datetime.datetime.now().astimezone()
time.tzset()
time.localtime()
locale.setlocale(locale.LC_ALL, 'C.UTF-8')
ssl.create_default_context()
logging.handlers.SocketHandler('127.0.0.1', port).createSocket()
logging.handlers.SysLogHandler(('127.0.0.1', 514))
logging.handlers.SMTPHandler('127.0.0.1', 'a', 'b', 'c').emit(logging.makeLogRecord({}))
platform.platform()
platform.node()
platform.libc_ver()
platform.freedesktop_os_release()
socket.gethostname()
socket.getfqdn()
os.cpu_count()
os.getloadavg()
os.sched_getaffinity(0)
os.get_terminal_size()
shutil.get_terminal_size()
importlib.import_module('this')
webbrowser.open('http://a')
gettext.translation('a')
mimetypes.init()
sys.stdin.read()
signal.set_wakeup_fd(-1)
inspect.getsource(json.dumps)
linecache.getlines(json.__file__)
importlib.metadata.version('pip')
importlib.resources.files('json')
pkgutil.get_data('json', '__init__.py')
email.utils.make_msgid()
""",
        strike="resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))",
    ),
    Fault(
        "no threads",
        f"{_SOURCE}\nos.chmod('.', 0o777)",
        "p: str",
        """
threading.Thread(target=print).start()
threading.Timer(1, print).start()
concurrent.futures.ThreadPoolExecutor(1).submit(print)
concurrent.futures.ThreadPoolExecutor().map(print, [1])
with concurrent.futures.ThreadPoolExecutor() as e: e.submit(print, 1).result()
concurrent.futures.ProcessPoolExecutor(1).submit(print)
asyncio.run(asyncio.to_thread(print))
asyncio.run(asyncio.wait_for(asyncio.to_thread(print), 1))
asyncio.run(asyncio.open_connection('localhost', 9))
asyncio.run(asyncio.create_subprocess_exec('true'))
multiprocessing.Process(target=print).start()
multiprocessing.Pool(1)
multiprocessing.Manager()
multiprocessing.pool.ThreadPool(1)
subprocess.run(['true'])
subprocess.run('true', shell=True, check=True)
subprocess.Popen(['true'])
subprocess.check_output(['true'])
subprocess.getoutput('true')
os.system('true')
os.popen('true').read()
os.fork()
_thread.start_new_thread(print, ())
logging.handlers.QueueListener(queue.Queue()).start()
multiprocessing.Queue().put(1)
socketserver.ThreadingTCPServer(('127.0.0.1', 0), socketserver.BaseRequestHandler).process_request(socket.socket(), ('a', 1))
webbrowser.open('http://a')
platform.processor()
uuid.getnode()
uuid.uuid1()
""",
        strike="resource.setrlimit(resource.RLIMIT_NPROC, (0, 0)); os.setgid(65534); os.setuid(65534)",
        as_root=True,
    ),
    Fault(
        "another user",
        f"{_SOURCE}\nos.mkdir('theirs'); open('theirs/a.txt', 'w').write('a'); os.chmod('theirs', 0o700); p = 'theirs/a.txt'",
        "p: str, t: str",
        _OPENERS,
        strike="os.setgid(65534); os.setuid(65534)",
        as_root=True,
    ),
    Fault(
        "another user's folder",
        f"{_SOURCE}\nos.mkdir('theirs'); open('theirs/a.txt', 'w').write('a'); os.mkdir('theirs/b'); os.chmod('theirs', 0o755); os.chmod('theirs/b', 0o700); p = 'theirs'",
        "p: str, t: str",
        _OPENERS
        + """
sqlite3.connect('theirs/new.db').execute('create table t (a)')
c = sqlite3.connect('theirs/a.db'); c.execute('create table t (a)'); c.close() || sqlite3.connect('theirs/a.db').execute('insert into t values (1)')
with shelve.open('theirs/a') as s: s['a'] = 1
mailbox.mbox('theirs/box').add('a')
os.mkdir('theirs/c')
pathlib.Path('theirs/c').mkdir(exist_ok=True)
shutil.rmtree('theirs')
shutil.copytree('theirs', '/tmp/workerlog-benchmark-copy')
os.setpriority(os.PRIO_PROCESS, 0, -5)
resource.setrlimit(resource.RLIMIT_NOFILE, (10**6, 10**6))
os.setuid(0)
os.chown('source', 0, 0)
shutil.chown('source', 'root')
shutil.chown('source', 'nobody-of-this-name')
os.chroot('.')
socket.gethostname()
socket.sethostname('a')
time.clock_settime(time.CLOCK_REALTIME, 0)
readline.write_history_file('theirs/h')
fcntl.flock(open('theirs/a.txt', 'r+'), fcntl.LOCK_EX)
mmap.mmap(os.open('theirs/a.txt', os.O_RDONLY), 1)
""",
        strike="os.setgid(65534); os.setuid(65534)",
        as_root=True,
    ),
    Fault(
        "name too long",
        f"{_SOURCE}\np = 'a' * 300",
        "p: str, t: str",
        _OPENERS
        + """
z = zipfile.ZipFile('z.zip', 'w'); z.writestr('b' * 300, 'a'); z.close() || zipfile.ZipFile('z.zip').extractall('out')
z = tarfile.open('z.tar', 'w'); z.addfile(tarfile.TarInfo('b' * 300)); z.close() || tarfile.open('z.tar').extractall('out')
z = zipfile.ZipFile('z.zip', 'w'); z.writestr('b' * 300, 'a'); z.close() || shutil.unpack_archive('z.zip', 'out')
tempfile.mkstemp(prefix=p)
tempfile.NamedTemporaryFile(suffix=p)
os.environ['A'] = p * 1000; subprocess.run(['true'])
subprocess.run(['true', p * 100000])
subprocess.run(['true'] + [p] * 100000)
""",
    ),
    Fault(
        "a folder",
        f"{_SOURCE}\np = 'folder'; os.mkdir(p); open('folder/a.txt', 'w').close()",
        "p: str, t: str",
        _OPENERS,
    ),
    Fault("under a file", f"{_SOURCE}\np = 'source/a'", "p: str, t: str", _OPENERS),
    Fault("gone", f"{_SOURCE}\np = 'gone/a'", "p: str, t: str", _OPENERS),
    Fault("a pipe", f"{_SOURCE}\np = 'pipe'; os.mkfifo(p)", "p: str, t: str", _OPENERS),
    Fault(
        "a socket",
        f"{_SOURCE}\np = 'socket'; s = socket.socket(socket.AF_UNIX); s.bind(p)",
        "p: str, t: str",
        _OPENERS,
    ),
    Fault("links in a circle", f"{_SOURCE}\np = 'ring'; os.symlink('ring', p)", "p: str, t: str", _OPENERS),
    Fault(
        "a link to nothing",
        f"{_SOURCE}\np = 'folder'; os.mkdir(p); os.symlink('/nowhere/a', 'folder/link')",
        "p: str, t: str",
        _OPENERS,
    ),
    Fault(
        "a device",
        f"{_SOURCE}\np = '/dev/null'",
        "p: str, t: str",
        "".join(
            line + "\n"
            for line in _OPENERS.splitlines()
            if not any(
                word in line
                for word in (
                    "remove",
                    "unlink",
                    "rename",
                    "replace",
                    "move",
                    "rmtree",
                    "chmod",
                    "chown",
                    "copy",  # with the mode: nobody else could write to the device any more
                    "touch",
                    "utime",
                    "truncate",
                    "rmdir",
                    "link(",
                )
            )
        ),
    ),
    Fault(
        "a file of a far time",
        f"{_SOURCE}\np = 'folder'; os.mkdir(p); q = 'folder/a'; open(q, 'w').close(); os.utime(q, (1e12, 1e12))",
        "p: str, q: str, t: str",
        """
with zipfile.ZipFile('z.zip', 'w') as z: z.write(q)
with tarfile.open('z.tar', 'w') as z: z.add(q)
shutil.make_archive('other', 'zip', p)
shutil.make_archive('other', 'tar', p)
datetime.datetime.fromtimestamp(os.path.getmtime(q))
datetime.datetime.fromtimestamp(os.stat(q).st_mtime)
datetime.datetime.utcfromtimestamp(os.path.getmtime(q))
datetime.date.fromtimestamp(os.path.getmtime(q))
datetime.datetime.fromtimestamp(pathlib.Path(q).stat().st_mtime, datetime.timezone.utc)
datetime.timedelta(seconds=os.path.getmtime(q))
datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=os.path.getmtime(q))
time.localtime(os.path.getmtime(q))
time.gmtime(os.path.getmtime(q))
time.ctime(os.path.getmtime(q))
time.strftime('%Y', time.localtime(os.path.getmtime(q)))
email.utils.formatdate(os.path.getmtime(q))
os.utime('source', (os.path.getmtime(q), 0))
shutil.copystat(q, 'source')
shutil.copy2(q, 'other')
email.utils.formatdate(os.stat(q).st_mtime, localtime=True)
http.server.SimpleHTTPRequestHandler.date_time_string(None, os.path.getmtime(q))
gzip.GzipFile('other', 'wb', mtime=os.path.getmtime(q)).write(b'a')
""",
    ),
    Fault(
        "a file of an early time",
        f"{_SOURCE}\np = 'folder'; os.mkdir(p); q = 'folder/a'; open(q, 'w').close(); os.utime(q, (-1e9, -1e9))",
        "p: str, q: str, t: str",
        """
with zipfile.ZipFile('z.zip', 'w') as z: z.write(q)
with tarfile.open('z.tar', 'w') as z: z.add(q)
shutil.make_archive('other', 'zip', p)
shutil.make_archive('other', 'gztar', p)
zipfile.ZipInfo.from_file(q)
gzip.GzipFile('other', 'wb', mtime=os.path.getmtime(q)).write(b'a')
datetime.datetime.fromtimestamp(os.path.getmtime(q))
email.utils.formatdate(os.path.getmtime(q))
zipapp.create_archive(p, 'other', main='a:b')
""",
    ),
    Fault(
        "a name that is no text",
        f"{_SOURCE}\np = 'folder'; os.mkdir(p); open(b'folder/a\\xff.txt', 'w').close(); db = sqlite3.connect(':memory:'); db.execute('create table t (a)')",
        "p: str, t: str, db: sqlite3.Connection",
        """
for n in os.listdir(p): n.encode()
for n in os.listdir(p): print(n)
for n in os.listdir(p): hashlib.md5(n.encode()).hexdigest()
for n in os.listdir(p): db.execute('insert into t values (?)', (n,))
for n in os.listdir(p): open('list', 'a', encoding='utf-8').write(n)
for n in os.listdir(p): pathlib.Path('list').write_text(n, encoding='utf-8')
for n in os.listdir(p): urllib.parse.quote(n)
for n in os.listdir(p): urllib.parse.urlencode({'a': n})
for n in os.listdir(p): base64.b64encode(n.encode('utf-8'))
for n in os.listdir(p): csv.writer(open('list', 'w', encoding='utf-8')).writerow([n])
for n in os.listdir(p): xml.etree.ElementTree.tostring(xml.etree.ElementTree.Element('a', name=n), encoding='unicode').encode()
for n in os.listdir(p): json.dumps(n, ensure_ascii=False).encode()
for n in os.listdir(p): json.dump(n, open('list', 'w', encoding='utf-8'), ensure_ascii=False)
for n in os.listdir(p): pickle.dumps(n)
for n in os.listdir(p): zipfile.ZipFile('z.zip', 'w').write(os.path.join(p, n))
for n in os.listdir(p): zipfile.ZipFile('z.zip', 'w').writestr(n, 'a')
for n in os.listdir(p): tarfile.open('z.tar', 'w').add(os.path.join(p, n))
for n in os.listdir(p): socket.socketpair()[0].send(n.encode())
for n in os.listdir(p): subprocess.run(['true', n])
for n in os.listdir(p): subprocess.run(['cat'], input=n, text=True)
for n in os.listdir(p): zlib.crc32(n.encode())
for n in os.listdir(p): email.mime.text.MIMEText(n)
for n in os.listdir(p): email.message_from_string('a').set_payload(n, 'utf-8')
for n in os.listdir(p): uuid.uuid5(uuid.NAMESPACE_URL, n)
for n in os.listdir(p): hmac.new(b'a', n.encode(), 'sha256')
for n in os.listdir(p): os.environ['A'] = n
for n in os.listdir(p): plistlib.dumps({'a': n})
for n in os.listdir(p): html.escape(n).encode('utf-8')
for n in os.listdir(p): mimetypes.guess_type(n)
for n in os.listdir(p): unicodedata.normalize('NFC', n).encode()
for n in os.listdir(p): n.encode('ascii')
for n in os.listdir(p): binascii.hexlify(n.encode())
for n in os.listdir(p): http.client.HTTPConnection('127.0.0.1', 9).request('GET', '/' + n)
for n in os.listdir(p): urllib.request.urlopen('http://127.0.0.1:9/' + n)
for n in os.listdir(p): urllib.request.pathname2url(n)
for n in os.listdir(p): xmlrpc.client.dumps((n,)).encode()
for n in os.listdir(p): sqlite3.connect(n)
for n in os.listdir(p): sqlite3.connect(':memory:').execute(n)
for n in os.listdir(p): pathlib.Path(p, n).as_uri()
for n in os.listdir(p): pathlib.Path(p, n).stat()
for n in os.listdir(p): shutil.copy(os.path.join(p, n), 'other')
for n in os.listdir(p): int(n.split('.')[0])
for n in os.listdir(p): shelve.open('db')[n] = 1
for n in os.listdir(p): sys.stdout.write(n)
for n in os.listdir(p): sys.stdout.buffer.write(n.encode())
for n in glob.glob(p + '/*'): n.encode()
for e in os.scandir(p): e.name.encode()
for e in os.scandir(p): print(e.path)
for f in pathlib.Path(p).iterdir(): f.name.encode()
for f in pathlib.Path(p).iterdir(): str(f).encode()
for f in pathlib.Path(p).iterdir(): print(f)
for f in pathlib.Path(p).iterdir(): print(f, file=open('list', 'w', encoding='utf-8'))
for f in pathlib.Path(p).glob('*'): hashlib.sha1(f.name.encode()).hexdigest()
for a, b, c in os.walk(p): [n.encode() for n in c]
for f in pathlib.Path(p).iterdir(): db.execute('insert into t values (?)', (str(f),))
for f in pathlib.Path(p).iterdir(): db.execute('insert into t values (?)', (f.name,))
for f in pathlib.Path(p).iterdir(): urllib.parse.quote(f.name)
for f in pathlib.Path(p).iterdir(): f.as_posix().encode('utf-8')
shutil.make_archive('other', 'zip', p)
shutil.make_archive('other', 'tar', p)
""",
    ),
    Fault(
        "output that is no text",
        _SOURCE,
        "p: str",
        r"""
subprocess.run(['printf', r'\377'], capture_output=True, text=True)
subprocess.run(['printf', r'\377'], stdout=subprocess.PIPE, universal_newlines=True)
subprocess.run(['printf', r'\377'], capture_output=True, encoding='utf-8')
subprocess.run(['printf', r'\377'], capture_output=True).stdout.decode()
subprocess.check_output(['printf', r'\377'], text=True)
subprocess.check_output(['printf', r'\377']).decode()
subprocess.getoutput(r"printf '\377'")
subprocess.getstatusoutput(r"printf '\377'")
os.popen(r"printf '\377'").read()
os.popen(r"printf '\377'").readlines()
subprocess.Popen(['printf', r'\377'], stdout=subprocess.PIPE, text=True).communicate()
q = subprocess.Popen(['printf', r'\377'], stdout=subprocess.PIPE, text=True) || q.stdout.readline()
q = subprocess.Popen(['printf', r'\377'], stdout=subprocess.PIPE, text=True) || list(q.stdout)
q = subprocess.Popen(['printf', r'\377'], stdout=subprocess.PIPE) || io.TextIOWrapper(q.stdout).read()
q = subprocess.Popen(['printf', r'\377'], stdout=subprocess.PIPE) || q.stdout.read().decode('utf-8')
""",
    ),
    Fault(
        "a child that fails",
        _SOURCE,
        "p: str",
        """
subprocess.run(['false'], check=True)
subprocess.run(['sh', '-c', 'kill -9 $$'], check=True)
subprocess.run(['sleep', '5'], timeout=0.1)
subprocess.run(['sleep', '5'], timeout=0.1, check=True, capture_output=True)
subprocess.check_call(['false'])
subprocess.check_output(['false'])
subprocess.check_output('exit 3', shell=True)
subprocess.check_output(['sleep', '5'], timeout=0.1)
subprocess.getoutput('exit 3')
os.popen('exit 3').close()
subprocess.Popen(['sleep', '5']).wait(timeout=0.1)
subprocess.Popen(['sleep', '5']).communicate(timeout=0.1)
q = subprocess.Popen(['true'], stdin=subprocess.PIPE); q.wait() || q.stdin.write(b'a' * 100000); q.stdin.flush()
q = subprocess.Popen(['true'], stdin=subprocess.PIPE); q.wait() || q.communicate(b'a' * 100000)
q = subprocess.Popen(['true'], stdin=subprocess.PIPE, text=True); q.wait() || q.stdin.write('a' * 100000); q.stdin.close()
q = subprocess.Popen(['true'], stdin=subprocess.PIPE, text=True); q.wait() || print('a' * 100000, file=q.stdin, flush=True)
q = subprocess.Popen(['true']); q.wait() || q.kill(); q.terminate(); q.send_signal(15)
q = subprocess.Popen(['true']); q.wait() || os.kill(q.pid, 15)
q = subprocess.Popen(['true']); q.wait() || os.waitpid(q.pid, 0)
q = subprocess.Popen(['true']); q.wait() || os.killpg(q.pid, 15)
q = subprocess.Popen(['true']); q.wait() || os.getpgid(q.pid)
q = subprocess.Popen(['true'], stdout=subprocess.PIPE); q.stdout.close() || q.stdout.read()
os.wait()
os.waitpid(-1, os.WNOHANG)
m = threading.Thread(target=print); m.start() || m.start()
threading.current_thread().join()
e = concurrent.futures.ProcessPoolExecutor(1) || e.submit(os._exit, 1).result()
e = concurrent.futures.ProcessPoolExecutor(1) || list(e.map(os._exit, [1]))
e = concurrent.futures.ProcessPoolExecutor(1); w = e.submit(os._exit, 1); w.exception() || e.submit(print, 1)
with concurrent.futures.ProcessPoolExecutor(1) as e: e.submit(os._exit, 1).result()
e = concurrent.futures.ProcessPoolExecutor(1) || e.submit(int, 'a').result()
e = concurrent.futures.ProcessPoolExecutor(1); e.shutdown() || e.submit(print, 1)
e = concurrent.futures.ThreadPoolExecutor(1); e.shutdown() || e.submit(print, 1)
e = concurrent.futures.ThreadPoolExecutor(1); e.shutdown() || list(e.map(print, [1]))
e = concurrent.futures.ThreadPoolExecutor(1); w = e.submit(time.sleep, 1) || w.result(timeout=0.1)
e = concurrent.futures.ThreadPoolExecutor(1); w = e.submit(time.sleep, 1) || list(concurrent.futures.as_completed([w], timeout=0.1))
e = concurrent.futures.ThreadPoolExecutor(1); w = e.submit(time.sleep, 1); v = e.submit(print, 1); v.cancel() || v.result()
m = multiprocessing.Pool(1); m.close() || m.apply(print)
m = multiprocessing.Pool(1) || m.apply_async(time.sleep, (2,)).get(timeout=0.1)
m = multiprocessing.Pool(1) || m.map(int, ['a'])
m = multiprocessing.Pipe(); m[1].close() || m[0].recv()
m = multiprocessing.Pipe(); m[1].close() || m[0].send(1)
m = multiprocessing.Pipe(); m[0].close() || m[0].send(1)
m = multiprocessing.Queue(); m.close() || m.put(1)
m = multiprocessing.Queue() || m.get(timeout=0.1)
m = multiprocessing.Queue(); m.close() || m.get(timeout=0.1)
m = multiprocessing.Manager(); d = m.dict(); m.shutdown() || d['a'] = 1
asyncio.run(asyncio.wait_for(asyncio.sleep(5), 0.1))
m = asyncio.new_event_loop(); m.close() || m.call_soon(print)
m = asyncio.new_event_loop(); m.close() || m.run_until_complete(asyncio.sleep(0))
m = asyncio.new_event_loop(); m.close() || m.call_soon_threadsafe(print)
m = asyncio.new_event_loop() || asyncio.run_coroutine_threadsafe(asyncio.sleep(5), m).result(timeout=0.1)
asyncio.get_running_loop()
asyncio.create_task(asyncio.sleep(0))
""",
    ),
    Fault(
        "the other side hung up",
        "import struct\nserver = socket.create_server(('127.0.0.1', 0)); port = server.getsockname()[1]\n"
        "sock = socket.create_connection(('127.0.0.1', port), 2); other = server.accept()[0]",
        "port: int, sock: socket.socket",
        """
sock.sendall(b'a'); time.sleep(0.05); sock.sendall(b'a' * 100000)
sock.send(b'a'); sock.recv(10)
sock.recv(10)
sock.shutdown(socket.SHUT_RDWR)
sock.getpeername()
f = sock.makefile('r') || f.readline()
f = sock.makefile('rb') || f.read(10)
f = sock.makefile('w') || f.write('a'); f.flush(); f.write('a'); f.flush()
f = sock.makefile('rwb') || f.write(b'a'); f.flush(); f.readline()
ssl.create_default_context().wrap_socket(sock, server_hostname='a')
sock.sendfile(open('f', 'wb+'))
sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
select.select([sock], [], [], 1)[0][0].recv(1)
s = selectors.DefaultSelector(); s.register(sock, selectors.EVENT_READ) || s.select(1); sock.recv(1)
os.read(sock.fileno(), 1)
os.write(sock.fileno(), b'a')
pickle.loads(sock.recv(10))
json.loads(sock.recv(10))
struct.unpack('>I', sock.recv(4))
int.from_bytes(sock.recv(4), 'big')
sock.recv(10).decode('utf-8').split()[0]
sock.recv(1)[0]
s = sock.dup() || s.recv_into(bytearray(4))
multiprocessing.connection.Connection(sock.detach()).recv()
""",
        strike="other.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0)); other.close(); server.close()",
    ),
    Fault(
        "the other side says nothing",
        "server = socket.create_server(('127.0.0.1', 0)); port = server.getsockname()[1]\n"
        "sock = socket.create_connection(('127.0.0.1', port), 0.2); other = server.accept()[0]",
        "port: int, sock: socket.socket",
        """
sock.recv(10)
f = sock.makefile('r') || f.readline()
f = sock.makefile('rb') || f.read(10)
sock.sendall(b'a' * 10**7)
urllib.request.urlopen(f'http://127.0.0.1:{port}', timeout=0.2)
urllib.request.urlretrieve(f'http://127.0.0.1:{port}', 'other')
http.client.HTTPConnection('127.0.0.1', port, timeout=0.2).getresponse()
c = http.client.HTTPConnection('127.0.0.1', port, timeout=0.2) || c.request('GET', '/'); c.getresponse()
c = http.client.HTTPConnection('127.0.0.1', port, timeout=0.2); c.request('GET', '/') || c.request('GET', '/')
smtplib.SMTP('127.0.0.1', port, timeout=0.2)
ftplib.FTP().connect('127.0.0.1', port, timeout=0.2)
imaplib.IMAP4('127.0.0.1', port, timeout=0.2)
poplib.POP3('127.0.0.1', port, timeout=0.2)
telnetlib.Telnet('127.0.0.1', port, 0.2).read_until(b'a', 0.2)
telnetlib.Telnet('127.0.0.1', port, 0.2).read_some()
ssl.create_default_context().wrap_socket(sock, server_hostname='a')
ssl.get_server_certificate(('127.0.0.1', port), timeout=0.2)
asyncio.run(asyncio.wait_for(asyncio.open_connection('127.0.0.1', port, ssl=True), 0.2))
server = socket.create_server(('127.0.0.1', 0)); server.settimeout(0.1) || server.accept()
sock.setblocking(False) || sock.recv(10)
""",
    ),
    Fault(
        "a stream that ends",
        _LISTENING,
        "port: int",
        """
reader, writer = await asyncio.open_connection('127.0.0.1', port) || await reader.readexactly(10)
reader, writer = await asyncio.open_connection('127.0.0.1', port) || await reader.readuntil(b';')
reader, writer = await asyncio.open_connection('127.0.0.1', port) || struct.unpack('>I', await reader.readexactly(4))
reader, writer = await asyncio.open_connection('127.0.0.1', port) || json.loads(await reader.read(100))
reader, writer = await asyncio.open_connection('127.0.0.1', port) || int(await reader.readline())
reader, writer = await asyncio.open_connection('127.0.0.1', port) || (await reader.readline()).decode().split()[1]
reader, writer = await asyncio.open_connection('127.0.0.1', port) || await asyncio.wait_for(reader.readexactly(10), 1)
async with asyncio.timeout(1): (await asyncio.open_connection('127.0.0.1', port))[0].feed_data(b'a')
reader, writer = await asyncio.open_connection('127.0.0.1', port) || [json.loads(line) async for line in reader]
reader, writer = await asyncio.open_connection('127.0.0.1', port) || async for line in reader: int(line)
reader, writer = await asyncio.open_connection('127.0.0.1', port); writer.close() || writer.write(b'a'); await writer.drain()
reader, writer = await asyncio.open_connection('127.0.0.1', port); writer.close() || await writer.wait_closed()
""",
        strike="other = server.accept()[0]; other.sendall(b'abc\\xff'); other.close(); await asyncio.sleep(0.05)",
    ),
    Fault(
        "a stream that is cut",
        _LISTENING,
        "port: int",
        """
reader, writer = await asyncio.open_connection('127.0.0.1', port) || await reader.read(10)
reader, writer = await asyncio.open_connection('127.0.0.1', port) || await reader.readline()
reader, writer = await asyncio.open_connection('127.0.0.1', port) || await reader.readexactly(10)
reader, writer = await asyncio.open_connection('127.0.0.1', port) || [line async for line in reader]
reader, writer = await asyncio.open_connection('127.0.0.1', port) || writer.write(b'a'); await writer.drain()
reader, writer = await asyncio.open_connection('127.0.0.1', port) || writer.close(); await writer.wait_closed()
reader, writer = await asyncio.open_connection('127.0.0.1', port) || await asyncio.gather(reader.read(10), writer.drain())
reader, writer = await asyncio.open_connection('127.0.0.1', port) || await asyncio.wait_for(reader.read(10), 1)
reader, writer = await asyncio.open_connection('127.0.0.1', port) || await asyncio.create_task(reader.read(10))
reader, writer = await asyncio.open_connection('127.0.0.1', port) || await asyncio.shield(reader.read(10))
reader, writer = await asyncio.open_connection('127.0.0.1', port) || (await asyncio.wait([asyncio.ensure_future(reader.read(10))]))[0].pop().result()
reader, writer = await asyncio.open_connection('127.0.0.1', port) || await writer.start_tls(ssl.create_default_context())
reader, writer = await asyncio.open_connection('127.0.0.1', port) || writer.get_extra_info('peername')[0].split('.')
async with asyncio.TaskGroup() as g: g.create_task(asyncio.to_thread(int, 'a'))
""",
        strike="other = server.accept()[0]; other.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0)); other.close(); await asyncio.sleep(0.05)",
    ),
    Fault(
        "a line without end",
        _LISTENING,
        "port: int",
        """
reader, writer = await asyncio.open_connection('127.0.0.1', port) || await reader.readline()
reader, writer = await asyncio.open_connection('127.0.0.1', port) || await reader.readuntil(b';')
reader, writer = await asyncio.open_connection('127.0.0.1', port) || [line async for line in reader]
reader, writer = await asyncio.open_connection('127.0.0.1', port) || async for line in reader: print(line)
reader, writer = await asyncio.open_connection('127.0.0.1', port) || await asyncio.wait_for(reader.readline(), 1)
reader, writer = await asyncio.open_connection('127.0.0.1', port) || (await reader.readline()).decode()
""",
        strike="other = server.accept()[0]; threading.Thread(target=other.sendall, args=(b'a' * 10**6,), daemon=True).start(); await asyncio.sleep(0.05)",
    ),
    Fault(
        "a stream that is silent",
        _LISTENING,
        "port: int",
        """
reader, writer = await asyncio.open_connection('127.0.0.1', port) || await asyncio.wait_for(reader.readline(), 0.1)
reader, writer = await asyncio.open_connection('127.0.0.1', port) || async with asyncio.timeout(0.1): await reader.read(1)
reader, writer = await asyncio.open_connection('127.0.0.1', port) || async with asyncio.timeout_at(asyncio.get_running_loop().time() + 0.1): await reader.read(1)
reader, writer = await asyncio.open_connection('127.0.0.1', port) || [await each for each in asyncio.as_completed([reader.read(1)], timeout=0.1)]
reader, writer = await asyncio.open_connection('127.0.0.1', port) || (await asyncio.wait([asyncio.ensure_future(reader.read(1))], timeout=0.1))[1].pop().result()
reader, writer = await asyncio.open_connection('127.0.0.1', port) || (await asyncio.wait([asyncio.ensure_future(reader.read(1))], timeout=0.1))[0].pop()
reader, writer = await asyncio.open_connection('127.0.0.1', port) || await asyncio.wait_for(asyncio.gather(reader.read(1)), 0.1)
await asyncio.wait_for(asyncio.open_connection('127.0.0.1', port, ssl=True), 0.1)
await asyncio.open_connection('127.0.0.1', port, ssl=True, ssl_handshake_timeout=0.1)
await asyncio.wait_for(asyncio.Event().wait(), 0.1)
await asyncio.wait_for(asyncio.Queue().get(), 0.1)
async with asyncio.timeout(0.1): await asyncio.sleep(1)
async with asyncio.timeout(0.1): await asyncio.to_thread(time.sleep, 0.3)
""",
    ),
    Fault(
        "a loop of events",
        "free = socket.create_server(('127.0.0.1', 0)); port = free.getsockname()[1]; free.close(); p = 'nothing'",
        "port: int, p: str",
        """
await asyncio.open_connection('127.0.0.1', port)
await asyncio.open_connection('name.invalid', port)
await asyncio.open_unix_connection(p)
await asyncio.start_server(print, '10.255.255.1', port)
await asyncio.start_unix_server(print, 'nothing/a')
await asyncio.create_subprocess_exec(p)
await (await asyncio.create_subprocess_shell(p + ' 2>/dev/null')).wait()
q = await asyncio.create_subprocess_exec('true'); await q.wait() || q.kill()
q = await asyncio.create_subprocess_exec('true'); await q.wait() || q.terminate()
q = await asyncio.create_subprocess_exec('true'); await q.wait() || q.send_signal(15)
q = await asyncio.create_subprocess_exec('sleep', '5') || await asyncio.wait_for(q.wait(), 0.1)
q = await asyncio.create_subprocess_exec('sleep', '5') || await asyncio.wait_for(q.communicate(), 0.1)
q = await asyncio.create_subprocess_exec('true', stdin=asyncio.subprocess.PIPE); await q.wait() || q.stdin.write(b'a' * 10**6); await q.stdin.drain()
q = await asyncio.create_subprocess_exec('true', stdin=asyncio.subprocess.PIPE); await q.wait() || await q.communicate(b'a' * 10**6)
q = await asyncio.create_subprocess_exec('head', '-c', '100000', '/dev/zero', stdout=asyncio.subprocess.PIPE) || await q.stdout.readline()
q = await asyncio.create_subprocess_exec('head', '-c', '100000', '/dev/zero', stdout=asyncio.subprocess.PIPE) || async for line in q.stdout: print(line)
q = await asyncio.create_subprocess_exec('printf', '\\377', stdout=asyncio.subprocess.PIPE) || (await q.communicate())[0].decode()
await asyncio.to_thread(int, 'a')
await asyncio.to_thread(open, p)
await asyncio.get_running_loop().run_in_executor(None, open, p)
await asyncio.gather(asyncio.to_thread(int, 'a'), asyncio.to_thread(open, p))
await asyncio.create_task(asyncio.to_thread(int, 'a'))
t = asyncio.create_task(asyncio.to_thread(int, 'a')) || await t
t = asyncio.create_task(asyncio.to_thread(int, 'a')); await asyncio.wait([t]) || t.result()
(await asyncio.wait([asyncio.create_task(asyncio.to_thread(int, 'a'))]))[0].pop().result()
await asyncio.wait([])
[await each for each in asyncio.as_completed([asyncio.to_thread(int, 'a')])]
asyncio.Queue().get_nowait()
asyncio.Queue().task_done()
asyncio.BoundedSemaphore(1).release()
t = asyncio.ensure_future(asyncio.sleep(5)); await asyncio.sleep(0) || t.result()
t = asyncio.ensure_future(asyncio.sleep(5)); await asyncio.sleep(0) || t.exception()
asyncio.Lock().release()
await asyncio.wait_for(asyncio.to_thread(int, 'a'), 1)
await asyncio.shield(asyncio.to_thread(int, 'a'))
await asyncio.get_running_loop().getaddrinfo('name.invalid', 80)
await asyncio.get_running_loop().sock_connect(socket.socket(), ('127.0.0.1', port))
await asyncio.get_running_loop().create_connection(asyncio.Protocol, '127.0.0.1', port)
await asyncio.get_running_loop().create_server(asyncio.Protocol, '10.255.255.1', port)
asyncio.run(asyncio.sleep(0)) or await asyncio.sleep(0)
asyncio.get_running_loop().run_until_complete(asyncio.sleep(0)) or await asyncio.sleep(0)
asyncio.get_running_loop().add_signal_handler(9, print) or await asyncio.sleep(0)
async with asyncio.TaskGroup() as g: g.create_task(asyncio.to_thread(int, 'a'))
""",
    ),
    Fault(
        "closed before",
        f"{_SOURCE}\nsock = socket.socket(); loop = asyncio.new_event_loop()",
        "p: str, sock: socket.socket, loop: asyncio.AbstractEventLoop",
        """
f = open('source'); f.close() || f.read()
f = open('source'); f.close() || lines = [line for line in f]
f = open('source'); f.close() || for line in f: print(line)
f = open('other', 'w'); f.close() || f.write('a')
f = open('other', 'w'); f.close() || print('a', file=f)
f = open('other', 'w'); f.close() || json.dump({}, f)
f = open('other', 'w'); f.close() || csv.writer(f).writerow(['a'])
f = open('other', 'w'); f.close() || f.flush()
f = open('other', 'w'); f.close() || f.fileno()
f = open('other', 'w'); f.close() || f.seek(0)
f = open('other', 'wb'); f.close() || pickle.dump(1, f)
f = gzip.open('other', 'wb'); f.close() || f.write(b'a')
f = bz2.open('other', 'wb'); f.close() || f.write(b'a')
f = lzma.open('other', 'wb'); f.close() || f.write(b'a')
f = io.StringIO(); f.close() || f.getvalue()
f = io.BytesIO(); f.close() || f.write(b'a')
f = tempfile.NamedTemporaryFile(); f.close() || f.write(b'a')
f = tempfile.NamedTemporaryFile(); os.unlink(f.name) || f.close()
f = tempfile.TemporaryDirectory(dir='.'); shutil.rmtree(f.name) || f.cleanup()
z = zipfile.ZipFile('z.zip', 'w'); z.close() || z.writestr('a', 'a')
z = zipfile.ZipFile('z.zip', 'w'); z.close() || z.read('a')
z = zipfile.ZipFile('z.zip', 'w') || z.extract('a')
z = tarfile.open('z.tar', 'w'); z.close() || z.add('source')
z = tarfile.open('z.tar', 'w'); z.close() || z.getmembers()
z = tarfile.open('z.tar', 'w'); z.close() || tarfile.open('z.tar').extractfile('a')
s = shelve.open('db'); s.close() || s['a'] = 1
s = shelve.open('db'); s.close() || s.get('a')
s = shelve.open('db'); s.close() || s.sync()
s = dbm.open('db', 'c'); s.close() || s['a'] = 'b'
s = dbm.dumb.open('db', 'c'); s.close() || s['a'] = 'b'
s = dbm.dumb.open('db', 'c'); s.close() || s.keys()
m = mmap.mmap(-1, 10); m.close() || m.read()
m = mmap.mmap(-1, 10); m.close() || m[0]
m = mmap.mmap(-1, 10) || m.resize(2**60)
m = mmap.mmap(-1, 10) || m.write(b'a' * 20)
sock.close() || sock.send(b'a')
sock.close() || sock.recv(1)
sock.close() || sock.settimeout(1)
sock.close() || sock.getsockname()
sock.close() || select.select([sock], [], [], 0)
s = selectors.DefaultSelector(); s.register(sock, 1); sock.close() || s.unregister(sock)
s = selectors.DefaultSelector(); sock.close() || s.register(sock, 1)
s = selectors.DefaultSelector(); s.close() || s.select(0)
s = selectors.DefaultSelector(); s.register(sock, 1) || s.register(sock, 1)
s = selectors.DefaultSelector() || s.get_key(sock)
s = selectors.DefaultSelector() || s.modify(sock, 1)
s = select.epoll(); s.close() || s.poll(0)
s = select.epoll() || s.unregister(0)
s = select.poll() || s.unregister(5)
loop.close() || loop.run_forever()
loop.close() || loop.call_later(1, print)
loop.close() || loop.create_task(asyncio.sleep(0))
loop.close() || loop.run_in_executor(None, print)
loop.close() || loop.add_signal_handler(15, print)
loop.add_signal_handler(9, print)
lock = threading.Lock() || lock.release()
lock = threading.RLock() || lock.release()
lock = threading.BoundedSemaphore(1) || lock.release()
lock = threading.Barrier(2) || lock.wait(0.1)
lock = threading.Barrier(2); lock.abort() || lock.wait()
lock = multiprocessing.Lock() || lock.release()
lock = asyncio.Lock() || lock.release()
q = queue.Queue() || q.task_done()
q = queue.Queue() || q.get_nowait()
q = queue.Queue(1); q.put(1) || q.put_nowait(2)
q = queue.Queue(1); q.put(1) || q.put(2, timeout=0.1)
q = queue.PriorityQueue(); q.put((1, {})) || q.put((1, {}))
q = asyncio.Queue() || q.get_nowait()
q = asyncio.Queue(1); q.put_nowait(1) || q.put_nowait(2)
q = asyncio.Queue() || q.task_done()
c = smtplib.SMTP() || c.sendmail('a', 'b', 'c')
c = smtplib.SMTP() || c.quit()
c = smtplib.SMTP() || c.login('a', 'b')
c = smtplib.SMTP() || c.starttls()
c = http.client.HTTPConnection('127.0.0.1', 9) || c.getresponse()
c = http.client.HTTPConnection('127.0.0.1', 9) || c.send(b'a')
c = http.client.HTTPConnection('127.0.0.1', 9) || c.endheaders()
f = concurrent.futures.Future(); f.set_result(1) || f.set_result(2)
f = loop.create_future(); f.set_result(1) || f.set_result(2)
f = loop.create_future() || f.result()
f = loop.create_future() || f.exception()
w = weakref.proxy(set()) || len(w)
os.close(999)
os.write(999, b'a')
os.fdopen(999)
os.fsync(999)
os.fstat(999)
signal.alarm(-1)
signal.setitimer(signal.ITIMER_REAL, -1)
threading.Thread(target=signal.signal, args=(15, signal.SIG_DFL)).run()
contextlib.ExitStack().pop_all().close()
subprocess.Popen(['true'], stdout=999)
time.sleep(time.time() - time.time() - 1)
""",
    ),
    Fault(
        "a locked database",
        "p = 'a.db'; first = sqlite3.connect(p); first.execute('create table t (a unique)'); first.execute('insert into t values (1)'); first.commit(); first.close()",
        "p: str",
        """
db = sqlite3.connect(p, timeout=0.1) || db.execute('insert into t values (2)')
db = sqlite3.connect(p, timeout=0.1) || db.execute('select * from t').fetchall()
db = sqlite3.connect(p, timeout=0.1) || db.executemany('insert into t values (?)', [(2,)])
db = sqlite3.connect(p, timeout=0.1) || db.executescript('insert into t values (2);')
db = sqlite3.connect(p, timeout=0.1) || db.execute('begin immediate')
db = sqlite3.connect(p, timeout=0.1) || db.execute('pragma journal_mode=wal')
db = sqlite3.connect(p, timeout=0.1) || db.execute('vacuum')
db = sqlite3.connect(p, timeout=0.1); cur = db.cursor() || cur.execute('delete from t')
with sqlite3.connect(p, timeout=0.1) as db: db.execute('update t set a = 3')
db = sqlite3.connect(p, timeout=0.1) || list(db.iterdump())
db = sqlite3.connect(p, timeout=0.1) || db.backup(sqlite3.connect(':memory:'))
db = sqlite3.connect(p, timeout=0.1, isolation_level=None) || db.execute('insert into t values (2)')
""",
        strike="holder = sqlite3.connect(p, isolation_level=None, check_same_thread=False); holder.execute('begin exclusive')",
    ),
    Fault(
        "a database that went",
        "p = 'a.db'; db = sqlite3.connect(p); db.execute('create table t (a unique, b blob not null)'); db.execute(\"insert into t values (1, 'b')\"); db.commit(); cur = db.cursor()",
        "p: str, db: sqlite3.Connection, cur: sqlite3.Cursor",
        """
db.execute("insert into t values (1, 'b')")
db.execute('insert into t values (2, null)')
db.execute('select c from t')
db.execute('select * from u')
db.execute('selec')
db.execute('select ?')
db.execute('select :a', {})
db.execute('select cast(x\\'ff\\' as text)').fetchone()
db.execute('insert into t values (?, ?)', (2, object()))
db.execute('insert into t values (?, ?)', ({}, 'a'))
db.executemany('insert into t values (?, ?)', [(1,)])
db.execute('drop table t') || cur.execute('select * from t').fetchall()
db.close() || db.execute('select 1')
db.close() || db.commit()
db.close() || db.cursor()
db.close() || cur.fetchone()
cur.close() || cur.execute('select 1')
cur.close() || cur.fetchall()
db.close() || db.rollback()
db.close() || db.close()
with db: db.execute("insert into t values (1, 'b')")
db.close() || db.total_changes
db.create_function('f', 0, lambda: 1 / 0) || db.execute('select f()').fetchone()
db.set_progress_handler(lambda: 1, 1) || db.execute('select * from t').fetchall()
db.set_authorizer(lambda *a: 1) || db.execute('select * from t')
db.execute('select * from t').fetchone()[5]
db.execute('select * from t where a = 99').fetchone()[0]
db.row_factory = sqlite3.Row || db.execute('select * from t').fetchone()['c']
db.execute('pragma user_version').fetchone()[0]
db.blobopen('t', 'b', 99)
os.remove(p); os.mkdir(p) || sqlite3.connect(p).execute('select 1')
db.execute('attach ? as other', ('/nowhere/a.db',))
db.execute("select json('{')").fetchone()
db.execute("select abs(-9223372036854775807 - 1)").fetchone()
db.execute('select 1' + ' union select 1' * 600)
db.execute('select ?', 'ab')
db.execute('select * from t limit ?', ('a',)).fetchall()
w = threading.Thread(target=print) || w.run(); w.start(); db.execute('select 1')
sqlite3.connect(p, detect_types=sqlite3.PARSE_DECLTYPES).execute('select "x" as "a [timestamp]"').fetchone()
sqlite3.connect(p, detect_types=sqlite3.PARSE_COLNAMES).execute('select \\'x\\' as "a [timestamp]"').fetchone()
""",
    ),
    Fault(
        "a folder that was deleted",
        "os.mkdir('here'); os.chdir('here'); p = 'a.txt'; t = 'a'",
        "p: str, t: str",
        _OPENERS
        + """
os.getcwd()
pathlib.Path.cwd()
os.path.relpath('/tmp')
os.path.commonpath([p, 'b'])
pathlib.Path(p).relative_to(pathlib.Path.cwd())
pathlib.Path('~').expanduser()
tempfile.mkdtemp()
tempfile.mkstemp()
tempfile.NamedTemporaryFile()
tempfile.TemporaryDirectory()
tempfile.gettempdir()
subprocess.run(['true'])
subprocess.run(['pwd'], check=True, capture_output=True)
os.system('true')
multiprocessing.Process(target=print).start()
shutil.make_archive('/tmp/workerlog-benchmark', 'zip')
importlib.import_module('a_module_of_no_name')
http.server.SimpleHTTPRequestHandler
logging.basicConfig(filename=p)
logging.getLogger().error('a')
traceback.format_stack()
inspect.stack()
warnings.warn('a')
os.walk('.')
glob.glob('*')
urllib.request.pathname2url(p)
webbrowser.open(p)
sys.path.insert(0, os.path.dirname(os.path.abspath('worker.py')))
os.chdir('..')
""",
        strike="os.rmdir('../here')",
    ),
    Fault(
        "no home, no name",
        f"{_SOURCE}\nos.chmod('.', 0o777)",
        "p: str",
        """
pathlib.Path.home()
pathlib.Path('~').expanduser()
pathlib.Path('~/a').expanduser()
pathlib.Path('~nobody-of-this-name').expanduser()
os.path.expanduser('~')
getpass.getuser()
os.getlogin()
pwd.getpwuid(os.getuid())
pwd.getpwuid(os.getuid()).pw_name
pwd.getpwnam('nobody-of-this-name')
grp.getgrgid(54321)
grp.getgrnam('nobody-of-this-name')
pathlib.Path('mine').touch(); pathlib.Path('mine').owner()
pathlib.Path('mine').touch(); pathlib.Path('mine').group()
shutil.chown('source', 'nobody-of-this-name')
shutil.chown('source', group='nobody-of-this-name')
netrc.netrc()
tarfile.open('z.tar', 'w').add('source')
os.environ['HOME']
os.getenv('HOME').split('/')
tempfile.gettempdir()
sqlite3.connect(os.path.expanduser('~/a.db'))
mailbox.mbox(os.path.expanduser('~/a'))
webbrowser.get()
locale.getlocale()
os.ttyname(0)
os.get_terminal_size()
os.tcgetpgrp(0)
input()
getpass.getpass()
sys.stdin.readline().split()[0]
termios.tcgetattr(0)
tty.setraw(0)
curses.initscr()
""",
        strike="[os.environ.pop(k, None) for k in ('HOME', 'USER', 'LOGNAME', 'LNAME', 'USERNAME', 'XDG_RUNTIME_DIR')]; os.setgid(54321); os.setuid(54321)",
        as_root=True,
    ),
    Fault(
        "no time zones",
        f"{_SOURCE}\nzoneinfo.reset_tzpath(to=()); sys.modules['tzdata'] = None",
        "p: str",
        """
zoneinfo.ZoneInfo('America/Sao_Paulo')
zoneinfo.ZoneInfo('UTC')
datetime.datetime.now(zoneinfo.ZoneInfo('Europe/Berlin'))
datetime.datetime.now().astimezone(zoneinfo.ZoneInfo('UTC'))
datetime.datetime.now().replace(tzinfo=zoneinfo.ZoneInfo('UTC'))
datetime.datetime.now().astimezone()
time.tzset()
datetime.datetime.now() - datetime.datetime.now(datetime.timezone.utc)
datetime.datetime.now() < datetime.datetime.now(datetime.timezone.utc)
datetime.datetime.now().replace(day=31, month=2)
datetime.datetime(2024, 2, 29).replace(year=2025)
datetime.date(2024, 1, 31).replace(month=2)
datetime.date(2024, 2, 1).replace(day=30)
datetime.date.today().replace(year=datetime.date.today().year, day=31, month=4)
datetime.datetime.min.timestamp()
datetime.datetime.max.astimezone(datetime.timezone(datetime.timedelta(hours=-5)))
locale.setlocale(locale.LC_ALL, 'pt_BR.UTF-8-none')
locale.setlocale(locale.LC_ALL, '')
time.strptime('1 janvier', '%d %B')
datetime.datetime.strptime('1 janvier', '%d %B')
""",
        environment={"TZ": "Nowhere/Nothing", "LC_ALL": "xx_XX.UTF-8"},
    ),
    Fault(
        "a narrow terminal",
        f"{_SOURCE}\nx = 'caf\\xe9 \\u2713'",
        "x: str",
        """
print(x)
sys.stdout.write(x)
sys.stderr.write(x)
with open('other', 'w') as f: f.write(x)
with open('other', 'a') as f: print(x, file=f)
pathlib.Path('other').write_text(x)
pathlib.Path('other').write_bytes(x.encode()) || pathlib.Path('other').read_text()
open('other', 'wb').write(x.encode()) || open('other').read()
open('other', 'wb').write(x.encode()) || [line for line in open('other')]
open('other', 'wb').write(x.encode()) || json.load(open('other'))
open('other', 'wb').write(x.encode()) || list(csv.reader(open('other')))
open('other', 'wb').write(x.encode()) || configparser.ConfigParser().read('other')
open('other', 'wb').write(x.encode()) || fileinput.input('other').readline()
open('other', 'wb').write(x.encode()) || gzip.open('source', 'rt').read()
subprocess.run(['printf', '%s', x.encode()], capture_output=True, text=True)
subprocess.run(['cat'], input=x, text=True, capture_output=True)
subprocess.check_output(['printf', '%s', x.encode()], text=True)
with open('other', 'w') as f: json.dump(x, f, ensure_ascii=False)
with open('other', 'w', newline='') as f: csv.writer(f).writerow([x])
c = configparser.ConfigParser(); c.read_dict({'a': {'b': x}}) || c.write(open('other', 'w'))
logging.getLogger().error(x)
h = logging.FileHandler('other') || h.stream.write(x); h.flush()
print(f'{x}')
print('a', end=x)
pprint.pprint(x)
traceback.print_exc()
with contextlib.redirect_stdout(open('other', 'w')): print(x)
with tempfile.NamedTemporaryFile('w') as f: f.write(x); f.flush()
with tempfile.TemporaryFile('w') as f: f.write(x)
with gzip.open('other', 'wt') as f: f.write(x)
with os.fdopen(os.open('other', os.O_WRONLY | os.O_CREAT), 'w') as f: f.write(x)
input(x)
""",
        strike="locale.setlocale(locale.LC_CTYPE, 'C'); sys.stdout = sys.stderr = open('out', 'w')",
    ),
)

_THROUGH = "what a function makes of a name does not say that it holds one"
_ONCE = "read once in the life of a process, at its first call"
_UNSEEN = "a thread that the library starts for itself: one that looks a name up, one that feeds a queue"
_CLOSED = "the row does not know which file or table it is of"
_IMPORTED = "an import meets what the imported module does"
_FAR = "an archive of a file of the year 2107 or later"
LEFT: Mapping[tuple[str, str], str] = {
    (
        "a folder that was deleted",
        "sys.path.insert(0, os.path.dirname(os.path.abspath('worker.py')))",
    ): "a literal",
    (
        "no threads",
        "socketserver.ThreadingTCPServer(('127.0.0.1', 0), socketserver.BaseRequestHandler).process_request(socket.socket(), ('a', 1))",
    ): "the server calls it and hears what it raises",
    ("no threads", "asyncio.run(asyncio.open_connection('localhost', 9))"): _UNSEEN,
    ("no threads", "multiprocessing.Queue().put(1)"): _UNSEEN,
    ("no descriptors", "mimetypes.guess_type(p)"): _ONCE,
    ("no descriptors", "zoneinfo.ZoneInfo('America/Sao_Paulo')"): _ONCE,
    ("no descriptors", "zoneinfo.ZoneInfo('UTC')"): _ONCE,
    ("no descriptors", "importlib.import_module('this')"): _IMPORTED,
    ("no descriptors", "importlib.resources.files('json')"): _IMPORTED,
    ("closed before", "csv.writer(f).writerow(['a'])"): _CLOSED,
    ("closed before", "s['a'] = 1"): _CLOSED,
    ("closed before", "m[0]"): _CLOSED,
    ("closed before", "lock.release()"): "a lock between processes is one between threads to the rows",
    ("a database that went", "db.total_changes"): "an attribute of a closed connection",
    (
        "a database that went",
        "sqlite3.connect(p, detect_types=sqlite3.PARSE_COLNAMES).execute('select \\'x\\' as \"a [timestamp]\"').fetchone()",
    ): "a converter of the connection fails in a fetch",
    ("a file of a far time", "with zipfile.ZipFile('z.zip', 'w') as z: z.write(q)"): _FAR,
    ("a file of a far time", "shutil.make_archive('other', 'zip', p)"): _FAR,
    ("a file of a far time", "gzip.GzipFile('other', 'wb', mtime=os.path.getmtime(q)).write(b'a')"): _FAR,
    ("a file of an early time", "gzip.GzipFile('other', 'wb', mtime=os.path.getmtime(q)).write(b'a')"): _FAR,
    **{
        ("a name that is no text", f"for n in os.listdir(p): {body}"): _THROUGH
        for body in (
            "xml.etree.ElementTree.tostring(xml.etree.ElementTree.Element('a', name=n), encoding='unicode').encode()",
            "json.dumps(n, ensure_ascii=False).encode()",
            "plistlib.dumps({'a': n})",
            "html.escape(n).encode('utf-8')",
            "xmlrpc.client.dumps((n,)).encode()",
            "sqlite3.connect(':memory:').execute(n)",
            "shelve.open('db')[n] = 1",
        )
    },
    ("a name that is no text", "for f in pathlib.Path(p).iterdir(): str(f).encode()"): _THROUGH,
}
"""Fault and line of which an escape is known, and why it is left."""
