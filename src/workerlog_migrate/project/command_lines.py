"""What do command lines, units and containers do with a script: keep Python from looking beside it, or take it elsewhere alone?"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

SAFE_PATH = re.compile(
    r"PYTHONSAFEPATH(?:[\"'\]]*=[\"']?(?=[^\s\"'])|[\"']?:\s*[\"']?(?=[^\s\"'])|\s+1\b"
    r"|[\"']?,?\s+[\"']?value[\"']?\s*:\s*[\"']?(?=[^\s\"'])|</key>\s*<string>(?=[^<]))"
)
"""The variable is set to something, by a shell, a container, a unit, JSON, YAML or a property list."""

SAFE_OPTION = re.compile(
    r"(?i:(?:interpreter|python)[_-]?(?:args|arguments|options)[\"']?(?:\s+value)?\s*[:=])"
    r"[\[\s\"']*(?:-[A-Za-z]+[\s\"',]+){0,9}-[A-Za-z]*[IP]"
)
"""A process manager or an editor gives the interpreter ``-I`` or ``-P``, apart from the script's path."""
AS_TEXT = re.compile(
    r"\bpy(?:thon|py)?[\d.]{0,10}(?:\s+-\S*){0,9}\s*<\s*(?P<fed>[^\s<>|;&\"']+\.pyw?)\b"
    r"|\bcat\s+(?P<piped>[^\s<>|;&\"']+\.pyw?)\s*[|][^|;&]*\bpy(?:thon|py)"
    r"|\bexec\((?:compile\()?\s*open\(\s*[\\\"']+(?P<read>[^\\\"']+\.pyw?)[\\\"']"
    r"|\brun_path\(\s*[\\\"']+(?P<run>[^\\\"']+\.pyw?)[\\\"']"
    r"|\b(?:SourceFileLoader|spec_from_file_location)\(\s*[\\\"'][^\\\"']*[\\\"']+\s*,\s*[\\\"']+(?P<loaded>[^\\\"']+\.pyw?)[\\\"']"
)
"""Python gets a script as text, by its standard input or ``exec``, or by its path alone: it looks beside nothing then."""

MADE_MODULE = re.compile(
    r"(?:^|[\s\"'\[,(=])-[A-Za-z]*m[\s\"',]+(?P<package>(?:[A-Za-z_]\w*\.)*)(?=[$%{<@])", re.MULTILINE
)
"""A command starts a module by a name that a variable completes: ``-m jobs.$name``."""

SELF_ISOLATED = re.compile(
    r"\bpy(?:thon|py)[\d.]{0,10}(?:\s+-\S+){0,9}?\s+(?P<flag>-[A-HJ-OQ-Za-z]*[IP][A-Za-z]*)\s[^\n]*\$\{?0"
)
"""A script of a shell and of Python at once hands itself over with ``-I`` or ``-P``."""

_VARIABLE = re.compile(
    r"^[ \t]*(?:export[ \t]+|set[ \t]+|readonly[ \t]+|local[ \t]+)?(?P<name>[A-Za-z_]\w{0,50})"
    r"(?:=(?:\"(?P<double>[^\"\n]{0,200})\"|'(?P<single>[^'\n]{0,200})'|(?P<word>[^\s\"']\S{0,200})[ \t]*(?=$|[;#]))"
    r"|[ \t]*[:?]?=[ \t]*(?P<line>[^\n#\"']{1,200}))",
    re.MULTILINE,
)
_USE = re.compile(r"\$(?:[({](?P<braced>\w{1,50})[)}]|(?P<plain>\w{1,50}))|%(?P<batch>\w{1,50})%")
_MOST_USES = 2_000
_MADE = re.compile(r"\$\((?:[^()\n]|\([^()\n]*\)){0,200}\)|`[^`\n]{0,200}`")
"""What a shell puts in the place of a command: ``$(dirname "$0")``."""
_SEARCH_PATH = re.compile(r"\bPYTHONPATH(?:[\"']?\s*[=:]\s*|[ \t]+)[\"']?(?P<folders>[^\s\"',]{1,400})")
_COPY = re.compile(r"^[ \t]*(?:COPY|ADD)[ \t]+(?P<words>[^\n]+)", re.MULTILINE)
_WORKDIR = re.compile(r"^[ \t]*WORKDIR[ \t]+(?P<folder>\S+)", re.MULTILINE)
_WORD = re.compile(r"[^\s\"',\[\]()<>|;&`]+")
_SHELL_COPY = re.compile(
    r"(?:^|[\s;&|`(@\"'/\\-])(?P<name>cp|scp|rsync|install|pscp|xcopy|robocopy|zip|7z|tar|docker-cp)[ \t]+(?P<words>[^\n;&|]+)"
    r"|-m[ \t]+(?P<pack>zipfile|tarfile)[ \t]+-c[ \t]+(?P<packed>[^\n;&|]+)",
    re.MULTILINE,
)
_PACKERS = frozenset({"zip", "7z", "tar"})
_ALONE = re.compile(
    r"--from-file=(?:[\w.-]+=)?[\"']?(?P<mapped>[^\s\"',=]+\.pyw?)\b"
    r"|(?:^|[\s\"'=])(?P<mounted>[^\s\"':=,]*[\w}]\.pyw?):/[^\s\"':]+\.pyw?"
    r"|^[ \t-]*src:[ \t]*[\"']?(?P<sent>[^\s\"']+\.pyw?)[\"']?[ \t]*$",
    re.MULTILINE,
)
_INSTALLED = re.compile(
    r"\bpy[-_]modules[ \t]*=[ \t]*(?:\[(?P<list>[^\]]{0,2000})\]|(?P<lines>[^\n\[]*(?:\n[ \t]+[^\n]+){0,200}))"
)
_INCLUDED = re.compile(
    r"\b(?:include|only-include)[\"']?[ \t]*=[ \t]*(?:\[(?P<list>[^\]]{0,2000})\]|[\"'](?P<one>[^\"'\n]+)[\"'])"
)
_PYTHON = (".py", ".pyw")
_OTHER_ENDING = re.compile(r"\.(?!pyw?$)[A-Za-z]\w*$")


def expand_variables(text: str) -> str:
    """Put the values of variables in the place of their uses, as a shell or a Makefile does; lines stay where they are.

    Args:
        text: a script of a shell, a Makefile, a batch file; anything else stays as it is.
    """
    if "=" not in text or ("$" not in text and "%" not in text):
        return text
    values: dict[str, str] = {}

    def value_of(use: re.Match[str]) -> str:
        return values.get(use["braced"] or use["plain"] or use["batch"], use[0])

    for found in _VARIABLE.finditer(text):
        value = next(found[each] for each in ("double", "single", "word", "line") if found[each] is not None)
        value = _USE.sub(value_of, value.strip())[:400]
        if "$(" not in value and "`" not in value:
            values[found["name"]] = value
    return _USE.sub(value_of, text, count=_MOST_USES) if values else text


def find_search_path(text: str) -> Iterator[str]:
    """Give the folders that a text puts on ``PYTHONPATH``, before the standard library, without what a machine says where they are.

    Args:
        text: of a script of a shell, a unit, a container, a list of variables.
    """
    if "PYTHONPATH" not in text:
        return
    for found in _SEARCH_PATH.finditer(_MADE.sub("$", text)):
        for folder in re.split(r"[:;]", found["folders"]):
            parts = [
                part for part in re.split(r"[/\\]", folder) if part not in ("", ".", "..") and "$" not in part
            ]
            if parts:
                yield "/".join(parts)


def find_copied(name: str, text: str) -> Iterator[tuple[str, int, str]]:
    """Find the scripts that are taken to another place alone, so that what lies beside them stays behind.

    Args:
        name: of the file.
        text: its text; nothing is found in one that names the runtime's files, which go along then.

    Yields:
        A path, where in the text it stands, and what is done with it.
    """
    if ".py" not in text or "worker_logger" in text:
        return
    if name.startswith((".dockerignore", ".gcloudignore", ".slugignore", ".vercelignore")):
        for kept in re.finditer(r"^!\s*/?(?P<path>\S+\.pyw?)\s*$", text, re.MULTILINE):
            yield kept["path"], kept.start(), "keeps"
        return
    yield from _copied_into_image(text)
    for found in _SHELL_COPY.finditer(text):
        words = [
            each for each in _WORD.findall(found["words"] or found["packed"]) if not each.startswith("-")
        ]
        is_pack = found["pack"] or found["name"] in _PACKERS
        for word in words if is_pack else words[:-1]:
            is_beside = not is_pack and words[-1].endswith(_PYTHON) and _folder(words[-1]) == _folder(word)
            is_backup = not is_pack and _OTHER_ENDING.search(words[-1]) is not None
            if word.endswith(_PYTHON) and not (is_beside or is_backup):
                yield word, found.start(), "packs" if is_pack else "copies"
    for found in _ALONE.finditer(text):
        if not (found["sent"] and not name.endswith((".yml", ".yaml"))):
            yield found[found.lastgroup or 0], found.start(), "takes"


def _copied_into_image(text: str) -> Iterator[tuple[str, int, str]]:
    copies: list[tuple[list[str], str, int]] = []
    folders = [(found.start(), found["folder"].strip("\"'")) for found in _WORKDIR.finditer(text)]
    for found in _COPY.finditer(text):
        words = _WORD.findall(found["words"].rstrip("\\"))
        if any(word.startswith("--from") for word in words):
            continue
        words = [word for word in words if not word.startswith("--")]
        here = "/"
        for at, folder in folders:
            here = posixpath.join(here, folder) if at < found.start() else here
        if len(words) > 1:
            copies.append((words[:-1], posixpath.join(here, words[-1]), found.start()))
    for words, to, at in copies:
        for word in words:
            if word.endswith(_PYTHON) and "*" not in word:
                target = posixpath.normpath(posixpath.dirname(to) if to.endswith(_PYTHON) else to)
                if target not in _lands(copies, posixpath.dirname(posixpath.normpath(word))):
                    yield word, at, "copies"


def _lands(copies: list[tuple[list[str], str, int]], folder: str) -> Iterator[str]:
    """Give where what lies in a folder is copied to, by copies of it or of one above it."""
    for words, to, _ in copies:
        for word in words:
            folder_of_it, _, last = word.rpartition("/")
            source = posixpath.normpath((folder_of_it if "*" in last else word) or ".")
            if word.endswith(_PYTHON) and "*" not in word:
                continue
            if source == ".":
                yield posixpath.normpath(posixpath.join(to, folder))
            elif folder == source or folder.startswith(source + "/"):
                yield posixpath.normpath(posixpath.join(to, posixpath.relpath(folder, source)))


def find_installed(name: str, text: str) -> Iterator[tuple[str, int]]:
    """Find the scripts that a distribution lists one by one, so that the runtime would not be installed with them.

    Args:
        name: of the file.
        text: its text; nothing is found in one that names the runtime's files.

    Yields:
        A path, and where the list begins.
    """
    if name not in ("pyproject.toml", "setup.cfg") or "worker_logger" in text:
        return
    for found in _INSTALLED.finditer(text):
        for word in _WORD.findall(found["list"] or found["lines"] or ""):
            yield f"{word}.py", found.start()
    for found in _INCLUDED.finditer(text):
        for word in _WORD.findall(found["list"] or found["one"] or ""):
            if word.endswith(_PYTHON) and "*" not in word:
                yield word, found.start()


def _folder(path: str) -> str:
    return posixpath.dirname(posixpath.normpath(path.replace("\\", "/")))
