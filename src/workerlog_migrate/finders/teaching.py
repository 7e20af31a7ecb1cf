"""What the report says of the calls of a handler that nobody knows: the row that would teach each, or what to write instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workerlog_migrate.analysis.exceptions import BROAD, ROOT
from workerlog_migrate.analysis.settle import SETTLE
from workerlog_migrate.model import Evidence

if TYPE_CHECKING:
    from workerlog_migrate.analysis.raises import Inference

PLACEHOLDER = "<what it raises>"  # no name: a row that nobody has filled in is refused


def teaching(inference: Inference) -> tuple[Evidence, ...]:
    """Return the unresolved calls, each with the configuration row that would teach it, or what else would settle it.

    Args:
        inference: what is known of the handler's body.
    """
    found: list[Evidence] = []
    for evidence in inference.unresolved:
        note = evidence.note
        if evidence.rule.strip("*.()") and not evidence.rule.startswith("op:"):
            note = f"{note}; {_row(evidence.rule)}" if note else _row(evidence.rule)
        found.append(Evidence("", evidence.cause, evidence.line, evidence.rule, evidence.source, note))
    found.extend(_itself(entry) for entry in inference.evidence if entry.exception in (BROAD, ROOT))
    return tuple(found)


def hidden_by(star: str, line: int) -> Evidence:
    """Say why a handler is not known to be broad behind a star import that nobody can read.

    Args:
        star: the import.
        line: where it stands.
    """
    note = f"it may bind other things under the names of builtins; {SETTLE}import by their names what is used of it"
    return Evidence("", star, line, "", "", note)


def _row(rule: str) -> str:
    return f'to teach it: [tool.workerlog-migrate.raises] "{rule}" = ["{PLACEHOLDER}"]'


def _itself(evidence: Evidence) -> Evidence:
    """Say what would tell which exception comes where one is raised that may be any."""
    where, _, rule = evidence.note.rpartition(", ")
    if not evidence.rule.startswith("local:"):
        where, rule = "", evidence.rule
    note = f"raises {evidence.exception} itself, which may be anything; "
    if rule.startswith("op:"):
        note += f"{SETTLE}raise a class of your own instead"
        note += f": {where}" if where else ""
    else:
        note += _row(rule)
    return Evidence("", evidence.cause, evidence.line, rule, evidence.source, note)
