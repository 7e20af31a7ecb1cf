"""The analysis of one script: its units and the evaluators that work on them, made once per script.

``Engine`` ties together what would otherwise import in circles: ``flat`` (what a name can ever be), ``expressions``
and ``calls`` (values and effects), ``flow`` (a function from top to bottom).
"""

from __future__ import annotations

import ast
import sys
from typing import TYPE_CHECKING

from workerlog_migrate.analysis.annotations import Annotations
from workerlog_migrate.analysis.assignment import Assignment
from workerlog_migrate.analysis.attributes import Attributes
from workerlog_migrate.analysis.awaiting import Awaiting
from workerlog_migrate.analysis.callers import Callers
from workerlog_migrate.analysis.calls import Calls
from workerlog_migrate.analysis.caught import Caught
from workerlog_migrate.analysis.changes import Changes
from workerlog_migrate.analysis.conditions import Conditions
from workerlog_migrate.analysis.containers import Containers
from workerlog_migrate.analysis.decorators import Decorators
from workerlog_migrate.analysis.ducks import Ducks
from workerlog_migrate.analysis.effects import Effects
from workerlog_migrate.analysis.elements import Elements
from workerlog_migrate.analysis.entering import Entering
from workerlog_migrate.analysis.exceptions import Hierarchy
from workerlog_migrate.analysis.expressions import Expressions
from workerlog_migrate.analysis.families import Families
from workerlog_migrate.analysis.flat import Flat
from workerlog_migrate.analysis.flow import Flow
from workerlog_migrate.analysis.guards import Guards
from workerlog_migrate.analysis.hooks import Hooks
from workerlog_migrate.analysis.iteration import Iteration
from workerlog_migrate.analysis.kinds import Kinds
from workerlog_migrate.analysis.neighbours import dotted_name, is_at_home
from workerlog_migrate.analysis.operators import Operators
from workerlog_migrate.analysis.order import Order
from workerlog_migrate.analysis.parameters import Parameters
from workerlog_migrate.analysis.places import Places
from workerlog_migrate.analysis.presence import Presence
from workerlog_migrate.analysis.printing import Printing
from workerlog_migrate.analysis.program import Unit
from workerlog_migrate.analysis.proofs import Proofs
from workerlog_migrate.analysis.questions import Questions
from workerlog_migrate.analysis.raises import Solver
from workerlog_migrate.analysis.raising import Raising
from workerlog_migrate.analysis.rows import Rows
from workerlog_migrate.analysis.shapes import Shapes
from workerlog_migrate.analysis.sight import Sight
from workerlog_migrate.analysis.sources import Sources
from workerlog_migrate.analysis.special_methods import SpecialMethods
from workerlog_migrate.analysis.specials import Specials
from workerlog_migrate.analysis.subscripts import Subscripts
from workerlog_migrate.analysis.unset import Unset
from workerlog_migrate.analysis.writes import Writes
from workerlog_migrate.model import Settings, Unresolved

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from workerlog_migrate.analysis.module import Module
    from workerlog_migrate.analysis.neighbours import Users
    from workerlog_migrate.knowledge import Knowledge


class Engine:
    """Everything that is known about one script.

    Args:
        module: the script.
        knowledge: the rows.
        settings: for the exceptions that the user taught.
        resolve_module: finds another file of the program by its dotted name and the path of the file that imports it;
            None when there is none.
        users: finds the files that may use what is in a file; None: nobody knows, and the file is taken for the program.

    """

    def __init__(
        self,
        module: Module,
        knowledge: Knowledge,
        settings: Settings,
        resolve_module: Callable[[str, Path], Module | None] | None = None,
        users: Users | None = None,
    ) -> None:
        self.knowledge = knowledge
        self.taught = dict(settings.raises)
        self.hierarchy = Hierarchy(knowledge, settings.python)
        # Under --unresolved reraise a broad handler will raise again what nobody knows: outer handlers see it then.
        self.reraises_unknown = settings.unresolved is Unresolved.RERAISE
        self.unit = Unit(module, dotted_name(module.source.path))
        self._resolve_module = resolve_module
        self._units: dict[tuple[Path | None, str, bool], Unit | None] = {}
        self._by_module: dict[Module, Unit] = {module: self.unit}
        self._package: str | None = None
        self._users = users
        self._loaded: set[Unit] | None = None
        self._users_of: dict[tuple[Unit, str, bool], tuple[Unit, ...]] = {}
        self.questions = Questions(len(module.lines))
        self.families = Families(self)
        self.annotations = Annotations(self)
        self.parameters = Parameters(self)
        self.presence = Presence(self)
        self.effects = Effects(self)
        self.flat = Flat(self)
        self.places = Places(self)
        self.callers = Callers(self)
        self.sight = Sight(self)
        self.containers = Containers(self)
        self.writes = Writes(self)
        self.sources = Sources(self)
        self.shapes = Shapes(self)
        self.proofs = Proofs(self)
        self.guards = Guards(self)
        self.kinds = Kinds(self)
        self.changes = Changes(self)
        self.hooks = Hooks(self)
        self.ducks = Ducks(self)
        self.conditions = Conditions(self)
        self.elements = Elements(self)
        self.unset = Unset(self)
        self.special_methods = SpecialMethods(self)
        self.iteration = Iteration(self)
        self.attributes = Attributes(self)
        self.subscripts = Subscripts(self)
        self.operators = Operators(self)
        self.awaiting = Awaiting(self)
        self.rows = Rows(self)
        self.entering = Entering(self)
        self.caught = Caught(self)
        self.printing = Printing(self)
        self.specials = Specials(self)
        self.decorators = Decorators(self)
        self.calls = Calls(self)
        self.expressions = Expressions(self)
        self.order = Order(self)
        self.assignment = Assignment(self)
        self.raising = Raising(self)
        self.flow = Flow(self)
        self.solver = Solver(self)

    def may_be_own(self, top: str, qualified: str) -> bool:
        """Whether an imported name can be of another file of the program.

        It is relative, of the package that holds the script, or neither known nor of the standard library.
        """
        if qualified.startswith("."):
            return True
        if top not in sys.stdlib_module_names and not self.knowledge.knows_module(top):
            return True
        if self._package is None:
            self._package = dotted_name(self.unit.module.source.path)
        return self._package.partition(".")[0] == top and "." in self._package

    def other_unit(self, name: str, beside: Unit | None = None) -> Unit | None:
        """Return another file of the program.

        Args:
            name: its dotted name, ``..x`` for a relative one.
            beside: the file that imports it, by default the script.

        """
        relative = name.startswith(".")
        path = (beside or self.unit).module.source.path
        key = (path if relative else None, name, beside in (None, self.unit))
        if key not in self._units:
            module = self._resolve_module(name, path) if self._resolve_module is not None else None
            self._units[key] = None if module is None else self._unit_of(module, name)
        return self._units[key]

    def own_imports(self, node: ast.Import | ast.ImportFrom, unit: Unit) -> Iterator[Unit]:
        """Yield the files of the program that an import runs unless they have run, as far as they can be found.

        Args:
            node: the import.
            unit: the file that it stands in.
        """
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            base = "." * node.level + (node.module or "")
            inner = f"{base}." if node.module else base
            names = [base, *(f"{inner}{alias.name}" for alias in node.names)]
        for name in names:
            if self.may_be_own(name.partition(".")[0], name):
                found = self.other_unit(name, unit)
                if found is not None and found is not unit:
                    yield found

    def has_loaded(self, unit: Unit) -> bool:
        """Whether the script imports a file at its top, itself or through own files that it imports there."""
        if self._loaded is None:
            self._loaded = {self.unit}
            pending = [self.unit]
            while pending:
                current = pending.pop()
                for node in current.module.tree.body:
                    if isinstance(node, ast.Import | ast.ImportFrom):
                        new = set(self.own_imports(node, current)) - self._loaded
                        self._loaded |= new
                        pending.extend(new)
        return unit in self._loaded

    def users_of(self, unit: Unit, word: str, *, changing: bool = False) -> tuple[Unit, ...]:
        """Return the files that may use what is in a file under a name; if `changing`, those that set an attribute of that name."""
        if self._users is None:
            return ()
        key = (unit, word, changing)
        if key not in self._users_of:
            found = self._users.of(unit.module.source.path, word, changing=changing)
            self._users_of[key] = tuple(self._user(module) for module in found)
        return self._users_of[key]

    def _user(self, module: Module) -> Unit:
        return self._by_module.get(module) or self._unit_of(module, dotted_name(module.source.path))

    def knows_users(self, unit: Unit) -> bool:
        """Whether all files that may use what is in a file are known; of the script itself they are, unless there are too many."""
        if self._users is None:
            return unit is self.unit
        return self._users.are_known(unit.module.source.path)

    def close(self) -> None:
        """Forget everything, and free the trees at once: parts that know each other would wait for the garbage collector."""
        for unit in self._by_module.values():
            unit.close()
        parts = (
            self.questions,
            self.families,
            self.annotations,
            self.parameters,
            self.presence,
            self.effects,
            self.flat,
            self.places,
            self.callers,
            self.sight,
            self.containers,
            self.writes,
            self.sources,
            self.shapes,
            self.changes,
            self.hooks,
            self.proofs,
            self.guards,
            self.ducks,
            self.kinds,
            self.conditions,
            self.elements,
            self.unset,
            self.special_methods,
            self.iteration,
            self.attributes,
            self.subscripts,
            self.operators,
            self.awaiting,
            self.rows,
            self.entering,
            self.caught,
            self.printing,
            self.specials,
            self.decorators,
            self.calls,
            self.expressions,
            self.order,
            self.assignment,
            self.raising,
            self.flow,
            self.solver,
            self.hierarchy,
        )
        for part in (*parts, self):
            part.__dict__.clear()

    def _unit_of(self, module: Module, name: str) -> Unit:
        unit = self._by_module.get(module)
        if unit is None:
            # One name per file, however it is imported: exceptions are told apart by it.
            found = dotted_name(module.source.path)
            unit = self._by_module[module] = Unit(
                module,
                name if name.endswith(f".{found}") else found,
                is_quoted=is_at_home(module.source.path, self.unit.module.source.path),
            )
        return unit
