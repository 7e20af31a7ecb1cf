"""What one Python file says about others, as plain data that goes through JSON and back."""

from __future__ import annotations

import os
import re
from typing import Any, NamedTuple


class Import(NamedTuple):
    """One import statement of one module.

    Attributes:
        module: the dotted name after ``from`` or ``import``; may be empty for ``from . import x``.
        level: leading dots.
        names: what is imported from it (``*`` for all); empty for ``import x``.
        line: where, from 1.
        place: ``top`` (runs whenever the file does), ``guarded`` (may fail, or may not run), ``inner`` (in a function),
            ``typing`` (for type checkers only).
        alias: the name that ``import x as alias`` binds, else empty.
    """

    module: str
    level: int
    names: tuple[str, ...]
    line: int
    place: str
    alias: str = ""

    def base(self, path: str) -> str:
        """Return the folder that the leading dots of an import in a file stand for; without dots, that of the file."""
        folder = os.path.dirname(path)  # noqa: PTH120  # paths are texts here
        for _ in range(self.level - 1):
            folder = os.path.dirname(folder)  # noqa: PTH120
        return folder


class FileFacts(NamedTuple):
    """What one file says.

    Attributes:
        imports: its imports, in source order.
        words: texts in string constants that read as a dotted name or a path, with their line; a part of an f-string that
            ends in a dot or slash keeps it (``cogs.``).
        commands: modules that a string starts by ``-m``, with their line; also in docstrings.
        loaders: functions that are called to load a file by its path, or to execute text.
        importers: functions that are called to import or start a module by a name that is made while the program runs.
        is_near: one of these gets the name of the file's own package.
        loggers: names given to ``getLogger`` and functions called like it; ``__name__``, ``__file__``, ``__package__``, ``__spec__``
            where it is made of that, each text of the file where it is made of something else, or a configuration names loggers,
            and an empty one then.
        values: words that names of the file stand for.
        isolated: the file mentions ``PYTHONSAFEPATH``.
        isolated_paths: texts that follow ``-I`` or ``-P`` in a command: an interpreter is asked not to look beside that script.
        shebang: the first line if it is one, else empty.
        exports: ``__all__`` is assigned.
        has_main_guard: something is compared with ``"__main__"``.
        changes_path: ``sys.path`` is mentioned.
        in_front: folders that are put before the standard library's on it, as far as texts name them; ``^^`` for the one so many
            steps up from the file, ``..`` where any above it may be meant.
        listed: names handed to ``vars``, ``dir`` or ``getmembers``, or whose ``__dict__`` is read.
        passes_over: something is asked of names or of what has them (``startswith``, ``__module__``, ``isclass``).
        by_text: modules that are imported by a text, and names that are patched by one.
        handlers: which of the functions and classes are called that decide where records go (``basicConfig``, ``NullHandler``).
        replaces_print: an attribute ``print`` is stored, or named by a text (``setattr(m, "print", f)``).
        is_told: what `loaders` get is made of texts of the file alone.
        loaded: the words of these texts.
        sweeps: names of folders of which everything is listed, empty where a text does not tell; nothing is seen that would pass
            over the runtime's files there.
        copied: paths of files that are copied elsewhere by a file that starts Python.
        installed: paths of files that a distribution lists one by one, without the runtime's.
        straight: the last line that is reached whenever the file runs.
        looks_elsewhere: modules may be looked for in folders that no text names.
        offers: names that it defines and attributes that it stores in its own objects (see ``handed``).
        touches: attributes that it uses of what it may have been handed.
    """

    imports: tuple[Import, ...] = ()
    words: tuple[tuple[str, int], ...] = ()
    commands: tuple[tuple[str, int], ...] = ()
    loaders: tuple[str, ...] = ()
    importers: tuple[str, ...] = ()
    is_near: bool = False
    loggers: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    isolated: bool = False
    isolated_paths: tuple[str, ...] = ()
    shebang: str = ""
    exports: bool = False
    has_main_guard: bool = False
    changes_path: bool = False
    in_front: tuple[str, ...] = ()
    listed: tuple[str, ...] = ()
    passes_over: bool = False
    by_text: tuple[str, ...] = ()
    handlers: tuple[str, ...] = ()
    replaces_print: bool = False
    is_told: bool = False
    loaded: tuple[str, ...] = ()
    sweeps: tuple[str, ...] = ()
    copied: tuple[str, ...] = ()
    installed: tuple[str, ...] = ()
    straight: int = 0
    looks_elsewhere: bool = False
    offers: tuple[str, ...] = ()
    touches: tuple[str, ...] = ()

    def may_sweep(self, folder: str) -> bool:
        """Say whether all files of a folder may be listed.

        Args:
            folder: its path or name.
        """
        return "" in self.sweeps or re.split(r"[/\\]", folder)[-1] in self.sweeps

    def may_load(self, word: str) -> bool:
        """Say whether a loader of the file may get a path that a word of it is a part of.

        Args:
            word: one of `words`.
        """
        return bool(self.loaders) and (not self.is_told or word in self.loaded)

    def certain(self) -> FileFacts:
        """Give the same with those imports alone that run whenever the file does."""
        return self._replace(
            imports=tuple(each for each in self.imports if each.place == "top" and each.line <= self.straight)
        )

    def to_json(self) -> list[Any]:
        """Give what `from_json` makes the same facts of."""
        return list(self)

    @classmethod
    def from_json(cls, value: list[Any]) -> FileFacts:
        """Make facts of what `to_json` gave.

        Args:
            value: as read back from JSON.

        Raises:
            TypeError, ValueError: it is something else.
        """
        if len(value) != len(cls._fields):
            raise ValueError(f"facts have {len(cls._fields)} fields, not {len(value)}")
        imports, words, commands, *rest = value
        plain: list[Any] = [tuple(each) if isinstance(each, list) else each for each in rest]
        return cls(
            tuple(Import(module, level, tuple(names), *more) for module, level, names, *more in imports),
            tuple((text, line) for text, line in words),
            tuple((text, line) for text, line in commands),
            *plain,
        )
