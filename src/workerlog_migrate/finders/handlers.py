"""The broad handlers of one module: what each becomes, or why it stays.

The questions of ``specific_exceptions``, which proposes the edits, and of ``seen.settle``.
"""

from __future__ import annotations

import ast
import bisect
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from workerlog_migrate.analysis.boundary import Boundaries, keeps_loop_alive
from workerlog_migrate.analysis.decorators import CONTEXT_MAKERS
from workerlog_migrate.analysis.exceptions import ROOT
from workerlog_migrate.analysis.logging_calls import LogCalls
from workerlog_migrate.analysis.naming import Naming
from workerlog_migrate.analysis.raises import Inference, display, infer, infer_suspects
from workerlog_migrate.analysis.watch import watch_of, watch_text
from workerlog_migrate.model import (
    NEEDS_IMPORT,
    Applicability,
    Boundary,
    Evidence,
    Finding,
    Span,
    Trial,
    Unresolved,
)
from workerlog_migrate.registry import LOGGER_SETUP, REGISTRY, SPECIFIC_EXCEPTIONS
from workerlog_migrate.syntax.blocks import always_raises, block_nodes

if TYPE_CHECKING:
    from workerlog_migrate.analysis.context import Context
    from workerlog_migrate.analysis.flow import GuardedBlock
    from workerlog_migrate.analysis.module import Module

from workerlog_migrate.finders.clauses import Caught, Clauses
from workerlog_migrate.finders.handler_edits import (
    INCOMPLETE,
    LEFT,
    NARROWED,
    NOT_NAMED,
    NOT_WATCHED,
    RAISES_NOTHING,
    WATCHED,
    HandlerEdit,
    SuppressEdit,
)
from workerlog_migrate.finders.teaching import hidden_by, teaching

_MOST_CALLS = 5

OUTERMOST = (
    "it keeps the outermost loop alive: what it does not list ends the worker; --boundary watch watches it"
)
"""What a person should know of such a handler when it is narrowed."""


@dataclass(frozen=True, slots=True)
class Names:
    """How inferred exceptions are written here (canonical name, text), what they need, and which cannot be."""

    texts: tuple[tuple[str, str], ...] = ()
    needs: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Judged:
    """What is known of one ``except`` clause.

    Attributes:
        owner: its ``try`` statement.
        caught: the members of its type.
        inference: what its ``try`` body can raise and no clause before it takes.
        block: the effects of that body.
    """

    owner: ast.stmt
    caught: Caught
    inference: Inference
    block: GuardedBlock

    @property
    def swallows_exit(self) -> bool:
        """Whether it is one that keeps ``SystemExit`` or the like from ending the program."""
        exits = self.inference.exits
        return ROOT in self.caught.broad and exits is not None and bool(exits.exception)

    @property
    def calls(self) -> str:
        """What is not known of the body, as a person would read it."""
        return _calls(self.inference)


class Handlers:
    """Findings of one script, and what else can be asked about its handlers."""

    def __init__(self, module: Module, context: Context) -> None:
        self.module = module
        self.context = context
        self.engine = context.types.engine
        self.clauses = Clauses(module, self.engine)
        self.naming = Naming(self.engine)
        self.boundaries = Boundaries(self.engine)
        self.can_log = LOGGER_SETUP in context.settings.select and not context.header.refusal
        self.logs = LogCalls(
            self.engine,
            mirrors=any(row.logs_prints and row.name in context.settings.select for row in REGISTRY),
        )
        self.requested: set[str] = set()
        self._raise_lines = sorted(node.lineno for node in module.raises)

    # -- handlers -------------------------------------------------------------------------------------------

    def has_own_raise(self, handler: ast.ExceptHandler) -> bool:
        """Say whether a clause raises something itself, functions that are defined in it aside."""
        first, last = handler.lineno, handler.end_lineno or handler.lineno
        if bisect.bisect_left(self._raise_lines, first) == bisect.bisect_right(self._raise_lines, last):
            return False
        return any(isinstance(node, ast.Raise) for node in block_nodes(handler.body))

    def handler(self, node: ast.ExceptHandler) -> Iterator[Finding]:
        """Decide about one ``except`` clause."""
        caught = self.clauses.broad_members(node.type, node)
        if caught is None:
            if self.clauses.may_be_broad(node.type):
                yield self._hidden(node)
            return
        owner = self.module.parents[node]
        assert isinstance(owner, ast.stmt)
        if self.module.is_suppressed(SPECIFIC_EXCEPTIONS, node.lineno, node.lineno):
            yield self._left(node, "suppressed by comment")
            return
        if self._stays_watched(node):
            yield self.watching(node)
            return
        known = self.context.unknown.get(node)
        if known is not None:
            yield self._again(node, known)
            return
        judged = self.judge(node, caught)
        if isinstance(judged, str):
            if judged:
                yield self._left(node, judged)
            return
        if judged.swallows_exit:
            exits = judged.inference.exits
            assert exits is not None  # it says so
            reason = f"swallows {exits.exception} today: `{exits.cause}` in line {exits.line} can reach it"
            yield self._left(node, reason, (exits,))
            return
        yield from self._decide(node, owner, caught, judged.inference, judged.block)

    def _hidden(self, node: ast.ExceptHandler) -> Finding:
        star = f"from {self.module.star_imports[-1]} import *"
        lines = (entry.lineno for entry in self.module.imports if "*" in (name.name for name in entry.names))
        evidence = hidden_by(star, max(lines))
        return self._left(node, f"what `{star}` brings is not known", (evidence,))

    def judge(self, node: ast.ExceptHandler, caught: Caught | None = None) -> Judged | str:
        """Infer what comes to a handler.

        Args:
            node: any ``except`` clause, broad or not.
            caught: the members of its type, when they are known.

        Returns:
            What its ``try`` body can raise; or why that is not asked, which is nothing to speak of when it is empty.
        """
        owner = self.module.parents[node]
        assert isinstance(owner, ast.stmt)
        if type(owner).__name__ == "TryStar":
            return "catches exception groups (except*)"
        if self.has_own_raise(node):
            return "" if always_raises(node.body) else "re-raises on one path and swallows on another"
        body = list(owner.body)  # type: ignore[attr-defined]  # a try statement
        if _only_imports(body):
            return "only guards an import"
        block = self.engine.flow.block(owner, self.engine.unit.enclosing(owner))
        if block.before is None:
            return "the code is never reached"
        inference = infer(
            self.engine, block, self.clauses.earlier(node, owner), self.clauses.asked_for(node, block)
        )
        if inference.is_complete and not block.effects:
            inference = infer_suspects(self.engine, block, body, self.clauses.earlier(node, owner))
        inference = self._with_guests(inference, body, node)
        return Judged(
            owner, caught or self.clauses.broad_members(node.type, node) or Caught(), inference, block
        )

    def is_broad(self, node: ast.ExceptHandler) -> bool:
        """Say whether a clause catches ``Exception`` or ``BaseException``, by whatever name."""
        return self.clauses.broad_members(node.type, node) is not None

    def _decide(
        self,
        node: ast.ExceptHandler,
        owner: ast.stmt,
        caught: Caught,
        inference: Inference,
        block: GuardedBlock,
    ) -> Iterator[Finding]:
        names = self._written(inference.names, owner, block)
        if inference.is_complete and not names.missing:
            if not names.texts and not caught.kept:
                yield self._left(node, RAISES_NOTHING)
                return
            if self._is_to_watch(node):
                yield self._watched(node, caught, inference, names)
                return
            yield from self._narrowed(node, caught, inference, names)
            return
        reason = inference.reason
        if not reason and not inference.unresolved:
            reason = f"{', '.join(names.missing)} {NOT_NAMED}"
        if watch_of(self.module, node) is not None:
            yield self.watching(node, reason or f"not known: {_calls(inference)}")
            return
        wants_reraise = self.context.settings.unresolved is Unresolved.RERAISE and not self._is_to_watch(node)
        if wants_reraise and names.texts and not names.missing and not inference.reason:
            yield from self._reraised(node, caught, inference, names)
            return
        yield self._incomplete(node, inference, reason)

    def _with_guests(self, inference: Inference, body: list[ast.stmt], node: ast.AST) -> Inference:
        """Say that what a ``with`` block raises, or is thrown into a generator, arrives at its ``yield``."""
        if inference.reason or not self.module.yields:  # most scripts have none
            return inference
        function = self.module.function(node)
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            return inference
        made = (self.module.qualified(decorator) for decorator in function.decorator_list)
        guest = "what the with block raises" if any(name in CONTEXT_MAKERS for name in made) else ""
        for place in block_nodes(body):
            if isinstance(place, ast.Yield) and (guest or self._is_thrown_into()):
                reason = f"{guest or 'what is thrown into the generator'} arrives at the yield in line {place.lineno}"
                return replace(inference, reason=reason)
        return inference

    def _is_thrown_into(self) -> bool:
        """Whether this file, or one that uses it or is imported, throws something into generators."""
        unit, world = self.engine.unit, self.engine.world
        return any(
            other.module.calls_of(word)
            for word in ("throw", "athrow")
            for other in (unit, *world.users_of(unit, word), *world.imported_by(unit))
        )

    def _narrowed(
        self, node: ast.ExceptHandler, caught: Caught, inference: Inference, names: Names
    ) -> Iterator[Finding]:
        types = self.unpacked(self._types(names, caught), names)
        written = ", ".join(types)
        edit = self.narrowing(node, types)
        reason = OUTERMOST if keeps_loop_alive(self.module, node) else ""
        yield Finding(
            SPECIFIC_EXCEPTIONS,
            self.module.span(node),
            f"{describe(node, self.module)} becomes except {written if len(types) == 1 else f'({written})'}",
            edit,
            inference.evidence,
            reason=reason,
            kind=NARROWED,
        )
        yield from self.imports(node, names.needs)

    def narrowing(self, node: ast.ExceptHandler, types: tuple[str, ...]) -> HandlerEdit:
        """Give the edit that narrows a handler, and ends its watch.

        Args:
            node: a broad handler.
            types: its list, as it is written.
        """
        log = self._log_line(node, complete=True)
        watch = watch_of(self.module, node)
        unwatch = "" if watch is None else self.module.text(watch)
        is_pass = _is_pass(node.body if watch is None else node.body[1:])
        return HandlerEdit(types, log, log is not None and is_pass, unwatch=unwatch)

    # -- watched handlers -----------------------------------------------------------------------------------

    def _is_to_watch(self, node: ast.ExceptHandler) -> bool:
        """Whether a handler that could be narrowed is watched instead."""
        settings = self.context.settings
        return settings.trial is Trial.ON or self.is_watched_boundary(node)

    def is_watched_boundary(self, node: ast.AST) -> bool:
        """Say whether a handler, or a ``with`` statement, is one that ``--boundary watch`` never narrows.

        Args:
            node: a broad ``except`` clause, or the ``with`` statement of a ``suppress``.
        """
        if self.context.settings.boundary is not Boundary.WATCH:
            return False
        if not isinstance(node, ast.ExceptHandler):
            return self.boundaries.is_last(node, self.engine.unit)
        is_outermost = keeps_loop_alive(self.module, node)
        return is_outermost or self.boundaries.is_last(self.module.parents[node], self.engine.unit)

    def _stays_watched(self, node: ast.ExceptHandler) -> bool:
        """Whether a handler is watched and this run is none that ends that."""
        if watch_of(self.module, node) is None:
            return False
        return self.context.settings.trial is not Trial.END or self.is_watched_boundary(node)

    def watching(self, node: ast.ExceptHandler, reason: str = "") -> Finding:
        """Count a handler that is watched and stays so.

        Args:
            node: the handler.
            reason: why it cannot be narrowed; empty when nobody asked.
        """
        what = describe(node, self.module)
        message = f"{what} stays watched: {reason}" if reason else f"{what} is watched"
        return _told(self.module.span(node), message, reason or WATCHED, (), WATCHED)

    def _watched(
        self, node: ast.ExceptHandler, caught: Caught, inference: Inference, names: Names
    ) -> Finding:
        if node.lineno < self.context.header.line:
            return self._left(node, "it runs before the logger is set up, and cannot be watched")
        listed: dict[str, None] = {}
        for name in (*(name for name, _ in names.texts), *(name for name, _ in caught.kept if name)):
            row = self.engine.knowledge.exception(name)
            listed.update(dict.fromkeys(row.holds if row is not None and row.holds else (name,)))
        text = watch_text(self.module, self.context.header, listed, self.engine.hierarchy)
        shown = ", ".join(sorted(map(display, listed)))
        return Finding(
            SPECIFIC_EXCEPTIONS,
            self.module.span(node),
            f"{describe(node, self.module)} is watched for {shown}",
            HandlerEdit(None, text),
            inference.evidence,
            kind=WATCHED,
        )

    def _reraised(
        self, node: ast.ExceptHandler, caught: Caught, inference: Inference, names: Names
    ) -> Iterator[Finding]:
        types = self.unpacked(self._types(names, caught), names)
        log = self._log_line(node, complete=True)
        boundary: tuple[str, ...] = ()
        if self._logger_is_there(node):
            function = self.module.function_name(node)
            logger = self.context.header.logger
            boundary = (f'{logger}.critical("{function}: unexpected error", exc_info=True)', "raise")
        edit = HandlerEdit(types, log, log is not None and _is_pass(node.body), boundary)
        yield Finding(
            SPECIFIC_EXCEPTIONS,
            self.module.span(node),
            f"{describe(node, self.module)} becomes except {', '.join(types)}; anything else is raised again: "
            f"{_calls(inference)}",
            edit,
            (*inference.evidence, *teaching(inference)),
            kind=NARROWED,
        )
        yield from self.imports(node, names.needs)

    def _incomplete(self, node: ast.ExceptHandler, inference: Inference, reason: str) -> Finding:
        log = self._log_line(node, complete=False)
        edit = None
        if log is not None:
            edit = HandlerEdit(None, log, _is_pass(node.body))
        unknown = f"not known: {_calls(inference)}" if inference.unresolved else ""
        why = "; ".join(part for part in (reason, unknown) if part)
        evidence = teaching(inference) or inference.evidence
        return Finding(
            SPECIFIC_EXCEPTIONS,
            self.module.span(node),
            f"{describe(node, self.module)} stays broad: {why}",
            edit,
            evidence,
            Applicability.SAFE if edit is not None else Applicability.DISPLAY_ONLY,
            why,
            INCOMPLETE,
        )

    def _again(self, node: ast.ExceptHandler, known: Finding) -> Finding:
        """Say of a handler what was found out about it before it was edited; whether it logs is looked at again."""
        if known.kind == LEFT:
            return replace(known, span=self.module.span(node))
        log = self._log_line(node, complete=False)
        edit = None if log is None else HandlerEdit(None, log, _is_pass(node.body))
        shown = Applicability.DISPLAY_ONLY if edit is None else Applicability.SAFE
        return replace(known, span=self.module.span(node), edit=edit, applicability=shown)

    def _left(self, node: ast.AST, reason: str, evidence: tuple[Evidence, ...] = ()) -> Finding:
        message = f"{describe(node, self.module)} is left: {reason}"
        return _told(self.module.span(node), message, reason, evidence, LEFT)

    # -- suppress -------------------------------------------------------------------------------------------

    def suppress(self, node: ast.Call) -> Iterator[Finding]:
        """Decide about ``suppress(Exception)``."""
        caught = self.clauses.broad_members(ast.Tuple(list(node.args), ast.Load()), node)
        if caught is None:
            return
        if self.module.is_suppressed(SPECIFIC_EXCEPTIONS, node.lineno, node.end_lineno or node.lineno):
            yield self._left(node, "suppressed by comment")
            return
        known = self.context.unknown.get(node)
        if known is not None:
            yield known
            return
        owner = self.module.parents[node]
        if not isinstance(owner, ast.withitem):
            yield self._left(node, "its body is not seen")
            return
        yield from self._suppress_in(self.module.parents[owner], node, caught)

    def _suppress_in(self, statement: ast.AST, node: ast.Call, caught: Caught) -> Iterator[Finding]:
        """Decide about what a ``with`` statement suppresses by what its body can raise."""
        owner_body: list[ast.stmt] = statement.body  # type: ignore[attr-defined]  # a with statement
        block = self.engine.flow.block(node, self.engine.unit.enclosing(node))
        if block.before is None:
            yield self._left(node, "the code is never reached")
            return
        inference = infer(self.engine, block)
        if inference.is_complete and not block.effects:
            inference = infer_suspects(self.engine, block, owner_body)
        inference = self._with_guests(inference, owner_body, node)
        if ROOT in caught.broad and inference.exits is not None:
            yield self._left(node, f"swallows {inference.exits.exception} today", (inference.exits,))
            return
        names = self._written(inference.names, node, block)
        is_trial = self.context.settings.trial is Trial.ON or self.is_watched_boundary(statement)
        if inference.is_complete and not names.missing and is_trial:
            reason = "there is no handler that could be watched"
            message = f"suppress is left, not watched: {reason}"
            yield _told(self.module.span(node), message, reason, inference.evidence, NOT_WATCHED)
            return
        if not inference.is_complete or names.missing:
            reason = inference.reason or (
                f"not known: {_calls(inference)}"
                if inference.unresolved
                else f"{', '.join(names.missing)} {NOT_NAMED}"
            )
            yield _told(
                self.module.span(node),
                f"suppress stays broad: {reason}",
                reason,
                teaching(inference),
                INCOMPLETE,
            )
            return
        if not names.texts:
            yield self._left(node, RAISES_NOTHING)
            return
        types = self._types(names, caught)
        yield Finding(
            SPECIFIC_EXCEPTIONS,
            self.module.span(node),
            f"suppress becomes suppress({', '.join(types)})",
            SuppressEdit(types),
            inference.evidence,
            kind=NARROWED,
        )
        yield from self.imports(node, names.needs)

    # -- names ----------------------------------------------------------------------------------------------

    def _written(self, names: tuple[str, ...], place: ast.stmt | ast.expr, block: GuardedBlock) -> Names:
        needs: list[str] = []
        missing: list[str] = []
        written: dict[str, str] = {}
        for name in names:
            found = self.naming.write(name, place, block.before)
            if found is None:
                missing.append(name.removeprefix("local:"))
                continue
            written[found.exception] = found.text
            if found.needs:
                needs.append(found.needs)
        kept = self.engine.hierarchy.collapse(written)
        texts = tuple((name, written[name]) for name in kept if name in written)
        return Names(texts, tuple(dict.fromkeys(needs)), tuple(missing))

    def _types(self, names: Names, caught: Caught) -> tuple[str, ...]:
        """Return the whole new type list, sorted: what was inferred, and the members that were specific before."""
        hierarchy = self.engine.hierarchy
        members = dict(names.texts)
        for canonical, text in caught.kept:
            members.setdefault(canonical or text, text)
        top = hierarchy.collapse(name for name in members if hierarchy.is_exception(name))
        written = {
            name: text for name, text in members.items() if name in top or not hierarchy.is_exception(name)
        }
        return tuple(sorted(set(written.values())))

    def unpacked(self, types: tuple[str, ...], names: Names) -> tuple[str, ...]:
        """Return the type list of an ``except`` clause, in which a name that stands for a tuple of classes cannot be one of several."""
        rows = {text: self.engine.knowledge.exception(name) for name, text in names.texts}
        several = {text: row.holds for text, row in rows.items() if row is not None and row.holds}
        held = {text for name, text in names.texts for classes in several.values() if name in classes}
        types = tuple(text for text in types if text not in held)
        return types if len(types) == 1 else tuple(f"*{text}" if text in several else text for text in types)

    def imports(self, node: ast.AST, needs: tuple[str, ...]) -> Iterator[Finding]:
        """Yield what is to be imported at the top for a handler's list, each module once.

        Args:
            node: the handler.
            needs: the modules.
        """
        for needed in needs:
            if needed not in self.requested:
                self.requested.add(needed)
                yield Finding(SPECIFIC_EXCEPTIONS, self.module.span(node), needed, kind=NEEDS_IMPORT)

    # -- the log --------------------------------------------------------------------------------------------

    def _logger_is_there(self, node: ast.ExceptHandler) -> bool:
        return self.can_log and node.lineno >= self.context.header.line

    def _log_line(self, node: ast.ExceptHandler, *, complete: bool) -> str | None:
        """Return the statement that puts the error on the log; None where none is wanted.

        Args:
            node: the handler.
            complete: the handler is narrowed; otherwise it stays broad and every error has to leave a trace.

        """
        if not self._logger_is_there(node):
            return None
        logger, ignored = self.context.header.logger, self.context.header.log_ignored
        if self.logs.prints_traceback(node.body) and not self.logs.logs_traceback(node.body):
            return f'{logger}.exception("{self.module.function_name(node)}: error")'
        if complete:
            return f"{ignored}({logger})" if self._is_silent(node) else None
        return None if self.logs.logs(node.body) else f"{ignored}({logger}, trace=True)"

    def _is_silent(self, node: ast.ExceptHandler) -> bool:
        """Whether the handler makes no call (but that which watches it) and does not use the exception."""
        watch = watch_of(self.module, node)
        for child in block_nodes(node.body):
            if child is watch:
                continue
            if isinstance(child, ast.Call | ast.Await | ast.Yield | ast.YieldFrom | ast.Assert):
                return False
            if isinstance(child, ast.Name) and node.name is not None and child.id == node.name:
                return False
        return True


# -- shapes -------------------------------------------------------------------------------------------------


def _only_imports(body: list[ast.stmt]) -> bool:
    """Whether a block imports, and else only sets constants."""
    imports = False
    for statement in body:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            imports = True
        elif isinstance(statement, ast.Assign) and isinstance(
            statement.value, ast.Constant | ast.Name | ast.Attribute
        ):
            continue
        elif not isinstance(statement, ast.Pass):
            return False
    return imports


def _is_pass(body: list[ast.stmt]) -> bool:
    return len(body) == 1 and isinstance(body[0], ast.Pass)


def describe(node: ast.AST, module: Module) -> str:
    """Name a handler as its ``except`` line does."""
    if isinstance(node, ast.ExceptHandler):
        return "bare except" if node.type is None else f"except {module.text(node.type)}"
    return "suppress"


def _calls(inference: Inference) -> str:
    shown = [f"`{entry.cause}` in line {entry.line}" for entry in inference.unresolved[:_MOST_CALLS]]
    more = len(inference.unresolved) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")


def _told(span: Span, message: str, reason: str, evidence: tuple[Evidence, ...], kind: str) -> Finding:
    """Make a finding that is shown and changes nothing."""
    return Finding(
        SPECIFIC_EXCEPTIONS, span, message, None, evidence, Applicability.DISPLAY_ONLY, reason, kind
    )
