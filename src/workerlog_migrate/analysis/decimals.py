"""Whether a program's decimal numbers may be what arithmetic and comparisons refuse: NaN, an infinity, one that is too large."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workerlog_migrate.analysis.frames import Frame
    from workerlog_migrate.analysis.places import Places

DECIMAL = "decimal.Decimal"


def may_be_special(places: Places, frame: Frame) -> bool:
    """Whether the program makes decimal numbers of something that is not written in it, or writes one that is no number.

    Args:
        places: where the files of the program use a name.
        frame: where the numbers are used.
    """
    return frame.sink.is_heard and any(
        not call.args
        or not isinstance(call.args[0], ast.Constant)
        or any(word in str(call.args[0].value).lower() for word in ("nan", "inf"))
        for unit in places.units(frame.unit, "Decimal")
        for call in unit.module.calls_of("Decimal")
    )
