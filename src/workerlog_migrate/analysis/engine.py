"""The analysis of one script: its files and the evaluators that work on them, made once per script.

The order in which they are made here is the order of the files: each sees those before it, and asks the later ones through
``above``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from workerlog_migrate.analysis.above import Above
from workerlog_migrate.analysis.annotations import Annotations
from workerlog_migrate.analysis.ascii_text import AsciiText
from workerlog_migrate.analysis.assignment import Assignment
from workerlog_migrate.analysis.attributes import Attributes
from workerlog_migrate.analysis.awaiting import Awaiting
from workerlog_migrate.analysis.by_name import ByName
from workerlog_migrate.analysis.called_back import CalledBack
from workerlog_migrate.analysis.callers import Callers
from workerlog_migrate.analysis.calls import Calls
from workerlog_migrate.analysis.caught import Caught
from workerlog_migrate.analysis.changes import Changes
from workerlog_migrate.analysis.closed import Closed
from workerlog_migrate.analysis.comparing import Comparing
from workerlog_migrate.analysis.conditions import Conditions
from workerlog_migrate.analysis.containers import Containers
from workerlog_migrate.analysis.decorators import Decorators
from workerlog_migrate.analysis.ducks import Ducks
from workerlog_migrate.analysis.effects import Effects
from workerlog_migrate.analysis.elements import Elements
from workerlog_migrate.analysis.entering import Entering
from workerlog_migrate.analysis.expressions import Expressions
from workerlog_migrate.analysis.factories import Factories
from workerlog_migrate.analysis.families import Families
from workerlog_migrate.analysis.flat import FlowInsensitive
from workerlog_migrate.analysis.flow import Flow
from workerlog_migrate.analysis.guards import Guards
from workerlog_migrate.analysis.hooks import Hooks
from workerlog_migrate.analysis.iteration import Iteration
from workerlog_migrate.analysis.kinds import Kinds
from workerlog_migrate.analysis.meanwhile import Meanwhile
from workerlog_migrate.analysis.numbers import Numbers
from workerlog_migrate.analysis.operators import Operators
from workerlog_migrate.analysis.order import Order
from workerlog_migrate.analysis.parameters import Parameters
from workerlog_migrate.analysis.patterns import Patterns
from workerlog_migrate.analysis.places import Places
from workerlog_migrate.analysis.presence import Presence
from workerlog_migrate.analysis.printing import Printing
from workerlog_migrate.analysis.proofs import Proofs
from workerlog_migrate.analysis.questions import Questions
from workerlog_migrate.analysis.raises import Solver
from workerlog_migrate.analysis.raising import Raising
from workerlog_migrate.analysis.replacements import Replacements
from workerlog_migrate.analysis.resized import Resized
from workerlog_migrate.analysis.rows import Rows
from workerlog_migrate.analysis.set_up import SetUp
from workerlog_migrate.analysis.shapes import Shapes
from workerlog_migrate.analysis.sight import Sight
from workerlog_migrate.analysis.signals import Signals
from workerlog_migrate.analysis.sources import Sources
from workerlog_migrate.analysis.special_methods import SpecialMethods
from workerlog_migrate.analysis.specials import Specials
from workerlog_migrate.analysis.subscripts import Subscripts
from workerlog_migrate.analysis.tagged import Tagged
from workerlog_migrate.analysis.taught import Taught
from workerlog_migrate.analysis.unset import Unset
from workerlog_migrate.analysis.world import World
from workerlog_migrate.analysis.writes import Writes
from workerlog_migrate.analysis.written import Written

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from workerlog_migrate.analysis.module import Module
    from workerlog_migrate.analysis.neighbours import Users
    from workerlog_migrate.knowledge import Knowledge
    from workerlog_migrate.model import Settings


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
        world = World(module, knowledge, settings, resolve_module, users)
        above = Above()
        questions = Questions(len(module.lines))
        families = Families(world, above, questions)
        effects = Effects(world, above, Taught(world, families))
        elements = Elements(world, above, questions, families)
        annotations = Annotations(world, above, questions, families)
        order = Order(families)
        places = Places(world, above)
        replacements = Replacements(world, above, effects, families, places)
        callers = Callers(world, above, questions, families, places)
        sight = Sight(world, above, questions, elements, places, callers)
        containers = Containers(above, questions, elements, callers, sight)
        writes = Writes(world, above, questions, families, annotations, places, callers, sight)
        presence = Presence(world, above, families, writes)
        parameters = Parameters(world, above, questions, families, annotations, callers, sight, replacements)
        sources = Sources(above, places, callers, containers, writes)
        flat = FlowInsensitive(
            world,
            above,
            effects,
            questions,
            families,
            elements,
            annotations,
            callers,
            writes,
            parameters,
            replacements,
        )
        ducks = Ducks(world, flat)
        shapes = Shapes(effects, families, flat)
        kinds = Kinds(effects, families, shapes, Comparing(families, writes))
        hooks = Hooks(world, effects, families, flat)
        changes = Changes(world, order)
        unset = Unset(above, effects, presence, parameters, ducks)
        meanwhile = Meanwhile(world)
        written = Written(world, writes, sources)
        ascii_text = AsciiText(world, above, written)
        closed = Closed(places, flat)
        conditions = Conditions(
            world,
            above,
            elements,
            sources,
            unset,
            kinds,
            closed,
            meanwhile,
            written,
            Numbers(world, above, sources, written),
            ascii_text,
        )
        proofs = Proofs(above, containers, writes, sources, written)
        guards = Guards(world, above, annotations)
        special_methods = SpecialMethods(world, above, effects, families, flat, shapes, proofs)
        called_back = CalledBack(world, above, families)
        set_up = SetUp(world, above, families, places, replacements, called_back)
        iteration = Iteration(
            above, effects, elements, kinds, unset, special_methods, hooks, called_back, meanwhile, closed
        )
        tagged = Tagged(above, questions, places, callers)
        attributes = Attributes(
            world,
            effects,
            questions,
            families,
            elements,
            places,
            callers,
            replacements,
            writes,
            presence,
            flat,
            shapes,
            kinds,
            unset,
            called_back,
            tagged,
        )
        factories = Factories(above, effects, places)
        subscripts = Subscripts(
            world,
            above,
            effects,
            families,
            elements,
            annotations,
            sources,
            kinds,
            unset,
            proofs,
            special_methods,
            factories,
        )
        operators = Operators(
            world,
            above,
            effects,
            families,
            questions,
            elements,
            places,
            shapes,
            kinds,
            unset,
            proofs,
            special_methods,
        )
        awaiting = Awaiting(world, above, effects, families, elements, callers, changes)
        rows = Rows(
            world,
            above,
            effects,
            families,
            elements,
            ducks,
            kinds,
            hooks,
            unset,
            conditions,
            written,
            Patterns(written),
            special_methods,
            awaiting,
            called_back,
            set_up,
            places,
        )
        entering = Entering(world, above, effects, families, elements, flat, shapes, unset, attributes)
        caught = Caught(world, above, families)
        printing = Printing(
            world, above, effects, conditions, ascii_text, special_methods, attributes, set_up
        )
        by_name = ByName(world, above, effects, sources, shapes, attributes, rows)
        specials = Specials(world, above, effects, families, elements, iteration, by_name, rows, printing)
        decorators = Decorators(world, above, effects, flat, specials, conditions)
        calls = Calls(
            world,
            above,
            effects,
            families,
            elements,
            parameters,
            flat,
            shapes,
            changes,
            unset,
            guards,
            iteration,
            attributes,
            rows,
            by_name,
            specials,
            decorators,
            called_back,
        )
        resized = Resized(above, effects, changes, meanwhile)
        expressions = Expressions(
            world,
            above,
            effects,
            elements,
            sight,
            containers,
            presence,
            flat,
            ducks,
            kinds,
            hooks,
            unset,
            guards,
            special_methods,
            iteration,
            attributes,
            subscripts,
            operators,
            changes,
            resized,
            awaiting,
            calls,
        )
        assignment = Assignment(
            effects,
            elements,
            writes,
            flat,
            shapes,
            kinds,
            hooks,
            unset,
            proofs,
            guards,
            special_methods,
            iteration,
            expressions,
        )
        raising = Raising(world, families, unset, caught, expressions)
        flow = Flow(
            world,
            effects,
            annotations,
            order,
            changes,
            resized,
            presence,
            flat,
            shapes,
            hooks,
            guards,
            special_methods,
            iteration,
            operators,
            entering,
            caught,
            calls,
            expressions,
            assignment,
            raising,
        )
        signals = Signals(families, places, flat)
        solver = Solver(world, sight, places, signals, flat, flow)

        above.flat, above.sources, above.attributes, above.entering = flat, sources, attributes, entering
        above.caught, above.decorators, above.calls, above.expressions = (
            caught,
            decorators,
            calls,
            expressions,
        )
        above.assignment, above.flow = assignment, flow

        self.world = world
        self.knowledge, self.hierarchy, self.unit = knowledge, world.hierarchy, world.unit
        self.families, self.callers, self.flat, self.guards = families, callers, flat, guards
        self.attributes, self.caught, self.calls, self.flow, self.solver = (
            attributes,
            caught,
            calls,
            flow,
            solver,
        )
        self._parts = (
            above,
            effects,
            questions,
            families,
            elements,
            annotations,
            order,
            places,
            replacements,
            callers,
            sight,
            containers,
            writes,
            presence,
            parameters,
            sources,
            flat,
            ducks,
            shapes,
            kinds,
            hooks,
            changes,
            unset,
            written,
            ascii_text,
            conditions,
            proofs,
            guards,
            special_methods,
            called_back,
            set_up,
            iteration,
            tagged,
            attributes,
            factories,
            subscripts,
            operators,
            awaiting,
            rows,
            entering,
            caught,
            printing,
            by_name,
            specials,
            decorators,
            calls,
            resized,
            expressions,
            assignment,
            raising,
            flow,
            signals,
            solver,
        )

    def close(self) -> None:
        """Forget everything, and free the trees at once: parts that know each other would wait for the garbage collector."""
        self.world.close()
        for part in (*self._parts, self):
            part.__dict__.clear()
