"""Which codes of ``# noqa`` comments have nothing left to silence once an edit is made?

Input: a module, the findings that are applied, and the rewritten text. Output: that text without those codes; the rest of each
comment stays, and so does a comment of which nobody can say what it is for. ``verify.check_noqa`` checks the result.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence

from workerlog_migrate.analysis.module import Module
from workerlog_migrate.model import Finding
from workerlog_migrate.syntax.comments import comments
from workerlog_migrate.syntax.literals import last_name

_DIRECTIVE = re.compile(r"#\s*(?i:noqa)\s*:\s*(?P<codes>[A-Z]+[0-9]+(?:(?:\s*,\s*|\s+)[A-Z]+[0-9]+)*)\b")
_CODE = re.compile(r"(?P<separator>(?<![\s,A-Z])[\s,]*)(?P<code>[A-Z]+[0-9]+)")
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")

_DASHES = "-:\N{EN DASH}\N{EM DASH} "
_OF_CALLS = {
    "T201": "print",
    "SIM115": "open",
    "PTH123": "open",
    "PLW1514": "open",
    "PTH208": "listdir",
    "PTH103": "makedirs",
    "S310": "urlopen",
}
"""Codes of ruff and flake8 about a call, and the name by which they know it: https://docs.astral.sh/ruff/rules/."""


def without_settled(module: Module, findings: Sequence[Finding], text: str) -> str:
    """Take the codes that no longer apply out of the comments on edited lines.

    Args:
        module: the original.
        findings: the applied findings.
        text: the result; it has the original's comments, in their order.

    Returns:
        The result without those codes.
    """
    if "noqa" not in text.lower():
        return text
    old, new = comments(module.source.text), comments(text)
    if len(old) != len(new):
        return text
    lines = _LINE.findall(text)
    for (line, column, comment), (now, at, _) in zip(old, new, strict=True):
        if not module.lines[line - 1][:column].strip() or not _DIRECTIVE.search(comment):
            continue
        kept = _without(comment, frozenset(_settled(module, findings, line)))
        if kept != comment:
            whole = lines[now - 1]
            before = whole[:at] if kept else whole[:at].rstrip()
            lines[now - 1] = before + kept + whole[at + len(comment) :]
    return "".join(lines)


def _settled(module: Module, findings: Sequence[Finding], line: int) -> Iterator[str]:
    """Yield the codes that have nothing left to silence in a line."""
    edits = {finding.span: finding.edit for finding in findings}
    calls = [call for call in module.calls if call.lineno <= line <= (call.end_lineno or call.lineno)]
    for code, name in _OF_CALLS.items():
        named = [edits.get(module.span(call)) for call in calls if last_name(call.func) == name]
        if named and all(edit is not None and code in edit.settled for edit in named):
            yield code
    handlers = [handler for handler in module.handlers if handler.lineno <= line <= _end_of_head(handler)]
    if len(handlers) == 1:
        edit = edits.get(module.span(handlers[0]))
        if edit is not None:
            yield from edit.settled


def _end_of_head(handler: ast.ExceptHandler) -> int:
    return handler.lineno if handler.type is None else handler.type.end_lineno or handler.lineno


def _without(comment: str, codes: Iterable[str]) -> str:
    """Give a comment without some codes of its directive; without the directive when none is left."""
    found = _DIRECTIVE.search(comment)
    assert found is not None  # the caller has seen it
    kept = [each for each in _CODE.finditer(found["codes"]) if each["code"] not in codes]
    if len(kept) == len(list(_CODE.finditer(found["codes"]))):
        return comment
    before, rest = comment[: found.start()], comment[found.end() :]
    if kept:
        listed = kept[0]["code"] + "".join(each[0] for each in kept[1:])
        return comment[: found.start("codes")] + listed + rest
    rest = rest.strip()
    if rest and not rest.startswith("#"):
        rest = f"# {rest.lstrip(_DASHES)}"
    return before + rest if rest else before.rstrip()
