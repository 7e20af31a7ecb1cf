"""Which of the changes does a person want? One question after the other, as in ``git add -p``.

Input: the results of all files, as they would be written. Output: the same results with only the changes that
were accepted. What is refused is declined in the plan and the file goes through the whole pipeline again, so that
the header's lines follow what is left and every check holds for what is written. Nothing is written here: a
file's result is handed on when its last question has been answered, so that a stop in between leaves it whole.
"""

from __future__ import annotations

import ast
import builtins
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from workerlog_migrate.analysis.module import Module
from workerlog_migrate.edit import LinesEdit, Piece
from workerlog_migrate.files.source import decode
from workerlog_migrate.model import IMPORT, FileResult, Finding, Plan, Settings, Span
from workerlog_migrate.pipeline import migrate_bytes, needs_header
from workerlog_migrate.registry import HEADER
from workerlog_migrate.report.diff import colorize, render_file_diff
from workerlog_migrate.report.text import shown_path
from workerlog_migrate.report.visible import visible
from workerlog_migrate.rewriting.plan import DECLINED, NOT_REVIEWED, Decisions, demote, listed_types

if TYPE_CHECKING:
    from workerlog_migrate.terminal.keys import Terminal

_HELP = """\
y - apply this change
n - do not apply this change
q - quit: apply neither this change nor any after it
a - apply this change and all later ones in this file
d - apply neither this change nor any later one in this file
k - go back to the change before this one in this file, and answer it again
s - split this change into its single edits
e - edit the exceptions of a narrowed handler
? - this help
"""

_EDIT_NOTE = """\
# {place}: {message}
# One exception per line, written as the script would write it. Lines with # are left out.
"""

# Columns of a call in the line of evidence: the call's name and its first argument.
_LONGEST_CAUSE = 40

# Lines of the evidence of one edit, beyond which `e` and --explain show the rest.
_MOST_LINES = 6

_Change = tuple[Finding, ...]
"""Findings that are asked about together: their lines overlap or touch."""


def review(results: Sequence[FileResult], settings: Settings, terminal: Terminal) -> Iterator[FileResult]:
    """Ask about every change of every file.

    Args:
        results: what would become of the files.
        settings: what they were made with.
        terminal: who is asked.

    Yields:
        One result per file, in their order, as it was decided.

    Raises:
        EOFError: there is no more input; the file in question and all after it are left.
    """
    counter = _Counter(sum(len(_changes(result)) for result in results))
    has_quit = False
    for result in results:
        if not _changes(result):
            yield result
        elif has_quit:
            yield _left(result)
        else:
            reviewed = _File(result, settings, terminal, counter)
            yield reviewed.ask_all()
            has_quit = reviewed.has_quit


def _changes(result: FileResult) -> list[_Change]:
    """List what a file is asked about; of lines that follow from other edits only a header that stands alone."""
    if not result.changed or result.error is not None:
        return []
    applied = result.plan.applied
    edits = [finding for finding in applied if not isinstance(finding.edit, LinesEdit)]
    if not edits or result.rounds > 1:  # what a later round found hangs on what an earlier one has written
        return [applied]
    changes: list[list[Finding]] = []
    end = 0
    for finding in sorted(edits, key=lambda finding: finding.span):
        if changes and finding.span.line <= end + 1:
            changes[-1].append(finding)
        else:
            changes.append([finding])
        end = max(end, finding.span.end_line)
    return [tuple(change) for change in changes]


def _left(result: FileResult, reason: str = NOT_REVIEWED) -> FileResult:
    """Leave a file, mostly because nobody got to it."""
    unseen = tuple(demote(finding, reason) for finding in result.plan.applied)
    return replace(result, after=result.before, plan=Plan((), (*result.plan.reported, *unseen)), imports=())


@dataclass(slots=True)
class _Counter:
    """How many changes there are, and how many have been shown."""

    total: int
    shown: int = 0


class _File:
    """The questions about one file."""

    def __init__(self, result: FileResult, settings: Settings, terminal: Terminal, counter: _Counter) -> None:
        self.result = result
        self.settings = settings
        self.terminal = terminal
        self.counter = counter
        self.has_quit = False
        self.takes_rest: bool | None = None
        self.accepted: list[Finding] = []
        self.declined: list[Finding] = []
        self.passed_over: list[Finding] = []
        self.answered: list[tuple[_Change, list[Finding]]] = []
        self.types: dict[Span, tuple[str, ...]] = {}
        self.drafts: dict[Span, str] = {}
        self.source = decode(result.target.path, result.before)
        self.module = Module(self.source)

    def ask_all(self) -> FileResult:
        """Ask about each change, then settle the file."""
        changes = _changes(self.result)
        if self.result.rounds > 1:
            return self._whole(changes[0])
        if all(isinstance(finding.edit, LinesEdit) for finding in changes[0]):
            return self._settled(header=self._is_wanted(changes[0]))
        while changes:
            change = changes.pop(0)
            if self.takes_rest is not None:
                self.counter.shown += 1
                if self.has_quit:
                    self.passed_over.extend(change)
                else:
                    (self.accepted if self.takes_rest else self.declined).extend(change)
                continue
            key = self._answer(change, can_go_back=bool(self.answered))
            if key == "s":
                changes[:0] = [(finding,) for finding in change]
                self.counter.total += len(change) - 1
                self.counter.shown -= 1
            elif key == "k":
                changes[:0] = [self._taken_back(), change]
                self.counter.shown -= 2
            else:
                answered = {"q": self.passed_over, "n": self.declined, "d": self.declined}
                taken = answered.get(key, self.accepted)
                taken.extend(change)
                self.answered.append((change, taken))
        result = self._settled(header=True)
        heads = tuple(finding for finding in result.plan.applied if finding.codemod == HEADER)
        if not heads or any(needs_header(finding) for finding in result.plan.applied):
            return result
        # Nothing that was accepted uses the header; the script would get it for its crashes alone.
        if self.takes_rest is None:
            self.counter.total += 1
            wanted = self._is_wanted(heads)
        else:
            wanted = self.takes_rest
        if wanted:
            return result
        result = self._settled(header=False)
        return result if self.takes_rest is None else _without_heads(result)

    def _whole(self, change: _Change) -> FileResult:
        """Ask about all changes at once."""
        if self._is_wanted(change):
            return self.result
        return _left(self.result, NOT_REVIEWED if self.has_quit else DECLINED)

    def _taken_back(self) -> _Change:
        """Forget the last answer."""
        change, taken = self.answered.pop()
        del taken[len(taken) - len(change) :]
        return change

    def _is_wanted(self, change: _Change) -> bool:
        return self._answer(change) in "ya"

    def _answer(self, change: _Change, *, can_go_back: bool = False) -> str:
        """Show a change and ask until the answer is one of ``y n a d q k s``; of ``a d q`` the file remembers which."""
        self.counter.shown += 1
        is_whole = self.result.rounds > 1
        can_split = (
            len(change) > 1
            and not is_whole
            and not any(isinstance(finding.edit, LinesEdit) for finding in change)
        )
        editable = [finding for finding in change if listed_types(finding) and not is_whole]
        keys = ["y", "n", "q", "a", "d", *(["s"] if can_split else []), *(["e"] if editable else []), "?"]
        question = f"Apply this change [{','.join(keys)}]?"
        self._show(change)
        while True:
            key = self.terminal.ask(question)
            if key in ("y", "n"):
                return key
            if key in ("a", "d", "q"):
                self.takes_rest = key == "a"
                self.has_quit = key == "q"
                return key
            if (key == "s" and can_split) or (key == "k" and can_go_back):
                return key
            if key == "e" and len(editable) == 1:
                if self._edit(editable[0]):
                    self._show(change)
            elif key == "e" and editable:
                self.terminal.say("this change has several exception lists; split it first (s)\n")
            elif key == "e":
                self.terminal.say("this change has no exception list\n")
            elif key == "s":
                self.terminal.say("this change cannot be split further\n")
            elif key == "k":
                self.terminal.say("this is the first change of this file; what is before it is decided\n")
            else:
                self.terminal.say(_HELP)

    # -- what is shown --------------------------------------------------------------------------------------

    def _show(self, change: _Change) -> None:
        path = shown_path(self.result.target.path)
        head = f"{self.counter.shown} of {self.counter.total} \N{MIDDLE DOT} {path}"
        self.terminal.say(f"\n{self.terminal.styled(head, '1')}\n{self._hunk(change)}")
        for finding in self._decided(change):
            if finding.edit is not None and (finding.edit.piece is Piece.HANDLER or finding.edit.listed):
                self.terminal.say(_wrapped(visible(_why(finding)), self.terminal.width))

    def _hunk(self, change: _Change) -> str:
        if self.result.rounds > 1:
            return self._patch(decode(self.result.target.path, self.result.after).text)
        from workerlog_migrate.rewriting import rewrite  # late: LibCST

        try:
            text, _ = rewrite.rewrite(self.module, self._decided(change))
        except rewrite.UnkeepableError:
            # Possible only together with others; the lines say what the diff cannot.
            return visible("".join(f"line {finding.span.line}: {finding.message}\n" for finding in change))
        return self._patch(text)

    def _patch(self, text: str) -> str:
        # The texts, not the bytes: a terminal has its own encoding.
        old, new = (_visible(each).encode("utf-8") for each in (self.source.text, text))
        patch = render_file_diff(self.result.target.path, old, new)
        hunks = patch.split(b"\n", 2)[2]
        return (colorize(hunks) if self.terminal.color else hunks).decode("utf-8", "replace")

    def _decided(self, change: _Change) -> list[Finding]:
        return Decisions(types=tuple(self.types.items())).apply_to(change)

    # -- the exception list ---------------------------------------------------------------------------------

    def _edit(self, finding: Finding) -> bool:
        """Let the person write the exception list; a list that is refused is kept for the next attempt."""
        before = self.types.get(finding.span, listed_types(finding))
        text = self.drafts.pop(finding.span, "") or self._edit_text(finding, before)
        edited = self.terminal.edit(text)
        if edited is None:
            return False
        lines = (line.partition("#")[0].strip().rstrip(",") for line in edited.splitlines())
        names = tuple(dict.fromkeys(line for line in lines if line))
        if not names:
            self.terminal.say(
                "no exception is left in the list; it stays as it was (n declines the change)\n"
            )
            return False
        known = _Names(self.module, known=listed_types(finding), added=_added_modules(self.result))
        refused = [(name, reason) for name in names if (reason := known.refusal(name))]
        if refused:
            self.drafts[finding.span] = edited
            self.terminal.say("".join(f"{name}: {reason}; edit again (e)\n" for name, reason in refused))
            return False
        self.types[finding.span] = names
        return True

    def _edit_text(self, finding: Finding, types: tuple[str, ...]) -> str:
        place = f"{shown_path(self.result.target.path)}:{finding.span.line}"
        note = _EDIT_NOTE.format(place=place, message=finding.message)
        evidence = "".join(f"# {line}\n" for line in _reasons(finding))
        return "".join(f"{name}\n" for name in types) + note + evidence

    # -- the outcome ----------------------------------------------------------------------------------------

    def _settled(self, *, header: bool) -> FileResult:
        """Run the file through the pipeline with what was decided."""
        accepted = {(finding.codemod, finding.span) for finding in self.accepted}
        decisions = Decisions(types=tuple(self.types.items()), header=header)
        decisions = decisions.declining(self.declined, DECLINED).declining(self.passed_over, NOT_REVIEWED)
        while True:
            result = migrate_bytes(self.result.before, self.result.target, self.settings, decisions)
            unseen = [
                finding
                for finding in result.plan.applied
                if not isinstance(finding.edit, LinesEdit) and (finding.codemod, finding.span) not in accepted
            ]
            if not unseen or result.error is not None:
                return result
            # An edit that had stood back for one that was refused: nobody has seen it.
            decisions = decisions.declining(unseen, NOT_REVIEWED)


def _why(finding: Finding) -> str:
    """Say on one line what speaks for a handler's new list, or why it stays broad."""
    raised: dict[tuple[int, str], dict[str, None]] = {}
    for evidence in finding.evidence:
        if evidence.exception:
            raised.setdefault((evidence.line, evidence.cause), {})[evidence.exception] = None
    if not listed_types(finding) or not raised:
        return finding.message
    return "; ".join(
        f"line {line} {_cut(cause, _LONGEST_CAUSE)} raises {', '.join(names)}"
        for (line, cause), names in raised.items()
    )


def _reasons(finding: Finding) -> list[str]:
    """Give the first piece of evidence for each exception."""
    first: dict[str, str] = {}
    for evidence in finding.evidence:
        if evidence.exception:
            text = f"{evidence.exception}: line {evidence.line}, {' '.join(evidence.cause.split())}"
            first.setdefault(evidence.exception, text)
    return list(first.values())


def _wrapped(text: str, width: int) -> str:
    """Lay a text out in lines that fit the terminal, each ending in a newline; very long ones end in an ellipsis."""
    lines = textwrap.wrap(
        " ".join(text.split()), max(width - 1, 20), initial_indent="  ", subsequent_indent="    ",
        max_lines=_MOST_LINES, placeholder=" \N{HORIZONTAL ELLIPSIS}", break_on_hyphens=False,
    )  # fmt: skip
    return "".join(f"{line}\n" for line in lines)


def _added_modules(result: FileResult) -> frozenset[str]:
    """List the modules that the tool imports in a file for what is listed in it."""
    found: set[str] = set()
    for finding in result.plan.applied:
        if finding.kind == IMPORT and isinstance(finding.edit, LinesEdit):
            for node in ast.walk(_parsed(finding.edit.lines)):
                if isinstance(node, ast.Import):
                    found.update(alias.name for alias in node.names)
    return frozenset(found)


def _parsed(lines: Sequence[str]) -> ast.Module:
    try:
        return ast.parse("\n".join(lines))
    except SyntaxError:  # a part of a statement
        return ast.Module([], [])


def _without_heads(result: FileResult) -> FileResult:
    """Do not count the header's lines as declined, which nobody was asked about."""
    reported = [
        finding
        for finding in result.plan.reported
        if not (finding.codemod == HEADER and finding.reason == DECLINED)
    ]
    return replace(result, plan=replace(result.plan, reported=tuple(reported)))


def _cut(text: str, room: int) -> str:
    text = " ".join(text.split())
    return text if len(text) <= room else text[: room - 1] + "\N{HORIZONTAL ELLIPSIS}"


def _visible(text: str) -> str:
    """Escape what would drive the terminal; blanks and line ends stay."""
    return visible(text.replace("\r\n", "\n").replace("\r", "\n"))


class _Names:
    """Which names may stand in an exception list of a script."""

    def __init__(self, module: Module, *, known: tuple[str, ...], added: frozenset[str]) -> None:
        self._module = module
        self._known = known
        self._added = added

    def refusal(self, name: str) -> str:
        """Say why a name may not stand there, or nothing."""
        if name in self._known:
            return ""
        if not all(part.isidentifier() for part in name.split(".")):
            return "this is not a name"
        root, _, rest = name.partition(".")
        bindings = self._module.scope_of_module.bindings.get(root, [])
        if name.rpartition(".")[0] in self._added:
            return self._of_import(name)
        if not bindings:
            return self._of_builtin(name)
        if any(binding.kind == "class" for binding in bindings) and not rest:
            return self._of_class(bindings[0].node)
        if not bindings[0].qualified:
            return "the script does not bind it to an exception"
        return self._of_import(".".join(filter(None, (bindings[0].qualified, rest))))

    @staticmethod
    def _of_builtin(name: str) -> str:
        found = getattr(builtins, name, None)
        if not (isinstance(found, type) and issubclass(found, BaseException)):
            return "no built-in exception, and the script does not import it"
        if found in (Exception, BaseException):
            return "this is what the handler catches now (n declines the change)"
        return "" if issubclass(found, Exception) else "this ends the program and is not to be swallowed"

    @staticmethod
    def _of_class(node: ast.AST) -> str:
        return "" if isinstance(node, ast.ClassDef) and node.bases else "this class is no exception"

    def _of_import(self, dotted: str) -> str:
        import sys

        from workerlog_migrate.analysis.exceptions import Hierarchy
        from workerlog_migrate.knowledge import Knowledge

        hierarchy = Hierarchy(Knowledge())
        canonical = hierarchy.canonical(dotted)
        if hierarchy.is_exception(canonical):
            return (
                "this ends the program and is not to be swallowed" if hierarchy.is_control(canonical) else ""
            )
        is_known_module = dotted.partition(".")[0] in sys.stdlib_module_names
        return "no exception of that name is known" if is_known_module else ""
