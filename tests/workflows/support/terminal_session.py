"""The command at the kind of terminal that this system has."""

from __future__ import annotations

import sys

if sys.platform == "win32":
    from console_session import ARROW, CTRL_D, Session
else:
    from pty_session import ARROW, CTRL_D, Session

__all__ = ["ARROW", "CTRL_D", "Session"]
