"""What does a codemod do? For ``--explain CODEMOD``: its page of the documentation, as it is.

The pages stand in ``docs/codemods`` of the source tree; the wheel carries them as ``workerlog_migrate/docs``.
"""

from __future__ import annotations

from pathlib import Path

from workerlog_migrate.config import nearest
from workerlog_migrate.errors import UsageError
from workerlog_migrate.model import CODEMODS

_PACKAGE = Path(__file__).parent
_PAGES = (_PACKAGE / "docs", _PACKAGE.parents[1] / "docs" / "codemods")


def explain_codemod(name: str) -> str:
    """Give the page of a codemod.

    Args:
        name: as in ``--select``.

    Returns:
        Markdown, ending in a newline.

    Raises:
        UsageError: there is no such codemod.
    """
    if name not in CODEMODS:
        raise UsageError(
            f"--explain: there is no codemod {name!r}; the nearest is {nearest(name, CODEMODS)!r}"
        )
    for folder in _PAGES:
        page = folder / f"{name}.md"
        if page.is_file():
            return page.read_text(encoding="utf-8")
    raise UsageError(f"--explain: the page of {name} is missing from this installation")
