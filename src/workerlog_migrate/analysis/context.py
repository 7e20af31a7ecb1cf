"""What a finder may ask besides the module itself: settings, types, and the names of the header."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from workerlog_migrate.analysis.header import Header
from workerlog_migrate.model import Finding, Settings, Target

if TYPE_CHECKING:
    from workerlog_migrate.analysis.joined import Joined
    from workerlog_migrate.analysis.types import Types


@dataclass(frozen=True, slots=True)
class Context:
    """One file's surroundings, made once and given to every finder.

    Attributes:
        settings: the run's settings.
        target: the file and its worker.
        header: names and place of the logger set-up.
        types: types of expressions and callees, resolved through the knowledge base.
        joined: which handler each note of the workers is about, where that is known from the text before the edits.
        log_folder: the log's folder, and why it is another one than the configuration's.
        unknown: handlers that are known to stay broad, from the text before the edits, each with the finding there.
        says_nothing: whether a place is one of which no finder had anything to say in the text before the edits, and of which nothing
            more is known since.
    """

    settings: Settings
    target: Target
    header: Header
    types: Types
    joined: Joined | None = None
    log_folder: tuple[str, str] = ("logs", "")
    unknown: Mapping[ast.AST, Finding] = field(default_factory=dict)
    says_nothing: Callable[[ast.expr], bool] | None = None
