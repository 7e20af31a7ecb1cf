"""Where is a program that we start? In an absolute folder of ``PATH``, never in the current one, which may be a stranger's checkout.

Windows looks for a program in the current folder before it looks anywhere else (CreateProcess), and so does a shell whose ``PATH``
has an empty part or a ``.``.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path


def find_program(name: str) -> str | None:
    """Find a program by its name.

    Args:
        name: as one would type it; of one with a slash the path is taken as it is.

    Returns:
        Its path; None when it is in no absolute folder of ``PATH``.
    """
    if os.path.basename(name) != name:  # noqa: PTH119  # text in
        return name
    folders = [
        folder
        for folder in os.environ.get("PATH", os.defpath).split(os.pathsep)
        if Path(folder).is_absolute()
    ]
    names = [name]
    if sys.platform == "win32":
        endings = os.environ.get("PATHEXT", ".COM;.EXE;.BAT;.CMD").split(os.pathsep)
        if not name.upper().endswith(tuple(ending.upper() for ending in endings)):
            names = [name + ending for ending in endings]
    found = [path for folder in folders for each in names if _is_file(path := f"{folder}{os.sep}{each}")]
    return next((path for path in found if os.access(path, os.X_OK)), found[0] if found else None)


def _is_file(path: str) -> bool:
    return os.path.isfile(path)  # noqa: PTH113  # never raises
