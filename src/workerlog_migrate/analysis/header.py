"""Where a script's logger set-up stands, or would stand, and which names it uses.

Input: a ``Module`` and its ``Target``. Output: a ``Header``. The header comes after the script's leading imports
(below shebang, coding line, docstring, ``__future__``, ``sys.path`` lines that precede imports and guarded
imports) and before the first other statement, so that every mirrored call runs after it.
"""

from __future__ import annotations

import ast
import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeGuard

from workerlog_migrate.analysis.dynamic import dynamic_names
from workerlog_migrate.analysis.exposure import find_exposure
from workerlog_migrate.analysis.module import Module
from workerlog_migrate.files.vendor import is_ours
from workerlog_migrate.model import RUNTIME_LOGGER, RUNTIME_UTILS, Target
from workerlog_migrate.syntax.blocks import first_line

_SECOND_NAMES = {"logger": "worker_log", "retrying": "with_retry"}
_LOGGER_MAKERS = (
    "worker_logger.module_logger",
    "worker_logger.setup_worker_logger",
    "worker_utils.setup_logger",
    "worker_utils.setup_worker_logger",
)
_TEST = re.compile(r"test_.*|.*_test")
"""Stems of the modules that pytest and unittest collect."""
_TAKES_OFF = re.compile(r"\bpath\s*\.\s*(?:pop|remove|clear)\b")
_SETS_PATH = re.compile(r"\bpath\b(?:(?!\bpath\b)[^=])*=(?!=)")
_OF_SOME = re.compile(r"\bfor\b|\bpath\s*\[\s*\d+\s*:")
_PARSERS = frozenset({"argparse", "click", "docopt", "fire", "getopt", "optparse", "typer"})
_RETRY_MAKERS = ("worker_utils.retry_with_backoff",)


class Form(enum.Enum):
    """How a script imports the runtime."""

    PLAIN = "plain"
    RELATIVE = "relative"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Header:
    """Names and place of the logger set-up in one script.

    Attributes:
        logger, retrying: names of the two objects: those of an existing header, else the next free ones.
        mirror_print, log_ignored, expect_only, setup, retry: local names of the functions to import.
        maker: the function that ``setup`` is the local name of: ``setup_worker_logger`` or ``module_logger``.
        line: code before this line (from 1) runs before the header does; a missing header is put in before it.
        run: the imports among which new ones are sorted: the last that nothing interrupts, below any ``sys.path`` line.
        imports_line: where a new import goes when there is no such run.
        prefix: the dots before the runtime's name: none when it is imported plainly, one for the file's own folder, more for a
            folder above.
        both: the runtime is imported in either way, as the file is started: relatively in a package, else plainly.
        run_as_script: the file lies in a package, yet is run as a script and so imports the runtime flat.
        choice: the existing ``if __package__:`` around the runtime's imports.
        logger_import, utils_import: existing imports of the runtime; in a choice those of its first branch.
        logger_assign, retrying_assign: existing assignments of the two objects.
        refusal: why no header can be put in; empty when one can.
        imports_refusal: why no plain import can be put in; empty when one can.
    """

    logger: str
    retrying: str
    mirror_print: str
    log_ignored: str
    expect_only: str
    setup: str
    retry: str
    maker: str
    line: int
    imports_line: int
    prefix: str = ""
    both: bool = False
    run_as_script: bool = False
    run: tuple[ast.Import | ast.ImportFrom, ...] = ()
    choice: ast.If | None = None
    logger_import: ast.ImportFrom | None = None
    utils_import: ast.ImportFrom | None = None
    logger_assign: ast.Assign | None = None
    retrying_assign: ast.Assign | None = None
    refusal: str = ""
    imports_refusal: str = ""


def find_header(module: Module, target: Target) -> Header:
    """Read a script's header, or choose place and names for one.

    Args:
        module: the script.
        target: tells whether it lies in a package.

    Returns:
        The header, with ``refusal`` set where no line boundary before the first statement can take it.
    """
    leads = _leading_statements(module)
    logger_import, utils_import, logger_assign, retrying_assign = _existing(module)
    choice = next(
        (
            owner
            for node in (logger_import, utils_import)
            if node is not None and isinstance(owner := module.parents.get(node), ast.If)
        ),
        None,
    )
    own: list[ast.stmt] = [
        node
        for node in (choice, logger_import, utils_import, logger_assign, retrying_assign)
        if node is not None
    ]
    plain_leads = [lead for lead in leads if not any(lead is node for node in own)]
    line, refusal = _line_after(module, leads)
    imports_line, imports_refusal = _line_after(module, plain_leads)
    form, placement_refusal = _form(module, target)
    exposure = find_exposure(module, target)
    refusal = refusal or placement_refusal or exposure.refusal
    maker = "module_logger" if target.as_module else "setup_worker_logger"
    last_own = max((_end_line(node) for node in own), default=0)
    existing_import = logger_import or utils_import
    if existing_import is not None:
        both = choice is not None
        prefix = "." * existing_import.level
    else:
        both = form is Form.BOTH
        prefix = {Form.PLAIN: "", Form.BOTH: ".", Form.RELATIVE: "." * target.starts.depth}[form]
    later_star = any(
        isinstance(node, ast.ImportFrom) and node.names[0].name == "*" and node.lineno >= line
        for node in module.imports
    )

    written = dynamic_names(module)
    imported = _imported(module)

    def free(name: str, *, is_rebound: bool = False) -> str:
        if exposure.is_private:
            return _free(module, f"_{name}", written, later_star=False)
        return _free(module, name, written, later_star=is_rebound)

    return Header(
        logger=_assigned(logger_assign) or free("logger", is_rebound=later_star),
        retrying=_assigned(retrying_assign) or free("retrying", is_rebound=later_star),
        mirror_print=_name_of(imported, "worker_logger.mirror_print") or free("mirror_print"),
        log_ignored=_name_of(imported, "worker_logger.log_ignored") or free("log_ignored"),
        expect_only=_name_of(imported, "worker_logger.expect_only") or free("expect_only"),
        setup=_name_of(imported, f"worker_logger.{maker}") or free(maker),
        retry=_name_of(imported, *_RETRY_MAKERS) or free("retry_with_backoff"),
        maker=maker,
        line=max(line, last_own + 1) if own else line,
        imports_line=imports_line,
        prefix=prefix,
        both=both,
        run_as_script=form is Form.PLAIN and target.in_package,
        run=_run(leads, existing_import),
        choice=choice,
        logger_import=logger_import,
        utils_import=utils_import,
        logger_assign=logger_assign,
        retrying_assign=retrying_assign,
        refusal="" if own else refusal,
        imports_refusal=imports_refusal,
    )


def runtime_name(qualified: str | None) -> str:
    """Return ``worker_logger.mirror_print`` for that name however it was imported (flat or relatively), else ''."""
    if qualified is None:
        return ""
    flat = qualified.lstrip(".")
    return flat if flat.startswith((RUNTIME_LOGGER + ".", RUNTIME_UTILS + ".")) else ""


def brings_runtime(node: ast.Import | ast.ImportFrom) -> bool:
    """Whether an import is of our runtime: it may be our own work, and says nothing about the script before."""
    return (
        isinstance(node, ast.ImportFrom)
        and node.module in (RUNTIME_LOGGER, RUNTIME_UTILS)
        and is_ours({node.module: [alias.name for alias in node.names]})
    )


def is_choice(statement: ast.stmt) -> TypeGuard[ast.If]:
    """Whether a statement is our ``if __package__:`` with a relative and a plain import of the runtime."""
    return (
        isinstance(statement, ast.If)
        and isinstance(statement.test, ast.Name)
        and statement.test.id == "__package__"
        and all(
            isinstance(entry, ast.ImportFrom) and brings_runtime(entry)
            for entry in (*statement.body, *statement.orelse)
        )
    )


def has_main_guard(module: Module) -> bool:
    """Whether a top-level ``if`` tests ``__name__`` against ``"__main__"``."""
    return any(_is_main_guard(statement) for statement in module.tree.body)


def runs_at_top_level(module: Module, *, when_imported: bool = False) -> bool:
    """Whether importing or starting the file does something: a ``__main__`` guard, or a call made for its effect.

    With ``when_imported`` a guard is none: only what an import does counts. Definitions, imports, assignments and ``sys.path`` lines only define things.
    """
    stack: list[ast.stmt] = list(module.tree.body)
    while stack:
        statement = stack.pop()
        if _is_main_guard(statement):
            if not when_imported:
                return True
            stack.extend(getattr(statement, "orelse", ()))
            continue
        if isinstance(statement, ast.Expr):
            value = statement.value.value if isinstance(statement.value, ast.Await) else statement.value
            if isinstance(value, ast.Call) and not _is_sys_path(statement):
                return True
        elif _is_guarded_import(statement):
            continue
        elif not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            for name in ("body", "orelse", "finalbody"):
                stack.extend(getattr(statement, name, ()))
            for clause in (*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
                stack.extend(clause.body)
    return False


def _leading_statements(module: Module) -> list[ast.stmt]:
    """List the statements that the header comes after, without those that share a line with what follows."""
    body = module.tree.body
    leads: list[ast.stmt] = []
    for index, statement in enumerate(body):
        is_docstring = index == 0 and isinstance(statement, ast.Expr) and _is_text(statement.value)
        if not (
            is_docstring
            or _is_import(statement)
            or _is_sys_path(statement)
            or _is_own_assignment(module, statement)
        ):
            break
        if _is_sys_path(statement) and _takes_off(module.text(statement)):
            break  # below it the runtime may no longer be found
        leads.append(statement)
    while leads and _is_sys_path(leads[-1]):
        leads.pop()
    while leads and len(leads) < len(body) and _shares_line(module, leads[-1], body[len(leads)]):
        leads.pop()
    return leads


def _takes_off(text: str) -> bool:
    """Whether a line takes folders off ``sys.path``, the script's own perhaps."""
    if _TAKES_OFF.search(text):
        return True
    found = _SETS_PATH.search(text)
    return found is not None and _OF_SOME.search(text, found.end()) is not None


def _form(module: Module, target: Target) -> tuple[Form, str]:
    """Choose how the runtime is imported, so that each start that was seen finds it; say why none does, if so."""
    starts, form = target.starts, _form_of(module, target)
    if starts.by_path and not (form is Form.RELATIVE and _has_relative_import(module)):
        return form, f"{starts.by_path}: the runtime would not be found from there; import it instead"
    if starts.copied:
        return form, f"{starts.copied}; take worker_logger.py and worker_utils.py along"
    swept = (form is not Form.RELATIVE and starts.swept) or (form is not Form.PLAIN and starts.swept_above)
    if swept:
        return form, (
            f"{swept}, so that the runtime's files would be taken for one of them; pass over worker_logger and worker_utils there"
        )
    if starts.isolated and form is not Form.RELATIVE and not _adds_own_folder(module):
        return form, (
            f"{starts.isolated}, so that no file beside it is found; "
            "put sys.path.insert(0, os.path.dirname(os.path.abspath(__file__))) before its other imports"
        )
    if starts.foreign and form is not Form.RELATIVE:
        return form, f"{starts.foreign}, which the runtime's file of that name would hide; rename it"
    shadowed = (form is not Form.RELATIVE and starts.shadowed_beside) or (
        form is not Form.PLAIN and starts.shadowed
    )
    if shadowed:
        return form, (
            f"{shadowed} would be imported in place of the standard module that the runtime needs; rename it"
        )
    return form, ""


def _form_of(module: Module, target: Target) -> Form:
    starts = target.starts
    stem = target.path.stem
    if stem == "__init__":
        return Form.RELATIVE
    if not (target.in_package or starts.dotted or starts.in_folder):
        return Form.PLAIN
    if _is_run_both_ways(module):
        return Form.BOTH
    if _has_relative_import(module):
        return Form.RELATIVE
    if stem == "__main__" or has_main_guard(module) or (not target.in_package and runs_at_top_level(module)):
        # A runner of tests imports what may also be run as a script.
        is_named = starts.dotted or stem == "__main__" or _TEST.fullmatch(stem)
        return Form.BOTH if is_named else Form.PLAIN
    return Form.BOTH if starts.plain or _is_started(module, target) else Form.RELATIVE


def _is_started(module: Module, target: Target) -> bool:
    """Whether a file without a guard reads as a program: it says what runs it, reads a command line, or works and nobody imports it."""
    text, starts = module.source.text, target.starts
    if text.startswith("#!") or "# /// script" in text:
        return True
    if _reads_arguments(module) and not (starts.shadowed_beside or starts.foreign):
        return True  # perhaps started, too; not at the price of leaving a module
    if starts.imported:
        return False
    return runs_at_top_level(module) or any(
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and _is_own_function(module, node.func)
        for statement in module.tree.body
        if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        for node in ast.walk(statement)
    )


def _reads_arguments(module: Module) -> bool:
    """Whether a file has a ``main`` and imports a parser of command lines."""
    names = {binding.qualified for found in module.scope_of_module.bindings.values() for binding in found}
    return "main" in module.scope_of_module.bindings and any(
        name.partition(".")[0] in _PARSERS for name in names
    )


def _is_own_function(module: Module, name: ast.Name) -> bool:
    return any(
        isinstance(binding.node, ast.FunctionDef | ast.AsyncFunctionDef) for binding in module.bindings(name)
    )


def _adds_own_folder(module: Module) -> bool:
    """Whether a line above the header's place puts the script's own folder on ``sys.path``."""
    for statement in _leading_statements(module):
        text = module.text(statement) if _is_sys_path(statement) else ""
        if "__file__" in text and ".." not in text and text.count("dirname") + text.count(".parent") == 1:
            return True
    return False


def _line_after(module: Module, leads: list[ast.stmt]) -> tuple[int, str]:
    """Return the line before which lines can be put in, and why they cannot if so."""
    body = module.tree.body
    rest = body[len(leads) :]
    if rest and (
        _is_future(rest[0]) or (not leads and isinstance(rest[0], ast.Expr) and _is_text(rest[0].value))
    ):
        return (
            rest[0].lineno,
            "the docstring or __future__ line shares its line with code; put them on lines of their own",
        )
    if leads:
        return _end_line(leads[-1]) + 1, ""
    if not body:
        return len(module.lines) + 1, ""
    first = body[0]
    start = first_line(first)
    line = start
    while line > 1 and module.lines[line - 2].lstrip(" \t\f").startswith("#"):
        line -= 1
    return (start if line == 1 else line), ""


def _run(leads: list[ast.stmt], existing: ast.ImportFrom | None) -> tuple[ast.Import | ast.ImportFrom, ...]:
    """Return the imports that new ones join: those around an import of ours, else the last below ``sys.path`` lines."""
    runs: list[list[ast.Import | ast.ImportFrom]] = [[]]
    for lead in leads:
        if isinstance(lead, ast.Import | ast.ImportFrom):
            runs[-1].append(lead)
        elif any(_is_sys_path(node) for node in ast.walk(lead) if isinstance(node, ast.stmt)):
            runs = [[]]
        else:
            runs.append([])
    for run in runs:
        if existing is not None and existing in run:
            return tuple(run)
    return tuple(next((run for run in reversed(runs) if run), ()))


def _existing(
    module: Module,
) -> tuple[ast.ImportFrom | None, ast.ImportFrom | None, ast.Assign | None, ast.Assign | None]:
    logger_import = utils_import = None
    logger_assign = retrying_assign = None
    for statement in module.tree.body:
        entries = statement.body if is_choice(statement) else [statement]
        for entry in entries:
            if not isinstance(entry, ast.ImportFrom) or not brings_runtime(entry):
                continue
            if entry.module == RUNTIME_LOGGER and logger_import is None:
                logger_import = entry
            elif entry.module == RUNTIME_UTILS and utils_import is None:
                utils_import = entry
        if isinstance(statement, ast.Assign) and (logger_import or utils_import):
            made = _maker(module, statement)
            if made in _LOGGER_MAKERS and logger_assign is None:
                logger_assign = statement
            elif made in _RETRY_MAKERS and retrying_assign is None:
                retrying_assign = statement
    return logger_import, utils_import, logger_assign, retrying_assign


def _maker(module: Module, statement: ast.Assign) -> str:
    """Return the runtime function whose result a one-name assignment binds, or ''."""
    if len(statement.targets) != 1 or not isinstance(statement.targets[0], ast.Name):
        return ""
    return (
        runtime_name(module.qualified(statement.value.func)) if isinstance(statement.value, ast.Call) else ""
    )


def _assigned(statement: ast.Assign | None) -> str:
    if statement is None or not isinstance(statement.targets[0], ast.Name):
        return ""
    return statement.targets[0].id


def _imported(module: Module) -> dict[str, frozenset[str]]:
    """Say which functions of the runtime the names of the module stand for, of those that stand for nothing else."""
    found: dict[str, frozenset[str]] = {}
    for name, bindings in module.scope_of_module.bindings.items():
        if bindings[0].qualified:
            meant = frozenset(runtime_name(binding.qualified) for binding in bindings)
            if "" not in meant:
                found[name] = meant
    return found


def _name_of(imported: Mapping[str, frozenset[str]], *functions: str) -> str:
    """Return the module-level name under which one of the runtime's functions is imported already, or ''."""
    return next((name for name, meant in imported.items() if meant.issubset(functions)), "")


def _free(module: Module, name: str, written: frozenset[str], *, later_star: bool) -> str:
    """Return the name, or the next one that no scope of the script uses, and that it does not write by a text."""
    if not module.is_taken(name) and name not in written and not later_star:
        return name
    public = name.lstrip("_")
    second = name[: -len(public)] + _SECOND_NAMES.get(public, f"worker_{public}")
    candidate, number = second, 2
    while module.is_taken(candidate) or candidate in written:
        candidate, number = f"{second}_{number}", number + 1
    return candidate


def _has_relative_import(module: Module) -> bool:
    return any(
        isinstance(node, ast.ImportFrom) and node.level > 0 and not brings_runtime(node)
        for node in module.imports
    )


def _is_run_both_ways(module: Module) -> bool:
    """Whether every relative import stands in a top-level ``try`` that lets it fail."""
    relative = [
        node
        for node in module.imports
        if isinstance(node, ast.ImportFrom) and node.level > 0 and not brings_runtime(node)
    ]
    guarded = {
        inner
        for statement in module.tree.body
        if isinstance(statement, ast.Try) and statement.handlers
        for inner in statement.body
    }
    return bool(relative) and all(node in guarded for node in relative)


def _is_main_guard(statement: ast.stmt) -> bool:
    if not isinstance(statement, ast.If):
        return False
    return any(
        isinstance(node, ast.Compare)
        and any(
            isinstance(side, ast.Name) and side.id == "__name__" for side in (node.left, *node.comparators)
        )
        and any(
            isinstance(side, ast.Constant) and side.value == "__main__"
            for side in (node.left, *node.comparators)
        )
        for node in (statement.test.values if isinstance(statement.test, ast.BoolOp) else [statement.test])
    )


def _is_import(statement: ast.stmt) -> bool:
    """Whether a statement only imports: an import, a guarded one, or an ``if`` that chooses between imports."""
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return True
    if isinstance(statement, ast.If):
        return all(
            isinstance(entry, ast.Import | ast.ImportFrom) for entry in (*statement.body, *statement.orelse)
        )
    return _is_guarded_import(statement)


def _is_guarded_import(statement: ast.stmt) -> TypeGuard[ast.Try]:
    """Whether a ``try`` body holds imports, and besides them at most flags and ``sys.path`` lines."""
    if not isinstance(statement, ast.Try) or not statement.handlers or statement.finalbody:
        return False
    has_import = any(isinstance(entry, ast.Import | ast.ImportFrom) for entry in statement.body)
    return has_import and all(
        isinstance(entry, ast.Import | ast.ImportFrom | ast.Pass)
        or _is_sys_path(entry)
        or (isinstance(entry, ast.Assign) and isinstance(entry.value, ast.Constant | ast.Name))
        for entry in (*statement.body, *statement.orelse)
    )


def _is_sys_path(statement: ast.stmt) -> bool:
    """Whether a statement changes ``sys.path``: a method call, an assignment or ``+=`` on it."""
    node: ast.expr
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        node = statement.value.func
        if not isinstance(node, ast.Attribute):
            return False
        node = node.value
    elif isinstance(statement, ast.Assign):
        node = statement.targets[0]
    elif isinstance(statement, ast.AugAssign):
        node = statement.target
    else:
        return False
    if isinstance(node, ast.Subscript):
        node = node.value
    return (
        isinstance(node, ast.Attribute)
        and node.attr == "path"
        and isinstance(node.value, ast.Name)
        and node.value.id == "sys"
    )


def _is_own_assignment(module: Module, statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Assign) and _maker(module, statement) in (
        *_LOGGER_MAKERS,
        *_RETRY_MAKERS,
    )


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _is_future(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.ImportFrom) and statement.module == "__future__"


def _shares_line(module: Module, statement: ast.stmt, following: ast.stmt) -> bool:
    """Whether code follows on the statement's last line, or is joined to it by a backslash."""
    if first_line(following) == _end_line(statement):
        return True
    span = module.span(statement)
    rest = module.lines[span.end_line - 1][span.end_column :].strip().removeprefix(";").lstrip()
    return bool(rest) and not rest.startswith("#")


def _end_line(statement: ast.stmt) -> int:
    return statement.end_lineno or statement.lineno
