"""What becomes of the handlers, by what workers saw (docs/trial.md).

Input: a module, its context and what was seen of it. Output: findings. A watched handler that was hit, or was watched for long
enough, becomes a narrowed one; a handler of ours that an error passed gets its class; of one that stayed broad it is said what came.
"""

from __future__ import annotations

import ast
import keyword
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from workerlog_migrate.analysis import values
from workerlog_migrate.analysis.exceptions import BROAD, LIMIT, LOCAL, ROOT
from workerlog_migrate.analysis.joined import Joined
from workerlog_migrate.analysis.raises import display
from workerlog_migrate.analysis.watch import watch_of, watched_names
from workerlog_migrate.finders.handler_edits import INCOMPLETE, NARROWED, WATCHED, HandlerEdit
from workerlog_migrate.finders.handlers import Handlers, Judged, Names, describe
from workerlog_migrate.model import RUNTIME_MODULES, Applicability, Arrival, Evidence, Finding, Seen
from workerlog_migrate.registry import SPECIFIC_EXCEPTIONS
from workerlog_migrate.seen.places import Places
from workerlog_migrate.syntax.blocks import listed_types

if TYPE_CHECKING:
    from workerlog_migrate.analysis.context import Context
    from workerlog_migrate.analysis.module import Module

SEEN_EXPECTED = "seen:expected"
SEEN_UNEXPECTED = "seen:not-expected"
SEEN_MOCK = "seen:mock"
"""Rules of the evidence that workers gave."""

LOST = "lost"
"""Kind of a finding about a note that fits no handler."""

_DAY = 86_400.0
_CANCELLED = ("asyncio.exceptions:CancelledError", "concurrent.futures._base:CancelledError")
_ENDS = ("builtins:KeyboardInterrupt", "builtins:SystemExit", "builtins:GeneratorExit", *_CANCELLED)
"""Classes that steer a program and are never listed; nor is what inherits from them."""

_BUILTINS = "builtins:"
_MAIN = "__main__:"


@dataclass(frozen=True, slots=True)
class _Named:
    """A class that arrived, as it can be written at one place.

    Attributes:
        exception: its canonical name; that of a parent, where only that can be written.
        text: how it is written.
        needs: the module whose import it needs at the top; empty when it is there.
        refusal: why it cannot be written, with what a person would write.
    """

    exception: str = ""
    text: str = ""
    needs: str = ""
    refusal: str = ""


def find(module: Module, context: Context, seen: Seen, joined: Joined | None = None) -> Iterator[Finding]:
    """Yield what becomes of the handlers of one file.

    Args:
        module: the script.
        context: settings, header names and types.
        seen: what workers saw of it.
        joined: which handler each note is about; found out when it is not given.

    Yields:
        Findings in source order.
    """
    yield from Settler(module, context, seen).findings(joined)


def join(module: Module, context: Context, seen: Seen) -> Joined:
    """Find out which handler each note is about.

    Args:
        module: the script.
        context: its surroundings.
        seen: what workers saw of it.

    Returns:
        The notes by handler: those that came there under ``here``, and those that only passed under ``through``.
    """
    return Settler(module, context, seen).joined()


class Settler:
    """The proposals for one script.

    Args:
        module: the script.
        context: settings, header names and types.
        seen: what workers saw of it.
    """

    def __init__(self, module: Module, context: Context, seen: Seen) -> None:
        self.module = module
        self.context = context
        self.seen = seen
        self.handlers = Handlers(module, context)
        self.engine = context.types.engine
        self.hierarchy = self.engine.hierarchy
        self._judged: dict[ast.ExceptHandler, Judged | str] = {}
        for node in module.classes:
            self.engine.families.exception_name(self.engine.unit.class_info(node))

    def joined(self) -> Joined:
        """Find out which handler each note is about, and which one each error should not have passed."""
        places = Places(self.module)
        joined = places.join(self.seen.here, self._may_have_been, self._catches)
        for arrival, numbers in self.seen.through:
            if arrival.is_mock or self._is_control(arrival):
                continue
            taker = self._taker(places, arrival, numbers, joined)
            if isinstance(taker, ast.ExceptHandler):
                joined.through.setdefault(taker, []).append(arrival)
        return joined

    def findings(self, joined: Joined | None) -> Iterator[Finding]:
        """Yield what becomes of each handler; see `find`."""
        joined = self.joined() if joined is None else joined
        for handler in self.module.handlers:
            here, through = joined.here.get(handler, []), joined.through.get(handler, [])
            if watch_of(self.module, handler) is not None and self.handlers.is_broad(handler):
                yield from self._watched(handler, here)
            elif through:
                yield from self._passed(handler, through)
            elif here and self.handlers.is_broad(handler):
                yield from self._broad(handler, here)
        yield from self._lost(joined)

    # -- (a) watched handlers -------------------------------------------------------------------------------

    def _watched(self, node: ast.ExceptHandler, here: Sequence[Arrival]) -> Iterator[Finding]:
        arrived = [arrival for arrival in here if not self._is_control(arrival)]
        real = [arrival for arrival in arrived if not arrival.is_mock]
        evidence = self._evidence(node, here)
        if self.handlers.is_watched_boundary(node):
            yield replace(self.handlers.watching(node, "the boundary is watched for good"), evidence=evidence)
            return
        judged = self._judge(node)
        days = self.seen.seconds / _DAY
        if not real and days < self.context.settings.watched:
            wanted = self.context.settings.watched
            reason = f"nothing came to it yet, and it was watched for {_days(days)} of {_days(wanted)}"
            found = self.handlers.watching(node, reason)
            yield replace(
                found, evidence=evidence, reason=WATCHED
            )  # counted: there is nothing to be done about it
            return
        reason = judged if isinstance(judged, str) else ""
        if not reason and isinstance(judged, Judged):
            made = self._listed(node, judged, real)
            if isinstance(made, str):
                reason = made
            else:
                yield from self._settled(node, judged, made, evidence)
                return
        yield replace(self.handlers.watching(node, reason or "its body is not known"), evidence=evidence)

    def _listed(self, node: ast.ExceptHandler, judged: Judged, real: Sequence[Arrival]) -> Names | str:
        """Give a settled handler's list, as it is written, and the modules that it needs; or why it cannot be settled."""
        if judged.swallows_exit:
            return "its body can end the program, which it swallows today"
        if not judged.inference.is_complete:
            return judged.inference.reason or f"not known: {judged.calls}"
        call = watch_of(self.module, node)
        assert call is not None  # the caller has seen it
        listed = {*watched_names(self.module, call, self.hierarchy), *judged.inference.names}
        texts: dict[str, str] = {}
        needs: list[str] = []
        for name in sorted(listed):
            written = self.handlers.naming.write(name, judged.owner, judged.block.before)
            if written is None:
                return f"{display(name)} cannot be named here"
            texts[written.exception] = written.text
            needs += [written.needs] if written.needs else []
        for arrival in real:
            if arrival.type in ("builtins:Exception", "builtins:BaseException"):
                return f"{arrival.type.removeprefix(_BUILTINS)} itself came to it: no list can name what it stands for"
            if self._is_covered(arrival, texts):
                continue
            named = self._named(arrival, judged)
            if named.refusal:
                return named.refusal
            texts[named.exception] = named.text
            needs += [named.needs] if named.needs else []
        if not texts and not judged.caught.kept:
            return "nothing in its body is known to raise, and nothing came"
        return self._collapsed(texts, judged, needs)

    def _collapsed(self, texts: dict[str, str], judged: Judged, needs: Sequence[str]) -> Names | str:
        known = [name for name in texts if self.hierarchy.is_exception(name)]
        kept = {*self.hierarchy.collapse(known), *(name for name in texts if name not in known)}
        written: dict[str, str] = {}
        for name in kept:
            text = texts.get(name)
            if text is None:  # siblings have joined their parent
                found = self.handlers.naming.write(name, judged.owner, judged.block.before)
                if found is None or found.exception != name:
                    return "too many kinds"
                text = found.text
            written[name] = text
        for canonical, text in judged.caught.kept:
            if not (canonical and any(self.hierarchy.is_subclass(canonical, name) for name in known)):
                written.setdefault(canonical or text, text)
        if len(written) > LIMIT:
            return "too many kinds"
        used = tuple(
            dict.fromkeys(each for each in needs if any(t.startswith(f"{each}.") for t in written.values()))
        )
        return Names(tuple(sorted(written.items())), used)

    def _settled(
        self,
        node: ast.ExceptHandler,
        judged: Judged,
        made: Names,
        evidence: tuple[Evidence, ...],
    ) -> Iterator[Finding]:
        types = self.handlers.unpacked(tuple(sorted({text for _, text in made.texts})), made)
        edit = self.handlers.narrowing(node, types)
        came = [entry for entry in evidence if entry.rule != SEEN_MOCK]
        by = "by what came" if came else f"in {_days(self.seen.seconds / _DAY)} nothing came"
        yield Finding(
            SPECIFIC_EXCEPTIONS,
            self.module.span(node),
            f"{describe(node, self.module)} becomes except {_list(types)}, {by}",
            edit,
            (*judged.inference.evidence, *evidence),
            kind=NARROWED,
        )
        yield from self.handlers.imports(node, made.needs)

    # -- (b) handlers that an error passed ------------------------------------------------------------------

    def _passed(self, node: ast.ExceptHandler, through: Sequence[Arrival]) -> Iterator[Finding]:
        judged = self._judge(node)
        if not isinstance(judged, Judged) or node.type is None:
            return
        members = listed_types(node)
        texts = [self.module.text(member) for member in members]
        needs: list[str] = []
        evidence = self._evidence(node, through)
        refusals = []
        for arrival in through:
            if arrival.type in ("builtins:Exception", "builtins:BaseException"):
                refusals.append(
                    f"{arrival.type.removeprefix(_BUILTINS)} itself passed it: no list can name what it stands for"
                )
                continue
            named = self._named(arrival, judged)
            if named.refusal:
                refusals.append(named.refusal)
                continue
            texts.append(named.text)
            needs += [named.needs] if named.needs else []
        types = tuple(dict.fromkeys(texts))
        if refusals or len(types) > LIMIT:
            reason = "; ".join(dict.fromkeys(refusals)) or "too many kinds"
            yield self._told(
                node,
                f"{describe(node, self.module)} is left, though an error passed it: {reason}",
                reason,
                evidence,
            )
            return
        if len(types) == len(members):
            return
        types = tuple(sorted(types))
        yield Finding(
            SPECIFIC_EXCEPTIONS,
            self.module.span(node),
            f"{describe(node, self.module)} becomes except {_list(types)}, by what passed it",
            HandlerEdit(types),
            evidence,
            kind=NARROWED,
        )
        yield from self.handlers.imports(node, tuple(dict.fromkeys(needs)))

    def _taker(
        self, places: Places, arrival: Arrival, numbers: Sequence[int], joined: Joined
    ) -> ast.ExceptHandler | bool:
        """Give the innermost handler of ours in these frames that an error passed; True: it is on a list by now; False: there is none."""
        caught_here = next((node for node, found in joined.here.items() if arrival in found), None)
        for number in sorted(numbers, reverse=True):
            catcher = caught_here if number == 0 and not arrival.uncaught else None
            if number == 0 and not arrival.uncaught and catcher is None:
                return True  # who took it is not known any more: neither is what it passed
            for owner in places.passed(arrival.frames[number], catcher):
                for handler in reversed(owner.handlers):
                    if self._catches(handler, arrival) and not self.handlers.has_own_raise(handler):
                        return True
                for handler in reversed(owner.handlers):
                    if self._is_ours(handler, arrival):
                        return handler
        return False

    def passes(self, arrival: Arrival, numbers: tuple[int, ...]) -> bool | None:
        """Say whether a handler of ours takes an error in some frames (True), lists it by now (False), or neither (None)."""
        if arrival.is_mock or self._is_control(arrival):
            return False
        places = Places(self.module)
        here = (arrival,) if 0 in numbers and not arrival.uncaught else ()
        joined = places.join(here, self._may_have_been, self._catches)
        taker = self._taker(places, arrival, numbers, joined)
        return None if taker is False else taker is not True

    def _is_ours(self, node: ast.ExceptHandler, arrival: Arrival | None = None) -> bool:
        """Whether a handler's list holds all that inference gives, what has just passed it aside."""
        if node.type is None or self.handlers.is_broad(node) or self.handlers.has_own_raise(node):
            return False
        judged = self._judge(node)
        if not isinstance(judged, Judged) or not judged.inference.is_complete:
            return False
        listed = self._listed_now(node)
        missing = [name for name in judged.inference.names if not self.hierarchy.is_caught(name, listed)]
        if not missing:
            return bool(judged.inference.names)
        return arrival is not None and all(name in self._lineage(arrival) for name in missing)

    def _may_have_been(self, node: ast.ExceptHandler) -> bool:
        return self._is_ours(node)

    # -- (c) handlers that stayed broad ---------------------------------------------------------------------

    def _broad(self, node: ast.ExceptHandler, here: Sequence[Arrival]) -> Iterator[Finding]:
        judged = self._judge(node)
        if not isinstance(judged, Judged) or judged.inference.is_complete:
            return
        names = sorted(
            {
                self._shown(arrival)
                for arrival in here
                if not arrival.is_mock and not self._is_control(arrival)
            }
        )
        if not names:
            return
        rows = []
        for entry in judged.inference.unresolved:
            if entry.rule.strip("*.()") and not entry.rule.startswith("op:"):
                listed = ", ".join(f'"{name}"' for name in names)
                rows.append(
                    replace(
                        entry,
                        note=f'to teach it what came: [tool.workerlog-migrate.raises] "{entry.rule}" = [{listed}]',
                    )
                )
            else:
                rows.append(entry)
        message = f"{describe(node, self.module)} stays broad; so far came {', '.join(names)}"
        yield self._told(
            node, message, f"not known: {judged.calls}", (*rows, *self._evidence(node, here)), INCOMPLETE
        )

    # -- classes --------------------------------------------------------------------------------------------

    def _canonical(self, name: str) -> str:
        """Give the canonical name of a class in a note: one of this file is ``local:Name``."""
        module, _, qualified = name.partition(":")
        if name.startswith(_BUILTINS):
            return self.hierarchy.canonical(qualified)
        simple = qualified.rpartition(".")[2]
        own = LOCAL + simple
        if self.hierarchy.is_exception(own) and (
            name.startswith(_MAIN) or module.rpartition(".")[2] == self.module.source.path.stem
        ):
            return own
        dotted = f"{module}.{qualified}"
        if not self.hierarchy.is_exception(self.hierarchy.canonical(dotted)) and not name.startswith(_MAIN):
            self._know(module, qualified)
        return self.hierarchy.canonical(dotted)

    def _know(self, module: str, qualified: str) -> None:
        """Make a class of another file of the program known; what is named as if it were the standard library's is none."""
        if module.partition(".")[0] in sys.stdlib_module_names:
            return
        unit = self.engine.world.other_unit(module)
        if unit is None:
            return
        for entry in self.engine.flat.unit_attribute(unit, qualified.partition(".")[0]):
            if entry.kind is values.CLASS:
                self.engine.families.exception_name(entry.class_info)

    def _lineage(self, arrival: Arrival) -> set[str]:
        """Give a class that arrived, and all that it inherits from: by what is known of it, else as it was noted."""
        name = self._canonical(arrival.type)
        if self.hierarchy.is_exception(name):
            return set(self.hierarchy.ancestors(name))
        return {name, *(self._canonical(base) for base in arrival.bases)}

    def _is_covered(self, arrival: Arrival, listed: Iterable[str]) -> bool:
        lineage = self._lineage(arrival)
        return any(name in lineage or self.hierarchy.became(name) in lineage for name in listed)

    def _is_control(self, arrival: Arrival) -> bool:
        known = self._canonical(arrival.type)
        if (
            self.hierarchy.is_exception(known)
            and known != ROOT
            and BROAD not in self.hierarchy.ancestors(known)
        ):
            return True
        if arrival.type in _ENDS or any(base in _ENDS for base in arrival.bases):
            return True
        return (
            "builtins:Exception" not in (arrival.type, *arrival.bases)
            and arrival.type != "builtins:BaseException"
        )

    def _listed_now(self, node: ast.ExceptHandler) -> tuple[str, ...]:
        frame = self.engine.flat.frame(self.engine.unit, node)
        return self.engine.caught.exception_names(node.type, frame)[0]

    def _catches(self, node: ast.ExceptHandler, arrival: Arrival) -> bool:
        listed = self._listed_now(node)
        return ROOT in listed or BROAD in listed or self._is_covered(arrival, listed)

    def _named(self, arrival: Arrival, judged: Judged) -> _Named:
        """Say how a class that arrived is written: only what the script imports already, or what is known, is."""
        name = self._canonical(arrival.type)
        shown = self._shown(arrival)
        given = [each for each in judged.inference.names if each in self._lineage(arrival)]
        if given:
            name = given[0]
        is_known = self.hierarchy.is_exception(name)
        if not is_known and not self._may_be_class(name):
            return _Named(refusal=f"{shown} came, of which nothing says that it is an exception")
        written = self.handlers.naming.write(name, judged.owner, judged.block.before)
        line = f"except {shown}"
        exceptions = (name,) if written is None else (name, written.exception)
        if not all(self.hierarchy.is_there_from(each, self.context.settings.python) for each in exceptions):
            return _Named(
                refusal=f"{shown} came, which not every Python that the project is for has; the line to write: {line}"
            )
        is_foreign = (
            written is not None and written.needs and not given and not self._is_imported(written.needs)
        )
        if written is None or is_foreign or (not is_known and (written.exception != name or written.needs)):
            return _Named(refusal=f"{shown} came, which is not imported here; the line to write: {line}")
        return _Named(written.exception, written.text, written.needs)

    def _is_imported(self, name: str) -> bool:
        """Whether a module is imported by the script, or by a file of the program that it imports: a log folder does not decide that.

        An import in a function that never runs counts. No file of a checkout runs for that: what `Naming.write` has imported is a file of the program
        that the script imports at its top anyway, a standard module in whose place none lies, or a package that the script cannot run without.
        """
        own = self.engine.unit
        units = [own]
        for binding in _imports(own.module):
            if set(RUNTIME_MODULES) & set(binding.split(".")):
                continue  # what our own files import says nothing of the program
            base = binding.rpartition(".")[0]
            units += [
                unit
                for unit in (self.engine.world.other_unit(binding), self.engine.world.other_unit(base))
                if unit is not None
            ]
        return any(
            imported == name or imported.startswith(f"{name}.")
            for unit in units
            for imported in _imports(unit.module)
        )

    def _may_be_class(self, name: str) -> bool:
        """Whether a name that nobody knows may be a class: a log folder is input, and may name whatever is there."""
        parts = name.split(".")
        # Of builtins all are known; and letters that nobody sees are no part of a name that a person has to read in a diff.
        if len(parts) < 2 or any(map(keyword.iskeyword, parts)) or not name.isascii():
            return False
        if "__" in name or name.startswith(LOCAL) or self.engine.knowledge.call(name) is not None:
            return False
        if (
            parts[0] in sys.stdlib_module_names
            or self.engine.world.other_unit(name.rpartition(".")[0]) is not None
        ):
            return False
        last = parts[-1]
        return last[:1].isupper() or last.lower().endswith("error")

    @staticmethod
    def _shown(arrival: Arrival) -> str:
        module, _, qualified = arrival.type.partition(":")
        return qualified if module in ("builtins", "__main__") else f"{module}.{qualified}"

    # -- what is told ---------------------------------------------------------------------------------------

    def _judge(self, node: ast.ExceptHandler) -> Judged | str:
        if not self._judged:  # in the order of the finder, so that what is known on the way is the same
            for handler in sorted(self.module.handlers, key=lambda each: (each.lineno, each.col_offset)):
                self._judged[handler] = self.handlers.judge(handler)
        return self._judged[node]

    def _evidence(self, node: ast.ExceptHandler, arrivals: Iterable[Arrival]) -> tuple[Evidence, ...]:
        """Write what was seen: each class once, with how often, to how many processes, between which times, in which files."""
        by_type: dict[str, list[Arrival]] = {}
        for arrival in arrivals:
            by_type.setdefault(arrival.type, []).append(arrival)
        found = []
        for kind in sorted(by_type):
            group = by_type[kind]
            real = [arrival for arrival in group if not arrival.is_mock]
            expected = any(arrival.expected for arrival in group)
            rule = SEEN_MOCK if not real else SEEN_EXPECTED if expected else SEEN_UNEXPECTED
            # The handler's watch and its mirrored print note the same error: neither is added to the other.
            sums: dict[tuple[int, bool], list[int]] = {}
            for arrival in real or group:
                total = sums.setdefault((arrival.line, arrival.expected), [0, 0])
                total[0] += arrival.count
                total[1] += arrival.processes
            count, processes = (
                max(total[0] for total in sums.values()),
                max(total[1] for total in sums.values()),
            )
            files = sorted({file for arrival in group for file in arrival.files})
            first, last = min(arrival.first for arrival in group), max(arrival.last for arrival in group)
            note = f"{_times(count)} in {processes} process{'es' if processes != 1 else ''}, {_period(first, last)}"
            if rule == SEEN_MOCK:
                note += "; a mock raised it"
            shown = self._shown(group[0])
            found.append(Evidence(shown, _cause(group[0]), node.lineno, rule, ", ".join(files), note))
        return tuple(found)

    def _told(
        self, node: ast.AST, message: str, reason: str, evidence: tuple[Evidence, ...], kind: str = "left"
    ) -> Finding:
        span, shown = self.module.span(node), Applicability.DISPLAY_ONLY
        return Finding(SPECIFIC_EXCEPTIONS, span, message, None, evidence, shown, reason, kind)

    def _lost(self, joined: Joined) -> Iterator[Finding]:
        groups: dict[tuple[str, str], set[str]] = {}
        for function, arrival, reason in joined.lost:
            groups.setdefault((function, reason), set()).add(self._shown(arrival))
        place = self.module.tree.body[0] if self.module.tree.body else self.module.tree
        for (function, reason), names in sorted(groups.items()):
            message = (
                f"what came to a handler of {function} is not applied ({', '.join(sorted(names))}): {reason}"
            )
            yield replace(self._told(place, message, reason, (), LOST), is_blocked=True)


def _imports(module: Module) -> Iterator[str]:
    """Yield the dotted names that a file imports, anywhere in it."""
    for scope in module.scopes.values():
        for bindings in scope.bindings.values():
            for binding in bindings:
                if binding.kind == "import" and binding.qualified:
                    yield binding.qualified
                    if isinstance(binding.node, ast.alias) and binding.node.name.startswith(
                        f"{binding.qualified}."
                    ):
                        yield binding.node.name  # ``import a.b`` binds ``a``


def _cause(arrival: Arrival) -> str:
    return f"{arrival.function}:{arrival.line}"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count:,} times"


def _period(first: str, last: str) -> str:
    return first if first == last else f"{first} to {last}"


def _days(days: float) -> str:
    text = f"{days:.1f}".removesuffix(".0") if days >= 0.1 or not days else f"{days:.4f}"
    return f"{text} day{'' if text == '1' else 's'}"


def _list(types: Sequence[str]) -> str:
    return types[0] if len(types) == 1 else f"({', '.join(types)})"
