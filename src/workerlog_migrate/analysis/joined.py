"""What workers saw, by the handlers of a module: the answer of the room ``seen``, as a plain value that any finder may be given."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from workerlog_migrate.model import Arrival


@dataclass(frozen=True, slots=True)
class Joined:
    """What was seen, by the handlers of today.

    Attributes:
        here: handler -> what came to it.
        through: handler of ours -> what passed it and should not have.
        lost: a function's qualified name, what was noted there, and why no handler is meant.
    """

    here: dict[ast.ExceptHandler, list[Arrival]] = field(default_factory=dict)
    through: dict[ast.ExceptHandler, list[Arrival]] = field(default_factory=dict)
    lost: list[tuple[str, Arrival, str]] = field(default_factory=list)
