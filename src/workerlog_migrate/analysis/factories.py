"""What a dictionary with defaults runs for a key that is missing: ``collections.defaultdict(Item)[key]`` makes an item.

Input: a subscript of such a dictionary. Output: the effects of a call of each function that such dictionaries of the file, and of the files
around that make or change some, are given; without a function, the key is missing as in any other dictionary.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from workerlog_migrate.analysis import values
from workerlog_migrate.analysis.arguments import Arguments
from workerlog_migrate.analysis.taken import calls_to
from workerlog_migrate.analysis.values import ANY, NONE, Type, Value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workerlog_migrate.analysis.above import Above
    from workerlog_migrate.analysis.effects import Effects
    from workerlog_migrate.analysis.frames import Frame
    from workerlog_migrate.analysis.places import Places
    from workerlog_migrate.analysis.program import Unit

_MAKER, _FACTORY = "defaultdict", "default_factory"


class Factories:
    """Answers for one program; each file is gone through once.

    The arguments are the parts of the analysis that it asks.
    """

    def __init__(self, above: Above, effects: Effects, places: Places) -> None:
        self._above = above
        self._effects = effects
        self._places = places
        self._known: dict[Unit, tuple[Type, ...]] = {}

    def missed(self, node: ast.expr, frame: Frame) -> None:
        """Put into the sink what a key raises that may be missing.

        Args:
            node: the subscript.
            frame: where it stands.
        """
        if not frame.sink.is_heard:
            return
        nothing = Arguments(self._above.expressions, ast.Call(node, [], []), frame)
        for entry in self._of(frame.unit):
            if entry in NONE:
                self._effects.operation("op:subscript-key", node, frame)
            else:
                self._above.calls.invoke(entry, nothing, node, frame)

    def _of(self, unit: Unit) -> tuple[Type, ...]:
        known = self._known.get(unit)
        if known is None:
            self._known[unit] = ()  # what is asked on the way
            found = (each for value in self._given_around(unit) for each in values.in_order(value))
            known = self._known[unit] = tuple(dict.fromkeys(found))
        return known

    def _given_around(self, unit: Unit) -> Iterator[Value]:
        places = self._places
        around = (*places.units(unit, _MAKER), *places.units(unit, _FACTORY, changing=True))
        for other in dict.fromkeys(around):
            if places.is_test(other):
                continue
            for call in calls_to(other.module, _MAKER):
                yield self._above.flat.value(call.args[0], other) if call.args else NONE
            for place in other.module.stores_of(_FACTORY):
                yield self._above.flat.target(place, other) if isinstance(place.ctx, ast.Store) else ANY
