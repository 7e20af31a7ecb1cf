"""Write the runtime's reference from its docstrings: ``python docs/reference.py > docs/reference.md``.

The two files are read, not imported: signatures are shown as they are written.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

RUNTIME = Path(__file__).resolve().parents[1] / "src" / "workerlog_migrate" / "runtime"
MODULES = ("worker_logger", "worker_utils")

_SECTION = re.compile(r"(Args|Returns|Raises|Attributes|Example|Examples):")
_ENTRY = re.compile(r"\*{0,2}([\w., ]+?): +(.*)")


def render() -> str:
    """Give the page as Markdown."""
    lines = [
        "# Reference of the runtime",
        "",
        "Made from the docstrings by `docs/reference.py`; [the runtime](runtime.md) says how it behaves as a whole.",
    ]
    for name in MODULES:
        tree = ast.parse((RUNTIME / f"{name}.py").read_text(encoding="utf-8"))
        lines += ["", f"## `{name}`", "", *_paragraphs(ast.get_docstring(tree) or "")]
        for public in _public(tree):
            lines += ["", f"### `{public}`", ""]
            definition = _definition(tree, public)
            if isinstance(definition, ast.FunctionDef):
                lines += ["```python", *_signature(definition), "```", ""]
                lines += _paragraphs(ast.get_docstring(definition) or "")
            elif isinstance(definition, ast.Assign):
                lines.append(f"`{ast.unparse(definition.value)}` by another name.")
    return "\n".join(lines) + "\n"


def _public(tree: ast.Module) -> list[str]:
    """Read ``__all__``."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return [str(name) for name in ast.literal_eval(node.value)]
    raise ValueError("a runtime module names what is public in __all__")


def _definition(tree: ast.Module, name: str) -> ast.stmt:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return node
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
            return node
    raise ValueError(f"{name} is in __all__ and defined nowhere")


def _signature(function: ast.FunctionDef) -> Iterator[str]:
    """One parameter a line, as a person would lay it out."""
    yield f"def {function.name}("
    arguments = function.args
    plain = [*arguments.posonlyargs, *arguments.args]
    defaults = [None] * (len(plain) - len(arguments.defaults)) + arguments.defaults
    for argument, default in zip(plain, defaults, strict=True):
        yield _parameter(argument, default)
    if arguments.vararg:
        yield f"    *{ast.unparse(arguments.vararg)},"
    elif arguments.kwonlyargs:
        yield "    *,"
    for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        yield _parameter(argument, default)
    if arguments.kwarg:
        yield f"    **{ast.unparse(arguments.kwarg)},"
    returns = f" -> {ast.unparse(function.returns)}" if function.returns else ""
    yield f"){returns}: ..."


def _parameter(argument: ast.arg, default: ast.expr | None) -> str:
    written = ast.unparse(argument)
    return f"    {written}," if default is None else f"    {written} = {ast.unparse(default)},"


def _paragraphs(docstring: str) -> Iterator[str]:
    """Turn a docstring into Markdown: sections become bold words, their entries a list."""
    section = ""
    for line in inspect.cleandoc(docstring).replace("``", "`").splitlines():
        heading = _SECTION.fullmatch(line)
        entry = _ENTRY.match(line.strip()) if section in ("Args", "Raises", "Attributes") else None
        if heading:
            section = heading[1]
            yield f"**{section}**"
            yield ""
        elif entry and line.startswith("    ") and not line.startswith("     "):
            yield f"- `{entry[1]}`: {entry[2]}"
        elif section in ("Args", "Raises", "Attributes") and line.startswith("     "):
            yield f"  {line.strip()}"
        else:
            yield line.strip() if section else line


if __name__ == "__main__":
    print(render(), end="")  # noqa: T201  # this is the program's output
