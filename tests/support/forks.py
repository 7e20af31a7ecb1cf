"""Runs the command in forks of a process that has imported it: ``python [-P] forks.py DESCRIPTOR``.

Each message of the socket brings the arguments, the folder, the variables and the three streams of one run. A fork takes them
over, makes ``sys.argv``, ``sys.path`` and the text streams as Python makes them when it starts, runs the package as ``-m``
does, and ends as any Python ends. The answers are the fork's process id and, when it has ended, its exit code.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import io
import json
import os
import pkgutil
import runpy
import signal
import socket
import struct
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

_WORKER = """import json
import os
import subprocess
import time


def read(path):
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)["a"]
    except Exception as e:
        print(f"[ERRO] {e}")
        return None


while True:
    try:
        read(os.environ["A"])
        subprocess.run(["a"], capture_output=True, text=True, timeout=5)
    except Exception:
        pass
    time.sleep(1)
"""

SIZE = struct.Struct("!Q")
PACKAGE = "workerlog_migrate"


def receive(link: socket.socket) -> tuple[Any, list[int]] | None:
    """Read one message and its descriptors; None at the end.

    Args:
        link: the socket.
    """
    head, descriptors, _, _ = socket.recv_fds(link, SIZE.size, 3)
    if not head:
        return None
    while len(head) < SIZE.size:
        head += link.recv(SIZE.size - len(head))
    (left,) = SIZE.unpack(head)
    parts = []
    while left:
        part = link.recv(min(left, 1 << 20))
        if not part:
            return None
        parts.append(part)
        left -= len(part)
    return json.loads(b"".join(parts)), descriptors


def send(link: socket.socket, message: object, descriptors: list[int] | None = None) -> None:
    """Write one message.

    Args:
        link: the socket.
        message: what JSON can say.
        descriptors: go along.
    """
    data = json.dumps(message).encode()
    socket.send_fds(link, [SIZE.pack(len(data))], descriptors or [])
    link.sendall(data)


def limit(seconds: int) -> None:
    """Let the system end this process after that much processor time.

    Args:
        seconds: of its own.
    """
    import resource  # not on Windows

    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))


def _streams() -> None:
    """Make the text streams of descriptors 0 to 2 as Python does when it starts, with the encodings that it chose for this one."""
    made = []
    for descriptor, stream in enumerate((sys.stdin, sys.stdout, sys.stderr)):
        raw = io.FileIO(descriptor, "wb" if descriptor else "rb", closefd=False)
        is_terminal = raw.isatty()
        buffered: io.BufferedReader | io.BufferedWriter
        buffered = io.BufferedWriter(raw) if descriptor else io.BufferedReader(raw)
        text = io.TextIOWrapper(
            buffered,
            encoding=stream.encoding,
            errors=stream.errors,
            newline="\n",
            line_buffering=descriptor == 2 or (descriptor == 1 and is_terminal),
        )
        text.mode = "w" if descriptor else "r"  # type: ignore[misc]  # as Python's own have it
        made.append(text)
    sys.stdin, sys.stdout, sys.stderr = sys.__stdin__, sys.__stdout__, sys.__stderr__ = made  # type: ignore[misc]


def become(request: dict[str, Any], descriptors: list[int]) -> None:
    """Be the process that was asked for, but for its arguments.

    Args:
        request: what it is to be, as a message of the socket brings it.
        descriptors: its three streams.
    """
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.umask(request["umask"])
    if request["seconds"] is not None:
        limit(request["seconds"])
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["variables"])
    time.tzset()
    _streams()
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _load() -> None:
    """Import all that the command may import on its way; what runs beside workers, and its own start, are none of that."""
    left_out = (f"{PACKAGE}.runtime", f"{PACKAGE}.__main__")
    for package in (PACKAGE, "workerlog_codemods"):
        for found in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
            if not found.name.startswith(left_out):
                importlib.import_module(found.name)


def _warm() -> None:
    """Run the command once: what it keeps for a whole process, of its own files and of the standard library, the forks have then.

    Expressions that are compiled, rows of the knowledge base, what the runtime needs of the standard library: none of it hangs
    on folders, variables or arguments.
    """
    from workerlog_migrate import cli

    left = os.getcwd()
    with tempfile.TemporaryDirectory(prefix="workerlog-forks-") as folder:
        os.chdir(folder)
        Path("logging").mkdir()
        Path("logging", "__init__.py").touch()  # stands in the runtime's way: what it needs is looked up
        Path("printed.py").write_text('print("[OK] a")\n', encoding="utf-8")
        Path("other").mkdir()
        Path("other", "worker.py").write_text(_WORKER, encoding="utf-8")
        nowhere = io.TextIOWrapper(io.BytesIO())
        arguments = ["--check", "--all", "--no-cache", "--jobs=1", "printed.py", "other"]
        with (
            contextlib.redirect_stdout(nowhere),
            contextlib.redirect_stderr(nowhere),
            contextlib.suppress(SystemExit),
        ):
            cli.main(arguments)
        os.chdir(left)


def serve() -> tuple[dict[str, Any], list[int]] | None:
    """Fork for each message of the socket until nobody asks any more; give the message in a fork, None in the end."""
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for who runs the tests
    link = socket.socket(fileno=int(sys.argv[1]))
    while (message := receive(link)) is not None:
        request, descriptors = message
        child = os.fork()
        if not child:
            link.close()
            return request, descriptors
        for descriptor in descriptors:
            os.close(descriptor)
        send(link, child)
        send(link, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    link.close()
    return None


def main() -> None:
    """Run the command in each fork."""
    _load()
    _warm()
    asked = serve()
    if asked is None:
        return
    become(*asked)
    sys.argv = [PACKAGE, *asked[0]["arguments"]]
    if not getattr(sys.flags, "safe_path", False):
        sys.path[0] = os.getcwd()  # as -m does it
    runpy.run_module(PACKAGE, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
