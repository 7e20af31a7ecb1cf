"""How does a project have its imports sorted, and which formatter lays its code out?

Input: the folder of a script; output: an `ImportStyle`, and the formatter's name. Read from the configuration of ruff
(``ruff.toml``, ``.ruff.toml``, ``[tool.ruff]``), isort (``.isort.cfg``, ``[tool.isort]``, ``[isort]`` in ``setup.cfg`` and
``tox.ini``) and black. What cannot be read there is as if it were not there: the tool itself will complain of it.

Sources: https://docs.astral.sh/ruff/settings/#lintisort, https://pycqa.github.io/isort/docs/configuration/options.html
and .../profiles.html.
"""

from __future__ import annotations

import configparser
import contextlib
import os
import re
import sys
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from workerlog_migrate.errors import UsageError
from workerlog_migrate.files.globbing import Looking, expand_folders
from workerlog_migrate.files.names import is_remote
from workerlog_migrate.files.reading import MAX_SETTINGS, read_file
from workerlog_migrate.files.roots import has_git, is_of_ours

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

FUTURE, STDLIB, THIRD_PARTY, FIRST_PARTY, LOCAL = (
    "future",
    "stdlib",
    "thirdparty",
    "firstparty",
    "localfolder",
)
SECTIONS = (FUTURE, STDLIB, THIRD_PARTY, FIRST_PARTY, LOCAL)

_GONE = frozenset(
    [
        "asynchat",
        "asyncore",
        "binhex",
        "cgi",
        "cgitb",
        "chunk",
        "crypt",
        "distutils",
        "formatter",
        "imghdr",
        "imp",
        "lib2to3",
        "macpath",
        "mailcap",
        "msilib",
        "nis",
        "nntplib",
        "ossaudiodev",
        "parser",
        "pipes",
        "smtpd",
        "sndhdr",
        "spwd",
        "sunau",
        "symbol",
        "telnetlib",
        "tomllib",
        "uu",
        "xdrlib",
    ]
)
"""Modules of the standard library of some Python from 3.6 on: both tools count these as its own on any of them."""

_BLACK: Mapping[str, object] = {
    "multi_line_output": 3,
    "include_trailing_comma": True,
    "ensure_newline_before_comments": True,
    "line_length": 88,
}
_PROFILES: Mapping[str, Mapping[str, object]] = {
    "black": _BLACK,
    "django": {"multi_line_output": 5, "include_trailing_comma": True},
    "pycharm": {"multi_line_output": 3, "force_grid_wrap": 2, "lines_after_imports": 2},
    "google": {"force_single_line": True, "force_sort_within_sections": True, "line_length": 1000},
    "open_stack": {"force_single_line": True, "force_sort_within_sections": True},
    "plone": {**_BLACK, "force_single_line": True, "force_alphabetical_sort": True},
    "attrs": {
        "multi_line_output": 3,
        "include_trailing_comma": True,
        "lines_after_imports": 2,
        "lines_between_types": 1,
    },
    "hug": {"multi_line_output": 3, "include_trailing_comma": True, "line_length": 100},
    "wemake": {"multi_line_output": 3, "include_trailing_comma": True, "line_length": 80},
    "appnexus": {**_BLACK, "force_sort_within_sections": True},
}
_GRID, _HANGING = 0, 3
_MOST_FOLDERS = 2_000
_MOST_BLANK_LINES = 20
_MOST_BLANKS = 200
_BLANKS = re.compile(rf"[^\S\n]{{{_MOST_BLANKS},}}")
"""In a line: for each of them the library's reader looks through all that follow."""


@dataclass(frozen=True, slots=True)
class ImportStyle:
    """How imports are grouped, sorted and broken.

    Attributes:
        folders: folders whose modules are first party.
        known: pattern of a module's name and the section it was given, the first that matches wins.
        sections: the order of the sections.
        default: section of what nothing else is known of.
        no_sections: all imports are one section.
        mixed: ``import a`` and ``from a import b`` are sorted together, by module.
        from_first: ``from`` imports stand before the others.
        single_line: one name an import.
        by_length: shorter module names first.
        lines_between_types: blank lines between ``import`` and ``from`` in one section.
        no_lines_before: sections without a blank line before them.
        lines_after: blank lines after the imports; -1: two before a definition, else one.
        wrap_from: number of names from which on an import is broken; 0: never for their number.
        line_length: characters.
        trailing_comma: one stands behind the last name of a long import broken so.
        sets_comments_apart: a blank line stands above a comment between imports, as black and ruff want it.
        hanging: a long import is broken after its parenthesis, one name a line; otherwise in the manner of a grid.
    """

    folders: tuple[Path, ...] = ()
    known: tuple[tuple[str, str], ...] = ()
    sections: tuple[str, ...] = SECTIONS
    default: str = THIRD_PARTY
    no_sections: bool = False
    mixed: bool = False
    from_first: bool = False
    single_line: bool = False
    by_length: bool = False
    lines_between_types: int = 0
    no_lines_before: tuple[str, ...] = ()
    lines_after: int = -1
    wrap_from: int = 0
    line_length: int = 88
    hanging: bool = True
    trailing_comma: bool = True
    sets_comments_apart: bool = True

    def section(self, module: str, vendored: Path | None = None) -> str:
        """Say in which section an import of a module belongs.

        Args:
            module: its name as the import writes it, with leading dots.
            vendored: the folder in which that module will stand; it may not be there yet. Copies of it in other folders,
                which come with the scripts there, decide nothing: the order of a migration would.

        Returns:
            One of ``sections``, or a name of the project's own.
        """
        if module.startswith("."):
            return LOCAL
        top = module.partition(".")[0]
        if top == "__future__":
            return FUTURE
        parts = module.split(".")
        for length in range(len(parts), 0, -1):
            name = ".".join(parts[:length])
            for pattern, section in self.known:
                if fnmatchcase(name, pattern):
                    return section
        if top in sys.stdlib_module_names or top in _GONE:
            return STDLIB
        if vendored is not None:
            return FIRST_PARTY if vendored in self.folders else self.default
        return FIRST_PARTY if any(_holds(folder, top) for folder in self.folders) else self.default


def import_style(folder: Path) -> ImportStyle:
    """Read how imports are to be sorted in the scripts of a folder.

    Args:
        folder: the folder, absolute or from the current one.

    Returns:
        The style of ruff if the project lets it sort imports, else of isort if that is configured, else what both do
        where nobody has said anything, from the project's root.
    """
    return _import_style(os.path.abspath(folder), os.getcwd())  # noqa: PTH100, PTH109  # links stay as they are


@cache
def _import_style(folder: str, cwd: str) -> ImportStyle:
    ruff = _find_ruff(Path(folder))
    isort = _find_isort(Path(folder))
    if ruff is not None and (isort is None or _sorts_imports(ruff[1])):
        return _ruff_style(*ruff)
    if isort is not None:
        return _isort_style(*isort)
    root = _project_root(Path(folder), Path(cwd))
    return ImportStyle(folders=(root, root / "src"))


def formatter(folder: Path) -> str:
    """Say which formatter a project is configured for.

    Args:
        folder: a folder of the project.

    Returns:
        ``ruff format`` or ``black``, or an empty string.
    """
    for candidate in _upwards(Path(os.path.abspath(folder))):  # noqa: PTH100  # links stay as they are
        tool = _table(_toml(candidate / "pyproject.toml"), "tool")
        if "black" in tool:
            return "black"
        ruff = _ruff_in(candidate)
        if ruff is not None:
            return "ruff format"
    return ""


def _find_ruff(folder: Path) -> tuple[Path, Mapping[str, object]] | None:
    for candidate in _upwards(folder):
        found = _ruff_in(candidate)
        if found is not None:
            return candidate, found
    return None


def _ruff_in(folder: Path) -> Mapping[str, object] | None:
    """Read the configuration of ruff in one folder; ``extend`` brings in that of another file."""
    for name in (".ruff.toml", "ruff.toml"):
        if _is_file(folder / name):
            return _extended(_toml(folder / name), folder)
    tool = _table(_toml(folder / "pyproject.toml"), "tool")
    return _extended(_table(tool, "ruff"), folder) if "ruff" in tool else None


def _extended(table: Mapping[str, object], folder: Path, depth: int = 0) -> Mapping[str, object]:
    other = table.get("extend")
    if not isinstance(other, str) or depth > 4:
        return table
    file = folder / Path(os.path.expandvars(other)).expanduser()
    if is_remote(os.fspath(file), os.fspath(folder)):  # a variable in it would be told, too
        return table
    base = _toml(file)
    if file.name == "pyproject.toml":
        base = _table(_table(base, "tool"), "ruff")
    base = _extended(base, file.parent, depth + 1)
    lint = {**_table(base, "lint"), **_table(table, "lint")}
    return {**base, **table, "lint": lint}


def _sorts_imports(ruff: Mapping[str, object]) -> bool:
    chosen = [
        code
        for table in (ruff, _table(ruff, "lint"))
        for key in ("select", "extend-select")
        for code in _texts(table.get(key))
    ]
    return any(code in ("I", "ALL") or code.startswith("I0") for code in chosen)


def _ruff_style(folder: Path, ruff: Mapping[str, object]) -> ImportStyle:
    options = _table(_table(ruff, "lint"), "isort") or _table(ruff, "isort")
    known = [
        (pattern, section)
        for key, section in (
            ("known-first-party", FIRST_PARTY),
            ("known-third-party", THIRD_PARTY),
            ("known-local-folder", LOCAL),
            ("extra-standard-library", STDLIB),
        )
        for pattern in _texts(options.get(key))
    ]
    for section, patterns in _table(options, "sections").items():
        known += ((pattern, section) for pattern in _texts(patterns))
    return ImportStyle(
        folders=tuple(_folders(folder, _texts(ruff.get("src")) or [".", "src"])),
        known=tuple(known),
        sections=_named(_texts(options.get("section-order"))) or SECTIONS,
        default=_section_name(str(options.get("default-section") or THIRD_PARTY)),
        no_sections=options.get("no-sections") is True,
        mixed=options.get("force-sort-within-sections") is True,
        from_first=options.get("from-first") is True,
        single_line=options.get("force-single-line") is True,
        by_length=options.get("length-sort") is True,
        lines_between_types=_blank_lines(options.get("lines-between-types"), 0),
        no_lines_before=_named(_texts(options.get("no-lines-before"))),
        lines_after=_blank_lines(options.get("lines-after-imports"), -1),
        line_length=_number(ruff.get("line-length"), 88),
    )


def _find_isort(folder: Path) -> tuple[Path, Mapping[str, object]] | None:
    for candidate in _upwards(folder):
        for name, sections in (
            (".isort.cfg", ("settings", "isort")),
            ("pyproject.toml", ()),
            ("setup.cfg", ("isort", "tool:isort")),
            ("tox.ini", ("isort", "tool:isort")),
        ):
            found = _isort_in(candidate / name, sections)
            if found is not None:
                return candidate, found
        if has_git(os.fspath(candidate)):
            return None  # isort looks no further
    return None


def _isort_in(file: Path, sections: tuple[str, ...]) -> Mapping[str, object] | None:
    if not _is_file(file) or not is_of_ours(os.fspath(file)):
        return None
    if not sections:
        tool = _table(_toml(file), "tool")
        return _table(tool, "isort") if "isort" in tool else None
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(_BLANKS.sub(" " * _MOST_BLANKS, read_file(file, MAX_SETTINGS).decode("utf-8")))
    except (OSError, ValueError, configparser.Error):
        return None
    found = [name for name in sections if parser.has_section(name)]
    return {key: value for name in found for key, value in parser.items(name)} if found else None


def _isort_style(folder: Path, options: Mapping[str, object]) -> ImportStyle:
    said = {key.replace("-", "_"): value for key, value in options.items()}
    said = {**_PROFILES.get(str(said.get("profile", "")), {}), **said}
    known = [
        (pattern, _section_name(key.partition("_")[2]))
        for key, value in said.items()
        if key.startswith("known_") or key == "extra_standard_library"
        for pattern in _texts(value)
    ]
    alphabetical = _truth(said.get("force_alphabetical_sort"))
    return ImportStyle(
        folders=tuple(_folders(folder, _texts(said.get("src_paths")) or [".", "src"])),
        known=tuple(known),
        sections=_named(_texts(said.get("sections"))) or SECTIONS,
        default=_section_name(str(said.get("default_section") or THIRD_PARTY)),
        no_sections=alphabetical or _truth(said.get("no_sections")),
        mixed=_truth(said.get("force_sort_within_sections")),
        from_first=alphabetical or _truth(said.get("from_first")),
        single_line=_truth(said.get("force_single_line")),
        by_length=_truth(said.get("length_sort")),
        lines_between_types=_blank_lines(said.get("lines_between_types"), int(alphabetical)),
        no_lines_before=_named(_texts(said.get("no_lines_before"))),
        lines_after=_blank_lines(said.get("lines_after_imports"), -1),
        wrap_from=_number(said.get("force_grid_wrap"), 0),
        line_length=_number(said.get("line_length"), 79),
        hanging=_wrap_mode(said.get("multi_line_output")) == _HANGING,
        trailing_comma=_truth(said.get("include_trailing_comma")),
        sets_comments_apart=_truth(said.get("ensure_newline_before_comments")),
    )


def _wrap_mode(value: object) -> int:
    if isinstance(value, str) and value.lower() == "vertical_hanging_indent":
        return _HANGING
    return _number(value, _GRID)


def _project_root(folder: Path, cwd: Path) -> Path:
    """Give the nearest folder upwards that git or a ``pyproject.toml`` makes a project, else the current folder."""
    for candidate in _upwards(folder):
        if has_git(os.fspath(candidate)) or _is_file(candidate / "pyproject.toml"):
            return candidate
    return cwd


def _section_name(name: str) -> str:
    """Give ``first-party``, ``first_party``, ``FIRSTPARTY`` one name."""
    plain = name.lower().replace("-", "").replace("_", "")
    plain = {"standardlibrary": STDLIB, "local": LOCAL}.get(plain, plain)
    return plain if plain in SECTIONS else name.lower()


def _named(sections: Iterable[str]) -> tuple[str, ...]:
    return tuple(_section_name(section) for section in sections)


def _holds(folder: Path, top: str) -> bool:
    return _is_file(folder / f"{top}.py") or os.path.isdir(folder / top)  # noqa: PTH112  # never raise


def _folders(folder: Path, names: Iterable[str]) -> Iterator[Path]:
    looking = Looking(_MOST_FOLDERS)
    for name in names:
        if is_remote(os.fspath(folder / name), os.fspath(folder)):
            continue
        if "*" in name:
            with contextlib.suppress(
                UsageError, ValueError
            ):  # what leads through a whole disk is no source folder
                yield from map(Path, expand_folders(os.path.abspath(folder / name), looking))  # noqa: PTH100  # as above
        else:
            yield Path(os.path.normpath(folder / name))


def _upwards(folder: Path) -> Iterator[Path]:
    yield from (folder, *folder.parents)


def _is_file(path: Path) -> bool:
    return os.path.isfile(path)  # noqa: PTH113  # False, not an error, in a folder without permission


def _toml(file: Path) -> Mapping[str, object]:
    if not _is_file(file):
        return {}
    from workerlog_migrate.files.toml import parse_toml

    try:
        raw = read_file(file, MAX_SETTINGS)
        return parse_toml(raw.decode("utf-8-sig")) if is_of_ours(os.fspath(file)) else {}
    except (OSError, ValueError):
        return {}


def _table(table: Mapping[str, object], key: str) -> Mapping[str, object]:
    value = table.get(key)
    return value if isinstance(value, dict) else {}


def _texts(value: object) -> list[str]:
    """Read a list of texts; an ini file writes it with commas or on lines of its own."""
    if isinstance(value, str):
        return [part.strip() for part in value.replace("\n", ",").split(",") if part.strip()]
    return [part for part in value if isinstance(part, str)] if isinstance(value, list) else []


def _number(value: object, default: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str):
        return default
    try:
        return int(value)
    except ValueError:
        return default


def _blank_lines(value: object, default: int) -> int:
    """Read a number of blank lines; more than anybody wants would be written into each script."""
    return min(_number(value, default), _MOST_BLANK_LINES)


def _truth(value: object) -> bool:
    return value is True or (isinstance(value, str) and value.lower() in ("true", "1", "yes", "on"))
