"""Write rows for callables that no person has described, from what the standard library itself says of them.

Input: the ``Lib`` folder of the running interpreter, read and never imported from for its tests. Output: files
``generated/<module>.toml``, which the loader asks only after the curated rows. Two kinds of sentences are read:

* the test suite: ``self.assertRaises(ValueError, module.function, ...)`` and ``with self.assertRaises(ValueError):``
  around one call;
* the library: ``try:`` around one call with handlers that name their exceptions.

Each is a fact about one call with its file and line, and nothing more: a function may raise what nobody tested.
That is why generated rows rank below curated ones, and why only public functions get one. Programming errors
(TypeError and the like) are left out as in the curated rows.

Run ``python -m workerlog_migrate.knowledge.generate`` to see whether the committed files are current (exit code 1
when they are not) and add ``--write`` to write them. The facts differ a little between versions of Python; the
committed files come from the version that their first line names.
"""

from __future__ import annotations

import ast
import builtins
import functools
import importlib
import re
import sys
import sysconfig
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from workerlog_migrate.knowledge import Knowledge

FOLDER = Path(__file__).resolve().parent / "generated"

_NOT_BAD_DATA = frozenset(
    [
        *(
            "TypeError",
            "AttributeError",
            "NameError",
            "UnboundLocalError",
            "AssertionError",
            "NotImplementedError",
        ),
        *("RecursionError", "MemoryError", "SystemError", "Exception", "BaseException", "ReferenceError"),
        *(
            "KeyboardInterrupt",
            "SystemExit",
            "GeneratorExit",
            "StopIteration",
            "StopAsyncIteration",
            "Warning",
        ),
        # Signals that a feature is off on this machine, or that a test asks for.
        *("ImportError", "ModuleNotFoundError", "SyntaxError", "BufferError", "asyncio.CancelledError"),
    ]
)
_FOREIGN = frozenset(
    [
        *("test", "tests", "unittest", "idlelib", "turtledemo", "tkinter", "site-packages", "__pycache__"),
        *(
            "distutils",
            "ensurepip",
            "lib2to3",
            "aifc",
            "chunk",
        ),  # gone by Python 3.13, or no business of a worker
    ]
)


@dataclass(frozen=True, slots=True, order=True)
class Fact:
    """One sentence of the standard library about one callable.

    Attributes:
        callee: qualified name of the function or class.
        exception: name as it was written, resolved through the file's imports.
        place: file below ``Lib`` and line, ``Lib/test/test_struct.py:79``.

    """

    callee: str
    exception: str
    place: str


def facts_of(text: str, place: str) -> Iterator[Fact]:
    """Read the facts of one file.

    Args:
        text: the file's text.
        place: its path as it is to be cited.

    Yields:
        The facts in source order; none for a file that this interpreter cannot parse.

    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return
    names = _imports(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            found = _asserted(node)
        elif isinstance(node, ast.With):
            found = _asserted_block(node)
        elif isinstance(node, ast.Try):
            found = _handled(node)
        else:
            continue
        for function, kind in found:
            callee, exception = _qualified(function, names), _qualified(kind, names)
            if callee and exception:
                yield Fact(callee, exception, f"{place}:{function.lineno}")


def generate(lib: Path, knowledge: Knowledge) -> dict[str, str]:
    """Make the files of generated rows.

    Args:
        lib: the folder of the standard library.
        knowledge: the curated rows; what they describe gets no generated row.

    Returns:
        Module name -> text of its file.

    """
    facts: dict[str, dict[str, list[str]]] = {}
    for path in sorted(_files(lib)):
        place = f"Lib/{path.relative_to(lib).as_posix()}"
        for fact in facts_of(path.read_text(encoding="utf-8", errors="replace"), place):
            exception = _parent(knowledge.canonical_exception(fact.exception))
            if exception in _NOT_BAD_DATA or knowledge.exception(exception) is None:
                continue
            facts.setdefault(fact.callee, {}).setdefault(exception, []).append(fact.place)
    modules: dict[str, list[str]] = {}
    for callee, exceptions in sorted(facts.items()):
        if _is_wanted(callee, knowledge):
            modules.setdefault(callee.split(".")[0], []).append(_row(callee, exceptions))
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return {
        module: f"# Generated from the standard library of Python {version} by knowledge/generate.py: do not edit.\n\n"
        + "\n".join(rows)
        for module, rows in modules.items()
    }


def main(arguments: list[str]) -> int:
    """Compare the committed files with what would be generated, or write them.

    Args:
        arguments: ``--write`` or nothing.

    Returns:
        Exit code: 0 when the files are current or were written, else 1.

    """
    made = generate(Path(sysconfig.get_paths()["stdlib"]), Knowledge())
    paths = {FOLDER / f"{module}.toml": text for module, text in made.items()}
    present = {path: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.toml")}
    if paths == present:
        return 0
    if "--write" not in arguments:
        sys.stderr.write(
            "generated rows are not current: python -m workerlog_migrate.knowledge.generate --write\n"
        )
        return 1
    FOLDER.mkdir(exist_ok=True)
    for path in present.keys() - paths.keys():
        path.unlink()
    for path, text in paths.items():
        path.write_text(text, encoding="utf-8")
    return 0


# -- reading -------------------------------------------------------------------------------------------------


def _files(lib: Path) -> Iterator[Path]:
    for path in lib.rglob("*.py"):
        parts = path.relative_to(lib).parts
        is_test = parts[0] == "test" and len(parts) == 2
        if is_test or not _FOREIGN & set(parts):
            yield path


def _asserted(call: ast.Call) -> Iterator[tuple[ast.expr, ast.expr]]:
    """``self.assertRaises(ValueError, function, argument)``."""
    if _is_assert_raises(call) and len(call.args) >= 2:
        yield call.args[1], call.args[0]


def _asserted_block(node: ast.With) -> Iterator[tuple[ast.expr, ast.expr]]:
    """``with self.assertRaises(ValueError): function(argument)``."""
    context = node.items[0].context_expr
    if len(node.items) == 1 and isinstance(context, ast.Call) and _is_assert_raises(context) and context.args:
        function = _only_call(node.body)
        if function is not None:
            yield function, context.args[0]


def _handled(node: ast.Try) -> Iterator[tuple[ast.expr, ast.expr]]:
    """``try: function(argument)`` with ``except ValueError``."""
    function = _only_call(node.body)
    if function is None:
        return
    for handler in node.handlers:
        if isinstance(handler.type, ast.Tuple):
            for kind in handler.type.elts:
                yield function, kind
        elif handler.type is not None:
            yield function, handler.type


def _is_assert_raises(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and call.func.attr in ("assertRaises", "assertRaisesRegex")


def _only_call(body: list[ast.stmt]) -> ast.expr | None:
    """Return the function of a body that is one call and nothing that could raise besides."""
    if len(body) != 1 or not isinstance(body[0], ast.Expr | ast.Assign | ast.Return):
        return None
    value = body[0].value
    if not isinstance(value, ast.Call):
        return None
    inner = [*value.args, *(keyword.value for keyword in value.keywords)]
    doubtful = (ast.Call, ast.Subscript, ast.BinOp, ast.Await, ast.Yield)
    if any(isinstance(node, doubtful) for argument in inner for node in ast.walk(argument)):
        return None
    return value.func


def _imports(tree: ast.Module) -> dict[str, str]:
    """Map the names that a file imports to what they stand for."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.split(".")[0]
                names[alias.asname or top] = alias.name if alias.asname else top
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            for alias in node.names:
                names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    bound = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    bound |= {
        node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    bound |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    return {name: target for name, target in names.items() if name not in bound}


def _qualified(node: ast.expr, names: dict[str, str]) -> str:
    """Return the qualified name of an expression; empty when it is no imported or builtin name."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    if node.id in names:
        return ".".join([names[node.id], *reversed(parts)])
    return node.id if not parts and hasattr(builtins, node.id) else ""


# -- choosing and writing ------------------------------------------------------------------------------------


def _is_wanted(callee: str, knowledge: Knowledge) -> bool:
    """Whether a callee is public, exists here, and is described by no curated row."""
    top, dot, _ = callee.partition(".")
    if not dot or top not in sys.stdlib_module_names or re.search(r"(^|\.)_", callee) or top in _FOREIGN:
        return False
    owner, _, method = callee.rpartition(".")
    if any(_is_curated(f"{each}.{method}", knowledge.root) for each in knowledge.mro(owner)):
        return False
    found = _find(callee)
    if isinstance(found, type) and issubclass(found, BaseException):
        return False
    # `sys.path.remove`: methods of a module's data belong to the type of the data.
    return callable(found) and isinstance(_find(owner), ModuleType | type)


def _is_curated(name: str, root: Path) -> bool:
    """Whether a person wrote a row; the loader cannot be asked, for it knows the generated rows too."""
    files = (root / "types.toml", root / "modules" / f"{name.split('.')[0]}.toml")
    return any(f'["{name}"]' in _text(path) for path in files)


@functools.cache
def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


def _find(name: str) -> object | None:
    parts = name.split(".")
    for cut in range(len(parts), 0, -1):
        module = _import(".".join(parts[:cut]))
        if module is not None:
            for part in parts[cut:]:
                module = getattr(module, part, None)
            return module
    return None


def _import(name: str) -> object | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return importlib.import_module(name)
    except ImportError:
        return None


def _parent(exception: str) -> str:
    """Return the class that people write: OSError for its builtin kinds, UnicodeError for its three."""
    found = getattr(builtins, exception, None)
    for parent in (OSError, UnicodeError):
        if isinstance(found, type) and issubclass(found, parent):
            return parent.__name__
    return exception


def _row(callee: str, exceptions: dict[str, list[str]]) -> str:
    names = ", ".join(f'"{name}"' for name in sorted(exceptions))
    places = sorted({place for listed in exceptions.values() for place in listed[:1]})
    return f'["{callee}"]\nraises = [{names}]\nsource = "{", ".join(places)}"\n'


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
