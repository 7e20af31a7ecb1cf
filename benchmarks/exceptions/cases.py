"""Cases for the exceptions benchmark: handlers that people made specific, from pinned packages and the standard library.

Nothing that is downloaded is imported or run by the benchmark; sources are read as text.
"""

from __future__ import annotations

import ast
import hashlib
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from workerlog_migrate.analysis.exceptions import BROAD, ROOT
from workerlog_migrate.analysis.module import Module
from workerlog_migrate.analysis.types import Types
from workerlog_migrate.errors import Refused
from workerlog_migrate.knowledge import Knowledge
from workerlog_migrate.model import Settings, Source

LOOKED_AT = "looked-at"
ONLY_SCORED = "only-scored"
STDLIB = "stdlib"

PINS: dict[str, dict[str, str]] = {
    LOOKED_AT: {
        "luigi": "3.8.1",
        "dramatiq": "2.2.1",
        "apprise": "2.2.0",
        "pyinfra": "3.10.0",
        "certbot": "5.8.0",
        "buildbot": "4.3.0",
        "poetry": "2.5.1",
        "conan": "2.34.0",
        "locust": "2.47.0",
        "paho-mqtt": "2.2.0",
        "python-telegram-bot": "22.8",
        "slack_sdk": "3.47.0",
        "feedparser": "6.0.14",
        "duplicity": "3.2.1",
        "cookiecutter": "2.7.1",
        "circus": "0.19.0",
        "pyftpdlib": "2.2.0",
        "netmiko": "4.8.0",
    },
    ONLY_SCORED: {
        "huey": "3.5.4",
        "watchdog": "7.1.0",
        "instaloader": "4.16",
        "borgmatic": "2.1.10",
        "mercurial": "7.2.4",
        "tox": "4.67.13",
        "twine": "7.0.0",
        "awscli": "1.46.2",
        "tornado": "6.6.1",
        "pymongo": "4.20.0",
        "discord.py": "2.7.1",
        "praw": "8.0.3",
        "mutagen": "1.48.1",
        "thefuck": "3.32",
        "nikola": "8.3.3",
        "aiosmtpd": "1.4.6",
        "scapy": "2.8.0",
    },
}
GROUPS = ("os", "lookup", "value", "stdlib", "local", "typing", "third-party", "mixed")

_LARGEST = 400_000
_SKIPPED = frozenset(
    [
        "test",
        "tests",
        "testing",
        "idlelib",
        "lib2to3",
        "turtledemo",
        "site-packages",
        "dist-packages",
        "_vendor",
    ]
)
_FAMILIES = (
    ("os", ("OSError",)),
    ("lookup", ("LookupError",)),
    ("typing", ("TypeError", "AttributeError", "NameError")),
    ("value", ("ValueError", "ArithmeticError")),
)


@dataclass(frozen=True)
class File:
    """A source file, and where it belongs.

    Attributes:
        part: ``looked-at`` or ``only-scored``.
        package: the distribution, or ``stdlib``.
        path: where it lies.

    """

    part: str
    package: str
    path: Path


@dataclass(frozen=True)
class Case:
    """One handler that a person made specific.

    Attributes:
        file: where it stands.
        line, column: of the handler, as ``ast`` counts.
        names: canonical names of the person's types, collapsed.
        group: kind of these types, one of ``GROUPS``.
        classes: bases of every class that the types inherit from, for classes that no row describes.
        text: the file with ``Exception`` in place of the person's types.

    """

    file: File
    line: int
    column: int
    names: tuple[str, ...]
    group: str
    classes: tuple[tuple[str, tuple[str, ...]], ...]
    text: str


# -- files --------------------------------------------------------------------------------------------------


def download(cache: Path) -> list[File]:
    """Fetch what is missing of the pinned packages and unpack their sources.

    Args:
        cache: folder outside the repository; what lies there is used again.

    Returns:
        The source files, sorted; a package that cannot be had for this interpreter is named on stderr and left out.

    """
    archives = cache / "archives"
    sources = cache / f"sources-{sys.version_info[0]}.{sys.version_info[1]}"
    found: list[File] = []
    for part, pins in PINS.items():
        for name, version in pins.items():
            folder = sources / f"{name}-{version}"
            if not folder.is_dir() and not _fetch(name, version, archives, folder):
                print(
                    f"{name}=={version} cannot be downloaded for this interpreter: left out", file=sys.stderr
                )
                continue
            found.extend(File(part, name, path) for path in _python_files(folder))
    return found


def standard_library() -> list[File]:
    """Return the running interpreter's own library without its tests, split into parts by a hash of the module's name."""
    root = Path(sysconfig.get_path("stdlib"))
    return [File(_half(path.relative_to(root)), STDLIB, path) for path in _python_files(root)]


def _half(path: Path) -> str:
    top = path.parts[0].removesuffix(".py")
    return LOOKED_AT if hashlib.sha256(top.encode()).digest()[0] % 2 else ONLY_SCORED


def _fetch(name: str, version: str, archives: Path, folder: Path) -> bool:
    target = archives / f"{name}-{version}"
    target.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--disable-pip-version-check"]
    command += ["--dest", str(target), f"{name}=={version}"]
    if subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode:
        return False
    archive = max(target.iterdir(), key=lambda path: path.stat().st_mtime)
    unfinished = folder.with_name(folder.name + ".part")
    unfinished.mkdir(parents=True, exist_ok=True)
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            wheel.extractall(unfinished, [member for member in wheel.namelist() if member.endswith(".py")])
    else:
        with tarfile.open(archive) as sdist:
            for member in sdist.getmembers():
                inner = Path(member.name)
                content = sdist.extractfile(member) if member.isfile() and inner.suffix == ".py" else None
                if content is not None and not inner.is_absolute() and ".." not in inner.parts:
                    (unfinished / inner).parent.mkdir(parents=True, exist_ok=True)
                    (unfinished / inner).write_bytes(content.read())
    unfinished.rename(folder)
    return True


def _python_files(root: Path) -> list[Path]:
    return sorted(
        path
        for path in root.rglob("*.py")
        if not _SKIPPED.intersection(path.relative_to(root).parts[:-1])
        and path.is_file()
        and path.stat().st_size <= _LARGEST
    )


# -- cases --------------------------------------------------------------------------------------------------


def module_of(path: Path, text: str) -> Module | None:
    """Index a text as if it were the file's; None when it cannot be parsed."""
    try:
        return Module(Source(path=path, text=text, raw=text.encode("utf-8", "surrogateescape")))
    except Refused:
        return None


def cases_of(file: File, knowledge: Knowledge) -> Iterator[Case]:
    """Yield the cases of a file, in source order.

    Args:
        file: the file.
        knowledge: the rows, which say what is a known exception.

    Yields:
        A case per ``try`` with a single handler whose types are all known and specific. Left out: handlers that raise,
        guards of imports, and types that end or steer the program.

    """
    try:
        text = file.path.read_text(encoding="utf-8")
    except (OSError, UnicodeError):
        return
    if "except" not in text:
        return
    module = module_of(file.path, text)
    if module is None:
        return
    engine = Types(module, knowledge, Settings()).engine
    for owner in module.tries:
        if not isinstance(owner, ast.Try) or len(owner.handlers) != 1:
            continue
        handler = owner.handlers[0]
        if handler.type is None or _raises(handler) or _guards_import(owner):
            continue
        names, complete = engine.caught.exception_names(handler.type, engine.flat.frame(engine.unit, handler))
        hierarchy = engine.hierarchy
        if not complete or any(
            name in (BROAD, ROOT, "ImportError", "ModuleNotFoundError") or hierarchy.is_control(name)
            for name in names
        ):
            continue
        # Not Hierarchy.collapse: it also joins more than eight names, and these are what the person wrote.
        kept = {name for name in names if not (hierarchy.ancestors(name) - {name}) & set(names)}
        classes = {entry: hierarchy.bases(entry) for name in names for entry in hierarchy.ancestors(name)}
        span = module.span(handler.type)
        start = module.offset(span.line, span.column)
        end = module.offset(span.end_line, span.end_column)
        yield Case(
            file,
            handler.lineno,
            handler.col_offset,
            tuple(sorted(kept)),
            _group(kept, {name: hierarchy.ancestors(name) for name in kept}, knowledge),
            tuple(sorted(classes.items())),
            text[:start] + BROAD + text[end:],
        )


def _raises(handler: ast.ExceptHandler) -> bool:
    stack: list[ast.AST] = list(handler.body)
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Raise):
            return True
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            stack.extend(ast.iter_child_nodes(node))
    return False


def _guards_import(owner: ast.Try) -> bool:
    return all(
        isinstance(entry, ast.Import | ast.ImportFrom | ast.Pass)
        or (
            isinstance(entry, ast.Assign) and isinstance(entry.value, ast.Constant | ast.Name | ast.Attribute)
        )
        for entry in owner.body
    ) and any(isinstance(entry, ast.Import | ast.ImportFrom) for entry in owner.body)


def _group(names: set[str], ancestors: dict[str, frozenset[str]], knowledge: Knowledge) -> str:
    groups = {_group_of(name, ancestors[name], knowledge) for name in names}
    return groups.pop() if len(groups) == 1 else "mixed"


def _group_of(name: str, ancestors: frozenset[str], knowledge: Knowledge) -> str:
    if knowledge.exception(name) is None:
        return "local"
    top, dot, _ = name.partition(".")
    if dot:
        return "stdlib" if top in sys.stdlib_module_names else "third-party"
    for group, roots in _FAMILIES:
        if ancestors.intersection(roots):
            return group
    return "stdlib"
