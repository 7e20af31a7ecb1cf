"""Changes of a file that do not change what it does, or only add what may reach it.

Input: the text of one file. Output: per change the texts of the files that take its place; none where the change finds nothing
to do. All start from what ``ast.unparse`` gives, but the formatters, which start from the text itself. The name of a change begins
with its kind, and where there are several of a kind goes on with what is different in this one.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from . import aliases, callers, moving, naming
from .moving import Files
from .scopes import Others

FORMATTED = ("a formatter run", "a formatter run: as a tree is written")
KINDS = (
    "names changed",
    "functions reordered",
    "a formatter run",
    "split in two",
    "an alias put in between",
    "an unknown caller added",
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a file stands.

    Attributes:
        stem: the name of its module.
        package: the dotted name of its package; empty where it stands in none.
        others: all other files of the project.
    """

    stem: str
    package: str
    others: Others


def base(text: str) -> str:
    """Give the text that the changed ones are compared with."""
    return ast.unparse(ast.parse(text)) + "\n"


def formatted(text: str) -> Iterator[tuple[str, Files]]:
    """Yield a text formatted anew by name of the change: in narrow lines, and as ``ast.unparse`` writes it."""
    command = [sys.executable, "-m", "ruff", "format", "--isolated", "--line-length", "50", "-"]
    made = subprocess.run(command, input=text.encode(), capture_output=True, check=False)
    if made.returncode == 0 and made.stdout.decode() != text:
        yield FORMATTED[0], {"": made.stdout.decode()}
    if base(text) != text:
        yield FORMATTED[1], {"": base(text)}


def is_part(name: str) -> bool:
    """Say whether a file has what was moved out of the changed one."""
    return name.endswith("_parte.py")


def changed(text: str, place: Place, only: str = "") -> Iterator[tuple[str, Files]]:
    """Yield the changes of a text by name.

    Args:
        text: what `base` gave.
        place: where its file stands.
        only: how the names of those that are made begin.
    """
    for name, make in _makers(text, place).items():
        if not name.startswith(only):
            continue
        files = make(ast.parse(text))
        if files is not None:
            for each in files.values():
                compile(each, "<changed>", "exec", dont_inherit=True)
            yield name, files


def _makers(text: str, place: Place) -> dict[str, Callable[[ast.Module], Files | None]]:
    stem, others = place.stem, place.others
    split = partial(moving.split, stem=stem, others=others, in_package=bool(place.package))
    beside, caller = _import_beside(place), f"{stem}_quem_chama.py"
    elsewhere, far = _import_elsewhere(place)
    return {
        "names changed": lambda tree: _only(naming.locals_renamed(tree, others)),
        "names changed: what the file defines": lambda tree: _only(naming.definitions_renamed(tree, others)),
        "names changed: attributes": lambda tree: _only(naming.attributes_renamed(tree, others)),
        "functions reordered": moving.reordered,
        "an alias put in between": lambda tree: _only(aliases.of_definitions(tree)),
        "an alias put in between: imports": lambda tree: _only(aliases.of_imports(tree)),
        "an alias put in between: self": lambda tree: _only(aliases.of_self(tree)),
        "an alias put in between: values": lambda tree: _only(aliases.of_values(tree)),
        "an alias put in between: methods": lambda tree: _only(aliases.of_methods(tree)),
        "split in two: by names": partial(split, way="names"),
        "split in two: by star": partial(split, way="star"),
        "split in two: by module": partial(split, way="module"),
        "an unknown caller added": lambda tree: callers.called(tree, text, beside, caller),
        "an unknown caller added: elsewhere": lambda tree: callers.called(tree, text, elsewhere, far),
        "an unknown caller added: writes": lambda tree: callers.written_to(tree, text, elsewhere, far),
        "an unknown caller added: inherits": lambda tree: callers.inherited(tree, text, beside, caller),
    }


def _only(text: str | None) -> Files | None:
    return None if text is None else {"": text}


def _import_beside(place: Place) -> str:
    if place.package:
        return (
            f"from . import {place.stem} as aqui"
            if place.stem != "__init__"
            else f"import {place.package} as aqui"
        )
    return _import_by_name(place.stem)


def _import_elsewhere(place: Place) -> tuple[str, str]:
    """Give the lines that import a file from another folder, and the path of that file."""
    if place.package:
        up = "../" * (place.package.count(".") + 1)
        dotted = place.package if place.stem == "__init__" else f"{place.package}.{place.stem}"
        return f"import {dotted} as aqui", f"{up}de_fora_chama.py"
    lines = [
        "import os",
        "import sys",
        "sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))",
        _import_by_name(place.stem),
    ]
    return "\n".join(lines), "de_fora/chama.py"


def _import_by_name(stem: str) -> str:
    if stem.isidentifier():
        return f"import {stem} as aqui"
    return f"import importlib\naqui = importlib.import_module({stem!r})"
