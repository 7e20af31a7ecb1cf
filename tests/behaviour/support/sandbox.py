"""Run a worker in a world of its own, and write down everything that the world saw of it.

Original and migrated workers run one after the other in a folder of the same name, built anew for each, with
the same repeatable clock, the same faults (``inject/sitecustomize.py``), the same stand-in libraries
(``stubs``), the same commands on PATH and the same server. What comes out is an ``Observation``;
``differences`` says in which respects two of them differ.
"""

from __future__ import annotations

import enum
import gzip
import io
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
import urllib.parse
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from commands import Forks

HERE = Path(__file__).resolve().parents[1]
PROJECT = HERE.parent.parent
WORKERS = PROJECT / "fixtures" / "workers"
FORKS = Path(__file__).with_name("worker_forks.py")
RUNTIME_FILES = ("worker_logger.py", "worker_utils.py")
EPOCH = 1772445600  # as in inject/sitecustomize.py
AGE = 70  # seconds, of every file that stands in the sandbox beforehand
RUN_LIMIT = 60.0  # seconds until a run counts as hanging; ordinary ones take a fraction of one


class Difference(enum.Enum):
    """What a migrated worker may do otherwise."""

    SURVIVES_PASSING_FAULT = "a passing I/O fault is survived"
    BUG_SURFACES = "an error of a kind that the try body cannot raise by itself is no longer swallowed"
    CTRL_C_SURFACES = "Ctrl-C is no longer swallowed by a bare except"
    READS_AGAIN = "a GET, HEAD or OPTIONS that failed may be sent again up to max_retries times"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong, in the worker and its children alike.

    Attributes:
        call: ``open``, ``listdir``, ``scandir``, ``stat``, ``mkdir``, ``remove``, ``unlink``, ``rename``,
            ``replace``, ``sleep``.
        path: pattern (``fnmatch``) for the absolute path.
        error: an ``errno`` name, a built-in exception, ``vanish`` (the file goes just before),
            ``full`` (opens, but nothing can be written) or ``SIGINT``.
        mode: ``r`` or ``w`` for openings that only read, or write; empty for both.
        skip: how many calls pass first.
        times: how many calls are struck; None for all.
        depth: 0 for the worker itself, 1 for its children, None for both.
    """

    call: str
    path: str = "*"
    error: str = "EIO"
    mode: str = ""
    skip: int = 0
    times: int | None = None
    depth: int | None = None


@dataclass(frozen=True, slots=True)
class Scenario:
    """One run of one worker.

    Attributes:
        worker: file name under ``scripts``.
        name: what is special about it, as a readable test id.
        arguments: for the command line.
        environment: added to the sandbox's.
        files: relative path -> content; None removes, an empty tuple makes a folder there.
        faults: in the order in which they are asked.
        server: a mode of ``Server``.
        commands: how the commands on PATH behave, a key of ``COMMANDS``.
        terminal: encoding of the console.
        stubs: whether ``requests`` and ``psutil`` can be imported from our stand-ins.
        console: without one both streams are closed, as for a program that the desktop starts in the background.
        one_pipe: stdout and stderr in one unbuffered pipe, to see their order.
        file_limit: bytes beyond which the system lets no file grow, the log included.
        allowed: what may differ, and how the test then compares.
    """

    worker: str
    name: str = "nothing goes wrong"
    arguments: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, bytes | tuple[()] | None] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()
    server: str = "answers"
    commands: str = "work"
    terminal: str = "utf-8"
    stubs: bool = True
    console: bool = True
    one_pipe: bool = False
    file_limit: int | None = None
    allowed: Difference | None = None

    def __str__(self) -> str:
        return f"{self.worker.removesuffix('.py')}-{self.name}".replace(" ", "_")


@dataclass(frozen=True, slots=True)
class Observation:
    """All that the world saw of one run.

    Attributes:
        stdout, stderr: bytes, with the frames of tracebacks left out (they show lines of the script).
        code: exit code, negative for a signal.
        files: relative path -> bytes; a folder is None. Without scripts, runtime and logs.
        requests: ``METHOD path body``, as the server received them.
        starts: processes that Python started, and what the commands on PATH wrote down themselves.
        sleeps: seconds of each sleep of the worker.
        retry_waits: seconds of each wait of the runtime.
        logs: file name -> text, of the log folder.
        was_struck: whether an error came out of the blue.
    """

    stdout: bytes
    stderr: bytes
    code: int
    files: Mapping[str, bytes | None]
    requests: tuple[str, ...]
    starts: tuple[str, ...]
    sleeps: tuple[float, ...]
    retry_waits: tuple[float, ...]
    logs: Mapping[str, str]
    was_struck: bool = False


ASPECTS = ("stdout", "stderr", "code", "files", "requests", "starts", "sleeps")


def differences(one: Observation, other: Observation) -> tuple[str, ...]:
    """Name the aspects in which two runs differ; the log and the runtime's waits are none."""
    return tuple(aspect for aspect in ASPECTS if getattr(one, aspect) != getattr(other, aspect))


# ---------------------------------------------------------------- the world

ENVIRONMENT = {
    "AIDER_JOB_TIMEOUT": "20",
    "AIDER_MAX_POLLS": "1",
    "AIDER_TIMEOUT": "20",
    "BRIDGE_MAX": "2",
    "GENESIS_AGENT_TIMEOUT": "20",
    "GENESIS_MAX_CYCLES": "2",
    "SENTINEL_ENGINE_TIMEOUT": "20",
    "SENTINEL_MAX_LOOPS": "2",
    "WATCHDOG_ROUNDS": "2",
    "ZERO_FISCAL_PAUSE": "0",
    "ZERO_FISCAL_ROUNDS": "2",
    "ZERO_METRICS_ROUNDS": "2",
    "ZERO_SENTINEL_MAX": "2",
    "ZERO_TASK_TIMEOUT": "20",
}
"""Every loop ends, and no limit is so tight that a busy machine reaches it."""

_LOG_START = 'printf "%s\\n" "$(basename "$0") $*" >> "$COMMAND_LOG"\n'
COMMANDS: Mapping[str, str | None] = {
    "work": 'cat >> "$COMMAND_LOG"\n'
    "printf 'Analisando o pedido…\\n\\n\\033[32mAlterado\\033[0m: frete.py\\nPONTOS: 3\\n'\n"
    'printf \'{"resultado": "sucesso", "custo": "12", "turnos": 4}\\nSUCESSO\\n\'\n',
    "refuse": 'cat >> "$COMMAND_LOG"\n'
    'printf \'{"resultado": "recusado", "custo": 1, "turnos": 0}\\nErro: rate limit\\nPONTOS: muitos\\n\'\n',
    "fail": "printf 'Erro: sem cota\\n' >&2\nexit 7\n",
    "hang": "exec sleep 30\n",
    "babble": "printf 'lixo \\377\\376 no meio\\n'\n",
    "not executable": "",
    "missing": None,
}
COMMAND_NAMES = ("genesis-agent", "zero-run", "aider", "aider-run")


class World:
    """Folder, commands and server for the runs of one test session; one run at a time."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.box = root / "box"
        self.bin = root / "bin"
        self.server = Server()
        self._forks: dict[bool, Forks] = {}

    def run(self, scenario: Scenario, scripts: Path, *, is_fresh: bool = False) -> Observation:
        """Run one scenario on the scripts of one folder.

        Most of a short run is the start of Python and its imports, the same each time. So a run is the fork of a process that has
        them (see ``worker_forks``), but where the start itself is the matter.

        Args:
            scenario: what to run, and what goes wrong.
            scripts: the originals, or their migrated copies with the runtime beside them.
            is_fresh: start Python for it in any case.

        Returns:
            What the world saw.
        """
        self._build(scenario, scripts)
        trace = self.root / "trace.jsonl"
        command_log = self.root / "commands.txt"
        for path in (trace, command_log):
            path.write_text("")
        environment = self._environment(scenario, trace, command_log)
        with self.server.answering(scenario.server):
            if is_fresh or not _may_be_forked(scenario):
                code, stdout, stderr = self._start(scenario, environment)
            else:
                code, stdout, stderr = self._fork(scenario, environment)
        entries = [json.loads(line) for line in trace.read_text(encoding="utf-8").splitlines()]
        return Observation(
            stdout=_without_frames(stdout),
            stderr=_without_frames(stderr),
            code=code,
            files=self._files(),
            requests=tuple(self.server.received),
            starts=(
                *(str(entry[1]) for entry in entries if entry[0] == "start"),
                *command_log.read_text(encoding="utf-8").splitlines(),
            ),
            sleeps=tuple(entry[1] for entry in entries if entry[0] == "sleep"),
            retry_waits=tuple(entry[1] for entry in entries if entry[0] == "retry wait"),
            logs=self._logs(),
            was_struck=any(entry[0] == "struck" for entry in entries),
        )

    def _start(self, scenario: Scenario, environment: dict[str, str]) -> tuple[int, bytes, bytes]:
        """Start Python for a scenario; give exit code, stdout and stderr."""
        command = [sys.executable, f"scripts/{scenario.worker}", *scenario.arguments]
        if not scenario.console:
            command = ["/bin/sh", "-c", 'exec "$@" >&- 2>&-', "sh", *command]
        done = subprocess.run(
            command,
            cwd=self.box,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if scenario.one_pipe else subprocess.PIPE,
            timeout=RUN_LIMIT,
            check=False,
        )
        return done.returncode, done.stdout, done.stderr or b""

    def _fork(self, scenario: Scenario, environment: dict[str, str]) -> tuple[int, bytes, bytes]:
        """Run a scenario in a fork; give exit code, stdout and stderr."""
        if scenario.stubs not in self._forks:
            idle = {name: text for name, text in environment.items() if not name.startswith("SANDBOX_")}
            self._forks[scenario.stubs] = Forks((), idle, str(FORKS))
        arguments = [f"scripts/{scenario.worker}", *scenario.arguments]
        return self._forks[scenario.stubs].run(arguments, self.box, environment, None, RUN_LIMIT, None)

    def _build(self, scenario: Scenario, scripts: Path) -> None:
        shutil.rmtree(self.box, ignore_errors=True)
        shutil.copytree(WORKERS / "sandbox", self.box)
        shutil.copytree(scripts, self.box / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
        (self.box / "prompts.zip").write_bytes(_zip({"sistema.txt": "Seja breve."}))
        for name, content in scenario.files.items():
            path = self.box / name
            if path.is_dir():
                shutil.rmtree(path)
            path.unlink(missing_ok=True)
            if isinstance(content, tuple):
                path.mkdir(parents=True)
            elif content is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
        for path in self.box.rglob("*"):
            if "scripts" not in path.parts:
                os.utime(path, (EPOCH - AGE, EPOCH - AGE))
        shutil.rmtree(self.bin, ignore_errors=True)
        self.bin.mkdir(parents=True)
        behaviour = COMMANDS[scenario.commands]
        if behaviour is not None:
            for name in COMMAND_NAMES:
                (self.bin / name).write_text("#!/bin/sh\n" + _LOG_START + behaviour, encoding="utf-8")
                (self.bin / name).chmod(0o755 if behaviour else 0o644)

    def _environment(self, scenario: Scenario, trace: Path, command_log: Path) -> dict[str, str]:
        search = [str(HERE / "inject")] + ([str(HERE / "stubs")] if scenario.stubs else [])
        environment = {
            **ENVIRONMENT,
            "PATH": f"{self.bin}{os.pathsep}/usr/bin{os.pathsep}/bin",
            "PYTHONPATH": os.pathsep.join(search),
            "PYTHONPYCACHEPREFIX": str(self.root / "bytecode"),
            "PYTHONIOENCODING": f"{scenario.terminal}:strict",
            "PYTHONHASHSEED": "0",
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
            "COMMAND_LOG": str(command_log),
            "SANDBOX_TRACE": str(trace),
            "SANDBOX_FAULTS": json.dumps([asdict(fault) for fault in scenario.faults]),
            "AIDER_WORKSPACE": str(self.box),
            "GENESIS_HOME": str(self.box),
            "ZERO_HOME": str(self.box),
            "AIDER_SYNC_URL": f"{self.server.address}/sync",
            "BRIDGE_API": f"{self.server.address}/bot",
            "ZERO_API": self.server.address,
            "ZERO_PANEL_URL": f"{self.server.address}/painel",
        }
        if os.name == "nt":  # no process starts without it
            environment["SYSTEMROOT"] = os.environ["SYSTEMROOT"]
        if scenario.one_pipe:
            environment["PYTHONUNBUFFERED"] = "1"
        if scenario.file_limit is not None:
            environment["SANDBOX_FILE_LIMIT"] = str(scenario.file_limit)
        if scenario.server == "down":
            # Nobody listens on the reserved port 9 of the loopback interface.
            environment = {
                key: value.replace(self.server.address, DEAD) for key, value in environment.items()
            }
        environment.update(scenario.environment)
        return environment

    def _files(self) -> dict[str, bytes | None]:
        found: dict[str, bytes | None] = {}
        for path in sorted(self.box.rglob("*")):
            relative = path.relative_to(self.box)
            if relative.parts[0] in {"scripts", "logs"}:
                continue
            if path.is_dir():
                found[str(relative)] = None
            else:
                found[str(relative)] = _tables(path) if path.suffix == ".db" else path.read_bytes()
        return found

    def _logs(self) -> dict[str, str]:
        folder = self.box / "logs"
        if not folder.is_dir():
            return {}
        return {
            path.name: path.read_bytes().decode("utf-8")
            for path in sorted(folder.iterdir())
            if path.is_file()
        }


def _may_be_forked(scenario: Scenario) -> bool:
    """Whether nothing of a scenario is read or set up when Python starts."""
    return (
        hasattr(os, "fork")
        and scenario.console
        and not scenario.one_pipe
        and scenario.file_limit is None
        and scenario.terminal == "utf-8"
        and not any(name.startswith(("PYTHON", "LC_", "LANG", "TZ")) for name in scenario.environment)
    )


_FRAMES = re.compile(rb"^(Traceback \(most recent call last\):\r?\n)(?:[ \t].*\n)+", re.MULTILINE)


def _without_frames(output: bytes) -> bytes:
    return _FRAMES.sub(rb"\1", output)


def _zip(members: Mapping[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in members.items():
            archive.writestr(zipfile.ZipInfo(name), text)
    return buffer.getvalue()


def _tables(path: Path) -> bytes:
    """Rows of a database as text; its pages hold bytes that no worker wrote."""
    import sqlite3

    connection = sqlite3.connect(path)
    try:
        return "\n".join(connection.iterdump()).encode()
    except sqlite3.DatabaseError:
        return path.read_bytes()
    finally:
        connection.close()


# ---------------------------------------------------------------- the server

DEAD = "http://127.0.0.1:9"

TASKS = {
    "tarefas": [
        {"id": "r1", "titulo": "Publicar o boletim", "comando": ["publicar", "boletim"]},
        {"id": "t0", "titulo": "Já feita", "comando": []},
    ]
}
UPDATES = {
    "ok": True,
    "result": [
        {"update_id": 41, "message": {"chat": {"id": 1}, "text": " /status "}},
        {"update_id": 42, "message": {"chat": {"id": 2}, "text": "Arrume o rodapé 🙂"}},
        {"update_id": 43, "message": {"chat": {"id": 99}, "text": "oi"}},
        {"update_id": 44, "message": {"chat": {"id": 1}}},
        {"update_id": 45, "message": {"chat": {"id": 1}, "text": "/ajuda"}},
        {"update_id": 46, "message": {"chat": {"id": 1}, "text": "/pare"}},
    ],
}
ANSWERS: Mapping[str, bytes] = {
    "/tarefas": json.dumps(TASKS).encode(),
    "/resultado": b"{}",
    "/bot/getUpdates": json.dumps(UPDATES).encode(),
    "/bot/sendMessage": b'{"ok": true}',
    "/painel": b'{"fila": {"tamanho": 3}}',
    "/sync/regras.md": b"# Regras\n\n1. Commits pequenos.\n",
    "/sync/modelo.md.gz": gzip.compress(b"# Modelo\n", mtime=0),
}
NONSENSE: Mapping[str, bytes] = {
    "nonsense": b"<html>502</html>",
    "a list": b"[1, 2]",
    "null": b"null",
    "odd fields": b'{"ok": true, "result": [{"id": 1}], "tarefas": [{"nome": "?"}], "fila": []}',
    "wrong types": b'{"ok": "sim", "result": [7], "tarefas": 5, "fila": {"tamanho": "muita"}}',
    "bad bytes": b'{"tarefas": "\xff\xfe"}',
    "empty": b"",
}
STATUSES: Mapping[str, int] = {"refuses": 403, "too many": 429, "broken": 500}
SLOW = 0.7  # seconds that the slow server takes; clients give up before
IMPATIENT = "0.25"  # seconds that clients wait for the slow server


class Server:
    """A server on the loopback interface that writes down what it receives.

    Modes: ``answers``; ``down`` (the worker is sent elsewhere); a key of ``NONSENSE`` (200 with that body); a key of
    ``STATUSES``; ``slow``; ``hangs up``.
    """

    def __init__(self) -> None:
        self.mode = "answers"
        self.received: list[str] = []
        self._httpd = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._httpd.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._httpd.server_port}"
        self._thread = threading.Thread(target=self._httpd.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @contextmanager
    def answering(self, mode: str) -> Iterator[None]:
        """Answer in one mode, and forget what came before."""
        self.mode = mode
        self.received = []
        yield

    def close(self) -> None:
        """Stop listening."""
        self._httpd.shutdown()
        self._httpd.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def _answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                server.received.append(" ".join(filter(None, (self.command, self.path, body))))
                path = urllib.parse.urlsplit(self.path).path
                if server.mode == "hangs up":
                    return
                if server.mode == "slow":
                    time.sleep(SLOW)
                status = STATUSES.get(server.mode, 200 if path in ANSWERS else 404)
                content = NONSENSE.get(server.mode, ANSWERS.get(path, b"{}"))
                try:
                    self.send_response(status)
                    self.send_header("Content-Length", str(len(content)))
                    self.end_headers()
                    self.wfile.write(content)
                except (BrokenPipeError, ConnectionResetError):
                    pass  # the client has given up, as it should

            do_GET = do_POST = do_HEAD = do_OPTIONS = _answer  # noqa: N815 - the names that http.server asks for

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in the base class
                """Say nothing."""

        return Handler
