"""Which files does a project hold? Its Python files and those texts that may start one, without what others have installed.

A folder is entered unless git's rules ignore it, it is a virtual environment, or its name says that its content is
installed or made (``node_modules``, ``site-packages``, ``__pycache__``). An ignored *file* is taken: a starter that
only one machine has starts a script all the same. Links to folders are not followed.
"""

# a walk over many thousand entries stays with strings

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from workerlog_migrate.files.discover import Rules, is_ignored, rules_above, rules_in
from workerlog_migrate.files.names import is_folder
from workerlog_migrate.files.roots import SKIPPED_FOLDERS, is_environment

MAX_FILES = 50_000
"""So many Python files, and so many texts, are listed at most."""

MAX_BYTES = 1_000_000
"""A larger file is not read: it is data."""

_SKIPPED = SKIPPED_FOLDERS | {
    ".tox",
    ".nox",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    ".eggs",
    "dist-packages",
}
_HIDDEN = frozenset(
    {".github", ".gitlab", ".circleci", ".vscode", ".idea", ".devcontainer", ".config", ".docker", ".husky"}
)
"""Folders that start things although their name begins with a dot; of the others none is entered."""

_MAX_ENTRIES = 500_000
_PYTHON = (".py", ".pyw")
_TEXTS = frozenset(
    ".ahk .applescript .bash .bat .bzl .cfg .cjs .cmd .command .conf .crontab .cs .desktop .dockerfile .env .envrc .ex .fish .go .gradle .groovy .hcl .in .ini .ipynb .j2 .java .jinja .jinja2 .jl .js .json .ksh .kt .lua .md .mjs .mk .mount .nix .nomad .path .php .pl .plist .plx .properties .ps1 .rb .reg .rs .rst .scpt .service .sh .socket .spec .star .target .tcl .template .tf .timer .tmpl .toml .tpl .ts .txt .vbs .xml .xsh .yaml .yml .zsh".split()  # noqa: SIM905  # a list of words
)
_NAMED_TEXTS = (
    ".env",
    "Procfile",
    "Dockerfile",
    "Containerfile",
    "Makefile",
    "makefile",
    "Justfile",
    "justfile",
    "crontab",
)


class Listing(NamedTuple):
    """The files of a project.

    Attributes:
        root: the project's root.
        python: its Python files, absolute, sorted.
        texts: files that may name a script, absolute, sorted.
        links: which of the Python files are symbolic links, absolute, sorted.
        is_whole: nothing was left out because there was too much.
    """

    root: Path
    python: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    is_whole: bool = True


def list_project(root: Path, *, at_most: int = MAX_FILES) -> Listing:
    """List the files of a project.

    Args:
        root: its root, absolute.
        at_most: how many files of each kind.

    Returns:
        The files; folders that cannot be listed hold none.
    """
    python: list[str] = []
    texts: list[str] = []
    links: list[str] = []
    waiting: list[tuple[str, tuple[Rules, ...]]] = [(str(root), tuple(rules_above(str(root), str(root))))]
    entries = 0
    while waiting and max(len(python), len(texts)) < at_most and entries < _MAX_ENTRIES:
        folder, rules = waiting.pop()
        try:
            with os.scandir(folder) as listing:
                found = sorted(listing, key=lambda entry: entry.name)
        except OSError:
            continue
        entries += len(found)
        rules = tuple(rules_in(folder, {entry.name for entry in found}, rules))
        folders = []
        for entry in found:
            if is_folder(entry):
                if _is_entered(entry.name) and not is_ignored(rules, entry.path, is_folder=True):
                    folders.append(entry.path)
            elif os.path.normcase(entry.name).endswith(_PYTHON):
                if _is_file(entry):
                    python.append(entry.path)
                    if entry.is_symlink():
                        links.append(entry.path)
            elif _may_start(entry.name) and _is_file(entry):
                texts.append(entry.path)
        waiting.extend((each, rules) for each in reversed(folders) if not is_environment(each))
    return Listing(
        root,
        tuple(sorted(python[:at_most])),
        tuple(sorted(texts[:at_most])),
        tuple(sorted(links)),
        is_whole=not waiting,
    )


def _is_entered(name: str) -> bool:
    return name in _HIDDEN if name.startswith(".") else name not in _SKIPPED


def _may_start(name: str) -> bool:
    if "." not in name.removeprefix(".") or name.startswith(_NAMED_TEXTS):
        return True
    return os.path.splitext(name)[1].lower() in _TEXTS  # noqa: PTH122  # a text, asked for each entry


def _is_file(entry: os.DirEntry[str]) -> bool:
    """Whether it is a regular file: a pipe would keep us waiting."""
    try:
        return entry.is_file()
    except OSError:
        return False
